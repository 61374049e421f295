"""Keys of TOML files, from the records they are read into."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from optimizer.plan.expectations import Expectations
from optimizer.policy import Amount, Policy, Relative
from optimizer.schema.expected import expected_in
from pagewriter.markdown import table, words


def policy_keys() -> str:
    """Every key that a policy may hold."""
    return key_tables(Policy)


def expectation_keys() -> str:
    """Every key that a file of expectations may hold, but for bounds, which are those of limits."""
    return key_tables(Expectations, but=(Amount, Relative))


def key_tables(top: type[BaseModel], *, but: tuple[type[BaseModel], ...] = ()) -> str:
    """Write one table of keys for each kind of TOML table, under the places where it may stand."""
    places: dict[type[BaseModel], list[str]] = {top: ["Top of the file"]}
    _find_places(top, "", places)
    parts = []
    for model, names in places.items():
        if model in but:
            continue
        heading = " and ".join(names)
        rows = [_key(field.alias or name, field) for name, field in model.model_fields.items()]
        keys = table(["key", "value", "default", "meaning"], rows)
        told = words(inspect.cleandoc(model.__doc__ or ""))
        parts.append(f"### {heading}\n\n{told}\n\n{keys}")
    return "\n\n".join(parts)


def _find_places(
    model: type[BaseModel], prefix: str, places: dict[type[BaseModel], list[str]]
) -> None:
    for name, field in model.model_fields.items():
        address, inner = f"{prefix}{field.alias or name}", field.annotation
        while is_a(get_origin(inner), Mapping):
            address, inner = f"{address}.<name>", get_args(inner)[1]
        for kind in _models(inner):
            places.setdefault(kind, []).append(f"`{address}`")
            _find_places(kind, f"{address}.", places)


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Tables that a type may hold, at any depth."""
    if is_a(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def is_a(kind: Any, parent: type) -> bool:
    """Say whether something is a class, and below another."""
    return isinstance(kind, type) and issubclass(kind, parent)


def _key(name: str, field: FieldInfo) -> tuple[str, ...]:
    default = "required" if field.is_required() else _default(field)
    return f"`{name}`", expected_in(field), default, field.description or ""


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}) or isinstance(value, BaseModel):
        return ""
    return f"`{json.dumps(value)}`"
