"""What every analysis returns: its table, sentences, workbook and notebook view."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import optimizer
from golden.rule_cases import ADMITTED
from golden.small_cases import NATIONAL
from optimizer import Evaluation, OptimizerError, TargetError
from optimizer.io.parquet import parquet_bytes
from optimizer.plan import Decisions
from test_evaluation import plan, slot

CAPPED = plan([slot("AA", "", 2030, 4), slot("BB", "", 2030, 2)])
"""Six people where five are admitted."""


def checked(folder: Path, decisions: Decisions = CAPPED) -> Evaluation:
    case, policy = ADMITTED.write(folder)
    return optimizer.evaluate(decisions, policy, case)


def test_a_result_has_a_table_with_a_status(tmp_path: Path) -> None:
    table = checked(tmp_path).table
    told = table.set_index("rule")["status"]
    assert told["intake_within_cap"] == "broken"
    assert told["cohort_within_applicants"].eq("holds").all()
    # What cannot be decided at all is a row as well, and no hole.
    table = checked(tmp_path, plan([slot("ZZ", "", 2030, 1)])).table
    assert table.loc[table["rule"].eq("decision_is_possible"), "status"].tolist() == ["broken"]


def test_what_it_was_made_with_is_said(tmp_path: Path) -> None:
    result = checked(tmp_path)
    case, policy = ADMITTED.write(tmp_path)
    assert result.provenance["case_hashes"] == optimizer.load_case(case).hashes
    assert result.provenance["policy_hash"] == optimizer.load_policy(policy).hash
    assert result.provenance["scales"] == {"g": 1.0}
    assert (result.provenance["policy"], result.provenance["case"]) == ("policy", "hand")


def test_a_workbook_holds_every_table(tmp_path: Path) -> None:
    result = checked(tmp_path)
    path = result.to_excel(tmp_path / "check.xlsx")
    sheets = pd.read_excel(path, sheet_name=None, engine="calamine")
    assert list(sheets) == ["result", *result.tables, "provenance"]
    assert len(sheets["result"]) == len(result.table)
    assert sheets["result"]["value"].tolist() == result.table["value"].tolist()
    assert json.loads(sheets["result"]["place"].tolist()[0]) == list(
        result.table["place"].tolist()[0]
    )
    told = dict(sheets["provenance"].itertuples(index=False, name=None))
    assert json.loads(told["scales"]) == result.provenance["scales"]


def test_only_an_older_result_is_replaced(tmp_path: Path) -> None:
    result, path = checked(tmp_path), tmp_path / "check.xlsx"
    result.to_excel(path)
    with pytest.raises(TargetError, match="exists already"):
        result.to_excel(path)
    before = path.read_bytes()
    assert result.to_excel(path, force=True).read_bytes() == before
    openpyxl.Workbook().save(path)
    with pytest.raises(TargetError, match="not a result that this tool has written"):
        result.to_excel(path, force=True)
    result.to_excel(tmp_path / "other.xlsx")
    book = openpyxl.load_workbook(tmp_path / "other.xlsx")
    book.create_sheet("mine").append(["of value"])
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(TargetError, match="has sheets that this tool has not written"):
        result.to_excel(tmp_path / "other.xlsx", force=True)
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(TargetError, match="not a result that this tool has written"):
        result.to_excel(path, force=True)
    assert path.read_text(encoding="utf-8") == "mine"


def test_what_a_sheet_cannot_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = checked(tmp_path)
    monkeypatch.setattr("optimizer.result.MOST_ROWS", 2)
    with pytest.raises(TargetError) as caught:
        result.to_excel(tmp_path / "check.csv")
    assert "is not the name of a workbook" in str(caught.value)
    assert f"table rules has {len(result.tables['rules'])} rows" in str(caught.value)
    assert not (tmp_path / "check.csv").exists()


def test_a_long_text_goes_on_in_the_next_row(tmp_path: Path) -> None:
    result = checked(tmp_path)
    text = "a" * 40_000
    long = Evaluation(result.points, result.tables, result.violations, provenance={"changes": text})
    path = long.to_excel(tmp_path / "long.xlsx")
    sheet = pd.read_excel(path, sheet_name="provenance", engine="calamine")
    assert sheet.iloc[:, 0].tolist() == ["sheets", "changes", "changes"]
    assert "".join(sheet["value"][1:]) == text


def test_a_notebook_shows_sentences_and_the_table(tmp_path: Path) -> None:
    result = checked(tmp_path)
    shown = result._repr_html_()
    assert "6, but at most 5 (1 too many)" in shown
    assert shown.count("<tr") == 1 + len(result.table)
    hostile = plan([slot("<b>", "", 2030, 1)])
    assert "<b>" not in checked(tmp_path, hostile)._repr_html_()
    many = NATIONAL.over(*range(2030, 2055))
    case, policy = many.write(tmp_path / "many")
    assert "more rows" in optimizer.evaluate(CAPPED, policy, case)._repr_html_()


def test_a_table_as_parquet_says_what_it_was_made_with(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")
    result, path = checked(tmp_path), tmp_path / "check.parquet"
    assert result.to_parquet(path) == path
    read = parquet.read_table(path)
    assert read.column_names == result.table.columns.tolist()
    assert read.column("value").to_pylist() == result.table["value"].tolist()
    facts = json.loads(read.schema.metadata[b"talent-optimizer"])
    assert json.loads(facts["scales"]) == result.provenance["scales"]
    result.to_parquet(tmp_path / "goals.parquet", table="goals")
    goals = parquet.read_table(tmp_path / "goals.parquet")
    assert goals.num_rows == len(result.tables["goals"])
    # Only what is ours is replaced.
    with pytest.raises(TargetError, match="exists already"):
        result.to_parquet(path)
    result.to_parquet(path, force=True)
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(TargetError, match="not a result that this tool has written"):
        result.to_parquet(path, force=True)
    parquet.write_table(read.replace_schema_metadata({}), path)
    with pytest.raises(TargetError, match="not a result that this tool has written"):
        result.to_parquet(path, force=True)


def test_columns_of_levers_stay_numbers_in_parquet() -> None:
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    from io import BytesIO

    table = pd.DataFrame({"weight": ["", 4, 1.5], "said": ["", "*1.1", 2], "name": ["a", "", "c"]})
    read = pd.read_parquet(BytesIO(parquet_bytes(table.astype("object"), {}, "it")))
    assert read["weight"].tolist()[1:] == [4.0, 1.5]
    assert pd.isna(read["weight"][0])
    assert read["said"].tolist() == ["", "*1.1", "2"]
    assert read["name"].tolist() == ["a", "", "c"]


def test_parquet_needs_its_name_and_its_library(tmp_path: Path) -> None:
    result = checked(tmp_path)
    with pytest.raises(TargetError, match="is not the name of a Parquet file"):
        result.to_parquet(tmp_path / "check.xlsx")
    if importlib.util.find_spec("pyarrow") is None:
        with pytest.raises(OptimizerError, match=r'pip install "talent-optimizer\[parquet\]"'):
            result.to_parquet(tmp_path / "check.parquet")
