"""Changes to a policy: single values, reached by dotted addresses.

An address names tables and keys from the top, limits by their name, indicators by their column
and other list entries by their position from 1: ``goals.alliance.weight``,
``limits.labour_floor.at_least``, ``support_floor.1.amount_per_year``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from optimizer.addresses import address_of, is_cell, meant, names_of, one_spelling, split_change
from optimizer.errors import LONGEST_SHOWN, PolicyError, Problems, did_you_mean
from optimizer.model_types import inner_types, is_table, known_keys
from optimizer.toml_files import NAMING_KEYS, frozen, shown

CHANGES = "changes"
"""Stands for the name of the file in problems with changes."""

WORDS = re.compile(r"\w[\w .-]*")

FIXED = "extends"
"""The one key of a policy that changes come too late for."""


def parse_changes(texts: Iterable[str]) -> dict[str, object]:
    """Parse changes written as ``address=value``, the value as in TOML.

    Raises
    ------
    PolicyError
        Lists every text that is not of this form.

    Examples
    --------
    >>> parse_changes(["goals.alliance.weight=0.5", "horizon.years=[2027, 2029]"])
    {'goals.alliance.weight': 0.5, 'horizon.years': [2027, 2029]}
    >>> parse_changes(["budgets[line=science, year=2030].amount=5e6"])
    {'budgets[line=science, year=2030].amount': 5000000.0}
    """
    problems = Problems()
    changes: dict[str, object] = {}
    for text in texts:
        split = split_change(text)
        if split is None:
            problems.add(CHANGES, f"{shown(text)} is not a change", expected="address=value")
            continue
        address, value = split
        if one_spelling(address) in map(one_spelling, changes):
            problems.add(CHANGES, "is changed twice", column=address)
        else:
            changes[address] = _value(address, value, problems)
    problems.raise_if_any(PolicyError)
    return changes


def _value(address: str, text: str, problems: Problems) -> object:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        parsed = {}
    # Text of several lines could hold more keys than the one asked for.
    if list(parsed) != ["value"]:
        is_word = len(text) <= LONGEST_SHOWN and WORDS.fullmatch(text)
        problems.add(
            CHANGES,
            f"{shown(text)} is not a TOML value",
            column=address,
            expected="a number, true, false, quoted text or a list",
            maybe=f'"{text}"' if is_word else None,
        )
    return parsed.get("value")


def require_changes(changes: object) -> None:
    """Refuse what is no mapping of addresses to values.

    Raises
    ------
    PolicyError
        With everything that is no address.
    """
    problems = Problems()
    if not isinstance(changes, Mapping):
        problems.add(CHANGES, f"{shown(changes)} is no table", expected="values by address")
        raise PolicyError(problems)
    for address in changes:
        if not isinstance(address, str):
            problems.add(CHANGES, f"{shown(address)} is not an address", expected="text")
    problems.raise_if_any(PolicyError)


def made_after(before: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Changes made one upon the other, as one mapping that has the same effect at once.

    What is changed again, or lies within what is, leaves its earlier place.

    Examples
    --------
    >>> made_after({"stability.price": 1, "horizon.tail": 2}, {"stability": {"price": 3}})
    {'horizon.tail': 2, 'stability': {'price': 3}}
    """
    spelt = set(map(one_spelling, changes))
    whole = {names_of(address) for address in changes if not is_cell(address)} - {None}

    def is_covered(address: str) -> bool:
        names = () if is_cell(address) else names_of(address) or ()
        inside = any(names[:end] in whole for end in range(1, len(names) + 1))
        return inside or one_spelling(address) in spelt

    kept = {address: value for address, value in before.items() if not is_covered(address)}
    return {**kept, **changes}


def apply_changes(
    data: Mapping[str, Any],
    changes: Mapping[str, object],
    model: type[BaseModel],
    problems: Problems,
) -> dict[str, Any]:
    """Give a copy of a policy's data with the changes made.

    Parameters
    ----------
    data
        Merged tables of the policy, lists as tuples.
    changes
        Values by address.
    model
        Type of the whole, which tells the keys that may be added.
    problems
        Collects addresses that lead nowhere.
    """
    changed = dict(data)
    for address, value in changes.items():
        parts = names_of(address)
        if parts is None:
            message, expected = f"{address!r} is not an address", "names joined by dots"
            problems.add(CHANGES, message, expected=expected, maybe=meant(address))
            continue
        try:
            changed = _replaced(changed, parts, 0, frozen(value), [model])
        except _LeadsNowhereError as error:
            problems.add(
                CHANGES, error.message, column=address, expected=error.expected, maybe=error.maybe
            )
    return changed


class _LeadsNowhereError(Exception):
    def __init__(self, message: str, expected: str | None = None, maybe: str | None = None) -> None:
        super().__init__(message)
        self.message, self.expected, self.maybe = message, expected, maybe


def _replaced(
    current: Any, parts: tuple[str, ...], depth: int, value: Any, kinds: list[Any]
) -> Any:
    """Copy ``current``, one of these types, with the value put where ``parts[depth:]`` leads."""
    if depth == len(parts):
        return value
    part = parts[depth]
    if depth == 0 and part == FIXED:
        raise _LeadsNowhereError(f"{FIXED} cannot be changed; it is read before any change")
    if isinstance(current, tuple):
        place = _position(current, parts, depth)
        inner = _replaced(current[place], parts, depth + 1, value, inner_types(kinds, place))
        return (*current[:place], inner, *current[place + 1 :])
    if not isinstance(current, Mapping):
        raise _LeadsNowhereError(f"{address_of(parts[:depth])} is a value, not a table")
    if part not in current:
        _check_may_add(current, parts, depth, kinds)
    absent: object = () if part in NAMING_KEYS else {}
    inner = _replaced(current.get(part, absent), parts, depth + 1, value, inner_types(kinds, part))
    return {**current, part: inner}


def _position(entries: tuple[Any, ...], parts: tuple[str, ...], depth: int) -> int:
    part, owner = parts[depth], address_of(parts[:depth])
    naming = NAMING_KEYS.get(parts[depth - 1], "")
    names = [entry.get(naming) if isinstance(entry, Mapping) else None for entry in entries]
    positions = f"a position from 1 to {len(entries)}"
    if names.count(part) == 1:
        return names.index(part)
    if names.count(part) > 1:
        raise _LeadsNowhereError(f"{owner} has {names.count(part)} entries {part!r}", positions)
    if part.isdecimal() and 1 <= int(part) <= len(entries):
        return int(part) - 1
    known = [name for name in names if isinstance(name, str)]
    wanted = f"one of {', '.join(known)}" if known else positions if entries else None
    raise _LeadsNowhereError(f"{owner} has no entry {part!r}", wanted, did_you_mean(part, known))


def _check_may_add(
    current: Mapping[str, Any], parts: tuple[str, ...], depth: int, kinds: list[Any]
) -> None:
    """Let absent keys be added where the types know them, and to tables that hold plain values."""
    part, is_last = parts[depth], depth == len(parts) - 1
    known = known_keys(kinds)
    holds_tables = is_table(inner_types(kinds, part))
    if part in known and (is_last or holds_tables or part in NAMING_KEYS):
        return
    if not known and is_last and not holds_tables:
        return
    options = sorted(known | set(current))
    raise _LeadsNowhereError(
        f"{address_of(parts[:depth]) or 'the policy'} has no {part!r}",
        f"one of {', '.join(options)}" if options else None,
        did_you_mean(part, options),
    )
