"""Scales that a session is given, at its beginning or by a change."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.changes import CHANGES
from optimizer.checking import known_scales
from optimizer.errors import PolicyError, Problems, did_you_mean
from optimizer.policy import Policy
from optimizer.policy.goals import SMALLEST_SCALE
from optimizer.schema import LARGEST_NUMBER
from optimizer.toml_files import frozen, shown

SCALES = "scales"
"""Stands for the name of the file in problems with scales that are given."""


def given_scales(policy: Policy, scales: Mapping[str, float]) -> dict[str, float]:
    """Scale of every goal: as given, else as the policy says.

    Raises
    ------
    PolicyError
        With every name that is no goal, every value that is no scale, and every goal on scale
        ``ideal`` that has none.
    """
    problems = Problems()
    found = known_scales(policy)
    missing = [name for name, goal in policy.goals.items() if goal.scale == "ideal"]
    if not isinstance(scales, Mapping):
        problems.add(SCALES, f"{shown(scales)} is no table", expected="a scale for each goal")
        raise PolicyError(problems)
    for name, value in scales.items():
        scale = frozen(value)
        if name not in found:
            expected = f"one of {', '.join(found)}"
            maybe = did_you_mean(str(name), found)
            problems.add(SCALES, f"there is no goal {name!r}", expected=expected, maybe=maybe)
        elif (
            isinstance(scale, bool)
            or not isinstance(scale, int | float)
            or not SMALLEST_SCALE <= scale <= LARGEST_NUMBER
        ):
            expected = f"a number from {SMALLEST_SCALE:g} to {LARGEST_NUMBER:g}"
            problems.add(SCALES, f"{shown(value)} is no scale", column=name, expected=expected)
        else:
            found[name] = float(scale)
    for name in missing:
        if name not in scales:
            problems.add(SCALES, "is missing", column=name, expected="a scale, as others have one")
    problems.raise_if_any(PolicyError)
    return found


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
