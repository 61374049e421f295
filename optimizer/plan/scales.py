"""Scales of goals: as the policy says, given one by one, or handed on by a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from optimizer.errors import PolicyError, Problems, did_you_mean
from optimizer.io.changes import CHANGES
from optimizer.io.toml import frozen, shown
from optimizer.plan import Plan
from optimizer.plan.given import ReadPlan
from optimizer.policy import Policy
from optimizer.policy.goals import SMALLEST_SCALE
from optimizer.schema.tables import LARGEST_NUMBER

WORKED_OUT, FROM_BEFORE, FROM_NUMBERS = "worked out", "kept from before", "numbers of the policy"
GIVEN = "given"
"""Where scales come from, as in a plan's provenance; of a run: ``run`` and its folder."""
OWN = frozenset({WORKED_OUT, FROM_BEFORE, FROM_NUMBERS})
"""Of these, scales that are those of the policy and case themselves."""

SCALES = "scales"
"""Stands for the name of the file in problems with scales that are given."""
SAME_GOALS = "a run with the goals of the policy"


@dataclass(frozen=True)
class Scales:
    """Scale of every goal.

    Attributes
    ----------
    of
        Raw value of each goal that counts as 1.
    origin
        Where they come from, in words.
    """

    of: dict[str, float]
    origin: str


@dataclass(frozen=True)
class OfRun:
    """Scales that a run was made with.

    Attributes
    ----------
    of
        Raw value of each goal that counts as 1.
    provisional
        Goals whose scale only stands in for their ideal.
    file
        What holds them, named in problems.
    run
        How the run is named in problems.
    """

    of: Mapping[str, float]
    provisional: tuple[str, ...]
    file: str
    run: str


ScalesGiven: TypeAlias = Mapping[str, float] | Plan | ReadPlan | OfRun
"""Scales by goal, or a plan whose scales are to be used."""
_PLANS = (Plan, ReadPlan, OfRun)


def known_scales(policy: Policy) -> dict[str, float]:
    """Scales that are given as numbers; 1 for the others."""
    return {
        name: float(goal.scale) if isinstance(goal.scale, int | float) else 1.0
        for name, goal in policy.goals.items()
    }


def given_scales(policy: Policy, scales: Mapping[str, float], *, are_all: bool) -> dict[str, float]:
    """Scale of every goal: as given, else as the policy says.

    Parameters
    ----------
    are_all
        Whether goals on scale ``ideal`` need one; otherwise they count raw.

    Raises
    ------
    PolicyError
        With every name that is not a goal, every value that is not a valid scale, and every goal
        that needs one and has none.
    """
    problems = Problems()
    found = known_scales(policy)
    missing = [name for name, goal in policy.goals.items() if goal.scale == "ideal" and are_all]
    if not isinstance(scales, Mapping):
        problems.add(SCALES, f"{shown(scales)} is not a table", expected="a scale for each goal")
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
            problems.add(
                SCALES, f"{shown(value)} is not a valid scale", column=name, expected=expected
            )
        else:
            found[name] = float(scale)
    for name in missing:
        if name not in scales:
            problems.add(SCALES, "is missing", column=name, expected="a scale, as others have one")
    problems.raise_if_any(PolicyError)
    return found


def scales_given(policy: Policy, given: ScalesGiven) -> Scales:
    """Scale of every goal, where scales are given one by one or handed on by a run.

    Raises
    ------
    PolicyError
        As :func:`named_scales` and :func:`given_scales`.
    """
    origin = _run_of(given).run if isinstance(given, _PLANS) else GIVEN
    return Scales(given_scales(policy, named_scales(policy, given), are_all=True), origin)


def named_scales(policy: Policy, given: ScalesGiven) -> Mapping[str, float]:
    """Scales by goal, as they are given.

    Of a run, ideals are taken alone: a number in the policy is the policy's choice.

    Raises
    ------
    PolicyError
        If the run has other goals, or scales that only stand in for others.
    """
    if not isinstance(given, _PLANS):
        return given
    run = _run_of(given)
    _require_fitting(policy, run)
    return {name: run.of[name] for name, goal in policy.goals.items() if goal.scale == "ideal"}


def _run_of(given: Plan | ReadPlan | OfRun) -> OfRun:
    """Scales of a plan in any form."""
    if isinstance(given, OfRun):
        return given
    facts = given.provenance if isinstance(given, Plan) else given.facts
    of = facts.get("scales", {}) if isinstance(given, Plan) else given.scales
    folder = given.folder if isinstance(given, Plan) else None
    run = "another plan" if folder is None else f"run {folder}"
    return OfRun(of, tuple(facts.get("provisional_scales", ())), "plan", run)


def _require_fitting(policy: Policy, given: OfRun) -> None:
    """Refuse a run with other goals, and scales under which points compare with no other plan's."""
    problems = Problems()
    for goal in given.of:
        if goal not in policy.goals:
            problems.add(
                given.file,
                f"{policy.path.name} has no goal {goal!r}",
                column=f"scales.{goal}",
                expected=SAME_GOALS,
                maybe=did_you_mean(goal, policy.goals),
            )
    for goal in policy.goals:
        if goal not in given.of:
            column = f"scales.{goal}"
            problems.add(given.file, "is missing", column=column, expected=SAME_GOALS)
    if given.provisional:
        problems.add(
            given.file,
            f"{', '.join(map(str, given.provisional))}: only stands in for an ideal",
            column="provisional_scales",
            expected="a run with exact scales, such as one with a longer time limit",
        )
    problems.raise_if_any(PolicyError)


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
