"""Rules that clash as a table: a line for each of their rows, with where its number stands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from optimizer.frames import plain_rows
from optimizer.instance import Instance
from optimizer.persistent.conflict import ClashingRow, Conflicts
from optimizer.policy import Amount, Even, Limit, OwnBest, Previous, Relative
from optimizer.policy.evenness import AS_FIGURES, EVEN_UNITS
from optimizer.schema.rules import LIMIT_RULES, RowKey, register
from optimizer.session.origins import (
    RULE_CELLS,
    Origin,
    bound_of_first_year,
    limit_of,
    origin_of,
)
from optimizer.text.figures import figure

SLIP_FACTOR = 1000.0
"""Factor by which a figure must be off all that stand beside it to be named as a possible slip."""
_SIBLINGS = 2
"""Fewest figures beside it that a figure is compared with."""

CLASH_COLUMNS = {
    "conflict": "int64",
    "rule": "str",
    "index": "object",
    "key": "str",
    "title": "str",
    "sense": "str",
    "number": "float64",
    "bound": "str",
    "address": "str",
    "file": "str",
    "row": "Int64",
    "column": "str",
    "source": "str",
    "protected": "bool",
    "usual": "float64",
    "later": "str",
    "within": "str",
    "is_minimal": "bool",
    "verified": "bool",
}
"""Columns of the table. ``number`` is that of the row, ``bound`` the same in words as the policy
or the table has it; ``usual`` is the middle of the figures beside it where it is a thousand times
more or less than all of them; ``later`` a sentence on years after the planned ones."""


def clash_table(found: Conflicts, instance: Instance) -> pd.DataFrame:
    """A line for each row of each conflict."""
    lines = [
        _line(number, each, instance)
        | {
            "within": conflict.within,
            "is_minimal": conflict.is_minimal,
            "verified": conflict.verified,
        }
        for number, conflict in enumerate(found.found, start=1)
        for each in conflict.rows
    ]
    columns = {
        name: pd.Series([line[name] for line in lines], dtype=dtype)
        for name, dtype in CLASH_COLUMNS.items()
    }
    return pd.DataFrame(columns)


def _line(conflict: int, each: ClashingRow, instance: Instance) -> dict[str, Any]:
    rule = register(instance.extension)[each.key.rule]
    origin = origin_of(instance, each.key)
    custom = instance.extension.rules.get(each.key.rule)
    return {
        "conflict": conflict,
        "rule": each.key.rule,
        "index": each.key.index,
        "key": _key_in_words(each.key, instance),
        "title": rule.title,
        "sense": each.sense,
        "number": each.number,
        "bound": _bound(each, instance, origin),
        "address": "" if origin is None else origin.address,
        "file": "" if origin is None else origin.file,
        "row": pd.NA if origin is None or origin.row is None else origin.row,
        "column": "" if origin is None else origin.column,
        "source": rule.source if origin is None else origin.in_words(),
        "protected": custom.protected if custom else origin is not None and origin.protected,
        "usual": _usual(each.key, instance, origin),
        "later": _later_in_words(each.key, instance),
    }


def _later_in_words(key: RowKey, instance: Instance) -> str:
    """Say so where a row is one of years after the planned ones, in which decisions may repeat."""
    sets, last = instance.sets, instance.sets.years[-1]
    is_of_limit = key.rule in LIMIT_RULES
    year = None if is_of_limit else register(instance.extension)[key.rule].year(key.index)
    if year is None or year <= last:
        return ""
    repeat = f", in which the decisions of {last} are repeated," if sets.repeated else ""
    return f"Years after {last}{repeat} take part."


def _key_in_words(key: RowKey, instance: Instance) -> str:
    if key.rule in LIMIT_RULES:
        limit = next(each for each in instance.limits if each.name == key.index[0])
        label = dict(zip(plain_rows(limit.groups), limit.groups.index, strict=True))
        return limit.in_words(str(label[key.index[1:]]))
    return key.in_words(register(instance.extension)[key.rule])


def _bound(each: ClashingRow, instance: Instance, origin: Origin | None) -> str:
    """What must be kept, as the policy or the table says it."""
    sense = each.sense.replace("_", " ")
    told = f"{sense} {figure(each.number)}"
    limit = limit_of(instance, each.key)
    if limit is not None:
        return _bound_of_limit(limit, each, told, bound_of_first_year(instance, each.key))
    if each.key.rule == "support_reaches_floor" and origin is not None:
        return f"at least {figure(origin.value or 0.0)} per person and year"
    if each.key.rule == "change_within_limit":
        return f"{told}%"
    if RULE_CELLS.get(each.key.rule, ("",))[0] == "tracks" and origin is not None:
        return f"at least {figure(origin.value or 0.0)}, or nobody"
    return told


def _bound_of_limit(limit: Limit, each: ClashingRow, told: str, begin: Previous | None) -> str:
    bound = getattr(limit, each.key.rule.removeprefix("limit_"))
    sense = each.sense.replace("_", " ")
    if isinstance(bound, Amount):
        return f"{told}, {figure(bound.amount)} per {bound.per}"
    if isinstance(bound, OwnBest):
        return f"{told}, {figure(bound.own_best)} of its own best"
    if isinstance(bound, Relative):
        return f"{sense} {figure(bound.times)} times {bound.measure}"
    if isinstance(bound, Even):
        how = AS_FIGURES.get(bound.kind, f"of {EVEN_UNITS[bound.kind]}")
        return f"{sense} {figure(bound.number)} {how}"
    if isinstance(bound, Previous):
        what = bound if begin is None else begin.in_first_year
        before = "the year before" if begin is None else "today's slots"
        plus = f" {'+' if sense == 'at most' else '-'} {figure(what.plus)}" if what.plus else ""
        return f"{sense} {figure(what.times)} times {before}{plus}"
    return told


def _usual(key: RowKey, instance: Instance, origin: Origin | None) -> float:
    """The middle of the figures beside a figure that is off all of them by a thousand times."""
    if origin is None or not origin.value:
        return float("nan")
    beside = _beside_in_table(key, instance, origin) or _beside_in_policy(key, instance)
    sizes = np.abs([each for each in beside if each])
    ratio = sizes / abs(origin.value)
    is_off = len(sizes) >= _SIBLINGS and ((ratio >= SLIP_FACTOR) | (ratio <= 1 / SLIP_FACTOR)).all()
    return float(np.median(sizes)) if is_off else float("nan")


def _beside_in_table(key: RowKey, instance: Instance, origin: Origin) -> list[float]:
    """Figures of the other rows of a table."""
    if key.rule not in RULE_CELLS or origin.row is None:
        return []
    table, column, _ = RULE_CELLS[key.rule]
    frame = instance.case.table(table)
    return [float(value) for value in frame[column].drop(index=origin.row).dropna()]


def _beside_in_policy(key: RowKey, instance: Instance) -> list[float]:
    """Plain numbers of other limits on the same measure, in as many groups."""
    own, limits = limit_of(instance, key), instance.policy.limits
    if own is None:
        return []
    alike = [each for each in limits if (each.measure, each.by) == (own.measure, own.by)]
    bounds = [bound for each in alike if each is not own for bound in (each.at_least, each.at_most)]
    return [float(bound) for bound in bounds if isinstance(bound, int | float)]
