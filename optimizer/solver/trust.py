"""Whether columns are what a solver says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.solver.matrix import Matrix

TRUSTED = 1e-5
"""Part by which columns may miss: above HiGHS's tolerances of 1e-6, below any mistake."""


@dataclass(frozen=True)
class Scaled:
    """A matrix and the units in which it was loaded."""

    matrix: Matrix
    row_scale: Floats
    scale: Floats
    units: float

    def is_true(self, x: Floats, objective: float) -> bool:
        """Whether columns keep rows, bounds and integers and have the objective value.

        HiGHS's tolerances are absolute in the loaded units; what is large misses relatively.
        """
        matrix = self.matrix
        apart = abs(matrix.points(x) - objective) * self.units
        largest = float(np.max(np.abs(matrix.cost * x), initial=abs(objective)))
        whole = x[matrix.integral]
        activity, size = matrix.a @ x, abs(matrix.a) @ np.abs(x)
        rows = np.maximum(matrix.row_lower - activity, activity - matrix.row_upper)
        bounds = np.maximum(matrix.lower - x, x - matrix.upper)
        return (
            apart <= TRUSTED * max(1.0, largest * self.units)
            and _is_small(np.abs(whole - np.round(whole)), np.ones(len(whole)))
            and _is_small(rows * self.row_scale, size * self.row_scale)
            and _is_small(bounds / self.scale, np.abs(x) / self.scale)
        )


def _is_small(miss: Floats, size: Floats) -> bool:
    return bool((miss <= TRUSTED * np.maximum(1.0, size)).all())
