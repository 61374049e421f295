"""Who completes a track and who continues, where renewals of the same track are neither.

Whoever continues on the track he completed goes on as before: he is present, and completes and
goes home once, when he leaves. Every function gives terms (see :mod:`optimizer.instance.people`).
"""

from __future__ import annotations

import pandas as pd

from optimizer.frames import stacked
from optimizer.instance.people import TERM, People, terms
from optimizer.instance.sets import Sets


def renewals(sets: Sets) -> pd.DataFrame:
    """Persons who stay on the track that they have completed, by country."""
    return _same_track(terms(sets.transitions, "transitions"))


def completing(sets: Sets, people: People) -> pd.DataFrame:
    """Completers less those who renew, by country: of these the level is blank."""
    return _less(people.completes, renewals(sets))


def completing_at(sets: Sets, people: People) -> pd.DataFrame:
    """Completers less those who renew, by region.

    Renewals are taken off where people completed; where they move freely that is not decided, so
    they are taken off where they go.
    """
    known = len(sets.transitions_from_region) > 0
    family = "transitions_from_region" if known else "transitions_by_region"
    return _less(people.completes_at, _same_track(terms(getattr(sets, family), family)))


def continuing(sets: Sets) -> pd.DataFrame:
    """Persons who continue on another track, by country, counted on the one they completed."""
    return _other_track(terms(sets.transitions, "transitions"))


def continuing_at(sets: Sets) -> pd.DataFrame:
    """Persons who continue on another track, by the region where they go."""
    return _other_track(terms(sets.transitions_by_region, "transitions_by_region"))


def _same_track(moved: pd.DataFrame) -> pd.DataFrame:
    return moved[moved["track"].eq(moved["next_track"])]


def _other_track(moved: pd.DataFrame) -> pd.DataFrame:
    is_other = moved["track"].ne(moved["next_track"])
    return moved if is_other.all() else moved[is_other].reset_index(drop=True)


def _less(completes: pd.DataFrame, renewed: pd.DataFrame) -> pd.DataFrame:
    if not len(renewed):
        return completes
    side = "country" if "country" in renewed else "region"
    keys = [*TERM, side, "track", "level", "group", "year", "entry_year"]
    gone = renewed.assign(level="", coefficient=-1.0, entry_year=-1)
    return stacked([completes[keys], gone[keys]])
