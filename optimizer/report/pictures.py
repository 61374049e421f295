"""Charts and plain tables as blocks of a page."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.report.blocks import Picture, Table, Text
from optimizer.report.tables import plain_table
from optimizer.text.figures import figure

_SHARPNESS = 2
"""Pixels of a chart for one of the page."""
_MOST_SHOWN_ROWS = 500
NO_ALTAIR = "Charts need Altair: pip install 'talent-optimizer[notebook]'."

NO_SPACE = "Charts are left out: the address space of the process is limited (ulimit -v)."


def drawn_picture(title: str, description: str, draw: Callable[[], Any]) -> Picture | Text:
    """A chart as a picture of its own, in which nothing of the page applies and nothing runs.

    It is drawn in pixels: where letters are drawn by another font than they were measured by,
    labels of a vector image are cut off.
    """
    if _is_short_of_space():
        return Text((NO_SPACE,), tone="note")
    try:
        import vl_convert

        drawn = vl_convert.vegalite_to_png(draw().to_json(), scale=_SHARPNESS)
    except (ImportError, OptimizerError):
        return Text((NO_ALTAIR,), tone="note")
    encoded = base64.b64encode(drawn).decode("ascii")
    # The width stands in the header of the image.
    width = int.from_bytes(drawn[16:20], "big") // _SHARPNESS
    return Picture(title, description, f"data:image/png;base64,{encoded}", width)


def _is_short_of_space() -> bool:
    """Whether address space is limited: what draws reserves much, and ends the process without."""
    try:
        import resource
    except ImportError:
        # There is no such limit on Windows.
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def frame_table(caption: str, table: pd.DataFrame) -> Table:
    """A table of texts and numbers as it is, the first rows of a long one."""
    shown = table.head(_MOST_SHOWN_ROWS)
    numbers = [at for at, name in enumerate(shown) if pd.api.types.is_numeric_dtype(shown[name])]
    rows = [tuple(map(_cell_text, row)) for row in shown.itertuples(index=False, name=None)]
    left = len(table) - len(shown)
    more = f" (and {left:,} more rows)" if left else ""
    heads = [str(name).replace("_", " ") for name in shown]
    return plain_table(f"{caption}{more}", heads, rows, numbers)


def _cell_text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if np.isnan(value) else figure(value)
    return "" if value is None else str(value)
