"""Floors of groups as a part of the most that each of them could have by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from optimizer.io.strict import Clash, StrictTable

OF_OWN_BEST = "each group's own best"
"""What the number of such a floor is a part of."""


class OwnBest(StrictTable):
    """A floor of so much of the most that each group could have by itself."""

    own_best: float = Field(
        ge=0.0, le=1.0, description="a part, 0 to 1, of the most that each group could have alone"
    )
    bests: Mapping[str, float] | None = Field(
        default=None,
        description="group = the most it could have; worked out and kept with a run without it",
    )


def is_own_best(value: object) -> bool:
    """Whether a bound is meant to be a part of what each group could have."""
    return isinstance(value, OwnBest) or (
        isinstance(value, Mapping) and bool({"own_best", "bests"} & set(value))
    )


def own_best_clashes(limit: Any) -> list[Clash]:
    """Give what is wrong with such a floor beside the other keys of a limit.

    Parameters
    ----------
    limit
        A limit of a policy.
    """
    clashes: list[Clash] = []
    if isinstance(limit.at_most, OwnBest):
        message = "is a floor: nobody has more than the most that there could be"
        clashes.append(("at_most.own_best", message, "at_least = { own_best = ... }"))
    bests = getattr(limit.at_least, "bests", None) or {}
    for group, best in bests.items():
        if best < 0.0:
            message = f"{best:g} is below 0, and a part of that is above it"
            clashes.append((f"at_least.bests.{group}", message, "a number of at least 0"))
    return clashes
