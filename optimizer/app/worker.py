"""The thread that owns the session: it solves what was set last and answers what was asked."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from optimizer.app.board import Board
from optimizer.app.keeping import refusal
from optimizer.app.moves import Setting
from optimizer.errors import InfeasibleError, NoPlanError, OptimizerError
from optimizer.explain.wanting import wanted_from
from optimizer.io.pauses import wanted_until
from optimizer.plan import Plan
from optimizer.session import Session, joined_in
from optimizer.solver import Progress

STARTING, _SCALING, _CHANGING, _RELAXING, _SOLVING, _ANSWERING = (
    "reading",
    "scales",
    "changing",
    "relaxation",
    "solving",
    "answering",
)
_PLANNED, _NOTHING_FITS, _NO_TIME, _FAILED = "plan", "nothing fits", "stopped", "failed"

REST_BEFORE_SEARCH = 0.6
"""Seconds without a move after which a plan is searched for."""
Task = Callable[[Session], None]
"""A question that is asked beside: it is given the session as it is set."""


class Planner:
    """Solves in a thread of its own; the newest wish ends what is being done.

    Parameters
    ----------
    begin
        Makes the session, in the thread.
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
        board: Board,
        *,
        refuse: Callable[[Setting], None],
        found: Callable[[Setting, Plan], None],
    ) -> None:
        self._begin, self._board = begin, board
        self._refuse, self._found = refuse, found
        self._wake = threading.Condition()
        self._serial = 0
        self._setting: Setting | None = None
        self._solved: Setting | None = None
        self._task: Task | None = None
        self._is_over = False
        self._is_ready = False
        self._ended = _PLANNED
        self._limits: dict[str, dict[str, object]] = {}
        self._thread = threading.Thread(target=self._run, name="planner", daemon=True)

    def start(self) -> None:
        """Begin with what is set."""
        self._thread.start()

    def set(self, setting: Setting, *, is_solved: bool = False) -> None:
        """Solve this from now on, instead of whatever was to be solved.

        Parameters
        ----------
        is_solved
            Whether its plan is known already.
        """
        with self._wake:
            self._serial += 1
            self._setting = setting
            self._task = None
            self._solved = setting if is_solved else None
            self._board.show(relaxation=None)
            self._wake.notify()
            if is_solved and self._is_ready:
                self._ended = _PLANNED
                self._show(_PLANNED, words="")

    def ask(self, task: Task) -> None:
        """Answer this, and go on with the plan afterwards."""
        with self._wake:
            self._serial += 1
            self._task = task
            self._wake.notify()

    def stop(self) -> None:
        """End what is being done, and the thread."""
        with self._wake:
            self._serial += 1
            self._is_over = True
            self._wake.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout=10.0)

    def limit(self, demand: str) -> Mapping[str, object]:
        """Limit that a demand was read as.

        Raises
        ------
        PolicyError
            If it was not read yet.
        """
        if demand not in self._limits:
            raise refusal("demands", f"{demand} was not read yet", "a demand that was solved")
        return self._limits[demand]

    def _run(self) -> None:
        session = self._session()
        if session is None:
            return
        while (job := self._next()) is not None:
            serial, setting, task = job
            with wanted_until(lambda serial=serial: self._serial != serial):  # type: ignore[misc]
                try:
                    if task is None:
                        self._solve(session, setting, serial)
                    else:
                        self._answer(session, setting, task, serial)
                except Exception as error:
                    # The thread outlives whatever happens: a page without it would wait for ever.
                    self._fail(setting, error, serial)

    def _session(self) -> Session | None:
        """The session with its scales, which whatever is set refers to."""
        try:
            session = self._begin()
            self._show(_SCALING)
            self._board.show(scales=session.scales)
            with self._wake:
                self._is_ready = True
                if self._setting is self._solved:
                    self._show(_PLANNED)
        except Exception as error:
            self._show(_FAILED, words=_in_words(error))
            return None
        return session

    def _next(self) -> tuple[int, Setting, Task | None] | None:
        """Wait for something to do."""
        with self._wake:
            while not self._is_over:
                if self._setting is not None and self._task is not None:
                    task, self._task = self._task, None
                    return self._serial, self._setting, task
                if self._setting is not None and self._setting is not self._solved:
                    return self._serial, self._setting, None
                self._wake.wait()
        return None

    def _is_newest(self, serial: int) -> bool:
        return self._serial == serial

    def _solve(self, session: Session, setting: Setting, serial: int) -> None:
        begun = time.monotonic()
        self._show_if_newest(serial, phase=_CHANGING, progress=None)
        try:
            self._apply(session, setting)
        except OptimizerError as error:
            with self._wake:
                self._solved = setting
            if self._is_newest(serial):
                self._board.show(refused=str(error))
                self._refuse(setting)
            return
        self._show_if_newest(serial, phase=_RELAXING, progress=None)
        relaxed = session.relax()
        if relaxed.status == "stopped" or not self._is_newest(serial):
            return
        if relaxed.points is not None:
            seconds = time.monotonic() - begun
            told = {"points": relaxed.points, "seconds": seconds}
            self._show_if_newest(serial, relaxation=told)
        if not self._is_at_rest(serial):
            return
        self._show_if_newest(serial, phase=_SOLVING, progress=None)
        try:
            plan = session.solve(report=self._progress(serial))
        except InfeasibleError as error:
            self._end(setting, serial, _NOTHING_FITS, str(error))
        except NoPlanError as error:
            if not error.interrupted:
                self._end(setting, serial, _NO_TIME, str(error))
        else:
            if self._is_newest(serial):
                self._found(setting, plan)
                self._end(setting, serial, _PLANNED, "")

    def _is_at_rest(self, serial: int) -> bool:
        """Whether nothing newer is wanted for a moment.

        A search takes some seconds to notice that it is not wanted, so that none begins while a
        lever is being dragged: its relaxations come in a fifth of a second each.
        """
        with self._wake:
            return not self._wake.wait_for(
                lambda: self._is_over or not self._is_newest(serial), timeout=REST_BEFORE_SEARCH
            )

    def _apply(self, session: Session, setting: Setting) -> None:
        """Have the session ask what is set, and nothing else."""
        session.change_to(setting.changes)
        instance = joined_in(session)
        wanted = {text: wanted_from(text, None, instance) for text in setting.demands}
        for text, each in wanted.items():
            if text in self._limits:
                session.restore(text)
                continue
            limit = each.with_number(each.sense, each.number, text).limit
            session.add_limit(limit)
            self._limits[text] = limit
        for text in self._limits.keys() - wanted.keys():
            session.drop(text)

    def _progress(self, serial: int) -> Callable[[Progress], None]:
        def tell(progress: Progress) -> None:
            told = {
                "step": progress.step,
                "seconds": progress.seconds,
                "points": progress.objective,
                "bound": progress.bound,
                "gap": progress.gap,
            }
            self._show_if_newest(serial, progress=told)

        return tell

    def _answer(self, session: Session, setting: Setting, task: Task, serial: int) -> None:
        self._show_if_newest(serial, phase=_ANSWERING, progress=None)
        self._apply(session, setting)
        task(session)
        with self._wake:
            if self._is_newest(serial) and self._setting is self._solved:
                self._show(self._ended)

    def _end(self, setting: Setting, serial: int, phase: str, words: str) -> None:
        """Show how the search for a plan has ended, unless something newer is set."""
        with self._wake:
            if not self._is_newest(serial):
                return
            self._solved, self._ended = setting, phase
            self._show(phase, words=words)

    def _fail(self, setting: Setting, error: Exception, serial: int) -> None:
        if not isinstance(error, OptimizerError):
            # For whoever reports it; the page says it in a line.
            traceback.print_exception(error)
        self._end(setting, serial, _FAILED, _in_words(error))

    def _show_if_newest(self, serial: int, **facts: Any) -> None:
        """Show how far it is, unless something newer is wanted."""
        with self._wake:
            if self._is_newest(serial):
                self._board.show(**facts)

    def _show(self, phase: str, **facts: Any) -> None:
        self._board.show(phase=phase, progress=None, **facts)


def _in_words(error: Exception) -> str:
    if isinstance(error, OptimizerError):
        return str(error)
    return f"{type(error).__name__}: {error} (a fault of this tool, not of policy or case)"
