"""Fronts and fairest plans, in multiples of one solve of the same problem; CPU seconds.

    python benchmarks/fronts.py [--quick]

Every row is a process of its own. `relaxation`: max-min and leximin of regions by inhabitants, and
a curve of 10 points between points and the lowest rate of countries by inhabitants (one region of
the Japan case is full, so that no point is given up for it), beside one relaxation from nothing.
`plans`: 11 points of two goals at a gap of 0.5%, beside one plan from nothing at the same gap.
`stakeholders`: the best plan of each of seven agencies, today's and four compromises, at that gap,
beside one plan from nothing. `2kp50`: all 35 points of a knapsack of 50 items by two profits,
beside 36 solves of the same knapsack by HiGHS alone, each from nothing with the floor of the next
point. Reading, joining, building, loading and scales are outside the clock.
"""

from __future__ import annotations

import csv
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

from measuring import ROOT, Note, Rows, apart, by_itself, table

if TYPE_CHECKING:
    from optimizer.policy import Policy
    from optimizer.session.holding import Holding

RELAXATION, PLANS, STAKEHOLDERS, KNAPSACK = "relaxation", "plans", "stakeholders", "2kp50"
TARGETS = {
    (RELAXATION, "curve"): 6.0,
    (RELAXATION, "max_min"): 1.0,
    (RELAXATION, "leximin"): 3.0,
    (PLANS, "front"): 12.0,
    (STAKEHOLDERS, "all plans"): 15.0,
    (KNAPSACK, "front"): 1.5,
}
"""Multiples that are aimed at."""
NAME = "inhabitants"
DIVISION: Mapping[str, object] = {
    "name": NAME,
    "measure": "slots",
    "where": {"direction": "inbound"},
    "by": ["region"],
    "relative_to": "region.population",
}
OF_CURVE: Mapping[str, object] = {
    **DIVISION,
    "by": ["country"],
    "relative_to": "country.population",
}
CURVE, POINTS, GAP, SHARE = 10, 11, 0.005, 0.95
GOALS = ("regional_vitality", "bridges")
"""Goals of the front, or the first two of a policy without them of which something can be earned.
They go apart by 53% and 36% of their best, so that there is room for so many points a gap apart."""
LIMIT, QUICK_LIMIT = 3000.0, 120.0
FRONTS = ROOT / "tests" / "fronts"
TABLES = ("applicants", "scores", "costs", "budgets")


def work(payload: dict[str, Any], note: Note) -> None:
    parts = {
        RELAXATION: _relaxation,
        PLANS: _plans,
        STAKEHOLDERS: _stakeholders,
        KNAPSACK: _knapsack,
    }
    parts[payload["part"]](payload, note)


def _held(name: str, division: Mapping[str, object] = DIVISION) -> Holding:
    """A case of some size, with a division of slots."""
    from cases import case_and_policy
    from optimizer.plan.question import Question, read_question
    from optimizer.policy.loading import policy_with_division
    from optimizer.session.holding import Holding
    from optimizer.solver import Watch

    case, policy = case_and_policy(name)
    question = read_question(_with_stakeholders(policy), case)
    question = Question.of(policy_with_division(question.policy, division), question.case)
    held = Holding(question, cache=False)
    held.scaled(Watch())
    return _afresh(held)


def _afresh(held: Holding) -> Holding:
    """The same in a model that remembers nothing of what was solved."""
    from optimizer.session.holding import Holding

    return Holding(held.question, scales=held.scales, cache=False)


def _after_one_plan(case: str, note: Note) -> Holding:
    """The same again once one plan from nothing was timed, which helps nothing that comes after."""
    from optimizer.solver import Watch

    held = _held(case)
    started = process_time()
    held.loaded.solve(Watch(), gap=GAP)
    note(what="one", seconds=process_time() - started)
    return _afresh(held)


def _with_stakeholders(path: Path) -> Policy:
    """A policy; where it has no stakeholders each goal is somebody's."""
    from optimizer import load_policy

    policy = load_policy(path)
    if policy.stakeholders:
        return policy
    names = [{"name": goal, "weights": {goal: 1}} for goal in policy.goals]
    return load_policy({**tomllib.loads(path.read_text("utf-8")), "stakeholders": names})


def _relaxation(payload: dict[str, Any], note: Note) -> None:
    from optimizer.session.aims.among import Among
    from optimizer.session.aims.leximin import leximin
    from optimizer.session.aims.max_min import max_min
    from optimizer.session.aims.outcomes import outcomes_of
    from optimizer.session.aims.planning import division_named
    from optimizer.solver import Watch
    from optimizer.tradeoffs.asked_of_front import AskedOfFront
    from optimizer.tradeoffs.fair_search import FairCurve

    held, watch = _held(payload["case"]), Watch()
    started = process_time()
    x = held.loaded.relax(watch).x
    assert x is not None, "the relaxation has a solution"
    note(what="one", seconds=process_time() - started)
    division = division_named(held.loaded.instance, NAME)
    outcomes = outcomes_of(held.loaded, division, held.frozen().of)
    points = held.loaded.matrix.points(x)
    for name, aim in (("max_min", max_min), ("leximin", leximin)):
        started = process_time()
        least = points - (1.0 - SHARE) * abs(points)
        found = aim(Among(held.loaded, least, watch, is_relaxed=True), outcomes, x)
        note(what=name, seconds=process_time() - started, count=len(found.steps))
    asked = AskedOfFront(("points", NAME), CURVE, None, None, 0.0, NAME)
    held = _held(payload["case"], OF_CURVE)
    started = process_time()
    curve = FairCurve(held, division_named(held.loaded.instance, NAME), asked, watch)
    curve.look()
    note(what="curve", seconds=process_time() - started, count=len(curve.points))


