"""Limits that compare with the year before: the same measure, its groups shifted by a year."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from optimizer.frames import numbers_at, stacked
from optimizer.instance.attributes import Attributes
from optimizer.instance.bounds import Bound, JoinedLimit
from optimizer.instance.groups import group_labels, grouped, limit_place, measured_by
from optimizer.instance.measures import Measures, numbered
from optimizer.instance.people import CONSTANT, TERM
from optimizer.instance.slots_today import terms_of_today
from optimizer.policy import Limit, Previous

_YEAR = "year"
YEAR_NAMES = frozenset({_YEAR, f"{_YEAR}.{_YEAR}"})
"""Names by which a limit groups by year."""


def compares_with_before(limit: Limit) -> bool:
    """Whether the bounds of a limit compare with the year before; both do, or neither."""
    return isinstance(limit.at_least, Previous) or isinstance(limit.at_most, Previous)


def lasting_filters(limit: Limit, attributes: Attributes) -> dict[str, Any]:
    """Filters of a limit that hold in the year before as well: all but those by year."""
    quiet = attributes.quiet()
    found = {name: quiet.find(name, "") for name in limit.where}
    return {
        name: limit.where[name]
        for name, attribute in found.items()
        if attribute is None or attribute.dimension != _YEAR
    }


def join_previous(limit: Limit, measures: Measures) -> JoinedLimit | None:
    """Join a limit with the year before; ``None`` after a problem, and where it asks nothing.

    A row is there for every group and year with intake that has something to count in the year
    or in the one before. Today's slots stand for the year before the first one.
    """
    before = len(measures.problems)
    asked = _years_asked(limit, measures)
    where = lasting_filters(limit, measures.attributes)
    found = measured_by(limit, measures, where)
    if len(measures.problems) > before:
        return None
    today = terms_of_today(limit, where, asked, measures)
    if len(measures.problems) > before:
        return None
    first = measures.sets.years[0]
    years = asked if today is not None else asked - {first}
    terms, groups = _through_years(limit, found, today, measures)
    year = _year_of(limit)
    earlier = pd.Series(
        group_labels(groups.assign(**{year: groups[year] - 1}), limit.by),
        index=groups.index,
        dtype="str",
    )
    here = terms["group"].drop_duplicates()
    counted = groups.index.isin(here) | earlier.isin(here)
    kept = (groups[year].isin(years) & counted).to_numpy()
    groups, earlier = groups[kept], earlier[kept]
    if not len(groups):
        return None
    bounds = tuple(
        _bound(sense, wanted, terms, earlier, groups[year].eq(first))
        for sense, wanted in (("at_least", limit.at_least), ("at_most", limit.at_most))
        if isinstance(wanted, Previous)
    )
    measured = terms[terms["group"].isin(groups.index)].reset_index(drop=True)
    return JoinedLimit(limit.name, limit, groups, measured, bounds)


def _year_of(limit: Limit) -> str:
    """Name by which a limit groups by year; the policy has seen to it that there is one."""
    return next(name for name in limit.by if name in YEAR_NAMES)


def _years_asked(limit: Limit, measures: Measures) -> set[int]:
    """Years with intake that the filters of a limit leave; none is a problem."""
    years = set(measures.sets.years)
    for name, values in limit.where.items():
        attribute = measures.dimension(name)
        if attribute is not None and attribute.dimension == _YEAR:
            wanted = measures.attributes.wanted(
                attribute, name, values, limit_place(limit), optional=limit.optional
            )
            years &= set(attribute.having(wanted))
    if not years and not limit.optional:
        measures.attributes.add(
            limit_place(limit, "where"),
            "no year with intake matches, and others are not compared with the year before",
            f"years from {measures.sets.years[0]} to {measures.sets.years[-1]}",
        )
    return years


def _through_years(
    limit: Limit, found: pd.DataFrame, today: pd.DataFrame | None, measures: Measures
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Terms with their group, and every group in every year with intake, whatever it counts.

    A floor asks something of a group that has lost all it could count: what was there before.
    """
    columns = numbered(limit.by)
    year = columns[limit.by.index(_year_of(limit))]
    found = found[found[year].isin(measures.sets.years)]
    terms = stacked([found, today]) if today is not None else found
    others = terms[columns].drop(columns=year).drop_duplicates()
    if len(columns) == 1:
        others = others.head(0) if not len(terms) else pd.DataFrame(index=[0])
    years = pd.DataFrame({year: pd.Series(measures.sets.years, dtype="int64")})
    possible = others.merge(years, how="cross").assign(
        family=CONSTANT, position=-1, coefficient=np.nan
    )
    labelled, groups = grouped(stacked([terms, possible[[*TERM, *columns]]]), limit.by)
    return labelled[labelled["coefficient"].notna()].reset_index(drop=True), groups


def _bound(
    sense: str, wanted: Previous, terms: pd.DataFrame, earlier: pd.Series, is_first: pd.Series
) -> Bound:
    sign = 1.0 if sense == "at_most" else -1.0
    begin = wanted.in_first_year
    slots = terms.groupby("group")["coefficient"].sum()
    today = numbers_at(earlier, slots, 0.0)
    at_first = begin.times * today + sign * begin.plus
    constant = at_first.where(is_first, sign * wanted.plus).astype("float64")
    other_group = earlier.where(~is_first & earlier.isin(terms["group"]), "").astype("str")
    other = terms[terms["group"].isin(other_group)].reset_index(drop=True)
    return Bound(sense, constant, wanted.times, other, other_group)
