"""Scales under a time limit: exact ones, or stand-ins where these would leave no time to plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.persistent import LoadedModel
from optimizer.plan import scales as origins
from optimizer.plan.scales import Scales
from optimizer.session.ideals import (
    NO_SCALE,
    ideal_goals,
    ideal_model,
    kept_ideals,
    no_scales,
    rounded_scales,
    scales_of,
)
from optimizer.session.preparation import Wanted
from optimizer.solver import Watch
from optimizer.solver.engine import Run
from optimizer.solver.part import Part

KEPT, MOST_KEPT = 1.5, 0.5
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
    ideals
        Exact ideals that are known.
    model
        The model whose ideals count.
    """

    provisional: tuple[str, ...]
    ideals: Mapping[str, float]
    model: LoadedModel

    def exact(self, wanted: Wanted, watch: Watch) -> Scales | None:
        """Work out what is missing; ``None`` if the watch stops it."""
        watch.begin("scales")
        found = self.model.ideals(self.provisional, watch)
        return None if found is None else _exact(wanted, self.model, {**self.ideals, **found})

    @property
    def note(self) -> str:
        """What a reader must know of scales that are provisional."""
        return (
            f"The scale of {', '.join(self.provisional)} is provisional: the time limit left no "
            "time to work out its ideal, so the most that other goals' ideals give of it stands "
            "in. Points and gap hold under these scales; compare them with no other plan's."
        )


def scales_in_time(wanted: Wanted, loaded: LoadedModel, watch: Watch) -> Scales:
    """Scales as the policy says, exact unless they would leave no time for a plan.

    Ideals may take so long that a plan can still be found, and at least as long as the first of
    them takes. For each of the others stands the most of its goal that any solution found so far
    earns, which its ideal can only exceed. Where none earns anything, its own ideal is waited for.

    Raises
    ------
    PolicyError, InfeasibleError, NoPlanError
        As :func:`optimizer.session.ideals.scales_of`.
    """
    goals = ideal_goals(wanted)
    if watch.time_limit is None or wanted.scales is not None or not goals:
        return scales_of(wanted, loaded, watch)
    model = ideal_model(wanted, loaded)
    watch.begin("scales")
    known = kept_ideals(wanted, model).known()
    if known is not None:
        return Scales(rounded_scales(wanted, known), origins.KEPT)
    part = Part(whole=watch, kept=KEPT, most_kept=MOST_KEPT * watch.seconds_left())
    runs = model.ideal_runs(goals, part, part.note)
    found = {goal: run.objective for goal, run in runs.items() if run.objective is not None}
    is_infeasible = any(run.status == "infeasible" for run in runs.values())
    if is_infeasible or (watch.should_stop() and len(found) < len(goals)):
        raise no_scales(model, watch)
    stand_ins = _most_earned(model, runs)
    waited_for = [name for name in goals if name not in found and stand_ins[name] <= NO_SCALE]
    if waited_for:
        more = model.ideals(waited_for, watch)
        if more is None:
            raise no_scales(model, watch)
        found |= more
    missing = tuple(name for name in goals if name not in found)
    if not missing:
        return _exact(wanted, model, found)
    watch.hurried = True
    scales = rounded_scales(wanted, {**{name: stand_ins[name] for name in missing}, **found})
    return Provisional(scales, origins.WORKED_OUT, missing, found, model)


def _exact(wanted: Wanted, model: LoadedModel, found: Mapping[str, float]) -> Scales:
    """Scales of ideals that are all proven, and only these, which are kept."""
    kept_ideals(wanted, model).keep(found)
    return Scales(rounded_scales(wanted, found), origins.WORKED_OUT)


def _most_earned(model: LoadedModel, runs: Mapping[str, Run]) -> dict[str, float]:
    """The most of every goal in any of the solutions."""
    solutions = [run.x for run in runs.values() if run.x is not None and run.objective is not None]
    columns = {name: model.matrix.column("value", name) for name in runs}
    return {
        name: 0.0 if column is None else max((float(x[column]) for x in solutions), default=0.0)
        for name, column in columns.items()
    }
