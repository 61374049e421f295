"""Proof that a relaxation has no solution, checked in the numbers of the model itself.

Weights of rows add them up to one row that cannot be kept within the bounds of columns (Farkas'
lemma). HiGHS gives such weights in the units in which a model is loaded; whether they prove
anything is looked up in the matrix, in which no unit matters.
"""

from __future__ import annotations

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.solver.matrix import Matrix

_NONE = 1e-9
"""Part of all that is added up in a column from which its sum is more than rounding."""
_CERTAIN = 1e-6
"""Part of all that is added up by which the row must be out of reach: more than tolerances leave
open."""


def proves_no_solution(matrix: Matrix, weights: Floats) -> bool:
    """Whether weights of rows prove that no solution keeps all of them.

    For every x that keeps the rows, weights @ A @ x is at least the least that their sides allow.
    It proves that there is none if bounds of columns do not let it become so large.
    """
    return any(_is_out_of_reach(matrix, sign * weights) for sign in (1.0, -1.0))


def _is_out_of_reach(matrix: Matrix, weights: Floats) -> bool:
    sides = np.where(weights > 0.0, matrix.row_lower, matrix.row_upper)
    # A side that is not there limits nothing: its row is left out, whatever rounding says of it.
    used = np.where(np.isfinite(sides) & (weights != 0.0), weights, 0.0)
    sides = np.where(used != 0.0, sides, 0.0)
    summed = matrix.a.T @ used
    summed = np.where(np.abs(summed) > _NONE * (abs(matrix.a).T @ np.abs(used)), summed, 0.0)
    bounds = np.where(summed > 0.0, matrix.upper, matrix.lower)
    bounds = np.where(summed != 0.0, bounds, 0.0)
    if not np.isfinite(bounds).all():
        return False
    least, most = used * sides, summed * bounds
    size = float(np.abs(least).sum() + np.abs(most).sum())
    return bool(least.sum() - most.sum() > _CERTAIN * size)
