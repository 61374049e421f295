"""Results of a search by the names of decisions, with as little money moved as possible."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from optimizer.errors import SolverError
from optimizer.formulation.expressions import KEYS
from optimizer.frames.arrays import Floats
from optimizer.persistent.roles import columns_in_order, columns_of
from optimizer.schema.decisions import families
from optimizer.solver.leanest import leanest
from optimizer.solver.rest import Rest
from optimizer.solver.search import Search
from optimizer.solver.solution import OPTIMAL_GAP, Solution
from optimizer.solver.watch import Watch, relative_gap

_IDLE = 1e-6
"""Burden of one decision without cost, in parts of the largest budget."""

if TYPE_CHECKING:
    from optimizer.instance import Instance
    from optimizer.persistent.loaded import LoadedModel


def with_least_built(model: LoadedModel, x: Floats, watch: Watch) -> Floats:
    """Among plans for the same people, take one that spends least on what it opens and builds.

    What costs nothing counts a little, so that nothing is open or built for nobody. Integers of
    custom rules stay as they are. Where there is no time for it, the plan stands as it is.
    """
    matrix = model.matrix
    burden, kept = np.zeros(len(x)), matrix.integral.copy()
    for family in families("staged"):
        columns = columns_in_order(model.instance, matrix, family)
        there = columns >= 0
        burden[columns[there]] = _IDLE + _money_of(model.instance, family, len(columns))[there]
        kept[columns[there]] = False
    kept[columns_of(matrix, "margin")] = True
    last = watch.for_last_steps()
    found = leanest(matrix, x, burden, kept=kept, options=model.options, watch=last)
    watch.timed_out |= last.timed_out
    return found


def _money_of(instance: Instance, family: str, count: int) -> Floats:
    """Money that each decision of a family costs in all years, per unit of the largest budget."""
    spending = instance.spending[instance.spending["family"].eq(family)]
    position, paid = spending["position"].to_numpy(), spending["coefficient"].to_numpy()
    money = np.bincount(position, paid, minlength=count)
    most = max(1.0, float(instance.budget["amount"].max()))
    return np.maximum(0.0, money) / most


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


def decided_at(
    model: LoadedModel, x: Floats
) -> tuple[dict[str, Floats], dict[str, dict[tuple[object, ...], float]]]:
    """Decisions of a solution by family, in the order of their frames, and money moved."""
    decisions = {}
    for family in KEYS:
        columns = columns_in_order(model.instance, model.matrix, family)
        decisions[family] = np.where(columns < 0, 0.0, x[columns])
    money: dict[str, dict[tuple[object, ...], float]] = {name: {} for name in families("moved")}
    for number, (component, index) in enumerate(model.matrix.columns):
        if component in money and isinstance(index, tuple):
            money[component][index] = float(x[number])
    return decisions, money


def solution_of(model: LoadedModel, x: Floats, watch: Watch, search: Search) -> Solution:
    """The plan of a search, with its value and proven bound."""
    bound = watch.bound if watch.bound is not None else np.inf
    found = solution_at(model, x, bound, watch)
    return replace(found, nodes=search.nodes, links=search.links)


def solution_at(model: LoadedModel, x: Floats, bound: float, watch: Watch) -> Solution:
    """A solution as a plan, with its value and what no plan exceeds."""
    decisions, money = decided_at(model, x)
    objective = model.matrix.points(x)
    bound = max(objective, bound)
    gap = relative_gap(objective, bound)
    return Solution(
        status="optimal" if gap <= OPTIMAL_GAP else "feasible",
        objective=objective,
        bound=float(bound),
        gap=gap,
        decisions=decisions,
        money=money,
        complete=watch.is_repeatable,
        variables=variables_at(model, x),
    )


def variables_at(model: LoadedModel, x: Floats) -> dict[str, dict[object, float]]:
    """Values of custom variables; of those that no row speaks of, what they were fixed at."""
    found: dict[str, dict[object, float]] = {}
    for name in model.instance.extension.variables:
        found[name] = {}
        for index, variable in model.model.find_component(name).items():
            column = model.matrix.column(name, index)
            value = variable.value if column is None else x[column]
            found[name][index] = 0.0 if value is None else float(value)
    return found
