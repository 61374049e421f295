"""Limits on change from year to year that hold something shut for ever."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optimizer.errors import Problem
from optimizer.frames import numbers_at
from optimizer.instance import Instance
from optimizer.instance.bounds import Bound, JoinedLimit
from optimizer.instance.limit_checks import expected_by_group
from optimizer.policy import Previous
from optimizer.text.figures import plainly

_PAIR = ["country", "track"]
_TOLERANCE = 1e-9
_OPENING = ("proposed", "active")
"""Links of pairs that run with at least their minimum cohort, or not at all."""


def held_shut(instance: Instance) -> Iterator[Problem]:
    """What could never open, as its minimum cohort is above what its limit lets grow from nothing.

    A group may have in a year at most what its limit allows after the most that it may have had
    in the year before, and never more than its applicants.
    """
    for joined in instance.limits:
        wanted = joined.limit.at_most
        if not isinstance(wanted, Previous) or joined.limit.soft is not None:
            continue
        if not joined.limit.counts.is_of_entrants or not _counts_whole_cohorts(joined, instance):
            continue
        bound = next(bound for bound in joined.bounds if bound.sense == "at_most")
        pairs = _pairs(joined, bound, instance)
        most = _most(joined, bound, pairs)
        pairs = pairs[pairs["link"].isin(_OPENING) & pairs["group"].isin(most.index)]
        shut = pairs["min_cohort"].gt(numbers_at(pairs["group"], most) + _TOLERANCE)
        is_shut = shut.groupby([pairs[name] for name in _PAIR], sort=False).all()
        names = [f"{country} on {track}" for country, track in is_shut.index[is_shut]]
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            least = pairs.loc[shut, "min_cohort"].min()
            yield Problem(
                instance.policy.path.name,
                f"{', '.join(names[:5])}{more} could never open: "
                "no year allows as many as min_cohort",
                column=f"limits.{joined.name}.at_most.plus",
                maybe=f"you want plus = {plainly(float(least))} or more",
            )


def _counts_whole_cohorts(joined: JoinedLimit, instance: Instance) -> bool:
    """Whether a limit counts all of a country's slots on a track, or none."""
    attributes = instance.attributes.quiet()
    names = (*joined.limit.by, *joined.limit.where)
    found = {attribute.dimension for name in names if (attribute := attributes.find(name, ""))}
    return not found & {"level", "region"}


def _pairs(joined: JoinedLimit, bound: Bound, instance: Instance) -> pd.DataFrame:
    """Countries and tracks of each group in the years in which they could run, with applicants."""
    terms = pd.concat([joined.measured, bound.other])
    terms = terms[terms["family"].eq("cohort")]
    cells = instance.sets.cohort[[*_PAIR, "year"]].take(terms["position"].to_numpy(np.int64))
    cells = cells.assign(group=terms["group"].to_numpy()).drop_duplicates()
    pairs = cells.merge(instance.sets.pairs, on=[*_PAIR, "year"])
    return pairs.assign(min_cohort=pairs["min_cohort"].clip(lower=1.0))


def _expected(joined: JoinedLimit, bound: Bound) -> pd.Series:
    """People who come by forecast in each group of a limit."""
    counted = joined.measured, bound.other
    groups = [pd.Series(expected_by_group(terms), dtype=float) for terms in counted]
    return groups[0].combine_first(groups[1])


def _most(joined: JoinedLimit, bound: Bound, pairs: pd.DataFrame) -> pd.Series:
    """Most slots that each group of a limit could have."""
    there = pairs.loc[pairs["applicants"].ge(pairs["min_cohort"])].groupby("group")
    applicants, fewest = there["applicants"].sum(), there["min_cohort"].min()
    applicants = applicants.add(_expected(joined, bound), fill_value=0.0)
    most: dict[str, float] = {}
    year = next(name for name in joined.limit.by if name.rpartition(".")[2] == "year")
    for label in joined.groups.sort_values(year, kind="stable").index:
        other = str(bound.other_group[label])
        before = most.get(other, float(applicants.get(other, 0.0)))
        allowed = float(bound.constant[label]) + (bound.times * before if other else 0.0)
        allowed = min(allowed, float(applicants.get(label, 0.0)))
        most[str(label)] = allowed if allowed + _TOLERANCE >= fewest.get(label, 0.0) else 0.0
    return pd.Series(most, dtype=float)
