"""Rates and a common level as columns of a relaxation, of which only bounds and costs change.

So one basis serves all steps of an aim: the next step goes on from the last.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.frames.arrays import Floats, Integers, Mask
from optimizer.session.aims.among import Among, Reached, floored
from optimizer.session.aims.outcomes import Outcomes
from optimizer.session.aims.steps import ALL_POINTS, Aimed, AimSteps
from optimizer.solver.appending import Addition, aiming, appended

_PRICED = 1e-7
"""Part of the highest price from which a row has one."""


class Levels:
    """Groups of a relaxation, all of which have at least a level until they are settled.

    Attributes
    ----------
    settled
        Groups that keep a rate of their own.
    x
        The last solution.
    """

    def __init__(self, among: Among, outcomes: Outcomes, start: Floats) -> None:
        self.among, self.outcomes, self.x = among, outcomes, start
        size = len(outcomes)
        self.settled: Mask = np.zeros(size, dtype=bool)
        addition = Addition(len(among.matrix.cost))
        self._rates = _columns(addition, "rate", outcomes, -np.inf, np.inf)
        self._slack = _columns(addition, "slack", outcomes, 0.0, 0.0)
        self._level = addition.column(("level", None), lower=-float("inf"))
        self._rows = len(among.matrix.rows) + size + np.arange(size)
        for number, label in enumerate(outcomes.labels):
            need = float(outcomes.needs[number])
            terms = {column: each / need for column, each in outcomes.terms[number].items()}
            terms[int(self._rates[number])] = -1.0
            fixed = -float(outcomes.constant[number]) / need
            addition.row(("rate_adds_up", label), terms, lower=fixed, upper=fixed)
        for number, label in enumerate(outcomes.labels):
            above = {int(self._rates[number]): 1.0, int(self._slack[number]): -1.0}
            addition.row(("rate_at_level", label), {**above, self._level: -1.0}, lower=0.0)
        self._matrix = appended(among.matrix, addition)
        self._lower = self._matrix.lower.copy()
        self._has_begun = False

    def raised(self) -> Reached:
        """Raise all groups that are not settled together, as far as that goes."""
        return self._solved({self._level: 1.0}, 0.0)

    def settle(self, reached: Reached, chosen: Mask | None = None) -> None:
        """Let groups keep the level that was reached: those that cannot have more without any."""
        assert reached.x is not None, "a level was reached"
        chosen = self._without_room(reached) if chosen is None else chosen
        self._lower[self._rates[chosen]] = floored(float(reached.x[self._level]))
        self._lower[self._slack[chosen]] = -np.inf
        self.settled = self.settled | chosen

    def rest(self, stepping: AimSteps) -> Aimed:
        """End with the most points at the levels that are settled."""
        reached = self._solved(self.among.points, self.among.offset)
        stepping.take(ALL_POINTS, reached)
        return self.ended(stepping)

    def ended(self, stepping: AimSteps) -> Aimed:
        """End with the last solution, if a level was reached."""
        x = self.x[: len(self.among.matrix.cost)] if self.settled.any() else None
        return stepping.ended(x, ())

    def _solved(self, aim: dict[int, float], offset: float) -> Reached:
        matrix = replace(aiming(self._matrix, aim, offset), lower=self._lower.copy())
        reached = self.among.most(matrix, goes_on=self._has_begun)
        self._has_begun = True
        self.x = self.x if reached.x is None else reached.x
        return reached

    def _without_room(self, reached: Reached) -> Mask:
        """Groups that are not settled and whose row has a price: they are there in any optimum."""
        assert reached.prices is not None, "a relaxation has prices"
        prices = np.where(self.settled, 0.0, np.abs(reached.prices[self._rows]))
        found: Mask = prices > _PRICED * float(prices.max())
        return found if found.any() else ~self.settled


def _columns(
    addition: Addition, name: str, outcomes: Outcomes, lower: float, upper: float
) -> Integers:
    found = [addition.column((name, label), lower=lower, upper=upper) for label in outcomes.labels]
    return np.array(found, dtype=np.int64)
