"""Policy and case of a run are joined once, whatever is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import optimizer
from golden.small_cases import NATIONAL
from optimizer.instance.lately import forget_joins
from optimizer.instance.people import build_people


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of one case, under different weights."""
    folder = tmp_path_factory.mktemp("runs")
    case, policy = NATIONAL.write(folder)
    session = optimizer.Session(policy, case, cache=False)
    first = optimizer.write_run(session.solve(gap=0.0), folder / "first")
    session.change({f"goals.{next(iter(session.scales))}.weight": "*1.5"})
    return first, optimizer.write_run(session.solve(gap=0.0), folder / "changed")


@pytest.fixture
def joins(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Arguments of every step that counts people, which every join has."""
    done: list[object] = []

    def counted(sets: object) -> object:
        done.append(sets)
        return build_people(sets)  # type: ignore[arg-type]  # handed on as it is

    monkeypatch.setattr("optimizer.instance.build_people", counted)
    return done


@pytest.mark.parametrize(
    "ask",
    [
        optimizer.compare,
        lambda run, _: optimizer.why(run, "slots"),
        lambda run, _: optimizer.marginal_values(run, top=1),
        lambda run, _: optimizer.alternatives(run, most=1),
        lambda run, _: optimizer.weights(run, samples=0),
    ],
    ids=["compare", "why", "marginal values", "alternatives", "weights"],
)
def test_policy_and_case_are_joined_once(
    ask: Callable[..., object], runs: tuple[Path, Path], joins: list[object]
) -> None:
    forget_joins()
    ask(*runs)
    assert len(joins) == 1
