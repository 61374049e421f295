"""Checks across the tables of a policy; they also run on data that are faulty elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import Any

from optimizer.errors import Problems, did_you_mean
from optimizer.io.toml import Address, dotted
from optimizer.policy.shapes import NAMED_LISTS
from optimizer.schema.measures import MEASURES
from optimizer.schema.rules import BOUNDS, RULES

_Add = Callable[..., None]
# No set: what a file has for a name may be a table or list, which no set can look up.
OF_GOALS = tuple(name for name, spec in MEASURES.items() if spec.is_of_goal)


def check_whole(
    data: Mapping[str, Any], problems: Problems, file_of: Callable[[Address], str]
) -> None:
    """Check names, weights and references that no single table shows.

    Parameters
    ----------
    data
        Merged tables of a policy, which may be faulty in themselves.
    file_of
        Name of the file that said what stands at an address.
    """

    def add(
        address: Address, message: str, expected: str | None = None, maybe: str | None = None
    ) -> None:
        problems.add(
            file_of(address),
            message,
            column=dotted(address, data),
            expected=expected,
            maybe=maybe,
        )

    goals = {
        name: goal for name, goal in _table(data, "goals").items() if isinstance(goal, Mapping)
    }
    _check_weights(goals, add)
    _check_names(data, add)
    for listed in NAMED_LISTS:
        for place, entry in _entries(data, listed):
            for key, goal in _goals_named(entry):
                if goal not in goals:
                    message = f"there is no goal {goal!r}"
                    expected = f"one of {', '.join(goals)}"
                    add((listed, place, *key), message, expected, did_you_mean(goal, goals))
    for place, limit in _entries(data, "limits"):
        _check_diminishing(place, limit, goals, add)
    for place, stakeholder in _entries(data, "stakeholders"):
        _check_stakeholder(place, stakeholder, goals, add)
        _check_limits_of(place, stakeholder, data, add)


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, Mapping) else {}


def _entries(data: Mapping[str, Any], listed: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    entries = data.get(listed)
    for place, entry in enumerate(entries if isinstance(entries, tuple) else ()):
        if isinstance(entry, Mapping):
            yield place, entry


def _check_weights(goals: Mapping[str, Mapping[str, Any]], add: _Add) -> None:
    weights = [goal.get("weight") for goal in goals.values()]
    if weights and all(
        isinstance(weight, int | float) and not isinstance(weight, bool) and weight == 0
        for weight in weights
    ):
        add(("goals",), "all weights are 0", "at least one weight that is not 0")


def _check_names(data: Mapping[str, Any], add: _Add) -> None:
    for listed, what in NAMED_LISTS.items():
        seen: set[str] = set()
        for place, entry in _entries(data, listed):
            name = entry.get("name")
            if isinstance(name, str):
                if name in seen:
                    add(
                        (listed, place), f"the name {name!r} is given twice", f"one {what} per name"
                    )
                seen.add(name)
                if name in RULES or name in BOUNDS:
                    message = f"{name!r} is the name of a rule already"
                    add((listed, place, "name"), message, "another name", f"my_{name}")


def _goals_named(limit: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    for key in ((), ("at_least",), ("at_most",)):
        goal = _goal_of(_table(limit, key[0]) if key else limit)
        if goal is not None:
            yield (*key, "goal"), goal


def _goal_of(table: Mapping[str, Any]) -> str | None:
    """The goal that a table names; None where something else stands for it."""
    goal = table.get("goal")
    return goal if isinstance(goal, str) else None


def _check_diminishing(
    place: int, limit: Mapping[str, Any], goals: Mapping[str, Mapping[str, Any]], add: _Add
) -> None:
    """Refuse limits that press a diminishing value down: it is modelled from above only.

    The value of such a goal lies under its tangents, so that a plan could understate it.
    """
    diminishing = {name for name, goal in goals.items() if goal.get("diminishing") is not None}
    expected = "a goal without diminishing returns"
    own = _goal_of(limit)
    if limit.get("measure") in OF_GOALS and own in diminishing and "at_most" in limit:
        add(
            ("limits", place, "at_most"),
            f"goal {own!r} has diminishing returns, so its value cannot be kept down",
            expected,
        )
    floor = _table(limit, "at_least")
    goal = _goal_of(floor) if "goal" in floor else own
    if floor.get("measure") in OF_GOALS and goal in diminishing:
        add(
            ("limits", place, "at_least"),
            f"goal {goal!r} has diminishing returns, so nothing can be held above its value",
            expected,
        )


def _check_stakeholder(
    place: int,
    stakeholder: Mapping[str, Any],
    goals: Mapping[str, Mapping[str, Any]],
    add: _Add,
) -> None:
    """Refuse weights of goals that there are not, and below 0 where a value has no lower side."""
    named: list[tuple[Address, object]] = [
        (("weights", goal), goal) for goal in _table(stakeholder, "weights")
    ]
    for number, each in _entries(stakeholder, "comparisons"):
        named += [(("comparisons", number, key), each.get(key)) for key in ("goal", "over")]
    for key, goal in named:
        if isinstance(goal, str) and goal not in goals:
            expected = f"one of {', '.join(goals)}"
            message = f"there is no goal {goal!r}"
            add(("stakeholders", place, *key), message, expected, did_you_mean(goal, goals))
    for goal, weight in _table(stakeholder, "weights").items():
        is_below = isinstance(weight, int | float) and -inf < weight < 0
        if is_below and goals.get(goal, {}).get("diminishing") is not None:
            message = f"{weight:g} is below 0 on a goal with diminishing returns"
            add(("stakeholders", place, "weights", goal), message, "a weight of at least 0")


def _check_limits_of(
    place: int, stakeholder: Mapping[str, Any], data: Mapping[str, Any], add: _Add
) -> None:
    names = [limit.get("name") for _, limit in _entries(data, "limits")]
    known = [name for name in names if isinstance(name, str)]
    if len(known) < len(names):
        # One whose name is faulty may be the one that is meant.
        return
    listed = stakeholder.get("limits")
    for name in listed if isinstance(listed, tuple) else ():
        if isinstance(name, str) and name not in known:
            message, maybe = f"there is no limit {name!r}", did_you_mean(name, known)
            add(("stakeholders", place, "limits"), message, "names of limits of the policy", maybe)
