"""Plans made by hand: each rule is kept to the unit, and broken by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from golden.rule_cases import ADMITTED, BUILT, CAPPED, CHANGED, LIMITED
from golden.small_cases import (
    ACTIVE,
    AGREED,
    FOLLOWED,
    HOSTED,
    MOVING,
    NATIONAL,
    SERVED,
    TWO_LINES,
    SmallCase,
)
from optimizer.formulation.goals import points_per_value
from optimizer.plan import COLUMNS, Decisions, empty
from optimizer.plan.checking import evaluate, run_scales
from optimizer.plan.evaluation import Evaluation, evaluate_decisions
from optimizer.plan.given import ReadPlan

Rows = Sequence[str]


def plan(slots: Rows = (), **tables: Rows) -> Decisions:
    """Decision tables from rows of text, one comma between two cells."""
    frames = {
        name: pd.DataFrame([row.split(",") for row in rows], columns=list(COLUMNS[name])).astype(
            COLUMNS[name]
        )
        for name, rows in {"slots": slots, **tables}.items()
        if rows
    }
    return Decisions(**({"slots": empty("slots")} | frames))


def evaluated(
    case: SmallCase, decisions: Decisions, folder: Path, scale: float = 1.0
) -> Evaluation:
    return evaluate_decisions(case.instance(folder), decisions, {"g": scale})


@dataclass(frozen=True)
class Edge:
    """Two plans for one case, either side of a rule's edge."""

    case: SmallCase
    kept: Decisions
    broken: Decisions


def slot(country: str, region: str, year: int, count: int, level: str = "standard") -> str:
    return f"{country},t,{level},{region},{year},{count}"


B_EVERY_YEAR = (slot("BB", "", 2030, 2), slot("BB", "", 2031, 2))
ONE_OF_EACH_TEN = {
    "transitions": ["AA,t,u,2030,1"],
    "transitions_from_region": ["t,u,all,all,r1,2030,0.6", "t,u,all,all,r2,2030,0.4"],
    "transitions_by_region": ["t,u,all,r1,2030,0.66", "t,u,all,r2,2030,0.34"],
}
"""One of MOVING stays: of 0.6 in r1 and 0.4 in r2 six of ten remain, and of 0.4 who move three of
four go to r1."""
FEW = NATIONAL.with_(budgets=("main,{year},M,60,program",))
PROMISED = NATIONAL.with_(commitments=("AA,t,,2030,2,", "BB,,,,,1"))
SUPPORTED = FOLLOWED.with_(
    '[[support_floor]]\nwhere = { track = "t" }\namount_per_year = 12.5\n',
    budgets=("main,{year},M,100,integration",),
)
BOUNDED = NATIONAL.with_("""
[[limits]]
name = "floor"
measure = "slots"
where = { country = "AA" }
at_least = { times = 0.5, measure = "slots" }
[[limits]]
name = "ceiling"
measure = "spending"
at_most = 60
""")

