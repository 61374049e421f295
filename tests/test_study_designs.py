"""Designs of studies: grids, one lever at a time, samples and what Sobol indices need."""

from __future__ import annotations

import warnings
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import optimizer
from optimizer import (
    OptimizerError,
    Study,
    choice,
    correlated,
    loguniform,
    normal,
    times,
    triangular,
    uniform,
)
from optimizer.sweeps import BASE
from optimizer.sweeps.distributions import Distribution

POLICY, CASE = "models/tiny.toml", "inputs/tiny"
WEIGHT, OTHER = "goals.alliance.weight", "goals.bridges.weight"
WRONG: Any = optimizer
"""The same functions, where something of another type is given to them."""
MONEY = "budgets[line=science].amount_jpy"


def factors(study: Study) -> pd.DataFrame:
    """Values of the levers of every scenario but base."""
    return study.changes.pivot_table(
        index="scenario", columns="address", values="value", sort=False
    )


def test_a_grid_is_every_combination() -> None:
    study = Study.grid({WEIGHT: [1, 2], MONEY: times(0.9, 1, 1.1)})
    found = study.values().iloc[1:].to_numpy().tolist()
    assert found == [list(pair) for pair in product([1, 2], ["*0.9", "*1", "*1.1"])]
    assert study.scenarios["note"].tolist()[1] == f"{WEIGHT}=1; {MONEY}=*0.9"
    assert len({*study.scenarios["scenario"]}) == len(study) == 7


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_a_grid_has_as_many_scenarios_as_the_product(sizes: list[int]) -> None:
    levers = {f"goals.g{at}.weight": range(size) for at, size in enumerate(sizes)}
    study = Study.grid(levers)
    assert len(study) == 1 + prod(sizes)
    assert len(study.changes) == len(sizes) * prod(sizes)
    assert len(study.values().iloc[1:].drop_duplicates()) == prod(sizes)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from("abcdefgh"), min_size=1), st.floats(0.001, 1))
def test_one_at_a_time_changes_each_lever_twice_and_alone(goals: set[str], by: float) -> None:
    levers = [f"goals.{goal}.weight" for goal in sorted(goals)]
    study = Study.one_at_a_time(levers, by=by)
    assert len(study) == 1 + 2 * len(levers)
    assert study.changes["scenario"].is_unique
    sums = study.changes.groupby("address", sort=False)["value"].sum()
    assert sums.index.tolist() == levers
    assert np.allclose(sums.astype(float), 2)
    assert study.scenarios["lever"].tolist() == ["", *(lever for lever in levers for _ in "-+")]


def test_levers_may_have_a_range_or_values_of_their_own() -> None:
    study = Study.one_at_a_time({WEIGHT: None, OTHER: "50%", MONEY: [5e6, 9e6]}, by=0.1)
    cells = study.values().to_numpy().ravel()
    assert [cell for cell in cells if cell != ""] == [
        "*0.9",
        "*1.1",
        "*0.5",
        "*1.5",
        5e6,
        9e6,
    ]


def test_a_set_of_levers_always_comes_in_one_order() -> None:
    assert Study.one_at_a_time({WEIGHT, OTHER}).levers == (WEIGHT, OTHER)


def test_a_sample_keeps_to_its_ranges_and_its_seed() -> None:
    levers = {WEIGHT: uniform(0.8, 1.2), MONEY: uniform(5e6, 9e6, operation="set")}
    study = Study.sample(levers, 64, seed=3)
    drawn = factors(study)
    assert drawn[WEIGHT].between(0.8, 1.2).all()
    assert drawn[MONEY].between(5e6, 9e6).all()
    assert set(study.changes["operation"]) == {"multiply", "set"}
    assert Study.sample(levers, 64, seed=3) == study
    assert Study.sample(levers, 64, seed=4) != study
    assert study.scenarios["probability"].tolist() == [0.0] + [1 / 64] * 64
    assert study.scenarios["draw"].tolist()[1:] == list(range(1, 65))


@pytest.mark.parametrize(("method", "n"), [("sobol", 16), ("latin", 15)])
def test_every_part_of_a_range_is_drawn_from_once(method: str, n: int) -> None:
    # Both methods put one draw into each nth of every range: the first 2^k points of a Sobol
    # sequence in base 2 do, and a Latin hypercube is made so.
    levers = {WEIGHT: uniform(0, 1), OTHER: uniform(0, 1)}
    drawn = factors(WRONG.Study.sample(levers, n, method=method))
    for lever in (WEIGHT, OTHER):
        assert sorted((drawn[lever] * n).astype(int)) == list(range(n))


