"""Writes the rows of a sheet as XML: libraries that take single cells need 4 to 8 times as long.

Text stands in its cell as it is, whatever it begins with: there is no formula, link or number that
could be made of it. Numbers have all their digits, so that they read back as what they were.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import pandas as pd

from optimizer.io.grids import letters
from optimizer.io.sheet_scan import LONGEST_TEXT

_AT_A_TIME = 10_000
"""Rows that are held as XML before they are handed on."""

NOT_AS_IT_IS = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
"""Characters with another meaning in XML, or not allowed there; also carriage returns, which
readers turn into line feeds, and an underscore that they would take for the start of an escape."""

MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def xml_rows(table: pd.DataFrame, first: int) -> Iterator[bytes]:
    """Give the rows of a table as they stand in the XML of a sheet, some thousand at a time.

    Parameters
    ----------
    table
        Texts and numbers; a cell of empty text, and one without a value, is left out.
    first
        Number of the first row in the sheet.
    """
    for start in range(0, len(table), _AT_A_TIME):
        rows = table.iloc[start : start + _AT_A_TIME]
        numbers = range(first + start, first + start + len(rows))
        inside = lru_cache(maxsize=None, typed=True)(_inside)
        columns = [
            _cells(letters(place), map(inside, column.tolist()), numbers)
            for place, (_, column) in enumerate(rows.items(), start=1)
        ]
        yield "".join(
            f'<row r="{number}">{"".join(cells)}</row>'
            for number, *cells in zip(numbers, *columns, strict=True)
        ).encode()


def _cells(letter: str, column: Iterable[str], numbers: range) -> list[str]:
    return [
        f'<c r="{letter}{number}"{inside}</c>' if inside else ""
        for number, inside in zip(numbers, column, strict=True)
    ]


def _inside(value: Any) -> str:
    """Give a cell's type and value; nothing for a blank one."""
    if isinstance(value, str):
        return _text(value) if value else ""
    if pd.isna(value):
        return ""
    if isinstance(value, bool):
        return f' t="b"><v>{value:d}</v>'
    return f"><v>{value}</v>" if math.isfinite(value) else _text(str(value))


def _text(text: str) -> str:
    told = NOT_AS_IT_IS.sub(_escaped, _short(text))
    space = ' xml:space="preserve"' if told != told.strip() else ""
    return f' t="inlineStr"><is><t{space}>{told}</t></is>'


def _escaped(found: re.Match[str]) -> str:
    sign = found[0]
    return MARKUP.get(sign) or f"_x{ord(sign):04X}_"


def _short(text: str) -> str:
    """Cut what a cell has no room for, and show that it was cut; room is counted in UTF-16."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * LONGEST_TEXT:
        return text
    return units[: 2 * LONGEST_TEXT - 2].decode("utf-16-le", "ignore") + "…"
