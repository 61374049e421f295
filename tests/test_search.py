"""The search for a plan: each step keeps every rule, and nothing but a proof moves the bound."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest

from optimizer.case import load_case
from optimizer.errors import PolicyError
from optimizer.formulation import build_pyomo
from optimizer.frames.arrays import Floats
from optimizer.instance import Instance, build_instance
from optimizer.persistent import LoadedModel
from optimizer.persistent.roles import roles_of
from optimizer.persistent.rounding import build_rounding
from optimizer.policy import load_policy
from optimizer.solver import Watch, engine
from optimizer.solver.early import FIRST_GAP, early
from optimizer.solver.engine import FINEST, Engine, EngineRun
from optimizer.solver.loading import PARALLEL, USUAL
from optimizer.solver.restricted import SHARE, Restricted
from optimizer.solver.search import Search
from optimizer.solver.wholeness import wholeness
from random_cases import random_cases_that

TOLERANCE = 1e-6
SHORT, LONG = 5, 3
UNDECIDED = range(SHORT + LONG)
"""Random cases with a plan, whose relaxation leaves decisions, margins or slots undecided.

Rounding needs more than one round for some, and one alone for the others.
"""
Step = Callable[[Search, EngineRun], None]


@cache
def built() -> list[tuple[Instance, Any]]:
    found: dict[bool, list[tuple[Instance, Any]]] = {True: [], False: []}

    def is_wanted(case: Path, policy: Path) -> bool:
        try:
            instance = build_instance(load_case(case), load_policy(policy))
        except PolicyError:
            return False
        model = build_pyomo(instance, dict.fromkeys(instance.policy.goals, 1.0))
        rounds = rounds_of(instance, model)
        kind = found[rounds > 1]
        is_missing = rounds > 0 and len(kind) < (LONG if rounds > 1 else SHORT)
        kind += [(instance, model)] * is_missing
        return is_missing

    with tempfile.TemporaryDirectory() as folder:
        random_cases_that(is_wanted, len(UNDECIDED), Path(folder))
    return found[True] + found[False]


def rounds_of(instance: Instance, model: Any) -> int:
    """Rounds that rounding takes; 0 where nothing is undecided, and where there is no plan."""
    if LoadedModel(instance, model).solve(Watch(), gap=0.0).objective is None:
        return 0
    search, root = search_of(LoadedModel(instance, model))
    if root.x is None or distance(root.x[search.matrix.integral]) <= TOLERANCE:
        return 0
    decided = decided_by(search, root)
    if decided is None:
        return 0
    rest, begun = search._margins._rest, search._margins._rest.runs
    for _ in islice(search._margins.plans(decided, Watch()), 3):
        pass
    return rest.runs - begun


def decided_by(search: Search, root: EngineRun) -> Floats | None:
    """Decisions alone, with everything else as it falls."""
    part = Restricted(search.matrix, search.roles, search.whole, search.options, 0.01)
    return part.decide(root, Watch())


def drawn(number: int) -> LoadedModel:
    """Built once; loaded afresh for who solves it."""
    return LoadedModel(*built()[number])


def optimum(loaded: LoadedModel) -> float:
    """By the solver alone, from nothing."""
    tree = Engine(loaded.matrix, relaxed=False, options={"mip_rel_gap": 0.0, "mip_abs_gap": 0.0})
    run = tree.run(Watch())
    assert run.objective is not None
    return run.objective


def search_of(loaded: LoadedModel, gap: float = 0.0) -> tuple[Search, EngineRun]:
    """A search with nothing done but the relaxation."""
    matrix = loaded.matrix
    roles = roles_of(loaded.instance, matrix)
    watch = Watch(target=gap)
    root = loaded.relax(watch)
    search = Search(
        matrix,
        loaded.lp.basis(),
        roles,
        wholeness(matrix, roles.staged),
        lambda: build_rounding(loaded.instance, matrix),
        loaded.options,
        watch,
        gap,
    )
    watch.learn(bound=root.bound)
    return search, root


def distance(values: Floats) -> float:
    """Largest distance from a whole number."""
    return float(np.max(np.abs(values - np.round(values)), initial=0.0))


def keeps_every_rule(loaded: LoadedModel, x: Floats) -> bool:
    scale = 1.0 + np.abs(loaded.matrix.numbers()).max()
    whole = distance(x[loaded.matrix.integral]) <= TOLERANCE
    return whole and loaded.matrix.violation(x) <= TOLERANCE * scale


@pytest.mark.parametrize("number", UNDECIDED)
def test_a_search_that_stops_early_tells_an_interval_that_holds_the_optimum(number: int) -> None:
    loaded = drawn(number)
    true = optimum(loaded)
    near = TOLERANCE * max(1.0, abs(true))
    for gap in (0.2, 0.01, 0.0):
        loaded.plans = []
        found = loaded.solve(Watch(), gap=gap)
        assert found.objective is not None
        assert found.bound is not None
        assert found.objective - near <= true <= found.bound + near


@pytest.mark.parametrize(
    "step", [Search._restricted, Search._decisions, Search._neighbourhoods, Search._everything]
)
def test_every_step_leaves_a_plan_that_keeps_the_rules_under_a_bound_that_is_none_too_low(
    step: Step,
) -> None:
    found = 0
    for number in UNDECIDED:
        loaded = drawn(number)
        true = optimum(loaded)
        search, root = search_of(loaded)
        search._restricted(root)
        step(search, root)
        assert search.watch.bound is not None
        assert search.watch.bound >= true - TOLERANCE * max(1.0, abs(true))
        if search.best is not None:
            found += 1
            assert keeps_every_rule(loaded, search.best)
            assert search.watch.objective == pytest.approx(loaded.matrix.points(search.best))
    assert found >= 4


def test_finding_plans_never_moves_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    # Searches this small end before HiGHS tells any bound on the way. So what a search would tell
    # is told at its end: those within a part of the space, whose bounds are lower, must not.
    lower: list[bool] = []
    before = Engine.run

    def telling(engine: Engine, watch: Watch, *, bounds: bool = False, **others: Any) -> EngineRun:
        run = before(engine, watch, bounds=bounds, **others)
        if not engine.relaxed and run.bound is not None and root.bound is not None:
            lower.append(run.bound < root.bound - TOLERANCE)
            if bounds:
                watch.learn(bound=run.bound)
        return run

    for number in UNDECIDED:
        search, root = search_of(drawn(number))
        with monkeypatch.context() as patched:
            patched.setattr(Engine, "run", telling)
            search._restricted(root)
            search._neighbourhoods(root)
        assert search.watch.bound == root.bound
    assert any(lower)


def test_decisions_in_the_kernel_are_whole_and_keep_every_rule() -> None:
    for number in UNDECIDED:
        loaded = drawn(number)
        search, root = search_of(loaded)
        restricted = Restricted(loaded.matrix, search.roles, search.whole, loaded.options, 0.01)
        decided = restricted.decide(root, Watch())
        assert decided is not None
        assert distance(decided[search.staged]) <= TOLERANCE
        scale = 1.0 + np.abs(loaded.matrix.numbers()).max()
        assert loaded.matrix.violation(decided) <= TOLERANCE * scale


def test_a_plan_is_made_before_the_decisions_are_as_good_as_a_small_gap_asks() -> None:
    found = 0
    for number in UNDECIDED:
        loaded = drawn(number)
        search, root = search_of(loaded)
        firsts: list[Floats] = []

        def first(x: Floats, firsts: list[Floats] = firsts) -> None:
            firsts.append(x)

        restricted = Restricted(loaded.matrix, search.roles, search.whole, loaded.options, 0.0)
        decided = restricted.decide(root, Watch(), first)
        assert decided is not None
        assert len(firsts) <= 1
        for x in firsts:
            found += 1
            assert distance(x[search.staged]) <= TOLERANCE
            best = loaded.matrix.points(decided)
            # The bound of a search is never below its end, and the share is of its own points.
            room = SHARE * FIRST_GAP * abs(loaded.matrix.points(x))
            assert best - loaded.matrix.points(x) <= room + TOLERANCE * max(1.0, abs(best))
    assert found >= 3


def test_decisions_that_came_first_are_made_a_plan_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in UNDECIDED:
        search, root = search_of(drawn(number))
        rounded: list[list[float]] = []
        original = Search._rounded

        def note(
            search: Search,
            x: Floats,
            rounded: list[list[float]] = rounded,
            original: Callable[[Search, Floats], None] = original,
        ) -> None:
            rounded.append(np.round(x[search.staged]).tolist())
            original(search, x)

        with monkeypatch.context() as patch:
            patch.setattr(Search, "_rounded", note)
            search._restricted(root)
        if search.best is not None:
            assert all(rounded.count(decisions) == 1 for decisions in rounded)


def worst_with(search: Search, decisions: Floats) -> Floats | None:
    """The plan with the least points under some decisions."""
    matrix, staged = search.matrix, search.staged
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    lower[staged] = upper[staged] = decisions
    worst = replace(matrix, lower=lower, upper=upper, cost=-matrix.cost)
    return Engine(worst, relaxed=False, options={}).run(Watch()).x


def test_people_are_rounded_anew_under_the_decisions_of_a_plan_of_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decided: list[int] = []
    decide = Restricted.decide

    def noted(restricted: Restricted, *given: Any) -> Floats | None:
        decided.append(1)
        return decide(restricted, *given)

    monkeypatch.setattr(Restricted, "decide", noted)
    gap, kept, left = 0.15, 0, 0
    for number in range(len(built())):
        loaded = drawn(number)
        search, root = search_of(loaded, gap)
        if root.status != "optimal" or not len(search.staged):
            continue
        best = Engine(search.matrix, relaxed=False, options={"mip_rel_gap": 0.0}).run(Watch()).x
        assert best is not None
        least = np.clip(np.zeros(len(search.staged)), search.matrix.lower[search.staged], None)
        for decisions in (np.round(best[search.staged]), least):
            search, root = search_of(loaded, gap)
            start = worst_with(search, decisions)
            if start is None:
                continue
            is_near = search.watch.would_be_close(search.matrix.points(start))
            decided.clear()
            search.run(root, [start])
            assert search.best is not None
            assert keeps_every_rule(loaded, search.best)
            is_same = np.array_equal(np.round(search.best[search.staged]), decisions)
            kept += not is_near and is_same and not decided
            left += bool(decided)
            assert is_near or is_same or decided
    # Both happen: decisions of before do, or others are searched for.
    assert kept
    assert left


def test_where_time_is_short_any_decisions_will_do() -> None:
    taken: list[Floats] = []
    watch = Watch(time_limit=100.0)
    x = np.array([3.0])
    hand_over = early(0.01, taken.append, watch)
    hand_over.see(None, 0.0, 9.0)
    hand_over.see(x, 3.0, 9.0)
    hand_over.see(x, 3.0, -np.inf)
    assert not taken
    # More than half of the time that was left has gone.
    watch.started -= 60.0
    hand_over.see(x, 3.0, 9.0)
    hand_over.see(x, 3.0, 3.0)
    assert len(taken) == 1
    assert not watch.is_repeatable
    quiet = Watch()
    early(0.01, taken.append, quiet).see(x, 3.0, 3.02)
    assert len(taken) == 2
    assert quiet.is_repeatable


def test_time_that_runs_out_before_whole_numbers_does_not_lose_the_decisions() -> None:
    # Decisions were found, and then the limit was there: rounding them is one of the last steps.
    for number in UNDECIDED:
        search, root = search_of(drawn(number))
        restricted = Restricted(search.matrix, search.roles, search.whole, search.options, 0.01)
        decided = restricted.decide(root, Watch())
        assert decided is not None
        search.watch.time_limit = search.watch.seconds + 1e-9
        search.watch.should_stop()
        search.watch.time_limit = 1000.0
        assert search.watch.timed_out
        search._rounded(decided)
        assert search.best is not None


def test_rounded_margins_keep_every_rule_and_the_decisions() -> None:
    rounded = 0
    for number in UNDECIDED:
        loaded = drawn(number)
        search, root = search_of(loaded)
        decided = Restricted(
            loaded.matrix, search.roles, search.whole, loaded.options, 0.01
        ).decide(root, Watch())
        assert decided is not None
        for plan in islice(search._margins.plans(decided, Watch()), 3):
            rounded += 1
            assert keeps_every_rule(loaded, plan)
            assert (plan[search.staged] == np.round(decided[search.staged])).all()
    assert rounded >= 4


@pytest.mark.parametrize("is_kept", [True, False])
def test_what_is_infeasible_held_nearer_counts_where_it_keeps_every_row(
    is_kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, root = search_of(drawn(UNDECIDED[0]))
    search._restricted(root)
    assert search.best is not None
    original = Engine.run

    def run(engine: Engine, watch: Watch, **options: Any) -> EngineRun:
        if engine.option("primal_feasibility_tolerance") != USUAL:
            return EngineRun("infeasible", None, None, None)
        found = original(engine, watch, **options)
        assert found.x is not None
        return found if is_kept else replace(found, x=found.x + 1e-3)

    monkeypatch.setattr(Engine, "run", run)
    again = search.exact(search.best)
    assert (again is not None) is is_kept
    if again is not None:
        assert search.matrix.points(again) == pytest.approx(search.matrix.points(search.best))


def test_only_other_decisions_make_rounding_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    # A round moves a few people: its linear program goes on where that of the round before ended.
    more_rounds = 0
    for number in UNDECIDED:
        search, root = search_of(drawn(number))
        decided = decided_by(search, root)
        assert decided is not None
        rest, begun = search._margins._rest, search._margins._rest.runs
        forgot: list[None] = []
        with monkeypatch.context() as patch:
            patch.setattr(rest, "forget", lambda forgot=forgot: forgot.append(None))
            for _ in islice(search._margins.plans(decided, Watch()), 3):
                pass
        assert len(forgot) == 1
        more_rounds += rest.runs - begun > 1
    assert more_rounds


@pytest.mark.parametrize("times", [1, 2])
def test_a_relaxation_that_goes_on_and_ends_unclean_is_solved_again(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lp = Engine(drawn(3).matrix, relaxed=True, options={})
    before = lp.run(Watch())
    unclean = iter([True] * times)
    monkeypatch.setattr(engine.Engine, "_is_unclean", lambda _: next(unclean, False))
    again = lp.run(Watch())
    assert not list(unclean)
    assert again.objective == pytest.approx(before.objective)
    # The first time the basis is right, and only its factors are made anew.
    assert (again.iterations == 0) == (times == 1)


def test_a_simplex_without_an_answer_is_repeated() -> None:
    lp = Engine(drawn(3).matrix, relaxed=True, options={})
    before = lp.run(Watch())
    true = lp._highs.getModelStatus
    told = iter([highspy.HighsModelStatus.kUnknown])
    asked = iter([False])

    def status() -> highspy.HighsModelStatus:
        # The first to ask is the clock, the second whether there is an answer.
        return true() if not next(asked, True) else next(told, true())

    lp._highs.getModelStatus = status  # type: ignore[method-assign]
    assert lp.run(Watch()).objective == pytest.approx(before.objective)
    assert not list(told)


def test_a_large_relaxation_that_stays_unclean_begins_anew_by_interior_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lp = Engine(drawn(3).matrix, relaxed=True, options={})
    lp.run(Watch())
    solvers: list[object] = []
    launch = Engine._launch

    def noted(engine: Engine, watch: Watch, **how: bool) -> bool:
        solvers.append(engine.option("solver"))
        return launch(engine, watch, **how)

    unclean = iter([True, True])
    monkeypatch.setattr(engine, "_LARGE", 0)
    monkeypatch.setattr(Engine, "_launch", noted)
    monkeypatch.setattr(Engine, "_is_unclean", lambda _: next(unclean, False))
    lp.run(Watch())
    assert solvers == ["simplex", "simplex", "ipx"]


def test_a_relaxation_whose_interior_point_ends_in_an_error_is_solved_by_simplex(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matrix = drawn(3).matrix
    expected = Engine(matrix, relaxed=True, options={}).run(Watch())
    solvers: list[object] = []
    launch = Engine._launch

    def failing(engine: Engine, watch: Watch, **how: bool) -> bool:
        solvers.append(engine.option("solver"))
        return solvers != ["ipx"] and launch(engine, watch, **how)

    monkeypatch.setattr(engine, "_LARGE", 0)
    monkeypatch.setattr(Engine, "_launch", failing)
    run = Engine(matrix, relaxed=True, options={}).run(Watch(), afresh=True)
    assert solvers == ["ipx", "simplex"]
    assert run.objective == pytest.approx(expected.objective)


def work_until_first_plan(loaded: LoadedModel, gap: float) -> tuple[int, int]:
    """Nodes, and rounds of linear programs, of all runs that ended before the first plan."""
    nodes = rounds = 0

    def count(engine: Engine, watch: Watch, **options: Any) -> EngineRun:
        nonlocal nodes, rounds
        before = watch.objective is None
        run = original(engine, watch, **options)
        if before:
            rounds += 1
            nodes += run.nodes if watch.objective is None else 0
        return run

    original = Engine.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "run", count)
        loaded.plans = []
        assert loaded.solve(Watch(), gap=gap).objective is not None
    return nodes, rounds


@pytest.mark.parametrize("number", UNDECIDED)
def test_a_first_plan_takes_no_more_work_at_a_small_gap_than_at_a_wide_one(number: int) -> None:
    at_small, at_wide = (work_until_first_plan(drawn(number), gap) for gap in (0.0001, 0.01))
    assert at_small <= at_wide


def test_decisions_too_far_from_the_bound_are_made_one_plan_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = 0
    for number in UNDECIDED:
        for is_near in (True, False):
            search, root = search_of(drawn(number), gap=0.0)
            x = decided_by(search, root)
            assert x is not None
            given: list[int] = []

            def plans(x: Floats, _: Watch, given: list[int] = given) -> Iterator[Floats]:
                for number in range(9):
                    given.append(number)
                    yield x

            monkeypatch.setattr(search._margins, "plans", plans)
            monkeypatch.setattr(search, "exact", lambda _: None)
            search.watch.target = 1.0 if is_near else 0.0
            search.watch.bound = 1.5 * abs(search.matrix.points(x)) + 1.0
            search.watch.objective = None
            search._rounded(x)
            asked += len(given)
            assert len(given) == (5 if is_near else 1)
    assert asked == len(UNDECIDED) * 6


def test_a_search_ends_as_soon_as_its_gap_is_closed_and_not_before() -> None:
    left_open = 0
    for number in UNDECIDED:
        loaded = drawn(number)
        true = optimum(loaded)
        search, root = search_of(loaded, gap=0.5)
        search.run(root)
        assert search.best is not None
        assert search.watch.is_close()
        gaps = [math.inf if step.gap is None else step.gap for step in search.watch.trace]
        closed = next(number for number, gap in enumerate(gaps) if gap <= 0.5)
        assert len({step.step for step in search.watch.trace[closed:]}) == 1
        exact = replace(search, gap=0.0, best=None)
        left_open += gaps[-1] > TOLERANCE
        exact.run(root, [search.best])
        assert exact.watch.objective == pytest.approx(true)
        assert exact.watch.bound == pytest.approx(true)
    assert left_open >= 2


def test_presolve_is_kept_from_what_it_gets_wrong() -> None:
    # A search over decisions with continuous margins, which has a solution of 1000. Should HiGHS
    # get it right some day with all of its presolve, nothing need be switched off any more.
    found = []
    for switched_off in (0, PARALLEL):
        highs = highspy.Highs()  # type: ignore[no-untyped-call]  # not annotated by highspy
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("presolve_rule_off", switched_off)
        highs.readModel(str(Path(__file__).with_name("parallel_columns.mps")))
        highs.run()
        found.append((highs.getModelStatus(), highs.getInfo().objective_function_value))
    assert found[0][0] == highspy.HighsModelStatus.kInfeasible
    assert found[1][0] == highspy.HighsModelStatus.kOptimal
    assert found[1][1] == pytest.approx(1000.0)


@pytest.mark.parametrize("step", [Search._decisions, Search._everything])
@pytest.mark.parametrize("stops", [True, False])
def test_what_is_called_infeasible_is_believed_the_second_time_only(
    step: Step, stops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, root = search_of(drawn(UNDECIDED[0]))
    root = replace(root, x=np.full_like(search.matrix.cost, 0.5))
    told = []

    def lying(engine: Engine, watch: Watch, **_: object) -> EngineRun:
        if watch.should_stop():
            return EngineRun("stopped", None, None, None)
        told.append(engine.option("mip_feasibility_tolerance"))
        watch.interrupted = stops
        return EngineRun("infeasible", None, None, None)

    monkeypatch.setattr(Engine, "run", lying)
    step(search, root)
    # What ran out of time between the two has no plan, and no proof that there is none.
    assert search.infeasible is not stops
    assert len(told) == (1 if stops else 2)
    assert told[-1] == (1e-6 if stops else FINEST)
