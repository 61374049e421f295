"""Rounding the margins of a relaxation so that every block keeps equal totals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.frames.arrays import Floats, Integers


@dataclass(frozen=True)
class Rounding:
    """Columns of blocks: the two margins of each, and its single cells where they have columns.

    Attributes
    ----------
    blocks
        How many there are.
    left, top, cells
        column (of the matrix), block (a number), and for cells the columns of the margins on the
        left and on top that they are part of.
    """

    blocks: int
    left: pd.DataFrame
    top: pd.DataFrame
    cells: pd.DataFrame

    def near(self, x: Floats) -> Floats:
        """Whole margins near ``x``; everything else stays as it is.

        The total of every block is rounded, and both margins are rounded to it by largest
        fractions, so that no row that adds many of them up moves by more than a few people. In
        blocks with cells these are rounded and both margins added up from them.
        """
        whole = x.copy()
        counted = self.top if len(self.top) else self.left
        totals = self._totals(counted, x)
        for margin in (self.top, self.left):
            columns = margin["column"].to_numpy()
            whole[columns] = _to_totals(x[columns], margin["block"].to_numpy(), totals)
        self._add_up_cells(x, whole)
        return whole

    def _totals(self, margin: pd.DataFrame, x: Floats) -> Floats:
        """Whole total of every block."""
        sums = np.bincount(margin["block"], x[margin["column"]], minlength=self.blocks)
        return np.round(sums)

    def _add_up_cells(self, x: Floats, whole: Floats) -> None:
        if not len(self.cells):
            return
        single = self.cells["column"].to_numpy()
        totals = self._totals(self.cells, x)
        whole[single] = _to_totals(x[single], self.cells["block"].to_numpy(), totals)
        for margin in ("left_column", "top_column"):
            total = pd.Series(whole[single]).groupby(self.cells[margin].to_numpy()).sum()
            whole[total.index.to_numpy()] = total.to_numpy()


def _to_totals(x: Floats, block: Integers, totals: Floats) -> Floats:
    """Integers near ``x`` with the given total in every block: largest fractions go up."""
    low = np.floor(x)
    missing = totals - np.bincount(block, low, minlength=len(totals))
    order = np.lexsort((low - x, block))
    first = np.searchsorted(block[order], np.arange(len(totals)))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(x)) - first[block[order]]
    whole: Floats = low + (rank < missing[block])
    return whole
