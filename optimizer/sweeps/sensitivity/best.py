"""Which plan is best where: the best of some plans over two levers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.frames import rows_of
from optimizer.plan import Plan
from optimizer.report.colours import QUALITATIVE
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.sensitivity.answers import (
    alone,
    answers_of,
    changes_in_order,
    require_lever,
    shown_changes,
)
from optimizer.sweeps.sensitivity.finding import Finding
from optimizer.sweeps.sensitivity.payoffs import payoffs
from optimizer.text.figures import counted, figure

_CLEAR, _CLOSE, _NONE = "clear", "close", "none"
_ROUNDING = 1e-9
"""Relative lead of one plan over another that is none."""
_SMALL = 1e-6
"""Points that are none in words."""


@typed
def best_plans(
    sweep: Sweep,
    first: str,
    second: str,
    plans: Finding | Mapping[str, Plan] | Sequence[str] | None = None,
) -> Finding:
    """Show over two levers which of some plans is best, held as it is and evaluated again.

    Parameters
    ----------
    first, second
        Addresses that the study changes; the scenarios that change these and nothing else count.
    plans
        As for :func:`payoffs`; or what that has found, so that nothing is evaluated again.

    Returns
    -------
    Finding
        One row a scenario: first, second (the changes), scenario, status, plan, points,
        runner_up (the best of the other plans that keep every rule), lead (points ahead of it),
        open_points (what the gap of the scenario leaves open above the best that is known there).
        The status is ``clear``; ``close`` where the lead is no larger than what the gap leaves
        open, so that another plan could be best once more is proven; ``none`` where none of the
        plans keeps every rule. A plan without a runner-up is clear. The table ``plans`` has a row
        each: plan, scenarios (in which it is best), clear (in which clearly), holds.

    Raises
    ------
    OptimizerError
        If the levers are one, no scenario changes both and nothing else, or there is no plan.
    """
    answers = answers_of(sweep)
    require_lever(answers, first)
    require_lever(answers, second)
    if first == second:
        raise OptimizerError(f"{first} is named twice; plans are shown over two levers")
    names = alone(answers, first, second)
    changes = {
        lever: [str(answers.levers.loc[name, lever]) for name in names] for lever in (first, second)
    }
    if not any(all(pair) for pair in zip(*changes.values(), strict=True)):
        raise OptimizerError(f"no scenario changes both {first} and {second}, and nothing else")
    held = plans if isinstance(plans, Finding) else payoffs(sweep, plans)
    if held.name != "payoffs":
        raise OptimizerError(f"plans is {held!r}\n    Expected what payoffs has found, or plans.")
    payoff = held.table[held.table["scenario"].isin(names)]
    rows = pd.DataFrame(
        {
            "first": shown_changes(changes[first]),
            "second": shown_changes(changes[second]),
            "scenario": pd.Series(names, dtype="str"),
        }
    )
    rows = rows.merge(bests(payoff), on="scenario", how="left", validate="1:1")
    rows = rows.drop_duplicates(["first", "second"], keep="last").reset_index(drop=True)
    counts = _counted(rows, payoff)
    return Finding(
        name="best_plans",
        answer=rows,
        sentences=tuple(_in_words(rows, counts)),
        provenance={**held.provenance, "first": first, "second": second},
        tables={"plans": counts},
        drawings={"best_plans": lambda table: _drawn(table, counts, first, second)},
    )


def bests(payoff: pd.DataFrame) -> pd.DataFrame:
    """Give the best plan of every scenario of a table of payoffs, and how clearly it is.

    Parameters
    ----------
    payoff
        plan, scenario, status, points, regret and most_regret, as :func:`payoffs` gives them. The
        gap of a scenario leaves open most_regret less regret.

    Returns
    -------
    pandas.DataFrame
        scenario, status, plan, points, runner_up, lead, open_points.
    """
    found = []
    for scenario, part in payoff.groupby("scenario", sort=False):
        kept = part[part["status"].eq("holds")]
        kept = kept.sort_values("points", ascending=False, kind="stable").reset_index(drop=True)
        row: dict[str, object] = {"scenario": scenario, "status": _NONE, "plan": ""}
        row |= {"points": np.nan, "runner_up": "", "lead": np.nan, "open_points": np.nan}
        if len(kept):
            best = kept.iloc[0]
            left_open = best["most_regret"] - best["regret"]
            row |= {"plan": best["plan"], "points": best["points"], "open_points": left_open}
            row["status"] = _CLEAR
        if len(kept) > 1:
            lead = kept["points"].iloc[0] - kept["points"].iloc[1]
            row |= {"runner_up": kept["plan"].iloc[1], "lead": lead}
            unsure = max(left_open, _ROUNDING * max(1.0, abs(best["points"])))
            row["status"] = _CLOSE if lead <= unsure else _CLEAR
        found.append(row)
    return pd.DataFrame(found)


def _counted(rows: pd.DataFrame, payoff: pd.DataFrame) -> pd.DataFrame:
    here = payoff[payoff["scenario"].isin(rows["scenario"])]
    names = list(dict.fromkeys(here["plan"]))

    def count(some: pd.DataFrame) -> list[int]:
        return [int(some["plan"].eq(name).sum()) for name in names]

    return pd.DataFrame(
        {
            "plan": pd.Series(names, dtype="str"),
            "status": "held",
            "scenarios": count(rows),
            "clear": count(rows[rows["status"].eq(_CLEAR)]),
            "holds": count(here[here["status"].eq("holds")]),
        }
    )


def _in_words(rows: pd.DataFrame, counts: pd.DataFrame) -> list[str]:
    told = [f"{counted(len(counts), 'plan')} in {counted(len(rows), 'scenario')}."]
    if len(counts) > 1:
        told = [f"{told[0]} There may be better plans than these."]
    found = counts[counts["scenarios"].gt(0)]
    for row in rows_of(found.sort_values("scenarios", ascending=False, kind="stable")):
        told.append(
            f"{row.plan} is best in {row.scenarios}, clearly in {row.clear}; it keeps every rule "
            f"in {row.holds}."
        )
    never = counts.loc[counts["scenarios"].eq(0), "plan"]
    if len(never):
        told.append(f"Nowhere better than these: {', '.join(never)}.")
    close = rows[rows["status"].eq(_CLOSE)]
    if len(close):
        most = float(close["open_points"].max())
        leads = f"leads by no more than the gap leaves open (up to {figure(most, 3)} points)"
        shared = "shares its place with another" if most < _SMALL else leads
        told.append(f"In {len(close)} the best plan {shared}: too close to be sure.")
    lost = int(rows["status"].eq(_NONE).sum())
    if lost:
        told.append(f"In {lost} none of these plans keeps every rule.")
    return told


def _drawn(table: pd.DataFrame, counts: pd.DataFrame, first: str, second: str) -> Any:
    import altair as alt

    # A letter a plan, so that plans are told apart in print as well.
    best = counts.loc[counts["scenarios"].gt(0), "plan"].tolist()
    letters = {plan: _letter(at) for at, plan in enumerate(best)}
    labels = [f"{letters[plan]}: {plan}" for plan in best]
    fills = [QUALITATIVE[at % len(QUALITATIVE)].fill for at in range(len(best))]
    shown = table.assign(
        best=table["plan"].map(lambda plan: f"{letters[plan]}: {plan}" if plan else None),
        shown=[_shown_cell(row, letters) for row in rows_of(table)],
    )
    base = alt.Chart(shown, title="Which plan is best where (pale: too close to be sure)").encode(
        x=alt.X(
            "second:N",
            title=second,
            sort=changes_in_order(table["second"]),
            axis=alt.Axis(labelAngle=0),
        ),
        y=alt.Y("first:N", title=first, sort=changes_in_order(table["first"])),
    )
    legend = alt.Legend(labelLimit=320, symbolOpacity=0.85, orient="bottom", columns=1)
    scale = alt.Scale(domain=labels, range=fills)
    squares = base.mark_rect(strokeWidth=2).encode(
        color=alt.Color("best:N", title="best plan", scale=scale, legend=legend),
        stroke=alt.Stroke("best:N", scale=scale, legend=None),
        fillOpacity=alt.condition("datum.status == 'clear'", alt.value(0.85), alt.value(0.2)),
        tooltip=["scenario", "status", "plan", "points", "runner_up", "lead", "open_points"],
    )
    text = base.mark_text(fontSize=11).encode(text="shown:N")
    return (squares.transform_filter("datum.status != 'none'") + text).properties(
        width={"step": 62}, height={"step": 34}
    )


def _letter(at: int) -> str:
    """A, B, ..., Z, A1, B1, ..."""
    return f"{chr(ord('A') + at % 26)}{at // 26 or ''}"


def _shown_cell(row: Any, letters: Mapping[str, str]) -> str:
    if row.status == _NONE:
        return _NONE
    if np.isnan(row.lead):
        return letters[row.plan]
    small = row.lead <= _ROUNDING * max(1.0, abs(row.points))
    return f"{letters[row.plan]} tie" if small else f"{letters[row.plan]} +{row.lead:.2g}"
