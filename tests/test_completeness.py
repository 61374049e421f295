"""Nothing is left out: listings of rules, policy fields and errors against where they are used."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from golden.rule_cases import CASES
from optimizer import errors
from optimizer.formulation import CONCEPTS, RULES
from optimizer.policy import Policy
from optimizer.schema.rules import BOUNDS
from test_evaluation import EDGES, IMPOSSIBLE

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "optimizer"
TESTS = ROOT / "tests"

HELD_BY_CONSTRUCTION = {
    "placements_match_cohorts": "a plan lists single slots, and both margins are their sums",
    "slots_make_cohort": "a plan lists single slots, and the cohort is their sum",
    "slots_make_placements": "a plan lists single slots, and the places are their sum",
    "agreement_stays_open": "a plan lists the year from which an agreement is open",
    "cohort_needs_active_track": "a track runs where the plan has a cohort",
    "counted_under_tangent": "the check counts values on the curve itself",
}
"""Rules that no plan can break, because of how plans are written down."""


@cache
def trees(folder: Path) -> list[tuple[Path, ast.Module]]:
    files = sorted(folder.rglob("*.py"))
    return [(file, ast.parse(file.read_text(encoding="utf-8"))) for file in files]


def docstrings() -> list[str]:
    return [inspect.cleandoc(concept.__doc__ or "") for concept in CONCEPTS]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_named_titled_and_traced(rule: str) -> None:
    told = RULES[rule]
    assert told.name == rule
    assert re.fullmatch(r"[A-Z].*[^.]", told.title), "a title is a sentence without its full stop"
    assert told.source, "where do its numbers come from?"
    assert rule in CASES, "no golden LP"


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_formula_in_the_docstring_that_names_it(rule: str) -> None:
    naming = [text for text in docstrings() if f"``{rule}``" in text]
    assert naming, f"no docstring of the formulation names {rule}"
    assert any(".. math::" in text for text in naming)


def test_every_constraint_of_the_formulation_is_a_rule() -> None:
    named = set()
    for file, tree in trees(PACKAGE / "formulation"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                named |= {
                    node.name
                    for decorator in node.decorator_list
                    if ast.unparse(decorator).startswith("model.Constraint(")
                }
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pyo.ConstraintList":
                pytest.fail(f"{file.name} has a list of constraints, which has no name of its own")
    assert len(named) > 20
    assert named <= set(RULES)


def test_every_rule_that_a_plan_could_break_is_checked() -> None:
    breakable = {name for name, rule in RULES.items() if rule.kind != "definition"}
    tested = {*EDGES, "decision_is_possible"} if IMPOSSIBLE else set(EDGES)
    assert breakable | set(BOUNDS) == tested | set(HELD_BY_CONSTRUCTION)
    assert not set(EDGES) & set(HELD_BY_CONSTRUCTION)


def policy_fields() -> dict[str, set[str]]:
    """Fields of every table of a policy, by the name of the table's class."""
    found: dict[str, set[str]] = {}

    def walk(model: type[BaseModel]) -> None:
        if model.__name__ in found:
            return
        found[model.__name__] = set(model.model_fields)
        for field in model.model_fields.values():
            for inner in models_in(field.annotation):
                walk(inner)

    walk(Policy)
    return found


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from models_in(inner)


def test_every_policy_field_is_read_outside_the_policy() -> None:
    read = {
        node.attr
        for file, tree in trees(PACKAGE)
        if "policy" not in file.relative_to(PACKAGE).parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    fields = policy_fields()
    assert {"Policy", "Goal", "Indicator", "Limit", "Relative", "SupportFloor"} <= set(fields)
    unread = {
        f"{table}.{name}" for table, names in fields.items() for name in names if name not in read
    }
    # The version is checked as it is read; a bound that says `previous` is a record of its own.
    assert unread == {"Policy.schema_version", "Previous.previous"}


def error_classes() -> list[str]:
    return [
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value)
        and issubclass(value, (Exception, Warning))
        and not name.startswith("_")
    ]


@cache
def expected_errors() -> set[str]:
    """Names of the classes that some test expects to be raised or warned of."""
    found = set()
    for _, tree in trees(TESTS):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "pytest.raises",
                "pytest.warns",
            ):
                found |= {
                    name.id for argument in node.args for name in ast.walk(argument)
                    if isinstance(name, ast.Name)
                }  # fmt: skip
    return found


@pytest.mark.parametrize("name", error_classes())
def test_every_error_is_expected_by_some_test(name: str) -> None:
    assert name in expected_errors()


def test_every_error_stands_in_the_tree_of_the_module() -> None:
    assert errors.__doc__ is not None
    missing = [name for name in error_classes() if name not in errors.__doc__]
    assert not missing
