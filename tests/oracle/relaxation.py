"""Linear relaxations, and branching on them until every integer is fixed."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from .matrix import Matrix

FEASIBLE = 1e-7
INTEGRAL = 1e-6
# A branch whose bound does not beat the best point by this much, in units of the objective,
# is not looked at again; well below the tolerance with which optima are compared.
BETTER = 1e-8


class Relaxation:
    """The linear program behind a matrix, solved again and again under other bounds."""

    def __init__(self, matrix: Matrix) -> None:
        coefficients, lower, upper = matrix.dense_rows()
        equal = lower == upper
        above, below = ~equal & np.isfinite(upper), ~equal & np.isfinite(lower)
        self._inequalities = np.vstack([coefficients[above], -coefficients[below]])
        self._right = np.concatenate([upper[above], -lower[below]])
        self._equalities, self._equal_right = coefficients[equal], lower[equal]
        self._cost = -matrix.objective_vector()

    def solve(self, bounds: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """The best point within the bounds, None if there is none."""
        if not len(bounds):
            return np.zeros(0) if (self._right >= -FEASIBLE).all() else None
        result = linprog(
            self._cost,
            A_ub=self._inequalities,
            b_ub=self._right,
            A_eq=self._equalities,
            b_eq=self._equal_right,
            bounds=cast("Any", bounds),
            method="highs",
        )
        if result.status == 2:
            return None
        if result.status != 0:
            raise RuntimeError(f"linprog: {result.message}")
        return np.asarray(result.x, dtype=float)


class TooManyNodesError(RuntimeError):
    """Branching takes longer than a tiny case should."""


def best_by_branching(matrix: Matrix, limit: int) -> tuple[NDArray[np.float64] | None, int]:
    """The best point with integer columns integral (None if none), and the nodes it took."""
    relaxation = Relaxation(matrix)
    integers = np.array(matrix.integers(), dtype=int)
    best: NDArray[np.float64] | None = None
    best_value = -np.inf
    nodes = 0
    stack = [matrix.bounds()]
    while stack:
        bounds = stack.pop()
        nodes += 1
        if nodes > limit:
            raise TooManyNodesError(f"more than {limit} nodes")
        point = relaxation.solve(bounds)
        if point is None or matrix.objective.value(point) <= best_value + BETTER:
            continue
        whole = np.round(point[integers])
        if np.abs(point[integers] - whole).max(initial=0.0) <= INTEGRAL:
            fixed = bounds.copy()
            fixed[integers] = np.column_stack([whole, whole])
            exact = relaxation.solve(fixed)
            if exact is not None and matrix.objective.value(exact) > best_value:
                best, best_value = exact, matrix.objective.value(exact)
            if exact is not None or not (bounds[integers, 1] > bounds[integers, 0]).any():
                continue
        stack.extend(_children(bounds, point, integers))
    return best, nodes


def _children(
    bounds: NDArray[np.float64], point: NDArray[np.float64], integers: NDArray[np.int_]
) -> list[NDArray[np.float64]]:
    """Two halves of the most fractional column that is still free; the likelier one last."""
    open_columns = integers[bounds[integers, 1] > bounds[integers, 0]]
    values = point[open_columns]
    column = int(open_columns[np.abs(values - np.round(values)).argmax()])
    cut = float(np.clip(np.floor(point[column]), bounds[column, 0], bounds[column, 1] - 1))
    below, above = bounds.copy(), bounds.copy()
    below[column, 1], above[column, 0] = cut, cut + 1
    return [below, above] if point[column] - cut > 0.5 else [above, below]
