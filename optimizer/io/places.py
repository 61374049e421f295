"""Finds where in a workbook something is wrong: sheet, row and letter of the column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from optimizer.errors import Problem
from optimizer.io.grids import letters

TABLE_FILE = re.compile(r"\b([a-z_]+)\.csv\b")


class PlaceFinder(Protocol):
    """Knows the places of a workbook, or of frames, where problems name those of files."""

    def retell(self, problem: Problem) -> Problem:
        """Report a problem of a table's file as one of its sheet or frame."""


@dataclass(frozen=True)
class Places:
    """Turns places in files of a folder into places in a workbook.

    Attributes
    ----------
    file
        Name of the workbook.
    columns
        Names of the columns of each sheet that was read, in order.
    """

    file: str
    columns: Mapping[str, tuple[str, ...]]

    def problem(
        self,
        sheet: str,
        message: str,
        *,
        row: int | None = None,
        column: str | None = None,
        expected: str | None = None,
        maybe: str | None = None,
    ) -> Problem:
        """Make a problem in a sheet; the column is given by its name and gets its letter."""
        letter = self.letter(sheet, column)
        return Problem(self.file, message, row, column, expected, maybe, sheet=sheet, letter=letter)

    def at(self, sheet: str, row: int, place: int, message: str, expected: str) -> Problem:
        """Make a problem of a cell, given by its row and its column's place, counted from 1."""
        return Problem(self.file, message, row, None, expected, sheet=sheet, letter=letters(place))

    def letter(self, sheet: str, column: str | None) -> str | None:
        """Letter of a column of a sheet, by its name; None where there is no such column."""
        names = self.columns.get(sheet, ())
        return letters(names.index(column) + 1) if column in names else None

    def retell(self, problem: Problem) -> Problem:
        """Report a problem of a table's file as one of its sheet."""
        sheet = problem.file.removesuffix(".csv")
        if problem.sheet is not None or sheet == problem.file:
            return problem
        return self.problem(
            sheet,
            self.words(problem.message),
            row=problem.row,
            column=problem.column,
            expected=None if problem.expected is None else self.words(problem.expected),
            maybe=problem.maybe,
        )

    def words(self, text: str) -> str:
        """Name sheets where a text names files.

        Examples
        --------
        >>> Places("japan.xlsx", {}).words("'JPM' is not in countries.csv")
        "'JPM' is not in sheet countries"
        """
        return TABLE_FILE.sub(r"sheet \1", text.replace("the file is", "the sheet is"))
