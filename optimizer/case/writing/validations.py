"""Lists and ranges that a spreadsheet program offers and checks while cells are filled in."""

from __future__ import annotations

from typing import Any

from optimizer.case.writing.contents import Contents
from optimizer.io.cell_faults import expected
from optimizer.io.grids import letters
from optimizer.io.sheet_scan import MOST_ROWS
from optimizer.schema.tables import TABLES, ColumnSpec


def add_validation(sheet: Any, letter: str, column: ColumnSpec, contents: Contents) -> None:
    """Offer what cells of a column may hold, where it is known."""
    from openpyxl.worksheet.datavalidation import DataValidation

    rule = _rule(sheet.title, column, contents)
    if rule is None:
        return
    validation = DataValidation(
        **rule,
        allow_blank=True,
        showErrorMessage=True,
        errorTitle=column.name,
        error=f"Expected {expected(column)}."[:255],
    )
    validation.add(f"{letter}2:{letter}{MOST_ROWS}")
    sheet.data_validations.append(validation)


def _rule(table: str, column: ColumnSpec, contents: Contents) -> dict[str, Any] | None:
    if column.kind == "bool":
        return {"type": "list", "formula1": '"yes,no"'}
    if column.kind == "choice":
        return {"type": "list", "formula1": f'"{",".join(column.choices)}"'}
    if column.kind == "text":
        other = column.refers_to
        return None if other in (None, table) else _keys_of(str(other), column, contents)
    return _range(column, contents)


def _range(column: ColumnSpec, contents: Contents) -> dict[str, Any] | None:
    kind = "whole" if column.kind == "int" else "decimal"
    ends = [column.low, column.high]
    if column.name == "year":
        ends = [contents.years[0], contents.years[-1]]
    low, high = (None if end is None else f"{end:g}" for end in ends)
    if low is None:
        return None
    if high is None:
        return {"type": kind, "operator": "greaterThanOrEqual", "formula1": low}
    return {"type": kind, "operator": "between", "formula1": low, "formula2": high}


def _keys_of(table: str, column: ColumnSpec, contents: Contents) -> dict[str, Any] | None:
    """Offer the keys of another sheet, as far down as it is filled."""
    if table not in contents.tables:
        return None
    key = TABLES[table].columns[0].name
    if table == "services":
        key = column.name
    place = letters(1 + [each.name for each in TABLES[table].columns].index(key))
    whole = f"{table}!${place}:${place}"
    last = f"INDEX({whole},MAX(2,COUNTA({whole})))"
    return {"type": "list", "formula1": f"{table}!${place}$2:{last}"}
