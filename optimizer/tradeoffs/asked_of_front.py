"""What is asked of a front of goals, or of points and fairness, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

from optimizer.errors import ArgumentError, Problems, did_you_mean
from optimizer.io.changes import share_in
from optimizer.io.toml import shown
from optimizer.policy import Policy

USUAL_POINTS, MOST_FRONT_POINTS = 11, 1_000
FRONT = "frontier"
"""Stands for the name of the file in problems with what is asked."""
ALL_POINTS_AIM = "points"
"""What is given up for fairness: the first aim, as the lowest rate of a division is the second."""


@dataclass(frozen=True)
class AskedOfFront:
    """What is asked of a front.

    Attributes
    ----------
    points
        How many are looked for; ``None`` for all.
    lacking
        Share of each goal that may be lacking for the sake of the next, to choose a plan in order
        of the goals; ``None`` to choose none so.
    reference
        Values to go beyond; ``None`` for none.
    fairness
        Name of a division whose lowest rate is weighed up against points; blank for goals.
    is_relaxed
        Whether the relaxation alone is asked.
    """

    goals: tuple[str, ...]
    points: int | None
    lacking: float | None
    reference: Mapping[str, float] | None
    gap: float
    fairness: str = ""
    is_relaxed: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether all points are asked for."""
        return self.points is None

    def facts(self) -> dict[str, Any]:
        """The same for whoever asks again."""
        if self.fairness:
            return {
                "fairness": self.fairness,
                "points": self.points,
                "exact": self.is_exact,
                "relaxed": self.is_relaxed,
                "gap_asked": self.gap,
            }
        return {
            "goals": list(self.goals),
            "points": self.points,
            "exact": self.is_exact,
            "lexicographic": self.lacking,
            "reference": None if self.reference is None else dict(self.reference),
            "gap_asked": self.gap,
        }


def asked_of_front(
    policy: Policy,
    goals: Sequence[str],
    points: int | None,
    *,
    exact: bool,
    lexicographic: float | str | None,
    reference: Mapping[str, float] | None,
    gap: float | None,
) -> AskedOfFront:
    """Check what is asked.

    Raises
    ------
    ArgumentError
        With everything that is wrong.
    """
    problems = Problems()
    _check_goals(policy, goals, problems)
    _check_counts(points, len(goals), problems, exact=exact, gap=gap)
    lacking = None if lexicographic is None else _lacking(lexicographic, problems)
    known = None if reference is None else _reference(goals, reference, problems)
    problems.raise_if_any(ArgumentError)
    return AskedOfFront(
        tuple(goals),
        _wanted(points, exact=exact),
        lacking,
        known,
        _gap_of(policy, gap, exact=exact),
    )


def asked_of_fairness(
    policy: Policy,
    division: str | None,
    points: int | None,
    *,
    exact: bool,
    relaxed: bool,
    gap: float | None,
    others: Mapping[str, object],
) -> AskedOfFront:
    """Check what is asked of points and fairness.

    Parameters
    ----------
    division
        Name of a division of the policy.
    others
        What goes with goals alone, by its name; ``None`` where it was not asked for.

    Raises
    ------
    ArgumentError
        With everything that is wrong.
    """
    problems = Problems()
    known = [each.name for each in policy.fairness]
    if division is None:
        message = "goes with fairness"
        problems.add(FRONT, message, column="relaxed", expected="the name of a division as well")
    elif division not in known:
        expected = f"one of {', '.join(known)}" if known else "a [[fairness]] table in the policy"
        near, message = did_you_mean(division, known), f"there is no division {division!r}"
        problems.add(FRONT, message, column="fairness", expected=expected, maybe=near)
    for name, value in others.items():
        if value is not None and division is not None:
            beside = "stands beside fairness; one of the two"
            with_goals = "goes with goals, not with fairness"
            problems.add(FRONT, beside if name == "goals" else with_goals, column=name)
    if exact and relaxed:
        message = "plans of the relaxation cannot be listed one by one"
        problems.add(FRONT, message, column="exact", expected="a number of points")
    _check_counts(points, 2, problems, exact=exact, gap=gap)
    problems.raise_if_any(ArgumentError)
    return AskedOfFront(
        (ALL_POINTS_AIM, division or ""),
        _wanted(points, exact=exact),
        None,
        None,
        _gap_of(policy, gap, exact=exact or relaxed),
        division or "",
        relaxed,
    )


def _check_counts(
    points: int | None, least: int, problems: Problems, *, exact: bool, gap: float | None
) -> None:
    if exact and points is not None:
        message = f"{points} points and exact exclude each other"
        problems.add(FRONT, message, column="points", expected="one of the two")
    if exact and gap:
        message = f"{gap:g} with exact: a gap could hide points"
        problems.add(FRONT, message, column="gap", expected="no gap, or 0")
    if points is not None and not least <= points <= MOST_FRONT_POINTS:
        expected = f"{least} to {MOST_FRONT_POINTS:,}, the ends among them"
        message = f"{shown(points)} is not a valid number of points"
        problems.add(FRONT, message, column="points", expected=expected)


def _wanted(points: int | None, *, exact: bool) -> int | None:
    """How many points are looked for; ``None`` for all."""
    return None if exact else USUAL_POINTS if points is None else points


def _gap_of(policy: Policy, gap: float | None, *, exact: bool) -> float:
    """Gap of every search."""
    return 0.0 if exact else policy.solver.gap if gap is None else gap


def _check_goals(policy: Policy, goals: Sequence[str], problems: Problems) -> None:
    known = list(policy.goals)
    for goal in dict.fromkeys(goals):
        if goal not in known:
            message, expected = f"{goal!r} is not a goal", f"goals among {', '.join(known)}"
            near = did_you_mean(goal, known)
            problems.add(FRONT, message, column="goals", expected=expected, maybe=near)
    if len(set(goals)) < len(goals):
        listed = ", ".join(goals)
        problems.add(FRONT, f"{listed} names a goal twice", column="goals", expected="each once")
    elif len(goals) < 2:
        message = "only one goal is named" if goals else "no goal is named"
        problems.add(FRONT, message, column="goals", expected="at least two goals, or fairness")


def _lacking(share: object, problems: Problems) -> float | None:
    try:
        return share_in(str(share))
    except (ValueError, OverflowError):
        expected = "a fraction from 0 to 1, or a percentage: 0.01 or 1%"
        message = f"{shown(share)} is not a valid share"
        problems.add(FRONT, message, column="lexicographic", expected=expected)
        return None


def _reference(
    goals: Sequence[str], reference: object, problems: Problems
) -> dict[str, float] | None:
    if not isinstance(reference, Mapping):
        message = f"{shown(reference)} is not a table of values"
        problems.add(FRONT, message, column="reference", expected="a value of each goal by name")
        return None
    for goal in reference:
        if goal not in goals:
            message = f"{shown(goal)} is not among the goals of the front"
            problems.add(FRONT, message, column="reference", expected=f"{', '.join(goals)}")
    for goal in goals:
        value = reference.get(goal)
        if goal not in reference:
            message = f"has no value of {goal}"
            problems.add(FRONT, message, column="reference", expected="a value of each goal")
        elif not _is_usual(value):
            message = f"{shown(value)} is not a valid value of {goal}"
            problems.add(FRONT, message, column="reference", expected="a number")
    if len(problems):
        return None
    return {goal: float(reference[goal]) for goal in goals}


def _is_usual(value: object) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return isfinite(float(value))
    except OverflowError:
        # A whole number of hundreds of digits.
        return False
