"""The search for a plan: a good one soon, then a proof of how good it is.

1. *Relaxation.* Its optimum is the first proven bound.
2. *Kernel.* Agreements and expansion are decided in the kernel of the relaxation, then margins are
   rounded (:mod:`optimizer.solver.kernel`, :mod:`optimizer.solver.whole`). Mostly that is enough.
3. *Decisions.* A tree search over agreements and expansion alone, margins continuous. Every plan is
   feasible there, so its bound is proven for the plan as well; whatever decisions it finds are
   rounded to plans on the way.
4. *Neighbourhood.* With the best decisions fixed, margins within a few people of the best plan.
5. *Whole.* A tree search over everything, starting from the best plan.

Each step is taken only while the gap is not reached. Steps 2 and 4 find plans and never touch the
bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path

import highspy
import numpy as np

from optimizer.solver.engine import Engine, Options, Run
from optimizer.solver.kernel import LEAST_GAP, SHARE, WHOLE, Kernel, distance
from optimizer.solver.matrix import Floats, Ints, Matrix
from optimizer.solver.rounding import Rounding
from optimizer.solver.watch import Watch
from optimizer.solver.whole import WholeMargins

NEAR, NODES = ((2.0, 0.0), (20.0, 0.0), (20.0, 20.0)), 50
"""People by which margins may differ from the best plan's, where it has some and where it has none;
nodes of each such search."""
PLANS = 5
"""Plans that are rounded from the same decisions, if the first ones are not close enough."""
ABSOLUTE_GAP = 1e-6


@dataclass
class Search:
    """One search; ``best`` is the best plan so far, exact in its whole numbers.

    Attributes
    ----------
    lp
        Engine with the relaxation loaded; its bounds are restored after every use.
    basis
        Of the relaxation's optimum.
    staged
        Columns that are decided before the margins.
    round_with
        Gives the columns of every block; asked for only when something must be rounded.
    gap
        Relative gap at which the search ends.
    log
        File for the log of the last tree search.
    partial
        Whether the matrix leaves out a part of the model: then only steps are taken that find
        plans and prove nothing.
    """

    matrix: Matrix
    lp: Engine
    basis: highspy.HighsBasis
    staged: Ints
    round_with: Callable[[], Rounding]
    options: Options
    watch: Watch
    gap: float
    log: Path | None = None
    partial: bool = False
    best: Floats | None = None
    nodes: int = 0
    infeasible: bool = False
    decided: float | None = None

    def run(self, root: Run, last: Floats | None) -> None:
        """Search from a relaxation, and from the last plan if there is one."""
        self.watch.target = self.gap
        if last is not None:
            self._keep(self.exact(last))
        if root.status != "optimal":
            return
        whole = (self._kernel, self._improve, self._everything)
        for step in (self._kernel, self._neighbourhoods) if self.partial else whole:
            if not self.is_over():
                step(root)

    def is_over(self) -> bool:
        """Whether nothing is left to search for, or no time."""
        return self.infeasible or self.watch.is_close() or self.watch.should_stop()

    def exact(self, x: Floats) -> Floats | None:
        """Round the whole numbers and solve for the rest, so that no tolerance is exploited."""
        whole = self._whole
        fixed = np.clip(np.round(x[whole]), self.matrix.lower[whole], self.matrix.upper[whole])
        self.lp.set_bounds(whole, fixed, fixed)
        self.lp.forget()
        # Even after a time limit the last step is done: it is one LP, most of it fixed.
        last = self.watch.for_last_steps()
        with self.lp.nearer():
            run = self.lp.run(last, afresh=True)
        self.watch.timed_out |= last.timed_out
        self.lp.reset_bounds()
        if run.x is None:
            return None
        x = np.clip(run.x, self.matrix.lower, self.matrix.upper)
        x[whole] = fixed
        return x

    def _keep(self, x: Floats | None) -> None:
        if x is not None and (
            self.best is None or self.matrix.points(x) > self.matrix.points(self.best)
        ):
            self.best = x
            self.watch.learn(objective=self.matrix.points(x))

    @cached_property
    def _whole(self) -> Ints:
        return np.flatnonzero(self.matrix.integral)

    @cached_property
    def _margins(self) -> WholeMargins:
        return WholeMargins(self.matrix, self.round_with(), self.staged, self.basis, self.options)

    def _rounded(self, x: Floats) -> None:
        """Keep the best plan with the decisions of ``x``, unless it cannot be the best of all."""
        if self.best is not None and self.matrix.points(x) <= self.matrix.points(self.best):
            return
        if distance(x[self._whole]) <= WHOLE:
            self._keep(self.exact(x))
            return
        for plan in islice(self._margins.plans(x, self.watch), PLANS):
            self._keep(self.exact(plan))
            if self.watch.is_close() or self.watch.should_stop():
                return

    @property
    def _inner(self) -> float:
        """Relative gap of searches that are a part of this one."""
        return max(SHARE * self.gap, LEAST_GAP)

    def _kernel(self, root: Run) -> None:
        self.watch.begin("agreements")
        kernel = Kernel(self.matrix, self.staged, self.options, self.gap)
        decided = kernel.decide(root, self.watch)
        if decided is not None:
            self.decided = self.matrix.points(decided)
            self.watch.begin("whole numbers")
            self._rounded(decided)

    def _decisions(self, root: Run) -> None:
        assert root.x is not None
        if distance(root.x[self.staged]) <= WHOLE:
            return
        self.watch.begin("decisions")
        integral = np.zeros(len(self.matrix.integral), dtype=bool)
        integral[self.staged] = True
        tree = self._tree(replace(self.matrix, integral=integral), self._inner)
        run = tree.run(self.watch, bounds=True, found=self._rounded)
        self._learn(run)
        if run.x is not None:
            self._rounded(run.x)

    def _improve(self, root: Run) -> None:
        """Decisions and margins, first those which cost more of the gap that is left."""
        steps = [self._decisions, self._neighbourhoods]
        if self.best is not None and self.decided is not None and root.objective is not None:
            lost = self.decided - self.matrix.points(self.best)
            if lost > root.objective - self.decided:
                steps = [self._neighbourhoods, self._decisions, self._neighbourhoods]
        for step in steps:
            if not self.is_over():
                step(root)

    def _neighbourhoods(self, _: Run) -> None:
        self.watch.begin("neighbourhood")
        for some, none in NEAR:
            if self.best is None or self.is_over():
                return
            x, lower, upper = self.best, self.matrix.lower.copy(), self.matrix.upper.copy()
            lower[self.staged] = upper[self.staged] = x[self.staged]
            margins = np.setdiff1d(self._whole, self.staged)
            more = np.where(x[margins] > 0.0, some, none)
            lower[margins] = np.maximum(lower[margins], x[margins] - some)
            upper[margins] = np.minimum(upper[margins], x[margins] + more)
            tree = self._tree(replace(self.matrix, lower=lower, upper=upper), self._inner, NODES)
            run = tree.run(self.watch)
            if run.x is not None:
                self._keep(self.exact(run.x))

    def _everything(self, _: Run) -> None:
        self.watch.begin("search")
        tree = self._tree(self.matrix, self.gap, log=self.log)
        run = tree.run(self.watch, bounds=True, found=self._noted)
        self._learn(run)
        if run.x is not None:
            self._keep(self.exact(run.x))

    def _noted(self, x: Floats) -> None:
        self.watch.learn(objective=self.matrix.points(x))

    def _learn(self, run: Run) -> None:
        self.infeasible = run.status == "infeasible" and self.best is None
        self.nodes += run.nodes
        self.watch.learn(bound=run.bound)

    def _tree(
        self, matrix: Matrix, gap: float, nodes: int | None = None, log: Path | None = None
    ) -> Engine:
        """A tree search that starts from the best plan."""
        options = {**self.options, "mip_rel_gap": gap, "mip_abs_gap": ABSOLUTE_GAP if gap else 0.0}
        if nodes is not None:
            options["mip_max_nodes"] = nodes
        tree = Engine(matrix, relaxed=False, options=options, log=log)
        if self.best is not None:
            tree.set_start(self.best)
        return tree
