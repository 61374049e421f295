"""What the scenarios of a study change in a policy and a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimizer.case import Case
from optimizer.case.changes import figures_at
from optimizer.errors import InputError, PolicyError, Problem, Problems
from optimizer.frames import rows_of
from optimizer.frames.memory import Memory
from optimizer.io.changes import CHANGES, place_at, unchanged_value
from optimizer.io.grids import number_text
from optimizer.plan.question import asked, require_case
from optimizer.policy import Policy
from optimizer.policy.loading import tables_of
from optimizer.schema.addresses import is_cell, names_of, one_spelling
from optimizer.schema.patterns import ANY
from optimizer.sweeps.expanding import expanded
from optimizer.sweeps.origins import CHANGE_TABLE, SCENARIO_TABLE, Origins
from optimizer.sweeps.rescaling import rescaled_weights
from optimizer.sweeps.scenarios import PLACED, Scenario

if TYPE_CHECKING:
    from optimizer.sweeps.study import Study

_Change = tuple[int, Any]


def asked_value(operation: str, value: object) -> object:
    """Write a change as ``--set`` and :meth:`optimizer.Session.change` take it.

    Examples
    --------
    >>> asked_value("multiply", 1.1), asked_value("add", -5), asked_value("set", 2)
    ('*1.1', '-=5', 2)
    """
    if operation == "set":
        return value
    figure = float(value)  # type: ignore[arg-type]
    if operation == "multiply":
        return f"*{number_text(figure)}"
    return f"{'-' if figure < 0 else '+'}={number_text(abs(figure))}"


@dataclass(frozen=True)
class Target:
    """What one address means.

    Attributes
    ----------
    at
        Place in the tables of the policy, or table and column of cells.
    rows
        Rows of cells, by their position; none in the policy.
    is_figure
        Whether there is a number to add to.
    """

    address: str
    at: tuple[str | int, ...]
    rows: frozenset[int]
    is_figure: bool

    def meets(self, other: Target) -> bool:
        """Whether both mean the same number, or one of them what the other is a part of."""
        if is_cell(self.address) or is_cell(other.address):
            return self.at == other.at and not self.rows.isdisjoint(other.rows)
        shorter = min(len(self.at), len(other.at))
        return self.at[:shorter] == other.at[:shorter]


class Targets:
    """Addresses looked up on a policy and a case, each once."""

    def __init__(self, policy: Policy, case: Case) -> None:
        self.policy, self.case, self.memory = policy, case, Memory()
        self._known: dict[str, tuple[tuple[Target, ...], tuple[Problem, ...]]] = {}
        self._clashes: dict[tuple[str, ...], list[tuple[int, int]]] = {}

    @cached_property
    def tables(self) -> Mapping[str, object]:
        """Tables of the policy."""
        return tables_of(self.policy)

    def of(self, address: str) -> tuple[tuple[Target, ...], tuple[Problem, ...]]:
        """What an address stands for, and what is wrong with it."""
        if address not in self._known:
            problems = Problems()
            found = [
                self._target(each, problems)
                for each in expanded(address, self.tables, self.case, problems)
            ]
            targets = tuple(target for target in found if target is not None)
            self._known[address] = targets, tuple(problems)
        return self._known[address]

    def _target(self, address: str, problems: Problems) -> Target | None:
        if is_cell(address):
            figures = figures_at(address, self.case, problems)
            if figures is None:
                return None
            at: tuple[str | int, ...] = (figures.table, figures.kind.name)
            return Target(address, at, frozenset(figures.rows), is_figure=True)
        place = place_at(address, self.tables, Policy, problems)
        if place is None:
            return None
        before = unchanged_value(names_of(address) or (), self.tables, Policy)
        is_figure = isinstance(before, int | float) and not isinstance(before, bool)
        return Target(address, place, frozenset(), is_figure)

    def clashes(self, addresses: tuple[str, ...]) -> list[tuple[int, int]]:
        """Pairs of addresses, by position, that mean the same number."""
        if addresses not in self._clashes:
            pairs = combinations(enumerate(map(self.of, addresses)), 2)
            self._clashes[addresses] = [
                (one, other)
                for (one, (first, _)), (other, (second, _)) in pairs
                if any(target.meets(each) for target in first for each in second)
            ]
        return self._clashes[addresses]


def resolved(
    study: Study, policy: Policy, case: Case, *, check: bool = True
) -> tuple[Scenario, ...]:
    """Look up what every scenario changes: see :meth:`optimizer.Study.resolved`."""
    require_case(policy, case)
    problems = Problems()
    _check_meant(study, policy, case, problems)
    problems.raise_if_any(InputError)
    targets, found = Targets(policy, case), []
    for listed, changes in _by_scenario(study):
        probability = None if listed.probability != listed.probability else listed.probability
        asks = _Asks(changes, targets, study.origins, problems)
        is_rescaled = getattr(listed, "rescaled", False)
        made, said = asks.changes(is_rescaled=is_rescaled, check=check)
        note = "; ".join(filter(None, (listed.note, said)))
        found.append(Scenario(listed.scenario, probability, note, made, design_of(listed)))
    problems.raise_if_any(InputError)
    return tuple(found)


def design_of(listed: Any) -> dict[str, object]:
    """Place of a row of ``scenarios`` in a design of random draws."""
    cells = {name: getattr(listed, name, None) for name in PLACED}
    return {
        name: int(cell) if name == "draw" else str(cell)
        for name, cell in cells.items()
        if cell is not None and not pd.isna(cell) and cell != ""
    }


def _check_meant(study: Study, policy: Policy, case: Case, problems: Problems) -> None:
    for key, names, kind, name in (
        ("cases", study.cases, "case", case.name),
        ("policies", study.policies, "policy", policy.name),
    ):
        if ANY not in names and name not in names:
            file = study.origins.files[SCENARIO_TABLE]
            message = f"is not meant for {kind} {name!r}"
            problems.add(file, message, column=key, expected=f"one of {', '.join(names)}")


def _by_scenario(study: Study) -> Iterator[tuple[Any, list[_Change]]]:
    """Rows of scenarios, each with its changes and their positions in the table."""
    by_name: dict[str, list[_Change]] = {}
    for position, row in enumerate(rows_of(study.changes)):
        by_name.setdefault(row.scenario, []).append((position, row))
    for listed in rows_of(study.scenarios):
        yield listed, by_name.get(listed.scenario, [])


class _Asks:
    """What one scenario asks for.

    Parameters
    ----------
    problems
        Collects what is wrong, each at the row that says it.
    """

    def __init__(
        self, changes: Sequence[_Change], targets: Targets, origins: Origins, problems: Problems
    ) -> None:
        self._changes, self._targets = changes, targets
        self._origins, self._problems = origins, problems

    def changes(self, *, is_rescaled: bool, check: bool) -> tuple[dict[str, object], str]:
        """Values by address, and what was done beside what the study says."""
        before = len(self._problems)
        made: dict[str, object] = {}
        for position, row in self._changes:
            targets, wrong = self._targets.of(row.address)
            self._problems.extend(self._retold(position, "address", each) for each in wrong)
            if row.operation != "set":
                self._require_figures(position, row, targets)
            made |= dict.fromkeys(
                (target.address for target in targets), asked_value(row.operation, row.value)
            )
        self._refuse_twice()
        if len(self._problems) > before or not made:
            return {}, ""
        if not (check or is_rescaled):
            return made, ""
        try:
            known = self._targets
            question = asked(known.policy, known.case, made, memory=known.memory)
            if is_rescaled:
                more, said = rescaled_weights(question.base, question.policy, made)
                return {**made, **more}, said
        except (InputError, PolicyError) as error:
            self._problems.extend(map(self._at_home, error.problems))
        return made, ""

    def _require_figures(self, position: int, row: Any, targets: Sequence[Target]) -> None:
        for target in targets:
            if not target.is_figure:
                message = f"{target.address} is not a number, which {row.operation} needs"
                told = Problem(CHANGES, message, None, None, "the address of a number, or set")
                self._problems.extend([self._retold(position, "operation", told)])

    def _refuse_twice(self) -> None:
        addresses = tuple(row.address for _, row in self._changes)
        for one, other in self._targets.clashes(addresses):
            message = f"{addresses[other]} changes what {addresses[one]} changes in this scenario"
            told = Problem(CHANGES, message, None, None, "every number once in a scenario")
            self._problems.extend([self._retold(self._changes[other][0], "address", told)])

    def _retold(self, position: int, column: str, problem: Problem) -> Problem:
        """Report a problem of a change at a row of the study."""
        return self._origins.problem(
            (CHANGE_TABLE, position, column), problem.message, problem.expected, problem.maybe
        )

    def _at_home(self, problem: Problem) -> Problem:
        """Report what policy or case say of the values of a scenario at the row that it is of."""
        column = one_spelling(problem.column or "")
        table = problem.file.removesuffix(".csv")
        for position, row in self._changes:
            for target in self._targets.of(row.address)[0]:
                if problem.file == CHANGES and one_spelling(target.address) == column:
                    return self._retold(position, "value", problem)
                if is_cell(target.address) and target.at[0] == table:
                    return self._retold(position, "value", _placed(problem))
        return self._retold(self._changes[0][0], "value", _placed(problem))


def _placed(problem: Problem) -> Problem:
    """The same problem, told somewhere else."""
    place = problem.column if problem.file == CHANGES else problem.place
    return replace(problem, message=f"{place}: {problem.message}" if place else problem.message)
