"""Studies in files: CSV, TOML, workbooks; written, read back, validated, refused."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from optimizer import (
    InputError,
    Study,
    TargetError,
    choice,
    correlated,
    load_case,
    normal,
    uniform,
    validate,
    write_case,
)
from optimizer.cli import program
from optimizer.io.table_books import table_book
from optimizer.sweeps.study_files import study_schema
from workbook_builder import write_book

ROOT = Path(__file__).resolve().parents[1]
POLICY, CASE, STUDY = "models/tiny.toml", "inputs/tiny", "models/studies/tiny.toml"
STUDIES = sorted((ROOT / "models" / "studies").glob("*.toml"))

FLAT = """scenario,probability,address,operation,value,note
base,0.5,,,,as it is
lean,0.3,budgets[line=*].amount_jpy,multiply,0.9,a tenth less
lean,,goals.bridges.weight,,+=1,
rich,0.2,budgets[line=science].amount_jpy,,12e6,
"""
LEAN = {"budgets[].amount_jpy": "*0.9", "goals.bridges.weight": "+=1"}


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


def test_a_flat_file_is_a_study(tmp_path: Path) -> None:
    study = Study.read(written(tmp_path, flat_csv=FLAT) / "flat.csv")
    assert study.name == "flat"
    assert study.scenarios["probability"].tolist() == [0.5, 0.3, 0.2]
    assert study.scenarios["note"].tolist() == ["as it is", "", ""]
    assert study.changes["note"].tolist() == ["a tenth less", "", ""]
    found = {each.name: each.changes for each in study.resolved(POLICY, CASE)}
    assert found == {
        "base": {},
        "lean": LEAN,
        "rich": {"budgets[line=science].amount_jpy": 12e6},
    }


def test_two_files_in_a_folder_are_a_study(tmp_path: Path) -> None:
    changes = "scenario,address,operation,value,note\nlean,goals.bridges.weight,add,1,\n"
    study = Study.read(written(tmp_path, changes_csv=changes))
    assert study.scenarios["scenario"].tolist() == ["base", "lean"]
    scenarios = "scenario,probability,note\nlean,1,all but sure\nas it is,0,\n"
    study = Study.read(written(tmp_path, scenarios_csv=scenarios))
    assert study.scenarios["scenario"].tolist() == ["base", "lean", "as it is"]
    assert study.name == tmp_path.name


def test_a_file_of_designs_is_what_the_functions_make(tmp_path: Path) -> None:
    text = """
