"""Places and lengths of bars and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Bar, Column, Key, Panel, Piece
from optimizer.report.colours import Colour
from optimizer.report.figures import Format

COLUMN_HEIGHT = 72.0
"""Pixels of the tallest column or mark; the templates leave room for it."""
COLUMN_SHARE = 0.72
APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
FEW = 6
"""Columns that have room for a figure above each."""


@dataclass(frozen=True)
class ChartParts:
    """Colours and names of the pieces of stacked bars."""

    colours: Mapping[str, Colour]
    labels: Mapping[str, str]
    format: Format

    def legend(self) -> tuple[Key, ...]:
        """Give one entry per colour."""
        return tuple(Key(colour, self.labels[name]) for name, colour in self.colours.items())


def stacked_bars(
    frame: pd.DataFrame,
    parts: ChartParts,
    labels: Sequence[str],
    *,
    to_full_width: bool = False,
    marks: Sequence[float] | None = None,
) -> tuple[Bar, ...]:
    """Give a bar per row, stacked of its columns; lengths relative to the longest bar.

    Parameters
    ----------
    frame
        Figures of at least 0; columns as in ``parts.colours``.
    to_full_width
        Draw every bar as long as the page is wide, so that shares can be compared.
    marks
        Figures that bars of one scale are compared with, as strokes across them.
    """
    totals = frame.sum(axis=1)
    longest = max([*totals, *(marks or ())], default=0.0)
    bars = []
    for place, (label, (_, row), total) in enumerate(
        zip(labels, frame.iterrows(), totals, strict=True)
    ):
        full = float(total) if to_full_width else longest
        pieces, start = [], 0.0
        for name, colour in parts.colours.items():
            length = 100.0 * float(row[name]) / full if full else 0.0
            if length > 0:
                shown = parts.format(float(row[name]))
                share = figures.percent(float(row[name]) / float(total))
                tip = f"{label}: {parts.labels[name]} {shown} ({share})"
                pieces.append(Piece(round(start, 3), round(length, 3), colour, tip))
                start += length
        mark = None if marks is None or not longest else round(100 * marks[place] / longest, 3)
        bars.append(Bar(label, parts.format(float(total)), tuple(pieces), mark))
    return tuple(bars)


def single(
    values: Mapping[str, float], colour: Colour, shown: Format, *, most: float | None = None
) -> tuple[Bar, ...]:
    """Give a bar per value; lengths relative to the largest, or to ``most``."""
    longest = max(values.values(), default=0.0) if most is None else most
    bars = []
    for label, value in values.items():
        length = 100.0 * value / longest if longest else 0.0
        tip = f"{label}: {shown(value)}"
        pieces = (Piece(0.0, round(length, 3), colour, tip),) if length > 0 else ()
        bars.append(Bar(label, shown(value), pieces))
    return tuple(bars)


@dataclass(frozen=True)
class Later:
    """Years after the planned ones, and how their columns are drawn and called."""

    years: tuple[int, ...]
    colour: Colour
    name: str


@dataclass(frozen=True)
class Series:
    """Figures by year of one panel; ``marks`` are strokes to compare them with."""

    values: Mapping[int, float]
    colour: Colour
    unit: str = ""
    marks: Mapping[int, float] | None = None
    mark_name: str = ""
    later: tuple[Later, ...] = ()
    most: float | None = None


def panel(title: str, small: str, series: Series, shown: Format) -> Panel:
    """Give a panel with a column per year; without ``most`` it has a scale of its own."""
    marks = series.marks or {}
    top = series.most or max([*series.values.values(), *marks.values()], default=0.0)
    years = list(series.values)
    columns, told = [], []
    for place, (year, value) in enumerate(series.values.items()):
        later = next((each for each in series.later if year in each.years), None)
        mark = marks.get(year)
        when = f"{year}" if later is None else f"{year}, {later.name}"
        tip = f"{when}: {shown(value)}{series.unit}"
        if mark is not None:
            tip += f" ({series.mark_name} {shown(mark)}{series.unit})"
        told.append(tip)
        label = str(year) if len(years) < FEW - 2 else f"{APOSTROPHE}{year % 100:02d}"
        columns.append(
            Column(
                start=round(100.0 * (place + (1 - COLUMN_SHARE) / 2) / len(years), 3),
                width=round(100.0 * COLUMN_SHARE / len(years), 3),
                height=round(COLUMN_HEIGHT * value / top, 2) if top else 0.0,
                colour=series.colour if later is None else later.colour,
                tip=tip,
                axis=label,
                is_minor=len(years) > FEW and place % 2 == 1,
                shown=figures.short(value) if len(years) <= FEW and mark is None else "",
                mark=None if mark is None or not top else round(COLUMN_HEIGHT * mark / top, 2),
            )
        )
    return Panel(title, small, "; ".join(told), tuple(columns))
