"""Cases from data frames in memory: a frame per table, held to every check that files are.

A frame becomes the texts that its file would hold, so that nothing is checked twice and no two
checks can differ. What is wrong is said with the table, the label of the row and the column as the
frame has them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal
from functools import partial
from numbers import Integral, Real
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from optimizer.case.folders import absent_table, headers_are_known
from optimizer.case.header import HEADER_FILE, HeaderRead, check_header
from optimizer.errors import Problem, Problems, did_you_mean, shorten
from optimizer.io.grids import Grid, given_grid, number_text
from optimizer.io.places import TABLE_FILE
from optimizer.io.tables import TableRead, empty_table, parse_grid
from optimizer.io.toml import toml_text
from optimizer.schema.tables import MONEY, TABLES, ColumnSpec, TableSpec

FramesGiven: TypeAlias = Mapping[str, pd.DataFrame]
"""A frame for every table of a case, by its name."""

YearsGiven: TypeAlias = Sequence[float] | np.ndarray | pd.Series | pd.Index
"""The years of a case: a list, an array, or a column or an index of a frame; floats if whole."""

ARGUMENTS = "load_case"
"""What stands in place of ``case.toml`` where its keys are arguments."""

FIRST_ROW = 2
"""Row of a file on which its first row of cells stands."""

_QUOTED = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_ROWS = re.compile(r"\b(rows?) (\d+(?:(?:, | and )\d+)*)")
_HALF = re.compile("[\ud800-\udfff]")
_HEADER_SHEETS = ("case", "attributes")
"""Sheets of a workbook that say what arguments say here."""


@dataclass(frozen=True, eq=False)
class FramePlaces:
    """Turns places in files of a folder into places in frames.

    Attributes
    ----------
    indexes
        Labels of the rows of each frame.
    names
        Columns of each frame by the header that its file would have, where the two differ.
    """

    indexes: Mapping[str, pd.Index]
    names: Mapping[str, Mapping[str, str]]

    def retell(self, problem: Problem) -> Problem:
        """Report a problem of a table's file as one of its frame."""
        if problem.label is not None or problem.sheet is not None:
            return problem
        table = problem.file.removesuffix(".csv")
        is_header = problem.file == HEADER_FILE
        if not is_header and (table == problem.file or table not in TABLES):
            return problem
        expected = None if problem.expected is None else self._words(problem.expected, table)
        told = replace(problem, message=self._words(problem.message, table), expected=expected)
        if is_header:
            return replace(told, file=ARGUMENTS)
        column = problem.column or ""
        return replace(
            told,
            file=f"table {table}",
            label=self._label(table, problem.row),
            column=self.names.get(table, {}).get(column, problem.column),
            maybe=problem.maybe or self._maybe(table, problem),
        )

    def _maybe(self, table: str, problem: Problem) -> str | None:
        """A column that is missing may be the index."""
        if problem.message != "the column is missing" or table not in self.indexes:
            return None
        return "frame.reset_index()" if problem.column in self.indexes[table].names else None

    def _words(self, text: str, table: str) -> str:
        """Name tables and labels where a text, but for what it quotes, names files and rows."""
        parts = _QUOTED.split(text.replace("the file is", "the table is"))
        # What is quoted stands at every other place.
        for place in range(0, len(parts), 2):
            others = TABLE_FILE.findall(parts[place])
            of = others[0] if len(others) == 1 and others[0] in self.indexes else table
            found = _ROWS.sub(partial(self._labels, of), parts[place])
            parts[place] = TABLE_FILE.sub(r"table \1", found)
        return "".join(parts)

    def _labels(self, table: str, match: re.Match[str]) -> str:
        numbers = re.sub(
            r"\d+", lambda number: self._label(table, int(number[0])) or number[0], match[2]
        )
        return f"{match[1]} {numbers}"

    def _label(self, table: str, row: int | None) -> str:
        """Label of the row that would be this one of a file; "" where it is no row of cells."""
        index = self.indexes.get(table)
        place = -1 if row is None else row - FIRST_ROW
        if index is None or not 0 <= place < len(index):
            return ""
        label = index[place]
        told = ", ".join(map(str, label)) if isinstance(label, tuple) else str(label)
        told = shorten(told) if told.strip() else repr(told)
        return told if index.is_unique else f"{told} (number {place + 1})"


