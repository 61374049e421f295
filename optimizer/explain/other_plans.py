"""Plans beside the one in hand: each looked for, checked without the solver, and made a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.explain.apart import ApartSearch, Pairs
from optimizer.explain.apart_tables import IN_HAND, NO_OTHER, NONE_FOUND, Found
from optimizer.explain.nearly_as_good import Checks
from optimizer.explain.ranges import NOT_REACHED
from optimizer.frames.arrays import Floats
from optimizer.persistent.answers import with_least_built, with_least_moved
from optimizer.plan import Plan
from optimizer.plan.notes import notes_of
from optimizer.solver import Watch
from optimizer.solver.rest import RestOfIntegers
from optimizer.solver.solution import OPTIMAL_GAP
from optimizer.solver.watch import relative_gap
from optimizer.text.figures import figure

_OF_PLAN = frozenset(
    {
        *("status", "gap", "objective", "bound", "seconds", "answers"),
        *("near", "change_price", "aim", "frontier", "stakeholders"),
    }
)
"""What is said of the plan in hand among the facts of its run: how good it is, what was asked of
it, what it was to have most of."""


class OtherPlans:
    """Plans of enough points that are far from the plan in hand, and from each other.

    Parameters
    ----------
    plan
        The plan in hand.
    within
        Share of its points that others may lack.

    Attributes
    ----------
    found
        The plan in hand, and every plan that was looked for.
    """

    def __init__(self, plan: Plan, checks: Checks, watch: Watch, within: float) -> None:
        self._plan, self._checks, self._watch = plan, checks, watch
        self._within = within
        self.found: list[Found] = []

    @property
    def plans(self) -> dict[int, Plan]:
        """Those that were found, by number."""
        return {each.number: each.plan for each in self.found[1:] if each.plan is not None}

    def look(
        self,
        search: ApartSearch,
        pairs: Pairs,
        count: int,
        known: list[tuple[Floats, bool]],
        done: Callable[[], None],
    ) -> None:
        """Look for plans one after the other.

        Parameters
        ----------
        known
            Solutions that were found before, in order, and whether none is farther; new ones are
            appended.
        done
            Called after each.
        """
        self.found = [Found(0, IN_HAND, self._plan, pairs.in_hand)]
        slots, watch = [pairs.in_hand], self._watch
        status = NOT_REACHED
        for number in range(1, count + 1):
            is_known = number <= len(known)
            watch.begin(f"plan {number} of {count}")
            x, is_proven = known[number - 1] if is_known else search.next(slots, watch)
            x = x if x is None or is_known else self._lean(x)
            plan = None if x is None else self._made(x, number)
            if x is None or plan is None:
                status = (
                    NOT_REACHED if watch.should_stop() else NO_OTHER if is_proven else NONE_FOUND
                )
                break
            slots.append(np.round(search.slots(x)))
            self.found.append(Found(number, plan.status, plan, slots[-1], is_proven))
            if not is_known:
                known.append((x, is_proven))
            done()
        numbers = range(len(self.found), count + 1)
        self.found += [Found(number, status) for number in numbers]

    def _lean(self, x: Floats) -> Floats:
        """The plan with its integers exact, and with nothing open or moved that it could lack."""
        loaded = self._checks.held.loaded
        exact = RestOfIntegers(loaded.matrix, loaded.options).exact(x, self._watch.for_last_steps())
        if exact is None:
            return x
        lean = with_least_moved(loaded, with_least_built(loaded, exact, self._watch), self._watch)
        return lean if self._checks.checked(lean) is not None else x

    def _made(self, x: Floats, number: int) -> Plan | None:
        """A plan from a solution, if it is one."""
        began, mine = self._watch.seconds, self._plan
        found = self._checks.checked(x, verdict_only=False)
        if found is None:
            return None
        decisions, evaluation = found
        points, bound = evaluation.points, mine.bound
        bound = None if bound is None else max(bound, points)
        gap = None if bound is None else relative_gap(points, bound)
        held = self._checks.held
        name = "the plan in hand" if mine.folder is None else str(mine.folder)
        note = (
            f"Alternative {number} to {name}, of at least {figure(self._checks.least_points)} "
            "points and as different as was found."
        )
        assert mine.question is not None, "a plan in hand holds its question"
        took = self._watch.seconds - began
        return replace(
            mine,
            status="optimal" if gap is not None and gap <= OPTIMAL_GAP else "feasible",
            objective=points,
            bound=bound,
            gap=gap,
            seconds={"solve": 0.0, "check": took, "total": took},
            decisions=decisions,
            tables=evaluation.tables,
            notes=(note, *notes_of(held.loaded.instance, decisions.slots, held.dropped)),
            warnings=held.odd,
            provenance=self._facts(number),
            folder=None,
            # It need have enough points, wherever slots move to.
            question=replace(mine.question, near=None),
            answers=None,
        )

    def _facts(self, number: int) -> dict[str, Any]:
        """What is true of another plan as well among the facts of a run, and what it is."""
        known = self._plan.provenance
        facts = {name: said for name, said in known.items() if name not in _OF_PLAN}
        bests = known.get("stakeholders", {}).get("bests")
        facts |= {"stakeholders": {"bests": bests}} if bests else {}
        facts |= {"trace": [], "deterministic": False, "nodes": 0}
        facts["alternative"] = {
            "number": number,
            "within": self._within,
            "least_points": self._checks.least_points,
        }
        return facts
