"""A repair as a file: a policy that extends the one at fault, or a study of one scenario."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optimizer.errors import OptimizerError
from optimizer.io import targets
from optimizer.io.changes import value_text
from optimizer.io.toml import toml_text
from optimizer.io.writing import write_text
from optimizer.plan.question import Question
from optimizer.policy.loading import changed_policy, tables_of
from optimizer.schema.addresses import cells_and_keys, names_of

SCENARIO = "repaired"
"""Scenario of the study that holds a repair."""


def write_repaired(question: Question, changes: Mapping[str, object], path: Path) -> Path:
    """Write the changes of a repair; nothing that is there is replaced.

    Raises
    ------
    OptimizerError
        If a policy cannot hold them, or the name says neither policy nor changes.
    TargetError
        If something is there already, or it cannot be written.
    """
    if path.suffix not in (".toml", ".csv"):
        raise OptimizerError(
            f"{path.name}: a repair is written as .toml (a policy) or .csv (changes, as a study)"
        )
    changes = {**question.changes, **changes}
    text = _policy_text(question, changes, path) if path.suffix == ".toml" else _study(changes)
    place = targets.look(path, force=False, check=lambda _: "is there", expected="a new file")
    with targets.written_aside(place) as new:
        write_text(new, text)
    return path


def _policy_text(question: Question, changes: Mapping[str, object], path: Path) -> str:
    """A policy with the changes: on top of the one at fault where that is possible, or whole."""
    cells, keys = cells_and_keys(changes)
    if cells:
        raise OptimizerError(
            f"{path.name}: a policy cannot hold figures of the case ({', '.join(cells)})\n"
            "    Expected a name ending in .csv, for the changes as a study."
        )
    base = question.base
    tables = tables_of(changed_policy(base, keys))
    title = f"{base.title}, {SCENARIO}"
    is_beside = base.path.parent == path.parent and base.path.suffix == path.suffix
    if not is_beside or base.extends is not None:
        # A policy extends one of its own folder, which extends no other.
        whole = {key: value for key, value in tables.items() if key != "extends"}
        return toml_text({**whole, "title": title})
    said: dict[str, Any] = {"schema": 1, "title": title, "extends": base.path.name}
    for names in map(names_of, keys):
        assert names is not None, "changes were made at these addresses"
        if names[0] == "limits":
            limits = {limit["name"]: limit for limit in tables["limits"]}
            said["limits"] = (*said.get("limits", ()), limits[names[1]])
        elif isinstance(tables[names[0]], Mapping):
            said[names[0]] = {**said.get(names[0], {}), names[1]: tables[names[0]][names[1]]}
        else:
            said[names[0]] = tables[names[0]]
    return toml_text(said)


def _study(changes: Mapping[str, object]) -> str:
    """Changes as a study of one scenario, a row each."""
    content = io.StringIO()
    rows = csv.writer(content, lineterminator="\n")
    rows.writerow(["scenario", "address", "value"])
    rows.writerows([SCENARIO, address, value_text(value)] for address, value in changes.items())
    return content.getvalue()
