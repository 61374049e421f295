"""Charts of marginal values: what a step of each number brings and costs, and where money helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from optimizer.explain.stepping import BY_DUAL
from optimizer.frames import rows_of

Draw = Callable[[], Any]
_MOST_BARS = 30
_WIDTH, _STEP = 420, 18
_MORE, _LESS, _PALE = "#0072b2", "#d55e00", "#a3cbde"
_ROOM, _NO_ROOM = "a step more room", "a step less room"
_SOLVED, _DUAL = "solved again", "by its dual"


def marginal_charts(table: pd.DataFrame, money: pd.DataFrame) -> Mapping[str, Draw]:
    """Charts that there are, by name; each is drawn when it is called."""
    solved = table[table["basis"].ne(BY_DUAL)]
    charts: dict[str, Draw] = {}
    if solved[["gain_points", "loss_points"]].notna().any(axis=None):
        charts["numbers"] = lambda: _steps(solved)
    if money["gain_points"].notna().any():
        charts["money"] = lambda: _money(money)
    return charts


def change_bars(table: pd.DataFrame) -> Any:
    """A bar for each part that is left out: points more or fewer without it."""
    known = table[table["change_points"].notna() & table["change_points"].ne(0.0)]
    shown = known.loc[known["change_points"].abs().nlargest(_MOST_BARS).index]
    bars = shown.assign(which=shown["change_points"].gt(0.0).map({True: "more", False: "fewer"}))
    return _bars(
        pd.DataFrame(
            {"name": bars["address"], "points": bars["change_points"], "which": bars["which"]}
        ),
        {"more": _MORE, "fewer": _LESS},
        "Change of points without each part, by relaxation",
    )


def _steps(solved: pd.DataFrame) -> Any:
    """Two bars a number: points with a step more room, and with a step less."""
    solved = solved.head(_MOST_BARS)
    sides = ((_ROOM, "gain_points"), (_NO_ROOM, "loss_points"))
    rows = [
        pd.DataFrame({"name": solved["address"], "points": solved[column], "which": which})
        for which, column in sides
    ]
    bars = pd.concat(rows).dropna(subset=["points"])
    title = "Change of points with one step of each number"
    return _bars(bars, {_ROOM: _MORE, _NO_ROOM: _LESS}, title)


def _money(money: pd.DataFrame) -> Any:
    """A bar for each line and year."""
    shown = money[money["gain_points"].notna()].head(_MOST_BARS)
    names = [f"{row.line} {row.year}".strip() for row in rows_of(shown)]
    which = shown["basis"].eq(BY_DUAL).map({True: _DUAL, False: _SOLVED})
    bars = pd.DataFrame({"name": names, "points": list(shown["gain_points"]), "which": list(which)})
    title = f"Points that {float(money['more'].iloc[0]):,.0f} more bring, each by itself"
    return _bars(bars, {_SOLVED: _MORE, _DUAL: _PALE}, title)


def _bars(bars: pd.DataFrame, colours: Mapping[str, str], title: str) -> Any:
    import altair as alt

    names = list(dict.fromkeys(bars["name"]))
    used = {name: colour for name, colour in colours.items() if name in set(bars["which"])}
    return (
        alt.Chart(bars)
        .mark_bar(height=8)
        .encode(
            y=alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelLimit=420)),
            x=alt.X("points:Q", title="points"),
            color=alt.Color(
                "which:N",
                title=None,
                scale=alt.Scale(domain=list(used), range=list(used.values())),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=["name", "which", "points"],
        )
        .properties(width=_WIDTH, height={"step": _STEP}, title=title)
    )
