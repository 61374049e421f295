"""Types, keys and descriptions that pydantic models allow at an address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

A_SHARE = "share"
"""Annotates numbers that are shares without being limited to 1."""


def known_keys(kinds: Iterable[Any]) -> set[str]:
    """Give the keys that a table of one of these types may have; none where any name will do."""
    return {
        field.alias or name
        for kind in kinds
        if _is_model(kind)
        for name, field in kind.model_fields.items()
    }


def types_at(model: type[BaseModel], address: Sequence[str | int]) -> list[Any]:
    """Give the types that the value at an address may have; none where it is unknown."""
    kinds: list[Any] = [model]
    for part in address:
        kinds = inner_types(kinds, part)
    return kinds


def inner_types(kinds: Iterable[Any], part: str | int) -> list[Any]:
    """Give the types of a key or list entry of values of the given types."""
    return [inner for kind in kinds for inner in _inner_types(kind, part)]


def is_table(kinds: Iterable[Any]) -> bool:
    """Whether a value of one of these types can be a table."""
    return any(_is_model(kind) or _is_mapping(kind) for kind in kinds)


def is_number(kinds: Iterable[Any]) -> bool:
    """Whether a value of one of these types can be a number."""
    return any(kind in (int, float) for kind in kinds)


def is_free_text(kinds: Iterable[Any]) -> bool:
    """Whether a value of one of these types can be any text."""
    return any(kind is str for kind in kinds)


def has_record(kinds: Iterable[Any]) -> bool:
    """Whether a value of one of these types can be a table with keys of its own."""
    return any(map(_is_model, kinds))


def same_types(kinds: Iterable[Any], part: str | int) -> list[str]:
    """Give the other keys of a table of one of these types whose values are of the same types."""
    found = []
    for kind in filter(_is_model, kinds):
        fields = {field.alias or name: field for name, field in kind.model_fields.items()}
        if part in fields:
            wanted = fields[str(part)].annotation
            found += [name for name in fields if name != part and fields[name].annotation == wanted]
    return found


def required_keys(kinds: Iterable[Any]) -> set[str]:
    """Give the keys that a table of one of these types must have."""
    return {
        field.alias or name
        for kind in filter(_is_model, kinds)
        for name, field in kind.model_fields.items()
        if field.is_required()
    }


def default_of(kinds: Iterable[Any], part: str | int) -> object:
    """Give what a key means where it is absent; ``None`` if nothing."""
    for kind in filter(_is_model, kinds):
        for name, field in kind.model_fields.items():
            if (field.alias or name) == part and not field.is_required():
                return field.get_default(call_default_factory=True)
    return None


def is_share(kinds: Iterable[Any], part: str | int) -> bool:
    """Whether a number at a key is a share, as those of at most 1 are and others declared so."""
    return any(
        meta == A_SHARE or getattr(meta, "le", None) == 1.0
        for kind in kinds
        for found in _annotations(kind, part)
        for meta in found
    )


def _annotations(kind: Any, part: str | int) -> Iterator[list[object]]:
    """Annotations of the types of a key or list entry."""
    if _is_model(kind):
        for name, field in kind.model_fields.items():
            if (field.alias or name) == part:
                yield field.metadata
                yield from _nested(field.annotation)
    elif _is_mapping(kind):
        yield from _nested(get_args(kind)[1])


def _nested(annotation: Any) -> Iterator[list[object]]:
    if get_origin(annotation) is Annotated:
        yield [
            meta for each in annotation.__metadata__ for meta in getattr(each, "metadata", [each])
        ]
    for inner in get_args(annotation) if get_origin(annotation) is not Mapping else ():
        yield from _nested(inner)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _inner_types(kind: Any, part: str | int) -> Iterator[Any]:
    if _is_model(kind):
        for name, field in kind.model_fields.items():
            if (field.alias or name) == part:
                yield from _members(field.annotation)
    elif get_origin(kind) is tuple and isinstance(part, int):
        inner = [item for item in get_args(kind) if item is not Ellipsis]
        yield from _members(inner[min(part, len(inner) - 1)])
    elif _is_mapping(kind):
        yield from _members(get_args(kind)[1])


def _members(annotation: Any) -> Iterator[Any]:
    """Take unions and annotations apart."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation
