"""Says of the cells of a column that do not fit what is wrong with them, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from optimizer.errors import Problem, Problems, shorten
from optimizer.frames.arrays import Floats, Mask
from optimizer.io.grids import DATE, ERROR, NO_VALUE, TEXT, TRUTH, UNCOMPUTED, kind_fault
from optimizer.io.guesses import NUMBER, meant_number, meant_share, what_instead
from optimizer.schema.tables import LARGEST_NUMBER, ColumnSpec
from optimizer.text.characters import oddity

Texts: TypeAlias = npt.NDArray[np.object_]

ONE_OR_A_THOUSAND = re.compile(r"[+-]?[1-9][0-9]{0,2}\.000")
"""Whole numbers that mean something else where points separate thousands."""

NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
"""Characters that no note needs and no workbook takes; tab and line break are let through."""

NOT_PLAIN = re.compile(r"[^ -~]")

LARGEST_COUNT = 1e15
"""Counts beyond it would lose digits in floating point."""

NUMBER_KINDS = ("int", "number")
"""Kinds of columns that hold figures."""

SAID_OTHERWISE = {"y": "yes", "true": "yes", "1": "yes", "n": "no", "false": "no", "0": "no"}


def _no_guess(cell: str) -> None:
    return None


class ColumnReport:
    """Adds the faults of one column to the problems."""

    def __init__(
        self, file: str, header: str, wanted: str, problems: Problems, rows: pd.Index
    ) -> None:
        self.file, self.header, self.wanted, self.problems = file, header, wanted, problems
        self.rows = rows

    def add(
        self,
        texts: Texts,
        is_faulty: Mask,
        message: Callable[[str], str],
        maybe: Callable[[str], str | None] = _no_guess,
        wanted: str | None = None,
    ) -> None:
        """Add a problem for every faulty cell; the message is made from its text."""
        if not is_faulty.any():
            return
        self.problems.add_all(
            Problem(self.file, message(text), row, self.header, wanted or self.wanted, maybe(text))
            for row, text in zip(self.rows[is_faulty].tolist(), texts[is_faulty], strict=True)
        )


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


def fits(value: float, column: ColumnSpec) -> bool:
    """Whether a number is beyond doubt one that a column of figures takes.

    :func:`~optimizer.io.cells.parse_cells` says of any other what is wrong with it, if anything is.

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


def stripped_cells(texts: Texts, report: ColumnReport) -> Texts:
    """Report spaces around texts, and take them away."""
    stripped = np.empty_like(texts)
    stripped[:] = [text.strip() for text in texts]
    report.add(
        texts,
        texts != stripped,
        lambda cell: f"{quoted(cell)} has spaces around it",
        lambda cell: cell.strip() or "a blank cell",
        wanted="values without spaces around them",
    )
    return stripped


def unprintable_cells(texts: Texts, report: ColumnReport) -> Mask:
    """Report texts with control characters, and find them."""
    odd = matching(texts, _CONTROL.search)
    report.add(
        texts,
        odd,
        lambda cell: f"{quoted(cell)} has control characters",
        wanted="text without control characters",
    )
    return odd


def odd_texts(texts: Texts, report: ColumnReport) -> Mask:
    """Report names with characters that cannot be seen, or look like others."""
    odd = np.zeros(len(texts), dtype=bool)
    unusual = dict.fromkeys(texts[matching(texts, NOT_PLAIN.search)])
    found = {cell: fault for cell in unusual if (fault := oddity(cell)) is not None}
    kinds: dict[tuple[str, str], set[str]] = {}
    for cell, fault in found.items():
        kinds.setdefault((fault.message, fault.expected), set()).add(cell)
    for (message, expected_text), alike in kinds.items():
        faulty = among(texts, alike)
        report.add(
            texts,
            faulty,
            partial(_told_as, message),
            lambda cell: found[cell].maybe,
            wanted=expected_text,
        )
        odd |= faulty
    return odd


def _told_as(message: str, cell: str) -> str:
    # Accents that stand apart from their letters cannot be distinguished from others as they are.
    return f"{shorten(ascii(cell) if cell.isprintable() else repr(cell))} {message}"


