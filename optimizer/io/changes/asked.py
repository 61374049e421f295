"""Requested changes: read from ``address=value``, checked, and put together."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping

from optimizer.errors import LONGEST_SHOWN, PolicyError, Problems
from optimizer.io.changes.figures import means_figure
from optimizer.io.toml import shown
from optimizer.schema.addresses import is_cell, names_of, one_spelling, split_change

CHANGES = "changes"
"""Stands for the name of the file in problems with changes."""

_WORDS = re.compile(r"\w[\w .-]*")


def parse_changes(texts: Iterable[str]) -> dict[str, object]:
    """Parse changes written as ``address=value``, the value as in TOML.

    Figures in relation to the unchanged ones, and percentages, need no quotes.

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
    """
    problems = Problems()
    changes: dict[str, object] = {}
    spelt: set[str] = set()
    for text in texts:
        split = split_change(text)
        if split is None:
            problems.add(CHANGES, f"{shown(text)} is not a change", expected="address=value")
            continue
        address, value = split
        spelling = one_spelling(address)
        if spelling in spelt:
            problems.add(CHANGES, "is changed twice", column=address)
        else:
            spelt.add(spelling)
            changes[address] = _value(address, value, problems)
    problems.raise_if_any(PolicyError)
    return changes


def _value(address: str, text: str, problems: Problems) -> object:
    if means_figure(text):
        return text
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        parsed = {}
    # Text of several lines could hold more keys than the one asked for.
    if list(parsed) != ["value"]:
        is_word = len(text) <= LONGEST_SHOWN and _WORDS.fullmatch(text)
        problems.add(
            CHANGES,
            f"{shown(text)} is not a TOML value",
            column=address,
            expected="a number, true, false, quoted text or a list",
            # A shell takes the inner quotes away where there are no outer ones.
            maybe=f"""'{address}="{text}"'""" if is_word else None,
        )
    return parsed.get("value")


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
