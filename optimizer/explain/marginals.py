"""What limits a plan, and what one step of each number brings, as a result with words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from optimizer.errors import ARGUMENT, ArgumentError, Problems
from optimizer.errors.arguments import typed
from optimizer.explain.asking import OUT_OF_TIME, Asking
from optimizer.explain.explained import InSolver, asked_of
from optimizer.explain.in_hand import InHand
from optimizer.explain.marginal_charts import marginal_charts
from optimizer.explain.marginal_tables import (
    MONEY_COLUMNS,
    frame,
    is_budget,
    marginal_table,
    money_row,
    step_table,
)
from optimizer.explain.marginal_words import how_many, marginal_words
from optimizer.explain.numbers import TENTH, BindingNumber, binding_numbers
from optimizer.explain.solved_again import DrawnAgain
from optimizer.explain.stepping import Stepped, Stepping
from optimizer.formulation.custom import Extend
from optimizer.io.toml import shown
from optimizer.plan import Plan
from optimizer.plan.provenance import versions
from optimizer.runs.loading import Run
from optimizer.schema.tables import LARGEST_NUMBER
from optimizer.session import Session
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch

BILLION = 1_000_000_000.0
"""Money that is asked of every line and year: so much, or less where the case has less."""
TIGHTEST = 10
"""Numbers that are solved again."""


@dataclass(frozen=True, repr=False, eq=False)
class MarginalValues(DrawnAgain):
    """What limits a plan, and what one more of each number brings; tables are given as copies.

    Attributes
    ----------
    answer
        A row for each number that limits the relaxation, those that were solved again first:
        address, rule, title, source, kind (``limit`` or ``fact``), unit, protected; number, step,
        dual_points (per step); looser and tighter (the number one step on), gain_points and
        loss_points (changes of points there); ``gain_<goal>_raw`` and slots_moved at looser, by
        relaxation, blank where that is not known; basis (``dual``, ``relaxation``, ``plan``),
        within_gap, valid_from, valid_to, status, status_looser, status_tighter, rebuilt_because.
    tables
        ``steps``: a row for each time that something was solved: address, direction, steps,
        number, basis, points, bound, difference, within_gap, status, why, rebuilt_because;
        ``money``: what the same sum brings in each line and year: line, year, address, amount,
        more, dual_points, gain_points, basis, status.
    points
        Of the relaxation.
    plan
        Points and bound of the plan in hand; ``None`` of a session.
    complete, why_incomplete
        Whether all was solved that was asked for, and why not.
    interrupted
        Whether Ctrl-C ended it.
    """

    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    points: float
    plan: InHand | None
    currency: str
    why_incomplete: str
    interrupted: bool
    provenance: Mapping[str, Any]
    called: ClassVar[str] = "marginal values have"

    def __repr__(self) -> str:
        return f"<marginal values: {len(self.answer):,} numbers>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each number that limits the relaxation."""
        return self.answer

    def in_words(self) -> list[str]:
        """What limits the plan, what one step brings, and where money helps."""
        return marginal_words(
            self.answer,
            self.tables["money"],
            points=self.points,
            plan=self.plan,
            currency=self.currency,
            why_incomplete=self.why_incomplete,
        )

    @property
    def _drawings(self) -> Mapping[str, Callable[[], Any]]:
        return marginal_charts(self.answer, self.tables["money"])


