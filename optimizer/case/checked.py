"""The tables of a case as its checks see them: possibly faulty, with one way to report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from optimizer.case.header import CaseHeader
from optimizer.errors import Problem, Problems
from optimizer.io.tables import TableRead
from optimizer.schema.tables import TABLES

TOLERANCE = 1e-9
"""Sums of shares and totals that differ by less, relative to their size, are equal."""


@dataclass(frozen=True)
class CaseTables:
    """Tables of a case under check."""

    header: CaseHeader
    reads: Mapping[str, TableRead]
    problems: Problems

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.reads[name].frame

    def has(self, name: str) -> bool:
        """Whether the case has the table's file."""
        return self.reads[name].is_there

    def sound(self, *names: str) -> bool:
        """Whether all of the tables were read without faults."""
        return all(self.reads[name].sound for name in names)

    def add(
        self,
        table: str,
        message: str,
        row: int | None = None,
        column: str | None = None,
        expected: str | None = None,
        *,
        maybe: str | None = None,
    ) -> None:
        """Add one problem in a table."""
        file = TABLES[table].file
        self.problems.add(file, message, row=row, column=column, expected=expected, maybe=maybe)

    def add_all(
        self,
        table: str,
        found: Iterable[tuple[int | None, str, str | None]],
        column: str | None = None,
        expected: str | None = None,
    ) -> None:
        """Add problems of one kind: row, message and what was probably meant."""
        file = TABLES[table].file
        self.problems.add_all(
            Problem(file, message, None if row is None else int(row), column, expected, maybe)
            for row, message, maybe in found
        )
