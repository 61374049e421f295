"""Random tables of a tiny case."""

from __future__ import annotations

from itertools import pairwise, product
from random import Random

from .drawing import Cells, Draw, Drawn, drop_blank_keys
from .drawing_people import (
    FORECAST,
    add_forecast_track,
    draw_current_plan,
    draw_forecasts,
    draw_movement,
    draw_present,
)
from .drawing_services import draw_services

FIRST_YEAR = 2027
PATHWAYS = ["exchange", "training", "skilled_work", "study", "highly_skilled", "protection"]


def draw_case(draw: Draw) -> Drawn:
    """All tables of a case, and its case.toml."""
    drawn = Drawn()
    spare = draw.pick([1, 2]) if draw.has("more_case_years") else 0
    builds = draw.has("expansion", "services")
    number = 1 if draw.size == 0 else 2 if builds else draw.pick([1, 2, 2])
    years = list(range(FIRST_YEAR, FIRST_YEAR + number + spare))
    drawn.settings = {
        "schema": 1,
        "title": f"Random case {draw.seed}",
        "currency": "JPY",
        "years": years,
        "country_codes": "any",
        "licence": "CC0-1.0",
    }
    _draw_countries(draw, drawn)
    _draw_tracks(draw, drawn)
    _draw_regions(draw, drawn)
    _draw_lines(draw, drawn, years)
    _draw_eligibility(draw, drawn, years)
    _draw_costs(draw, drawn, years)
    if draw.has("services", "regions"):
        draw_services(draw, drawn, years)
    if draw.has("present"):
        draw_present(draw, drawn)
    if draw.has("forecast"):
        draw_forecasts(draw, drawn)
    if draw.has("stability") or draw.chance(0.1):
        draw_current_plan(draw, drawn)
    draw_movement(draw, drawn)
    return drawn


def _draw_countries(draw: Draw, drawn: Drawn) -> None:
    number = 2 if draw.has("bands", "services") else draw.pick([1, 2, 2, 2])
    drawn.tables["countries"] = [
        {
            "country": code,
            "name": f"Country {code}",
            "world_region": draw.pick(["Asia", "Europe"]),
            "bloc": draw.pick(["north", "south"]),
            "population": draw.rng.randint(1, 6),
            "strength": strength,
            "need": draw.rng.randint(0, 9) if draw.chance(0.7) or i == 0 else "",
        }
        for i, (code, strength) in enumerate(zip(["AA", "BB"], [2, 7], strict=True))
        if i < number
    ]


def _draw_tracks(draw: Draw, drawn: Drawn) -> None:
    number = 1 + draw.chance(0.5)
    if draw.has("continuations"):
        number = 3 if draw.has("chain") else max(number, 1 if draw.has("self_continuation") else 2)
    rows: list[Cells] = []
    for i in range(number):
        agreement = draw.has("agreements") and (i == 0 or draw.chance(0.4))
        active_track = draw.has("active_track") and not agreement
        minimum = draw.pick([0, 1, 2] if agreement else [2, 2, 3] if active_track else [0, 1])
        needs = "yes" if agreement else "no"
        rows.append(
            {
                "track": f"t{i + 1}",
                "name": f"Track {i + 1}",
                "pathway": draw.pick(PATHWAYS),
                "agency": draw.pick(["MX", "MY"]),
                "sector": draw.pick(["care", "chips"]),
                "direction": draw.pick(["inbound", "inbound", "outbound"]),
                "duration_years": draw.pick([1, 1, 2, 2, 3]),
                "min_cohort": minimum,
                "needs_agreement": needs,
                "completion_rate": draw.pick([1, 0.8, 0.5]),
                "returns_home": draw.pick(["yes", "no"]),
            }
        )
    if draw.has("instant"):
        rows[-1]["duration_years"] = 0
    if draw.has("forecast"):
        rows = add_forecast_track(draw, rows)
    drawn.tables["tracks"] = rows
    if draw.has("levels"):
        rates = [("standard", 0.5, 0.5), ("intensive", 1, 1)]
        drawn.tables["support_levels"] = [
            {"track": "t1", "level": level, "completion_rate": rate, "stay_rate_factor": factor}
            for level, rate, factor in rates
        ]
    if draw.has("continuations"):
        _draw_continuations(draw, drawn, [str(row["track"]) for row in rows])


