"""Plans of stakeholders, one after the other in one loaded model: each one's best, compromises.

Each plan is another thing of which there is to be most, by :mod:`optimizer.session.aims`, where
what groups get is what stakeholders value a plan at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from optimizer.errors import OptimizerError, SolverError
from optimizer.frames.arrays import Floats
from optimizer.persistent.aimed import STRAIGHT
from optimizer.plan.stakeholder_weights import StakeholderWeights
from optimizer.session.aims.among import Among, floored
from optimizer.session.aims.disagreement import todays_solution
from optimizer.session.aims.leximin import leximin
from optimizer.session.aims.max_min import max_min
from optimizer.session.aims.nash import nash
from optimizer.session.aims.planning import relaxed_best, tidied
from optimizer.session.aims.steps import Aimed, AimStep, sum_at, with_most_of
from optimizer.session.holding import Holding
from optimizer.session.planning import PlanSearch
from optimizer.solver import Watch
from optimizer.solver.appending import Addition, appended
from optimizer.solver.rest import exact_above
from optimizer.solver.solution import OPTIMAL_GAP
from optimizer.solver.watch import relative_gap
from optimizer.text.endings import cut_off_by
from optimizer.tradeoffs.stakeholder_store import KeptSolution
from optimizer.tradeoffs.stakeholder_values import values_as_outcomes

IN_POINTS, OF_VALUE = "the policy's points", "value"
"""What there is to be most of in the policy's own plan, and in plans that are best for somebody."""
LEFT_OPEN = "none was found, and the gap leaves open whether there is one"
ENDED = "a search ended without a plan, although there was time left"
NASH_TOLERANCE = 1e-6
_GAINS_ALL = 1e6
"""Puts plans in which everybody gains something before all others."""


