"""Limits of a policy, and its floor on support."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from optimizer.io.strict import Clash, Line, StrictTable
from optimizer.policy.evenness import Even, even_clashes, is_even
from optimizer.policy.groups_of_goals import goal_clashes
from optimizer.policy.own_best import OwnBest, is_own_best, own_best_clashes
from optimizer.policy.shapes import (
    BY,
    PLANNED,
    RELATIVE_TO,
    SCALED,
    SOURCE_MEANING,
    WHERE,
    WHY,
    Where,
    shape_of,
)
from optimizer.schema.fields import A_SHARE
from optimizer.schema.measures import MEASURES, Measure, MeasureSpec
from optimizer.text.figures import apart, plainly


def _bound_shape(value: object) -> str:
    shape = shape_of(value)
    if shape != "<table>":
        return shape
    if isinstance(value, Previous) or (isinstance(value, Mapping) and _is_previous(value)):
        return "<previous>"
    if is_even(value):
        return "<even>"
    if is_own_best(value):
        return "<own best>"
    is_relative = isinstance(value, Relative) or (
        isinstance(value, Mapping) and ("times" in value or "measure" in value)
    )
    return "<relative>" if is_relative else "<amount>"


def _is_previous(value: Mapping[Any, Any]) -> bool:
    """Whether a table is meant for the year before, even where it forgets to say so."""
    return "previous" in value or ("measure" not in value and bool({"plus", "first"} & set(value)))


class Amount(StrictTable):
    """A bound of so much per unit of an attribute."""

    amount: float = Field(description="a number per unit of the attribute")
    per: str = Field(min_length=1, description="the name of a numeric attribute")


PLUS = "a number of at least 0 that a ceiling adds and a floor takes away"


class Relative(StrictTable):
    """A bound of so many times another measure."""

    times: Annotated[float, A_SHARE] = Field(
        ge=0.0, description="a factor of at least 0 on the other measure"
    )
    measure: Measure = Field(description="the other measure")
    where: Where = Field(default_factory=dict, description=WHERE)
    by: tuple[str, ...] | None = Field(
        default=None, description="the groups of the limit, or fewer; the same without it"
    )
    goal: str | None = Field(default=None, description="a goal, where the other measure is value")

    @property
    def counts(self) -> MeasureSpec:
        """The other measure."""
        return MEASURES[self.measure]


class First(StrictTable):
    """A bound of the first year: so many times today's slots, and so much beside."""

    times: Annotated[float, A_SHARE] = Field(
        ge=0.0, description="a factor of at least 0 on the slots of current_plan"
    )
    plus: float = Field(default=0.0, ge=0.0, description=PLUS)


class Previous(StrictTable):
    """A bound of so many times the same measure in the year before, and so much beside."""

    times: Annotated[float, A_SHARE] = Field(
        ge=0.0, description="a factor of at least 0 on the year before"
    )
    previous: Literal[True] = Field(description="true, for the year before")
    plus: float = Field(default=0.0, ge=0.0, description=PLUS)
    first: First | None = Field(
        default=None, description="what holds in the first year, against current_plan"
    )

    @property
    def in_first_year(self) -> First:
        """Factor and number that hold in the first year."""
        return self.first or First(times=self.times, plus=self.plus)


LimitBound = Annotated[
    Annotated[float, Tag("<number>")]
    | Annotated[Amount, Tag("<amount>")]
    | Annotated[Relative, Tag("<relative>")]
    | Annotated[Previous, Tag("<previous>")]
    | Annotated[Even, Tag("<even>")]
    | Annotated[OwnBest, Tag("<own best>")],
    Discriminator(_bound_shape),
]
"""A bound: a number, an amount per unit of an attribute, times another measure or the year before,
how evenly groups share, or a part of what each group could have by itself."""

BOUND = "a number, {amount, per}, {times, measure}, {times, previous}, {parity} or {own_best}"
PREVIOUS_ALONE = "both compare with the year before, or a limit of its own for each"


class Flex(StrictTable):
    """How far a limit may give way where no plan keeps every rule, and at which price."""

    down: Annotated[float | None, A_SHARE] = Field(
        default=None,
        ge=0.0,
        description="how far at_least may be lowered, as a share of the number; of a share, in "
        "percentage points",
    )
    up: Annotated[float | None, A_SHARE] = Field(
        default=None, ge=0.0, description="the same of raising at_most"
    )
    price: float = Field(
        default=1.0,
        gt=0.0,
        description="price of 1%, or of one percentage point of a share, beside 1 for all others",
    )


