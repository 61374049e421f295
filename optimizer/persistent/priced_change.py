"""Slots moved away from an earlier plan, as rows and columns beside a compiled model.

For every block, ``slots_moved = granted + constant - 2 again``, where ``again`` is what of the
earlier slots stands again: at most as many as there were, and no more in sum than the margins (in
slot-level blocks: each single slot) grant beside what is kept. The columns are continuous: a
largest flow between whole margins is whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse

from optimizer.formulation.expressions import KEYS
from optimizer.frames import keys_of
from optimizer.frames.grouping import places
from optimizer.instance import Instance
from optimizer.instance.sets import BLOCK
from optimizer.persistent.change_rows import (
    AGAIN,
    AGAIN_OF_COHORT,
    AGAIN_OF_PLACE,
    AGAIN_OF_SLOT,
    MOVED_ADDS_UP,
    ROWS_OF_CHANGE,
    SLOTS_MOVED,
)
from optimizer.persistent.roles import columns_in_order
from optimizer.plan.nearness import NearSlots
from optimizer.solver.appending import Addition, appended
from optimizer.solver.matrix import Matrix

if TYPE_CHECKING:
    from optimizer.persistent.loaded import LoadedModel


def price_change(loaded: LoadedModel, near: NearSlots, price: float) -> None:
    """Let every slot moved away from an earlier plan cost points from now on."""
    height = len(loaded.matrix.rows)
    whole = appended(loaded.matrix, _addition(loaded.instance, loaded.matrix, near))
    added = replace(
        whole,
        a=scipy.sparse.csc_array(scipy.sparse.csr_array(whole.a)[height:]),
        row_lower=whole.row_lower[height:],
        row_upper=whole.row_upper[height:],
        rows=whole.rows[height:],
    )
    loaded.append(loaded.instance, added)
    _set_price(loaded, price)


@contextmanager
def points_alone(loaded: LoadedModel) -> Iterator[None]:
    """Let points alone count until the end of a block: change is free, and moves nothing."""
    cost = loaded.matrix.cost
    prices = cost[loaded.matrix.family(SLOTS_MOVED)]
    rows = [row for row, (rule, _) in enumerate(loaded.matrix.rows) if rule in ROWS_OF_CHANGE]
    loaded.drop(rows)
    _set_price(loaded, 0.0)
    try:
        yield
    finally:
        loaded.restore(rows)
        _set_price(loaded, -float(prices[0]) if len(prices) else 0.0)


def _set_price(loaded: LoadedModel, price: float) -> None:
    cost = loaded.matrix.cost.copy()
    cost[loaded.matrix.family(SLOTS_MOVED)] = -price
    loaded.matrix = replace(loaded.matrix, cost=cost)


def _addition(instance: Instance, matrix: Matrix, near: NearSlots) -> Addition:
    addition = Addition(len(matrix.cost))
    again = near.again
    margins = [AGAIN_OF_COHORT] + ([AGAIN_OF_PLACE] if instance.sets.has_regions else [])
    is_single = places(instance.sets.slots, BLOCK, pd.MultiIndex.from_frame(again[BLOCK])) >= 0
    limited: dict[tuple[str, int], list[int]] = {}
    stands: dict[tuple[Any, ...], list[int]] = {}
    found = {
        family: dict(
            zip(
                keys_of(getattr(instance.sets, family), KEYS[family]),
                columns_in_order(instance, matrix, family).tolist(),
                strict=True,
            )
        )
        for family in ("cohort", "placements", "slots")
    }
    cells = zip(again.to_dict("records"), is_single.tolist(), strict=True)
    for cell, single in cells:
        asked = [AGAIN_OF_SLOT] if single else margins
        at = [
            (rule, found[family].get(tuple(cell[name] for name in KEYS[family]), -1))
            for rule in asked
            for family in [_FAMILIES[rule]]
        ]
        if any(column < 0 for _, column in at):
            # The case does not allow it, or no rule lets it be: it does not stand again.
            continue
        name = (AGAIN, tuple(cell[key] for key in KEYS["slots"]))
        column = addition.column(name, upper=float(cell["slots"]))
        stands.setdefault(tuple(cell[key] for key in BLOCK), []).append(column)
        for each in at:
            limited.setdefault(each, []).append(column)
    kept = _kept_by_column(instance, matrix, near)
    for (rule, margin), columns in limited.items():
        terms = dict.fromkeys(columns, 1.0) | {margin: -1.0}
        index = matrix.columns[margin][1]
        addition.row((rule, index), terms, upper=-kept[_FAMILIES[rule]].get(margin, 0.0))
    family, chosen = near.counted
    frame = getattr(instance.sets, family)
    granted: dict[tuple[Any, ...], list[int]] = {}
    columns_of_family = columns_in_order(instance, matrix, family).tolist()
    for block, column, counts in zip(
        keys_of(frame, BLOCK), columns_of_family, chosen.tolist(), strict=True
    ):
        if counts and column >= 0:
            granted.setdefault(block, []).append(column)
    for block in dict.fromkeys([*granted, *near.constant]):
        moved = addition.column((SLOTS_MOVED, block))
        terms = {
            moved: 1.0,
            **dict.fromkeys(granted.get(block, []), -1.0),
            **dict.fromkeys(stands.get(block, []), 2.0),
        }
        constant = near.constant.get(block, 0.0)
        addition.row((MOVED_ADDS_UP, block), terms, lower=constant, upper=constant)
    return addition


_FAMILIES = {AGAIN_OF_COHORT: "cohort", AGAIN_OF_PLACE: "placements", AGAIN_OF_SLOT: "slots"}


def _kept_by_column(
    instance: Instance, matrix: Matrix, near: NearSlots
) -> dict[str, dict[int, float]]:
    """How much of each margin is granted to what is kept, by its column."""
    return {
        family: dict(
            zip(
                columns_in_order(instance, matrix, family).tolist(),
                np.asarray(near.kept[family]).tolist(),
                strict=True,
            )
        )
        for family in _FAMILIES.values()
    }
