"""Nash: the product of what groups gain over a point of disagreement is as large as possible.

The sum of logarithms is bounded from above by tangents; where the solution lies further below them
than the tolerance, tangents at it are added.
"""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np

from optimizer.errors import OptimizerError
from optimizer.frames.arrays import Floats
from optimizer.session.aims.among import Among, floored
from optimizer.session.aims.max_min import lifted
from optimizer.session.aims.outcomes import Outcomes
from optimizer.session.aims.steps import Aimed, AimSteps, with_most_points
from optimizer.solver.appending import Addition, aiming, appended

PRODUCT, LEAST_GAIN = "sum of logarithms of gains", "lowest gain"
_NO_GAIN, _NO_GAIN_OF = 1e-7, 1e-8
"""Gain of a unit that is none, and part of an amount: rows hold amounts to no more than that."""
_DOUBLINGS = 6
"""Tangents of each group to begin with, each at twice the gain of the last."""
_MOST_ROUNDS = 60


def nash(
    among: Among,
    outcomes: Outcomes,
    start: Floats,
    disagreement: Floats,
    *,
    tolerance: float,
    lifts: bool = True,
) -> Aimed:
    """Find the plan with the largest product of gains, and the most points among equals.

    Parameters
    ----------
    start
        A solution among the plans.
    disagreement
        Amount of every group, in units, over which gains are counted.
    tolerance
        How far the sum of logarithms may lie below what no plan exceeds.
    lifts
        Whether to begin at the highest lowest gain even if every group gains something in
        ``start``.

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
    none = _NO_GAIN + _NO_GAIN_OF * float(np.abs(disagreement).max())
    if lifts or float(gains.amounts(start).min()) <= none:
        x = lifted(stepping, gains, start, LEAST_GAIN)
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
    return _by_tangents(stepping, gains, outcomes, x, tolerance)


def _by_tangents(
    stepping: AimSteps, gains: Outcomes, outcomes: Outcomes, x: Floats, tolerance: float
) -> Aimed:
    among = stepping.among
    width = len(among.matrix.cost)
    addition = Addition(width)
    logs = [addition.column(("log", label), lower=-float("inf")) for label in gains.labels]
    for number, at in enumerate(gains.amounts(x)):
        for doubling in range(-1, _DOUBLINGS):
            _add_tangent(addition, gains, logs, number, float(at) * 2.0**doubling)
        addition.row(
            ("gains", gains.labels[number]),
            gains.terms[number],
            lower=-float(gains.constant[number]),
        )
    aim = dict.fromkeys(logs, 1.0)
    best, bound, reached = x, float("inf"), None
    # A gap is one of the geometric mean of gains, whatever their unit is.
    offset = len(gains) - _logs(gains, x) if among.gap else 0.0
    for _ in range(_MOST_ROUNDS):
        matrix = aiming(appended(among.matrix, addition), aim, offset)
        start = np.append(best, np.log(gains.amounts(best)))
        reached = among.most(matrix, starts=[start])
        if reached.x is None:
            break
        bound = min(bound, reached.bound - offset)
        found = reached.x[:width]
        if _logs(gains, found) > _logs(gains, best):
            best = found
        if bound - _logs(gains, best) <= tolerance or among.watch.should_stop():
            break
        for number, at in enumerate(gains.amounts(found)):
            _add_tangent(addition, gains, logs, number, max(float(at), _NO_GAIN))
    value = _logs(gains, best)
    assert reached is not None, "there is a first round"
    is_proven = bound - value <= tolerance
    told = replace(
        reached, status="optimal" if is_proven else "feasible", x=best, bound=max(bound, value)
    )
    stepping.take(PRODUCT, told, value)
    if among.gap:
        # Whatever anybody gains counts already.
        return Aimed(best, tuple(stepping.steps))
    least = np.array([floored(float(each)) for each in outcomes.amounts(best)])
    return with_most_points(stepping, outcomes, least, best)


def _add_tangent(
    addition: Addition, gains: Outcomes, logs: list[int], number: int, at: float
) -> None:
    """Let a logarithm lie under its tangent at a gain: ``log <= ln p + (gain - p) / p``."""
    terms = {column: -weight / at for column, weight in gains.terms[number].items()}
    upper = log(at) - 1.0 + float(gains.constant[number]) / at
    name = ("under_tangent", (gains.labels[number], len(addition.rows)))
    addition.row(name, {**terms, logs[number]: 1.0}, upper=upper)


def _logs(gains: Outcomes, x: Floats) -> float:
    """Sum of the logarithms of gains; minus infinity where a group gains nothing."""
    found = gains.amounts(x)
    return float(np.log(found).sum()) if (found > 0.0).all() else -float("inf")
