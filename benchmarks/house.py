"""What the house does besides solving: each job in its old way and in the one that is used.

    python benchmarks/house.py [--quick]

CPU seconds of one and the same job. Every way runs in a process of its own and they take turns, so
that a machine that does other things as well spoils no ratio. Old ways are kept in the script of
the job, a few lines each; what the jobs are given is made before and is in nobody's clock.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from functools import partial
from inspect import isgeneratorfunction
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import house_joining
import house_relaxing
import house_scales
import house_writing
from measuring import Note, Rows, apart, by_itself, table

JOBS: dict[str, Any] = {
    "writing a run": house_writing,
    "scales of a session": house_scales,
    **house_relaxing.JOBS,
    **house_joining.JOBS,
}
"""What has ``prepared(case)``, what the job is given, and ``WAYS`` to do it: functions of that, the
old one first and the one that is used last. One that yields has done by then what is in nobody's
clock."""
ROUNDS, QUICK_ROUNDS = 3, 1
LIMIT, QUICK_LIMIT = 1800.0, 120.0
"""Seconds for one process."""


def work(payload: dict[str, Any], note: Note) -> None:
    job, path = JOBS[payload["job"]], Path(payload["path"])
    if payload["way"] == "prepare":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(job.prepared(payload["case"])))
        return
    given = pickle.loads(path.read_bytes())
    way = job.WAYS[payload["way"]]
    timed = _ready(way, given)
    started = process_time()
    timed()
    note(seconds=process_time() - started)


def _ready(way: Callable[[Any], Any], given: Any) -> Callable[[], object]:
    """What is in the clock; what a way does before it yields is done here."""
    if not isgeneratorfunction(way):
        return partial(way, given)
    steps = way(given)
    next(steps)
    return partial(next, steps, None)


def measured(*, quick: bool) -> Rows:
    """CPU seconds of every way, one number a round."""
    from cases import KEPT, REAL

    case, limit = ("gap_01", QUICK_LIMIT) if quick else (REAL, LIMIT)
    rows: Rows = []
    for name, job in JOBS.items():
        path = KEPT / f"house-{name.replace(' ', '-')}-{case}.pickle"
        payload = {"job": name, "case": case, "path": str(path)}
        ended = apart("house", {**payload, "way": "prepare"}, limit=limit)[1]
        if ended != "ok":
            rows.append({"job": name, "case": case, "way": "prepare", "ended": ended})
            continue
        # A job may have a case of its own.
        shown = getattr(job, "name", None) or case
        mine: Rows = [
            {"job": name, "case": shown, "way": way, "ended": "ok", "seconds": []}
            for way in job.WAYS
        ]
        for _ in range(QUICK_ROUNDS if quick else ROUNDS):
            for row in mine:
                found, ended = apart("house", {**payload, "way": row["way"]}, limit=limit)
                row["seconds"] += [each["seconds"] for each in found]
                row["ended"] = ended if row["ended"] == "ok" else row["ended"]
        rows += mine
    return rows


def told(rows: Rows) -> str:
    """The table; ratios of medians against the old way."""
    lines = []
    for row in rows:
        old = next(r.get("seconds") for r in rows if r["job"] == row["job"])
        seconds = row.get("seconds")
        lines.append(
            {
                "job": row["job"],
                "case": row["case"],
                "way": row["way"],
                "CPU s": median(seconds) if seconds else None,
                "x the old way": median(seconds) / median(old) if seconds and old else None,
                "ended": row["ended"],
            }
        )
    return table(lines)


def main() -> int:
    return by_itself(work, lambda quick: told(measured(quick=quick)), __doc__)


if __name__ == "__main__":
    sys.exit(main())
