"""Make rules bind: put right-hand sides between what two plans of the loose case take.

The first plan is the best one, the second any other; a number between the two cuts off the
first and keeps the second, so the case stays feasible. Where an infeasible case is wanted,
the numbers cut off both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .drawing import Cells, Draw, Drawn
from .matrix import Expr
from .model import Program
from .relaxation import best_by_branching

Point = NDArray[np.float64]
Plans = tuple[Point, Point]


def another_plan(draw: Draw, program: Program, most_nodes: int) -> Point | None:
    """A feasible plan with other aims that moves no money between lines or years.

    It likes at random, and rather what is worth least to the policy.
    """
    matrix = program.matrix
    aims, worth = Expr(), matrix.objective_vector()
    uppers = [column.upper for column in matrix.columns]
    for j, column in enumerate(matrix.columns):
        if column.name[0] in {"transfer", "carry_over"}:
            column.upper = 0.0
        elif column.is_integer or column.name[0] == "transitions":
            likes = [-1, 0, 1, 2] if column.name[0] == "cohort" else [-0.5, 0]
            aims.add_column(j, draw.pick(likes) - 0.8 * float(np.sign(worth[j])))
    objective, matrix.objective = matrix.objective, aims
    try:
        point, _ = best_by_branching(matrix, most_nodes)
    finally:
        matrix.objective = objective
        for column, upper in zip(matrix.columns, uppers, strict=True):
            column.upper = upper
    return point


def tighten(draw: Draw, drawn: Drawn, program: Program, plans: Plans) -> None:
    """Tighten some budgets, capacities, caps, sites, promises and limits, each by a coin."""
    problem = program.problem
    # Who may give, or keep for later, has something left; then moving money can pay.
    givers = {entry["from"] for entry in drawn.policy.get("budget", {}).get("transfers", [])}
    for row in drawn.tables["budgets"]:
        early = row["year"] == problem.horizon[0] and "carry_over" in drawn.policy.get("budget", {})
        if (row["line"] in givers or early) and draw.chance(0.7):
            continue
        years = [y for y in problem.window if problem.row_year(y) == str(row["year"])]
        spent = [program.money.spending(row["line"], year) for year in years]
        _lower(draw, row, "amount_jpy", spent, plans)
    used: dict[tuple[str, str, str], list[Expr]] = {}
    for (region, service, year), units in program.money.used.items():
        used.setdefault((region, service, problem.row_year(year)), []).append(units)
    for row in drawn.tables.get("services", []):
        if row["year"] == problem.horizon[0] and row["expansion_limit"] and draw.chance(0.7):
            continue  # What is built in the first year is usable from the second on.
        units_of_row = used.get((row["region"], row["service"], str(row["year"])), [])
        _lower(draw, row, "capacity", units_of_row, plans)
    for row in drawn.tables.get("national_caps", []):
        capped = [
            people
            for (track, year), people in program.money.capped.items()
            if track == row["track"]
            and (held := problem.cap(track, year)) is not None
            and held["year"] == str(row["year"])
        ]
        _lower(draw, row, "max", capped, plans, step=1.0)
    for row, promised in zip(drawn.tables.get("commitments", []), program.promised, strict=True):
        if row["at_most"] != "":
            _lower(draw, row, "at_most", [promised], plans, step=1.0)
        if row["at_least"] != "":
            _raise(draw, row, "at_least", [promised], plans)
    for limit in drawn.policy["limits"]:
        for side in sorted({"at_least", "at_most"} & set(limit)):
            measured = program.limits.measured.get((limit["name"], side), [])
            if measured and not isinstance(limit[side], dict):
                move = _lower if side == "at_most" else _raise
                move(draw, limit, side, measured, plans)


def _lower(
    draw: Draw, row: Cells, column: str, taken: Iterable[Expr], plans: Plans, *, step: float = 0.5
) -> None:
    """Put a highest number below the first plan, not below the second."""
    first, second = (max((t.value(plan) for t in taken), default=0.0) for plan in plans)
    if draw.has("may_be_infeasible"):
        first, second = second, second * draw.pick([0.3, 0.6])
    number = _between(draw, first, second, step)
    if number < min(first - 1e-6, float(row[column])):
        row[column] = _short(number)


def _raise(draw: Draw, row: Cells, column: str, taken: Iterable[Expr], plans: Plans) -> None:
    """Put a least number above the first plan, not above the second."""
    first, second = (min((t.value(plan) for t in taken), default=0.0) for plan in plans)
    if draw.has("may_be_infeasible"):
        first, second = second, second + draw.pick([1.0, 2.0])
    number = -_between(draw, -first, -second, 1.0)
    if number > first + 1e-6:
        row[column] = _short(number)


def _between(draw: Draw, first: float, second: float, step: float) -> float:
    """A multiple of `step` at or above `second`, on the way to `first`."""
    number = second + (first - second) * draw.pick([0.0, 0.25, 0.5, 0.75])
    return math.ceil(number / step - 1e-6) * step


def _short(number: float) -> Any:
    return int(number) if float(number).is_integer() else number
