"""Why not: what a plan would lose with slots that it does not give, and who would give way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.errors.arguments import typed
from optimizer.explain.asking import (
    CANNOT_BE_HELD,
    NONE_KEEPS_RULES,
    OPTIMAL,
    OUT_OF_TIME,
    SOLVER_GAVE_UP,
    Asking,
)
from optimizer.explain.bringing_in import NOT_IN_TIME
from optimizer.explain.entering_numbers import MOST_KINDS
from optimizer.explain.explained import asked_of
from optimizer.explain.looking import Looking, is_of_nothing
from optimizer.explain.marginal_tables import frame
from optimizer.explain.marginals import provenance_of, require_top
from optimizer.explain.moved import binding_by_address, goals_between, moves_between
from optimizer.explain.plan_after import NO_PLANS, plan_after
from optimizer.explain.subjects import subject_and_plan
from optimizer.explain.wanting import WANTED, wanted_from
from optimizer.explain.why_not_words import why_not_words
from optimizer.formulation.custom import Extend
from optimizer.plan import Plan
from optimizer.result import Result
from optimizer.runs.loading import Run
from optimizer.session import Session
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch


@dataclass(frozen=True, repr=False, eq=False)
class WhyNot(Result):
    """What the relaxation comes to with what was asked; tables are given as copies.

    Attributes
    ----------
    wanted
        What was asked, as it was said.
    meant
        The same with the number that it comes to, where it refers to the plan in hand.
    is_given
        Whether the plan in hand has it already.
    answer
        A row for each country and track whose slots change: country, track, slots_before,
        slots_after, change, basis (``relaxation``), status.
    tables
        ``goals``: goal, raw_before, raw_after, change_raw, change_points; ``numbers``: address,
        title, source of those that limit the relaxation then and not now; ``facts``: country,
        track, years (blank: all), fact, source that rule slots out; ``entry``: the nearest number
        of each kind that would bring in slots of which there are none: kind, address, source,
        unit, protected, number, step, needed, proposed (by the slope), bound, points, basis, status
        (``found``, ``beyond`` the bound, ``stopped``); ``plan``: points_before, bound_before,
        points, bound, gap, change_points, least_change, most_change (between which the true
        difference lies), within_gap, basis, status, why; ``plan_moves``: country, track, region,
        year, slots_before, slots_after, change, basis.
    points, change_points
        Of the relaxation with what was asked, and against the one without; without a value where
        there is none.
    status, why
        ``optimal``, ``infeasible``, ``refused``, ``stopped`` or ``failed`` (the solver gave up),
        and what stands in the way.
    interrupted
        Whether Ctrl-C ended it.
    """

    wanted: str
    meant: str
    is_given: bool
    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    points: float
    change_points: float
    status: str
    why: str
    currency: str
    interrupted: bool
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<why not {self.wanted}: {self.status}>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each country and track whose slots change."""
        return self.answer

    @property
    def complete(self) -> bool:
        """Whether the relaxation was solved, found to have no solution, or is ruled out."""
        is_known = self.status in (OPTIMAL, NONE_KEEPS_RULES, CANNOT_BE_HELD)
        stopped = self.tables["entry"]["status"].eq(NOT_IN_TIME).any()
        left = self.tables["plan"]["status"].isin([OUT_OF_TIME, SOLVER_GAVE_UP]).any()
        return is_known and not stopped and not left

    def in_words(self) -> list[str]:
        """What it would cost, and who would give way."""
        return why_not_words(self)


@typed
def why_not(
    subject: Run | Plan | Session | str | Path,
    wanted: str,
    *,
    top: int | None = None,
    plans: bool = False,
    extend: Extend | None = None,
    gap: float | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> WhyNot:
    """Find what slots that a plan does not give would cost, and who would give way.

    Parameters
    ----------
    subject
        A run or the path of its folder, a plan, or a session as it is now.
    wanted
        Slots and a number, such as ``slots[country=KEN, track=researchers, year=2030] >= 20``, or
        ``<=``; ``+=`` and ``-=`` are so many more or fewer than in the plan in hand. Without a
        country, track, region or year the sum over all of them is meant. Or a proposed agreement
        that is ``open`` (or ``>= 1``) or that the plan goes ``without`` (or ``<= 0``), such as
        ``agreements[country=KEN, track=researchers] open``: without a year, by the last year of
        intake, or ever.
    top
        Kinds of numbers (score, unit cost, cap, agreement) of which one is searched for that would
        bring in slots of which the relaxation has none; all without it, 0 for none.
    plans
        Whether the best plan with what is wanted is found as well.
    extend, gap, time_limit, report, started
        As in :func:`marginal_values`.

    Returns
    -------
    WhyNot
        By relaxation, with and without what is wanted.

    Raises
    ------
    InputError, PolicyError, ExtensionError, BrokenPlanError, InfeasibleError, NoPlanError
        As there, and if what is wanted cannot be read, or names what the case does not have.
    """
    check_options(gap, time_limit, started)
    require_top(top)
    watch = Watch.since(started, time_limit, report)
    known, plan = subject_and_plan(subject, extend)
    asked = asked_of(known, extend)
    meant = wanted_from(wanted, plan, asked.held.loaded.instance)
    own = asked.held.question.policy.solver.gap if gap is None else gap
    with watch.listening():
        asking = Asking(asked.held, watch)
        limiting = binding_by_address(asking)
        seen = Looking(is_of_nothing(asking, meant))
        watch.begin("what is wanted")
        answer = asking.with_limit(meant.limit, lambda each: seen.look(asking, watch, meant, each))
        entry = seen.entry(asking, watch, meant, answer, MOST_KINDS if top is None else top)
        after = NO_PLANS
        if plans and answer.status in (OPTIMAL, OUT_OF_TIME, SOLVER_GAVE_UP):
            # A plan that aims at something else may lack points for that alone.
            before = None if asked.plan is None else plan
            after = plan_after(asking, watch, meant, before, own)
    numbers = [row for at, row in seen.numbers.items() if at not in limiting]
    numbers = [row for row in numbers if WANTED not in row["address"]]
    return WhyNot(
        wanted=meant.text,
        meant=meant.in_words,
        is_given=plan is not None and meant.is_given_by(plan),
        answer=moves_between(asking.base, answer),
        tables={
            "goals": goals_between(asking, answer),
            "numbers": frame(numbers, dict.fromkeys(("address", "title", "source"), "str")),
            "facts": seen.facts,
            "entry": entry,
            "plan": after.rows,
            "plan_moves": after.moves,
        },
        points=answer.points,
        change_points=asking.difference(answer),
        status=answer.status,
        why=answer.why or seen.why,
        currency=asked.held.question.case.currency,
        interrupted=watch.interrupted,
        provenance={
            **provenance_of(asked),
            "wanted": meant.text,
            "top": top,
            "plans": plans,
            "gap_asked": own,
        },
    )
