"""Python's garbage collector, out of the way while very many objects are made and kept."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def all_kept() -> Iterator[None]:
    """Do not look for garbage meanwhile: nothing of what is made is garbage.

    The collector would look through all of it again and again, which took a third of the time in
    which the model of the Japan case is built.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