class Limit(StrictTable):
    """One named limit on a measure, for every group."""

    name: Line = Field(min_length=1, description="the name of the limit, used in reports")
    measure: Measure = Field(description="what is limited")
    where: Where = Field(default_factory=dict, description=WHERE)
    by: tuple[str, ...] = Field(default=(), description=BY)
    relative_to: str | None = Field(default=None, min_length=1, description=RELATIVE_TO)
    goal: str | None = Field(
        default=None, description="the name of a goal, where the measure is value"
    )
    scaled: bool = Field(default=False, description=SCALED)
    planned: bool = Field(default=False, description=PLANNED)
    at_least: LimitBound | None = Field(default=None, description=BOUND)
    at_most: LimitBound | None = Field(default=None, description=BOUND)
    soft: float | None = Field(
        default=None, gt=0.0, description="a penalty in points per 1% by which the limit is missed"
    )
    soft_base: float | None = Field(
        default=None, gt=0.0, description="a number above 0 that counts as 100%"
    )
    flex: Flex | None = Field(
        default=None, description="how far repairs may loosen the limit, and at which price"
    )
    protected: bool = Field(default=False, description="true if the limit may never be loosened")
    optional: bool = Field(
        default=False, description="true if a filter that matches nothing is fine"
    )
    why: str = Field(default="", description=WHY)
    source: str = Field(default="", description=SOURCE_MEANING)

    @property
    def counts(self) -> MeasureSpec:
        """What is limited."""
        return MEASURES[self.measure]

    @model_validator(mode="after")
    def _consistent(self) -> Limit:
        clashes = self._clashes()
        if clashes:
            raise self.complain(*clashes)
        return self

    def _clashes(self) -> list[Clash]:
        bounds = [("at_least", self.at_least), ("at_most", self.at_most)]
        given = [(key, bound) for key, bound in bounds if bound is not None]
        clashes: list[Clash] = []
        if not given:
            clashes.append(("at_least", "neither at_least nor at_most is given", BOUND))
        low, high = self.at_least, self.at_most
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            least, most = apart(low, high, plainly)
            message = f"{least} is above at_most = {most}"
            clashes.append(("at_least", message, f"at most {most}"))
        if self.soft is not None and self.protected:
            clashes.append(("soft", "a protected limit cannot be soft", "one of the two"))
        if self.flex is not None:
            clashes += self._flex_clashes(self.flex)
        for key, bound in given if self.soft is not None and self.soft_base is None else ():
            if isinstance(bound, Even):
                continue
            is_relative = isinstance(bound, Relative | Previous)
            if is_relative or not (bound.amount if isinstance(bound, Amount) else bound):
                what = "relative" if is_relative else "0"
                message = f"is missing; the soft limit's {key} is {what}"
                clashes.append(("soft_base", message, "the number that counts as 100%"))
        groups = [("by", self.by)]
        groups += [
            (f"{key}.by", bound.by or ()) for key, bound in given if isinstance(bound, Relative)
        ]
        for key, by in groups:
            if len(set(by)) < len(by):
                message = f"{list(by)} gives an attribute twice"
                clashes.append((key, message, "each attribute once"))
        if self.soft_base is not None and self.soft is None:
            clashes.append(("soft_base", "the limit is not soft", "soft as well, or neither"))
        clashes += self._goal_clashes(given) + self._previous_clashes(given)
        return clashes + even_clashes(self) + own_best_clashes(self)

    def _flex_clashes(self, flex: Flex) -> list[Clash]:
        clashes: list[Clash] = []
        for is_given, told in ((self.protected, "protected"), (self.soft is not None, "soft")):
            if is_given:
                message = f"a {told} limit is not loosened by repairs"
                clashes.append(("flex", message, "one of the two"))
        for key, bound, side in (("down", flex.down, "at_least"), ("up", flex.up, "at_most")):
            if bound is not None and getattr(self, side) is None:
                clashes.append((f"flex.{key}", f"the limit has no {side}", f"{side}, or no {key}"))
        return clashes

    def _previous_clashes(self, given: list[tuple[str, Any]]) -> list[Clash]:
        clashes: list[Clash] = []
        previous = [(key, bound) for key, bound in given if isinstance(bound, Previous)]
        for key, bound in previous:
            if not {"year", "year.year"} & set(self.by):
                message = "compares with the year before, but the limit is not by year"
                clashes.append((f"{key}.previous", message, "year in by"))
            if bound.first is not None and not self.counts.is_of_entrants:
                message = f"current_plan has no figures of measure {self.measure}"
                clashes.append((f"{key}.first", message, "measure slots, or no first"))
        if len(previous) == 1 and len(given) == 2:
            message = "compares with the year before, and the other bound does not"
            clashes.append((f"{previous[0][0]}.previous", message, PREVIOUS_ALONE))
        return clashes

    def _goal_clashes(self, given: list[tuple[str, Any]]) -> list[Clash]:
        clashes: list[Clash] = []
        relative = [(key, bound) for key, bound in given if isinstance(bound, Relative)]
        counted = (self.counts, *(bound.counts for _, bound in relative))
        clashes += goal_clashes(self)
        if self.goal is not None and not any(each.is_of_goal for each in counted):
            clashes.append(("goal", f"measure {self.measure} has no goal", "measure value"))
        for key, bound in relative:
            if bound.counts.is_of_goal and bound.goal is None and self.goal is None:
                message = f"is missing; the measure is {bound.measure}"
                clashes.append((f"{key}.goal", message, "the name of a goal"))
            extra = sorted(set(bound.by or ()) - set(self.by))
            if extra:
                message = f"{', '.join(extra)} is not among the limit's groups"
                clashes.append((f"{key}.by", message, "the groups of the limit, or fewer"))
        return clashes


def limit_on_slots(name: str, keys: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    """Give the table of a limit on slots that a plan decides on: not on who comes by forecast.

    Parameters
    ----------
    keys
        Values of country, track, region and year; attributes of the same name elsewhere are not
        meant.
    rest
        Its bounds, and whatever else it says.
    """
    where = {f"{key}.{key}": value for key, value in keys.items()}
    return {"name": name, "measure": "slots", "where": where, "planned": True, **rest}


class SupportFloor(StrictTable):
    """Least integration support per person and year of stay."""

    where: Where = Field(description=f"{WHERE}, of tracks")
    amount_per_year: float = Field(ge=0.0, description="money per person and year of stay")
    protected: bool = Field(default=False, description="true if the floor may never be loosened")
    optional: bool = Field(default=False, description="true if no track has to match")
    why: str = Field(default="", description=WHY)
    source: str = Field(default="", description=SOURCE_MEANING)
