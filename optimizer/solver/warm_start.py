"""A relaxation that stays loaded: solved on from the nearest optimum, or anew where that is sooner.

New sides leave a basis dual feasible and new costs leave it primal feasible; both at once leave it
neither, and the simplex method begins nearly anew. So sides are solved first, under the old costs,
and costs after them, each by the method that needs no first phase. After changes of one weight and
one budget of the Japan case that took a fifth of the time. Sides that are gone are let go after
both (:mod:`optimizer.solver.letting_go`).

After a large change the simplex method may go on for longer than a relaxation from nothing takes.
So it is given a share of that, counted in iterations, so that it is the same on every machine; then
the relaxation begins anew. What is undone, or done again, begins at the optimum of then.
"""

from __future__ import annotations

import highspy
import numpy as np

from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.letting_go import Halves, let_go, lost_sides, with_halves
from optimizer.solver.matrix import Matrix
from optimizer.solver.optimum import Optimum, basis_by_name
from optimizer.solver.watch import Watch

DUAL, PRIMAL = 1, 4
"""Values of HiGHS's ``simplex_strategy``; dual is its own choice."""
PATIENCE = 0.2
"""Share of the work of a relaxation from nothing that solving on may take before it is given up."""
PER_ROW = 0.35
"""Iterations for each row that take as long as interior point and crossover together: measured on
the Japan case, where they are 5,600."""
LEAST = 200
"""Iterations that are always worth trying; less than a tenth of a second."""
KEPT = 4
"""Optima that are remembered: those that runs have begun at most recently, and the last one. Single
changes of the Japan case so begin at what they are changes of: 0.52 CPU s instead of 0.63."""


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
        self._reached: Optimum | None = None
        self.began_anew = False

    @property
    def has_begun(self) -> bool:
        """Whether there is an optimum to go on from."""
        return bool(self._optima)

    def with_bounds_of(self, engine: Engine) -> WarmStart:
        """The same on an engine whose matrix has other bounds alone: optima stay."""
        other = WarmStart(engine)
        other._take_optima(self)
        return other

    def _take_optima(self, other: WarmStart) -> None:
        self._optima, self._anew, self._runs = [*other._optima], other._anew, -1

    def begin_like(self, other: WarmStart) -> None:
        """Let the first run begin at an optimum of another matrix, found by names.

        Where rows and columns are the same, all its optima are what may be begun with.
        """
        if other.engine.matrix.a is self.engine.matrix.a:
            self._take_optima(other)
            return
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
        reached, self._reached = self._reached, None
        if run.status == "optimal":
            kept = [each for each in self._optima if each.distance(matrix) > 0.0]
            kept.sort(key=lambda each: each is start)
            self._optima = [*kept[1 - KEPT :], reached or Optimum(matrix, self.engine.basis())]
            self._runs = self.engine.runs if reached is None else -1
        return run

    def _begin_at(self, optimum: Optimum) -> None:
        """Let the next run begin at an optimum, where that of the last run is another one."""
        # Setting a basis throws its factors away; HiGHS still has that of its own last run.
        if optimum is not self._optima[-1] or self.engine.runs != self._runs:
            self.engine.go_on_from(optimum.basis)

    def _on(self, start: Optimum, matrix: Matrix, watch: Watch) -> EngineRun | None:
        """Solve on from an optimum; ``None`` where that is given up."""
        lost = lost_sides(start.matrix, matrix, start.basis)
        if len(lost.rows):
            run = self._letting_go(start, lost, matrix, watch)
            if run is None or run.status in ("optimal", "stopped"):
                return run
        self._begin_at(start)
        left = self._patience()
        if start.distance_of_rows(matrix) > 0.0:
            self.engine.set_costs(start.matrix.cost, matrix.offset)
            run = self._by(DUAL, left, watch)
            if run.gave_up:
                return None
            left -= run.iterations
            # Without a solution costs stay: with other ones HiGHS forgets what proves it.
            if run.status != "optimal" or np.array_equal(start.matrix.cost, matrix.cost):
                return run
        self.engine.set_costs(matrix.cost, matrix.offset)
        run = self._by(PRIMAL, left, watch)
        return None if run.gave_up else run

    def _letting_go(
        self, start: Optimum, lost: Halves, matrix: Matrix, watch: Watch
    ) -> EngineRun | None:
        """The same where rows have lost the sides at which they stand: these go last."""
        engine, left = self.engine, self._patience()
        kept = lost.turned(np.ones(len(lost.rows), dtype=bool))
        still = with_halves(matrix, kept)
        engine.set_other_sides(kept.rows, *kept.open)
        engine.go_on_from(start.basis)

        def primal() -> EngineRun:
            nonlocal left
            run = self._by(PRIMAL, left, watch)
            left = max(1, left - run.iterations)
            return run

        try:
            if start.distance_of_rows(still) > 0.0:
                engine.set_costs(start.matrix.cost, matrix.offset)
                run = self._by(DUAL, left, watch)
                if run.gave_up or run.status != "optimal":
                    return None if run.gave_up else run
                left = max(1, left - run.iterations)
                lost = lost_sides(still, matrix, engine.basis())
                engine.set_sides(kept.rows, engine.matrix)
            engine.set_costs(matrix.cost, matrix.offset)
            found = let_go(engine, lost, matrix, primal)
            if found is None:
                return None
            run, self._reached = found
            return run
        finally:
            engine.set_sides(kept.rows, engine.matrix)
            self._runs = -1

    def _on_guess(
        self, basis: highspy.HighsBasis, matrix: Matrix, watch: Watch
    ) -> EngineRun | None:
        """Solve on from a basis of another matrix; ``None`` where that is given up."""
        self._guess = None
        self.engine.set_costs(matrix.cost, matrix.offset)
        self.engine.forget()
        self.engine.go_on_from(basis)
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
        engine.set_costs(matrix.cost, matrix.offset)
        engine.forget()
        run = engine.run(watch, afresh=True)
        self._anew = run.iterations
        basis = engine.basis()
        # The edge weights of this run are not those to go on with.
        engine.forget()
        if run.status == "optimal":
            engine.go_on_from(basis)
        return run

    def _by(self, method: int, most: int, watch: Watch) -> EngineRun:
        self.engine.set_option("simplex_strategy", method)
        try:
            return self.engine.run_within(most, watch)
        finally:
            self.engine.set_option("simplex_strategy", DUAL)
