"""The plan without and the plan with what was asked: points, gaps, and what moves where."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import pandas as pd

from optimizer.errors import InfeasibleError, NoPlanError, OptimizerError, SolverError
from optimizer.explain.asking import (
    CANNOT_BE_HELD,
    NONE_KEEPS_RULES,
    OUT_OF_TIME,
    SOLVER_GAVE_UP,
    Asking,
)
from optimizer.explain.in_hand import InHand, proven_bound
from optimizer.explain.marginal_tables import frame, plain_records
from optimizer.explain.stepping import BY_PLAN
from optimizer.explain.wanting import Wanted
from optimizer.plan import Plan
from optimizer.session.planning import PlanSearch
from optimizer.solver import Watch

PLAN_AFTER = {
    **dict.fromkeys(
        (
            "points_before",
            "bound_before",
            "points",
            "bound",
            "gap",
            "change_points",
            "least_change",
            "most_change",
        ),
        "float64",
    ),
    "within_gap": "bool",
    **dict.fromkeys(("basis", "status", "why"), "str"),
}
PLAN_MOVES = {
    **dict.fromkeys(("country", "track", "region"), "str"),
    "year": "int64",
    **dict.fromkeys(("slots_before", "slots_after", "change"), "float64"),
    "basis": "str",
}
_CELL = ["country", "track", "region", "year"]


@dataclass(frozen=True, eq=False)
class PlanAfter:
    """The plan with what was asked, beside the one in hand.

    Attributes
    ----------
    plan
        What was found; ``None`` without one.
    rows
        The table of both: a row, or none where no plan was asked for.
    moves
        country, track, region, year, slots_before, slots_after, change, basis: slots that differ.
    """

    plan: Plan | None
    rows: pd.DataFrame
    moves: pd.DataFrame


NO_PLANS = PlanAfter(None, frame([], PLAN_AFTER), frame([], PLAN_MOVES))


def plan_after(
    asking: Asking, watch: Watch, wanted: Wanted, before: Plan | None, gap: float
) -> PlanAfter:
    """Solve the plan with one limit more, which limits nothing afterwards.

    Parameters
    ----------
    before
        The plan in hand; without one it is solved first.
    """
    watch.begin("plan")
    held = asking.held
    try:
        before = _searched(asking, watch, gap) if before is None else before
        wanted.hold(held)
        try:
            after = _searched(asking, watch, gap)
        finally:
            held.drop(wanted.name)
    except OptimizerError as error:
        return PlanAfter(None, frame([_failed(before, error)], PLAN_AFTER), NO_PLANS.moves)
    return PlanAfter(
        after, frame([_both(before, after, asking.least)], PLAN_AFTER), _moved(before, after)
    )


def _searched(asking: Asking, watch: Watch, gap: float) -> Plan:
    watch.forget()
    return PlanSearch(asking.held, watch, gap, again=True, conflicts=1).without_warning()


def _failed(before: Plan | None, error: OptimizerError) -> dict[str, Any]:
    status = CANNOT_BE_HELD
    for kind, said in (
        (InfeasibleError, NONE_KEEPS_RULES),
        (NoPlanError, OUT_OF_TIME),
        (SolverError, SOLVER_GAVE_UP),
    ):
        status = said if isinstance(error, kind) else status
    known = before is not None
    return dict.fromkeys(PLAN_AFTER, nan) | {
        "points_before": before.objective if before is not None else nan,
        "bound_before": _finite(proven_bound(before)) if before is not None else nan,
        "within_gap": False,
        "basis": BY_PLAN,
        "status": status if known or status != CANNOT_BE_HELD else SOLVER_GAVE_UP,
        "why": str(error).splitlines()[0],
    }


def _both(before: Plan, after: Plan, least: float) -> dict[str, Any]:
    """Points of both plans, and between what the true difference lies."""
    one, other = (InHand(plan.objective, proven_bound(plan)) for plan in (before, after))
    low, high = one.apart(other)
    change = other.points - one.points
    return {
        "points_before": one.points,
        "bound_before": _finite(one.bound),
        "points": other.points,
        "bound": _finite(other.bound),
        "gap": nan if after.gap is None else after.gap,
        "change_points": 0.0 if abs(change) <= least else change,
        "least_change": _finite(low),
        "most_change": _finite(high),
        "within_gap": one.leaves_open(other, least),
        "basis": BY_PLAN,
        "status": after.status,
        "why": "",
    }


def _finite(value: float) -> float:
    return value if isfinite(value) else nan


def _moved(before: Plan, after: Plan) -> pd.DataFrame:
    sums = [plan.decisions.slots.groupby(_CELL)["slots"].sum() for plan in (before, after)]
    both = pd.concat(sums, axis=1, keys=["slots_before", "slots_after"]).fillna(0.0)
    both["change"] = both["slots_after"] - both["slots_before"]
    both = both[both["change"].ne(0.0)].reset_index().assign(basis=BY_PLAN)
    both = both.sort_values("change", kind="stable")
    return frame(plain_records(both), PLAN_MOVES)
