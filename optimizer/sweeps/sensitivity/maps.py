"""Where slots go, in maps side by side: a tile a region, a map a scenario, one scale for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.report.colours import SEQUENTIAL
from optimizer.report.tiles import grid_of
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.scenarios import BASE
from optimizer.sweeps.sensitivity.choices import compared, more_or_fewer
from optimizer.sweeps.sensitivity.finding import Finding
from optimizer.text.figures import counted, persons

_MOST_MAPS = 6
"""Scenarios that are shown where none are named."""
_NAMED = 3
_NARROW = 6
"""Columns of tiles up to which three maps are side by side."""
_DARK = 0.7
"""Part of the largest figure above which a tile is dark, so that its letters are white."""
_KEYS = ["scenario", "region", "name", "status", "base", "slots", "difference"]


@typed
def region_maps(
    sweep: Sweep, scenarios: Sequence[str] | None = None, *, differences: bool = True
) -> Finding:
    """Show slots by region in several scenarios, all years together, side by side.

    Parameters
    ----------
    scenarios
        Names of those that are shown, in this order; without it, up to six of those in which
        slots go elsewhere than with nothing changed, the one with most first.
    differences
        Whether to draw what is more or fewer than with nothing changed, or the slots themselves,
        with a map of the base in front.

    Returns
    -------
    Finding
        One row for every region of the case in each scenario: scenario, region, name, status
        (``more``, ``fewer`` or ``same``), base, slots, difference, tile_row, tile_column (places
        from the upper left; missing where the case has none), label (of three letters). The table
        ``moved`` has a row for each scenario with a plan: scenario, status (``moved`` or
        ``same``), more, fewer, moved (the sum of both), shown; the one that moves most first.
        Plans within a gap differ in single numbers without any reason.

    Raises
    ------
    OptimizerError
        If the base has no plan, a scenario that is named has none, slots have no region, or all
        go where they go with nothing changed and no scenario is named.
    """
    every = compared(sweep, by="region").table
    moved = slots_moved(every)
    elsewhere = moved.loc[moved["moved"].gt(0), "scenario"].tolist()
    names = elsewhere[:_MOST_MAPS] if scenarios is None else list(scenarios)
    if not names:
        raise OptimizerError("slots go to the same regions in every scenario: name some to see it")
    for name in names:
        if name == BASE or name not in set(every["scenario"]):
            # The error of a scenario that is unknown or has no plan.
            sweep.plan(name)
            raise OptimizerError(f"{BASE!r} is what the others are compared with")
    moved = moved.assign(shown=moved["scenario"].isin(names))
    rows = _with_places(sweep, every, names)
    drawings = {}
    if rows["tile_row"].notna().all():
        drawings["maps"] = lambda table: _drawn(table, differences=differences)
    return Finding(
        name="region_maps",
        answer=rows,
        sentences=tuple(_in_words(rows, moved, names, are_placed=bool(drawings))),
        provenance={**sweep.provenance, "scenarios": tuple(names), "differences": differences},
        tables={"moved": moved},
        drawings=drawings,
    )


def slots_moved(every: pd.DataFrame) -> pd.DataFrame:
    """Slots that each scenario gives more and fewer, the one that moves most first."""
    change = every.assign(
        more=every["difference"].clip(lower=0), fewer=-every["difference"].clip(upper=0)
    )
    sums = change.groupby("scenario", sort=False)[["more", "fewer"]].sum().reset_index()
    sums["moved"] = sums["more"] + sums["fewer"]
    sums.insert(1, "status", sums["moved"].gt(0).map({True: "moved", False: "same"}))
    return sums.sort_values("moved", ascending=False, kind="stable").reset_index(drop=True)


def _with_places(sweep: Sweep, every: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """All regions in each of the scenarios, also those without any slots, where they lie."""
    regions = sweep.case.table("regions")
    grid = grid_of(regions)
    keys = [str(key) for key in regions["region"]]
    base = every.drop_duplicates("region").set_index("region")["base"].reindex(keys).fillna(0)
    slots = every.pivot_table(index="region", columns="scenario", values="slots", aggfunc="sum")
    slots = slots.reindex(index=keys, columns=list(names)).fillna(0)
    parts = []
    for name in names:
        part = pd.DataFrame({"base": base, "slots": slots[name]}).rename_axis("region")
        part = part.reset_index().assign(scenario=name)
        parts.append(part)
    rows = pd.concat(parts, ignore_index=True)
    rows["difference"] = rows["slots"] - rows["base"]
    rows["status"] = more_or_fewer(rows["difference"])
    called = dict(zip(keys, [str(name) for name in regions["name"]], strict=True))
    rows["name"] = rows["region"].map(called)
    for at, column in enumerate(("tile_row", "tile_column")):
        found = {} if grid is None else {key: place[at] for key, place in grid.place.items()}
        rows[column] = rows["region"].map(found).astype("float64")
    labels = {} if grid is None else grid.label
    rows["label"] = rows["region"].map(labels)
    return rows[[*_KEYS, "tile_row", "tile_column", "label"]]


def _in_words(
    rows: pd.DataFrame, moved: pd.DataFrame, names: Sequence[str], *, are_placed: bool
) -> list[str]:
    told = []
    for name in names:
        part = rows[rows["scenario"].eq(name)]
        ends = (
            ("more in", part[part["difference"] > 0].nlargest(_NAMED, "difference")),
            ("fewer in", part[part["difference"] < 0].nsmallest(_NAMED, "difference")),
        )
        words = [f"{verb} {', '.join(_counted_regions(some))}" for verb, some in ends if len(some)]
        told.append(f"{name}: {'; '.join(words) or 'the same everywhere'}.")
    left = moved[~moved["shown"]]
    if len(left):
        unmoved = int(left["moved"].eq(0).sum())
        told.append(
            f"Not shown: {counted(len(left), 'more scenario')} with a plan, {unmoved} of them with "
            "the same slots in every region."
        )
    if not are_placed:
        told.append("The case gives its regions no tiles of their own, so that there is no map.")
    return told


def _counted_regions(rows: pd.DataFrame) -> list[str]:
    return [
        f"{name} ({persons(abs(by))})"
        for name, by in zip(rows["name"], rows["difference"], strict=True)
    ]


def _drawn(table: pd.DataFrame, *, differences: bool) -> Any:
    import altair as alt

    shown, scenarios = table, list(dict.fromkeys(table["scenario"]))
    if differences:
        most = float(table["difference"].abs().max()) or 1.0
        scale = alt.Scale(scheme="blueorange", domain=[-most, 0, most], reverse=True)
        field, title = "difference", "More and fewer slots than with nothing changed"
    else:
        first = table[table["scenario"].eq(scenarios[0])]
        unchanged = first.assign(scenario=BASE, slots=first["base"], difference=0.0)
        shown = pd.concat([unchanged, table], ignore_index=True)
        scenarios = [BASE, *scenarios]
        most = float(shown["slots"].max()) or 1.0
        scale = alt.Scale(range=[colour.fill for colour in SEQUENTIAL], domain=[0, most])
        field, title = "slots", "Slots by region, all years"
    # Signs say in print what colours say elsewhere.
    signs = shown["status"].map({"more": "+", "fewer": "−", "same": ""}) if differences else ""
    shown = shown.assign(dark=shown[field].abs().gt(_DARK * most), label=shown["label"] + signs)
    placed = alt.Chart(shown).encode(
        x=alt.X("tile_column:O", axis=None), y=alt.Y("tile_row:O", axis=None)
    )
    tiles = placed.mark_rect(stroke="white", strokeWidth=1).encode(
        color=alt.Color(f"{field}:Q", title=field, scale=scale),
        tooltip=["scenario", "name", "status", "base", "slots", "difference"],
    )
    ink = alt.condition("datum.dark", alt.value("white"), alt.value("black"))
    letters = placed.mark_text(fontSize=8).encode(text="label:N", color=ink)
    head = alt.Header(title=None, labelLimit=300, labelFontSize=11)
    side, columns = (20, 2) if shown["tile_column"].nunique() > _NARROW else (44, 3)
    return (
        (tiles + letters)
        .properties(width={"step": side}, height={"step": side})
        .facet(facet=alt.Facet("scenario:N", sort=scenarios, header=head), columns=columns)
        .properties(title=title)
    )
