"""Grids: a header and rows of text, from a CSV file or from a sheet, before anything is parsed."""

from __future__ import annotations

import csv
import io
import itertools
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimizer.errors import Problem, Problems, did_you_mean, shorten

_MOST_ROWS = 2_000_000
"""Rows of a table below its header."""

MOST_COLUMNS = 1_000
"""Columns of a table, attributes included."""

MOST_LINES = _MOST_ROWS + 1
AS_UTF_8 = "text saved as UTF-8 (in Excel: 'CSV UTF-8')"
_LOOKED_AT = 100_000
"""Bytes by which a file is recognised as not text."""

SEARCHED = 10
"""Rows in which a header that is not in row 1 is looked for."""

AT_MOST_LINES = f"at most {MOST_LINES:,}, a header and {_MOST_ROWS:,} rows"


@dataclass(frozen=True)
class Grid:
    """Header and rows of a table, all of them text and all rows as long as the header.

    Attributes
    ----------
    header
        Names of the columns.
    cells
        Rows of text; "" where a cell is blank.
    rows
        Line of the file on which each row begins, or row of the sheet; the header is row 1.
    kinds
        What the cells of a sheet are, a letter per cell (see :data:`_KINDS`) and a word per row;
        None for CSV, where everything is text.
    lost
        Whether there are rows that could not be read.
    """

    header: list[str]
    cells: list[list[str]]
    rows: list[int]
    kinds: list[str] | None = None
    lost: bool = False

    def column_words(self, place: int) -> str:
        """Name a column by its place, counted from 1, as its reader knows it."""
        return f"column {place if self.kinds is None else letters(place)}"


BLANK, TEXT, _NUMBER, TRUTH, DATE, ERROR, UNCOMPUTED = _KINDS = ".tnbdef"
"""Kinds of cells of a sheet; the last is a formula without a value."""

NO_VALUE = "a value; open the workbook in a spreadsheet program and save it"
"""Expected text where a formula has no value."""


LARGEST_WHOLE = 1e16
"""From here on the shortest text of a number has an exponent."""


def number_text(value: float) -> str:
    """Write a number in the shortest way that reads back as the same.

    Examples
    --------
    >>> number_text(7.0), number_text(0.1), number_text(1e22)
    ('7', '0.1', '1e+22')
    """
    is_whole = value.is_integer() and abs(value) < LARGEST_WHOLE
    return str(int(value)) if is_whole else repr(value)


def kind_fault(text: str, kind: str) -> str:
    """Say what is wrong with a cell that is neither text nor a number.

    Examples
    --------
    >>> kind_fault("2027-01-05", DATE)
    '2027-01-05 is a date'
    """
    words = {TRUTH: f"{text} is a truth value"}
    words[DATE] = f"{text} is a {'date' if '-' in text else 'time'}"
    words |= {ERROR: f"{text} is an error", UNCOMPUTED: "holds a formula without a value"}
    return words[kind]


