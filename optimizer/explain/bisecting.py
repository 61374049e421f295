"""What one number would have to be, found by asking for a plan again and again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from math import inf

from optimizer.errors import OptimizerError
from optimizer.explain.levers import Lever
from optimizer.explain.loosening import PlanAsking
from optimizer.session.clashing import why_left_open
from optimizer.session.holding import Holding
from optimizer.solver import Watch

SHARE_STEP = 1e-4
"""Step of shares: a hundredth of a percentage point."""
AMOUNT_STEP = 1e-3
"""Step of other numbers, as a part of the number."""
_DOUBLINGS = 12
_OF_ANY_SIZE = 40
"""Halvings and doublings of 1 that are tried for an amount of 0, which does not say its size."""


@dataclass(frozen=True)
class Nearest:
    """What a number would have to be.

    Attributes
    ----------
    after
        The value nearest to the present one that leaves a plan; ``None`` where none was found.
    why_open
        Why it is not proven that no nearer one does, or none at all; blank where it is.
    """

    after: float | None
    why_open: str = ""


class Bisection:
    """Asks a question that is held for a plan with one value of a number after the other.

    Parameters
    ----------
    asking
        What asks, in models that stay loaded.
    """

    def __init__(self, held: Holding, asking: PlanAsking, watch: Watch) -> None:
        self._held, self._asking, self._watch = held, asking, watch

    def nearest(self, lever: Lever, others: Mapping[str, float], free: Collection[int]) -> Nearest:
        """Least change of a number beside others, with some rows that limit nothing."""
        try:
            return self._least_between(lever, others, free)
        finally:
            self._held.change_to({})

    def _least_between(
        self, lever: Lever, others: Mapping[str, float], free: Collection[int]
    ) -> Nearest:
        rows = self._held.loaded.matrix.rows
        names = {rows[row] for row in free}
        left_open: list[str] = []

        def does(value: float) -> bool:
            if self._watch.should_stop():
                left_open.append(why_left_open(self._watch))
                return False
            try:
                self._held.change_to({**others, lever.address: value})
            except OptimizerError:
                return False
            # Where another model was built, the same rows stand elsewhere.
            rows = self._held.loaded.matrix.rows
            left_out = [row for row, name in enumerate(rows) if name in names]
            answer = self._asking.has_plan(self._held.loaded, self._watch, left_out)
            if answer is None:
                left_open.append(why_left_open(self._watch))
            return answer is True

        tight, loose = lever.value, self._loose(lever, does)
        if loose is None:
            return Nearest(None, "".join(left_open[:1]))
        step = 1.0 if lever.is_whole else SHARE_STEP if lever.is_share else 0.0
        step = step or AMOUNT_STEP * max(abs(tight), abs(loose))
        # In steps counted from the number itself, so that what is found is written in few digits.
        low, high = 0, max(1, round(abs(loose - tight) / step))
        while high - low > 1:
            middle = (low + high) // 2
            value = _stepped(tight, lever.sign * middle * step)
            low, high = (low, middle) if does(value) else (middle, high)
        best = _stepped(tight, lever.sign * high * step)
        return Nearest(best if does(best) else loose, "".join(left_open[:1]))

    def _loose(self, lever: Lever, does: Callable[[float], bool]) -> float | None:
        """A value at which the number no longer stands in the way; ``None`` if there is none."""
        if lever.sign < 0:
            value = lever.value - lever.most if lever.most < inf else 0.0
            return value if does(value) else None
        most = lever.value + lever.most
        tried = [value for value in _doubled(lever) if value < most]
        tried += [most] if most < inf else []
        # Whoever has a plan with one of them has one with all that are looser.
        first = bisect_left(tried, True, key=does)
        return tried[first] if first < len(tried) else None


def _doubled(lever: Lever) -> list[float]:
    """Values to raise a number to, each twice the one before; of a share all of it, or more."""
    start = max(0.5, lever.value) if lever.is_share else lever.value
    if not start:
        return [2.0**power for power in range(-_OF_ANY_SIZE, _OF_ANY_SIZE + 1)]
    return [start * 2.0**power for power in range(1, _DOUBLINGS + 1)]


def _stepped(start: float, by: float) -> float:
    """A sum without the noise of binary fractions."""
    return float(f"{start + by:.10g}")
