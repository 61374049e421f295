"""What was asked and what a repair changes in it, put together so that each number is said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from optimizer.case import Case
from optimizer.case.changes import CellChange, cell_changes, figures_at
from optimizer.errors import OptimizerError, Problems
from optimizer.io.changes import made_after, place_at, unchanged_value
from optimizer.io.toml import Address
from optimizer.plan.question import Question
from optimizer.policy import Policy
from optimizer.policy.loading import changed_policy, policy_with_limits, tables_of
from optimizer.schema.addresses import cells_and_keys, names_of

_Cell = tuple[str, str, int]


def said_once(question: Question, changes: Mapping[str, object]) -> dict[str, object]:
    """Changes of a question with a repair made upon them, every number once.

    What was asked stays as it was said where nothing else changes its numbers. Otherwise cells are
    said one by one, and a table of the policy whole, each with what was said last.

    Parameters
    ----------
    changes
        Values of the repair, by address.

    Returns
    -------
    dict
        Values by address, none of which change the same number, with the effect of both.

    Raises
    ------
    OptimizerError
        If a cell that must be said by itself has no address of its own.
    """
    of_cells, of_policy = cells_and_keys(made_after(question.changes, changes))
    of_cells = _cells_once(question.base_case, of_cells)
    longer = policy_with_limits(question.base, question.added)
    return {**_keys_once(longer, of_policy), **of_cells}


def _cells_once(case: Case, changes: Mapping[str, object]) -> dict[str, object]:
    """Changes of cells; what is changed again later is left out of what was said before."""
    done = cell_changes(case, changes)
    last = {cell: place for place, change in enumerate(done) for cell in _cells(change)}
    once: dict[str, object] = {}
    for place, change in enumerate(done):
        left = [last[cell] == place for cell in _cells(change)]
        if all(left):
            once[change.address] = changes[change.address]
            continue
        for row, value, is_left in zip(change.rows, change.values, left, strict=True):
            if is_left:
                once[_own_address(case, change, row)] = _plain(value)
    return once


def _cells(change: CellChange) -> list[_Cell]:
    return [(change.table, change.column, row) for row in change.rows]


def _own_address(case: Case, change: CellChange, row: int) -> str:
    """Address of one of the cells of a change."""
    one = replace(change, rows=[row], values=[0.0])
    (address,) = one.by_row(case.table(change.table))
    found = figures_at(address, case, Problems())
    if found is None or found.rows != [row]:
        raise OptimizerError(
            f"{change.address}: a part of it is changed again, but no address names {address} "
            "alone\n    Expected changes whose cells can be named one by one."
        )
    return address


def _plain(value: float) -> float:
    """A figure as somebody would write it."""
    return int(value) if float(value).is_integer() else value


def _keys_once(policy: Policy, changes: Mapping[str, object]) -> dict[str, object]:
    """Changes of the policy; what lies within another is said with it."""
    if not changes:
        return {}
    after = tables_of(changed_policy(policy, changes))
    at = {address: place_at(address, after, Policy, Problems()) or () for address in changes}
    inside = Counter(
        other for other, around in at.items() for place in at.values() if _is_within(place, around)
    )
    return {
        address: unchanged_value(names_of(address) or (), after, Policy)
        if inside[address]
        else value
        for address, value in changes.items()
        if not any(_is_within(at[address], around) for around in at.values())
    }


def _is_within(place: Address, around: Address) -> bool:
    return 0 < len(around) < len(place) and place[: len(around)] == around
