"""The command line as a planner meets it: exit codes, what is on stdout, what is left on disk."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pandas as pd
import pytest

from optimizer import cli
from optimizer.case import Case
from optimizer.cli import showing
from optimizer.io import writing
from optimizer.plan import Plan
from optimizer.plan.fair_shares import FAIRNESS, FAIRNESS_GROUPS
from optimizer.plan.to_stakeholders import STAKEHOLDER_VALUES
from optimizer.policy import Policy
from optimizer.runs import workbook
from optimizer.session import solving
from shared import run

ROOT = Path(__file__).resolve().parents[1]
POLICY, CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
RUN_FILES = {
    "plan.csv",
    "decisions.csv",
    "plan.xlsx",
    "summary.json",
    "run.json",
    "report.html",
}


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file in a folder and in those within."""
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        assert run(patch, "solve", POLICY, CASE, "--out", folder) == 0
    return folder


def test_solve_leaves_a_whole_run_folder(run_folder: Path) -> None:
    assert {file.name for file in run_folder.iterdir()} >= RUN_FILES
    facts = json.loads((run_folder / "run.json").read_text())
    assert facts["status"] == "optimal"
    assert facts["deterministic"] is True
    assert not [file for file in run_folder.parent.iterdir() if file.name.startswith(".")]


def test_solve_json_is_the_only_thing_on_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", tmp_path / "run", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert {
        "status",
        "objective",
        "bound",
        "gap",
        "seconds",
        "slots_total",
        "warnings",
        "goals",
        "spending",
        "run_folder",
    } <= set(document)
    assert {"read", "build", "load", "solve", "total"} <= set(document["seconds"])
    assert {"raw", "scale", "scaled", "weighted"} == set(next(iter(document["goals"].values())))


