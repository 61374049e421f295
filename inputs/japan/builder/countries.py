"""Partner countries: attributes and indicator columns."""

from __future__ import annotations

import math

from .sources import Row, plain, read, read_by, words

WORLD_REGIONS = {
    "East Asia": "Asia",
    "Southeast Asia": "Asia",
    "South Asia": "Asia",
    "Central Asia": "Asia",
    "Middle East": "Middle East",
    "Europe": "Europe",
    "North America": "Americas",
    "Latin America": "Americas",
    "Oceania": "Oceania",
    "Africa": "Africa",
}
# A treaty of alliance binds more than any other tie, equipment given less.
TIE_WEIGHTS = {
    "treaty_ally": 2.0,
    "quad": 1.0,
    "raa": 1.0,
    "acsa": 1.0,
    "two_plus_two": 1.0,
    "information_protection": 1.0,
    "trilateral": 1.0,
    "osa": 0.5,
}
# The ties of the United States, the most of any partner: all but RAA and OSA, which an ally with
# forces in Japan does not need. It is fixed, so that a new tie of one moves no other partner.
MOST_TIES = 7.0

NEIGHBOUR_GROUPS = ("Southeast Asia", "South Asia")
# Fiji and Papua New Guinea stand in the group Oceania with Australia and New Zealand.
OTHER_NEIGHBOURS = ("MNG", "FJI", "PNG")

# Partners the National Security Strategy of 2022-12-16 names as a challenge to Japan: China "the
# greatest strategic challenge", Russia a "strong concern". To have no agreement makes none.
STRATEGIC_COMPETITORS = ("CHN", "RUS")

FACTS_BY_COUNTRY = read_by("country_facts", "iso3")
SECURITY = read_by("security_partnership", "iso3")
TRADE = read_by("trade_agreements", "iso3")
WORKING_HOLIDAY = read_by("working_holiday_2024-06", "iso3")
ENTRIES = read_by("entries_by_status_2023", "iso3")
COUNTRIES = tuple(FACTS_BY_COUNTRY)

for _row in read("taiwan_facts"):
    FACTS_BY_COUNTRY["TWN"][_row["column"]] = _row["value"]


def fact(country: str, column: str) -> float | None:
    """Return a figure of a country, None where the source is blank."""
    text = FACTS_BY_COUNTRY[country][column]
    return float(text) if text else None


def entries(country: str, statuses: str) -> float:
    """Return the 2023 entries of a country (``ALL``: all nationalities) in the named statuses.

    Statuses are joined by ``+``; ``ssw`` and ``tit`` mean all columns that begin so.
    """
    row = ENTRIES[country]
    total = 0.0
    for status in statuses.split("+"):
        names = [c for c in row if c == status or c.startswith(f"{status}_")]
        if not names:
            raise KeyError(f"entries_by_status_2023.csv has no column for {status}")
        total += sum(float(row[name]) for name in names)
    return total


def has_flag(country: str, flag: str) -> bool:
    """Whether a security flag is confirmed; an unverified blank is not counted."""
    row = SECURITY.get(country)
    return row is not None and row[flag] == "1"


def security_depth(country: str) -> float:
    """Return the weighted number of security ties over the most a partner has."""
    return sum(w for flag, w in TIE_WEIGHTS.items() if has_flag(country, flag)) / MOST_TIES


def has_bilateral_epa(country: str) -> bool:
    """Whether an agreement of two partners (or Japan and the EU) is in force."""
    return country in TRADE and TRADE[country]["bilateral_year"] != ""


def is_economic_partner(country: str) -> bool:
    """Whether any agreement but RCEP alone is in force.

    RCEP binds fifteen economies that include strategic competitors, so alone it makes no partner.
    """
    row = TRADE.get(country)
    if row is None:
        return False
    return has_bilateral_epa(country) or row["cptpp"] == "1" or row["other"] != ""


