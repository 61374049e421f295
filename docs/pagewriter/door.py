"""Decision tables of a plan, and the names of the public API."""

from __future__ import annotations

import inspect

import optimizer
from optimizer.plan import COLUMNS, Decisions
from pagewriter.markdown import attributes, table, words


def decision_tables() -> str:
    """Tables of what a plan decides."""
    meanings = attributes(Decisions.__doc__ or "")
    return table(["table", "columns"], ((f"`{name}`", words(meanings[name])) for name in COLUMNS))


def public_door() -> str:
    """Every public name with the first sentence of its docstring."""
    rows = []
    for name in optimizer.__all__:
        text = inspect.getdoc(getattr(optimizer, name)) or ""
        rows.append((f"`{name}`", words(" ".join(text.partition("\n\n")[0].split()))))
    return table(["name", "what it is or does"], rows)
