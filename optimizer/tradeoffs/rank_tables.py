"""Tables of samples over the rank bands."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from optimizer.explain.asking import OPTIMAL
from optimizer.explain.marginal_tables import frame
from optimizer.explain.stepping import BY_RELAXATION
from optimizer.tradeoffs.rank_bands import BandedGoal
from optimizer.tradeoffs.rank_sampling import ScoredAgain
from optimizer.tradeoffs.weighing import rounding_of

_SAMPLES = {
    "sample": "int64",
    **dict.fromkeys(("best_points", "plan_points", "short_points"), "float64"),
    **dict.fromkeys(("within", "within_gap", "keeps_rules"), "bool"),
    **dict.fromkeys(("basis", "status", "why", "rebuilt_because"), "str"),
}
_BANDS = {
    "goal": "str",
    "share": "float64",
    "country": "str",
    "score": "float64",
    **dict.fromkeys(("rank", "band_rank", "low", "high"), "int64"),
    **dict.fromkeys(("least_score", "median_score", "most_score"), "float64"),
}
_SCORES = {"sample": "int64", **dict.fromkeys(("goal", "country"), "str"), "score": "float64"}


def rank_sample_table(
    samples: Sequence[ScoredAgain], within: float, allowed: float
) -> pd.DataFrame:
    """Each sample, with what the plan is short of there; unsolved ones have a status.

    Parameters
    ----------
    within
        Share of the best by which the plan may be short.
    allowed
        Points that its gap leaves open, or that it is short of under the scores as they are.
    """
    rows = []
    for number, each in enumerate(samples, start=1):
        short = each.best - each.points
        rounding = rounding_of(each.best)
        is_kept = each.status == OPTIMAL and each.keeps_rules
        rows.append(
            {
                "sample": number,
                "best_points": each.best,
                "plan_points": each.points,
                "short_points": max(0.0, short) if each.status == OPTIMAL else short,
                "within": is_kept and short <= within * abs(each.best) + rounding,
                "within_gap": is_kept and short <= allowed + rounding,
                "keeps_rules": each.keeps_rules,
                "basis": BY_RELAXATION,
                "status": each.status,
                "why": each.why,
                "rebuilt_because": each.rebuilt_because,
            }
        )
    return frame(rows, _SAMPLES)


def drawn_table(samples: Sequence[ScoredAgain]) -> pd.DataFrame:
    """Score of every country with a band in every sample that was solved."""
    parts = [
        pd.DataFrame(
            {"sample": number, "goal": goal, "country": scores.index, "score": scores.to_numpy()}
        )
        for number, each in enumerate(samples, start=1)
        if each.status == OPTIMAL
        for goal, scores in each.scores.items()
    ]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(_SCORES))
    return found.astype(_SCORES)


def band_table(goals: Sequence[BandedGoal], drawn: pd.DataFrame) -> pd.DataFrame:
    """Every country with a band, with the scores that it was given in the samples."""
    parts = [each.table.assign(goal=each.goal, share=each.share) for each in goals]
    table = pd.concat(parts, ignore_index=True)
    given = drawn.groupby(["goal", "country"])["score"]
    found = {"least_score": given.min(), "median_score": given.median(), "most_score": given.max()}
    both = table.join(pd.DataFrame(found), on=["goal", "country"])
    return both[list(_BANDS)].astype(_BANDS)
