"""Who may import whom, what the public API has, and what every tracked file keeps to."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pagewriter.architecture import ORDER

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "optimizer"

# `optimizer/__init__.py` is the public API and imports everything; `python -m optimizer` is the
# command. Nothing inside imports from it.
ENTRANCES = ("__init__", "__main__")
MOST_ENTRIES = 24
"""Entries at the top of the package that a newcomer still takes in."""
# `formulation` alone builds Pyomo models and reads matrices off them, `solver` alone speaks to
# HiGHS, `io` alone reads workbooks.
IMPORTERS = {
    "pyomo": {"formulation"},
    "highspy": {"solver"},
    "python_calamine": {"io"},
}


def layer_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imported_modules(file: Path) -> tuple[tuple[int, str], ...]:
    """Line and full name of everything that a file imports, at any depth, typing included."""
    return tuple(_imported_modules(file))


def _imported_modules(file: Path) -> Iterator[tuple[int, str]]:
    name = module_name(file)
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [base])])
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


SOURCES = sorted(PACKAGE.rglob("*.py"))


def test_every_module_has_its_place_in_the_order() -> None:
    layers = {layer_of(file) for file in SOURCES} - set(ENTRANCES)
    unknown, gone = sorted(layers - set(ORDER)), sorted(set(ORDER) - layers)
    assert not unknown, (
        f"not in docs/pagewriter/architecture.py: {unknown}; add it where its imports point"
    )
    assert not gone, f"in docs/pagewriter/architecture.py, but no longer in optimizer/: {gone}"


@pytest.mark.parametrize("file", SOURCES, ids=module_name)
def test_imports_point_one_way(file: Path) -> None:
    layer = layer_of(file)
    if layer in ENTRANCES:
        return
    allowed = {*ORDER[: ORDER.index(layer)], layer}
    wrong = [
        f"{file.relative_to(ROOT)}:{line}: {layer} imports {name}"
        for line, name in imported_modules(file)
        if name.split(".")[0] == "optimizer" and not allowed.intersection(name.split(".")[1:2])
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("library", IMPORTERS)
def test_only_these_layers_import_the_library(library: str) -> None:
    importers = {
        layer_of(file)
        for file in SOURCES
        for _, name in imported_modules(file)
        if name.split(".")[0] == library
    }
    assert importers == IMPORTERS[library]


def test_the_solver_knows_no_word_of_the_domain() -> None:
    known = {
        name.split(".")[1]
        for file in (PACKAGE / "solver").rglob("*.py")
        for _, name in imported_modules(file)
        if name.startswith("optimizer.")
    }
    assert known <= {"text", "errors", "frames", "io", "solver"}


def test_the_top_of_the_package_is_short() -> None:
    entries = {file.relative_to(PACKAGE).parts[0] for file in tracked_files() if is_inside(file)}
    assert len(entries) <= MOST_ENTRIES


def is_inside(file: Path) -> bool:
    return file.is_relative_to(PACKAGE) and file.is_file()


def modules_after(code: str) -> set[str]:
    """Names of all modules loaded once a fresh interpreter has run the code."""
    ending = "\nimport sys, json; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    run = [sys.executable, "-c", code + ending]
    done = subprocess.run(run, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_evaluation_needs_neither_pyomo_nor_highs() -> None:
    loaded = modules_after("import optimizer.plan.evaluation") & set(IMPORTERS)
    assert not loaded


def test_help_loads_no_heavy_library() -> None:
    code = """
import sys
sys.argv = ["optimizer", "--help"]
from optimizer.cli import main
try:
    code = main()
except SystemExit as stop:
    code = stop.code
assert not code, code
"""
    heavy = {"pandas", "numpy", "scipy", "pyomo", "highspy", "altair"}
    loaded = modules_after(code) & heavy
    assert not loaded


@pytest.mark.parametrize(
    "imported",
    [
        "optimizer.session",
        "optimizer.session.solving",
        "optimizer.session.loading",
        "scipy.sparse, optimizer.session",
    ],
)
def test_pyomo_loads_no_part_of_scipy_that_nobody_uses(imported: str) -> None:
    loaded = modules_after(f"import {imported}")
    assert "pyomo" in loaded
    assert not {"scipy.stats", "scipy.integrate"} & loaded


def named_at_module_level(tree: ast.Module) -> Iterator[str]:
    """Names that a module makes itself, in the order of its lines."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                names = (each for each in ast.walk(target) if isinstance(each, ast.Name))
                yield from (name.id for name in names if isinstance(name.ctx, ast.Store))


@cache
def public_names() -> dict[str, set[str]]:
    """Modules in which every public name is made.

    The command starts in ``__main__``, whose ``main`` is that of ``cli`` from its first moment on.
    """
    found: dict[str, set[str]] = {}
    for file in sorted(set(PACKAGE.rglob("*.py")) - {PACKAGE / "__main__.py"}):
        for name in named_at_module_level(ast.parse(file.read_text(encoding="utf-8"))):
            if not name.startswith("_"):
                found.setdefault(name, set()).add(module_name(file))
    return found


def test_a_public_name_has_one_meaning() -> None:
    """Who reads a name finds one thing under it; what one module alone uses is private to it."""
    twice = {name: modules for name, modules in public_names().items() if len(modules) > 1}
    assert not twice


def test_no_public_name_is_one_of_a_package() -> None:
    assert not set(ORDER) & set(public_names())


def test_public_names_resolve() -> None:
    optimizer = importlib.import_module("optimizer")
    names = list(optimizer.__all__)
    assert names
    assert len(set(names)) == len(names)
    assert not [name for name in names if not hasattr(optimizer, name)]
    assert set(names) <= set(dir(optimizer))


POLICIES = sorted((ROOT / "models").glob("*.toml"))


def test_there_are_policies() -> None:
    assert POLICIES


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.stem)
def test_policy_names_its_schema_for_editors(file: Path) -> None:
    first_line = file.read_text(encoding="utf-8").splitlines()[0]
    assert first_line == "#:schema policy.schema.json"


def test_policy_schema_is_the_generated_one() -> None:
    policy = importlib.import_module("optimizer.policy")
    written = (ROOT / "models" / "policy.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == policy.policy_schema()


def tracked_files() -> list[Path]:
    """Files under version control, or about to be; in a copy without git, all of them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        files = (file.relative_to(ROOT) for file in ROOT.rglob("*"))
        return [ROOT / file for file in files if not file.parts[0].startswith(".venv")]
    return [ROOT / name for name in done.stdout.split("\0") if name]


def lines_matching(pattern: str) -> list[str]:
    found = []
    for file in filter(Path.is_file, tracked_files()):
        content = file.read_bytes()
        if b"\0" in content:
            continue  # pictures and workbooks
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            if re.search(pattern, line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    return found


def test_no_file_names_a_folder_of_one_machine() -> None:
    assert not lines_matching(r"(?:^|[^\w./])/(?:home|root|tmp|Users|work)/[\w.]")


def test_no_file_names_a_package_registry() -> None:
    # Written so that this line does not name them either.
    assert not lines_matching(r"[p]ypi\.org|python[h]osted|registry\.[n]pmjs|deb\.[d]ebian")


@pytest.mark.parametrize("name", ["constraints.txt", "requirements.lock"])
def test_lock_file_holds_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^--(?:index|extra|find)", text, flags=re.MULTILINE)
