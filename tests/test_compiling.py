"""Compiling: the same matrix as Pyomo's own compiler makes, however a model is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.expr import LinearExpression
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from golden.rule_cases import BUILT, SCORED
from golden.small_cases import FOLLOWED, SERVED, SmallCase
from optimizer.formulation.compiling import compile_model
from optimizer.solver.matrix import Matrix
from test_solver import model_of


def assert_close(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-15, atol=1e-15)


def assert_same(model: pyo.ConcreteModel) -> Matrix:
    """Compare every number and every name with what Pyomo's compiler says."""
    ours = compile_model(model)
    theirs = LinearStandardFormCompiler().write(model, mixed_form=True, set_sense=None)
    side = np.array([row.bound_type for row in theirs.rows], dtype=int)
    number = np.asarray(theirs.rhs, dtype=float)
    columns = [(v.parent_component().name, v.index()) for v in theirs.columns]
    assert sorted(ours.columns, key=str) == sorted(columns, key=str)
    place = [ours.columns.index(key) for key in columns]
    if not any(v.fixed for v in model.component_data_objects(pyo.Var)):
        assert place == list(range(len(place)))
    assert ours.rows == [
        (row.constraint.parent_component().name, row.constraint.index()) for row in theirs.rows
    ]
    assert_close(ours.a.toarray()[:, place], theirs.A.toarray())
    assert_close(ours.cost[place], theirs.c.toarray().reshape(-1))
    assert_close(ours.offset, theirs.c_offset[0])
    assert_close(ours.row_upper, np.where(side >= 0, number, np.inf))
    assert_close(ours.row_lower, np.where(side <= 0, number, -np.inf))
    bounds = [v.bounds for v in theirs.columns]
    assert ours.lower[place].tolist() == [-np.inf if low is None else low for low, _ in bounds]
    assert ours.upper[place].tolist() == [np.inf if high is None else high for _, high in bounds]
    assert ours.integral[place].tolist() == [not v.is_continuous() for v in theirs.columns]
    assert np.all(ours.a.data != 0.0)
    return ours


CASES = {"built": BUILT, "followed": FOLLOWED, "scored": SCORED, "served": SERVED}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_our_models_compile_as_in_pyomo(case: SmallCase, tmp_path: Path) -> None:
    assert_same(model_of(case.instance(tmp_path)))


