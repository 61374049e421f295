"""A fairest plan beside the one with the most points: tables, words and a chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from optimizer.frames.arrays import Floats
from optimizer.plan.fair_shares import called_groups, rates_called
from optimizer.plan.inequality import inequality, standing_of
from optimizer.session.aims.disagreement import TODAY
from optimizer.session.aims.nash import LEAST_GAIN
from optimizer.session.aims.planning import FairSolution
from optimizer.session.aims.product import PRODUCT
from optimizer.session.aims.steps import ALL_POINTS
from optimizer.text.figures import counted, figure

MOST_POINTS, FAIREST = "most points", "fairest"
_TITLES = {"max_min": "max-min", "leximin": "leximin", "nash": "Nash"}
_SAME = 1e-9
"""Part of an amount, and the least amount, that rounding leaves."""
_COLOURS = {MOST_POINTS: "#9aa0a6", FAIREST: "#0072b2"}


def fair_plan_tables(found: FairSolution) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Groups in both plans, and the tables of :class:`optimizer.tradeoffs.fair_plans.FairPlan`."""
    division = found.division
    needs = division.needs.to_numpy(dtype=float)
    rates = found.fair / needs
    groups = pd.DataFrame(
        {
            "group": division.groups.index.astype("str"),
            "called": called_groups(division.groups),
            "need": needs if division.fairness.relative_to else np.nan,
            "amount": found.fair,
            "rate": rates,
            "most_points_amount": found.best,
            "most_points_rate": found.best / needs,
            "change": found.fair - found.best,
            "status": pd.Series(standing_of(rates), dtype="str"),
        }
    )
    plans = [
        _plan_row(MOST_POINTS, found.best_points, found.best, found),
        _plan_row(FAIREST, found.fair_points, found.fair, found),
    ]
    tables = {"plans": pd.DataFrame(plans), "steps": _steps(found)}
    if found.disagreement is not None:
        tables["disagreement"] = pd.DataFrame(
            {
                "group": groups["group"],
                "amount": found.disagreement.amounts,
                "gain": found.fair - found.disagreement.amounts,
            }
        )
    return groups, tables


def _plan_row(name: str, points: float, amounts: Floats, found: FairSolution) -> dict[str, object]:
    needs = found.division.needs.to_numpy(dtype=float)
    rates, figures = amounts / needs, inequality(amounts, needs)
    return {
        "plan": name,
        "points": points,
        "total": float(amounts.sum()),
        "gini": figures.gini,
        "hoover": figures.hoover,
        "lowest_rate": float(rates.min()),
        "highest_rate": float(rates.max()),
        "lowest_group": str(found.division.groups.index[int(rates.argmin())]),
    }


def _steps(found: FairSolution) -> pd.DataFrame:
    """Values of steps: rates in units of the measure and of need, points and logarithms as such."""
    units = {ALL_POINTS: 1.0, PRODUCT: 1.0, LEAST_GAIN: found.unit}
    rows = []
    for number, step in enumerate(found.aimed.steps, start=1):
        by = units.get(step.aimed_at, found.unit / found.need_unit)
        rows.append(
            {
                "step": number,
                "aimed_at": step.aimed_at,
                "value": step.value * by,
                "bound": step.bound * by,
                "status": step.status,
                "seconds": step.seconds,
            }
        )
    return pd.DataFrame(rows)


def rates_of(found: FairSolution, groups: pd.DataFrame) -> tuple[str, float]:
    """What rates are of, and by how much they are multiplied to be read easily."""
    highest = float(max(groups["rate"].max(), groups["most_points_rate"].max()))
    return rates_called(found.division.fairness, highest)


