"""Who can go on from one track to another: which transitions are possible, and where to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.frames import keys_of, rows_of
from optimizer.frames.memory import Steps
from optimizer.instance.people import entering
from optimizer.instance.sets import FLOW, FLOW_AT, Sets


def with_transitions(sets: Sets, case: Case, step: Steps) -> Sets:
    """The same sets with the transitions that follow from them."""
    places = step.kept("places", sets.sites[["track", "region", "year"]])
    transitions, transitions_by_region = step(_transitions, sets, case, places)
    return replace(sets, transitions=transitions, transitions_by_region=transitions_by_region)


def _possible_transitions(
    sets: Sets, case: Case, hosts: Collection[tuple[object, ...]]
) -> set[tuple[str, str, str, int]]:
    """Country, track, next track and year: someone may complete then and a place exists."""
    entered = {
        *keys_of(entering(sets, "cohort"), ["country", "track", "year"]),
        *keys_of(sets.present, ["country", "track", "entry_year"]),
    }
    by_pair: dict[tuple[str, str], set[int]] = {}
    for country, track, year in entered:
        by_pair.setdefault((country, track), set()).add(int(year))
    ways = [
        (row.track, row.next_track)
        for row in rows_of(case.table("continuations"))
        if row.stay_rate > 0
    ]
    duration = sets.tracks["duration_years"].to_dict()
    countries = sets.groups["country"].unique().tolist()
    rows: set[tuple[str, str, str, int]] = set()
    for year in sets.window:
        # Repeated until nothing new: tracks of duration 0 are completed in the entry year.
        while True:
            new = {
                (country, track, after, year)
                for track, after in ways
                if not sets.has_regions or (after, year) in hosts
                for country in countries
                if year - duration[track] in by_pair.get((country, track), ())
            } - rows
            if not new:
                break
            rows |= new
            for country, _, after, _ in new:
                by_pair.setdefault((country, after), set()).add(year)
    return rows


def _transitions(sets: Sets, case: Case, places: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Transitions that can happen, and the regions where they can."""
    rows = sorted(_possible_transitions(sets, case, set(keys_of(places, ["track", "year"]))))
    transitions = pd.DataFrame(rows, columns=["country", "track", "next_track", "year"])
    transitions = transitions.astype(
        {"country": "str", "track": "str", "next_track": "str", "year": "int64"}
    )
    groups = sets.groups.rename(columns={"track": "next_track"})
    transitions = transitions.merge(groups, on=["next_track", "country"], how="left")
    flows = transitions[FLOW].drop_duplicates()
    places = places.rename(columns={"track": "next_track"})
    transitions_by_region = flows.merge(places, on=["next_track", "year"])
    by_region = transitions_by_region[FLOW_AT]
    return (
        transitions[["country", *FLOW]],
        by_region.assign(draws=np.nan),
    )
