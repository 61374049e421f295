"""Forecast tracks: people who come whatever is decided, derived by hand on cases of a few rows.

Every new participant earns 100 points (one goal, value 1 for each, scale ``none``). Of track t,
which is planned, AA has four applicants a year and BB three, and five can be hosted. To track f
three people come by themselves in 2030 and five in 2031.
"""

from __future__ import annotations

import re
import shlex
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from golden.small_cases import EXPECTED, HEADERS, HOSTED, SmallCase
from optimizer import InfeasibleError, Plan, Session, load_case, solve, write_run
from optimizer.cli import main
from optimizer.cli.showing import print_plan
from optimizer.errors import ModelWarning
from optimizer.instance import Instance
from optimizer.instance.oddities import warnings_of
from optimizer.plan.anyway import all_warnings

YEARS = (2030, 2031)
RUNOFF = '[horizon]\ntail = "runoff"\n'
BY_YEAR = '[[limits]]\nname = "l"\nmeasure = "{}"\nby = ["year"]\n{}\n'
T = "t,T,study,M,care,inbound,1,0,no,1,no,planned"
F = "f,F,study,M,care,inbound,2,0,no,0.5,yes,forecast"


def tracks(*lines: str) -> tuple[str, ...]:
    return (HEADERS["tracks"] + ",allocation", *lines)


def solved(case: SmallCase, folder: Path, *policy: str) -> Plan:
    folder_of_case, file = case.with_("".join(policy)).write(folder)
    return solve(file, folder_of_case, gap=0.0)


def by_year(plan: Plan) -> list[int]:
    slots = plan.slots
    return [int(slots.loc[slots["year"].eq(year), "slots"].sum()) for year in YEARS]


def entrants(instance: Instance) -> dict[tuple[str, int], float]:
    entries = instance.people.entries
    came = entries[entries["track"].eq("f")]
    cells = came[["country", "entry_year", "coefficient"]].itertuples(index=False, name=None)
    return {(str(country), int(year)): float(n) for country, year, n in cells}


# Who comes, and what they use


def test_the_last_row_of_a_country_goes_on(tmp_path: Path) -> None:
    told = {("AA", 2030): 2.0, ("BB", 2030): 1.0, ("AA", 2031): 2.0, ("BB", 2031): 3.0}
    assert entrants(EXPECTED.with_(RUNOFF).instance(tmp_path)) == told


def test_years_that_repeat_the_last_one_have_their_own_forecast_or_the_last(tmp_path: Path) -> None:
    # The tail repeats 2030 in 2031, of which the case tells, and in 2032, which is as 2031.
    policy = '[horizon]\nyears = [2030, 2030]\ntail = "steady"\n'
    found = entrants(EXPECTED.with_(policy).instance(tmp_path))
    assert [found["BB", year] for year in (2030, 2031, 2032)] == [1.0, 3.0, 3.0]


def test_who_was_expected_before_the_first_planned_year_has_come(tmp_path: Path) -> None:
    found = EXPECTED.with_("[horizon]\nyears = [2031, 2031]\n").instance(tmp_path)
    present = found.people.present_at
    here = present[present["year"].eq(2031) & present["track"].eq("f")]
    # Three in their second year, five in their first.
    assert here["coefficient"].sum() == 8.0
    # Only those who come in planned years are new participants.
    value = found.value[found.value["track"].eq("f")]
    assert value["year"].min() == 2031


def test_people_who_come_anyway_take_their_part_of_the_budget(tmp_path: Path) -> None:
    # 2030: 60 - 3 * 4 = 48; 2031: 60 - 5 * 4 - 3 * 2 = 34; a slot costs 10.
    plan = solved(EXPECTED, tmp_path, RUNOFF)
    assert by_year(plan) == [4, 3]
    spending = plan.tables["spending"].set_index("year")["spent"]
    assert spending[[2030, 2031, 2032]].tolist() == [52.0, 56.0, 10.0]


def test_people_who_come_anyway_use_services(tmp_path: Path) -> None:
    served = EXPECTED.with_(
        services=("r1,help,{year},6,hours,0,0,0,0,main", "r2,help,{year},1,hours,0,0,0,0,main"),
        service_use=("t,help,1,,,,1", "f,help,1,,,,1"),
        budgets=("main,{year},M,900,program",),
    )
    # In r1 they leave 3 of 6 hours in 2030 and 1 in 2031; r2 has one hour.
    assert by_year(solved(served, tmp_path, RUNOFF)) == [4, 2]


