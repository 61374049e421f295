"""A plan under provisional scales, where the time limit leaves no time for exact ones."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from optimizer import (
    InfeasibleError,
    NoPlanError,
    Plan,
    PolicyError,
    Session,
    compare,
    evaluate,
    load_run,
    solve,
)
from optimizer.cli import main
from optimizer.io import cache
from optimizer.session import stand_ins
from optimizer.session.stand_ins import Provisional
from optimizer.solver import Watch
from optimizer.solver.part import Part

ROOT = Path(__file__).resolve().parents[1]
POLICY, CASE = ROOT / "models" / "balanced.toml", ROOT / "inputs" / "tiny"
LONG = 1000.0
"""Seconds that no test takes."""


@pytest.fixture(scope="module")
def plain() -> Plan:
    return solve(POLICY, CASE)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As soon as one ideal is there, nothing of the time is left for the others."""
    monkeypatch.setattr(stand_ins, "_KEPT", float("inf"))
    monkeypatch.setattr(stand_ins, "_MOST_KEPT", 1.0)
    return monkeypatch


@pytest.fixture
def slow(hurry: pytest.MonkeyPatch) -> None:
    """Nor is there any time for them after the first plan."""
    hurry.setattr(Provisional, "exact", lambda *_: None)


def test_a_part_ends_so_soon_that_time_is_left_for_what_comes_after() -> None:
    whole = Watch(time_limit=100.0)
    part = Part(whole=whole, kept=1.5, most_kept=40.0)
    # Before anything has ended it may take all there is.
    assert part.seconds_left() == pytest.approx(100.0, abs=1.0)
    part.note(10.0)
    part.note(4.0)
    assert part.seconds_left() == pytest.approx(85.0, abs=1.0)
    part.note(30.0)
    assert part.seconds_left() == pytest.approx(60.0, abs=1.0)
    whole.started -= 60.5
    assert part.should_stop()
    assert not whole.should_stop()
    whole.interrupted = True
    assert Part(whole=whole).should_stop()


@pytest.mark.usefixtures("slow")
def test_a_plan_under_provisional_scales_beats_none_and_says_so(plain: Plan) -> None:
    plan = solve(POLICY, CASE, time_limit=LONG)
    provisional = plan.provenance["provisional_scales"]
    exact = plain.provenance["scales"]
    # Some ideals are worked out, and those of which these earn nothing.
    assert 1 <= len(provisional) < len(exact)
    for name, scale in plan.provenance["scales"].items():
        if name in provisional:
            # What other goals' ideals give of a goal is no more than its own.
            assert 0.0 < scale <= exact[name]
        else:
            assert scale == exact[name]
    assert plan.status == "feasible"
    assert plan.bound is not None
    assert plan.objective <= plan.bound
    assert not plan.provenance["deterministic"]
    assert plan.notes[0] == (
        f"The scale of {', '.join(provisional)} is provisional: the time limit left no time to "
        "work out its ideal, so its best value under the other goals' ideals stands in. Points "
        "and gap hold under these scales; do not compare them with another plan's."
    )
    found = evaluate(plan, POLICY, CASE)
    assert found.holds
    assert found.points == pytest.approx(plan.objective)


@pytest.mark.usefixtures("hurry")
def test_scales_are_exact_after_all_where_time_is_left(plain: Plan) -> None:
    plan = solve(POLICY, CASE, time_limit=LONG)
    assert plan.provenance["scales"] == plain.provenance["scales"]
    assert "provisional_scales" not in plan.provenance
    assert plan.objective == pytest.approx(plain.objective, rel=0.005)
    assert plan.gap is not None
    assert plan.gap <= 0.005
    # Points of before meant something else.
    assert all(step["step"] != "scales" for step in plan.provenance["trace"])
    assert not plan.provenance["deterministic"]


def test_an_ideal_is_waited_for_where_no_other_goal_earns_any_of_it(
    hurry: pytest.MonkeyPatch, plain: Plan
) -> None:
    hurry.setattr(stand_ins, "_most_earned", lambda _, runs: dict.fromkeys(runs, 0.0))
    plan = solve(POLICY, CASE, time_limit=LONG)
    assert plan.provenance["scales"] == plain.provenance["scales"]
    assert "provisional_scales" not in plan.provenance


