"""People who complete one track and continue on another."""

from __future__ import annotations

import pyomo.environ as pyo

from optimizer.formulation.expressions import KEYS, Sums, add_index
from optimizer.instance import Instance
from optimizer.instance.people import terms, transition_room
from optimizer.instance.sets import FLOW


def add_transitions(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Of those who complete a track, at most a share continues on another; each lives somewhere.

    ``transitions_within_completers``

    .. math:: transitions_{c,t,t',y} \le stay\_rate_{t,t'} \sum_k factor_{t,k} \cdot
        completion\_rate_{t,k} \cdot entrants_{c,t,k,y-d_t}

    ``transitions_match_places``

    .. math:: \sum_r transitions\_by\_region_{t,t',g,r,y} = \sum_{c \in g} transitions_{c,t,t',y}

    Transitions are expected persons, so they are continuous; r is the region they go to. The second
    rule is skipped in cases without regions, and where people move by attraction, which implies
    it. Where they move freely, the limit by completers binds on the region margin only in total,
    which the equality of totals implies.
    """
    sets = instance.sets
    add_index(model, "TRANSITIONS", sets.transitions, KEYS["transitions"])
    add_index(
        model, "TRANSITIONS_BY_REGION", sets.transitions_by_region, KEYS["transitions_by_region"]
    )
    model.transitions = pyo.Var(model.TRANSITIONS, domain=pyo.NonNegativeReals)
    model.transitions_by_region = pyo.Var(model.TRANSITIONS_BY_REGION, domain=pyo.NonNegativeReals)
    room = transition_room(instance.people.completes, instance.case.table("continuations"))
    may_continue = Sums(model, room, KEYS["transitions"])
    transitions = Sums(model, terms(sets.transitions, "transitions"), FLOW)
    transitions_by_region = Sums(
        model, terms(sets.transitions_by_region, "transitions_by_region"), FLOW
    )
    places = sets.transitions_by_region
    add_index(model, "FLOWS", places.head(0) if instance.moves_by_attraction else places, FLOW)

    @model.Constraint(model.TRANSITIONS)
    def transitions_within_completers(model: pyo.ConcreteModel, *transition: object) -> object:
        return model.transitions[transition] <= may_continue[transition]

    @model.Constraint(model.FLOWS)
    def transitions_match_places(model: pyo.ConcreteModel, *flow: object) -> object:
        return transitions_by_region[flow] == transitions[flow]
