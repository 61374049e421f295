"""Use of the local services per person, and their capacity."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems
from optimizer.frames import rows_of
from optimizer.frames.grouping import groups
from optimizer.instance.lookup import resolve
from optimizer.instance.people import TERM, People
from optimizer.instance.sets import ALL, Sets
from optimizer.instance.years import through_years
from optimizer.schema.tables import BAND_PREFIX


def use_terms(
    case: Case, sets: Sets, people: People, bands: pd.DataFrame, problems: Problems
) -> pd.DataFrame:
    """Every term of use[region, service, year].

    use[r,s,y] = sum over residents of region r of the units one person of that track, level,
    group, kind of entry and year of stay uses.

    Parameters
    ----------
    bands
        country and its band in every service.

    Returns
    -------
    pandas.DataFrame
        family, position, coefficient (units), region, service, year, track, level, entry.
    """
    table = case.table("service_use")
    services = table[["track", "service", "year_of_stay"]].drop_duplicates()
    present = people.present_at
    names = ["track", "year_of_stay", "level", "group", "entry"]
    cells = groups(present, names)
    query = present[names].take(cells.firsts).assign(cell=np.arange(len(cells.firsts)))
    query = query.merge(services, on=["track", "year_of_stay"])
    query = query.merge(
        _bands_of_groups(case, sets, bands), on=["track", "group", "service"], how="left"
    )
    query["band"] = query["band"].fillna("*")
    found = resolve(
        query,
        table,
        keys=["track", "service", "year_of_stay"],
        optional=["level", "band", "entry"],
        values=["units"],
        file="service_use.csv",
        problems=problems,
    )
    query["units"] = found["units"].fillna(0.0)
    units = query.loc[query["units"] != 0, ["cell", "service", "units"]]
    used = present.assign(cell=cells.codes).merge(units, on="cell")
    used["coefficient"] = used["coefficient"] * used["units"]
    return used[[*TERM, "region", "service", "year", "track", "level", "entry"]]


def _bands_of_groups(case: Case, sets: Sets, bands: pd.DataFrame) -> pd.DataFrame:
    """Band of each group of a track in each service that asks for bands on that track."""
    use = case.table("service_use")
    banded = use.loc[use["band"].ne(""), ["track", "service"]].drop_duplicates()
    rows: list[tuple[str, str, str, str]] = []
    of = bands.set_index("country")
    members = sets.groups[sets.groups["group"].ne(ALL)].drop_duplicates(["track", "group"])
    for member in rows_of(members):
        for service in banded.loc[banded["track"].eq(member.track), "service"]:
            band = str(of.at[member.country, f"{BAND_PREFIX}{service}"])
            rows.append((member.track, member.group, service, band))
    frame = pd.DataFrame(rows, columns=["track", "group", "service", "band"])
    return frame.astype("str")


def capacities(case: Case, sets: Sets) -> pd.DataFrame:
    """Capacity before expansion: region, service, year (of the window), capacity, unit."""
    columns = ["region", "service", "capacity", "unit"]
    return through_years(case, "services", columns, sets.window)
