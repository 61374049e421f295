"""Parts of a loaded model that change with a field of the policy or a column of the case.

Only what is listed here is changed in place. Whatever is not, such as a section or a table that
somebody adds, moves the model itself, which is then built again: slower, but never wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from numbers import Real

from pydantic import BaseModel

from optimizer.formulation import NUMBERS
from optimizer.policy import Policy
from optimizer.policy.evenness import EVENNESS, OF_EACH_GROUP
from optimizer.policy.groups_of_goals import is_of_goals
from optimizer.schema.addresses import AddressError, cell_of, is_cell, names_of
from optimizer.schema.tables import TABLES

PLAIN = frozenset(NUMBERS) - {"sites"}
"""Parts that are numbers of rules alone; of sites it depends which floors can be reached at all."""

Moved = frozenset[str] | None
"""Names of :data:`PLAIN`, and ``costs``, ``limits`` or ``terms``; ``None`` where the model itself
is another one."""

FIELD_PARTS: Mapping[str, str] = {
    "title": "",
    "why": "",
    "cases": "",
    "extends": "",
    "goals.*.weight": "costs",
    "goals.*.scale": "costs",
    "goals.*.why": "",
    "goals.*.source": "",
    "goals.*.missing": "terms",
    **{
        f"goals.*.{side}indicators{field}": "terms"
        for side in ("", "region_")
        for field in (
            "",
            ".*.column",
            ".*.weight",
            ".*.transform",
            ".*.direction",
            ".*.range",
            ".*.missing",
        )
    },
    **{
        f"goals.*.{side}effects{field}": "terms"
        for side in ("", "region_")
        for field in ("", ".*.where", ".*.where.*", ".*.stage", ".*.effect", ".*.optional")
    },
    **{f"limits.*.flex{part}": "" for part in ("", ".down", ".up", ".price")},
    "limits.*.protected": "",
    "limits.*.why": "",
    "limits.*.source": "",
    "support_floor.*.protected": "",
    "support_floor.*.why": "",
    "support_floor.*.source": "",
    "fairness.*.why": "",
    "fairness.*.source": "",
    **{
        f"stakeholders.*.{field}": ""
        for field in (
            "agency",
            "weights",
            "weights.*",
            "comparisons.*.times",
            "limits",
            "why",
            "source",
        )
    },
    "solver.gap": "",
    "solver.time_limit": "",
}
"""Fields of a policy, names and positions as ``*``, and what moves with them; blank: nothing."""

VIEWS = frozenset(
    {
        "goals.*.scale",
        "stakeholders.*.weights",
        "stakeholders.*.weights.*",
        "stakeholders.*.comparisons.*.times",
    }
)
"""Fields that move the model where limits are on the values of goals, or of stakeholders."""

FIGURES: Mapping[str, str] = {
    "horizon.discount": "terms",
    **{
        f"limits.*.{sense}{figure}": "limits"
        for sense in ("at_least", "at_most")
        for figure in ("", ".amount", ".times", ".plus", ".first.times", ".first.plus")
    },
    **{f"limits.*.at_least.{key}": "limits" for key in (*OF_EACH_GROUP, "own_best")},
    **{f"limits.*.at_most.{key}": "limits" for key in EVENNESS},
    "limits.*.soft": "costs",
    "limits.*.soft_base": "limits",
    "support_floor.*.amount_per_year": "terms",
    "budget.transfers.*.share": "budgets",
    "budget.carry_over": "budgets",
    "budget.carry_over.*": "budgets",
    "stability.max_change": "change",
    "stability.penalty": "costs",
}
"""The same of fields that move no more only while they are numbers before and after."""

IN_CELLS: Mapping[tuple[str, str], str] = {
    ("regions", "tile_row"): "",
    ("regions", "tile_column"): "",
    ("regions", "residents_today"): "terms",
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
    ("current_plan_by_region", "slots"): "",
    **{("rank_bands", column): "" for column in ("rank", "low", "high")},
    **{
        (f"forecasts_by_{side}", bound): ""
        for side in ("country", "region")
        for bound in ("low", "high")
    },
}
"""Effect of a change of a cell."""

ATTRIBUTE_TABLES = ("countries", "regions")
"""Tables whose columns of the user's own are read through attributes alone, which make terms."""


