"""What is asked of a plan when it is solved, and stands in its report, workbook and run folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

import optimizer
import shared
from golden.small_cases import NATIONAL
from optimizer import InputError, Plan, PolicyError, write_run
from optimizer.explain.answering import answers_if_any
from optimizer.plan.answers import (
    ANSWER_SHEETS,
    MONEY_HELPS,
    PRICES,
    ROOM,
    WHAT_LIMITS,
    YEAR_CHANGES,
)
from optimizer.report import render_report
from optimizer.report.answered import ANSWER_SECTIONS
from optimizer.runs.answers import answers_in, write_answers
from optimizer.solver import Watch

SECTIONS = ("limiting", "prices", "years", "room")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return optimizer.solve(*shared.tiny())


@pytest.fixture(scope="module")
def answered(plan: Plan) -> Plan:
    return optimizer.with_answers(plan, 3)


def report_of(plan: Plan) -> str:
    assert plan.question is not None
    return render_report(plan, plan.question.case, plan.question.policy)


def test_every_answer_has_a_sheet_and_a_section(answered: Plan) -> None:
    assert answered.answers is not None
    assert list(answered.answers.of) == list(ANSWER_SHEETS) == list(ANSWER_SECTIONS)
    page = report_of(answered)
    for name in SECTIONS:
        assert page.count(f'<section id="{name}"') == 1


def test_they_are_the_answers_to_the_same_questions_asked_alone(plan: Plan, answered: Plan) -> None:
    assert answered.answers is not None
    of = answered.answers.of
    values = optimizer.marginal_values(plan, top=3)
    assert of[WHAT_LIMITS].sentences == tuple(values.in_words())
    assert of[MONEY_HELPS].table.equals(values.tables["money"])
    lost = optimizer.importance(plan, ["limits"]).table.set_index("address")
    prices = of[PRICES].table.set_index("address")["change_points"]
    assert prices.to_dict() == pytest.approx(lost.loc[prices.index, "change_points"].to_dict())
    years = optimizer.odd_years(plan, top=3)
    assert of[YEAR_CHANGES].table.equals(years.table)
    assert of[YEAR_CHANGES].sentences == tuple(years.in_words())
    ranges = optimizer.alternatives(plan).table
    assert of[ROOM].table["key"].tolist() == ["BOR", "CYR", "AVA"]
    assert of[ROOM].table.set_index("key")["most"].to_dict() == (
        ranges.set_index("key").loc[["BOR", "CYR", "AVA"], "most"].to_dict()
    )


def test_what_was_not_asked_is_named(answered: Plan) -> None:
    assert answered.answers is not None
    skipped = {name: answer.skipped for name, answer in answered.answers.of.items()}
    assert skipped == {
        WHAT_LIMITS: ("8 more numbers limit it by the dual alone; --explain all asks for them.",),
        MONEY_HELPS: (),
        PRICES: (
            "Not asked: use_within_capacity, limits.industry_money, placements_within_site, "
            "limits.more_from_africa; --explain all asks for them.",
        ),
        YEAR_CHANGES: (),
        ROOM: (),
    }
    page = report_of(answered)
    assert "8 more numbers limit it by the dual alone" in page
    assert answered.answers.asked == "3"


def test_changes_between_years_that_were_not_asked_about_are_counted(plan: Plan) -> None:
    answers = optimizer.with_answers(plan, 1).answers
    assert answers is not None
    years = answers.of[YEAR_CHANGES]
    assert years.table["status"].tolist() == ["explained", "not solved"]
    assert years.skipped == (
        "Why of 1 more change by more than half was not asked; --explain all asks for them.",
    )


def test_what_limits_nothing_needs_no_question(answered: Plan) -> None:
    assert answered.answers is not None
    table = answered.answers.of[PRICES].table
    idle = table[table["basis"].eq("dual")]
    assert len(idle) == 10
    assert (idle["change_points"] == 0.0).all()


def test_a_run_folder_keeps_them(answered: Plan, tmp_path: Path) -> None:
    folder = write_run(answered, tmp_path / "run")
    again = optimizer.load_run(folder).plan
    assert again.answers == answered.answers
    assert report_of(again).count("<section id=") == report_of(answered).count("<section id=")
    book = openpyxl.load_workbook(folder / "plan.xlsx", read_only=True)
    assert set(ANSWER_SHEETS.values()) <= set(book.sheetnames)
    head = next(book["prices_of_rules"].iter_rows(values_only=True))
    assert head[:5] == ("address", "group", "title", "points", "change_points")
    # And the run may be written over, as it is ours.
    assert write_run(again, folder, force=True) == folder


def test_a_plan_of_which_nothing_was_asked_has_none(plan: Plan, tmp_path: Path) -> None:
    folder = write_run(plan, tmp_path / "run")
    assert not (folder / "answers.json").exists()
    assert optimizer.load_run(folder).plan.answers is None
    assert not [name for name in SECTIONS if f'id="{name}"' in report_of(plan)]


def test_answers_that_were_edited_are_refused(answered: Plan, tmp_path: Path) -> None:
    folder = write_run(answered, tmp_path / "run")
    file = folder / "answers.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("469.550", "569.550"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        _ = optimizer.load_run(folder).plan
    assert str(caught.value).splitlines()[1:] == [
        "- answers.json: was edited since the run",
        "    Expected what the run has written.",
    ]
    file.unlink()
    with pytest.raises(InputError, match=r"answers\.json"):
        _ = optimizer.load_run(folder).plan


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"limiting": {', '"limitating": {', "'limitating' is not an answer"),
        ('"asked": "3"', '"asked": 3', "answers.json, asked:"),
        ('"str"', '"float64"', "rows do not fit their columns"),
        ('"bool"', '"object"', "answers.json, answers.limiting.columns.protected: 'object'"),
        ("{", "[", "is not JSON that a run writes"),
    ],
)
def test_answers_that_no_run_writes_are_refused(
    before: str, after: str, told: str, answered: Plan, tmp_path: Path
) -> None:
    from hashlib import sha256

    assert answered.answers is not None
    write_answers(answered.answers, tmp_path)
    file = tmp_path / "answers.json"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    wanted = sha256(file.read_bytes()).hexdigest()
    with pytest.raises(InputError) as caught:
        answers_in(tmp_path, wanted, answered.objective)
    assert told in str(caught.value)


def test_answers_of_a_plan_that_was_edited_are_left_out(answered: Plan, tmp_path: Path) -> None:
    folder = write_run(answered, tmp_path / "run")
    slots = folder / "plan.csv"
    lines = slots.read_text(encoding="utf-8").splitlines()
    slots.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    plan = optimizer.load_run(folder).plan
    assert plan.answers is None
    assert plan.notes[-1] == (
        "What was asked of the plan is left out, as the plan was edited since."
    )


def test_without_time_the_plan_stays_and_says_why(plan: Plan) -> None:
    late = Watch(time_limit=1e-9)
    told = answers_if_any(plan, None, late).answers
    assert told is not None
    assert (told.asked, told.of) == ("all", {})
    assert told.skipped[0].startswith("Nothing was asked: no plan")
    page = report_of(replace(plan, answers=told))
    assert "This was asked and not answered." in page


def test_counts_are_checked(plan: Plan) -> None:
    with pytest.raises(PolicyError, match="-1 is not a valid count"):
        optimizer.with_answers(plan, -1)
    with pytest.raises(PolicyError, match="-1 is not a valid count"):
        optimizer.alternatives(plan, most=-1)


def test_the_command_asks_so_many_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files, policy = NATIONAL.with_(
        '\n[[limits]]\nname = "five"\nmeasure = "slots"\nat_most = 5\nwhy = "Five rooms."\n'
    ).write(tmp_path)
    out = tmp_path / "run"
    assert shared.run(monkeypatch, "solve", policy, files, "--out", out, "--explain", "1") == 0
    said = capsys.readouterr().out.splitlines()
    first = said.index("No plan can exceed 500.000 points (relaxation); this one has 500.000.")
    assert said[first + 1 :] == [
        "What limits it, each solved again with one step more room and one less:",
        "1. A ceiling of the policy: limits.five.at_most (policy.toml), now 5: 6 brings 100 "
        "points; 4 costs 100 points (at the same rates from 0 to 7).",
        "By the relaxation, more money in any one line and year brings nothing.",
        "With everything, no plan can exceed 500.000 points (relaxation).",
        "- without limits.five: 200 points more",
        "- without spending_within_budget: the same points",
        "No track, country or region changes by more than half from one year to the next.",
        "Plans of at least 495 points; the plan in hand has 500.",
        "No such plan lies outside these ranges; at 1 of 2 ends there is one that is known.",
        "By country:",
        "- BB: 3, from 1 (relaxation) to 3",
        "Ranges of 1 more country with slots were not asked for; --explain all asks for them.",
        f"Next: optimizer check {out}",
    ]
    facts = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert len(facts["answers"]) == 64
    assert shared.run(monkeypatch, "solve", policy, files, "--explain", "few") == 2
