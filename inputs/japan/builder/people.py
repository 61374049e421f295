"""Applicants, the current plan, agreements: everything by country and track."""

from __future__ import annotations

import math
from functools import cache

from .countries import (
    COUNTRIES,
    FACTS_BY_COUNTRY,
    WORKING_HOLIDAY,
    entries,
    fact,
    has_bilateral_epa,
    has_flag,
    refugees_per_1000,
)
from .sources import YEARS, Row, number, read, read_by, value_or_zero, whole, words

TRACKS = read_by("assumed_tracks", "track")
FLOWS = read_by("assumed_applicants", "track")
SCHOLARS = read_by("mext_government_scholars_2020-05-01", "iso3")
GRANTED = read_by("protection_by_nationality_2024", "iso3")
AGREEMENTS = read_by("assumed_agreements", "track")
PROTECTION = ("scholars_at_risk", "professionals_at_risk")
FORECAST = tuple(name for name, row in TRACKS.items() if row["allocation"] == "forecast")
PLANNED_FLOWS = tuple(track for track in FLOWS if track not in FORECAST)

# country, track -> people a year
People = dict[tuple[str, str], int]


def people_on(people: People, track: str) -> int:
    """Return the people of all countries on a track."""
    return sum(count for (_, name), count in people.items() if name == track)


def flow_base(track: str) -> float:
    """Return the national number of new participants a year the track is derived from."""
    flow = FLOWS[track]
    base = number(flow["base"])
    if flow["base_factor"] == "status_ratio":
        return base * entries("ALL", flow["shares_of"]) / entries("ALL", "engineer_specialist")
    return base * float(flow["base_factor"])


def _flow_shares(track: str) -> dict[str, float]:
    """Return nationality shares of the 2023 entries; never the entries themselves.

    Entries count re-entries, so only their shares are used. ``linear``: share of all nationalities.
    ``root``: share of the square roots over the partners, which spreads exchange more evenly. Who
    goes out is spread by where research is (``articles``), not by who comes.
    """
    flow = FLOWS[track]
    statuses = flow["shares_of"]
    if flow["spread"] == "linear":
        total = entries("ALL", statuses)
        return {country: entries(country, statuses) / total for country in COUNTRIES}
    partners = [c for c in COUNTRIES if c not in words("exchange.excluded")]
    sizes = {c: _articles(c) if statuses == "articles" else entries(c, statuses) for c in partners}
    roots = {country: math.sqrt(size) for country, size in sizes.items()}
    return {country: root / sum(roots.values()) for country, root in roots.items()}


def _articles(country: str) -> float:
    """Return scientific articles, 0 where no figure is published (Taiwan)."""
    return fact(country, "sci_articles") or 0.0


def _minimum(track: str) -> int:
    return max(int(FLOWS[track]["minimum"]), int(TRACKS[track]["min_cohort"]))


def _scholar_awards() -> dict[str, float]:
    """Return new government scholars a year by country.

    The published table names twelve countries. Of the row OTHER, the partners of this case get
    their share of the remaining student entries, spread among them by the square root.
    """
    named = [code for code in SCHOLARS if code not in ("OTHER", "TOTAL")]
    others = [country for country in COUNTRIES if country not in named]
    here = sum(entries(country, "student") for country in others)
    everywhere = entries("ALL", "student") - sum(entries(code, "student") for code in named)
    roots = {country: math.sqrt(entries(country, "student")) for country in others}
    present = float(SCHOLARS["OTHER"]["mext_scholars"]) * here / everywhere
    scholars = {country: present * root / sum(roots.values()) for country, root in roots.items()}
    scholars.update({country: float(SCHOLARS[country]["mext_scholars"]) for country in named})
    return {country: n / number("scholars.years_per_award") for country, n in scholars.items()}


