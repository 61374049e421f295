"""What run.json says is checked whatever stands in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from optimizer.case import load_case
from optimizer.errors import Problems
from optimizer.plan import Decisions, empty
from optimizer.plan.checking import differences
from optimizer.plan.given import ReadPlan
from optimizer.policy import load_policy
from optimizer.runs.facts import RunFacts, facts_in

ROOT = Path(__file__).parents[1]
FACTS = {
    "scales": {"g": 2},
    "scales_from": "worked out",
    "provisional_scales": ["g"],
    "case_hashes": {"case.toml": "a"},
    "policy_hash": "b",
    "changes": {"goals.g.weight": "*1.1", "budgets[line=a].amount": 5},
    "changed_to": {"goals.g.weight": 1.1, "budgets[line=a].amount": {"budgets[line=a].amount": 5}},
    "inputs": {"files": {"policy.toml": "c"}, "case_hashes": {"case.toml": "a"}},
    "answers": "d",
    "added_limits": [{"name": "few"}],
    "dropped": ["few"],
    "keep": [
        {
            "name": "first",
            "where": {"year": ["2030"]},
            "at_least": False,
            "slots": [["A", "lab", "standard", "", 2030, 2]],
        }
    ],
    "keeping": {"free_points": 2.0, "kept_points": 1.5, "cost_points": 0.5, "basis": "relaxation"},
    "near": {
        "name": "first",
        "price": 0.5,
        "where": {"year": ["2030"]},
        "slots": [["A", "lab", "standard", "", 2030, 2]],
    },
    "change_price": {
        "price": 0.5,
        "slots_moved": 2,
        "impossible_slots": 0,
        "cost_points": 1.0,
        "points_less_cost": 0.5,
        "most_points": None,
        "basis": "relaxation",
    },
    "extend": {"function": "f", "sha256": None},
    "policy": "p",
    "case": "c",
    "status": "optimal",
    "objective": 1.5,
    "bound": None,
    "gap": 0,
    "gap_asked": 0.01,
    "time_limit": None,
    "ranges": [{"goal": "g", "low": None}],
    "versions": {"python": "3"},
    "seed": 1,
    "threads": 1,
    "nodes": 3,
    "deterministic": True,
    "trace": [{"step": "search"}],
    "of a later version": {"anything": [1]},
}
VALUES: tuple[Any, ...] = (
    None, 5, -1.5, 1e300, 10**400, float("nan"), float("inf"), True, "text", "", "\ud800", [], [1],
    [[]], [None], {}, {"": None}, {"a": 1}, {"a": {"b": {"c": []}}}, [{"a": [{}]}],
)  # fmt: skip


def told(facts: object) -> tuple[dict[str, Any], Problems]:
    problems = Problems()
    return facts_in(json.dumps(facts).encode(), Path("run.json"), problems), problems


def test_what_a_run_writes_is_read() -> None:
    facts, problems = told(FACTS)
    assert not len(problems)
    assert json.loads(json.dumps(facts)) == FACTS
    assert set(RunFacts.model_fields) == set(FACTS) - {"of a later version"}


@pytest.fixture(scope="module")
def tiny() -> tuple[Any, Any]:
    return load_policy(ROOT / "models" / "tiny.toml"), load_case(ROOT / "inputs" / "tiny")


@pytest.mark.parametrize("key", FACTS)
def test_a_value_of_any_kind_is_told_or_does_no_harm(key: str, tiny: tuple[Any, Any]) -> None:
    for value in VALUES:
        for wrong in ({**FACTS, key: value}, {**FACTS, key: {"x": value}}, {**FACTS, key: [value]}):
            facts, problems = told(wrong)
            for problem in problems:
                assert problem.file == "run.json"
                assert str(problem)
                assert problem.expected
            differences(
                ReadPlan(Decisions(empty("slots")), facts.get("scales", {}), (), facts), *tiny
            )


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x00", b"\xff\xfe{", b"nul", b"{", b'{"scales": {', b'{"scales": {}} {}', b"5",
        b'"scales"', b"\xef\xbb\xbf{}", b"[" * 9000, b'{"scales": {}, "x": ' + b"[" * 900,
        b'{"scales": {}, "x": ' + b"[" * 400 + b"]" * 400 + b"}",
        b'{"scales": {}, "x": ' + b'{"a":' * 990 + b"1" + b"}" * 990 + b"}",
        b'{"scales": {"g": ' + b"9" * 5000 + b"}}",
    ],
)  # fmt: skip
def test_content_of_any_kind_is_told_or_does_no_harm(content: bytes) -> None:
    problems = Problems()
    facts = facts_in(content, Path("run.json"), problems)
    assert bool(facts) is not bool(len(problems))


def test_run_json_cut_off_anywhere_is_told() -> None:
    whole = json.dumps(FACTS).encode()
    for end in range(len(whole)):
        problems = Problems()
        assert facts_in(whole[:end], Path("run.json"), problems) == {}
        assert [problem.message for problem in problems] == ["is not a value that a run writes"]
