"""The whole program of one case and one policy."""

from __future__ import annotations

from dataclasses import dataclass

from .flows import Flows
from .limits import Limits
from .matrix import Expr, Matrix
from .money import Money
from .reader import Problem
from .rules import add_commitments, add_stability, add_support_floors
from .values import Values


@dataclass
class Program:
    """The matrix, and what is needed to set and to read an objective."""

    problem: Problem
    matrix: Matrix
    flows: Flows
    money: Money
    values: Values
    limits: Limits
    promised: list[Expr]
    penalty: Expr

    def aim_at_points(self, scales: dict[str, float]) -> None:
        """Maximise the points of the policy."""
        self.matrix.objective = self.values.points(scales).add(self.penalty, -1.0)

    def aim_at_goal(self, goal: str) -> None:
        """Maximise the value of one goal."""
        self.matrix.objective = self.values.earned(goal)


def build(problem: Problem, *, with_soft: bool = True) -> Program:
    """Write down every rule; without soft rules the hard ones alone, and no penalties."""
    matrix = Matrix()
    flows = Flows(problem, matrix)
    money = Money(problem, matrix, flows)
    values = Values(problem, matrix, flows)
    limits = Limits(flows, money, values, with_soft=with_soft)
    promised = add_commitments(problem, matrix, flows)
    add_support_floors(problem, matrix, flows, money)
    penalty = add_stability(problem, matrix, flows, penalised=with_soft)
    return Program(
        problem, matrix, flows, money, values, limits, promised, penalty=penalty.add(limits.penalty)
    )
