"""Repairs of a policy and a case without a plan: least, cheapest, verified, written down."""

from __future__ import annotations

import csv
import random
import re
import sys
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pandas as pd
import pytest

import optimizer
from clashing_cases import MINIMUM, ClashingCase, Row, clashing_case
from golden.small_cases import NATIONAL, SmallCase
from optimizer import InfeasibleError, OptimizerError, PolicyError, Repairs, TargetError
from optimizer.cli import main
from optimizer.explain.levers import Lever
from optimizer.explain.loosening import PlanAsking
from optimizer.plan.question import read_question
from optimizer.plan.scales import GIVEN, Scales
from optimizer.schema.addresses import is_cell
from optimizer.session.holding import Holding
from optimizer.solver import Watch
from seeds import seeds
from shared import ROOT

TINY = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
BUDGET = "budgets[line=main, year=2030].amount"
FLOOR = '\n[[limits]]\nname = "five"\nmeasure = "slots"\nat_least = 5\n'
POOR = NATIONAL.with_(FLOOR, budgets=("main,{year},M,40,program",))
"""Five people cost 50 of 40."""


def repaired(case: SmallCase, folder: Path, **options: object) -> Repairs:
    """Repairs of a case."""
    files, policy = case.write(folder)
    return optimizer.repair(policy, files, **options)  # type: ignore[arg-type]  # options of it


# Against brute force ------------------------------------------------------------------------------


def address_of(row: Row) -> str | None:
    """How changes name the number of a row; ``None`` for facts."""
    match row.part:
        case ("spending_within_budget",):
            return BUDGET
        case (rule,) if rule == MINIMUM:
            return "tracks[track=t].min_cohort"
        case (str() as rule, name):
            share = ".times" if row.of is not None else ""
            return f"limits.{name}.{rule.removeprefix('limit_')}{share}"
    return None


def wanted(row: Row, cohorts: tuple[int, int]) -> float | None:
    """What the number would have to be for these cohorts; ``None`` if none will do."""
    if row.holds(cohorts):
        return row.number
    if row.minimum_of is not None:
        return float(cohorts[row.minimum_of])
    value = sum(each * people for each, people in zip(row.counted, cohorts, strict=True))
    if row.of is None:
        return value
    whole = sum(each * people for each, people in zip(row.of, cohorts, strict=True))
    return value / whole


def ways_out(case: ClashingCase) -> Iterator[dict[str, float]]:
    """For all whole cohorts that facts allow, the numbers that would have to change, and to what.

    Where there is no minimum any more, cohorts of one are fine.
    """
    for cohorts in case.cohorts():
        found: dict[str, float] | None = {}
        for row in case.rows:
            number, address = wanted(row, cohorts), address_of(row)
            if number == row.number:
                continue
            if number is None or address is None:
                found = None
                break
            assert found is not None, "not left yet"
            looser = min if row.sense == "at_least" else max
            found[address] = looser(number, found.get(address, number))
        if found is not None:
            yield found


def price(case: ClashingCase, changes: dict[str, float], prices: dict[str, float]) -> float:
    """Price in percent of each number, in percentage points of a share."""
    rows = {address_of(row): row for row in case.rows}
    return sum(
        prices.get(address, 1.0)
        * 100.0
        * abs(after - rows[address].number)
        / (1.0 if rows[address].of is not None else rows[address].number)
        for address, after in changes.items()
    )


@pytest.mark.parametrize("seed", seeds(range(200), quick=2))
def test_repairs_are_least_and_cheapest(seed: int, tmp_path: Path) -> None:
    case, draw = clashing_case(seed), random.Random(seed)
    addresses = sorted({name for name in map(address_of, case.rows) if name is not None})
    prices = {name: float(draw.choice([0.5, 1, 2, 3])) for name in addresses}
    ways = list(ways_out(case))
    found = repaired(case.small_case(), tmp_path, prices=prices)
    assert not found.is_feasible
    assert found.table["verified"].all()
    offered = {number: found.changes(number) for number in found.table["repair"].unique()}
    for number, changes in offered.items():
        # The whole question is asked anew.
        files, policy = case.small_case().write(tmp_path)
        plan = optimizer.solve(policy, files, changes=changes, scales=found.provenance["scales"])
        row = found.table[found.table["repair"].eq(number)].iloc[0]
        assert plan.objective == pytest.approx(row["points"])
        assert row["total_cost"] == pytest.approx(price(case, changes, prices))
    alone = {way.popitem() for way in map(dict, ways) if len(way) == 1}
    if len(found.tables["clash"]["conflict"].unique()) == 1:
        told = found.tables["alone"].set_index("address")
        for address in told.index:
            numbers = [number for name, number in alone if name == address]
            if not numbers:
                assert told.loc[address, "status"] == "not alone"
                continue
            before = told.loc[address, "before"]
            nearest = min(numbers, key=lambda number: abs(number - before))
            # What is found by bisection is as near as its step.
            assert told.loc[address, "after"] == pytest.approx(nearest, rel=2e-4, abs=1.1e-4)
        assert set(told.index) >= {name for name, _ in alone}
    linear = [
        way for way in ways if not any(".times" in name or "min_cohort" in name for name in way)
    ]
    if linear:
        best = min(price(case, way, prices) for way in linear)
        assert found.table["total_cost"].min() <= best * 1.001 + 1e-9
        # Sets of fewest numbers are looked for among those that clash.
        clashing = set(found.tables["alone"]["address"])
        among = [len(way) for way in linear if way.keys() <= clashing]
        assert found.table["numbers"].min() <= min(among, default=len(addresses))
    if ways and len(found.table):
        assert found.table["total_cost"].min() >= min(price(case, way, prices) for way in ways) * (
            1 - 1e-9
        )
    assert len(found.table) or not linear


