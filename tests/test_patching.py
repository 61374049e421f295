"""New numbers of rules, however a rule is written and whichever way round it is compiled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from golden.small_cases import NATIONAL
from optimizer.formulation import build_pyomo, numbers
from optimizer.formulation.numbers import NUMBERS, SETTLED, Terms, rule_terms
from optimizer.instance import Instance
from optimizer.instance.people import terms
from optimizer.persistent import LoadedModel, patching
from optimizer.persistent.patching import CannotPatchError
from optimizer.solver import Patch

RULE = "rule_of_mine"
KEY = ("AA", "t", "standard", 2030)
Written = Callable[[Any, Any, float], Any]

WAYS: dict[str, Written] = {
    "floor": lambda x, y, n: x >= n,
    "floor on the left": lambda x, y, n: n <= x,
    "floor beside the decision": lambda x, y, n: x - n >= 0,
    "floor as a difference": lambda x, y, n: n - x <= 0,
    "floor, negated": lambda x, y, n: -x <= -n,
    "floor beside another": lambda x, y, n: x >= y + n,
    "floor under a sum": lambda x, y, n: n + y <= x,
    "floor as a triple": lambda x, y, n: (n, x, None),
    "ceiling": lambda x, y, n: x <= n,
    "ceiling on the left": lambda x, y, n: n >= x,
    "ceiling beside the decision": lambda x, y, n: x - n <= 0,
    "ceiling, negated": lambda x, y, n: -x >= -n,
    "ceiling beside another": lambda x, y, n: x <= y + n,
    "ceiling over a sum": lambda x, y, n: n + y >= x,
    "ceiling as a triple": lambda x, y, n: (None, x, n),
    "equality": lambda x, y, n: x == n,
    "equality, negated": lambda x, y, n: -x == -n,
    "equality beside another": lambda x, y, n: x - y == n,
}


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return NATIONAL.instance(tmp_path)


def loaded(instance: Instance, written: Written, number: float) -> LoadedModel:
    """A model with one rule more."""
    model = build_pyomo(instance, {"g": 1.0})
    x, y = model.cohort[KEY], model.cohort["BB", *KEY[1:]]
    model.add_component(RULE, pyo.Constraint(expr=written(x, y, number)))
    return LoadedModel(instance, model)


def known_with(number: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the rule of the model be one whose number is known."""
    told = {**NUMBERS, "mine": lambda instance: {RULE: {None: number}}}
    monkeypatch.setattr(numbers, "NUMBERS", MappingProxyType(told))
    monkeypatch.setattr(patching, "SETTLED", SETTLED | {RULE})
    monkeypatch.setattr(
        patching, "rule_numbers", lambda instance: numbers.rule_numbers(instance, told)
    )


def assert_same(first: LoadedModel, second: LoadedModel) -> None:
    np.testing.assert_array_equal(first.matrix.row_lower, second.matrix.row_lower)
    np.testing.assert_array_equal(first.matrix.row_upper, second.matrix.row_upper)
    assert abs(first.matrix.a - second.matrix.a).max() == 0.0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", [2.0, -1.0])
def test_a_new_number_is_that_of_the_rule_written_with_it(
    way: str, number: float, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_with(number, monkeypatch)
    session = loaded(instance, WAYS[way], number)
    session.drop([session.patcher.rows[RULE, None]])
    for wanted in (number, 3.0, 0.0):
        patch = Patch()
        session.patcher.numbers(patch, {RULE: {None: wanted}})
        session.take(patch)
    # Whether dropped or not: numbers of dropped rows count once they are back.
    session.restore([session.patcher.rows[RULE, None]])
    assert_same(session, loaded(instance, WAYS[way], 0.0))


@pytest.mark.parametrize("way", WAYS)
def test_where_a_number_of_0_stands_is_not_guessed(
    way: str, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_with(0.0, monkeypatch)
    session = loaded(instance, WAYS[way], 0.0)
    session.patcher.numbers(Patch(), {RULE: {None: 0.0}})
    with pytest.raises(CannotPatchError, match="where rule_of_mine holds its numbers"):
        session.patcher.numbers(Patch(), {RULE: {None: 1.0}})


@pytest.mark.parametrize(
    "written",
    [
        lambda x, y, n: pyo.inequality(n, x, 9),
        lambda x, y, n: x <= 2 * n,
        lambda x, y, n: x + 1 <= n,
    ],
    ids=["two sides", "twice the number", "something added"],
)
def test_a_rule_that_does_not_hold_its_number_is_not_changed(
    written: Written, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_with(2.0, monkeypatch)
    session = loaded(instance, written, 2.0)
    with pytest.raises(CannotPatchError):
        session.patcher.numbers(Patch(), {RULE: {None: 3.0}})


SUMS: dict[str, Written] = {
    "floor": lambda x, y, n: n * x + 2 * y >= 0,
    "floor, negated": lambda x, y, n: -n * x - 2 * y <= 0,
    "floor, turned round": lambda x, y, n: n * x >= -2 * y,
    "ceiling": lambda x, y, n: n * x + 2 * y <= 0,
    "ceiling, turned round": lambda x, y, n: -2 * y >= n * x,
    "equality": lambda x, y, n: n * x + 2 * y == 0,
}


@pytest.mark.parametrize("way", SUMS)
def test_new_terms_of_a_sum_that_is_limited_itself(
    way: str, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(number: float) -> Terms:
        frame = terms(instance.sets.cohort, "cohort")
        weights = frame["country"].map({"AA": number, "BB": 2.0})
        return Terms("", ["line"], frame.assign(coefficient=weights, line="all"))

    def summed(number: float) -> LoadedModel:
        model = build_pyomo(instance, {"g": 1.0})
        x, y = model.cohort[KEY], model.cohort["BB", *KEY[1:]]
        rule = pyo.Constraint(["all"], rule=lambda model, key: SUMS[way](x, y, number))
        model.add_component(RULE, rule)
        return LoadedModel(instance, model)

    known = {**rule_terms(instance), RULE: told(-1.0)}
    monkeypatch.setattr(patching, "rule_terms", lambda instance: known)
    session = summed(-1.0)
    patch = Patch()
    session.patcher.terms(patch, RULE, told(5.0))
    session.take(patch)
    assert_same(session, summed(5.0))


def test_every_number_of_the_model_is_found(instance: Instance) -> None:
    session = LoadedModel(instance, build_pyomo(instance, {"g": 1.0}))
    assert session.patcher.is_known
    # The one budget is the only number.
    told = {rule for rule, sign in session.patcher.signs.items() if sign}
    assert told == {"spending_within_budget"}
