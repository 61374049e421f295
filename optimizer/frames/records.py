"""Records that hold frames: compared by what they say, and handed out so that nobody spoils them.

A frame compared with another gives a frame, so that records of frames could not be compared at
all; and a frame that is handed out as it is can be changed in place by whoever gets it. Records
here are equal where their contents are, and give their frames as shallow copies, which pandas
parts from the original at the first change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimizer.errors import OptimizerError, did_you_mean, shorten
from optimizer.frames.following import FollowedMapping


def same(first: Any, second: Any) -> bool:
    """Whether two values say the same, frames and records of frames included.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1.0, None]})
    >>> same({"x": (frame, 1)}, {"x": (frame.copy(), 1)}), same(frame, frame.head(1))
    (True, False)
    """
    if first is second:
        return True
    if isinstance(first, pd.DataFrame):
        return isinstance(second, pd.DataFrame) and first.equals(second)
    if isinstance(first, pd.Series):
        return isinstance(second, pd.Series) and first.equals(second)
    if isinstance(first, np.ndarray | pd.Index):
        return type(first) is type(second) and np.array_equal(first, second)
    one, other = _parts(first), _parts(second)
    if one is None or other is None:
        return bool(first == second)
    return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)


def _parts(value: Any) -> Mapping[Any, Any] | None:
    """Parts of a value, by name or place; ``None`` for a plain one."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list | tuple):
        return dict(enumerate(value))
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value) if each.compare}
    return None


class Comparable:
    """Base of records that are equal where their contents are; they have no hash."""

    def __eq__(self, other: object) -> bool:
        return same(self, other) if type(self) is type(other) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what holds frames can be no key


class _NoFrameError(OptimizerError, KeyError):
    """There is no frame of a name; said in words only where somebody reads it."""

    def __init__(self, name: object, known: tuple[str, ...], elsewhere: Mapping[str, str]) -> None:
        super().__init__(name, known, elsewhere)

    def __str__(self) -> str:
        name, known, elsewhere = self.args
        near = did_you_mean(str(name), [*known, *elsewhere])
        maybe = "" if near is None else f". Maybe {elsewhere.get(near, near)}"
        told = f"there is no table {shorten(ascii(name))}"
        return f"{told}\n    Expected one of {', '.join(known)}{maybe}."


class Frames(FollowedMapping[pd.DataFrame], Comparable):
    """Frames by name; whoever asks gets a copy of his own.

    Parameters
    ----------
    frames
        By name.
    elsewhere
        Where frames are that may be looked for here, by their name.

    Examples
    --------
    >>> frames = Frames({"costs": pd.DataFrame({"amount": [1]})})
    >>> costs = frames["costs"]
    >>> costs.loc[0, "amount"] = 2
    >>> frames["costs"]["amount"].tolist()
    [1]
    >>> frames["cost"]
    Traceback (most recent call last):
    optimizer.frames.records._NoFrameError: there is no table 'cost'
        Expected one of costs. Maybe costs.
    """

    def __init__(
        self,
        frames: Mapping[str, pd.DataFrame],
        elsewhere: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        # A plain one travels between processes.
        self._elsewhere = dict(elsewhere)
        # Those of another one are copies already, and stay the very same.
        if isinstance(frames, Frames):
            super().__init__(frames._of)
        else:
            super().__init__({name: frame.copy(deep=False) for name, frame in frames.items()})

    def with_frame(self, name: str, frame: pd.DataFrame) -> Frames:
        """The same frames but for one."""
        found = Frames(self, self._elsewhere)
        found._of[name] = frame.copy(deep=False)
        return found

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._of and name not in self:
            raise _NoFrameError(name, tuple(self), self._elsewhere)
        return super().__getitem__(name).copy(deep=False)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Frames):
            return same(self._of, other._of)
        return same(self._of, other) if isinstance(other, Mapping) else NotImplemented

    __hash__ = None

    def __repr__(self) -> str:
        return f"<frames: {', '.join(self._of)}>"


class HandingOut(Comparable):
    """Base of frozen records whose frames are copied on the way in and on the way out."""

    def __post_init__(self) -> None:
        for name, value in list(vars(self).items()):
            if isinstance(value, pd.DataFrame):
                object.__setattr__(self, name, value.copy(deep=False))

    if not TYPE_CHECKING:
        # To the type checker every attribute would exist.
        def __getattribute__(self, name: str) -> Any:
            value = super().__getattribute__(name)
            return value.copy(deep=False) if isinstance(value, pd.DataFrame) else value


def parted(record: Any) -> Any:
    """A record like another whose frames, at any depth, can be changed without changing its.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1]})
    >>> copy, _ = parted((frame, 1))
    >>> copy.loc[0, "a"] = 2
    >>> frame["a"].tolist()
    [1]
    """
    if isinstance(record, pd.DataFrame | pd.Series):
        return record.copy(deep=False)
    if type(record) is tuple:
        return tuple(map(parted, record))
    if type(record) is dict:
        return {name: parted(value) for name, value in record.items()}
    if is_dataclass(record) and not isinstance(record, type):
        parts = {each.name: getattr(record, each.name) for each in fields(record) if each.init}
        return replace(record, **{name: parted(value) for name, value in parts.items()})
    return record
