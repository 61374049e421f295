"""The search for a front: its ends first, then what is chosen, then the points between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.frames.arrays import Floats
from optimizer.plan import Plan
from optimizer.schema.decisions import DECISIONS
from optimizer.session.clashing import infeasible
from optimizer.session.holding import Holding
from optimizer.solver import Watch
from optimizer.solver.solution import OPTIMAL_GAP
from optimizer.text.endings import STOPPED_BY_USER
from optimizer.tradeoffs.aiming import SAME_VALUE, GoalAims, no_floors
from optimizer.tradeoffs.asked_of_front import AskedOfFront
from optimizer.tradeoffs.front_points import AimAnswer, FrontPoint, FrontPoints
from optimizer.tradeoffs.front_prices import front_prices
from optimizer.tradeoffs.front_tables import goal_table, knee_of, point_table
from optimizer.tradeoffs.many_goals import OpenZones, every_point_in_zones, spread_in_zones
from optimizer.tradeoffs.steps_of_values import continuous_in
from optimizer.tradeoffs.two_goals import every_point, spread_points


class FrontSearch:
    """Looks for the points of a front in one loaded model.

    Parameters
    ----------
    aims
        What asks for them; those of the goals that are asked for without it.

    Attributes
    ----------
    points
        All that were found.
    front
        Those that no other dominates, in order.
    why_incomplete
        Why there may be more; blank if it is proven that there are none.
    """

    def __init__(
        self, held: Holding, asked: AskedOfFront, watch: Watch, aims: GoalAims | None = None
    ) -> None:
        self._held, self._asked, self._watch = held, asked, watch
        if aims is None:
            _require_values(held, asked)
            aims = GoalAims(held, asked.goals, watch, asked.gap)
        self._aims = aims
        self.points = FrontPoints(self._aims.steps)
        self.front: list[FrontPoint] = []
        self.why_incomplete = ""
        self._chosen: dict[str, FrontPoint] = {}

    @property
    def asked_times(self) -> int:
        """Number of searches."""
        return self._aims.asked

    @property
    def knee(self) -> int | None:
        """Number of the point that lies farthest beyond the line between two ends."""
        place = knee_of(self.front) if len(self._asked.goals) == 2 else None
        return None if place is None else place + 1

    def look(self) -> None:
        """Find ends, chosen points and points between, as long as there is time."""
        ends = self._ends()
        if len(ends) == len(self._asked.goals):
            self._set_ranges(np.array([end.values for end in ends]))
            if self._choose():
                self.why_incomplete = self._between(ends)
        self._watch.should_stop()
        if self._watch.interrupted:
            self.why_incomplete = STOPPED_BY_USER
        self.front = self.points.without_dominated()

    def _ends(self) -> list[FrontPoint]:
        """For each goal the plan with the most of it and, among these, of the others."""
        aims, ends = self._aims, []
        payoffs = aims.payoffs() if aims.gap > OPTIMAL_GAP else None
        if payoffs is not None:
            self._set_ranges(payoffs)
        for goal in range(len(self._asked.goals)):
            answer = aims.end(goal, None if payoffs is None else float(payoffs[goal, goal]))
            if answer.point is None:
                self._require_any(answer)
                self.why_incomplete = answer.reason
                break
            ends.append(answer.point)
            self._note(answer.point)
        return ends

    def _require_any(self, answer: AimAnswer) -> None:
        """Say why there is not even one plan."""
        if self.points.found:
            return
        if answer.status == "infeasible":
            # A model of its own: rows of floors are no rules that could clash.
            held = Holding(
                self._held.question,
                extend=self._held.extend,
                scales=self._held.scaled(self._watch),
                cache=False,
            )
            raise infeasible(held.loaded, self._watch.for_last_steps())
        if answer.why:
            raise OptimizerError(f"no plan was found: {answer.why}")
        raise self._watch.no_plan()

    def _set_ranges(self, values: Floats) -> None:
        """Take how far goals go from what each has where there is most of one, in a row each."""
        size = np.abs(values).max(axis=0)
        least = np.maximum(
            SAME_VALUE * size, np.array([step or 0.0 for step in self._aims.lattice])
        )
        least = np.where(least > 0.0, least, self._aims.ranges)
        self._aims.ranges = np.maximum(values.max(axis=0) - values.min(axis=0), least)
        self.points.steps = self._aims.steps

    def _choose(self) -> bool:
        """Find what is chosen by an order of goals or by a reference; whether both were found."""
        asked, aims = self._asked, self._aims
        count = len(asked.goals)
        if asked.lacking is not None:
            order = list(range(count))
            answer = aims.in_order(order, no_floors(count), "lexicographic", asked.lacking)
            if not self._take_chosen("lexicographic", answer):
                return False
        if asked.reference is not None:
            start = np.array([asked.reference[goal] for goal in asked.goals]) * aims.signs
            # With what the worst of the ends lacks.
            worst = np.min([each.values for each in self.points.found], axis=0)
            beside = 1.0 + float(np.max((start - worst) / aims.ranges, initial=0.0))
            end = start + aims.ranges
            answer = aims.on_the_way(start, end, no_floors(count), "reference", beside=beside)
            return self._take_chosen("reference", answer)
        return True

    def _take_chosen(self, way: str, answer: AimAnswer) -> bool:
        if answer.point is None:
            self.why_incomplete = answer.reason
            return False
        self._note(answer.point)
        known = self.points.like(answer.point)
        assert known is not None, "it was noted"
        self._chosen[way] = known
        return True

    def _between(self, ends: list[FrontPoint]) -> str:
        if self.points.like(ends[0]) is self.points.like(ends[-1]) and len(ends) == 2:
            return "" if all(end.status == "optimal" for end in ends) else "the ends are not proven"
        bounds = self._bounds(ends)
        wanted = self._asked.points
        if len(ends) == 2:
            pair = (ends[0], ends[1])
            if wanted is None:
                return self._not_proven(ends) or every_point(self._aims, pair, self._note)
            return spread_points(self._aims, self.points, pair, wanted, self._note)
        is_proven = all(end.status == "optimal" for end in ends)
        proven = bounds[1] if is_proven else np.full(len(ends), np.inf)
        zones = OpenZones(self._aims.steps, proven)
        for point in self.points.found:
            zones.take(point.values)
        if wanted is None:
            return self._not_proven(ends) or every_point_in_zones(
                self._aims, zones, bounds, self._note
            )
        return spread_in_zones(self._aims, self.points, zones, bounds, wanted)

    @staticmethod
    def _not_proven(ends: list[FrontPoint]) -> str:
        return "" if all(end.status == "optimal" for end in ends) else "the ends are not proven"

    def _bounds(self, ends: list[FrontPoint]) -> tuple[Floats, Floats]:
        values = np.array([end.values for end in ends])
        best = values.max(axis=0)
        # Where all ends have the same of a goal its range is not 0 but as little as counts.
        return np.minimum(values.min(axis=0), best - self._aims.ranges), best

    def _note(self, point: FrontPoint) -> None:
        self.points.add(point)
        count, wanted = len(self.points.found), self._asked.points
        # Those that are chosen come beside those that were asked for.
        told = f"{count}" if wanted is None or count > wanted else f"{count} of {wanted}"
        self._watch.begin(f"{told} points found")

    @property
    def plans(self) -> dict[int, Plan]:
        """The plan of every point, with what it is."""
        return {number: self._told(number, each) for number, each in enumerate(self.front, start=1)}

    def _told(self, number: int, point: FrontPoint) -> Plan:
        goals = self._asked.goals
        raw = dict(zip(goals, (point.values * self._aims.signs).tolist(), strict=True))
        note = (
            f"Point {number} of a front of {', '.join(goals)}: no plan that was found has as much "
            "of each of them and more of one. It need not have the most points."
        )
        facts = {**point.plan.provenance, "deterministic": False}
        facts["frontier"] = {"point": number, "goals": raw, "gap": point.gap}
        return replace(point.plan, notes=(note, *point.plan.notes), provenance=facts)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Points, goals, prices and what binds."""
        goals, aims = self._asked.goals, self._aims
        prices, binding = front_prices(aims, self.front)
        chosen: dict[int, str] = {}
        for way, point in self._chosen.items():
            # Where a gap left something better, that is what was meant.
            place = self.points.place_of(point, self.front)
            chosen[place] = f"{chosen[place]}, {way}" if place in chosen else way
        return {
            "points": point_table(self.front, goals, aims.signs, chosen, binding),
            "goals": goal_table(self.front, goals, aims.signs, aims.lattice),
            "prices": prices,
            "binding": binding,
        }


def _require_values(held: Holding, asked: AskedOfFront) -> None:
    """Refuse goals of which nothing can be earned, and exact points of continuous decisions."""
    for goal in asked.goals:
        if held.loaded.matrix.column("value", goal) is None:
            raise OptimizerError(f"nothing of goal {goal!r} can be earned in this case")
    if not asked.is_exact:
        return
    for goal in asked.goals:
        found = continuous_in(held.loaded.instance, goal)
        if found:
            meant = "; ".join(f"{name}: {DECISIONS[name].meaning}" for name in found)
            raise OptimizerError(
                f"goal {goal!r} depends on continuous decisions ({meant}), so that its points "
                "cannot be listed one by one\n    Expected a number of points instead of exact."
            )
