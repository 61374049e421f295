"""Notes of what a step reads: of which records, and which of their parts."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

_R = TypeVar("_R")
_V = TypeVar("_V")
Path = tuple[Hashable, ...]

_reads: ContextVar[Reads | None] = ContextVar("reads", default=None)


class Reads:
    """Parts that one step has read of its records so far, by path."""

    def __init__(self, arguments: Sequence[object]) -> None:
        self.found: dict[Path, object] = {}
        # The records are kept, so that no other one can get the number of one.
        self._known: dict[int, tuple[object, list[Path]]] = {}
        for place, argument in enumerate(arguments):
            self._add((place,), argument)

    def __enter__(self) -> Reads:
        self._token = _reads.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        _reads.reset(self._token)

    def note(self, record: object, key: Hashable, value: object) -> None:
        """Note a part of a record, under every path on which the record was reached."""
        _, paths = self._known.get(id(record), (None, []))
        for path in list(paths):
            self._add((*path, key), value)

    def _add(self, path: Path, value: object) -> None:
        if path in self.found:
            return
        self.found[path] = value
        if isinstance(value, Followed):
            self._known.setdefault(id(value), (value, []))[1].append(path)


class Followed:
    """Base of records of which a step depends on those parts alone that it reads.

    A step must not give back a record that it was called with, of which it has read only parts.
    """

    def part(self, key: Hashable) -> object:
        """A part by the key under which it was noted."""
        return object.__getattribute__(self, str(key))

    def noted(self, key: Hashable, value: _R) -> _R:
        """Note that a part is read."""
        reads = _reads.get()
        if reads is not None:
            reads.note(self, key, value)
        return value


class FollowedFields(Followed):
    """Base of frozen dataclasses whose fields are noted when they are read.

    Fields that are left out of comparisons are not: no result may depend on them.
    """

    if not TYPE_CHECKING:
        # To the type checker every attribute would exist.
        def __getattribute__(self, name: str) -> Any:
            value = super().__getattribute__(name)
            reads = _reads.get()
            if reads is not None:
                field = type(self).__dataclass_fields__.get(name)
                if field is not None and field.compare:
                    reads.note(self, name, value)
            return value


class FollowedMapping(Mapping[str, _V], Followed):
    """Values by name that are noted one by one.

    Examples
    --------
    >>> of = FollowedMapping({"a": 1})
    >>> of["a"], list(of), "b" in of
    (1, ['a'], False)
    """

    def __init__(self, of: Mapping[str, _V]) -> None:
        self._of = dict(of)

    def part(self, key: Hashable) -> object:
        """A value by its name; the names without one."""
        return tuple(self._of) if key is None else self._of.get(str(key))

    def __getitem__(self, name: str) -> _V:
        return self.noted(name, self._of[name])

    def __contains__(self, name: object) -> bool:
        return name in self.noted(None, tuple(self._of))

    def __iter__(self) -> Iterator[str]:
        return iter(self.noted(None, tuple(self._of)))

    def __len__(self) -> int:
        return len(self.noted(None, tuple(self._of)))
