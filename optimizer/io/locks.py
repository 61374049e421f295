"""Locks: one process at a time that writes to a folder."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LONGEST_NUMBER = 20


@contextmanager
def lock_of(folder: Path, name: str) -> Iterator[str | None]:
    """Take the lock of a folder, which is made if it is not there.

    The system lets go of it when the process ends, however it ends.

    Yields
    ------
    str or None
        ``None`` where it is ours now; else the number of the process that has it, or nothing
        where that is not known.

    Raises
    ------
    OSError
        If folder or lock cannot be made, or a link stands in its place.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        lock = os.open(folder / name, flags, 0o666)
    except ValueError as error:
        # A zero character, or half a one.
        raise OSError(errno.EINVAL, "this is not a name of a folder") from error
    try:
        if _is_taken(lock):
            yield _holder_of(lock)
        else:
            _leave_word_in(lock)
            yield None
    finally:
        os.close(lock)


def _leave_word_in(lock: int) -> None:
    """Say who has the lock."""
    with suppress(OSError):
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)


def _holder_of(lock: int) -> str:
    said = b""
    with suppress(OSError):
        said = os.pread(lock, _LONGEST_NUMBER, 0)
    return said.decode("ascii") if said.isdigit() else ""


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
