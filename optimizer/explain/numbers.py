"""Numbers that limit the relaxation: one for each address, with what its rows' duals add up to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from math import floor, inf, log10, nan

import numpy as np
import scipy.sparse

from optimizer.explain.giving_way import (
    FLOORS,
    MINIMUM_COHORTS,
    SHARES_OF_BUDGETS,
    room_per_unit,
    share_of_budget,
)
from optimizer.formulation.row_keys import row_keys
from optimizer.frames.arrays import Floats
from optimizer.instance import Instance
from optimizer.persistent import LoadedModel
from optimizer.persistent.conflict import PER_FLOOR
from optimizer.policy import Amount, Even, OwnBest, Previous, Relative
from optimizer.schema.rules import RowKey, register
from optimizer.session.origins import Origin, limit_of, origin_of

IN_SHARES, IN_MONEY = "share", "money"
LARGE_SUM = 100_000_000.0
"""Step of money: an amount that somebody decides on."""
TENTH = 10
"""No step is more than the number divided by this, except one person or one unit."""
PERCENTAGE_POINT = 0.01
LEAST_PRICE = 1e-9
"""Points per unit, times the number of a row or 1, from which a row counts as binding."""


@dataclass(frozen=True)
class BindingNumber:
    """A number of policy or case in rows that bind in the relaxation.

    Attributes
    ----------
    address, value
        As policy or case have it.
    rule, title, source
        Its rule, the same in words, and file and row or key.
    kind
        ``limit`` where somebody chose it, ``fact`` otherwise.
    protected
        Whether the policy says that it may not be loosened.
    loosens
        1 where raising the number loosens its rows, and -1 where lowering it does.
    unit
        ``share``, or what it is counted in.
    step
        What one more or less is: one place, a sum, a percentage point.
    dual
        Points per unit by which the number is loosened, as the duals of all its rows add up to;
        without a value where they do not say.
    least
        The smallest that it can be: 0, but for limits on what may be negative.
    """

    address: str
    value: float
    rule: str
    title: str
    source: str
    kind: str
    protected: bool
    loosens: int
    unit: str
    step: float
    dual: float
    least: float = 0.0

    @property
    def dual_points(self) -> float:
        """The same per step."""
        return self.dual * self.step

    def moved(self, steps: float) -> float:
        """The number after so many steps looser, or tighter where they are negative."""
        after = self.value + self.loosens * steps * self.step
        return float(f"{max(self.least, after):.12g}")


RowOrigins = dict[RowKey, Origin | None]
"""Where the numbers of rows stand, as far as they were looked up."""


def binding_numbers(
    loaded: LoadedModel, x: Floats, prices: Floats, known: RowOrigins | None = None
) -> list[BindingNumber]:
    """Numbers of rows whose dual is not 0, those of the largest effect per step first.

    Parameters
    ----------
    x, prices
        An optimum of the relaxation: a number a column, and points per unit of each row's number.
    known
        What was looked up of the same model before, and is from now on.
    """
    found: dict[str, BindingNumber] = {}
    optimum = _Optimum(loaded, scipy.sparse.csr_array(loaded.matrix.a), x, prices)
    for row, key, origin, share in _binding(loaded, prices, {} if known is None else known):
        number = found.get(origin.address)
        if number is None:
            number = found[origin.address] = number_at(loaded.instance, key, origin)
        by = share or optimum.per_unit(row, key, number)
        found[origin.address] = replace(number, dual=number.dual + optimum.gain(row) * by)
    return sorted(found.values(), key=_effect, reverse=True)


def rows_by_address(loaded: LoadedModel, prices: Floats) -> dict[str, list[int]]:
    """Rows with a dual by the address of the number that stands in them."""
    found: dict[str, list[int]] = {}
    for row, _, origin, _ in _binding(loaded, prices, {}):
        found.setdefault(origin.address, []).append(row)
    return found


def _effect(number: BindingNumber) -> float:
    """Effect of a step as far as it is known; what the duals do not say comes first."""
    return float("inf") if np.isnan(number.dual) else number.dual_points


def _binding(
    loaded: LoadedModel, prices: Floats, known: RowOrigins
) -> Iterator[tuple[int, RowKey, Origin, float | None]]:
    """Rows with a dual, the number that stands in each, and how much of it; ``None``: all."""
    instance, key_of = loaded.instance, row_keys(loaded.instance)
    rules = register(instance.extension)
    sizes = np.maximum(1.0, np.abs(np.nan_to_num(loaded.matrix.numbers(), posinf=1.0, neginf=1.0)))
    for row in np.flatnonzero(np.abs(prices) * sizes > LEAST_PRICE).tolist():
        rule, index = loaded.matrix.rows[row]
        if rule not in rules or rules[rule].kind not in ("limit", "fact"):
            continue
        key = key_of(rule, index)
        if key not in known:
            known[key] = origin_of(instance, key)
        origin = known[key]
        if origin is not None and origin.address and origin.value is not None:
            yield row, key, origin, None
        of = share_of_budget(instance, key)
        if of is not None and of[1]:
            budget = origin_of(instance, of[0])
            if budget is not None and budget.address and budget.value is not None:
                yield row, of[0], budget, of[1]


def number_at(instance: Instance, key: RowKey, origin: Origin) -> BindingNumber:
    """The number of a row, as far as nothing has to be solved for it."""
    assert origin.value is not None, "numbers without a value are left out"
    rule, unit = register(instance.extension)[key.rule], _unit(instance, key, origin)
    is_floor = key.rule in FLOORS or key.rule in MINIMUM_COHORTS
    return BindingNumber(
        address=origin.address,
        value=origin.value,
        rule=key.rule,
        title=rule.title,
        source=origin.in_words(),
        kind=rule.kind,
        protected=origin.protected,
        loosens=-1 if is_floor else 1,
        unit=unit,
        step=step_of(origin.value, unit, _largest_budget(instance)),
        dual=0.0,
        least=_least(instance, key),
    )


def _least(instance: Instance, key: RowKey) -> float:
    """The smallest that a number can be: the value of a goal alone may be below 0."""
    limit = limit_of(instance, key)
    if limit is None or not limit.counts.is_of_goal:
        return 0.0
    bound = getattr(limit, key.rule.removeprefix("limit_"))
    return -inf if isinstance(bound, float | Amount) else 0.0


def _unit(instance: Instance, key: RowKey, origin: Origin) -> str:
    """What a number is counted in."""
    if key.rule in SHARES_OF_BUDGETS or key.rule == "change_within_limit":
        return IN_SHARES
    limit = limit_of(instance, key)
    if limit is None:
        return IN_MONEY if key.rule == PER_FLOOR else register(instance.extension)[key.rule].unit
    bound = getattr(limit, key.rule.removeprefix("limit_"))
    if isinstance(bound, Relative | Previous | Even | OwnBest):
        return IN_SHARES
    return (
        f"{limit.counts.unit} per {bound.per}" if isinstance(bound, Amount) else limit.counts.unit
    )


def _largest_budget(instance: Instance) -> float:
    amounts = instance.budget["amount"]
    return float(amounts.max()) if len(amounts) else 0.0


def step_of(value: float, unit: str, largest: float) -> float:
    """A step that somebody decides on.

    Parameters
    ----------
    largest
        Budget of the case, by which the step of a sum of 0 is chosen.

    Returns
    -------
    float
        One person or agreement; a percentage point; 100 million of the currency, or the largest
        power of ten that is no more than a tenth of a smaller sum; of all else that power of ten,
        and no less than one unit of a service.

    Examples
    --------
    >>> step_of(20, "persons", 0.0), step_of(0.25, "share", 0.0), step_of(4e10, "money", 0.0)
    (1.0, 0.01, 100000000.0)
    >>> step_of(8e6, "money", 0.0), step_of(4.0, "service", 0.0), step_of(0.5, "value", 0.0)
    (100000.0, 1.0, 0.01)
    """
    if unit in ("persons", "agreements", "steps"):
        return 1.0
    if unit == IN_SHARES:
        return PERCENTAGE_POINT
    base = abs(value) or (largest if unit == IN_MONEY else float(TENTH))
    step = 10.0 ** floor(log10(base / TENTH) + 1e-9) if base else 1.0
    if unit == IN_MONEY:
        return min(LARGE_SUM, step)
    return max(1.0, step) if unit == "service" else step


@dataclass(frozen=True, eq=False)
class _Optimum:
    """An optimum of the relaxation, read row by row."""

    loaded: LoadedModel
    rows: scipy.sparse.csr_array
    x: Floats
    prices: Floats

    def gain(self, row: int) -> float:
        """Points per unit by which a row gives way."""
        is_ceiling = bool(np.isfinite(self.loaded.matrix.row_upper[row]))
        return float(self.prices[row]) if is_ceiling else -float(self.prices[row])

    def side(self, row: int) -> float:
        """The number on the right of a row, without its sign."""
        return abs(float(self.loaded.matrix.numbers()[row]))

    def sum_of(self, row: int, components: Collection[str]) -> float:
        """What some components of a row add up to, without the sign."""
        start, end = self.rows.indptr[row], self.rows.indptr[row + 1]
        columns, values = self.rows.indices[start:end], self.rows.data[start:end]
        names = self.loaded.matrix.columns
        chosen = [names[column][0] in components for column in columns]
        return abs(float(values[chosen] @ self.x[columns[chosen]]))

    def per_unit(self, row: int, key: RowKey, number: BindingNumber) -> float:
        """By how much a row gives way when its number is loosened by 1."""
        by = room_per_unit(self.loaded, row, key, number.value)
        if by is not None:
            return by * self._with_shortfall(row, key, number)
        if key.rule == PER_FLOOR:
            # Money and floor of a cohort are one coefficient.
            return nan
        if key.rule in MINIMUM_COHORTS:
            # An agreement that exists is no decision: its minimum stands on the right.
            decided = self.sum_of(row, ("agreement", "active_track"))
            return _part(decided + self.side(row), number.value)
        return _part(self.sum_of(row, ("compared",)), number.value)

    def _with_shortfall(self, row: int, key: RowKey, number: BindingNumber) -> float:
        """How much more a row gives way whose number is also what 100% of the shortfall is."""
        instance = self.loaded.instance
        limit = limit_of(instance, key)
        if limit is None or limit.soft is None or limit.soft_base is not None:
            return 1.0
        joined = next(each for each in instance.limits if each.name == limit.name)
        # Of a number below 0 more is missed the lower it is.
        base = float(self.loaded.matrix.numbers()[row]) + joined.anyway
        missed = _part(self.sum_of(row, ("violation",)), base)
        return 1.0 + number.loosens * missed


def _part(amount: float, whole: float) -> float:
    return amount / whole if whole else nan