def per_million(country: str, column: str) -> float | None:
    """Return a figure of a country per million people living there."""
    value, population = fact(country, column), fact(country, "population_2024")
    if value is None or population is None:
        return None
    return 1e6 * value / population


def competitor_talent(country: str) -> float | None:
    """Return log(1 + articles per million) of a strategic competitor, 0 for all others.

    Per head, because a slot is one person: how many could come is said by the applicants, and an
    indicator that grew with size would count it twice.
    """
    if country not in STRATEGIC_COMPETITORS:
        return 0.0
    articles = per_million(country, "sci_articles")
    return None if articles is None else math.log1p(articles)


def neighbourhood_need(country: str) -> float | None:
    """Return the distance from perfect stability of a neighbour, 0 for all others."""
    is_neighbour = FACTS_BY_COUNTRY[country]["region_group"] in NEIGHBOUR_GROUPS
    if not is_neighbour and country not in OTHER_NEIGHBOURS:
        return 0.0
    percentile = fact(country, "political_stability_2023")
    return None if percentile is None else (100.0 - percentile) / 100.0


def refugees_per_1000(country: str) -> float | None:
    """Return refugees and asylum seekers from the country per 1,000 people living there."""
    refugees = fact(country, "unhcr_refugees_origin_2025")
    seekers = fact(country, "unhcr_asylum_seekers_origin_2025")
    population = fact(country, "population_2024")
    if refugees is None or seekers is None or population is None:
        return None
    return 1000.0 * (refugees + seekers) / population


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _cell(value: float | None, digits: int) -> str:
    return "" if value is None else plain(value, digits)


def country_row(country: str) -> Row:
    """Return the row of one partner country."""
    facts = FACTS_BY_COUNTRY[country]
    skilled = entries(country, "hsp_1a+hsp_1b+hsp_1c+hsp_2+professor+researcher")
    near = country in words("language.near")
    return {
        "country": country,
        "name": facts["name"],
        "world_region": WORLD_REGIONS[facts["region_group"]],
        "band_language_lessons": "near" if near else "far",
        "security_partner": _yes(security_depth(country) > 0),
        "economic_partner": _yes(is_economic_partner(country)),
        "population": _cell(fact(country, "population_2024"), 0),
        "gdp_usd": _cell(fact(country, "gdp_usd"), 0),
        "security_depth": plain(security_depth(country), 4),
        "unga_distance_2024": _cell(fact(country, "unga_idealpoint_dist_jpn_2024"), 4),
        "trade_tier": facts["trade_tier"],
        "epa_any": "1" if country in TRADE else "0",
        "working_holiday_partner": "1" if country in WORKING_HOLIDAY else "0",
        "liberal_democracy": _cell(fact(country, "vdem_liberal_democracy_2024"), 3),
        "academic_freedom": _cell(fact(country, "academic_freedom_index"), 3),
        "sci_articles": _cell(fact(country, "sci_articles"), 0),
        "patents_resident": _cell(fact(country, "patents_resident"), 0),
        "skilled_entries_2023": plain(skilled, 0),
        "competitor_talent": _cell(competitor_talent(country), 4),
        "strategic_competitor": "1" if country in STRATEGIC_COMPETITORS else "0",
        "articles_per_million": _cell(per_million(country, "sci_articles"), 1),
        "patents_per_million": _cell(per_million(country, "patents_resident"), 2),
        "political_stability": _cell(fact(country, "political_stability_2023"), 3),
        "neighbourhood_need": _cell(neighbourhood_need(country), 4),
        "refugees_per_1000": _cell(refugees_per_1000(country), 3),
        "student_entries_2023": plain(entries(country, "student"), 0),
        "source": "sources/country_facts.csv and the tables beside it",
        "note": "population, GDP and patents from taiwan_facts.csv" if country == "TWN" else "",
    }


def country_rows() -> list[Row]:
    """Return the countries table."""
    return [country_row(country) for country in COUNTRIES]
