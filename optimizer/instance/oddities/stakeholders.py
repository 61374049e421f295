"""Comparisons of goals that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

from optimizer.errors import Problem
from optimizer.instance import Instance
from optimizer.policy import Stakeholder
from optimizer.policy.stakeholders import USUAL_RATIO
from optimizer.schema.addresses import address_of


def contradicting_comparisons(instance: Instance) -> Iterator[Problem]:
    """Stakeholders whose comparisons have a consistency ratio above the usual one."""
    for stakeholder in instance.policy.stakeholders:
        ratio = stakeholder.consistency_ratio
        if ratio is not None and ratio > USUAL_RATIO:
            yield Problem(
                instance.policy.path.name,
                f"consistency ratio {ratio:.3g}: comparisons contradict each other; up to "
                f"{USUAL_RATIO:g} is usual",
                column=address_of(("stakeholders", stakeholder.name, "comparisons")),
                maybe=_nearer(stakeholder),
            )


def _nearer(stakeholder: Stakeholder) -> str:
    """The comparison that is farthest from the weights, as these would have it."""
    shares = stakeholder.importance

    def apart(number: int) -> float:
        each = stakeholder.comparisons[number]
        # Rounded, so that of comparisons that are as far apart the first is named.
        return round(abs(log(each.times * shares[each.over] / shares[each.goal])), 9)

    worst = stakeholder.comparisons[max(range(len(stakeholder.comparisons)), key=apart)]
    ratio = shares[worst.goal] / shares[worst.over]
    return f"{worst.goal} over {worst.over} = {min(10.0, max(0.1, ratio)):.2g}"
