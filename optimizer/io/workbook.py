"""Reads .xlsx workbooks: sheets come out as grids of text that know what their cells were.

Nothing here knows what the sheets are about. python-calamine is imported nowhere else.
"""

from __future__ import annotations

import datetime
import io
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optimizer.errors import Problem, Problems, not_installed, shorten
from optimizer.io.archives import ArchiveError
from optimizer.io.grids import (
    _NUMBER,
    AT_MOST_LINES,
    BLANK,
    DATE,
    ERROR,
    MOST_LINES,
    SEARCHED,
    TEXT,
    TRUTH,
    UNCOMPUTED,
    Grid,
    kind_fault,
    letters,
    number_text,
)
from optimizer.io.packages import AN_XLSX, Package, open_package
from optimizer.io.places import Places
from optimizer.io.sheet_scan import (
    SheetFacts,
    SheetPart,
    list_sheets,
    scan_sheet,
    shared_lengths,
)

MOST_CELLS = 10_000_000
"""Cells of the rectangle from A1 to the last filled cell of a sheet, blank ones included."""

_Row = tuple[list[str], str]
"""Texts of the cells of a row, and their kinds."""


@dataclass(frozen=True)
class Workbook:
    """A workbook that was found safe to read.

    Attributes
    ----------
    path
        The file.
    sheets
        Names of all sheets in order, hidden ones included.
    hidden
        Names of those that are hidden, by whatever means.
    """

    path: Path
    sheets: tuple[str, ...]
    hidden: frozenset[str]
    _package: Package = field(repr=False)
    _parts: Mapping[str, SheetPart] = field(repr=False)
    _lengths: array[int] = field(repr=False)
    _book: Any = field(repr=False)

    @property
    def content(self) -> bytes:
        """The file, byte by byte."""
        return self._package.content

    def sheet(self, name: str, problems: Problems) -> Grid | None:
        """Read one sheet; its header is row 1.

        Faults that make a sheet doubtful as a whole (no header, merged or far-away cells, cells
        beside the table) become problems. Faults of single cells (errors, dates, formulas
        without a value) is reported by the kinds of the grid: see :func:`~.grids.kind_fault`.

        Returns
        -------
        Grid or None
            None where there is no such sheet, or where it cannot be read.
        """
        part = self._parts.get(name)
        if part is None:
            return None
        places = Places(self.path.name, {})
        if not part.has_cells:
            problems.add_all([places.problem(name, "is not a worksheet", expected="a table")])
            return None
        try:
            facts = scan_sheet(self._package, part.part, self._lengths)
            oversized = _oversized(places, name, facts)
            if oversized is not None:
                problems.add_all([oversized])
                return None
            rows = _guarded(lambda: _rows(self._book.get_sheet_by_name(name), facts))
        except ArchiveError as error:
            problems.add_all([places.problem(name, str(error), expected=error.expected or AN_XLSX)])
            return None
        problems.add_all(
            places.problem(name, f"cells {cells} are merged", expected="a value in every cell")
            for cells in facts.merged
        )
        return _grid(rows, places, name, problems)

    def places(self, grids: Mapping[str, Grid]) -> Places:
        """Give the finder of places in the sheets that were read."""
        return Places(self.path.name, {name: tuple(grid.header) for name, grid in grids.items()})


def read_workbook(path: Path, problems: Problems) -> Workbook | None:
    """Open a workbook and list its sheets; whatever is wrong with the file becomes a problem.

    Raises
    ------
    OptimizerError
        If python-calamine is not installed.
    """
    package = open_package(path, problems)
    if package is None:
        return None
    try:
        from python_calamine import CalamineWorkbook
    except ImportError as error:
        raise not_installed(path.name, "python-calamine", "excel") from error
    try:
        parts, shared = list_sheets(package)
        lengths = array("l") if shared is None else shared_lengths(package, shared)
        book = _guarded(lambda: CalamineWorkbook.from_filelike(io.BytesIO(package.content)))
        if book.sheet_names != [part.name for part in parts]:
            raise ArchiveError("is damaged: its list of sheets cannot be read")
    except ArchiveError as error:
        problems.add(path.name, str(error), expected=error.expected or AN_XLSX)
        return None
    return Workbook(
        path=path,
        sheets=tuple(part.name for part in parts),
        hidden=frozenset(part.name for part in parts if part.is_hidden),
        _package=package,
        _parts={part.name: part for part in parts},
        _lengths=lengths,
        _book=book,
    )


