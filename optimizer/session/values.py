"""Values of goals at a solution of the relaxation."""

from __future__ import annotations

import pandas as pd

from optimizer.frames.arrays import Floats
from optimizer.persistent import LoadedModel


def relaxed_goal_values(loaded: LoadedModel, x: Floats) -> dict[str, float]:
    """Value of every goal, by name, as the evaluation of a plan counts it.

    Parameters
    ----------
    x
        One number per column of the loaded matrix.
    """

    def at(name: str, index: object) -> float:
        column = loaded.matrix.column(name, index)
        return 0.0 if column is None else float(x[column])

    instance = loaded.instance
    values = {goal: at("value", goal) for goal in instance.policy.goals}
    # Tangents hold what is counted from above alone: of a goal without weight it may be less.
    for goal, curve in instance.diminishing.items():
        raw = {group: at("raw_value", (goal, group)) for group in curve.groups}
        counted = float(curve.counted(pd.Series(raw, dtype=float)).sum())
        values[goal] = counted - instance.anyway[goal]
    return values
