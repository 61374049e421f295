"""How every tool solves on after a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

GAP = 0.01
Answer = tuple[float | None, float | None]
"""Points of the plan and proven bound."""
OURS, HAND = "optimizer, Session", "hand-written highspy"
TOOLS = {
    OURS: "optimizer",
    HAND: "highspy",
    "Pyomo, rebuilt": "pyomo.contrib.solver.solvers.highs",
    "Pyomo, persistent": "pyomo.contrib.solver.solvers.highs",
    "linopy, rebuilt": "linopy",
    "linopy, updated": "linopy",
}
"""Tools, and what they need."""
Steps = Iterator[Any]
"""Yields once when the first model is solved, then before and after every change."""


def _session(given: Any, payload: dict[str, Any]) -> Steps:
    from cases import case_and_policy
    from optimizer import InfeasibleError, NoPlanError, Session

    case, policy = case_and_policy(payload["case"])
    session = Session(policy, case, scales=given.scales)

    def solve() -> Answer:
        if payload["kind"] == "LP":
            points = session.relax().points
            return points, points
        try:
            plan = session.solve(gap=GAP, time_limit=payload["time_limit"])
        except (InfeasibleError, NoPlanError):
            return None, None
        return plan.objective, plan.bound

    yield solve()
    for change in given.changes:
        yield None
        session.change(change.addresses)
        yield solve()
    assert session.rebuilt == 0


def _options(payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "mip_rel_gap": GAP,
        "time_limit": payload["time_limit"],
        "threads": 1,
        "log_to_console": False,
    }


def _answer(highs: Any, tidy: Any) -> Answer:
    info = highs.getInfo()
    whole = bool(tidy.integral.any())
    found = info.primal_solution_status == 2
    objective = info.objective_function_value / tidy.units if found else None
    return objective, info.mip_dual_bound / tidy.units if whole else objective


def _hand(given: Any, payload: dict[str, Any]) -> Steps:
    """What one would write for this very loop: change costs and sides, run again."""
    import numpy as np

    from formulations import loaded_highs

    tidy = given.tidy
    highs = loaded_highs(tidy)
    for name, value in _options(payload).items():
        highs.setOptionValue(name, value)
    start = tidy.starts["value"]
    goals = np.arange(start, start + tidy.sizes["value"], dtype=np.int32)

    def solve() -> Answer:
        # HiGHS does not go on from its last plan by itself.
        last = highs.getSolution()
        if tidy.integral.any() and last.value_valid:
            highs.setSolution(last)
        highs.run()
        return _answer(highs, tidy)

    yield solve()
    for change in given.changes:
        yield None
        highs.changeColsCost(len(goals), goals, change.costs)
        for row, number in zip(change.rows, change.numbers.tolist(), strict=True):
            highs.changeRowBounds(row, float(tidy.row_lower[row]), number)
        yield solve()


def _solved_pyomo(solver: Any, model: Any, tidy: Any, payload: dict[str, Any]) -> Answer:
    results = solver.solve(
        model,
        load_solutions=False,
        raise_exception_on_nonoptimal_result=False,
        rel_gap=GAP,
        threads=1,
        time_limit=payload["time_limit"],
    )
    objective, bound = results.incumbent_objective, results.objective_bound
    points = None if objective is None else objective / tidy.units
    return points, points if not tidy.integral.any() else bound / tidy.units


def _pyomo_rebuilt(given: Any, payload: dict[str, Any]) -> Steps:
    from pyomo.contrib.solver.solvers.highs import Highs

    from changing import changed
    from peers import stock_pyomo_model

    tidy = given.tidy
    yield None
    for change in given.changes:
        tidy = changed(tidy, change)
        assert tidy.rules
        yield None
        yield _solved_pyomo(Highs(), stock_pyomo_model(tidy), tidy, payload)


def _pyomo_persistent(given: Any, payload: dict[str, Any]) -> Steps:
    """Mutable parameters; the interface assumes that nothing else changes."""
    from changing import changed
    from peers import persistent_pyomo, stock_pyomo_model

    tidy = given.tidy
    names = _changing(given)
    model = stock_pyomo_model(tidy, names)
    solver = persistent_pyomo(model)
    updates = solver.config.auto_updates
    for name in list(updates.keys()):
        setattr(updates, name, name == "update_parameters")
    _solved_pyomo(solver, model, tidy, payload)
    yield None
    for change in given.changes:
        tidy = changed(tidy, change)
        yield None
        for at, cost in enumerate(change.costs.tolist()):
            model.costs["value", at] = cost
        for name, at, number in _places(given, change):
            model.component(f"{name}_number")[at] = number
        yield _solved_pyomo(solver, model, tidy, payload)


def _linopy_rebuilt(given: Any, payload: dict[str, Any]) -> Steps:
    from linopy.solvers import Solver

    from changing import changed
    from peers_linopy import linopy_model

    tidy = given.tidy
    yield None
    for change in given.changes:
        tidy = changed(tidy, change)
        assert tidy.rules
        yield None
        solver = Solver.from_name(
            "highs", linopy_model(tidy), io_api="direct", options=_options(payload)
        )
        solver.solve()
        yield _answer(solver.solver_model, tidy)


def _linopy_updated(given: Any, payload: dict[str, Any]) -> Steps:
    """linopy's in-place updates: new numbers on the model, differences into the solver."""
    import numpy as np
    from linopy.solvers import Solver

    from changing import changed
    from peers_linopy import linopy_model, linopy_points

    tidy, names = given.tidy, _changing(given)
    model = linopy_model(tidy, names)
    numbers = {name: tidy.rules[name].number.copy() for name in names}
    solver = Solver.from_name(
        "highs", model, io_api="direct", track_updates=True, options=_options(payload)
    )
    solver.solve()
    yield None
    for change in given.changes:
        tidy = changed(tidy, change)
        yield None
        for name, at, number in _places(given, change):
            numbers[name][at] = number
        for name in {name for name, _, _ in _places(given, change)}:
            model.constraints[name].update(rhs=np.asarray(numbers[name]))
        model.add_objective(linopy_points(model, tidy), overwrite=True, sense="max")
        solver.update(model)
        solver.solve()
        yield _answer(solver.solver_model, tidy)


def _changing(given: Any) -> frozenset[str]:
    from changing import BUDGET_RULES

    return frozenset(f"{rule}_most" for rule in BUDGET_RULES) & frozenset(given.tidy.rules)


def _places(given: Any, change: Any) -> list[tuple[str, int, float]]:
    """Rule, position within it, and new number of every row that changes."""
    first: dict[str, int] = {}
    for number, rule in enumerate(given.tidy.rules_of_rows):
        first.setdefault(rule, number)
    found = []
    for row, number in zip(change.rows, change.numbers.tolist(), strict=True):
        rule = given.tidy.rules_of_rows[row]
        found.append((f"{rule}_most", row - first[rule], number))
    return found


STEPS: dict[str, Callable[[Any, dict[str, Any]], Steps]] = {
    OURS: _session,
    HAND: _hand,
    "Pyomo, rebuilt": _pyomo_rebuilt,
    "Pyomo, persistent": _pyomo_persistent,
    "linopy, rebuilt": _linopy_rebuilt,
    "linopy, updated": _linopy_updated,
}
