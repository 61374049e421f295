"""A Pyomo model as one sparse matrix: its objective and its rows, read term by term.

Almost all terms of our rules stand in linear expressions, as numbers and variables. They are taken
over as they are, several times as fast as a walk over every node; what else somebody may write is
given to Pyomo's own analysis.
"""

from __future__ import annotations

from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
import scipy.sparse
from pyomo.common.numeric_types import native_numeric_types
from pyomo.core.expr import (
    EqualityExpression,
    LinearExpression,
    MonomialTermExpression,
    NegationExpression,
    RangedExpression,
    SumExpression,
)
from pyomo.repn import generate_standard_repn

from optimizer.formulation.collecting import all_kept
from optimizer.formulation.linear_sum import LinearSum, TermTable
from optimizer.frames.arrays import Floats, Integers
from optimizer.io.pauses import pause
from optimizer.solver.matrix import Matrix


def compile_model(model: pyo.ConcreteModel) -> Matrix:
    """Compile a linear Pyomo model with one objective into one matrix, once.

    Columns stand together by component, components in the order in which the objective and then
    the rows name them. Fixed variables are numbers; variables without any term other than 0 have
    no column.
    Rows stand in the order of the model. A constraint with two different sides becomes two rows of
    the same rule, the upper side first; one that holds without any terms becomes none.

    Raises
    ------
    ValueError
        If the objective or a constraint is not linear, or names a variable that is fixed without a
        value.
    """
    with all_kept():
        terms = _Terms()
        (objective,) = model.component_data_objects(pyo.Objective, active=True)
        constant = terms.add_row(objective.expr, 0, objective)
        keys: list[tuple[str, object]] = []
        sides: list[tuple[float, float]] = []
        for component in model.component_objects(pyo.Constraint, active=True):
            pause()
            name = component.name
            for index, row in component.items():
                if row.active:
                    sides.append(_read(row, terms))
                    keys.append((name, index))
        a, variables, names = terms.table()
        fixed = np.array([variable.fixed for variable in variables], dtype=bool)
        values = [variable.value if variable.fixed else 0.0 for variable in variables]
        named = np.bincount(a.indices, minlength=len(variables)) > 0
        _require_values([variables[number] for number in np.flatnonzero(named & fixed).tolist()])
        used = named & ~fixed
        kept = np.flatnonzero(used).tolist()
        lower, upper, integral = _domains([variables[number] for number in kept])
    columns = [names[number] for number in kept]
    moved = a @ np.array(values, dtype=float)
    a = a[:, used]
    below, above = np.array(sides, dtype=float).reshape(-1, 2).T - moved[1:]
    number, from_above, from_below = _one_sided(below, above, np.diff(a.indptr)[1:] == 0)
    return Matrix(
        a=scipy.sparse.csc_array(a[1 + number]),
        cost=a[:1].toarray().reshape(-1),
        offset=float(constant + moved[0]),
        row_lower=np.where(from_below, below[number], -np.inf),
        row_upper=np.where(from_above, above[number], np.inf),
        lower=lower,
        upper=upper,
        integral=integral,
        columns=columns,
        rows=[keys[row] for row in number.tolist()],
        _positions={key: number for number, key in enumerate(columns)},
    )


def _require_values(fixed: list[Any]) -> None:
    for variable in fixed:
        if variable.value is None:
            raise ValueError(f"{variable.name} is fixed without a value")


def _read(row: Any, terms: _Terms) -> tuple[float, float]:
    """Add the terms of a constraint; give its sides."""
    expression = row.expr
    if expression.__class__ is RangedExpression:
        low, body, high = row.to_bounded_expression(evaluate_bounds=True)
        constant = terms.add_row(body, 0, row)
        return (
            -np.inf if low is None else low - constant,
            np.inf if high is None else high - constant,
        )
    left, right = expression.args
    from_below = _is_number(left) and not _is_number(right)
    body, number = (right, left) if from_below else (left, right)
    side = 0.0 - terms.add_row(body, number, row)
    if expression.__class__ is EqualityExpression:
        return side, side
    return (side, np.inf) if from_below else (-np.inf, side)


def _is_number(expression: Any) -> bool:
    return expression.__class__ in native_numeric_types or not expression.is_potentially_variable()


