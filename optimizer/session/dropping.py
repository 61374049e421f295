"""Names that may be dropped, and the rows that each stands for."""

from __future__ import annotations

from collections.abc import Collection

from optimizer.errors import PolicyError, Problems, did_you_mean
from optimizer.instance import Instance
from optimizer.io.changes import CHANGES
from optimizer.persistent import LoadedModel
from optimizer.schema.rules import LIMIT_RULES, register


def require_droppable(instance: Instance, name: str) -> None:
    """Refuse what is neither a limit of the policy nor a rule with numbers that somebody chose.

    Raises
    ------
    PolicyError
        If it is neither.
    """
    rules = register(instance.extension)
    known = [limit.name for limit in instance.policy.limits]
    known += sorted(rule for rule, told in rules.items() if told.kind == "limit")
    if name not in known:
        problems = Problems()
        problems.add(
            CHANGES,
            f"{name!r} is not a limit that can be dropped",
            expected="the name of a limit, or of a rule with numbers that somebody chose",
            maybe=did_you_mean(str(name), known),
        )
        raise PolicyError(problems)


def rows_of_rules(loaded: LoadedModel, names: Collection[str]) -> list[int]:
    """Rows of limits by their names, and of whole rules."""
    if not names:
        return []
    return [
        number
        for number, (rule, index) in enumerate(loaded.matrix.rows)
        if rule in names or (rule in LIMIT_RULES and isinstance(index, tuple) and index[0] in names)
    ]
