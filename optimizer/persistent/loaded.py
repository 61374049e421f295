"""One model, compiled once and loaded: solved, changed in place, and solved again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from optimizer.errors import SolverError
from optimizer.formulation import Model
from optimizer.formulation.compiling import compile_model
from optimizer.formulation.goals import penalties, points_per_value
from optimizer.frames.arrays import Floats
from optimizer.instance import Instance
from optimizer.io.pauses import pause
from optimizer.persistent.answers import solution_of, with_least_built, with_least_moved
from optimizer.persistent.patching import Patcher
from optimizer.persistent.roles import columns_in_order, pairs_of, roles_of
from optimizer.persistent.rounding import build_rounding
from optimizer.solver.early import FIRST_GAP
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.growing import grown
from optimizer.solver.loading import Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.patch import Patch, patched
from optimizer.solver.search import Search
from optimizer.solver.sifting import LARGE, LEAST_GAP, sift
from optimizer.solver.solution import Solution, without_plan
from optimizer.solver.tightening import Link, tightened
from optimizer.solver.warm_start import WarmStart
from optimizer.solver.watch import Watch
from optimizer.solver.wholeness import wholeness

KEPT_PLANS = 4
"""Plans that a search of a changed model may begin with. Each costs a small linear program."""


def search_log(log: Path) -> Path:
    """Where the log of branch and bound stands, given that of the relaxations."""
    return log.with_name(f"search-{log.name}")


class LoadedModel:
    """A model compiled once and loaded, with maps from names to rows and columns.

    Parameters
    ----------
    instance, model
        The instance and the Pyomo model built from it.
    seed, threads
        Of HiGHS; one thread makes runs repeatable.
    log
        File for the solver's log of the main search.

    Attributes
    ----------
    plans
        The last plans, the newest first.
    """

    def __init__(
        self,
        instance: Instance,
        model: Model,
        *,
        seed: int = 0,
        threads: int = 1,
        log: Path | None = None,
    ) -> None:
        self.instance = instance
        self.model = model
        self.options: Options = {"random_seed": seed, "threads": threads}
        self.log = log
        self.is_pinned = False
        pause()
        self.matrix: Matrix = compile_model(model)
        pause()
        self.lp = Engine(self.matrix, relaxed=True, options=self.options, log=log)
        self.plans: list[Floats] = []
        self._warm = WarmStart(self.lp)
        self._is_patched = False
        self._dropped: dict[int, tuple[float, float]] = {}
        self._free: tuple[Floats, Floats] | None = None

    def copied(self, log: Path | None = None) -> LoadedModel:
        """The same in a solver of its own, with nothing dropped or held, and not solved yet."""
        other = copy(self)
        other.log, other.plans, other._dropped = log, [], {}
        other._free, other.is_pinned, other._is_patched = None, False, False
        matrix = patched(self.matrix, Patch(dict(self._dropped))) if self._dropped else self.matrix
        if self._free is not None:
            matrix = replace(matrix, lower=self._free[0], upper=self._free[1])
        other.matrix = matrix
        other.lp = Engine(matrix, relaxed=True, options=self.options, log=log)
        other._warm = WarmStart(other.lp)
        if "patcher" in vars(self):
            other.patcher = copy(self.patcher)
            other.patcher.use(matrix)
        return other

    @cached_property
    def patcher(self) -> Patcher:
        """Rows and columns of what may change."""
        return Patcher(self.instance, self.matrix)

    @property
    def whole_options(self) -> Options:
        """Options for questions in which people or decisions must be whole."""
        staged = roles_of(self.instance, self.matrix).staged
        return {**self.options, **wholeness(self.matrix, staged).options}

    def take(self, patch: Patch) -> None:
        """Change numbers of the loaded model; sides of dropped rows wait until they are back."""
        waiting = self._dropped.keys() & patch.sides.keys()
        self._dropped |= {row: patch.sides[row] for row in waiting}
        sides = {row: side for row, side in patch.sides.items() if row not in waiting}
        self._apply(replace(patch, sides=sides))

    def drop(self, rows: Sequence[int]) -> None:
        """Let rows limit nothing until they are restored."""
        patch = Patch()
        for row in rows:
            if row not in self._dropped:
                self._dropped[row] = self.matrix.row_lower[row], self.matrix.row_upper[row]
                patch.sides[row] = -np.inf, np.inf
        if patch.sides:
            self._apply(patch)

    def restore(self, rows: Sequence[int]) -> None:
        """Let dropped rows limit again, with the numbers they would have by now."""
        self._apply(Patch({row: self._dropped.pop(row) for row in rows if row in self._dropped}))

    def _apply(self, patch: Patch) -> None:
        patcher = self.patcher
        self.matrix = patched(self.matrix, patch)
        self.lp.take(self.matrix, patch)
        self._is_patched = True
        patcher.use(self.matrix)

    def grow(self, instance: Instance, part: Model) -> None:
        """Append what a part of a model adds; costs of its columns are set apart."""
        self.append(instance, compile_model(part))

    def append(self, instance: Instance, part: Matrix) -> None:
        """Append rows and columns that were compiled already, found by their names."""
        before, width = self.patcher, len(self.matrix.columns)
        self.instance, self.matrix = instance, grown(self.matrix, part)
        self._warm.grow(self.matrix)
        self._is_patched = True
        self.patcher = Patcher(instance, self.matrix, before)
        if self._free is not None:
            sides = (self.matrix.lower, self.matrix.upper)
            lower, upper = (
                np.append(known, now[width:]) for known, now in zip(self._free, sides, strict=True)
            )
            self._free = lower, upper
        # Accounts follow from the integers; integers that are new would be missing.
        is_whole = bool(self.matrix.integral[width:].any())
        more = np.zeros(len(self.matrix.columns) - width)
        self.plans = [] if is_whole else [np.append(plan, more) for plan in self.plans]

    def set_costs(self, scales: Mapping[str, float]) -> None:
        """Replace weights, scales and penalties; the next relaxation loads them."""
        per_value = points_per_value(self.instance, scales)
        wanted = {("value", goal): points for goal, points in per_value.items()}
        wanted |= {key: -penalty for key, penalty in penalties(self.instance).items()}
        cost = self.matrix.cost.copy()
        for (component, index), points in wanted.items():
            column = self.matrix.column(component, index)
            if column is not None:
                cost[column] = points
        self.matrix = replace(self.matrix, cost=cost)

    def relax(self, watch: Watch) -> EngineRun:
        """Solve the linear relaxation, from where the last one ended if there is one.

        Units stay when numbers change, and may no longer suit them. So a changed model is loaded
        afresh before an error of HiGHS's is raised, or it is called infeasible without a proof that
        holds in the numbers of the model themselves.
        """
        try:
            run = self._warm.run(self.matrix, watch, afresh=self._is_patched)
        except SolverError:
            if not self._is_patched:
                raise
        else:
            self._is_patched &= not self._warm.began_anew
            if run.status != "infeasible" or not self._is_patched:
                return run
            if self.lp.proof_of_no_solution() is not None:
                return run
        self._is_patched = False
        return self._warm.run_anew(self.matrix, watch)

    def begin_like(self, other: LoadedModel) -> None:
        """Let the first relaxation begin at an optimum of a model that is nearly the same.

        Rows and columns are found by their names.
        """
        self._warm.begin_like(other._warm)

    def pin(self, values: Mapping[str, Floats]) -> None:
        """Fix decisions at given values, by family in the order of its frame."""
        self.hold({family: (numbers, numbers) for family, numbers in values.items()})

    def hold(self, bounds: Mapping[str, tuple[Floats, Floats]]) -> None:
        """Keep decisions within bounds, by family in the order of its frame."""
        if self._free is None:
            self._free = self.matrix.lower, self.matrix.upper
        lower, upper = self.matrix.lower.copy(), self.matrix.upper.copy()
        for family, (least, most) in bounds.items():
            columns = columns_in_order(self.instance, self.matrix, family)
            there = columns >= 0
            at = columns[there]
            lower[at] = np.maximum(lower[at], least[there])
            # Where the case allows fewer, a rule says so, which is named then.
            upper[at] = np.maximum(np.minimum(upper[at], most[there]), lower[at])
        self._bound(lower, upper)
        self.is_pinned = True

    def let_go(self) -> None:
        """Let decisions be beyond the bounds within which they were held."""
        if self._free is not None:
            self._bound(*self._free)
            self._free, self.is_pinned = None, False

    @contextmanager
    def let_go_for_now(self) -> Iterator[None]:
        """Do the same until the end of a block."""
        held = self.matrix.lower, self.matrix.upper
        assert self._free is not None, "nothing is held"
        self._bound(*self._free)
        try:
            yield
        finally:
            self._bound(*held)

    def _bound(self, lower: Floats, upper: Floats) -> None:
        self.matrix = replace(self.matrix, lower=lower, upper=upper)
        self.lp = Engine(self.matrix, relaxed=True, options=self.options, log=self.log)
        self._warm = self._warm.with_bounds_of(self.lp)

    def solve(self, watch: Watch, *, gap: float) -> Solution:
        """Find a plan with a proven gap of at most ``gap``, or the best until the watch stops.

        Parameters
        ----------
        gap
            Relative gap at which the search ends; 0 asks for proven optimality.
        """
        with watch.listening():
            search = self.searched(watch, gap=gap)
            if search is None:
                return without_plan("infeasible", watch)
            if search.best is None:
                return without_plan("infeasible" if search.infeasible else "no_plan", watch)
            x = with_least_moved(self, with_least_built(self, search.best, watch), watch)
            self.keep_plan(x)
        return solution_of(self, x, watch, search)

    def searched(self, watch: Watch, *, gap: float, is_straight: bool = False) -> Search | None:
        """The search for a plan, at its end; ``None`` where even the relaxation has no solution.

        Parameters
        ----------
        is_straight
            As of :class:`optimizer.solver.search.Search`.

        Raises
        ------
        SolverError
            If points have no upper limit, or the search ends with neither plan nor proof.
        """
        watch.begin("relaxation")
        search = self._over_some_pairs(watch, gap)
        if search is None or not search.is_over():
            root = self.relax(watch)
            if root.status == "unbounded":
                raise SolverError("the points of a plan have no upper limit")
            if root.status == "infeasible":
                return None
            watch.learn(bound=root.bound)
            search = self._search(self.matrix, watch, gap, search)
            search.is_straight = is_straight
            search.run(root, self._starts())
        if search.best is None and search.is_stuck():
            raise SolverError(search.why_stuck())
        return search

    def keep_plan(self, x: Floats) -> None:
        """Keep a plan to begin with, in place of one with the same integers."""
        whole = self.matrix.integral
        others = [plan for plan in self.plans if not np.array_equal(plan[whole], x[whole])]
        self.plans = [x, *others][:KEPT_PLANS]

    def _starts(self) -> list[Floats]:
        """Plans of before, those first that would be worth most now if they were still allowed."""
        return sorted(self.plans, key=self.matrix.points, reverse=True)

    def _over_some_pairs(self, watch: Watch, gap: float) -> Search | None:
        """The search for a plan of a very large model that is met for the first time.

        ``None`` if the whole relaxation is solved as soon, or pairs cannot be left out.
        """
        if self.matrix.a.nnz < LARGE or self._warm.has_begun:
            return None
        # Too small a gap would let all pairs in; a first plan comes as soon as at a wider one.
        wanted = gap if gap >= LEAST_GAP else FIRST_GAP
        self.lp.set_costs(self.matrix.cost, self.matrix.offset)
        pairs = pairs_of(self.instance, self.matrix)
        sifted = sift(self.lp, pairs, self.options, watch, gap=wanted)
        if sifted is None:
            return None
        search = self._search(sifted.matrix, watch, wanted)
        search.run(sifted.run, self._starts())
        watch.target = gap
        return search

    def _search(
        self, matrix: Matrix, watch: Watch, gap: float, before: Search | None = None
    ) -> Search:
        roles = roles_of(self.instance, matrix)
        partial = matrix is not self.matrix
        whole = wholeness(matrix, roles.staged)
        links: tuple[Link, ...] = ()
        if whole.is_strained:
            matrix, links = tightened(matrix, roles.staged)
            whole = wholeness(matrix, roles.staged)
        return Search(
            matrix,
            self.lp.basis(),
            roles,
            whole,
            lambda: build_rounding(self.instance, matrix),
            {**self.options, **whole.options},
            watch,
            gap,
            log=self._search_log(),
            partial=partial,
            links=links,
            best=None if before is None else before.best,
            nodes=0 if before is None else before.nodes,
        )

    def relaxation_is_feasible(self, watch: Watch) -> bool:
        """Whether the LP relaxation has a solution."""
        return self.lp.run(watch, afresh=True).x is not None

    def _search_log(self) -> Path | None:
        """Log of branch and bound, beside that of the relaxations: HiGHS starts every log anew."""
        return None if self.log is None else search_log(self.log)
