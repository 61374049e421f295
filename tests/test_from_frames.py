"""Cases from data frames and policies from tables: the checks of files, in words of frames."""

from __future__ import annotations

import csv
import io
import pickle
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shared
from bad_inputs import cells, forecasts, given, policies, tables
from case_builder import CASE_TOML, TABLES, changed, full_case, write_case
from optimizer import (
    Case,
    Policy,
    evaluate,
    load_case,
    load_policy,
    load_run,
    solve,
    write_run,
)
from optimizer import (
    write_case as write_out,
)
from optimizer.errors import InputError, OptimizerError, PolicyError
from optimizer.instance import build_instance

ARGUMENTS = {
    "title": str,
    "currency": str,
    "years": list,
    "country_codes": str,
    "licence": str,
    "movement": str,
    "attributes": dict,
}


class NoFrameError(Exception):
    """A file that no frame can be like."""


def frame_of(content: bytes) -> pd.DataFrame:
    """What a file holds, as text; rows are called by their line."""
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    rows, lines, begins = [], [], 1
    for row in reader:
        rows.append(row)
        lines.append(begins)
        begins = reader.line_num + 1
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise NoFrameError
    return pd.DataFrame(rows[1:], columns=rows[0], index=lines[1:], dtype=object)


def said_by(folder: Path) -> dict[str, Any]:
    said = tomllib.loads((folder / "case.toml").read_text("utf-8"))
    if said.pop("schema", None) != 1 or any(
        key not in ARGUMENTS or not isinstance(value, ARGUMENTS[key]) for key, value in said.items()
    ):
        raise NoFrameError
    return said


def as_frames(folder: Path) -> Case:
    """Load a folder's case by frames and arguments."""
    try:
        said = said_by(folder)
        frames = {file.stem: frame_of(file.read_bytes()) for file in folder.glob("*.csv")}
    except (OSError, ValueError, csv.Error) as error:
        raise NoFrameError from error
    said = {"country_codes": "", "licence": ""} | said
    return load_case(frames, **said, name=folder.name)


def in_frames(told: str) -> str:
    """What is said of files, in words of frames."""
    told = re.sub(r"^- case\.toml", "- load_case", told, flags=re.M)
    told = re.sub(r"^- (\w+)\.csv row 1(?=[,:])", r"- table \1", told, flags=re.M)
    told = re.sub(r"^- (\w+)\.csv row (\d+)", r"- table \1, row \2", told, flags=re.M)
    return re.sub(r"\b(\w+)\.csv", r"table \1", told).replace("the file is", "the table is")


OF_FILES = {
    **cells.KINDS,
    **tables.KINDS,
    **forecasts.KINDS,
}
ABOUT_FILES = re.compile(
    r"is not the header|has no header|separated by|bytes|CSV|encod|characters of the row|a cell of"
    r"|begins here|cells; the header|is not a file|no such"
)
"""What is said of the form of a file, which a frame has not."""


