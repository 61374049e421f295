"""A price of change: as if each single slot were a decision that pays for moving."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from optimizer import (
    InfeasibleError,
    InputError,
    Keep,
    ModelWarning,
    Near,
    Plan,
    PolicyError,
    Session,
    compare,
    load_run,
    marginal_values,
    solve,
    why_not,
    write_run,
)
from optimizer.frames import rows_of
from optimizer.plan import SLOT_KEYS, Decisions
from optimizer.plan.nearness import moved_slots, near_in
from oracle.enumerate import best_by_enumeration, is_separable
from oracle.matrix import Expr
from oracle.model import build
from oracle.reader import Problem
from oracle.relaxation import best_by_branching
from random_cases import write_random_case
from seeds import seeds
from shared import ROOT, run, tiny
from test_keeping import changed, close, drawn_keep, small_plan
from test_oracle import cells_of

MODELS, INPUTS = ROOT / "models", ROOT / "inputs"
KEYS = list(SLOT_KEYS)
MOST = 20_000


def priced(plan: Plan) -> float:
    """Points less the price, and what both are said to be."""
    said = plan.provenance["change_price"]
    assert said["cost_points"] == pytest.approx(said["price"] * said["slots_moved"])
    assert said["points_less_cost"] == pytest.approx(plan.objective - said["cost_points"])
    if said["most_points"] is not None:
        assert plan.bound is not None
        assert plan.objective <= plan.bound + 1e-6
    return float(said["points_less_cost"])


def best_in_oracle(
    paths: tuple[Path, Path], scales: dict[str, float], near: Near, cells: pd.DataFrame
) -> float | None:
    """Every single slot a whole number of its own, with a column for how far it moved."""
    program = build(Problem.read(*paths))
    program.aim_at_points(scales)
    matrix, flows = program.matrix, program.flows
    goal = Expr().add(matrix.objective)
    earlier = near.slots.groupby(KEYS)["slots"].sum().to_dict()
    for cell in cells[near.chosen(cells)].itertuples():
        key = tuple(getattr(cell, name) for name in KEYS)
        country, track, level, region, year = key
        column = (
            flows.slots(country, track, level, region, year)
            if region
            else flows.intake[(country,), track, level, year]
        )
        assert column is not None
        before = float(earlier.pop(key, 0))
        parts = [Expr(-before).add_column(column), Expr(before).add_column(column, -1.0)]
        goal.add(matrix.most_of("moved", *key, parts=parts), -near.price)
    matrix.objective = goal.add(Expr(float(sum(earlier.values()))), -near.price)
    if is_separable(matrix):
        point, _ = best_by_enumeration(matrix, MOST)
    else:
        point, _ = best_by_branching(matrix, MOST)
    return None if point is None else matrix.objective.value(point)


def drawn_near(draw: random.Random, plan: Plan, cells: pd.DataFrame, price: float) -> Near:
    """All slots of a plan, or some by one or two columns."""
    choices = [[], [], ["year"], ["track"], ["country"], ["region"], ["country", "year"]]
    where: dict[str, Any] = {}
    for column in draw.choice(choices):
        names = sorted(name for name in cells[column].astype("str").unique() if name)
        if names:
            where[column] = draw.sample(names, k=draw.randint(1, len(names)))
    return Near(plan, price, where, "the first plan")


@pytest.mark.filterwarnings("ignore::optimizer.errors.ModelWarning")
@pytest.mark.parametrize("seed", seeds(range(24), quick=2))
def test_plans_are_those_of_enumeration(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    draw = random.Random(seed)
    try:
        session = Session(policy, case)
        free = session.solve(gap=0.0)
    except (InfeasibleError, PolicyError):
        return
    scales = free.provenance["scales"]
    session.change(changed(draw, session))
    first = session.solve(gap=0.0)
    session.change_to({})
    cells = cells_of(session._held.loaded.instance)
    near = drawn_near(draw, first, cells, 0.0)
    moved = []
    for price in (0.0, draw.choice([0.05, 0.5, 2.0, 5.0]), 1e4):
        near = Near(near.plan, price, near.where, near.name)
        plan = solve(policy, case, near=near, scales=scales, gap=0.0)
        wanted = best_in_oracle((case, policy), scales, near, cells)
        assert wanted is not None
        assert close(priced(plan), wanted)
        assert plan.status == "optimal"
        moved.append(plan.provenance["change_price"]["slots_moved"])
        if price == 0.0:
            assert close(plan.objective, free.objective)
    # Without a price it may move more than it need: nothing looks at it.
    assert moved[1:] == sorted(moved[1:], reverse=True)


def as_limits(session: Session, near: Near, keeps: list[Keep], cells: pd.DataFrame) -> float:
    """Make each slot that counts a soft limit; give what moves whatever is decided."""
    earlier = near.slots
    counted = earlier[near.chosen(earlier, keeps)]
    left = counted.groupby(KEYS)["slots"].sum().to_dict()
    for number, cell in enumerate(cells[near.chosen(cells, keeps)].itertuples()):
        key = tuple(getattr(cell, name) for name in KEYS)
        where = {name: value for name, value in zip(KEYS, key, strict=True) if value != ""}
        before = int(left.pop(key, 0))
        limit = {"name": f"near {number}", "measure": "slots", "where": where}
        soft = {"soft": near.price / 100.0, "soft_base": 1.0}
        session.add_limit({**limit, **soft, "at_least": before, "at_most": before})
    return float(sum(left.values()))


@pytest.mark.filterwarnings("ignore::optimizer.errors.ModelWarning")
@pytest.mark.parametrize("seed", seeds(range(24), quick=2))
def test_what_is_kept_besides_costs_nothing(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    draw = random.Random(seed)
    try:
        session = Session(policy, case)
        first = session.solve(gap=0.0)
    except (InfeasibleError, PolicyError):
        return
    scales = first.provenance["scales"]
    cells = cells_of(session._held.loaded.instance)
    changes = changed(draw, session)
    session.change(changed(draw, session))
    keeps = [drawn_keep(draw, first, cells)]
    near = drawn_near(draw, session.solve(gap=0.0), cells, draw.choice([0.1, 1.0, 20.0]))
    other = Session(policy, case, scales=scales)
    lost = as_limits(other, near, keeps, cells)
    other.change(changes)
    other.keep(keeps)
    asked: dict[str, Any] = {"changes": changes, "keep": keeps, "scales": scales}
    try:
        wanted = other.solve(gap=0.0).objective - near.price * lost
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            solve(policy, case, near=near, gap=0.0, **asked)
        return
    plan = solve(policy, case, near=near, gap=0.0, **asked)
    assert close(priced(plan), wanted)
    told = plan.provenance["keeping"]
    alone = solve(policy, case, gap=0.0, **asked).provenance["keeping"]
    assert close(told["kept_points"], alone["kept_points"])
    assert close(told["cost_points"], alone["cost_points"])


@pytest.fixture(scope="module")
def small() -> Plan:
    """A plan made with less money, from which the best plan moves away."""
    return small_plan()


def test_what_moved_is_said(small: Plan) -> None:
    plan = solve(*tiny(), near=Near(small, 2.0, name="the small plan"), gap=0.0)
    moved = moved_slots(plan.question.near, (), plan.slots)  # type: ignore[union-attr,arg-type]
    said = plan.provenance["change_price"]
    assert moved["change"].abs().sum() == said["slots_moved"] > 0
    both = small.slots.groupby(KEYS)["slots"].sum()
    now = plan.slots.groupby(KEYS)["slots"].sum()
    apart = now.sub(both, fill_value=0)
    assert apart.abs().sum() == said["slots_moved"]
    lines = [note for note in plan.notes if "moved" in note]
    assert lines[0] == "Near 18 slots of the small plan, at 2 points for every slot moved."
    cost = said["cost_points"]
    assert f"at a price of {cost:g} points in all" in lines[1]
    assert any(note.startswith("By country: ") for note in plan.notes)


def test_nothing_moves_that_need_not(small: Plan) -> None:
    plan = solve(*tiny(), near=Near(small, 1e6, name="small"), gap=0.0)
    assert plan.slots.equals(small.slots)
    assert "No slot moved away from small." in plan.notes


def test_a_run_keeps_its_price_and_questions_count_points(small: Plan, tmp_path: Path) -> None:
    near = Near(small, 2.0, {"year": [2031]}, "small")
    plan = solve(*tiny(), near=near, gap=0.0)
    write_run(plan, tmp_path / "near")
    loaded = load_run(tmp_path / "near")
    again = loaded.session.solve(gap=0.0)
    assert close(again.objective, plan.objective)
    assert again.slots.equals(plan.slots)
    assert again.provenance["change_price"] == plan.provenance["change_price"]
    assert loaded.question.near is not None
    assert loaded.question.near.facts() == near.facts()
    # What limits the plan is asked of points alone.
    told = r"less the price of change \(11 slots of small \(year 2031\), at 2 points"
    with pytest.warns(ModelWarning, match=told):
        asked = marginal_values(loaded, top=0)
    assert asked.points == pytest.approx(Session(*tiny()).relax().points)
    found = compare(solve(*tiny(), gap=0.0), loaded.plan)
    told = "2 points for every slot moved from 11 slots of small"
    changed = [sentence for sentence in found.in_words() if told in sentence]
    assert changed
    assert all("price of change" in sentence for sentence in changed)
    assert not any("aim" in sentence for sentence in changed)


def test_a_session_goes_on_in_place_and_lets_go(small: Plan) -> None:
    session = Session(*tiny(), near=Near(small, 2.0))
    rebuilt = session.rebuilt
    for amount in (10e6, 12e6, 9.5e6):
        changes = {"budgets[line=industry].amount_jpy": amount}
        session.change(changes)
        plan = session.solve(gap=0.0)
        other = solve(*tiny(), changes=changes, near=Near(small, 2.0), gap=0.0)
        assert close(priced(plan), priced(other))
    assert session.rebuilt == rebuilt
    session.change_to({})
    session.keep([Keep(small, {"year": 2030})])
    kept = solve(*tiny(), keep=[Keep(small, {"year": 2030})], near=Near(small, 2.0), gap=0.0)
    assert close(priced(session.solve(gap=0.0)), priced(kept))
    session.keep([])
    session.near(None)
    free = session.solve(gap=0.0)
    assert close(free.objective, solve(*tiny(), gap=0.0).objective)
    assert "change_price" not in free.provenance


def test_slots_that_the_case_does_not_allow_are_counted(small: Plan) -> None:
    strange = small.slots.head(1).assign(year=2045, slots=3)
    slots = pd.concat([small.slots, strange], ignore_index=True)
    plan = solve(*tiny(), near=Near(Decisions(slots), 2.0, name="old"), gap=0.0)
    other = solve(*tiny(), near=Near(small, 2.0, name="old"), gap=0.0)
    assert close(priced(plan), priced(other) - 6.0)
    assert "3 slots of old cannot be granted in this case." in plan.notes


@pytest.mark.parametrize(
    ("price", "where", "told"),
    [
        (-1.0, {}, "-1.0 is not a valid price"),
        (1e9, {}, "a number from 0 to 1,000,000"),
        (float("nan"), {}, "nan is not a valid price"),
        (True, {}, "is not a valid price"),
        (1.0, {"yaer": 2030}, "slots have no column 'yaer'"),
        (1.0, {"year": []}, "names no year"),
        (1.0, {"country": "AVA", "region": "hills"}, "names countries and regions at once"),
    ],
)
def test_what_is_wrong_is_named(small: Plan, price: Any, where: dict[str, Any], told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        Near(small, price, where)


def test_plans_asked_for_are_compared_with_the_best_plan_and_not_with_one_near_another() -> None:
    changes = {"budgets[line=industry].amount": "*0.8"}
    small = solve(*tiny(), changes=changes, gap=0.0)
    plan = solve(*tiny(), near=Near(small, 50.0), gap=0.0)
    with pytest.warns(ModelWarning, match="the plan aims at"):
        found = why_not(plan, "slots[country=BOR] >= 1", plans=True, gap=0.0)
    assert found.is_given
    (row,) = rows_of(found.tables["plan"])
    best = solve(*tiny(), gap=0.0)
    assert plan.objective < best.objective
    assert row.points_before == pytest.approx(best.objective)
    assert row.change_points == 0.0
    assert not len(found.tables["plan_moves"])


def test_names_that_choose_nothing_are_refused(small: Plan) -> None:
    near = Near(small, 1.0, {"country": "AVVA"})
    with pytest.raises(PolicyError, match="no slots could be granted with country 'AVVA'"):
        solve(*tiny(), near=near)
    session = Session(*tiny())
    with pytest.raises(PolicyError, match="no slots could be granted with country 'AVVA'"):
        session.near(near)
    assert "near" not in session.solve().provenance


def test_a_run_that_was_edited_is_refused(small: Plan, tmp_path: Path) -> None:
    write_run(solve(*tiny(), near=Near(small, 2.0), gap=0.0), tmp_path / "near")
    path = tmp_path / "near" / "run.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    assert near_in(facts["near"]).facts() == facts["near"]
    facts["near"]["where"] = {"yaer": ["2030"]}
    path.write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(InputError, match="does not say which plan it is near to"):
        load_run(tmp_path / "near")


def test_the_command(
    small: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(small, tmp_path / "small")
    monkeypatch.chdir(tmp_path)
    paths = MODELS / "tiny.toml", INPUTS / "tiny"
    asked = ["solve", *paths, "--gap", "0", "--out", "near", "--near", "small"]
    assert run(monkeypatch, *asked) == 2
    assert "goes with --change-price" in capsys.readouterr().err
    assert run(monkeypatch, *asked, "--change-price", "2", "--aim", "nash") == 2
    assert run(monkeypatch, "solve", *paths, "--out", "near", "--change-price", "2") == 2
    capsys.readouterr()
    assert run(monkeypatch, *asked, "--change-price", "2") == 0
    said = capsys.readouterr().out
    assert "Near 18 slots of small, at 2 points for every slot moved." in said
    assert said.endswith("Next: optimizer compare small near\n")
    assert "stays near to an earlier one" in (tmp_path / "near" / "report.html").read_text("utf-8")