@pytest.mark.parametrize(
    ("distribution", "reference"),
    [
        (uniform(0.5, 2), stats.uniform(0.5, 1.5)),
        (loguniform(0.5, 2), stats.loguniform(0.5, 2)),
        (triangular(0.5, 1, 2), stats.triang(1 / 3, 0.5, 1.5)),
        (normal(1, 0.2), stats.truncnorm(-3, 3, 1, 0.2)),
        (normal(1, 0.2, low=1), stats.truncnorm(0, 3, 1, 0.2)),
    ],
)
def test_distributions_are_those_of_scipy(distribution: Distribution, reference: Any) -> None:
    shares = np.linspace(0, 1, 21)
    assert np.allclose(np.array(distribution.at(shares), float), reference.ppf(shares), rtol=1e-7)


def test_a_choice_takes_each_value_as_often_as_its_weight_says() -> None:
    study = Study.sample({"horizon.tail": choice(["steady", 2], weights=[1, 3])}, 16)
    assert study.changes["value"].tolist().count("steady") == 4


@pytest.mark.parametrize("by", [-1.0, -0.5, 0.3, 0.9, 1.0])
def test_groups_are_correlated_as_they_say(by: float) -> None:
    third = "goals.competitiveness.weight"
    levers = {lever: uniform(0.5, 2) for lever in (WEIGHT, third, OTHER)}
    study = Study.sample(levers, 1024, groups=[correlated([WEIGHT, OTHER], by=by)])
    ranks = factors(study).corr("spearman")
    assert ranks.loc[WEIGHT, OTHER] == pytest.approx(by, abs=0.02)
    assert ranks.loc[WEIGHT, third] == pytest.approx(0, abs=0.05)


def test_a_group_of_three_moves_as_one() -> None:
    levers = [WEIGHT, OTHER, MONEY]
    study = Study.sample(
        dict.fromkeys(levers, uniform(0.5, 2)), 16, groups=[correlated(levers, by=1)]
    )
    assert factors(study).apply(lambda row: row.max() - row.min() < 1e-6, axis=1).all()


def test_the_sobol_design_gives_the_indices_of_ishigami() -> None:
    # Saltelli's example: sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1 on -pi..pi; first-order indices
    # 0.3139, 0.4424 and 0, total ones 0.5576, 0.4424 and 0.2437.
    levers = {f"goals.g{at}.weight": uniform(-np.pi, np.pi) for at in (1, 2, 3)}
    study = Study.sobol(levers, 1024, seed=1)
    assert len(study) == 1 + 1024 * 5
    x = study.values().iloc[1:].map(lambda value: float(value.removeprefix("*")))
    first, second, third = (x[lever].to_numpy() for lever in levers)
    value = np.sin(first) + 7 * np.sin(second) ** 2 + 0.1 * third**4 * np.sin(first)
    listed = study.scenarios.iloc[1:].assign(value=value)
    matrix = {name: rows["value"].to_numpy() for name, rows in listed.groupby("matrix")}
    parts = listed[listed["matrix"] == "AB"].groupby("lever", sort=False)["value"]
    assert [lever for lever, _ in parts] == list(levers)
    mixed = np.array([[rows.to_numpy()] for _, rows in parts])
    indices = stats.sobol_indices(
        func={"f_A": matrix["A"][None], "f_B": matrix["B"][None], "f_AB": mixed}, n=1024
    )
    assert indices.first_order == pytest.approx([0.3139, 0.4424, 0], abs=0.02)
    assert indices.total_order == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)


def test_rows_of_a_sobol_design_differ_in_the_one_lever_they_name() -> None:
    levers = {WEIGHT: uniform(0.5, 2), OTHER: uniform(0.5, 2), MONEY: uniform(0.5, 2)}
    study = Study.sobol(levers, 4)
    rows = study.values().assign(
        **study.scenarios.set_index("scenario")[["matrix", "draw", "lever"]]
    )
    a, b = (rows[rows["matrix"] == name].set_index("draw") for name in "AB")
    for _, row in rows[rows["matrix"] == "AB"].iterrows():
        wanted = [(b if lever == row["lever"] else a).loc[row["draw"], lever] for lever in levers]
        assert row[list(levers)].tolist() == wanted


def test_weights_can_be_rescaled_in_designs() -> None:
    study = Study.one_at_a_time([WEIGHT, MONEY], rescale_weights=True)
    assert study.scenarios["rescaled"].tolist() == [False, True, True, True, True]
    base, less, *_, money = study.resolved(POLICY, CASE)
    assert base.name == BASE
    # 2.7 of 10 leaves 7.3 where 7 were.
    assert less.changes[OTHER] == pytest.approx(7.3 / 7)
    assert money.changes == {MONEY: "*1.1"}


