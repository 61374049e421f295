"""Nash: the product of what groups gain over a point of disagreement is as large as possible.

First somebody's lowest gain is to be more than nothing; :mod:`optimizer.session.aims.product` goes
on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from optimizer.errors import OptimizerError
from optimizer.frames.arrays import Floats
from optimizer.session.aims.among import Among
from optimizer.session.aims.max_min import lifted
from optimizer.session.aims.outcomes import Outcomes
from optimizer.session.aims.product import NO_GAIN, ProductSearch
from optimizer.session.aims.steps import Aimed, AimSteps

LEAST_GAIN = "lowest gain"
_NO_GAIN_OF = 1e-8
"""Part of an amount that is no gain, beside :data:`NO_GAIN`: rows hold amounts to no more."""


def nash(
    among: Among,
    outcomes: Outcomes,
    start: Floats,
    disagreement: Floats,
    *,
    tolerance: float,
    known: Sequence[Floats] = (),
) -> Aimed:
    """Find a plan with the largest product of gains, and the most points that give nobody less.

    Parameters
    ----------
    start
        A solution among the plans.
    disagreement
        Amount of every group, in units, over which gains are counted.
    tolerance
        How far the sum of logarithms may lie below what no plan exceeds; with a gap at least.
    known
        More solutions, between all of which the search begins within a gap.

    Returns
    -------
    Aimed
        Without a solution where none was found that gives every group more than the point of
        disagreement, and the gap or the time left open whether there is one.

    Raises
    ------
    OptimizerError
        If it is proven that no plan does.
    """
    stepping = AimSteps(among)
    gains = replace(
        outcomes,
        constant=outcomes.constant - disagreement,
        needs=np.ones(len(outcomes)),
    )
    x: Floats | None = start
    none = NO_GAIN + _NO_GAIN_OF * float(np.abs(disagreement).max())
    if not among.gap or float(gains.amounts(start).min()) <= none:
        x = lifted(stepping, gains, start, LEAST_GAIN).x
    if x is None:
        return Aimed(None, tuple(stepping.steps))
    if float(gains.amounts(x).min()) <= none:
        last = stepping.steps[-1]
        if last.status != "optimal" and last.bound > none:
            return Aimed(None, tuple(stepping.steps))
        worst = gains.labels[int(gains.amounts(x).argmin())]
        raise OptimizerError(
            "no plan of so many points gives every group more than the point of disagreement; in "
            f"the plan that gives most, {worst} has no more\n    Maybe aim leximin, or a lower "
            "share of the best plan's points."
        )
    search = ProductSearch(stepping, gains, outcomes, x, tolerance)
    if among.gap and not among.is_relaxed:
        search.by_weights(known)
    if not search.is_within:
        search.by_tangents()
    return search.ended()
