"""Colours that the colour-blind can distinguish, and classes of figures for shades."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

DARK, LIGHT = "#1b2126", "#ffffff"
LIGHTEST_UNDER_LIGHT = 0.2
"""Luminance below which white letters have more contrast than dark ones, whose own is 0.014:
sqrt(1.05 * 0.064) - 0.05 by the formula of WCAG 2."""


@dataclass(frozen=True)
class Colour:
    """A fill and the colour of letters on it.

    Attributes
    ----------
    fill
        As in HTML.
    outline
        Class of an outline in style.css, by which it is known without its colour.
    """

    fill: str
    outline: str = ""

    @property
    def ink(self) -> str:
        """Dark or white, whichever has more contrast.

        Examples
        --------
        >>> Colour("#0b4f6c").ink, Colour("#eef4f7").ink
        ('#ffffff', '#1b2126')
        """
        channels = [int(self.fill[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [(part + 0.055) ** 2.4 / 1.055**2.4 for part in channels]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return LIGHT if luminance < LIGHTEST_UNDER_LIGHT else DARK


# Okabe and Ito, "Color Universal Design" (2008); their yellow is too pale on white, so that it
# comes last, after black made grey.
QUALITATIVE = tuple(
    map(
        Colour,
        ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#6b7075", "#f0e442"),
    )
)
# One hue from light to dark: distinguished by lightness alone, also in print without colour.
SEQUENTIAL = tuple(map(Colour, ("#f3f6f8", "#d3e5ee", "#a3cbde", "#64a5c4", "#2b7ba1", "#0b4f6c")))
ACCENT = Colour("#0b4f6c")
REPEATED = Colour("#a3cbde", "repeated")
RUN_OFF = Colour("#ffffff", "run-off")
"""Years after the planned ones: pale with an outline, and hollow with a dashed one."""
ALARM = Colour("#b84a00")
GREY = Colour("#6b7075")
STROKE = Colour(DARK)
"""Strokes across bars and columns; style.css draws them."""


def qualitative(names: Iterable[str]) -> dict[str, Colour]:
    """Give each name a colour; the palette begins anew after eight."""
    return {name: QUALITATIVE[place % len(QUALITATIVE)] for place, name in enumerate(names)}


def graded(count: int) -> tuple[Colour, ...]:
    """Give colours for so many steps of one thing, from light to dark while shades last."""
    last = len(SEQUENTIAL) - 1
    gap = 2 if count <= last / 2 + 1 else 1
    if count > last:
        return tuple(QUALITATIVE[place % len(QUALITATIVE)] for place in range(count))
    return tuple(SEQUENTIAL[last - gap * (count - 1 - place)] for place in range(count))


def limits_of_classes(values: Iterable[float]) -> list[float]:
    """Give lower ends of the shades above the lightest, which is for zero, rounded to read well.

    Examples
    --------
    >>> limits_of_classes([0, 12, 34, 56, 78, 90])
    [0.0, 34.0, 56.0, 78.0, 90.0]
    >>> limits_of_classes([5, 5])
    [0.0]
    """
    positive = np.array([value for value in values if value > 0], dtype=float)
    if not len(positive):
        return [0.0]
    quantiles = np.quantile(positive, [0.2, 0.4, 0.6, 0.8], method="higher")
    rounded = sorted({float(f"{value:.2g}") for value in quantiles})
    lowest, highest = positive.min(), positive.max()
    return [0.0, *(value for value in rounded if lowest < value <= highest)]


def class_of(value: float, limits: list[float]) -> int:
    """Give the shade of a figure: 0 for nothing, else 1 to 5."""
    if value <= 0:
        return 0
    place = sum(value >= limit for limit in limits)
    return place if len(limits) > 1 else len(SEQUENTIAL) // 2
