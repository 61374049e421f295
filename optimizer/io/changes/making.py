"""Makes changes in the tables of a policy.

An address names tables and keys from the top, limits by their name, indicators by their column
and other list entries by their position from 1: ``goals.alliance.weight``,
``limits.labour_floor.at_least``, ``support_floor.1.amount_per_year``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from optimizer.errors import Problems, did_you_mean
from optimizer.io.changes.asked import CHANGES
from optimizer.io.changes.figures import operation_in, unreadable
from optimizer.io.changes.kinds import refusal_of
from optimizer.io.toml import NAMING_KEYS, Address, frozen, shown
from optimizer.schema.addresses import Names, address_of, meant, names_of
from optimizer.schema.fields import (
    default_of,
    inner_types,
    is_free_text,
    is_number,
    is_share,
    is_table,
    known_keys,
    same_types,
)
from optimizer.schema.tables import TABLES

FIXED = "extends"
"""The one key of a policy that changes come too late for."""


@dataclass(frozen=True)
class _Place:
    """Where an address leads in the tables of a policy.

    Attributes
    ----------
    at
        Keys and positions from 0.
    value
        What stands there; ``None`` where nothing does.
    kinds, owners
        Types of what may stand there, and of the table or list around it.
    around
        That table or list.
    """

    at: Address
    value: object
    kinds: list[Any]
    owners: list[Any]
    around: Any

    def beside(self) -> Iterator[tuple[str, object]]:
        """Values of the same types in the same table."""
        for key in same_types(self.owners, self.at[-1]):
            if isinstance(self.around, Mapping) and key in self.around:
                yield key, self.around[key]


class _RefusedError(Exception):
    def __init__(
        self,
        message: str,
        expected: str | None = None,
        maybe: str | None = None,
        *,
        is_placed: bool = True,
    ) -> None:
        super().__init__(message)
        self.message, self.expected, self.maybe = message, expected, maybe
        self.is_placed = is_placed


def apply_changes(
    data: Mapping[str, Any],
    changes: Mapping[str, object],
    model: type[BaseModel],
    problems: Problems,
    unchanged: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Give a copy of a policy's data with the changes made.

    Parameters
    ----------
    data
        Merged tables of the policy, lists as tuples.
    changes
        Values by address.
    model
        Type of the whole, which gives the keys that may be added.
    problems
        Collects addresses that lead nowhere and values of another kind.
    unchanged
        Tables whose figures are those that changes such as ``*1.1`` refer to, if not ``data``.
    """
    changed = dict(data)
    made: dict[Address, str] = {}
    for address, asked in changes.items():
        try:
            names = _names(address)
            place = _place_of(names, changed, model)
            first = made.setdefault(place.at, address)
            if first != address:
                raise _RefusedError(f"names the same value as {first}", "one of them")
            value = frozen(asked)
            if isinstance(value, str):
                before = unchanged_value(names, data if unchanged is None else unchanged, model)
                value = _figure(value, names, place, before)
            _refuse_other_kind(value, names, place)
            changed = _put(changed, place.at, value)
        except _RefusedError as error:
            _add_refused(address, error, problems)
    return changed


def place_at(
    address: str, data: Mapping[str, Any], model: type[BaseModel], problems: Problems
) -> Address | None:
    """Keys and positions from 0 to which an address leads; ``None`` after a problem."""
    try:
        return _place_of(_names(address), data, model).at
    except _RefusedError as error:
        _add_refused(address, error, problems)
        return None


def _names(address: str) -> Names:
    names = names_of(address)
    if names is None:
        message = f"{address!r} is not an address"
        raise _RefusedError(message, "names joined by dots", meant(address), is_placed=False)
    return names


def _add_refused(address: str, error: _RefusedError, problems: Problems) -> None:
    column = address if error.is_placed else None
    problems.add(CHANGES, error.message, column=column, expected=error.expected, maybe=error.maybe)


def _place_of(names: Names, data: Mapping[str, Any], model: type[BaseModel]) -> _Place:
    """Find where names lead."""
    current: Any = data
    place = _Place((), data, [model], [], None)
    for depth, name in enumerate(names):
        if depth == 0 and name == FIXED:
            raise _RefusedError(f"{FIXED} cannot be changed; it is read before any change")
        owners = place.kinds
        if isinstance(current, tuple):
            part: str | int = _position(current, names, depth)
            value = current[part]  # type: ignore[index]
        elif isinstance(current, Mapping):
            if name not in current:
                _check_may_add(current, names, depth, owners)
            part, value = name, current.get(name)
        else:
            raise _RefusedError(f"{address_of(names[:depth])} is a value, not a table")
        place = _Place((*place.at, part), value, inner_types(owners, part), owners, current)
        current = (() if name in NAMING_KEYS else {}) if value is None else value
    return place


