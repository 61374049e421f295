"""Turns columns of text into figures, and says of every cell that does not fit what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from optimizer.errors import Problem, Problems, did_you_mean, shorten
from optimizer.odd_text import oddity
from optimizer.schema import LARGEST_NUMBER, NOTE, SOURCE, ColumnSpec
from optimizer.tables.grids import DATE, ERROR, NO_VALUE, TEXT, TRUTH, UNCOMPUTED, kind_fault
from optimizer.tables.guesses import NUMBER, meant_number, meant_share, what_instead

ONE_OR_A_THOUSAND = re.compile(r"[+-]?[1-9][0-9]{0,2}\.000")
"""Whole numbers that mean something else where points separate thousands."""

NOT_ZERO = re.compile(r"[+-]?[0.]*[1-9]")
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)

CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)"
"""Characters that no note needs and no workbook takes; tab and line break are let through."""

NOT_PLAIN = r"[^ -~]"

LARGEST_COUNT = 1e15
"""Counts beyond it would lose digits in floating point."""

BOOLEANS = {"yes": True, "no": False}
SAID_OTHERWISE = {"y": "yes", "true": "yes", "1": "yes", "n": "no", "false": "no", "0": "no"}


def parse_cells(
    cells: pd.Series,
    column: ColumnSpec,
    file: str,
    header: str,
    problems: Problems,
    *,
    kinds: pd.Series | None = None,
) -> pd.Series:
    """Parse one column of the schema.

    Parameters
    ----------
    cells
        Text as in the file; the index is the file row.
    header
        Name of the column in the file, for messages.
    kinds
        What the cells of a sheet are; None for CSV.

    Returns
    -------
    Series
        str with "" for blank, bool, float64 with NaN, int64, or Int64 with <NA> for optional
        whole numbers. Faulty cells come out blank; each is a problem.
    """
    report = _Report(file, header, expected(column), problems)
    if column.name in (SOURCE.name, NOTE.name):
        refused = _unprintable(cells, report)
    else:
        cells = _stripped(cells, report)
        is_text = column.kind == "text"
        refused = _odd_texts(cells, report) if is_text else _unprintable(cells, report)
    if kinds is not None:
        refused |= _odd_kinds(cells, kinds, column, report)
    cells = cells.mask(refused, "")
    if column.default is not None:
        cells = cells.mask(cells.eq(""), column.default)
    if column.required:
        report.add(cells, cells.eq("") & ~refused, lambda cell: "is blank")
    if column.kind == "bool":
        return _parse_words(cells, list(BOOLEANS), report).eq("yes")
    if column.kind == "choice":
        return _parse_words(cells, list(column.choices), report)
    if column.kind == "text":
        return cells
    return _parse_figures(cells, column, report)


def parse_attribute(
    cells: pd.Series,
    file: str,
    problems: Problems,
    *,
    is_text: bool = False,
    kinds: pd.Series | None = None,
) -> pd.Series:
    """Parse an attribute column: figures if every filled cell is one, else text.

    A column of mostly figures with a few other cells is faulty, not text.
    """
    report = _Report(file, str(cells.name), "a number or a blank cell", problems)
    cells = _stripped(cells, report)
    refused = _unprintable(cells, report)
    filled = cells.ne("") & ~refused
    is_figure = cells.str.fullmatch(NUMBER)
    is_mostly_text = filled.any() and 2 * (filled & is_figure).sum() <= filled.sum()
    is_text = is_text or bool(is_mostly_text)
    if kinds is not None:
        is_like = ATTRIBUTE_OF_TEXT if is_text else ATTRIBUTE_OF_FIGURES
        refused |= _odd_kinds(cells, kinds, is_like, report)
    if is_text:
        refused |= _odd_texts(cells.mask(refused, ""), report)
    cells = cells.mask(refused, "")
    return cells if is_text else _parse_figures(cells, None, report)


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


def _unprintable(cells: pd.Series, report: _Report) -> pd.Series:
    odd = cells.str.contains(CONTROL, regex=True)
    report.add(
        cells,
        odd,
        lambda cell: f"{_quoted(cell)} has control characters",
        wanted="text without control characters",
    )
    return odd


def _odd_texts(cells: pd.Series, report: _Report) -> pd.Series:
    """Report names with characters that cannot be seen, or look like others."""
    odd = pd.Series(False, index=cells.index)
    unusual = cells[cells.str.contains(NOT_PLAIN, regex=True)]
    found = {cell: fault for cell in unusual.unique() if (fault := oddity(cell)) is not None}
    kinds: dict[tuple[str, str], set[str]] = {}
    for cell, fault in found.items():
        kinds.setdefault((fault.message, fault.expected), set()).add(cell)
    for (message, expected_text), alike in kinds.items():
        faulty = cells.isin(alike)
        report.add(
            cells,
            faulty,
            partial(_told_as, message),
            lambda cell: found[cell].maybe,
            wanted=expected_text,
        )
        odd |= faulty
    return odd


def _told_as(message: str, cell: str) -> str:
    # Accents that stand apart from their letters cannot be told from others as they are.
    return f"{shorten(ascii(cell) if cell.isprintable() else repr(cell))} {message}"


ATTRIBUTE_OF_TEXT = ColumnSpec("attribute", "text", "")
ATTRIBUTE_OF_FIGURES = ColumnSpec("attribute", "number", "")


def _odd_kinds(
    cells: pd.Series, kinds: pd.Series, column: ColumnSpec, report: _Report
) -> pd.Series:
    """Report cells of a sheet that are of another kind than their column."""

    def meant(cell: str) -> str | None:
        if column.kind == "text":
            return SAID_OTHERWISE.get(cell.casefold())
        return meant_number(cell, column.unit)

    kind = column.kind
    odd = pd.Series(False, index=cells.index)
    refused = [DATE, ERROR, UNCOMPUTED]
    if kind not in ("bool", "choice"):
        refused.append(TRUTH)
    for letter in refused:
        found = kinds.eq(letter)
        report.add(
            cells,
            found,
            partial(kind_fault, kind=letter),
            meant,
            wanted=NO_VALUE if letter == UNCOMPUTED else None,
        )
        odd |= found
    if kind in ("int", "number"):
        kept = kinds.eq(TEXT) & cells.str.fullmatch(NUMBER)
        report.add(
            cells,
            kept,
            lambda cell: f"{_quoted(cell)} is a number kept as text",
            str,
            wanted="a number cell",
        )
        odd |= kept
    return odd


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
    unit = "" if column is None else column.unit
    report.add(
        cells,
        odd & ~not_finite,
        lambda cell: f"{_quoted(cell)} {what_instead(cell)}",
        lambda cell: meant_number(cell, unit, may_be_blank=may_be_blank),
    )
    values = pd.Series(np.nan, index=cells.index, dtype="float64")
    values[well_formed] = cells[well_formed].to_numpy(dtype=object).astype("float64")
    too_large = values.abs().gt(LARGEST_NUMBER)
    report.add(cells, too_large, lambda cell: f"{_quoted(cell)} is too large a number")
    too_small = values.eq(0.0) & cells.str.match(NOT_ZERO)
    report.add(cells, too_small, lambda cell: f"{_quoted(cell)} is too small a number")
    values = values.mask(too_large | too_small)
    return values if column is None else _within_range(cells, values, column, report)


def _within_range(
    cells: pd.Series, values: pd.Series, column: ColumnSpec, report: _Report
) -> pd.Series:
    whole = column.kind == "int"
    faulty = pd.Series(False, index=values.index)
    if whole:
        either = cells.str.fullmatch(ONE_OR_A_THOUSAND)
        report.add(cells, either, lambda cell: f"{cell} may mean {_one_or_a_thousand(cell)}")
        faulty |= either
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
        maybe = meant_share if column.high == 1 else _no_guess
        report.add(cells, above, lambda cell: f"{shorten(cell)} is above {column.high:g}", maybe)
        faulty |= above
    values = values.mask(faulty)
    if not whole:
        return values
    return values.astype("int64" if column.required and values.notna().all() else "Int64")


def fits(value: float, column: ColumnSpec) -> bool:
    """Whether a number is beyond doubt one that a column of figures takes.

    :func:`parse_cells` says of any other what is wrong with it, if anything is.

    Examples
    --------
    >>> share = ColumnSpec("share", "number", "a share", low=0, high=1)
    >>> fits(0.5, share), fits(2, share), fits(float("nan"), share)
    (True, False, False)
    """
    is_whole = column.kind == "int"
    largest = LARGEST_COUNT if is_whole else LARGEST_NUMBER
    return (
        -largest <= value <= largest
        and (column.low is None or value >= column.low)
        and (column.high is None or value <= column.high)
        and (not is_whole or value % 1 == 0)
    )


def _one_or_a_thousand(cell: str) -> str:
    return f"{cell[:-4]} or {cell.replace('.', '')}"


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
