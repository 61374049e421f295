"""An instance brought up to date after a change, without joining again what did not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from optimizer.case import Case
from optimizer.errors import PolicyError, Problems
from optimizer.formulation.expressions import KEYS
from optimizer.formulation.numbers import NUMBERS
from optimizer.formulation.services import PLACE_YEAR
from optimizer.frames import keys_of
from optimizer.instance import (
    Instance,
    build_instance,
    caps_of,
    carried_over,
    check_budget,
    listed_transfers,
    money_of,
)
from optimizer.instance.bounds import JoinedLimit
from optimizer.instance.limits import join_commitments, with_bounds
from optimizer.instance.measures import Measures
from optimizer.instance.services import capacities
from optimizer.policy import Amount, Limit, Policy, Relative

FACTS = ("levels", "groups", "pairs")
"""Frames with facts that stand in rows and columns."""

TOLD = frozenset({"why", "source", "title", "cases", "extends", "protected", "schema_version"})
"""Fields that no number of a model depends on."""

IN_CELLS: Mapping[tuple[str, str], str] = {
    ("budgets", "amount"): "budgets",
    ("national_caps", "max"): "caps",
    ("sites", "max_slots"): "terms",
    ("services", "capacity"): "capacities",
    ("commitments", "at_least"): "commitments",
    ("commitments", "at_most"): "commitments",
    ("costs", "amount"): "terms",
    ("region_costs", "amount"): "terms",
    ("agreements", "setup_cost"): "terms",
    ("agreements", "yearly_cost"): "terms",
    ("services", "expansion_cost"): "terms",
    ("services", "upkeep"): "terms",
    ("service_use", "units"): "terms",
    ("scores", "value"): "terms",
}
"""What a change of a cell moves; attributes move terms, all else the model itself."""

PLAIN = frozenset(NUMBERS) - {"sites"}
"""Parts that are numbers of rules alone; of sites it depends which floors can be reached at all."""


@dataclass(frozen=True)
class Renewal:
    """An instance after a change, and what of the model moves.

    Attributes
    ----------
    moved
        Names of :data:`PLAIN`, and ``costs``, ``limits`` or ``terms``; ``None`` where the model
        itself is another one.
    """

    instance: Instance
    moved: frozenset[str] | None


def renewed(old: Instance, case: Case, policy: Policy, cells: Iterable[tuple[str, str]]) -> Renewal:
    """Bring an instance up to date.

    Parameters
    ----------
    old
        As it was.
    case, policy
        As they are now.
    cells
        Table and column of every cell that has changed.

    Raises
    ------
    PolicyError
        With the problems that joining case and policy from nothing would find.
    """
    moved = _moved_by_policy(old.policy, policy)
    if moved is not None:
        moved = _moved_by_cells(cells, moved)
    if moved is None or "terms" in moved:
        new = build_instance(case, policy)
    else:
        new = _with_numbers(old, case, policy, moved)
    same = moved is not None and _same_model(old, new)
    return Renewal(new, moved if same else None)


def _moved_by_policy(old: Policy, new: Policy) -> frozenset[str] | None:
    """What moves between two policies; ``None`` where other decisions or rules come in."""
    moved: set[str] = set()
    if list(old.goals) != list(new.goals) or len(old.support_floor) != len(new.support_floor):
        return None
    if [limit.name for limit in old.limits] != [limit.name for limit in new.limits]:
        return None
    parts: list[frozenset[str] | None] = [
        _moves(old.goals[name], new.goals[name], GOAL) for name in old.goals
    ]
    parts += [_by_limit(*pair) for pair in zip(old.limits, new.limits, strict=True)]
    parts += [
        _moves(*pair, {"amount_per_year": "terms"})
        for pair in zip(old.support_floor, new.support_floor, strict=True)
    ]
    parts += [
        _moves(old.horizon, new.horizon, {"discount": "terms"}),
        _moves(old.solver, new.solver, {"gap": None, "time_limit": None}),
        _by_money(old, new),
        _by_stability(old, new),
    ]
    for part in parts:
        if part is None:
            return None
        moved |= part
    return frozenset(moved)


GOAL: Mapping[str, str | None] = {
    "weight": "costs",
    "scale": "costs",
    "indicators": "terms",
    "region_indicators": "terms",
    "effects": "terms",
    "region_effects": "terms",
    "missing": "terms",
}


def _moves(old: Any, new: Any, known: Mapping[str, str | None]) -> frozenset[str] | None:
    """What moves with the fields in which two tables differ; ``None`` for a field not known."""
    moved: set[str] = set()
    if old is new:
        return frozenset()
    for name in type(old).model_fields:
        if name in TOLD or getattr(old, name) == getattr(new, name):
            continue
        if name not in known:
            return None
        moved.add(known[name] or "")
    return frozenset(moved - {""})


def _by_limit(old: Limit, new: Limit) -> frozenset[str] | None:
    if old is new:
        return frozenset()
    if (old.soft is None) != (new.soft is None):
        return None
    for key in ("at_least", "at_most"):
        if not _same_shape(getattr(old, key), getattr(new, key)):
            return None
    known = dict.fromkeys(("at_least", "at_most", "soft_base"), "limits")
    return _moves(old, new, known | {"soft": "costs"})


def _same_shape(old: Any, new: Any) -> bool:
    """Whether two bounds differ in one number at most."""
    if isinstance(old, Relative) and isinstance(new, Relative):
        return new.model_copy(update={"times": old.times}) == old
    if isinstance(old, Amount) and isinstance(new, Amount):
        return new.per == old.per
    return (isinstance(old, int | float) and isinstance(new, int | float)) or old is new is None


def _by_money(old: Policy, new: Policy) -> frozenset[str] | None:
    pairs = [[(each.from_, each.to) for each in policy.budget.transfers] for policy in (old, new)]
    if pairs[0] != pairs[1]:
        return None
    return frozenset() if old.budget == new.budget else frozenset({"budgets"})


def _by_stability(old: Policy, new: Policy) -> frozenset[str] | None:
    before, after = old.stability, new.stability
    if before is None or after is None:
        return frozenset() if before is after else None
    if (before.max_change is None) != (after.max_change is None):
        return None
    if bool(before.price) != bool(after.price):
        return None
    return _moves(before, after, {"max_change": "change", "price": "costs"})


def _moved_by_cells(
    cells: Iterable[tuple[str, str]], moved: frozenset[str]
) -> frozenset[str] | None:
    for table, column in cells:
        part = IN_CELLS.get((table, column))
        if part is None and table in ("countries", "regions"):
            part = "terms"
        if part is None:
            return None
        moved |= {part}
    return moved


def _same_model(old: Instance, new: Instance) -> bool:
    """Whether two instances have the same decisions, groups and rules."""
    return (
        _same_decisions(old, new)
        and (old.use is new.use or _used(old) == _used(new))
        and _same_groups(old.limits, new.limits)
        and _same_groups(old.commitments, new.commitments)
        and (old.diminishing is new.diminishing or _curves(old) == _curves(new))
        and old.carry_over.keys() == new.carry_over.keys()
        and [(each.from_, each.to) for each in old.transfers]
        == [(each.from_, each.to) for each in new.transfers]
    )


def _same_decisions(old: Instance, new: Instance) -> bool:
    if old.sets is new.sets:
        return True
    if any(not getattr(old.sets, name).equals(getattr(new.sets, name)) for name in FACTS):
        return False
    keys = {name: list(getattr(old.sets, name)) for name in KEYS}
    keys["expansion"] = ["region", "service", "year", "expansion_unit", "expansion_limit"]
    return all(
        getattr(old.sets, name)[columns].equals(getattr(new.sets, name)[columns])
        for name, columns in keys.items()
    )


def _used(instance: Instance) -> set[object]:
    """Services that anybody could use, by region and year: each has an account."""
    return set(keys_of(instance.use, PLACE_YEAR))


def _curves(instance: Instance) -> object:
    return {name: (curve.tangents, curve.groups) for name, curve in instance.diminishing.items()}


def _same_groups(old: Sequence[JoinedLimit], new: Sequence[JoinedLimit]) -> bool:
    """Whether limits measure and compare the same groups; most are the very same objects."""
    return len(old) == len(new) and all(
        before is after or _groups(before) == _groups(after)
        for before, after in zip(old, new, strict=True)
    )


def _groups(limit: JoinedLimit) -> object:
    return (
        limit.name,
        list(limit.groups.index),
        limit.counted,
        [
            (bound.sense, sorted(set(bound.other["group"])), list(bound.other_group))
            for bound in limit.bounds
        ],
    )


def _with_numbers(old: Instance, case: Case, policy: Policy, moved: frozenset[str]) -> Instance:
    """The instance with the parts joined again that have moved."""
    problems = Problems()
    attributes = replace(old.attributes, policy=policy, problems=problems)
    sets = old.sets
    parts: dict[str, Any] = {}
    if "budgets" in moved:
        parts["budget"] = money_of(case, sets)
    # Lines are keys, which no change of a cell touches.
    if policy.budget != old.policy.budget:
        check_budget(case, attributes)
        problems.raise_if_any(PolicyError)
        parts["transfers"] = listed_transfers(case, policy)
        parts["carry_over"] = carried_over(case, policy)
    if "caps" in moved:
        parts["caps"] = caps_of(case, sets)
    if "capacities" in moved:
        parts["capacity"] = capacities(case, sets)
    measures = Measures(
        case, sets, old.people, old.spending, old.use, old.value, attributes, problems
    )
    if "commitments" in moved:
        parts["commitments"] = join_commitments(measures)
    wanted = {limit.name: limit for limit in policy.limits}
    limits = tuple(
        joined
        if joined.limit is wanted[joined.name] or joined.limit == wanted[joined.name]
        else with_bounds(joined, wanted[joined.name], measures)
        for joined in old.limits
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
