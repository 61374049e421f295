"""Kinds of values: a value never becomes one of another kind unnoticed.

Where a number may stand beside a table that gives it another meaning, as in the bounds of limits,
the one is put in the place of the other by writing the whole around it. Texts, numbers and flags
that mean different things to a filter do not replace each other either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from optimizer.io.toml import shown
from optimizer.schema.fields import has_record, is_free_text, is_number

_KINDS = {bool: "true or false", str: "text", int: "a number", float: "a number"}


class Refusal(NamedTuple):
    """Why a value cannot stand where it is put."""

    message: str
    within: str | None = None
    """Key of the table in the way, where the number may be meant."""


def refusal_of(
    value: object, before: object, kinds: Iterable[Any], beside: Iterable[tuple[str, object]] = ()
) -> Refusal | None:
    """Say why a value may not take the place of another.

    Parameters
    ----------
    before
        What stands there; ``None`` where nothing does.
    kinds
        Types that may stand there.
    beside
        Keys of the same types in the same table, and what stands there.
    """
    kinds = list(kinds)
    if _is_plain_number(value) and is_number(kinds) and has_record(kinds):
        if isinstance(before, Mapping):
            message = f"{shown(value)} would replace a table ({', '.join(before)})"
            within = next((key for key in before if _is_plain_number(before[key])), None)
            return Refusal(message, within)
        tables = [(key, other) for key, other in beside if isinstance(other, Mapping)]
        if before is None and tables:
            key, table = tables[0]
            message = f"{shown(value)} is a plain number, {key} beside it a table"
            return Refusal(f"{message} ({', '.join(table)})")
    if before is not None and is_free_text(kinds) and is_number(kinds):
        is_, was = _scalars(value), _scalars(before)
        if is_ and was and not is_ <= was:
            told = " and ".join(sorted(was))
            return Refusal(f"{shown(value)} is {' and '.join(sorted(is_))}, not {told}")
    return None


def _is_plain_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _scalars(value: object) -> set[str]:
    """Kinds of a value, or of the entries of a list."""
    values = value if isinstance(value, tuple) else (value,)
    return {_KINDS[type(each)] for each in values if type(each) in _KINDS}
