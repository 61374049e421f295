"""Why a plan gives the slots that it gives: what they earn, cost and keep out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.errors.arguments import typed
from optimizer.explain.asking import (
    CANNOT_BE_HELD,
    NONE_KEEPS_RULES,
    OPTIMAL,
    OUT_OF_TIME,
    Answer,
    Asking,
)
from optimizer.explain.attributing import Attributed, attributed
from optimizer.explain.bringing_in import NOT_IN_TIME
from optimizer.explain.entering_numbers import MOST_KINDS
from optimizer.explain.explained import asked_of
from optimizer.explain.looking import Looking
from optimizer.explain.marginal_tables import frame, plain_records
from optimizer.explain.marginals import provenance_of, require_top
from optimizer.explain.moved import MOVES, moves_between
from optimizer.explain.reaching import Binding, attributed_in, binding_on, slots_in
from optimizer.explain.stepping import BY_PLAN, BY_RELAXATION
from optimizer.explain.subjects import subject_and_plan
from optimizer.explain.wanting import AT_LEAST, AT_MOST, Wanted, slots_from
from optimizer.explain.why_words import why_words
from optimizer.formulation.custom import Extend
from optimizer.plan import Plan
from optimizer.plan.values import values_of
from optimizer.result import Result
from optimizer.runs.loading import Run
from optimizer.session import Session
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch
from optimizer.text.figures import NOBODY

SOME_MORE, SOME_FEWER, NONE_LEFT = "more", "fewer", "none"
"""What is solved again: some more slots, some fewer, and none of them."""
TENTH_FROM = 10.0
"""Slots from which a tenth is a step rather than one."""
AROUND = {
    "step": "str",
    **dict.fromkeys(("slots", "change", "points", "change_points"), "float64"),
    **dict.fromkeys(("basis", "status", "why"), "str"),
}
SLOTS_BY_YEAR = {"year": "int64", **dict.fromkeys(("plan", "relaxation"), "float64")}
LIMITING = {
    **dict.fromkeys(("address", "title", "source", "kind", "unit"), "str"),
    "protected": "bool",
    **dict.fromkeys(("number", "step", "dual_points", "taken_points"), "float64"),
    "basis": "str",
}
_NAMES = {SOME_MORE: "more of them", SOME_FEWER: "fewer of them", NONE_LEFT: "none of them"}


@dataclass(frozen=True, repr=False, eq=False)
class Why(Result):
    """Why there are as many slots as there are; tables are given as copies.

    Attributes
    ----------
    asked
        The slots, as they were named.
    answer
        A row for each step: step (``more``, ``fewer``, ``none``), slots, change, points,
        change_points (against the relaxation as it is), basis (``relaxation``), status, why.
    tables
        ``slots``: year, plan, relaxation; ``earned``: goal, raw, points; ``spent``: line, year,
        what, amount; ``numbers``: those that limit the slots: address, title, source, kind, unit,
        protected, number, step, dual_points (per step), taken_points (what the room that the slots
        take costs at its dual), basis (``dual``); ``moves``: step, country, track, slots_before,
        slots_after, change, basis, status; ``facts`` and ``entry`` as of :class:`WhyNot`.
    there
        Slots in the relaxation.
    in_plan
        Slots in the plan in hand; without a value where there is none.
    accounted
        What ``earned`` and ``spent`` are of: ``plan`` or ``relaxation``.
    why_none
        What clashes with having none of them; blank where nothing does.
    interrupted
        Whether Ctrl-C ended it.
    """

    asked: str
    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    points: float
    there: float
    in_plan: float
    accounted: str
    why_none: str
    currency: str
    interrupted: bool
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<why {self.asked}>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each step."""
        return self.answer

    @property
    def has_plan(self) -> bool:
        """Whether there is a plan in hand."""
        return self.in_plan == self.in_plan

    @property
    def complete(self) -> bool:
        """Whether every step was solved, found to have no solution, or is ruled out."""
        known = self.answer["status"].isin([OPTIMAL, NONE_KEEPS_RULES, CANNOT_BE_HELD])
        return bool(known.all()) and not self.tables["entry"]["status"].eq(NOT_IN_TIME).any()

    def in_words(self) -> list[str]:
        """How many there are, what they earn, cost and keep out."""
        return why_words(self)


