"""Returns that diminish region by region, derived by hand.

Every slot in a region earns 100 points as long as it counts in full. Four apply from AA and three
from BB, r1 hosts three and r2 two; r1 has 2 jobs in east and r2 has 5 in west.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.small_cases import HOSTED, SmallCase
from optimizer import Plan, PolicyError, Session, evaluate, load_case, load_policy, solve
from optimizer.report import render_report

GOAL = """
[goals.g]
weight = 1
scale = "none"
region_effects = [{ stage = "enter", effect = 1 }]
"""


def curved(text: str, case: SmallCase = HOSTED, budget: int = 100) -> SmallCase:
    goal = f"{GOAL}diminishing = {{ {text} }}\n"
    return case.aiming_at(goal).with_(budgets=(f"main,{{year}},M,{budget},program",))


def solved(case: SmallCase, folder: Path) -> Plan:
    """The best plan, with its points confirmed by the check without the solver."""
    files, policy = case.write(folder)
    plan = solve(policy, files)
    checked = evaluate(plan, policy, files)
    assert checked.holds
    assert checked.points == pytest.approx(plan.objective)
    return plan


def by_region(plan: Plan) -> dict[str, int]:
    slots = plan.slots.groupby("region")["slots"].sum()
    return {str(region): int(count) for region, count in slots.items()}


@pytest.mark.parametrize(
    ("text", "points"),
    [
        # Three in r1 and two in r2, the first of each in full: 1 + 2 * 0.5 + 1 + 0.5.
        ("breakpoints = [[0, 1], [1, 0.5]]", 350),
        # A half per job: up to 1 in r1 and up to 2.5 in r2 in full: 1 + 2 * 0.5 + 2.
        ('breakpoints = [[0, 1], [0.5, 0.5]], breakpoints_per = "jobs"', 400),
        ('breakpoints = [[0, 1], [0.5, 0.5]], breakpoints_per = "region.jobs"', 400),
        # Nothing counts beyond a fifth per job: 0.4 in r1, 1 in r2.
        ('breakpoints = [[0, 1], [0.2, 0]], breakpoints_per = "jobs"', 140),
    ],
)
def test_each_region_has_a_curve_of_its_own_size(text: str, points: float, tmp_path: Path) -> None:
    case = curved(f'by = ["region"], per = "year", {text}')
    assert solved(case, tmp_path).objective == pytest.approx(points)


def test_people_go_where_more_count_in_full(tmp_path: Path) -> None:
    # Money for two: in r1 up to 0.4 counts, in r2 up to 1, so one goes to each: 0.4 + 1.
    text = (
        'by = ["region"], per = "year", breakpoints = [[0, 1], [0.2, 0]], breakpoints_per = "jobs"'
    )
    plan = solved(curved(text, budget=20), tmp_path)
    assert by_region(plan) == {"r1": 1, "r2": 1}
    assert plan.objective == pytest.approx(140)


@pytest.mark.parametrize(
    ("by", "points"),
    [
        # East has the 2 jobs of r1, west the 5 of r2, as if they were named themselves.
        ("area", 400),
        # A track has the jobs of all regions, 7: 3.5 in full and 1.5 by half.
        ("track", 425),
    ],
)
def test_figures_are_added_up_over_the_members_of_a_group(
    by: str, points: float, tmp_path: Path
) -> None:
    text = f'by = ["{by}"], per = "year", breakpoints = [[0, 1], [0.5, 0.5]]'
    case = curved(f'{text}, breakpoints_per = "jobs"')
    assert solved(case, tmp_path).objective == pytest.approx(points)


def test_years_that_are_added_up_share_the_size(tmp_path: Path) -> None:
    # Two years: six in r1, of which 1 in full, and four in r2, of which 2.5 in full.
    text = 'by = ["region"], per = "horizon", breakpoints = [[0, 1], [0.5, 0.5]]'
    case = curved(f'{text}, breakpoints_per = "jobs"', HOSTED.over(2030, 2031))
    assert solved(case, tmp_path).objective == pytest.approx(100 * (1 + 2.5 + 2.5 + 0.75))


@pytest.mark.parametrize(
    ("per", "fault", "expected"),
    [
        ("area", "'area' is not numeric", "a numeric attribute"),
        (
            "figure",
            "'figure' is blank for r2",
            "a figure of at least 0 for every member of each group",
        ),
        (
            "change",
            "'change' is below 0 for r1",
            "a figure of at least 0 for every member of each group",
        ),
    ],
)
def test_sizes_that_are_none_are_told(per: str, fault: str, expected: str, tmp_path: Path) -> None:
    regions = ("region,name,area,figure,change", "r1,R,east,2,-1", "r2,S,west,,1")
    text = f'by = ["region"], per = "year", breakpoints = [[0, 1]], breakpoints_per = "{per}"'
    with pytest.raises(PolicyError) as raised:
        curved(text, HOSTED.with_(regions=regions)).instance(tmp_path)
    assert str(raised.value) == (
        f"1 problem\n- policy.toml, goals.g.diminishing.breakpoints_per: {fault}\n"
        f"    Expected {expected}."
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"regions[region=r1].jobs": 6},
        {"goals.g.diminishing.breakpoints": [[0, 1], [0.2, 0.5]]},
        {"goals.g.diminishing.breakpoints_per": "region.people"},
    ],
    ids=str,
)
def test_changes_in_a_session_agree_with_fresh_solves(
    changes: dict[str, object], tmp_path: Path
) -> None:
    regions = ("region,name,area,jobs,people", "r1,R,east,2,3", "r2,S,west,5,1")
    text = 'by = ["region"], per = "year", breakpoints = [[0, 1], [0.5, 0.5]]'
    case = curved(f'{text}, breakpoints_per = "jobs"', HOSTED.with_(regions=regions))
    files, policy = case.write(tmp_path)
    session = Session(policy, files)
    before = session.solve().objective
    session.change(changes)
    fresh = solve(policy, files, changes=changes).objective
    assert session.solve().objective == pytest.approx(fresh)
    assert fresh != pytest.approx(before)


def test_breakpoints_per_something_of_others_than_are_grouped_are_refused(tmp_path: Path) -> None:
    text = 'by = ["region"], per = "year", breakpoints = [[0, 1]], breakpoints_per = "country.gdp"'
    with pytest.raises(PolicyError) as told:
        curved(text).instance(tmp_path)
    assert str(told.value) == (
        "1 problem\n- policy.toml, goals.g.diminishing.breakpoints_per: 'country.gdp' is not an "
        "attribute of what is grouped\n    Expected an attribute of region."
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'by = ["region"], per = "year", breakpoints = [[0, 1], [300, 0.5]]',
            "Of the raw value of each region and year, 300 count in full, all above that 50%.",
        ),
        (
            'by = ["region"], per = "horizon", breakpoints = [[0, 1], [1, 0.5], [3, 0]], '
            'breakpoints_per = "region.jobs"',
            "Of the raw value of each region, all years together, 1 times region jobs count in "
            "full, the next 2 times region jobs 50%, all above that nothing.",
        ),
        (
            'by = [], per = "year", breakpoints = [[0, 0.25]]',
            "Of the raw value of each year, all counts 25%.",
        ),
    ],
)
def test_the_report_says_what_counts_less(text: str, told: str, tmp_path: Path) -> None:
    case, policy = curved(text).write(tmp_path)
    page = render_report(solve(policy, case), load_case(case), load_policy(policy))
    assert f"G: each further unit of value counts less. {told}" in page
