"""People who complete one track and continue on another."""

from __future__ import annotations

import pyomo.environ as pyo

from optimizer.formulation.expressions import KEYS, Sums, add_index
from optimizer.instance import Instance
from optimizer.instance.people import stay_room, terms

FLOW = ["track", "next_track", "group", "year"]


def add_stays(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Of those who complete a track, at most a share stay on another; each lives somewhere.

    ``stays_within_completers``

    .. math:: stays_{c,t,t',y} \le stay\_rate_{t,t'} \sum_k factor_{t,k} \cdot
        completion\_rate_{t,k} \cdot entrants_{c,t,k,y-d_t}

    ``stays_match_places``

    .. math:: \sum_r stays\_at_{t,t',g,r,y} = \sum_{c \in g} stays_{c,t,t',y}

    Stays are expected persons, so they are continuous. Stayers may move: r is the region they go
    to, and the limit by completers binds on the region margin only in total, which the equality
    of totals implies. The second rule is skipped in cases without regions.
    """
    sets = instance.sets
    add_index(model, "STAYS", sets.stays, KEYS["stays"])
    add_index(model, "STAYS_AT", sets.stays_at, KEYS["stays_at"])
    model.stays = pyo.Var(model.STAYS, domain=pyo.NonNegativeReals)
    model.stays_at = pyo.Var(model.STAYS_AT, domain=pyo.NonNegativeReals)
    room = stay_room(instance.people.completes, instance.case.table("continuations"))
    may_stay = Sums(model, room, KEYS["stays"])
    stays = Sums(model, terms(sets.stays, "stays"), FLOW)
    stays_at = Sums(model, terms(sets.stays_at, "stays_at"), FLOW)
    add_index(model, "FLOWS", sets.stays_at, FLOW)

    @model.Constraint(model.STAYS)
    def stays_within_completers(model: pyo.ConcreteModel, *stay: object) -> object:
        return model.stays[stay] <= may_stay[stay]

    @model.Constraint(model.FLOWS)
    def stays_match_places(model: pyo.ConcreteModel, *flow: object) -> object:
        return stays_at[flow] == stays[flow]
