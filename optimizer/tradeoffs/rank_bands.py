"""Scores of countries drawn anew: each goal's own scores, in an order within the bands of ranks.

How the scores of a goal differ is a fact of its indicators; who has which of them is what the bands
leave open. So for each country with a band a number is drawn evenly from the best to the worst rank
of it, and the goal's own scores of these countries, from the highest, go to them in the order of
the numbers drawn. Where two numbers are equal, which those of bands of one rank often are, another
draw decides; countries that score the same score the same then too. Rank 1 is the highest score,
whether the goal is sought or avoided. A country without a band keeps its score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.errors import InputError, Problems, did_you_mean
from optimizer.frames.arrays import Floats, Integers
from optimizer.instance import Instance
from optimizer.instance.scoring import GivenScores
from optimizer.plan.scored import country_scores
from optimizer.schema.tables import TABLES

BANDS = "rank_bands"


@dataclass(frozen=True, eq=False)
class BandedGoal:
    """The countries of a goal that have bands.

    Attributes
    ----------
    share
        Of all weight.
    table
        country, score, rank (by the scores as they are), band_rank (as the bands say), low, high:
        the best-scored first.
    """

    goal: str
    share: float
    table: pd.DataFrame

    @property
    def own(self) -> pd.Series:
        """Scores as they are, by country."""
        return self.table.set_index("country")["score"].rename(None)

    def drawn(self, samples: int, seed: int) -> Iterator[pd.Series]:
        """Scores by country, as often as is asked for; more samples begin with the same ones."""
        low, high = self.table["low"].to_numpy(float), self.table["high"].to_numpy(float)
        own = self.own
        # Each goal has a generator of its own, so that a goal added moves no other.
        draw = np.random.default_rng([seed, *self.goal.encode()])
        for _ in range(samples):
            order = _order(low, high, draw)
            yield pd.Series(own.to_numpy(), index=own.index[order]).reindex(own.index)


def _order(low: Floats, high: Floats, draw: np.random.Generator) -> Integers:
    """Positions in the order of ranks that are drawn, the best first."""
    ranks, decide = low + (high - low) * draw.random(len(low)), draw.random(len(low))
    return np.lexsort((decide, ranks))


def banded_goals(instance: Instance) -> list[BandedGoal]:
    """Goals of a policy that score countries by indicators and have bands, in its order.

    Raises
    ------
    InputError
        If the case has no bands, or none of a goal with weight.
    """
    goals = instance.policy.goals
    bands = instance.case.table(BANDS).rename(columns={"rank": "band_rank"})
    scores = country_scores(instance)
    both = scores.merge(
        bands[["goal", "country", "band_rank", "low", "high"]], on=["goal", "country"]
    )
    total = sum(abs(goal.weight) for goal in goals.values())
    found = [
        BandedGoal(
            str(goal),
            abs(goals[str(goal)].weight) / total,
            table.drop(columns="goal").reset_index(drop=True),
        )
        for goal, table in both.groupby("goal", sort=False)
    ]
    if not any(each.share > 0.0 for each in found):
        _refuse(instance, bands)
    return found


def _refuse(instance: Instance, bands: pd.DataFrame) -> None:
    """Say why no rank can be drawn."""
    problems, file = Problems(), TABLES[BANDS].file
    goals = instance.policy.goals
    scored = [name for name, goal in goals.items() if goal.weight and goal.indicators]
    expected = f"bands of {' or '.join(scored)}" if scored else "a goal with weight and indicators"
    if not len(bands):
        told = f"case {instance.case.name!r} has no bands of ranks"
        problems.add(file, told, expected=expected)
    else:
        named = bands["goal"].drop_duplicates().tolist()
        told = (
            f"no band is of a goal of {instance.policy.name!r} that has weight and scores "
            f"countries by indicators, but of {', '.join(named)}"
        )
        meant = next((near for name in named if (near := did_you_mean(name, scored))), None)
        problems.add(file, told, column="goal", expected=expected, maybe=meant)
    problems.raise_if_any(InputError)


def own_scores(goals: Sequence[BandedGoal]) -> GivenScores:
    """Scores as they are, by goal."""
    return {each.goal: each.own for each in goals}


def drawn_scores(goals: Sequence[BandedGoal], samples: int, seed: int) -> Iterator[GivenScores]:
    """Scores by goal, as often as is asked for."""
    names = [each.goal for each in goals]
    for drawn in zip(*(each.drawn(samples, seed) for each in goals), strict=True):
        yield dict(zip(names, drawn, strict=True))
