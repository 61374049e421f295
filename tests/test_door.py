"""Arguments of the public API: wrong ones end in words, plans of every form do not."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optimizer
from golden.small_cases import NATIONAL
from optimizer.case import Case, load_case
from optimizer.errors import InputError, OptimizerError, PolicyError
from optimizer.instance import build_instance
from optimizer.plan import Decisions, Plan, empty
from optimizer.plan.checking import evaluate
from optimizer.plan.expectations import check_expectations
from optimizer.plan.given import ReadPlan
from optimizer.policy import Policy, load_policy
from optimizer.report import render_report
from optimizer.runs import write_facts, write_tables
from optimizer.runs.reading import read_plan
from optimizer.session import Session
from optimizer.session.building import build_model
from optimizer.session.solving import complete, solve

HUGE = 10**400
SECOND_GOAL = """
[goals.h]
weight = 1
scale = "none"
effects = [{ stage = "complete", effect = 1 }]
"""
SCORED_GOAL = """
[goals.s]
weight = 1
scale = "none"
indicators = [{ column = "gdp", range = [0, 3] }]
effects = [{ stage = "enter", effect = 1 }]
"""
BANDS = ("s,AA,2,1,2", "s,BB,1,1,2")


class Room:
    """One case with its policy, plan and session, and good arguments for every function."""

    def __init__(self, folder: Path) -> None:
        case, policy = NATIONAL.write(folder)
        self.folder, self.count = folder, 0
        self.case, self.policy = load_case(case), load_policy(policy)
        self.plan = solve(self.policy, self.case)
        bare = folder / "plan.csv"
        bare.write_text("country,track,year,slots\nAA,t,2030,1\n", encoding="utf-8")
        self.read = read_plan(bare, self.case)
        self.wish = folder / "wish.toml"
        self.wish.write_text(
            'schema = 1\ntitle = "Wish"\n[points]\nat_least = 1\n', encoding="utf-8"
        )
        two = folder / "two.toml"
        two.write_text(NATIONAL.with_(SECOND_GOAL).policy_text(), encoding="utf-8")
        divided = folder / "divided.toml"
        groups = '\n[[fairness]]\nname = "all"\nmeasure = "slots"\nby = ["country"]\n'
        divided.write_text(NATIONAL.policy_text() + groups, encoding="utf-8")
        weighed = folder / "weighed.toml"
        who = "".join(
            f'\n[[stakeholders]]\nname = "{goal}"\nweights = {{ {goal} = 1 }}\n' for goal in "gh"
        )
        weighed.write_text(NATIONAL.with_(SECOND_GOAL).policy_text() + who, encoding="utf-8")
        banded = NATIONAL.with_(SCORED_GOAL, rank_bands=("goal,country,rank,low,high", *BANDS))
        ranked = solve(*reversed(banded.write(folder / "banded")))
        session = Session(self.policy, self.case)
        pair = {"policy": self.policy, "case": self.case}
        swept = folder / "swept"
        alone = {**pair, "study": optimizer.Study()}
        optimizer.sweep(self.policy, self.case, optimizer.Study(), out=swept)
        run = optimizer.write_run(self.plan, folder / "kept")
        self.good: dict[str, tuple[Callable[..., object], dict[str, object]]] = {
            "load_case": (optimizer.load_case, {"path": case}),
            "load_policy": (optimizer.load_policy, {"path": policy}),
            "load_expectations": (optimizer.load_expectations, {"path": self.wish}),
            "build_instance": (optimizer.build_instance, pair),
            "read_plan": (optimizer.read_plan, {"path": bare, "case": self.case}),
            "evaluate": (optimizer.evaluate, {"decisions": self.plan, **pair}),
            "solve": (optimizer.solve, pair),
            "repair": (optimizer.repair, pair),
            "alternatives": (optimizer.alternatives, {"run": self.plan}),
            "compare": (optimizer.compare, {"one": self.plan, "other": self.plan}),
            "marginal_values": (optimizer.marginal_values, {"subject": run, "top": 1}),
            "odd_years": (optimizer.odd_years, {"subject": run, "top": 1}),
            "weights": (optimizer.weights, {"subject": run, "samples": 0}),
            "ranks": (optimizer.ranks, {"subject": ranked, "samples": 1}),
            "why": (optimizer.why, {"subject": run, "slots": "slots[track=t]"}),
            "why_not": (optimizer.why_not, {"subject": run, "wanted": "slots[track=t] >= 1"}),
            "with_answers": (optimizer.with_answers, {"plan": self.plan, "questions": 1}),
            "fairness": (optimizer.fairness, {"subject": run, "by": ["track"]}),
            "fair_plan": (
                optimizer.fair_plan,
                {"policy": load_policy(divided), "case": self.case, "aim": "max_min"},
            ),
            "frontier": (
                optimizer.frontier,
                {"policy": load_policy(two), "case": self.case, "goals": ["g", "h"], "points": 2},
            ),
            "stakeholders": (
                optimizer.stakeholders,
                {"subject": load_policy(weighed), "case": self.case, "compromises": ["mean"]},
            ),
            "importance": (optimizer.importance, {"subject": run, "addresses": ["limits"]}),
            "complete": (optimizer.complete, {"decisions": self.plan, **pair}),
            "build_model": (optimizer.build_model, pair),
            "write_model": (optimizer.write_model, {"path": folder / "m.lp", **pair}),
            "check_expectations": (
                optimizer.check_expectations,
                {"plan": self.plan, "expectations": self.wish, **pair},
            ),
            "validate": (optimizer.validate, {"paths": [policy, case], "solve": False}),
            "write_case": (optimizer.write_case, {"case": self.case, "path": folder / "new"}),
            "write_report": (
                optimizer.write_report,
                {"plan": self.plan, "path": folder / "r.html", **pair},
            ),
            "write_run": (
                optimizer.write_run,
                {"plan": self.plan, "folder": run, "force": True},
            ),
            "sweep": (optimizer.sweep, alone),
            "load_sweep": (optimizer.load_sweep, {"folder": swept}),
            "merge_sweeps": (
                optimizer.merge_sweeps,
                {**pair, "study": optimizer.Study(), "parts": [swept], "out": folder / "merged"},
            ),
            "load_run": (optimizer.load_run, {"path": run}),
            "write_first_case": (optimizer.write_first_case, {"path": folder / "first"}),
            "write_template": (optimizer.write_template, {"path": folder / "new"}),
            "Session": (optimizer.Session, pair),
            "Session.change": (session.change, {"changes": {}}),
            "Session.change_to": (session.change_to, {"changes": {}}),
            "Session.add_limit": (session.add_limit, {"limit": {}}),
            "Session.drop": (session.drop, {"name": "x"}),
            "Session.restore": (session.restore, {"name": "x"}),
            "Session.relax": (session.relax, {}),
            "Session.solve": (session.solve, {}),
            **of_studies(self.policy, self.case),
            "Decisions": (Decisions, {"slots": self.plan.slots}),
            "Case.table": (self.case.table, {"name": "costs"}),
            "Instance.options": (build_instance(self.case, self.policy).options, {}),
        }


def one_factor(factors: float) -> object:
    return optimizer.times(factors)


def of_studies(policy: Policy, case: Case) -> dict[str, Any]:
    range_of = optimizer.uniform(0.5, 2)
    drawn: dict[str, object] = {
        "levers": {"goals.g.weight": range_of, "horizon.discount": range_of},
        "n": 2,
    }
    values: dict[str, object] = {"levers": {"goals.g.weight": [1, 2]}}
    levers: dict[str, object] = {"levers": ["goals.g.weight"]}
    study = optimizer.Study(changes=[])
    return {
        "times": (one_factor, {"factors": 1.1}),
        "uniform": (optimizer.uniform, {"low": 0.5, "high": 2.0}),
        "loguniform": (optimizer.loguniform, {"low": 0.5, "high": 2.0}),
        "triangular": (optimizer.triangular, {"low": 0.5, "mode": 1.0, "high": 2.0}),
        "normal": (optimizer.normal, {"mean": 1.0, "deviation": 0.1}),
        "choice": (optimizer.choice, {"values": [1, 2]}),
        "correlated": (optimizer.correlated, {"levers": ["a", "b"], "by": 0.5}),
        "Study": (optimizer.Study, {}),
        "Study.grid": (optimizer.Study.grid, values),
        "Study.one_at_a_time": (optimizer.Study.one_at_a_time, levers),
        "Study.sample": (optimizer.Study.sample, drawn),
        "Study.sobol": (optimizer.Study.sobol, drawn),
        "Study.resolved": (study.resolved, {"policy": policy, "case": case}),
        "Study.preview": (study.preview, {"policy": policy, "case": case, "measure": False}),
        "Study.read": (optimizer.Study.read, {"path": "models/studies/tiny.toml"}),
        "Study.write": (study.write, {"path": "study.toml"}),
    }


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return Room(tmp_path_factory.mktemp("door"))


DESIGNS = ("grid", "one_at_a_time", "sample", "sobol")
METHODS = ("change", "change_to", "add_limit", "drop", "restore", "relax", "solve")
FUNCTIONS = (
    *(name for name in optimizer.__all__ if name.islower()),
    *(f"Session.{name}" for name in METHODS),
    *(f"Study.{name}" for name in DESIGNS),
    *(f"Study.{name}" for name in ("resolved", "preview", "read", "write")),
    *("Study", "Session", "Decisions", "Case.table", "Instance.options"),
)
STRANGE: dict[str, Any] = {
    "a whole number": 5,
    "nan": float("nan"),
    "a number of hundreds of digits": HUGE,
    "bytes": b"x",
    "a list of numbers": [5],
    "a table of text": {"x": "a"},
    "a table by numbers": {5: 5},
    "a table with a huge number": {"goals.g.weight": HUGE, "g": HUGE},
    "an object": object(),
    "a name too long": "a" * 5000,
    "a path too long": "a/" * 40000,
    "a zero character": "a\0b",
    "half a character": "a\ud800",
    "a class": Case,
    "a frame": pd.DataFrame({"a": [1]}),
    "a function of nothing": lambda: None,
}
NUMBERS = ("factors", "high", "mean", "deviation")
"""Of studies; any number that is in order and not the thousandfold will do."""
COUNTS = ("top", "plans", "most", "questions", "samples")
COMPARED = {("compare", "one"), ("compare", "other")}
MAY_BE_LEFT = {
    # Titles may be as long as somebody likes.
    "a name too long": {"title"},
    "a path too long": {"title"},
    # What is no fault: the numbers that time limits, starts and counts may be, and functions.
    "a whole number": {
        "time_limit",
        "started",
        "seed",
        "top",
        "plans",
        "most",
        "questions",
        "samples",
        "points",
        *NUMBERS,
    },
    "nan": {"started"},
    "a list of numbers": {"values"},
    "half a character": {"path", "log", "folder"},
}


def words_of(function: Callable[..., object], arguments: dict[str, object]) -> str | None:
    """What is said of wrong arguments; None where nothing is."""
    try:
        function(**arguments)
    except OptimizerError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", FUNCTIONS)
def test_strange_arguments_end_in_words(name: str, room: Room) -> None:
    function, good = room.good[name]
    records = {
        "a case": room.case,
        "a policy": room.policy,
        "a plan": room.plan,
        "a read": room.read,
    }
    told = 0
    for parameter, about in inspect.signature(function).parameters.items():
        # Any number of arguments can be given by place alone.
        if about.kind is inspect.Parameter.VAR_POSITIONAL:
            continue
        for what, value in {**STRANGE, **records}.items():
            if value is good.get(parameter) or parameter in MAY_BE_LEFT.get(what, ()):
                continue
            if parameter in ("decisions", "plan", "scales") and what in ("a plan", "a read"):
                continue
            if (name, parameter) in COMPARED and what in ("a case", "a policy", "a plan"):
                continue
            if (parameter, what) == ("subject", "a plan"):
                continue
            if (name, what) == ("write_template", "a case") and parameter == "source":
                continue
            # What was never dropped is not dropped afterwards either.
            if name == "Session.restore" and isinstance(value, str):
                continue
            said = words_of(function, good | {parameter: value})
            assert said, f"{name}: {parameter} may be {what}"
            assert "Traceback" not in said
            told += 1
    assert told


def test_every_function_at_the_door_is_tried(room: Room) -> None:
    assert set(FUNCTIONS) == set(room.good)


def test_swapped_arguments_are_told_both_at_once(room: Room) -> None:
    with pytest.raises(OptimizerError) as error:
        solve(room.case, room.policy)  # type: ignore[arg-type]  # swapped on purpose
    assert str(error.value) == (
        "solve: policy is a Case, not a Policy or a path\n"
        "solve: case is a Policy, not a Case or a path"
    )


def test_a_text_is_no_list_of_paths(room: Room) -> None:
    with pytest.raises(OptimizerError, match="validate: paths is 'models', not a list"):
        optimizer.validate("models")


@pytest.mark.parametrize("scales", [{"h": 1.0}, {"g": "a"}, {"g": 0.0}, {"g": HUGE}, 5])
def test_scales_are_checked_wherever_they_are_given(scales: Any, room: Room) -> None:
    with pytest.raises(PolicyError, match="scales"):
        evaluate(room.plan, room.policy, room.case, scales=scales)
    with pytest.raises(PolicyError, match="scales"):
        build_model(room.policy, room.case, scales=scales)


def test_a_model_is_not_built_with_a_part_of_its_ideals(room: Room) -> None:
    text = NATIONAL.policy.replace('"none"', '"ideal"')
    path = room.folder / "ideal.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match="is missing"):
        build_model(path, room.case, scales={})


ROWS = {"country": ["AA"], "track": "t", "level": "standard", "region": "", "year": 2030}


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        (pd.DataFrame(ROWS), "column slots: the column is missing"),
        (pd.DataFrame(ROWS | {"slots": 1.5}), "column slots: not all are numbers"),
        (pd.DataFrame(ROWS | {"slots": float("nan")}), "column slots: not all are numbers"),
        (pd.DataFrame(ROWS | {"slots": float("inf")}), "column slots: not all are numbers"),
        (pd.DataFrame(ROWS | {"slots": "1"}), "column slots: not all are numbers"),
        (pd.DataFrame(ROWS | {"slots": 1, "region": None}), "column region: None is not text"),
        (pd.DataFrame(ROWS | {"slots": 1, "year": "2030"}), "column year: not all are numbers"),
        ([], "decisions.slots: is a list"),
    ],
)
def test_decision_tables_are_looked_at(slots: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Decisions(slots)
    assert Decisions(pd.DataFrame(ROWS | {"slots": 2.0})).slots["slots"].tolist() == [2]


def forms(room: Room) -> dict[str, Plan | ReadPlan]:
    """One plan as it was solved, as its run and its workbook say, and as a table of slots."""
    run = room.folder / "run"
    if not run.exists():
        run.mkdir()
        write_tables(room.plan, run, room.policy, room.case)
        write_facts(room.plan, run, run)
    return {
        "solved": room.plan,
        "run": read_plan(run, room.case),
        "workbook": read_plan(run / "plan.xlsx", room.case),
        "table": read_plan(run / "plan.csv", room.case),
    }


def test_plans_in_every_form_are_taken_wherever_a_plan_is(room: Room) -> None:
    for name, plan in forms(room).items():
        found = evaluate(plan, room.policy, room.case)
        assert found.holds
        assert found.points == pytest.approx(room.plan.objective)
        done = complete(plan, room.policy, room.case)
        assert done.decisions == room.plan.decisions
        kept = check_expectations(plan, room.wish, room.case, room.policy)
        assert kept["holds"].all(), name
        page = render_report(plan, room.case, room.policy)
        # Only a run folder says with which policy and case its gap was proven.
        assert ("not solved here" in page) == (name in ("workbook", "table"))


def test_what_a_run_had_proven_holds_for_its_own_policy_alone(room: Room) -> None:
    run = forms(room)["run"]
    changed = load_policy(room.policy.path, changes={"goals.g.weight": 2})
    assert "not solved here" in render_report(run, room.case, changed)
    with pytest.raises(PolicyError, match="was not made with policy"):
        check_expectations(run, room.wish, room.case, changed)


def test_an_empty_plan_can_be_told_of(room: Room) -> None:
    nothing = replace(room.read, decisions=Decisions(empty("slots")))
    assert evaluate(nothing, room.policy, room.case).points == 0.0
