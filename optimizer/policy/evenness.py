"""Bounds of limits that say how evenly something is divided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from optimizer.io.strict import Clash, StrictTable
from optimizer.schema.fields import A_SHARE

OF_EACH_GROUP = ("parity", "coverage")
"""Keys of bounds that hold for each group."""
OF_ALL_GROUPS = ("gini", "hoover")
"""Keys of bounds on how far all groups lie apart."""
EVENNESS = (*OF_EACH_GROUP, *OF_ALL_GROUPS)
"""Keys of which a bound on evenness has one."""


class Even(StrictTable):
    """A bound on how evenly something is divided, by one of four measures."""

    parity: Annotated[float | None, A_SHARE] = Field(
        default=None,
        ge=0.0,
        description="a factor of at least 0 on the rate of all groups together",
    )
    coverage: Annotated[float | None, A_SHARE] = Field(
        default=None, ge=0.0, description="a share of the need of each group"
    )
    gini: float | None = Field(
        default=None, ge=0.0, le=1.0, description="a Gini coefficient from 0 to 1"
    )
    hoover: float | None = Field(
        default=None,
        ge=0.0,
        le=1.0,
        description="a share that would have to go elsewhere, 0 to 1",
    )

    @property
    def kind(self) -> str:
        """The key that it has."""
        return next(key for key in EVENNESS if getattr(self, key) is not None)

    @property
    def number(self) -> float:
        """The number of that key."""
        return float(getattr(self, self.kind))

    @model_validator(mode="after")
    def _is_one(self) -> Even:
        given = [key for key in EVENNESS if getattr(self, key) is not None]
        if len(given) != 1:
            told = " and ".join(given) or "none"
            key = given[-1] if given else EVENNESS[0]
            raise self.complain((key, f"{told} of {', '.join(EVENNESS)} is given", "one of them"))
        return self


def is_even(value: object) -> bool:
    """Whether a bound is meant to say how evenly something is divided."""
    return isinstance(value, Even) or (
        isinstance(value, Mapping) and bool(set(EVENNESS) & set(value))
    )


def even_clashes(limit: Any) -> list[Clash]:
    """Give what is wrong with bounds on evenness beside the other keys of a limit.

    Parameters
    ----------
    limit
        A limit of a policy.
    """
    bounds = {key: getattr(limit, key) for key in ("at_least", "at_most")}
    given = {key: bound for key, bound in bounds.items() if bound is not None}
    even = {key: bound for key, bound in given.items() if isinstance(bound, Even)}
    if not even:
        if limit.relative_to is None:
            return []
        message = f"no bound of the limit is of {', '.join(EVENNESS)}"
        return [("relative_to", message, "such a bound, or no relative_to")]
    clashes: list[Clash] = []
    if not limit.by:
        message = f"is missing; {next(iter(even))} compares groups"
        clashes.append(("by", message, "the attributes that make the groups"))
    if len(even) < len(given):
        other = next(key for key in given if key not in even)
        message = "is of another kind than the other bound, which compares groups"
        clashes.append((other, message, "a limit of its own for each"))
    for key, bound in even.items():
        clashes += _bound_clashes(key, bound, limit)
    if len(even) == 2:
        clashes += _pair_clashes(bounds["at_least"], bounds["at_most"])
    return clashes


def _bound_clashes(key: str, bound: Even, limit: Any) -> list[Clash]:
    clashes: list[Clash] = []
    kind = bound.kind
    if key == "at_least" and kind in OF_ALL_GROUPS:
        message = "is 0 where all groups get the same, so only a ceiling makes sense"
        clashes.append((f"{key}.{kind}", message, f"at_most = {{ {kind} = ... }}"))
    if kind == "coverage" and limit.relative_to is None:
        message = f"is missing; {key} is a share of the need"
        clashes.append(("relative_to", message, "what the need of a group is"))
    if kind == "parity" and (bound.number - 1.0) * (1.0 if key == "at_least" else -1.0) > 0.0:
        side, expected = ("above", "at most 1") if key == "at_least" else ("below", "at least 1")
        message = f"{bound.number:g} is {side} 1, which not all groups can be"
        clashes.append((f"{key}.{kind}", message, expected))
    if limit.soft is not None and limit.soft_base is None and kind != "coverage":
        message = f"is missing; the soft limit's {key} is relative"
        clashes.append(("soft_base", message, "the number that counts as 100%"))
    return clashes


def _pair_clashes(low: Even, high: Even) -> list[Clash]:
    if high.kind in OF_ALL_GROUPS or low.kind in OF_ALL_GROUPS:
        message = "is on all groups together, and the other bound on each"
        return [("at_most", message, "a limit of its own for each")]
    if low.kind == high.kind and low.number > high.number:
        message = f"{low.number:g} is above at_most = {high.number:g}"
        return [(f"at_least.{low.kind}", message, f"at most {high.number:g}")]
    return []


EVEN_UNITS: Mapping[str, str] = {
    "parity": "the rate of all groups together",
    "coverage": "the need of each group",
    "gini": "Gini coefficient",
    "hoover": "everything that would have to go elsewhere",
}
"""What the number of each key is of."""
AS_FIGURES: Mapping[str, str] = {
    "gini": "as Gini coefficient",
    "hoover": "of everything to go elsewhere",
}
"""How sentences go on after the number of a figure of inequality."""
