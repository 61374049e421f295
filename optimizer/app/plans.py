"""The plan that is shown, and plan A, with which it is compared."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from optimizer.app.bests import knows_bests, with_bests_of
from optimizer.app.board import Board
from optimizer.app.keeping import refusal
from optimizer.app.moves import KeptYears, Setting
from optimizer.app.tables import PlanShown, plan_document, section_document
from optimizer.plan import Plan


class Plans:
    """Plans by the setting that they were found for.

    Parameters
    ----------
    board
        Where their figures are shown.
    lock
        Of the desk.
    """

    def __init__(self, board: Board, lock: threading.RLock) -> None:
        self._board, self._lock = board, lock
        self._shown: tuple[Setting, PlanShown] | None = None
        self._pinned: PlanShown | None = None
        self._found = self._pinned_number = 0
        self._knowing: Plan | None = None

    @property
    def newest(self) -> Plan | None:
        """The plan that is shown."""
        with self._lock:
            return None if self._shown is None else self._shown[1].plan

    def of(self, setting: Setting) -> Plan | None:
        """The plan that is shown, if it is one of this setting."""
        with self._lock:
            is_of = self._shown is not None and self._shown[0] == setting
            return self.newest if is_of else None

    def add(self, setting: Setting, plan: Plan) -> None:
        """Show a plan from now on."""
        plan = with_bests_of(plan, self._knowing)
        if self._knowing is None and knows_bests(plan):
            self._knowing = plan
        shown = PlanShown.of(plan)
        with self._lock:
            self._found += 1
            self._shown = setting, shown
            self._board.show(
                plan={
                    "number": self._found,
                    "points": plan.objective,
                    "bound": plan.bound,
                    "gap": plan.gap,
                    "status": plan.status,
                    "seconds": plan.seconds.get("total"),
                }
            )

    def pin(self) -> None:
        """Keep the plan that is shown as plan A."""
        with self._lock:
            if self._shown is None:
                return
            setting, self._pinned = self._shown
            self._pinned_number = self._found
            self._board.show(pinned={"number": self._found, "words": setting.in_words})

    def unpin(self) -> None:
        """Compare with no plan any more."""
        with self._lock:
            self._pinned = None
            self._board.show(pinned=None)

    def kept(self, years: Sequence[int]) -> KeptYears | None:
        """Years as they are in plan A; ``None`` for no years.

        Raises
        ------
        PolicyError
            If there is no plan A, or one of the years is not planned.
        """
        with self._lock:
            pinned, number = self._pinned, self._pinned_number
        if not years:
            return None
        if pinned is None:
            raise refusal("keep", "there is no plan A whose years could be kept", "plan A")
        planned = pinned.material.years
        for year in years:
            if year not in planned:
                expected = f"some of {', '.join(map(str, planned))}"
                raise refusal("keep", f"{year} is not a planned year", expected)
        return KeptYears.of(pinned.plan, number, years)

    def document(self) -> dict[str, Any] | None:
        """Give figures and tables of the plan that is shown; ``None`` as long as there is none."""
        with self._lock:
            shown, pinned = self._shown, self._pinned
        return None if shown is None else plan_document(shown[1], pinned)

    def section(self, name: str) -> dict[str, str] | None:
        """Section of the report on the plan that is shown, as HTML; ``None`` without one."""
        with self._lock:
            shown = self._shown
        return None if shown is None else section_document(shown[1], name)
