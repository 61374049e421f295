"""A very large relaxation, solved over the groups of columns that matter.

Most columns of a model with many countries belong to one pair alone, and most pairs are worth
little. So only some are let in at first. The dual prices of what pairs share then say, pair by
pair, what the others would add, and those that would add most are let in as well, until the rest
adds next to nothing (sifting: Bixby, Gregory, Lustig, Marsten and Shanno, Operations Research 40,
1992).

The bound is a proof for the whole model, whatever is left out. With y the dual prices of all rows
but the own rows of pairs left out,

    optimum <= optimum over pairs let in
               + max of (c - y A) x over pairs left out, under their own rows,

because the Lagrangian relaxation of the whole by y falls apart into just these two.

Sites are not sifted: nearly all are used, and what they contribute apart from the services they
share says little (six rounds instead of two on a case of 2 million options).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse

from optimizer.frames.arrays import Floats, Integers, Mask
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.loading import Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.watch import Watch

LARGE, PAIRED = 1_000_000, 0.5
"""Nonzeros, and share of the columns that belongs to pairs, from which sifting pays."""
SHARE_ADDED, LEAST_GAP = 0.3, 1e-3
"""Share of the gap asked for that pairs left out may use up, and the smallest gap worth sifting."""
FIRST = 0.1
"""Share of the pairs that is let in at first: those with most applicants."""
NEEDED = 20
"""Pairs, those with most applicants, that are let in for the sake of one row."""
DROP, FALL = 4.0, 4.0
"""What is left out may contribute this much more than in the end at the dual prices of the round
before, because these rise with every pair that is let in, but must fall by this factor a round."""
_ROUNDS = 4
"""Rounds after which the whole is solved instead."""


@dataclass(frozen=True)
class Sifted:
    """A relaxation over some pairs.

    Attributes
    ----------
    matrix
        The whole model, with the columns of pairs that are left out fixed at 0.
    run
        Optimum of its relaxation.
    """

    matrix: Matrix
    run: EngineRun


def sift(
    lp: Engine,
    pairs: PairGroups,
    options: Options,
    watch: Watch,
    *,
    gap: float,
) -> Sifted | None:
    """Solve a relaxation over so many pairs that the others add less than a share of the gap.

    The watch learns the bound of every round. The engine ends with the basis of the last round and
    with its own bounds.

    Parameters
    ----------
    lp
        Engine with the relaxation loaded.
    pairs
        Of the matrix that is loaded.
    gap
        Relative gap asked for the whole plan.

    Returns
    -------
    Sifted or None
        ``None`` if the model is not made of pairs, if those let in have no solution, if too many
        are needed, or if the watch stops it.
    """
    matrix = pairs.matrix
    if np.mean(pairs.of_column >= 0) < PAIRED:
        return None
    let_in = pairs.first()
    for _ in range(_ROUNDS):
        left_out = pairs.columns_of(~pairs.close(let_in))
        columns = np.flatnonzero(left_out)
        if not len(columns):
            return None
        zeros = np.zeros(len(columns))
        lp.set_bounds(columns, zeros, zeros)
        lp.forget()
        run = lp.run(watch, afresh=True)
        lp.reset_bounds()
        if run.status != "optimal" or run.objective is None:
            return None
        worth = pairs.worth(left_out, lp.prices(), options, watch)
        if worth is None:
            return None
        watch.learn(bound=run.objective + worth.sum())
        enough = SHARE_ADDED * gap * abs(run.objective)
        if worth.sum() <= enough:
            upper = matrix.upper.copy()
            upper[columns] = 0.0
            return Sifted(replace(matrix, upper=upper), run)
        most = min(DROP * enough, worth.sum() / FALL)
        order = np.argsort(-worth, kind="stable")
        # Added up from the end, what is left after the last pair is nothing at all.
        rest = np.append(np.cumsum(worth[order][:0:-1])[::-1], 0.0)
        let_in[order[: 1 + np.flatnonzero(rest <= most)[0]]] = True
    return None


@dataclass(frozen=True)
class PairGroups:
    """Columns that belong to one pair or another, and what ties pairs together.

    Attributes
    ----------
    of_column
        Number of the pair of every column; -1 where it belongs to none.
    size
        Of every pair: people who would come.
    onward
        Pairs of pairs: where people of the first may go on to the second.
    raised
        Rows of accounts that something wants large.
    """

    matrix: Matrix
    of_column: Integers
    size: Floats
    onward: Integers
    raised: Mask

    @cached_property
    def rows(self) -> scipy.sparse.csr_array:
        """The matrix by row."""
        return scipy.sparse.csr_array(self.matrix.a)

    def columns_of(self, chosen: Mask) -> Mask:
        """Columns of some of the pairs."""
        # Columns of no pair have number -1, which stands for the entry appended.
        return np.append(chosen, False)[self.of_column]

    def first(self) -> Mask:
        """Pairs with most applicants, and those without which rows could not be kept."""
        count = len(self.size)
        let_in = np.zeros(count, dtype=bool)
        let_in[self._largest(np.arange(count), int(np.ceil(FIRST * count)))] = True
        for row in self._wanting():
            cells = slice(self.rows.indptr[row], self.rows.indptr[row + 1])
            found = np.unique(self.of_column[self.rows.indices[cells]])
            let_in[self._largest(found[found >= 0], NEEDED)] = True
        needed = (self.matrix.lower > 0.0) | (self.matrix.upper < 0.0)
        let_in[self.of_column[needed & (self.of_column >= 0)]] = True
        return let_in

    def _largest(self, pairs: Integers, count: int) -> Integers:
        return pairs[np.argsort(-self.size[pairs], kind="stable")[:count]]

    def _wanting(self) -> Integers:
        """Inequalities that zeros break, and rows of accounts that a floor wants large."""
        matrix = self.matrix
        broken = (matrix.row_lower != matrix.row_upper) & (
            (matrix.row_lower > 0.0) | (matrix.row_upper < 0.0)
        )
        return np.flatnonzero(broken | self.raised)

    def close(self, let_in: Mask) -> Mask:
        """Let in, too, where people of pairs let in may stay on; give the same mask.

        So the own rows of a pair left out speak of nobody who was let in.
        """
        before = -1
        while before != let_in.sum():
            before = let_in.sum()
            let_in[self.onward[let_in[self.onward[:, 0]], 1]] = True
        return let_in

    def worth(
        self, left_out: Mask, prices: Floats, options: Options, watch: Watch
    ) -> Floats | None:
        """Contribution of every pair left out at these dual prices, under its own rows."""
        matrix, columns = self.matrix, np.flatnonzero(left_out)
        others = abs(self.rows) @ (~left_out).astype(float) > 0.0
        cost = (matrix.cost - matrix.a.T @ np.where(others, prices, 0.0))[columns]
        own = np.flatnonzero(~others)
        apart = Matrix(
            a=scipy.sparse.csc_array(scipy.sparse.csc_array(self.rows[own])[:, columns]),
            cost=cost,
            offset=0.0,
            row_lower=matrix.row_lower[own],
            row_upper=matrix.row_upper[own],
            lower=matrix.lower[columns],
            upper=matrix.upper[columns],
            integral=matrix.integral[columns],
            columns=[matrix.columns[column] for column in columns.tolist()],
            rows=[matrix.rows[row] for row in own.tolist()],
            _positions={},
        )
        run = Engine(apart, relaxed=True, options=options).run(watch, afresh=True)
        if run.status != "optimal" or run.x is None:
            return None
        worth: Floats = np.zeros(len(self.size))
        np.add.at(worth, self.of_column[columns], cost * run.x)
        return worth
