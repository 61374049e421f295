"""Requested changes: read from ``address=value``, checked, and put together."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping

from optimizer.errors import PolicyError, Problems
from optimizer.io.changes.figures import means_figure
from optimizer.io.toml import shown
from optimizer.schema.addresses import is_cell, names_of, one_spelling, split_change

CHANGES = "changes"
"""Stands for the name of the file in problems with changes."""


def parse_changes(texts: Iterable[str]) -> dict[str, object]:
    """Parse changes written as ``address=value``, the value as in TOML.

    What is no value of TOML is text, so that a word needs no quotes.

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
    >>> parse_changes(["goals.alliance.weight=+10%"])
    {'goals.alliance.weight': '+10%'}
    >>> parse_changes(["horizon.tail=steady", "title=2030", "why='2030'"])
    {'horizon.tail': 'steady', 'title': 2030, 'why': '2030'}
    """
    problems = Problems()
    changes: dict[str, object] = {}
    spelt: set[str] = set()
    for text in texts:
        split = split_change(text)
        if split is None or not split[1]:
            problems.add(CHANGES, f"{shown(text)} is not a change", expected="address=value")
            continue
        address, value = split
        spelling = one_spelling(address)
        if spelling in spelt:
            problems.add(CHANGES, "is changed twice", column=address)
        else:
            spelt.add(spelling)
            changes[address] = value_in(value)
    problems.raise_if_any(PolicyError)
    return changes


def value_in(text: str) -> object:
    """What a text says: a value of TOML, or else itself.

    Examples
    --------
    >>> value_in("0.5"), value_in("*1.1"), value_in("steady")
    (0.5, '*1.1', 'steady')
    """
    if means_figure(text):
        return text
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    # Text of several lines could hold more keys than the one asked for.
    return parsed["value"] if list(parsed) == ["value"] else text


def change_in_words(address: str, value: object) -> str:
    """Write a change as :func:`parse_changes` reads it.

    Examples
    --------
    >>> change_in_words("horizon.tail", "steady"), change_in_words("title", "2030")
    ('horizon.tail=steady', 'title="2030"')
    >>> change_in_words("budget.carry_over", {"main": 0.5})
    'budget.carry_over={ "main" = 0.5 }'
    """
    return f"{address}={value_text(value)}"


def value_text(value: object) -> str:
    """Write a value as :func:`value_in` reads it.

    Examples
    --------
    >>> value_text("steady"), value_text("2030"), value_text(0.5)
    ('steady', '"2030"', '0.5')
    """
    is_bare = isinstance(value, str) and value.strip() == value != "" and value_in(value) == value
    return str(value) if is_bare else _written(value)


def _written(value: object) -> str:
    """A value as TOML has it, on one line."""
    if isinstance(value, Mapping):
        pairs = (f"{_written(str(key))} = {_written(inner)}" for key, inner in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    return json.dumps(value, ensure_ascii=False)


def require_changes(changes: object) -> None:
    """Refuse what is not a mapping of addresses to values.

    Raises
    ------
    PolicyError
        With everything that is not an address.
    """
    problems = Problems()
    if not isinstance(changes, Mapping):
        problems.add(CHANGES, f"{shown(changes)} is not a table", expected="values by address")
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
    >>> made_after({"stability.penalty": 1, "horizon.tail": 2}, {"stability": {"penalty": 3}})
    {'horizon.tail': 2, 'stability': {'penalty': 3}}
    """
    spelt = set(map(one_spelling, changes))
    whole = {names_of(address) for address in changes if not is_cell(address)} - {None}

    def is_covered(address: str) -> bool:
        names = () if is_cell(address) else names_of(address) or ()
        inside = any(names[:end] in whole for end in range(1, len(names) + 1))
        return inside or one_spelling(address) in spelt

    kept = {address: value for address, value in before.items() if not is_covered(address)}
    return {**kept, **changes}