def odd_kinds(texts: Texts, kinds: Texts, column: ColumnSpec, report: ColumnReport) -> Mask:
    """Report cells of a sheet that are of another kind than their column."""

    def meant(cell: str) -> str | None:
        if column.kind == "text":
            return SAID_OTHERWISE.get(cell.casefold())
        return _checked(meant_number(cell, column.unit), column)

    kind = column.kind
    odd = np.zeros(len(texts), dtype=bool)
    refused = [DATE, ERROR, UNCOMPUTED]
    if kind not in ("bool", "choice"):
        refused.append(TRUTH)
    for letter in refused:
        found = kinds == letter
        report.add(
            texts,
            found,
            partial(kind_fault, kind=letter),
            meant,
            wanted=NO_VALUE if letter == UNCOMPUTED else None,
        )
        odd |= found
    if kind in NUMBER_KINDS:
        kept = matching(texts, NUMBER.fullmatch, within=kinds == TEXT)
        report.add(
            texts,
            kept,
            lambda cell: f"{quoted(cell)} is a number stored as text",
            lambda cell: _checked(cell, column),
            wanted="a number cell",
        )
        odd |= kept
    return odd


def report_no_figures(texts: Texts, odd: Mask, column: ColumnSpec, report: ColumnReport) -> None:
    """Say of cells that are no figures what they are instead, and what was probably meant."""
    not_finite = matching(texts, NOT_FINITE.fullmatch, within=odd)
    report.add(texts, not_finite, lambda cell: f"{quoted(cell)} is not a finite number")
    report.add(
        texts,
        odd & ~not_finite,
        lambda cell: f"{quoted(cell)} {what_instead(cell)}",
        lambda cell: _checked(
            meant_number(cell, column.unit, may_be_blank=not column.required), column
        ),
    )


def within_range(texts: Texts, values: Floats, column: ColumnSpec, report: ColumnReport) -> Floats:
    """Report figures that their column does not take; they come out as NaN."""
    faulty = np.zeros(len(values), dtype=bool)
    if column.kind == "int":
        either = matching(texts, ONE_OR_A_THOUSAND.fullmatch)
        report.add(texts, either, lambda cell: f"{cell} may mean {_one_or_a_thousand(cell)}")
        fraction = ~np.isnan(values) & (np.mod(values, 1.0) != 0.0)
        report.add(texts, fraction, lambda cell: f"{shorten(cell)} is not a whole number")
        large = np.abs(values) > LARGEST_COUNT
        report.add(texts, large, lambda cell: f"{shorten(cell)} is too large a number")
        faulty |= either | fraction | large
    if column.low is not None:
        below = values < column.low
        report.add(texts, below, lambda cell: f"{shorten(cell)} is below {column.low:g}")
        faulty |= below
    if column.high is not None:
        above = values > column.high
        # Whoever writes 90 for a share means 90%.
        maybe = _share_of(column) if column.high == 1 else _no_guess
        report.add(texts, above, lambda cell: f"{shorten(cell)} is above {column.high:g}", maybe)
        faulty |= above
    return np.where(faulty, np.nan, values)


def _share_of(column: ColumnSpec) -> Callable[[str], str | None]:
    return lambda cell: _checked(meant_share(cell), column)


def _checked(guess: str | None, column: ColumnSpec) -> str | None:
    """A guess that the column itself would take; no other is of any help."""
    if guess is None or column.kind not in NUMBER_KINDS or NUMBER.fullmatch(guess) is None:
        return guess
    may_mean_two = column.kind == "int" and ONE_OR_A_THOUSAND.fullmatch(guess)
    return guess if fits(float(guess), column) and not may_mean_two else None


def _one_or_a_thousand(cell: str) -> str:
    return f"{cell[:-4]} or {cell.replace('.', '')}"


def matching(texts: Texts, test: Callable[[str], object], within: Mask | None = None) -> Mask:
    """Cells, of those within, for which a search finds something."""
    if within is not None:
        found = within.copy()
        found[within] = matching(texts[within], test)
        return found
    return np.fromiter((test(text) is not None for text in texts), bool, len(texts))


def among(texts: Texts, words: Collection[str]) -> Mask:
    """Cells that are one of some words."""
    return np.fromiter((text in words for text in texts), bool, len(texts))


def quoted(cell: str) -> str:
    """A cell as messages show it."""
    return shorten(repr(cell))
