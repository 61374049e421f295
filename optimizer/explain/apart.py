"""Plans that are nearly as good, each as different from those before it as can be found.

Plans are compared by slots of each country and track over all years. The distance of two plans is
half of all differences, over the slots of the plan in hand: where both have as many slots, the
share of them that is elsewhere; a slot less counts half a slot.

The plan that is farthest from the nearest one is found, and proven to be, by a mixed-integer model
(:mod:`optimizer.explain.farthest`) where pairs and plans are few. Otherwise the search goes
uphill, as in the Frank-Wolfe method: with weights ``w`` of the earlier plans ``p`` it asks for
a solution with the most of

    sum over pairs c of (sum over plans p of w_p sign(x_c - p_c)) x_c,

whose distances, so weighted, are no smaller, and takes the signs there, until nothing moves. It
begins with fewer slots where earlier plans have some and more where they have none (Brill, Chang
and Hopkins 1982), with the opposite of what the last plan changed, and with signs that are drawn.
What is found by relaxation is found once more in whole people. So each plan is as far away as was
found: one that is farther away may exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse

from optimizer.explain.farthest import MOST_SIGNS, Sides, farthest_model
from optimizer.explain.nearly_as_good import NearlyAsGood
from optimizer.explain.ranges import Sum
from optimizer.frames.arrays import Floats
from optimizer.solver import Watch

PAIRS = "country,track"
"""Keys by which plans are compared."""
DRAWN = 2
"""Beginnings whose signs are drawn."""
ROUNDS = 4
"""Steps uphill from each beginning, by relaxation."""
WHOLE_ROUNDS = 2
"""Steps uphill in whole people."""
WHOLE_GAP = 0.01
"""Relative gap of each of these: 1% of the distance."""
_SAME = 1e-6
"""Difference of slots that is none, and part of a distance that is no gain."""
_NEAREST = 0.05
"""Distance that is added to all, so that the nearest plan counts most, but not alone."""


def distance(one: Floats, other: Floats, in_hand: float) -> float:
    """Share of slots that are elsewhere: half of all differences, over the slots in hand.

    Examples
    --------
    >>> distance(np.array([6.0, 4.0]), np.array([3.0, 7.0]), 10.0)
    0.3
    """
    return float(np.abs(one - other).sum()) / (2.0 * max(1.0, in_hand))


@dataclass(frozen=True)
class Pairs:
    """Pairs of country and track by which plans are compared.

    Attributes
    ----------
    sums
        Slots of each pair in the plan in hand.
    """

    sums: Sequence[Sum]
    width: int

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Country and track of each."""
        found = []
        for each in self.sums:
            country, track = each.key.split(", ")
            found.append((country, track))
        return found

    @property
    def in_hand(self) -> Floats:
        """Slots of the plan in hand."""
        return np.array([each.value for each in self.sums])

    @property
    def matrix(self) -> scipy.sparse.csr_array:
        """Adds up columns by pair."""
        entries = [(row, column) for row, each in enumerate(self.sums) for column in each.columns]
        rows, columns = zip(*entries, strict=True) if entries else ((), ())
        shape = len(self.sums), self.width
        return scipy.sparse.csr_array((np.ones(len(entries)), (rows, columns)), shape=shape)


