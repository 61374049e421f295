"""Places in long work at which whoever set a time limit, or asked for it, may end it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_look: ContextVar[Callable[[], None] | None] = ContextVar("look", default=None)


def _never() -> bool:
    return False


_unwanted: ContextVar[Callable[[], bool]] = ContextVar("unwanted", default=_never)


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


@contextmanager
def wanted_until(is_unwanted: Callable[[], bool]) -> Iterator[None]:
    """Let every solver run begun inside end, without a plan, once a function says so.

    It is asked often, and from whichever thread the solver calls.

    Examples
    --------
    >>> with wanted_until(lambda: True):
    ...     asked = unwanted_when()
    >>> asked(), unwanted_when()()
    (True, False)
    """
    token = _unwanted.set(is_unwanted)
    try:
        yield
    finally:
        _unwanted.reset(token)


def unwanted_when() -> Callable[[], bool]:
    """Function that says whether nobody wants any more what is being done."""
    return _unwanted.get()
