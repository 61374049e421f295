"""The planner's desk: what the page asks for, kept together with the thread that works it out."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from optimizer.app.board import Board
from optimizer.app.keeping import export_run, refusal, save_scenario
from optimizer.app.moves import History, Move, Setting, words_of
from optimizer.app.sliders import as_documents, sliders_of
from optimizer.app.tables import PlanShown, plan_document, section_document
from optimizer.app.worker import STARTING, Planner
from optimizer.case import Case
from optimizer.errors import NoPlanError, OptimizerError
from optimizer.explain.asking_for import why_not
from optimizer.explain.repairing import Repairs, repair
from optimizer.explain.why_slots import why
from optimizer.io.changes import change_in_words, parse_changes
from optimizer.plan import Plan
from optimizer.policy import Policy
from optimizer.runs.loading import Run
from optimizer.session import Session

LEFT = "Not answered: something newer was asked or set meanwhile."

_WHY, _WHY_NOT = "why", "why not"


class Desk:
    """All that the page can ask for.

    Parameters
    ----------
    policy, case
        Loaded, with the paths that commands name them by.
    paths
        Of policy and case, as they were given; of the case none where the policy holds it.
    run
        Run to begin with: its plan is plan A, and its scales count.
    """

    def __init__(
        self, policy: Policy, case: Case, paths: tuple[Path, Path | None], run: Run | None = None
    ) -> None:
        self._policy, self._case, self._paths, self._run = policy, case, paths, run
        self._lock = threading.RLock()
        first = Setting() if run is None else Setting(dict(run.question.changes))
        self._history = History(first)
        self._plan: tuple[Setting, PlanShown] | None = None
        self._pinned: PlanShown | None = None
        self._repairs: Repairs | None = None
        self._asked = self._found = 0
        self.board = Board(
            phase=STARTING,
            words="",
            progress=None,
            relaxation=None,
            plan=None,
            pinned=None,
            refused="",
            answer=None,
            written="",
            scales={},
        )
        self._worker = Planner(
            self._session, self.board, refuse=self._refused, found=self._found_plan
        )
        if run is not None:
            self._found_plan(first, run.plan)
            self.pin()
        self._tell()
        self._worker.set(first, is_solved=run is not None)

    def start(self) -> None:
        """Begin to solve."""
        self._worker.start()

    def stop(self) -> None:
        """End what is being solved."""
        self._worker.stop()

    def _session(self) -> Session:
        scales = None if self._run is None else self._run.read.scales
        return Session(self._policy, self._case, scales=scales)

    # What is set -----------------------------------------------------------------------------

    def put(self, changes: Mapping[str, object | None], *, rests: bool = True) -> None:
        """Set values at addresses, or with ``None`` as they were; the newest wish is solved.

        Parameters
        ----------
        rests
            Whether the lever was let go: moves of a lever that is dragged are one in the history.
        """
        lever = " ".join(changes)
        with self._lock:
            setting = self._history.now.changed(changes)
            self._history.make(Move(setting, words_of(changes), lever, rests))
            self._set(keeps_refusal=False)

    def type(self, text: str) -> None:
        """Set a value as ``--set`` has it.

        Raises
        ------
        PolicyError
            If that cannot be read.
        """
        self.put(parse_changes([text]))

    def demand(self, more: Sequence[str], fewer: Sequence[str]) -> None:
        """Ask for slots from now on, such as ``slots[country=KEN] >= 20``, or no longer."""
        asked = [f"ask for {text}" for text in more] + [f"no longer ask for {t}" for t in fewer]
        with self._lock:
            setting = self._history.now.demanding(more, fewer)
            self._history.make(Move(setting, ", ".join(asked)))
            self._set(keeps_refusal=False)

    def undo(self) -> None:
        """Take the last move back."""
        with self._lock:
            if self._history.undo():
                self._set(keeps_refusal=False)

    def redo(self) -> None:
        """Make the move again that was taken back last."""
        with self._lock:
            if self._history.redo():
                self._set(keeps_refusal=False)

    def reset(self) -> None:
        """Set everything as policy and case have it."""
        with self._lock:
            self._history.make(Move(Setting(), "everything as it was"))
            self._set(keeps_refusal=False)

    def _refused(self, setting: Setting) -> None:
        """Take back a move that led to what is not possible."""
        with self._lock:
            if self._history.refuse(setting):
                self._set(keeps_refusal=True)

    def _set(self, *, keeps_refusal: bool) -> None:
        setting = self._history.now
        known = self._plan is not None and self._plan[0] == setting
        if not keeps_refusal:
            self.board.show(refused="")
        self._leave_question()
        self._repairs = None
        self._tell()
        self._worker.set(setting, is_solved=known)

    def _tell(self) -> None:
        """Show what is set."""
        setting, history = self._history.now, self._history
        self.board.show(
            setting={
                "changes": [
                    {"address": address, "value": value, "text": change_in_words(address, value)}
                    for address, value in setting.changes.items()
                ],
                "demands": list(setting.demands),
                "can_undo": history.can_undo,
                "can_redo": history.can_redo,
            },
            history=history.words,
            command=self.command(),
            is_current=self._plan is not None and self._plan[0] == setting,
        )

    def command(self) -> str:
        """Command that gives the same plan; blank where ``--set`` cannot say all of it."""
        setting = self._history.now
        if setting.demands:
            return ""
        policy, case = self._paths
        words = ["optimizer", "solve", str(policy), *([] if case is None else [str(case)])]
        for address, value in setting.changes.items():
            words += ["--set", change_in_words(address, value)]
        if self._run is not None:
            words += ["--scales", str(self._run.path)]
        return shlex.join(words)

    # Plans -----------------------------------------------------------------------------------

    def _found_plan(self, setting: Setting, plan: Plan) -> None:
        shown = PlanShown.of(plan)
        with self._lock:
            self._found += 1
            self._plan = setting, shown
            self.board.show(
                plan={
                    "number": self._found,
                    "points": plan.objective,
                    "bound": plan.bound,
                    "gap": plan.gap,
                    "status": plan.status,
                    "seconds": plan.seconds.get("total"),
                }
            )
            self._tell()

    def pin(self) -> None:
        """Keep the plan that is shown as plan A, with which later ones are compared."""
        with self._lock:
            if self._plan is None:
                return
            setting, self._pinned = self._plan
            words = ", ".join(filter(None, [words_of(setting.changes), *setting.demands]))
            self.board.show(pinned={"number": self._found, "words": words or "nothing changed"})

    def unpin(self) -> None:
        """Compare with no plan any more."""
        with self._lock:
            self._pinned = None
            self.board.show(pinned=None)

    def plan(self) -> dict[str, Any] | None:
        """Give figures and tables of the plan that is shown; ``None`` as long as there is none."""
        with self._lock:
            known, pinned = self._plan, self._pinned
        return None if known is None else plan_document(known[1], pinned)

    def section(self, name: str) -> dict[str, str] | None:
        """Section of the report on the plan that is shown, as HTML; ``None`` without one."""
        with self._lock:
            known = self._plan
        return None if known is None else section_document(known[1], name)

    def levers(self) -> list[dict[str, Any]]:
        """All levers, with policy and case as they are unchanged."""
        return as_documents(sliders_of(self._policy, self._case), self.board.facts()["scales"])

    # Questions -------------------------------------------------------------------------------

    def ask(self, kind: str, text: str) -> None:
        """Ask why there are slots, or what others would cost: the plan, or the relaxation so far.

        Raises
        ------
        PolicyError
            If there is no such question.
        """
        questions: Mapping[str, Callable[[Any], Any]] = {
            _WHY: lambda subject: why(subject, text),
            _WHY_NOT: lambda subject: why_not(subject, text),
        }
        if kind not in questions:
            raise refusal("ask", f"{kind!r} is not a question", ", ".join(questions))
        with self._lock:
            known = self._plan
            is_current = known is not None and known[0] == self._history.now
        plan = known[1].plan if known is not None and is_current else None

        def answer(session: Session) -> list[str]:
            found = questions[kind](session if plan is None else plan)
            return list(found.in_words())

        self._ask(f"{kind.capitalize()} {text}", answer)

    def mend(self) -> None:
        """Ask which rules clash, and for changes after which there is a plan."""

        def answer(session: Session) -> list[str]:
            found = repair(session)
            with self._lock:
                self._repairs = found
            return list(found.in_words())

        self._ask("What clashes, and what to change", answer)

    def apply(self, number: int) -> None:
        """Make the changes of a repair.

        Raises
        ------
        OptimizerError
            If there is no repair of this number.
        """
        with self._lock:
            if self._repairs is None:
                raise refusal("apply", "there are no repairs to apply", "a repair that is shown")
            self.put(self._repairs.changes(number))

    def _ask(self, title: str, answer: Callable[[Session], list[str]]) -> None:
        with self._lock:
            self._leave_question()
            self._asked += 1
            number = self._asked
            self.board.show(answer={"number": number, "title": title, "words": [], "is_open": True})

        def task(session: Session) -> None:
            try:
                words = answer(session)
            except NoPlanError as error:
                words = [LEFT] if error.interrupted else str(error).splitlines()
            except OptimizerError as error:
                words = str(error).splitlines()
            self._answered(number, title, words)

        self._worker.ask(task)

    def _answered(self, number: int, title: str, words: list[str]) -> None:
        with self._lock:
            if number != self._asked or not self._is_asking():
                return
            self.board.show(
                answer={
                    "number": number,
                    "title": title,
                    "words": words,
                    "is_open": False,
                    "repairs": self._menu(),
                }
            )

    def _menu(self) -> list[dict[str, Any]]:
        """Repairs that were verified, each with its changes in words."""
        if self._repairs is None:
            return []
        table = self._repairs.table
        numbers = dict.fromkeys(table.loc[table["verified"], "repair"].tolist())
        return [
            {"number": number, "words": words_of(self._repairs.changes(number))}
            for number in numbers
        ]

    def _is_asking(self) -> bool:
        answer = self.board.facts()["answer"]
        return answer is not None and answer["is_open"]

    def _leave_question(self) -> None:
        """Say of a question that is still open that it is not answered any more."""
        if self._is_asking():
            answer = self.board.facts()["answer"]
            self.board.show(answer={**answer, "words": [LEFT], "is_open": False})

    # Keeping ---------------------------------------------------------------------------------

    def save(self, name: str) -> list[str]:
        """Write what is set as a scenario, as :func:`optimizer.app.keeping.save_scenario`."""
        with self._lock:
            setting = self._history.now
        limits = [self._worker.limit(text) for text in setting.demands]
        written = save_scenario(self._policy, setting.changes, limits, name)
        self.board.show(written=f"Written: {', '.join(written)}")
        return written

    def export(self, name: str) -> str:
        """Write the plan that is shown as a run, as :func:`optimizer.app.keeping.export_run`."""
        with self._lock:
            known = self._plan
        folder = export_run(None if known is None else known[1].plan, name)
        self.board.show(written=f"Written: {folder}")
        return folder