def _guarded(step: Callable[[], Any]) -> Any:
    """Take a step of python-calamine; whatever it raises says that the file is damaged."""
    try:
        return step()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        # What goes wrong inside its Rust code arrives as a BaseException.
        raise ArchiveError("is damaged: its cells cannot be read") from error


def _oversized(places: Places, sheet: str, facts: SheetFacts) -> Problem | None:
    if facts.last_row > MOST_LINES:
        message = f"its last filled row is row {facts.last_row:,}"
        return places.problem(sheet, message, expected=AT_MOST_LINES)
    if facts.last_row * facts.last_column > MOST_CELLS:
        message = f"its filled cells reach to {letters(facts.last_column)}{facts.last_row}"
        expected = f"at most {MOST_CELLS:,} cells, counted from A1"
        return places.problem(sheet, message, expected=expected)
    return None


def _rows(sheet: Any, facts: SheetFacts) -> list[_Row]:
    """Give all rows from row 1 on, each from column A to the last filled one of the sheet."""
    before = sheet.start[1] if sheet.start else 0
    width = facts.last_column
    rows: list[_Row] = []
    for values in sheet.iter_rows():
        texts, kinds = [""] * width, [BLANK] * width
        for place, value in enumerate(values[: width - before], start=before):
            texts[place], kinds[place] = _cell(value)
        rows.append((texts, "".join(kinds)))
    rows += [([""] * width, BLANK * width) for _ in range(facts.last_row - len(rows))]
    for (row, column), text in facts.errors.items():
        _replace(rows, row, column, text, ERROR)
    for row, column in facts.uncomputed:
        _replace(rows, row, column, "", UNCOMPUTED)
    return rows


def _replace(rows: list[_Row], row: int, column: int, text: str, kind: str) -> None:
    texts, kinds = rows[row - 1]
    texts[column - 1] = text
    rows[row - 1] = texts, f"{kinds[: column - 1]}{kind}{kinds[column:]}"


def _cell(value: object) -> tuple[str, str]:
    """Give the text of a cell's value and its kind."""
    if isinstance(value, str):
        return value, TEXT if value else BLANK
    if isinstance(value, bool):
        return str(value).upper(), TRUTH
    if isinstance(value, float):
        return number_text(value), _NUMBER
    if isinstance(value, datetime.date | datetime.time):
        return str(value), DATE
    return str(value), DATE if isinstance(value, datetime.timedelta) else _NUMBER


def _grid(rows: list[_Row], places: Places, sheet: str, problems: Problems) -> Grid | None:
    """Make a grid of the rows of a sheet, and report what stands beside the table."""
    header, header_kinds = rows[0] if rows else ([], "")
    width = len(header_kinds.rstrip(BLANK))
    if width == 1 and any(len(kinds.rstrip(BLANK)) > 1 for _, kinds in rows[1:SEARCHED]):
        message = f"{shorten(repr(header[0]))} is not the header, but stands where it belongs"
        expected = "the names of the columns in row 1"
        problems.add_all([places.problem(sheet, message, row=1, expected=expected)])
        return None
    if not width:
        expected = "the names of the columns in row 1"
        problems.add_all([places.problem(sheet, "has no header", row=1, expected=expected)])
        return None
    problems.add_all(_odd_headers(header[:width], header_kinds, places, sheet))
    cells, numbers, kinds, beside = [], [], [], []
    for row, (texts, row_kinds) in enumerate(rows[1:], start=2):
        for place in range(width, len(row_kinds.rstrip(BLANK))):
            if row_kinds[place] != BLANK:
                message = f"{shorten(repr(texts[place]))} stands under no header"
                beside.append(places.at(sheet, row, place + 1, message, "nothing beside the table"))
        if row_kinds[:width].strip(BLANK):
            cells.append(texts[:width])
            numbers.append(row)
            kinds.append(row_kinds[:width])
    problems.add_all(beside)
    return Grid(header[:width], cells, numbers, kinds)


def _odd_headers(header: list[str], kinds: str, places: Places, sheet: str) -> Iterator[Problem]:
    for place, name in enumerate(header, start=1):
        if kinds[place - 1] not in (BLANK, TEXT, _NUMBER):
            message = kind_fault(name, kinds[place - 1])
            yield places.at(sheet, 1, place, message, "the name of the column, as text")
