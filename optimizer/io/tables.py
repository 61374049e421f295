"""Reads one table of a case: text first, so that nothing is guessed, then figures.

Every fault of every cell becomes a problem; nothing is filled, dropped or coerced silently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from optimizer.errors import Problem, Problems, did_you_mean, shorten
from optimizer.io.cell_faults import ColumnReport, Texts, expected, matching
from optimizer.io.cells import AN_ATTRIBUTE, ParsedColumn, parse_attribute, parse_texts
from optimizer.io.grids import MOST_COLUMNS, Grid, csv_grid
from optimizer.schema.tables import BAND_PREFIX, MONEY, NOTE, SOURCE, ColumnSpec, TableSpec
from optimizer.text.characters import oddity

_SURELY_MEANT = 0.85
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
    lost
        Whether it may have rows that could not be read.
    foreign
        Headers of its columns of money that are in another currency than the case. They are
        read all the same, because what is wrong with them is one fault of the whole case.
    """

    frame: pd.DataFrame
    is_there: bool
    sound: bool
    lost: bool = False
    foreign: tuple[str, ...] = ()


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
    columns = [column.header(currency) for column in spec.columns if column.required]
    grid = csv_grid(content, spec.file, problems, columns=columns)
    read = parse_grid(grid, spec, currency, problems)
    return replace(read, sound=len(problems) == before)


def parse_grid(grid: Grid | None, spec: TableSpec, currency: str, problems: Problems) -> TableRead:
    """Parse what a file or a sheet holds; without a grid, which has been said, it is unsound."""
    if grid is None:
        return TableRead(empty_table(spec), is_there=True, sound=False, lost=True)
    before = len(problems)
    if len(grid.header) > MOST_COLUMNS:
        message = f"has {len(grid.header):,} columns"
        problems.add(spec.file, message, row=1, expected=f"at most {MOST_COLUMNS:,}")
        return TableRead(empty_table(spec), is_there=True, sound=False, lost=True)
    columns = {_header_of(column, grid.header, currency): column for column in spec.columns}
    foreign = tuple(name for name, each in columns.items() if name != each.header(currency))
    _check_header(grid, spec, columns, problems)
    header_is_sound = len(problems) == before
    places = {name: grid.header.index(name) for name in grid.header}
    raw = {name: _texts([row[place] for row in grid.cells]) for name, place in places.items()}
    kinds = None
    if grid.kinds is not None:
        kinds = {name: _texts([row[place] for row in grid.kinds]) for name, place in places.items()}
    rows = pd.Index(grid.rows, dtype="int64", name="row")
    frame = _parse(_Columns(raw, kinds, rows), spec, columns, problems)
    if header_is_sound:
        _check_duplicates(frame, raw, spec, problems)
    sound = len(problems) == before and not grid.lost
    return TableRead(frame, is_there=True, sound=sound, lost=grid.lost, foreign=foreign)


def _header_of(column: ColumnSpec, header: Sequence[str], currency: str) -> str:
    """Header of a column; of money in another currency, where that is all there is."""
    wanted = column.header(currency)
    if column.unit != MONEY or wanted in header:
        return wanted
    others = [name for name in header if re.fullmatch(f"{column.name}_[a-z]{{3}}", name)]
    return others[0] if len(others) == 1 else wanted


def empty_table(spec: TableSpec) -> pd.DataFrame:
    """Give the frame of an absent table: no rows, all columns, the right dtypes."""
    # A copy shares what is in it until somebody writes.
    return _made_empty(spec).copy(deep=False)


@cache
def _made_empty(spec: TableSpec) -> pd.DataFrame:
    nothing = _Columns({}, None, pd.Index([], dtype="int64", name="row"))
    return _parse(nothing, spec, {column.name: column for column in spec.columns}, Problems())


