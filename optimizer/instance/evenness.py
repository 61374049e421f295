"""Limits on how evenly something is divided, joined with the case."""

from __future__ import annotations

import pandas as pd

from optimizer.frames.arrays import Mask
from optimizer.instance.bounds import Bound, JoinedLimit, Spread
from optimizer.instance.divisions import Divided, divided_among
from optimizer.instance.groups import NO_TERMS, TOTAL, limit_place
from optimizer.instance.limit_checks import check_floor, check_soft_base
from optimizer.instance.measures import Measures
from optimizer.instance.needs import Dividing
from optimizer.policy import Even, Limit
from optimizer.policy.evenness import OF_ALL_GROUPS

_MOST_NAMED = 10


def is_of_evenness(limit: Limit) -> bool:
    """Whether the bounds of a limit compare groups with each other, or with their needs."""
    return isinstance(limit.at_least, Even) or isinstance(limit.at_most, Even)


def join_even(limit: Limit, measured: pd.DataFrame, measures: Measures) -> JoinedLimit | None:
    """Resolve a limit on evenness; ``None`` after a problem, or where nothing has to match.

    Parameters
    ----------
    measured
        Terms as :meth:`Measures.terms` gives them.
    """
    if limit.optional and not len(measured):
        return None
    asked = Dividing(limit_place(limit), limit.where, limit.by, limit.relative_to)
    divided = divided_among(asked, measured, measures)
    if divided is None:
        return None
    there = divided.groups.index.isin(divided.measured["group"])
    if limit.optional:
        divided = _only(divided, there)
    elif not there.all() and _asks_for_each(limit):
        missing = ", ".join(map(str, divided.groups.index[~there][:_MOST_NAMED]))
        measures.attributes.add(
            limit_place(limit, "at_least"),
            f"{missing} has no {limit.counts.noun} that could reach the floor",
            "groups with something to count, or optional = true",
        )
        return None
    if not there.any():
        return None
    within = divided.measured["group"].isin(divided.groups.index)
    terms = divided.measured[within].reset_index(drop=True)
    bounds = (limit.at_least, limit.at_most)
    kinds = {bound.kind for bound in bounds if isinstance(bound, Even)}
    if kinds & set(OF_ALL_GROUPS):
        return _of_all(limit, divided, terms)
    return _of_each(limit, divided, terms, measures)


def _asks_for_each(limit: Limit) -> bool:
    wanted = limit.at_least
    return limit.soft is None and isinstance(wanted, Even) and wanted.number > 0.0


def _only(divided: Divided, kept: Mask) -> Divided:
    return Divided(divided.groups[kept], divided.measured, divided.needs[kept], divided.left_out)


def _of_all(limit: Limit, divided: Divided, terms: pd.DataFrame) -> JoinedLimit:
    """A ceiling on how far all groups lie apart, as part of what they get in all."""
    assert isinstance(limit.at_most, Even), "a policy says no floor of this kind"
    groups = pd.DataFrame(index=pd.Index([TOTAL], dtype="str"))
    shares = divided.needs / float(divided.needs.sum())
    return JoinedLimit(
        name=limit.name,
        limit=limit,
        groups=groups,
        measured=NO_TERMS,
        bounds=(_relative("at_most", limit.at_most.number, groups, terms),),
        spread=Spread(limit.at_most.kind, shares, terms),
    )


def _of_each(
    limit: Limit, divided: Divided, terms: pd.DataFrame, measures: Measures
) -> JoinedLimit:
    """Floors and ceilings of every group in which something can be counted."""
    counted = divided.groups.index.isin(terms["group"])
    groups, needs = divided.groups[counted], divided.needs[counted]
    shares = needs / float(divided.needs.sum())
    bounds = []
    for sense, wanted in (("at_least", limit.at_least), ("at_most", limit.at_most)):
        if isinstance(wanted, Even) and wanted.parity is not None:
            bounds.append(_relative(sense, wanted.number, groups, terms, shares))
        elif isinstance(wanted, Even):
            labels = pd.Series("", index=groups.index, dtype="str")
            bounds.append(Bound(sense, wanted.number * needs, 0.0, NO_TERMS, labels))
    check_floor(limit, groups, terms, bounds, measures)
    check_soft_base(limit, bounds, measures)
    return JoinedLimit(limit.name, limit, groups, terms, tuple(bounds))


def _relative(
    sense: str,
    times: float,
    groups: pd.DataFrame,
    terms: pd.DataFrame,
    weights: pd.Series | None = None,
) -> Bound:
    """So many times what all groups get together."""
    together = terms.assign(group=TOTAL)
    labels = pd.Series(TOTAL, index=groups.index, dtype="str")
    return Bound(sense, pd.Series(0.0, index=groups.index), times, together, labels, weights)
