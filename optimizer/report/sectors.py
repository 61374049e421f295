"""Slots and outcomes by the sector that tracks serve."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Key, Panels, Section
from optimizer.report.charts import Series, panel
from optimizer.report.colours import ACCENT, STROKE
from optimizer.report.figures import sentence
from optimizer.report.material import Material
from optimizer.report.periods import expected_persons
from optimizer.report.tables import behind, by_year, crossed, pivot, records
from optimizer.report.today import today_by

_OUTCOMES = {
    "completions": "Completions",
    "transitions": "People who continue",
    "returns": "Returns home",
}


def sectors_section(material: Material) -> Section | None:
    """Give slots, completions, transitions and returns by sector and year; none of one sector."""
    if len(set(_sectors(material).values())) < 2:
        return None
    slots = _by_sector(material, material.slots, "slots", material.years)
    outcomes, today = material.table("outcomes"), _today(material)
    years = tuple(sorted(map(int, outcomes["year"].unique())))
    tables = {
        f"{title} by sector and year ({expected_persons(material)})": _by_sector(
            material, outcomes, column, years
        )
        for column, title in _OUTCOMES.items()
    }
    tables = {"Slots by sector and year": slots, **tables}
    blocks = [
        behind(crossed(caption, "Sector", _named(wide), figures.people))
        for caption, wide in tables.items()
        if len(wide)
    ]
    lead = "What the plan brings to each sector; a track serves one sector."
    return Section("sectors", "Results by sector", lead, (_chart(material, slots, today), *blocks))


def _sectors(material: Material) -> dict[str, str]:
    """Sector by track."""
    tracks = material.case.table("tracks")
    return {str(row.track): str(row.sector) for row in records(tracks)}


def _by_sector(
    material: Material, frame: pd.DataFrame, column: str, years: tuple[int, ...]
) -> pd.DataFrame:
    """Sums by sector and year, sectors with any in the order of the case."""
    sectors = _sectors(material)
    wide = pivot(frame.assign(sector=frame["track"].map(sectors)), "sector", "year", column, years)
    present = set(wide.index[wide.sum(axis=1) > 0])
    return wide.reindex([name for name in dict.fromkeys(sectors.values()) if name in present])


def _today(material: Material) -> dict[str, float]:
    """Slots of a year today by sector."""
    sectors, today = _sectors(material), dict[str, float]()
    for track, count in today_by(material, "track").items():
        today[sectors[track]] = today.get(sectors[track], 0.0) + count
    return {sector: count for sector, count in today.items() if count}


def _named(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.rename(index=lambda key: sentence(str(key)))


def _chart(material: Material, slots: pd.DataFrame, today: Mapping[str, float]) -> Panels:
    panels = []
    for name in dict.fromkeys(_sectors(material).values()):
        if name not in slots.index and name not in today:
            continue
        planned = by_year(slots.T[name]) if name in slots.index else {}
        values = {year: planned.get(year, 0.0) for year in material.years}
        series = Series(
            values,
            ACCENT,
            unit=" slots",
            marks=dict.fromkeys(values, today.get(name, 0.0)) if today else None,
            mark_name="today",
        )
        small = f"{figures.whole(sum(values.values()))} in all"
        panels.append(panel(sentence(name), small, series, figures.whole))
    legend = [Key(ACCENT, "slots")]
    if today:
        legend.append(Key(STROKE, "slots of a year today (tick)", is_stroke=True))
    described = "Every sector has a scale of its own."
    return Panels("Slots by sector and year", described, tuple(panels), tuple(legend))
