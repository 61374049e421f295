"""Clock of a part of the work, which may be ended before the whole is."""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.solver.watch import Watch


@dataclass
class Part(Watch):
    """Stops with the whole, and sooner once one of its steps has ended.

    Attributes
    ----------
    whole
        Clock of the command.
    kept
        What is kept for that which comes after, in multiples of the longest of its steps.
    most_kept
        Seconds that are kept at most.
    longest
        Seconds of the longest step so far; ``None`` before the first has ended.
    """

    whole: Watch = field(default_factory=Watch)
    kept: float = 0.0
    most_kept: float = 0.0
    longest: float | None = None

    def seconds_left(self) -> float:
        """Wall time until this part must stop."""
        left = self.whole.seconds_left()
        if self.longest is None:
            return left
        return max(0.0, left - min(self.most_kept, self.kept * self.longest))

    def should_stop(self) -> bool:
        """Whether a running solver must give up now."""
        if self.whole.should_stop() or self.seconds_left() <= 0.0:
            self.timed_out = True
        self.interrupted = self.whole.interrupted
        return self.timed_out

    def for_last_steps(self) -> Watch:
        """Clock for steps that are taken even after this part was stopped: that of the whole."""
        return self.whole.for_last_steps()

    def end(self) -> None:
        """Stop everything that runs in this part, and nothing else."""
        self.timed_out = True

    def note(self, seconds: float) -> None:
        """Learn that one of its steps has ended, and how long it took."""
        self.longest = max(seconds, self.longest or 0.0)
