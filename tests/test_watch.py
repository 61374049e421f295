"""Time limits: from the start of a command to its end, and words for where the time went."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from golden.small_cases import NATIONAL, TWO_LINES, SmallCase
from optimizer import InfeasibleError, NoPlanError, solve
from optimizer.cli import main
from optimizer.instance.lately import forget_joins
from optimizer.io.pauses import pause
from optimizer.session.planning import MOST_RESERVED
from optimizer.solver import Watch
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.part import Part
from optimizer.solver.solution import without_plan
from optimizer.solver.watch import Progress, relative_gap

LONG = 1000.0
"""Seconds that no test takes."""
FLOOR = '\n[[limits]]\nname = "five"\nmeasure = "slots"\nat_least = 5\n'


class Hand:
    """A clock that goes on when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(monkeypatch)


def at(hand: Hand, watch: Watch, steps: dict[str, float]) -> None:
    """Spend seconds on steps, one after the other."""
    for step, seconds in steps.items():
        watch.count(step)
        hand.now += seconds


# What is known so far


@pytest.mark.parametrize(
    ("objective", "bound", "gap"),
    [
        (100.0, 100.0, 0.0),
        (100.0, 110.0, 0.1),
        (100.0, 90.0, 0.0),
        (-100.0, -90.0, 0.1),
        (0.5, 1.0, 1.0),
        (0.0, 1.0, float("inf")),
        (0.0, 0.0, 0.0),
        # A thousand millionth is rounding: of the points, or of one point where there are fewer.
        (1000.0, 1000.0 + 9e-7, 0.0),
        (1000.0, 1000.0 + 2e-6, 2e-9),
        (0.0, 1e-9, 0.0),
        (0.5, 0.5 + 9e-10, 0.0),
        (0.5, 0.5 + 1.5e-9, 3e-9),
        # What nothing bounds is not proven.
        (100.0, float("inf"), float("inf")),
        (0.0, float("inf"), float("inf")),
    ],
)
def test_the_gap_is_measured_in_the_points_of_the_plan(
    objective: float, bound: float, gap: float
) -> None:
    assert relative_gap(objective, bound) == pytest.approx(gap, rel=1e-4, abs=0.0)
    assert Progress(1.0, "search", objective, bound).gap == relative_gap(objective, bound)


def test_without_plan_or_bound_there_is_no_gap() -> None:
    assert Progress(1.0, "search", None, 5.0).gap is None
    assert Progress(1.0, "search", 5.0, None).gap is None


@pytest.mark.parametrize(
    ("target", "objective", "bound", "is_close"),
    [
        (0.1, 100.0, 110.0, True),
        (0.1, 100.0, 110.1, False),
        (0.0, 100.0, 100.0, True),
        (None, 100.0, 100.0, False),
        (0.1, None, 100.0, False),
        (0.1, 100.0, None, False),
        (0.1, 100.0, float("inf"), False),
    ],
)
def test_a_plan_is_close_where_its_gap_is_within_what_was_asked_for(
    target: float | None, objective: float | None, bound: float | None, is_close: bool
) -> None:
    watch = Watch(target=target, objective=objective, bound=bound)
    assert watch.is_close() is is_close
    assert watch.would_be_close(0.0 if objective is None else objective) is is_close


def test_the_best_plan_and_the_best_bound_are_kept(hand: Hand) -> None:
    watch = Watch(started=0.0, step="search")
    known = []
    for second, told in enumerate(
        [{"bound": 9.0}, {"objective": 2.0}, {"objective": 1.0, "bound": 7.0}, {"bound": 8.0},
         {"objective": 3.0}, {}], start=1
    ):  # fmt: skip
        hand.now = float(second)
        watch.learn(**told)
        known.append((watch.objective, watch.bound))
    assert known == [(None, 9), (2, 9), (2, 7), (2, 7), (3, 7), (3, 7)]
    told_then = [Progress(float(n), "search", *pair) for n, pair in enumerate(known, start=1)]
    assert watch.trace == told_then
    watch.forget()
    assert (watch.objective, watch.bound, watch.trace) == (None, None, [])