def test_same_run_gives_the_same_plan_byte_for_byte(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", tmp_path / "again") == 0
    for name in ("plan.csv", "decisions.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (run_folder / name).read_bytes()


def test_an_existing_folder_is_refused_without_force(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (run_folder / "plan.csv").read_bytes()
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", run_folder) == 2
    assert "exists already" in capsys.readouterr().err
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", run_folder, "--force") == 0
    assert (run_folder / "plan.csv").read_bytes() == before


def test_force_never_replaces_a_folder_of_something_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "will.txt").write_text("mine")
    words = ("solve", POLICY, CASE, "--out", tmp_path / "letters", "--force")
    assert run(monkeypatch, *words) == 2
    assert "is not a run folder" in capsys.readouterr().err
    assert (tmp_path / "letters" / "will.txt").read_text() == "mine"


def test_a_broken_case_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "tiny"
    shutil.copytree(CASE, broken)
    tracks = broken / "tracks.csv"
    tracks.write_text(tracks.read_text().replace("pathway", "pathwya", 1))
    assert run(monkeypatch, "solve", POLICY, broken, "--out", tmp_path / "runs" / "x") == 1
    error = capsys.readouterr().err
    assert "tracks.csv" in error
    assert "pathway" in error
    assert "Traceback" not in error
    assert not list((tmp_path / "runs").glob("*"))


def test_check_accepts_our_plan(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "check", run_folder, POLICY, CASE) == 0
    assert "Every rule holds." in capsys.readouterr().out


def test_check_refuses_more_slots_than_a_rule_allows(
    run_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    plan = tmp_path / "run" / "plan.csv"
    header, first, *rest = plan.read_text().splitlines()
    *keys, slots = first.split(",")
    plan.write_text("\n".join([header, ",".join([*keys, str(int(slots) + 1000)]), *rest]) + "\n")
    assert run(monkeypatch, "check", tmp_path / "run", POLICY, CASE, "--json") == 3
    document = json.loads(capsys.readouterr().out)
    assert document["holds"] is False
    assert "cohort_within_applicants" in {row["rule"] for row in document["violations"]} | {
        "cohort_within_applicants" if row["rule"] == "cohort_needs_agreement" else ""
        for row in document["violations"]
    }


def test_check_completes_a_bare_table_of_slots(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("check", run_folder / "plan.csv", POLICY, CASE)
    assert run(monkeypatch, *words, "--complete", "--json") == 0
    completed = json.loads(capsys.readouterr().out)
    summary = json.loads((run_folder / "summary.json").read_text())
    assert completed["points"] == pytest.approx(summary["objective"], rel=1e-6)


def test_a_bare_table_says_what_was_assumed(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "check", run_folder / "plan.csv", POLICY, CASE)
    assert "Assumed: nobody stays on, nothing is built" in capsys.readouterr().out


def test_validate_and_its_annotations(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "validate", POLICY, CASE, "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["message"] == "relaxation solved"
    assert run(monkeypatch, "validate", POLICY, CASE, "--no-solve") == 0
    assert "built" in capsys.readouterr().out
    broken = tmp_path / "broken.toml"
    broken.write_text(POLICY.read_text().replace("weight", "wieght", 1))
    assert run(monkeypatch, "validate", broken, CASE, "--github") == 1
    assert f"::error file={broken}" in capsys.readouterr().out
    # Beside a document they go where they do not spoil it.
    assert run(monkeypatch, "validate", broken, CASE, "--github", "--json") == 1
    told = capsys.readouterr()
    assert f"::error file={broken}" in told.err
    assert not json.loads(told.out)[0]["ok"]


def test_validate_tells_one_fault_for_a_table_that_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    case = shutil.copytree(CASE, tmp_path / "tiny")
    countries = case / "countries.csv"
    countries.write_bytes(countries.read_text("utf-8").encode("utf-16"))
    assert run(monkeypatch, "validate", POLICY, case, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    told = [problem for item in found for problem in item["problems"]]
    assert len(told) == 1
    assert "is saved as UTF-16" in str(told[0])
    assert found[-1]["message"] == "valid; no matching case given could be read"


def test_one_broken_rule_is_told_in_the_singular(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = {
        name: pd.DataFrame(columns=list(columns))
        for name, columns in (
            ("fairness", FAIRNESS),
            ("fairness_groups", FAIRNESS_GROUPS),
            ("stakeholders", STAKEHOLDER_VALUES),
        )
    }
    for count, told in ((1, "1 rule is broken."), (2, "2 rules are broken.")):
        broken = Mock(holds=False, points=1.0, tables=nothing)
        broken.in_words.return_value = ["x"] * count
        showing.print_evaluation(broken, (), {})
        assert f"{told} 1.0000 points." in capsys.readouterr().out


def test_words_and_formulas_need_no_scales(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # All goals of this policy are on scale `ideal`.
    assert run(monkeypatch, "formulation", ROOT / "models" / "balanced.toml", CASE) == 0
    assert "spending_within_budget" in capsys.readouterr().out


@pytest.mark.parametrize("style", ["markdown", "latex", "lp", "mps"])
def test_formulation_writes_every_format(
    style: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    assert run(monkeypatch, "formulation", POLICY, CASE, "--format", style, "--out", out) == 0
    wanted = {
        "markdown": "spending_within_budget",
        "latex": "\\begin{document}",
        "lp": "spending_within_budget",
        "mps": "ROWS",
    }
    assert wanted[style] in out.read_text()


def test_usage_errors_exit_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "slove") == 2
    assert run(monkeypatch, "formulation", POLICY, CASE, "--format", "docx") == 2
    capsys.readouterr()


def test_infeasible_exits_with_3_and_says_what_would_have_to_give(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    policy = tmp_path / "greedy.toml"
    policy.write_text(
        POLICY.read_text()
        + '\n[[limits]]\nname = "thrift"\nmeasure = "spending"\nat_most = 0\nprotected = false\n'
        + '\n[[limits]]\nname = "crowd"\nmeasure = "slots"\nat_least = 3\n'
    )
    assert run(monkeypatch, "solve", policy, CASE, "--out", tmp_path / "run") == 3
    error = capsys.readouterr().err
    assert "This cannot be kept (verified):" in error
    assert "thrift" in error
    assert not (tmp_path / "run").exists()


def test_no_plan_within_the_limit_exits_with_4(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("solve", POLICY, CASE, "--out", tmp_path / "run", "--time-limit", "0.001")
    assert run(monkeypatch, *words) == 4
    assert "no plan was found within" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_ctrl_c_without_a_plan_exits_with_130(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "optimizer",
        "solve",
        str(ROOT / "models" / "balanced.toml"),
        str(ROOT / "inputs" / "japan"),
        "--out",
        str(tmp_path / "run"),
    ]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stderr is not None
        # The first words on stderr say that solving has begun, so Ctrl-C is listened to.
        process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    assert not (tmp_path / "run").exists()


def test_version_and_module_entry() -> None:
    words = [sys.executable, "-m", "optimizer", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip().count(".") == 2


TAMPERED = [
    (
        "decisions.csv",
        "expansion,,,,,hills,,lessons,,,2030,1",
        "expansion,,,,,hills,,lessons,,,2030,1.9",
    ),
    ("decisions.csv", "agreements,CYR,lab,,,,,,,,2031,1", "agreements,CYR,lab,,,,,,,,2031,0"),
    (
        "decisions.csv",
        "agreements,CYR,lab,,,,,,,,2031,1",
        "agreements,CYR,lab,,,,,,,,2031,1\nagreements,CYR,lab,,,,,,,,2032,1",
    ),
    ("decisions.csv", "agreements,CYR,lab,,", "agreements,CYR,lab,,near"),
    ("run.json", '"scales": {', '"scales": null, "other": {'),
    ("run.json", '"status"', "{"),
]


@pytest.mark.parametrize("tampering", TAMPERED)
def test_check_refuses_a_tampered_run(
    tampering: tuple[str, str, str],
    run_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    name, before, after = tampering
    shutil.copytree(run_folder, tmp_path / "run")
    file = tmp_path / "run" / name
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    assert run(monkeypatch, "check", tmp_path / "run", POLICY, CASE) == 1
    assert name in capsys.readouterr().err


def test_a_scale_may_be_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("solve", POLICY, CASE, "--out", tmp_path / "run", "--json")
    assert run(monkeypatch, *words, "--set", "goals.alliance.scale=2") == 0
    assert json.loads(capsys.readouterr().out)["goals"]["alliance"]["scale"] == 2.0


@pytest.mark.parametrize("out", ["no/such\0file", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_one_line(
    out: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", out) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err


def while_writing(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen when there is a plan and half of it is written."""
    write_workbook = workbook.write_workbook

    def written(plan: Plan, path: Path, policy: Policy, case: Case) -> None:
        happens()
        write_workbook(plan, path, policy, case)

    monkeypatch.setattr(workbook, "write_workbook", written)


SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def _usual_signals() -> Iterator[None]:
    """Signals as a terminal gives them: whatever a shell runs in the background ignores Ctrl-C."""
    usual = dict.fromkeys(SIGNALS, signal.SIG_DFL) | {signal.SIGINT: signal.default_int_handler}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    after = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        signal.signal(number, handler)
    assert after == usual


@pytest.mark.usefixtures("_usual_signals")
@pytest.mark.parametrize("number", SIGNALS)
def test_no_signal_while_writing_loses_the_plan(
    number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    while_writing(monkeypatch, lambda: os.kill(os.getpid(), number))
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", tmp_path / "run") == 0
    assert {file.name for file in (tmp_path / "run").iterdir()} >= RUN_FILES


@pytest.mark.usefixtures("_usual_signals")
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_after_writing_comes_too_late(
    number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cli.make, "print_plan", lambda plan: os.kill(os.getpid(), number))
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", tmp_path / "run") == 0
    assert {file.name for file in (tmp_path / "run").iterdir()} >= RUN_FILES


@pytest.mark.usefixtures("_usual_signals")
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_before_there_is_a_plan_leaves_nothing(
    number: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def read(*words: object, **options: object) -> None:
        os.kill(os.getpid(), number)

    monkeypatch.setattr("optimizer.session.solving.planned", read)
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", tmp_path / "a" / "run") == 130
    assert not list(tmp_path.iterdir())
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.usefixtures("_usual_signals")
def test_a_command_told_to_outlive_its_terminal_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        monkeypatch.setattr(
            "optimizer.cli.showing.ProgressLine.show",
            lambda *words: os.kill(os.getpid(), signal.SIGHUP),
        )
        assert run(monkeypatch, "solve", POLICY, CASE, "--out", tmp_path / "run") == 0
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


# Where to write, looked at again ----------------------------------------------------------------


def test_a_folder_made_meanwhile_stays_and_the_run_is_beside_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "run"

    def appear() -> None:
        out.mkdir()
        (out / "will.txt").write_text("mine")

    while_writing(monkeypatch, appear)
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", out) == 2
    told = capsys.readouterr()
    assert "something else has appeared there meanwhile and stays as it is" in told.err
    assert f"is in {tmp_path / 'run-2'}" in told.err
    assert f"to {tmp_path / 'run-2'}" in told.out
    assert [(file.name, file.read_text()) for file in out.iterdir()] == [("will.txt", "mine")]
    assert {file.name for file in (tmp_path / "run-2").iterdir()} >= RUN_FILES
    summary = json.loads((tmp_path / "run-2" / "summary.json").read_text())
    assert summary["run_folder"] == str(tmp_path / "run-2")
    assert {item.name for item in tmp_path.iterdir()} == {"run", "run-2"}


@pytest.mark.parametrize("force", [False, True])
def test_of_two_runs_into_one_folder_both_are_kept(
    force: bool, run_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    if force:
        shutil.copytree(run_folder, out)

    def other_run() -> None:
        if force:
            shutil.rmtree(out)
        shutil.copytree(run_folder, out)
        (out / "plan.csv").write_text("the other run's")

    while_writing(monkeypatch, other_run)
    words = ("solve", POLICY, CASE, "--out", out, *(["--force"] if force else []))
    assert run(monkeypatch, *words) == 2
    assert (out / "plan.csv").read_text() == "the other run's"
    plan = (run_folder / "plan.csv").read_bytes()
    assert (tmp_path / "run-2" / "plan.csv").read_bytes() == plan


FOREIGN: dict[str, Callable[[Path], object]] = {
    "a file of its own in a run": lambda folder: (folder / "notes.docx").write_text("mine"),
    "a run.json of another program": lambda folder: (folder / "run.json").write_text("{}"),
    "a run without its plan": lambda folder: (folder / "plan.csv").unlink(),
}


@pytest.mark.parametrize("spoil", FOREIGN.values(), ids=FOREIGN)
def test_force_replaces_nothing_that_a_run_does_not_write(
    spoil: Callable[[Path], object],
    run_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    spoil(tmp_path / "run")
    before = contents(tmp_path / "run")
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", tmp_path / "run", "--force") == 2
    assert "run" in capsys.readouterr().err
    after = contents(tmp_path / "run")
    assert after == before


def test_a_hidden_folder_cleared_away_meanwhile_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    planned = solving.planned

    def and_cleared(*asked: Any) -> Plan:
        plan = planned(*asked)
        shutil.rmtree(tmp_path / "runs")
        return plan

    monkeypatch.setattr(solving, "planned", and_cleared)
    out = tmp_path / "runs" / "run"
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", out) == 0
    assert {file.name for file in out.iterdir()} >= RUN_FILES - {"solver.log"}


def test_a_full_disk_is_one_line_and_leaves_the_older_run(
    run_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    before = contents(tmp_path / "run")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))

    while_writing(monkeypatch, fill)
    try:
        words = ("solve", POLICY, CASE, "--out", tmp_path / "run", "--force")
        assert run(monkeypatch, *words) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert capsys.readouterr().err.endswith(
        f"1 problem\n- {tmp_path / 'run'}: cannot be written: File too large\n"
        "    Expected a writable path with free space, which no other process writes to.\n"
    )
    assert contents(tmp_path / "run") == before
    assert [item.name for item in tmp_path.iterdir()] == ["run"]


def test_a_full_disk_does_not_lose_a_plan_where_there_is_another(
    run_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    out, spare = tmp_path / "out" / "run", tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    write_bytes = writing.write_bytes

    def full(path: Path, content: bytes) -> None:
        if out.parent in path.parents and path.suffix == ".json":
            raise OSError(errno.ENOSPC, "No space left on device")
        write_bytes(path, content)

    monkeypatch.setattr(writing, "write_bytes", full)
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", out) == 2
    (found,) = spare.glob("*/run")
    assert capsys.readouterr().err.endswith(
        f"1 problem\n- {out}: cannot be written: No space left on device; what was to be written "
        f"there is in {found}\n"
        "    Expected a writable path with free space, which no other process writes to.\n"
    )
    assert (found / "plan.csv").read_bytes() == (run_folder / "plan.csv").read_bytes()
    assert json.loads((found / "summary.json").read_text())["run_folder"] == str(found)
    assert not out.parent.exists()
