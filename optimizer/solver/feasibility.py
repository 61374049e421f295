"""Whether there is any solution with some rows left out, in more or fewer whole columns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from optimizer.frames.arrays import Mask
from optimizer.solver.engine import Engine
from optimizer.solver.loading import Option, Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.watch import Watch


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
        if self._is_relaxed:
            if self._engine is None:
                # Loaded in units of the whole matrix, which any part of it has then.
                self._engine = Engine(self._matrix, relaxed=True, options=self._options)
            engine = self._engine
            engine.set_sides(np.arange(len(matrix.row_lower), dtype=np.int64), matrix)
        else:
            engine = Engine(matrix, relaxed=False, options=self._options)
        # Where there was no solution so far, there is no basis either that is nearly right.
        run = engine.run(watch, afresh=not self._has_basis)
        if run.x is not None:
            self._has_basis = self._is_relaxed
            return True
        if run.status == "infeasible":
            return False
        self.left_open += 1
        return None


def left_out(matrix: Matrix, rows: Collection[int]) -> Matrix:
    """The matrix in which some rows limit nothing."""
    lower, upper = matrix.row_lower.copy(), matrix.row_upper.copy()
    numbers = np.fromiter(rows, dtype=np.int64)
    lower[numbers], upper[numbers] = -np.inf, np.inf
    return replace(matrix, row_lower=lower, row_upper=upper)
