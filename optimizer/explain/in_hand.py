"""What must be true of a plan in hand before anything is said of it, and what is proven of it."""

from __future__ import annotations

from math import inf

from optimizer.errors import BrokenPlanError, OptimizerError, SolverError
from optimizer.formulation.custom import Extend
from optimizer.plan import Plan
from optimizer.plan.checking import evaluated
from optimizer.plan.keeping import require_kept

_CHECKED_WHEN_FOUND = ("optimal", "feasible")
"""Statuses of plans of which every rule was checked when they were found or read back."""
_NAMED = 3
"""Broken rules that are named."""


def proven_bound(plan: Plan) -> float:
    """Points that no plan can exceed, as far as is proven: any number of them where nothing is."""
    return inf if plan.bound is None else plan.bound


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
