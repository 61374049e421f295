"""Relaxations of one question under other scores of countries, and what a plan is short of each.

A plan's points are added up again by the evaluation that checks every plan, from the same terms
that the relaxation has: raw values of goals, their diminishing returns, and penalties of limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan

import pandas as pd

from optimizer.explain.asking import OPTIMAL, OUT_OF_TIME, Asking
from optimizer.instance.scoring import GivenScores
from optimizer.plan import Plan
from optimizer.plan.checking import custom_part
from optimizer.plan.evaluation import evaluate_decisions
from optimizer.session.holding import Holding
from optimizer.solver import Watch
from optimizer.tradeoffs.rank_bands import BandedGoal, drawn_scores, own_scores
from optimizer.tradeoffs.weighing import slots_of


@dataclass(frozen=True, eq=False)
class ScoredAgain:
    """The relaxation, and the plan in hand, under one set of scores.

    Attributes
    ----------
    status
        Of the relaxation, as of :class:`optimizer.explain.asking.Answer`.
    best, points
        Most points of the relaxation, and those of the plan.
    keeps_rules
        Whether the plan keeps every rule; limits on the value of a goal may be broken now.
    slots
        Of the relaxation, by country and track.
    why
        What was refused or failed; blank otherwise.
    rebuilt_because
        Why the model was built again; blank where it was not.
    """

    scores: GivenScores
    status: str
    best: float = nan
    points: float = nan
    keeps_rules: bool = False
    slots: pd.Series | None = None
    why: str = ""
    rebuilt_because: str = ""


class RankSampling:
    """Asks one model under one set of scores after the other, each on from the last.

    Attributes
    ----------
    own
        Under the scores as they are.

    Raises
    ------
    InfeasibleError, NoPlanError, SolverError
        As :class:`optimizer.explain.asking.Asking`.
    """

    def __init__(
        self, held: Holding, goals: Sequence[BandedGoal], plan: Plan, watch: Watch
    ) -> None:
        self._goals, self._plan, self._watch = goals, plan, watch
        # Countries that score 0 have terms from here on, so that no sample needs another model.
        scores = own_scores(goals)
        held.score(scores)
        self._asking = Asking(held, watch)
        base = self._asking.base
        self.own = ScoredAgain(scores, base.status, base.points, *self._of_plan())

    def samples(self, count: int, seed: int) -> Iterator[ScoredAgain]:
        """Each set of scores that is drawn; those for which no time was left are stopped."""
        for place, scores in enumerate(drawn_scores(self._goals, count, seed)):
            if self._watch.should_stop():
                yield ScoredAgain(scores, OUT_OF_TIME)
                continue
            self._watch.begin_part("samples", place, count)
            yield self._at(scores)

    def _at(self, scores: GivenScores) -> ScoredAgain:
        found = self._asking.scored(scores)
        because = found.rebuilt_because
        if found.status != OPTIMAL:
            return ScoredAgain(scores, found.status, why=found.why, rebuilt_because=because)
        slots = slots_of(self._asking.held.loaded, self._asking.last)
        points, holds = self._of_plan()
        return ScoredAgain(
            scores, OPTIMAL, found.points, points, holds, slots, rebuilt_because=because
        )

    def _of_plan(self) -> tuple[float, bool]:
        """Points of the plan under the scores that are held, and whether it keeps every rule."""
        held, decisions = self._asking.held, self._plan.decisions
        instance = held.loaded.instance
        custom = custom_part(instance, held.loaded.model, decisions)
        scales = held.frozen().of
        found = evaluate_decisions(
            instance, decisions, scales, custom, held.dropped, verdict_only=True
        )
        return found.points, found.holds
