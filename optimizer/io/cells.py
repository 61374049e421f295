"""Turns columns of text into values: texts, yes and no, words of a list, figures."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionArray

from optimizer.errors import Problems, did_you_mean
from optimizer.frames.arrays import Floats, Mask
from optimizer.io.cell_faults import (
    NOT_FINITE,
    NUMBER_KINDS,
    SAID_OTHERWISE,
    ColumnReport,
    Texts,
    among,
    expected,
    matching,
    odd_kinds,
    odd_texts,
    quoted,
    report_no_figures,
    stripped_cells,
    unprintable_cells,
    within_range,
)
from optimizer.io.guesses import NO_NUMBER, NUMBER, meant_number, what_instead
from optimizer.schema.tables import LARGEST_NUMBER, NOTE, SOURCE, ColumnSpec
from optimizer.text.old_names import renewed

NOT_ZERO = re.compile(r"[+-]?[0.]*[1-9]")

BOOLEANS = {"yes": True, "no": False}

ParsedColumn: TypeAlias = ExtensionArray | npt.NDArray[Any]
"""What a column of a frame is made of."""

ATTRIBUTE = ColumnSpec("attribute", "text", "", required=False)

AN_ATTRIBUTE = "a number or a blank cell"
"""What is expected of a cell of an attribute that holds figures."""


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
    texts, sorts = cells.to_numpy(dtype=object), None if kinds is None else kinds.to_numpy(object)
    report = ColumnReport(file, header, expected(column), problems, cells.index)
    return pd.Series(parse_texts(texts, column, report, sorts), index=cells.index)


def parse_texts(
    texts: Texts, column: ColumnSpec, report: ColumnReport, kinds: Texts | None = None
) -> ParsedColumn:
    """Parse one column of the schema as :func:`parse_cells` does, from an array to an array."""
    if column.name in (SOURCE.name, NOTE.name):
        refused = unprintable_cells(texts, report)
    else:
        texts = stripped_cells(texts, report)
        is_text = column.kind == "text"
        refused = odd_texts(texts, report) if is_text else unprintable_cells(texts, report)
    if kinds is not None:
        refused |= odd_kinds(texts, kinds, column, report)
    texts = _blanked(texts, refused)
    if column.default is not None:
        texts = np.where(texts == "", column.default, texts)
    if column.required:
        report.add(texts, (texts == "") & ~refused, lambda cell: "is blank")
    if column.kind in NUMBER_KINDS:
        return _as_figures(_parse_figures(texts, column, report), column)
    if column.kind != "text":
        words = list(BOOLEANS) if column.kind == "bool" else list(column.choices)
        if column.reads_old_names:
            texts = np.array([renewed(text, words) for text in texts], dtype=object)
        texts = _parse_words(texts, words, report)
    return texts == "yes" if column.kind == "bool" else pd.array(texts, dtype="str")


def parse_attribute(
    texts: Texts, report: ColumnReport, *, is_band: bool = False, kinds: Texts | None = None
) -> ParsedColumn:
    """Parse an attribute column, which keeps its text: only who asks for figures reads some.

    Where most cells are figures, others that are spoiled ones are faults all the same, but for
    bands, which nobody reads as figures.
    """
    texts = stripped_cells(texts, report)
    refused = unprintable_cells(texts, report)
    if kinds is not None:
        refused |= odd_kinds(texts, kinds, ATTRIBUTE, report)
    texts = _blanked(texts, refused)
    if not is_band and _mostly_figures(texts):
        spoiled = matching(texts, _spoiled)
        report_no_figures(texts, spoiled, ATTRIBUTE, report)
        texts = _blanked(texts, spoiled)
    return pd.array(_blanked(texts, odd_texts(texts, report)), dtype="str")


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
    report = ColumnReport(file, str(cells.name), AN_ATTRIBUTE, problems, cells.index)
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
    return bool(2 * matching(texts, NUMBER.fullmatch).sum() > filled.sum())


def _spoiled(cell: str) -> bool | None:
    """Whether a cell was meant as a figure but is none; words and codes are not."""
    if not cell or NUMBER.fullmatch(cell):
        return None
    is_told = NOT_FINITE.fullmatch(cell) or what_instead(cell) != NO_NUMBER
    return True if is_told or meant_number(cell, may_be_blank=True) else None


def _parse_words(texts: Texts, words: list[str], report: ColumnReport) -> Texts:
    def meant(cell: str) -> str | None:
        word = SAID_OTHERWISE.get(cell.casefold()) if words == list(BOOLEANS) else None
        return word or did_you_mean(cell, words)

    unknown = (texts != "") & ~among(texts, set(words))
    report.add(texts, unknown, lambda cell: f"{quoted(cell)} is not allowed", meant)
    return _blanked(texts, unknown)


def _parse_figures(texts: Texts, column: ColumnSpec | None, report: ColumnReport) -> Floats:
    well_formed = matching(texts, NUMBER.fullmatch)
    report_no_figures(texts, (texts != "") & ~well_formed, column or ATTRIBUTE, report)
    values = np.full(len(texts), np.nan)
    values[well_formed] = texts[well_formed].astype("float64")
    too_large = np.abs(values) > LARGEST_NUMBER
    report.add(texts, too_large, lambda cell: f"{quoted(cell)} is too large a number")
    too_small = matching(texts, NOT_ZERO.match, within=values == 0.0)
    report.add(texts, too_small, lambda cell: f"{quoted(cell)} is too small a number")
    values[too_large | too_small] = np.nan
    return values if column is None else within_range(texts, values, column, report)


def _as_figures(values: Floats, column: ColumnSpec) -> ParsedColumn:
    if column.kind != "int":
        return values
    is_absent = np.isnan(values)
    if column.required and not is_absent.any():
        return values.astype("int64")
    return pd.arrays.IntegerArray(np.where(is_absent, 0.0, values).astype("int64"), is_absent)


def _blanked(texts: Texts, refused: Mask) -> Texts:
    return np.where(refused, "", texts)
