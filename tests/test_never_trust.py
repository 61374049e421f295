"""What a tree search says is held against its columns, and a solver that lies is asked again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest
import scipy.sparse

from golden.small_cases import NATIONAL
from optimizer.errors import SolverError
from optimizer.frames.arrays import Floats
from optimizer.session.solving import solve
from optimizer.solver import Watch
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.matrix import Matrix

ONE_OF_TWO = Matrix(
    a=scipy.sparse.csc_array(np.array([[1.0, 1.0]])),
    cost=np.array([3.0, 2.0]),
    offset=10.0,
    row_lower=np.array([-np.inf]),
    row_upper=np.array([1.0]),
    lower=np.zeros(2),
    upper=np.ones(2),
    integral=np.array([True, True]),
    columns=[("a", None), ("b", None)],
    rows=[("one_of_two", None)],
    _positions={("a", None): 0, ("b", None): 1},
)
"""Worth 13 with the first column, 12 with the second."""
SECOND = np.array([0.0, 1.0])
HONEST = highspy.Highs


class LiesWithAStart(highspy.Highs):
    """Gives the start back as its columns, as HiGHS 1.16.0 did after presolve."""

    start: highspy.HighsSolution | None = None

    def setSolution(self, *solution: Any) -> highspy.HighsStatus:  # noqa: N802
        (self.start,) = solution
        return super().setSolution(*solution)

    def clearSolver(self) -> highspy.HighsStatus:  # noqa: N802
        self.start = None
        return super().clearSolver()

    def getSolution(self) -> highspy.HighsSolution:  # noqa: N802
        return super().getSolution() if self.start is None else self.start


class AlwaysLies(LiesWithAStart):
    """Gives columns of its own whatever it is asked."""

    columns = SECOND

    def getSolution(self) -> highspy.HighsSolution:  # noqa: N802
        solution = highspy.HighsSolution()
        solution.col_value = list(self.columns)
        return solution


def searched(
    kind: type, monkeypatch: pytest.MonkeyPatch, log: Path | None = None
) -> tuple[EngineRun, Watch]:
    monkeypatch.setattr(highspy, "Highs", kind)
    tree = Engine(ONE_OF_TWO, relaxed=False, options={}, log=log)
    tree.set_start(SECOND)
    watch = Watch(step="search")
    return tree.run(watch), watch


def test_a_search_that_gives_the_columns_of_its_start_is_repeated_without_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run, watch = searched(LiesWithAStart, monkeypatch, log := tmp_path / "search.log")
    assert run.status == "optimal"
    assert run.objective == pytest.approx(13.0)
    assert run.x is not None
    assert run.x.tolist() == [1.0, 0.0]
    assert [step.step for step in watch.trace] == ["search, again without a start"]
    assert "repeated without a start" in log.read_text()


def test_an_honest_search_is_not_repeated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run, watch = searched(highspy.Highs, monkeypatch, log := tmp_path / "search.log")
    assert run.objective == pytest.approx(13.0)
    assert not watch.trace
    assert "without a start" not in log.read_text()


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param(SECOND, id="worth less"),
        pytest.param([1.0, 1.0], id="breaks a row"),
        pytest.param([5.0, -4.0], id="beyond bounds"),
        pytest.param([0.5, 0.5], id="not whole"),
    ],
)
def test_columns_that_stay_wrong_are_an_error(
    columns: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AlwaysLies, "columns", np.asarray(columns))
    with pytest.raises(
        SolverError, match=r"^HiGHS's columns do not have the objective value it reports"
    ):
        searched(AlwaysLies, monkeypatch)


def test_each_of_rows_bounds_and_whole_numbers_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Worth nothing either way, so that only what the columns keep can tell.
    free = np.zeros(2)
    for columns in ([1.0, 1.0], [5.0, -4.0], [0.5, 0.5]):
        monkeypatch.setattr(AlwaysLies, "columns", np.asarray(columns))
        monkeypatch.setattr(highspy, "Highs", AlwaysLies)
        matrix = Matrix(**{**vars(ONE_OF_TWO), "cost": free})
        with pytest.raises(SolverError):
            Engine(matrix, relaxed=False, options={}).run(Watch())


class LiesAtFirst(LiesWithAStart):
    """Gives nothing but zeros for integers until its solution is cleared."""

    start = highspy.HighsSolution()

    def getSolution(self) -> highspy.HighsSolution:  # noqa: N802
        lp = self.getLp()
        if len(lp.integrality_) and self.start is not None:
            self.start.col_value = [0.0] * lp.num_col_
            return self.start
        return HONEST.getSolution(self)


def test_the_plan_of_a_solver_that_lies_says_how_it_was_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # 6.5 slots for the relaxation, six in integers: only branch and bound proves it.
    case, policy = NATIONAL.with_(budgets=("main,{year},M,65,program",)).write(tmp_path)
    monkeypatch.setattr(highspy, "Highs", LiesAtFirst)
    plan = solve(policy, case, gap=0.0)
    assert plan.objective == pytest.approx(600.0)
    steps = {step["step"] for step in plan.provenance["trace"]}
    assert "search, again without a start" in steps
