"""Writes a plan as a workbook: one sheet per table, one header row, ready to filter and pivot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from optimizer.case import Case
from optimizer.io.sheet_scan import MOST_ROWS
from optimizer.io.table_books import table_book
from optimizer.io.writing import write_bytes
from optimizer.plan import Plan
from optimizer.plan.own_sheets import own_sheets
from optimizer.plan.parameters import parameters
from optimizer.plan.subject import PLACE
from optimizer.plan.take_up import HELD_ROWS
from optimizer.policy import Policy
from optimizer.runs.decision_rows import decision_rows
from optimizer.runs.own_tables import own_tables
from optimizer.schema.rules import BOUNDS, RULES

_PARAMETERS = "parameters"

NAMES: Mapping[str, tuple[str, Mapping[str, str]]] = MappingProxyType(
    {
        "country": ("countries", {"country_name": "name", "world_region": "world_region"}),
        "track": ("tracks", {"track_name": "name", "pathway": "pathway", "agency": "agency"}),
        "region": ("regions", {"region_name": "name", "area": "area"}),
    }
)
"""Columns that stand beside a key for pivot tables: the key's table, and what is taken from it."""

LEFT_OUT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "slots": ("track_name", "region_name"),
        "cohort": (),
        "placements": (),
        "residents": (),
        "people": (),
    }
)
"""Sheets with names beside their keys, and those left out of them.

Every column makes the longest tables a tenth larger, so that there only stands what the keys of
most cases do not say themselves.
"""


def write_workbook(plan: Plan, path: Path, policy: Policy, case: Case) -> None:
    """Write a plan as :func:`workbook_of` gives it."""
    write_bytes(path, workbook_of(plan, policy, case))


def workbook_of(plan: Plan, policy: Policy, case: Case) -> bytes:
    """Give the plan's tables, what it was made with, and a sheet for each agency and region.

    Parameters
    ----------
    policy
        The policy as changed, that the plan was made for.

    Raises
    ------
    OptimizerError
        If openpyxl is not installed.
    """
    sheets = sheets_of(plan, policy, case)
    sheets |= own_tables(plan, own_sheets(plan, case, policy), sheets)
    return table_book(sheets, "plan.xlsx")


def sheets_of(plan: Plan, policy: Policy, case: Case) -> dict[str, pd.DataFrame]:
    """Give the tables of the workbook; the integration budget by its keys, whatever the line.

    A table that is longer than a sheet can be is none of them; the parameters say so.
    """
    sheets = {"slots": plan.slots, "decisions": decision_rows(plan.decisions)}
    if len(plan.decisions.variables):
        sheets |= {"variables": plan.decisions.variables}
    sheets |= {
        # Keys stand there in words already.
        name: table.drop(columns=[*PLACE, HELD_ROWS], errors="ignore")
        for name, table in plan.tables.items()
        if name != "custom_rules" or len(table)
    }
    sheets |= {"rules": _rules(plan)}
    keys = ["country", "track", "region", "year"]
    total = plan.tables["integration"].groupby(keys, sort=False)["amount"].sum()
    sheets |= {"integration": total.reset_index()}
    for name, left_out in LEFT_OUT.items():
        sheets[name] = with_names(sheets[name], case).drop(columns=list(left_out))
    if plan.answers is not None:
        sheets |= dict(plan.answers.sheets())
    too_long = {name: len(table) for name, table in sheets.items() if len(table) >= MOST_ROWS}
    fitting = {name: table for name, table in sheets.items() if name not in too_long}
    return fitting | {_PARAMETERS: parameters(plan, policy, case, too_long)}


def _rules(plan: Plan) -> pd.DataFrame:
    """Give every checked row, with its rule in words and no room where there is only noise."""
    rules, custom = plan.tables["rules"], plan.tables["custom_rules"]
    titles = {name: rule.title for name, rule in (RULES | BOUNDS).items()}
    titles |= dict(zip(custom["rule"], custom["title"], strict=True))
    slack = rules["slack"].where(rules["slack"].abs() > rules["allowed"], 0.0)
    named = rules.assign(title=rules["rule"].map(titles).fillna(""), slack=slack)
    return named[["rule", "title", "key", "value", "sense", "limit", "slack"]]


def with_names(table: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Put names, and what is grouped by most, beside the keys of a table."""
    named: dict[str, pd.Series] = {}
    for column in map(str, table):
        named[column] = table[column]
        home, attributes = NAMES.get(column, ("", {}))
        if home:
            rows = case.table(home).set_index(column)
            named |= {new: table[column].map(rows[old]) for new, old in attributes.items()}
    return pd.DataFrame(named)
