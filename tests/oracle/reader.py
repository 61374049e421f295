"""Read a case folder and a policy with nothing but csv and tomllib.

Written from the specification alone, for tiny cases that are already well formed. What the
specification leaves open raises `UnclearError`, so that no test rests on a guess.
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

Row = dict[str, str]
Attribute = tuple[str, str]  # (owner, column), e.g. ("country", "world_region")

STANDARD = "standard"


class UnclearError(ValueError):
    """The case or the policy says something whose meaning the specification does not fix."""


def read_table(path: Path) -> list[Row]:
    """The rows of one CSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [dict(row) for row in csv.DictReader(lines)]


class Problem:
    """One case and one policy: tables as text, look-ups, window, groups and attributes."""

    def __init__(
        self, settings: dict[str, Any], policy: dict[str, Any], tables: dict[str, list[Row]]
    ) -> None:
        self.settings, self.policy, self.tables = settings, policy, tables
        self.amount = f"amount_{self.settings['currency'].lower()}"
        self.money_suffix = self.settings["currency"].lower()
        self.countries = self.keyed("countries", "country")
        self.tracks = self.keyed("tracks", "track")
        self.regions = self.keyed("regions", "region")
        self.lines = self.keyed("budgets", "line")
        self.case_years: list[int] = list(self.settings["years"])
        horizon = self.policy.get("horizon", {})
        first, last = horizon.get("years", [self.case_years[0], self.case_years[-1]])
        tail = horizon.get("tail", "steady")
        longest = max(self.duration(track) for track in self.tracks)
        self.horizon = list(range(first, last + 1))
        end = last + longest if tail == "steady" else last
        self.repeated = list(range(last + 1, end + 1))
        end += tail if isinstance(tail, int) else longest
        self.window = list(range(first, end + 1))
        self.discount = float(horizon.get("discount", 0.0))
        self._found: dict[tuple[Any, ...], Row | None] = {}

    @classmethod
    def read(cls, case_folder: Path, policy_path: Path) -> Problem:
        """Read a case folder and a policy file."""
        return cls(
            tomllib.loads((case_folder / "case.toml").read_text(encoding="utf-8")),
            tomllib.loads(policy_path.read_text(encoding="utf-8")),
            {path.stem: read_table(path) for path in sorted(case_folder.glob("*.csv"))},
        )

    def rows(self, table: str) -> list[Row]:
        """The rows of a table, none when the case does not have it."""
        return self.tables.get(table, [])

    def keyed(self, table: str, key: str) -> dict[str, Row]:
        """The rows of a table by one key column (the first row of each key)."""
        found: dict[str, Row] = {}
        for row in self.rows(table):
            found.setdefault(row[key], row)
        return found

    def lookup(
        self, table: str, exact: Mapping[str, str], optional: Mapping[str, str]
    ) -> Row | None:
        """The most specific row for a cell: a blank optional key means every value."""
        cell = (table, *exact.items(), *optional.items())
        if cell not in self._found:
            self._found[cell] = self._most_specific(table, exact, optional)
        return self._found[cell]

    def _most_specific(
        self, table: str, exact: Mapping[str, str], optional: Mapping[str, str]
    ) -> Row | None:
        by_filled: dict[int, Row] = {}
        for row in self.rows(table):
            if any(row[key] != value for key, value in exact.items()):
                continue
            filled = {key: row[key] for key in optional if row.get(key)}
            if any(optional[key] != value for key, value in filled.items()):
                continue
            if len(filled) in by_filled:
                raise UnclearError(f"{table}: two rows of equal specificity for {exact} {optional}")
            by_filled[len(filled)] = row
        return by_filled[max(by_filled)] if by_filled else None

    def row_year(self, year: int) -> str:
        """The year whose rows hold in `year`: the last case year's after the case ends."""
        return str(min(year, self.case_years[-1]))

    def cap(self, track: str, year: int) -> Row | None:
        """The row of the cap in a year: its own, or the last one of the track if that is past."""
        rows = {int(r["year"]): r for r in self.rows("national_caps") if r["track"] == track}
        return rows.get(year) or (rows[max(rows)] if rows and year > max(rows) else None)

    def coming(self, side: str) -> list[Row]:
        """People here before the first year, and those expected, one by one: of whom and when.

        Expected are those of every year of the case before the horizon, of the horizon, and of
        the years that repeat its last one; years after the last row of a key have its figure.
        """
        found = [dict(row) for row in self.rows(f"present_by_{side}")]
        told: dict[tuple[str, str], dict[int, str]] = {}
        for row in self.rows(f"forecasts_by_{side}"):
            told.setdefault((row[side], row["track"]), {})[int(row["year"])] = row["persons"]
        early = [year for year in self.case_years if year < self.horizon[0]]
        for (member, track), persons in told.items():
            for year in [*early, *self.horizon, *self.repeated]:
                last = max(persons)
                number = persons.get(last if year > last else year)
                if number is not None:
                    cells = {side: member, "track": track, "entry_year": str(year)}
                    found.append(cells | {"persons": number})
        return found

    def is_forecast(self, track: str) -> bool:
        """Whether people come to a track by themselves."""
        return self.tracks[track].get("allocation") == "forecast"

    def weight_of_year(self, year: int) -> float:
        """The discount factor of a year."""
        return float((1.0 + self.discount) ** -(year - self.window[0]))

    # Tracks, levels and pairs

    def duration(self, track: str) -> int:
        """Years of stay on a track."""
        return int(self.tracks[track]["duration_years"])

    def min_cohort(self, track: str) -> int:
        """The smallest cohort of an open pair."""
        return int(self.tracks[track]["min_cohort"])

    def needs_agreement(self, track: str) -> bool:
        """Whether pairs of this track need an agreement."""
        return self.tracks[track]["needs_agreement"] == "yes"

    def levels(self, track: str) -> list[str]:
        """The support levels of a track."""
        named = [row["level"] for row in self.rows("support_levels") if row["track"] == track]
        return named or [STANDARD]

    def _level_row(self, track: str, level: str) -> Row | None:
        return self.lookup("support_levels", {"track": track, "level": level}, {})

    def completion_rate(self, track: str, level: str) -> float:
        """The share of entrants who complete."""
        row = self._level_row(track, level)
        return float((row or self.tracks[track])["completion_rate"])

    def stay_rate_factor(self, track: str, level: str) -> float:
        """What the level does to every stay rate of the track."""
        row = self._level_row(track, level)
        return float(row["stay_rate_factor"]) if row else 1.0

    def pairs(self) -> list[tuple[str, str]]:
        """Eligible pairs: (country, track) with a row of applicants."""
        return list(dict.fromkeys((r["country"], r["track"]) for r in self.rows("applicants")))

    def applicants(self, country: str, track: str, year: int) -> int | None:
        """Applicants of a pair in a year, None where no row speaks of it."""
        row = self.lookup(
            "applicants", {"country": country, "track": track}, {"year": self.row_year(year)}
        )
        return int(row["applicants"]) if row else None

    def max_slots(self, track: str, region: str, year: int) -> int | None:
        """The places of a site in a year, None where no row speaks of it."""
        row = self.lookup(
            "sites", {"track": track, "region": region}, {"year": self.row_year(year)}
        )
        return int(row["max_slots"]) if row else None

    def site_regions(self, track: str) -> list[str]:
        """Regions with a site of the track."""
        found = {row["region"] for row in self.rows("sites") if row["track"] == track}
        return [region for region in self.regions if region in found]

    def continuations(self) -> dict[tuple[str, str], float]:
        """Stay rates by (track, next track)."""
        return {
            (row["track"], row["next_track"]): float(row["stay_rate"])
            for row in self.rows("continuations")
        }

    @property
    def moves_by_attraction(self) -> bool:
        """Whether regions alone say where people who continue live."""
        retained = any(row.get("retention") for row in self.rows("continuations"))
        said = self.settings.get("movement", "by_attraction" if retained else "free")
        return bool(self.regions) and said == "by_attraction"

    def retention(self, track: str, following: str) -> float:
        """Share of those who continue that remains where the next track is hosted."""
        row = self.lookup("continuations", {"track": track, "next_track": following}, {})
        assert row is not None
        return float(row["retention"])

    def attraction(self, region: str) -> float:
        """How much a region draws those who move; nobody where that is blank."""
        return float(self.regions[region].get("attraction") or 0.0)

    # Groups of countries by their bands

    def banded_services(self, track: str) -> list[str]:
        """Services for which the track has band-specific use rows."""
        return sorted(
            {
                row["service"]
                for row in self.rows("service_use")
                if row["track"] == track and row.get("band")
            }
        )

    def group(self, track: str, country: str) -> str:
        """The group of a country on a track: its bands in the track's banded services."""
        services = self.banded_services(track)
        bands = [self.countries[country][f"band_{service}"] for service in services]
        return "|".join(bands) if services else "all"

    def groups(self, track: str) -> list[str]:
        """All groups of a track."""
        return list(dict.fromkeys(self.group(track, country) for country in self.countries))

    def band(self, track: str, group: str, service: str) -> str:
        """The band of a group for a service ('' where the track's use does not depend on it)."""
        services = self.banded_services(track)
        return group.split("|")[services.index(service)] if service in services else ""

    # Attributes in filters and groupings

    def attribute(self, name: str) -> Attribute:
        """Resolve `world_region`, `country.name`, `year`, ... to (owner, column)."""
        owners: dict[str, set[str]] = {
            "country": set(next(iter(self.countries.values()))),
            "track": set(next(iter(self.tracks.values()))),
            "region": set(next(iter(self.regions.values()), {})),
            "line": {"line", "agency", "purpose"},
        }
        if name in {"year", "level", "service"}:
            return (name, name)
        if "." in name:
            owner, column = name.split(".")
            if column in owners[owner]:
                return (owner, column)
            raise UnclearError(f"no attribute {name}")
        found = [owner for owner, columns in owners.items() if name in columns]
        if len(found) != 1:
            raise UnclearError(f"attribute {name} is not unique: {found}")
        return (found[0], name)

    def attribute_value(self, attribute: Attribute, index: Mapping[str, str]) -> str:
        """The value of an attribute for something indexed by country, track, region, ..."""
        owner, column = attribute
        if owner not in index:
            raise UnclearError(f"{attribute} says nothing about {dict(index)}")
        if owner == column:
            return index[owner]
        table = {
            "country": self.countries,
            "track": self.tracks,
            "region": self.regions,
            "line": self.lines,
        }[owner]
        return table[index[owner]].get(column) or ("program" if column == "purpose" else "")

    def filters(self, where: Mapping[str, Any]) -> dict[Attribute, set[str]]:
        """A `where` table as attribute -> allowed values, as text."""
        return {
            self.attribute(name): {
                str(value) for value in (wanted if isinstance(wanted, list) else [wanted])
            }
            for name, wanted in where.items()
        }

    def matches(self, filters: Mapping[Attribute, set[str]], index: Mapping[str, str]) -> bool:
        """Whether all attributes of `index` are among the allowed values."""
        return all(self.attribute_value(a, index) in allowed for a, allowed in filters.items())

    def check_continuations(self) -> None:
        """Refuse chains that come back to where they began without any time passing."""
        instant = [pair for pair in self.continuations() if not any(self.duration(t) for t in pair)]
        for size in range(1, len(instant) + 1):
            for chain in combinations(instant, size):
                if {a for a, _ in chain} == {b for _, b in chain}:
                    raise UnclearError("a cycle of continuations takes no time")


