"""Runs, policies and cases compared: what was asked, what came out, and why there is no plan."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import optimizer
from golden.small_cases import HOSTED, NATIONAL, SmallCase
from optimizer import Decisions, OptimizerError, Plan, PolicyError, Study, TargetError
from optimizer.case.rechecking import require_whole
from optimizer.cli import main
from optimizer.explain import comparing
from optimizer.explain.case_differences import case_differences, mixed_case
from optimizer.explain.completing_sides import sides_solved
from optimizer.explain.culprits import Culprits, culprits_among
from optimizer.explain.policy_differences import mixed_policy, policy_differences
from optimizer.explain.sides import Side
from optimizer.explain.tolerances import load_tolerances, within_tolerances
from optimizer.frames import rows_of
from optimizer.solver import Progress, Watch

ROOT = Path(__file__).resolve().parents[1]
FLOOR = '\n[[limits]]\nname = "five"\nmeasure = "slots"\nat_least = 5\n'
POOR = NATIONAL.with_(budgets=("main,{year},M,40,program",))
OF_B = """
[goals.h]
weight = {}
scale = "none"
indicators = [{{ column = "gdp", weight = 1, range = [1, 3] }}]
effects = [{{ stage = "enter", effect = 1 }}]
"""
FIRST_OF_B = """
[[limits]]
name = "b"
measure = "slots"
where = { country = "BB" }
at_least = 1
"""
SECOND_GOAL = (
    '\n[goals.h]\nweight = {}\nscale = "none"\neffects = [{{ stage = "complete", effect = {} }}]\n'
)


def written(folder: Path, name: str, case: SmallCase) -> tuple[Path, Path]:
    """Policy and case, each under this name."""
    files, policy = case.write(folder / name)
    return (
        policy.rename(folder / name / f"{name}.toml"),
        files.rename(folder / name / name),
    )


def solved(folder: Path, name: str, case: SmallCase) -> Plan:
    """The plan of a policy and a case of this name."""
    return optimizer.solve(*written(folder / "inputs", name, case))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two run folders, one of them with a smaller budget."""
    folder = tmp_path_factory.mktemp("runs")
    rich, poor = (
        optimizer.write_run(solved(folder, name, case), folder / name)
        for name, case in (("rich", NATIONAL), ("poor", POOR))
    )
    return rich, poor


def words(*given: object, **options: object) -> list[str]:
    return optimizer.compare(*given, **options).in_words()  # type: ignore[arg-type]


# Four pairs of near-identical inputs --------------------------------------------------------------


def test_a_smaller_budget_is_named_first_and_then_who_loses(runs: tuple[Path, Path]) -> None:
    assert words(*runs) == [
        "poor (policy poor on case poor) compared with rich (policy rich on case rich).",
        "1 difference of the inputs (policy and case):",
        "- budgets[line=main, year=2030].amount: 100 in rich, 40 in poor (budgets.csv row 2, "
        "column amount_jpy)",
        "Points: 700 to 400 (-300).",
        "Held in the question of rich, the plan of poor keeps every rule; points there: 700 to 400 "
        "(-300).",
        "Goals, raw: g 7 to 4 (-3).",
        "Slots: 7 to 4 (-3).",
        "- by country: fewer for BB (-3).",
        "- by track: fewer for t (-3).",
        "- by year: fewer for 2030 (-3).",
        "Spending, JPY: 70 to 40 (-30).",
        "- by line: less for main (-30).",
        "Agreements, the same in both.",
    ]


def test_points_under_other_weights_are_not_compared_but_held_in_the_first(
    tmp_path: Path,
) -> None:
    """Goal h counts people of B by 2; with its larger weight B comes before A."""
    first, other = (POOR.with_(OF_B.format(weight)) for weight in (1, 4))
    told = words(solved(tmp_path, "even", first), solved(tmp_path, "eager", other))
    assert told[1:4] == [
        "1 difference of the inputs (policy and case):",
        "- goals.h.weight: 1 in even on even, 4 in eager on eager (even.toml and eager.toml)",
        "Points: 350 and 320, which cannot be compared: weights or scales of goals differ.",
    ]
    assert told[4] == (
        "Held in the question of even on even, the plan of eager on eager keeps every rule; points "
        "there: 350 in both."
    )


