"""Contents of a policy as frozen records; unknown keys and silent conversions are refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, Field, PrivateAttr, Tag, model_validator

from optimizer.errors import Problems
from optimizer.io.strict import Line, StrictTable, Version
from optimizer.policy.fairness import Fairness
from optimizer.policy.goals import Goal
from optimizer.policy.limits import Limit, SupportFloor
from optimizer.policy.merging import Layers
from optimizer.policy.shapes import WHY, Share, shape_of
from optimizer.policy.stakeholders import Stakeholder
from optimizer.schema.fields import A_SHARE

_CarryOver = Annotated[
    Annotated[Share, Tag("<number>")] | Annotated[Mapping[str, Share], Tag("<table>")],
    Discriminator(shape_of),
]


_Tail = Annotated[
    Annotated[Literal["steady", "runoff"], Tag("<text>")]
    | Annotated[int, Field(ge=0, le=100), Tag("<number>")],
    Discriminator(shape_of),
]


class Horizon(StrictTable):
    """Which years are planned, and how the future counts."""

    years: tuple[int, int] | None = Field(
        default=None, description="[first, last] planned year; all years of the case without it"
    )
    tail: _Tail = Field(
        default="steady",
        description="steady, runoff, or a whole number of years followed after the last intake",
    )
    discount: float = Field(
        default=0.0, ge=0.0, le=1.0, description="yearly discount of value, 0 to 1"
    )

    def tail_of(self, longest: int) -> tuple[int, int]:
        """Repeated years, and years of run-off after them, where the longest track takes so many.

        Examples
        --------
        >>> Horizon(tail="steady").tail_of(3), Horizon(tail="runoff").tail_of(3)
        ((3, 3), (0, 3))
        >>> Horizon(tail=1).tail_of(3)
        (0, 1)
        """
        if isinstance(self.tail, int):
            return 0, self.tail
        return (longest if self.tail == "steady" else 0), longest

    @model_validator(mode="after")
    def _years_in_order(self) -> Horizon:
        if self.years is not None and self.years[0] > self.years[1]:
            message = f"{self.years[0]} is after {self.years[1]}"
            raise self.complain(("years", message, "the first year, then the last"))
        return self


class Transfer(StrictTable):
    """Money that one line may pass to another."""

    from_: str = Field(alias="from", min_length=1, description="the line that gives")
    to: str = Field(min_length=1, description="the line that receives")
    share: float = Field(ge=0.0, le=1.0, description="a share of the giver's own amount, 0 to 1")
    optional: bool = Field(default=False, description="true if a case may lack one of the lines")

    @model_validator(mode="after")
    def _between_two(self) -> Transfer:
        if self.from_ == self.to:
            raise self.complain(("to", f"{self.to!r} is the giving line itself", "another line"))
        return self


class Budget(StrictTable):
    """How money may move between lines and years; without it, it may not."""

    transfers: tuple[Transfer, ...] = Field(default=(), description="transfers that are allowed")
    carry_over: _CarryOver = Field(
        default=0.0,
        description="a share from 0 to 1 of the line's own amount, or a table line = share",
    )

    @model_validator(mode="after")
    def _listed_once(self) -> Budget:
        pairs = [(transfer.from_, transfer.to) for transfer in self.transfers]
        for pair in pairs:
            if pairs.count(pair) > 1:
                message = f"from {pair[0]!r} to {pair[1]!r} is listed twice"
                raise self.complain(("transfers", message, "one entry per pair of lines"))
        return self


class Stability(StrictTable):
    """How far the plan may move from today's."""

    max_change: Annotated[float | None, A_SHARE] = Field(
        default=None, ge=0.0, description="largest change per year as a share of the current slots"
    )
    penalty: float | None = Field(default=None, ge=0.0, description="points per 1% changed")

    @model_validator(mode="after")
    def _says_something(self) -> Stability:
        if self.max_change is None and self.penalty is None:
            message = "neither max_change nor penalty is given"
            raise self.complain(("max_change", message, "at least one of the two"))
        return self


