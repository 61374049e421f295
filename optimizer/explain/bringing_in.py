"""The smallest change of a number that would bring in slots of which the relaxation has none.

A change brings them in if the relaxation loses nothing by being made to grant them. Slopes
propose how large it must be; each answer is solved again there, and one step before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite, isnan, nan

import pandas as pd

from optimizer.explain.asking import CANNOT_BE_HELD, NONE_KEEPS_RULES, OPTIMAL, Answer, Asking
from optimizer.explain.entering_numbers import Entering
from optimizer.explain.marginal_tables import frame
from optimizer.explain.stepping import BY_RELAXATION
from optimizer.explain.wanting import Wanted
from optimizer.solver import Watch

FOUND, BEYOND, NOT_IN_TIME = "found", "beyond", "stopped"
"""Statuses of a number: it brings them in, it does not within its bound, time ran out."""
MOST_CANDIDATES = 4
"""Numbers of a kind that are tried at their bounds."""
_SAME = 1e-7
"""Part of the points, and points, by which two relaxations differ that are the same."""
ENTERING = {
    **dict.fromkeys(("kind", "address", "source", "unit"), "str"),
    "protected": "bool",
    **dict.fromkeys(("number", "step", "needed", "proposed", "bound", "points"), "float64"),
    **dict.fromkeys(("basis", "status"), "str"),
}


@dataclass(frozen=True)
class _Tried:
    """A number at its bound: what part of the way there should do, by the slope."""

    number: Entering
    part: float


class BringingIn:
    """Looks for changes with a limit that asks for the slots.

    Parameters
    ----------
    wanted
        Slots that are to be granted, at least so many.
    forced
        The relaxation with them.
    """

    def __init__(self, asking: Asking, watch: Watch, wanted: Wanted, forced: Answer) -> None:
        self._asking, self._watch = asking, watch
        self._wanted, self._forced = wanted, forced
        self._loss = asking.base.points - forced.points if forced.is_known else inf

    def of(self, kinds: Sequence[Sequence[Entering]], most: int) -> pd.DataFrame:
        """The nearest number of each kind, in steps from the number on; a row each."""
        asking, rows = self._asking, list[dict[str, object]]()
        held = asking.held
        self._wanted.hold(held)
        try:
            for place, kind in enumerate(kinds[:most]):
                if not kind:
                    continue
                if self._watch.should_stop():
                    rows.append(_row(kind[0], NOT_IN_TIME))
                    continue
                self._watch.begin_part("what would bring it in", place, len(kinds))
                rows.append(self._nearest(kind))
        finally:
            if asking.held is held:
                asking.restore()
                held.drop(self._wanted.name)
        return frame(rows, ENTERING)

    def _nearest(self, kind: Sequence[Entering]) -> dict[str, object]:
        tried = list(self._at_bounds(kind[:MOST_CANDIDATES]))
        if not tried:
            return _row(kind[0], NOT_IN_TIME)
        best = min(tried, key=lambda each: each.part)
        return self._smallest(best)

    def _at_bounds(self, kind: Sequence[Entering]) -> Iterator[_Tried]:
        """Each number at its bound; the part of the way that should be enough, by the slope."""
        for number in kind:
            if self._watch.should_stop():
                return
            answer = self._asking.at({number.address: number.bound})
            gain = answer.points - self._forced.points
            if not answer.is_known:
                yield _Tried(number, inf)
            elif not isfinite(self._loss):
                yield _Tried(number, 1.0)
            else:
                yield _Tried(number, self._loss / gain if gain > 0.0 else inf)

    def _smallest(self, tried: _Tried) -> dict[str, object]:
        number = tried.number
        steps = number.steps
        last = self._brings_in(number, steps)
        if last is None or not last[0]:
            return _row(number, NOT_IN_TIME if last is None else BEYOND)
        proposed = self._proposed(number)
        low, high, points = 0, steps, last[1]
        for step in self._proposals(proposed, steps):
            found = self._brings_in(number, step)
            if found is None:
                return _row(number, NOT_IN_TIME)
            if found[0] and step < high:
                high, points = step, found[1]
            elif not found[0] and step > low:
                low = step
        while high - low > 1:
            middle = (low + high) // 2
            found = self._brings_in(number, middle)
            if found is None:
                return _row(number, NOT_IN_TIME)
            low, high = (low, middle) if found[0] else (middle, high)
            points = found[1] if found[0] else points
        at = nan if isnan(proposed) else number.value + proposed * (number.bound - number.value)
        return _row(number, FOUND) | {
            "needed": number.after(high),
            "proposed": at,
            "points": points,
        }

    def _proposed(self, number: Entering) -> float:
        """Part of the way to the bound that should do, by the slope of the first step."""
        if not isfinite(self._loss) or self._watch.should_stop():
            return nan
        first = self._asking.at({number.address: number.after(1)})
        gain = (first.points - self._forced.points) * number.steps
        return self._loss / gain if gain > self._loss else nan

    def _proposals(self, part: float, steps: int) -> list[int]:
        """Steps to try first: the one that the slope proposes, and the one before."""
        if isnan(part):
            return []
        # What rounding adds to a whole number of steps is no further step.
        near = min(steps, max(1, ceil(part * steps - 1e-6)))
        return [step for step in (near, near - 1) if 0 < step < steps]

    def _brings_in(self, number: Entering, step: int) -> tuple[bool, float] | None:
        """Whether the slots cost nothing after so many steps; ``None`` where time ran out."""
        if self._watch.should_stop():
            return None
        held, change = self._asking.held, {number.address: number.after(step)}
        forced = self._asking.at(change)
        if forced.status in (NONE_KEEPS_RULES, CANNOT_BE_HELD):
            return False, nan
        free = self._without_limit(lambda: self._asking.at(change))
        if self._asking.held is not held or OPTIMAL not in (forced.status, free.status):
            return None
        if not (forced.is_known and free.is_known):
            return None
        allowed = _SAME * max(1.0, abs(free.points))
        return free.points - forced.points <= allowed, free.points

    def _without_limit(self, ask: Callable[[], Answer]) -> Answer:
        held = self._asking.held
        held.drop(self._wanted.name)
        try:
            return ask()
        finally:
            if self._asking.held is held:
                held.restore(self._wanted.name)


def _row(number: Entering, status: str) -> dict[str, object]:
    return {
        "kind": number.kind,
        "address": number.address,
        "source": number.source,
        "unit": number.unit,
        "protected": number.protected,
        "number": number.value,
        "step": (number.bound - number.value) / number.steps,
        "needed": nan,
        "proposed": nan,
        "bound": number.bound,
        "points": nan,
        "basis": BY_RELAXATION,
        "status": status,
    }
