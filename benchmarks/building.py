"""Building and loading the same model: ours against other modelling layers.

    python benchmarks/building.py [--quick]

Inside the clock: from tables that are joined and ready to a loaded solver. For us that is
`build_pyomo` on the instance, compiling, scaling and loading; for the others from tidy frames of
terms per rule (already added up and scaled, which is part of our clock) to a loaded HiGHS, or for
cvxpy and OR-Tools to the input of a solver. Outside: reading, joining, importing, and one build of
the smallest case to warm up. Every measurement has a process of its own; tools take turns.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import Any

from measuring import Note, Rows, apart, by_itself, table, timed

OURS, FLAT = "optimizer", "linopy, flat model"
MODULES = {
    "hand-written highspy": "highspy",
    "Pyomo, persistent": "pyomo.contrib.solver.solvers.highs",
    "linopy": "linopy",
    "PuLP": "pulp",
    "cvxpy": "cvxpy",
    "PyOptInterface": "pyoptinterface.highs",
    "OR-Tools": "ortools.linear_solver.python.model_builder",
    FLAT: "linopy",
}
"""Tools and what they import before the clock starts."""
WARM = "gap_01"
SIZES, QUICK_SIZES = ("national", "japan", "large"), ("small",)
LIMIT, QUICK_LIMIT = 900.0, 60.0
REPEATS = 3


def work(payload: dict[str, Any], note: Note) -> None:
    tool, size = payload["tool"], payload["size"]
    if tool == "prepare":
        _prepare(size, note)
    elif tool == OURS:
        _ours(size, note)
    else:
        _theirs(tool, size, note)


def paths(size: str) -> tuple[Path, Path]:
    """Where the projected and the flat model of a case are kept for other processes."""
    from cases import case_and_policy

    folder = case_and_policy(size)[0].parent
    return folder / "projected.pickle", folder / "flat.pickle"


def _prepare(size: str, note: Note) -> None:
    from cases import case_and_policy
    from formulations import flat, join, probe_scales, projected
    from tidy import keep

    instance = join(*case_and_policy(size))
    tidy = projected(instance, probe_scales(instance))
    flattened = flat(instance, tidy)
    note(options=flattened.sizes.get("slots", 0), rows=tidy.a.shape[0], columns=tidy.a.shape[1])
    for model, path in zip((tidy, flattened), paths(size), strict=True):
        keep(model, path)


def _ours(size: str, note: Note) -> None:
    from cases import case_and_policy
    from formulations import join, probe_scales
    from optimizer.formulation import build_pyomo
    from optimizer.instance import Instance
    from optimizer.persistent import LoadedModel

    def load(instance: Instance) -> LoadedModel:
        return LoadedModel(instance, build_pyomo(instance, probe_scales(instance)))

    load(join(*case_and_policy(WARM)))
    instance = join(*case_and_policy(size))
    with timed() as found:
        loaded = load(instance)
    shape = loaded.matrix.a.shape
    note(**found, counts=[shape[0], shape[1], int(loaded.matrix.a.nnz)])


def _theirs(tool: str, size: str, note: Note) -> None:
    import importlib

    # Before anything of ours: OR-Tools brings another HiGHS, which must be found first.
    importlib.import_module(MODULES[tool])
    from flat_linopy import flat_direct
    from peers import BUILDERS
    from peers_linopy import linopy_direct
    from tidy import kept

    build = {**BUILDERS, "linopy": linopy_direct, FLAT: flat_direct}[tool]
    number = int(tool == FLAT)
    build(kept(paths(WARM)[number]))
    tidy = kept(paths(size)[number])
    # Frames of terms are what the user has: made before the clock starts.
    assert tidy.rules
    with timed() as found:
        counts = build(tidy)
    if counts != (*tidy.a.shape, tidy.a.nnz):
        raise ValueError(f"{tool} built another model: {counts}, not {tidy.a.shape}")
    note(**found, counts=list(counts))


def measured(*, quick: bool) -> Rows:
    """Time and memory of every tool at every size, with all single measurements."""
    sizes, limit = (QUICK_SIZES, QUICK_LIMIT) if quick else (SIZES, LIMIT)
    repeats = 1 if quick else REPEATS
    apart("building", {"tool": "prepare", "size": WARM}, limit=limit)
    rows: Rows = []
    for size in sizes:
        facts, ended = apart("building", {"tool": "prepare", "size": size}, limit=limit)
        if ended != "ok":
            rows.append({"size": size, "tool": "prepare", "ended": ended})
            continue
        tried: dict[str, tuple[Rows, str]] = {tool: ([], "ok") for tool in (OURS, *MODULES)}
        for _ in range(repeats):
            for tool, (found, before) in tried.items():
                if before == "ok":
                    new, ended = apart("building", {"tool": tool, "size": size}, limit=limit)
                    tried[tool] = [*found, *new], ended
        for tool, (found, ended) in tried.items():
            seconds = [row["seconds"] for row in found]
            rows.append(
                {
                    "size": size,
                    **facts[0],
                    "tool": tool,
                    "ended": ended,
                    "seconds": seconds,
                    "median": median(seconds) if seconds else None,
                    "peak_mb": max((row["peak_mb"] for row in found), default=None),
                    "counts": found[0]["counts"] if found else None,
                }
            )
    return rows


def told(rows: Rows) -> str:
    """The table; ratios against us: above 1 they are slower."""
    lines = []
    for row in rows:
        ours = next(
            (r["median"] for r in rows if (r["size"], r["tool"]) == (row["size"], OURS)), None
        )
        ratio = row["median"] / ours if row.get("median") and ours else None
        lines.append(
            {
                "case": row["size"],
                "options": row.get("options"),
                "tool": row["tool"],
                "seconds": row.get("median") if row["ended"] == "ok" else row["ended"],
                "x ours": ratio,
                "peak MB": row.get("peak_mb"),
            }
        )
    return (
        "Seconds are medians; `x ours` is a tool's time over ours (below 1: we are slower). Peak "
        "memory is that of the whole process with the tables it was given.\n\n" + table(lines)
    )


def main() -> int:
    return by_itself(work, lambda quick: told(measured(quick=quick)), __doc__)


if __name__ == "__main__":
    sys.exit(main())
