"""Max-min: the group with the lowest rate has as much as possible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.session.aims.among import Among, Reached, floored
from optimizer.session.aims.levels import Levels
from optimizer.session.aims.outcomes import Outcomes
from optimizer.session.aims.steps import Aimed, AimSteps, with_most_points
from optimizer.solver.appending import Addition, aiming, appended

LOWEST = "lowest rate"


def max_min(among: Among, outcomes: Outcomes, start: Floats) -> Aimed:
    """Raise the lowest rate, then take the plan with the most points at that level.

    maximise t with ``amount_g >= need_g t`` for every group g.

    Parameters
    ----------
    start
        A solution among the plans.
    """
    stepping = AimSteps(among)
    if among.is_relaxed:
        return _relaxed(stepping, Levels(among, outcomes, start))
    reached = lifted(stepping, outcomes, start, LOWEST)
    x = reached.x
    if x is None or among.gap:
        # Of plans within a gap none is the best.
        return Aimed(x, tuple(stepping.steps), reached.with_points)
    level = floored(float(outcomes.rates(x).min()))
    return with_most_points(stepping, outcomes, level * outcomes.needs, x)


def _relaxed(stepping: AimSteps, levels: Levels) -> Aimed:
    reached = levels.raised()
    stepping.take(LOWEST, reached)
    if reached.x is None:
        return levels.ended(stepping)
    levels.settle(reached, ~levels.settled)
    return levels.rest(stepping)


def lifted(stepping: AimSteps, outcomes: Outcomes, start: Floats, aimed_at: str) -> Reached:
    """The solution with the highest lowest rate; without one where time ran out."""
    among = stepping.among
    addition = Addition(len(among.matrix.cost))
    level = addition.column(("level", None), lower=-float("inf"))
    for number, label in enumerate(outcomes.labels):
        row = {**outcomes.terms[number], level: -float(outcomes.needs[number])}
        addition.row(("group_at_level", label), row, lower=-float(outcomes.constant[number]))
    matrix = aiming(appended(among.matrix, addition), {level: 1.0})
    begun = np.append(start, outcomes.rates(start).min())
    reached = among.most(matrix, starts=[begun], aside=True)
    value = None if reached.x is None else float(outcomes.rates(reached.x).min())
    stepping.take(aimed_at, reached, value)
    x = None if reached.x is None else reached.x[: len(among.matrix.cost)]
    return replace(reached, x=x)
