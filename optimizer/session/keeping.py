"""What it costs to keep slots of earlier plans: the relaxation without them, and with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.plan.keeping import Keep, kept_in_words
from optimizer.session.holding import Holding
from optimizer.solver import Watch
from optimizer.text.figures import figure

_NONE = 1e-7
"""Relative difference of two relaxations that is none: HiGHS's tolerance."""


@dataclass(frozen=True)
class KeepingCost:
    """Points of the relaxation without what is kept, and with it; ``None`` where not known."""

    free: float | None = None
    kept: float | None = None

    @property
    def points(self) -> float | None:
        """What keeping costs."""
        if self.free is None or self.kept is None:
            return None
        cost = self.free - self.kept
        return cost if cost > _NONE * max(1.0, abs(self.free)) else 0.0

    def facts(self) -> dict[str, Any]:
        """The same for who reads the provenance of a plan."""
        return {
            "free_points": self.free,
            "kept_points": self.kept,
            "cost_points": self.points,
            "basis": "relaxation",
        }

    def in_words(self, keeps: Sequence[Keep]) -> str:
        """What is kept, and what that costs."""
        kept = f"Kept: {kept_in_words(keeps)}."
        if self.points is None:
            return kept
        if not self.points:
            return f"{kept} That costs no points, by the relaxation."
        return f"{kept} That costs {figure(self.points, 4)} points, by the relaxation."


def cost_in(facts: Mapping[str, Any]) -> KeepingCost:
    """Undo :meth:`KeepingCost.facts`."""
    return KeepingCost(facts["free_points"], facts["kept_points"])


NOT_PRICED = KeepingCost()


def cost_of_keeping(held: Holding, watch: Watch) -> KeepingCost:
    """Solve the relaxation with what is kept and without it, in the time that is left."""
    if not held.question.keep or watch.should_stop():
        return NOT_PRICED
    watch.begin("relaxation")
    kept = held.loaded.relax(watch)
    if kept.status != "optimal":
        return NOT_PRICED
    with held.loaded.let_go_for_now():
        free = held.loaded.relax(watch)
    return KeepingCost(free.objective, kept.objective) if free.status == "optimal" else NOT_PRICED
