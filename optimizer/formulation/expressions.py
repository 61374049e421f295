"""Terms of the instance as linear expressions of the model's decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyomo.environ as pyo
from pyomo.core.expr import LinearExpression

from optimizer.frames import keys_of, summed
from optimizer.instance.people import CONSTANT

KEYS: dict[str, list[str]] = {
    "cohort": ["country", "track", "level", "year"],
    "placed": ["track", "level", "group", "region", "year"],
    "slots": ["country", "track", "level", "region", "year"],
    "agreement": ["country", "track", "year"],
    "running": ["country", "track", "year"],
    "stays": ["country", "track", "next_track", "year"],
    "stays_at": ["track", "next_track", "group", "region", "year"],
    "expansion": ["region", "service", "year"],
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


class Sums:
    """Linear expressions by key: ``sums[key]`` is the sum of the terms with that key."""

    def __init__(self, model: pyo.ConcreteModel, terms: pd.DataFrame, by: Sequence[str]) -> None:
        self._expressions = dict(_linear_by_key(model, terms, list(by)))

    def __getitem__(self, key: object) -> Any:
        """Expression of a key; the number 0.0 without terms."""
        return self._expressions.get(key if isinstance(key, tuple) else (key,), 0.0)

    def has(self, key: object) -> bool:
        """Whether any decision is part of the sum."""
        expression = self[key]
        return isinstance(expression, LinearExpression) and bool(expression.linear_vars)


def _linear_by_key(
    model: pyo.ConcreteModel, terms: pd.DataFrame, by: list[str]
) -> Iterator[tuple[tuple[object, ...], LinearExpression]]:
    """Split terms by key without a data frame per key: sort once, then cut lists."""
    if not len(terms):
        return
    merged = summed(terms, [*by, "family", "position"], "coefficient")
    code = merged.groupby(by, sort=False).ngroup() if by else pd.Series(0, index=merged.index)
    merged = merged.assign(code=code).sort_values("code", kind="stable", ignore_index=True)
    variables = _variables(model, merged["family"], merged["position"].to_numpy(dtype="int64"))
    coefficients = merged["coefficient"].to_numpy(dtype=float)
    fixed = merged["family"].eq(CONSTANT).to_numpy()
    cuts = np.flatnonzero(np.diff(merged["code"].to_numpy(), prepend=-1))
    keys = keys_of(merged.loc[cuts], by)
    for key, start, end in zip(keys, cuts, [*cuts[1:], len(merged)], strict=True):
        constants = fixed[start:end]
        used = ~constants & (coefficients[start:end] != 0.0)
        yield (
            key,
            LinearExpression(
                constant=float(coefficients[start:end][constants].sum()),
                linear_coefs=coefficients[start:end][used].tolist(),
                linear_vars=variables[start:end][used].tolist(),
            ),
        )


def _variables(
    model: pyo.ConcreteModel, families: pd.Series, positions: npt.NDArray[np.int64]
) -> npt.NDArray[np.object_]:
    """Variable behind every term; ``None`` behind constants."""
    variables = np.full(len(families), None, dtype=object)
    for family in families.unique():
        if family != CONSTANT:
            rows = families.eq(family).to_numpy()
            component = model.component(family)
            known = np.empty(len(component), dtype=object)
            known[:] = list(component.values())
            variables[rows] = known[positions[rows]]
    return variables
