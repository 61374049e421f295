"""Leximin: the lowest rate as high as possible, then the second lowest, and so on.

In whole numbers a level cannot be tested group by group: with rates of (1, 2) or (2, 1) either
group can have more than 1, but not both. So the sums of the k lowest rates are raised one after the
other, whoever has them (Ogryczak and Sliwinski, On solving linear programs with the ordered
weighted averaging objective, European Journal of Operational Research 148, 2003): the sum of the k
lowest rates is the largest of ``k r - sum_g max(0, r - rate_g)`` over all r.

In the relaxation, whose plans can be mixed, a group whose row has a price cannot be raised.
"""

from __future__ import annotations

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.session.aims.among import Among
from optimizer.session.aims.levels import Levels
from optimizer.session.aims.outcomes import Outcomes
from optimizer.session.aims.steps import Aimed, AimSteps, most_points
from optimizer.solver.appending import Addition, aiming, appended


def leximin(among: Among, outcomes: Outcomes, start: Floats) -> Aimed:
    """Raise rates from the lowest on, then take the plan with the most points among equals.

    Parameters
    ----------
    start
        A solution among the plans.
    """
    stepping = AimSteps(among)
    if among.is_relaxed:
        return _relaxed(stepping, Levels(among, outcomes, start))
    return _whole(stepping, outcomes, start)


def lowest_in_words(count: int) -> str:
    """What a step raises.

    Examples
    --------
    >>> lowest_in_words(1), lowest_in_words(3)
    ('lowest rate', 'sum of the 3 lowest rates')
    """
    return "lowest rate" if count == 1 else f"sum of the {count} lowest rates"


def _whole(stepping: AimSteps, outcomes: Outcomes, start: Floats) -> Aimed:
    among = stepping.among
    width, x = len(among.matrix.cost), start
    addition = Addition(width)
    for count in range(1, len(outcomes) + 1):
        aim = _sum_of_lowest(addition, outcomes, count)
        matrix = aiming(appended(among.matrix, addition), aim)
        starts = [_with_columns(x, outcomes, count)]
        reached = among.most(matrix, starts=starts, is_next=count > 1)
        if reached.x is None:
            stepping.take(lowest_in_words(count), reached)
            return stepping.ended(x if count > 1 else None, _sums(outcomes, x)[: count - 1])
        x = reached.x[:width]
        value = _sums(outcomes, x)[count - 1]
        addition.row(("lowest_at_least", count), aim, lower=among.enough(value, reached.bound))
        stepping.take(lowest_in_words(count), reached, value)
    if among.gap:
        # The last sum is that of all rates: nobody can have more within it.
        return stepping.ended(x, _sums(outcomes, x))
    return most_points(stepping, addition, _with_columns(x, outcomes, len(outcomes)))


def _sums(outcomes: Outcomes, x: Floats) -> list[float]:
    """Sums of the lowest rate, of the two lowest, and so on."""
    found: list[float] = np.sort(outcomes.rates(x)).cumsum().tolist()
    return found


def _sum_of_lowest(addition: Addition, outcomes: Outcomes, count: int) -> dict[int, float]:
    """Add columns and rows by which a sum of the lowest rates is counted; its weights."""
    level = addition.column(("lowest", count), lower=-float("inf"))
    aim = {level: float(count)}
    for number, label in enumerate(outcomes.labels):
        need, fixed = float(outcomes.needs[number]), float(outcomes.constant[number])
        below = addition.column(("below", (count, label)))
        row = {column: weight / need for column, weight in outcomes.terms[number].items()}
        row |= {below: 1.0, level: -1.0}
        addition.row(("below_level", (count, label)), row, lower=-fixed / need)
        aim[below] = -1.0
    return aim


def _with_columns(x: Floats, outcomes: Outcomes, count: int) -> Floats:
    """A solution with the columns of the first sums of lowest rates."""
    rates = outcomes.rates(x)
    parts = [x]
    for level in np.sort(rates)[:count]:
        parts += [np.array([level]), np.maximum(0.0, level - rates)]
    return np.concatenate(parts)


def _relaxed(stepping: AimSteps, levels: Levels) -> Aimed:
    """Raise all groups that are not settled together, until each of them is."""
    while not levels.settled.all():
        left = int((~levels.settled).sum())
        reached = levels.raised()
        stepping.take(f"lowest rate of {left} groups", reached)
        if reached.x is None:
            return levels.ended(stepping)
        levels.settle(reached)
    return levels.rest(stepping)
