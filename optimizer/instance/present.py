"""People who are here or come whatever is decided, on both margins."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from optimizer.case import Case
from optimizer.frames import stacked
from optimizer.instance.years import through_years


def present_people(
    case: Case, groups: pd.DataFrame, years: Sequence[int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People already here or expected, with those on the region margin split over groups.

    Where the country margin of a track and entry year holds several groups, every region is
    taken to have the national mix of groups.
    """
    here = _who_come(case, "country", years).merge(groups, on=["track", "country"])
    by_group = here.groupby(["track", "entry_year", "group"], as_index=False)["persons"].sum()
    total = by_group.groupby(["track", "entry_year"])["persons"].transform("sum")
    by_group["share"] = (by_group["persons"] / total).where(total > 0, 0.0)
    places = _who_come(case, "region", years)
    at = places.merge(by_group.drop(columns="persons"), on=["track", "entry_year"])
    at["persons"] = at["persons"] * at["share"]
    columns = ["track", "group", "region", "entry_year", "persons"]
    return here.reset_index(drop=True), at[columns].reset_index(drop=True)


def _who_come(case: Case, side: str, years: Sequence[int]) -> pd.DataFrame:
    """People already here and those expected on one margin, by the year in which they entered.

    Who was expected in years of the case before the first one that is planned has come too.
    """
    columns = [side, "track", "entry_year", "persons"]
    before = [year for year in case.years if year < years[0]]
    expected = through_years(
        case, f"forecasts_by_{side}", [side, "track", "persons"], [*before, *years]
    )
    parts = [
        case.table(f"present_by_{side}")[columns],
        expected.rename(columns={"year": "entry_year"})[columns],
    ]
    return stacked(parts)