# Words and tables ---------------------------------------------------------------------------------


def test_the_menu_of_a_floor_and_a_budget(tmp_path: Path) -> None:
    found = repaired(POOR, tmp_path)
    assert found.in_words() == [
        "These 2 cannot all be kept; without any one of them the rest of these can (verified):",
        "- A floor of the policy: five: at least 5 (policy.toml, limits.five.at_least)",
        "- Spending stays within the budget: main, 2030: at most 40 (budgets.csv row 2, column "
        "amount_jpy)",
        "What each number would have to be by itself:",
        f"- {BUDGET}: 50 instead of 40",
        "- limits.five.at_least: 4 instead of 5",
        "Repairs, each solved and its plan checked:",
        "1. lower limits.five.at_least from 5 to 4 (20%) (cheapest): 400.000 points",
        f"2. raise {BUDGET} from 40 to 50 (25%): 500.000 points",
    ]
    assert found.verified
    assert found.changes(2) == {BUDGET: 50}
    assert list(found.plans) == [1, 2]
    with pytest.raises(OptimizerError, match="no repair 3\n    Expected a number from 1 to"):
        found.changes(3)


def test_a_budget_moves_all_rows_that_are_shares_of_it(tmp_path: Path) -> None:
    """Help may take a fifth of main: with one line alone raised, 75 of main let 15 of it go."""
    money = '[budget]\ntransfers = [{ from = "main", to = "help", share = 0.2 }]\n'
    case = NATIONAL.with_(
        money + FLOOR,
        budgets=("main,{year},M,50,program", "help,{year},N,0,integration"),
        costs=("t,main,1,,,,,10", "t,help,1,,,,,3"),
    )
    alone = repaired(case, tmp_path).tables["alone"].set_index("address")["after"]
    # 15 of main go to help, and 50 are spent on main itself: 75 would be needed for a fifth of it.
    assert alone[BUDGET] == pytest.approx(75.0)
    assert alone["budgets[line=help, year=2030].amount"] == pytest.approx(15.0)


def test_one_number_of_many_rows_is_changed_once(tmp_path: Path) -> None:
    yearly = '[[limits]]\nname = "each"\nmeasure = "slots"\nby = ["year"]\nat_least = 5\n'
    case = NATIONAL.over(2030, 2031).with_(
        yearly, budgets=("main,2030,M,40,program", "main,2031,M,30,program")
    )
    found = repaired(case, tmp_path)
    assert found.tables["clash"]["conflict"].max() == 1
    assert found.changes(1) == {"limits.each.at_least": 3}


def test_prices_say_which_repair_is_cheapest(tmp_path: Path) -> None:
    for prices, cheapest in (
        ({}, "limits.five.at_least"),
        ({"limits.five.at_least": 2.0}, BUDGET),
        ({"limits . five . at_least": inf}, BUDGET),
    ):
        table = repaired(POOR, tmp_path, prices=prices).table
        (row,) = table[table["kinds"].str.contains("cheapest")]["address"]
        assert row == cheapest
    with pytest.raises(PolicyError, match="0 is not a valid price"):
        repaired(POOR, tmp_path, prices={BUDGET: 0})
    with pytest.raises(PolicyError, match=r"Maybe limits\.five\.at_least"):
        repaired(POOR, tmp_path, prices={"limits.fife.at_least": 2})


def test_protected_limits_stay_unless_they_may_be_touched(tmp_path: Path) -> None:
    case = POOR.with_("protected = true\n")
    assert set(repaired(case, tmp_path).table["address"]) == {BUDGET}
    touched = repaired(case, tmp_path, touch_protected=True).table["address"]
    assert set(touched) == {BUDGET, "limits.five.at_least"}


