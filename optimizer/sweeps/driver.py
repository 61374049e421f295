"""Has scenarios solved: hands them out, keeps what comes back, and goes on when workers die."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, field
from types import MappingProxyType

from optimizer.errors import OptimizerError, shorten
from optimizer.io import interrupts
from optimizer.sweeps.executors import Pool, is_lost
from optimizer.sweeps.outcomes import CRASHED, Outcome
from optimizer.sweeps.worker import Item, SealedJob, answered, sealed_items

BATCH_SECONDS, MOST_IN_BATCH = 1.0, 32
"""Scenarios that a worker answers before it hands in: as many as take a second, and no more than
these, as all of them are lost with the worker."""
LOOK = 0.2
"""Seconds between two looks at progress and interrupts."""
TRIES = 2
"""How often a scenario is tried that may have ended its worker."""
KILLED_TWICE = "the process that solved it ended twice, the second time with nothing else to solve"


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is.

    Attributes
    ----------
    total
        Scenarios that were to be solved when it began.
    done
        How many of them have their answer.
    kept
        Scenarios that had theirs from before.
    seconds
        Since it began.
    counts
        Number of answers by status, those from before included.
    """

    total: int
    done: int
    kept: int
    seconds: float
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end at this rate; ``None`` as long as nothing is known of it."""
        return (self.total - self.done) / self.rate if self.done else None


@dataclass
class Driver:
    """Has the scenarios of a job solved by a pool.

    Attributes
    ----------
    keep
        Called with keys and answers as they come.
    report
        Called with the progress, a few times a second.
    counts
        Answers by status, before it begins.
    interrupted
        Whether it ended before all was solved.
    """

    job: SealedJob
    pool: Pool
    keep: Callable[[Sequence[tuple[str, Outcome]]], None]
    report: Callable[[SweepProgress], None] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False
    _waiting: deque[Item] = field(default_factory=deque)
    _suspects: deque[Item] = field(default_factory=deque)
    _flying: dict[Future[list[tuple[str, Outcome]]], list[Item]] = field(default_factory=dict)
    _tried: Counter[str] = field(default_factory=Counter)
    _spent: float = 0.0
    _done: int = 0

    def run(self, items: Iterable[Item]) -> None:
        """Solve scenarios in this order, until all are solved or somebody interrupts."""
        self._waiting = deque(items)
        self._total, self._kept = len(self._waiting), sum(self.counts.values())
        self._begun = time.monotonic()
        try:
            with interrupts.listening(self.stop):
                self._say()
                while (self._waiting or self._suspects or self._flying) and not self._is_over():
                    self._hand_out()
                    finished, _ = wait(self._flying, timeout=LOOK, return_when=FIRST_COMPLETED)
                    for future in finished:
                        # One that was lost may have taken others with it.
                        if future in self._flying:
                            self._take(future, self._flying.pop(future))
                    self._say()
        except BaseException:
            # What is being solved would be waited for.
            self.pool.stop(self.job.token)
            raise

    def stop(self) -> None:
        """Hand nothing out any more, and have what is being solved end soon."""
        self.interrupted = True
        self.pool.stop(self.job.token)

    def _is_over(self) -> bool:
        return self.interrupted and not self._flying

    def _hand_out(self) -> None:
        """Give every worker a batch; what may end its worker is solved with nothing beside it."""
        if self.interrupted:
            for future in self._flying:
                future.cancel()
            return
        self.pool.require_ready()
        if self._suspects:
            if not self._flying and self._submit([self._suspects[0]]):
                self._suspects.popleft()
            return
        while self._waiting and len(self._flying) < self.pool.workers:
            count = min(self._batch(), len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(count)]
            if not self._submit(batch):
                self._waiting.extendleft(batch[::-1])
                return

    def _batch(self) -> int:
        """Number of scenarios in a batch; the last ones are shared among all workers."""
        if not self._done:
            return 1
        share = -(-len(self._waiting) // self.pool.workers)
        fitting = BATCH_SECONDS * self._done / max(self._spent, 1e-9)
        return max(1, min(share, MOST_IN_BATCH, int(fitting)))

    def _submit(self, items: list[Item]) -> bool:
        """Hand out a batch, unless its pool has just broken, which is nothing to blame it for."""
        try:
            future = self.pool.submit(answered, self.job, sealed_items(items))
        except BrokenExecutor:
            if not self._flying:
                self.pool.renew()
            return False
        self._flying[future] = items
        return True

    def _take(self, future: Future[list[tuple[str, Outcome]]], items: list[Item]) -> None:
        try:
            found = future.result()
        except CancelledError:
            if not self.interrupted:
                raise OptimizerError(_gone("it cancelled what it was asked")) from None
            return
        except OptimizerError:
            raise
        except Exception as error:
            if not is_lost(error):
                told = shorten(f"{type(error).__name__}: {error}")
                raise OptimizerError(_gone(f"a worker failed with {told}")) from error
            self._lost(error, items)
            return
        self._keep(found)
        # Cut off by an interrupt of the worker alone, as a terminal sends one to each process.
        answers = {key for key, _ in found}
        self._waiting.extendleft([item for item in items if item[0] not in answers][::-1])

    def _lost(self, error: Exception, items: list[Item]) -> None:
        """Note who may have ended a worker; one process takes its whole pool with it."""
        lost = [items]
        if isinstance(error, BrokenExecutor):
            flying, self._flying = self._flying, {}
            wait(flying)
            for future, batch in flying.items():
                if is_lost(future.exception()):
                    lost.append(batch)
                else:
                    self._take(future, batch)
            self.pool.renew()
        for item in (item for batch in lost for item in batch):
            self._tried[item[0]] += 1
            if self._tried[item[0]] < TRIES:
                self._suspects.append(item)
            else:
                self._keep([(item[0], Outcome(CRASHED, hint=KILLED_TWICE))])

    def _keep(self, found: Sequence[tuple[str, Outcome]]) -> None:
        if not found:
            return
        self.keep(found)
        self._done += len(found)
        self._spent += sum(outcome.seconds for _, outcome in found)
        self.counts.update(outcome.status for _, outcome in found)

    def _say(self) -> None:
        if self.report is not None:
            seconds = time.monotonic() - self._begun
            counts = dict(self.counts)
            self.report(SweepProgress(self._total, self._done, self._kept, seconds, counts))


def _gone(why: str) -> str:
    return f"the executor cannot be used any more: {why}. What was solved is kept"
