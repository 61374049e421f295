"""Limits of the policy and commitments of the case, over accounts of their own."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pyomo.environ as pyo

from optimizer.formulation.expressions import Sums
from optimizer.instance import Instance
from optimizer.instance.bounds import Bound, JoinedLimit


def add_commitments(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Slots committed to countries, tracks, regions or years are given, no more than agreed.

    ``commitment_adds_up``, ``commitment_at_least``, ``commitment_at_most``

    .. math:: at\_least_i \le committed_i = \sum_{slots\ named\ by\ row\ i} slots \le at\_most_i

    Blank keys of a row are summed over. Counted on the cohorts, on the places, or on single
    slots where a row names country and region.
    """
    rows = {limit.name: limit for limit in instance.commitments}
    model.COMMITMENTS = pyo.Set(initialize=list(rows))
    model.committed = pyo.Var(model.COMMITMENTS, domain=pyo.NonNegativeReals)
    named = Sums(model, _tagged(instance.commitments), ["limit"])
    floors, ceilings = _sided(rows, "at_least"), _sided(rows, "at_most")
    model.COMMITTED_FLOORS = pyo.Set(initialize=list(floors))
    model.COMMITTED_CEILINGS = pyo.Set(initialize=list(ceilings))

    @model.Constraint(model.COMMITMENTS)
    def commitment_adds_up(model: pyo.ConcreteModel, row: str) -> object:
        return model.committed[row] == named[row]

    @model.Constraint(model.COMMITTED_FLOORS)
    def commitment_at_least(model: pyo.ConcreteModel, row: str) -> object:
        return model.committed[row] >= float(floors[row].constant.iloc[0])

    @model.Constraint(model.COMMITTED_CEILINGS)
    def commitment_at_most(model: pyo.ConcreteModel, row: str) -> object:
        return model.committed[row] <= float(ceilings[row].constant.iloc[0])


def add_limits(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""What a limit measures stays, in each group, at or above its floor and below its ceiling.

    ``measure_adds_up``, ``compared_adds_up``: one account per limit and group for what is
    measured and, for relative limits, for what it is compared with.

    ``limit_at_least``, ``limit_at_most``

    .. math:: measured_{i,j} + \tfrac{base_i}{100} violation_{i,j} \ge number_{i,j}
        + times_i \cdot compared_{i,j}

    (at_most the other way round). The violation, in percent of the base, exists only for soft
    limits; the base is soft_base, or the number itself.
    """
    limits = {limit.name: limit for limit in instance.limits}
    _add_accounts(model, instance, limits)
    add_violations(model, limits)

    def floor(model: pyo.ConcreteModel, name: str, group: str) -> object:
        bound = _sided(limits, "at_least")[name]
        return model.measured[name, group] + _violated(
            model, limits[name], bound, group
        ) >= _number(model, name, bound, group)

    def ceiling(model: pyo.ConcreteModel, name: str, group: str) -> object:
        bound = _sided(limits, "at_most")[name]
        return model.measured[name, group] - _violated(
            model, limits[name], bound, group
        ) <= _number(model, name, bound, group)

    model.limit_at_least = pyo.Constraint(model.FLOORS, rule=floor)
    model.limit_at_most = pyo.Constraint(model.CEILINGS, rule=ceiling)


def _add_accounts(
    model: pyo.ConcreteModel, instance: Instance, limits: dict[str, JoinedLimit]
) -> None:
    measured = Sums(model, _tagged(tuple(limits.values())), ["limit", "group"])
    compared = Sums(model, _compared(limits), ["limit", "sense", "group"])
    model.MEASURED = pyo.Set(
        initialize=[
            (name, group) for name, limit in limits.items() for group in limit.groups.index
        ],
        dimen=2,
    )
    model.COMPARED = pyo.Set(
        initialize=[
            (name, bound.sense, group)
            for name, limit in limits.items()
            for bound in limit.bounds
            for group in dict.fromkeys(bound.other["group"])
        ],
        dimen=3,
    )
    for side, name in (("at_least", "FLOORS"), ("at_most", "CEILINGS")):
        keys = [
            (limit, group) for limit in _sided(limits, side) for group in limits[limit].groups.index
        ]
        model.add_component(name, pyo.Set(initialize=keys, dimen=2))
    model.measured = pyo.Var(model.MEASURED, domain=pyo.Reals)
    model.compared = pyo.Var(model.COMPARED, domain=pyo.Reals)

    @model.Constraint(model.MEASURED)
    def measure_adds_up(model: pyo.ConcreteModel, name: str, group: str) -> object:
        if limits[name].counted:
            return model.measured[name, group] == model.value[limits[name].limit.goal]
        return model.measured[name, group] == measured[name, group]

    @model.Constraint(model.COMPARED)
    def compared_adds_up(model: pyo.ConcreteModel, name: str, sense: str, group: str) -> object:
        return model.compared[name, sense, group] == compared[name, sense, group]


def add_violations(model: pyo.ConcreteModel, limits: dict[str, JoinedLimit]) -> None:
    """Violation of every soft limit, side and group, in percent of the limit's base."""
    model.VIOLATIONS = pyo.Set(
        initialize=[
            (name, bound.sense, group)
            for name, limit in limits.items()
            if limit.limit.soft is not None
            for bound in limit.bounds
            for group in limit.groups.index
        ],
        dimen=3,
    )
    model.violation = pyo.Var(model.VIOLATIONS, domain=pyo.NonNegativeReals)


def _violated(model: pyo.ConcreteModel, limit: JoinedLimit, bound: Bound, group: str) -> object:
    if limit.limit.soft is None:
        return 0.0
    base = limit.soft_base(bound, group)
    return base / 100.0 * model.violation[limit.name, bound.sense, group]


def _number(model: pyo.ConcreteModel, name: str, bound: Bound, group: str) -> object:
    constant = float(bound.constant[group])
    key = (name, bound.sense, bound.other_group[group])
    return constant + bound.times * model.compared[key] if key in model.COMPARED else constant


def _sided(limits: dict[str, JoinedLimit], sense: str) -> dict[str, Bound]:
    return {
        name: bound
        for name, limit in limits.items()
        for bound in limit.bounds
        if bound.sense == sense
    }


def _tagged(limits: Sequence[JoinedLimit]) -> pd.DataFrame:
    parts = [limit.measured.assign(limit=limit.name) for limit in limits]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _compared(limits: dict[str, JoinedLimit]) -> pd.DataFrame:
    parts = [
        bound.other.assign(limit=name, sense=bound.sense)
        for name, limit in limits.items()
        for bound in limit.bounds
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
