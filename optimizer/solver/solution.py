"""Results of a search."""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.frames.arrays import Floats
from optimizer.solver.tightening import Link
from optimizer.solver.watch import Watch

OPTIMAL_GAP = 1e-6
"""Largest proven gap at which a plan may be called optimal."""


@dataclass(frozen=True)
class Solution:
    """Answer of the solver, on the decision frames of the instance.

    Attributes
    ----------
    status
        ``optimal`` (gap at most 1e-6), ``feasible``, ``infeasible`` or ``no_plan`` (stopped
        before a plan was found).
    objective, bound, gap
        Points of the plan, proven upper bound, relative gap.
    decisions
        Value of every decision by family, in the order of its frame.
    money
        Amounts of what is moved, by family and key.
    variables
        Values of the variables of custom rules, by component and index.
    complete
        Whether the run ended by its gap: only then is the plan the same in every run.
    links
        Factors of decisions that the search lowered to what their rows could ever need.
    """

    status: str
    objective: float | None
    bound: float | None
    gap: float | None
    decisions: dict[str, Floats]
    money: dict[str, dict[tuple[object, ...], float]]
    complete: bool
    nodes: int = 0
    variables: dict[str, dict[object, float]] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


def without_plan(status: str, watch: Watch) -> Solution:
    """A search that ended without a plan."""
    return Solution(status, None, watch.bound, None, {}, {}, watch.is_repeatable)
