"""Random services: what regions offer and what participants use."""

from __future__ import annotations

from itertools import product

from .drawing import Cells, Draw, Drawn, drop_blank_keys


def draw_services(draw: Draw, drawn: Drawn, years: list[int]) -> None:
    """The tables services and service_use, and the countries' bands."""
    if draw.has("bands"):
        for row, band in zip(drawn.tables["countries"], ["near", "far"], strict=True):
            row["band_lang"] = band
    services = ["lang", "home"] if draw.chance(0.3) else ["lang"]
    limit = draw.pick([1, 1, 2]) if draw.has("expansion") else 0
    # Where one can build, the capacity of later years is scarce without it.
    later = (1, 4) if not draw.on & {"present", "forecast"} else (3, 7)
    places = list(product(drawn.names("regions", "region"), services))
    payers = {place: draw.pick(drawn.names("budgets", "line")) for place in places}
    drawn.tables["services"] = [
        {
            "region": region,
            "service": service,
            "year": year,
            "capacity": draw.rng.randint(*(later if limit and year > years[0] else (4, 9))),
            "unit": "hours",
            "expansion_unit": draw.pick([1, 2, 3]),
            "expansion_limit": limit if service == "lang" and draw.chance(0.8) else 0,
            "expansion_cost_jpy": draw.pick([0, 1, 2]),
            "upkeep_jpy": draw.pick([0, 1, 2, 0.5]),
            "line": payers[region, service],
        }
        for (region, service), year in product(places, years)
    ]
    drawn.tables["service_use"] = drop_blank_keys(
        draw, _draw_use(draw, drawn, services), ["level", "band", "entry"]
    )


def _draw_use(draw: Draw, drawn: Drawn, services: list[str]) -> list[Cells]:
    use: list[Cells] = []
    blank = {"level": "", "band": "", "entry": ""}
    for track, service in product(drawn.tables["tracks"], services):
        order = ["band", "entry", "level"]
        draw.rng.shuffle(order)
        if draw.has("bands"):
            order = ["band", *(name for name in order if name != "band")]
        for age in range(1, int(track["duration_years"]) + 1):
            key = {"track": track["track"], "service": service, "year_of_stay": age}
            if draw.chance(0.7):
                use.append(key | blank | {"units": draw.pick([1, 2, 0.5])})
            row = key | blank
            for name in order[: draw.pick([0, 1, 1, 2])]:
                levels = draw.has("levels") and track["track"] == "t1"
                if name == "band" and (not draw.has("bands") or service != "lang"):
                    break
                options = {
                    "band": ["near", "far"],
                    "entry": ["new", "transition"],
                    "level": ["standard", "intensive"] if levels else ["standard"],
                }
                row[name] = draw.pick(options[name])
                use.append(row | {"units": draw.pick([0, 1, 3])})
    return use
