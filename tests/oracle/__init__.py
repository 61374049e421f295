"""Brute force for tiny cases, written from the specification and nothing else.

It shares no code with the package it contradicts: its own reader, its own matrix, its own
search. See `solve_by_enumeration` and `lp_ideal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .enumerate import TooManyError, assignments, best_by_enumeration, is_separable
from .matrix import Name
from .model import Program, build
from .reader import Problem, UnclearError
from .relaxation import Relaxation, best_by_branching

__all__ = [
    "OracleResult",
    "Problem",
    "Program",
    "TooManyError",
    "UnclearError",
    "assignments",
    "build",
    "lp_ideal",
    "solve_by_enumeration",
]

MOST_ASSIGNMENTS = 20_000
MOST_NODES = 20_000
INTEGER_KINDS = ("cohort", "placements", "agreement", "active_track", "expansion", "slots")


@dataclass(frozen=True)
class OracleResult:
    """The answer for one case and policy; tables hold the columns by their keys, zeros too."""

    status: Literal["optimal", "infeasible"]
    objective: float | None = None
    cohort: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)
    placements: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)
    agreement: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)
    active_track: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)
    expansion: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)
    slots: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)
    goals: Mapping[str, float] = field(default_factory=dict)
    columns: Mapping[Name, float] = field(default_factory=dict)
    searched: int = 0


def solve_by_enumeration(
    case_folder: Path,
    policy_path: Path,
    *,
    method: Literal["auto", "enumerate", "branch"] = "auto",
    scales: Mapping[str, float] | None = None,
    most_assignments: int = MOST_ASSIGNMENTS,
) -> OracleResult:
    """Solve a tiny case exactly.

    Parameters
    ----------
    case_folder, policy_path
        A case folder and a policy file, both well formed.
    method
        ``enumerate`` lists every integer assignment and solves the continuous rest of each;
        ``branch`` splits linear relaxations until all integers are fixed; ``auto`` enumerates
        where the rest follows directly from the integers and branches elsewhere.
    scales
        Scales of goals with ``scale = "ideal"``; by default their `lp_ideal`, not rounded.
    most_assignments
        How many integer assignments may be listed.

    Raises
    ------
    UnclearError
        When the case says something the specification leaves open.
    TooManyError
        When there are more integer assignments to list.
    """
    program = build(Problem.read(case_folder, policy_path))
    program.aim_at_points(
        {name: _scale(program, name, dict(scales or {})) for name in program.values.goals}
    )
    matrix = program.matrix
    if method == "enumerate" or (method == "auto" and is_separable(matrix)):
        point, searched = best_by_enumeration(matrix, most_assignments)
    else:
        point, searched = best_by_branching(matrix, MOST_NODES)
    if point is None:
        return OracleResult("infeasible", searched=searched)
    columns = {column.name: float(x) for column, x in zip(matrix.columns, point, strict=True)}
    tables = {
        kind: {name[1:]: round(x) for name, x in columns.items() if name[0] == kind}
        for kind in INTEGER_KINDS
    }
    return OracleResult(
        "optimal",
        objective=matrix.objective.value(point),
        goals={name: program.values.earned(name).value(point) for name in program.values.goals},
        columns=columns,
        searched=searched,
        **tables,
    )


def lp_ideal(case_folder: Path, policy_path: Path, goal: str) -> float:
    """The most of one goal's value (as it enters the points) the linear relaxation allows.

    Hard rules only: soft limits have no force and changes have no penalty.

    Raises
    ------
    ValueError
        When even the linear relaxation has no solution.
    """
    return _ideal(Problem.read(case_folder, policy_path), goal)


def _ideal(problem: Problem, goal: str) -> float:
    program = build(problem, with_soft=False)
    program.aim_at_goal(goal)
    point = Relaxation(program.matrix).solve(program.matrix.bounds())
    if point is None:
        raise ValueError("the hard rules contradict each other")
    return program.matrix.objective.value(point)


def _scale(program: Program, goal: str, given: dict[str, float]) -> float:
    scale = program.values.goals[goal].get("scale", "ideal")
    if scale == "none":
        return 1.0
    if scale != "ideal":
        return float(scale)
    return given[goal] if goal in given else _ideal(program.problem, goal)
