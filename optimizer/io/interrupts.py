"""Ctrl-C, and the signals that end a command as it does: SIGTERM, and a terminal that is closed.

Programs that use the package from Python keep their own signals, but for Ctrl-C during a search.
This module imports next to nothing, so that a command can listen before anything else is loaded.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress

# Not imported from typing or collections.abc at run time: see above.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

INTERRUPTED = 130
"""Exit code of a command that was interrupted and leaves nothing."""


class _State:
    """State of the running command, of which a process has one at a time."""

    def __init__(self) -> None:
        self.heard: list[int] = [signal.SIGINT]
        self.kept: list[Callable[[], bool]] = []
        self.cleaning: dict[int, Callable[[], None]] = {}
        self.is_process = self.is_done = False


_now = _State()


def take_process() -> None:
    """Take the process for one command and nothing else, which an interrupt ends at once.

    An exception raised by a signal gets lost where it comes while modules are imported or objects
    are cleared away, and is shown as a fault of the program where nobody catches it.
    """
    _now.is_process, _now.heard = True, _ending()
    for number in _now.heard:
        signal.signal(number, _end_or_not)


def leave_to_others() -> None:
    """Hear nothing in this process: whoever has started it says when it is to end.

    A terminal sends Ctrl-C to all processes of a command.
    """
    _now.heard = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def held_back() -> Iterator[None]:
    """Keep Ctrl-C from processes that are started inside; this one hears of it right after.

    Until a process has said that it hears nothing, it would end with a word of Python's own.
    """
    mask = getattr(signal, "pthread_sigmask", None)
    if mask is None:
        yield
        return
    before = mask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        mask(signal.SIG_SETMASK, before)


def ignore() -> None:
    """Ignore what is heard until the process has ended: Python forgets handlers before that."""
    for number in _now.heard:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def command() -> Iterator[None]:
    """Listen to every signal that ends a command."""
    before, _now.heard, _now.is_done = _now.heard, _ending(), False
    try:
        with _handled(_end_or_not):
            yield
    finally:
        _now.heard = before


def done() -> None:
    """Say that the command has done everything, so that nothing is left to interrupt."""
    _now.is_done = True


def _end_or_not(number: int, frame: FrameType | None) -> None:
    if not _now.is_done and not any(once() for once in _now.kept):
        end()


def _ending() -> list[int]:
    """Signals that end a command: SIGHUP not if it is to outlive its terminal, as with nohup."""
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is None or signal.getsignal(hang_up) is signal.SIG_IGN:
        return [signal.SIGINT, signal.SIGTERM]
    return [signal.SIGINT, signal.SIGTERM, hang_up]


def end() -> None:
    """End what runs: the process, with what it has begun cleared away, or by an exception."""
    if not _now.is_process:
        raise KeyboardInterrupt
    for clean in list(_now.cleaning.values()):
        clean()
    with suppress(OSError):
        os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


@contextmanager
def listening(stop: Callable[[], None]) -> Iterator[None]:
    """Call a function at the first interrupt; a second one ends at once."""
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        if heard:
            end()
        heard.append(number)
        stop()

    with _handled(hear):
        yield


@contextmanager
def kept(once: Callable[[], bool]) -> Iterator[None]:
    """Let no interrupt end a command once there is something to keep: it is written to its end."""
    _now.kept.append(once)
    try:
        yield
    finally:
        _now.kept.remove(once)


@contextmanager
def cleaned(clean: Callable[[], None]) -> Iterator[None]:
    """Call a function in the end, however the end comes, but for a kill."""
    key = id(clean)
    _now.cleaning[key] = clean
    try:
        yield
    finally:
        clean()
        del _now.cleaning[key]


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle all that is heard; other threads than the first may not, and go without."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in _now.heard}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
