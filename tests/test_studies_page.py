"""The page on studies: its example prints what it shows, and its file is a study."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from optimizer import Study

PAGE = Path(__file__).resolve().parents[1] / "docs" / "studies.md"


def block(marker: str) -> str:
    """Code of the block below a marker comment."""
    pattern = rf"^<!-- {re.escape(marker)} -->\n```\w*\n(.*?)^```$"
    (found,) = re.findall(pattern, PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert isinstance(found, str)
    return found


def test_the_example_prints_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block("run"), str(PAGE), "exec"), {})
    assert capsys.readouterr().out == block("prints")


def test_the_file_on_the_page_is_a_study_of_the_tiny_case(tmp_path: Path) -> None:
    path = tmp_path / "pages.toml"
    path.write_text(block("study: pages.toml"), encoding="utf-8")
    # One scenario by itself, two of each of two levers, a grid of four and sixteen draws.
    assert len(Study.read(path).resolved("models/tiny.toml", "inputs/tiny")) == 1 + 1 + 4 + 4 + 16
