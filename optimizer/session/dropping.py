"""Rows that a limit's name, or that of a rule, stands for."""

from __future__ import annotations

from optimizer.changes import CHANGES
from optimizer.errors import PolicyError, Problems, did_you_mean
from optimizer.evaluation import LIMITS
from optimizer.rules import register
from optimizer.solver import LoadedModel


def find_rows(loaded: LoadedModel, name: str) -> list[int]:
    """Rows of a limit by its name, or of a whole rule that somebody chose; none for others."""
    chosen = _chosen(loaded)
    return [
        number
        for number, (rule, index) in enumerate(loaded.matrix.rows)
        if (rule == name and rule in chosen)
        or (rule in LIMITS and isinstance(index, tuple) and index[0] == name)
    ]


def rows_of(loaded: LoadedModel, name: str) -> list[int]:
    """Rows that a name stands for.

    Raises
    ------
    PolicyError
        If it stands for none.
    """
    rows = find_rows(loaded, name)
    if not rows:
        known = [limit.name for limit in loaded.instance.limits] + sorted(_chosen(loaded))
        problems = Problems()
        problems.add(
            CHANGES,
            f"{name!r} is no limit that could be dropped",
            expected="the name of a limit, or of a rule with numbers that somebody chose",
            maybe=did_you_mean(str(name), known),
        )
        raise PolicyError(problems)
    return rows


def _chosen(loaded: LoadedModel) -> set[str]:
    """Rules with numbers that somebody chose."""
    rules = register(loaded.instance.extension)
    return {rule for rule, told in rules.items() if told.kind == "limit"}