EDGES: dict[str, Edge] = {
    "cohort_within_applicants": Edge(
        NATIONAL, plan([slot("AA", "", 2030, 4)]), plan([slot("AA", "", 2030, 5)])
    ),
    "cohort_needs_agreement": Edge(
        AGREED,
        plan([*B_EVERY_YEAR, slot("AA", "", 2031, 2)], agreements=["AA,t,2031"]),
        plan([*B_EVERY_YEAR, slot("AA", "", 2031, 1)]),
    ),
    "cohort_reaches_minimum": Edge(
        AGREED, plan(B_EVERY_YEAR), plan([slot("BB", "", 2030, 2), slot("BB", "", 2031, 1)])
    ),
    "active_track_reaches_minimum": Edge(
        ACTIVE, plan([slot("AA", "", 2030, 2)]), plan([slot("AA", "", 2030, 1)])
    ),
    "placements_within_site": Edge(
        HOSTED, plan([slot("AA", "r1", 2030, 3)]), plan([slot("AA", "r1", 2030, 4)])
    ),
    "intake_within_cap": Edge(
        ADMITTED,
        plan([slot("AA", "", 2030, 4), slot("BB", "", 2030, 1)]),
        plan([slot("AA", "", 2030, 4), slot("BB", "", 2030, 2)]),
    ),
    # Two are here already, of at most five.
    "residents_within_cap": Edge(
        CAPPED, plan([slot("AA", "", 2030, 3)]), plan([slot("AA", "", 2030, 4)])
    ),
    # Of eight people present half complete, and 0.4 of those may stay: 1.6.
    "transitions_within_completers": Edge(
        FOLLOWED,
        plan(transitions=["AA,t,u,2030,1.6"], transitions_by_region=["t,u,all,r2,2030,1.6"]),
        plan(transitions=["AA,t,u,2030,2.6"], transitions_by_region=["t,u,all,r2,2030,2.6"]),
    ),
    "transitions_match_places": Edge(
        FOLLOWED,
        plan(transitions=["AA,t,u,2030,1"], transitions_by_region=["t,u,all,r2,2030,1"]),
        plan(transitions=["AA,t,u,2030,1"]),
    ),
    "transitions_match_origins": Edge(
        MOVING,
        plan(**ONE_OF_EACH_TEN),
        plan(**ONE_OF_EACH_TEN | {"transitions": ["AA,t,u,2030,1.1"]}),
    ),
    # Of two people present in r2 half complete, and 0.4 of those may stay.
    "origins_within_completers": Edge(
        MOVING,
        plan(**ONE_OF_EACH_TEN),
        plan(
            transitions=["AA,t,u,2030,1"],
            transitions_from_region=["t,u,all,all,r1,2030,0.5", "t,u,all,all,r2,2030,0.5"],
            transitions_by_region=["t,u,all,r1,2030,0.6", "t,u,all,r2,2030,0.4"],
        ),
    ),
    "transitions_follow_attraction": Edge(
        MOVING,
        plan(**ONE_OF_EACH_TEN),
        plan(**ONE_OF_EACH_TEN | {"transitions_by_region": ["t,u,all,r1,2030,1"]}),
    ),
    "spending_within_budget": Edge(
        FEW,
        plan([slot("AA", "", 2030, 4), slot("BB", "", 2030, 2)]),
        plan([slot("AA", "", 2030, 4), slot("BB", "", 2030, 3)]),
    ),
    "received_money_is_spent": Edge(
        TWO_LINES,
        plan([slot("AA", "", 2030, 2)], transfers=["main,help,2030,10"]),
        plan([slot("AA", "", 2030, 1)], transfers=["main,help,2030,10"]),
    ),
    "transfer_within_share": Edge(
        TWO_LINES,
        plan([slot("AA", "", 2030, 3)], transfers=["main,help,2030,10"]),
        plan([slot("AA", "", 2030, 3)], transfers=["main,help,2030,11"]),
    ),
    "carry_over_within_share": Edge(
        TWO_LINES,
        plan([slot("AA", "", 2031, 3)], carry_over=["main,2030,20"]),
        plan([slot("AA", "", 2031, 3)], carry_over=["main,2030,21"]),
    ),
    # A's use 1 unit each, B's use 2; there are 6.
    "use_within_capacity": Edge(
        SERVED,
        plan([slot("AA", "r1", 2030, 2), slot("BB", "r1", 2030, 2)]),
        plan([slot("AA", "r1", 2030, 3), slot("BB", "r1", 2030, 2)]),
    ),
    "expansion_within_limit": Edge(
        SERVED, plan(expansion=["r1,help,2030,2"]), plan(expansion=["r1,help,2030,3"])
    ),
    "commitment_at_least": Edge(
        PROMISED, plan([slot("AA", "", 2030, 2)]), plan([slot("AA", "", 2030, 1)])
    ),
    "commitment_at_most": Edge(
        PROMISED,
        plan([slot("AA", "", 2030, 2), slot("BB", "", 2030, 1)]),
        plan([slot("AA", "", 2030, 2), slot("BB", "", 2030, 2)]),
    ),
    "limit_at_least": Edge(
        BOUNDED,
        plan([slot("AA", "", 2030, 2), slot("BB", "", 2030, 2)]),
        plan([slot("AA", "", 2030, 2), slot("BB", "", 2030, 3)]),
    ),
    "limit_at_most": Edge(
        BOUNDED,
        plan([slot("AA", "", 2030, 4), slot("BB", "", 2030, 2)]),
        plan([slot("AA", "", 2030, 4), slot("BB", "", 2030, 3)]),
    ),
    # A standard place lacks 2.5, an intensive one has 2.5 to spare.
    "support_reaches_floor": Edge(
        SUPPORTED,
        plan([slot("AA", "r1", 2030, 1), slot("AA", "r1", 2030, 1, "intensive")]),
        plan([slot("AA", "r1", 2030, 2), slot("AA", "r1", 2030, 1, "intensive")]),
    ),
    # Today A has three and B one. Two fewer are half of four, on either margin.
    "change_within_limit": Edge(
        CHANGED,
        plan([slot("AA", "r1", 2030, 1), slot("BB", "r2", 2030, 1)]),
        plan([slot("BB", "r2", 2030, 1)]),
    ),
}
"""By the rule that is kept to the unit, and broken by one."""


