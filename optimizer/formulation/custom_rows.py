"""Requirements of a row of a custom rule."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from pyomo.core.expr import identify_variables
from pyomo.repn import generate_standard_repn

from optimizer.errors import Problems, shorten
from optimizer.instance import Instance
from optimizer.schema.rules import accounts

EXTEND = "extend"
"""Stands for the name of the file in problems with custom rules."""

OVERSTATED, UNDERSTATED = frozenset(accounts("above")), frozenset(accounts("below"))
"""Accounts that the model holds on one side alone: a plan could over- or understate them."""


def check_rows(constraint: Any, instance: Instance, problems: Problems) -> None:
    """Refuse rows that are not linear, limit nothing, or would hold on paper only."""
    for row in constraint.values():
        if not row.active:
            continue
        fixed = (variable for variable in identify_variables(row.expr) if variable.fixed)
        empty = next((variable.name for variable in fixed if variable.value is None), None)
        if empty is not None:
            message = f"contains {empty}, which is fixed without a value"
            problems.add(EXTEND, message, column=row.name, expected="a value to be fixed at")
            continue
        terms = generate_standard_repn(row.body, quadratic=False)
        if terms.is_constant():
            message, expected = "contains no decision", "pyo.Constraint.Skip for such a row"
        elif not terms.is_linear():
            message, expected = "is not linear", "sums of decisions times numbers"
        elif not all(map(math.isfinite, [*terms.linear_coefs, terms.constant])):
            message, expected = "holds a number that is not finite", "finite numbers"
        elif row.lb is None and row.ub is None:
            message, expected = "limits nothing", "a number on at least one side"
        elif (account := _pressed(row, terms, instance)) is not None:
            message = f"bounds {account} on the side on which the model leaves it free"
            expected = "decisions, or a limit of the policy"
        else:
            continue
        problems.add(EXTEND, message, column=row.name, expected=expected)


def check_domains(variables: Iterable[Any], problems: Problems) -> None:
    """Refuse domains that the solver has no word for: it knows numbers and integers."""
    for variable in (each for part in variables for each in part.values()):
        low, high, step = variable.domain.get_interval()
        is_whole = step == 1 and all(side is None or side == round(side) for side in (low, high))
        if step != 0 and not is_whole:
            problems.add(
                EXTEND,
                f"has domain {shorten(str(variable.domain))}, which a solver cannot keep",
                column=variable.name,
                expected="pyo.Reals, pyo.Integers, pyo.Binary or a part of them without gaps; "
                "gaps are made with binary variables",
            )


def _pressed(row: Any, terms: Any, instance: Instance) -> str | None:
    """Name of an account that a row would only seem to limit.

    Values with diminishing returns lie anywhere under their tangents, changes and shortfalls
    anywhere above what they count: a ceiling on the first or a floor under the others could be
    kept on paper only.
    """
    for variable, weight in zip(terms.linear_vars, terms.linear_coefs, strict=True):
        name, index = variable.parent_component().name, variable.index()
        curved = name in UNDERSTATED or (name == "value" and index in instance.diminishing)
        held = weight if curved else -weight if name in OVERSTATED else 0.0
        if (row.ub is not None and held > 0) or (row.lb is not None and held < 0):
            return str(variable.name)
    return None