def test_small_steps_of_the_bound_are_kept_but_not_traced() -> None:
    watch = Watch(objective=1.0)
    for bound, traced in [
        (100.0, [100.0]),
        (99.995, [100.0]),
        (99.999, [100.0]),
        # A tenth of a per mille is not yet a step, though together with the last one it is.
        (99.99, [100.0]),
        (99.98, [100.0, 99.98]),
        (99.97, [100.0, 99.98, 99.97]),
    ]:
        watch.learn_quietly(bound)
        assert [step.bound for step in watch.trace] == traced
    assert watch.bound == 99.97
    for bound in (99.9699, 99.98):
        watch.learn_quietly(bound)
    assert watch.bound == 99.9699
    below = Watch()
    below.learn_quietly(-100.0)
    below.learn_quietly(-100.005)
    below.learn_quietly(-100.02)
    assert [step.bound for step in below.trace] == [-100.0, -100.02]
    # The first bound is traced wherever a plan was traced before.
    begun = Watch()
    begun.learn(objective=1.0)
    begun.learn_quietly(50.0)
    assert [step.bound for step in begun.trace] == [None, 50.0]
    begun.forget()
    begun.bound = 40.0
    begun.trace.append(Progress(1.0, "search", None, 50.0))
    begun.learn_quietly(49.999)
    assert begun.bound == 40.0


def test_a_search_without_a_plan_keeps_what_is_known() -> None:
    found = without_plan("no_plan", Watch(bound=5.0, timed_out=True))
    assert (found.status, found.objective, found.bound, found.gap) == ("no_plan", None, 5.0, None)
    assert (found.decisions, found.money, found.complete) == ({}, {}, False)
    assert without_plan("infeasible", Watch()).complete
    assert not without_plan("no_plan", Watch(interrupted=True)).complete
    assert not without_plan("no_plan", Watch(hurried=True)).complete


def test_progress_is_said_at_the_beginning_of_steps_and_every_half_second(hand: Hand) -> None:
    said: list[Progress] = []
    watch = Watch(started=0.0, report=said.append, objective=1.0, bound=2.0)
    hand.now = 0.4
    watch.tick()
    assert said == []
    for now in (0.5, 0.9, 1.0):
        hand.now = now
        watch.tick()
    hand.now = 1.2
    watch.begin("search")
    hand.now = 1.6
    watch.tick()
    watch.tick(every=0.25)
    assert said == [
        Progress(0.5, "start", 1.0, 2.0),
        Progress(1.0, "start", 1.0, 2.0),
        Progress(1.2, "search", 1.0, 2.0),
        Progress(1.6, "search", 1.0, 2.0),
    ]


def test_a_watch_stops_for_the_limit_or_the_user_and_for_nothing_else(hand: Hand) -> None:
    said: list[Progress] = []
    watch = Watch(time_limit=2.0, started=0.0, report=said.append)
    hand.now = 1.9
    assert not watch.should_stop()
    # Whoever asks also hears of progress.
    assert [progress.seconds for progress in said] == [1.9]
    watch.interrupted = True
    assert watch.should_stop()
    assert not watch.timed_out
    endless = Watch(started=0.0)
    hand.now = 1e9
    assert not endless.should_stop()
    assert endless.seconds_left() == float("inf")
    assert Watch(time_limit=2.0, started=0.0).seconds_left() == 0.0


# Where the time went


def test_every_second_belongs_to_a_step(hand: Hand) -> None:
    hand.now = 5.0
    watch = Watch(started=2.0)
    at(hand, watch, {"read": 1.0, "scales": 7.0, "relaxation": 2.0, "scales again": 0.0})
    at(hand, watch, {"scales": 1.0, "end": 0.0})
    assert watch.spent == {
        "start": 3.0, "read": 1.0, "scales": 8.0, "relaxation": 2.0, "scales again": 0.0,
    }  # fmt: skip
    assert sum(watch.spent.values()) == watch.seconds


def test_who_runs_out_of_time_is_told_where_it_went_and_what_to_set(hand: Hand) -> None:
    watch = Watch(time_limit=20.0, started=0.0)
    at(hand, watch, {"start": 1.5, "read": 0.01, "scales": 12.25, "agreements": 6.25})
    assert watch.should_stop()
    assert str(watch.no_plan()) == (
        "no plan was found within the time limit of 20 s\n"
        "    Time by step: start 1.5 s, scales 12.2 s, agreements 6.2 s.\n"
        "    Maybe a longer time limit (--time-limit, solver.time_limit) or scales given "
        "as numbers (goals.NAME.scale) or a wider gap (--gap, solver.gap)."
    )


def test_only_what_took_long_is_worth_shortening(hand: Hand) -> None:
    watch = Watch(time_limit=20.0, started=0.0)
    at(hand, watch, {"build": 18.0, "scales": 1.0, "agreements": 1.0})
    assert watch.should_stop()
    assert str(watch.no_plan()).endswith(
        "Maybe a longer time limit (--time-limit, solver.time_limit)."
    )


