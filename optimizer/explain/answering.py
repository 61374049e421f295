"""Asks of a plan what its report and its run folder can hold: so many questions of each kind."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from optimizer.errors import ModelWarning, NoPlanError, OptimizerError
from optimizer.errors.arguments import typed
from optimizer.explain.asking import Asking
from optimizer.explain.explained import InSolver, asked_of
from optimizer.explain.in_hand import aimed_at
from optimizer.explain.leaving_out import is_idle, parts_left_out
from optimizer.explain.manoeuvring import alternatives
from optimizer.explain.marginals import TIGHTEST, require_questions, values_asked
from optimizer.explain.numbers import binding_numbers
from optimizer.explain.odd_year_words import odd_year_words
from optimizer.explain.odd_years import year_changes, years_asked
from optimizer.explain.parts import OF_RULES, LeftOut, parts_named
from optimizer.explain.stepping import BY_DUAL
from optimizer.formulation.custom import Extend
from optimizer.plan import Plan
from optimizer.plan.answers import (
    MONEY_HELPS,
    PRICES,
    ROOM,
    WHAT_LIMITS,
    YEAR_CHANGES,
    PlanAnswer,
    PlanAnswers,
    answer_of,
)
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch
from optimizer.text.figures import counted

_ALL = "all"
_ASK_MORE = "--explain all asks for them"
_RANGES_BY = "country"


@typed
def with_answers(
    plan: Plan,
    questions: int | None = TIGHTEST,
    *,
    extend: Extend | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> Plan:
    """Ask what limits a plan, where money helps, what rules cost, why years differ, what may move.

    The plan that is given back holds the answers: its report, its workbook and its run folder
    show them.

    Parameters
    ----------
    questions
        How many of each kind are solved: numbers and budgets with the largest duals, rules of the
        policy with the largest, changes from year to year that are largest, countries with the most
        slots; ``None`` for all. What is not asked is named.
    extend, time_limit, report, started
        As in :func:`marginal_values`.

    Raises
    ------
    PolicyError
        If it is no count.
    OptimizerError, BrokenPlanError
        As :func:`marginal_values`.
    """
    check_options(None, time_limit, started)
    require_questions(questions, "questions")
    watch = Watch.since(started, time_limit, report)
    return replace(plan, answers=answers_to(plan, questions, watch, extend))


def answers_if_any(plan: Plan, questions: int | None, watch: Watch) -> Plan:
    """Ask the same of a plan that is kept whatever becomes of the questions."""
    aim = aimed_at(plan)
    if aim is not None:
        # Answers on the policy's best plan would stand in the report of another one.
        why = f"Nothing was asked, as the plan aims at {aim} and not at points alone."
        return replace(plan, answers=PlanAnswers(_asked(questions), plan.objective, {}, (why,)))
    try:
        return replace(plan, answers=answers_to(plan, questions, watch, None))
    except OptimizerError as error:
        told = str(error).splitlines()[0]
        none = PlanAnswers(_asked(questions), plan.objective, {}, (f"Nothing was asked: {told}",))
        return replace(plan, answers=none)


def answers_to(
    plan: Plan, questions: int | None, watch: Watch, extend: Extend | None
) -> PlanAnswers:
    """Answers to so many questions of each kind, as far as there was time."""
    asked = asked_of(plan, extend)
    with watch.listening():
        asking = Asking(asked.held, watch)
        of = _limiting(asked, asking, watch, questions)
        of[PRICES] = _prices(asked, asking, watch, questions)
        of[YEAR_CHANGES] = _years(plan, asked, asking, watch, questions)
        room, why_none = _room(plan, questions, watch, extend)
    if room is not None:
        of[ROOM] = room
    return PlanAnswers(_asked(questions), plan.objective, of, tuple(filter(None, [why_none])))


def _asked(questions: int | None) -> str:
    return _ALL if questions is None else str(questions)


def _limiting(
    asked: InSolver, asking: Asking, watch: Watch, questions: int | None
) -> dict[str, PlanAnswer]:
    found = values_asked(asked, asking, watch, top=questions)
    left = found.table[found.table["basis"].eq(BY_DUAL) & found.table["kind"].eq("limit")]
    numbers = _left(len(left), "more number", "limit", "limits", "by the dual alone")
    money = found.tables["money"]
    duals = int(money["basis"].eq(BY_DUAL).sum())
    lines = _left(duals, "more budget of a year", "stand", "stands", "there by the dual alone")
    return {
        WHAT_LIMITS: answer_of(found, found.table, [numbers, found.why_incomplete]),
        MONEY_HELPS: PlanAnswer((), money, tuple(filter(None, [lines]))),
    }


def _left(count: int, noun: str, many: str, one: str, how: str) -> str:
    if not count:
        return ""
    return f"{counted(count, noun)} {one if count == 1 else many} it {how}; {_ASK_MORE}."


def _prices(asked: InSolver, asking: Asking, watch: Watch, questions: int | None) -> PlanAnswer:
    # The last step that was taken still stands.
    asking.restore()
    parts = _weighed(asking, parts_named(asked.held.loaded, [OF_RULES]))
    binding = [part for part in parts if not is_idle(asking, part)]
    chosen = binding if questions is None else binding[:questions]
    idle = [part for part in parts if is_idle(asking, part)]
    found = parts_left_out(asked, asking, watch, [*chosen, *idle], [OF_RULES])
    names = [part.address for part in binding[len(chosen) :]]
    skipped = f"Not asked: {', '.join(names)}; {_ASK_MORE}." if names else ""
    return answer_of(found, found.table, [skipped, found.why_incomplete])


def _years(
    plan: Plan, asked: InSolver, asking: Asking, watch: Watch, questions: int | None
) -> PlanAnswer:
    asking.restore()
    changes = year_changes(plan, asked.held.loaded.instance.sets.years)
    found = years_asked(asked, asking, watch, changes, top=questions)
    more = counted(found.left, "more change") if found.left else ""
    skipped = f"Why of {more} by more than half was not asked; {_ASK_MORE}." if more else ""
    # What is left is said among what was skipped.
    words = odd_year_words(found.table, 0, "")
    return PlanAnswer(
        tuple(words), found.table, tuple(filter(None, [skipped, found.why_incomplete]))
    )


def _weighed(asking: Asking, parts: Sequence[LeftOut]) -> list[LeftOut]:
    """Rules whose numbers have the largest duals per step first."""
    loaded = asking.held.loaded
    weights: dict[str, float] = {}
    for number in binding_numbers(loaded, asking.solution, asking.prices):
        for name in (number.rule, number.address.rpartition(".at_")[0]):
            dual = number.dual_points if number.dual_points == number.dual_points else 0.0
            weights[name] = max(weights.get(name, 0.0), dual)
    return sorted(parts, key=lambda part: -weights.get(part.address, 0.0))


def _room(
    plan: Plan, questions: int | None, watch: Watch, extend: Extend | None
) -> tuple[PlanAnswer | None, str]:
    """Ranges by country; none, and why, where there is no time or they cannot be asked for."""
    if watch.should_stop():
        return None, "Room to manoeuvre was not asked for, as no time was left."
    limit = None if watch.time_limit is None else watch.time_limit - watch.reserve
    options: dict[str, Any] = {
        "extend": extend,
        "time_limit": limit,
        "report": watch.report,
        "started": watch.started,
    }
    try:
        with warnings.catch_warnings():
            # What the plan aims at was said when it was asked what limits it.
            warnings.simplefilter("ignore", ModelWarning)
            found = alternatives(plan, by=(_RANGES_BY,), most=questions, **options)
    except NoPlanError:
        return None, "Room to manoeuvre was not asked for, as no time was left."
    except OptimizerError as error:
        return None, f"Room to manoeuvre was not asked for: {str(error).splitlines()[0]}"
    watch.interrupted |= found.interrupted
    countries = int(plan.slots.loc[plan.slots["slots"].gt(0), _RANGES_BY].nunique())
    left = 0 if questions is None else max(0, countries - questions)
    noun = "country" if left == 1 else "countries"
    skipped = f"Ranges of {left} more {noun} with slots were not asked for; {_ASK_MORE}."
    stopped = "" if found.is_complete else "Not every range was found in time."
    return answer_of(found, found.table, [skipped if left else "", stopped]), ""
