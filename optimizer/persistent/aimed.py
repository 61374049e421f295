"""A loaded model asked for other things than points: the most of some goals, others kept at floors.

Rows for the floors are appended once; from one question to the next only their sides and the costs
change, so that every relaxation goes on from the last and every search begins with the last plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse

from optimizer.errors import SolverError
from optimizer.frames.arrays import Floats, Integers
from optimizer.persistent.answers import with_least_built, with_least_moved
from optimizer.persistent.loaded import LoadedModel
from optimizer.solver.matrix import Matrix
from optimizer.solver.patch import Patch
from optimizer.solver.rest import exact_above
from optimizer.solver.solution import OPTIMAL_GAP
from optimizer.solver.watch import Watch, relative_gap

GOAL_FLOOR, GOAL_REACHES, REACHED = "goal_at_floor", "goal_reaches", "reached"
"""Rows that keep a goal at a floor, or as far as all others on the way from one point to another,
and the column that says how far that is: 0 at the first point, 1 at the second."""
NO_FLOOR = -np.inf
STRAIGHT = 20_000
"""Coefficients of a model up to which a search that is to be proven goes straight to branch and
bound: a front of 35 points so takes half the time."""
_LOST = 1e-9
"""Part of a value that a floor at it leaves to the rounding of sums."""


@dataclass(frozen=True)
class AimedRun:
    """What is found for one aim.

    Attributes
    ----------
    status
        ``optimal`` (gap at most 1e-6), ``feasible``, ``infeasible`` (proven) or ``stopped``.
    x
        Best solution with its integers exact; ``None`` without one.
    gap
        Relative, of the aim; ``None`` without a solution.
    why
        What the solver gave up for; blank otherwise.
    """

    status: str
    x: Floats | None = None
    gap: float | None = None
    nodes: int = 0
    why: str = ""


class AimedModel:
    """A loaded model with a floor under each of some sums of goals.

    Parameters
    ----------
    loaded
        With the costs of points, which it has again after :meth:`finished` and :meth:`release`.
    goals
        Names.
    parts
        What is aimed at, so that more of it is better: a row for each aim, a sum of the values of
        goals. That of a goal to avoid has -1 for it.
    """

    def __init__(self, loaded: LoadedModel, goals: Sequence[str], parts: Floats) -> None:
        self.loaded, self._goals, self._parts = loaded, list(goals), parts
        self._cost, self._offset = loaded.matrix.cost, loaded.matrix.offset
        self._values: Integers = np.array(
            [loaded.matrix.column("value", goal) for goal in goals], dtype=np.int64
        )
        height, width, count = len(loaded.matrix.rows), len(loaded.matrix.columns), len(parts)
        loaded.append(loaded.instance, self._part())
        self._cost = np.append(self._cost, np.zeros(len(loaded.matrix.columns) - width))
        self._floors = np.arange(height, height + count)
        self._reaching = self._floors + count
        self._reached = width

    def _part(self) -> Matrix:
        """Rows of floors and of what is reached, which limit nothing yet."""
        count, goals = self._parts.shape
        sums = scipy.sparse.csr_array(self._parts)
        reached = scipy.sparse.csr_array(-np.ones((count, 1)))
        a = scipy.sparse.block_array([[sums, None], [sums, reached]], format="csc")
        names: list[tuple[str, object]] = [
            *(("value", goal) for goal in self._goals),
            (REACHED, None),
        ]
        free, rules = np.full(goals + 1, np.inf), (GOAL_FLOOR, GOAL_REACHES)
        return Matrix(
            a=scipy.sparse.csc_array(a),
            cost=np.zeros(goals + 1),
            offset=0.0,
            row_lower=np.full(2 * count, -np.inf),
            row_upper=np.full(2 * count, np.inf),
            lower=-free,
            upper=free.copy(),
            integral=np.zeros(goals + 1, dtype=bool),
            columns=names,
            rows=[(rule, number) for rule in rules for number in range(count)],
            _positions={},
        )

    @property
    def floor_rows(self) -> Integers:
        """Rows of the floors, in the order of the goals."""
        return self._floors

    def values(self, x: Floats) -> Floats:
        """Values of the goals, counted so that more is better."""
        found: Floats = self._parts @ x[self._values]
        return found

    def hold(self, floors: Floats) -> None:
        """Keep every goal at its floor; ``NO_FLOOR`` for none."""
        self._set(self._above(self._floors, floors))

    def reach(self, start: Floats, end: Floats) -> None:
        """Let what is reached be how far every goal has come from a start to an end."""
        patch = Patch(self._moved(self._above(self._reaching, start)))
        patch.add(self._reaching, np.full(len(start), self._reached), start - end)
        self.loaded.take(patch)

    def release(self) -> None:
        """Let goals be anything, and points count again."""
        self._let_go()
        self._aim_at(self._cost, self._offset)

    def _let_go(self) -> None:
        rows = [*self._floors.tolist(), *self._reaching.tolist()]
        self._set(dict.fromkeys(rows, (-np.inf, np.inf)))

    def _set(self, sides: dict[int, tuple[float, float]]) -> None:
        patch = Patch(self._moved(sides))
        if patch.sides:
            self.loaded.take(patch)

    @staticmethod
    def _above(rows: Integers, floors: Floats) -> dict[int, tuple[float, float]]:
        pairs = zip(rows.tolist(), floors.tolist(), strict=True)
        return {row: (floor, np.inf) for row, floor in pairs}

    def _moved(self, sides: dict[int, tuple[float, float]]) -> dict[int, tuple[float, float]]:
        """Sides that are not those of the loaded model already."""
        matrix = self.loaded.matrix
        return {
            row: side
            for row, side in sides.items()
            if side != (matrix.row_lower[row], matrix.row_upper[row])
        }

    def _aim_at(self, cost: Floats, offset: float = 0.0) -> None:
        self.loaded.matrix = replace(self.loaded.matrix, cost=cost, offset=offset)

    def _costs(self, weights: Floats, reached: float) -> Floats:
        cost = np.zeros(len(self.loaded.matrix.cost))
        cost[self._values] = weights @ self._parts
        cost[self._reached] = reached
        return cost

    def most(
        self,
        weights: Floats,
        watch: Watch,
        *,
        gap: float,
        reached: float = 0.0,
        offset: float = 0.0,
    ) -> AimedRun:
        """The plan with the most of a weighted sum of goals, above the floors that are held.

        Parameters
        ----------
        weights
            Of the values, counted so that more is better.
        gap
            Relative gap at which the search ends.
        reached
            Weight of what is reached; see :meth:`reach`.
        offset
            Number that is added to the sum, from which the gap is measured.
        """
        self._aim_at(self._costs(weights, reached), offset)
        watch.forget()
        try:
            is_small = self.loaded.matrix.a.nnz <= STRAIGHT
            search = self.loaded.searched(watch, gap=gap, is_straight=is_small and not gap)
        except SolverError as error:
            return AimedRun("stopped", why=str(error).splitlines()[0])
        if search is None or (search.best is None and search.infeasible):
            return AimedRun("infeasible")
        if search.best is None:
            return AimedRun("stopped", nodes=search.nodes)
        objective = self.loaded.matrix.points(search.best)
        bound = np.inf if watch.bound is None else max(objective, watch.bound)
        found = relative_gap(objective, bound)
        status = "optimal" if found <= OPTIMAL_GAP else "feasible"
        self.loaded.keep_plan(search.best)
        return AimedRun(status, search.best, found, search.nodes)

    def most_of_relaxation(self, weights: Floats, watch: Watch) -> Floats | None:
        """The solution of the LP relaxation with the most of it; ``None`` without one."""
        self._aim_at(self._costs(weights, 0.0))
        run = self.loaded.relax(watch)
        return run.x if run.status == "optimal" else None

    def finished(self, x: Floats, watch: Watch, *, gap: float) -> tuple[Floats, float]:
        """The plan with the integers of a solution that has the most points, and these.

        No goal has less than there. Nothing is open, built or moved that the plan could lack. Goals
        may be anything again afterwards, and points count.

        Parameters
        ----------
        gap
            Relative gap at which the solution was found.
        """
        loaded, values = self.loaded, self.values(x)
        self._let_go()
        self.hold(values - _LOST * np.maximum(1.0, np.abs(values)))
        self._aim_at(self._cost, self._offset)
        last = watch.for_last_steps()
        exact = exact_above(loaded.matrix, self.floor_rows, x, loaded.options, last, gap=gap)
        y = x if exact is None else exact
        y = with_least_moved(loaded, with_least_built(loaded, y, watch), watch)
        self.release()
        return y, loaded.matrix.points(y)
