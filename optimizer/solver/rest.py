"""The remaining model when some columns are settled, and the best of it above what there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse

from optimizer.frames.arrays import Floats, Integers
from optimizer.solver.elastic import with_slack
from optimizer.solver.engine import UNLIMITED, Engine
from optimizer.solver.loading import Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.solution import OPTIMAL_GAP
from optimizer.solver.watch import Watch

_EXACT = 1e-9
"""Part of its terms by which a row may miss: what sums of doubles lose."""
_PRICES, _CLEANING = (1e3, 1e4), 2000
"""Prices of lacking all of a floor, in parts of the objective, one after the other, and iterations
of the simplex after an interior point that stalls. On the Japan case the first mostly does: in five
seconds, and nothing lacks more than 1e-7 of its floor."""
_SHORT, _SHORT_WITHIN_GAP = 1e-9, 1e-7
"""Part of a floor that may be lacking, and where a gap is admitted."""


class Rest:
    """The linear program of some columns, where all others are settled.

    What is settled is put in as numbers. Were its columns only fixed, one with a coefficient of
    1e12 would decide in which units its row is loaded, and what people add there would vanish
    below the tolerance.

    Parameters
    ----------
    free
        Columns that are not settled.
    """

    def __init__(self, matrix: Matrix, free: Integers, options: Options) -> None:
        self.matrix, self.free, self.options = matrix, free, options
        self.settled = np.setdiff1d(np.arange(len(matrix.cost)), free)
        self._moves = scipy.sparse.csr_array(matrix.a[:, self.settled])
        loose = scipy.sparse.csr_array(matrix.a[:, free])
        is_loose = np.diff(loose.indptr) > 0
        self._rows, self._alone = np.flatnonzero(is_loose), np.flatnonzero(~is_loose)
        self._part = Matrix(
            a=scipy.sparse.csc_array(loose[self._rows]),
            cost=matrix.cost[free],
            offset=matrix.offset,
            row_lower=matrix.row_lower[self._rows],
            row_upper=matrix.row_upper[self._rows],
            lower=matrix.lower[free],
            upper=matrix.upper[free],
            integral=np.zeros(len(free), dtype=bool),
            columns=[matrix.columns[column] for column in free.tolist()],
            rows=[matrix.rows[row] for row in self._rows.tolist()],
            _positions={},
        )

    def is_kept(self, x: Floats) -> bool:
        """Whether the rows in which everything is settled hold."""
        settled = x[self.settled]
        number = (self._moves @ settled)[self._alone]
        size = (abs(self._moves) @ np.abs(settled))[self._alone]
        low, high = self.matrix.row_lower[self._alone], self.matrix.row_upper[self._alone]
        return _are_kept(number, size, low, high)

    def best(self, x: Floats, watch: Watch, *, most: int = UNLIMITED) -> Floats | None:
        """The best solution with the settled columns of ``x``; ``None`` if there is none.

        Parameters
        ----------
        most
            Iterations of the simplex, after which it is given up.
        """
        if not len(self.free):
            return x
        moved = (self._moves @ x[self.settled])[self._rows]
        part = self._part
        part = replace(part, row_lower=part.row_lower - moved, row_upper=part.row_upper - moved)
        engine = Engine(part, relaxed=True, options=self.options)
        with engine.nearer():
            run = engine.run_within(most, watch, afresh=True)
        if run.gave_up:
            return None
        found = None if run.x is None else np.clip(run.x, part.lower, part.upper)
        if run.status == "infeasible":
            found = self._less_near(engine, watch)
        if found is None:
            return None
        whole = x.copy()
        whole[self.free] = found
        return whole

    def _less_near(self, engine: Engine, watch: Watch) -> Floats | None:
        """A solution at HiGHS's usual tolerance, where it keeps every row as nearly all the same.

        Held nearer, HiGHS 1.15.1 called some of what people who continue leave infeasible.
        """
        part, run = engine.matrix, engine.run(watch, afresh=True)
        if run.x is None:
            return None
        found = np.clip(run.x, part.lower, part.upper)
        sides = part.row_lower, part.row_upper
        return found if _are_kept(part.a @ found, abs(part.a) @ np.abs(found), *sides) else None


def _are_kept(number: Floats, size: Floats, low: Floats, high: Floats) -> bool:
    """Whether sums lie between their sides, but for what adding up terms of that size loses."""
    near = _EXACT * np.maximum(1.0, size)
    return bool(((number >= low - near) & (number <= high + near)).all())


class RestOfIntegers(Rest):
    """The linear program of all columns that need not be integers, for settled integers."""

    def __init__(self, matrix: Matrix, options: Options) -> None:
        super().__init__(matrix, np.flatnonzero(~matrix.integral), options)

    def exact(self, x: Floats, watch: Watch, *, most: int = UNLIMITED) -> Floats | None:
        """Round the integers and solve for the rest, so that no tolerance is exploited.

        Parameters
        ----------
        most
            As of :meth:`Rest.best`.
        """
        lower, upper = self.matrix.lower[self.settled], self.matrix.upper[self.settled]
        exact = x.copy()
        exact[self.settled] = np.clip(np.round(x[self.settled]), lower, upper)
        return self.best(exact, watch, most=most) if self.is_kept(exact) else None


def exact_above(
    matrix: Matrix, floors: Integers, x: Floats, options: Options, watch: Watch, *, gap: float
) -> Floats | None:
    """The best solution with the integers of ``x``, where rows lie above what it just reaches.

    At first, lacking something of these rows has a price. Floors that a solution just reaches
    leave no interior, in which interior point stalls: on the Japan case ten plans took 5 to 25 CPU
    s, most of them over 10, and at a price 3 to 8.

    Parameters
    ----------
    floors
        Rows with a lower side, which ``x`` keeps.
    gap
        Relative gap at which ``x`` was found.

    Returns
    -------
    Floats or None
        ``None`` if there is none.
    """
    width, slack = len(matrix.cost), with_slack(matrix, floors)
    begun = np.append(x, np.zeros(len(floors)))
    size = np.maximum(1.0, np.abs(matrix.row_lower[floors]))
    short = _SHORT_WITHIN_GAP if gap > OPTIMAL_GAP else _SHORT
    for price in _PRICES:
        prices = price * max(1.0, abs(matrix.points(x))) * slack.cost[width:]
        elastic = replace(slack, cost=np.append(matrix.cost, prices), offset=matrix.offset)
        found = RestOfIntegers(elastic, options).exact(begun, watch, most=_CLEANING)
        if found is not None and (found[width:] <= short * size).all():
            return found[:width]
    return RestOfIntegers(matrix, options).exact(x, watch)