def test_what_no_number_can_mend_has_no_repair(tmp_path: Path) -> None:
    case = NATIONAL.with_(
        '[[limits]]\nname = "much"\nmeasure = "value"\ngoal = "g"\nat_least = 100\n'
        "protected = true\n"
    )
    found = repaired(case, tmp_path)
    assert not found.verified
    assert found.in_words()[-2:] == [
        "None of these numbers may be changed.",
        "No repair was found.",
    ]


def test_what_grows_past_tenfold_is_told_in_times() -> None:
    asked = {"budgets[line=science].amount": "/50"}
    found = optimizer.repair(*TINY, changes=asked)
    (told,) = [each for each in found.in_words() if each.startswith("2. ")]
    line = "budgets[line=science, year=2030].amount"
    grown = f"2. raise {line} from 160,000 to 78,240,000 (489 times as much) (fewest): "
    assert told.startswith(grown)


def test_a_plan_needs_no_repair() -> None:
    found = optimizer.repair(*TINY)
    assert found.is_feasible
    assert found.in_words() == ["A plan keeps every rule: there is nothing to repair."]
    assert not len(found.table)


def test_ideals_are_shared_by_all_repairs(tmp_path: Path) -> None:
    """Without the budget and the floor seven could come; that counts as 1 in every repair."""
    policy = POOR.policy.replace('scale = "none"', 'scale = "ideal"')
    found = repaired(SmallCase(POOR.years, POOR.rows, policy), tmp_path)
    assert found.provenance["scales"] == {"g": 7.0}
    points = found.table.set_index("repair")["points"]
    assert points.tolist() == pytest.approx([100 * 4 / 7, 100 * 5 / 7])


def test_custom_rules_clash_but_are_not_repaired(tmp_path: Path) -> None:
    def few(model: object, instance: object) -> None:
        import pyomo.environ as pyo

        model.few = pyo.Constraint(expr=sum(model.cohort.values()) <= 3)  # type: ignore[attr-defined]

    found = repaired(NATIONAL.with_(FLOOR), tmp_path, extend=few)
    assert set(found.tables["clash"]["rule"]) == {"few", "limit_at_least"}
    assert found.changes(1) == {"limits.five.at_least": 3}


def test_time_that_is_out_offers_nothing_unverified_as_verified(tmp_path: Path) -> None:
    found = repaired(POOR, tmp_path, time_limit=0.001)
    assert not found.verified
    assert not found.is_feasible


# Numbers that cannot be doubled for ever, and numbers of 0 ------------------------------------


def alone_of(found: Repairs) -> pd.Series:
    """What each number of the conflicts would have to be by itself."""
    return found.tables["alone"].set_index("address")["after"]


def test_a_share_of_nothing_is_raised_as_far_as_it_must_be() -> None:
    found = optimizer.repair(*TINY, changes={"stability.max_change": 0})
    assert found.verified
    assert alone_of(found)["stability.max_change"] == 0.5


def test_transfers_of_nothing_are_raised_as_far_as_they_must_be(tmp_path: Path) -> None:
    """Five people need 15 of the 20 that help for them costs from main."""
    money = '[budget]\ntransfers = [{ from = "main", to = "help", share = 0 }]\n'
    case = NATIONAL.with_(
        money + FLOOR,
        budgets=("main,{year},M,20,program", "help,{year},N,0,integration"),
        costs=("t,help,1,,,,,3",),
    )
    found = repaired(case, tmp_path)
    assert alone_of(found)["budget.transfers.1.share"] == pytest.approx(0.75)


def test_an_amount_of_nothing_is_raised_whatever_its_unit(tmp_path: Path) -> None:
    """Five people for a gdp of 4 are 1.25 each, and as many times less where gdp is larger."""
    ceiling = '[[limits]]\nname = "few"\nmeasure = "slots"\nat_most = { amount = 0, per = "gdp" }\n'
    for unit in (1, 1_000_000_000):
        case = NATIONAL.with_(
            FLOOR + ceiling,
            countries=(f"AA,Aland,Asia,{unit}", f"BB,Bland,Europe,{3 * unit}"),
        )
        after = alone_of(repaired(case, tmp_path))["limits.few.at_most.amount"]
        assert after == pytest.approx(1.25 / unit, rel=2e-3)


CODES = ("AA", "BB", "CC", "DD", "EE")
FIVE = NATIONAL.with_(
    countries=tuple(f"{code},{code}land,Asia,1" for code in CODES),
    applicants=tuple(f"{code},t,,4" for code in CODES),
    budgets=("main,{year},M,40,program",),
)
"""Five countries, and money for four people."""
ALL_OF_A = '\n[[limits]]\nname = "a"\nmeasure = "slots"\nwhere = { country = "AA" }\nat_least = 4\n'


