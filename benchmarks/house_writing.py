"""Writing a run, report and tables and workbook: ways to write the workbook, for `house.py`."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import pandas as pd

from optimizer import Case, Plan, Policy, runs
from optimizer.io.writing import book_bytes
from optimizer.report import render_report
from optimizer.runs import workbook

Given = tuple[Plan, Policy, Case]
Sheets = Mapping[str, pd.DataFrame]
GAP = 0.02
"""Any plan of the case has about as many rows."""


def prepared(case: str) -> Given:
    """A plan, its policy and its case."""
    from cases import case_and_policy
    from optimizer import load_case, load_policy, solve

    folder, file = case_and_policy(case)
    loaded, policy = load_case(folder), load_policy(file)
    return solve(policy, loaded, gap=GAP), policy, loaded


def cell_by_cell(sheets: Sheets) -> bytes:
    """Give the workbook of openpyxl, as it was written before."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)

    def fill() -> None:
        for name, table in sheets.items():
            sheet = book.create_sheet(name)
            sheet.append(list(table))
            risky = [
                any(isinstance(text, str) and text.startswith(("=", "#")) for text in column)
                for _, column in table.items()
            ]
            for row in _cells(table):
                if not any(risky):
                    sheet.append(row)
                    continue
                cells = [WriteOnlyCell(sheet, value) for value in row]
                for cell, value, is_risky in zip(cells, row, risky, strict=True):
                    if is_risky and isinstance(value, str):
                        cell.data_type = "s"
                sheet.append(cells)

    return book_bytes(book, fill, compression=ZIP_DEFLATED)


def constant_memory(sheets: Sheets) -> bytes:
    """Give the workbook of XlsxWriter."""
    from xlsxwriter import Workbook

    content = io.BytesIO()
    inert = {"strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(content, {"constant_memory": True, **inert}) as book:
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, list(table))
            for number, row in enumerate(_cells(table), start=1):
                sheet.write_row(number, 0, row)
    return content.getvalue()


def _cells(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    told = table.astype("object").where(table.notna() & ~table.isin([""]), None)
    return told.itertuples(index=False, name=None)


def _written(given: Given) -> None:
    plan, policy, case = given
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / runs.REPORT).write_text(render_report(plan, case, policy), encoding="utf-8")
        runs.write_tables(plan, folder, policy, case)
        runs.write_facts(plan, folder, folder)


def _with(book_of: Callable[[Sheets], bytes]) -> Callable[[Given], None]:
    def way(given: Given) -> None:
        def write_workbook(plan: Plan, path: Path, policy: Policy, case: Case) -> None:
            path.write_bytes(book_of(workbook.sheets_of(plan, policy, case)))

        # Every way has a process of its own.
        vars(workbook)["write_workbook"] = write_workbook
        _written(given)

    return way


WAYS: Mapping[str, Callable[[Given], None]] = {
    "openpyxl, cell by cell": _with(cell_by_cell),
    "XlsxWriter, constant memory": _with(constant_memory),
    "optimizer: rows as XML": _written,
}
