"""Whole margins from a plan in which what comes before them is decided already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import highspy
import numpy as np

from optimizer.frames.arrays import Floats, Integers
from optimizer.solver.elastic import with_slack
from optimizer.solver.engine import Engine
from optimizer.solver.loading import Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.rounding import Rounding
from optimizer.solver.watch import Watch

_ROUNDS = 100
_MOST_OF_FIRST, _MOST_OF_LATER, _MOST_AT_LEAST = 0.2, 0.05, 1000
"""Iterations of a round, for each row and besides: on the Japan case the first takes 3,100, later
ones at most 740. Where reserves leave no plan, the proof of that took minutes."""
RESERVE = 1.1
"""Least factor by which the next round's reserve exceeds the shortage."""
DEAR = 0.1
"""Part of all that reserves cost from which one is worth halving."""
SHORT = 1e-7
"""Shortage, relative to the row's number, that the last linear program will make good."""


class IntegerMargins:
    """Rounds margins; where rows break by a few people, keeps that much in reserve and repeats.

    Parameters
    ----------
    staged
        Columns that are decided before the margins.
    basis
        Of the relaxation: fixing the decisions leaves it dual feasible.
    """

    def __init__(
        self,
        matrix: Matrix,
        rounding: Rounding,
        staged: Integers,
        basis: highspy.HighsBasis,
        options: Options,
    ) -> None:
        self.matrix, self.rounding, self.staged, self.options = matrix, rounding, staged, options
        self.basis = basis
        self.whole = np.flatnonzero(matrix.integral)
        self.rows = np.flatnonzero(matrix.row_lower != matrix.row_upper)

    @cached_property
    def _guide(self) -> Engine:
        """The relaxation, with decisions fixed and reserves kept."""
        guide = Engine(self.matrix, relaxed=True, options=self.options)
        if self.basis.valid:
            guide.go_on_from(self.basis)
        return guide

    @cached_property
    def _rest(self) -> Engine:
        """Remaining decisions beside the margins, with shortages at a penalty."""
        return Engine(with_slack(self.matrix, self.rows), relaxed=True, options=self.options)

    def plans(
        self, x: Floats, watch: Watch, *, wanted: Callable[[float], bool] | None = None
    ) -> Iterator[Floats]:
        """Plans in integers with the decisions of ``x``, as long as they are asked for.

        Every plan after the first keeps half the reserve where the last one paid most for it.

        Parameters
        ----------
        wanted
            Whether plans are, where margins in parts of people have so many points; always if
            ``None``.
        """
        fixed, last = np.round(x[self.staged]), None
        reserve = np.zeros(len(self.rows))
        self._guide.set_bounds(self.staged, fixed, fixed)
        # From one round to the next few people move: only with other decisions presolve pays.
        self._rest.forget()
        for number in range(_ROUNDS):
            self._guide.tighten(self.rows, reserve)
            most = _MOST_OF_LATER if number else _MOST_OF_FIRST
            run = self._guide.run_within(_MOST_AT_LEAST + int(most * len(self.rows)), watch)
            if run.x is None or run.gave_up:
                return
            if wanted is not None and not wanted(self.matrix.points(run.x)):
                return
            whole = self.rounding.near(run.x)
            whole[self.staged] = fixed
            short, plan = self._shortage(whole, watch)
            if short is None or plan is None:
                return
            if np.max(short / self._size, initial=0.0) <= SHORT:
                if last is not None and np.array_equal(whole[self.whole], last):
                    # It is not the reserve that costs anything.
                    return
                last = whole[self.whole]
                yield plan
                paid = reserve * np.abs(self._guide.prices()[self.rows])
                if not paid.any():
                    return
                reserve[paid > DEAR * paid.sum()] /= 2.0
            else:
                # Twice the reserve where it was too small to move a single person.
                reserve += np.where(short > 0.0, np.maximum(RESERVE * short, reserve), 0.0)

    @cached_property
    def _size(self) -> Floats:
        size: Floats = np.maximum(1.0, np.abs(self.matrix.numbers()[self.rows]))
        return size

    def _shortage(self, whole: Floats, watch: Watch) -> tuple[Floats | None, Floats | None]:
        """Shortage of every row with these integers, and the plan with the least shortage."""
        self._rest.set_bounds(self.whole, whole[self.whole], whole[self.whole])
        rest = self._rest.run(watch)
        if rest.x is None:
            return None, None
        width = len(self.matrix.cost)
        return rest.x[width:], rest.x[:width]