@pytest.mark.parametrize("rule", EDGES)
def test_a_plan_may_go_to_the_edge_and_no_further(rule: str, tmp_path: Path) -> None:
    edge = EDGES[rule]
    kept = evaluated(edge.case, edge.kept, tmp_path)
    assert kept.holds, kept.violations
    assert rule in set(kept.tables["rules"]["rule"])
    broken = evaluated(edge.case, edge.broken, tmp_path)
    assert not broken.holds
    assert set(broken.violations["rule"]) == {rule}
    assert (broken.violations["slack"] < 0).all()


def test_a_violation_tells_value_limit_and_slack(tmp_path: Path) -> None:
    # None of A's among three, where half must be A's.
    broken = evaluated(BOUNDED, plan([slot("BB", "", 2030, 3)]), tmp_path)
    worst = broken.violations.iloc[0]
    assert (worst["rule"], worst["key"]) == ("limit_at_least", "floor")
    assert (worst["value"], worst["limit"], worst["slack"]) == (0.0, 1.5, -1.5)


IMPOSSIBLE: dict[str, tuple[SmallCase, Decisions]] = {
    "country that is not eligible": (
        FOLLOWED, plan(["BB,t,standard,r1,2030,1"]),
    ),
    "unknown country": (NATIONAL, plan(["ZZ,t,standard,,2030,1"])),
    "unknown track": (NATIONAL, plan(["AA,x,standard,,2030,1"])),
    "unknown level": (NATIONAL, plan(["AA,t,gold,,2030,1"])),
    "unknown region": (HOSTED, plan(["AA,t,standard,r9,2030,1"])),
    "region without a site": (FOLLOWED, plan(["AA,t,standard,r2,2030,1"])),
    "region in a national case": (NATIONAL, plan(["AA,t,standard,r1,2030,1"])),
    "no region": (HOSTED, plan(["AA,t,standard,,2030,1"])),
    "year outside the horizon": (NATIONAL, plan(["AA,t,standard,,2031,1"])),
    "negative slots": (NATIONAL, plan(["AA,t,standard,,2030,-1"])),
    "negative slots made up for": (
        HOSTED, plan([slot("AA", "r1", 2030, -1), slot("AA", "r2", 2030, 1)]),
    ),
    "agreement before its lead years": (AGREED, plan(B_EVERY_YEAR, agreements=["AA,t,2030"])),
    "agreement that exists already": (AGREED, plan(B_EVERY_YEAR, agreements=["BB,t,2031"])),
    "agreement on a track without": (NATIONAL, plan(agreements=["AA,t,2030"])),
    "stay on a track that does not follow": (
        FOLLOWED, plan(transitions=["AA,u,t,2030,1"], transitions_by_region=["u,t,all,r1,2030,1"]),
    ),
    "stay of nobody who could have completed": (FOLLOWED, plan(transitions=["BB,t,u,2030,1"])),
    "negative stay": (
        FOLLOWED,
        plan(transitions=["AA,t,u,2030,-1"], transitions_by_region=["t,u,all,r2,2030,-1"]),
    ),
    "stay from a region where nobody completed": (
        MOVING, plan(transitions_from_region=["u,t,all,all,r1,2030,1"]),
    ),
    "stay from a region in a case where people move freely": (
        FOLLOWED, plan(transitions_from_region=["t,u,all,all,r1,2030,1"]),
    ),
    "expansion where none can be decided": (SERVED, plan(expansion=["r2,help,2030,1"])),
    "expansion after the horizon": (SERVED, plan(expansion=["r1,help,2032,1"])),
    "negative expansion": (SERVED, plan(expansion=["r1,help,2030,-1"])),
    "negative transfer": (TWO_LINES, plan(transfers=["main,help,2030,-1"])),
    "negative carry-over": (TWO_LINES, plan(carry_over=["main,2030,-1"])),
}  # fmt: skip


