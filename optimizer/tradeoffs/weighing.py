"""Relaxations of one question under other weights, and how far one weight may go.

Only shares of all weight count, so a weight that grows takes from all others in proportion. Then
points of one plan are linear in its share, and the most points of the relaxation are convex, as the
highest of all solutions' lines. What the plan is short of them is convex as well, so that the
shares at which it is short by no more than something are one interval. Its ends are found exactly:
where the highest line that is known crosses, the relaxation is solved; either it is no higher, or
it gives a line that is. Every solution that was found for one weight is a line for all others too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from optimizer.frames.arrays import Floats
from optimizer.persistent import LoadedModel
from optimizer.plan import Plan
from optimizer.session.holding import Holding
from optimizer.session.values import relaxed_goal_values
from optimizer.solver import Watch

_ROUNDING = 1e-7
"""Part of the points that is no difference: HiGHS's tolerance."""
_SAME = 1e-9
"""Shares nearer than this are the same."""
_MOST_ROUNDS = 200
SMALLEST_OTHERS = 1e-12
"""Share of all other weights from which they can be kept in proportion."""


@dataclass(frozen=True, eq=False)
class Corner:
    """A solution, as far as weights see it.

    Attributes
    ----------
    values
        Raw value of every goal.
    paid
        Points of penalties.
    slots
        By country and track.
    """

    values: Floats
    paid: float
    slots: pd.Series


@dataclass(frozen=True)
class WeightRange:
    """How far a weight may go, as a share of all weight.

    Attributes
    ----------
    low, high
        Least and most share.
    below, above
        What the relaxation turns to beyond each; ``None`` where nothing does, or it is not known.
    complete
        Whether both ends were found in time.
    """

    low: float
    high: float
    below: Corner | None = None
    above: Corner | None = None
    complete: bool = True


class Weighing:
    """Relaxations of what is held, under other weights.

    Attributes
    ----------
    goals
        Names.
    shares
        Of the weights as they are: absolute, adding up to 1.
    known
        Solutions that were found.
    """

    def __init__(self, held: Holding, watch: Watch) -> None:
        self._loaded, self._watch = held.loaded, watch
        given = held.question.policy.goals
        self.goals = list(given)
        weights = np.array([goal.weight for goal in given.values()], dtype=float)
        scales = held.frozen().of
        self.signs: Floats = np.where(weights < 0.0, -1.0, 1.0)
        self.shares: Floats = np.abs(weights) / np.abs(weights).sum()
        self._per_share: Floats = 100.0 * self.signs / np.array([scales[name] for name in given])
        columns = [self._loaded.matrix.column("value", goal) for goal in given]
        self._there = np.array([column is not None for column in columns], dtype=bool)
        self._columns = np.array([column for column in columns if column is not None], dtype=int)
        self.known: list[Corner] = []

    @contextmanager
    def weighing(self) -> Iterator[None]:
        """Have the weights of before again at the end of a block."""
        before = self._loaded.matrix.cost
        try:
            yield
        finally:
            self._loaded.matrix = replace(self._loaded.matrix, cost=before)

    def points(self, corner: Corner, shares: Floats) -> float:
        """Points of a solution under some shares."""
        return float((self._per_share * shares) @ corner.values - corner.paid)

    def points_by_goal(self, corner: Corner) -> Floats:
        """Points of every goal, had it all the weight."""
        found: Floats = self._per_share * corner.values
        return found

    def best(self, shares: Floats) -> tuple[float, Corner] | None:
        """The most points of the relaxation under some shares; ``None`` where time ran out."""
        matrix = self._loaded.matrix
        cost = matrix.cost.copy()
        cost[self._columns] = (self._per_share * shares)[self._there]
        self._loaded.matrix = replace(matrix, cost=cost)
        run = self._loaded.relax(self._watch)
        if run.status != "optimal" or run.x is None or run.objective is None:
            return None
        found = relaxed_goal_values(self._loaded, run.x)
        values = np.array([found[goal] for goal in self.goals])
        earned = float(cost[self._columns] @ run.x[self._columns])
        corner = Corner(values, earned - run.objective, slots_of(self._loaded, run.x))
        self.known.append(corner)
        return run.objective, corner

    def shares_at(self, goal: int, share: float) -> Floats:
        """Shares where one goal has this one, and all others are in proportion."""
        others = 1.0 - self.shares[goal]
        found: Floats = self.shares * (1.0 - share) / others
        found[goal] = share
        return found

    def has_others(self, goal: int) -> bool:
        """Whether any other goal has weight."""
        return bool(1.0 - self.shares[goal] > SMALLEST_OTHERS)

    def range_of(self, goal: int, plan: Corner, allowed: float, rounding: float) -> WeightRange:
        """Shares of a goal at which a plan is short of the most points by no more than allowed.

        Parameters
        ----------
        allowed
            Points by which it is short now, or more.
        rounding
            Points that are no difference.
        """
        lines = _Lines(self, goal, plan, allowed, rounding)
        low, below, is_low = self._end(lines, -1.0, rounding)
        high, above, is_high = self._end(lines, 1.0, rounding)
        return WeightRange(low, high, below, above, is_low and is_high)

    def _end(
        self, lines: _Lines, direction: float, rounding: float
    ) -> tuple[float, Corner | None, bool]:
        """The farthest share on one side, what is better beyond it, and whether it is sure."""
        solved: list[float] = []
        for _ in range(_MOST_ROUNDS):
            share, corner = lines.farthest(direction)
            if abs(share - lines.start) <= _SAME or any(abs(s - share) <= _SAME for s in solved):
                return share, corner, True
            if self._watch.should_stop():
                break
            found = self.best(self.shares_at(lines.goal, share))
            if found is None:
                break
            solved.append(share)
            if lines.beyond(found[1], share) <= rounding:
                return share, corner, True
        return share, corner, False


