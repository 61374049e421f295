"""Weights of goals rescaled so that all keep their sum, and the others their proportion.

Weights are relative: points are divided by the sum of all of them, each without its sign. Where
that sum stays, a changed weight is the share that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from optimizer.errors import PolicyError, Problems
from optimizer.io.changes import CHANGES
from optimizer.policy import Policy
from optimizer.schema.addresses import address_of, is_cell, names_of


def rescaled_weights(
    base: Policy, changed: Policy, changes: Mapping[str, object]
) -> tuple[dict[str, object], str]:
    """Weights of the goals whose weights are not changed, so that the sum of all stays.

    Parameters
    ----------
    base, changed
        The policy before and after.
    changes
        What was changed, by address.

    Returns
    -------
    tuple
        Weights by address, and what was done in words; nothing where no weight is changed.

    Raises
    ------
    PolicyError
        If no factor on the other weights keeps the sum.
    """
    moved = {
        names[1]: address
        for address in changes
        if not is_cell(address)
        and (names := names_of(address)) is not None
        and names[0] == "goals"
        and names[2:] == ("weight",)
    }
    if not moved:
        return {}, ""
    others = [name for name in base.goals if name not in moved]
    weights = {name: _exact(base.goals[name].weight) for name in base.goals}
    total = _size(weights.values())
    left = total - _size(_exact(changed.goals[name].weight) for name in moved)
    kept = _size(weights[name] for name in others)
    _require_factor(left, kept, total, next(iter(moved.values())))
    factor = left / kept
    if factor == 1:
        return {}, ""
    found: dict[str, object] = {
        address_of(("goals", name, "weight")): float(weights[name] * factor) for name in others
    }
    told = f"weights of {', '.join(others)} times {float(factor):.6g}"
    return found, f"{told}, so that all sum to {float(total):.10g}"


def _size(weights: Iterable[Fraction]) -> Fraction:
    return sum(map(abs, weights), Fraction(0))


def _exact(weight: float) -> Fraction:
    return Fraction(repr(weight))


def _require_factor(left: Fraction, kept: Fraction, total: Fraction, address: str) -> None:
    problems = Problems()
    if kept == 0:
        message = "leaves no other weight that could be rescaled"
        problems.add(CHANGES, message, column=address, expected="a goal with another weight")
    elif left / kept < 0:
        message = f"leaves {float(left):.6g} of {float(total):.6g} for the weights of other goals"
        expected = "less than the sum of all weights, as the others are rescaled to keep it"
        problems.add(CHANGES, message, column=address, expected=expected)
    problems.raise_if_any(PolicyError)
