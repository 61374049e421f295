"""Samples over the rank bands, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from optimizer.explain.asking import (
    CANNOT_BE_HELD,
    NONE_KEEPS_RULES,
    OPTIMAL,
    OUT_OF_TIME,
    SOLVER_GAVE_UP,
)
from optimizer.text.figures import counted, figure
from optimizer.tradeoffs.sample_words import (
    SHARE_DIGITS,
    percent_of,
    receiver_words,
    shortfall_words,
)
from optimizer.tradeoffs.weighing import rounding_of

_AT_ONCE = "The scores of a goal go to its countries in an order that is drawn within their bands:"


def rank_words(
    tables: Mapping[str, pd.DataFrame],
    slots: pd.DataFrame,
    *,
    plain_goals: Sequence[str],
    points: float,
    best: float,
    allowed: float,
    facts: Mapping[str, Any],
    why_incomplete: str,
) -> list[str]:
    """What is drawn, what the plan is short of in the samples, and who gets slots in them.

    Parameters
    ----------
    plain_goals
        Goals whose countries are scored as they are in every sample.
    facts
        seed and within.
    """
    samples = tables["samples"]
    drawn = f"of ranks drawn within their bands (seed {facts['seed']})"
    lines = [
        f"The plan has {points:,.3f} points; no plan can have more than {best:,.3f} (relaxation).",
        _AT_ONCE,
        *(_goal(str(name), rows) for name, rows in tables["bands"].groupby("goal", sort=False)),
        *([f"Scores stay as they are for {', '.join(plain_goals)}."] if plain_goals else []),
        *_moved(tables["bands"]),
        *_without_plan(samples, drawn),
        *shortfall_words(samples, drawn, facts["within"]),
        *_beside(samples, allowed, best),
        *_broken(samples),
        *receiver_words(slots),
    ]
    return [*lines, why_incomplete] if why_incomplete else lines


def _goal(name: str, rows: pd.DataFrame) -> str:
    wide = int(rows["low"].lt(rows["high"]).sum())
    share = percent_of(float(rows["share"].iloc[0]))
    bands = counted(len(rows), "country", "countries")
    return f"- {name} ({share} of the weight): {bands} with a band, {wide} wider than one rank."


def _moved(bands: pd.DataFrame) -> list[str]:
    """Say where ranks under the policy are not those that the bands were drawn for."""
    moved = bands[bands["rank"].ne(bands["band_rank"])]
    if not len(moved):
        return []
    goals = ", ".join(moved["goal"].drop_duplicates())
    verb = "is not the one" if len(moved) == 1 else "are not those"
    return [
        f"{counted(len(moved), 'rank')} under this policy {verb} that the bands were drawn for "
        f"({goals}): its indicators or weights are others, and the bands may be as well."
    ]


def _beside(samples: pd.DataFrame, allowed: float, best: float) -> list[str]:
    """In how many samples what the plan is short of is no more than its own gap."""
    solved = samples[samples["status"].eq(OPTIMAL)]
    if not len(solved):
        return []
    count = int(solved["within_gap"].sum())
    if allowed <= rounding_of(best):
        return [f"In {count} it is as good as any by the relaxation, as it is now."]
    return [
        f"In {count} it is short by no more than {figure(allowed, SHARE_DIGITS)} points, which is "
        "what it lacks now or its gap leaves open: no difference."
    ]


def _without_plan(samples: pd.DataFrame, drawn: str) -> list[str]:
    """Samples in which no plan keeps every rule, and those in which the solver gave up."""
    asked = samples[samples["status"].ne(OUT_OF_TIME)]
    clash = int(asked["status"].eq(NONE_KEEPS_RULES).sum())
    refused = int(asked["status"].eq(CANNOT_BE_HELD).sum())
    failed = int(asked["status"].eq(SOLVER_GAVE_UP).sum())
    lines = []
    if clash:
        lines.append(
            f"Of {counted(len(asked), 'set')} {drawn}, {clash} "
            f"{'leaves' if clash == 1 else 'leave'} no plan that keeps every rule, as limits "
            "on the value of a goal count the same scores; what follows is about the others."
        )
    if refused:
        lines.append(f"In {refused} policy and case, or custom rules, refuse the scores (see why).")
    if failed:
        lines.append(f"In {failed} the solver gave up.")
    return lines


def _broken(samples: pd.DataFrame) -> list[str]:
    """Samples in which others keep every rule and the plan does not."""
    broken = int((samples["status"].eq(OPTIMAL) & ~samples["keeps_rules"]).sum())
    if not broken:
        return []
    return [
        f"In {broken} the plan breaks a rule, as limits on the value of a goal count the same "
        "scores, and does not count as within."
    ]
