"""The fairest plan among those of enough points, beside the plan with the most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.errors import ArgumentError, Problems, did_you_mean
from optimizer.errors.arguments import typed
from optimizer.formulation.custom import Extend
from optimizer.io.changes import share_in
from optimizer.io.toml import shown
from optimizer.plan import Plan
from optimizer.plan.provenance import versions
from optimizer.plan.question import Question, read_question
from optimizer.plan.scales import ScalesGiven
from optimizer.policy import Policy
from optimizer.policy.loading import NO_CHANGES
from optimizer.result import Result
from optimizer.result.charts import drawing
from optimizer.session.aims.planning import AIMS, Aim, FairSolution, fairly_planned
from optimizer.session.solving import PlanOptions, begun, gap_of, holding_for, is_real
from optimizer.solver import Progress, Watch
from optimizer.tradeoffs.fair_plan_tables import (
    drawn_aim,
    fair_plan_in_words,
    fair_plan_tables,
    rates_of,
)

LEAST_SHARE = 0.95
"""Least share of the most points, where nobody says another."""
LEAST_EXPECTED = "a share from 0 to 1, or a percentage: 0.95 or 95%"
FAIR_PLAN = "fair_plan"
"""Stands for the name of the file in problems with what is asked."""


@dataclass(frozen=True, repr=False, eq=False)
class FairPlan(Result):
    """The fairest plan among those of enough points; tables are given as copies.

    Attributes
    ----------
    groups
        A row for each group of the division: group, called, need, amount and rate (amount for each
        unit of need) in the fairest plan, most_points_amount and most_points_rate in the plan with
        the most points, change (of the amount), status (``lowest``, ``highest`` or blank, by rate).
    tables
        ``plans``: plan (``most points``, ``fairest``), points, total (of the measure), gini,
        hoover, lowest_rate, highest_rate, lowest_group. ``steps``: step, aimed_at, value, bound
        (which no plan exceeds), status (``optimal``, ``feasible``, ``stopped``), seconds.
        ``disagreement``, for ``nash``: group, amount, gain.
    plan, best_plan
        The fairest plan, and the one with the most points, each checked; ``None`` where the
        relaxation was asked for.
    least_points
        Of every plan that counts.
    is_proven
        Whether no plan of so many points is fairer by the aim.
    words
        What :meth:`in_words` gives.
    what, per
        What rates are of, and by how much charts multiply them.
    """

    groups: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    plan: Plan | None
    best_plan: Plan | None
    least_points: float
    is_proven: bool
    words: tuple[str, ...]
    what: str
    per: float
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        asked = self.provenance
        return f"<FairPlan: {asked['aim']} of {asked['division']}>"

    @property
    def table(self) -> pd.DataFrame:
        """Every group: see :attr:`groups`."""
        return self.groups

    def in_words(self) -> list[str]:
        """What the aim brought, and what is given up for it."""
        return list(self.words)

    def chart(self) -> Any:
        """Draw the rate of every group in both plans.

        Raises
        ------
        OptimizerError
            If the extra ``notebook`` is not installed.
        """
        with drawing():
            return drawn_aim(self.groups, self.what, self.per)


@typed
def fair_plan(
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    aim: str = "leximin",
    division: str | None = None,
    least: float | str = LEAST_SHARE,
    relaxed: bool = False,
    tolerance: float = 1e-6,
    changes: Mapping[str, object] = NO_CHANGES,
    extend: Extend | None = None,
    scales: ScalesGiven | None = None,
    cache: bool = True,
    gap: float | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> FairPlan:
    """Find the fairest plan among those with nearly as many points as the best.

    Parameters
    ----------
    aim
        ``max_min`` raises the lowest rate; ``leximin`` then the second lowest, and so on; ``nash``
        makes the product of gains as large as possible, over today's plan where that keeps every
        rule, or else over the worst that groups have where others choose. Among plans that are as
        fair, the one with the most points is taken; with ``nash`` among those that give every group
        as much.
    division
        Name of a ``[[fairness]]`` table of the policy; needed where there are several.
    least
        Least share of the points of the plan with the most: ``0.95`` or ``"95%"``.
    relaxed
        Whether to ask the LP relaxation alone, which is quicker and gives no plan.
    tolerance
        For ``nash``: how far the sum of logarithms may lie below what no plan exceeds.
    gap
        Relative gap of the plan with the most points.
    changes, extend, scales, cache, time_limit, report, started
        As in :func:`optimizer.solve`.

    Raises
    ------
    InputError, PolicyError, ExtensionError
        If case, policy, aim, share or the name of the division is wrong.
    InfeasibleError, NoPlanError
        If no plan keeps every rule, or time ran out.
    OptimizerError
        If ``nash`` is asked for and no plan gives every group more than the point of disagreement.

    Examples
    --------
    >>> from optimizer import fair_plan
    >>> regions = {"name": "regions", "measure": "slots", "by": ["region"]}
    >>> changes = {"fairness": [regions]}
    >>> found = fair_plan("models/tiny.toml", "inputs/tiny", aim="max_min", changes=changes)
    >>> print(found.in_words()[1])
    The lowest rate is 6 (hills), 5 in the plan with the most points. No such plan is fairer by \
