"""Sites, national caps and commitments."""

from __future__ import annotations

from .people import TRACKS, applicants, current_plan
from .regions import ABROAD, PREFECTURES, shares
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
    return factor * sum(n for (_, name), n in source.items() if name == track)


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
            total = sum(n for (_, name), n in applicants().items() if name == track)
            rows.append(_site_row(track, ABROAD, total, "all applicants; the partner hosts"))
        elif track in hosted:
            rows.extend(_hosted_sites(hosted[track]))
        else:
            note = "continuation only: stayers may live in every prefecture"
            rows.extend(_site_row(track, r, _NO_NEW_SLOTS, note) for r in PREFECTURES)
    return rows


def _ssw1_room() -> float:
    """Return room under the cap for people of the plan.

    The cap counts people present. Those present in June 2025 and their growth until April 2027
    at the pace of the year before are taken off; people who leave are assumed to be replaced by
    technical interns of the old scheme who change status without entering.
    """
    present = number("ssw_residents_total") - number("ssw2_residents_total")
    growth = (present - number("ssw1_residents_total")) * number("ssw1.months_to_start") / 12
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


def commitment_rows() -> list[Row]:
    """Return the commitments table: floors by track and year."""
    floors = {
        "ssw1": ("labour.ssw1_floor", "immediate labour needs"),
        "scholars_at_risk": ("protection.scholars_floor", "a commitment already made"),
        "professionals_at_risk": ("protection.professionals_floor", "a commitment already made"),
        "outbound_fellows": ("outbound.floor", "reciprocity already promised"),
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
            "note": note,
        }
        for track, (key, note) in floors.items()
        for year in YEARS
    ]


def level_rows() -> list[Row]:
    """Return the support_levels table."""
    return [{"source": "assumption", **row} for row in read("assumed_support_levels")]


def continuation_rows() -> list[Row]:
    """Return the continuations table."""
    return [{"source": "assumption", **row} for row in read("assumed_continuations")]