@pytest.mark.parametrize(
    ("caps", "feasible"),
    [
        (("f,2030,3,intake", "f,2031,5,intake"), True),
        (("f,2030,3,intake", "f,2031,4,intake"), False),
        (("f,2030,8,residents",), False),  # In 2032 the ten of 2031 and 2032 would be here.
        (("f,2030,8,residents", "f,2032,10,residents"), True),
    ],
)
def test_caps_count_people_who_come_anyway(
    caps: tuple[str, ...], feasible: bool, tmp_path: Path
) -> None:
    case = EXPECTED.over(2030, 2031, 2032).with_(RUNOFF, national_caps=caps)
    if feasible:
        assert solved(case, tmp_path).status == "optimal"
    else:
        with pytest.raises(InfeasibleError):
            solved(case, tmp_path)


def test_they_continue_on_planned_tracks_and_planned_people_on_theirs(tmp_path: Path) -> None:
    # Of three who came to f in 2030 half complete in 2032; 0.4 of these may stay on t, where there
    # are places. Five on t in 2030 complete, and 0.5 of them may stay on f, in r2 alone.
    case = EXPECTED.with_(
        RUNOFF,
        continuations=("f,t,0.4", "t,f,0.5"),
        sites=("t,r1,,3", "t,r2,,2", "f,r2,,0"),
        budgets=("main,{year},M,900,program",),
    ).aiming_at(
        """
[goals.g]
weight = 1
scale = "none"
effects = [{ stage = "enter", effect = 1 }, { stage = "continue", effect = 1 }]
"""
        + RUNOFF
    )
    moved = solved(case, tmp_path).decisions.transitions
    by_way = moved.groupby(["track", "next_track", "year"])["persons"].sum()
    assert by_way["f", "t", 2032] == pytest.approx(0.4 * 0.5 * 3)
    assert by_way["t", "f", 2031] == pytest.approx(0.5 * 5)


# Limits


@pytest.mark.parametrize(
    ("planned", "slots"),
    [("", [3, 1]), ("planned = true\n", [4, 3])],
)
def test_limits_count_them_unless_they_count_what_is_planned(
    planned: str, slots: list[int], tmp_path: Path
) -> None:
    limit = BY_YEAR.format("slots", f"{planned}at_most = 6")
    assert by_year(solved(EXPECTED, tmp_path, RUNOFF, limit)) == slots


@pytest.mark.parametrize("measure", ["slots", "residents", "spending", "completions", "value"])
@pytest.mark.parametrize("by", [[], ["track"], ["region"]])
def test_what_is_planned_and_what_comes_anyway_add_up(
    measure: str, by: list[str], tmp_path: Path
) -> None:
    if measure == "value" and by:
        return
    groups = f"by = {by}\n".replace("'", '"') + ('goal = "g"\n' if measure == "value" else "")
    limits = "".join(
        f'[[limits]]\nname = "{name}"\nmeasure = "{measure}"\n{groups}{planned}at_most = 1e6\n'
        for name, planned in (("all", ""), ("own", "planned = true\n"))
    )
    plan = solved(EXPECTED, tmp_path, RUNOFF, limits)
    rows = plan.tables["rules"].set_index("key")["value"]
    whole, own = (rows[rows.index.str.startswith(name)].sum() for name in ("all", "own"))
    anyway = {
        "slots": 3 + 5,
        "residents": 3 + 3 + 5 + 5,
        "spending": 3 * 6 + 5 * 6,
        "completions": 0.5 * 8,
        "value": 8,
    }
    assert whole - own == pytest.approx(anyway[measure])


def test_people_already_here_are_not_planned_either(tmp_path: Path) -> None:
    case = EXPECTED.with_(
        RUNOFF + BY_YEAR.format("residents", "planned = true\nat_most = 2"),
        present_by_country=("AA,f,2029,7",),
        present_by_region=("r2,f,2029,7",),
        budgets=("main,{year},M,900,program",),
    )
    assert by_year(solved(case, tmp_path)) == [2, 2]


