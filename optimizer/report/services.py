"""Where local support is full: use of services against their capacity."""

from __future__ import annotations

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Block, Cell, Details, Key, Panels, Section, Table, Text, TileMaps
from optimizer.report.charts import Series, panel
from optimizer.report.colours import ACCENT, ALARM, DARK, PALE, SEQUENTIAL, Colour
from optimizer.report.figures import counted, sentence
from optimizer.report.material import Material
from optimizer.report.tables import EMPTY, SHADES, behind
from optimizer.report.tiles import grid_of, tile_map

FULL = 0.995
"""Use of capacity from which a service counts as full: a last person may no longer fit in."""
STEPS = (0.5, 0.75, 0.9, FULL)


def use_of(material: Material) -> pd.DataFrame:
    """Services that somebody uses, with ``share`` of capacity and ``is_full``."""
    services = material.table("services")
    used = services.groupby("service")["use"].transform("sum") > 0
    services = services[used]
    share = (services["use"] / services["capacity"]).where(services["capacity"] > 0, 0.0)
    return services.assign(share=share, is_full=(share >= FULL) & (services["use"] > 0))


def fullest(material: Material) -> list[str]:
    """Say where each service is full, for the summary."""
    found = []
    for service, rows in use_of(material).groupby("service", sort=False):
        full = rows[rows["is_full"]].groupby("year").size()
        if len(full):
            year, count = int(full.idxmax()), int(full.max())
            regions = rows.loc[rows["year"].eq(year) & rows["capacity"].gt(0), "region"].nunique()
            found.append(
                f"{sentence(str(service))}: full in {count} of {counted(regions, 'region')} "
                f"in {year}."
            )
    return found


def services_section(material: Material) -> Section:
    """Give use against capacity: where full, by year, and in figures."""
    use = use_of(material)
    title = "Local services"
    if not len(use):
        none = Text(("Nobody uses a local service in this case.",))
        return Section("services", title, "", (none,))
    blocks: list[Block] = [_nationwide(material, use)]
    grid = grid_of(material.case.table("regions"))
    if grid is not None:
        maps = []
        for service, rows in use.groupby("service", sort=False):
            peak = rows[rows["use"] > 0].groupby("region", sort=False)["share"].max()
            values = {str(region): float(share) for region, share in peak.items()}
            maps.append(tile_map(grid, sentence(str(service)), values, _shade, figures.percent))
        described = "Fullest year of each region: use as a share of capacity, with what was built."
        blocks.append(TileMaps("Where services are full", described, tuple(maps), _legend()))
    for service, rows in use.groupby("service", sort=False):
        blocks.append(_table(material, str(service), rows))
    lead = f"Full means that at least {figures.percent(FULL, 1)} of the capacity is used."
    return Section("services", title, lead, tuple(blocks))


def _shade(share: float) -> Colour:
    if share >= FULL:
        return ALARM
    return SEQUENTIAL[1 + sum(share >= step for step in STEPS[:-1])]


def _legend() -> tuple[Key, ...]:
    ends = [figures.percent(step) for step in STEPS[:-1]]
    texts = [f"below {ends[0]}", *(f"{low} to {high}" for low, high in zip(ends, ends[1:]))]
    texts.append(f"{ends[-1]} and more")
    shades = [Key(SEQUENTIAL[place + 1], text) for place, text in enumerate(texts)]
    return (Key(SEQUENTIAL[0], "not used"), *shades, Key(ALARM, "full"))


def _nationwide(material: Material, use: pd.DataFrame) -> Panels:
    panels = []
    for service, rows in use.groupby("service", sort=False):
        by_year = rows.groupby(rows["year"].astype(int))[["use", "capacity", "is_full"]].sum()
        unit = str(rows["unit"].iloc[0])
        series = Series(
            values=by_year["use"].to_dict(), colour=ACCENT, unit=f" {unit}",
            marks=by_year["capacity"].to_dict(), mark_name="capacity",
            faded=frozenset(material.tail), faded_colour=PALE,
        )  # fmt: skip
        year = int(by_year["use"].idxmax())
        full = int(by_year.loc[year, "is_full"])
        small = f"{unit}; most in {year}, when {counted(full, 'region is', 'regions are')} full"
        panels.append(panel(sentence(str(service)), small, series, figures.whole))
    legend = (Key(ACCENT, "use"), Key(Colour(DARK), "capacity with what was built (stroke)"))
    described = "All regions together; every service has a scale of its own."
    return Panels("Use and capacity by year", described, tuple(panels), legend)


def _table(material: Material, service: str, rows: pd.DataFrame) -> Details:
    """Share of capacity used by region and year, and the capacity that was built."""
    share = rows.pivot(index="region", columns="year", values="share")
    built = rows.groupby("region")["built"].max()
    regions = [r for r in material.case.table("regions")["region"] if r in share.index]
    body = []
    for region in regions:
        cells = [Cell(material.names.of("region", region))]
        for value in share.loc[region]:
            level = 0 if not value else 1 + sum(value >= step for step in STEPS)
            text = figures.percent(value) if value else EMPTY
            cells.append(Cell(text, True, min(level, SHADES)))
        added = float(built[region])
        cells.append(Cell(figures.whole(added) if added else EMPTY, True))
        body.append(tuple(cells))
    unit = str(rows["unit"].iloc[0])
    head = (Cell("Region"), *(Cell(str(year), True) for year in share.columns),
            Cell(f"Built ({unit})", True))  # fmt: skip
    caption = f"{sentence(service)}: share of capacity used, by region and year"
    return behind(Table(caption, head, tuple(body)))
