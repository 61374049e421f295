"""Floors that are a part of the most each group could have by itself, joined with the case."""

from __future__ import annotations

import pandas as pd

from optimizer.errors import did_you_mean
from optimizer.instance.groups import limit_place
from optimizer.instance.measures import Measures
from optimizer.policy import Limit, OwnBest

UNKNOWN_BESTS = "the most that each group could have by itself is not known here"
_MOST_NAMED = 10


def floors_of_own_best(
    wanted: OwnBest, limit: Limit, groups: pd.DataFrame, measures: Measures
) -> pd.Series:
    """Floor of every group, a part of its own best; 0 after a problem."""
    none = pd.Series(0.0, index=groups.index)
    place = limit_place(limit, "at_least", "bests")
    if wanted.bests is None:
        expected = "the policy of a session, a plan or a run, for which it is worked out"
        measures.attributes.add(place, UNKNOWN_BESTS, expected)
        return none
    known = list(map(str, groups.index))
    missing = [group for group in known if group not in wanted.bests]
    strange = [group for group in wanted.bests if group not in set(known)]
    if missing:
        told = ", ".join(missing[:_MOST_NAMED])
        measures.attributes.add(place, f"{told} is missing", "a number for every group")
    for group in strange[:_MOST_NAMED]:
        near = did_you_mean(group, known)
        maybe = "" if near is None else f", maybe {near}"
        expected = f"groups of the limit{maybe}"
        measures.attributes.add(place, f"{group!r} is not a group of the limit", expected)
    if missing or strange:
        return none
    return wanted.own_best * pd.Series([wanted.bests[group] for group in known], index=groups.index)