@pytest.mark.parametrize("kind", ["gini", "hoover"])
def test_no_figure_of_inequality_is_raised_above_1(kind: str, tmp_path: Path) -> None:
    """All for one of five countries is an inequality of 0.8: twice 0.6 is more than there is."""
    ceiling = '[[limits]]\nname = "fair"\nmeasure = "slots"\nby = ["country"]\n'
    fair = FIVE.with_(f"{ALL_OF_A}{ceiling}at_most = {{ {kind} = 0.6 }}\n")
    found = repaired(fair, tmp_path, prices={BUDGET: inf, "limits.a.at_least": inf})
    assert found.verified
    assert alone_of(found)[f"limits.fair.at_most.{kind}"] == pytest.approx(0.8, abs=1.1e-4)


# The first year of a limit --------------------------------------------------------------------

RAMP = """
[[limits]]
name = "ramp"
measure = "slots"
by = ["year"]
at_least = { times = 0.5, previous = true, first = { times = 1.5 } }
"""


def test_the_first_year_has_a_number_of_its_own(tmp_path: Path) -> None:
    """Eight slots today ask for 12 in 2030, whatever is asked of the year after it."""
    policy = tmp_path / "ramp.toml"
    policy.write_text((ROOT / "models" / "tiny.toml").read_text() + RAMP)
    found = optimizer.repair(policy, TINY[1])
    first = "limits.ramp.at_least.first.times"
    clash = found.tables["clash"].set_index("rule").loc["limit_at_least"]
    assert (clash["address"], clash["bound"]) == (first, "at least 1.5 times today's slots")
    assert alone_of(found)[first] == 1.0
    assert "limits.ramp.at_least.times" not in set(found.tables["alone"]["address"])
    dear = optimizer.repair(policy, TINY[1], prices={first: 3})
    before, after = (each.tables["alone"].set_index("address")["cost"] for each in (found, dear))
    assert after[first] == pytest.approx(3 * before[first])


# Files --------------------------------------------------------------------------------------------


def test_a_repair_is_written_as_a_policy_or_as_a_study(tmp_path: Path) -> None:
    case, policy = POOR.write(tmp_path)
    found = optimizer.repair(policy, case)
    plan = optimizer.solve(found.apply(1, tmp_path / "new.toml"), case)
    assert plan.objective == pytest.approx(400.0)
    assert "extends = " in (tmp_path / "new.toml").read_text()
    (tmp_path / "else").mkdir()
    whole = found.apply(1, tmp_path / "else" / "new.toml")
    assert optimizer.solve(whole, case).objective == pytest.approx(400.0)
    study = optimizer.Study.read(found.apply(2, tmp_path / "new.csv"))
    sweep = optimizer.sweep(policy, case, study, out=tmp_path / "swept")
    assert sweep.table.set_index("scenario").loc["repaired", "points"] == pytest.approx(500.0)
    with pytest.raises(OptimizerError, match=r"cannot hold figures of the case \(budgets"):
        found.apply(2, tmp_path / "other.toml")
    with pytest.raises(OptimizerError, match=r"new\.txt: a repair is written as \.toml"):
        found.apply(1, tmp_path / "new.txt")
    before = (tmp_path / "new.csv").read_bytes()
    with pytest.raises(TargetError):
        found.apply(2, tmp_path / "new.csv")
    assert (tmp_path / "new.csv").read_bytes() == before
    rows = list(csv.reader((tmp_path / "new.csv").read_text().splitlines()))
    assert rows == [["scenario", "address", "value"], ["repaired", BUDGET, "50"]]


TWICE = NATIONAL.over(2030, 2031).with_(FLOOR, budgets=("main,{year},M,40,program",))
"""Five people cost 50; 40 a year let eight come."""
ASKED = (
    (TWICE, {"budgets[line=main].amount": "*0.5"}),
    pytest.param(TWICE, {"budgets[line=main].amount": 20}, marks=pytest.mark.slow),
    (TWICE, {" budgets[ year = 2031,line='main' ].amount_jpy": "-75%", "limits.five.at_least": 8}),
    (TWICE, {"limits . five . at_least": "*2"}),
    pytest.param(
        TWICE,
        {"limits.five": {"name": "five", "measure": "slots", "at_least": 9}},
        marks=pytest.mark.slow,
    ),
    (
        TWICE,
        {
            "budgets[line=main].amount": "*0.5",
            "budgets[year=2031].amount": "-=30",
            "limits.five.at_least": "+=1",
        },
    ),
)


