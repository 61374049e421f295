"""Expected values of a record in words: type, range and choices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from optimizer.schema.fields import types_at
from optimizer.text.figures import figure

_PLAIN = {str: "text", bool: "true or false", int: "an integer", float: "a number"}
SEVERAL = {str: "texts", int: "integers", float: "numbers"}
LETTERS = re.compile(r"\^\[A-Za-z\]\{(\d+)\}\$")
"""Pattern of a text of so many letters."""

SEPARATED_FROM = 10_000
"""Integers below it are written as years are."""

_Address = Sequence[str | int]


def expected_at(model: type[BaseModel], address: _Address) -> str:
    """Say what the value at an address may be; *another value* where nothing is known of it.

    Examples
    --------
    >>> from pydantic import BaseModel, Field
    >>> class Horizon(BaseModel):
    ...     tail: int | None = Field(default=None, ge=0, le=100)
    ...     unit: Literal["year", "month"] = "year"
    >>> expected_at(Horizon, ("tail",)), expected_at(Horizon, ("unit",))
    ('an integer from 0 to 100', 'one of year, month')
    """
    kinds = list(_kinds_at(model, address))
    return _either(kinds, (), address) if kinds else "another value"


def expected_in(field: FieldInfo) -> str:
    """Say what a field of a record may hold, wherever the record stands.

    Examples
    --------
    >>> from pydantic import BaseModel, Field
    >>> class Horizon(BaseModel):
    ...     tail: int | None = Field(default=None, ge=0, le=100)
    >>> expected_in(Horizon.model_fields["tail"])
    'an integer from 0 to 100'
    """
    return _either([_annotated(field)], (), ())


def is_valid_at(model: type[BaseModel], address: _Address, value: object) -> bool:
    """Whether a value would do at an address."""
    for kind in _kinds_at(model, address):
        try:
            TypeAdapter(kind).validate_python(value, strict=True)
        except ValidationError:
            continue
        return True
    return False


def _kinds_at(model: type[BaseModel], address: _Address) -> Iterator[Any]:
    """Annotated types of the value at an address."""
    if not address:
        yield model
        return
    for kind in types_at(model, address[:-1]):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, field in kind.model_fields.items():
                if (field.alias or name) == address[-1]:
                    yield _annotated(field)
        elif get_origin(kind) is tuple and isinstance(address[-1], int):
            inner = [item for item in get_args(kind) if item is not Ellipsis]
            yield inner[min(address[-1], len(inner) - 1)]
        elif get_origin(kind) is Mapping:
            yield get_args(kind)[1]


def _annotated(field: FieldInfo) -> Any:
    # Examples stand beside the metadata.
    extra = [FieldInfo(examples=field.examples)] if field.examples else []
    marks = (*field.metadata, *extra)
    return Annotated[field.annotation, *marks] if marks else field.annotation


def _words(kind: Any, marks: Sequence[Any], address: _Address) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _words(inner[0], (*marks, *inner[1:]), address)
    if origin in (Union, UnionType):
        return _either(inner, marks, address)
    if origin is Literal:
        words = [str(word).lower() if isinstance(word, bool) else str(word) for word in inner]
        return f"one of {', '.join(words)}" if len(words) > 1 else words[0]
    if origin is tuple:
        return _list(inner, marks, address)
    if origin is Mapping:
        return _table(inner[1], marks, address)
    letters = LETTERS.fullmatch(str(_side(marks, "pattern")))
    plain = f"{letters[1]} letters" if letters else _PLAIN.get(kind, "a table")
    return f"{plain}{_range(marks)}{_such_as(marks)}"


def _either(inner: Sequence[Any], marks: Sequence[Any], address: _Address) -> str:
    """Any of several kinds: records by the keys they must have, or the first; lists by name."""
    kinds = [_unannotated(part)[0] for part in inner]
    several = len(kinds) - kinds.count(NoneType) > 1
    words = []
    for part, kind in zip(inner, kinds, strict=True):
        # What an integer may be is a number too.
        if kind is NoneType or (kind is int and float in kinds):
            continue
        if several and _is_record(kind):
            keys = _required(kind) or list(kind.model_fields)[:1]
            words.append(f"{{{', '.join(keys)}}}")
        elif several and get_origin(kind) is tuple:
            words.append("a list")
        else:
            words.append(_words(part, marks, address))
    *first, last = dict.fromkeys(words)
    return f"{', '.join(first)} or {last}" if first else last


def _list(inner: tuple[Any, ...], marks: Sequence[Any], address: _Address) -> str:
    if _is_record(inner[0]):
        is_plain = address and all(isinstance(part, str) for part in address)
        return f"[[{'.'.join(map(str, address))}]]" if is_plain else "a list of tables"
    count = "" if inner[-1] is Ellipsis else f"{len(inner)} "
    kind, of_each = _unannotated(inner[0])
    if kind in SEVERAL:
        each = f"{count}{SEVERAL[kind]}{_range(of_each)}"
    else:
        each = f"{count}entries, each {_words(inner[0], (), ())}"
    return f"a list of {each}{_such_as(marks)}"


def _table(inner: Any, marks: Sequence[Any], address: _Address) -> str:
    if _is_record(inner) and address:
        least = "at least one " if _side(marks, "min_length") else ""
        return f"{least}[{'.'.join(map(str, address))}.NAME]"
    kind, of_each = _unannotated(inner)
    return f"a table of {SEVERAL[kind]}{_range(of_each)}" if kind in SEVERAL else "a table"


def _is_record(kind: Any) -> bool:
    kind, _ = _unannotated(kind)
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _required(record: type[BaseModel]) -> list[str]:
    fields = record.model_fields.items()
    return [field.alias or name for name, field in fields if field.is_required()]


def _unannotated(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(kind) is not Annotated:
        return kind, ()
    inner, *marks = get_args(kind)
    return inner, tuple(marks)


def _range(marks: Sequence[Any]) -> str:
    least, most = _side(marks, "ge"), _side(marks, "le")
    above, below = _side(marks, "gt"), _side(marks, "lt")
    if least is not None and most is not None:
        return f" from {_bound(least)} to {_bound(most)}"
    parts = [
        f"{word} {_bound(number)}"
        for word, number in (
            ("of at least", least),
            ("above", above),
            ("of at most", most),
            ("below", below),
        )
        if number is not None
    ]
    return f" {' and '.join(parts)}" if parts else ""


def _such_as(marks: Sequence[Any]) -> str:
    examples = next((mark.examples for mark in marks if getattr(mark, "examples", None)), None)
    return f", such as {examples[0]}" if examples else ""


def _bound(number: float) -> str:
    is_short = float(number).is_integer() and abs(number) < SEPARATED_FROM
    return f"{number:.0f}" if is_short else figure(number)


def _side(marks: Sequence[Any], name: str) -> Any:
    """A bound among what is annotated, at any depth."""
    flat = [part for mark in marks for part in getattr(mark, "metadata", None) or [mark]]
    found = [getattr(part, name) for part in flat if getattr(part, name, None) is not None]
    return found[0] if found else None
