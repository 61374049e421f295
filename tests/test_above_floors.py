"""The rest of a solution above rows that it just reaches, held against another solver's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse

from optimizer.frames.arrays import Floats
from optimizer.solver import Watch
from optimizer.solver.appending import Addition, appended
from optimizer.solver.matrix import Matrix
from optimizer.solver.rest import exact_above
from seeds import many, seeds

NEAR = 1e-7
"""Relative difference from what other programs find."""


def limited(a: Floats, upper: Floats, cost: Floats, integral: int) -> Matrix:
    """Rows with an upper side over columns of at least 0, the first so many of them integers."""
    height, width = a.shape
    return Matrix(
        a=scipy.sparse.csc_array(a),
        cost=cost,
        offset=1.0,
        row_lower=np.full(height, -np.inf),
        row_upper=upper,
        lower=np.zeros(width),
        upper=np.full(width, 1e6),
        integral=np.arange(width) < integral,
        columns=[("column", number) for number in range(width)],
        rows=[("row", number) for number in range(height)],
        _positions={},
    )


def floored(matrix: Matrix, sums: Floats, least: Floats) -> Matrix:
    """The same with floors under sums, below all other rows."""
    floors = Addition(len(matrix.cost))
    for number, (weights, low) in enumerate(zip(sums.tolist(), least.tolist(), strict=True)):
        floors.row(("floor", number), dict(enumerate(weights)), lower=low)
    return appended(matrix, floors)


@pytest.mark.parametrize("seed", seeds(many(20), quick=4))
def test_what_is_above_floors_has_as_much_as_another_solver_finds(seed: int) -> None:
    random = np.random.default_rng(seed)
    width, height, goals, integral = 12, 6, int(random.integers(1, 4)), 4
    size = 10.0 ** random.integers(-2, 5)
    a = random.integers(0, 5, (height, width)).astype(float)
    upper = random.integers(20, 60, height) * size
    matrix = limited(a, upper, random.integers(0, 9, width).astype(float), integral)
    sums = random.integers(0, 4, (goals, width)).astype(float)
    # A solution with the most of all sums together, so that floors at it leave no room.
    aimed = scipy.optimize.milp(
        -sums.sum(axis=0),
        integrality=matrix.integral.astype(np.int64),
        bounds=scipy.optimize.Bounds(matrix.lower, matrix.upper),
        constraints=scipy.optimize.LinearConstraint(a, -np.inf, upper),
    )
    assert aimed.x is not None
    x = aimed.x
    x[:integral] = np.round(x[:integral])
    least = sums @ x
    above = floored(matrix, sums, least - 1e-9 * np.maximum(1.0, np.abs(least)))
    floors = np.arange(height, height + goals)
    found = exact_above(above, floors, x, {"threads": 1}, Watch(), gap=0.0)
    assert found is not None
    assert (found[:integral] == x[:integral]).all()
    assert (sums @ found >= least - 3e-9 * np.maximum(1.0, np.abs(least))).all()
    other = scipy.optimize.linprog(
        -matrix.cost,
        A_ub=np.vstack([a, -sums]),
        b_ub=np.append(upper, -(least - 1e-9 * np.maximum(1.0, np.abs(least)))),
        bounds=[
            (number, number) if whole else (0.0, 1e6)
            for number, whole in zip(x, matrix.integral, strict=True)
        ],
    )
    assert other.fun is not None
    assert matrix.points(found) == pytest.approx(1.0 - other.fun, rel=NEAR, abs=1e-6)


def test_a_floor_that_costs_more_than_its_price_is_kept_all_the_same() -> None:
    # One unit of the second column less would let a hundred million more of the first in.
    matrix = limited(np.array([[1.0, 1e8]]), np.array([1e8]), np.array([1.0, 0.0]), 0)
    matrix = replace(matrix, upper=np.full(2, 1e9))
    x = np.array([0.0, 1.0])
    above = floored(matrix, np.array([[0.0, 1.0]]), np.array([1.0]))
    found = exact_above(above, np.array([1]), x, {"threads": 1}, Watch(), gap=0.0)
    assert found is not None
    assert found[1] == pytest.approx(1.0, abs=1e-8)
    assert found[0] == pytest.approx(0.0, abs=1.0)