def test_the_differences_that_leave_no_plan_are_named(tmp_path: Path) -> None:
    """Five people cost 50: the floor and the smaller budget clash only together."""
    has = written(tmp_path, "has", NATIONAL)
    lacks = written(
        tmp_path,
        "lacks",
        POOR.with_(FLOOR, applicants=("AA,t,,4", "BB,t,,2")),
    )
    found = optimizer.compare(side(*has), side(*lacks))
    assert found.in_words() == [
        "lacks (policy lacks on case lacks, for which there is no plan) compared with has (policy "
        "has on case has).",
        "3 differences of the inputs (policy and case):",
        "- limits.five: only in lacks: measure = slots, at_least = 5 (lacks.toml)",
        "- applicants[country=BB, track=t].applicants: 3 in has, 2 in lacks (applicants.csv row 3, "
        "column applicants)",
        "- budgets[line=main, year=2030].amount: 100 in has, 40 in lacks (budgets.csv row 2, "
        "column amount_jpy)",
        "has has a plan, lacks has none. In has, these 2 differences together alone would leave no "
        "plan, and there is one without any one of them (verified):",
        "- limits.five: only in lacks: measure = slots, at_least = 5 (lacks.toml)",
        "- budgets[line=main, year=2030].amount: 100 in has, 40 in lacks (budgets.csv row 2, "
        "column amount_jpy)",
    ]
    reasons = found.tables["reasons"]
    assert reasons["address"].tolist() == ["limits.five", "budgets[line=main, year=2030].amount"]
    assert reasons[["verified", "is_minimal"]].all(axis=None)
    # The same from the other end.
    turned = optimizer.compare(side(*lacks), side(*has))
    assert turned.tables["reasons"]["after"].tolist() == ["", "100"]


def side(policy: Path, case: Path) -> Side:
    """What is solved of a policy on a case, as the command has it."""
    whole = Side(policy.stem, optimizer.load_policy(policy), optimizer.load_case(case))
    (found,) = sides_solved([whole], Watch(), None)
    return found


def test_plans_that_were_found_stay_after_ctrl_c(tmp_path: Path) -> None:
    """Ctrl-C comes while the second is solved: the third is not begun, the first is kept."""
    cases = [written(tmp_path, name, POOR) for name in ("one", "two", "three")]
    seen: list[str] = []

    def report(progress: Progress) -> None:
        if progress.step == "relaxation":
            seen.append(progress.step)
            if len(seen) == 2:
                os.kill(os.getpid(), signal.SIGINT)

    paths = [case for _, case in cases]
    found = optimizer.compare(*paths, policy=cases[0][0], report=report)
    assert found.interrupted
    assert len(seen) == 2
    assert found.tables["sides"]["status"].tolist() == ["optimal", "stopped", "stopped"]
    assert ", without a plan in time) compared with " in found.in_words()[0]


def test_plans_that_are_as_good_in_both_questions_need_no_reason(tmp_path: Path) -> None:
    """Whom the four places go to is open; one more applicant of A changes nothing of that."""
    first = optimizer.solve(*written(tmp_path, "one", POOR))
    policy, case = written(tmp_path, "two", POOR.with_(applicants=("AA,t,,5", "BB,t,,3")))
    slots = pd.DataFrame(
        {
            "country": ["AA", "BB"],
            "track": "t",
            "level": "standard",
            "region": "",
            "year": 2030,
            "slots": [1, 3],
        }
    )
    second = optimizer.complete(optimizer.Decisions(slots), policy, case)
    found = optimizer.compare(first, second)
    assert found.in_words()[3:] == [
        "Points: 400 in both.",
        "Held in the question of one on one, the plan of two on two keeps every rule; points "
        "there: 400 in both.",
        "Each plan keeps every rule of the other question and is as good there as far as the gaps "
        "say, so that what follows need have no reason.",
        "Every goal has the same raw value.",
        "Slots: 4 in both.",
        "- by country: more for BB (+3); fewer for AA (-3).",
        "Spending, JPY: 40 in both.",
        "Agreements, the same in both.",
    ]
    assert found.table["within_gap"].all()


# What differs -------------------------------------------------------------------------------------


