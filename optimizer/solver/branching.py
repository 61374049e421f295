"""Parts of the whole space, for what branch and bound left open by less than it can see."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.solver.matrix import Matrix
from optimizer.solver.wholeness import Wholeness

SEARCHES = 200
"""Searches after which what is open stays open: the gap then says so."""


@dataclass(frozen=True)
class Box:
    """Bounds of all columns, and a bound on the points of every plan within them."""

    lower: Floats
    upper: Floats
    bound: float = np.inf

    def of(self, matrix: Matrix) -> Matrix:
        """The matrix with these bounds."""
        return replace(matrix, lower=self.lower, upper=self.upper)

    def holds(self, x: Floats) -> bool:
        """Whether a plan lies within."""
        return bool(((x >= self.lower) & (x <= self.upper)).all())

    def split(self, x: Floats, whole: Wholeness) -> list[Box]:
        """Parts that hold all integers of the box; in none of them does ``x`` do again.

        Parted on both sides of what lets most through without being whole. Where all are whole,
        the decision that lets most through is settled as it is, or made another. Empty if there is
        nothing to part.
        """
        columns = whole.columns
        values = np.clip(x[columns], self.lower[columns], self.upper[columns])
        is_free = self.lower[columns] < self.upper[columns]
        off = np.abs(values - np.round(values)) * is_free
        if off.any():
            place = int(np.argmax(off * np.maximum(1.0, whole.people)))
            low = float(np.floor(values[place]))
            sides = [(-np.inf, low), (low + 1.0, np.inf)]
        elif (whole.people * is_free).any():
            place = int(np.argmax(whole.people * is_free))
            value = float(np.round(values[place]))
            sides = [(-np.inf, value - 1.0), (value + 1.0, np.inf), (value, value)]
        else:
            return []
        parts = [self._part(int(columns[place]), *side) for side in sides]
        return [part for part in parts if (part.lower <= part.upper).all()]

    def _part(self, column: int, low: float, high: float) -> Box:
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[column], upper[column] = max(lower[column], low), min(upper[column], high)
        return Box(lower, upper, self.bound)


class Parts:
    """Boxes still to be searched, and a bound on all plans that lie in none of them."""

    def __init__(self, everything: Box) -> None:
        self._left = [everything]
        self._closed = -np.inf
        self.searched = 0

    @property
    def left(self) -> bool:
        """Whether there is a box to be searched, and not too many were already."""
        return bool(self._left) and self.searched < SEARCHES

    @property
    def bound(self) -> float:
        """Bound on all plans."""
        return max([self._closed, *(box.bound for box in self._left)])

    def next(self) -> Box:
        """A box to be searched now: the one that may hold the best plan."""
        self.searched += 1
        return self._left.pop(int(np.argmax([box.bound for box in self._left])))

    def add(self, boxes: list[Box], bound: float) -> None:
        """Take in what a box was parted into; without parts it is closed with its bound."""
        if not boxes:
            self.close(bound)
        self._left += [replace(box, bound=bound) for box in boxes]

    def close(self, bound: float) -> None:
        """Search a box no more, in which no plan has more points than the bound."""
        self._closed = max(self._closed, bound)
