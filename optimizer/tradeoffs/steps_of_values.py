"""In which steps values go: numbers of which all values of a goal, or of a group, are multiples."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

from optimizer.instance import Instance
from optimizer.instance.people import CONSTANT
from optimizer.schema.decisions import DECISIONS

_FINEST_PART, _MOST_STEPS = 10**6, 1e7
"""Largest denominator of a coefficient that counts as a fraction, and most steps of a value."""


def continuous_in(instance: Instance, goal: str) -> list[str]:
    """Continuous decisions on which the value of a goal depends, by family."""
    terms = instance.value[instance.value["goal"].eq(goal)]
    found = set(terms["family"].unique()) - {CONSTANT}
    return [name for name in DECISIONS if name in found and DECISIONS[name].number == "continuous"]


def steps_of(instance: Instance, goals: Sequence[str]) -> list[float | None]:
    """Number of which every value of a goal is a multiple; ``None`` where none is known.

    None is known where the value depends on continuous decisions, or returns diminish.
    """
    return [_step_of(instance, goal) for goal in goals]


def _step_of(instance: Instance, goal: str) -> float | None:
    if goal in instance.diminishing or continuous_in(instance, goal):
        return None
    terms = instance.value[instance.value["goal"].eq(goal)]
    terms = terms[terms["family"].ne(CONSTANT)]
    sums = terms.groupby(["family", "position"])["coefficient"].sum()
    return common_step(sums[sums.ne(0.0)].tolist())


def common_step(numbers: Sequence[float]) -> float | None:
    """The largest number of which all are multiples; ``None`` where it is too small to count in.

    Examples
    --------
    >>> common_step([0.5, 0.75, 2.0]), common_step([12.0, 18.0]), common_step([1.0, 2**0.5])
    (0.25, 6.0, None)
    """
    fractions = [Fraction(number).limit_denominator(_FINEST_PART) for number in numbers]
    pairs = zip(fractions, numbers, strict=True)
    if not numbers or any(abs(float(one) - other) > 1e-12 * abs(other) for one, other in pairs):
        return None
    parts = lcm(*(each.denominator for each in fractions))
    step = gcd(*(int(each * parts) for each in fractions)) / parts
    return step if max(map(abs, numbers)) <= step * _MOST_STEPS else None
