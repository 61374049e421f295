"""What every decision costs, on which line and in which year: before any plan or model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest

from golden.rule_cases import FLOORED
from golden.small_cases import AGREED, NATIONAL, TWO_LINES, SmallCase
from golden.texts import Golden
from optimizer.case import Case
from optimizer.case.currency import smallest_unit
from optimizer.errors import Problems
from optimizer.formulation import build_pyomo
from optimizer.formulation.budget import budget_numbers
from optimizer.formulation.compiling import compile_model
from optimizer.instance import Instance
from optimizer.instance.money import (
    participant_costs,
    regional_costs,
    spending_terms,
    support_floor_terms,
)
from test_evaluation import FULL

GOLDEN = Golden(Path(__file__).parent / "golden" / "money.txt")
FEW_YEARS = FULL.with_(
    costs=("t,help,1,,,,,10", "t,help,2,,BB,,,11", "t,help,1,,AA,,,0", "u,help,1,,,,transition,7",
           "u,main,1,,BB,2031,new,3", "u,help,1,,,,new,2"),
    region_costs=("t,help,r1,1,3", "t,help,r1,2,4", "t,main,r1,1,0", "u,help,r2,1,5"),
    agreements=("AA,t,proposed,help,6,3,0", "BB,t,existing,help,0,2,0"),
    services=("r1,help,{year},9,hours,4,2,5,2,help", "r2,help,{year},9,hours,4,0,5,1,main"),
)  # fmt: skip
CASES: dict[str, SmallCase] = {
    "full": FULL,
    "costs by country, year and entry": FEW_YEARS,
    "floored": FLOORED,
    "two lines": TWO_LINES,
    "three years": TWO_LINES.over(2030, 2031, 2032),
    "an agreement that takes a year": AGREED,
    "nothing costs": NATIONAL.with_(costs=()),
}


@cache
def joined(name: str) -> Instance:
    with TemporaryDirectory() as folder:
        return CASES[name].instance(Path(folder))


def people_here(i: Instance) -> pd.DataFrame:
    return participant_costs(i.case.table("costs"), i.sets, i.people.present, Problems())


PARTS: dict[str, Callable[[Instance], object]] = {
    "participants": people_here,
    "regions": lambda i: regional_costs(i.case.table("region_costs"), i.people.present_at),
    "spending": lambda i: spending_terms(i.case, i.sets, i.people, Problems()),
    "support": lambda i: support_floor_terms(i.case, i.sets, i.people, Problems()),
    "numbers": budget_numbers,
}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("full", "spending"),
        ("full", "support"),
        ("full", "regions"),
        ("costs by country, year and entry", "participants"),
        ("costs by country, year and entry", "regions"),
        ("costs by country, year and entry", "spending"),
        ("costs by country, year and entry", "support"),
        ("floored", "support"),
        ("three years", "numbers"),
        ("two lines", "numbers"),
        ("nothing costs", "spending"),
        ("nothing costs", "participants"),
    ],
)
def test_what_decisions_cost_is_as_reviewed(name: str, part: str) -> None:
    assert GOLDEN.holds(f"{name}: {part}", PARTS[part](joined(name)))


def test_all_that_is_paid_is_paid_in_a_year_that_is_planned() -> None:
    # Set-up is paid a year before an agreement is open, so none opens in the first year.
    for name in CASES:
        instance = joined(name)
        assert {*instance.spending["year"]} <= {*instance.sets.window}
    agreed = joined("an agreement that takes a year")
    setup = agreed.spending[agreed.spending["what"].eq("agreement set-up")]
    assert setup[["year", "coefficient"]].to_numpy().tolist() == [[2030, 6.0]]
    assert agreed.sets.agreement["year"].tolist() == [2031]


RULES = ("spending_adds_up", "spending_within_budget", "transfer_within_share",
         "carry_over_within_share", "received_money_is_spent")  # fmt: skip


def test_rows_of_the_rules_on_money_are_as_reviewed() -> None:
    matrix = compile_model(build_pyomo(joined("three years"), {"g": 1.0}))
    dense = matrix.a.toarray()
    rows = [
        f"{rule}{index}: {low:g} <= "
        + " ".join(f"{dense[row, n]:+g} {matrix.columns[n]}" for n in np.flatnonzero(dense[row]))
        + f" <= {high:g}"
        for row, ((rule, index), low, high) in enumerate(
            zip(matrix.rows, matrix.row_lower, matrix.row_upper, strict=True)
        )
        if rule in RULES
    ]
    money = matrix.family("spending"), matrix.family("transfer"), matrix.family("carry_over")
    lower = [float(matrix.lower[n]) for family in money for n in family]
    assert lower == [0.0] * (6 + 3 + 2)
    assert GOLDEN.holds("three years: rows", rows)


def test_the_sets_of_spending_are_those_of_the_instance() -> None:
    for name in CASES:
        i = joined(name)
        again = spending_terms(i.case, i.sets, i.people, Problems())
        pd.testing.assert_frame_equal(again, i.spending)


def test_a_cost_told_twice_is_a_fault_of_the_file() -> None:
    i = joined("full")
    costs = i.case.table("costs")
    # Both for anybody of A in the first year, one by country and one by level.
    twice = costs.iloc[[0, 0]].assign(country=["AA", ""], level=["", "standard"])
    case = replace(i.case, tables={**i.case.tables, "costs": pd.concat([costs, twice])})
    problems = Problems()
    participant_costs(case.table("costs"), i.sets, i.people.present, problems)
    assert [problem.file for problem in problems][:1] == ["costs.csv"]


# The smallest unit of money


def amounts(currency: str, *budget: float) -> Case:
    """The smallest case with these budgets."""
    case = joined("nothing costs").case
    table = case.table("budgets")
    more = pd.concat([table] * len(budget), ignore_index=True).assign(amount=budget)
    return replace(case, currency=currency, tables={**case.tables, "budgets": more})


@pytest.mark.parametrize(
    ("currency", "budget", "unit"),
    [
        ("JPY", [100.0, 7.0], 1.0),
        ("JPY", [100.0, 7.5], 0.1),
        ("JPY", [100.25, 7.0], 0.01),
        ("JPY", [100.0, 7.125], 0.001),
        # More decimals than three beyond the currency's own come from a division.
        ("JPY", [100.0, 7.0625], 0.001),
        ("EUR", [100.0, 7.5], 0.01),
        ("EUR", [100.0, 7.125], 0.001),
        ("EUR", [100.0, 1 / 3], 0.00001),
        ("KWD", [100.0], 0.001),
        ("EUR", [float("nan"), 7.5], 0.01),
        ("EUR", [float("inf"), 7.5], 0.01),
    ],
)
def test_the_smallest_unit_that_amounts_need(
    currency: str, budget: list[float], unit: float
) -> None:
    assert smallest_unit(amounts(currency, *budget)) == pytest.approx(unit, rel=1e-12)
