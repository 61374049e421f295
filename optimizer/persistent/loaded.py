"""One model, compiled once and loaded: solved, changed in place, and solved again."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from optimizer.errors import SolverError
from optimizer.formulation import Model
from optimizer.formulation.compiling import compile_model
from optimizer.formulation.expressions import KEYS
from optimizer.formulation.goals import penalties, points_per_value
from optimizer.frames import keys_of
from optimizer.instance import Instance
from optimizer.io.pauses import pause
from optimizer.persistent.patching import Patcher
from optimizer.persistent.roles import columns_of, pairs_of, roles_of
from optimizer.persistent.rounding import build_rounding
from optimizer.schema.decisions import families
from optimizer.schema.rules import register
from optimizer.solver.early import FIRST_GAP
from optimizer.solver.elastic import least_relaxation
from optimizer.solver.engine import Engine, Options, Run
from optimizer.solver.growing import grown
from optimizer.solver.matrix import Floats, Matrix
from optimizer.solver.patch import Patch, patched
from optimizer.solver.rest import Rest
from optimizer.solver.search import Search
from optimizer.solver.sifting import LARGE, LEAST_GAP, sift
from optimizer.solver.solution import OPTIMAL_GAP, Solution, without_plan
from optimizer.solver.tightening import Link, tightened
from optimizer.solver.warm_start import WarmStart
from optimizer.solver.watch import Watch, relative_gap
from optimizer.solver.wholeness import wholeness

AT_A_TIME = 2
"""Ideals that are worked out side by side."""


def _processors() -> int:
    """Processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def search_log(log: Path) -> Path:
    """Where the log of the tree search stands, given that of the relaxations."""
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
        self.last: Floats | None = None
        self._warm = WarmStart(self.lp)
        self._is_patched = False
        self._dropped: dict[int, tuple[float, float]] = {}

    @cached_property
    def patcher(self) -> Patcher:
        """Rows and columns of what may change."""
        return Patcher(self.instance, self.matrix)

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
        before, width = self.patcher, len(self.matrix.columns)
        self.instance, self.matrix = instance, grown(self.matrix, compile_model(part))
        self._warm.grow(self.matrix)
        self._is_patched = True
        self.patcher = Patcher(instance, self.matrix, before)
        if self.last is not None:
            # Accounts follow from the whole numbers; whole numbers that are new would be missing.
            is_whole = bool(self.matrix.integral[width:].any())
            more = len(self.matrix.columns) - width
            self.last = None if is_whole else np.append(self.last, np.zeros(more))

    def set_costs(self, scales: Mapping[str, float]) -> None:
        """Replace weights, scales and penalties; the next relaxation loads them."""
        per_value = points_per_value(self.instance, scales)
        self.model.points_per_value.store_values(per_value)
        wanted = {("value", goal): points for goal, points in per_value.items()}
        wanted |= {key: -penalty for key, penalty in penalties(self.instance).items()}
        cost = self.matrix.cost.copy()
        for (component, index), points in wanted.items():
            column = self.matrix.column(component, index)
            if column is not None:
                cost[column] = points
        self.matrix = replace(self.matrix, cost=cost)

    def relax(self, watch: Watch) -> Run:
        """Solve the linear relaxation, from where the last one ended if there is one.

        Units stay when numbers change, and may no longer suit them. So a changed model is loaded
        afresh before it is called infeasible or an error of HiGHS's is raised.
        """
        try:
            run = self._warm.run(self.matrix, watch)
        except SolverError:
            if not self._is_patched:
                raise
        else:
            if run.status != "infeasible" or not self._is_patched:
                return run
        self._is_patched = False
        return self._warm.run_anew(self.matrix, watch)

    def ideals(self, goals: Sequence[str], watch: Watch) -> dict[str, float] | None:
        """LP-relaxation optimum of each goal's raw value under the hard rules.

        ``None`` if the relaxation is infeasible or the watch stopped it.
        """
        found = {goal: run.objective for goal, run in self.ideal_runs(goals, watch).items()}
        if any(value is None for value in found.values()):
            return None
        return {goal: value for goal, value in found.items() if value is not None}

    @property
    def ideal_options(self) -> Options:
        """Options of HiGHS for ideals."""
        return {**self.options, "threads": 1}

    def ideal_runs(
        self,
        goals: Sequence[str],
        watch: Watch,
        done: Callable[[float], None] = lambda _: None,
    ) -> dict[str, Run]:
        """Relaxations of each goal alone; those that are not optimal have no objective.

        Soft limits cost nothing here, so they do not bind. Two goals are solved at a time where
        there are two processors, each with one thread.

        Parameters
        ----------
        done
            Called whenever one has come to its end, with the seconds it took.
        """

        def ideal(goal: str) -> Run:
            began = watch.seconds
            run = self._ideal(goal, watch)
            if run.status == "optimal":
                done(watch.seconds - began)
            return run

        with ThreadPoolExecutor(max_workers=min(AT_A_TIME, _processors())) as pool:
            return dict(zip(goals, pool.map(ideal, goals), strict=True))

    def _ideal(self, goal: str, watch: Watch) -> Run:
        column = self.matrix.column("value", goal)
        if column is None:
            return Run("optimal", None, 0.0, 0.0)
        cost = np.zeros(len(self.matrix.cost))
        cost[column] = 1.0
        alone = replace(self.matrix, cost=cost, offset=0.0)
        lp = Engine(alone, relaxed=True, options=self.ideal_options)
        run = lp.run(watch, afresh=True)
        if run.status == "unbounded":
            raise SolverError(f"the value of goal {goal!r} has no upper limit")
        return run if run.status == "optimal" else replace(run, objective=None)

    def pin(self, values: Mapping[str, Floats]) -> None:
        """Fix decisions at given values, by family in the order of its frame."""
        lower, upper = self.matrix.lower.copy(), self.matrix.upper.copy()
        for family, numbers in values.items():
            frame = getattr(self.instance.sets, family)
            for key, number in zip(keys_of(frame, KEYS[family]), numbers, strict=True):
                column = self.matrix.column(family, key)
                if column is not None:
                    lower[column] = upper[column] = number
        self.is_pinned = True
        self.matrix = replace(self.matrix, lower=lower, upper=upper)
        self.lp = Engine(self.matrix, relaxed=True, options=self.options)
        self._warm = WarmStart(self.lp)

    def solve(self, watch: Watch, *, gap: float) -> Solution:
        """Find a plan with a proven gap of at most ``gap``, or the best until the watch stops.

        Parameters
        ----------
        gap
            Relative gap at which the search ends; 0 asks for proven optimality.
        """
        with watch.listening():
            watch.begin("relaxation")
            search = self._over_some_pairs(watch, gap)
            if search is None or not search.is_over():
                root = self.relax(watch)
                if root.status == "unbounded":
                    raise SolverError("the points of a plan have no upper limit")
                if root.status == "infeasible":
                    return without_plan("infeasible", watch)
                watch.learn(bound=root.bound)
                search = self._search(self.matrix, watch, gap, search)
                search.run(root, self.last)
            if search.best is None and search.is_stuck():
                raise SolverError(search.why_stuck())
            if search.best is None:
                return without_plan("infeasible" if search.infeasible else "no_plan", watch)
            x = self._least_transfers(search.best, watch)
            self.last = x
        return self._solution(x, watch, search)

    def _over_some_pairs(self, watch: Watch, gap: float) -> Search | None:
        """The search for a plan of a very large model that is met for the first time.

        ``None`` if the whole relaxation is solved as soon, or pairs cannot be left out.
        """
        if self.matrix.a.nnz < LARGE or self._warm.has_begun:
            return None
        # Too small a gap would let all pairs in; a first plan comes as soon as at a wider one.
        wanted = gap if gap >= LEAST_GAP else FIRST_GAP
        self.lp.set_costs(self.matrix.cost)
        pairs = pairs_of(self.instance, self.matrix)
        sifted = sift(self.lp, pairs, self.options, watch, gap=wanted)
        if sifted is None:
            return None
        search = self._search(sifted.matrix, watch, wanted)
        search.run(sifted.run, self.last)
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

    def clash(self, watch: Watch) -> pd.DataFrame | None:
        """Least relaxation if everything could give way, protected or not: what clashes."""
        rules = register(self.instance.extension)
        kinds = {"limit", "fact"}

        def may_relax(rule: str, _: object) -> bool:
            return rules[rule].kind in kinds

        found = least_relaxation(self.matrix, may_relax, watch, self.options)
        if found is None:
            kinds.add("link")
            found = least_relaxation(self.matrix, may_relax, watch, self.options)
        return found

    def advice(self, watch: Watch) -> pd.DataFrame | None:
        """Least relaxation that would make a plan possible; see :func:`least_relaxation`."""
        floors = self.instance.policy.support_floor
        custom = self.instance.extension.rules
        rules = register(self.instance.extension)
        protected = {
            ("limit_at_least", limit.name)
            for limit in self.instance.limits
            if limit.limit.protected
        }
        protected |= {("limit_at_most", name) for _, name in protected}
        protected |= {(rule.name, "") for rule in custom.values() if rule.protected}
        protected |= {
            ("support_reaches_floor", str(number))
            for number, floor in enumerate(floors)
            if floor.protected
        }

        def may_relax(rule: str, index: object) -> bool:
            name = index[0] if isinstance(index, tuple) else index
            if {(rule, str(name)), (rule, "")} & protected:
                return False
            return rules[rule].kind == "limit"

        return least_relaxation(self.matrix, may_relax, watch, self.options)

    def _search_log(self) -> Path | None:
        """Log of the tree search, beside that of the relaxations: HiGHS starts every log anew."""
        return None if self.log is None else search_log(self.log)

    def _least_transfers(self, x: Floats, watch: Watch) -> Floats:
        """Among plans that differ in money moved only, take the one that moves least.

        Where there is no time for it, the plan stands as it is.
        """
        moved = columns_of(self.matrix, "moved")
        if not len(moved):
            return x
        cost = np.zeros(len(x))
        # Per unit of the largest budget: costs of 1 per single yen would be excessive in HiGHS.
        cost[moved] = -1.0 / max(1.0, float(self.instance.budget["amount"].max()))
        movement = replace(self.matrix, cost=cost, offset=0.0)
        last = watch.for_last_steps()
        try:
            least = Rest(movement, moved, self.options).best(x, last)
        except SolverError:
            # The plan stands as it is; it may only move more money than it needs to.
            least = None
        watch.timed_out |= last.timed_out
        is_less = least is not None and movement.points(least) >= movement.points(x)
        return least if least is not None and is_less else x

    def _solution(self, x: Floats, watch: Watch, search: Search) -> Solution:
        objective = self.matrix.points(x)
        bound = max(objective, watch.bound if watch.bound is not None else np.inf)
        gap = relative_gap(objective, bound)
        decisions = {}
        for family, keys in KEYS.items():
            frame = getattr(self.instance.sets, family)
            columns = [self.matrix.column(family, index) for index in keys_of(frame, keys)]
            decisions[family] = np.array(
                [0.0 if column is None else float(x[column]) for column in columns]
            )
        money: dict[str, dict[tuple[object, ...], float]] = {name: {} for name in families("moved")}
        for number, (component, index) in enumerate(self.matrix.columns):
            if component in money and isinstance(index, tuple):
                money[component][index] = float(x[number])
        return Solution(
            status="optimal" if gap <= OPTIMAL_GAP else "feasible",
            objective=objective,
            bound=float(bound),
            gap=gap,
            decisions=decisions,
            money=money,
            complete=watch.is_repeatable,
            nodes=search.nodes,
            variables=self._variables(x),
            links=search.links,
        )

    def _variables(self, x: Floats) -> dict[str, dict[object, float]]:
        """Values of custom variables; of those that no row speaks of, what they were fixed at."""
        found: dict[str, dict[object, float]] = {}
        for name in self.instance.extension.variables:
            found[name] = {}
            for index, variable in self.model.find_component(name).items():
                column = self.matrix.column(name, index)
                value = variable.value if column is None else x[column]
                found[name][index] = 0.0 if value is None else float(value)
        return found
