"""What the planner's page says of stakeholders: whose points, of which best, and what is sure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import optimizer
from desks import is_planned, until
from golden.small_cases import NATIONAL
from optimizer.app.bests import with_bests_of
from optimizer.app.desk import Desk
from optimizer.app.opening import desk_of
from optimizer.app.tables import PlanShown, plan_document, section_document
from optimizer.plan import Plan
from optimizer.plan.question import read_question
from optimizer.plan.to_stakeholders import STAKEHOLDERS_HEAD, TO_EACH_STAKEHOLDER
from test_stakeholders import WEIGHED

Weighed = tuple[Path, Path, optimizer.Stakeholders]
"""Policy, case and plans for stakeholders: four of eight people from two countries. g is 2 for each
of the first country and 1 of the second; h is 1 for the first of each country and 1/2 for further
ones. Both weigh the same in the policy, which asks for (4, 0): g 8, h 2.5."""


def to_whom(now: Plan, before: Plan | None = None) -> list[dict[str, Any]]:
    told = plan_document(PlanShown.of(now), None if before is None else PlanShown.of(before))
    rows: list[dict[str, Any]] = told["stakeholders"]["rows"]
    return rows


def solved(weighed: Weighed, changes: dict[str, object]) -> Plan:
    return optimizer.solve(*weighed[:2], changes=changes, gap=0.0, cache=False)


def listed(rows: list[dict[str, Any]], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(row[key] for key in keys) for row in rows]


@pytest.fixture(scope="module")
def weighed(tmp_path_factory: pytest.TempPathFactory) -> Weighed:
    case, policy = WEIGHED.write(tmp_path_factory.mktemp("weighed"))
    text = policy.read_text(encoding="utf-8")
    text = text.replace("[goals.h]\nweight = 0", "[goals.h]\nweight = 1")
    policy.write_text(text, encoding="utf-8")
    found = optimizer.stakeholders(policy, case, gap=0.0, compromises=["mean"], cache=False)
    return policy, case, found


def test_points_and_parts_of_own_bests_are_those_of_the_report(
    weighed: Weighed,
) -> None:
    plans = weighed[2].plans
    rows = to_whom(plans["policy"], plans["best-h"])
    assert listed(rows, "name", "weighs", "points", "of_best") == [
        ("G", "g 100%", "800.000", "100.0%"),
        ("H", "h 100%", "250.000", "83.3%"),
    ]
    # For h alone the second country has a person: (3, 1), which is g 7 and h 3.
    assert listed(rows, "before", "change", "sure") == [
        ("700.000", "+100.000", True),
        ("300.000", "−50.000", True),
    ]
    told = section_document(PlanShown.of(plans["policy"]), "stakeholders")
    assert told is not None
    assert all(cell in told["html"] for row in rows for cell in (row["points"], row["of_best"]))
    assert STAKEHOLDERS_HEAD.startswith(TO_EACH_STAKEHOLDER)


def test_without_plan_a_or_own_bests_neither_is_said(
    weighed: Weighed,
) -> None:
    plan = solved(weighed, {})
    rows = to_whom(plan)
    nothing = (None, None, None, True)
    assert listed(rows, "of_best", "before", "change", "sure") == [nothing, nothing]
    told = plan_document(PlanShown.of(plan), None)["stakeholders"]["notes"]
    assert told[-1] == "What each of them could have at best is found by optimizer stakeholders."
    assert listed(to_whom(plan, plan), "change", "sure") == [("same", True), ("same", True)]


def test_what_the_gaps_leave_open_is_not_sure(
    weighed: Weighed,
) -> None:
    now, before = weighed[2].plans["policy"], weighed[2].plans["best-h"]
    # 60 points are open: more than H has lost, and less than G has gained.
    open_now = replace(now, bound=now.objective + 60.0)
    assert listed(to_whom(open_now, before), "change", "sure") == [
        ("+100.000", True),
        ("−50.000: within the gaps", False),
    ]
    # What a plan gives up for a stakeholder is no gap that a search has left open.
    given_up = replace(before, bound=before.objective + 60.0)
    assert [row["sure"] for row in to_whom(now, given_up)] == [True, True]
    for_points = {**given_up.provenance, "stakeholders": {"plan": "policy"}}
    searched = replace(given_up, provenance=for_points)
    assert [row["sure"] for row in to_whom(now, searched)] == [True, False]


def test_who_weighs_no_goal_is_not_shown(tmp_path: Path) -> None:
    plan = optimizer.solve(*NATIONAL.write(tmp_path)[::-1], cache=False)
    assert plan_document(PlanShown.of(plan), PlanShown.of(plan))["stakeholders"] is None
    assert section_document(PlanShown.of(plan), "stakeholders") is None


@contextmanager
def begun(policy: Path, case: Path, run: Path) -> Iterator[Desk]:
    desk = desk_of(policy, case, run)
    desk.start()
    try:
        until(desk, is_planned)
        yield desk
    finally:
        desk.stop()


def shown(desk: Desk) -> list[dict[str, Any]]:
    until(desk, is_planned)
    document = desk.plans.document()
    assert document is not None
    rows: list[dict[str, Any]] = document["stakeholders"]["rows"]
    return rows


@pytest.mark.slow
def test_what_a_run_knows_goes_with_the_plans_of_its_page(
    weighed: Weighed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    policy, case, found = weighed
    run = optimizer.write_run(found.plans["policy"], tmp_path / "run")
    with begun(policy, case, run) as desk:
        assert listed(shown(desk), "of_best") == [("100.0%",), ("83.3%",)]
        # Ten times h: (3, 1) has 7 + 30 for the policy, and (4, 0) has 8 + 25.
        desk.put({"goals.h.weight": 10})
        assert listed(shown(desk), "points", "of_best", "before", "change") == [
            ("700.000", "87.5%", "800.000", "−100.000"),
            ("300.000", "100.0%", "250.000", "+50.000"),
        ]
        facts = optimizer.load_run(desk.export("moved")).read.facts
        assert facts["stakeholders"]["bests"] == pytest.approx({"G": 800.0, "H": 300.0})
        # With half the money nobody knows what the most would be.
        desk.put({"budgets[line=main].amount": "*0.5"})
        assert listed(shown(desk), "points", "of_best") == [("300.000", None), ("200.000", None)]
        desk.undo()
        assert listed(shown(desk), "of_best") == [("87.5%",), ("100.0%",)]
        # Plan A counts by the weights of now as well.
        desk.put({"stakeholders.G.weights.h": 1})
        assert listed(shown(desk), "points", "before") == [
            ("500.000", "525.000"),
            ("300.000", "250.000"),
        ]


def test_own_bests_do_not_follow_from_weights_of_the_policy(weighed: Weighed) -> None:
    policy, case, found = weighed
    moved: dict[str, object] = {"goals.h.weight": 10}
    again = optimizer.stakeholders(policy, case, changes=moved, gap=0.0, cache=False)
    bests = [each.tables["stakeholders"]["best_points"].tolist() for each in (found, again)]
    assert bests[0] == pytest.approx(bests[1])
    plan = with_bests_of(solved(weighed, moved), found.plans["policy"])
    assert listed(to_whom(plan), "points", "of_best") == [
        ("700.000", "87.5%"),
        ("300.000", "100.0%"),
    ]


OTHERS: dict[str, dict[str, object]] = {
    "weighs nothing": {"goals.h.weight": 0},
    "is avoided": {"goals.g.weight": -1},
    "other weights of a stakeholder": {"stakeholders.G.weights.h": 1},
    "other scale": {"goals.g.scale": 2.0},
    "another limit": {"limits": [{"name": "few", "measure": "slots", "at_most": 3}]},
    "less money": {"budgets[line=main].amount": "*0.5"},
}


def as_if_asked(weighed: Weighed, changes: dict[str, object], *keep: optimizer.Keep) -> Plan:
    """A plan of the same slots, as if it were one of a question that is changed."""
    policy, case, found = weighed
    known = found.plans["policy"]
    facts = {name: fact for name, fact in known.provenance.items() if name != "stakeholders"}
    return replace(known, question=read_question(policy, case, changes, keep), provenance=facts)


@pytest.mark.parametrize("kind", OTHERS)
def test_own_bests_are_not_known_where_they_may_be_others(weighed: Weighed, kind: str) -> None:
    plan, known = as_if_asked(weighed, OTHERS[kind]), weighed[2].plans["policy"]
    assert with_bests_of(plan, known) is plan
    same = as_if_asked(weighed, {"goals.h.weight": 3})
    assert with_bests_of(same, known).provenance["stakeholders"]["bests"]


def test_own_bests_are_not_known_where_slots_are_kept_or_scales_are_others(
    weighed: Weighed,
) -> None:
    known = weighed[2].plans["policy"]
    kept = as_if_asked(weighed, {}, optimizer.Keep(known, {"country": "AA"}))
    scaled = as_if_asked(weighed, {})
    scaled = replace(scaled, provenance={**scaled.provenance, "scales": {"g": 2.0, "h": 1.0}})
    dropped = as_if_asked(weighed, {})
    dropped = replace(dropped, provenance={**dropped.provenance, "dropped": ["few"]})
    for plan in (kept, scaled, dropped):
        assert with_bests_of(plan, known) is plan
    assert with_bests_of(kept, None) is kept
