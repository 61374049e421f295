"""Rows and columns that are written as arrays, appended to a compiled model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import highspy
import numpy as np
import scipy.sparse

from optimizer.frames.arrays import Floats
from optimizer.solver.matrix import Matrix

Name = tuple[str, object]


@dataclass
class Addition:
    """Columns and rows to append to a matrix, in order.

    Parameters
    ----------
    width
        Columns that the matrix has.
    """

    width: int
    columns: list[tuple[Name, float, float, bool]] = field(default_factory=list)
    rows: list[tuple[Name, dict[int, float], float, float]] = field(default_factory=list)

    def column(
        self,
        name: Name,
        *,
        lower: float = 0.0,
        upper: float = float("inf"),
        integral: bool = False,
    ) -> int:
        """Add a column, and give its number."""
        self.columns.append((name, lower, upper, integral))
        return self.width + len(self.columns) - 1

    def row(
        self,
        name: Name,
        terms: dict[int, float],
        *,
        lower: float = -float("inf"),
        upper: float = float("inf"),
    ) -> None:
        """Add a row of weights by column."""
        self.rows.append((name, terms, lower, upper))


def appended(matrix: Matrix, addition: Addition) -> Matrix:
    """The matrix with what is added; added columns have no costs."""
    count = len(addition.columns)
    width = addition.width + count
    rows = _stacked([terms for _, terms, _, _ in addition.rows], width)
    none = scipy.sparse.csc_array((len(matrix.rows), count))
    above = scipy.sparse.hstack([matrix.a, none])
    names = [*matrix.columns, *(name for name, *_ in addition.columns)]
    return replace(
        matrix,
        a=scipy.sparse.csc_array(scipy.sparse.vstack([above, rows])),
        cost=np.append(matrix.cost, np.zeros(count)),
        row_lower=np.append(matrix.row_lower, [lower for *_, lower, _ in addition.rows]),
        row_upper=np.append(matrix.row_upper, [upper for *_, upper in addition.rows]),
        lower=np.append(matrix.lower, [lower for _, lower, _, _ in addition.columns]),
        upper=np.append(matrix.upper, [upper for _, _, upper, _ in addition.columns]),
        integral=np.append(
            matrix.integral, np.array([whole for *_, whole in addition.columns], dtype=bool)
        ),
        columns=names,
        rows=[*matrix.rows, *(name for name, *_ in addition.rows)],
        _positions={key: number for number, key in enumerate(names)},
    )


def basis_of(matrix: Matrix, basis: highspy.HighsBasis, rows: int) -> highspy.HighsBasis:
    """A basis of a matrix made of one of its first rows and columns, as far as these reach.

    A row that was added has its own activity in the basis; one that says what a column added with
    it is (an equality with a weight of -1 for it) has that column. What the first rows and columns
    had keeps its value, so that a solution which keeps the added rows stays feasible.

    Parameters
    ----------
    rows
        Rows that the basis knows.
    """
    status, width = highspy.HighsBasisStatus, len(basis.col_status)
    columns = [
        status.kZero if lower == -np.inf else status.kLower for lower in matrix.lower[width:]
    ]
    activities = [status.kBasic] * (len(matrix.rows) - rows)
    added = scipy.sparse.csr_array(matrix.a)[rows:]
    for row in range(len(activities)):
        if matrix.row_lower[rows + row] == matrix.row_upper[rows + row]:
            ours = slice(added.indptr[row], added.indptr[row + 1])
            numbers, weights = added.indices[ours], added.data[ours]
            own = numbers[(numbers >= width) & (weights == -1.0)]
            if len(own) == 1 and columns[own[0] - width] != status.kBasic:
                columns[own[0] - width], activities[row] = status.kBasic, status.kLower
    found = highspy.HighsBasis()
    found.col_status = [*basis.col_status, *columns]
    found.row_status = [*basis.row_status, *activities]
    found.valid = True
    return found


def aiming(matrix: Matrix, terms: dict[int, float], offset: float = 0.0) -> Matrix:
    """The matrix with other costs: weights by column."""
    cost: Floats = np.zeros(len(matrix.cost))
    for column, weight in terms.items():
        cost[column] = weight
    return replace(matrix, cost=cost, offset=offset)


def _stacked(rows: Sequence[dict[int, float]], width: int) -> scipy.sparse.csr_array:
    row = np.repeat(np.arange(len(rows)), [len(terms) for terms in rows])
    column = np.fromiter((key for terms in rows for key in terms), dtype=np.int64)
    data = np.fromiter((value for terms in rows for value in terms.values()), dtype=float)
    return scipy.sparse.csr_array((data, (row, column)), shape=(len(rows), width))
