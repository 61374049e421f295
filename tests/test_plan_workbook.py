"""Plans as workbooks: what plan.xlsx holds, and how plans are read back and checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyomo.environ as pyo
import pytest
from python_calamine import CalamineWorkbook

import optimizer
from golden.small_cases import AGREED
from optimizer import runs
from optimizer.case import Case
from optimizer.errors import InputError
from optimizer.plan import Plan, checking
from optimizer.plan.parameters import PARAMETER_COLUMNS
from optimizer.policy import Policy
from optimizer.runs.own_tables import PREFIXES
from optimizer.runs.workbook import _rules, sheets_of, with_names, write_workbook
from optimizer.schema.rules import BOUNDS, RULES
from workbook_builder import set_cells, write_book

ROOT = Path(__file__).resolve().parents[1]
CHANGES = {"goals.bridges.weight": 2, "budget.transfers": []}
SLOTS = ["country", "track", "level", "region", "year", "slots"]


@pytest.fixture(scope="module")
def case() -> Case:
    return optimizer.load_case(ROOT / "inputs" / "tiny")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return optimizer.load_policy(ROOT / "models" / "tiny.toml", changes=CHANGES)


@pytest.fixture(scope="module")
def plan(case: Case) -> Plan:
    return optimizer.solve(ROOT / "models" / "tiny.toml", case, changes=CHANGES, gap=0.0)


@pytest.fixture
def book(plan: Plan, policy: Policy, case: Case, tmp_path: Path) -> Path:
    runs.write_tables(plan, tmp_path, policy, case)
    return tmp_path / "plan.xlsx"


def refusal(path: Path, case: Case) -> str:
    with pytest.raises(InputError) as raised:
        optimizer.read_plan(path, case)
    return str(raised.value)


# What the workbook holds ------------------------------------------------------------------------


def test_every_sheet_is_ready_for_a_pivot_table(book: Path, plan: Plan) -> None:
    workbook = openpyxl.load_workbook(book)
    assert workbook.sheetnames[:2] == ["slots", "decisions"]
    tables = [name for name in workbook.sheetnames if not name.startswith(PREFIXES)]
    assert tables[-1] == "parameters"
    for sheet in workbook:
        header = [cell.value for cell in sheet[1]]
        assert {type(name) for name in header} == {str}
        assert len(set(header)) == len(header)
        assert not sheet.merged_cells.ranges
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
    rows: list[Any] = list(workbook["slots"].iter_rows(min_row=2, values_only=True))
    assert len(rows) == len(plan.slots)
    assert sum(row[-1] for row in rows) == plan.slots_total


def test_rules_are_a_sheet_with_their_words(book: Path, plan: Plan) -> None:
    rules = plan.tables["rules"]
    sheet = pd.read_excel(book, "rules", engine="openpyxl")
    assert list(sheet) == ["rule", "title", "key", "value", "sense", "limit", "slack"]
    assert sheet["rule"].tolist() == rules["rule"].tolist()
    titles = {rule.name: rule.title for rule in (RULES | BOUNDS).values()}
    assert sheet["title"].tolist() == rules["rule"].map(titles).tolist()
    # 0.1 + 0.2 - 0.3 is 5.6e-17: no room is written as none, and a row with room keeps it.
    made = rules.head(3).assign(slack=[-5.6e-17, 0.5, -0.0], limit=[1.0, 1.0, 1e9])
    clean = _rules(replace(plan, tables={**plan.tables, "rules": made}))
    assert [str(slack) for slack in clean["slack"]] == ["0.0", "0.5", "0.0"]


def test_slots_have_beside_the_keys_what_is_pivoted_by(book: Path) -> None:
    slots = pd.read_excel(book, "slots", engine="openpyxl")
    assert list(slots) == [
        "country",
        "country_name",
        "world_region",
        "track",
        "pathway",
        "agency",
        "level",
        "region",
        "area",
        "year",
        "slots",
    ]
    assert slots.notna().all().all()


def test_names_stand_beside_every_key(case: Case) -> None:
    countries, tracks = case.table("countries"), case.table("tracks")
    table = pd.DataFrame(
        {"track": tracks["track"].tolist()[:2], "country": countries["country"].tolist()[:2]}
    )
    named = with_names(table, case)
    assert list(named) == [
        "track",
        "track_name",
        "pathway",
        "agency",
        "country",
        "country_name",
        "world_region",
    ]
    assert named["track_name"].tolist() == tracks["name"].tolist()[:2]
    assert named["world_region"].tolist() == countries["world_region"].tolist()[:2]


def test_every_sheet_reads_back_as_its_table(
    book: Path, plan: Plan, policy: Policy, case: Case
) -> None:
    sheets = sheets_of(plan, policy, case)
    read = CalamineWorkbook.from_path(book)
    # Sheets of agencies and regions come after them.
    assert read.sheet_names[: len(sheets)] == list(sheets)
    for name, table in sheets.items():
        told = table.astype("object").where(table.notna(), "").to_numpy().tolist()
        found = read.get_sheet_by_name(name).to_python()
        assert found == [list(table), *told], name
        kinds = [[str if isinstance(value, str) else float for value in row] for row in told]
        assert [[type(value) for value in row] for row in found[1:]] == kinds, name


def test_the_same_plan_gives_the_same_bytes(
    book: Path, plan: Plan, policy: Policy, case: Case
) -> None:
    again = book.with_name("again.xlsx")
    write_workbook(plan, again, policy, case)
    assert again.read_bytes() == book.read_bytes()


def test_parameters_say_what_the_plan_was_made_with(book: Path, plan: Plan, policy: Policy) -> None:
    table = pd.read_excel(book, "parameters", keep_default_na=False, engine="openpyxl")
    assert list(table) == list(PARAMETER_COLUMNS)
    assert not table.duplicated(["group", "name"]).any()
    found = table.set_index(["group", "name"]).to_dict("index")

    def told(group: str, name: str) -> tuple[Any, ...]:
        row = found[group, name]
        return row["value"], row["unit"], row["of"]

    assert told("plan", "policy") == ("tiny", "", "")
    assert told("plan", "status") == ("optimal", "", "")
    assert told("plan", "points") == (pytest.approx(plan.objective), "points", "")
    assert told("solver", "gap_asked") == (0, "share of the points", "")
    assert told("solver", "time_limit") == (60, "seconds", "")
    assert told("change", "goals.bridges.weight") == (2, "", "")
    assert told("change", "budget.transfers") == ("[]", "", "")
    assert told("goal weight", "bridges") == (2, "", "")
    assert told("goal scale", "bridges") == (1, "raw value that counts as 1", "none")
    assert told("limit at_most", "country_share") == (
        0.5,
        "times slots by year",
        "slots by country, year",
    )
    assert told("limit at_most", "residents_per_inhabitant") == (
        0.001,
        "per region.population",
        "residents by region, year",
    )
    assert told("limit at_least", "alliance_floor") == (4, "", "value of goal alliance")
    assert told("limit protected", "alliance_floor") == ("yes", "", "value of goal alliance")
    assert told("limit soft", "more_from_africa") == (
        0.1,
        "points per 1% missed",
        "slots where world_region = Africa; year = 2030",
    )
    assert told("horizon", "last year") == (2031, "", "")
    assert told("support floor", "1") == (
        1_500_000,
        "JPY per person and year",
        "pathway = protection",
    )
    assert told("stability", "penalty") == (0.02, "points per 1% changed", "")
    assert told("policy hash", "tiny") == (policy.hash, "SHA-256", "")
    assert len(told("input", "tracks.csv")[0]) == 64
    assert ("version", "highspy") in found
    assert found["limit at_most", "country_share"]["why"] == policy.limits[0].why


def test_custom_rules_are_among_the_parameters(case: Case, tmp_path: Path) -> None:
    def most(model: Any, instance: object) -> list[optimizer.CustomRule]:
        model.not_many = pyo.Constraint(expr=pyo.quicksum(model.cohort.values()) <= 6)
        return [optimizer.CustomRule("not_many", title="Not many", why="A try.", soft=0.5)]

    plain = optimizer.load_policy(ROOT / "models" / "tiny.toml")
    plan = optimizer.solve(plain, case, extend=most)
    runs.write_tables(plan, tmp_path, plain, case)
    table = pd.read_excel(
        tmp_path / "plan.xlsx", "parameters", keep_default_na=False, engine="openpyxl"
    )
    rows = table[table["group"].isin(["custom rule", "custom rules from"])]
    assert rows["name"].tolist()[0] == "not_many"
    assert rows[["value", "unit", "of", "why"]].iloc[0].tolist() == [
        0.5,
        "points per 1% missed",
        "Not many",
        "A try.",
    ]
    assert rows["name"].tolist()[1].endswith("most")
    read = optimizer.read_plan(tmp_path / "plan.xlsx", case)
    assert checking.differences(read, plain, case) == [
        "the custom rules of the run are not checked here; evaluate takes extend"
    ]


def test_text_stays_text(plan: Plan, policy: Policy, case: Case, tmp_path: Path) -> None:
    odd = policy.model_copy(update={"title": "=1+1", "why": "#N/A\a "})
    write_workbook(plan, tmp_path / "plan.xlsx", odd, case)
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["parameters"]
    assert [(cell.value, cell.data_type) for cell in (sheet["C3"], sheet["F2"])] == [
        ("=1+1", "s"),
        ("#N/A", "s"),
    ]


@pytest.fixture
def short_sheets(monkeypatch: pytest.MonkeyPatch, plan: Plan) -> None:
    """Sheets that take the slots, but not the header above them as well, nor any longer table."""
    assert len(plan.tables["rules"]) > len(plan.slots) > len(plan.tables["goals"])
    monkeypatch.setattr("optimizer.runs.workbook.MOST_ROWS", len(plan.slots))


@pytest.mark.usefixtures("short_sheets")
def test_tables_that_are_too_long_for_a_sheet_are_left_out_and_told(
    book: Path, plan: Plan, case: Case
) -> None:
    sheets = pd.read_excel(book, None, engine="calamine")
    assert "goals" in sheets
    assert not {"slots", "rules"} & sheets.keys()
    rows = sheets["parameters"].query("group == 'too long'").set_index("name")
    assert rows.loc[["slots", "rules"], "value"].tolist() == [
        len(plan.slots),
        len(plan.tables["rules"]),
    ]
    assert rows.loc["slots", "why"] == (
        "A sheet takes 1,048,576 rows, its header among them, so that there is none."
    )
    assert "has no sheet 'slots'" in refusal(book, case)


def test_a_plan_of_which_a_part_is_left_out_is_not_guessed(
    plan: Plan, policy: Policy, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transitions = plan.decisions.transitions
    many = pd.concat([transitions.assign(year=transitions["year"] + more) for more in range(100)])
    longer = replace(plan, decisions=replace(plan.decisions, transitions=many))
    assert len(many) > len(plan.slots)
    monkeypatch.setattr("optimizer.runs.workbook.MOST_ROWS", len(plan.slots) + 1)
    runs.write_tables(longer, tmp_path, policy, case)
    assert refusal(tmp_path / "plan.xlsx", case) == (
        "1 problem\n- plan.xlsx: sheet decisions was left out, because it is too long for a "
        "workbook\n    Expected the run folder, which holds all of it."
    )


# Reading it back --------------------------------------------------------------------------------


def test_a_workbook_reads_back_as_the_run(
    book: Path, plan: Plan, policy: Policy, case: Case
) -> None:
    runs.write_facts(plan, book.parent, book.parent)
    ours, folder = optimizer.read_plan(book, case), optimizer.read_plan(book.parent, case)
    for name, table in ours.decisions.tables().items():
        other = getattr(folder.decisions, name)
        pd.testing.assert_frame_equal(table.reset_index(drop=True), other.reset_index(drop=True))
        made = getattr(plan.decisions, name).reset_index(drop=True)
        pd.testing.assert_frame_equal(table.reset_index(drop=True), made, check_exact=True)
    assert ours.scales == folder.scales == plan.provenance["scales"]
    assert ours.assumed == ()
    assert checking.differences(ours, policy, case) == []
    evaluation = optimizer.evaluate(ours.decisions, policy, case, scales=ours.scales)
    assert evaluation.holds
    assert evaluation.points == pytest.approx(plan.objective)


def test_a_workbook_tells_what_it_was_not_made_with(book: Path, case: Case) -> None:
    other = optimizer.load_policy(ROOT / "models" / "tiny.toml")
    changed = Case(**{**vars(case), "hashes": {"tracks.csv": "0"}})
    assert checking.differences(optimizer.read_plan(book, case), other, changed) == [
        "the plan holds for the case as it is now, not as it was when it was solved",
        "the policy is meant as it is now, not as the run had it (or with --set)",
    ]


@pytest.fixture
def by_hand(tmp_path: Path, plan: Plan) -> Callable[..., Path]:
    def write(*rows: Sequence[object], header: Sequence[str] = SLOTS, **sheets: Any) -> Path:
        content = [header, *rows] if rows else plan.slots
        return write_book(tmp_path / "mine.xlsx", {"slots": content} | sheets)

    return write


def test_a_sheet_of_slots_is_taken_like_a_bare_table(
    by_hand: Callable[..., Path], plan: Plan, case: Case, tmp_path: Path
) -> None:
    runs.write_csv(plan.slots, tmp_path / "mine.csv")
    sheet = optimizer.read_plan(by_hand(notes=[["what I think"]]), case)
    bare = optimizer.read_plan(tmp_path / "mine.csv", case)
    assert sheet.assumed == bare.assumed
    assert sheet.assumed[-1] == (
        "nobody stays on, nothing is built, no money is transferred or carried over"
    )
    pd.testing.assert_frame_equal(sheet.decisions.slots, bare.decisions.slots)
    pd.testing.assert_frame_equal(sheet.decisions.agreements, bare.decisions.agreements)
    assert (sheet.scales, sheet.facts) == ({}, {})


def test_agreements_of_a_bare_table_open_when_they_are_first_used(tmp_path: Path) -> None:
    # A row without slots uses nothing, and rows come in any order.
    folder, _ = AGREED.over(2030, 2031, 2032, 2033).write(tmp_path)
    rows = ("AA,t,2033,2", "AA,t,2031,0", "AA,t,2032,2", "BB,t,2030,2")
    bare = tmp_path / "mine.csv"
    bare.write_text("\n".join(["country,track,year,slots", *rows]) + "\n")
    read = optimizer.read_plan(bare, optimizer.load_case(folder))
    assert read.decisions.agreements.to_numpy().tolist() == [["AA", "t", 2032]]
    assert read.assumed[0] == "1 proposed agreement opens in its first year with slots"


def first(plan: Plan) -> dict[str, Any]:
    return {str(key): value for key, value in plan.slots.iloc[0].items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            {"country": "ZZZ"},
            "column A (country): 'ZZZ' is not a country of case 'tiny'\n"
            "    Expected a code listed in countries.",
            id="country",
        ),
        pytest.param(
            {"level": "gold"},
            "column C (level): track '{track}' has no level 'gold'\n    Expected one of {levels}.",
            id="level",
        ),
        pytest.param(
            {"level": "gold", "slots": 0},
            "column C (level): track '{track}' has no level 'gold'\n    Expected one of {levels}.",
            id="level without slots",
        ),
        pytest.param(
            {"year": 2050},
            "column E (year): 2050 is not a year of case 'tiny'\n    Expected 2030 to 2031.",
            id="year",
        ),
        pytest.param(
            {"slots": 1.5},
            "column F (slots): 1.5 is not a whole number\n"
            "    Expected a whole number from 0 to 1e+15.",
            id="half a slot",
        ),
        pytest.param(
            {"slots": "2"},
            "column F (slots): '2' is a number stored as text\n"
            "    Expected a number cell. Maybe 2.",
            id="number as text",
        ),
    ],
)
def test_faults_are_told_with_sheet_row_and_column(
    by_hand: Callable[..., Path], plan: Plan, case: Case, change: dict[str, Any], message: str
) -> None:
    row = first(plan)
    given = case.table("support_levels")
    levels = given.loc[given["track"].eq(row["track"]), "level"].tolist() or ["standard"]
    path = by_hand(list((row | change).values()))
    told = message.format(track=row["track"], levels=", ".join(levels))
    assert refusal(path, case) == f"1 problem\n- mine.xlsx, sheet slots, row 2, {told}"


def test_a_name_that_does_not_go_with_its_key(book: Path, case: Case) -> None:
    sheet = openpyxl.load_workbook(book)["slots"]
    country, name = sheet["A2"].value, sheet["B2"].value
    set_cells(book, "slots", {"B2": "Nowhere"})
    assert refusal(book, case) == (
        f"1 problem\n- plan.xlsx, sheet slots, row 2, column B (country_name): 'Nowhere' does not "
        f"go with country '{country}'\n    Expected '{name}', or a blank cell."
    )
    set_cells(book, "slots", {"B2": None})
    assert optimizer.read_plan(book, case).decisions.slots["slots"].sum() > 0


def test_faults_of_the_other_sheets(book: Path, case: Case) -> None:
    workbook = openpyxl.load_workbook(book)
    rows = {(row[0].value, row[1].value): row[0].row for row in workbook["parameters"].iter_rows()}
    scale = rows["goal scale", "bridges"]
    set_cells(book, "parameters", {f"C{scale}": "one"})
    set_cells(book, "decisions", {"A2": "agreement"})
    found = refusal(book, case).splitlines()
    assert found[0] == "2 problems"
    assert (
        found[1]
        == "- plan.xlsx, sheet decisions, row 2, column A (decision): 'agreement' is not allowed"
    )
    assert found[2].endswith("Maybe agreements.")
    assert found[3:] == [
        f"- plan.xlsx, sheet parameters, row {scale}, column C (value): 'one' is not a valid scale",
        "    Expected a number above 0.",
    ]


@pytest.mark.parametrize(
    ("sheets", "message"),
    [
        (
            {"Slots": [SLOTS]},
            "- mine.xlsx: has no sheet 'slots'\n"
            "    Expected a sheet with the columns country, track, year and slots.\n"
            "- mine.xlsx, sheet Slots: is not read\n"
            "    Expected the name slots for a sheet of the plan. Maybe slots.",
        ),
        (
            {"slots": [SLOTS], "decision": [["decision"]]},
            "- mine.xlsx, sheet decision: is not read\n"
            "    Expected the name decisions for a sheet of the plan. Maybe decisions.",
        ),
    ],
)
def test_sheets_that_are_not_there_or_misspelt(
    sheets: dict[str, Any], message: str, case: Case, tmp_path: Path
) -> None:
    found = refusal(write_book(tmp_path / "mine.xlsx", sheets), case)
    assert re.sub(r"^\d problems?\n", "", found) == message


def test_hidden_sheets_are_refused(by_hand: Callable[..., Path], case: Case) -> None:
    path = by_hand(decisions=[["decision", "year", "amount"]])
    workbook = openpyxl.load_workbook(path)
    workbook["decisions"].sheet_state = "hidden"
    workbook.save(path)
    assert refusal(path, case) == (
        "1 problem\n- mine.xlsx, sheet decisions: is hidden\n    Expected a visible sheet."
    )


# Tables of slots as CSV -------------------------------------------------------------------------


def test_a_csv_file_is_called_by_its_name(plan: Plan, case: Case, tmp_path: Path) -> None:
    row = first(plan) | {"country": "ZZZ", "slots": -1}
    file = tmp_path / "by hand.csv"
    runs.write_csv(pd.DataFrame([row]), file)
    assert refusal(file, case) == (
        "2 problems\n"
        "- by hand.csv row 2, column country: 'ZZZ' is not a country of case 'tiny'\n"
        "    Expected a code listed in countries.\n"
        "- by hand.csv row 2, column slots: -1 is below 0\n"
        "    Expected a whole number from 0 to 1e+15."
    )


def test_a_level_that_is_not_there_is_refused_even_without_slots(
    plan: Plan, case: Case, book: Path
) -> None:
    slots = plan.slots.copy()
    slots.loc[len(slots)] = first(plan) | {"level": "stand", "slots": 0}
    runs.write_csv(slots, book.parent / "plan.csv")
    runs.write_facts(plan, book.parent, book.parent)
    last = len(slots) + 1
    assert refusal(book.parent, case).startswith(
        f"1 problem\n- plan.csv row {last}, column level: track '{first(plan)['track']}' has no "
        "level 'stand'\n"
    )


def test_cells_that_cannot_be_read_are_told_once(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("country,track,year,slots\nZZZ,nothing,soon,many\n", encoding="utf-8")
    assert [line for line in refusal(file, case).splitlines() if line.startswith("-")] == [
        "- mine.csv row 2, column country: 'ZZZ' is not a country of case 'tiny'",
        "- mine.csv row 2, column slots: 'many' is not a number",
        "- mine.csv row 2, column track: 'nothing' is not a track of case 'tiny'",
        "- mine.csv row 2, column year: 'soon' is not a number",
    ]


def test_a_plan_that_is_not_there(case: Case, tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere", case) == (
        f"1 problem\n- nowhere: there is no such file in {tmp_path}\n"
        "    Expected a run folder, an .xlsx workbook or a plan.csv."
    )
