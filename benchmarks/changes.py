"""Solving on after changes of weights and budgets: Session against rebuilding and other layers.

    python benchmarks/changes.py [--quick]

Each change moves one goal's weight and one line's budget of one year, on top of the changes
before. Inside the clock: from the new numbers to the new optimum. The first model is loaded and
solved before. Layers that build anew are given new frames, made outside the clock. Slow tools do
fewer changes, the first of the same ones; the table gives their number and the time of one. LP: the
optima must agree to 1e-6; MIP (relative gap 1% or a time limit): the intervals from plan to bound
must overlap.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from measuring import Note, Rows, apart, by_itself, table
from solving_on import HAND, OURS, STEPS, TOOLS

LP_TOLERANCE = 1e-6
RUNS = (
    ("LP", "gap_05", 1000, (100, 10)),
    ("LP", "japan", 50, (10, 2)),
    ("MIP", "gap_01", 20, (20, 20)),
    ("MIP", "gap_02", 10, (10, 10)),
)
QUICK_RUNS = (("LP", "gap_01", 10, (10, 1)), ("MIP", "gap_01", 1, (1, 0)))
"""Kind, case, changes by us and the hand-written loop, and by others: those that change in place,
and those that build anew (0: they are left out)."""
TIME_LIMIT, QUICK_TIME_LIMIT = 20.0, 1.5
"""Seconds for one MIP."""
LP_TIME_LIMIT = 600.0
"""Seconds for one LP, so that nothing is waited for without end."""
LIMIT, QUICK_LIMIT = 5400.0, 60.0


def work(payload: dict[str, Any], note: Note) -> None:
    import importlib

    from changing import prepare, prepared

    path, tool = Path(payload["path"]), payload["tool"]
    if tool == "prepare":
        path.parent.mkdir(parents=True, exist_ok=True)
        prepare(payload["case"], payload["count"], path)
        return
    importlib.import_module(TOOLS[tool])
    given = prepared(path)
    if payload["kind"] == "LP":
        tidy = given.tidy
        given = given._replace(tidy=replace(tidy, integral=tidy.integral & False))
    steps = STEPS[tool](given, payload)
    next(steps)
    for number in range(payload["count"]):
        next(steps)
        started = perf_counter()
        objective, bound = next(steps)
        note(number=number, seconds=perf_counter() - started, objective=objective, bound=bound)


def measured(*, quick: bool) -> Rows:
    """Seconds of every change by every tool, and whether the answers agree."""
    from cases import KEPT

    rows: Rows = []
    limit = QUICK_LIMIT if quick else LIMIT
    for kind, case, count, few in QUICK_RUNS if quick else RUNS:
        payload = {
            "kind": kind,
            "case": case,
            "count": count,
            "path": str(KEPT / f"changes-{case}-{count}.pickle"),
            "time_limit": _time_limit(kind, quick=quick),
        }
        ended = apart("changes", {**payload, "tool": "prepare"}, limit=limit)[1]
        if ended != "ok":
            rows.append({"kind": kind, "case": case, "tool": "prepare", "ended": ended})
            continue
        mine: Rows = []
        for tool in TOOLS:
            asked = count if tool in (OURS, HAND) else few["rebuilt" in tool]
            if not asked:
                continue
            found, ended = apart("changes", {**payload, "tool": tool, "count": asked}, limit=limit)
            mine.append(
                {"kind": kind, "case": case, "tool": tool, "ended": ended, "changes": found}
            )
        rows += _compared(kind, mine)
    return rows


def _time_limit(kind: str, *, quick: bool) -> float:
    if kind == "LP":
        return LP_TIME_LIMIT
    return QUICK_TIME_LIMIT if quick else TIME_LIMIT


def _compared(kind: str, rows: Rows) -> Rows:
    """Count the changes after which a tool disagrees with the hand-written loop."""
    truth = {row["number"]: row for row in next(r["changes"] for r in rows if r["tool"] == HAND)}
    for row in rows:
        other = 0
        for answer in row["changes"]:
            true = truth.get(answer["number"])
            if true is not None and not _agree(kind, answer, true):
                other += 1
        row["disagreements"] = other
    return rows


def _agree(kind: str, answer: dict[str, Any], true: dict[str, Any]) -> bool:
    found, wanted = answer["objective"], true["objective"]
    if found is None or wanted is None:
        return kind == "MIP" or found is wanted
    tolerance = LP_TOLERANCE * max(1.0, abs(wanted))
    if kind == "LP":
        return bool(abs(found - wanted) <= tolerance)
    return bool(found <= true["bound"] + tolerance and wanted <= answer["bound"] + tolerance)


def told(rows: Rows) -> str:
    """The table; ratios of the mean time of one change against ours."""
    lines = []
    for row in rows:
        seconds = [change["seconds"] for change in row.get("changes", [])]
        same = next(
            (
                [c["seconds"] for c in r["changes"]]
                for r in rows
                if (r["kind"], r["case"], r["tool"]) == (row["kind"], row["case"], OURS)
                and r.get("changes")
            ),
            [],
        )
        # The same changes on both sides: slow tools did the first ones only.
        ours = same[: len(seconds)]
        mean = sum(seconds) / len(seconds) if seconds else None
        plans = [c for c in row.get("changes", []) if c["objective"] is not None]
        lines.append(
            {
                "model": f"{row['kind']} {row['case']}",
                "tool": row["tool"],
                "changes": len(seconds),
                "ms per change": None if mean is None else 1000 * mean,
                "median ms": 1000 * median(seconds) if seconds else None,
                "x ours": sum(seconds) / sum(ours) if ours and len(ours) == len(seconds) else None,
                "with a plan": len(plans),
                "disagreements": row.get("disagreements"),
                "ended": row["ended"],
            }
        )
    return (
        "`x ours` compares the same changes on both sides (below 1: we are slower). A disagreement "
        "is an optimum that differs from that of the hand-written loop by more than 1e-6, or for a "
        "MIP an interval from plan to bound that does not meet the other's.\n\n" + table(lines)
    )


def main() -> int:
    return by_itself(work, lambda quick: told(measured(quick=quick)), __doc__)


if __name__ == "__main__":
    sys.exit(main())
