"""The mathematics, from the docstrings of what builds it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import optimizer.formulation
from optimizer.formulation import CONCEPTS, RULES
from optimizer.formulation.goals import add_points
from optimizer.instance.diminishing import tangents
from optimizer.instance.money import spending_terms
from optimizer.instance.people import build_people
from optimizer.instance.scoring import _Scorer
from optimizer.instance.services import use_terms
from optimizer.instance.sets import Sets
from optimizer.instance.values import value_terms
from optimizer.schema.decisions import DECISIONS
from pagewriter.markdown import attributes, markdown, sections, table, words

TERMS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("People", build_people),
    ("Spending", spending_terms),
    ("Use of services", use_terms),
    ("Scores", _Scorer.score),
    ("Value", value_terms),
    ("Diminishing returns", tangents),
)


def _module(function: Callable[..., Any]) -> str:
    return f"{function.__module__.replace('.', '/')}.py"


def symbols() -> str:
    """Symbols of the formulas, from the table in the formulation's docstring."""
    lines = inspect.cleandoc(optimizer.formulation.__doc__ or "").splitlines()
    first, _, last = (number for number, line in enumerate(lines) if line.startswith("==="))
    width = lines[first].index(" ")
    rows = [(line[:width].strip(), line[width:].strip()) for line in lines[first + 1 : last]]
    return table(rows[0], (row for row in rows[2:] if row[0]))


def decisions() -> str:
    """Families of decisions, with their keys."""
    rows = [
        (f"`{each.name}`", ", ".join(each.keys), f"{each.meaning}; {each.number}")
        for each in DECISIONS.values()
    ]
    return table(["decision", "keys", "meaning"], rows)


def index_sets() -> str:
    """Index sets of an instance."""
    rows = [(f"`{name}`", words(text)) for name, text in attributes(Sets.__doc__ or "").items()]
    return table(["set", "what it holds"], rows)


def concepts() -> str:
    """Every concept of the model with its formulas."""
    functions: tuple[Callable[..., Any], ...] = (*CONCEPTS, add_points)
    parts = []
    for function in functions:
        heading = function.__name__.removeprefix("add_").replace("_", " ").capitalize()
        text = markdown(sections(function.__doc__ or "")[""])
        parts.append(f"### {heading}\n\n{text}\n\nWritten in `{_module(function)}`.")
    return "\n\n".join(parts)


def terms() -> str:
    """Terms of the sums in the formulas."""
    parts = []
    for heading, function in TERMS:
        text = markdown(sections(function.__doc__ or "")[""])
        parts.append(f"### {heading}\n\n{text}\n\nWritten in `{_module(function)}`.")
    return "\n\n".join(parts)


def rules() -> str:
    """Write the register of rules."""
    rows = [(f"`{r.name}`", r.title, r.kind, r.source) for r in RULES.values()]
    return table(["rule", "in words", "kind", "numbers from"], rows)
