"""The LP-guided start: a good whole-number plan from the relaxation, before any tree search.

1. Relax. The optimum is the proven bound; nothing below tightens it.
2. Decide agreements and expansion: round them at several thresholds and re-solve each time; if
   the best is not close enough, a restricted MIP over those still undecided, margins continuous.
3. Round the margins down, block by block, so that both keep the same total, and solve for the
   rest. Where a floor or a share breaks by a few people, ask the LP for that much more and round
   again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from optimizer.solver.elastic import with_slack
from optimizer.solver.engine import Engine, Run
from optimizer.solver.matrix import Floats, Ints, Matrix
from optimizer.solver.rounding import Rounding
from optimizer.solver.watch import Watch, relative_gap

THRESHOLDS = (0.5, 0.9, 0.1)
DECIDED = 1e-6
NODE_LIMIT = 2_000
"""Nodes of a restricted MIP: a limit in nodes, not seconds, keeps runs repeatable."""
ROUNDS = 12
STAGED = ("agreement", "running", "expansion")
"""Families that are decided before the margins."""


@dataclass(frozen=True)
class Start:
    """Best whole-number solution of the guided start and what the relaxation proves."""

    x: Floats | None
    relaxation: Run


@dataclass(frozen=True)
class GuidedStart:
    """Finds a whole-number plan guided by the relaxation.

    Attributes
    ----------
    lp
        Engine with the relaxation and its final costs loaded; its bounds are restored.
    gap
        Relative gap asked for: the steps stop well inside it.
    """

    matrix: Matrix
    lp: Engine
    rounding: Rounding
    options: Mapping[str, object]
    gap: float

    def run(self, watch: Watch) -> Start:
        """Solve the relaxation and round it."""
        watch.begin("relaxation")
        root = self.lp.run(watch, afresh=True)
        if root.x is None or root.status != "optimal":
            return Start(None, root)
        watch.learn(bound=root.objective)
        whole = np.flatnonzero(self.matrix.integral)
        if _distance(root.x[whole]) <= DECIDED:
            return Start(root.x, root)
        staged = np.concatenate([self.matrix.family(name) for name in STAGED])
        decided = self._decide(staged, root, watch)
        found = None
        if decided is not None and not watch.should_stop():
            found = self._round(staged, decided, watch)
        self.lp.reset_bounds()
        return Start(found, root)

    def _decide(self, staged: Ints, root: Run, watch: Watch) -> Floats | None:
        """Whole agreements, running tracks and expansion, with margins still continuous."""
        assert root.x is not None
        if _distance(root.x[staged]) <= DECIDED:
            return root.x
        watch.begin("agreements")
        best: Run | None = None
        for threshold in THRESHOLDS:
            fixed = np.floor(root.x[staged] + 1.0 - threshold + DECIDED)
            self.lp.set_bounds(staged, fixed, fixed)
            run = self.lp.run(watch)
            better = best is None or (run.objective or 0.0) > (best.objective or 0.0)
            if run.status == "optimal" and better:
                best = run
        self.lp.reset_bounds()
        if best is not None and self._is_close(best, root):
            return best.x
        for box in (True, False):
            run = self._restricted(staged, root, best, watch, box=box)
            if run.x is not None:
                return run.x
            if watch.should_stop():
                break
        return best.x if best is not None else None

    def _is_close(self, run: Run, root: Run) -> bool:
        assert run.objective is not None
        assert root.objective is not None
        return relative_gap(run.objective, root.objective) <= self.gap / 5

    def _restricted(
        self, staged: Ints, root: Run, best: Run | None, watch: Watch, *, box: bool
    ) -> Run:
        """MIP over the staged decisions, within the whole numbers around the relaxation."""
        assert root.x is not None
        integral = np.zeros(len(self.matrix.integral), dtype=bool)
        integral[staged] = True
        options = {**self.options, "mip_rel_gap": self.gap / 5, "mip_max_nodes": NODE_LIMIT}
        sub = Engine(replace(self.matrix, integral=integral), relaxed=False, options=options)
        if box:
            x = root.x[staged]
            sub.set_bounds(staged, np.floor(x + DECIDED), np.ceil(x - DECIDED))
        if best is not None and best.x is not None:
            sub.set_start(best.x)
        return sub.run(watch)

    def _round(self, staged: Ints, x: Floats, watch: Watch) -> Floats | None:
        """Round the margins; tighten what breaks, in this search only; round again."""
        watch.begin("whole numbers")
        whole = np.flatnonzero(self.matrix.integral)
        fixed = np.round(x[staged])
        guide = Engine(self.matrix, relaxed=True, options=self.options)
        guide.set_bounds(staged, fixed, fixed)
        rows = np.flatnonzero(self.matrix.row_lower != self.matrix.row_upper)
        number = np.where(
            np.isfinite(self.matrix.row_upper), self.matrix.row_upper, self.matrix.row_lower
        )[rows]
        slack = Engine(with_slack(self.matrix, rows), relaxed=True, options=self.options)
        reserve = np.zeros(len(rows))
        for _ in range(ROUNDS):
            run = guide.run(watch)
            if run.x is None:
                return None
            rounded = self.rounding.down(run.x, fixed, staged)
            slack.set_bounds(whole, rounded[whole], rounded[whole])
            rest = slack.run(watch)
            if rest.x is None:
                return None
            short = rest.x[len(self.matrix.cost) :]
            if np.max(short / np.maximum(1.0, np.abs(number)), initial=0.0) <= DECIDED / 10:
                return rest.x[: len(self.matrix.cost)]
            reserve += 2.0 * short
            guide.tighten(rows, reserve)
        return None


def _distance(values: Floats) -> float:
    return float(np.max(np.abs(values - np.round(values)))) if len(values) else 0.0
