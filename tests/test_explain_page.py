"""The page on explaining a plan prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = re.compile(
    r"<!-- run -->\n```python\n(.*?)^```\n\n<!-- prints -->\n```text\n(.*?)^```", re.M | re.S
)


@pytest.mark.slow
def test_the_page_on_explaining_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    parts = EXAMPLE.findall(text)
    assert len(parts) == text.count("<!-- run -->") == text.count("<!-- prints -->")
    for name in ("models", "inputs"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code, printed in parts:
        exec(code, names)
        assert capsys.readouterr().out == printed
