"""How fairly two plans divide what both of their policies ask about."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan, nan
from typing import Any

from optimizer.frames import rows_of
from optimizer.plan import Plan
from optimizer.plan.fair_shares import measured_per

FAIRNESS_PART, FAIRNESS_OF_GROUPS = "fairness", "fairness_groups"
LOWEST_RATE = "lowest_rate"
_INDICES = ("gini", "hoover")


def of_fairness(one: Plan, other: Plan) -> Iterator[tuple[str, str, str, str, float, float]]:
    """Indices of every division that both plans have, and what each of its groups gets.

    Yields
    ------
    tuple
        part (``fairness``, ``fairness_groups``), by (the index; the division), key (the division;
        the group), unit, before, after. A group without need in one of the two has no value there.
    """
    first, second = (_divisions(plan) for plan in (one, other))
    for name in first:
        if name not in second or not _is_same(first[name], second[name]):
            continue
        before, after = first[name], second[name]
        # Both in the same unit: that in which the first can be read easily.
        unit, per = measured_per(before if before.highest_rate > 0.0 else after)
        for index in _INDICES:
            values = getattr(before, index), getattr(after, index)
            # Where nothing is divided there is no index.
            if not all(map(isnan, values)):
                yield FAIRNESS_PART, index, name, "index", *values
        lowest = (before.lowest_rate * per, after.lowest_rate * per)
        yield FAIRNESS_PART, LOWEST_RATE, name, unit, *lowest
        rates = [_rates(plan, name) for plan in (one, other)]
        for group in dict.fromkeys(key for each in rates for key in each):
            got, gets = (each.get(group, nan) * per for each in rates)
            yield FAIRNESS_OF_GROUPS, name, group, unit, got, gets


def _divisions(plan: Plan) -> dict[str, Any]:
    return {row.fairness: row for row in rows_of(plan.tables["fairness"])}


def _is_same(one: Any, other: Any) -> bool:
    """Whether two divisions of one name measure the same against the same need."""
    return (one.measure, one.relative_to) == (other.measure, other.relative_to)


def _rates(plan: Plan, name: str) -> dict[str, float]:
    groups = plan.tables["fairness_groups"]
    own = groups[groups["fairness"].eq(name)]
    return dict(zip(own["group"], own["rate"], strict=True))
