"""Limits that compare with the year before, derived by hand on cases of a few rows.

Every slot earns 100 points (one goal, value 1 for each, scale ``none``). AA has four applicants a
year and BB three, so that without limits each year gives 7 slots.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.small_cases import ACTIVE, AGREED, HOSTED, NATIONAL, SmallCase
from optimizer import (
    InfeasibleError,
    Plan,
    PolicyError,
    Session,
    solve,
)
from optimizer.instance.oddities import warnings_of
from test_stability import solved

YEARS = (2030, 2031, 2032)
NATION = NATIONAL.over(*YEARS)
PLACES = HOSTED.over(*YEARS)
TODAY = ("AA,t,,2", "BB,t,,1")


def limited(
    text: str, case: SmallCase = NATION, measure: str = "slots", **tables: tuple[str, ...]
) -> SmallCase:
    told = f'[[limits]]\nname = "steps"\nmeasure = "{measure}"\n{text}\n'
    return case.with_(told, **tables)


def by_year(plan: Plan, **where: str) -> list[int]:
    slots = plan.slots
    for name, value in where.items():
        slots = slots[slots[name].eq(value)]
    return [int(slots.loc[slots["year"].eq(year), "slots"].sum()) for year in YEARS]


@pytest.mark.parametrize(
    ("bound", "today", "slots"),
    [
        # Today 3: 3 + 1, 4 + 1, 5 + 1.
        ("times = 1, previous = true, plus = 1", TODAY, [4, 5, 6]),
        # 1.5 * 3 = 4.5, of whole slots 4; 1.5 * 4 = 6; then all 7.
        ("times = 1.5, previous = true", TODAY, [4, 6, 7]),
        # The first year has its own factor and number: 0 * 3 + 2.
        ("times = 1, previous = true, plus = 1, first = { times = 0, plus = 2 }", TODAY, [2, 3, 4]),
        # Without first.plus nothing stands beside the factor.
        ("times = 1, previous = true, plus = 1, first = { times = 1 }", TODAY, [3, 4, 5]),
        # Nothing of the year before counts: each year at most 2.
        ("times = 0, previous = true, plus = 2", TODAY, [2, 2, 2]),
    ],
)
def test_ceilings_let_slots_grow_step_by_step(
    bound: str, today: tuple[str, ...], slots: list[int], tmp_path: Path
) -> None:
    case = limited(f'by = ["year"]\nat_most = {{ {bound} }}', current_plan=today)
    assert by_year(solved(case, tmp_path)) == slots


def test_without_a_current_plan_the_first_year_is_free(tmp_path: Path) -> None:
    # 2030 counts for nothing but the years after it: a budget of 30 buys 3 slots a year in 2030.
    case = limited(
        'by = ["year"]\nat_most = { times = 1, previous = true, plus = 1 }',
        budgets=("main,2030,M,30,program", "main,2031,M,100,program", "main,2032,M,100,program"),
    )
    assert by_year(solved(case, tmp_path)) == [3, 4, 5]


def test_each_group_follows_itself(tmp_path: Path) -> None:
    # AA has 2 today and gets 3, 4, 4 of its four applicants; BB 1 and gets 2, 3, 3 of three.
    case = limited(
        'by = ["country", "year"]\nat_most = { times = 1, previous = true, plus = 1 }',
        current_plan=TODAY,
    )
    plan = solved(case, tmp_path)
    assert by_year(plan, country="AA") == [3, 4, 4]
    assert by_year(plan, country="BB") == [2, 3, 3]


def falling(case: SmallCase) -> SmallCase:
    """Money for seven slots in 2030 and for one a year afterwards, to be spent on any."""
    return case.with_(
        budgets=("main,2030,M,70,program", "main,2031,M,10,program", "main,2032,M,10,program")
    )


def test_floors_keep_what_was_there(tmp_path: Path) -> None:
    # One slot in 2031 and 2032: 1 >= 0.5 * m - 1 allows 4 in 2030.
    case = limited('by = ["year"]\nat_least = { times = 0.5, previous = true, plus = 1 }')
    assert by_year(solved(falling(case), tmp_path)) == [4, 1, 1]


def test_a_floor_holds_where_nobody_can_come_any_more(tmp_path: Path) -> None:
    # Nobody applies from BB in 2031, so at 0 >= m - 1 only one may come in 2030.
    case = limited(
        'where = { country = "BB" }\nby = ["country", "year"]\n'
        "at_least = { times = 1, previous = true, plus = 1 }",
        applicants=("AA,t,,4", "BB,t,2030,3", "BB,t,2031,0", "BB,t,2032,3"),
    )
    assert by_year(solved(case, tmp_path), country="BB") == [1, 0, 3]


def test_a_filter_by_year_says_when_it_is_asked(tmp_path: Path) -> None:
    # Only 2032 is compared, with 2031, which the filter does not count but money holds at 3.
    case = limited(
        'where = { year = 2032 }\nby = ["year"]\nat_most = { times = 1, previous = true }',
        current_plan=TODAY,
        budgets=("main,2030,M,70,program", "main,2031,M,30,program", "main,2032,M,70,program"),
    )
    assert by_year(solved(case, tmp_path)) == [7, 3, 3]


@pytest.mark.parametrize(
    ("measure", "plus", "slots"),
    [
        # A slot costs 10: spending grows by at most 15 from 30, so by one slot a year.
        ("spending", 15, [3, 4, 5]),
        # Stays last a year, so residents are the slots of the year.
        ("residents", 2, [3, 5, 7]),
    ],
)
def test_other_measures_begin_in_the_second_year(
    measure: str, plus: int, slots: list[int], tmp_path: Path
) -> None:
    case = limited(
        f'by = ["year"]\nat_most = {{ times = 1, previous = true, plus = {plus} }}',
        measure=measure,
        current_plan=TODAY,
        budgets=("main,2030,M,30,program", "main,2031,M,100,program", "main,2032,M,100,program"),
    )
    assert by_year(solved(case, tmp_path)) == slots


def test_years_of_the_tail_are_not_compared(tmp_path: Path) -> None:
    # Nobody lives here in the tail: a floor there would allow nobody in 2032.
    text = 'by = ["year"]\nat_least = { times = 1, previous = true }\n[horizon]\ntail = 2'
    assert by_year(solved(limited(text, measure="residents"), tmp_path)) == [7, 7, 7]


def test_a_soft_limit_costs_what_is_missed(tmp_path: Path) -> None:
    # 3 slots today, 7 given in 2030: 4 above, 40% of the base 10, at 1 point each.
    case = limited(
        'by = ["year"]\nat_most = { times = 1, previous = true }\nsoft = 1\nsoft_base = 10',
        current_plan=TODAY,
    )
    plan = solved(case, tmp_path)
    assert by_year(plan) == [7, 7, 7]
    table = plan.tables["soft"]
    assert table["number"].tolist() == [3, 7, 7]
    assert table["points"].tolist() == pytest.approx([40, 0, 0])


def test_single_slots_are_compared_where_countries_and_regions_are_named(tmp_path: Path) -> None:
    # AA has one slot in r1 today and gets 2, 3 and, of three places there, 3.
    case = limited(
        'where = { country = "AA", region = "r1" }\nby = ["country", "region", "year"]\n'
        "at_most = { times = 1, previous = true, plus = 1 }",
        PLACES,
        current_plan=("AA,t,r1,1", "BB,t,r2,2"),
        applicants=("AA,t,,4",),
    )
    plan = solved(case, tmp_path)
    assert by_year(plan, region="r1") == [2, 3, 3]
    assert by_year(plan, region="r2") == [2, 1, 1]


def test_places_are_compared_by_region(tmp_path: Path) -> None:
    # r2 has room for two a year and none today.
    case = limited(
        'by = ["region", "year"]\nat_most = { times = 1, previous = true, plus = 1 }',
        PLACES,
        current_plan=("AA,t,r1,3",),
    )
    assert by_year(solved(case, tmp_path), region="r2") == [1, 2, 2]


def test_places_are_compared_with_the_margins_of_today_by_track_and_region(tmp_path: Path) -> None:
    # Two countries have three places today, which only the second table divides by region.
    case = limited(
        'by = ["track", "region", "year"]\nat_most = { times = 1, previous = true, plus = 1 }',
        PLACES,
        current_plan=TODAY,
        current_plan_by_region=("t,r1,3", "t,r2,0"),
    )
    assert by_year(solved(case, tmp_path), region="r2") == [1, 2, 2]


def test_margins_by_region_do_not_tell_countries(tmp_path: Path) -> None:
    case = limited(
        'by = ["country", "region", "year"]\nat_most = { times = 1, previous = true }',
        PLACES,
        current_plan=TODAY,
        current_plan_by_region=("t,r1,3", "t,r2,0"),
    )
    with pytest.raises(PolicyError) as raised:
        case.instance(tmp_path)
    assert "current_plan has no region in rows 2, 3" in str(raised.value)


def test_a_floor_above_the_applicants_is_told_before_solving(tmp_path: Path) -> None:
    case = limited(
        'by = ["country", "year"]\nat_least = { times = 1, previous = true }',
        current_plan=("AA,t,,9", "BB,t,,1"),
    )
    with pytest.raises(PolicyError) as raised:
        case.instance(tmp_path)
    assert str(raised.value) == (
        "1 problem\n- policy.toml, limits.steps.at_least: the floor 9 for country=AA, year=2030 is "
        "above the 4 eligible applicants\n    Expected at most 4."
    )


def test_a_floor_under_nobody_is_told_before_solving(tmp_path: Path) -> None:
    case = limited(
        'by = ["country", "year"]\nat_least = { times = 1, previous = true }',
        current_plan=("AA,t,,2", "BB,t,,1"),
        applicants=("AA,t,,4",),
    )
    with pytest.raises(PolicyError, match="country=BB, year=2030 has no slots that could reach"):
        case.instance(tmp_path)


@pytest.mark.parametrize(
    ("text", "fault", "expected"),
    [
        (
            'by = ["country"]\nat_most = { times = 1, previous = true }',
            "limits.steps.at_most.previous: compares with the year before, but the limit is not "
            "by year",
            "year in by",
        ),
        (
            'by = ["year"]\nat_least = 3\nat_most = { times = 1, previous = true }',
            "limits.steps.at_most.previous: compares with the year before, and the other bound "
            "does not",
            "both compare with the year before, or a limit of its own for each",
        ),
        (
            'by = ["year"]\nat_most = { times = 1, previous = false }',
            "limits.steps.at_most.previous: false is not allowed",
            "true",
        ),
        (
            'by = ["year"]\nat_most = { times = 1, plus = 3 }',
            "limits.steps.at_most.previous: is missing",
            "true",
        ),
        (
            'by = ["year"]\nat_most = { times = 1, previous = true, plus = -1 }',
            "limits.steps.at_most.plus: -1 is below 0",
            "a value of at least 0",
        ),
        (
            'by = ["year"]\nat_most = { times = 1, previous = true, measure = "slots" }',
            "limits.steps.at_most.measure: is not a known key",
            "one of amount, bests, by, coverage, first, gini, goal, hoover, measure, own_best, "
            "parity, per, plus, previous, times, where",
        ),
        (
            'by = ["year"]\nat_most = { times = 1, previous = true }\nsoft = 1',
            "limits.steps.soft_base: is missing; the soft limit's at_most is relative",
            "the number that counts as 100%",
        ),
        (
            'by = ["year", "level"]\nat_most = { times = 1, previous = true }',
            "limits.steps: current_plan does not divide slots by level, so the first year has "
            "nothing to compare with",
            "groups that current_plan can be divided by, or a filter by year without 2030",
        ),
        (
            'where = { region = "r1" }\nby = ["year"]\nat_most = { times = 1, previous = true }',
            "limits.steps: current_plan has no region in rows 2, 3, so the first year has nothing "
            "to compare with",
            "groups that current_plan can be divided by, or a filter by year without 2030",
        ),
        (
            'where = { year = 2033 }\nby = ["year"]\nat_most = { times = 1, previous = true }\n'
            "[horizon]\ntail = 3",
            "limits.steps.where: no year with intake matches, and others are not compared with "
            "the year before",
            "years from 2030 to 2032",
        ),
    ],
)
def test_what_cannot_be_compared_is_told(
    text: str, fault: str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(PolicyError) as raised:
        limited(text, PLACES, current_plan=TODAY).instance(tmp_path)
    assert str(raised.value) == (f"1 problem\n- policy.toml, {fault}\n    Expected {expected}.")


@pytest.mark.parametrize(
    ("measure", "tables", "fault"),
    [
        ("residents", {"current_plan": TODAY}, "current_plan has no figures of measure residents"),
        ("slots", {}, "case 'hand' has no current_plan to compare with"),
    ],
)
def test_first_needs_slots_of_today(
    measure: str, tables: dict[str, tuple[str, ...]], fault: str, tmp_path: Path
) -> None:
    text = 'by = ["year"]\nat_most = { times = 1, previous = true, first = { times = 1 } }'
    with pytest.raises(PolicyError) as raised:
        limited(text, NATION.with_("", **tables), measure=measure).instance(tmp_path)
    assert f"- policy.toml, limits.steps.at_most.first: {fault}\n" in str(raised.value)


def test_a_value_with_diminishing_returns_has_no_parts_to_compare(tmp_path: Path) -> None:
    curve = 'diminishing = { by = ["country"], per = "year", breakpoints = [[0, 1]] }\n'
    text = 'goal = "g"\nby = ["year"]\nat_least = { times = 1, previous = true }'
    case = limited(text, NATION.with_(curve), measure="value")
    with pytest.raises(PolicyError, match="so its value has no parts to compare"):
        case.instance(tmp_path)


@pytest.mark.parametrize(
    ("case", "step", "today", "shut"),
    [
        # AA may open with two at once; from nothing one a year is allowed.
        (AGREED, ("country", 1), ("BB,t,,3",), ["AA on t"]),
        (AGREED, ("country", 2), ("BB,t,,3",), []),
        # Slots of today help nothing: the agreement opens a year later, when there are none.
        (AGREED, ("country", 1), ("AA,t,,1", "BB,t,,3"), ["AA on t"]),
        # Counted with BB there is room enough.
        (AGREED, ("track", 1), ("BB,t,,3",), []),
        # Without a current plan the first year is free, but the agreement opens in the second.
        (AGREED, ("country", 1), (), ["AA on t"]),
        # Without an agreement the first year is enough.
        (ACTIVE.over(2030, 2031), ("country", 1), (), []),
        # One of today and one more are two; one alone cannot come first to make two of it later.
        (ACTIVE.over(2030, 2031), ("country", 1), ("AA,t,,1", "BB,t,,3"), []),
        (ACTIVE.over(2030, 2031), ("country", 1), ("BB,t,,3",), ["AA on t"]),
    ],
)
def test_what_could_never_open_is_warned_of(
    case: SmallCase, step: tuple[str, int], today: tuple[str, ...], shut: list[str], tmp_path: Path
) -> None:
    by, plus = step
    text = f'by = ["{by}", "year"]\nat_most = {{ times = 1, previous = true, plus = {plus} }}'
    case = case.with_(current_plan=today) if today else case
    found = warnings_of(limited(text, case).instance(tmp_path))
    told = [line for line in found if "could never open" in line]
    assert told == [
        f"policy.toml, limits.steps.at_most.plus: {name} could never open: no year allows as many "
        "as min_cohort. Maybe you want plus = 2 or more."
        for name in shut
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"limits.steps.at_most.plus": 2},
        {"limits.steps.at_most.times": 1.5},
        {"limits.steps.at_most.times": 0},
        {"limits.steps.at_most.first.plus": 3},
        {"limits.steps.at_most.first.times": 0.5, "limits.steps.at_most.plus": "+=1"},
        {"limits.steps.at_most.first": {"times": 0.0, "plus": 2.0}},
        {"current_plan[country=AA].slots": 4},
        {"limits.steps.soft": 0.1, "limits.steps.soft_base": 5},
    ],
    ids=str,
)
def test_changes_in_a_session_agree_with_fresh_solves(
    changes: dict[str, object], tmp_path: Path
) -> None:
    text = (
        'by = ["year"]\nat_most = { times = 1, previous = true, plus = 1, first = { times = 1 } }'
    )
    files, policy = limited(text, current_plan=TODAY).write(tmp_path)
    session = Session(policy, files)
    session.solve()
    session.change(changes)
    assert session.solve().objective == pytest.approx(
        solve(policy, files, changes=changes).objective
    )


def test_limits_are_added_and_dropped(tmp_path: Path) -> None:
    files, policy = NATION.with_(current_plan=TODAY).write(tmp_path)
    session = Session(policy, files)
    assert session.solve().slots_total == 21
    wish = {
        "name": "steps",
        "measure": "slots",
        "by": ["year"],
        "at_most": {"times": 1, "previous": True, "plus": 1},
    }
    session.add_limit(wish)
    assert by_year(session.solve()) == [4, 5, 6]
    session.drop("steps")
    assert session.solve().slots_total == 21


def test_more_beside_the_factor_never_hurts(tmp_path: Path) -> None:
    text = 'by = ["country", "year"]\nat_most = { times = 0.8, previous = true, plus = 0 }'
    files, policy = limited(text, current_plan=TODAY).write(tmp_path)
    session = Session(policy, files)
    found = []
    for plus in (0, 0.5, 1, 1.5, 2, 4):
        session.change({"limits.steps.at_most.plus": plus})
        found.append(session.solve().objective)
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_a_floor_that_nothing_keeps_is_named_with_its_year(tmp_path: Path) -> None:
    # All seven must come in 2030, and one person applies afterwards: 1 is 5 short of 7 - 1.
    wanted = '[[limits]]\nname = "all"\nmeasure = "slots"\nprotected = true\n'
    case = limited(
        'by = ["year"]\nat_least = { times = 1, previous = true, plus = 1 }',
        NATION.with_(f"{wanted}where = {{ year = 2030 }}\nat_least = 7\n"),
        applicants=("AA,t,2030,4", "BB,t,2030,3", "AA,t,2031,1", "BB,t,2031,0", "AA,t,2032,1"),
    )
    files, policy = case.write(tmp_path)
    with pytest.raises(
        InfeasibleError, match="steps, year=2031: at least 1 times the year before - 1"
    ):
        solve(policy, files)