class ApartSearch:
    """Search for plans that are far from those that are known.

    Parameters
    ----------
    among
        The plans that count.
    seed
        Of the signs that are drawn.
    """

    def __init__(self, among: NearlyAsGood, pairs: Pairs, seed: int) -> None:
        self._among, self._adding = among, pairs.matrix
        self._seed, self._in_hand = seed, float(pairs.in_hand.sum())
        self._sides: Sides | None = None

    def slots(self, x: Floats) -> Floats:
        """Slots of a solution by pair."""
        found: Floats = self._adding @ x
        return found

    def _nearest(self, slots: Floats, earlier: Sequence[Floats]) -> float:
        return min(distance(slots, one, self._in_hand) for one in earlier)

    def next(self, earlier: Sequence[Floats], watch: Watch) -> tuple[Floats | None, bool]:
        """A solution in whole people, far from the slots of earlier plans.

        Returns
        -------
        tuple
            The solution, or ``None`` where no other was found or time ran out; and whether it is
            proven that none is farther from the nearest plan, or that there is no other.
        """
        found = None
        is_small = self._adding.shape[0] * len(earlier) <= MOST_SIGNS
        sides = self._bounds(watch) if is_small else None
        if sides is not None:
            model = farthest_model(self._among.matrix, self._adding, sides, earlier)
            run = self._among.solved(model, watch)
            x = None if run.x is None else run.x[: len(self._among.matrix.cost)]
            is_other = x is not None and self._nearest(np.round(self.slots(x)), earlier) > _SAME
            found = x if is_other else None
            if run.status == "optimal":
                return found, True
        uphill = self._found_uphill(earlier, watch)
        known = [x for x in (found, uphill) if x is not None]
        return max(
            known, key=lambda x: self._nearest(np.round(self.slots(x)), earlier), default=None
        ), False

    def _bounds(self, watch: Watch) -> Sides | None:
        """Least and most slots of each pair, by relaxation; ``None`` where time ran out."""
        if self._sides is None:
            ends: dict[float, list[float]] = {-1.0: [], 1.0: []}
            for pair in range(self._adding.shape[0]):
                for sign, found in ends.items():
                    x = self._among.relaxed(sign * self._adding[[pair]].toarray()[0], watch)
                    if x is None:
                        return None
                    found.append(float(self.slots(x)[pair]) + sign * _SAME)
            least, most = (np.array(found) for found in ends.values())
            self._sides = Sides(np.floor(least), np.ceil(most))
        return self._sides

    def _found_uphill(self, earlier: Sequence[Floats], watch: Watch) -> Floats | None:
        best, least = None, 0.0
        signs = self._farthest(earlier, watch)
        for _ in range(WHOLE_ROUNDS):
            if signs is None or watch.should_stop():
                break
            x = self._whole(signs, earlier, watch)
            if x is None:
                break
            slots = np.round(self.slots(x))
            nearest = self._nearest(slots, earlier)
            if nearest <= least + _SAME:
                break
            best, least = x, nearest
            after = self._uphill(slots, earlier)
            signs = None if np.array_equal(after, signs) else after
        return best

    def _farthest(self, earlier: Sequence[Floats], watch: Watch) -> Floats | None:
        """Signs with which the relaxation is farthest from the nearest plan."""
        best, farthest = None, -1.0
        for begun in self._beginnings(earlier):
            signs, before = begun, -1.0
            for _ in range(ROUNDS):
                if watch.should_stop():
                    return best
                x = self._among.relaxed(self._adding.T @ signs, watch)
                if x is None:
                    return best
                slots = self.slots(x)
                nearest = self._nearest(slots, earlier)
                if nearest > farthest + _SAME:
                    best, farthest = signs, nearest
                if nearest <= before + _SAME:
                    break
                signs, before = self._uphill(slots, earlier), nearest
        return best

    def _beginnings(self, earlier: Sequence[Floats]) -> Iterator[Floats]:
        used = np.sum(earlier, axis=0) > _SAME
        yield np.where(used, -1.0, 1.0)
        if len(earlier) > 1:
            moved = np.sign(earlier[0] - earlier[-1])
            yield np.where(moved == 0.0, np.where(used, -1.0, 1.0), moved)
        draw = np.random.default_rng((self._seed, len(earlier)))
        for _ in range(DRAWN):
            yield draw.choice([-1.0, 1.0], size=len(used))

    def _whole(self, signs: Floats, earlier: Sequence[Floats], watch: Watch) -> Floats | None:
        # Counted from the plan in hand, so that the gap is one of the distance.
        offset = -float(signs @ earlier[0])
        return self._among.whole(self._adding.T @ signs, watch, gap=WHOLE_GAP, offset=offset).x

    def _uphill(self, slots: Floats, earlier: Sequence[Floats]) -> Floats:
        """Signs of what differs from earlier plans, the nearest counting most."""
        near = [distance(slots, one, self._in_hand) for one in earlier]
        weights = 1.0 / (_NEAREST + np.array(near))
        apart = np.array([slots - one for one in earlier])
        apart[np.abs(apart) <= _SAME] = 0.0
        found: Floats = (weights / weights.max()) @ np.sign(apart)
        return found
