"""A steady tail: the last year's decisions stand again until the longest track has run once."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyomo.environ as pyo
import pytest

from golden.small_cases import AGREED, FOLLOWED, HOSTED, NATIONAL, SERVED, SmallCase
from optimizer import InfeasibleError, Plan, Session, load_case, load_policy, solve
from optimizer.formulation import build_pyomo
from optimizer.instance import Instance
from optimizer.persistent import LoadedModel
from optimizer.report.colours import ACCENT, REPEATED, RUN_OFF
from optimizer.report.page import render_page
from optimizer.solver import Watch

STEADY, RUNOFF = '\n[horizon]\ntail = "steady"\n', '\n[horizon]\ntail = "runoff"\n'

# Tracks of one, two and three years cost 1 a year and person, and 150 may be spent in a year.
# A year of stay is worth 1, 1.25 and 1.5, so the longer a track the better it uses the money; 40
# people apply for b, 20 for c, and 90 for a.
QUEUE = NATIONAL.with_(
    tracks=tuple(
        f"{name},{name},study,M,care,inbound,{years},0,no,1,no"
        for name, years in (("a", 1), ("b", 2), ("c", 3))
    ),
    applicants=("AA,a,,90", "AA,b,,40", "AA,c,,20"),
    budgets=("main,{year},M,150,program",),
    costs=(
        "a,main,1,,,,,1",
        *(f"b,main,{y},,,,,1" for y in (1, 2)),
        *(f"c,main,{y},,,,,1" for y in (1, 2, 3)),
    ),
).aiming_at(
    """
