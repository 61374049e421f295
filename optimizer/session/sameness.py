"""Whether an instance still asks for the model that is loaded, with other numbers at most.

Every part of an instance is compared. What is listed here may differ in numbers that are changed
in place; any other part, such as one that somebody adds, has to be the same to the last figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import pandas as pd

from optimizer.formulation.services import PLACE_YEAR
from optimizer.frames import keys_of
from optimizer.instance import Instance
from optimizer.instance.bounds import JoinedLimit
from optimizer.instance.diminishing import JoinedDiminishing
from optimizer.instance.sets import Sets

Same = Callable[[Any, Any], bool]


def alike(old: Any, new: Any) -> bool:
    """Whether two parts are the same, whatever they are made of."""
    if old is new or type(old) is not type(new):
        return old is new
    if isinstance(old, pd.DataFrame | pd.Series | pd.Index):
        return bool(old.equals(new))
    if is_dataclass(old):
        return all(alike(getattr(old, each.name), getattr(new, each.name)) for each in fields(old))
    if isinstance(old, Mapping):
        return list(old) == list(new) and all(alike(old[name], new[name]) for name in old)
    if isinstance(old, tuple | list):
        return len(old) == len(new) and all(map(alike, old, new))
    return bool(old == new)


def any_numbers(old: object, new: object) -> bool:
    """Whatever differs is changed in place, or was looked at field by field."""
    return True


def _same_in(*columns: str) -> Same:
    """Whether two frames are the same in these columns."""

    def same(old: pd.DataFrame, new: pd.DataFrame) -> bool:
        return old is new or bool(old[list(columns)].equals(new[list(columns)]))

    return same


def _same_users(old: pd.DataFrame, new: pd.DataFrame) -> bool:
    """Whether anybody could use the same services: each has an account by region and year."""
    return old is new or set(keys_of(old, PLACE_YEAR)) == set(keys_of(new, PLACE_YEAR))


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
        None if limit.spread is None else (limit.spread.kind, limit.spread.shares.to_dict()),
        [
            (bound.sense, sorted(set(bound.other["group"])), list(bound.other_group))
            for bound in limit.bounds
        ],
    )


def _same_curves(
    old: Mapping[str, JoinedDiminishing], new: Mapping[str, JoinedDiminishing]
) -> bool:
    def told(curves: Mapping[str, JoinedDiminishing]) -> object:
        return {name: (curve.tangents, curve.groups, curve.sizes) for name, curve in curves.items()}

    return old is new or told(old) == told(new)


def _same_sets(old: Sets, new: Sets) -> bool:
    return old is new or _same_parts(old, new, SETS)


def _same_parts(old: Any, new: Any, known: Mapping[str, Same]) -> bool:
    return all(
        known.get(each.name, alike)(getattr(old, each.name), getattr(new, each.name))
        for each in fields(old)
    )


SETS: Mapping[str, Same] = {
    **dict.fromkeys(("years", "repeated", "window", "last_case_year"), alike),
    **dict.fromkeys(("tracks", "levels", "groups", "later_pairs"), alike),
    **dict.fromkeys(("pairs", "cohort", "placements", "agreement", "active_track"), alike),
    **dict.fromkeys(
        ("transitions", "transitions_by_region", "transitions_from_region", "slots"), alike
    ),
    **dict.fromkeys(("present", "present_at"), alike),
    "countries": any_numbers,
    "regions": any_numbers,
    "sites": _same_in("track", "region", "year"),
    "expansion": _same_in("region", "service", "year", "expansion_unit", "expansion_limit"),
}
"""Parts of the sets, and what must not change of each."""

PARTS: Mapping[str, Same] = {
    **dict.fromkeys(("people", "current", "current_at", "extension"), alike),
    **dict.fromkeys(("case", "policy", "attributes", "scores"), any_numbers),
    **dict.fromkeys(("spending", "value", "anyway", "support_floor", "divisions"), any_numbers),
    "sets": _same_sets,
    "use": _same_users,
    "diminishing": _same_curves,
    "capacity": _same_in("region", "service", "year"),
    "budget": _same_in("line", "year", "agency", "purpose"),
    "caps": _same_in("track", "year", "counts"),
    "transfers": lambda old, new: [(e.from_, e.to) for e in old] == [(e.from_, e.to) for e in new],
    "carry_over": lambda old, new: old.keys() == new.keys(),
    "limits": _same_groups,
    "commitments": _same_groups,
}
"""Parts of an instance, and what must not change of each."""


def same_model(old: Instance, new: Instance) -> bool:
    """Whether two instances have the same decisions, groups and rules."""
    return _same_parts(old, new, PARTS)


def is_known() -> bool:
    """Whether it is known of every part of an instance what a change can do to it.

    Parts that somebody added may follow from any number, so they are joined again with all others.
    """
    named = {each.name for each in fields(Instance)} | {each.name for each in fields(Sets)}
    return named <= PARTS.keys() | SETS.keys()
