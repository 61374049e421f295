"""A case's contents for other years or in another currency, to begin a case of one's own with.

Nothing is made up silently: rows that speak of years the case did not have, and amounts that were
in another currency, say in their ``source`` that they are assumptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from optimizer.case.writing.contents import Contents
from optimizer.schema.tables import ASSUMPTION, MONEY, SOURCE, TABLES, TableSpec

PROMISES = "commitments"
"""Table whose rows of a year say nothing of other years, and may not be kept in any."""


def in_currency(contents: Contents, currency: str) -> Contents:
    """Give the contents in another currency; amounts keep their figures."""
    if currency == contents.currency:
        return contents
    why = f"amounts of {contents.currency}, not converted"
    tables = {
        name: _assumed(frame, why) if _has_money(TABLES[name]) else frame
        for name, frame in contents.tables.items()
    }
    return replace(contents, currency=currency, tables=tables)


def _has_money(spec: TableSpec) -> bool:
    return any(column.unit == MONEY for column in spec.columns)


def _assumed(frame: pd.DataFrame, why: str) -> pd.DataFrame:
    """Mark all rows as assumptions, with the source that they had."""
    before = frame[SOURCE.name]
    told = f"{ASSUMPTION}: {why}"
    return frame.assign(**{SOURCE.name: (told + " (" + before + ")").where(before.ne(""), told)})


def in_years(contents: Contents, years: Sequence[int]) -> Contents:
    """Give the contents for other years: a year that is new is as in the nearest one."""
    if tuple(years) == contents.years:
        return contents
    tables = {
        name: _in_years(name, frame, contents.years, years)
        for name, frame in contents.tables.items()
    }
    return replace(contents, years=tuple(years), tables=tables)


def _in_years(
    table: str, frame: pd.DataFrame, before: Sequence[int], years: Sequence[int]
) -> pd.DataFrame:
    if "entry_year" in frame:
        return frame[frame["entry_year"] < years[0]]
    if "year" not in frame:
        return frame
    if table == PROMISES:
        return frame[frame["year"].isna()]
    last = pd.Series(before[-1], index=frame.index)
    spec = TABLES[table]
    if spec.goes_on and not spec.every_year:
        last = frame.groupby(spec.lasting_keys)["year"].transform("max")
    parts = [frame[frame["year"].isna()]]
    for year in years:
        nearest = last.clip(upper=max(year, before[0]))
        rows = frame[frame["year"].eq(nearest).fillna(False).astype(bool)]
        for found, part in rows.groupby("year"):
            is_own = found == year
            parts.append(part if is_own else _assumed(part, f"as in {found}").assign(year=year))
    return pd.concat(parts).astype(frame.dtypes.to_dict())
