"""Among plans for the same people, least is opened and built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

import optimizer
from golden.small_cases import SERVED
from optimizer import InfeasibleError
from optimizer.plan import Decisions
from optimizer.solver.leanest import leanest
from optimizer.solver.matrix import Matrix
from optimizer.solver.watch import Watch
from random_cases import write_random_case
from seeds import seeds


def with_less(decisions: Decisions) -> Iterator[Decisions]:
    """Plans with one agreement, or one step of expansion, less."""
    for row in decisions.agreements.index:
        yield replace(decisions, agreements=decisions.agreements.drop(index=row))
    for row in decisions.expansion.index:
        less = decisions.expansion.copy()
        less.loc[row, "steps"] -= 1
        yield replace(decisions, expansion=less[less["steps"] > 0])


@pytest.mark.parametrize("seed", seeds(range(40, 60), quick=4))
def test_nothing_is_opened_or_built_for_nobody(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        plan = optimizer.solve(policy, case, gap=0.0)
    except (InfeasibleError, optimizer.PolicyError):
        pytest.skip("the case has no plan")
    for less in with_less(plan.decisions):
        found = optimizer.evaluate(less, policy, case, scales=plan.provenance["scales"])
        assert not found.holds or found.points < plan.objective - 1e-6


def test_what_is_needed_is_built(tmp_path: Path) -> None:
    """At least five people a year use more than six hours in the second: no step could be less."""
    floor = '[[limits]]\nname = "many"\nmeasure = "slots"\nat_least = 5\nby = ["year"]\n'
    case, policy = SERVED.with_(floor).write(tmp_path)
    plan = optimizer.solve(policy, case)
    assert plan.decisions.expansion["steps"].sum() >= 1
    for less in with_less(plan.decisions):
        assert not optimizer.evaluate(less, policy, case).holds


def matrix(cost: list[float]) -> Matrix:
    """Either of two integers is at least 2, and a third is as large as the number in its row."""
    a = scipy.sparse.csc_array(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    return Matrix(
        a=a,
        cost=np.array(cost),
        offset=0.0,
        row_lower=np.array([2.0, 1.0]),
        row_upper=np.array([np.inf, np.inf]),
        lower=np.zeros(3),
        upper=np.full(3, 9.0),
        integral=np.ones(3, dtype=bool),
        columns=[("x", 0), ("x", 1), ("y", 0)],
        rows=[("first", 0), ("second", 0)],
        _positions={},
    )


@pytest.mark.parametrize(
    ("cost", "kept", "expected"),
    [
        # The second of the two weighs less.
        ([0.0, 0.0, 0.0], [False, False, False], [0.0, 2.0, 1.0]),
        ([0.0, 0.0, 0.0], [True, False, False], [4.0, 0.0, 1.0]),
        # What has points is kept, whichever way it counts.
        ([1.0, 0.0, 0.0], [False, False, False], [4.0, 0.0, 1.0]),
        ([0.0, 0.0, -1.0], [False, False, False], [0.0, 2.0, 5.0]),
    ],
)
def test_the_lightest_is_found(cost: list[float], kept: list[bool], expected: list[float]) -> None:
    x, burden = np.array([4.0, 3.0, 5.0]), np.array([3.0, 2.0, 1.0])
    found = leanest(
        matrix(cost), x, burden, kept=np.array(kept), options={"threads": 1}, watch=Watch()
    )
    assert found.tolist() == expected


def test_without_time_or_burden_it_stays_as_it_is() -> None:
    x, kept = np.array([4.0, 3.0, 5.0]), np.zeros(3, dtype=bool)
    for burden, watch in ((np.zeros(3), Watch()), (np.ones(3), Watch(time_limit=0.0))):
        found = leanest(
            matrix([0.0, 0.0, 0.0]), x, burden, kept=kept, options={"threads": 1}, watch=watch
        )
        assert found is x
