"""Ranges as a table, in words and as a chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from optimizer.explain.ranges import NOT_REACHED, RangeEnd
from optimizer.explain.stepping import BY_PLAN
from optimizer.frames import rows_of
from optimizer.text.figures import figure

_MOST_LINES = 12
_WIDTH_OF_CHART = 420


def range_table(ends: Sequence[RangeEnd]) -> pd.DataFrame:
    """A row for each sum, from its two ends, which follow each other."""
    least, most = ends[::2], ends[1::2]
    sums = [end.each for end in least]
    numbers = {
        "plan": [each.value for each in sums],
        "least": [end.limit for end in least],
        "most": [end.limit for end in most],
        "least_found": [end.found for end in least],
        "most_found": [end.found for end in most],
    }
    texts = {
        "least_basis": [end.basis for end in least],
        "most_basis": [end.basis for end in most],
    }
    table = pd.DataFrame(
        {
            "by": pd.Series([each.by for each in sums], dtype="str"),
            "key": pd.Series([each.key for each in sums], dtype="str"),
            **{name: pd.Series(cells, dtype="float64") for name, cells in numbers.items()},
            **{name: pd.Series(cells, dtype="str") for name, cells in texts.items()},
        }
    )
    table["unit"] = table["by"].map(lambda by: "open" if by == "agreement" else "slots")
    statuses = table["least"].eq(table["most"]).map({True: "fixed", False: "open"})
    missing = table[["least", "most"]].isna().any(axis=1)
    table["status"] = statuses.mask(missing, NOT_REACHED).astype("str")
    return table


def ranges_in_words(rows: pd.DataFrame) -> list[str]:
    """A line for each range by the same keys, the widest first."""
    found = rows[rows["status"].ne(NOT_REACHED)]
    found = found.assign(width=found["most"] - found["least"])
    found = found.sort_values("width", ascending=False, kind="stable")
    told = [f"- {row.key}: {figure(row.plan)}, {_range_in_words(row)}" for row in rows_of(found)]
    left = len(told) - _MOST_LINES
    return told[:_MOST_LINES] + ([f"- and {left} more"] if left > 0 else [])


def _range_in_words(row: Any) -> str:
    """A range; ends that no known plan reaches are marked."""
    if row.status == "fixed":
        return "and so in every such plan"
    least, most = (
        figure(value) if basis == BY_PLAN else f"{figure(value)} (relaxation)"
        for value, basis in ((row.least, row.least_basis), (row.most, row.most_basis))
    )
    return f"from {least} to {most}"


def drawn_ranges(rows: pd.DataFrame, by: str) -> Any:
    """Bars from least to most, with a tick at the plan in hand."""
    import altair as alt

    shown = rows[rows["status"].ne(NOT_REACHED)]
    order = shown.assign(width=shown["most"] - shown["least"]).sort_values(
        "width", ascending=False, kind="stable"
    )["key"]
    keys = alt.Y("key:N", sort=order.tolist(), title=by, axis=alt.Axis(labelLimit=220))
    base = alt.Chart(shown).encode(y=keys)
    unit = str(shown["unit"].iloc[0]) if len(shown) else "slots"
    tips = ["key", "plan", "least", "most", "least_basis", "most_basis"]
    bars = base.mark_bar(color="#a3cbde", height=8).encode(
        x=alt.X("least:Q", title=unit), x2="most:Q", tooltip=tips
    )
    ticks = base.mark_tick(color="#1b2126", thickness=2, size=12).encode(x="plan:Q", tooltip=tips)
    return (bars + ticks).properties(
        width=_WIDTH_OF_CHART, height={"step": 16}, title=f"From least to most by {by}"
    )
