"""Fronts of several goals: published ones, and all of random tiny cases by enumeration."""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from signal import SIGINT, raise_signal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import optimizer
import shared
from golden.small_cases import NATIONAL
from knapsacks import GOALS, Values, drawn_case
from optimizer import Frontier, OptimizerError, PolicyError, TargetError
from optimizer.solver import Progress
from optimizer.solver.watch import relative_gap
from optimizer.tradeoffs.front_points import FrontPoint, FrontPoints
from optimizer.tradeoffs.two_goals import spread_points
from seeds import many, seeds

ROOT = Path(__file__).resolve().parents[1]
FRONTS = ROOT / "tests" / "fronts"


def published(name: str) -> list[Values]:
    with (FRONTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [tuple(map(float, row)) for row in rows]


def values_of(found: Frontier, goals: Sequence[str], found_by: str = "") -> list[Values]:
    table = found.table[found.table["found_by"] == found_by] if found_by else found.table
    columns = table[[f"value_{goal}" for goal in goals]]
    return [tuple(round(value, 6) for value in row) for row in columns.to_numpy().tolist()]


def nondominated(points: Iterable[Values], signs: Sequence[float]) -> list[Values]:
    """Points of which none is as good in all and better in one, the best in the first first."""
    different = {tuple(sign * x for sign, x in zip(signs, each, strict=True)) for each in points}
    best = [
        one
        for one in different
        if not any(
            other != one and all(y >= x for x, y in zip(one, other, strict=True))
            for other in different
        )
    ]
    return [
        tuple(sign * x for sign, x in zip(signs, each, strict=True))
        for each in sorted(best, reverse=True)
    ]


@pytest.mark.slow
def test_the_front_of_an_assignment_by_three_profits_is_the_enumerated_one() -> None:
    goals = ["profit1", "profit2", "profit3"]
    found = optimizer.frontier(FRONTS / "gap3.toml", FRONTS / "gap3", goals=goals, exact=True)
    assert len(found.table) == 42
    assert values_of(found, goals) == published("gap3")
    assert found.complete
    assert set(found.table["status"]) == {"optimal"}


@pytest.mark.slow
def test_the_front_of_a_knapsack_by_two_profits_is_the_published_one() -> None:
    goals = ["profit1", "profit2"]
    found = optimizer.frontier(FRONTS / "2kp50.toml", FRONTS / "2kp50", goals=goals, exact=True)
    assert len(found.table) == 35
    assert values_of(found, goals) == published("2kp50")
    assert found.complete
    # Two for each end, then one for each further point and one that proves the last.
    assert found.provenance["searches"] <= 4 + 34


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("seed", seeds(many(4), quick=1))
def test_exact_fronts_equal_enumeration(seed: int, count: int, tmp_path: Path) -> None:
    case, plans, signs = drawn_case(random.Random(f"{seed} {count}"), count)
    files, policy = case.write(tmp_path)
    goals = GOALS[:count]
    wanted = nondominated(plans, signs)
    found = optimizer.frontier(policy, files, goals=goals, exact=True)
    assert found.complete, found.why_incomplete
    assert values_of(found, goals) == wanted
    for plan in found.plans.values():
        assert optimizer.evaluate(plan, policy, files).holds
    # Well-spread points are points of the front, the best of each goal among them.
    few = optimizer.frontier(policy, files, goals=goals, points=count + 1, gap=0)
    there = values_of(few, goals)
    assert set(there) <= set(wanted)
    assert len(there) == len(set(there))
    assert few.complete == (len(there) == len(wanted)) or not few.complete
    for place, sign in enumerate(signs):
        best = max(sign * each[place] for each in wanted)
        assert max(sign * each[place] for each in there) == pytest.approx(best)


@pytest.mark.parametrize("gap", [1e-6, 0.01, 0.25])
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("seed", seeds(many(6, 40), quick=2))
def test_fronts_within_a_gap_have_ends_within_it(
    seed: int, count: int, gap: float, tmp_path: Path
) -> None:
    """Whatever sizes goals have, next to which nothing else counts."""
    draw = random.Random(f"{seed} {count}")
    sizes = [draw.choice([0.001, 1.0, 2000.0]) for _ in range(count)]
    case, plans, signs = drawn_case(draw, count, sizes)
    files, policy = case.write(tmp_path)
    goals, wanted = GOALS[:count], nondominated(plans, signs)
    found = optimizer.frontier(policy, files, goals=goals, points=count + 2, gap=gap)
    there = values_of(found, goals)
    for place, sign in enumerate(signs):
        best, most = (max(sign * each[place] for each in points) for points in (wanted, there))
        assert relative_gap(most, best) <= gap + 1e-9
    if found.complete:
        assert set(there) == {tuple(round(x, 6) for x in each) for each in wanted}


@pytest.mark.parametrize("gap", [1e-4, 0.02, 0.25])
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("seed", seeds(many(6, 40), quick=2))
def test_no_plan_exceeds_a_point_in_every_goal_by_more_than_its_gap(
    seed: int, count: int, gap: float, tmp_path: Path
) -> None:
    draw = random.Random(f"{seed} {count} {gap}")
    sizes = [draw.choice([0.001, 1.0, 2000.0]) for _ in range(count)]
    case, plans, signs = drawn_case(draw, count, sizes)
    files, policy = case.write(tmp_path)
    goals, wanted = GOALS[:count], nondominated(plans, signs)
    asked = dict(zip(goals, draw.choice(plans), strict=True))
    found = optimizer.frontier(policy, files, goals=goals, points=12, gap=gap, reference=asked)
    rows = zip(values_of(found, goals), found.table.to_dict("records"), strict=True)
    for values, row in rows:
        point = [sign * value for sign, value in zip(signs, values, strict=True)]
        near = [value + row["gap"] * abs(value) for value in point]
        for plan in wanted:
            better = [sign * value for sign, value in zip(signs, plan, strict=True)]
            assert any(
                y <= most + 1e-6 * size for y, most, size in zip(better, near, sizes, strict=True)
            ), (values, plan)
        if min(signs) > 0 and row["found_by"] == "between":
            assert row["gap"] <= 1.01 * gap


@pytest.mark.parametrize("seed", seeds(many(3, 20), quick=1))
def test_chosen_points_equal_enumeration(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    case, plans, signs = drawn_case(draw, 3)
    files, policy = case.write(tmp_path)
    wanted = nondominated(plans, signs)
    lacking = draw.choice([0.0, 0.25])
    left = list(wanted)
    for place, sign in enumerate(signs):
        best = max(sign * each[place] for each in left)
        least = best - lacking * abs(best) - 1e-9
        left = [each for each in left if sign * each[place] >= least]
    asked = [draw.choice(wanted)[place] + 0.5 for place in range(3)]
    found = optimizer.frontier(
        policy,
        files,
        goals=GOALS,
        points=3,
        gap=0,
        lexicographic=lacking,
        reference=dict(zip(GOALS, asked, strict=True)),
    )
    chosen = found.table[found.table["chosen"].ne("")]
    # Of plans with as much of a goal any may be its end, and how far goals go depends on which.
    ends = values_of(found, GOALS, "end")
    for place, sign in enumerate(signs):
        best = max(sign * each[place] for each in wanted)
        assert max(sign * each[place] for each in ends) == pytest.approx(best)
    spans = [max(max(row) - min(row), 1e-9) for row in zip(*ends, strict=True)]
    reach = {
        each: min(
            sign * (x - q) / span
            for x, q, sign, span in zip(each, asked, signs, spans, strict=True)
        )
        for each in wanted
    }
    rows = dict(zip(chosen["chosen"], values_of(found, GOALS), strict=False))
    for way, row in zip(chosen["chosen"], chosen.to_dict("records"), strict=True):
        point = tuple(round(row[f"value_{goal}"], 6) for goal in GOALS)
        assert point in wanted
        if "lexicographic" in way:
            # The last goal is then as good as it may be.
            last = [signs[2] * each[2] for each in left]
            assert signs[2] * point[2] >= max(last) - lacking * abs(max(last)) - 1e-9
            assert point in left
        if "reference" in way and min(spans) > 1e-6:
            assert reach[point] == pytest.approx(max(reach.values()), abs=5e-3)
    assert rows


BY_HAND = NATIONAL.aiming_at(
    '[goals.g]\nweight = 1\nscale = "none"\n[goals.h]\nweight = 1\nscale = "none"\n'
).with_(
    applicants=("AA,t,,3", "BB,t,,2"),
    budgets=("main,{year},M,20,program",),
    scores=("g,AA,t,,3", "g,BB,t,,1", "h,AA,t,,0", "h,BB,t,,2"),
)
"""Two of four people at 10 each: (6, 0), (4, 2) or (2, 4); a step costs 2 of g for 2 of h."""


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Frontier]:
    case, policy = BY_HAND.write(tmp_path_factory.mktemp("hand"))
    return case, policy, optimizer.frontier(policy, case, goals=["g", "h"], exact=True)


def test_prices_and_what_binds_by_hand(by_hand: tuple[Path, Path, Frontier]) -> None:
    _, _, found = by_hand
    assert values_of(found, ["g", "h"]) == [(6.0, 0.0), (4.0, 2.0), (2.0, 4.0)]
    assert found.table["found_by"].tolist() == ["end", "between", "end"]
    prices = found.tables["prices"]
    steps = prices[prices["basis"].eq("next point")]
    assert steps[["point", "to_point", "price"]].values.tolist() == [[1, 2, 1.0], [2, 3, 1.0]]
    # Money is short: 10 more would bring one more person, 3 of g where h is free.
    first = found.tables["binding"].set_index("point").loc[1]
    address = "budgets[line=main, year=2030].amount"
    row = first if first.ndim == 1 else first.iloc[0]
    assert row["address"] == address
    assert row["gain"] / row["step"] == pytest.approx(0.3)
    assert found.in_words()[:6] == [
        "3 points of g, h; none dominates another.",
        "g: from 2 to 6.",
        "h: from 0 to 4.",
        "- 1: g 6, h 0 (300 points)",
        "- 2: g 4, h 2 (300 points)",
        "- 3: g 2, h 4 (300 points)",
    ]
    assert found.in_words()[-1] == "Complete: it is proven that there are no other points."


AVOIDED = NATIONAL.aiming_at(
    '[goals.g]\nweight = 1\nscale = "none"\n[goals.h]\nweight = -1\nscale = "none"\n'
).with_(
    applicants=("AA,t,,2", "BB,t,,2"),
    budgets=("main,{year},M,20,program",),
    scores=("g,AA,t,,3", "g,BB,t,,1", "h,AA,t,,2", "h,BB,t,,0"),
)
"""Two of four people at 10 each, and less of h is better: (6, 4), (4, 2) or (2, 0)."""


@pytest.mark.parametrize(
    ("goals", "told"),
    [
        ("gh", "One less of h costs 1 of g between any two neighbours."),
        ("hg", "One more of g costs 1 more of h between any two neighbours."),
    ],
)
def test_prices_of_goals_to_avoid_go_the_other_way(goals: str, told: str, tmp_path: Path) -> None:
    case, policy = AVOIDED.write(tmp_path)
    found = optimizer.frontier(policy, case, goals=list(goals), exact=True)
    assert len(found.table) == 3
    assert told in found.in_words()


def test_a_front_whose_ends_are_not_proven_is_not_complete() -> None:
    """Neighbours in both goals, each within a gap of what else there may be."""
    ends = [FrontPoint(np.array(values), *CUT_OFF) for values in ([4.0, 2.0], [3.0, 3.0])]
    # All that is asked of it.
    aims: Any = SimpleNamespace(
        lattice=[1.0, 1.0],
        ranges=np.ones(2),
        is_next=lambda goal, bottom, top: top - bottom <= 1.0,
        left_open=np.zeros_like,
        by_floors=True,
    )
    told = spread_points(aims, FrontPoints(np.ones(2), [*ends]), (ends[0], ends[1]), 11, print)
    assert told == "11 points were asked for, and there may be others between them"


CUT_OFF: tuple[Any, ...] = (None, 0.2, "end", 0.0)
"""Plan, gap, how it was found and seconds of a point that is not proven."""


def test_a_choice_that_another_point_dominates_is_that_point() -> None:
    points = FrontPoints(np.zeros(2))
    chosen, better, other = (
        FrontPoint(np.array(values), *CUT_OFF) for values in ([4.0, 5.0], [5.0, 5.0], [9.0, 1.0])
    )
    for point in (chosen, better, other):
        points.add(point)
    front = points.without_dominated()
    assert [point.values.tolist() for point in front] == [[9.0, 1.0], [5.0, 5.0]]
    assert [points.place_of(point, front) for point in (chosen, better, other)] == [1, 1, 0]


def test_a_point_becomes_a_policy_that_leads_back_to_it(
    by_hand: tuple[Path, Path, Frontier],
) -> None:
    case, policy, found = by_hand
    written = found.write_policy(2, policy.with_name("second.toml"))
    assert 'extends = "policy.toml"' in written.read_text(encoding="utf-8")
    plan = optimizer.solve(written, case)
    assert plan.tables["goals"]["raw"].tolist() == pytest.approx([4.0, 2.0])
    with pytest.raises(OptimizerError, match="no point 4"):
        found.write_policy(4, policy.with_name("fourth.toml"))
    with pytest.raises(TargetError, match="exists already"):
        found.write_policy(2, written)


FOLLOWED = """
[goals.later]
weight = -1
scale = "none"
effects = [{ stage = "continue", effect = 1 }]
"""


def test_exact_points_of_continuous_decisions_are_refused(tmp_path: Path) -> None:
    from golden.small_cases import FOLLOWED as CASE

    case, policy = CASE.with_(FOLLOWED).write(tmp_path)
    with pytest.raises(OptimizerError, match="goal 'later' depends on continuous decisions"):
        optimizer.frontier(policy, case, goals=["g", "later"], exact=True)


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"goals": ["g"]}, "only one goal is named"),
    ({"goals": ["g", "hh"]}, "'hh' is not a goal"),
    ({"goals": ["g", "g"]}, "names a goal twice"),
    ({"goals": ["g", "h"], "points": 1}, "1 is not a valid number of points"),
    ({"goals": ["g", "h"], "points": 5, "exact": True}, "exclude each other"),
    ({"goals": ["g", "h"], "gap": 0.1, "exact": True}, "a gap could hide points"),
    ({"goals": ["g", "h"], "lexicographic": 3}, "3 is not a valid share"),
    ({"goals": ["g", "h"], "reference": {"g": 1}}, "has no value of h"),
]


