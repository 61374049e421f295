"""A relaxation that stays loaded: solved on from the nearest optimum, or anew where that is sooner.

New sides leave a basis dual feasible and new costs leave it primal feasible; both at once leave it
neither, and the simplex method begins nearly anew. So sides are solved first, under the old costs,
and costs after them, each by the method that needs no first phase. After changes of one weight and
one budget of the Japan case that took a fifth of the time.

After a large change the simplex method may go on for longer than a relaxation from nothing takes.
So it is given a share of that, counted in iterations, so that it is the same on every machine; then
the relaxation begins anew. What is undone, or done again, begins at the optimum of then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import highspy
import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.matrix import Matrix
from optimizer.solver.watch import Watch

DUAL, PRIMAL = 1, 4
"""Values of HiGHS's ``simplex_strategy``; dual is its own choice."""
OWN_CHOICE, DEVEX = -1, 1
"""Values of its ``simplex_dual_edge_weight_strategy``."""
PATIENCE = 0.2
"""Share of the work of a relaxation from nothing that solving on may take before it is given up."""
PER_ROW = 0.35
"""Iterations for each row that take as long as interior point and crossover together: measured on
the Japan case, where they are 5,600."""
LEAST = 200
"""Iterations that are always worth trying; less than a tenth of a second."""
REPLACED = 0.2
"""Mean relative change of the costs from which an objective is another one, and nothing is tried:
all weights of the Japan case drawn anew are 0.25, one of them three times as large is 0.11."""
KEPT = 4
"""Optima that are remembered: those that runs have begun at most recently, and the last one. Single
changes of the Japan case so begin at what they are changes of: 0.52 CPU s instead of 0.63."""


@dataclass(frozen=True)
class Optimum:
    """A basis, and the numbers under which it is optimal."""

    matrix: Matrix
    basis: highspy.HighsBasis

    def distance(self, matrix: Matrix) -> float:
        """Distance of other numbers from these: their relative differences, added up."""
        costs = float(_apart(self.matrix.cost, matrix.cost).sum())
        return costs + self.distance_of_rows(matrix)

    def distance_of_rows(self, matrix: Matrix) -> float:
        """The same of sides, bounds and coefficients alone."""
        apart = sum(
            float(_apart(mine, its).sum())
            for mine, its in zip(_sides(self.matrix), _sides(matrix), strict=True)
        )
        return apart + _cells_apart(self.matrix, matrix)

    def is_of_rows_like(self, matrix: Matrix) -> bool:
        """Whether another matrix has the same rows and columns, whatever stands in them."""
        return self.matrix.rows == matrix.rows and self.matrix.columns == matrix.columns

    def reach(self, matrix: Matrix) -> float:
        """Distance of rows to a matrix with the same ones; infinite to others."""
        return self.distance_of_rows(matrix) if self.is_of_rows_like(matrix) else np.inf

    def is_for_another_objective(self, matrix: Matrix) -> bool:
        """Whether costs have changed so much that little of the basis will be left."""
        apart = _apart(self.matrix.cost, matrix.cost)
        used = np.count_nonzero(self.matrix.cost) or 1
        return float(apart.sum()) > REPLACED * used

    def grown(self, matrix: Matrix, basis: highspy.HighsBasis) -> Optimum:
        """The optimum with rows that limit nothing yet, and columns at no cost.

        Parameters
        ----------
        basis
            Any one of the grown matrix: what it says of new rows and columns is taken over.
        """
        mine, more = self.matrix, len(matrix.row_lower) - len(self.matrix.row_lower)
        width = len(mine.cost)
        wider = replace(
            matrix,
            cost=np.append(mine.cost, np.zeros(len(matrix.cost) - width)),
            row_lower=np.append(mine.row_lower, np.full(more, -np.inf)),
            row_upper=np.append(mine.row_upper, np.full(more, np.inf)),
        )
        own = highspy.HighsBasis()
        own.valid, own.alien = True, False
        own.col_status = [*self.basis.col_status, *list(basis.col_status)[width:]]
        own.row_status = [*self.basis.row_status, *list(basis.row_status)[len(mine.row_lower) :]]
        return Optimum(wider, own)


