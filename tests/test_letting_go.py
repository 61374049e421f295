"""Rows let go from an optimum in which they bind: the optimum of a model without them, and soon."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse

from optimizer.frames.arrays import Floats
from optimizer.solver import Patch, Watch
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.matrix import Matrix
from optimizer.solver.patch import patched
from optimizer.solver.warm_start import WarmStart

HEIGHT, WIDTH, DROPPED = 40, 60, 15
FREE = (-np.inf, np.inf)


def mixed(seed: int) -> Matrix:
    """Ceilings, floors, ranges and equalities, all kept by one solution."""
    random = np.random.default_rng(seed)
    dense = random.integers(-9, 30, (HEIGHT, WIDTH)) * (random.random((HEIGHT, WIDTH)) < 0.3)
    a = scipy.sparse.csc_array(dense.astype(float))
    kept: Floats = dense @ random.random(WIDTH)
    kind = random.integers(0, 4, HEIGHT)
    columns: list[tuple[str, object]] = [("take", number) for number in range(WIDTH)]
    return Matrix(
        a=a,
        cost=random.integers(-20, 100, WIDTH).astype(float),
        offset=0.0,
        row_lower=np.select([kind == 0, kind == 3], [-np.inf, kept], kept - 1.0),
        row_upper=np.select([kind == 1, kind == 3], [np.inf, kept], kept + 1.0),
        lower=np.zeros(WIDTH),
        upper=np.ones(WIDTH),
        integral=np.zeros(WIDTH, dtype=bool),
        columns=columns,
        rows=[("fits", number) for number in range(HEIGHT)],
        _positions={key: number for number, key in enumerate(columns)},
    )


def fresh(matrix: Matrix) -> WarmStart:
    return WarmStart(Engine(matrix, relaxed=True, options={"threads": 1}))


def taken(warm: WarmStart, matrix: Matrix, sides: dict[int, tuple[float, float]]) -> Matrix:
    changed = patched(matrix, Patch(sides))
    warm.engine.take(changed, Patch(sides))
    return changed


def solved(warm: WarmStart, matrix: Matrix) -> EngineRun:
    run = warm.run(matrix, Watch())
    alone = fresh(matrix).run(matrix, Watch())
    assert run.status == alone.status == "optimal"
    assert run.objective == pytest.approx(alone.objective, rel=1e-9)
    assert run.x is not None
    assert matrix.points(run.x) == pytest.approx(run.objective, rel=1e-9)
    rows = matrix.a @ run.x
    assert (rows >= matrix.row_lower - 1e-6).all()
    assert (rows <= matrix.row_upper + 1e-6).all()
    return run


@pytest.mark.parametrize("seed", range(25))
def test_the_optimum_is_that_of_a_model_without_them(seed: int) -> None:
    random = np.random.default_rng(seed)
    base = mixed(seed)
    warm = fresh(base)
    solved(warm, base)
    own = {row: (base.row_lower[row], base.row_upper[row]) for row in range(HEIGHT)}
    matrix, gone = base, set[int]()
    for turn in range(6):
        dropped = {int(row) for row in random.choice(HEIGHT, DROPPED, replace=False)}
        sides = {row: own[row] for row in gone - dropped} | dict.fromkeys(dropped, FREE)
        if turn % 3 == 1:
            # Others move at once, and so do costs.
            wider = {row: (own[row][0] - 0.5, own[row][1] + 0.1) for row in range(HEIGHT)}
            sides = wider | dict.fromkeys(dropped, FREE)
            matrix = replace(matrix, cost=base.cost * random.uniform(0.9, 1.1, WIDTH))
        matrix, gone = taken(warm, matrix, sides), dropped
        solved(warm, matrix)
        if turn % 2:
            matrix, gone = taken(warm, replace(matrix, cost=base.cost), own), set()
            solved(warm, matrix)


def test_a_row_that_binds_is_let_go_in_fewer_iterations() -> None:
    fewer = []
    for seed in range(25):
        base = mixed(seed)
        warm = fresh(base)
        solved(warm, base)
        binding = np.flatnonzero(warm.engine.prices())
        matrix = taken(warm, base, {int(binding[0]): FREE})
        anew = fresh(matrix).run(matrix, Watch()).iterations
        fewer.append(solved(warm, matrix).iterations < anew)
        # What is restored is where it was.
        row = int(binding[0])
        sides = {row: (base.row_lower[row], base.row_upper[row])}
        assert solved(warm, taken(warm, matrix, sides)).iterations == 0
    assert all(fewer)


def test_prices_are_those_without_the_rows() -> None:
    base = mixed(3)
    warm = fresh(base)
    solved(warm, base)
    binding = [int(row) for row in np.flatnonzero(warm.engine.prices())][:4]
    matrix = taken(warm, base, dict.fromkeys(binding, FREE))
    solved(warm, matrix)
    alone = fresh(matrix)
    solved(alone, matrix)
    assert warm.engine.prices() == pytest.approx(alone.engine.prices(), abs=1e-6)
    assert not warm.engine.prices()[binding].any()