def _is_in_need(track: str, country: str) -> bool:
    """Whether a country's indices open a protection track for its people.

    Little freedom or many refugees open both tracks: democracy below a threshold and, for scholars,
    academic freedom below another (where that is blank, democracy decides alone); or so many
    refugees in proportion to the population as war brings about.
    """
    refugees = refugees_per_1000(country)
    if refugees is not None and refugees >= number("protection.refugees_per_1000_from"):
        return True
    democracy = fact(country, "vdem_liberal_democracy_2024")
    freedom = fact(country, "academic_freedom_index")
    if democracy is None or democracy >= number("protection.liberal_democracy_below"):
        return False
    is_free = freedom is not None and freedom >= number("protection.academic_freedom_below")
    return track == "professionals_at_risk" or not is_free


def _protection_pool(country: str) -> float:
    """Return people a year within reach: applications in Japan and a share of those worldwide."""
    facts = FACTS_BY_COUNTRY[country]
    worldwide = value_or_zero(facts["unhcr_refugees_origin_2025"]) + value_or_zero(
        facts["unhcr_asylum_seekers_origin_2025"]
    )
    applications = value_or_zero(facts["japan_asylum_apps_2021_2025"]) / 5
    return applications + worldwide / number("protection.worldwide_per")


def _protection_share(track: str) -> float:
    return number(f"protection.share_{track.removesuffix('_at_risk')}")


def _protection_applicants(track: str) -> People:
    lowest = number("protection.minimum_applicants")
    highest = number("protection.maximum_applicants")
    return {
        (country, track): whole(
            min(highest, max(lowest, _protection_share(track) * _protection_pool(country)))
        )
        for country in COUNTRIES
        if _is_in_need(track, country)
    }


def grants_2024() -> float:
    """Return the people granted protection in 2024 (2,186)."""
    return (
        number("refugees_recognised")
        + number("complementary_protection_granted")
        + number("humanitarian_status_granted")
    )


def _protection_today(track: str) -> People:
    """Spread the grants of 2024 by nationality, as recognitions and complementary protection are.

    That of the 335 humanitarian permits of 2024 is not published.
    """
    granted = {
        country: float(row["recognised"]) + float(row["complementary"])
        for country, row in GRANTED.items()
        if country in COUNTRIES and _is_in_need(track, country)
    }
    total = sum(granted.values())
    people = {
        (country, track): whole(grants_2024() * _protection_share(track) * n / total)
        for country, n in granted.items()
    }
    return {pair: n for pair, n in people.items() if n > 0}


@cache
def applicants() -> People:
    """Return applicants a year by country and track; nobody applies for a forecast track."""
    people: People = {}
    for track in PLANNED_FLOWS:
        people.update(_pools(track))
    for country, awards in _scholar_awards().items():
        count = whole(awards * number("scholars.applicants_factor"))
        if count >= number("scholars.minimum"):
            people[country, "gov_scholars"] = count
    for track in PROTECTION:
        people.update(_protection_applicants(track))
    return people


def _pools(track: str) -> People:
    """Pools of a track that are large enough, or raised to the smallest that is planned."""
    base = flow_base(track) * float(FLOWS[track]["applicants_factor"])
    sizes = {(c, track): whole(base * share) for c, share in _flow_shares(track).items()}
    least = _minimum(track)
    if FLOWS[track]["small_pools"] == "raised":
        return {pair: max(n, least) for pair, n in sizes.items()}
    return {pair: n for pair, n in sizes.items() if n >= least}


def forecasts() -> People:
    """Return people a year who come to forecast tracks, by country and track."""
    return {
        (country, track): count
        for track in FORECAST
        for country, share in _flow_shares(track).items()
        if (count := whole(flow_base(track) * share)) > 0
    }


