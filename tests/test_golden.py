"""Every rule built alone, written as an LP file, and compared with the file the review has read.

``GOLDEN=update pytest tests/test_golden.py`` writes the files anew; the review reads the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyomo.environ as pyo
import pytest

from golden.rule_cases import CASES, EVENLY, FORECAST, STEPPED
from golden.small_cases import SmallCase
from optimizer.formulation import RULES, build_pyomo

FOLDER = Path(__file__).parent / "golden"
IS_UPDATE = os.environ.get("GOLDEN") == "update"
MOST_LINES = 70


@pytest.fixture(scope="module")
def models() -> dict[str, pyo.ConcreteModel]:
    """Models built so far, by the text of their case: several rules share one."""
    return {}


def model_of(
    case: SmallCase, folder: Path, models: dict[str, pyo.ConcreteModel]
) -> pyo.ConcreteModel:
    if repr(case) not in models:
        instance = case.instance(folder)
        model = build_pyomo(instance, dict.fromkeys(instance.policy.goals, 4.0))
        model.nothing = pyo.Objective(expr=0.0)
        models[repr(case)] = model
    return models[repr(case)]


def built_alone(model: pyo.ConcreteModel, rule: str, folder: Path) -> str:
    """LP text of the model with everything but one rule, or the objective, left out."""
    for component in model.component_objects((pyo.Constraint, pyo.Objective)):
        component.deactivate()
    chosen = model.component(rule)
    assert len(chosen), f"{rule} has no rows in its own case"
    chosen.activate()
    if rule != "points":
        model.nothing.activate()
    file = folder / "rule.lp"
    model.write(str(file), io_options={"symbolic_solver_labels": True})
    lines = file.read_text(encoding="utf-8").splitlines()
    # The writer names the model in a comment and spaces its sections with blank lines.
    kept = [line.rstrip() for line in lines if not line.startswith("\\*")]
    return "\n".join(filter(None, kept)) + "\n"


def require_as_reviewed(golden: Path, text: str) -> None:
    """The text is that of the golden file, and short enough to be read."""
    if IS_UPDATE:
        golden.write_text(text, encoding="utf-8")
    assert golden.is_file(), f"no {golden.name}: run with GOLDEN=update and read what it writes"
    assert text == golden.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES, "too long to be read: choose a smaller case"


@pytest.mark.parametrize("rule", CASES)
def test_rule_is_written_as_reviewed(
    rule: str, tmp_path: Path, models: dict[str, pyo.ConcreteModel]
) -> None:
    text = built_alone(model_of(CASES[rule], tmp_path, models), rule, tmp_path)
    require_as_reviewed(FOLDER / f"{rule}.lp", text)


@pytest.mark.parametrize("rule", STEPPED)
def test_limits_from_year_to_year_are_written_as_reviewed(
    rule: str, tmp_path: Path, models: dict[str, pyo.ConcreteModel]
) -> None:
    text = built_alone(model_of(STEPPED[rule], tmp_path, models), rule, tmp_path)
    require_as_reviewed(FOLDER / f"previous_{rule}.lp", text)


@pytest.mark.parametrize("rule", EVENLY)
def test_limits_on_evenness_are_written_as_reviewed(
    rule: str, tmp_path: Path, models: dict[str, pyo.ConcreteModel]
) -> None:
    text = built_alone(model_of(EVENLY[rule], tmp_path, models), rule, tmp_path)
    require_as_reviewed(FOLDER / f"even_{rule}.lp", text)


@pytest.mark.parametrize("rule", FORECAST)
def test_rules_with_a_forecast_are_written_as_reviewed(
    rule: str, tmp_path: Path, models: dict[str, pyo.ConcreteModel]
) -> None:
    text = built_alone(model_of(FORECAST[rule], tmp_path, models), rule, tmp_path)
    require_as_reviewed(FOLDER / f"forecast_{rule}.lp", text)


def test_all_rows_of_every_case_belong_to_rules(
    tmp_path: Path, models: dict[str, pyo.ConcreteModel]
) -> None:
    built = {
        constraint.name
        for case in CASES.values()
        for constraint in model_of(case, tmp_path, models).component_objects(pyo.Constraint)
    }
    assert built == set(RULES)


def test_every_rule_has_a_golden_file_and_every_file_a_rule() -> None:
    assert set(CASES) == {*RULES, "points"}
    more = {f"previous_{rule}" for rule in STEPPED} | {f"forecast_{rule}" for rule in FORECAST}
    more |= {f"even_{rule}" for rule in EVENLY}
    assert {file.stem for file in FOLDER.glob("*.lp")} == {*CASES, *more}
