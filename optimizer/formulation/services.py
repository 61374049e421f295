"""Local services: what residents use, what there is, and what is built."""

from __future__ import annotations

import pandas as pd
import pyomo.environ as pyo

from optimizer.formulation.expressions import KEYS, Numbers, Sums, add_index
from optimizer.frames import mapping
from optimizer.instance import Instance
from optimizer.instance.sets import cross

PLACE_YEAR = ["region", "service", "year"]


def add_services(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Residents use no more of a local service than there is; what is built counts next year.

    ``use_adds_up``: use by region, service and year is the sum of the terms of
    :func:`optimizer.instance.services.use_terms`.

    ``use_within_capacity``

    .. math:: use_{r,s,y} \le capacity_{r,s,y} +
        \sum_{y' < y} expansion\_unit_{r,s,y'} \cdot expansion_{r,s,y'}

    Expansion is an integer number of steps, at most expansion_limit a year, decided in intake years
    only. Skipped for services nobody of this case can use.
    """
    sets = instance.sets
    add_index(model, "EXPANSIONS", sets.expansion, KEYS["expansion"])
    most = mapping(sets.expansion, KEYS["expansion"], "expansion_limit")
    model.expansion = pyo.Var(
        model.EXPANSIONS,
        domain=pyo.NonNegativeIntegers,
        bounds=lambda _, *key: (0, int(most[key])),
    )
    used = Sums(model, instance.use, PLACE_YEAR)
    built = Sums(model, built_capacity(instance), PLACE_YEAR)
    capacity = capacity_numbers(instance)["use_within_capacity"]
    add_index(model, "USES", instance.use, PLACE_YEAR)
    model.use = pyo.Var(model.USES, domain=pyo.NonNegativeReals)

    @model.Constraint(model.USES)
    def use_adds_up(model: pyo.ConcreteModel, *key: object) -> object:
        return model.use[key] == used[key]

    @model.Constraint(model.USES)
    def use_within_capacity(model: pyo.ConcreteModel, *key: object) -> object:
        return model.use[key] - built[key] <= capacity[key]


def capacity_numbers(instance: Instance) -> Numbers:
    """Capacity of the services before anything is built, by rule and index."""
    return {"use_within_capacity": mapping(instance.capacity, PLACE_YEAR, "capacity")}


def built_capacity(instance: Instance) -> pd.DataFrame:
    """Capacity that each expansion step adds, as terms by region, service and later year."""
    steps = instance.sets.expansion
    steps = steps.assign(family="expansion", position=range(len(steps)))
    later = cross(steps, "later", instance.sets.window)
    later = later[later["later"] > later["year"]]
    later = later.assign(coefficient=later["expansion_unit"], year=later["later"])
    return later[["family", "position", "coefficient", *PLACE_YEAR]].reset_index(drop=True)
