"""Where people who continue live, derived by hand and held against laws.

In MOVING eight people are on t since 2029, six in r1 and two in r2. Half of them complete and four
of ten of those may stay: 1.2 from r1 and 0.4 from r2. Six of ten remain in their region.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import optimizer
from golden.small_cases import FOLLOWED, HOSTED, MOVING, SmallCase
from optimizer import ModelWarning, Plan, PolicyError, Session, load_run, read_plan
from optimizer.case import load_case
from optimizer.formulation import build_pyomo
from optimizer.instance import build_instance
from optimizer.instance.oddities import warnings_of
from optimizer.persistent import LoadedModel
from optimizer.policy import load_policy
from optimizer.solver import Watch
from random_cases import kinds_of, random_cases_that
from test_stability import solved

TAIL = "[horizon]\ntail = 1\n"
STAYING = """
[goals.g]
weight = 1
scale = "none"
effects = [{ where = { track = "t" }, stage = "continue", effect = 1 }]
"""
CASE = MOVING.aiming_at(STAYING + TAIL).with_(applicants=("AA,t,,0",))
WAYS = "track,next_track,stay_rate,retention"
REGIONS = "region,name,area,jobs,attraction"


def kept(share: str, *regions: str, sites: tuple[str, ...] = CASE.rows["sites"]) -> SmallCase:
    """The case with a retention, and the attraction of r1 and r2."""
    names = ("r1,R,east,2", "r2,S,west,5")
    drawn = tuple(f"{name},{pull}" for name, pull in zip(names, regions, strict=True))
    return CASE.with_(
        continuations=(WAYS, f"t,u,0.4,{share}"), regions=(REGIONS, *drawn), sites=sites
    )


def free(case: SmallCase) -> SmallCase:
    """The same where the plan chooses where people go."""
    ways = tuple(line.rpartition(",")[0] for line in case.rows["continuations"])
    regions = tuple(line.rpartition(",")[0] for line in case.rows["regions"])
    return case.with_(continuations=ways, regions=regions).moving("free")


def living(plan: Plan, year: int = 2030) -> dict[str, float]:
    table = plan.decisions.transitions_by_region
    table = table[table["year"].eq(year)]
    return dict(zip(table["region"], table["persons"], strict=True))


@pytest.mark.parametrize(
    ("case", "r1", "r2"),
    [
        # Of 1.2 and 0.4 remain 0.72 and 0.24; half of the 0.64 who move go to each.
        (kept("0.6", "1", "1"), 1.04, 0.56),
        # Twice the attraction everywhere is the same; 0.48 of 0.64 go to r1.
        (kept("0.6", "3", "1"), 1.2, 0.4),
        (kept("0.6", "6", "2"), 1.2, 0.4),
        # A region without attraction keeps those who remain.
        (kept("0.6", "1", ""), 1.36, 0.24),
        (kept("0.6", "1e17", "1e17"), 1.04, 0.56),
        # All remain: attraction says nothing. None remain: it says everything.
        (kept("1", "", ""), 1.2, 0.4),
        (kept("0", "1", "3"), 0.4, 1.2),
        # Nobody can remain in r1, which has no site of u: its 1.2 move, and 0.16 of r2; all to r2.
        (kept("0.6", "9", "1", sites=("t,r1,,3", "t,r2,,3", "u,r2,,2")), 0.0, 1.6),
        (kept("1", "9", "1", sites=("t,r1,,3", "t,r2,,3", "u,r2,,2")), 0.0, 1.6),
    ],
)
def test_stayers_remain_or_move_as_regions_attract(
    case: SmallCase, r1: float, r2: float, tmp_path: Path
) -> None:
    plan = solved(case, tmp_path)
    expected = {name: persons for name, persons in (("r1", r1), ("r2", r2)) if persons}
    assert living(plan) == pytest.approx(expected)
    from_region = plan.decisions.transitions_from_region
    assert from_region["persons"].tolist() == pytest.approx([1.2, 0.4])


def test_who_moves_on_twice_moves_from_where_he_lives(tmp_path: Path) -> None:
    # t in 2030 to u (a year), u in 2031 to v. After the first move 1.04 are in r1, 0.56 in r2;
    # half of them stay once more: 0.52 and 0.28; of these a quarter remains: 0.13, 0.07; 0.6 move.
    case = kept("0.6", "1", "1").with_(
        tracks=(
            *CASE.rows["tracks"][:1],
            "u,U,skilled_work,M,care,inbound,1,0,no,1,no",
            "v,V,skilled_work,M,care,inbound,1,0,no,1,no",
        ),
        continuations=(WAYS, "t,u,0.4,0.6", "u,v,0.5,0.25"),
        sites=("t,r1,,3", "t,r2,,3", "u,r1,,2", "u,r2,,2", "v,r1,,1", "v,r2,,1"),
        costs=("t,main,1,,,,,10", "u,main,1,,,,,1", "v,main,1,,,,,1"),
    )
    case = case.aiming_at(STAYING.replace('where = { track = "t" }, ', "") + TAIL)
    plan = solved(case, tmp_path)
    assert living(plan) == pytest.approx({"r1": 1.04, "r2": 0.56})
    assert living(plan, 2031) == pytest.approx({"r1": 0.43, "r2": 0.37})


def test_value_of_stayers_counts_where_they_live(tmp_path: Path) -> None:
    # Only r2 is worth anything, 1 for each. Free, all 1.6 go there; else 0.56.
    goal = """
