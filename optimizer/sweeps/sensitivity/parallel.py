"""All levers of a study at once: a line a scenario, through its changes to what comes of them.

Parallel coordinates: Inselberg, The Visual Computer 1 (1985), 69-91; here with axes one below
another, since the names of levers are long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.frames import rows_of
from optimizer.sweeps.outcomes import INFEASIBLE_ROW
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.scenarios import BASE
from optimizer.sweeps.sensitivity.answers import (
    OF_POINTS,
    Answers,
    answers_of,
    places_of,
    require_lever,
    with_failed,
)
from optimizer.sweeps.sensitivity.finding import Finding
from optimizer.text.figures import figure

_MOST_AXES = 12
_MOST_LINES = 300
"""Lines that a chart has at most; more hide each other."""
_VALUE, _FAILS = "value", "fails"
_NO_PLAN, _OTHERS = "no plan keeps every rule", "the others"


@typed
def parallel_coordinates(
    sweep: Sweep,
    levers: Sequence[str] | None = None,
    *,
    below: float | None = None,
    of: str = OF_POINTS,
) -> Finding:
    """Follow every scenario through all of its levers to its number.

    Parameters
    ----------
    levers
        Addresses that the study changes, in the order of the axes; without it, all that have
        different numbers.
    below
        Scenarios whose number is below this fail, and those that no plan can keep every rule of;
        without it, only the latter. What timed out or crashed is unknown, and left out.
    of
        As for :func:`tornado`.

    Returns
    -------
    Finding
        One row a scenario with an answer: scenario, status, a column for each lever (the number,
        factor or sum that it is changed to; 1 or 0 where it is left as it is among factors or
        sums, missing among numbers), value, fails. The table ``axes`` has a row for each lever
        and one for the value: axis, status (``drawn``), low, high, median_failing, median_others.

    Raises
    ------
    OptimizerError
        If there is no such lever, none has different numbers, there are more than 12, or no
        scenario has an answer.
    """
    answers = answers_of(sweep, of)
    placed = _placed(answers, levers)
    value = answers.value
    infeasible = answers.status.eq(INFEASIBLE_ROW)
    fails = infeasible if below is None else infeasible | value.lt(below)
    is_drawn = value.notna() | infeasible
    rows = placed.assign(**{_VALUE: value, _FAILS: fails})[is_drawn]
    if not len(rows):
        raise OptimizerError("no scenario has an answer: there is no line to draw")
    axes = axes_of(rows)
    rows.insert(0, "status", answers.status[rows.index])
    rows = rows.rename_axis("scenario").reset_index().astype({"scenario": "str"})
    why = _NO_PLAN if below is None else f"{_NO_PLAN}, or {of} below {figure(below)}"
    return Finding(
        name="parallel_coordinates",
        answer=rows,
        sentences=tuple(with_failed(_in_words(rows, axes, why), answers.status[~is_drawn])),
        provenance={**answers.provenance, "levers": tuple(placed), "below": below},
        tables={"axes": axes},
        drawings={"lines": lambda table: _drawn(table, axes, of, why)},
    )


def _placed(answers: Answers, levers: Sequence[str] | None) -> pd.DataFrame:
    """Where each scenario stands on each lever; those asked for, or all with different numbers."""
    asked = list(answers.levers) if levers is None else [require_lever(answers, x) for x in levers]
    found = {
        str(lever): places_of([str(cell) for cell in answers.levers[lever]])
        for lever in dict.fromkeys(asked)
    }
    placed = pd.DataFrame(found, index=answers.levers.index, dtype="float64")
    alike = [lever for lever in placed if placed[lever].nunique() < 2]
    if levers is not None and alike:
        raise OptimizerError(f"{alike[0]} has no two different numbers: it has no axis")
    placed = placed.drop(columns=alike)
    if not len(placed.columns):
        raise OptimizerError("no lever has different numbers: there is no axis to draw")
    if len(placed.columns) > _MOST_AXES:
        raise OptimizerError(
            f"{len(placed.columns)} levers are too many for one chart: name up to {_MOST_AXES}"
        )
    return placed


def axes_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Describe each column of numbers: its ends, and the medians by the column ``fails``."""
    numbers, fails = rows.drop(columns=_FAILS), rows[_FAILS]
    return pd.DataFrame(
        {
            "axis": pd.Series(list(numbers), dtype="str"),
            "status": "drawn",
            "low": numbers.min().to_numpy(),
            "high": numbers.max().to_numpy(),
            "median_failing": numbers[fails].median().to_numpy(),
            "median_others": numbers[~fails].median().to_numpy(),
        }
    )


