"""Whether there is any solution with some rows left out, in more or fewer whole columns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from optimizer.frames.arrays import Mask
from optimizer.solver.appending import basis_of
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.loading import Option, Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.watch import Watch

_PROOF, _PROOF_AT_LEAST = 1, 1_000
"""Iterations of the dual simplex per row, and so many more, to prove what is known already: of
three clashes in the Japan case, with 60,000 rows, each was proven within 34 to 9,176."""


class Feasibility:
    """A matrix of which one asks again and again whether it has a solution without some rows.

    Parameters
    ----------
    integral
        Columns that must be whole; none for the relaxation, which is solved on from run to run.
    nodes
        Nodes of branch and bound after which a question stays open.

    Attributes
    ----------
    left_open
        Questions that stayed open.
    """

    def __init__(
        self, matrix: Matrix, integral: Mask, options: Options, nodes: int | None = None
    ) -> None:
        self._matrix = replace(
            matrix, cost=np.zeros(len(matrix.cost)), offset=0.0, integral=integral
        )
        self._is_relaxed = not integral.any()
        limit: dict[str, Option] = {} if nodes is None else {"mip_max_nodes": nodes}
        self._options: Options = dict(options) if self._is_relaxed else {**options, **limit}
        self._engine: Engine | None = None
        self._has_basis = False
        self.left_open = 0

    def take_sides(self, matrix: Matrix) -> bool:
        """Ask from now on about a matrix that differs in sides of rows alone, if it does."""
        mine = self._matrix
        is_alike = all(
            getattr(mine, name) is getattr(matrix, name) for name in ("a", "lower", "upper")
        )
        if is_alike:
            self._matrix = replace(mine, row_lower=matrix.row_lower, row_upper=matrix.row_upper)
        return is_alike

    def without(self, rows: Collection[int], watch: Watch) -> bool | None:
        """Whether there is a solution when these rows limit nothing; ``None`` if that stays open.

        A point that is within tolerances of every row counts as one.
        """
        matrix = left_out(self._matrix, rows)
        run = self._relaxed(matrix, watch) if self._is_relaxed else self._whole(matrix, watch)
        if run.x is not None:
            return True
        if run.status == "infeasible":
            return False
        self.left_open += 1
        return None

    def to_blame(self, rows: Collection[int], watch: Watch) -> tuple[int, ...]:
        """Rows that cannot all be kept, whatever becomes of all others (Farkas).

        No rows where the relaxation has a solution when the given ones limit nothing, or where the
        simplex proves nothing within its iterations.
        """
        # Without presolve it has the rows of the matrix, and without costs it can begin anywhere.
        matrix = left_out(self._matrix, rows)
        engine = Engine(matrix, relaxed=True, options=self._options)
        engine.set_option("presolve", "off")
        most = _PROOF_AT_LEAST + _PROOF * len(matrix.row_lower)
        if engine.run_within(most, watch).status != "infeasible":
            return ()
        weights = engine.proof_of_no_solution()
        return () if weights is None else tuple(np.flatnonzero(weights).tolist())

    def hand_on(self, engine: Engine) -> bool:
        """Let a relaxation of the same with more columns begin where this one was left.

        It has no costs but of these columns, which are beyond its basis. ``False`` where there was
        no solution so far.
        """
        if self._engine is None or not self._has_basis:
            return False
        own = self._engine.basis()
        engine.go_on_from(basis_of(engine.matrix, own, len(engine.matrix.row_lower)))
        return True

    def _whole(self, matrix: Matrix, watch: Watch) -> EngineRun:
        return Engine(matrix, relaxed=False, options=self._options).run(watch)

    def _relaxed(self, matrix: Matrix, watch: Watch) -> EngineRun:
        if self._engine is None:
            # Loaded in units of the whole matrix, which any part of it has then.
            self._engine = Engine(self._matrix, relaxed=True, options=self._options)
        engine = self._engine
        engine.set_sides(np.arange(len(matrix.row_lower), dtype=np.int64), matrix)
        if not self._has_basis:
            # Where there was no solution so far, there is no basis either that is nearly right.
            engine.forget()
        run = engine.go_on_or_begin_anew(watch)
        self._has_basis |= run.x is not None
        return run


def left_out(matrix: Matrix, rows: Collection[int]) -> Matrix:
    """The matrix in which some rows limit nothing."""
    lower, upper = matrix.row_lower.copy(), matrix.row_upper.copy()
    numbers = np.fromiter(rows, dtype=np.int64)
    lower[numbers], upper[numbers] = -np.inf, np.inf
    return replace(matrix, row_lower=lower, row_upper=upper)
