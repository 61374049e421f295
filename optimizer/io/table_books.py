"""Workbooks of tables: one sheet a table, one header row, ready to filter and pivot."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterable, Mapping
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pandas as pd

from optimizer.errors import not_installed
from optimizer.io.grids import letters
from optimizer.io.writing import book_bytes
from optimizer.io.xml_rows import xml_rows

CREATED = datetime.datetime(2000, 1, 1)
"""Fixed, so that the same plan gives the same bytes."""

PACKED = (1980, 1, 1, 0, 0, 0)

END_OF_ROWS = b"</sheetData>"


def table_book(sheets: Mapping[str, pd.DataFrame], what: str) -> bytes:
    """Bytes of a workbook of tables; the same tables give the same bytes.

    Parameters
    ----------
    sheets
        Tables by the names of their sheets.
    what
        What is written, for the error.

    Raises
    ------
    OptimizerError
        If openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise not_installed(what, "openpyxl", "excel") from error
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = CREATED

    def fill() -> None:
        for name, table in sheets.items():
            _begin_sheet(book.create_sheet(name), table)

    frame = book_bytes(book, fill, compression=ZIP_STORED)
    return _with_rows(frame, sheets.values())


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
