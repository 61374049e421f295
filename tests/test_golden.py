"""Every rule built alone, written as an LP file, and compared with the file the review has read.

``GOLDEN=update pytest tests/test_golden.py`` writes the files anew; the review reads the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyomo.environ as pyo
import pytest
from golden.rule_cases import CASES

from optimizer.formulation import RULES, build_pyomo

FOLDER = Path(__file__).parent / "golden"
IS_UPDATE = os.environ.get("GOLDEN") == "update"
MOST_LINES = 80


def built_alone(rule: str, folder: Path) -> str:
    """LP text of the model with every other rule, and unless asked for the objective, left out."""
    instance = CASES[rule].instance(folder)
    model = build_pyomo(instance, dict.fromkeys(instance.policy.goals, 4.0))
    for constraint in model.component_objects(pyo.Constraint):
        if constraint.name != rule:
            constraint.deactivate()
    if rule != "points":
        assert len(model.component(rule)), f"{rule} has no rows in its own case"
        model.points.deactivate()
        model.nothing = pyo.Objective(expr=0.0)
    file = folder / "rule.lp"
    model.write(str(file), io_options={"symbolic_solver_labels": True})
    lines = file.read_text(encoding="utf-8").splitlines()
    # The writer ends lines with blanks and names the model in a comment.
    return "\n".join(line.rstrip() for line in lines if not line.startswith("\\*")) + "\n"


@pytest.mark.parametrize("rule", CASES)
def test_rule_is_written_as_reviewed(rule: str, tmp_path: Path) -> None:
    golden = FOLDER / f"{rule}.lp"
    text = built_alone(rule, tmp_path)
    if IS_UPDATE:
        golden.write_text(text, encoding="utf-8")
    assert golden.is_file(), f"no {golden.name}: run with GOLDEN=update and read what it writes"
    assert text == golden.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES, "too long to be read: choose a smaller case"


def test_every_rule_has_a_golden_file_and_every_file_a_rule() -> None:
    assert set(CASES) == {*RULES, "points"}
    assert {file.stem for file in FOLDER.glob("*.lp")} == set(CASES)
