"""The search for a plan: a good one soon, then a proof of how good it is.

1. *Relaxation.* Its optimum is the first proven bound.
2. *Restricted MIP.* What comes before the margins is decided around the relaxation, then margins
   are rounded (:mod:`optimizer.solver.restricted`, :mod:`optimizer.solver.integer_margins`).
   Mostly that is enough. Where there is a plan of before, margins are first rounded anew under its
   decisions, if these can be close enough.
3. *Decisions.* Branch and bound over what comes first alone, margins continuous. Every plan is
   feasible there, so its bound is proven for the plan as well; whatever decisions it finds are
   rounded to plans on the way.
4. *Neighbourhood.* With the best decisions fixed, margins within a few people of the best plan.
5. *Everything.* Branch and bound over everything, starting from the best plan. Where what it ends
   with is no plan once its integers are taken as such, the space is parted there and both sides
   are searched (:mod:`optimizer.solver.branching`).

Each step is taken only while the gap is not reached. Steps 2 and 4 find plans and never touch the
bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path

import highspy
import numpy as np

from optimizer.frames.arrays import Floats, Integers
from optimizer.solver.branching import Box, Parts
from optimizer.solver.engine import FINEST, Engine, EngineRun
from optimizer.solver.integer_margins import IntegerMargins
from optimizer.solver.loading import Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.rest import RestOfIntegers
from optimizer.solver.restricted import Restricted, inner_gap
from optimizer.solver.rounding import Rounding
from optimizer.solver.tightening import Link
from optimizer.solver.watch import Watch
from optimizer.solver.wholeness import Roles, Wholeness

_NEAR, NODES = ((2.0, 0.0), (20.0, 0.0), (20.0, 20.0)), 50
"""People by which margins may differ from the best plan's, where it has some and where it has none;
nodes of each such search."""
_PLANS = 5
"""Plans that are rounded from the same decisions, if the first ones are not close enough."""
ABSOLUTE_GAP = 1e-6


@dataclass
class Search:
    """One search; ``best`` is the best plan so far, exact in its integers.

    Attributes
    ----------
    basis
        Of the relaxation's optimum.
    roles
        Which columns are decided before the others.
    whole
        When a number counts as whole.
    round_with
        Gives the columns of every block; asked for only when something must be rounded.
    gap
        Relative gap at which the search ends.
    log
        File for the log of the last branch and bound.
    partial
        Whether the matrix leaves out a part of the model: then only steps are taken that find
        plans and prove nothing.
    links
        What was tightened in the matrix.
    is_finest
        Whether integers are searched for as nearly as HiGHS can.
    is_straight
        Whether branch and bound over everything begins at once: what else finds plans saves
        nothing where a model is small and each search is to be proven.
    is_brief
        Whether the search ends with the plans of its first steps, however far they are from the
        bound.
    """

    matrix: Matrix
    basis: highspy.HighsBasis
    roles: Roles
    whole: Wholeness
    round_with: Callable[[], Rounding]
    options: Options
    watch: Watch
    gap: float
    log: Path | None = None
    partial: bool = False
    links: tuple[Link, ...] = ()
    best: Floats | None = None
    nodes: int = 0
    infeasible: bool = False
    decided: float | None = None
    is_finest: bool = False
    is_straight: bool = False
    is_brief: bool = False

    @property
    def staged(self) -> Integers:
        """Columns that are decided first."""
        return self.roles.staged

    def run(self, root: EngineRun, starts: Sequence[Floats] = ()) -> None:
        """Search from a relaxation, and from the first plan of before that keeps every rule."""
        self.watch.target = self.gap
        for start in starts:
            # One is enough: each costs a linear program. It counts even where no time is left.
            if self.best is None:
                self._keep(self.exact(start))
        if root.status != "optimal":
            return
        whole = [self._as_before, self._restricted, self._improve, self._everything]
        whole = whole[-1:] if self.is_straight else whole
        if self.is_brief and self.best is not None:
            whole = [self._as_before, self._restricted]
        for step in [self._restricted, self._neighbourhoods] if self.partial else whole:
            if not self.is_over():
                step(root)

    def is_over(self) -> bool:
        """Whether nothing is left to search for, or no time."""
        return self.infeasible or self.watch.is_close() or self.watch.should_stop()

    def is_stuck(self) -> bool:
        """Whether the search is at its end with neither a plan nor a proof that there is none."""
        over = self.infeasible or self.watch.timed_out or self.watch.interrupted
        return self.best is None and not over

    def why_stuck(self) -> str:
        """Likely reason why a search found no plan."""
        told = "the search ended without a plan, and without proof that there is none"
        most = float(np.max(self.whole.people, initial=0.0))
        if most <= 1.0:
            return told
        column = self.whole.columns[int(np.argmax(self.whole.people))]
        name, index = self.matrix.columns[column]
        key = ", ".join(map(str, index)) if isinstance(index, tuple) else str(index)
        return (
            f"{told}. One step of {name}[{key}] lets {most:g} people through. "
            "Maybe a smaller number allows as much."
        )

    def exact(self, x: Floats) -> Floats | None:
        """The plan with the integers of ``x``; ``None`` if there is none."""
        # Even after a time limit the last step is done: it is one small linear program.
        last = self.watch.for_last_steps()
        plan = self._rest.exact(x, last)
        self.watch.timed_out |= last.timed_out
        return plan

    def _keep(self, x: Floats | None) -> None:
        if x is not None and (
            self.best is None or self.matrix.points(x) > self.matrix.points(self.best)
        ):
            self.best = x
            self.watch.learn(objective=self.matrix.points(x))

    @cached_property
    def _rest(self) -> RestOfIntegers:
        return RestOfIntegers(self.matrix, self.options)

    @cached_property
    def _margins(self) -> IntegerMargins:
        return IntegerMargins(self.matrix, self.round_with(), self.staged, self.basis, self.options)

    def _rounded(self, x: Floats) -> None:
        """Keep the best plan with the decisions of ``x``, unless it cannot be the best of all."""
        if self.best is not None and self.matrix.points(x) <= self.matrix.points(self.best):
            return
        if self.whole.holds(x):
            plan = self.exact(x)
            if plan is not None:
                self._keep(plan)
                return
        watch = self.watch
        if self.best is None and watch.timed_out and not watch.interrupted:
            # Decisions that are there must not be lost for want of integers.
            watch = watch.for_last_steps()
        # Decisions that are themselves too far from the bound lead to a first plan and no more.
        plans = _PLANS if self.watch.would_be_close(self.matrix.points(x)) else 1
        for plan in islice(self._margins.plans(x, watch), plans):
            self._keep(self.exact(plan))
            if self.watch.is_close() or self.watch.should_stop():
                return

    def _as_before(self, _: EngineRun) -> None:
        """Round margins anew under the decisions of a plan of before, if these may do."""
        if self.best is None or not len(self.staged):
            return
        self.watch.begin("integers")
        plans = self._margins.plans(self.best, self.watch, wanted=self.watch.would_be_close)
        for plan in islice(plans, _PLANS):
            self._keep(self.exact(plan))
            if self.is_over():
                return

    def _restricted(self, root: EngineRun) -> None:
        self.watch.begin("agreements")
        restricted = Restricted(self.matrix, self.roles, self.whole, self.options, self.gap)
        tried: list[Floats] = []

        def first(x: Floats) -> None:
            tried.append(np.round(x[self.staged]))
            self._rounded(x)

        decided = restricted.decide(root, self.watch, first)
        if decided is None:
            return
        self.decided = self.matrix.points(decided)
        is_new = not any(np.array_equal(np.round(decided[self.staged]), one) for one in tried)
        if self.best is None or (is_new and not self.watch.is_close()):
            self.watch.begin("integers")
            self._rounded(decided)

    def _decisions(self, root: EngineRun) -> None:
        assert root.x is not None
        if self.whole.holds(root.x, self.staged):
            return
        self.watch.begin("decisions")
        integral = np.zeros(len(self.matrix.integral), dtype=bool)
        integral[self.staged] = True
        matrix = replace(self.matrix, integral=integral)
        run = self._decided(matrix)
        if run.status == "infeasible" and not self.is_finest:
            # Searched once more, or stopped: what was called infeasible is not believed at once.
            self.is_finest = True
            run = self._decided(matrix)
        self.infeasible = run.status == "infeasible" and self.best is None
        self._learn(run.bound)
        if run.x is not None:
            self._rounded(run.x)

    def _decided(self, matrix: Matrix) -> EngineRun:
        tree = self._tree(matrix, inner_gap(self.gap))
        run = tree.run(self.watch, bounds=True, found=self._rounded)
        self.nodes += run.nodes
        return run

    def _improve(self, root: EngineRun) -> None:
        """Decisions and margins, first those which cost more of the gap that is left."""
        steps = [self._decisions, self._neighbourhoods]
        if self.best is not None and self.decided is not None and root.objective is not None:
            lost = self.decided - self.matrix.points(self.best)
            if lost > root.objective - self.decided:
                steps = [self._neighbourhoods, self._decisions, self._neighbourhoods]
        for step in steps:
            if not self.is_over():
                step(root)

    def _neighbourhoods(self, _: EngineRun) -> None:
        self.watch.begin("neighbourhood")
        for some, none in _NEAR:
            if self.best is None or self.is_over():
                return
            x, lower, upper = self.best, self.matrix.lower.copy(), self.matrix.upper.copy()
            lower[self.staged] = upper[self.staged] = x[self.staged]
            margins = np.setdiff1d(self.whole.columns, self.staged)
            more = np.where(x[margins] > 0.0, some, none)
            lower[margins] = np.maximum(lower[margins], x[margins] - some)
            upper[margins] = np.minimum(upper[margins], x[margins] + more)
            near = replace(self.matrix, lower=lower, upper=upper)
            tree = self._tree(near, inner_gap(self.gap), NODES)
            run = tree.run(self.watch)
            if run.x is not None:
                self._keep(self.exact(run.x))

    def _everything(self, _: EngineRun) -> None:
        self.watch.begin("search")
        parts = Parts(Box(self.matrix.lower, self.matrix.upper))
        while parts.left and not self.is_over():
            box = parts.next()
            tree = self._tree(box.of(self.matrix), self.gap, log=self.log, within=box)
            run = tree.run(self.watch, bounds=parts.searched == 1, found=self._found)
            self.nodes += run.nodes
            if run.x is not None:
                self._rounded(run.x)
            bound = self._bound_of(box, run)
            if self._asks_again(run, bound):
                self.is_finest = True
                parts.add([box], box.bound)
            elif run.x is None or bound <= self._enough():
                parts.close(bound)
            else:
                parts.add(box.split(run.x, self.whole), bound)
            self._learn(parts.bound)
        self.infeasible = not parts.left and parts.bound == -np.inf and self.best is None

    def _asks_again(self, run: EngineRun, bound: float) -> bool:
        """Whether HiGHS is to look once more, as closely as it can.

        Three people for a millionth less than they cost are 2.999999, which HiGHS takes for three.
        It throws such a solution away in the end, but has cut off others by it: what it then calls
        infeasible need not be, nor is its best the best. Where no time is left to look, the space
        stays open.
        """
        if self.is_finest:
            return False
        return run.status == "infeasible" or (run.x is not None and bound > self._enough())

    def _bound_of(self, box: Box, run: EngineRun) -> float:
        """Bound that a search proves for its box; none can be infeasible that holds a plan."""
        if run.status == "infeasible":
            return box.bound if self.best is not None and box.holds(self.best) else -np.inf
        return box.bound if run.bound is None else min(box.bound, run.bound)

    def _enough(self) -> float:
        """Bound up to which nothing need be parted: what a search that ended may leave open."""
        if self.best is None:
            return -np.inf
        points = self.matrix.points(self.best)
        return points + self.gap * abs(points) + ABSOLUTE_GAP * max(1.0, abs(points))

    def _found(self, x: Floats) -> None:
        """Keep a solution of branch and bound if it is a plan in integers."""
        if self.best is None or self.matrix.points(x) > self.matrix.points(self.best):
            self._keep(self.exact(x))

    def _learn(self, bound: float | None) -> None:
        if bound is not None and np.isfinite(bound):
            self.watch.learn(bound=bound)

    def _tree(
        self,
        matrix: Matrix,
        gap: float,
        nodes: int | None = None,
        *,
        log: Path | None = None,
        within: Box | None = None,
    ) -> Engine:
        """Branch and bound that starts from the best plan, if that lies within."""
        options = {**self.options, "mip_rel_gap": gap, "mip_abs_gap": ABSOLUTE_GAP if gap else 0.0}
        if nodes is not None:
            options["mip_max_nodes"] = nodes
        if self.is_finest:
            options["mip_feasibility_tolerance"] = FINEST
        tree = Engine(matrix, relaxed=False, options=options, log=log)
        if self.best is not None and (within is None or within.holds(self.best)):
            tree.set_start(self.best)
        return tree