def test_who_continues_is_planned_as_the_plan_decides_on_it(tmp_path: Path) -> None:
    # 0.5 * 3 complete f in 2032 and could all stay on t; one of them may, all being residents.
    case = EXPECTED.with_(continuations=("f,t,1",)).aiming_at(
        f"""
[goals.g]
weight = 1
scale = "none"
effects = [{{ stage = "continue", effect = 1 }}]
{RUNOFF}
[[limits]]
name = "l"
measure = "residents"
where = {{ track = "t", year = 2032 }}
planned = true
at_most = 1
"""
    )
    moved = solved(case, tmp_path).decisions.transitions
    assert moved.loc[moved["year"].eq(2032), "persons"].sum() == pytest.approx(1.0)


def test_shares_of_what_is_planned_compare_with_what_is_planned(tmp_path: Path) -> None:
    # AA has at most half of the planned slots: 2 of 4 and 1 of 3, so that BB's 3 are 2 and 1 more.
    share = (
        'where = { country = "AA" }\nplanned = true\nat_most = { times = 0.5, measure = "slots" }'
    )
    plan = solved(EXPECTED, tmp_path, RUNOFF, BY_YEAR.format("slots", share))
    of_aa = plan.slots[plan.slots["country"].eq("AA")].groupby("year")["slots"].sum()
    total = plan.slots.groupby("year")["slots"].sum()
    assert (of_aa.reindex(total.index, fill_value=0) * 2 <= total).all()
    assert by_year(plan) == [4, 3]


def test_a_forecast_is_not_told_by_country_and_region(
    refusals: Callable[[SmallCase], list[str]], tmp_path: Path
) -> None:
    where = 'where = {{ country = "AA", region = "r1" }}\n{}at_most = 1'
    both = BY_YEAR.replace("{}", "slots", 1).format(where)
    assert refusals(EXPECTED.with_(both.format(""))) == [
        "policy.toml, limits.l: who comes by forecast on f is not known by country and "
        "region together\n    Expected planned = true, or a filter of tracks that are planned."
    ]
    for kept in ("planned = true\n",):
        assert len(EXPECTED.with_(both.format(kept)).instance(tmp_path).limits) == 1
    of_t = both.replace('region = "r1"', 'region = "r1", track = "t"').format("")
    assert len(EXPECTED.with_(of_t).instance(tmp_path).limits) == 1


def test_who_goes_home_is_not_told_by_how_they_came(
    refusals: Callable[[SmallCase], list[str]],
) -> None:
    assert refusals(EXPECTED.with_(BY_YEAR.format("returns", "planned = true\nat_most = 1"))) == [
        "policy.toml, limits.l: those who go home are not counted by how they came\n"
        "    Expected no planned, and perhaps a filter of tracks."
    ]


def test_a_floor_may_be_reached_by_those_who_come_anyway(
    refusals: Callable[[SmallCase], list[str]], tmp_path: Path
) -> None:
    # 7 applicants and 3 or 5 who are expected.
    floor = BY_YEAR.format("slots", "at_least = {}")
    assert len(EXPECTED.with_(RUNOFF + floor.format(10)).instance(tmp_path).limits) == 1
    assert refusals(EXPECTED.with_(RUNOFF + floor.format(11))) == [
        "policy.toml, limits.l.at_least: the floor 11 for year=2030 is above the 10 "
        "eligible applicants and people expected\n    Expected at most 10."
    ]


STEP = "at_most = {{{{ times = 1, previous = true, plus = {} }}}}"


def test_the_year_before_has_its_forecast_too(tmp_path: Path) -> None:
    # All new ones, 7 in 2030, may grow by 1: 8 in 2031, of whom 5 come anyway.
    limit = BY_YEAR.format("slots", STEP.format(1).format())
    assert by_year(solved(EXPECTED, tmp_path, RUNOFF, limit)) == [4, 3]
    case = EXPECTED.with_(budgets=("main,{year},M,900,program",))
    # Five of t in 2030 make 8; 8 + 1 leave four of t in 2031.
    assert by_year(solved(case, tmp_path, RUNOFF, limit)) == [5, 4]
    planned = BY_YEAR.format("slots", "planned = true\n" + STEP.format(0).format())
    assert by_year(solved(case, tmp_path, RUNOFF, planned)) == [5, 5]