@pytest.mark.parametrize("which", IMPOSSIBLE)
def test_decisions_that_the_case_does_not_allow(which: str, tmp_path: Path) -> None:
    case, decisions = IMPOSSIBLE[which]
    found = evaluated(case, decisions, tmp_path).violations
    assert "decision_is_possible" in set(found["rule"])
    assert (found["slack"] < 0).all()


@pytest.mark.parametrize(
    ("decisions", "rule"),
    [
        # Only main may give to help, and only main may keep money; not out of the last year.
        (plan([slot("AA", "", 2030, 3)], transfers=["help,main,2030,1"]), "transfer_within_share"),
        (plan(carry_over=["help,2030,1"]), "carry_over_within_share"),
        (plan(carry_over=["main,2031,1"]), "carry_over_within_share"),
        # Money of years or lines that do not exist.
        (plan(carry_over=["main,2029,1"]), "carry_over_within_share"),
        (plan(transfers=["main,nowhere,2030,1"]), "transfer_within_share"),
    ],
)
def test_money_moves_only_as_the_policy_lists(
    decisions: Decisions, rule: str, tmp_path: Path
) -> None:
    assert rule in set(evaluated(TWO_LINES, decisions, tmp_path).violations["rule"])


def test_points_add_up_values_prices_and_changes(tmp_path: Path) -> None:
    # Three slots on a scale of 4 are 75 points. A has 1 of the 3: 0.25 * 3 = 0.75 is reached. The
    # five jobs of west allow 10, the two of east 4: three are fine.
    kept = plan([slot("AA", "r1", 2030, 1), slot("BB", "r1", 2030, 2)])
    assert evaluated(LIMITED, kept, tmp_path, 4.0).points == pytest.approx(75.0)
    # Without A the share is missed by 0.75 of a base of 8, 9.375%, at 3 points each.
    missed = evaluated(LIMITED, plan([slot("BB", "r1", 2030, 3)]), tmp_path, 4.0)
    assert missed.points == pytest.approx(75.0 - 3 * 9.375)
    assert missed.tables["soft"]["percent"].max() == pytest.approx(9.375)
    assert missed.holds
    # Of today's 3 and 1, two fewer are 50%, at 2 points each.
    changed = plan([slot("AA", "r1", 2030, 1), slot("BB", "r2", 2030, 1)])
    assert evaluated(CHANGED, changed, tmp_path, 4.0).points == pytest.approx(50.0 - 2 * 50.0)


def test_diminishing_returns_count_under_the_curve(tmp_path: Path) -> None:
    case = NATIONAL.with_(
        'diminishing = { by = ["country"], per = "year", breakpoints = [[0, 1], [2, 0.5]] }\n'
    )
    # A's four count 2 + 2 / 2, B's one counts 1.
    found = evaluated(case, plan([slot("AA", "", 2030, 4), slot("BB", "", 2030, 1)]), tmp_path)
    assert found.points == pytest.approx(100 * 4.0)


FULL = BUILT.with_(
    "",
    tracks=(
        "t,T,study,M,care,inbound,2,0,yes,0.5,yes",
        "u,U,skilled_work,M,care,inbound,1,0,no,1,no",
    ),
    continuations=("t,u,0.5",),
    sites=("t,r1,,9", "t,r2,,9", "u,r1,,9", "u,r2,,9"),
    applicants=("AA,t,,4", "BB,t,,3", "BB,u,,3"),
    budgets=("main,{year},M,500,program", "help,{year},N,500,integration"),
    costs=("t,help,1,,,,,10", "t,help,2,,BB,,,11", "u,help,1,,,,,7", "t,main,1,,,,,1"),
    region_costs=("t,help,r1,1,3", "u,help,r2,1,5"),
    agreements=("AA,t,proposed,help,6,1,1", "BB,t,existing,help,0,2,0"),
    services=(
        "r1,help,{year},9,hours,4,2,5,1,help",
        "r2,help,{year},9,hours,4,0,5,1,main",
    ),
    present_by_country=("AA,t,2029,4",),
    present_by_region=("r2,t,2029,4",),
)
FULL_PLAN = plan(
    [
        slot("BB", "r1", 2030, 1),
        slot("BB", "r2", 2030, 1),
        slot("AA", "r1", 2031, 2),
        slot("BB", "r2", 2032, 1),
        "BB,u,standard,r2,2032,1",
    ],
    agreements=["AA,t,2031"],
    transitions=["AA,t,u,2031,1", "BB,t,u,2032,0.5"],
    transitions_by_region=["t,u,all,r1,2031,0.4", "t,u,all,r2,2031,0.6", "t,u,all,r2,2032,0.5"],
    expansion=["r1,help,2030,1"],
)


