"""Turns columns of text into figures, and says of every cell that does not fit what is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import numpy as np
import pandas as pd

from optimizer.errors import Problem, Problems, did_you_mean, shorten
from optimizer.schema import NOTE, SOURCE, ColumnSpec

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)

SAYS_NOTHING = ("", "-", "–", "na", "n/a", "n.a.", "none", "null", "..", "...", "?")
"""What stands in tables for a figure that is not known."""

CONTROL = r"[\x00-\x08\x0b-\x1f\x7f]"
"""Characters that no name needs and no workbook takes; tab and line break are let through."""

LARGEST_NUMBER = 1e18
"""Beyond it a solver takes numbers for infinite."""

LARGEST_COUNT = 1e15
"""Counts beyond it would lose digits in floating point."""

BOOLEANS = {"yes": True, "no": False}
SAID_OTHERWISE = {"y": "yes", "true": "yes", "1": "yes", "n": "no", "false": "no", "0": "no"}


def parse_cells(
    cells: pd.Series, column: ColumnSpec, file: str, header: str, problems: Problems
) -> pd.Series:
    """Parse one column of the schema.

    Parameters
    ----------
    cells
        Text as in the file; the index is the file row.
    header
        Name of the column in the file, for messages.

    Returns
    -------
    Series
        str with "" for blank, bool, float64 with NaN, int64, or Int64 with <NA> for optional
        whole numbers. Faulty cells come out blank; each is a problem.
    """
    report = _Report(file, header, expected(column), problems)
    if column.name not in (SOURCE.name, NOTE.name):
        cells = _stripped(cells, report)
    cells = _printable(cells, report)
    if column.default is not None:
        cells = cells.mask(cells.eq(""), column.default)
    if column.required:
        report.add(cells, cells.eq(""), lambda cell: "is blank")
    if column.kind == "bool":
        return _parse_words(cells, list(BOOLEANS), report).eq("yes")
    if column.kind == "choice":
        return _parse_words(cells, list(column.choices), report)
    if column.kind == "text":
        return cells
    return _parse_figures(cells, column, report)


def parse_attribute(
    cells: pd.Series, file: str, problems: Problems, *, is_text: bool = False
) -> pd.Series:
    """Parse an attribute column: figures if every filled cell is one, else text.

    A column of mostly figures with a few other cells is faulty, not text.
    """
    report = _Report(file, str(cells.name), "a number or a blank cell", problems)
    cells = _printable(_stripped(cells, report), report)
    filled = cells.ne("")
    is_figure = cells.str.fullmatch(NUMBER)
    is_mostly_text = filled.any() and 2 * (filled & is_figure).sum() <= filled.sum()
    if is_text or is_mostly_text:
        return cells
    return _parse_figures(cells, None, report)


def _no_guess(cell: str) -> None:
    return None


def _quoted(cell: str) -> str:
    return shorten(repr(cell))


class _Report:
    """Adds the faults of one column to the problems."""

    def __init__(self, file: str, header: str, wanted: str, problems: Problems) -> None:
        self.file, self.header, self.wanted, self.problems = file, header, wanted, problems

    def add(
        self,
        cells: pd.Series,
        is_faulty: pd.Series,
        message: Callable[[str], str],
        maybe: Callable[[str], str | None] = _no_guess,
        wanted: str | None = None,
    ) -> None:
        """Add a problem for every faulty cell; the message is made from its text."""
        if not is_faulty.to_numpy().any():
            return
        faulty = cells[is_faulty]
        self.problems.add_all(
            Problem(self.file, message(cell), row, self.header, wanted or self.wanted, maybe(cell))
            for row, cell in zip(faulty.index.tolist(), faulty.tolist(), strict=True)
        )


def _stripped(cells: pd.Series, report: _Report) -> pd.Series:
    stripped = cells.str.strip()
    report.add(
        cells,
        cells.ne(stripped),
        lambda cell: f"{_quoted(cell)} has spaces around it",
        lambda cell: cell.strip() or "a blank cell",
        wanted="values without spaces around them",
    )
    return stripped


def _printable(cells: pd.Series, report: _Report) -> pd.Series:
    odd = cells.str.contains(CONTROL, regex=True)
    report.add(
        cells,
        odd,
        lambda cell: f"{_quoted(cell)} has control characters",
        wanted="text without control characters",
    )
    return cells.mask(odd, "")


def _parse_words(cells: pd.Series, words: list[str], report: _Report) -> pd.Series:
    def meant(cell: str) -> str | None:
        word = SAID_OTHERWISE.get(cell.casefold()) if words == list(BOOLEANS) else None
        return word or did_you_mean(cell, words)

    unknown = cells.ne("") & ~cells.isin(words)
    report.add(cells, unknown, lambda cell: f"{_quoted(cell)} is not allowed", meant)
    return cells.mask(unknown, "")


def _parse_figures(cells: pd.Series, column: ColumnSpec | None, report: _Report) -> pd.Series:
    well_formed = cells.str.fullmatch(NUMBER)
    odd = cells.ne("") & ~well_formed
    not_finite = odd & cells.str.fullmatch(NOT_FINITE)
    report.add(cells, not_finite, lambda cell: f"{_quoted(cell)} is not a finite number")
    may_be_blank = column is None or not column.required
    report.add(
        cells,
        odd & ~not_finite,
        lambda cell: f"{_quoted(cell)} is not a number",
        lambda cell: _meant_number(cell, may_be_blank=may_be_blank),
    )
    values = pd.Series(np.nan, index=cells.index, dtype="float64")
    values[well_formed] = cells[well_formed].to_numpy(dtype=object).astype("float64")
    too_large = values.abs().gt(LARGEST_NUMBER)
    report.add(cells, too_large, lambda cell: f"{_quoted(cell)} is too large a number")
    values = values.mask(too_large)
    return values if column is None else _within_range(cells, values, column, report)


def _within_range(
    cells: pd.Series, values: pd.Series, column: ColumnSpec, report: _Report
) -> pd.Series:
    whole = column.kind == "int"
    faulty = pd.Series(False, index=values.index)
    if whole:
        fraction = values.notna() & values.mod(1.0).ne(0.0)
        report.add(cells, fraction, lambda cell: f"{shorten(cell)} is not a whole number")
        large = values.abs().gt(LARGEST_COUNT)
        report.add(cells, large, lambda cell: f"{shorten(cell)} is too large a number")
        faulty |= fraction | large
    if column.low is not None:
        below = values.lt(column.low)
        report.add(cells, below, lambda cell: f"{shorten(cell)} is below {column.low:g}")
        faulty |= below
    if column.high is not None:
        above = values.gt(column.high)
        # Whoever writes 90 for a share means 90 %.
        maybe = _meant_share if column.high == 1 else _no_guess
        report.add(cells, above, lambda cell: f"{shorten(cell)} is above {column.high:g}", maybe)
        faulty |= above
    values = values.mask(faulty)
    if not whole:
        return values
    return values.astype("int64" if column.required and values.notna().all() else "Int64")


def _meant_number(cell: str, *, may_be_blank: bool) -> str | None:
    plain = unicodedata.normalize("NFKC", cell).strip(" ¥$€£")
    if THOUSANDS.fullmatch(plain):
        return plain.replace(",", "")
    if DECIMAL_COMMA.fullmatch(plain):
        return plain.replace(",", ".")
    if plain.endswith("%") and NUMBER.fullmatch(plain[:-1]):
        return f"{float(plain[:-1]) / 100:g}"
    if plain != cell and NUMBER.fullmatch(plain):
        return plain
    return "a blank cell" if may_be_blank and plain.casefold() in SAYS_NOTHING else None


def _meant_share(cell: str) -> str | None:
    share = float(cell) / 100
    return f"{share:g}" if share <= 1 else None


def expected(column: ColumnSpec) -> str:
    """Say in words what a cell of a column must hold."""
    if column.kind == "bool":
        words = "yes or no"
    elif column.kind == "choice":
        words = f"{', '.join(column.choices[:-1])} or {column.choices[-1]}"
    elif column.kind == "text":
        words = f"text: {column.meaning}"
    else:
        words = "a whole number" if column.kind == "int" else "a number"
        if column.high is not None:
            words += f" from {column.low:g} to {column.high:g}"
        elif column.low is not None:
            words += f" of at least {column.low:g}"
    return words if column.required or column.default else f"{words}, or a blank cell"