class _Terms:
    """Terms of rows, as they are read: single ones, and whole sums whose terms are arrays."""

    def __init__(self) -> None:
        self.height = 0
        self.rows: list[int] = []
        self.coefficients: list[Any] = []
        self.variables: list[Any] = []
        self.sums: dict[int, _Sums] = {}
        self._components: dict[int, Any] = {}
        self._seen = 0

    def add_row(self, expression: Any, less: Any, part: Any) -> float:
        """Add ``expression - less`` as the row of a part of the model; give its constant."""
        constant = self._add(expression, 1, part) + self._add(less, -1, part)
        self.rows += [self.height] * (len(self.variables) - len(self.rows))
        self.height += 1
        return constant

    def _add(self, expression: Any, factor: float, part: Any) -> float:  # noqa: PLR0911
        """Add the terms of an expression times a factor; give the constant."""
        if type(expression) is LinearSum:
            return self._add_sum(*expression.source, factor)
        kind = expression.__class__
        if kind is LinearExpression:
            self.variables += expression.linear_vars
            coefficients = expression.linear_coefs
            self.coefficients += coefficients if factor == 1 else [factor * c for c in coefficients]
            return factor * float(pyo.value(expression.constant))
        if _is_number(expression):
            return factor * float(pyo.value(expression))
        if expression.is_variable_type():
            self.variables.append(expression)
            self.coefficients.append(factor)
            return 0.0
        if kind is MonomialTermExpression:
            coefficient, variable = expression.args
            self.variables.append(variable)
            self.coefficients.append(factor * coefficient)
            return 0.0
        if kind is SumExpression:
            return sum(self._add(each, factor, part) for each in expression.args)
        if kind is NegationExpression:
            return self._add(expression.args[0], -factor, part)
        terms = generate_standard_repn(expression, quadratic=False)
        if not terms.is_linear():
            raise ValueError(f"{part.name} is not linear")
        self.variables += terms.linear_vars
        self.coefficients += [factor * coefficient for coefficient in terms.linear_coefs]
        return factor * float(terms.constant)

    def _add_sum(self, table: TermTable, number: int, factor: float) -> float:
        sums = self.sums.get(id(table))
        if sums is None:
            sums = self.sums[id(table)] = _Sums(table)
        if sums.unseen:
            self._see_single_terms()
            for component in sums.components_of(number):
                self._components.setdefault(id(component), component)
            sums.unseen -= self._components.keys()
        sums.rows.append(self.height)
        sums.factors.append(factor)
        sums.numbers.append(number)
        return factor * table.constants[number]

    def _see_single_terms(self) -> None:
        """Keep the order in which components are first read."""
        for variable in self.variables[self._seen :]:
            component = variable.parent_component()
            self._components.setdefault(id(component), component)
        self._seen = len(self.variables)

    def table(self) -> tuple[scipy.sparse.csr_array, list[Any], list[tuple[str, object]]]:
        """Sums of coefficients by row and variable; the variables, and their keys.

        Variables stand by component and index, components as they were first read.
        """
        self._see_single_terms()
        variables: list[Any] = []
        keys: list[tuple[str, object]] = []
        starts: dict[int, int] = {}
        for known, component in self._components.items():
            starts[known] = len(variables)
            variables += component.values()
            # Asking the component for its name is faster than asking every variable.
            keys += zip(repeat(component.name), component)
        places = dict(zip(map(id, variables), range(len(variables)), strict=True))
        singles = [places[id(variable)] for variable in self.variables]
        parts = [(np.array(self.rows, np.int64), np.array(singles, np.int64), self._numbers())]
        parts += [sums.terms(starts) for sums in self.sums.values()]
        row, column, coefficient = map(np.concatenate, zip(*parts, strict=True))
        table = scipy.sparse.coo_array(
            (coefficient, (row, column)), shape=(self.height, len(variables))
        ).tocsr()
        table.eliminate_zeros()
        return table, variables, keys

    def _numbers(self) -> Floats:
        """Coefficients; parameters, and what is computed from them, with their values of now."""
        try:
            return np.array(self.coefficients, dtype=float)
        except (TypeError, ValueError):
            known = native_numeric_types
            numbers = [n if n.__class__ in known else pyo.value(n) for n in self.coefficients]
            return np.array(numbers, dtype=float)


class _Sums:
    """Sums of one table, the rows they are part of, and what they are multiplied with there."""

    def __init__(self, table: TermTable) -> None:
        self.table = table
        self.rows: list[int] = []
        self.factors: list[float] = []
        self.numbers: list[int] = []
        self.unseen = set(map(id, table.components))

    def components_of(self, number: int) -> list[Any]:
        """Components of a sum, as its terms name them."""
        part = slice(self.table.cuts[number], self.table.cuts[number + 1])
        families = dict.fromkeys(self.table.component[part].tolist())
        return [self.table.components[family] for family in families]

    def terms(self, starts: dict[int, int]) -> tuple[Integers, Integers, Floats]:
        """Row, column and coefficient of every term, given the first column of each component."""
        table, cuts, number = self.table, np.array(self.table.cuts), np.array(self.numbers)
        length = cuts[number + 1] - cuts[number]
        first = np.cumsum(length) - length
        at = np.arange(length.sum()) + np.repeat(cuts[number] - first, length)
        start = np.array([starts.get(id(component), 0) for component in table.components], np.int64)
        column = start[table.component[at]] + table.position[at]
        factor = np.repeat(np.array(self.factors, dtype=float), length)
        return np.repeat(self.rows, length), column, factor * table.coefficient[at]


def _domains(variables: list[Any]) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Lower and upper bounds, and which columns are integer."""
    bounds = [variable.bounds for variable in variables]
    whole = [variable.is_integer() or variable.is_binary() for variable in variables]
    sides = np.array(bounds, dtype=float).reshape(-1, 2)
    lower, upper = np.where(np.isnan(sides), [-np.inf, np.inf], sides).T
    return lower, upper, np.array(whole, dtype=bool)


def _one_sided(below: Floats, above: Floats, empty: npt.NDArray[np.bool_]) -> tuple[Integers, ...]:
    """Rows again, those with two different sides twice; which of them limit from above, below."""
    is_equal = below == above
    kept = ~empty | (below > 0.0) | (above < 0.0)
    first = kept & np.isfinite(above)
    second = kept & np.isfinite(below) & ~is_equal
    place = np.flatnonzero(np.column_stack([first, second]))
    number, is_second = place // 2, place % 2 == 1
    return number, ~is_second, is_second | is_equal[number]
