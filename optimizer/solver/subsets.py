"""Parts of sets: a smallest one that has a property, those with something of several others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import TypeVar

Member = TypeVar("Member")


def minimal_subset(members: Sequence[Member], has: Callable[[list[Member]], bool]) -> list[Member]:
    """Leave out of a set whatever it does not need to have a property; the first are kept first.

    The property must pass on to every larger set. Of few out of many each is found by halving
    (Junker, QUICKXPLAIN, AAAI 2004), so that k out of n take about 2 k (1 + log2(n / k)) questions.

    Parameters
    ----------
    members
        The whole set, which has the property.
    has
        Whether a part of it has. Where that is unknown, ``False``: more is kept then than needed,
        and what is given back has the property all the same.

    Examples
    --------
    >>> minimal_subset(range(9), lambda part: {2, 7} <= set(part))
    [2, 7]
    >>> minimal_subset(range(9), lambda part: True)
    []
    """
    if not members or has([]):
        return []
    found = _needed([], list(members), has)
    return [member for member in members if member in found]


def _needed(
    before: list[Member], members: list[Member], has: Callable[[list[Member]], bool]
) -> list[Member]:
    """Members that are needed beside those of before; both together have the property."""
    if len(members) == 1:
        return members
    half = (len(members) + 1) // 2
    first, last = members[:half], members[half:]
    of_last = [] if has([*before, *first]) else _needed([*before, *first], last, has)
    with_last = [*before, *of_last]
    # Nothing was added since it was found that what came before does not have it.
    of_first = [] if of_last and has(with_last) else _needed(with_last, first, has)
    return [*of_first, *of_last]


def hitting_sets(groups: Sequence[Sequence[str]], size: int) -> Iterator[tuple[str, ...]]:
    """Sets of so many names with at least one of each group, each once; the first come first.

    Examples
    --------
    >>> list(hitting_sets([["a", "b"], ["b", "c"]], 1))
    [('b',)]
    >>> list(hitting_sets([["a", "b"], ["b", "c"]], 2))
    [('a', 'b'), ('a', 'c'), ('b', 'c')]
    """
    known = list(dict.fromkeys(name for group in groups for name in group))
    seen = set()
    for some in _hitting(groups, known, size, ()):
        if frozenset(some) not in seen:
            seen.add(frozenset(some))
            yield some


def _hitting(
    groups: Sequence[Sequence[str]], known: Sequence[str], size: int, chosen: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """The same with what is chosen already: one more of a group that is not hit, or any others."""
    left = next((group for group in groups if not set(chosen).intersection(group)), None)
    if left is None:
        others = [name for name in known if name not in chosen]
        for more in combinations(others, size - len(chosen)):
            yield *chosen, *more
    elif len(chosen) < size:
        for name in left:
            yield from _hitting(groups, known, size, (*chosen, name))