def scaled_indicators(
    entries: list[dict[str, Any]], rows: Mapping[str, Row], missing: object
) -> dict[str, float]:
    """Score of every row: the weighted mean of its indicators, each scaled to 0-1."""
    if not entries:
        return dict.fromkeys(rows, 1.0)
    sums = dict.fromkeys(rows, 0.0)
    weights = dict.fromkeys(rows, 0.0)
    for entry in entries:
        weight = float(entry.get("weight", 1.0))
        rule = entry.get("missing", missing)
        for key, value in _scaled(entry, rows).items():
            if value is None and rule == "error":
                raise UnclearError(f"{entry['column']} is blank for {key}")
            if value is None and rule == "reweight":
                continue
            filled = value if value is not None else 0.0 if rule == "zero" else float(str(rule))
            sums[key] += weight * filled
            weights[key] += weight
    if any(weight <= 0 for weight in weights.values()):
        raise UnclearError("no indicator is left to score a row with")
    return {key: sums[key] / weights[key] for key in rows}


def _scaled(entry: dict[str, Any], rows: Mapping[str, Row]) -> dict[str, float | None]:
    """One indicator on 0-1; the range is in the column's own unit, before any logarithm."""

    def transformed(x: float) -> float:
        return math.log1p(x) if entry.get("transform") == "log" else x

    cells = {key: row[entry["column"]] for key, row in rows.items()}
    numbers = {key: transformed(float(cell)) for key, cell in cells.items() if cell}
    if "range" in entry:
        low, high = (transformed(float(end)) for end in entry["range"])
    else:
        low, high = min(numbers.values(), default=0.0), max(numbers.values(), default=0.0)
    if high <= low:
        raise UnclearError(f"{entry['column']} does not vary")
    result: dict[str, float | None] = dict.fromkeys(rows)
    for key, number in numbers.items():
        share = min(1.0, max(0.0, (number - low) / (high - low)))
        result[key] = 1.0 - share if entry.get("direction", "higher") == "lower" else share
    return result
