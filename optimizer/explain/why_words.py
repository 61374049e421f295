"""Why there are so many slots, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from optimizer.explain.marginal_words import WITHOUT_POINTS, in_points
from optimizer.explain.stepping import BY_PLAN
from optimizer.explain.why_not_words import amount, bringing_words, first_of_many, moved_words
from optimizer.frames import rows_of
from optimizer.text.figures import NOBODY, figure

if TYPE_CHECKING:
    from optimizer.explain.why_slots import Why

_SMALL = 4
"""Digits of slots and points."""
_SHOWN = 6
"""Numbers that are written out."""


def why_words(found: Why) -> list[str]:
    """How many there are, what they earn and cost, what limits them and what stands around them."""
    has_some = max(found.there, found.in_plan if found.has_plan else 0.0) > NOBODY
    return [
        _there(found),
        *(_earned(found) if has_some else []),
        *(_spent(found) if has_some else []),
        *_around(found),
        *_limits(found),
        *_instead(found),
        *bringing_words(found.tables["facts"], found.tables["entry"], found.currency),
    ]


def _there(found: Why) -> str:
    """Slots in plan and relaxation, by year where there are several."""
    years = found.tables["slots"]
    column = "plan" if found.has_plan else "relaxation"
    by_year = [f"{figure(getattr(row, column), _SMALL)} in {row.year}" for row in rows_of(years)]
    split = f" ({', '.join(by_year)})" if len(by_year) > 1 else ""
    relaxed = f"{figure(found.there if found.there > NOBODY else 0.0, _SMALL)} in the relaxation"
    if not found.has_plan:
        return f"{found.asked}: {relaxed}{split}."
    return f"{found.asked}: {figure(found.in_plan)} in the plan{split}, {relaxed}."


def _earned(found: Why) -> list[str]:
    earned = found.tables["earned"]
    earned = earned[earned["points"].abs().gt(NOBODY)]
    earned = earned.sort_values("points", ascending=False, kind="stable")
    total = figure(float(earned["points"].sum()), _SMALL)
    by_goal = [f"{row.goal} {figure(row.points, _SMALL)}" for row in rows_of(earned)]
    of = "the plan's" if found.accounted == BY_PLAN else "the relaxation's"
    if not by_goal:
        return [f"They earn no points by {of} own terms."]
    return [f"They earn {total} points by {of} own terms: {', '.join(first_of_many(by_goal))}."]


def _spent(found: Why) -> list[str]:
    by = found.tables["spent"].groupby("line")["amount"].sum()
    if not len(by):
        return ["They cost no money."]
    by = by.sort_values(ascending=False, kind="stable")
    by_line = [f"{line} {figure(money)}" for line, money in by.items()]
    total = figure(float(by.sum()))
    return [
        f"They cost {total} {found.currency} in all years: {', '.join(first_of_many(by_line))}."
    ]


def _around(found: Why) -> list[str]:
    """What some more and some fewer change."""
    said = []
    for row in rows_of(found.answer):
        if row.step == "none":
            continue
        effect = WITHOUT_POINTS[row.status] if pd.isna(row.points) else in_points(row.change_points)
        said.append(f"{figure(abs(row.change), _SMALL)} {row.step} {effect}")
    return [f"Solved again (relaxation): {'; '.join(said)}."]


def _limits(found: Why) -> list[str]:
    numbers = found.tables["numbers"]
    if not len(numbers):
        return ["No number with a dual limits them."]
    lines = ["What limits them, by duals:"]
    lines += [_limit(row, found.currency) for row in rows_of(numbers.head(_SHOWN))]
    left = len(numbers) - _SHOWN
    return [*lines, *([f"- and {left} more (see the table)"] if left > 0 else [])]


def _limit(row: Any, currency: str) -> str:
    place = row.source.removesuffix(f", {row.address}")
    now = amount(row.number, row.unit, currency)
    said = f"- {row.title}: {row.address} ({place}), now {now}"
    if row.taken_points:
        verb = "the room they take costs" if row.taken_points > 0 else "what they add to it brings"
        return f"{said}: {verb} {figure(abs(row.taken_points), _SMALL)} points"
    return said


def _instead(found: Why) -> list[str]:
    """Who would come in their place."""
    none = found.answer[found.answer["step"].eq("none")]
    for row in rows_of(none):
        if pd.isna(row.points):
            return [f"Without them: {row.status}.", *found.why_none.splitlines()]
        if row.change_points == 0.0:
            change = "as many points"
        else:
            verb = "fewer" if row.change_points < 0.0 else "more"
            change = f"{figure(abs(row.change_points), _SMALL)} points {verb}"
        moves = found.tables["moves"]
        gains = moves[moves["step"].eq("none") & moves["change"].gt(0.0)].iloc[::-1]
        told = moved_words(gains, "In their place come") or ["Nobody comes in their place."]
        return [f"Without them the relaxation has {change}.", *told]
    return []
