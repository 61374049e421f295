"""Charts of what fairness costs: points against the lowest rate, and what every group has."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.tradeoffs.fair_points import OF_POLICY, OF_TODAY

_LINE, _POINT, _OPEN, _MARKED, _TODAY = "#a3cbde", "#0072b2", "#6b7075", "#d55e00", "#009e73"
_PROVEN, _NOT_PROVEN = "no plan dominates it", "not proven"
_OWN, _TODAY_KEPT, _TODAY_BROKEN = (
    "the policy's own plan",
    "today's plan",
    "today's plan, which breaks rules",
)
_KINDS = {
    _PROVEN: _POINT,
    _NOT_PROVEN: _OPEN,
    _OWN: _MARKED,
    _TODAY_KEPT: _TODAY,
    _TODAY_BROKEN: _TODAY,
}
_MOST_NAMED = 40
_TIPS = ("points", "lowest rate", "lowest_group", "gini", "hoover", "status", "gap")


def drawn_price(table: pd.DataFrame, marks: pd.DataFrame, what: str, per: float) -> Any:
    """Points against the lowest rate; the policy's own plan and today's are marked.

    Parameters
    ----------
    what, per
        As :func:`optimizer.plan.fair_shares.measured_per` gives them.
    """
    import altair as alt

    rows, today, broken = _rows(table, marks, per)
    kinds = [kind for kind in _KINDS if kind in {*rows["kind"], *today["kind"], *broken["kind"]}]
    x = alt.X(
        "lowest rate:Q", title=f"lowest rate: {what}", scale=alt.Scale(zero=False, padding=14)
    )
    y = alt.Y("points:Q", title="points", scale=alt.Scale(zero=False, padding=14))
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=kinds, range=[_KINDS[kind] for kind in kinds]),
        legend=alt.Legend(orient="top", labelLimit=300),
    )
    tips = list(_TIPS)
    base = alt.Chart(rows).encode(x=x, y=y)
    layers = [
        base.mark_line(color=_LINE, strokeWidth=2).encode(order="point:Q"),
        base.mark_circle(size=70, opacity=1.0).encode(color=colour, tooltip=["point", *tips]),
    ]
    if len(rows) <= _MOST_NAMED:
        layers.append(base.mark_text(dx=8, dy=-8, fontSize=10).encode(text="point:Q"))
    if len(today):
        marked = alt.Chart(today).mark_point(shape="diamond", size=110, filled=True, opacity=1.0)
        layers.append(marked.encode(x=x, y=y, color=colour, tooltip=tips))
    if len(broken):
        rule = alt.Chart(broken).mark_rule(strokeDash=[4, 3], strokeWidth=2)
        layers.append(rule.encode(x=x, color=colour, tooltip=["lowest rate", "lowest_group"]))
    title = "What fairness costs, by number of the plan"
    return alt.layer(*layers).properties(width=480, height=320, title=title)


def _rows(
    table: pd.DataFrame, marks: pd.DataFrame, per: float
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Points of the front, and today's plan where it keeps every rule and where it does not."""
    kind = table["status"].map({"optimal": _PROVEN}).fillna(_NOT_PROVEN)
    if OF_POLICY in set(marks["mark"]):
        kind = kind.mask(table["point"].eq(1), _OWN)
    rows = table.assign(kind=kind.astype("str"), **{"lowest rate": table["lowest_rate"] * per})
    today = marks[marks["mark"].eq(OF_TODAY)]
    today = today.assign(**{"lowest rate": today["lowest_rate"] * per}, status="", gap=0.0)
    kept, broken = (today[today["keeps_rules"].eq(each)] for each in (True, False))
    return rows, kept.assign(kind=_TODAY_KEPT), broken.assign(kind=_TODAY_BROKEN)


def drawn_groups(groups: pd.DataFrame, what: str, per: float) -> Any:
    """A line for every group over the points; those with the lowest rate are dots."""
    import altair as alt

    rows = groups.assign(rate=groups["rate"] * per)
    x = alt.X("point:O", title="point", axis=alt.Axis(labelAngle=0))
    y = alt.Y("rate:Q", title=what)
    base = alt.Chart(rows).encode(x=x, y=y, detail="called:N", tooltip=["point", "called", "rate"])
    lowest = alt.Chart(rows[rows["status"].eq("lowest")])
    return alt.layer(
        base.mark_line(color=_LINE, strokeWidth=1.2, opacity=0.8),
        base.mark_circle(color=_LINE, size=24, opacity=0.8),
        lowest.mark_circle(color=_MARKED, size=60, opacity=1.0).encode(
            x=x, y=y, tooltip=["point", "called", "rate"]
        ),
    ).properties(width=480, height=300, title="Rate of every group; dots: the lowest")
