"""Which published numbers have to be withheld, so that small ones cannot be worked out from others.

Hiding small numbers alone is not enough: what is hidden follows from a total and what stands beside
it. Here a number counts as hidden only where another world is at hand, counted in whole persons,
that agrees with everything that is published and has another number there. Each is found by a small
mixed-integer program that may withhold further numbers at a cost, which is what they tell; what it
withholds is the least that this one number needs. Withholding more never makes a world impossible
that was possible before, so that every number is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse

from optimizer.frames.arrays import Floats, Integers, Mask
from optimizer.io.muting import muted

THRESHOLD = 5
"""Smallest number of people that is published as it is."""
_SHIFT = 8.0
"""Most people by which a cell or a sum of another world differs: enough to go from 1 to 4, and to
make up for it elsewhere. Worlds that differ by more are not looked for, which is on the safe side
and keeps the numbers of the program small."""
_SECONDS = 20.0
"""Most time for one number; without an answer everything is withheld."""
_HALF = 0.5


@dataclass(frozen=True)
class Published:
    """Sums over cells nobody sees, that are to be published.

    Attributes
    ----------
    cells
        People in each cell, as they are.
    sums
        A row for every sum that is published: 1 for the cells it adds up.
    losses
        What is lost with each sum that is withheld.
    are_beside
        Sums that are published added to numbers that everybody knows: ``<5`` cannot be said of
        them, so that small ones are withheld.
    links
        Rows that are zero in every world: two ways to add up the same people.
    money
        A row for every amount that is published rounded: money by person in each cell.
    low, high
        How far each amount can fall and rise and still be rounded to the same.
    """

    cells: Integers
    sums: scipy.sparse.csr_array
    losses: Floats
    are_beside: Mask
    links: scipy.sparse.csr_array
    money: scipy.sparse.csr_array
    low: Floats
    high: Floats

    @property
    def values(self) -> Floats:
        """The sums as they are."""
        return np.asarray(self.sums @ self.cells, dtype=float)

    @property
    def are_small(self) -> Mask:
        """Sums that are never published as they are."""
        return self.values < THRESHOLD


@dataclass(frozen=True)
class Marks:
    """What is not told: sums that are withheld altogether, and amounts of money."""

    sums: Mask
    money: Mask


def withheld(published: Published) -> Marks:
    """Give what is withheld: ``<5`` is said of small sums that are not, all others are told.

    Every small sum can then be as much as 4 or more, and as little as 1 or, where the number of
    listed parts says that it is more, as little as that.
    """
    worlds = _Worlds(published)
    for row in np.flatnonzero(published.are_small):
        for sense, number in worlds.goals(int(row)):
            if not worlds.find(int(row), sense, number):
                return _everything(published)
    return worlds.marks


def _everything(published: Published) -> Marks:
    return Marks(np.ones(len(published.values), bool), np.ones(len(published.low), bool))


class _Worlds:
    """Looks for other worlds, and withholds what they contradict."""

    def __init__(self, published: Published) -> None:
        self._p = published
        values, small = published.values, published.are_small
        self._money = abs(published.money)
        self._count = len(values)
        # By how much sums and amounts may differ where they are told, and where they are not.
        told_low = np.where(small, 1.0 - values, 0.0)
        told_high = np.where(small, THRESHOLD - 1.0 - values, 0.0)
        free_low = np.maximum(np.where(small, 1.0, float(THRESHOLD)) - values, -_SHIFT)
        free = _SHIFT * np.asarray(self._money.sum(axis=1), dtype=float)
        self._low = np.concatenate([told_low, published.low])
        self._high = np.concatenate([told_high, published.high])
        self._free_low = np.concatenate([free_low, -free])
        self._free_high = np.concatenate([np.full(len(values), _SHIFT), free])
        self._hidden = np.concatenate([small & published.are_beside, np.zeros(len(free), bool)])
        self._losses = np.concatenate([published.losses, np.full(len(free), 100.0)])
        self._losses[: self._count][small] = _HALF
        self._all = scipy.sparse.vstack([published.sums, published.money], format="csr")
        self._seen: list[Floats] = []

    @property
    def marks(self) -> Marks:
        """What is withheld so far."""
        return Marks(self._hidden[: self._count].copy(), self._hidden[self._count :].copy())

    def goals(self, row: int) -> Iterator[tuple[float, float]]:
        """What another world must show of a small sum: at least one number, at most another."""
        value = float(self._p.values[row])
        least = self._least(row)
        yield 1.0, max(THRESHOLD - 1.0, least + 1.0) - value
        if least < value:
            yield -1.0, least - value

    def _least(self, row: int) -> float:
        """The least that a sum can be, given no more than which numbers there are."""
        everything = np.ones(len(self._hidden), bool)
        found = self._solve(self._all[[row]].toarray()[0], everything, None)
        value = float(self._p.values[row])
        return value if found is None else max(1.0, value + float((self._all @ found)[row]))

    def find(self, row: int, sense: float, number: float) -> bool:
        """Find a world in which a sum differs so much, withholding what it contradicts."""
        if any(sense * seen[row] >= sense * number for seen in self._seen):
            return True
        goal = self._all[[row]] * sense, sense * number
        found = self._solve(np.zeros(len(self._p.cells)), self._hidden, goal)
        if found is None:
            return False
        differs = np.asarray(self._all @ found, dtype=float)
        self._hidden |= (differs < self._low) | (differs > self._high)
        is_world = (
            sense * differs[row] >= sense * number
            and not np.any(self._p.links @ found)
            and bool((differs >= self._free_low).all())
        )
        self._seen += [differs] if is_world else []
        return is_world

    def _solve(
        self,
        cost: Floats,
        hidden: Mask,
        goal: tuple[scipy.sparse.csr_array, float] | None,
    ) -> Floats | None:
        """Solve for the differences of all cells; ``None`` where there is no answer in time."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        cells, rows = len(self._p.cells), len(hidden)
        more_low, more_high = self._low - self._free_low, self._free_high - self._high
        eye = scipy.sparse.csr_array
        # low - (low - free_low) * withheld <= differs <= high + (free_high - high) * withheld
        falls = scipy.sparse.hstack([self._all, scipy.sparse.diags_array(more_low)])
        rises = scipy.sparse.hstack([self._all, scipy.sparse.diags_array(-more_high)])
        links = scipy.sparse.hstack([self._p.links, eye((self._p.links.shape[0], rows))])
        rules = [
            LinearConstraint(falls, self._low, np.inf),
            LinearConstraint(rises, -np.inf, self._high),
        ]
        if self._p.links.shape[0]:
            rules.append(LinearConstraint(links, 0.0, 0.0))
        if goal is not None:
            wanted = scipy.sparse.hstack([goal[0], eye((1, rows))])
            rules.append(LinearConstraint(wanted, goal[1], np.inf))
        losses = np.where(hidden, 0.0, self._losses) if goal is not None else np.zeros(rows)
        least = -np.minimum(self._p.cells, _SHIFT)
        bounds = Bounds(
            np.concatenate([least, hidden.astype(float)]),
            np.concatenate([np.full(cells, _SHIFT), np.ones(rows)]),
        )
        # HiGHS says on stdout, whatever it is asked, when it looks at a solution twice.
        with muted():
            answer = milp(
                np.concatenate([cost, losses]),
                integrality=np.ones(cells + rows, dtype=np.int64),
                bounds=bounds,
                constraints=rules,
                options={"time_limit": _SECONDS, "mip_rel_gap": 0.01},
            )
        return None if answer.x is None else np.round(answer.x[:cells])
