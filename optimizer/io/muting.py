"""Keeps libraries from printing where results are printed."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STDOUT = 1
_one_at_a_time = threading.Lock()


@contextmanager
def muted() -> Iterator[None]:
    """Drop what compiled code prints to stdout, past Python, in the meantime.

    Where there is no stdout, there is nothing to drop.
    """
    with _one_at_a_time:
        if sys.stdout is not None:
            sys.stdout.flush()
        try:
            kept = os.dup(_STDOUT)
        except OSError:
            yield
            return
        _flush()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, _STDOUT)
            yield
        finally:
            _flush()
            os.dup2(kept, _STDOUT)
            os.close(kept)
            os.close(nowhere)


def _flush() -> None:
    """Let compiled code write what it has kept back: it would appear later."""
    try:
        ctypes.CDLL(None).fflush(None)
    except (OSError, TypeError, AttributeError):
        # Windows has no library of that name; what is printed there is not kept back.
        return