@typed
def why(
    subject: Run | Plan | Session | str | Path,
    slots: str,
    *,
    top: int | None = None,
    extend: Extend | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> Why:
    """Find why a plan gives the slots that it gives, or why it gives none.

    Parameters
    ----------
    subject
        A run or the path of its folder, a plan, or a session as it is now.
    slots
        Such as ``slots[country=KEN, track=researchers]``: the sum over what is not named.
    top
        As in :func:`why_not`.
    extend, time_limit, report, started
        As in :func:`marginal_values`.

    Returns
    -------
    Why
        What the slots earn and cost, from the terms of the plan, or of the relaxation of a
        session; what one more and one fewer, or a tenth, changes, and who would take their place,
        each by relaxation solved again.

    Raises
    ------
    InputError, PolicyError, ExtensionError, BrokenPlanError, InfeasibleError, NoPlanError
        As there, and if the slots cannot be read, or name what the case does not have.
    """
    check_options(None, time_limit, started)
    require_top(top)
    watch = Watch.since(started, time_limit, report)
    known, plan = subject_and_plan(subject, extend)
    asked = asked_of(known, extend)
    loaded = asked.held.loaded
    meant = slots_from(slots, loaded.instance)
    with watch.listening():
        asking = Asking(asked.held, watch)
        relaxed = slots_in(loaded, asking.solution, meant)
        there = float(relaxed["slots"].sum())
        part = attributed_in(loaded, asking.solution, meant)
        binding = binding_on(loaded, asking.solution, asking.prices, meant, part)
        looking = Looking(there <= NOBODY)
        steps = list(_steps(asking, watch, meant, there, looking))
        more = steps[0]
        most = MOST_KINDS if top is None else top
        entry = looking.entry(asking, watch, more.meant, more.answer, most)
    account = part if plan is None else _accounted(part, meant, plan)
    none = next((step.why for step in steps if step.name == NONE_LEFT), "")
    shown = [each for each in binding if each.points]
    if looking.is_of_nothing:
        shown = [each for each in looking.binding if _NAMES[SOME_MORE] not in each.number.address]
    return Why(
        asked=meant.text,
        answer=frame([_row(step, asking, there) for step in steps], AROUND),
        tables={
            "slots": _by_year(loaded.instance.sets.years, relaxed, meant, plan),
            "earned": account.earned(asked.held.frozen().of),
            "spent": account.spent(),
            "numbers": frame([_number(each) for each in shown], LIMITING),
            "moves": _moves(steps, asking.base),
            "facts": looking.facts,
            "entry": entry,
        },
        points=asking.base.points,
        there=there,
        in_plan=nan if plan is None else meant.granted(plan),
        accounted=BY_RELAXATION if plan is None else BY_PLAN,
        why_none=none,
        currency=asked.held.question.case.currency,
        interrupted=watch.interrupted,
        provenance={**provenance_of(asked), "slots": meant.text, "top": top},
    )


@dataclass(frozen=True, eq=False)
class _Step:
    name: str
    meant: Wanted
    answer: Answer
    why: str


def _steps(
    asking: Asking, watch: Watch, meant: Wanted, there: float, looking: Looking
) -> list[_Step]:
    """Some more and some fewer than the relaxation has, and none."""
    by = 1.0 if there < TENTH_FROM else float(round(there / TENTH_FROM))
    wanted = [(SOME_MORE, AT_LEAST, there + by)]
    if there > by + NOBODY:
        wanted.append((SOME_FEWER, AT_MOST, there - by))
    if there > NOBODY:
        wanted.append((NONE_LEFT, AT_MOST, 0.0))
    return [
        _step(asking, watch, name, meant.with_number(sense, number, _NAMES[name]), looking)
        for name, sense, number in wanted
    ]


def _step(asking: Asking, watch: Watch, name: str, meant: Wanted, looking: Looking) -> _Step:
    if watch.should_stop():
        return _Step(name, meant, Answer(OUT_OF_TIME), "")
    watch.begin(_NAMES[name])
    is_of_nothing = looking.is_of_nothing and name == SOME_MORE
    looks = Looking(is_of_nothing, names_clash=is_of_nothing or name == NONE_LEFT)
    answer = asking.with_limit(meant.limit, lambda each: looks.look(asking, watch, meant, each))
    if name == SOME_MORE:
        looking.binding, looking.conflicts = looks.binding, looks.conflicts
    return _Step(name, meant, answer, answer.why or looks.why)


def _row(step: _Step, asking: Asking, there: float) -> dict[str, Any]:
    return {
        "step": step.name,
        "slots": step.meant.number,
        "change": step.meant.number - there,
        "points": step.answer.points,
        "change_points": asking.difference(step.answer),
        "basis": BY_RELAXATION,
        "status": step.answer.status,
        "why": step.why,
    }


def _accounted(part: Attributed, meant: Wanted, plan: Plan) -> Attributed:
    """What follows from the slots of the plan in hand."""
    instance, slots = part.instance, plan.decisions.slots
    whole = values_of(instance, plan.decisions)
    return attributed(instance, whole, slots[meant.chosen(slots)], meant.where)


def _by_year(
    years: tuple[int, ...], relaxed: pd.DataFrame, meant: Wanted, plan: Plan | None
) -> pd.DataFrame:
    by_year = relaxed.groupby("year")["slots"].sum()
    own = None
    if plan is not None:
        given = plan.decisions.slots
        own = given[meant.chosen(given)].groupby("year")["slots"].sum()
    named = meant.where.get("year")
    rows = [
        {
            "year": year,
            "plan": nan if own is None else float(own.get(year, 0.0)),
            "relaxation": float(by_year.get(year, 0.0)),
        }
        for year in years
        if named in (None, year)
    ]
    return frame(rows, SLOTS_BY_YEAR)


def _number(binding: Binding) -> dict[str, Any]:
    number = binding.number
    return {
        "address": number.address,
        "title": number.title,
        "source": number.source,
        "kind": number.kind,
        "unit": number.unit,
        "protected": number.protected,
        "number": number.value,
        "step": number.step,
        "dual_points": number.dual_points,
        "taken_points": binding.points,
        "basis": "dual",
    }


def _moves(steps: list[_Step], base: Answer) -> pd.DataFrame:
    parts = [
        moves_between(base, step.answer).assign(step=step.name)
        for step in steps
        if step.answer.is_known
    ]
    rows = [row for part in parts for row in plain_records(part)]
    return frame(rows, {"step": "str", **MOVES})
