"""Cases as workbooks: the same frames as from a folder, and every fault told by its cell."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import io
import re
import resource
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from case_builder import full_case, smallest_case, write_case
from optimizer import build_instance, load_policy, write_template
from optimizer import write_case as write_out
from optimizer.case import Case, load_case
from optimizer.case.folders import LARGEST_FILE
from optimizer.errors import InputError, OptimizerError, PolicyError, Problems
from optimizer.instance import Instance
from optimizer.io.packages import LARGEST_WORKBOOK, MOST_PARTS
from optimizer.io.workbook import read_workbook
from random_cases import write_random_case

SHEET = "xl/worksheets/sheet{}.xml"
APPLICANTS = 9
"""Position of the sheet applicants in the workbook of the full case, counted from 1."""


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The full case as a workbook."""
    folder = tmp_path_factory.mktemp("workbooks")
    case = load_case(write_case(folder / "case", full_case()))
    write_out(case, folder / "case.xlsx")
    return (folder / "case.xlsx").read_bytes()


def message_of(content: bytes, folder: Path) -> str:
    """What reading the workbook says is wrong."""
    path = folder / "japan.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_case(path)
    return str(caught.value)


def edited(content: bytes, change: Callable[[openpyxl.Workbook], object]) -> bytes:
    """The workbook after a change, saved by openpyxl, which computes no formula."""
    found = openpyxl.load_workbook(io.BytesIO(content))
    change(found)
    saved = io.BytesIO()
    found.save(saved)
    return saved.getvalue()


def repacked(content: bytes, parts: dict[str, bytes | None]) -> bytes:
    """The workbook with parts replaced, added or (None) left out."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            if part is not None:
                new.writestr(name, part)
    return packed.getvalue()


def part_of(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def assert_same(found: Case, case: Case) -> None:
    for name, frame in case.tables.items():
        read = found.tables[name]
        if any(frame[column].astype("str").str.contains("\n").any() for column in frame):
            # Rows of a file are numbered by lines, those of a sheet are not.
            read = read.set_index(frame.index)
        pd.testing.assert_frame_equal(read, frame, check_exact=True)
    names = ("title", "currency", "years", "country_codes", "licence", "attributes", "movement")
    assert [getattr(found, name) for name in names] == [getattr(case, name) for name in names]


def round_trip(case: Case, folder: Path) -> Path:
    """Write the case as a workbook and that as a folder again; give the workbook."""
    path = folder / f"{case.name}.xlsx"
    write_out(case, path)
    read = load_case(path)
    assert read.name == case.name
    assert_same(read, case)
    write_out(read, folder / case.name)
    assert_same(load_case(folder / case.name), case)
    return path


@pytest.mark.parametrize("name", ["tiny", "japan"])
def test_inputs_come_back_from_a_workbook(name: str, root: Path, tmp_path: Path) -> None:
    source = root / "inputs" / name
    round_trip(load_case(source), tmp_path)
    assert (tmp_path / name / "case.toml").read_bytes() == (source / "case.toml").read_bytes()
    same = {
        file.name
        for file in source.glob("*.csv")
        if file.read_bytes() == (tmp_path / name / file.name).read_bytes()
    }
    # The others put attributes before tile_row, leave out optional columns or write 0.10 for 0.1.
    others = {
        "tiny": {"regions.csv", "tracks.csv"},
        "japan": {
            "applicants.csv",
            "current_plan.csv",
            "forecasts_by_region.csv",
            "regions.csv",
            "sites.csv",
            "support_levels.csv",
            "tracks.csv",
        },
    }
    assert {file.name for file in source.glob("*.csv")} - same == others[name]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_cases_come_back_from_a_workbook(seed: int, tmp_path: Path) -> None:
    folder, _ = write_random_case(tmp_path / "drawn", seed)
    round_trip(load_case(folder), tmp_path / "written")


@pytest.mark.parametrize("files", [full_case(), smallest_case()], ids=["full", "smallest"])
def test_cases_come_back_from_a_workbook(files: dict[str, str], tmp_path: Path) -> None:
    path = round_trip(load_case(write_case(tmp_path / "mine", files)), tmp_path / "written")
    case = load_case(path)
    assert list(case.hashes) == ["mine.xlsx"]
    assert len(case.hashes["mine.xlsx"]) == 64


ODD_TEXTS = [
    "=1+1",
    "+81",
    "-1",
    "@home",
    "'=quoted",
    "007",
    "1e5",
    "_x0041_",
    "_x005F_x0041_",
    "#N/A",
    "TRUE",
    "2027-01-05",
    "NA",
    'say "yes", then',
    "two\nlines",
    "tab\there",
    "two\r\nlines",
    "東京 & <b>",
    "\U0001f5fe",
]


def with_table(case: Case, name: str, frame: pd.DataFrame) -> Case:
    """The case with another table: those that a case hands out are copies."""
    return dataclasses.replace(case, tables={**case.tables, name: frame})


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts_come_back_as_text(text: str, tmp_path: Path) -> None:
    case = load_case(write_case(tmp_path / "mine", full_case()))
    countries = case.table("countries")
    if text.isprintable():
        # Names stand on one line; notes need not.
        countries.loc[2, "name"] = text
    countries.loc[2, "note"] = f" {text} "
    path = round_trip(with_table(case, "countries", countries), tmp_path / "written")
    sheet = openpyxl.load_workbook(path)["countries"]
    assert {cell.data_type for cell in sheet[2] if cell.value is not None} <= {"s", "n"}
    assert sheet["B2"].data_type == "s"
    assert sheet["B2"].number_format == "@"


def test_numbers_come_back_to_the_last_digit(tmp_path: Path) -> None:
    case = load_case(write_case(tmp_path / "mine", full_case()))
    values = [0.1 + 0.2, 1e-7, 1 / 3, 123456789012345.67, 1e18, 5e-324, 7.0]
    frame = case.tables["scores"].iloc[[0] * len(values)].assign(value=values)
    frame["goal"] = [f"goal{number}" for number in range(len(values))]
    frame.index = pd.Index(range(2, 2 + len(values)), dtype="int64", name="row")
    round_trip(with_table(case, "scores", frame), tmp_path / "written")


def test_text_that_no_workbook_takes_is_refused(tmp_path: Path) -> None:
    case = load_case(write_case(tmp_path / "mine", full_case()))
    countries = case.table("countries")
    countries.loc[2, "note"] = "x" * 32_768
    countries.loc[3, "note"] = "\uffff"
    with pytest.raises(InputError) as caught:
        write_out(with_table(case, "countries", countries), tmp_path / "mine.xlsx")
    assert str(caught.value) == (
        "2 problems\n"
        "- mine.xlsx, sheet countries, row 2, column G (note): 32,768 characters, of which a "
        "cell takes 32,767\n"
        "- mine.xlsx, sheet countries, row 3, column G (note): holds characters that no workbook "
        "takes"
    )
    assert not (tmp_path / "mine.xlsx").exists()


def test_header_that_no_sheet_can_say_is_refused(tmp_path: Path) -> None:
    files = full_case()
    files["case.toml"] += """
