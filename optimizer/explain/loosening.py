"""The least change of numbers after which there is a plan: by mixed-integer programming."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse

from optimizer.explain.levers import Lever
from optimizer.persistent import LoadedModel
from optimizer.persistent.conflict import QUESTION_NODES, can_be_asked_whole
from optimizer.solver import Watch
from optimizer.solver.elastic import with_columns
from optimizer.solver.engine import Engine
from optimizer.solver.feasibility import Feasibility, left_out

MOST_DOUBTED = 3
"""Numbers that are changed up to which units are fitted to all other numbers alone. On the Japan
case with a budget of 3 in place of 3,200 million HiGHS found no way to raise it otherwise."""
_CHANGED = 1e-7
"""Part of a number, or of 1 if it is smaller, by which it must change to count as changed."""


@dataclass(frozen=True)
class LeastChanges:
    """Changes of numbers after which there is a plan.

    Attributes
    ----------
    by
        By how much each number is loosened, by address; ``None`` where no plan was found.
    is_proven
        Whether it is proven that nothing of less price leaves a plan, or that nothing does.
    """

    by: dict[str, float] | None
    is_proven: bool


def least_changes(
    loaded: LoadedModel,
    levers: Sequence[Lever],
    watch: Watch,
    free: Collection[int] = (),
    asked: Feasibility | None = None,
) -> LeastChanges:
    """Change numbers at least price, so that there is a plan in whole people.

    In a large model people have parts here: whether there is a plan, solving it then shows.

    minimise sum over levers of price * change

    Parameters
    ----------
    levers
        Numbers that may be changed, whose rows give way in proportion.
    free
        Rows that limit nothing.
    asked
        The relaxation with some rows left out, as it was asked last. Only changes cost here, so
        that the dual simplex can go on from it.
    """
    if not levers:
        return LeastChanges(None, is_proven=True)
    matrix = left_out(loaded.matrix, free)
    entries = [
        (row, column, by * (-1.0 if np.isfinite(matrix.row_upper[row]) else 1.0))
        for column, lever in enumerate(levers)
        for row, by in lever.rows.items()
    ]
    rows, columns, values = (list(part) for part in zip(*entries, strict=True))
    shape = len(matrix.row_lower), len(levers)
    slack = scipy.sparse.csc_array((values, (rows, columns)), shape=shape)
    prices = np.array([lever.price_of_unit for lever in levers])
    names: list[tuple[str, object]] = [("changed", lever.address) for lever in levers]
    elastic = with_columns(matrix, slack, -prices, names)
    width = len(matrix.cost)
    upper = elastic.upper.copy()
    upper[width:] = [lever.most for lever in levers]
    elastic = replace(elastic, upper=upper)
    is_whole = bool(matrix.integral.any()) and can_be_asked_whole(matrix)
    exactly = {"mip_rel_gap": 0.0, "mip_max_nodes": 10 * QUESTION_NODES}
    # A number that is a slip would give its row units in which what it should be is beyond reach.
    is_fitted = is_whole or len(levers) > MOST_DOUBTED
    engine = Engine(
        elastic if is_fitted else left_out(elastic, rows),
        relaxed=not is_whole,
        options={**loaded.whole_options, **exactly} if is_whole else loaded.options,
    )
    if not is_fitted:
        engine.set_sides(np.array(rows, dtype=np.int64), elastic)
    if not is_whole and asked is not None and asked.hand_on(engine):
        run = engine.go_on_or_begin_anew(watch)
    else:
        run = engine.run(watch, afresh=not is_whole)
    is_proven = run.status != "stopped"
    if run.x is None:
        return LeastChanges(None, is_proven)
    changed = dict(zip((lever.address for lever in levers), run.x[width:].tolist(), strict=True))
    least = {each.address: _CHANGED * max(1.0, abs(each.value)) for each in levers}
    by = {address: by for address, by in changed.items() if by > least[address]}
    return LeastChanges(by, is_proven)


class PlanAsking:
    """Asks again and again whether there is a plan, in models that stay loaded.

    They are loaded anew only where more has changed than sides of rows.

    Parameters
    ----------
    relaxed
        The relaxation, where it was asked before.

    Attributes
    ----------
    relaxed
        The same as it was asked last.
    loads
        How often it was loaded.
    """

    def __init__(self, relaxed: Feasibility | None = None) -> None:
        self.relaxed = relaxed
        self._whole: Feasibility | None = None
        self.loads = 0

    def has_plan(
        self, loaded: LoadedModel, watch: Watch, free: Collection[int] = ()
    ) -> bool | None:
        """Whether there is a plan in whole people; ``None`` where that stays open.

        In a large model people have parts.

        Parameters
        ----------
        free
            Rows that limit nothing.
        """
        matrix = loaded.matrix
        if self.relaxed is None or not self.relaxed.take_sides(matrix):
            none = np.zeros_like(matrix.integral)
            self.relaxed = Feasibility(matrix, none, loaded.options)
            self.loads += 1
        answer = self.relaxed.without(free, watch)
        if answer is not True or not matrix.integral.any() or not can_be_asked_whole(matrix):
            return answer
        if self._whole is None or not self._whole.take_sides(matrix):
            self._whole = Feasibility(matrix, matrix.integral, loaded.whole_options, QUESTION_NODES)
        return self._whole.without(free, watch)