def fair_plan_in_words(
    found: FairSolution, groups: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> list[str]:
    """What the aim brought, and what is given up for it."""
    name, aim = found.division.fairness.name, _TITLES[found.aim.name]
    most = tables["plans"].set_index("plan")["points"]
    what, per = rates_of(found, groups)
    subject = "relaxed plans" if found.aim.is_relaxed else "plans"
    words = [
        f"Aim {aim} of {name} ({what}), among {subject} of at least {_share_in_words(found)} of "
        f"the most points: {figure(found.least_points)} of {figure(most[MOST_POINTS])}."
    ]
    words += _disagreement_in_words(found)
    words.append(_lowest_in_words(found, groups, per))
    words.append(_points_in_words(found, float(most[MOST_POINTS]), float(most[FAIREST])))
    near = _SAME * np.maximum(1.0, groups[["amount", "most_points_amount"]].abs().max(axis=1))
    up, down = (int((groups["change"] * sign > near).sum()) for sign in (1.0, -1.0))
    words.append(
        f"More than in the plan with the most points: {up} of {counted(len(groups), 'group')}; "
        f"less: {down}. Gini {_gini(tables, MOST_POINTS)} before, {_gini(tables, FAIREST)} now."
    )
    if found.division.left_out:
        words.append(f"{counted(len(found.division.left_out), 'group')} without need left out.")
    return words


def _points_in_words(found: FairSolution, most: float, points: float) -> str:
    """What the plan has of points, and whether others that are as fair have more."""
    as_fair = "give every group as much" if found.aim.name == "nash" else "are as fair"
    lost = max(0.0, most - points)
    fewer = f"{figure(lost)} ({lost / abs(most) if most else 0.0:.2%}) fewer"
    if not found.aimed.has_most_points:
        told = f"It has {figure(points)} points, which is {fewer}"
        return f"{told}. It is not proven that it has the most among plans that {as_fair}."
    told = f"Among plans that {as_fair} it has the most points"
    return f"{told}: {figure(points)}, which is {fewer}."


def _share_in_words(found: FairSolution) -> str:
    """Least share of the most points, in percent."""
    return f"{100.0 * found.aim.share:.6g}%"


def _gini(tables: Mapping[str, pd.DataFrame], plan: str) -> str:
    value = float(tables["plans"].set_index("plan")["gini"][plan])
    return "none" if np.isnan(value) else f"{value:.3f}"


def _lowest_in_words(found: FairSolution, groups: pd.DataFrame, per: float) -> str:
    lowest = groups[groups["status"].eq("lowest")]
    more = f" and {len(lowest) - 1} more" if len(lowest) > 1 else ""
    before = float(groups["most_points_rate"].min()) * per
    told = (
        f"The lowest rate is {figure(float(groups['rate'].min()) * per, 4)} "
        f"({lowest['called'].iloc[0]}{more}), {figure(before, 4)} in the plan with the most points"
    )
    if found.aimed.is_proven:
        return f"{told}. No such plan is fairer by this aim."
    return f"{told}. It is not proven that no such plan is fairer."


def _disagreement_in_words(found: FairSolution) -> list[str]:
    against = found.disagreement
    if against is None:
        return []
    if against.origin == TODAY:
        return [f"Gains are counted over {TODAY}, which keeps every rule."]
    why = f" ({against.why})" if against.why else ""
    return [
        f"Gains are counted over the least that each group has where, one after the other, every "
        f"group has as much as it can{why}."
    ]


def drawn_aim(groups: pd.DataFrame, what: str, per: float) -> Any:
    """A dot for every group and plan, joined by a line.

    Parameters
    ----------
    what, per
        As :func:`optimizer.plan.fair_shares.measured_per` gives them.
    """
    import altair as alt

    scaled = groups[["rate", "most_points_rate"]] * per
    groups = groups.assign(rate=scaled["rate"], most_points_rate=scaled["most_points_rate"])
    order = groups.sort_values("rate", ascending=False, kind="stable")["called"].tolist()
    long = pd.concat(
        [
            groups[["called"]].assign(plan=plan, rate=groups[column])
            for plan, column in ((MOST_POINTS, "most_points_rate"), (FAIREST, "rate"))
        ],
        ignore_index=True,
    )
    y = alt.Y("called:N", sort=order, title=None, axis=alt.Axis(labelLimit=240))
    line = (
        alt.Chart(groups)
        .mark_rule(color="#c8ccd0", strokeWidth=2)
        .encode(y=y, x=alt.X("rate:Q", title=what), x2="most_points_rate:Q")
    )
    dots = (
        alt.Chart(long)
        .mark_circle(size=70, opacity=1.0)
        .encode(
            y=y,
            x=alt.X("rate:Q", title=what),
            color=alt.Color(
                "plan:N",
                title=None,
                scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
            ),
            tooltip=["called", "plan", "rate"],
        )
    )
    return alt.layer(line, dots).properties(width=420, height={"step": 18})
