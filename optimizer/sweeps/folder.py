"""The folder of a sweep: its results, its question, and one sweep at a time that writes to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from optimizer.errors import Problems, TargetError
from optimizer.io.aside import is_aside
from optimizer.io.locks import lock_of
from optimizer.io.paths import names_in, standing_at
from optimizer.io.targets import write_errors_told
from optimizer.plan.question import Question
from optimizer.runs import INPUTS
from optimizer.runs.writing import write_inputs
from optimizer.sweeps.store import RESULTS, Store

_LOCK = "sweep.lock"
_WRITTEN = ("study.html", "study.xlsx")
_OURS = frozenset(
    {RESULTS, f"{RESULTS}-wal", f"{RESULTS}-shm", f"{RESULTS}-journal", _LOCK, INPUTS} | {*_WRITTEN}
)
"""Names of all that such a folder holds: one with anything else is nobody's to write to."""


@contextmanager
def held_folder(path: Path) -> Iterator[Store]:
    """Give the store of a folder, which nobody else writes to meanwhile.

    The system lets go of the lock when the process ends, however it ends.

    Raises
    ------
    TargetError
        If another sweep is at work there, it is not the folder of a sweep, or cannot be written.
    InputError
        If its results cannot be read.
    """
    _require_ours(path)
    with ExitStack() as stack:
        with write_errors_told(path):
            holder = stack.enter_context(lock_of(path, _LOCK))
        if holder is not None:
            raise _taken(path, holder)
        store = Store(path / RESULTS)
        stack.callback(store.close)
        yield store


def _require_ours(path: Path) -> None:
    standing, problems = standing_at(path), Problems()
    if standing == "nothing":
        return
    expected = "a new folder, or one that a sweep has written"
    if standing != "folder":
        problems.add(str(path), "is not a folder", expected=expected)
    else:
        # What a killed sweep was writing aside is removed when it is written again.
        foreign = sorted(
            name
            for name in set(names_in(path, problems)) - _OURS
            if not any(is_aside(name, of) for of in (*_WRITTEN, INPUTS))
        )
        if foreign:
            told = f"holds files that are not part of a sweep: {', '.join(foreign[:3])}"
            problems.add(str(path), told, expected=expected)
    problems.raise_if_any(TargetError)


def _taken(path: Path, holder: str) -> TargetError:
    who = f" (process {holder})" if holder else ""
    problems = Problems()
    problems.add(
        str(path),
        f"another sweep{who} is writing to it",
        expected="another folder, or to wait until that one has ended",
    )
    return TargetError(problems)


def kept_inputs(path: Path, question: Question) -> Mapping[str, Any]:
    """Write policy and case into the folder, and give what the store says of them."""
    with write_errors_told(path):
        return write_inputs(question, path / INPUTS)
