"""The last line of every command: what to type next, which a shell understands as it stands."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

import shared
from optimizer import write_template
from optimizer.cli.showing import print_next

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command and gives its exit code and what is on stdout."""

    def command(*words: object) -> tuple[int, str]:
        code = shared.run(monkeypatch, *words)
        said = capsys.readouterr()
        assert "Next: " not in said.err
        return code, said.out

    return command


def next_of(said: str) -> str:
    *before, last = said.splitlines()
    assert not [line for line in before if line.startswith("Next: ")]
    return last


def test_each_command_leads_to_the_next(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = run("new", "my case", "--from", root / "inputs" / "tiny", "--policy")
    wanted = (
        "Next: optimizer validate 'my case'",
        "Next: optimizer solve 'my case/policy.toml' 'my case'",
        "Next: optimizer check 'runs/policy-my case'",
        "Next: optimizer check 'runs/policy-my case' --complete",
        "Next: optimizer solve 'runs/policy-my case/inputs/policy.toml' "
        "'runs/policy-my case/inputs/case.zip'",
    )
    for line in wanted:
        assert (code, next_of(said)) == (0, line)
        code, said = run(*shlex.split(line)[2:])
    assert code == 0


def test_changes_are_made_again(root: Path, tmp_path: Path, run: Run) -> None:
    policy, case, out = root / "models" / "tiny.toml", root / "inputs" / "tiny", tmp_path / "run"
    cells = "budgets[line=science, year=2030].amount=+10%"
    changes = ("--set", cells, "--set", "goals.alliance.weight=0.5")
    code, said = run("formulation", policy, case, *changes, "--out", tmp_path / "model")
    again = f"--set '{cells}' --set goals.alliance.weight=0.5"
    assert (code, said) == (
        0,
        f"Written: {tmp_path / 'model'}\nNext: optimizer solve {policy} {case} {again}\n",
    )
    assert run("solve", policy, case, *changes, "--out", out)[0] == 0
    code, said = run("check", out, "--complete")
    assert code == 0
    assert next_of(said) == (
        f"Next: optimizer solve {out}/inputs/policy.toml {out}/inputs/case.zip {again}"
    )


def test_a_document_on_stdout_is_all_there_is(root: Path, tmp_path: Path, run: Run) -> None:
    pair = root / "models" / "tiny.toml", root / "inputs" / "tiny"
    json.loads(run("validate", *pair, "--json")[1])
    json.loads(run("solve", *pair, "--out", tmp_path / "run", "--json")[1])
    json.loads(run("check", tmp_path / "run", "--json")[1])
    assert "Next: " not in run("formulation", *pair)[1]
    assert "Next: " not in run("validate", *pair, "--no-solve", "--github")[1]


def test_a_plan_by_hand_is_completed_next(root: Path, tmp_path: Path, run: Run) -> None:
    pair = (root / "models" / "tiny.toml", root / "inputs" / "tiny")
    assert run("solve", *pair, "--out", tmp_path / "run")[0] == 0
    words = (tmp_path / "run" / "plan.csv", *pair)
    said = " ".join(map(str, words))
    # Slots alone break rules: they need an expansion.
    code, out = run("check", *words)
    assert (code, next_of(out)) == (3, f"Next: optimizer check {said} --complete")
    code, out = run("check", *words, "--complete")
    assert (code, next_of(out)) == (0, f"Next: optimizer solve {words[1]} {words[2]}")


def test_what_is_wrong_is_validated_again(root: Path, tmp_path: Path, run: Run) -> None:
    policy, case = tmp_path / "a policy.toml", root / "inputs" / "tiny"
    policy.write_text((root / "models" / "tiny.toml").read_text().replace("weight", "wieght", 1))
    code, said = run("validate", policy, case)
    assert (code, next_of(said)) == (1, f"Next: optimizer validate '{policy}' {case}")


def test_validating_half_a_pair_asks_for_the_other(root: Path, run: Run) -> None:
    policy, case = root / "models" / "tiny.toml", root / "inputs" / "tiny"
    assert next_of(run("validate", case)[1]) == f"Next: optimizer validate {case} POLICY"
    assert next_of(run("validate", policy)[1]) == f"Next: optimizer validate {policy} CASE"


def test_rules_that_no_plan_can_keep_end_validating_with_3(
    root: Path, tmp_path: Path, run: Run
) -> None:
    policy, case = tmp_path / "greedy.toml", root / "inputs" / "tiny"
    clash = '\n[[limits]]\nname = "crowd"\nmeasure = "slots"\nat_least = 27\n'
    policy.write_text((root / "models" / "tiny.toml").read_text() + clash)
    code, said = run("validate", policy, case)
    assert (code, next_of(said)) == (3, f"Next: optimizer validate {policy} {case}")
    # A file that is wrong comes first: it may be the reason.
    (tmp_path / "broken.toml").write_text("schema = 2")
    assert run("validate", policy, case, tmp_path / "broken.toml")[0] == 1


def test_a_workbook_that_is_both_is_named_once(tmp_path: Path, run: Run) -> None:
    book, _ = write_template(tmp_path / "mine.xlsx", policy=True)
    assert openpyxl.load_workbook(book)["policy"] is not None
    assert next_of(run("validate", book, "--no-solve")[1]) == f"Next: optimizer solve {book}"


def test_a_path_is_never_taken_for_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    print_next("solve", Path("-policy.toml"), None, Path("a'b"), "--complete")
    said = capsys.readouterr().out
    assert said == "Next: optimizer solve ./-policy.toml 'a'\"'\"'b' --complete\n"


def test_new_is_template_too(tmp_path: Path, run: Run) -> None:
    code, said = run("template", tmp_path / "mine", "--empty")
    assert (code, next_of(said)) == (0, f"Next: optimizer validate {tmp_path / 'mine'}")
    groups = run("--help")[1].split("\n\n")
    assert [group.split(":")[0] for group in groups if "  solve " in group] == ["Make"]
    assert "template" not in "".join(groups)
