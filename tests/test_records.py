"""Records can be compared, and what they hand out cannot spoil them."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyomo.environ as pyo
import pytest

from golden.small_cases import SERVED, TWO_LINES, SmallCase
from optimizer.case import load_case
from optimizer.errors import OptimizerError
from optimizer.instance import Instance, build_instance
from optimizer.plan import Decisions, Plan, empty
from optimizer.plan.checking import evaluate
from optimizer.policy import load_policy
from optimizer.runs import write_csv
from optimizer.runs.reading import read_plan
from optimizer.session import Session
from optimizer.session.solving import solve


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Everything the public API returns, read and made twice from the same files."""
    case, policy = SERVED.write(tmp_path_factory.mktemp("twice"))
    slots = pd.DataFrame({"country": ["AA"], "track": "t", "region": "r1", "year": 2030})
    write_csv(slots.assign(slots=1), case.parent / "plan.csv")
    return [_made(case, policy) for _ in range(2)]


def _made(case: Path, policy: Path) -> dict[str, Any]:
    loaded, wanted = load_case(case), load_policy(policy)
    _ = wanted.hash
    plan = solve(wanted, loaded)
    return {
        "case": loaded,
        "policy": wanted,
        "plan": plan,
        "decisions": plan.decisions,
        "evaluation": evaluate(plan, wanted, loaded),
        "instance": build_instance(loaded, wanted),
        "read plan": read_plan(case.parent / "plan.csv", loaded),
        "tables": loaded.tables,
    }


NAMES = ("case", "policy", "plan", "decisions", "evaluation", "instance", "read plan", "tables")


@pytest.mark.parametrize("name", NAMES)
def test_what_says_the_same_is_equal(name: str, twice: list[dict[str, Any]]) -> None:
    first, second = (made[name] for made in twice)
    assert first is not second
    assert first == second
    assert (first != second) is False
    for other in (None, 5, "x", twice[0]["case"] if name != "case" else twice[0]["plan"]):
        assert first != other


def test_asking_for_a_hash_changes_no_policy(tmp_path: Path) -> None:
    _, path = SERVED.write(tmp_path)
    asked, unasked = load_policy(path), load_policy(path)
    assert asked.hash
    assert asked == unasked
    assert hash(asked) == hash(unasked)
    other = load_policy(path, changes={"goals.g.weight": 2})
    assert asked != other


def test_what_says_something_else_is_unequal(tmp_path: Path) -> None:
    case, policy = TWO_LINES.write(tmp_path / "one")
    dearer, _ = TWO_LINES.with_(costs=("t,main,1,,,,,11", "t,help,1,,,,,5")).write(tmp_path / "two")
    first, second = load_case(case), load_case(dearer)
    assert first != second
    assert solve(policy, first) != solve(policy, second)
    assert build_instance(first, load_policy(policy)) != build_instance(second, load_policy(policy))
    assert Decisions(empty("slots")) == Decisions(empty("slots"))


def frames_in(record: Any) -> list[pd.DataFrame]:
    """Every frame that a record hands out, at any depth."""
    if isinstance(record, pd.DataFrame):
        return [record]
    if isinstance(record, tuple | list):
        return [frame for part in record for frame in frames_in(part)]
    if hasattr(record, "items"):
        return [frame for _, part in record.items() for frame in frames_in(part)]
    if is_dataclass(record):
        parts = [getattr(record, each.name) for each in fields(record)]
        return [frame for part in parts for frame in frames_in(part)]
    return []


def spoil(record: Any) -> int:
    """Turn every frame that a record hands out upside down, in place."""
    frames = frames_in(record)
    for frame in frames:
        for column in list(frame):
            if frame[column].dtype.kind in "if":
                frame.loc[:, column] = frame[column] * 0
        frame["strange"] = 1
    return len(frames)


@pytest.mark.parametrize("name", ["case", "plan", "decisions", "evaluation", "read plan"])
def test_frames_that_are_handed_out_may_be_changed(
    name: str, twice: list[dict[str, Any]], tmp_path: Path
) -> None:
    case, policy = SERVED.write(tmp_path)
    write_csv(twice[0]["plan"].slots, tmp_path / "plan.csv")
    spoilt, whole = (_made_one(name, case, policy) for _ in range(2))
    assert spoil(spoilt)
    assert spoilt == whole