@pytest.mark.parametrize(
    "call",
    [
        lambda: Study.grid({}),
        lambda: Study.grid({WEIGHT: []}),
        lambda: Study.grid({WEIGHT: "0.5"}),
        lambda: WRONG.Study.grid({WEIGHT: 3}),
        lambda: Study.grid({WEIGHT: [1, 1.0]}),
        lambda: Study.grid({WEIGHT: ["*1.1", "+10%"]}),
        lambda: WRONG.Study.grid([WEIGHT]),
        lambda: Study.grid({WEIGHT: range(2000), OTHER: range(2000)}),
        lambda: WRONG.Study.grid({3: [1]}),
    ],
)
def test_grids_that_cannot_be_made_are_refused(call: Any) -> None:
    with pytest.raises(OptimizerError, match=r"^grid: "):
        call()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            lambda: Study.one_at_a_time(WEIGHT),
            "one_at_a_time: levers are 'goals.alliance.weight', not a list of addresses",
        ),
        (
            lambda: Study.one_at_a_time([WEIGHT], by=1.5),
            "one_at_a_time: by 1.5, not a share such as 0.1 or 10%",
        ),
        (
            lambda: Study.one_at_a_time([WEIGHT], by=0),
            "one_at_a_time: by 0, not a share such as 0.1 or 10%",
        ),
        (
            lambda: Study.sample({WEIGHT: uniform(0.5, 2)}, 100),
            "sample: n is 100, not a power of two, so that every range is drawn "
            'from as often: 64 or 128, or method="latin", which takes any number',
        ),
        (
            lambda: Study.sample({WEIGHT: uniform(0.5, 2)}, 0),
            "sample: n is 0, so that there is no draw",
        ),
        (
            lambda: Study.sample({WEIGHT: uniform(0.5, 2)}, 2, seed=-1),
            "sample: seed is -1, not a whole number from 0 to 4294967295",
        ),
        (
            lambda: WRONG.Study.sample({WEIGHT: 0.5}, 2),
            "sample: goals.alliance.weight has 0.5, not a distribution, such as uniform(0.8, 1.2)",
        ),
        (
            lambda: WRONG.Study.sample({WEIGHT: uniform(0.5, 2)}, 2, method="sobel"),
            "sample: method is 'sobel', not sobol, latin; maybe sobol",
        ),
        (
            lambda: Study.sample(
                {WEIGHT: uniform(0.5, 2)}, 2, groups=[correlated([WEIGHT, OTHER], by=0.5)]
            ),
            "sample: 'goals.bridges.weight', correlated, is not a lever of the sample",
        ),
        (
            lambda: Study.sobol({WEIGHT: uniform(0.5, 2)}, 3),
            "sobol: n is 3, not a power of two, so that every range is drawn from as often: 2 or 4",
        ),
        (
            lambda: uniform(1.2, 0.8),
            "uniform: low 1.2, high 0.8 are not in order, the lowest first",
        ),
        (lambda: uniform(1, 1), "uniform: low 1, high 1 are not in order, the lowest first"),
        (lambda: uniform(float("nan"), 1), "uniform: low is nan, not a finite number"),
        (
            lambda: uniform(5e6, 9e6),
            'uniform: 5000000.0 would be a factor; if it is a value, operation is "set"',
        ),
        (
            lambda: WRONG.uniform(0.5, 2, operation="times"),
            "uniform: operation is 'times', not multiply, add, set",
        ),
        (lambda: loguniform(0, 2), "loguniform: low is 0, not above 0"),
        (lambda: normal(1, 0), "normal: deviation is 0, not above 0"),
        (
            lambda: normal(1, 0.1, low=2, high=3),
            "normal: low and high leave hardly anything of the bell curve",
        ),
        (lambda: choice([]), "choice: values are (), not a list of them"),
        (lambda: choice([1, 2], weights=[1]), "choice: weights are [1], not 2 numbers above 0"),
        (
            lambda: times(5e6),
            "times: 5000000.0 would be a factor; if it is a value, it stands as it is",
        ),
        (lambda: WRONG.times("2"), "times: factor 1 is '2', not a finite number"),
        (
            lambda: correlated([WEIGHT], by=0.5),
            "correlated: levers are ['goals.alliance.weight'], not two different addresses or more",
        ),
        (
            lambda: correlated([WEIGHT, OTHER, MONEY], by=-0.5),
            "correlated: by is -0.5, not from 0 to 1 for 3 levers",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(call: Any, told: str) -> None:
    with pytest.raises(OptimizerError) as caught:
        call()
    assert str(caught.value) == told


def test_nothing_warns_where_numbers_are_many() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(Study.sample({WEIGHT: normal(1, 0.1)}, 256, method="latin")) == 257
