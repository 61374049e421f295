"""New numbers of rules, however a rule is written and whichever way round it is compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest
import scipy.sparse

from golden.rule_cases import (
    BUILT,
    CHANGED,
    COMMITTED,
    DIMINISHING,
    FLOORED,
    LIMITED,
    VALUED,
)
from golden.small_cases import NATIONAL, SERVED, TWO_LINES, SmallCase
from optimizer.formulation import NUMBERS, build_pyomo, numbers
from optimizer.formulation.limits import LimitRow, named_limit_rows
from optimizer.formulation.numbers import SETTLED, Terms, rule_terms
from optimizer.instance import Instance
from optimizer.instance.people import CONSTANT, terms
from optimizer.persistent import LoadedModel, patching
from optimizer.persistent.patching import CannotPatchError, Patcher
from optimizer.solver.matrix import Matrix
from optimizer.solver.patch import Patch, patched

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
        # A number without a row limits nothing, and stands in the way of none.
        session.patcher.numbers(patch, {RULE: {"nowhere": 9.0, None: wanted}})
        session.take(patch)
    # Whether dropped or not: numbers of dropped rows count once they are back.
    row = session.patcher.rows[RULE, None]
    session.restore([row])
    assert_same(session, loaded(instance, WAYS[way], 0.0))
    # Whoever reads the number of a row reads 0, and not -0.
    told = session.matrix.row_lower[row], session.matrix.row_upper[row]
    assert "-0" not in [f"{side:g}" for side in told]


@pytest.mark.parametrize("way", WAYS)
def test_where_a_number_of_0_stands_is_not_guessed(
    way: str, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_with(0.0, monkeypatch)
    session = loaded(instance, WAYS[way], 0.0)
    patch = Patch()
    session.patcher.numbers(patch, {RULE: {None: 0.0}})
    assert not patch.sides
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


def told_sum(instance: Instance, number: float, other: float = 2.0, fixed: float = 0.0) -> Terms:
    """Terms of the two cohorts, and people who are here whatever is decided."""
    frame = terms(instance.sets.cohort, "cohort")
    frame = frame.assign(coefficient=frame["country"].map({"AA": number, "BB": other}))
    here = frame[:1].assign(family=CONSTANT, position=-1, coefficient=fixed)
    return Terms("", ["line"], pd.concat([frame, here]).assign(line="all"))


def summed(instance: Instance, written: Written, number: float) -> LoadedModel:
    """A model with a rule that limits a sum."""
    model = build_pyomo(instance, {"g": 1.0})
    x, y = model.cohort[KEY], model.cohort["BB", *KEY[1:]]
    rule = pyo.Constraint(["all"], rule=lambda model, key: written(x, y, number))
    model.add_component(RULE, rule)
    return LoadedModel(instance, model)


def known_to_sum(terms: Terms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the rule of the model be one whose terms are known."""
    monkeypatch.setattr(
        patching, "rule_terms", lambda instance: {**rule_terms(instance), RULE: terms}
    )


