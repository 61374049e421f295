"""The page on continuous integration: its job runs, its expectations fit, its codes are all."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml  # type: ignore[import-untyped]

import shared
from optimizer import cli, load_expectations
from optimizer.plan.expectations import join_expectations
from test_expectations import NOT_AS_EXPECTED

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "continuous-integration.md"
MARKED = r"^<!-- {} -->\n```\w+\n(.*?)^```$"


def block(name: str) -> str:
    found: list[str] = re.findall(MARKED.format(name), PAGE.read_text("utf-8"), re.M | re.S)
    assert len(found) == 1
    return found[0]


def commands() -> list[list[str]]:
    """Words of every command of ours in the job, wildcards expanded."""
    steps = yaml.safe_load(block("job"))["jobs"]["plans"]["steps"]
    lines = [shlex.split(step["run"]) for step in steps if "run" in step]
    return [
        [found for word in line for found in expanded(word)]
        for line in lines
        if line[0] == "optimizer"
    ]


def expanded(word: str) -> list[str]:
    if "*" not in word:
        return [word]
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(word))


def test_job_validates_and_solves() -> None:
    assert [words[1] for words in commands()] == ["validate", "solve"]
    assert any(word == "--github" for word in commands()[0])
    assert any(word == "--expect" for word in commands()[1])


@pytest.mark.parametrize("words", commands(), ids=lambda words: words[1])
def test_commands_of_the_job_are_understood(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    command = getattr(typer.main.get_command(cli.program), "commands", {})[words[1]]
    with command.make_context(words[1], words[2:]) as context:
        given = context.params
    paths = [given[name] for name in ("policy", "case", "expect") if name in given]
    paths += given.get("paths", [])
    assert len(paths) >= 3
    assert [path for path in paths if not path.exists()] == []


def test_installs_as_the_readme_does() -> None:
    steps = yaml.safe_load(block("job"))["jobs"]["plans"]["steps"]
    (install,) = [step["run"] for step in steps if step.get("name") == "Install"]
    assert install in (ROOT / "README.md").read_text(encoding="utf-8")


def test_expectations_of_the_page_fit_the_japan_case(tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(block("example expectations"), encoding="utf-8")
    policy = shared.policy("balanced")
    case = shared.case("japan")
    joined = join_expectations(load_expectations(file), case, policy)
    assert joined.expectations.rules


def test_output_of_the_page_is_the_tested_one() -> None:
    assert block("expected output") == NOT_AS_EXPECTED


@pytest.mark.parametrize("page", [PAGE, ROOT / "docs" / "commands.md"], ids=lambda page: page.stem)
def test_pages_list_every_exit_code(page: Path) -> None:
    listed = re.findall(r"^\| (\d+) \| (.*) \|$", page.read_text(encoding="utf-8"), re.M)
    assert [(int(code), meaning) for code, meaning in listed] == [
        (code, code.meaning) for code in cli.Exit
    ]


def test_help_lists_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.program(["--help"])
    said = capsys.readouterr().out
    assert [
        line for code in cli.Exit if (line := f"    {code:<3}  {code.meaning}\n") not in said
    ] == []
