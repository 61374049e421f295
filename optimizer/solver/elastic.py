"""Rows that may give way at a price: the least that they must, and which of them are to blame."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse

from optimizer.frames.arrays import Floats, Integers
from optimizer.solver.engine import Engine
from optimizer.solver.loading import Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.watch import Watch

_NEEDED = 1e-6
"""Part of a row's number, or of 1 if it is smaller, by which it must give way to count."""
_PRIMAL = 4
"""Primal simplex, in HiGHS's ``simplex_strategy``."""
_PRICED = 1e-13
"""Part of the price of giving way from which a row's dual is more than noise.

A row that is blamed for nothing costs a question more, one that is missed costs the answer: beside
a floor of 100 million a budget of 3 has a dual of 3e-8 of its price.
"""


@dataclass(frozen=True)
class Given:
    """Result of letting rows give way.

    Attributes
    ----------
    status
        ``kept`` where no row that has a price must give way, ``clashing`` where some must,
        ``infeasible`` where even that does not help, or ``stopped``.
    to_blame
        Rows with a price whose dual is not zero: with the rows that cannot give way they are
        infeasible (Farkas), whatever becomes of all others.
    """

    status: str
    to_blame: tuple[int, ...] = ()


class Elastic:
    """The relaxation of a matrix in which some rows may give way, solved on from run to run.

    minimise sum over rows with a price of slack / max(1, |number|).

    Equalities may give way on either side.

    Parameters
    ----------
    rows
        Rows that may give way, each once.
    """

    def __init__(self, matrix: Matrix, rows: Integers, options: Options) -> None:
        is_equal = matrix.row_lower[rows] == matrix.row_upper[rows]
        self._listed = np.concatenate([rows, rows[is_equal]])
        self._numbers = np.maximum(1.0, np.abs(matrix.numbers()[self._listed]))
        self._width = len(matrix.cost)
        elastic = with_slack(matrix, self._listed)
        self._prices = -elastic.cost[self._width :]
        self._engine = Engine(elastic, relaxed=True, options=options)

    def run(self, free: Collection[int], watch: Watch) -> Given:
        """Let rows give way, and some of them for nothing: these are as good as left out."""
        priced = ~np.isin(self._listed, np.fromiter(free, dtype=np.int64))
        prices = np.where(priced, -self._prices, 0.0)
        self._engine.set_costs(np.concatenate([np.zeros(self._width), prices]), 0.0)
        # From nothing, interior point: simplex took more than ten minutes on the Japan case.
        run = self._engine.run(watch, afresh=self._engine.runs == 0)
        # Only prices change from here on: the basis stays primal feasible.
        self._engine.set_option("simplex_strategy", _PRIMAL)
        if run.status != "optimal" or run.x is None:
            return Given("stopped" if run.status == "stopped" else "infeasible")
        slack = run.x[self._width :]
        if not (slack > _NEEDED * self._numbers)[priced].any():
            return Given("kept")
        duals = np.abs(self._engine.prices())[self._listed]
        blamed = self._listed[priced & (duals > _PRICED * self._prices)]
        return Given("clashing", tuple(int(row) for row in np.unique(blamed)))


def with_slack(matrix: Matrix, rows: Integers) -> Matrix:
    """The matrix with one column per relaxable row that widens it, and only these cost.

    A row that is listed again gives way on its lower side there, as equalities may on both.
    """
    count, height = len(rows), len(matrix.row_lower)
    signs = np.where(_give_way_above(matrix, rows), -1.0, 1.0)
    slack = scipy.sparse.csc_array((signs, (rows, np.arange(count))), shape=(height, count))
    weight = 1.0 / np.maximum(1.0, np.abs(matrix.numbers()[rows]))
    return with_columns(matrix, slack, -weight, [("relaxed", int(row)) for row in rows])


def with_columns(
    matrix: Matrix, a: scipy.sparse.csc_array, cost: Floats, names: list[tuple[str, object]]
) -> Matrix:
    """The matrix with continuous columns of at least 0 appended, and only these cost."""
    count = len(cost)
    return Matrix(
        a=scipy.sparse.csc_array(scipy.sparse.hstack([matrix.a, a])),
        cost=np.concatenate([np.zeros(len(matrix.cost)), cost]),
        offset=0.0,
        row_lower=matrix.row_lower,
        row_upper=matrix.row_upper,
        lower=np.concatenate([matrix.lower, np.zeros(count)]),
        upper=np.concatenate([matrix.upper, np.full(count, np.inf)]),
        integral=np.concatenate([matrix.integral, np.zeros(count, dtype=bool)]),
        columns=[*matrix.columns, *names],
        rows=matrix.rows,
        _positions={},
    )


def _give_way_above(matrix: Matrix, rows: Integers) -> npt.NDArray[np.bool_]:
    """Whether a row gives way on its upper side; one that is listed again does not."""
    is_first = np.zeros(len(rows), dtype=bool)
    is_first[np.unique(rows, return_index=True)[1]] = True
    found: npt.NDArray[np.bool_] = np.isfinite(matrix.row_upper[rows]) & is_first
    return found
