"""A front as a result: points with their plans, tables, words and charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from optimizer.errors.arguments import typed
from optimizer.explain.solved_again import DrawnAgain
from optimizer.plan import Plan
from optimizer.plan.provenance import versions
from optimizer.plan.question import Question
from optimizer.session.holding import Holding
from optimizer.solver import Watch
from optimizer.text.endings import cut_off_by
from optimizer.text.figures import counted
from optimizer.tradeoffs.asked_of_front import AskedOfFront
from optimizer.tradeoffs.front_charts import drawn_front, drawn_shares
from optimizer.tradeoffs.front_tables import front_in_words, value_column
from optimizer.tradeoffs.taking import goal_limits, point_as_policy, require_point


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
        lines = self._said()
        if self.dominated:
            plans = counted(self.dominated, "more plan")
            lines.append(f"{plans} found, which others dominate.")
        if self.complete:
            lines.append("Complete: it is proven that there are no other points.")
            if self.interrupted or self.timed_out:
                why = cut_off_by(is_interrupted=self.interrupted)
                lines.append(f"What is said beside the points is not complete: {why}.")
        else:
            lines.append(f"Not complete: {self.why_incomplete}.")
        return lines

    def _said(self) -> list[str]:
        """What the points and their tables say."""
        return front_in_words(self.answer, dict(self.tables), self.knee)

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
        require_point(point, list(self.plans))
        return point_as_policy(self.question, point, self._limits(point), Path(path))

    def _limits(self, point: int) -> tuple[dict[str, Any], ...]:
        """Limits that keep what a point has."""
        row = self.answer[self.answer["point"].eq(point)].iloc[0]
        values = {goal: float(row[value_column(goal)]) for goal in self.goals}
        wanted = dict(zip(self.goals, self.tables["goals"]["wanted"].tolist(), strict=True))
        return goal_limits(self.question.policy, values, wanted, point)


def front_facts(held: Holding, asked: AskedOfFront, watch: Watch, searches: int) -> dict[str, Any]:
    """What a front was made with."""
    question = held.question
    return {
        "policy": question.policy.name,
        "case": question.case.name,
        "policy_hash": question.policy.hash,
        "case_hashes": dict(question.case.hashes),
        "scales": dict(held.scaled(watch).of),
        **asked.facts(),
        "searches": searches,
        "versions": versions(),
    }
