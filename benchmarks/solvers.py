"""Solvers on a model in tidy frames: each notes plans and bounds as they come, on one thread.

All but ours and HiGHS read the model from an MPS file that is written once. The clock starts when
the model is loaded (CBC reads the file itself: its clock starts with the program).
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from tidy import Floats, Tidy

TARGET = 0.001
"""Relative gap at which every solver stops."""
FAR = 2.0**60
"""What CP-SAT takes for infinite: no sum comes near it."""
Told = Callable[[float, float | None, float | None], None]
"""Takes seconds, objective and bound in the units of the model; ``None`` where unknown."""
Solve = Callable[[Tidy, Path, float, Told], "Floats | None"]


def mps(tidy: Tidy, path: Path) -> Path:
    """Write the model for the others, minimising the negative: not all readers know OBJSENSE."""
    from dataclasses import replace

    from formulations import loaded_highs

    highs = loaded_highs(replace(tidy, cost=-tidy.cost, offset=-tidy.offset))
    import highspy

    highs.changeObjectiveSense(highspy.ObjSense.kMinimize)
    highs.writeModel(str(path))
    return path


def highs(tidy: Tidy, path: Path, limit: float, tell: Told) -> Floats | None:
    from formulations import loaded_highs

    solver = loaded_highs(tidy)
    solver.setOptionValue("time_limit", limit)
    solver.setOptionValue("mip_rel_gap", TARGET)
    started = monotonic()

    def noted(event: Any) -> None:
        data = event.data_out
        plan = data.mip_primal_bound
        tell(
            monotonic() - started,
            plan if np.isfinite(plan) else None,
            data.mip_dual_bound if np.isfinite(data.mip_dual_bound) else None,
        )

    solver.cbMipInterrupt.subscribe(noted)
    solver.run()
    info = solver.getInfo()
    if info.primal_solution_status != 2:
        tell(monotonic() - started, None, info.mip_dual_bound)
        return None
    tell(monotonic() - started, info.objective_function_value, info.mip_dual_bound)
    return np.array(solver.getSolution().col_value)


def scip(tidy: Tidy, path: Path, limit: float, tell: Told) -> Floats | None:
    import pyscipopt

    solver = pyscipopt.Model()
    solver.hideOutput()
    solver.readProblem(str(path))
    solver.setParam("limits/time", limit)
    solver.setParam("limits/gap", TARGET)
    kinds: Any = pyscipopt.SCIP_EVENTTYPE  # type: ignore[attr-defined]  # not in its stubs
    events = kinds.BESTSOLFOUND | kinds.NODESOLVED | kinds.LPSOLVED

    def tell_now() -> None:
        plan, bound = solver.getPrimalbound(), solver.getDualbound()
        infinite = solver.infinity()
        tell(
            monotonic() - started,
            None if abs(plan) >= infinite else -plan,
            None if abs(bound) >= infinite else -bound,
        )

    class Listener(pyscipopt.Eventhdlr):
        def eventinit(self) -> None:
            self.model.catchEvent(events, self)

        def eventexit(self) -> None:
            self.model.dropEvent(events, self)

        def eventexec(self, event: Any) -> None:
            tell_now()

    solver.includeEventhdlr(Listener(), "listener", "notes plans and bounds")
    started = monotonic()
    solver.optimize()
    tell_now()
    if not solver.getNSols():
        return None
    best = solver.getBestSol()
    values = {variable.name: solver.getSolVal(best, variable) for variable in solver.getVars()}
    return _in_order(values, tidy)


def _in_order(values: dict[str, float], tidy: Tidy) -> Floats:
    """Values of columns that HiGHS named c0, c1 ... when it wrote the file; absent ones are 0."""
    x = np.zeros(len(tidy.cost))
    for name, value in values.items():
        x[int(name[1:])] = value
    return x


def cpsat(tidy: Tidy, path: Path, limit: float, tell: Told) -> Floats | None:
    """CP-SAT on the model in integers; its bound is one of that model."""
    from ortools.sat.python import cp_model

    from integers import kept

    given = kept(path.with_suffix(".integers"))
    model = cp_model.CpModel()
    z = [model.new_int_var(0, most, "") for most in given.most.tolist()]
    for row, (low, high) in enumerate(zip(given.lower, given.upper, strict=True)):
        part = slice(given.a.indptr[row], given.a.indptr[row + 1])
        at, values = given.a.indices[part].tolist(), given.a.data[part].tolist()
        total = cp_model.LinearExpr.weighted_sum([z[column] for column in at], values)
        model.add_linear_constraint(total, int(max(low, -FAR)), int(min(high, FAR)))
    model.maximize(cp_model.LinearExpr.weighted_sum(z, given.cost.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = limit
    solver.parameters.relative_gap_limit = TARGET
    last: dict[str, float | None] = {"plan": None, "bound": None}
    started = monotonic()

    def now(**values: float) -> None:
        last.update({name: value / given.units for name, value in values.items()})
        tell(monotonic() - started, last["plan"], last["bound"])

    class Listener(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]  # Any if absent
        def on_solution_callback(self) -> None:
            now(plan=self.objective_value, bound=self.best_objective_bound)

    solver.best_bound_callback = lambda bound: now(bound=bound)
    status = solver.solve(model, Listener())
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    now(plan=solver.objective_value, bound=solver.best_objective_bound)
    found = np.array([solver.value(variable) for variable in z], dtype=float)
    return given.values(found, len(tidy.cost))


NUMBER = r"(-?[\d.]+(?:e[+-]?\d+)?)"
CBC_ROOT = re.compile(rf"LP Optimal .*Obj: {NUMBER}")
CBC_CUTS = re.compile(rf"Cut generation complete .*→ {NUMBER}")
CBC_HEURISTIC = re.compile(rf"★\S+ +solution +{NUMBER}")
CBC_NODES = re.compile(rf"^[ ★]*\d+ +\d+ +\d+ +(\S+) .*?{NUMBER} +\S+ +[\d.]+ *$")
CBC_END = re.compile(rf"Obj: {NUMBER} +Bound: {NUMBER}")
CBC_LARGEST = 1e40


def cbc(tidy: Tidy, path: Path, limit: float, tell: Told) -> Floats | None:
    import cbcbox

    solution = path.with_name(f"{path.stem}-{os.getpid()}.sol")
    command = [cbcbox.cbc_bin_path(), str(path), "-timeMode", "elapsed", "-sec", str(limit)]
    command += ["-ratioGap", str(TARGET), "-solve", "-solu", str(solution)]
    started = monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", errors="replace")
    assert process.stdout is not None
    plan = bound = None
    searching = False
    try:
        for line in process.stdout:
            searching = searching or "Branch and bound" in line
            if match := CBC_ROOT.search(line) or CBC_CUTS.search(line):
                bound = _cbc_number(match[1], bound)
            elif match := CBC_HEURISTIC.search(line):
                plan = _cbc_number(match[1], plan)
            elif match := (searching and CBC_NODES.search(line)) or CBC_END.search(line):
                plan, bound = _cbc_number(match[1], plan), _cbc_number(match[2], bound)
            tell(monotonic() - started, plan, bound)
            if monotonic() - started > limit * 1.5 + 10:
                break
    finally:
        process.kill()
        process.wait()
    return _cbc_solution(solution, tidy)


def _cbc_number(text: str, before: float | None) -> float | None:
    try:
        value = -float(text)
    except ValueError:
        return before
    return value if abs(value) < CBC_LARGEST else before


def _cbc_solution(path: Path, tidy: Tidy) -> Floats | None:
    """Columns that are not zero, one in a line, under a line with the status."""
    if not path.exists():
        return None
    lines = path.read_text().splitlines()
    path.unlink()
    if not lines or "objective value" not in lines[0]:
        return None
    if re.search(r"no integer solution|infeasible", lines[0], re.IGNORECASE):
        return None
    values = {}
    for line in lines[1:]:
        words = line.replace("**", "").split()
        values[words[1]] = float(words[2])
    return _in_order(values, tidy)


SOLVERS: dict[str, Solve] = {"HiGHS": highs, "SCIP": scip, "CP-SAT": cpsat, "CBC": cbc}
NEEDS = {
    "HiGHS": "highspy",
    "SCIP": "pyscipopt",
    "CP-SAT": "ortools.sat.python.cp_model",
    "CBC": "cbcbox",
}
"""Modules that must be there, and be imported before anything of ours."""