class _Lines:
    """What a plan is short of known solutions, beyond what is allowed, by the share of a goal."""

    def __init__(
        self, weighing: Weighing, goal: int, plan: Corner, allowed: float, rounding: float
    ) -> None:
        self._weighing, self.goal, self._plan = weighing, goal, plan
        self._allowed, self._rounding = allowed, rounding
        self.start = float(weighing.shares[goal])
        self._ends = [weighing.shares_at(goal, share) for share in (0.0, 1.0)]

    def beyond(self, corner: Corner, share: float) -> float:
        """Points that a solution has more than the plan, less what is allowed."""
        at_none, at_all = (
            self._weighing.points(corner, shares) - self._weighing.points(self._plan, shares)
            for shares in self._ends
        )
        return at_none + (at_all - at_none) * share - self._allowed

    def farthest(self, direction: float) -> tuple[float, Corner | None]:
        """How far the share can go before a known solution is beyond, and which one is."""
        end = 1.0 if direction > 0.0 else 0.0
        farthest, which = abs(end - self.start), None
        for corner in self._weighing.known:
            at_start, at_end = self.beyond(corner, self.start), self.beyond(corner, end)
            if at_end > self._rounding and at_end > at_start:
                whole = abs(end - self.start)
                room = max(0.0, -at_start) / (at_end - at_start) * whole
                if room < farthest:
                    farthest, which = room, corner
        share = self.start + direction * farthest
        return end if which is None else min(1.0, max(0.0, share)), which


def slots_of(loaded: LoadedModel, x: Floats) -> pd.Series:
    """Slots of a solution by country and track."""
    columns = loaded.matrix.family("cohort")
    pairs = [loaded.matrix.columns[column][1][:2] for column in columns]
    index = pd.MultiIndex.from_tuples(pairs, names=["country", "track"])
    return pd.Series(x[columns], index=index, dtype=float).groupby(level=[0, 1]).sum()


def corner_of(plan: Plan, goals: list[str]) -> Corner:
    """A plan as weights see it."""
    table = plan.tables["goals"].set_index("goal")
    paid = float(table["weighted"].sum()) - plan.objective
    slots = plan.slots.groupby(["country", "track"])["slots"].sum().astype(float)
    return Corner(table.loc[goals, "raw"].to_numpy(dtype=float), paid, slots)


def rounding_of(points: float) -> float:
    """Points that are no difference beside so many."""
    return _ROUNDING * max(1.0, abs(points))


def evenly_drawn(count: int, samples: int, seed: int) -> Floats:
    """Shares of so many goals, drawn evenly from all that there are; each near to the last.

    Returns
    -------
    numpy.ndarray
        Shape (samples, goals); rows add up to 1.
    """
    draws = np.random.default_rng(seed).dirichlet(np.ones(count), size=samples)
    left, order = list(range(samples)), []
    at = np.full(count, 1.0 / count)
    while left:
        nearest = min(left, key=lambda number: float(np.abs(draws[number] - at).sum()))
        left.remove(nearest)
        order.append(nearest)
        at = draws[nearest]
    found: Floats = draws[order]
    return found
