"""What soft limits cost a plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optimizer.evaluation.checks import limit_rows
from optimizer.evaluation.subject import Subject


def soft_costs(subject: Subject) -> pd.DataFrame:
    """limit, key, value, number, percent, points: what soft limits cost."""
    parts = []
    for limit in subject.instance.limits:
        if limit.limit.soft is None:
            continue
        for rows, bound in zip(
            limit_rows(subject, limit, limit.name, "limit"), limit.bounds, strict=True
        ):
            base = np.array([limit.soft_base(bound, group) for group in limit.groups.index])
            side = 1.0 if bound.sense == "at_most" else -1.0
            beyond = np.maximum(0.0, side * (rows["value"] - rows["limit"]))
            percent = 100.0 * beyond / base
            parts.append(
                pd.DataFrame(
                    {
                        "limit": limit.name,
                        "key": rows["key"],
                        "value": rows["value"],
                        "number": rows["limit"],
                        "percent": percent,
                        "points": limit.limit.soft * percent,
                    }
                )
            )
    columns = ["limit", "key", "value", "number", "percent", "points"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
