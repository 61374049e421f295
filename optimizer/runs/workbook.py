"""Writes a plan as a workbook: one sheet per table, one header row, ready to filter and pivot."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pandas as pd

from optimizer.case import Case
from optimizer.errors import not_installed
from optimizer.io.grids import letters
from optimizer.io.sheet_scan import MOST_ROWS
from optimizer.io.writing import book_bytes, write_bytes
from optimizer.plan import Plan
from optimizer.plan.parameters import parameters
from optimizer.plan.subject import PLACE
from optimizer.policy import Policy
from optimizer.runs.decision_rows import decision_rows
from optimizer.runs.xml_rows import xml_rows
from optimizer.schema.rules import BOUNDS, RULES

PARAMETERS = "parameters"

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

CREATED = datetime.datetime(2000, 1, 1)
"""Fixed, so that the same plan gives the same bytes."""

PACKED = (1980, 1, 1, 0, 0, 0)

END_OF_ROWS = b"</sheetData>"


def write_workbook(plan: Plan, path: Path, policy: Policy, case: Case) -> None:
    """Write the plan's tables, and what it was made with, as one workbook.

    Parameters
    ----------
    policy
        The policy as changed, that the plan was made for.

    Raises
    ------
    OptimizerError
        If openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise not_installed("plan.xlsx", "openpyxl", "excel") from error
    sheets = sheets_of(plan, policy, case)
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = CREATED

    def fill() -> None:
        for name, table in sheets.items():
            _begin_sheet(book.create_sheet(name), table)

    frame = book_bytes(book, fill, compression=ZIP_STORED)
    write_bytes(path, _with_rows(frame, sheets.values()))


def _begin_sheet(sheet: Any, table: pd.DataFrame) -> None:
    """Give a sheet all but its rows."""
    sheet.freeze_panes = "A2"
    if len(table.columns):
        sheet.auto_filter.ref = f"A1:{letters(len(table.columns))}{len(table) + 1}"
    sheet.append([str(column) for column in table])


def _with_rows(frame: bytes, tables: Iterable[pd.DataFrame]) -> bytes:
    """Fill the rows of tables into a workbook whose sheets, in their order, have their headers."""
    by_part = {f"xl/worksheets/sheet{at}.xml": table for at, table in enumerate(tables, start=1)}
    content = io.BytesIO()
    with ZipFile(io.BytesIO(frame)) as begun, ZipFile(content, "w") as package:
        for part in begun.namelist():
            info = ZipInfo(part, PACKED)
            info.compress_type = ZIP_DEFLATED
            above, end, below = begun.read(part).partition(END_OF_ROWS)
            with package.open(info, "w") as file:
                file.write(above)
                if part in by_part:
                    file.writelines(xml_rows(by_part[part], first=2))
                file.write(end + below)
    return content.getvalue()


def sheets_of(plan: Plan, policy: Policy, case: Case) -> dict[str, pd.DataFrame]:
    """Give the tables of the workbook; the integration budget by its keys, whatever the line.

    A table that is longer than a sheet can be is none of them; the parameters say so.
    """
    sheets = {"slots": plan.slots, "decisions": decision_rows(plan.decisions)}
    if len(plan.decisions.variables):
        sheets |= {"variables": plan.decisions.variables}
    sheets |= {
        # Keys stand there in words already.
        name: table.drop(columns=PLACE, errors="ignore")
        for name, table in plan.tables.items()
        if name != "custom_rules" or len(table)
    }
    sheets |= {"rules": _rules(plan)}
    keys = ["country", "track", "region", "year"]
    total = plan.tables["integration"].groupby(keys, sort=False)["amount"].sum()
    sheets |= {"integration": total.reset_index()}
    for name, left_out in LEFT_OUT.items():
        sheets[name] = with_names(sheets[name], case).drop(columns=list(left_out))
    too_long = {name: len(table) for name, table in sheets.items() if len(table) >= MOST_ROWS}
    fitting = {name: table for name, table in sheets.items() if name not in too_long}
    return fitting | {PARAMETERS: parameters(plan, policy, case, too_long)}


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
