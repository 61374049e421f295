"""How firm the weights of a policy are: how far each may go before another plan is better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from optimizer.errors import ARGUMENT, ArgumentError, Problems
from optimizer.errors.arguments import typed
from optimizer.explain.explained import InSolver, asked_of
from optimizer.explain.marginals import provenance_of, require_questions, why_incomplete
from optimizer.explain.solved_again import DrawnAgain
from optimizer.formulation.custom import Extend
from optimizer.frames.arrays import Floats
from optimizer.io.changes import share_in
from optimizer.io.toml import shown
from optimizer.plan import Plan
from optimizer.runs.loading import Run, load_run
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch
from optimizer.tradeoffs.firmness_charts import drawn_receivers, drawn_weights
from optimizer.tradeoffs.firmness_tables import (
    flip_table,
    proposed_pairs,
    sample_table,
    sampled_slots,
    weight_table,
)
from optimizer.tradeoffs.firmness_words import firmness_words
from optimizer.tradeoffs.weighing import (
    Corner,
    Weighing,
    WeightRange,
    corner_of,
    evenly_drawn,
    rounding_of,
)

SAMPLES = 30
"""Sets of weights that are drawn where nobody says how many."""
WITHIN = 0.01


@dataclass(frozen=True, repr=False, eq=False)
class Firmness(DrawnAgain):
    """How far weights may go; tables are given as copies.

    Attributes
    ----------
    answer
        A row for each goal: goal, weight, share (of all weight), share_from, share_to (the others
        in proportion), weight_from, weight_to (the others as they are; infinite for all weight),
        beyond_from, beyond_to (the goal that gains most beyond each end, or ``penalties``; blank
        where nothing changes), status (``optimal``, ``stopped`` or ``only goal``), basis
        (``relaxation``).
    tables
        ``flip``: by, key, before, after, change, unit: what the relaxation turns to beyond the
        nearest end, beside the plan: raw values of goals, slots of countries and tracks.
        ``samples``: sample, ``share_<goal>``, best_points, plan_points, short_points, within.
        ``slots``: by (country, track, agreement), key, share (of the samples in which the
        relaxation gives it slots), least_slots, median_slots, most_slots, plan_slots, basis.
    points
        Of the plan.
    best
        What no plan exceeds, by relaxation.
    allowed
        Points by which the plan may be short of the relaxation's best.
    """

    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    points: float
    best: float
    allowed: float
    why_incomplete: str
    interrupted: bool
    provenance: Mapping[str, Any]
    called: ClassVar[str] = "the firmness of weights has"

    def __repr__(self) -> str:
        return f"<weights: {len(self.answer):,} goals>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each goal."""
        return self.answer

    def in_words(self) -> list[str]:
        """How far each weight may go, what comes next, and who gets slots under most weights."""
        return firmness_words(
            self.answer,
            self.tables,
            points=self.points,
            best=self.best,
            allowed=self.allowed,
            seed=self.provenance["seed"],
            within=self.provenance["within"],
            why_incomplete=self.why_incomplete,
        )

    @property
    def _drawings(self) -> Mapping[str, Callable[[], Any]]:
        drawn: dict[str, Callable[[], Any]] = {"weights": lambda: drawn_weights(self.answer)}
        if len(self.tables["slots"]):
            drawn["slots"] = lambda: drawn_receivers(
                self.tables["slots"], "sets of weights", "Who gets slots, whatever the weights"
            )
        return drawn