class Solver(StrictTable):
    """How long and how exactly to solve; what looks for many plans ends at `--time-limit` alone."""

    gap: float = Field(
        default=1e-6, ge=0.0, le=1.0, description="a relative gap to stop at, 0 to 1"
    )
    time_limit: float | None = Field(
        default=None, gt=0.0, description="seconds for a plan, from reading to writing it"
    )
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="a whole number of at least 0")
    threads: int = Field(default=1, ge=1, description="a whole number of at least 1")


class Policy(StrictTable):
    """One policy: goals and weights, limits, horizon and the like."""

    schema_version: Version = Field(alias="schema", description="schema = 1, the version")
    title: Line = Field(min_length=1, description="a title, printed in reports")
    why: str = Field(default="", description=WHY)
    cases: tuple[str, ...] = Field(
        default=("*",),
        min_length=1,
        description='names of the cases it is meant for; ["*"] for all',
    )
    extends: str | None = Field(
        default=None, description="another policy of the same folder to start from"
    )
    horizon: Horizon = Field(default_factory=Horizon, description="years and discount")
    goals: Mapping[Line, Goal] = Field(min_length=1, description="goals by name")
    limits: tuple[Limit, ...] = Field(default=(), description="limits, each with a name of its own")
    support_floor: tuple[SupportFloor, ...] = Field(
        default=(), description="floors on support per person"
    )
    fairness: tuple[Fairness, ...] = Field(
        default=(), description="divisions that are judged, each with a name of its own"
    )
    stakeholders: tuple[Stakeholder, ...] = Field(
        default=(), description="who weighs the goals in ways of its own, each with a name"
    )
    budget: Budget = Field(default_factory=Budget, description="transfers and carry-over")
    stability: Stability | None = Field(default=None, description="limits on change")
    solver: Solver = Field(default_factory=Solver, description="options of the solver")

    _name: str = PrivateAttr("")
    _path: Path = PrivateAttr(default_factory=Path)
    _hash: str = PrivateAttr("")
    _layers: Layers | None = PrivateAttr(None)

    @property
    def name(self) -> str:
        """Stem of the file."""
        return self._name

    @property
    def path(self) -> Path:
        """File the policy was read from."""
        return self._path

    @property
    def avoided(self) -> list[str]:
        """Goals with a weight below 0."""
        return [name for name, goal in self.goals.items() if goal.weight < 0.0]

    @property
    def hash(self) -> str:
        """SHA-256 of everything the policy says, defaults included, whichever file says it."""
        if not self._hash:
            # Where nobody is named the hash is that of before anybody could be.
            left_out = {"extends"} if self.stakeholders else {"extends", "stakeholders"}
            said = self.model_dump(mode="json", by_alias=True, exclude=left_out)
            for entry in (*said["limits"], *said["fairness"]):
                # The same of what goes with goals as groups alone.
                if not entry["scaled"]:
                    del entry["scaled"]
            text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            self._hash = hashlib.sha256(text.encode()).hexdigest()
        return self._hash

    def __eq__(self, other: object) -> bool:
        """Policies are equal where they say the same under the same name, whoever asked what."""
        if not isinstance(other, Policy):
            return NotImplemented
        return (self.name, self.hash) == (other.name, other.hash)

    def __hash__(self) -> int:
        return hash((self.name, self.hash))

    def retold(self, problems: Problems) -> Problems:
        """Report later problems with the places that the reader of the file knows."""
        return problems if self._layers is None else problems.retold(self._layers.retell)

    def named_like(self, other: Policy) -> Policy:
        """Give itself the name and file of another policy, of which it is a variation."""
        self._name, self._path, self._layers = other._name, other._path, other._layers
        return self

    def called(self, name: str) -> Policy:
        """Give itself another name than its file has."""
        self._name = name
        return self

    def is_for(self, case: str) -> bool:
        """Whether the policy is meant for the case of this name."""
        return "*" in self.cases or case in self.cases
