"""Steps of an aim, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.frames.arrays import Floats
from optimizer.session.aims.among import Among, Reached, is_proven
from optimizer.session.aims.outcomes import Outcomes
from optimizer.solver.appending import Addition

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
        ``optimal``, ``feasible`` or ``stopped``.
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
    """

    x: Floats | None
    steps: tuple[AimStep, ...]

    @property
    def is_proven(self) -> bool:
        """Whether every step is proven."""
        return all(step.status == "optimal" for step in self.steps)


class AimSteps:
    """Takes steps, and keeps what came of each."""

    def __init__(self, among: Among) -> None:
        self.among = among
        self.steps: list[AimStep] = []
        self._began = among.watch.seconds

    def take(self, aimed_at: str, reached: Reached, value: float | None = None) -> bool:
        """Keep a step; whether to go on from there.

        Parameters
        ----------
        value
            What the exact solution has, where that is not what the solver counts.
        """
        now = self.among.watch.seconds
        told = reached.value if value is None else value
        step = AimStep(aimed_at, told, reached.bound, reached.status, now - self._began)
        self.steps.append(step)
        self._began = now
        return reached.x is not None and not self.among.watch.should_stop()

    def ended(self, x: Floats, values: Sequence[float]) -> Aimed:
        """End with a solution that has so much of each step: within a gap less than was reached."""
        steps = [
            replace(step, value=value, status=_status(step, value))
            for step, value in zip(self.steps, values, strict=True)
        ]
        return Aimed(x, tuple(steps))


def _status(step: AimStep, value: float) -> str:
    return step.status if is_proven(value, step.bound) else "feasible"


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
