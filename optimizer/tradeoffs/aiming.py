"""Plans that are asked for the goals of a question, and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

import numpy as np

from optimizer.errors import SolverError
from optimizer.frames import mapping
from optimizer.frames.arrays import Floats
from optimizer.persistent.aimed import NO_FLOOR, AimedModel, AimedRun
from optimizer.persistent.answers import decided_at, variables_at
from optimizer.plan import Plan
from optimizer.session.holding import Holding
from optimizer.session.planning import PlanSearch
from optimizer.solver import Solution, Watch
from optimizer.solver.solution import OPTIMAL_GAP
from optimizer.solver.watch import least_within, relative_gap
from optimizer.tradeoffs.front_points import AimAnswer, FrontPoint
from optimizer.tradeoffs.steps_of_values import steps_of

SAME_VALUE = 1e-6
"""Part of the range of a goal by which two plans may differ and have the same value, where values
are not multiples of anything."""
_LOST = 1e-9
"""Part of a value that a floor at it leaves to the rounding of sums."""
ASIDE = 1e-3
"""Weight of all other goals beside the one there is to be most of, each in parts of its range."""


LEAST_OF_WAY = 0.2
"""Part of the way between two points that every goal has to come at least, within a gap."""


class GoalAims:
    """Asks one loaded model for plans with the most of some goals, and checks each of them.

    Parameters
    ----------
    held
        The question, whose scales are known or are worked out now.
    gap
        Relative gap at which each search ends.

    Attributes
    ----------
    signs
        1 for goals of which more is better, -1 for those to avoid.
    ranges
        How far each goal goes among the ends; its scale before these are known.
    lattice
        Number of which every value of each goal is a multiple; ``None`` where none is known.
    asked
        Number of searches.
    """

    def __init__(self, held: Holding, goals: Sequence[str], watch: Watch, gap: float) -> None:
        policy = held.question.policy
        scales = held.scaled(watch)
        self.held, self.goals, self.watch, self.gap = held, list(goals), watch, gap
        self.signs = np.array([-1.0 if policy.goals[goal].weight < 0 else 1.0 for goal in goals])
        self.ranges = np.array([scales.of[goal] for goal in goals])
        self.model = AimedModel(held.loaded, goals, np.diag(self.signs))
        self.lattice = steps_of(held.loaded.instance, goals)
        self._plans = PlanSearch(held, watch, gap, again=True)
        self.asked = 0

    def weights(self, goal: int, aside: float = ASIDE) -> Floats:
        """Weights of one goal, and a little of all others: less than a step of the one counts."""
        step = self.lattice[goal]
        if step:
            aside = min(aside, 0.5 * step / float(self.ranges[goal]) / len(self.goals))
        found = np.full(len(self.goals), aside)
        found[goal] = 1.0
        weighted: Floats = found / self.ranges
        return weighted

    def sought(
        self, weights: Floats, floors: Floats, *, reached: float = 0.0, offset: float = 0.0
    ) -> AimedRun:
        """Search for the most of a weighted sum above floors."""
        self.asked += 1
        self.model.hold(floors)
        return self.model.most(weights, self.watch, gap=self.gap, reached=reached, offset=offset)

    def asked_for(
        self,
        weights: Floats,
        floors: Floats,
        found_by: str,
        *,
        reached: float = 0.0,
        offset: float = 0.0,
    ) -> AimAnswer:
        """The plan with the most of a weighted sum above floors, checked."""
        if self.watch.should_stop():
            return AimAnswer("stopped")
        began = self.watch.seconds
        run = self.sought(weights, floors, reached=reached, offset=offset)
        gap = np.inf if run.gap is None else run.gap
        if run.x is not None and not np.isfinite(gap) and self.watch.should_stop():
            # What a search has in hand when it is cut off is a plan, and no point of a front.
            return AimAnswer("stopped")
        return self._answer(run, gap, found_by, began)

    def payoffs(self) -> Floats | None:
        """Values of all goals, in a row for the relaxation with the most of each; no floors."""
        count, found = len(self.goals), []
        self.model.hold(no_floors(count))
        for goal in range(count):
            x = self.model.most_of_relaxation(self.weights(goal, 0.0), self.watch)
            if x is None:
                return None
            found.append(self.model.values(x))
        return np.array(found)

    def end(self, goal: int, most: float | None) -> AimAnswer:
        """The plan with the most of a goal and, among these, of the others.

        Within a gap the others count a little beside it, unless that costs more of it than the gap:
        keeping just what was found of it leaves so little room for them that a search does not end.

        Parameters
        ----------
        most
            What no plan has more of, with :attr:`ranges` that go as far as the others do; ``None``
            where that is not known.
        """
        floors = no_floors(len(self.goals))
        if most is not None:
            answer = self.asked_for(self.weights(goal), floors, "end")
            if answer.point is None:
                return answer
            apart = relative_gap(float(answer.point.values[goal]), most)
            if apart <= self.gap:
                return replace(
                    answer, point=replace(answer.point, gap=max(answer.point.gap, apart))
                )
        return self.in_order([goal], floors, "end")

    def on_the_way(
        self, start: Floats, end: Floats, floors: Floats, found_by: str, *, beside: float = 1.0
    ) -> AimAnswer:
        """The plan in which the goal that has come least far from a start to an end comes farthest.

        A little of all goals counts beside it, which keeps out what others dominate. Where a gap is
        admitted it is one of values: no plan has more of every goal by more than it.

        Parameters
        ----------
        end
            More of every goal than at the start.
        beside
            Where no gap is admitted: number of ways that is added to how far goals have come.
        """
        way, aside = end - start, ASIDE / self.ranges
        if self.gap > OPTIMAL_GAP:
            beside = float((np.minimum(abs(start), abs(end)) / way).min())
        beside -= float(aside @ start)
        self.model.reach(start, end)
        answer = self.asked_for(aside, floors, found_by, reached=1.0, offset=beside)
        point = answer.point
        if point is None or point.gap <= OPTIMAL_GAP:
            return answer
        come = float(((point.values - start) / way).min())
        most = come + point.gap * abs(beside + come + float(aside @ point.values))
        bounds = zip(point.values.tolist(), (start + most * way).tolist(), strict=True)
        gap = max(relative_gap(value, bound) for value, bound in bounds)
        return replace(answer, point=replace(point, gap=max(gap, point.gap)))

    def about_half_way(
        self, start: Floats, end: Floats, floors: Floats, found_by: str
    ) -> AimAnswer:
        """A plan in which every goal comes far from a start to an end, within a gap.

        What is sought is the most of how far goals come on average: what a whole plan lacks of one
        goal it may have of another. No plan has more of every goal by more than the gap then
        either. Where a goal is left behind, :meth:`on_the_way` is asked.
        """
        way = end - start
        weights = 1.0 / way / len(way)
        beside = float(weights @ (np.minimum(abs(start), abs(end)) - start))
        answer = self.asked_for(weights, floors, found_by, offset=beside)
        point = answer.point
        if point is None:
            return answer
        come = (point.values - start) / way
        if float(come.min()) < LEAST_OF_WAY:
            return self.on_the_way(start, end, floors, found_by)
        if point.gap <= OPTIMAL_GAP:
            return answer
        left = point.gap * abs(beside + float(weights @ point.values))
        size = float(weights @ abs(point.values))
        gap = relative_gap(size, size + left)
        return replace(answer, point=replace(point, gap=max(gap, point.gap)))

    def in_order(
        self, order: Sequence[int], floors: Floats, found_by: str, lacking: float = 0.0
    ) -> AimAnswer:
        """The plan with the most of one goal, among these the most of the next, and so on.

        Parameters
        ----------
        order
            Places of goals; of those that are not named, as much as there can be in the end.
        lacking
            Share of the most of each goal that may be lacking for the sake of the next.
        """
        began, gaps = self.watch.seconds, [0.0]
        bounds: dict[int, float] = {}
        floors, run = floors.copy(), AimedRun("stopped")
        for place, goal in enumerate(order):
            is_last = place == len(self.goals) - 1
            alone = self.weights(goal, ASIDE if lacking and is_last else 0.0)
            run = self.sought(alone, floors)
            if run.x is None:
                return self._answer(run, 0.0, found_by, began)
            gaps.append(run.gap or 0.0)
            most = float(self.model.values(run.x)[goal])
            bounds[goal] = most + gaps[-1] * abs(most)
            floors[goal] = max(floors[goal], self._enough(goal, most, bounds[goal], lacking))
        rest = [goal for goal in range(len(self.goals)) if goal not in order]
        if rest or lacking:
            assert run.x is not None, "something is in order"
            values = self.model.values(run.x)
            kept = np.array([self._kept(goal, each) for goal, each in enumerate(values)])
            last = self.sought(1.0 / self.ranges, kept if lacking else floors)
            run = run if last.x is None else last
            gaps.append(np.inf if last.gap is None else last.gap)
        if run.x is not None and not lacking:
            values = self.model.values(run.x)
            gaps += [relative_gap(float(values[goal]), bound) for goal, bound in bounds.items()]
        return self._answer(run, max(gaps), found_by, began)

    def _enough(self, goal: int, most: float, bound: float, lacking: float) -> float:
        """Floor under a goal for the sake of the next: as much as was found, or nearly.

        Where a gap is admitted, that counts as reached which is within it.
        """
        if lacking or self.gap <= OPTIMAL_GAP:
            return self._kept(goal, most - lacking * abs(most))
        return min(self._kept(goal, most), least_within(bound, self.gap))

    def _kept(self, goal: int, value: float) -> float:
        """Floor that keeps a value, and of multiples of a step all from there on."""
        step = self.lattice[goal]
        if step:
            return (ceil(value / step - SAME_VALUE) - 0.5) * step
        return value - _LOST * max(1.0, abs(value))

    def beyond(self, goal: int, value: float) -> float:
        """Floor that leaves out a value and keeps the next one above it."""
        step = self.lattice[goal]
        return value + (step / 2.0 if step else float(self.steps[goal]))

    def is_next(self, goal: int, bottom: float, top: float) -> bool:
        """Whether it is proven that no value of a goal lies between two."""
        step = self.lattice[goal]
        return step is not None and top - bottom <= step * (1.0 + SAME_VALUE)

    def left_open(self, values: Floats) -> Floats:
        """Difference from values that the gap leaves open; none where searches are proven."""
        found: Floats = (self.gap if self.gap > OPTIMAL_GAP else 0.0) * np.abs(values)
        return found

    @property
    def by_floors(self) -> bool:
        """Whether points between others are asked for above a floor under one of two goals."""
        return self.gap <= OPTIMAL_GAP

    @property
    def steps(self) -> Floats:
        """Difference of values of each goal below which two plans count as the same."""
        known = zip(self.lattice, self.ranges.tolist(), strict=True)
        return np.array([step or SAME_VALUE * size for step, size in known])

    def values_of(self, plan: Plan) -> Floats:
        """What a checked plan has of all that is aimed at, counted so that more is better."""
        raw = mapping(plan.tables["goals"], "goal", "raw")
        values: Floats = np.array([raw[goal] for goal in self.goals]) * self.signs
        return values

    def _answer(self, run: AimedRun, gap: float, found_by: str, began: float) -> AimAnswer:
        if run.x is None:
            is_proven = run.status == "infeasible"
            return AimAnswer("infeasible" if is_proven else "stopped", why=run.why)
        x, points = self.model.finished(run.x, self.watch, gap=self.gap)
        loaded = self.held.loaded
        decisions, money = decided_at(loaded, x)
        complete = self.watch.is_repeatable
        variables = variables_at(loaded, x)
        solution = Solution(
            "feasible", points, None, None, decisions, money, complete, run.nodes, variables
        )
        try:
            plan = self._plans.checked(solution)
        except SolverError as error:
            return AimAnswer("stopped", why=str(error).splitlines()[0])
        values = self.values_of(plan)
        took = self.watch.seconds - began
        plan = replace(plan, seconds={"solve": took, "check": 0.0, "total": took})
        return AimAnswer("found", FrontPoint(values, plan, gap, found_by, took))


def no_floors(count: int) -> Floats:
    """No floor under any goal."""
    return np.full(count, NO_FLOOR)