def test_the_first_year_needs_to_know_who_came_before(
    refusals: Callable[[SmallCase], list[str]], tmp_path: Path
) -> None:
    case = EXPECTED.with_(RUNOFF, current_plan=("AA,t,,2",), budgets=("main,{year},M,900,program",))
    limit = BY_YEAR.format("slots", "{}" + STEP.format(1))
    assert refusals(case.with_(limit.format(""))) == [
        "policy.toml, limits.l: current_plan has no row of f, where people come by "
        "forecast, so the first year has nothing to compare with\n"
        "    Expected groups that current_plan can be divided by, or a filter by year without "
        "2030. Maybe you want planned = true."
    ]
    # Of what is planned alone the case does not say more.
    by_level = limit.replace('by = ["year"]', 'by = ["year", "level"]')
    assert by_level != limit
    assert "Maybe" not in refusals(case.with_(by_level.format("")))[0]
    # Two today: 2 + 1 and 3 + 1, of planned slots alone.
    assert by_year(solved(case, tmp_path, limit.format("planned = true\n"))) == [3, 4]
    told = case.with_(limit.format(""), current_plan=("AA,t,,2", "AA,f,,4"))
    # Six today: 6 + 1 with three anyway, then 7 + 1 with five anyway.
    assert by_year(solved(told, tmp_path)) == [4, 3]


# Tables that speak of slots


def test_promises_and_change_speak_of_slots_alone(tmp_path: Path) -> None:
    case = EXPECTED.with_(
        RUNOFF + "[stability]\nmax_change = 0.5\n",
        commitments=(",,,2030,,2",),
        current_plan=("AA,t,,2", "AA,f,,9"),
    )
    plan = solved(case, tmp_path)
    # At most two are promised in 2030; half of today's two may change, which the nine of f are no
    # part of.
    assert by_year(plan) == [2, 3]
    assert plan.tables["change"]["percent"].max() == 50.0
    assert not [told for told in warnings_of(case.instance(tmp_path)) if "current_plan" in told]


def test_costs_that_look_forgotten_are_told_of_forecasts_too(tmp_path: Path) -> None:
    case = EXPECTED.with_(RUNOFF, costs=("t,main,1,,,,,10",))
    assert [told for told in warnings_of(case.instance(tmp_path)) if "'f'" in told] == [
        "tracks.csv row 3: track 'f' has no rows in costs.csv, so its people cost nothing. Maybe "
        "they are missing; where nothing is paid, a row with amount 0 says so."
    ]


# Laws


def same_tables(one: Plan, other: Plan, *names: str) -> None:
    """Tables say the same, whatever of it comes anyway."""
    for name in names:
        mine, theirs = (plan.tables[name].drop(columns="anyway") for plan in (one, other))
        pd.testing.assert_frame_equal(mine, theirs)


def test_a_forecast_of_nobody_is_a_track_that_nobody_enters(tmp_path: Path) -> None:
    nobody = EXPECTED.with_(
        forecasts_by_country=("AA,f,2030,0,,",), forecasts_by_region=("r1,f,2030,0,,",)
    )
    without = EXPECTED.with_(
        tracks=tracks(T),
        forecasts_by_country=(),
        forecasts_by_region=(),
        costs=("t,main,1,,,,,10",),
    )
    tail = "[horizon]\ntail = 2\n"
    one, other = (solved(case, tmp_path, tail) for case in (nobody, without))
    assert one.objective == pytest.approx(other.objective)
    pd.testing.assert_frame_equal(one.slots, other.slots)
    same_tables(one, other, "residents", "spending")


def test_a_forecast_is_as_slots_that_are_settled(tmp_path: Path) -> None:
    """The same people as slots fixed by commitments give the same residents, use and money."""
    served = EXPECTED.with_(
        RUNOFF,
        services=("r1,help,{year},20,hours,0,0,0,0,main", "r2,help,{year},9,hours,0,0,0,0,main"),
        service_use=("t,help,1,,,,1", "f,help,1,,,,1", "f,help,2,,,,0.5"),
    )
    settled = served.with_(
        tracks=tracks(T, F.replace("forecast", "planned")),
        applicants=("AA,t,,4", "BB,t,,3", "AA,f,,2", "BB,f,2030,1", "BB,f,2031,3"),
        sites=("t,r1,,3", "t,r2,,2", "f,r1,,5"),
        forecasts_by_country=(),
        forecasts_by_region=(),
        commitments=("AA,f,,2030,2,", "BB,f,,2030,1,", "AA,f,,2031,2,", "BB,f,,2031,3,"),
    )
    one, other = (solved(case, tmp_path) for case in (served, settled))
    same_tables(one, other, "residents", "services", "spending", "outcomes")
    mine = other.slots[other.slots["track"].eq("t")].reset_index(drop=True)
    assert mine.groupby("year")["slots"].sum().tolist() == by_year(one)