@typed
def weights(
    subject: Run | Plan | str | Path,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    within: float | str = WITHIN,
    extend: Extend | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> Firmness:
    """Find how far each weight may go before the plan in hand is no longer as good as any.

    Everything is solved by relaxation, on from the last one. A plan counts as good as any as long
    as it is short of the relaxation's best by no more than the gap that was asked for, or by as
    much as it is now where that is more.

    Parameters
    ----------
    subject
        A run or the path of its folder, or a plan.
    samples
        Sets of weights that are drawn evenly from all there are, each goal still sought or avoided
        as in the policy.
    seed
        Of the draw.
    within
        Share of the relaxation's best by which the plan may be short in a sample: 0.01 or "1%".
    extend, time_limit, report, started
        As in :func:`marginal_values`.

    Raises
    ------
    InputError, PolicyError, ExtensionError, BrokenPlanError, NoPlanError
        As there.
    """
    check_options(None, time_limit, started)
    share = share_asked(samples, seed, within)
    watch = Watch.since(started, time_limit, report)
    asked, plan = asked_with_plan(subject, extend)
    with watch.listening():
        weighing = Weighing(asked.held, watch)
        with weighing.weighing():
            return _Search(weighing, corner_of(plan, weighing.goals), plan, watch).answer(
                provenance_of(asked), samples, seed, share
            )


def asked_with_plan(
    subject: Run | Plan | str | Path, extend: Extend | None
) -> tuple[InSolver, Plan]:
    """What is asked, as :func:`asked_of`, and the plan in hand."""
    if isinstance(subject, str | Path):
        subject = load_run(subject, extend=extend)
    return asked_of(subject, extend), subject.plan if isinstance(subject, Run) else subject


def points_allowed(plan: Plan, points: float, best: float) -> float:
    """Points by which a plan may be short of the best: what its gap left open, or it lacks now."""
    gap = plan.provenance.get("gap_asked")
    return max(0.0 if gap is None else float(gap) * abs(best), best - points)


def share_asked(samples: int, seed: int, within: float | str) -> float:
    """Read what is asked of a draw; the share as a number."""
    require_questions(samples, "samples")
    require_questions(seed, "seed")
    problems, share = Problems(), WITHIN
    try:
        share = share_in(str(within))
    except (ValueError, OverflowError):
        told = f"{shown(within)} is not a valid share"
        problems.add(ARGUMENT, told, column="within", expected="a share from 0 to 1, or per cent")
    problems.raise_if_any(ArgumentError)
    return share


class _Search:
    """All that is solved for one answer."""

    def __init__(self, weighing: Weighing, corner: Corner, plan: Plan, watch: Watch) -> None:
        self._weighing, self._corner, self._plan, self._watch = weighing, corner, plan, watch
        assert plan.question is not None, "a plan that is asked holds its question"
        self._question = plan.question
        watch.begin("relaxation")
        found = weighing.best(weighing.shares)
        if found is None:
            raise watch.no_plan()
        self._best = found[0]
        self._allowed = points_allowed(plan, plan.objective, self._best)

    def answer(
        self, provenance: Mapping[str, Any], samples: int, seed: int, within: float
    ) -> Firmness:
        ranges = self._ranges()
        drawn = evenly_drawn(len(self._weighing.goals), samples, seed)
        found = self._samples(drawn)
        undone = [each for each in ranges if each is not None and not each.complete]
        left = len(undone) + len(drawn) - len(found)
        tables = {
            "flip": flip_table(self._weighing, ranges, self._corner),
            "samples": sample_table(
                self._weighing, self._corner, drawn, [points for points, _ in found], within
            ),
            "slots": sampled_slots(
                [corner.slots for _, corner in found],
                self._corner.slots,
                proposed_pairs(self._question.case),
            ),
        }
        return Firmness(
            answer=weight_table(self._weighing, ranges, self._corner, self._policy_weights()),
            tables=tables,
            points=self._plan.objective,
            best=self._best,
            allowed=self._allowed,
            why_incomplete=why_incomplete(self._watch, left, "relaxation"),
            interrupted=self._watch.interrupted,
            provenance={
                **provenance,
                "over": "weights",
                "samples": samples,
                "seed": seed,
                "within": within,
                "allowed_points": self._allowed,
            },
        )

    def _ranges(self) -> list[WeightRange | None]:
        """Of every goal; ``None`` for the only one that has weight."""
        weighing, found = self._weighing, list[WeightRange | None]()
        rounding = rounding_of(self._best)
        for goal in range(len(weighing.goals)):
            self._watch.begin_part("weights", goal, len(weighing.goals))
            known = weighing.has_others(goal)
            found.append(
                weighing.range_of(goal, self._corner, self._allowed, rounding) if known else None
            )
        return found

    def _samples(self, drawn: Floats) -> list[tuple[float, Corner]]:
        """The relaxation under each set of weights, until time runs out."""
        found: list[tuple[float, Corner]] = []
        for place, shares in enumerate(drawn):
            if self._watch.should_stop():
                break
            self._watch.begin_part("samples", place, len(drawn))
            best = self._weighing.best(shares)
            if best is None:
                break
            found.append(best)
        return found

    def _policy_weights(self) -> list[float]:
        return [goal.weight for goal in self._question.policy.goals.values()]
