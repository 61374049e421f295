"""HiGHS with checked calls: every option and every status is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import highspy
import numpy as np
import scipy.sparse

from optimizer.errors import SolverError
from optimizer.io.writing import add_to_log
from optimizer.solver.early import Early
from optimizer.solver.matrix import Floats, Ints, Matrix, read_only
from optimizer.solver.patch import Patch
from optimizer.solver.scaling import objective_units, power_of_two_scales
from optimizer.solver.scheduler import inside_run, own_scheduler
from optimizer.solver.trust import Scaled
from optimizer.solver.watch import Watch

if TYPE_CHECKING:
    from highspy.highs import HighsCallbackEvent

Option = bool | int | float | str
Options = Mapping[str, Option]
"""Options of HiGHS by name."""

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


PARALLEL = 1 << 13
"""Presolve's rule on parallel rows and columns, in HiGHS's ``presolve_rule_off``: by it HiGHS
1.15.1 calls searches over continuous and whole columns infeasible that have a solution."""
SAME_UNITS = 4.0
"""Factor by which the units of the objective may be off before all costs are scaled anew."""
OUTGROWN = 1024.0
"""Factor by which units of rows and columns may be off before a matrix is loaded anew."""
USUAL, NEAR = 1e-7, 1e-9
"""How far a row may be beyond its sides, in loaded units: as HiGHS has it, and where the result is
the plan itself. Numbers on the right are loaded near 4,096, where one addition is off by 1e-12."""
FINEST = 1e-10
"""Smallest tolerance for whole numbers that HiGHS knows."""
LARGE = 20_000
"""Nonzeros from which a relaxation without a starting basis is solved by interior point."""


@dataclass(frozen=True)
class Run:
    """What one run of HiGHS found.

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
        Whether it was stopped by the number of iterations it was given.
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


