"""What an analysis returns: a tidy table, sentences made of it, and what it was made with."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.errors import Problems, TargetError
from optimizer.errors.arguments import typed
from optimizer.frames.records import Frames, HandingOut
from optimizer.io import targets
from optimizer.io.parquet import no_parquet, parquet_bytes
from optimizer.io.sheet_scan import LONGEST_TEXT, MOST_ROWS
from optimizer.io.table_books import table_book
from optimizer.io.workbook import read_workbook
from optimizer.io.writing import write_bytes

RESULT, PROVENANCE = "result", "provenance"
"""Sheets of the main table and of what it was made with."""

MADE_BY = "talent-optimizer"
"""First cell of the sheet ``provenance``, by which a workbook of ours is known."""

_SHEETS = "sheets"
"""First fact in that sheet: the names of all others, so that one of somebody else's is noticed."""

SHOWN = 20
"""Rows that a notebook shows."""


class Result(HandingOut, ABC):
    """What an analysis returns; tables are given as copies.

    Attributes
    ----------
    tables
        Further tables by name.
    provenance
        Hashes, scales, versions and options, with which the same call gives the same again.
    """

    tables: Mapping[str, pd.DataFrame]
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        super().__post_init__()
        # Those of a sweep are read when somebody asks for one.
        if "tables" in vars(self):
            object.__setattr__(self, "tables", Frames(self.tables))

    @property
    @abstractmethod
    def table(self) -> pd.DataFrame:
        """The answer, a row for each part of it, with a column ``status``."""

    @abstractmethod
    def in_words(self) -> list[str]:
        """The answer in sentences, made from its tables."""

    @typed
    def to_excel(self, path: str | Path, *, force: bool = False) -> Path:
        """Write all tables as one workbook, each on a sheet of its own.

        Parameters
        ----------
        path
            Of the workbook, ``.xlsx``.
        force
            Whether an older result may be replaced; nothing else ever is.

        Returns
        -------
        pathlib.Path
            Where it is.

        Raises
        ------
        TargetError
            If it cannot be written there, or a table has more rows than a sheet can hold.
        """

        def content() -> bytes:
            sheets = self._sheets(Path(path))
            return table_book({**sheets, PROVENANCE: self._facts(list(sheets))}, str(path))

        return _written(Path(path), content, check=_no_result, force=force)

    @typed
    def to_parquet(self, path: str | Path, *, table: str = RESULT, force: bool = False) -> Path:
        """Write one table as a Parquet file, with what it was made with as facts of the file.

        Blank cells in a column of numbers are missing numbers there; cells that hold several
        values are JSON.

        Parameters
        ----------
        path
            Of the file, ``.parquet``.
        table
            ``result`` for :attr:`table`, or the name of one of :attr:`tables`.
        force
            Whether an older result may be replaced; nothing else ever is.

        Returns
        -------
        pathlib.Path
            Where it is.

        Raises
        ------
        TargetError
            If it cannot be written there.
        OptimizerError
            If there is no such table, or pyarrow is not installed (extra ``parquet``).
        """
        problems = Problems()
        if Path(path).suffix.lower() != ".parquet":
            told = "is not the name of a Parquet file"
            problems.add(str(path), told, expected="a name ending in .parquet")
        problems.raise_if_any(TargetError)

        def content() -> bytes:
            chosen = _flat(self.table if table == RESULT else self.tables[table])
            facts = {name: _text(value) for name, value in self.provenance.items()}
            return parquet_bytes(chosen, facts, str(path))

        return _written(Path(path), content, check=no_parquet, force=force)

    def _sheets(self, path: Path) -> dict[str, pd.DataFrame]:
        """Tables by sheet; cells that hold several values are written as JSON."""
        sheets = {name: _flat(table) for name, table in {RESULT: self.table, **self.tables}.items()}
        problems = Problems()
        _require_workbook(path, problems)
        for name, table in sheets.items():
            if len(table) >= MOST_ROWS:
                message = f"table {name} has {len(table):,} rows"
                expected = f"fewer than {MOST_ROWS:,}; to_csv of the table has no limit"
                problems.add(str(path), message, expected=expected)
        problems.raise_if_any(TargetError)
        return sheets

    def _facts(self, sheets: list[str]) -> pd.DataFrame:
        """What it was made with, a row each, after the names of its sheets.

        A text longer than a cell goes on in the next row.
        """
        facts = {_SHEETS: sheets, **self.provenance}
        rows = [
            (name, text[start : start + LONGEST_TEXT])
            for name, text in ((name, _text(value)) for name, value in facts.items())
            for start in range(0, max(1, len(text)), LONGEST_TEXT)
        ]
        return pd.DataFrame(rows, columns=[MADE_BY, "value"], dtype="str")

    def _repr_html_(self) -> str:
        """Show the sentences and the beginning of the table in a notebook."""
        table = _flat(self.table)
        words = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.in_words()[:SHOWN])
        left = len(table) - SHOWN
        more = f"<p>and {left:,} more rows</p>" if left > 0 else ""
        shown = table.head(SHOWN).to_html(escape=True, index=False)
        return f"<p>{escape(repr(self))}</p><ul>{words}</ul>{shown}{more}"


def require_place_for_tables(path: Path, *, force: bool) -> None:
    """Refuse early what :meth:`Result.to_excel` would refuse once all is solved.

    Raises
    ------
    TargetError
        As there.
    """
    problems = Problems()
    _require_workbook(path, problems)
    problems.raise_if_any(TargetError)
    targets.look(path, force=force, check=_no_result, expected="an older result")


def _require_workbook(path: Path, problems: Problems) -> None:
    if path.suffix.lower() != ".xlsx":
        problems.add(str(path), "is not the name of a workbook", expected="a name ending in .xlsx")


def _written(
    path: Path, content: Callable[[], bytes], *, check: targets.Check, force: bool
) -> Path:
    """Write what is made once its place was looked at, and replace nothing but what is ours."""
    place = targets.look(path, force=force, check=check, expected="an older result")
    made = content()
    with targets.written_aside(place) as new:
        write_bytes(new, made)
    return path


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose cells are texts and numbers."""
    lists = [name for name in table if table[name].map(lambda cell: isinstance(cell, tuple)).any()]
    return table.assign(**{str(name): table[name].map(_text) for name in lists})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _no_result(path: Path) -> str | None:
    """Why what is at a path may not be replaced."""
    problems = Problems()
    book = read_workbook(path, problems)
    sheet = None if book is None else book.sheet(PROVENANCE, problems)
    if book is None or sheet is None or sheet.header[:1] != [MADE_BY]:
        return "is not a result that this tool has written"
    ours = [_SHEETS, _text([name for name in book.sheets if name != PROVENANCE])]
    return None if ours in sheet.cells else "has sheets that this tool has not written"
