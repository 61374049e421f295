"""How an answer follows one lever, or two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.scenarios import BASE
from optimizer.sweeps.sensitivity.answers import (
    OF_POINTS,
    Answers,
    alone,
    answers_of,
    changes_in_order,
    places_of,
    require_lever,
    shown_changes,
    with_failed,
)
from optimizer.sweeps.sensitivity.finding import Finding
from optimizer.text.figures import figure


@typed
def curve(sweep: Sweep, lever: str, of: str = OF_POINTS) -> Finding:
    """Follow a number along one lever, over the scenarios that change nothing else.

    Parameters
    ----------
    lever
        An address that the study changes, as it stands there.
    of
        As for :func:`tornado`.

    Returns
    -------
    Finding
        lever, change, place (the number, factor or sum on the axis; 1 for the base of factors and
        missing for that of numbers), scenario, status, value, difference, least_difference,
        most_difference, within_gap, slope (of the value to the next place); lowest place first.

    Raises
    ------
    OptimizerError
        If no scenario changes the lever alone, or the base has no answer.
    """
    answers = answers_of(sweep, of)
    require_lever(answers, lever)
    names = alone(answers, lever)
    if len(names) < 2:
        raise OptimizerError(f"no scenario changes {lever} and nothing else")
    rows = answers.table(names)
    rows.insert(0, "lever", lever)
    changes = [str(answers.levers.loc[name, lever]) for name in names]
    rows.insert(1, "change", changes)
    rows.insert(2, "place", places_of(changes))
    rows = rows.sort_values("place", kind="stable", na_position="first").reset_index(drop=True)
    steps = rows["place"].diff().shift(-1).where(lambda step: step.gt(0))
    rows["slope"] = rows["value"].diff().shift(-1) / steps
    return Finding(
        name="curve",
        answer=rows,
        sentences=tuple(_along(answers, lever, rows)),
        provenance={**answers.provenance, "lever": lever},
        drawings={"curve": lambda table: _drawn_curve(table, lever, of)},
    )


def _along(answers: Answers, lever: str, rows: pd.DataFrame) -> list[str]:
    known = rows[rows["value"].notna() & rows["place"].notna()]
    told = [f"With nothing changed: {figure(answers.base)}."]
    if len(known) >= 2:
        first, last = known.iloc[0], known.iloc[-1]
        told.append(
            f"{lever} from {first['change'] or 'as it is'} to {last['change'] or 'as it is'}: "
            f"{figure(first['value'])} to {figure(last['value'])}."
        )
    small = rows["within_gap"] & rows["scenario"].ne(BASE)
    if small.any():
        told.append(
            f"Too small to differ for sure from the base: {', '.join(rows.loc[small, 'change'])}."
        )
    return with_failed(told, rows["status"])


def _drawn_curve(table: pd.DataFrame, lever: str, of: str) -> Any:
    import altair as alt

    known = table[table["value"].notna() & table["place"].notna()]
    known = known.assign(
        low=known["value"] - (known["difference"] - known["least_difference"]),
        high=known["value"] + (known["most_difference"] - known["difference"]),
    )
    base = alt.Chart(known, title=f"{of} along {lever}")
    x = alt.X("place:Q", title=lever, scale=alt.Scale(zero=False))
    y = alt.Y("value:Q", title=of, scale=alt.Scale(zero=False))
    tips = ["scenario", "change", "value", "difference", "within_gap"]
    between = alt.Y("low:Q", scale=alt.Scale(zero=False), title=of)
    return (
        base.mark_rule(opacity=0.5).encode(x=x, y=between, y2="high:Q")
        + base.mark_line().encode(x=x, y=y)
        + base.mark_point(filled=True, size=50).encode(x=x, y=y, tooltip=tips)
    ).properties(width=460, height=280)


@typed
def heat_map(sweep: Sweep, first: str, second: str, of: str = OF_POINTS) -> Finding:
    """Show a number over two levers, over the scenarios that change these and nothing else.

    Parameters
    ----------
    first, second
        Addresses that the study changes.
    of
        As for :func:`tornado`.

    Returns
    -------
    Finding
        One row a scenario: first, second (the changes), scenario, status, value, difference,
        least_difference, most_difference, within_gap. The table ``grid`` has the values with a
        row for each change of the first lever and a column for each of the second.

    Raises
    ------
    OptimizerError
        If the levers are one, no scenario changes both, or the base has no answer.
    """
    answers = answers_of(sweep, of)
    require_lever(answers, first)
    require_lever(answers, second)
    if first == second:
        raise OptimizerError(f"{first} is named twice; a heat map needs two levers")
    names = alone(answers, first, second)
    rows = answers.table(names)
    changes = {
        lever: [str(answers.levers.loc[name, lever]) for name in names] for lever in (first, second)
    }
    if not any(all(pair) for pair in zip(*changes.values(), strict=True)):
        raise OptimizerError(f"no scenario changes both {first} and {second}, and nothing else")
    for at, lever in enumerate((first, second)):
        rows.insert(at, ("first", "second")[at], shown_changes(changes[lever]))
    # The base is told by a scenario that changes nothing by factors of 1.
    rows = rows.drop_duplicates(["first", "second"], keep="last").reset_index(drop=True)
    grid = rows.pivot_table(index="first", columns="second", values="value", sort=False)
    return Finding(
        name="heat_map",
        answer=rows,
        sentences=tuple(_over(rows, first, second)),
        provenance={**answers.provenance, "first": first, "second": second},
        tables={"grid": grid.reset_index()},
        drawings={"heat_map": lambda table: _drawn_map(table, first, second, of)},
    )


def _over(rows: pd.DataFrame, first: str, second: str) -> list[str]:
    known = rows[rows["value"].notna()]
    told = []
    for word, row in (
        ("Most", known.nlargest(1, "value").iloc[0]),
        ("Least", known.nsmallest(1, "value").iloc[0]),
    ):
        told.append(
            f"{word}: {figure(row['value'])} with {first} {row['first']}, {second} {row['second']}."
        )
    return with_failed(told, rows["status"])


def _drawn_map(table: pd.DataFrame, first: str, second: str, of: str) -> Any:
    import altair as alt

    shown = table.assign(shown=table["value"].map(lambda v: "" if np.isnan(v) else f"{v:.4g}"))
    shown["shown"] = shown["shown"].where(shown["value"].notna(), shown["status"])
    base = alt.Chart(shown, title=f"{of} over two levers").encode(
        x=alt.X("second:N", title=second, sort=changes_in_order(table["second"])),
        y=alt.Y("first:N", title=first, sort=changes_in_order(table["first"])),
    )
    squares = base.mark_rect().encode(
        color=alt.Color("value:Q", title=of, scale=alt.Scale(scheme="blues", zero=False)),
        tooltip=["scenario", "status", "value", "difference"],
    )
    middle = (table["value"].min() + table["value"].max()) / 2
    ink = alt.condition(f"datum.value > {middle}", alt.value("white"), alt.value("black"))
    text = base.mark_text(fontSize=11).encode(text="shown:N", color=ink)
    return (squares + text).properties(width={"step": 62}, height={"step": 34})
