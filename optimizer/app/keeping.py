"""What the page writes: scenarios beside their policy, and runs; nothing that is there is replaced.

A page names files and folders by a plain name alone, never by a path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from optimizer.errors import PolicyError, Problems
from optimizer.explain.applying import write_scenario
from optimizer.plan import Plan
from optimizer.policy import Policy
from optimizer.runs import run_place
from optimizer.runs.writing import write_run
from optimizer.schema.addresses import is_cell

RUNS = Path("runs")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_EXPECTED = "letters, digits, - and _, at most 80, the first a letter or a digit"


def save_scenario(
    policy: Policy,
    changes: Mapping[str, object],
    limits: Sequence[Mapping[str, object]],
    name: str,
) -> list[str]:
    """Write changes as a policy beside another, which it extends; figures of the case as a study.

    Returns
    -------
    list of str
        The files.

    Raises
    ------
    PolicyError, TargetError
        If the name cannot be that of a file, there is one already, or it cannot be written.
    """
    _require_name(name)
    path = policy.path.with_name(f"{name}.toml")
    cells = {address: value for address, value in changes.items() if is_cell(address)}
    keys = {address: value for address, value in changes.items() if address not in cells}
    return list(map(str, write_scenario(policy, path, keys, limits=limits, cells=cells)))


def export_run(plan: Plan | None, name: str) -> str:
    """Write a plan as a run folder in ``runs``, with report and workbook.

    Raises
    ------
    PolicyError, TargetError
        If the name cannot be that of a folder, there is one already, or there is no plan.
    """
    _require_name(name)
    if plan is None:
        raise refusal("export", "there is no plan yet", "a plan that is shown")
    run_place(RUNS / name, force=None)
    return str(write_run(replace(plan, folder=None), RUNS / name))


def _require_name(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise refusal("name", f"{name!r} is not a plain name", _EXPECTED)


def refusal(what: str, message: str, expected: str) -> PolicyError:
    """Make the error for a request that cannot be met."""
    problems = Problems()
    problems.add("page", message, column=what, expected=expected)
    return PolicyError(problems)
