"""Wall time, Ctrl-C and progress, for every solver run of one command."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from optimizer.errors import NoPlanError
from optimizer.io import interrupts
from optimizer.io.pauses import paused_by, unwanted_when
from optimizer.solver import stopped

GRACE, LEAST_GRACE = 0.1, 0.5
"""Share of a time limit, and seconds, by which last steps that save a plan may overrun it."""


@dataclass(frozen=True)
class Progress:
    """Progress so far: seconds since the start, best plan and proven bound in points.

    Of a step that has parts also how many are done, of how many, and the seconds these took.
    """

    seconds: float
    step: str
    objective: float | None
    bound: float | None
    done: int = 0
    total: int = 0
    part_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Parts in a second; 0 until a second has passed, as nothing is known of it before."""
        return self.done / self.part_seconds if self.part_seconds >= 1.0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the last part is done at this rate; ``None`` where nothing is known."""
        return (self.total - self.done) / self.rate if self.rate else None

    @property
    def gap(self) -> float | None:
        """Relative gap, if there are a plan and a bound."""
        if self.objective is None or self.bound is None:
            return None
        return relative_gap(self.objective, self.bound)


def relative_gap(objective: float, bound: float) -> float:
    """(bound - objective) / |objective|, never negative; infinite for objective 0 below bound.

    Infinite as well where there is no bound but infinity.

    Examples
    --------
    >>> relative_gap(99.0, 100.0) > 0.01
    True
    """
    distance = max(0.0, bound - objective)
    # Measured in the objective: an infinite bound is as far from it as can be.
    if distance <= 1e-9 * max(1.0, abs(objective)):
        return 0.0
    return distance / abs(objective) if objective else math.inf


def least_within(bound: float, gap: float) -> float:
    """Least objective that a relative gap to a bound admits.

    Examples
    --------
    >>> least_within(100.0, 0.25), least_within(-75.0, 0.25)
    (80.0, -100.0)
    """
    if bound >= 0.0:
        return bound / (1.0 + gap)
    return bound / (1.0 - gap) if gap < 1.0 else -math.inf


@dataclass
class Watch:
    """Clock of one command: when to stop, whether the user asked to, and what is known so far.

    Attributes
    ----------
    time_limit
        Wall seconds from the start, as asked for.
    reserve
        Seconds of them that are kept for what comes after the search.
    timed_out
        Whether the limit ended anything.
    hurried
        Whether anything was done in another way than without a limit.
    unwanted
        Says whether nobody wants the result any more, as when a newer question has come.
    spent
        Seconds by step, of steps that have ended.
    target
        Relative gap that is asked for.
    """

    time_limit: float | None = None
    report: Callable[[Progress], None] | None = None
    started: float = field(default_factory=time.monotonic)
    reserve: float = 0.0
    interrupted: bool = False
    timed_out: bool = False
    hurried: bool = False
    step: str = "start"
    objective: float | None = None
    bound: float | None = None
    target: float | None = None
    trace: list[Progress] = field(default_factory=list)
    spent: dict[str, float] = field(default_factory=dict)
    unwanted: Callable[[], bool] = field(default_factory=unwanted_when)
    _last: float = 0.0
    _counted: float = 0.0
    _part: tuple[int, int, float] = (0, 0, 0.0)
    _parts: tuple[int, int, float] = (0, 0, 0.0)

    @classmethod
    def since(
        cls,
        started: float | None,
        time_limit: float | None,
        report: Callable[[Progress], None] | None,
    ) -> Watch:
        """Clock of a command that began at a monotonic time, or begins now."""
        if started is None:
            return cls(time_limit, report)
        return cls(time_limit, report, started)

    def limit_by_default(self, time_limit: float | None) -> None:
        """Let the time limit of a policy count where no other was asked for."""
        if self.time_limit is None:
            self.time_limit = time_limit

    @property
    def seconds(self) -> float:
        """Wall time since the start."""
        return time.monotonic() - self.started

    def seconds_left(self) -> float:
        """Wall time until the search must stop; infinite without a limit."""
        limit = math.inf if self.time_limit is None else self.time_limit - self.reserve
        return max(0.0, limit - self.seconds)

    def for_last_steps(self) -> Watch:
        """Clock for steps that are taken even after the search was stopped, to save a plan.

        They may overrun by a tenth of the limit, and no more.
        """
        if self.time_limit is None:
            return Watch()
        over = max(GRACE * self.time_limit, LEAST_GRACE)
        return Watch(time_limit=self.time_limit - self.reserve + over, started=self.started)

    @property
    def is_repeatable(self) -> bool:
        """Whether nothing depended on how fast the machine was, or on the user."""
        return not (self.timed_out or self.interrupted or self.hurried)

    def is_close(self) -> bool:
        """Whether the best plan is proven to be within the gap that is asked for."""
        return self.objective is not None and self.would_be_close(self.objective)

    def would_be_close(self, points: float) -> bool:
        """Whether a plan of so many points would be."""
        if self.target is None or self.bound is None:
            return False
        return relative_gap(points, self.bound) <= self.target

    def should_stop(self) -> bool:
        """Whether a running solver must give up now; also ticks the progress line."""
        if self.unwanted():
            self.interrupted = True
        if self.seconds_left() <= 0.0:
            self.timed_out = True
        self.tick()
        return self.interrupted or self.timed_out

    def tick(self, *, every: float = 0.5) -> None:
        """Report progress, at most every half second."""
        if self.seconds - self._last >= every:
            self._say()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Stop what is done inside at its next pause, once the limit is reached."""
        with paused_by(self._require_time):
            yield

    def _require_time(self) -> None:
        if self.seconds_left() <= 0.0:
            self.timed_out = True
            raise self.no_plan()

    def begin(self, step: str) -> None:
        """Name what is being done now."""
        self._part = 0, 0, 0.0
        self.count(step)
        self._say()

    def begin_part(self, step: str, done: int, total: int) -> None:
        """Name what is being done now, and how many parts are done.

        Parts that follow one another count together, whatever each is called and does.
        """
        before, count, began = self._parts
        goes_on = total == count and done >= before and done > 0
        self._part = self._parts = done, total, began if goes_on else self.seconds
        self.count(step)
        self._say()

    def count(self, step: str) -> None:
        """Count seconds for another step from now on, without a word about it."""
        now = self.seconds
        self.spent[self.step] = self.spent.get(self.step, 0.0) + now - self._counted
        self.step, self._counted = step, now

    def no_plan(self) -> NoPlanError:
        """Error that says what ended the search, and where the time went."""
        self.count(self.step)
        if self.interrupted:
            return stopped.interrupted()
        if self.timed_out and self.time_limit is not None:
            return stopped.timed_out(self.time_limit, self.spent)
        return stopped.ended(self.spent)

    def learn(self, *, objective: float | None = None, bound: float | None = None) -> None:
        """Keep the best plan and the best bound; both in points, maximising."""
        self.objective = max(_told(self.objective, objective), default=None)
        self.bound = min(_told(self.bound, bound), default=None)
        self.trace.append(Progress(self.seconds, self.step, self.objective, self.bound))

    def forget(self) -> None:
        """Forget plan, bound and how they came: points mean something else from now on."""
        self.objective = self.bound = None
        self.trace.clear()

    def learn_quietly(self, bound: float) -> None:
        """Keep a better bound; traced only when it moved by a tenth of a per mille."""
        traced = next((step.bound for step in reversed(self.trace)), None)
        self.bound = min(_told(self.bound, bound))
        if traced is None or bound < traced - 1e-4 * abs(traced):
            self.learn()

    def _say(self) -> None:
        self._last = self.seconds
        if self.report is not None:
            done, total, begun = self._part
            taken = self.seconds - begun if total else 0.0
            told = self.step, self.objective, self.bound, done, total, taken
            self.report(Progress(self.seconds, *told))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Turn Ctrl-C into a request to stop with the best plan so far; a second one kills."""

        def stop() -> None:
            self.interrupted = True

        with interrupts.listening(stop):
            yield


def _told(*values: float | None) -> list[float]:
    """Those of them that are known."""
    return [value for value in values if value is not None]
