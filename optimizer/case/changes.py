"""Changes to a case: figures of single cells, reached by table, keys and column.

An address names the table, the keys that choose its rows, and the column:
``budgets[line=science, year=2030].amount``. Every row with these keys is changed; a key that is
not named may be anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import Any

import pandas as pd

from optimizer.case.loading import Case
from optimizer.case.rechecking import require_consistent
from optimizer.errors import PolicyError, Problems, did_you_mean, shorten
from optimizer.frames.memory import Memory
from optimizer.frames.records import Frames
from optimizer.io.cell_faults import NUMBER_KINDS, fits
from optimizer.io.cells import are_figures, parse_cells
from optimizer.io.changes import CHANGES, Operation, operation_in, unreadable
from optimizer.io.grids import number_text
from optimizer.io.guesses import meant_number
from optimizer.io.toml import frozen, shown
from optimizer.schema.addresses import AddressError, CellAddress, cell_of, one_spelling
from optimizer.schema.tables import BAND_PREFIX, MONEY, TABLES, ColumnSpec, TableSpec

_Add = Callable[..., None]


@dataclass(frozen=True)
class CellChange:
    """One change, resolved on a case.

    Attributes
    ----------
    address
        As it was given.
    rows
        Rows of the table's frame, by their position.
    values
        New figure of each.
    """

    address: str
    table: str
    column: str
    rows: list[int]
    values: list[float]

    def by_row(self, frame: pd.DataFrame) -> dict[str, float]:
        """Every figure by the address of its row alone."""
        spec = TABLES[self.table]
        names = [*spec.keys, *spec.optional_keys]
        rows = frame.iloc[self.rows][names].astype("object").itertuples(index=False, name=None)
        told = {}
        for cells, value in zip(rows, self.values, strict=True):
            keys = [
                (name, str(cell))
                for name, cell in zip(names, cells, strict=True)
                if not _is_blank(cell)
            ]
            told[str(CellAddress(self.table, tuple(keys), self.column))] = value
        return told


def _is_blank(cell: Any) -> bool:
    return bool(pd.isna(cell)) or cell == ""


def change_case(
    case: Case,
    changes: Mapping[str, object],
    unchanged: Case | None = None,
    memory: Memory | None = None,
) -> tuple[Case, tuple[CellChange, ...]]:
    """Give a copy of a case with cells changed, and what was changed in it.

    Parameters
    ----------
    changes
        Figures by address. Keys, names and other text cannot be changed.
    unchanged
        Case whose figures changes such as ``*1.1`` refer to; the case itself without it.
    memory
        Of checks that the tables have passed.

    Raises
    ------
    PolicyError
        With every address that leads nowhere and every value that the column does not take.
    InputError
        With what contradicts other figures of the case.
    """
    if not changes:
        return case, ()
    done = cell_changes(case if unchanged is None else unchanged, changes)
    tables = Frames(case.tables)
    for name in dict.fromkeys(change.table for change in done):
        changed_here = [change for change in done if change.table == name]
        tables = tables.with_frame(name, _with_figures(tables[name], changed_here))
    changed = replace(case, tables=tables, hashes=_marked(case, done), contents={})
    require_consistent(changed, memory)
    return changed, done


def _with_figures(frame: pd.DataFrame, changes: Iterable[CellChange]) -> pd.DataFrame:
    """Give a copy of a table with figures changed."""
    cells: dict[str, Any] = {}
    for change in changes:
        of_column = cells.setdefault(change.column, frame[change.column].array.copy())
        # Attributes keep their text.
        is_text = pd.api.types.is_string_dtype(of_column.dtype)
        values = [number_text(each) for each in change.values] if is_text else change.values
        of_column[change.rows] = values
    return frame.assign(**cells)


def cell_changes(case: Case, changes: Mapping[str, object]) -> tuple[CellChange, ...]:
    """Look up what changes of cells mean on a case.

    Raises
    ------
    PolicyError
        As :func:`change_case`.
    """
    problems = Problems()
    done = []
    spelt: dict[str, str] = {}
    for address, value in changes.items():
        change = _resolve(address, value, case, problems)
        if change is not None:
            first = spelt.setdefault(one_spelling(address), address)
            if first != address:
                message = f"names the same cells as {first}"
                problems.add(CHANGES, message, column=address, expected="one of them")
            done.append(change)
    problems.raise_if_any(PolicyError)
    return tuple(done)


def _marked(case: Case, done: Iterable[CellChange]) -> dict[str, str]:
    """Hashes that differ between the changed case and the one that was read.

    Of figures and not of changes: where two reach the same cell, the last one counts.
    """
    figures = {
        (change.table, change.column, row): value
        for change in done
        for row, value in zip(change.rows, change.values, strict=True)
    }
    told = json.dumps(sorted(figures.items()))
    return {
        name: hashlib.sha256(f"{before}{told}".encode()).hexdigest()
        for name, before in case.hashes.items()
    }


def _resolve(address: str, value: object, case: Case, problems: Problems) -> CellChange | None:
    found = figures_at(address, case, problems)
    if found is None:
        return None

    def add(message: str, expected: str | None = None, maybe: str | None = None) -> None:
        problems.add(CHANGES, message, column=address, expected=expected, maybe=maybe)

    before = _numbers(case.table(found.table)[found.kind.name].iloc[found.rows])
    values = _values(value, found.kind, before, add)
    if values is None:
        return None
    return CellChange(address, found.table, found.kind.name, found.rows, values)


@dataclass(frozen=True)
class FiguresAt:
    """Where the address of cells leads on a case.

    Attributes
    ----------
    rows
        Rows of the table's frame, by their position.
    """

    table: str
    kind: ColumnSpec
    rows: list[int]


def figures_at(address: str, case: Case, problems: Problems) -> FiguresAt | None:
    """Look up the figures that an address means; ``None`` after a problem."""

    def add(message: str, expected: str | None = None, maybe: str | None = None) -> None:
        problems.add(CHANGES, message, column=address, expected=expected, maybe=maybe)

    try:
        cell = cell_of(address)
    except AddressError as error:
        add(error.message, error.expected, error.maybe)
        return None
    name, column = cell.table, cell.column
    spec = TABLES.get(name)
    if spec is None:
        add(f"{name!r} is not a table", "a table of a case", did_you_mean(name, TABLES))
        return None
    frame = case.table(name)
    figures = _figures(spec, frame, case.currency)
    if column not in figures:
        add(
            f"{column!r} is not a figure of {name}",
            f"one of {', '.join(figures)}" if figures else "a table with figures",
            did_you_mean(column, figures),
        )
        return None
    rows = _chosen(cell, spec, frame, add)
    return None if rows is None else FiguresAt(name, figures[column], rows)


def _figures(spec: TableSpec, frame: pd.DataFrame, currency: str) -> dict[str, ColumnSpec]:
    """Columns that can be changed, by every name they go by."""
    keys = {*spec.keys, *spec.optional_keys}
    found = {
        column.name: column
        for column in spec.columns
        if column.kind in NUMBER_KINDS and column.name not in keys
    }
    found |= {column.header(currency): column for column in found.values() if column.unit == MONEY}
    declared = {column.name for column in spec.columns}
    for name in frame.columns if spec.open_ended else ():
        is_open = name not in declared and not str(name).startswith(BAND_PREFIX)
        if is_open and are_figures(frame[name]):
            found[str(name)] = ColumnSpec(str(name), "number", "attribute", required=False)
    return found


def _chosen(cell: CellAddress, spec: TableSpec, frame: pd.DataFrame, add: _Add) -> list[int] | None:
    """Positions of the rows with these keys; ``None`` after a problem."""
    keys = [*spec.keys, *spec.optional_keys]
    rows = list(range(len(frame)))
    for key, value in cell.keys:
        if key not in keys:
            wanted = ", ".join(f"{name}=..." for name in keys)
            message = f"{shorten(repr(f'{key}={value}'))} chooses no rows"
            add(message, wanted, did_you_mean(key, keys))
            return None
        cells = frame[key].tolist()
        rows = [row for row in rows if cells[row] is not pd.NA and str(cells[row]) == value]
    if not rows:
        add(f"no row of {spec.name} has these keys", f"keys as in {spec.file}", _meant(cell, frame))
        return None
    return rows


def _meant(cell: CellAddress, frame: pd.DataFrame) -> str | None:
    """The first key whose value is nowhere in the table, with the value that is nearest."""
    for key, value in cell.keys:
        there = frame[key].dropna().astype("str").unique().tolist()
        near = None if value in there else did_you_mean(value, there)
        if near is not None:
            return f"{key}={near}"
    return None


def _numbers(cells: pd.Series) -> list[float]:
    """Figures as they are, also those that attributes keep as text."""
    is_text = pd.api.types.is_string_dtype(cells.dtype)
    return [float(cell or "nan") for cell in cells] if is_text else cells.tolist()


def _values(value: object, kind: ColumnSpec, before: list[float], add: _Add) -> list[float] | None:
    """Figures of rows, each changed by itself; ``None`` after a problem."""
    operation = operation_in(value) if isinstance(value, str) else None
    if operation is None or (operation.name == "set" and _is_share(kind)):
        figure = _figure(value if operation is None else operation.of(0.0), kind, add)
        return None if figure is None else [figure] * len(before)
    if operation.name == "set":
        add(f"{shown(value)} is a share, and {kind.name} is not one", "a number")
        return None
    blank = sum(map(pd.isna, before))
    if blank:
        message = f"{shown(value)} changes numbers, but {blank} of {len(before)} cells are blank"
        add(message, "keys of rows with figures")
        return None
    figures = [_figure(_changed(operation, figure, kind), kind, add) for figure in before]
    return None if None in figures else [figure for figure in figures if figure is not None]


def _changed(operation: Operation, figure: float, kind: ColumnSpec) -> float:
    """The changed figure, to the nearest whole number (halves up) where only those are taken."""
    if kind.kind != "int":
        return operation.of(float(figure))
    return floor(operation.exactly(int(figure)) + Fraction(1, 2))


def _is_share(kind: ColumnSpec) -> bool:
    return kind.high == 1.0


def _figure(value: object, kind: ColumnSpec, add: _Add) -> float | None:
    """A figure as the column takes it; ``None`` after a problem, found as in cells of files."""
    value = frozen(value)
    fault = unreadable(value) if isinstance(value, str) else None
    if fault is not None:
        add(*fault)
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        maybe = meant_number(value) if isinstance(value, str) else None
        add(f"{shown(value)} is not a number", "a number", maybe)
        return None
    if not fits(value, kind):
        problems = Problems()
        text = pd.Series([repr(value)], index=pd.Index([1], name="row"), dtype="str")
        parse_cells(text, kind, "", kind.name, problems)
        for problem in problems:
            add(problem.message, problem.expected, problem.maybe)
        if len(problems):
            return None
    return int(value) if kind.kind == "int" else float(value)
