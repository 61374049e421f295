"""What is asked in a solver of its own has the model of before, and leaves it as it is."""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from pathlib import Path

import numpy as np
import pytest

from golden.small_cases import NATIONAL
from optimizer import Keep, Near, Session
from optimizer.errors import SolverError
from optimizer.formulation import Model
from optimizer.formulation.compiling import compile_model
from optimizer.session import held_anew
from optimizer.session.holding import Holding
from optimizer.solver import Watch
from optimizer.solver.matrix import Matrix

LIMIT = {"name": "asked", "measure": "slots", "by": ["country"], "at_most": 3}


def _changed(session: Session) -> None:
    session.change({f"goals.{next(iter(session.scales))}.weight": "*2"})
    session.change({"applicants[country=AA, track=t].applicants": "*0.5"})


def _kept(session: Session) -> None:
    plan = session.solve(gap=0.0)
    session.keep([Keep(plan, {"year": "2030"})])


ASKED: dict[str, Callable[[Session], None]] = {
    "nothing": lambda _: None,
    "changed": _changed,
    "dropped": lambda session: session.drop("spending_within_budget"),
    "added": lambda session: session.add_limit(LIMIT),
    "kept": _kept,
}


@pytest.fixture
def session(tmp_path: Path) -> Session:
    case, policy = NATIONAL.over(2030, 2031).write(tmp_path)
    found = Session(policy, case, cache=False)
    found.relax()
    return found


def _points(held: Holding) -> float:
    """Of the relaxation; not a number where it has no solution."""
    points = held.loaded.relax(Watch()).objective
    return nan if points is None else points


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_it_is_neither_built_nor_compiled_again_and_says_the_same(
    ask: Callable[[Session], None], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(session)
    held = session._held
    question = held.question.as_it_is
    built = Holding(question, scales=held.frozen(), cache=False, dropped=held.dropped)
    compiled: list[object] = []

    def seen(model: Model) -> Matrix:
        compiled.append(model)
        return compile_model(model)

    monkeypatch.setattr("optimizer.persistent.loaded.compile_model", seen)
    copied = held_anew(session)
    assert not compiled
    assert copied.loaded.matrix.a is held.loaded.matrix.a
    assert copied.loaded.lp is not held.loaded.lp
    assert not copied.question.changes
    assert not copied.question.added
    assert _points(copied) == pytest.approx(_points(built), rel=1e-9, nan_ok=True)
    assert copied.loaded.is_pinned == built.loaded.is_pinned


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("then", [each for each in ASKED if each != "kept"])
def test_what_is_done_to_one_leaves_the_other(
    ask: Callable[[Session], None], then: str, session: Session
) -> None:
    ask(session)
    held = session._held
    points, dropped = session.relax().points, held.dropped
    matrix, patcher = held.loaded.matrix, held.loaded.patcher
    sides, rows = (patcher.has_lower.copy(), patcher.has_upper.copy()), len(patcher.rows)
    copied = held_anew(session)
    if then == "changed":
        copied.change({"applicants[country=BB, track=t].applicants": 1})
    elif then == "dropped":
        copied.drop("spending_within_budget")
    elif then == "added":
        copied.add_limit({**LIMIT, "name": "another", "at_most": 0.5})
    other = _points(copied)
    assert held.loaded.matrix is matrix
    assert np.array_equal(sides, (patcher.has_lower, patcher.has_upper))
    assert len(patcher.rows) == rows
    assert held.dropped == dropped
    if then in ("changed", "added"):
        assert other != pytest.approx(points)
    assert session.relax().points == pytest.approx(points, rel=1e-9)
    # And the other way round.
    session.change({f"goals.{next(iter(session.scales))}.weight": "*3"})
    assert _points(copied) == pytest.approx(other, rel=1e-9, nan_ok=True)


def test_a_price_on_change_is_not_carried_over(session: Session) -> None:
    session.near(Near(session.solve(gap=0.0), price=1.0))
    copied = held_anew(session)
    assert copied.question.near is None
    assert copied.loaded.matrix.a is not session._held.loaded.matrix.a


def test_where_the_solver_fails_another_one_begins_from_nothing(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from optimizer.explain.asking import SOLVER_GAVE_UP, Asking
    from optimizer.persistent import LoadedModel

    asking = Asking(held_anew(session), Watch())
    before = asking.held
    relax = LoadedModel.relax

    def failing(self: LoadedModel, watch: Watch) -> object:
        if self is before.loaded:
            raise SolverError("no")
        return relax(self, watch)

    monkeypatch.setattr(LoadedModel, "relax", failing)
    assert asking.without(asking.held.loaded.matrix.rows[:1]).status == SOLVER_GAVE_UP
    assert asking.held is not before
    assert not asking.held.loaded._warm.has_begun
    asking.restore()
    assert asking.without([]).points == pytest.approx(asking.base.points)
