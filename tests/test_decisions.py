"""One table of decisions, and everything that follows from it."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from golden.rule_cases import BUILT, SCORED
from golden.small_cases import ACTIVE, AGREED, FOLLOWED, MOVING, SERVED, TWO_LINES, SmallCase
from optimizer.formulation import build_pyomo
from optimizer.formulation.compiling import compile_model
from optimizer.persistent.roles import columns_of, roles_of
from optimizer.plan import Decisions, empty
from optimizer.plan.values import values_of
from optimizer.schema.decisions import BESIDE_SLOTS, DECISIONS, WRITTEN

SOLVER = sorted((Path(__file__).parents[1] / "optimizer" / "solver").glob("*.py"))
CASES = (ACTIVE, AGREED, BUILT, FOLLOWED, MOVING, SCORED, SERVED, TWO_LINES)


def test_families_stand_under_their_names() -> None:
    assert all(name == decision.name for name, decision in DECISIONS.items())


@pytest.mark.parametrize("case", CASES)
def test_decisions_are_compiled_as_the_numbers_that_they_are(
    case: SmallCase, tmp_path: Path
) -> None:
    instance = case.instance(tmp_path)
    matrix = compile_model(build_pyomo(instance, dict.fromkeys(instance.policy.goals, 1.0)))
    for name, decision in DECISIONS.items():
        columns = matrix.family(name)
        assert (matrix.integral[columns] == (decision.number != "continuous")).all(), name
        if decision.number == "binary":
            assert (matrix.lower[columns] == 0.0).all()
            assert (matrix.upper[columns] == 1.0).all()
        for column in columns.tolist():
            index = matrix.columns[column][1]
            assert (len(index) if isinstance(index, tuple) else 1) == len(decision.keys), name
        if decision.has_frame:
            assert set(decision.keys) <= set(getattr(instance.sets, name).columns), name
    # Whatever is an integer is either decided first or rounded afterwards, and only once.
    roles = roles_of(instance, matrix)
    integers = np.flatnonzero(matrix.integral)
    assert set(integers) <= {*roles.staged, *roles.margins}
    assert not {*roles.staged} & {*roles.margins}
    assert not matrix.integral[columns_of(matrix, "moved")].any()


def test_every_family_is_compiled_in_one_of_the_cases(tmp_path: Path) -> None:
    found: set[str] = set()
    for number, case in enumerate(CASES):
        instance = case.instance(tmp_path / str(number))
        model = build_pyomo(instance, dict.fromkeys(instance.policy.goals, 1.0))
        found |= {name for name, _ in compile_model(model).columns}
    assert not DECISIONS.keys() - found


@pytest.mark.parametrize("file", SOLVER, ids=lambda file: file.name)
def test_the_solver_knows_no_decision_by_its_name(file: Path) -> None:
    words = set(re.findall(r"\w+", file.read_text(encoding="utf-8")))
    keys = {key for decision in DECISIONS.values() for key in decision.keys}
    # A level, a line or a group may be one of anything.
    known = words & (DECISIONS.keys() | keys - {"level", "line", "group"})
    assert not known


def test_a_plan_without_a_table_says_what_is_missing() -> None:
    assert all(each.absent for each in BESIDE_SLOTS if not each.for_good)


def test_a_plan_has_a_table_for_every_family_that_is_written_down() -> None:
    assert [each.name for each in fields(Decisions)] == [*WRITTEN, "variables"]


def test_a_row_of_a_table_without_amounts_says_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expansion decided by yes or no: however often it is said, it is said once."""
    instance = BUILT.instance(tmp_path)
    yes_or_no = replace(DECISIONS["expansion"], number="binary", amount="")
    monkeypatch.setattr("optimizer.plan.values.BESIDE_SLOTS", (yes_or_no,))
    first = instance.sets.expansion[["region", "service", "year"]].head(1).assign(steps=3)
    never = first.assign(region="nowhere")
    said = Decisions(slots=empty("slots"), expansion=pd.concat([first, first, never]))
    found = values_of(instance, said)
    assert found.of["expansion"].tolist() == [1.0, *[0.0] * (len(instance.sets.expansion) - 1)]
    assert found.impossible[["table", "value"]].to_numpy().tolist() == [["expansion", 1.0]]
