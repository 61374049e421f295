"""Checks that every combination that needs a row has one, and that no row is out of use."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from optimizer.case.checked import CaseTables
from optimizer.errors import did_you_mean
from optimizer.schema.tables import BAND_PREFIX, TABLES

MOST_BANDS = 4
"""Each band splits the blocks of the model, so that a case may not have many."""


def check_coverage(tables: CaseTables) -> None:
    """Check companion files, years, agreements, services and bands."""
    _check_companions(tables)
    for spec in TABLES.values():
        if spec.every_year:
            _check_all_years(tables, spec.name, spec.lasting_keys)
    if tables.sound("tracks", "applicants", "agreements"):
        _check_agreements(tables)
    if tables.sound("sites", "service_use", "services"):
        _check_services(tables)
    _check_bands(tables)


def _check_companions(tables: CaseTables) -> None:
    """Regions and sites come together, and so do two tables of the same people."""
    if tables.has("regions") and not tables.has("sites"):
        tables.add("sites", "the file is missing", expected="sites in the regions of regions.csv")
    for people in ("present", "forecasts"):
        pair = (f"{people}_by_country", f"{people}_by_region")
        for name, other in (pair, pair[::-1]):
            if tables.has(other) and not tables.has(name) and tables.has("regions"):
                message = f"the file is missing, but there is {other}.csv"
                tables.add(name, message, expected="both or neither")


def _check_all_years(tables: CaseTables, name: str, keys: list[str]) -> None:
    if not tables.sound(name):
        return
    found: list[tuple[int, str, None]] = []
    for key, rows in tables[name].groupby(keys, sort=False):
        there = set(rows["year"])
        missing = [str(year) for year in tables.header.years if year not in there]
        if missing:
            message = f"{_named(keys, key)} has no row for {', '.join(missing)}"
            found.append((int(rows.index[-1]), message, None))
    tables.add_all(name, found, "year", "a row for every year of the case")


def _named(keys: Iterable[str], values: object) -> str:
    told = values if isinstance(values, tuple) else (values,)
    return ", ".join(f"{key} {value!r}" for key, value in zip(keys, told, strict=True))


def _check_agreements(tables: CaseTables) -> None:
    tracks, agreements = tables["tracks"], tables["agreements"]
    known = set(tracks["track"])
    needing = set(tracks.loc[tracks["needs_agreement"], "track"])
    countries = set(tables["countries"]["country"])
    eligible = dict.fromkeys(_pairs(tables, "applicants"))
    there = dict(zip(_pairs(tables, "agreements"), agreements.index, strict=True))
    missing = [
        (country, track)
        for country, track in eligible
        if country in countries and track in needing and (country, track) not in there
    ]
    tables.add_all(
        "agreements",
        (
            (None, f"{country!r} has applicants on {track!r}, which needs an agreement", None)
            for country, track in missing
        ),
        expected="a row for every eligible country of a track with needs_agreement = yes",
    )
    tables.add_all(
        "agreements",
        (
            (row, f"track {track!r} needs no agreement", None)
            for (_, track), row in there.items()
            if track in known - needing
        ),
        "track",
        "a track with needs_agreement = yes",
    )
    tables.add_all(
        "agreements",
        (
            (row, f"{country!r} has no applicants on {track!r}", None)
            for (country, track), row in there.items()
            if track in needing and (country, track) not in eligible
        ),
        "country",
        "an eligible country, with a row in applicants.csv",
    )


def _pairs(tables: CaseTables, name: str) -> list[tuple[str, str]]:
    frame = tables[name]
    return list(zip(frame["country"], frame["track"], strict=True))


def _check_services(tables: CaseTables) -> None:
    """Every region with people of a track must have the services that the track uses."""
    use = tables["service_use"].drop_duplicates(["track", "service"])
    needed = _hosting(tables).merge(use[["track", "service"]], on="track")
    services = tables["services"]
    there = set(zip(services["region"], services["service"], strict=True))
    known = set(services["service"])
    firsts: dict[tuple[str, str], str] = {}
    for track, region, holds, service in needed.itertuples(index=False, name=None):
        if service in known and (region, service) not in there:
            firsts.setdefault((region, service), f"{holds} {track!r}")
    tables.add_all(
        "services",
        (
            (None, f"{region!r} {host}, which uses {service!r}, but has no row", None)
            for (region, service), host in firsts.items()
        ),
        expected="rows for every service used in a region, with capacity 0 if there is none",
    )


def _hosting(tables: CaseTables) -> pd.DataFrame:
    """Tracks and the regions where they can be hosted, or where people of theirs are or come."""
    parts = [tables["sites"][["track", "region"]].assign(holds="can host")]
    for name, holds in (
        ("present_by_region", "has people present of"),
        ("forecasts_by_region", "expects people of"),
    ):
        if tables.sound(name):
            rows = tables[name]
            parts.append(rows.loc[rows["persons"] > 0, ["track", "region"]].assign(holds=holds))
    return pd.concat(parts, ignore_index=True).drop_duplicates(["track", "region"])


def _check_bands(tables: CaseTables) -> None:
    columns = [name for name in map(str, tables["countries"]) if name.startswith(BAND_PREFIX)]
    services = [name for name in tables["services"]["service"].unique() if name]
    for column in columns:
        _check_band_column(tables, column, services)
    use = tables["service_use"]
    for service in services:
        banded = use[use["service"].eq(service) & use["band"].ne("")]
        if len(banded) and tables.has("countries"):
            _check_band_use(tables, service, banded["band"])


def _check_band_column(tables: CaseTables, column: str, services: list[str]) -> None:
    service = column.removeprefix(BAND_PREFIX)
    if service not in services:
        maybe = did_you_mean(service, services)
        tables.add(
            "countries",
            f"there is no service {service!r}",
            1,
            column,
            f"{BAND_PREFIX}<service> with a service of services.csv",
            maybe=f"{BAND_PREFIX}{maybe}" if maybe else None,
        )
        return
    cells = tables["countries"][column]
    blank = ((row, "is blank", None) for row in cells.index[cells.eq("")])
    tables.add_all("countries", blank, column, "the band of the country")
    classes = sorted(set(cells) - {""})
    if len(classes) > MOST_BANDS:
        message = f"has {len(classes)} bands: {', '.join(classes)}"
        tables.add("countries", message, 1, column, f"at most {MOST_BANDS}")


def _check_band_use(tables: CaseTables, service: str, bands: pd.Series) -> None:
    """Bands of services must be classes of countries."""
    countries = tables["countries"]
    column = f"{BAND_PREFIX}{service}"
    if column not in countries:
        if tables.reads["countries"].lost:
            return
        message = f"the column is missing; service_use.csv has bands for service {service!r}"
        tables.add("countries", message, 1, column, "the band of every country")
        return
    classes = sorted(set(countries[column]))
    if not classes or "" in classes:
        return
    tables.add_all(
        "service_use",
        (
            (row, f"no country has {column} {band!r}", did_you_mean(band, classes))
            for row, band in zip(bands.index, bands, strict=True)
            if band not in classes
        ),
        "band",
        f"one of {', '.join(classes)}",
    )
