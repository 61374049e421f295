"""Rows and columns appended to a compiled model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse

from optimizer.solver.matrix import Matrix


def grown(matrix: Matrix, part: Matrix) -> Matrix:
    """Append to a matrix what a part has besides, found by name.

    Parameters
    ----------
    part
        Some rows over columns of the matrix and of its own; rows and columns that the matrix has
        already stay as they are there.
    """
    known = set(matrix.rows)
    rows = [number for number, key in enumerate(part.rows) if key not in known]
    found = [matrix.column(*key) for key in part.columns]
    fresh = [number for number, column in enumerate(found) if column is None]
    width = len(matrix.columns) + len(fresh)
    numbers = iter(range(len(matrix.columns), width))
    columns = np.array([next(numbers) if column is None else column for column in found])
    added = scipy.sparse.coo_array(scipy.sparse.csr_array(part.a)[rows])
    below = scipy.sparse.csr_array(
        (added.data, (added.coords[0], columns[added.coords[1]])), shape=(len(rows), width)
    )
    none = scipy.sparse.csc_array((len(matrix.rows), len(fresh)))
    above = scipy.sparse.hstack([matrix.a, none])
    names = [*matrix.columns, *(part.columns[number] for number in fresh)]
    return replace(
        matrix,
        a=scipy.sparse.csc_array(scipy.sparse.vstack([above, below])),
        cost=np.append(matrix.cost, part.cost[fresh]),
        row_lower=np.append(matrix.row_lower, part.row_lower[rows]),
        row_upper=np.append(matrix.row_upper, part.row_upper[rows]),
        lower=np.append(matrix.lower, part.lower[fresh]),
        upper=np.append(matrix.upper, part.upper[fresh]),
        integral=np.append(matrix.integral, part.integral[fresh]),
        columns=names,
        rows=[*matrix.rows, *(part.rows[number] for number in rows)],
        _positions={key: number for number, key in enumerate(names)},
    )
