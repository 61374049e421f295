"""Progress of many questions of one kind: how many are done, how fast, and what is left."""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.solver import Watch

_TENTHS = 10
_SECONDS = 5.0
_SOME = 2
"""Questions that must be solved before a rate is said."""
MINUTE, HOUR = 60.0, 3600.0


@dataclass
class Pace:
    """Says now and then how far a list of questions has come.

    Attributes
    ----------
    kind
        What is solved, as it is named in the line of progress.
    count
        Of all questions.
    solved
        Those that took time; the others are not part of the rate.
    """

    kind: str
    count: int
    watch: Watch
    solved: int = 0
    _number: int = 0
    _began: float = field(init=False)
    _said: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._began = self.watch.seconds

    def say(self) -> None:
        """Say which question is next, for every tenth of them and every five seconds."""
        self._number += 1
        now = self.watch.seconds
        tenth = (self._number - 1) % max(1, self.count // _TENTHS) == 0
        if tenth or now - self._said >= _SECONDS:
            self._said = now
            self.watch.begin(f"{self.kind} at end {self._number} of {self.count}{self._rate(now)}")

    def _rate(self, now: float) -> str:
        took = now - self._began
        if self.solved < _SOME or took <= 0.0:
            return ""
        rate = self.solved / took
        left = (self.count - self._number + 1) / rate
        return f", {in_rate(rate)}, {in_time(left)} left at most"


def in_rate(per_second: float) -> str:
    """A rate in words.

    Examples
    --------
    >>> in_rate(3.21), in_rate(0.05)
    ('3.2 a second', '3.0 a minute')
    """
    if per_second >= 1.0:
        return f"{per_second:.1f} a second"
    return f"{per_second * MINUTE:.1f} a minute"


def in_time(seconds: float) -> str:
    """A time in the unit that suits it.

    Examples
    --------
    >>> in_time(12.4), in_time(90.0), in_time(9000.0)
    ('12 s', '2 min', '2.5 h')
    """
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"
