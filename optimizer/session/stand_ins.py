"""Scales under a time limit: exact ones, or stand-ins where these would leave no time to plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.persistent import LoadedModel, goals_alone
from optimizer.plan.scales import WORKED_OUT, Scales
from optimizer.session.ideals import NO_SCALE, Ideals
from optimizer.solver import Watch
from optimizer.solver.engine import EngineRun
from optimizer.solver.part import Part

_KEPT, _MOST_KEPT = 1.5, 0.5
"""Time that is kept for a plan, in multiples of the longest ideal so far, and the largest share of
the time left. On the Japan case a plan takes as long as two ideals of which two are worked out at
a time, on one processor as long as one."""


@dataclass(frozen=True)
class Provisional(Scales):
    """Scale of every goal, some of which only stand in for others.

    Attributes
    ----------
    provisional
        Goals whose scale only stands in for their ideal.
    found
        Ideals that are known exactly.
    ideals
        Where the others are worked out.
    """

    provisional: tuple[str, ...]
    found: Mapping[str, float]
    ideals: Ideals

    def exact(self, watch: Watch) -> Scales | None:
        """Work out what is missing; ``None`` if the watch stops it."""
        watch.begin("scales")
        more = goals_alone.ideals_in(self.ideals.model, self.provisional, watch)
        return None if more is None else self.ideals.exact({**self.found, **more})

    @property
    def note(self) -> str:
        """Note on scales that are provisional."""
        return (
            f"The scale of {', '.join(self.provisional)} is provisional: the time limit left no "
            "time to work out its ideal, so its best value under the other goals' ideals stands "
            "in. Points and gap hold under these scales; do not compare them with another plan's."
        )


def scales_in_time(ideals: Ideals, watch: Watch) -> Scales:
    """Scales as the policy says, exact unless they would leave no time for a plan.

    Ideals may take so long that a plan can still be found, and at least as long as the first of
    them takes. For each of the others stands the most of its goal that any solution found so far
    earns, which its ideal can only exceed. Where none earns anything, its own ideal is waited for.

    Raises
    ------
    PolicyError, InfeasibleError, NoPlanError
        As :meth:`optimizer.session.ideals.Ideals.scales`.
    """
    if watch.time_limit is None:
        return ideals.scales(watch)
    known = ideals.known(watch)
    if known is not None:
        return known
    model, goals = ideals.model, ideals.goals
    part = Part(whole=watch, kept=_KEPT, most_kept=_MOST_KEPT * watch.seconds_left())
    runs = goals_alone.ideal_runs(model, goals, part, part.note)
    found = {goal: run.objective for goal, run in runs.items() if run.objective is not None}
    is_infeasible = any(run.status == "infeasible" for run in runs.values())
    if is_infeasible or (watch.should_stop() and len(found) < len(goals)):
        raise ideals.none_found(watch)
    stand_ins = _most_earned(model, runs)
    waited_for = [name for name in goals if name not in found and stand_ins[name] <= NO_SCALE]
    if waited_for:
        more = goals_alone.ideals_in(model, waited_for, watch)
        if more is None:
            raise ideals.none_found(watch)
        found |= more
    missing = tuple(name for name in goals if name not in found)
    if not missing:
        return ideals.exact(found)
    watch.hurried = True
    scales = ideals.rounded({**{name: stand_ins[name] for name in missing}, **found})
    return Provisional(scales, WORKED_OUT, missing, found, ideals)


def _most_earned(model: LoadedModel, runs: Mapping[str, EngineRun]) -> dict[str, float]:
    """The most of every goal in any of the solutions."""
    solutions = [run.x for run in runs.values() if run.x is not None and run.objective is not None]
    columns = {name: model.matrix.column("value", name) for name in runs}
    return {
        name: 0.0 if column is None else max((float(x[column]) for x in solutions), default=0.0)
        for name, column in columns.items()
    }
