"""Reads one table of a case: text first, so that nothing is guessed, then figures.

Every fault of every cell becomes a problem; nothing is filled, dropped or coerced silently.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.errors import Problem, Problems, did_you_mean
from optimizer.schema import BAND_PREFIX, NOTE, SOURCE, ColumnSpec, TableSpec
from optimizer.tables.cells import expected, parse_attribute, parse_cells

SURELY_MEANT = 0.85
"""Similarity from which a further column is taken for a misspelt one of the schema."""


@dataclass(frozen=True)
class TableRead:
    """A table as read, and whether it is free of faults.

    Attributes
    ----------
    frame
        Index: row in the file, named "row"; columns as in the schema, then attributes.
    is_there
        Whether the case has the file.
    sound
        Whether its cells can be relied on in checks across tables.
    """

    frame: pd.DataFrame
    is_there: bool
    sound: bool


@dataclass(frozen=True)
class _Sheet:
    """Header and rows of a file, all of them text and all rows as long as the header."""

    header: list[str]
    cells: list[list[str]]
    rows: list[int]


def read_table(content: bytes, spec: TableSpec, currency: str, problems: Problems) -> TableRead:
    """Read one CSV file.

    Parameters
    ----------
    content
        Bytes of the file, UTF-8 with or without byte order mark.
    spec
        What the table must look like.
    currency
        Suffix of money columns.
    problems
        Collects every fault.
    """
    before = len(problems)
    sheet = _read_sheet(content, spec, problems)
    if sheet is None:
        return TableRead(empty_table(spec), is_there=True, sound=False)
    columns = {column.header(currency): column for column in spec.columns}
    in_rows = len(problems)
    _check_header(sheet.header, spec, columns, problems)
    header_is_sound = len(problems) == in_rows
    places = {name: sheet.header.index(name) for name in sheet.header}
    raw = pd.DataFrame(
        {name: [row[place] for row in sheet.cells] for name, place in places.items()},
        index=pd.Index(sheet.rows, dtype="int64", name="row"),
        dtype="str",
    )
    frame = _parse(raw, spec, columns, problems)
    if header_is_sound:
        _check_duplicates(frame, spec, problems)
    return TableRead(frame, is_there=True, sound=len(problems) == before)


def empty_table(spec: TableSpec) -> pd.DataFrame:
    """Give the frame of an absent table: no rows, all columns, the right dtypes."""
    raw = pd.DataFrame(index=pd.Index([], dtype="int64", name="row"))
    return _parse(raw, spec, {column.name: column for column in spec.columns}, Problems())


def _read_sheet(content: bytes, spec: TableSpec, problems: Problems) -> _Sheet | None:
    text = _decode(content, spec, problems)
    if text is None:
        return None
    records = _records(text, spec.file, problems)
    _, header = next(records, (1, []))
    if not any(header):
        problems.add(
            spec.file, "has no header", row=1, expected=f"columns {', '.join(_required(spec))}"
        )
        return None
    if len(header) == 1 and header[0].count(";") + header[0].count("\t") > 1:
        separator = "';'" if ";" in header[0] else "tabs"
        problems.add(spec.file, f"columns are separated by {separator}", row=1, expected="commas")
        return None
    cells, rows, ragged, hollow = [], [], [], []
    for row, record in records:
        if not record:
            continue
        if not any(record):
            hollow.append(Problem(spec.file, "all cells are blank", row, None, "no such row"))
        elif len(record) != len(header):
            message = f"{len(record)} cells under {len(header)} columns"
            expected = "one cell per column, in quotes where it contains a comma"
            ragged.append(Problem(spec.file, message, row, None, expected))
        else:
            cells.append(record)
            rows.append(row)
    problems.add_all(hollow)
    problems.add_all(ragged)
    return _Sheet(header, cells, rows)


def _decode(content: bytes, spec: TableSpec, problems: Problems) -> str | None:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.add(
            spec.file,
            f"byte 0x{content[error.start]:02x} is not UTF-8",
            row=line,
            expected="text saved as UTF-8 (in Excel: 'CSV UTF-8')",
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
        problems.add(
            file,
            f"the row that begins here cannot be read: {error}",
            row=begins,
            expected='quotes in pairs, and doubled ("") inside quoted cells',
        )


def _required(spec: TableSpec) -> list[str]:
    return [column.name for column in spec.columns if column.required]


def _check_header(
    header: Sequence[str], spec: TableSpec, columns: dict[str, ColumnSpec], problems: Problems
) -> None:
    absent = [name for name in columns if name not in header]
    seen: set[str] = set()
    for place, name in enumerate(header, start=1):
        if not name.strip():
            problems.add(spec.file, f"column {place} has no name", row=1, expected="a name")
        elif name in seen:
            problems.add(spec.file, "the column is there twice", row=1, column=name)
        elif name not in columns:
            _check_further_column(name, spec, absent, problems)
        seen.add(name)
    for name, column in columns.items():
        if column.required and name not in seen:
            wanted = expected(column)
            if column.kind != "text":
                wanted += f" ({column.meaning})"
            problems.add(spec.file, "the column is missing", row=1, column=name, expected=wanted)


def _check_further_column(
    name: str, spec: TableSpec, absent: Sequence[str], problems: Problems
) -> None:
    """Refuse an unknown column; in open-ended tables only what cannot be an attribute."""
    if not spec.open_ended:
        problems.add(
            spec.file,
            f"unknown column {name!r}",
            row=1,
            expected=f"columns of {spec.name} only",
            maybe=did_you_mean(name, absent),
        )
        return
    meant = did_you_mean(name, absent, cutoff=SURELY_MEANT)
    if meant is not None:
        expected_names = "the table's own columns, or attributes that are not mistaken for them"
        message = f"unknown column {name!r}"
        problems.add(spec.file, message, row=1, expected=expected_names, maybe=meant)
    elif name != name.strip() or "." in name:
        problems.add(
            spec.file,
            f"{name!r} cannot name an attribute",
            row=1,
            expected="a name without dots and without spaces around it",
        )


def _parse(
    raw: pd.DataFrame, spec: TableSpec, columns: dict[str, ColumnSpec], problems: Problems
) -> pd.DataFrame:
    parsed: dict[str, pd.Series] = {}
    for header, column in columns.items():
        there = header in raw
        cells = raw[header] if there else pd.Series("", index=raw.index, dtype="str")
        is_missing = column.required and not there
        parsed[column.name] = parse_cells(
            cells, column, spec.file, header, Problems() if is_missing else problems
        )
    further = [str(name) for name in raw if name not in columns and str(name).strip()]
    if spec.open_ended:
        for name in further:
            is_band = name.startswith(BAND_PREFIX)
            parsed[name] = parse_attribute(raw[name], spec.file, problems, is_text=is_band)
    last = [SOURCE.name, NOTE.name]
    order = [name for name in parsed if name not in last] + last
    return pd.DataFrame(parsed, index=raw.index)[order]


def _check_duplicates(frame: pd.DataFrame, spec: TableSpec, problems: Problems) -> None:
    """Report rows with the keys of an earlier row; blank optional keys are equal to each other."""
    keys = [*spec.keys, *spec.optional_keys]
    is_named = pd.Series(True, index=frame.index)
    for name in spec.keys:
        is_named &= frame[name].notna() & frame[name].astype("str").ne("")
    known = frame[is_named]
    if not known.duplicated(keys).any():
        return
    rows = known.index.to_series()
    cells = known.groupby(keys, dropna=False, sort=False).ngroup()
    firsts = rows.groupby(cells).transform("first")
    again = known[rows.ne(firsts)]
    found = []
    for row, values in zip(again.index, again[keys].itertuples(index=False), strict=True):
        told = describe(dict(zip(keys, values, strict=True)))
        message = f"{told} is already in row {firsts[row]}"
        found.append(Problem(spec.file, message, row, None, f"one row per {', '.join(keys)}"))
    problems.add_all(found)


def describe(cells: Mapping[str, object]) -> str:
    """Name a row by its keys, as in ``country 'KOR', year 2027, region blank``."""
    told = []
    for name, value in cells.items():
        plain = value.item() if isinstance(value, np.generic) else value
        told.append(f"{name} {'blank' if plain is pd.NA or plain == '' else repr(plain)}")
    return ", ".join(told)
