"""Slots by year, track, support level, country and region, and the outcomes of entrants."""

from __future__ import annotations

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Bars, Block, Key, Panels, Section, TileMaps
from optimizer.report.charts import ChartParts, Series, panel, single, stacked_bars
from optimizer.report.colours import ACCENT, STROKE, graded, qualitative
from optimizer.report.coming import expected_tables
from optimizer.report.continuing import take_up_blocks
from optimizer.report.figures import sentence
from optimizer.report.material import Material, span
from optimizer.report.periods import expected_persons
from optimizer.report.returning import returning_blocks
from optimizer.report.tables import behind, by_year, crossed, pivot
from optimizer.report.tiles import classes, grid_of, tile_map
from optimizer.report.today import today_blocks, today_by
from optimizer.schema.tables import STANDARD

ENDS = {
    "transitions": "continue on another track",
    "goes_home": "complete and go home",
    "left": "leave otherwise",
    "present": "still present at the end",
}
_OUTCOMES = ("completions", "transitions", "returns")


def slots_section(material: Material) -> Section:
    """Give slots by everything they are given by."""
    blocks: list[Block] = [_by_year(material), _by_track(material)]
    years = pivot(material.slots, "track", "year", "slots", material.years)
    years = _named(years.reindex(material.tracks()), material, "track")
    blocks.append(behind(crossed("Slots by track and year", "Track", years, figures.whole)))
    blocks += today_blocks(material)
    blocks += expected_tables(material)
    blocks += _by_level(material)
    blocks += _by_country(material)
    if material.has_regions:
        blocks += _by_region(material)
    lead = "A slot is one new participant admitted in a year."
    return Section("slots", "Slots", lead, tuple(blocks))


def _named(frame: pd.DataFrame, material: Material, column: str) -> pd.DataFrame:
    return frame.rename(index=lambda key: material.names.of(column, key))


def _pathway_parts(material: Material) -> ChartParts:
    shown = material.pathways()
    colours = {name: material.colours[name] for name in shown}
    return ChartParts(colours, {name: sentence(name) for name in shown}, figures.whole)


def _by_year(material: Material) -> Bars:
    frame = pivot(material.slots, "year", "pathway", "slots").reindex(
        index=list(material.years), columns=material.pathways(), fill_value=0.0
    )
    parts = _pathway_parts(material)
    bars = stacked_bars(frame, parts, [str(year) for year in material.years])
    return Bars("Slots by year", "New participants by kind of track.", bars, parts.legend())


def _by_track(material: Material) -> Panels:
    by_track = pivot(material.slots, "track", "year", "slots", material.years).T
    panels, today = [], today_by(material, "track")
    given = {*material.tracks(), *(track for track, slots in today.items() if slots)}
    for track in (each for each in material.case.table("tracks")["track"] if each in given):
        values = (
            by_year(by_track[track]) if track in by_track else dict.fromkeys(material.years, 0.0)
        )
        now, small = today.get(track, 0.0), f"{figures.whole(sum(values.values()))} in all"
        if today:
            mean = sum(values.values()) / len(values)
            small += f"; {figures.number(mean)} a year, today {figures.number(now)}"
        series = Series(
            values,
            material.colours[material.pathway[track]],
            unit=" slots",
            marks=dict.fromkeys(values, now) if today else None,
            mark_name="today",
        )
        panels.append(panel(material.names.of("track", track), small, series, figures.whole))
    legend = list(_pathway_parts(material).legend())
    if panels and today:
        legend.append(Key(STROKE, "slots of a year today (tick)", is_stroke=True))
    described = "Every track has a scale of its own."
    return Panels("Slots by track and year", described, tuple(panels), tuple(legend))


def _by_level(material: Material) -> list[Block]:
    """Support levels, in the tracks that have a choice."""
    levels = material.case.table("support_levels")
    with_choice = set(levels["track"])
    tracks = [track for track in material.tracks() if track in with_choice]
    if not tracks:
        return []
    order = [str(level) for level in dict.fromkeys(levels["level"])]
    chosen = material.slots[material.slots["track"].isin(tracks)]
    frame = pivot(chosen, "track", "level", "slots").reindex(
        index=tracks, columns=order, fill_value=0.0
    )
    colours = dict(zip(order, graded(len(order)), strict=True))
    parts = ChartParts(colours, {level: sentence(level) for level in order}, figures.whole)
    bars = stacked_bars(
        frame, parts, [material.names.of("track", track) for track in tracks], to_full_width=True
    )
    described = f"Share of slots at each level, in tracks with more than “{STANDARD}”."
    table = crossed(
        "Slots by track and support level",
        "Track",
        _named(frame, material, "track").rename(columns=sentence),
        figures.whole,
    )
    chart = Bars("Support levels chosen", described, bars, parts.legend())
    return [chart, behind(table)]