def test_every_kind_of_difference_of_a_case_is_found_and_made(tmp_path: Path) -> None:
    """Cells, rows on either side, a column, the header and remarks; what is made is the other."""
    one = optimizer.load_case(written(tmp_path, "one", HOSTED)[1])
    other = HOSTED.with_(
        countries=(
            "country,name,world_region,gdp,size",
            "AA,Aland,Asia,1,2",
            "BB,Beeland,Europe,3,9",
        ),
        regions=("r1,R,east,2", "r2,S,west,5", "r3,U,north,1"),
        sites=("t,r1,,3", "t,r3,,2"),
        budgets=("main,{year},M,90,program",),
    )
    two = optimizer.load_case(written(tmp_path, "two", other)[1])
    found = case_differences(one, two)
    assert [each.in_words(("one", "two")) for each in found] == [
        "countries.size: only in two: a column (countries.csv, size)",
        "countries[country=BB].name: Bland in one, Beeland in two (countries.csv row 3, column "
        "name)",
        "regions[region=r3]: only in two: area = north, jobs = 1 (regions.csv row 4)",
        "sites[track=t, region=r2]: only in one: max_slots = 2 (sites.csv row 3)",
        "sites[track=t, region=r3]: only in two: max_slots = 2 (sites.csv row 3)",
        "budgets[line=main, year=2030].amount: 100 in one, 90 in two (budgets.csv row 2, column "
        "amount_jpy)",
    ]
    assert [each.counts for each in found] == [True, False, True, True, True, True]
    assert not case_differences(mixed_case(one, two, found), two)
    with pytest.raises(optimizer.InputError, match="r3"):
        # A site of a region that the case does not have.
        mixed_case(one, two, [found[4]])
    require_whole(mixed_case(one, two, found[:3]))


def test_every_kind_of_difference_of_a_policy_is_found_and_made(tmp_path: Path) -> None:
    floors = '\n[[support_floor]]\nwhere = {{ pathway = "study" }}\namount_per_year = {}\n'
    limit = FLOOR.replace("5", "2")
    one = optimizer.load_policy(
        written(tmp_path, "one", NATIONAL.with_(limit + floors.format(1)))[0]
    )
    changed = limit.replace("at_least = 2", 'at_most = 3\nwhere = { country = "AA" }')
    text = changed + floors.format(2) + floors.format(3) + SECOND_GOAL.format(1, 2)
    two = optimizer.load_policy(written(tmp_path, "two", NATIONAL.with_(text))[0])
    found = policy_differences(one, two)
    assert [each.in_words(("one", "two")) for each in found] == [
        'goals.h: only in two: weight = 1, scale = none, effects = [{ "stage" = "complet... '
        "(two.toml)",
        "limits.five.at_least: only in one: 2 (one.toml)",
        "limits.five.where.country: only in two: AA (two.toml)",
        "limits.five.at_most: only in two: 3 (two.toml)",
        "support_floor.1.amount_per_year: 1 in one, 2 in two (one.toml and two.toml)",
        "support_floor.2: only in two: where = pathway = study, amount_per_year = 3 (two.toml)",
    ]
    assert not policy_differences(mixed_policy(one, two, found), two)
    half = mixed_policy(one, two, [found[3], found[5]])
    assert [each.address for each in policy_differences(one, half)] == [
        "limits.five.at_most",
        "support_floor.2",
    ]


def test_goals_and_limits_may_be_called_as_remarks_are(tmp_path: Path) -> None:
    limit = FLOOR.replace('"five"', '"protected"')
    bare = written(tmp_path, "one", NATIONAL)[0]
    goal = SECOND_GOAL.replace("goals.h", "goals.why").format(1, 2)
    named = written(tmp_path, "two", NATIONAL.with_(limit + goal))[0]
    found = policy_differences(*map(optimizer.load_policy, (bare, named)))
    assert [(each.address, each.counts) for each in found] == [
        ("goals.why", True),
        ("limits.protected", True),
    ]
    limited = written(tmp_path, "three", NATIONAL.with_(limit))[0]
    remarks = limit + 'why = "Rooms."\nprotected = true\n\n[solver]\nseed = 7\n'
    told = words(limited, written(tmp_path, "four", NATIONAL.with_(remarks))[0])
    assert told[1:] == [
        "The inputs (policy) say the same.",
        "2 differences of titles, reasons, sources and the like besides, on which no plan depends.",
        "1 difference of solver options besides: which plans there are does not depend on them, "
        "but which one is found may.",
    ]


