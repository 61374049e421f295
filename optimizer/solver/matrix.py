"""The compiled model: one sparse matrix, with names for every row and column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
import scipy.sparse
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from optimizer.collecting import all_kept

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Matrix:
    """Maximise ``cost @ x + offset`` with ``row_lower <= A x <= row_upper`` and bounds on x.

    Attributes
    ----------
    columns
        Component name and index of every column, e.g. ``("cohort", ("JPN", ...))``.
    rows
        Rule name and index of every row.
    integral
        Which columns must be whole numbers.
    """

    a: scipy.sparse.csc_array
    cost: Floats
    offset: float
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integral: npt.NDArray[np.bool_]
    columns: list[tuple[str, object]]
    rows: list[tuple[str, object]]
    _positions: dict[tuple[str, object], int] = field(repr=False)

    def column(self, component: str, index: object) -> int | None:
        """Column of a decision; ``None`` if no rule speaks of it."""
        return self._positions.get((component, index))

    def family(self, component: str) -> Ints:
        """Columns of a component, in column order."""
        return np.array(
            [number for number, (name, _) in enumerate(self.columns) if name == component],
            dtype=np.int64,
        )

    def numbers(self) -> Floats:
        """Number of every row: its upper side where finite, its lower side otherwise."""
        upper = self.row_upper
        return np.where(np.isfinite(upper), upper, self.row_lower)

    def violation(self, x: Floats) -> float:
        """Largest violation of any row or bound, absolute."""
        activity = self.a @ x
        worst = 0.0
        for low, value, high in (
            (self.row_lower, activity, self.row_upper),
            (self.lower, x, self.upper),
        ):
            if len(value):
                worst = max(worst, float(np.max(low - value)), float(np.max(value - high)))
        return worst


def compile_model(model: pyo.ConcreteModel) -> Matrix:
    """Compile a Pyomo model into one matrix, once.

    Rows keep their side: a two-sided Pyomo constraint becomes two rows of the same rule.
    """
    with all_kept():
        form = LinearStandardFormCompiler().write(model, mixed_form=True, set_sense=None)
    rhs = np.asarray(form.rhs, dtype=float)
    sides = np.array([row.bound_type for row in form.rows], dtype=int)
    lower = np.array([-np.inf if v.lb is None else v.lb for v in form.columns], dtype=float)
    upper = np.array([np.inf if v.ub is None else v.ub for v in form.columns], dtype=float)
    columns = _named(form.columns)
    return Matrix(
        a=scipy.sparse.csc_array(form.A),
        cost=np.asarray(form.c.toarray(), dtype=float).reshape(-1),
        offset=float(form.c_offset[0]),
        row_lower=np.where(sides <= 0, rhs, -np.inf),
        row_upper=np.where(sides >= 0, rhs, np.inf),
        lower=lower,
        upper=upper,
        integral=np.array([v.is_integer() or v.is_binary() for v in form.columns], dtype=bool),
        columns=columns,
        rows=_named([row.constraint for row in form.rows]),
        _positions={key: number for number, key in enumerate(columns)},
    )


def _named(parts: Sequence[Any]) -> list[tuple[str, object]]:
    """Component name and index of each; a component's name is asked for once."""
    names: dict[int, str] = {}
    named: list[tuple[str, object]] = []
    for part in parts:
        component = part.parent_component()
        name = names.get(id(component))
        if name is None:
            name = names[id(component)] = component.name
        named.append((name, part.index()))
    return named
