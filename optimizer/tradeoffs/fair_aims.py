"""Asks one loaded model for points, and for the lowest rate of a division; checks every plan."""

from __future__ import annotations

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.instance.divisions import JoinedDivision
from optimizer.plan import Plan
from optimizer.session.aims.outcomes import Outcomes, outcomes_of
from optimizer.session.holding import Holding
from optimizer.session.planning import PlanSearch
from optimizer.solver import Watch
from optimizer.tradeoffs.aiming import GoalAims
from optimizer.tradeoffs.asked_of_front import ALL_POINTS_AIM
from optimizer.tradeoffs.level_model import LevelModel

_USUAL_POINTS = 100.0
"""Points that count as 1 until the ends are known: those of a plan that is ideal in all goals."""


class FairAims(GoalAims):
    """Points and the lowest rate in place of goals; the rate in units of what counts as 1.

    Parameters
    ----------
    held
        The question, whose scales are known or are worked out now.

    Attributes
    ----------
    rate_unit
        Amount for each unit of need that counts as a rate of 1.
    """

    def __init__(self, held: Holding, division: JoinedDivision, watch: Watch, gap: float) -> None:
        self.held, self.watch, self.gap, self.division = held, watch, gap, division
        held.scaled(watch)
        outcomes = outcomes_in_units(held, division, watch)
        self.goals = [ALL_POINTS_AIM, division.fairness.name]
        self.signs = np.ones(2)
        self.ranges = np.array([_USUAL_POINTS, 1.0])
        self.level_model = LevelModel(held.loaded, outcomes, is_relaxed=False)
        self.model = self.level_model
        # Rates of groups with different needs are multiples of nothing.
        self.lattice = [None, None]
        self._plans = PlanSearch(held, watch, gap, again=True)
        self.asked = 0
        self.rate_unit = rate_unit_of(division, outcomes)

    @property
    def by_floors(self) -> bool:
        """Whatever the gap: floors under groups are such as whole plans keep."""
        return True

    def values_of(self, plan: Plan) -> Floats:
        """Points and lowest rate of a checked plan."""
        table = plan.tables["fairness"].set_index("fairness")
        rate = float(table["lowest_rate"][self.division.fairness.name])
        return np.array([plan.objective, rate / self.rate_unit])

    def beyond(self, goal: int, value: float) -> float:
        """Floor that leaves out a value and keeps the next one above it."""
        level = self.level_model.next_level(value) if goal == 1 else None
        return super().beyond(goal, value) if level is None else level

    def is_next(self, goal: int, bottom: float, top: float) -> bool:
        """Whether it is proven that no value lies between two."""
        level = self.level_model.next_level(bottom) if goal == 1 else None
        return level is not None and top <= level * (1.0 + 1e-9)


def outcomes_in_units(held: Holding, division: JoinedDivision, watch: Watch) -> Outcomes:
    """What groups get: persons one by one, and all else in units of what the relaxation gives."""
    outcomes = outcomes_of(held.loaded, division, held.scaled(watch).of)
    if division.fairness.counts.unit in ("persons", "agreements"):
        return outcomes
    run = held.loaded.relax(watch)
    return outcomes if run.x is None else outcomes.in_units_of(run.x)


def rate_unit_of(division: JoinedDivision, outcomes: Outcomes) -> float:
    """Amount of the measure for each unit of need that outcomes count as a rate of 1."""
    return outcomes.unit / float(division.needs.mean())
