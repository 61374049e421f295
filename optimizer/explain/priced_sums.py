"""What no solution of enough points exceeds in a sum of decisions, found by prices in points.

With a price on every unit of a sum, the optimum lies near that of the points alone, and few
iterations lead there. If it has ``s`` of the sum and ``p`` points at a price, no solution of at
least ``f`` points has more of the sum than ``s + (p - f) / price``: Lagrangian relaxation of the
floor ``f``. The price rises until points are short of the floor, and then goes to where the last
optima with and without enough points are equally good; a mixture of the two is there for certain.
On the Japan case an end of a range took 4 CPU seconds, and 50 with the floor as a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import floor, inf

from optimizer.errors import SolverError
from optimizer.frames.arrays import Floats, Integers
from optimizer.persistent import LoadedModel
from optimizer.solver import Watch
from optimizer.solver.warm_start import DUAL, PRIMAL

_TRIES = 60
"""Prices tried at most; the last limit holds all the same."""
_RAISED = 8.0
"""Factor by which a price is raised that leaves points above the floor."""
_MOVED = 0.3
"""Part of the sum that is thought to move within the points that may be lost, at first."""
_LEAST = 1e-6
"""Part of the points that counts as lost where none may be."""
_NOISE = 1e-6
"""Relative error of a sum that a relaxation leaves, so that whole numbers are rounded right."""


@dataclass(frozen=True)
class _Optimum:
    """The optimum at a price: what it has of the sum, and its points."""

    price: float
    most: float
    points: float


class PricedSums:
    """Limits of sums among all solutions of a relaxation that have enough points.

    Parameters
    ----------
    loaded
        Its relaxation is solved first. What it holds stays as it is.
    least_points
        The floor.

    Raises
    ------
    SolverError
        If no solution has so many points, although a plan in hand does.
    """

    def __init__(self, loaded: LoadedModel, least_points: float, watch: Watch) -> None:
        self._engine, self._matrix, self._watch = loaded.lp, loaded.matrix, watch
        run = loaded.relax(watch)
        self._x: Floats | None = run.x if run.status == "optimal" else None
        self._least = least_points
        if self._x is not None:
            self._basis = self._engine.basis()
            self._best = self._matrix.points(self._x)
            rounding = _NOISE * max(1.0, abs(least_points))
            if self._best < least_points - rounding:
                raise _none_of_so_many()
            self._least = min(least_points, self._best)
        elif run.status == "infeasible":
            raise _none_of_so_many()

    def limit(self, columns: Integers, sign: float, known: float) -> float | None:
        """What no such solution exceeds, or goes below, rounded to whole numbers.

        Parameters
        ----------
        columns
            Decisions of the sum.
        sign
            1 for the most, -1 for the least.
        known
            What is there for certain.

        Returns
        -------
        float or None
            ``None`` where time ran out.
        """
        if self._x is None:
            return None
        with self._from_the_best():
            return self._limit(self._x, columns, sign, known)

    def _limit(self, x: Floats, columns: Integers, sign: float, known: float) -> float | None:
        enough = _Optimum(0.0, sign * float(x[columns].sum()), self._best)
        short: _Optimum | None = None
        limit, price = inf, self._first_price(enough.most)
        for _ in range(_TRIES):
            found = self._at(price, columns, sign)
            if found is None:
                return None
            limit = min(limit, found.most + (found.points - self._least) / price)
            if found.points >= self._least:
                enough = found
            else:
                short = found
            if whole_below(limit) <= whole_below(max(sign * known, self._there(enough, short))):
                break
            if short is None:
                price *= _RAISED
                continue
            price = (enough.points - short.points) / (short.most - enough.most)
            if not enough.price < price < short.price:
                # Both are optima at this price, and the mixture is the most there is.
                break
        return sign * whole_below(limit)

    def _first_price(self, most: float) -> float:
        lost = max(self._best - self._least, _LEAST * max(1.0, abs(self._best)))
        return lost / max(1.0, _MOVED * abs(most))

    def _there(self, enough: _Optimum, short: _Optimum | None) -> float:
        """Sum of a solution that has enough points: of an optimum, or of a mixture of two."""
        if short is None:
            return enough.most
        share = (enough.points - self._least) / (enough.points - short.points)
        return max(enough.most, enough.most + share * (short.most - enough.most))

    def _at(self, price: float, columns: Integers, sign: float) -> _Optimum | None:
        """The optimum at a price; ``None`` where time ran out."""
        cost = self._matrix.cost.copy()
        cost[columns] += sign * price
        self._engine.set_costs(cost, self._matrix.offset)
        run = self._engine.run(self._watch)
        if run.status != "optimal" or run.x is None:
            return None
        most = sign * float(run.x[columns].sum())
        return _Optimum(price, most, self._matrix.points(run.x))

    @contextmanager
    def _from_the_best(self) -> Iterator[None]:
        """Begin at the most points, with primal simplex: nothing but costs will change."""
        self._engine.go_on_from(self._basis)
        self._engine.set_option("simplex_strategy", PRIMAL)
        try:
            yield
        finally:
            self._engine.set_option("simplex_strategy", DUAL)


def whole_below(value: float) -> int:
    """The largest whole number that is no more than a value, but for rounding."""
    return floor(value + _NOISE * max(1.0, abs(value)))


def _none_of_so_many() -> SolverError:
    return SolverError("no plan of so many points is found, although there is one in hand")
