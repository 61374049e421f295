"""People by year: entries, person-years, completions and transitions as terms of decisions.

A *term* is one row of a linear expression: ``family`` and ``position`` name the decision (its
frame in :class:`~optimizer.instance.sets.Sets` and its row there), ``coefficient`` multiplies it,
and the other columns say whom the term speaks of. Family ``constant`` has no decision: its
coefficient counts as it stands (people who were here before the first year, or are expected on a
forecast track whatever is decided).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.frames import stacked
from optimizer.frames.arrays import Integers
from optimizer.frames.following import FollowedFields
from optimizer.frames.grouping import groups, remembered
from optimizer.instance.sets import Sets
from optimizer.schema.tables import STANDARD

CONSTANT = "constant"
TERM = ["family", "position", "coefficient"]
COUNTRY_SIDE = ["country", "track", "level", "group"]
REGION_SIDE = ["track", "level", "group", "region"]


@dataclass(frozen=True)
class People(FollowedFields):
    """Terms for people, on the country margin and on the region margin.

    Attributes
    ----------
    entries, entries_at
        One term per way to enter a track: entry (``new`` or ``transition``), entry_year and keys.
        Cohorts and people present or expected enter as ``new``, stayers as ``transition``.
    present, present_at
        Person-years: the entries repeated for each year of stay inside the window, with
        year_of_stay (from 1) and year.
    completes, completes_at
        Expected completers in the year after the last year of stay.
    """

    entries: pd.DataFrame
    entries_at: pd.DataFrame
    present: pd.DataFrame
    present_at: pd.DataFrame
    completes: pd.DataFrame
    completes_at: pd.DataFrame


def build_people(sets: Sets) -> People:
    """Derive the terms of residents and completers.

    residents[c,t,k,y] = sum over a = 0..d-1 of entrants[c,t,k,y-a]; completers[c,t,k,y] =
    completion_rate[t,k] * entrants[c,t,k,y-d], with d the duration of track t in years.
    """
    moved = terms(sets.transitions, "transitions")
    moved_to = terms(sets.transitions_by_region, "transitions_by_region")
    entries = _entries(entering(sets, "cohort"), moved, sets.present, COUNTRY_SIDE)
    entries_at = _entries(entering(sets, "placements"), moved_to, sets.present_at, REGION_SIDE)
    return People(
        entries=entries,
        entries_at=entries_at,
        present=years_of_stay(sets, entries),
        present_at=years_of_stay(sets, entries_at),
        completes=_completes(sets, entries),
        completes_at=_completes(sets, entries_at),
    )


def terms(frame: pd.DataFrame, family: str) -> pd.DataFrame:
    """Rows of a decision frame as terms of that decision, each with coefficient 1."""
    position = np.arange(len(frame))
    # Limits, values and checks ask for the same terms again and again.
    return remembered(
        [frame],
        ("terms", family),
        lambda: frame.assign(family=family, position=position, coefficient=1.0),
    )


def entering(sets: Sets, family: str) -> pd.DataFrame:
    """Decisions that let people enter, as terms of every year in which they do so.

    Those of the last intake year stand again in each of ``sets.repeated``.
    """
    frame, last, repeated = getattr(sets, family), sets.years[-1], sets.repeated
    once = terms(frame, family)
    if not repeated:
        return once

    def through_years() -> pd.DataFrame:
        again = once[once["year"].eq(last)]
        return pd.concat([once, *(again.assign(year=year) for year in repeated)], ignore_index=True)

    return remembered([frame], ("entering", family, last, repeated), through_years)


def placed_in_told_years(sets: Sets) -> pd.DataFrame:
    """Places of every year in which the case may say how many there can be, as terms."""
    placed = entering(sets, "placements")
    return placed[placed["year"].isin(sets.told_years)]


def _entries(
    new: pd.DataFrame,
    moved: pd.DataFrame,
    present: pd.DataFrame,
    side: list[str],
) -> pd.DataFrame:
    came_by_transition = moved.drop(columns="track").rename(columns={"next_track": "track"})
    parts = [
        new.assign(entry="new", entry_year=new["year"]),
        came_by_transition.assign(level=STANDARD, entry="transition", entry_year=moved["year"]),
        present.assign(
            family=CONSTANT,
            position=-1,
            coefficient=present["persons"],
            level=STANDARD,
            entry="new",
        ),
    ]
    columns = [*TERM, *side, "entry", "entry_year"]
    return pd.concat(
        [part[columns] for part in parts if len(part)] or [parts[0][columns]], ignore_index=True
    )


def newcomers(decided: pd.DataFrame, entries: pd.DataFrame, years: Collection[int]) -> pd.DataFrame:
    """Entrants of these years from abroad: those of decisions, and those who come by forecast.

    Parameters
    ----------
    decided
        Terms of decisions, each with its ``year``.
    entries
        All entries on the same margin.
    """
    expected = constants(entries)
    expected = expected[expected["entry_year"].isin(years)]
    if not len(expected):
        return decided
    return stacked([decided, expected.assign(year=expected["entry_year"])[list(decided)]])


def intake_terms(sets: Sets, people: People) -> pd.DataFrame:
    """Who enters from abroad, by decision or by forecast, as terms on the country margin."""
    return newcomers(entering(sets, "cohort"), people.entries, sets.entry_years)


def constants(terms: pd.DataFrame) -> pd.DataFrame:
    """Terms without a decision: what is there or comes whatever is decided."""
    return terms[terms["family"].eq(CONSTANT)]


def decided(terms: pd.DataFrame) -> pd.DataFrame:
    """Terms of decisions alone: without what is there or comes whatever is decided."""
    is_decided = terms["family"].ne(CONSTANT)
    return terms if is_decided.all() else terms[is_decided]


def years_of_stay(sets: Sets, entries: pd.DataFrame, *, all_years: bool = False) -> pd.DataFrame:
    """Repeat entries for each year of stay; outside the window only with ``all_years``."""
    duration = _durations(sets, entries)
    repeated = entries.take(np.repeat(np.arange(len(entries)), duration)).reset_index(drop=True)
    starts = np.repeat(np.cumsum(duration) - duration, duration)
    repeated["year_of_stay"] = np.arange(len(repeated)) - starts + 1
    repeated["year"] = repeated["entry_year"] + repeated["year_of_stay"] - 1
    if all_years:
        return repeated
    inside = repeated["year"].between(sets.window[0], sets.window[-1])
    return repeated[inside].reset_index(drop=True)


def _durations(sets: Sets, entries: pd.DataFrame) -> Integers:
    """Years of stay of every entry."""
    tracks = groups(entries, ["track"])
    years = sets.tracks["duration_years"].reindex(tracks.keys)
    return tracks.spread(years.to_numpy(dtype="int64"), 0)


def _completes(sets: Sets, entries: pd.DataFrame) -> pd.DataFrame:
    done = entries.merge(sets.levels, on=["track", "level"], how="left")
    done["year"] = done["entry_year"] + _durations(sets, entries)
    done["coefficient"] = done["coefficient"] * done["completion_rate"]
    inside = done["year"].between(sets.window[0], sets.window[-1])
    return done[inside].drop(columns="completion_rate").reset_index(drop=True)


def returning(sets: Sets, people: People) -> pd.DataFrame:
    """Persons who go home after completing a track, by country, as terms.

    returns[c,t,y] = completers[c,t,y] - sum over t' of transitions[c,t,t',y], of tracks whose
    people return.
    """
    goes_home = sets.tracks.index[sets.tracks["returns_home"]]
    moving_on = terms(sets.transitions, "transitions").assign(level="", coefficient=-1.0)
    parts = [each[each["track"].isin(goes_home)] for each in (people.completes, moving_on)]
    keys = [*TERM, "country", "track", "level", "year"]
    return pd.concat([part[keys] for part in parts], ignore_index=True)


def transition_room(completes: pd.DataFrame, continuations: pd.DataFrame) -> pd.DataFrame:
    """Completers who may continue: family, position, coefficient and keys of transitions."""
    room = room_of_ways(completes, continuations)
    return room[[*TERM, "country", "track", "next_track", "year"]]


def room_of_ways(completes: pd.DataFrame, continuations: pd.DataFrame) -> pd.DataFrame:
    """Completers who may continue, on either margin, once for every next track."""
    ways = continuations.loc[continuations["stay_rate"] > 0, ["track", "next_track", "stay_rate"]]
    room = completes.merge(ways, on="track")
    room["coefficient"] = room["coefficient"] * room["stay_rate"] * room["stay_rate_factor"]
    return room
