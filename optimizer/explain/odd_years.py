"""What changes by more than half from one year to the next, by track, country and region."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.errors.arguments import typed
from optimizer.explain.asking import Asking
from optimizer.explain.explained import InSolver, asked_of
from optimizer.explain.marginal_tables import frame
from optimizer.explain.marginals import TIGHTEST, provenance_of, require_top, why_incomplete
from optimizer.explain.odd_year_words import odd_year_words
from optimizer.explain.solved_again import SolvedAgain
from optimizer.explain.subjects import subject_and_plan
from optimizer.explain.year_reasons import LEFT_UNSOLVED, NOT_SOLVED, YearChange, YearReasons
from optimizer.formulation.custom import Extend
from optimizer.frames import rows_of
from optimizer.plan import Plan
from optimizer.runs.loading import Run
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch

CHANGING = ("track", "country", "region")
HALF_AGAIN = 0.5
"""Part of a year's slots by more than which the next year's must differ."""
ODD_YEARS = {
    **dict.fromkeys(("by", "key"), "str"),
    **dict.fromkeys(("year_before", "year"), "int64"),
    **dict.fromkeys(("slots_before", "slots", "change", "cost_points"), "float64"),
    **dict.fromkeys(("asked", "reason", "address", "title", "source"), "str"),
    **dict.fromkeys(("number", "number_in_other_year", "cost_without"), "float64"),
    "verified": "bool",
    **dict.fromkeys(("basis", "status"), "str"),
}


@dataclass(frozen=True, repr=False, eq=False)
class OddYears(SolvedAgain):
    """Changes by more than half from year to year, with their reasons; tables are copies.

    Attributes
    ----------
    answer
        A row for each change, the largest first: by (``track``, ``country``, ``region``), key,
        year_before, year, slots_before, slots, change; cost_points of what was asked instead
        (``asked``: ``level``, the year as the one before; ``as many before``), by relaxation;
        reason in words, address, title and source of the number that is the reason, that number
        and the one of the other year, and cost_without that number; verified, basis (``relaxation``
        or ``case``), status (``explained``, ``open``, ``unexplained``, ``not solved``,
        ``stopped``).
    left
        Changes that were not solved, as only the first so many were asked for.
    complete, why_incomplete
        Whether all was solved that was asked for, and why not.
    interrupted
        Whether Ctrl-C ended it.
    """

    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    points: float
    left: int
    why_incomplete: str
    interrupted: bool
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<odd years: {len(self.answer):,} changes>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each change."""
        return self.answer

    def in_words(self) -> list[str]:
        """Each change with its reason, as far as one could be verified."""
        return odd_year_words(self.answer, self.left, self.why_incomplete)


@typed
def odd_years(
    subject: Run | Plan | str | Path,
    *,
    top: int | None = TIGHTEST,
    extend: Extend | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> OddYears:
    """Find what changes by more than half from one year to the next, and why.

    Parameters
    ----------
    subject
        A run or the path of its folder, or a plan.
    top
        How many changes are solved, the largest first; ``None`` for all.
    extend, time_limit, report, started
        As in :func:`marginal_values`.

    Returns
    -------
    OddYears
        Of each change: whether the value leaves it open, or what stands against a level year, each
        by relaxation solved again.

    Raises
    ------
    InputError, PolicyError, ExtensionError, BrokenPlanError, NoPlanError
        As there.
    """
    check_options(None, time_limit, started)
    require_top(top)
    watch = Watch.since(started, time_limit, report)
    known, plan = subject_and_plan(subject, extend)
    asked = asked_of(known, extend)
    assert plan is not None, "runs and plans have one"
    changes = year_changes(plan, asked.held.loaded.instance.sets.years)
    with watch.listening():
        # Where nothing changes, nothing is solved.
        asking = Asking(asked.held, watch) if changes and top != 0 else None
        return years_asked(asked, asking, watch, changes, top=top)


def years_asked(
    asked: InSolver,
    asking: Asking | None,
    watch: Watch,
    changes: Sequence[YearChange],
    *,
    top: int | None,
) -> OddYears:
    """Solve the largest changes in a model that is loaded; none has one where nothing is solved."""
    wanted = changes if top is None else changes[:top]
    rows, points = list[dict[str, Any]](), nan
    if wanted:
        assert asking is not None, "something is solved"
        points, reasons = asking.base.points, YearReasons(asking, watch)
        for place, change in enumerate(wanted):
            if watch.should_stop():
                break
            watch.begin_part("years", place, len(wanted))
            found = reasons.of(change)
            if found["status"] == LEFT_UNSOLVED:
                break
            rows.append(found)
    solved = len(rows)
    rows += [
        change.row(NOT_SOLVED if at >= len(wanted) else LEFT_UNSOLVED)
        for at, change in enumerate(changes)
        if at >= solved
    ]
    return OddYears(
        answer=frame(rows, ODD_YEARS),
        tables={},
        points=points,
        left=len(changes) - len(wanted),
        why_incomplete=why_incomplete(watch, len(wanted) - solved, "change"),
        interrupted=watch.interrupted,
        provenance={**provenance_of(asked), "top": top},
    )


def year_changes(plan: Plan, years: tuple[int, ...]) -> list[YearChange]:
    """Changes by more than half from one year of intake to the next, the largest first."""
    slots, found = plan.decisions.slots, list[YearChange]()
    for by in CHANGING:
        sums = slots[slots[by].ne("")].pivot_table(
            index=by, columns="year", values="slots", aggfunc="sum", fill_value=0
        )
        table = sums.reindex(columns=list(years), fill_value=0).reset_index()
        for row in rows_of(table.rename(columns={year: f"y{year}" for year in years})):
            for before, year in pairwise(years):
                was, now = (float(getattr(row, f"y{each}")) for each in (before, year))
                if abs(now - was) > HALF_AGAIN * was:
                    found.append(YearChange(by, str(getattr(row, by)), before, year, was, now))
    return sorted(found, key=lambda each: -abs(each.now - each.was))
