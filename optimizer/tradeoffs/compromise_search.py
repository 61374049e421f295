"""The search for plans of stakeholders: the policy's own, each one's best, today's, compromises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite, nan

import numpy as np

from optimizer.errors import SolverError
from optimizer.frames import mapping
from optimizer.frames.arrays import Floats
from optimizer.persistent.answers import solution_at
from optimizer.plan import Plan
from optimizer.plan.provenance import BY_POINTS_ALONE, versions
from optimizer.plan.stakeholder_weights import StakeholderWeights
from optimizer.session.aims.disagreement import TODAY, WORST, Disagreement
from optimizer.session.aims.product import gap_left_open
from optimizer.session.aims.steps import ALL_POINTS, AimStep
from optimizer.session.holding import Holding
from optimizer.session.ideals_cache import content_hash
from optimizer.session.planning import PlanSearch
from optimizer.session.values import relaxed_goal_values
from optimizer.solver.watch import relative_gap
from optimizer.text.file_names import file_names
from optimizer.tradeoffs.compromise_aims import ENDED, LEFT_OPEN, CompromiseAims
from optimizer.tradeoffs.stakeholder_store import KeptSolution, KeptSolutions

THE_POLICY, AS_TODAY = BY_POINTS_ALONE, "today"
LEAST_REGRET, BY_LEXIMIN, BY_NASH, BY_MEAN = "least-regret", "leximin", "nash", "mean"
COMPROMISES = (BY_MEAN, LEAST_REGRET, BY_LEXIMIN, BY_NASH)
CALLED: Mapping[str, str] = {
    THE_POLICY: "the policy's own plan",
    AS_TODAY: "today's slots",
    BY_MEAN: "highest mean value",
    LEAST_REGRET: "least largest regret",
    BY_LEXIMIN: "leximin",
    BY_NASH: "Nash",
}
NOT_FOUND, NO_SUCH_PLAN, AS_GIVEN = "stopped", "none", "given"
"""Statuses of plans that time ran out for, of those that cannot be, and of today's."""


@dataclass(frozen=True, eq=False)
class WeighedPlan:
    """A plan, and what it gives stakeholders.

    Attributes
    ----------
    name
        Which folders may have.
    status
        ``optimal`` where it is proven that no plan has more of what was looked for, ``feasible``,
        :data:`NOT_FOUND`, :data:`NO_SUCH_PLAN` or :data:`AS_GIVEN`.
    values
        Points by stakeholder; ``None`` where there is no plan.
    points
        Under the policy.
    gap
        Relative, of what was looked for; not a number where nothing was.
    why
        Why there is no plan, or a search was cut off.
    """

    name: str
    called: str
    status: str
    steps: tuple[AimStep, ...] = ()
    values: Floats | None = None
    points: float = nan
    gap: float = nan
    seconds: float = 0.0
    why: str = ""
    plan: Plan | None = None


@dataclass(frozen=True, eq=False)
class _Task:
    """A plan that is looked for, and what finds it."""

    name: str
    called: str
    look: Callable[[], KeptSolution]


