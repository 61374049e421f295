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


def is_of_goals(asked: Any) -> bool:
    """Whether a limit or a division counts the values of goals, for themselves or stakeholders."""
    return asked.counts.is_of_goal and asked.goal is None


def depends_on_views(asked: Any) -> bool:
    """Whether what it counts depends on scales, or on how stakeholders weigh the goals."""
    named = {name.rpartition(".")[2] for name in (*asked.by, *asked.where)}
    return is_of_goals(asked) and (asked.scaled or STAKEHOLDER in named)


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
    if asked.scaled and not (is_of_value and asked.goal is None and of_goals):
        message = "the groups are no goals or stakeholders"
        clashes.append(("scaled", message, "measure value by goal or stakeholder, or no scaled"))
    return clashes