def test_the_integration_table_adds_up_to_the_integration_lines(tmp_path: Path) -> None:
    found = evaluated(FULL, FULL_PLAN, tmp_path)
    assert found.holds, found.violations
    spending = found.tables["spending"]
    lines = spending[spending["purpose"].eq("integration")]
    told = found.tables["integration"].groupby(["line", "year"])["amount"].sum()
    assert told.to_dict() == pytest.approx(
        {(row.line, row.year): row.spent for row in lines.itertuples() if row.spent}
    )
    by_what = found.tables["integration"].groupby("what")["amount"].sum().to_dict()
    assert by_what == pytest.approx(
        {
            # New on t in year one: 5 * 10; B's second years: 2 * 11 (2032's falls after the
            # window); on u one new and 1.5 who stay: 2.5 * 7.
            "participants": 50 + 22 + 17.5,
            # r1 on t: three at 3; r2 on u: one new and 1.1 who stay, at 5.
            "regional supplement": 9 + 10.5,
            "agreement set-up": 6,
            # A's of 2031 and 2032, B's of three years at 2.
            "agreement running": 2 + 6,
            "service expansion": 5,
            "service upkeep": 2,
        }
    )


def test_integration_money_follows_the_single_slots(tmp_path: Path) -> None:
    table = evaluated(FULL, FULL_PLAN, tmp_path).tables["integration"]
    first = table[table["year"].eq(2030) & table["what"].eq("participants")]
    rows = first[["country", "track", "region", "amount"]].to_numpy().tolist()
    assert sorted(rows) == [["BB", "t", "r1", 10.0], ["BB", "t", "r2", 10.0]]


def test_every_entrant_ends_as_exactly_one_thing(tmp_path: Path) -> None:
    people = evaluated(FULL, FULL_PLAN, tmp_path).tables["people"]
    people = people.set_index(["country", "track"])
    # Whatever is decided, the four are here.
    assert people.pop("anyway").to_dict() == {
        ("AA", "t"): 4.0,
        ("BB", "t"): 0.0,
        ("BB", "u"): 0.0,
        ("AA", "u"): 0.0,
    }
    ends = people.T.to_dict()
    # A: of the four present since 2029 two complete in 2031 and one of them stays; the two of
    # 2031 complete after the window. B: of two in 2030 one completes in 2032 and half stays.
    nobody = {"left": 0.0, "transitions": 0.0, "goes_home": 0.0, "present": 0.0}
    assert ends == {
        ("AA", "t"): {"entrants": 6, "left": 2, "transitions": 1, "goes_home": 1, "present": 2},
        ("BB", "t"): {"entrants": 3, "left": 1, "transitions": 0.5, "goes_home": 0.5, "present": 1},
        ("BB", "u"): nobody | {"entrants": 1.5, "present": 1.5},
        # Nobody goes home from u: who completes and does not stay has left the programme.
        ("AA", "u"): nobody | {"entrants": 1, "left": 1},
    }


def test_residents_and_use_of_a_plan(tmp_path: Path) -> None:
    slots = [slot("AA", "r1", 2030, 2), slot("BB", "r1", 2030, 1)]
    tables = evaluated(SERVED, plan(slots, expansion=["r1,help,2030,1"]), tmp_path).tables
    residents = tables["residents"].set_index(["region", "year"])["persons"]
    assert residents.to_dict() == {("r1", 2030): 3, ("r1", 2031): 3}
    services = tables["services"]
    services = services[services["region"].eq("r1")].set_index("year")
    assert services["use"].to_dict() == {2030: 4, 2031: 1.5, 2032: 0, 2033: 0}
    # The step is usable from the year after it was decided.
    assert services["capacity"].to_dict() == {2030: 6, 2031: 10, 2032: 10, 2033: 10}


def test_the_public_check_reads_case_and_policy_itself(tmp_path: Path) -> None:
    case, policy = NATIONAL.write(tmp_path)
    found = evaluate(plan([slot("AA", "", 2030, 4)]), policy, case, scales={"g": 8.0})
    assert found.holds
    assert found.points == pytest.approx(50.0)


