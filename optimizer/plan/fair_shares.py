"""How fairly a plan divides what the policy asks about: a row a division, and a row a group."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd

from optimizer.instance.divisions import JoinedDivision
from optimizer.plan.inequality import inequality
from optimizer.plan.subject import Subject

FAIRNESS = {
    **dict.fromkeys(("fairness", "measure", "unit", "relative_to"), "str"),
    **dict.fromkeys(("groups", "left_out"), "int64"),
    **dict.fromkeys(("total", "gini", "hoover", "jain", "theil", "palma"), "float64"),
    "largest_to_smallest": "float64",
    **dict.fromkeys(("lowest_group", "highest_group"), "str"),
    **dict.fromkeys(("lowest_rate", "highest_rate"), "float64"),
}
"""Columns of the table ``fairness``."""

FAIRNESS_GROUPS = {
    **dict.fromkeys(("fairness", "group"), "str"),
    **dict.fromkeys(("amount", "need", "rate", "share", "need_share"), "float64"),
}
"""Columns of the table ``fairness_groups``."""


def fairness_tables(s: Subject) -> dict[str, pd.DataFrame]:
    """Tables ``fairness`` and ``fairness_groups``; see :class:`optimizer.plan.Plan`."""
    found = [(division, groups_of_division(s, division)) for division in s.instance.divisions]
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


def groups_of_division(s: Subject, division: JoinedDivision) -> pd.DataFrame:
    """What every group gets.

    Returns
    -------
    pandas.DataFrame
        Index: group; amount (of the measure), need (blank where all groups count the same), rate
        (amount for each unit of need; the amount without needs), share and need_share (of all
        groups).
    """
    labels = division.groups.index
    amount = s.at(labels, division.measured, ["group"])
    weights = division.needs.to_numpy()
    total = float(amount.sum())
    return pd.DataFrame(
        {
            "amount": amount,
            "need": weights if division.fairness.relative_to else np.nan,
            "rate": amount / weights,
            "share": amount / total if total > 0 else np.nan,
            "need_share": weights / weights.sum(),
        },
        index=pd.Index(labels, name="group"),
    )


def _row(division: JoinedDivision, groups: pd.DataFrame) -> dict[str, object]:
    fairness, rates = division.fairness, groups["rate"]
    return {
        "fairness": fairness.name,
        "measure": fairness.measure,
        "unit": fairness.counts.unit,
        "relative_to": fairness.relative_to or "",
        "groups": len(groups),
        "left_out": len(division.left_out),
        "total": float(groups["amount"].sum()),
        **asdict(inequality(groups["amount"].to_numpy(), division.needs.to_numpy())),
        "lowest_group": str(rates.idxmin()),
        "highest_group": str(rates.idxmax()),
        "lowest_rate": float(rates.min()),
        "highest_rate": float(rates.max()),
    }