def _in_words(rows: pd.DataFrame, axes: pd.DataFrame, why: str) -> list[str]:
    told = [f"{int(rows[_FAILS].sum())} of {len(rows)} scenarios fail ({why})."]
    for row in rows_of(axes[axes["axis"].ne(_VALUE)]):
        ranged = f"{row.axis} from {figure(row.low, 3)} to {figure(row.high, 3)}"
        if np.isnan([row.median_failing, row.median_others]).any():
            told.append(f"{ranged}.")
            continue
        medians = f"{figure(row.median_failing, 3)} among those that fail"
        told.append(f"{ranged}: median {medians}, {figure(row.median_others, 3)} among the others.")
    return told


def _lines(table: pd.DataFrame, axes: pd.DataFrame, of: str, why: str) -> pd.DataFrame:
    """A point for each scenario on each axis, from 0 to 1 along it."""
    parts = []
    for at, row in enumerate(rows_of(axes)):
        reach = row.high - row.low
        share = (table[row.axis] - row.low) / reach if reach else table[row.axis] * 0.0 + 0.5
        name = of if row.axis == _VALUE else row.axis
        shown = f"{name}\n{figure(row.low, 3)} to {figure(row.high, 3)}"
        if np.isnan(row.low):
            shown = f"{name}\nof none"
        parts.append(
            table[["scenario", "status"]].assign(
                at=at, axis=shown, share=share, place=table[row.axis], kind=table[_FAILS]
            )
        )
    found = pd.concat(parts, ignore_index=True)
    kinds = found["kind"].map({True: why, False: _OTHERS})
    return found.assign(kind=kinds.where(found["scenario"].ne(BASE), "nothing changed"))


def _drawn(table: pd.DataFrame, axes: pd.DataFrame, of: str, why: str) -> Any:
    import altair as alt

    # Evenly over the study, with the base, which is first.
    step = max(1.0, len(table) / _MOST_LINES)
    some = table.iloc[np.unique((np.arange(0, len(table), step)).astype(int))]
    lines = _lines(some, axes, of, why)
    kinds = [kind for kind in (_OTHERS, why, "nothing changed") if lines["kind"].eq(kind).any()]
    looks = {
        _OTHERS: ("#0072B2", [1, 0], 1.0),
        why: ("#D55E00", [5, 3], 1.3),
        "nothing changed": ("#000000", [1, 0], 2.6),
    }
    colours, dashes, widths = (
        alt.Scale(domain=kinds, range=[looks[kind][at] for kind in kinds]) for at in range(3)
    )
    left_out = "" if len(some) == len(table) else f", {len(some)} of {len(table):,} scenarios"
    order = list(dict.fromkeys(lines["axis"]))
    split = alt.Axis(labelExpr="split(datum.label, '\\n')", labelLimit=320, grid=True, ticks=False)
    ends = alt.Axis(values=[0, 1], labelExpr="datum.value ? 'highest' : 'lowest'", grid=True)
    shapes = alt.Legend(orient="top", labelLimit=320)
    return (
        alt.Chart(lines, title=f"Levers and {of}, a line a scenario{left_out}")
        .mark_line(opacity=0.65, orient="vertical", interpolate="linear")
        .encode(
            x=alt.X("share:Q", title=None, axis=ends, scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("axis:N", title=None, sort=order, axis=split),
            order="at:Q",
            detail="scenario:N",
            color=alt.Color("kind:N", title=None, scale=colours, legend=shapes),
            strokeDash=alt.StrokeDash("kind:N", title=None, scale=dashes, legend=shapes),
            strokeWidth=alt.StrokeWidth("kind:N", scale=widths, legend=None),
            tooltip=["scenario", "status", "place"],
        )
        .properties(width=420, height={"step": 56})
    )
