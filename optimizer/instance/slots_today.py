"""Slots that are given today, as the year before the first one of limits from year to year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from optimizer.instance.attribution import COUNTRY, REGION
from optimizer.instance.groups import dimension_of, limit_place
from optimizer.instance.measures import Measures, numbered
from optimizer.instance.people import CONSTANT, TERM
from optimizer.policy import Limit

_YEAR, _TRACK = "year", "track"
_WHOLE, _BY_REGION = "current_plan", "current_plan_by_region"


def terms_of_today(
    limit: Limit, where: Mapping[str, Any], asked: set[int], measures: Measures
) -> pd.DataFrame | None:
    """Give today's slots as terms of the year before the first; ``None`` without any.

    Rows of ``current_plan_by_region`` stand for those of ``current_plan`` that have no region,
    where countries are not asked for.
    """
    first = measures.sets.years[0]
    if not limit.counts.is_of_entrants or first not in asked:
        return None
    table = measures.case.table(_WHOLE)
    if not len(table):
        _refuse_first(limit, measures)
        return None
    expected = measures.forecast(measures.tracks_left(where))
    table = table[table[_TRACK].isin(measures.tracks_left(where))]
    planned = table[~table[_TRACK].isin(expected)]
    of_planned = _untold(limit, planned, measures, [])
    untold = of_planned if limit.planned else _untold(limit, table, measures, expected)
    if untold:
        measures.attributes.add(
            limit_place(limit),
            f"{_WHOLE} {untold}, so the first year has nothing to compare with",
            f"groups that {_WHOLE} can be divided by, or a filter by year without {first}",
            None if of_planned else "you want planned = true",
        )
        return None
    table = _divided(limit, planned if limit.planned else table, measures)
    table = table.assign(**{_YEAR: first - 1}, family=CONSTANT, position=-1)
    table = table.rename(columns={"slots": "coefficient"}).astype({"coefficient": "float64"})
    for name, values in where.items():
        attribute = measures.dimension(name)
        if attribute is not None:
            table = table[attribute.of(table).isin(attribute.meant(values))]
    cells = {name: table[name].array for name in TERM}
    for number, name in zip(numbered(limit.by), limit.by, strict=True):
        attribute = measures.dimension(name)
        if attribute is not None:
            is_year = attribute.dimension == _YEAR
            cells[number] = (table[_YEAR] if is_year else attribute.of(table)).array
    return pd.DataFrame(cells)


def _refuse_first(limit: Limit, measures: Measures) -> None:
    """A bound of the first year has nothing to compare with where nothing is known of today."""
    for sense in ("at_least", "at_most"):
        if getattr(getattr(limit, sense), "first", None) is not None:
            measures.attributes.add(
                limit_place(limit, sense, "first"),
                f"case {measures.case.name!r} has no {_WHOLE} to compare with",
                f"a table {_WHOLE} with slots, or no first",
            )


def _dimensions(limit: Limit, measures: Measures) -> set[str | None]:
    return {dimension_of(measures, name) for name in (*limit.by, *limit.where)}


def _margins(limit: Limit, measures: Measures) -> pd.DataFrame | None:
    """Today's slots by track and region; ``None`` where a limit does not ask for these alone."""
    asked = _dimensions(limit, measures)
    if REGION not in asked or COUNTRY in asked:
        return None
    table = measures.case.table(_BY_REGION)
    return table if len(table) else None


def _divided(limit: Limit, table: pd.DataFrame, measures: Measures) -> pd.DataFrame:
    """Slots with their regions, where a limit asks for these; one row per slot in any case."""
    margins = _margins(limit, measures)
    if margins is None:
        return table
    undivided = table.loc[table["region"].eq(""), _TRACK]
    kept = [table[table["region"].ne("")], margins[margins[_TRACK].isin(undivided)]]
    return pd.concat(kept, ignore_index=True)


def _untold(limit: Limit, table: pd.DataFrame, measures: Measures, expected: list[str]) -> str:
    """Say why ``current_plan`` cannot be divided as a limit is; empty if it can."""
    asked = _dimensions(limit, measures)
    unknown = sorted(str(each) for each in asked - {COUNTRY, _TRACK, REGION, _YEAR})
    if unknown:
        return f"does not divide slots by {' or '.join(unknown)}"
    missing = [track for track in expected if track not in set(table[_TRACK])]
    if missing:
        return f"has no row of {', '.join(missing)}, where people come by forecast"
    if REGION not in asked:
        return ""
    margins = _margins(limit, measures)
    elsewhere = set() if margins is None else set(margins[_TRACK])
    blank = table.index[table["region"].eq("") & ~table[_TRACK].isin(elsewhere)]
    if len(blank):
        return f"has no region in row{'s' if len(blank) > 1 else ''} {_listed(blank)}"
    return ""


def _listed(rows: pd.Index) -> str:
    more = ", ..." if len(rows) > 5 else ""
    return ", ".join(map(str, rows[:5])) + more
