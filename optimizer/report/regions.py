"""Figures by region under their titles, drawn so that they can be compared."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.report.blocks import Bars, Block, TileMaps
from optimizer.report.charts import single
from optimizer.report.colours import ACCENT
from optimizer.report.figures import Format
from optimizer.report.material import Material
from optimizer.report.tiles import classes, grid_of, tile_map


def region_charts(
    material: Material,
    title: str,
    described: str,
    drawn: Mapping[str, Mapping[str, float]],
    shown: Format,
) -> list[Block]:
    """Give tile maps side by side, with one scale of shades; without tiles, bars one below another.

    Parameters
    ----------
    drawn
        Figures by region, under the title of their map.
    """
    grid = grid_of(material.case.table("regions"))
    parts = {
        name: {key: value for key, value in values.items() if value > 0}
        for name, values in drawn.items()
    }
    if grid is None:
        most = max((value for part in parts.values() for value in part.values()), default=0.0)
        return [
            Bars(
                f"{title}: {name}",
                described,
                single(_named(material, part), ACCENT, shown, most=most),
            )
            for name, part in parts.items()
        ]
    every = [value for part in parts.values() for value in part.values()]
    shading, legend = classes(every, shown)
    maps = tuple(tile_map(grid, name, part, shading, shown) for name, part in parts.items())
    return [TileMaps(title, described, maps, legend, are_small=len(maps) > 1)]


def _named(material: Material, values: Mapping[str, float]) -> dict[str, float]:
    """Figures by name of the region, the largest first."""
    order = sorted(values, key=lambda key: -values[key])
    return {material.names.of("region", key): values[key] for key in order}
