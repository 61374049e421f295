"""How long modules and functions of the program are: medians, maxima and the longest of each.

    python benchmarks/sizes.py

Lines as they stand, docstrings and blank lines among them; a function within another counts in
both. House style asks for modules of 150 to 250 lines and functions of 10 to 15.
"""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 5
"""So many of the longest are named."""

Sizes = dict[str, int]


def sizes(folder: Path) -> tuple[Sizes, Sizes]:
    """Lines of every module, and of every function and method, below a folder."""
    modules: Sizes = {}
    functions: Sizes = {}
    for file in sorted(folder.rglob("*.py")):
        name, text = file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")
        modules[name] = len(text.splitlines())
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                functions[f"{name}:{node.lineno} {node.name}"] = lines
    return modules, functions


def main() -> None:
    """Print what was counted."""
    for kind, found in zip(("modules", "functions"), sizes(ROOT / "optimizer"), strict=True):
        counts = found.values()
        print(f"{len(found)} {kind}: median {median(counts):g} lines, maximum {max(counts)}")
        for name in sorted(found, key=lambda name: -found[name])[:LONGEST]:
            print(f"  {found[name]:4} {name}")


if __name__ == "__main__":
    main()
