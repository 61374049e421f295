"""Ideals side by side: what ends one of them, and what that means for the others."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from golden.small_cases import NATIONAL
from optimizer.formulation import build_pyomo
from optimizer.persistent import LoadedModel, goals_alone
from optimizer.solver import Watch
from optimizer.solver.engine import EngineRun


def test_what_is_infeasible_once_ends_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second goal would go on for as long as it may: an infeasible relaxation can take long.
    def ideal(model: LoadedModel, goal: str, watch: Watch) -> EngineRun:
        if goal == "first":
            return EngineRun("infeasible", None, None, None)
        begun = time.monotonic()
        while not watch.should_stop():
            assert time.monotonic() - begun < 30, "nobody stopped it"
            time.sleep(0.001)
        return EngineRun("stopped", None, None, None)

    instance = NATIONAL.instance(tmp_path)
    model = LoadedModel(instance, build_pyomo(instance, dict.fromkeys(instance.policy.goals, 1.0)))
    monkeypatch.setattr(goals_alone, "_ideal", ideal)
    watch = Watch()
    runs = goals_alone.ideal_runs(model, ["second", "first", "third"], watch)
    assert [run.status for run in runs.values()] == ["stopped", "infeasible", "stopped"]
    # The command as a whole goes on, to say why.
    assert not watch.should_stop()
