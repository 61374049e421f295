"""Places in long work at which whoever set a time limit may end it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_look: ContextVar[Callable[[], None] | None] = ContextVar("look", default=None)


def pause() -> None:
    """Let the clock be looked at, if there is one; it may raise."""
    look = _look.get()
    if look is not None:
        look()


@contextmanager
def paused_by(look: Callable[[], None]) -> Iterator[None]:
    """Have a function called at every pause of what is done inside.

    Examples
    --------
    >>> with paused_by(lambda: print("looked")):
    ...     pause()
    looked
    """
    token = _look.set(look)
    try:
        yield
    finally:
        _look.reset(token)
