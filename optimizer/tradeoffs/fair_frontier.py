"""What fairness costs, as a result: points against the rate of the group that has least."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pandas as pd

from optimizer.instance.divisions import JoinedDivision
from optimizer.plan import Plan
from optimizer.plan.fair_shares import rates_called
from optimizer.session.aims.planning import division_named
from optimizer.session.holding import Holding
from optimizer.solver import Watch
from optimizer.text.figures import counted
from optimizer.tradeoffs.asked_of_front import ALL_POINTS_AIM, AskedOfFront
from optimizer.tradeoffs.fair_front_charts import drawn_groups, drawn_price
from optimizer.tradeoffs.fair_marks import mark_of_today
from optimizer.tradeoffs.fair_points import (
    OF_POLICY,
    FairPoint,
    MarkedPlan,
    fair_point_table,
    fair_price_tables,
    group_table,
    mark_table,
)
from optimizer.tradeoffs.fair_search import FairCurve, FairSearch
from optimizer.tradeoffs.fair_words import fair_front_in_words
from optimizer.tradeoffs.front_result import Frontier, front_facts
from optimizer.tradeoffs.front_tables import knee_of_values
from optimizer.tradeoffs.taking import level_limit


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class FairFrontier(Frontier):
    """Plans of which none has more points without a lower lowest rate; tables are copies.

    The lowest rate is what the group that has least for its need has for each unit of it: the
    measure that ``max_min`` raises. ``goals`` are ``points`` and the division.

    Attributes
    ----------
    answer
        A row for each point, the most points first: point, points, lost_points and lost_share
        (against the most), lowest_rate, lowest_group, at_lowest (groups that have it), gini,
        hoover, total (of the measure), slots (blank of the relaxation), status, gap, found_by
        (``end``, ``between``), binding_group (the group that it costs most to raise there, by the
        relaxation), binding and binding_address (the number that limits points most there),
        seconds.
    tables
        ``groups``: point, group, called, need, amount, rate, status (``lowest``, ``highest`` or
        blank), dual_points (points for one unit of the rate of this group, by the relaxation).
        ``prices`` and ``binding``: as of :class:`Frontier`; goal is the lowest rate, paid in
        points. ``marks``: mark (``policy``: the plan with the most points; ``today``), points,
        lowest_rate, lowest_group, at_lowest, gini, hoover, total, keeps_rules, why.
    plans
        The plan of every point, checked, by number from 1 on; none of the relaxation.
    knee
        Point that lies farthest beyond the line between the ends, if one does.
    division
        Name of the ``[[fairness]]`` table.
    what, per
        What rates are of, and by how much charts multiply them.
    """

    division: str
    what: str
    per: float
    called: ClassVar[str] = "a front has"

    def __repr__(self) -> str:
        return f"<FairFrontier of {self.division}: {counted(len(self.answer), 'point')}>"

    def _said(self) -> list[str]:
        return fair_front_in_words(
            self.answer,
            dict(self.tables),
            self.knee,
            name=self.division,
            what=self.what,
            per=self.per,
        )

    @property
    def _drawings(self) -> Mapping[str, Callable[[], Any]]:
        of = self.what, self.per
        return {
            "front": lambda: drawn_price(self.answer, self.tables["marks"], *of),
            "groups": lambda: drawn_groups(self.tables["groups"], *of),
        }

    def _limits(self, point: int) -> tuple[dict[str, Any], ...]:
        """A limit that gives every group at least the lowest rate of a point."""
        policy = self.question.policy
        division = next(each for each in policy.fairness if each.name == self.division)
        row = self.answer[self.answer["point"].eq(point)].iloc[0]
        return (level_limit(policy, division, float(row["lowest_rate"]), point),)


def fair_frontier(held: Holding, asked: AskedOfFront, watch: Watch) -> FairFrontier:
    """Find the points of a front of points and fairness, and what is said of each."""
    division = division_named(held.loaded.instance, asked.fairness)
    with watch.listening():
        search: FairCurve | FairSearch = (FairCurve if asked.is_relaxed else FairSearch)(
            held, division, asked, watch
        )
        search.look()
        prices = search.prices()
        watch.begin("today's plan")
        today = mark_of_today(held, division, watch, asked.gap, relaxed=asked.is_relaxed)
    points = search.points
    own = MarkedPlan(OF_POLICY, points[0].points, points[0].amounts, keeps_rules=True)
    price, binding = fair_price_tables(points, division, prices)
    answer = fair_point_table(points, division, prices)
    groups = group_table(points, division, prices)
    what, per = _rates_of(division, groups)
    place = knee_of_values(answer[["points", "lowest_rate"]].to_numpy(dtype=float))
    is_relaxed = isinstance(search, FairCurve)
    return FairFrontier(
        answer=answer,
        tables={
            "groups": groups,
            "prices": price,
            "binding": binding,
            "marks": mark_table([own] if today is None else [own, today], division),
        },
        plans={} if is_relaxed else _plans(points, answer, division),
        goals=asked.goals,
        knee=None if place is None else place + 1,
        dominated=0 if isinstance(search, FairCurve) else search.dominated,
        why_incomplete=search.why_incomplete,
        interrupted=watch.interrupted,
        timed_out=watch.timed_out,
        question=held.question,
        provenance=front_facts(held, asked, watch, search.asked_times),
        division=division.fairness.name,
        what=what,
        per=per,
    )


def _rates_of(division: JoinedDivision, groups: pd.DataFrame) -> tuple[str, float]:
    """What rates are of, and by how much they are multiplied to be read easily."""
    return rates_called(division.fairness, float(groups["rate"].max()))


def _plans(
    points: list[FairPoint], answer: pd.DataFrame, division: JoinedDivision
) -> dict[int, Plan]:
    """The plan of every point, with what it is."""
    name, found = division.fairness.name, {}
    for number, point in enumerate(points, start=1):
        assert point.plan is not None, "points that were searched for have plans"
        note = (
            f"Point {number} of a front of points and {name}: no plan that was found has as many "
            "points and a higher lowest rate, or more points and as high a one."
        )
        facts = {**point.plan.provenance, "deterministic": False}
        facts["frontier"] = {
            "point": number,
            "goals": {
                ALL_POINTS_AIM: point.points,
                name: float(answer["lowest_rate"].iloc[number - 1]),
            },
            "gap": point.gap,
        }
        found[number] = replace(point.plan, notes=(note, *point.plan.notes), provenance=facts)
    return found
