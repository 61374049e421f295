"""Runs of before are read under the names of today.

An error names the new name for an old one. A run cannot be edited, so its question and its
decisions are read as what they meant when it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

from optimizer.policy import Policy
from optimizer.policy.limits import Limit
from optimizer.schema.addresses import (
    AddressError,
    address_of,
    cell_of,
    is_cell,
    names_of,
)
from optimizer.schema.fields import inner_types, known_keys
from optimizer.schema.rules import RULES
from optimizer.schema.tables import TABLES, TableSpec
from optimizer.text.old_names import renewed


def tables_of_before() -> list[TableSpec]:
    """Tables of a case, whose words may be those of before."""
    return [spec.reading_old_names() for spec in TABLES.values()]


def renewed_tables(value: Any, kinds: Iterable[Any] = (Policy,)) -> Any:
    """Give tables of a policy, or a part of them, with the keys and words of today.

    Parameters
    ----------
    kinds
        Types that the value may have; names that anybody may choose are never touched.
    """
    kinds = list(kinds)
    if isinstance(value, Mapping):
        known = known_keys(kinds)
        entries = [(renewed(key, known), inner) for key, inner in value.items()]
        return {key: renewed_tables(inner, inner_types(kinds, key)) for key, inner in entries}
    if isinstance(value, tuple):
        return tuple(
            renewed_tables(inner, inner_types(kinds, place)) for place, inner in enumerate(value)
        )
    if not isinstance(value, str):
        return value
    return renewed(value, (word for kind in kinds for word in _words(kind)))


def renewed_policy(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Give the tables of a run's policy as they are written today.

    Runs say their tail. Those of before tails could be steady do not, and ended with a run-off.
    """
    found = dict(renewed_tables(tables))
    horizon = found.get("horizon", {})
    if isinstance(horizon, Mapping):
        found["horizon"] = {"tail": "runoff", **horizon}
    return found


def _words(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


def renewed_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a run says of itself, with the names of today."""
    found = dict(facts)
    if "dropped" in facts:
        found["dropped"] = tuple(renewed(name, RULES) for name in facts["dropped"])
    if "added_limits" in facts:
        added = (renewed_tables(limit, (Limit,)) for limit in facts["added_limits"])
        found["added_limits"] = tuple(added)
    for name in {"changes", "changed_to"} & set(facts):
        found[name] = dict(_renewed_change(*change) for change in facts[name].items())
    return found


def _renewed_change(address: str, value: Any) -> tuple[str, Any]:
    if is_cell(address):
        return _renewed_cell(address), value
    names, kinds = [], [Policy]
    for part in names_of(address) or ():
        names.append(renewed(part, known_keys(kinds)))
        # Entries of lists are addressed by name or number, and all are of one type.
        kinds = inner_types(kinds, names[-1]) or inner_types(kinds, 0)
    return (address_of(names), renewed_tables(value, kinds)) if names else (address, value)


def _renewed_cell(address: str) -> str:
    try:
        cell = cell_of(address)
    except AddressError:
        return address
    spec = TABLES.get(cell.table)
    words = {column.name: column.choices for column in spec.columns} if spec else {}
    keys = tuple((key, renewed(value, words.get(key, ()))) for key, value in cell.keys)
    return address if keys == cell.keys else str(replace(cell, keys=keys))
