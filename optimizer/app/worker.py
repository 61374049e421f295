"""Two threads that work out what is set: one relaxes at once, one searches for plans and answers.

A search notices late that it is not wanted any more: seconds may pass inside a linear program of
its tree. So relaxations have a session of their own, which stays hot: what no plan exceeds is known
a moment after a move, while a search that nobody wants comes to its end beside. Both sessions hold
the same policy, case and scales, and are set alike before either solves.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from optimizer.app.board import Board
from optimizer.app.following import Follower
from optimizer.app.keeping import refusal
from optimizer.app.moves import Setting
from optimizer.app.wishes import Task, Wish, Wishes
from optimizer.errors import InfeasibleError, NoPlanError, OptimizerError
from optimizer.io.pauses import wanted_until
from optimizer.plan import Plan
from optimizer.session import Session
from optimizer.solver import Progress

STARTING, _SCALING, _CHANGING, _RELAXING, _RELAXED, _SOLVING, _ANSWERING = (
    "reading",
    "scales",
    "changing",
    "relaxation",
    "relaxed",
    "solving",
    "answering",
)
_PLANNED, _NOTHING_FITS, _NO_TIME, _FAILED = "plan", "nothing fits", "stopped", "failed"
_OF_SCALES = frozenset({"start", "scales"})
"""Steps of the beginning in which scales are worked out."""

REST_BEFORE_SEARCH = 0.6
"""Seconds without a move after which a plan is searched for."""


class Planner:
    """Relaxes and searches in threads of its own; the newest move ends what is being done.

    Parameters
    ----------
    begin
        Makes the session that searches, in its thread.
    twin
        Makes one that relaxes, given the other with its scales and its first relaxation.
    board
        Where all that comes out is shown.
    refuse
        Called with a setting that is not possible.
    found
        Called with every plan, and the setting it is a plan for.
    """

    def __init__(
        self,
        begin: Callable[[], Session],
        twin: Callable[[Session], Session],
        board: Board,
        *,
        refuse: Callable[[Setting], None],
        found: Callable[[Setting, Plan], None],
    ) -> None:
        self._begin, self._twin, self._board = begin, twin, board
        self._refuse, self._found = refuse, found
        self._wishes = Wishes(board)
        self._relaxer: Follower | None = None
        self._ended = _PLANNED
        self._threads = [
            threading.Thread(target=self._search_on, name="planner", daemon=True),
            threading.Thread(target=self._relax_on, name="relaxer", daemon=True),
        ]

    def start(self) -> None:
        """Begin with what is set."""
        for thread in self._threads:
            thread.start()

    def set(self, setting: Setting, *, is_solved: bool = False) -> None:
        """Solve this from now on, instead of whatever was to be solved.

        Parameters
        ----------
        is_solved
            Whether its plan is known already.
        """
        with self._wishes.lock:
            self._wishes.set(setting, is_solved=is_solved)
            self._board.show(relaxation=None)
            if is_solved and self._relaxer is not None:
                self._ended = _PLANNED
                self._show(_PLANNED, words="")

    def ask(self, task: Task) -> None:
        """Answer this, and go on with the plan afterwards."""
        self._wishes.ask(task)

    def stop(self) -> None:
        """End what is being done, and the threads."""
        self._wishes.stop()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=10.0)

    def read(self, demand: str) -> Mapping[str, object]:
        """Limit that a demand is read as, such as ``slots[country=KEN] >= 20``.

        Raises
        ------
        PolicyError
            If it cannot be read, or policy and case are not joined yet.
        """
        if self._relaxer is None:
            message = "policy and case are not loaded yet"
            raise refusal("demands", message, "to ask once levers are shown")
        return self._relaxer.read(demand)

    # The thread that relaxes -----------------------------------------------------------------

    def _relax_on(self) -> None:
        wishes = self._wishes
        while (job := wishes.next_move()) is not None:
            move = job.serial
            with wanted_until(lambda move=move: not wishes.is_newest_move(move)):  # type: ignore[misc]
                try:
                    self._relax(job.setting, move)
                except Exception as error:
                    # The threads outlive whatever happens: a page without them would wait for ever.
                    if wishes.end_move(move, job.setting):
                        self._fail(error)
            # Whoever searches waits for that: what cannot be relaxed is not searched.
            wishes.note_relaxed(move)

    def _relax(self, setting: Setting, move: int) -> None:
        begun, wishes, relaxer = time.monotonic(), self._wishes, self._relaxer
        cpu = time.thread_time()
        assert relaxer is not None, "moves wait for it"
        wishes.show_of_move(move, phase=_CHANGING, progress=None)
        try:
            relaxer.follow(setting)
        except OptimizerError as error:
            if wishes.end_move(move, setting):
                self._show(_FAILED, words=str(error), refused=str(error))
                self._refuse(setting)
            return
        wishes.show_of_move(move, phase=_RELAXING)
        relaxed = relaxer.session.relax()
        if relaxed.status != "stopped":
            seconds, cpu = time.monotonic() - begun, time.thread_time() - cpu
            # Without points where no plan keeps every rule: what clashes is found by the search.
            told = {"points": relaxed.points, "seconds": seconds, "cpu_seconds": cpu}
            wishes.show_of_move(move, relaxation=told, phase=_RELAXED)

    # The thread that searches ----------------------------------------------------------------

    def _search_on(self) -> None:
        wishes, searcher = self._wishes, self._made_ready()
        if searcher is None:
            return
        while (job := wishes.next_job()) is not None:
            serial = job.serial
            with wanted_until(lambda serial=serial: not wishes.is_newest(serial)):  # type: ignore[misc]
                try:
                    if job.task is None:
                        self._search(searcher, job)
                    else:
                        self._answer(searcher, job, job.task)
                except Exception as error:
                    if wishes.end(job):
                        self._fail(error)

    def _made_ready(self) -> Follower | None:
        """The session that searches, with scales and a first relaxation; its twin relaxes."""
        wishes = self._wishes
        try:
            session = self._begin()
            self._show(_SCALING)
            with wanted_until(lambda: wishes.is_over):
                first = session.relax(report=lambda told: self._begun(session, told))
            if first.status == "stopped":
                return None
            self._board.show(scales=session.scales)
            self._relaxer = Follower(self._twin(session))
            with wishes.lock:
                wishes.let_relax()
                if wishes.is_ended:
                    self._show(_PLANNED)
        except Exception as error:
            self._fail(error)
            return None
        return Follower(session)

    def _begun(self, session: Session, progress: Progress) -> None:
        """Show how far the beginning is, and levers as soon as scales are known."""
        if progress.step in _OF_SCALES:
            self._board.show(phase=_SCALING, progress=told_progress(progress))
        else:
            self._board.show(
                phase=_RELAXING, progress=told_progress(progress), scales=session.scales
            )

    def _search(self, searcher: Follower, job: Wish) -> None:
        wishes = self._wishes
        # While a lever is being dragged no search begins in vain.
        if not wishes.is_at_rest(job.serial, REST_BEFORE_SEARCH):
            return
        searcher.follow(job.setting)
        wishes.show(job.serial, phase=_SOLVING, progress=None)
        try:
            plan = searcher.session.solve(report=self._progress(job))
        except InfeasibleError as error:
            self._end(job, _NOTHING_FITS, str(error))
        except NoPlanError as error:
            if not error.interrupted:
                self._end(job, _NO_TIME, str(error))
        else:
            if wishes.is_newest(job.serial):
                self._found(job.setting, plan)
                self._end(job, _PLANNED, "")

    def _progress(self, job: Wish) -> Callable[[Progress], None]:
        return lambda told: self._wishes.show(job.serial, progress=told_progress(told))

    def _answer(self, searcher: Follower, job: Wish, task: Task) -> None:
        wishes = self._wishes
        wishes.show(job.serial, phase=_ANSWERING, progress=None)
        searcher.follow(job.setting)
        task(searcher.session)
        with wishes.lock:
            if wishes.is_newest(job.serial) and wishes.is_ended:
                self._show(self._ended)

    # What is shown ---------------------------------------------------------------------------

    def _end(self, job: Wish, phase: str, words: str) -> None:
        """Show how the search for a plan has ended, unless something newer is wanted."""
        with self._wishes.lock:
            if self._wishes.end(job):
                self._ended = phase
                self._show(phase, words=words)

    def _fail(self, error: Exception) -> None:
        words = str(error)
        if not isinstance(error, OptimizerError):
            # For whoever reports it; the page says it in a line.
            traceback.print_exception(error)
            words = f"{type(error).__name__}: {error} (a fault of this tool, not of the case)"
        with self._wishes.lock:
            self._ended = _FAILED
            self._show(_FAILED, words=words)

    def _show(self, phase: str, **facts: Any) -> None:
        self._board.show(phase=phase, progress=None, **facts)


def told_progress(progress: Progress) -> dict[str, Any]:
    """Progress as plain values."""
    return {
        "step": progress.step,
        "seconds": progress.seconds,
        "points": progress.objective,
        "bound": progress.bound,
        "gap": progress.gap,
        "done": progress.done,
        "total": progress.total,
        "seconds_left": progress.seconds_left,
    }