def _draw_continuations(draw: Draw, drawn: Drawn, tracks: list[str]) -> None:
    links = list(pairwise(tracks))
    if draw.has("self_continuation") or not links:
        own = next(row for row in drawn.tables["tracks"] if row["track"] == "t1")
        own["duration_years"] = own["duration_years"] or 1
        links.append(("t1", "t1"))
    if len(tracks) > 1 and draw.chance(0.7 if draw.has("forecast") else 0.2):
        links.append((tracks[-1], tracks[0]))
    drawn.tables["continuations"] = [
        {"track": a, "next_track": b, "stay_rate": draw.pick([0.25, 0.5])} for a, b in links
    ]


def _draw_regions(draw: Draw, drawn: Drawn) -> None:
    if not draw.has("regions"):
        return
    drawn.tables["regions"] = [
        {
            "region": name,
            "name": f"Region {name}",
            "area": draw.pick(["east", "west"]),
            "tile_row": 1,
            "tile_column": i + 1,
            "population": draw.rng.randint(1, 6),
            "jobs": jobs,
        }
        for i, (name, jobs) in enumerate(zip(["r1", "r2"], [1, 4], strict=True))
        if i < (2 if draw.size else 1) and (i == 0 or draw.chance(0.75))
    ]


def _draw_lines(draw: Draw, drawn: Drawn, years: list[int]) -> None:
    lines = ["main", "help"] if draw.has("many_lines") else ["main"]
    room = 10 * len(draw.on & {"present", "forecast"})
    drawn.tables["budgets"] = [
        {
            "line": line,
            "year": year,
            "agency": "MX" if line == "main" else "MY",
            "amount_jpy": draw.rng.randint(8, 24) + room,
            "purpose": "integration" if line == "help" else "program",
        }
        for line, year in product(lines, years)
    ]
    if lines == ["main"] and draw.chance(0.3):
        for row in drawn.tables["budgets"]:
            if draw.has("support_floor"):
                row["purpose"] = "integration"
            else:
                del row["purpose"]


def _draw_eligibility(draw: Draw, drawn: Drawn, years: list[int]) -> None:
    countries, tracks = drawn.names("countries", "country"), drawn.names("tracks", "track")
    planned = [track for track in tracks if track != FORECAST]
    most = 2 + draw.size // 2
    share = 0.65 + 0.05 * draw.size
    pairs = [p for p in product(countries, planned) if draw.chance(share)] or [(countries[0], "t1")]
    pairs = pairs[: 1 + draw.size]
    by_year = draw.has("applicants_by_year")
    applicants: list[Cells] = []
    for country, track in pairs:
        number = draw.pick([1, 2, most, most])
        row = {"country": country, "track": track, "year": "", "applicants": number}
        if not by_year or draw.chance(0.7):
            applicants.append(row)
        else:
            some = draw.rng.sample(years, draw.rng.randint(1, len(years)))
            applicants += [row | {"year": y, "applicants": draw.rng.randint(0, most)} for y in some]
            continue
        if by_year:
            year = draw.pick(years)
            applicants.append(row | {"year": year, "applicants": draw.rng.randint(0, most)})
    drawn.tables["applicants"] = drop_blank_keys(draw, applicants, ["year"])
    sites: list[Cells] = []
    for track, region in product(tracks, drawn.names("regions", "region")):
        if not draw.chance(0.85):
            continue
        places = draw.rng.randint(1, 2 + draw.size)
        row = {"track": track, "region": region, "year": "", "max_slots": places}
        sites.append(row)
        if draw.has("sites_by_year"):
            sites.append(row | {"year": draw.pick(years), "max_slots": draw.pick([0, 1, 2])})
    drawn.tables["sites"] = drop_blank_keys(draw, sites, ["year"])
    _draw_openings(draw, drawn, pairs)
    if draw.has("caps"):
        _draw_caps(draw, drawn, years)


