"""What is checked, and the shape of a checked row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.frames import labels
from optimizer.instance import Instance
from optimizer.plan import Decisions
from optimizer.plan.tolerance import allowances
from optimizer.plan.values import Floats, Values
from optimizer.schema.rules import BOUNDS, RULES, Unit

CHECKED = RULES | BOUNDS
"""Every rule of our own that has rows."""

PLACE = ["by", "place"]
"""What names a row as data: columns and their values, each a tuple. ``key`` says it in words."""

ROW = ["rule", "key", *PLACE, "value", "sense", "limit", "unit", "size"]


@dataclass(frozen=True)
class Subject:
    """What is checked: a plan's values on the frames of an instance, and its money moved."""

    instance: Instance
    values: Values
    decisions: Decisions

    def total(self, terms_: pd.DataFrame, by: list[str]) -> pd.Series:
        """Sum of the terms' amounts by key."""
        return self._sum(terms_, by, self.values.amounts(terms_))

    def size(self, terms_: pd.DataFrame, by: list[str]) -> pd.Series:
        """Sum of the terms' absolute amounts by key: what rounding is measured by."""
        return self._sum(terms_, by, np.abs(self.values.amounts(terms_)))

    @staticmethod
    def _sum(terms_: pd.DataFrame, by: list[str], amounts: Floats) -> pd.Series:
        return terms_[by].assign(amount=amounts).groupby(by, sort=False)["amount"].sum()


def rows(
    rule: str,
    key: pd.DataFrame | pd.Index,
    value: object,
    sense: str,
    limit: object,
    *,
    unit: Unit | None = None,
    size: object = None,
    words: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Checked rows of one rule.

    Parameters
    ----------
    key
        Frame or index of key columns.
    unit
        What the rows are counted in, if the rule does not say.
    size
        Sum of the absolute terms of value and limit, if they may cancel out.
    words
        The keys in words, if not one after the other.
    """
    if isinstance(key, pd.Index):
        key = key.to_frame()
    told = labels(key) if words is None else words
    value, limit = (np.asarray(number, dtype=float) for number in (value, limit))
    size = np.abs(value) + np.abs(limit) if size is None else np.asarray(size)
    unit = CHECKED[rule].unit if unit is None else unit
    frame = pd.DataFrame({"key": pd.Series(told, dtype="str"), **placed(key)})
    return frame.assign(rule=rule, value=value, sense=sense, limit=limit, unit=unit, size=size)[ROW]


def placed(key: pd.DataFrame) -> dict[str, pd.Series]:
    """Names and values of the key columns of every row; two columns may be called alike."""
    names = tuple(map(str, key.columns))
    values = list(key.itertuples(index=False, name=None))
    return {"by": pd.Series([names] * len(values)), "place": pd.Series(values)}


def judged(table: pd.DataFrame, money: float) -> pd.DataFrame:
    """Rows with ``slack``, ``allowed`` and ``broken``.

    Parameters
    ----------
    money
        Smallest unit of money in which the case speaks.

    Returns
    -------
    pandas.DataFrame
        rule, key, by, place, value, sense, limit, slack (negative beyond the limit), allowed (how
        far beyond the limit is rounding), broken. What is no number keeps no rule.
    """
    above = table["value"] - table["limit"]
    slack = above.where(table["sense"].eq("at_least"), -above)
    slack = slack.where(table["sense"].ne("equal"), -above.abs())
    allowed = allowances(table["unit"], table["size"], money)
    told = table.drop(columns=["unit", "size"])
    return told.assign(slack=slack, allowed=allowed, broken=~(slack >= -allowed))
