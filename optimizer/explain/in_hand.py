"""What must be true of a plan in hand before anything is said of it, and what is proven of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from optimizer.errors import BrokenPlanError, OptimizerError, SolverError
from optimizer.formulation.custom import Extend
from optimizer.plan import Plan
from optimizer.plan.checking import evaluated
from optimizer.plan.keeping import require_kept
from optimizer.plan.provenance import aim_in


@dataclass(frozen=True)
class InHand:
    """A plan that was to have most points, and how many the best may have.

    Attributes
    ----------
    points, bound
        Of the plan, and what no plan can exceed; infinite where nothing is proven.
    """

    points: float
    bound: float

    @property
    def open_points(self) -> float:
        """Points that its gap leaves open."""
        return max(0.0, self.bound - self.points)

    def apart(self, other: InHand) -> tuple[float, float]:
        """The least and the most that the best plan of another question may have more."""
        return other.points - self.bound, other.bound - self.points

    def leaves_open(self, other: InHand, none: float) -> bool:
        """Whether gaps leave open which of two best plans has more points.

        Equal and proven is no difference that they leave open.

        Parameters
        ----------
        none
            Difference of points that is none.
        """
        least, most = self.apart(other)
        return most - least > none and least < none and most > -none


_CHECKED_WHEN_FOUND = ("optimal", "feasible")
"""Statuses of plans of which every rule was checked when they were found or read back."""
_NAMED = 3
"""Broken rules that are named."""


def proven_bound(plan: Plan) -> float:
    """Points that no plan can exceed, as far as is proven: any number of them where nothing is."""
    return inf if plan.bound is None else plan.bound


def aimed_at(plan: Plan) -> str | None:
    """What a plan was to have most of, where that was not the points alone."""
    near = None if plan.question is None else plan.question.near
    if near is not None:
        return f"points less the price of change ({near.in_words()})"
    return aim_in(plan.provenance)


def searched_for_points(plan: Plan) -> InHand | None:
    """A plan with its gap; ``None`` where it aims at something else.

    Points that are given up for an aim are no gap that a search has left open.
    """
    return InHand(plan.objective, proven_bound(plan)) if aimed_at(plan) is None else None


def require_custom_rules(plan: Plan, extend: Extend | None, expected: str) -> None:
    """Refuse a plan whose custom rules are missing: it answers another question without them.

    Raises
    ------
    OptimizerError
        If the plan was made with custom rules and they are missing.
    """
    said = plan.provenance.get("extend")
    if said is not None and extend is None:
        raise OptimizerError(
            f"the custom rules of {said['function']} are not kept with the plan\n"
            f"    Expected {expected}."
        )


def require_rules_kept(name: str, plan: Plan, extend: Extend | None) -> None:
    """Refuse a plan that breaks rules of its own question, such as one edited by hand.

    Raises
    ------
    BrokenPlanError
        With the first rules that it breaks, or what it does not keep of earlier plans.
    """
    question, dropped = plan.question, plan.provenance.get("dropped", ())
    if question is None:
        return
    try:
        require_kept(question.keep, plan.decisions.slots)
    except SolverError as error:
        expected = "a plan that grants what it was to keep"
        raise BrokenPlanError(f"{name}: {error}\n    Expected {expected}.") from None
    if plan.status in _CHECKED_WHEN_FOUND:
        return
    found = evaluated(
        plan.decisions, question.policy, question.case, extend=extend, dropped=dropped
    )
    if found.holds:
        return
    broken = found.in_words()
    rows = "1 row of a rule" if len(broken) == 1 else f"{len(broken)} rows of rules"
    lines = [f"{name}: the plan breaks {rows}", *(f"- {each}" for each in broken[:_NAMED])]
    left = len(broken) - _NAMED
    lines += [f"- and {left} more"] if left > 0 else []
    where = "RUN" if plan.folder is None else plan.folder
    lines.append(
        f"    Expected a plan that keeps every rule; optimizer check {where} lists what is broken."
    )
    raise BrokenPlanError("\n".join(lines))
