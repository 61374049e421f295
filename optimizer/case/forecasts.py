"""Checks of forecast tracks: who is expected, and that nothing is given there."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optimizer.case.checked import TOLERANCE, CaseTables
from optimizer.schema.tables import FORECAST
from optimizer.text.figures import apart, plainly

_BY_COUNTRY, _BY_REGION = "forecasts_by_country", "forecasts_by_region"
_KEYS = {_BY_COUNTRY: "country", _BY_REGION: "region"}
_OF_SLOTS = {
    "applicants": "a planned track; who enters one with a forecast is in forecasts_by_country.csv",
    "commitments": "a planned track, as nobody is given a slot on one with a forecast",
}
"""Tables that speak of slots to give, and what is expected in them."""


def check_forecasts(tables: CaseTables) -> None:
    """Check that tracks with a forecast have one, that no others have, and that it adds up."""
    if tables.sound("tracks"):
        _check_tracks(tables)
        _check_given(tables)
        _check_scores(tables)
    for name in _KEYS:
        if tables.sound(name):
            _check_bounds(tables, name)
    if tables.sound(*_KEYS) and all(map(tables.has, _KEYS)):
        _check_margins(tables)


def _forecast_tracks(tables: CaseTables) -> set[str]:
    tracks = tables["tracks"]
    return set(tracks.loc[tracks["allocation"].eq(FORECAST), "track"])


def _tracks_in(rows: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """Row and track of every row."""
    return zip(rows.index.tolist(), rows["track"].tolist(), strict=True)


def _check_tracks(tables: CaseTables) -> None:
    """Nothing can be opened, or sent abroad, where people come by themselves."""
    tracks = tables["tracks"]
    rows = tracks[tracks["allocation"].eq(FORECAST)]
    for column, is_refused, told, expected in (
        ("direction", rows["direction"].eq("outbound"), "is outbound", "inbound"),
        ("needs_agreement", rows["needs_agreement"].eq(True), "needs an agreement", "no"),
        ("min_cohort", rows["min_cohort"].gt(0), "has a smallest cohort", "0"),
    ):
        tables.add_all(
            "tracks",
            (
                (row, f"track {track!r} has a forecast, but {told}", None)
                for row, track in _tracks_in(rows[is_refused])
            ),
            column,
            f"{expected}, as who comes by forecast is given nothing",
        )


def _check_given(tables: CaseTables) -> None:
    """Either slots are given on a track, or people are expected there."""
    known, expected = set(tables["tracks"]["track"]), _forecast_tracks(tables)
    for name, wanted in _OF_SLOTS.items():
        tables.add_all(
            name,
            (
                (row, f"track {track!r} has a forecast, so no slots are given on it", None)
                for row, track in _tracks_in(tables[name])
                if track in expected
            ),
            "track",
            wanted,
        )
    for name in _KEYS:
        tables.add_all(
            name,
            (
                (row, f"track {track!r} is planned, so nobody comes by forecast", None)
                for row, track in _tracks_in(tables[name])
                if track in known - expected
            ),
            "track",
            f"a track with allocation = {FORECAST}",
        )
    if tables.sound(_BY_COUNTRY):
        there = set(tables[_BY_COUNTRY]["track"])
        tables.add_all(
            "tracks",
            (
                (row, f"track {track!r} has a forecast, but no rows in {_BY_COUNTRY}.csv", None)
                for row, track in _tracks_in(tables["tracks"])
                if track in expected - there
            ),
            "allocation",
            "rows with those expected, of 0 persons where there are none",
        )


def _check_scores(tables: CaseTables) -> None:
    """A forecast does not say who of which country goes where."""
    rows = tables["scores"]
    rows = rows[rows["track"].isin(_forecast_tracks(tables)) & rows["region"].ne("")]
    tables.add_all(
        "scores",
        (
            (row, f"track {track!r} has a forecast, which is not by country and region", None)
            for row, track in _tracks_in(rows)
        ),
        "region",
        "a blank, or a planned track",
    )


def _check_bounds(tables: CaseTables, name: str) -> None:
    """The figure that is counted lies between the lowest and the highest one."""
    rows = tables[name]
    for column, is_beyond, word in (
        ("low", rows["low"] > rows["persons"], "above"),
        ("high", rows["high"] < rows["persons"], "below"),
    ):
        beyond = rows[is_beyond]
        cells = zip(beyond.index, beyond[column], beyond["persons"], strict=True)
        pairs = ((row, apart(bound, persons, plainly)) for row, bound, persons in cells)
        tables.add_all(
            name,
            ((row, f"{told} is {word} persons, {persons}", None) for row, (told, persons) in pairs),
            column,
            "low no higher and high no lower than persons",
        )


def _check_margins(tables: CaseTables) -> None:
    """Both margins must expect the same people in every year."""
    by_country, by_region = (_by_year(tables, name) for name in _KEYS)
    both = pd.concat([by_country, by_region], axis=1, keys=["countries", "regions"]).fillna(0.0)
    is_told: set[str] = set()
    for cell, here, there in zip(both.index, both["countries"], both["regions"], strict=True):
        track, year = cell
        if track in is_told or abs(here - there) <= TOLERANCE * max(1.0, here, there):
            continue
        is_told.add(track)
        in_regions, in_countries = apart(there, here, plainly)
        tables.add(
            _BY_REGION,
            f"{in_regions} persons are expected on track {track!r} in {year}, "
            f"but {in_countries} in {_BY_COUNTRY}.csv",
            column="persons",
            expected="the same total in both tables, where the last row of each key goes on",
        )


def _by_year(tables: CaseTables, name: str) -> pd.Series:
    """Persons by track and year of the case, the last row of each key repeated."""
    rows, key = tables[name], [_KEYS[name], "track"]
    parts = [rows]
    last = rows.loc[rows.groupby(key)["year"].idxmax()] if len(rows) else rows
    for year in tables.header.years:
        parts.append(last[last["year"] < year].assign(year=year))
    persons: pd.Series = pd.concat(parts).groupby(["track", "year"])["persons"].sum()
    return persons
