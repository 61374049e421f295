"""Least and most of sums of decisions among all plans of a least value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

import numpy as np
import scipy.sparse

from optimizer.errors import OptimizerError, SolverError, did_you_mean
from optimizer.explain.stepping import BY_PLAN, BY_RELAXATION
from optimizer.frames.arrays import Floats, Integers
from optimizer.instance import Instance
from optimizer.persistent import LoadedModel
from optimizer.persistent.roles import columns_in_order, roles_of
from optimizer.plan import Plan
from optimizer.schema.decisions import DECISIONS
from optimizer.solver import Watch
from optimizer.solver.engine import Engine
from optimizer.solver.loading import Option, Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.wholeness import wholeness

AGREEMENTS = "agreement"
"""Stands for keys of slots where agreements are asked for."""
NOT_REACHED = "stopped"
"""What an end rests on where time ran out; otherwise on a plan that stands there, as none goes
further, or on the relaxation, which no plan exceeds."""
END_NODES = 2_000
"""Nodes of branch and bound for one end in whole people."""
_COUNTED = ("cohort", "placements")
_PAIR = ["country", "track"]
_NOISE = 1e-6
"""Relative error of a sum that a relaxation leaves, so that whole numbers are rounded right."""
_PRIMAL_SIMPLEX = 4
"""In HiGHS's ``simplex_strategy``: only costs change, so that a basis stays primal feasible."""
_TENTHS = 10


@dataclass(frozen=True)
class Sum:
    """A sum of whole decisions, such as the slots of a country.

    Attributes
    ----------
    by, key
        Keys, and their values.
    columns
        Of the matrix.
    value
        In the plan in hand.
    """

    by: str
    key: str
    columns: Integers
    value: float


@dataclass
class RangeEnd:
    """One end of the range of a sum.

    Attributes
    ----------
    sign
        1 for the most, -1 for the least.
    found
        What the plan has that comes nearest to the end among those that are known.
    limit
        What no plan of the least value exceeds; ``None`` where time ran out.
    is_free
        Whether it needed no solving: no decision goes further than a known plan.
    """

    each: Sum
    sign: float
    found: float
    limit: float | None = None
    is_free: bool = False

    @property
    def basis(self) -> str:
        """What the end rests on."""
        if self.limit is None:
            return NOT_REACHED
        return BY_PLAN if self.limit == self.found else BY_RELAXATION

    def learn(self, value: float) -> None:
        """Take note of a plan that has this value."""
        self.found = max(self.found, value) if self.sign > 0 else min(self.found, value)

    def limit_by(self, value: float) -> None:
        """Take note that no plan exceeds a value, whole as all plans are."""
        noise = _NOISE * max(1.0, abs(value))
        whole = floor(value + noise) if self.sign > 0 else ceil(value - noise)
        # Known plans are within.
        within = max(whole, self.found) if self.sign > 0 else min(whole, self.found)
        nearer = min if self.sign > 0 else max
        self.limit = float(within if self.limit is None else nearer(within, self.limit))


def sums_of(instance: Instance, matrix: Matrix, plan: Plan, by: str) -> list[Sum]:
    """Sums of a plan by some keys, those included of which it has nothing.

    Raises
    ------
    OptimizerError
        If no decision has these keys.
    """
    names = [name.strip() for name in by.split(",")]
    if names == [AGREEMENTS]:
        return list(_agreements(instance, matrix, plan))
    fitting = [family for family in _COUNTED if set(names) <= set(DECISIONS[family].keys)]
    fitting = [family for family in fitting if len(getattr(instance.sets, family))]
    if not fitting:
        raise _unknown(names, instance)
    frame = getattr(instance.sets, fitting[0]).reset_index(drop=True)
    columns = columns_in_order(instance, matrix, fitting[0])
    slots = plan.slots.assign(**{name: plan.slots[name].astype("str") for name in names})
    given = slots.groupby(names)["slots"].sum()
    found = []
    for key, rows in frame.groupby(names, sort=True).indices.items():
        cells = tuple(map(str, key)) if isinstance(key, tuple) else (str(key),)
        there = columns[rows]
        value = float(given.get(cells if len(cells) > 1 else cells[0], 0.0))
        found.append(Sum(", ".join(names), ", ".join(cells), there[there >= 0], value))
    return found


