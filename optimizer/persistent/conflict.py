"""Conflict in an infeasible model, and the least loosening that would resolve it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from optimizer.formulation.row_keys import row_keys
from optimizer.instance.previous import YEAR_NAMES
from optimizer.persistent.loaded import LoadedModel
from optimizer.schema.rules import LIMIT_RULES, RowKey, register
from optimizer.solver.elastic import least_relaxation
from optimizer.solver.watch import Watch


def clash(model: LoadedModel, watch: Watch) -> pd.DataFrame | None:
    """Least loosening if every row could be loosened, protected or not: the conflict."""
    rules = register(model.instance.extension)
    kinds = {"limit", "fact"}

    def may_relax(key: RowKey) -> bool:
        return rules[key.rule].kind in kinds

    found = _least_relaxation(model, may_relax, watch)
    if found is None:
        kinds.add("link")
        found = _least_relaxation(model, may_relax, watch)
    return found


def advice(model: LoadedModel, watch: Watch) -> pd.DataFrame | None:
    """Least relaxation that would make a plan possible, of what somebody chose and may choose."""
    rules, instance = register(model.instance.extension), model.instance
    limits = {limit.name for limit in instance.limits if limit.limit.protected}
    floors = {
        number
        for number, floor in enumerate(instance.policy.support_floor, start=1)
        if floor.protected
    }
    custom = {name for name, rule in instance.extension.rules.items() if rule.protected}

    def may_relax(key: RowKey) -> bool:
        is_protected = (
            (key.rule in LIMIT_RULES and key.index[0] in limits)
            or (key.rule == "support_reaches_floor" and key.index[-1] in floors)
            or key.rule in custom
        )
        return rules[key.rule].kind == "limit" and not is_protected

    return _least_relaxation(model, may_relax, watch)


def later(model: LoadedModel, watch: Watch) -> pd.DataFrame | None:
    """Least loosening of rows of years after the planned ones, where that alone would do."""
    rules, instance = register(model.instance.extension), model.instance
    last = instance.sets.years[-1]
    if last == instance.sets.window[-1]:
        return None
    years = {
        limit.name: 1 + place
        for limit in instance.limits
        for place, name in enumerate(limit.limit.by)
        if name in YEAR_NAMES
    }

    def year_of(key: RowKey) -> object:
        if key.rule in LIMIT_RULES:
            return key.index[years[key.index[0]]] if key.index[0] in years else None
        return rules[key.rule].year(key.index)

    def may_relax(key: RowKey) -> bool:
        year = year_of(key)
        return rules[key.rule].kind in {"limit", "fact"} and isinstance(year, int) and year > last

    return _least_relaxation(model, may_relax, watch)


def _least_relaxation(
    model: LoadedModel, may_relax: Callable[[RowKey], bool], watch: Watch
) -> pd.DataFrame | None:
    """Least loosening of the rows that may be loosened.

    Returns
    -------
    pandas.DataFrame or None
        As of :func:`optimizer.solver.elastic.least_relaxation`, with the index of each row's key,
        and ``key``, which says it in words.
    """
    key_of = row_keys(model.instance)
    rules = register(model.instance.extension)
    limits = {limit.name: limit for limit in model.instance.limits}

    def in_words(rule: str, index: Any) -> str:
        if rule in LIMIT_RULES:
            name, group = index
            return limits[name].in_words(group)
        return key_of(rule, index).in_words(rules[rule])

    found = least_relaxation(
        model.matrix, lambda rule, index: may_relax(key_of(rule, index)), watch, model.options
    )
    if found is None:
        return None
    rows = list(zip(found["rule"], found["index"], strict=True))
    # A row of a limit on a goal's value is counted beside what is earned anyway.
    beside = [limits[at[0]].anyway if rule in LIMIT_RULES else 0.0 for rule, at in rows]
    found = found.assign(number=found["number"] + beside, relaxed_to=found["relaxed_to"] + beside)
    index = [key_of(*row).index for row in rows]
    return found.assign(
        index=pd.Series(index, index=found.index, dtype=object),
        key=pd.Series([in_words(*row) for row in rows], index=found.index, dtype="str"),
    )