def written_in_many_ways() -> pyo.ConcreteModel:
    """Every way to write a linear row that we know of."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var([3, 1, 2], bounds=(0, 5))
    model.y = pyo.Var(["b", "a"], domain=pyo.Binary)
    model.z = pyo.Var(bounds=(-1, None), domain=pyo.Integers)
    model.free = pyo.Var(domain=pyo.Reals)
    model.p = pyo.Param([1, 2], initialize={1: 3.5, 2: -2.0}, mutable=True)
    model.q = pyo.Param(initialize=1.5, mutable=True)
    model.named = pyo.Expression(expr=2 * model.x[1] - model.p[1] + 4)
    model.again = pyo.Reference(model.x)
    model.points = pyo.Objective(
        expr=model.p[1] * model.x[2] - 3 * model.free + model.named + 7, sense=pyo.maximize
    )
    x, y, z, p = model.x, model.y, model.z, model.p
    rows = [
        x[1] <= 3,
        x[1] <= 3,
        x[1] >= p[1],
        p[1] == x[1] + 2,
        x[1] + x[2] == 3 * y["a"] + 1,
        -(x[1] - x[2]) <= z,
        2 * (x[1] + 3 * (x[2] - z)) - x[1] >= p[2] * p[1],
        p[1] * (x[1] + y["b"]) / 4 <= x[3] - z / p[2],
        pyo.inequality(1, x[1] + x[2] + 0.5, 4),
        pyo.inequality(p[2], x[1] - x[3], p[1]),
        pyo.inequality(2, x[1] + z, 2),
        (None, x[1] + 2 * x[1], 9),
        (p[1], model.named, None),
        sum(x[number] for number in x) - x[1] - x[2] <= 4,
        x[1] - x[1] + y["a"] <= 1,
        0 * z + x[2] <= 2,
        pyo.quicksum([x[1], -1 * x[2], 4.0]) >= model.again[3],
        pyo.sum_product(x, index=[1, 2]) <= 6 + pyo.dot_product(p, x, index=[1, 2]),
        LinearExpression(constant=2, linear_coefs=[1, p[2]], linear_vars=[x[1], x[2]])
        <= LinearExpression(constant=0.5, linear_coefs=[4], linear_vars=[x[1]]),
        (x[1] + 1) * 3 <= 3 * (1 + z),
        model.q * x[1] >= 1,
    ]
    model.row = pyo.Constraint(range(len(rows)), rule=lambda _, number: rows[number])
    model.block = pyo.Block()
    model.block.w = pyo.Var()
    model.block.inner = pyo.Constraint(expr=model.block.w <= x[1])
    model.off = pyo.Constraint([1, 2], rule=lambda _, n: x[n] <= n)
    model.off[1].deactivate()
    return model


def test_whatever_is_linear_compiles_as_in_pyomo() -> None:
    matrix = assert_same(written_in_many_ways())
    assert ("block.inner", None) in matrix.rows
    assert ("off", 1) not in matrix.rows
    assert [key for key in matrix.rows if key == ("row", 8)] == [("row", 8)] * 2


def test_fixed_variables_are_numbers() -> None:
    model = written_in_many_ways()
    model.z.fix(2)
    model.y["b"].fix(1)
    matrix = assert_same(model)
    assert matrix.column("z", None) is None
    assert matrix.column("y", "b") is None
    assert matrix.column("y", "a") is not None


def test_scalar_parameters_are_coefficients() -> None:
    model = pyo.ConcreteModel()
    model.x = pyo.Var()
    model.q = pyo.Param(initialize=1.5, mutable=True)
    model.points = pyo.Objective(expr=model.x)
    model.row = pyo.Constraint(expr=model.q * model.x >= 1)
    assert_same(model)


def test_what_is_fixed_has_a_value() -> None:
    model = written_in_many_ways()
    model.free.fixed = True
    with pytest.raises(ValueError, match=r"^free is fixed without a value$"):
        compile_model(model)


def test_parameters_count_with_their_values_of_now() -> None:
    model = written_in_many_ways()
    before = compile_model(model)
    model.p[1] = 8.0
    after = assert_same(model)
    assert (before.cost != after.cost).any()
    assert abs(before.a - after.a).max() > 0


def test_random_rows_compile_as_in_pyomo() -> None:
    random = Random(5)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(6))
    model.p = pyo.Param(range(3), initialize=lambda _, n: n + 0.5, mutable=True)
    leaves: list[Callable[[], Any]] = [
        lambda: model.x[random.randrange(6)],
        lambda: random.randint(1, 4),
        lambda: random.choice([2, model.p[random.randrange(3)]]) * model.x[random.randrange(6)],
    ]

    def tree(depth: int) -> Any:
        if depth == 0:
            return random.choice(leaves)()
        left, right = tree(depth - 1), tree(random.randrange(depth))
        kind = random.randrange(4)
        if kind == 0:
            return left + right
        if kind == 1:
            return left - right
        if kind == 2:
            return random.choice([-1, 0.5, model.p[1]]) * left + right
        return -left + right / 2

    rows = [tree(random.randrange(1, 5)) + model.x[0] / 7 for _ in range(300)]
    sides = [tree(random.randrange(3)) for _ in rows]

    def row(_: pyo.ConcreteModel, number: int) -> object:
        return rows[number] <= sides[number] if number % 3 else rows[number] == sides[number]

    model.row = pyo.Constraint(range(len(rows)), rule=row)
    model.points = pyo.Objective(expr=tree(5) + model.x[3] / 9, sense=pyo.maximize)
    assert_same(model)


def test_a_row_without_terms_is_left_out_if_it_holds_and_is_infeasible_if_not() -> None:
    model = pyo.ConcreteModel()
    model.x = pyo.Var([1, 2])
    model.points = pyo.Objective(expr=model.x[1] + model.x[2])
    model.holds = pyo.Constraint(expr=model.x[1] - model.x[1] <= 3)
    assert compile_model(model).rows == []
    model.breaks = pyo.Constraint(expr=model.x[1] - model.x[1] >= 3)
    matrix = compile_model(model)
    assert matrix.rows == [("breaks", None)]
    assert matrix.row_lower.tolist() == [3.0]
    assert matrix.a.nnz == 0


@pytest.mark.parametrize("where", ["row", "points"])
def test_what_is_not_linear_is_refused_by_name(where: str) -> None:
    model = pyo.ConcreteModel()
    model.x = pyo.Var([1, 2])
    square = model.x[1] * model.x[2] + model.x[1]
    model.points = pyo.Objective(expr=square if where == "points" else model.x[1])
    if where == "row":
        model.row = pyo.Constraint(expr=square <= 3)
    with pytest.raises(ValueError, match=f"^{where} is not linear$"):
        compile_model(model)