def said_of(kind: given.Kind, folder: Path) -> str | None:
    """What is said of a bad input; None where it is none in memory."""
    try:
        kind.action(folder)
    except NoFrameError:
        return None
    except OptimizerError as error:
        return str(error)
    return "nothing"


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_frames_are_refused_in_the_words_of_the_same_case_in_files(
    every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (given, forecasts):
        monkeypatch.setattr(module, "load_case", as_frames, raising=False)
    compared = []
    for name, kind in list(OF_FILES.items())[::every]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        if ABOUT_FILES.search(kind.told):
            continue
        said = said_of(kind, folder)
        if said is not None:
            assert said == in_frames(kind.told), name
            compared.append(name)
    assert len(compared) >= 75 // every, sorted(OF_FILES.keys() - compared)


def full_frames() -> dict[str, pd.DataFrame]:
    """The full case as pandas reads its files, numbers as numbers and blanks as missing."""
    return {name: pd.read_csv(io.StringIO(text)) for name, text in TABLES.items()}


def arguments() -> dict[str, Any]:
    said = tomllib.loads(CASE_TOML)
    del said["schema"]
    return said


def test_a_case_from_frames_is_the_case_of_the_files(tmp_path: Path) -> None:
    files = load_case(write_case(tmp_path / "case", full_case()))
    frames = load_case(full_frames(), **arguments(), name="case")
    assert frames == files
    assert {name: list(frame.index) for name, frame in frames.tables.items()} == {
        name: list(frame.index) for name, frame in files.tables.items()
    }
    assert set(frames.contents) == set(full_case())
    write_case(tmp_path / "again", frames.contents)
    assert load_case(tmp_path / "again").tables == files.tables
    for target in (tmp_path / "book.xlsx", tmp_path / "folder"):
        write_out(frames, target)
        assert load_case(target).tables == files.tables
    assert pickle.loads(pickle.dumps(frames)) == frames


def test_tables_of_a_case_are_taken_back() -> None:
    """They lack the currency in their names, and their rows are called by those of the file."""
    tiny = shared.case("tiny")
    said: dict[str, Any] = {
        "title": tiny.title,
        "currency": "JPY",
        "years": tiny.years,
        "licence": tiny.licence,
    }
    case = load_case(tiny.tables, **said, attributes=tiny.attributes, name="tiny")
    assert case == tiny
    budgets = tiny.table("budgets")
    budgets.loc[3, "amount"] = -1.0
    with pytest.raises(InputError) as caught:
        load_case({**tiny.tables, "budgets": budgets}, **said)
    assert str(caught.value) == (
        "1 problem\n- table budgets, row 3, column amount: -1 is below 0\n"
        "    Expected a number of at least 0."
    )


def test_kinds_of_pandas_are_read_as_they_are_meant(tmp_path: Path) -> None:
    frames = full_frames()
    tracks = frames["tracks"]
    tracks["needs_agreement"] = tracks["needs_agreement"].eq("yes")
    tracks["returns_home"] = pd.array([True, True, True], dtype="boolean")
    tracks["pathway"] = tracks["pathway"].astype("category")
    tracks["duration_years"] = pd.Series([np.int16(2), 1.0, Decimal(1)], dtype=object)
    frames["applicants"]["year"] = frames["applicants"]["year"].astype("Int64")
    frames["countries"]["name"] = frames["countries"]["name"].astype("string")
    found = load_case(frames, **arguments())
    files = load_case(write_case(tmp_path / "case", full_case()))
    assert found.tables == files.tables


def refusal(name: str, frame: Any, **others: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_case({**full_frames(), name: frame}, **{**arguments(), **others})
    return [str(problem) for problem in caught.value.problems]


def test_rows_are_named_by_their_labels() -> None:
    frame = full_frames()["applicants"].astype({"applicants": object})
    frame.index = pd.Index(["a", "b", "c", "d"])
    frame.loc["c", "applicants"] = "many"
    place = "table applicants, row c, column applicants: 'many' is not a number"
    assert refusal("applicants", frame)[0].splitlines()[0] == place
    signalling: list[Any] = [1, 1, Decimal("sNaN"), 1]
    odd = frame.assign(applicants=signalling)
    assert refusal("applicants", odd)[0].startswith(place.replace("many", "sNaN"))
    # Of two rows of one label the second is meant.
    frame.index = pd.Index(["a", "c", "c", "d"])
    assert refusal("applicants", frame)[0].startswith("table applicants, row c (number 3), column")
    several = pd.MultiIndex.from_product([["x"], [1, 2, 3, 4]])
    assert refusal("applicants", frame.set_index(several))[0].startswith(
        "table applicants, row x, 3, column applicants"
    )
    twice = pd.concat([full_frames()["sites"]] * 2, keys=["one", "two"])
    assert refusal("sites", twice)[0] == (
        "table sites, row two, 0: track 'lab', region 'osaka', year blank is already in row one, 2"
        "\n    Expected one row per track, region, year."
    ) or refusal("sites", twice)[0].startswith("table sites, row two, 0: track 'study', ")


def test_what_is_no_cell_is_named() -> None:
    frame = full_frames()["countries"].astype({"name": object})
    names: list[object] = ["South Korea", ["France"]]
    frame["name"] = pd.Series(names, dtype=object)
    assert refusal("countries", frame) == [
        "table countries, row 1, column name: is a list\n"
        "    Expected text, a number, True or False."
    ]
    frame.at[1, "name"] = "Fr\ud800"
    assert "row 1, column name: is text with half a character" in refusal("countries", frame)[0]
    dates = full_frames()["applicants"].assign(year=pd.Timestamp("2027-01-05"))
    assert (
        "row 0, column year: '2027-01-05' is a date, not a number"
        in (refusal("applicants", dates)[0])
    )


def test_what_is_no_table_is_named() -> None:
    assert refusal("aplicants", full_frames()["applicants"]) == [
        "table aplicants: is not a table of a case\n"
        "    Expected only tables of the data dictionary."
    ]
    assert refusal("case", pd.DataFrame({"key": ["title"]})) == [
        "table case: is not a table of a case\n    Expected only tables of the data dictionary; "
        "title, currency, years and the like are arguments."
    ]
    assert "table costs: is a list\n    Expected a data frame." in refusal("costs", [1])
    numbers = pd.DataFrame([["a", "b"]])
    assert "table costs: column 1 is called 0, which is not text" in "".join(
        refusal("costs", numbers)
    )
    by_code = full_frames()["countries"].set_index("country")
    assert (
        "table countries, column country: the column is missing"
        in (refusal("countries", by_code)[0])
    )
    assert "Maybe frame.reset_index()." in refusal("countries", by_code)[0]
    by_line = full_frames()["budgets"].set_index("line")
    assert refusal("budgets", by_line) == [
        "table budgets, column line: the column is missing\n"
        "    Expected text: short name of the budget line. Maybe frame.reset_index()."
    ]
    with pytest.raises(InputError) as caught:
        load_case({}, title="None", currency="EUR", years=[2030])
    assert "- table tracks: the table is missing\n" in str(caught.value)


def test_arguments_are_checked_as_the_keys_of_the_file() -> None:
    frames = full_frames()
    with pytest.raises(InputError) as caught:
        load_case(frames, title="x", currency="yen", years=[2027, 2029])
    said = str(caught.value)
    assert "- load_case, years: [2027, 2029] does not go up year by year\n" in said
    assert "- load_case, currency: is 'yen', but columns of money are in JPY: " in said
    assert "amount_jpy in table budgets" in said
    with pytest.raises(InputError, match="- load_case, title: is missing"):
        load_case(frames, currency="JPY", years=[2027, 2028])
    for years in (np.array([2027, 2029]), pd.Series([2027, 2029]), pd.Index([2027, 2029])):
        with pytest.raises(InputError, match=r"years: \[2027, 2029\] does not go up year by year"):
            load_case(frames, title="x", currency="JPY", years=years)
    with pytest.raises(OptimizerError, match="load_case: years is 'soon', not a list"):
        load_case(frames, title="x", years="soon")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(OptimizerError, match="load_case: title, name can be said of data frames"):
        load_case("inputs/tiny", title="x", name="y")
    with pytest.raises(OptimizerError, match="path is 5, not a path or data frames by table"):
        load_case(5)  # type: ignore[arg-type]  # wrong on purpose


def test_what_the_join_finds_names_frames_too() -> None:
    frames = full_frames()
    both = {"track": "study", "line": "grants", "year_of_stay": 1}
    more = pd.DataFrame(
        [{**both, "country": "KOR", "amount_jpy": 1}, {**both, "year": 2027, "amount_jpy": 2}]
    )
    costs = pd.concat([frames["costs"], more], keys=["old", "new"])
    case = load_case({**frames, "costs": costs}, **arguments())
    with pytest.raises(PolicyError) as caught:
        build_instance(case, load_policy(tomllib.loads(given.POLICY)))
    said = str(caught.value)
    assert "- table costs, row new, 0: rows new, 0 and new, 1 both match track 'study'" in said
    assert ".csv" not in said


SAME = re.compile(r"plain\.toml")


def as_tables(path: Path) -> Policy:
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise NoFrameError from error
    if "extends" in said or "schema" not in said:
        raise NoFrameError
    return load_policy(said)


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_tables_are_refused_in_the_words_of_the_same_policy_in_a_file(
    every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(given, "load_policy", as_tables)
    compared = []
    for name, kind in list(policies.KINDS.items())[::every]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        said = said_of(kind, folder)
        if said is None:
            continue
        if "date" in name:
            # What TOML has and tables do not need.
            assert "is of kind date" in said
            continue
        assert said == SAME.sub("policy", kind.told), name
        compared.append(name)
    assert len(compared) >= 30 // every, sorted(policies.KINDS.keys() - compared)


@pytest.mark.parametrize("name", ["tiny", "balanced"])
def test_a_policy_from_tables_is_the_policy_of_the_file(name: str, root: Path) -> None:
    file = root / "models" / f"{name}.toml"
    said = tomllib.loads(file.read_text("utf-8"))
    found = load_policy(said, name=name)
    assert found == load_policy(file)
    del said["schema"]
    changes = {"limits.country_share.at_most.times": 0.4} if name == "tiny" else {}
    assert load_policy(said, changes=changes, name=name) == load_policy(file, changes=changes)


def test_tables_may_hold_what_numpy_and_pandas_give() -> None:
    goal = {"weight": np.float64(2), "effects": ({"stage": "complete", "effect": np.int64(1)},)}
    limit = {
        "name": "few",
        "measure": "slots",
        "where": {"country": pd.Series(["KOR", "FRA"])},
        "at_most": np.int32(5),
        "protected": np.bool_(True),
    }
    policy = load_policy({"title": "Few", "goals": {"g": goal}, "limits": [limit]})
    assert policy.limits[0].where["country"] == ("KOR", "FRA")
    assert policy.limits[0].protected is True
    assert (policy.name, policy.goals["g"].weight) == ("policy", 2.0)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"limits": [{"name": "a", "why": None}]}, "policy, limits.1.why: is None\n"),
        ({"goals": {5: {}}}, "policy, goals: the key 5 is not text\n"),
        ({"limits": {"a"}}, "policy, limits: is of kind set\n"),
        ({"extends": "base.toml"}, "policy, extends: 'base.toml' is looked for beside a file, "),
    ],
)
def test_what_no_file_could_say_is_named(part: Mapping[str, object], said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy({"title": "x", **part})
    assert f"- {said}" in str(caught.value)


def test_tables_without_end_are_refused() -> None:
    endless: dict[str, object] = {"title": "x"}
    endless["goals"] = endless
    with pytest.raises(PolicyError, match="too deep"):
        load_policy(endless)


def block(marker: str) -> str:
    """Code below a marker of the page on Python."""
    text = (shared.ROOT / "docs" / "api.md").read_text("utf-8")
    (found,) = re.findall(rf"^<!-- {marker} -->\n```\w+\n(.*?)^```$", text, re.M | re.S)
    return str(found)


def test_three_lines_lead_from_frames_to_a_plan_that_its_run_keeps(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(block("frames"), names)
    assert len(block("three lines").splitlines()) == 3
    exec(block("three lines"), names)
    frame = names["frames"]["applicants"].replace("VNM", "VNN")
    frames = {**names["frames"], "applicants": frame}
    with pytest.raises(InputError) as caught:
        load_case(frames, title="x", currency="EUR", years=[2030, 2031])
    assert str(caught.value) == block("printed: frames").strip()
    plan = names["plan"]
    assert plan.status == "optimal"
    assert plan.slots_total > 0
    run = load_run(write_run(plan, tmp_path / "run"))
    assert run.plan.objective == plan.objective
    assert evaluate(run.plan, names["policy"], names["case"]).holds
    assert solve(names["policy"], names["case"]).decisions == plan.decisions


def test_changed_texts_reach_the_case(tmp_path: Path) -> None:
    files = changed(full_case(), "applicants.csv", "KOR,lab,,20", "KOR,lab,,21")
    frames = full_frames()
    frames["applicants"].loc[3, "applicants"] = 21
    assert load_case(frames, **arguments(), name="case") == load_case(
        write_case(tmp_path / "case", files)
    )
