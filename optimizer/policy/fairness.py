"""What should be divided evenly, among whom, and measured by which need."""

from __future__ import annotations

from pydantic import Field, model_validator

from optimizer.io.strict import Clash, Line, StrictTable
from optimizer.policy.groups_of_goals import goal_clashes
from optimizer.policy.shapes import (
    BY,
    PLANNED,
    RELATIVE_TO,
    SCALED,
    SOURCE_MEANING,
    WHERE,
    WHY,
    Where,
)
from optimizer.schema.measures import MEASURES, Measure, MeasureSpec


class Fairness(StrictTable):
    """One named division of a measure among groups."""

    name: Line = Field(min_length=1, description="the name of the division, used in reports")
    measure: Measure = Field(description="what is divided")
    where: Where = Field(default_factory=dict, description=WHERE)
    by: tuple[str, ...] = Field(min_length=1, description=BY)
    relative_to: str | None = Field(default=None, min_length=1, description=RELATIVE_TO)
    goal: str | None = Field(
        default=None, description="the name of a goal, where the measure is value"
    )
    scaled: bool = Field(default=False, description=SCALED)
    planned: bool = Field(default=False, description=PLANNED)
    why: str = Field(default="", description=WHY)
    source: str = Field(default="", description=SOURCE_MEANING)

    @property
    def counts(self) -> MeasureSpec:
        """What is divided."""
        return MEASURES[self.measure]

    @model_validator(mode="after")
    def _consistent(self) -> Fairness:
        clashes: list[Clash] = []
        if len(set(self.by)) < len(self.by):
            message = f"{list(self.by)} gives an attribute twice"
            clashes.append(("by", message, "each attribute once"))
        clashes += goal_clashes(self)
        if self.goal is not None and not self.counts.is_of_goal:
            clashes.append(("goal", f"measure {self.measure} has no goal", "measure value"))
        if clashes:
            raise self.complain(*clashes)
        return self