def agreement_exists(country: str, track: str) -> bool:
    """Whether a public fact shows an agreement of this kind; rules in assumed_agreements.csv."""
    interns = entries(country, "tit")
    match AGREEMENTS[track]["existing_rule"]:
        case "security_acsa":
            return has_flag(country, "acsa") or has_flag(country, "treaty_ally")
        case "security_deep":
            return any(has_flag(country, flag) for flag in ("treaty_ally", "quad", "raa"))
        case "working_holiday":
            return country in WORKING_HOLIDAY
        case "bilateral_epa_with_interns":
            return has_bilateral_epa(country) and interns >= number("skills.existing_from")
        case "memorandum":
            return interns >= number("esd.existing_from") and country not in words(
                "esd.without_memorandum"
            )
        case rule:
            raise ValueError(f"unknown existing_rule {rule!r}")


@cache
def current_plan() -> People:
    """Return slots a year today by country and track."""
    people = forecasts()
    for track in PLANNED_FLOWS:
        flow = FLOWS[track]
        base = flow_base(track) * float(flow["current_factor"])
        needs_agreement = TRACKS[track]["needs_agreement"] == "yes"
        for country, share in _flow_shares(track).items():
            if (country, track) not in applicants():
                continue
            if needs_agreement and track != "esd" and not agreement_exists(country, track):
                continue
            floor = int(TRACKS[track]["min_cohort"]) if needs_agreement else 0
            people[country, track] = max(floor, whole(base * share))
    for country, awards in _scholar_awards().items():
        if (country, "gov_scholars") in applicants():
            people[country, "gov_scholars"] = whole(awards)
    for track in PROTECTION:
        people.update(_protection_today(track))
    return people


def applicant_rows() -> list[Row]:
    """Return the applicants table."""
    return [
        {
            "country": country,
            "track": track,
            "applicants": str(count),
            "source": "assumption",
            "note": _applicants_note(track),
        }
        for (country, track), count in sorted(applicants().items())
    ]


def _applicants_note(track: str) -> str:
    if track in PROTECTION:
        return "share of asylum applications in Japan and of refugees worldwide"
    if track == "gov_scholars":
        return "government scholars 2020 / 2 years x applicants factor"
    flow = FLOWS[track]
    base = whole(flow_base(track))
    of = "articles" if flow["shares_of"] == "articles" else "nationalities of 2023"
    share = f"share of {of}" if flow["spread"] == "linear" else f"share of the square roots of {of}"
    return f"{base} ({flow['base']}) x {flow['applicants_factor']} x {share}"


def forecast_rows() -> list[Row]:
    """Return the forecasts_by_country table; the first year holds in all later ones."""
    less, more = number("forecast.low"), number("forecast.high")
    return [
        {
            "country": country,
            "track": track,
            "year": str(YEARS[0]),
            "persons": str(count),
            "low": str(whole(less * count)),
            "high": str(whole(more * count)),
            "source": "assumption",
            "note": "new entries of 2024 x nationality share of 2023, every year",
        }
        for (country, track), count in sorted(forecasts().items())
    ]


def current_plan_rows() -> list[Row]:
    """Return the current_plan table (by country, no region)."""
    return [
        {
            "country": country,
            "track": track,
            "slots": str(count),
            "source": "assumption",
            "note": "national new entries x nationality share (applicants without the factor)",
        }
        for (country, track), count in sorted(current_plan().items())
    ]


def agreement_rows() -> list[Row]:
    """Return the agreements table: a row for every eligible pair of a track that needs one."""
    rows: list[Row] = []
    for country, track in sorted(applicants()):
        if TRACKS[track]["needs_agreement"] != "yes":
            continue
        terms = AGREEMENTS[track]
        exists = agreement_exists(country, track)
        rows.append(
            {
                "country": country,
                "track": track,
                "status": "existing" if exists else "proposed",
                "line": terms["line"],
                "setup_cost_jpy": "0" if exists else terms["setup_cost_jpy"],
                "yearly_cost_jpy": terms["yearly_cost_jpy"],
                "lead_years": "0" if exists else terms["lead_years"],
                "source": "assumption",
                "note": terms["note"] if exists else f"proposed; {terms['note']}",
            }
        )
    return rows


def track_rows() -> list[Row]:
    """Return the tracks table."""
    return [{"source": "assumption", **row} for row in read("assumed_tracks")]
