"""People who are expected beside the slots of a plan, as tables."""

from __future__ import annotations

import pandas as pd

from optimizer.frames import stacked
from optimizer.instance import Instance
from optimizer.instance.years import through_years

_FIGURES = ["persons", "low", "high"]


def expected_people(instance: Instance) -> pd.DataFrame:
    """Who comes by forecast in each planned year.

    Returns
    -------
    pandas.DataFrame
        country, track, region, year, persons, low, high: each person once by country (the region
        is blank) and, in cases with regions, once by region (the country is blank).
    """
    parts = []
    for side, other in (("country", "region"), ("region", "country")):
        columns = [side, "track", *_FIGURES]
        told = through_years(instance.case, f"forecasts_by_{side}", columns, instance.sets.years)
        parts.append(told.assign(**{other: ""}))
    order = ["country", "track", "region", "year", *_FIGURES]
    return stacked([part[order] for part in parts])
