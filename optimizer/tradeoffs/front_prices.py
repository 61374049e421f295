"""What one goal costs in another along a front, and the numbers that limit both."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from optimizer.explain.numbers import BindingNumber, RowOrigins, binding_numbers
from optimizer.frames.arrays import Floats
from optimizer.persistent.aimed import NO_FLOOR
from optimizer.tradeoffs.aiming import GoalAims, no_floors
from optimizer.tradeoffs.front_points import FrontPoint

BY_NEXT_POINT, BY_DUALS = "next point", "dual"
"""What a price rests on: the difference to the next point, which is exact, or the relaxation."""
MOST_NUMBERS = 5
"""Numbers that are listed for each point."""
_LOST = 1e-9
PRICE_TYPES = {
    "point": "int64",
    "to_point": "Int64",
    "goal": "str",
    "paid_in": "str",
    "price": "float64",
    "basis": "str",
}
BINDING_TYPES = {
    "point": "int64",
    "rank": "int64",
    "rule": "str",
    "title": "str",
    "address": "str",
    "source": "str",
    "protected": "bool",
    "number": "float64",
    "unit": "str",
    "step": "float64",
    "goal": "str",
    "gain": "float64",
}


def front_prices(aims: GoalAims, points: Sequence[FrontPoint]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Prices of goals in units of the first one, and the numbers that limit it at each point.

    The relaxation with the most of the first goal, all others kept at their values of the point,
    says by its duals what one unit more of another costs, and what a step of each number gains.

    Returns
    -------
    tuple of pandas.DataFrame
        point, to_point (blank for duals), goal, paid_in, price (units of ``paid_in`` for one of
        ``goal``, both towards what is wanted), basis; and point, rank, rule, title, address,
        source, protected, number, unit, step, goal, gain (of the goal, for a step that loosens).
    """
    prices, binding = [], []
    known: RowOrigins = {}
    if len(aims.goals) == 2:
        prices += _between(aims.goals, points)
    for number, point in enumerate(points, start=1):
        if aims.watch.should_stop():
            break
        found = _at(aims, point, known)
        if found is None:
            continue
        duals, numbers = found
        prices += [
            (number, None, goal, aims.goals[0], dual, BY_DUALS)
            for goal, dual in zip(aims.goals[1:], duals.tolist(), strict=True)
        ]
        binding += [
            binding_row(number, rank, aims.goals[0], each)
            for rank, each in enumerate(numbers, start=1)
        ]
    return typed_table(prices, PRICE_TYPES), typed_table(binding, BINDING_TYPES)


def _between(goals: Sequence[str], points: Sequence[FrontPoint]) -> list[tuple[object, ...]]:
    """What each point costs, seen from the one before it."""
    rows: list[tuple[object, ...]] = []
    for number, (one, other) in enumerate(pairwise(points), start=1):
        lost, gained = one.values[0] - other.values[0], other.values[1] - one.values[1]
        price = float(lost / gained)
        rows.append((number, number + 1, goals[1], goals[0], price, BY_NEXT_POINT))
    return rows


def _at(
    aims: GoalAims, point: FrontPoint, known: RowOrigins
) -> tuple[Floats, list[BindingNumber]] | None:
    """Duals of the other goals' floors, and numbers that bind, in units of the first goal."""
    model = aims.model
    floors = no_floors(len(aims.goals))
    floors[1:] = point.values[1:] - _LOST * np.maximum(1.0, np.abs(point.values[1:]))
    model.hold(floors)
    try:
        weights = np.zeros(len(floors))
        weights[0] = 1.0
        x = model.most_of_relaxation(weights, aims.watch)
        if x is None:
            return None
        prices = model.loaded.lp.prices()
        duals = np.maximum(0.0, -prices[model.floor_rows[1:]])
        found = binding_numbers(model.loaded, x, prices, known)
    finally:
        model.hold(np.full(len(floors), NO_FLOOR))
        model.release()
    return duals, that_gain(found)


def that_gain(numbers: Sequence[BindingNumber]) -> list[BindingNumber]:
    """The first of the numbers that are known to gain by a step."""
    gains = [each for each in numbers if each.dual_points > 0.0 and np.isfinite(each.dual_points)]
    return gains[:MOST_NUMBERS]


def binding_row(point: int, rank: int, goal: str, number: BindingNumber) -> tuple[object, ...]:
    """A row of :data:`BINDING_TYPES`."""
    return (
        point,
        rank,
        number.rule,
        number.title,
        number.address,
        number.source,
        number.protected,
        number.value,
        number.unit,
        number.step,
        goal,
        number.dual_points,
    )


def typed_table(rows: Sequence[tuple[object, ...]], types: dict[str, str]) -> pd.DataFrame:
    """Rows as a table with columns of these types."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(types)
    cells = zip(types.items(), columns, strict=True)
    return pd.DataFrame({name: pd.Series(each, dtype=kind) for (name, kind), each in cells})
