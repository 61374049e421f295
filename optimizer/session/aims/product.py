"""The largest product of gains: the sum of their logarithms, between a plan and a bound.

The sum is bounded from above by tangents. A relative gap is one of what groups get, as for every
other aim: a gain over a point of disagreement has no size of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.session.aims.among import Reached, floored
from optimizer.session.aims.outcomes import Outcomes
from optimizer.session.aims.steps import Aimed, AimSteps, with_most_points
from optimizer.solver.appending import Addition, aiming, appended

PRODUCT = "sum of logarithms of gains"
NO_GAIN = 1e-7
"""Gain of a unit that is none: rows hold amounts to no more than that."""
_FIRST_TANGENTS = np.sqrt(2.0) ** np.arange(-2, 12)
"""Where each group has tangents to begin with, in multiples of its gain."""
_MOST_ROUNDS, _MOST_MIXTURES = 60, 4
_HALVINGS, _MOST_STEPS = 60, 500


def left_open(amounts: Floats, against: Floats, gap: float) -> float:
    """What a relative gap of everybody's amount adds to the sum of logarithms of gains.

    sum over g of ln(1 + gap |amount_g| / (amount_g - against_g)).

    Examples
    --------
    >>> round(left_open(np.array([20.0, 30.0]), np.array([10.0, 20.0]), 0.1), 3)
    0.445
    """
    return float(np.log1p(gap * np.abs(amounts) / (amounts - against)).sum())


def gap_left_open(amounts: Floats, against: Floats, apart: float) -> float:
    """The relative gap that leaves open so much of the sum of logarithms of gains.

    Examples
    --------
    >>> amounts, against = np.array([20.0, 30.0]), np.array([10.0, 20.0])
    >>> round(gap_left_open(amounts, against, left_open(amounts, against, 0.1)), 6)
    0.1
    """
    if apart <= 0.0:
        return 0.0
    if not amounts.any():
        return inf
    low, high = 0.0, 1.0
    while left_open(amounts, against, high) < apart:
        low, high = high, 2.0 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        is_less = left_open(amounts, against, middle) < apart
        low, high = (middle, high) if is_less else (low, middle)
    return high


class ProductSearch:
    """The best solution found, and what no plan exceeds.

    Parameters
    ----------
    gains
        Outcomes less the point of disagreement.
    x
        A solution in which everybody gains.
    tolerance
        How far the best may lie below the bound at least.
    """

    def __init__(
        self, stepping: AimSteps, gains: Outcomes, outcomes: Outcomes, x: Floats, tolerance: float
    ) -> None:
        self._stepping, self._among = stepping, stepping.among
        self._gains, self._outcomes, self._tolerance = gains, outcomes, tolerance
        self._against: Floats = outcomes.constant - gains.constant
        self._best, self._bound = x, inf

    @property
    def _value(self) -> float:
        return _logs(self._gains.amounts(self._best))

    @property
    def _enough(self) -> float:
        gap, got = self._among.gap, self._outcomes.amounts(self._best)
        return max(self._tolerance, left_open(got, self._against, gap) if gap else 0.0)

    @property
    def is_within(self) -> bool:
        """Whether the best is near enough to the bound, or no time is left."""
        return self._bound - self._value <= self._enough or self._among.watch.should_stop()

    def by_weights(self, known: Sequence[Floats]) -> None:
        """Look for most of weighted amounts, with the weights of a mixture of known plans.

        Gains of a mixture are such that no other mixture has a larger product. It keeps every rule
        but that people are whole, and near it is the solution with the largest product: the tangent
        plane there bounds all plans, and the plan with most of it joins those that are mixed.
        """
        gains, outcomes = self._gains, self._outcomes
        plans = [self._best, *(x for x in known if gains.amounts(x).min() > NO_GAIN)]
        for _ in range(_MOST_MIXTURES):
            at = _mixed(np.array([gains.amounts(x) for x in plans]))
            offset = float((outcomes.constant / at).sum())
            matrix = aiming(self._among.matrix, outcomes.summed(1.0 / at), offset)
            found = self._take(
                self._among.most(matrix, starts=[max(plans, key=matrix.points)]),
                _logs(at) - float((self._against / at).sum()) - len(at),
            )
            if found is None or self.is_within or gains.amounts(found).min() <= NO_GAIN:
                return
            plans.append(found)

    def by_tangents(self) -> None:
        """Look for most of the logarithms, each a column under tangents, more of them each time."""
        among, gains = self._among, self._gains
        addition = Addition(len(among.matrix.cost))
        logs = [addition.column(("log", label), lower=-inf) for label in gains.labels]
        for number, at in enumerate(gains.amounts(self._best)):
            for multiple in _FIRST_TANGENTS.tolist():
                _add_tangent(addition, gains, logs, number, float(at) * multiple)
            addition.row(
                ("gains", gains.labels[number]),
                gains.terms[number],
                lower=-float(gains.constant[number]),
            )
        aim = dict.fromkeys(logs, 1.0)
        for count in range(_MOST_ROUNDS):
            # A search ends at a gap relative to what it has: to what makes that one of amounts.
            offset = self._enough / among.gap - self._value if among.gap else 0.0
            matrix = aiming(appended(among.matrix, addition), aim, offset)
            start = np.append(self._best, np.log(gains.amounts(self._best)))
            reached = among.most(matrix, starts=[start], is_next=count > 0 and not among.gap)
            found = self._take(reached, -offset)
            if found is None or self.is_within:
                return
            for number, at in enumerate(gains.amounts(found)):
                _add_tangent(addition, gains, logs, number, max(float(at), NO_GAIN))

    def _take(self, reached: Reached, offset: float) -> Floats | None:
        """Take note of a search; what it found.

        Parameters
        ----------
        offset
            What makes its bound one of the sum of logarithms.
        """
        if reached.x is None:
            return None
        self._bound = min(self._bound, reached.bound + offset)
        found = reached.x[: len(self._best)]
        if _logs(self._gains.amounts(found)) > self._value:
            self._best = found
        return found

    def ended(self) -> Aimed:
        """End with the best and, without a gap, with the most points that give nobody less.

        Plans of the same product that give some more and others less are not looked for.
        """
        value, stepping = self._value, self._stepping
        bound = max(self._bound, value)
        status = "optimal" if bound - value <= self._tolerance else "feasible"
        stepping.take(PRODUCT, Reached(status, self._best, value, bound), value)
        if self._among.gap:
            # Whatever anybody gains counts already.
            return Aimed(self._best, tuple(stepping.steps))
        least = np.array([floored(float(each)) for each in self._outcomes.amounts(self._best)])
        return with_most_points(stepping, self._outcomes, least, self._best)


def _mixed(gains: Floats) -> Floats:
    """Gains of the mixture of plans, one in a row, with the largest product.

    By multiplicative steps, each of which has a larger one (Cover, 1984, An algorithm for
    maximizing expected log investment return, IEEE Transactions on Information Theory 30).
    """
    shares = np.full(len(gains), 1.0 / len(gains))
    for _ in range(_MOST_STEPS):
        shares = shares * (gains / (shares @ gains)).mean(axis=1)
    found: Floats = shares @ gains / shares.sum()
    return found


def _add_tangent(
    addition: Addition, gains: Outcomes, logs: list[int], number: int, at: float
) -> None:
    """Let a logarithm lie under its tangent at a gain: ``log <= ln p + (gain - p) / p``."""
    terms = {column: -weight / at for column, weight in gains.terms[number].items()}
    upper = log(at) - 1.0 + float(gains.constant[number]) / at
    name = ("under_tangent", (gains.labels[number], len(addition.rows)))
    addition.row(name, {**terms, logs[number]: 1.0}, upper=upper)


def _logs(gains: Floats) -> float:
    """Sum of logarithms; minus infinity where a group gains nothing."""
    return float(np.log(gains).sum()) if (gains > 0.0).all() else -inf
