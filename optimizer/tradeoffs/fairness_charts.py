"""Charts of a division: the rate of every group beside that of all together."""

from __future__ import annotations

from typing import Any

import pandas as pd

_GROUP, _ALL = "#0072b2", "#6b7075"


def rate_bars(groups: pd.DataFrame, what: str, per: float) -> Any:
    """A bar for every group, the highest first, and a line at the rate of all together.

    Parameters
    ----------
    groups
        Rows of one division.
    what, per
        As :func:`optimizer.plan.fair_shares.measured_per` gives them.
    """
    import altair as alt

    needs = groups["need"].fillna(1.0)
    together = float(groups["amount"].sum() / needs.sum()) * per
    rows = groups.assign(rate=groups["rate"] * per)
    order = rows.sort_values("rate", ascending=False, kind="stable")["called"].tolist()
    bars = (
        alt.Chart(rows)
        .mark_bar(color=_GROUP)
        .encode(
            y=alt.Y("called:N", sort=order, title=None, axis=alt.Axis(labelLimit=240)),
            x=alt.X("rate:Q", title=what),
            tooltip=["called", "amount", "need", "rate"],
        )
    )
    line = (
        alt.Chart(pd.DataFrame({"rate": [together]}))
        .mark_rule(color=_ALL, strokeDash=[4, 3], strokeWidth=2)
        .encode(x="rate:Q", tooltip=[alt.Tooltip("rate:Q", title="all together")])
    )
    title = f"{groups['fairness'].iloc[0]}: dashed, all together"
    return alt.layer(bars, line).properties(width=420, height={"step": 16}, title=title)
