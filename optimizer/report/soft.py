"""Soft limits that a plan misses, and the points that costs."""

from __future__ import annotations

import pandas as pd

from optimizer.report.blocks import Block, Text
from optimizer.report.custom import titles
from optimizer.report.figures import listed, number
from optimizer.report.material import Material
from optimizer.report.tables import plain_table, records

MISSED = 1e-6
"""Percent by which a limit must be missed to be told: less is what rounding leaves."""


def soft_blocks(material: Material) -> list[Block]:
    """Give each soft limit where it is missed, or say that none is."""
    soft = material.plan.tables.get("soft", pd.DataFrame())
    if not len(soft):
        return []
    missed = soft[soft["percent"] > MISSED]
    custom = titles(material)
    if not len(missed):
        names = [custom.get(name, name.replace("_", " ")) for name in soft["limit"].unique()]
        return [Text((f"Soft limits: none is missed ({listed(names, most=12)}).",))]
    rows = [
        (
            f"{custom[row.limit]}: {key}" if row.limit in custom else key,
            number(row.value),
            number(row.number),
            number(row.percent),
            f"{row.points:,.3f}",
        )
        for row in records(missed.sort_values("points", ascending=False, kind="stable"))
        for key in [material.names.words(row.by, row.place) or "all"]
    ]
    head = ("Limit", "Measured", "Number", "Missed by %", "Points")
    return [
        plain_table("Soft limits that are missed, and what that costs", head, rows, range(1, 5))
    ]
