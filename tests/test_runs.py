"""A run holds its question: what was asked, and how to ask on."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pyomo.environ as pyo
import pytest

from optimizer import (
    ExtensionError,
    InputError,
    Instance,
    ModelWarning,
    OptimizerError,
    Plan,
    Session,
    TargetError,
    cli,
    evaluate,
    load_case,
    load_policy,
    load_run,
    read_plan,
    solve,
    write_case,
    write_run,
)
from optimizer.case.changes import change_case
from optimizer.io.archives import MOST_UNPACKED, ArchiveError, packed, unpacked
from optimizer.io.toml import toml_text
from optimizer.policy.loading import tables_of
from optimizer.runs import CASE_BOOK, CASE_FILES, INPUTS, POLICY_FILE

ROOT = Path(__file__).parents[1]
POLICY, CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
POLICIES = sorted((ROOT / "models").glob("*.toml"))
FEW = {"name": "few", "measure": "slots", "where": {"track": "work"}, "at_most": 5}
CHANGES = {
    "limits.few.at_most": 4,
    "goals.alliance.weight": "*1.5",
    "budgets[line=science, year=2030].amount": "+10%",
}


def asked() -> Session:
    session = Session(POLICY, CASE)
    session.add_limit(FEW)
    session.change(CHANGES)
    session.drop("country_share")
    return session


@pytest.fixture(scope="module")
def plan() -> Plan:
    return asked().solve(gap=0.0)


@pytest.fixture
def run(plan: Plan, tmp_path: Path) -> Path:
    return write_run(plan, tmp_path / "run")


def few_new(model: Any, instance: Instance) -> None:
    """At most nine new people in each year."""

    def few(model: Any, year: int) -> object:
        return sum(model.cohort[key] for key in model.COHORTS if key[3] == year) <= 9

    model.few_come = pyo.Constraint(list(instance.sets.years), rule=few)


def told(error: OptimizerError) -> str:
    return str(error).partition("\n- ")[2]


# What is kept ------------------------------------------------------------------------------------


def test_a_run_gives_back_its_plan_and_the_session_that_found_it(plan: Plan, run: Path) -> None:
    found = load_run(run)
    assert found.plan.decisions == plan.decisions
    assert (found.plan.policy, found.plan.case) == ("tiny", "tiny")
    assert (found.plan.status, found.plan.gap) == ("optimal", 0.0)
    assert found.plan.objective == pytest.approx(plan.objective, abs=1e-9)
    again = found.session.solve(gap=0.0)
    assert again.objective == pytest.approx(plan.objective, abs=1e-6)
    for name in ("policy_hash", "case_hashes", "changes", "added_limits", "dropped", "scales"):
        assert again.provenance[name] == plan.provenance[name]
    # What was dropped may hold again, and what was relative refers to the same figures.
    found.session.restore("country_share")
    found.session.change({"goals.alliance.weight": "*2"})
    fresh = asked()
    fresh.restore("country_share")
    fresh.change({"goals.alliance.weight": "*2"})
    assert found.session.policy == fresh.policy
    assert found.session.case == fresh.case
    assert found.session.relax().points == pytest.approx(fresh.relax().points, abs=1e-6)


def test_it_is_small_and_the_same_every_time(plan: Plan, run: Path, tmp_path: Path) -> None:
    other = write_run(plan, tmp_path / "other")
    for name in (POLICY_FILE, CASE_FILES):
        content = (run / INPUTS / name).read_bytes()
        assert content == (other / INPUTS / name).read_bytes()
        assert len(content) < 10_000
    # The files of the case are those that were read, byte by byte.
    with zipfile.ZipFile(run / INPUTS / CASE_FILES) as archive:
        for name in archive.namelist():
            assert archive.read(name) == (CASE / name).read_bytes()


@pytest.mark.parametrize("policy", POLICIES, ids=lambda path: path.stem)
def test_a_merged_policy_says_the_same_as_its_files(policy: Path, tmp_path: Path) -> None:
    loaded = load_policy(policy)
    tables = {name: said for name, said in tables_of(loaded).items() if name != "extends"}
    written = tmp_path / policy.name
    written.write_text(toml_text(tables), encoding="utf-8")
    assert load_policy(written) == loaded


def test_a_workbook_is_kept_as_it_is(tmp_path: Path) -> None:
    book = tmp_path / "mine.xlsx"
    write_case(load_case(CASE), book)
    policy = tmp_path / "p.toml"
    policy.write_text(POLICY.read_text(encoding="utf-8").replace('["tiny"]', '["*"]'))
    plan = solve(policy, book)
    run = write_run(plan, tmp_path / "run")
    assert (run / INPUTS / CASE_BOOK).read_bytes() == book.read_bytes()
    book.unlink()
    policy.unlink()
    found = load_run(run)
    assert (found.plan.policy, found.plan.case) == ("p", "mine")
    assert found.session.solve().objective == pytest.approx(plan.objective, abs=1e-6)
    assert found.case.hashes == plan.provenance["case_hashes"]


def test_a_case_that_was_changed_before_is_kept_as_it_was_then(tmp_path: Path) -> None:
    changed, _ = change_case(load_case(CASE), {"budgets[line=science, year=2030].amount": "+1%"})
    plan = solve(POLICY, changed)
    found = load_run(write_run(plan, tmp_path / "run"))
    assert found.case == changed
    assert found.case.hashes == plan.provenance["case_hashes"]
    assert found.plan.status == plan.status
    assert found.plan.objective == pytest.approx(plan.objective, abs=1e-9)


def test_custom_rules_must_be_handed_in_again(tmp_path: Path, run: Path) -> None:
    plan = solve(POLICY, CASE, extend=few_new)
    written = write_run(plan, tmp_path / "custom")
    with pytest.raises(ExtensionError) as raised:
        load_run(written)
    assert told(raised.value) == (
        f"run.json, extend: the custom rules of {few_new.__module__}.few_new are not kept with "
        "the run\n    Expected load_run(path, extend=...)."
    )
    found = load_run(written, extend=few_new)
    assert found.plan.decisions == plan.decisions
    assert found.session.solve().objective == pytest.approx(plan.objective, abs=1e-6)
    with pytest.warns(ModelWarning, match=r"few_new, have changed since"):
        load_run(written, extend=lambda model, instance: None)
    with pytest.raises(ExtensionError, match="the run was made without custom rules"):
        load_run(run, extend=few_new)


# What is refused ---------------------------------------------------------------------------------


def edited(name: str) -> Callable[[Path], None]:
    def edit(run: Path) -> None:
        path = run / INPUTS / name
        path.write_bytes(path.read_bytes() + b"\n")

    return edit


def without(*names: str) -> Callable[[Path], None]:
    def remove(run: Path) -> None:
        for name in names:
            (run / INPUTS / name).unlink()

    return remove


def saying(said: object) -> Callable[[Path], None]:
    def say(run: Path) -> None:
        facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
        (run / "run.json").write_text(json.dumps(facts | {"inputs": said}), encoding="utf-8")

    return say


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            edited(POLICY_FILE),
            "inputs/policy.toml: was edited since the run\n    Expected what the run kept.",
        ),
        (
            without(POLICY_FILE, CASE_FILES),
            "inputs/case.zip: the file is missing\n    Expected what the run kept.\n"
            "- inputs/policy.toml: the file is missing\n    Expected what the run kept.",
        ),
        (
            saying(None),
            "run/inputs: keeps no policy and no case\n"
            "    Expected a run that this version has written, or read_plan with its case.",
        ),
        (
            saying({"files": {"../../etc/passwd": "0"}, "case_hashes": {}}),
            "run.json, inputs.files: does not name what is kept\n"
            "    Expected hashes of policy.toml and of case.zip or case.xlsx.",
        ),
        (saying(5), "run.json, inputs: 5 is not a table\n    Expected a table."),
    ],
)
def test_a_question_that_was_touched_is_refused(
    spoil: Callable[[Path], None], message: str, run: Path
) -> None:
    spoil(run)
    with pytest.raises(InputError) as raised:
        load_run(run)
    assert told(raised.value) == message


def test_a_run_of_before_is_read_as_before(plan: Plan, run: Path) -> None:
    shutil.rmtree(run / INPUTS)
    saying(None)(run)
    assert read_plan(run, load_case(CASE)).decisions == plan.decisions


def test_a_run_that_does_not_say_its_names_has_those_of_its_files(run: Path) -> None:
    facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
    policy = (run / INPUTS / POLICY_FILE).read_text(encoding="utf-8").replace('"tiny"', '"*"')
    (run / INPUTS / POLICY_FILE).write_text(policy, encoding="utf-8")
    facts["inputs"]["files"][POLICY_FILE] = sha256(policy.encode()).hexdigest()
    said = {name: value for name, value in facts.items() if name not in ("policy", "case")}
    (run / "run.json").write_text(json.dumps(said), encoding="utf-8")
    found = load_run(run)
    assert (found.policy.name, found.case.name) == ("policy", "case")


def test_what_is_no_run_folder_is_refused(run: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        load_run(run / "plan.xlsx")
    (run / "run.json").unlink()
    with pytest.raises(InputError, match=r"run\.json: there is no such file in"):
        load_run(run)


def test_only_a_run_is_replaced_and_only_if_asked(plan: Plan, run: Path) -> None:
    with pytest.raises(TargetError):
        write_run(plan, run)
    assert write_run(plan, run, force=True) == run
    (run / INPUTS / "mine.txt").write_text("mine")
    with pytest.raises(
        TargetError, match=r"holds files that are not part of a run: inputs/mine\.txt"
    ):
        write_run(plan, run, force=True)
    assert (run / INPUTS / "mine.txt").read_text() == "mine"


def test_a_plan_that_knows_no_question_is_no_run(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(OptimizerError, match="the plan does not know its policy and case"):
        write_run(replace(plan, question=None), tmp_path / "run")
    assert not (tmp_path / "run").exists()


# Archives ----------------------------------------------------------------------------------------


def test_a_case_may_be_an_archive_of_its_folder(tmp_path: Path) -> None:
    files = {path.name: path.read_bytes() for path in CASE.iterdir() if path.suffix != ".md"}
    (tmp_path / "tiny.zip").write_bytes(packed(files))
    case = load_case(tmp_path / "tiny.zip")
    assert case == load_case(CASE)
    assert case.hashes == load_case(CASE).hashes
    (tmp_path / "tiny.zip").write_bytes(packed(files | {"cost.csv": b"a\n1\n"}))
    with pytest.raises(InputError) as raised:
        load_case(tmp_path / "tiny.zip")
    assert told(raised.value).startswith("cost.csv: is not a table of a case")


def bomb() -> bytes:
    return packed({"case.toml": b" " * (MOST_UNPACKED // 8)})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no archive", "is not a zip archive"),
        (packed({"case.toml": b"x" * 99})[:-30], "is damaged: its end is missing"),
        (packed({"a/case.toml": b""}), r"holds a folder \(a/case\.toml\)"),
        (packed({str(number): b"" for number in range(9)}), "has 9 parts"),
        (bomb(), "unpacks part case.toml to more than 200 times its size"),
    ],
    ids=["none", "cut", "folder", "many", "bomb"],
)
def test_an_archive_that_nobody_made_for_us_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        unpacked(content, "a zip archive", most=5)


# On the command line -----------------------------------------------------------------------------


def test_a_run_is_checked_without_naming_its_policy(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["optimizer", "check", str(run)])
    assert cli.main() == 0
    shown = capsys.readouterr().out
    assert "Every rule holds. 380.6413 points." in shown
    assert "what the run had dropped need not hold (country_share)" in shown
    monkeypatch.setattr(sys, "argv", ["optimizer", "check", str(run / "plan.csv")])
    assert cli.main() == cli.Exit.USAGE
    assert "POLICY: is missing; only a run folder keeps it" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["optimizer", "check", str(run.parent / "ran")])
    assert cli.main() == cli.Exit.WRONG
    assert f"ran: there is no such folder in {run.parent}" in capsys.readouterr().err


def test_a_run_that_was_edited_is_proven_no_more(tmp_path: Path) -> None:
    run = write_run(solve(POLICY, CASE, gap=0.0), tmp_path / "run")
    assert load_run(run).plan.status == "optimal"
    slots = pd.read_csv(run / "plan.csv")
    fewer = slots["country"].eq("BOR") & slots["year"].eq(2030)
    slots.loc[fewer, "slots"] -= 1
    slots.to_csv(run / "plan.csv", index=False)
    plan = load_run(run).plan
    assert evaluate(plan, POLICY, CASE).holds
    assert (plan.status, plan.bound, plan.gap) == ("checked", None, None)