def test_margins_hold_the_national_mix_of_groups(tmp_path: Path) -> None:
    # AA and BB are of different bands, two to one in 2030: so are the three in r1.
    case = EXPECTED.with_(
        RUNOFF,
        countries=("country,name,world_region,band_help", "AA,A,Asia,near", "BB,B,Europe,far"),
        services=("r1,help,{year},90,hours,0,0,0,0,main", "r2,help,{year},9,hours,0,0,0,0,main"),
        service_use=("f,help,1,,near,,1", "f,help,1,,far,,10"),
    )
    use = case.instance(tmp_path).use
    assert use.loc[use["year"].eq(2030), "coefficient"].sum() == 2 * 1 + 1 * 10


# Sessions


def test_changing_a_forecast_gives_the_plan_of_a_fresh_solve(tmp_path: Path) -> None:
    folder, policy = EXPECTED.with_(RUNOFF).write(tmp_path)
    changes = {
        "forecasts_by_country[country=BB, year=2031].persons": "+=2",
        "forecasts_by_region[year=2031].persons": "+=2",
    }
    session = Session(policy, folder)
    session.solve(gap=0.0)
    session.change(changes)
    changed = session.solve(gap=0.0)
    # 60 - 7 * 4 - 3 * 2 = 26.
    assert by_year(changed) == [4, 2]
    fresh = solve(policy, folder, changes=changes, gap=0.0)
    assert changed.objective == pytest.approx(fresh.objective)
    pd.testing.assert_frame_equal(changed.slots, fresh.slots)


def test_the_range_of_a_forecast_moves_nothing(tmp_path: Path) -> None:
    session = Session(*reversed(EXPECTED.with_(RUNOFF).write(tmp_path)))
    session.change({"forecasts_by_country[country=AA].high": 9})
    assert session.rebuilt == 0


def test_a_case_for_other_years_repeats_the_last_row(tmp_path: Path) -> None:
    from optimizer import write_template

    folder, _ = EXPECTED.over(2030, 2031, 2032).with_(RUNOFF).write(tmp_path)
    write_template(tmp_path / "new", source=folder, years=[2032, 2033])
    table = load_case(tmp_path / "new").table("forecasts_by_country")
    assert table[["country", "year", "persons"]].to_dict("split")["data"] == [
        ["AA", 2032, 2.0], ["BB", 2032, 3.0], ["AA", 2033, 2.0], ["BB", 2033, 3.0],
    ]  # fmt: skip


# What is too much whatever is decided


SERVED = EXPECTED.with_(
    RUNOFF,
    services=(
        "r1,help,2030,2,hours,1,1,0,0,main",
        "r1,help,2031,4,hours,1,1,0,0,main",
        "r2,help,{year},1,hours,0,0,0,0,main",
    ),
    service_use=("f,help,1,,,,1",),
)
SAID = "Maybe the {} is net of people already here or expected"


def overused(case: SmallCase, folder: Path) -> list[str]:
    found = all_warnings(case.instance(folder))
    return [told for told in found if "whatever is decided" in told]


def test_capacity_that_is_overused_anyway_is_told_by_row(tmp_path: Path) -> None:
    # Three use 2 in 2030; five use 4 in 2031, to which the step of 2030 adds 1.
    assert overused(SERVED, tmp_path) == [
        "services.csv row 2, column capacity: 3 of service 'help' are used in 'r1' in 2030 "
        f"whatever is decided, but there are 2. {SAID.format('capacity')}."
    ]
    six = SERVED.with_(
        forecasts_by_country=("AA,f,2030,2,,", "AA,f,2031,6,,"),
        forecasts_by_region=("r1,f,2030,2,,", "r1,f,2031,6,,"),
    )
    assert overused(six, tmp_path) == [
        "services.csv row 3, column capacity: 6 of service 'help' are used in 'r1' in 2031 "
        "whatever is decided, but there are 4, and at most 1 more could be built by then. "
        f"{SAID.format('capacity')}."
    ]
    with pytest.raises(InfeasibleError), pytest.warns(ModelWarning, match="whatever is decided"):
        solved(six, tmp_path)


