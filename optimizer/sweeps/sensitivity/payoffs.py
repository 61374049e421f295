"""Plans of a study in all of its scenarios: what each would be worth, and where it breaks a rule.

Every plan is held as it is and checked again in every scenario, without a solver. Regret is what
a plan earns less than the best known in a scenario (Savage, Journal of the American Statistical
Association 46 (1951), 55-67).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.frames import rows_of
from optimizer.frames.memory import Memory
from optimizer.instance import joined
from optimizer.plan import Decisions, Plan
from optimizer.plan.evaluation import Evaluation, evaluate_decisions
from optimizer.plan.question import asked
from optimizer.sweeps.outcomes import SOLVED
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.sensitivity.finding import Finding
from optimizer.text.figures import counted, figure

_HOLDS, _BROKEN = "holds", "broken"
_MOST_NAMED = 8
_WORST = 0.1
"""Part of the probability whose mean is the mean of the worst."""


@typed
def payoffs(
    sweep: Sweep, plans: Mapping[str, Plan] | Sequence[str] | None = None, *, within: float = 0.01
) -> Finding:
    """Hold plans against every scenario of a sweep.

    Parameters
    ----------
    plans
        Names of scenarios whose plans are held; or other plans by name, such as that of a run;
        without it, every plan of the sweep that is not the same as one before. Each is checked
        once a scenario, which takes about half a second on a large case.
    within
        Share of the best points that counts as nearly as good.

    Returns
    -------
    Finding
        Its table has a row for every plan in every scenario: plan, scenario, status (``holds`` or
        ``broken``), points, best (the most known in the scenario), regret (missing where a rule is
        broken), most_regret (against the bound of the scenario), broken (rows of rules), first
        (the first of them in words). The table ``plans`` has a row each: plan, holds (share of
        scenarios in which it keeps every rule, by their probability), near (share in which it also
        is within ``within`` of the best), expected_points, worst_points (mean of the worst
        tenth), expected_regret, max_regret, most_max_regret, first_failure; sums are missing where
        a plan breaks a rule somewhere. Scenarios in which no plan is known count in none of them.

    Raises
    ------
    OptimizerError
        If there is no plan, as where only relaxations were solved.
    """
    held = _held(sweep, plans)
    weights = _probabilities(sweep)
    rows = pd.DataFrame(list(_rows(sweep, held)))
    rows = _with_regret(sweep, rows)
    possible = rows.groupby("scenario", sort=False)["best"].first().notna()
    weights = weights[possible.index[possible]]
    summary = _summary(rows[rows["scenario"].isin(weights.index)], weights / weights.sum(), within)
    equal = bool(sweep.tables["scenarios"]["probability"].isna().any())
    return Finding(
        name="payoffs",
        answer=rows,
        sentences=tuple(_in_words(summary, possible, within, equal=equal)),
        provenance={**sweep.provenance, "within": within},
        tables={"plans": summary},
        drawings={"payoffs": _drawn},
    )


def _held(sweep: Sweep, plans: Mapping[str, Plan] | Sequence[str] | None) -> dict[str, Decisions]:
    """Decisions of the plans by name, the same ones once."""
    if isinstance(plans, Mapping):
        return {name: plan.decisions for name, plan in plans.items()}
    if plans is not None:
        held = {name: sweep.plan(name).decisions for name in plans}
        if not held:
            raise OptimizerError("there are no plans to hold\n    Expected names of scenarios.")
        return held
    found = {name: plan.decisions for name, plan in distinct_plans(sweep).items()}
    if not found:
        raise OptimizerError("no scenario has a plan that could be held against the others")
    return found


def distinct_plans(sweep: Sweep, most: int | None = None) -> dict[str, Plan]:
    """Plans of a sweep in the order of the study, the same ones once; ``most`` of them at most."""
    table = sweep.table
    found: dict[str, Decisions] = {}
    for name in table.loc[table["status"].isin(SOLVED), "scenario"]:
        if len(found) == most:
            break
        decisions = sweep.decisions(name)
        if all(decisions != other for other in found.values()):
            found[name] = decisions
    return {name: sweep.plan(name) for name in found}


def _probabilities(sweep: Sweep) -> pd.Series:
    """Probability of every scenario; all alike where the study gives none."""
    table = sweep.tables["scenarios"].set_index("scenario")["probability"]
    if table.isna().any():
        return pd.Series(1.0 / len(table), index=table.index)
    return table


def _rows(sweep: Sweep, held: Mapping[str, Decisions]) -> Iterator[dict[str, object]]:
    scales, memory = dict(sweep.provenance["scales"]), Memory()
    for scenario in sweep.scenarios:
        question = asked(sweep.policy, sweep.case, scenario.changes)
        instance = joined(question.case, question.policy, memory)
        for name, decisions in held.items():
            evaluation = evaluate_decisions(instance, decisions, scales, verdict_only=True)
            yield {
                "plan": name,
                "scenario": scenario.name,
                "status": _HOLDS if evaluation.holds else _BROKEN,
                "points": evaluation.points,
                "broken": len(evaluation.violations),
                "first": _first(evaluation),
            }


def _first(evaluation: Evaluation) -> str:
    return "" if evaluation.holds else evaluation.in_words()[0]


def _with_regret(sweep: Sweep, rows: pd.DataFrame) -> pd.DataFrame:
    """Add the best known of each scenario, and what each plan earns less."""
    own = sweep.table.set_index("scenario")
    solved = own["status"].isin(SOLVED)
    kept = rows[rows["status"].eq(_HOLDS)].groupby("scenario")["points"].max()
    best = own["points"].where(solved).combine(kept, np.fmax).reindex(own.index)
    bound = own["bound"].where(solved).combine(best, np.fmax)
    holds = rows["status"].eq(_HOLDS)
    rows["best"] = rows["scenario"].map(best)
    rows["regret"] = (rows["best"] - rows["points"]).where(holds)
    rows["most_regret"] = (rows["scenario"].map(bound) - rows["points"]).where(holds)
    columns = ["plan", "scenario", "status", "points", "best", "regret", "most_regret"]
    return rows[[*columns, "broken", "first"]]


def worst_mean(points: pd.Series, weights: pd.Series, share: float = _WORST) -> float:
    """Mean of the lowest points that make up a share of the probability.

    Conditional value at risk, Rockafellar and Uryasev (2000), Journal of Risk 2, 21-41; a
    scenario at the edge counts with the part of its probability that is needed.

    Examples
    --------
    >>> round(worst_mean(pd.Series([1.0, 2.0, 9.0]), pd.Series([0.05, 0.45, 0.5])), 3)
    1.5
    """
    order = points.sort_values(kind="stable").index
    before = weights[order].cumsum() - weights[order]
    counted = (share - before).clip(lower=0.0, upper=weights[order])
    return float((points[order] * counted).sum() / counted.sum())


def _summary(rows: pd.DataFrame, weights: pd.Series, within: float) -> pd.DataFrame:
    found = []
    for name, part in rows.groupby("plan", sort=False):
        plan = part.set_index("scenario")
        weight = weights[plan.index]
        holds = plan["status"].eq(_HOLDS)
        room = within * plan["best"].abs()
        everywhere = bool(holds[weight > 0].all())
        failing = plan.loc[~holds, "first"]
        counted = plan[weight > 0]
        nothing = float("nan")
        found.append(
            {
                "plan": name,
                "status": _HOLDS if everywhere else _BROKEN,
                "holds": float(weight[holds].sum()),
                "near": float(weight[holds & plan["regret"].le(room)].sum()),
                "expected_points": float((plan["points"] * weight).sum())
                if everywhere
                else nothing,
                "worst_points": worst_mean(plan["points"], weight) if everywhere else nothing,
                "expected_regret": float((plan["regret"] * weight).sum())
                if everywhere
                else nothing,
                "max_regret": counted["regret"].max(skipna=False) if everywhere else nothing,
                "most_max_regret": counted["most_regret"].max(skipna=False)
                if everywhere
                else nothing,
                "first_failure": ""
                if not len(failing)
                else f"{failing.index[0]}: {failing.iloc[0]}",
            }
        )
    return pd.DataFrame(found)


def _in_words(
    summary: pd.DataFrame, possible: pd.Series, within: float, *, equal: bool
) -> list[str]:
    every = summary[summary["status"].eq(_HOLDS)]
    plans, scenarios = counted(len(summary), "plan"), counted(int(possible.sum()), "scenario")
    told = [f"{plans} in {scenarios}."]
    if len(summary) > 1:
        told = [f"{told[0]} There may be better plans than these."]
    if not possible.all():
        left = ", ".join(map(str, possible.index[~possible][:_MOST_NAMED]))
        told.append(f"Left out, since no plan is known there: {left}.")
    if equal:
        told.append("All scenarios count alike, since the study gives no probabilities.")
    if len(summary) == 1:
        row = next(rows_of(summary))
        told.append(
            f"{row.plan} keeps every rule in {row.holds:.0%} of the scenarios, and is within "
            f"{100 * within:.3g}% of the best points in {row.near:.0%}."
        )
        if row.max_regret == row.max_regret:
            told.append(f"Elsewhere other plans have up to {figure(row.max_regret)} points more.")
    elif len(every):
        for column, words, lowest in (
            ("max_regret", "The least maximal regret", True),
            ("expected_points", "The most expected points", False),
            ("worst_points", "The most points in the worst tenth", False),
        ):
            row = every.sort_values(column, ascending=lowest, kind="stable").iloc[0]
            told.append(f"{words}: {row['plan']} ({figure(row[column])} points).")
    else:
        row = summary.sort_values("holds", ascending=False, kind="stable").iloc[0]
        told.append(
            f"No plan keeps every rule everywhere; {row['plan']} does in {row['holds']:.0%} of the "
            "scenarios."
        )
    for row in rows_of(summary[summary["first_failure"].ne("")].head(1 if len(every) else 3)):
        told.append(f"{row.plan} breaks a rule in {row.first_failure}.")
    return told


def _drawn(table: pd.DataFrame) -> Any:
    import altair as alt

    plans, scenarios = (list(dict.fromkeys(table[name])) for name in ("plan", "scenario"))
    shown = table.assign(shown=table["regret"].map(lambda value: f"{value:.3g}"))
    shown["shown"] = shown["shown"].where(shown["status"].eq(_HOLDS), "breaks")
    base = alt.Chart(shown, title="Regret of each plan in each scenario (points)").encode(
        x=alt.X("scenario:N", sort=scenarios, axis=alt.Axis(labelLimit=160)),
        y=alt.Y("plan:N", sort=plans, axis=alt.Axis(labelLimit=160)),
    )
    squares = base.mark_rect().encode(
        color=alt.Color("regret:Q", scale=alt.Scale(scheme="oranges")),
        tooltip=["plan", "scenario", "status", "points", "best", "regret", "first"],
    )
    return (squares + base.mark_text(fontSize=11).encode(text="shown:N")).properties(
        width={"step": 46}, height={"step": 24}
    )
