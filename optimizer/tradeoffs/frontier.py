"""What is given up of one goal for another: the plans that no other plan dominates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from optimizer.case import Case
from optimizer.errors.arguments import typed
from optimizer.explain.solved_again import DrawnAgain
from optimizer.formulation.custom import Extend
from optimizer.instance.oddities import warn_of
from optimizer.plan import Plan
from optimizer.plan.provenance import versions
from optimizer.plan.question import Question, read_question
from optimizer.plan.scales import ScalesGiven, scales_given
from optimizer.policy import Policy
from optimizer.policy.loading import NO_CHANGES
from optimizer.session.holding import Holding
from optimizer.session.solving import begun
from optimizer.solver import Progress, Watch
from optimizer.text.figures import counted
from optimizer.tradeoffs.asked_of_front import AskedOfFront, asked_of_front
from optimizer.tradeoffs.front_charts import drawn_front, drawn_shares
from optimizer.tradeoffs.front_search import FrontSearch
from optimizer.tradeoffs.front_tables import front_in_words
from optimizer.tradeoffs.taking import point_as_policy


@dataclass(frozen=True, repr=False, eq=False)
class Frontier(DrawnAgain):
    """Plans of which none is better in one goal without being worse in another.

    Tables are given as copies.

    Attributes
    ----------
    answer
        A row for each point, the most of the first goal first: point, ``value_<goal>`` (raw, of
        each goal), points (under the policy, penalties included), slots, status (``optimal``: it is
        proven that no plan dominates it; ``feasible``), gap (of what was asked for there),
        found_by (``end``, ``between``, ``lexicographic``, ``reference``), chosen (how, if it was
        chosen), binding and binding_address (the number that limits the first goal most
        there, by the relaxation), seconds.
    tables
        ``goals``: goal, wanted (``more``, ``less``), best, worst (among the points), step (of which
        all values are multiples; blank where none is known). ``prices``: point, to_point, goal,
        paid_in, price (units of ``paid_in`` for one of ``goal``), basis (``next point``, exact,
        where there are two goals; ``dual`` of the relaxation at the point). ``binding``: point,
        rank, rule, title, address, source, protected, number, unit, step, goal, gain (of the goal,
        by the relaxation, for a step that loosens the number).
    plans
        The plan of every point, checked, by number from 1 on.
    goals
        In the order that was asked for.
    knee
        Point of a front of two goals that lies farthest beyond the line of its ends, if one does.
    dominated
        Plans that were found and left out, as another is as good in all goals.
    why_incomplete
        Why there may be more points; blank if it is proven that there are none.
    interrupted, timed_out
        Whether Ctrl-C, or the time limit, ended it.
    """

    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    plans: Mapping[int, Plan]
    goals: tuple[str, ...]
    knee: int | None
    dominated: int
    why_incomplete: str
    interrupted: bool
    timed_out: bool
    question: Question = field(repr=False)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    called: ClassVar[str] = "a front has"

    def __repr__(self) -> str:
        return f"<Frontier of {', '.join(self.goals)}: {counted(len(self.answer), 'point')}>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each point: see :attr:`answer`."""
        return self.answer

    def in_words(self) -> list[str]:
        """From where to where each goal goes, every point, and what one goal costs in another."""
        lines = front_in_words(self.answer, dict(self.tables), self.knee)
        if self.dominated:
            plans = counted(self.dominated, "more plan")
            lines.append(f"{plans} found, which others dominate.")
        if self.complete:
            lines.append("Complete: it is proven that there are no other points.")
        else:
            lines.append(f"Not complete: {self.why_incomplete}.")
        return lines

    @property
    def _drawings(self) -> Mapping[str, Callable[[], Any]]:
        shares = {"shares": lambda: drawn_shares(self.answer, self.tables["goals"])}
        front = {"front": lambda: drawn_front(self.answer, self.goals)}
        return {**front, **shares} if len(self.goals) == 2 else {**shares, **front}

    @typed
    def write_policy(self, point: int, path: str | Path) -> Path:
        """Write a policy under which every plan has at least what a point has of each goal.

        Parameters
        ----------
        path
            New ``.toml`` file: it extends the policy that was asked, if that lies in the same
            folder or one within, and is whole otherwise.

        Returns
        -------
        pathlib.Path
            Where it is.

        Raises
        ------
        OptimizerError
            If there is no such point, or a policy cannot hold what was asked.
        TargetError
            If it cannot be written there.
        """
        values = {goal: self._value(point, goal) for goal in self.goals}
        wanted = dict(zip(self.goals, self.tables["goals"]["wanted"].tolist(), strict=True))
        return point_as_policy(self.question, point, values, wanted, Path(path))

    def _value(self, point: int, goal: str) -> float:
        from optimizer.tradeoffs.front_tables import value_column
        from optimizer.tradeoffs.taking import require_point

        require_point(point, list(self.plans))
        return float(self.answer.loc[self.answer["point"].eq(point), value_column(goal)].iloc[0])


