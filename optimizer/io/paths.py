"""Kinds of things at a given path, and the one way in which such a file is opened.

A path may lead anywhere: to a pipe that nobody writes to, to a device without an end, to a file of
the system that never stops. Only regular files are read, and only so much of them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from optimizer.errors import Problems

Standing = Literal["file", "folder", "other", "nothing"]

NEITHER = "is neither a file nor a folder"
"""Wording for pipes, sockets and devices."""

_PIECE, BEGINNING = 2**20, 2**12
"""Bytes read at a time, and those in which a mark is looked for."""


READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class NotReadError(Exception):
    """A file that is not read; never leaves those who open files.

    Parameters
    ----------
    message
        What is wrong with it.
    expected
        What would have been right, where that is known.
    """

    def __init__(self, message: str, expected: str | None = None) -> None:
        super().__init__(message)
        self.expected = expected


class TooLargeError(NotReadError):
    """A file that has more bytes than are read."""


def standing_at(path: Path) -> Standing:
    """Say what stands at a path; links are followed, and broken ones lead to nothing.

    Nothing is opened: opening would wait for ever at a pipe that nobody writes to.

    Examples
    --------
    >>> standing_at(Path.cwd()), standing_at(Path("x" * 5000))
    ('folder', 'nothing')
    """
    try:
        return _standing(path.stat().st_mode)
    except (OSError, ValueError):
        # Too long a name, a circle of links or a zero character: nothing can stand there.
        return "nothing"


def _standing(mode: int) -> Standing:
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "other"


def content_of(path: Path, *, at_most: int, expected: str) -> bytes:
    """Read a file to its end, if it is a regular one and has one.

    Parameters
    ----------
    at_most
        Bytes it may have.
    expected
        What it would have been, in words.

    Raises
    ------
    NotReadError
        If it is not a file, cannot be read or is too large.
    """
    with _opened(path, expected) as file:
        size = os.fstat(file).st_size
        fitting = f"at most {at_most:,} bytes"
        if size > at_most:
            raise TooLargeError(f"has {size:,} bytes", fitting)
        pieces, size = [], 0
        # Files of the system have a size of 0 whatever they hold, and others may grow meanwhile.
        while piece := os.read(file, _PIECE):
            size += len(piece)
            if size > at_most:
                raise TooLargeError(f"has more than {at_most:,} bytes", fitting)
            pieces.append(piece)
    return b"".join(pieces)


def begins_with(path: Path, mark: str) -> bool:
    """Whether a mark stands among the first bytes of a file."""
    try:
        with _opened(path, "") as file:
            return mark.encode() in os.read(file, BEGINNING)
    except NotReadError:
        return False


def is_empty(path: Path) -> bool:
    """Whether a file has nothing in it."""
    try:
        with _opened(path, "") as file:
            return not os.read(file, 1)
    except NotReadError:
        return False


@contextmanager
def _opened(path: Path, expected: str) -> Iterator[int]:
    """Open a regular file; whatever goes wrong is a reason not to read it."""
    try:
        # Some devices do something when they are opened, so that they are distinguished from files
        # before.
        _require_file(path.stat().st_mode, expected)
        # What has become a pipe since is not waited for.
        file = os.open(path, READING)
        try:
            _require_file(os.fstat(file).st_mode, expected)
            yield file
        finally:
            os.close(file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise NotReadError(f"cannot be read: {reason}") from error


def _require_file(mode: int, expected: str) -> None:
    standing = _standing(mode)
    if standing != "file":
        raise NotReadError("is a folder" if standing == "folder" else NEITHER, expected)


def read_given(path: Path, problems: Problems, *, at_most: int, expected: str) -> bytes | None:
    """Read a file that somebody gave; one that is not read becomes a problem.

    Parameters
    ----------
    at_most
        Bytes it may have.
    expected
        What it would have been, in words.
    """
    try:
        return content_of(path, at_most=at_most, expected=expected)
    except NotReadError as error:
        problems.add(path.name, str(error), expected=error.expected)
        return None


def names_in(folder: Path, problems: Problems) -> list[str]:
    """Names of all that is in a folder, in order; one that cannot be read becomes a problem."""
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        problems.add(folder.name, f"cannot be read: {error.strerror}")
        return []


def name_is_text(path: Path, problems: Problems) -> bool:
    """Whether a name can be written into files; one that cannot becomes a problem."""
    try:
        path.name.encode()
    except UnicodeEncodeError:
        problems.add(path.name, "its name is not UTF-8", expected="a name that can be written")
        return False
    return True
