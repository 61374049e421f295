"""Change against today and soft limits, derived by hand on cases of three to five rows.

On these cases every slot earns 100 points (one goal, value 1 for each, scale `none`), AA has four
applicants and BB three; with regions, r1 takes three and r2 two.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from golden.small_cases import HOSTED, NATIONAL, SmallCase
from optimizer import InfeasibleError, Plan, PolicyError, evaluate, load_case, load_policy, solve
from optimizer.report import render_report

TODAY = ("AA,t,,2", "BB,t,,2")
AT_SITES = ("AA,t,r1,3", "BB,t,r2,1")


def solved(case: SmallCase, folder: Path) -> Plan:
    """The best plan, with its points confirmed by the check without the solver."""
    files, policy = case.write(folder)
    plan = solve(policy, files)
    assert plan.status == "optimal"
    checked = evaluate(plan, policy, files)
    assert checked.holds
    assert checked.points == pytest.approx(plan.objective)
    penalties = plan.tables["soft"]["points"].sum() + plan.tables["change"]["points"].sum()
    assert plan.objective == pytest.approx(plan.tables["goals"]["weighted"].sum() - penalties)
    return plan


def stable(text: str, case: SmallCase = NATIONAL, current: tuple[str, ...] = TODAY) -> SmallCase:
    return case.with_(f"[stability]\n{text}\n", current_plan=current)


def limited(text: str, case: SmallCase = NATIONAL) -> SmallCase:
    return case.with_(f'[[limits]]\nname = "wish"\nmeasure = "slots"\n{text}\n')


def changes(plan: Plan) -> list[tuple[float, float]]:
    table = plan.tables["change"]
    return [*zip(table["percent"].round(6), table["points"].round(6), strict=True)]


def misses(plan: Plan) -> list[tuple[float, float, float, float]]:
    table = plan.tables["soft"].round(6)
    columns = (table[name] for name in ("value", "number", "percent", "points"))
    return [*zip(*columns, strict=True)]


def test_max_change_binds(tmp_path: Path) -> None:
    # Today 4 slots. All 7 would be 3 more, 75%; half of 4 allows 2 more.
    plan = solved(stable("max_change = 0.5"), tmp_path)
    assert plan.slots_total == 6
    assert changes(plan) == [(50.0, 0.0)]
    assert plan.objective == pytest.approx(600)


def test_no_change_at_all_keeps_today(tmp_path: Path) -> None:
    plan = solved(stable("max_change = 0"), tmp_path)
    assert dict(zip(plan.slots["country"], plan.slots["slots"], strict=True)) == {"AA": 2, "BB": 2}


@pytest.mark.parametrize(
    ("penalty", "slots", "points"),
    [
        # One more slot is 25% of 4: it earns 100 points and costs 97.5, three times.
        (3.9, 7, 700 - 3 * 97.5),
        # Now it would cost 102.5.
        (4.1, 4, 400),
    ],
)
def test_a_price_decides_whether_a_move_is_worth_it(
    penalty: float, slots: int, points: float, tmp_path: Path
) -> None:
    plan = solved(stable(f"penalty = {penalty}"), tmp_path)
    assert plan.slots_total == slots
    assert plan.objective == pytest.approx(points)
    assert changes(plan) == [(25.0 * (slots - 4), round(25.0 * (slots - 4) * penalty, 6))]


def test_every_year_is_compared_with_today_and_pays(tmp_path: Path) -> None:
    # Two years with three slots more than today each: 75% and 75 points a year at penalty 1.
    plan = solved(stable("penalty = 1", NATIONAL.over(2030, 2031)), tmp_path)
    assert changes(plan) == [(75.0, 75.0), (75.0, 75.0)]
    assert plan.objective == pytest.approx(1400 - 150)


def test_slots_given_up_are_change_too(tmp_path: Path) -> None:
    # Today all 7; money for 5 takes 2 away: 2 / 7. A quarter would allow 1.75.
    poor = NATIONAL.with_(budgets=("main,{year},M,50,program",))
    today = ("AA,t,,4", "BB,t,,3")
    plan = solved(stable("penalty = 1", poor, today), tmp_path)
    assert changes(plan) == [(round(200 / 7, 6), round(200 / 7, 6))]
    with pytest.raises(InfeasibleError):
        solved(stable("max_change = 0.25", poor, today), tmp_path)


def test_a_slot_that_passes_to_another_country_counts_twice(tmp_path: Path) -> None:
    # Four may come, all AA's today; one is promised to BB: AA loses one, BB wins one, 2 of 4.
    full = NATIONAL.with_(national_caps=("t,2030,4,intake",), commitments=("BB,,,,1,",))
    assert changes(solved(stable("penalty = 1", full, ("AA,t,,4",)), tmp_path)) == [(50.0, 50.0)]


@pytest.mark.parametrize(
    ("current", "percent"),
    [
        # Cohorts stay 3 and 1. Places move from (3, 1) to (2, 2): 2 of 4, half of it as the mean.
        (AT_SITES, 25.0),
        # One row does not say where: cohorts alone count, and they stay.
        (("AA,t,r1,3", "BB,t,,1"), 0.0),
    ],
)
def test_change_is_the_mean_of_cohorts_and_places_where_all_places_are_known(
    current: tuple[str, ...], percent: float, tmp_path: Path
) -> None:
    moved = limited('where = { region = "r2" }\nat_least = 2', HOSTED).with_(
        commitments=("AA,,,,3,3", "BB,,,,1,1")
    )
    plan = solved(stable("penalty = 2", moved, current), tmp_path)
    assert changes(plan) == [(percent, 2 * percent)]
    assert plan.objective == pytest.approx(400 - 2 * percent)


def test_a_new_slot_changes_both_margins(tmp_path: Path) -> None:
    # A fifth slot: one of 4 more by country, one of 4 more by place, 25% as the mean.
    plan = solved(stable("max_change = 0.5\npenalty = 2", HOSTED, AT_SITES), tmp_path)
    assert (plan.slots_total, changes(plan)) == (5, [(25.0, 50.0)])
    assert plan.objective == pytest.approx(500 - 50)


def test_change_is_told_without_a_price_and_absent_without_a_current_plan(tmp_path: Path) -> None:
    assert changes(solved(NATIONAL.with_(current_plan=TODAY), tmp_path)) == [(75.0, 0.0)]
    assert changes(solved(NATIONAL, tmp_path)) == []


def test_soft_floor_beyond_reach(tmp_path: Path) -> None:
    # AA's four of six: a third is missed, 33.3% at 3 points.
    plan = solved(limited('where = { country = "AA" }\nat_least = 6\nsoft = 3'), tmp_path)
    assert misses(plan) == [(4.0, 6.0, round(100 / 3, 6), 100.0)]
    assert plan.objective == pytest.approx(600)


@pytest.mark.parametrize(
    ("soft", "slots", "missed"),
    [
        # Over a ceiling of 2 each slot is 50%: 95 points for one that earns 100, twice.
        (1.9, 7, 100.0),
        # Now 105 points.
        (2.1, 5, 0.0),
    ],
)
def test_soft_ceiling_gives_way_when_that_pays(
    soft: float, slots: int, missed: float, tmp_path: Path
) -> None:
    text = f'where = {{ country = "AA" }}\nat_most = 2\nsoft = {soft}'
    plan = solved(limited(text), tmp_path)
    assert plan.slots_total == slots
    assert misses(plan) == [(slots - 3.0, 2.0, missed, missed * soft)]
    assert plan.objective == pytest.approx(100 * slots - missed * soft)


def test_both_sides_of_a_soft_limit(tmp_path: Path) -> None:
    # Between 4 and 5 for each country: AA has 4, BB 3 of 4, and nobody is above.
    plan = solved(limited('by = ["country"]\nat_least = 4\nat_most = 5\nsoft = 1'), tmp_path)
    assert misses(plan) == [(4, 4, 0, 0), (3, 4, 25, 25), (4, 5, 0, 0), (3, 5, 0, 0)]


def test_every_group_pays_for_itself(tmp_path: Path) -> None:
    # Five each: AA misses 1 of 5, BB 2 of 5.
    plan = solved(limited('by = ["country"]\nat_least = 5\nsoft = 1'), tmp_path)
    assert plan.tables["soft"]["key"].tolist() == ["wish, country=AA", "wish, country=BB"]
    assert misses(plan) == [(4, 5, 20, 20), (3, 5, 40, 40)]


def test_every_group_has_its_own_hundred_percent(tmp_path: Path) -> None:
    # Half a slot per gdp: AA's 4 are 3.5 above 0.5, BB's 3 are 1.5 above 1.5.
    text = 'by = ["country"]\nat_most = { amount = 0.5, per = "gdp" }\nsoft = 0.1'
    plan = solved(limited(text), tmp_path)
    assert misses(plan) == [(4, 0.5, 700, 70), (3, 1.5, 100, 10)]
    assert plan.objective == pytest.approx(700 - 80)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('by = ["country"]\nat_least = 5\nsoft = 1', ["wish, country=AA", "wish, country=BB"]),
        ('where = { country = "CC" }\nat_least = 5\nsoft = 1', []),
    ],
)
def test_a_wish_for_nobody_has_no_price(text: str, keys: list[str], tmp_path: Path) -> None:
    # Nobody of CC applies.
    countries = ("AA,Aland,Asia,1", "BB,Bland,Europe,3", "CC,Cland,Asia,2")
    plan = solved(limited(text, NATIONAL.with_(countries=countries)), tmp_path)
    assert plan.tables["soft"]["key"].tolist() == keys


def test_soft_limit_of_zero_needs_a_base(tmp_path: Path) -> None:
    text = 'where = { country = "AA" }\nat_most = 0\nsoft = 1'
    with pytest.raises(PolicyError) as caught:
        solved(limited(text), tmp_path)
    assert str(caught.value) == (
        "1 problem\n"
        "- policy.toml, limits.wish.soft_base: is missing; the soft limit's at_most is 0\n"
        "    Expected the number that counts as 100%."
    )
    # With a base of 4 each of AA's slots is 25% and costs 25 of its 100 points.
    plan = solved(limited(f"{text}\nsoft_base = 4"), tmp_path)
    assert misses(plan) == [(4.0, 0.0, 100.0, 100.0)]


def test_relative_soft_share(tmp_path: Path) -> None:
    # A quarter of 7 slots is 1.75; AA has 4, 2.25 more, 28.125% of 8 at 3 points each. One of
    # AA's less would save 0.75 / 8, 28.1 points, and lose 100.
    text = 'where = { country = "AA" }\nat_most = { times = 0.25, measure = "slots" }'
    plan = solved(limited(f"{text}\nsoft = 3\nsoft_base = 8"), tmp_path)
    assert misses(plan) == [(4.0, 1.75, 28.125, 84.375)]
    assert plan.objective == pytest.approx(700 - 84.375)


def test_soft_floor_under_a_value_with_diminishing_returns(tmp_path: Path) -> None:
    # Seven slots: four count in full, three by half, 5.5 of 8: 2.5 / 8 = 31.25% at 2 points.
    curved = NATIONAL.aiming_at("""
