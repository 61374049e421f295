"""A question asked again and again in one loaded model, each time with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from optimizer.case.changes import cell_changes
from optimizer.errors import InfeasibleError, NoPlanError, OptimizerError, SolverError
from optimizer.explain.in_hand import proven_bound
from optimizer.frames.arrays import Floats
from optimizer.instance.scoring import GivenScores
from optimizer.plan.question import Question, asked
from optimizer.schema.addresses import cells_and_keys
from optimizer.session.clashing import infeasible
from optimizer.session.dropping import rows_of_rules
from optimizer.session.holding import Holding
from optimizer.session.moving import may_rebuild, rebuilding
from optimizer.session.planning import PlanSearch
from optimizer.session.values import relaxed_goal_values
from optimizer.solver import Watch
from optimizer.solver.matrix import RowName

OPTIMAL, NONE_KEEPS_RULES, CANNOT_BE_HELD, OUT_OF_TIME, SOLVER_GAVE_UP = (
    "optimal",
    "infeasible",
    "refused",
    "stopped",
    "failed",
)
"""Statuses of an answer; ``refused`` where policy and case cannot hold the change."""
ROUNDING = 1e-9
"""Part of the points, and points, by which two relaxations differ that are the same."""

ROUNDING_OF_SOLUTIONS = 1e-7
"""The same of single columns, which hold rows to so much."""

CUSTOM_RULES = "custom rules may follow from any number"
"""Why every change of a question with custom rules needs another model."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What the relaxation, or a plan, comes to after a change.

    Attributes
    ----------
    status
        ``optimal``, ``infeasible``, ``refused`` (policy and case cannot hold the change),
        ``stopped`` (no time was left), ``failed`` (the solver gave up); of a plan, its own.
    points, bound
        Without a value unless there is one; a relaxation is its own bound, and that of a plan of
        which nothing is proven is infinite.
    goals
        Raw value of every goal.
    cohorts
        New participants by country, track, level and year, of a relaxation.
    why
        What was refused or failed, and why the model was built again; blank otherwise.
    """

    status: str
    points: float = float("nan")
    bound: float = float("nan")
    goals: Mapping[str, float] = field(default_factory=dict)
    cohorts: pd.Series = field(default_factory=lambda: pd.Series(dtype="float64"))
    why: str = ""
    rebuilt_because: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there are points."""
        return self.points == self.points

    def moved_since(self, other: Answer) -> float:
        """Slots that are given here and not there, or the other way round, whichever are more."""
        apart = self.cohorts.sub(other.cohorts, fill_value=0.0)
        more, fewer = float(apart.clip(lower=0.0).sum()), float(-apart.clip(upper=0.0).sum())
        return _without_rounding(max(more, fewer), float(self.cohorts.sum()))

    def raw_since(self, other: Answer) -> dict[str, float]:
        """Raw value of every goal more than there."""
        return {
            goal: _without_rounding(self.goals[goal] - raw, raw)
            for goal, raw in other.goals.items()
        }