def test_the_limit_is_blamed_only_where_it_was_the_limit(hand: Hand) -> None:
    watch = Watch(time_limit=20.0, started=0.0)
    at(hand, watch, {"search": 5.0})
    told = watch.no_plan()
    assert str(told) == (
        "the search ended without a plan, although there was time left\n"
        "    Time by step: search 5.0 s."
    )
    # Who is told so may go on, and what it takes belongs to the same step.
    hand.now += 3.0
    assert str(watch.no_plan()).endswith("Time by step: search 8.0 s.")
    watch.interrupted = True
    assert str(watch.no_plan()) == "interrupted before a plan was found"
    assert watch.no_plan().interrupted


# What is kept for later, and what may take longer


def test_the_search_stops_before_the_limit_by_what_is_kept(hand: Hand) -> None:
    watch = Watch(time_limit=20.0, started=0.0, reserve=6.0)
    hand.now = 13.0
    assert watch.seconds_left() == 1.0
    assert not watch.should_stop()
    hand.now = 14.0
    assert watch.should_stop()
    assert watch.timed_out


def test_last_steps_overrun_by_a_tenth_at_most(hand: Hand) -> None:
    watch = Watch(time_limit=20.0, started=0.0, reserve=6.0)
    hand.now = 14.0
    assert watch.for_last_steps().seconds_left() == pytest.approx(2.0)
    hand.now = 30.0
    assert watch.for_last_steps().seconds_left() == 0.0
    assert Watch().for_last_steps().time_limit is None


def test_a_part_ends_as_the_whole_does(hand: Hand) -> None:
    whole = Watch(time_limit=10.0, started=0.0)
    part = Part(whole=whole)
    hand.now = 9.0
    assert not part.should_stop()
    assert part.for_last_steps().seconds_left() == whole.for_last_steps().seconds_left() < 10.0
    whole.interrupted = True
    assert part.should_stop()
    assert part.interrupted


