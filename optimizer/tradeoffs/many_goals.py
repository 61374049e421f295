"""Fronts of three and more goals: zones in which points may still be, searched until none is left.

Every point that is found leaves open only what is better than it in some goal. So the zone above a
corner, in which it lies, is parted into one for each goal, whose corner is raised to the point
there (Klamroth, Lacour and Vanderpooten, European Journal of Operational Research 245 (2015), 767);
a zone within another is left out. A zone ends where a search proves that nothing is in it, and with
it all zones within. Any plan with the most of a weighted sum in a zone is dominated by none at all.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.persistent.aimed import NO_FLOOR
from optimizer.tradeoffs.aiming import GoalAims
from optimizer.tradeoffs.front_points import FrontPoints, OnPoint
from optimizer.tradeoffs.two_goals import BETWEEN, why_more

SMALLEST_ZONE = 1e-2
"""Part of the range of a goal below which a zone is not searched for well-spread points."""


class OpenZones:
    """Zones in which points may be, by their corners; one that is within another is left out.

    Parameters
    ----------
    steps
        Of each goal, by which a point in a zone exceeds its corner.
    proven
        Of each goal, which it is proven that nothing exceeds; infinite where it is not.
    """

    def __init__(self, steps: Floats, proven: Floats) -> None:
        self._steps, self._proven = steps, proven
        self.corners: list[Floats] = [np.full(len(steps), NO_FLOOR)]
        self._ended: list[Floats] = []

    def take(self, values: Floats) -> None:
        """Part every zone in which a point lies."""
        near = self._steps / 2.0
        corners = []
        for corner in self.corners:
            if not (values >= corner + near).all():
                corners.append(corner)
                continue
            for goal, value in enumerate(values):
                raised = corner.copy()
                raised[goal] = value
                corners.append(raised)
        self.corners = list(self._outermost(each for each in corners if self._is_open(each)))

    def leave(self, corner: Floats) -> None:
        """Look no further into a zone, although it is not proven that nothing is in it."""
        self.corners = [each for each in self.corners if each is not corner]

    def end(self, corner: Floats) -> None:
        """Take note that nothing is in a zone, nor in any within it."""
        self._ended.append(corner)
        self.corners = [each for each in self.corners if self._is_open(each)]

    def _is_open(self, corner: Floats) -> bool:
        if (corner + self._steps / 2.0 > self._proven).any():
            return False
        return not any((corner >= ended).all() for ended in self._ended)

    @staticmethod
    def _outermost(corners: Iterable[Floats]) -> Iterable[Floats]:
        kept: list[Floats] = []
        for corner in corners:
            if any((corner >= other).all() for other in kept):
                continue
            kept = [other for other in kept if not (other >= corner).all()]
            kept.append(corner)
        return kept

    def largest(self, worst: Floats, best: Floats) -> tuple[Floats, float]:
        """The zone that leaves most room in the goal in which it leaves least, and that room."""

        def room(corner: Floats) -> float:
            return float(((best - np.maximum(corner, worst)) / (best - worst)).min())

        corner = max(self.corners, key=room)
        return corner, room(corner)


def every_point_in_zones(
    aims: GoalAims, zones: OpenZones, bounds: tuple[Floats, Floats], found: OnPoint
) -> str:
    """Find all points that are left.

    Parameters
    ----------
    bounds
        Least and most of every goal among the ends.
    found
        Called with every point.

    Returns
    -------
    str
        Why there may be more; blank if it is proven that there are none.
    """
    steps = aims.steps
    counted = np.array([step is not None for step in aims.lattice])
    while zones.corners:
        corner, _ = zones.largest(*bounds)
        floors = corner + np.where(counted, steps / 2.0, steps)
        answer = aims.asked_for(1.0 / aims.ranges, floors, BETWEEN)
        if answer.status == "infeasible":
            zones.end(corner)
            continue
        if answer.point is None:
            return answer.reason
        found(answer.point)
        if answer.point.status != "optimal":
            return "a point is not proven"
        before = len(zones.corners), [each.tolist() for each in zones.corners]
        zones.take(answer.point.values)
        if before == (len(zones.corners), [each.tolist() for each in zones.corners]):
            return "values are too close to be distinguished"
    return ""


def spread_in_zones(
    aims: GoalAims,
    points: FrontPoints,
    zones: OpenZones,
    bounds: tuple[Floats, Floats],
    wanted: int,
) -> str:
    """Find points half-way into the largest zones until there are enough.

    Parameters
    ----------
    bounds
        Least and most of every goal among the ends.

    Returns
    -------
    str
        Why there may be more; blank if it is proven that there are none.
    """
    worst, best = bounds
    may_be_more, is_near = None in aims.lattice, False
    while zones.corners and len(points.found) < wanted:
        corner, room = zones.largest(worst, best)
        if room <= SMALLEST_ZONE:
            may_be_more = True
            break
        start = np.maximum(corner, worst)
        if (best - start <= aims.left_open(best)).any():
            may_be_more = is_near = True
            zones.leave(corner)
            continue
        floors = np.where(np.isfinite(corner), corner + aims.steps / 2.0, NO_FLOOR)
        ask = aims.on_the_way if aims.by_floors else aims.about_half_way
        answer = ask(start, best, floors, BETWEEN)
        if answer.status == "infeasible":
            zones.end(corner)
            continue
        if answer.point is None:
            return answer.reason
        may_be_more |= answer.point.status != "optimal"
        before = [each.tolist() for each in zones.corners]
        zones.take(answer.point.values)
        if not points.add(answer.point) and before == [each.tolist() for each in zones.corners]:
            may_be_more = True
            zones.leave(corner)
    if not zones.corners and not may_be_more:
        return ""
    return why_more(aims, wanted, is_near=is_near and not zones.corners)