def test_what_is_said_and_what_is_left_to_a_default_are_the_same(tmp_path: Path) -> None:
    one = optimizer.load_policy(written(tmp_path, "one", NATIONAL)[0])
    same = NATIONAL.with_("\n[solver]\ngap = 1e-6\n[budget]\ncarry_over = 0\n")
    assert not policy_differences(one, optimizer.load_policy(written(tmp_path, "two", same)[0]))


def test_a_difference_that_makes_up_for_another_is_left_out(tmp_path: Path) -> None:
    """Budget and price both halve: alone the budget leaves no plan, both together leave one."""
    has = NATIONAL.with_(FLOOR)
    lacks = NATIONAL.with_(
        FLOOR.replace("5", "7"),
        budgets=("main,{year},M,30,program",),
        costs=("t,main,1,,,,,5",),
    )
    pairs = [
        (optimizer.load_policy(policy), optimizer.load_case(case))
        for policy, case in (written(tmp_path, "has", has), written(tmp_path, "lacks", lacks))
    ]
    (policy, case), others = pairs
    differences = [*policy_differences(policy, others[0]), *case_differences(case, others[1])]
    found = culprits_among(policy, case, others, differences, Watch())
    assert (found.verified, found.is_minimal) == (True, True)
    assert [each.address for each in found.found] == ["budgets[line=main, year=2030].amount"]


def test_inputs_without_anything_in_common_are_not_compared(tmp_path: Path) -> None:
    policy, case = written(tmp_path, "one", NATIONAL)
    assert words(policy, case)[1:] == ["They have neither policy nor case in common to compare."]
    assert words(policy, policy)[1:] == ["The inputs (policy) say the same."]
    with pytest.raises(OptimizerError, match="has a policy of its own"):
        optimizer.compare(policy, policy, policy=policy)
    run = solved(tmp_path, "run", NATIONAL)
    with pytest.raises(OptimizerError, match=r"slots have no 'contry'\n.*Maybe 'country'"):
        optimizer.compare(run, run, by=["contry"])
    with pytest.raises(OptimizerError, match="names are 1 for 2 inputs"):
        optimizer.compare(run, run, names=["one", "one"])
    with pytest.raises(OptimizerError, match="names are 3 for 2 inputs"):
        optimizer.compare(run, run, names=["one", "two", "one"])
    bare = replace(run, question=None)
    with pytest.raises(OptimizerError, match="does not say which policy"):
        optimizer.compare(bare, bare)


def test_keys_of_slots_are_added_up_as_asked(tmp_path: Path) -> None:
    run = solved(tmp_path, "run", HOSTED)
    table = optimizer.compare(run, run, by=["region,year", "country"]).table
    slots = table[table["part"].eq("slots")]
    assert slots["by"].drop_duplicates().tolist() == ["", "region, year", "country"]
    assert slots.loc[slots["by"].eq("region, year"), "key"].tolist() == ["r1, 2030", "r2, 2030"]
    assert table["difference"].eq(0).all()


# The page, charts and the command -----------------------------------------------------------------


def command(monkeypatch: pytest.MonkeyPatch, *told: object) -> int:
    monkeypatch.setattr(sys, "argv", ["optimizer", *map(str, told)])
    return main()