def test_what_cannot_be_asked_is_refused(by_hand: tuple[Path, Path, Frontier]) -> None:
    case, policy = optimizer.load_case(by_hand[0]), optimizer.load_policy(by_hand[1])
    for asked, words in REFUSED:
        with pytest.raises(PolicyError, match=words):
            optimizer.frontier(policy, case, **asked)  # type: ignore[arg-type]  # on purpose


def test_time_that_ends_before_a_plan_is_said(by_hand: tuple[Path, Path, Frontier]) -> None:
    case, policy, _ = by_hand
    with pytest.raises(optimizer.NoPlanError):
        optimizer.frontier(policy, case, goals=["g", "h"], exact=True, time_limit=0.001)


def test_the_command_prints_one_document_and_writes_a_point(
    by_hand: tuple[Path, Path, Frontier],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case, policy, _ = by_hand
    words = ("frontier", policy, case, "--goals", "g,h", "--exact")
    run = tmp_path / "run"
    assert shared.run(monkeypatch, *words, "--json", "--take", "3", "--out", run) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["complete"] is True
    assert document["why_incomplete"] == ""
    assert [point["value_g"] for point in document["points"]] == [6.0, 4.0, 2.0]
    kept = optimizer.load_run(run)
    assert kept.plan.tables["goals"]["raw"].tolist() == pytest.approx([2.0, 4.0])
    assert kept.plan.provenance["frontier"]["point"] == 3


def test_a_front_is_drawn(by_hand: tuple[Path, Path, Frontier]) -> None:
    pytest.importorskip("altair")
    _, _, found = by_hand
    assert found.charts == ["front", "shares"]
    for name in found.charts:
        assert found.chart(name).to_dict()["title"]
    assert "3 points of g, h" in found._repr_html_()


def test_the_page_of_fronts_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "frontier.md").read_text(encoding="utf-8")
    parts = re.findall(
        r"<!-- run -->\n```python\n(.*?)```\n\n<!-- prints -->\n```text\n(.*?)```", page, re.DOTALL
    )
    assert len(parts) == 2
    names: dict[str, object] = {}
    for code, printed in parts:
        exec(code, names)
        assert capsys.readouterr().out == printed


