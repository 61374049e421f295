"""How fairly a plan divides what the policy asks about: a row a division, and a row a group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import ceil, inf, isfinite, log10
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from optimizer.frames import rows_of
from optimizer.frames.arrays import Floats
from optimizer.frames.grouping import once
from optimizer.instance.attributes import value_in_words
from optimizer.instance.divisions import JoinedDivision
from optimizer.plan.checks import goal_values
from optimizer.plan.inequality import IS_LOWEST, inequality, standing_of
from optimizer.plan.subject import Subject
from optimizer.policy import Fairness
from optimizer.schema.measures import MEASURES
from optimizer.text.figures import counted, figure

OF_SCALE = "goal.scale"
"""What values of goals that count by their scales are told to be relative to: no need has it."""
_SAME = 1e-9
"""Relative difference of rates that rounding leaves."""

FAIRNESS = {
    **dict.fromkeys(("fairness", "measure", "unit", "relative_to"), "str"),
    **dict.fromkeys(("groups", "left_out"), "int64"),
    **dict.fromkeys(("total", "gini", "hoover", "jain", "theil", "palma"), "float64"),
    "largest_to_smallest": "float64",
    **dict.fromkeys(("lowest_group", "highest_group"), "str"),
    "at_lowest": "int64",
    **dict.fromkeys(("lowest_rate", "highest_rate"), "float64"),
}
"""Columns of the table ``fairness``."""

FAIRNESS_GROUPS = {
    **dict.fromkeys(("fairness", "group", "called"), "str"),
    **dict.fromkeys(("amount", "need", "rate", "share", "need_share"), "float64"),
}
"""Columns of the table ``fairness_groups``."""


def fairness_tables(s: Subject, scales: Mapping[str, float]) -> dict[str, pd.DataFrame]:
    """Tables ``fairness`` and ``fairness_groups``; see :class:`optimizer.plan.Plan`.

    Parameters
    ----------
    scales
        Raw value of each goal that counts as 1.
    """
    divisions = s.instance.divisions
    found = [(division, groups_of_division(s, division, scales)) for division in divisions]
    rows = [_row(division, groups) for division, groups in found]
    groups = [
        table.reset_index().assign(fairness=division.fairness.name) for division, table in found
    ]
    return {
        "fairness": pd.DataFrame(rows, columns=list(FAIRNESS)).astype(FAIRNESS),
        "fairness_groups": _stacked(groups),
    }


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame(columns=list(FAIRNESS_GROUPS)).astype(FAIRNESS_GROUPS)
    found = pd.concat(tables, ignore_index=True)
    return found[list(FAIRNESS_GROUPS)].astype(FAIRNESS_GROUPS)


def groups_of_division(
    s: Subject, division: JoinedDivision, scales: Mapping[str, float]
) -> pd.DataFrame:
    """What every group gets.

    Returns
    -------
    pandas.DataFrame
        Index: group; called (values of its attributes), amount (of the measure), need (blank
        where all groups count the same), rate (amount for each unit of need; the amount without
        needs), share and need_share (of all groups).
    """
    labels = division.groups.index
    if division.accounts is None:
        amount = s.at(labels, division.measured, ["group"])
    else:
        values = values_in(division, once(goal_values, s), s.instance.anyway)
        amount = division.account_weights(scales).to_numpy() @ values
    weights = division.needs.to_numpy()
    total = float(amount.sum())
    return pd.DataFrame(
        {
            "called": called_groups(division.groups),
            "amount": amount,
            "need": weights if division.fairness.relative_to else np.nan,
            "rate": amount / weights,
            "share": amount / total if total > 0 else np.nan,
            "need_share": weights / weights.sum(),
        },
        index=pd.Index(labels, name="group"),
    )


def values_in(
    division: JoinedDivision, earned: Mapping[str, float], anyway: Mapping[str, float]
) -> Floats:
    """Values that goals have, for the columns of :attr:`JoinedDivision.accounts`.

    Parameters
    ----------
    earned, anyway
        By what a plan decides, and whatever it decides.
    """
    assert division.accounts is not None, "whole values are divided"
    beside = 0.0 if division.fairness.planned else 1.0
    return np.array([earned[goal] + beside * anyway[goal] for goal in map(str, division.accounts)])


def called_groups(groups: pd.DataFrame) -> list[str]:
    """Values of the attributes of every group."""
    cells = groups.itertuples(index=False, name=None)
    return [", ".join(map(value_in_words, values)) for values in cells]


def _row(division: JoinedDivision, groups: pd.DataFrame) -> dict[str, object]:
    fairness, rates = division.fairness, groups["rate"]
    return {
        "fairness": fairness.name,
        "measure": fairness.measure,
        "unit": fairness.counts.unit,
        "relative_to": _relative_to(fairness),
        "groups": len(groups),
        "left_out": len(division.left_out),
        "total": float(groups["amount"].sum()),
        **asdict(inequality(groups["amount"].to_numpy(), division.needs.to_numpy())),
        "lowest_group": str(rates.idxmin()),
        "highest_group": str(rates.idxmax()),
        "at_lowest": int((standing_of(rates.to_numpy(dtype=float)) == IS_LOWEST).sum()),
        "lowest_rate": float(rates.min()),
        "highest_rate": float(rates.max()),
    }


def fairness_words(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """How evenly each division is made, a sentence each.

    Parameters
    ----------
    tables
        ``fairness`` and ``fairness_groups``.
    """
    groups = tables["fairness_groups"].set_index(["fairness", "group"])["called"]
    return [
        _sentence(
            row,
            groups[row.fairness, row.lowest_group],
            groups[row.fairness, row.highest_group],
        )
        for row in rows_of(tables["fairness"])
    ]


def measured_per(row: Any) -> tuple[str, float]:
    """What the rates of a division are of, and by how much they are multiplied to be read easily.

    Parameters
    ----------
    row
        Of the table ``fairness``.
    """
    noun = MEASURES[row.measure].noun
    if not row.relative_to:
        return noun, 1.0
    if row.relative_to == OF_SCALE:
        return f"scaled {noun}", 1.0
    is_small = 0.0 < row.highest_rate < 1.0
    per = 10.0 ** ceil(-log10(row.highest_rate)) if is_small else 1.0
    need = row.relative_to.rpartition(".")[2]
    return f"{noun} per {figure(per)} of {need}" if per > 1.0 else f"{noun} per unit of {need}", per


def _relative_to(fairness: Fairness) -> str:
    return OF_SCALE if fairness.scaled else fairness.relative_to or ""


def rates_called(fairness: Fairness, highest: float) -> tuple[str, float]:
    """The same of a division, by the highest of its rates."""
    return measured_per(
        SimpleNamespace(
            measure=fairness.measure, relative_to=_relative_to(fairness), highest_rate=highest
        )
    )


def _sentence(row: Any, lowest_group: str, highest_group: str) -> str:
    what, per = measured_per(row)
    left_out = f" {counted(row.left_out, 'group')} without need left out." if row.left_out else ""
    if not isfinite(row.gini) and row.lowest_rate >= 0.0:
        return f"{row.fairness}: no {MEASURES[row.measure].noun} to divide.{left_out}"
    more = f" and {row.at_lowest - 1:,} more" if row.at_lowest > 1 else ""
    apart = "" if row.largest_to_smallest == inf else f", {row.largest_to_smallest:.3g} times that"
    lowest, highest = (figure(rate * per, 4) for rate in (row.lowest_rate, row.highest_rate))
    if not isfinite(row.gini):
        return (
            f"{row.fairness} ({what}): from {lowest} ({lowest_group}{more}) to {highest} "
            f"({highest_group}); below 0, nothing says how even that is.{left_out}"
        )
    if row.largest_to_smallest <= 1.0 + _SAME:
        return f"{row.fairness} ({what}): {lowest} in every group.{left_out}"
    return (
        f"{row.fairness} ({what}): from {lowest} ({lowest_group}{more}) to {highest} "
        f"({highest_group}){apart}; Gini {row.gini:.3f}; {row.hoover:.1%} would have to go "
        f"elsewhere for all to get the same.{left_out}"
    )