def watches(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> list[Watch]:
    """The watch of every run of HiGHS."""
    found: list[Watch] = []
    original = Engine.run

    def run(engine: Engine, watch: Watch, **options: object) -> EngineRun:
        found.append(watch)
        return original(engine, watch, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "run", run)
    do()
    return found


def infeasible(policy: Path, case: Path) -> None:
    with pytest.raises(InfeasibleError, match="These 2 cannot all be kept"):
        solve(policy, case, time_limit=LONG)


@pytest.mark.parametrize(
    ("case", "do"),
    [
        (TWO_LINES, lambda policy, case: solve(policy, case, time_limit=LONG)),
        (
            NATIONAL.with_(FLOOR, budgets=("main,{year},M,40,program",)),
            infeasible,
        ),
    ],
    ids=["transfers", "conflict"],
)
def test_no_run_of_a_command_with_a_limit_is_without_one(
    case: SmallCase,
    do: Callable[[Path, Path], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, policy = case.write(tmp_path)
    found = watches(monkeypatch, lambda: do(policy, folder))
    assert found
    assert all(watch.seconds_left() <= 1.1 * LONG for watch in found)


def test_what_clashes_is_not_made_up_when_time_is_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sooner or later the limit is reached just after the relaxation was found infeasible.
    folder, policy = NATIONAL.with_(FLOOR, budgets=("main,{year},M,40,program",)).write(tmp_path)
    monkeypatch.setattr(Watch, "for_last_steps", lambda _: Watch(time_limit=0.0))
    with pytest.raises(InfeasibleError) as raised:
        solve(policy, folder, time_limit=LONG)
    assert str(raised.value) == (
        "No plan keeps every rule. The rules that clash were not found within the time limit."
    )


def test_a_plan_that_is_exact_is_not_lost_for_want_of_time_to_polish_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, policy = TWO_LINES.write(tmp_path)
    best = solve(policy, folder).objective
    original = Watch.for_last_steps
    calls: list[Watch] = []

    def last_steps(watch: Watch) -> Watch:
        # The first is that of the plan itself; the next ones would take too long.
        calls.append(watch)
        return original(watch) if len(calls) == 1 else Watch(time_limit=0.0)

    monkeypatch.setattr(Watch, "for_last_steps", last_steps)
    plan = solve(policy, folder, time_limit=LONG)
    assert len(calls) > 1
    assert plan.objective == pytest.approx(best)
    assert not plan.provenance["deterministic"]


# Reading, joining, building and loading


def test_time_that_is_out_ends_reading_joining_building_and_loading_at_every_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, policy = NATIONAL.write(tmp_path)
    looked: list[str] = []
    monkeypatch.setattr(Watch, "_require_time", lambda watch: looked.append(watch.step))
    forget_joins()
    solve(policy, folder, time_limit=LONG)
    assert {step: looked.count(step) > 4 for step in looked} == {
        "read": True, "build": True, "load": True,
    }  # fmt: skip
    monkeypatch.undo()
    original = Watch._require_time
    for number, step in list(enumerate(looked))[::9]:
        seen: list[str] = []

        def require(watch: Watch, number: int = number, seen: list[str] = seen) -> None:
            seen.append(watch.step)
            if len(seen) > number:
                watch.started -= LONG
            original(watch)

        monkeypatch.setattr(Watch, "_require_time", require)
        forget_joins()
        with pytest.raises(NoPlanError, match="within the time limit of 1000 s"):
            solve(policy, folder, time_limit=LONG)
        assert (len(seen), seen[-1]) == (number + 1, step)


def test_time_is_out_when_the_limit_is_reached_and_not_before(hand: Hand) -> None:
    watch = Watch(time_limit=2.0, started=0.0)
    with watch.looking():
        hand.now = 1.9
        pause()
        assert not watch.timed_out
        hand.now = 2.0
        with pytest.raises(NoPlanError, match="within the time limit of 2 s"):
            pause()
    assert watch.timed_out


def test_nobody_is_asked_outside() -> None:
    watch = Watch(time_limit=0.0)
    pause()
    with pytest.raises(NoPlanError), watch.looking():
        pause()
    pause()


# What a run tells


def test_what_is_told_of_time_is_one_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, policy = NATIONAL.write(tmp_path)
    out = tmp_path / "run"
    words = ("solve", policy, folder, "--out", out, "--time-limit", "292.5")
    monkeypatch.setattr(sys, "argv", ["optimizer", *map(str, words)])
    assert main() == 0
    seconds = json.loads((out / "summary.json").read_text())["seconds"]
    written = seconds.pop("write")
    total = seconds.pop("total")
    assert list(seconds) == ["start", "read", "build", "load", "solve", "check"]
    assert sum(seconds.values()) == pytest.approx(total, abs=0.01)
    printed = re.search(
        rf"(found in (.*) s); written in (.*) s to {re.escape(str(out))}", capsys.readouterr().out
    )
    assert printed is not None
    told, *numbers = printed.groups()
    # The summary is rounded to thousandths, what is printed to tenths of the very number.
    assert list(map(float, numbers)) == pytest.approx([total, written], abs=0.051)
    assert told in (out / "report.html").read_text()
    # What was asked for, not what was left for the search.
    assert json.loads((out / "run.json").read_text())["time_limit"] == 292.5


def test_as_much_is_kept_as_the_machine_needed_so_far_but_not_all(tmp_path: Path) -> None:
    folder, policy = NATIONAL.write(tmp_path)

    def told(limit: float) -> float:
        begun = time.monotonic() - 100.0
        found: list[float] = []
        original = Watch.begin

        def begin(watch: Watch, step: str) -> None:
            found.append(watch.reserve)
            original(watch, step)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Watch, "begin", begin)
            solve(policy, folder, time_limit=limit, started=begun)
        return found[-1]

    # A hundred seconds and more went before: half of that is kept for the check, or a share of
    # the hundred that are left.
    assert 50.0 <= told(LONG) < 100.0
    assert 15.0 < told(200.0) <= MOST_RESERVED * 100.0


def test_parts_count_from_the_first_whatever_each_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Progress] = []
    watch, now = Watch(report=told.append, started=0.0), [0.0]
    monkeypatch.setattr("optimizer.solver.watch.time.monotonic", lambda: now[0])
    for number, name in enumerate(("policy", "best for A", "best for B")):
        watch.begin_part(name, number, 4)
        now[0] += 10.0
        watch.begin("relaxation")
        now[0] += 10.0
    rates = [(each.done, each.rate) for each in told if each.total]
    assert rates == [(0, 0.0), (1, 0.05), (2, 0.05)]
    assert [each.seconds_left for each in told if each.total] == [None, 60.0, 40.0]
    # Another series begins anew, and nothing is said of its pace at once.
    watch.begin_part("policy", 0, 4)
    watch.begin_part("samples", 3, 9)
    assert [each.rate for each in told[-2:]] == [0.0, 0.0]
