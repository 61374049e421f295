"""Sweeps: what each scenario costs besides solving it, and what workers gain.

    python benchmarks/sweeps.py [--quick]

Each scenario changes one number, a weight or a budget. Every tool solves the same models one after
the other: a sweep (in memory, in a folder, with processes), a session, a loop written by hand for
this very case, linopy's updates, and stock Pyomo, which builds each model anew; the last two do the
first few. Inside the clock: from the first scenario to the
last, without imports and the first model; with processes their start counts, as it is part of every
such sweep. Peak memory is that of the process which drives and, in memory, solves. The optima must
agree to 1e-6. Plans are compared by `sweep_plans.py`.
"""

from __future__ import annotations

import importlib
import resource
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from math import isnan
from pathlib import Path
from time import perf_counter
from typing import Any

from measuring import Note, Rows, apart, by_itself, table
from solving_on import GAP, HAND, OURS, STEPS, TOOLS

LP_TOLERANCE = 1e-6
COLD = "solve, from nothing"
SweepRun = tuple[str, str, int, dict[str, int], tuple[str, ...]]
REBUILT, UPDATED = "Pyomo, rebuilt", "linopy, updated"
SWEEPS = {
    "sweep, in memory": "threads:1",
    "sweep, in a folder": "threads:1",
    "sweep, local:1": "local:1",
    "sweep, local:2": "local:2",
}
"""Sweeps by what they show, and their executors."""
MEMORY, FOLDER, ONE, TWO = SWEEPS
RUNS: tuple[SweepRun, ...] = (
    ("LP", "gap_01", 500, {REBUILT: 20, UPDATED: 100}, (MEMORY, FOLDER, ONE, TWO)),
    ("LP", "gap_01", 5000, {}, (MEMORY, FOLDER, TWO)),
    ("LP", "japan", 100, {REBUILT: 1, UPDATED: 10}, (MEMORY, TWO)),
)
QUICK_RUNS: tuple[SweepRun, ...] = (
    ("LP", "gap_01", 8, {REBUILT: 1, UPDATED: 1}, (MEMORY, FOLDER, ONE, TWO)),
)
"""Kind, case, scenarios, tools that answer the first few of them only, and sweeps."""
LIMIT, QUICK_LIMIT = 1_200.0, 120.0


def work(payload: dict[str, Any], note: Note) -> None:
    from changing import prepare, prepared

    path, tool = Path(payload["path"]), payload["tool"]
    if tool == "prepare":
        path.parent.mkdir(parents=True, exist_ok=True)
        prepare(payload["case"], payload["count"], path, single=True)
        return
    given = prepared(path)
    if tool in SWEEPS:
        _swept(given, payload, note)
    elif payload["kind"] == "LP":
        _stepped(given, payload, note)
    else:
        _cold(given, payload, note)