class Engine:
    """One loaded HiGHS. Maximises; numbers may be changed in place between runs.

    Parameters
    ----------
    matrix
        The compiled model.
    relaxed
        Whether to load the LP relaxation.
    options
        HiGHS options by name.
    log
        File for the solver's own log.

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
        self.relaxed = relaxed
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]  # not annotated by highspy
        self._option("output_flag", log is not None)
        if log is not None:
            self._option("log_to_console", False)
            self._option("log_file", str(log))
        if not relaxed:
            self._option("presolve_rule_off", PARALLEL)
        for name, value in options.items():
            self._option(name, value)
        self.load(matrix)
        self._watch: Watch | None = None
        self._bounds = False
        self._found: Callable[[Floats], None] | None = None
        self._early: Early | None = None
        for event in (
            self._highs.cbMipInterrupt,
            self._highs.cbSimplexInterrupt,
            self._highs.cbIpmInterrupt,
        ):
            event.subscribe(self._on_tick)
        self._highs.cbMipImprovingSolution.subscribe(self._on_solution)
        self._best: Floats | None = None
        self._log = log
        self.runs = 0

    def load(self, matrix: Matrix) -> None:
        """Load a matrix in units of its own; nothing of what was loaded before stays."""
        self.matrix = matrix
        self._row_scale, self._scale = power_of_two_scales(matrix)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(matrix.cost), len(matrix.row_lower)
        scaled = scipy.sparse.diags_array(self._row_scale) @ matrix.a
        scaled = scipy.sparse.csc_array(scaled @ scipy.sparse.diags_array(self._scale))
        self._units = objective_units(matrix.cost * self._scale)
        self._cost = matrix.cost * self._scale * self._units
        lp.col_cost_ = self._cost
        lp.offset_ = matrix.offset * self._units
        lp.col_lower_, lp.col_upper_ = matrix.lower / self._scale, matrix.upper / self._scale
        lp.row_lower_ = matrix.row_lower * self._row_scale
        lp.row_upper_ = matrix.row_upper * self._row_scale
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = scaled.indptr, scaled.indices
        lp.a_matrix_.value_ = scaled.data
        if not self.relaxed:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[int(whole)] for whole in matrix.integral]
        self._check(self._highs.passModel(lp), "passModel")

    def set_option(self, name: str, value: Option) -> None:
        """Set one option; an unknown name or illegal value raises."""
        self._option(name, value)

    def option(self, name: str) -> Option:
        """Value of an option."""
        value: Option = self._highs.getOptionValue(name)[1]
        return value

    @property
    def clock(self) -> float:
        """Seconds that HiGHS counts for all its runs."""
        seconds: float = self._highs.getRunTime()
        return seconds

    def _option(self, name: str, value: Option) -> None:
        if self._highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS refuses option {name} = {value!r}")

    @staticmethod
    def _check(status: highspy.HighsStatus, call: str) -> None:
        if status == highspy.HighsStatus.kError:
            raise SolverError(f"HiGHS reported an error in {call}")

    def set_costs(self, cost: Floats) -> None:
        """Replace the whole objective."""
        self.matrix = replace(self.matrix, cost=cost)
        wanted = cost * self._scale
        units = objective_units(wanted)
        if not 1.0 / SAME_UNITS <= units / self._units <= SAME_UNITS:
            self._units = units
            self._cost = np.full(len(cost), np.nan)
            offset = self.matrix.offset * self._units
            self._check(self._highs.changeObjectiveOffset(offset), "changeObjectiveOffset")
        scaled = wanted * self._units
        columns = np.flatnonzero(scaled != self._cost).astype(np.int32)
        if len(columns):
            status = self._highs.changeColsCost(len(columns), columns, scaled[columns])
            self._check(status, "changeColsCost")
        self._cost = scaled

    def set_bounds(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Replace the bounds of some columns."""
        if len(columns):
            numbers = columns.astype(np.int32)
            scale = self._scale[columns]
            status = self._highs.changeColsBounds(
                len(numbers), numbers, lower / scale, upper / scale
            )
            self._check(status, "changeColsBounds")

    def take(self, matrix: Matrix, patch: Patch) -> None:
        """Take over new numbers of the matrix; the basis stays.

        Coefficients that have outgrown the units are loaded in new ones: HiGHS takes what is below
        1e-9 for zero.
        """
        self.matrix = matrix
        if patch.rows and self._is_outgrown(matrix):
            basis = self.basis()
            self.load(matrix)
            if basis.valid:
                self.go_on_from(basis)
            return
        if patch.sides:
            rows = np.fromiter(patch.sides, dtype=np.int64)
            scale = self._row_scale[rows]
            self._set_sides(rows, matrix.row_lower[rows] * scale, matrix.row_upper[rows] * scale)
        for row, column, value in zip(*patch.coefficients(), strict=True):
            number = value * self._row_scale[row] * self._scale[column]
            status = self._highs.changeCoeff(int(row), int(column), float(number))
            self._check(status, "changeCoeff")

    def _is_outgrown(self, matrix: Matrix) -> bool:
        """Whether units fitted to the matrix would be others by far."""
        pairs = zip((self._row_scale, self._scale), power_of_two_scales(matrix), strict=True)
        return any(
            float(np.max(np.abs(np.log2(now / wanted)), initial=0.0)) > np.log2(OUTGROWN)
            for now, wanted in pairs
        )

    def grow(self, matrix: Matrix) -> None:
        """Take over rows and columns that were appended to the matrix, at no cost; the basis stays.

        Scales that are in use stay as they are; those of what is new are fitted to them.
        """
        height, width = len(self._row_scale), len(self._scale)
        self.matrix = matrix
        added = replace(
            matrix,
            a=scipy.sparse.csc_array(scipy.sparse.csr_array(matrix.a)[height:]),
            row_lower=matrix.row_lower[height:],
            row_upper=matrix.row_upper[height:],
        )
        row_scale, self._scale = power_of_two_scales(added, columns=self._scale)
        self._row_scale = np.append(self._row_scale, row_scale)
        count = len(self._scale) - width
        scale = self._scale[width:]
        self._cost = np.append(self._cost, np.zeros(count))
        lower, upper = matrix.lower[width:] / scale, matrix.upper[width:] / scale
        none = np.zeros(0, dtype=np.int32)
        status = self._highs.addCols(
            count, np.zeros(count), lower, upper, 0, none, none, np.zeros(0)
        )
        self._check(status, "addCols")
        scaled = scipy.sparse.diags_array(row_scale) @ added.a
        rows = scipy.sparse.csr_array(scaled @ scipy.sparse.diags_array(self._scale))
        status = self._highs.addRows(
            rows.shape[0],
            added.row_lower * row_scale,
            added.row_upper * row_scale,
            rows.nnz,
            rows.indptr[:-1].astype(np.int32),
            rows.indices.astype(np.int32),
            rows.data,
        )
        self._check(status, "addRows")

    def tighten(self, rows: Ints, by: Floats) -> None:
        """Move the finite sides of inequality rows inwards, counted from the matrix's own."""
        scale = self._row_scale[rows]
        lower = (self.matrix.row_lower[rows] + by) * scale
        upper = (self.matrix.row_upper[rows] - by) * scale
        self._set_sides(rows, lower, upper)

    def _set_sides(self, rows: Ints, lower: Floats, upper: Floats) -> None:
        change = self._highs.changeRowsBounds  # type: ignore[attr-defined]  # not in its stubs
        self._check(change(len(rows), rows.astype(np.int32), lower, upper), "changeRowsBounds")

    def reset_bounds(self) -> None:
        """Give every column its own bounds back."""
        everything = np.arange(len(self.matrix.cost), dtype=np.int64)
        self.set_bounds(everything, self.matrix.lower, self.matrix.upper)

    def forget(self) -> None:
        """Drop the basis, so that the next run begins with presolve.

        Worth it when most columns are fixed anew: presolve then leaves next to nothing.
        """
        self._check(self._highs.clearSolver(), "clearSolver")

    @contextmanager
    def nearer(self) -> Iterator[None]:
        """Hold rows and bounds 100 times nearer than usual."""
        self._option("primal_feasibility_tolerance", NEAR)
        try:
            yield
        finally:
            self._option("primal_feasibility_tolerance", USUAL)

    def basis(self) -> highspy.HighsBasis:
        """Basis of the last run, to go on from later."""
        return self._highs.getBasis()

    def go_on_from(self, basis: highspy.HighsBasis) -> None:
        """Let the next run begin at a basis that was kept."""
        self._check(self._highs.setBasis(basis), "setBasis")

    def prices(self) -> Floats:
        """Points that one more unit of every row's number is worth, after a relaxation."""
        dual = np.array(self._highs.getSolution().row_dual)
        prices: Floats = dual * self._row_scale / self._units
        return prices

    def set_start(self, x: Floats) -> None:
        """Hand HiGHS a solution to start from."""
        solution = highspy.HighsSolution()
        solution.col_value = list(x / self._scale)
        self._check(self._highs.setSolution(solution), "setSolution")

    def run(
        self,
        watch: Watch,
        *,
        afresh: bool = False,
        bounds: bool = False,
        found: Callable[[Floats], None] | None = None,
        early: Early | None = None,
    ) -> Run:
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
            Whether a bound of this tree search is one of the whole model: the watch learns it, and
            the search ends when that closes the gap.
        found
            Told every better solution of a tree search.
        early
            Handed one solution before a tree search has ended, which ends if that closes the gap.
        """
        if self.relaxed:
            self._option("solver", "ipx" if afresh and self.is_large else "simplex")
        self._watch, self._bounds, self._found, self._best = watch, bounds, found, None
        self._early = early
        self.runs += 1
        if watch.should_stop():
            return Run("stopped", None, None, None)
        ran = self._launch(watch)
        if not self.relaxed:
            run = self._result() if ran else None
            return run if run is not None and self._is_true(run) else self._run_again(watch)
        if ran and self._is_unclean():
            self.forget()
            ran = self._launch(watch)
        if not ran:
            raise SolverError("HiGHS reported an error in run")
        return self._result()

    @property
    def is_large(self) -> bool:
        """Whether a relaxation from nothing is solved by interior point."""
        return bool(self.matrix.a.nnz > LARGE)

    def _run_again(self, watch: Watch) -> Run:
        """Repeat a tree search whose columns are not what it says, without a start and closely.

        HiGHS 1.16.0 reported the optimum with the columns of the start, after presolve. 1.15.1
        ends in an error where its tolerance for whole numbers admits what breaks a row by more.
        """
        watch.begin(f"{watch.step}, again without a start")
        watch.learn()
        self.forget()
        self._best = None
        self._option("mip_feasibility_tolerance", FINEST)
        ran = self._launch(watch)
        if self._log is not None:
            text = "The columns of the search were not worth what it said: it was repeated without"
            add_to_log(self._log, f"\n{text} a start.\n")
        run = self._result() if ran else None
        if run is None or not self._is_true(run):
            raise SolverError(
                "HiGHS's columns are not worth what it says of them, even without a start: "
                "another version of highspy may do better. Maybe numbers of very different size "
                "stand in one rule"
            )
        return run

    def _is_true(self, run: Run) -> bool:
        if run.x is None or run.objective is None:
            return True
        scaled = Scaled(self.matrix, self._row_scale, self._scale, self._units)
        return scaled.is_true(run.x, run.objective)

    def _launch(self, watch: Watch) -> bool:
        """Run HiGHS; tell whether it ran without an error."""
        # Interrupts come seldom inside the linear programs of a tree search, HiGHS's clock does.
        # That of linear programs goes on from run to run, that of tree searches begins at zero.
        searches = not self.relaxed and bool(self.matrix.integral.any())
        before = 0.0 if searches else self.clock
        self._option("time_limit", before + watch.seconds_left())
        with own_scheduler():
            status = self._highs.run()
        if self._highs.getModelStatus() == _STATUS.kTimeLimit:
            watch.timed_out = True
        return status != highspy.HighsStatus.kError

    def _is_unclean(self) -> bool:
        """Whether a simplex that went on ended optimal with a solution that breaks rows."""
        status = self._highs.getInfo().primal_solution_status
        return (
            self._highs.getModelStatus() == _STATUS.kOptimal
            and status != highspy.SolutionStatus.kSolutionStatusFeasible
        )

    def _result(self) -> Run:
        status = self._highs.getModelStatus()
        info = self._highs.getInfo()
        if status in _INFEASIBLE:
            return Run("infeasible", None, None, None)
        if status == _STATUS.kUnbounded:
            return Run("unbounded", None, None, None)
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
            count, limited = int(info.simplex_iteration_count), status == _STATUS.kIterationLimit
            return Run("optimal" if done else "stopped", x, objective, proven, 0, count, limited)
        bound = float(info.mip_dual_bound) if np.isfinite(info.mip_dual_bound) else None
        bound = None if bound is None else bound / self._units
        return Run("optimal" if done else "stopped", x, objective, bound, int(info.mip_node_count))

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
        if watch.should_stop() or (may_close and watch.is_close()):
            event.interrupt()

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
