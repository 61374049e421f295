"""Maps with a tile per region, placed by the case's ``tile_row`` and ``tile_column``."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from optimizer.report.blocks import Key, Tile, TileMap
from optimizer.report.colours import SEQUENTIAL, Colour, class_of, limits_of_classes
from optimizer.report.figures import Format

VOWELS = frozenset("aeiou")
_LABEL = 3
_LONGEST_NAME = 10
"""Letters of a name that fit into a tile."""


@dataclass(frozen=True)
class _Grid:
    """Where the regions lie, in tiles from the upper left.

    Attributes
    ----------
    place
        Row and column by region.
    name, label
        Name and label of three letters by region.
    """

    place: Mapping[str, tuple[int, int]]
    name: Mapping[str, str]
    label: Mapping[str, str]
    rows: int
    columns: int


def grid_of(regions: pd.DataFrame) -> _Grid | None:
    """Read the tiles of a case; None unless every region has one to itself."""
    placed = regions[["tile_row", "tile_column"]]
    if not len(regions) or placed.isna().any().any() or placed.duplicated().any():
        return None
    row = placed["tile_row"].astype(int) - int(placed["tile_row"].min())
    column = placed["tile_column"].astype(int) - int(placed["tile_column"].min())
    keys = [str(key) for key in regions["region"]]
    names = [str(name) for name in regions["name"]]
    return _Grid(
        place=dict(zip(keys, zip(row, column, strict=True), strict=True)),
        name=dict(zip(keys, names, strict=True)),
        label=dict(zip(keys, _labels(names), strict=True)),
        rows=int(row.max()) + 1,
        columns=int(column.max()) + 1,
    )


def _labels(names: Sequence[str]) -> list[str]:
    """Give every name a label of three letters, different ones where possible.

    Names that begin alike get consonants instead.

    Examples
    --------
    >>> _labels(["Osaka", "Tokyo", "Fukui", "Fukushima", "Tokushima"])
    ['Osa', 'Tky', 'Fki', 'Fks', 'Tks']
    """
    begins = [name[:_LABEL] for name in names]
    taken = set(begins)
    found = []
    for name, begin in zip(names, begins, strict=True):
        label = begin
        if begins.count(begin) > 1:
            label = next((word for word in _shortened(name) if word not in taken), begin)
            taken.add(label)
        found.append(label)
    return found


def _shortened(name: str) -> list[str]:
    """Labels in the order of preference: consonants first, then what ends as the name does."""
    rest = [letter for letter in name[1:] if letter.isalpha()]
    pairs = list(itertools.combinations(rest, 2))
    pairs.sort(key=lambda pair: (sum(part in VOWELS for part in pair), pair[1] != rest[-1]))
    return [name[0] + "".join(pair) for pair in pairs]


Shading = Callable[[float], Colour]


def tile_map(
    grid: _Grid, title: str, values: Mapping[str, float], shading: Shading, shown: Format
) -> TileMap:
    """Draw one figure per region; regions without one are left pale and unlabelled."""
    tiles = []
    for region, (row, column) in grid.place.items():
        name, value = grid.name[region], values.get(region)
        fits = len(name) <= _LONGEST_NAME
        tiles.append(
            Tile(
                row=row,
                column=column,
                name=name if fits else f"{name[: _LONGEST_NAME - 1]}…",
                label=grid.label[region],
                shown="" if value is None else shown(value),
                tip=f"{name}: {'none' if value is None else shown(value)}",
                colour=SEQUENTIAL[0] if value is None else shading(value),
            )
        )
    told = "; ".join(tile.tip for tile in tiles)
    return TileMap(title, told, grid.rows, grid.columns, tuple(tiles))


def classes(values: Sequence[float], shown: Format) -> tuple[Shading, tuple[Key, ...]]:
    """Give shades for figures, and their legend."""
    limits = limits_of_classes(values)

    def shading(value: float) -> Colour:
        return SEQUENTIAL[class_of(value, limits)]

    if len(limits) == 1:
        only = max(values, default=0.0)
        return shading, (Key(SEQUENTIAL[0], "none"), Key(shading(only), shown(only)))
    ends = [f"below {shown(limits[1])}"]
    ends += [f"{shown(low)} to {shown(high)}" for low, high in itertools.pairwise(limits[1:])]
    ends.append(f"{shown(limits[-1])} and more")
    keys = [Key(SEQUENTIAL[place + 1], text) for place, text in enumerate(ends)]
    return shading, (Key(SEQUENTIAL[0], "none"), *keys)
