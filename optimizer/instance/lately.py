"""What was joined lately: whoever asks several things of a case under a policy joins them once.

Solving, checking and asking what is behind a plan all begin with the same join, which takes a
third of the time of a small case's plan. Only what was joined from nothing is given again, and
only for a case and a policy that say the same throughout: a changed one is joined from nothing,
or by a session with its own memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from optimizer.case import Case
from optimizer.frames.memory import Memory
from optimizer.instance import Instance, joined
from optimizer.policy import Policy

MOST_JOINS = 4
"""Joins that are kept at most."""

MOST_ROWS_OF_JOINS = 200_000
"""Rows of value terms that all joins kept have together; a larger one is kept alone.

140 thousand are 130 MB: the case of Japan.
"""


@dataclass(frozen=True)
class _Joined:
    """An instance that was joined from nothing, and a memory of all its steps."""

    instance: Instance
    memory: Memory

    def is_of(self, case: Case, policy: Policy) -> bool:
        """Whether it was joined from these two, read here or elsewhere."""
        mine = self.instance
        # Equal policies have the same path and the same layers too.
        is_policy = mine.policy is policy or mine.policy == policy
        return is_policy and (mine.case is case or mine.case == case)


_lately: list[_Joined] = []
_lock = Lock()


def joined_lately(case: Case, policy: Policy, memory: Memory | None = None) -> Instance:
    """Join as :func:`~optimizer.instance.joined`, or give what the same two gave lately.

    Parameters
    ----------
    memory
        Where it knows nothing yet, it knows afterwards how the two were joined; otherwise it alone
        is asked.

    Raises
    ------
    PolicyError
        With every problem of the join.
    """
    if memory is not None and memory.knows_something:
        return joined(case, policy, memory)
    memory = Memory() if memory is None else memory
    known = _found(case, policy)
    if known is None:
        instance = joined(case, policy, memory)
        _keep(_Joined(instance, memory.copied()))
        return instance
    memory.learn(known.memory)
    # What was read elsewhere has paths, hashes and places of its own.
    return (
        known.instance if _read_alike(known.instance.case, case) else joined(case, policy, memory)
    )


def forget_joins() -> None:
    """Forget what was joined lately."""
    with _lock:
        _lately.clear()


def _found(case: Case, policy: Policy) -> _Joined | None:
    with _lock:
        known = next((each for each in _lately if each.is_of(case, policy)), None)
        if known is not None:
            _lately.remove(known)
            _lately.insert(0, known)
        return known


def _read_alike(first: Case, second: Case) -> bool:
    """Whether nobody can distinguish two equal cases: read from the same files at one path."""
    if first is second:
        return True
    # A finder of places in a workbook is known by itself alone.
    if first.places is not None or second.places is not None:
        return False
    return all(
        getattr(first, name) == getattr(second, name) for name in ("path", "hashes", "contents")
    )


def _keep(new: _Joined) -> None:
    """Keep one more, and let go of those asked for longest ago."""
    with _lock:
        kept, rows = [new], len(new.instance.value)
        for each in _lately[: MOST_JOINS - 1]:
            rows += len(each.instance.value)
            if rows > MOST_ROWS_OF_JOINS:
                break
            kept.append(each)
        _lately[:] = kept