def test_people_already_here_can_be_too_many_too(tmp_path: Path) -> None:
    case = SERVED.with_(
        tracks=tracks(T, F.replace("forecast", "planned")),
        forecasts_by_country=(),
        forecasts_by_region=(),
        present_by_country=("AA,f,2029,4",),
        present_by_region=("r1,f,2029,4",),
        service_use=("f,help,2,,,,1",),
    )
    assert overused(case, tmp_path) == [
        "services.csv row 2, column capacity: 4 of service 'help' are used in 'r1' in 2030 "
        f"whatever is decided, but there are 2. {SAID.format('capacity')}."
    ]


def test_a_budget_that_is_spent_anyway_is_told_by_row(tmp_path: Path) -> None:
    # 5 * 4 + 3 * 2 = 26 in 2031; carrying over 0.25 of 2030's 12 leaves 3 missing.
    case = EXPECTED.with_(RUNOFF, budgets=("main,2030,M,12,program", "main,2031,M,20,program"))
    assert overused(case, tmp_path) == [
        "budgets.csv row 3, column amount_jpy: line 'main' pays 26 in 2031 whatever is decided, "
        f"but has 20. {SAID.format('budget')} and agreements in force."
    ]
    kept = overused(case.with_("[budget]\ncarry_over = 0.25\n"), tmp_path)
    assert "but has 20, and at most 3 more could be moved there" in kept[0]
    assert overused(case.with_("[budget]\ncarry_over = 0.5\n"), tmp_path) == []


def test_caps_and_limits_that_are_broken_anyway_are_told_by_row(tmp_path: Path) -> None:
    limits = BY_YEAR.format("slots", "at_most = 4") + BY_YEAR.format(
        "slots", "planned = true\nat_most = 0"
    ).replace('"l"', '"own"')
    case = EXPECTED.with_(RUNOFF + limits, national_caps=("f,2030,4,intake", "f,2031,7,residents"))
    assert overused(case, tmp_path) == [
        "national_caps.csv row 3, column max: 8 people are on track 'f' in 2031 whatever is "
        f"decided, but the cap is 7. {SAID.format('cap')}.",
        "policy.toml, limits.l.at_most: l, year=2031: 5 whatever is decided, but at most 4. Maybe "
        "you want planned = true, or another number.",
    ]


def test_what_decisions_may_still_lower_is_not_called_too_much(tmp_path: Path) -> None:
    # Three of f count for the share of f in all, which more slots of t make smaller.
    share = 'where = { track = "f" }\nat_most = { times = 0.5, measure = "slots" }'
    assert overused(EXPECTED.with_(RUNOFF + BY_YEAR.format("slots", share)), tmp_path) == []
    assert overused(EXPECTED.with_(RUNOFF), tmp_path) == []


# Points


def test_what_comes_anyway_earns_no_points(tmp_path: Path) -> None:
    # Seven slots of t earn 100 each; the eight who come anyway are told apart.
    plan = solved(EXPECTED, tmp_path, RUNOFF)
    assert plan.objective == pytest.approx(700.0)
    goals = plan.tables["goals"].set_index("goal")
    assert [goals.at["g", name] for name in ("raw", "anyway")] == [7.0, 8.0]


def test_the_ideal_of_a_goal_is_what_could_be_decided(tmp_path: Path) -> None:
    folder, policy = EXPECTED.with_(RUNOFF).write(tmp_path)
    policy.write_text(policy.read_text().replace('"none"', '"ideal"'), encoding="utf-8")
    plan = solve(policy, folder, gap=0.0)
    # The relaxation spends 48 and 34 of 60 at 10 a slot.
    assert plan.provenance["scales"]["g"] == pytest.approx(8.2)


