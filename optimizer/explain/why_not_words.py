"""Why not, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

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

GIVEN = "the plan in hand gives that, and the relaxation loses nothing by it"


def why_not_words(found: WhyNot) -> list[str]:
    """What it would cost, who would give way, and what would limit the plan then."""
    if pd.isna(found.points):
        return [f"{found.meant}: {found.status}.", *found.why.splitlines()]
    cost = figure(abs(found.change_points), 4)
    verb = "fewer" if found.change_points < 0.0 else "more"
    if found.change_points == 0.0:
        return [f"{found.meant}: {GIVEN if found.is_given else NOTHING_LOST}."]
    lines = [
        f"{found.meant}: {cost} points {verb} ({found.points:,.3f} points, relaxation).",
        *_moves(found.table[found.table["change"].lt(0.0)], "Who gives way"),
        *_moves(found.table[found.table["change"].gt(0.0)].iloc[::-1], "Who gets more"),
    ]
    goals = found.tables["goals"]
    goals = goals[goals["change_points"].ne(0.0)].sort_values("change_points", kind="stable")
    if len(goals):
        told = [f"{row.goal} {_signed(row.change_points)}" for row in rows_of(goals)]
        lines.append(f"Points: {', '.join(told)}.")
    numbers = found.tables["numbers"]["address"].tolist()
    if numbers:
        lines.append(f"What limits it then and not now: {'; '.join(_shortened(numbers))}.")
    return lines


def _moves(rows: pd.DataFrame, head: str) -> list[str]:
    if not len(rows):
        return []
    told = [
        f"{figure(abs(row.change), _SMALL)} of {row.country} {row.track}" for row in rows_of(rows)
    ]
    return [f"{head}: {', '.join(_shortened(told))}."]


def _shortened(told: list[str]) -> list[str]:
    more = len(told) - _MOST
    return [*told[:_MOST], f"and {more} more"] if more > 0 else told


def _signed(points: float) -> str:
    return f"{'+' if points > 0 else '-'}{figure(abs(points), _SMALL)}"
