"""Linear expressions, and the columns and rows of one tiny mixed-integer program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

INFINITY = float("inf")
Name = tuple[str | int, ...]


class Expr:
    """A constant plus coefficients on columns."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: float = 0.0) -> None:
        self.constant = constant
        self.terms: dict[int, float] = {}

    def add(self, other: Expr, factor: float = 1.0) -> Expr:
        """Add `factor` times another expression to this one, in place."""
        self.constant += factor * other.constant
        for column, coefficient in other.terms.items():
            self.terms[column] = self.terms.get(column, 0.0) + factor * coefficient
        return self

    def add_column(self, column: int, coefficient: float = 1.0) -> Expr:
        """Add a multiple of one column, in place."""
        self.terms[column] = self.terms.get(column, 0.0) + coefficient
        return self

    def scaled(self, factor: float) -> Expr:
        """A new expression, `factor` times this one."""
        return Expr().add(self, factor)

    def value(self, point: NDArray[np.float64]) -> float:
        """The number this expression takes at a point."""
        return self.constant + sum(c * float(point[j]) for j, c in self.terms.items())


def total(parts: Iterable[Expr]) -> Expr:
    """The sum of expressions."""
    result = Expr()
    for part in parts:
        result.add(part)
    return result


@dataclass
class Column:
    """One variable; `follows` names the expressions of which it is the least or the most."""

    name: Name
    lower: float
    upper: float
    is_integer: bool
    follows: tuple[Literal["min", "max"], tuple[Expr, ...]] | None = None


@dataclass
class RowRule:
    """lower <= expression <= upper, named by the rule it belongs to."""

    rule: str
    expression: Expr
    lower: float
    upper: float


@dataclass
class Matrix:
    """All columns and rows, and the objective to maximise."""

    columns: list[Column] = field(default_factory=list)
    rows: list[RowRule] = field(default_factory=list)
    objective: Expr = field(default_factory=Expr)

    def integer(self, *name: str | int, upper: float) -> int:
        """A new integer column from 0 to `upper`."""
        self.columns.append(Column(name, 0.0, upper, True))
        return len(self.columns) - 1

    def continuous(self, *name: str | int) -> int:
        """A new column that is at least 0."""
        self.columns.append(Column(name, 0.0, INFINITY, False))
        return len(self.columns) - 1

    def least_of(self, *name: str | int, parts: list[Expr]) -> Expr:
        """A new column that is at most each part: the least of them wherever more is better."""
        self.columns.append(Column(name, -INFINITY, INFINITY, False, ("min", tuple(parts))))
        column = Expr().add_column(len(self.columns) - 1)
        for part in parts:
            self.at_most(str(name[0]), Expr().add(column).add(part, -1.0), 0.0)
        return column

    def most_of(self, *name: str | int, parts: list[Expr]) -> Expr:
        """A new column that is at least 0 and each part: the most wherever less is better."""
        follows = ("max", (Expr(), *parts))
        self.columns.append(Column(name, 0.0, INFINITY, False, follows))  # type: ignore[arg-type]
        column = Expr().add_column(len(self.columns) - 1)
        for part in parts:
            self.at_least(str(name[0]), Expr().add(column).add(part, -1.0), 0.0)
        return column

    def at_most(self, rule: str, expression: Expr, right: float) -> None:
        """Add the row expression <= right."""
        self.rows.append(RowRule(rule, expression, -INFINITY, right))

    def at_least(self, rule: str, expression: Expr, right: float) -> None:
        """Add the row expression >= right."""
        self.rows.append(RowRule(rule, expression, right, INFINITY))

    def equal(self, rule: str, expression: Expr, right: float = 0.0) -> None:
        """Add the row expression == right."""
        self.rows.append(RowRule(rule, expression, right, right))

    def integers(self) -> list[int]:
        """The integer columns, in order."""
        return [j for j, column in enumerate(self.columns) if column.is_integer]

    def can_be(self, terms: Mapping[int, float], constant: float = 0.0) -> bool:
        """Whether a sum can be anything but nothing."""
        some = any(number and self.columns[column].upper for column, number in terms.items())
        return bool(some or constant)

    def bounds(self) -> NDArray[np.float64]:
        """Lower and upper bound per column, shape (columns, 2)."""
        return np.array([(c.lower, c.upper) for c in self.columns], dtype=float).reshape(-1, 2)

    def objective_vector(self) -> NDArray[np.float64]:
        """The objective's coefficients, without its constant."""
        vector = np.zeros(len(self.columns))
        for column, coefficient in self.objective.terms.items():
            vector[column] = coefficient
        return vector

    def dense_rows(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Coefficients, lower and upper right-hand sides (constants moved to the right)."""
        coefficients = np.zeros((len(self.rows), len(self.columns)))
        for i, row in enumerate(self.rows):
            for column, coefficient in row.expression.terms.items():
                coefficients[i, column] = coefficient
        constants = np.array([row.expression.constant for row in self.rows])
        lower = np.array([row.lower for row in self.rows]) - constants
        upper = np.array([row.upper for row in self.rows]) - constants
        return coefficients, lower, upper
