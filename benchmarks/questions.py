"""What questions about a plan cost, in multiples of one relaxation from nothing.

    python benchmarks/questions.py [--quick]

Each question is asked of the Japan case in a process of its own, which first builds the model and
relaxes it from nothing: the measure of all others. Times are CPU seconds. A session is asked where
a question takes one, so that reading and joining are not in its time; `ranges` and `compare` read
their runs. What is asked where nothing fits: two limits that contradict each other, a budget of 3
among millions, and a number of people that is no whole one, as in `conflicts.py`; `conflict` is the
verified set, `first repair` what its first number would have to become, verified, and `repair`
everything anew up to the menu of repairs with a plan of each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

from conflicts import QUESTIONS, question_without_plan
from measuring import Note, Rows, apart, by_itself, table

if TYPE_CHECKING:
    from optimizer import Plan, Session

WORTH, WHY_NOT, RANGES, COMPARE = "marginal values of 20", "why not", "ranges", "compare"
LIMITS = "without each limit"
CONFLICT, FIRST_REPAIR, REPAIR = "conflict", "first repair", "repair"
PREPARE, RELAXATION = "prepare", "relaxation"
TARGETS = {WORTH: 3.0, WHY_NOT: 0.2, RANGES: 40.0, COMPARE: 0.5, CONFLICT: 2.0, FIRST_REPAIR: 1.0}
"""Multiples of the relaxation that each should stay below."""
CASE, QUICK_CASE = "JAPAN", "gap_01"
LIMIT, QUICK_LIMIT = 2_400.0, 600.0
GAP, MORE = 0.005, 20
"""Gap of the plans, and how many more slots are asked for."""
Noted = Callable[[str, float, str], None]
"""Takes down a question, its seconds, and what was answered."""


def work(payload: dict[str, Any], note: Note) -> None:
    from cases import KEPT, case_and_policy
    from optimizer import load_run, solve, write_run

    question = payload["question"]
    case_path, policy_path = case_and_policy(payload["case"])
    runs = [KEPT / f"run-{payload['case']}-{name}" for name in ("as it is", "changed")]
    if question == PREPARE:
        KEPT.mkdir(exist_ok=True)
        if not (runs[0] / "run.json").exists():
            plan = solve(policy_path, case_path, gap=GAP, time_limit=LIMIT)
            write_run(plan, runs[0])
        session = load_run(runs[0]).session
        session.change({f"goals.{next(iter(session.scales))}.weight": "*1.5"})
        write_run(session.solve(gap=GAP, time_limit=LIMIT), runs[1], force=True)
        return
    session = load_run(runs[0]).session
    started = process_time()
    session.relax()
    relaxation = process_time() - started

    def noted(name: str, seconds: float, said: str) -> None:
        note(question=name, relaxation=relaxation, seconds=seconds, said=said)

    if question in QUESTIONS:
        _nothing_fits(question, payload["case"], session.scales, noted)
        return
    wanted = _more_than_in(load_run(runs[0]).plan)
    started = process_time()
    said = _ASKED[question](session, runs, wanted)
    noted(question, process_time() - started, said)


def _worth(session: Session, runs: list[Path], _: str) -> str:
    from optimizer import marginal_values

    return f"{len(marginal_values(session, top=20).table)} numbers"


def _limits(session: Session, runs: list[Path], _: str) -> str:
    from optimizer import importance
    from optimizer.session import held_by

    named = [f"limits.{limit.name}" for limit in held_by(session).loaded.instance.limits]
    found = importance(session, named).table
    return f"{len(found)} limits, {int(found['basis'].eq('relaxation').sum())} of them solved again"


def _more_than_in(plan: Plan) -> str:
    """More slots than a plan has, for the country in the middle."""
    slots = plan.slots.groupby("country")["slots"].sum().sort_values()
    country, number = slots.index[len(slots) // 2], int(slots.iloc[len(slots) // 2])
    return f"slots[country={country}] >= {number + MORE}"


def _why_not(session: Session, runs: list[Path], wanted: str) -> str:
    from optimizer import why_not

    return why_not(session, wanted, top=0).in_words()[0]


def _ranges(session: Session, runs: list[Path], _: str) -> str:
    from optimizer import alternatives

    return f"{len(alternatives(runs[0], by=['country']).table)} ranges"


def _compare(session: Session, runs: list[Path], _: str) -> str:
    from optimizer import compare

    return compare(*runs).in_words()[0]


_ASKED: dict[str, Callable[[Session, list[Path], str], str]] = {
    WORTH: _worth,
    LIMITS: _limits,
    WHY_NOT: _why_not,
    RANGES: _ranges,
    COMPARE: _compare,
}


def _nothing_fits(asked: str, case: str, scales: Mapping[str, float], note: Noted) -> None:
    from cases import case_and_policy
    from optimizer import Session, repair
    from optimizer.explain.levers import levers_of, priced
    from optimizer.explain.searching import RepairSearch
    from optimizer.persistent.conflict import find_conflicts
    from optimizer.solver import Watch

    case_path, policy_path = case_and_policy(case)
    question = question_without_plan(asked, policy_path, case_path)
    session = Session(question.policy, question.case, scales=scales)
    held, watch = session._held, Watch()
    started = process_time()
    found = find_conflicts(held.loaded, watch)
    rows = sum(len(each.rows) for each in found.found)
    note(f"{CONFLICT}: {asked}", process_time() - started, f"{rows} rows")
    started = process_time()
    levers = priced(levers_of(held.loaded), {}, touch_protected=False)
    search = RepairSearch(held, found, levers, watch, scales=held.frozen(), gap=GAP)
    values = (
        (lever.address, search.alone(lever, conflict).after)
        for conflict in found.found
        for lever in search.levers_in(conflict)
    )
    address, value = next((each for each in values if each[1] is not None), ("none", None))
    note(f"{FIRST_REPAIR}: {asked}", process_time() - started, f"{address} = {value}")
    started = process_time()
    repairs = repair(session)
    note(f"{REPAIR}: {asked}", process_time() - started, f"{len(repairs.table)} rows of repairs")


def measured(*, quick: bool) -> Rows:
    """CPU seconds of every question, and of the relaxation in the same process."""
    case, limit = (QUICK_CASE, QUICK_LIMIT) if quick else (CASE, LIMIT)
    rows: Rows = []
    ended = apart("questions", {"case": case, "question": PREPARE}, limit=limit)[1]
    if ended != "ok":
        return [{"case": case, "question": PREPARE, "ended": ended}]
    for question in (WHY_NOT, WORTH, COMPARE, LIMITS, *QUESTIONS, RANGES):
        payload = {"case": case, "question": question}
        noted, ended = apart("questions", payload, limit=limit)
        rows += [{**payload, "ended": ended, **each} for each in noted or [{}]]
    return rows


def told(rows: Rows) -> str:
    """The table: seconds, in multiples of the relaxation, and what was to be kept."""
    lines = []
    for row in rows:
        seconds, question = row.get("seconds"), str(row["question"])
        target = TARGETS.get(question.partition(":")[0], "")
        line: dict[str, object] = {"case": row["case"], "question": question}
        line["relaxation"] = row.get(RELAXATION, "")
        line["seconds"] = "" if seconds is None else seconds
        line["ratio"] = "" if seconds is None else seconds / row[RELAXATION]
        lines.append(
            {**line, "target": target, "ended": row["ended"], "answer": row.get("said", "")}
        )
    return table(lines)


if __name__ == "__main__":
    sys.exit(by_itself(work, lambda quick: told(measured(quick=quick)), __doc__))
