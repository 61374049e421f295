"""What an address of a study stands for: itself, or everything that a pattern matches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer.case import Case
from optimizer.errors import Problems, did_you_mean
from optimizer.io.changes import CHANGES, unchanged_value
from optimizer.io.toml import NAMING_KEYS
from optimizer.policy import Policy
from optimizer.schema.addresses import CellAddress, Names, address_of, cell_of, is_cell, names_of
from optimizer.schema.fields import known_keys, types_at
from optimizer.schema.patterns import (
    ANY,
    is_pattern,
    matching_names,
    starred_keys,
    starred_names,
)
from optimizer.schema.tables import TABLES


def expanded(
    address: str, tables: Mapping[str, Any], case: Case, problems: Problems
) -> tuple[str, ...]:
    """Addresses that an address stands for; none after a problem.

    Parameters
    ----------
    tables
        Those of the policy.

    Examples
    --------
    >>> from optimizer import load_case, load_policy
    >>> from optimizer.policy.loading import tables_of
    >>> tiny = tables_of(load_policy("models/tiny.toml"))
    >>> expanded("goals.*e*.weight", tiny, load_case("inputs/tiny"), Problems())[:2]
    ('goals.alliance.weight', 'goals.competitiveness.weight')
    """
    if not is_pattern(address):
        return (address,)
    found = _cells(address, case) if is_cell(address) else _names(address, tables)
    if not found:
        maybe = None if is_cell(address) else _meant(address, tables)
        problems.add(
            CHANGES,
            f"{address} matches nothing",
            column=address,
            expected="a pattern that matches what has a value",
            maybe=maybe or (_meant_cell(address, case) if is_cell(address) else None),
        )
    return found


def _cells(address: str, case: Case) -> tuple[str, ...]:
    """Addresses of cells: a key that may be anything is left out, others are told one by one."""
    cell, stars = cell_of(address), starred_keys(address)
    spec = TABLES.get(cell.table)
    known = () if spec is None else (*spec.keys, *spec.optional_keys)
    if spec is None or any(key not in known for key, _ in cell.keys):
        # What is wrong with it is told where it is looked up.
        return (address,)
    parts = {cell.keys[place][0]: star for place, star in stars.items() if star != ANY}
    fixed = [key for place, key in enumerate(cell.keys) if place not in stars]
    rows = case.table(cell.table)
    for key, value in fixed:
        rows = rows[rows[key].astype("str") == value]
    for key, star in parts.items():
        texts = rows[key].dropna().astype("str")
        rows = rows.loc[texts[texts.isin(matching_names(star, texts.unique()))].index]
    if rows.empty:
        return ()
    if not parts:
        return (str(CellAddress(cell.table, tuple(fixed), cell.column)),)
    combinations = rows[list(parts)].astype("str").drop_duplicates()
    chosen = dict.fromkeys(combinations.itertuples(index=False, name=None))
    return tuple(
        str(CellAddress(cell.table, (*fixed, *zip(parts, values, strict=True)), cell.column))
        for values in chosen
    )


def _meant_cell(address: str, case: Case) -> str | None:
    """The first key that nothing matches, with the value that is nearest."""
    cell, stars = cell_of(address), starred_keys(address)
    for place, (key, value) in enumerate(cell.keys):
        there = case.table(cell.table)[key].dropna().astype("str").unique().tolist()
        is_there = matching_names(stars[place], there) if place in stars else value in there
        near = None if is_there else did_you_mean(value.strip(ANY), there)
        if near is not None:
            return f"{key}={near}"
    return None


def _names(address: str, tables: Mapping[str, Any]) -> tuple[str, ...]:
    """Addresses of a policy at which a value stands, its default included."""
    names, stars = names_of(address) or (), starred_names(address)
    ways: list[tuple[Names, Any]] = [((), tables)]
    for place, name in enumerate(names):
        ways = [
            ((*way, each), _inner(value, way, each))
            for way, value in ways
            for each in (matching_names(name, _entries(value, way)) if place in stars else [name])
        ]
    return tuple(
        address_of(way) for way, _ in ways if unchanged_value(way, tables, Policy) is not None
    )


def _entries(value: Any, way: Names) -> list[str]:
    """Names of what a table or a list holds; positions from 1 where entries have none."""
    if isinstance(value, Mapping):
        return list(value)
    if not isinstance(value, tuple):
        return []
    naming = NAMING_KEYS.get(way[-1], "")
    names = [entry.get(naming) if isinstance(entry, Mapping) else None for entry in value]
    return [
        name if isinstance(name, str) and names.count(name) == 1 else str(place)
        for place, name in enumerate(names, start=1)
    ]


def _inner(value: Any, way: Names, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name)
    entries = _entries(value, way)
    return value[entries.index(name)] if name in entries else None


def _meant(address: str, tables: Mapping[str, Any]) -> str | None:
    """The pattern with the first name that leads nowhere put right."""
    names, stars = names_of(address) or (), starred_names(address)
    ways: list[tuple[tuple[str | int, ...], Names, Any]] = [((), (), tables)]
    for place, name in enumerate(names):
        options = dict.fromkeys(
            each
            for at, way, value in ways
            for each in (*_entries(value, way), *sorted(known_keys(types_at(Policy, at))))
        )
        chosen = matching_names(name, options) if place in stars else [name]
        if not set(chosen) & set(options):
            near = did_you_mean(name.replace(ANY, ""), options)
            fixed = {**stars, place: name}
            parts = [
                fixed[at] if at in stars else address_of((part,)) for at, part in enumerate(names)
            ]
            return None if near is None else ".".join([*parts[:place], near, *parts[place + 1 :]])
        ways = [
            ((*at, 0 if isinstance(value, tuple) else each), (*way, each), _inner(value, way, each))
            for at, way, value in ways
            for each in chosen
        ]
    return None
