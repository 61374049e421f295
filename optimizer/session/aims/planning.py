"""From a question and an aim to the fairest plan among those of enough points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from optimizer.errors import ArgumentError, OptimizerError, Problems, did_you_mean
from optimizer.frames.arrays import Floats
from optimizer.instance import Instance
from optimizer.instance.divisions import JoinedDivision, division_place
from optimizer.persistent import LoadedModel
from optimizer.persistent.answers import solution_at, with_least_built, with_least_moved
from optimizer.plan import Plan
from optimizer.session.aims.among import Among
from optimizer.session.aims.disagreement import Disagreement, disagreement_of
from optimizer.session.aims.leximin import leximin
from optimizer.session.aims.max_min import max_min
from optimizer.session.aims.nash import nash
from optimizer.session.aims.outcomes import Outcomes, outcomes_of
from optimizer.session.aims.steps import Aimed
from optimizer.session.holding import Holding
from optimizer.session.planning import PlanSearch
from optimizer.solver import Watch

AimName = Literal["max_min", "leximin", "nash"]
AIMS: tuple[str, ...] = get_args(AimName)
_SAME = 1e-9
"""Part of amounts and points by which two plans are the same."""


@dataclass(frozen=True)
class Aim:
    """What a plan is to aim at.

    Attributes
    ----------
    name
        One of :data:`AIMS`.
    share
        Least share of the points of the plan with the most, 0 to 1.
    is_relaxed
        Whether people may be divided, so that nothing is a plan.
    tolerance
        Of the sum of logarithms, for ``nash``.
    """

    name: AimName
    share: float
    is_relaxed: bool = False
    tolerance: float = 1e-6


@dataclass(frozen=True, eq=False)
class FairSolution:
    """The fairest plan, and the one with the most points.

    Attributes
    ----------
    best, fair
        Amount of every group, in units of the measure.
    best_points, fair_points, least_points
        Points of both, and of every plan that counts.
    best_plan, plan
        Checked; ``None`` for relaxations.
    disagreement
        For ``nash`` alone, in units of the measure.
    """

    division: JoinedDivision
    aim: Aim
    aimed: Aimed
    unit: float
    need_unit: float
    best: Floats
    fair: Floats
    best_points: float
    fair_points: float
    least_points: float
    best_plan: Plan | None = None
    plan: Plan | None = None
    disagreement: Disagreement | None = None


def division_named(instance: Instance, name: str | None) -> JoinedDivision:
    """The division of a policy with a name; the only one without it.

    Raises
    ------
    ArgumentError
        If there is none of that name, or no single one, or no plan may aim at what it divides.
    """
    known = [division.fairness.name for division in instance.divisions]
    found = [each for each in instance.divisions if name in (None, each.fairness.name)]
    problems = Problems()
    if len(found) == 1:
        (division,) = found
        if division.unfit:
            place = division_place(division.fairness)
            expected = "a division of other goals, or of something else"
            problems.add(instance.policy.path.name, division.unfit, column=place, expected=expected)
        problems.raise_if_any(ArgumentError)
        return division
    message = f"there is no division {name!r}" if name else f"there are {len(known)} divisions"
    problems.add(
        instance.policy.path.name,
        message,
        column="fairness",
        expected=f"one of {', '.join(known)}" if known else "a [[fairness]] table",
        maybe=did_you_mean(name or "", known),
    )
    raise ArgumentError(problems)


_LEFT_OPEN = (
    "no plan was found that gives every group more than the point of disagreement, and it is not "
    "proven that there is none\n    Maybe aim leximin, or a lower share of the best plan's points."
)


def fairly_planned(
    held: Holding, aim: Aim, name: str | None, watch: Watch, *, gap: float, to_come: float
) -> FairSolution:
    """Find the plan with the most points, and the fairest of those with nearly as many.

    Parameters
    ----------
    name
        Of the division.
    gap
        Relative gap of the plan with the most points.
    to_come
        As in :class:`optimizer.session.planning.PlanSearch`.

    Raises
    ------
    ArgumentError
        If there is no such division.
    InfeasibleError, NoPlanError
        If no plan keeps every rule, or time ran out before the fairest was found.
    OptimizerError
        If the aim cannot be reached at all.
    """
    division = division_named(held.loaded.instance, name)
    search = PlanSearch(held, watch, gap)
    best_plan, x, bound = _relaxed(held, watch) if aim.is_relaxed else _whole(search, to_come)
    with watch.listening():
        outcomes = outcomes_of(held.loaded, division, held.scaled(watch).of)
        is_people = division.fairness.counts.unit in ("persons", "agreements")
        outcomes = outcomes if is_people else outcomes.in_units_of(x)
        points = held.loaded.matrix.points(x)
        least = points - (1.0 - aim.share) * abs(points)
        among = Among(held.loaded, least, watch, is_relaxed=aim.is_relaxed)
        watch.begin("aim")
        against = None
        if aim.name == "nash":
            against = disagreement_of(among, outcomes, x)
            if against is None:
                raise watch.no_plan()
            aimed = nash(among, outcomes, x, against.amounts, tolerance=aim.tolerance)
        else:
            aimed = (max_min if aim.name == "max_min" else leximin)(among, outcomes, x)
        if aimed.x is None:
            has_ended = watch.should_stop() or aimed.steps[-1].status == "stopped"
            raise watch.no_plan() if has_ended else OptimizerError(_LEFT_OPEN)
        fair = aimed.x if aim.is_relaxed else tidied(held.loaded, outcomes, aimed.x, watch)
        plan = None
        if not aim.is_relaxed:
            plan = search.checked(solution_at(held.loaded, fair, bound, watch))
    return FairSolution(
        division=division,
        aim=aim,
        aimed=aimed,
        unit=outcomes.unit,
        need_unit=float(division.needs.mean()),
        best=outcomes.amounts(x) * outcomes.unit,
        fair=outcomes.amounts(fair) * outcomes.unit,
        best_points=points,
        fair_points=held.loaded.matrix.points(fair),
        least_points=least,
        best_plan=best_plan,
        plan=plan,
        disagreement=None
        if against is None
        else replace(against, amounts=against.amounts * outcomes.unit),
    )


def _whole(search: PlanSearch, to_come: float) -> tuple[Plan, Floats, float]:
    plan = search.first(to_come)
    bound = plan.objective if plan.bound is None else plan.bound
    return plan, search.held.loaded.plans[0], float(bound)


def _relaxed(held: Holding, watch: Watch) -> tuple[None, Floats, float]:
    with watch.listening():
        held.scaled(watch)
        watch.begin("relaxation")
        return None, *relaxed_best(held.loaded, watch)


def relaxed_best(loaded: LoadedModel, watch: Watch) -> tuple[Floats, float]:
    """The solution of the relaxation with the most points, and these.

    Raises
    ------
    OptimizerError
        If there is none.
    NoPlanError
        If there was no time for one.
    """
    run = loaded.relax(watch)
    if run.status == "infeasible":
        raise OptimizerError("the relaxation is infeasible\n    Maybe repair the policy first.")
    if run.x is None or run.objective is None or run.status != "optimal":
        raise watch.no_plan()
    return run.x, run.objective


def tidied(loaded: LoadedModel, outcomes: Outcomes, x: Floats, watch: Watch) -> Floats:
    """Of plans for the same people the one that builds and moves least, if groups get the same."""
    found = with_least_moved(loaded, with_least_built(loaded, x, watch), watch)
    near = _SAME * np.maximum(1.0, np.abs(outcomes.amounts(x)))
    is_same = bool((np.abs(outcomes.amounts(found) - outcomes.amounts(x)) <= near).all())
    points = loaded.matrix.points(x)
    is_as_good = loaded.matrix.points(found) >= points - _SAME * max(1.0, abs(points))
    return found if is_same and is_as_good else x