@pytest.mark.parametrize("way", SUMS)
def test_new_terms_of_a_sum_that_is_limited_itself(
    way: str, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_to_sum(told_sum(instance, -1.0), monkeypatch)
    session = summed(instance, SUMS[way], -1.0)
    for number, fixed in ((5.0, 3.0), (5.0, 0.0)):
        patch = Patch()
        session.patcher.terms(patch, RULE, told_sum(instance, number, fixed=fixed))
        session.take(patch)
        # What is fixed stands on the other side, where it has the other sign.
        row = session.patcher.rows[RULE, "all"]
        weight = session.matrix.a[row, session.matrix.family("cohort")[0].item()]
        assert session.matrix.numbers()[row] == -fixed * np.sign(weight)
    assert_same(session, summed(instance, SUMS[way], 5.0))


@pytest.mark.parametrize(
    ("number", "is_found"),
    # Adding up in another order may change the last digits, and nothing before them.
    [(1000.0, True), (1000.0 + 5e-7, True), (1000.0 + 2e-6, False), (3.0, False), (-1000.0, False)],
)
def test_a_sum_that_does_not_hold_its_terms_is_not_changed(
    number: float, is_found: bool, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_to_sum(told_sum(instance, number), monkeypatch)
    patcher = summed(instance, SUMS["ceiling"], 1000.0).patcher
    if is_found:
        patcher.terms(Patch(), RULE, told_sum(instance, 5.0))
        return
    with pytest.raises(CannotPatchError, match=f"^where {RULE} holds its terms is not known$"):
        patcher.terms(Patch(), RULE, told_sum(instance, 5.0))


def test_a_sum_without_terms_does_not_tell_how_it_would_hold_them(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_to_sum(told_sum(instance, 0.0, 0.0), monkeypatch)
    session = summed(instance, SUMS["floor"], 1.0)
    row = session.patcher.rows[RULE, "all"]
    nothing = cells(*((row, column, 0.0) for column in session.matrix.family("cohort").tolist()))
    patcher = Patcher(instance, patched(session.matrix, nothing))
    with pytest.raises(CannotPatchError, match=f"^where {RULE} holds its terms is not known$"):
        patcher.terms(Patch(), RULE, told_sum(instance, 5.0))


def test_a_sum_may_lose_all_its_terms(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    known_to_sum(told_sum(instance, 5.0), monkeypatch)
    session = summed(instance, SUMS["floor"], 5.0)
    patch = Patch()
    session.patcher.terms(patch, RULE, told_sum(instance, 0.0, 0.0))
    row = session.patcher.rows[RULE, "all"]
    assert not scipy.sparse.csr_array(patched(session.matrix, patch).a)[[row]].nnz


def test_no_rule_holds_both_a_number_and_terms(instance: Instance) -> None:
    # A constant among the terms and the number would take each other's place.
    assert not rule_terms(instance).keys() & numbers.rule_numbers(instance).keys()


def test_every_number_of_the_model_is_found(instance: Instance) -> None:
    session = LoadedModel(instance, build_pyomo(instance, {"g": 1.0}))
    assert session.patcher.is_known
    # The one budget is the only number.
    told = {rule for rule, sign in session.patcher.signs.items() if sign}
    assert told == {"spending_within_budget"}


# Whole cases with other numbers

OTHERWISE: dict[str, tuple[SmallCase, SmallCase]] = {
    "costs": (
        BUILT,
        BUILT.with_(
            costs=("t,main,1,,,,,12", "t,main,1,,BB,,,9", "t,main,2,,,,,7"),
            region_costs=("t,main,r1,2,4",),
            agreements=("AA,t,proposed,main,5,1,1", "BB,t,existing,main,0,3,0"),
        ),
    ),
    "no cost at all": (NATIONAL, NATIONAL.with_(costs=())),
    "a cost that is no more": (
        BUILT,
        BUILT.with_(costs=("t,main,1,,,,,10", "t,main,1,,BB,,,11", "t,main,2,,,,,0")),
    ),
    "use": (
        SERVED,
        SERVED.with_(service_use=("t,help,1,,,,3", "t,help,1,,far,,2", "t,help,2,,,,0.25")),
    ),
    "capacities": (
        SERVED,
        SERVED.with_(services=("r1,help,{year},7,hours,4,2,5,1,main",
                               "r2,help,{year},6,hours,4,0,5,1,main")),
    ),
    "budgets": (TWO_LINES, TWO_LINES.with_(budgets=("main,{year},M,90,program",
                                                    "help,{year},N,31,integration"))),
    "values": (VALUED, replace(VALUED, policy=VALUED.policy.replace("effect = 2", "effect = 3"))),
    "diminishing values": (
        DIMINISHING,
        replace(DIMINISHING, policy=DIMINISHING.policy.replace("effect = 2", "effect = 3")),
    ),
    "limits": (
        LIMITED,
        replace(
            LIMITED,
            policy=LIMITED.policy.replace("times = 0.25", "times = 0.5")
            .replace("soft_base = 8", "soft_base = 9")
            .replace("amount = 2", "amount = 3")
            .replace("at_most = 6", "at_most = 7"),
        ),
    ),
    "commitments": (
        COMMITTED,
        COMMITTED.with_(commitments=("AA,t,,,2,", ",,r1,2030,,3", "AA,,r2,,1,2")),
    ),
    "support": (
        FLOORED,
        replace(FLOORED, policy=FLOORED.policy.replace("= 12", "= 11")).with_(
            region_costs=("t,main,r1,1,6",)
        ),
    ),
    "change": (CHANGED, replace(CHANGED, policy=CHANGED.policy.replace("0.5", "0.25"))),
}  # fmt: skip


@cache
def kept(case: str, which: int) -> LoadedModel:
    with TemporaryDirectory() as folder:
        instance = OTHERWISE[case][which].instance(Path(folder))
    return LoadedModel(instance, build_pyomo(instance, {"g": 1.0}))


def patch_for(patcher: Patcher, wanted: Instance) -> Patch:
    patch = Patch()
    for rule, told in rule_terms(wanted).items():
        patcher.terms(patch, rule, told)
    patcher.numbers(patch, numbers.rule_numbers(wanted))
    patcher.limits(patch, named_limit_rows(wanted.limits))
    return patch


@pytest.mark.parametrize("case", OTHERWISE)
@pytest.mark.parametrize(("old", "new"), [(0, 1), (1, 0), (0, 0)])
def test_a_patched_matrix_is_that_of_the_changed_case(case: str, old: int, new: int) -> None:
    before, after = kept(case, old), kept(case, new)
    patcher = Patcher(before.instance, before.matrix)
    patch = patch_for(patcher, after.instance)
    found = patched(before.matrix, patch)
    assert (found.columns, found.rows) == (after.matrix.columns, after.matrix.rows)
    np.testing.assert_allclose(found.row_lower, after.matrix.row_lower, rtol=1e-12)
    np.testing.assert_allclose(found.row_upper, after.matrix.row_upper, rtol=1e-12)
    assert abs(found.a - after.matrix.a).max() <= 1e-12
    # What does not move is not touched, and the matrix that was compiled stays what it was.
    assert (found.a is before.matrix.a) == (not len(patch.coefficients()[0]))
    moved = np.flatnonzero(before.matrix.row_lower != found.row_lower)
    assert {*moved} <= patch.sides.keys()
    if old == new:
        assert not patch.sides
        assert not len(patch.coefficients()[0])
    # A patcher that is told of the new matrix finds nothing to do.
    patcher.use(found)
    again = patch_for(patcher, after.instance)
    assert not again.sides
    assert not len(again.coefficients()[0])


def test_the_first_column_is_like_any_other() -> None:
    before, after = kept("costs", 0), kept("costs", 1)

    def turned(matrix: Matrix) -> Matrix:
        """The matrix with a cohort in front."""
        first = matrix.family("cohort")[0]
        order = np.roll(np.arange(len(matrix.columns)), -first)
        names = [matrix.columns[column] for column in order]
        numbered = {name: number for number, name in enumerate(names)}
        return replace(
            matrix, a=matrix.a[:, order], cost=matrix.cost[order], columns=names,
            _positions=numbered,
        )  # fmt: skip

    patch = patch_for(Patcher(before.instance, turned(before.matrix)), after.instance)
    found = patched(turned(before.matrix), patch)
    assert 0 in patch.coefficients()[1]
    assert abs(found.a - turned(after.matrix).a).max() <= 1e-12


def test_a_decision_that_no_rule_spoke_of_cannot_begin_to_cost(tmp_path: Path) -> None:
    # Nobody uses the service, and more of it is free: it stands in no row.
    def rest(cost: int) -> Instance:
        row = f"r1,rest,{{year}},7,hours,4,2,{cost},0,main"
        return SERVED.with_(services=(*SERVED.rows["services"], row)).instance(tmp_path)

    free = rest(0)
    patcher = Patcher(free, LoadedModel(free, build_pyomo(free, {"g": 1.0})).matrix)
    with pytest.raises(
        CannotPatchError,
        match=r"^spending_adds_up adds up decisions that no rule spoke of before$",
    ):
        patch_for(patcher, rest(1))


def test_what_a_loaded_model_does_not_have_is_not_patched() -> None:
    before = kept("limits", 0)
    patcher, patch = Patcher(before.instance, before.matrix), Patch()
    row = LimitRow(1.0, (("violation", ("share", "at_least", "nowhere"), 1.0),))
    with pytest.raises(CannotPatchError, match=r"^violation\[\('share', .*\] has no column$"):
        patcher.limits(patch, {"limit_at_least": {("share", "total"): row}})
    with pytest.raises(
        CannotPatchError, match=r"^limit_at_most\[\('share', 'total'\)\] has no row$"
    ):
        patcher.limits(patch, {"limit_at_most": {("share", "total"): LimitRow(1.0, ())}})
    # A limit whose measure stands in no row.
    fewer = {name: n for name, n in before.matrix._positions.items() if name[0] != "measured"}
    patcher.use(replace(before.matrix, _positions=fewer))
    with pytest.raises(
        CannotPatchError, match=r"^where limit_at_least holds its numbers is not known$"
    ):
        patcher.limits(patch, {"limit_at_least": {("share", "total"): row}})
    patcher.use(before.matrix)
    told = rule_terms(before.instance)["spending_adds_up"]
    later = told._replace(frame=told.frame.assign(year=2099))
    with pytest.raises(CannotPatchError, match="has no row"):
        patcher.terms(patch, "spending_adds_up", later)
    strange = told._replace(frame=told.frame.assign(family="dreams"))
    with pytest.raises(CannotPatchError, match=r"^nothing is known of dreams$"):
        patcher.terms(patch, "spending_adds_up", strange)
    assert patch.rows == []


def test_a_model_of_which_not_everything_is_known_is_not_patched() -> None:
    before = kept("budgets", 0)
    patcher = Patcher(before.instance, before.matrix)
    patcher.require_known()
    assert (patcher.unknown, patcher.is_known) == ([], True)
    names = [(f"my_{rule}", index) if rule == "spending_within_budget" else (rule, index)
             for rule, index in before.matrix.rows]  # fmt: skip
    priced = before.matrix.cost.copy()
    priced[before.matrix.column("transfer", ("main", "help", 2030))] = -1.0
    strange = Patcher(before.instance, replace(before.matrix, rows=names, cost=priced))
    assert not strange.is_known
    with pytest.raises(
        CannotPatchError, match=r"^my_spending_within_budget, transfer may follow from any number$"
    ):
        strange.require_known()


def test_rows_that_do_not_agree_hold_their_numbers_nowhere() -> None:
    before = kept("budgets", 0)
    rows = Patcher(before.instance, before.matrix).by_rule["spending_within_budget"]
    lower, upper = before.matrix.row_lower.copy(), before.matrix.row_upper.copy()
    # One of the four turned round.
    lower[rows[0]], upper[rows[0]] = -upper[rows[0]], np.inf
    turned = Patcher(before.instance, replace(before.matrix, row_lower=lower, row_upper=upper))
    assert turned.signs["spending_within_budget"] == 0.0
    # And one of them twice.
    named = [*before.matrix.rows]
    named[rows[1]] = named[rows[0]]
    twice = Patcher(before.instance, replace(before.matrix, rows=named))
    assert twice.signs["spending_within_budget"] == 0.0
    assert twice.twice == {"spending_within_budget"}


def test_a_patcher_after_growth_knows_what_the_first_one_learnt() -> None:
    before = kept("support", 0)
    first = Patcher(before.instance, before.matrix)
    free = replace(
        before.matrix,
        row_lower=np.full_like(before.matrix.row_lower, -np.inf),
        row_upper=np.full_like(before.matrix.row_upper, np.inf),
    )
    # Rows that are dropped have no sides to learn from; one that is new has.
    more = replace(
        free,
        a=scipy.sparse.vstack([free.a, free.a[[0]]], format="csc"),
        rows=[*free.rows, ("limit_at_most", ("new", "total"))],
        row_lower=np.append(free.row_lower, -np.inf),
        row_upper=np.append(free.row_upper, 7.0),
    )
    second = Patcher(before.instance, more, first)
    assert (second.signs, second.summed) == (first.signs, first.summed)
    np.testing.assert_array_equal(second.has_lower, [*first.has_lower, False])
    np.testing.assert_array_equal(second.has_upper, [*first.has_upper, True])
    assert first.has_lower.any()
    assert first.has_upper.any()
    # It says at least 0, and is compiled as it is written or turned round.
    assert [*first.summed] == ["support_reaches_floor"]
    assert abs(first.summed["support_reaches_floor"]) == 1.0


# Patches themselves


def small() -> Matrix:
    """Two rows, three columns: 1 0 2 and 0 3 0."""
    a = scipy.sparse.csc_array(np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]]))
    sides = np.array([-np.inf, 1.0]), np.array([5.0, np.inf])
    bounds = np.zeros(3), np.full(3, np.inf)
    columns: list[tuple[str, object]] = [("x", 0), ("x", 1), ("x", 2)]
    rows: list[tuple[str, object]] = [("r", 0), ("r", 1)]
    numbered = {name: number for number, name in enumerate(columns)}
    return Matrix(a, np.zeros(3), 0.0, *sides, *bounds, np.zeros(3, bool), columns, rows, numbered)


def cells(*told: tuple[int, int, float]) -> Patch:
    """A patch of single cells, in two pieces."""
    patch = Patch()
    for part in (told[:1], told[1:]):
        rows, columns, values = zip(*part, strict=True) if part else ((), (), ())
        patch.add(np.array(rows, int), np.array(columns, int), np.array(values, float))
    return patch


@pytest.mark.parametrize(
    ("told", "dense", "stored"),
    [
        ([(0, 0, 7.0)], [[7, 0, 2], [0, 3, 0]], 3),
        ([(0, 1, 7.0)], [[1, 7, 2], [0, 3, 0]], 4),
        ([(0, 2, 0.0)], [[1, 0, 0], [0, 3, 0]], 2),
        ([(1, 0, 4.0), (0, 0, -1.0), (1, 1, 0.0)], [[-1, 0, 2], [4, 0, 0]], 3),
    ],
)
def test_cells_take_the_place_of_cells(
    told: list[tuple[int, int, float]], dense: list[list[float]], stored: int
) -> None:
    before = small()
    found = patched(before, cells(*told))
    assert found.a.toarray().tolist() == dense
    # What is 0 is not stored, and the old matrix is as it was.
    assert found.a.nnz == stored
    assert isinstance(found.a, scipy.sparse.csc_array)
    assert before.a.toarray().tolist() == [[1, 0, 2], [0, 3, 0]]
    assert found.row_lower is before.row_lower
    assert found.row_upper is before.row_upper


def test_sides_take_the_place_of_sides() -> None:
    before = small()
    found = patched(before, Patch(sides={1: (2.0, 3.0), 0: (-1.0, np.inf)}))
    assert found.row_lower.tolist() == [-1, 2]
    assert found.row_upper.tolist() == [np.inf, 3]
    assert (before.row_lower.tolist(), before.row_upper.tolist()) == ([-np.inf, 1], [5, np.inf])
    assert found.a is before.a
    assert patched(before, Patch()).row_lower is before.row_lower


def test_a_patch_without_cells_has_none() -> None:
    rows, columns, values = Patch().coefficients()
    assert (rows.size, columns.size, values.size) == (0, 0, 0)
    assert [part.dtype for part in (rows, columns, values)] == ["int64", "int64", "float64"]


def test_values_of_single_cells() -> None:
    a = scipy.sparse.csr_array(small().a)
    rows, columns = np.array([0, 1, 0, 1, 0]), np.array([2, 1, 1, 2, 0])
    assert patching._cells(a, rows, columns).tolist() == [2, 3, 0, 0, 1]
    nothing = scipy.sparse.csr_array((2, 3))
    assert patching._cells(nothing, rows, columns).tolist() == [0.0] * 5


@pytest.mark.parametrize(
    ("number", "side", "sign"),
    [(2.0, 2.0, 1), (2.0, -2.0, -1), (-2.0, 2.0, -1), (2.0, 4.0, 0), (2.0, 2.0 + 1e-12, 1)],
)
def test_the_sign_between_a_number_and_a_side(number: float, side: float, sign: float) -> None:
    assert patching._sign_between(number, side) == sign
