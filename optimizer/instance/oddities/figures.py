"""Figures a million times those beside them, or a millionth: mostly another unit."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import numpy as np
import pandas as pd

from optimizer.errors import Problem
from optimizer.frames import groups_of
from optimizer.instance import Instance
from optimizer.instance.attributes import OPEN_ENDED, Attribute
from optimizer.policy import Policy
from optimizer.schema.tables import TABLES, ColumnSpec

FAR, GAP = 1e5, 1e3
"""Distance from the middle, and beyond the neighbours, from which a figure is reported.

Figures of real countries and regions spread over many powers of ten, but without such a gap.
"""

NOT_COMPARED = ("year", "share", "factor", "")
"""Units in which a figure cannot be typed in another unit."""

ALIKE = {"services": ["service"], "service_use": ["service"], "scores": ["goal"]}
"""Keys within which alone the figures of a table can be compared."""


def far_off_figures(instance: Instance) -> Iterator[Problem]:
    """Cells of tables, and of the attributes that the policy counts with."""
    for spec in TABLES.values():
        table = instance.case.table(spec.name)
        keys = {*spec.keys, *spec.optional_keys}
        alike = ALIKE.get(spec.name)
        parts = [table] if alike is None else [rows for _, rows in groups_of(table, alike)]
        for column in spec.columns:
            if column.name not in keys and _is_compared(column):
                header = column.header(instance.case.currency)
                for rows in parts:
                    yield from _far_off(rows[column.name], spec.file, header)
    yield from _far_off_indicators(instance)


def _is_compared(column: ColumnSpec) -> bool:
    return column.kind in ("int", "number") and column.unit not in NOT_COMPARED


def _far_off_indicators(instance: Instance) -> Iterator[Problem]:
    """Figures that others disappear beside, where indicators are scaled from least to most."""
    attributes = instance.attributes.quiet()
    for dimension, table in OPEN_ENDED.items():
        scaled = {
            indicator.column
            for goal in instance.policy.goals.values()
            for indicator in (goal.indicators if table == "countries" else goal.region_indicators)
            if indicator.range is None and indicator.transform == "linear"
        }
        for column in sorted(scaled):
            values = attributes.tables[dimension][column]
            figures = attributes.figures(Attribute(dimension, column, values))
            if figures is not None:
                figures.index = attributes.rows[dimension]
                yield from _far_off(figures, TABLES[table].file, column)


def _far_off(cells: pd.Series, file: str, header: str) -> Iterator[Problem]:
    for row, value, middle in _outliers(cells):
        size = abs(value)
        times = f"{size / middle:,.0f} times" if size > middle else f"1/{middle / size:,.0f} of"
        yield Problem(
            file,
            f"{value:g} is {times} what stands in other rows ({middle:g})",
            int(str(row)),
            header,
            maybe="it is in another unit",
        )


def _outliers(cells: pd.Series) -> list[tuple[Hashable, float, float]]:
    """Figures that are far from the middle, with nothing on the way: where, value and middle."""
    values = cells.astype("float64")
    sizes = values.abs()
    sizes = sizes[sizes > 0].sort_values(kind="stable")
    ordered = sizes.to_numpy()
    if len(ordered) < 2 or ordered[-1] < FAR * ordered[0]:
        return []
    # Of two figures either may be the wrong one; the larger is reported.
    middle = float(np.median(ordered)) if len(ordered) > 2 else float(ordered[0])
    gaps = np.flatnonzero(ordered[1:] >= GAP * ordered[:-1])
    below = max((gap + 1 for gap in gaps if ordered[gap] * FAR <= middle), default=0)
    above = min((gap + 1 for gap in gaps if ordered[gap + 1] >= FAR * middle), default=len(sizes))
    far = pd.concat([sizes[:below], sizes[above:]]).index
    return [(row, float(value), middle) for row, value in values[far].items()]


def far_off_weights(instance: Instance) -> Iterator[Problem]:
    """Weights of goals that are scaled alike, weights of indicators, effects within a goal."""
    for beside in _beside(instance.policy):
        weights = pd.Series(beside, dtype="float64")
        for address, weight, middle in _outliers(weights):
            is_larger = abs(weight) > middle
            told = "larger" if is_larger else "smaller"
            counts = "they count" if is_larger else "it counts"
            yield Problem(
                instance.policy.path.name,
                f"{weight:g} is so much {told} than the others beside it "
                f"({middle:g}) that {counts} for nothing",
                column=str(address),
                maybe="a number of their size",
            )


def _beside(policy: Policy) -> Iterator[dict[str, float]]:
    """Numbers by address that count beside each other, in one unit."""
    yield {
        f"goals.{name}.weight": goal.weight
        for name, goal in policy.goals.items()
        if goal.scale == "ideal"
    }
    for name, goal in policy.goals.items():
        for key in ("indicators", "region_indicators"):
            yield {f"goals.{name}.{key}.{x.column}.weight": x.weight for x in getattr(goal, key)}
        yield {
            f"goals.{name}.{key}.{number}.effect": effect.effect
            for key in ("effects", "region_effects")
            for number, effect in enumerate(getattr(goal, key), start=1)
        }
