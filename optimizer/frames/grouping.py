"""Results derived from frames, computed once for as long as they live: above all groups of rows.

Plans of one instance are evaluated again and again, and most of the time went into finding the same
text keys in the same frames. Frames are distinguished by identity, not by content: whoever
gives one to these functions must not change it in place afterwards.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
R = TypeVar("R")
Owner = TypeVar("Owner")
Keyed = pd.DataFrame | pd.Series | pd.Index
"""Rows with keys in columns, or keys themselves."""

_kept: dict[tuple[int, ...], dict[Hashable, Any]] = {}


def remembered(owners: Sequence[object], key: Hashable, make: Callable[[], R]) -> R:
    """Values derived from objects, computed once as long as all of them live.

    Examples
    --------
    >>> frame = pd.DataFrame({"track": ["a"]})
    >>> made = remembered([frame], "rows", lambda: [len(frame)])
    >>> remembered([frame], "rows", list) is made, remembered([frame.copy()], "rows", list)
    (True, [])
    """
    # Frames have no hash; what is kept for an object must go before its number is another's.
    numbers = tuple(map(id, owners))
    if numbers not in _kept:
        _kept[numbers] = {}
        for owner in owners:
            weakref.finalize(owner, _kept.pop, numbers, None).atexit = False
    known = _kept[numbers]
    if key not in known:
        known[key] = make()
    made: R = known[key]
    return made


def once(function: Callable[[Owner], R], owner: Owner) -> R:
    """Result of a function for an object, computed once as long as that lives.

    Examples
    --------
    >>> index = pd.Index(["a"])
    >>> once(list, index) is once(list, index)
    True
    """
    return remembered([owner], function, partial(function, owner))


class Groups:
    """Rows of a frame by key: every key once, in order of first appearance.

    Attributes
    ----------
    keys
        The keys; rows with a blank key belong to none.
    codes
        Number of its key for every row, -1 for none.
    """

    def __init__(self, frame: pd.DataFrame, by: Sequence[str]) -> None:
        self.codes = _numbered(frame, by)
        order = np.argsort(self.codes, kind="stable")
        self._order: Integers = order[self.codes[order] >= 0]
        sorted_codes = self.codes[self._order]
        self._starts = np.flatnonzero(np.diff(sorted_codes, prepend=-1))
        firsts = frame[list(by)].take(self.firsts)
        self.keys = pd.Index(firsts[by[0]]) if len(by) == 1 else pd.MultiIndex.from_frame(firsts)

    @property
    def firsts(self) -> Integers:
        """First row of every key."""
        return self._order[self._starts]

    def sums(self, amounts: Floats) -> Floats:
        """Sum of the amounts of the rows of every key.

        Examples
        --------
        >>> groups = Groups(pd.DataFrame({"track": ["b", "a", "b"]}), ["track"])
        >>> groups.keys.tolist(), groups.sums(np.array([1.0, 2.0, 4.0])).tolist()
        (['b', 'a'], [5.0, 2.0])
        """
        if not len(self.keys):
            return np.zeros(0)
        # Runs are added up in pairs: one by one (np.bincount) the rounding of a hundred thousand
        # terms would be more than a plan is allowed.
        found: Floats = np.add.reduceat(amounts[self._order], self._starts)
        # Nothing is 0.0, not the -0.0 that a single term may be.
        return found + 0.0


def _numbered(frame: pd.DataFrame, by: Sequence[str]) -> Integers:
    """Number of every row's key in order of first appearance, -1 where any of it is blank."""
    # A third of what groupby takes for the same, which a first evaluation does fifty times.
    found = np.zeros(len(frame), dtype=np.int64)
    is_blank = np.zeros(len(frame), dtype=bool)
    for name in by:
        codes, known = pd.factorize(frame[name])
        is_blank |= codes < 0
        found = pd.factorize(found * len(known) + codes)[0].astype(np.int64)
    if is_blank.any():
        found[is_blank] = -1
        found[~is_blank] = pd.factorize(found[~is_blank])[0]
    return found


def groups(frame: pd.DataFrame, by: Sequence[str]) -> Groups:
    """Groups of the rows of a frame."""
    return remembered([frame], ("groups", *by), lambda: Groups(frame, by))


def index_of(keyed: Keyed, by: Sequence[str]) -> pd.Index:
    """Keys of every row."""
    if not isinstance(keyed, pd.DataFrame):
        return pd.Index(keyed)
    return remembered([keyed], ("index", *by), lambda: pd.MultiIndex.from_frame(keyed[list(by)]))


def places(frame: pd.DataFrame, by: Sequence[str], wanted: Keyed) -> Integers:
    """Number of the group of a frame that every wanted key is that of; -1 where there is none.

    Examples
    --------
    >>> places(pd.DataFrame({"track": ["b", "a"]}), ["track"], pd.Index(["a", "c"])).tolist()
    [1, -1]
    """

    def found() -> Integers:
        at = groups(frame, by).keys.get_indexer(index_of(wanted, by))
        return at.astype(np.int64)

    return remembered([frame, wanted], ("places", *by), found)


def sums_at(wanted: Keyed, frame: pd.DataFrame, by: Sequence[str], amounts: Floats) -> Floats:
    """Sum of amounts of the rows of a frame for every wanted key; 0 where there are none."""
    sums = groups(frame, by).sums(amounts)
    found: Floats = np.append(sums, 0.0)[places(frame, by, wanted)]
    return found
