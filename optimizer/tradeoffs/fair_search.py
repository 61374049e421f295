"""The search for what fairness costs: plans, or points of the relaxation, and prices at each."""

from __future__ import annotations

import numpy as np

from optimizer.errors import OptimizerError
from optimizer.explain.numbers import RowOrigins, binding_numbers
from optimizer.frames.arrays import Floats
from optimizer.instance.divisions import JoinedDivision
from optimizer.persistent.aimed import NO_FLOOR
from optimizer.session.aims.planning import relaxed_best
from optimizer.session.holding import Holding
from optimizer.solver import Watch
from optimizer.text.endings import cut_off_by
from optimizer.tradeoffs.asked_of_front import AskedOfFront
from optimizer.tradeoffs.fair_aims import FairAims, outcomes_in_units, rate_unit_of
from optimizer.tradeoffs.fair_points import FairPoint, LevelPrice, amounts_in
from optimizer.tradeoffs.front_points import FrontPoint
from optimizer.tradeoffs.front_prices import that_gain
from optimizer.tradeoffs.front_search import FrontSearch
from optimizer.tradeoffs.level_model import LevelModel

_EDGE = 1e-9
"""Part of the highest level by which the last point of a curve lies below it, for rounding."""
_ASIDE = 1e-7
"""Part of all points that the lowest rate counts beside them where nothing is given up for it."""


class FairSearch:
    """Looks for plans of which none has more points without a lower lowest rate.

    Attributes
    ----------
    points
        Those that no other dominates, the most points first.
    """

    def __init__(
        self, held: Holding, division: JoinedDivision, asked: AskedOfFront, watch: Watch
    ) -> None:
        self._division, self._watch = division, watch
        self._aims = FairAims(held, division, watch, asked.gap)
        if asked.is_exact and not self._aims.level_model.is_in_steps:
            raise OptimizerError(
                f"what groups of {asked.fairness} get does not come in steps, so that points "
                "cannot be listed one by one\n    Expected a number of points instead of exact."
            )
        self._search = FrontSearch(held, asked, watch, self._aims)
        self.points: list[FairPoint] = []

    def look(self) -> None:
        """Find the ends and points between, as long as there is time."""
        self._search.look()
        self.points = [self._fair(point) for point in self._search.front]

    def _fair(self, point: FrontPoint) -> FairPoint:
        return FairPoint(
            points=point.plan.objective,
            amounts=amounts_in(point.plan, self._division),
            status=point.status,
            gap=point.gap,
            found_by=point.found_by,
            seconds=point.seconds,
            plan=point.plan,
        )

    @property
    def why_incomplete(self) -> str:
        """Why there may be more points; blank if it is proven that there are none."""
        return self._search.why_incomplete

    @property
    def dominated(self) -> int:
        """Plans that were found and left out."""
        return self._search.points.dominated

    @property
    def asked_times(self) -> int:
        """Number of searches."""
        return self._search.asked_times

    def prices(self) -> dict[int, LevelPrice]:
        """What the relaxation says of the level of each point, by its number."""
        found: dict[int, LevelPrice] = {}
        known: RowOrigins = {}
        for number, point in enumerate(self._search.front, start=1):
            if self._watch.should_stop():
                break
            level = float(point.values[1])
            price = priced_at(self._aims.level_model, level, self._division, self._watch, known)
            if price is not None:
                found[number] = price[1]
        self._aims.level_model.release()
        return found


def priced_at(
    model: LevelModel, level: float, division: JoinedDivision, watch: Watch, known: RowOrigins
) -> tuple[Floats, LevelPrice] | None:
    """The relaxation with the most points at a level, and prices there; ``None`` without one."""
    model.hold_level(level)
    x = model.most_of_relaxation(np.array([1.0, 0.0]), watch)
    if x is None:
        return None
    loaded, outcomes = model.loaded, model.outcomes
    prices = loaded.lp.prices()
    duals = np.maximum(0.0, -prices[model.floor_rows[1:]]) + 0.0
    # From units of amounts to rates in units of the measure.
    per_rate = division.needs.to_numpy(dtype=float) / outcomes.unit
    numbers = that_gain(binding_numbers(loaded, x, prices, known))
    return x, LevelPrice(duals * per_rate, numbers)


class FairCurve:
    """The same of the relaxation: its best points at levels that are equally far apart.

    Attributes
    ----------
    points
        The most points first.
    why_incomplete
        Why there are more.
    """

    def __init__(
        self, held: Holding, division: JoinedDivision, asked: AskedOfFront, watch: Watch
    ) -> None:
        self._division, self._watch = division, watch
        held.scaled(watch)
        self._wanted = asked.points or 2
        watch.begin("relaxation")
        _, self._best = relaxed_best(held.loaded, watch)
        outcomes = outcomes_in_units(held, division, watch)
        self._model = LevelModel(held.loaded, outcomes, is_relaxed=True)
        self.rate_unit = rate_unit_of(division, outcomes)
        self.points: list[FairPoint] = []
        self.why_incomplete = ""
        self._prices: dict[int, LevelPrice] = {}

    def look(self) -> None:
        """Follow the curve from the most points to the highest level."""
        ends = self._ends()
        if ends is None:
            raise self._watch.no_plan()
        low, high = ends
        edge = _EDGE * max(1.0, abs(high))
        count = self._wanted if high - low > edge else 1
        levels = np.minimum(np.linspace(low, high, count), high - edge if count > 1 else high)
        known: RowOrigins = {}
        for number, level in enumerate(levels.tolist(), start=1):
            self._watch.begin_part("curve", number - 1, count)
            if self._watch.should_stop() or not self._take(number, level, count, known):
                self.why_incomplete = cut_off_by(is_interrupted=self._watch.interrupted)
                break
        else:
            if count > 1:
                self.why_incomplete = (
                    f"{count} points were asked for, and the curve goes on between them"
                )
        self._model.release()
        if not self.points:
            raise self._watch.no_plan()

    def _take(self, number: int, level: float, count: int, known: RowOrigins) -> bool:
        began = self._watch.seconds
        found = priced_at(self._model, level, self._division, self._watch, known)
        if found is None:
            return False
        x, price = found
        self._prices[number] = price
        outcomes = self._model.outcomes
        # At least the level, whatever the tolerance of the solver leaves of it.
        amounts = np.maximum(outcomes.amounts(x), level * outcomes.needs)
        self.points.append(
            FairPoint(
                points=float(self._model.values(x)[0]),
                amounts=amounts * outcomes.unit,
                status="optimal",
                gap=0.0,
                found_by="end" if number in (1, count) else "between",
                seconds=self._watch.seconds - began,
            )
        )
        return True

    def _ends(self) -> tuple[float, float] | None:
        """The highest level at the most points, and of all."""
        model, watch = self._model, self._watch
        model.hold(np.full(2, NO_FLOOR))
        aside = _ASIDE * max(1.0, abs(self._best))
        first = model.most_of_relaxation(np.array([1.0, aside]), watch)
        last = None if first is None else model.most_of_relaxation(np.array([0.0, 1.0]), watch)
        if first is None or last is None:
            return None
        low, high = float(model.values(first)[1]), float(model.values(last)[1])
        return min(low, high), high

    def prices(self) -> dict[int, LevelPrice]:
        """What the relaxation says of the level of each point, by its number."""
        return self._prices

    @property
    def asked_times(self) -> int:
        """Number of relaxations."""
        return len(self.points) + 3