def _agreements(instance: Instance, matrix: Matrix, plan: Plan) -> Iterator[Sum]:
    """Whether each proposed agreement is ever open: what is open in the last year."""
    frame = instance.sets.agreement.reset_index(drop=True)
    columns = columns_in_order(instance, matrix, "agreement")
    opened = set(map(tuple, plan.decisions.agreements[_PAIR].to_numpy().tolist()))
    for pair, rows in frame.groupby(_PAIR, sort=True).indices.items():
        assert isinstance(pair, tuple), "grouped by two keys"
        last = max(rows, key=lambda row: frame["year"].iloc[row])
        there = columns[[last]]
        key = ", ".join(map(str, pair))
        yield Sum(AGREEMENTS, key, there[there >= 0], float(pair in opened))


def _unknown(names: Sequence[str], instance: Instance) -> OptimizerError:
    known = list(DECISIONS["cohort"].keys)
    known += ["region"] if len(instance.sets.placements) else []
    near = [did_you_mean(name, [*known, AGREEMENTS]) for name in names if name not in known]
    maybe = "" if not near or near[0] is None else f". Maybe {near[0]!r}"
    told = ",".join(names)
    return OptimizerError(
        f"no slots are decided by {told!r}\n    Expected {', '.join(known)}, or several with "
        f"commas (region and country do not go together), or {AGREEMENTS}{maybe}."
    )


class RangeSearch:
    """A question with its value kept above a floor, solved on from end to end.

    Parameters
    ----------
    loaded
        Of the question; it stays as it is. Its costs are points.
    least_points
        The floor, in points.
    """

    def __init__(self, loaded: LoadedModel, least_points: float) -> None:
        self._matrix = _with_floor(loaded.matrix, least_points)
        self._options: Options = loaded.options
        staged = roles_of(loaded.instance, loaded.matrix).staged
        self._whole_options = wholeness(loaded.matrix, staged).options
        self._engine = Engine(self._matrix, relaxed=True, options=self._options)
        self._has_begun = False

    def relaxed(self, sums: Sequence[Sum], watch: Watch) -> list[RangeEnd]:
        """Least and most of every sum in the relaxation, one after the other."""
        ends = [RangeEnd(each, sign, each.value) for each in sums for sign in (-1.0, 1.0)]
        for number, end in enumerate(ends):
            _show(watch, "relaxation", number, len(ends))
            side = self._matrix.upper if end.sign > 0 else self._matrix.lower
            if end.found == float(side[end.each.columns].sum()):
                end.limit, end.is_free = end.found, True
            elif not watch.should_stop():
                self._relax(end, watch)
        return ends

    def whole(
        self, ends: Sequence[RangeEnd], watch: Watch, checked: Callable[[Floats], bool]
    ) -> None:
        """Look for a plan at each end that no known plan reaches.

        Parameters
        ----------
        checked
            Whether a solution is a plan that keeps every rule and the floor.
        """
        left = [end for end in ends if end.basis == BY_RELAXATION]
        for number, end in enumerate(left):
            _show(watch, "plan", number, len(left))
            if end.basis == BY_PLAN or watch.should_stop():
                # A plan that was found for another end may stand here too.
                continue
            options: dict[str, Option] = {"mip_rel_gap": 0.0, "mip_max_nodes": END_NODES}
            matrix = replace(self._matrix, cost=self._cost(end))
            engine = Engine(
                matrix, relaxed=False, options={**self._options, **self._whole_options, **options}
            )
            run = engine.run(watch)
            if run.bound is not None and np.isfinite(run.bound):
                end.limit_by(end.sign * run.bound)
            if run.x is not None and checked(run.x):
                for other in ends:
                    other.learn(float(np.round(run.x[other.each.columns]).sum()))

    def _cost(self, end: RangeEnd) -> Floats:
        cost = np.zeros(len(self._matrix.cost))
        cost[end.each.columns] = end.sign
        return cost

    def _relax(self, end: RangeEnd, watch: Watch) -> None:
        """Largest or smallest sum in the relaxation."""
        self._engine.set_costs(self._cost(end))
        run = self._engine.run(watch, afresh=not self._has_begun)
        if run.status == "infeasible":
            raise SolverError("no plan of so many points is found, although there is one in hand")
        if run.status != "optimal" or run.x is None:
            return
        if not self._has_begun:
            self._has_begun = True
            self._engine.set_option("simplex_strategy", _PRIMAL_SIMPLEX)
        end.limit_by(float(run.x[end.each.columns].sum()))


def _show(watch: Watch, kind: str, number: int, count: int) -> None:
    """Say now and then how many ends are done."""
    if number % max(1, count // _TENTHS) == 0:
        watch.begin(f"{kind} at end {number + 1} of {count}")


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
