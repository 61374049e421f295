"""Slots and outcomes by the sector that tracks serve."""

from __future__ import annotations

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Block, Key, Panels, Section
from optimizer.report.charts import Series, panel
from optimizer.report.colours import ACCENT, STROKE
from optimizer.report.figures import sentence
from optimizer.report.material import Material
from optimizer.report.tables import behind, by_year, crossed
from optimizer.report.today import today_by

_OUTCOMES = {
    "completions": "Completions",
    "transitions": "People who continue",
    "returns": "Returns home",
}


def sectors_section(material: Material) -> Section | None:
    """Give slots, completions, transitions and returns by sector and year."""
    tracks = material.case.table("tracks")
    sector = dict(zip(tracks["track"], tracks["sector"], strict=True))
    slots = _by_sector(material.slots, sector, "slots", material.years)
    if len(slots) < 2:
        return None
    blocks: list[Block] = [_chart(material, sector, slots)]
    blocks.append(
        behind(crossed("Slots by sector and year", "Sector", _named(slots), figures.whole))
    )
    for column, title in _OUTCOMES.items():
        outcomes = material.table("outcomes")
        years = tuple(sorted(set(map(int, outcomes["year"]))))
        wide = _by_sector(outcomes, sector, column, years)
        if len(wide):
            caption = f"{title} by sector and year (expected persons)"
            blocks.append(behind(crossed(caption, "Sector", _named(wide), figures.whole)))
    lead = "What the plan brings to each sector; a track serves one sector."
    return Section("sectors", "Results by sector", lead, tuple(blocks))


def _by_sector(
    frame: pd.DataFrame, sector: dict[str, str], column: str, years: tuple[int, ...]
) -> pd.DataFrame:
    """Sums by sector and year, the sectors in the order of the case."""
    told = frame.assign(sector=frame["track"].map(sector))
    wide = told.pivot_table(index="sector", columns="year", values=column, aggfunc="sum")
    wide = wide.reindex(columns=list(years)).fillna(0.0).astype(float)
    present = wide.index[wide.sum(axis=1) > 0]
    return wide.reindex([name for name in dict.fromkeys(sector.values()) if name in present])


def _named(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.rename(index=lambda key: sentence(str(key)))


def _chart(material: Material, sector: dict[str, str], slots: pd.DataFrame) -> Panels:
    today: dict[str, float] = {}
    for track, count in today_by(material, "track").items():
        today[sector[track]] = today.get(sector[track], 0.0) + count
    panels = []
    for name, row in slots.iterrows():
        values = by_year(row)
        series = Series(
            values,
            ACCENT,
            unit=" slots",
            marks=dict.fromkeys(values, today.get(str(name), 0.0)) if today else None,
            mark_name="today",
        )
        small = f"{figures.whole(sum(values.values()))} in all"
        panels.append(panel(sentence(str(name)), small, series, figures.whole))
    legend = [Key(ACCENT, "slots")]
    if today:
        legend.append(Key(STROKE, "slots of a year today (tick)", is_stroke=True))
    described = "Every sector has a scale of its own."
    return Panels("Slots by sector and year", described, tuple(panels), tuple(legend))