def test_diminishing_returns_count_what_a_plan_adds(tmp_path: Path) -> None:
    # Of all 15 the first 10 count whole and the others half: 12.5. The eight who come anyway count
    # 8 of these, so that the plan earns 4.5.
    curve = 'diminishing = { by = [], per = "horizon", breakpoints = [[0, 1], [10, 0.5]] }\n'
    case = EXPECTED.with_(curve + RUNOFF)
    plan = solved(case, tmp_path)
    assert plan.objective == pytest.approx(450.0)
    goals = plan.tables["goals"].set_index("goal")
    assert [goals.at["g", name] for name in ("raw", "anyway")] == [4.5, 8.0]


@pytest.mark.parametrize(("planned", "worth"), [("", 15.0), ("planned = true\n", 7.0)])
@pytest.mark.parametrize("curve", ["", "breakpoints = [[0, 1], [90, 0.5]]"])
def test_a_limit_on_value_counts_all_of_it_unless_it_counts_what_is_planned(
    planned: str, worth: float, curve: str, tmp_path: Path
) -> None:
    """Seven slots beside the eight who come anyway reach 15, with and without a curve."""
    told = f'diminishing = {{ by = [], per = "horizon", {curve} }}\n' if curve else ""
    limit = '[[limits]]\nname = "l"\nmeasure = "value"\ngoal = "g"\n'
    kept = f"{limit}{planned}at_least = {worth}\n"
    plan = solved(EXPECTED.with_(told + RUNOFF + kept), tmp_path)
    rules = plan.tables["rules"]
    assert rules.loc[rules["rule"].eq("limit_at_least"), "value"].tolist() == [worth]
    with pytest.raises(InfeasibleError):
        solved(EXPECTED.with_(told + RUNOFF + kept.replace(f"{worth}", f"{worth + 0.5}")), tmp_path)


def test_a_ceiling_on_value_counts_all_of_it_unless_it_counts_what_is_planned(
    tmp_path: Path,
) -> None:
    for planned, most in (("", 12), ("planned = true\n", 4)):
        limit = (
            f'[[limits]]\nname = "l"\nmeasure = "value"\ngoal = "g"\n{planned}at_most = {most}\n'
        )
        assert solved(EXPECTED.with_(RUNOFF + limit), tmp_path).slots_total == 4


def test_people_already_here_change_no_points(tmp_path: Path) -> None:
    goals = """
[goals.g]
weight = 1
scale = "none"
effects = [{ stage = "present", effect = 1 }]
"""
    here = EXPECTED.aiming_at(goals + RUNOFF).with_(costs=("t,main,1,,,,,10",))
    more = here.with_(present_by_country=("AA,f,2029,9",), present_by_region=("r1,f,2029,9",))
    one, other = solved(here, tmp_path), solved(more, tmp_path)
    assert one.objective == pytest.approx(other.objective)
    pd.testing.assert_frame_equal(one.slots, other.slots)
    assert other.tables["goals"]["anyway"].sum() == one.tables["goals"]["anyway"].sum() + 9


def test_points_after_a_change_are_those_of_a_fresh_solve(tmp_path: Path) -> None:
    """What is earned anyway follows from scores and attributes, which are changed in place."""
    breaks = "breakpoints = [[0, 1], [4, 0.5]]"
    curve = f'diminishing = {{ by = ["country"], per = "horizon", {breaks} }}\n'
    limit = '[[limits]]\nname = "l"\nmeasure = "value"\ngoal = "g"\nat_least = 5\n'
    for told in ("", curve):
        indicators = 'indicators = [{ column = "gdp", range = [0, 4] }]\n'
        folder, policy = EXPECTED.with_(indicators + told + RUNOFF + limit).write(tmp_path)
        session = Session(policy, folder)
        session.solve(gap=0.0)
        changes = {"countries[country=BB].gdp": 2}
        session.change(changes)
        changed, fresh = session.solve(gap=0.0), solve(policy, folder, changes=changes, gap=0.0)
        assert changed.objective == pytest.approx(fresh.objective)
        pd.testing.assert_frame_equal(changed.tables["goals"], fresh.tables["goals"])


# Tables and report


