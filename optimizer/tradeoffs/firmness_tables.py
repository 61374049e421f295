"""Tables of how firm weights are."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.explain.asking import OPTIMAL, OUT_OF_TIME
from optimizer.explain.marginal_tables import frame
from optimizer.explain.moved import PENALTIES
from optimizer.explain.stepping import BY_RELAXATION
from optimizer.frames import rows_of
from optimizer.frames.arrays import Floats
from optimizer.tradeoffs.weighing import Corner, Weighing, WeightRange, rounding_of

ONLY_ONE = "only goal"
_PERSON = 0.5
"""Slots in a relaxation from which somebody gets some."""
_RANGES = {
    "goal": "str",
    **dict.fromkeys(
        ("weight", "share", "share_from", "share_to", "weight_from", "weight_to"), "float64"
    ),
    **dict.fromkeys(("beyond_from", "beyond_to", "status", "basis"), "str"),
}
_FLIP = {
    **dict.fromkeys(("goal", "end", "by", "key"), "str"),
    **dict.fromkeys(("before", "after", "change"), "float64"),
    "unit": "str",
}
_SLOTS = {
    **dict.fromkeys(("by", "key"), "str"),
    **dict.fromkeys(
        ("share", "least_slots", "median_slots", "most_slots", "plan_slots"), "float64"
    ),
    "basis": "str",
}


def weight_table(
    weighing: Weighing, ranges: Sequence[WeightRange | None], plan: Corner, given: Sequence[float]
) -> pd.DataFrame:
    """A row for each goal; see :class:`optimizer.tradeoffs.firmness.Firmness`."""
    rows = []
    for number, (goal, found) in enumerate(zip(weighing.goals, ranges, strict=True)):
        share = float(weighing.shares[number])
        total = sum(map(abs, given))
        row: dict[str, object] = {"goal": goal, "weight": given[number], "share": share}
        if found is None:
            row |= dict.fromkeys(("share_from", "share_to", "weight_from", "weight_to"), nan)
            row |= {"beyond_from": "", "beyond_to": "", "status": ONLY_ONE}
        else:
            others, sign = total * (1.0 - share), float(weighing.signs[number])
            row |= {
                "share_from": found.low,
                "share_to": found.high,
                "weight_from": sign * _weight(found.low, others),
                "weight_to": sign * _weight(found.high, others),
                "beyond_from": _gains(weighing, found.below, plan),
                "beyond_to": _gains(weighing, found.above, plan),
                "status": OPTIMAL if found.complete else OUT_OF_TIME,
            }
        rows.append({**row, "basis": BY_RELAXATION})
    return frame(rows, _RANGES)


def _weight(share: float, others: float) -> float:
    """The weight that makes a share where all others stay as they are."""
    return share * others / (1.0 - share) if share < 1.0 else inf


def _gains(weighing: Weighing, corner: Corner | None, plan: Corner) -> str:
    """The goal that gains most in points per share of weight; penalties where none does."""
    if corner is None:
        return ""
    gains = weighing.points_by_goal(corner) - weighing.points_by_goal(plan)
    most = int(np.argmax(gains))
    if gains[most] > rounding_of(1.0):
        return weighing.goals[most]
    return PENALTIES if plan.paid - corner.paid > rounding_of(plan.paid) else ""


def flip_table(
    weighing: Weighing, ranges: Sequence[WeightRange | None], plan: Corner
) -> pd.DataFrame:
    """What the relaxation turns to beyond the end that is nearest, beside the plan."""
    ends = [
        (abs(share - float(weighing.shares[number])), number, end, corner)
        for number, found in enumerate(ranges)
        if found is not None
        for end, share, corner in (
            ("below", found.low, found.below),
            ("above", found.high, found.above),
        )
        if corner is not None
    ]
    if not ends:
        return frame([], _FLIP)
    _, number, end, corner = min(ends, key=lambda each: each[:2])
    at = {"goal": weighing.goals[number], "end": end}
    rows = [
        {**at, "by": "goal", "key": goal, "before": before, "after": after, "unit": "raw"}
        for goal, before, after in zip(weighing.goals, plan.values, corner.values, strict=True)
    ]
    for by in ("country", "track"):
        sums = pd.concat(
            [each.slots.groupby(level=by).sum() for each in (plan, corner)], axis=1
        ).fillna(0.0)
        rows += [
            {**at, "by": by, "key": str(key), "before": before, "after": after, "unit": "slots"}
            for key, before, after in sums.itertuples(name=None)
        ]
    return frame([{**row, "change": row["after"] - row["before"]} for row in rows], _FLIP)


def sample_table(
    weighing: Weighing,
    plan: Corner,
    drawn: Floats,
    best: Sequence[float],
    within: float,
) -> pd.DataFrame:
    """Each set of weights, with what the plan is short of there; unsolved ones have a status."""
    shares = [f"share_{goal}" for goal in weighing.goals]
    rows = []
    for number, each in enumerate(drawn):
        row: dict[str, object] = {"sample": number + 1, **dict(zip(shares, each, strict=True))}
        points = weighing.points(plan, np.asarray(each))
        most = best[number] if number < len(best) else nan
        short = max(0.0, most - points) if number < len(best) else nan
        allowed = within * abs(most) + rounding_of(most) if number < len(best) else nan
        row |= {"best_points": most, "plan_points": points, "short_points": short}
        row |= {"within": bool(short <= allowed), "basis": BY_RELAXATION}
        rows.append({**row, "status": OPTIMAL if number < len(best) else OUT_OF_TIME})
    types = {
        "sample": "int64",
        **dict.fromkeys([*shares, "best_points", "plan_points", "short_points"], "float64"),
        "within": "bool",
        **dict.fromkeys(("basis", "status"), "str"),
    }
    return frame(rows, types)


def proposed_pairs(case: Case) -> list[tuple[str, str]]:
    """Countries and tracks for which an agreement is proposed."""
    table = case.table("agreements")
    proposed = table[table["status"].eq("proposed")]
    return [(str(row.country), str(row.track)) for row in rows_of(proposed)]


def sampled_slots(
    found: Sequence[pd.Series], plan: pd.Series, agreements: Sequence[tuple[str, str]]
) -> pd.DataFrame:
    """Who gets slots in what share of the samples; those who always do first."""
    if not found:
        return frame([], _SLOTS)
    samples = pd.concat(list(found), axis=1).fillna(0.0)
    samples.columns = pd.RangeIndex(len(found))
    pairs = pd.MultiIndex.from_tuples(list(agreements), names=["country", "track"])
    parts = [
        ("country", samples.groupby(level="country").sum(), plan.groupby(level="country").sum()),
        ("track", samples.groupby(level="track").sum(), plan.groupby(level="track").sum()),
        ("agreement", samples[samples.index.isin(pairs)], plan[plan.index.isin(pairs)]),
    ]
    rows = []
    for by, table, own in parts:
        in_plan = own.to_dict()
        for key, row in zip(table.index, table.to_numpy(), strict=True):
            rows.append(
                {
                    "by": by,
                    "key": ", ".join(key) if isinstance(key, tuple) else str(key),
                    "share": float((row >= _PERSON).mean()),
                    "least_slots": float(row.min()),
                    "median_slots": float(np.median(row)),
                    "most_slots": float(row.max()),
                    "plan_slots": float(in_plan.get(key, 0.0)),
                    "basis": BY_RELAXATION,
                }
            )
    table = frame(rows, _SLOTS)
    order = {"country": 0, "track": 1, "agreement": 2}
    place = table["by"].map(order)
    table = table.assign(place=place).sort_values(
        ["place", "share", "median_slots"], ascending=[True, False, False], kind="stable"
    )
    return table.drop(columns="place").reset_index(drop=True)