[goals.g]
weight = 1
scale = "none"
effects = [
  { where = { track = "a" }, stage = "enter", effect = 1 },
  { where = { track = "b" }, stage = "enter", effect = 2.5 },
  { where = { track = "c" }, stage = "enter", effect = 4.5 },
]
"""
)


def planned(case: SmallCase, folder: Path) -> Plan:
    case_folder, policy = case.write(folder)
    return solve(policy, case_folder, gap=0.0)


def by_track(plan: Plan, year: int = 2030) -> dict[str, int]:
    slots = plan.slots[plan.slots["year"].eq(year)]
    return {str(track): int(n) for track, n in slots.groupby("track")["slots"].sum().items()}


def test_the_last_cohorts_pay_for_what_their_successors_would_need(tmp_path: Path) -> None:
    # In the first year 90 + 40 + 20 = 150. Two years later each cohort of b stands beside another,
    # and of c beside two: 40 * 2 + 20 * 3 = 140 leave 10 for a.
    assert by_track(planned(QUEUE.with_(RUNOFF), tmp_path)) == {"a": 90, "b": 40, "c": 20}
    assert by_track(planned(QUEUE.with_(STEADY), tmp_path)) == {"a": 10, "b": 40, "c": 20}


def test_repeated_years_earn_as_well(tmp_path: Path) -> None:
    # (10 + 100 + 90) in each of 2030 and the three years that repeat it, all times 100 points.
    plan = planned(QUEUE.with_(STEADY), tmp_path)
    assert plan.objective == pytest.approx(100 * 200 * 4)
    stages = plan.tables["stages"].set_index("period")["raw"]
    assert stages.to_dict() == {"planned": 200.0, "repeated": 600.0}


def test_headline_counts_end_with_the_planned_years(tmp_path: Path) -> None:
    plan = planned(QUEUE.with_(STEADY), tmp_path)
    assert plan.slots_total == 70
    assert set(plan.slots["year"]) == {2030}
    people = plan.tables["people"].set_index("track")
    assert people["entrants"].to_dict() == {"a": 10, "b": 40, "c": 20}


def held_to(last: int) -> Callable[[pyo.ConcreteModel, Instance], None]:
    """Custom rules that hold the decisions of every later year to those of the last planned one."""

    def extend(model: pyo.ConcreteModel, instance: Instance) -> None:
        model.repeated = pyo.ConstraintList()
        for decided in (model.cohort, model.placements, model.agreement, model.active_track):
            for key in decided:
                if key[-1] > last:
                    before = (*key[:-1], last)
                    same = decided[before] if before in decided else 0  # noqa: SIM401
                    model.repeated.add(decided[key] == same)
        for key in model.expansion:
            if key[-1] > last:
                model.repeated.add(model.expansion[key] == 0)

    return extend


def stretched(case: SmallCase, repeats: int) -> SmallCase:
    """The same case with the years that are repeated as years of its own."""
    last = case.years[-1]
    return case.over(*case.years, *range(last + 1, last + 1 + repeats))


WORTH = """
[goals.g]
weight = 1
scale = "none"
effects = [
  { stage = "enter", effect = 1 },
  { stage = "present", effect = 0.5 },
  { stage = "complete", effect = 2 },
  { stage = "continue", effect = 3, optional = true },
]
diminishing = { by = [], per = "year", breakpoints = [[0, 1], [9, 0.25]] }
"""


@pytest.mark.parametrize(
    "case",
    [
        QUEUE.over(2030, 2031),
        AGREED,
        FOLLOWED.over(2030, 2031),
        SERVED.with_(budgets=("main,{year},M,60,program",)),
        HOSTED.over(2030, 2031).with_(
            tracks=("t,T,study,M,care,inbound,3,0,no,0.8,yes",),
            costs=("t,main,1,,,,,10", "t,main,2,,,,,20", "t,main,3,,,,,30"),
            national_caps=("t,2030,9,residents",),
        ),
    ],
    ids=["queue", "agreement", "continuing", "services", "long track under a cap"],
)
def test_a_steady_tail_is_a_longer_horizon_whose_later_years_equal_the_last(
    case: SmallCase, tmp_path: Path
) -> None:
    case = case if case is QUEUE else case.aiming_at(WORTH)
    longest = max(int(line.split(",")[6]) for line in case.rows["tracks"])
    steady = planned(case.with_(STEADY), tmp_path)
    folder, policy = stretched(case.with_(RUNOFF), longest).write(tmp_path)
    equal = solve(policy, folder, gap=0.0, extend=held_to(case.years[-1]))
    assert steady.objective == pytest.approx(equal.objective)
    spent, wanted = (
        plan.tables["spending"].set_index(["line", "year"])["budget"] for plan in (steady, equal)
    )
    pd.testing.assert_series_equal(spent, wanted)


def test_fewer_applicants_in_a_repeated_year_are_told_with_the_year(tmp_path: Path) -> None:
    case = NATIONAL.over(2030, 2031, 2032).with_(
        '\n[horizon]\nyears = [2030, 2030]\ntail = "steady"\n',
        applicants=("AA,t,2030,4", "AA,t,2031,2", "BB,t,,0"),
        commitments=("AA,t,,2030,3,",),
    )
    folder, policy = case.write(tmp_path)
    with pytest.raises(InfeasibleError) as told:
        solve(policy, folder)
    assert str(told.value).endswith(
        "\n- No more slots than applicants: AA, t, 2031: at most 2 (applicants.csv row 3, column "
        "applicants)\n"
        "- Committed slots are given: commitments row 2: at least 3 (commitments.csv row 2, column "
        "at_least)\nYears after 2030, in which the decisions of 2030 are repeated, take part."
    )
    # Without the commitment the plan keeps to what the repeated year allows.
    plan = planned(case.with_(commitments=()), tmp_path)
    assert by_track(plan) == {"t": 2}


def test_a_site_that_closes_in_a_repeated_year_hosts_nobody_in_the_last(tmp_path: Path) -> None:
    case = HOSTED.over(2030, 2031).with_(
        '\n[horizon]\nyears = [2030, 2030]\ntail = "steady"\n',
        sites=("t,r1,2030,3", "t,r2,,2", "t,r1,2031,1"),
    )
    plan = planned(case, tmp_path)
    assert plan.slots.groupby("region")["slots"].sum().to_dict() == {"r1": 1, "r2": 2}
    gone = case.with_(sites=("t,r1,2030,3", "t,r2,,2"))
    assert planned(gone, tmp_path).slots.groupby("region")["slots"].sum().to_dict() == {"r2": 2}


def test_a_cap_of_a_repeated_year_holds_in_the_last(tmp_path: Path) -> None:
    case = NATIONAL.over(2030, 2031).with_(
        '\n[horizon]\nyears = [2030, 2030]\ntail = "steady"\n',
        national_caps=("t,2030,6,intake", "t,2031,5,intake"),
    )
    assert by_track(planned(case, tmp_path)) == {"t": 5}


@pytest.mark.parametrize(
    "change",
    [
        {"budgets[line=main, year=2030].amount_jpy": 90},
        {"costs[track=c, line=main, year_of_stay=3].amount_jpy": 0.5},
        {"applicants[country=AA, track=b].applicants": 30},
        {"horizon.tail": "runoff"},
        {"horizon.tail": 1},
        {"horizon.discount": 0.1},
    ],
    ids=str,
)
def test_a_session_agrees_with_a_fresh_solve(change: dict[str, object], tmp_path: Path) -> None:
    folder, policy = QUEUE.with_(STEADY).write(tmp_path)
    session = Session(policy, folder)
    session.solve(gap=0.0)
    session.change(change)
    assert session.solve(gap=0.0).objective == pytest.approx(
        solve(policy, folder, changes=change, gap=0.0).objective
    )


def test_a_site_changed_in_a_repeated_year_is_changed_in_the_session(tmp_path: Path) -> None:
    case = HOSTED.over(2030, 2031).with_(
        '\n[horizon]\nyears = [2030, 2030]\ntail = "steady"\n',
        sites=("t,r1,2030,3", "t,r1,2031,3", "t,r2,,2"),
    )
    folder, policy = case.write(tmp_path)
    session = Session(policy, folder)
    assert session.solve(gap=0.0).slots_total == 5
    session.change({"sites[track=t, region=r1, year=2031].max_slots": 1})
    assert session.solve(gap=0.0).slots_total == 3


def drawn(seed: int) -> SmallCase:
    """Three tracks whose worth, length, cost and applicants are drawn, on one budget."""
    draw = random.Random(seed)
    lengths = [draw.randint(1, 4) for _ in range(3)]
    names = ("a", "b", "c")
    costs = [
        f"{name},main,{age},,,,,{draw.randint(1, 5)}"
        for name, years in zip(names, lengths, strict=True)
        for age in range(1, years + 1)
    ]
    effects = "".join(
        f'  {{ where = {{ track = "{name}" }}, stage = "complete", effect = '
        f"{draw.uniform(1, 9):.2f} }},\n"
        for name in names
    )
    return NATIONAL.with_(
        tracks=tuple(
            f"{name},{name},study,M,care,inbound,{years},0,no,1,no"
            for name, years in zip(names, lengths, strict=True)
        ),
        applicants=tuple(f"AA,{name},,{draw.randint(10, 60)}" for name in names),
        budgets=("main,{year},M,200,program",),
        costs=tuple(costs),
    ).aiming_at(f'\n[goals.g]\nweight = 1\nscale = "none"\neffects = [\n{effects}]\n')


def first_years(case: SmallCase, folder: Path) -> pd.Series:
    """Slots of the best plan in 2030 and 2031, by track and year."""
    instance = case.instance(folder)
    solution = LoadedModel(instance, build_pyomo(instance, {"g": 1.0})).solve(Watch(), gap=0.0)
    cohort = instance.sets.cohort.assign(slots=solution.decisions["cohort"])
    return cohort[cohort["year"] < 2032].set_index(["track", "year"])["slots"]


def test_a_further_year_moves_the_first_two_less_than_with_a_run_off(tmp_path: Path) -> None:
    moved = {STEADY: 0.0, RUNOFF: 0.0}
    for seed in range(8):
        for tail in moved:
            slots = [
                first_years(drawn(seed).over(*range(2030, 2030 + years)).with_(tail), tmp_path)
                for years in (3, 4)
            ]
            moved[tail] += float(slots[0].sub(slots[1], fill_value=0).abs().sum())
    assert moved[STEADY] < moved[RUNOFF]


def test_the_report_tells_later_years_apart_without_colour(tmp_path: Path) -> None:
    def page(tail: str) -> str:
        folder, policy = QUEUE.with_(tail).write(tmp_path)
        return render_page(
            planned(QUEUE.with_(tail), tmp_path), load_case(folder), load_policy(policy)
        )

    # Tracks of up to three years: the one year again three times, and two until the last go.
    steady = page(STEADY)
    for told in (
        "spent, 2030<",
        "spent as 2030 is repeated, 2031–2033<",
        "spent after that, 2034–2",
    ):
        assert told in steady
    assert steady.count('class="repeated"') == 1 + 3
    assert steady.count('class="run-off"') > 1
    assert "<title>2032, as 2030 is repeated: 150 JPY (of 150 JPY)</title>" in steady
    runoff = page(RUNOFF)
    assert "spent after the last planned year, 2031–2" in runoff
    assert 'class="repeated"' not in runoff
    outlines = {colour.outline for colour in (ACCENT, REPEATED, RUN_OFF)}
    assert len(outlines) == 3
