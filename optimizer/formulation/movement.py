"""Regions of people who continue: where they completed, and where they live afterwards."""

from __future__ import annotations

import pyomo.environ as pyo

from optimizer.formulation.expressions import KEYS, Sums, add_index
from optimizer.frames import mapping
from optimizer.instance import Instance
from optimizer.instance.movement import (
    FLOW_OF_PAIR,
    movers,
    remaining,
    room_of_regions,
    transitions_by_pair,
)
from optimizer.instance.people import terms
from optimizer.instance.sets import FLOW, FLOW_AT


def add_movement(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Who continues remains in the region or moves as regions attract; the plan has no say in it.

    ``transitions_match_origins``

    .. math:: \sum_r transitions\_from\_region_{t,t',g,g',r,y} =
        \sum_{c \in g \cap g'} transitions_{c,t,t',y}

    with g a group of countries on t and g' one on t'.

    ``origins_within_completers``

    .. math:: \sum_{g'} transitions\_from\_region_{t,t',g,g',r,y} \le stay\_rate_{t,t'}
        \sum_k factor_{t,k} \cdot completion\_rate_{t,k} \cdot entrants_{t,k,g,r,y-d_t}

    with entrants = people placed in r + people who came to live there as they continued on t +
    people present.

    ``movers_add_up`` and ``transitions_follow_attraction``

    .. math:: movers_{t,t',g',y} = \sum_{g,r} (1 - \rho_{t,t'} s_{t',r,y}) \cdot
        transitions\_from\_region_{t,t',g,g',r,y}

    .. math:: transitions\_by\_region_{t,t',g',r,y} = \sum_g \rho_{t,t'} s_{t',r,y} \cdot
        transitions\_from\_region_{t,t',g,g',r,y} + a_{t',r,y} \cdot movers_{t,t',g',y}

    with rho = ``continuations.retention``, s = 1 where t' has a site in r and 0 elsewhere, and a =
    ``regions.attraction`` as a share of that of all regions with a site of t'. The two margins of
    the stayers, by country and by region, are exact; who of which country lives where is not
    decided. Skipped in cases without regions and where people move freely.
    """
    sets = instance.sets
    origins, places = sets.transitions_from_region, sets.transitions_by_region
    add_index(model, "TRANSITIONS_FROM_REGION", origins, KEYS["transitions_from_region"])
    model.transitions_from_region = pyo.Var(
        model.TRANSITIONS_FROM_REGION, domain=pyo.NonNegativeReals
    )
    if not instance.moves_by_attraction:
        return
    pairs = transitions_by_pair(sets)
    leaving = terms(origins, "transitions_from_region")
    may_continue = Sums(
        model, room_of_regions(instance.people, instance.case.table("continuations")), FLOW_AT
    )
    from_region, of_pair = Sums(model, leaving, FLOW_AT), Sums(model, leaving, FLOW_OF_PAIR)
    by_country = Sums(model, pairs, FLOW_OF_PAIR)
    remain = Sums(model, remaining(sets), KEYS["transitions_by_region"])
    moving = Sums(model, movers(sets), FLOW)
    draws = mapping(places, KEYS["transitions_by_region"], "draws")
    add_index(model, "FLOWS_OF_PAIRS", pairs, FLOW_OF_PAIR)
    add_index(model, "ORIGINS", origins, FLOW_AT)
    add_index(model, "MOVES", places, FLOW)
    model.movers = pyo.Var(model.MOVES, domain=pyo.NonNegativeReals)

    @model.Constraint(model.FLOWS_OF_PAIRS)
    def transitions_match_origins(model: pyo.ConcreteModel, *flow: object) -> object:
        return of_pair[flow] == by_country[flow]

    @model.Constraint(model.ORIGINS)
    def origins_within_completers(model: pyo.ConcreteModel, *origin: object) -> object:
        return from_region[origin] <= may_continue[origin]

    @model.Constraint(model.MOVES)
    def movers_add_up(model: pyo.ConcreteModel, *flow: object) -> object:
        return model.movers[flow] == moving[flow]

    @model.Constraint(model.TRANSITIONS_BY_REGION)
    def transitions_follow_attraction(model: pyo.ConcreteModel, *place: object) -> object:
        track, next_track, group, _, year = place
        drawn = draws[place] * model.movers[track, next_track, group, year]
        return model.transitions_by_region[place] - drawn == remain[place]
