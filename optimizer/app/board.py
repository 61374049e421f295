"""What the page shows, written by one thread and read by all who look at it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Board:
    """The state that every open page shows, and those who wait for it to change.

    Readers get the newest state alone: what changed twice before somebody looked is seen once, so
    that nothing piles up behind a slow reader.
    """

    def __init__(self, **facts: Any) -> None:
        self._lock = threading.Lock()
        self._facts: dict[str, Any] = dict(facts)
        self._listeners: list[Callable[[], None]] = []

    def show(self, **facts: Any) -> None:
        """Change some facts, and wake everybody who waits."""
        with self._lock:
            self._facts.update(facts)
            listeners = list(self._listeners)
        for wake in listeners:
            wake()

    def facts(self) -> dict[str, Any]:
        """All facts as they are now."""
        with self._lock:
            return dict(self._facts)

    def listen(self, wake: Callable[[], None]) -> None:
        """Call a function, from any thread, whenever something changes."""
        with self._lock:
            self._listeners.append(wake)

    def leave(self, wake: Callable[[], None]) -> None:
        """Do not call it any more."""
        with self._lock:
            self._listeners.remove(wake)

    @property
    def readers(self) -> int:
        """Number of those who wait."""
        with self._lock:
            return len(self._listeners)