def basis_by_name(start: Optimum, matrix: Matrix) -> highspy.HighsBasis:
    """The basis of an optimum for another matrix; what is new there begins outside of it.

    HiGHS mends a basis that is none.
    """
    of_column = dict(zip(start.matrix.columns, start.basis.col_status, strict=True))
    of_row = dict(zip(start.matrix.rows, start.basis.row_status, strict=True))
    outside, inside = highspy.HighsBasisStatus.kLower, highspy.HighsBasisStatus.kBasic
    own = highspy.HighsBasis()
    own.valid, own.alien = True, not start.is_of_rows_like(matrix)
    own.col_status = [of_column.get(key, outside) for key in matrix.columns]
    own.row_status = [of_row.get(key, inside) for key in matrix.rows]
    return own


def _sides(matrix: Matrix) -> tuple[Floats, ...]:
    return matrix.row_lower, matrix.row_upper, matrix.lower, matrix.upper


def _apart(one: Floats, other: Floats) -> Floats:
    """Relative differences of the numbers that differ: 1 at most, and of what is infinite."""
    differ = one != other
    one, other = one[differ], other[differ]
    with np.errstate(invalid="ignore"):
        apart: Floats = np.abs(one - other) / (np.abs(one) + np.abs(other))
    return np.nan_to_num(apart, nan=1.0)


def _cells_apart(one: Matrix, other: Matrix) -> float:
    """Relative differences of coefficients; infinite where they stand in other places."""
    if one.a is other.a:
        return 0.0
    if not (
        np.array_equal(one.a.indptr, other.a.indptr)
        and np.array_equal(one.a.indices, other.a.indices)
    ):
        return np.inf
    return float(_apart(one.a.data, other.a.data).sum())


