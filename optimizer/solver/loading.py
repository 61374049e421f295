"""A matrix loaded into HiGHS, in units of its own, and changed in place; every call is checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import highspy
import numpy as np
import scipy.sparse

from optimizer.errors import SolverError
from optimizer.frames.arrays import Floats, Integers, Mask
from optimizer.solver.matrix import Matrix
from optimizer.solver.patch import Patch
from optimizer.solver.scaling import objective_units, power_of_two_scales

Option = bool | int | float | str
Options = Mapping[str, Option]
"""Options of HiGHS by name."""

OWN_CHOICE, DEVEX = -1, 1
"""Edge weights of the dual simplex, by HiGHS's numbers. It reads of them when it begins anew."""
_WEIGHTS = "simplex_dual_edge_weight_strategy"
PARALLEL = 1 << 13
"""Presolve's rule on parallel rows and columns, in HiGHS's ``presolve_rule_off``: by it HiGHS
1.15.1 calls searches over continuous and whole columns infeasible that have a solution, and at
times ends the process by a segmentation fault. So no search may use it, however small."""
SAME_UNITS = 4.0
"""Factor by which the units of the objective may be off before all costs are scaled anew."""
OUTGROWN = 1024.0
"""Factor by which units of rows and columns may be off before a matrix is loaded anew."""
USUAL, _NEAR = 1e-7, 1e-9
"""How far a row may be beyond its sides, in loaded units: as HiGHS has it, and where the result is
the plan itself. Numbers on the right are loaded near 4,096, where one addition is off by 1e-12."""


class Loaded:
    """One HiGHS with a matrix. Maximises; numbers may be changed in place between runs.

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
        self._offset = matrix.offset * self._units
        lp.offset_ = self._offset
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

    def set_costs(self, cost: Floats, offset: float) -> None:
        """Replace the whole objective, its constant included."""
        self.matrix = replace(self.matrix, cost=cost, offset=offset)
        wanted = cost * self._scale
        units = objective_units(wanted)
        if not 1.0 / SAME_UNITS <= units / self._units <= SAME_UNITS:
            self._units = units
            self._cost = np.full(len(cost), np.nan)
        if offset * self._units != self._offset:
            self._offset = offset * self._units
            self._check(self._highs.changeObjectiveOffset(self._offset), "changeObjectiveOffset")
        scaled = wanted * self._units
        columns = np.flatnonzero(scaled != self._cost).astype(np.int32)
        if len(columns):
            status = self._highs.changeColsCost(len(columns), columns, scaled[columns])
            self._check(status, "changeColsCost")
        self._cost = scaled

    def set_bounds(self, columns: Integers, lower: Floats, upper: Floats) -> None:
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

    def set_sides(self, rows: Integers, matrix: Matrix) -> None:
        """Take over the sides of some rows from a matrix that differs in nothing else."""
        self.matrix = matrix
        scale = self._row_scale[rows]
        self._set_sides(rows, matrix.row_lower[rows] * scale, matrix.row_upper[rows] * scale)

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

    def tighten(self, rows: Integers, by: Floats) -> None:
        """Move the finite sides of inequality rows inwards, counted from the matrix's own."""
        scale = self._row_scale[rows]
        lower = (self.matrix.row_lower[rows] + by) * scale
        upper = (self.matrix.row_upper[rows] - by) * scale
        self._set_sides(rows, lower, upper)

    def set_other_sides(self, rows: Integers, lower: Floats, upper: Floats) -> None:
        """Give rows sides that are not the matrix's own, until :meth:`set_sides`."""
        scale = self._row_scale[rows]
        self._set_sides(rows, lower * scale, upper * scale)

    def _set_sides(self, rows: Integers, lower: Floats, upper: Floats) -> None:
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
        self._option(_WEIGHTS, OWN_CHOICE)

    @contextmanager
    def nearer(self) -> Iterator[None]:
        """Hold rows and bounds 100 times nearer than usual."""
        self._option("primal_feasibility_tolerance", _NEAR)
        try:
            yield
        finally:
            self._option("primal_feasibility_tolerance", USUAL)

    def basis(self) -> highspy.HighsBasis:
        """Basis of the last run, to go on from later."""
        return self._highs.getBasis()

    def go_on_from(self, basis: highspy.HighsBasis) -> None:
        """Let the next run begin at a basis that was kept.

        The dual simplex prices by Devex from there: the exact weights of the steepest edge would
        take a solve for every row first, seconds on the Japan case.
        """
        self._check(self._highs.setBasis(basis), "setBasis")
        self._option(_WEIGHTS, DEVEX)

    def prices(self) -> Floats:
        """Marginal value of every row's number: points per unit more, after a relaxation."""
        dual = np.array(self._highs.getSolution().row_dual)
        prices: Floats = dual * self._row_scale / self._units
        return prices

    def hold_points(self, rows: Integers) -> Mask:
        """Whether points would grow beyond the sides at which rows stand, after a relaxation."""
        least = float(self.option("dual_feasibility_tolerance"))
        holding: Mask = np.abs(np.array(self._highs.getSolution().row_dual)[rows]) > least
        return holding

    def set_start(self, x: Floats) -> None:
        """Hand HiGHS a solution to start from."""
        solution = highspy.HighsSolution()
        solution.col_value = list(x / self._scale)
        self._check(self._highs.setSolution(solution), "setSolution")
