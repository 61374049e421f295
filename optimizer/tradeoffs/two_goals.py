"""Fronts of two goals: every point of it, one after the other, or points that are well spread.

A plan with the most of ``f + a little of g``, among those with ``g`` at a floor, is dominated by
none. So all points are found by raising the floor each time just above the last point; and points
between two others by a floor half-way, under the goal in which these are farther apart. Where a gap
is admitted no goal is held: whole plans rarely keep a floor under a sum of everything and have
nearly the most of another. What is sought there is a plan in which both goals come far from what is
exceeded between the two to what nothing reaches. What a search proves not to be there is never
looked for again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.tradeoffs.aiming import GoalAims, no_floors
from optimizer.tradeoffs.front_points import AimAnswer, FrontPoint, FrontPoints, OnPoint

BETWEEN = "between"
NEAR = 1e-3
"""Part of both ranges within which nothing is looked for between two points."""
_COUNTABLE = 5e5
"""Steps of one goal times those of the other up to which one search decides by both at once: half
of what the relative gap of a search that counts as proven could hide."""


def every_point(aims: GoalAims, ends: tuple[FrontPoint, FrontPoint], found: OnPoint) -> str:
    """Find all points between the ends, from the one with the most of the first goal on.

    Parameters
    ----------
    found
        Called with every point.

    Returns
    -------
    str
        Why there may be more; blank if it is proven that there are none.
    """
    last, end = ends
    steps = aims.steps
    while last.values[1] < end.values[1] - steps[1] / 2.0:
        floors = no_floors(2)
        floors[1] = aims.beyond(1, float(last.values[1]))
        answer = _next_of(aims, floors, ends)
        if answer.point is None:
            # Above the floor there is at least the other end.
            return answer.reason
        if answer.point.status != "optimal":
            found(answer.point)
            return "a point is not proven"
        if answer.point.values[1] <= last.values[1]:
            return "values are too close to be distinguished"
        last = answer.point
        found(last)
    return ""


def _next_of(aims: GoalAims, floors: Floats, ends: tuple[FrontPoint, FrontPoint]) -> AimAnswer:
    """The point with the most of the first goal above floors, and of the second among these."""
    first, second = ends
    one, other = aims.lattice
    if one and other:
        across = float(first.values[0] - second.values[0]) / one
        up = float(second.values[1] - first.values[1]) / other
        if across * (up + 1.0) <= _COUNTABLE:
            weights = np.array([1.0 / one, 1.0 / (other * (up + 1.0))])
            offset = -float(weights @ np.array([second.values[0], first.values[1]]))
            return aims.asked_for(weights, floors, BETWEEN, offset=offset)
    return aims.in_order([0], floors, BETWEEN)


@dataclass(frozen=True)
class Between:
    """Two neighbouring points, and up to where each goal is open between them.

    Attributes
    ----------
    first, second
        The one with more of the first goal, and the one with more of the second.
    tops
        Values that nothing between them reaches.
    """

    first: FrontPoint
    second: FrontPoint
    tops: tuple[float, float]

    @property
    def bottoms(self) -> Floats:
        """Values that everything between them exceeds."""
        return np.array([self.second.values[0], self.first.values[1]])

    def sizes(self, ranges: Floats) -> Floats:
        """Room between them in both goals, in parts of their ranges."""
        found: Floats = (np.array(self.tops) - self.bottoms) / ranges
        return found

    def is_empty(self, aims: GoalAims) -> bool:
        """Whether nothing can be between them, or nothing that is far enough from both."""
        is_near = bool((self.sizes(aims.ranges) <= NEAR).any())
        return self.is_proven_empty(aims) or is_near or self.is_within_gap(aims)

    def is_within_gap(self, aims: GoalAims) -> bool:
        """Whether what is between them differs in a goal by no more than the gap leaves open."""
        tops = np.array(self.tops)
        return bool((tops - self.bottoms <= aims.left_open(tops)).any())

    def is_beyond(self, point: FrontPoint, aims: GoalAims) -> bool:
        """Whether a point exceeds both bottoms by more than the gap leaves open."""
        beyond = point.values - self.bottoms
        return bool((beyond > aims.left_open(point.values)).all())

    def is_proven_empty(self, aims: GoalAims) -> bool:
        """Whether it is proven of a goal that none of its values is left between them."""
        sides = zip(self.bottoms.tolist(), self.tops, strict=True)
        return any(aims.is_next(goal, *each) for goal, each in enumerate(sides))


def spread_points(
    aims: GoalAims,
    points: FrontPoints,
    ends: tuple[FrontPoint, FrontPoint],
    wanted: int,
    found: OnPoint,
) -> str:
    """Find points where those that are known are farthest apart, until there are enough.

    Returns
    -------
    str
        Why there may be more; blank if it is proven that there are none.
    """
    first, second = ends
    tops = float(first.values[0]), float(second.values[1])
    left = [Between(first, second, tops)]
    # Beyond an end that is not proven there may be others as well.
    may_be_more = None in aims.lattice or any(end.status != "optimal" for end in ends)
    is_near = is_missed = False
    while left and len(points.found) < wanted:
        left.sort(key=lambda each: float(each.sizes(aims.ranges).max()))
        segment = left.pop()
        if segment.is_empty(aims):
            may_be_more |= not segment.is_proven_empty(aims)
            is_near |= segment.is_within_gap(aims)
            continue
        answer = _asked_between(aims, segment)
        if answer.point is None:
            return answer.reason
        may_be_more |= answer.point.status != "optimal"
        known = points.like(answer.point)
        if known is None:
            found(answer.point)
        point = known or answer.point
        if aims.by_floors:
            left += _parted(segment, *_floor_in(aims, segment), point)
        elif segment.is_beyond(point, aims):
            left += _parted_at(segment, point)
        else:
            # It is as good as an end, and nothing says that others are not better than both.
            is_missed = True
    is_near &= not left and not is_missed
    return why_more(aims, wanted, is_near=is_near) if left or may_be_more or is_missed else ""


def _floor_in(aims: GoalAims, segment: Between) -> tuple[int, float]:
    """The goal in which the ends of a segment are farther apart, and what is half-way."""
    held = int(np.argmax(segment.sizes(aims.ranges)))
    return held, float(segment.bottoms[held] + segment.tops[held]) / 2.0


def _asked_between(aims: GoalAims, segment: Between) -> AimAnswer:
    floors = no_floors(2)
    if not aims.by_floors:
        return aims.about_half_way(segment.bottoms, np.array(segment.tops), floors, BETWEEN)
    held, half = _floor_in(aims, segment)
    floors[held] = half
    return aims.asked_for(aims.weights(1 - held), floors, BETWEEN)


def why_more(aims: GoalAims, wanted: int, *, is_near: bool) -> str:
    """Why there may be points beside those found.

    Parameters
    ----------
    is_near
        Whether all that is left is nearer than the gap.
    """
    if is_near:
        told = f"{100 * aims.gap:.3g}%"
        return f"points that differ by no more than the gap of {told} are not looked for"
    return f"{wanted} points were asked for, and there may be others between them"


def _parted(segment: Between, held: int, half: float, point: FrontPoint) -> list[Between]:
    """What is left of a segment once nothing above half of it can be but at the point found."""
    lower = [*segment.tops]
    lower[held] = min(lower[held], half)
    inside = (
        segment.second.values[0] < point.values[0] < segment.first.values[0]
        and segment.first.values[1] < point.values[1] < segment.second.values[1]
    )
    if not inside:
        return [replace(segment, tops=(lower[0], lower[1]))]
    x, y = float(point.values[0]), float(point.values[1])
    if held == 0:
        # Above half of the first goal there is no more of the second than at the point.
        upper = Between(segment.first, point, (segment.tops[0], y))
        return [upper, Between(point, segment.second, (min(half, x), segment.tops[1]))]
    upper = Between(point, segment.second, (x, segment.tops[1]))
    return [upper, Between(segment.first, point, (segment.tops[0], min(half, y)))]


def _parted_at(segment: Between, point: FrontPoint) -> list[Between]:
    """What is left of a segment beside a point: on each side less of one goal than it has."""
    (x, y), tops = point.values.tolist(), segment.tops
    sides = (segment.first, point, (tops[0], y)), (point, segment.second, (x, tops[1]))
    return [Between(*side) for side in sides]
