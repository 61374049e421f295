"""Notes of a plan say what is true of it, and nothing where there is nothing to say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

import case_builder
from optimizer import build_instance, load_case, load_policy, solve
from optimizer.case import Case
from optimizer.instance import Instance
from optimizer.instance.oddities import net_of_people, oddities
from optimizer.plan.notes import INDIFFERENT, notes_of
from optimizer.runs import write_csv
from optimizer.runs.reading import read_plan

POLICY = """\
schema = 1
title = "People"
[goals.people]
weight = 1
effects = [{ stage = "enter", effect = 1 }]
"""
RESIDENTS = """\
[[limits]]
name = "few"
measure = "residents"
at_most = 1000
"""
NET = "no people already here are given, so {} are read as net of them."
Files = Mapping[str, str]


def case_of(folder: Path, files: Files, **changes: tuple[str, str]) -> Case:
    for name, (old, new) in changes.items():
        files = case_builder.changed(files, f"{name}.csv", old, new)
    return load_case(case_builder.write_case(folder / "case", files))


def joined(case: Case, policy: str = POLICY) -> Instance:
    path = case.path.with_name("policy.toml")
    path.write_text(policy)
    return build_instance(case, load_policy(path))


def without_people(files: Files) -> dict[str, str]:
    return {name: text for name, text in files.items() if not name.startswith("present_")}


def test_a_case_that_can_have_nobody_here_is_not_told_of_them(tmp_path: Path) -> None:
    # The one track lasts a year: whoever came before the first year has left.
    short = ("inbound,2,", "inbound,1,")
    case = case_of(tmp_path, case_builder.smallest_case(), tracks=short)
    assert net_of_people(joined(case)) == ""
    assert solve(case.path.with_name("policy.toml"), case).notes == ()


@pytest.mark.parametrize(
    ("costs", "policy", "named"),
    [
        # Two years of stay, but only the first costs anything and nothing counts residents.
        ("study,grants,1,1000\n", POLICY, ""),
        ("study,grants,1,1000\nstudy,grants,2,0\n", POLICY, ""),
        ("study,grants,1,1000\nstudy,grants,2,500\n", POLICY, "budgets"),
        ("study,grants,1,1000\n", POLICY + RESIDENTS, "caps"),
        ("study,grants,1,1000\nstudy,grants,2,500\n", POLICY + RESIDENTS, "caps and budgets"),
    ],
)
def test_only_what_counts_people_already_here_is_named(
    costs: str, policy: str, named: str, tmp_path: Path
) -> None:
    files = case_builder.smallest_case()
    case = case_of(tmp_path, files, costs=("study,grants,1,1000\n", costs))
    told = net_of_people(joined(case, policy))
    assert told == (NET.format(named) if named else "")


def test_a_row_with_nobody_says_that_nobody_is_here(tmp_path: Path) -> None:
    files = without_people(case_builder.full_case())
    case = case_of(tmp_path / "silent", files)
    meant = "present_by_country and present_by_region, with 0 persons where there is nobody."
    told = f"{NET.format('budgets')} Maybe you want {meant}"
    assert told in oddities(joined(case))
    said = {
        "present_by_country.csv": "country,track,entry_year,persons\nKOR,study,2026,0\n",
        "present_by_region.csv": "region,track,entry_year,persons\nosaka,study,2026,0\n",
    }
    case = case_of(tmp_path / "said", files | said)
    assert not [odd for odd in oddities(joined(case)) if "already here" in odd]


SLOTS = ["country", "track", "level", "region", "year", "slots"]


@pytest.mark.parametrize(
    ("rows", "is_open"),
    [
        # Two countries in two regions, one cohort: who goes where was filled in.
        ([("KOR", "osaka"), ("KOR", "miyagi"), ("FRA", "osaka")], True),
        ([("KOR", "osaka"), ("FRA", "osaka")], False),
        ([("KOR", "osaka"), ("KOR", "miyagi")], False),
        ([], False),
    ],
)
def test_slots_that_could_go_elsewhere_are_noted(
    rows: list[tuple[str, str]], is_open: bool, tmp_path: Path
) -> None:
    # Without bands the two countries are one group.
    files = case_builder.full_case()
    files["countries.csv"] = "country,name,world_region\nKOR,Korea,Asia\nFRA,France,Europe\n"
    files["service_use.csv"] = "track,service,year_of_stay,units\nstudy,language,1,1\n"
    instance = joined(case_of(tmp_path, files))
    cells = [(country, "study", "standard", region, 2027, 1) for country, region in rows]
    slots = pd.DataFrame(cells, columns=SLOTS)
    assert (INDIFFERENT in notes_of(instance, slots, ())) == is_open
    assert INDIFFERENT not in notes_of(instance, None, ())


def test_a_bare_table_is_told_only_of_choices_that_the_case_has(tmp_path: Path) -> None:
    files = case_builder.smallest_case()
    files["case.toml"] = files["case.toml"].replace("[2027, 2028]", "[2027]")
    files["budgets.csv"] = "line,year,agency,amount_jpy\ngrants,2027,MEXT,100000\n"
    case = case_of(tmp_path, files)
    table = pd.DataFrame([("KOR", "study", 2027, 3)], columns=["country", "track", "year", "slots"])
    write_csv(table, tmp_path / "plan.csv")
    # No levels, agreements, services or continuations, one line in one year: nothing to assume.
    assert read_plan(tmp_path / "plan.csv", case).assumed == ()
    case = case_of(tmp_path / "full", case_builder.full_case())
    table = pd.DataFrame(
        [("KOR", "study", "osaka", 2027, 3)], columns=[c for c in SLOTS if c != "level"]
    )
    write_csv(table, tmp_path / "plan.csv")
    assert read_plan(tmp_path / "plan.csv", case).assumed == (
        "everyone is supported at the standard level",
        "nobody stays on, nothing is built, no money is transferred or carried over",
    )
