"""What is asked of a front, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

from optimizer.errors import PolicyError, Problems, did_you_mean
from optimizer.io.changes import CHANGES, share_in
from optimizer.io.toml import shown
from optimizer.policy import Policy

USUAL_POINTS, MOST_FRONT_POINTS = 11, 1_000


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
    """

    goals: tuple[str, ...]
    points: int | None
    lacking: float | None
    reference: Mapping[str, float] | None
    gap: float

    @property
    def is_exact(self) -> bool:
        """Whether all points are asked for."""
        return self.points is None

    def facts(self) -> dict[str, Any]:
        """The same for whoever asks again."""
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
    PolicyError
        With everything that is wrong.
    """
    problems = Problems()
    _check_goals(policy, goals, problems)
    if exact and points is not None:
        message = f"{points} points and exact exclude each other"
        problems.add(CHANGES, message, column="points", expected="one of the two")
    if exact and gap:
        message = f"{gap:g} with exact: a gap could hide points"
        problems.add(CHANGES, message, column="gap", expected="no gap, or 0")
    if points is not None and not len(goals) <= points <= MOST_FRONT_POINTS:
        expected = f"{len(goals)} to {MOST_FRONT_POINTS:,}, the ends among them"
        message = f"{shown(points)} is not a valid number of points"
        problems.add(CHANGES, message, column="points", expected=expected)
    lacking = None if lexicographic is None else _lacking(lexicographic, problems)
    known = None if reference is None else _reference(goals, reference, problems)
    problems.raise_if_any(PolicyError)
    usual = USUAL_POINTS if points is None else points
    wanted = policy.solver.gap if gap is None else gap
    return AskedOfFront(
        tuple(goals), None if exact else usual, lacking, known, 0.0 if exact else wanted
    )


def _check_goals(policy: Policy, goals: Sequence[str], problems: Problems) -> None:
    known = list(policy.goals)
    for goal in dict.fromkeys(goals):
        if goal not in known:
            message, expected = f"{goal!r} is not a goal", f"goals among {', '.join(known)}"
            near = did_you_mean(goal, known)
            problems.add(CHANGES, message, column="goals", expected=expected, maybe=near)
    if len(set(goals)) < len(goals):
        listed = ", ".join(goals)
        problems.add(CHANGES, f"{listed} names a goal twice", column="goals", expected="each once")
    elif len(goals) < 2:
        message = f"{len(goals)} goals make no trade-off"
        problems.add(CHANGES, message, column="goals", expected="at least two goals")


def _lacking(share: object, problems: Problems) -> float | None:
    try:
        return share_in(str(share))
    except (ValueError, OverflowError):
        expected = "a fraction from 0 to 1, or a percentage: 0.01 or 1%"
        message = f"{shown(share)} is not a valid share"
        problems.add(CHANGES, message, column="lexicographic", expected=expected)
        return None


def _reference(
    goals: Sequence[str], reference: object, problems: Problems
) -> dict[str, float] | None:
    if not isinstance(reference, Mapping):
        message = f"{shown(reference)} is not a table of values"
        problems.add(CHANGES, message, column="reference", expected="a value of each goal by name")
        return None
    for goal in reference:
        if goal not in goals:
            message = f"{shown(goal)} is not among the goals of the front"
            problems.add(CHANGES, message, column="reference", expected=f"{', '.join(goals)}")
    for goal in goals:
        value = reference.get(goal)
        if goal not in reference:
            message = f"has no value of {goal}"
            problems.add(CHANGES, message, column="reference", expected="a value of each goal")
        elif not _is_usual(value):
            message = f"{shown(value)} is not a valid value of {goal}"
            problems.add(CHANGES, message, column="reference", expected="a number")
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
