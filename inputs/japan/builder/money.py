"""Budget lines and costs per participant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from .countries import FACTS_BY_COUNTRY, WORLD_REGIONS
from .people import PROTECTION, TRACKS, applicants
from .regions import PREFECTURES, prefecture_number
from .services import Use, levels_of, near_countries, phase_share, uses, years_of_stay
from .sources import YEARS, Row, number, plain, read, whole, words

# The tracks whose travel the state pays, with the line that pays it.
_TRAVEL = {"gov_scholars": "mext_scholarships", "joint_research": "mext_research"}


@dataclass(frozen=True)
class Cost:
    """One part of what a participant costs a line in a year of stay; blank means every."""

    level: str
    entry: str
    far_amount: float
    near_amount: float


# track, line, year of stay
Key = tuple[str, str, int]


def budget_rows() -> list[Row]:
    """Return the budgets table: the gross amount times the share free for the plan's people."""
    return [
        {
            "line": row["line"],
            "year": str(year),
            "agency": row["agency"],
            "amount_jpy": str(
                whole(float(row["gross_amount_jpy"]) * phase_share(row["phase"], year))
            ),
            "purpose": row["purpose"],
            "source": "assumption",
            "note": f"{row['note']}; net of people already here ({row['phase']})",
        }
        for row in read("assumed_lines")
        for year in YEARS
    ]


def _service_prices(use: Use) -> list[tuple[str, float]]:
    """Return the lines that pay for a unit of a service on a track, each with its price."""
    pathway = TRACKS[use.track]["pathway"]
    rows = [row for row in read("assumed_service_prices") if row["service"] == use.service]
    own = [row for row in rows if row["pathway"] == pathway]
    paying = own or [row for row in rows if not row["pathway"]]
    return [(row["line"], number(row["unit_price"])) for row in paying]


def _cost_parts() -> dict[Key, list[Cost]]:
    """Collect stipends, fees and the units of services, each at its price."""
    parts: dict[Key, list[Cost]] = defaultdict(list)
    for row in read("assumed_costs"):
        amount = number(row["unit_price"]) * float(row["quantity"])
        for year in years_of_stay(row["track"], row["year_of_stay"]):
            parts[row["track"], row["line"], year].append(Cost("", row["entry"], amount, amount))
    for use in uses():
        for line, price in _service_prices(use):
            parts[use.track, line, use.year_of_stay].append(
                Cost(use.level, use.entry, use.far_units * price, use.near_units * price)
            )
    return parts


def _total(parts: list[Cost], level: str, entry: str, near: bool) -> int:
    return whole(
        sum(
            part.near_amount if near else part.far_amount
            for part in parts
            if part.level in ("", level) and part.entry in ("", entry)
        )
    )


def _cells(track: str, parts: list[Cost]) -> list[tuple[str, str]]:
    """Return the (level, entry) cells to write: blank where the amounts do not differ by it."""
    by_level = len(levels_of(track)) > 1 and any(part.level for part in parts)
    by_entry = any(part.entry for part in parts)
    levels = levels_of(track) if by_level else ("",)
    if not by_entry:
        return [(level, "") for level in levels]
    # Who comes by continuation has the level `standard`.
    return [(level, "new") for level in levels] + [("standard" if by_level else "", "transition")]


def _cost_row(key: Key, level: str, entry: str, country: str, amount: int) -> Row:
    track, line, year = key
    return {
        "track": track,
        "line": line,
        "year_of_stay": str(year),
        "level": level,
        "country": country,
        "year": "",
        "entry": entry,
        "amount_jpy": str(amount),
        "source": "assumption",
        "note": "unit prices x quantities of assumed_costs.csv and assumed_service_use.csv",
    }


def _rows_of(key: Key, parts: list[Cost]) -> list[Row]:
    rows: list[Row] = []
    for level, entry in _cells(key[0], parts):
        looked_up = (level or "standard", entry or "new")
        far = _total(parts, *looked_up, near=False)
        near = _total(parts, *looked_up, near=True)
        rows.append(_cost_row(key, level, entry, "", far))
        if near != far:
            countries = [c for c in near_countries() if (c, key[0]) in applicants()]
            rows.extend(_cost_row(key, level, entry, country, near) for country in countries)
    return rows


def _travel_rows(key: Key, parts: list[Cost]) -> list[Row]:
    """Return rows with the fare above the one of the base region, first year of stay only."""
    fares = {row["world_region"]: float(row["fare_jpy"]) for row in read("assumed_fares")}
    [base_region] = words("travel.base_region")
    rows: list[Row] = []
    amount = _total(parts, "standard", "new", near=False) + fares[base_region]
    rows.append(_cost_row(key, "", "", "", whole(amount)))
    for country, track in applicants():
        region = WORLD_REGIONS[FACTS_BY_COUNTRY[country]["region_group"]]
        extra = fares[region] - fares[base_region]
        if track == key[0] and extra:
            rows.append(_cost_row(key, "", "", country, whole(amount + extra)))
    for row in rows:
        row["note"] += f"; with the return fare of {row['country'] or base_region}"
    return rows


def cost_rows() -> list[Row]:
    """Return the costs table."""
    rows: list[Row] = []
    for key, parts in _cost_parts().items():
        track, line, year = key
        if _TRAVEL.get(track) == line and year == 1:
            rows.extend(_travel_rows(key, parts))
        else:
            rows.extend(_rows_of(key, parts))
    return [row for row in rows if row["amount_jpy"] != "0"]


def _scholar_supplement(region: str) -> int:
    people = prefecture_number(region, "pop_2022")
    if people >= number("scholars.supplement_large_from"):
        return whole(12 * number("scholars.supplement_large"))
    if people >= number("scholars.supplement_middle_from"):
        return whole(12 * number("scholars.supplement_middle"))
    return 0


def _housing_supplement(region: str) -> int:
    spending = {r: prefecture_number(r, "housing_spend_jpy_month") for r in PREFECTURES}
    mean = sum(spending.values()) / len(spending)
    above = max(0.0, spending[region] - mean)
    return whole(12 * number("housing.supplement_share") * above)


# Track, line, years of stay, amount by prefecture.
_Supplement = tuple[str, str, tuple[int, ...], Callable[[str], int]]


def region_cost_rows(sites: list[Row]) -> list[Row]:
    """Return the region_costs table: supplements where a track of few people is hosted."""
    plans: list[_Supplement] = [
        ("gov_scholars", "mext_scholarships", (1, 2), _scholar_supplement),
        *((track, "rhq_settlement", (1,), _housing_supplement) for track in PROTECTION),
    ]
    hosted = {(row["track"], row["region"]) for row in sites}
    notes = {
        "mext_scholarships": "regional supplement by population, 12 months",
        "rhq_settlement": "half of the housing expenditure above the mean of the prefectures",
    }
    return [
        {
            "track": track,
            "line": line,
            "region": region,
            "year_of_stay": str(year),
            "amount_jpy": plain(amount(region), 0),
            "source": "assumption",
            "note": notes[line],
        }
        for track, line, years, amount in plans
        for region in PREFECTURES
        for year in years
        if (track, region) in hosted and amount(region) > 0
    ]
