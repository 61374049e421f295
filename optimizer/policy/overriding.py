"""Kinds of overriding values: they must be those of the extended policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from optimizer.io.changes import refusal_of
from optimizer.policy.models import Policy
from optimizer.policy.shapes import NAMED_LISTS
from optimizer.schema.addresses import Names
from optimizer.schema.fields import inner_types, required_keys, same_types

_Add = Callable[[Names, str, str], None]
_Table = Mapping[str, Any]


def check_overrides(base: _Table, own: _Table, add: _Add) -> None:
    """Report every value that would replace one of another kind.

    Parameters
    ----------
    base, own
        Tables of the policy extended, and of the one that extends it.
    add
        Takes the names on the way to the value, what is wrong and what was expected.
    """
    _check_merged(base, own, [Policy], (), add)
    for listed in NAMED_LISTS:
        kinds = inner_types(inner_types([Policy], listed), 0)
        before = {entry["name"]: entry for entry in _named(base, listed)}
        for entry in _named(own, listed):
            # One that says all it must is written anew.
            if entry["name"] in before and not required_keys(kinds) <= set(entry):
                names = (listed, entry["name"])
                for key, value in entry.items():
                    _check(before[entry["name"]], entry, (key, value), (kinds, names, add))


def _named(tables: _Table, listed: str) -> Iterator[_Table]:
    entries = tables.get(listed)
    for entry in entries if isinstance(entries, tuple) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
            yield entry


def _check_merged(base: _Table, own: _Table, kinds: list[Any], names: Names, add: _Add) -> None:
    """Check tables that are merged key by key."""
    for key, value in own.items():
        before = base.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            _check_merged(before, value, inner_types(kinds, key), (*names, key), add)
        else:
            _check(base, own, (key, value), (kinds, names, add))


def _check(
    base: _Table, own: _Table, said: tuple[str, object], at: tuple[list[Any], Names, _Add]
) -> None:
    (key, value), (kinds, names, add) = said, at
    others = [name for name in same_types(kinds, key) if name in base and name not in own]
    beside = [(name, base[name]) for name in others]
    refusal = refusal_of(value, base.get(key), inner_types(kinds, key), beside)
    if refusal is not None:
        needed = " and ".join(sorted(required_keys(kinds) - set(own)))
        add((*names, key), refusal.message, f"a table like it, or {needed} as well")
