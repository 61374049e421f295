"""Goals and stakeholders as groups: what each has, evenly or not, as enumerated."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optimizer
from golden.small_cases import NATIONAL
from knapsacks import GOALS, drawn_case
from optimizer import ArgumentError, InfeasibleError, PolicyError, load_case, load_policy
from optimizer.plan.inequality import inequality
from optimizer.session.moving import moved_by
from seeds import many, seeds

FRONTS = Path(__file__).parent / "fronts"
PROFITS = ("profit1", "profit2", "profit3")
BY_GOAL: Mapping[str, object] = {"name": "goals", "measure": "value", "by": ["goal"]}


def most_profit(limit: Mapping[str, object]) -> int:
    """Largest sum of the three profits of an assignment with a limit on how they share."""
    changes = {"limits": [{**BY_GOAL, **limit}]}
    plan = optimizer.solve(FRONTS / "gap3.toml", FRONTS / "gap3", changes=changes, cache=False)
    assert plan.status == "optimal"
    return round(float(plan.tables["goals"]["raw"].sum()))


@pytest.mark.parametrize(
    ("most", "profit"),
    [
        (0.01, 206),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in [(0.0, 192), (0.005, 206), (0.02, 211), (0.03, 211), (0.05, 211)]
        ),
    ],
)
def test_an_assignment_under_a_gini_coefficient_is_the_enumerated_one(
    most: float, profit: int
) -> None:
    assert most_profit({"at_most": {"gini": most}}) == profit


@pytest.mark.parametrize(
    ("band", "profit"),
    [
        (0.05, 207),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in [(0.0, 192), (0.02, 206), (0.1, 211)]
        ),
    ],
)
def test_an_assignment_in_a_band_is_the_enumerated_one(band: float, profit: int) -> None:
    bounds = {"at_least": {"parity": 1.0 - band}, "at_most": {"parity": 1.0 + band}}
    assert most_profit(bounds) == profit


@pytest.mark.parametrize("aim", ["max_min", "leximin"])
def test_the_fairest_assignment_is_the_enumerated_one(aim: str) -> None:
    found = optimizer.fair_plan(
        FRONTS / "gap3.toml",
        FRONTS / "gap3",
        aim=aim,
        least=0,
        changes={"fairness": [BY_GOAL]},
        cache=False,
    )
    assert found.plan is not None
    assert found.is_proven
    assert sorted(found.plan.tables["goals"]["raw"]) == pytest.approx([68.0, 69.0, 74.0])
    with (FRONTS / "gap3.csv").open(encoding="utf-8", newline="") as file:
        front = [tuple(map(float, row)) for row in list(csv.reader(file))[1:]]
    assert max(map(sorted, front)) == [68.0, 69.0, 74.0]


@pytest.mark.parametrize("form", ["floor", "gini", "parity", "hoover"])
@pytest.mark.parametrize("seed", seeds(many(3, 60), quick=1))
def test_limits_on_goals_equal_enumeration(seed: int, form: str, tmp_path: Path) -> None:
    draw = random.Random(f"{seed} {form}")
    scaled = draw.choice([True, False])
    scales = [draw.choice([1.0, 2.0, 10.0]) for _ in GOALS]
    left: list[str] = []
    while len(left) < 2:
        case, plans, signs = drawn_case(draw, 3)
        left = [goal for goal, sign in zip(GOALS, signs, strict=True) if sign > 0]
    files, policy = case.write(tmp_path)
    number = draw.choice([0.1, 0.3])
    bounds: dict[str, dict[str, object]] = {
        "floor": {"at_least": 4.0},
        "gini": {"at_most": {"gini": number}},
        "parity": {"at_least": {"parity": 1.0 - number}},
        "hoover": {"at_most": {"hoover": number}},
    }
    limit = {**BY_GOAL, "where": {"goal": left}, "scaled": scaled, **bounds[form]}
    changes: dict[str, object] = {
        f"goals.{goal}.scale": scale for goal, scale in zip(GOALS, scales, strict=True)
    }

    def points(plan: Sequence[float]) -> float:
        each = [sign * x / scale for sign, x, scale in zip(signs, plan, scales, strict=True)]
        return 100.0 * sum(each) / len(each)

    def keeps(plan: Sequence[float]) -> bool:
        has = np.array(
            [
                x / (scale if scaled else 1.0)
                for x, scale, sign in zip(plan, scales, signs, strict=True)
                if sign > 0
            ]
        )
        if form == "floor":
            return bool((has >= 4.0 - 1e-9).all())
        if form == "parity":
            return bool((has >= (1.0 - number) * has.mean() - 1e-9).all())
        figures = inequality(has, np.ones(len(has)))
        figure = figures.gini if form == "gini" else figures.hoover
        return not has.sum() or figure <= number + 1e-9

    asked = load_policy(policy, changes={**changes, "limits": [*_limits(policy), limit]})
    allowed = [points(plan) for plan in plans if keeps(plan)]
    if form in ("floor", "parity") and any(
        not max(plan[GOALS.index(goal)] for plan in plans) for goal in left
    ):
        with pytest.raises(PolicyError, match="has no value that could reach the floor"):
            optimizer.solve(asked, files, gap=0.0, cache=False)
        return
    if not allowed:
        with pytest.raises(InfeasibleError):
            optimizer.solve(asked, files, gap=0.0, cache=False)
        return
    found = optimizer.solve(asked, files, gap=0.0, cache=False)
    assert found.objective == pytest.approx(max(allowed), abs=1e-6)
    assert optimizer.evaluate(found, asked, files).holds


def _limits(policy: Path) -> list[dict[str, Any]]:
    kept = load_policy(policy).limits
    return [each.model_dump(mode="json", exclude_defaults=True) for each in kept]


TWO_GOALS = NATIONAL.aiming_at(
    "[goals.g]\nweight = 1\nscale = 10\n[goals.h]\nweight = 1\nscale = 5\n"
    '[[stakeholders]]\nname = "One"\nweights = { g = 1 }\n'
    '[[stakeholders]]\nname = "Both"\nweights = { g = 1, h = 3 }\n'
).with_(
    applicants=("AA,t,,3", "BB,t,,2"),
    budgets=("main,{year},M,20,program",),
    scores=("g,AA,t,,3", "g,BB,t,,1", "h,AA,t,,0", "h,BB,t,,2"),
)
"""Two of four people at 10 each: (6, 0), (4, 2) or (2, 4) of g and h."""
FIXED: Mapping[str, object] = {"goals.h.weight": 0.01}
"""Weights under which (6, 0) is best."""


def amounts(plan: optimizer.Plan, **asked: Any) -> list[float]:
    found = optimizer.fairness(plan, measure="value", **asked)
    return found.table["amount"].tolist()


def test_what_goals_and_stakeholders_have_by_hand(tmp_path: Path) -> None:
    files, policy = TWO_GOALS.write(tmp_path)
    plan = optimizer.solve(policy, files, changes=FIXED)
    assert plan.tables["goals"]["raw"].tolist() == [6.0, 0.0]
    assert amounts(plan, by=["goal"]) == [6.0, 0.0]
    assert amounts(plan, by=["goal"], scaled=True) == pytest.approx([0.6, 0.0])
    assert amounts(plan, by=["stakeholder"]) == pytest.approx([6.0, 1.5])
    assert amounts(plan, by=["stakeholder"], scaled=True) == pytest.approx([0.6, 0.15])
    assert amounts(plan, by=["stakeholder"], where={"stakeholder": "Both"}) == [1.5]
    assert amounts(plan, by=["stakeholder"], where={"goal": "h"}) == [0.0, 0.0]
    # Beside another attribute, term by term.
    assert amounts(plan, by=["goal", "country"], where={"goal": "g"}) == [6.0, 0.0]
    assert amounts(plan, by=["goal"], where={"stakeholder": "Both"}) == [1.5, 0.0]
    told = optimizer.fairness(plan, measure="value", by=["stakeholder"], scaled=True).in_words()
    assert told == [
        "value by stakeholder (scaled value): from 0.15 (Both) to 0.6 (One), 4 times that; "
        "Gini 0.300; 30.0% would have to go elsewhere for all to get the same."
    ]


def test_the_fairest_to_stakeholders_by_hand(tmp_path: Path) -> None:
    """One has g/10, Both has g/40 + 3h/20: 0.6, 0.4, 0.2 and 0.15, 0.4, 0.65."""
    files, policy = TWO_GOALS.write(tmp_path)
    division = {**BY_GOAL, "name": "who", "by": ["stakeholder"], "scaled": True}
    found = optimizer.fair_plan(
        policy, files, aim="max_min", least=0, changes={**FIXED, "fairness": [division]}
    )
    assert found.plan is not None
    assert found.plan.tables["goals"]["raw"].tolist() == [4.0, 2.0]
    assert found.groups["amount"].tolist() == pytest.approx([0.4, 0.4])
    limit = {**division, "at_least": 0.4}
    held = optimizer.solve(policy, files, changes={**FIXED, "limits": [limit]})
    assert held.tables["goals"]["raw"].tolist() == [4.0, 2.0]


CURVED = (
    '[goals.h.diminishing]\nby = ["country"]\nper = "year"\nbreakpoints = [[0, 1.0], [1, 0.5]]\n'
)


def test_diminishing_returns_are_reported_and_not_aimed_at(tmp_path: Path) -> None:
    files, policy = TWO_GOALS.with_(CURVED).write(tmp_path)
    changes = {"goals.g.weight": 0.01, "fairness": [BY_GOAL]}
    plan = optimizer.solve(policy, files, changes=changes)
    shares = plan.tables["fairness_groups"]["amount"].tolist()
    assert shares == pytest.approx(plan.tables["goals"]["raw"].tolist())
    with pytest.raises(ArgumentError, match="h has diminishing returns, so that its value could"):
        optimizer.fair_plan(policy, files, changes=changes)
    wrong = {"limits": [{**BY_GOAL, "at_most": {"gini": 0.1}}]}
    with pytest.raises(PolicyError, match="'h' has diminishing returns"):
        optimizer.solve(policy, files, changes=wrong)


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"measure": "slots"}, "'goal' is not an attribute of country"),
    ({"goal": "g"}, "'goal' is not an attribute of country"),
    ({"by": ["country"]}, "is missing; the measure is value"),
    ({"by": ["country"], "goal": "g", "scaled": True}, "the groups are no goals or stakeholders"),
    ({"where": {"goal": "x"}}, "no goal has goal = 'x'"),
    ({"relative_to": "country.gdp"}, "goals and stakeholders have no needs"),
]


@pytest.mark.parametrize(("more", "told"), REFUSED)
def test_what_cannot_be_divided_is_refused(
    more: dict[str, object], told: str, tmp_path: Path
) -> None:
    files, policy = TWO_GOALS.write(tmp_path)
    with pytest.raises(PolicyError, match=told):
        optimizer.solve(policy, files, changes={"fairness": [{**BY_GOAL, **more}]})


def test_limits_by_ideals_and_on_goals_to_avoid_are_refused(tmp_path: Path) -> None:
    files, policy = TWO_GOALS.write(tmp_path)
    gini = {"at_most": {"gini": 0.1}}
    by_ideal = {"goals.h.scale": "ideal", "limits": [{**BY_GOAL, **gini, "scaled": True}]}
    with pytest.raises(PolicyError, match="'h' counts by its ideal, which is known only"):
        optimizer.solve(policy, files, changes=by_ideal)
    avoided = {"goals.h.weight": -1, "limits": [{**BY_GOAL, **gini}]}
    with pytest.raises(PolicyError, match="less of h is better"):
        optimizer.solve(policy, files, changes=avoided)
    with pytest.raises(ArgumentError, match="less of h is better"):
        optimizer.fair_plan(policy, files, changes={"goals.h.weight": -1, "fairness": [BY_GOAL]})


def test_scales_and_views_move_limits_that_depend_on_them(tmp_path: Path) -> None:
    files, policy = TWO_GOALS.write(tmp_path)
    limit = {**BY_GOAL, "at_least": 0.1, "scaled": True}
    asked = {"limits": [limit]}
    before = load_policy(policy, changes=asked)
    after = load_policy(policy, changes={**asked, "goals.h.scale": 2.0})
    assert moved_by(before, after, []) is None
    plain = load_policy(policy), load_policy(policy, changes={"goals.h.scale": 2.0})
    assert moved_by(*plain, []) == frozenset({"costs"})
    session = optimizer.Session(before, load_case(files))
    session.change({"goals.h.scale": 2.0})
    assert session.solve().objective == pytest.approx(
        optimizer.solve(after, files, cache=False).objective
    )


def solved_alike(session: optimizer.Session, files: Path) -> optimizer.Plan:
    """The plan of a session, which is that of its policy solved from nothing."""
    found = session.solve()
    afresh = optimizer.solve(session.policy, files, cache=False)
    assert found.objective == pytest.approx(afresh.objective)
    for name in ("fairness_groups", "goals", "stakeholders"):
        pd.testing.assert_frame_equal(found.tables[name], afresh.tables[name])
    return found


BOTH_OTHERWISE: Mapping[str, object] = {"stakeholders.Both.weights": {"g": 9.0, "h": 3.0}}


@pytest.mark.parametrize(
    "tables",
    [
        {"fairness": [{**BY_GOAL, "by": ["stakeholder"], "scaled": True}]},
        {"limits": [{**BY_GOAL, "where": {"stakeholder": "Both"}, "at_least": 0.5}]},
        {"limits": [{**BY_GOAL, "by": ["stakeholder"], "at_least": 0.5}]},
    ],
)
def test_a_session_knows_how_stakeholders_weigh_goals_now(
    tables: dict[str, object], tmp_path: Path
) -> None:
    files, policy = TWO_GOALS.write(tmp_path)
    asked = load_policy(policy, changes=tables)
    session = optimizer.Session(asked, load_case(files))
    session.solve()
    session.change(BOTH_OTHERWISE)
    solved_alike(session, files)
    session.change({"goals.h.scale": 2.0})
    solved_alike(session, files)


def test_a_session_refuses_goals_that_are_avoided_from_now_on(tmp_path: Path) -> None:
    files, policy = TWO_GOALS.write(tmp_path)
    asked = load_policy(policy, changes={"limits": [{**BY_GOAL, "at_most": {"gini": 0.4}}]})
    session = optimizer.Session(asked, load_case(files))
    with pytest.raises(PolicyError, match="less of h is better"):
        session.change({"goals.h.weight": -1.0})


def test_a_point_of_scaled_values_leads_back_to_it(tmp_path: Path) -> None:
    files, policy = TWO_GOALS.write(tmp_path)
    division = {**BY_GOAL, "name": "who", "scaled": True}
    changes = {**FIXED, "fairness": [division]}
    found = optimizer.frontier(policy, files, fairness="who", points=3, gap=0, changes=changes)
    assert found.table["lowest_rate"].tolist() == pytest.approx([0.0, 0.4])
    assert any("(scaled value)" in sentence for sentence in found.in_words())
    written = found.write_policy(2, policy.with_name("second.toml"))
    plan = optimizer.solve(written, files, changes=FIXED)
    assert plan.tables["goals"]["raw"].tolist() == pytest.approx([4.0, 2.0])


def test_own_bests_are_those_of_the_scales_and_weights_of_then(tmp_path: Path) -> None:
    files, policy = TWO_GOALS.write(tmp_path)
    own = {**BY_GOAL, "name": "own", "by": ["stakeholder"], "scaled": True}
    asked = load_policy(policy, changes={"limits": [{**own, "at_least": {"own_best": 0.5}}]})
    # One has 0.6 at best, Both 0.65.
    plan = optimizer.solve(asked, files, changes=FIXED)
    assert plan.tables["goals"]["raw"].tolist() == pytest.approx([4.0, 2.0])
    for change in ({"goals.h.scale": 50.0}, BOTH_OTHERWISE):
        with pytest.raises(PolicyError, match="worked out by other scales or weights"):
            optimizer.solve(asked, files, changes=change)
    with pytest.raises(PolicyError, match=r"limits\.own\.scaled: is of another measure"):
        optimizer.solve(asked, files, changes={"limits.own.scaled": False})


def test_a_floor_for_stakeholders_needs_some(tmp_path: Path) -> None:
    files, policy = TWO_GOALS.write(tmp_path)
    floor = {**BY_GOAL, "by": ["stakeholder"], "at_least": 1}
    with pytest.raises(PolicyError, match="the policy has no stakeholder, so no value could"):
        optimizer.solve(policy, files, changes={"stakeholders": [], "limits": [floor]})


def test_a_column_of_the_case_may_be_called_goal(tmp_path: Path) -> None:
    case = TWO_GOALS.with_(
        countries=(
            "country,name,world_region,goal,scale",
            "AA,Aland,Asia,one,2",
            "BB,Bland,Europe,two,3",
        )
    )
    files, policy = case.write(tmp_path)
    divisions = [
        {"name": "of_g", "measure": "value", "goal": "g", "by": ["goal"]},
        {"name": "slots", "measure": "slots", "by": ["country"], "relative_to": "scale"},
    ]
    plan = optimizer.solve(policy, files, changes={**FIXED, "fairness": divisions})
    groups = plan.tables["fairness_groups"]
    assert groups["called"][groups["fairness"].eq("of_g")].tolist() == ["one", "two"]
    told = " ".join(optimizer.fairness(plan).in_words())
    assert "slots per unit of scale" in told
    both = {"fairness": [{**BY_GOAL, "by": ["goal.goal"]}]}
    assert optimizer.solve(policy, files, changes={**FIXED, **both}).tables["fairness_groups"][
        "amount"
    ].tolist() == [6.0, 0.0]