[attributes.countries]
gdp = { description = "one\\ntwo", unit = "USD " }
"""
    with pytest.raises(InputError) as caught:
        write_out(load_case(write_case(tmp_path / "mine", files)), tmp_path / "mine.xlsx")
    assert str(caught.value) == (
        "2 problems\n"
        "- mine.xlsx, sheet attributes, row 2, column C (description): 'one\\ntwo' has a line "
        "break, which a sheet may not have\n"
        "- mine.xlsx, sheet attributes, row 2, column D (unit): 'USD ' has spaces around it, which "
        "a sheet may not have"
    )


def test_workbook_is_made_for_planners(book: bytes) -> None:
    found = openpyxl.load_workbook(io.BytesIO(book))
    assert found.sheetnames[:5] == ["read me", "case", "attributes", "countries", "tracks"]
    assert found["case"]["A5"].value == "years"
    assert found["case"]["B5"].value == "2027-2028"
    costs, tracks = found["costs"], found["tracks"]
    assert costs.freeze_panes == "A2"
    assert costs.column_dimensions["C"].width == len("year_of_stay") + 2
    comment = costs["H1"].comment
    assert comment is not None
    assert comment.text == (
        "Cost per participant and year.\nUnit: JPY.\nA cell holds a number of at least 0.\n"
        "Required in every row."
    )
    assert costs["D1"].comment is not None
    assert costs["D1"].comment.text == (
        "Support level of the track; standard without support_levels.\n"
        "Optional key. Blank means every."
    )
    formats = {
        ("costs", "H2"): "#,##0.00",
        ("budgets", "D2"): "#,##0",
        ("budgets", "B2"): "0",
        ("tracks", "J2"): "0.0%",
        ("tracks", "H2"): "#,##0",
        ("tracks", "A2"): "@",
        ("scores", "E2"): "General",
    }
    assert {key: found[key[0]][key[1]].number_format for key in formats} == formats
    rules = {
        (sheet.title, str(rule.sqref).removesuffix("1048576")): (rule.type, rule.formula1)
        for sheet in (costs, tracks)
        for rule in sheet.data_validations.dataValidation
    }
    keys = "{0}!$A$2:INDEX({0}!$A:$A,MAX(2,COUNTA({0}!$A:$A)))"
    assert rules == {
        ("costs", "A2:A"): ("list", keys.format("tracks")),
        ("costs", "B2:B"): ("list", keys.format("budgets")),
        ("costs", "C2:C"): ("whole", "1"),
        ("costs", "E2:E"): ("list", keys.format("countries")),
        ("costs", "F2:F"): ("whole", "2027"),
        ("costs", "G2:G"): ("list", '"new,transition"'),
        ("costs", "H2:H"): ("decimal", "0"),
        ("tracks", "C2:C"): (
            "list",
            '"exchange,training,skilled_work,study,highly_skilled,protection"',
        ),
        ("tracks", "F2:F"): ("list", '"inbound,outbound"'),
        ("tracks", "G2:G"): ("whole", "0"),
        ("tracks", "H2:H"): ("whole", "0"),
        ("tracks", "I2:I"): ("list", '"yes,no"'),
        ("tracks", "J2:J"): ("decimal", "0"),
        ("tracks", "K2:K"): ("list", '"yes,no"'),
        ("tracks", "L2:L"): ("list", '"planned,forecast"'),
        ("tracks", "M2:M"): ("list", '"yes,no"'),
    }
    assert not any(
        cell.data_type == "f"
        for sheet in found.worksheets
        for row in sheet.iter_rows()
        for cell in row
    )
    assert CalamineWorkbook.from_filelike(io.BytesIO(book)).sheet_names == found.sheetnames


def cell(sheet: str, place: str, value: object, data_type: str = "") -> Callable[..., None]:
    """A change of one cell."""

    def change(found: openpyxl.Workbook) -> None:
        target = found[sheet][place]
        target.value = value
        if data_type:
            target.data_type = data_type

    return change


def on(sheet: str, change: Callable[[Worksheet], object]) -> Callable[..., object]:
    """A change of one sheet."""
    return lambda found: change(found[sheet])


def renamed(old: str, new: str) -> Callable[..., None]:
    def change(found: openpyxl.Workbook) -> None:
        # openpyxl takes a name that differs in capitals only for one that is there already.
        found[old].title = "between"
        found["between"].title = new

    return change


A_COUNT = "    Expected a whole number of at least 0."
CELLS = {
    "word for a figure": (
        cell("applicants", "D5", "many"),
        "row 5, column D (applicants): 'many' is not a number\n" + A_COUNT,
    ),
    "number stored as text": (
        cell("applicants", "D5", "12", "s"),
        "row 5, column D (applicants): '12' is a number stored as text\n"
        "    Expected a number cell. Maybe 12.",
    ),
    "date": (
        cell("applicants", "D5", datetime.date(2027, 1, 5)),
        "row 5, column D (applicants): 2027-01-05 is a date\n" + A_COUNT,
    ),
    "time": (
        cell("applicants", "D5", datetime.time(3, 4)),
        "row 5, column D (applicants): 03:04:00 is a time\n" + A_COUNT,
    ),
    "error": (
        cell("applicants", "D5", "#N/A", "e"),
        "row 5, column D (applicants): #N/A is an error\n" + A_COUNT,
    ),
    "truth value": (
        cell("applicants", "D5", True),
        "row 5, column D (applicants): TRUE is a truth value\n" + A_COUNT,
    ),
    "fraction": (
        cell("applicants", "D5", 20.5),
        "row 5, column D (applicants): 20.5 is not a whole number\n" + A_COUNT,
    ),
    "formula without a value": (
        cell("applicants", "D5", "=4*5"),
        "row 5, column D (applicants): holds a formula without a value\n"
        "    Expected a value; open the workbook in a spreadsheet program and save it.",
    ),
    "unknown key": (
        cell("applicants", "A4", "FRE"),
        "row 4, column A (country): 'FRE' is not in sheet countries\n"
        "    Expected a country of sheet countries. Maybe FRA.",
    ),
    "date in a text column": (
        cell("applicants", "F5", datetime.date(2027, 1, 5)),
        "row 5, column F (note): 2027-01-05 is a date\n"
        "    Expected text: any remark; how an assumption was derived, "
        "or a blank cell.",
    ),
    "control character": (
        # openpyxl refuses to write it; programs escape it.
        cell("applicants", "E5", "bell_x0007_"),
        "row 5, column E (source): 'bell\\x07' has control characters\n"
        "    Expected text without control characters.",
    ),
    "duplicate row": (
        on("applicants", lambda sheet: sheet.append(["KOR", "lab", None, 7])),
        "row 6: country 'KOR', track 'lab', year blank is already in row 5\n"
        "    Expected one row per country, track, year.",
    ),
    "duplicate header": (
        cell("applicants", "F1", "source"),
        "row 1, column E (source): the column is there twice",
    ),
    "unknown column": (
        cell("applicants", "F1", "notes"),
        "row 1: unknown column 'notes'\n    Expected columns of applicants only. Maybe note.",
    ),
    "missing column": (
        on("applicants", lambda sheet: sheet.delete_cols(4)),
        "row 1, column applicants: the column is missing\n"
        "    Expected a whole number of at least 0 (most people who could enter).",
    ),
    "empty column between": (
        on("applicants", lambda sheet: sheet.insert_cols(3)),
        "row 1: column C has no name\n    Expected a name.",
    ),
    "empty column before": (
        on("applicants", lambda sheet: sheet.insert_cols(1)),
        "row 1: column A has no name\n    Expected a name.",
    ),
    "header lower down": (
        on("applicants", lambda sheet: sheet.insert_rows(1, 2)),
        "row 1: has no header\n    Expected the names of the columns in row 1.",
    ),
    "cell beside the table": (
        cell("applicants", "H3", "see mail"),
        "row 3, column H: 'see mail' stands under no header\n"
        "    Expected nothing beside the table.",
    ),
    "merged cells": (
        on("applicants", lambda sheet: sheet.merge_cells("E2:F3")),
        "cells E2:F3 are merged\n    Expected a value in every cell.",
    ),
    "hidden": (
        on("applicants", lambda sheet: setattr(sheet, "sheet_state", "hidden")),
        "is hidden\n    Expected a visible sheet.",
    ),
    "very hidden": (
        on("applicants", lambda sheet: setattr(sheet, "sheet_state", "veryHidden")),
        "is hidden\n    Expected a visible sheet.",
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_fault_of_a_cell_is_told(name: str, book: bytes, tmp_path: Path) -> None:
    change, told = CELLS[name]
    found = message_of(edited(book, change), tmp_path)
    separator = ", " if told.startswith("row ") else ": "
    assert found == f"1 problem\n- japan.xlsx, sheet applicants{separator}{told}"


OTHERS = {
    "date as header": (
        cell("applicants", "F1", datetime.date(2027, 1, 5)),
        "2 problems\n"
        "- japan.xlsx, sheet applicants, row 1, column F: 2027-01-05 is a date\n"
        "    Expected the name of the column, as text.\n"
        "- japan.xlsx, sheet applicants, row 1: unknown column '2027-01-05'\n"
        "    Expected columns of applicants only.",
    ),
    "yes as truth value": (
        cell("tracks", "I2", False),
        "1 problem\n"
        "- japan.xlsx, sheet tracks, row 2, column I (needs_agreement): 'FALSE' is not allowed\n"
        "    Expected yes or no. Maybe no.",
    ),
    "attribute as truth value": (
        cell("countries", "D2", True),
        "1 problem\n"
        "- japan.xlsx, sheet countries, row 2, column D (gdp): TRUE is a truth value\n"
        "    Expected a number or a blank cell. Maybe yes.",
    ),
    "sheet in capitals": (
        renamed("scores", "Scores"),
        "1 problem\n"
        "- japan.xlsx, sheet Scores: is not a table of a case\n"
        "    Expected only tables of the data dictionary. Maybe scores.",
    ),
    "sheet with spaces": (
        renamed("national_caps", " National caps "),
        "1 problem\n"
        "- japan.xlsx, sheet  National caps : is not a table of a case\n"
        "    Expected only tables of the data dictionary. Maybe national_caps.",
    ),
    "sheet misspelt": (
        renamed("applicants", "aplicants"),
        "2 problems\n"
        "- japan.xlsx, sheet aplicants: is not a table of a case\n"
        "    Expected only tables of the data dictionary. Maybe applicants.\n"
        "- japan.xlsx, sheet applicants: the sheet is missing\n"
        "    Expected a table with columns country, track, applicants.",
    ),
    "further sheet": (
        lambda found: found.create_sheet("Sheet1"),
        "1 problem\n"
        "- japan.xlsx, sheet Sheet1: is not a table of a case\n"
        "    Expected only tables of the data dictionary.",
    ),
    "chart instead of cells": (
        lambda found: (found.remove(found["scores"]), found.create_chartsheet("scores")),
        "1 problem\n- japan.xlsx, sheet scores: is not a worksheet\n    Expected a table.",
    ),
    "blank sheet": (
        lambda found: found["scores"].delete_rows(1, 9),
        "1 problem\n"
        "- japan.xlsx, sheet scores, row 1: has no header\n"
        "    Expected the names of the columns in row 1.",
    ),
    "no sheet case": (
        lambda found: found.remove(found["case"]),
        "1 problem\n"
        "- japan.xlsx, sheet case: the sheet is missing\n"
        "    Expected title, currency, years and more.",
    ),
    "years": (
        cell("case", "B5", "2027 to 2028"),
        "1 problem\n"
        "- japan.xlsx, sheet case, row 5, column B (years): '2027 to 2028' does not name years\n"
        "    Expected the first and the last year, such as 2027-2031, or all of them. "
        "Maybe 2027-2028.",
    ),
    "another currency": (
        cell("case", "B4", "EUR"),
        "1 problem\n"
        "- japan.xlsx, sheet case, row 4, column B (currency): is 'EUR', but columns of money are "
        "in JPY: amount_jpy in sheet budgets; amount_jpy in sheet costs; amount_jpy in sheet "
        "region_costs; setup_cost_jpy, yearly_cost_jpy in sheet agreements; expansion_cost_jpy, "
        "upkeep_jpy in sheet services\n"
        "    Expected headers that end in _eur, with amounts in EUR. Maybe JPY.",
    ),
    "gap in years": (
        cell("case", "B5", "2027, 2029"),
        "1 problem\n"
        "- japan.xlsx, sheet case, row 5, column B (years): [2027, 2029] does not go up year by "
        "year\n"
        "    Expected every year from the first to the last.",
    ),
    "unknown key": (
        cell("case", "A7", "license"),
        "2 problems\n"
        "- japan.xlsx, sheet case: licence is missing\n"
        "    Expected text.\n"
        "- japan.xlsx, sheet case, row 7, column A (license): is not a known key\n"
        "    Expected one of attributes, country_codes, currency, licence, movement, schema, "
        "title, years. Maybe licence.",
    ),
    "key twice": (
        on("case", lambda sheet: sheet.append(["title", "Another"])),
        "1 problem\n"
        "- japan.xlsx, sheet case, row 9: key 'title' is already in row 3\n"
        "    Expected one row per key.",
    ),
    "version": (
        cell("case", "B2", 2),
        "1 problem\n"
        "- japan.xlsx, sheet case, row 2, column B (schema): 2 is not allowed\n    Expected 1.",
    ),
    "attribute of no column": (
        on("attributes", lambda sheet: sheet.append(["countries", "gpd", "", ""])),
        "1 problem\n"
        "- japan.xlsx, sheet attributes, row 2, column B (column): sheet countries has no column "
        "'gpd'\n"
        "    Expected a column of the table. Maybe gdp.",
    ),
    "attribute of another table": (
        on("attributes", lambda sheet: sheet.append(["tracks", "cost", "", ""])),
        "1 problem\n"
        "- japan.xlsx, sheet attributes, row 2, column A (table): tracks has no attributes\n"
        "    Expected countries or regions.",
    ),
    "file words in messages": (
        lambda found: found.remove(found["sites"]),
        "1 problem\n"
        "- japan.xlsx, sheet sites: the sheet is missing\n"
        "    Expected sites in the regions of sheet regions.",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_fault_of_a_sheet_is_told(name: str, book: bytes, tmp_path: Path) -> None:
    change, told = OTHERS[name]
    assert message_of(edited(book, change), tmp_path) == told


def test_faults_of_all_sheets_are_told_at_once(book: bytes, tmp_path: Path) -> None:
    def change(found: openpyxl.Workbook) -> None:
        found["applicants"]["D3"] = found["sites"]["D3"] = -1

    assert message_of(edited(book, change), tmp_path) == (
        "2 problems\n"
        "- japan.xlsx, sheet applicants, row 3, column D (applicants): -1 is below 0\n"
        f"{A_COUNT}\n"
        "- japan.xlsx, sheet sites, row 3, column D (max_slots): -1 is below 0\n"
        f"{A_COUNT}"
    )


def test_what_is_legal_in_a_sheet_is_read(book: bytes, tmp_path: Path) -> None:
    def change(found: openpyxl.Workbook) -> None:
        for name in ("policy", "goals", "limits"):
            found.create_sheet(name)["A1"] = "anything"
        found["read me"].merge_cells("A1:B2")
        found["read me"].sheet_state = "hidden"
        for row in found["applicants"].iter_rows(min_row=2):
            if row[1].value == "lab":
                row[1].value = 7
        for name in ("tracks", "costs", "agreements", "continuations", "sites", "current_plan"):
            for row in found[name].iter_rows(min_row=2):
                for each in row:
                    if each.value == "lab":
                        each.value, each.data_type = 7, "n"
        found["applicants"].insert_rows(4)
        found["applicants"]["XFD1048576"].number_format = "0%"
        found["applicants"].row_dimensions[2].hidden = True

    path = tmp_path / "japan.xlsx"
    path.write_bytes(edited(book, change))
    case = load_case(path)
    assert case.table("applicants")["track"].to_dict() == {
        2: "study",
        3: "study",
        5: "study",
        6: "7",
    }
    assert "7" in set(case.table("tracks")["track"])


def test_value_of_a_formula_is_read(book: bytes, tmp_path: Path) -> None:
    name = SHEET.format(APPLICANTS)
    new = rb'<c r="D5"><f>4*5</f><v>20</v></c><c r="E5" t="str"><f>""</f><v></v></c>'
    part, count = re.subn(rb'<c r="D5"[^>]*><v>20</v></c>', new, part_of(book, name))
    assert count == 1
    path = tmp_path / "japan.xlsx"
    path.write_bytes(repacked(book, {name: part}))
    frame = load_case(path).table("applicants")
    assert frame[["applicants", "source"]].to_numpy().tolist()[-1] == [20, ""]


def test_shared_and_phonetic_texts_and_prefixed_tags_are_read(book: bytes, tmp_path: Path) -> None:
    """As other programs write them: texts once for all cells, with readings, tags with a prefix."""
    name = SHEET.format(APPLICANTS)
    rows = [
        '<x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c><x:c t="s"><x:v>2</x:v></x:c>'
        '<x:c t="s"><x:v>4</x:v></x:c>',
        '<x:c t="s"><x:v>3</x:v></x:c><x:c t="inlineStr"><x:is><x:t>study</x:t></x:is></x:c>'
        '<x:c><x:v>1.0E2</x:v></x:c><x:c t="s"><x:v>5</x:v></x:c>',
    ]
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    body = "".join(f"<x:row>{row}</x:row>" for row in rows)
    sheet = f'<x:worksheet xmlns:x="{main}"><x:sheetData>{body}</x:sheetData></x:worksheet>'
    words = ["country", "track", "applicants", "KOR", "note"]
    texts = "".join(f"<si><t>{word}</t></si>" for word in words)
    texts += "<si><r><t>東</t></r><r><t>京</t></r><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si>"
    relations = part_of(book, "xl/_rels/workbook.xml.rels").replace(
        b"</Relationships>",
        b'<Relationship Id="texts" Target="sharedStrings.xml" Type="http://schemas.openxmlformats'
        b'.org/officeDocument/2006/relationships/sharedStrings"/></Relationships>',
    )
    parts: dict[str, bytes | None] = {
        name: sheet.encode(),
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{texts}</sst>'.encode(),
        "xl/_rels/workbook.xml.rels": relations,
    }
    path = tmp_path / "japan.xlsx"
    path.write_bytes(repacked(book, parts))
    problems = Problems()
    found = read_workbook(path, problems)
    assert found is not None
    grid = found.sheet("applicants", problems)
    assert not list(problems)
    assert grid is not None
    assert grid.header == ["country", "track", "applicants", "note"]
    assert grid.cells == [["KOR", "study", "100", "東京"]]
    assert grid.rows == [2]
    assert grid.kinds == ["ttnt"]


FAR = "1048576"
WORKBOOK = "xl/workbook.xml"
A_WORKBOOK = "    Expected an .xlsx workbook saved by a spreadsheet program."
BOMB = b"<?xml version='1.0'?>\n<x>" + b" " * (60 * 2**20) + b"</x>"
DTD = b"<?xml version='1.0'?>\n<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>\n<x>&b;</x>"


def lying(content: bytes, name: str, part: bytes, declared: int) -> bytes:
    """The workbook with a part that the directory says is smaller than it is, checksum included."""
    packed = bytearray(repacked(content, {name: part}))
    wrong = struct.pack("<I", declared)
    checksum = struct.pack("<I", zlib.crc32(part[:declared]))
    for mark, offset in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        found = packed.rindex(mark)
        for place in (each.start() for each in re.finditer(re.escape(mark), bytes(packed))):
            start = place + (30 if offset == 14 else 46)
            if packed[start : start + len(name)] == name.encode():
                found = place
        packed[found + offset : found + offset + 4] = checksum
        packed[found + offset + 8 : found + offset + 12] = wrong
    return bytes(packed)


def with_cells(content: bytes, cells: str) -> bytes:
    """The workbook with other contents of the sheet applicants."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
    return repacked(content, {SHEET.format(APPLICANTS): sheet.encode()})


HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty file": (lambda book: b"", f": is not a workbook\n{A_WORKBOOK}"),
    "csv renamed": (
        lambda book: b"country,track,applicants\n",
        f": is not a workbook\n{A_WORKBOOK}",
    ),
    "old workbook renamed": (
        lambda book: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        f": is a workbook in the format of before 2007\n{A_WORKBOOK}",
    ),
    "encrypted": (
        lambda book: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
        ": is protected by a password\n    Expected a workbook saved without a password.",
    ),
    "truncated": (
        lambda book: book[: len(book) // 2],
        f": is damaged: its end is missing or cannot be read\n{A_WORKBOOK}",
    ),
    "other archive": (
        lambda book: repacked(book, {WORKBOOK: None}),
        f": is a zip archive, but not a workbook\n{A_WORKBOOK}",
    ),
    "binary workbook": (
        lambda book: repacked(book, {WORKBOOK: None, "xl/workbook.bin": b"\0"}),
        f": is a binary workbook (.xlsb)\n{A_WORKBOOK}",
    ),
    "zip bomb": (
        lambda book: repacked(book, {"xl/theme/theme1.xml": BOMB}),
        ": unpacks part xl/theme/theme1.xml to more than 200 times its size\n" + A_WORKBOOK,
    ),
    "zip bomb that lies about its size": (
        lambda book: lying(book, "xl/theme/theme1.xml", BOMB, 1000),
        ": unpacks part xl/theme/theme1.xml to more than 200 times its size\n" + A_WORKBOOK,
    ),
    "many parts": (
        lambda book: repacked(book, {f"xl/media/{number}": b"" for number in range(MOST_PARTS)}),
        ": has 2,106 parts\n    Expected at most 2,000 parts.",
    ),
    "entities": (
        lambda book: repacked(book, {"xl/theme/theme1.xml": DTD}),
        f": declares entities in its part xl/theme/theme1.xml\n{A_WORKBOOK}",
    ),
    "entities in UTF-16": (
        lambda book: repacked(
            book,
            {
                "docProps/app.xml": DTD.decode()
                .replace("?>", " encoding='utf-16'?>", 1)
                .encode("utf-16")
            },
        ),
        f": declares entities in its part docProps/app.xml\n{A_WORKBOOK}",
    ),
    "broken XML": (
        lambda book: repacked(book, {WORKBOOK: b"<workbook><sheets>"}),
        f": is damaged: part xl/workbook.xml is not valid XML\n{A_WORKBOOK}",
    ),
    "missing relations": (
        lambda book: repacked(book, {"xl/_rels/workbook.xml.rels": None}),
        f": lacks its part xl/_rels/workbook.xml.rels\n{A_WORKBOOK}",
    ),
    "missing sheet": (
        lambda book: repacked(book, {SHEET.format(APPLICANTS): None}),
        f", sheet applicants: lacks its part {SHEET.format(APPLICANTS)}\n{A_WORKBOOK}",
    ),
    "cell far away": (
        lambda book: with_cells(book, f'<row r="{FAR}"><c r="XFD{FAR}"><v>1</v></c></row>'),
        ", sheet applicants: its filled cells reach to XFD1048576\n"
        "    Expected at most 10,000,000 cells, counted from A1.",
    ),
    "row beyond all": (
        lambda book: with_cells(book, '<row r="2000002"><c r="A2000002"><v>1</v></c></row>'),
        ", sheet applicants: its last filled row is row 2,000,002\n"
        "    Expected at most 2,000,001, a header and 2,000,000 rows.",
    ),
    "cell that cannot be": (
        lambda book: with_cells(book, '<row r="1"><c r="1A"><v>1</v></c></row>'),
        f", sheet applicants: is damaged: part {SHEET.format(APPLICANTS)} names cells that cannot "
        f"be\n{A_WORKBOOK}",
    ),
    "text that is not there": (
        lambda book: with_cells(book, '<row r="1"><c r="A1" t="s"><v>7</v></c></row>'),
        f", sheet applicants: is damaged: part {SHEET.format(APPLICANTS)} names cells that cannot "
        f"be\n{A_WORKBOOK}",
    ),
    "endless text": (
        lambda book: with_cells(
            book, f'<row r="1"><c t="inlineStr"><is><t>{"ab" * 20_000}</t></is></c></row>'
        ),
        f", sheet applicants: holds a text of more than 32,767 characters\n{A_WORKBOOK}",
    ),
    "unknown kind of cell": (
        lambda book: with_cells(book, '<row r="1"><c r="A1" t="zz"><v>1</v></c></row>'),
        f", sheet applicants: is damaged: its cells cannot be read\n{A_WORKBOOK}",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_workbook_is_one_clear_problem(name: str, book: bytes, tmp_path: Path) -> None:
    make, told = HOSTILE[name]
    content = make(book)
    used, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    assert message_of(content, tmp_path) == f"1 problem\n- japan.xlsx{told}"
    assert time.monotonic() - started < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used < 100 * 2**10


def test_every_cut_of_a_workbook_is_refused(book: bytes, tmp_path: Path) -> None:
    for length in range(0, len(book), len(book) // 40):
        assert message_of(book[:length], tmp_path).startswith("1 problem\n- japan.xlsx: is ")


def test_damaged_bytes_never_raise_anything_else(book: bytes, tmp_path: Path) -> None:
    path = tmp_path / "japan.xlsx"
    for place in range(0, len(book), len(book) // 60):
        path.write_bytes(book[:place] + bytes([book[place] ^ 0xFF]) + book[place + 1 :])
        with contextlib.suppress(InputError):
            load_case(path)


def test_large_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "japan.xlsx"
    with path.open("wb") as file:
        file.truncate(LARGEST_WORKBOOK + 1)
    folder = write_case(tmp_path / "case", full_case())
    with (folder / "applicants.csv").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    told = {
        path: "japan.xlsx: has 104,857,601 bytes\n"
        "    Expected a workbook of at most 104,857,600 bytes.",
        folder: "applicants.csv: has 524,288,001 bytes\n    Expected at most 524,288,000 bytes.",
    }
    for where, words in told.items():
        with pytest.raises(InputError) as caught:
            load_case(where)
        assert str(caught.value) == f"1 problem\n- {words}"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_tables_of_too_many_rows_are_refused_quickly(end: str, tmp_path: Path) -> None:
    files = full_case()
    text = files["applicants.csv"].splitlines()[0] + end + f"KOR,study,,1{end}" * 2_000_001
    folder = write_case(tmp_path / "case", {**files, "applicants.csv": text})
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        load_case(folder)
    assert time.monotonic() - started < 3
    assert str(caught.value) == (
        "1 problem\n- applicants.csv: has 2,000,002 lines\n"
        "    Expected at most 2,000,001, a header and 2,000,000 rows."
    )


def test_table_behind_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case", full_case())
    for name in ("applicants.csv", "case.toml"):
        (folder / name).rename(tmp_path / name)
        (folder / name).symlink_to(tmp_path / name)
    (folder / "sites.csv").rename(folder / "other_sites.txt")
    (folder / "sites.csv").symlink_to("other_sites.txt")
    with pytest.raises(InputError) as caught:
        load_case(folder)
    told = "is a symbolic link that leads out of the case's folder\n"
    assert str(caught.value) == (
        f"2 problems\n- applicants.csv: {told}    Expected a file in the folder.\n"
        f"- case.toml: {told}    Expected a file in the folder."
    )


def joined(path: Path, folder: Path) -> Instance:
    """The case under the first policy."""
    policy = write_template(folder / "first", policy=True)[1]
    return build_instance(load_case(path), load_policy(policy))


def test_problems_found_later_name_the_sheet(book: bytes, tmp_path: Path) -> None:
    path = tmp_path / "japan.xlsx"
    change = on("commitments", lambda sheet: sheet.append(["FRA", "lab", None, 2027, 3]))
    path.write_bytes(edited(book, change))
    with pytest.raises(PolicyError) as caught:
        joined(path, tmp_path)
    assert str(caught.value) == (
        "1 problem\n"
        "- japan.xlsx, sheet commitments, row 3, column E (at_least): 3 slots are committed, but "
        "none are possible there\n"
        "    Expected an eligible country and track with a site in that year."
    )


def test_missing_library_is_named(
    book: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "japan.xlsx"
    path.write_bytes(book)
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(OptimizerError) as caught:
        load_case(path)
    assert str(caught.value) == (
        'japan.xlsx needs python-calamine: pip install "talent-optimizer[excel]"'
    )
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(OptimizerError) as caught:
        write_template(tmp_path / "new.xlsx")
    assert str(caught.value) == 'new.xlsx needs openpyxl: pip install "talent-optimizer[excel]"'
