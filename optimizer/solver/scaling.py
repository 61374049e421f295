"""Units in which a model is loaded: powers of two, so that no digit is lost."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from optimizer.frames.arrays import Floats
from optimizer.solver.matrix import Matrix

LARGEST_COST = 100.0
"""Near which the largest cost of an objective is brought."""
USUAL_NUMBER = 12.0
"""Power of two that a row's number should be near."""


def power_of_two_scales(
    matrix: Matrix, *, passes: int = 8, columns: Floats | None = None
) -> tuple[Floats, Floats]:
    """Scales of rows and columns that bring coefficients near 1; integers keep scale 1.

    Money in single units of currency beside persons makes coefficients of 1e-6 to 1e9 stand in
    one row, and HiGHS's absolute tolerances meaningless. Geometric means of the coefficients,
    alternating over rows and columns (Fulkerson and Wolfe, SIAM Review 4, 1962), rounded to powers
    of two so that no digit is lost. A row's number counts as one more coefficient, usually some
    thousands, so that budgets do not stand as 1e10 beside places of 10.

    Parameters
    ----------
    columns
        Scales of the first columns that are in use already and stay.
    """
    height, width = matrix.a.shape
    entries = scipy.sparse.coo_array(matrix.a)
    # A coefficient may be there and be 0, as that of a goal without weight.
    is_any = entries.data != 0.0
    logs = np.log2(np.abs(entries.data[is_any]))
    at_row, at_column = (coordinates[is_any] for coordinates in entries.coords)
    number = matrix.numbers()
    sided = (number != 0) & np.isfinite(number)
    right = np.log2(np.where(sided, np.abs(number), 1.0)) - USUAL_NUMBER * sided
    per_row = np.maximum(np.bincount(at_row, minlength=height) + sided, 1)
    per_column = np.maximum(np.bincount(at_column, minlength=width), 1)
    in_use = np.log2(columns) if columns is not None else np.zeros(0)
    of_row, of_column = np.zeros(height), np.zeros(width)
    of_column[: len(in_use)] = in_use
    for _ in range(passes):
        sums = np.bincount(at_row, logs + of_column[at_column], minlength=height)
        of_row = -(sums + right) / per_row
        of_column = -np.bincount(at_column, logs + of_row[at_row], minlength=width) / per_column
        of_column[matrix.integral] = 0.0
        of_column[: len(in_use)] = in_use
    return 2.0 ** np.round(of_row), 2.0 ** np.round(of_column)


def objective_units(cost: Floats) -> float:
    """Power of two that brings the largest cost near 100.

    Points per single unit of value are 1e-6 and less, below HiGHS's dual tolerance; interior point
    then ended imprecise and simplex had to clean up, which doubled the time of the Japan case.
    """
    largest = float(np.max(np.abs(cost), initial=0.0))
    return float(2.0 ** np.round(np.log2(LARGEST_COST / largest))) if largest > 0 else 1.0
