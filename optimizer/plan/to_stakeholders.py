"""What a plan is to each stakeholder that the policy names: a row each, and lines to print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.frames import rows_of
from optimizer.plan.stakeholder_weights import stakeholder_weights
from optimizer.policy import Policy

STAKEHOLDER_VALUES = {
    **dict.fromkeys(("stakeholder", "agency", "weights"), "str"),
    "value_points": "float64",
}
"""Columns of the table ``stakeholders``."""
TO_EACH_STAKEHOLDER = "To each stakeholder, by its own weights"
STAKEHOLDERS_HEAD = f"{TO_EACH_STAKEHOLDER} (100: all its goals at their scales):"
_GIVEN, COMPARED = "given", "compared"


def stakeholders_of(policy: Policy, goals: pd.DataFrame) -> pd.DataFrame:
    """Value of a plan to each stakeholder by its own weights.

    Parameters
    ----------
    goals
        Table ``goals`` of the plan.

    Returns
    -------
    pandas.DataFrame
        stakeholder, agency, weights (``given`` or ``compared``), value_points: 100 times its
        shares of weight times the goals over their scales, added up.
    """
    by_goal = goals.set_index("goal")
    raw = {str(goal): float(value) for goal, value in by_goal["raw"].items()}
    scales = {str(goal): float(scale) for goal, scale in by_goal["scale"].items()}
    values = stakeholder_weights(policy, scales).values(raw)
    rows = [
        (each.name, each.agency, _GIVEN if each.weights else COMPARED, float(value))
        for each, value in zip(policy.stakeholders, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(STAKEHOLDER_VALUES)).astype(STAKEHOLDER_VALUES)


def own_bests_in(
    facts: Mapping[str, Any], policy: Policy, case: Case, scales: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The most that each stakeholder could have, as the plan of an answer holds it.

    Parameters
    ----------
    facts
        Provenance of a plan; blank where it is of another policy or case, or nobody has asked.
    scales
        By which the plan is counted, where that need not be its own.
    """
    is_same = (
        facts.get("policy_hash") == policy.hash
        and facts.get("case_hashes") == dict(case.hashes)
        and (scales is None or facts.get("scales") == dict(scales))
    )
    if not is_same:
        return {}
    bests = dict(facts.get("stakeholders", {})).get("bests", {})
    names = {each.name for each in policy.stakeholders}
    return {name: float(best) for name, best in bests.items() if name in names and best > 0.0}


def stakeholder_lines(table: pd.DataFrame, bests: Mapping[str, float]) -> list[str]:
    """A line a stakeholder, to print one below the other.

    Parameters
    ----------
    table
        ``stakeholders``.
    bests
        Own best of some of them.
    """
    width = max((len(name) for name in table["stakeholder"]), default=0)
    lines = []
    for row in rows_of(table):
        line = f"{row.stakeholder:<{width}} {row.value_points:>10,.3f} points"
        if row.stakeholder in bests:
            best = bests[row.stakeholder]
            line += f"  {row.value_points / best:>6.1%} of its own best ({best:,.3f})"
        lines.append(line)
    return lines
