"""Checks that what one table names exists in the other."""

from __future__ import annotations

import pandas as pd

from optimizer.case.checked import CaseTables
from optimizer.errors import did_you_mean
from optimizer.frames import numbers_at
from optimizer.schema.iso3166 import ISO_3166_ALPHA_3
from optimizer.schema.tables import STANDARD, TABLES

KEY_OF = {
    "countries": "country",
    "tracks": "track",
    "regions": "region",
    "budgets": "line",
    "services": "service",
}
"""Key by which other tables name the rows of a table."""


def check_references(tables: CaseTables) -> None:
    """Check keys, years, years of stay, levels and country codes in every table."""
    for spec in TABLES.values():
        for column in spec.columns:
            if column.refers_to is not None:
                _check_keys(tables, spec.name, column.name, column.refers_to)
        names = [column.name for column in spec.columns]
        if "year" in names:
            _check_years(tables, spec.name)
        if "entry_year" in names:
            _check_entry_years(tables, spec.name)
        if "year_of_stay" in names:
            _check_years_of_stay(tables, spec.name)
        if "level" in names and spec.name != "support_levels":
            _check_levels(tables, spec.name)
    if tables.header.country_codes == "iso3166":
        _check_codes(tables)
    _check_described(tables)


def _check_keys(tables: CaseTables, name: str, column: str, other: str) -> None:
    cells = [(row, value) for row, value in _items(tables[name][column]) if value]
    target, key = TABLES[other], KEY_OF[other]
    if not tables.has(other):
        if cells and not target.required:
            message = f"names {_several(key)}, but there is no {target.file}"
            tables.add(name, message, cells[0][0], column, f"a {target.file}")
        return
    known = dict.fromkeys(tables[other][key].tolist())
    if not tables.sound(other) and (tables.reads[other].lost or "" in known):
        # Rows or keys that could not be read have been reported; others may well name them.
        return
    if not known:
        if cells:
            message = f"names {_several(key)}, but {target.file} has no rows"
            tables.add(name, message, cells[0][0], column, f"rows in {target.file}")
        return
    unknown = [(row, value) for row, value in cells if value not in known]
    maybe = {value: did_you_mean(value, known) for value in {value for _, value in unknown}}
    tables.add_all(
        name,
        ((row, f"{value!r} is not in {target.file}", maybe[value]) for row, value in unknown),
        column,
        f"a {key} of {target.file}",
    )


def _several(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def _check_years(tables: CaseTables, name: str) -> None:
    years = tables.header.years
    cells = tables[name]["year"].dropna()
    tables.add_all(
        name,
        (
            (row, f"{year} is not a year of the case", None)
            for row, year in _items(cells[~cells.isin(years)])
        ),
        "year",
        f"a year from {years[0]} to {years[-1]}",
    )


def _check_entry_years(tables: CaseTables, name: str) -> None:
    first = tables.header.years[0]
    cells = tables[name]["entry_year"].dropna()
    tables.add_all(
        name,
        (
            (row, f"{year} is not before the case's first year", None)
            for row, year in _items(cells[cells >= first])
        ),
        "entry_year",
        f"a year before {first}",
    )


def _check_years_of_stay(tables: CaseTables, name: str) -> None:
    tracks = tables["tracks"].drop_duplicates("track").set_index("track")["duration_years"]
    frame = tables[name].dropna(subset=["year_of_stay"])
    lasts = numbers_at(frame["track"], tracks)
    late = frame[frame["year_of_stay"].gt(lasts.fillna(frame["year_of_stay"]))]
    tables.add_all(
        name,
        (
            (row, f"year {year} of a stay on {track!r}, which lasts {_years(tracks[track])}", None)
            for row, track, year in zip(
                late.index, late["track"], late["year_of_stay"], strict=True
            )
        ),
        "year_of_stay",
        "a year from 1 to the track's duration_years",
    )


def _years(count: int) -> str:
    return "1 year" if count == 1 else f"{count} years"


def levels_of(tables: CaseTables) -> dict[str, list[str]]:
    """Give the support levels of every track."""
    given = tables["support_levels"].groupby("track")["level"].agg(list).to_dict()
    return {track: given.get(track, [STANDARD]) for track in tables["tracks"]["track"]}


def _check_levels(tables: CaseTables, name: str) -> None:
    levels = levels_of(tables)
    frame = tables[name]
    told = frame[frame["level"].ne("") & frame["track"].isin(levels)]
    pairs = set(told[["track", "level"]].itertuples(index=False, name=None))
    maybe = {
        (track, level): did_you_mean(level, levels[track])
        for track, level in pairs
        if level not in levels[track]
    }
    tables.add_all(
        name,
        (
            (row, f"track {track!r} has no level {level!r}", maybe[track, level])
            for row, track, level in zip(told.index, told["track"], told["level"], strict=True)
            if (track, level) in maybe
        ),
        "level",
        "a level of the track in support_levels.csv, or standard if it has none there",
    )


def _check_codes(tables: CaseTables) -> None:
    cells = tables["countries"]["country"]
    unknown = cells[cells.ne("") & ~cells.isin(ISO_3166_ALPHA_3)]
    tables.add_all(
        "countries",
        (
            (row, f"{code!r} is not in ISO 3166 alpha-3", _in_capitals(code))
            for row, code in _items(unknown)
        ),
        "country",
        "a code of three letters, or country_codes = 'any' in case.toml",
    )


def _in_capitals(code: str) -> str | None:
    # Almost every code is close to several others, so that only the case of letters is guessed.
    return code.upper() if code.upper() in ISO_3166_ALPHA_3 else None


def _check_described(tables: CaseTables) -> None:
    """Check that attributes described in case.toml exist."""
    for name, columns in tables.header.attributes.items():
        open_ended = [spec.name for spec in TABLES.values() if spec.open_ended]
        if name not in open_ended:
            tables.problems.add(
                "case.toml",
                f"{name} has no attributes",
                column=f"attributes.{name}",
                expected=" or ".join(open_ended),
                maybe=did_you_mean(name, open_ended),
            )
            continue
        for column in columns:
            is_told = tables.has(name) and not tables.reads[name].lost
            if column not in tables[name] and is_told:
                tables.problems.add(
                    "case.toml",
                    f"{name}.csv has no column {column!r}",
                    column=f"attributes.{name}.{column}",
                    expected="a column of the table",
                    maybe=did_you_mean(column, map(str, tables[name])),
                )


def _items(cells: pd.Series) -> zip[tuple[int, str]]:
    return zip(cells.index.tolist(), cells.tolist(), strict=True)
