"""Rounding the margins of a relaxation so that every block keeps equal totals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.formulation.expressions import KEYS
from optimizer.frames import groups_of, keys_of
from optimizer.instance import Instance
from optimizer.instance.sets import BLOCK
from optimizer.solver.matrix import Floats, Ints, Matrix

NEARLY = 1e-6


@dataclass(frozen=True)
class Rounding:
    """Columns of cohorts, places and single slots, and the blocks they belong to.

    Attributes
    ----------
    cohort, placed, slots
        column (of the matrix), block (a number), and for slots the columns of the cohort and
        place they are part of.
    """

    cohort: pd.DataFrame
    placed: pd.DataFrame
    slots: pd.DataFrame

    def down(self, x: Floats, staged: Floats, columns: Ints) -> Floats:
        """Whole margins near ``x``: places rounded down, cohorts to the same total.

        Rounding places down never breaks a capacity, a cap or a budget. In touched blocks the
        single slots are rounded down and both margins added up from them.
        """
        whole = x.copy()
        whole[columns] = staged
        place = self.placed["column"].to_numpy()
        whole[place] = np.floor(x[place] + NEARLY)
        cohort = self.cohort["column"].to_numpy()
        whole[cohort] = np.floor(x[cohort] + NEARLY)
        if len(self.placed):
            totals = pd.Series(whole[place]).groupby(self.placed["block"].to_numpy()).sum()
            for (block,), rows in groups_of(self.cohort, ["block"]):
                members = rows["column"].to_numpy()
                whole[members] = _to_total(x[members], float(totals.get(block, 0.0)))
        self._add_up_slots(x, whole)
        return whole

    def _add_up_slots(self, x: Floats, whole: Floats) -> None:
        if not len(self.slots):
            return
        single = self.slots["column"].to_numpy()
        whole[single] = np.floor(x[single] + NEARLY)
        for margin in ("cohort_column", "placed_column"):
            total = pd.Series(whole[single]).groupby(self.slots[margin].to_numpy()).sum()
            whole[total.index.to_numpy()] = total.to_numpy()


def _to_total(x: Floats, total: float) -> Floats:
    """Whole numbers near ``x`` with the given total: largest fractions first up or last down."""
    low = np.floor(x + NEARLY)
    missing = round(total - float(low.sum()))
    if missing > 0:
        order = np.argsort(-(x - low), kind="stable")
        low[order[: min(missing, len(order))]] += 1.0
        low[order[0]] += max(0, missing - len(order))
    while missing < 0:
        largest = np.argsort(-low, kind="stable")[:-missing]
        largest = largest[low[largest] > 0]
        low[largest] -= 1.0
        missing += len(largest)
    return low


def build_rounding(instance: Instance, matrix: Matrix) -> Rounding:
    """Find the columns of every block."""
    sets = instance.sets
    distinct = dict.fromkeys(keys_of(sets.cohort, BLOCK))
    blocks = {key: number for number, key in enumerate(distinct)}

    def located(family: str) -> pd.DataFrame:
        frame = getattr(sets, family)
        columns = [matrix.column(family, key) for key in keys_of(frame, KEYS[family])]
        block = [blocks[key] for key in keys_of(frame, BLOCK)]
        table = pd.DataFrame({"column": pd.Series(columns, dtype="Int64"), "block": block})
        for margin in ("cohort", "placed") if family == "slots" else ():
            column = [matrix.column(margin, key) for key in keys_of(frame, KEYS[margin])]
            table[f"{margin}_column"] = pd.Series(column, dtype="Int64")
        return table.dropna().astype("int64")

    return Rounding(located("cohort"), located("placed"), located("slots"))
