"""What fairness costs, in words."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

import pandas as pd

from optimizer.frames import rows_of
from optimizer.text.figures import counted, figure
from optimizer.tradeoffs.fair_points import OF_TODAY
from optimizer.tradeoffs.front_prices import BY_NEXT_POINT
from optimizer.tradeoffs.front_tables import binding_in_words

_MOST_LINES, _MOST_GROUPS = 12, 6
_SAME_PRICE = 1e-6
_PLACES = 6
"""Decimal places of a difference of points, beyond which there is rounding."""


def fair_front_in_words(
    table: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    knee: int | None,
    *,
    name: str,
    what: str,
    per: float,
) -> list[str]:
    """From where to where points and lowest rate go, every point, prices, groups, and marks.

    Parameters
    ----------
    name
        Of the division.
    what, per
        What rates are of, and by how much they are multiplied to be read easily.
    """
    first, last = table.iloc[0], table.iloc[-1]
    kind = "relaxed plan" if table["slots"].isna().all() else "plan"
    lines = [
        f"{counted(len(table), kind)} from the most points to the highest lowest rate of {name} "
        f"({what}); none dominates another."
    ]
    if len(table) == 1:
        lines.append("The plan with the most points also has the highest lowest rate.")
    else:
        low, high = (_rate(row, per) for row in (first, last))
        lost = f"{figure(float(last['lost_points']))} ({float(last['lost_share']):.2%}) fewer"
        lines.append(
            f"The lowest rate: from {low} with the most points, {figure(first['points'])}, to "
            f"{high}, the highest of all, with {figure(last['points'])}, which is {lost}."
        )
    lines += _points_in_words(table, per)
    lines += _prices_in_words(tables["prices"], what, per)
    if knee is not None:
        lines.append(f"Plan {knee} lies farthest beyond the line between the ends.")
    lines += _groups_in_words(table)
    lines += binding_in_words(tables["binding"])
    return lines + _marks_in_words(tables["marks"], table, per)


def _rate(row: pd.Series, per: float) -> str:
    """Lowest rate with who has it."""
    more = f" and {row['at_lowest'] - 1} more" if row["at_lowest"] > 1 else ""
    return f"{figure(float(row['lowest_rate']) * per, 4)} ({row['lowest_group']}{more})"


def _points_in_words(table: pd.DataFrame, per: float) -> list[str]:
    shown = table if len(table) <= _MOST_LINES else table.iloc[: _MOST_LINES - 1]
    lines = []
    for place in range(len(shown)):
        row = shown.iloc[place]
        left = float(row["gap"])
        open_to = f"gap {left:.2%}" if isfinite(left) else "nothing proven"
        gap = "" if row["status"] == "optimal" else f"; {open_to}"
        fewer = f", {float(row['lost_share']):.2%} fewer" if row["lost_points"] > 0.0 else ""
        gini = f"; Gini {row['gini']:.3f}" if isfinite(row["gini"]) else ""
        lines.append(
            f"- {row['point']}: lowest {_rate(row, per)}, {figure(float(row['points']))} "
            f"points{fewer}{gini}{gap}"
        )
    left_out = len(table) - len(shown)
    return lines + ([f"- and {left_out} more"] if left_out else [])


def _prices_in_words(prices: pd.DataFrame, what: str, per: float) -> list[str]:
    """Lowest and highest price between neighbours."""
    known = prices[prices["basis"].eq(BY_NEXT_POINT)]
    if not len(known):
        return []
    order = known.sort_values("price", kind="stable")
    row, other = order.iloc[0], order.iloc[-1]
    least, most = (figure(float(each["price"]) / per, 4) for each in (row, other))
    text = f"A lowest rate that is 1 higher ({what}) costs {least} points between "
    if len(known) == 1:
        return [f"{text}plans {row['point']} and {row['to_point']}."]
    if other["price"] <= row["price"] + _SAME_PRICE * abs(row["price"]):
        return [f"{text}any two neighbours."]
    return [
        f"{text}plans {row['point']} and {row['to_point']}, where it costs least, and {most} "
        f"between plans {other['point']} and {other['to_point']}, where it costs most."
    ]


def _groups_in_words(table: pd.DataFrame) -> list[str]:
    """Groups whose share costs most by the relaxation, with the points where it does."""
    known = table[table["binding_group"].ne("")]
    parts = []
    for group in known["binding_group"].value_counts().index.tolist():
        points = known.loc[known["binding_group"].eq(group), "point"].tolist()
        where = "plan" if len(points) == 1 else "plans"
        parts.append(f"{group} (at {where} {', '.join(map(str, points))})")
    if not parts:
        return []
    left = len(parts) - _MOST_GROUPS
    more = f" and {left} more" if left > 0 else ""
    return [f"By the relaxation it costs most to raise {', '.join(parts[:_MOST_GROUPS])}{more}."]


def _marks_in_words(marks: pd.DataFrame, table: pd.DataFrame, per: float) -> list[str]:
    """Today's plan beside the front; the policy's own is its first point."""
    lines = []
    for place in range(len(marks)):
        row = marks.iloc[place]
        if row["mark"] != OF_TODAY:
            continue
        gini = f", Gini {row['gini']:.3f}" if isfinite(row["gini"]) else ""
        if not row["keeps_rules"]:
            lines.append(
                f"Today's plan has a lowest rate of {_rate(row, per)}{gini}; {row['why']}."
            )
            continue
        as_fair = table[table["lowest_rate"].ge(row["lowest_rate"])]
        beside = ""
        for point in rows_of(as_fair.head(1)):
            apart = round(float(point.points - row["points"]), _PLACES)
            # Fewer where today's plan lies beyond the points that were asked for.
            more = f"{figure(abs(apart), 4)} points {'more' if apart >= 0.0 else 'fewer'}"
            beside = f" Plan {point.point} has as high a lowest rate and {more}."
        lines.append(
            f"Today's plan: lowest {_rate(row, per)}, {figure(float(row['points']))} "
            f"points{gini}.{beside}"
        )
    return lines
