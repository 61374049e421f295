"""Steps that remember: what was worked out before is given again where all it read is as it was.

Nobody lists what a step depends on. What it is called with is compared; and of records that are
:class:`Followed` those parts that the step read the last time. So a step depends on nothing that
goes unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence, Sized
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from optimizer.frames.following import Followed, Path, Reads
from optimizer.frames.records import same

_R = TypeVar("_R")

UNCOMPARED = object()

MOST_KEPT = 2
"""Results kept of each step: a change that is taken back finds again what was before it."""


@dataclass(frozen=True)
class _Kept:
    """Result of a step, and all that it read for that."""

    found: dict[Path, object]
    result: Any

    def holds_for(self, arguments: Sequence[object]) -> bool:
        """Whether everything that was read is the same among other arguments."""
        return all(_is_same(value, path, arguments) for path, value in self.found.items())


def _is_same(value: object, path: Path, arguments: Sequence[object]) -> bool:
    place, *keys = path
    if value is UNCOMPARED:
        return True
    other: Any = arguments[int(str(place))]
    for key in keys:
        other = other.part(key)
    # Of followed records only those parts count that are noted themselves.
    return type(other) is type(value) if isinstance(value, Followed) else same(value, other)


class Memory:
    """Results of steps by name, each with what it was worked out from."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, Hashable], list[_Kept]] = {}
        self._last: dict[Hashable, Any] = {}

    def copied(self) -> Memory:
        """A memory of the same, which goes its own way from here."""
        new = Memory()
        new._kept = {name: list(kept) for name, kept in self._kept.items()}
        new._last = dict(self._last)
        return new

    @property
    def knows_something(self) -> bool:
        """Whether any step was remembered."""
        return bool(self._kept)

    def learn(self, other: Memory) -> None:
        """Know what another one knows, and nothing else."""
        copied = other.copied()
        self._kept, self._last = copied._kept, copied._last

    def settled(self, name: Hashable, value: _R) -> _R:
        """A value made of the parts of the last one of this name where they are the same."""
        found: _R = settled(self._last.get(name), value)
        self._last[name] = found
        return found

    def of(
        self, step: Callable[..., _R], arguments: Sequence[object], name: Hashable, problems: Sized
    ) -> _R:
        """Result of a step, computed again only if any of its inputs has changed."""
        kept = self._kept.setdefault((step, name), [])
        for place, known in enumerate(kept):
            if known.holds_for(arguments):
                kept.insert(0, kept.pop(place))
                return known.result  # type: ignore[no-any-return]
        before = len(problems)
        compared = [UNCOMPARED if argument is problems else argument for argument in arguments]
        with Reads(compared) as reads:
            result = step(*arguments)
        if len(problems) > before:
            return result
        if kept:
            result = settled(kept[0].result, result)
        kept.insert(0, _Kept(reads.found, result))
        del kept[MOST_KEPT:]
        return result


class Steps:
    """Runs steps one after the other, with a memory of how they ended the last time.

    Parameters
    ----------
    memory
        Nothing is remembered without one.
    problems
        Where steps add what is wrong; it is no part of what they depend on. A step that finds
        anything wrong is not remembered.

    Examples
    --------
    >>> step = Steps(Memory())
    >>> first = step(list, "ab")
    >>> step(list, "ab") is first, step(list, "abc")
    (True, ['a', 'b', 'c'])
    """

    def __init__(self, memory: Memory | None = None, problems: Sized = ()) -> None:
        self._memory, self._problems = memory, problems

    def __call__(self, step: Callable[..., _R], *arguments: object, name: Hashable = "") -> _R:
        """Result of a step for arguments.

        Parameters
        ----------
        step
            A function that depends on its arguments alone.
        name
            Distinguishes uses of one function.
        """
        if self._memory is None:
            return step(*arguments)
        return self._memory.of(step, arguments, name, self._problems)

    def kept(self, name: Hashable, value: _R) -> _R:
        """A value made of the parts of the last one of this name where they are the same."""
        return value if self._memory is None else self._memory.settled(name, value)


def settled(old: Any, new: Any) -> Any:
    """A new value made of the parts of an old one where they are the same.

    Whatever is worked out of a part that is the very same is so known not to have changed, without
    a second look.

    Examples
    --------
    >>> old = ([1], [2])
    >>> new = settled(old, ([1], [3]))
    >>> new[0] is old[0], new[1]
    (True, [3])
    """
    found: Any
    if old is new or type(old) is not type(new):
        return new
    if type(new) is tuple and len(old) == len(new):
        found = tuple(map(settled, old, new))
        return old if all(map(_is, old, found)) else found
    if type(new) is dict:
        found = {key: settled(old.get(key), value) for key, value in new.items()}
        is_old = list(old) == list(new) and all(found[key] is old[key] for key in old)
        return old if is_old else found
    if is_dataclass(new) and not isinstance(new, type):
        names = [each.name for each in fields(new) if each.init]
        parts = {name: settled(getattr(old, name), getattr(new, name)) for name in names}
        is_old = all(parts[name] is getattr(old, name) for name in names)
        return old if is_old else replace(new, **parts)
    return old if same(old, new) else new


def _is(one: object, other: object) -> bool:
    return one is other
