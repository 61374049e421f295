"""Search for repairs: each number alone, the cheapest of all together, and the fewest numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import inf

from optimizer.errors import OptimizerError
from optimizer.explain.bisecting import Bisection, Nearest
from optimizer.explain.levers import Lever
from optimizer.explain.loosening import LeastChanges, PlanAsking, least_changes
from optimizer.persistent import goals_alone
from optimizer.persistent.conflict import Conflict, Conflicts, can_be_asked_whole
from optimizer.plan import Plan
from optimizer.plan.scales import Scales, known_scales
from optimizer.session.clashing import why_left_open
from optimizer.session.holding import Holding
from optimizer.session.ideals import NO_SCALE, SCALE_DIGITS
from optimizer.session.planning import PlanSearch
from optimizer.solver import Watch
from optimizer.solver.subsets import hitting_sets
from optimizer.text.figures import counted

ALONE, CHEAPEST, FEWEST, LEAST_CHANGE = "alone", "cheapest", "fewest", "least change"
"""What a repair is: a change of one number, or the one of least price, of fewest numbers, or of
least total change in percent."""
SO_FAR = " so far"
"""Follows those of which it is not proven that there is no better one."""
MOST_AT_ONCE = 3
"""Most numbers of a repair of fewest numbers."""
MOST_COMBINATIONS = 200
"""Sets of so many numbers that are tried for it."""
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
        What it is: ``alone``, ``cheapest``, ``fewest``, ``least change``, the last three followed
        by ``so far`` where that is not proven.
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

    Attributes
    ----------
    not_shown
        What is not known of all repairs, in sentences.
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
        self._bisection = Bisection(held, self._asking, watch)
        self._alone: dict[str, Nearest] = {}
        self.levers = {lever.address: lever for lever in levers}
        self.not_shown: dict[str, None] = {}

    def levers_in(self, conflict: Conflict) -> list[Lever]:
        """Numbers of a conflict that may be changed."""
        rows = {each.row for each in conflict.rows}
        return [lever for lever in self.levers.values() if rows & lever.rows.keys()]

    def alone(self, lever: Lever, conflict: Conflict) -> Nearest:
        """What a number would have to be to resolve a conflict, the others being resolved."""
        free = self._others_than(conflict)
        if lever.is_linear:
            least = self._least_changes([lever], free)
            after = lever.after(least.by[lever.address]) if least.by else None
            nearest = Nearest(after, "" if least.is_proven else why_left_open(self._watch))
        else:
            nearest = self._bisection.nearest(lever, {}, free)
        self._alone[lever.address] = nearest
        return nearest

    def _least_changes(self, levers: Sequence[Lever], free: Collection[int] = ()) -> LeastChanges:
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
        fewest = [] if alone else self._fewest()
        others = [changes for _, changes in (*offered, *fewest)]
        cheapest = self._cheapest(CHEAPEST, others, self.levers)
        least: list[tuple[str, Mapping[str, float]]] = []
        if any(lever.price != 1.0 for lever in self.levers.values()):
            at_one = {name: replace(lever, price=1.0) for name, lever in self.levers.items()}
            least = self._cheapest(LEAST_CHANGE, others, at_one)
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
        self, kind: str, offered: Sequence[Mapping[str, float]], levers: Mapping[str, Lever]
    ) -> list[tuple[str, Mapping[str, float]]]:
        """The cheapest of all: numbers that rows follow, shares by bisection, what is offered."""
        changes = self._least_changes([each for each in levers.values() if each.is_linear])
        found = list(offered)
        if changes.by:
            found.append(
                {address: self.levers[address].after(by) for address, by in changes.by.items()}
            )
        shares_open = any(
            nearest.why_open and not levers[address].is_linear
            for address, nearest in self._alone.items()
        )
        is_proven = changes.is_proven and not shares_open
        if not is_proven:
            what = "a repair is cheaper" if found else "there is any repair"
            self._leave_open(what)
        if not found:
            return []
        least = min(_cost(each, levers) for each in found)
        # What is cheaper by less than the room that is added later is not worth more changes.
        margin = 0.0 if can_be_asked_whole(self._held.loaded.matrix) else ROOMS[0]
        cheap = [each for each in found if _cost(each, levers) <= least * (1.0 + margin)]
        best = min(cheap, key=lambda each: (len(each), _cost(each, levers)))
        return [(kind if is_proven else kind + SO_FAR, best)]

    def _leave_open(self, what: str, why: str = "") -> None:
        """Say what is not shown, and why."""
        said = why or f", {why_left_open(self._watch)}"
        self.not_shown[f"Whether {what} is not shown{said}."] = None

    def _fewest(self) -> list[tuple[str, Mapping[str, float]]]:
        """The repair of fewest numbers, where none suffices alone: of all sets the cheapest."""
        groups = [self._addresses_in(conflict) for conflict in self._found.found]
        is_one = len(groups) == 1
        is_proven = not (is_one and any(each.why_open for each in self._alone.values()))
        # One number that stands in several conflicts may resolve them all.
        for size in range(2 if is_one else 1, MOST_AT_ONCE + 1):
            if self._watch.should_stop():
                break
            sets = list(islice(hitting_sets(groups, size), MOST_COMBINATIONS + 1))
            answers = [self._together(some) for some in sets[:MOST_COMBINATIONS]]
            found = [values for values, _ in answers if values]
            numbers = counted(size, "number")
            what = f"other sets of {numbers} cost less" if found else f"{numbers} can be enough"
            if not all(is_known for _, is_known in answers):
                self._leave_open(what)
                is_proven = False
            elif len(sets) > MOST_COMBINATIONS:
                self._leave_open(what, f": {MOST_COMBINATIONS} sets were tried")
                is_proven = False
            if found:
                best = min(found, key=self.cost)
                return [(FEWEST if is_proven else FEWEST + SO_FAR, best)]
        return []

    def _addresses_in(self, conflict: Conflict) -> list[str]:
        """Numbers of a conflict: those that resolve it alone first, the cheapest before others."""

        def cost(lever: Lever) -> float:
            after = self._alone[lever.address].after if lever.address in self._alone else None
            return inf if after is None else lever.cost(after)

        return [lever.address for lever in sorted(self.levers_in(conflict), key=cost)]

    def _together(self, some: Sequence[str]) -> tuple[Mapping[str, float] | None, bool]:
        """What some numbers would have to be together: the last share by bisection.

        With whether it is proven that no less does, or that they do not suffice.
        """
        if self._watch.should_stop():
            return None, False
        levers = [self.levers[address] for address in some]
        free = {row for lever in levers for row in lever.rows}
        has_plan = self._asking.has_plan(self._held.loaded, self._watch, free)
        shares = [lever for lever in levers if not lever.is_linear]
        if not has_plan or len(shares) > 1:
            return None, has_plan is not None
        linear = [lever for lever in levers if lever.is_linear]
        given_way = {row for lever in shares for row in lever.rows}
        changes = self._least_changes(linear, given_way) if linear else LeastChanges({}, True)
        if changes.by is None:
            return None, changes.is_proven
        values = {address: self.levers[address].after(by) for address, by in changes.by.items()}
        is_proven = changes.is_proven
        for share in shares:
            last = self._bisection.nearest(share, values, set())
            is_proven &= not last.why_open
            if last.after is None:
                return None, is_proven
            values[share.address] = last.after
        return values, is_proven

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


def _by_cost(repair: Repair) -> tuple[float, int, str]:
    return repair.cost, len(repair.changes), str(repair.changes)


def _cost(changes: Mapping[str, float], levers: Mapping[str, Lever]) -> float:
    return sum(levers[address].cost(after) for address, after in changes.items())
