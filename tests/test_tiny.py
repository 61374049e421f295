"""The tiny case: the plan its README derives by hand, from the solver and by brute force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from optimizer import Decisions, Plan, evaluate, load_case, solve
from optimizer.schema.tables import TABLES
from oracle import OracleResult, solve_by_enumeration

POINTS = 469.55
GOALS = {
    "alliance": (4.3, 129.0),
    "competitiveness": (7.28, 218.4),
    "safe_haven": (2.816, 56.32),
    "regional_vitality": (6.008, 60.08),
    "bridges": (1.2, 12.0),
}
Cell = tuple[str, str, str, str, int]

SLOTS: dict[Cell, int] = {
    ("AVA", "lab", "standard", "coast", 2030): 2,
    ("AVA", "lab", "standard", "coast", 2031): 3,
    ("BOR", "work", "standard", "coast", 2030): 4,
    ("BOR", "work", "standard", "coast", 2031): 3,
    ("CYR", "lab", "standard", "coast", 2031): 2,
    ("CYR", "refuge", "intensive", "hills", 2030): 2,
    ("CYR", "refuge", "intensive", "hills", 2031): 3,
}
TRANSITIONS = {
    ("AVA", "lab", "work", 2031): 1.0,
    ("AVA", "lab", "work", 2032): 1.5,
    ("CYR", "lab", "work", 2032): 1.0,
    ("CYR", "refuge", "work", 2032): 1.0,
    ("CYR", "refuge", "work", 2033): 1.5,
}
TRANSITIONS_BY_REGION = {
    ("lab", "work", "near", "hills", 2031): 1.0,
    ("lab", "work", "near", "hills", 2032): 1.5,
    ("lab", "work", "far", "hills", 2032): 1.0,
    ("refuge", "work", "far", "hills", 2032): 1.0,
    ("refuge", "work", "far", "hills", 2033): 1.5,
}
MILLION = 1_000_000
SPENT: dict[str, dict[int, float]] = {
    "science": {2030: 7, 2031: 12, 2032: 0, 2033: 0},
    "industry": {2030: 12, 2031: 10, 2032: 3.5, 2033: 1.5},
    "welcome": {2030: 6, 2031: 11, 2032: 7, 2033: 1},
}


@pytest.fixture(scope="module")
def policy(root: Path) -> Path:
    return root / "models" / "tiny.toml"


@pytest.fixture(scope="module")
def case(root: Path) -> Path:
    return root / "inputs" / "tiny"


@pytest.fixture(scope="module")
def plan(policy: Path, case: Path) -> Plan:
    return solve(policy, case)


@pytest.fixture(scope="module")
def listed(policy: Path, case: Path) -> OracleResult:
    return solve_by_enumeration(case, policy)


def amounts(table: pd.DataFrame) -> dict[tuple[object, ...], object]:
    """The last column by the others."""
    rows = table.itertuples(index=False, name=None)
    return {tuple(row[:-1]): row[-1] for row in rows}


def test_has_every_table(case: Path) -> None:
    written = {file.stem for file in case.glob("*.csv")}
    # Nobody comes by forecast there, so that all points are what its plans earn. Today's plan is
    # by region as it is, and no rank is in doubt.
    absent = {"forecasts_by_country", "forecasts_by_region", "current_plan_by_region", "rank_bands"}
    expected = set(TABLES) - absent
    assert written == expected
    assert all(len(load_case(case).table(name)) for name in expected)


def test_points_are_those_of_the_derivation(plan: Plan) -> None:
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(POINTS, abs=1e-6)
    assert plan.bound == pytest.approx(POINTS, abs=1e-4)
    goals = plan.tables["goals"].set_index("goal")
    assert list(goals.index) == list(GOALS)
    for goal, (raw, points) in GOALS.items():
        assert float(goals["raw"][goal]) == pytest.approx(raw)
        assert float(goals["weighted"][goal]) == pytest.approx(points)
    assert plan.tables["soft"]["points"].sum() == pytest.approx(5.0)


def test_slots_are_those_of_the_derivation(plan: Plan) -> None:
    assert amounts(plan.slots) == SLOTS


def test_other_decisions_are_those_of_the_derivation(plan: Plan) -> None:
    decisions = plan.decisions
    assert amounts(decisions.agreements) == {("CYR", "lab"): 2031}
    assert amounts(decisions.transitions) == pytest.approx(TRANSITIONS)
    assert amounts(decisions.transitions_by_region) == pytest.approx(TRANSITIONS_BY_REGION)
    assert amounts(decisions.expansion) == {("hills", "lessons", 2030): 1}
    assert amounts(decisions.transfers) == pytest.approx({("welcome", "industry", 2030): MILLION})
    assert amounts(decisions.carry_over) == pytest.approx({("science", 2030): MILLION})


def test_money_is_that_of_the_derivation(plan: Plan) -> None:
    spent = plan.tables["spending"].pivot_table(index="line", columns="year", values="spent")
    assert set(spent.index) == set(SPENT)
    for line, by_year in SPENT.items():
        expected = {year: MILLION * amount for year, amount in by_year.items()}
        assert spent.loc[line].to_dict() == pytest.approx(expected, abs=1)


def test_brute_force_finds_the_same_plan(listed: OracleResult) -> None:
    assert listed.status == "optimal"
    assert listed.objective == pytest.approx(POINTS, abs=1e-6)
    assert listed.goals == pytest.approx({goal: raw for goal, (raw, _) in GOALS.items()})
    cohorts = {
        (country, track, level, year): n for (country, track, level, _, year), n in SLOTS.items()
    }
    assert {key: number for key, number in listed.cohort.items() if number} == cohorts
    transitions = {
        name[1:]: x for name, x in listed.columns.items() if name[0] == "transitions" and x > 1e-6
    }
    assert transitions == pytest.approx(TRANSITIONS)
    built = {key: number for key, number in listed.expansion.items() if number}
    assert built == {("hills", "lessons", 2030): 1}


def test_evaluation_confirms_the_plan(plan: Plan, policy: Path, case: Path) -> None:
    found = evaluate(plan, policy, case)
    assert found.holds
    assert found.points == pytest.approx(POINTS, abs=1e-6)


ONE_MORE: dict[Cell, set[str]] = {
    ("AVA", "lab", "standard", "coast", 2030): {"spending_within_budget"},
    ("AVA", "lab", "standard", "coast", 2031): {"placements_within_site", "change_within_limit"},
    ("BOR", "work", "standard", "coast", 2030): {"cohort_within_applicants", "use_within_capacity"},
    ("BOR", "work", "standard", "coast", 2031): {"residents_within_cap", "spending_within_budget"},
    ("CYR", "lab", "standard", "coast", 2031): {"cohort_needs_agreement", "placements_within_site"},
    ("CYR", "refuge", "intensive", "hills", 2030): {"intake_within_cap", "use_within_capacity"},
    ("CYR", "refuge", "intensive", "hills", 2031): {"intake_within_cap", "limit_at_most"},
}


@pytest.mark.parametrize("cell", ONE_MORE, ids=lambda cell: "-".join(map(str, cell)))
def test_one_slot_more_is_refused(plan: Plan, policy: Path, case: Path, cell: Cell) -> None:
    broken = violated(with_slots(plan.decisions, cell, 1), policy, case)
    assert ONE_MORE[cell] <= broken


def test_fewer_slots_than_promised_are_refused(plan: Plan, policy: Path, case: Path) -> None:
    cell = ("CYR", "lab", "standard", "coast", 2031)
    broken = violated(with_slots(plan.decisions, cell, -1), policy, case)
    assert {"commitment_at_least", "cohort_reaches_minimum"} <= broken


def test_refuge_without_support_is_refused(plan: Plan, policy: Path, case: Path) -> None:
    slots = plan.slots.assign(level="standard")
    broken = violated(replace(plan.decisions, slots=slots), policy, case)
    assert "support_reaches_floor" in broken


def test_boria_in_the_hills_takes_lessons_from_refuge(plan: Plan, policy: Path, case: Path) -> None:
    region = plan.slots["region"].where(plan.slots["country"] != "BOR", "hills")
    broken = violated(replace(plan.decisions, slots=plan.slots.assign(region=region)), policy, case)
    assert "use_within_capacity" in broken


def with_slots(decisions: Decisions, cell: Cell, more: int) -> Decisions:
    """The decisions with more slots in one cell."""
    slots = decisions.slots.copy()
    keys = slots[["country", "track", "level", "region", "year"]].itertuples(index=False, name=None)
    slots["slots"] += [more * (key == cell) for key in keys]
    return replace(decisions, slots=slots)


def violated(decisions: Decisions, policy: Path, case: Path) -> set[str]:
    """Rules that evaluation finds broken."""
    found = evaluate(decisions, policy, case)
    assert not found.holds
    return set(found.violations["rule"])
