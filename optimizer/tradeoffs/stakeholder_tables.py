"""What plans give stakeholders, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.instance.stakeholders import lines_of
from optimizer.plan.stakeholder_weights import StakeholderWeights
from optimizer.tradeoffs.compromise_search import CompromiseSearch, WeighedPlan

WEIGHTS, COMPARISONS = "weights", "comparisons"
"""How weights came about."""
_NONE = 1e-9
"""Points that rounding leaves of no regret."""
REGRET_TYPES = {
    "plan": "str",
    "called": "str",
    "stakeholder": "str",
    "value_points": "float64",
    "best_points": "float64",
    "regret_points": "float64",
    "regret_percent": "float64",
    "open_points": "float64",
    "within_gap": "bool",
    "status": "str",
}
PLAN_TYPES = {
    "plan": "str",
    "called": "str",
    "points": "float64",
    "slots": "Int64",
    "mean_points": "float64",
    "lowest_points": "float64",
    "largest_regret_points": "float64",
    "gives_up_most": "str",
    "status": "str",
    "gap": "float64",
    "seconds": "float64",
    "why": "str",
}
STAKEHOLDER_TYPES = {
    "stakeholder": "str",
    "agency": "str",
    "basis": "str",
    "consistency_ratio": "float64",
    "best_points": "float64",
    "best_bound": "float64",
    "best_plan": "str",
    "status": "str",
    "lines": "str",
    "limits": "str",
    "why": "str",
    "source": "str",
}
WEIGHT_TYPES = {"stakeholder": "str", "goal": "str", "share": "float64", "given": "float64"}
COMPARISON_TYPES = {"stakeholder": "str", "goal": "str", "over": "str", "times": "float64"}
STEP_TYPES = {
    "plan": "str",
    "step": "int64",
    "aimed_at": "str",
    "value": "float64",
    "bound": "float64",
    "status": "str",
    "seconds": "float64",
}

OF_DISAGREEMENT = {"stakeholder": "str", "points": "float64", "origin": "str", "why": "str"}


def regret_table(search: CompromiseSearch, weighing: StakeholderWeights) -> pd.DataFrame:
    """A row for each plan and stakeholder: :data:`REGRET_TYPES`.

    best_points is the most that any plan found gives the stakeholder; open_points how much more
    than that the gap of its own search leaves open; within_gap whether the regret is no more.
    """
    bests, opened = search.bests, _opened(search, weighing)
    rows = []
    for plan in search.found.values():
        for number, name in enumerate(weighing.names):
            value = nan if plan.values is None else float(plan.values[number])
            best = float(bests[number])
            regret = best - value
            regret = 0.0 if abs(regret) <= _NONE * max(1.0, abs(best)) else regret
            rows.append(
                {
                    "plan": plan.name,
                    "called": plan.called,
                    "stakeholder": name,
                    "value_points": value,
                    "best_points": best,
                    "regret_points": regret,
                    "regret_percent": 100.0 * regret / best if best > 0.0 else nan,
                    "open_points": opened[number],
                    "within_gap": bool(regret <= opened[number]),
                    "status": plan.status,
                }
            )
    return typed_frame(rows, REGRET_TYPES)


def _opened(search: CompromiseSearch, weighing: StakeholderWeights) -> list[float]:
    """By how much the own best of each stakeholder may lie above the best that was found."""
    found = []
    for number in range(len(weighing.stakeholders)):
        bound = _bound_of(search.best_of(number))
        found.append(max(0.0, bound - float(search.bests[number])))
    return found


def _bound_of(plan: WeighedPlan | None) -> float:
    return plan.steps[0].bound if plan is not None and plan.steps else float("inf")


def plan_table(plans: Mapping[str, WeighedPlan], regrets: pd.DataFrame) -> pd.DataFrame:
    """A row for each plan: :data:`PLAN_TYPES`."""
    rows = []
    for plan in plans.values():
        own = regrets[regrets["plan"].eq(plan.name)].reset_index(drop=True)
        row: dict[str, Any] = {
            "plan": plan.name,
            "called": plan.called,
            "points": plan.points,
            "slots": None if plan.plan is None else plan.plan.slots_total,
            "mean_points": nan,
            "lowest_points": nan,
            "largest_regret_points": nan,
            "gives_up_most": "",
            "status": plan.status,
            "gap": plan.gap,
            "seconds": plan.seconds,
            "why": plan.why,
        }
        if plan.values is not None:
            worst = int(own["regret_points"].argmax())
            largest = float(own["regret_points"].iloc[worst])
            row |= {
                "mean_points": float(plan.values.mean()),
                "lowest_points": float(plan.values.min()),
                "largest_regret_points": largest,
                "gives_up_most": own["stakeholder"].iloc[worst] if largest > 0.0 else "",
            }
        rows.append(row)
    return typed_frame(rows, PLAN_TYPES)


def stakeholder_tables(
    search: CompromiseSearch, weighing: StakeholderWeights
) -> dict[str, pd.DataFrame]:
    """Who weighs what, and how that came about: stakeholders, weights, comparisons."""
    rows, weights, comparisons = [], [], []
    for number, each in enumerate(weighing.stakeholders):
        own, ratio = search.best_of(number), each.consistency_ratio
        rows.append(
            {
                "stakeholder": each.name,
                "agency": each.agency,
                "basis": WEIGHTS if ratio is None else COMPARISONS,
                "consistency_ratio": nan if ratio is None else ratio,
                "best_points": float(search.bests[number]),
                "best_bound": max(float(search.bests[number]), _bound_of(own)),
                "best_plan": "" if own is None else own.name,
                "status": "" if own is None else own.status,
                "lines": ", ".join(each.lines),
                "limits": ", ".join(each.limits),
                "why": each.why,
                "source": each.source,
            }
        )
        weights += [
            {
                "stakeholder": each.name,
                "goal": goal,
                "share": float(weighing.shares[number, place]),
                "given": each.weights.get(goal, nan),
            }
            for place, goal in enumerate(weighing.goals)
            if weighing.shares[number, place]
        ]
        comparisons += [
            {"stakeholder": each.name, **pair.model_dump()} for pair in each.comparisons
        ]
    return {
        "stakeholders": typed_frame(rows, STAKEHOLDER_TYPES),
        "weights": typed_frame(weights, WEIGHT_TYPES),
        "comparisons": typed_frame(comparisons, COMPARISON_TYPES),
    }


def money_table(
    plans: Mapping[str, WeighedPlan], weighing: StakeholderWeights, case: Case, years: Sequence[int]
) -> pd.DataFrame:
    """What every plan spends of stakeholders' own lines in intake years.

    Returns
    -------
    pandas.DataFrame
        plan, stakeholder, line, spent and budget, in the currency of the case.
    """
    spent, budget = (f"{name}_{case.currency.lower()}" for name in ("spent", "budget"))
    rows = []
    for name, weighed in plans.items():
        if weighed.plan is None:
            continue
        table = weighed.plan.tables["spending"]
        table = table[table["year"].isin(years)].groupby("line")[["spent", "budget"]].sum()
        rows += [
            {
                "plan": name,
                "stakeholder": each.name,
                "line": line,
                spent: float(table.loc[line, "spent"]),  # type: ignore[arg-type]
                budget: float(table.loc[line, "budget"]),  # type: ignore[arg-type]
            }
            for each in weighing.stakeholders
            for line in lines_of(each, case)
            if line in table.index
        ]
    types = {"plan": "str", "stakeholder": "str", "line": "str"}
    return typed_frame(rows, {**types, spent: "float64", budget: "float64"})


def search_table(plans: Mapping[str, WeighedPlan]) -> pd.DataFrame:
    """Every search: :data:`STEP_TYPES`."""
    rows = [
        {
            "plan": plan.name,
            "step": number,
            "aimed_at": step.aimed_at,
            "value": step.value,
            "bound": step.bound,
            "status": step.status,
            "seconds": step.seconds,
        }
        for plan in plans.values()
        for number, step in enumerate(plan.steps, start=1)
    ]
    return typed_frame(rows, STEP_TYPES)


def disagreement_table(search: CompromiseSearch, weighing: StakeholderWeights) -> pd.DataFrame:
    """What gains are counted over, where it comes from and why; no rows without Nash."""
    against = search.disagreement
    rows = (
        [
            {
                "stakeholder": name,
                "points": float(points),
                "origin": against.origin,
                "why": against.why,
            }
            for name, points in zip(weighing.names, against.amounts, strict=True)
        ]
        if against is not None
        else []
    )
    return typed_frame(rows, OF_DISAGREEMENT)


def typed_frame(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> pd.DataFrame:
    """Rows as a frame whose columns have their types, without rows as well."""
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=kind) for name, kind in types.items()}
    )


def largest_difference(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """Most points by which any stakeholder's value differs in two plans."""
    values = (each["value_points"].to_numpy(dtype=float) for each in (one, other))
    first, second = values
    return float(np.abs(first - second).max())