def test_money_carried_in_is_money_that_a_line_has(tmp_path: Path) -> None:
    # 100 and 20 kept from the year before pay for three at 10 and leave 90 unspent.
    decisions = plan([slot("AA", "", 2031, 3)], carry_over=["main,2030,20"])
    money = evaluated(TWO_LINES, decisions, tmp_path).tables["spending"].set_index(["line", "year"])
    told = [float(money[name][("main", 2031)]) for name in ("carried_in", "spent", "unspent")]
    assert told == [20.0, 30.0, 90.0]
    have = money["budget"] + money["received"] + money["carried_in"]
    went = money["spent"] + money["given"] + money["carried_out"] + money["unspent"]
    assert (have == went).all()


# Five at 4 use up the 20 of a year; a fifth of them may be kept for the next.
KEPT = TWO_LINES.with_(
    budgets=("main,{year},M,20,program", "help,{year},N,99,integration"),
    costs=("t,main,1,,,,,4",),
)


@pytest.mark.parametrize(
    ("first", "second", "moved", "broken"),
    [
        pytest.param(0, 6, {"carry_over": ["main,2030,4"]}, [], id="kept money pays for a sixth"),
        pytest.param(0, 6, {}, ["spending_within_budget"], id="no sixth without it"),
        pytest.param(
            5, 6, {"carry_over": ["main,2030,4"]}, ["spending_within_budget"], id="nothing is left"
        ),
        pytest.param(4, 1, {"carry_over": ["main,2030,4"]}, [], id="kept money is spent"),
        pytest.param(
            4, 0, {"carry_over": ["main,2030,4"]}, ["received_money_is_spent"], id="it lapses"
        ),
        pytest.param(
            5,
            0,
            {"transfers": ["main,help,2030,2"]},
            ["received_money_is_spent", "spending_within_budget"],
            id="given money is neither left nor spent",
        ),
    ],
)
def test_money_is_spent_once(
    first: int, second: int, moved: dict[str, Rows], broken: list[str], tmp_path: Path
) -> None:
    slots = [
        slot(country, "", year, count)
        for year, people in ((2030, first), (2031, second))
        for country, count in (("AA", min(people, 4)), ("BB", max(people - 4, 0)))
    ]
    found = evaluated(KEPT, plan(slots, **moved), tmp_path).violations
    assert sorted(found["rule"]) == broken


def test_no_cohort_need_reach_its_minimum_where_no_site_is(tmp_path: Path) -> None:
    # B's agreement asks for two a year, but in 2031 nobody hosts them.
    case = AGREED.with_(
        regions=("r1,R,east,2",),
        sites=("t,r1,2030,9", "t,r1,2031,0"),
        applicants=("BB,t,,3",),
        agreements=("BB,t,existing,main,0,1,0",),
    )
    assert evaluated(case, plan([slot("BB", "r1", 2030, 2)]), tmp_path).holds
    found = evaluated(case, plan([slot("BB", "r1", 2030, 1)]), tmp_path).violations
    assert found["rule"].tolist() == ["cohort_reaches_minimum"]


def test_so_many_times_nothing_is_nothing(tmp_path: Path) -> None:
    # Nobody of B applies for u, so none of B's may be on t; A's four are twice the two on u.
    case = NATIONAL.with_(
        '[[limits]]\nname = "pairs"\nmeasure = "slots"\nby = ["country"]\nwhere = { track = "t" }\n'
        'at_most = { times = 2, measure = "slots", where = { track = "u" } }\n',
        tracks=(*NATIONAL.rows["tracks"], "u,U,study,M,care,inbound,1,0,no,1,no"),
        applicants=("AA,t,,4", "BB,t,,3", "AA,u,,2"),
    )
    slots = [slot("AA", "", 2030, 4), "AA,u,standard,,2030,2"]
    assert evaluated(case, plan(slots), tmp_path).holds
    found = evaluated(case, plan([*slots, slot("BB", "", 2030, 1)]), tmp_path).violations
    assert found[["key", "value", "limit"]].to_numpy().tolist() == [["pairs, country=BB", 1, 0]]


