"""Sweeps of more and more scenarios: does the cost grow in proportion, and the memory not at all?

    python benchmarks/sweep_counts.py [--quick]

Scenarios of the tiny case, drawn over two weights and a budget, are relaxed by one thread and kept
in a folder. Times are CPU seconds from the first scenario to the last, with the page and the
workbook of the study, without imports and drawing. Peak memory is that of the process, which drives
and solves; `table MB` is what the table of results itself takes of it.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

from measuring import MEGABYTE, ROOT, Note, Rows, apart, by_itself, table

COUNTS, QUICK_COUNTS = (1_000, 10_000, 100_000), (20, 40)
LIMIT, QUICK_LIMIT = 3_600.0, 120.0
SEED = 7
FACTORS = (0.9, 1.1)
LEVERS = (
    "goals.alliance.weight",
    "goals.bridges.weight",
    "budgets[line=science, year=2031].amount_jpy",
)


def work(payload: dict[str, Any], note: Note) -> None:
    from optimizer import Study, sweep, uniform

    # What draws the charts of the page reserves far more address space than it uses.
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    factors = uniform(*FACTORS)
    study = Study.sample(
        dict.fromkeys(LEVERS, factors), payload["count"], method="latin", seed=SEED
    )
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        started = process_time()
        found = sweep(
            ROOT / "models" / "tiny.toml",
            ROOT / "inputs" / "tiny",
            study,
            out=out,
            executor="threads:1",
            relax=True,
        )
        seconds = process_time() - started
        kept = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / MEGABYTE
        statuses = found.table["status"].value_counts().to_dict()
        taken = float(found.table.memory_usage(deep=True).sum()) / MEGABYTE
    note(
        seconds=seconds,
        answered=int(statuses.get("optimal", 0)),
        count=len(found.table),
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        kept=kept,
        taken=taken,
    )


def measured(*, quick: bool) -> Rows:
    """Seconds, memory and size of the folder, by number of scenarios."""
    limit = QUICK_LIMIT if quick else LIMIT
    rows: Rows = []
    for count in QUICK_COUNTS if quick else COUNTS:
        noted, ended = apart("sweep_counts", {"count": count}, limit=limit)
        rows.append({"scenarios": count, "ended": ended, **(noted[0] if noted else {})})
    return rows


def told(rows: Rows) -> str:
    """The table: milliseconds of a scenario, and in multiples of the first row's."""
    lines = []
    first = next((row for row in rows if "seconds" in row), None)
    for row in rows:
        line = {"scenarios": row["scenarios"], "ended": row["ended"]}
        if first is not None and "seconds" in row:
            each = row["seconds"] / row["count"]
            line |= {
                "answered": row["answered"],
                "ms a scenario": round(1000 * each, 2),
                "ratio": round(each / (first["seconds"] / first["count"]), 2),
                "peak MB": round(row["peak"]),
                "table MB": round(row["taken"], 1),
                "folder MB": round(row["kept"], 1),
            }
        lines.append(line)
    return table(lines)


if __name__ == "__main__":
    sys.exit(by_itself(work, lambda quick: told(measured(quick=quick)), __doc__))
