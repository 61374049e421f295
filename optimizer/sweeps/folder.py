"""The folder of a sweep: its results, its question, and one sweep at a time that writes to it."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from optimizer.errors import Problems, TargetError
from optimizer.io.paths import names_in, standing_at
from optimizer.io.targets import write_errors_told
from optimizer.plan.question import Question
from optimizer.runs import INPUTS
from optimizer.runs.writing import write_inputs
from optimizer.sweeps.store import RESULTS, Store

_LOCK, _LONGEST_NUMBER = "sweep.lock", 20
_OURS = frozenset(
    {RESULTS, f"{RESULTS}-wal", f"{RESULTS}-shm", f"{RESULTS}-journal", _LOCK, INPUTS}
    | {"study.html", "study.xlsx"}
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
    with write_errors_told(path):
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        except ValueError as error:
            # A zero character, or half a one.
            raise OSError(errno.EINVAL, "this is not a name of a folder") from error
    try:
        _take(lock, path)
        store = Store(path / RESULTS)
        try:
            yield store
        finally:
            store.close()
    finally:
        os.close(lock)


def _require_ours(path: Path) -> None:
    standing, problems = standing_at(path), Problems()
    if standing == "nothing":
        return
    expected = "a new folder, or one that a sweep has written"
    if standing != "folder":
        problems.add(str(path), "is not a folder", expected=expected)
    else:
        foreign = sorted(set(names_in(path, problems)) - _OURS)
        if foreign:
            told = f"holds files that are not part of a sweep: {', '.join(foreign[:3])}"
            problems.add(str(path), told, expected=expected)
    problems.raise_if_any(TargetError)


def _take(lock: int, path: Path) -> None:
    """Take the lock and leave word of who has it."""
    if not _is_taken(lock):
        with suppress(OSError):
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
        return
    said = b""
    with suppress(OSError):
        said = os.pread(lock, _LONGEST_NUMBER, 0)
    who = f" (process {said.decode()})" if said.isdigit() else ""
    problems = Problems()
    problems.add(
        str(path),
        f"another sweep{who} is writing to it",
        expected="another folder, or to wait until that one has ended",
    )
    raise TargetError(problems)


if sys.platform == "win32":
    import msvcrt

    def _is_taken(lock: int) -> bool:
        # Far behind the number that stands there, so that it can still be read.
        os.lseek(lock, 2**20, os.SEEK_SET)
        try:
            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        except OSError:
            return True
        return False
else:
    import fcntl

    def _is_taken(lock: int) -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def kept_inputs(path: Path, question: Question) -> Mapping[str, Any]:
    """Write policy and case into the folder, and give what the store says of them."""
    with write_errors_told(path):
        return write_inputs(question, path / INPUTS)
