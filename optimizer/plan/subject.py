"""Subject of a check, and the shape of a checked row."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from optimizer.frames import labels, plain_rows
from optimizer.frames.arrays import Floats
from optimizer.frames.grouping import Keyed, groups, once, remembered, sums_at
from optimizer.instance import Instance
from optimizer.instance.people import constants, terms
from optimizer.plan import Decisions
from optimizer.plan.tolerance import allowances
from optimizer.plan.values import Values
from optimizer.schema.rules import BOUNDS, RULES, Unit

CHECKED = RULES | BOUNDS
"""Every rule of our own that has rows."""

PLACE = ["by", "place"]
"""Keys of a row as data: columns and their values, each a tuple. ``key`` has them in words."""

ROW = ["rule", "key", *PLACE, "value", "sense", "limit", "unit", "size"]


@dataclass(frozen=True)
class Subject:
    """Subject of a check: a plan's values on the frames of an instance, and its money moved."""

    instance: Instance
    values: Values
    decisions: Decisions

    def terms(self, family: str) -> pd.DataFrame:
        """Every decision of a family, each once."""
        return terms(getattr(self.instance.sets, family), family)

    def total(self, terms_: pd.DataFrame, by: list[str]) -> pd.Series:
        """Sum of the terms' amounts by key."""
        found = groups(terms_, by)
        return pd.Series(found.sums(self.values.amounts(terms_)), index=found.keys)

    def at(self, wanted: Keyed, terms_: pd.DataFrame, by: list[str]) -> Floats:
        """Sum of the terms' amounts for every wanted key; 0 where there are none."""
        return sums_at(wanted, terms_, by, self.values.amounts(terms_))

    def anyway_at(self, wanted: Keyed, terms_: pd.DataFrame, by: list[str]) -> Floats:
        """What of the sum for every wanted key is there or comes whatever is decided."""
        fixed = once(constants, terms_)
        return sums_at(wanted, fixed, by, fixed["coefficient"].to_numpy())

    def size_at(self, wanted: Keyed, terms_: pd.DataFrame, by: list[str]) -> Floats:
        """Sum of the terms' absolute amounts: what rounding is measured by."""
        return sums_at(wanted, terms_, by, np.abs(self.values.amounts(terms_)))


class Keys:
    """Key of every row, as data and in words.

    Parameters
    ----------
    key
        Key columns; two may be called alike.
    words
        The keys in words, if not one after the other.
    """

    def __init__(self, key: pd.DataFrame, words: Sequence[str] | None = None) -> None:
        self.by = tuple(map(str, key.columns))
        self.place = np.fromiter(plain_rows(key), dtype=object)
        self.words = pd.array(labels(key) if words is None else list(words), dtype="str")

    def __getitem__(self, chosen: npt.NDArray[np.bool_]) -> Keys:
        found = copy(self)
        found.place, found.words = self.place[chosen], self.words[chosen]
        return found

    def columns(self) -> dict[str, object]:
        """Columns ``key``, ``by`` and ``place``."""
        by = np.empty(len(self.place), dtype=object)
        by.fill(self.by)
        return {"key": self.words, "by": by, "place": self.place}


def keys_in(keyed: pd.DataFrame | pd.Index, by: Sequence[str]) -> Keys:
    """Keys of rows that are kept."""
    frame = keyed.to_frame() if isinstance(keyed, pd.Index) else keyed
    return remembered([keyed], (Keys, *by), lambda: Keys(frame[list(by)]))


def rows(
    rule: str,
    keys: Keys,
    value: object,
    sense: str,
    limit: object,
    *,
    unit: Unit | None = None,
    size: object = None,
) -> pd.DataFrame:
    """Checked rows of one rule.

    Parameters
    ----------
    unit
        What the rows are counted in, if the rule does not say.
    size
        Sum of the absolute terms of value and limit, if they may cancel out.
    """
    value, limit = (np.asarray(number, dtype=float) for number in (value, limit))
    return pd.DataFrame(
        {
            "rule": rule,
            **keys.columns(),
            "value": value,
            "sense": sense,
            "limit": limit,
            "unit": CHECKED[rule].unit if unit is None else unit,
            "size": np.abs(value) + np.abs(limit) if size is None else np.asarray(size),
        }
    )


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
        far beyond the limit is rounding), broken. What is not a number keeps no rule.
    """
    above = table["value"] - table["limit"]
    slack = above.where(table["sense"].eq("at_least"), -above)
    slack = slack.where(table["sense"].ne("equal"), -above.abs())
    allowed = allowances(table["unit"], table["size"], money)
    told = table.drop(columns=["unit", "size"])
    return told.assign(slack=slack, allowed=allowed, broken=~(slack >= -allowed))
