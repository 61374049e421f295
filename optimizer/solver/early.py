"""A plan first, then the gap: decisions of a search are used before it has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from optimizer.frames.arrays import Floats
from optimizer.solver.watch import Watch, relative_gap

FIRST_GAP = 0.01
"""Relative gap up to which a first plan is wanted before anything better is searched for."""
WAITED = 0.5
"""Share of the time left that may pass before a first plan is made of the best decisions there
are, however good they are."""


@dataclass
class Early:
    """Hands over the best solution of branch and bound once, before the search has ended.

    Attributes
    ----------
    gap
        Relative gap within which the solution must be proven, unless time is short.
    take
        Is given the solution.
    watch
        Clock of the search.
    wait_until
        Seconds left from which on any solution will do.
    """

    gap: float
    take: Callable[[Floats], None]
    watch: Watch
    wait_until: float
    is_done: bool = False

    def see(self, x: Floats | None, points: float, bound: float) -> None:
        """Look at the best solution so far, and hand it over if it is time to."""
        if x is None or self.is_done:
            return
        is_short = self.watch.seconds_left() < self.wait_until
        # HiGHS's bound is minus infinity as long as there is none, whatever is optimised.
        is_close = isfinite(bound) and relative_gap(points, bound) <= self.gap
        if is_short or is_close:
            self.is_done = True
            # Which solution it is depends on the clock then.
            self.watch.hurried |= not is_close
            self.take(x)


def early(gap: float, take: Callable[[Floats], None], watch: Watch) -> Early:
    """Hand over at ``gap``, or when half of the time left from now on is over."""
    return Early(gap, take, watch, WAITED * watch.seconds_left())
