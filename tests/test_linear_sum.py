"""Sums that stay arrays: as good as ordinary expressions for everybody who looks at them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyomo.environ as pyo
import pytest
from pyomo.core.expr import LinearExpression
from pyomo.repn import generate_standard_repn

from golden.small_cases import SERVED
from optimizer.formulation.compiling import compile_model
from optimizer.formulation.expressions import Sums
from optimizer.formulation.linear_sum import LinearSum
from test_compiling import assert_close, assert_same
from test_solver import model_of

TERMS = pd.DataFrame(
    [
        ("x", 0, 2.0, "a"),
        ("y", 1, -1.5, "a"),
        ("x", 0, 1.0, "a"),
        ("constant", 0, 4.0, "a"),
        ("y", 0, 7.0, "b"),
        ("x", 1, 0.0, "b"),
        ("constant", 0, 5.0, "only"),
    ],
    columns=["family", "position", "coefficient", "key"],
)


def small() -> tuple[pyo.ConcreteModel, Sums]:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(["p", "q"], bounds=(0, 9))
    model.y = pyo.Var([1, 2], domain=pyo.Integers)
    model.factor = pyo.Param(initialize=3.0, mutable=True)
    return model, Sums(model, TERMS, ["key"])


WAYS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "alone": lambda m, s, t: s <= 8,
    "turned": lambda m, s, t: m.factor >= s,
    "equal": lambda m, s, t: s == t,
    "between": lambda m, s, t: pyo.inequality(1, s, 8),
    "triple": lambda m, s, t: (m.factor, s, None),
    "times": lambda m, s, t: 2 * s <= t * 3,
    "parameter": lambda m, s, t: m.factor * s - t / m.factor <= 1,
    "negated": lambda m, s, t: -s >= t - 1,
    "variables": lambda m, s, t: m.x["q"] - s + m.y[1] <= t + m.x["p"],
    "sum": lambda m, s, t: sum([s, t, s]) <= 4,
    "quicksum": lambda m, s, t: pyo.quicksum([s, m.x["q"], t]) <= 4,
    "nested": lambda m, s, t: 2 * (m.factor * (s + 1) - (t - s)) <= 0,
    "named": lambda m, s, t: m.named <= 3,
}


@pytest.mark.parametrize("way", WAYS)
def test_sums_can_be_used_like_any_expression(way: str) -> None:
    model, sums = small()
    model.points = pyo.Objective(expr=sums["a"] + model.x["q"])
    model.named = pyo.Expression(expr=sums["b"] - sums["a"])
    model.row = pyo.Constraint(expr=WAYS[way](model, sums["a"], sums["b"]))
    ours = compile_model(model)
    assert_same(model)
    terms = generate_standard_repn(model.row.body, quadratic=False)
    found = {v.name: c for v, c in zip(terms.linear_vars, terms.linear_coefs, strict=True)}
    wanted = {model.component(name)[index].name: a for (name, index), a in _row(ours).items()}
    assert found == pytest.approx(wanted) or found == pytest.approx(
        {name: -a for name, a in wanted.items()}
    )


def _row(matrix: Any) -> dict[tuple[str, Any], float]:
    numbers = matrix.a.toarray()[0]
    return {key: a for key, a in zip(matrix.columns, numbers, strict=True) if a}


def test_a_sum_is_what_its_terms_add_up_to() -> None:
    _, sums = small()
    assert str(sums["a"]) == "4.0 + 3.0*x[p] - 1.5*y[2]"
    assert str(sums["b"]) == "7.0*y[1]"
    assert str(sums["only"]) == "5.0"
    assert sums["c"] == 0.0
    assert sums.has("a")
    assert not sums.has("only")
    assert sums["a"].nargs() == 3
    assert sums["a"].polynomial_degree() == 1
    assert isinstance(sums["a"], LinearExpression)
    with pytest.raises(AttributeError, match="LinearSum has no attribute other"):
        sums["a"].other  # noqa: B018


COPIES: dict[str, Callable[[Any], Any]] = {
    "clone": lambda expression: expression.clone(),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda expression: pickle.loads(pickle.dumps(expression)),
}


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("looked_at", [True, False])
def test_copies_are_equal(way: str, looked_at: bool) -> None:
    _, sums = small()
    expression = sums["a"]
    if looked_at:
        assert expression.nargs() == 3
    copied = COPIES[way](expression)
    assert str(copied) == str(sums["a"])
    assert copied.nargs() == 3


def test_a_copied_model_compiles_to_the_same_matrix(tmp_path: Path) -> None:
    model = model_of(SERVED.instance(tmp_path))
    before = compile_model(model)
    after = compile_model(model.clone())
    assert before.columns == after.columns
    assert before.rows == after.rows
    assert_close(after.a.toarray(), before.a.toarray())


def test_nobody_looks_at_the_terms_of_a_model_that_is_only_solved(tmp_path: Path) -> None:
    model = model_of(SERVED.instance(tmp_path))
    compile_model(model)
    sides = [
        side
        for row in model.component_data_objects(pyo.Constraint)
        for side in row.expr.args
        if isinstance(side, LinearExpression)
    ]
    kept = [side for side in sides if type(side) is LinearSum]
    assert len(kept) > 15
    assert not [side for side in sides if side.__class__ is not LinearExpression]
    assert kept[0].nargs() == len(kept[0].args)
    assert type(kept[0]) is LinearExpression


def test_looking_at_the_terms_changes_nothing(tmp_path: Path) -> None:
    model = model_of(SERVED.instance(tmp_path))
    before = compile_model(model)
    for row in model.component_data_objects(pyo.Constraint):
        assert str(row.expr)
    after = compile_model(model)
    assert before.columns == after.columns
    assert before.rows == after.rows
    assert before.a.toarray().tolist() == after.a.toarray().tolist()
    assert before.row_upper.tolist() == after.row_upper.tolist()
