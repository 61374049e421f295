"""The LP-guided start: a good whole-number plan from the relaxation, before any tree search.

1. Relax. The optimum is the proven bound; nothing below tightens it.
2. Decide agreements and expansion by a restricted MIP over those that the relaxation leaves
   undecided, each within the whole numbers around it, margins continuous. (Rounding them at
   thresholds and re-solving was infeasible at every threshold on the Japan case, because opened
   agreements force cohorts that share budgets, and took longer than the restricted MIP.)
3. Round the margins down, block by block, so that both keep the same total, and solve for the
   rest. Where a floor or a share breaks by a few people, ask the LP for that much more and round
   again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optimizer.solver.elastic import with_slack
from optimizer.solver.engine import Engine, Options, Run
from optimizer.solver.matrix import Floats, Ints, Matrix
from optimizer.solver.rounding import Rounding
from optimizer.solver.watch import Watch

DECIDED = 1e-6
NODE_LIMIT = 200
"""Nodes of a restricted MIP: a limit in nodes, not seconds, keeps runs repeatable."""
INNER_GAP = 5e-4
"""Relative gap at which the decisions before the margins are good enough to go on with."""
ROUNDS = 20
RESERVE = 1.25
"""How much more than what was short the next round asks for."""
STAGED = ("agreement", "running", "expansion")
"""Families that are decided before the margins."""


@dataclass(frozen=True)
class GuidedStart:
    """Finds a whole-number plan guided by the relaxation.

    Attributes
    ----------
    lp
        Engine with the relaxation and its costs loaded; its bounds are restored.
    gap
        Relative gap asked for: the steps stop well inside it.
    staged
        Components whose whole numbers are decided before the margins.
    """

    matrix: Matrix
    lp: Engine
    rounding: Rounding
    options: Options
    gap: float
    staged: tuple[str, ...] = STAGED

    def run(self, root: Run, watch: Watch) -> Floats | None:
        """Round the relaxation; ``None`` where that found no plan."""
        if root.x is None:
            return None
        whole = np.flatnonzero(self.matrix.integral)
        if _distance(root.x[whole]) <= DECIDED:
            return root.x
        staged = np.concatenate([self.matrix.family(name) for name in self.staged])
        staged = staged[self.matrix.integral[staged]]
        decided = self._decide(staged, root, watch)
        found = None
        if decided is not None and not watch.should_stop():
            found = self._round(staged, decided, watch)
        self.lp.reset_bounds()
        return found

    def _decide(self, staged: Ints, root: Run, watch: Watch) -> Floats | None:
        """Whole agreements, running tracks and expansion, with margins still continuous."""
        assert root.x is not None
        if _distance(root.x[staged]) <= DECIDED:
            return root.x
        watch.begin("agreements")
        for box in (True, False):
            run = self._restricted(staged, root, watch, box=box)
            if run.x is not None or watch.should_stop():
                return run.x
        return None

    def _restricted(self, staged: Ints, root: Run, watch: Watch, *, box: bool) -> Run:
        """MIP over the staged decisions, within the whole numbers around the relaxation."""
        assert root.x is not None
        integral = np.zeros(len(self.matrix.integral), dtype=bool)
        integral[staged] = True
        inner = max(self.gap / 5, INNER_GAP)
        options = {**self.options, "mip_rel_gap": inner, "mip_max_nodes": NODE_LIMIT}
        sub = Engine(replace(self.matrix, integral=integral), relaxed=False, options=options)
        if box:
            x = root.x[staged]
            sub.set_bounds(staged, np.floor(x + DECIDED), np.ceil(x - DECIDED))
        return sub.run(watch)

    def _round(self, staged: Ints, x: Floats, watch: Watch) -> Floats | None:
        """Round the margins; tighten what breaks, in this search only; round again."""
        watch.begin("whole numbers")
        whole = np.flatnonzero(self.matrix.integral)
        fixed = np.round(x[staged])
        guide = Engine(self.matrix, relaxed=True, options=self.options)
        guide.set_bounds(staged, fixed, fixed)
        rows = np.flatnonzero(self.matrix.row_lower != self.matrix.row_upper)
        number = self.matrix.numbers()[rows]
        slack = Engine(with_slack(self.matrix, rows), relaxed=True, options=self.options)
        reserve = np.zeros(len(rows))
        for turn in range(ROUNDS):
            run = guide.run(watch, afresh=turn == 0)
            if run.x is None:
                return None
            rounded = self.rounding.down(run.x, fixed, staged)
            slack.set_bounds(whole, rounded[whole], rounded[whole])
            slack.forget()
            rest = slack.run(watch)
            if rest.x is None:
                return None
            short = rest.x[len(self.matrix.cost) :]
            if np.max(short / np.maximum(1.0, np.abs(number)), initial=0.0) <= DECIDED / 10:
                return rest.x[: len(self.matrix.cost)]
            reserve += RESERVE * short
            guide.tighten(rows, reserve)
        return None


def _distance(values: Floats) -> float:
    return float(np.max(np.abs(values - np.round(values)))) if len(values) else 0.0
