"""The packages of the project, from the bottom up, and what each of them imports."""

from __future__ import annotations

import ast
from pathlib import Path

from pagewriter.markdown import table, words

PACKAGE = Path(__file__).resolve().parents[2] / "optimizer"
ORDER = (
    "text",
    "errors",
    "frames",
    "schema",
    "io",
    "result",
    "solver",
    "case",
    "policy",
    "instance",
    "formulation",
    "plan",
    "persistent",
    "session",
    "report",
    "runs",
    "explain",
    "tradeoffs",
    "sweeps",
    "app",
    "cli",
)
"""Packages of ``optimizer``: each imports only from those before it, and from itself."""


def architecture() -> str:
    """Every package: what it holds, its modules, and the packages that it imports."""
    rows = []
    for name in ORDER:
        files = sorted((PACKAGE / name).rglob("*.py"))
        trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
        door = trees[PACKAGE / name / "__init__.py"]
        holds = words((ast.get_docstring(door) or "").splitlines()[0])
        found = set().union(*(_imported(tree) for tree in trees.values()))
        imports = ", ".join(other for other in ORDER if other in found - {name})
        rows.append((f"`{name}`", holds, _modules(PACKAGE / name), imports or "nothing"))
    return table(["package", "what it holds", "modules", "imports"], rows)


def _modules(folder: Path) -> str:
    names = {file.relative_to(folder).parts[0].removesuffix(".py") for file in folder.rglob("*.py")}
    return ", ".join(sorted(names - {"__init__"}))


def _imported(tree: ast.AST) -> set[str]:
    """Packages that a module imports, at any depth."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("optimizer."):
            found.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.ImportFrom) and node.module == "optimizer":
            found.update(alias.name for alias in node.names)
    return found
