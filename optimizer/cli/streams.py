"""Output of a command where printing may fail: a full disk or a closed pipe loses no plan.

A shell can start a command with streams closed (``2>&-``), send what it prints to a full disk, or
stop reading (``| head -1``). Printing then does nothing, and the command reports it in the end.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO


class Kept(io.TextIOBase):
    """A stream that remembers why it could not be written to, instead of raising that.

    Attributes
    ----------
    lost
        What was wrong; None where all went well so far.
    """

    def __init__(self, below: TextIO | None) -> None:
        self._below = below
        self.lost: OSError | None = None
        if below is None:
            self.lost = OSError(errno.EBADF, "standard output is closed")
        elif isinstance(below, io.TextIOWrapper):
            # A name that a terminal cannot show is no reason to lose a plan.
            below.reconfigure(errors="backslashreplace")

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of the stream."""
        return getattr(self._below, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """Replacement for text that the encoding lacks."""
        return getattr(self._below, "errors", None) or "strict"

    def writable(self) -> bool:
        """Always: what cannot be written is remembered."""
        return True

    def isatty(self) -> bool:
        """Whether somebody looks at it."""
        return self._below is not None and self.lost is None and self._below.isatty()

    def fileno(self) -> int:
        """Number of the file."""
        if self._below is None:
            raise io.UnsupportedOperation("fileno")
        return self._below.fileno()

    def write(self, text: str) -> int:
        """Write, if that still makes sense."""
        if self._below is not None and self.lost is None:
            try:
                self._below.write(text)
            except OSError as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Have all that was written at its end."""
        if self._below is not None and self.lost is None:
            try:
                self._below.flush()
            except OSError as error:
                self._lose(error)

    def _lose(self, error: OSError) -> None:
        self.lost = error
        # Python writes once more what is left when it ends, and would fail at that too.
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)

    @property
    def is_unread(self) -> bool:
        """Whether nobody reads it any more, as after ``| head -1``, which is as it was meant."""
        return isinstance(self.lost, BrokenPipeError)


@contextmanager
def streams_kept() -> Iterator[tuple[Kept, Kept]]:
    """Put streams that never fail in place of stdout and stderr."""
    _open_all()
    before = sys.stdout, sys.stderr
    out, err = Kept(before[0]), Kept(before[1])
    sys.stdout, sys.stderr = out, err
    try:
        yield out, err
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def _open_all() -> None:
    """Open what is closed: the next file that is opened would be taken for stdout or stderr."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is given, which is this one.
            os.open(os.devnull, os.O_RDWR)
