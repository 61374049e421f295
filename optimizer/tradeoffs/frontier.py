"""What is given up of one goal for another, or of points for fairness: fronts of plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from optimizer.case import Case
from optimizer.errors.arguments import typed
from optimizer.formulation.custom import Extend
from optimizer.instance.oddities import warn_of
from optimizer.plan.question import read_question
from optimizer.plan.scales import ScalesGiven
from optimizer.policy import Policy
from optimizer.policy.loading import NO_CHANGES
from optimizer.session.holding import Holding
from optimizer.session.solving import PlanOptions, begun, holding_for
from optimizer.solver import Progress, Watch
from optimizer.tradeoffs.asked_of_front import AskedOfFront, asked_of_fairness, asked_of_front
from optimizer.tradeoffs.fair_frontier import fair_frontier
from optimizer.tradeoffs.front_result import Frontier, front_facts
from optimizer.tradeoffs.front_search import FrontSearch


@typed
def frontier(
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    goals: Sequence[str] = (),
    fairness: str | None = None,
    points: int | None = None,
    exact: bool = False,
    relaxed: bool = False,
    lexicographic: float | str | None = None,
    reference: Mapping[str, float] | None = None,
    changes: Mapping[str, object] = NO_CHANGES,
    extend: Extend | None = None,
    scales: ScalesGiven | None = None,
    cache: bool = True,
    gap: float | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> Frontier:
    """Find plans of which none is better in one aim without being worse in another.

    Aims are some goals; or, with ``fairness``, the points of the policy and the lowest rate of a
    division. Goals of negative weight are those of which less is wanted. Other goals and penalties
    do not count, except for what is continuous beside slots, agreements and expansions; rules of
    the policy, protected floors among them, are kept by every plan.

    Parameters
    ----------
    policy, case, changes, extend, scales, cache, report, started
        As in :func:`optimizer.solve`.
    goals
        Two or more goals of the policy; prices are in units of the first.
    fairness
        In place of goals: name of a ``[[fairness]]`` table of the policy. What it costs in points
        to raise the rate of the group that has least for its need, from the plan of the most
        points up to the most even one.
    points
        How many well-spread points are looked for; 11 without it. The ends are always among them:
        the most of each goal and, among these plans, the most of the others.
    exact
        All points, with gap 0. Refused where a goal depends on continuous decisions, or what
        groups get does not come in steps.
    relaxed
        With ``fairness``: whether to ask the LP relaxation alone, which is quicker and gives no
        plans.
    lexicographic
        Choose the plan with the most of the first goal, then of the second and so on, where this
        share of each may be lacking for the sake of the next: ``0``, ``0.01`` or ``"1%"``.
    reference
        Choose the plan that goes farthest beyond these raw values of goals, or comes nearest to
        them, in parts of the range of each goal; all goals are named.
    gap
        Relative gap of every search in place of the policy's.
    time_limit
        Wall seconds for all of it; the policy's are for one plan. What is found by then is kept.

    Returns
    -------
    Frontier
        Points with plan, status, gap, prices and what limits them; with ``fairness`` a
        :class:`FairFrontier`.

    Raises
    ------
    ArgumentError
        If goals, division, values or counts are wrong.
    InputError, PolicyError, ExtensionError
        If case or policy is wrong.
    OptimizerError
        If exact points are asked for that cannot be listed one by one.
    InfeasibleError, NoPlanError
        As :func:`optimizer.solve`, where not even one plan is found.

    Examples
    --------
    >>> from optimizer import frontier
    >>> asked = {"goals": ["safe_haven", "bridges"], "points": 3}
    >>> found = frontier("models/tiny.toml", "inputs/tiny", **asked)
    >>> found.table["status"].unique().tolist()
    ['optimal']
    """
    watch = begun(report, started, gap=gap, time_limit=time_limit, relaxed=relaxed)
    with watch.looking():
        question = read_question(policy, case, changes)
        if fairness is None and not relaxed:
            asked = asked_of_front(
                question.policy,
                goals,
                points,
                exact=exact,
                lexicographic=lexicographic,
                reference=reference,
                gap=gap,
            )
        else:
            others = {"goals": tuple(goals) or None, "reference": reference}
            asked = asked_of_fairness(
                question.policy,
                fairness,
                points,
                exact=exact,
                relaxed=relaxed,
                gap=gap,
                others={**others, "lexicographic": lexicographic},
            )
    held = holding_for(question, watch, PlanOptions(extend=extend, scales=scales, cache=cache))
    warn_of(held.odd)
    return fair_frontier(held, asked, watch) if asked.fairness else _found(held, asked, watch)


def _found(held: Holding, asked: AskedOfFront, watch: Watch) -> Frontier:
    with watch.listening():
        search = FrontSearch(held, asked, watch)
        search.look()
        tables = search.tables()
    return Frontier(
        answer=tables.pop("points"),
        tables=tables,
        plans=search.plans,
        goals=asked.goals,
        knee=search.knee,
        dominated=search.points.dominated,
        why_incomplete=search.why_incomplete,
        interrupted=watch.interrupted,
        timed_out=watch.timed_out,
        question=held.question,
        provenance=front_facts(held, asked, watch, search.asked_times),
    )
