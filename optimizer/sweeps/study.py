"""A study: two small tables that say what is to be tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimizer.case import Case, load_case
from optimizer.errors import InputError, Problems
from optimizer.errors.arguments import typed
from optimizer.frames import rows_of
from optimizer.frames.records import HandingOut
from optimizer.policy import Policy, load_policy
from optimizer.schema.patterns import ANY
from optimizer.sweeps.contents import (
    change_table,
    names_listed,
    require_line,
    rows_in,
    scenario_table,
)
from optimizer.sweeps.designs import Design, grid_design, one_at_a_time_design
from optimizer.sweeps.distributions import Correlated, Distribution
from optimizer.sweeps.origins import Origins
from optimizer.sweeps.reading import read_study
from optimizer.sweeps.resolving import asked_value, resolved
from optimizer.sweeps.sampling import sample_design, sobol_design
from optimizer.sweeps.scenarios import Scenario
from optimizer.sweeps.writing import write_study
from optimizer.text.figures import counted

if TYPE_CHECKING:
    from optimizer.sweeps.preview import Preview


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
        cases: Sequence[str] = ("*",),
        policies: Sequence[str] = ("*",),
        origins: Origins | None = None,
    ) -> None:
        origins, problems = origins or Origins(), Problems()
        meant = {
            "cases": names_listed("cases", cases),
            "policies": names_listed("policies", policies),
        }
        for what, text in (("name", name), ("title", title)):
            require_line(what, text)
        changed = change_table(rows_in("changes", changes), origins, problems)
        rows = None if scenarios is None else rows_in("scenarios", scenarios)
        listed = scenario_table(rows, changed, origins, problems)
        problems.raise_if_any(InputError)
        said = {"scenarios": listed, "changes": changed, "name": name, "title": title}
        for key, value in {**said, **meant, "origins": origins}.items():
            object.__setattr__(self, key, value)

    @classmethod
    @typed
    def read(cls, path: str | Path) -> Study:
        """Read a study.

        Parameters
        ----------
        path
            A TOML file; a workbook with the sheets ``scenarios`` and ``changes``; a folder with
            ``scenarios.csv`` and ``changes.csv``; or one flat CSV file. The table of scenarios may
            be absent where nothing is said of any.

        Raises
        ------
        InputError
            With everything that is wrong with it by itself; :meth:`resolved` looks it up.
        OptimizerError
            If a workbook is given and python-calamine is not installed.

        Examples
        --------
        >>> len(Study.read("models/studies/tiny.toml"))
        7
        """
        path = Path(path)
        found = read_study(path)
        name = {"name": path.resolve().name if path.is_dir() else path.stem}
        return cls(found.scenarios, found.changes, origins=found.origins, **{**name, **found.about})

    @classmethod
    @typed
    def grid(
        cls,
        levers: Mapping[str, Iterable[object]],
        *,
        rescale_weights: bool = False,
        title: str = "",
    ) -> Study:
        """Try every value of every lever with every value of all others.

        Parameters
        ----------
        levers
            Values by address, as ``--set`` takes them; ``times(0.9, 1, 1.1)`` gives factors.
        rescale_weights
            Whether the weights of goals that a scenario does not change are rescaled, so that the
            sum of all stays.

        Raises
        ------
        OptimizerError
            If there is no lever, or one without values or with one twice.

        Examples
        --------
        >>> from optimizer import times
        >>> study = Study.grid({"horizon.tail": [1, 2], "goals.bridges.weight": times(0.5, 1, 2)})
        >>> study.scenarios["note"].tolist()[-1]
        'horizon.tail=2; goals.bridges.weight=*2'
        """
        return cls._of(grid_design(levers, rescale=rescale_weights), title)

    @classmethod
    @typed
    def one_at_a_time(
        cls,
        levers: Mapping[str, object] | Iterable[str],
        by: float | str = 0.1,
        *,
        rescale_weights: bool = False,
        title: str = "",
    ) -> Study:
        """Try every lever by itself, with everything else as it is.

        Parameters
        ----------
        levers
            Addresses; or a mapping of them to a share of their own, to a list of values, or to
            ``None``.
        by
            How much lower and higher, as a share of the number: 0.1 or "10%".
        rescale_weights
            As in :meth:`grid`.

        Raises
        ------
        OptimizerError
            If there is no lever, or a share is not above 0 and at most 1.

        Examples
        --------
        >>> study = Study.one_at_a_time(["goals.bridges.weight", "budgets[].amount"], by=0.2)
        >>> study.scenarios["scenario"].tolist()[1:3]
        ['goals.bridges.weight=*0.8', 'goals.bridges.weight=*1.2']
        """
        return cls._of(one_at_a_time_design(levers, by, rescale=rescale_weights), title)

    @classmethod
    @typed
    def sample(
        cls,
        levers: Mapping[str, Distribution],
        n: int,
        *,
        method: str = "sobol",
        seed: int = 0,
        groups: Sequence[Correlated] = (),
        rescale_weights: bool = False,
        title: str = "",
    ) -> Study:
        """Draw all levers at once, every draw as likely as the others.

        Parameters
        ----------
        levers
            Distributions by address.
        n
            Number of draws; for ``sobol`` a power of two.
        method
            ``sobol`` (scrambled Sobol sequence) or ``latin`` (Latin hypercube).
        seed
            With which the same draws come again.
        groups
            Levers that move together: :func:`optimizer.correlated`.
        rescale_weights
            As in :meth:`grid`.

        Raises
        ------
        OptimizerError
            If there is no lever, or a number of draws, a seed or a group is not possible.

        Examples
        --------
        >>> from optimizer import uniform
        >>> study = Study.sample({"budgets[].amount": uniform(0.8, 1.2)}, 4, seed=1)
        >>> study.scenarios["probability"].tolist()
        [0.0, 0.25, 0.25, 0.25, 0.25]
        """
        made = sample_design(
            levers, n, method=method, seed=seed, groups=tuple(groups), rescale=rescale_weights
        )
        return cls._of(made, title)

    @classmethod
    @typed
    def sobol(
        cls,
        levers: Mapping[str, Distribution],
        n: int,
        *,
        seed: int = 0,
        rescale_weights: bool = False,
        title: str = "",
    ) -> Study:
        """Draw what Sobol indices are computed from: which lever explains how much of a result.

        The scenarios are those of two samples A and B and, for every lever, of A with this lever
        as in B: n times two more than there are levers. Columns ``matrix``, ``draw`` and ``lever``
        of the scenarios say which is which.

        Parameters
        ----------
        levers, seed, rescale_weights
            As in :meth:`sample`; the levers move independently of each other.
        n
            Number of draws of each, a power of two.

        Raises
        ------
        OptimizerError
            As :meth:`sample`.

        Examples
        --------
        >>> from optimizer import uniform
        >>> levers = {f"goals.{goal}.weight": uniform(0.5, 2) for goal in ("alliance", "bridges")}
        >>> study = Study.sobol(levers, 2)
        >>> study.scenarios["scenario"].tolist()
        ['base', 'A_1', 'A_2', 'B_1', 'B_2', 'AB1_1', 'AB1_2', 'AB2_1', 'AB2_2']
        """
        return cls._of(sobol_design(levers, n, seed=seed, rescale=rescale_weights), title)

    @classmethod
    def _of(cls, design: Design, title: str) -> Study:
        return cls(design.scenarios, design.changes, title=title)

    @typed
    def write(self, path: str | Path, *, force: bool = False) -> None:
        """Write the study, so that reading it again gives the same tables.

        Parameters
        ----------
        path
            ``.toml``, ``.xlsx``, ``.csv`` for one flat table, or a folder for both tables. Text
            stands as it is, also such as a spreadsheet program would take for a formula; in
            workbooks it cannot become one.
        force
            Replace an older study; whatever else is there never is.

        Raises
        ------
        TargetError
            If the path may not be written, or the form cannot say what a design says of its
            scenarios.
        OptimizerError
            If a workbook is to be written and openpyxl is not installed.
        """
        write_study(self, Path(path), force=force)

    def __repr__(self) -> str:
        told = f"{counted(len(self), 'scenario')}, {counted(len(self.levers), 'lever')}"
        return f"<Study {self.name!r}: {told}>"

    def __len__(self) -> int:
        return len(self.scenarios)

    def is_for(self, policy: str, case: str) -> bool:
        """Whether it is meant for a policy and a case of these names."""
        pairs = ((policy, self.policies), (case, self.cases))
        return all(ANY in names or name in names for name, names in pairs)

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
        self, policy: Policy | str | Path, case: Case | str | Path, *, check: bool = True
    ) -> tuple[Scenario, ...]:
        """Look up what every scenario changes, ``base`` first.

        Parameters
        ----------
        policy, case
            Loaded, or paths; before any change.
        check
            Whether the values of every scenario are tried on them as well; whoever makes the
            changes does so anyway.

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
        return resolved(self, policy, case, check=check)

    @typed
    def preview(
        self, policy: Policy | str | Path, case: Case | str | Path, *, measure: bool = True
    ) -> Preview:
        """Look up every scenario, and say what solving all of them would take.

        Parameters
        ----------
        policy, case
            Loaded, or paths.
        measure
            Whether the relaxations of ``base`` and of one other scenario are solved, so that the
            time of all can be estimated.

        Raises
        ------
        InputError
            As :meth:`resolved`.

        Examples
        --------
        >>> study = Study.read("models/studies/tiny.toml")
        >>> preview = study.preview("models/tiny.toml", "inputs/tiny", measure=False)
        >>> preview.solves, preview.models
        (7, 1)
        >>> print(preview.in_words()[-1])
        1 scenario needs another model (horizon.tail): nothing after the horizon.
        """
        # Building models is loaded by those alone who look at what it takes.
        from optimizer.sweeps.preview import previewed

        policy = policy if isinstance(policy, Policy) else load_policy(policy)
        case = case if isinstance(case, Case) else load_case(case)
        return previewed(resolved(self, policy, case), policy, case, measure=measure)
