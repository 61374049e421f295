"""How firm a plan is over the rank bands of indicators: who gets slots wherever countries rank."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from optimizer.errors.arguments import typed
from optimizer.explain.asking import OUT_OF_TIME
from optimizer.explain.marginals import provenance_of, why_incomplete
from optimizer.explain.solved_again import DrawnAgain
from optimizer.formulation.custom import Extend
from optimizer.plan import Plan
from optimizer.runs.loading import Run
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch
from optimizer.tradeoffs.firmness import (
    SAMPLES,
    WITHIN,
    asked_with_plan,
    points_allowed,
    share_asked,
)
from optimizer.tradeoffs.firmness_charts import drawn_receivers
from optimizer.tradeoffs.firmness_tables import proposed_pairs, sampled_slots
from optimizer.tradeoffs.rank_bands import BANDS, BandedGoal, banded_goals
from optimizer.tradeoffs.rank_sampling import RankSampling, ScoredAgain
from optimizer.tradeoffs.rank_tables import band_table, drawn_table, rank_sample_table
from optimizer.tradeoffs.rank_words import rank_words


@dataclass(frozen=True, repr=False, eq=False)
class RankFirmness(DrawnAgain):
    """Who gets slots wherever countries rank within their bands; tables are given as copies.

    Attributes
    ----------
    answer
        by (country, track, agreement), key, share (of the samples in which the relaxation gives it
        slots), least_slots, median_slots, most_slots, plan_slots, basis (``relaxation``).
    tables
        ``samples``: sample, best_points, plan_points, short_points, within (the stated share of the
        best), within_gap (what its gap leaves open, or it lacks now), keeps_rules, basis, status,
        why, rebuilt_because. ``bands``: goal, share (of all weight), country, score, rank (by the
        scores as they are), band_rank, low, high, least_score, median_score, most_score (in the
        samples). ``scores``: sample, goal, country, score.
    plain_goals
        Goals whose countries keep their scores.
    points
        Of the plan.
    best
        What no plan exceeds, by relaxation, with the scores as they are.
    allowed
        Points by which the plan is short now, or its gap leaves open.
    """

    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    plain_goals: tuple[str, ...]
    points: float
    best: float
    allowed: float
    why_incomplete: str
    interrupted: bool
    provenance: Mapping[str, Any]
    called: ClassVar[str] = "the firmness over ranks has"

    def __repr__(self) -> str:
        return f"<ranks: {len(self.tables['samples']):,} samples>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each country, track and agreement."""
        return self.answer

    def in_words(self) -> list[str]:
        """What was drawn, what the plan is short of, and who gets slots in most samples."""
        return rank_words(
            self.tables,
            self.answer,
            plain_goals=self.plain_goals,
            points=self.points,
            best=self.best,
            allowed=self.allowed,
            facts=self.provenance,
            why_incomplete=self.why_incomplete,
        )

    @property
    def _drawings(self) -> Mapping[str, Callable[[], Any]]:
        if not len(self.answer):
            return {}
        title = "Who gets slots, wherever countries rank within their bands"
        return {"slots": lambda: drawn_receivers(self.answer, "sets of ranks", title)}


@typed
def ranks(
    subject: Run | Plan | str | Path,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    within: float | str = WITHIN,
    extend: Extend | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> RankFirmness:
    """Find who gets slots, and how good the plan in hand is, over the rank bands of the case.

    For each goal with bands, its own scores go to its countries in an order that is drawn within
    their bands (table ``rank_bands``); a country without a band keeps its score. Then the
    relaxation is solved, on from the last one, with weights and scales as they are.

    Parameters
    ----------
    subject
        A run or the path of its folder, or a plan.
    samples
        Sets of ranks that are drawn; more of them begin with the same ones.
    seed
        Of the draw.
    within
        Share of the relaxation's best by which the plan may be short in a sample: 0.01 or "1%".
    extend, time_limit, report, started
        As in :func:`marginal_values`. Custom rules may follow from any score, so with them the
        model is built again for every sample.

    Raises
    ------
    InputError
        If the case has no rank bands, or none of a goal with weight; otherwise as there.
    PolicyError, ExtensionError, BrokenPlanError, NoPlanError
        As there.
    """
    check_options(None, time_limit, started)
    share = share_asked(samples, seed, within)
    watch = Watch.since(started, time_limit, report)
    asked, plan = asked_with_plan(subject, extend)
    goals = banded_goals(asked.held.loaded.instance)
    facts = {**provenance_of(asked), "over": BANDS, "samples": samples, "seed": seed}
    with watch.listening():
        sampling = RankSampling(asked.held, goals, plan, watch)
        found = list(sampling.samples(samples, seed))
    return _answered(plan, goals, [sampling.own, *found], watch, {**facts, "within": share})


def _answered(
    plan: Plan,
    goals: list[BandedGoal],
    solved: list[ScoredAgain],
    watch: Watch,
    facts: dict[str, Any],
) -> RankFirmness:
    """The answer, of what was solved under the scores as they are and then in the samples."""
    own, *found = solved
    assert plan.question is not None, "a plan that is asked holds its question"
    policy, case = plan.question.policy, plan.question.case
    allowed = points_allowed(plan, own.points, own.best)
    drawn = drawn_table(found)
    slots = [each.slots for each in found if each.slots is not None]
    left = sum(each.status == OUT_OF_TIME for each in found)
    banded = {each.goal for each in goals}
    given = plan.slots.groupby(["country", "track"])["slots"].sum().astype(float)
    return RankFirmness(
        answer=sampled_slots(slots, given, proposed_pairs(case)),
        tables={
            "samples": rank_sample_table(found, facts["within"], allowed),
            "bands": band_table(goals, drawn),
            "scores": drawn,
        },
        plain_goals=tuple(name for name in policy.goals if name not in banded),
        points=own.points,
        best=own.best,
        allowed=allowed,
        why_incomplete=why_incomplete(watch, left, "relaxation"),
        interrupted=watch.interrupted,
        provenance={**facts, "allowed_points": allowed},
    )
