"""The planner's page: from a lever to what no plan exceeds, while a search for a plan is running.

    python benchmarks/desk.py [--quick]

One desk in a process of its own, with nothing between it and the levers: `searching` moves a
weight, a budget or a limit by up to a fifth while branch and bound runs; `dragging` moves the same
lever again at once, as a slider does, while the search before still comes to its end. Wall seconds
count from the move until its relaxation is shown; CPU seconds are those of the thread that relaxes.
Moves add up, as on the page. After one that leaves nothing that fits, which counts by itself, the
lever is put back.
"""

from __future__ import annotations

import math
import os
import random
import sys
import time
from typing import TYPE_CHECKING, Any

from measuring import Note, Rows, apart, by_itself, peak_memory, table

if TYPE_CHECKING:
    from optimizer.app.desk import Desk

SEED = 20
MOVES, QUICK_MOVES = 30, 10
SEARCHING, DRAGGING, NOTHING_FITS = "searching", "dragging", "nothing fits"
LIMIT, QUICK_LIMIT = 3600.0, 300.0
"""Wall seconds of everything, scales included."""
STEP = 0.2
"""Largest relative change of a number in one move."""
LONGEST_SEARCH = 3.0
"""Seconds of search after which a move comes at the latest."""
_LOOKED = 0.002
NINE_OF_TEN = 0.9


def work(payload: dict[str, Any], note: Note) -> None:
    from cases import case_and_policy
    from optimizer import load_case, load_policy
    from optimizer.app.opening import desk_of
    from optimizer.app.sliders import sliders_of

    case, policy = case_and_policy(payload["case"])
    drawn = random.Random(SEED)
    sliders = [each for each in sliders_of(load_policy(policy), load_case(case)) if each.step]
    desk = desk_of(policy, case)
    begun = time.monotonic()
    desk.start()
    try:
        for _ in range(payload["moves"]):
            _searching(desk, drawn)
            if "first" not in payload:
                note(kind="start", seconds=time.monotonic() - begun)
                payload["first"] = True
            slider = drawn.choice(sliders)
            for kind in (SEARCHING, DRAGGING):
                factor = 1.0 + STEP * drawn.uniform(-1.0, 1.0)
                is_number = slider.kind == "number"
                value = slider.value * factor if is_number else f"*{factor:.6g}"
                moved = _moved(desk, slider.address, value)
                note(**{"kind": kind, "address": slider.address, **moved})
            if moved.get("kind") == NOTHING_FITS:
                _moved(desk, slider.address, None)
        note(kind="machine", peak_mb=peak_memory(), load=os.getloadavg()[1])
    finally:
        desk.stop()


def _searching(desk: Desk, drawn: random.Random) -> None:
    """Wait until a search is running for a while, or a plan came sooner than that."""
    _until(desk, ("solving", "plan", "nothing fits"))
    time.sleep(drawn.uniform(0.2, LONGEST_SEARCH))


def _moved(desk: Desk, address: str, value: object) -> dict[str, Any]:
    """Move a lever; give how long the relaxation took, and what went on meanwhile.

    Where nothing fits the kind of the move is another one.
    """
    phase = desk.board.facts()["phase"]
    wall = time.perf_counter()
    desk.put({address: value})
    while (facts := desk.board.facts())["relaxation"] is None:
        if facts["refused"] or facts["phase"] == "failed":
            return {"ended": facts["refused"] or facts["phase"]}
        if facts["is_current"]:
            return {"ended": "the plan is known"}
        time.sleep(_LOOKED)
    fits = facts["relaxation"]["points"] is not None
    return {
        **({} if fits else {"kind": NOTHING_FITS}),
        "ended": "ok",
        "phase": phase,
        "seconds": time.perf_counter() - wall,
        "cpu": facts["relaxation"]["cpu_seconds"],
    }


def _until(desk: Desk, phases: tuple[str, ...]) -> None:
    while desk.board.facts()["phase"] not in phases:
        time.sleep(_LOOKED)


def measured(*, quick: bool) -> Rows:
    """Seconds of every move, of the smallest generated case or the Japan case."""
    from cases import REAL

    case = "gap_01" if quick else REAL
    asked = {"case": case, "moves": QUICK_MOVES if quick else MOVES}
    notes, ended = apart("desk", asked, limit=QUICK_LIMIT if quick else LIMIT)
    return [{"case": case, **row} for row in notes] + [
        {"case": case, "kind": "end", "ended": ended}
    ]


def told(rows: Rows) -> str:
    """Median, nine of ten and longest of the moves of each kind."""
    found = []
    for kind in (SEARCHING, DRAGGING, NOTHING_FITS):
        moves = [row for row in rows if row["kind"] == kind and row["ended"] == "ok"]
        seconds = sorted(row["seconds"] for row in moves)
        cpu = sorted(row["cpu"] for row in moves)
        if not seconds:
            continue
        found.append(
            {
                "case": moves[0]["case"],
                "kind": kind,
                "moves": len(moves),
                "as it searched": sum(row["phase"] == "solving" for row in moves),
                "median, s": seconds[len(seconds) // 2],
                "nine of ten within, s": seconds[_place(len(seconds))],
                "longest, s": seconds[-1],
                "CPU, median, s": cpu[len(cpu) // 2],
                "CPU, nine of ten, s": cpu[_place(len(cpu))],
            }
        )
    ends = ", ".join(row["ended"] for row in rows if row["kind"] == "end")
    about = [row for row in rows if row["kind"] == "machine"]
    said = [f", at most {row['peak_mb']:,.0f} MB, load {row['load']:.1f}" for row in about]
    return f"{table(found)}\nEnded: {ends}{''.join(said)} (mean of five minutes).\n"


def _place(count: int) -> int:
    """Place of the move within which nine of ten are, among so many in order."""
    return math.ceil(NINE_OF_TEN * count) - 1


def main() -> int:
    return by_itself(work, lambda quick: told(measured(quick=quick)), __doc__)


if __name__ == "__main__":
    sys.exit(main())
