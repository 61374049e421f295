"""Where local support is full: use of services against their capacity."""

from __future__ import annotations

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import (
    Block,
    Cell,
    Details,
    Key,
    Panels,
    Section,
    Table,
    Text,
    TileMaps,
)
from optimizer.report.charts import Series, panel
from optimizer.report.colours import ACCENT, ALARM, SEQUENTIAL, STROKE, Colour
from optimizer.report.figures import sentence
from optimizer.report.material import Material, span
from optimizer.report.periods import keys_of_years, later_years
from optimizer.report.tables import EMPTY, SHADES, behind, by_year
from optimizer.report.tiles import grid_of, tile_map
from optimizer.text.figures import counted

FULL = 0.995
"""Use of capacity from which a service counts as full: a last person may no longer fit in."""
_STEPS = (0.5, 0.75, 0.9, FULL)


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
            year, count = int(str(full.idxmax())), int(full.max())
            regions = rows.loc[rows["year"].eq(year) & rows["capacity"].gt(0), "region"].nunique()
            name = str(service).replace("_", " ")
            found.append(f"{name} in up to {count} of {counted(regions, 'region')} ({year})")
    return [f"Where local support is full: {figures.listed(found, most=6)}."] if found else []


def services_section(material: Material) -> Section:
    """Give use against capacity: where full, by year, and in figures."""
    use = use_of(material)
    title = "Local services"
    if not len(use):
        none = Text(("Nobody uses a local service in this case.",))
        return Section("services", title, "", (none,))
    blocks: list[Block] = [_nationwide(material, use)]
    grid = grid_of(material.case.table("regions"))

    def shown(share: float) -> str:
        full = round(share * len(material.years))
        return f"full in {full} of {counted(len(material.years), 'year')}"

    if grid is not None:
        maps = []
        for service, rows in use.groupby("service", sort=False):
            planned = rows[rows["year"].isin(material.years) & rows["use"].gt(0)]
            share = planned.groupby("region", sort=False)["is_full"].sum() / len(material.years)
            values = {str(region): float(part) for region, part in share.items()}
            maps.append(tile_map(grid, sentence(str(service)), values, _shade, shown))
        described = f"Years of {span(material.years)} in which the service is full, by region."
        blocks.append(
            TileMaps("Where services are full", described, tuple(maps), LEGEND, are_small=True)
        )
    for service, rows in use.groupby("service", sort=False):
        blocks.append(_table(material, str(service), rows))
    lead = f"Full means that at least {figures.percent(FULL, 1)} of the capacity is used."
    return Section("services", title, lead, tuple(blocks))


def _shade(share: float) -> Colour:
    if share >= 1:
        return ALARM
    return SEQUENTIAL[1 + sum(share > part for part in (0, 1 / 3, 2 / 3))]


LEGEND = (
    Key(SEQUENTIAL[0], "not used"),
    Key(SEQUENTIAL[1], "never full"),
    Key(SEQUENTIAL[2], "up to a third of the years"),
    Key(SEQUENTIAL[3], "up to two thirds"),
    Key(SEQUENTIAL[4], "more"),
    Key(ALARM, "every year"),
)


def _nationwide(material: Material, use: pd.DataFrame) -> Panels:
    panels = []
    for service, rows in use.groupby("service", sort=False):
        yearly = rows.groupby("year")[["use", "capacity", "is_full"]].sum()
        unit = str(rows["unit"].iloc[0])
        series = Series(
            values=by_year(yearly["use"]),
            colour=ACCENT,
            unit=f" {unit}",
            marks=by_year(yearly["capacity"]),
            mark_name="capacity",
            later=later_years(material),
        )
        small = f"{unit}; most in {_most(rows)}"
        panels.append(panel(sentence(str(service)), small, series, figures.whole))
    legend = keys_of_years(material, "used")
    legend.append(Key(STROKE, "capacity with what was built (tick)", is_stroke=True))
    described = "All regions together; every service has a scale of its own."
    if use["region"].nunique() > 1:
        described += (
            " Spare capacity in one region cannot serve another, so regions can be full while "
            "the sum is not."
        )
    return Panels("Use and capacity by year", described, tuple(panels), tuple(legend))


def _most(rows: pd.DataFrame) -> str:
    """Say when a service is used most, how much of all capacity that is, and where it is full."""
    year = int(str(rows.groupby("year")["use"].sum().idxmax()))
    then = rows[rows["year"].eq(year)]
    regions = int(then["capacity"].gt(0).sum())
    if not regions:
        return f"{year}, without any capacity"
    share = figures.percent(float(then["use"].sum()) / float(then["capacity"].sum()))
    full = int(then["is_full"].sum())
    return f"{year}: {share} of all capacity, {full} of {counted(regions, 'region')} full"


def _table(material: Material, service: str, rows: pd.DataFrame) -> Details:
    """Share of capacity used by region and year, and the capacity that was built."""
    share = rows.pivot(index="region", columns="year", values="share")
    built = rows.groupby("region")["built"].max()
    regions = [r for r in material.case.table("regions")["region"] if r in share.index]
    body = []
    for region in regions:
        cells = [Cell(material.names.of("region", region))]
        for value in share.loc[region]:
            level = 0 if not value else 1 + sum(value >= step for step in _STEPS)
            text = figures.percent(value) if value else EMPTY
            cells.append(Cell(text, True, min(level, SHADES)))
        added = float(built[region])
        cells.append(Cell(figures.whole(added) if added else EMPTY, True))
        body.append(tuple(cells))
    unit = str(rows["unit"].iloc[0])
    head = (
        Cell("Region"),
        *(Cell(str(year), True) for year in share.columns),
        Cell(f"Built ({unit})", True),
    )
    caption = f"{sentence(service)}: share of capacity used, by region and year"
    return behind(Table(caption, head, tuple(body)))