class InMemory:
    """A case's frames."""

    def __init__(self, frames: FramesGiven, said: Mapping[str, Any], name: str) -> None:
        self.name = name
        self.contents: dict[str, bytes] = {}
        self.places = FramePlaces(
            {table: frame.index for table, frame in frames.items() if _is_frame(frame)}, {}
        )
        self._frames, self._said = frames, said

    def check_names(self, problems: Problems) -> None:
        """Refuse frames that nothing would read, and what is no frame."""
        absent = [name for name in TABLES if name not in self._frames]
        given: Mapping[Any, object] = self._frames
        for name, frame in given.items():
            file = name if isinstance(name, str) else ascii(name)
            told = f"table {shorten(file)}"
            maybe: str | None = None
            if name not in TABLES:
                expected = "only tables of the data dictionary"
                if name in _HEADER_SHEETS:
                    expected += "; title, currency, years and the like are arguments"
                else:
                    maybe = did_you_mean(file, absent)
                message = "is not a table of a case"
            elif not _is_frame(frame):
                message, expected = f"is {_kind(frame)}", "a data frame"
            else:
                continue
            problems.add_all([Problem(told, message, None, None, expected, maybe, label="")])

    def header(self, problems: Problems) -> HeaderRead:
        """Check what was said of all tables."""
        read = check_header(self._said, problems)
        if read.contents is not None:
            self.contents[HEADER_FILE] = toml_text(self._said).encode(errors="replace")
        return read

    def table(self, spec: TableSpec, currency: str | None, problems: Problems) -> TableRead:
        """Read one frame; without a currency no table with money can be read."""
        if spec.name not in self._frames:
            return absent_table(spec, currency, problems)
        frame = self._frames[spec.name]
        if not _is_frame(frame) or not headers_are_known(spec, currency):
            return TableRead(empty_table(spec), is_there=True, sound=False, lost=True)
        before = len(problems)
        header = self._header_of(frame, spec, currency or "", problems)
        if header is None:
            return TableRead(empty_table(spec), is_there=True, sound=False, lost=True)
        found = Problems()
        rows, refused = _texts_of(frame, header, spec, found)
        grid = given_grid(header, rows, spec.file, found)
        self.contents[spec.file] = _file_content(grid)
        read = parse_grid(grid, spec, currency or "", found)
        # A cell that was refused is none that is blank.
        problems.extend(
            each
            for each in found
            if each.message != "is blank" or (each.row, each.column) not in refused
        )
        return replace(read, sound=len(problems) == before)

    def retold(self, problems: Problems) -> Problems:
        """Report problems of files as problems of frames."""
        return problems.retold(self.places.retell)

    def _header_of(
        self, frame: pd.DataFrame, spec: TableSpec, currency: str, problems: Problems
    ) -> list[str] | None:
        """Headers that the file would have; columns of money may be called without currency."""
        before = len(problems)
        for place, name in enumerate(frame.columns, start=1):
            if not isinstance(name, str):
                message = f"column {place} is called {shorten(ascii(name))}, which is not text"
                problems.add(spec.file, message, row=1, expected="names that are text")
        if len(problems) > before:
            return None
        there = set(frame.columns)
        meant = {
            column.name: column.header(currency)
            for column in spec.columns
            if column.unit == MONEY
            and column.name in there
            and column.header(currency) not in there
        }
        names = {header: name for name, header in meant.items()}
        self.places = replace(self.places, names={**self.places.names, spec.name: names})
        return [meant.get(str(name), str(name)) for name in frame.columns]


def _is_frame(value: object) -> bool:
    return isinstance(value, pd.DataFrame)


def _kind(value: object) -> str:
    if value is None:
        return "None"
    if isinstance(value, str):
        long = len(value) > csv.field_size_limit()
        return f"text of {len(value):,} characters" if long else "text with half a character"
    name = type(value).__name__
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"


def _texts_of(
    frame: pd.DataFrame, header: list[str], spec: TableSpec, problems: Problems
) -> tuple[list[list[str]], set[tuple[int, str]]]:
    """Rows of texts as the file of a frame would hold them, and the cells that no file holds."""
    refused: set[tuple[int, str]] = set()
    columns = []
    known = {column.name: column for column in spec.columns}
    for place, name in enumerate(header):
        cells = frame.iloc[:, place]
        column = known.get(str(frame.columns[place]))
        # An attribute is yes or no as well, for filters to choose by.
        answers = column.kind == "bool" if column is not None else spec.open_ended
        texts, odd = _texts(cells, answers=answers)
        columns.append(texts)
        refused |= {(at + FIRST_ROW, name) for at in odd}
        problems.add_all(
            Problem(spec.file, f"is {_kind(value)}", at + FIRST_ROW, name, _wanted(column))
            for at, value in odd.items()
        )
    if not columns:
        return [[] for _ in range(len(frame))], refused
    return [list(row) for row in zip(*columns, strict=True)], refused


def _wanted(column: ColumnSpec | None) -> str:
    is_number = column is not None and column.kind in ("int", "number")
    return "a number" if is_number else "text, a number, True or False"


def _texts(cells: pd.Series, *, answers: bool) -> tuple[list[str], dict[int, object]]:
    """Texts of a column, "" for blank; and by place the values that have none."""
    texts: list[str] = []
    odd: dict[int, object] = {}
    # pandas cannot ask a signalling NaN whether it is one.
    asked = cells.mask(cells.map(_is_signalling), "") if cells.dtype == object else cells
    blank = asked.isna().tolist()
    for place, (value, is_blank) in enumerate(zip(cells.tolist(), blank, strict=True)):
        text = "" if is_blank else _text(value, answers=answers)
        if text is None:
            odd[place] = value
        texts.append(text or "")
    return texts, odd


def _is_signalling(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_snan()


def _text(value: object, *, answers: bool) -> str | None:
    """Text of a value; None where it has none that a cell could hold."""
    if isinstance(value, str):
        fits = len(value) <= csv.field_size_limit() and not _HALF.search(value)
        return str(value) if fits else None
    if isinstance(value, bool | np.bool_):
        return ("yes" if value else "no") if answers else str(bool(value))
    if isinstance(value, Decimal | date | time):
        return str(value).removesuffix(" 00:00:00")
    return _number_as_text(value) if isinstance(value, Real) else None


def _number_as_text(value: Real) -> str | None:
    try:
        return str(int(value)) if isinstance(value, Integral) else number_text(float(value))
    except (ValueError, OverflowError):
        # Of thousands of digits.
        return None


def _file_content(grid: Grid) -> bytes:
    """What the file of a frame would hold."""
    rows = io.StringIO(newline="")
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(grid.header)
    writer.writerows(grid.cells)
    return rows.getvalue().encode(errors="replace")
