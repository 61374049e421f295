"""A step more and a step less of each number, solved again; and how far the rate of it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimizer.explain.asking import NONE_KEEPS_RULES, OPTIMAL, OUT_OF_TIME, Answer, Asking
from optimizer.explain.in_hand import InHand
from optimizer.explain.numbers import BindingNumber
from optimizer.solver import Watch

LOOSER, TIGHTER = "looser", "tighter"
BY_RELAXATION, BY_PLAN = "relaxation", "plan"
"""What was solved again for an effect; see :data:`BY_DUAL` for what was not."""
BY_DUAL = "dual"
_SAYING = (OPTIMAL, "feasible", NONE_KEEPS_RULES)
"""Statuses of plans that say more than the relaxation does."""
_FURTHER = (2.0, 10.0)
"""Steps at which it is tried whether the rate of the first step holds, until it does not: ten steps
at once may take as long as a relaxation from nothing."""
_SAME_RATE = 1e-6
"""Relative difference of two rates that are the same."""
_AS_DUAL = 1e-4
"""Relative difference of a rate and a dual that are the same, as tolerances leave duals less
certain than points."""


@dataclass(frozen=True, eq=False)
class Step:
    """A number changed and the question solved again.

    Attributes
    ----------
    direction
        ``looser`` or ``tighter``.
    steps
        How many steps, the last one shorter where the number can go no further.
    number
        What it was changed to.
    basis
        ``relaxation`` or ``plan``.
    points
        Difference to nothing changed; without a value where there is none.
    within_gap
        Whether that is no more than the gaps of two plans leave open.
    """

    address: str
    direction: str
    steps: float
    number: float
    basis: str
    points: float
    within_gap: bool
    answer: Answer

    @property
    def is_relaxed(self) -> bool:
        """Whether it is the relaxation, and has one."""
        return self.basis == BY_RELAXATION and self.answer.is_known

    @property
    def is_single(self) -> bool:
        """Whether it is no more than one step."""
        return self.steps <= 1.0


@dataclass(frozen=True, eq=False)
class Stepped:
    """All that was solved for one number.

    Attributes
    ----------
    taken
        Every step.
    """

    number: BindingNumber
    taken: tuple[Step, ...] = ()

    def best(self, direction: str) -> Step | None:
        """The single step in a direction: of a plan where that says something, else relaxed."""
        single = [each for each in self.taken if each.direction == direction and each.is_single]
        plan = next((each for each in single if each.basis == BY_PLAN), None)
        if plan is not None and not plan.within_gap and plan.answer.status in _SAYING:
            return plan
        return next((each for each in single if each.basis == BY_RELAXATION), None)

    @property
    def is_whole(self) -> bool:
        """Whether there was time for every single step."""
        return not any(each.answer.status == OUT_OF_TIME for each in self.taken)

    @property
    def unsettled(self) -> list[str]:
        """Directions in which plans say nothing either way."""
        return [each.direction for each in self.taken if each.basis == BY_PLAN and each.within_gap]

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest number between which each step changes as much as the first."""
        held = [self.number.value]
        for direction in (LOOSER, TIGHTER):
            relaxed = [
                each
                for each in self.taken
                if each.direction == direction
                and each.basis == BY_RELAXATION
                and each.answer.is_known
            ]
            first = next((each for each in relaxed if each.is_single), None)
            if first is not None:
                held += [each.number for each in relaxed if _is_as_steep(each, first)]
        return min(held), max(held)


def _is_as_steep(step: Step, first: Step) -> bool:
    expected = first.points * step.steps / first.steps
    size = max(abs(expected), abs(step.points))
    return abs(step.points - expected) <= _SAME_RATE * size


