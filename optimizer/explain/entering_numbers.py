"""Numbers that could be changed so that slots come in: scores, unit costs, caps, agreements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from optimizer.explain.giving_way import highest
from optimizer.explain.numbers import IN_MONEY, IN_SHARES, BindingNumber, number_at
from optimizer.explain.reaching import Binding
from optimizer.explain.wanting import Wanted
from optimizer.instance import Instance
from optimizer.persistent.conflict import Conflicts
from optimizer.session.moving import may_rebuild
from optimizer.session.origins import origin_of, origin_of_cell

SCORE, COST, CAP, AGREEMENT = "score", "unit cost", "cap", "agreement"
"""Kinds of numbers, in the order in which they are said."""
MOST_KINDS = 4
FINE_STEPS = 1000
"""Steps from a number to its bound, where it is not counted in persons."""
_FURTHER = 10
"""Steps by which a cap may move, where the number itself is less."""
_BEST_SCORE = 1.0


@dataclass(frozen=True)
class Entering:
    """A number that may be changed, as far as a bound.

    Attributes
    ----------
    kind
        ``score``, ``unit cost``, ``cap`` or ``agreement``.
    address, value, source, unit, protected
        As policy or case have it.
    bound
        The farthest that is tried.
    steps
        How many steps lead there.
    """

    kind: str
    address: str
    value: float
    source: str
    unit: str
    bound: float
    steps: int
    protected: bool = False

    def after(self, step: int) -> float:
        """The number after so many steps towards its bound."""
        if step >= self.steps:
            return self.bound
        return float(f"{self.value + (self.bound - self.value) * step / self.steps:.12g}")


def entering_numbers(
    instance: Instance,
    wanted: Wanted,
    binding: Sequence[Binding],
    conflicts: Conflicts | None = None,
) -> list[list[Entering]]:
    """Numbers of each kind, those first that should matter most.

    Parameters
    ----------
    binding
        Numbers that limit the relaxation in which the slots are granted.
    conflicts
        What stands against them where there is no such relaxation.
    """
    kinds = [
        list(_scores(instance, wanted)),
        list(_costs(instance, wanted)),
        list(_caps(instance, wanted, binding, conflicts)),
        list(_agreements(instance, wanted)),
    ]
    # What needs another model would need one for every step.
    return [
        [each for each in kind if each.bound != each.value and not may_rebuild(each.address)]
        for kind in kinds
    ]


def _cell(
    instance: Instance, kind: str, cell: tuple[str, str], row: int, bound: float
) -> Iterator[Entering]:
    table, column = cell
    origin = origin_of_cell(instance, table, column, row)
    if origin is not None and origin.address and origin.value is not None:
        unit = IN_MONEY if column in ("amount", "setup_cost", "yearly_cost") else ""
        place, value = origin.in_words(), origin.value
        yield Entering(kind, origin.address, value, place, unit, bound, FINE_STEPS)


def _rows(instance: Instance, table: str, wanted: Wanted, keys: Sequence[str]) -> pd.DataFrame:
    """Rows of a table that may speak of the slots: their own keys, or a blank."""
    frame = instance.case.table(table)
    for key in keys:
        named = frame[key].eq(wanted.where[key])
        frame = frame[named | frame[key].eq("")]
    return frame


def _scores(instance: Instance, wanted: Wanted) -> Iterator[Entering]:
    """Rows of ``scores``, and indicators of the country where a goal has none."""
    if not {"country", "track"} <= set(wanted.where):
        return
    rows = _rows(instance, "scores", wanted, ("country", "track"))
    rows = rows[rows["region"].isin(["", wanted.where.get("region", "")])]
    goals, named = instance.policy.goals, set(rows["goal"])
    for row, goal, value in zip(rows.index.tolist(), rows["goal"], rows["value"], strict=True):
        weight = goals[goal].weight if goal in goals else 0.0
        if not weight:
            continue
        twice = 2.0 * float(value)
        bound = max(_BEST_SCORE, twice) if weight > 0.0 else min(0.0, twice)
        yield from _cell(instance, SCORE, ("scores", "value"), int(row), bound)
    for goal in goals:
        if goal not in named:
            yield from _indicators(instance, wanted, goal)


def _indicators(instance: Instance, wanted: Wanted, name: str) -> Iterator[Entering]:
    """Indicators of the country for a goal that the track counts for, at their best end.

    That is the other end where the goal is to be avoided, or people of the track take from it.
    """
    goal, value = instance.policy.goals[name], instance.value
    counts = value["goal"].eq(name) & value["side"].eq("country")
    counts &= value["track"].eq(wanted.where["track"])
    worth = goal.weight * float(value.loc[counts, "coefficient"].sum())
    if not worth:
        return
    countries, ranges = instance.case.table("countries"), instance.scores.ranges
    at = countries.index[countries["country"].eq(wanted.where["country"])][0]
    ranges = ranges[ranges["goal"].eq(name) & ranges["table"].eq("countries")]
    for indicator in goal.indicators:
        found = ranges[ranges["column"].eq(indicator.column)]
        cell = countries[indicator.column].loc[at]
        if not len(found) or pd.isna(cell) or not str(cell).strip():
            continue
        end = "high" if (indicator.direction == "higher") == (worth > 0.0) else "low"
        address = f"countries[country={wanted.where['country']}].{indicator.column}"
        source = f"countries.csv row {at}, column {indicator.column}"
        bound = float(found[end].iloc[0])
        yield Entering(SCORE, address, float(cell), source, "", bound, FINE_STEPS)


def _costs(instance: Instance, wanted: Wanted) -> Iterator[Entering]:
    """What the track costs a person, the largest first."""
    if "track" not in wanted.where:
        return
    keys = [key for key in ("track", "country") if key in wanted.where]
    rows = _rows(instance, "costs", wanted, keys).sort_values(
        "amount", ascending=False, kind="stable"
    )
    for row in rows.index.tolist():
        yield from _cell(instance, COST, ("costs", "amount"), int(row), 0.0)


def _agreements(instance: Instance, wanted: Wanted) -> Iterator[Entering]:
    """What a proposed agreement costs."""
    if not {"country", "track"} <= set(wanted.where):
        return
    rows = _rows(instance, "agreements", wanted, ("country", "track"))
    for row in rows.index[rows["status"].eq("proposed")].tolist():
        for column in ("setup_cost", "yearly_cost"):
            yield from _cell(instance, AGREEMENT, ("agreements", column), int(row), 0.0)


def _caps(
    instance: Instance,
    wanted: Wanted,
    binding: Sequence[Binding],
    conflicts: Conflicts | None,
) -> Iterator[Entering]:
    """Numbers that somebody chose and that stand in the way."""
    numbers = [each.number for each in binding if each.number.kind == "limit"]
    numbers += [] if conflicts is None else _clashing(instance, conflicts)
    for number in {each.address: each for each in numbers}.values():
        if wanted.name not in number.address:
            yield _cap(number)


def _clashing(instance: Instance, conflicts: Conflicts) -> Iterator[BindingNumber]:
    """Numbers of the rows that clash."""
    for conflict in conflicts.found:
        for row in conflict.rows:
            origin = origin_of(instance, row.key)
            if origin is not None and origin.address and origin.value is not None:
                yield number_at(instance, row.key, origin)


def _cap(number: BindingNumber) -> Entering:
    by = max(abs(number.value), _FURTHER * number.step)
    further = number.value + number.loosens * by
    bound = max(number.least, min(further, highest(number.address)))
    is_counted = number.unit in ("persons", "agreements", "steps")
    steps = max(1, round(abs(bound - number.value))) if is_counted else FINE_STEPS
    unit = number.unit if number.unit in (IN_MONEY, IN_SHARES) else ""
    return Entering(
        CAP, number.address, number.value, number.source, unit, bound, steps, number.protected
    )
