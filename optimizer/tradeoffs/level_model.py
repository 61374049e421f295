"""A loaded model asked for points, and for the lowest rate of a division, each above a floor."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from optimizer.frames.arrays import Floats, Integers
from optimizer.persistent.aimed import NO_FLOOR, AimedModel, AimedRun
from optimizer.persistent.loaded import LoadedModel
from optimizer.session.aims.outcomes import Outcomes
from optimizer.solver.matrix import Matrix
from optimizer.solver.watch import Watch
from optimizer.tradeoffs.steps_of_values import common_step

RAISED_LEVEL, POINTS_AT_FLOOR, GROUP_AT_FLOOR, GROUP_AT_LEVEL = (
    "lowest_rate",
    "points_at_floor",
    "group_at_floor",
    "group_at_level",
)
"""Column of the lowest rate, and rows that keep points and groups at floors, and groups at it."""
_NEAR = 1e-9
"""Part of a number of steps by which it may differ from a whole one, for the rounding of sums."""


class LevelModel(AimedModel):
    """A loaded model with a floor under its points, and one under the rate of every group.

    What is aimed at are points and the lowest rate, in this order. Where every group gets a
    multiple of a step, such as one person, its floor lies half a step below what it must have.

    Parameters
    ----------
    loaded
        With the costs of points.
    is_relaxed
        Whether people may be divided, so that nothing comes in steps.
    """

    def __init__(self, loaded: LoadedModel, outcomes: Outcomes, *, is_relaxed: bool) -> None:
        self.loaded, self.outcomes = loaded, outcomes
        self._cost, self._offset = loaded.matrix.cost, loaded.matrix.offset
        self._steps = (
            np.full(len(outcomes), np.nan) if is_relaxed else steps_of_groups(loaded, outcomes)
        )
        height, self._level = len(loaded.matrix.rows), len(loaded.matrix.columns)
        loaded.append(loaded.instance, self._added())
        self._cost = np.append(self._cost, 0.0)
        self._of_points = height
        self._of_groups: Integers = height + 1 + np.arange(len(outcomes))

    def _added(self) -> Matrix:
        """Rows of floors, which limit nothing yet, and of the level."""
        matrix, outcomes = self.loaded.matrix, self.outcomes
        used = np.union1d(np.flatnonzero(matrix.cost), outcomes.a.indices)
        groups = scipy.sparse.csr_array(outcomes.a[:, used])
        points = scipy.sparse.csr_array(matrix.cost[used][None, :])
        level = scipy.sparse.csr_array(-outcomes.needs[:, None])
        a = scipy.sparse.block_array(
            [[points, None], [groups, None], [groups, level]], format="csc"
        )
        count, free = len(outcomes), np.full(len(used) + 1, np.inf)
        rows: list[tuple[str, object]] = [
            (POINTS_AT_FLOOR, None),
            *((GROUP_AT_FLOOR, label) for label in outcomes.labels),
            *((GROUP_AT_LEVEL, label) for label in outcomes.labels),
        ]
        return Matrix(
            a=scipy.sparse.csc_array(a),
            cost=np.zeros(len(used) + 1),
            offset=0.0,
            row_lower=np.append(np.full(1 + count, -np.inf), -outcomes.constant),
            row_upper=np.full(len(rows), np.inf),
            lower=-free,
            upper=free.copy(),
            integral=np.zeros(len(used) + 1, dtype=bool),
            columns=[*(matrix.columns[column] for column in used), (RAISED_LEVEL, None)],
            rows=rows,
            _positions={},
        )

    @property
    def floor_rows(self) -> Integers:
        """Rows of the floors: of points, and of groups in their order."""
        return np.append(self._of_points, self._of_groups)

    @property
    def is_in_steps(self) -> bool:
        """Whether every group that can have more gets a multiple of a step."""
        return not np.isnan(self._steps).any()

    def values(self, x: Floats) -> Floats:
        """Points, and the lowest rate in units of the outcomes."""
        points = float(self._cost @ x[: len(self._cost)] + self._offset)
        return np.array([points, float(self.outcomes.rates(x).min())])

    def next_level(self, level: float) -> float | None:
        """The lowest rate next above another that any plan can have; ``None`` without steps."""
        if not self.is_in_steps:
            return None
        steps = np.where(np.isinf(self._steps), 1.0, self._steps)
        counts = (level * self.outcomes.needs - self.outcomes.constant) / steps
        above = np.floor(counts + _NEAR * np.maximum(1.0, np.abs(counts))) + 1.0
        rates = (above * steps + self.outcomes.constant) / self.outcomes.needs
        return float(np.where(np.isinf(self._steps), np.inf, rates).min())

    def hold(self, floors: Floats) -> None:
        """Keep points, and the rate of every group, at floors; ``NO_FLOOR`` for none."""
        points, level = floors.tolist()
        self._set(
            {
                self._of_points: (points - self._offset, np.inf),
                **self._above(self._of_groups, self._least(level)),
            }
        )

    def hold_level(self, level: float) -> None:
        """Keep every group just at a level, as for whoever may be divided."""
        self._set(
            {
                self._of_points: (NO_FLOOR, np.inf),
                **self._above(self._of_groups, self._wanted(level)),
            }
        )

    def _wanted(self, level: float) -> Floats:
        """What the columns of every group add up to at a level, but for the rounding of sums."""
        if not np.isfinite(level):
            return np.full(len(self.outcomes), NO_FLOOR)
        amounts = level * self.outcomes.needs
        near = _NEAR * np.maximum(1.0, np.abs(amounts))
        found: Floats = amounts - near - self.outcomes.constant
        return found

    def _least(self, level: float) -> Floats:
        wanted = self._wanted(level)
        in_steps = np.isfinite(self._steps) & np.isfinite(wanted)
        steps = np.where(in_steps, self._steps, 1.0)
        counts = np.where(in_steps, wanted / steps, 0.0)
        whole = np.ceil(counts - _NEAR * np.abs(counts))
        return np.where(in_steps, (whole - 0.5) * steps, wanted)

    def most(
        self,
        weights: Floats,
        watch: Watch,
        *,
        gap: float,
        reached: float = 0.0,
        offset: float = 0.0,
    ) -> AimedRun:
        """As of :class:`AimedModel`; points count as they are, so that known optima are near."""
        size = float(weights[0]) or 1.0
        fixed = self._offset if weights[0] else 0.0
        return super().most(weights / size, watch, gap=gap, offset=offset / size + fixed)

    def _costs(self, weights: Floats, reached: float) -> Floats:
        cost = np.zeros(len(self.loaded.matrix.cost))
        cost[: len(self._cost)] = weights[0] * self._cost
        cost[self._level] = weights[1]
        return cost

    def _let_go(self) -> None:
        self._set(dict.fromkeys([self._of_points, *self._of_groups.tolist()], (-np.inf, np.inf)))


def steps_of_groups(loaded: LoadedModel, outcomes: Outcomes) -> Floats:
    """Number of which what each group gets is a multiple, beside what it has anyway.

    Infinite where nothing can be given to a group; not a number where no step is known.
    """
    whole = loaded.matrix.integral
    found = np.full(len(outcomes), np.inf)
    for number, terms in enumerate(outcomes.terms):
        if terms:
            is_whole = all(whole[column] for column in terms)
            step = common_step(list(terms.values())) if is_whole else None
            found[number] = np.nan if step is None else step
    return found
