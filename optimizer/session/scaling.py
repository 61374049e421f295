"""Scales that a session is given by a change."""

from __future__ import annotations

from optimizer.errors import PolicyError, Problems
from optimizer.io.changes import CHANGES
from optimizer.plan.scales import known_scales
from optimizer.policy import Policy


def changed_scales(old: Policy, new: Policy) -> dict[str, float]:
    """Scales that a change gives as numbers; ideals cannot be asked for again."""
    problems = Problems()
    found = {}
    for name, goal in new.goals.items():
        if name in old.goals and goal.scale == old.goals[name].scale:
            continue
        if goal.scale == "ideal":
            message = "scales are frozen while a session lasts"
            expected = "a number or 'none'"
            problems.add(CHANGES, message, column=f"goals.{name}.scale", expected=expected)
        else:
            found[name] = known_scales(new)[name]
    problems.raise_if_any(PolicyError)
    return found