[goals.g]
weight = 1
scale = "none"
region_indicators = [{ column = "jobs", range = [2, 5] }]
region_effects = [{ where = { track = "t" }, stage = "continue", effect = 1 }]
"""
    case = kept("0.6", "1", "1").aiming_at(goal + TAIL)
    assert solved(case, tmp_path).objective == pytest.approx(56)
    assert solved(free(case), tmp_path).objective == pytest.approx(160)


def test_a_full_region_holds_back_those_who_would_come_from_everywhere(tmp_path: Path) -> None:
    # r2 can help 0.14 people. Each stayer from r2 takes 0.8 of a place there and each from r1 0.2,
    # so 0.7 stay from r1 and nobody from r2.
    case = kept("0.6", "1", "1").with_(
        services=(
            "r1,help,{year},9,hours,1,0,0,0,main",
            "r2,help,{year},0.14,hours,1,0,0,0,main",
        ),
        service_use=("u,help,1,,,,1",),
    )
    plan = solved(case, tmp_path)
    assert living(plan) == pytest.approx({"r1": 0.56, "r2": 0.14})
    assert plan.decisions.transitions["persons"].tolist() == pytest.approx([0.7])


def test_movement_is_free_where_the_case_says_so_or_has_no_retention(tmp_path: Path) -> None:
    for case in (kept("0.6", "1", "1").moving("free"), free(CASE).moving("")):
        instance = case.instance(tmp_path)
        assert not instance.moves_by_attraction
        assert not len(instance.sets.transitions_from_region)
    assert kept("0.6", "1", "1").moving("by_attraction").instance(tmp_path).moves_by_attraction


def test_nothing_moves_in_a_national_case(tmp_path: Path) -> None:
    rows = {name: lines for name, lines in CASE.rows.items() if name not in ("regions", "sites")}
    rows.pop("present_by_region")
    nation = SmallCase(CASE.years, rows, CASE.policy)
    instance = nation.instance(tmp_path)
    assert not instance.moves_by_attraction
    assert not len(instance.sets.transitions_from_region)
    with pytest.warns(ModelWarning, match="counts for nothing, because there are no regions"):
        assert optimizer.solve(*reversed(nation.write(tmp_path))).objective == pytest.approx(160)


def test_regions_that_draw_nobody_are_told(tmp_path: Path) -> None:
    told = (
        "regions.csv row 2, column attraction: none of the regions with a site of 'u' in 2030 "
        "draws anybody, but who continues there from 't' may have to move\n"
        "    Expected a number above 0 for at least one of r1, r2."
    )
    for regions in (("", ""), ("0", "")):
        with pytest.raises(PolicyError) as caught:
            kept("0.6", *regions).instance(tmp_path)
        assert [str(problem) for problem in caught.value.problems] == [told]
    # With a retention of 1 nobody has to move, unless there is no site to remain at.
    kept("1", "", "").instance(tmp_path)
    with pytest.raises(PolicyError, match=r"row 3, .* a site of 'u' in 2030"):
        kept("1", "", "", sites=("t,r1,,3", "t,r2,,3", "u,r2,,2")).instance(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"continuations[track=t].retention": 0.2},
        {"continuations[track=t].retention": 1},
        {"continuations[track=t].stay_rate": 0.3},
        {"regions[region=r1].attraction": 7},
        {"regions[region=r1].attraction": 0},
        {"sites[track=u, region=r1].max_slots": 0},
    ],
)
def test_a_session_agrees_with_a_fresh_solve(changes: dict[str, float], tmp_path: Path) -> None:
    case = kept("0.6", "1", "2").with_(
        services=("r1,help,{year},9,hours,1,0,0,0,main", "r2,help,{year},1,hours,1,0,0,0,main"),
        service_use=("u,help,1,,,,1",),
    )
    folder, policy = case.write(tmp_path)
    session = Session(policy, folder)
    session.solve()
    session.change(changes)
    alone = Session(policy, folder, changes=changes).solve()
    assert session.solve().objective == pytest.approx(alone.objective)
    assert living(session.solve()) == pytest.approx(living(alone))


UNSAID = (
    "continuations.csv, column retention: there is no retention, so the plan sends everybody who "
    "continues on another track to the region where that earns most. Maybe you want a retention "
    "here and an attraction in regions.csv, or movement = 'free' in case.toml."
)


def test_free_movement_that_nobody_has_asked_for_is_warned_of(tmp_path: Path) -> None:
    case = free(CASE)
    assert UNSAID in warnings_of(case.moving("").instance(tmp_path))
    for quiet in (
        case,
        CASE,
        # It matters nowhere: nobody may continue, or there are no regions.
        case.moving("").with_(continuations=("t,u,0",)),
        case.moving("").with_(continuations=()),
    ):
        assert not [told for told in warnings_of(quiet.instance(tmp_path)) if "retention" in told]


def test_figures_of_movement_that_count_for_nothing_are_warned_of(tmp_path: Path) -> None:
    told = warnings_of(CASE.moving("free").instance(tmp_path))
    assert [text for text in told if "counts for nothing, because" in text] == [
        "continuations.csv row 2, column retention: counts for nothing, because people move freely."
        " Maybe you want movement = 'by_attraction' in case.toml.",
        "regions.csv row 2, column attraction: counts for nothing, because people move freely."
        " Maybe you want movement = 'by_attraction' in case.toml.",
    ]


def test_free_movement_never_earns_less(tmp_path: Path) -> None:
    goal = """
