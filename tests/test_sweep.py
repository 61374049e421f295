"""Sweeps: every scenario answered once, as it would be alone, and nothing lost of what was."""

from __future__ import annotations

import json
import os
import random
import shlex
import shutil
import signal
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from optimizer import (
    InfeasibleError,
    InputError,
    OptimizerError,
    Plan,
    Session,
    evaluate,
    load_policy,
    load_sweep,
    merge_sweeps,
    solve,
    sweep,
)
from optimizer.errors import PolicyError, TargetError
from optimizer.plan.question import asked
from optimizer.sweeps import Scenario, Study
from optimizer.sweeps.driver import SweepProgress
from optimizer.sweeps.executors import pool_of
from optimizer.sweeps.folder import held_folder
from optimizer.sweeps.ordering import neighbours_together
from optimizer.sweeps.packing import packed_table
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.sweeping import part_of
from seeds import seeds
from shared import policy, tiny
from test_session import cells, choices

ROOT = Path(__file__).resolve().parents[1]
POOR = {"scenario": "poor", "address": "budgets[].amount", "value": "*0.1"}
RELAXED = {"executor": "threads:1", "relax": True}


def study_of(**changes: Mapping[str, object]) -> Study:
    """A study of scenarios, each with its changes."""
    rows = [
        {"scenario": name, "address": address, "value": value}
        for name, values in changes.items()
        for address, value in values.items()
    ]
    return Study(changes=rows)


def weights(*values: float) -> Study:
    """A study of one weight."""
    return study_of(**{f"w{value:g}": {"goals.alliance.weight": value} for value in values})


def swept(study: Study, **options: Any) -> Sweep:
    return sweep(*tiny(), study, **{"executor": "threads:1", **options})


# The answers ------------------------------------------------------------------------------------


def drawn(seed: int, count: int) -> Study:
    """Scenarios at random, of one to three changes of policy and case."""
    draw, base = random.Random(seed), Session(*tiny())
    found: dict[str, dict[str, object]] = {}
    while len(found) < count:
        possible = [*cells(base, draw), *choices(base, draw)]
        changes = dict(draw.sample(possible, k=draw.choice([1, 1, 3])))
        try:
            study_of(x=changes).resolved(*tiny())
        except InputError:
            continue
        found[f"s{len(found)}"] = changes
    return study_of(**found)


def close(one: float, other: float, within: float) -> bool:
    return abs(one - other) <= within * max(1.0, abs(one), abs(other))


@pytest.mark.parametrize("seed", seeds(range(10), quick=1))
def test_relaxations_are_those_of_models_built_from_nothing(seed: int) -> None:
    study = drawn(seed, 10 if seed else 5)
    found = swept(study, relax=True)
    table = found.table.set_index("scenario")
    for scenario in study.resolved(*tiny()):
        name = scenario.name
        if table["status"][name] == "failed":
            refused_alike(scenario, table["hint"][name])
            continue
        alone = Session(*tiny(), changes=scenario.changes).relax()
        assert table["status"][name] == alone.status
        if alone.points is not None:
            assert close(table["points"][name], alone.points, 1e-9)
        else:
            assert table["hint"][name]


def refused_alike(scenario: Scenario, hint: str) -> None:
    """A scenario failed since policy and case together refuse it, as they do without a sweep."""
    with pytest.raises(PolicyError) as refused:
        Session(*tiny(), changes=scenario.changes)
    assert all(problem.message in hint for problem in refused.value.problems)


@pytest.mark.parametrize("seed", seeds(range(100, 108), quick=1))
def test_plans_are_those_of_models_built_from_nothing(seed: int) -> None:
    study = drawn(seed, 3)
    found = swept(study, gap=0.0)
    table = found.table.set_index("scenario")
    for scenario in study.resolved(*tiny()):
        name = scenario.name
        if table["status"][name] == "failed":
            refused_alike(scenario, table["hint"][name])
            continue
        try:
            alone = solve(*tiny(), changes=scenario.changes, gap=0.0)
        except InfeasibleError:
            assert table["status"][name] == "infeasible"
            continue
        assert close(table["points"][name], alone.objective, 1e-6)
        checked_again(found.plan(name), table["points"][name])


