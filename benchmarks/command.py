"""The whole command, files to tables: ours against the flat model in linopy.

    python benchmarks/command.py [--quick]

Ours is `optimizer solve POLICY CASE` as a user starts it: start of Python, reading and checking,
joining, ideals, solving, checking the plan, tables, workbook and report. The flat model in linopy
is given more than a user would have: our reading and joining, finished tables of terms and the
ideals (both outside its clock), no check of the plan and one CSV file. Both stop at the same gap or
time limit of the solver.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from measuring import Note, Rows, apart, by_itself, table

GAP = 0.005
TIME_LIMIT, QUICK_TIME_LIMIT = 300.0, 20.0
AROUND = 1200.0
"""Seconds on top of the time limit for everything else."""
OURS, FLAT = "optimizer solve", "linopy, flat model"


def work(payload: dict[str, Any], note: Note) -> None:
    (_ours if payload["tool"] == OURS else _flat)(payload, note)


def _ours(payload: dict[str, Any], note: Note) -> None:
    from cases import case_and_policy

    case, policy = case_and_policy(payload["case"])
    words = ["--gap", str(GAP), "--time-limit", str(payload["limit"]), "--out", "run", "--json"]
    command = [sys.executable, "-m", "optimizer", "solve", str(policy), str(case), *words]
    with tempfile.TemporaryDirectory() as folder:
        started = perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        seconds = perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    told = json.loads(done.stdout)
    note(seconds=seconds, objective=told["objective"], bound=told["bound"], steps=told["seconds"])


def _flat(payload: dict[str, Any], note: Note) -> None:
    import linopy  # noqa: F401  # absent peers are reported before anything is measured
    import pandas as pd

    from cases import case_and_policy
    from formulations import join
    from tidy import kept

    flat = kept(Path(payload["folder"]) / "flat.pickle")
    assert flat.rules
    steps: dict[str, float] = {}
    marks = [perf_counter()]

    def done(name: str) -> None:
        marks.append(perf_counter())
        steps[name] = marks[-1] - marks[-2]

    join(*case_and_policy(payload["case"]))
    done("read and join")
    from flat_linopy import DIMENSIONS, flat_model

    model = flat_model(flat)
    done("build")
    options = {"mip_rel_gap": GAP, "time_limit": payload["limit"], "threads": 1}
    model.solve("highs", io_api="direct", log_to_console=False, **options)
    done("load and solve")
    highs = model.solver_model
    info = highs.getInfo()
    objective = bound = None
    bound = info.mip_dual_bound / flat.units
    if info.primal_solution_status == 2:
        objective = info.objective_function_value / flat.units
        table = model.variables["slots"].solution.to_series().dropna()
        keys = pd.MultiIndex.from_tuples(
            [key for name, key in flat.columns if name == "slots"], names=DIMENSIONS
        )
        with tempfile.TemporaryDirectory() as folder:
            table.reindex(keys).round().to_csv(Path(folder) / "slots.csv")
    done("tables")
    note(seconds=sum(steps.values()), objective=objective, bound=bound, steps=steps)


def measured(*, quick: bool) -> Rows:
    from cases import KEPT, REAL

    case = "gap_01" if quick else REAL
    limit = QUICK_TIME_LIMIT if quick else TIME_LIMIT
    folder = str(KEPT / f"gaps-{case}")
    prepare = {"case": case, "folder": folder, "tool": "prepare"}
    ended = apart("gaps", prepare, limit=AROUND)[1]
    rows: Rows = [{"case": case, "tool": "prepare", "ended": ended}] if ended != "ok" else []
    for tool in (OURS, FLAT):
        payload = {"tool": tool, "case": case, "folder": folder, "limit": limit}
        found, ended = apart("command", payload, limit=limit + AROUND)
        rows.append({"case": case, "tool": tool, "ended": ended, **(found[0] if found else {})})
    return rows


def told(rows: Rows) -> str:
    ours = next((row.get("seconds") for row in rows if row["tool"] == OURS), None)
    lines = []
    for row in rows:
        plan, bound, seconds = row.get("objective"), row.get("bound"), row.get("seconds")
        gap = None if plan is None or bound is None else (bound - plan) / abs(plan)
        lines.append(
            {
                "case": row["case"],
                "tool": row["tool"],
                "seconds": seconds,
                "x ours": seconds / ours if seconds and ours else None,
                "points": plan,
                "proven gap": "no plan: 100%" if gap is None else f"{gap:.3%}",
                "ended": row["ended"],
            }
        )
    steps = [
        {"tool": row["tool"], "step": step, "seconds": seconds}
        for row in rows
        for step, seconds in row.get("steps", {}).items()
    ]
    return table(lines) + "\n" + table(steps)


def main() -> int:
    return by_itself(work, lambda quick: told(measured(quick=quick)), __doc__)


if __name__ == "__main__":
    sys.exit(main())
