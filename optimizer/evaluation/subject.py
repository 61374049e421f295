"""What is checked, and the shape of a checked row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.evaluation.arrays import Values
from optimizer.frames import labels
from optimizer.instance import Instance
from optimizer.plan import Decisions

ROW = ["rule", "key", "value", "sense", "limit"]


TOLERANCE = 1e-6
"""Relative to the larger of 1 and the limit: what a plan may be beyond a limit by rounding."""


@dataclass(frozen=True)
class Subject:
    """What is checked: a plan's values on the frames of an instance, and its money moved."""

    instance: Instance
    values: Values
    decisions: Decisions

    def total(self, terms_: pd.DataFrame, by: list[str]) -> pd.Series:
        """Sum of the terms' amounts by key."""
        amounts = terms_[by].assign(amount=self.values.amounts(terms_))
        return amounts.groupby(by, sort=False)["amount"].sum()


def rows(
    rule: str, key: pd.DataFrame | pd.Index, value: object, sense: str, limit: object
) -> pd.DataFrame:
    """Checked rows of one rule; ``key`` is a frame or index of key columns."""
    if isinstance(key, pd.Index):
        key = key.to_frame(index=False)
    frame = pd.DataFrame({"key": pd.Series(labels(key), dtype="str")}).assign(rule=rule)
    return frame.assign(
        value=np.asarray(value, dtype=float), sense=sense, limit=np.asarray(limit, dtype=float)
    )[ROW]
