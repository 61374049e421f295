"""Standard terms in pages, help, messages and report, and none of the words they replaced."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "inputs").rglob("README.md")),
    *sorted((ROOT / "models").glob("*.toml")),
]
MODULES = [*sorted((ROOT / "optimizer").rglob("*.py")), *sorted((ROOT / "docs").rglob("*.py"))]

NOT_SAID = {
    "5 %": (r"\d %", "5%"),
    "the talent programme": (r"(?i)\btalent[- ]programs?\b", "programme"),
    "value of outcomes": (r"\bworth\b", "objective value, contributes"),
    "who names it": (r"(?i)\b(told|tells?|telling)\b", "the error names, is reported"),
    "soft limits": (r"(?i)\bwish(es|ed)?\b", "soft limit"),
    "branch and bound": (r"(?i)\btree search(es)?\b", "branch and bound"),
    "public API": (r"(?i)\bpublic door\b", "public API"),
    "warnings": (r"(?i)\blegal but odd\b|\boddit(y|ies)\b", "warning"),
    "not a valid one": (
        r"(?<![Tt]here )\bis no (?!(longer|reason|use|refuge|plan|list)\b)",
        "is not a",
    ),
}
"""What is not said, and what is said instead."""

SOFTWARE = (
    r"(?i)\b(linear|integer|spreadsheet|other|another|older|some|the|what|to|for)\s+programs?\b"
)
"""Programs that are computed or computed with; those for people are programmes."""


def without_code(text: str) -> str:
    """A page without code, generated lists of modules and what a user typed."""
    modules = r"<!-- generated: architecture -->.*?<!-- end generated -->"
    text = re.sub(rf"^ *```.*?^ *```$|{modules}|\| program \|", "", text, flags=re.M | re.S)
    text = re.sub(r"`[^`\n]*`|<!--.*?-->|\]\([^)]*\)", "", text)
    # A term may be broken at the end of a line.
    return " ".join(text.split())


def printed(module: Path) -> Iterator[str]:
    """Texts of a module that somebody may read in the end; docstrings and names are none."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    statements = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    constants = (node for node in nodes if isinstance(node, ast.Constant))
    for node in constants:
        if isinstance(node.value, str) and id(node) not in statements and " " in node.value:
            yield node.value


@cache
def texts() -> dict[str, str]:
    pages = {str(page.relative_to(ROOT)): without_code(page.read_text("utf-8")) for page in PAGES}
    modules = {str(module.relative_to(ROOT)): "\n".join(printed(module)) for module in MODULES}
    return pages | modules


def found(pattern: str) -> dict[str, list[str]]:
    hits = {
        name: [
            text[max(0, hit.start() - 30) : hit.end() + 30] for hit in re.finditer(pattern, text)
        ]
        for name, text in texts().items()
    }
    return {name: lines for name, lines in hits.items() if lines}


@pytest.mark.parametrize("term", NOT_SAID)
def test_the_standard_term_is_used(term: str) -> None:
    pattern, instead = NOT_SAID[term]
    assert found(pattern) == {}, f"write: {instead}"


def test_programs_are_software_and_programmes_are_for_people() -> None:
    for name, text in texts().items():
        assert re.findall(r"(?i).{0,30}\bprograms?\b", re.sub(SOFTWARE, "", text)) == [], name


def test_the_index_has_every_page_once_under_its_kind() -> None:
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    kinds = re.findall(r"^## (.+)$", text, re.M)
    assert kinds == ["Tutorials", "How-to guides", "Reference", "Explanation"]
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert sorted(re.findall(r"\]\(([\w-]+\.md)\)", text)) == sorted(pages)
