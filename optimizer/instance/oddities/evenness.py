"""Limits on evenness that nothing at all keeps best."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.errors import Problem
from optimizer.instance import Instance
from optimizer.instance.bounds import JoinedLimit
from optimizer.policy import Even


def evenness_without_floor(instance: Instance) -> Iterator[Problem]:
    """Limits that compare groups with each other, where nothing asks for any to be given."""
    floored = {
        limit.limit.measure
        for limit in (*instance.limits, *instance.commitments)
        if _asks_for_some(limit)
    }
    for limit in instance.limits:
        measure = limit.limit.measure
        side = _compares(limit)
        if side is None or limit.limit.soft is not None or measure in floored:
            continue
        yield Problem(
            instance.policy.path.name,
            f"nothing for any group keeps it too, as no limit is a floor on {measure}",
            column=f"limits.{limit.name}.{side}",
            maybe=f"another limit with at_least on {measure}",
        )


def _asks_for_some(limit: JoinedLimit) -> bool:
    """Whether a limit must be kept, and is a floor above 0 that no plan can lower."""
    floors = [bound for bound in limit.bounds if bound.sense == "at_least"]
    is_hard = limit.limit.soft is None
    return is_hard and any((bound.fixed > 0.0).any() for bound in floors)


def _compares(limit: JoinedLimit) -> str | None:
    """The side on which a limit compares groups with each other; ``None`` for others."""
    for side in ("at_least", "at_most"):
        bound = getattr(limit.limit, side)
        if isinstance(bound, Even) and bound.kind != "coverage":
            return side
    return None
