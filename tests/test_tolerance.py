"""How exactly rows are compared: to the person, to the unit of money, to the arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import pandas as pd
import pyomo.environ as pyo
import pytest

from golden.small_cases import (
    ACTIVE,
    AGREED,
    FOLLOWED,
    MOVING,
    NATIONAL,
    SERVED,
    TWO_LINES,
    SmallCase,
)
from optimizer.case import Case, load_case
from optimizer.case.currency import decimals_of, smallest_unit
from optimizer.errors import SolverError
from optimizer.instance import Instance
from optimizer.plan import COLUMNS, Decisions, empty
from optimizer.plan.checking import evaluate
from optimizer.plan.checks import CHECKS
from optimizer.plan.evaluation import Evaluation, evaluate_decisions
from optimizer.plan.subject import CHECKED, judged
from optimizer.report.headline import _broken
from optimizer.schema.measures import MEASURES, Measure
from optimizer.session.planning import require_sound
from optimizer.session.solving import solve
from optimizer.solver import Solution


def plan(slots: tuple[str, ...] = (), **tables: str) -> Decisions:
    """Decision tables from rows of text; slots on track t are told as ``AA,r1,3``."""
    told = {"slots": [_slot(*row.split(",")) for row in slots]}
    told |= {name: [row.split(",") for row in rows.split()] for name, rows in tables.items()}
    frames = {
        name: pd.DataFrame(rows, columns=list(COLUMNS[name])).astype(COLUMNS[name])
        for name, rows in told.items()
        if rows
    }
    return Decisions(**({"slots": empty("slots")} | frames))


def _slot(country: str, region: str, count: str, year: str = "2030") -> list[str]:
    return [country, "t", "standard", region, year, count]


@dataclass(frozen=True)
class Edge:
    """Two plans for one case, the second beyond a rule by one unit."""

    case: SmallCase
    kept: Decisions
    broken: Decisions


MANY = NATIONAL.with_(
    applicants=("AA,t,,12300000", "BB,t,,12300000"), costs=("t,main,1,,AA,,,1", "t,main,1,,BB,,,3")
).with_(budgets=("main,{year},M,999999999999,program",))
AT_HOME = MANY.with_(regions=("r1,R,east,2",), sites=("t,r1,,12300000",))
LINES = TWO_LINES.with_(
    applicants=MANY.rows["applicants"],
    budgets=("main,{year},M,250000000000,program", "help,{year},N,30000000000,integration"),
    costs=("t,main,1,,,,,10000", "t,help,1,,,,,4000"),
)
CONTINUING = FOLLOWED.with_(
    sites=("t,r1,,3", "u,r2,,99000000"),
    present_by_country=("AA,t,2029,80000000",),
    present_by_region=("r1,t,2029,80000000",),
    budgets=("main,{year},M,999999999999,program",),
)
MOVED = MOVING.with_(
    sites=("t,r1,,3", "u,r1,,99000000", "u,r2,,99000000"),
    present_by_country=("AA,t,2029,80000000",),
    present_by_region=("r1,t,2029,60000000", "r2,t,2029,20000000"),
    budgets=("main,{year},M,999999999999,program",),
)
LEAVING = "t,u,all,all,r1,2030,12000000 t,u,all,all,r2,2030,4000000"
LIVING = "t,u,all,r1,2030,12000000 t,u,all,r2,2030,4000000"
ALL_MOVED = plan(
    transitions="AA,t,u,2030,16000000",
    transitions_from_region=LEAVING,
    transitions_by_region=LIVING,
)
HALF = '[[limits]]\nname = "x"\nmeasure = "{}"\n{}\n'
TEN_MILLION = plan(("AA,,10000000",))
ONE_MORE = plan(("AA,,10000001",))
ONE_LESS = plan(("AA,,9999999",))
SUPPORTED = LINES.with_(
    '[[support_floor]]\nwhere = { track = "t" }\namount_per_year = 4000\n',
    costs=("t,main,1,,,,,1", "t,help,1,,AA,,,4000", "t,help,1,,BB,,,3999"),
)

EDGES: dict[str, Edge] = {
    "cohort_within_applicants": Edge(
        MANY, plan(("AA,,12300000",)), plan(("AA,,12300001",))
    ),
    "cohort_needs_agreement": Edge(
        AGREED.with_(applicants=("AA,t,,12300000", "BB,t,,4"), costs=()),
        plan(("AA,,12300000,2031", "BB,,2", "BB,,2,2031"), agreements="AA,t,2031"),
        plan(("AA,,12300001,2031", "BB,,2", "BB,,2,2031"), agreements="AA,t,2031"),
    ),
    "cohort_reaches_minimum": Edge(
        AGREED.with_(
            tracks=("t,T,exchange,M,care,inbound,1,10000000,yes,1,no",),
            applicants=("BB,t,,12300000",),
            agreements=("BB,t,existing,main,0,1,0",),
            costs=(),
        ).over(2030),
        plan(("BB,,10000000",)),
        plan(("BB,,9999999",)),
    ),
    "active_track_reaches_minimum": Edge(
        ACTIVE.with_(
            tracks=("t,T,study,M,care,inbound,1,10000000,no,1,no",),
            applicants=("AA,t,,12300000",),
            costs=(),
        ),
        TEN_MILLION,
        ONE_LESS,
    ),
    "placements_within_site": Edge(
        AT_HOME, plan(("AA,r1,12300000",)), plan(("AA,r1,12300000", "BB,r1,1"))
    ),
    "intake_within_cap": Edge(
        MANY.with_(national_caps=("t,2030,10000000,intake",)), TEN_MILLION, ONE_MORE
    ),
    # Two are here already on a track of two years.
    "residents_within_cap": Edge(
        MANY.with_(
            tracks=("t,T,study,M,care,inbound,2,0,no,0.9,no",),
            national_caps=("t,2030,10000002,residents",),
            present_by_country=("AA,t,2029,2",),
        ),
        TEN_MILLION,
        ONE_MORE,
    ),
    # 80 million present, half complete, and 0.4 of those may stay: 16 million.
    "transitions_within_completers": Edge(
        CONTINUING,
        plan(transitions="AA,t,u,2030,16000000", transitions_by_region="t,u,all,r2,2030,16000000"),
        plan(transitions="AA,t,u,2030,16000001", transitions_by_region="t,u,all,r2,2030,16000001"),
    ),
    "transitions_match_places": Edge(
        CONTINUING,
        plan(transitions="AA,t,u,2030,16000000", transitions_by_region="t,u,all,r2,2030,16000000"),
        plan(transitions="AA,t,u,2030,16000000", transitions_by_region="t,u,all,r2,2030,15999999"),
    ),
    # Of these 12 million are in r1 and 4 million in r2; three of four who move go to r1.
    "transitions_match_origins": Edge(
        MOVED,
        ALL_MOVED,
        plan(
            transitions="AA,t,u,2030,15999999",
            transitions_from_region=LEAVING,
            transitions_by_region=LIVING,
        ),
    ),
    "origins_within_completers": Edge(
        MOVED,
        ALL_MOVED,
        plan(
            transitions="AA,t,u,2030,16000000",
            transitions_from_region="t,u,all,all,r1,2030,12000001 t,u,all,all,r2,2030,3999999",
            transitions_by_region="t,u,all,r1,2030,12000000.6 t,u,all,r2,2030,3999999.4",
        ),
    ),
    "transitions_follow_attraction": Edge(
        MOVED,
        ALL_MOVED,
        plan(
            transitions="AA,t,u,2030,16000000",
            transitions_from_region=LEAVING,
            transitions_by_region="t,u,all,r1,2030,12000001 t,u,all,r2,2030,4000000",
        ),
    ),
    # A yen of 250 billion.
    "spending_within_budget": Edge(
        MANY.with_(
            budgets=("main,{year},M,250000000000,program",),
            costs=("t,main,1,,AA,,,50000", "t,main,1,,BB,,,1"),
        ),
        plan(("AA,,5000000",)),
        plan(("AA,,5000000", "BB,,1")),
    ),
    "transfer_within_share": Edge(
        LINES,
        plan(("AA,,12300000",), transfers="main,help,2030,25000000000"),
        plan(("AA,,12300000",), transfers="main,help,2030,25000000001"),
    ),
    "carry_over_within_share": Edge(
        LINES,
        plan(("AA,,5000000,2031",), carry_over="main,2030,50000000000"),
        plan(("AA,,5000001,2031",), carry_over="main,2030,50000000001"),
    ),
    "received_money_is_spent": Edge(
        LINES,
        plan(("AA,,5000000",), transfers="main,help,2030,20000000000"),
        plan(("AA,,5000000",), transfers="main,help,2030,20000000001"),
    ),
    "use_within_capacity": Edge(
        SERVED.with_(
            applicants=MANY.rows["applicants"],
            sites=("t,r1,,99000000",),
            services=("r1,help,{year},10000000,hours,4,2,5,1,main",),
            service_use=("t,help,1,,,,1",),
            costs=(),
        ),
        plan(("AA,r1,10000000",)),
        plan(("AA,r1,10000001",)),
    ),
    "expansion_within_limit": Edge(
        SERVED.with_(
            services=("r1,help,{year},10000000,hours,1,10000000,0,0,main",),
            service_use=("t,help,1,,,,1",),
        ),
        plan(expansion="r1,help,2030,10000000"),
        plan(expansion="r1,help,2030,10000001"),
    ),
    "commitment_at_least": Edge(
        MANY.with_(commitments=("AA,t,,2030,10000000,",)), TEN_MILLION, ONE_LESS
    ),
    "commitment_at_most": Edge(
        MANY.with_(commitments=("AA,t,,2030,,10000000",)), TEN_MILLION, ONE_MORE
    ),
    # Half of twenty million must be A's: one less is half a person of a share too few.
    "limit_at_least": Edge(
        MANY.with_(
            HALF.format("slots", 'where = { country = "AA" }\nat_least = '
            '{ times = 0.5, measure = "slots" }')
        ),
        plan(("AA,,10000000", "BB,,10000000")),
        plan(("AA,,10000000", "BB,,10000001")),
    ),
    "limit_at_most": Edge(
        MANY.with_(HALF.format("spending", "at_most = 10000000")), TEN_MILLION, ONE_MORE
    ),
    # A's have just what they must, one of B's brings a yen less.
    "support_reaches_floor": Edge(
        SUPPORTED, plan(("AA,,5000000",)), plan(("AA,,5000000", "BB,,1"))
    ),
    # Ten million today; one in ten million is beyond ten percent.
    "change_within_limit": Edge(
        MANY.with_("[stability]\nmax_change = 0.1\n", current_plan=("AA,t,,10000000",)),
        plan(("AA,,9000000",)),
        plan(("AA,,8999999",)),
    ),
}  # fmt: skip
"""By the rule that is kept to the unit at ten million and more, and broken by one."""


def evaluated(case: SmallCase, decisions: Decisions, folder: Path) -> Evaluation:
    path, policy = case.write(folder)
    return evaluate(decisions, policy, path)


@pytest.mark.parametrize("rule", EDGES)
def test_one_too_many_is_one_too_many_however_large_the_number(rule: str, tmp_path: Path) -> None:
    edge = EDGES[rule]
    instance = edge.case.instance(tmp_path)
    kept = evaluate_decisions(instance, edge.kept, {"g": 1.0})
    assert kept.holds, kept.violations.to_dict("records")
    broken = evaluate_decisions(instance, edge.broken, {"g": 1.0})
    assert set(broken.violations["rule"]) == {rule}
    # Every page of the report that tells of broken rules goes by the same judgement.
    assert _broken(broken.tables["rules"])
    assert not _broken(kept.tables["rules"])


def test_every_rule_with_rows_has_a_large_edge() -> None:
    # An edge for each of them also says in which unit it is compared.
    assert set(EDGES) == set(CHECKED) - {
        name for name, rule in CHECKED.items() if rule.unit == "unknown"
    } | {"limit_at_least", "limit_at_most"}
    assert len(CHECKS) == 8


def test_every_measure_has_a_unit() -> None:
    assert set(MEASURES) == set(get_args(Measure))


def at_most(model: pyo.ConcreteModel, instance: Instance) -> None:
    model.few = pyo.Constraint(expr=sum(model.cohort.values()) <= 10_000_000)


def exactly(model: pyo.ConcreteModel, instance: Instance) -> None:
    model.just_so_many = pyo.Constraint(expr=sum(model.cohort.values()) == 10_000_000)


@pytest.mark.parametrize("extend", [at_most, exactly])
def test_custom_rules_are_as_exact(extend: object, tmp_path: Path) -> None:
    path, policy = MANY.write(tmp_path)
    assert evaluate(TEN_MILLION, policy, path, extend=extend).holds  # type: ignore[arg-type]
    assert not evaluate(ONE_MORE, policy, path, extend=extend).holds  # type: ignore[arg-type]


def in_euros(folder: Path, **tables: str) -> Path:
    """A case in euros, with budgets of a billion."""
    path, _ = MANY.with_(costs=()).write(folder)
    for file in path.iterdir():
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("_jpy", "_eur").replace('"JPY"', '"EUR"'), encoding="utf-8")
    for name, text in tables.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


COSTS = "track,line,year_of_stay,country,amount_eur\n"


@pytest.mark.parametrize(
    ("costs", "amount", "unit"),
    [
        # Cents, although every amount is in whole euros: a cent is what nobody may overspend.
        ("t,main,1,AA,100\nt,main,1,BB,1\n", "1000000000", 0.01),
        ("t,main,1,AA,100\nt,main,1,BB,0.01\n", "1000000000", 0.01),
        # A case that counts in tenths of a cent is held to them.
        ("t,main,1,AA,100\nt,main,1,BB,0.001\n", "1000000000", 0.001),
        # Thirds of a euro are no unit of anything.
        ("t,main,1,AA,100\nt,main,1,BB,0.333333333333\n", "1000000000", 0.00001),
    ],
)
def test_money_is_compared_to_the_smallest_unit_of_the_case(
    costs: str, amount: str, unit: float, tmp_path: Path
) -> None:
    budgets = f"line,year,agency,amount_eur\nmain,2030,M,{amount}\n"
    path = in_euros(tmp_path, costs=COSTS + costs, budgets=budgets)
    assert smallest_unit(load_case(path)) == pytest.approx(unit)
    policy = tmp_path / "policy.toml"
    assert evaluate(plan(("AA,,10000000",)), policy, path).holds
    assert not evaluate(plan(("AA,,10000000", "BB,,1")), policy, path).holds


def test_currencies_have_the_decimals_of_iso_4217() -> None:
    assert [decimals_of(code) for code in ("JPY", "KRW", "EUR", "USD", "KWD", "XYZ")] == [
        0,
        0,
        2,
        2,
        3,
        2,
    ]


def test_no_cell_of_money_is_needed_to_know_the_unit(tmp_path: Path) -> None:
    path, _ = NATIONAL.with_(budgets=(), costs=()).write(tmp_path)
    case: Case = load_case(path)
    assert smallest_unit(case) == 1.0


def row(unit: str, value: float, limit: float, sense: str = "at_most") -> pd.DataFrame:
    told = {"rule": ["r"], "key": ["k"], "value": value, "sense": sense, "limit": limit}
    return pd.DataFrame({**told, "unit": unit, "size": abs(value) + abs(limit)})


@pytest.mark.parametrize(
    ("unit", "kept", "broken"),
    [
        ("persons", 5 + 5e-7, 5 + 5e-6),
        ("money", 5.005, 5.05),
        ("service", 5 + 5e-12, 5 + 5e-11),
        ("value", 5 + 5e-12, 5 + 5e-11),
        ("percent", 5 + 5e-12, 5 + 5e-11),
        ("custom", 5 + 5e-10, 5 + 5e-9),
        # What has no unit that is known is held to plain rounding.
        ("steps", 5 + 1e-13, 5 + 5e-13),
        ("unknown", 5 + 1e-13, 5 + 5e-13),
        ("furlongs", 5 + 1e-13, 5 + 5e-13),
    ],
)
def test_every_unit_has_its_own_rounding(unit: str, kept: float, broken: float) -> None:
    for sense, side in (("at_most", 1), ("at_least", -1), ("equal", 1), ("equal", -1)):
        for value, is_broken in ((kept, False), (broken, True)):
            found = judged(row(unit, 5 + side * (value - 5), 5.0, sense), 1.0)
            assert bool(found["broken"].iloc[0]) == is_broken, (sense, value)
        # Nothing keeps to nothing, where there is no room at all.
        assert not judged(row(unit, 0.0, 0.0, sense), 1.0)["broken"].any()


def test_a_hundredth_of_the_smallest_unit_of_money_is_none() -> None:
    for value, is_broken in ((5 + 5e-5, False), (5 + 5e-4, True)):
        assert judged(row("money", value, 5.0), 0.01)["broken"].tolist() == [is_broken]


def test_what_is_no_number_keeps_no_rule() -> None:
    for value, limit in ((float("nan"), 5.0), (5.0, float("nan"))):
        for sense in ("at_most", "at_least", "equal"):
            assert judged(row("persons", value, limit, sense), 1.0)["broken"].all()


def test_a_sum_that_cancels_out_is_measured_by_its_terms(tmp_path: Path) -> None:
    # 300,000.3 earned and as much taken away again: nothing, but for rounding.
    case = MANY.aiming_at(
        '[goals.g]\nweight = 1\nscale = "none"\n'
        '[[limits]]\nname = "nothing"\nmeasure = "value"\ngoal = "g"\nat_most = 0\nat_least = 0\n'
    ).with_(scores=("g,AA,t,,0.1", "g,BB,t,,-0.3"))
    assert evaluated(case, plan(("AA,,3000003", "BB,,1000001")), tmp_path).holds
    assert not evaluated(case, plan(("AA,,3000003", "BB,,1000000")), tmp_path).holds


@pytest.mark.parametrize("apart", [1e-3, 1e-6, 1e-8])
def test_points_that_do_not_add_up_are_not_shown(apart: float, tmp_path: Path) -> None:
    found = evaluated(MANY, plan(("AA,,100",)), tmp_path)
    solution = Solution("optimal", found.points, None, None, {}, {}, complete=True)
    require_sound(found, solution)
    wrong = replace(solution, objective=found.points * (1.0 + apart))
    with pytest.raises(SolverError, match="when recomputed"):
        require_sound(found, wrong)


def test_a_plan_of_the_solver_spends_to_the_yen(tmp_path: Path) -> None:
    # Thirds of people who stay on cost money that has no yen to spare; nothing may be forgiven.
    case = CONTINUING.with_(
        costs=("t,main,1,,,,,10", "u,main,1,,,,transition,333333"),
        budgets=("main,{year},M,99999999999,program",),
    )
    path, policy = case.write(tmp_path)
    rules = solve(policy, path).tables["rules"]
    assert (rules["slack"] >= -rules["allowed"] / 20).all()