@pytest.mark.parametrize(("case", "changes"), ASKED)
def test_a_written_repair_says_every_number_once(
    case: SmallCase, changes: dict[str, object], tmp_path: Path
) -> None:
    """The study is read again, resolves, and its scenario has the points of the repair."""
    found = repaired(case, tmp_path, changes=changes, gap=0)
    files, policy = case.write(tmp_path)
    table = found.table.drop_duplicates("repair").set_index("repair")
    assert len(table)
    for number in map(int, table.index):
        study = optimizer.Study.read(found.apply(number, tmp_path / f"{number}.csv"))
        (scenario,) = (each for each in study.resolved(policy, files) if each.name == "repaired")
        plan = optimizer.solve(policy, files, changes=scenario.changes, gap=0)
        assert plan.objective == pytest.approx(table.loc[number, "points"])
        assert not any(map(is_cell, changes)) or any(map(is_cell, scenario.changes))


def test_a_table_of_the_policy_that_a_repair_changes_is_written_whole(tmp_path: Path) -> None:
    changes = {"stability": {"max_change": 0.25, "penalty": 0.01}}
    found = optimizer.repair(*TINY, changes=changes)
    study = optimizer.Study.read(found.apply(1, tmp_path / "new.csv"))
    (scenario,) = (each for each in study.resolved(*TINY) if each.name == "repaired")
    assert scenario.changes == {"stability": {"max_change": 0.5, "penalty": 0.01}}
    plan = optimizer.solve(found.apply(1, tmp_path / "new.toml"), TINY[1])
    assert plan.objective == pytest.approx(found.table["points"].iloc[0])


MANY = '\n[[limits]]\nname = "many"\nmeasure = "slots"\nat_least = 22\n'


def flexible(folder: Path, flex: str, **options: object) -> Repairs:
    """Tiny with a floor of 22 slots, of which 19 are possible."""
    policy = folder / "flex.toml"
    policy.write_text((ROOT / "models" / "tiny.toml").read_text() + MANY + flex)
    return optimizer.repair(policy, TINY[1], **options)  # type: ignore[arg-type]  # options of it


def told(repairs: Repairs) -> list[tuple[str, float, float, str]]:
    columns = ["address", "after", "cost", "kinds"]
    rows = repairs.table[columns].itertuples(index=False, name=None)
    return [(address, after, round(cost, 3), kinds) for address, after, cost, kinds in rows]


def test_a_limit_gives_way_as_far_and_as_dearly_as_its_policy_says(tmp_path: Path) -> None:
    floor = "limits.many.at_least"
    alone = [(floor, 19.0, 13.636, "alone, cheapest")]
    assert told(flexible(tmp_path, "")) == alone
    assert told(flexible(tmp_path, "flex = { down = 0.14 }\n")) == alone
    # A twentieth of 22 is one slot, so that money has to do the rest.
    few = flexible(tmp_path, "flex = { down = 0.05 }\n")
    assert few.tables["alone"].set_index("address").loc[floor, "status"] == "not alone"
    afters = few.table.loc[few.table["address"].eq(floor), "after"]
    assert set(afters) == {21.0}
    assert len(few.table) > len(afters)
    dear = [(floor, 19.0, 40.909, "alone, cheapest, least change")]
    assert told(flexible(tmp_path, "flex = { price = 3 }\n")) == dear
    # What is asked on the spot comes before what the policy says.
    assert told(flexible(tmp_path, "flex = { price = 3 }\n", prices={floor: 1})) == alone
    dearer = flexible(tmp_path, "flex = { price = 30 }\n").table.drop_duplicates("repair")
    assert dearer["kinds"].tolist() == ["cheapest", "alone, least change"]
    assert dearer["total_cost"].tolist()[1] == pytest.approx(30 * 300 / 22)


@pytest.mark.parametrize(
    ("flex", "said"),
    [
        ("flex = { up = 0.1 }\n", "flex.up: the limit has no at_most"),
        ("flex = { down = -1 }\n", "flex.down: -1 is below 0"),
        ("flex = {}\nprotected = true\n", "a protected limit is not loosened by repairs"),
        ("flex = {}\nsoft = 1\n", "a soft limit is not loosened by repairs"),
        ("flex = { price = 0 }\n", "flex.price: 0 is not above 0"),
    ],
)
def test_what_no_limit_can_mean_by_flex_is_refused(tmp_path: Path, flex: str, said: str) -> None:
    with pytest.raises(PolicyError) as error:
        flexible(tmp_path, flex)
    assert said in str(error.value)


