"""The compiled model: one sparse matrix, with names for every row and column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse

from optimizer.frames.arrays import Floats, Integers, Mask

RowName: TypeAlias = tuple[str, object]
"""Rule of a row, and its index there."""


def read_only(*arrays: npt.NDArray[np.generic]) -> None:
    """Let arrays that are handed over be changed by nobody any more."""
    for array in arrays:
        array.flags.writeable = False


@dataclass(frozen=True)
class Matrix:
    """Maximise ``cost @ x + offset`` with ``row_lower <= A x <= row_upper`` and bounds on x.

    Whoever holds a matrix shares its arrays with others: with the matrices it was made from, with
    searches, with what is kept of it. So they can only be read from then on, and a change makes
    another matrix.

    Attributes
    ----------
    columns
        Component name and index of every column, e.g. ``("value", "trade")``.
    rows
        Name of every row.
    integral
        Which columns must be integers.
    """

    a: scipy.sparse.csc_array
    cost: Floats
    offset: float
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integral: Mask
    columns: list[tuple[str, object]]
    rows: list[RowName]
    _positions: dict[tuple[str, object], int] = field(repr=False)

    def __post_init__(self) -> None:
        sides = self.row_lower, self.row_upper, self.lower, self.upper
        read_only(self.cost, *sides, self.integral, self.a.data, self.a.indices, self.a.indptr)

    def column(self, component: str, index: object) -> int | None:
        """Column of a decision; ``None`` if no rule speaks of it."""
        return self._positions.get((component, index))

    def family(self, component: str) -> Integers:
        """Columns of a component, in column order."""
        return np.array(
            [number for number, (name, _) in enumerate(self.columns) if name == component],
            dtype=np.int64,
        )

    def numbers(self) -> Floats:
        """Number of every row: its upper side where finite, its lower side otherwise."""
        upper = self.row_upper
        return np.where(np.isfinite(upper), upper, self.row_lower)

    def points(self, x: Floats) -> float:
        """Value of the objective."""
        return float(self.cost @ x + self.offset)

    def violation(self, x: Floats) -> float:
        """Largest violation of any row or bound, absolute."""
        activity = self.a @ x
        worst = 0.0
        for low, value, high in (
            (self.row_lower, activity, self.row_upper),
            (self.lower, x, self.upper),
        ):
            if len(value):
                worst = max(worst, float(np.max(low - value)), float(np.max(value - high)))
        return worst
