"""What a worker does: one model, loaded once, that goes from scenario to scenario."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.case import Case
from optimizer.errors import InfeasibleError, NoPlanError, OptimizerError, SolverError
from optimizer.plan.question import Question
from optimizer.plan.scales import GIVEN, Scales
from optimizer.policy import Policy
from optimizer.session.clashing import infeasible
from optimizer.session.holding import Holding
from optimizer.session.planning import PlanSearch
from optimizer.session.values import relaxed_goal_values
from optimizer.solver import Progress, Watch
from optimizer.sweeps.outcomes import (
    ANSWERED,
    FAILED,
    INFEASIBLE_ROW,
    TIMED_OUT,
    Outcome,
    hint_of,
    of_plan,
    shortened,
)

Item = tuple[str, Mapping[str, object]]
"""Key and changes of a scenario."""


@dataclass(frozen=True)
class Job:
    """What all scenarios of a sweep have in common.

    Attributes
    ----------
    scales
        Raw value of each goal that counts as 1, in every scenario.
    relaxed
        Whether only relaxations are solved.
    gap, time_limit
        Of every scenario; ``None`` for those that its policy asks for.
    """

    policy: Policy
    case: Case
    scales: Mapping[str, float]
    relaxed: bool
    gap: float | None
    time_limit: float | None


@dataclass(frozen=True)
class SealedJob:
    """A job as it travels: opened once in each worker, whatever comes with it.

    Attributes
    ----------
    token
        Tells jobs apart.
    """

    token: str
    content: bytes

    @classmethod
    def of(cls, job: Job, token: str) -> SealedJob:
        """Seal a job."""
        return cls(token, pickle.dumps(job))

    def opened(self) -> Job:
        """The job."""
        job: Job = pickle.loads(self.content)  # sealed by our own driver
        return job


_stopped: set[str] = set()
"""Tokens of jobs that somebody wants to end in this process."""
EVERY_JOB = "*"
_here = threading.local()


def stop_job(token: str) -> None:
    """End what this process does for a job, at the next look at the clock."""
    _stopped.add(token)


def is_stopped(token: str) -> bool:
    """Whether a job is to end in this process."""
    return token in _stopped or EVERY_JOB in _stopped


def sealed_items(items: Sequence[Item]) -> bytes:
    """Pack scenarios for their worker alone: a scheduler on the way would read what it could."""
    return pickle.dumps(list(items))


def answered(sealed: SealedJob, packed: bytes) -> list[tuple[str, Outcome]]:
    """Answer scenarios one after the other; those for which there was no time are left out."""
    items: list[Item] = pickle.loads(packed)
    worker = getattr(_here, "worker", None)
    if worker is None or worker.token != sealed.token:
        worker = _here.worker = Worker(sealed)
    found = []
    for key, changes in items:
        outcome = None if is_stopped(sealed.token) else worker.answer(changes)
        if outcome is None:
            break
        found.append((key, outcome))
    return found


class Worker:
    """One thread's share of a sweep: what it holds goes from one scenario to the next in one step.

    Attributes
    ----------
    token
        Of its job.
    """

    def __init__(self, sealed: SealedJob) -> None:
        self.token, self._job = sealed.token, sealed.opened()
        self._held: Holding | None = None

    def answer(self, changes: Mapping[str, object]) -> Outcome | None:
        """Answer a scenario; ``None`` where somebody ended the job meanwhile."""
        begun = time.monotonic()
        watch = self._watch()
        try:
            held, because = self._changed(changes)
            outcome = (
                self._relaxed(held, watch) if self._job.relaxed else self._planned(held, watch)
            )
        except NoPlanError as error:
            outcome, because = Outcome(TIMED_OUT, hint=_first_line(error)), ""
        except OptimizerError as error:
            outcome, because = Outcome(FAILED, hint=shortened(str(error))), ""
            if isinstance(error, SolverError):
                # Whatever the solver was left with is no place to go on from.
                self._held = None
        except Exception as error:
            # One scenario that meets a fault of ours does not end the others.
            self._held = None
            told = f"{type(error).__name__}: {error}"
            outcome, because = Outcome(FAILED, hint=shortened(told)), ""
        if watch.interrupted:
            return None
        return replace(
            outcome,
            seconds=time.monotonic() - begun,
            rebuilt_because=because,
            time_limit=watch.time_limit,
            complete=outcome.status in ANSWERED and not watch.timed_out,
        )

    def _watch(self) -> Watch:
        """A clock that also looks whether the job is to end."""
        watch = Watch(self._job.time_limit)

        def look(progress: Progress) -> None:
            watch.interrupted |= is_stopped(self.token)

        watch.report = look
        return watch

    def _changed(self, changes: Mapping[str, object]) -> tuple[Holding, str]:
        """What is held, with these changes and no others, and what needed another model."""
        if self._held is None:
            job = self._job
            question = Question.of(job.policy, job.case)
            scales = Scales(dict(job.scales), GIVEN)
            self._held = Holding(question, scales=scales, cache=False)
        self._held.change_to(changes)
        return self._held, self._held.rebuilt_because

    def _planned(self, held: Holding, watch: Watch) -> Outcome:
        options, job = held.question.policy.solver, self._job
        watch.time_limit = options.time_limit if job.time_limit is None else job.time_limit
        gap = options.gap if job.gap is None else job.gap
        search = PlanSearch(held, watch, gap, again=True, conflicts=1)
        return _or_infeasible(lambda: of_plan(search.without_warning()))

    def _relaxed(self, held: Holding, watch: Watch) -> Outcome:
        run = held.loaded.relax(watch)
        if run.status == "infeasible":
            error = infeasible(held.loaded, watch.for_last_steps(), most=1)
            return Outcome(INFEASIBLE_ROW, hint=hint_of(error))
        if run.status == "unbounded":
            raise SolverError("the points of a plan have no upper limit")
        if run.status != "optimal" or run.x is None:
            return Outcome(TIMED_OUT, hint=_first_line(watch.no_plan()))
        scales = held.scaled(watch).of
        raw = relaxed_goal_values(held.loaded, run.x)
        goals = {goal: (value, value / scales[goal]) for goal, value in raw.items()}
        return Outcome("optimal", run.objective, run.objective, None, goals)


def _or_infeasible(find: Callable[[], Outcome]) -> Outcome:
    try:
        return find()
    except InfeasibleError as error:
        return Outcome(INFEASIBLE_ROW, hint=hint_of(error))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