@dataclass
class CompromiseAims:
    """Looks for plans in the model that a question holds.

    Parameters
    ----------
    held
        With scales.
    gap
        Relative gap at which each search ends.
    is_relaxed
        Whether people may be divided, so that nothing is a plan.

    Attributes
    ----------
    known
        Solutions that were found, with which searches begin.
    """

    held: Holding
    weighing: StakeholderWeights
    watch: Watch
    gap: float
    is_relaxed: bool

    def __post_init__(self) -> None:
        loaded = self.held.loaded
        self.outcomes = values_as_outcomes(loaded, self.weighing)
        self.known: list[Floats] = []
        is_small = loaded.matrix.a.nnz <= STRAIGHT and not self.gap
        self._among = Among(
            loaded,
            None,
            self.watch,
            is_relaxed=self.is_relaxed,
            gap=self.gap,
            is_straight=is_small,
        )

    @property
    def is_stopped(self) -> bool:
        """Whether time ran out, or Ctrl-C came."""
        return self.watch.interrupted or self.watch.timed_out

    @property
    def why_stopped(self) -> str:
        """What ended the search."""
        if not self.is_stopped:
            return ENDED
        return cut_off_by(is_interrupted=self.watch.interrupted)

    def most_points(self, plans: PlanSearch) -> KeptSolution:
        """The policy's own plan.

        Raises
        ------
        InfeasibleError, NoPlanError
            If there is none, or no time for one.
        """
        loaded, watch = self.held.loaded, self.watch
        if self.is_relaxed:
            x, bound = relaxed_best(loaded, watch)
        else:
            solution = loaded.solve(watch, gap=self.gap)
            if solution.objective is None:
                # It says why there is none.
                plans.checked(solution)
            x, bound = loaded.plans[0], inf if solution.bound is None else solution.bound
        points = loaded.matrix.points(x)
        bound = max(points, bound)
        status = "optimal" if relative_gap(points, bound) <= OPTIMAL_GAP else "feasible"
        return KeptSolution(x, (AimStep(IN_POINTS, points, bound, status, 0.0),), 0.0)

    def todays(self) -> KeptSolution:
        """The plan of the most points with the slots of today."""
        x, why = todays_solution(self._among)
        if x is None:
            return KeptSolution(None, (), 0.0, self.why_stopped if self.is_stopped else why)
        return KeptSolution(self._finished(x), (), 0.0)

    def best_for(self, number: int) -> KeptSolution:
        """The plan with the most value for one stakeholder."""
        return self._most_of(self.outcomes.terms[number])

    def highest_mean(self) -> KeptSolution:
        """The plan with the highest mean of all values; every stakeholder counts the same."""
        count = len(self.outcomes)
        return self._most_of(self.outcomes.summed(np.full(count, 1.0 / count)))

    def least_regret(self, bests: Floats) -> KeptSolution:
        """Max-min on value minus own best, counted from the mean of all own bests."""
        shift = max(1.0, float(np.abs(bests).mean()))
        regrets = replace(self.outcomes, constant=self.outcomes.constant - bests + shift)
        start = self._start(lambda x: float(regrets.amounts(x).min()))
        return self._ended(max_min(self._among, regrets, start))

    def leximin(self) -> KeptSolution:
        """The lowest value as high as possible, then the second lowest, and so on."""
        start = self._start(lambda x: float(self.outcomes.amounts(x).min()))
        return self._ended(leximin(self._among, self.outcomes, start))

    def nash(self, against: Floats) -> KeptSolution:
        """The largest product of gains over a point of disagreement."""
        outcomes = self.outcomes

        def product(x: Floats) -> float:
            gains = outcomes.amounts(x) - against
            least = float(gains.min())
            return least if least <= 0.0 else _GAINS_ALL + float(np.log(gains).sum())

        try:
            aimed = nash(
                self._among,
                outcomes,
                self._start(product),
                against,
                tolerance=NASH_TOLERANCE,
                known=self.known,
            )
        except SolverError:
            raise
        except OptimizerError:
            told = "no plan gives every stakeholder more than the point of disagreement"
            return KeptSolution(None, (), 0.0, told)
        return self._ended(aimed)

    def _starts(self, has: Callable[[Floats], float]) -> list[Floats]:
        """Solutions that are known, those first that have most of what is looked for."""
        return sorted(self.known, key=has, reverse=True)

    def _start(self, has: Callable[[Floats], float]) -> Floats:
        """The first of them.

        Raises
        ------
        SolverError
            If no solution is known.
        """
        starts = self._starts(has)
        if not starts:
            raise SolverError("no plan was found to begin with")
        return starts[0]

    def _most_of(self, terms: Mapping[int, float]) -> KeptSolution:
        """The plan with the most of a sum of values and, at gap 0, among these of points."""
        starts = self._starts(lambda x: sum_at(terms, x))
        return self._ended(with_most_of(self._among, terms, starts, OF_VALUE))

    def _ended(self, aimed: Aimed) -> KeptSolution:
        """What an aim ended with.

        Raises
        ------
        SolverError
            If that is nothing, although there was time left.
        """
        if aimed.x is None:
            if not self.is_stopped and aimed.steps[-1].status == "stopped":
                raise SolverError(ENDED)
            why = self.why_stopped if self.is_stopped else LEFT_OPEN
            return KeptSolution(None, aimed.steps, 0.0, why)
        is_cut_off = self.is_stopped or any(step.status == "stopped" for step in aimed.steps)
        why = self.why_stopped if is_cut_off else ""
        x = self._tidied(aimed.x) if aimed.with_points else self._finished(aimed.x)
        return KeptSolution(x, aimed.steps, 0.0, why)

    def _finished(self, x: Floats) -> Floats:
        """The plan with the integers of a solution that has the most points, no value less."""
        if self.is_relaxed:
            return x
        loaded, outcomes = self.held.loaded, self.outcomes
        kept = Addition(len(loaded.matrix.cost))
        amounts: Sequence[float] = outcomes.amounts(x).tolist()
        for label, terms, amount in zip(outcomes.labels, outcomes.terms, amounts, strict=True):
            kept.row(("stakeholder_at_least", label), terms, lower=floored(amount))
        above = appended(loaded.matrix, kept)
        floors = np.arange(len(loaded.matrix.rows), len(above.rows))
        last = self.watch.for_last_steps()
        exact = exact_above(above, floors, x, loaded.options, last, gap=self.gap)
        return self._tidied(x if exact is None else exact)

    def _tidied(self, x: Floats) -> Floats:
        return tidied(self.held.loaded, self.outcomes, x, self.watch)
