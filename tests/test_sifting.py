"""Pairs left out of a relaxation: a plan all the same, and a bound for the whole model."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from optimizer.case import load_case
from optimizer.errors import PolicyError
from optimizer.formulation import build_pyomo
from optimizer.instance import build_instance
from optimizer.persistent import LoadedModel, loaded
from optimizer.persistent.roles import pairs_of
from optimizer.policy import load_policy
from optimizer.solver import Solution, Watch, sifting
from optimizer.solver.sifting import Sifted, sift
from random_cases import write_random_case

ROOT = Path(__file__).parent.parent

TOLERANCE = 1e-6
PARTIAL, WHOLE = 6, 2
FEW = (0.0, 0.1, 0.5)
"""Parts of the pairs that are let in at first."""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[LoadedModel]:
    """Models of random cases: most of them with pairs that may be left out, some without."""
    found: dict[bool, list[LoadedModel]] = {True: [], False: []}
    with pytest.MonkeyPatch.context() as patch:
        let_in_few(patch, 0.0)
        for seed in itertools.count(1):
            model = modelled(tmp_path_factory.mktemp("case"), seed)
            if model is not None:
                found[sifted(model, Watch(), 0.5) is not None].append(model)
            if len(found[True]) == PARTIAL:
                return found[True] + found[False][:WHOLE]
    raise AssertionError


def modelled(folder: Path, seed: int) -> LoadedModel | None:
    case, policy = write_random_case(folder, seed)
    try:
        instance = build_instance(load_case(case), load_policy(policy))
    except PolicyError:
        return None
    scales = dict.fromkeys(instance.policy.goals, 1.0)
    return LoadedModel(instance, build_pyomo(instance, scales))


def let_in_few(patch: pytest.MonkeyPatch, few: float) -> None:
    """Let a part of the pairs in at first, whatever the size of the model."""
    patch.setattr(sifting, "FIRST", few)
    patch.setattr(sifting, "NEEDED", 1)
    patch.setattr(sifting, "PAIRED", 0.0)


@pytest.fixture(scope="module")
def optima(models: list[LoadedModel]) -> list[Solution]:
    return [model.solve(Watch(), gap=0.0) for model in models]


def sifted(model: LoadedModel, watch: Watch, gap: float) -> Sifted | None:
    pairs = pairs_of(model.instance, model.matrix)
    return sift(model.lp, pairs, model.options, watch, gap=gap)


@pytest.mark.parametrize("few", FEW)
def test_what_is_left_out_is_worth_no_more_than_the_bound_says(
    models: list[LoadedModel], few: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in_few(monkeypatch, few)
    partial = 0
    for model in models:
        for gap in (0.5, 0.02):
            watch = Watch()
            found = sifted(model, watch, gap)
            whole = model.relax(Watch())
            near = TOLERANCE * max(1.0, abs(whole.objective or 0.0))
            if watch.bound is not None:
                # Of every round, also where all pairs were needed in the end.
                assert whole.objective is not None
                assert watch.bound >= whole.objective - near
            if found is not None:
                partial += 1
                assert found.run.objective is not None
                assert watch.bound is not None
                assert whole.objective is not None
                assert found.run.objective <= whole.objective + near
                allowed = sifting.SHARE_ADDED * gap * abs(found.run.objective)
                assert watch.bound - found.run.objective <= allowed + near
                assert (found.matrix.upper < model.matrix.upper).any()
                assert found.run.x is not None
                assert model.matrix.violation(found.run.x) <= near + TOLERANCE
    assert partial >= 5


@pytest.mark.parametrize("few", FEW)
def test_a_plan_over_some_pairs_tells_an_interval_that_holds_the_optimum(
    models: list[LoadedModel],
    optima: list[Solution],
    few: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    let_in_few(monkeypatch, few)
    monkeypatch.setattr(loaded, "LARGE", 0)
    for model, optimum in zip(models, optima, strict=True):
        for gap in (0.2, 0.01):
            afresh = LoadedModel(model.instance, model.model)
            found = afresh.solve(Watch(), gap=gap)
            assert (found.status == "infeasible") == (optimum.status == "infeasible")
            if optimum.objective is None:
                continue
            near = TOLERANCE * max(1.0, abs(optimum.objective))
            assert found.objective is not None
            assert found.bound is not None
            assert found.objective - near <= optimum.objective <= found.bound + near
            assert found.gap is not None
            assert found.gap <= gap


def test_a_small_model_and_one_that_goes_on_are_solved_whole(
    models: list[LoadedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, gap: float, **__: object) -> None:
        raise AssertionError(f"sifted for {gap}")

    monkeypatch.setattr(loaded, "sift", never)
    model = LoadedModel(models[0].instance, models[0].model)
    model.solve(Watch(), gap=0.5)
    monkeypatch.setattr(loaded, "LARGE", 0)
    model.solve(Watch(), gap=0.5)
    # Whatever gap is asked, the first plan comes as soon as at a hundredth.
    for gap, wanted in ((0.5, 0.5), (0.0, 0.01)):
        with pytest.raises(AssertionError, match=f"^sifted for {wanted}$"):
            LoadedModel(models[0].instance, models[0].model).solve(Watch(), gap=gap)


def test_the_first_pairs_are_those_with_most_applicants(
    models: list[LoadedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sifting, "NEEDED", 0)
    for model in models:
        pairs = pairs_of(model.instance, model.matrix)
        names = np.arange(len(pairs.size))
        pairs = replace(pairs, size=np.random.default_rng(3).permutation(names).astype(float))
        let_in = pairs.first()
        count = int(np.ceil(sifting.FIRST * len(names)))
        assert let_in.sum() >= count
        assert set(np.argsort(-pairs.size)[:count]) <= set(np.flatnonzero(let_in))


@pytest.mark.slow
def test_part_of_the_pairs_of_the_japan_case_nearly_makes_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sifting, "PAIRED", 0.0)
    policy = load_policy(ROOT / "models" / "balanced.toml")
    instance = build_instance(load_case(ROOT / "inputs" / "japan"), policy)
    model = LoadedModel(instance, build_pyomo(instance, dict.fromkeys(policy.goals, 1000.0)))
    watch = Watch()
    found = sifted(model, watch, 0.05)
    whole = model.relax(Watch())
    assert found is not None
    assert found.run.objective is not None
    assert whole.objective is not None
    assert watch.bound is not None
    assert watch.bound >= whole.objective * (1.0 - TOLERANCE)
    assert whole.objective * 0.985 <= found.run.objective <= whole.objective * (1.0 + TOLERANCE)
    left_out = (found.matrix.upper < model.matrix.upper).sum()
    assert left_out > 100
