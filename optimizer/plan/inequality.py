"""How evenly something is divided among groups, each with a weight: a need, or 1.

Every figure is of the rates x_i / w_i, what group i gets for each unit of its weight, where group i
counts as often as it weighs. W and X are the sums of weights and of outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.frames.arrays import Floats


@dataclass(frozen=True)
class Inequality:
    """Figures of one division; NaN where nothing is divided, or below 0 is divided.

    Attributes
    ----------
    gini
        0 where all rates are the same, towards 1 where one small group has everything.
    hoover
        Share of everything that would have to go to other groups for all rates to be the same.
    jain
        1 where all rates are the same, 1 / n where one of n equal groups has everything.
    theil
        0 where all rates are the same, ln n where one of n equal groups has everything.
    palma
        What the tenth with the highest rates has, over what the 40% with the lowest have; infinite
        where these have nothing.
    largest_to_smallest
        Highest over lowest rate; infinite where the lowest is 0.
    """

    gini: float
    hoover: float
    jain: float
    theil: float
    palma: float
    largest_to_smallest: float


IS_LOWEST, IS_HIGHEST = "lowest", "highest"
"""What is said of a group whose rate is one of these."""
_SAME = 1e-9
"""Part of the largest rate by which two may differ, as rounding leaves it, and be the same."""

NOTHING_DIVIDED = Inequality(*[float("nan")] * 6)
"""Figures where nothing is divided."""

TOP, BOTTOM = 0.1, 0.4
"""Parts of all weight that Palma compares: Cobham and Sumner, Center for Global Development working
paper 343, 2013."""


def inequality(outcomes: Floats, weights: Floats) -> Inequality:
    """Work out the figures of one division.

    Parameters
    ----------
    outcomes
        What each group gets, of any unit.
    weights
        Weight of each group, above 0.

    Examples
    --------
    >>> even = inequality(np.array([2.0, 4.0]), np.array([1.0, 2.0]))
    >>> even.gini, even.hoover, even.jain, even.theil, even.largest_to_smallest
    (0.0, 0.0, 1.0, 0.0, 1.0)
    >>> one_has_all = inequality(np.array([0.0, 4.0]), np.array([1.0, 1.0]))
    >>> one_has_all.gini, one_has_all.hoover, one_has_all.jain
    (0.5, 0.5, 0.5)
    """
    all_outcomes, all_weights = float(outcomes.sum()), float(weights.sum())
    if not len(outcomes) or all_outcomes <= 0.0 or (outcomes < 0.0).any():
        return NOTHING_DIVIDED
    rates = outcomes / weights
    order = np.argsort(rates, kind="stable")
    shares, of_weight = outcomes[order] / all_outcomes, weights[order] / all_weights
    highest, lowest = float(rates.max()), float(rates.min())
    top, bottom = 1.0 - _held(shares, of_weight, 1.0 - TOP), _held(shares, of_weight, BOTTOM)
    return Inequality(
        gini=gini(outcomes, weights),
        hoover=float(np.abs(shares - of_weight).sum()) / 2.0,
        jain=all_outcomes**2 / (all_weights * float((outcomes * rates).sum())),
        theil=_theil(shares, of_weight),
        palma=_over(top, bottom),
        largest_to_smallest=_over(highest, lowest),
    )


def gini(outcomes: Floats, weights: Floats) -> float:
    """Sum over all i < j of w_i w_j abs(x_i / w_i - x_j / w_j), over W X.

    In the order of the rates each difference is a sum of steps between neighbours, each of which
    parts the weight below it from the weight above.
    """
    rates = outcomes / weights
    order = np.argsort(rates, kind="stable")
    below = np.cumsum(weights[order])[:-1]
    steps = np.diff(rates[order])
    apart = float((steps * below * (weights.sum() - below)).sum())
    return apart / (float(weights.sum()) * float(outcomes.sum()))


def _theil(shares: Floats, of_weight: Floats) -> float:
    some = shares > 0.0
    terms = shares[some] * np.log(shares[some] / of_weight[some])
    return max(0.0, float(terms.sum()))


def _held(shares: Floats, of_weight: Floats, part: float) -> float:
    """Share of everything that this part of the weight with the lowest rates has.

    A group that is only partly in it counts in part.
    """
    edges = np.concatenate([[0.0], np.cumsum(of_weight)])
    held = np.concatenate([[0.0], np.cumsum(shares)])
    return float(np.interp(part, edges, held))


def _over(one: float, other: float) -> float:
    return one / other if other > 0.0 else float("inf")


def standing_of(rates: Floats) -> NDArray[np.object_]:
    """Whose rate is the lowest and whose the highest, as rounding leaves it.

    Returns
    -------
    numpy.ndarray of str
        ``lowest``, ``highest`` or blank for each; ``lowest`` where all have the same.

    Examples
    --------
    >>> standing_of(np.array([2.0, -1.0, 0.5, -1.0])).tolist()
    ['highest', 'lowest', '', 'lowest']
    """
    near = _SAME * float(np.abs(rates).max(initial=0.0))
    is_lowest, is_highest = rates <= rates.min() + near, rates >= rates.max() - near
    found = np.where(is_lowest, IS_LOWEST, np.where(is_highest, IS_HIGHEST, ""))
    return found.astype(object)