def test_tables_tell_what_comes_anyway_apart(tmp_path: Path) -> None:
    plan = solved(EXPECTED, tmp_path, RUNOFF)
    expected = plan.tables["expected"]
    by_country = expected[expected["country"].ne("")]
    assert by_country.groupby("year")["persons"].sum().to_dict() == {2030: 3.0, 2031: 5.0}
    assert expected.loc[expected["country"].eq("AA"), "high"].tolist() == [4.0, 4.0]
    by_region = expected[expected["region"].ne("")]
    assert by_region.groupby("year")["persons"].sum().to_dict() == {2030: 3.0, 2031: 5.0}
    assert set(plan.tables["cohort"]["track"]) == {"t"}
    residents = plan.tables["residents"]
    of_f = residents["track"].eq("f")
    assert residents.loc[of_f, "anyway"].equals(residents.loc[of_f, "persons"])
    assert not residents.loc[~of_f, "anyway"].any()
    spending = plan.tables["spending"].set_index("year")["anyway"]
    assert spending[[2030, 2031, 2032]].tolist() == [12.0, 26.0, 10.0]
    for table, counted, number in (("people", "entrants", 8.0), ("outcomes", "completions", 4.0)):
        sums = plan.tables[table].groupby("track")[[counted, "anyway"]].sum()
        assert sums.loc["f"].to_dict() == {counted: number, "anyway": number}
        assert sums.loc["t"].to_dict()["anyway"] == 0.0


def test_the_report_counts_slots_and_says_who_is_expected_besides(tmp_path: Path) -> None:
    folder, policy = EXPECTED.with_(RUNOFF).write(tmp_path)
    plan = solve(policy, folder, gap=0.0)
    page = write_run(plan, tmp_path / "run") / "report.html"
    text = page.read_text(encoding="utf-8")
    for told in (
        "Expected besides",
        "Expected besides: people who come by forecast, by track and year",
        "8 of 11 people here in 2031 came before the plan or come by forecast",
        "Raw value beside it, whatever is decided",
        "Of it whatever is decided",
    ):
        assert told in text


def test_the_headline_says_who_is_expected_besides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Three and five come by themselves; six slots are given in both years together.
    plan = solved(EXPECTED, tmp_path, RUNOFF)
    slots = f"{plan.slots_total} slots"
    assert repr(plan).endswith(f", {slots}, 8 expected besides>")
    assert f"; {slots}, 8 expected besides</p>" in plan._repr_html_()
    summary = plan.summary()
    assert (summary["slots_total"], summary["expected_total"]) == (plan.slots_total, 8.0)
    print_plan(replace(plan, seconds={"total": 1.0, "write": 0.0}))
    assert f"\n{slots}, 8 expected besides, found in " in capsys.readouterr().out
    nobody = solved(HOSTED, tmp_path)
    assert nobody.summary()["expected_total"] == 0.0
    assert repr(nobody).endswith(f", {nobody.slots_total} slots>")


def test_the_page_prints_what_is_found(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (root / "docs" / "forecast-tracks.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(python|sh|text)\n(.*?)^```", page, re.M | re.S)
    assert [kind for kind, _ in blocks] == ["python", "text", "sh", "python", "text"]
    for folder in ("models", "inputs"):
        (tmp_path / folder).symlink_to(root / folder)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for kind, text in blocks:
            if kind == "python":
                exec(compile(text, "forecast-tracks.md", "exec"), names)
            elif kind == "text":
                assert capsys.readouterr().out == text
            else:
                monkeypatch.setattr(sys, "argv", shlex.split(text.replace("\\\n", "")))
                assert main() == 0
                assert " slots, 2 expected besides, found in " in capsys.readouterr().out
    assert [str(each.message) for each in caught if "whatever is decided" in str(each.message)]


@pytest.mark.parametrize(
    ("bound", "told"),
    [
        # Those who come by forecast earn 8 whatever is decided.
        ("at_most = 7", "at most 7"),
        ('at_least = { times = 3, measure = "slots" }', "at least 3 times slots"),
    ],
)
def test_a_value_that_clashes_counts_what_is_earned_anyway(
    bound: str, told: str, tmp_path: Path
) -> None:
    limit = f'\n[[limits]]\nname = "v"\nmeasure = "value"\ngoal = "g"\n{bound}\n'
    folder, policy = EXPECTED.with_(limit).write(tmp_path)
    with pytest.raises(InfeasibleError, match=rf"v: {told} \(policy.toml, limits.v"):
        solve(policy, folder)