def _swept(given: Any, payload: dict[str, Any], note: Note) -> None:
    from cases import case_and_policy
    from optimizer import Study, load_case, load_policy, sweep

    # What draws the charts of the page reserves far more address space than it uses.
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    case_path, policy_path = case_and_policy(payload["case"])
    case, policy = load_case(case_path), load_policy(policy_path)
    study = Study(
        changes=[
            {"scenario": f"s{number:05}", "address": address, "value": value}
            for number, change in enumerate(given.changes[: payload["count"]])
            for address, value in change.scenario.items()
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        out = None if payload["tool"] == "sweep, in memory" else Path(folder) / "out"
        started = perf_counter()
        found = sweep(
            policy,
            case,
            study,
            out=out,
            executor=SWEEPS[payload["tool"]],
            relax=payload["kind"] == "LP",
            gap=GAP,
            scales=given.scales,
        )
        seconds = perf_counter() - started
        table_of = found.table
    # What workers spent on answers; the rest is handing out, keeping and reading back.
    inside = float(table_of["seconds"].sum())
    count = len(table_of)
    answers = table_of["points"].tolist()[1:]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note(seconds=seconds / count, inside=inside / count, count=count, answers=answers, peak=peak)


def _stepped(given: Any, payload: dict[str, Any], note: Note) -> None:
    importlib.import_module(TOOLS[payload["tool"]])
    steps = STEPS[payload["tool"]](given._replace(tidy=_relaxed(given.tidy)), payload)
    next(steps)
    answers, seconds = [], 0.0
    for _ in range(payload["count"]):
        next(steps)
        started = perf_counter()
        answers.append(next(steps)[0])
        seconds += perf_counter() - started
    note(seconds=seconds / len(answers), count=len(answers), answers=answers)


def _relaxed(tidy: Any) -> Any:
    return replace(tidy, integral=tidy.integral & False)


def _cold(given: Any, payload: dict[str, Any], note: Note) -> None:
    """Plans from nothing: policy and case are loaded, all else is done anew."""
    from cases import case_and_policy
    from optimizer import load_case, load_policy, solve

    case_path, policy_path = case_and_policy(payload["case"])
    case, policy = load_case(case_path), load_policy(policy_path)
    answers, seconds = [], 0.0
    for change in given.changes[: payload["count"]]:
        started = perf_counter()
        plan = solve(policy, case, changes=change.scenario, scales=given.scales, gap=GAP)
        seconds += perf_counter() - started
        answers.append(plan.objective)
    note(seconds=seconds / len(answers), count=len(answers), answers=answers)


def measured(*, quick: bool) -> Rows:
    """Seconds of a scenario by every tool, and whether the answers agree."""
    return measured_of("sweeps", QUICK_RUNS if quick else RUNS, QUICK_LIMIT if quick else LIMIT)


def measured_of(script: str, runs: Sequence[SweepRun], limit: float) -> Rows:
    """The same of these runs; workers are processes of a script of this folder."""
    from cases import KEPT

    rows: Rows = []
    for kind, case, count, few, sweeps in runs:
        path = str(KEPT / f"scenarios-{case}-{count}.pickle")
        payload = {"kind": kind, "case": case, "count": count, "path": path, "time_limit": limit}
        ended = apart(script, {**payload, "tool": "prepare"}, limit=limit)[1]
        counts = dict.fromkeys([OURS, HAND], count) if kind == "LP" else {}
        counts |= few | dict.fromkeys(sweeps, count)
        first: list[Any] = []
        for tool, asked in counts.items() if ended == "ok" else ():
            noted, ended_so = apart(script, {**payload, "tool": tool, "count": asked}, limit=limit)
            row = noted[0] if noted else {}
            answers = row.pop("answers", [])
            first = first or answers
            within = LP_TOLERANCE if kind == "LP" else GAP
            rows.append(
                {
                    "run": f"{kind} {case} {count}",
                    "kind": kind,
                    "case": case,
                    "tool": tool,
                    "ended": ended_so,
                    "disagreements": sum(
                        not _agree(*pair, within) for pair in zip(answers, first, strict=False)
                    ),
                    **row,
                }
            )
    return rows


def _agree(one: float | None, other: float | None, within: float) -> bool:
    if one is None or other is None or isnan(one) or isnan(other):
        # None, or nothing that JSON could say, where there is no plan.
        return (one is None or isnan(one)) == (other is None or isnan(other))
    return abs(one - other) <= within * max(1.0, abs(one), abs(other))


def told(rows: Rows) -> str:
    """The table: seconds of a scenario, and in multiples of the session's."""
    lines = []
    for row in rows:
        base = next(
            (each["seconds"] for each in rows if each["run"] == row["run"] and "seconds" in each),
            None,
        )
        seconds = row.get("seconds")
        beside = None if seconds is None or "inside" not in row else seconds - row["inside"]
        lines.append(
            {
                "kind": row["kind"],
                "case": row["case"],
                "tool": row["tool"],
                "scenarios": row.get("count", ""),
                "ms a scenario": "" if seconds is None else round(1000 * seconds, 1),
                "ms beside solving": "" if beside is None else round(1000 * beside, 1),
                "peak MB": "" if "peak" not in row else round(row["peak"]),
                "ratio": "" if seconds is None or not base else round(seconds / base, 2),
                "other answers": row["disagreements"] if row["ended"] == "ok" else row["ended"],
            }
        )
    return table(lines)


if __name__ == "__main__":
    sys.exit(by_itself(work, lambda quick: told(measured(quick=quick)), __doc__))