def _check_header(
    grid: Grid, spec: TableSpec, columns: dict[str, ColumnSpec], problems: Problems
) -> None:
    absent = [name for name in columns if name not in grid.header]
    seen: set[str] = set()
    nameless = []
    for place, name in enumerate(grid.header, start=1):
        if not name.strip():
            message = f"{grid.column_words(place)} has no name"
            nameless.append(Problem(spec.file, message, 1, None, "a name"))
        elif name in seen:
            problems.add(spec.file, "the column is there twice", row=1, column=name)
        elif name not in columns:
            _check_further_column(name, spec, absent, problems)
        seen.add(name)
    problems.add_all(nameless)
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
            f"unknown column {shorten(repr(name))}",
            row=1,
            expected=f"columns of {spec.name} only",
            maybe=did_you_mean(name, absent),
        )
        return
    meant = did_you_mean(name, absent, cutoff=_SURELY_MEANT)
    if meant is not None:
        expected_names = "the table's own columns, or attributes that are not mistaken for them"
        message = f"unknown column {name!r}"
        problems.add(spec.file, message, row=1, expected=expected_names, maybe=meant)
        return
    odd = oddity(name)
    if odd is not None:
        message = f"the column {shorten(ascii(name))} {odd.message}"
        problems.add(spec.file, message, row=1, expected=odd.expected, maybe=odd.maybe)
    elif name != name.strip() or "." in name:
        problems.add(
            spec.file,
            f"{shorten(repr(name))} cannot name an attribute",
            row=1,
            expected="a name without dots and without spaces around it",
        )


@dataclass(frozen=True)
class _Columns:
    """Cells as they were read, by header: texts, kinds of cells of a sheet, and their rows."""

    texts: Mapping[str, Texts]
    kinds: Mapping[str, Texts] | None
    rows: pd.Index


def _texts(cells: Sequence[str]) -> Texts:
    texts = np.empty(len(cells), dtype=object)
    texts[:] = cells
    return texts


def _parse(
    raw: _Columns, spec: TableSpec, columns: dict[str, ColumnSpec], problems: Problems
) -> pd.DataFrame:
    parsed: dict[str, ParsedColumn] = {}
    for header, column in columns.items():
        there = header in raw.texts
        found = Problems() if column.required and not there else problems
        parsed[column.name] = parse_texts(
            raw.texts[header] if there else _texts([""] * len(raw.rows)),
            column,
            ColumnReport(spec.file, header, expected(column), found, raw.rows),
            raw.kinds[header] if there and raw.kinds is not None else None,
        )
    further = [name for name in raw.texts if name not in columns and name.strip()]
    if spec.open_ended:
        for name in further:
            parsed[name] = parse_attribute(
                raw.texts[name],
                ColumnReport(spec.file, name, AN_ATTRIBUTE, problems, raw.rows),
                is_band=name.startswith(BAND_PREFIX),
                kinds=None if raw.kinds is None else raw.kinds[name],
            )
    last = [name for name in (SOURCE.name, NOTE.name) if name in parsed]
    order = [name for name in parsed if name not in last] + last
    return pd.DataFrame({name: parsed[name] for name in order}, index=raw.rows)


def _check_duplicates(
    frame: pd.DataFrame, raw: Mapping[str, Texts], spec: TableSpec, problems: Problems
) -> None:
    """Report rows with the keys of an earlier row; blank optional keys are equal to each other."""
    keys = [*spec.keys, *spec.optional_keys]
    columns = [frame[name].tolist() for name in keys]
    is_named = np.ones(len(frame), dtype=bool)
    for name, cells in zip(keys, columns, strict=True):
        is_blank = np.fromiter((cell is pd.NA or cell == "" for cell in cells), bool, len(cells))
        if name in spec.optional_keys and is_blank.any():
            # A key that cannot be read is blank too, but not by the will of whoever wrote it.
            is_blank &= matching(raw[name], _is_filled) if name in raw else False
        is_named &= ~is_blank
    firsts: dict[tuple[object, ...], int] = {}
    found = []
    rows = zip(frame.index.tolist(), is_named.tolist(), zip(*columns, strict=True), strict=True)
    for row, named, values in rows:
        first = firsts.setdefault(values, row) if named else row
        if first != row:
            message = f"{describe(dict(zip(keys, values, strict=True)))} is already in row {first}"
            found.append(Problem(spec.file, message, row, None, f"one row per {', '.join(keys)}"))
    problems.add_all(found)


def _is_filled(cell: str) -> bool | None:
    return True if cell.strip() else None


def describe(cells: Mapping[str, object]) -> str:
    """Name a row by its keys, as in ``country 'KOR', year 2027, region blank``."""
    told = []
    for name, value in cells.items():
        plain = value.item() if isinstance(value, np.generic) else value
        told.append(f"{name} {'blank' if plain is pd.NA or plain == '' else repr(plain)}")
    return ", ".join(told)
