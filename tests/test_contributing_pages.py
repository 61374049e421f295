"""What the pages say on solving on, and on how to add something, works as they say it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TABLE, RULE, MEASURE, DECISION = (
    ROOT / "docs" / f"how-to-add-a-{name}.md" for name in ("table", "rule", "measure", "decision")
)
MOST_PLACES = 5
"""Files of the package, its own modules apart, that one addition may touch."""
NEEDED = ("optimizer", "tests", "docs", "models", "inputs/tiny", "inputs/japan")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(
    r"<!-- run -->\n```python\n(.*?)^```\n\n<!-- prints -->\n```text\n(.*?)^```", re.M | re.S
)

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Copy:
    """A copy of the project, which may be changed."""

    folder: Path

    def run(self, *command: str, given: str = "") -> str:
        """Run a command in the copy, with its package in place of ours, and give what it prints."""
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.folder), "PATH": programs},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def follow(self, text: str) -> None:
        """Make all changes of a page, then run its commands."""
        blocks = FENCE.findall(text)
        for language, change in blocks:
            if language == "diff":
                self.run("git", "apply", "--whitespace=nowarn", "-", given=change)
        for language, commands in blocks:
            if language == "sh":
                self.run("bash", "-ec", commands)

    def compare(self, text: str) -> None:
        """Run the examples of a page and compare what they print."""
        examples = EXAMPLE.findall(text)
        assert len(examples) == 1
        for code, printed in examples:
            assert self.run(sys.executable, "-c", code) == printed


def parts(page: Path) -> list[str]:
    """Sections of a page."""
    return re.split(r"^(?=## )", page.read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    unneeded = shutil.ignore_patterns("__pycache__", "_build", "published")
    for name in NEEDED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=unneeded)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    return Copy(tmp_path)


def test_a_session_solves_on(copy: Copy) -> None:
    copy.compare((ROOT / "docs" / "solving-on.md").read_text(encoding="utf-8"))


def test_a_rule_in_a_script(copy: Copy) -> None:
    (section,) = [part for part in parts(RULE) if part.startswith("## In a script")]
    copy.compare(section)


def places(text: str) -> set[str]:
    """Files of the package that a page changes, without the modules of its own subject."""
    changed = set(re.findall(r"^--- a/(optimizer/.*)$", text, flags=re.MULTILINE))
    return {file for file in changed if not file.endswith("/language_tests.py")}


@pytest.mark.parametrize("page", [TABLE, RULE, MEASURE, DECISION], ids=lambda page: page.stem)
def test_what_is_added_is_told_in_few_places(page: Path) -> None:
    found = places(page.read_text(encoding="utf-8"))
    assert 0 < len(found) <= MOST_PLACES, found


def test_a_table_a_rule_and_a_decision_of_the_model(copy: Copy) -> None:
    page = TABLE.read_text(encoding="utf-8")
    copy.follow(page)
    copy.compare(page)
    (section,) = [part for part in parts(RULE) if part.startswith("## In the model itself")]
    copy.follow(section)
    copy.compare(section)
    page = DECISION.read_text(encoding="utf-8")
    copy.follow(page)
    copy.compare(page)
    # A rule that one policy asks for changes nothing for another.
    points = "import optimizer; print(optimizer.solve('models/tiny.toml', 'inputs/tiny').objective)"
    assert float(copy.run(sys.executable, "-c", points)) == pytest.approx(469.55)


def test_a_measure(copy: Copy) -> None:
    page = MEASURE.read_text(encoding="utf-8")
    copy.follow(page)
    copy.compare(page)
