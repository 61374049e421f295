"""What stands beside the tables of a plan: the map of its regions, and how fairly it divides."""

from __future__ import annotations

from math import isfinite
from typing import Any

from optimizer.frames import rows_of
from optimizer.plan.fair_shares import measured_per
from optimizer.policy import Fairness
from optimizer.report import figures
from optimizer.report.material import Material
from optimizer.report.tiles import grid_of
from optimizer.text.figures import figure

_DIGITS = 3


def map_document(now: Material, before: Material | None) -> dict[str, Any] | None:
    """Tiles of the regions with their slots; ``None`` where the case places none.

    Parameters
    ----------
    before
        The plan that it is compared with; ``None`` where none is kept.
    """
    grid = grid_of(now.case.table("regions")) if now.has_regions else None
    if grid is None:
        return None
    slots = _by_region(now)
    old = None if before is None else _by_region(before)
    tiles = [
        {
            "key": region,
            "name": grid.name[region],
            "label": grid.label[region],
            "row": row,
            "column": column,
            "value": slots.get(region, 0),
            "before": None if old is None else old.get(region, 0),
        }
        for region, (row, column) in grid.place.items()
    ]
    title = "Map: slots by region"
    return {"title": title, "rows": grid.rows, "columns": grid.columns, "tiles": tiles}


def _by_region(material: Material) -> dict[str, int]:
    slots = material.slots.groupby("region", observed=True)["slots"].sum()
    return {str(region): round(count) for region, count in slots.items()}


def fairness_document(now: Material, before: Material | None) -> list[dict[str, Any]]:
    """Every division that the policy names, with the figures of plan A where it has them."""
    named = now.table("fairness_groups").set_index(["fairness", "group"])["called"]
    old = {}
    if before is not None:
        old = {row.fairness: row.gini for row in rows_of(before.table("fairness"))}
    found = []
    rows = rows_of(now.table("fairness"))
    for division, row in zip(now.policy.fairness, rows, strict=True):
        what, per = measured_per(row)

        def at(rate: float, group: str, division: Fairness = division, per: float = per) -> str:
            called = named[division.name, group]
            return f"{figure(rate * per, _DIGITS)} ({_group_name(now, division, called)})"

        found.append(
            {
                "name": figures.sentence(division.name),
                "what": what,
                "gini": _plain(row.gini),
                "elsewhere": _plain(row.hoover),
                "lowest": at(row.lowest_rate, row.lowest_group),
                "highest": at(row.highest_rate, row.highest_group),
                "before": _plain(old.get(row.fairness)),
            }
        )
    return found


def _plain(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else float(value)


def _group_name(material: Material, division: Fairness, called: str) -> str:
    """Name of a group; that of a country, track or region where it is one."""
    column = division.by[0].rpartition(".")[2]
    is_key = len(division.by) == 1 and column in ("country", "track", "region")
    return material.names.of(column, called) if is_key else called
