"""Where people of the plan live, and where those who continue do, beside today's residents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Block, Section, Table, Text
from optimizer.report.coming import ANYWAY
from optimizer.report.figures import percent
from optimizer.report.material import Material, span
from optimizer.report.regions import region_charts
from optimizer.report.tables import EMPTY, behind, by_key, plain_table

_LARGEST = 3
"""Regions that are named for having most residents today."""


@dataclass(frozen=True)
class _Regions:
    """Regions of a case, and today's residents of those where they are known."""

    material: Material
    today: Mapping[str, float]

    @property
    def keys(self) -> list[str]:
        """Regions in the order of the case."""
        return [str(key) for key in self.material.case.table("regions")["region"]]

    def name(self, region: str) -> str:
        """Name of a region."""
        return self.material.names.of("region", region)

    def share_of_today(self, region: str, persons: float) -> str:
        """Persons as a share of today's residents of a region, where these are known."""
        today = self.today.get(region)
        return percent(persons / today, 1) if today else EMPTY


def living_section(material: Material) -> Section | None:
    """Give residents by region, and where those who continue live; none in national cases."""
    people = material.table("residents")
    people = people[people["region"].ne("")]
    if not len(people):
        return None
    table = material.case.table("regions")
    known = table[table["residents_today"].gt(0)]
    pairs = zip(known["region"], known["residents_today"], strict=True)
    regions = _Regions(material, {str(key): float(count) for key, count in pairs})
    blocks = (*_residents(regions, people), *_continuing(regions))
    lead = (
        "Residents are all in one of their years of stay: new, continuing, here before, expected."
    )
    return Section("living", "Where people live", lead, blocks)


def _residents(regions: _Regions, people: pd.DataFrame) -> list[Block]:
    """Residents in the last planned year, and in the year with most of them."""
    last = regions.material.years[-1]
    total = people.groupby("year")["persons"].sum()
    peak = int(str(total.idxmax()))
    years = {last: f"{last}, the last planned year"}
    years.setdefault(peak, f"{peak}, with most residents")
    wide = people.pivot_table(index="region", columns="year", values="persons", aggfunc="sum")
    wide = wide.reindex(columns=list(years)).fillna(0.0)
    told = f"{figures.people(float(total.get(last, 0.0)))} residents in {last}"
    if peak != last:
        told += f", and most, {figures.people(float(total[peak]))}, in {peak}"
        told += f", as {last} is repeated" if peak in regions.material.repeated else ""
    blocks: list[Block] = [Text((f"{told}.",))]
    here = {year: by_key(wide[year]) for year in years}
    drawn = {name: here[year] for year, name in years.items()}
    blocks += region_charts(
        regions.material, "Residents by region", "All kinds of track.", drawn, figures.people
    )
    if regions.today:
        ratios = {year: _ratios(part, regions.today) for year, part in here.items()}
        blocks += _crowded(regions, ratios)
        described = "Residents as a share of those who live there today."
        drawn = {name: ratios[year] for year, name in years.items()}
        blocks += region_charts(
            regions.material, "Residents against today's", described, drawn, percent
        )
    anyway = people[people["year"].eq(last)].groupby("region")["anyway"].sum()
    return [*blocks, behind(_residents_table(regions, wide, anyway))]


def _crowded(regions: _Regions, ratios: Mapping[int, Mapping[str, float]]) -> list[Block]:
    """Name the regions with more residents than live there today, those most beyond first."""
    told = []
    for year, part in ratios.items():
        beyond = sorted((key for key in part if part[key] > 1.0), key=lambda key: -part[key])
        if beyond:
            named = [f"{regions.name(key)} ({percent(part[key])} of today's)" for key in beyond]
            told.append(f"More residents in {year} than live there today: {figures.listed(named)}.")
    return [Text(tuple(told), is_list=True)] if told else []


def _residents_table(regions: _Regions, wide: pd.DataFrame, anyway: pd.Series) -> Table:
    years = list(wide)
    has_anyway = bool(anyway.any())
    head = ["Region", *map(str, years)]
    head += [f"{years[0]} {ANYWAY}"] if has_anyway else []
    if regions.today:
        head += ["Residents today", *(f"{year} as a share" for year in years)]
    rows = []
    for region in regions.keys:
        if region in wide.index:
            persons = list(map(float, wide.loc[region].to_numpy()))
            cells = [*persons, *([float(anyway.get(region, 0.0))] if has_anyway else [])]
            row = [regions.name(region), *map(figures.people, cells)]
            if regions.today:
                today = regions.today.get(region)
                row += [figures.people(today) if today else EMPTY]
                row += [regions.share_of_today(region, count) for count in persons]
            rows.append(row)
    return plain_table("Residents by region", head, rows, range(1, len(head)))


def _continuing(regions: _Regions) -> list[Block]:
    """Where those who continue come to live, beside where today's residents do."""
    moved = regions.material.plan.decisions.transitions_by_region
    if not len(moved):
        return []
    years = span(tuple(range(int(moved["year"].min()), int(moved["year"].max()) + 1)))
    there = by_key(moved.groupby("region")["persons"].sum())
    shares, of_today = _shares(there), _shares(regions.today)
    drawn = {"Those who continue": shares}
    blocks: list[Block] = []
    if of_today:
        drawn["Today's residents"] = of_today
        largest = sorted(of_today, key=lambda key: -of_today[key])[:_LARGEST]
        told = (
            f"Of {figures.people(sum(there.values()))} expected persons who continue {years}, "
            f"{percent(sum(shares.get(key, 0.0) for key in largest))} come to live in "
            f"{figures.listed([regions.name(key) for key in largest])}, where "
            f"{percent(sum(of_today[key] for key in largest))} of today's residents live."
        )
        blocks.append(Text((told,)))
    described = f"Share of each region in all of them, {years}."
    blocks += region_charts(
        regions.material, "Where those who continue live", described, drawn, _finely
    )
    return [*blocks, behind(_continuing_table(regions, there, years))]


def _continuing_table(regions: _Regions, there: Mapping[str, float], years: str) -> Table:
    shares, of_today = _shares(there), _shares(regions.today)
    head = ["Region", "Persons", "Share", *(["Share of today's residents"] if of_today else [])]
    rows = []
    for region in regions.keys:
        if region in there or region in of_today:
            cells = [
                regions.name(region),
                figures.people(there.get(region, 0.0)),
                percent(shares.get(region, 0.0), 1),
            ]
            rows.append([*cells, *([percent(of_today.get(region, 0.0), 1)] if of_today else [])])
    caption = f"Where those who continue live, expected persons {years}"
    return plain_table(caption, head, rows, range(1, len(head)))


def _finely(share: float) -> str:
    return percent(share, 1)


def _ratios(values: Mapping[str, float], of: Mapping[str, float]) -> dict[str, float]:
    return {key: value / of[key] for key, value in values.items() if key in of}


def _shares(values: Mapping[str, float]) -> dict[str, float]:
    total = sum(values.values())
    return {key: value / total for key, value in values.items() if total}
