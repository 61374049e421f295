"""Parts of a page: sections of blocks, drawn by the templates.

Texts are plain: the templates escape them. Horizontal lengths are percent of the width a block
gets, so that drawings grow and shrink with the page while their labels keep their size.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from optimizer.report.colours import Colour


@dataclass(frozen=True)
class Key:
    """One entry of a legend: a colour, or the stroke across bars and columns."""

    colour: Colour
    label: str
    is_stroke: bool = False


@dataclass(frozen=True)
class Fact:
    """One figure of the headline."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Facts:
    """Figures in large print."""

    facts: tuple[Fact, ...]
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True)
class Text:
    """Paragraphs, or points of a list; ``tone`` is plain, note or alarm."""

    paragraphs: tuple[str, ...]
    is_list: bool = False
    tone: str = "plain"
    kind: ClassVar[str] = "text"


_ITEM = re.compile(r"(- |\d+\. )")
"""What a line of a list begins with where sentences are printed one below the other."""


def in_paragraphs(sentences: Sequence[str]) -> list[Text]:
    """Sentences that are printed, with the lines of each list as a list without their marks.

    Examples
    --------
    >>> in_paragraphs(["Two of them:", "- one", "- another"])[1].paragraphs
    ('one', 'another')
    """
    found: list[Text] = []
    for sentence in sentences:
        is_item = _ITEM.match(sentence) is not None
        text = _ITEM.sub("", sentence, count=1) if is_item else sentence
        if found and found[-1].is_list == is_item:
            found[-1] = Text((*found[-1].paragraphs, text), is_list=is_item)
        else:
            found.append(Text((text,), is_list=is_item))
    return found


@dataclass(frozen=True)
class Picture:
    """A chart as an image of its own: ``source`` is a data URL, ``width`` in pixels of the page."""

    title: str
    description: str
    source: str
    width: int
    kind: ClassVar[str] = "picture"


@dataclass(frozen=True)
class Piece:
    """One piece of a bar, in percent of the width."""

    start: float
    length: float
    colour: Colour
    tip: str


@dataclass(frozen=True)
class Bar:
    """One bar with its label and value; ``mark`` is a stroke across it, in percent."""

    label: str
    value: str
    pieces: tuple[Piece, ...]
    mark: float | None = None
    small: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bars:
    """Horizontal bars."""

    title: str
    description: str
    bars: tuple[Bar, ...]
    legend: tuple[Key, ...] = ()
    kind: ClassVar[str] = "bars"


@dataclass(frozen=True)
class Column:
    """One column of a panel: heights in pixels from the base, horizontal places in percent.

    ``is_minor`` marks what a narrow page leaves unlabelled.
    """

    start: float
    width: float
    height: float
    colour: Colour
    tip: str
    axis: str
    is_minor: bool = False
    shown: str = ""
    mark: float | None = None


@dataclass(frozen=True)
class Panel:
    """One small chart of columns."""

    title: str
    small: str
    description: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Panels:
    """Small charts side by side."""

    title: str
    description: str
    panels: tuple[Panel, ...]
    legend: tuple[Key, ...] = ()
    kind: ClassVar[str] = "panels"


@dataclass(frozen=True)
class Tile:
    """One region on a tile map; places in tiles from the upper left."""

    row: int
    column: int
    name: str
    label: str
    shown: str
    tip: str
    colour: Colour


@dataclass(frozen=True)
class TileMap:
    """One map of tiles."""

    title: str
    description: str
    rows: int
    columns: int
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class TileMaps:
    """Tile maps with one legend: large with names and figures, or small ones side by side."""

    title: str
    description: str
    maps: tuple[TileMap, ...]
    legend: tuple[Key, ...]
    are_small: bool = False
    kind: ClassVar[str] = "maps"


@dataclass(frozen=True)
class Cell:
    """One cell; figures are set to the right; ``shade`` is a colour class of a heat map."""

    text: str
    is_figure: bool = False
    shade: int = 0


@dataclass(frozen=True)
class Table:
    """A table; its first column and the last row of a ``has_total`` table are headers.

    ``turned`` sets the headings upright, so that many columns fit.
    """

    caption: str
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    has_total: bool = False
    turned: bool = False
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Details:
    """Blocks behind a line that opens them; print always shows them."""

    summary: str
    blocks: tuple[Block, ...]
    kind: ClassVar[str] = "details"


Block = Facts | Text | Picture | Bars | Panels | TileMaps | Table | Details


@dataclass(frozen=True)
class Section:
    """One section with its heading."""

    name: str
    title: str
    lead: str
    blocks: tuple[Block, ...]
