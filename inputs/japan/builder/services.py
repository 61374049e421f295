"""Services: use per participant and capacity by prefecture and year."""

from __future__ import annotations

from dataclasses import dataclass

from .countries import COUNTRIES
from .people import TRACKS
from .regions import PREFECTURES, prefecture_number, shares
from .sources import YEARS, Row, number, plain, read, whole, words

LEVELS = ("basic", "standard", "intensive")


@dataclass(frozen=True)
class Use:
    """Units of one service one participant uses in one year of stay."""

    track: str
    service: str
    year_of_stay: int
    entry: str
    level: str
    far_units: float
    near_units: float

    @property
    def is_banded(self) -> bool:
        """Whether near and far countries differ."""
        return self.far_units != self.near_units


def levels_of(track: str) -> tuple[str, ...]:
    """Return the support levels of a track."""
    named = {row["level"] for row in read("assumed_support_levels") if row["track"] == track}
    return tuple(level for level in LEVELS if level in (named or {"standard"}))


def years_of_stay(track: str, text: str) -> range:
    """Return the years of stay meant by ``1``, ``2+`` or ``*``."""
    last = int(TRACKS[track]["duration_years"])
    if text == "*":
        return range(1, last + 1)
    if text.endswith("+"):
        return range(int(text[:-1]), last + 1)
    return range(int(text), int(text) + 1)


def uses() -> list[Use]:
    """Return every use of a service, spread over years of stay and levels."""
    found: list[Use] = []
    for row in read("assumed_service_use"):
        track = row["track"]
        for year in years_of_stay(track, row["year_of_stay"]):
            for level in levels_of(track):
                far = float(row[level])
                near = far * float(row["near_share"] or 1)
                found.append(Use(track, row["service"], year, row["entry"], level, far, near))
    return found


def _use_row(use: Use, band: str, units: float) -> Row:
    return {
        "track": use.track,
        "service": use.service,
        "year_of_stay": str(use.year_of_stay),
        "level": use.level if len(levels_of(use.track)) > 1 else "",
        "band": band,
        "entry": use.entry,
        "units": plain(units, 2),
        "source": "assumption",
        "note": "sources/assumed_service_use.csv",
    }


def service_use_rows() -> list[Row]:
    """Return the service_use table; bands only where near and far countries differ."""
    rows: list[Row] = []
    for use in uses():
        if use.is_banded:
            rows.append(_use_row(use, "near", use.near_units))
            rows.append(_use_row(use, "far", use.far_units))
        elif use.far_units > 0:
            rows.append(_use_row(use, "", use.far_units))
    return rows


def _national_capacity(service: str) -> float:
    residents = sum(prefecture_number(r, "foreign_residents_2025_06") for r in PREFECTURES)
    return {
        "language_lessons": _learners_in_classes() * number("learner_hours"),
        "housing": residents * number("housing_places_per_resident"),
        "community_liaison": residents * number("liaison_cases_per_resident"),
    }[service]


def _learners_in_classes() -> float:
    """Learners who are no students: those go to language schools and universities."""
    return number("japanese_learners_2024") - number("japanese_learners_students_2024")


def phase_share(phase: str, year: int) -> float:
    """Return the share of an amount that is free for the plan's people in a year."""
    [share] = [
        float(row["share"])
        for row in read("assumed_phases")
        if row["phase"] == phase and int(row["year"]) == year
    ]
    return share


def _capacity(rule: Row) -> dict[str, float]:
    """Spread the national capacity by foreign residents and population."""
    by_residents = shares("foreign_residents_2025_06")
    by_people = shares("pop_2024_10")
    national = _national_capacity(rule["service"])
    return {
        region: national
        * (
            float(rule["residents_weight"]) * by_residents[region]
            + float(rule["population_weight"]) * by_people[region]
        )
        for region in PREFECTURES
    }


def service_rows() -> list[Row]:
    """Return the services table."""
    rows: list[Row] = []
    for rule in read("assumed_services"):
        for region, capacity in _capacity(rule).items():
            step = max(1, whole(capacity * float(rule["steps_of_capacity"])))
            for year in YEARS:
                rows.append(_service_row(rule, region, year, capacity, step))
    return rows


def _service_row(rule: Row, region: str, year: int, capacity: float, step: int) -> Row:
    return {
        "region": region,
        "service": rule["service"],
        "year": str(year),
        "capacity": str(whole(capacity * phase_share(rule["phase"], year))),
        "unit": rule["unit"],
        "expansion_unit": str(step),
        "expansion_limit": rule["steps_per_year"],
        "expansion_cost_jpy": str(whole(step * number(rule["setup_price_key"]))),
        "upkeep_jpy": str(whole(step * number(rule["upkeep_price_key"]))),
        "line": rule["line"],
        "source": "assumption",
        "note": f"{rule['note']}; spread by foreign residents and population; net of people here",
    }


def near_countries() -> list[str]:
    """Return the countries of the band ``near``."""
    return [country for country in COUNTRIES if country in words("language.near")]
