"""Points of a front of points and fairness: what each plan gives every group, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optimizer.explain.numbers import BindingNumber
from optimizer.frames.arrays import Floats
from optimizer.instance.divisions import JoinedDivision
from optimizer.plan import Plan
from optimizer.plan.fair_shares import called_groups
from optimizer.plan.inequality import IS_LOWEST, inequality, standing_of
from optimizer.tradeoffs.asked_of_front import ALL_POINTS_AIM
from optimizer.tradeoffs.front_prices import (
    BINDING_TYPES,
    BY_DUALS,
    BY_NEXT_POINT,
    PRICE_TYPES,
    binding_row,
    typed_table,
)

OF_POLICY, OF_TODAY = "policy", "today"
"""What is marked on a front: the policy's own plan, and today's."""


@dataclass(frozen=True, eq=False)
class FairPoint:
    """What a plan has of points, and what it gives every group.

    Attributes
    ----------
    amounts
        Of the measure, in the order of the groups.
    plan
        ``None`` of the relaxation.
    """

    points: float
    amounts: Floats
    status: str
    gap: float
    found_by: str
    seconds: float
    plan: Plan | None = None


@dataclass(frozen=True, eq=False)
class LevelPrice:
    """What the relaxation says of a level.

    Attributes
    ----------
    duals
        Of every group: points for each unit of its rate.
    numbers
        Numbers that limit points there.
    """

    duals: Floats
    numbers: Sequence[BindingNumber]


@dataclass(frozen=True, eq=False)
class MarkedPlan:
    """A plan that is marked on a front.

    Attributes
    ----------
    what
        :data:`OF_POLICY` or :data:`OF_TODAY`.
    points
        Not a number where the plan breaks rules.
    why
        Why it is not known, or breaks rules.
    """

    what: str
    points: float
    amounts: Floats
    keeps_rules: bool
    why: str = ""


def amounts_in(plan: Plan, division: JoinedDivision) -> Floats:
    """What a checked plan gives every group, in their order."""
    table = plan.tables["fairness_groups"]
    own = table[table["fairness"].eq(division.fairness.name)].set_index("group")["amount"]
    return np.asarray(own.reindex(division.groups.index), dtype=float)


def rates_in(amounts: Floats, division: JoinedDivision) -> Floats:
    """What every group has for each unit of its need."""
    rates: Floats = amounts / division.needs.to_numpy(dtype=float)
    return rates


def level_figures(amounts: Floats, division: JoinedDivision) -> dict[str, Any]:
    """Lowest rate, who has it, and figures of inequality."""
    rates, needs = rates_in(amounts, division), division.needs.to_numpy(dtype=float)
    figures = inequality(amounts, needs)
    return {
        "lowest_rate": float(rates.min()),
        "lowest_group": called_groups(division.groups)[int(rates.argmin())],
        "at_lowest": int((standing_of(rates) == IS_LOWEST).sum()),
        "gini": figures.gini,
        "hoover": figures.hoover,
    }


def fair_point_table(
    points: Sequence[FairPoint], division: JoinedDivision, prices: Mapping[int, LevelPrice]
) -> pd.DataFrame:
    """A row for each point, as :class:`optimizer.FairFrontier` has it.

    Parameters
    ----------
    prices
        What the relaxation says, by number of the point.
    """
    best = max(point.points for point in points)
    called = called_groups(division.groups)
    rows = []
    for number, point in enumerate(points, start=1):
        price = prices.get(number)
        first = price.numbers[0] if price is not None and price.numbers else None
        binds = price is not None and bool((price.duals > 0.0).any())
        rows.append(
            {
                "point": number,
                "points": point.points,
                "lost_points": best - point.points,
                "lost_share": (best - point.points) / abs(best) if best else 0.0,
                **level_figures(point.amounts, division),
                "total": float(point.amounts.sum()),
                "slots": None if point.plan is None else point.plan.slots_total,
                "status": point.status,
                "gap": point.gap,
                "found_by": point.found_by,
                "binding_group": called[int(price.duals.argmax())] if price and binds else "",
                "binding": "" if first is None else first.title,
                "binding_address": "" if first is None else first.address,
                "seconds": point.seconds,
            }
        )
    kinds = {"slots": "Int64", **dict.fromkeys(_TEXTS, "str")}
    return pd.DataFrame(rows).astype(kinds)


_TEXTS = ("lowest_group", "status", "found_by", "binding_group", "binding", "binding_address")


def group_table(
    points: Sequence[FairPoint], division: JoinedDivision, prices: Mapping[int, LevelPrice]
) -> pd.DataFrame:
    """Groups at every point: point, group, called, need, amount, rate, status, dual_points."""
    parts = []
    needs = division.needs.to_numpy(dtype=float)
    for number, point in enumerate(points, start=1):
        rates = rates_in(point.amounts, division)
        price = prices.get(number)
        parts.append(
            pd.DataFrame(
                {
                    "point": number,
                    "group": division.groups.index.astype("str"),
                    "called": called_groups(division.groups),
                    "need": needs if division.fairness.relative_to else np.nan,
                    "amount": point.amounts,
                    "rate": rates,
                    "status": pd.Series(standing_of(rates), dtype="str"),
                    "dual_points": np.nan if price is None else price.duals,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def fair_price_tables(
    points: Sequence[FairPoint], division: JoinedDivision, prices: Mapping[int, LevelPrice]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a lowest rate 1 higher costs in points, and the numbers that limit points there.

    Returns
    -------
    tuple of pandas.DataFrame
        As :func:`optimizer.tradeoffs.front_prices.front_prices` gives them, of the lowest rate in
        units of the measure for each unit of need.
    """
    name = division.fairness.name
    levels = [float(rates_in(point.amounts, division).min()) for point in points]
    rows: list[tuple[object, ...]] = [
        (
            number,
            number + 1,
            name,
            ALL_POINTS_AIM,
            (points[number - 1].points - points[number].points)
            / (levels[number] - levels[number - 1]),
            BY_NEXT_POINT,
        )
        for number in range(1, len(points))
    ]
    rows += [
        (number, None, name, ALL_POINTS_AIM, float(price.duals.sum()), BY_DUALS)
        for number, price in prices.items()
    ]
    binding = [
        binding_row(number, rank, ALL_POINTS_AIM, each)
        for number, price in prices.items()
        for rank, each in enumerate(price.numbers, start=1)
    ]
    return typed_table(rows, PRICE_TYPES), typed_table(binding, BINDING_TYPES)


def mark_table(marks: Sequence[MarkedPlan], division: JoinedDivision) -> pd.DataFrame:
    """Marked plans: mark, points, lowest_rate, lowest_group, at_lowest, gini, hoover, and so on."""
    rows = [
        {
            "mark": mark.what,
            "points": mark.points,
            **level_figures(mark.amounts, division),
            "total": float(mark.amounts.sum()),
            "keeps_rules": mark.keeps_rules,
            "why": mark.why,
        }
        for mark in marks
    ]
    return pd.DataFrame(rows).astype({"mark": "str", "lowest_group": "str", "why": "str"})