def letters(place: int) -> str:
    """Letters of a spreadsheet's column, counted from 1.

    Examples
    --------
    >>> [letters(place) for place in (1, 26, 27, 702, 703)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    found = ""
    while place:
        place, digit = divmod(place - 1, 26)
        found = string.ascii_uppercase[digit] + found
    return found


def csv_grid(
    content: bytes, file: str, problems: Problems, *, columns: Sequence[str]
) -> Grid | None:
    """Read the grid of a CSV file.

    Parameters
    ----------
    content
        Bytes of the file, UTF-8 with or without byte order mark.
    file
        Its name, for messages.
    columns
        Headers that it must have.
    """
    text = _text(content, file, problems)
    if text is None:
        return None
    before = len(problems)
    records = _records(text, file, problems)
    _, header = next(records, (1, []))
    is_broken = len(problems) > before
    first = list(itertools.islice(records, SEARCHED))
    fault = None if is_broken else _header_fault(header, first, columns)
    if fault is not None:
        message, expected = fault
        problems.add(file, message, row=1, expected=expected)
    if fault is not None or is_broken:
        return None
    return _rows_below(header, itertools.chain(first, records), file, problems, before)


def _text(content: bytes, file: str, problems: Problems) -> str | None:
    """Decode a file that is text, of as many lines as are read."""
    foreign = _foreign(content[:_LOOKED_AT])
    if foreign is not None:
        problems.add(file, foreign, expected=AS_UTF_8)
        return None
    lines = max(content.count(b"\n"), content.count(b"\r"))
    lines += not content.endswith((b"\n", b"\r"))
    if lines > MOST_LINES:
        problems.add(file, f"has {lines:,} lines", expected=AT_MOST_LINES)
        return None
    return _decode(content, file, problems)


def _foreign(beginning: bytes) -> str | None:
    """Say what a file is that is not text in UTF-8, judged by its first bytes."""
    if beginning.startswith(b"PK\x03\x04"):
        return "is a workbook or another zip archive, not a CSV file"
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "is saved as UTF-16"
    if b"\0" in beginning.partition(b"\n")[0]:
        return "is not text in UTF-8: its first row has zero bytes"
    return None


def _header_fault(
    header: list[str], first: list[tuple[int, list[str]]], columns: Sequence[str]
) -> tuple[str, str] | None:
    """Say what stands in place of the header, rather than what is wrong with all its cells."""
    wanted = f"columns {', '.join(columns)}"
    if not any(header):
        return "has no header", wanted
    if len(header) == 1 and header[0].count(";") + header[0].count("\t") > 1:
        separator = "';'" if ";" in header[0] else "tabs"
        return f"columns are separated by {separator}", "commas"
    if not columns or any(name in columns for name in header):
        return None
    for row, record in first:
        if set(columns) <= set(record):
            return f"is not the header, which stands in row {row}", "the header in row 1"
    if any(did_you_mean(name, columns) for name in header):
        return None
    return f"{shorten(repr(','.join(header)))} is not the header", wanted


def _rows_below(
    header: list[str],
    records: Iterator[tuple[int, list[str]]],
    file: str,
    problems: Problems,
    before: int,
) -> Grid:
    """Read rows; when reading them begins there are ``before`` problems, unless one broke off."""
    cells, rows, ragged, hollow = [], [], [], []
    for row, record in records:
        if not record:
            continue
        if not any(record):
            hollow.append(Problem(file, "all cells are blank", row, None, "no such row"))
        elif record == header:
            hollow.append(Problem(file, "repeats the header", row, None, "the header once"))
        elif len(record) != len(header):
            message = f"has {_counted(record, 'cell')}; the header has {len(header)}"
            expected = "one cell per column, in quotes where it contains a comma"
            ragged.append(Problem(file, message, row, None, expected))
        else:
            cells.append(record)
            rows.append(row)
    is_broken_off = len(problems) > before
    problems.add_all(hollow)
    problems.add_all(ragged)
    return Grid(header, cells, rows, lost=is_broken_off or bool(ragged))


def _counted(entries: list[str], noun: str) -> str:
    return f"{len(entries):,} {noun}{'' if len(entries) == 1 else 's'}"


def _decode(content: bytes, file: str, problems: Problems) -> str | None:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.add(
            file,
            f"byte 0x{content[error.start]:02x} is not UTF-8",
            row=line,
            expected=AS_UTF_8,
        )
        return None


def _records(text: str, file: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each record begins and its cells; a broken quote ends the file."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for record in reader:
            yield begins, record
            begins = reader.line_num + 1
    except csv.Error as error:
        longest = csv.field_size_limit()
        if "field limit" in str(error):
            problems.add(
                file,
                f"a cell of the row that begins here has more than {longest:,} characters",
                row=begins,
                expected="shorter cells; a quote that nothing closes makes one long cell",
            )
            return
        problems.add(
            file,
            f"the row that begins here cannot be read: {error}",
            row=begins,
            expected='quotes in pairs, and doubled ("") inside quoted cells',
        )


def given_grid(header: list[str], rows: list[list[str]], file: str, problems: Problems) -> Grid:
    """Make the grid of rows that are in memory already, as the file that held them would give it.

    Examples
    --------
    >>> problems = Problems()
    >>> given_grid(["a", "b"], [["1", "2"], ["", ""]], "x.csv", problems).rows, len(problems)
    ([2], 1)
    """
    if len(rows) > _MOST_ROWS:
        problems.add(file, f"has {len(rows):,} rows", expected=f"at most {_MOST_ROWS:,}")
        return Grid(header, [], [], lost=True)
    return _rows_below(header, iter(enumerate(rows, start=2)), file, problems, len(problems))
