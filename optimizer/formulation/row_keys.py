"""What everybody else calls the rows of the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optimizer.frames import plain_rows
from optimizer.instance import Instance
from optimizer.schema.rules import RULES, RowKey


def row_keys(instance: Instance) -> Callable[[str, object], RowKey]:
    """Keys of rows by rule and index in the model.

    The model knows a group of a limit, and a commitment, by one text each. In keys a group is the
    values that make it, and a commitment the number of its row.
    """
    limited: dict[Any, tuple[object, ...]] = {
        (limit.name, label): (limit.name, *values)
        for limit in instance.limits
        for label, values in zip(limit.groups.index, plain_rows(limit.groups), strict=True)
    }
    committed: dict[Any, tuple[object, ...]]
    committed = {(limit.name,): (limit.row,) for limit in instance.commitments}
    places: dict[str, dict[Any, tuple[object, ...]]] = {
        "measured": limited,
        "committed": committed,
    }

    def key_of(rule: str, index: object) -> RowKey:
        place = () if index is None else index if isinstance(index, tuple) else (index,)
        ours = RULES.get(rule)
        if ours is not None:
            account = ours.floor_of or ours.ceiling_of or ours.account
            place = places.get(account, {}).get(place, place)
        return RowKey(rule, place)

    return key_of
