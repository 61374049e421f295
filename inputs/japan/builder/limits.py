"""Sites, national caps and commitments."""

from __future__ import annotations

from .people import FORECAST, TRACKS, People, applicants, current_plan, forecasts, people_on
from .regions import ABROAD, PREFECTURES, shares, spread
from .sources import YEARS, Row, number, read, read_by, whole

# A continuation-only track takes no new people; its sites say where stayers may live.
_NO_NEW_SLOTS = 0


def _site_row(track: str, region: str, slots: int, note: str) -> Row:
    return {
        "track": track,
        "region": region,
        "max_slots": str(slots),
        "source": "assumption",
        "note": note,
    }


def _total_slots(track: str, factor: float) -> float:
    """Return the national number of places: factor x today's plan, or x applicants."""
    plans = {name for _, name in current_plan()}
    exchange = TRACKS[track]["pathway"] in ("exchange", "protection")
    source = applicants() if exchange or track not in plans else current_plan()
    return factor * people_on(source, track)


def _hosted_sites(rule: Row) -> list[Row]:
    track, minimum = rule["track"], int(rule["minimum"])
    total = _total_slots(track, float(rule["total_factor"]))
    slots = {r: whole(total * share) for r, share in shares(rule["drivers"]).items()}
    note = f"{whole(total)} places x share of {rule['drivers']}; at least {minimum}"
    return [_site_row(track, r, n, note) for r, n in slots.items() if n >= max(minimum, 1)]


def site_rows() -> list[Row]:
    """Return the sites table."""
    hosted = read_by("assumed_sites", "track")
    rows: list[Row] = []
    for track, facts in TRACKS.items():
        if facts["direction"] == "outbound":
            total = people_on(applicants(), track)
            rows.append(_site_row(track, ABROAD, total, "all applicants; the partner hosts"))
        elif track in hosted:
            rows.extend(_hosted_sites(hosted[track]))
        else:
            comes = "by forecast" if track in FORECAST else "by continuation only"
            note = f"{comes}; people may live in every prefecture"
            rows.extend(_site_row(track, r, _NO_NEW_SLOTS, note) for r in PREFECTURES)
    return rows


def _ssw1_room() -> float:
    """Return room under the cap for people of the plan.

    The cap counts people present. Those present at the end of 2025 and their growth until April
    2027 at the pace of the half-year before are taken off; people who leave are assumed to be
    replaced by technical interns of the old scheme who change status without entering.
    """
    present = number("ssw_residents_end_2025") - number("ssw2_residents_total")
    half_a_year = number("ssw_residents_end_2025") - number("ssw_residents_total")
    growth = half_a_year * number("ssw1.months_to_start") / 6
    return number("ssw_cap_to_fy2028_revised") - present - growth


def cap_rows() -> list[Row]:
    """Return the national_caps table."""
    caps = {
        "esd": (
            number("esd_cap_to_fy2028"),
            "residents",
            "cap to fiscal year 2028 kept afterwards; no one is present under the new scheme",
        ),
        "ssw1": (
            _ssw1_room(),
            "residents",
            "805700 less people present by April 2027 (growth of the last year carried on)",
        ),
        "scholars_at_risk": (
            number("protection.scholars_cap"),
            "intake",
            "about a tenth of the grants of 2024",
        ),
        "professionals_at_risk": (
            number("protection.professionals_cap"),
            "intake",
            "about a third of the grants of 2024",
        ),
    }
    return [
        {
            "track": track,
            "year": str(year),
            "max": str(whole(most)),
            "counts": counts,
            "source": "assumption",
            "note": note,
        }
        for track, (most, counts, note) in caps.items()
        for year in YEARS
    ]


REASONS = read_by("assumptions", "key")


def commitment_rows() -> list[Row]:
    """Return the commitments table: floors by track and year."""
    floors = {
        "ssw1": "labour.ssw1_floor",
        "scholars_at_risk": "protection.scholars_floor",
        "professionals_at_risk": "protection.professionals_floor",
        "outbound_fellows": "outbound.floor",
    }
    return [
        {
            "country": "",
            "track": track,
            "region": "",
            "year": str(year),
            "at_least": str(whole(number(key))),
            "at_most": "",
            "source": "assumption",
            "note": REASONS[key]["note"],
        }
        for track, key in floors.items()
        for year in YEARS
    ]


# Statuses of residence by whose residents people on a track are spread over the prefectures.
_STOCKS = {
    "esd": "technical_intern",
    "ssw1": "specified_skilled",
    "language_school": "student",
    "students": "student",
    "engineers": "engineer_specialist",
    "researchers": "professor+highly_skilled",
    "entrepreneurs": "business_manager",
}

_PLACED = ("gov_scholars", "scholars_at_risk", "professionals_at_risk")


def _by_prefecture(track: str, people: People) -> dict[str, int]:
    return spread(people_on(people, track), _STOCKS[track])


def forecast_region_rows() -> list[Row]:
    """Return the forecasts_by_region table."""
    return [
        {
            "region": region,
            "track": track,
            "year": str(YEARS[0]),
            "persons": str(count),
            "source": "assumption",
            "note": f"spread by residents of the status {_STOCKS[track]}, end of 2025",
        }
        for track in FORECAST
        for region, count in _by_prefecture(track, forecasts()).items()
        if count > 0
    ]


def current_region_rows() -> list[Row]:
    """Return the current_plan_by_region table: by residents, or by places where none are known."""
    rows: list[Row] = []
    for track, status in _STOCKS.items():
        note = f"today's plan spread by residents of {status}, end of 2025"
        rows.extend(_today_rows(track, _by_prefecture(track, current_plan()), note))
    for track in _PLACED:
        rule = read_by("assumed_sites", "track")[track]
        drivers, hosts = rule["drivers"], {row["region"] for row in _hosted_sites(rule)}
        note = f"nothing is published; today's plan spread by {drivers}, as places are"
        today = spread(people_on(current_plan(), track), drivers, hosts)
        rows.extend(_today_rows(track, today, note))
    return rows


def _today_rows(track: str, slots: dict[str, int], note: str) -> list[Row]:
    return [
        {"track": track, "region": r, "slots": str(n), "source": "assumption", "note": note}
        for r, n in slots.items()
        if n > 0
    ]


def level_rows() -> list[Row]:
    """Return the support_levels table."""
    return [{"source": "assumption", **row} for row in read("assumed_support_levels")]


def continuation_rows() -> list[Row]:
    """Return the continuations table."""
    return [{"source": "assumption", **row} for row in read("assumed_continuations")]