this aim.
    """
    wanted = aim_of(aim, least, is_relaxed=relaxed, tolerance=tolerance)
    watch = begun(report, started, gap=gap, time_limit=time_limit, relaxed=relaxed)
    with watch.looking():
        question = read_question(policy, case, changes)
    options = PlanOptions(extend=extend, scales=scales, cache=cache, gap=gap)
    return fair_plan_of(question, wanted, division, watch, options)


def fair_plan_of(
    question: Question, aim: Aim, division: str | None, watch: Watch, options: PlanOptions
) -> FairPlan:
    """Find the fairest plan for a question that is read already."""
    watch.limit_by_default(question.policy.solver.time_limit)
    held = holding_for(question, watch, options)
    gap = gap_of(question, options)
    found = fairly_planned(held, aim, division, watch, gap=gap, to_come=options.to_come)
    groups, tables = fair_plan_tables(found)
    what, per = rates_of(found, groups)
    words = tuple(fair_plan_in_words(found, groups, tables))
    facts = _facts(found)
    plan = found.plan
    if plan is not None:
        told = {**plan.provenance, "aim": facts}
        plan = replace(plan, notes=(*words, *plan.notes), provenance=told)
    return FairPlan(
        groups=groups,
        tables=tables,
        plan=plan,
        best_plan=found.best_plan,
        least_points=found.least_points,
        is_proven=found.aimed.is_proven,
        words=words,
        what=what,
        per=per,
        provenance={
            "policy_hash": held.question.policy.hash,
            "case_hashes": dict(held.question.case.hashes),
            **facts,
            "versions": versions(),
        },
    )


def aim_of(aim: str, least: float | str, *, is_relaxed: bool, tolerance: float) -> Aim:
    """Read an aim and its share.

    Raises
    ------
    ArgumentError
        If either is not one.
    """
    problems = Problems()
    name, known = aim.replace("-", "_"), [each.replace("_", "-") for each in AIMS]
    if name not in AIMS:
        expected, maybe = f"one of {', '.join(known)}", did_you_mean(aim, known)
        problems.add(
            FAIR_PLAN, f"there is no aim {aim!r}", column="aim", expected=expected, maybe=maybe
        )
    share = LEAST_SHARE
    try:
        share = share_in(str(least))
    except (ValueError, OverflowError):
        message = f"{shown(least)} is not a valid share"
        problems.add(FAIR_PLAN, message, column="least", expected=LEAST_EXPECTED)
    if not (is_real(tolerance) and 0.0 < tolerance <= 1.0):
        message = f"{shown(tolerance)} is not a valid tolerance"
        problems.add(FAIR_PLAN, message, column="tolerance", expected="a number above 0, up to 1")
    problems.raise_if_any(ArgumentError)
    return Aim(name, share, is_relaxed, tolerance)  # type: ignore[arg-type]  # one of AIMS


def _facts(found: FairSolution) -> dict[str, Any]:
    """What the plan aims at, and how far that is proven."""
    facts: dict[str, Any] = {
        "aim": found.aim.name,
        "division": found.division.fairness.name,
        "least_share": found.aim.share,
        "least_points": found.least_points,
        "most_points": found.best_points,
        "is_proven": found.aimed.is_proven,
        "is_relaxed": found.aim.is_relaxed,
    }
    if found.disagreement is not None:
        facts |= {"disagreement": found.disagreement.origin, "tolerance": found.aim.tolerance}
    return facts
