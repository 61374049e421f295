"""A row has one key: in the model, in advice, and where a plan is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

import optimizer
from golden.rule_cases import CASES
from golden.small_cases import SmallCase
from optimizer import Instance
from optimizer.formulation import build_pyomo
from optimizer.formulation.compiling import compile_model
from optimizer.formulation.row_keys import row_keys
from optimizer.frames import rows_of
from optimizer.instance import build_instance
from optimizer.plan import Decisions, empty
from optimizer.plan.evaluation import evaluate_decisions
from optimizer.schema.rules import LIMIT_RULES, RULES, RowKey

WHERE_MONEY_MOVES = {"transfer_within_share", "carry_over_within_share"}
"""Checked where money is moved alone; the model has a row wherever it could be."""

NOT_CHECKED = {name for name, rule in RULES.items() if rule.unit == "unknown"} - set(LIMIT_RULES)
"""Rules that add something up or tie decisions that no plan holds."""


def require_the_same_keys(instance: Instance) -> None:
    """Every row of a checked rule is among the checked rows, by the same key and words."""
    scales = dict.fromkeys(instance.policy.goals, 1.0)
    matrix = compile_model(build_pyomo(instance, scales))
    key_of = row_keys(instance)
    tables = evaluate_decisions(instance, Decisions(slots=empty("slots")), scales).tables
    told = {RowKey(row.rule, row.place): row.key for row in rows_of(tables["rules"])}
    soft = {row.place for row in rows_of(tables["soft"])}
    for rule, index in matrix.rows:
        key = key_of(rule, index)
        if rule in NOT_CHECKED | WHERE_MONEY_MOVES or (rule in LIMIT_RULES and key.index in soft):
            continue
        assert key in told
        if rule not in LIMIT_RULES:  # which say the names of their attributes as well
            assert key.in_words(RULES[rule]) == told[key]


@pytest.mark.parametrize("case", [*{id(case): case for case in CASES.values()}.values()])
def test_rows_of_small_cases(case: SmallCase, tmp_path: Path) -> None:
    require_the_same_keys(case.instance(tmp_path))


def test_rows_of_a_whole_policy() -> None:
    case, policy = optimizer.load_case("inputs/tiny"), optimizer.load_policy("models/tiny.toml")
    require_the_same_keys(build_instance(case, policy))


def test_rows_without_keys_have_none() -> None:
    case, policy = optimizer.load_case("inputs/tiny"), optimizer.load_policy("models/tiny.toml")
    key_of = row_keys(build_instance(case, policy))
    assert key_of("mine", None) == RowKey("mine", ())
    assert key_of("mine", 2030) == RowKey("mine", (2030,))
