"""Previews of studies: how many solves, how many models and why, about how long."""

from __future__ import annotations

import subprocess
import sys

import pytest

from optimizer import Session, Study
from optimizer.sweeps import preview as module

POLICY, CASE, STUDY = "models/tiny.toml", "inputs/tiny", "models/studies/tiny.toml"

LEVERS = (
    "goals.alliance.weight",
    "budgets[].amount_jpy",
    "horizon.discount",
    "tracks[track=work].min_cohort",
    "costs[].amount_jpy",
)


def test_a_preview_says_what_a_session_finds() -> None:
    study = Study.one_at_a_time(LEVERS, by=0.5)
    table = study.preview(POLICY, CASE, measure=False).table.set_index("scenario")
    session = Session(POLICY, CASE)
    for scenario in study.resolved(POLICY, CASE):
        session.change_to({})
        session.change_to(scenario.changes)
        assert table.loc[scenario.name, "rebuilt_because"] == session.rebuilt_because
    assert set(table["rebuilt_because"]) == {"", "tracks.min_cohort"}


def test_scenarios_that_change_the_same_are_solved_once() -> None:
    change = {"address": "goals.alliance.weight", "value": "*2"}
    study = Study(
        [{"scenario": "nothing"}, {"scenario": "twice"}, {"scenario": "again"}],
        [{"scenario": name, **change} for name in ("twice", "again")],
    )
    preview = study.preview(POLICY, CASE, measure=False)
    assert preview.table["status"].tolist() == [
        "to solve",
        "same as base",
        "to solve",
        "same as twice",
    ]
    assert preview.in_words() == [
        "4 scenarios, base included: 2 to solve.",
        "2 change the same as others and need no solve.",
        "All are changed in one loaded model.",
    ]


def test_what_cannot_be_joined_is_refused_in_words() -> None:
    # With half of the applicants no cohort of the least size is left where two are committed.
    study = Study.one_at_a_time(["applicants[].applicants"], by=0.5)
    preview = study.preview(POLICY, CASE, measure=False)
    assert preview.table["status"].tolist() == ["to solve", "refused", "to solve"]
    assert preview.in_words()[2] == (
        "1 scenario cannot be joined, applicants[].applicants=*0.5: commitments.csv row 2, column "
        "at_least: 2 slots are committed, but none are possible there."
    )


def test_what_is_needed_by_many_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_JOINED", 0)
    study = Study.grid({"horizon.tail": range(12)})
    preview = study.preview(POLICY, CASE, measure=False)
    assert (preview.solves, preview.models) == (13, 12)
    assert repr(preview) == "<Preview: 13 solves, 12 further models>"
    assert repr(study) == "<Study 'study': 13 scenarios, 1 lever>"
    assert preview.in_words()[1] == (
        "12 scenarios need another model (horizon.tail): grid_01, grid_02, grid_03, grid_04, "
        "grid_05, grid_06, grid_07, grid_08, grid_09, grid_10 and 2 more."
    )


def test_the_time_is_measured_and_said_to_be_an_estimate() -> None:
    preview = Study.read(STUDY).preview(POLICY, CASE)
    seconds = preview.seconds
    # One model for base and one for the other years; five changes in the first of them.
    expected = 2 * (seconds["build"] + seconds["base"]) + 5 * seconds["next"]
    assert seconds["relaxations"] == pytest.approx(expected)
    words = preview.in_words()
    assert words[-2].startswith("Relaxing all takes about ")
    assert "an estimate: base took " in words[-2]
    assert words[-1] == "Plans take longer than relaxations, at most 60 s each by the policy."


def test_studies_are_made_without_a_solver() -> None:
    code = "import sys; import optimizer; optimizer.Study; print('highspy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
