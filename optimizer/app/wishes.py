"""What is wanted of the threads that solve: the newest move, and what is asked beside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from optimizer.app.board import Board
from optimizer.app.moves import Setting
from optimizer.session import Session

Ready = Callable[[], Session]
"""Gives the session as it is set; it may raise whatever the session does."""
Task = Callable[[Ready], None]
"""A question that is asked beside. It says itself what goes wrong, and raises nothing."""


class Wish(NamedTuple):
    """Something to work out.

    Attributes
    ----------
    serial
        Of the wish: there is something newer once it is another.
    task
        A question; ``None`` where a plan is wanted.
    """

    serial: int
    setting: Setting
    task: Task | None = None


class Wishes:
    """The newest wishes, which one thread relaxes and another searches or answers.

    Parameters
    ----------
    board
        Where whoever works shows how far it is, as long as nothing newer is wanted.

    Attributes
    ----------
    lock
        Held while wishes change.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._wake = self.lock = threading.Condition(threading.RLock())
        self._moves = self._serial = self._relaxed = 0
        self._setting: Setting | None = None
        self._ended: Setting | None = None
        self._task: Task | None = None
        self._may_relax = self._is_over = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is wanted any more."""
        return self._is_over

    @property
    def is_ended(self) -> bool:
        """Whether it is known what becomes of the newest move."""
        return self._setting is self._ended

    def set(self, setting: Setting, *, is_solved: bool) -> None:
        """Want this from now on."""
        with self.lock:
            self._moves += 1
            self._serial += 1
            self._setting, self._task = setting, None
            self._ended = setting if is_solved else None
            self._wake.notify_all()

    def ask(self, task: Task) -> None:
        """Want an answer first."""
        with self.lock:
            self._serial += 1
            self._task = task
            self._wake.notify_all()

    def stop(self) -> None:
        """Want nothing any more."""
        with self.lock:
            self._moves += 1
            self._serial += 1
            self._is_over = True
            self._wake.notify_all()

    def let_relax(self) -> None:
        """Let moves be relaxed from now on."""
        with self.lock:
            self._may_relax = True
            self._wake.notify_all()

    def next_move(self) -> Wish | None:
        """Wait for a move that is not relaxed yet; ``None`` at the end."""
        with self.lock:
            while not self._is_over:
                is_new = self._relaxed != self._moves and not self.is_ended
                if self._may_relax and self._setting is not None and is_new:
                    return Wish(self._moves, self._setting)
                self._wake.wait()
        return None

    def next_job(self) -> Wish | None:
        """Wait for a question, or for a move that is relaxed and has no plan yet.

        As long as nothing may be relaxed, for a move that is not ended.
        """
        with self.lock:
            while not self._is_over:
                setting = self._setting
                if setting is not None and self._task is not None:
                    task, self._task = self._task, None
                    return Wish(self._serial, setting, task)
                is_ready = self._relaxed == self._moves or not self._may_relax
                if setting is not None and not self.is_ended and is_ready:
                    return Wish(self._serial, setting)
                self._wake.wait()
        return None

    def note_relaxed(self, move: int) -> None:
        """Note that a move need not be relaxed any more."""
        with self.lock:
            self._relaxed = move
            self._wake.notify_all()

    def is_newest_move(self, move: int) -> bool:
        """Whether nothing was moved since."""
        return self._moves == move

    def is_newest(self, serial: int) -> bool:
        """Whether nothing was moved or asked since."""
        return self._serial == serial

    def is_at_rest(self, serial: int, seconds: float) -> bool:
        """Wait; give whether nothing was moved or asked meanwhile."""
        with self.lock:
            return not self._wake.wait_for(lambda: self._serial != serial, timeout=seconds)

    def end_move(self, move: int, setting: Setting) -> bool:
        """Note that a move is over, unless there is a newer one; give whether it is so."""
        with self.lock:
            if self._moves != move:
                return False
            self._ended = setting
            return True

    def end(self, job: Wish) -> bool:
        """The same of a search, unless anything newer is wanted."""
        with self.lock:
            return self._serial == job.serial and self.end_move(self._moves, job.setting)

    def show_of_move(self, move: int, **facts: Any) -> None:
        """Show how far a move is, unless there is a newer one."""
        with self.lock:
            if self._moves == move:
                self._board.show(**facts)

    def show(self, serial: int, **facts: Any) -> None:
        """Show how far a search or an answer is, unless anything newer is wanted."""
        with self.lock:
            if self._serial == serial:
                self._board.show(**facts)
