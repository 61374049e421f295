"""Numbers of a compiled model that change, and the model with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse

from optimizer.frames.arrays import Floats, Integers
from optimizer.solver.matrix import Matrix


@dataclass
class Patch:
    """Numbers of a matrix that change.

    Attributes
    ----------
    sides
        New lower and upper side by row.
    rows, columns, values
        New coefficients, in pieces.
    """

    sides: dict[int, tuple[float, float]] = field(default_factory=dict)
    rows: list[Integers] = field(default_factory=list)
    columns: list[Integers] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)

    def add(self, rows: Integers, columns: Integers, values: Floats) -> None:
        """Add new coefficients."""
        self.rows.append(rows)
        self.columns.append(columns)
        self.values.append(values)

    def coefficients(self) -> tuple[Integers, Integers, Floats]:
        """Rows, columns and values of every new coefficient."""
        if not self.rows:
            none = np.empty(0, dtype=np.int64)
            return none, none, np.empty(0)
        return np.concatenate(self.rows), np.concatenate(self.columns), np.concatenate(self.values)


def patched(matrix: Matrix, patch: Patch) -> Matrix:
    """The matrix with the numbers of a patch."""
    row_lower, row_upper = matrix.row_lower, matrix.row_upper
    if patch.sides:
        row_lower, row_upper = row_lower.copy(), row_upper.copy()
        rows = np.fromiter(patch.sides, dtype=np.int64)
        row_lower[rows], row_upper[rows] = np.array(list(patch.sides.values())).T
    rows, columns, values = patch.coefficients()
    a = matrix.a
    if len(rows):
        entries = scipy.sparse.coo_array(a)
        old = np.ravel_multi_index(entries.coords, a.shape)
        stays = ~np.isin(old, np.ravel_multi_index((rows, columns), a.shape))
        full = values != 0.0
        rows, columns, values = rows[full], columns[full], values[full]
        a = scipy.sparse.csc_array(
            (
                np.concatenate([entries.data[stays], values]),
                (
                    np.concatenate([entries.coords[0][stays], rows]),
                    np.concatenate([entries.coords[1][stays], columns]),
                ),
            ),
            shape=a.shape,
        )
    return replace(matrix, a=a, row_lower=row_lower, row_upper=row_upper)