def _draw_caps(draw: Draw, drawn: Drawn, years: list[int]) -> None:
    rows: list[Cells] = []
    for track in drawn.names("tracks", "track"):
        if track != "t1" and draw.chance(0.7):
            continue
        counts = draw.pick(["intake", "residents"])
        limit = draw.pick([2, 3, 4]) + (4 if counts == "residents" else 0)
        limit += 6 if track == FORECAST else 0
        for year in years:
            most = limit + draw.pick([0, 1])
            rows.append({"track": track, "year": year, "max": most, "counts": counts})
        # A stream of its own leaves everything else as it was drawn before caps could end.
        if Random(f"caps {draw.seed} {track}").random() < 0.5:
            rows = rows[: len(rows) - len(years) + 1]
    drawn.tables["national_caps"] = rows


def _draw_openings(draw: Draw, drawn: Drawn, pairs: list[tuple[str, str]]) -> None:
    needing = {r["track"] for r in drawn.tables["tracks"] if r["needs_agreement"] == "yes"}
    drawn.tables["agreements"] = [
        {
            "country": country,
            "track": track,
            "status": draw.pick(["existing", "proposed", "proposed"]),
            "line": draw.pick(drawn.names("budgets", "line")),
            "setup_cost_jpy": draw.rng.randint(0, 3),
            "yearly_cost_jpy": draw.rng.randint(0, 3),
            "lead_years": draw.pick([0, 0, 1]),
        }
        for country, track in pairs
        if track in needing
    ]


def _draw_costs(draw: Draw, drawn: Drawn, years: list[int]) -> None:
    costs: list[Cells] = []
    more: list[Cells] = []
    values: dict[str, list[object]] = {
        "level": ["standard", "intensive"] if draw.has("levels") else ["standard"],
        "country": [*drawn.names("countries", "country")],
        "year": [*years],
        "entry": ["new", "transition"],
    }
    lines = drawn.names("budgets", "line")
    for track, line in product(drawn.tables["tracks"], lines):
        for age in range(1, int(track["duration_years"]) + 1):
            key = {"track": track["track"], "line": line, "year_of_stay": age}
            blank = dict.fromkeys(values, "")
            if draw.chance(0.85):
                costs.append(key | blank | {"amount_jpy": draw.pick([0, 1, 2, 3, 1.5])})
            if draw.has("specific_rows"):
                costs += _specific(draw, key, values, track=str(track["track"]))
            for region in drawn.names("regions", "region"):
                if draw.has("region_costs") and line == lines[-1] and draw.chance(0.5):
                    row = {"track": track["track"], "line": line, "region": region}
                    more.append(row | {"year_of_stay": age, "amount_jpy": draw.pick([1, 2, 0.5])})
    if not costs:
        key = {"track": "t1", "line": "main", "year_of_stay": 1}
        costs = [key | dict.fromkeys(values, "") | {"amount_jpy": 1}]
        drawn.tables["tracks"][0]["duration_years"] = max(
            1, int(drawn.tables["tracks"][0]["duration_years"])
        )
    drawn.tables["costs"] = drop_blank_keys(draw, costs, list(values))
    drawn.tables["region_costs"] = more


def _specific(
    draw: Draw, key: Cells, values: dict[str, list[object]], *, track: str
) -> list[Cells]:
    """Rows whose filled keys are nested, so that no cell finds two of equal specificity."""
    names = sorted(values)
    draw.rng.shuffle(names)
    rows: list[Cells] = []
    for depth in range(1, draw.pick([1, 2, 2, 3]) + 1):
        row = key | dict.fromkeys(values, "")
        for name in names[:depth]:
            row[name] = draw.pick(values[name])
        if row["level"] == "intensive" and track != "t1":
            continue
        rows.append(row | {"amount_jpy": draw.pick([0, 1, 2, 4])})
    return rows
