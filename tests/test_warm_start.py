"""Relaxations solved on after changes: the same optimum as from nothing, and never far dearer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

from golden.rule_cases import SCORED
from optimizer import Session
from optimizer.frames.arrays import Floats
from optimizer.session import held_anew
from optimizer.solver import Patch, Watch, warm_start
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.growing import grown
from optimizer.solver.matrix import Matrix
from optimizer.solver.patch import patched
from optimizer.solver.warm_start import WarmStart

HEIGHT, WIDTH = 30, 60


def knapsacks() -> Matrix:
    """Knapsacks over the same things, of which only parts are taken."""
    random = np.random.default_rng(5)
    weights = scipy.sparse.csc_array(random.integers(1, 100, (HEIGHT, WIDTH)).astype(float))
    columns: list[tuple[str, object]] = [("take", number) for number in range(WIDTH)]
    return Matrix(
        a=weights,
        cost=random.integers(1, 100, WIDTH).astype(float),
        offset=0.0,
        row_lower=np.full(HEIGHT, -np.inf),
        row_upper=random.integers(300, 900, HEIGHT).astype(float),
        lower=np.zeros(WIDTH),
        upper=np.ones(WIDTH),
        integral=np.zeros(WIDTH, dtype=bool),
        columns=columns,
        rows=[("fits", number) for number in range(HEIGHT)],
        _positions={key: number for number, key in enumerate(columns)},
    )


def fresh(matrix: Matrix, **options: int) -> WarmStart:
    return WarmStart(Engine(matrix, relaxed=True, options={"threads": 1, **options}))


def from_nothing(matrix: Matrix) -> float:
    found = fresh(matrix).run(matrix, Watch()).objective
    assert found is not None
    return found


def with_sides(warm: WarmStart, matrix: Matrix, factor: float) -> Matrix:
    """The matrix with all sides times a factor, also where it is loaded."""
    sides = {row: (-np.inf, factor * 100.0 * (row + 3)) for row in range(HEIGHT)}
    patch = Patch(sides)
    changed = patched(matrix, patch)
    warm.engine.take(changed, patch)
    return changed


def with_costs(matrix: Matrix, factors: Floats) -> Matrix:
    return replace(matrix, cost=matrix.cost * factors)


def solved(warm: WarmStart, matrix: Matrix) -> EngineRun:
    run = warm.run(matrix, Watch())
    assert run.objective == pytest.approx(from_nothing(matrix), rel=1e-9)
    return run


def dearer(seed: int) -> Floats:
    factors: Floats = np.random.default_rng(seed).uniform(0.95, 1.05, WIDTH)
    return factors


@pytest.mark.parametrize("seed", range(5))
def test_after_any_change_the_optimum_is_that_of_a_model_of_its_own(seed: int) -> None:
    matrix = knapsacks()
    warm = fresh(matrix)
    random = np.random.default_rng(seed)
    for _ in range(8):
        matrix = with_sides(warm, matrix, float(random.uniform(0.5, 2.0)))
        matrix = with_costs(matrix, random.uniform(0.9, 1.1, WIDTH))
        solved(warm, matrix)


def test_what_is_undone_begins_at_the_optimum_of_then() -> None:
    warm = fresh(knapsacks())
    first = with_sides(warm, knapsacks(), 1.0)
    assert solved(warm, first).iterations > 0
    second = with_costs(with_sides(warm, first, 0.4), dearer(1))
    assert solved(warm, second).iterations > 0
    # Nothing is left to be done, there and back again.
    for matrix, factor in ((first, 1.0), (second, 0.4), (first, 1.0)):
        with_sides(warm, matrix, factor)
        assert solved(warm, matrix).iterations == 0


def test_as_many_optima_are_remembered_as_is_said() -> None:
    warm = fresh(knapsacks())
    before = [with_costs(knapsacks(), dearer(seed)) for seed in range(warm_start.KEPT + 1)]
    for matrix in before:
        solved(warm, matrix)
    remembered = [optimum.matrix for optimum in warm._optima]
    assert len(remembered) == warm_start.KEPT
    assert remembered[-1] is before[-1]
    # One that is found again is the last one, and not there twice.
    again = remembered[0]
    solved(warm, again)
    found = [optimum.matrix for optimum in warm._optima]
    assert found[-1] is again
    assert sorted(map(id, found)) == sorted(map(id, remembered))


def test_what_runs_begin_at_is_not_forgotten() -> None:
    warm, base = fresh(knapsacks()), knapsacks()
    solved(warm, base)
    for place in range(2 * warm_start.KEPT):
        factors = np.ones(WIDTH)
        factors[place] = 1.1
        # Nearer to the base than to any other, which differs in two costs.
        solved(warm, with_costs(base, factors))
        assert any(optimum.matrix is base for optimum in warm._optima)


@pytest.mark.parametrize("what", ["sides", "costs", "both"])
def test_what_takes_too_many_iterations_begins_anew(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm = fresh(knapsacks())
    matrix = with_sides(warm, knapsacks(), 1.0)
    anew = solved(warm, matrix).iterations
    monkeypatch.setattr(warm_start, "LEAST", 0)
    monkeypatch.setattr(warm_start, "PATIENCE", 2.0 / anew)
    asked = warm.engine.runs
    if what != "costs":
        matrix = with_sides(warm, matrix, 0.4)
    if what != "sides":
        matrix = with_costs(matrix, dearer(3))
    # Two iterations are tried, and what is then solved from nothing takes as many as it would.
    run = solved(warm, matrix)
    assert run.iterations == fresh(matrix).run(matrix, Watch()).iterations > 2
    assert warm.engine.runs == asked + 2
    # The limit is gone with the run it was for.
    assert solved(warm, with_costs(matrix, dearer(4))).status == "optimal"


def test_another_objective_is_not_tried_at_all() -> None:
    warm = fresh(knapsacks())
    matrix = with_sides(warm, knapsacks(), 1.0)
    solved(warm, matrix)
    asked = warm.engine.runs
    turned = replace(matrix, cost=matrix.cost[::-1].copy())
    assert solved(warm, turned).iterations == fresh(turned).run(turned, Watch()).iterations
    assert warm.engine.runs == asked + 1


def test_a_row_that_is_dropped_again_leaves_the_optimum_of_before() -> None:
    warm = fresh(knapsacks())
    matrix = with_sides(warm, knapsacks(), 1.0)
    solved(warm, matrix)
    other = with_costs(matrix, dearer(7))
    solved(warm, other)
    part = replace(
        matrix,
        a=scipy.sparse.csc_array(np.ones((1, WIDTH))),
        row_lower=np.array([-np.inf]),
        row_upper=np.array([2.0]),
        rows=[("added", 0)],
    )
    wider = grown(other, part)
    warm.grow(wider)
    assert solved(warm, wider).iterations > 0
    for cost in (other.cost, matrix.cost):
        patch = Patch({HEIGHT: (-np.inf, np.inf)})
        dropped = replace(patched(wider, patch), cost=cost)
        warm.engine.take(dropped, patch)
        assert solved(warm, dropped).iterations == 0


def test_bounds_that_move_leave_the_optimum_right() -> None:
    warm = fresh(knapsacks())
    first = with_sides(warm, knapsacks(), 1.0)
    columns = np.arange(WIDTH)
    for upper in (1.0, 0.2, 3.0, 1.0):
        matrix = replace(first, upper=np.full(WIDTH, upper))
        warm.engine.set_bounds(columns, matrix.lower, matrix.upper)
        run = solved(warm, matrix)
    assert run.iterations == 0


def test_infeasible_in_between_forgets_nothing() -> None:
    warm = fresh(knapsacks())
    matrix = with_sides(warm, knapsacks(), 1.0)
    solved(warm, matrix)
    patch = Patch({0: (1e6, 1e6 + 1.0)})
    impossible = patched(matrix, patch)
    warm.engine.take(impossible, patch)
    assert warm.run(impossible, Watch()).status == "infeasible"
    assert warm.run_anew(impossible, Watch()).status == "infeasible"
    assert solved(warm, with_sides(warm, matrix, 1.0)).iterations == 0


def test_a_run_that_goes_on_works_out_no_exact_edge_weights(tmp_path: Path) -> None:
    # They take a solve for every row: 0.16 of the 0.18 seconds of a small change on the Japan case.
    log = tmp_path / "log"
    options = {"threads": 1, "log_dev_level": 3}
    warm = WarmStart(Engine(knapsacks(), relaxed=True, options=options, log=log))
    matrix = with_sides(warm, knapsacks(), 1.0)
    for factor in (1.0, 0.4, 1.5):
        matrix = with_sides(warm, matrix, factor)
        solved(warm, matrix)
        warm.engine.go_on_from(warm.engine.basis())
    told = log.read_text()
    assert "Using dual simplex" in told
    assert "compute steepest edge weights" not in told


@pytest.mark.parametrize("how", ["copied", "with other bounds"])
def test_nor_does_one_that_begins_at_the_optimum_of_another(how: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    options = {"threads": 1, "log_dev_level": 3}
    first = fresh(knapsacks())
    solved(first, first.engine.matrix)
    engine = Engine(first.engine.matrix, relaxed=True, options=options, log=log)
    if how == "copied":
        warm = WarmStart(engine)
        warm.begin_like(first)
    else:
        warm = first.with_bounds_of(engine)
    matrix = with_sides(warm, first.engine.matrix, 0.4)
    solved(warm, matrix)
    told = log.read_text()
    assert "Using dual simplex" in told
    assert "compute steepest edge weights" not in told


def test_a_solve_leaves_the_relaxation_hot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, policy = SCORED.write(tmp_path)
    session = Session(policy, case, scales={"g": 1.0})
    session.relax()
    engine = session._held.loaded.lp
    begun: list[object] = []
    monkeypatch.setattr(engine, "go_on_from", begun.append)
    monkeypatch.setattr(engine, "forget", lambda: begun.append("nothing"))
    asked = engine.runs
    session.solve(gap=0.0)
    session.relax()
    # Fixing decisions, rounding and moving least money are done by others: one relaxation each.
    assert engine.runs == asked + 2
    assert not begun


def test_a_model_like_another_begins_at_its_optimum() -> None:
    first = knapsacks()
    warm = fresh(first)
    solved(warm, first)
    # The same rows with one coefficient changed, loaded anew, and the same with other names.
    changed = replace(first, a=first.a * 1.001)
    other = fresh(changed)
    other.begin_like(warm)
    assert solved(other, changed).iterations < solved(fresh(changed), changed).iterations
    assert not other.began_anew
    renamed = replace(first, rows=[("new", row) for row in range(len(first.rows))])
    stranger = fresh(renamed)
    stranger.begin_like(warm)
    solved(stranger, renamed)
    # What has no optimum lends none.
    lone = fresh(first)
    lone.begin_like(fresh(first))
    solved(lone, first)
    assert lone.began_anew


def test_what_is_asked_of_a_session_begins_at_its_optimum(tmp_path: Path) -> None:
    case, policy = SCORED.write(tmp_path)
    session = Session(policy, case, scales={"g": 1.0})
    points = session.relax().points
    loaded = held_anew(session).loaded
    run = loaded.relax(Watch())
    assert run.objective == pytest.approx(points)
    assert run.iterations == 0
    assert not loaded._warm.began_anew