def moved_by(old: Policy, new: Policy, cells: Iterable[tuple[str, str]]) -> Moved:
    """Difference between two policies, and the effect of these tables' columns.

    Examples
    --------
    >>> from optimizer import load_policy
    >>> tiny = load_policy("models/tiny.toml")
    >>> heavier = load_policy("models/tiny.toml", changes={"goals.alliance.weight": 4})
    >>> sorted(moved_by(tiny, heavier, [("budgets", "amount")]))
    ['budgets', 'costs']
    >>> moved_by(tiny, tiny, [("tracks", "min_cohort")]) is None
    True
    """
    of_goals = _has_limits_of_goals(old, new)
    parts = [_part(*difference, of_goals=of_goals) for difference in _differences(old, new)]
    parts += [_part_of_cell(table, column) for table, column in cells]
    if None in parts:
        return None
    return frozenset(part for part in parts if part)


@cache
def may_rebuild(address: str) -> bool:
    """Whether a change there may need another model, as far as the address alone shows.

    Examples
    --------
    >>> may_rebuild("goals.alliance.weight"), may_rebuild("budgets[line=science].amount_jpy")
    (False, False)
    >>> may_rebuild("horizon.tail"), may_rebuild("tracks[track=lab].min_cohort")
    (True, True)
    """
    if not is_cell(address):
        names = names_of(address) or ()
        return not any(_matches(names, path.split(".")) for path in (*FIELD_PARTS, *FIGURES))
    try:
        cell = cell_of(address)
    except AddressError:
        return True
    # Columns of money are known by their name with the currency as well.
    known = [column for table, column in IN_CELLS if table == cell.table]
    is_known = any(cell.column == name or cell.column.startswith(f"{name}_") for name in known)
    return not is_known and _part_of_cell(cell.table, cell.column) is None


def _matches(names: Sequence[str], path: Sequence[str]) -> bool:
    return len(names) == len(path) and all(
        part in ("*", name) for name, part in zip(names, path, strict=True)
    )


def rebuilding(old: Policy, new: Policy, cells: Iterable[tuple[str, str]]) -> list[str]:
    """What of the difference moves the model itself: fields of the policy, columns of the case.

    Examples
    --------
    >>> from optimizer import load_policy
    >>> tiny = load_policy("models/tiny.toml")
    >>> rebuilding(tiny, tiny, [("tracks", "min_cohort"), ("budgets", "amount")])
    ['tracks.min_cohort']
    """
    of_goals, differing = _has_limits_of_goals(old, new), _differences(old, new)
    fields = [each[0] for each in differing if _part(*each, of_goals=of_goals) is None]
    columns = [".".join(cell) for cell in cells if _part_of_cell(*cell) is None]
    return list(dict.fromkeys([*fields, *columns]))


def _has_limits_of_goals(*policies: Policy) -> bool:
    return any(is_of_goals(limit) for policy in policies for limit in policy.limits)


def _part(path: str, old: object, new: object, *, of_goals: bool = False) -> str | None:
    if of_goals and (path in VIEWS or _is_turned(path, old, new)):
        return None
    if _is_number(old) and _is_number(new) and path in FIGURES:
        return FIGURES[path]
    return FIELD_PARTS.get(path)


def _is_turned(path: str, old: object, new: object) -> bool:
    """Whether a goal is avoided from now on, or no more."""
    is_number = _is_number(old) and _is_number(new)
    return path == "goals.*.weight" and is_number and (old < 0) != (new < 0)  # type: ignore[operator]


def _part_of_cell(table: str, column: str) -> str | None:
    if table in ATTRIBUTE_TABLES and column not in {each.name for each in TABLES[table].columns}:
        return "terms"
    return IN_CELLS.get((table, column))


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _differences(old: object, new: object, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Where two parts of a policy differ, as deep as their shapes are the same."""
    if old is new:
        return
    if isinstance(old, BaseModel) and type(old) is type(new):
        names = type(old).model_fields
        pairs = [(name, getattr(old, name), getattr(new, name)) for name in names]
    elif isinstance(old, Mapping) and isinstance(new, Mapping) and list(old) == list(new):
        pairs = [("*", old[name], new[name]) for name in old]
    elif _are_tables(old, new):
        pairs = [("*", *pair) for pair in zip(old, new, strict=True)]  # type: ignore[call-overload]
    else:
        if old != new:
            yield path, old, new
        return
    for name, before, after in pairs:
        yield from _differences(before, after, f"{path}.{name}" if path else name)


def _are_tables(old: object, new: object) -> bool:
    """Whether both are lists of as many tables."""
    return (
        isinstance(old, tuple)
        and isinstance(new, tuple)
        and len(old) == len(new)
        and all(isinstance(table, BaseModel) for table in (*old, *new))
    )