def test_the_command_compares_writes_a_page_and_expects(
    runs: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rich, poor = runs
    assert command(monkeypatch, "compare", rich, poor) == 0
    assert capsys.readouterr().out.endswith(
        f"Next: optimizer compare {rich} {poor} --html comparison.html\n"
    )
    page, accepted = tmp_path / "page.html", tmp_path / "accepted.toml"
    accepted.write_text(
        'schema = 1\ntitle = "Near"\ninputs = "same"\n'
        '[[differences]]\npart = "slots"\nby = "country"\nat_most = 2\nwhy = "agreed"\n'
        '[[differences]]\npart = "spending"\nat_most_share = 0.5\n'
        '[[differences]]\npart = "points"\nat_most = 0\ndirection = "more"\n',
        encoding="utf-8",
    )
    options = ("--html", page, "--expect", accepted)
    assert command(monkeypatch, "compare", rich, poor, *options) == 5
    printed = capsys.readouterr().out
    assert [" ".join(line.split()) for line in printed.splitlines()[-6:]] == [
        "Not as expected: 2 of 5 expectations not met.",
        "what key found expected why",
        "poor: inputs total 1 differ, first budgets[line=main, year=2030].amount same",
        "poor: slots by country BB 3 to 0 (-3) at most 2 apart agreed",
        f"Written: {page}",
        f"Next: optimizer check {poor}",
    ]
    assert "data:image/png" in page.read_text(encoding="utf-8")
    assert command(monkeypatch, "compare", rich, poor, "--json", "--expect", accepted) == 5
    document = json.loads(capsys.readouterr().out)
    assert document["expectations"]["checked"] == 5
    assert document["inputs"][0]["after"] == "40"
    page.write_text("mine", encoding="utf-8")
    assert command(monkeypatch, "compare", rich, poor, "--html", page) == 2
    assert command(monkeypatch, "compare", rich) == 2


def test_what_is_not_solved_in_time_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, case = written(tmp_path, "one", POOR)
    other, _ = written(tmp_path, "two", POOR.with_(FLOOR))
    compared = "compare", policy, other, "--case", case
    assert command(monkeypatch, *compared, "--time-limit", "0.001") == 4
    assert "two (policy two on case one, without a plan in time)" in capsys.readouterr().out

    def stop(*given: object) -> Culprits:
        watch = given[-1]
        assert isinstance(watch, Watch)
        watch.timed_out = True
        return Culprits((), verified=False, is_minimal=False, questions=0)

    monkeypatch.setattr(comparing, "culprits_among", stop)
    assert command(monkeypatch, *compared) == 4
    assert "Which difference is the reason stayed open." in capsys.readouterr().out


def test_the_command_solves_policies_and_goes_on_to_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, case = written(tmp_path, "one", POOR)
    floor, _ = written(tmp_path, "two", POOR.with_(FLOOR))
    assert command(monkeypatch, "compare", policy, floor, "--case", case) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-3:] == [
        "one has a plan, two has none. In one, this difference alone would leave no plan, and "
        "there is one without it (verified):",
        "- limits.five: only in two: measure = slots, at_least = 5 (two.toml)",
        f"Next: optimizer repair {floor} {case}",
    ]


def test_scenarios_of_a_sweep_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = written(tmp_path, "one", NATIONAL.with_(FLOOR))
    cell = "budgets[line=main, year=2030].amount"
    study = Study(
        changes=[
            {"scenario": "less", "address": cell, "value": 60},
            {"scenario": "little", "address": cell, "value": 40},
        ]
    )
    optimizer.sweep(*pair, study, out=tmp_path / "swept", executor="threads:1")
    folder = tmp_path / "swept"
    sides = [f"{folder}::{name}" for name in ("base", "less", "little")]
    assert command(monkeypatch, "compare", *sides) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "Slots: 7 to 6 (-1)." in printed
    assert (
        "base has a plan, little has none. In base, this difference alone would leave no plan, "
        "and there is one without it (verified):" in printed
    )
    assert command(monkeypatch, "compare", f"{folder}::bse", sides[0]) == 1
    assert "Maybe 'base'" in capsys.readouterr().err


def test_charts_are_drawn_by_name(tmp_path: Path) -> None:
    case = HOSTED.with_(
        regions=("region,name,area,jobs,tile_row,tile_column", "r1,R,e,2,1,1", "r2,S,w,5,1,2")
    )
    less = case.with_(sites=("t,r1,,1", "t,r2,,2"))
    pair = solved(tmp_path, "one", case), solved(tmp_path, "two", less)
    found = optimizer.compare(*pair)
    assert found.charts[3:] == [
        "slots: country",
        "slots: track",
        "slots: region",
        "slots: year",
        "spending: line",
        "map",
    ]
    drawn = found.chart("map").to_dict()
    rows = next(iter(drawn["datasets"].values()))
    assert {row["name"]: row["difference"] for row in rows} == {"R": -2.0, "S": 0.0}
    assert len(found.chart("slots: region").to_dict()["vconcat"]) == 1
    with pytest.raises(OptimizerError, match="Maybe 'map'"):
        found.chart("maps")
    with pytest.raises(OptimizerError, match="no two plans"):
        optimizer.compare(*(load for load in (ROOT / "models" / "tiny.toml",) * 2)).chart()


