"""People who continue, checked on both margins: who may, where they come from, where they live."""

from __future__ import annotations

import pandas as pd

from optimizer.frames.grouping import groups, once
from optimizer.instance import Instance
from optimizer.instance.movement import (
    FLOW_OF_PAIR,
    movers,
    remaining,
    room_of_regions,
    transitions_by_pair,
)
from optimizer.instance.people import transition_room
from optimizer.instance.sets import FLOW, FLOW_AT
from optimizer.plan.subject import Subject, keys_in, rows


def room(instance: Instance) -> pd.DataFrame:
    """Completers who may continue, as terms."""
    return transition_room(instance.people.completes, instance.case.table("continuations"))


def room_at(instance: Instance) -> pd.DataFrame:
    """Completers of every region who may continue, as terms."""
    return room_of_regions(instance.people, instance.case.table("continuations"))


def check_movement(s: Subject) -> list[pd.DataFrame]:
    """Stayers by the region where they completed, and where that makes them live."""
    sets, leaving = s.instance.sets, s.terms("transitions_from_region")
    pairs = once(_pairs, s.instance)
    flows = groups(pairs, FLOW_OF_PAIR).keys
    origins = groups(leaving, FLOW_AT).keys
    remain, moving = once(remaining, sets), once(movers, sets)
    places = sets.transitions_by_region
    drawn = places["draws"].to_numpy() * s.at(places, moving, FLOW)
    here, living = s.at(places, remain, FLOW_AT) + drawn, s.values.of["transitions_by_region"]
    return [
        rows(
            "transitions_match_origins",
            keys_in(flows, FLOW_OF_PAIR),
            s.at(flows, leaving, FLOW_OF_PAIR),
            "equal",
            s.at(flows, pairs, FLOW_OF_PAIR),
        ),
        rows(
            "origins_within_completers",
            keys_in(origins, FLOW_AT),
            s.at(origins, leaving, FLOW_AT),
            "at_most",
            s.at(origins, once(room_at, s.instance), FLOW_AT),
        ),
        rows("transitions_follow_attraction", keys_in(places, FLOW_AT), living, "equal", here),
    ]


def _pairs(instance: Instance) -> pd.DataFrame:
    return transitions_by_pair(instance.sets)
