"""An instance brought up to date after a change, without joining again what did not change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from optimizer.case import Case
from optimizer.errors import PolicyError, Problems
from optimizer.frames.memory import Memory
from optimizer.instance import (
    Instance,
    caps_of,
    carried_over,
    check_budget,
    joined,
    listed_transfers,
    money_of,
)
from optimizer.instance.divisions import join_divisions
from optimizer.instance.goal_views import GoalViews
from optimizer.instance.limits import join_commitments, with_bounds
from optimizer.instance.scoring import GivenScores
from optimizer.instance.services import capacities
from optimizer.policy import Policy
from optimizer.policy.groups_of_goals import is_of_goals
from optimizer.session.moving import Moved, moved_by, rebuilding
from optimizer.session.sameness import is_known, same_model

OTHER_MODEL = "other decisions or rules"
"""Why another model is needed where no single number is to blame."""

SCORED: Moved = frozenset({"terms"})
"""What moves with scores."""


@dataclass(frozen=True)
class Renewal:
    """An instance after a change, and what of the model moves.

    Attributes
    ----------
    moved
        As :func:`optimizer.session.moving.moved_by` gives it.
    why
        What needs another model, in words; blank where nothing does.
    """

    instance: Instance
    moved: Moved
    why: str = ""


def instance_renewed(
    old: Instance, case: Case, policy: Policy, cells: Iterable[tuple[str, str]], memory: Memory
) -> Renewal:
    """Bring an instance up to date.

    Parameters
    ----------
    old
        As it was.
    case, policy
        As they are now.
    cells
        Table and column of every cell that has changed.
    memory
        Of what was joined before.

    Raises
    ------
    PolicyError
        With the problems that joining case and policy from nothing would find.
    """
    cells = list(cells)
    moved = moved_by(old.policy, policy, cells)
    if moved is None or "terms" in moved or not is_known() or _moves_needs(policy, cells):
        new = joined(case, policy, memory, old.scores.given)
    else:
        new = _with_numbers(old, case, policy, moved)
    if moved is None:
        return Renewal(new, None, ", ".join(rebuilding(old.policy, policy, cells)))
    return Renewal(new, moved) if same_model(old, new) else Renewal(new, None, OTHER_MODEL)


def instance_scored(old: Instance, given: GivenScores, memory: Memory) -> Renewal:
    """Count countries by other scores; those of the indicators where none are given."""
    new = replace(joined(old.case, old.policy, memory, given), extension=old.extension)
    return Renewal(new, SCORED) if same_model(old, new) else Renewal(new, None, OTHER_MODEL)


def _moves_needs(policy: Policy, cells: Iterable[tuple[str, str]]) -> bool:
    """Whether a need may follow from one of the cells."""
    named = [each.relative_to or "" for each in policy.fairness]
    named += [each.relative_to or "" for each in policy.limits]
    parts = {part for name in named for part in name.split(".")}
    return any(table in parts or column in parts for table, column in cells)


def _with_numbers(old: Instance, case: Case, policy: Policy, moved: frozenset[str]) -> Instance:
    """The instance with the parts joined again that have moved."""
    problems = Problems()
    attributes = old.attributes.telling(problems)
    sets = old.sets
    parts: dict[str, Any] = {}
    if "budgets" in moved:
        parts["budget"] = money_of(case, sets)
    # Lines are keys, which no change of a cell touches.
    if policy.budget != old.policy.budget:
        check_budget(case, policy, attributes)
        problems.raise_if_any(PolicyError)
        parts["transfers"] = listed_transfers(case, policy)
        parts["carry_over"] = carried_over(case, policy)
    if "caps" in moved:
        parts["caps"] = caps_of(case, sets)
    if "capacities" in moved:
        parts["capacity"] = capacities(case, sets)
    views = GoalViews.of(policy)
    measures = replace(old.measures(problems, case=case), views=views)
    if views != GoalViews.of(old.policy) and any(map(is_of_goals, policy.fairness)):
        parts["divisions"] = join_divisions(policy.fairness, measures)
    if "commitments" in moved:
        parts["commitments"] = join_commitments(measures)
    wanted = {limit.name: limit for limit in policy.limits}
    limits = tuple(
        limit
        if limit.limit is wanted[limit.name] or limit.limit == wanted[limit.name]
        else with_bounds(limit, wanted[limit.name], measures)
        for limit in old.limits
    )
    problems.raise_if_any(PolicyError)
    return replace(
        old,
        case=case,
        policy=policy,
        attributes=attributes,
        limits=limits,
        **parts,
    )
