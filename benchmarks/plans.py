"""A first plan, then the gap: CPU seconds until each, beside those of the relaxation alone.

    python benchmarks/plans.py [--quick]

Every row is one search in a process of its own, from the loaded model on. The relaxation is its own
first step, so that ratios are of one run. `year to year` is the Japan case with slots that move by
at most 15 % a year by track and region and 25 % by country, and 20 persons more, with Asia at 95 %.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from time import process_time
from typing import Any

from measuring import Note, Rows, apart, by_itself, table

GAPS = (0.01, 0.005, 0.001)
QUICK_GAPS = (0.01, 0.001)
LIMIT, QUICK_LIMIT = 600.0, 120.0
"""Wall seconds of one search."""
LOADING = 300.0
SHIPPED, YEARLY = "as shipped", "year to year"
_LIMITS = """schema = 1
title = "Year to year"
extends = "balanced.toml"

[[limits]]
name = "world_region_share"
measure = "slots"
by = ["world_region", "year"]
at_most = { times = 0.95, measure = "slots", by = ["year"] }
"""


def _yearly(name: str, by: str, share: float, years: list[int]) -> str:
    """A limit from year to year, after the first year."""
    bound = "{{ times = {:g}, previous = true, plus = 20 }}"
    return "\n".join(
        [
            "",
            "[[limits]]",
            f'name = "{name}"',
            'measure = "slots"',
            f'by = [{by}, "year"]',
            f"where = {{ year = {years[1:]} }}",
            f"at_most = {bound.format(1.0 + share)}",
            f"at_least = {bound.format(1.0 - share)}",
            "",
        ]
    )


def work(payload: dict[str, Any], note: Note) -> None:
    (_prepare if payload["gap"] is None else _search)(payload, note)


def _prepare(payload: dict[str, Any], _: Note) -> None:
    """Write the policy, and the scales of the shipped one, which both share."""
    from cases import case_and_policy
    from optimizer import Session, load_case

    case, shipped = case_and_policy(payload["case"])
    folder = Path(payload["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scales.pickle").write_bytes(pickle.dumps(dict(Session(shipped, case).scales)))
    (folder / "balanced.toml").write_text(shipped.read_text("utf-8"), encoding="utf-8")
    years = list(load_case(case).years)
    limits = _yearly("by_region", '"track", "region"', 0.15, years)
    limits += _yearly("by_country", '"country"', 0.25, years)
    (folder / "yearly.toml").write_text(_LIMITS + limits, encoding="utf-8")


def _search(payload: dict[str, Any], note: Note) -> None:
    from cases import case_and_policy
    from formulations import join
    from optimizer.formulation import build_pyomo
    from optimizer.persistent import LoadedModel
    from optimizer.solver import Watch

    case, _ = case_and_policy(payload["case"])
    folder = Path(payload["folder"])
    policy = folder / ("balanced.toml" if payload["policy"] == SHIPPED else "yearly.toml")
    instance = join(case, policy)
    scales = pickle.loads((folder / "scales.pickle").read_bytes())
    loaded = LoadedModel(instance, build_pyomo(instance, scales))
    started = process_time()

    class Counting(Watch):
        """Notes the CPU seconds at which the first bound and the first plan were known."""

        def learn(self, *, objective: float | None = None, bound: float | None = None) -> None:
            if self.bound is None and bound is not None:
                note(relaxation=process_time() - started)
            if self.objective is None and objective is not None:
                note(first=process_time() - started)
            super().learn(objective=objective, bound=bound)

    solution = loaded.solve(Counting(time_limit=payload["limit"]), gap=payload["gap"])
    note(end=process_time() - started, proven=solution.gap)


def measured(*, quick: bool) -> Rows:
    """CPU seconds until the relaxation, the first plan and the end, for both policies."""
    from cases import KEPT, REAL

    case, limit = ("gap_01", QUICK_LIMIT) if quick else (REAL, LIMIT)
    base = {"case": case, "folder": str(KEPT / f"plans-{case}"), "limit": limit}
    ended = apart("plans", {**base, "gap": None}, limit=limit + LOADING)[1]
    if ended != "ok":
        return [{"case": case, "policy": "prepare", "gap": None, "ended": ended}]
    rows: Rows = []
    for policy in (SHIPPED, YEARLY):
        for gap in QUICK_GAPS if quick else GAPS:
            asked = {**base, "policy": policy, "gap": gap}
            notes, ended = apart("plans", asked, limit=limit + LOADING)
            found = {name: value for row in notes for name, value in row.items()}
            rows.append({"case": case, "policy": policy, "gap": gap, "ended": ended, **found})
    return rows


def told(rows: Rows) -> str:
    """The table; ratios are against the relaxation of the same row."""
    return table([_line(row) for row in rows])


def _line(row: dict[str, Any]) -> dict[str, object]:
    relaxation, proven = row.get("relaxation"), row.get("proven")

    def times(step: str) -> float | None:
        return row[step] / relaxation if relaxation and step in row else None

    return {
        "case": row["case"],
        "policy": row["policy"],
        "gap asked": "-" if row["gap"] is None else f"{row['gap']:.1%}",
        "relaxation, CPU s": relaxation,
        "first plan, x": times("first"),
        "end, x": times("end"),
        "proven gap": "no plan" if proven is None else f"{proven:.3%}",
        "ended": row["ended"],
    }


def main() -> int:
    return by_itself(work, lambda quick: told(measured(quick=quick)), __doc__)


if __name__ == "__main__":
    sys.exit(main())
