"""The planner's desk: what is set and which plan is shown, with the threads that work it out."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from optimizer.app.beginning import Sessions
from optimizer.app.board import Board
from optimizer.app.commands import OTHER_SCALES, command_solving, moves_scales
from optimizer.app.keeping import export_run, file_of_plan, refusal
from optimizer.app.moves import NOTHING_SET, History, KeptYears, Move, Setting, words_of
from optimizer.app.numbers_now import NumbersNow
from optimizer.app.plans import Plans
from optimizer.app.questions import Questions
from optimizer.app.scenarios import read_scenario, save_scenario, scenario_names
from optimizer.app.sliders import as_documents, sliders_of
from optimizer.app.worker import NO_LEVERS, STARTING, Planner
from optimizer.case import Case
from optimizer.io.changes import change_in_words, parse_changes
from optimizer.plan import Plan
from optimizer.policy import Policy
from optimizer.runs.loading import Run
from optimizer.schema.addresses import cells_and_keys


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
    first
        What is set at the beginning: what the run has set.

    Attributes
    ----------
    board
        What every page shows.
    plans
        The plan that is shown, and plan A.
    """

    def __init__(
        self,
        policy: Policy,
        case: Case,
        paths: tuple[Path, Path | None],
        run: Run | None = None,
        first: Setting = NOTHING_SET,
    ) -> None:
        self._policy, self._case, self._paths, self._run = policy, case, paths, run
        self._sliders = sliders_of(policy, case)
        self._numbers = NumbersNow(policy, case, self._sliders)
        self._exported: str | None = None
        self._lock = threading.RLock()
        self._history = History(first)
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
            levers=NO_LEVERS,
            scales={} if run is None else dict(run.read.scales),
            counted="",
        )
        self.plans = Plans(self.board, self._lock)
        sessions = Sessions(policy, case, None if run is None else run.read.scales)
        self._worker = Planner(sessions, self.board, refuse=self._refused, found=self._found_plan)
        self._questions = Questions(self.board, self._worker.ask, self._lock)
        if run is not None:
            self._found_plan(first, run.plan)
            self.plans.pin()
        self._tell()
        self._worker.set(first, is_solved=run is not None)

    def start(self) -> None:
        """Begin to solve."""
        self._worker.start()

    def stop(self) -> None:
        """End what is being solved."""
        self._worker.stop()

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
            self._make(Move(setting, words_of(changes), lever, rests))

    def type(self, text: str) -> None:
        """Set a value as ``--set`` has it.

        Raises
        ------
        PolicyError
            If that cannot be read.
        """
        self.put(parse_changes([text]))

    def demand(self, more: Sequence[str], fewer: Sequence[str]) -> None:
        """Ask for slots from now on, such as ``slots[country=KEN] >= 20``, or no longer.

        Raises
        ------
        PolicyError
            If nothing is asked for, or something no longer that was not asked for before.
        """
        if not more and not fewer:
            raise refusal("demands", "asks for nothing", "slots, such as slots[country=KEN] >= 20")
        asked = [f"ask for {text}" for text in more] + [f"no longer ask for {t}" for t in fewer]
        with self._lock:
            now = self._history.now
            for text in fewer:
                if text not in now.demands:
                    expected = ", ".join(now.demands) or "nothing, as no slots are asked for"
                    raise refusal("demands", f"{text!r} is not asked for", expected)
            self._make(Move(now.demanding(more, fewer), ", ".join(asked)))

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
            self._make(Move(NOTHING_SET, "everything as it was"))

    def _make(self, move: Move) -> None:
        self._history.make(move)
        self._set(keeps_refusal=False)

    def _refused(self, setting: Setting) -> None:
        """Take back a move that led to what is not possible."""
        with self._lock:
            if self._history.refuse(setting):
                self._set(keeps_refusal=True)

    def _set(self, *, keeps_refusal: bool) -> None:
        setting = self._history.now
        if not keeps_refusal:
            self.board.show(refused="")
        self._questions.leave()
        self._tell()
        self._worker.set(setting, is_solved=self.plans.of(setting) is not None)

    def _tell(self) -> None:
        """Show what is set."""
        setting, history = self._history.now, self._history
        numbers = self._numbers.of(setting.changes)
        self.board.show(
            setting={
                "changes": [
                    {
                        "address": address,
                        "text": change_in_words(address, value),
                        "is_overridden": address in numbers.overridden,
                    }
                    for address, value in setting.changes.items()
                ],
                "demands": list(setting.demands),
                "levers": numbers.levers,
                "kept": _kept_document(setting.kept),
                "can_undo": history.can_undo,
                "can_redo": history.can_redo,
            },
            history=history.words,
            command=self.command(),
            is_current=self.plans.of(setting) is not None,
        )

    def command(self) -> str:
        """Command that gives the same plan; blank where ``--set`` cannot say all of it."""
        setting, run = self._history.now, self._run_of_scales
        is_told = not setting.demands and setting.kept is None
        if not is_told or (run is None and self.board.facts()["counted"]):
            return ""
        return command_solving(*self._paths, setting.changes, run)

    @property
    def _run_of_scales(self) -> str | None:
        """A run with the scales of the page, where they may not be those of policy and case."""
        if self._run is not None:
            return str(self._run.path)
        return self._exported if self.board.facts()["counted"] else None

    # Plans -----------------------------------------------------------------------------------

    def _found_plan(self, setting: Setting, plan: Plan) -> None:
        with self._lock:
            self.plans.add(setting, plan)
            self._tell()

    def keep_years(self, years: Sequence[int]) -> None:
        """Let slots of some years be those of plan A from now on; none: let all be free.

        Raises
        ------
        PolicyError
            If there is no plan A, or one of the years is not planned.
        """
        with self._lock:
            kept = self.plans.kept(years)
            words = "no year is kept" if kept is None else kept.in_words
            self._make(Move(replace(self._history.now, kept=kept), words))

    def levers(self) -> list[dict[str, Any]]:
        """All levers, with policy and case as they are unchanged."""
        return as_documents(self._sliders, self.board.facts()["scales"])

    # Questions -------------------------------------------------------------------------------

    def ask(self, kind: str, text: str) -> None:
        """Ask one of :data:`optimizer.app.questions.QUESTIONS` of the plan, or of what is set.

        Raises
        ------
        PolicyError
            If there is no such question.
        """
        with self._lock:
            self._questions.ask(kind, text, self.plans.of(self._history.now))

    def apply(self, number: int) -> None:
        """Make the changes that the last answer offers under a number.

        Raises
        ------
        PolicyError
            If it offers none.
        """
        with self._lock:
            self.put(self._questions.offered(number))

    # Keeping ---------------------------------------------------------------------------------

    def save(self, name: str) -> list[str]:
        """Write what is set as a scenario, as :func:`optimizer.app.scenarios.save_scenario`."""
        with self._lock:
            setting = self._history.now
        written = save_scenario(self._policy, self._case, setting, self._worker.read, name)
        self.board.show(written=self._saved(written, setting))
        return written

    def _saved(self, written: list[str], setting: Setting) -> str:
        """What was written, and how it is solved so that points are those of the page."""
        (policy, case), run = self._paths, self._run_of_scales
        is_other = bool(self.board.facts()["counted"]) or moves_scales(self._policy, setting)
        if is_other and run is None:
            run = self._exported
        cells, _ = cells_and_keys(setting.changes)
        # Of a workbook that holds both, what was written holds the policy alone.
        command = command_solving(written[0], policy if case is None else case, cells, run)
        words = f"Written: {', '.join(written)}. To solve it: {command}"
        return f"{words}. {OTHER_SCALES}." if is_other and run is None else words

    def scenarios(self) -> list[str]:
        """Names of scenarios that :meth:`load` can read."""
        return scenario_names(self._policy, self._worker.read)

    def load(self, name: str) -> None:
        """Set a scenario, as :func:`optimizer.app.scenarios.read_scenario` reads it."""
        setting = read_scenario(self._policy, name, self._worker.read)
        with self._lock:
            self._make(Move(setting, f"scenario {name}"))

    def export(self, name: str, *, public: bool = False) -> str:
        """Write the plan that is shown as a run, as :func:`optimizer.app.keeping.export_run`."""
        folder = export_run(self._plan_of_now(), name, public=public)
        with self._lock:
            self._exported = folder
            self._tell()
        self.board.show(written=f"Written: {folder}")
        return folder

    def file(self, name: str) -> bytes:
        """Workbook or report of the plan, as :func:`optimizer.app.keeping.file_of_plan`."""
        return file_of_plan(self._plan_of_now(), name)

    def _plan_of_now(self) -> Plan | None:
        """The plan of what is set; ``None`` as long as there is no plan at all."""
        with self._lock:
            plan, newest = self.plans.of(self._history.now), self.plans.newest
        if plan is None and newest is not None:
            message = "the plan that is shown is not one of what is set"
            raise refusal("export", message, "to wait for its plan, or to undo the move")
        return plan


def _kept_document(kept: KeptYears | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    return {"years": list(kept.years), "number": kept.number, "text": kept.in_words}
