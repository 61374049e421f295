"""What is asked of the plan that is shown, and what the page is offered as an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from optimizer.app.board import Board
from optimizer.app.faults import fault_in_words
from optimizer.app.keeping import refusal
from optimizer.app.moves import words_of
from optimizer.app.reach import how_far
from optimizer.app.wishes import Ready, Task
from optimizer.errors import NoPlanError
from optimizer.explain.asking_for import why_not
from optimizer.explain.marginals import marginal_values
from optimizer.explain.repairing import repair
from optimizer.explain.why_slots import why
from optimizer.frames import rows_of
from optimizer.plan import Plan
from optimizer.session import Session

LEFT = "Not answered: something newer was asked or set meanwhile."
_MEND = "What clashes, and what to change"
_MOST_OFFERED = 5
"""Budgets that can be raised by a button."""


class Said(NamedTuple):
    """An answer in words, and changes that can be made at once."""

    words: list[str]
    offers: tuple[Mapping[str, object], ...] = ()


def _why(session: Session, plan: Plan | None, text: str) -> Said:
    return Said(why(session if plan is None else plan, text).in_words())


def _why_not(session: Session, plan: Plan | None, text: str) -> Said:
    return Said(why_not(session if plan is None else plan, text).in_words())


def _how_far(session: Session, plan: Plan | None, text: str) -> Said:
    if plan is None:
        raise refusal("ask", "there is no plan yet of what is set", "to ask once there is one")
    return Said(how_far(session, plan, text))


def _money(session: Session, plan: Plan | None, text: str) -> Said:
    found = marginal_values(session if plan is None else plan)
    helping = found.tables["money"]
    helping = helping[helping["gain_points"].gt(0.0)].head(_MOST_OFFERED)
    offers = tuple({row.address: _plain(row.amount + row.more)} for row in rows_of(helping))
    return Said(found.in_words(), offers)


def _plain(amount: float) -> float | int:
    """An amount as somebody would type it."""
    return int(amount) if float(amount).is_integer() else amount


def _mend(session: Session, plan: Plan | None, text: str) -> Said:
    found = repair(session)
    table = found.table
    numbers = dict.fromkeys(table.loc[table["verified"], "repair"].tolist())
    return Said(found.in_words(), tuple(found.changes(number) for number in numbers))


class Kind(NamedTuple):
    """A kind of question: what it is called, and how it is answered."""

    title: str
    answer: Callable[[Session, Plan | None, str], Said]


QUESTIONS: Mapping[str, Kind] = {
    "why": Kind("Why {}", _why),
    "why not": Kind("Why not {}", _why_not),
    "how far": Kind("How far {} can move", _how_far),
    "money": Kind("What limits the plan, and where money helps", _money),
    "mend": Kind(_MEND, _mend),
}
"""Questions by the name that the page asks for; a brace stands for the text."""


class Questions:
    """The question that was asked last, and the changes that its answer offers.

    Parameters
    ----------
    board
        Where answers are shown.
    ask
        Has a question answered in the thread that searches.
    lock
        Of the desk.
    """

    def __init__(self, board: Board, ask: Callable[[Task], None], lock: threading.RLock) -> None:
        self._board, self._ask, self._lock = board, ask, lock
        self._asked = 0
        self._offers: tuple[Mapping[str, object], ...] = ()

    def ask(self, kind: str, text: str, plan: Plan | None) -> None:
        """Ask the plan, or what is set as long as there is no plan of it.

        Raises
        ------
        PolicyError
            If there is no such question.
        """
        if kind not in QUESTIONS:
            raise refusal("ask", f"{kind!r} is not a question", ", ".join(QUESTIONS))
        title = QUESTIONS[kind].title.format(text)
        with self._lock:
            self.leave()
            self._asked += 1
            number = self._asked
            self._board.show(
                answer={"number": number, "title": title, "words": [], "is_open": True}
            )

        def task(ready: Ready) -> None:
            try:
                said = QUESTIONS[kind].answer(ready(), plan, text)
            except KeyboardInterrupt:
                # So a session says that it was stopped while scales were worked out.
                said = Said([LEFT])
            except Exception as error:
                is_left = isinstance(error, NoPlanError) and error.interrupted
                said = Said([LEFT] if is_left else fault_in_words(error).splitlines())
            self._answered(number, title, said)

        self._ask(task)

    def offered(self, number: int) -> Mapping[str, object]:
        """Changes that the answer offers under a number.

        Raises
        ------
        PolicyError
            If it offers none.
        """
        with self._lock:
            count = len(self._offers)
            if not 1 <= number <= count:
                expected = f"a number from 1 to {count}" if count else "an answer that offers one"
                raise refusal("apply", f"no change {number} is offered", expected)
            return self._offers[number - 1]

    def leave(self) -> None:
        """Say of a question that is still open that it is not answered any more."""
        with self._lock:
            self._offers = ()
            answer = self._board.facts()["answer"]
            if self._is_asking():
                self._board.show(answer={**answer, "words": [LEFT], "is_open": False})
            elif answer is not None and answer.get("offers"):
                self._board.show(answer={**answer, "offers": []})

    def _answered(self, number: int, title: str, said: Said) -> None:
        with self._lock:
            if number != self._asked or not self._is_asking():
                return
            self._offers = said.offers
            offers = [
                {"number": place, "words": words_of(changes)}
                for place, changes in enumerate(said.offers, start=1)
            ]
            answer: dict[str, Any] = {"number": number, "title": title, "words": said.words}
            self._board.show(answer={**answer, "is_open": False, "offers": offers})

    def _is_asking(self) -> bool:
        answer = self._board.facts()["answer"]
        return answer is not None and answer["is_open"]
