"""One sheet for each agency and host region: in the workbook, and as pages to print."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import shared
from optimizer import Plan, Session, load_run, read_plan, write_run
from optimizer.errors import Problems
from optimizer.io.table_books import table_book
from optimizer.io.workbook import read_workbook
from optimizer.plan.own_sheets import SHEET_PARTS, OwnSheet, own_sheets
from optimizer.report.own_sheets import render_sheets
from optimizer.runs.own_tables import own_tables, sheet_name
from optimizer.runs.workbook import sheets_of
from optimizer.session.solving import solve

POLICY, CASE = shared.tiny()


@pytest.fixture(scope="module")
def plan() -> Plan:
    return solve(POLICY, CASE, gap=0.0)


@pytest.fixture(scope="module")
def sheets(plan: Plan) -> dict[str, OwnSheet]:
    return {f"{sheet.kind} {sheet.key}": sheet for sheet in own_sheets(plan, CASE, POLICY)}


@pytest.fixture(scope="module")
def run(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(plan, tmp_path_factory.mktemp("runs") / "run")


def rows_of(sheet: OwnSheet, part: str, *columns: str) -> list[tuple[Any, ...]]:
    return list(sheet.parts[part][list(columns)].itertuples(index=False, name=None))


def test_there_is_one_for_every_agency_with_a_line_and_every_region(
    sheets: dict[str, OwnSheet],
) -> None:
    names = ["agency Science", "agency Industry", "agency Interior", "region coast", "region hills"]
    assert list(sheets) == names
    assert all(list(sheet.parts) == list(SHEET_PARTS) for sheet in sheets.values())


# The figures of Tiny's best plan are derived in its README.


def test_an_agency_has_the_places_of_its_tracks(sheets: dict[str, OwnSheet]) -> None:
    places = rows_of(sheets["agency Science"], "places", "track", "country", "year", "amount")
    assert places == [("lab", "AVA", 2030, 2), ("lab", "AVA", 2031, 3), ("lab", "CYR", 2031, 2)]


def test_an_agency_has_the_places_that_its_lines_pay_for() -> None:
    # Interior runs refuge alone; with a cost of work on its line it has the workers' places too.
    costs = CASE.table("costs")
    more = costs[costs["track"].eq("work")].assign(line="welcome")
    case = replace(CASE, tables={**CASE.tables, "costs": pd.concat([costs, more])})
    plan = solve(POLICY, CASE, gap=0.0)
    found = {(sheet.kind, sheet.key): sheet for sheet in own_sheets(plan, case, POLICY)}
    tracks = found["agency", "Interior"].parts["places"]["track"]
    assert list(dict.fromkeys(tracks)) == ["work", "refuge"]


def test_a_region_has_the_places_in_it(sheets: dict[str, OwnSheet]) -> None:
    places = rows_of(sheets["region hills"], "places", "track", "country", "year", "amount")
    assert places == [("refuge", "CYR", 2030, 2), ("refuge", "CYR", 2031, 3)]


def test_an_agency_has_the_money_of_its_lines_and_nobody_elses(
    plan: Plan, sheets: dict[str, OwnSheet]
) -> None:
    money = sheets["agency Science"].parts["money"]
    assert set(money["line"]) == {"science"}
    first = money[money["year"].eq(2030)].set_index("what")["amount"].to_dict()
    assert first == {"budget": 8e6, "spent": 7e6, "carried_out": 1e6}
    spent = plan.tables["spending"]["spent"].sum()
    parts = [sheet.parts["money"] for sheet in sheets.values() if sheet.kind == "agency"]
    assert sum(part.loc[part["what"].eq("spent"), "amount"].sum() for part in parts) == spent


def test_a_region_has_the_money_that_tables_attribute_to_it(sheets: dict[str, OwnSheet]) -> None:
    # One step of lessons is built in the hills in 2030, with upkeep in every later year.
    money = rows_of(sheets["region hills"], "money", "line", "what", "year", "amount")
    assert money == [
        ("welcome", "participants", 2030, 4e6),
        ("welcome", "service expansion", 2030, 1e6),
        ("welcome", "participants", 2031, 10e6),
        ("welcome", "service upkeep", 2031, 1e6),
        ("welcome", "participants", 2032, 6e6),
        ("welcome", "service upkeep", 2032, 1e6),
        ("welcome", "service upkeep", 2033, 1e6),
    ]
    assert not len(sheets["region coast"].parts["money"])


def test_agreements_are_to_be_decided_before_they_open(sheets: dict[str, OwnSheet]) -> None:
    columns = ("country", "track", "line", "decide_by", "open_from", "setup_cost")
    opened = rows_of(sheets["agency Science"], "agreements", *columns)
    assert opened == [("CYR", "lab", "science", 2030, 2031, 2e6)]
    assert not len(sheets["agency Interior"].parts["agreements"])


def test_services_to_build_stand_with_their_region_and_with_who_pays(
    sheets: dict[str, OwnSheet],
) -> None:
    columns = ("region", "service", "year", "amount", "steps", "cost")
    wanted = [("hills", "lessons", 2030, 2.0, 1.0, 1e6)]
    assert rows_of(sheets["region hills"], "services", *columns) == wanted
    assert rows_of(sheets["agency Interior"], "services", *columns) == wanted
    assert not len(sheets["agency Science"].parts["services"])


def test_rules_are_those_that_name_it_each_where_it_is_tightest(
    sheets: dict[str, OwnSheet],
) -> None:
    columns = ("title", "of", "number", "measured", "slack", "rows", "without_slack")
    industry = rows_of(sheets["agency Industry"], "rules", *columns)
    assert ("National cap on residents", "work", 4.0, 4.0, 0.0, 4, 1) in industry
    assert ("Spending stays within the budget", "industry", 12e6, 12e6, 0.0, 4, 2) in industry
    assert ("industry_money", "industry", 22e6, 22e6, 0.0, 1, 1) in industry
    hills = rows_of(sheets["region hills"], "rules", *columns)
    assert ("lessons_in_the_hills", "hills", 6.0, 6.0, 0.0, 2, 1) in hills
    coast = rows_of(sheets["region coast"], "rules", *columns)
    assert ("Committed ceilings are kept", "coast", 3.0, 2.0, 1.0, 1, 0) in coast


def test_rules_that_name_nobody_stand_on_no_sheet(sheets: dict[str, OwnSheet]) -> None:
    # They speak of countries and years, which are nobody's.
    titles = {title for sheet in sheets.values() for title in sheet.parts["rules"]["title"]}
    assert not titles & {"more_from_africa", "country_share"}


def test_a_soft_limit_says_by_how_much_it_is_missed() -> None:
    # 7 workers where 5 are wished for: 40%, which costs next to nothing.
    session = Session(POLICY, CASE)
    where = {"pathway": "highly_skilled"}
    limit = {"name": "few", "measure": "slots", "where": where, "at_most": 5, "soft": 0.001}
    session.add_limit(limit)
    plan = session.solve(gap=0.0)
    sheets = own_sheets(plan, CASE, session.policy)
    columns = ("title", "of", "sense", "number", "measured", "missed_percent", "without_slack")
    (found,) = [row for row in rows_of(sheets[1], "rules", *columns) if row[0] == "few"]
    assert found == ("few", "work", "soft", 5.0, 7.0, pytest.approx(40.0), 1)
    assert "missed by 40%" in render_sheets(plan, CASE, session.policy, sheets[:2])


def test_limits_by_what_tracks_have_in_common_name_those_who_run_them() -> None:
    session = Session(POLICY, CASE)
    limit = {"name": "ways", "measure": "slots", "by": ["pathway"], "at_most": 50}
    session.add_limit(limit)
    plan = session.solve(gap=0.0)
    found = {
        (sheet.key, of)
        for sheet in own_sheets(plan, CASE, session.policy)
        for title, of in rows_of(sheet, "rules", "title", "of")
        if title == "ways"
    }
    assert found == {
        ("Science", "exchange"),
        ("Industry", "highly_skilled"),
        ("Interior", "protection"),
    }


# ---------------------------------------------------------------------------------- workbook


def test_every_sheet_stands_in_the_workbook_after_the_tables(run: Path) -> None:
    book = read_workbook(run / "plan.xlsx", Problems())
    assert book is not None
    names = list(book.sheets)
    assert names[-6:] == [
        "parameters",
        "agency Science",
        "agency Industry",
        "agency Interior",
        "region coast",
        "region hills",
    ]


def test_a_sheet_that_is_named_like_one_that_is_read_is_none_of_them(
    plan: Plan, tmp_path: Path
) -> None:
    # A region called variables: the workbook has no sheet of that name, and needs none.
    path = tmp_path / "plan.xlsx"
    region = replace(own_sheets(plan, CASE, POLICY)[-1], key="variables")
    sheets = sheets_of(plan, POLICY, CASE)
    path.write_bytes(table_book(sheets | own_tables(plan, [region], sheets), "plan.xlsx"))
    assert "region variables" in read_workbook(path, Problems()).sheets  # type: ignore[union-attr]
    assert read_plan(path, CASE).decisions == plan.decisions


def test_the_workbook_is_read_back_as_the_plan(plan: Plan, run: Path) -> None:
    assert read_plan(run / "plan.xlsx", CASE).decisions == plan.decisions
    assert load_run(run).plan.slots_total == plan.slots_total


def test_a_table_has_a_row_an_item_and_a_column_a_year(plan: Plan) -> None:
    tables = own_tables(plan, own_sheets(plan, CASE, POLICY), ())
    table = tables["agency Science"].astype(object).where(tables["agency Science"].notna(), None)
    places = table[table["about"].eq("places")]
    columns = ["track", "country", "unit", "2030", "2031", "total"]
    assert places[columns].to_numpy().tolist() == [
        ["lab", "AVA", "persons", 2, 3, 5],
        ["lab", "CYR", "persons", None, 2, 2],
    ]
    # What nothing stands in is left out.
    assert "service" not in table
    assert set(table["about"]) == {"places", "money", "agreements", "rules"}


@pytest.mark.parametrize(
    ("wanted", "taken", "name"),
    [
        ("region tokyo", set(), "region tokyo"),
        ("agency R&D: [all] 50/50?*\\", set(), "agency R&D_ _all_ 50_50___"),
        ("agency Ministry of Science and Education", set(), "agency Ministry of Science and "[:31]),
        ("region Tokyo", {"region tokyo"}, "region Tokyo (2)"),
        ("region it's", set(), "region it_s"),
    ],
)
def test_names_of_sheets_are_names_that_excel_takes(
    wanted: str, taken: set[str], name: str
) -> None:
    assert sheet_name(wanted, taken) == name
    assert len(name) <= 31


def test_agencies_that_begin_alike_have_a_sheet_each(plan: Plan) -> None:
    long = "Ministry of Education, Culture and "
    sheets = [
        OwnSheet("agency", long + end, own_sheets(plan, CASE, POLICY)[0].parts)
        for end in ("Sports", "Science", "Youth")
    ]
    assert list(own_tables(plan, sheets, ())) == [
        "agency Ministry of Education, C",
        "agency Ministry of Educatio (2)",
        "agency Ministry of Educatio (3)",
    ]


# ------------------------------------------------------------------------------------- pages


def test_the_run_has_pages_to_print(run: Path) -> None:
    text = (run / "sheets.html").read_text(encoding="utf-8")
    titles = re.findall(r'<h2 id="sheet-\d+-title">(.*?)</h2>', text)
    assert titles == ["Science", "Industry", "Interior", "Coast", "Hills"]
    # Contents lead to each, each begins on a page of its own, and nothing is loaded.
    assert re.findall(r'<a href="#(sheet-\d+)">', text) == re.findall(r'<section id="(.*?)"', text)
    assert "break-before: page" in text
    assert not re.search(r"<script|https?://|src=", text)


def test_a_page_says_what_there_is_none_of(run: Path) -> None:
    text = (run / "sheets.html").read_text(encoding="utf-8")
    coast = text.partition(">Coast</h2>")[2].partition("</section>")[0]
    assert "<p>No money and no services to build.</p>" in coast
    assert "agreements" not in coast


def test_names_are_escaped(plan: Plan) -> None:
    parts = own_sheets(plan, CASE, POLICY)[0].parts
    sheet = OwnSheet("agency", "Trade <b>& Industry", parts)
    text = render_sheets(plan, CASE, POLICY, [sheet])
    assert "Trade &lt;b&gt;&amp; Industry" in text
    assert "<b>& Industry" not in text
