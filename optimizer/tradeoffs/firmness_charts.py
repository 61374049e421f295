"""Charts of how firm weights are: ranges of shares, and who gets slots in how many samples."""

from __future__ import annotations

from typing import Any

import pandas as pd

_RANGE, _NOW, _BAR = "#a3cbde", "#d55e00", "#0072b2"
_MOST_BARS = 60


def drawn_weights(table: pd.DataFrame) -> Any:
    """A bar for each goal from its least to its most share of all weight; a tick is the present."""
    import altair as alt

    percent = {name: 100.0 * table[name] for name in ("share", "share_from", "share_to")}
    rows = table.assign(**percent)
    order = rows["goal"].tolist()
    y = alt.Y("goal:N", sort=order, title=None, axis=alt.Axis(labelLimit=260))
    tips = ["goal", "share", "share_from", "share_to", "beyond_from", "beyond_to", "status"]
    scale = alt.Scale(domain=[0, 100])
    bars = (
        alt.Chart(rows.dropna(subset=["share_from"]))
        .mark_bar(color=_RANGE, height=12)
        .encode(
            y=y,
            x=alt.X("share_from:Q", title="share of all weight, in percent", scale=scale),
            x2="share_to:Q",
            tooltip=tips,
        )
    )
    now = (
        alt.Chart(rows)
        .mark_tick(color=_NOW, thickness=3, height=16)
        .encode(y=y, x=alt.X("share:Q", scale=scale), tooltip=tips)
    )
    title = "How far each weight may go; the tick is where it is"
    return alt.layer(bars, now).properties(width=420, height={"step": 24}, title=title)


def drawn_receivers(slots: pd.DataFrame, samples: str, title: str) -> Any:
    """A bar for each country and track: in what share of the samples it gets slots.

    Parameters
    ----------
    samples
        What was drawn, as in "sets of weights".
    """
    import altair as alt

    all_rows = slots[slots["by"].ne("agreement")]
    rows = all_rows.groupby("by", sort=False).head(_MOST_BARS)
    title += f" (the first {_MOST_BARS} of each)" if len(rows) < len(all_rows) else ""
    rows = rows.assign(percent=100.0 * rows["share"])
    return (
        alt.Chart(rows)
        .mark_bar(color=_BAR, height=8)
        .encode(
            y=alt.Y("key:N", sort=rows["key"].tolist(), title=None, axis=alt.Axis(labelLimit=260)),
            x=alt.X(
                "percent:Q",
                title=f"percent of the {samples}",
                scale=alt.Scale(domain=[0, 100]),
            ),
            row=alt.Row("by:N", title=None, sort=["country", "track"]),
            tooltip=["by", "key", "share", "least_slots", "median_slots", "most_slots"],
        )
        .properties(width=420, height={"step": 14}, title=title)
        .resolve_scale(y="independent")
    )
