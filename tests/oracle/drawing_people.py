"""People who are present already, and the plan in force today."""

from __future__ import annotations

from itertools import product
from random import Random

from .drawing import Cells, Draw, Drawn

FORECAST = "f1"


def draw_present(draw: Draw, drawn: Drawn) -> None:
    """People present on both margins; their totals agree per track and entry year."""
    first = int(drawn.settings["years"][0])
    by_country: list[Cells] = []
    by_region: list[Cells] = []
    for track in drawn.tables["tracks"]:
        name, duration = str(track["track"]), int(track["duration_years"])
        regions = [r["region"] for r in drawn.tables["sites"] if r["track"] == name]
        if duration == 0 or not draw.chance(0.7) or (drawn.tables.get("regions") and not regions):
            continue
        key = {"track": name, "entry_year": first - draw.rng.randint(1, duration)}
        arrived = 0
        for country in drawn.names("countries", "country"):
            if draw.chance(0.7):
                persons = draw.rng.randint(1, 3)
                arrived += persons
                by_country.append({"country": country} | key | {"persons": persons})
        for i, region in enumerate(dict.fromkeys(regions)):
            last = i == len(set(regions)) - 1
            here = arrived if last else draw.rng.randint(0, arrived)
            arrived -= here
            by_region.append({"region": region} | key | {"persons": here})
    drawn.tables["present_by_country"] = by_country
    drawn.tables["present_by_region"] = by_region if by_country else []


def add_forecast_track(draw: Draw, rows: list[Cells]) -> list[Cells]:
    """One more track, on which people are expected; all of them say how people come."""
    planned = [row | {"allocation": draw.pick(["", "planned"])} for row in rows]
    more: Cells = {"track": FORECAST, "name": "Expected", "min_cohort": 0, "needs_agreement": "no"}
    more |= {"direction": "inbound", "duration_years": draw.pick([0, 1, 1, 2, 3])}
    more |= {"returns_home": draw.pick(["yes", "no"]), "allocation": "forecast"}
    return [*planned, rows[-1] | more]


def draw_forecasts(draw: Draw, drawn: Drawn) -> None:
    """Expected entrants on both margins, whose totals agree in every year that is told."""
    years: list[int] = drawn.settings["years"]
    told = draw.pick([years, years, years[:1], [years[0], draw.pick(years[1:] or years)]])
    by_country: list[Cells] = []
    by_region: list[Cells] = []
    regions = drawn.names("regions", "region")
    for year in dict.fromkeys(told):
        key = {"track": FORECAST, "year": year}
        coming = 0.0
        for country in drawn.names("countries", "country"):
            persons = draw.pick([0, 1, 1.5, 2])
            coming += persons
            row = {"country": country} | key | {"persons": persons}
            by_country.append(row | {"low": draw.pick(["", 0]), "high": draw.pick(["", 9])})
        for i, region in enumerate(regions):
            here = coming if i == len(regions) - 1 else coming * draw.pick([0, 0.5, 1])
            coming -= here
            by_region.append({"region": region} | key | {"persons": here})
    drawn.tables["forecasts_by_country"] = by_country
    drawn.tables["forecasts_by_region"] = by_region


def draw_current_plan(draw: Draw, drawn: Drawn) -> None:
    """Current slots, all with a region or none."""
    pairs = product(drawn.names("countries", "country"), drawn.names("tracks", "track"))
    regions = drawn.names("regions", "region")
    with_regions = bool(regions) and draw.chance(0.6)
    rows: list[Cells] = []
    for country, track in pairs:
        if draw.chance(0.75):
            row: Cells = {"country": country, "track": track}
            if with_regions:
                row["region"] = draw.pick(regions)
            rows.append(row | {"slots": draw.rng.randint(0, 3)})
    if rows and not any(row["slots"] for row in rows):
        rows[0]["slots"] = 2
    drawn.tables["current_plan"] = rows
    if regions and not with_regions:
        _draw_current_plan_by_region(draw, drawn, regions)


def _draw_current_plan_by_region(draw: Draw, drawn: Drawn, regions: list[str]) -> None:
    """The same slots by region, or nothing; of a source of its own, as it came later."""
    rng = Random(f"current plan by region {draw.seed} {draw.attempt}")
    slots: dict[str, int] = {}
    for row in drawn.tables["current_plan"]:
        slots[row["track"]] = slots.get(row["track"], 0) + row["slots"]
    if rng.random() < 0.4 or not any(slots.values()):
        return
    rows: list[Cells] = []
    for track, total in slots.items():
        left = total
        for i, region in enumerate(regions):
            here = left if i == len(regions) - 1 else rng.randint(0, left)
            left -= here
            rows.append({"track": track, "region": region, "slots": here})
    drawn.tables["current_plan_by_region"] = rows


def draw_movement(draw: Draw, drawn: Drawn) -> None:
    """Retention, attraction and movement; of a source of its own, as they came later."""
    rng = Random(f"movement {draw.seed} {draw.attempt}")
    ways, regions = drawn.tables.get("continuations", []), drawn.tables.get("regions", [])
    if not ways or not regions:
        return
    if rng.random() < 0.7:
        for row in ways:
            row["retention"] = rng.choice([0, 0.25, 0.6, 1])
        for row in regions:
            row["attraction"] = rng.choice([1, 2, 3, 5, 0, ""])
        said = rng.choice(["", "", "by_attraction", "free"])
    else:
        said = rng.choice(["", "free"])
    if said:
        drawn.settings["movement"] = said