def test_a_file_of_tolerances_is_checked(runs: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "accepted.toml"
    path.write_text(
        'schema = 1\ntitle = "x"\n[[differences]]\npart = "slot"\nat_most = 1\n', encoding="utf-8"
    )
    with pytest.raises(
        PolicyError, match=r"accepted\.toml, differences\.1\.part: (.|\n)*Maybe slots"
    ):
        load_tolerances(path)
    path.write_text('schema = 1\ntitle = "x"\n', encoding="utf-8")
    with pytest.raises(PolicyError, match="nothing is expected"):
        load_tolerances(path)
    path.write_text('schema = 1\ntitle = "x"\n[[differences]]\npart = "slots"\n', encoding="utf-8")
    with pytest.raises(PolicyError, match="neither at_most nor at_most_share is given"):
        load_tolerances(path)
    path.write_text(
        'schema = 1\ntitle = "x"\n'
        '[[differences]]\npart = "slots"\nby = "country"\nkey = "BB"\nat_most = 1\n'
        '[[differences]]\npart = "slots"\nby = "planet"\nat_most = 1\n',
        encoding="utf-8",
    )
    # Nobody of B comes where money is short, and B is a country all the same.
    same = optimizer.compare(runs[1], runs[1])
    held = within_tolerances(same, load_tolerances(path))
    assert held["found"].tolist() == ["nothing in both", "no such figures in both plans"]
    assert held["holds"].tolist() == [True, False]
    path.write_text(
        'schema = 1\ntitle = "x"\n'
        '[[differences]]\npart = "agreements"\nby = "country,track"\nkey = "AAA,t"\nat_most = 1\n'
        '[[differences]]\npart = "goal_raw"\nkey = "h"\nat_most = 1\n'
        '[[differences]]\npart = "slots"\nkey = "AA"\nat_most = 1\n'
        '[[differences]]\npart = "slots"\nby = "country"\nkey = "AA, t"\nat_most = 1\n',
        encoding="utf-8",
    )
    with pytest.raises(PolicyError) as refused:
        within_tolerances(same, load_tolerances(path))
    assert [line.strip() for line in str(refused.value).splitlines()[1:]] == [
        "- accepted.toml, differences.1.key: 'AAA,t' is in none of what is compared",
        "Expected country, track of what is compared. Maybe AA, t.",
        "- accepted.toml, differences.2.key: 'h' is in none of what is compared",
        "Expected goal of what is compared.",
        "- accepted.toml, differences.3.key: 'AA' is in none of what is compared",
        "Expected total of what is compared without by.",
        "- accepted.toml, differences.4.key: 'AA, t' has 2 parts for 1",
        "Expected country of what is compared.",
    ]


def test_a_comparison_is_written_as_a_workbook(tmp_path: Path) -> None:
    run = solved(tmp_path, "run", NATIONAL)
    found = optimizer.compare(run, run)
    book = found.to_excel(tmp_path / "comparison.xlsx")
    assert list(pd.read_excel(book, sheet_name=None, engine="calamine")) == [
        *("result", "sides", "inputs", "reasons", "provenance")
    ]
    with pytest.raises(TargetError, match=r"a name ending in \.html"):
        found.to_html(tmp_path / "comparison.htm")


def test_the_page_of_comparing_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
    found = re.findall(
        r"<!-- run -->\n```python\n(.*?)```\n\n<!-- prints -->\n```text\n(.*?)```", page, re.DOTALL
    )
    assert found
    known: dict[str, object] = {}
    for code, printed in found:
        exec(code, known)
        assert capsys.readouterr().out == printed


def test_plans_are_compared_by_how_they_divide(tmp_path: Path) -> None:
    policy = tmp_path / "fair.toml"
    policy.write_text(
        (ROOT / "models" / "tiny.toml").read_text()
        + '\n[[fairness]]\nname = "regions"\nmeasure = "slots"\nby = ["region"]\n'
        'relative_to = "region.population"\n'
        '\n[[fairness]]\nname = "exchange"\nmeasure = "slots"\nby = ["region"]\n'
        'where = { track = "lab" }\n'
    )
    case = ROOT / "inputs" / "tiny"
    one = optimizer.solve(policy, case)
    other = optimizer.solve(policy, case, changes={"budgets[line=industry].amount": "*0.8"})
    found = optimizer.compare(one, other, names=["full", "less"])
    rows = found.table[found.table["part"].str.startswith("fairness")]
    indexed = rows.set_index(["part", "by", "key"])
    for which, plan in (("before", one), ("after", other)):
        figures = plan.tables["fairness"].set_index("fairness")
        for name in figures.index:
            for index in ("gini", "hoover"):
                assert indexed[which]["fairness", index, name] == figures[index][name]
        for row in rows_of(plan.tables["fairness_groups"]):
            # Slots per 1,000 of population; and slots as they are.
            times = 1_000 if row.fairness == "regions" else 1
            value = indexed[which]["fairness_groups", row.fairness, row.group]
            assert value == pytest.approx(row.rate * times)
    units = set(rows.loc[rows["key"].eq("region=hills") & rows["by"].eq("regions"), "unit"])
    assert units == {"slots per 1,000 of population"}
    assert [line for line in found.in_words() if line.startswith("Fairness of regions: Gini ")]
    assert "fairness_groups: regions" in found.charts
    # Without the division in one of the two there is nothing to compare.
    alone = optimizer.compare(optimizer.solve(ROOT / "models" / "tiny.toml", case), one)
    assert not alone.table["part"].str.startswith("fairness").any()


def test_aims_that_differ_are_named_and_no_matter_of_gaps(tmp_path: Path) -> None:
    policy = tmp_path / "fair.toml"
    groups = '\n[[fairness]]\nname = "all"\nmeasure = "slots"\nby = ["country"]\n'
    policy.write_text((ROOT / "models" / "tiny.toml").read_text() + groups)
    case = ROOT / "inputs" / "tiny"
    best = optimizer.solve(policy, case)
    fair = optimizer.fair_plan(policy, case, aim="max_min", least="80%").plan
    assert fair is not None
    kept = optimizer.write_run(fair, tmp_path / "fair")
    found = optimizer.compare(best, kept, names=["best", "fair"])
    inputs = found.tables["inputs"]
    assert inputs["address"].tolist() == ["aim"]
    assert inputs["after"].tolist() == ["max_min of all, at least 0.8 of all points"]
    assert not found.table["within_gap"].any()
    assert not [line for line in found.in_words() if "gaps" in line]


def first_slots(country: str) -> Decisions:
    """One slot of a country."""
    keys = {"track": "t", "level": "standard", "region": "", "year": 2030}
    return Decisions(pd.DataFrame([{"country": country, **keys, "slots": 1}]))


def test_slots_that_are_kept_count_and_not_what_their_plan_is_called(tmp_path: Path) -> None:
    files = written(tmp_path, "one", POOR)

    def kept(country: str, name: str) -> Plan:
        keep = optimizer.Keep(first_slots(country), at_least=True, name=name)
        near = optimizer.Near(first_slots(country), 0.0, name=name)
        return optimizer.solve(*files, keep=[keep], near=near)

    told = words(kept("AA", "old"), kept("BB", "old"), names=["of A", "of B"])
    assert told[1:4] == [
        "2 differences of the inputs (policy and case):",
        "- kept: at least 1 slots of old in of A, 1 slot elsewhere: at least 1 slots of old in "
        "of B (run.json)",
        "- price of change: 0 points for every slot moved from 1 slots of old in of A, 1 slot "
        "elsewhere: 0 points for every slot moved from 1 sl... in of B (run.json)",
    ]
    again = words(kept("AA", "old"), kept("AA", "copy"), names=["old", "copy"])
    assert again[1] == "The inputs (policy and case) say the same."


def test_plans_near_to_another_leave_no_gap_of_points(tmp_path: Path) -> None:
    """Each keeps what there was, though four and seven could come; both for the same price."""
    old = optimizer.Near(first_slots("AA"), 1000.0, name="old")
    poor, rich = (
        optimizer.solve(*written(tmp_path, name, case), near=old)
        for name, case in (("poor", POOR), ("rich", POOR.with_(FIRST_OF_B)))
    )
    assert (poor.objective, poor.bound, rich.objective) == pytest.approx((100.0, 400.0, 200.0))
    found = optimizer.compare(poor, rich)
    assert not found.table["within_gap"].any()
    assert not [line for line in found.in_words() if "gaps" in line]
