"""Why no plan exists: the least relaxation of numbers that would allow one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse

from optimizer.frames.arrays import Floats, Integers
from optimizer.solver.engine import Engine
from optimizer.solver.loading import Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.watch import Watch


def least_relaxation(
    matrix: Matrix,
    may_relax: Callable[[str, object], bool],
    watch: Watch,
    options: Options,
) -> pd.DataFrame | None:
    """Relax as little as possible, each number relative to itself.

    minimise sum over rows that may be loosened of loosened / max(1, |number|).

    Equalities may be loosened on either side.

    Parameters
    ----------
    may_relax
        Says of a rule name and a row index whether its number may be loosened.

    Returns
    -------
    pandas.DataFrame or None
        rule, index, number, relaxed_by, relaxed_to; empty if integers alone make it infeasible
        and the search found no answer; ``None`` if not even loosening everything helps, or the
        watch stopped it.
    """
    rows = np.array(
        [number for number, (rule, index) in enumerate(matrix.rows) if may_relax(rule, index)],
        dtype=np.int64,
    )
    rows = np.concatenate([rows, rows[matrix.row_lower[rows] == matrix.row_upper[rows]]])
    elastic = with_slack(matrix, rows)
    run = Engine(elastic, relaxed=True, options=options).run(watch)
    if run.status != "optimal" or run.x is None:
        return None
    table = _table(matrix, rows, run.x)
    if len(table) or not matrix.integral.any():
        return table
    run = Engine(elastic, relaxed=False, options={**options, "mip_rel_gap": 0.05}).run(watch)
    return table if run.status != "optimal" or run.x is None else _table(matrix, rows, run.x)


def with_slack(matrix: Matrix, rows: Integers) -> Matrix:
    """The matrix with one column per relaxable row that widens it, and only these cost.

    A row that is listed again gives way on its lower side there, as equalities may on both.
    """
    count, height = len(rows), len(matrix.row_lower)
    signs = np.where(_give_way_above(matrix, rows), -1.0, 1.0)
    slack = scipy.sparse.csc_array((signs, (rows, np.arange(count))), shape=(height, count))
    weight = 1.0 / np.maximum(1.0, np.abs(matrix.numbers()[rows]))
    zeros = np.zeros(len(matrix.cost))
    return Matrix(
        a=scipy.sparse.csc_array(scipy.sparse.hstack([matrix.a, slack])),
        cost=np.concatenate([zeros, -weight]),
        offset=0.0,
        row_lower=matrix.row_lower,
        row_upper=matrix.row_upper,
        lower=np.concatenate([matrix.lower, np.zeros(count)]),
        upper=np.concatenate([matrix.upper, np.full(count, np.inf)]),
        integral=np.concatenate([matrix.integral, np.zeros(count, dtype=bool)]),
        columns=[*matrix.columns, *(("relaxed", int(row)) for row in rows)],
        rows=matrix.rows,
        _positions={},
    )


def _give_way_above(matrix: Matrix, rows: Integers) -> npt.NDArray[np.bool_]:
    """Whether a row gives way on its upper side; one that is listed again does not."""
    is_first = np.zeros(len(rows), dtype=bool)
    is_first[np.unique(rows, return_index=True)[1]] = True
    found: npt.NDArray[np.bool_] = np.isfinite(matrix.row_upper[rows]) & is_first
    return found


def _table(matrix: Matrix, rows: Integers, x: Floats) -> pd.DataFrame:
    relaxed = x[len(matrix.cost) :]
    numbers, above = matrix.numbers()[rows], _give_way_above(matrix, rows)
    needed = np.flatnonzero(relaxed > 1e-6 * np.maximum(1.0, np.abs(numbers)))
    return pd.DataFrame(
        {
            "rule": [matrix.rows[rows[i]][0] for i in needed],
            # None is the index of rules with one row.
            "index": pd.Series([matrix.rows[rows[i]][1] for i in needed], dtype=object),
            "number": numbers[needed],
            "relaxed_by": relaxed[needed],
            "relaxed_to": (numbers + np.where(above, relaxed, -relaxed))[needed],
        }
    )
