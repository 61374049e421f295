"""Clock of a part of the work, which may be ended before the whole is."""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.solver.watch import Watch


@dataclass
class Part(Watch):
    """Stops with the whole, and sooner where that is allowed.

    Attributes
    ----------
    whole
        Clock of the command.
    kept
        Seconds that are kept for what comes after this part, once it may end.
    may_end
        Whether it may be ended before the whole is.
    """

    whole: Watch = field(default_factory=Watch)
    kept: float = 0.0
    may_end: bool = False

    def seconds_left(self) -> float:
        """Wall time until this part must stop."""
        left = self.whole.seconds_left()
        return max(0.0, left - self.kept) if self.may_end else left

    def should_stop(self) -> bool:
        """Whether a running solver must give up now."""
        if self.whole.should_stop() or self.seconds_left() <= 0.0:
            self.timed_out = True
        return self.timed_out

    def end_soon(self) -> None:
        """Allow that it is ended before the whole is."""
        self.may_end = True
