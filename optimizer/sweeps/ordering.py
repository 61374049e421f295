"""Order in which scenarios are solved: neighbours follow each other, so that little changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any, TypeVar

from optimizer.session.moving import may_rebuild

_T = TypeVar("_T")


def neighbours_together(
    items: Iterable[_T], changes_of: Callable[[_T], Mapping[str, object]]
) -> list[_T]:
    """Order scenarios: those that need the same model together, then those with the same levers.

    Within a lever values go up, so that the plan of one is a good start for the next.

    Examples
    --------
    >>> asked = [{"a.b": 3}, {"goals.x.weight": 2}, {"a.b": 3, "goals.x.weight": 1}, {}]
    >>> neighbours_together(asked, lambda changes: changes)
    [{}, {'goals.x.weight': 2}, {'a.b': 3}, {'a.b': 3, 'goals.x.weight': 1}]
    """
    return sorted(items, key=lambda item: _place(changes_of(item)))


def _place(changes: Mapping[str, object]) -> Any:
    parts = sorted((address, *_value(value)) for address, value in changes.items())
    other = [part for part in parts if may_rebuild(part[0])]
    rest = [part for part in parts if part not in other]
    return other, [part[0] for part in rest], rest


def _value(value: object) -> tuple[float, str]:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return (float(value), "") if is_number else (0.0, repr(value))  # type: ignore[arg-type]
