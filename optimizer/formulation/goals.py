"""The value of every goal, its diminishing returns, and the points a plan earns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyomo.environ as pyo

from optimizer.formulation.expressions import Numbers, Sums
from optimizer.instance import Instance
from optimizer.instance.people import decided


def add_goals(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""A goal's value adds up the value of participants' outcomes at the stages they reach.

    ``value_adds_up``: the value of a goal is the sum of the terms of decisions in
    :func:`optimizer.instance.values.value_terms`; with diminishing returns, of what is counted:

    ``raw_value_adds_up``, ``counted_under_tangent``

    .. math:: value_g = \sum_j counted_{g,j}, \qquad
        counted_{g,j} \le slope_i \cdot raw_{g,j} + intercept_i \cdot size_j - anyway_{g,j}
        \quad \forall i

    where the tangents are those of the concave curve through (0, 0) with slope ``factor`` from
    each point's x on; raw values are discounted before they are counted. size is 1, or with
    breakpoints_per the sum of that attribute over the members of the group. anyway is what the
    curve counts for people already here and expected ones alone: a plan earns what it adds to
    that, so that what is earned whatever is decided flatters neither points nor gap.
    """
    value = Sums(model, decided(instance.value), ["goal"])
    curves = instance.diminishing
    heights = curve_numbers(instance)["counted_under_tangent"]
    model.GOALS = pyo.Set(initialize=list(instance.policy.goals))
    model.COUNTED = pyo.Set(
        initialize=[(goal, group) for goal, curve in curves.items() for group in curve.groups],
        dimen=2,
    )
    model.TANGENTS = pyo.Set(
        initialize=[
            (goal, group, number)
            for goal, curve in curves.items()
            for group in curve.groups
            for number in range(len(curve.tangents))
        ],
        dimen=3,
    )
    model.value = pyo.Var(model.GOALS, domain=pyo.Reals)
    model.raw_value = pyo.Var(model.COUNTED, domain=pyo.Reals)
    model.counted = pyo.Var(model.COUNTED, domain=pyo.Reals)
    raw = {goal: Sums(model, curve.terms, ["group"]) for goal, curve in curves.items()}

    @model.Constraint(model.GOALS)
    def value_adds_up(model: pyo.ConcreteModel, goal: str) -> object:
        if goal in curves:
            counted = sum(model.counted[goal, group] for group in curves[goal].groups)
            return model.value[goal] == counted
        return model.value[goal] == value[goal]

    @model.Constraint(model.COUNTED)
    def raw_value_adds_up(model: pyo.ConcreteModel, goal: str, group: str) -> object:
        return model.raw_value[goal, group] == raw[goal][group]

    @model.Constraint(model.TANGENTS)
    def counted_under_tangent(
        model: pyo.ConcreteModel, goal: str, group: str, number: int
    ) -> object:
        slope, _ = curves[goal].tangents[number]
        height = heights[goal, group, number]
        return model.counted[goal, group] <= slope * model.raw_value[goal, group] + height


def curve_numbers(instance: Instance) -> Numbers:
    """Height of every tangent, less what is counted whatever is decided, by rule and index."""
    heights: dict[Any, float] = {}
    for goal, curve in instance.diminishing.items():
        anyway = curve.anyway
        for group in curve.groups:
            for number, (_, intercept) in enumerate(curve.tangents):
                heights[goal, group, number] = intercept * curve.sizes[group] - anyway[group]
    return {"counted_under_tangent": heights}


def points_per_value(instance: Instance, scales: Mapping[str, float]) -> dict[str, float]:
    """Points that one unit of a goal's value earns: 100 * weight / sum of |weights| / scale."""
    goals = instance.policy.goals
    total = sum(abs(goal.weight) for goal in goals.values())
    return {name: 100.0 * goal.weight / total / scales[name] for name, goal in goals.items()}


def penalties(instance: Instance) -> dict[tuple[str, Any], float]:
    """Points that one percent of shortfall or of change costs, by component and index."""
    cost: dict[tuple[str, Any], float] = {
        ("violation", (limit.name, bound.sense, str(group))): limit.limit.soft
        for limit in instance.limits
        if limit.limit.soft is not None
        for bound in limit.bounds
        for group in limit.groups.index
    }
    stability = instance.policy.stability
    if stability is not None:
        cost |= {("change", year): stability.penalty or 0.0 for year in instance.sets.years}
    return cost


def add_points(model: pyo.ConcreteModel, instance: Instance, scales: Mapping[str, float]) -> None:
    r"""The plan with the most points is best.

    .. math:: \max \sum_g 100 \frac{w_g}{\sum_h |w_h|} \frac{value_g}{scale_g}
        - \sum_i soft_i \cdot violation_i - penalty \sum_y change_y

    with shortfalls and changes in percent. 100 points = every goal at its scale.
    """
    model.points_per_value = pyo.Param(
        model.GOALS, initialize=points_per_value(instance, scales), mutable=True
    )
    penalty = penalties(instance)

    @model.Objective(sense=pyo.maximize)
    def points(model: pyo.ConcreteModel) -> object:
        earned = sum(model.points_per_value[goal] * model.value[goal] for goal in model.GOALS)
        lost = sum(
            each * model.component(name)[key] for (name, key), each in penalty.items() if each
        )
        return earned - lost
