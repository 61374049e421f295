"""Help by groups of questions, and words that a shell completes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from optimizer.cli import program

Run = Callable[..., tuple[int, str]]
ROOT = Path(__file__).resolve().parents[1]


def visible() -> set[str]:
    commands = getattr(typer.main.get_command(program), "commands", {})
    return {name for name, command in commands.items() if not command.hidden}


def test_help_lists_every_command_under_the_question_it_answers(run: Run) -> None:
    code, said = run("--help")
    assert code == 0
    groups = re.findall(r"^(Make|Ask|Many|Show): (.*)\n((?:  .*\n)+)", said, re.M)
    assert [name for name, _, _ in groups] == ["Make", "Ask", "Many", "Show"]
    assert all(question.endswith("?") for _, question, _ in groups)
    listed = [re.findall(r"^  (\w+)  ", rows, re.M) for _, _, rows in groups]
    assert listed[0] == ["new", "validate", "solve", "check"]
    assert {name for names in listed for name in names} == visible()


def test_every_question_has_its_command_on_the_page() -> None:
    text = (ROOT / "docs" / "which-command.md").read_text("utf-8")
    assert set(re.findall(r"`optimizer (\w+)", text)) >= visible()
    for group in ("Make", "Ask", "Many", "Show"):
        assert re.search(rf"^## {group}: .*\?$", text, re.M)


def completed(shell: str, line: str, **others: str) -> list[str]:
    """What may stand at the end of a line, asked as the script of a shell asks."""
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    asked = words if shell == "bash" else {"_TYPER_COMPLETE_ARGS": line}
    environment = {**os.environ, **asked, **others, "_OPTIMIZER_COMPLETE": f"complete_{shell}"}
    run = [sys.executable, "-m", "optimizer"]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr
    return [line for line in done.stdout.splitlines() if line]


def test_shells_are_given_commands_and_options() -> None:
    assert completed("bash", "optimizer so") == ["solve"]
    assert "--explain" in completed("bash", "optimizer solve --e")
    # Where a path belongs the shell completes files itself.
    assert completed("bash", "optimizer solve mod") == []
    fish = completed("fish", "optimizer va", _TYPER_COMPLETE_FISH_ACTION="get-args")
    assert [line.split("\t")[0] for line in fish] == ["validate"]
    assert '"compare":"' in "".join(completed("zsh", "optimizer com"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_of_a_shell_is_printed(shell: str, run: Run) -> None:
    code, said = run("--completion", shell)
    assert code == 0
    assert f"_OPTIMIZER_COMPLETE=complete_{shell}" in said
    found = shutil.which(shell)
    if found is not None:
        syntax = [found, "-n", "-c", said]
        done = subprocess.run(syntax, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_other_shells_are_refused(run: Run) -> None:
    code, said = run("--completion", "csh")
    assert code == 2
    assert "'csh' is not one of bash, zsh, fish" in said


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_by_the_script(tmp_path: Path) -> None:
    command = tmp_path / "optimizer"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m optimizer "$@"\n')
    command.chmod(0o755)
    script = f"""
PATH={shlex.quote(str(tmp_path))}:$PATH
eval "$(optimizer --completion bash)"
COMP_WORDS=(optimizer form); COMP_CWORD=1
_optimizer_completion optimizer form optimizer
printf '%s\\n' "${{COMPREPLY[@]}}"
complete -p optimizer
"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "formulation",
        "complete -o default -F _optimizer_completion optimizer",
    ]
