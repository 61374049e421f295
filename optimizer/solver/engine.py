"""HiGHS run and stopped: what it says it found is looked at before anybody believes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import highspy
import numpy as np

from optimizer.errors import SolverError
from optimizer.frames.arrays import Floats
from optimizer.io.writing import add_to_log
from optimizer.solver.certificate import proves_no_solution
from optimizer.solver.early import Early
from optimizer.solver.loading import Loaded, Options
from optimizer.solver.matrix import Matrix, read_only
from optimizer.solver.scheduler import inside_run, own_scheduler
from optimizer.solver.trust import Scaled
from optimizer.solver.watch import Watch

if TYPE_CHECKING:
    from highspy.highs import HighsCallbackEvent

_STATUS = highspy.HighsModelStatus
_INFEASIBLE = (_STATUS.kInfeasible, _STATUS.kUnboundedOrInfeasible)
_LIMITS = (
    _STATUS.kInterrupt,
    _STATUS.kTimeLimit,
    _STATUS.kIterationLimit,
    _STATUS.kSolutionLimit,
    _STATUS.kHighsInterrupt,  # type: ignore[attr-defined]  # missing in highspy's own stubs
    _STATUS.kObjectiveBound,
    _STATUS.kObjectiveTarget,
)

FINEST = 1e-10
"""Smallest tolerance for integers that HiGHS knows."""
_LARGE = 20_000
"""Nonzeros from which a relaxation without a starting basis is solved by interior point."""
_SOON, _SOON_AT_LEAST = 0.05, 1_000
"""Iterations of the simplex per row, and so many more, that are few. On the Japan case, with 60,000
rows, a whole relaxation takes 40,000 of them, and three times as long as interior point."""
UNLIMITED = int(highspy.kHighsIInf)
"""Iterations of a simplex that has no limit."""
_IDLE = 100
"""Times that simplex may be asked whether to go on before another iteration is done."""


@dataclass(frozen=True)
class EngineRun:
    """Result of one run of HiGHS.

    Attributes
    ----------
    status
        ``optimal`` (within the run's own gap), ``infeasible``, ``unbounded`` or ``stopped``.
    x
        Best solution, or ``None``.
    objective, bound
        Value of ``x`` and proven upper bound; ``None`` where unknown.
    nodes, iterations
        Of the tree and of the simplex method.
    gave_up
        Whether it was stopped by the number of iterations it was given, or came to no other.
    """

    status: str
    x: Floats | None
    objective: float | None
    bound: float | None
    nodes: int = 0
    iterations: int = 0
    gave_up: bool = False

    def __post_init__(self) -> None:
        if self.x is not None:
            read_only(self.x)


class Engine(Loaded):
    """A loaded matrix that is solved.

    Attributes
    ----------
    runs
        How often HiGHS was asked to solve.
    """

    def __init__(
        self,
        matrix: Matrix,
        *,
        relaxed: bool,
        options: Options,
        log: Path | None = None,
    ) -> None:
        super().__init__(matrix, relaxed=relaxed, options=options, log=log)
        self._watch: Watch | None = None
        self._bounds = False
        self._found: Callable[[Floats], None] | None = None
        self._early: Early | None = None
        for event in (self._highs.cbMipInterrupt, self._highs.cbIpmInterrupt):
            event.subscribe(self._on_tick)
        self._highs.cbSimplexInterrupt.subscribe(self._on_simplex_tick)
        self._iteration, self._idle = -1, 0
        self._is_stuck = self._may_stick = False
        self._highs.cbMipImprovingSolution.subscribe(self._on_solution)
        self._best: Floats | None = None
        self._log = log
        self.runs = 0

    def run(
        self,
        watch: Watch,
        *,
        afresh: bool = False,
        bounds: bool = False,
        found: Callable[[Floats], None] | None = None,
        early: Early | None = None,
    ) -> EngineRun:
        """Solve until done or the watch says stop.

        Parameters
        ----------
        watch
            Wall time and Ctrl-C.
        afresh
            Whether nothing is known that a simplex could start from: a large relaxation is then
            solved by interior point and crossover, which was 3 to 10 times faster on the Japan
            case.
        bounds
            Whether a bound of this search is one of the whole model: the watch learns it, and the
            search ends when that closes the gap.
        found
            Called with every better solution of branch and bound.
        early
            Handed one solution before branch and bound has ended, which ends if that closes the
            gap.
        """
        if self.relaxed:
            self._begin(afresh=afresh)
        self._watch, self._bounds, self._found, self._best = watch, bounds, found, None
        self._early = early
        self.runs += 1
        if watch.should_stop():
            return EngineRun("stopped", None, None, None)
        # HiGHS goes on from a basis without presolve.
        is_presolved = self.relaxed and not self.is_large and not self.basis().valid
        ran = self._launch(watch)
        if not self.relaxed:
            if ran and self._is_unproven():
                self.forget()
                self._option("presolve", "off")
                ran = self._launch(watch)
            run = self._result() if ran else None
            return run if run is not None and self._is_true(run) else self._run_again(watch)
        if ran and ((self._is_stuck and not self._is_limited) or self._is_unclean()):
            ran = self._run_cleanly(watch)
        if ran and is_presolved and self._highs.getModelStatus() in _INFEASIBLE:
            ran = self._run_without_presolve(watch)
        if not ran and not self._run_by_simplex(watch):
            raise SolverError("HiGHS reported an error in run")
        return self._result()

    def run_within(self, iterations: int, watch: Watch, *, afresh: bool = False) -> EngineRun:
        """Solve a relaxation by simplex, from its basis if it has one, or give up.

        Parameters
        ----------
        afresh
            As of :meth:`run`; iterations are those that clean up after an interior point that
            stalls.
        """
        self.set_option("simplex_iteration_limit", iterations)
        try:
            return self.run(watch, afresh=afresh)
        finally:
            self.set_option("simplex_iteration_limit", UNLIMITED)

    def go_on_or_begin_anew(self, watch: Watch) -> EngineRun:
        """The same within few iterations; where that is given up, from nothing."""
        run = self.run_within(_SOON_AT_LEAST + int(_SOON * len(self.matrix.row_lower)), watch)
        if not run.gave_up:
            return run
        self.forget()
        return self.run(watch, afresh=True)

    def proof_of_no_solution(self) -> Floats | None:
        """Weights of rows that prove it, of the last run, a simplex that found no solution.

        ``None`` if there are none any more, as costs or sides have changed since, or they prove
        nothing in the numbers of the matrix itself.
        """
        # Where there are none HiGHS would look for some by solving from nothing, without a limit.
        known = self._highs.getDualRayExist()  # type: ignore[attr-defined]  # not in its stubs
        if not known[1]:
            return None
        found = self._highs.getDualRay()  # type: ignore[attr-defined]  # not in its stubs
        status, is_known, ray = found
        if status == highspy.HighsStatus.kError or not is_known:
            return None
        weights = np.array(ray) * self._row_scale
        return weights if proves_no_solution(self.matrix, weights) else None

    def _begin(self, *, afresh: bool) -> None:
        """Choose how the next relaxation is solved."""
        self._option("solver", "ipx" if afresh and self.is_large else "simplex")

    def _run_cleanly(self, watch: Watch) -> bool:
        """Repeat a simplex that ended unclean: with its basis factored anew, then from nothing.

        Factors that went through many changes of sides lose digits, and the basis is mostly right.
        One that was stuck begins from nothing at once.
        """
        basis, was_stuck = self.basis(), self._is_stuck
        if not was_stuck:
            self.forget()
            if basis.valid:
                self.go_on_from(basis)
            self._begin(afresh=not basis.valid)
            ran = self._launch(watch)
        if was_stuck or not ran or self._is_stuck or self._is_unclean():
            self.forget()
            self._begin(afresh=True)
            ran = self._launch(watch, is_last=True)
        return ran

    def _run_without_presolve(self, watch: Watch) -> bool:
        """Repeat a small relaxation that is called infeasible.

        HiGHS 1.15.1's presolve did so where a solution keeps floors by a billionth of them.
        """
        before = self.option("presolve")
        self.forget()
        self._option("presolve", "off")
        try:
            return self._launch(watch, is_last=True)
        finally:
            self._option("presolve", before)

    def _run_by_simplex(self, watch: Watch) -> bool:
        """Solve a relaxation from nothing after an error, which interior point may end in."""
        self.forget()
        self._option("solver", "simplex")
        return self._launch(watch, is_last=True)

    @property
    def _is_limited(self) -> bool:
        """Whether a simplex is given a number of iterations."""
        return self.option("simplex_iteration_limit") != UNLIMITED

    @property
    def is_large(self) -> bool:
        """Whether a relaxation from nothing is solved by interior point."""
        return bool(self.matrix.a.nnz > _LARGE)

    def _run_again(self, watch: Watch) -> EngineRun:
        """Repeat branch and bound whose columns are not what it says, without a start.

        HiGHS 1.16.0 reported the optimum with the columns of the start, after presolve. 1.15.1
        ends in an error where its tolerance for integers admits what breaks a row by more.
        """
        watch.begin(f"{watch.step}, again without a start")
        watch.learn()
        self.forget()
        self._best = None
        self._option("mip_feasibility_tolerance", FINEST)
        ran = self._launch(watch)
        if self._log is not None:
            text = "The search did not have the objective it reported: it was repeated without"
            add_to_log(self._log, f"\n{text} a start.\n")
        run = self._result() if ran else None
        if run is None or not self._is_true(run):
            raise SolverError(
                "HiGHS's columns do not have the objective value it reports, even without a start: "
                "another version of highspy may do better. Maybe numbers of very different size "
                "stand in one rule"
            )
        return run

    def _is_true(self, run: EngineRun) -> bool:
        if run.x is None or run.objective is None:
            return True
        scaled = Scaled(self.matrix, self._row_scale, self._scale, self._units)
        return scaled.is_true(run.x, run.objective)

    def _launch(self, watch: Watch, *, is_last: bool = False) -> bool:
        """Run HiGHS; say whether it ran without an error.

        Parameters
        ----------
        is_last
            Whether nothing else is left to try, so that it goes on even where it is stuck.
        """
        self._iteration, self._idle, self._is_stuck = -1, 0, False
        self._may_stick = is_last or not self.relaxed
        # Interrupts come seldom inside the linear programs of branch and bound, HiGHS's clock does.
        # That of linear programs goes on from run to run, that of branch and bound begins at zero.
        searches = not self.relaxed and bool(self.matrix.integral.any())
        before = 0.0 if searches else self.clock
        self._option("time_limit", before + watch.seconds_left())
        with own_scheduler():
            status = self._highs.run()
        if self._highs.getModelStatus() == _STATUS.kTimeLimit:
            watch.timed_out = True
        return status != highspy.HighsStatus.kError

    def _is_unproven(self) -> bool:
        """Whether branch and bound ended optimal without any bound.

        HiGHS 1.15.1 ended so after presolve, where columns had room for 1e15 people.
        """
        bound = self._highs.getInfo().mip_dual_bound
        return self._highs.getModelStatus() == _STATUS.kOptimal and not np.isfinite(bound)

    def _is_unclean(self) -> bool:
        """Whether a simplex that went on ended without an answer, or with one that breaks rows."""
        ended = self._highs.getModelStatus()
        status = self._highs.getInfo().primal_solution_status
        is_broken = status != highspy.SolutionStatus.kSolutionStatusFeasible
        return ended == _STATUS.kUnknown or (ended == _STATUS.kOptimal and is_broken)

    def _result(self) -> EngineRun:
        status = self._highs.getModelStatus()
        info = self._highs.getInfo()
        if status in _INFEASIBLE:
            return EngineRun("infeasible", None, None, None)
        if status == _STATUS.kUnbounded:
            return EngineRun("unbounded", None, None, None)
        feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        x = np.array(self._highs.getSolution().col_value) * self._scale if feasible else self._best
        if status == _STATUS.kModelEmpty:
            x = np.zeros(len(self.matrix.cost))
        done = status in (_STATUS.kOptimal, _STATUS.kModelEmpty)
        if not done and status not in _LIMITS:
            raise SolverError(f"HiGHS ended with status {self._highs.modelStatusToString(status)}")
        objective = None if x is None else float(info.objective_function_value) / self._units
        if x is not None and not feasible and not done:
            objective = self.matrix.points(x)
        if self.relaxed:
            # Only an optimal LP proves a bound: a primal simplex that was cut off proves none.
            proven = objective if done else None
            limited = status == _STATUS.kIterationLimit or self._is_stuck
            count = int(info.simplex_iteration_count)
            return EngineRun(
                "optimal" if done else "stopped", x, objective, proven, 0, count, limited
            )
        bound = float(info.mip_dual_bound) if np.isfinite(info.mip_dual_bound) else None
        bound = None if bound is None else bound / self._units
        return EngineRun(
            "optimal" if done else "stopped", x, objective, bound, int(info.mip_node_count)
        )

    def _on_simplex_tick(self, event: HighsCallbackEvent) -> None:
        """Stop a simplex that comes to no further iteration.

        HiGHS 1.15.1 looks through row after row for a proof of infeasibility that its tolerances
        admit, which limits of iterations do not end: minutes on the Japan case, without an end in
        sight, where a few people were kept in reserve.
        """
        iteration = int(event.data_out.simplex_iteration_count)
        self._idle = self._idle + 1 if iteration == self._iteration else 0
        self._iteration = iteration
        self._is_stuck |= self._idle > _IDLE and not self._may_stick
        self._on_tick(event)

    def _on_tick(self, event: HighsCallbackEvent) -> None:
        watch = self._watch
        if watch is None:
            return
        if self._bounds:
            bound = float(event.data_out.mip_dual_bound) / self._units
            if np.isfinite(bound):
                watch.learn_quietly(bound)
        self._see_early(event)
        may_close = self._bounds or (self._early is not None and self._early.is_done)
        # HiGHS keeps what it was told: the interrupt of a run would end the next one as well.
        has_ended = watch.should_stop() or (may_close and watch.is_close())
        event.interrupt(has_ended or self._is_stuck)

    def _see_early(self, event: HighsCallbackEvent) -> None:
        if self._early is not None and self._best is not None:
            bound = float(event.data_out.mip_dual_bound) / self._units
            with inside_run():
                self._early.see(self._best, self.matrix.points(self._best), bound)

    def _on_solution(self, event: HighsCallbackEvent) -> None:
        self._best = np.array(event.data_out.mip_solution, dtype=float) * self._scale
        read_only(self._best)
        if self._found is not None:
            with inside_run():
                self._found(self._best)
        self._see_early(event)
