"""Limits of the policy and commitments of the case, over accounts of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optimizer.formulation.evenness import sum_apart
from optimizer.formulation.expressions import Numbers, Sums
from optimizer.frames.grouping import remembered
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
    named = Sums(model, measured_terms(instance.commitments), ["limit"])
    numbers = commitment_numbers(instance)
    floors, ceilings = numbers["commitment_at_least"], numbers["commitment_at_most"]
    model.COMMITTED_FLOORS = pyo.Set(initialize=list(floors))
    model.COMMITTED_CEILINGS = pyo.Set(initialize=list(ceilings))

    @model.Constraint(model.COMMITMENTS)
    def commitment_adds_up(model: pyo.ConcreteModel, row: str) -> object:
        return model.committed[row] == named[row]

    @model.Constraint(model.COMMITTED_FLOORS)
    def commitment_at_least(model: pyo.ConcreteModel, row: str) -> object:
        return model.committed[row] >= floors[row]

    @model.Constraint(model.COMMITTED_CEILINGS)
    def commitment_at_most(model: pyo.ConcreteModel, row: str) -> object:
        return model.committed[row] <= ceilings[row]


def add_limits(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""What a limit measures stays, in each group, at or above its floor and below its ceiling.

    ``measure_adds_up``, ``compared_adds_up``: one account per limit and group for what is
    measured and, for relative limits, for what it is compared with.

    ``limit_at_least``, ``limit_at_most``

    .. math:: measured_{i,j} + \tfrac{base_i}{100} violation_{i,j} \ge number_{i,j}
        + times_i \cdot compared_{i,j}

    (at_most the other way round). With `parity`, compared is what all groups get, and times is
    also multiplied by the share of the group in all needs. The shortfall, in percent of the base,
    exists only for soft limits; the base is soft_base, or the number itself. Where a limit has
    `previous`, compared is what it measures in the same group a year before, and number is plus
    (minus plus for at_least); slots of `current_plan` stand in the number of the first year, times
    its factor.
    """
    limits = {limit.name: limit for limit in instance.limits}
    _add_accounts(model, instance, limits)
    add_violations(model, limits)
    rows = named_limit_rows(instance.limits)

    def body(model: pyo.ConcreteModel, row: LimitRow, key: tuple[str, str]) -> Any:
        others = (weight * model.component(name)[index] for name, index, weight in row.others)
        return model.measured[key] + sum(others)

    def floor(model: pyo.ConcreteModel, name: str, group: str) -> object:
        row = rows["limit_at_least"][name, group]
        return body(model, row, (name, group)) >= row.number

    def ceiling(model: pyo.ConcreteModel, name: str, group: str) -> object:
        row = rows["limit_at_most"][name, group]
        return body(model, row, (name, group)) <= row.number

    model.limit_at_least = pyo.Constraint(model.FLOORS, rule=floor)
    model.limit_at_most = pyo.Constraint(model.CEILINGS, rule=ceiling)


@dataclass(frozen=True)
class LimitRow:
    """One row of a limit: what is measured, plus ``others``, against ``number``.

    Attributes
    ----------
    others
        Component, index and weight of the shortfall and of what is compared.
    """

    number: float
    others: tuple[tuple[str, tuple[str, str, str], float], ...]


def named_limit_rows(limits: Sequence[JoinedLimit]) -> dict[str, dict[tuple[str, str], LimitRow]]:
    """Rows of :func:`add_limits`, by rule and index."""
    rows: dict[str, dict[tuple[str, str], LimitRow]] = {"limit_at_least": {}, "limit_at_most": {}}
    for limit in limits:
        for bound in limit.bounds:
            sign = 1.0 if bound.sense == "at_least" else -1.0
            compared = set(bound.other["group"].unique())
            factors = bound.factors
            for group, constant in zip(bound.constant.index, bound.constant, strict=True):
                others: list[tuple[str, tuple[str, str, str], float]] = []
                if limit.limit.soft is not None:
                    base = limit.soft_base(bound, str(group))
                    key = (limit.name, bound.sense, str(group))
                    others.append(("violation", key, sign * base / 100.0))
                other = str(bound.other_group[group])
                if other in compared:
                    key = (limit.name, bound.sense, other)
                    others.append(("compared", key, -float(factors[group])))
                row = LimitRow(float(constant) - limit.anyway, tuple(others))
                rows[f"limit_{bound.sense}"][limit.name, str(group)] = row
    return rows


def commitment_numbers(instance: Instance) -> Numbers:
    """Numbers of the commitments, by rule and index."""
    return {
        f"commitment_{sense}": {
            limit.name: float(bound.constant.iloc[0])
            for limit in instance.commitments
            for bound in limit.bounds
            if bound.sense == sense
        }
        for sense in ("at_least", "at_most")
    }


def _add_accounts(
    model: pyo.ConcreteModel, instance: Instance, limits: dict[str, JoinedLimit]
) -> None:
    measured = Sums(model, measured_terms(instance.limits), ["limit", "group"])
    compared = Sums(model, compared_terms(instance.limits), ["limit", "sense", "group"])
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
            for group in bound.other["group"].unique()
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
        if limits[name].spread is not None:
            return model.measured[name, group] == sum_apart(model, name)
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


def _sided(limits: dict[str, JoinedLimit], sense: str) -> dict[str, Bound]:
    return {
        name: bound
        for name, limit in limits.items()
        for bound in limit.bounds
        if bound.sense == sense
    }


def measured_terms(limits: Sequence[JoinedLimit]) -> pd.DataFrame:
    """Terms that limits measure: family, position, coefficient, group, limit."""
    return _labelled(
        [limit.measured for limit in limits], [{"limit": limit.name} for limit in limits]
    )


def compared_terms(limits: Sequence[JoinedLimit]) -> pd.DataFrame:
    """Terms that limits compare with: family, position, coefficient, group, limit, sense."""
    bounds = [(limit, bound) for limit in limits for bound in limit.bounds]
    return _labelled(
        [bound.other for _, bound in bounds],
        [{"limit": limit.name, "sense": bound.sense} for limit, bound in bounds],
    )


def _labelled(parts: Sequence[pd.DataFrame], labels: Sequence[dict[str, str]]) -> pd.DataFrame:
    """Rows of all parts under each other, with labels; made once as long as all parts live."""
    if not parts:
        return pd.DataFrame()

    def stacked_up() -> pd.DataFrame:
        named = [part.assign(**label) for part, label in zip(parts, labels, strict=True)]
        return pd.concat(named, ignore_index=True)

    return remembered(parts, ("labelled", *(tuple(each.values()) for each in labels)), stacked_up)