[goals.g]
weight = 1
scale = "none"
effects = [{ stage = "enter", effect = 1 }, { stage = "continue", effect = 2 }]
region_indicators = [{ column = "jobs", range = [2, 5] }]
region_effects = [{ stage = "present", effect = 1 }]
"""
    case = MOVING.aiming_at(goal + TAIL).with_(national_caps=("u,{year},2,residents",))
    bound = solved(case, tmp_path)
    assert solved(free(case), tmp_path).objective > bound.objective + 1


def test_a_run_folder_keeps_where_people_come_from(tmp_path: Path) -> None:
    folder, policy = kept("0.6", "1", "1").write(tmp_path)
    plan = optimizer.solve(policy, folder)
    run = optimizer.write_run(plan, tmp_path / "run")
    for read in (load_run(run).plan, read_plan(run / "plan.xlsx", load_case(folder))):
        checked = optimizer.evaluate(read, policy, folder)
        assert checked.holds, checked.violations
        assert checked.points == pytest.approx(plan.objective)


def test_people_of_a_forecast_move_like_everybody(tmp_path: Path) -> None:
    # Ten come on f in 2030, seven to r1 and three to r2, and half of them continue on u in 2031:
    # 2.1 and 0.9 remain of 3.5 and 1.5, and one of the two who move goes to each region.
    case = kept("0.6", "1", "1").with_(
        tracks=(
            "track,name,pathway,agency,sector,direction,duration_years,min_cohort,"
            "needs_agreement,completion_rate,returns_home,allocation",
            "f,F,study,M,care,inbound,1,0,no,1,yes,forecast",
            "u,U,skilled_work,M,care,inbound,2,0,no,1,no,",
        ),
        support_levels=(),
        applicants=("BB,u,,0",),
        forecasts_by_country=("AA,f,2030,10,,",),
        forecasts_by_region=("r1,f,2030,7,,", "r2,f,2030,3,,"),
        continuations=(WAYS, "f,u,0.5,0.6"),
        sites=("u,r1,,2", "u,r2,,2"),
        costs=("u,main,1,,,,transition,1",),
        present_by_country=(),
        present_by_region=(),
    )
    goal = STAYING.replace('track = "t"', 'track = "f"') + "[horizon]\ntail = 2\n"
    plan = solved(case.aiming_at(goal), tmp_path)
    assert living(plan, 2031) == pytest.approx({"r1": 3.1, "r2": 1.9})


def test_old_cases_have_no_stayers_by_origin(tmp_path: Path) -> None:
    for case in (FOLLOWED, HOSTED):
        assert not len(solved(case, tmp_path).decisions.transitions_from_region)


MOVING_CASES = 5


@pytest.fixture(scope="module")
def moving_cases(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Path]]:
    """Random cases in which people move by attraction."""

    def moves(case: Path, policy: Path) -> bool:
        return "movement by attraction" in kinds_of(case, policy) and refusal(case, policy) is None

    return random_cases_that(moves, MOVING_CASES, tmp_path_factory.mktemp("moving"))


def refusal(case: Path, policy: Path) -> PolicyError | None:
    try:
        build_instance(load_case(case), load_policy(policy))
    except PolicyError as error:
        return error
    return None


def optimum(case: Path, policy: Path) -> float:
    instance = build_instance(load_case(case), load_policy(policy))
    goals = instance.policy.goals.items()
    scales = {n: float(g.scale) if isinstance(g.scale, int | float) else 1.0 for n, g in goals}
    loaded = LoadedModel(instance, build_pyomo(instance, scales))
    found = loaded.solve(Watch(), gap=0.0).objective
    return float("-inf") if found is None else found


def rewritten(case: Path, table: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    file = case / f"{table}.csv"
    change(pd.read_csv(file)).to_csv(file, index=False)


@pytest.mark.parametrize("number", range(MOVING_CASES))
def test_laws_of_movement(number: int, moving_cases: list[tuple[Path, Path]]) -> None:
    case, policy = moving_cases[number]
    by_attraction = optimum(case, policy)
    # Only the proportions of attraction count.
    rewritten(case, "regions", lambda frame: frame.assign(attraction=frame["attraction"] * 2))
    assert optimum(case, policy) == pytest.approx(by_attraction, rel=1e-6, abs=1e-6)
    # Where people may go anywhere they may also go where they would.
    header = (case / "case.toml").read_text(encoding="utf-8")
    lines = [line for line in header.splitlines() if not line.startswith("movement")]
    (case / "case.toml").write_text("\n".join([*lines, 'movement = "free"']), encoding="utf-8")
    free = optimum(case, policy)
    assert free >= by_attraction - 1e-6 * max(1.0, abs(by_attraction))
