"""Results of a search by the names of decisions, with as little money moved as possible."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from optimizer.errors import SolverError
from optimizer.formulation.expressions import KEYS
from optimizer.frames import keys_of
from optimizer.frames.arrays import Floats
from optimizer.persistent.roles import columns_of
from optimizer.schema.decisions import families
from optimizer.solver.rest import Rest
from optimizer.solver.search import Search
from optimizer.solver.solution import OPTIMAL_GAP, Solution
from optimizer.solver.watch import Watch, relative_gap

if TYPE_CHECKING:
    from optimizer.persistent.loaded import LoadedModel


def with_least_moved(model: LoadedModel, x: Floats, watch: Watch) -> Floats:
    """Among plans that differ in money moved only, take the one that moves least.

    Where there is no time for it, the plan stands as it is.
    """
    moved = columns_of(model.matrix, "moved")
    if not len(moved):
        return x
    cost = np.zeros(len(x))
    # Per unit of the largest budget: costs of 1 per single yen would be excessive in HiGHS.
    cost[moved] = -1.0 / max(1.0, float(model.instance.budget["amount"].max()))
    movement = replace(model.matrix, cost=cost, offset=0.0)
    last = watch.for_last_steps()
    try:
        least = Rest(movement, moved, model.options).best(x, last)
    except SolverError:
        # The plan stands as it is; it may only move more money than it needs to.
        least = None
    watch.timed_out |= last.timed_out
    is_less = least is not None and movement.points(least) >= movement.points(x)
    return least if least is not None and is_less else x


def solution_of(model: LoadedModel, x: Floats, watch: Watch, search: Search) -> Solution:
    """The plan of a search, with its value and proven bound."""
    objective = model.matrix.points(x)
    bound = max(objective, watch.bound if watch.bound is not None else np.inf)
    gap = relative_gap(objective, bound)
    decisions = {}
    for family, keys in KEYS.items():
        frame = getattr(model.instance.sets, family)
        columns = [model.matrix.column(family, index) for index in keys_of(frame, keys)]
        decisions[family] = np.array(
            [0.0 if column is None else float(x[column]) for column in columns]
        )
    money: dict[str, dict[tuple[object, ...], float]] = {name: {} for name in families("moved")}
    for number, (component, index) in enumerate(model.matrix.columns):
        if component in money and isinstance(index, tuple):
            money[component][index] = float(x[number])
    return Solution(
        status="optimal" if gap <= OPTIMAL_GAP else "feasible",
        objective=objective,
        bound=float(bound),
        gap=gap,
        decisions=decisions,
        money=money,
        complete=watch.is_repeatable,
        nodes=search.nodes,
        variables=_variables(model, x),
        links=search.links,
    )


def _variables(model: LoadedModel, x: Floats) -> dict[str, dict[object, float]]:
    """Values of custom variables; of those that no row speaks of, what they were fixed at."""
    found: dict[str, dict[object, float]] = {}
    for name in model.instance.extension.variables:
        found[name] = {}
        for index, variable in model.model.find_component(name).items():
            column = model.matrix.column(name, index)
            value = variable.value if column is None else x[column]
            found[name][index] = 0.0 if value is None else float(value)
    return found
