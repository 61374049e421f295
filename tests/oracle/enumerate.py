"""All integer assignments of a tiny program, and the best continuous rest of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .matrix import Matrix
from .relaxation import FEASIBLE, Relaxation

Point = NDArray[np.float64]
Assignments = NDArray[np.float64]

# Partial assignments held at once, per assignment that is allowed in the end.
PARTIAL = 4


class TooManyError(RuntimeError):
    """There are more integer assignments than one may list."""


def assignments(matrix: Matrix, limit: int) -> Assignments:
    """Every assignment of the integer columns that the rows of integers alone allow.

    One column after the other gets each of its values; a partial assignment is dropped as soon
    as some row of integers cannot hold any more, whatever the columns still to come.

    Returns
    -------
    numpy.ndarray
        Shape (assignments, integer columns), columns as in `Matrix.integers`.

    Raises
    ------
    TooManyError
        When there are more than `limit`.
    """
    integers = matrix.integers()
    by_year = sorted(range(len(integers)), key=lambda i: matrix.columns[integers[i]].name[-1])
    coefficients, lower, upper = matrix.dense_rows()
    others = [j for j, column in enumerate(matrix.columns) if not column.is_integer]
    pure = ~coefficients[:, others].any(axis=1)
    rows, lower, upper = coefficients[pure][:, integers], lower[pure], upper[pure]
    bounds = matrix.bounds()[integers]
    ends = rows[:, :, None] * bounds[None, :, :]
    least, most = ends.min(axis=2), ends.max(axis=2)
    found = np.zeros((1, len(integers)))
    still_open = np.ones(len(integers), dtype=bool)
    for i in by_year:
        still_open[i] = False
        values = np.arange(bounds[i, 0], bounds[i, 1] + 1)
        if len(found) * len(values) > PARTIAL * limit:
            raise TooManyError(f"more than {PARTIAL * limit} partial assignments")
        found = np.repeat(found, len(values), axis=0)
        found[:, i] = np.tile(values, len(found) // max(1, len(values)))
        touched = rows[:, i] != 0.0
        activity = found @ rows[touched].T
        rest_least = least[touched][:, still_open].sum(axis=1)
        rest_most = most[touched][:, still_open].sum(axis=1)
        holds = (activity + rest_least <= upper[touched] + FEASIBLE).all(axis=1)
        holds &= (activity + rest_most >= lower[touched] - FEASIBLE).all(axis=1)
        found = found[holds]
    constant = ~rows.any(axis=1)
    if not ((lower[constant] <= FEASIBLE) & (upper[constant] >= -FEASIBLE)).all():
        return found[:0]
    if len(found) > limit:
        raise TooManyError(f"more than {limit} assignments")
    return found


def is_separable(matrix: Matrix) -> bool:
    """Whether every continuous column simply follows from the integers."""
    return all(column.is_integer or column.follows for column in matrix.columns)


def best_by_enumeration(matrix: Matrix, limit: int) -> tuple[Point | None, int]:
    """The best point over all assignments (None if there is none), and their number."""
    listed = assignments(matrix, limit)
    if not len(listed):
        return None, 0
    if is_separable(matrix):
        return _best_directly(matrix, listed), len(listed)
    relaxation = Relaxation(matrix)
    best: Point | None = None
    best_value = -np.inf
    bounds = matrix.bounds()
    for chosen in listed:
        bounds[matrix.integers(), 0] = bounds[matrix.integers(), 1] = chosen
        point = relaxation.solve(bounds)
        if point is not None and matrix.objective.value(point) > best_value:
            best, best_value = point, matrix.objective.value(point)
    return best, len(listed)


def _best_directly(matrix: Matrix, listed: NDArray[np.float64]) -> Point | None:
    """Complete all assignments at once: the other columns take their least or most."""
    points = np.zeros((len(listed), len(matrix.columns)))
    points[:, matrix.integers()] = listed
    for j, column in enumerate(matrix.columns):
        if column.follows is None:
            continue
        direction, parts = column.follows
        values = np.array(
            [
                part.constant + sum((c * points[:, k] for k, c in part.terms.items()), np.zeros(1))
                + np.zeros(len(listed))
                for part in parts
            ]
        )  # fmt: skip
        points[:, j] = values.min(axis=0) if direction == "min" else values.max(axis=0)
    coefficients, lower, upper = matrix.dense_rows()
    activity = points @ coefficients.T
    slack = FEASIBLE * (1.0 + np.abs(activity))
    holds = ((activity >= lower - slack) & (activity <= upper + slack)).all(axis=1)
    if not holds.any():
        return None
    worth = np.where(holds, points @ matrix.objective_vector(), -np.inf)
    return np.asarray(points[int(worth.argmax())], dtype=float)
