"""Writes workbooks of plain rows for tests, and changes single cells of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pandas as pd

Rows = Sequence[Sequence[object]]


def rows_of(frame: pd.DataFrame) -> Rows:
    """Header and rows of a frame, blank cells as None."""
    cells = frame.astype("object").where(frame.notna() & ~frame.isin([""]), None)
    return [list(frame), *cells.to_numpy().tolist()]


def write_book(path: Path, sheets: Mapping[str, Rows | pd.DataFrame]) -> Path:
    """Write sheets into a workbook, beside those that a file already has."""
    book = openpyxl.load_workbook(path) if path.exists() else openpyxl.Workbook()
    if not path.exists():
        del book[book.sheetnames[0]]
    for name, content in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows_of(content) if isinstance(content, pd.DataFrame) else content:
            sheet.append(list(row))
    book.save(path)
    return path


def set_cells(path: Path, sheet: str, cells: Mapping[str, str | float | bool | None]) -> Path:
    """Put values into cells, by their coordinates."""
    book = openpyxl.load_workbook(path)
    for place, value in cells.items():
        book[sheet][place] = value
    book.save(path)
    return path
