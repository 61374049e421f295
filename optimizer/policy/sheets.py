"""Policies in workbooks: what the sheets ``policy``, ``goals``, ``limits``, ``stakeholders`` say.

The sheets say the everyday part of a policy as the tables that a TOML file would hold, and
remember the cell of everything they say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from optimizer.case.books import READ
from optimizer.case.sources import WORKBOOK_SUFFIX
from optimizer.errors import Problem, Problems, did_you_mean
from optimizer.io.grids import Grid
from optimizer.io.paths import standing_at
from optimizer.io.places import Places
from optimizer.io.tables import empty_table, parse_grid
from optimizer.io.workbook import Workbook, read_workbook
from optimizer.policy.limits import BOUND
from optimizer.policy.sheet_columns import (
    BOUND_CELLS,
    GOALS,
    LIMITS,
    NAMED_SHEETS,
    POLICY,
    SHEETS,
    STAKEHOLDERS,
)
from optimizer.policy.sheet_rows import RowReader
from optimizer.schema.tables import TableSpec

BOUND_CELL = "a number, which share_of, per or previous makes a share, an amount or a factor"

_SURELY_MEANT = 0.75
"""Similarity from which a further sheet is taken for one of a policy."""

_NEEDED: Mapping[str, tuple[frozenset[str], str]] = {
    LIMITS.name: (frozenset({"measure"}), "a measure"),
    STAKEHOLDERS.name: (frozenset({"weights", "comparisons"}), "weights or comparisons"),
}
"""Keys of which a new entry of a list needs one, in words as well."""

_Parts = tuple[str, ...]


class _Cell(NamedTuple):
    """Where something is said: the column by its header, and by the name it is shown with."""

    sheet: str
    row: int
    column: str
    shown: str
    is_row: bool = False


@dataclass(frozen=True)
class Sheets:
    """Values in the sheets of a policy, with their cells.

    Attributes
    ----------
    said
        Tables as the sheet ``policy`` alone has them.
    cells
        Cell of everything that is said, by its address taken apart; rows by the address of what
        they are about.
    """

    places: Places
    said: Mapping[str, Any]
    cells: dict[_Parts, _Cell]
    _frames: Mapping[str, pd.DataFrame] = field(repr=False, compare=False)

    def tables(self, base: Mapping[str, Any], base_file: str, problems: Problems) -> dict[str, Any]:
        """Give all tables, on top of those of the policy that is extended."""
        found: dict[str, Any] = dict(self.said)
        goals = self._goals(_table(base, GOALS.name), base_file, problems)
        found |= {GOALS.name: goals} if goals else {}
        for spec in NAMED_SHEETS:
            entries = self._named(spec, base.get(spec.name), base_file, problems)
            found |= {spec.name: entries} if entries else {}
        return found

    def problem(self, problem: Problem, parts: _Parts) -> tuple[Problem, _Cell | None]:
        """Report a problem of an address as one of its cell, with the cell if there is one."""
        end = next((end for end in range(len(parts), 0, -1) if parts[:end] in self.cells), 0)
        cell = self.cells.get(parts[:end])
        if cell is None:
            message = f"{problem.column} {problem.message}" if problem.column else problem.message
            sheet = POLICY.name if POLICY.name in self.places.columns else None
            told = replace(problem, message=message, column=None, sheet=sheet)
            return told, None
        column = cell.column
        if cell.is_row and end < len(parts) and parts[end] in self.places.columns[cell.sheet]:
            column = parts[end]
        shown = column if cell.is_row else cell.shown
        letter = self.places.letter(cell.sheet, column)
        told = replace(problem, row=cell.row, column=shown, sheet=cell.sheet, letter=letter)
        return (replace(told, expected=BOUND_CELL) if told.expected == BOUND else told), cell

    def _goals(
        self, base: Mapping[str, Any], base_file: str, problems: Problems
    ) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for reader, name in self._rows(GOALS.name, {}, base_file):
            if base_file and name not in base:
                message = f"{name!r} is not a goal of {base_file}"
                reader.add("goal", message, f"one of {', '.join(base)}", did_you_mean(name, base))
            else:
                found[name] = reader.goal()
                self._remember(GOALS.name, name, found[name])
            problems.extend(reader.problems)
        return found

    def _named(
        self, spec: TableSpec, base: object, base_file: str, problems: Problems
    ) -> tuple[Any, ...]:
        """Entries of a list, a row each; one that the policy extended lacks has to be whole."""
        entries = base if isinstance(base, tuple) else ()
        known = {str(entry.get("name")): entry for entry in entries if isinstance(entry, Mapping)}
        key, (needed, told) = spec.keys[0], _NEEDED[spec.name]
        found = []
        for reader, name in self._rows(spec.name, known, base_file):
            entry = reader.stakeholder() if spec is STAKEHOLDERS else reader.limit()
            if base_file and name not in known and not entry.keys() & needed:
                message = f"{name!r} is not a {key} of {base_file}, and a new one needs {told}"
                expected = f"one of {', '.join(known)}, or {told}" if known else told
                reader.add(key, message, expected, did_you_mean(name, known))
            else:
                found.append(entry)
                self._remember(spec.name, name, entry)
            problems.extend(reader.problems)
        return tuple(found)

    def _rows(
        self, sheet: str, base: Mapping[str, Mapping[str, Any]], base_file: str
    ) -> list[tuple[RowReader, str]]:
        frame = self._frames[sheet]
        key = SHEETS[sheet].keys[0]
        found = []
        for number, row in frame[frame[key].ne("")].iterrows():
            name = str(row[key])
            self.cells[sheet, name] = _Cell(sheet, int(str(number)), key, key, is_row=True)
            found.append((RowReader(sheet, row, self.places, base.get(name, {}), base_file), name))
        return found

    def _remember(self, sheet: str, name: str, entry: Mapping[str, Any]) -> None:
        row = self.cells[sheet, name].row
        for key, value in entry.items():
            column = key if key != "name" else SHEETS[sheet].keys[0]
            self.cells[sheet, name, key] = _Cell(sheet, row, column, column)
            if not isinstance(value, Mapping) or key not in ("at_least", "at_most"):
                continue
            for parts, said in BOUND_CELLS.items():
                self.cells[sheet, name, key, *parts] = _Cell(sheet, row, said, said)


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, Mapping) else {}


def book_roles(path: Path) -> tuple[bool, bool]:
    """Whether a workbook has sheets of a policy, and of a case; what is not a workbook has neither.

    Raises
    ------
    OptimizerError
        If it is a workbook and python-calamine is not installed.
    """
    is_book = path.suffix.lower() == WORKBOOK_SUFFIX and standing_at(path) == "file"
    workbook = read_workbook(path, Problems()) if is_book else None
    names = () if workbook is None else workbook.sheets
    return any(name in names for name in SHEETS), any(name in names for name in READ)


def read_sheets(path: Path, problems: Problems) -> Sheets | None:
    """Read the sheets of a policy; None where the workbook has no sheet ``policy``."""
    workbook = read_workbook(path, problems)
    if workbook is None:
        return None
    if POLICY.name not in workbook.sheets:
        message = f"has no sheet {POLICY.name!r}"
        maybe = did_you_mean(POLICY.name, workbook.sheets)
        problems.add(
            path.name, message, expected="a sheet with the keys title and extends", maybe=maybe
        )
        return None
    _check_names(workbook, problems)
    frames: dict[str, pd.DataFrame] = {}
    grids: dict[str, Grid] = {}
    found = Problems()
    for name, spec in SHEETS.items():
        grid = workbook.sheet(name, found)
        if grid is not None:
            grids[name] = grid
        frames[name] = (
            empty_table(spec) if grid is None else parse_grid(grid, spec, "", found).frame
        )
    places = workbook.places(grids)
    problems.extend(found.retold(places.retell))
    sheets = Sheets(places, {}, {}, frames)
    return replace(sheets, said=_said(sheets, problems))


def _check_names(workbook: Workbook, problems: Problems) -> None:
    """Refuse hidden sheets that would be read, and others that were probably meant to be."""
    absent = [name for name in SHEETS if name not in workbook.sheets]
    places = Places(workbook.path.name, {})
    for name in workbook.sheets:
        if name in SHEETS and name in workbook.hidden:
            expected = "a visible sheet"
            problems.add_all([places.problem(name, "is hidden", expected=expected)])
        meant = did_you_mean(name, absent, cutoff=_SURELY_MEANT)
        if name not in (*SHEETS, *READ) and meant is not None:
            expected = f"the name {meant} for a sheet of the policy"
            problems.add_all([places.problem(name, "is not read", expected=expected, maybe=meant)])


def _said(sheets: Sheets, problems: Problems) -> dict[str, Any]:
    """Give what the sheet ``policy`` says; the version of the schema is implied."""
    data: dict[str, Any] = {"schema": 1}
    frame = sheets._frames[POLICY.name]
    for number, row in frame[frame["key"].ne("")].iterrows():
        reader = RowReader(POLICY.name, row, sheets.places, {}, "")
        said = reader.said()
        problems.extend(reader.problems)
        if said is None:
            continue
        key, value = said
        *above, last = key.split(".")
        table = data
        for part in above:
            table = table.setdefault(part, {})
        table[last] = value
        sheets.cells[*above, last] = _Cell(POLICY.name, int(str(number)), "value", key)
    return data
