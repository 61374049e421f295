"""Contents of a study's TOML file, as frozen records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from optimizer.errors import OptimizerError, Problems
from optimizer.io.strict import Line, StrictTable, Version, add_complaints
from optimizer.io.toml import read_toml
from optimizer.sweeps.contents import LONGEST_NAME
from optimizer.sweeps.designs import Design, grid_design, one_at_a_time_design
from optimizer.sweeps.distributions import DISTRIBUTIONS, Correlated, Distribution, correlated
from optimizer.sweeps.sampling import sample_design, sobol_design

_OPERATION = "multiply, add or set: what a value is"
_ADDRESS = "an address, such as goals.alliance.weight"
_RESCALE = "true if the weights of goals that are not changed are rescaled, so that the sum stays"
_SHARE = "a share from 0 to 1"


class ChangeEntry(StrictTable):
    """One change of a scenario."""

    address: str = Field(min_length=1, description=_ADDRESS)
    set_to: Any = Field(default=None, alias="set", description="the value itself")
    add: float | None = Field(default=None, description="a number, added to what is there")
    multiply: float | str | None = Field(
        default=None, description="a number, or a percentage such as 110%, times what is there"
    )
    note: str = Field(default="", description="a note")

    @model_validator(mode="after")
    def _does_one_thing(self) -> ChangeEntry:
        if len(self._said()) != 1:
            told = ", ".join(self._said()) or "none of them"
            raise self.complain(("set", f"{told} is given", "one of set, add and multiply"))
        return self

    def _said(self) -> dict[str, Any]:
        values = {"set": self.set_to, "add": self.add, "multiply": self.multiply}
        return {name: value for name, value in values.items() if value is not None}

    def as_row(self) -> dict[str, Any]:
        """The same as a row of the table of changes."""
        (operation, value) = next(iter(self._said().items()))
        # What is set may be said as on the command line: "*1.1" changes the number by itself.
        said = {} if operation == "set" else {"operation": operation}
        return {"address": self.address, **said, "value": value, "note": self.note}


class ScenarioEntry(StrictTable):
    """A scenario with its changes."""

    name: Line = Field(min_length=1, max_length=LONGEST_NAME, description="the name of a scenario")
    probability: float | None = Field(default=None, ge=0.0, le=1.0, description=_SHARE)
    note: str = Field(default="", description="what it is about")
    changes: tuple[ChangeEntry, ...] = Field(default=(), description="what it changes")


class OneAtATime(StrictTable):
    """Every lever by itself, lower and higher."""

    levers: tuple[str, ...] = Field(min_length=1, description="a list of addresses")
    by: float = Field(default=0.1, gt=0.0, le=1.0, description="a share of the number, such as 0.1")


class GridOfValues(StrictTable):
    """Every value of every lever with every value of all others."""

    levers: Mapping[str, tuple[Any, ...]] = Field(
        min_length=1, description="lists of values by address"
    )


class DistributionEntry(StrictTable):
    """How likely the values of a lever are."""

    uniform: tuple[float, float] | None = Field(default=None, description="[lowest, highest]")
    loguniform: tuple[float, float] | None = Field(default=None, description="[lowest, highest]")
    triangular: tuple[float, float, float] | None = Field(
        default=None, description="[lowest, likeliest, highest]"
    )
    normal: tuple[float, float] | None = Field(
        default=None, description="[mean, standard deviation]"
    )
    low: float | None = Field(default=None, description="a number, the lowest of normal")
    high: float | None = Field(default=None, description="a number, the highest of normal")
    choice: tuple[Any, ...] | None = Field(default=None, description="a list of values")
    weights: tuple[float, ...] | None = Field(
        default=None, description="a list of numbers, how likely each value of choice is"
    )
    operation: Literal["multiply", "add", "set"] | None = Field(
        default=None, description=_OPERATION
    )

    @model_validator(mode="after")
    def _is_possible(self) -> DistributionEntry:
        named = [name for name in DISTRIBUTIONS if getattr(self, name) is not None]
        if len(named) != 1:
            told = ", ".join(named) or "none of them"
            raise self.complain(
                ("uniform", f"{told} is given", f"one of {', '.join(DISTRIBUTIONS)}")
            )
        for key, of in (("low", "normal"), ("high", "normal"), ("weights", "choice")):
            if getattr(self, key) is not None and of not in named:
                raise self.complain((key, f"belongs to {of}", f"{of}, or no {key}"))
        try:
            self.as_distribution()
        except OptimizerError as error:
            message = str(error).partition(": ")[2]
            raise self.complain((named[0], message, "a distribution")) from None
        return self

    def as_distribution(self) -> Distribution:
        """The same as functions give it."""
        name = next(name for name in DISTRIBUTIONS if getattr(self, name) is not None)
        given = getattr(self, name)
        more = {
            key: getattr(self, key)
            for key in ("low", "high", "weights", "operation")
            if getattr(self, key) is not None
        }
        make: Callable[..., Distribution] = DISTRIBUTIONS[name]
        return make(given, **more) if name == "choice" else make(*given, **more)


class GroupEntry(StrictTable):
    """Levers of a sample that move together."""

    levers: tuple[str, ...] = Field(min_length=2, description="a list of addresses")
    correlation: float = Field(ge=-1.0, le=1.0, description="a rank correlation, from -1 to 1")

    @model_validator(mode="after")
    def _is_possible(self) -> GroupEntry:
        try:
            self.as_group()
        except OptimizerError as error:
            message = str(error).partition(": ")[2]
            raise self.complain(("correlation", message, "another one")) from None
        return self

    def as_group(self) -> Correlated:
        """The same as :func:`optimizer.correlated` gives it."""
        return correlated(self.levers, self.correlation)


class _Drawn(StrictTable):
    levers: Mapping[str, DistributionEntry] = Field(
        min_length=1, description="distributions by address"
    )
    n: int = Field(ge=1, description="a number of draws")
    seed: int = Field(default=0, ge=0, description="a whole number; the same gives the same draws")

    def distributions(self) -> dict[str, Distribution]:
        """Distributions by address."""
        return {address: entry.as_distribution() for address, entry in self.levers.items()}


class SampleOfLevers(_Drawn):
    """Draws of all levers at once."""

    method: Literal["sobol", "latin"] = Field(
        default="sobol", description="sobol for n a power of two, latin for any"
    )
    groups: tuple[GroupEntry, ...] = Field(default=(), description="levers that move together")


class SobolDraws(_Drawn):
    """What Sobol indices are computed from."""


class StudyFile(StrictTable):
    """What is to be tried."""

    schema_version: Version = Field(alias="schema", description="schema = 1, the version")
    title: str = Field(min_length=1, max_length=500, description="a title")
    why: str = Field(default="", description="the reason, for readers")
    cases: tuple[str, ...] = Field(
        default=("*",), min_length=1, description='names of the cases it is for; ["*"] for all'
    )
    policies: tuple[str, ...] = Field(
        default=("*",), min_length=1, description='names of the policies it is for; ["*"] for all'
    )
    rescale_weights: bool = Field(default=False, description=_RESCALE)
    scenarios: tuple[ScenarioEntry, ...] = Field(default=(), description="scenarios, one by one")
    one_at_a_time: OneAtATime | None = Field(
        default=None, description="scenarios of one lever each"
    )
    grid: GridOfValues | None = Field(default=None, description="scenarios of a grid")
    sample: SampleOfLevers | None = Field(default=None, description="scenarios of a sample")
    sobol: SobolDraws | None = Field(default=None, description="scenarios for Sobol indices")

    @model_validator(mode="after")
    def _tries_something(self) -> StudyFile:
        if not self.scenarios and not self.designs():
            message = "no scenario is given"
            raise self.complain(("scenarios", message, f"one of {', '.join(SCENARIO_KEYS)}"))
        return self

    def is_mixed(self) -> bool:
        """Whether scenarios come from several keys."""
        return len(self.designs()) + bool(self.scenarios) > 1

    def designs(self) -> dict[str, Callable[[], Design]]:
        """What makes the rows of each design, by its key."""
        rescale = self.rescale_weights
        found: dict[str, Callable[[], Design]] = {}
        if self.one_at_a_time is not None:
            one = self.one_at_a_time
            found["one_at_a_time"] = partial(
                one_at_a_time_design, one.levers, one.by, rescale=rescale
            )
        if self.grid is not None:
            found["grid"] = partial(grid_design, self.grid.levers, rescale=rescale)
        if self.sample is not None:
            drawn = self.sample
            found["sample"] = partial(
                sample_design,
                drawn.distributions(),
                drawn.n,
                method=drawn.method,
                seed=drawn.seed,
                groups=tuple(group.as_group() for group in drawn.groups),
                rescale=rescale,
            )
        if self.sobol is not None:
            found["sobol"] = partial(
                sobol_design,
                self.sobol.distributions(),
                self.sobol.n,
                seed=self.sobol.seed,
                rescale=rescale,
            )
        return found


SCENARIO_KEYS = ("scenarios", "one_at_a_time", "grid", "sample", "sobol")
"""Keys of a file that make scenarios, by which it is known as a study."""


def read_study_file(path: Path, problems: Problems) -> StudyFile | None:
    """Read and check a TOML file by itself; ``None`` after a problem."""
    data = read_toml(path, problems)
    if data is None:
        return None
    try:
        return StudyFile.model_validate(data)
    except ValidationError as error:
        add_complaints(error, StudyFile, data, problems, lambda _: path.name)
        return None


def study_schema() -> dict[str, Any]:
    """Give the JSON schema of studies, for editors."""
    schema = StudyFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
