"""Who could continue and does not, and the rules that hold these people back."""

from __future__ import annotations

import pandas as pd

from optimizer.plan.take_up import first_few
from optimizer.report import figures
from optimizer.report.blocks import Block, Table, Text
from optimizer.report.figures import percent
from optimizer.report.material import Material, span
from optimizer.report.rules import place_of, title_of
from optimizer.report.tables import behind, plain_table, records

_FULL = 0.9995
"""Share that is shown as 100%."""
_SHOWN = 40
"""Rows shown; the plan's table ``take_up`` has all."""
_NOTHING = "no hard rule stands in the way"


def take_up_blocks(material: Material) -> list[Block]:
    """Give how many continue of those who may, and where most of the others are."""
    table = material.table("take_up")
    may, stay = float(table["may_stay"].sum()), float(table["stay"].sum())
    if not may:
        return []
    too = f", also of the cohorts of {span(material.repeated)}," if material.repeated else ""
    told = (
        f"Of {figures.people(may)} expected persons{too} who may continue on a track, "
        f"{figures.people(stay)} do ({percent(stay / may)})."
    )
    short = table[table["take_up"] < _FULL]
    if not len(short):
        return [Text((told,))]
    is_later = ~short["year"].isin(material.years)
    order = short.assign(later=is_later, missing=short["stay"] - short["may_stay"])
    worst = order.sort_values(["later", "missing"], kind="stable").head(_SHOWN)
    first = "planned years and most people first" if is_later.any() else "most people first"
    caption = f"Who may continue and does not, {first}"
    if len(short) > len(worst):
        caption += f" (the first {len(worst)} of {len(short)})"
    return [Text((told,)), behind(_table(caption, worst, material))]


def _table(caption: str, worst: pd.DataFrame, material: Material) -> Table:
    names = material.names
    held = _held(worst, material)
    has_region = bool(worst["region"].ne("").any())
    head = ["From", "To", *(["Region left"] if has_region else []), "Year", "May", "Do", "Share"]
    rows = [
        [
            names.of("track", row.track),
            names.of("track", row.next_track),
            *([names.of("region", row.region)] if has_region else []),
            str(row.year),
            figures.people(row.may_stay),
            figures.people(row.stay),
            percent(row.take_up),
            first_few([held[label] for label in row.held_rows]) or _NOTHING,
        ]
        for row in records(worst)
    ]
    first = len(head) - 3
    return plain_table(caption, [*head, "Held back by"], rows, range(first, first + 3))


def _held(worst: pd.DataFrame, material: Material) -> dict[int, str]:
    """Rows of rules that hold people back, in names, by their labels."""
    labels = sorted({label for labels in worst["held_rows"] for label in labels})
    rows = records(material.table("rules").loc[labels])
    told = [f"{title_of(material, row.rule)}: {place_of(material, row)}" for row in rows]
    return dict(zip(labels, told, strict=True))
