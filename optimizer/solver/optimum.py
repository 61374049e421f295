"""An optimum of a relaxation that others may begin at: how far it is from other numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import highspy
import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.solver.matrix import Matrix

REPLACED = 0.2
"""Mean relative change of the costs from which an objective is another one, and nothing is tried:
all weights of the Japan case drawn anew are 0.25, one of them three times as large is 0.11."""


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
