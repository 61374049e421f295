"""Every notebook is clean in git, small, keeps to the public API, and runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import optimizer
from optimizer.sweeps import sensitivity

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS_PER_CELL = 600
LONGEST_FUNCTION = 10
MOST_NOTEBOOKS = 8

PUBLIC = {
    "optimizer": set(optimizer.__all__),
    "optimizer.sweeps.sensitivity": set(sensitivity.__all__),
}
"""What a notebook may import: the public API, and the readings of sweeps (docs/sensitivity.md)."""

each_notebook = pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)


def read(file: Path) -> nbformat.NotebookNode:
    notebook = nbformat.reads(file.read_text(encoding="utf-8"), as_version=4)
    nbformat.validate(notebook)
    assert isinstance(notebook, nbformat.NotebookNode)
    return notebook


def code_cells(file: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(file).cells if cell.cell_type == "code"]


def code(file: Path) -> ast.Module:
    """All code of the notebook: plain Python, no magics."""
    return ast.parse("\n".join(cell.source for cell in code_cells(file)))


def test_there_are_a_few_notebooks() -> None:
    assert 1 <= len(NOTEBOOKS) <= MOST_NOTEBOOKS


@each_notebook
def test_name_is_a_number_a_verb_and_an_object(file: Path) -> None:
    assert re.fullmatch(r"\d\d_[a-z]+(_[a-z0-9]+)+", file.stem)


@each_notebook
def test_outputs_are_stripped(file: Path) -> None:
    for cell in code_cells(file):
        assert not cell.outputs, cell.source
        assert cell.execution_count is None, cell.source


@each_notebook
def test_opens_with_the_question_and_ends_with_a_decision(file: Path) -> None:
    cells = read(file).cells
    assert cells[0].cell_type == "markdown"
    assert "?" in cells[0].source
    assert cells[-1].cell_type == "markdown"


@each_notebook
def test_functions_are_short(file: Path) -> None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    long = [
        ast.unparse(node).splitlines()[0]
        for node in ast.walk(code(file))
        if isinstance(node, functions) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert not long


@each_notebook
def test_only_the_public_door_is_used(file: Path) -> None:
    inside = []
    for node in ast.walk(code(file)):
        if isinstance(node, ast.Import):
            inside += [alias.name for alias in node.names if alias.name.startswith("optimizer.")]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("optimizer"):
            public = PUBLIC.get(str(node.module), set())
            inside += [alias.name for alias in node.names if alias.name not in public]
    assert not inside


@pytest.mark.slow
@each_notebook
@pytest.mark.usefixtures("kept_scales")
def test_runs(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A user's own start-up files and history stay out of it.
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = read(file)
    # The kernel's name is of the machine on which the notebook was written.
    notebook.metadata.pop("kernelspec", None)
    client = NotebookClient(
        notebook, timeout=SECONDS_PER_CELL, resources={"metadata": {"path": str(FOLDER)}}
    )
    client.execute()
