"""Wall time, Ctrl-C and progress, for every solver run of one command."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType


@dataclass(frozen=True)
class Progress:
    """What is known so far: seconds since the start, best plan and proven bound in points."""

    seconds: float
    step: str
    objective: float | None
    bound: float | None

    @property
    def gap(self) -> float | None:
        """Relative gap, if there are a plan and a bound."""
        if self.objective is None or self.bound is None:
            return None
        return relative_gap(self.objective, self.bound)


def relative_gap(objective: float, bound: float) -> float:
    """(bound - objective) / |objective|, never negative; infinite for objective 0 below bound.

    Examples
    --------
    >>> relative_gap(99.0, 100.0) > 0.01
    True
    """
    distance = max(0.0, bound - objective)
    if distance <= 1e-9 * max(1.0, abs(bound)):
        return 0.0
    return distance / abs(objective) if objective else float("inf")


@dataclass
class Watch:
    """Clock of one command: when to stop, whether the user asked to, and what is known so far.

    Attributes
    ----------
    target
        Relative gap that is asked for.
    """

    time_limit: float | None = None
    report: Callable[[Progress], None] | None = None
    started: float = field(default_factory=time.monotonic)
    interrupted: bool = False
    timed_out: bool = False
    step: str = "starting"
    objective: float | None = None
    bound: float | None = None
    target: float | None = None
    trace: list[Progress] = field(default_factory=list)
    _last: float = 0.0

    @property
    def seconds(self) -> float:
        """Wall time since the start."""
        return time.monotonic() - self.started

    def seconds_left(self) -> float:
        """Wall time until the limit; infinite without one."""
        limit = float("inf") if self.time_limit is None else self.time_limit
        return max(0.0, limit - self.seconds)

    def is_close(self) -> bool:
        """Whether the best plan is proven to be within the gap that is asked for."""
        if self.target is None or self.objective is None or self.bound is None:
            return False
        return relative_gap(self.objective, self.bound) <= self.target

    def should_stop(self) -> bool:
        """Whether a running solver must give up now; also ticks the progress line."""
        if self.time_limit is not None and self.seconds >= self.time_limit:
            self.timed_out = True
        self.tick()
        return self.interrupted or self.timed_out

    def tick(self, *, every: float = 0.5) -> None:
        """Report progress, at most every half second."""
        if self.seconds - self._last >= every:
            self._say()

    def begin(self, step: str) -> None:
        """Name what is being done now."""
        self.step = step
        self._say()

    def learn(self, *, objective: float | None = None, bound: float | None = None) -> None:
        """Keep the best plan and the best bound; both in points, maximising."""
        if objective is not None and (self.objective is None or objective > self.objective):
            self.objective = objective
        if bound is not None and (self.bound is None or bound < self.bound):
            self.bound = bound
        self.trace.append(Progress(self.seconds, self.step, self.objective, self.bound))

    def learn_quietly(self, bound: float) -> None:
        """Keep a better bound; traced only when it moved by a tenth of a per mille."""
        traced = next((step.bound for step in reversed(self.trace)), None)
        if traced is None or bound < traced - 1e-4 * abs(traced):
            self.learn(bound=bound)
        elif self.bound is None or bound < self.bound:
            self.bound = bound

    def _say(self) -> None:
        self._last = self.seconds
        if self.report is not None:
            self.report(Progress(self.seconds, self.step, self.objective, self.bound))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Turn Ctrl-C into a request to stop with the best plan so far; a second one kills."""

        def stop(_: int, __: FrameType | None) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True

        try:
            before = signal.signal(signal.SIGINT, stop)
        except ValueError:  # Only the main thread may listen; others go without.
            yield
            return
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
