"""Facts of the case that rule slots out before anything is solved, each with its file and row."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optimizer.explain.marginal_tables import frame
from optimizer.explain.wanting import Wanted
from optimizer.instance import Instance
from optimizer.schema.rules import RowKey
from optimizer.schema.tables import FORECAST, TABLES
from optimizer.session.origins import Origin, origin_of, origin_of_cell
from optimizer.text.figures import counted, figure

RULED_OUT = dict.fromkeys(("country", "track", "years", "fact", "source"), "str")


def forbidding_facts(instance: Instance, wanted: Wanted) -> pd.DataFrame:
    """country, track, years, fact, source: why no slots of some keys can be decided on at all.

    Countries and tracks that the slots leave open are left out where nobody applied.
    """
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for country, track in _pairs(instance, wanted):
        for year in [wanted.where["year"]] if "year" in wanted.where else instance.sets.years:
            said = _fact(instance, wanted, country, track, year)
            if said is not None:
                found.setdefault((country, track, *said), []).append(str(year))
    every = len(instance.sets.years)
    rows = [
        {
            "country": country,
            "track": track,
            "years": "" if len(years) == every else ", ".join(years),
            "fact": fact,
            "source": source,
        }
        for (country, track, fact, source), years in found.items()
    ]
    return frame(rows, RULED_OUT)


def _pairs(instance: Instance, wanted: Wanted) -> list[tuple[str, str]]:
    country, track = wanted.where.get("country"), wanted.where.get("track")
    if country is not None and track is not None:
        return [(str(country), str(track))]
    asked = instance.case.table("applicants")
    asked = asked.loc[wanted.chosen(asked.drop(columns="year")), ["country", "track"]]
    return [(str(a), str(b)) for a, b in asked.drop_duplicates().to_numpy().tolist()]


def _fact(
    instance: Instance, wanted: Wanted, country: str, track: str, year: int
) -> tuple[str, str] | None:
    """The first fact that rules out slots of a year, and where it stands."""
    sets, region = instance.sets, wanted.where.get("region")
    cohorts = sets.cohort
    mine = cohorts["country"].eq(country) & cohorts["track"].eq(track) & cohorts["year"].eq(year)
    if not mine.any():
        return next(_of_pair(instance, country, track, year), None)
    if region is None:
        return None
    sites = sets.sites
    here = sites["track"].eq(track) & sites["region"].eq(region) & sites["year"].eq(year)
    if (sites.loc[here, "max_slots"] > 0).any():
        return None
    if not here.any():
        return f"{region} is not a site of {track}", "sites.csv"
    return f"{region} has 0 places for {track}", _place(instance, "sites", track, region, year)


def _of_pair(instance: Instance, country: str, track: str, year: int) -> Iterator[tuple[str, str]]:
    sets, case = instance.sets, instance.case
    if sets.tracks["allocation"][track] == FORECAST:
        yield (
            f"{track} is a forecast track, for which no slots are decided",
            _track(instance, track, "allocation"),
        )
    pairs = sets.pairs
    own = pairs[pairs["country"].eq(country) & pairs["track"].eq(track) & pairs["year"].eq(year)]
    if not len(own) or not own["applicants"].iloc[0]:
        origin = _applicants(instance, country, track, year)
        if origin is None:
            yield f"nobody of {country} applies for {track}", "applicants.csv has no such row"
        else:
            yield f"{country} has 0 applicants for {track}", origin.in_words()
    if not len(own):
        return
    pair = own.iloc[0]
    if not pair["can_open"]:
        table = case.table("agreements")
        row = table.index[table["country"].eq(country) & table["track"].eq(track)][0]
        lead = origin_of_cell(instance, "agreements", "lead_years", int(row))
        opens = sets.years[0] + int(pair["lead_years"])
        place = "agreements.csv" if lead is None else lead.in_words()
        yield f"its agreement cannot open before {opens}", place
    if pair["link"] != "free" and pair["applicants"] < pair["min_cohort"]:
        least, there = figure(float(pair["min_cohort"])), int(pair["applicants"])
        who = counted(there, "applicant")
        fact = f"{country} has {who} for {track}, fewer than the minimum cohort of {least}"
        yield fact, _track(instance, track, "min_cohort")
    if sets.has_regions:
        yield f"no region has places for {track}", "sites.csv"


def _applicants(instance: Instance, country: str, track: str, year: int) -> Origin | None:
    return origin_of(instance, RowKey("cohort_within_applicants", (country, track, year)))


def _place(instance: Instance, table: str, track: str, region: str, year: int) -> str:
    origin = origin_of(instance, RowKey("placements_within_site", (track, region, year)))
    return TABLES[table].file if origin is None else origin.in_words()


def _track(instance: Instance, track: str, column: str) -> str:
    """Place of a cell of ``tracks``, which may hold text."""
    table = instance.case.table("tracks")
    row = int(table.index[table["track"].eq(track)][0])
    return f"{TABLES['tracks'].file} row {row}, column {column}"
