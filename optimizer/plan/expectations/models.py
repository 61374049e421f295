"""Contents of a file of expectations, as frozen records read from TOML."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from optimizer.errors import PolicyError, Problems
from optimizer.errors.arguments import typed
from optimizer.io.strict import StrictTable, Version, add_complaints
from optimizer.io.toml import read_toml
from optimizer.policy import Limit, Where
from optimizer.policy.limits import BOUND, LimitBound
from optimizer.policy.shapes import BY, PLANNED, RELATIVE_TO, WHERE
from optimizer.schema.measures import MEASURES, Measure
from optimizer.text.figures import apart, plainly

SPAN = "a table with at_least, at_most or both"


class Span(StrictTable):
    """Numbers from a lowest to a highest one."""

    at_least: float | None = Field(default=None, description="a number, the least that is accepted")
    at_most: float | None = Field(default=None, description="a number, the most that is accepted")

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            message = "neither at_least nor at_most is given"
            raise self.complain(("at_least", message, "a number"))
        if low is not None and high is not None and low > high:
            least, most = apart(low, high, plainly)
            message = f"{least} is above at_most = {most}"
            raise self.complain(("at_least", message, f"at most {most}"))
        return self


class Range(StrictTable):
    """What a measure is expected to be in every group; filters and groups are those of limits."""

    where: Where = Field(default_factory=dict, description=WHERE)
    by: tuple[str, ...] = Field(default=(), description=BY)
    relative_to: str | None = Field(default=None, min_length=1, description=RELATIVE_TO)
    planned: bool = Field(default=False, description=PLANNED)
    at_least: LimitBound | None = Field(default=None, description=BOUND)
    at_most: LimitBound | None = Field(default=None, description=BOUND)
    optional: bool = Field(
        default=False, description="true if a filter that matches nothing is fine"
    )
    why: str = Field(default="", description="the reason, printed when it is not met")

    def as_limit(self, measure: Measure, name: str) -> Limit:
        """The same as a limit of a policy, which it never becomes."""
        return Limit(
            name=name,
            measure=measure,
            where=self.where,
            by=self.by,
            relative_to=self.relative_to,
            planned=self.planned,
            at_least=self.at_least,
            at_most=self.at_most,
            optional=self.optional,
        )

    @model_validator(mode="after")
    def _consistent(self) -> Range:
        try:
            self.as_limit("slots", "any")
        except ValidationError as error:
            clashes = [clash for found in error.errors() for clash in found["ctx"]["clashes"]]
            raise self.complain(*clashes) from error
        return self


class GoalRange(StrictTable):
    """What a goal is expected to reach."""

    goal: str = Field(min_length=1, description="the name of a goal of the policy")
    raw: Span | None = Field(default=None, description=f"{SPAN}: the value in its own units")
    scaled: Span | None = Field(default=None, description=f"{SPAN}: the share of its scale")
    points: Span | None = Field(default=None, description=f"{SPAN}: the points it adds")
    why: str = Field(default="", description="the reason, printed when it is not met")

    @model_validator(mode="after")
    def _says_something(self) -> GoalRange:
        if self.raw is None and self.scaled is None and self.points is None:
            message = "none of raw, scaled and points is given"
            raise self.complain(("points", message, SPAN))
        return self


class Expectations(StrictTable):
    """What the plan of a policy on a case must be like to be accepted."""

    schema_version: Version = Field(alias="schema", description="schema = 1, the version")
    title: str = Field(min_length=1, description="a title")
    why: str = Field(default="", description="the reason, for readers")
    cases: tuple[str, ...] = Field(
        default=("*",), min_length=1, description='names of the cases it is for; ["*"] for all'
    )
    policies: tuple[str, ...] = Field(
        default=("*",), min_length=1, description='names of the policies it is for; ["*"] for all'
    )
    status: tuple[Literal["optimal", "feasible"], ...] = Field(
        default=(), description="the statuses that are accepted"
    )
    gap: Span | None = Field(default=None, description=f"{SPAN}: the proven relative gap")
    points: Span | None = Field(default=None, description=f"{SPAN}: the points of the plan")
    rules: tuple[str, ...] = Field(
        default=(), description="names of rules, and of limits of the policy, that must hold"
    )
    goals: tuple[GoalRange, ...] = Field(default=(), description="what goals reach")
    slots: tuple[Range, ...] = Field(default=(), description=MEASURES["slots"].words)
    residents: tuple[Range, ...] = Field(default=(), description=MEASURES["residents"].words)
    completions: tuple[Range, ...] = Field(default=(), description=MEASURES["completions"].words)
    transitions: tuple[Range, ...] = Field(default=(), description=MEASURES["transitions"].words)
    returns: tuple[Range, ...] = Field(default=(), description=MEASURES["returns"].words)
    spending: tuple[Range, ...] = Field(default=(), description=MEASURES["spending"].words)
    use: tuple[Range, ...] = Field(default=(), description=MEASURES["use"].words)
    open: tuple[Range, ...] = Field(default=(), description=MEASURES["open"].words)
    opened: tuple[Range, ...] = Field(default=(), description=MEASURES["opened"].words)

    _path: Path = PrivateAttr(default_factory=Path)

    @model_validator(mode="after")
    def _expects_something(self) -> Expectations:
        said = (self.status, self.gap, self.points, self.rules, self.goals, *self.ranges().values())
        if not any(said):
            message = "nothing is expected"
            raise self.complain(("points", message, "a range, a list of rules or the like"))
        return self

    @property
    def path(self) -> Path:
        """File the expectations were read from."""
        return self._path

    def ranges(self) -> dict[tuple[Measure, int], Range]:
        """Every range of a measure by measure and position, counted from 1."""
        return {
            (measure, number): entry
            for measure in get_args(Measure)
            for number, entry in enumerate(getattr(self, measure, ()), start=1)
        }


@typed
def load_expectations(path: str | Path) -> Expectations:
    """Read and check a file of expectations by itself.

    Parameters
    ----------
    path
        TOML file.

    Returns
    -------
    Expectations
        With ``path``.

    Raises
    ------
    PolicyError
        Holds everything that is wrong with the file.
    """
    path = Path(path)
    problems = Problems()
    data = read_toml(path, problems)
    if data is None:
        raise PolicyError(problems)
    try:
        found = Expectations.model_validate(data)
    except ValidationError as error:
        add_complaints(error, Expectations, data, problems, lambda _: path.name)
        raise PolicyError(problems) from None
    found._path = path
    return found


def expectations_schema() -> dict[str, Any]:
    """Give the JSON schema of files of expectations, for editors."""
    schema = Expectations.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
