"""A study: two small tables that say what is to be tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.case import Case, load_case
from optimizer.errors import InputError, Problems
from optimizer.errors.arguments import typed
from optimizer.frames import rows_of
from optimizer.frames.records import HandingOut
from optimizer.policy import Policy, load_policy
from optimizer.sweeps.contents import change_table, rows_in, scenario_table
from optimizer.sweeps.origins import Origins
from optimizer.sweeps.resolving import asked_value, resolved
from optimizer.sweeps.scenarios import Scenario


@dataclass(frozen=True, eq=False, init=False)
class Study(HandingOut):
    """Scenarios of a policy on a case, and what each of them changes.

    Parameters
    ----------
    scenarios
        Frame, or list of mappings, with the columns ``scenario``, ``probability`` and ``note``;
        without it, every scenario of the changes. ``base``, in which nothing is changed, is always
        there, first; its probability is 0 where only the others have one. A column ``rescaled``
        says where the weights of the other goals are rescaled so that all keep their sum.
    changes
        Frame, or list of mappings, with the columns ``scenario``, ``address``, ``operation``
        (``set``, ``add`` or ``multiply``), ``value`` and ``note``. Addresses may be patterns, such
        as ``goals.*.weight``. Without an operation the value may say it, as in ``"*1.1"``.
    name, title
        What results call it.
    cases, policies
        Names of those it is meant for; ``("*",)`` for all.

    Raises
    ------
    InputError
        With everything that is wrong with either table.

    Examples
    --------
    >>> lean = {"scenario": "lean", "address": "budgets[].amount", "value": "*0.9"}
    >>> study = Study(changes=[lean])
    >>> study.scenarios["scenario"].tolist()
    ['base', 'lean']
    >>> study.changes[["operation", "value"]].values.tolist()
    [['multiply', 0.9]]
    """

    scenarios: pd.DataFrame
    changes: pd.DataFrame
    name: str
    title: str
    cases: tuple[str, ...]
    policies: tuple[str, ...]
    origins: Origins = field(repr=False, compare=False)

    @typed
    def __init__(
        self,
        scenarios: pd.DataFrame | Iterable[Mapping[str, Any]] | None = None,
        changes: pd.DataFrame | Iterable[Mapping[str, Any]] = (),
        *,
        name: str = "study",
        title: str = "",
        cases: Iterable[str] = ("*",),
        policies: Iterable[str] = ("*",),
        origins: Origins | None = None,
    ) -> None:
        origins, problems = origins or Origins(), Problems()
        changed = change_table(rows_in(changes), origins, problems)
        rows = None if scenarios is None else rows_in(scenarios)
        listed = scenario_table(rows, changed, origins, problems)
        problems.raise_if_any(InputError)
        said = {"scenarios": listed, "changes": changed, "name": name, "title": title}
        said |= {"cases": tuple(cases), "policies": tuple(policies), "origins": origins}
        for key, value in said.items():
            object.__setattr__(self, key, value)

    def __len__(self) -> int:
        return len(self.scenarios)

    @property
    def levers(self) -> tuple[str, ...]:
        """Addresses that some scenario changes, in the order of the changes."""
        return tuple(dict.fromkeys(self.changes["address"]))

    def values(self) -> pd.DataFrame:
        """Give a row for every scenario, with a column for every lever.

        Cells are as ``--set`` takes them, such as ``*1.1``; blank where nothing is changed.
        """
        names = self.scenarios["scenario"].tolist()
        wide: dict[str, dict[str, object]] = {name: {} for name in names}
        for row in rows_of(self.changes):
            wide[row.scenario][row.address] = asked_value(row.operation, row.value)
        levers = list(self.levers)
        cells = [[wide[name].get(lever, "") for lever in levers] for name in names]
        index = pd.Index(names, name="scenario")
        return pd.DataFrame(cells, index=index, columns=levers, dtype="object")

    @typed
    def resolved(
        self, policy: Policy | str | Path, case: Case | str | Path
    ) -> tuple[Scenario, ...]:
        """Look up what every scenario changes, ``base`` first.

        Parameters
        ----------
        policy, case
            Loaded, or paths; before any change.

        Returns
        -------
        tuple of Scenario
            Ready to be made, patterns expanded.

        Raises
        ------
        InputError
            With everything that is wrong: addresses that lead nowhere, patterns that match
            nothing, numbers that a scenario changes twice, values that policy or case refuse.
        """
        policy = policy if isinstance(policy, Policy) else load_policy(policy)
        case = case if isinstance(case, Case) else load_case(case)
        return resolved(self, policy, case)