@dataclass
class CompromiseSearch:
    """Looks for one plan after the other.

    Parameters
    ----------
    aims
        What looks for each.
    wanted
        Compromises, some of :data:`COMPROMISES`.
    kept
        What was found before.

    Attributes
    ----------
    found
        Every plan that was looked for, by name; today's only if it is one.
    disagreement
        Over which gains are counted; ``None`` where Nash was not asked for, or not come to.
    why_no_today
        Why today's slots are no plan; blank where they are.
    restored
        Plans that were found before.
    """

    aims: CompromiseAims
    wanted: Sequence[str]
    kept: KeptSolutions
    found: dict[str, WeighedPlan] = field(default_factory=dict)
    disagreement: Disagreement | None = None
    why_no_today: str = ""
    restored: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        aims = self.aims
        self._held, self._watch, self._weighing = aims.held, aims.watch, aims.weighing
        self._plans = PlanSearch(self._held, self._watch, aims.gap, again=True)
        self._bound, self._known = inf, dict[bytes, Plan]()
        self.best_names = names_of_bests(self._weighing.names)

    def look(self) -> None:
        """Find all plans, as long as there is time.

        Raises
        ------
        InfeasibleError, NoPlanError
            If there is not even one.
        """
        tasks = list(self._tasks())
        for number, task in enumerate(tasks):
            # What was found before needs no time.
            if self._watch.should_stop() and self.kept.get(task.name) is None:
                if task.name != AS_TODAY:
                    self.found[task.name] = WeighedPlan(
                        task.name, task.called, NOT_FOUND, why=self.aims.why_stopped
                    )
                continue
            self._watch.forget()
            self._watch.begin_part(task.called, number, len(tasks))
            self._take(task)
        if all(each.values is None for each in self.found.values()):
            why = next(iter(self.found.values())).why
            raise self._watch.no_plan() if self.aims.is_stopped else SolverError(why)

    def _tasks(self) -> Iterator[_Task]:
        aims = self.aims
        yield _Task(THE_POLICY, CALLED[THE_POLICY], lambda: aims.most_points(self._plans))
        for number, name in enumerate(self._weighing.names):
            yield _Task(self.best_names[number], best_called(name), self._best_for(number))
        yield _Task(AS_TODAY, CALLED[AS_TODAY], aims.todays)
        looks = {
            BY_MEAN: aims.highest_mean,
            LEAST_REGRET: lambda: aims.least_regret(self._own_bests()),
            BY_LEXIMIN: aims.leximin,
            BY_NASH: lambda: aims.nash(self._against().amounts),
        }
        for name, look in looks.items():
            if name in self.wanted:
                yield _Task(name, CALLED[name], look)

    def _best_for(self, number: int) -> Callable[[], KeptSolution]:
        return lambda: self.aims.best_for(number)

    def _take(self, task: _Task) -> None:
        """Take note of one plan, found before or now."""
        began, before = self._watch.seconds, self.kept.get(task.name)
        try:
            solution = task.look() if before is None else before
            if before is None:
                solution = replace(solution, seconds=self._watch.seconds - began)
            if task.name == THE_POLICY:
                self._bound = solution.steps[0].bound
            if task.name == BY_NASH:
                self._against()
            plan = self._weighed(task, solution, is_kept=before is not None)
            self.restored += [] if before is None else [task.name]
        except SolverError as error:
            why = str(error).splitlines()[0]
            if task.name == AS_TODAY:
                self.why_no_today = why
            self.found[task.name] = WeighedPlan(task.name, task.called, NOT_FOUND, why=why)
            return
        if solution.x is not None:
            self.aims.known.append(solution.x)
        # What another call may find is looked for again.
        if before is None and not self.aims.is_stopped and solution.why != ENDED:
            self.kept.keep(task.name, solution)
        if task.name == AS_TODAY and solution.x is None:
            self.why_no_today = solution.why
        else:
            self.found[task.name] = plan

    def _weighed(self, task: _Task, solution: KeptSolution, *, is_kept: bool) -> WeighedPlan:
        """What a solution gives stakeholders, as a plan that is checked.

        Parameters
        ----------
        is_kept
            Whether it was found before, to its end.
        """
        x, steps, loaded = solution.x, solution.steps, self._held.loaded
        is_open = solution.why == LEFT_OPEN or (self.aims.is_stopped and not is_kept)
        empty = WeighedPlan(
            task.name,
            task.called,
            NOT_FOUND if is_open else NO_SUCH_PLAN,
            steps,
            seconds=solution.seconds,
            why=solution.why,
        )
        if x is None:
            return empty
        plan, points = None, loaded.matrix.points(x)
        raw: Mapping[str, float] = relaxed_goal_values(loaded, x)
        if not self.aims.is_relaxed:
            plan = self._checked(x)
            raw, points = mapping(plan.tables["goals"], "goal", "raw"), plan.objective
        values = self._weighing.values(raw)
        is_proven = all(step.status == "optimal" for step in steps)
        status = "optimal" if is_proven else "feasible"
        return replace(
            empty,
            status=status if steps else AS_GIVEN,
            values=values,
            points=points,
            gap=self._gap(task.name, steps, values),
            plan=plan,
        )

    def _checked(self, x: Floats) -> Plan:
        """A solution as a plan that is checked; what is the same to the last digit only once."""
        known = self._known.get(x.tobytes())
        if known is None:
            found = solution_at(self._held.loaded, x, self._bound, self._watch)
            known = self._known[x.tobytes()] = self._plans.checked(found)
        return known

    def _gap(self, name: str, steps: Sequence[AimStep], values: Floats) -> float:
        """Relative gap of what was looked for."""
        main = [step for step in steps if step.aimed_at != ALL_POINTS]
        if not main:
            return nan
        apart = [step.bound - step.value for step in main]
        if not all(map(isfinite, apart)):
            return inf
        if name == BY_NASH:
            return gap_left_open(values, self._against().amounts, apart[-1])
        return max(relative_gap(step.value, step.bound) for step in main)

    @property
    def bests(self) -> Floats:
        """Most points that any plan which was found gives each stakeholder."""
        return _most_in(each.values for each in self.found.values())

    def best_of(self, number: int) -> WeighedPlan | None:
        """The plan that is best for a stakeholder, as far as it was looked for."""
        return self.found.get(self.best_names[number])

    def _own_bests(self) -> Floats:
        """Best of each stakeholder before compromises are looked for, whosever plan has it."""
        return _most_in([self.found[THE_POLICY].values, *self._own_plans()])

    def _own_plans(self) -> list[Floats]:
        """Values of the plans that are best for each stakeholder.

        Raises
        ------
        SolverError
            If one of them was not found.
        """
        plans = []
        for number, name in enumerate(self._weighing.names):
            own = self.best_of(number)
            if own is None or own.values is None:
                raise SolverError(f"the plan that is {best_called(name)} was not found")
            plans.append(own.values)
        return plans

    def _against(self) -> Disagreement:
        """What each has without agreement: today's slots, or the least of the own bests.

        Raises
        ------
        SolverError
            If one of these was not found.
        """
        if self.disagreement is None:
            today = self.found.get(AS_TODAY)
            if today is not None and today.values is not None:
                self.disagreement = Disagreement(today.values, TODAY)
            else:
                least: Floats = np.min(self._own_plans(), axis=0)
                self.disagreement = Disagreement(least, WORST, self.why_no_today)
        return self.disagreement


def _most_in(plans: Iterable[Floats | None]) -> Floats:
    """Most points that any plan gives each stakeholder; ``None`` is no plan."""
    found: Floats = np.max([values for values in plans if values is not None], axis=0)
    return found


def question_hash(held: Holding, weighing: StakeholderWeights, gap: float) -> str:
    """Hash of everything that decides which plans are found, and of what runs of them hold.

    Not all of it is in the matrix: today's slots are what plans are compared with.
    """
    question = held.question
    asked = (question.policy.hash, dict(question.case.hashes), gap, versions())
    return content_hash(held.loaded.matrix, weighing.per_value, weighing.names, *asked)


def best_called(name: str) -> str:
    """How the plan that is best for a stakeholder is called."""
    return f"best for {name}"


def names_of_bests(names: Sequence[str]) -> list[str]:
    """Names of the plans that are best for stakeholders, which folders may have.

    Examples
    --------
    >>> names_of_bests(["MEXT", "Cabinet (office)", "cabinet office"])
    ['best-mext', 'best-cabinet-office', 'best-cabinet-office-3']
    """
    return file_names(names, begin="best")