@typed
def marginal_values(
    subject: Run | Plan | Session | str | Path,
    *,
    top: int | None = TIGHTEST,
    plans: bool = False,
    extend: Extend | None = None,
    gap: float | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> MarginalValues:
    """Find what limits a plan, and what one step more or less of each number brings.

    Parameters
    ----------
    subject
        A run or the path of its folder, a plan, or a session as it is now.
    top
        How many numbers are solved again, those with the largest duals per step; 0 for none,
        ``None`` for all that somebody chose.
    plans
        Whether plans are solved as well, where the effect is larger than the gap of the plan in
        hand.
    extend
        The function that added custom rules, as in :func:`optimizer.load_run`.
    gap
        Of plans; that of the policy without it.
    time_limit, report, started
        As in :func:`optimizer.solve`, the time limit for everything. What was found until then,
        or until Ctrl-C, is kept.

    Returns
    -------
    MarginalValues
        Under the scales of the run.

    Raises
    ------
    InputError, PolicyError, ExtensionError
        As :func:`optimizer.load_run`.
    BrokenPlanError
        If the plan in hand breaks rules.
    InfeasibleError, NoPlanError
        If the session has no plan, or no time was left for the first relaxation.
    """
    check_options(gap, time_limit, started)
    require_top(top)
    watch = Watch.since(started, time_limit, report)
    asked = asked_of(subject, extend)
    with watch.listening():
        asking = Asking(asked.held, watch)
        return values_asked(asked, asking, watch, top=top, plans=plans, gap=gap)


def values_asked(
    asked: InSolver,
    asking: Asking,
    watch: Watch,
    *,
    top: int | None,
    plans: bool = False,
    gap: float | None = None,
) -> MarginalValues:
    """Find the same of what is loaded and has been solved once."""
    base, loaded = asking.base, asking.held.loaded
    numbers = binding_numbers(loaded, asking.solution, asking.prices)
    chosen = [each for each in numbers if each.kind == "limit"]
    wanted = chosen if top is None else chosen[:top]
    own = asked.held.question.policy.solver.gap if gap is None else gap
    stepping = Stepping(asking, watch, gap=own if plans else None, plan=asked.plan)
    stepped = list(stepping.of(wanted))
    money = _money(asking, watch, numbers, stepped, len(chosen) if top is None else top)
    done = {each.number.address for each in stepped}
    whole = [each for each in stepped if each.is_whole]
    left = [each for each in numbers if each.address not in done]
    return MarginalValues(
        answer=marginal_table(stepped, left, base),
        tables={"steps": step_table(stepped), "money": money},
        points=base.points,
        plan=asked.plan,
        currency=asked.held.question.case.currency,
        why_incomplete=why_incomplete(watch, len(wanted) - len(whole), "number"),
        interrupted=watch.interrupted,
        provenance={**provenance_of(asked), "top": top, "plans": plans, "gap_asked": own},
    )


def require_top(top: object) -> None:
    """Refuse a count below 0, or too large to be one."""
    require_questions(top, "top")


def require_questions(count: object, name: str) -> None:
    """Refuse the same of a count of another name."""
    problems = Problems()
    if isinstance(count, int) and not 0 <= count <= LARGEST_NUMBER:
        message = f"{shown(count)} is not a valid count"
        problems.add(ARGUMENT, message, column=name, expected="0 or more, or None for all")
    problems.raise_if_any(ArgumentError)


def _money(
    asking: Asking,
    watch: Watch,
    numbers: Sequence[BindingNumber],
    stepped: Sequence[Stepped],
    most: int,
) -> pd.DataFrame:
    """What the same sum brings in each line and year, those with the largest duals solved."""
    known = {
        (step.address, step.number): step.answer
        for each in stepped
        for step in each.taken
        if step.is_relaxed
    }
    budgets = [each for each in numbers if is_budget(each) and each.dual > 0.0]
    amounts = asking.held.loaded.instance.budget["amount"]
    more = round_sum(float(amounts.median())) if len(amounts) else BILLION
    rows, count = [], min(most, len(budgets))
    for place, number in enumerate(sorted(budgets, key=lambda each: each.dual, reverse=True)):
        after = number.value + more
        answer = known.get((number.address, after))
        if place < most and answer is None and not watch.should_stop():
            watch.begin_part("money", place, count)
            answer = asking.at({number.address: after})
            answer = None if answer.status == OUT_OF_TIME else answer
        gain = float("nan") if answer is None else asking.difference(answer)
        rows.append(money_row(number, more, answer, gain))
    table = frame(rows, MONEY_COLUMNS)
    is_solved = table["basis"].eq("relaxation")
    order = table.assign(solved=is_solved).sort_values(
        ["solved", "gain_points"], ascending=False, kind="stable"
    )
    return order.drop(columns="solved").reset_index(drop=True)


def round_sum(usual: float) -> float:
    """A billion, or the largest power of ten that is no more than a tenth of a usual budget.

    Examples
    --------
    >>> round_sum(4e10), round_sum(1.1e7)
    (1000000000.0, 1000000.0)
    """
    return min(BILLION, 10.0 ** floor(log10(usual / TENTH) + 1e-9)) if usual > 0.0 else BILLION


def why_incomplete(watch: Watch, left: int, what: str) -> str:
    """Sentence on what was not solved; blank where nothing is left."""
    if not left and not watch.timed_out and not watch.interrupted:
        return ""
    when = "at the interruption" if watch.interrupted else "as the time limit was reached"
    rest = "was not solved again" if left == 1 else "were not solved again"
    return f"Stopped {when}: {how_many(left, what, rest) or 'some steps were left out'}."


def provenance_of(asked: InSolver) -> dict[str, Any]:
    """What marginal values and the like were made with."""
    question, scales = asked.held.question, asked.held.frozen()
    return {
        "policy": question.policy.name,
        "case": question.case.name,
        "policy_hash": question.base.hash,
        "case_hashes": dict(question.base_case.hashes),
        "scales": dict(scales.of),
        "dropped": list(asked.held.dropped),
        "versions": versions(),
    }
