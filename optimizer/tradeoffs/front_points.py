"""Points of a front, each once, and answers to questions for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.plan import Plan
from optimizer.solver.solution import OPTIMAL_GAP
from optimizer.text.endings import OUT_OF_LIMIT

CONTRADICTED = "a search found nothing where there is a point"


@dataclass(frozen=True, eq=False)
class FrontPoint:
    """A plan on a front.

    Attributes
    ----------
    values
        Of the goals, counted so that more is better.
    gap
        Relative gap of what was asked for here; the largest where several things were.
    found_by
        ``end``, ``between``, ``lexicographic`` or ``reference``.
    seconds
        Wall time of finding and checking it.
    """

    values: Floats
    plan: Plan
    gap: float
    found_by: str
    seconds: float

    @property
    def status(self) -> str:
        """``optimal`` where it is proven that no plan dominates it; ``feasible`` otherwise."""
        return "optimal" if self.gap <= OPTIMAL_GAP else "feasible"


OnPoint = Callable[[FrontPoint], None]


@dataclass(frozen=True)
class AimAnswer:
    """What one question for a point came to.

    Attributes
    ----------
    status
        ``found``, ``infeasible`` (proven) or ``stopped``.
    why
        Why it was stopped, where that was not for want of time.
    """

    status: str
    point: FrontPoint | None = None
    why: str = ""

    @property
    def reason(self) -> str:
        """Why there is no point, where some plan must be one."""
        if self.why:
            return self.why
        return CONTRADICTED if self.status == "infeasible" else OUT_OF_LIMIT


@dataclass
class FrontPoints:
    """The points that were found, each once.

    Attributes
    ----------
    steps
        Of each goal: difference of values that no two plans can be nearer than, or what is
        told apart at most.
    dominated
        Number of plans that were found, and are left out as others are as good in all goals.
    """

    steps: Floats
    found: list[FrontPoint] = field(default_factory=list)
    dominated: int = 0

    def add(self, point: FrontPoint) -> bool:
        """Take note of a point; whether it is a new one."""
        if self.like(point) is not None:
            return False
        self.found.append(point)
        return True

    def like(self, point: FrontPoint) -> FrontPoint | None:
        """The point with the same values, if there is one."""
        near = self._near(point.values)
        same = (each for each in self.found if (abs(each.values - point.values) <= near).all())
        return next(same, None)

    def _near(self, values: Floats) -> Floats:
        return np.maximum(self.steps / 2.0, 1e-9 * np.maximum(1.0, np.abs(values)))

    def without_dominated(self) -> list[FrontPoint]:
        """Those that no other point dominates, the most of the first goal first."""
        left = [each for each in self.found if not self._is_dominated(each)]
        self.dominated = len(self.found) - len(left)
        return sorted(left, key=lambda each: np.round(-each.values, 9).tolist())

    def place_of(self, point: FrontPoint, front: Sequence[FrontPoint]) -> int:
        """Place of a point among those that no other dominates, or of one that dominates it."""
        near = self._near(point.values)
        return next(
            place for place, each in enumerate(front) if (each.values >= point.values - near).all()
        )

    def _is_dominated(self, point: FrontPoint) -> bool:
        near = self._near(point.values)
        beyond = [other.values - point.values for other in self.found]
        return any((each >= -near).all() and (each > near).any() for each in beyond)