def checked_again(plan: Plan, points: float) -> None:
    """Hold a row against what ``check`` recomputes from the plan's decisions."""
    assert plan.question is not None
    scales = plan.provenance["scales"]
    question = plan.question
    evaluation = evaluate(plan.decisions, question.policy, question.case, scales=scales)
    assert evaluation.holds
    assert close(evaluation.points, points, 1e-9)


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Two weights, a shorter tail and too little money, in a folder."""
    study = study_of(
        heavy={"goals.alliance.weight": 4},
        light={"goals.alliance.weight": 1},
        short={"horizon.tail": 1},
        poor={"budgets[].amount": "*0.1"},
    )
    return swept(study, out=tmp_path_factory.mktemp("sweep") / "out")


def test_the_table_has_a_row_for_every_scenario(some: Sweep) -> None:
    table = some.table
    levers = ["goals.alliance.weight", "horizon.tail", "budgets[].amount"]
    assert table.columns.tolist() == [
        "scenario",
        *levers,
        *("status", "points", "bound", "gap"),
        *(f"{goal}_{kind}" for goal in some.policy.goals for kind in ("raw", "scaled")),
        *("seconds", "rebuilt_because", "hint"),
    ]
    assert table["scenario"].tolist() == ["base", "heavy", "light", "short", "poor"]
    assert table["status"].tolist() == [*["optimal"] * 4, "infeasible"]
    assert table["goals.alliance.weight"].tolist() == ["", 4, 1, "", ""]
    assert table["rebuilt_because"].tolist() == ["", "", "", "horizon.tail", ""]
    assert some.complete
    assert some.counts == {"optimal": 4, "infeasible": 1}


def test_a_row_without_a_plan_says_which_rules_stand_in_the_way(some: Sweep) -> None:
    hint = some.table["hint"].iloc[-1]
    assert hint == "spending_within_budget at science, 2030 at most 800,000: cannot be kept"
    assert some.in_words() == [
        "5 scenarios: 4 optimal, 1 infeasible.",
        "The plan has most points in light (481.000), and fewest in short (431.400).",
        f"poor: infeasible: {hint}.",
    ]
    with pytest.raises(OptimizerError, match=r"scenario 'poor' has no plan \(infeasible\): "):
        some.plan("poor")
    with pytest.raises(OptimizerError, match=r"there is no scenario 'heavi'. Maybe 'heavy'"):
        some.plan("heavi")


def test_tables_of_all_plans_begin_with_the_scenario(some: Sweep) -> None:
    heavy = some.plan("heavy")
    for name in ("slots", "spending", "residents", "agreements", "soft", "transitions"):
        table = some.tables[name]
        assert table.columns[0] == "scenario"
        own = table[table["scenario"].eq("heavy")].drop(columns="scenario").reset_index(drop=True)
        there = heavy.tables[name] if name in heavy.tables else getattr(heavy.decisions, name)
        pd.testing.assert_frame_equal(own, there)
    assert some.tables["scenarios"]["scenario"].tolist() == some.table["scenario"].tolist()
    assert some.tables["changes"].values.tolist()[0] == ["heavy", "goals.alliance.weight", 4]
    with pytest.raises(KeyError, match="there is no table 'spendings'"):
        some.tables["spendings"]


def test_a_plan_is_whole(some: Sweep) -> None:
    plan = some.plan("short")
    alone = solve(*tiny(), changes={"horizon.tail": 1}, gap=0.0)
    assert plan.objective == pytest.approx(alone.objective, abs=1e-9)
    assert plan.provenance["changes"] == {"horizon.tail": 1}
    assert plan.question is not None
    assert plan.question.policy.horizon.tail == 1
    checked_again(plan, plan.objective)


def test_a_folder_is_read_back(some: Sweep) -> None:
    assert some.store.path is not None
    again = load_sweep(some.store.path.parent)
    pd.testing.assert_frame_equal(again.table, some.table)
    assert again.plan("heavy") == some.plan("heavy")
    assert again.provenance == some.provenance


def test_all_tables_make_a_workbook(some: Sweep, tmp_path: Path) -> None:
    book = some.to_excel(tmp_path / "sweep.xlsx")
    result = pd.read_excel(book, sheet_name="result", engine="calamine")
    assert result["scenario"].tolist() == some.table["scenario"].tolist()


def test_relaxations_have_no_plans() -> None:
    found = swept(weights(1), relax=True)
    assert found.table["points"].tolist() == found.table["bound"].tolist()
    with pytest.raises(OptimizerError, match="only relaxations were solved"):
        found.plan("w1")


def test_scales_are_those_before_any_change() -> None:
    balanced = load_policy(ROOT / "models" / "tiny.toml", changes={"goals.bridges.scale": "ideal"})
    study = study_of(poor={"budgets[line=industry].amount": 5e6})
    found = sweep(balanced, tiny()[1], study, **RELAXED)  # type: ignore[arg-type]
    scale = Session(balanced, tiny()[1]).scales["bridges"]
    goals = found.tables["goals"]
    bridges = goals[goals["goal"].eq("bridges")]
    assert (bridges["raw"] / bridges["scaled"]).tolist() == pytest.approx([scale, scale])


def test_neighbours_follow_each_other_and_models_are_built_as_seldom_as_can_be() -> None:
    asked = [
        {"horizon.tail": 1},
        {"goals.alliance.weight": 2},
        {"horizon.tail": 1, "goals.alliance.weight": 2},
        {},
        {"goals.alliance.weight": 1},
    ]
    names = {f"s{number}": changes for number, changes in enumerate(asked)}
    found = swept(study_of(**{n: c for n, c in names.items() if c}), relax=True)
    because = found.table["rebuilt_because"].tolist()
    assert because.count("horizon.tail") == 1
    order = neighbours_together(asked, lambda changes: changes)
    assert order == [asked[3], asked[4], asked[1], asked[0], asked[2]]


# What is there is not solved again --------------------------------------------------------------


def solved(study: Study, **options: Any) -> tuple[Sweep, int]:
    """A sweep, and how many scenarios were solved for it."""
    told: list[SweepProgress] = []
    found = swept(study, on_progress=told.append, **options)
    return found, told[-1].done if told else 0


def test_a_folder_goes_on_where_it_has_stopped(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, count = solved(weights(1, 2), out=out, relax=True)
    assert count == 3
    second, count = solved(weights(1, 2), out=out, relax=True)
    assert count == 0
    pd.testing.assert_frame_equal(first.table, second.table)
    third, count = solved(weights(1, 2, 3), out=out, relax=True)
    assert count == 1
    assert third.counts == {"optimal": 4}


def test_a_scenario_is_known_by_what_it_changes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    other = study_of(first={"goals.alliance.weight": 1}, same={"goals.alliance.weight": 1})
    found, count = solved(other, out=out, relax=True)
    assert count == 2
    assert found.counts == {"optimal": 3}
    renamed, count = solved(study_of(new={"goals.alliance.weight": 1}), out=out, relax=True)
    assert count == 0
    # The same name for another scenario is no answer to it.
    edited, count = solved(study_of(new={"goals.alliance.weight": 2}), out=out, relax=True)
    assert count == 1
    assert edited.table["points"].iloc[1] != renamed.table["points"].iloc[1]


def refusal(study: Study, **options: Any) -> str:
    with pytest.raises(TargetError) as caught:
        swept(study, **options)
    return str(caught.value).replace(str(options["out"]), "OUT")


def test_results_of_something_else_are_never_mixed_in(tmp_path: Path) -> None:
    out, study = tmp_path / "out", weights(1)
    swept(study, out=out, relax=True, gap=0.01)
    assert refusal(study, out=out, relax=False, gap=0.02) == (
        "2 problems\n"
        "- OUT/results.sqlite: holds relaxations, and plans are asked for\n"
        "    Expected another folder, or the same kind of results.\n"
        "- OUT/results.sqlite: holds results at gap 0.01, and gap 0.02 is asked for\n"
        "    Expected another folder, or gap 0.01."
    )
    case = tmp_path / "tiny"
    shutil.copytree(ROOT / "inputs" / "tiny", case)
    budgets = case / "budgets.csv"
    budgets.write_text(budgets.read_text().replace("8000000", "8000001"))
    with pytest.raises(TargetError, match=r"before budgets\.csv changed") as caught:
        sweep(tiny()[0], case, study, out=out, relax=True, gap=0.01)
    assert "another folder, or the case as it was" in str(caught.value)
    changed = load_policy(ROOT / "models" / "tiny.toml", changes={"horizon.tail": 1})
    with pytest.raises(TargetError, match="the policy as it was before it was changed"):
        sweep(changed, tiny()[1], study, out=out, relax=True, gap=0.01)
    scales = dict.fromkeys(tiny()[0].goals, 2.0)
    assert "under other scales (alliance" in refusal(
        study, out=out, relax=True, gap=0.01, scales=scales
    )


def test_what_ran_out_of_time_is_tried_again_with_more_of_it(tmp_path: Path) -> None:
    out, study = tmp_path / "out", weights(1)
    found, count = solved(study, out=out, time_limit=1e-6)
    assert (count, found.counts) == (2, {"timed_out": 2})
    assert not found.complete
    assert "within" in found.table["hint"].iloc[0]
    assert solved(study, out=out, time_limit=1e-6)[1] == 0
    found, count = solved(study, out=out)
    assert (count, found.counts) == (2, {"optimal": 2})
    assert solved(study, out=out, time_limit=1e-6)[1] == 0


def test_a_folder_that_is_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    assert refusal(weights(1), out=tmp_path) == (
        "1 problem\n"
        "- OUT: holds files that are not part of a sweep: notes.txt\n"
        "    Expected a new folder, or one that a sweep has written."
    )
    assert refusal(weights(1), out=notes).startswith("1 problem\n- OUT: is not a folder")
    assert os.listdir(tmp_path) == ["notes.txt"]


# Stores that were hurt --------------------------------------------------------------------------


@pytest.fixture
def hurt(some: Sweep, tmp_path: Path) -> Path:
    """A copy of a whole folder."""
    assert some.store.path is not None
    shutil.copytree(some.store.path.parent, tmp_path / "out")
    for name in ("results.sqlite-wal", "results.sqlite-shm"):
        (tmp_path / "out" / name).unlink(missing_ok=True)
    return tmp_path / "out" / "results.sqlite"


def edit(path: Path, statement: str) -> None:
    database = sqlite3.connect(path)
    with database:
        database.execute(statement)
    database.close()


def why(path: Path) -> str:
    """What is said of a store, by a sweep that would go on and by who reads it."""
    with pytest.raises(InputError) as going_on:
        swept(weights(4, 1), out=path.parent)
    with pytest.raises(InputError) as reading:
        load_sweep(path.parent).table  # noqa: B018
    assert str(going_on.value) == str(reading.value)
    return str(going_on.value).replace(str(path), "STORE")


def test_another_file_is_no_store(hurt: Path) -> None:
    hurt.write_text("scenario,status\n")
    assert why(hurt) == (
        "1 problem\n- STORE: is not a store of results\n    Expected what a sweep has written."
    )


def test_a_store_of_another_version_is_not_read(hurt: Path) -> None:
    edit(hurt, "UPDATE facts SET value = '99' WHERE name = 'format'")
    assert why(hurt) == (
        "1 problem\n- STORE: is of version 99 of such stores, and this is version 1\n"
        "    Expected another folder, or the version of talent-optimizer that has written it."
    )


def test_another_database_is_no_store(hurt: Path) -> None:
    edit(hurt, "DROP TABLE contents")
    assert "is not a store of results" in why(hurt)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_half_a_store_is_not_read(hurt: Path, share: float) -> None:
    content = hurt.read_bytes()
    hurt.write_bytes(content[: int(len(content) * share)])
    told = why(hurt)
    assert "STORE: cannot be read: " in told or "STORE: is damaged: " in told
    assert "Expected a store as a sweep has left it; move this one away to begin anew." in told


def test_bytes_that_were_changed_are_noticed(hurt: Path, some: Sweep) -> None:
    content = bytearray(hurt.read_bytes())
    content[4096 : 4096 + 2000] = b"\xff" * 2000
    hurt.write_bytes(content)
    assert "STORE: " in why(hurt)


def test_a_row_that_was_edited_is_no_answer(hurt: Path) -> None:
    edit(hurt, "UPDATE results SET points = points + 1 WHERE scenario = 'heavy'")
    assert "scenario 'heavy' was changed since it was solved" in why(hurt)


def test_a_plan_that_was_edited_is_not_given(hurt: Path) -> None:
    whole = load_sweep(hurt.parent)
    slots = whole.plan("heavy").slots
    slots["slots"] = slots["slots"] + 100
    for packed in (packed_table(slots), packed_table(slots.drop(columns="slots")), b"nothing"):
        database = sqlite3.connect(hurt)
        with database:
            database.execute(
                "UPDATE contents SET packed = ? WHERE name = 'decisions.slots' AND key = ?",
                (packed, whole.keys["heavy"]),
            )
        database.close()
        not_given(hurt)


def not_given(hurt: Path) -> None:
    with pytest.raises(InputError, match="the plan of scenario 'heavy' was changed since"):
        load_sweep(hurt.parent).plan("heavy")


def test_a_store_that_was_only_just_begun_is_begun_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "results.sqlite").touch()
    (out / "inputs").mkdir()
    assert swept(weights(1), out=out, relax=True).complete
    assert load_sweep(out).complete


# Interrupts and other sweeps --------------------------------------------------------------------


def test_the_second_of_two_sweeps_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with held_folder(out):
        assert refusal(weights(1), out=out) == (
            f"1 problem\n- OUT: another sweep (process {os.getpid()}) is writing to it\n"
            "    Expected another folder, or to wait until that one has ended."
        )
    assert swept(weights(1), out=out, relax=True).complete


def test_ctrl_c_keeps_what_was_solved(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def press(progress: SweepProgress) -> None:
        if progress.done >= 2 and not pressed:
            pressed.append(progress.done)
            os.kill(os.getpid(), signal.SIGINT)

    pressed: list[int] = []
    study, out = weights(1, 2, 3, 4, 5, 6), tmp_path / "out"
    try:
        found = swept(study, out=out, on_progress=press)
    finally:
        assert signal.signal(signal.SIGINT, before) is signal.default_int_handler
    assert found.interrupted
    done = found.counts["optimal"]
    assert 2 <= done < 7
    assert found.counts == {"optimal": done, "missing": 7 - done}
    assert found.table["status"].tolist().count("missing") == 7 - done
    again, count = solved(study, out=out)
    assert (count, again.counts) == (7 - done, {"optimal": 7})


def test_a_progress_that_fails_ends_the_sweep_and_keeps_what_was_solved(tmp_path: Path) -> None:
    def fail(progress: SweepProgress) -> None:
        if progress.done:
            raise RuntimeError("no more")

    out, study = tmp_path / "out", weights(1, 2, 3)
    with pytest.raises(RuntimeError, match="no more"):
        swept(study, out=out, on_progress=fail, relax=True)
    assert solved(study, out=out, relax=True)[1] < 4


def test_progress_says_how_fast_it_goes_and_how_long_it_will_take() -> None:
    told: list[SweepProgress] = []
    swept(weights(1, 2), relax=True, on_progress=told.append)
    assert (told[0].done, told[0].seconds_left) == (0, None)
    last = told[-1]
    assert (last.total, last.done, last.kept, last.seconds_left) == (3, 3, 0, 0.0)
    assert last.counts == {"optimal": 3}
    assert last.rate == pytest.approx(3 / last.seconds)


# Parts, executors, expectations -----------------------------------------------------------------


def test_parts_make_a_whole(tmp_path: Path) -> None:
    study, out = weights(1, 2, 3, 4), tmp_path / "whole"
    parts = [tmp_path / str(number) for number in (1, 2, 3)]
    for number, folder in enumerate(parts[:2], start=1):
        swept(study, out=folder, part=f"{number}/3", relax=True)
    merged = merge_sweeps(*tiny(), study, parts=parts[:2], out=out, relax=True)
    assert merged.counts == {"optimal": 3, "missing": 2}
    swept(study, out=parts[2], part="3/3", relax=True)
    merged = merge_sweeps(*tiny(), study, parts=parts, out=out, relax=True)
    alone = swept(study, relax=True)
    assert merged.table["points"].tolist() == pytest.approx(alone.table["points"].tolist())
    assert solved(study, out=out, relax=True)[1] == 0
    with pytest.raises(TargetError, match="holds relaxations, and plans are asked for"):
        merge_sweeps(*tiny(), study, parts=parts, out=tmp_path / "other")
    for text in ("0/3", "4/3", "3", "a/b"):
        with pytest.raises(OptimizerError, match=r"is not a part\n    Expected NUMBER/COUNT"):
            part_of(text)


def test_an_executor_of_ones_own_is_used_and_left_open() -> None:
    with ThreadPoolExecutor(2) as executor:
        assert swept(weights(1, 2), executor=executor, relax=True).complete
        assert executor.submit(int, "5").result() == 5


@pytest.mark.parametrize("name", ["threads:0", "threads", "thread:2", "local:2000", "dask:", ""])
def test_executors_that_are_not_known(name: str) -> None:
    with pytest.raises(OptimizerError) as caught:
        pool_of(name)
    maybe = ". Maybe threads:2" if name == "thread:2" else ""
    assert str(caught.value) == (
        f"executor {name!r} is not known\n"
        f"    Expected threads:N, local:N or dask:ADDRESS, N from 1 to 1024{maybe}."
    )


def test_expectations_hold_for_every_scenario(some: Sweep, tmp_path: Path) -> None:
    wish = tmp_path / "wish.toml"
    wish.write_text('schema = 1\ntitle = "Enough"\n[points]\nat_least = 450\n', encoding="utf-8")
    compared = some.check_expectations(wish)
    assert compared.columns[0] == "scenario"
    held = compared.set_index("scenario")["holds"].to_dict()
    assert held == {"base": True, "heavy": True, "light": True, "short": False, "poor": False}
    poor = compared[compared["scenario"].eq("poor")].iloc[0]
    assert (poor["found"], poor["expected"]) == ("infeasible", "a plan")


def test_a_change_that_the_case_refuses_when_it_is_joined_is_a_row() -> None:
    """Whatever a scenario meets that nobody foresaw, it is a row and the others go on."""
    scenarios = (
        Scenario("base", None, "", {}),
        Scenario("nowhere", None, "", {"goals.nowhere.weight": 1}),
        Scenario("light", None, "", {"goals.alliance.weight": 1}),
    )
    study = _Resolved(scenarios)
    found = sweep(*tiny(), study, **RELAXED)  # type: ignore[arg-type]
    assert found.table["status"].tolist() == ["optimal", "failed", "optimal"]
    assert "goals.nowhere" in found.table["hint"].iloc[1]
    assert asked(*tiny(), {}).policy == policy("tiny")


class _Resolved(Study):
    """Scenarios as they are, whether or not they can be made."""

    def __init__(self, scenarios: tuple[Scenario, ...]) -> None:
        super().__init__()
        object.__setattr__(self, "_given", scenarios)

    def resolved(self, policy: object, case: object, *, check: bool = True) -> tuple[Scenario, ...]:
        given: tuple[Scenario, ...] = vars(self)["_given"]
        return given

    def values(self) -> pd.DataFrame:
        return pd.DataFrame(index=[scenario.name for scenario in self.resolved(None, None)])


# The command ------------------------------------------------------------------------------------

POLICY, CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
FLAT = "scenario,address,value\nlight,goals.alliance.weight,1\npoor,budgets[].amount,*0.1\n"


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """A study in one file."""
    path = tmp_path / "study.csv"
    path.write_text(FLAT, encoding="utf-8")
    return path


Run = Callable[..., tuple[int, str]]


def test_the_command_solves_every_scenario_and_goes_on(
    run: Run, flat: Path, tmp_path: Path
) -> None:
    words = ["sweep", POLICY, CASE, flat, "--out", tmp_path / "out", "--executor", "threads:1"]
    code, said = run(*words)
    assert code == 0
    assert "3 of 3 solved" in said
    lines = [line for line in said.splitlines() if "solved" not in line]
    assert lines[:2] == [
        "tiny on tiny: 3 scenarios: 2 optimal, 1 infeasible.",
        "  base   optimal         469.550 points  gap 0.000%",
    ]
    why = "spending_within_budget at science, 2030 at most 800,000: cannot be kept"
    assert lines[3] == f"  poor   infeasible {why}"
    changed = "--set 'budgets[].amount=*0.1'"
    assert lines[-1] == f"Next: optimizer repair {POLICY} {CASE} {changed}"
    again = run(*words)
    assert again[0] == 0
    assert "solved" not in again[1]
    flat.write_text("scenario,address,value\npoor,budgets[].amount,*0.1\n", encoding="utf-8")
    assert run(*words)[0] == 0


def test_exit_codes_of_sweeps(run: Run, flat: Path, tmp_path: Path) -> None:
    base = ["sweep", POLICY, CASE, flat, "--executor", "threads:1"]
    wish = tmp_path / "wish.toml"
    wish.write_text('schema = 1\ntitle = "A"\n[points]\nat_least = 450\n', encoding="utf-8")
    plans = [*base, "--out", tmp_path / "plans"]
    code, said = run(*plans, "--expect", wish)
    assert code == 5
    assert "Not as expected: 1 of 3 not met.\n  poor: plan: infeasible, expected a plan" in said
    code, said = run(*base, "--out", tmp_path / "late", "--time-limit", 0.001)
    assert code == 4
    assert " --retry\n" in said
    assert run(*plans, "--relax")[0] == 2
    for option, word in (("--executor", "thread:2"), ("--part", "5/3")):
        code, said = run(*base[:-2], "--out", tmp_path / "x", option, word)
        assert (code, word in said) == (2, True)
    assert run(*base, "--out", tmp_path / "x", "--relax", "--expect", wish)[0] == 2
    assert run(*base, flat, "--out", tmp_path / "x")[0] == 2
    assert run("sweep", POLICY, CASE, "--out", tmp_path / "x")[0] == 2
    assert run(*base, "--merge", "--out", tmp_path / "x")[0] == 2
    flat.write_text("scenario,address,value\na,budgets[].amounts,1\n", encoding="utf-8")
    code, said = run(*base, "--out", tmp_path / "x")
    assert code == 1
    assert "Maybe amount" in said
    assert not (tmp_path / "x").exists()


def test_ctrl_c_while_the_page_is_written_keeps_all_answers(
    run: Run, flat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["sweep", POLICY, CASE, flat, "--out", tmp_path / "out", "--executor", "threads:1"]

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("optimizer.sweeps.sensitivity.page.write_text", interrupted)
        code, said = run(*words, "--relax")
    assert code == 130
    assert "interrupted; the same command goes on with what is missing" in said
    assert load_sweep(tmp_path / "out").complete
    code, said = run(*words, "--relax")
    assert (code, "solved" in said) == (0, False)
    assert (tmp_path / "out" / "study.html").exists()


def test_parts_on_the_command_line(run: Run, flat: Path, tmp_path: Path) -> None:
    base = ["sweep", POLICY, CASE, flat, "--relax", "--executor", "threads:1"]
    parts = [tmp_path / "1", tmp_path / "2"]
    for number, folder in enumerate(parts, start=1):
        code, said = run(*base, "--part", f"{number}/2", "--out", folder)
        assert code == 0
        # The next command asks for what the folder holds: relaxations.
        line = next(line for line in said.splitlines() if line.startswith("Next: "))
        again = shlex.split(line)[2:]
        merging = ["--out", f"{folder}-whole", "--relax", "--merge", str(folder)]
        assert again == [*map(str, base[:4]), *merging]
    assert run(*again)[0] == 4
    whole = [*base[:-2], "--out", tmp_path / "whole", "--merge"]
    assert run(*whole[:4], *parts[:1], *whole[4:])[0] == 4
    code, said = run(*whole, *parts, "--json")
    assert code == 0
    document = json.loads(said)
    assert document["complete"]
    assert [row["status"] for row in document["scenarios"]] == [*["optimal"] * 2, "infeasible"]
