"""The best of each goal alone, as the linear relaxation has it."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from optimizer.errors import SolverError
from optimizer.persistent.loaded import LoadedModel
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.loading import Options
from optimizer.solver.part import Part
from optimizer.solver.watch import Watch

GOALS_AT_A_TIME = 2
"""Ideals that are worked out side by side."""


def _processors() -> int:
    """Processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def ideals_in(model: LoadedModel, goals: Sequence[str], watch: Watch) -> dict[str, float] | None:
    """LP-relaxation optimum of each goal's raw value under the hard rules.

    ``None`` if the relaxation is infeasible or the watch stopped it. Each goal is a part of the
    step that is reported.
    """
    step, lock, count = watch.step, threading.Lock(), itertools.count(1)

    def one_more(_: float) -> None:
        with lock:
            watch.begin_part(step, next(count), len(goals))

    watch.begin_part(step, 0, len(goals))
    runs = ideal_runs(model, goals, watch, one_more)
    watch.begin(step)
    found = {goal: run.objective for goal, run in runs.items()}
    if any(value is None for value in found.values()):
        return None
    return {goal: value for goal, value in found.items() if value is not None}


def ideal_options(model: LoadedModel) -> Options:
    """Options of HiGHS for ideals."""
    return {**model.options, "threads": 1}


def ideal_runs(
    model: LoadedModel,
    goals: Sequence[str],
    watch: Watch,
    done: Callable[[float], None] = lambda _: None,
) -> dict[str, EngineRun]:
    """Relaxations of each goal alone; those that are not optimal have no objective.

    Soft limits cost nothing here, so they do not bind. Two goals are solved at a time where
    there are two processors, each with one thread. Where one shows that no plan keeps every rule,
    the others are given up: what is infeasible once is so for all, and may take long to see.

    Parameters
    ----------
    done
        Called whenever one has come to its end, with the seconds it took.
    """
    part = Part(whole=watch)

    def ideal(goal: str) -> EngineRun:
        began = watch.seconds
        run = _ideal(model, goal, part)
        if run.status == "optimal":
            done(watch.seconds - began)
        if run.status == "infeasible":
            part.end()
        return run

    with ThreadPoolExecutor(max_workers=min(GOALS_AT_A_TIME, _processors())) as pool:
        runs = dict(zip(goals, pool.map(ideal, goals), strict=True))
    watch.should_stop()
    return runs


def _ideal(model: LoadedModel, goal: str, watch: Watch) -> EngineRun:
    column = model.matrix.column("value", goal)
    if column is None:
        return EngineRun("optimal", None, 0.0, 0.0)
    cost = np.zeros(len(model.matrix.cost))
    cost[column] = 1.0
    alone = replace(model.matrix, cost=cost, offset=0.0)
    lp = Engine(alone, relaxed=True, options=ideal_options(model))
    run = lp.run(watch, afresh=True)
    if run.status == "unbounded":
        raise SolverError(f"the value of goal {goal!r} has no upper limit")
    return run if run.status == "optimal" else replace(run, objective=None)
