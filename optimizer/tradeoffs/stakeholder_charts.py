"""Charts of stakeholders: who gives up what under each plan, and compromises side by side."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.tradeoffs.compromise_search import AS_TODAY, CALLED, COMPROMISES, THE_POLICY

_DARK = 0.6
"""Part of the largest regret above which a tile is dark, so that its figure is white."""
_COLOURS = {
    THE_POLICY: "#6b7075",
    AS_TODAY: "#b5babe",
    "mean": "#e69f00",
    "least-regret": "#0072b2",
    "leximin": "#009e73",
    "nash": "#cc79a7",
}
_SHAPES = {
    THE_POLICY: "square",
    AS_TODAY: "square",
    "mean": "circle",
    "least-regret": "diamond",
    "leximin": "triangle-up",
    "nash": "triangle-down",
}


def regret_tiles(regrets: pd.DataFrame) -> Any:
    """A tile for every plan and stakeholder, the darker the more is given up."""
    import altair as alt

    rows = regrets[regrets["value_points"].notna()]
    plans, names = (rows[column].unique().tolist() for column in ("called", "stakeholder"))
    most = max(float(rows["regret_points"].max()), 1e-9)
    base = alt.Chart(rows).encode(
        x=alt.X(
            "stakeholder:N",
            sort=names,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=-30, labelLimit=160),
        ),
        y=alt.Y("called:N", sort=plans, title=None, axis=alt.Axis(labelLimit=220)),
    )
    tiles = base.mark_rect().encode(
        color=alt.Color(
            "regret_points:Q",
            title="points given up",
            scale=alt.Scale(domain=[0, most], scheme="blues"),
        ),
        tooltip=["called", "stakeholder", "value_points", "best_points", "regret_points", "status"],
    )
    figures = base.mark_text(fontSize=10).encode(
        text=alt.Text("regret_points:Q", format=".1f"),
        color=alt.condition(
            alt.datum.regret_points > _DARK * most, alt.value("white"), alt.value("black")
        ),
    )
    title = "Points that each stakeholder gives up: own best minus value"
    size = {"step": 56}, {"step": 22}
    return alt.layer(tiles, figures).properties(width=size[0], height=size[1], title=title)


def compromise_dots(regrets: pd.DataFrame) -> Any:
    """What each stakeholder gives up in the policy's own plan and in every compromise."""
    import altair as alt

    shown = [THE_POLICY, AS_TODAY, *COMPROMISES]
    rows = regrets[regrets["plan"].isin(shown) & regrets["value_points"].notna()]
    plans = [name for name in shown if name in set(rows["plan"])]
    called = [CALLED[name] for name in plans]
    y = alt.Y(
        "stakeholder:N",
        sort=rows["stakeholder"].unique().tolist(),
        title=None,
        axis=alt.Axis(labelLimit=220),
    )
    told = "points given up: own best minus value"
    x = alt.X("regret_points:Q", title=told)
    span = (
        alt.Chart(rows)
        .mark_rule(color="#d5d9dc", strokeWidth=2)
        .encode(y=y, x=alt.X("min(regret_points):Q", title=told), x2="max(regret_points):Q")
    )
    dots = (
        alt.Chart(rows)
        .mark_point(filled=True, size=80, opacity=0.9)
        .encode(
            y=y,
            x=x,
            color=alt.Color(
                "called:N",
                title=None,
                scale=alt.Scale(domain=called, range=[_COLOURS[name] for name in plans]),
                legend=alt.Legend(orient="bottom", columns=3),
            ),
            shape=alt.Shape(
                "called:N",
                title=None,
                scale=alt.Scale(domain=called, range=[_SHAPES[name] for name in plans]),
            ),
            tooltip=["called", "stakeholder", "value_points", "best_points", "regret_points"],
        )
    )
    title = "Who gives up what in each compromise"
    return alt.layer(span, dots).properties(width=420, height={"step": 26}, title=title)
