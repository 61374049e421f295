"""Charts of a front: two goals against each other, or every goal beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from optimizer.tradeoffs.front_tables import value_column

_LINE, _POINT, _CHOSEN, _OPEN = "#a3cbde", "#0072b2", "#d55e00", "#6b7075"
_PROVEN, _NOT_PROVEN, _TAKEN = "no plan dominates it", "not proven", "chosen"
_KINDS = {_PROVEN: _POINT, _NOT_PROVEN: _OPEN, _TAKEN: _CHOSEN}
_MOST_NAMED = 40


def drawn_front(table: pd.DataFrame, goals: Sequence[str]) -> Any:
    """Points of the first two goals, those of two goals alone with a line through them."""
    import altair as alt

    rows = _with_kind(table)
    tips = ["point", *map(value_column, goals), "points", "status", "gap", "chosen", "binding"]
    base = alt.Chart(rows).encode(
        x=alt.X(f"{value_column(goals[1])}:Q", title=goals[1], scale=alt.Scale(zero=False)),
        y=alt.Y(f"{value_column(goals[0])}:Q", title=goals[0], scale=alt.Scale(zero=False)),
    )
    kinds = [kind for kind in _KINDS if kind in set(rows["kind"])]
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=kinds, range=[_KINDS[kind] for kind in kinds]),
        legend=alt.Legend(orient="top"),
    )
    layers = [base.mark_circle(size=60, opacity=1.0).encode(color=colour, tooltip=tips)]
    if len(goals) == 2:
        layers.insert(0, base.mark_line(color=_LINE, strokeWidth=2).encode(order="point:Q"))
    if len(rows) <= _MOST_NAMED:
        layers.append(base.mark_text(dx=8, dy=-8, fontSize=10).encode(text="point:Q"))
    title = f"{goals[0]} against {goals[1]}, by number of the point"
    return alt.layer(*layers).properties(width=480, height=320, title=title)


def drawn_shares(table: pd.DataFrame, goals: pd.DataFrame) -> Any:
    """A line for each point over all goals: 0 the worst of a goal among the points, 1 the best."""
    import altair as alt

    parts = []
    for goal, best, worst in zip(goals["goal"], goals["best"], goals["worst"], strict=True):
        values = table[value_column(goal)]
        share = (values - worst) / (best - worst) if best != worst else values * 0.0 + 1.0
        part = _with_kind(table)[["point", "status", "chosen", "kind"]]
        parts.append(part.assign(goal=goal, value=values, share=share))
    rows = pd.concat(parts, ignore_index=True)
    kinds = [kind for kind in _KINDS if kind in set(rows["kind"])]
    return (
        alt.Chart(rows)
        .mark_line(point=True, strokeWidth=1.5)
        .encode(
            x=alt.X("goal:N", sort=goals["goal"].tolist(), title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("share:Q", title="worst 0, best 1", scale=alt.Scale(domain=[0, 1])),
            detail="point:N",
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=kinds, range=[_KINDS[kind] for kind in kinds]),
                legend=alt.Legend(orient="top"),
            ),
            opacity=alt.condition("datum.chosen != ''", alt.value(1.0), alt.value(0.6)),
            tooltip=["point", "goal", "value", "share", "status", "chosen"],
        )
        .properties(width=480, height=300, title="What each point has of every goal")
    )


def _with_kind(table: pd.DataFrame) -> pd.DataFrame:
    kind = table["status"].map({"optimal": _PROVEN}).fillna(_NOT_PROVEN)
    return table.assign(kind=kind.mask(table["chosen"].ne(""), _TAKEN).astype("str"))
