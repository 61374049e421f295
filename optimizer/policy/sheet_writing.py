"""Writes a policy as rows of sheets, to be changed in a workbook and read on top of the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from optimizer.io.grids import number_text
from optimizer.policy.cell_text import (
    NOTHING,
    CellTextError,
    comparisons_text,
    filter_text,
    names_text,
    parse_comparisons,
    parse_filter,
    parse_names,
    parse_weights,
    weights_text,
)
from optimizer.policy.evenness import Even
from optimizer.policy.limits import Amount, Limit, Previous, Relative
from optimizer.policy.models import Policy
from optimizer.policy.own_best import OwnBest
from optimizer.policy.sheet_columns import GOALS, LIMITS, POLICY, STAKEHOLDERS
from optimizer.policy.stakeholders import Stakeholder
from optimizer.schema.tables import TableSpec

MIXED = "The bounds are of different kinds, so they can be changed in the TOML file only."
OF_EVENNESS = "How evenly groups share can be changed in the TOML file only."
OF_OWN_BESTS = "A part of each group's own best can be changed in the TOML file only."


def policy_rows(policy: Policy) -> dict[str, pd.DataFrame]:
    """Write a policy's weights and limits as the rows of a workbook that extends it.

    Parameters
    ----------
    policy
        Policy of a TOML file; the workbook must stand in the same folder.

    Returns
    -------
    dict
        Frames of the sheets ``policy``, ``goals`` and ``limits``, and of ``stakeholders`` if there
        are any, in the order and with the columns of :data:`SHEETS`: text, and float64 for number
        columns. What a cell cannot say is left blank, and so inherited: reading the rows gives a
        policy of the same hash.
    """
    named = [_stakeholder_row(each) for each in policy.stakeholders]
    further = {STAKEHOLDERS.name: _frame(STAKEHOLDERS, named)} if named else {}
    return {
        POLICY.name: _frame(POLICY, _policy_rows(policy)),
        GOALS.name: _frame(
            GOALS,
            [
                {
                    "goal": name,
                    "weight": goal.weight,
                    "scale": goal.scale
                    if isinstance(goal.scale, str)
                    else number_text(float(goal.scale)),
                    "why": _exact(goal.why),
                    "source": _exact(goal.source),
                }
                for name, goal in policy.goals.items()
            ],
        ),
        LIMITS.name: _frame(LIMITS, [_limit_row(limit) for limit in policy.limits]),
        **further,
    }


def _frame(spec: TableSpec, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            column.name: pd.Series([row.get(column.name) for row in rows], dtype="float64")
            if column.kind == "number"
            else pd.Series([row.get(column.name) or "" for row in rows], dtype="str")
            for column in spec.columns
        }
    )


def _policy_rows(policy: Policy) -> list[dict[str, Any]]:
    """Keys of the workbook's own, and the keys that are changed most, still blank."""
    inherited = f"blank: as in {policy.path.name}"
    return [
        {"key": "extends", "value": policy.path.name, "note": "the policy this one starts from"},
        {"key": "title", "note": inherited},
        {"key": "why", "note": inherited},
        {"key": "horizon.years", "note": f"{inherited}; the first and the last, such as 2027-2029"},
        {"key": "solver.gap", "note": inherited},
        {"key": "solver.time_limit", "note": f"{inherited}; seconds"},
    ]


def _limit_row(limit: Limit) -> dict[str, Any]:
    row: dict[str, Any] = {
        "limit": limit.name,
        "measure": limit.measure,
        "where": _filter(limit.where),
        "by": _names(limit.by),
        "goal": limit.goal or "",
        "soft": limit.soft,
        "soft_base": limit.soft_base,
        "protected": "yes" if limit.protected else "",
        "optional": "yes" if limit.optional else "",
        "scaled": "yes" if limit.scaled else "",
        "planned": "yes" if limit.planned else "",
        "why": _exact(limit.why),
        "source": _exact(limit.source),
    }
    bounds = {"at_least": limit.at_least, "at_most": limit.at_most}
    if any(isinstance(bound, Even) for bound in bounds.values()):
        return row | {"note": OF_EVENNESS}
    if isinstance(limit.at_least, OwnBest):
        return row | {"note": OF_OWN_BESTS}
    said = {
        key: _bound_cells(bound)
        for key, bound in bounds.items()
        if bound is not None and not isinstance(bound, Even | OwnBest)
    }
    beside = [
        {key: cell for key, cell in cells.items() if key != "number"} for cells in said.values()
    ]
    if any(cells != beside[0] for cells in beside):
        return row | {"note": MIXED}
    return row | beside[0] | {key: cells["number"] for key, cells in said.items()}


def _bound_cells(bound: float | Amount | Relative | Previous) -> dict[str, Any]:
    """Give a bound's number, and the cells that say what it is counted in."""
    if isinstance(bound, Amount):
        return {"number": bound.amount, "per": bound.per}
    if isinstance(bound, Previous):
        first = {} if bound.first is None else bound.first.model_dump()
        cells = {"number": bound.times, "previous": "yes", "plus": bound.plus}
        return cells | {f"first_{name}": number for name, number in first.items()}
    if not isinstance(bound, Relative):
        return {"number": float(bound)}
    by = "" if bound.by is None else _names(bound.by) or NOTHING
    return {
        "number": bound.times,
        "share_of": bound.measure,
        "share_where": _filter(bound.where),
        "share_by": by,
    }


def _stakeholder_row(stakeholder: Stakeholder) -> dict[str, Any]:
    weights = dict(stakeholder.weights)
    comparisons = tuple(each.model_dump() for each in stakeholder.comparisons)
    pairs = [(each.goal, each.over, each.times) for each in stakeholder.comparisons]
    return {
        "stakeholder": stakeholder.name,
        "agency": _exact(stakeholder.agency),
        "weights": _if_equal(weights_text(weights), weights, parse_weights),
        "comparisons": _if_equal(comparisons_text(pairs), comparisons, parse_comparisons),
        "lines": _names(stakeholder.lines),
        "limits": _names(stakeholder.limits),
        "optional": "yes" if stakeholder.optional else "",
        "why": _exact(stakeholder.why),
        "source": _exact(stakeholder.source),
    }


def _if_equal(text: str, value: object, read: Callable[[str], object]) -> str:
    """Give a text only if it reads back as equal numbers, whole or not."""
    try:
        return text if text and read(text) == value else ""
    except CellTextError:
        return ""


def _filter(where: Mapping[str, Any]) -> str:
    return _if_same(filter_text(where), dict(where), parse_filter) if where else ""


def _names(names: tuple[str, ...]) -> str:
    return _if_same(names_text(names), names, parse_names) if names else ""


def _if_same(text: str, value: object, read: Callable[[str], object]) -> str:
    """Give a text only if it reads back as what it was written from, types included."""
    try:
        is_same = text != NOTHING and repr(read(text)) == repr(value)
    except CellTextError:
        is_same = False
    return text if is_same else ""


def _exact(text: str) -> str:
    """Give a text only if a cell keeps it as it is."""
    is_kept = text == text.strip() and all(sign == "\n" or sign.isprintable() for sign in text)
    return text if is_kept else ""
