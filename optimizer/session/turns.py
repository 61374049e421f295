"""One after the other: a session holds one solver, which can be asked one thing at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from optimizer.errors import OptimizerError
from optimizer.solver import Progress

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Turns:
    """Lets the threads that share something have it one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside: set[int] = set()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until nobody else is inside.

        Raises
        ------
        OptimizerError
            If this thread is inside itself, so that it would wait for ever.
        """
        with self._noted(), self._lock:
            yield

    @contextmanager
    def _noted(self) -> Iterator[None]:
        here = threading.get_ident()
        if here in self._inside:
            raise OptimizerError(
                "a session cannot be called while it answers: functions that report progress or "
                "add custom rules may not call it"
            )
        self._inside.add(here)
        try:
            yield
        finally:
            self._inside.remove(here)

    def listening(
        self, report: Callable[[Progress], None] | None
    ) -> Callable[[Progress], None] | None:
        """Let a report be heard as one from inside, in whichever thread the solver calls it."""
        if report is None:
            return None

        def told(progress: Progress) -> None:
            if threading.get_ident() in self._inside:
                report(progress)
                return
            with self._noted():
                report(progress)

        return told


class InTurns:
    """Something whose methods marked with :func:`in_turn` are called one after the other."""

    _turns: Turns


S = TypeVar("S", bound=InTurns)


def in_turn(method: Callable[Concatenate[S, _P], _R]) -> Callable[Concatenate[S, _P], _R]:
    """Let a method wait until no other thread is in one of the same object."""

    @wraps(method)
    def waiting(self: S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with self._turns.turn():
            return method(self, *args, **kwargs)

    return waiting
