"""The LP-guided start: a good whole-number plan from the relaxation, before any tree search.

1. Relax; round the yes/no decisions at several thresholds; keep the best re-solved LP.
2. Restricted MIP: only the yes/no decisions on which the thresholds disagree stay open, the
   margins stay continuous.
3. Whole margins: every margin may only go to the whole number below or above its value.

Nothing here tightens the bound; the relaxation's optimum is the bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.solver.engine import Engine, Run
from optimizer.solver.matrix import Floats, Ints, Matrix
from optimizer.solver.watch import Watch

THRESHOLDS = (0.5, 0.9, 0.1)
DECIDED = 1e-6
NODE_LIMIT = 2_000
"""Nodes of a restricted MIP: a limit in nodes, not seconds, keeps runs repeatable."""


@dataclass(frozen=True)
class Start:
    """Best whole-number solution of the guided start and what the relaxation proves."""

    x: Floats | None
    relaxation: Run


def guided_start(
    matrix: Matrix, lp: Engine, watch: Watch, options: Mapping[str, object], gap: float
) -> Start:
    """Find a whole-number plan guided by the LP relaxation.

    Parameters
    ----------
    lp
        Engine with the relaxation and its final costs loaded; its bounds are restored.
    gap
        Relative gap asked for: the restricted MIPs stop well inside it.
    """
    watch.begin("relaxation")
    root = lp.run(watch)
    if root.x is None or root.status != "optimal":
        return Start(None, root)
    watch.learn(bound=root.objective)
    whole = np.flatnonzero(matrix.integral)
    if not len(whole) or _distance(root.x[whole]) <= DECIDED:
        return Start(root.x, root)
    inner = {**options, "mip_rel_gap": max(gap / 5, 0.0), "mip_max_nodes": NODE_LIMIT}
    yes_no = whole[(matrix.lower[whole] == 0) & (matrix.upper[whole] == 1)]
    guess = _yes_no(matrix, lp, watch, inner, yes_no, root.x)
    for x in (guess, root.x):
        found = None if x is None else _whole_margins(matrix, watch, inner, whole, yes_no, x)
        if found is not None or watch.should_stop():
            break
    lp.reset_bounds()
    return Start(found, root)


def _distance(values: Floats) -> float:
    return float(np.max(np.abs(values - np.round(values)))) if len(values) else 0.0


def _yes_no(
    matrix: Matrix,
    lp: Engine,
    watch: Watch,
    options: Mapping[str, object],
    yes_no: Ints,
    relaxed: Floats,
) -> Floats | None:
    """Decide the yes/no columns: thresholds first, then a MIP over those still open."""
    if not len(yes_no) or _distance(relaxed[yes_no]) <= DECIDED:
        return relaxed
    watch.begin("agreements")
    best: Run | None = None
    rounded = []
    for threshold in THRESHOLDS:
        choice = (relaxed[yes_no] >= threshold).astype(float)
        rounded.append(choice)
        lp.set_bounds(yes_no, choice, choice)
        run = lp.run(watch)
        if run.status == "optimal" and run.objective is not None and (
            best is None or best.objective is None or run.objective > best.objective
        ):
            best = run
    agree = np.all(np.array(rounded) == rounded[0], axis=0)
    sub = Engine(_margins_free(matrix, yes_no), relaxed=False, options=options)
    sub.set_bounds(yes_no[agree], rounded[0][agree], rounded[0][agree])
    if best is not None and best.x is not None:
        sub.set_start(best.x)
    run = sub.run(watch)
    return run.x if run.x is not None else best.x if best is not None else None


def _margins_free(matrix: Matrix, yes_no: Ints) -> Matrix:
    """The same matrix with whole numbers asked of the yes/no columns only."""
    integral = np.zeros(len(matrix.integral), dtype=bool)
    integral[yes_no] = True
    return Matrix(
        **{
            **{name: getattr(matrix, name) for name in Matrix.__dataclass_fields__},
            "integral": integral,
        }
    )


def _whole_margins(
    matrix: Matrix,
    watch: Watch,
    options: Mapping[str, object],
    whole: Ints,
    yes_no: Ints,
    x: Floats,
) -> Floats | None:
    """Round the margins inside ever wider boxes around ``x``, the yes/no columns fixed."""
    watch.begin("whole numbers")
    fixed = np.round(x[yes_no])
    for low, high in _boxes(matrix, whole, x):
        box = Engine(matrix, relaxed=False, options=options)
        box.set_bounds(whole, low, high)
        box.set_bounds(yes_no, fixed, fixed)
        run = box.run(watch)
        if run.x is not None:
            return run.x
        if watch.should_stop():
            return None
    return None


def _boxes(matrix: Matrix, whole: Ints, x: Floats) -> Iterator[tuple[Floats, Floats]]:
    near = np.round(x[whole])
    exact = np.abs(x[whole] - near) <= DECIDED
    low, high = matrix.lower[whole], matrix.upper[whole]
    below = np.where(exact, near, np.floor(x[whole]))
    above = np.where(exact, near, np.ceil(x[whole]))
    yield np.maximum(below, low), np.minimum(above, high)
    yield np.maximum(below - 1, low), np.minimum(above + 1, high)
    yield low, high
