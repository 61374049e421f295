"""Scales of a run are handed on, where it has the same goals and its scales are exact."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from golden.small_cases import HOSTED
from optimizer import (
    InputError,
    Plan,
    PolicyError,
    Session,
    build_model,
    complete,
    evaluate,
    load_case,
    load_policy,
    read_plan,
    solve,
    write_report,
)
from optimizer.cli import main
from optimizer.persistent import goals_alone
from optimizer.runs.reading import scales_of_run

GOALS = """
[goals.care]
weight = 1
effects = [{ stage = "enter", effect = 3 }]

[goals.spread]
weight = 2
region_effects = [{ stage = "enter", effect = 1 }]
"""
SMALL = HOSTED.aiming_at(GOALS)
"""Five places: ideals of 15 and 5, and 100 points."""
LARGE = SMALL.with_(sites=("t,r1,,6", "t,r2,,4"), applicants=("AA,t,,5", "BB,t,,5"))
"""Ten places: ideals of 30 and 10, and 200 points by the scales of the small one."""
OF_SMALL = {"care": 15.0, "spread": 5.0}


def run(*words: object) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["optimizer", *map(str, words)])
        return main()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folder of the small question."""
    folder = tmp_path_factory.mktemp("small")
    case, policy = SMALL.write(folder)
    assert run("solve", policy, case, "--out", folder / "run") == 0
    return folder / "run"


@pytest.fixture
def large(tmp_path: Path) -> tuple[Path, Path]:
    """Policy and case of the large question."""
    case, policy = LARGE.write(tmp_path)
    return policy, case


@pytest.fixture
def nothing_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        pytest.fail("an ideal was worked out")

    monkeypatch.setattr(goals_alone, "ideal_runs", fail)


@pytest.mark.usefixtures("nothing_worked_out")
@pytest.mark.parametrize("named", ["", "run.json"])
def test_a_run_is_solved_by_the_scales_of_another(
    small: Path, large: tuple[Path, Path], named: str, tmp_path: Path
) -> None:
    given, out = small / named, tmp_path / "run"
    assert run("solve", *large, "--scales", given, "--out", out) == 0
    facts = json.loads((out / "run.json").read_text())
    assert facts["scales"] == OF_SMALL
    assert facts["scales_from"] == f"run {given}"
    assert facts["objective"] == pytest.approx(200.0)
    # Such a run is checked, and hands its scales on, as any other.
    assert run("check", out, *large) == 0
    assert scales_of_run(out).of == OF_SMALL


@pytest.mark.usefixtures("nothing_worked_out")
def test_python_takes_plans_that_were_found_and_that_were_read(
    small: Path, large: tuple[Path, Path]
) -> None:
    read = read_plan(small, load_case(small.parent / "hand"))
    first = solve(*large, scales=read)
    assert first.objective == pytest.approx(200.0)
    assert first.provenance["scales_from"] == "another plan"
    book = read_plan(small / "plan.xlsx", load_case(small.parent / "hand"))
    for given in (first, book, OF_SMALL):
        assert Session(*large, scales=given).scales == OF_SMALL
        assert complete(first, *large, scales=given).provenance["scales"] == OF_SMALL
        assert evaluate(first.decisions, *large, scales=given).points == pytest.approx(200.0)
        build_model(*large, scales=given)
    session = Session(*large, scales=OF_SMALL)
    assert session.solve().provenance["scales_from"] == "given"
    session = Session(*large, scales=replace(first, folder=small))
    assert session.solve().provenance["scales_from"] == f"run {small}"


