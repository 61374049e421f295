"""Which lever matters: the answers of scenarios that change one lever and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.frames import rows_of
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.scenarios import BASE
from optimizer.sweeps.sensitivity.answers import OF_POINTS, Answers, alone, answers_of, with_failed
from optimizer.sweeps.sensitivity.finding import Finding
from optimizer.text.figures import figure

_MOST_BARS = 20
"""Levers that a chart and the words show, those that matter most."""


@typed
def tornado(sweep: Sweep, of: str = OF_POINTS) -> Finding:
    """Rank levers by how far each moves a number by itself.

    Parameters
    ----------
    of
        ``points``, or a goal, whose scaled value is compared.

    Returns
    -------
    Finding
        Its table has a row for every scenario that changes one lever: lever, change, scenario,
        status, value, difference, least_difference, most_difference, within_gap; the lever that
        matters most first. The table ``levers`` has one row each: lever, lowest, highest, swing
        (the largest difference to the base), within_gap, failed (scenarios without an answer),
        without (their changes in words).

    Raises
    ------
    OptimizerError
        If no scenario changes a single lever, or the base has no answer.
    """
    answers = answers_of(sweep, of)
    parts = [_of_lever(answers, str(lever)) for lever in answers.levers]
    rows = pd.concat([part for part in parts if len(part)] or [pd.DataFrame()], ignore_index=True)
    if not len(rows):
        raise OptimizerError("no scenario changes one lever by itself: try Study.one_at_a_time")
    levers = _swings(rows)
    order = {lever: at for at, lever in enumerate(levers["lever"])}
    rows = rows.sort_values("lever", key=lambda names: names.map(order), kind="stable")
    labels = [
        (row.lever, f"{row.lever}: {row.without}" if row.without else row.lever)
        for row in rows_of(levers)
    ]
    return Finding(
        name="tornado",
        answer=rows.reset_index(drop=True),
        sentences=tuple(_in_words(answers, levers, rows["status"])),
        provenance=answers.provenance,
        tables={"levers": levers},
        drawings={"tornado": lambda table: _drawn(table, dict(labels), of)},
    )


def _of_lever(answers: Answers, lever: str) -> pd.DataFrame:
    names = [name for name in alone(answers, lever) if name != BASE]
    names = [name for name in names if answers.levers.loc[name, lever] != ""]
    rows = answers.table(names)
    rows.insert(0, "lever", lever)
    rows.insert(1, "change", [str(answers.levers.loc[name, lever]) for name in names])
    return rows


def _swings(rows: pd.DataFrame) -> pd.DataFrame:
    by_lever = rows.groupby("lever", sort=False)
    levers = pd.DataFrame(
        {
            "lowest": by_lever["difference"].min(),
            "highest": by_lever["difference"].max(),
            "swing": by_lever["difference"].agg(lambda part: part.abs().max()),
            "within_gap": by_lever.apply(lambda part: bool(part["within_gap"].all())),
            "failed": by_lever["value"].agg(lambda part: int(part.isna().sum())),
            "without": by_lever[["change", "status", "value"]].apply(_without),
        }
    ).reset_index()
    # Levers that have no answer at all matter more than any number.
    levers = levers.assign(unknown=levers["swing"].isna())
    levers = levers.sort_values(["unknown", "swing"], ascending=False, kind="stable")
    return levers.drop(columns="unknown").reset_index(drop=True)


def _without(part: pd.DataFrame) -> str:
    """Changes of one lever after which there is no plan, or none is known."""
    lost = part[part["value"].isna()]
    told = []
    for status, changes in lost.groupby("status", sort=False)["change"]:
        what = "no plan" if status == "infeasible" else f"no answer ({status})"
        told.append(f"{what} at {', '.join(changes)}")
    return "; ".join(told)


def _in_words(answers: Answers, levers: pd.DataFrame, statuses: pd.Series) -> list[str]:
    what = "points" if answers.of == OF_POINTS else f"{answers.of} (share of its scale)"
    told = [f"With nothing changed: {figure(answers.base)} {what}."]
    for row in rows_of(levers.head(_MOST_BARS)):
        if pd.isna(row.swing):
            said = ""
        elif row.within_gap:
            said = "too small to be sure, for all that the gaps leave open"
        else:
            low, high = min(row.lowest, 0.0), max(row.highest, 0.0)
            said = f"from {figure(low)} to {figure(high)} against that"
        told.append(f"{row.lever}: {'; '.join(filter(None, (row.without, said)))}.")
    return with_failed(told, statuses)


def _drawn(table: pd.DataFrame, labels: Mapping[str, str], of: str) -> Any:
    import altair as alt

    levers = list(dict.fromkeys(table["lever"]))[:_MOST_BARS]
    shown = [labels[lever] for lever in levers]
    # A lever without any answer has a line as well.
    known = table[table["lever"].isin(levers)].assign(label=table["lever"].replace(labels))
    # Short bars are drawn last, over long ones to the same side.
    known = known.sort_values("difference", key=abs, ascending=False, kind="stable")
    tips = ["lever", "change", "value", "difference", "within_gap"]
    return (
        alt.Chart(known, title=f"What one lever moves: {of}")
        .mark_bar(strokeWidth=1.2)
        .encode(
            x=alt.X("difference:Q", title=f"difference in {of}", stack=False),
            y=alt.Y("label:N", sort=shown, title=None, axis=alt.Axis(labelLimit=460)),
            fillOpacity=alt.condition("datum.within_gap", alt.value(0.0), alt.value(0.85)),
            color=alt.Color("change:N", title="change", legend=alt.Legend(symbolLimit=12)),
            stroke=alt.Color("change:N", legend=None),
            tooltip=tips,
        )
        .properties(width=460, height={"step": 22})
    )
