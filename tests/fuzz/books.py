"""Mutations of workbooks, and what is known of them by construction."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import openpyxl
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from openpyxl.utils import get_column_letter

from fuzz.samples import Sample
from optimizer.schema.tables import TABLES

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "b": st.booleans(),
    "d": st.dates(datetime.date(1950, 1, 1), datetime.date(2100, 1, 1)),
    "e": st.sampled_from(["#N/A", "#REF!", "#DIV/0!"]),
    "f": st.sampled_from(["=1+1", "=A1", '="x"']),
    "n": st.one_of(st.integers(-100, 3000), st.floats(-1e6, 1e6)),
    "s": st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8),
}  # fmt: skip
"""Values of cells by their kind: truth, date, error, formula without a value, number, text."""


@dataclass(frozen=True)
class MutatedBook:
    """A workbook after a mutation, and what a problem must then name."""

    content: bytes
    must_refuse: bool = False
    sheet: str | None = None
    row: int | None = None
    letter: str | None = None


def _edited(
    sample: Sample, change: Callable[[openpyxl.Workbook], MutatedBook | None]
) -> MutatedBook:
    book = openpyxl.load_workbook(io.BytesIO(sample.book))
    told = change(book)
    saved = io.BytesIO()
    book.save(saved)
    found = told or MutatedBook(b"")
    return MutatedBook(saved.getvalue(), found.must_refuse, found.sheet, found.row, found.letter)


def _tables(sample: Sample) -> st.SearchStrategy[str]:
    return st.sampled_from(sample.tables)


def sheet_cell_replaced(data: DataObject, sample: Sample) -> MutatedBook:
    """Another value, of any kind, in one cell."""
    table = data.draw(_tables(sample), "sheet")
    kind = data.draw(st.sampled_from(sorted(VALUES)), "kind")
    value = data.draw(VALUES[kind], "value")

    def change(book: openpyxl.Workbook) -> MutatedBook:
        sheet = book[table]
        row = data.draw(st.integers(2, sheet.max_row), "row")
        place = data.draw(st.integers(1, sheet.max_column), "column")
        header = str(sheet.cell(1, place).value)
        cell = sheet.cell(row, place)
        cell.value = value
        if kind in ("s", "e"):
            cell.data_type = kind
        column = sample.column(table, header)
        refused = column is not None and _breaks(column.kind, kind)
        return MutatedBook(b"", refused, table, row, get_column_letter(place))

    return _edited(sample, change)


def _breaks(column: str, cell: str) -> bool:
    """Whether no value of a cell's kind can stand in a column of some kind."""
    if cell in ("d", "e", "f"):
        return True
    return cell == "b" if column not in ("bool", "choice") else cell in ("n", "b")


def sheet_dropped(data: DataObject, sample: Sample) -> MutatedBook:
    """A sheet is missing."""

    def change(book: openpyxl.Workbook) -> MutatedBook:
        name = data.draw(st.sampled_from(book.sheetnames), "sheet")
        book.remove(book[name])
        required = name == "case" or (name in TABLES and TABLES[name].required)
        return MutatedBook(b"", required, name)

    return _edited(sample, change)


def sheet_renamed(data: DataObject, sample: Sample) -> MutatedBook:
    """A sheet has another name, which is that of no table."""
    suffix = data.draw(st.sampled_from(["s", " ", "2", " (2)", "\u200b", "_old"]), "suffix")

    def change(book: openpyxl.Workbook) -> MutatedBook:
        name = data.draw(st.sampled_from([*sample.tables, "case"]), "sheet")
        book[name].title = f"{name}{suffix}"
        return MutatedBook(b"", True, f"{name}{suffix}")

    return _edited(sample, change)


def sheet_twice(data: DataObject, sample: Sample) -> MutatedBook:
    """A sheet stands there a second time, under another name."""
    table = data.draw(_tables(sample), "sheet")

    def change(book: openpyxl.Workbook) -> MutatedBook:
        copied = book.copy_worksheet(book[table])
        return MutatedBook(b"", True, copied.title)

    return _edited(sample, change)


def sheet_hidden(data: DataObject, sample: Sample) -> MutatedBook:
    """A table that is read stands in a hidden sheet."""
    table = data.draw(_tables(sample), "sheet")
    very = data.draw(st.booleans(), "very")

    def change(book: openpyxl.Workbook) -> MutatedBook:
        book[table].sheet_state = "veryHidden" if very else "hidden"
        return MutatedBook(b"", True, table)

    return _edited(sample, change)


def cells_merged(data: DataObject, sample: Sample) -> MutatedBook:
    """Cells of a table are merged."""
    table = data.draw(_tables(sample), "sheet")

    def change(book: openpyxl.Workbook) -> MutatedBook:
        row = data.draw(st.integers(1, book[table].max_row), "row")
        book[table].merge_cells(start_row=row, start_column=1, end_row=row, end_column=2)
        return MutatedBook(b"", True, table)

    return _edited(sample, change)


def cell_beside(data: DataObject, sample: Sample) -> MutatedBook:
    """Something stands beside a table."""
    table = data.draw(_tables(sample), "sheet")

    def change(book: openpyxl.Workbook) -> MutatedBook:
        sheet = book[table]
        row, place = data.draw(st.integers(2, sheet.max_row + 2), "row"), sheet.max_column + 2
        sheet.cell(row, place).value = "x"
        return MutatedBook(b"", True, table, row, get_column_letter(place))

    return _edited(sample, change)


def row_or_column_moved(data: DataObject, sample: Sample) -> MutatedBook:
    """A blank row, which is passed over, or a blank column, which has no name."""
    table = data.draw(_tables(sample), "sheet")
    is_row = data.draw(st.booleans(), "row")

    def change(book: openpyxl.Workbook) -> MutatedBook:
        if is_row:
            book[table].insert_rows(data.draw(st.integers(2, book[table].max_row), "place"))
            return MutatedBook(b"")
        book[table].insert_cols(data.draw(st.integers(1, book[table].max_column), "place"))
        return MutatedBook(b"", True, table)

    return _edited(sample, change)


def book_bits_flipped(data: DataObject, sample: Sample) -> MutatedBook:
    """Single bits of the file are wrong."""
    content = bytearray(sample.book)
    for _ in range(data.draw(st.integers(1, 4), "times")):
        place = data.draw(st.integers(0, len(content) - 1), "place")
        content[place] ^= 1 << data.draw(st.integers(0, 7), "bit")
    return MutatedBook(bytes(content))


def book_cut(data: DataObject, sample: Sample) -> MutatedBook:
    """The end of the file is missing."""
    length = data.draw(st.integers(0, len(sample.book) - 1), "length")
    return MutatedBook(sample.book[:length], True)


MUTATIONS: tuple[Callable[[DataObject, Sample], MutatedBook], ...] = (
    sheet_cell_replaced, sheet_cell_replaced, sheet_cell_replaced, sheet_dropped, sheet_renamed,
    sheet_twice, sheet_hidden, cells_merged, cell_beside, row_or_column_moved, book_bits_flipped,
    book_cut,
)  # fmt: skip
