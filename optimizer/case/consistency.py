"""Checks of what rows of a table must say together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import pandas as pd

from optimizer.case.checked import TOLERANCE, CaseTables
from optimizer.case.forecasts import check_forecasts
from optimizer.case.header import HEADER_FILE
from optimizer.case.today import check_today
from optimizer.frames import numbers_at
from optimizer.schema.tables import STANDARD, TABLES
from optimizer.text.characters import folded
from optimizer.text.figures import apart, plainly


def check_consistency(tables: CaseTables) -> None:
    """Check sums, cycles, constant columns, bounds and spellings."""
    for check in CONSISTENCY_CHECKS:
        check(tables)


def _check_continuations(tables: CaseTables) -> None:
    if tables.sound("continuations"):
        _check_stay_rates(tables)
        _check_retention(tables)
        if tables.sound("tracks"):
            _check_cycles(tables)


def _check_levels(tables: CaseTables) -> None:
    if tables.sound("support_levels"):
        _check_standard(tables)
        if tables.sound("continuations"):
            _check_stay_factors(tables)


def _check_present(tables: CaseTables) -> None:
    if tables.sound("present_by_country", "present_by_region"):
        _check_people_present(tables)


def _check_stay_rates(tables: CaseTables) -> None:
    frame = tables["continuations"]
    for track, rows in frame.groupby("track", sort=False):
        total = rows["stay_rate"].sum()
        if total > 1 + TOLERANCE:
            tables.add(
                "continuations",
                f"stay rates of track {track!r} add up to {apart(total, 1, plainly)[0]}",
                int(rows.index[-1]),
                "stay_rate",
                "at most 1 per track",
            )


def _check_retention(tables: CaseTables) -> None:
    """Where people remain or move by attraction, it must be known of every continuation."""
    retention = tables["continuations"]["retention"]
    blank = retention.index[retention.isna()]
    if len(blank) < len(retention):
        tables.add_all(
            "continuations",
            ((row, "is blank, but other rows have a retention", None) for row in blank),
            "retention",
            "a share in every row, or in none",
        )
    elif len(retention) and tables.header.movement == "by_attraction":
        tables.problems.add(
            HEADER_FILE,
            "is 'by_attraction', but continuations.csv has no retention",
            column="movement",
            expected="a retention in every row of continuations.csv, or movement = 'free'",
        )


def _check_stay_factors(tables: CaseTables) -> None:
    """No level may let more people stay than complete."""
    rates = tables["continuations"].groupby("track")["stay_rate"].sum()
    levels = tables["support_levels"]
    most = numbers_at(levels["track"], rates, 0.0)
    total = most * levels["stay_rate_factor"]
    too_many = (total > 1 + TOLERANCE) & (most <= 1 + TOLERANCE)
    tables.add_all(
        "support_levels",
        (
            (
                row,
                f"{plainly(factor)} times the stay rates of track {track!r} is "
                f"{apart(sum_, 1, plainly)[0]}",
                None,
            )
            for row, factor, track, sum_ in zip(
                levels.index[too_many],
                levels.loc[too_many, "stay_rate_factor"],
                levels.loc[too_many, "track"],
                total[too_many],
                strict=True,
            )
        ),
        "stay_rate_factor",
        "a factor under which at most all completers stay",
    )


def _check_cycles(tables: CaseTables) -> None:
    """A cycle of tracks that take no time would let people run round it for ever."""
    lasting = tables["tracks"].set_index("track")["duration_years"]
    instant = set(lasting[lasting.eq(0)].index)
    rows = tables["continuations"]
    rows = rows[rows["track"].isin(instant) & rows["next_track"].isin(instant)]
    following: dict[str, list[str]] = {}
    for track, next_track in zip(rows["track"], rows["next_track"], strict=True):
        following.setdefault(track, []).append(next_track)
    reported: set[frozenset[str]] = set()
    for row, track, next_track in zip(rows.index, rows["track"], rows["next_track"], strict=True):
        path = _way(following, next_track, track)
        if path is not None and frozenset(path) not in reported:
            reported.add(frozenset(path))
            tables.add(
                "continuations",
                f"{' to '.join(repr(name) for name in [track, *path])} takes no time at all",
                int(row),
                "next_track",
                "a track of at least one year in every cycle",
            )


def _way(following: Mapping[str, list[str]], start: str, end: str) -> list[str] | None:
    """Give a shortest way along continuations, both ends included."""
    ways = [[start]]
    seen = {start}
    for way in ways:
        if way[-1] == end:
            return way
        for name in following.get(way[-1], []):
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None


def _check_standard(tables: CaseTables) -> None:
    for track, rows in tables["support_levels"].groupby("track", sort=False):
        if STANDARD not in set(rows["level"]):
            tables.add(
                "support_levels",
                f"track {track!r} has no level {STANDARD!r}",
                int(rows.index[0]),
                "level",
                f"a row with level {STANDARD}, the level of stayers and people present",
            )


def _check_commitments(tables: CaseTables) -> None:
    if not tables.sound("commitments"):
        return
    frame = tables["commitments"]
    neither = frame["at_least"].isna() & frame["at_most"].isna()
    tables.add_all(
        "commitments",
        ((row, "neither at_least nor at_most is given", None) for row in frame.index[neither]),
        expected="at least one of the two",
    )
    _check_crossed(tables, "commitments", "at_least", "at_most")


def _check_crossed(tables: CaseTables, name: str, low: str, high: str) -> None:
    """The lower of two bounds must be no higher than the other."""
    frame = tables[name]
    crossed = frame[frame[low] > frame[high]]
    cells = zip(crossed.index, crossed[low], crossed[high], strict=True)
    pairs = ((row, apart(above, below, plainly)) for row, above, below in cells)
    tables.add_all(
        name,
        ((row, f"{above} is above {high}, {below}", None) for row, (above, below) in pairs),
        low,
        f"{low} no higher than {high}",
    )


def _check_people_present(tables: CaseTables) -> None:
    """Both margins must count the same people."""
    if not (tables.has("present_by_country") and tables.has("present_by_region")):
        return
    keys = ["track", "entry_year"]
    by_country, by_region = (
        # Later entry years are refused elsewhere.
        frame[frame["entry_year"] < tables.header.years[0]].groupby(keys)["persons"].sum()
        for frame in (tables["present_by_country"], tables["present_by_region"])
    )
    both = pd.concat([by_country, by_region], axis=1, keys=["countries", "regions"]).fillna(0.0)
    for cell, here, there in zip(both.index, both["countries"], both["regions"], strict=True):
        track, year = cell
        if abs(here - there) > TOLERANCE * max(1.0, here, there):
            in_regions, in_countries = apart(there, here, plainly)
            tables.add(
                "present_by_region",
                f"{in_regions} persons entered track {track!r} in {year}, "
                f"but {in_countries} in present_by_country.csv",
                column="persons",
                expected="the same total in both tables",
            )


def _check_bands(tables: CaseTables) -> None:
    if tables.sound("rank_bands"):
        _check_crossed(tables, "rank_bands", "low", "high")


def _check_lines(tables: CaseTables) -> None:
    _check_constant(tables, "budgets", "line", ["agency", "purpose"])


def _check_units(tables: CaseTables) -> None:
    _check_constant(tables, "services", "service", ["unit"])


def _check_constant(tables: CaseTables, name: str, key: str, columns: Iterable[str]) -> None:
    """Report cells that differ from the first row of the same key."""
    frame = tables[name]
    for column in columns:
        firsts: dict[str, tuple[str, int]] = {}
        found = []
        cells = (frame[label].tolist() for label in (key, column))
        for row, named, value in zip(frame.index.tolist(), *cells, strict=True):
            # A key that is blank, or whose column is missing, ties nothing together.
            known = bool(value) and bool(named)
            first, first_row = firsts.setdefault(named, (value, row)) if known else (value, row)
            if value != first:
                found.append((row, f"{value!r} here, {first!r} in row {first_row}", None))
        tables.add_all(name, found, column, f"one {column} per {key}")


LABELS = (
    (("tracks", "agency"), ("budgets", "agency")),
    (("countries", "world_region"),),
    (("regions", "area"),),
    (("tracks", "sector"),),
    (("budgets", "line"),),
    (("countries", "country"),),
    (("tracks", "track"),),
    (("regions", "region"),),
)
"""Columns in which words that differ in case, or in what joins them, mean the same."""

_BETWEEN_WORDS = re.compile(r"[\s_-]+")


def _check_spellings(tables: CaseTables, labels: tuple[tuple[str, str], ...]) -> None:
    firsts: dict[str, tuple[str, str, int]] = {}
    for name, column in labels:
        cells = tables[name][column].drop_duplicates()
        for row, value in zip(cells.index.tolist(), cells.tolist(), strict=True):
            plain = _BETWEEN_WORDS.sub(" ", folded(value))
            first, table, first_row = firsts.setdefault(plain, (value, name, row))
            if first != value:
                tables.add(
                    name,
                    f"{value!r} is spelt {first!r} in {TABLES[table].file} row {first_row}",
                    row,
                    column,
                    "one spelling",
                )


CONSISTENCY_CHECKS: tuple[Callable[[CaseTables], None], ...] = (
    _check_continuations,
    _check_levels,
    _check_commitments,
    _check_present,
    check_forecasts,
    check_today,
    _check_bands,
    _check_lines,
    _check_units,
    *(partial(_check_spellings, labels=labels) for labels in LABELS),
)
"""In the order in which problems are told. Each reads the tables that it is about, and only those
are noted: a check of a changed case is made again where one of them is not as it was."""
