"""Penalties of a plan: soft limits, and change against today's slots."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from optimizer.frames.grouping import once
from optimizer.plan.checks import changes, limit_rows
from optimizer.plan.subject import PLACE, Subject


def soft_costs(subject: Subject, dropped: Collection[str]) -> pd.DataFrame:
    """Penalties of soft limits that are not dropped.

    Returns
    -------
    pandas.DataFrame
        limit, key, by, place, value, number, percent, points.
    """
    parts = []
    for limit in subject.instance.limits:
        if limit.limit.soft is None or limit.name in dropped:
            continue
        for rows, bound in zip(limit_rows(subject, limit), limit.bounds, strict=True):
            if f"limit_{bound.sense}" in dropped:
                continue
            base = np.array([limit.soft_base(bound, group) for group in limit.groups.index])
            side = 1.0 if bound.sense == "at_most" else -1.0
            beyond = np.maximum(0.0, side * (rows["value"] - rows["limit"]))
            percent = 100.0 * beyond / base
            parts.append(
                pd.DataFrame(
                    {
                        "limit": limit.name,
                        "key": rows["key"],
                        **{name: rows[name] for name in PLACE},
                        "value": rows["value"],
                        "number": rows["limit"],
                        "percent": percent,
                        "points": limit.limit.soft * percent,
                    }
                )
            )
    columns = ["limit", "key", *PLACE, "value", "number", "percent", "points"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def change_costs(subject: Subject) -> pd.DataFrame:
    """year, percent, points: change against the current plan, and what it costs.

    For every plan of a case with a current plan, penalised or not.
    """
    moved = once(changes, subject)
    stability = subject.instance.policy.stability
    penalty = 0.0 if stability is None or stability.penalty is None else stability.penalty
    return pd.DataFrame(
        {
            "year": moved.index.astype("int64"),
            "percent": moved.to_numpy(),
            "points": penalty * moved.to_numpy(),
        }
    )
