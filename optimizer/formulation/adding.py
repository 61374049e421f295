"""A limit built by itself, over the decisions of a model that is there already."""

from __future__ import annotations

from dataclasses import replace

import pyomo.environ as pyo

from optimizer.formulation.expressions import KEYS
from optimizer.formulation.limits import add_limits
from optimizer.formulation.margins import add_single_slots
from optimizer.instance import Instance
from optimizer.instance.bounds import JoinedLimit

_SLOTS = "slots"


def limit_part(
    model: pyo.ConcreteModel, instance: Instance, limit: JoinedLimit
) -> pyo.ConcreteModel:
    """Build the rows and accounts of one limit, named as in a model that has it from the start.

    Where the limit names single slots, the rows that tie slots to their margins are part of it.
    Its penalty is not: penalties are costs, which are set apart.

    Parameters
    ----------
    model
        The model whose decisions the rows speak of; it stays as it is.
    instance
        The instance with the limit, and with the single slots that it touches.
    """
    part = pyo.ConcreteModel(name=limit.name)
    for name in ("value", *(family for family in KEYS if family != _SLOTS)):
        part.add_component(name, pyo.Reference(model.component(name)))
    # Slots are made anew, because those that the limit touches are not in the model yet.
    add_single_slots(part, instance)
    add_limits(part, replace(instance, limits=(limit,)))
    part.points = pyo.Objective(expr=0.0, sense=pyo.maximize)
    return part
