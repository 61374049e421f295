"""Steps of an aim, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.frames.arrays import Floats
from optimizer.session.aims.among import Among, Reached, floored, is_proven
from optimizer.session.aims.outcomes import Outcomes
from optimizer.solver.appending import Addition, aiming

ALL_POINTS = "points"
"""Step that finds the plan with the most points among those that are as fair."""


@dataclass(frozen=True)
class AimStep:
    """One thing of which there was to be as much as possible.

    Attributes
    ----------
    aimed_at
        What it was.
    value, bound
        What the plan has of it, and what no plan exceeds.
    status
        ``optimal``, ``feasible`` or ``stopped``: nothing was found, or it was not come to.
    """

    aimed_at: str
    value: float
    bound: float
    status: str
    seconds: float


@dataclass(frozen=True, eq=False)
class Aimed:
    """End of an aim.

    Attributes
    ----------
    x
        The fairest solution that was found; ``None`` without any.
    with_points
        Whether points counted a little beside the last step, where a gap is admitted.
    """

    x: Floats | None
    steps: tuple[AimStep, ...]
    with_points: bool = False

    @property
    def is_proven(self) -> bool:
        """Whether every step that makes a plan fairer is proven."""
        return all(step.status == "optimal" for step in self.steps if step.aimed_at != ALL_POINTS)

    @property
    def has_most_points(self) -> bool:
        """Whether it is proven that no plan that is as fair has more points."""
        last = self.steps[-1]
        return last.aimed_at == ALL_POINTS and last.status == "optimal"


class AimSteps:
    """Takes steps, and keeps what came of each."""

    def __init__(self, among: Among) -> None:
        self.among = among
        self.steps: list[AimStep] = []
        self._began = among.watch.seconds

    def take(self, aimed_at: str, reached: Reached, value: float | None = None) -> None:
        """Keep a step. A stopped watch lets the next one find nothing, which is kept as well.

        Parameters
        ----------
        value
            What the exact solution has, where that is not what the solver counts.
        """
        now = self.among.watch.seconds
        told = reached.value if value is None else value
        # Every step begins at a solution that is known, whatever HiGHS calls infeasible.
        status = "stopped" if reached.x is None else reached.status
        self.steps.append(AimStep(aimed_at, told, reached.bound, status, now - self._began))
        self._began = now

    def ended(self, x: Floats | None, values: Sequence[float]) -> Aimed:
        """End with a solution that has so much of the first steps.

        Within a gap that may be less than was reached there.
        """
        told = [
            replace(step, value=value, status=_status(step, value))
            for step, value in zip(self.steps, values, strict=False)
        ]
        return Aimed(x, (*told, *self.steps[len(told) :]))


def _status(step: AimStep, value: float) -> str:
    return step.status if is_proven(value, step.bound) else "feasible"


def with_most_of(
    among: Among, terms: Mapping[int, float], starts: Sequence[Floats], aimed_at: str
) -> Aimed:
    """The solution with the most of a sum of columns and, without a gap, among these of points."""
    stepping, terms = AimSteps(among), dict(terms)
    reached = among.most(aiming(among.matrix, terms), starts=starts)
    if reached.x is None:
        stepping.take(aimed_at, reached)
        return stepping.ended(None, ())
    most = sum_at(terms, reached.x)
    # Both add up the same terms, in another order: no bound is a last digit below its value.
    stepping.take(aimed_at, replace(reached, bound=max(most, reached.bound)), most)
    if among.gap:
        return stepping.ended(reached.x, ())
    kept = Addition(len(among.matrix.cost))
    kept.row(("sum_at_least", None), terms, lower=floored(most))
    return most_points(stepping, kept, reached.x)


def sum_at(terms: Mapping[int, float], x: Floats) -> float:
    """What a solution has of a sum of columns."""
    return float(sum(weight * float(x[column]) for column, weight in terms.items()))


def with_most_points(stepping: AimSteps, outcomes: Outcomes, least: Floats, x: Floats) -> Aimed:
    """End with the plan of the most points that gives every group at least so much.

    Parameters
    ----------
    least
        Amount of every group, in units.
    x
        A solution that does.
    """
    among = stepping.among
    addition = Addition(len(among.matrix.cost))
    for label, terms, number in zip(
        outcomes.labels, outcomes.terms, least - outcomes.constant, strict=True
    ):
        addition.row(("group_at_least", label), terms, lower=float(number))
    return most_points(stepping, addition, x)


def most_points(stepping: AimSteps, addition: Addition, x: Floats) -> Aimed:
    """End with the plan of the most points that keeps added rows, from one that does."""
    among = stepping.among
    reached = among.most_points(addition, x)
    stepping.take(ALL_POINTS, reached)
    best = x if reached.x is None else reached.x
    return Aimed(best[: len(among.matrix.cost)], tuple(stepping.steps))
