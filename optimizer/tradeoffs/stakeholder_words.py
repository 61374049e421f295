"""What stakeholders gain and give up, in words."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import pandas as pd

from optimizer.frames import rows_of
from optimizer.session.aims.disagreement import TODAY
from optimizer.text.figures import counted, figure
from optimizer.tradeoffs.compromise_search import (
    BY_LEXIMIN,
    BY_MEAN,
    BY_NASH,
    CALLED,
    COMPROMISES,
    LEAST_REGRET,
    NO_SUCH_PLAN,
    THE_POLICY,
)
from optimizer.tradeoffs.stakeholder_tables import WEIGHTS, largest_difference

_MOST_GOALS = 3
_SAME = 1e-6
"""Points of a value by which two plans differ that are the same to everybody."""
_RAISES: Mapping[str, str] = {
    LEAST_REGRET: "the largest regret as small as possible",
    BY_LEXIMIN: "the lowest value as high as possible, then the second lowest, and so on",
    BY_NASH: "the product of gains as large as possible",
    BY_MEAN: "the mean of all values as high as possible, everybody counting the same",
}


def stakeholders_in_words(
    regrets: pd.DataFrame, tables: Mapping[str, pd.DataFrame], *, is_relaxed: bool
) -> list[str]:
    """Who weighs what, what each plan gives whom, and what each gives up."""
    plans = tables["plans"]
    whose = "relaxed plans, in which people may be divided" if is_relaxed else "plans"
    lines = [
        f"{counted(len(tables['stakeholders']), 'stakeholder')}. A value is in points: 100 would "
        "be every goal that matters to a stakeholder at its scale. Regret is own best minus value, "
        f"among {whose} that keep every rule."
    ]
    lines += [_weighs(row, tables["weights"]) for row in rows_of(tables["stakeholders"])]
    lines += [_gives(row, regrets) for row in rows_of(plans[plans["status"].ne(NO_SUCH_PLAN)])]
    lines += _proofs(plans)
    lines += _against(tables["disagreement"])
    lines += _moves(regrets, plans)
    return lines + _alike(regrets, plans)


def _weighs(row: Any, weights: pd.DataFrame) -> str:
    own = weights[weights["stakeholder"].eq(row.stakeholder)]
    own = own.reindex(own["share"].abs().sort_values(ascending=False, kind="stable").index)
    shares = [f"{each.goal} {each.share:.0%}" for each in rows_of(own.head(_MOST_GOALS))]
    left = len(own) - len(shares)
    told = ", ".join(shares) + (f" and {left} more" if left else "")
    basis = "weights as given"
    if row.basis != WEIGHTS:
        basis = f"from comparisons, consistency ratio {row.consistency_ratio:.2g}"
    best = f"at best {figure(row.best_points, 4)}"
    if not isfinite(row.best_bound):
        best += " as far as was found"
    elif row.status != "optimal":
        best += f" (no plan gives more than {figure(row.best_bound, 4)})"
    return f"- {row.stakeholder}: {told} ({basis}); {best}"


def _gives(row: Any, regrets: pd.DataFrame) -> str:
    if row.mean_points != row.mean_points:
        return f"- {row.called}: no plan, as {row.why or 'none was found'}"
    own = regrets[regrets["plan"].eq(row.plan) & regrets["regret_points"].gt(0.0)]
    own = own[~own["within_gap"]].sort_values("regret_points", ascending=False, kind="stable")
    given = [f"{each.stakeholder} {_regret(each)}" for each in rows_of(own.head(_MOST_GOALS))]
    left = len(own) - len(given)
    told = ", ".join(given) + (f" and {left} more" if left else "")
    mean = f"mean value {figure(row.mean_points, 4)}"
    lost = f"regret {told}" if given else "nobody gives up more than the gaps leave open"
    cut = f"; cut off, as {row.why}" if row.why else ""
    return f"- {row.called}: {lost}; {mean}{cut}"


def _regret(row: Any) -> str:
    percent = "" if row.regret_percent != row.regret_percent else f" ({row.regret_percent:.1f}%)"
    return f"{figure(row.regret_points, 4)}{percent}"


def _proofs(plans: pd.DataFrame) -> list[str]:
    """What is proven of each compromise."""
    lines = []
    for row in rows_of(plans[plans["plan"].isin(COMPROMISES)]):
        aim = f"{row.called[0].upper()}{row.called[1:]}: {_RAISES[row.plan]}"
        if row.status == NO_SUCH_PLAN:
            lines.append(f"{aim}; there is no such plan: {row.why}.")
        elif row.status == "optimal":
            lines.append(f"{aim}; proven.")
        elif row.status == "feasible":
            lines.append(f"{aim}; {_proven_so_far(row)}.")
    return lines


def _proven_so_far(row: Any) -> str:
    if not isfinite(row.gap):
        return "not all of it is proven"
    if row.gap:
        return f"up to a gap of {row.gap:.2%}"
    return "proven, but not that of equal plans it has the most points"


def _against(disagreement: pd.DataFrame) -> list[str]:
    if not len(disagreement):
        return []
    points = ", ".join(
        f"{row.stakeholder} {figure(row.points, 4)}" for row in rows_of(disagreement)
    )
    if disagreement["origin"].iloc[0] == TODAY:
        return [f"Gains are counted over today's slots, which keep every rule: {points}."]
    return [
        "Gains are counted over the least that each stakeholder has in the plans that are best for "
        f"one of them, as {disagreement['why'].iloc[0]}: {points}."
    ]


def _moves(regrets: pd.DataFrame, plans: pd.DataFrame) -> list[str]:
    """Who gains and who loses from the policy's own plan to each compromise."""
    known = _with_values(plans)
    if THE_POLICY not in known:
        return []
    base, lines = _of(regrets, THE_POLICY), []
    proven = set(plans.loc[plans["status"].eq("optimal"), "plan"])
    for name in COMPROMISES:
        if name not in known:
            continue
        other = _of(regrets, name)
        apart = (other["value_points"] - base["value_points"]).tolist()
        moved = [
            f"{who} {'+' if by > 0 else '-'}{figure(abs(by), 4)}"
            for who, by in zip(base["stakeholder"], apart, strict=True)
            if abs(by) > _SAME
        ]
        # Two plans differ by just so much, but within a gap others might have been found.
        as_found = "" if {THE_POLICY, name} <= proven else ", as these were found"
        told = ", ".join(moved) or "no difference to anybody"
        lines.append(f"From the policy's own plan to {CALLED[name]}{as_found}: {told}.")
    return lines


def _alike(regrets: pd.DataFrame, plans: pd.DataFrame) -> list[str]:
    """Compromises that do not differ."""
    groups: list[list[str]] = []
    for name in (name for name in COMPROMISES if name in _with_values(plans)):
        own = _of(regrets, name)
        same = [
            group for group in groups if largest_difference(_of(regrets, group[0]), own) <= _SAME
        ]
        if same:
            same[0].append(name)
        else:
            groups.append([name])
    return [
        f"The same to everybody: {', '.join(CALLED[name] for name in group)}."
        for group in groups
        if len(group) > 1
    ]


def _of(regrets: pd.DataFrame, plan: str) -> pd.DataFrame:
    return regrets[regrets["plan"].eq(plan)].reset_index(drop=True)


def _with_values(plans: pd.DataFrame) -> list[str]:
    return plans.loc[plans["mean_points"].notna(), "plan"].tolist()
