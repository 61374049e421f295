"""Results derived from frames, computed once for as long as they live: above all groups of rows.

Plans of one instance are evaluated again and again, and most of the time went into finding the same
text keys in the same frames. Frames are distinguished by identity, not by content: whoever
gives one to these functions must not change it in place afterwards.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from optimizer.frames.arrays import Floats, Integers

_R = TypeVar("_R")
_V = TypeVar("_V", bound=np.generic)
Owner = TypeVar("Owner")
Keyed = pd.DataFrame | pd.Series | pd.Index
"""Rows with keys in columns, or keys themselves."""

LARGEST_CODE = 2**62
"""Combined codes of keys stay below it, so that they fit 64 bits."""

_kept: dict[tuple[int, ...], dict[Hashable, Any]] = {}


def remembered(owners: Sequence[object], key: Hashable, make: Callable[[], _R]) -> _R:
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
    made: _R = known[key]
    return made


def once(function: Callable[[Owner], _R], owner: Owner) -> _R:
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
    codes
        Number of its key for every row, -1 for none.
    """

    def __init__(self, frame: pd.DataFrame, by: Sequence[str]) -> None:
        self.codes = _numbered(frame, by)
        # Keys are numbered as they appear, so a row is the first of its key where numbers grow.
        highest = np.maximum.accumulate(self.codes)
        self.firsts: Integers = np.flatnonzero(np.diff(highest, prepend=-1))
        """First row of every key."""
        # Only the cells of keys are kept: with the frame itself it would never be forgotten.
        self._cells = {name: frame[name].array.take(self.firsts) for name in by}

    @cached_property
    def keys(self) -> pd.Index:
        """Every key once, in order of first appearance; rows with a blank key belong to none."""
        names, cells = list(self._cells), list(self._cells.values())
        if len(names) == 1:
            found: pd.Index = pd.Index(cells[0], name=names[0])
            return found
        return pd.MultiIndex.from_arrays(cells, names=names)

    def places(self, wanted: pd.DataFrame) -> Integers:
        """Number of the key of every row of another frame; -1 where it is none of these."""
        # Numbered behind the keys, known ones get the number that they have. Two indexes of
        # several levels take twice as long.
        cells = [pd.DataFrame(self._cells), wanted[list(self._cells)]]
        both = _numbered(pd.concat(cells, ignore_index=True), list(self._cells))
        found = both[len(self.firsts) :]
        return np.where(found < len(self.firsts), found, -1)

    @cached_property
    def _order(self) -> Integers:
        """Rows that have a key, those of the first key first."""
        order: Integers = np.argsort(self.codes, kind="stable")
        return order[self.codes[order] >= 0]

    @cached_property
    def _starts(self) -> Integers:
        """Where the rows of every key begin in that order."""
        return np.flatnonzero(np.diff(self.codes[self._order], prepend=-1))

    def spread(self, values: npt.NDArray[_V], blank: Any) -> npt.NDArray[_V]:
        """Value of its key for every row, and another one for rows without a key.

        Examples
        --------
        >>> groups = Groups(pd.DataFrame({"track": ["b", "a", None]}), ["track"])
        >>> groups.spread(np.array([1.0, 2.0]), 0.0).tolist()
        [1.0, 2.0, 0.0]
        """
        # Rows without a key have the number -1, which is the last place.
        padded = np.full(len(values) + 1, blank, dtype=values.dtype)
        padded[:-1] = values
        return padded[self.codes]

    def sums(self, amounts: Floats) -> Floats:
        """Sum of the amounts of the rows of every key.

        Examples
        --------
        >>> groups = Groups(pd.DataFrame({"track": ["b", "a", "b"]}), ["track"])
        >>> groups.keys.tolist(), groups.sums(np.array([1.0, 2.0, 4.0])).tolist()
        (['b', 'a'], [5.0, 2.0])
        """
        if not len(self.firsts):
            return np.zeros(0)
        # Runs are added up in pairs: one by one (np.bincount) the rounding of a hundred thousand
        # terms would be more than a plan is allowed.
        found: Floats = np.add.reduceat(amounts[self._order], self._starts)
        # Nothing is 0.0, not the -0.0 that a single term may be.
        return found + 0.0


def _numbered(frame: pd.DataFrame, by: Sequence[str]) -> Integers:
    """Number of every row's key in order of first appearance, -1 where any of it is blank."""
    # A third of what groupby takes for the same, which a first evaluation does fifty times.
    codes, known = pd.factorize(frame[by[0]])
    found, size = codes.astype(np.int64), len(known)
    is_blank = found < 0
    for name in by[1:]:
        codes, known = pd.factorize(frame[name])
        is_blank |= codes < 0
        if size * len(known) > LARGEST_CODE:
            found, kept = pd.factorize(found)
            size = len(kept)
        found, size = found * len(known) + codes, size * len(known)
    if len(by) > 1:
        found = pd.factorize(found)[0].astype(np.int64)
    if is_blank.any():
        found[is_blank] = -1
        found[~is_blank] = pd.factorize(found[~is_blank])[0]
    return found


def groups(frame: pd.DataFrame, by: Sequence[str]) -> Groups:
    """Groups of the rows of a frame."""
    return remembered([frame], ("groups", *by), lambda: Groups(frame, by))


def index_of(keyed: Keyed, by: Sequence[str]) -> pd.Index:
    """Keys of every row."""
    if isinstance(keyed, pd.Index):
        return keyed
    if isinstance(keyed, pd.Series):
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
        known = groups(frame, by)
        if isinstance(wanted, pd.DataFrame) and len(by) > 1:
            return known.places(wanted)
        at: Integers = known.keys.get_indexer(index_of(wanted, by)).astype(np.int64)
        return at

    return remembered([frame, wanted], ("places", *by), found)


def sums_at(wanted: Keyed, frame: pd.DataFrame, by: Sequence[str], amounts: Floats) -> Floats:
    """Sum of amounts of the rows of a frame for every wanted key; 0 where there are none."""
    sums = groups(frame, by).sums(amounts)
    found: Floats = np.append(sums, 0.0)[places(frame, by, wanted)]
    return found
