"""The rows of a sheet: what stands in a cell reads back as what it was."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from optimizer.io import xml_rows
from optimizer.io.sheet_scan import LONGEST_TEXT
from optimizer.io.table_books import table_book

HOSTILE = (
    "=1+1",
    '=HYPERLINK("http://example.org")',
    "+1",
    "-1",
    "@SUM(A1)",
    "#N/A",
    "#REF!",
    "http://example.org/?a=1&b=2",
    "mailto:a@example.org",
    "{=A1}",
    # Markup, of runs of text and other, whole and broken.
    "<r><t>a</t></r>",
    "<r>&</r>",
    "</t></is></c>",
    "]]>",
    "&amp;",
    # What looks like something else than text.
    "0012",
    "1e5",
    "1,5",
    "TRUE",
    "nan",
    "2027-01-01",
    # What XML and spreadsheet programs treat in their own ways.
    " spaces around ",
    "two\nlines",
    "two\r\nlines",
    "\ttab\t",
    "_x0041_",
    "__x000D_",
    "bell\a and \x1f",
    "Tōhoku 東北 😀",
)


def book_of(**sheets: pd.DataFrame) -> bytes:
    return table_book(sheets, "a workbook")


def cells(book: bytes, sheet: str) -> list[list[Any]]:
    found = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_name(sheet)
    return found.to_python()


def test_hostile_text_stays_text() -> None:
    table = pd.DataFrame({"text": list(HOSTILE), "again": list(reversed(HOSTILE))})
    book = book_of(texts=table)
    assert cells(book, "texts")[1:] == table.to_numpy().tolist()
    sheet = openpyxl.load_workbook(io.BytesIO(book))["texts"]
    found = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert {(cell.data_type, cell.hyperlink) for cell in found} == {("s", None)}


def test_text_that_no_file_can_hold_leaves_a_book_that_opens() -> None:
    # What is no character, and half of one: readers differ in what they make of the escape.
    table = pd.DataFrame({"text": pd.Series(["a\uffffb", "a\ud800b"], dtype="object")})
    assert [text[0] + text[-1] for (text,) in cells(book_of(t=table), "t")[1:]] == ["ab", "ab"]


def test_numbers_have_all_their_digits() -> None:
    # 0.1 + 0.2 needs 17 digits; 10**15 is the largest count.
    numbers = [0.1 + 0.2, 1 / 3, 1e-300, 1.7976931348623157e308, -2.5, 10.0**15, 123456789.12]
    table = pd.DataFrame({"number": numbers, "count": [10**15, -1, 0, 1, 2, 3, 2030]})
    read = cells(book_of(numbers=table), "numbers")[1:]
    assert read == table.to_numpy().tolist()
    assert {type(value) for row in read for value in row} == {float}


def test_cells_keep_their_kinds_side_by_side() -> None:
    # 1, 1.0 and True are equal, but not the same.
    mixed = [True, 1, 1.0, "1", False, 0, "yes", np.float64(1.5), np.int64(7)]
    read = cells(book_of(mixed=pd.DataFrame({"value": pd.Series(mixed, dtype="object")})), "mixed")
    assert [(type(value), value) for (value,) in read[1:]] == [
        (bool, True),
        (float, 1.0),
        (float, 1.0),
        (str, "1"),
        (bool, False),
        (float, 0.0),
        (str, "yes"),
        (float, 1.5),
        (float, 7.0),
    ]


def test_blank_cells_are_none_and_infinite_numbers_are_words() -> None:
    nothing = ["", None, float("nan"), pd.NA, pd.NaT]
    table = pd.DataFrame({"value": pd.Series([*nothing, float("inf")], dtype="object")})
    (rows,) = xml_rows.xml_rows(table, first=2)
    assert rows.decode().count("<c ") == 1
    assert [value for (value,) in cells(book_of(v=table), "v")[1:]] == [*[""] * 5, "inf"]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a" * LONGEST_TEXT, "a" * LONGEST_TEXT),
        ("a" * (LONGEST_TEXT + 1), "a" * (LONGEST_TEXT - 1) + "…"),
        # Spreadsheet programs count in UTF-16, where an emoji counts twice and has no half.
        ("😀" * (LONGEST_TEXT // 2), "😀" * (LONGEST_TEXT // 2)),
        ("😀" * (LONGEST_TEXT // 2 + 1), "😀" * (LONGEST_TEXT // 2) + "…"),
        ("a" + "😀" * (LONGEST_TEXT // 2 + 1), "a" + "😀" * (LONGEST_TEXT // 2 - 1) + "…"),
    ],
    ids=["fits", "one more", "emoji", "one emoji more", "half an emoji"],
)
def test_what_a_cell_has_no_room_for_is_cut_and_shown_to_be(text: str, written: str) -> None:
    assert cells(book_of(t=pd.DataFrame({"text": [text]})), "t")[1:] == [[written]]


def test_rows_go_on_from_block_to_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_rows, "_AT_A_TIME", 2)
    # Labels of rows do not matter, and columns may be called alike.
    table = pd.DataFrame([[number, f"row {number}"] for number in range(5)], columns=["a", "a"])
    table.index = pd.Index([9, 9, 1, 0, 3])
    blocks = list(xml_rows.xml_rows(table, first=2))
    assert len(blocks) == 3
    assert blocks[-1].startswith(b'<row r="6"><c r="A6">')
    read = cells(book_of(t=table.set_axis(["a", "b"], axis=1)), "t")
    assert read == [["a", "b"], *table.to_numpy().tolist()]


def test_a_sheet_without_rows_has_its_header() -> None:
    book = book_of(none=pd.DataFrame({"a": [], "b": []}), one=pd.DataFrame({"c": [1]}))
    assert cells(book, "none") == [["a", "b"]]
    assert cells(book, "one") == [["c"], [1.0]]
