"""Where people who continue come from, and how regions draw those who move.

Every function gives terms (see :mod:`optimizer.instance.people`) or the frames they stand on.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems
from optimizer.frames import groups_of, numbers_at
from optimizer.frames.grouping import remembered
from optimizer.frames.memory import Steps
from optimizer.instance.people import TERM, People, room_of_ways, terms
from optimizer.instance.sets import FLOW, FLOW_AT, ORIGIN, Sets

FLOW_OF_PAIR = ["track", "next_track", "group", "next_group", "year"]
"""Key of stayers by their groups on both tracks."""

_PLACE_YEAR = ["next_track", "region", "year"]


def with_movement(sets: Sets, people: People, case: Case, problems: Problems, step: Steps) -> Sets:
    """The same sets with the regions that stayers come from and the draw of those they go to.

    Nothing is added where people move freely, or where there are no regions.
    """
    if not sets.has_regions or not case.moves_by_attraction:
        return sets
    origins = step(_origins, sets, people, case)
    places = step(_drawn, sets, case)
    step(_check_attraction, origins, places, case, problems)
    return replace(sets, transitions_from_region=origins, transitions_by_region=places)


def transitions_by_pair(sets: Sets) -> pd.DataFrame:
    """Stayers by country as terms, with the groups of their country on both tracks."""
    return remembered(
        [sets.transitions, sets.groups], "transitions by pair", lambda: _by_pair(sets)
    )


def _by_pair(sets: Sets) -> pd.DataFrame:
    found = terms(sets.transitions, "transitions").rename(columns={"group": "next_group"})
    return found.merge(sets.groups, on=["track", "country"], how="left")


def _origins(sets: Sets, people: People, case: Case) -> pd.DataFrame:
    """Flows of pairs of groups in every region in which people of the group complete."""
    flows = transitions_by_pair(sets)[FLOW_OF_PAIR].drop_duplicates()
    completing = people.completes_at[["track", "group", "region", "year"]].drop_duplicates()
    origins = flows.merge(completing, on=["track", "group", "year"])
    retention = case.table("continuations").set_index(["track", "next_track"])["retention"]
    hosts = sets.transitions_by_region[_PLACE_YEAR].drop_duplicates()
    is_host = origins[_PLACE_YEAR].merge(hosts, how="left", indicator=True)["_merge"].eq("both")
    ways = pd.MultiIndex.from_frame(origins[["track", "next_track"]])
    share = retention.reindex(ways).to_numpy(dtype=float)
    return origins[ORIGIN].assign(remains=np.where(is_host, share, 0.0))


def _drawn(sets: Sets, case: Case) -> pd.DataFrame:
    """Regions where stayers can go, each with its share of the attraction of all of these."""
    places = sets.transitions_by_region
    attraction = case.table("regions").set_index("region")["attraction"].fillna(0.0)
    pull = numbers_at(places["region"], attraction)
    total = pull.groupby([places[name] for name in FLOW]).transform("sum")
    return places.assign(draws=(pull / total).where(total > 0, 0.0))


def _check_attraction(
    origins: pd.DataFrame, places: pd.DataFrame, case: Case, problems: Problems
) -> None:
    """Refuse next tracks to which somebody would have to move without any region that draws."""
    nobody = places.groupby(["next_track", "year"])["draws"].sum().eq(0.0)
    moving = origins[origins["remains"] < 1.0]
    wanted = nobody.reindex(pd.MultiIndex.from_frame(moving[["next_track", "year"]]))
    regions = case.table("regions")
    for (next_track,), rows in groups_of(moving[wanted.to_numpy(dtype=bool)], ["next_track"]):
        first = int(rows["year"].min())
        hosts = places[places["next_track"].eq(next_track) & places["year"].eq(first)]
        names = list(dict.fromkeys(hosts["region"]))
        problems.add(
            "regions.csv",
            f"none of the regions with a site of {next_track!r} in {first} draws anybody, but who "
            f"continues there from {rows['track'].iloc[0]!r} may have to move",
            row=int(regions.index[regions["region"].isin(names)][0]),
            column="attraction",
            expected=f"a number above 0 for at least one of {', '.join(names)}",
        )


def room_of_regions(people: People, continuations: pd.DataFrame) -> pd.DataFrame:
    """Completers of a region who may continue: keys of origins without the next group."""
    return room_of_ways(people.completes_at, continuations)[[*TERM, *FLOW_AT]]


def remaining(sets: Sets) -> pd.DataFrame:
    """Stayers who remain in their region, by the keys of the places that they take."""
    origins = terms(sets.transitions_from_region, "transitions_from_region")
    return remembered(
        [origins], "remaining", lambda: _onward(origins.assign(coefficient=origins["remains"]))
    )


def movers(sets: Sets) -> pd.DataFrame:
    """Stayers who move, by the keys of the places that they take; region is what they leave."""
    origins = terms(sets.transitions_from_region, "transitions_from_region")
    return remembered(
        [origins], "movers", lambda: _onward(origins.assign(coefficient=1.0 - origins["remains"]))
    )


def _onward(origins: pd.DataFrame) -> pd.DataFrame:
    return origins.drop(columns="group").rename(columns={"next_group": "group"})