def _may_hold_further(number: BindingNumber, first: Step, sign: float) -> bool:
    """Whether it is tried how far the rate of the first step holds.

    It has changed within that step where the step changes something, and not as the dual says. And
    another model for each further step would take longer than the first steps themselves.
    """
    if not first.answer.is_known or first.answer.rebuilt_because:
        return False
    expected = sign * number.dual_points * first.steps
    return first.points == 0.0 or not abs(first.points - expected) > _AS_DUAL * abs(expected)


class Stepping:
    """Takes steps of one number after the other.

    Parameters
    ----------
    gap
        Of plans that are solved again; ``None`` for relaxations alone.
    plan
        The plan in hand, with which others are compared.
    """

    def __init__(
        self, asking: Asking, watch: Watch, *, gap: float | None, plan: InHand | None
    ) -> None:
        self._asking, self._watch, self._gap, self._plan = asking, watch, gap, plan

    def of(self, numbers: Sequence[BindingNumber]) -> Iterator[Stepped]:
        """Steps of each number, until time runs out."""
        if self._gap is not None and self._plan is None and numbers:
            self._watch.begin("plan")
            first = self._asking.plan_at({}, self._gap)
            self._plan = InHand(first.points, first.bound) if first.is_known else None
        for place, number in enumerate(numbers):
            if self._watch.should_stop():
                return
            self._watch.begin_part("numbers", place, len(numbers))
            stepped = Stepped(number, tuple(self._taken(number)))
            # What time ran out for at once keeps its dual.
            if any(each.answer.status != OUT_OF_TIME for each in stepped.taken):
                yield stepped
            if not stepped.is_whole:
                return

    def _taken(self, number: BindingNumber) -> Iterator[Step]:
        for direction, sign in ((LOOSER, 1.0), (TIGHTER, -1.0)):
            if number.moved(sign) == number.value:
                continue
            first = self._step(number, direction, sign)
            yield first
            if first.answer.status == OUT_OF_TIME:
                return
            if self._gap is not None and self._plan is not None:
                yield self._plan_step(first, self._plan, self._gap)
            if _may_hold_further(number, first, sign):
                yield from self._further(number, first, sign)

    def _further(self, number: BindingNumber, first: Step, sign: float) -> Iterator[Step]:
        tried = {first.number}
        for steps in _FURTHER:
            if number.moved(sign * steps) in tried:
                continue
            tried.add(number.moved(sign * steps))
            step = self._step(number, first.direction, sign * steps)
            if step.answer.status == OUT_OF_TIME:
                return
            yield step
            if not (step.answer.is_known and _is_as_steep(step, first)):
                return

    def _step(self, number: BindingNumber, direction: str, steps: float) -> Step:
        after = number.moved(steps)
        answer = self._asking.at({number.address: after})
        # Steps of shares leave digits behind: 1.16 is 1.15 and a little more than 0.01.
        taken = round(abs(after - number.value) / number.step, 6)
        points = self._asking.difference(answer)
        return Step(number.address, direction, taken, after, BY_RELAXATION, points, False, answer)

    def _plan_step(self, relaxed: Step, plan: InHand, gap: float) -> Step:
        """The same step by a plan, if its effect can be larger than the gap of the plan in hand."""
        if relaxed.answer.is_known and 0.0 < abs(relaxed.points) <= plan.open_points:
            answer = Answer("not solved", why="the effect is within the gap of the plan in hand")
            return _with(relaxed, BY_PLAN, float("nan"), True, answer)
        answer = self._asking.plan_at({relaxed.address: relaxed.number}, gap)
        points = answer.points - plan.points
        none = self._asking.least
        after = InHand(answer.points, answer.bound)
        is_open = answer.is_known and plan.leaves_open(after, none)
        is_same = abs(points) <= none
        return _with(relaxed, BY_PLAN, 0.0 if is_same else points, is_open, answer)


def _with(step: Step, basis: str, points: float, within_gap: bool, answer: Answer) -> Step:
    return Step(
        step.address, step.direction, step.steps, step.number, basis, points, within_gap, answer
    )
