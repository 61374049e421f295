"""A question with its points kept above a floor, solved again and again for other aims."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse

from optimizer.errors import SolverError
from optimizer.frames.arrays import Floats
from optimizer.persistent import LoadedModel
from optimizer.persistent.answers import decided_at, variables_at
from optimizer.plan import Decisions, variable_table
from optimizer.plan.checking import custom_part
from optimizer.plan.evaluation import Evaluation, decisions_of, evaluate_decisions
from optimizer.plan.keeping import are_kept
from optimizer.session.holding import Holding
from optimizer.solver import Watch
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.loading import Option, Options
from optimizer.solver.matrix import Matrix

_NODES = 2_000
"""Nodes of branch and bound for one aim in whole people."""
_PRIMAL_SIMPLEX = 4
"""In HiGHS's ``simplex_strategy``: only costs change, so that a basis stays primal feasible."""
_ROUNDING = 1e-6
"""Part of the floor of points by which a row of the solver may be missed."""


class NearlyAsGood:
    """All plans of enough points, in a copy of the model, for whatever they are to have most of.

    Parameters
    ----------
    loaded
        Of the question; it stays as it is. Its costs are points.
    least_points
        The floor, in points.

    Attributes
    ----------
    matrix
        With one row more, and no costs.
    """

    def __init__(self, loaded: LoadedModel, least_points: float) -> None:
        self.matrix = _with_floor(loaded.matrix, least_points)
        self._options: Options = loaded.options
        self._whole_options = loaded.whole_options
        self._engine = Engine(self.matrix, relaxed=True, options=self._options)
        self._has_begun = False

    def relaxed(self, cost: Floats, watch: Watch) -> Floats | None:
        """A solution of the relaxation with the most of something; ``None`` where time ran out.

        Raises
        ------
        SolverError
            If there is none, although a plan of enough points is in hand.
        """
        self._engine.set_costs(cost, self.matrix.offset)
        run = self._engine.run(watch, afresh=not self._has_begun)
        if run.status == "infeasible":
            raise SolverError("no plan of so many points is found, although there is one in hand")
        if run.status != "optimal" or run.x is None:
            return None
        if not self._has_begun:
            self._has_begun = True
            self._engine.set_option("simplex_strategy", _PRIMAL_SIMPLEX)
        return run.x

    def whole(
        self, cost: Floats, watch: Watch, *, gap: float = 0.0, offset: float = 0.0
    ) -> EngineRun:
        """A plan in whole people with the most of something, by branch and bound.

        Parameters
        ----------
        gap
            Relative gap at which it ends.
        offset
            Number that is added to what there is most of, from which the gap is measured.
        """
        return self.solved(replace(self.matrix, cost=cost, offset=offset), watch, gap=gap)

    def solved(self, matrix: Matrix, watch: Watch, *, gap: float = 0.0) -> EngineRun:
        """The same for a matrix with more rows and columns than these."""
        options: dict[str, Option] = {"mip_rel_gap": gap, "mip_max_nodes": _NODES}
        engine = Engine(matrix, relaxed=False, options={**self._whole_options, **options})
        return engine.run(watch)


@dataclass(frozen=True)
class Checks:
    """Checks of solutions without the solver: every rule, what is kept, and the floor of points.

    Parameters
    ----------
    scales
        Of the goals.
    """

    held: Holding
    scales: dict[str, float]
    least_points: float

    def checked(
        self, x: Floats, *, verdict_only: bool = True
    ) -> tuple[Decisions, Evaluation] | None:
        """A plan from a solution; ``None`` where it breaks a rule or has too few points."""
        held, instance = self.held, self.held.loaded.instance
        keep = held.question.keep
        cells = held.kept.cells if keep else None
        decisions = decisions_of(instance, *decided_at(held.loaded, x), cells)
        decisions = replace(decisions, variables=variable_table(variables_at(held.loaded, x)))
        custom = custom_part(instance, held.loaded.model, decisions)
        found = evaluate_decisions(
            instance, decisions, self.scales, custom, held.dropped, verdict_only=verdict_only
        )
        allowed = _ROUNDING * max(1.0, abs(self.least_points))
        enough = found.points >= self.least_points - allowed
        is_one = found.holds and are_kept(keep, decisions.slots) and enough
        return (decisions, found) if is_one else None


def _with_floor(matrix: Matrix, least_points: float) -> Matrix:
    """The matrix with one row more: its value is at least a floor."""
    value = scipy.sparse.csc_array(matrix.cost.reshape(1, -1))
    none: Floats = np.zeros(len(matrix.cost))
    return replace(
        matrix,
        a=scipy.sparse.csc_array(scipy.sparse.vstack([matrix.a, value])),
        cost=none,
        offset=0.0,
        row_lower=np.append(matrix.row_lower, least_points - matrix.offset),
        row_upper=np.append(matrix.row_upper, np.inf),
        rows=[*matrix.rows, ("value_at_least", None)],
    )
