"""Decisions that come before the margins, by a restricted MIP around the relaxation.

Nearly all of it is integral in the relaxation already, and most margins are zero there. What
remains when both are taken as settled is a search over the few decisions left open, each within
the integers around its value in the relaxation, on a linear program of a third of the size. Boxes
of that kind are relaxation enforced neighbourhood search (RENS: Berthold, Journal of Heuristics
20, 2014); zeros that are taken as settled are the idea of kernel search (Angelelli, Mansini and
Speranza, Computers & Operations Research 37, 2010). Rounding the open ones at thresholds instead
was infeasible at every threshold on the Japan case, because agreements that are opened force
cohorts that share budgets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from optimizer.frames.arrays import Floats, Integers
from optimizer.solver.early import FIRST_GAP, early
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.loading import Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.watch import Watch
from optimizer.solver.wholeness import WHOLE, Roles, Wholeness

NODE_LIMIT = 200
"""Nodes of a restricted search: a limit in nodes, not seconds, keeps runs repeatable."""
SHARE, _LEAST_GAP = 0.3, 1e-4
"""Part of the gap asked for that the decisions may use up, and the smallest worth asking for."""
BY_INTERIOR_POINT = 200_000
"""Nonzeros from which the first linear program of a restricted MIP is solved by interior point."""


def inner_gap(gap: float) -> float:
    """Relative gap of searches that are a part of one for ``gap``."""
    return max(SHARE * gap, _LEAST_GAP)


@dataclass(frozen=True)
class Restricted:
    """Decides what is decided before the margins, with margins still continuous.

    Attributes
    ----------
    roles
        Which columns are decided, and of which zeros are taken as settled.
    whole
        When a number counts as whole.
    gap
        Relative gap asked for the whole plan.
    """

    matrix: Matrix
    roles: Roles
    whole: Wholeness
    options: Options
    gap: float

    @property
    def staged(self) -> Integers:
        """Columns that are decided first."""
        return self.roles.staged

    def decide(
        self, root: EngineRun, watch: Watch, first: Callable[[Floats], None] | None = None
    ) -> Floats | None:
        """Whole decisions around the relaxation's; wider wherever that leaves no plan.

        Parameters
        ----------
        first
            Is given decisions that are as good as a gap of a hundredth asks for, where better
            ones are searched for afterwards, or the best so far where time is short.
        """
        assert root.x is not None
        if self.whole.holds(root.x, self.staged):
            return root.x
        for box, settled in ((True, True), (True, False), (False, False)):
            run = self._search(root, watch, first, box=box, settled=settled)
            if run.x is not None or watch.should_stop():
                return run.x
        return None

    def _search(
        self,
        root: EngineRun,
        watch: Watch,
        first: Callable[[Floats], None] | None,
        *,
        box: bool,
        settled: bool,
    ) -> EngineRun:
        assert root.x is not None
        lower, upper = self.matrix.lower.copy(), self.matrix.upper.copy()
        if settled:
            zeros = self._zeros(root.x)
            upper[zeros] = np.maximum(lower[zeros], 0.0)
        if box:
            lower[self.staged], upper[self.staged] = self.whole.box(root.x, self.staged)
        integral = np.zeros(len(self.matrix.integral), dtype=bool)
        integral[self.staged] = True
        options = {**self.options, "mip_rel_gap": inner_gap(self.gap), "mip_max_nodes": NODE_LIMIT}
        if self.matrix.a.nnz > BY_INTERIOR_POINT:
            options["mip_lp_solver"] = "ipx"
        matrix = replace(self.matrix, lower=lower, upper=upper, integral=integral)
        sooner = None if first is None else early(SHARE * FIRST_GAP, first, watch)
        return Engine(matrix, relaxed=False, options=options).run(watch, early=sooner)

    def _zeros(self, x: Floats) -> Integers:
        margins = self.roles.margins
        zeros: Integers = margins[x[margins] <= self.matrix.lower[margins] + WHOLE]
        return zeros