def _figure(text: str, names: Names, place: _Place, before: object) -> object:
    """Value of a text: itself, unless it says a figure where only numbers are free."""
    if not is_number(place.kinds) or is_free_text(place.kinds):
        return text
    operation = operation_in(text)
    if operation is None:
        fault = unreadable(text)
        if fault is not None:
            raise _RefusedError(*fault)
        return text
    if operation.name == "set":
        if not is_share(place.owners, place.at[-1]):
            raise _RefusedError(
                f"{shown(text)} is a share, but no share is expected here", "a number"
            )
        return operation.of(0.0)
    if isinstance(before, bool) or not isinstance(before, int | float):
        inside = next(_numbers_in(before), None) if isinstance(before, Mapping) else None
        told = "it has no value" if before is None else f"it is {shown(before)}"
        raise _RefusedError(
            f"{shown(text)} changes a number, but in the unchanged policy {told}",
            "a number",
            None if inside is None else address_of((*names, inside)),
        )
    return operation.of(before)


def unchanged_value(names: Names, data: Mapping[str, Any], model: type[BaseModel]) -> object:
    """Value at an address, or its default; ``None`` without either."""
    try:
        place = _place_of(names, data, model)
    except _RefusedError:
        return None
    return default_of(place.owners, place.at[-1]) if place.value is None else place.value


def _numbers_in(table: Mapping[str, object]) -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield key


def _refuse_other_kind(value: object, names: Names, place: _Place) -> None:
    before = place.value
    if isinstance(before, Mapping) and not is_number(place.kinds):
        _refuse_in_place_of_table(value, names, before)
    refusal = refusal_of(value, before, place.kinds, place.beside())
    if refusal is None:
        return
    whole = f"{address_of(names[:-1])} written whole"
    within = None if refusal.within is None else address_of((*names, refusal.within))
    expected = whole if within is None else f"{within}, or {whole}"
    raise _RefusedError(refusal.message, expected, within)


def _refuse_in_place_of_table(value: object, names: Names, before: Mapping[str, object]) -> None:
    """Refuse a single value where only a table can stand, and say what in it may be meant."""
    if isinstance(value, str | bool | int | float):
        inside = next(_numbers_in(before), None)
        raise _RefusedError(
            f"{shown(value)} would replace a table ({', '.join(before)})",
            "the address of one of these, or a whole table",
            None if inside is None else address_of((*names, inside)),
        )


def _put(current: Any, at: Address, value: object) -> Any:
    """Copy tables and lists with a value put at a place in them."""
    if not at:
        return value
    part, *rest = at
    if isinstance(part, int):
        return (*current[:part], _put(current[part], tuple(rest), value), *current[part + 1 :])
    table = current if isinstance(current, Mapping) else {}
    return {**table, part: _put(table.get(part), tuple(rest), value)}


def _position(entries: tuple[Any, ...], parts: Names, depth: int) -> int:
    part, owner = parts[depth], address_of(parts[:depth])
    naming = NAMING_KEYS.get(parts[depth - 1], "")
    names = [entry.get(naming) if isinstance(entry, Mapping) else None for entry in entries]
    positions = f"a position from 1 to {len(entries)}"
    if names.count(part) == 1:
        return names.index(part)
    if names.count(part) > 1:
        raise _RefusedError(f"{owner} has {names.count(part)} entries {part!r}", positions)
    if part.isdecimal() and 1 <= int(part) <= len(entries):
        return int(part) - 1
    known = [name for name in names if isinstance(name, str)]
    wanted = f"one of {', '.join(known)}" if known else positions if entries else None
    raise _RefusedError(f"{owner} has no entry {part!r}", wanted, did_you_mean(part, known))


def _check_may_add(current: Mapping[str, Any], parts: Names, depth: int, kinds: list[Any]) -> None:
    """Let absent keys be added where the types know them, and to tables that hold plain values."""
    part, is_last = parts[depth], depth == len(parts) - 1
    known = known_keys(kinds)
    holds_tables = is_table(inner_types(kinds, part))
    if part in known and (is_last or holds_tables or part in NAMING_KEYS):
        return
    if not known and is_last and not holds_tables:
        return
    options = sorted(known | set(current))
    is_cell = depth == 0 and part in TABLES and len(parts) == 2
    cells = f"{part}[].{parts[1]}" if is_cell else None
    raise _RefusedError(
        f"{address_of(parts[:depth]) or 'the policy'} has no {part!r}",
        f"one of {', '.join(options)}" if options else None,
        cells or did_you_mean(part, options),
    )