@pytest.mark.usefixtures("slow")
def test_without_a_limit_scales_are_exact(tmp_path: Path, plain: Plan) -> None:
    policy = tmp_path / POLICY.name
    text = POLICY.read_text(encoding="utf-8")
    limited = re.compile(r"^time_limit = \d+\n", re.MULTILINE)
    assert limited.search(text)
    policy.write_text(limited.sub("", text), encoding="utf-8")
    plan = solve(policy, CASE)
    assert plan.provenance["scales"] == plain.provenance["scales"]
    assert plan.provenance["deterministic"]


@pytest.mark.usefixtures("slow")
def test_the_command_tells_of_provisional_scales_wherever_it_tells_points(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    plain: Plan,
) -> None:
    out = tmp_path / "run"
    monkeypatch.setattr(
        sys, "argv", ["optimizer", "solve", str(POLICY), str(CASE), "--out", str(out)]
    )
    assert main() == 0
    names = json.loads((out / "run.json").read_text(encoding="utf-8"))["provisional_scales"]
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["provisional_scales"] == names
    told = f"provisional scale of {', '.join(names)}: the time limit left no time for it"
    assert told in capsys.readouterr().out
    assert "is provisional" in (out / "report.html").read_text(encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["optimizer", "check", str(out), str(POLICY), str(CASE)])
    assert main() == 0
    # What is asked of the run later on is counted by exact scales: nobody would say otherwise.
    assert load_run(out).session.scales == plain.provenance["scales"]


@pytest.mark.usefixtures("slow")
def test_no_scales_no_plan(tmp_path: Path) -> None:
    with pytest.raises(NoPlanError, match="within the time limit of 1e-09 s"):
        solve(POLICY, CASE, time_limit=1e-9)
    clash = (
        '\n[[limits]]\nname = "thrift"\nmeasure = "spending"\nat_most = 0\n'
        '\n[[limits]]\nname = "crowd"\nmeasure = "slots"\nat_least = 3\n'
    )
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY.read_text(encoding="utf-8") + clash, encoding="utf-8")
    with pytest.raises(InfeasibleError, match="thrift"):
        solve(policy, CASE, time_limit=LONG)


@pytest.mark.usefixtures("slow")
def test_scales_that_stand_in_for_others_are_neither_kept_nor_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: Plan
) -> None:
    monkeypatch.setenv(cache.FOLDER, str(tmp_path))
    hurried = solve(POLICY, CASE, time_limit=LONG)
    assert hurried.provenance["provisional_scales"]
    assert not list(tmp_path.rglob("*.json"))
    with pytest.raises(PolicyError, match="only stands in for an ideal"):
        solve(POLICY, CASE, scales=hurried)
    # A session has no time limit; once they are known there is nothing to hurry about.
    assert Session(POLICY, CASE).scales == plain.provenance["scales"]
    known = solve(POLICY, CASE, time_limit=LONG)
    assert "provisional_scales" not in known.provenance
    assert known.provenance["scales"] == plain.provenance["scales"]
    assert known.provenance["deterministic"]


@pytest.mark.usefixtures("hurry")
def test_ideals_that_became_exact_after_the_first_plan_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.FOLDER, str(tmp_path))
    assert solve(POLICY, CASE, time_limit=LONG).provenance["scales_from"] == "worked out"
    known = solve(POLICY, CASE, time_limit=LONG)
    assert known.provenance["scales_from"] == "kept from before"
    assert known.provenance["deterministic"]


@pytest.mark.usefixtures("slow")
def test_a_comparison_keeps_the_plan_for_whose_scales_there_was_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.FOLDER, str(tmp_path))
    other = tmp_path / "other.toml"
    other.write_text(POLICY.read_text(encoding="utf-8"), encoding="utf-8")
    found = compare(POLICY, other, case=CASE, time_limit=LONG)
    hurried = found.sides[0].plan
    assert hurried is not None
    assert hurried.provenance["provisional_scales"]
    assert [side.status for side in found.sides] == ["feasible", "stopped"]
    assert "case tiny, without a plan in time)" in found.in_words()[0]
