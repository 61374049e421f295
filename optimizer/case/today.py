"""Checks of today's plan: one form for each pair and track, and the same slots on both margins."""

from __future__ import annotations

from optimizer.case.checked import CaseTables
from optimizer.text.figures import apart, plainly

_WHOLE, _BY_REGION = "current_plan", "current_plan_by_region"
_ROUNDING = 0.01
"""Published margins are rounded by themselves: sums that differ by a smaller part are the same."""


def check_today(tables: CaseTables) -> None:
    """Check that slots of today are given once, and that their margins agree."""
    if tables.sound(_WHOLE):
        _check_one_form(tables)
        if tables.sound(_BY_REGION) and tables.has(_BY_REGION):
            _check_margins(tables)


def _check_one_form(tables: CaseTables) -> None:
    """Slots of a pair are given either as a whole or by region, or some would count twice."""
    frame = tables[_WHOLE]
    whole = frame[frame["region"].eq("")]
    firsts = {
        (country, track): row
        for row, country, track in zip(whole.index, whole["country"], whole["track"], strict=True)
    }
    split = frame[frame["region"].ne("")]
    tables.add_all(
        _WHOLE,
        (
            (
                row,
                f"slots of {country!r} on {track!r} are given by region here "
                f"and as a whole in row {firsts[country, track]}",
                None,
            )
            for row, country, track in zip(
                split.index, split["country"], split["track"], strict=True
            )
            if (country, track) in firsts
        ),
        "region",
        "one way for each country and track",
    )


def _check_margins(tables: CaseTables) -> None:
    """A track is divided by region in one table alone, and both count the same slots."""
    whole, by_region = tables[_WHOLE], tables[_BY_REGION]
    if not tables.has(_WHOLE):
        message = f"the file is missing, but there is {_BY_REGION}.csv"
        tables.add(_WHOLE, message, expected="the same slots by country")
        return
    divided = whole[whole["region"].ne("")].drop_duplicates("track")
    rows_of_divided = dict(zip(divided["track"], divided.index, strict=True))
    sums = whole.groupby("track")["slots"].sum()
    for track, rows in by_region.groupby("track", sort=False):
        here, there = float(rows["slots"].sum()), float(sums.get(track, 0.0))
        if track in rows_of_divided:
            tables.add(
                _BY_REGION,
                f"track {track!r} is divided by region in {_WHOLE}.csv row "
                f"{rows_of_divided[track]} as well",
                int(rows.index[0]),
                "track",
                "one table that divides a track by region",
            )
        elif abs(here - there) > _ROUNDING * max(here, there):
            in_regions, in_countries = apart(here, there, plainly)
            tables.add(
                _BY_REGION,
                f"{in_regions} slots are given on track {track!r}, "
                f"but {in_countries} in {_WHOLE}.csv",
                column="slots",
                expected="the same total in both tables, within 1%",
            )
