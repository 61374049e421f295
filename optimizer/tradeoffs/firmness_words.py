"""How firm weights are, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from math import isinf
from typing import Any

import pandas as pd

from optimizer.explain.asking import OPTIMAL
from optimizer.frames import rows_of
from optimizer.text.figures import figure
from optimizer.tradeoffs.firmness_tables import ONLY_ONE
from optimizer.tradeoffs.sample_words import (
    KEYS_NAMED,
    NEARLY_ALL,
    SHARE_DIGITS,
    percent_of,
    receiver_words,
    shortfall_words,
)
from optimizer.tradeoffs.weighing import rounding_of

_SHORT = (
    "The plan lacks so much of it already, by whole people or by what it keeps and pays for; so "
    "ranges only show in which direction it would fall further behind, and no change is nearest."
)


def firmness_words(
    table: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    *,
    points: float,
    best: float,
    allowed: float,
    seed: int,
    within: float,
    why_incomplete: str,
) -> list[str]:
    """Ranges of weights, the nearest change, the samples, and who gets slots in them."""
    drawn = f"of weights drawn evenly from all (seed {seed})"
    lines = [
        f"The plan has {points:,.3f} points; no plan can have more than {best:,.3f} (relaxation).",
        f"How far one weight may go, the others in proportion, {_as_good(allowed, best)}:",
        *(f"- {row.goal}: {_range(row)}" for row in rows_of(table)),
        *(_flip(table, tables["flip"]) if not _is_short(points, best, allowed) else [_SHORT]),
        *shortfall_words(tables["samples"], drawn, within),
        *receiver_words(tables["slots"]),
    ]
    return [*lines, why_incomplete] if why_incomplete else lines


def _is_short(points: float, best: float, allowed: float) -> bool:
    """Whether it is what the plan lacks today, and not a gap, that ranges allow."""
    rounding = rounding_of(best)
    return allowed > rounding and best - points >= allowed - rounding


def _as_good(allowed: float, best: float) -> str:
    if allowed <= rounding_of(best):
        return "with the plan as good as any by the relaxation"
    short = figure(allowed, SHARE_DIGITS)
    return f"with the plan short of the relaxation's best by no more than {short} points"


def _range(row: Any) -> str:
    if row.status == ONLY_ONE:
        return "the only goal with weight, so that it has all of it."
    now = f"{percent_of(row.share)} of the weight"
    open_end = "" if row.status == OPTIMAL else "; the time did not suffice for both ends"
    if row.share_from <= 0.0 and row.share_to >= NEARLY_ALL:
        return f"{now}, and any other share as well{open_end}."
    weights = (
        f"{figure(row.weight, SHARE_DIGITS)} now, from {figure(row.weight_from, SHARE_DIGITS)} "
        f"{_upper(row.weight_to)} with the others as they are"
    )
    return (
        f"{now}, from {percent_of(row.share_from)} to {percent_of(row.share_to)} (weight {weights})"
        f"{open_end}."
    )


def _upper(weight: float) -> str:
    return "upwards" if isinf(weight) else f"to {figure(weight, SHARE_DIGITS)}"


def _flip(table: pd.DataFrame, flip: pd.DataFrame) -> list[str]:
    """The nearest end of a range, and what the relaxation turns to beyond it."""
    if not len(flip):
        return ["Whatever one weight alone becomes, the plan stays so."]
    goal, is_below = flip["goal"].iloc[0], flip["end"].iloc[0] == "below"
    (row,) = rows_of(table[table["goal"].eq(goal)])
    end = row.share_from if is_below else row.share_to
    verb = "less" if is_below else "more"
    lines = [
        f"The nearest change after which it is not: {verb} weight on {goal}, "
        f"{percent_of(row.share)} to {percent_of(end)}. Beyond it the relaxation turns to this, "
        "beside the plan:"
    ]
    for by, unit in (("goal", "raw"), ("country", "slots"), ("track", "slots")):
        rows = flip[flip["by"].eq(by) & flip["change"].abs().gt(_smallest(flip, by))]
        if len(rows):
            lines.append(f"- {by} ({unit}): {_changes(rows)}")
    return lines


def _smallest(flip: pd.DataFrame, by: str) -> float:
    """Changes of raw values below a millionth are none; of slots, below half of one."""
    if by != "goal":
        return 0.5
    of_goals = flip[flip["by"].eq("goal")]
    return 1e-6 * max(1.0, float(of_goals[["before", "after"]].abs().max().max()))


def _changes(rows: pd.DataFrame) -> str:
    order = rows.loc[rows["change"].abs().sort_values(ascending=False, kind="stable").index]
    said = [
        f"{row.key} {'+' if row.change > 0 else '-'}{figure(abs(row.change), SHARE_DIGITS)}"
        for row in rows_of(order.head(KEYS_NAMED))
    ]
    left = len(order) - KEYS_NAMED
    return ", ".join(said) + (f" and {left} more" if left > 0 else "")
