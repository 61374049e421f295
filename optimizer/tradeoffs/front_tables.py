"""A front as tables and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np
import pandas as pd

from optimizer.frames import rows_of
from optimizer.frames.arrays import Floats
from optimizer.text.figures import counted, figure
from optimizer.tradeoffs.front_points import FrontPoint
from optimizer.tradeoffs.front_prices import BY_NEXT_POINT

_MOST_LINES = 12
_ON_LINE, _SAME_PRICE = 1e-9, 1e-6
"""Part of both ranges by which a point beyond the line of the ends counts as on it, and part by
which two prices may differ and be the same."""


def value_column(goal: str) -> str:
    """Column of the raw value of a goal."""
    return f"value_{goal}"


def point_table(
    points: Sequence[FrontPoint],
    goals: Sequence[str],
    signs: Floats,
    chosen: Mapping[int, str],
    binding: pd.DataFrame,
) -> pd.DataFrame:
    """A row for each point.

    Parameters
    ----------
    chosen
        By which ways points were chosen, by their places.
    binding
        As :func:`optimizer.tradeoffs.front_prices.front_prices` gives it.
    """
    values = [point.values * signs for point in points]
    first = binding[binding["rank"].eq(1)].set_index("point")
    numbers = range(1, len(points) + 1)
    return pd.DataFrame(
        {
            "point": pd.Series(numbers, dtype="int64"),
            **{
                value_column(goal): pd.Series([each[place] for each in values], dtype="float64")
                for place, goal in enumerate(goals)
            },
            "points": pd.Series([each.plan.objective for each in points], dtype="float64"),
            "slots": pd.Series([each.plan.slots_total for each in points], dtype="int64"),
            "status": pd.Series([each.status for each in points], dtype="str"),
            "gap": pd.Series([each.gap for each in points], dtype="float64"),
            "found_by": pd.Series([each.found_by for each in points], dtype="str"),
            "chosen": pd.Series(
                [chosen.get(place, "") for place in range(len(points))], dtype="str"
            ),
            "binding": _of(first, "title", numbers),
            "binding_address": _of(first, "address", numbers),
            "seconds": pd.Series([each.seconds for each in points], dtype="float64"),
        }
    )


def _of(binding: pd.DataFrame, column: str, numbers: range) -> pd.Series:
    known = dict(zip(binding.index.tolist(), binding[column].tolist(), strict=True))
    return pd.Series([known.get(number, "") for number in numbers], dtype="str")


def goal_table(
    points: Sequence[FrontPoint],
    goals: Sequence[str],
    signs: Floats,
    lattice: Sequence[float | None],
) -> pd.DataFrame:
    """Goals: goal, wanted (``more`` or ``less``), best, worst (among all points), step.

    All values are multiples of the step; it is blank where none is known.
    """
    values = np.array([point.values for point in points])
    return pd.DataFrame(
        {
            "goal": pd.Series(list(goals), dtype="str"),
            "wanted": pd.Series(["more" if sign > 0 else "less" for sign in signs], dtype="str"),
            "best": pd.Series(values.max(axis=0) * signs, dtype="float64"),
            "worst": pd.Series(values.min(axis=0) * signs, dtype="float64"),
            "step": pd.Series(list(lattice), dtype="float64"),
        }
    )


def knee_of(points: Sequence[FrontPoint]) -> int | None:
    """Place of the point of a front of two goals that is farthest beyond the line of its ends.

    Beyond it a further unit of one goal costs ever more of the other, if anywhere. ``None`` where
    no point lies beyond the line.
    """
    return knee_of_values(np.array([point.values for point in points]))


def knee_of_values(values: Floats) -> int | None:
    """The same of values, a row for each point and a column for each of two goals."""
    if len(values) < 3:
        return None
    ends = values[[0, -1]]
    parts = (values - ends.min(axis=0)) / (ends.max(axis=0) - ends.min(axis=0))
    # The line of the ends is where both parts add up to 1.
    beyond = parts.sum(axis=1) - 1.0
    place = int(np.argmax(beyond))
    return place if beyond[place] > _ON_LINE else None


def front_in_words(
    table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], knee: int | None
) -> list[str]:
    """From where to where each goal goes, what that costs, and which points were chosen."""
    goals = tables["goals"]
    names = goals["goal"].tolist()
    lines = [f"{counted(len(table), 'point')} of {', '.join(names)}; none dominates another."]
    for row in rows_of(goals):
        wanted = "" if row.wanted == "more" else ", of which less is wanted"
        if row.best == row.worst:
            lines.append(f"{row.goal}: {figure(row.best)} at every point{wanted}.")
        else:
            lines.append(f"{row.goal}: from {figure(row.worst)} to {figure(row.best)}{wanted}.")
    lines += _points_in_words(table, names)
    lines += _prices_in_words(tables["prices"], names, goals["wanted"].tolist())
    if knee is not None:
        lines.append(f"Point {knee} lies farthest beyond the line between the ends.")
    chosen = table[table["chosen"].ne("")]
    lines += [f"Point {row.point} is the {row.chosen} choice." for row in rows_of(chosen)]
    return lines + binding_in_words(tables["binding"])


def _points_in_words(table: pd.DataFrame, goals: Sequence[str]) -> list[str]:
    shown = table if len(table) <= _MOST_LINES else table.iloc[: _MOST_LINES - 1]
    lines = []
    for place in range(len(shown)):
        row = shown.iloc[place]
        values = ", ".join(f"{goal} {figure(float(row[value_column(goal)]))}" for goal in goals)
        left = float(row["gap"])
        open_to = f"gap {left:.2%}" if isfinite(left) else "nothing proven"
        gap = "" if row["status"] == "optimal" else f"; {open_to}"
        lines.append(f"- {row['point']}: {values} ({figure(float(row['points']))} points{gap})")
    left = len(table) - len(shown)
    return lines + ([f"- and {left} more"] if left else [])


def _prices_in_words(
    prices: pd.DataFrame, goals: Sequence[str], wanted: Sequence[str]
) -> list[str]:
    """Lowest and highest price between neighbours; of a goal to avoid, more of it is the cost."""
    known = prices[prices["basis"].eq(BY_NEXT_POINT)]
    if not len(known):
        return []
    order = known.sort_values("price", kind="stable")
    row, other = order.iloc[0], order.iloc[-1]
    paid = f"of {goals[0]}" if wanted[0] == "more" else f"more of {goals[0]}"
    bought, price = f"One {wanted[1]} of {goals[1]}", figure(float(row["price"]), 4)
    text = f"{bought} costs {price} {paid} between points {row['point']} and {row['to_point']}"
    if len(known) == 1:
        return [f"{text}."]
    if other["price"] <= row["price"] * (1.0 + _SAME_PRICE):
        return [f"{bought} costs {price} {paid} between any two neighbours."]
    return [
        f"{text}, where it costs least, and {figure(float(other['price']), 4)} between points "
        f"{other['point']} and {other['to_point']}, where it costs most."
    ]


def binding_in_words(binding: pd.DataFrame) -> list[str]:
    """Name the number that limits at most points, seen from the relaxation."""
    first = binding[binding["rank"].eq(1)]
    if not len(first):
        return []
    counts = first["address"].value_counts()
    address = str(counts.index[0])
    row = first[first["address"].eq(address)].iloc[0]
    points = first[first["address"].eq(address)]["point"].tolist()
    where = "point" if len(points) == 1 else "points"
    listed = ", ".join(map(str, points[:_MOST_LINES]))
    left = len(points) - _MOST_LINES
    more = f" and {left} more" if left > 0 else ""
    return [
        f"By the relaxation {address} ({row['title']}) limits {row['goal']} most, at {where} "
        f"{listed}{more}."
    ]
