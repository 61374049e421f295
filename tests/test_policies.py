"""Every policy of models/ on the cases it is meant for."""

from __future__ import annotations

import json
from functools import cache
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
def test_balanced_plan_for_japan() -> None:
    plan = solve(path("balanced"), shared.case("japan"), gap=0.01)
    assert plan.gap is not None
    assert plan.gap <= 0.01
    slots = plan.slots.assign(
        world_region=plan.slots["country"].map(attribute("countries", "country", "world_region")),
        pathway=plan.slots["track"].map(attribute("tracks", "track", "pathway")),
    )
    yearly = slots.groupby("year")["slots"].sum()

    def largest_share(column: str) -> pd.Series:
        by_year = slots.groupby(["year", column])["slots"].sum().groupby("year")
        return by_year.max() / yearly

    def share(pathways: list[str]) -> pd.Series:
        chosen = slots[slots["pathway"].isin(pathways)]
        return chosen.groupby("year")["slots"].sum() / yearly

    assert (largest_share("country") <= 0.2).all()
    assert (largest_share("world_region") <= 0.9).all()
    assert (share(["training", "skilled_work"]) >= 0.33).all()
    assert (share(["protection"]) >= 0.002).all()
    assert (share(["exchange"]) >= 0.02).all()
    assert slots["level"].nunique() == 3
    assert len(plan.decisions.agreements) > 0
    expected = MODELS / "expectations" / "balanced-japan.toml"
    compared = check_expectations(plan, expected, shared.case("japan"), path("balanced"))
    assert compared["holds"].all(), compared[~compared["holds"]].to_string()


def attribute(table: str, key: str, column: str) -> pd.Series:
    """A column of a table of the Japan case by its key."""
    return shared.case("japan").table(table).set_index(key)[column]


def test_schema_for_editors_is_written_as_generated() -> None:
    generated = json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n"
    assert (MODELS / "policy.schema.json").read_text(encoding="utf-8") == generated
