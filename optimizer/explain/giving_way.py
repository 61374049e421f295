"""How rows give way to the numbers that stand in them, and how far these may be raised."""

from __future__ import annotations

from math import inf

from optimizer.instance import Instance
from optimizer.persistent import LoadedModel
from optimizer.persistent.conflict import PER_FLOOR
from optimizer.policy import Amount, Even, Limit, OwnBest, Previous, Relative
from optimizer.policy.evenness import OF_ALL_GROUPS
from optimizer.schema.rules import RowKey
from optimizer.session.origins import bound_of_first_year, limit_of

PERCENT = 100.0
FLOORS = frozenset({"limit_at_least", "commitment_at_least", PER_FLOOR})
"""Rules that are loosened by lowering their number, beside minimum cohorts."""
MINIMUM_COHORTS = frozenset({"cohort_reaches_minimum", "active_track_reaches_minimum"})
"""Rules whose number is the factor of a decision."""
SHARES_OF_BUDGETS = frozenset({"transfer_within_share", "carry_over_within_share"})
"""Rules whose number is a share of a budget."""
_NEVER_ABOVE_1 = tuple(f".{kind}" for kind in OF_ALL_GROUPS)
"""Ends of addresses of limits whose number is a part of all that there is."""


def highest(address: str) -> float:
    """The most that the number at an address can be.

    Examples
    --------
    >>> highest("budget.transfers.1.share"), highest("limits.fair.at_most.gini")
    (1.0, 1.0)
    >>> highest("limits.steps.at_most.times")
    inf
    """
    is_part = address.startswith("budget.") or address.endswith(_NEVER_ABOVE_1)
    return 1.0 if is_part else inf


def room_per_unit(loaded: LoadedModel, row: int, key: RowKey, value: float) -> float | None:
    """By how much a row gives way when its number is loosened by 1, where no plan is needed.

    Parameters
    ----------
    value
        The number, as policy or case have it.

    Returns
    -------
    float or None
        ``None`` where the plan says, and where a number of 0 does not show what it is a part of.
    """
    number, limit = float(loaded.matrix.numbers()[row]), limit_of(loaded.instance, key)
    if limit is not None:
        return _room_of_limit(loaded.instance, limit, key, number, value)
    if key.rule in MINIMUM_COHORTS or key.rule == PER_FLOOR:
        return None
    if key.rule == "change_within_limit":
        return PERCENT
    return _part(number, value) if key.rule in SHARES_OF_BUDGETS else 1.0


def _room_of_limit(
    instance: Instance, limit: Limit, key: RowKey, number: float, value: float
) -> float | None:
    begin = bound_of_first_year(instance, key)
    if begin is not None:
        # The number is a factor of today's slots, beside what the row adds to them.
        plus = begin.in_first_year.plus
        return _part(number + (plus if key.rule == "limit_at_least" else -plus), value)
    bound = getattr(limit, key.rule.removeprefix("limit_"))
    if isinstance(bound, Relative | Previous) or (isinstance(bound, Even) and not bound.coverage):
        return None
    if not isinstance(bound, Amount | OwnBest | Even):
        return 1.0
    anyway = next(each for each in instance.limits if each.name == limit.name).anyway
    return _part(number + anyway, value)


def _part(amount: float, whole: float) -> float | None:
    return amount / whole if whole else None


def share_of_budget(instance: Instance, key: RowKey) -> tuple[RowKey, float] | None:
    """Row of the budget that the number of a row is a share of, and the share."""
    if key.rule not in SHARES_OF_BUDGETS:
        return None
    line, year = key.index[0], key.index[-1]
    if key.rule == "carry_over_within_share":
        share = instance.carry_over[str(line)]
    else:
        pair = key.index[:2]
        share = next(each.share for each in instance.transfers if (each.from_, each.to) == pair)
    return RowKey("spending_within_budget", (line, year)), share
