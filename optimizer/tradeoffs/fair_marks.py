"""Plans that are marked on a front of points and fairness: the policy's own, and today's."""

from __future__ import annotations

from math import inf

from optimizer.errors import SolverError
from optimizer.frames.arrays import Floats
from optimizer.instance.divisions import JoinedDivision
from optimizer.persistent.answers import solution_at
from optimizer.plan import Decisions
from optimizer.plan.fair_shares import groups_of_division
from optimizer.plan.subject import Subject
from optimizer.plan.values import values_of
from optimizer.session.aims.among import Among
from optimizer.session.aims.disagreement import todays_slots, todays_solution
from optimizer.session.aims.outcomes import outcomes_of
from optimizer.session.holding import Holding
from optimizer.session.planning import PlanSearch
from optimizer.solver import Watch
from optimizer.tradeoffs.fair_points import OF_TODAY, MarkedPlan, amounts_in

BREAKS_RULES = "it does not keep every rule"


def mark_of_today(
    held: Holding, division: JoinedDivision, watch: Watch, gap: float, *, relaxed: bool
) -> MarkedPlan | None:
    """Today's slots in every planned year, with the most points that any plan has with them.

    The loaded model has its own costs, and no floors.

    Where they break a rule, what groups get of slots is known all the same, and of nothing else.

    Returns
    -------
    MarkedPlan or None
        ``None`` where the case does not say what there is today, time ran out, or the solver
        failed, which says nothing about rules.
    """
    slots, _ = todays_slots(held.loaded)
    if slots is None or watch.should_stop():
        return None
    instance = held.loaded.instance
    try:
        best = _best_of(held, division, watch, gap, relaxed=relaxed)
    except SolverError:
        return None
    if best is not None:
        return MarkedPlan(OF_TODAY, *best, keeps_rules=True)
    if watch.timed_out or watch.interrupted:
        return None
    if not division.fairness.counts.is_of_entrants:
        return None
    subject = Subject(instance, values_of(instance, Decisions(slots)), Decisions(slots))
    groups = groups_of_division(subject, division, held.scaled(watch).of)
    amounts = groups["amount"].to_numpy(dtype=float)
    return MarkedPlan(OF_TODAY, float("nan"), amounts, keeps_rules=False, why=BREAKS_RULES)


def _best_of(
    held: Holding, division: JoinedDivision, watch: Watch, gap: float, *, relaxed: bool
) -> tuple[float, Floats] | None:
    """Points and amounts of the best plan with the slots that are given; ``None`` without one."""
    loaded = held.loaded
    watch.forget()
    x, _ = todays_solution(Among(loaded, None, watch, is_relaxed=relaxed, gap=gap))
    if x is None:
        return None
    if relaxed:
        outcomes = outcomes_of(loaded, division, held.scaled(watch).of)
        return loaded.matrix.points(x), outcomes.amounts(x)
    plan = PlanSearch(held, watch, gap).checked(solution_at(loaded, x, inf, watch))
    return plan.objective, amounts_in(plan, division)
