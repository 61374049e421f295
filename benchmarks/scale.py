"""Time and memory of every step of one plan, from national cases to the world.

    python benchmarks/scale.py [--quick]

Steps: read (tables), check (what `load_case` does besides), join, build (Pyomo), load (compile,
scale, HiGHS), ideals (one relaxation per goal, two at a time), root LP (the whole relaxation, or
that of the pairs that matter), plan (from there to the gap or the time limit), fill (single slots
from margins), evaluate (every rule again, without the solver).
Each size in a process of its own; peak memory is reset before every step where the system allows.
Growth: slope of log(time) against log(options), least squares over all sizes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from measuring import Note, Rows, apart, by_itself, peak_memory, table, timed

STEPS = (
    "read",
    "check",
    "join",
    "build",
    "load",
    "ideals",
    "root LP",
    "plan",
    "fill",
    "evaluate",
)
SIZES, QUICK_SIZES = ("national", "japan", "large", "world"), ("gap_01", "small")
GAP = 0.01
PLAN_LIMIT, QUICK_PLAN_LIMIT = 3600.0, 20.0
IDEALS_LIMIT, QUICK_IDEALS_LIMIT = 120.0, 20.0
"""Wall seconds for root LP and plan together, and for all ideals; the rest has no limit. Ideals
that are not found in time are replaced by one scale for all goals, and the later steps go on."""
TO_PLAN = ("read", "check", "join", "build", "load", "root LP", "plan")
"""What a plan takes where the policy gives the scales."""
LIMIT, QUICK_LIMIT = 7200.0, 60.0
SHORTEST = 0.02
"""Seconds: shorter steps say nothing about growth."""


def work(payload: dict[str, Any], note: Note) -> None:
    from cases import case_and_policy
    from formulations import PROBE_SCALE
    from optimizer import NoPlanError, load_case, load_policy
    from optimizer.formulation import build_pyomo
    from optimizer.instance import build_instance
    from optimizer.instance.sets import options
    from optimizer.persistent import LoadedModel
    from optimizer.plan.evaluation import decisions_of, evaluate_decisions
    from optimizer.plan.question import read_question
    from optimizer.session.ideals import Ideals
    from optimizer.solver import Progress, Watch

    case_path, policy_path = case_and_policy(payload["size"])
    policy = load_policy(policy_path)
    note(imported_mb=peak_memory())

    def step(name: str, act: Callable[[], Any], less: float = 0.0) -> Any:
        with timed() as found:
            result = act()
        note(step=name, seconds=max(0.0, found["seconds"] - less), peak_mb=found["peak_mb"])
        return result

    with timed() as read:
        _read(case_path)
    note(step="read", **read)
    case = step("check", lambda: load_case(case_path), less=read["seconds"])
    instance = step("join", lambda: build_instance(case, policy))
    note(options=options(instance.sets))
    ones = dict.fromkeys(policy.goals, 1.0)
    model = step("build", lambda: build_pyomo(instance, ones))
    loaded = step("load", lambda: LoadedModel(instance, model))
    height, width = loaded.matrix.a.shape
    note(rows=height, columns=width, nonzeros=int(loaded.matrix.a.nnz))
    question = read_question(policy, case)
    ideals = Watch(time_limit=payload["ideals_limit"])
    try:
        scales = step(
            "ideals", lambda: Ideals(question, lambda: loaded, cache=True).scales(ideals).of
        )
    except NoPlanError:
        note(stopped="ideals")
        scales = dict.fromkeys(policy.goals, PROBE_SCALE)
    loaded.set_costs(scales)
    said: list[Progress] = []
    watch = Watch(time_limit=payload["plan_limit"], report=said.append)
    with timed() as found:
        solution = loaded.solve(watch, gap=GAP)
    root = _relaxing(said)
    note(step="root LP", seconds=root, peak_mb=None)
    note(step="plan", seconds=found["seconds"] - root, peak_mb=found["peak_mb"])
    note(gap=solution.gap, status=solution.status)
    if solution.objective is None:
        return
    decisions = step("fill", lambda: decisions_of(instance, solution.decisions, solution.money))
    evaluation = step("evaluate", lambda: evaluate_decisions(instance, decisions, scales))
    note(holds=bool(evaluation.holds))


def _relaxing(said: list[Any]) -> float:
    """Seconds that went into relaxations."""
    return float(sum(b.seconds - a.seconds for a, b in pairwise(said) if a.step == "relaxation"))


def _read(path: Any) -> None:
    """Tables as they are read, before they are compared with each other."""
    from optimizer.case.sources import open_source
    from optimizer.errors import Problems
    from optimizer.schema.tables import TABLES

    problems = Problems()
    source = open_source(path, problems)
    assert source is not None
    currency = source.header(problems).currency
    for spec in TABLES.values():
        source.table(spec, currency, problems)


def measured(*, quick: bool) -> Rows:
    """What every size took."""
    rows: Rows = []
    for size in QUICK_SIZES if quick else SIZES:
        payload = {
            "size": size,
            "plan_limit": QUICK_PLAN_LIMIT if quick else PLAN_LIMIT,
            "ideals_limit": QUICK_IDEALS_LIMIT if quick else IDEALS_LIMIT,
        }
        _generated(size)
        notes, ended = apart("scale", payload, limit=QUICK_LIMIT if quick else LIMIT)
        facts: dict[str, Any] = {}
        for found in notes:
            if "step" not in found:
                facts |= found
        steps = {
            found["step"]: {"seconds": found["seconds"], "peak_mb": found["peak_mb"]}
            for found in notes
            if "step" in found
        }
        rows.append({"size": size, "ended": ended, **facts, "steps": steps})
    return rows


def _generated(size: str) -> None:
    from cases import case_and_policy

    case_and_policy(size)


def told(rows: Rows) -> str:
    """Tables of seconds, of peak memory, and of sizes."""
    sizes = [
        {
            "case": row["size"],
            "options": row.get("options"),
            "rows": row.get("rows"),
            "columns": row.get("columns"),
            "nonzeros": row.get("nonzeros"),
            "seconds to plan": sum(row["steps"].get(s, {}).get("seconds", 0.0) for s in TO_PLAN),
            "gap": None if row.get("gap") is None else f"{row['gap']:.2%}",
            "peak MB": max(_peaks(row), default=None),
            "bytes per option": _per_option(row),
            "stopped at its limit": row.get("stopped", ""),
            "ended": row["ended"],
        }
        for row in rows
    ]
    parts = [
        table(sizes),
        "Seconds to plan: from tables, without ideals. Bytes per option: peak memory above that of "
        "the imports.\n",
    ]
    parts += [f"Seconds by step (plan: to a gap of {GAP:.0%} or the time limit).\n"]
    for unit in ("seconds", "peak_mb"):
        lines = []
        for step in STEPS:
            line: dict[str, object] = {"step": step}
            line |= {row["size"]: row["steps"].get(step, {}).get(unit) for row in rows}
            lines.append(line | ({"growth": growth(rows, step)} if unit == "seconds" else {}))
        parts += [table(lines)]
        parts += ["Peak memory in MB by step.\n"] if unit == "seconds" else []
    return "\n".join(parts)


def _peaks(row: dict[str, Any]) -> list[float]:
    return [step["peak_mb"] for step in row["steps"].values() if step["peak_mb"] is not None]


def _per_option(row: dict[str, Any]) -> float | None:
    peaks = _peaks(row)
    if not peaks or not row.get("options"):
        return None
    return float((max(peaks) - row["imported_mb"]) * 1e6 / row["options"])


def growth(rows: Rows, step: str) -> float | None:
    """Exponent of time against options; ``None`` below two sizes that take any time."""
    import numpy as np

    points = [
        (row["options"], row["steps"][step]["seconds"])
        for row in rows
        if row.get("options") and row["steps"].get(step, {}).get("seconds", 0) > SHORTEST
    ]
    if len(points) < 2:
        return None
    logs = np.log(np.array(points, dtype=float))
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])


def main() -> int:
    return by_itself(work, lambda quick: told(measured(quick=quick)), __doc__)


if __name__ == "__main__":
    sys.exit(main())
