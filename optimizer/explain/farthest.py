"""The plan that is farthest from all that are known, by a mixed-integer model of its own.

maximise t, where for every known plan p: t <= sum over pairs c of d_pc, and d_pc is at most
``|x_c - p_c|``: a binary says on which side of ``p_c`` the slots ``x_c`` are. There is one for each
pair and plan, so that it is asked only where these are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse

from optimizer.frames.arrays import Floats
from optimizer.solver.elastic import with_columns
from optimizer.solver.matrix import Matrix

MOST_SIGNS = 100
"""Pairs times plans up to which it is asked."""


@dataclass(frozen=True)
class Sides:
    """Least and most slots of every pair that any plan has."""

    least: Floats
    most: Floats


def farthest_model(
    matrix: Matrix, adding: scipy.sparse.csr_array, sides: Sides, earlier: Sequence[Floats]
) -> Matrix:
    """The matrix with distances to earlier plans, the least of which is what there is most of.

    Parameters
    ----------
    matrix
        Of plans that are nearly as good, without costs.
    adding
        Adds up its columns by pair.
    earlier
        Slots of earlier plans by pair.
    """
    width = len(matrix.cost)
    plans, pairs = len(earlier), adding.shape[0]
    count = plans * pairs
    known = np.concatenate(earlier)
    # Columns after those of the matrix: distances, sides, and the least sum of distances.
    names: list[tuple[str, object]] = [("apart", number) for number in range(count)]
    names += [("is_more", number) for number in range(count)] + [("nearest", None)]
    none = scipy.sparse.csc_array((matrix.a.shape[0], len(names)))
    wide = with_columns(matrix, none, np.append(np.zeros(2 * count), 1.0), names)
    slots = scipy.sparse.vstack([adding] * plans)
    same, blank = scipy.sparse.eye_array(count), scipy.sparse.csr_array((count, 1))
    below = 2.0 * np.maximum(0.0, known - np.tile(sides.least, plans))
    above = 2.0 * np.maximum(0.0, np.tile(sides.most, plans) - known)
    # Where there are more: d <= x - p, and otherwise d <= x - p + 2 (p - least).
    more = scipy.sparse.hstack([-slots, same, scipy.sparse.diags_array(below), blank])
    # Where there are fewer: d <= p - x, and otherwise d <= p - x + 2 (most - p).
    fewer = scipy.sparse.hstack([slots, same, scipy.sparse.diags_array(-above), blank])
    sums = scipy.sparse.kron(scipy.sparse.eye_array(plans), np.ones((1, pairs)))
    none_of_x, no_sides = (scipy.sparse.csr_array((plans, many)) for many in (width, count))
    least = scipy.sparse.csr_array(np.ones((plans, 1)))
    nearest = scipy.sparse.hstack([none_of_x, -sums, no_sides, least])
    upper = wide.upper.copy()
    upper[width : width + count] = np.tile(sides.most - sides.least, plans)
    upper[width + count : -1] = 1.0
    integral = wide.integral.copy()
    integral[width + count : -1] = True
    added = np.concatenate([below - known, known, np.zeros(plans)])
    rows: list[tuple[str, object]] = [("apart_within", number) for number in range(len(added))]
    return replace(
        wide,
        a=scipy.sparse.csc_array(scipy.sparse.vstack([wide.a, more, fewer, nearest])),
        row_lower=np.append(wide.row_lower, np.full(len(added), -np.inf)),
        row_upper=np.append(wide.row_upper, added),
        upper=upper,
        integral=integral,
        rows=[*wide.rows, *rows],
    )