schema = 1
title = "Designs"
rescale_weights = true
[one_at_a_time]
by = 0.2
levers = ["goals.bridges.weight"]
[grid]
levers = { "horizon.tail" = [1, 2] }
[sample]
n = 8
seed = 5
groups = [{ levers = ["goals.alliance.weight", "goals.safe_haven.weight"], correlation = 0.5 }]
[sample.levers]
"goals.alliance.weight" = { uniform = [0.5, 2] }
"goals.safe_haven.weight" = { normal = [1, 0.1], low = 0.5 }
"horizon.tail" = { choice = [1, 2], weights = [1, 3] }
[sobol]
n = 2
levers = { "goals.alliance.weight" = { uniform = [1, 2], operation = "set" } }
"""
    study = Study.read(written(tmp_path, designs_toml=text) / "designs.toml")
    assert len(study) == 1 + 2 + 2 + 8 + 2 * 3
    assert study.scenarios["rescaled"].tolist() == [False] + [True] * 18
    assert study.title == "Designs"
    sampled = Study.sample(
        {
            "goals.alliance.weight": uniform(0.5, 2),
            "goals.safe_haven.weight": normal(1, 0.1, low=0.5),
            "horizon.tail": choice([1, 2], weights=[1, 3]),
        },
        8,
        seed=5,
        groups=[correlated(["goals.alliance.weight", "goals.safe_haven.weight"], 0.5)],
    )
    drawn = study.changes[study.changes["scenario"].str.startswith("draw_")]
    assert drawn["value"].tolist() == sampled.changes["value"].tolist()


FORMS = ("study.toml", "study.xlsx", "study.csv", "study")


@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_is_read_back(form: str, tmp_path: Path) -> None:
    study = Study.read(STUDY)
    study.write(tmp_path / form)
    again = Study.read(tmp_path / form)
    pd.testing.assert_frame_equal(again.scenarios, study.scenarios)
    pd.testing.assert_frame_equal(again.changes, study.changes)
    assert again.resolved(POLICY, CASE) == study.resolved(POLICY, CASE)


HOSTILE = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "),
    min_size=1,
    max_size=8,
).filter(lambda text: text == text.strip() and text.casefold() != "base")
VALUES = (
    st.integers(-(10**9), 10**9)
    | st.floats(-1e9, 1e9)
    | st.sampled_from(["steady", "2030", "true", "a,b", "=1+1", "'x'", "40%"])
)


@settings(max_examples=20, deadline=None)
@given(names=st.lists(HOSTILE, min_size=1, max_size=3, unique_by=str.casefold), value=VALUES)
def test_hostile_texts_and_numbers_survive_every_form(
    names: list[str], value: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    changes = [
        {"scenario": name, "address": "horizon.tail", "value": value, "note": "=HYPERLINK(1)"}
        for name in names
    ]
    try:
        study = Study(changes=changes)
    except InputError:
        return  # Accents apart, look-alikes and the like are refused as everywhere.
    for form in FORMS:
        path = tmp_path_factory.mktemp("forms") / form
        study.write(path)
        again = Study.read(path)
        pd.testing.assert_frame_equal(again.changes, study.changes, check_dtype=False)
        assert again.scenarios["scenario"].tolist() == study.scenarios["scenario"].tolist()


def test_designs_keep_what_says_which_row_is_which(tmp_path: Path) -> None:
    study = Study.sobol({"goals.bridges.weight": uniform(0.5, 2)}, 4, rescale_weights=True)
    for form in FORMS[1:]:
        study.write(tmp_path / form)
        pd.testing.assert_frame_equal(Study.read(tmp_path / form).scenarios, study.scenarios)
    with pytest.raises(
        TargetError, match=r"draw, lever, matrix of scenarios cannot be said in TOML"
    ):
        study.write(tmp_path / "study.toml")


@pytest.mark.parametrize("form", FORMS)
def test_only_an_older_study_is_ever_replaced(form: str, tmp_path: Path) -> None:
    study, path = Study.read(STUDY), tmp_path / form
    study.write(path)
    with pytest.raises(TargetError, match="exists already"):
        study.write(path)
    study.write(path, force=True)
    if form == "study":
        (path / "mine.txt").write_text("mine", encoding="utf-8")
    elif form == "study.xlsx":
        book = {"changes": study.changes.assign(value="1"), "mine": study.changes.assign(value="1")}
        path.write_bytes(table_book(book, "a test"))
    else:
        path.write_text("mine", encoding="utf-8")
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(TargetError, match=r"not part of a study: mine|is not a study"):
        study.write(path, force=True)
    assert before is None or path.read_bytes() == before


def test_a_study_may_stand_beside_case_and_policy_in_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "tiny.xlsx"
    write_case(load_case(CASE), path)
    write_book(path, {"changes": [["scenario", "address", "value"], ["s", "horizon.tail", 0]]})
    found = validate([path, POLICY], solve=False)
    assert [(item.study, item.message) for item in found][-1:] == [(path, "2 scenarios")]


def test_validate_takes_studies_with_policies_and_cases() -> None:
    found = validate([POLICY, CASE, STUDY], solve=False)
    assert [(item.study, item.ok, item.message) for item in found] == [
        (None, True, "built"),
        (Path(STUDY), True, "7 scenarios"),
    ]
    alone = validate([STUDY])
    assert [item.message for item in alone] == ["valid; no matching policy and case given"]


def test_a_sweep_comes_after_a_valid_study() -> None:
    done = CliRunner().invoke(program, ["validate", POLICY, CASE, STUDY, "--no-solve"])
    words = f"sweep {POLICY} {CASE} {STUDY} --out runs/tiny"
    assert done.output.splitlines()[-1] == f"Next: optimizer {words}"
    alone = CliRunner().invoke(program, ["validate", STUDY])
    assert alone.output.splitlines()[-1] == f"Next: optimizer validate {STUDY} POLICY CASE"


def test_validate_says_what_is_wrong_with_a_study(tmp_path: Path) -> None:
    wrong = written(tmp_path, flat_csv=FLAT.replace("bridges", "brigdes")) / "flat.csv"
    done = CliRunner().invoke(program, ["validate", POLICY, CASE, str(wrong), "--no-solve"])
    assert done.exit_code == 1
    assert f"FAIL  {wrong} of {POLICY} on {CASE}: does not fit" in done.output
    assert "flat.csv row 4, column address: goals has no 'brigdes'" in done.output
    noted = CliRunner().invoke(
        program, ["validate", POLICY, CASE, str(wrong), "--no-solve", "--github"]
    )
    assert f"::error file={wrong},line=4::" in noted.output
    document = json.loads(
        CliRunner()
        .invoke(program, ["validate", STUDY, POLICY, CASE, "--no-solve", "--json"])
        .output
    )
    assert [item["study"] for item in document] == [None, STUDY]


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_every_study_of_ours_fits_what_it_names(file: Path) -> None:
    study = Study.read(file)
    for policy in study.policies:
        for case in study.cases:
            assert len(study.resolved(f"models/{policy}.toml", f"inputs/{case}")) == len(study)
    first_line = file.read_text(encoding="utf-8").splitlines()[0]
    assert first_line == "#:schema study.schema.json"


def test_the_schema_of_studies_is_the_generated_one() -> None:
    written = (ROOT / "models" / "studies" / "study.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == study_schema()
