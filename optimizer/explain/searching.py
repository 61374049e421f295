"""Search for repairs: each number alone, the cheapest of all together, and the fewest numbers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import inf

from optimizer.errors import OptimizerError
from optimizer.explain.levers import Lever
from optimizer.explain.loosening import PlanAsking, least_changes
from optimizer.persistent import goals_alone
from optimizer.persistent.conflict import Conflict, Conflicts, can_be_asked_whole
from optimizer.plan import Plan
from optimizer.plan.scales import Scales, known_scales
from optimizer.session.holding import Holding
from optimizer.session.ideals import NO_SCALE, SCALE_DIGITS
from optimizer.session.planning import PlanSearch
from optimizer.solver import Watch

ALONE, CHEAPEST, FEWEST, LEAST_CHANGE = "alone", "cheapest", "fewest", "least change"
"""What a repair is: a change of one number, or the one of least price, of fewest numbers, or of
least total change in percent."""
MOST_AT_ONCE = 3
"""Most numbers of a repair of fewest numbers."""
MOST_COMBINATIONS = 200
"""Combinations of numbers that are tried for it."""
SHARE_STEP = 1e-4
"""Step of shares that are found by bisection: a hundredth of a percentage point."""
AMOUNT_STEP = 1e-3
"""Step of other numbers that are found by bisection, as a part of the number."""
_DOUBLINGS = 12
_OF_ANY_SIZE = 40
"""Halvings and doublings of 1 that are tried for an amount of 0, which does not say its size."""
ROOMS = (0.01, 0.1)
"""Parts by which changes are made larger that were found where people have parts: whole people need
room. The next is tried where there is no plan. On the Japan case a ceiling raised by just enough
for the relaxation left no plan."""
SCALES_OF_REPAIRS = "ideals without the numbers that clash"
SCALES_OF_FIRST = "ideals after the first repair"
SCALES_UNKNOWN = "raw values, as ideals are not known"
"""Where the scales come from that all repairs share; ideals after the first repair count where more
clashes than was found."""


@dataclass(frozen=True)
class Repair:
    """Changes after which there is a plan.

    Attributes
    ----------
    changes
        Values by address.
    cost
        Price of all changes.
    kinds
        What it is: ``alone``, ``cheapest``, ``fewest``, ``least change``.
    plan
        The plan found with the changes, checked; ``None`` where none was found in time.
    """

    changes: Mapping[str, float]
    cost: float
    kinds: tuple[str, ...]
    plan: Plan | None = None


class RepairSearch:
    """Search for repairs of a question that is held.

    Parameters
    ----------
    levers
        Numbers that may be changed.
    scales
        Of the goals, where they are known.
    """

    def __init__(
        self,
        held: Holding,
        found: Conflicts,
        levers: Sequence[Lever],
        watch: Watch,
        *,
        scales: Scales | None,
        gap: float,
    ) -> None:
        self._held, self._found, self._watch = held, found, watch
        self._scales, self._gap = scales, gap
        self._asking = PlanAsking(found.asked)
        self.levers = {lever.address: lever for lever in levers}

    def levers_in(self, conflict: Conflict) -> list[Lever]:
        """Numbers of a conflict that may be changed."""
        rows = {each.row for each in conflict.rows}
        return [lever for lever in self.levers.values() if rows & lever.rows.keys()]

    def alone(self, lever: Lever, conflict: Conflict) -> float | None:
        """What a number would have to be to resolve a conflict, the others being resolved."""
        free = self._others_than(conflict)
        if lever.is_linear:
            changes = self._least_changes([lever], free)
            return None if not changes else lever.after(changes[lever.address])
        return self._bisected(lever, {}, free)

    def _least_changes(
        self, levers: Sequence[Lever], free: Collection[int] = ()
    ) -> dict[str, float] | None:
        asked = self._asking.relaxed
        return least_changes(self._held.loaded, levers, self._watch, free, asked)

    def has_another_conflict(self, lever: Lever, conflict: Conflict) -> bool:
        """Whether there is no plan even where a number limits nothing, the others resolved."""
        free = self._others_than(conflict) | lever.rows.keys()
        return self._asking.has_plan(self._held.loaded, self._watch, free) is False

    def _others_than(self, conflict: Conflict) -> set[int]:
        """Rows of the numbers of all other conflicts."""
        return set[int]().union(*(each.numbers for each in self._found.found if each != conflict))

    def repairs(self, alone: Collection[Mapping[str, float]]) -> list[Repair]:
        """Repairs that hold: those with a plan first, each kind from the cheapest on."""
        kinds: dict[tuple[tuple[str, float], ...], list[str]] = {}
        offered = [(ALONE, changes) for changes in alone]
        fewest = [(FEWEST, changes) for changes in self._fewest(alone)]
        others = [changes for _, changes in (*offered, *fewest)]
        cheapest = [(CHEAPEST, each) for each in self._cheapest(others, self.levers)]
        least = []
        if any(lever.price != 1.0 for lever in self.levers.values()):
            at_one = {name: replace(lever, price=1.0) for name, lever in self.levers.items()}
            least = [(LEAST_CHANGE, each) for each in self._cheapest(others, at_one)]
        for kind, changes in (*offered, *fewest, *cheapest, *least):
            kinds.setdefault(tuple(sorted(changes.items())), []).append(kind)
        found = [
            Repair(dict(changes), self.cost(dict(changes)), tuple(dict.fromkeys(told)))
            for changes, told in kinds.items()
        ]
        found.sort(key=_by_cost)
        return sorted(
            self._with_plans(found), key=lambda each: (each.plan is None, *_by_cost(each))
        )

    def cost(self, changes: Mapping[str, float]) -> float:
        """Price of changes."""
        return _cost(changes, self.levers)

    def _cheapest(
        self, offered: Sequence[Mapping[str, float]], levers: Mapping[str, Lever]
    ) -> list[Mapping[str, float]]:
        """The cheapest of all: numbers that rows follow, shares by bisection, what is offered."""
        linear = [lever for lever in levers.values() if lever.is_linear]
        changes = self._least_changes(linear)
        found = list(offered)
        if changes:
            found.append(
                {address: self.levers[address].after(by) for address, by in changes.items()}
            )
        if not found:
            return []
        least = min(_cost(each, levers) for each in found)
        # What is cheaper by less than the room that is added later is not worth more changes.
        margin = 0.0 if can_be_asked_whole(self._held.loaded.matrix) else ROOMS[0]
        cheap = [each for each in found if _cost(each, levers) <= least * (1.0 + margin)]
        return [min(cheap, key=lambda each: (len(each), _cost(each, levers)))]

    def _fewest(self, alone: Collection[Mapping[str, float]]) -> list[Mapping[str, float]]:
        """Repairs of fewest numbers, where none suffices alone: of each set the cheapest."""
        if alone:
            return []
        clashing = [self.levers_in(conflict) for conflict in self._found.found]
        known = {lever.address: lever for each in clashing for lever in each}
        for size in range(2, MOST_AT_ONCE + 1):
            found = []
            for some in list(combinations(known.values(), size))[:MOST_COMBINATIONS]:
                hits = all(any(lever in some for lever in each) for each in clashing)
                changes = self._together(some) if hits else None
                if changes is not None:
                    found.append(changes)
            if found:
                return [min(found, key=self.cost)]
        return []

    def _together(self, some: Sequence[Lever]) -> Mapping[str, float] | None:
        """What some numbers would have to be together: the last share by bisection."""
        free = {row for lever in some for row in lever.rows}
        if self._asking.has_plan(self._held.loaded, self._watch, free) is not True:
            return None
        shares = [lever for lever in some if not lever.is_linear]
        if len(shares) > 1:
            return None
        linear = [lever for lever in some if lever.is_linear]
        given_way = {row for lever in shares for row in lever.rows}
        changes = self._least_changes(linear, given_way)
        if changes is None:
            return None
        values = {address: self.levers[address].after(by) for address, by in changes.items()}
        if not shares:
            return values
        last = self._bisected(shares[0], values, set())
        return None if last is None else {**values, shares[0].address: last}

    def _bisected(
        self, lever: Lever, others: Mapping[str, float], free: Collection[int]
    ) -> float | None:
        """Least change of a number beside others, found by asking for a plan again and again."""
        try:
            return self._least_between(lever, others, free)
        finally:
            self._held.change_to({})

    def _least_between(
        self, lever: Lever, others: Mapping[str, float], free: Collection[int]
    ) -> float | None:
        rows = self._held.loaded.matrix.rows
        names = {rows[row] for row in free}

        def does(value: float) -> bool:
            try:
                self._held.change_to({**others, lever.address: value})
            except OptimizerError:
                return False
            # Where another model was built, the same rows stand elsewhere.
            rows = self._held.loaded.matrix.rows
            left_out = [row for row, name in enumerate(rows) if name in names]
            return self._asking.has_plan(self._held.loaded, self._watch, left_out) is True

        tight, loose = lever.value, self._loose(lever, does)
        if loose is None:
            return None
        step = 1.0 if lever.is_whole else SHARE_STEP if lever.is_share else 0.0
        step = step or AMOUNT_STEP * max(abs(tight), abs(loose))
        # In steps counted from the number itself, so that what is found is written in few digits.
        low, high = 0, max(1, round(abs(loose - tight) / step))
        while high - low > 1:
            middle = (low + high) // 2
            value = _stepped(tight, lever.sign * middle * step)
            low, high = (low, middle) if does(value) else (middle, high)
        best = _stepped(tight, lever.sign * high * step)
        return best if does(best) else loose

    def _loose(self, lever: Lever, does: Callable[[float], bool]) -> float | None:
        """A value at which the number no longer stands in the way; ``None`` if there is none."""
        if lever.sign < 0:
            value = lever.value - lever.most if lever.most < inf else 0.0
            return value if does(value) else None
        most = lever.value + lever.most
        tried = [value for value in _doubled(lever) if value < most]
        tried += [most] if most < inf else []
        # Whoever has a plan with one of them has one with all that are looser.
        first = bisect_left(tried, True, key=does)
        return tried[first] if first < len(tried) else None

    def _with_plans(self, repairs: Sequence[Repair]) -> list[Repair]:
        """Solve each, and leave out what the independent check does not confirm."""
        if not repairs:
            return []
        self._held.take_scales(self._scales or self._shared_scales(repairs[0]))
        try:
            solved = [self._solved(repair) for repair in repairs]
        finally:
            self._held.change_to({})
        return [repair for repair in solved if repair is not None]

    def _solved(self, repair: Repair) -> Repair | None:
        """A repair with its plan; with more room where people had parts so far."""
        rooms = (0.0,) if can_be_asked_whole(self._held.loaded.matrix) else ROOMS
        for room in rooms:
            changes = {
                address: self.levers[address].with_room(after, room) if room else after
                for address, after in repair.changes.items()
            }
            plan = self._plan_after(changes)
            if plan is not None or self._watch.should_stop():
                return Repair(changes, self.cost(changes), repair.kinds, plan)
        return None

    def _plan_after(self, changes: Mapping[str, float]) -> Plan | None:
        try:
            self._held.change_to(changes)
            self._watch.forget()
            # Where there is still no plan, nobody asks why.
            search = PlanSearch(self._held, self._watch, self._gap, again=True, conflicts=0)
            return search.without_warning()
        except OptimizerError:
            # Refused, still without a plan, or out of time: nothing is offered that was not found.
            return None

    def _shared_scales(self, first: Repair) -> Scales:
        """Scales that all repairs share: ideals with the numbers that clash set free."""
        policy = self._held.question.policy
        scales, origin = known_scales(policy), SCALES_OF_REPAIRS
        goals = [name for name, goal in policy.goals.items() if goal.scale == "ideal"]
        ideals = self._ideals_without_clashing(goals)
        if ideals is None:
            ideals, origin = self._ideals_after(first, goals), SCALES_OF_FIRST
        if ideals is None:
            ideals, origin = {}, SCALES_UNKNOWN
        for name, value in ideals.items():
            scales[name] = float(f"{value:.{SCALE_DIGITS}g}") if value > NO_SCALE else 1.0
        return Scales(scales, origin)

    def _ideals_without_clashing(self, goals: Sequence[str]) -> dict[str, float] | None:
        """Ideals with the numbers of all conflicts that were found set free."""
        loaded = self._held.loaded
        rows = sorted(set[int]().union(*(each.numbers for each in self._found.found)))
        loaded.drop(rows)
        try:
            return goals_alone.ideals_in(loaded, goals, self._watch)
        finally:
            loaded.restore(rows)

    def _ideals_after(self, repair: Repair, goals: Sequence[str]) -> dict[str, float] | None:
        """Ideals with the changes of a repair made."""
        try:
            self._held.change_to(repair.changes)
            return goals_alone.ideals_in(self._held.loaded, goals, self._watch)
        except OptimizerError:
            return None
        finally:
            self._held.change_to({})


def _doubled(lever: Lever) -> list[float]:
    """Values to raise a number to, each twice the one before; of a share all of it, or more."""
    start = max(0.5, lever.value) if lever.is_share else lever.value
    if not start:
        return [2.0**power for power in range(-_OF_ANY_SIZE, _OF_ANY_SIZE + 1)]
    return [start * 2.0**power for power in range(1, _DOUBLINGS + 1)]


def _by_cost(repair: Repair) -> tuple[float, int, str]:
    return repair.cost, len(repair.changes), str(repair.changes)


def _cost(changes: Mapping[str, float], levers: Mapping[str, Lever]) -> float:
    return sum(levers[address].cost(after) for address, after in changes.items())


def _stepped(start: float, by: float) -> float:
    """A sum without the noise of binary fractions."""
    return float(f"{start + by:.10g}")
