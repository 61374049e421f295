"""One HiGHS that is run many times, and many that are run in one process."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import highspy
import numpy as np
import pytest
import scipy.sparse

from golden.small_cases import NATIONAL
from optimizer import Session, solve
from optimizer.solver import Watch, engine
from optimizer.solver.engine import Engine
from optimizer.solver.matrix import Matrix

TRIES = 20
"""Runs under a limit of which one at least must end in time, also on a busy machine."""


def knapsacks(width: int, height: int, *, whole: bool) -> Matrix:
    """Knapsacks over the same things, with weights that have no common measure."""
    random = np.random.default_rng(5)
    weights = scipy.sparse.csc_array(random.integers(900, 1100, (height, width)).astype(float))
    return Matrix(
        a=weights,
        cost=random.integers(900, 1100, width).astype(float),
        offset=0.0,
        row_lower=np.full(height, -np.inf),
        row_upper=np.full(height, 250.5 * width),
        lower=np.zeros(width),
        upper=np.ones(width),
        integral=np.full(width, whole),
        columns=[("take", number) for number in range(width)],
        rows=[("fits", number) for number in range(height)],
        _positions={},
    )


# A simplex that is stuck


def test_a_simplex_that_is_stuck_gives_up_or_begins_from_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def loaded() -> Engine:
        return Engine(knapsacks(60, 20, whole=False), relaxed=True, options={"threads": 1})

    usual, most = loaded().run(Watch()), 10**6
    assert not loaded().run_within(most, Watch()).gave_up
    # Asked once whether to go on, a simplex counts as stuck.
    monkeypatch.setattr(engine, "_IDLE", -1)
    within = loaded().run_within(most, Watch())
    assert within.gave_up
    lp = loaded()
    run = lp.run(Watch())
    assert (run.status, run.gave_up) == ("optimal", False)
    assert run.objective == pytest.approx(usual.objective)
    # It may be run on, and is asked anew.
    lp.set_costs(lp.matrix.cost[::-1].copy(), 0.0)
    assert lp.run_within(most, Watch()).gave_up
    monkeypatch.setattr(engine, "_IDLE", 100)
    again = lp.run_within(most, Watch())
    assert (again.status, again.gave_up) == ("optimal", False)


def test_asking_without_iterations_counts_until_there_is_one() -> None:
    lp = Engine(knapsacks(60, 20, whole=False), relaxed=True, options={"threads": 1})
    asked: list[bool] = []

    class Asked:
        def __init__(self, iteration: int) -> None:
            self.data_out = SimpleNamespace(simplex_iteration_count=iteration)

        def interrupt(self, value: bool) -> None:
            asked.append(value)

    lp.run(Watch())
    for iteration in [7] * 90 + [8] * 101:
        lp._on_simplex_tick(Asked(iteration))  # type: ignore[arg-type]
    assert not any(asked)
    lp._on_simplex_tick(Asked(8))  # type: ignore[arg-type]
    assert asked[-1]


# The clock


@pytest.mark.parametrize("by_interior_point", [False, True])
def test_a_relaxation_run_many_times_has_the_whole_limit_every_time(
    by_interior_point: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_LARGE", 0)
    lp = Engine(knapsacks(60, 20, whole=False), relaxed=True, options={"threads": 1})
    for _ in range(TRIES):
        lp.forget()
        assert lp.run(Watch(), afresh=by_interior_point).status == "optimal"
    # All runs together took longer than the limit, each of them a tenth of it.
    limit = 10 * lp.clock / TRIES
    found = []
    for _ in range(TRIES):
        lp.forget()
        found.append(lp.run(Watch(time_limit=limit), afresh=by_interior_point).status)
    assert "optimal" in found


def test_a_tree_search_run_again_has_no_more_than_the_limit() -> None:
    tree = Engine(knapsacks(60, 5, whole=True), relaxed=False, options={"mip_rel_gap": 0.0})
    told = []
    for _ in range(3):
        assert tree.run(Watch(time_limit=0.1)).status == "stopped"
        told.append(float(tree.option("time_limit")))
    # HiGHS's clock of a tree search begins at zero: what went before must not be added.
    assert max(told) <= 0.1


def test_a_session_never_uses_its_limit_up(tmp_path: Path) -> None:
    case, policy = NATIONAL.write(tmp_path)
    session = Session(policy, case)
    lp = session._held.loaded.lp
    while lp.clock < 0.2:
        lp.forget()
        assert session.relax().status == "optimal"
    found = []
    for number in range(TRIES):
        session.change({"budgets[line=main].amount_jpy": 41 + number})
        found.append(session.relax(time_limit=0.1).status)
    assert "optimal" in found


# Threads


@pytest.fixture
def question(tmp_path: Path) -> tuple[Path, Path]:
    case, policy = NATIONAL.write(tmp_path)
    return policy, case


def in_threads(number: int) -> dict[str, object]:
    return {"solver.threads": number}


def test_every_solve_of_a_process_may_ask_for_another_number_of_threads(
    question: tuple[Path, Path],
) -> None:
    found = [solve(*question, changes=in_threads(number)).objective for number in (1, 2, 1)]
    # All seven applicants at 10 each are within 100.
    assert found == [pytest.approx(700.0)] * 3


def test_a_session_may_change_its_number_of_threads(question: tuple[Path, Path]) -> None:
    session = Session(*question)
    for number in (1, 2, 1):
        session.change(in_threads(number))
        assert session.solve().objective == pytest.approx(700.0)


def test_sessions_at_once_may_ask_for_other_numbers_of_threads(
    question: tuple[Path, Path],
) -> None:
    found: list[object] = []

    def ask(number: int) -> None:
        try:
            session = Session(*question, changes=in_threads(number))
            for _ in range(2):
                found.append(round(session.solve().objective, 6))
                session.change(in_threads(3 - session.policy.solver.threads))
        except BaseException as error:
            found.append(error)

    helpers = [threading.Thread(target=ask, args=(number,)) for number in (1, 2)]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    assert found == [700.0] * 4


def test_others_that_use_highs_are_no_hindrance_and_are_not_hindered(
    question: tuple[Path, Path],
) -> None:
    def alone(threads: int) -> highspy.HighsStatus:
        highs = highspy.Highs()  # type: ignore[no-untyped-call]  # not annotated by highspy
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", threads)
        highs.addVar(0.0, 1.0)
        highs.changeColCost(0, -1.0)
        return highs.run()

    highspy.Highs.resetGlobalScheduler(True)
    assert alone(2) == highspy.HighsStatus.kOk
    assert solve(*question).objective == pytest.approx(700.0)
    assert alone(2) == highspy.HighsStatus.kOk


@pytest.mark.parametrize("threads", [1, 2])
def test_a_run_within_a_callback_leaves_the_outer_one_its_scheduler(threads: int) -> None:
    options = {"threads": threads, "mip_rel_gap": 0.0}
    matrix = knapsacks(25, 3, whole=True)
    inner = Engine(knapsacks(25, 3, whole=False), relaxed=True, options={"threads": threads})
    plain = Engine(matrix, relaxed=False, options=options).run(Watch())
    found = []
    tree = Engine(matrix, relaxed=False, options=options)
    run = tree.run(Watch(), found=lambda _: found.append(inner.run(Watch()).status))
    assert run.objective == pytest.approx(plain.objective)
    assert set(found) == {"optimal"}
