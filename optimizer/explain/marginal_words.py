"""Marginal values in sentences."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.explain.asking import CANNOT_BE_HELD, NONE_KEEPS_RULES, OUT_OF_TIME, SOLVER_GAVE_UP
from optimizer.explain.in_hand import InHand
from optimizer.explain.stepping import BY_DUAL
from optimizer.frames import rows_of
from optimizer.text.figures import figure

_DIGITS = 4
"""Digits of points in sentences."""
_SAME = 1e-3
"""Relative difference of a dual and of what solving shows from which both are said."""
_SHOWN = 10
"""Budgets that are written out."""
WITHOUT_POINTS = {
    NONE_KEEPS_RULES: "leaves no plan",
    CANNOT_BE_HELD: "is refused",
    OUT_OF_TIME: "was not solved in time",
    SOLVER_GAVE_UP: "was not solved, as the solver gave up",
}
"""What is said of a change after which no points are known."""
NO_LIMIT = "No number of policy or case limits the relaxation."


def marginal_words(
    table: pd.DataFrame,
    money: pd.DataFrame,
    *,
    points: float,
    plan: InHand | None,
    currency: str,
    why_incomplete: str,
) -> list[str]:
    """What limits the plan, what one step of each number brings, and where money helps."""
    lines = [_headline(points, plan)]
    solved = table[table["basis"].ne(BY_DUAL)]
    if not len(table):
        return [*lines, NO_LIMIT]
    if len(solved):
        lines.append("What limits it, each solved again with one step more room and one less:")
        lines += [
            f"{place}. {_row(row, currency)}" for place, row in enumerate(rows_of(solved), start=1)
        ]
    lines += _left(table, solved)
    lines += _money(money, currency)
    return [*lines, why_incomplete] if why_incomplete else lines


def _headline(points: float, plan: InHand | None) -> str:
    most = f"No plan can exceed {points:,.3f} points (relaxation)"
    return f"{most}." if plan is None else f"{most}; this one has {plan.points:,.3f}."


def _row(row: Any, currency: str) -> str:
    place = row.source.removesuffix(f", {row.address}")
    said = f"{row.title}: {row.address} ({place}), now {_number(row, row.number, currency)}"
    parts = [_more(row, currency), _less(row, currency)]
    return f"{said}: {'; '.join(part for part in parts if part)}{_remarks(row)}"


def _more(row: Any, currency: str) -> str:
    return _effect(row, row.looser, row.gain_points, row.status_looser, currency)


def _less(row: Any, currency: str) -> str:
    return _effect(row, row.tighter, row.loss_points, row.status_tighter, currency)


def _effect(row: Any, after: float, points: float, status: str, currency: str) -> str:
    if pd.isna(after):
        return ""
    at = f"{_number(row, after, currency)}"
    if pd.isna(points):
        return f"{at} {WITHOUT_POINTS[status]}"
    return f"{at} {in_points(points)}"


def in_points(points: float) -> str:
    """A difference in points, in words."""
    if points == 0.0:
        return "changes nothing"
    verb = "brings" if points > 0 else "costs"
    amount = figure(abs(points), _DIGITS)
    return f"{verb} {amount} {'point' if amount == '1' else 'points'}"


def _number(row: Any, value: float, currency: str) -> str:
    if row.unit == "share":
        return f"{figure(100.0 * value)}%"
    return f"{figure(value)} {currency}" if row.unit == "money" else figure(value)


def _remarks(row: Any) -> str:
    said = []
    if "plan" in row.basis:
        said.append("by plans" if row.basis == "plan" else "partly by plans")
    if row.within_gap:
        said.append("too small a difference of plans to be sure")
    dual, gain = row.dual_points, row.gain_points
    is_apart = not pd.isna(dual) and not pd.isna(gain) and abs(dual - gain) > _SAME * abs(dual)
    if is_apart and "plan" not in row.basis:
        said.append(f"the dual says {figure(dual, _DIGITS)}")
    if row.valid_from < row.valid_to and "plan" not in row.basis:
        low, high = _number(row, row.valid_from, ""), _number(row, row.valid_to, "")
        said.append(f"at the same rates from {low.strip()} to {high.strip()}")
    if row.protected:
        said.append("protected")
    return f" ({'; '.join(said)})." if said else "."


def _left(table: pd.DataFrame, solved: pd.DataFrame) -> list[str]:
    left = table[table["basis"].eq(BY_DUAL)]
    chosen = int(left["kind"].eq("limit").sum())
    counts = [
        how_many(chosen, "more number" if len(solved) else "number", "that somebody chose"),
        how_many(len(left) - chosen, "fact", "of the case"),
    ]
    said = [count for count in counts if count]
    if not said:
        return []
    verb = "limits" if len(left) == 1 else "limit"
    too = " too" if len(solved) else ""
    return [f"{' and '.join(said)} {verb} it{too}, by their duals alone (see the table)."]


def how_many(count: int, noun: str, rest: str) -> str:
    """A count in words; blank for none.

    Examples
    --------
    >>> how_many(1, "fact", "of the case"), how_many(2, "fact", "of the case")
    ('1 fact of the case', '2 facts of the case')
    """
    return f"{count} {noun}{'' if count == 1 else 's'} {rest}" if count else ""


def _money(money: pd.DataFrame, currency: str) -> list[str]:
    if not len(money):
        return ["By the relaxation, more money in any one line and year brings nothing."]
    amount = figure(float(money["more"].iloc[0]))
    lines = [f"Where {amount} {currency} more help, one line and year at a time:"]
    for row in rows_of(money.head(_SHOWN)):
        year = f" {row.year}" if row.year else ""
        by = " (by its dual)" if row.basis == BY_DUAL else ""
        known = not pd.isna(row.gain_points)
        said = in_points(row.gain_points) if known else WITHOUT_POINTS[row.status]
        lines.append(f"- {row.line}{year} {said}{by}")
    more = len(money) - _SHOWN
    return [*lines, *([f"- and {more} more"] if more > 0 else [])]


def without_words(table: pd.DataFrame, points: float, why_incomplete: str) -> list[str]:
    """What the relaxation loses or gains without each part of policy or case."""
    lines = [f"With everything, no plan can exceed {points:,.3f} points (relaxation)."]
    same = table["change_points"].eq(0.0)
    shown = table[~same] if len(table) > _SHOWN else table
    lines += [f"- without {row.address}: {_without(row)}" for row in rows_of(shown)]
    left = len(table) - len(shown)
    if left:
        lines.append(f"- without any one of {left} others: the same points")
    return [*lines, why_incomplete] if why_incomplete else lines


def _without(row: Any) -> str:
    if row.status == "infeasible":
        return "no plan keeps every rule"
    if pd.isna(row.change_points):
        return f"{row.status}, {row.why}" if row.why else row.status
    if row.change_points == 0.0:
        return "the same points"
    amount = figure(abs(row.change_points), _DIGITS)
    return f"{amount} points {'more' if row.change_points > 0 else 'fewer'}"
