"""Two threads that work out what is set: one relaxes at once, one searches for plans and answers.

A search notices late that it is not wanted any more: seconds may pass inside a linear program of
its tree. So relaxations have a session of their own, which stays hot: what no plan exceeds is known
a moment after a move, while a search that nobody wants comes to its end beside. Both sessions hold
the same policy, case and scales, and are set alike before either solves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from optimizer.app.beginning import Mending, Sessions
from optimizer.app.board import Board
from optimizer.app.faults import fault_in_words
from optimizer.app.following import Follower, read_demand
from optimizer.app.keeping import refusal
from optimizer.app.moves import Setting
from optimizer.app.wishes import Ready, Task, Wish, Wishes
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
NO_LEVERS, LEVERS, LEVERS_WITH_SCALES = 0, 1, 2
"""What the board says of levers: whether they can be read, and whether scales are known."""
COUNTED_BY = "Points are counted by the scales of the first setting that fitted"

REST_BEFORE_SEARCH = 0.6
"""Seconds without a move after which a plan is searched for."""
MOST_DROPPED = 20
"""Limits on slots that are asked for no longer, with which relaxations are as fast as before."""


class Planner:
    """Relaxes and searches in threads of its own; the newest move ends what is being done.

    Parameters
    ----------
    sessions
        Makes the sessions, in the thread that searches.
    board
        Where all that comes out is shown.
    refuse
        Called with a setting that is not possible.
    found
        Called with every plan, and the setting it is a plan for.
    """

    def __init__(
        self,
        sessions: Sessions,
        board: Board,
        *,
        refuse: Callable[[Setting], None],
        found: Callable[[Setting, Plan], None],
    ) -> None:
        self._sessions, self._board = sessions, board
        self._refuse, self._found = refuse, found
        self._wishes = Wishes(board)
        self._first: Session | None = None
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
            if not is_solved and self._board.facts()["levers"]:
                # Nobody is told that this is the plan until a thread has heard of the move.
                self._show(_CHANGING)
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
        session = self._first if self._relaxer is None else self._relaxer.session
        if session is None:
            message = "policy and case are not loaded yet"
            raise refusal("demands", message, "to ask once levers are shown")
        return read_demand(demand, session)

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
                        self._fail(fault_in_words(error))
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
                self._take_back(setting, error)
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
        try:
            searcher = self._made_ready()
        except Exception as error:
            self._refuse_all(fault_in_words(error))
            return
        while searcher is not None and (job := self._wishes.next_job()) is not None:
            with self._wanted(job):
                if job.task is None:
                    self._search(searcher, job)
                else:
                    self._answer(job, job.task, partial(searcher.following, job.setting))

    def _wanted(self, job: Wish) -> AbstractContextManager[None]:
        return wanted_until(lambda: not self._wishes.is_newest(job.serial))

    def _made_ready(self) -> Follower | None:
        """The session that searches, with scales and a first relaxation; its twin relaxes."""
        wishes, sessions = self._wishes, self._sessions
        try:
            session = self._first = sessions.first()
            self._show(_SCALING)
            with wanted_until(lambda: wishes.is_over):
                first = session.relax(report=lambda told: self._begun(session, told))
            if first.status == "stopped":
                return None
        except OptimizerError as fault:
            begun = self._mended(Mending(sessions, self._first, fault))
            if begun is None:
                return None
            session = begun
        self._board.show(scales=session.scales, levers=LEVERS_WITH_SCALES)
        self._relaxer = Follower(sessions.twin(session), most_dropped=MOST_DROPPED)
        with wishes.lock:
            wishes.let_relax()
            if wishes.is_ended:
                self._show(_PLANNED)
        # What is dropped would be said of every plan.
        return Follower(session, most_dropped=0)

    def _begun(self, session: Session, progress: Progress) -> None:
        """Show how far the beginning is, and levers as soon as scales are known."""
        told = told_progress(progress)
        if progress.step in _OF_SCALES:
            self._board.show(phase=_SCALING, progress=told)
        else:
            scales = session.scales
            self._board.show(
                phase=_RELAXING, progress=told, scales=scales, levers=LEVERS_WITH_SCALES
            )

    def _mended(self, mending: Mending) -> Session | None:
        """The session that begins with the first setting that fits; ``None`` at the end."""
        wishes = self._wishes
        self._board.show(levers=LEVERS)
        while (job := wishes.next_job()) is not None:
            setting = job.setting
            with self._wanted(job):
                if job.task is not None:
                    self._answer(job, job.task, partial(mending.session_of, setting))
                    continue
                try:
                    mending.question_of(setting)
                except OptimizerError as error:
                    if wishes.end(job):
                        self._take_back(setting, error)
                    continue
                try:
                    fitting = mending.fitting(setting, self._begun)
                except InfeasibleError as error:
                    self._end(job, _NOTHING_FITS, str(error))
                except Exception as error:
                    self._end(job, _FAILED, fault_in_words(error))
                else:
                    if fitting is not None:
                        self._board.show(counted=f"{COUNTED_BY}: {setting.in_words}.")
                        return self._sessions.first_with(setting, fitting)
        return None

    def _refuse_all(self, words: str) -> None:
        """Say of every move and every question why nothing can be worked out."""

        def refuse() -> Session:
            raise OptimizerError(words)

        self._fail(words)
        while (job := self._wishes.next_job()) is not None:
            if job.task is None:
                self._end(job, _FAILED, words)
            else:
                self._answer(job, job.task, refuse)

    def _search(self, searcher: Follower, job: Wish) -> None:
        wishes = self._wishes
        # While a lever is being dragged no search begins in vain.
        if not wishes.is_at_rest(job.serial, REST_BEFORE_SEARCH):
            return
        try:
            session = searcher.following(job.setting)
            wishes.show(job.serial, phase=_SOLVING, progress=None)
            plan = session.solve(report=self._progress(job))
            if wishes.is_newest(job.serial):
                self._found(job.setting, plan)
                self._end(job, _PLANNED, "")
        except InfeasibleError as error:
            self._end(job, _NOTHING_FITS, str(error))
        except NoPlanError as error:
            if not error.interrupted:
                self._end(job, _NO_TIME, str(error))
        except Exception as error:
            self._end(job, _FAILED, fault_in_words(error))

    def _progress(self, job: Wish) -> Callable[[Progress], None]:
        return lambda told: self._wishes.show(job.serial, progress=told_progress(told))

    def _answer(self, job: Wish, task: Task, ready: Ready) -> None:
        wishes = self._wishes
        wishes.show(job.serial, phase=_ANSWERING, progress=None)
        task(ready)
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

    def _take_back(self, setting: Setting, error: OptimizerError) -> None:
        self._show(_FAILED, words=str(error), refused=str(error))
        self._refuse(setting)

    def _fail(self, words: str) -> None:
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