def test_one_agency_changes_its_own_budgets_alone(tmp_path: Path) -> None:
    few = {"stability.max_change": 1, "budgets[line=science].amount": "*0.5"}
    anybody = optimizer.repair(*TINY, changes=few)
    assert anybody.verified
    own = optimizer.repair(*TINY, changes=few, agency="Science")
    assert own.verified
    assert own.table["address"].str.startswith("budgets[line=science").all()
    other = optimizer.repair(*TINY, changes=few, agency="Interior")
    assert not other.verified
    assert "No repair was found." in other.in_words()
    with pytest.raises(PolicyError, match=r"(?s)no budget line is of agency 'Sience'.*Science"):
        optimizer.repair(*TINY, changes=few, agency="Sience")


def test_a_session_is_repaired_as_it_stands(tmp_path: Path) -> None:
    """Changed, with limits added and dropped: as if that had been asked from the beginning."""
    session = optimizer.Session(*TINY)
    session.change({"stability.max_change": 0.25})
    found = optimizer.repair(session)
    assert found.changes(1) == {"stability.max_change": 0.5}
    session.drop("change_within_limit")
    session.add_limit({"name": "many", "measure": "slots", "at_least": 25, "why": "Enough."})
    found = optimizer.repair(session)
    assert all("stability" not in address for address in found.table["address"])
    assert "many" in " ".join(found.in_words())
    with pytest.raises(InfeasibleError):
        session.solve()
    session.change(found.changes(1))
    points = found.table["points"].iloc[0]
    assert session.solve(gap=0.0).objective == pytest.approx(points)
    with pytest.raises(OptimizerError, match="a session holds case, changes and custom rules"):
        optimizer.repair(session, TINY[1])
    with pytest.raises(OptimizerError, match="there is no case"):
        optimizer.repair(TINY[0])


def test_what_was_asked_of_many_cells_is_written_beside_the_repair(tmp_path: Path) -> None:
    found = optimizer.repair(*TINY, changes={"budgets[line=science].amount": "*0.8"})
    # The repair of two numbers is the cheaper one, and comes first.
    assert found.table.drop_duplicates("repair")["numbers"].tolist() == [2, 1]
    assert found.table["total_cost"].is_monotonic_increasing
    written = [
        {
            row["address"]: float(row["value"])
            for row in csv.DictReader(
                found.apply(number, tmp_path / f"{number}.csv").read_text().splitlines()
            )
        }
        for number in (1, 2)
    ]
    science = "budgets[line=science, year={}].amount"
    assert written == [
        {science.format(2030): 7_000_000, science.format(2031): 12_000_000},
        {science.format(2030): 10_200_000, science.format(2031): 8_800_000},
    ]


def test_what_stands_behind_a_number_is_said(tmp_path: Path) -> None:
    """Without the ceiling of the whole the budget still lets no five come."""
    ceiling = FLOOR + '\n[[limits]]\nname = "few"\nmeasure = "slots"\nat_most = 3\n'
    words = repaired(POOR.with_(ceiling.removeprefix(FLOOR)), tmp_path).in_words()
    behind = "to change it alone is not enough, as another conflict stands behind it"
    assert [line for line in words if behind in line]


def test_a_repair_elsewhere_extends_what_it_can_reach_or_marks_its_changes(tmp_path: Path) -> None:
    (tmp_path / "within").mkdir()
    case, policy = POOR.write(tmp_path / "within")
    found = optimizer.repair(policy, case)
    path = found.apply(1, tmp_path / "above.toml")
    above = path.read_text()
    assert above.startswith(
        "# within/policy.toml, with these changes:\n# limits.five.at_least=4, before 5\n"
    )
    assert 'extends = "within/policy.toml"' in above
    assert optimizer.solve(path, case).objective == pytest.approx(400.0)
    (tmp_path / "else").mkdir()
    whole = found.apply(1, tmp_path / "else" / "new.toml").read_text()
    assert whole.startswith(
        "# All of policy.toml, without its comments, and with these changes:\n"
        "# limits.five.at_least=4, before 5\n"
    )
    # A policy that was changed after it was read stands in no file.
    changed = optimizer.load_policy(policy, changes={"goals.g.weight": 2})
    path = optimizer.repair(changed, case).apply(1, tmp_path / "within" / "new.toml")
    assert optimizer.load_policy(path).goals["g"].weight == 2


