"""Agreements: which are opened, when, and which stand."""

from __future__ import annotations

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Block, Key, Panels, Section, Text
from optimizer.report.charts import Series, panel
from optimizer.report.colours import ACCENT
from optimizer.report.figures import sentence
from optimizer.report.material import Material
from optimizer.report.tables import behind, plain_table
from optimizer.schema.tables import PATHWAYS
from optimizer.text.figures import counted


def agreements_section(material: Material) -> Section:
    """Give agreements opened by year, and lists of new and standing ones."""
    table = material.table("agreements")
    opened = table[table["status"].eq("proposed")]
    standing = table[table["status"].eq("existing")]
    possible = int(material.case.table("agreements")["status"].eq("proposed").sum())
    title = "Agreements"
    if not len(table) and not possible:
        return Section("agreements", title, "", (Text(("No track needs an agreement.",)),))
    lead = (
        f"Opened: {figures.whole(len(opened))} of {counted(possible, 'possible agreement')}. "
        f"In force already: {figures.whole(len(standing))}."
    )
    blocks: list[Block] = []
    if len(opened):
        by_year = opened["open_from"].astype(int).value_counts()
        values = {year: float(by_year.get(year, 0)) for year in material.years}
        tracks = opened.groupby("track", sort=False)["country"].size()
        panels = [
            panel(
                "All tracks",
                counted(len(opened), "new agreement"),
                Series(values, ACCENT, unit=" opened"),
                figures.whole,
            )
        ]
        for track in [t for t in material.case.table("tracks")["track"] if t in tracks.index]:
            rows = opened.loc[opened["track"].eq(track), "open_from"].astype(int).value_counts()
            series = Series(
                {year: float(rows.get(year, 0)) for year in material.years},
                material.colours[material.pathway[track]],
                unit=" opened",
            )
            name = material.names.of("track", track)
            panels.append(
                panel(name, counted(int(tracks[track]), "new agreement"), series, figures.whole)
            )
        described = "By first open year; every panel has a scale of its own."
        pathways = {material.pathway[track] for track in tracks.index}
        legend = [Key(ACCENT, "all tracks")]
        legend += [Key(material.colours[p], sentence(p)) for p in PATHWAYS if p in pathways]
        blocks.append(Panels("Agreements opened by year", described, tuple(panels), tuple(legend)))
        blocks.append(
            behind(
                plain_table(
                    "Agreements opened",
                    ("Track", "Open from", "Countries"),
                    _list(material, opened),
                    (1,),
                )
            )
        )
    if len(standing):
        rows_ = [(track, countries) for track, _, countries in _list(material, standing)]
        blocks.append(behind(plain_table("Agreements in force", ("Track", "Countries"), rows_)))
    return Section("agreements", title, lead, tuple(blocks))


def _list(material: Material, rows: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Track, year and countries; one row per track and year."""
    done = []
    for track in material.case.table("tracks")["track"]:
        mine = rows[rows["track"].eq(track)].sort_values("open_from", kind="stable")
        for year, part in mine.groupby("open_from"):
            countries = sorted(material.names.of("country", key) for key in part["country"])
            done.append((material.names.of("track", track), str(year), ", ".join(countries)))
    return done