[goals.g]
weight = 1
scale = "none"
effects = [{ stage = "enter", effect = 1 }]
diminishing = { by = ["track"], per = "year", breakpoints = [[0, 1.0], [4, 0.5]] }
[[limits]]
name = "worth"
measure = "value"
goal = "g"
at_least = 8
soft = 2
""")
    plan = solved(curved, tmp_path)
    assert misses(plan) == [(5.5, 8.0, 31.25, 62.5)]
    assert plan.objective == pytest.approx(550 - 62.5)


def test_the_report_shows_misses_and_change(tmp_path: Path) -> None:
    wish = limited('where = { country = "AA" }\nat_least = 6\nsoft = 3', stable("penalty = 1"))
    files, policy = wish.write(tmp_path)
    plan = solve(policy, files)
    page = render_report(plan, load_case(files), load_policy(policy))
    seen = html.unescape(re.sub(r"<[^>]+>", " ", page)).replace("\N{NO-BREAK SPACE}", " ")
    text = " ".join(seen.split())
    assert "at least 6, 3 points per 1% missed" in text
    assert "missed by 33.33%" in text
    assert "Missed by % Points wish 4 6 33.33 100.000" in text
    assert "Year Change At most Penalty in points 2030 75 no limit 75.000" in text


def test_the_report_lists_soft_limits_that_are_missed_alone(tmp_path: Path) -> None:
    def seen(least: str) -> str:
        wish = limited(f'by = ["country"]\nat_least = {least}\nsoft = 3')
        files, policy = wish.write(tmp_path)
        page = render_report(solve(policy, files), load_case(files), load_policy(policy))
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())

    # Four apply from AA, and three from BB.
    some, none = seen("4"), seen("3")
    assert "Missed by % Points wish · Bland 3 4 25 75.000 " in some
    assert "wish · Aland 4 4" not in some
    assert "none is missed" not in some
    assert "Soft limits: none is missed (wish)." in none
    assert "Missed by %" not in none
