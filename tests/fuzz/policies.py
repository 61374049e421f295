"""Mutations of policies, as text and as structure, and what is known of them by construction."""

from __future__ import annotations

import copy
import datetime
import json
import math
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from fuzz.tables import HOSTILE, TEXTS

OPEN = ("goals", "where", "carry_over")
"""Tables whose keys are names that the policy itself chooses, or those of the case."""

REQUIRED = {("schema",), ("title",), ("goals",)}
"""Keys that a policy must have, if they do not come from the one that it extends."""

VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.integers(-3, 3),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.booleans(),
    st.just([]),
    st.just({}),
    st.lists(st.integers(0, 3), max_size=3),
    st.lists(st.sampled_from(HOSTILE), max_size=2),
    st.just({"times": 0.5, "measure": "slots"}),
    st.just({"amount": 1, "per": "year"}),
)
NOWHERE: tuple[Any, ...] = (
    datetime.date(2027, 1, 5),
    datetime.time(12, 30),
    math.nan,
    math.inf,
    [[[[]]]],
)
"""Values that no key of a policy takes."""

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class MutatedPolicy:
    """A policy's text after a mutation; what it says, where that must be kept."""

    text: bytes
    must_refuse: bool = False
    said: dict[str, Any] | None = None


def toml(value: Any) -> str:
    """Write a value as TOML, tables inline."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return re.sub("[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", text)
    if isinstance(value, float):
        return str(value) if math.isfinite(value) else repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{toml(key)} = {toml(item)}' for key, item in value.items())}}}"
    return str(value)


def document(data: dict[str, Any]) -> bytes:
    """Write a whole policy, a line for each key."""
    return "".join(f"{toml(key)} = {toml(value)}\n" for key, value in data.items()).encode()


def _places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Addresses of everything in the data, below the top."""
    items = enumerate(value) if isinstance(value, list) else value.items()
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from _places(inner, (*path, key))


def _at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def _drawn(data: DataObject, text: str) -> tuple[dict[str, Any], Path]:
    said = tomllib.loads(text)
    return said, data.draw(st.sampled_from(sorted(_places(said), key=str)), "place")


def key_removed(data: DataObject, text: str) -> MutatedPolicy:
    """A key or an entry of a list is missing."""
    said, path = _drawn(data, text)
    del _at(said, path[:-1])[path[-1]]
    refused = path in REQUIRED and "extends" not in said
    return MutatedPolicy(document(said), refused, said)


def key_renamed(data: DataObject, text: str) -> MutatedPolicy:
    """A key has another name."""
    said, path = _drawn(data, text)
    table = _at(said, path[:-1])
    if isinstance(table, list):
        return key_removed(data, text)
    name = data.draw(st.one_of(TEXTS, st.just(f"{path[-1]}s")), "name")
    is_known = name in table or name in ("soft", "why", "per", "to", "by", "optional")
    table[name] = table.pop(path[-1])
    is_open = len(path) > 1 and path[-2] in OPEN
    odd = bool(re.search("[^a-z_]", name))
    return MutatedPolicy(document(said), not is_open and not is_known and odd, said)


def value_replaced(data: DataObject, text: str) -> MutatedPolicy:
    """Another value stands under a key."""
    said, path = _drawn(data, text)
    _at(said, path[:-1])[path[-1]] = data.draw(VALUES, "value")
    return MutatedPolicy(document(said), said=said)


def value_of_no_use(data: DataObject, text: str) -> MutatedPolicy:
    """A value that no key takes stands under one."""
    said, path = _drawn(data, text)
    _at(said, path[:-1])[path[-1]] = data.draw(st.sampled_from(NOWHERE), "value")
    return MutatedPolicy(document(said), True)


def values_swapped(data: DataObject, text: str) -> MutatedPolicy:
    """Two keys have each other's values."""
    said, path = _drawn(data, text)
    _, other = _drawn(data, text)
    if path[: len(other)] == other or other[: len(path)] == path:
        return MutatedPolicy(document(said), said=said)
    here, there = copy.deepcopy(_at(said, path)), copy.deepcopy(_at(said, other))
    _at(said, path[:-1])[path[-1]] = there
    _at(said, other[:-1])[other[-1]] = here
    return MutatedPolicy(document(said), said=said)


def entry_twice(data: DataObject, text: str) -> MutatedPolicy:
    """A limit stands there a second time."""
    said = tomllib.loads(text)
    limits = said.setdefault("limits", [{"name": "x", "measure": "slots", "at_most": 9}])
    limits.append(data.draw(st.sampled_from(limits), "limit"))
    return MutatedPolicy(document(said), True)


def line_changed(data: DataObject, text: str) -> MutatedPolicy:
    """A line is missing, doubled, or elsewhere."""
    lines = text.splitlines(keepends=True)
    line = data.draw(st.integers(0, len(lines) - 1), "line")
    change = data.draw(st.sampled_from(["drop", "double", "move"]), "change")
    taken = lines[line] if change == "double" else lines.pop(line)
    if change != "drop":
        lines.insert(data.draw(st.integers(0, len(lines)), "place"), taken)
    return MutatedPolicy("".join(lines).encode())


def noise_inserted(data: DataObject, text: str) -> MutatedPolicy:
    """Quotes, line breaks or other noise somewhere."""
    content = text.encode()
    place = data.draw(st.integers(0, len(content)), "place")
    noise = data.draw(st.one_of(TEXTS.map(str.encode), st.binary(min_size=1, max_size=6)), "noise")
    return MutatedPolicy(content[:place] + noise + content[place:])


def bits_flipped(data: DataObject, text: str) -> MutatedPolicy:
    """Single bits are wrong."""
    content = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 4), "times")):
        place = data.draw(st.integers(0, len(content) - 1), "place")
        content[place] ^= 1 << data.draw(st.integers(0, 7), "bit")
    return MutatedPolicy(bytes(content))


def policy_cut(data: DataObject, text: str) -> MutatedPolicy:
    """The end is missing."""
    content = text.encode()
    return MutatedPolicy(content[: data.draw(st.integers(0, len(content) - 1), "length")])


def saved_otherwise(data: DataObject, text: str) -> MutatedPolicy:
    """Saved in an encoding that is not UTF-8."""
    return MutatedPolicy(text.encode(data.draw(st.sampled_from(["utf-16", "utf-32"]))), True)


MUTATIONS: tuple[Callable[[DataObject, str], MutatedPolicy], ...] = (
    key_removed, key_renamed, value_replaced, value_replaced, value_replaced, value_of_no_use,
    values_swapped, entry_twice, line_changed, noise_inserted, bits_flipped, policy_cut,
    saved_otherwise,
)  # fmt: skip
