"""Joins that are given again: the same for the same question alone, and spoilt by nobody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import optimizer
from golden.small_cases import NATIONAL
from optimizer import Instance, PolicyError, Session, load_case, load_policy
from optimizer.case.changes import change_case
from optimizer.frames.memory import Memory
from optimizer.instance import joined, lately
from optimizer.instance.lately import forget_joins, joined_lately
from shared import ROOT, tiny
from test_session import same


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    forget_joins()
    yield
    forget_joins()


def test_the_same_two_are_joined_once() -> None:
    policy, case = tiny()
    first = joined_lately(case, policy)
    assert joined_lately(case, policy) is first
    assert first == joined(case, policy)


def test_nothing_that_is_asked_changes_what_is_kept() -> None:
    def spoils(model: Any, instance: Instance) -> None:
        instance.budget["amount"] = 0.0
        instance.sets.cohort.loc[:, "year"] = 1999

    policy, case = tiny()
    kept = joined_lately(case, policy)
    plan = optimizer.solve(policy, case, extend=spoils)
    assert optimizer.evaluate(plan, policy, case).holds
    session = Session(policy, case)
    session.change({"goals.alliance.weight": 4, "budgets[line=science, year=2030].amount_jpy": 1e6})
    session.drop("country_share")
    session.relax()
    assert joined_lately(case, policy) is kept
    assert kept == joined(case, policy)


def test_what_is_read_again_is_the_same(tmp_path: Path) -> None:
    policy, case = tiny()
    first = joined_lately(case, policy)
    again = load_case(ROOT / "inputs" / "tiny"), load_policy(ROOT / "models" / "tiny.toml")
    assert joined_lately(*again) is first
    # A policy of another name is another one: problems and provenance name it.
    other = shutil.copy(ROOT / "models" / "tiny.toml", tmp_path / "other.toml")
    assert joined_lately(case, load_policy(other)).policy.name == "other"


def test_what_is_read_elsewhere_keeps_its_own_places(tmp_path: Path) -> None:
    policy, case = tiny()
    first = joined_lately(case, policy)
    for name in ("tiny", "tiny.xlsx"):
        optimizer.write_case(case, tmp_path / name)
        again = load_case(tmp_path / name)
        assert again == case
        found = joined_lately(again, policy)
        assert found == first
        assert found.case is again


def test_a_changed_case_or_policy_is_joined_from_nothing() -> None:
    policy, case = tiny()
    joined_lately(case, policy)
    poorer, _ = change_case(case, {"budgets[line=science, year=2030].amount_jpy": 1.0})
    assert joined_lately(poorer, policy).budget["amount"].min() == 1.0
    session = Session(policy, case)
    session.change({"limits.country_share.at_most.times": 0.2})
    other = joined_lately(case, session.policy)
    assert other == joined(case, session.policy)
    assert other != joined(case, policy)


def test_a_session_goes_its_own_way_from_what_is_known() -> None:
    policy, case = tiny()
    joined_lately(case, policy)
    changes = {"tracks[track=work].duration_years": 1}
    first, second = Session(policy, case), Session(policy, case)
    first.change(changes)
    assert second.relax().points == pytest.approx(Session(policy, case).relax().points)
    forget_joins()
    fresh = Session(first.policy, first.case, scales=first.scales)
    assert first.relax().points == pytest.approx(fresh.relax().points)


def test_a_second_model_of_what_is_known_is_the_first() -> None:
    policy, case = tiny()
    first, second = Session(policy, case), Session(policy, case)
    assert second._held.loaded.instance is first._held.loaded.instance
    forget_joins()
    alone = Session(policy, case)
    assert alone._held.loaded.instance is not first._held.loaded.instance
    for session in (first, second):
        same(session._held.loaded.matrix, alone._held.loaded.matrix)
    assert optimizer.solve(policy, case).tables == first.solve().tables


def test_a_memory_that_knows_something_is_asked_alone() -> None:
    policy, case = tiny()
    memory = Memory()
    first = joined_lately(case, policy, memory)
    assert memory.knows_something
    again = joined_lately(case, policy, memory)
    assert again is not first
    assert again.sets == first.sets


def test_what_is_refused_is_not_kept(tmp_path: Path) -> None:
    odd = NATIONAL.with_('\n[[limits]]\nname = "x"\nmeasure = "slots"\nat_least = 99\n')
    case, policy = odd.write(tmp_path)
    for _ in range(2):
        with pytest.raises(PolicyError):
            joined_lately(load_case(case), load_policy(policy))


def test_few_are_kept_and_large_ones_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cases(number: int) -> list[Instance]:
        found = []
        for budget in range(number):
            small = NATIONAL.with_(budgets=(f"main,{{year}},M,{budget},program",))
            folder, path = small.write(tmp_path)
            found.append(joined_lately(load_case(folder), load_policy(path)))
        return found

    instances = cases(lately.MOST_JOINS + 1)
    assert [known.instance for known in lately._lately] == instances[:0:-1]
    assert joined_lately(instances[1].case, instances[1].policy) is instances[1]
    assert joined_lately(instances[0].case, instances[0].policy) is not instances[0]
    monkeypatch.setattr(lately, "MOST_ROWS_OF_JOINS", 0)
    last = joined_lately(*_moved(instances[2]))
    assert [known.instance for known in lately._lately] == [last]


def _moved(instance: Instance) -> tuple[optimizer.Case, optimizer.Policy]:
    changed, _ = change_case(instance.case, {"budgets[line=main, year=2030].amount_jpy": 77.0})
    return changed, instance.policy
