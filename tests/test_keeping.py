"""Keeping slots of earlier plans: as if each single slot were a limit of its own."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from optimizer import (
    BrokenPlanError,
    Decisions,
    InfeasibleError,
    InputError,
    Keep,
    Plan,
    PolicyError,
    Session,
    alternatives,
    compare,
    load_run,
    marginal_values,
    solve,
    write_run,
)
from optimizer.case.changes import change_case
from optimizer.plan import COLUMNS, SLOT_KEYS
from optimizer.plan.keeping import keep_in
from random_cases import write_random_case
from seeds import many, seeds
from shared import ROOT, run, tiny
from test_oracle import cells_of

CLOSE = 1e-6
MODELS, INPUTS = ROOT / "models", ROOT / "inputs"


def close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= CLOSE * max(1.0, abs(one), abs(other))


def drawn_keep(draw: random.Random, plan: Plan, cells: pd.DataFrame) -> Keep:
    """Some of the slots of a plan, by one or two columns, or all of them."""
    columns = draw.choice(
        [[], ["year"], ["track"], ["country"], ["region"], ["country", "year"], ["region", "track"]]
    )
    where: dict[str, Any] = {}
    for column in columns:
        names = sorted(name for name in cells[column].astype("str").unique() if name)
        if names:
            where[column] = draw.sample(names, k=draw.randint(1, len(names)))
    return Keep(plan, where, draw.random() < 0.4, "the first plan")


def changed(draw: random.Random, session: Session) -> dict[str, object]:
    """Another weight for one goal, so that another plan would be the best."""
    goal = draw.choice(list(session.policy.goals))
    return {f"goals.{goal}.weight": draw.choice([0.01, 10.0])}


def limited(session: Session, keep: Keep, cells: pd.DataFrame, called: str) -> None:
    """Make each kept slot a limit."""
    own = keep.slots.set_index(list(SLOT_KEYS))["slots"]
    for number, cell in enumerate(cells[keep.chosen(cells)].itertuples()):
        key = tuple(getattr(cell, name) for name in SLOT_KEYS)
        slots = int(own.get(key, 0))
        where = {name: value for name, value in zip(SLOT_KEYS, key, strict=True) if value != ""}
        sides: dict[str, object] = {"at_least": slots}
        if not keep.at_least:
            sides["at_most"] = slots
        if slots or not keep.at_least:
            limit: dict[str, object] = {
                "name": f"{called} {number}",
                "measure": "slots",
                "where": where,
            }
            session.add_limit(limit | sides)


@pytest.mark.filterwarnings("ignore::optimizer.errors.ModelWarning")
@pytest.mark.parametrize("seed", seeds(many(14), quick=2))
def test_what_is_kept_is_as_if_each_slot_were_a_limit(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    draw = random.Random(seed)
    try:
        session = Session(policy, case)
        first = session.solve(gap=0.0)
    except (InfeasibleError, PolicyError):
        return
    cells = cells_of(session._held.loaded.instance)
    keeps = [drawn_keep(draw, first, cells) for _ in range(draw.choice([1, 1, 2]))]
    changes = changed(draw, session)
    scales = first.provenance["scales"]
    other = Session(policy, case, scales=scales)
    for number, keep in enumerate(keeps):
        limited(other, keep, cells, f"keep {number}")
    other.change(changes)
    asked: dict[str, Any] = {"changes": changes, "keep": keeps, "scales": scales}
    try:
        wanted = other.solve(gap=0.0).objective
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            solve(policy, case, gap=0.0, **asked)
        return
    plan = solve(policy, case, gap=0.0, **asked)
    assert close(plan.objective, wanted)
    told = plan.provenance["keeping"]
    assert close(told["kept_points"], other.relax().points)
    assert told["cost_points"] >= 0.0
    assert close(Session(policy, case, **asked).relax().points, told["kept_points"])


def small_plan() -> Plan:
    return solve(*tiny(), changes={"budgets[line=industry].amount": "*0.8"}, gap=0.0)


@pytest.fixture(scope="module")
def small() -> Plan:
    """A plan made with less money, which the best plan contradicts."""
    return small_plan()


def test_the_filter_chooses_what_stays_empty_as_well(small: Plan) -> None:
    keep = Keep(small, {"country": "BOR"}, name="small")
    plan = solve(*tiny(), keep=[keep], gap=0.0)
    of_bor = plan.decisions.slots["country"].eq("BOR")
    assert plan.decisions.slots[of_bor].reset_index(drop=True).equals(keep.slots)
    nobody = Keep(small, {"track": "refu*", "level": "standard", "year": [2030]})
    assert not len(nobody.slots)
    plan = solve(*tiny(), keep=[nobody], gap=0.0)
    assert not plan.decisions.slots[nobody.chosen(plan.decisions.slots)]["slots"].sum()


def test_other_models_of_a_session_keep_it_too(small: Plan) -> None:
    session = Session(*tiny())
    free = session.relax().points
    session.keep([Keep(small, {"year": "2030"})])
    first = session.relax().points
    assert first == pytest.approx((free or 0.0) - 30.25)
    session.change({"horizon.tail": 1})
    assert session.rebuilt == 1
    year = session.solve(gap=0.0).decisions.slots.query("year == 2030")["slots"].sum()
    assert year == 7
    session.change_to({})
    assert session.rebuilt == 2
    assert close(session.relax().points, first)
    session.keep([])
    assert close(session.relax().points, free)


def test_limits_that_are_added_bind_single_slots_that_are_kept(small: Plan) -> None:
    keep = Keep(small, {"year": 2030})
    limit = {"name": "few", "measure": "slots", "at_most": 2}
    limit["where"] = {"country": "BOR", "track": "work", "region": "coast", "year": 2031}
    after, before = Session(*tiny(), keep=[keep]), Session(*tiny())
    after.add_limit(limit)
    before.add_limit(limit)
    before.keep([keep])
    assert close(after.relax().points, before.relax().points)
    plan = after.solve(gap=0.0)
    assert close(plan.objective, before.solve(gap=0.0).objective)
    assert plan.decisions.slots.query("year == 2030")["slots"].sum() == 7


def test_changes_may_be_what_makes_room(small: Plan, tmp_path: Path) -> None:
    nobody = {"applicants[country=BOR].applicants": 0}
    case = change_case(tiny()[1], nobody)[0]
    more = {"applicants[country=BOR].applicants": 9}
    keep = Keep(small, {"country": "BOR"}, name="small")
    with pytest.raises((InfeasibleError, PolicyError)):
        solve(tiny()[0], case, keep=[keep])
    plan = solve(tiny()[0], case, changes=more, keep=[keep], gap=0.0)
    run = load_run(write_run(plan, tmp_path / "run"))
    assert close(run.session.solve(gap=0.0).objective, plan.objective)


def test_questions_of_a_plan_are_asked_with_what_it_keeps(small: Plan) -> None:
    plan = solve(*tiny(), keep=[Keep(small, {"year": 2030}, name="small")], gap=0.0)
    found = marginal_values(plan, top=1)
    assert found.in_words()[0].startswith("No plan can exceed 439.300 points")
    ranges = alternatives(plan, by=["year"], within="50%").table.set_index("key")
    assert ranges.loc[["2030"], ["least", "most"]].to_numpy().tolist() == [[7.0, 7.0]]
    free = solve(*tiny(), gap=0.0)
    for ask in (marginal_values, alternatives):
        with pytest.raises(BrokenPlanError, match=r"grants .* slots at .*, and was to keep"):
            ask(replace(free, question=plan.question))
    told = compare(plan, free)
    assert any("kept" in sentence for sentence in told.in_words())


def test_scales_are_those_without_what_is_kept(small: Plan) -> None:
    ideal = {f"goals.{goal}.scale": "ideal" for goal in tiny()[0].goals}
    free = Session(*tiny(), changes=ideal)
    kept = Session(*tiny(), changes=ideal, keep=[Keep(small)])
    assert dict(kept.scales) == pytest.approx(dict(free.scales))


def test_a_run_keeps_what_it_kept(small: Plan, tmp_path: Path) -> None:
    keeps = [Keep(small, {"year": 2030}, name="small"), Keep(small, at_least=True, name="small")]
    plan = solve(*tiny(), keep=keeps, gap=0.0)
    assert plan.notes[0] == (
        "Kept: 7 slots of small (year 2030); at least 18 slots of small; "
        "18 slots in all, as some are in more than one. That costs 36.65 points, by the relaxation."
    )
    run = load_run(write_run(plan, tmp_path / "run"))
    assert [keep.facts() for keep in run.question.keep] == [keep.facts() for keep in keeps]
    assert close(run.session.solve(gap=0.0).objective, plan.objective)
    facts = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    for wrong in ("all", [["AVA", "lab", "standard", "coast", 2030, 1.7]], [["AVA"]]):
        facts["keep"][0]["slots"] = wrong
        (tmp_path / "run" / "run.json").write_text(json.dumps(facts), encoding="utf-8")
        with pytest.raises(InputError, match=r"run\.json, keep"):
            load_run(tmp_path / "run")
    facts["keep"][0] |= {"slots": [], "where": {"trak": ["lab"]}}
    (tmp_path / "run" / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(InputError, match="does not say what was kept"):
        load_run(tmp_path / "run")


def test_every_fault_is_told_at_once(small: Plan) -> None:
    with pytest.raises(PolicyError) as raised:
        Keep(small, {"trak": "lab", "country": "AVA", "region": "coast"})
    assert str(raised.value) == (
        "2 problems\n"
        "- arguments, keep: names countries and regions at once\n"
        "    Expected one of them, or slots of which there may be more.\n"
        "- arguments, keep: slots have no column 'trak'\n"
        "    Expected one of country, track, level, region, year. Maybe track."
    )
    with pytest.raises(PolicyError) as raised:
        solve(*tiny(), keep=[Keep(small, {"year": 2041, "track": ["labs", "w*"]})])
    assert str(raised.value) == (
        "2 problems\n"
        "- arguments, keep: no slots could be granted with track 'labs'\n"
        "    Expected a track of the case, or a pattern. Maybe lab.\n"
        "- arguments, keep: no slots could be granted with year '2041'\n"
        "    Expected a year of the case, or a pattern. Maybe 2031."
    )


def test_plans_that_contradict_each_other_are_refused(small: Plan) -> None:
    best = solve(*tiny(), gap=0.0)
    keeps = [Keep(small, {"year": 2030}, name="small"), Keep(best, at_least=True, name="best")]
    with pytest.raises(PolicyError) as raised:
        solve(*tiny(), keep=keeps)
    assert str(raised.value) == (
        "1 problem\n"
        "- arguments, keep: BOR, work, standard, coast, 2030: 4 slots are kept, and small keeps 3\n"
        "    Expected plans that agree where both are kept."
    )


def test_slots_that_the_case_does_not_allow_are_named() -> None:
    slots = pd.DataFrame(
        [("BOR", "lab", "standard", "coast", 2030, 2)], columns=[*SLOT_KEYS, "slots"]
    ).astype(COLUMNS["slots"])
    with pytest.raises(InfeasibleError, match="BOR, lab, standard"):
        solve(*tiny(), keep=[Keep(Decisions(slots))])
    many = slots.assign(track="work", slots=500)
    with pytest.raises(InfeasibleError) as raised:
        solve(*tiny(), keep=[Keep(Decisions(many))])
    assert str(raised.value).startswith("No plan with these slots keeps every rule.")


def test_facts_are_read_back(small: Plan) -> None:
    keep = Keep(small, {"year": [2030, 2031]}, at_least=True, name="small")
    again = keep_in(json.loads(json.dumps(keep.facts())))
    assert again.slots.equals(keep.slots)
    assert again.in_words() == keep.in_words()


def test_the_command_keeps_and_says_what_it_costs(
    small: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(small, tmp_path / "a, small")
    words = ["solve", MODELS / "tiny.toml", INPUTS / "tiny", "--gap", 0, "--out"]

    def said(*more: object) -> tuple[int, list[str]]:
        code = run(monkeypatch, *words, tmp_path / str(len(list(tmp_path.iterdir()))), *more)
        out, error = capsys.readouterr()
        return code, (out or error).splitlines()

    path, by = tmp_path / "a, small", "by the relaxation."
    code, lines = said("--keep", f"{path},year=2030")
    assert code == 0
    assert f"Kept: 7 slots of {path} (year 2030). That costs 30.25 points, {by}" in lines
    code, lines = said("--nested-in", path)
    assert f"Kept: at least 18 slots of {path}. That costs 6.4 points, {by}" in lines
    first_year = tmp_path / "first_year.csv"
    Keep(small, {"year": 2030}).slots.to_csv(first_year, index=False)
    code, lines = said("--realised", first_year)
    assert code == 0
    told = f"Kept: 7 slots of {first_year} (year 2030). That costs 30.25 points, {by}"
    assert told in lines
    first_year.write_text(first_year.read_text(encoding="utf-8").replace("2030", "2031"), "utf-8")
    code, lines = said("--realised", first_year)
    assert code == 1
    assert lines[-1].endswith("from 2030 on.")
    code, lines = said("--keep", f"{path},trak=lab")
    assert code == 2
    assert "Maybe track" in lines[-1]