def test_in_a_large_model_whole_people_have_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where people have parts in the search, a repair is a little larger than must be there."""
    monkeypatch.setattr("optimizer.persistent.conflict.WHOLE_UP_TO", 0)
    found = repaired(POOR, tmp_path)
    alone = found.tables["alone"].set_index("address")["after"]
    assert alone.to_dict() == {"limits.five.at_least": 4, BUDGET: 50}
    assert found.verified
    assert {str(dict(found.changes(number))) for number in found.plans} == {
        str({"limits.five.at_least": 4}),
        str({BUDGET: 50.1}),
    }


@pytest.mark.parametrize(
    ("before", "after", "room", "told"),
    [
        (3.0, 346_157_893.0, 0.01, 350_000_000.0),
        (40.0, 50.0, 0.01, 50.1),
        (0.9, 0.82, 0.1, 0.812),
        (5.0, 0.5, 0.2, 0.0),
    ],
)
def test_room_is_in_three_digits_of_the_change(
    before: float, after: float, room: float, told: float
) -> None:
    """As far as a number can go: at least of people no further than to none."""
    sign = 1 if after > before else -1
    lever = Lever("a", "", before, sign, 1.0, False, False, False, inf)
    assert lever.with_room(after, room) == told


def test_the_result_is_written_as_a_workbook(tmp_path: Path) -> None:
    path = repaired(POOR, tmp_path).to_excel(tmp_path / "repairs.xlsx")
    assert pd.read_excel(path, sheet_name="clash", engine="calamine")["address"].tolist() == [
        "limits.five.at_least",
        BUDGET,
    ]


def command(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["optimizer", *map(str, words)])
    return main()


def test_the_command_repairs_annotates_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, policy = POOR.write(tmp_path)
    new = tmp_path / "new.toml"
    assert command(monkeypatch, "repair", policy, case, "--github", "--apply", 1, new) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-4:] == [
        f"::error file={policy}::A floor of the policy: five: at least 5, clashes with other rules",
        f"::error file={case / 'budgets.csv'},line=2::Spending stays within the budget: main, "
        "2030: at most 40, clashes with other rules",
        f"Written: {new}",
        f"Next: optimizer solve {new} {case}",
    ]
    # Refused before anything is solved, and without a flag that is not there.
    assert command(monkeypatch, "repair", policy, case, "--apply", 1, new) == 2
    refused = capsys.readouterr()
    assert (refused.out, refused.err.endswith("exists already\n    Expected a new path.\n")) == (
        "",
        True,
    )
    # Nothing is extended from another folder, which is said.
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "new.toml"
    assert command(monkeypatch, "repair", policy, case, "--apply", 1, other) == 0
    whole = f"Written: {other} (all of {policy.name}, which cannot be extended from there)\n"
    assert whole in capsys.readouterr().out
    assert "extends" not in other.read_text(encoding="utf-8")
    study = tmp_path / "new.csv"
    assert command(monkeypatch, "repair", policy, case, "--apply", 2, study) == 0
    printed = capsys.readouterr().out
    assert printed.endswith(
        f"Next: optimizer sweep {policy} {case} {study} --out {tmp_path / 'new'}\n"
    )
    assert command(monkeypatch, "repair", policy, case, "--price", "limits.five.at_least=inf") == 0
    assert capsys.readouterr().out.endswith(f"--set '{BUDGET}=50'\n")
    assert command(monkeypatch, "repair", policy, case, "--price", "much") == 2
    case, policy = POOR.with_("protected = true\n").write(tmp_path)
    prices = ("--price", f"{BUDGET}=inf")
    assert command(monkeypatch, "repair", policy, case, *prices) == 3
    assert "No repair was found." in capsys.readouterr().out


def test_the_command_goes_on_from_changes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = ("--set", "stability.max_change=0.25")
    assert command(monkeypatch, "repair", *TINY, *changes, "--json") == 0
    assert '"verified": true' in capsys.readouterr().out
    assert command(monkeypatch, "repair", *TINY, *changes) == 0
    assert capsys.readouterr().out.endswith(" --set stability.max_change=0.5\n")


def test_a_repair_of_added_limits_is_written_with_them(tmp_path: Path) -> None:
    session = optimizer.Session(*TINY)
    many: dict[str, object] = {"name": "many", "measure": "slots", "at_least": 25}
    session.add_limit({**many, "protected": True})
    found = optimizer.repair(session, touch_protected=True)
    # What changes figures of the case is in neither file.
    (own, *_) = (
        int(number)
        for number in found.table["repair"].unique()
        if not any(map(is_cell, found.changes(number)))
    )
    policy = found.apply(own, tmp_path / "a.toml")
    assert optimizer.load_policy(policy).limits[-1].protected
    points = found.table.set_index("repair").loc[[own], "points"].iloc[0]
    plan = optimizer.solve(policy, TINY[1], gap=0.0)
    assert plan.objective == pytest.approx(points)
    with pytest.raises(OptimizerError) as error:
        found.apply(own, tmp_path / "a.csv")
    assert str(error.value) == (
        "a.csv: a study cannot hold limits that were added (many)\n"
        "    Expected a name ending in .toml, for a policy with them."
    )


def test_what_no_file_can_hold_is_refused(tmp_path: Path) -> None:
    session = optimizer.Session(*TINY)
    session.drop("change_within_limit")
    session.add_limit({"name": "many", "measure": "slots", "at_least": 25})
    found = optimizer.repair(session)
    for name in ("a.toml", "a.csv"):
        with pytest.raises(OptimizerError) as error:
            found.apply(1, tmp_path / name)
        assert str(error.value) == (
            f"{name}: a file cannot hold rules that were dropped (change_within_limit)\n"
            "    Expected the changes of the repair by themselves, as Repairs.changes gives them."
        )
    assert not list(tmp_path.iterdir())


SIX = NATIONAL.with_(
    "".join(
        f'\n[[limits]]\nname = "{country}{track} {bound}"\nmeasure = "slots"\n{bound}\n'
        f'where = {{ country = "{country}", track = "{track}" }}\n'
        for country in ("AA", "BB")
        for track in "tuv"
        for bound in ("at_least = 4", "at_most = 3")
    ),
    tracks=tuple(f"{track},T,study,M,care,inbound,1,0,no,1,no" for track in "tuv"),
    applicants=tuple(f"{country},{track},,4" for country in ("AA", "BB") for track in "tuv"),
    costs=("t,main,1,,,,,10", "u,main,1,,,,,10", "v,main,1,,,,,10"),
    budgets=("main,{year},M,240,program",),
)
"""Six floors above their ceilings, one more than conflicts that are looked for."""


def test_ideals_are_known_where_more_clashes_than_is_found(tmp_path: Path) -> None:
    policy = SIX.policy.replace('scale = "none"', 'scale = "ideal"')
    case = SmallCase(SIX.years, SIX.rows, policy)
    found = repaired(case, tmp_path)
    assert (found.provenance["scales"], found.provenance["scales_from"]) == (
        {"g": 18.0},
        "ideals after the first repair",
    )
    plan = optimizer.solve(found.apply(1, tmp_path / "new.toml"), tmp_path / "hand")
    assert found.table["points"].iloc[0] == pytest.approx(plan.objective)


def test_points_of_raw_values_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizer.persistent.goals_alone.ideals_in", lambda *_: None)
    policy = POOR.policy.replace('scale = "none"', 'scale = "ideal"')
    found = repaired(SmallCase(POOR.years, POOR.rows, policy), tmp_path)
    assert found.provenance["scales_from"] == "raw values, as ideals are not known"
    assert found.in_words()[-1] == (
        "Points add up raw values, as ideals are not known: they compare these repairs alone."
    )


def test_annotations_name_files_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--set", "stability.max_change=0.25", "--github")
    assert command(monkeypatch, "repair", *TINY, *asked) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::error")]
    policy, case = TINY
    assert notes == [
        f"::error file={policy}::Change against the current plan stays within its limit: 2031: at "
        "most 25%25, clashes with other rules",
        f"::error file={case / 'commitments.csv'},line=2::Committed slots are given: commitments "
        "row 2: at least 2, clashes with other rules",
    ]
    (tmp_path / "within").mkdir()
    files, extended = POOR.write(tmp_path / "within")
    above = tmp_path / "above.toml"
    above.write_text('schema = 1\ntitle = "Above"\nextends = "within/policy.toml"\n')
    assert command(monkeypatch, "repair", above, files, "--github") == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::error")]
    assert notes[0].startswith(f"::error file={extended}::A floor of the policy: five")


def test_the_page_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "repair.md").read_text(encoding="utf-8")
    found = re.findall(
        r"<!-- run -->\n```python\n(.*?)```\n\n<!-- prints -->\n```text\n(.*?)```", page, re.DOTALL
    )
    ((code, printed),) = found
    exec(code, {})
    assert capsys.readouterr().out == printed


def test_questions_for_a_plan_share_a_loaded_model(tmp_path: Path) -> None:
    """A number that only moves sides of rows is asked about in one model, again and again."""
    case = NATIONAL.with_(
        '\n[[limits]]\nname = "floor"\nmeasure = "slots"\nat_least = 5\n',
        budgets=("main,{year},M,40,program",),
    )
    files, policy = case.write(tmp_path)
    held = Holding(read_question(policy, files), scales=Scales({"g": 1.0}, GIVEN))
    asking, watch = PlanAsking(), Watch()
    found = []
    for least in (5, 4, 3, 5):
        held.change_to({"limits.floor.at_least": least})
        found.append(asking.has_plan(held.loaded, watch))
    assert found == [False, True, True, False]
    assert asking.loads == 1
    held.change_to({})
    rows = [
        row for row, (name, _) in enumerate(held.loaded.matrix.rows) if name == "limit_at_least"
    ]
    assert asking.has_plan(held.loaded, watch, rows) is True
    assert asking.loads == 1
