"""Goals of a policy: indicators, effects and diminishing returns."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from optimizer.io.strict import StrictTable
from optimizer.policy.shapes import BY, SOURCE_MEANING, WHERE, WHY, Share, Where, shape_of
from optimizer.schema.tables import LARGEST_NUMBER
from optimizer.text.figures import apart, plainly

Stage = Literal["enter", "present", "complete", "continue", "return"]
RegionStage = Literal["enter", "present", "complete", "continue"]

SMALLEST_SCALE = 1.0 / LARGEST_NUMBER
"""Below it the points that one unit of value earns are too many to count."""


def _of_usual_size(scale: float) -> float:
    if scale < SMALLEST_SCALE:
        expected = f"a number of at least {SMALLEST_SCALE:g}"
        raise PydanticCustomError("too_small", "too small a number", {"expected": expected})
    return scale


Missing = Annotated[
    Annotated[Literal["error", "reweight", "zero"], Tag("<text>")]
    | Annotated[Share, Tag("<number>")],
    Discriminator(shape_of),
]
_Scale = Annotated[
    Annotated[Literal["ideal", "none"], Tag("<text>")]
    | Annotated[float, Field(gt=0.0), AfterValidator(_of_usual_size), Tag("<number>")],
    Discriminator(shape_of),
]


class Indicator(StrictTable):
    """One numeric column and its part in a score."""

    column: str = Field(min_length=1, description="the name of a numeric attribute column")
    weight: float = Field(
        default=1.0, ge=0.0, description="a weight among the indicators of the goal"
    )
    transform: Literal["linear", "log"] = Field(
        default="linear", description="linear, or log for log(1 + x)"
    )
    direction: Literal["higher", "lower"] = Field(
        default="higher", description="whether higher or lower figures score more"
    )
    range: tuple[float, float] | None = Field(
        default=None, description="[low, high], the figures that score 0 and 1"
    )
    missing: Missing | None = Field(
        default=None, description="error, reweight, zero or a score from 0 to 1 for blank cells"
    )

    @model_validator(mode="after")
    def _range_in_order(self) -> Indicator:
        if self.range is not None and self.range[0] >= self.range[1]:
            message = "{} is not below {}".format(*apart(*self.range, plainly))
            raise self.complain(("range", message, "[low, high] with low below high"))
        return self


class Effect(StrictTable):
    """What one person on the chosen tracks adds to a goal, and when."""

    where: Where = Field(default_factory=dict, description=f"{WHERE}, of tracks")
    stage: Stage = Field(description="the stage at which the effect is earned")
    effect: float = Field(description="a number of value units per person")
    optional: bool = Field(default=False, description="true if no track has to match")


class RegionEffect(Effect):
    """The same on the region's side, where nobody is counted as going home."""

    stage: RegionStage = Field(description="the stage at which the effect is earned")


class Diminishing(StrictTable):
    """Returns that diminish within each group."""

    by: tuple[str, ...] = Field(description=BY)
    per: Literal["year", "horizon"] = Field(description="year or horizon, over which value adds up")
    breakpoints: tuple[tuple[float, float], ...] = Field(
        min_length=1, description="[[0, factor], [x, factor], ...]"
    )
    breakpoints_per: str | None = Field(
        default=None, min_length=1, description="a numeric attribute per unit of which x is meant"
    )

    @model_validator(mode="after")
    def _concave(self) -> Diminishing:
        if len(set(self.by)) < len(self.by):
            message = f"{list(self.by)} gives an attribute twice"
            raise self.complain(("by", message, "each attribute once"))
        starts = [start for start, _ in self.breakpoints]
        factors = [factor for _, factor in self.breakpoints]
        if starts[0] != 0:
            raise self.complain(
                ("breakpoints", f"begins at {starts[0]:g}", "a first breakpoint at 0")
            )
        for before, after in itertools.pairwise(starts):
            if before >= after:
                message = "{} follows {}".format(*apart(after, before, plainly))
                raise self.complain(
                    ("breakpoints", message, "increasing values before the factors")
                )
        for before, after in itertools.pairwise(factors):
            if after > before:
                factor, first = apart(after, before, plainly)
                message = f"factor {factor} follows {first}, so returns would increase"
                raise self.complain(("breakpoints", message, "factors that do not increase"))
        if factors[-1] < 0:
            message = f"factor {factors[-1]:g} is below 0"
            raise self.complain(("breakpoints", message, "factors of at least 0"))
        return self


class Goal(StrictTable):
    """One aim of the policy, and how it is measured."""

    weight: float = Field(ge=-1e6, le=1e6, description="the weight of the goal in the objective")
    scale: _Scale = Field(default="ideal", description="ideal, none or a number above 0")
    why: str = Field(default="", description=WHY)
    source: str = Field(default="", description=SOURCE_MEANING)
    missing: Missing = Field(
        default="error", description="error, reweight, zero or a score from 0 to 1 for blank cells"
    )
    indicators: tuple[Indicator, ...] = Field(default=(), description="indicators of countries")
    effects: tuple[Effect, ...] = Field(
        default=(), description="effects weighted by country scores"
    )
    region_indicators: tuple[Indicator, ...] = Field(
        default=(), description="indicators of regions"
    )
    region_effects: tuple[RegionEffect, ...] = Field(
        default=(), description="effects weighted by region scores"
    )
    diminishing: Diminishing | None = Field(default=None, description="diminishing returns")

    @model_validator(mode="after")
    def _weights_make_sense(self) -> Goal:
        if self.diminishing is not None and self.weight < 0:
            message = f"{self.weight:g} is below 0 on a goal with diminishing returns"
            raise self.complain(("weight", message, "a weight of at least 0, or no diminishing"))
        for key, indicators in (
            ("indicators", self.indicators),
            ("region_indicators", self.region_indicators),
        ):
            if indicators and not any(indicator.weight for indicator in indicators):
                raise self.complain((key, "all weights are 0", "at least one weight above 0"))
        return self