def _made_one(name: str, case: Path, policy: Path) -> Any:
    loaded = load_case(case)
    if name == "case":
        return loaded
    if name == "read plan":
        return read_plan(case.parent / "plan.csv", loaded)
    plan = solve(policy, loaded)
    made = {"plan": plan, "decisions": plan.decisions}
    return made[name] if name in made else evaluate(plan, policy, loaded)


def test_tables_of_a_case_are_as_they_were_for_the_next_solve(tmp_path: Path) -> None:
    path, policy = SERVED.write(tmp_path)
    case = load_case(path)
    before = solve(policy, case)
    spoil(case)
    spoil(case.table("costs"))
    spoil(before.slots)
    spoil(build_instance(case, load_policy(policy)))
    assert solve(policy, case) == before


def test_a_custom_rule_cannot_spoil_the_instance(tmp_path: Path) -> None:
    path, policy = SERVED.write(tmp_path)

    def spoiling(model: pyo.ConcreteModel, instance: Instance) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert spoil(instance) > 10

    assert solve(policy, path, extend=spoiling).decisions == solve(policy, path).decisions
    session = Session(policy, path, extend=spoiling)
    assert session.solve().decisions == solve(policy, path).decisions
    spoil(session.case)
    session.change({"goals.g.weight": 2})
    assert session.solve().decisions == solve(policy, path).decisions


def test_decisions_do_not_change_with_the_frames_they_were_made_of() -> None:
    slots = pd.DataFrame(
        {"country": ["AA"], "track": "t", "level": "standard", "region": "", "year": 2030}
    ).assign(slots=3)
    plan = Decisions(slots)
    slots.loc[0, "slots"] = 9
    assert plan.slots["slots"].tolist() == [3]


NARROW = SmallCase(
    years=(2030,),
    rows=TWO_LINES.rows
    | {
        "applicants": ("AA,t,,40000000",),
        "budgets": ("main,{year},M,900000000000,program", "help,{year},N,123456789013,integration"),
        "costs": ("t,main,1,,,,,1", "t,help,1,,,,,3333.3"),
    },
    policy=TWO_LINES.policy,
)


def test_a_plan_that_is_written_and_read_keeps_its_budgets_to_the_yen(tmp_path: Path) -> None:
    # Ten digits of 90 billion yen moved are ten yen short.
    case, policy = NARROW.write(tmp_path)
    plan: Plan = solve(policy, case)
    moved = plan.decisions.transfers
    assert len(moved)
    write_csv(moved, tmp_path / "moved.csv")
    again = pd.read_csv(tmp_path / "moved.csv")
    assert abs(again["amount"].sum() - moved["amount"].sum()) < 1e-3


@pytest.mark.parametrize(
    ("name", "maybe"),
    [
        ("transitions_from_region", " Maybe plan.decisions.transitions_from_region."),
        ("transitons", " Maybe plan.decisions.transitions."),
        ("servces", " Maybe services."),
        ("xyzzy", ""),
        (5, ""),
    ],
)
@pytest.mark.parametrize("of", ["plan", "evaluation"])
def test_a_table_that_is_elsewhere_is_told(
    of: str, name: str, maybe: str, twice: list[dict[str, Any]]
) -> None:
    tables = twice[0][of].tables
    with pytest.raises(OptimizerError) as caught:
        tables[name]
    told, expected = str(caught.value).split("\n")
    assert told == f"there is no table {name!r}"
    assert expected == f"    Expected one of {', '.join(tables)}.{maybe}"
    assert isinstance(caught.value, KeyError)
    assert tables.get(name) is None
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert pickle.loads(pickle.dumps(tables)) == tables


@pytest.mark.parametrize("name", ["read plan", "plan"])
def test_tables_of_decisions_and_cases_are_told_too(name: str, twice: list[dict[str, Any]]) -> None:
    decisions = getattr(twice[0][name], "decisions", twice[0]["decisions"])
    with pytest.raises(KeyError, match=r"no table 'slts'\n    Expected .*\. Maybe slots\."):
        decisions.tables()["slts"]
    with pytest.raises(KeyError, match=r"no table 'regons'\n    Expected .*\. Maybe regions\."):
        twice[0]["case"].tables["regons"]
