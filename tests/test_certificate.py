"""Proofs that a relaxation has no solution, in the numbers of the model itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse

import shared
from optimizer import Session
from optimizer.solver import Watch
from optimizer.solver.certificate import proves_no_solution
from optimizer.solver.engine import Engine
from optimizer.solver.feasibility import Feasibility
from optimizer.solver.matrix import Matrix
from optimizer.solver.patch import Patch, patched

ASKED = "commitment_at_least"


def two_rows(most: float, least: float, upper: float = np.inf) -> Matrix:
    """a + b <= most and a + 2 b >= least, with b at most ``upper``."""
    columns: list[tuple[str, object]] = [("x", "a"), ("x", "b")]
    return Matrix(
        a=scipy.sparse.csc_array(np.array([[1.0, 1.0], [1.0, 2.0]])),
        cost=np.array([1.0, 1.0]),
        offset=0.0,
        row_lower=np.array([-np.inf, least]),
        row_upper=np.array([most, np.inf]),
        lower=np.zeros(2),
        upper=np.array([np.inf, upper]),
        integral=np.zeros(2, dtype=bool),
        columns=columns,
        rows=[("most", None), ("least", None)],
        _positions={name: number for number, name in enumerate(columns)},
    )


@pytest.mark.parametrize(
    ("matrix", "weights", "proven"),
    [
        # (a + 2 b) - 2 (a + b) = -a is at most 0, and would be 7 - 6 at least.
        (two_rows(3.0, 7.0), [-2.0, 1.0], True),
        (two_rows(3.0, 7.0), [2.0, -1.0], True),
        (two_rows(3.0, 7.0), [-1.0, 1.0], False),
        # At 6 there is one solution, and none proves that there is none.
        (two_rows(3.0, 6.0), [-2.0, 1.0], False),
        # (a + 2 b) - (a + b) = b, which is at most 1 and would be 4 - 3 at least, or 5 - 3.
        (two_rows(3.0, 4.0, 1.0), [-1.0, 1.0], False),
        (two_rows(3.0, 5.0, 1.0), [-1.0, 1.0], True),
        # Within what tolerances leave open nothing is proven.
        (two_rows(3.0, 6.0 + 1e-7), [-2.0, 1.0], False),
        (two_rows(3.0, 7.0), [0.0, 0.0], False),
    ],
)
def test_weights_prove_what_they_add_up_to(
    matrix: Matrix, weights: list[float], proven: bool
) -> None:
    assert proves_no_solution(matrix, np.array(weights)) is proven


def test_a_simplex_that_goes_on_gives_a_proof() -> None:
    engine = Engine(two_rows(3.0, 5.0), relaxed=True, options={})
    assert engine.run(Watch()).status == "optimal"
    patch = Patch({1: (7.0, np.inf)})
    engine.take(patched(engine.matrix, patch), patch)
    assert engine.run(Watch()).status == "infeasible"
    assert engine.proof_of_no_solution() is not None


def test_a_proof_that_is_gone_is_not_solved_for_again() -> None:
    """HiGHS would look for one from nothing, without a limit: minutes on the Japan case."""
    engine = Engine(two_rows(3.0, 7.0), relaxed=True, options={"presolve": "off"})
    assert engine.run(Watch()).status == "infeasible"
    assert engine.proof_of_no_solution() is not None
    engine.set_costs(np.array([3.0, 1.0]), 0.0)
    iterations = engine._highs.getInfo().simplex_iteration_count
    assert engine.proof_of_no_solution() is None
    assert engine._highs.getInfo().simplex_iteration_count == iterations


def test_other_costs_leave_the_proof() -> None:
    loaded = Session(*shared.tiny())._held.loaded
    assert loaded.relax(Watch()).status == "optimal"
    cost = loaded.matrix.cost * np.linspace(1.0, 1.1, len(loaded.matrix.cost))
    loaded.matrix = replace(loaded.matrix, cost=cost)
    row = next(row for row, (rule, _) in enumerate(loaded.matrix.rows) if rule == ASKED)
    has_lower = np.isfinite(loaded.matrix.row_lower[row])
    loaded.take(Patch({row: (1e6, np.inf) if has_lower else (-np.inf, -1e6)}))
    assert loaded.relax(Watch()).status == "infeasible"
    assert not loaded._warm.began_anew
    assert loaded.lp.proof_of_no_solution() is not None


def test_what_is_proven_is_not_solved_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = Session(*shared.tiny())._held.loaded
    assert loaded.relax(Watch()).status == "optimal"
    row = next(row for row, (rule, _) in enumerate(loaded.matrix.rows) if rule == ASKED)
    sign = 1.0 if np.isfinite(loaded.matrix.row_lower[row]) else -1.0

    def ask(number: float) -> None:
        sides = (number, np.inf) if sign > 0 else (-np.inf, -number)
        loaded.take(Patch({row: sides}))

    ask(1e6)
    assert loaded.relax(Watch()).status == "infeasible"
    assert not loaded._warm.began_anew
    monkeypatch.setattr(Engine, "proof_of_no_solution", lambda engine: None)
    ask(2e6)
    assert loaded.relax(Watch()).status == "infeasible"
    assert not loaded._is_patched


def test_what_is_to_blame_clashes_whatever_becomes_of_the_rest() -> None:
    """Of three rows two clash; with either left out there is a solution, and nothing to blame."""
    two = two_rows(3.0, 7.0)
    third = scipy.sparse.csc_array(np.vstack([two.a.toarray(), [[1.0, 0.0]]]))
    matrix = replace(
        two,
        a=third,
        row_lower=np.append(two.row_lower, -np.inf),
        row_upper=np.append(two.row_upper, 100.0),
        rows=[*two.rows, ("third", None)],
    )
    asked = Feasibility(matrix, matrix.integral, {})
    assert asked.without((), Watch()) is False
    assert asked.to_blame((), Watch()) == (0, 1)
    for row in (0, 1):
        assert asked.without({row}, Watch()) is True
        assert asked.to_blame({row}, Watch()) == ()
    assert asked.without({2}, Watch()) is False
    assert asked.to_blame({2}, Watch()) == (0, 1)
