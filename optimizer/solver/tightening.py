"""Links as tight as everything else that bounds them.

A link lets through as many people as applied, or a step of building as much as it adds. Where
that is far more than ever could come, a solver cannot distinguish a decision that is open by a
millionth from one that is not. So the factor of a decision is lowered to what its row could ever
need of it, given all other rows: sites, caps, budgets, limits and custom rules (coefficient
tightening: Savelsbergh, ORSA Journal on Computing 6, 1994). The integer solutions stay the same.
The matrix that is tightened belongs to one search; the loaded one keeps the numbers of the case, so
that a change of a cap, a site or a budget needs no second thought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse

from optimizer.frames.arrays import Floats, Integers, Mask
from optimizer.solver.matrix import Matrix

PASSES = 20
"""Times that bounds are handed on from row to row, at most."""
GAIN = 1e-3
"""Part by which a bound must fall to be handed on."""
_ROUNDING = 1e-9
"""Part by which sums of numbers may be wrong; bounds are wider by it."""


@dataclass(frozen=True)
class Link:
    """A factor that was lowered: whose, in which row, and the rules that bound what it needs."""

    row: tuple[str, object]
    column: tuple[str, object]
    before: float
    after: float
    because: tuple[str, ...]


def links_told(links: Sequence[Link]) -> list[dict[str, object]]:
    """Number and largest of the lowered factors, by rule and by the rules that allow it."""
    found: dict[tuple[str, tuple[str, ...]], list[Link]] = {}
    for link in links:
        found.setdefault((link.row[0], link.because), []).append(link)
    return [
        {
            "rule": rule,
            "because_of": list(because),
            "links": len(members),
            "largest_before": max(link.before for link in members),
            "largest_after": max(link.after for link in members),
        }
        for (rule, because), members in sorted(found.items())
    ]


@dataclass(frozen=True)
class Bounds:
    """Bounds on columns that all rows together imply.

    Attributes
    ----------
    lower, upper
        Of every column.
    below, above
        Row that gave the bound; -1 where it is the column's own.
    """

    lower: Floats
    upper: Floats
    below: Integers
    above: Integers


def tightened(matrix: Matrix, decisions: Integers) -> tuple[Matrix, tuple[Link, ...]]:
    """Lower the factors of decisions to what their rows could ever need.

    Take a row with one side as f(x) - sum of M d <= b, where f may reach F. If any d is above its
    lower bound by one, the row asks for nothing once M is F - b; larger factors are lowered to
    that, and nothing else changes for whole d.

    Returns
    -------
    tuple
        A matrix with the same solutions in integers, and what was lowered in it.
    """
    bounds = implied_bounds(matrix)
    is_decision = np.zeros(len(matrix.cost), dtype=bool)
    is_decision[decisions] = True
    entries = scipy.sparse.coo_array(matrix.a)
    row, column = entries.coords[0].astype(np.int64), entries.coords[1].astype(np.int64)
    has_upper, has_lower = np.isfinite(matrix.row_upper), np.isfinite(matrix.row_lower)
    sign = np.where(has_upper, 1.0, -1.0)
    side = np.where(has_upper, matrix.row_upper, -matrix.row_lower)
    factor = entries.data * sign[row]
    opens = is_decision[column] & (factor < 0.0) & (has_upper != has_lower)[row]
    opens &= np.isfinite(matrix.lower[column])
    need = _needs(_Cells(row, column, factor), bounds, matrix.lower, opens, side)
    cells = np.flatnonzero(opens & (-factor > need[row]))
    if not len(cells):
        return matrix, ()
    changed = factor.copy()
    changed[cells] = -need[row[cells]]
    moved = (changed - factor)[cells] * matrix.lower[column[cells]]
    np.add.at(side, row[cells], moved)
    a = scipy.sparse.csc_array((changed * sign[row], (row, column)), shape=matrix.a.shape)
    a.eliminate_zeros()
    why = _Because(matrix, bounds)
    links = tuple(
        Link(
            matrix.rows[row[cell]],
            matrix.columns[column[cell]],
            float(-factor[cell]),
            float(-changed[cell]),
            why.of_row(int(row[cell]), int(column[cell])),
        )
        for cell in cells.tolist()
    )
    return replace(
        matrix,
        a=a,
        row_lower=np.where(has_upper, matrix.row_lower, -side),
        row_upper=np.where(has_upper & ~has_lower, side, matrix.row_upper),
    ), links


@dataclass(frozen=True)
class _Cells:
    """Coefficients by row and column."""

    row: Integers
    column: Integers
    value: Floats


def _needs(cells: _Cells, bounds: Bounds, lower: Floats, opens: Mask, side: Floats) -> Floats:
    """Largest demand of every row on its decisions, if none of them lets anything through."""
    value, column = cells.value, cells.column
    most = value * np.where(value > 0.0, bounds.upper[column], bounds.lower[column])
    most[opens] = (value * lower[column])[opens]
    reach = np.bincount(cells.row, most, minlength=len(side))
    spread = np.bincount(cells.row, np.abs(most), minlength=len(side)) + np.abs(side)
    with np.errstate(invalid="ignore"):
        need = reach - side + _ROUNDING * spread
    wanted: Floats = np.maximum(np.where(np.isnan(need), np.inf, need), 0.0)
    return wanted


def implied_bounds(matrix: Matrix) -> Bounds:
    """Bounds of all columns, handed on from row to row until they fall no more."""
    entries = scipy.sparse.coo_array(matrix.a)
    row, column = entries.coords[0].astype(np.int64), entries.coords[1].astype(np.int64)
    none = np.full(len(matrix.cost), -1, dtype=np.int64)
    bounds = Bounds(matrix.lower.copy(), matrix.upper.copy(), none.copy(), none.copy())
    # Every row that has a side: f(x) <= b, or the other way round as -f(x) <= -b.
    sides = [
        (_Cells(row, column, sign * entries.data), sign * number)
        for sign, number in ((1.0, matrix.row_upper), (-1.0, matrix.row_lower))
    ]
    for _ in range(PASSES):
        moved = [_hand_on(bounds, cells, side, matrix.integral) for cells, side in sides]
        if not any(moved):
            break
    return bounds


def _hand_on(bounds: Bounds, cells: _Cells, side: Floats, integral: Mask) -> bool:
    """Tighten bounds by what one side of every row leaves each column; say if any moved."""
    value, row, column = cells.value, cells.row, cells.column
    least = value * np.where(value > 0.0, bounds.lower[column], bounds.upper[column])
    known = np.isfinite(least)
    finite = np.where(known, least, 0.0)
    total = np.bincount(row, finite, minlength=len(side))
    spread = np.bincount(row, np.abs(finite), minlength=len(side)) + np.abs(side)
    unknown = np.bincount(row, ~known, minlength=len(side))
    usable = (unknown[row] == ~known) & np.isfinite(side[row]) & (value != 0.0)
    cell = np.flatnonzero(usable)
    left = side[row[cell]] - total[row[cell]] + finite[cell] + _ROUNDING * spread[row[cell]]
    limit = left / value[cell]
    whole = integral[column[cell]]
    up = value[cell] > 0.0
    limit = np.where(whole & up, np.floor(limit + _ROUNDING), limit)
    limit = np.where(whole & ~up, np.ceil(limit - _ROUNDING), limit)
    moved = False
    for ours, old, source, sign in (
        (up, bounds.upper, bounds.above, 1.0),
        (~up, bounds.lower, bounds.below, -1.0),
    ):
        order = np.argsort(sign * limit[ours], kind="stable")
        tried, at = cell[ours][order], limit[ours][order]
        columns, first = np.unique(column[tried], return_index=True)
        new, by = at[first], row[tried[first]]
        gain = sign * (old[columns] - new) > GAIN * np.maximum(1.0, np.abs(new))
        old[columns[gain]], source[columns[gain]] = new[gain], by[gain]
        moved |= bool(gain.any())
    return moved


class _Because:
    """Rules that bounds of columns come from; accounts are followed to what bounds their parts."""

    def __init__(self, matrix: Matrix, bounds: Bounds) -> None:
        self.matrix, self.bounds = matrix, bounds
        self.rows = scipy.sparse.csr_array(matrix.a)
        self.known: dict[tuple[int, bool], frozenset[str]] = {}

    def of_row(self, row: int, but: int) -> tuple[str, ...]:
        """Rules that limit what all but one column of a row add up to."""
        start, end = self.rows.indptr[row], self.rows.indptr[row + 1]
        towards = 1.0 if np.isfinite(self.matrix.row_upper[row]) else -1.0
        found: set[str] = set()
        for column, value in zip(
            self.rows.indices[start:end].tolist(), self.rows.data[start:end], strict=True
        ):
            if column != but:
                found |= self._of(column, bool(towards * value > 0.0))
        return tuple(sorted(found))

    def _of(self, column: int, above: bool) -> frozenset[str]:
        key = column, above
        if key not in self.known:
            self.known[key] = frozenset()
            source = int((self.bounds.above if above else self.bounds.below)[column])
            if source >= 0:
                same = self.matrix.row_lower[source] == self.matrix.row_upper[source]
                rules = self._through(source, column, above) if same else frozenset()
                self.known[key] = rules or frozenset([self.matrix.rows[source][0]])
        return self.known[key]

    def _through(self, row: int, column: int, above: bool) -> frozenset[str]:
        start, end = self.rows.indptr[row], self.rows.indptr[row + 1]
        cells = dict(
            zip(self.rows.indices[start:end].tolist(), self.rows.data[start:end], strict=True)
        )
        own = cells.pop(column)
        return frozenset().union(
            *(self._of(other, above == (own * value < 0.0)) for other, value in cells.items())
        )