@pytest.mark.parametrize(
    ("rows", "percent"),
    [
        pytest.param("AA,t,{},r1,2030,2 BB,u,{},r2,2030,2", 0.0, id="as today"),
        pytest.param("BB,t,{},r1,2030,2 AA,u,{},r2,2030,2", 100.0, id="other countries"),
        pytest.param("AA,t,{},r2,2030,2 BB,u,{},r1,2030,2", 100.0, id="other regions"),
    ],
)
def test_tracks_that_swap_their_countries_or_regions_change(
    rows: str, percent: float, tmp_path: Path
) -> None:
    # Of today's four all go and four others come, on one margin of two: (4 + 4) / 2 of 4.
    case = HOSTED.with_(
        tracks=(*NATIONAL.rows["tracks"], "u,U,study,M,care,inbound,1,0,no,1,no"),
        applicants=("AA,t,,2", "AA,u,,2", "BB,t,,2", "BB,u,,2"),
        sites=("t,r1,,2", "t,r2,,2", "u,r1,,2", "u,r2,,2"),
        current_plan=("AA,t,r1,2", "BB,u,r2,2"),
    )
    slots = rows.replace("{}", "standard").split()
    moved = evaluated(case, plan(slots), tmp_path).tables["change"]["percent"]
    assert moved.tolist() == [percent]


def test_support_counts_the_whole_stay_and_years_after_the_window(tmp_path: Path) -> None:
    # Two years at 10 are owed: 10 and 6 follow the person, and r1 pays 4 in the second year. What
    # is not for integration does not count, nor do people who were here before.
    case = HOSTED.with_(
        '[[support_floor]]\nwhere = { track = "t" }\namount_per_year = 10\n[horizon]\ntail = 0\n',
        tracks=("t,T,study,M,care,inbound,2,0,no,1,no",),
        budgets=("main,{year},M,100,integration", "rest,{year},M,999,program"),
        costs=("t,main,1,,,,,10", "t,main,2,,,,,6", "t,rest,1,,,,,50"),
        region_costs=("t,main,r1,2,4", "t,rest,r1,1,30"),
        present_by_country=("AA,t,2029,2",),
        present_by_region=("r1,t,2029,2",),
    )
    kept = evaluated(case, plan([slot("AA", "r1", 2030, 1)]), tmp_path)
    assert kept.holds, kept.violations
    floors = kept.tables["rules"].query("rule == 'support_reaches_floor'")
    assert floors["slack"].tolist() == [0.0]
    more = plan([slot("AA", "r1", 2030, 1), slot("AA", "r2", 2030, 1)])
    found = evaluated(case, more, tmp_path).violations
    assert found[["rule", "value"]].to_numpy().tolist() == [["support_reaches_floor", -4]]


@pytest.mark.parametrize(
    ("scale", "points"),
    [('"none"', 400.0), ("8", 50.0), ('"ideal"', 200.0)],
)
def test_a_run_brings_the_ideals_and_the_policy_its_numbers(
    scale: str, points: float, tmp_path: Path
) -> None:
    # In the run a value of 2 counted as 1, whatever its policy said.
    goal = f"[goals.g]\nweight = 1\nscale = {scale}\n"
    case = NATIONAL.aiming_at(goal + 'effects = [{ stage = "enter", effect = 1 }]\n')
    path, policy = case.write(tmp_path)
    read = ReadPlan(plan([slot("AA", "", 2030, 4)]), {"g": 2.0, "gone": 3.0}, ())
    assert evaluate(read, policy, path).points == pytest.approx(points)
    assert run_scales(read, policy) == ({"g": 2.0} if scale == '"ideal"' else {})


def test_goals_to_avoid_share_the_weights_by_their_size(tmp_path: Path) -> None:
    # Weights of 3 and -1 are 75 and -25 of 100 points; all seven come, each worth 75 - 25.
    effect = 'scale = "none"\neffects = [{ stage = "enter", effect = 1 }]\n'
    case = NATIONAL.aiming_at(
        f"[goals.g]\nweight = 3\n{effect}[goals.crowd]\nweight = -1\n{effect}"
    )
    scales = {"g": 1.0, "crowd": 1.0}
    instance = case.instance(tmp_path)
    assert points_per_value(instance, scales) == {"g": 75.0, "crowd": -25.0}
    everyone = plan([slot("AA", "", 2030, 4), slot("BB", "", 2030, 3)])
    assert evaluate_decisions(instance, everyone, scales).points == pytest.approx(350.0)
