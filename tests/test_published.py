"""Problems of the literature in our tables: the optima are those that were published."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from optimizer import evaluate, load_case, load_policy, solve

PUBLISHED = Path(__file__).parent / "published"
EXACT = 1e-6
POINTS = {"mknap1": 100.0, "gap": -100.0}
"""Points of one unit of profit (sought) or cost (avoided)."""

with (PUBLISHED / "optima.csv").open(encoding="utf-8", newline="") as file:
    OPTIMA = {row["instance"]: float(row["optimum"]) for row in csv.DictReader(file)}


def test_every_instance_has_a_known_optimum() -> None:
    assert len(OPTIMA) == 37
    assert set(OPTIMA) == {folder.name for folder in PUBLISHED.iterdir() if folder.is_dir()}


def is_slow(instance: str) -> bool:
    """Of the assignment problems the first of each size is solved in every run."""
    return instance.startswith("gap") and not instance.endswith("-0")


@pytest.mark.parametrize(
    "instance",
    [pytest.param(name, marks=[pytest.mark.slow] if is_slow(name) else []) for name in OPTIMA],
)
def test_optimum_is_the_published_one(instance: str) -> None:
    problem = "mknap1" if instance.startswith("mknap1") else "gap"
    policy = load_policy(PUBLISHED / f"{problem}.toml")
    case, optimum = load_case(PUBLISHED / instance), OPTIMA[instance]
    plan = solve(policy, case)
    assert plan.status == "optimal"
    assert plan.gap is not None
    assert plan.gap <= EXACT
    points = POINTS[problem] * optimum
    assert plan.objective == pytest.approx(points, rel=0, abs=EXACT)
    assert plan.bound == pytest.approx(points, rel=EXACT)
    assert plan.tables["goals"]["raw"].tolist() == pytest.approx([optimum], rel=0, abs=EXACT)
    found = evaluate(plan, policy, case)
    assert found.holds
    assert found.points == pytest.approx(points, rel=0, abs=EXACT)