def test_an_interrupted_front_holds_points_alone() -> None:
    """Plans that a search has in hand when it is cut off are no points."""
    goals = ["competitiveness", "regional_vitality", "bridges"]

    steps: list[str] = []

    def stop(progress: Progress) -> None:
        steps.append(progress.step)
        if len(steps) == 40:
            raise_signal(SIGINT)

    found = optimizer.frontier(*shared.tiny(), goals=goals, points=40, report=stop)
    assert found.interrupted
    assert 0 < len(found.table) < 40
    assert found.table["gap"].lt(1.0).all(), found.table
    assert not [line for line in found.in_words() if "inf%" in line]


def test_the_command_loses_nothing_that_it_found(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    paths = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
    asked = ["frontier", *paths, "--goals", "competitiveness,bridges", "--points", 2]
    (tmp_path / "fr" / "point-2").mkdir(parents=True)
    code, said = run(*asked, "--out", tmp_path / "fr")
    assert code == 2
    assert "point-2: exists already" in said
    assert "--force" not in said
    assert not (tmp_path / "fr" / "point-1").exists()
    code, said = run(*asked, "--take", 9, "--out", tmp_path / "x")
    assert code == 1
    assert "bridges: from 1.52 to 2.4." in said
    assert "the front has no point 9" in said
    code, said = run(*asked, "--reference", "bridges=1,bridges=2,competitiveness=7")
    assert code == 2
    assert "'bridges' is given twice" in said
    code, said = run(*asked, "--reference", "bridges=2,competitiveness=6.8")
    assert code == 0
    assert "--reference bridges=2,competitiveness=6.8" in said
