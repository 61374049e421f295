"""What plans of a study have in common, and who gets more or less in each."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.frames import rows_of
from optimizer.result.charts import not_among
from optimizer.sweeps.outcomes import SOLVED
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.scenarios import BASE
from optimizer.sweeps.sensitivity.finding import Finding
from optimizer.text.figures import persons

_PAIR = ["country", "track"]
_KEYS = ("country", "track", "region", "year")
_ALWAYS, _SOMETIMES = "always", "sometimes"
_MOST_NAMED = 8


@typed
def chosen(sweep: Sweep) -> Finding:
    """Count in how many plans of a sweep each agreement is opened and each pair gets slots.

    Returns
    -------
    Finding
        kind (``agreement`` for one that is opened, ``slots`` for a pair that gets some), country,
        track, status (``always`` or ``sometimes``), scenarios (with it), of (with a plan), share,
        least and most (slots, or first open years); what is always chosen first.

    Raises
    ------
    OptimizerError
        If there is no plan.
    """
    plans = _with_plans(sweep)
    agreements, slots = sweep.tables["agreements"], sweep.tables["slots"]
    opened = agreements[agreements["status"].ne("existing")] if len(agreements) else agreements
    given = slots[slots["slots"] > 0].groupby(["scenario", *_PAIR])["slots"].sum().reset_index()
    parts = [
        _counted("agreement", opened, "open_from", len(plans)),
        _counted("slots", given, "slots", len(plans)),
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.sort_values(["kind", "share"], ascending=[True, False], kind="stable")
    return Finding(
        name="chosen",
        answer=rows.reset_index(drop=True),
        sentences=tuple(_chosen_in_words(rows, len(plans))),
        provenance=sweep.provenance,
    )


def _with_plans(sweep: Sweep) -> list[str]:
    table = sweep.table
    names = table.loc[table["status"].isin(SOLVED), "scenario"].tolist()
    if not names or sweep.provenance["relaxed"]:
        raise OptimizerError("no scenario has a plan: there is nothing to count")
    return names


def _counted(kind: str, rows: pd.DataFrame, amount: str, plans: int) -> pd.DataFrame:
    columns = ["kind", *_PAIR, "status", "scenarios", "of", "share", "least", "most"]
    if not len(rows):
        return pd.DataFrame(columns=columns)
    groups = rows.groupby(_PAIR)
    found = groups.agg(
        scenarios=("scenario", "nunique"), least=(amount, "min"), most=(amount, "max")
    ).reset_index()
    found["kind"], found["of"] = kind, plans
    found["share"] = found["scenarios"] / plans
    found["status"] = found["share"].eq(1.0).map({True: _ALWAYS, False: _SOMETIMES})
    return found[columns]


def _chosen_in_words(rows: pd.DataFrame, plans: int) -> list[str]:
    told = ["1 scenario has a plan." if plans == 1 else f"{plans} scenarios have a plan."]
    for kind, words in (("agreement", "Agreements opened"), ("slots", "Pairs with slots")):
        part = rows[rows["kind"].eq(kind)]
        always = part[part["status"].eq(_ALWAYS)]
        told.append(f"{words} in every plan: {len(always)}; in some: {len(part) - len(always)}.")
        doubtful = part[part["status"].eq(_SOMETIMES)]
        if kind == "agreement" and len(doubtful):
            named = [f"{row.country} {row.track} ({row.share:.0%})" for row in rows_of(doubtful)]
            more = "" if len(named) <= _MOST_NAMED else f" and {len(named) - _MOST_NAMED} more"
            told.append(f"Opened in some only: {', '.join(named[:_MOST_NAMED])}{more}.")
    return told


@typed
def compared(sweep: Sweep, by: str = "country") -> Finding:
    """Say who gets more and who gets fewer slots in each plan than with nothing changed.

    Parameters
    ----------
    by
        ``country``, ``track``, ``region`` or ``year``.

    Returns
    -------
    Finding
        scenario, the key, status (``more``, ``fewer`` or ``same``), base, slots, difference; a row
        for everybody who gets slots in either, those who gain most first in each scenario. Plans
        within a gap differ in single numbers without any reason.

    Raises
    ------
    OptimizerError
        If the base has no plan, no other scenario has, or the case has no such key.
    """
    plans = _with_plans(sweep)
    if BASE not in plans or len(plans) == 1:
        raise OptimizerError(f"scenario {BASE!r} and another one need a plan each")
    slots = sweep.tables["slots"]
    known = [name for name in _KEYS if name in slots and slots[name].ne("").any()]
    if by not in known:
        raise not_among(known, by, "slots have no")
    wide = slots.pivot_table(index=by, columns="scenario", values="slots", aggfunc="sum")
    wide = wide.fillna(0).reindex(columns=plans, fill_value=0)
    base = wide[BASE]
    parts = []
    for name in plans:
        if name != BASE:
            part = pd.DataFrame({"base": base, "slots": wide[name]})
            part.insert(0, "scenario", name)
            parts.append(part.rename_axis(by).reset_index())
    rows = pd.concat(parts, ignore_index=True)
    rows["difference"] = rows["slots"] - rows["base"]
    rows["status"] = more_or_fewer(rows["difference"])
    order = {name: at for at, name in enumerate(plans)}
    rows["at"] = rows["scenario"].map(order)
    rows = rows.sort_values(["at", "difference"], ascending=[True, False], kind="stable")
    rows = rows[["scenario", by, "status", "base", "slots", "difference"]].reset_index(drop=True)
    return Finding(
        name="compared",
        answer=rows,
        sentences=tuple(_compared_in_words(rows, by)),
        provenance={**sweep.provenance, "by": by},
        drawings={"compared": lambda table: _drawn(table, by)},
    )


def more_or_fewer(differences: pd.Series) -> pd.Series:
    """``more``, ``same`` or ``fewer``, by the sign of each difference."""
    signs = differences.gt(0).astype(int) - differences.lt(0).astype(int)
    return signs.map({1: "more", 0: "same", -1: "fewer"})


def _compared_in_words(rows: pd.DataFrame, by: str) -> list[str]:
    told = []
    for scenario, part in rows.groupby("scenario", sort=False):
        gains = part[part["difference"] > 0].head(3)
        losses = part[part["difference"] < 0].iloc[::-1].head(3)
        words = [
            f"{verb} {_named(some, by)}"
            for verb, some in (("more for", gains), ("fewer for", losses))
            if len(some)
        ]
        told.append(f"{scenario}: {'; '.join(words) or 'the same for all'}.")
    return told


def _named(rows: pd.DataFrame, by: str) -> str:
    each = (f"{getattr(row, by)} ({persons(abs(row.difference))})" for row in rows_of(rows))
    return ", ".join(each)


def _drawn(table: pd.DataFrame, by: str) -> Any:
    import altair as alt

    reach = table.groupby(by)["difference"].agg(lambda part: part.abs().max())
    shown = reach[reach > 0].nlargest(30).index.tolist()
    most = float(reach.max()) or 1.0
    scale = alt.Scale(scheme="blueorange", domain=[-most, 0, most], reverse=True)
    return (
        alt.Chart(
            table[table[by].isin(shown)], title="More and fewer slots than with nothing changed"
        )
        .mark_rect()
        .encode(
            x=alt.X("scenario:N", sort=None, axis=alt.Axis(labelLimit=160)),
            y=alt.Y(f"{by}:N", sort=shown),
            color=alt.Color("difference:Q", scale=scale),
            tooltip=["scenario", by, "base", "slots", "difference"],
        )
        .properties(width={"step": 26}, height={"step": 16})
    )
