"""A planner's first hour, command by command: from an empty template to a plan of one's own."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest

Run = Callable[..., tuple[int, str]]
ROWS: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "countries": (
        {"country": "KOR", "name": "South Korea", "world_region": "Asia"},
        {"country": "FRA", "name": "France", "world_region": "Europe"},
    ),
    "tracks": (
        {
            "track": "lab",
            "name": "Joint laboratory",
            "pathway": "exchange",
            "agency": "Science",
            "sector": "research",
            "direction": "inbound",
            "duration_years": 1,
            "min_cohort": 0,
            "needs_agreement": "no",
            "completion_rate": 1,
            "returns_home": "yes",
        },
    ),
    "regions": ({"region": "north", "name": "North", "area": "North"},),
    "applicants": (
        {"country": "KOR", "track": "lab", "applicants": 4},
        {"country": "FRA", "track": "lab", "applicants": 3},
    ),
    "sites": ({"track": "lab", "region": "north", "max_slots": 5},),
    "budgets": (
        {"line": "science", "year": 2031, "agency": "Science", "amount_eur": 1000},
        {"line": "science", "year": 2032, "agency": "Science", "amount_eur": 1000},
    ),
    "costs": ({"track": "lab", "line": "science", "year_of_stay": 1, "amount_eur": 100},),
}
"""Little is filled in: two countries, one track, five places a year, which is what limits it."""


def fill_folder(case: Path) -> None:
    for table, rows in ROWS.items():
        path = case / f"{table}.csv"
        header = path.read_text(encoding="utf-8").strip().split(",")
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, header, restval="").writerows(rows)


def fill_book(case: Path) -> None:
    book = openpyxl.load_workbook(case)
    for table, rows in ROWS.items():
        header = [cell.value for cell in book[table][1]]
        for row in rows:
            book[table].append([row.get(str(name)) for name in header])
    book.save(case)


def give(plan: Path, slots: Mapping[str, int]) -> Path:
    """Change slots of 2031 in a copy of plan.xlsx, as planners do."""
    book = openpyxl.load_workbook(plan)
    sheet = book["slots"]
    place = {str(cell.value): number for number, cell in enumerate(sheet[1])}
    for row in sheet.iter_rows(min_row=2):
        if row[place["year"]].value == 2031 and row[place["country"]].value in slots:
            row[place["slots"]].value = slots[str(row[place["country"]].value)]
    path = plan.with_name("mine.xlsx")
    book.save(path)
    return path


@pytest.mark.parametrize("name", ["mine", "mine.xlsx"])
def test_from_an_empty_template_to_a_plan_of_ones_own(name: str, tmp_path: Path, run: Run) -> None:
    case, out = tmp_path / name, tmp_path / "run"
    is_book = case.suffix == ".xlsx"
    policy = tmp_path / "mine-policy.toml" if is_book else case / "policy.toml"
    options = ("--empty", "--policy", "--currency", "EUR", "--years", "2031-2032")
    code, said = run("new", case, *options)
    assert code == 0, said
    to_check = said.split("Next: optimizer ")[1].split()
    # The empty template reads, and what is said about it is that it is empty.
    code, said = run(*to_check)
    assert code == 0, said
    assert "Maybe you want to fill them." in said
    (fill_book if is_book else fill_folder)(case)
    code, said = run(*to_check)
    assert code == 0, said
    assert "odd" not in said

    # Five of seven applicants find a place in each of two years.
    code, said = run("solve", policy, case, "--out", out)
    assert code == 0, said
    assert "10 slots" in said
    assert run("check", out, policy, case)[0] == 0

    # Six from South Korea are more than apply, and with the others more than there are places for.
    edited = give(out / "plan.xlsx", {"KOR": 6})
    code, said = run("check", edited, policy, case)
    assert code == 3
    assert "No more slots than applicants: KOR, lab, 2031: 6, but at most 4 (2 too many)" in said
    assert "No more slots than a site can host: lab, north, 2031: " in said
    code, said = run("check", edited, policy, case, "--complete")
    assert code == 3
    assert "No plan with these slots keeps every rule" in said
    assert "- No more slots than applicants: KOR, lab, 2031: at most 4 (" in said
    assert "- No more slots than a site can host: lab, north, 2031: at most 5 (" in said

    # Fewer will do.
    edited = give(out / "plan.xlsx", {"KOR": 1, "FRA": 1})
    code, said = run("check", edited, policy, case, "--complete")
    assert code == 0, said
    assert "Every rule holds." in said


def test_what_the_case_does_not_allow_is_named_row_by_row(
    root: Path, tmp_path: Path, run: Run
) -> None:
    # In the tiny case nobody from Avaria or Boria applies for refuge.
    slots = "country,track,region,year,slots\nAVA,refuge,hills,2030,4\nBOR,refuge,hills,2030,2\n"
    (tmp_path / "plan.csv").write_text(slots)
    policy, case = root / "models" / "tiny.toml", root / "inputs" / "tiny"
    code, said = run("check", tmp_path / "plan.csv", policy, case, "--complete")
    assert code == 3
    assert said.endswith(
        "No plan with these slots keeps every rule. What the case does not allow:\n"
        "- cohort: AVA, refuge, standard, all, 2030: 4\n"
        "- cohort: BOR, refuge, standard, all, 2030: 2\n"
    )