def _plans(payload: dict[str, Any], note: Note) -> None:
    from optimizer.solver import Watch
    from optimizer.tradeoffs.asked_of_front import AskedOfFront
    from optimizer.tradeoffs.front_search import FrontSearch

    held = _after_one_plan(payload["case"], note)
    matrix = held.loaded.matrix
    earned = [
        name for name in held.question.policy.goals if matrix.column("value", name) is not None
    ]
    goals = GOALS if set(GOALS) <= set(earned) else tuple(earned[: len(GOALS)])
    asked = AskedOfFront(goals, POINTS, None, None, GAP)
    watch = Watch(time_limit=payload["limit"])
    started = process_time()
    search = FrontSearch(held, asked, watch)
    search.look()
    seconds = process_time() - started
    note(what="front", seconds=seconds, count=len(search.points.found), goals=list(goals))


def _stakeholders(payload: dict[str, Any], note: Note) -> None:
    from optimizer.plan.stakeholder_weights import stakeholder_weights
    from optimizer.solver import Watch
    from optimizer.tradeoffs.compromise_aims import CompromiseAims
    from optimizer.tradeoffs.compromise_search import COMPROMISES, CompromiseSearch
    from optimizer.tradeoffs.stakeholder_store import KeptSolutions

    held = _after_one_plan(payload["case"], note)
    weighing = stakeholder_weights(held.question.policy, held.frozen().of)
    aims = CompromiseAims(held, weighing, Watch(), GAP, is_relaxed=False)
    search = CompromiseSearch(
        aims, COMPROMISES, KeptSolutions(None, "", len(held.loaded.matrix.cost))
    )
    started = process_time()
    search.look()
    note(what="all plans", seconds=process_time() - started, count=len(search.found))


def _knapsack(payload: dict[str, Any], note: Note) -> None:
    from optimizer.plan.question import read_question
    from optimizer.plan.scales import scales_given
    from optimizer.session.holding import Holding
    from optimizer.solver import Watch
    from optimizer.tradeoffs.asked_of_front import AskedOfFront
    from optimizer.tradeoffs.front_search import FrontSearch

    floors = [float(row["profit2"]) for row in _rows(FRONTS / "2kp50.csv")]
    tables = {name: _rows(FRONTS / "2kp50" / f"{name}.csv") for name in TABLES}
    # The first without a floor, and one above the last point that proves that there is no other.
    started = process_time()
    for floor in [0.0, *(each + 0.5 for each in floors)]:
        _bare(tables, floor)
    note(what="one", seconds=process_time() - started, count=len(floors) + 1)
    question = read_question(FRONTS / "2kp50.toml", FRONTS / "2kp50")
    scales = scales_given(question.policy, dict.fromkeys(question.policy.goals, 1.0))
    held = Holding(question, scales=scales, cache=False)
    asked = AskedOfFront(("profit1", "profit2"), None, None, None, 0.0)
    started = process_time()
    search = FrontSearch(held, asked, Watch())
    search.look()
    note(what="front", seconds=process_time() - started, count=len(search.front))


def _bare(tables: dict[str, list[dict[str, str]]], floor: float) -> float:
    """The most of the first profit with at least so much of the second, by HiGHS alone."""
    import highspy

    items = [row["country"] for row in tables["applicants"]]
    profits = {(row["goal"], row["country"]): float(row["value"]) for row in tables["scores"]}
    costs = {(row["line"], row["country"]): float(row["amount_xxx"]) for row in tables["costs"]}
    budgets = {row["line"]: float(row["amount_xxx"]) for row in tables["budgets"]}
    # Its own hints of types are not complete.
    library: Any = highspy
    highs = library.Highs()
    highs.silent()
    highs.setOptionValue("mip_rel_gap", 0.0)
    chosen = [highs.addBinary(obj=profits["profit1", item]) for item in items]
    for line, amount in budgets.items():
        spent = zip(items, chosen, strict=True)
        highs.addConstr(sum(costs[line, item] * each for item, each in spent) <= amount)
    earned = zip(items, chosen, strict=True)
    highs.addConstr(sum(profits["profit2", item] * each for item, each in earned) >= floor)
    highs.setMaximize()
    highs.run()
    return float(highs.getObjectiveValue())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def measured(*, quick: bool) -> Rows:
    """CPU seconds of each part, and of one solve of its problem."""
    from cases import REAL

    case, limit = ("gap_01", QUICK_LIMIT) if quick else (REAL, LIMIT)
    rows: Rows = []
    for part in (KNAPSACK, RELAXATION, PLANS, STAKEHOLDERS):
        payload = {"part": part, "case": KNAPSACK if part == KNAPSACK else case, "limit": limit}
        notes, ended = apart("fronts", payload, limit=limit)
        rows += [{**payload, "ended": ended, **each} for each in notes or [{"what": "-"}]]
    return rows


def told(rows: Rows) -> str:
    """The table; ratios are against one solve of the same row's part."""
    ones = {row["part"]: row["seconds"] for row in rows if row["what"] == "one"}
    lines = []
    for row in rows:
        if row["what"] == "one":
            continue
        seconds, one = row.get("seconds"), ones.get(row["part"])
        lines.append(
            {
                "part": row["part"],
                "case": row["case"],
                "what": row["what"],
                "points, steps or plans": row.get("count", ""),
                "beside, CPU s": "" if one is None else one,
                "CPU s": "" if seconds is None else seconds,
                "ratio": seconds / one if seconds is not None and one else "",
                "aimed at": TARGETS.get((row["part"], row["what"]), ""),
                "ended": row["ended"],
            }
        )
    return table(lines)


if __name__ == "__main__":
    sys.exit(by_itself(work, lambda quick: told(measured(quick=quick)), __doc__))
