"""The gallery: each small model solves to the plan, picture and line that its page shows."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from pagewriter.gallery import MODELS, line_below, picture, solved

from optimizer import Case, Plan, evaluate, load_case, load_policy

ROOT = Path(__file__).resolve().parents[1]
POLICIES, CASES = ROOT / "models" / "gallery", ROOT / "inputs" / "gallery"


@cache
def plan_of(name: str) -> Plan:
    return solved(name)


@cache
def case_of(name: str) -> Case:
    return load_case(CASES / name)


def test_every_model_has_its_case_and_its_place() -> None:
    assert {file.stem for file in POLICIES.glob("*.toml")} == set(MODELS)
    assert {path.name for path in CASES.iterdir() if path.is_dir()} == set(MODELS)
    assert {path.stem for path in (ROOT / "docs" / "gallery").glob("*.svg")} == set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_model_solves_and_holds(name: str) -> None:
    plan, policy = plan_of(name), load_policy(POLICIES / f"{name}.toml")
    assert policy.cases == (name,)
    assert plan.status == "optimal"
    assert plan.slots_total > 0
    found = evaluate(plan, policy, case_of(name))
    assert found.holds
    assert found.points == pytest.approx(plan.objective)
    # What nobody would miss is no part of an example: each goal earns, or costs.
    assert (plan.tables["goals"]["raw"].abs() > 0).all()


SEVERAL_BEST = ("refuge", "interns", "teachers")
"""Models with several plans of the same value, of which another solver may find another."""


@pytest.mark.parametrize("name", MODELS)
def test_page_shows_what_is_solved(name: str) -> None:
    plan, case = plan_of(name), case_of(name)
    page = (ROOT / "docs" / "gallery.md").read_text("utf-8")
    (line,) = re.findall(rf"<!-- solved: {name} -->\n(.*)\n", page)
    drawn = (ROOT / "docs" / "gallery" / f"{name}.svg").read_text("utf-8")
    assert f"optimizer solve models/gallery/{name}.toml inputs/gallery/{name}\n" in page
    # Points are those of every best plan.
    assert line.rpartition("; ")[2] == line_below(plan, case).rpartition("; ")[2]
    if name not in SEVERAL_BEST:
        assert line == line_below(plan, case), "run docs/draw_gallery.py"
        assert drawn == picture(plan, case), "run docs/draw_gallery.py"
        return
    total = int(line.split(" slots ")[0])
    assert f"<title>{case.title}: {total:,} slots</title>" in drawn
    shown = [int(slots) for slots in re.findall(r": (\d+)</text>", drawn)]
    assert sum(shown) == total * (3 if len(case.table("regions")) else 2)


def test_no_assignment_is_cheaper() -> None:
    case = case_of("assignment")
    hours = case.table("costs").set_index(["country", "track"])["amount"]
    cost = case.table("scores").set_index(["country", "track"])["value"]
    there = case.table("budgets").set_index("line")["amount"]
    jobs = case.table("countries")["country"].tolist()
    least = float("inf")
    for machines in product(there.index, repeat=len(jobs)):
        pairs = list(zip(jobs, machines, strict=True))
        used = dict.fromkeys(there.index, 0.0)
        for pair in pairs:
            used[pair[1]] += hours[pair]
        if all(used[machine] <= there[machine] for machine in used):
            least = min(least, sum(cost[pair] for pair in pairs))
    plan = plan_of("assignment")
    assert plan.tables["goals"]["raw"].tolist() == [least]
    assert len(plan.slots) == len(jobs)
