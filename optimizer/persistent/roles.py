"""Roles of columns, which the solver uses instead of their names."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from optimizer.formulation.expressions import KEYS
from optimizer.frames import keys_of, mapping, summed
from optimizer.frames.arrays import Integers
from optimizer.instance import Instance
from optimizer.schema.decisions import DECISIONS, Role, families
from optimizer.schema.rules import RULES, accounts
from optimizer.solver.matrix import Matrix
from optimizer.solver.sifting import PairGroups
from optimizer.solver.wholeness import Roles

_PAIR = ("country", "track")
ONWARD = "next_track"
DEFINED_BY = accounts("at")
RAISING = {name: DEFINED_BY[rule.floor_of][0] for name, rule in RULES.items() if rule.floor_of}
"""Rules that want an account to be large, and the rule whose row of the same index defines it."""


def columns_in_order(instance: Instance, matrix: Matrix, family: str) -> Integers:
    """Columns of a family in the order of its frame; -1 where no rule speaks of a decision."""
    keys = keys_of(getattr(instance.sets, family), KEYS[family])
    columns = (matrix.column(family, key) for key in keys)
    return np.array([-1 if column is None else column for column in columns], dtype=np.int64)


def columns_of(matrix: Matrix, role: Role, others: Iterable[str] = ()) -> Integers:
    """Columns of all decisions of a role, and of other components."""
    found = [matrix.family(name) for name in (*families(role), *others)]
    return np.concatenate(found)


def roles_of(instance: Instance, matrix: Matrix) -> Roles:
    """Roles of columns in a search; integers of custom rules are decided first as well."""
    staged = columns_of(matrix, "staged", instance.extension.variables)
    return Roles(staged[matrix.integral[staged]], columns_of(matrix, "margin"))


def pairs_of(instance: Instance, matrix: Matrix) -> PairGroups:
    """Columns by pair of country and track; people may continue from one pair on another."""
    by_pair = summed(instance.sets.pairs, list(_PAIR), "applicants")
    applicants = mapping(by_pair, list(_PAIR), "applicants")
    paired = {name for name, each in DECISIONS.items() if each.keys[: len(_PAIR)] == _PAIR}
    onward = {name: DECISIONS[name].keys.index(ONWARD) for name in paired & _continuing()}
    numbers: dict[object, int] = {}
    of_column = np.full(len(matrix.columns), -1, dtype=np.int64)
    for column, (family, index) in enumerate(matrix.columns):
        if family in paired and isinstance(index, tuple):
            of_column[column] = numbers.setdefault(index[: len(_PAIR)], len(numbers))
    links = {
        (numbers[index[:2]], numbers[index[0], index[onward[family]]])
        for family, index in matrix.columns
        if family in onward
        and isinstance(index, tuple)
        and (index[0], index[onward[family]]) in numbers
    }
    wanted = {(RAISING[rule], index) for rule, index in matrix.rows if rule in RAISING}
    return PairGroups(
        matrix,
        of_column,
        np.array([applicants.get(pair, 0.0) for pair in numbers]),
        np.array(sorted(links), dtype=np.int64).reshape(-1, 2),
        np.array([row in wanted for row in matrix.rows], dtype=bool),
    )


def _continuing() -> set[str]:
    return {name for name, each in DECISIONS.items() if ONWARD in each.keys}