class WarmStart:
    """Solves the relaxation that one engine holds, again and again.

    Parameters
    ----------
    engine
        The loaded relaxation. Nobody else runs it, or it starts from a basis that is set anew.

    Attributes
    ----------
    began_anew
        Whether the last run began from nothing.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._optima: list[Optimum] = []
        self._guess: highspy.HighsBasis | None = None
        self._runs = 0
        self._anew = 0
        self.began_anew = False

    @property
    def has_begun(self) -> bool:
        """Whether there is an optimum to go on from."""
        return bool(self._optima)

    def with_bounds_of(self, engine: Engine) -> WarmStart:
        """The same on an engine whose matrix has other bounds alone: optima stay."""
        other = WarmStart(engine)
        other._optima, other._anew, other._runs = [*self._optima], self._anew, -1
        return other

    def begin_like(self, other: WarmStart) -> None:
        """Let the first run begin at an optimum of another matrix, found by names."""
        mine, last = self.engine.matrix, other._optima[-1:]
        alike = [each for each in other._optima if each.is_of_rows_like(mine)]
        nearest = min(reversed(alike or last), key=lambda each: each.reach(mine), default=None)
        if nearest is not None:
            self._guess = basis_by_name(nearest, mine)

    def grow(self, matrix: Matrix) -> None:
        """Append rows and columns; optima stay what the next run may begin with."""
        if self._optima:
            self._begin_at(self._optima[-1])
        before = self.engine.matrix.a
        self.engine.grow(matrix)
        if self._optima:
            basis = self.engine.basis()
            same = [optimum for optimum in self._optima if optimum.matrix.a is before]
            self._optima = [optimum.grown(matrix, basis) for optimum in same]
            self._runs = -1

    def run(self, matrix: Matrix, watch: Watch, *, afresh: bool = False) -> EngineRun:
        """Solve with the costs of a matrix; rows and bounds are those that the engine holds.

        Parameters
        ----------
        afresh
            Whether the matrix is loaded in units of its own where nothing is gone on from.
        """
        nearest = min(reversed(self._optima), key=lambda each: each.distance(matrix), default=None)
        run = None
        if nearest is not None and not nearest.is_for_another_objective(matrix):
            run = self._on(nearest, matrix, watch)
        elif self._guess is not None and nearest is None:
            run = self._on_guess(self._guess, matrix, watch)
        self.began_anew = run is None
        if run is None:
            nearest = None
            if afresh:
                self.engine.load(matrix)
            run = self._from_nothing(matrix, watch)
        return self._noted(matrix, run, nearest)

    def run_anew(self, matrix: Matrix, watch: Watch) -> EngineRun:
        """Load a matrix in units of its own and solve it from nothing."""
        self.engine.load(matrix)
        return self._noted(matrix, self._from_nothing(matrix, watch))

    def _noted(self, matrix: Matrix, run: EngineRun, start: Optimum | None = None) -> EngineRun:
        """Remember where a run has come to, and that its start was of use."""
        if run.status == "optimal":
            kept = [each for each in self._optima if each.distance(matrix) > 0.0]
            kept.sort(key=lambda each: each is start)
            self._optima = [*kept[1 - KEPT :], Optimum(matrix, self.engine.basis())]
            self._runs = self.engine.runs
        return run

    def _begin_at(self, optimum: Optimum) -> None:
        """Let the next run begin at an optimum, where that of the last run is another one."""
        # Setting a basis throws its factors away; HiGHS still has that of its own last run.
        if optimum is not self._optima[-1] or self.engine.runs != self._runs:
            self.engine.go_on_from(optimum.basis)

    def _on(self, start: Optimum, matrix: Matrix, watch: Watch) -> EngineRun | None:
        """Solve on from an optimum; ``None`` where that is given up."""
        self._begin_at(start)
        left = self._patience()
        if start.distance_of_rows(matrix) > 0.0:
            self.engine.set_costs(start.matrix.cost)
            run = self._by(DUAL, left, watch)
            if run.gave_up:
                return None
            left -= run.iterations
            if run.status != "optimal" or np.array_equal(start.matrix.cost, matrix.cost):
                self.engine.set_costs(matrix.cost)
                return run
        self.engine.set_costs(matrix.cost)
        run = self._by(PRIMAL, left, watch)
        return None if run.gave_up else run

    def _on_guess(
        self, basis: highspy.HighsBasis, matrix: Matrix, watch: Watch
    ) -> EngineRun | None:
        """Solve on from a basis of another matrix; ``None`` where that is given up."""
        self._guess = None
        self.engine.set_costs(matrix.cost)
        self._begin_with(DEVEX, basis)
        run = self._by(DUAL, self._patience(), watch)
        # Numbers of another matrix prove nothing of this one but where it ends.
        return run if run.status in ("optimal", "stopped") and not run.gave_up else None

    def _patience(self) -> int:
        """Iterations after which the relaxation had better begin anew."""
        anew = self._anew
        if self.engine.is_large:
            anew = int(PER_ROW * len(self.engine.matrix.row_lower))
        return max(LEAST, int(PATIENCE * anew))

    def _from_nothing(self, matrix: Matrix, watch: Watch) -> EngineRun:
        engine = self.engine
        engine.set_costs(matrix.cost)
        self._begin_with(OWN_CHOICE, None)
        run = engine.run(watch, afresh=True)
        self._anew = run.iterations
        # Exact weights of the steepest edge would take a solve for every row to go on with.
        self._begin_with(DEVEX, engine.basis() if run.status == "optimal" else None)
        return run

    def _begin_with(self, weights: int, basis: highspy.HighsBasis | None) -> None:
        """Let the next run use other edge weights; HiGHS reads of them when it begins anew only."""
        self.engine.set_option("simplex_dual_edge_weight_strategy", weights)
        self.engine.forget()
        if basis is not None:
            self.engine.go_on_from(basis)

    def _by(self, method: int, most: int, watch: Watch) -> EngineRun:
        self.engine.set_option("simplex_strategy", method)
        try:
            return self.engine.run_within(most, watch)
        finally:
            self.engine.set_option("simplex_strategy", DUAL)
