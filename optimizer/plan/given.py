"""Plans as they are handed in: solved here, read, or nothing but decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optimizer.frames.records import Comparable
from optimizer.plan import Decisions, Plan


@dataclass(frozen=True, eq=False)
class ReadPlan(Comparable):
    """A plan as read.

    Attributes
    ----------
    scales
        Scales of the run it came from; empty for a bare table of slots.
    assumed
        What was assumed because the plan does not say it.
    facts
        What run.json, or the sheet ``parameters``, says of the run.
    """

    decisions: Decisions
    scales: Mapping[str, float]
    assumed: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


def decisions_in(plan: Decisions | Plan | ReadPlan) -> Decisions:
    """Decisions of a plan in any form."""
    return plan if isinstance(plan, Decisions) else plan.decisions
