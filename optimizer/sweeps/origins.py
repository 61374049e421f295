"""Where the rows of a study are said, so that problems name file, row and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from optimizer.errors import Problem
from optimizer.io.places import Places
from optimizer.schema.addresses import address_of

SCENARIO_TABLE, CHANGE_TABLE = "scenarios", "changes"
"""The two tables of a study."""

OF_STUDY = " of the study"
"""Ends what stands for the names of the files where a study was made in Python."""


@dataclass(frozen=True)
class Origins:
    """Places of the rows of both tables.

    Attributes
    ----------
    files
        Name of the file of each table.
    rows
        Row of the file for every row of a table, counted as its reader counts; rows of tables
        made in Python are counted from 1.
    keys
        Keys from the top of a TOML file instead, for every row of a table.
    places
        Finder of places, where the tables are sheets of a workbook.
    """

    files: Mapping[str, str] = field(
        default_factory=lambda: {
            name: f"{name}{OF_STUDY}" for name in (SCENARIO_TABLE, CHANGE_TABLE)
        }
    )
    rows: Mapping[str, Sequence[int]] = field(default_factory=dict)
    keys: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)
    places: Places | None = None

    def problem(
        self,
        cell: tuple[str, int, str | None],
        message: str,
        expected: str | None = None,
        maybe: str | None = None,
    ) -> Problem:
        """Make a problem of a cell: its table, the position of its row from 0, and its column."""
        table, position, column = cell
        file = self.files[table]
        if table in self.keys:
            keys = (*self.keys[table][position], *_keys_of(column, self.keys[table][position]))
            return Problem(file, message, None, address_of(keys) or None, expected, maybe)
        rows = self.rows.get(table)
        row = position + 1 if rows is None else rows[position]
        found = Problem(file, message, row, column, expected, maybe)
        return found if self.places is None else self.places.retell(found)


def _keys_of(column: str | None, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Key of a column in an entry of a file; what a design makes has none."""
    if len(keys) == 1 or column is None:
        return ()
    return {"scenario": ("name",), "operation": (), "value": ()}.get(column, (column,))
