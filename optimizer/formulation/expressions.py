"""Terms of the instance as linear expressions of the model's decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optimizer.formulation.linear_sum import LinearSum, TermTable
from optimizer.frames import keys_of, summed
from optimizer.frames.arrays import Floats, Integers
from optimizer.frames.grouping import remembered
from optimizer.instance.people import CONSTANT
from optimizer.schema.decisions import DECISIONS

KEYS: dict[str, list[str]] = {
    name: list(decision.keys) for name, decision in DECISIONS.items() if decision.has_frame
}
"""Index of every decision family, in the order of its frame's rows."""


Numbers: TypeAlias = dict[str, dict[Any, float]]
"""Numbers of rules, by rule and index: what somebody may change without changing the model."""


def add_index(
    model: pyo.ConcreteModel, name: str, frame: pd.DataFrame, columns: Sequence[str]
) -> pyo.Set:
    """Add a set of the distinct index tuples in the columns of a frame, in row order."""
    members = dict.fromkeys(keys_of(frame, columns))
    component = pyo.Set(initialize=list(members), dimen=len(columns))
    model.add_component(name, component)
    return component


def added_up(terms: pd.DataFrame, by: Sequence[str]) -> tuple[list[tuple[Any, ...]], pd.DataFrame]:
    """Keys in order of first appearance, and the sum of the terms of each key and decision.

    Returns
    -------
    list of tuple
        The distinct keys.
    pandas.DataFrame
        row (number of the key), family, position, coefficient.
    """
    row = terms.groupby(list(by), sort=False).ngroup()
    keys = keys_of(terms[~row.duplicated()], by)
    merged = summed(terms.assign(row=row), ["row", "family", "position"], "coefficient")
    return keys, merged


@dataclass(frozen=True)
class _Sorted:
    """Terms added up and sorted by key, as in :class:`TermTable`, but of no model yet."""

    rows: dict[object, int]
    families: tuple[str, ...]
    component: Integers
    position: Integers
    coefficient: Floats
    constants: list[float]
    cuts: list[int]


def _sorted_terms(terms: pd.DataFrame, by: Sequence[str]) -> _Sorted:
    keys, merged = added_up(terms, by)
    rows: dict[object, int] = {key: row for row, key in enumerate(keys)}
    merged = merged.sort_values("row", kind="stable", ignore_index=True)
    fixed = merged["family"].eq(CONSTANT)
    used = merged[~fixed & merged["coefficient"].ne(0.0)]
    count = len(rows)
    constants = np.bincount(
        merged.loc[fixed, "row"], merged.loc[fixed, "coefficient"], minlength=count
    )
    ends = np.cumsum(np.bincount(used["row"], minlength=count))
    component, families = pd.factorize(used["family"])
    return _Sorted(
        rows=rows,
        families=tuple(families),
        component=component,
        position=used["position"].to_numpy(np.int64),
        coefficient=used["coefficient"].to_numpy(float),
        constants=constants.tolist(),
        cuts=[0, *ends.tolist()],
    )


class Sums:
    """Linear expressions by key: ``sums[key]`` is the sum of the terms with that key.

    Terms are added up and sorted by key once, for all models that are built while they live; they
    stay arrays, and an expression becomes one of objects when somebody looks at its terms.
    """

    def __init__(self, model: pyo.ConcreteModel, terms: pd.DataFrame, by: Sequence[str]) -> None:
        self._rows: dict[object, int] = {}
        if not len(terms):
            return
        known = remembered([terms], ("sorted", tuple(by)), lambda: _sorted_terms(terms, by))
        self._rows = known.rows
        self._table = TermTable(
            components=tuple(map(model.component, known.families)),
            component=known.component,
            position=known.position,
            coefficient=known.coefficient,
            constants=known.constants,
            cuts=known.cuts,
        )

    def __getitem__(self, key: object) -> Any:
        """Expression of a key; the number 0.0 without terms."""
        row = self._rows.get(_tuple(key))
        return 0.0 if row is None else LinearSum(self._table, row)

    def __contains__(self, key: object) -> bool:
        """Whether the sum has any term, of a decision or a constant."""
        return _tuple(key) in self._rows

    def has(self, key: object) -> bool:
        """Whether any decision is part of the sum."""
        row = self._rows.get(_tuple(key))
        return row is not None and self._table.cuts[row] < self._table.cuts[row + 1]


def _tuple(key: object) -> tuple[object, ...]:
    return key if isinstance(key, tuple) else (key,)
