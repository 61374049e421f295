"""What is left when whole numbers are settled."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
import scipy.sparse

from optimizer.solver.engine import Engine, Options
from optimizer.solver.matrix import Floats, Matrix
from optimizer.solver.watch import Watch

EXACT = 1e-9
"""Part of its terms by which a row of whole numbers alone may miss: what sums of doubles lose."""


class Rest:
    """The linear program of all columns that need not be whole, for settled whole numbers.

    Whole numbers are put in as numbers. Were their columns only fixed, one with a coefficient of
    1e12 would decide in which units its row is loaded, and what people add there would vanish
    below the tolerance.
    """

    def __init__(self, matrix: Matrix, options: Options) -> None:
        self.matrix, self.options = matrix, options
        self.whole, self.free = np.flatnonzero(matrix.integral), np.flatnonzero(~matrix.integral)
        self._settled = scipy.sparse.csr_array(matrix.a[:, self.whole])
        loose = scipy.sparse.csr_array(matrix.a[:, self.free])
        is_loose = np.diff(loose.indptr) > 0
        self._rows, self._alone = np.flatnonzero(is_loose), np.flatnonzero(~is_loose)
        self._loose = scipy.sparse.csc_array(loose[self._rows])

    def exact(self, x: Floats, watch: Watch) -> Floats | None:
        """Round the whole numbers and solve for the rest, so that no tolerance is exploited."""
        matrix = self.matrix
        rounded = np.round(x[self.whole])
        whole = np.clip(rounded, matrix.lower[self.whole], matrix.upper[self.whole])
        moved = self._settled @ whole
        if not self._holds(moved, abs(self._settled) @ np.abs(whole)):
            return None
        exact = x.copy()
        exact[self.whole] = whole
        if len(self.free):
            rest = self._loaded(moved)
            with rest.nearer():
                run = rest.run(watch, afresh=True)
            if run.x is None:
                return None
            exact[self.free] = np.clip(run.x, matrix.lower[self.free], matrix.upper[self.free])
        return exact

    def _holds(self, moved: Floats, size: Floats) -> bool:
        """Whether rows that hold whole numbers alone are kept."""
        low, high = self.matrix.row_lower[self._alone], self.matrix.row_upper[self._alone]
        number, near = moved[self._alone], EXACT * np.maximum(1.0, size[self._alone])
        return bool(((number >= low - near) & (number <= high + near)).all())

    def _loaded(self, moved: Floats) -> Engine:
        lower = self.matrix.row_lower[self._rows] - moved[self._rows]
        upper = self.matrix.row_upper[self._rows] - moved[self._rows]
        part = replace(self._part, row_lower=lower, row_upper=upper)
        return Engine(part, relaxed=True, options=self.options)

    @cached_property
    def _part(self) -> Matrix:
        matrix = self.matrix
        return Matrix(
            a=self._loose,
            cost=matrix.cost[self.free],
            offset=matrix.offset,
            row_lower=matrix.row_lower[self._rows],
            row_upper=matrix.row_upper[self._rows],
            lower=matrix.lower[self.free],
            upper=matrix.upper[self.free],
            integral=matrix.integral[self.free],
            columns=[matrix.columns[column] for column in self.free.tolist()],
            rows=[matrix.rows[row] for row in self._rows.tolist()],
            _positions={},
        )