@typed
def frontier(
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    goals: Sequence[str],
    points: int | None = None,
    exact: bool = False,
    lexicographic: float | str | None = None,
    reference: Mapping[str, float] | None = None,
    changes: Mapping[str, object] = NO_CHANGES,
    extend: Extend | None = None,
    scales: ScalesGiven | None = None,
    cache: bool = True,
    gap: float | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> Frontier:
    """Find plans of which none is better in one of some goals without being worse in another.

    Goals of negative weight are those of which less is wanted. Other goals and penalties do not
    count, except for what is continuous beside slots, agreements and expansions; rules of the
    policy, protected floors among them, are kept by every plan.

    Parameters
    ----------
    policy, case, changes, extend, scales, cache, report, started
        As in :func:`optimizer.solve`.
    goals
        Two or more goals of the policy; prices are in units of the first.
    points
        How many well-spread points are looked for; 11 without it. The ends are always among them:
        the most of each goal and, among these plans, the most of the others.
    exact
        All points, with gap 0. Refused where a goal depends on continuous decisions.
    lexicographic
        Choose the plan with the most of the first goal, then of the second and so on, where this
        share of each may be lacking for the sake of the next: ``0``, ``0.01`` or ``"1%"``.
    reference
        Choose the plan that goes farthest beyond these raw values of goals, or comes nearest to
        them, in parts of the range of each goal; all goals are named.
    gap
        Relative gap of every search in place of the policy's.
    time_limit
        Wall seconds for all of it. What is found by then is kept.

    Returns
    -------
    Frontier
        Points with plan, status, gap, prices and what limits them.

    Raises
    ------
    InputError, PolicyError, ExtensionError
        If case, policy, goals, values or counts are wrong.
    OptimizerError
        If exact points are asked for of a goal that depends on continuous decisions.
    InfeasibleError, NoPlanError
        As :func:`optimizer.solve`, where not even one plan is found.

    Examples
    --------
    >>> from optimizer import frontier
    >>> asked = {"goals": ["safe_haven", "bridges"], "points": 3}
    >>> found = frontier("models/tiny.toml", "inputs/tiny", **asked)
    >>> found.table["status"].unique().tolist()
    ['optimal']
    """
    watch = begun(report, started, gap=gap, time_limit=time_limit)
    with watch.looking():
        question = read_question(policy, case, changes)
        asked = asked_of_front(
            question.policy,
            goals,
            points,
            exact=exact,
            lexicographic=lexicographic,
            reference=reference,
            gap=gap,
        )
        held = Holding(
            question,
            extend=extend,
            scales=None if scales is None else scales_given(question.policy, scales),
            cache=cache,
            watch=watch,
        )
    warn_of(held.odd)
    return _found(held, asked, watch)


def _found(held: Holding, asked: AskedOfFront, watch: Watch) -> Frontier:
    with watch.listening():
        search = FrontSearch(held, asked, watch)
        search.look()
        tables = search.tables()
    question = held.question
    return Frontier(
        answer=tables.pop("points"),
        tables=tables,
        plans=search.plans,
        goals=asked.goals,
        knee=search.knee,
        dominated=search.points.dominated,
        why_incomplete=search.why_incomplete,
        interrupted=watch.interrupted,
        timed_out=watch.timed_out,
        question=question,
        provenance={
            "policy": question.policy.name,
            "case": question.case.name,
            "policy_hash": question.policy.hash,
            "case_hashes": dict(question.case.hashes),
            "scales": dict(held.scaled(watch).of),
            **asked.facts(),
            "searches": search.asked_times,
            "versions": versions(),
        },
    )
