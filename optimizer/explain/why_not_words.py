"""Why not, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from optimizer.explain.asking import CANNOT_BE_HELD
from optimizer.explain.numbers import IN_MONEY, IN_SHARES
from optimizer.frames import rows_of
from optimizer.text.figures import figure

if TYPE_CHECKING:
    from optimizer.explain.asking_for import WhyNot

_MOST = 8
"""Countries and tracks, and numbers, that are written out."""
_SMALL = 3
"""Digits of slots and points."""
NOTHING_LOST = (
    "the relaxation loses nothing: another plan may be as good, or only whole people and whole "
    "decisions stand against it"
)

GIVEN_ALREADY = "the plan in hand gives that, and the relaxation loses nothing by it"


def why_not_words(found: WhyNot) -> list[str]:
    """What it would cost, who would give way, and what would limit the plan then."""
    return [
        *_by_relaxation(found),
        *bringing_words(found.tables["facts"], found.tables["entry"], found.currency),
        *_by_plan(found),
    ]


def _by_relaxation(found: WhyNot) -> list[str]:
    if found.status == CANNOT_BE_HELD and len(found.tables["facts"]):
        return [f"{found.meant}: no plan can give that."]
    if pd.isna(found.points):
        return [f"{found.meant}: {found.status}.", *found.why.splitlines()]
    cost = figure(abs(found.change_points), 4)
    verb = "fewer" if found.change_points < 0.0 else "more"
    if found.change_points == 0.0:
        return [f"{found.meant}: {GIVEN_ALREADY if found.is_given else NOTHING_LOST}."]
    lines = [
        f"{found.meant}: {cost} points {verb} ({found.points:,.3f} points, relaxation).",
        *moved_words(found.table[found.table["change"].lt(0.0)], "Who gives way"),
        *moved_words(found.table[found.table["change"].gt(0.0)].iloc[::-1], "Who gets more"),
    ]
    goals = found.tables["goals"]
    goals = goals[goals["change_points"].ne(0.0)].sort_values("change_points", kind="stable")
    if len(goals):
        told = [f"{row.goal} {_signed(row.change_points)}" for row in rows_of(goals)]
        lines.append(f"Points: {', '.join(told)}.")
    numbers = found.tables["numbers"]["address"].tolist()
    if numbers:
        lines.append(f"What limits it then and not now: {'; '.join(first_of_many(numbers))}.")
    return lines


def bringing_words(facts: pd.DataFrame, entry: pd.DataFrame, currency: str) -> list[str]:
    """Facts that rule slots out, and the smallest changes that would bring them in."""
    lines = first_of_many([_fact(row) for row in rows_of(facts)])
    if not len(entry):
        return lines
    lines.append("What would bring it in, one change at a time (relaxation, solved again):")
    return [*lines, *(_entry(row, currency) for row in rows_of(entry))]


def _fact(row: Any) -> str:
    years = f" in {row.years}" if row.years else ""
    return f"Ruled out for {row.country} {row.track}{years}: {row.fact} ({row.source})."


def _entry(row: Any, currency: str) -> str:
    place = row.source.removesuffix(f", {row.address}")
    said = f"- {row.kind}: {row.address} ({place}), now {amount(row.number, row.unit, currency)}"
    protected = "; protected" if row.protected else ""
    if row.status == "found":
        way = "or more" if row.needed > row.number else "or less"
        return f"{said}: {amount(row.needed, row.unit, currency)} {way}{protected}"
    if row.status == "beyond":
        return f"{said}: not even {amount(row.bound, row.unit, currency)}{protected}"
    return f"{said}: was not solved in time{protected}"


def amount(value: float, unit: str, currency: str) -> str:
    """A number with its unit: a share in percent, money with its currency."""
    if unit == IN_SHARES:
        return f"{figure(100.0 * value)}%"
    return f"{figure(value)} {currency}" if unit == IN_MONEY else figure(value)


def _by_plan(found: WhyNot) -> list[str]:
    """The plan with it beside the one in hand, and the slots that differ."""
    for row in rows_of(found.tables["plan"]):
        if pd.isna(row.points):
            return [f"By plans: {row.status}. {row.why}".strip()]
        gap = "no gap known" if pd.isna(row.gap) else f"gap {figure(100.0 * row.gap, _SMALL)}%"
        here = f"The plan with it has {row.points:,.3f} points ({gap}); "
        lines = [f"{here}{_difference(row)}."]
        return [*lines, *_plan_moves(found.tables["plan_moves"])]
    return []


def _difference(row: Any) -> str:
    before = f"that without it has {row.points_before:,.3f}"
    if row.within_gap:
        return f"{before}: too small a difference of plans to be sure"
    if row.change_points == 0.0:
        return f"{before}: no difference"
    verb = "fewer" if row.change_points < 0.0 else "more"
    return f"{before}: {figure(abs(row.change_points), 4)} points {verb}"


def _plan_moves(moves: pd.DataFrame) -> list[str]:
    by = moves.groupby(["country", "track", "year"], as_index=False, sort=False)["change"].sum()
    by = by[by["change"].ne(0.0)].sort_values("change", kind="stable")
    if not len(by):
        return ["Nothing moves by country, track and year."]
    said = [f"{_signed(row.change)} {row.country} {row.track} {row.year}" for row in rows_of(by)]
    return [f"What moves: {', '.join(first_of_many(said))}."]


def moved_words(rows: pd.DataFrame, head: str) -> list[str]:
    """Slots by country and track after a beginning; none where nothing moves."""
    if not len(rows):
        return []
    told = [
        f"{figure(abs(row.change), _SMALL)} of {row.country} {row.track}" for row in rows_of(rows)
    ]
    return [f"{head}: {', '.join(first_of_many(told))}."]


def first_of_many(told: list[str]) -> list[str]:
    """The first of many, and how many more there are."""
    more = len(told) - _MOST
    return [*told[:_MOST], f"and {more} more"] if more > 0 else told


def _signed(points: float) -> str:
    return f"{'+' if points > 0 else '-'}{figure(abs(points), _SMALL)}"
