"""Numbers that may be changed where rules clash: one lever for each address, with all its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor, inf, log10

import numpy as np

from optimizer.errors import ARGUMENT, ArgumentError, Problems, did_you_mean
from optimizer.explain.giving_way import (
    FLOORS,
    MINIMUM_COHORTS,
    PERCENT,
    SHARES_OF_BUDGETS,
    highest,
    room_per_unit,
    share_of_budget,
)
from optimizer.formulation.row_keys import row_keys
from optimizer.instance import Instance
from optimizer.io.toml import shown
from optimizer.persistent import LoadedModel
from optimizer.persistent.conflict import PER_FLOOR, rule_part_of
from optimizer.policy import Flex
from optimizer.policy.evenness import EVENNESS
from optimizer.schema.addresses import cell_of, is_cell, one_spelling
from optimizer.schema.rules import LIMIT_RULES, RowKey, register
from optimizer.session.origins import Origin, bound_of_first_year, limit_of, origin_of
from optimizer.text.figures import rounded_up

SHARES = SHARES_OF_BUDGETS | {"change_within_limit"}
"""Rules whose number is a share, which is priced by the percentage point."""
_FACTORS = (".times", ".own_best", *(f".{key}" for key in EVENNESS))
"""Ends of addresses of shares of something else."""
_NOISE = 1e-9
"""Part of a last digit that is not rounded up."""


@dataclass(frozen=True)
class Lever:
    """A number that may be changed, and by how much each of its rows then gives way.

    Attributes
    ----------
    address, value
        As policy or case have it.
    title
        Of its rule.
    sign
        1 where raising the number loosens its rows, and -1 where lowering it does.
    rows
        Rows of the model, with how much each gives way per unit; 0 where that depends on the plan,
        as of a share of something else.
    price
        Of one percent, or one percentage point of a share.
    is_share, is_whole
        Whether the number is a share; whether only a whole number can be meant.
    protected
        Whether the policy says that it stays.
    furthest
        Largest change that the policy allows.
    """

    address: str
    title: str
    value: float
    sign: int
    price: float
    is_share: bool
    is_whole: bool
    protected: bool
    furthest: float = inf
    rows: dict[int, float] = field(default_factory=dict)

    @property
    def is_linear(self) -> bool:
        """Whether rows give way in proportion to the number, whatever the plan."""
        return all(self.rows.values())

    @property
    def most(self) -> float:
        """Largest change that means anything, and is allowed."""
        if self.sign < 0:
            return min(self.furthest, self.value if self.value > 0 else inf)
        return min(self.furthest, highest(self.address) - self.value)

    @property
    def price_of_unit(self) -> float:
        """Price of changing the number by 1."""
        return self.price * PERCENT / _base(self.value, is_share=self.is_share)

    def after(self, change: float) -> float:
        """The number loosened by at least so much, in digits that somebody would write."""
        amount = rounded_up(change, is_whole=self.is_whole)
        if 0.0 < self.value < change and self.sign > 0:
            # Beside a change so large it is the new number that has few digits.
            amount = rounded_up(self.value + change, is_whole=self.is_whole) - self.value
        told = self.value + self.sign * min(amount, max(self.most, change))
        return float(f"{told:.12g}")

    def with_room(self, after: float, room: float) -> float:
        """A changed number, changed by a part more as far as is allowed, in three digits of it.

        Examples
        --------
        >>> lever = Lever("a", "", 30.0, 1, 1.0, False, True, False, inf)
        >>> lever.with_room(402_094.0, 0.01), lever.with_room(31.0, 0.01)
        (407000.0, 31.0)
        """
        change = abs(after - self.value) * (1.0 + room)
        change = round(change) if self.is_whole else change
        digit = 10.0 ** (floor(log10(change)) - 2)
        unit = max(1.0, digit) if self.is_whole else digit
        loose = ceil((self.sign * self.value + change) / unit - _NOISE) * unit
        told = self.sign * min(loose, self.sign * self.value + self.most) + 0.0
        return float(f"{told:.12g}")

    def cost(self, after: float) -> float:
        """Price of changing it to a value."""
        return abs(after - self.value) * self.price_of_unit


def levers_of(loaded: LoadedModel) -> list[Lever]:
    """Every number that somebody chose, with the rows it stands in."""
    found: dict[str, Lever] = {}
    for row, key, origin in _chosen(loaded):
        if origin.value is None:
            continue
        lever = found.get(origin.address)
        if lever is None:
            lever = found[origin.address] = _lever(loaded, key, origin)
        lever.rows[row] = room_per_unit(loaded, row, key, origin.value) or 0.0
    _add_shares_of_budgets(loaded, found)
    return list(found.values())


def priced(
    levers: Sequence[Lever], prices: Mapping[str, float], *, touch_protected: bool
) -> list[Lever]:
    """The numbers that may be changed, at their prices.

    Raises
    ------
    ArgumentError
        If a price is of no number that somebody chose.
    """
    problems, known = Problems(), {lever.address for lever in levers}
    of = {one_spelling(address): price for address, price in prices.items()}
    for address in of:
        if address not in known:
            problems.add(
                ARGUMENT,
                f"{shown(address)} is not a number that could be changed for others",
                column="prices",
                expected="the address of a number that somebody chose",
                maybe=did_you_mean(address, known),
            )
    problems.raise_if_any(ArgumentError)
    at_prices = (replace(lever, price=of.get(lever.address, lever.price)) for lever in levers)
    return [
        lever
        for lever in at_prices
        if lever.price < inf and (touch_protected or not lever.protected)
    ]


def of_agency(levers: Sequence[Lever], agency: str, instance: Instance) -> list[Lever]:
    """Budgets of an agency's lines alone.

    Raises
    ------
    ArgumentError
        If the case has no such agency.
    """
    # One by one: with pyarrow, half a character that somebody has typed is equal to no text at all.
    pairs = zip(instance.budget["line"], instance.budget["agency"], strict=True)
    lines = {line for line, own in pairs if own == agency}
    if not lines:
        known = instance.budget["agency"].drop_duplicates().tolist()
        problems = Problems()
        problems.add(
            ARGUMENT,
            f"no budget line is of agency {agency!r}",
            column="agency",
            expected=f"one of {', '.join(known)}",
            maybe=did_you_mean(agency, known),
        )
        raise ArgumentError(problems)
    return [lever for lever in levers if _line_of(lever) in lines]


def _line_of(lever: Lever) -> str | None:
    """Budget line whose money a number is."""
    if not is_cell(lever.address):
        return None
    cell = cell_of(lever.address)
    return dict(cell.keys).get("line") if cell.table == "budgets" else None


def _chosen(loaded: LoadedModel) -> Iterator[tuple[int, RowKey, Origin]]:
    """Rows whose number somebody chose, and where it stands."""
    instance, matrix = loaded.instance, loaded.matrix
    rules, key_of = register(instance.extension), row_keys(instance)
    soft = {limit.name for limit in instance.limits if limit.limit.soft is not None}
    known: dict[object, Origin | None] = {}
    for row, (rule, index) in enumerate(matrix.rows):
        sides = matrix.row_lower[row], matrix.row_upper[row]
        if rule not in rules or rules[rule].kind != "limit" or not np.isfinite(sides).any():
            continue
        key = key_of(rule, index)
        is_shared = rule in (*LIMIT_RULES, PER_FLOOR)
        if is_shared and key.index[0] in soft:
            continue
        # The first year may have a number of its own.
        begins = bound_of_first_year(instance, key) is not None
        name = (*rule_part_of(key), begins) if is_shared else key
        if name not in known:
            known[name] = origin_of(instance, key)
        origin = known[name]
        if origin is not None and origin.address:
            yield row, key, origin


def _lever(loaded: LoadedModel, key: RowKey, origin: Origin) -> Lever:
    assert origin.value is not None, "numbers without a value are no levers"
    rule = register(loaded.instance.extension)[key.rule]
    lowers = key.rule in FLOORS | MINIMUM_COHORTS
    is_share = key.rule in SHARES or origin.address.endswith(_FACTORS)
    is_whole = not is_share and _counts_people(loaded.instance, key, origin.value)
    flex = _flex(loaded.instance, key)
    allowed = None if flex is None else flex.down if lowers else flex.up
    furthest = inf if allowed is None else allowed * _base(origin.value, is_share=is_share)
    return Lever(
        address=origin.address,
        title=rule.title,
        value=origin.value,
        sign=-1 if lowers else 1,
        price=1.0 if flex is None else flex.price,
        is_share=is_share,
        is_whole=is_whole,
        protected=origin.protected,
        furthest=floor(furthest) if is_whole and furthest < inf else furthest,
    )


def _base(value: float, *, is_share: bool) -> float:
    """What 100% of a number is; of a share, 100 percentage points."""
    return 1.0 if is_share or not value else abs(value)


def _flex(instance: Instance, key: RowKey) -> Flex | None:
    """How far the limit of a row may give way, where the policy says."""
    limit = limit_of(instance, key)
    return None if limit is None else limit.flex


def _counts_people(instance: Instance, key: RowKey, value: float) -> bool:
    """Whether the number is one of whole people."""
    if not value.is_integer() or key.rule == "residents_within_cap":
        return key.rule == "residents_within_cap"
    limit = limit_of(instance, key)
    if limit is None:
        return register(instance.extension)[key.rule].unit == "persons"
    bound = getattr(limit, key.rule.removeprefix("limit_"))
    is_plain = isinstance(bound, int | float)
    return is_plain and limit.counts.unit == "persons" and not limit.counts.is_expected


def _add_shares_of_budgets(loaded: LoadedModel, found: Mapping[str, Lever]) -> None:
    """Let transfers and carry-over grow with the budget that they are a share of."""
    instance, key_of = loaded.instance, row_keys(loaded.instance)
    for row, (rule, index) in enumerate(loaded.matrix.rows):
        of = share_of_budget(instance, key_of(rule, index)) if rule in SHARES_OF_BUDGETS else None
        origin = None if of is None else origin_of(instance, of[0])
        lever = None if origin is None else found.get(origin.address)
        if of is not None and lever is not None and of[1]:
            lever.rows[row] = of[1]
