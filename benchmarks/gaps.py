"""Time to a proven gap: ours against HiGHS, SCIP, CP-SAT and CBC, on the flat model and on ours.

    python benchmarks/gaps.py [--quick] [--cases gap_01 JAPAN ...] [--tools ...] [--limit SECONDS]

Every solver runs on one thread, from the loaded model to a gap of 0.1% or the time limit; on a
machine with two cores or more two of them run at a time.
The flat model has one integer per slot; `projected` is ours. A plan counts once its whole
numbers, rounded and fixed, keep every rule of the true model, checked by a linear program outside
the clock; ours once the program's own evaluation has found every rule kept. Gaps are against the
best bound that any solver proved on the true model; no plan counts as 100%. A gap is proven when a
solver's own bound shows it; CP-SAT's bound is one of a rounded model and counts for CP-SAT alone.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gap_tables import FORMS, OURS, TOOLS, told
from measuring import Note, Rows, apart, serve

LIMIT, QUICK_LIMIT = 60.0, 2.0
LOADING = 180.0
"""Seconds on top of twice the limit, for importing, loading, checking; then a solver is ended."""
AT_ONCE = min(2, os.cpu_count() or 1)
QUICK_CASES = ("gap_01",)


def work(payload: dict[str, Any], note: Note) -> None:
    tool, folder = payload["tool"], Path(payload["folder"])
    if tool == "prepare":
        _prepare(payload["case"], folder)
    elif tool == OURS:
        _ours(payload, folder, note)
    elif tool == "check":
        _check(payload, folder, note)
    else:
        _theirs(payload, folder, note)


def _prepare(case: str, folder: Path) -> None:
    import pickle

    import integers
    from cases import case_and_policy
    from formulations import flat, join, projected
    from optimizer import Session
    from solvers import mps
    from tidy import keep

    folder.mkdir(parents=True, exist_ok=True)
    paths = case_and_policy(case)
    scales = dict(Session(*reversed(paths)).scales)
    (folder / "scales.pickle").write_bytes(pickle.dumps(scales))
    instance = join(*paths)
    tidy = projected(instance, scales)
    for form, model in zip(FORMS, (tidy, flat(instance, tidy)), strict=True):
        keep(model, folder / f"{form}.pickle")
        mps(model, folder / f"{form}.mps")
        integers.keep(integers.integers(model), folder / f"{form}.integers")


def _ours(payload: dict[str, Any], folder: Path, note: Note) -> None:
    import pickle

    from cases import case_and_policy
    from formulations import join
    from optimizer.formulation import build_pyomo
    from optimizer.persistent import LoadedModel
    from optimizer.plan.evaluation import decisions_of, evaluate_decisions
    from optimizer.solver import Watch
    from solvers import TARGET

    scales = pickle.loads((folder / "scales.pickle").read_bytes())
    instance = join(*case_and_policy(payload["case"]))
    loaded = LoadedModel(instance, build_pyomo(instance, scales))
    watch = Watch(time_limit=payload["limit"])
    solution = loaded.solve(watch, gap=TARGET)
    note(ended_after=watch.seconds)
    for step in watch.trace:
        note(seconds=step.seconds, objective=step.objective, bound=step.bound)
    if solution.objective is not None:
        decisions = decisions_of(instance, solution.decisions, solution.money)
        evaluation = evaluate_decisions(instance, decisions, scales)
        if evaluation.holds:
            note(true=evaluation.points)


def _theirs(payload: dict[str, Any], folder: Path, note: Note) -> None:
    import importlib
    from time import monotonic

    peer, form = payload["tool"].split(", ")
    from solvers import NEEDS, SOLVERS

    importlib.import_module(NEEDS[peer])
    import numpy as np

    from tidy import kept

    tidy = kept(folder / f"{form}.pickle")
    last: list[Any] = []

    def tell(seconds: float, plan: float | None, bound: float | None) -> None:
        points = [None if value is None else value / tidy.units for value in (plan, bound)]
        if points != last[-2:]:
            last[:] = points
            note(seconds=seconds, objective=points[0], bound=points[1])

    started = monotonic()
    x = SOLVERS[peer](tidy, folder / f"{form}.mps", payload["limit"], tell)
    note(ended_after=monotonic() - started)
    if x is not None:
        np.save(folder / f"{payload['tool']}.npy", x)
        note(found=True)


def _check(payload: dict[str, Any], folder: Path, note: Note) -> None:
    """Points of a plan whose integers are fixed; nothing is noted where rules break."""
    from dataclasses import replace

    import highspy
    import numpy as np

    from formulations import loaded_highs
    from tidy import kept

    tidy = kept(folder / f"{payload['of'].split(', ')[1]}.pickle")
    x = np.load(folder / f"{payload['of']}.npy")
    whole = tidy.integral
    lower, upper = tidy.lower.copy(), tidy.upper.copy()
    lower[whole] = upper[whole] = np.clip(np.round(x[whole]), lower[whole], upper[whole])
    highs = loaded_highs(replace(tidy, lower=lower, upper=upper), relaxed=True)
    highs.run()
    if highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        note(true=highs.getInfo().objective_function_value / tidy.units)


def measured(
    *,
    quick: bool,
    cases: Sequence[str] = (),
    tools: Sequence[str] = TOOLS,
    limit: float | None = None,
) -> Rows:
    """Trace of every solver on every case, and the checked value of its last plan."""
    from cases import GAP_SIZES, KEPT, REAL

    names = cases or (QUICK_CASES if quick else (*GAP_SIZES, REAL))
    seconds = limit or (QUICK_LIMIT if quick else LIMIT)
    rows: Rows = []
    for case in names:
        folder = KEPT / f"gaps-{case}"
        base = {"case": case, "folder": str(folder), "limit": seconds}
        ended = apart("gaps", {**base, "tool": "prepare"}, limit=LOADING)[1]
        if ended != "ok":
            rows.append({"case": case, "tool": "prepare", "ended": ended, "trace": []})
            continue
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(lambda tool, base=base: _one(base, tool, seconds), tools)
        rows += [
            {"case": case, "limit": seconds, "tool": tool, **row}
            for tool, row in zip(tools, found, strict=True)
        ]
    return rows


def _one(base: dict[str, Any], tool: str, limit: float) -> dict[str, Any]:
    notes, ended = apart("gaps", {**base, "tool": tool}, limit=limit * 2 + LOADING)
    true = next((found["true"] for found in notes if "true" in found), None)
    if any("found" in found for found in notes):
        checked, how = apart("gaps", {**base, "tool": "check", "of": tool}, limit=LOADING)
        true = checked[0]["true"] if checked else None
        ended = ended if how == "ok" else f"check {how}"
    trace = [found for found in notes if "seconds" in found]
    claimed = next((t["objective"] for t in reversed(trace) if t["objective"] is not None), None)
    after = next((found["ended_after"] for found in notes if "ended_after" in found), None)
    return {
        "ended": ended,
        "ended_after": after,
        "trace": trace,
        "true": true,
        "claimed": claimed,
    }


def main() -> int:
    if serve(work, sys.argv):
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cases", nargs="*", default=())
    parser.add_argument("--tools", nargs="*", choices=TOOLS, default=TOOLS)
    parser.add_argument("--limit", type=float, help="wall seconds of every solver")
    words = vars(parser.parse_args())
    print(told(measured(**words)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
