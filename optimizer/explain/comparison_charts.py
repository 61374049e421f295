"""Charts of a comparison: dumbbells by a key, and a map of the difference by region."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.report.tiles import grid_of

_MOST_SHOWN = 30
"""Keys of a chart, those with the largest difference."""
_DARK = 0.7
"""Part of the largest figure above which a tile is dark, so that its letters are white."""
_BEFORE, _AFTER = "#6b7075", "#0072b2"


def dumbbells(table: pd.DataFrame, base: str, part: str, by: str) -> Any:
    """Two dots a key, before and after, with a line between, for each side below the other."""
    import altair as alt

    rows = table[table["part"].eq(part) & table["by"].eq(by)]
    reach = rows.groupby("key")["difference"].agg(lambda some: some.abs().max())
    shown = reach[reach > 0].nlargest(_MOST_SHOWN).index.tolist() or rows["key"].unique().tolist()
    rows = rows[rows["key"].isin(shown[:_MOST_SHOWN])]
    unit = rows["unit"].iloc[0] if len(rows) else part
    sides = rows["side"].unique().tolist()
    dots = rows.melt(
        id_vars=["side", "key"],
        value_vars=["before", "after"],
        var_name="which",
        value_name="value",
    )
    dots["which"] = dots["which"].where(dots["which"].eq("after"), base)
    dots["which"] = dots["which"].where(dots["which"].eq(base), "compared")
    keys = alt.Y("key:N", sort=shown, title=by, axis=alt.Axis(labelLimit=220))
    lines = (
        alt.Chart(rows)
        .mark_rule(strokeWidth=2, color="#b5babe")
        .encode(y=keys, x=alt.X("before:Q", title=unit), x2="after:Q")
    )
    colours = alt.Scale(domain=[base, "compared"], range=[_BEFORE, _AFTER])
    points = (
        alt.Chart(dots)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            y=keys,
            x=alt.X("value:Q", title=unit),
            color=alt.Color("which:N", title=None, scale=colours, legend=alt.Legend(orient="top")),
            shape=alt.Shape(
                "which:N",
                title=None,
                scale=alt.Scale(domain=[base, "compared"], range=["circle", "diamond"]),
            ),
            tooltip=["side", "key", "which", "value"],
        )
    )
    drawn = [
        alt.layer(
            lines.transform_filter(alt.datum.side == side),
            points.transform_filter(alt.datum.side == side),
        ).properties(width=420, height={"step": 16}, title=f"{part} by {by}: {side}")
        for side in sides
    ]
    return alt.vconcat(*drawn)


def can_be_mapped(case: Case | None, table: pd.DataFrame) -> bool:
    """Whether slots have regions, and every region a tile of its own."""
    by_region = bool((table["part"].eq("slots") & table["by"].eq("region")).any())
    return by_region and case is not None and grid_of(case.table("regions")) is not None


def difference_map(table: pd.DataFrame, case: Case) -> Any:
    """More and fewer slots by region, a tile a region and a map a side."""
    import altair as alt

    grid = grid_of(case.table("regions"))
    assert grid is not None, "cases without tiles are not drawn"
    rows = table[table["part"].eq("slots") & table["by"].eq("region")]
    sides = rows["side"].unique().tolist()
    known = rows.set_index(["side", "key"])["difference"]
    shown = pd.DataFrame(
        [
            {
                "side": side,
                "name": grid.name[region],
                "label": grid.label[region],
                "row": place[0],
                "column": place[1],
                "difference": float(known.get((side, region), 0.0)),
            }
            for side in sides
            for region, place in grid.place.items()
        ]
    )
    most = float(shown["difference"].abs().max()) or 1.0
    signs = shown["difference"].map(
        lambda by: "+" if by > 0 else "\N{MINUS SIGN}" if by < 0 else ""
    )
    shown = shown.assign(
        dark=shown["difference"].abs().gt(_DARK * most), label=shown["label"] + signs
    )
    placed = alt.Chart(shown).encode(x=alt.X("column:O", axis=None), y=alt.Y("row:O", axis=None))
    scale = alt.Scale(scheme="blueorange", domain=[-most, 0, most], reverse=True)
    tiles = placed.mark_rect(stroke="white", strokeWidth=1).encode(
        color=alt.Color("difference:Q", title="slots", scale=scale),
        tooltip=["side", "name", "difference"],
    )
    ink = alt.condition("datum.dark", alt.value("white"), alt.value("black"))
    letters = placed.mark_text(fontSize=8).encode(text="label:N", color=ink)
    head = alt.Header(title=None, labelLimit=300, labelFontSize=11)
    side = 24 if grid.columns > _NARROW_GRID else 44
    return (
        (tiles + letters)
        .properties(width={"step": side}, height={"step": side})
        .facet(facet=alt.Facet("side:N", sort=sides, header=head), columns=2)
        .properties(title="More and fewer slots by region")
    )


_NARROW_GRID = 6
"""Columns of tiles above which tiles are small."""
