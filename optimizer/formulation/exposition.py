"""The formulation of one instance in words and formulas, from the rules' own docstrings."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pandas as pd
import pyomo.environ as pyo

from optimizer.formulation import CONCEPTS
from optimizer.formulation.goals import add_points
from optimizer.frames import rows_of
from optimizer.io.paths import begins_with
from optimizer.io.targets import Place, look, written_aside
from optimizer.io.writing import read_text, temporary_folder, write_text
from optimizer.schema.rules import RULES

_MATH = re.compile(r"^\.\. math:: *((?:.*\n?)(?:(?: +.*|)\n?)*?)(?=^\S|\Z)", re.MULTILINE)
_ROLE = re.compile(r":\w+:`~?([^`]+)`")
_CODE = re.compile(r"``([^`]+)``")
_LATEX_SPECIAL = re.compile(r"([_%&#])")


_WRITTEN = "Written by talent-optimizer; written again, it is replaced."
"""Stands at the beginning of files, so that nothing else is replaced."""

COMMENTS = {
    "markdown": "<!-- {} -->\n",
    "latex": "% {}",
    "lp": "\\* {} *\\",
    "mps": "* {}",
}
"""Comment syntax of each format."""


def exposition(model: pyo.ConcreteModel, *, style: str) -> str:
    """Describe a built model: every concept with its formulas and the size of its rules.

    Parameters
    ----------
    style
        ``markdown`` or ``latex``.
    """
    parts = [_title(model, style)]
    for function in (*CONCEPTS, add_points):
        text = inspect.cleandoc(function.__doc__ or "")
        parts.append(_section(function.__name__, text, style))
    parts.append(_sizes(model, style))
    text = "\n\n".join(parts) + "\n"
    if style == "latex":
        return (
            "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n\n"
            f"{text}\n\\end{{document}}\n"
        )
    return text


def model_text(model: pyo.ConcreteModel, style: str) -> str:
    """Write a model as an ``lp`` or ``mps`` file for any solver, with readable names in LP."""
    with temporary_folder() as folder:
        path = folder / f"model.{style}"
        model.write(str(path), io_options={"symbolic_solver_labels": True})
        return read_text(path)


def model_place(path: str | Path) -> Place:
    """Find out whether a model may be written at a path, before it is built.

    Raises
    ------
    TargetError
        If anything is there but an older file of this kind.
    """
    return look(path, force=True, check=_no_model, expected="an older formulation, or nothing")


def _no_model(path: Path) -> str | None:
    return None if begins_with(path, _WRITTEN) else "is not a file that this tool has written"


def write_formulation(place: Place, text: str, style: str) -> None:
    """Write what :func:`exposition` or :func:`model_text` gives, with a comment that says so."""
    with written_aside(place) as new:
        write_text(new, f"{COMMENTS[style].format(_WRITTEN)}\n{text}")


def sizes(model: pyo.ConcreteModel) -> pd.DataFrame:
    """rule, title, source, rows: the rules that have rows in this model."""
    rows = [
        (name, rule.title, rule.source, len(component))
        for name, rule in RULES.items()
        if (component := model.component(name)) is not None and len(component)
    ]
    return pd.DataFrame(rows, columns=["rule", "title", "source", "rows"])


def _title(model: pyo.ConcreteModel, style: str) -> str:
    name = str(model.name)
    return f"# {name}" if style == "markdown" else f"\\section*{{{_latex(name)}}}"


def _section(name: str, text: str, style: str) -> str:
    heading = name.removeprefix("add_").replace("_", " ").capitalize()
    body, last = [], 0
    for match in _MATH.finditer(text):
        body.append(_words(text[last : match.start()], style))
        formula = inspect.cleandoc(match.group(1)).strip()
        body.append(f"$$\n{formula}\n$$" if style == "markdown" else f"\\[\n{formula}\n\\]")
        last = match.end()
    body.append(_words(text[last:], style))
    head = f"## {heading}" if style == "markdown" else f"\\subsection*{{{heading}}}"
    return "\n\n".join([head, *(part for part in body if part)])


def _words(text: str, style: str) -> str:
    text = _ROLE.sub(lambda match: f"``{match.group(1).rpartition('.')[2]}``", text).strip()
    if style == "markdown":
        return _CODE.sub(r"`\1`", text)
    pieces = _CODE.split(text)
    return "".join(
        f"\\texttt{{{_latex(piece)}}}" if number % 2 else _latex(piece)
        for number, piece in enumerate(pieces)
    )


def _latex(text: str) -> str:
    return _LATEX_SPECIAL.sub(r"\\\1", text)


def _sizes(model: pyo.ConcreteModel, style: str) -> str:
    table = sizes(model)
    if style == "markdown":
        lines = [
            "## Rows of this instance",
            "",
            "| rule | in words | numbers from | rows |",
            "|---|---|---|---:|",
        ]
        lines += [
            f"| `{row.rule}` | {row.title} | {row.source} | {row.rows:,} |"
            for row in rows_of(table)
        ]
        return "\n".join(lines)
    rows = " \\\\\n".join(
        f"\\texttt{{{_latex(row.rule)}}} & {_latex(row.title)} & {row.rows}"
        for row in rows_of(table)
    )
    return (
        "\\subsection*{Rows of this instance}\n\n\\begin{tabular}{llr}\n"
        f"{rows}\n\\end{{tabular}}"
    )
