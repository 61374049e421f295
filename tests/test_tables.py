"""Single tables: what is wrong with a cell, a row or a header, in the words that users see."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from case_builder import TABLES as TEXTS
from case_builder import changed, full_case, write_case
from optimizer.case import load_case
from optimizer.errors import InputError, Problems
from optimizer.io.cell_faults import fits
from optimizer.io.cells import are_figures, parse_cells
from optimizer.io.tables import TableRead, empty_table, read_table
from optimizer.schema.tables import MONEY, TABLES

CELLS = [
    pytest.param(
        "applicants.csv",
        "KOR,study,,100",
        'KOR,study,,"1,000"',
        (
            "1 problem\n"
            "- applicants.csv row 2, column applicants: '1,000' is not a number\n"
            "    Expected a whole number of at least 0. Maybe 1000."
        ),
        id="thousands separator",
    ),
    pytest.param(
        "support_levels.csv",
        "study,intensive,0.95,1.2",
        'study,intensive,"0,95",1.2',
        (
            "1 problem\n"
            "- support_levels.csv row 3, column completion_rate: '0,95' is not a number\n"
            "    Expected a number from 0 to 1. Maybe 0.95."
        ),
        id="decimal comma",
    ),
    pytest.param(
        "applicants.csv",
        "KOR,study,,100",
        "KOR,study,,\uff11\uff10\uff10",
        (
            "1 problem\n"
            "- applicants.csv row 2, column applicants: '\uff11\uff10\uff10' is not a number\n"
            "    Expected a whole number of at least 0. Maybe 100."
        ),
        id="full-width digits",
    ),
    pytest.param(
        "costs.csv",
        "study,grants,2,,,,,900",
        "study,grants,2,,,,,¥900",
        (
            "1 problem\n"
            "- costs.csv row 3, column amount_jpy: '¥900' is not a number\n"
            "    Expected a number of at least 0. Maybe 900."
        ),
        id="money sign",
    ),
    pytest.param(
        "applicants.csv",
        "KOR,lab,,20",
        "KOR,lab,,many",
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: 'many' is not a number\n"
            "    Expected a whole number of at least 0."
        ),
        id="word for a figure",
    ),
    pytest.param(
        "applicants.csv",
        "KOR,lab,,20",
        "KOR,lab,,NaN",
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: 'NaN' is not a finite number\n"
            "    Expected a whole number of at least 0."
        ),
        id="not a number",
    ),
    pytest.param(
        "scores.csv",
        "growth,KOR,study,,1.5",
        "growth,KOR,study,,-inf",
        (
            "1 problem\n"
            "- scores.csv row 2, column value: '-inf' is not a finite number\n"
            "    Expected a number."
        ),
        id="infinite",
    ),
    pytest.param(
        "scores.csv",
        "growth,KOR,study,,1.5",
        "growth,KOR,study,,1e999",
        (
            "1 problem\n"
            "- scores.csv row 2, column value: '1e999' is too large a number\n"
            "    Expected a number."
        ),
        id="overflow",
    ),
    pytest.param(
        "applicants.csv",
        "KOR,lab,,20",
        "KOR,lab,,1e16",
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: 1e16 is too large a number\n"
            "    Expected a whole number of at least 0."
        ),
        id="count too large",
    ),
    pytest.param(
        "applicants.csv",
        "KOR,lab,,20",
        "KOR,lab,,20.5",
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: 20.5 is not a whole number\n"
            "    Expected a whole number of at least 0."
        ),
        id="fraction of a person",
    ),
    pytest.param(
        "sites.csv",
        "lab,osaka,,10",
        "lab,osaka,,-10",
        (
            "1 problem\n"
            "- sites.csv row 4, column max_slots: -10 is below 0\n"
            "    Expected a whole number of at least 0."
        ),
        id="negative count",
    ),
    pytest.param(
        "budgets.csv",
        "grants,2027,MEXT,1000000",
        "grants,2027,MEXT,-1",
        (
            "1 problem\n"
            "- budgets.csv row 2, column amount_jpy: -1 is below 0\n"
            "    Expected a number of at least 0."
        ),
        id="negative money",
    ),
    pytest.param(
        "tracks.csv",
        "no,0.9,yes",
        "no,90,yes",
        (
            "1 problem\n"
            "- tracks.csv row 2, column completion_rate: 90 is above 1\n"
            "    Expected a number from 0 to 1. Maybe 0.9."
        ),
        id="per cent for a share",
    ),
    pytest.param(
        "tracks.csv",
        "no,0.9,yes",
        "no,900,yes",
        (
            "1 problem\n"
            "- tracks.csv row 2, column completion_rate: 900 is above 1\n"
            "    Expected a number from 0 to 1."
        ),
        id="share far above one",
    ),
    pytest.param(
        "region_costs.csv",
        "study,grants,osaka,1,100",
        "study,grants,osaka,0,100",
        (
            "1 problem\n"
            "- region_costs.csv row 2, column year_of_stay: 0 is below 1\n"
            "    Expected a whole number of at least 1."
        ),
        id="year of stay 0",
    ),
    pytest.param(
        "applicants.csv",
        "KOR,lab,,20",
        "KOR,lab,,",
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: is blank\n"
            "    Expected a whole number of at least 0."
        ),
        id="required blank",
    ),
    pytest.param(
        "applicants.csv",
        "KOR,lab,,20",
        ",lab,,20",
        (
            "1 problem\n"
            "- applicants.csv row 5, column country: is blank\n"
            "    Expected text: code of the partner country."
        ),
        id="key blank",
    ),
    pytest.param(
        "tracks.csv",
        "2,0,no,0.9,yes",
        "2,0,FALSE,0.9,yes",
        (
            "1 problem\n"
            "- tracks.csv row 2, column needs_agreement: 'FALSE' is not allowed\n"
            "    Expected yes or no. Maybe no."
        ),
        id="not yes or no",
    ),
    pytest.param(
        "tracks.csv",
        "Study,study,MEXT",
        "Study,studies,MEXT",
        (
            "1 problem\n"
            "- tracks.csv row 2, column pathway: 'studies' is not allowed\n"
            "    Expected exchange, training, skilled_work, study, highly_skilled or "
            "protection. Maybe study."
        ),
        id="misspelt choice",
    ),
    pytest.param(
        "applicants.csv",
        "KOR,lab,,20",
        "KOR ,lab,,20",
        (
            "1 problem\n"
            "- applicants.csv row 5, column country: 'KOR ' has spaces around it\n"
            "    Expected values without spaces around them. Maybe KOR."
        ),
        id="spaces around",
    ),
    pytest.param(
        "applicants.csv",
        "KOR,lab,,20",
        "KOR,lab, ,20",
        (
            "1 problem\n"
            "- applicants.csv row 5, column year: ' ' has spaces around it\n"
            "    Expected values without spaces around them. Maybe a blank cell."
        ),
        id="nothing but spaces",
    ),
    pytest.param(
        "countries.csv",
        "FRA,France,Europe,,far",
        ("FRA,France,Europe,1,far\nDEU,Germany,Europe,n/a,far"),
        (
            "1 problem\n"
            "- countries.csv row 4, column gdp: 'n/a' is not a number\n"
            "    Expected a number or a blank cell. Maybe a blank cell."
        ),
        id="figures and a dash",
    ),
    pytest.param(
        "regions.csv",
        "Tohoku,2,5",
        "Tohoku,2.5,5",
        (
            "1 problem\n"
            "- regions.csv row 2, column tile_row: 2.5 is not a whole number\n"
            "    Expected a whole number, or a blank cell."
        ),
        id="fraction of a tile",
    ),
]

FILES = [
    pytest.param(
        "applicants.csv",
        "country,track,year,applicants",
        "country,track,year,aplicants",
        (
            "2 problems\n"
            "- applicants.csv row 1: unknown column 'aplicants'\n"
            "    Expected columns of applicants only. Maybe applicants.\n"
            "- applicants.csv row 1, column applicants: the column is missing\n"
            "    Expected a whole number of at least 0 (most people who could enter)."
        ),
        id="missing column",
    ),
    pytest.param(
        "region_costs.csv",
        "amount_jpy",
        "amount_usd",
        (
            "1 problem\n"
            "- case.toml, currency: is 'JPY', but columns of money are in USD: amount_usd in "
            "region_costs.csv\n"
            "    Expected headers that end in _jpy, with amounts in JPY. Maybe amount_jpy."
        ),
        id="other currency",
    ),
    pytest.param(
        "sites.csv",
        "track,region,year,max_slots",
        "track,region,region,max_slots",
        ("1 problem\n- sites.csv row 1, column region: the column is there twice"),
        id="column twice",
    ),
    pytest.param(
        "sites.csv",
        "track,region,year,max_slots",
        "track,region,,max_slots",
        ("1 problem\n- sites.csv row 1: column 3 has no name\n    Expected a name."),
        id="column without a name",
    ),
    pytest.param(
        "regions.csv",
        "tile_row",
        "tile_rows",
        (
            "1 problem\n"
            "- regions.csv row 1: unknown column 'tile_rows'\n"
            "    Expected the table's own columns, or attributes that are not mistaken for "
            "them. Maybe tile_row."
        ),
        id="misspelt optional column",
    ),
    pytest.param(
        "countries.csv",
        "gdp",
        "gdp.2024",
        (
            "1 problem\n"
            "- countries.csv row 1: 'gdp.2024' cannot name an attribute\n"
            "    Expected a name without dots and without spaces around it."
        ),
        id="attribute with a dot",
    ),
    pytest.param(
        "sites.csv",
        "lab,osaka,,10",
        "lab,osaka,10",
        (
            "1 problem\n"
            "- sites.csv row 4: has 3 cells; the header has 4\n"
            "    Expected one cell per column, in quotes where it contains a comma."
        ),
        id="short row",
    ),
    pytest.param(
        "sites.csv",
        "lab,osaka,,10",
        "lab,osaka,,10,000",
        (
            "1 problem\n"
            "- sites.csv row 4: has 5 cells; the header has 4\n"
            "    Expected one cell per column, in quotes where it contains a comma."
        ),
        id="long row",
    ),
    pytest.param(
        "sites.csv",
        "lab,osaka,,10",
        ("lab,osaka,,10\n,,,"),
        ("1 problem\n- sites.csv row 5: all cells are blank\n    Expected no such row."),
        id="row of blanks",
    ),
    pytest.param(
        "sites.csv",
        None,
        "",
        (
            "1 problem\n"
            "- sites.csv row 1: has no header\n"
            "    Expected columns track, region, max_slots."
        ),
        id="empty file",
    ),
    pytest.param(
        "sites.csv",
        None,
        "track;region;year;max_slots\n",
        ("1 problem\n- sites.csv row 1: columns are separated by ';'\n    Expected commas."),
        id="semicolons",
    ),
    pytest.param(
        "sites.csv",
        "lab,osaka,,10",
        'lab,"osaka,,10',
        (
            "1 problem\n"
            "- sites.csv row 4: the row that begins here cannot be read: unexpected end of data\n"
            '    Expected quotes in pairs, and doubled ("") inside quoted cells.'
        ),
        id="open quote",
    ),
    pytest.param(
        "regions.csv",
        None,
        b"region,name,area\nmiyagi,Miyagi,T\xf4hoku\n",
        (
            "1 problem\n"
            "- regions.csv row 2: byte 0xf4 is not UTF-8\n"
            "    Expected text saved as UTF-8 (in Excel: 'CSV UTF-8')."
        ),
        id="not UTF-8",
    ),
    pytest.param(
        "sites.csv",
        "lab,osaka,,10",
        ("lab,osaka,,10\nstudy,osaka,,70"),
        (
            "1 problem\n"
            "- sites.csv row 5: track 'study', region 'osaka', year blank is already in row 3\n"
            "    Expected one row per track, region, year."
        ),
        id="duplicate key",
    ),
    pytest.param(
        "commitments.csv",
        "KOR,,,2027,5,",
        ("KOR,,,2027,5,\nKOR,,,2027,,9"),
        (
            "1 problem\n"
            "- commitments.csv row 3: country 'KOR', track blank, region blank, year 2027 is "
            "already in row 2\n"
            "    Expected one row per country, track, region, year."
        ),
        id="duplicate commitment",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "message"), CELLS + FILES)
def test_fault_is_told(
    tmp_path: Path, file: str, old: str | None, new: str | bytes, message: str
) -> None:
    files: dict[str, str | bytes] = {**full_case()}
    if old is None or isinstance(new, bytes):
        files[file] = new
    else:
        files.update(changed(full_case(), file, old, new))
    with pytest.raises(InputError) as caught:
        load_case(write_case(tmp_path / "case", files))
    assert str(caught.value) == message


def read(text: str | bytes, table: str = "applicants") -> tuple[TableRead, list[str]]:
    """Read a table on its own; also what is wrong with it."""
    problems = Problems()
    content = text if isinstance(text, bytes) else text.encode()
    found = read_table(content, TABLES[table], "JPY", problems)
    return found, [str(problem) for problem in problems]


@pytest.mark.parametrize("name", TABLES)
def test_empty_table_has_the_columns_and_dtypes_of_a_read_one(name: str) -> None:
    found, problems = read(TEXTS[name], name)
    assert not problems
    assert len(found.frame)
    empty = empty_table(TABLES[name])
    assert not len(empty)
    assert empty.index.name == found.frame.index.name == "row"
    expected = found.frame[list(empty)].dtypes
    pd.testing.assert_series_equal(empty.dtypes, expected)


@pytest.mark.parametrize("spec", TABLES.values(), ids=TABLES)
def test_column_order_is_keys_then_columns_then_source_and_note(spec: object) -> None:
    table = TABLES[getattr(spec, "name", "")]
    names = [column.name for column in table.columns]
    count = len(table.keys) + len(table.optional_keys)
    assert names[:count] == [*table.keys, *table.optional_keys]
    assert names[-2:] == ["source", "note"]
    assert list(empty_table(table)) == names


def test_money_carries_the_currency_in_files_only() -> None:
    money = {
        column.name for spec in TABLES.values() for column in spec.columns if column.unit == MONEY
    }
    assert money == {"amount", "setup_cost", "yearly_cost", "expansion_cost", "upkeep"}
    assert TABLES["costs"].column("amount").header("JPY") == "amount_jpy"
    assert TABLES["costs"].column("track").header("JPY") == "track"


def test_cells_are_read_by_kind() -> None:
    text = (
        "track,line,year_of_stay,level,country,year,entry,amount_jpy,note\n"
        "a,x,1,,,,,1e3,\n"
        "a,x,2.0,high,NA,2027,transition,.5, kept as it is \n"
    )
    found, problems = read(text, "costs")
    assert not problems
    assert found.frame.index.tolist() == [2, 3]
    assert found.frame["year_of_stay"].tolist() == [1, 2]
    assert found.frame["year"].tolist() == [pd.NA, 2027]
    assert found.frame["amount"].tolist() == [1000.0, 0.5]
    # The alpha-2 code of Namibia is no missing value.
    assert found.frame["country"].tolist() == ["", "NA"]
    assert found.frame["source"].tolist() == ["", ""]
    assert found.frame["note"].tolist() == ["", " kept as it is "]


def test_byte_order_mark_windows_line_ends_and_blank_lines_are_no_faults() -> None:
    text = b"\xef\xbb\xbfcountry,track,applicants\r\nKOR,a,1\r\n\r\nFRA,a,2\r\n"
    found, problems = read(text)
    assert not problems
    assert found.frame["country"].to_dict() == {2: "KOR", 4: "FRA"}


def test_rows_are_numbered_by_the_line_they_begin_on() -> None:
    text = 'country,track,applicants,note\nKOR,a,1,"two\nlines"\nFRA,a,-2,\n'
    _, problems = read(text)
    assert problems == [
        "applicants.csv row 4, column applicants: -2 is below 0\n"
        "    Expected a whole number of at least 0."
    ]


def test_absent_optional_column_has_its_default() -> None:
    found, problems = read("line,year,agency,amount_jpy\nx,2027,M,1\n", "budgets")
    assert not problems
    assert found.frame["purpose"].tolist() == ["program"]


def test_blank_cell_of_an_optional_column_has_its_default() -> None:
    found, problems = read("line,year,agency,amount_jpy,purpose\nx,2027,M,1,\n", "budgets")
    assert not problems
    assert found.frame["purpose"].tolist() == ["program"]


def test_every_fault_of_a_row_is_told() -> None:
    found, problems = read("country,track,year,applicants\n,a,20x7,-1\n")
    assert not found.sound
    assert problems == [
        "applicants.csv row 2, column country: is blank\n"
        "    Expected text: code of the partner country.",
        "applicants.csv row 2, column year: '20x7' is not a number\n"
        "    Expected a whole number, or a blank cell.",
        "applicants.csv row 2, column applicants: -1 is below 0\n"
        "    Expected a whole number of at least 0.",
    ]


def test_long_cells_are_cut() -> None:
    _, problems = read(f"country,track,applicants\nKOR,a,{'x' * 100}\n")
    assert problems == [
        f"applicants.csv row 2, column applicants: '{'x' * 56}... is not a number\n"
        "    Expected a whole number of at least 0."
    ]


def test_years_of_duration_are_no_shares() -> None:
    text = TEXTS["tracks"].replace("inbound,2,", "inbound,200,")
    assert read(text, "tracks")[1] == [
        "tracks.csv row 2, column duration_years: 200 is above 100\n"
        "    Expected a whole number from 0 to 100."
    ]


def test_many_like_faults_are_counted() -> None:
    rows = "".join(f"C{number},a,?\n" for number in range(25))
    _, problems = read("country,track,applicants\n" + rows)
    assert len(problems) == 11
    assert problems[-1] == (
        "applicants.csv row 12, column applicants: ... and 15 more like the ones before"
    )


@pytest.mark.parametrize(
    ("cells", "are_figures_"),
    [
        pytest.param(["1", "2.5", ""], True, id="figures"),
        pytest.param(["", "", ""], True, id="all blank"),
        pytest.param(["01", "1e3", "+0.50"], True, id="figures in many digits"),
        pytest.param(["x", "y", ""], False, id="text"),
        pytest.param(["1A", "2", ""], False, id="half figures"),
        pytest.param(["1A", "2", "3"], False, id="one word"),
        pytest.param(["nan", "inf", ""], False, id="no figures"),
    ],
)
def test_attributes_keep_their_text(cells: list[str], are_figures_: bool) -> None:
    rows = "".join(f"C{place},n,w,{cell}\n" for place, cell in enumerate(cells))
    found, problems = read("country,name,world_region,thing\n" + rows, "countries")
    assert not problems
    assert found.frame["thing"].dtype == "str"
    assert found.frame["thing"].tolist() == cells
    assert are_figures(found.frame["thing"]) == are_figures_


def test_bands_stay_text() -> None:
    text = "country,name,world_region,band_language\nC0,n,w,1\nC1,n,w,2\n"
    found, problems = read(text, "countries")
    assert not problems
    assert found.frame["band_language"].tolist() == ["1", "2"]


def test_blank_optional_keys_are_equal_to_each_other() -> None:
    text = (
        "track,line,year_of_stay,level,country,year,entry,amount_jpy\n"
        "a,x,1,,,,,1\na,x,1,,,2027,,1\na,x,1,,,2027,,2\na,x,1,,,,,1\n"
    )
    expected = "    Expected one row per track, line, year_of_stay, level, country, year, entry."
    assert read(text, "costs")[1] == [
        "costs.csv row 4: track 'a', line 'x', year_of_stay 1, level blank, country blank, "
        f"year 2027, entry blank is already in row 3\n{expected}",
        "costs.csv row 5: track 'a', line 'x', year_of_stay 1, level blank, country blank, "
        f"year blank, entry blank is already in row 2\n{expected}",
    ]


def test_tabs_are_recognised() -> None:
    assert read("country\ttrack\tapplicants\n")[1] == [
        "applicants.csv row 1: columns are separated by tabs\n    Expected commas."
    ]


NUMBERS = [0, -0.0, 1, -1, 0.5, 1.0, 1.5, 100, 101.0, 1e-300, 5e-324, 1e15, 1e15 + 2, 1e18, 1.1e18]
NUMBERS += [10**400, float("inf"), float("-inf"), float("nan"), 2**53 + 1]


@pytest.mark.parametrize("table", list(TABLES))
def test_numbers_that_fit_are_those_that_parse(table: str) -> None:
    figures = [column for column in TABLES[table].columns if column.kind in ("int", "number")]
    for column in figures:
        for number in NUMBERS:
            problems = Problems()
            cell = pd.Series([repr(number)], index=pd.Index([1], name="row"), dtype="str")
            parse_cells(cell, column, "", column.name, problems)
            # A fault of wording, as in whole numbers with .000, no number has by itself.
            assert fits(number, column) == (len(problems) == 0), (column.name, number)