def _by_country(material: Material) -> list[Block]:
    countries = material.by_size("country")
    frame = pivot(material.slots, "country", "pathway", "slots").reindex(
        index=countries, columns=material.pathways(), fill_value=0.0
    )
    parts = _pathway_parts(material)
    top = countries[: figures.COUNTRIES_SHOWN]
    names = [material.names.of("country", country) for country in top]
    described = "By kind of track, all years."
    if len(countries) > len(top):
        described += f" The {len(top)} largest of {len(countries)} countries; all in the table."
    by_track = pivot(material.slots, "country", "track", "slots", material.tracks())
    by_year = pivot(material.slots, "country", "year", "slots", material.years)
    tables = [
        crossed(
            f"Slots by country and {what}",
            "Country",
            _named(wide.reindex(countries), material, "country").rename(
                columns=lambda key: material.names.of("track", key)
            ),
            figures.whole,
        )
        for what, wide in (("track", by_track), ("year", by_year))
    ]
    today = today_by(material, "country")
    marks = [today.get(country, 0.0) * len(material.years) for country in top] if today else None
    legend = list(parts.legend())
    if top and today:
        legend.append(Key(STROKE, "as many a year as today, all years (tick)", is_stroke=True))
    bars = stacked_bars(frame.loc[top], parts, names, marks=marks)
    chart = Bars("Slots by country", described, bars, tuple(legend))
    return [chart, *(behind(table) for table in tables)]


def _by_region(material: Material) -> list[Block]:
    regions = material.case.table("regions")
    total = material.slots.groupby("region", sort=False)["slots"].sum()
    values = {str(region): float(count) for region, count in total.items()}
    grid = grid_of(regions)
    title = "Slots by host region"
    chart: Block
    if grid is not None:
        shading, legend = classes(list(values.values()), figures.whole)
        drawn = tile_map(grid, title, values, shading, figures.short)
        chart = TileMaps(title, "Each tile is one region; all years.", (drawn,), legend)
    else:
        largest = sorted(values.items(), key=lambda item: -item[1])
        shown = {material.names.of("region", region): count for region, count in largest}
        chart = Bars(title, "All years.", single(shown, ACCENT, figures.whole))
    order = [region for region in regions["region"] if region in values]
    tables = []
    for what, columns in (("track", material.tracks()), ("year", list(material.years))):
        wide = pivot(material.slots, "region", what, "slots", columns).reindex(order)
        wide = _named(wide, material, "region")
        wide = wide.rename(columns=lambda key: material.names.of("track", key))
        tables.append(crossed(f"Slots by region and {what}", "Region", wide, figures.whole))
    return [chart, *(behind(table) for table in tables)]


def people_section(material: Material) -> Section:
    """Give how everybody ends who was here at some time of the window."""
    people = material.table("people")
    columns = list(ENDS)
    colours = qualitative(columns)
    parts = ChartParts(colours, ENDS, figures.people)
    by_track = people.groupby("track", sort=False)[columns].sum()
    tracks = [t for t in material.case.table("tracks")["track"] if t in by_track.index]
    by_track = by_track.reindex(tracks)
    bars = stacked_bars(
        by_track, parts, [material.names.of("track", t) for t in tracks], to_full_width=True
    )
    window = material.window
    everybody = (
        f"Everybody who came by {material.years[-1]}, followed to {window[-1]}; people of the "
        f"repeated years {span(material.repeated)} are left out."
        if material.repeated
        else f"Expected persons to {window[-1]}."
    )
    described = (
        f"{everybody} Those who continue are entrants of the next track as well. Who renews a "
        "track has entered it once."
    )
    by_country = people.groupby("country", sort=False)[columns].sum()
    by_country = by_country.loc[by_country.sum(axis=1).sort_values(ascending=False).index]
    tables = [
        crossed(
            f"How entrants end, by {what} (expected persons)",
            what.capitalize(),
            _named(frame, material, what).rename(columns=ENDS),
            figures.people,
            heat=False,
        )
        for what, frame in (("track", by_track), ("country", by_country))
    ]
    outcomes = material.table("outcomes")
    tables += [
        crossed(
            f"{what.capitalize()} by track and year ({expected_persons(material)})",
            "Track",
            _by_track_and_year(outcomes, what, material),
            figures.people,
        )
        for what in _OUTCOMES
        if outcomes[what].any()
    ]
    chart = Bars("Entrants by track", described, bars, parts.legend())
    lead = "Everyone ends in exactly one of these ways; shares of each track's entrants."
    blocks: tuple[Block, ...] = (
        chart,
        *(behind(table) for table in tables),
        *returning_blocks(material),
        *take_up_blocks(material),
    )
    return Section("people", "How entrants end", lead, blocks)


def _by_track_and_year(outcomes: pd.DataFrame, what: str, material: Material) -> pd.DataFrame:
    """Expected persons by track, under its name, and year."""
    wide = outcomes.pivot_table(index="track", columns="year", values=what, aggfunc="sum")
    wide = wide.fillna(0.0).loc[lambda frame: frame.sum(axis=1) > 0]
    return wide.rename(index=lambda key: material.names.of("track", key))
