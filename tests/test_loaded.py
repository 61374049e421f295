"""One model in the solver, by name: what it shares with others and what is its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

from golden.rule_cases import SCORED
from golden.small_cases import NATIONAL, SmallCase
from optimizer.formulation import build_pyomo
from optimizer.persistent import LoadedModel
from optimizer.solver import Patch, Watch
from optimizer.solver.elastic import with_slack
from optimizer.solver.growing import grown
from optimizer.solver.matrix import Matrix
from optimizer.solver.patch import patched
from optimizer.solver.tightening import tightened


def loaded(case: SmallCase, folder: Path) -> LoadedModel:
    instance = case.instance(folder)
    return LoadedModel(instance, build_pyomo(instance, dict.fromkeys(instance.policy.goals, 1.0)))


def arrays(matrix: Matrix) -> Iterator[np.ndarray]:
    """Every array of a matrix, found by its fields."""
    for field in fields(matrix):
        value = getattr(matrix, field.name)
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, scipy.sparse.csc_array):
            yield from (value.data, value.indices, value.indptr)


def test_nobody_can_write_into_a_matrix_however_it_was_made(tmp_path: Path) -> None:
    model = loaded(SCORED, tmp_path)
    matrix = model.matrix
    everything = np.arange(len(matrix.cost))
    patch = Patch({0: (0.0, 1.0)})
    patch.add(np.array([0]), np.array([0]), np.array([7.0]))
    model.set_costs(dict.fromkeys(model.instance.policy.goals, 2.0))
    made = [
        matrix,
        model.matrix,
        patched(matrix, patch),
        grown(matrix, replace(matrix, rows=[("another", row) for row in matrix.rows])),
        tightened(matrix, everything[matrix.integral])[0],
        with_slack(matrix, np.arange(len(matrix.rows))),
        replace(matrix, upper=np.ones(len(matrix.cost))),
    ]
    assert all(not array.flags.writeable for each in made for array in arrays(each))
    with pytest.raises(ValueError, match="read-only"):
        model.matrix.cost[0] = 1.0


def test_new_costs_leave_a_matrix_that_others_hold_as_it_was(tmp_path: Path) -> None:
    model = loaded(SCORED, tmp_path)
    held, before = model.matrix, model.matrix.cost.copy()
    model.set_costs(dict.fromkeys(model.instance.policy.goals, 4.0))
    assert (held.cost == before).all()
    assert (model.matrix.cost != before).any()
    # What a run found is shared as well: with the search, and with the plan it ends in.
    run = model.relax(Watch())
    assert run.x is not None
    assert not run.x.flags.writeable
    assert model.lp.matrix.points(run.x) == pytest.approx(run.objective)


def test_taking_a_patch_over_leaves_it_as_it_was(tmp_path: Path) -> None:
    model = loaded(NATIONAL, tmp_path)
    model.drop([0])
    patch = Patch({0: (-np.inf, 3.0), 1: (-np.inf, 2.0)})
    model.take(patch)
    assert patch.sides == {0: (-np.inf, 3.0), 1: (-np.inf, 2.0)}
    # A dropped row keeps its number to itself until it is back.
    assert np.isinf(model.matrix.row_upper[0])
    assert model.matrix.row_upper[1] == 2.0
    model.restore([0])
    assert model.matrix.row_upper[0] == 3.0


def test_what_has_no_solution_is_solved_from_nothing_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded(NATIONAL, tmp_path)
    assert model.relax(Watch()).status == "optimal"
    row = int(np.flatnonzero(np.isfinite(model.matrix.row_upper))[0])
    # A row that asks for more than it allows anybody; solving on is given up at once.
    monkeypatch.setattr("optimizer.solver.warm_start.LEAST", 0)
    monkeypatch.setattr("optimizer.solver.warm_start.PATIENCE", 0.0)
    before = model.lp.runs
    model.take(Patch({row: (1e6, 1e6)}))
    assert model.relax(Watch()).status == "infeasible"
    # The one that was given up, and the one from nothing.
    assert model.lp.runs - before == 2
