"""Policies from tables in memory: the same as a TOML file would say, made in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, TypeAlias

from optimizer.errors import PolicyError, Problems
from optimizer.io.toml import TOO_DEEP, Address, dotted, shown
from optimizer.policy.merging import EXTENDS, Layers

TablesGiven: TypeAlias = Mapping[str, object]
"""What a policy file says, as Python reads TOML: tables, lists, texts, numbers, true and false."""

IN_MEMORY = "policy"
"""What problems of such a policy name in place of a file."""

_DEEPEST = 50
_KINDS = "text, a number, true or false, a list or a table"


def layers_of(given: TablesGiven) -> Layers:
    """Take tables in place of those of a file.

    Raises
    ------
    PolicyError
        Holds everything that no file could say.
    """
    problems = Problems()
    # What is made now is of the version of today.
    own = {"schema": 1, **_Plain(problems).table(given, ())}
    if EXTENDS in own:
        message = f"{shown(own.pop(EXTENDS))} is looked for beside a file, and this policy has none"
        expected = "the policy read from its file, with changes"
        problems.add(IN_MEMORY, message, column=EXTENDS, expected=expected)
    problems.raise_if_any(PolicyError)
    return Layers(IN_MEMORY, own, "", {}, own)


class _Plain:
    """Turns values of Python and of NumPy into what reading TOML gives."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def table(self, given: Mapping[Any, Any], at: Address) -> dict[str, Any]:
        found = {}
        for key, value in given.items():
            if isinstance(key, str):
                found[str(key)] = self._value(value, (*at, str(key)))
            else:
                self._refuse(at, f"the key {shown(key)} is not text", "keys that are text")
        return found

    def _value(self, value: Any, at: Address) -> object:
        if len(at) > _DEEPEST:
            self._refuse(at[:1], TOO_DEEP, None)
            return ""
        if hasattr(value, "dtype") and hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, bool | str | Real):
            return _scalar(value)
        if isinstance(value, Mapping):
            return self.table(value, at)
        if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
            return tuple(self._value(item, (*at, place)) for place, item in enumerate(value))
        kind = type(value).__name__
        none, wanted = value is None, "a value, or no such key"
        self._refuse(at, "is None" if none else f"is of kind {kind}", wanted if none else _KINDS)
        return ""

    def _refuse(self, at: Address, message: str, expected: str | None) -> None:
        column = dotted(at, {}) or None
        self._problems.add(IN_MEMORY, message, column=column, expected=expected)


def _scalar(value: bool | str | Real) -> bool | str | int | float:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    return int(value) if isinstance(value, Integral) else float(value)
