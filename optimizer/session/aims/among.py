"""Plans of enough points, searched for whatever they are to have most of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.errors import SolverError
from optimizer.frames.arrays import Floats
from optimizer.persistent import LoadedModel
from optimizer.persistent.roles import roles_of
from optimizer.persistent.rounding import build_rounding
from optimizer.solver import Watch
from optimizer.solver.appending import Addition, aiming, appended, basis_of
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.matrix import Matrix
from optimizer.solver.part import Part
from optimizer.solver.search import Search
from optimizer.solver.solution import OPTIMAL_GAP
from optimizer.solver.warm_start import DUAL, PRIMAL
from optimizer.solver.watch import least_within, relative_gap
from optimizer.solver.wholeness import Roles, wholeness

_MOST_ITERATIONS = 6000
"""Of a simplex that goes on: an iteration of the Japan case takes 1.6 ms, interior point 28 s."""
_MOST_ASIDE = 3000
"""The same, where points come beside an aim: beyond that a last linear program for points takes
less."""
_ASIDE, _OF_GAP = 1e-3, 0.9
"""Weight of points beside an aim, each in parts of what the relaxation has, and part of the gap at
which such a search ends, so that the aim alone is within the whole."""
_ROUNDING = 1e-9
"""Part of a floor that adding up in another order may lose."""


@dataclass(frozen=True, eq=False)
class Reached:
    """Answer of one search.

    Attributes
    ----------
    status
        ``optimal`` (proven), ``feasible``, ``infeasible`` or ``stopped``, without a solution.
    x
        The best solution, exact in its integers.
    value, bound
        What it has of what was aimed at, and what no plan exceeds.
    prices
        Of the rows, where the relaxation was asked for alone.
    with_points
        Whether points counted a little beside what was aimed at.
    """

    status: str
    x: Floats | None
    value: float = float("nan")
    bound: float = float("inf")
    prices: Floats | None = None
    with_points: bool = False


class Among:
    """All plans of a loaded model with enough points, or of its relaxation.

    Parameters
    ----------
    loaded
        Stays as it is; its costs are points.
    least_points
        ``None`` for all plans.
    is_relaxed
        Whether people may be divided.
    gap
        Relative gap at which each search ends; 0 for proven optimality.
    is_straight
        As of :class:`optimizer.solver.search.Search`.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        least_points: float | None,
        watch: Watch,
        *,
        is_relaxed: bool,
        gap: float = 0.0,
        is_straight: bool = False,
    ) -> None:
        self.loaded, self.watch, self.is_relaxed = loaded, watch, is_relaxed
        self.gap, self._is_straight = gap, is_straight
        self.points = dict(_filled(loaded.matrix.cost))
        self.offset = loaded.matrix.offset
        self.matrix = loaded.matrix
        if least_points is not None:
            floor = Addition(len(self.matrix.cost))
            least = floored(least_points) - self.offset
            floor.row(("points_at_least", None), self.points, lower=least)
            self.matrix = appended(self.matrix, floor)
        self._engine: Engine | None = None
        self._last: Engine | None = None

    def most(
        self,
        matrix: Matrix,
        *,
        starts: Sequence[Floats] = (),
        goes_on: bool = False,
        is_next: bool = False,
        aside: bool = False,
    ) -> Reached:
        """Find the solution of a matrix with the most of its costs.

        Parameters
        ----------
        matrix
            :attr:`matrix`, with rows and columns appended.
        starts
            Solutions that are known, of as many columns.
        goes_on
            Whether the matrix is that of the last call but for costs and bounds.
        is_next
            Whether it is the next step of the last call's aim, with rows besides. Within a gap
            what is found of it soon is enough in a large model, whatever gap that leaves.
        aside
            Whether points count a little beside, where people are whole and a gap is admitted.
        """
        if self.is_relaxed:
            return self._relaxed(matrix, goes_on=goes_on)
        if not is_next:
            self._last = None
        return self._whole(matrix, starts, aside=aside and self.gap > 0.0, is_next=is_next)

    def enough(self, value: float, bound: float) -> float:
        """Floor for what comes next: what was reached, or the least that its gap admits."""
        return floored(min(value, least_within(bound, self.gap)) if self.gap else value)

    def most_points(self, addition: Addition, start: Floats) -> Reached:
        """Find the solution of the most points that keeps added rows, from one that does."""
        matrix = aiming(appended(self.matrix, addition), self.points, self.offset)
        return self.most(matrix, starts=[start])

    def _relaxed(self, matrix: Matrix, *, goes_on: bool) -> Reached:
        engine = self._engine
        if engine is None or not goes_on:
            engine = self._engine = Engine(matrix, relaxed=True, options=self.loaded.options)
            run = engine.run(self.watch, afresh=not self._goes_on(engine, matrix))
        else:
            changed = np.flatnonzero(
                (engine.matrix.lower != matrix.lower) | (engine.matrix.upper != matrix.upper)
            )
            if len(changed):
                engine.set_bounds(changed, matrix.lower[changed], matrix.upper[changed])
            engine.set_costs(matrix.cost, matrix.offset)
            run = engine.run(self.watch)
        found = _told(run)
        return replace(found, prices=engine.prices()) if found.x is not None else found

    def _goes_on(self, engine: Engine, matrix: Matrix) -> bool:
        """Whether there is an optimum to go on from, which has enough points as it has the most."""
        last = (
            self._last if self._last is not None and _has_grown(self._last.matrix, matrix) else None
        )
        known = self.loaded.lp if last is None else last
        basis = known.basis()
        if not basis.valid:
            return False
        engine.go_on_from(basis_of(matrix, basis, len(known.matrix.rows)))
        if self._is_of_points(matrix):
            # What has the most points breaks rows that were added, if anything.
            engine.set_option("simplex_strategy", DUAL)
            return True
        # It stays feasible; only what is aimed at is another thing. Against degeneracy HiGHS would
        # move bounds apart, and back by the dual simplex: leximin over 47 regions of the Japan case
        # took 78 CPU s so, and takes 58.
        engine.set_option("simplex_strategy", PRIMAL)
        engine.set_option("primal_simplex_bound_perturbation_multiplier", 0.0)
        return True

    def _is_of_points(self, matrix: Matrix) -> bool:
        """Whether points are aimed at."""
        return dict(_filled(matrix.cost)) == self.points

    def _whole(
        self, aim: Matrix, starts: Sequence[Floats], *, aside: bool, is_next: bool = False
    ) -> Reached:
        matrix, gap = aim, self.gap
        relaxation = Engine(matrix, relaxed=True, options=self.loaded.options)
        root = self._root(relaxation, matrix)
        if root.status != "optimal":
            return _told(root)
        most = np.inf if root.bound is None else root.bound
        if aside:
            # The bound is that of the aim alone, which points may cost a little.
            basis, beside = relaxation.basis(), self._with_points_aside(aim, root)
            relaxation.set_costs(beside.cost, beside.offset)
            run = relaxation.run_within(_MOST_ASIDE, self.watch)
            if run.gave_up:
                relaxation.set_costs(aim.cost, aim.offset)
                relaxation.go_on_from(basis)
                aside = False
            elif run.status != "optimal":
                return _told(run)
            else:
                matrix, gap, root = beside, _OF_GAP * gap, run
        part = Part(whole=self.watch)
        part.learn(bound=root.bound)
        search = self._search(matrix, relaxation, part, gap)
        # The next step of an aim begins with a plan that is nearly as good, above floors within
        # the gap of what was reached: a search for the rest did not end on the Japan case.
        search.is_brief = is_next and gap > 0.0 and relaxation.is_large
        search.run(root, starts)
        if search.best is None:
            if search.is_stuck():
                raise SolverError(search.why_stuck())
            return Reached("infeasible" if search.infeasible else "stopped", None)
        value = aim.points(search.best)
        if aside and relative_gap(value, most) > self.gap and not self.watch.should_stop():
            # Points have cost too much of it.
            return self._whole(aim, [search.best, *starts], aside=False)
        proven = most if aside else part.bound
        bound = max(value, np.inf if proven is None else proven)
        status = "optimal" if is_proven(value, bound) else "feasible"
        return Reached(status, search.best, value, float(bound), with_points=aside)

    def _search(self, matrix: Matrix, relaxation: Engine, part: Part, gap: float) -> Search:
        loaded = self.loaded
        roles = roles_of(loaded.instance, matrix)
        ours = np.flatnonzero(matrix.integral[len(loaded.matrix.cost) :]) + len(loaded.matrix.cost)
        roles = Roles(np.append(roles.staged, ours).astype(np.int64), roles.margins)
        whole = wholeness(matrix, roles.staged)
        return Search(
            matrix,
            relaxation.basis(),
            roles,
            whole,
            lambda: build_rounding(loaded.instance, matrix),
            {**loaded.options, **whole.options},
            part,
            gap,
            is_straight=self._is_straight,
        )

    def _with_points_aside(self, aim: Matrix, root: EngineRun) -> Matrix:
        assert root.x is not None, "the relaxation has a solution"
        points = self.loaded.matrix.points(root.x[: len(self.loaded.matrix.cost)])
        size = abs(aim.points(root.x)) / max(1.0, abs(points))
        cost = aim.cost.copy()
        for column, weight in self.points.items():
            cost[column] += _ASIDE * size * weight
        return replace(aim, cost=cost)

    def _root(self, relaxation: Engine, matrix: Matrix) -> EngineRun:
        """The relaxation: the next step of an aim from the last, and points from points.

        All other aims begin anew: from another's optimum one of nine plans for stakeholders of the
        Japan case was there within the iterations, which took 7 CPU s of each.
        """
        is_near = self._last is not None or self._is_of_points(matrix)
        if relaxation.is_large and is_near and self._goes_on(relaxation, matrix):
            root = relaxation.run_within(_MOST_ITERATIONS, self.watch)
            if root.gave_up:
                relaxation.forget()
                root = relaxation.run(self.watch, afresh=True)
        else:
            root = relaxation.run(self.watch, afresh=True)
        self._last = relaxation
        return root


def _has_grown(before: Matrix, now: Matrix) -> bool:
    """Whether a matrix has the rows and columns of another first."""
    rows, columns = now.rows[: len(before.rows)], now.columns[: len(before.columns)]
    return rows == before.rows and columns == before.columns


def is_proven(value: float, bound: float) -> bool:
    """Whether a value is as good as its bound."""
    return relative_gap(value, bound) <= OPTIMAL_GAP or bound - value <= OPTIMAL_GAP


def floored(value: float) -> float:
    """A floor just below a value, as adding up in another order may lose a last digit."""
    return value - _ROUNDING * max(1.0, abs(value))


def _told(run: EngineRun) -> Reached:
    if run.status == "unbounded":
        raise SolverError("what is aimed at has no upper limit")
    if run.x is None or run.objective is None or run.status != "optimal":
        return Reached("infeasible" if run.status == "infeasible" else "stopped", None)
    return Reached("optimal", run.x, run.objective, run.objective)


def _filled(cost: Floats) -> list[tuple[int, float]]:
    columns = np.flatnonzero(cost)
    return list(zip(columns.tolist(), cost[columns].tolist(), strict=True))