def test_a_plan_in_a_table_of_slots_counts_by_the_scales_of_a_run(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = small.parent / "policy.toml", small.parent / "hand"
    assert run("check", small / "plan.csv", *question) == 0
    assert "count raw" in capsys.readouterr().out
    assert run("check", small / "plan.csv", *question, "--scales", small) == 0
    told = capsys.readouterr().out
    assert "count raw" not in told
    assert "100.0000 points" in told
    assert run("check", small / "plan.csv", *question, "--scales", small, "--complete") == 0
    assert "100.0000 points" in capsys.readouterr().out


def test_a_number_of_the_policy_is_the_policys_choice(
    small: Path, large: tuple[Path, Path], tmp_path: Path
) -> None:
    words = ("--scales", small, "--set", "goals.care.scale=30", "--out", tmp_path / "run")
    assert run("solve", *large, *words) == 0
    assert scales_of_run(tmp_path / "run").of == {"care": 30.0, "spread": 5.0}


@pytest.mark.parametrize(
    ("goals", "told"),
    [
        (
            GOALS.replace("goals.care", "goals.core"),
            "2 problems\n"
            "- run.json, scales.care: policy.toml has no goal 'care'\n"
            "    Expected a run with the goals of the policy. Maybe core.\n"
            "- run.json, scales.core: is missing\n"
            "    Expected a run with the goals of the policy.",
        ),
        (
            GOALS[: GOALS.index("[goals.spread]")],
            "1 problem\n"
            "- run.json, scales.spread: policy.toml has no goal 'spread'\n"
            "    Expected a run with the goals of the policy.",
        ),
        (
            GOALS + '\n[goals.more]\nweight = 1\neffects = [{ stage = "enter", effect = 1 }]\n',
            "1 problem\n"
            "- run.json, scales.more: is missing\n"
            "    Expected a run with the goals of the policy.",
        ),
    ],
)
def test_a_run_with_other_goals_is_refused(
    goals: str, told: str, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, policy = SMALL.aiming_at(goals).write(tmp_path)
    assert run("solve", policy, case, "--scales", small, "--out", tmp_path / "run") == 1
    assert capsys.readouterr().err.strip() == told
    assert not (tmp_path / "run").exists()


def changed_run(small: Path, folder: Path, **facts: Any) -> Path:
    path = folder / "run.json"
    path.write_text(json.dumps({**json.loads((small / "run.json").read_text()), **facts}))
    return path


def test_provisional_scales_are_refused(
    small: Path, large: tuple[Path, Path], tmp_path: Path
) -> None:
    given = scales_of_run(changed_run(small, tmp_path, provisional_scales=["care"]))
    with pytest.raises(PolicyError) as error:
        solve(*large, scales=given)
    assert str(error.value) == (
        "1 problem\n- run.json, provisional_scales: care: only stands in for an ideal\n"
        "    Expected a run with exact scales, such as one with a longer time limit."
    )


@pytest.mark.parametrize("scales", [{"care": 0.0, "spread": 1.0}, {"care": "a"}, None, 5])
def test_scales_of_a_run_that_are_none_are_told(small: Path, tmp_path: Path, scales: Any) -> None:
    with pytest.raises(InputError, match=r"run\.json"):
        scales_of_run(changed_run(small, tmp_path, scales=scales))


def test_what_is_no_run_is_told(small: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    expected = {
        tmp_path / "nothing": f"nothing: there is no such file in {tmp_path}",
        tmp_path / "empty": f"run.json: there is no such file in {tmp_path / 'empty'}",
        small / "plan.csv": "plan.csv: is not a value that a run writes",
    }
    for path, told in expected.items():
        with pytest.raises(InputError) as error:
            scales_of_run(path)
        assert str(error.value).startswith(f"1 problem\n- {told}\n    Expected ")


@pytest.mark.parametrize("given", ["a run", 5, ["care"], Path("run")])
def test_other_things_are_no_scales(given: Any, large: tuple[Path, Path]) -> None:
    with pytest.raises(PolicyError, match="is not a table"):
        solve(*large, scales=given)


def test_a_report_calls_no_scale_a_goals_best_that_is_not(
    small: Path, large: tuple[Path, Path], tmp_path: Path
) -> None:
    policy, case = load_policy(large[0]), load_case(large[1])
    said = "all goals at their ideal", "maximum when optimised alone"

    def told(plan: Plan) -> str:
        write_report(plan, case, policy, tmp_path / "report.html")
        return (tmp_path / "report.html").read_text("utf-8")

    own, other = told(solve(policy, case)), told(solve(policy, case, scales=OF_SMALL))
    assert all(words in own for words in said)
    assert not any(words in other for words in said)


def test_the_workbook_says_which_scales_are_provisional(
    small: Path, tmp_path: Path, large: tuple[Path, Path]
) -> None:
    from optimizer.runs import write_tables

    policy, case = load_policy(large[0]), load_case(large[1])
    plan = solve(policy, case)
    hurried = replace(plan, provenance={**plan.provenance, "provisional_scales": ["care"]})
    write_tables(hurried, tmp_path, policy, case)
    read = read_plan(tmp_path / "plan.xlsx", case)
    assert read.facts["provisional_scales"] == ["care"]
    with pytest.raises(PolicyError, match="only stands in for an ideal"):
        solve(policy, case, scales=read)
