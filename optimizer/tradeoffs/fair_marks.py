"""Plans that are marked on a front of points and fairness: the policy's own, and today's."""

from __future__ import annotations

import numpy as np

from optimizer.errors import SolverError
from optimizer.frames.arrays import Floats
from optimizer.instance.divisions import JoinedDivision
from optimizer.plan import Decisions
from optimizer.plan.fair_shares import groups_of_division
from optimizer.plan.subject import Subject
from optimizer.plan.values import values_of
from optimizer.session.aims.disagreement import todays_slots
from optimizer.session.aims.outcomes import outcomes_of
from optimizer.session.holding import Holding
from optimizer.session.planning import PlanSearch
from optimizer.solver import Watch
from optimizer.tradeoffs.fair_points import OF_TODAY, MarkedPlan

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
        ``None`` where the case does not say what there is today, or time ran out.
    """
    slots, _ = todays_slots(held.loaded)
    if slots is None or watch.should_stop():
        return None
    clock = Watch(watch.time_limit, None, watch.started)
    instance = held.loaded.instance
    given = values_of(instance, Decisions(slots))
    if not len(given.impossible):
        held.loaded.pin({name: given.of[name] for name in ("cohort", "placements", "slots")})
        try:
            best = _best_of(held, division, clock, gap, relaxed=relaxed)
        finally:
            held.loaded.let_go()
        if best is not None:
            return MarkedPlan(OF_TODAY, *best, keeps_rules=True)
        if clock.timed_out or clock.interrupted:
            return None
    if not division.fairness.counts.is_of_entrants:
        return None
    subject = Subject(instance, given, Decisions(slots))
    amounts = groups_of_division(subject, division)["amount"].to_numpy(dtype=float)
    return MarkedPlan(OF_TODAY, float("nan"), amounts, keeps_rules=False, why=BREAKS_RULES)


def _best_of(
    held: Holding, division: JoinedDivision, watch: Watch, gap: float, *, relaxed: bool
) -> tuple[float, Floats] | None:
    """Points and amounts of the best plan with the slots that are given; ``None`` without one."""
    loaded = held.loaded
    if relaxed:
        run = loaded.relax(watch)
        if run.x is None or run.status != "optimal":
            return None
        return loaded.matrix.points(run.x), outcomes_of(loaded, division).amounts(run.x)
    try:
        solution = loaded.solve(watch, gap=gap)
        if solution.objective is None:
            return None
        plan = PlanSearch(held, watch, gap).checked(solution)
    except SolverError:
        return None
    table = plan.tables["fairness_groups"]
    groups = table[table["fairness"].eq(division.fairness.name)].set_index("group")
    amounts = groups["amount"].reindex(division.groups.index)
    return plan.objective, np.asarray(amounts, dtype=float)
