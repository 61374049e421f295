"""Numbers that limit the relaxation where some slots are given, and what these take of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse

from optimizer.explain.attributing import Attributed, attributed, single_slots_of
from optimizer.explain.numbers import BindingNumber, binding_numbers, rows_by_address
from optimizer.explain.wanting import Wanted
from optimizer.formulation.expressions import KEYS
from optimizer.frames.arrays import Floats, Mask
from optimizer.persistent import LoadedModel
from optimizer.persistent.answers import decided_at
from optimizer.persistent.roles import columns_in_order
from optimizer.plan.values import Values
from optimizer.schema.rules import register
from optimizer.solver.matrix import RowName

_PASSES = 4
"""How many accounts may be added up one from the other."""
_NOTHING = 1e-9


@dataclass(frozen=True)
class Binding:
    """A number that limits some slots.

    Attributes
    ----------
    rows
        Rows of the model in which it stands and which the slots are part of, by their names.
    points
        What the room that the slots take there costs, at the duals of these rows.
    """

    number: BindingNumber
    rows: tuple[RowName, ...]
    points: float


def binding_on(
    loaded: LoadedModel, x: Floats, prices: Floats, wanted: Wanted, part: Attributed | None = None
) -> list[Binding]:
    """Numbers in binding rows that speak of some slots, the dearest for them first.

    Parameters
    ----------
    x, prices
        An optimum of the relaxation, as in :func:`optimizer.explain.numbers.binding_numbers`.
    part
        What of it follows from the slots; without it the duals alone give the order.
    """
    a = scipy.sparse.csr_array(loaded.matrix.a)
    there = abs(a) @ _reached(loaded, a, wanted).astype(float) > 0.0
    taken = np.zeros(len(prices)) if part is None else a @ _amounts(loaded, a, part)
    rows = rows_by_address(loaded, prices)
    found = []
    for number in binding_numbers(loaded, x, prices):
        own = [row for row in rows[number.address] if there[row]]
        if own:
            points = float(np.array([prices[row] * taken[row] for row in own]).sum())
            names = tuple(loaded.matrix.rows[row] for row in own)
            found.append(Binding(number, names, points if abs(points) > _NOTHING else 0.0))
    return sorted(found, key=lambda each: (-abs(each.points), -_dual(each.number)))


def slots_in(loaded: LoadedModel, x: Floats, wanted: Wanted) -> pd.DataFrame:
    """Single slots that are meant, of a relaxation, with those of a block in proportion."""
    slots = single_slots_of(loaded.instance, decided_at(loaded, x)[0])
    return slots[wanted.chosen(slots)]


def attributed_in(loaded: LoadedModel, x: Floats, wanted: Wanted) -> Attributed:
    """What follows from some slots of a relaxation, placed in proportion to both margins."""
    instance = loaded.instance
    whole = Values(decided_at(loaded, x)[0], pd.DataFrame(), {})
    slots = single_slots_of(instance, whole.of)
    return attributed(instance, whole, slots[wanted.chosen(slots)], wanted.where)


def _dual(number: BindingNumber) -> float:
    return number.dual_points if number.dual_points == number.dual_points else 0.0


def columns_meant(loaded: LoadedModel, wanted: Wanted) -> Mask:
    """Columns that decide on some slots: cohorts, the blocks in which they are placed, who stays.

    Agreements count too where they are of these countries and tracks.
    """
    instance, matrix = loaded.instance, loaded.matrix
    found = np.zeros(len(matrix.columns), dtype=bool)
    groups = instance.sets.groups
    groups = groups[wanted.chosen(groups)]
    blocks = set(zip(groups["track"], groups["group"], strict=True))
    for family in ("cohort", "placements", "slots", "agreement", "active_track", "transitions"):
        sets = getattr(instance.sets, family)
        rows = _chosen(wanted, sets, family)
        if family == "placements":
            rows &= pd.Series(
                [pair in blocks for pair in zip(sets["track"], sets["group"], strict=True)],
                index=sets.index,
                dtype=bool,
            )
        columns = columns_in_order(instance, matrix, family)
        found[columns[rows.to_numpy() & (columns >= 0)]] = True
    return found


def _chosen(wanted: Wanted, sets: pd.DataFrame, family: str) -> pd.Series:
    """Decisions that are meant; whoever continues does so in a later year."""
    return wanted.chosen(sets.drop(columns="year") if family == "transitions" else sets)


def _accounts(loaded: LoadedModel) -> tuple[list[int], list[int]]:
    """Rows that add up an account, and its column."""
    rules, rows, columns = register(loaded.instance.extension), [], []
    for row, (rule, index) in enumerate(loaded.matrix.rows):
        account = rules[rule].account if rule in rules else ""
        column = loaded.matrix.column(account, index) if account else None
        if column is not None:
            rows.append(row)
            columns.append(column)
    return rows, columns


def _reached(loaded: LoadedModel, a: scipy.sparse.csr_array, wanted: Wanted) -> Mask:
    """Columns that decide on the slots, and accounts in which they count."""
    reached = columns_meant(loaded, wanted)
    rows, columns = _accounts(loaded)
    size = abs(a)
    for _ in range(_PASSES):
        touched = (size @ reached.astype(float))[rows] > 0.0
        reached[np.array(columns, dtype=np.int64)[touched]] = True
    return reached


def _amounts(loaded: LoadedModel, a: scipy.sparse.csr_array, part: Attributed) -> Floats:
    """A number a column: decisions that follow from the slots, and what accounts hold of them."""
    found: Floats = np.zeros(len(loaded.matrix.columns))
    for family in KEYS:
        columns = columns_in_order(loaded.instance, loaded.matrix, family)
        known = columns >= 0
        found[columns[known]] = part.part.of[family][known]
    rows, columns = (np.array(each, dtype=np.int64) for each in _accounts(loaded))
    own = np.array([a[row, column] for row, column in zip(rows, columns, strict=True)])
    for _ in range(_PASSES):
        rest = (a @ found)[rows] - own * found[columns]
        found[columns] = np.divide(-rest, own, out=np.zeros(len(own)), where=own != 0.0)
    return found