class Asking:
    """Asks one model again and again, changing one thing and changing it back in one step.

    Attributes
    ----------
    base
        The relaxation with nothing changed.
    solution, prices
        Of the base: a number a column, and points per unit of every row's number.
    priced
        Rows of the base whose numbers have a price, by their names.
    last
        Solution of the last relaxation.
    held
        What is asked.

    Raises
    ------
    InfeasibleError
        If there is no plan even with nothing changed.
    NoPlanError
        If no time was left for the first relaxation.
    """

    def __init__(self, held: Holding, watch: Watch) -> None:
        self.held, self._watch, self._dropped = held, watch, held.dropped
        watch.begin("relaxation")
        run = held.loaded.relax(watch)
        if run.status == "unbounded":
            raise SolverError("the points of a plan have no upper limit")
        if run.status == "infeasible":
            raise infeasible(held.loaded, watch.for_last_steps())
        if run.status != "optimal" or run.x is None or run.objective is None:
            raise watch.no_plan()
        self.solution: Floats = run.x
        self.last: Floats = run.x
        self.prices: Floats = held.loaded.lp.prices()
        names = held.loaded.matrix.rows
        self.priced = frozenset(names[row] for row in np.flatnonzero(self.prices).tolist())
        self.base = _answer(held, run.x, run.objective, "")

    @property
    def least(self) -> float:
        """Smallest difference of points that is one."""
        return ROUNDING * max(1.0, abs(self.base.points))

    def difference(self, answer: Answer) -> float:
        """Points more than with nothing changed; what is left by rounding is none."""
        apart = answer.points - self.base.points
        return 0.0 if abs(apart) <= self.least else apart

    def at(self, changes: Mapping[str, object]) -> Answer:
        """The relaxation after changes of numbers."""
        found = self._changed(changes)
        return found if isinstance(found, Answer) else self._relaxed(*found)

    def plan_at(self, changes: Mapping[str, object], gap: float) -> Answer:
        """The best plan after changes of numbers."""
        found = self._changed(changes)
        if isinstance(found, Answer):
            return found
        held, because = found
        self._watch.forget()
        search = PlanSearch(held, self._watch, gap, again=True, conflicts=1)
        try:
            plan = search.without_warning()
        except InfeasibleError:
            return Answer(NONE_KEEPS_RULES, rebuilt_because=because)
        except NoPlanError as error:
            return Answer(OUT_OF_TIME, why=_first_line(error), rebuilt_because=because)
        except SolverError as error:
            return self._failed(error)
        table = plan.tables["goals"]
        goals = dict(zip(table["goal"], table["raw"], strict=True))
        bound = proven_bound(plan)
        return Answer(plan.status, plan.objective, bound, goals, rebuilt_because=because)

    def without(self, rows: Collection[RowName]) -> Answer:
        """The relaxation in which rows limit nothing."""
        loaded, names = self.held.loaded, set(rows)
        there = {row for row, name in enumerate(loaded.matrix.rows) if name in names}
        # What is dropped already stays so.
        dropped = sorted(there - set(rows_of_rules(loaded, self.held.dropped)))
        loaded.drop(dropped)
        try:
            return self._relaxed(self.held, "")
        finally:
            if loaded is self.held.loaded:
                loaded.restore(dropped)

    def with_limit(
        self, limit: Mapping[str, object], look: Callable[[Answer], None] | None = None
    ) -> Answer:
        """The relaxation with one limit more, which limits nothing afterwards.

        Parameters
        ----------
        look
            Called while the limit still holds.
        """
        before = self.held.rebuilt
        try:
            self.held.add_limit(limit)
        except OptimizerError as error:
            return Answer(CANNOT_BE_HELD, why=str(error))
        because = CUSTOM_RULES if self.held.rebuilt > before else ""
        held = self.held
        answer = self._relaxed(held, because)
        if look is not None:
            look(answer)
        # Where the solver has failed another model is asked from now on, which never had the limit.
        if self.held is held:
            held.drop(str(limit["name"]))
        return answer

    def scored(self, given: GivenScores) -> Answer:
        """The relaxation with countries counted by other scores, which stay from now on."""
        before = self.held.loaded
        try:
            self.held.score(given)
        except SolverError as error:
            return self._failed(error)
        except OptimizerError as error:
            return Answer(CANNOT_BE_HELD, why=str(error))
        if self.held.loaded is not before:
            self.held.loaded.begin_like(before)
        return self._relaxed(self.held, self.held.rebuilt_because)

    def restore(self) -> None:
        """Undo the last change."""
        self.held.change_to({})

    def _changed(self, changes: Mapping[str, object]) -> tuple[Holding, str] | Answer:
        """What holds the changes and no others, and why it was built; an answer if refused."""
        held = self.held
        try:
            if held.extend is not None or any(map(may_rebuild, changes)):
                return self._elsewhere(changes)
            if held.rebuilt_because:
                # What the last change has built is not what this one needs.
                held.change_to({})
            held.change_to(changes)
        except SolverError as error:
            return self._failed(error)
        except OptimizerError as error:
            return Answer(CANNOT_BE_HELD, why=str(error))
        return held, held.rebuilt_because

    def _elsewhere(self, changes: Mapping[str, object]) -> tuple[Holding, str]:
        """Changes that need another model, in one of their own: this one stays where it was."""
        kept = self.held.question
        question = asked(kept.base, kept.base_case, changes, keep=kept.keep)
        cells = cell_changes(kept.base_case, cells_and_keys(changes)[0])
        moved = [(cell.table, cell.column) for cell in cells]
        because = ", ".join(rebuilding(kept.base, question.policy, moved)) or CUSTOM_RULES
        held = self._held_anew(question)
        held.loaded.begin_like(self.held.loaded)
        return held, because

    def _held_anew(self, question: Question) -> Holding:
        return Holding(
            question,
            extend=self.held.extend,
            scales=self.held.frozen(),
            cache=False,
            dropped=self._dropped,
            like=self.held,
        )

    def _relaxed(self, held: Holding, because: str) -> Answer:
        try:
            run = held.loaded.relax(self._watch)
        except SolverError as error:
            return self._failed(error)
        if run.status == "unbounded":
            return Answer(SOLVER_GAVE_UP, why="points have no upper limit", rebuilt_because=because)
        if run.status != "optimal" or run.x is None or run.objective is None:
            status = NONE_KEEPS_RULES if run.status == "infeasible" else OUT_OF_TIME
            return Answer(status, rebuilt_because=because)
        self.last = run.x
        return _answer(held, run.x, run.objective, because)

    def _failed(self, error: SolverError) -> Answer:
        """Load another model, as whatever the solver was left with is no place to go on from."""
        self.held = self._held_anew(self.held.question.unchanged)
        return Answer(SOLVER_GAVE_UP, why=_first_line(error))


def _answer(held: Holding, x: Floats, points: float, because: str) -> Answer:
    loaded = held.loaded
    columns = loaded.matrix.family("cohort")
    names = [loaded.matrix.columns[column][1] for column in columns]
    cohorts = pd.Series(x[columns], index=pd.Index(names, tupleize_cols=False))
    goals = relaxed_goal_values(loaded, x)
    return Answer(OPTIMAL, points, points, goals, cohorts, rebuilt_because=because)


def _without_rounding(apart: float, size: float) -> float:
    """A difference of numbers of a size; what a linear program leaves of none is none."""
    return apart if abs(apart) > ROUNDING_OF_SOLUTIONS * max(1.0, abs(size)) else 0.0


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
