"""Tolerances: how far a checked row may be beyond its limit.

A row compares two sums of terms. Each term is a product of a few rounded numbers (persons, a cost,
rates, a discount), off by at most half an epsilon of itself per factor, and pandas adds terms up
with compensation, so that a sum is off by a few epsilons of the sum of its absolute terms, its
``size``, however many they are. 64 epsilons leave room for the largest of these errors ten times
over: a millionth of a person of 70 million, or 0.004 yen of 250 billion.

On top of that:

* *Persons*: sums of whole numbers are whole, so one person too many is one too many, up to
  10^13 of them. Expected persons who stay on are no whole numbers: less than a millionth of one is
  nobody.
* *Money*: a hundredth of the smallest unit that the case speaks of can be neither paid nor owed.
* *Services, values and percent* have no smallest unit. What of them follows from expected persons
  is the vertex of a linear program, found in doubles: 1e-12 of the size.
* *Custom rules* may speak of anything, variables of their own included, which a linear program
  holds to 1e-9 of one unit: see :meth:`optimizer.solver.search.Search.exact`.

The solver's own plans have been 20 times nearer: at most 6e-16 of the limit, and 2e-6 yen of
4.5 billion, on the Japan case.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from optimizer.frames import numbers_at
from optimizer.schema.rules import Unit

EPSILON = float(np.finfo(np.float64).eps)
_ROUNDING = 64.0 * EPSILON
"""Part of the size by which arithmetic in doubles may be off."""
VERTEX = 1e-12
"""Part of the size by which the vertex of a linear program may be off."""
LITTLE_MONEY = 0.01
"""Part of the smallest unit of money that is no money."""

_STEPS: dict[Unit, float] = {"persons": 1e-6, "custom": 1e-9}
"""Amounts that are nothing, in units of the row; 0 where there are none."""
_PARTS: dict[Unit, float] = dict.fromkeys(("service", "value", "percent", "custom"), VERTEX)
"""Parts of the size that are nothing; plain rounding elsewhere."""


def allowances(units: pd.Series, sizes: pd.Series, money: float) -> pd.Series:
    """How far each row may be beyond its limit.

    Parameters
    ----------
    units
        What every row is counted in.
    sizes
        Sum of the absolute terms of every row's value and limit.
    money
        Smallest unit of money in which the case speaks.
    """
    steps = numbers_at(units, {**_STEPS, "money": LITTLE_MONEY * money}, 0.0)
    parts = numbers_at(units, _PARTS, _ROUNDING)
    return steps + parts * sizes
