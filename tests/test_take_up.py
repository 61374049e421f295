"""Who may continue and who does, by the region left, with the rules that hold the others back.

In CASE 1.2 people may stay from r1 and 0.4 from r2 (see ``test_movement``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyomo.environ as pyo
import pytest

from golden.small_cases import SmallCase
from optimizer import Instance, Plan, evaluate, load_case, load_policy, solve
from optimizer.report.blocks import Details, Table
from optimizer.report.continuing import take_up_blocks
from optimizer.report.material import gather
from optimizer.report.page import render_page
from test_movement import TAIL, free, kept
from test_stability import solved

EQUAL = kept("0.6", "1", "1")
SERVICE = "r2,help,{year},0.14,hours,1,0,0,0,main"
FULL = "A ceiling of the policy: few, year=2030; A ceiling of the policy: few, year=2031"
LIMIT = '[[limits]]\nname = "few"\nmeasure = "residents"\nwhere = { track = "u" }\n'


def told(plan: Plan) -> dict[str, tuple[float, float, str]]:
    table = plan.tables["take_up"]
    table = table[table["year"].eq(2030)]
    columns = (table[name] for name in ("region", "may_stay", "take_up", "held_by"))
    return {
        region: (round(may, 6), round(share, 6), rules)
        for region, may, share, rules in zip(*columns, strict=True)
    }


@pytest.mark.parametrize(
    ("case", "r1", "r2"),
    [
        (EQUAL, (1.2, 1, ""), (0.4, 1, "")),
        # r2 helps 0.14 people: 0.7 from r1, where each takes 0.2 of a place there, none from r2.
        (
            EQUAL.with_(
                services=("r1,help,{year},9,hours,1,0,0,0,main", SERVICE),
                service_use=("u,help,1,,,,1",),
            ),
            (
                1.2,
                round(0.7 / 1.2, 6),
                "Local services are not used beyond capacity: r2, help, 2030",
            ),
            (0.4, 0, "Local services are not used beyond capacity: r2, help, 2030"),
        ),
        # Nobody stays, as nobody may be on u.
        (
            EQUAL.with_(national_caps=("u,{year},0,residents",)),
            (1.2, 0, "National cap on residents: u, 2030; National cap on residents: u, 2031"),
            (0.4, 0, "National cap on residents: u, 2030; National cap on residents: u, 2031"),
        ),
        (
            EQUAL.with_(budgets=("main,{year},M,0,program",)),
            (1.2, 0, "Spending stays within the budget: main, 2030"),
            (0.4, 0, "Spending stays within the budget: main, 2030"),
        ),
        (
            EQUAL.with_(LIMIT + 'by = ["year"]\nat_most = 0\n'),
            (1.2, 0, FULL),
            (0.4, 0, FULL),
        ),
        # Nothing is in the way: staying earns less than going home.
        (
            EQUAL.aiming_at(
                '[goals.g]\nweight = 1\nscale = "none"\n'
                'effects = [{ where = { track = "t" }, stage = "return", effect = 1 }]\n' + TAIL
            ),
            (1.2, 0, ""),
            (0.4, 0, ""),
        ),
    ],
    ids=["all", "service", "cap", "budget", "limit", "worth nothing"],
)
def test_take_up_is_told_by_the_region_left(
    case: SmallCase, r1: tuple[float, float, str], r2: tuple[float, float, str], tmp_path: Path
) -> None:
    assert told(solved(case, tmp_path)) == {"r1": r1, "r2": r2}


def test_take_up_has_no_region_where_people_move_freely(tmp_path: Path) -> None:
    case = free(EQUAL).with_(national_caps=("u,{year},1,residents",))
    rules = "National cap on residents: u, 2030; National cap on residents: u, 2031"
    assert told(solved(case, tmp_path)) == {"": (1.6, 0.625, rules)}


def test_the_report_tells_who_may_continue_and_does_not(tmp_path: Path) -> None:
    def page(case: SmallCase) -> str:
        folder, policy = case.write(tmp_path)
        return render_page(solved(case, tmp_path), load_case(folder), load_policy(policy))

    full = page(EQUAL)
    assert "may continue on a track" in full
    assert "does not, most people first" not in full
    capped = page(EQUAL.with_(national_caps=("u,{year},0,residents",)))
    assert "persons who may continue on a track, 0 do (0%)." in capped
    assert "Who may continue and does not, most people first" in capped
    assert "National cap on residents: U · 2030; National cap on residents: U · 2031<" in capped
    served = page(
        EQUAL.with_(
            services=("r1,help,{year},9,hours,1,0,0,0,main", SERVICE),
            service_use=("u,help,1,,,,1",),
        )
    )
    # 0.4 stay from nowhere of r2, and 0.7 of 1.2 from r1.
    assert "<td>S</td>" in served
    assert "Local services are not used beyond capacity: S · help · 2030<" in served
    assert ">0.7<" in served
    poor = page(EQUAL.with_(budgets=("main,{year},M,0,program",)))
    assert "Spending stays within the budget: Main · 2030<" in poor
    idle = page(
        EQUAL.aiming_at(
            '[goals.g]\nweight = 1\nscale = "none"\n'
            'effects = [{ where = { track = "t" }, stage = "return", effect = 1 }]\n' + TAIL
        )
    )
    assert "no hard rule stands in the way" in idle


def test_planned_years_come_before_later_ones_and_most_people_first(tmp_path: Path) -> None:
    folder, policy = EQUAL.with_(national_caps=("u,{year},0,residents",)).write(tmp_path)
    plan = solved(EQUAL.with_(national_caps=("u,{year},0,residents",)), tmp_path)
    row = plan.tables["take_up"].iloc[[0]]
    rows = [
        row.assign(year=year, may_stay=may, stay=0.0, take_up=0.0)
        for year, may in ((2031, 9.0), (2030, 0.02), (2030, 2.34), (2031, 1234.0))
    ]
    tables = {**plan.tables, "take_up": pd.concat(rows, ignore_index=True)}
    material = gather(replace(plan, tables=tables), load_case(folder), load_policy(policy))
    _, details = take_up_blocks(material)
    assert isinstance(details, Details)
    (table,) = details.blocks
    assert isinstance(table, Table)
    assert table.caption == ("Who may continue and does not, planned years and most people first")
    told = [(row[3].text, row[4].text) for row in table.rows]
    assert told == [("2030", "2.3"), ("2030", "<0.1"), ("2031", "1,234"), ("2031", "9")]


def few_stay(model: Any, _: Instance) -> None:
    model.few_stay = pyo.Constraint(expr=pyo.quicksum(model.transitions.values()) <= 0.5)


def few_here(model: Any, _: Instance) -> None:
    # Through an account, which adds up those who stay.
    model.few_here = pyo.Constraint(expr=-model.residents["u", 2030] >= -0.5)


def exactly_few(model: Any, _: Instance) -> None:
    model.exactly_few = pyo.Constraint(expr=pyo.quicksum(model.transitions.values()) == 0.5)


def many_allowed(model: Any, _: Instance) -> None:
    # What a variable is said to be holds nobody back; nor does a rule that has room.
    model.stays = pyo.Var()
    model.stays_are = pyo.Constraint(expr=model.stays == pyo.quicksum(model.transitions.values()))
    model.many = pyo.Constraint(expr=model.stays <= 1000)


@pytest.mark.parametrize(
    ("extend", "rule", "held"),
    [
        (few_stay, "Few stay", True),
        (few_here, "Few here", True),
        (exactly_few, "Exactly few", True),
        (many_allowed, "Stays are", False),
    ],
)
def test_custom_rules_that_hold_people_back_are_named(
    extend: Callable[[Any, Instance], None], rule: str, held: bool, tmp_path: Path
) -> None:
    # The cap binds nobody, but has residents counted.
    folder, policy = EQUAL.with_(national_caps=("u,{year},99,residents",)).write(tmp_path)
    plan = solve(policy, folder, extend=extend)
    table = plan.tables["take_up"]
    here = table[table["year"].eq(2030)]
    assert (here["take_up"].min() < 1) == held
    short = here[here["take_up"] < 1]
    assert [rule in words for words in short["held_by"]] == [held] * len(short)
    rules = plan.tables["rules"]
    for labels in short["held_rows"]:
        assert extend.__name__ in set(rules.loc[list(labels), "rule"])
    text = render_page(plan, load_case(folder), load_policy(policy))
    assert (f"{rule}: all<" in text) == held
    checked = evaluate(plan, policy, folder, extend=extend)
    assert checked.tables["take_up"].equals(table)
