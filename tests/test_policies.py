"""Every policy of models/ on the cases it is meant for."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

import shared
from optimizer import (
    Plan,
    build_instance,
    check_expectations,
    evaluate,
    solve,
    validate,
)
from optimizer.formulation import build_pyomo
from optimizer.persistent import LoadedModel
from optimizer.policy import policy_schema
from optimizer.solver import Watch

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "models"
POLICIES = sorted(file.stem for file in MODELS.glob("*.toml"))
MAIN = [name for name in POLICIES if name != "tiny"]
OPTIMAL = 1e-6


def path(name: str) -> Path:
    return MODELS / f"{name}.toml"


@cache
def tiny_plan(name: str) -> Plan:
    return solve(path(name), shared.case("tiny"))


def test_the_policies_of_the_project_are_there() -> None:
    assert set(MAIN) == {
        "balanced",
        "alliance_first",
        "talent_race",
        "safe_haven",
        "regional_revival",
        "lean_budget",
    }


@pytest.mark.parametrize("name", POLICIES)
def test_policy_gives_its_reasons(name: str) -> None:
    policy = shared.policy(name)
    sentences = policy.why.count(". ") + 1
    assert 2 <= sentences <= 5
    assert all(goal.why for goal in policy.goals.values())


@pytest.mark.parametrize("name", MAIN)
def test_every_limit_gives_its_reason(name: str) -> None:
    policy = shared.policy(name)
    assert all(limit.why for limit in policy.limits)
    assert all(floor.why for floor in policy.support_floor)


@pytest.mark.parametrize("name", MAIN)
def test_main_policy_is_for_every_case(name: str) -> None:
    policy = shared.policy(name)
    assert policy.is_for("japan")
    assert policy.is_for("tiny")


@pytest.mark.parametrize("name", MAIN)
def test_main_policy_has_the_promised_parts(name: str) -> None:
    policy = shared.policy(name)
    protected = [limit for limit in policy.limits if limit.protected]
    assert any(limit.where.get("pathway") == "protection" for limit in protected)
    assert any(floor.protected for floor in policy.support_floor)
    assert sum(goal.weight for goal in policy.goals.values()) == pytest.approx(1.0)
    stages = {effect.stage for goal in policy.goals.values() for effect in goal.effects}
    assert {"complete", "continue", "return"} <= stages


@pytest.mark.parametrize("name", POLICIES)
def test_policy_reaches_its_gap_on_the_tiny_case(name: str) -> None:
    plan = tiny_plan(name)
    assert plan.gap is not None
    assert plan.gap <= max(OPTIMAL, shared.policy(name).solver.gap)
    assert plan.slots_total > 0


@pytest.mark.parametrize("name", POLICIES)
def test_plan_of_the_tiny_case_holds(name: str) -> None:
    plan = tiny_plan(name)
    found = evaluate(plan, path(name), shared.case("tiny"))
    assert found.holds
    assert found.points == pytest.approx(plan.objective)


def test_policies_are_validated_together_as_each_is_alone() -> None:
    policies, case = [path(name) for name in ("balanced", "tiny")], ROOT / "inputs" / "tiny"
    together = validate([*policies, case], solve=False)
    alone = [found for policy in policies for found in validate([policy, case], solve=False)]
    assert [replace(found, seconds=0) for found in together] == [
        replace(found, seconds=0) for found in alone
    ]
    assert all(found.options for found in together)


@pytest.mark.parametrize("name", MAIN)
def test_every_goal_can_be_earned_on_the_tiny_case(name: str) -> None:
    goals = tiny_plan(name).tables["goals"]
    assert (goals["scale"] > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MAIN if name != "balanced"])
def test_relaxation_on_japan_is_feasible(name: str) -> None:
    instance = build_instance(shared.case("japan"), shared.policy(name))
    scales = dict.fromkeys(instance.policy.goals, 1.0)
    loaded = LoadedModel(instance, build_pyomo(instance, scales))
    assert loaded.relaxation_is_feasible(Watch())


@pytest.mark.slow
@pytest.mark.usefixtures("kept_scales")
def test_balanced_plan_for_japan() -> None:
    plan = solve(path("balanced"), shared.case("japan"), gap=0.01)
    assert plan.gap is not None
    assert plan.gap <= 0.01
    case = shared.case("japan")
    tracks = case.table("tracks").set_index("track")
    planned = tracks.index[tracks["allocation"].eq("planned")]
    today = case.table("current_plan").groupby("track")["slots"].sum()
    by_track = plan.slots.pivot_table("slots", "track", "year", "sum", fill_value=0)
    besides = today.sum() - today[planned.intersection(today.index)].sum()
    # As many come as today, and no track runs ahead of schools and offices.
    yearly = by_track.sum() + besides
    assert yearly.between(0.9 * today.sum(), 1.1 * today.sum()).all()
    steps = pd.concat([today.reindex(by_track.index).rename(2026), by_track], axis=1)
    steps = steps[tracks["pathway"].reindex(steps.index).ne("protection")]
    for before, year in pairwise(steps.columns):
        assert (steps[year] <= 1.15 * steps[before] + 20.5).all()
        assert (steps[year] >= 0.85 * steps[before] - 20.5).all()
    # Refuge is not for one crisis alone.
    pathway = plan.slots["track"].map(tracks["pathway"])
    refuge = plan.slots[pathway.eq("protection")]
    largest = refuge.groupby(["year", "country"])["slots"].sum().groupby("year").max()
    assert (largest <= 0.25 * refuge.groupby("year")["slots"].sum()).all()
    assert plan.slots["level"].nunique() == 3
    assert len(plan.decisions.agreements) > 0
    expected = MODELS / "expectations" / "balanced-japan.toml"
    compared = check_expectations(plan, expected, case, path("balanced"))
    assert compared["holds"].all(), compared[~compared["holds"]].to_string()


def test_schema_for_editors_is_written_as_generated() -> None:
    generated = json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n"
    assert (MODELS / "policy.schema.json").read_text(encoding="utf-8") == generated
