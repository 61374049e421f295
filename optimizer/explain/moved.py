"""What a change moves: slots by country and track, points by goal, numbers that limit."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.explain.asking import Answer, Asking
from optimizer.explain.marginal_tables import frame
from optimizer.explain.numbers import binding_numbers
from optimizer.explain.stepping import BY_RELAXATION
from optimizer.formulation.goals import points_per_value
from optimizer.text.figures import NOBODY

MOVES = {
    **dict.fromkeys(("country", "track"), "str"),
    **dict.fromkeys(("slots_before", "slots_after", "change"), "float64"),
    **dict.fromkeys(("basis", "status"), "str"),
}
"""Columns of the main table."""
GOAL_CHANGES = {
    "goal": "str",
    **dict.fromkeys(("raw_before", "raw_after", "change_raw", "change_points"), "float64"),
}
PENALTIES = "penalties"
"""Row for points that no goal earns: penalties of soft limits and of change."""
SMALLEST_REST = 1e-6
"""Points from which it is there."""


def binding_by_address(asking: Asking) -> dict[str, dict[str, str]]:
    """Numbers that limit the last relaxation, by address."""
    loaded = asking.held.loaded
    found = binding_numbers(loaded, asking.last, loaded.lp.prices())
    return {
        each.address: {"address": each.address, "title": each.title, "source": each.source}
        for each in found
    }


def moves_between(base: Answer, answer: Answer) -> pd.DataFrame:
    """Slots of each country and track that differ in two relaxations, those who lose first."""
    if not answer.is_known:
        return frame([], MOVES)
    before, after = _by_pair(base.cohorts), _by_pair(answer.cohorts)
    rows: list[dict[str, Any]] = [
        {
            "country": country,
            "track": track,
            "slots_before": before.get((country, track), 0.0),
            "slots_after": after.get((country, track), 0.0),
            "change": after.get((country, track), 0.0) - before.get((country, track), 0.0),
            "basis": BY_RELAXATION,
            "status": answer.status,
        }
        for country, track in dict.fromkeys([*before, *after])
    ]
    table = frame([row for row in rows if abs(row["change"]) > NOBODY], MOVES)
    return table.sort_values("change", kind="stable").reset_index(drop=True)


def _by_pair(cohorts: pd.Series) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for key, slots in zip(cohorts.index, cohorts, strict=True):
        pair = str(key[0]), str(key[1])
        found[pair] = found.get(pair, 0.0) + float(slots)
    return found


def goals_between(asking: Asking, answer: Answer) -> pd.DataFrame:
    """Raw value and points of each goal before and after; penalties in a row of their own."""
    if not answer.is_known:
        return frame([], GOAL_CHANGES)
    per_value = points_per_value(asking.held.loaded.instance, asking.held.frozen().of)
    raw, base = answer.raw_since(asking.base), asking.base.goals
    rest = asking.difference(answer) - sum(change * per_value[goal] for goal, change in raw.items())
    rows: list[dict[str, Any]] = [
        {
            "goal": goal,
            "raw_before": base[goal],
            "raw_after": answer.goals[goal],
            "change_raw": change,
            "change_points": change * per_value[goal],
        }
        for goal, change in raw.items()
    ]
    if abs(rest) > SMALLEST_REST:
        unknown = dict.fromkeys(("raw_before", "raw_after", "change_raw"), float("nan"))
        rows.append({"goal": PENALTIES, **unknown, "change_points": rest})
    return frame(rows, GOAL_CHANGES)
