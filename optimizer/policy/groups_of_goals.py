"""Groups that are goals or stakeholders, among whom the values of goals are divided."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from optimizer.io.strict import Clash

GOAL, STAKEHOLDER = "goal", "stakeholder"
GOAL_GROUPS = (GOAL, STAKEHOLDER)
"""What groups may be by that no table of the case has: goals, and who weighs them."""


def are_of_goals(by: Collection[str]) -> bool:
    """Whether attributes that make groups are goals or stakeholders, beside others or alone.

    Examples
    --------
    >>> are_of_goals(["goal"]), are_of_goals(["goal.goal", "year"]), are_of_goals(["region"])
    (True, True, False)
    """
    return any(name in (each, f"{each}.{each}") for name in by for each in GOAL_GROUPS)


def depends_on_views(limit: Any) -> bool:
    """Whether the terms of a limit depend on scales, or on how stakeholders weigh the goals."""
    return limit.scaled or any(name.rpartition(".")[2] == STAKEHOLDER for name in limit.by)


def goal_clashes(asked: Any) -> list[Clash]:
    """Give what is wrong with the goal that a limit or a division names, or does not.

    Parameters
    ----------
    asked
        A limit or a division of a policy.
    """
    clashes: list[Clash] = []
    is_of_value, of_goals = asked.counts.is_of_goal, are_of_goals(asked.by)
    if is_of_value and asked.goal is None and not of_goals:
        message = f"is missing; the measure is {asked.measure}"
        clashes.append(("goal", message, "the name of a goal, or groups by goal or stakeholder"))
    if is_of_value and asked.goal is not None and of_goals:
        clashes.append(("goal", "the groups are goals or stakeholders", "one of the two"))
    if asked.scaled and not (is_of_value and of_goals):
        message = "the groups are no goals or stakeholders"
        clashes.append(("scaled", message, "measure value by goal or stakeholder, or no scaled"))
    return clashes
