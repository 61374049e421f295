"""Tables of the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from optimizer.report.blocks import Cell, Details, Table
from optimizer.report.figures import Format
from optimizer.text.figures import counted

SHADES = 6
"""Shades of a heat map, from 1; 0 is none."""
TURNED_FROM = 7
"""Columns from which long headings are set upright."""
LONGEST_FLAT = 6
EMPTY = "\N{MIDDLE DOT}"


def records(frame: pd.DataFrame) -> Iterator[Any]:
    """Give the rows as named tuples."""
    yield from frame.itertuples(index=False)


def by_key(values: pd.Series) -> dict[str, float]:
    """Give figures by track, country, region and the like as plain numbers."""
    return {str(key): float(value) for key, value in values.items()}


def by_year(values: pd.Series) -> dict[int, float]:
    """Give figures that are indexed by year as plain numbers."""
    return {int(str(year)): float(value) for year, value in values.items()}


def shade(value: float, largest: float) -> int:
    """Give a shade that grows with the square root, so that small figures are seen too.

    Examples
    --------
    >>> [shade(value, 100) for value in (0, 1, 25, 100)]
    [0, 1, 3, 6]
    """
    if value <= 0 or largest <= 0:
        return 0
    return max(1, min(SHADES, math.ceil(SHADES * math.sqrt(value / largest) - 1e-9)))


def plain_table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], figures: Iterable[int] = ()
) -> Table:
    """Give a table of texts; ``figures`` are the places of columns with figures."""
    right = set(figures)
    return Table(
        caption,
        tuple(Cell(text, place in right) for place, text in enumerate(head)),
        tuple(tuple(Cell(text, place in right) for place, text in enumerate(row)) for row in rows),
    )


def crossed(
    caption: str, corner: str, frame: pd.DataFrame, shown: Format, *, heat: bool = True
) -> Table:
    """Give a heat map with totals: rows and columns of the frame carry the names to show."""
    largest = float(frame.to_numpy().max()) if frame.size else 0.0
    totals = frame.sum(axis=1)

    def cell(value: float) -> Cell:
        return Cell(shown(value) if value else EMPTY, True, shade(value, largest) if heat else 0)

    rows = [
        (Cell(str(name)), *(cell(float(value)) for value in row), Cell(shown(float(total)), True))
        for name, row, total in zip(frame.index, frame.to_numpy(), totals, strict=True)
    ]
    below = [shown(float(value)) for value in (*frame.sum(), totals.sum())]
    rows.append((Cell("Total"), *(Cell(text, True) for text in below)))
    head = [Cell(corner), *(Cell(str(name), True) for name in frame.columns), Cell("Total", True)]
    is_wordy = any(len(str(name)) > LONGEST_FLAT for name in frame.columns)
    turned = is_wordy and frame.shape[1] >= TURNED_FROM
    return Table(caption, tuple(head), tuple(rows), has_total=True, turned=turned)


def behind(*tables: Table, summary: str = "") -> Details:
    """Put tables behind a line that opens them."""
    rows = sum(len(table.rows) - table.has_total for table in tables)
    return Details(summary or f"{tables[0].caption} ({counted(rows, 'row')})", tables)


def pivot(
    frame: pd.DataFrame, index: str, columns: str, values: str, order: Sequence[object] = ()
) -> pd.DataFrame:
    """Sum a tidy table into rows and columns; columns in ``order``, absent ones with 0."""
    wide = frame.groupby([index, columns], sort=False)[values].sum().unstack(fill_value=0)
    if order:
        wide = wide.reindex(columns=list(order), fill_value=0.0)
    return wide.astype(float)
