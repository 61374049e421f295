"""Turns columns of text into figures, and says of every cell that does not fit what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from optimizer.errors import Problem, Problems, did_you_mean, shorten
from optimizer.frames.arrays import Floats, Mask
from optimizer.io.grids import DATE, ERROR, NO_VALUE, TEXT, TRUTH, UNCOMPUTED, kind_fault
from optimizer.io.guesses import NO_NUMBER, NUMBER, meant_number, meant_share, what_instead
from optimizer.schema.tables import LARGEST_NUMBER, NOTE, SOURCE, ColumnSpec
from optimizer.text.characters import oddity
from optimizer.text.old_names import renewed

Texts: TypeAlias = npt.NDArray[np.object_]

ONE_OR_A_THOUSAND = re.compile(r"[+-]?[1-9][0-9]{0,2}\.000")
"""Whole numbers that mean something else where points separate thousands."""

NOT_ZERO = re.compile(r"[+-]?[0.]*[1-9]")
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
"""Characters that no note needs and no workbook takes; tab and line break are let through."""

NOT_PLAIN = re.compile(r"[^ -~]")

LARGEST_COUNT = 1e15
"""Counts beyond it would lose digits in floating point."""

BOOLEANS = {"yes": True, "no": False}
NUMBER_KINDS = ("int", "number")
"""Kinds of columns that hold figures."""

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
    report = _Report(file, header, expected(column), problems, cells.index)
    texts = cells.to_numpy(dtype=object)
    if column.name in (SOURCE.name, NOTE.name):
        refused = _unprintable(texts, report)
    else:
        texts = _stripped(texts, report)
        is_text = column.kind == "text"
        refused = _odd_texts(texts, report) if is_text else _unprintable(texts, report)
    if kinds is not None:
        refused |= _odd_kinds(texts, kinds.to_numpy(dtype=object), column, report)
    texts = _blanked(texts, refused)
    if column.default is not None:
        texts = np.where(texts == "", column.default, texts)
    if column.required:
        report.add(texts, (texts == "") & ~refused, lambda cell: "is blank")
    if column.kind in NUMBER_KINDS:
        return _as_figures(_parse_figures(texts, column, report), column, cells.index)
    if column.kind != "text":
        words = list(BOOLEANS) if column.kind == "bool" else list(column.choices)
        if column.reads_old_names:
            texts = np.array([renewed(text, words) for text in texts], dtype=object)
        texts = _parse_words(texts, words, report)
    if column.kind == "bool":
        return pd.Series(texts == "yes", index=cells.index)
    return pd.Series(texts, index=cells.index, dtype="str")


def parse_attribute(
    cells: pd.Series,
    file: str,
    problems: Problems,
    *,
    is_band: bool = False,
    kinds: pd.Series | None = None,
) -> pd.Series:
    """Parse an attribute column, which keeps its text: only who asks for figures reads some.

    Where most cells are figures, others that are spoiled ones are faults all the same, but for
    bands, which nobody reads as figures.
    """
    report = _Report(file, str(cells.name), AN_ATTRIBUTE, problems, cells.index)
    texts = _stripped(cells.to_numpy(dtype=object), report)
    refused = _unprintable(texts, report)
    if kinds is not None:
        refused |= _odd_kinds(texts, kinds.to_numpy(dtype=object), ATTRIBUTE, report)
    texts = _blanked(texts, refused)
    if not is_band and _mostly_figures(texts):
        spoiled = _matching(texts, _spoiled)
        _report_no_figures(texts, spoiled, ATTRIBUTE, report)
        texts = _blanked(texts, spoiled)
    texts = _blanked(texts, _odd_texts(texts, report))
    return pd.Series(texts, index=cells.index, dtype="str")


def attribute_figures(cells: pd.Series, file: str, problems: Problems) -> pd.Series | None:
    """Read an attribute column as figures; None where it holds words.

    Parameters
    ----------
    cells
        Text as :func:`parse_attribute` gives it; the index is the file row.
    problems
        Collects the cells that are no figures among others that are.

    Returns
    -------
    Series
        float64 with NaN for blank and for faulty cells.
    """
    texts = cells.to_numpy(dtype=object)
    if not (_mostly_figures(texts) or (texts == "").all()):
        return None
    report = _Report(file, str(cells.name), AN_ATTRIBUTE, problems, cells.index)
    return pd.Series(_parse_figures(texts, None, report), index=cells.index)


def are_figures(cells: pd.Series) -> bool:
    """Whether every filled cell of an attribute column reads as a figure.

    Examples
    --------
    >>> are_figures(pd.Series(["34.5", ""])), are_figures(pd.Series(["01", "1A", "2"]))
    (True, False)
    """
    problems = Problems()
    return attribute_figures(cells, "", problems) is not None and not len(problems)


def _mostly_figures(texts: Texts) -> bool:
    filled = texts != ""
    return bool(2 * _matching(texts, NUMBER.fullmatch).sum() > filled.sum())


def _spoiled(cell: str) -> bool | None:
    """Whether a cell was meant as a figure but is none; words and codes are not."""
    if not cell or NUMBER.fullmatch(cell):
        return None
    is_told = NOT_FINITE.fullmatch(cell) or what_instead(cell) != NO_NUMBER
    return True if is_told or meant_number(cell, may_be_blank=True) else None


def _as_figures(values: Floats, column: ColumnSpec, rows: pd.Index) -> pd.Series:
    figures = pd.Series(values, index=rows)
    if column.kind != "int":
        return figures
    is_full = column.required and not np.isnan(values).any()
    return figures.astype("int64" if is_full else "Int64")


def _matching(texts: Texts, test: Callable[[str], object], within: Mask | None = None) -> Mask:
    """Cells, of those within, for which a search finds something."""
    if within is not None:
        found = within.copy()
        found[within] = _matching(texts[within], test)
        return found
    return np.fromiter((test(text) is not None for text in texts), bool, len(texts))


def _among(texts: Texts, words: Collection[str]) -> Mask:
    return np.fromiter((text in words for text in texts), bool, len(texts))


def _blanked(texts: Texts, refused: Mask) -> Texts:
    return np.where(refused, "", texts)


def _no_guess(cell: str) -> None:
    return None


def _quoted(cell: str) -> str:
    return shorten(repr(cell))


class _Report:
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


def _stripped(texts: Texts, report: _Report) -> Texts:
    stripped = np.empty_like(texts)
    stripped[:] = [text.strip() for text in texts]
    report.add(
        texts,
        texts != stripped,
        lambda cell: f"{_quoted(cell)} has spaces around it",
        lambda cell: cell.strip() or "a blank cell",
        wanted="values without spaces around them",
    )
    return stripped


def _unprintable(texts: Texts, report: _Report) -> Mask:
    odd = _matching(texts, _CONTROL.search)
    report.add(
        texts,
        odd,
        lambda cell: f"{_quoted(cell)} has control characters",
        wanted="text without control characters",
    )
    return odd


def _odd_texts(texts: Texts, report: _Report) -> Mask:
    """Report names with characters that cannot be seen, or look like others."""
    odd = np.zeros(len(texts), dtype=bool)
    unusual = dict.fromkeys(texts[_matching(texts, NOT_PLAIN.search)])
    found = {cell: fault for cell in unusual if (fault := oddity(cell)) is not None}
    kinds: dict[tuple[str, str], set[str]] = {}
    for cell, fault in found.items():
        kinds.setdefault((fault.message, fault.expected), set()).add(cell)
    for (message, expected_text), alike in kinds.items():
        faulty = _among(texts, alike)
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


ATTRIBUTE = ColumnSpec("attribute", "text", "", required=False)
AN_ATTRIBUTE = "a number or a blank cell"


def _odd_kinds(texts: Texts, kinds: Texts, column: ColumnSpec, report: _Report) -> Mask:
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
        kept = _matching(texts, NUMBER.fullmatch, within=kinds == TEXT)
        report.add(
            texts,
            kept,
            lambda cell: f"{_quoted(cell)} is a number stored as text",
            lambda cell: _checked(cell, column),
            wanted="a number cell",
        )
        odd |= kept
    return odd


def _parse_words(texts: Texts, words: list[str], report: _Report) -> Texts:
    def meant(cell: str) -> str | None:
        word = SAID_OTHERWISE.get(cell.casefold()) if words == list(BOOLEANS) else None
        return word or did_you_mean(cell, words)

    unknown = (texts != "") & ~_among(texts, set(words))
    report.add(texts, unknown, lambda cell: f"{_quoted(cell)} is not allowed", meant)
    return _blanked(texts, unknown)


def _report_no_figures(texts: Texts, odd: Mask, column: ColumnSpec, report: _Report) -> None:
    """Say of cells that are no figures what they are instead, and what was probably meant."""
    not_finite = _matching(texts, NOT_FINITE.fullmatch, within=odd)
    report.add(texts, not_finite, lambda cell: f"{_quoted(cell)} is not a finite number")
    report.add(
        texts,
        odd & ~not_finite,
        lambda cell: f"{_quoted(cell)} {what_instead(cell)}",
        lambda cell: _checked(
            meant_number(cell, column.unit, may_be_blank=not column.required), column
        ),
    )


def _parse_figures(texts: Texts, column: ColumnSpec | None, report: _Report) -> Floats:
    well_formed = _matching(texts, NUMBER.fullmatch)
    _report_no_figures(texts, (texts != "") & ~well_formed, column or ATTRIBUTE, report)
    values = np.full(len(texts), np.nan)
    values[well_formed] = texts[well_formed].astype("float64")
    too_large = np.abs(values) > LARGEST_NUMBER
    report.add(texts, too_large, lambda cell: f"{_quoted(cell)} is too large a number")
    too_small = _matching(texts, NOT_ZERO.match, within=values == 0.0)
    report.add(texts, too_small, lambda cell: f"{_quoted(cell)} is too small a number")
    values[too_large | too_small] = np.nan
    return values if column is None else _within_range(texts, values, column, report)


def _within_range(texts: Texts, values: Floats, column: ColumnSpec, report: _Report) -> Floats:
    faulty = np.zeros(len(values), dtype=bool)
    if column.kind == "int":
        either = _matching(texts, ONE_OR_A_THOUSAND.fullmatch)
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


def _checked(guess: str | None, column: ColumnSpec) -> str | None:
    """A guess that the column itself would take; no other is of any help."""
    if guess is None or column.kind not in NUMBER_KINDS or NUMBER.fullmatch(guess) is None:
        return guess
    may_mean_two = column.kind == "int" and ONE_OR_A_THOUSAND.fullmatch(guess)
    return guess if fits(float(guess), column) and not may_mean_two else None


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
