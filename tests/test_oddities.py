"""Warnings: each look fires on its case and is silent on the one beside it."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import shared
from golden.small_cases import AGREED, HOSTED, NATIONAL, SERVED, SmallCase
from optimizer import ModelWarning, Session, load_case, load_policy, solve, validate
from optimizer.case.writing import write_case
from optimizer.frames.memory import Memory
from optimizer.instance import build_instance, joined
from optimizer.instance.oddities import warnings_of
from optimizer.report import write_report

Warned = Callable[[SmallCase], list[str]]


@pytest.fixture
def warned(tmp_path: Path) -> Warned:
    return lambda case: warnings_of(case.instance(tmp_path))


def limit(name: str, body: str) -> str:
    return f'[[limits]]\nname = "{name}"\nmeasure = "slots"\n{body}\n'


def share(name: str, where: str, side: str, times: float, by: str = "") -> str:
    body = f"where = {{ {where} }}\n" if where else ""
    body += f"by = [{by}]\n" if by else ""
    of = f'{{ times = {times}, measure = "slots", by = [] }}'
    return limit(name, f"{body}{side} = {of}")


@pytest.mark.parametrize("pair", ["japan", "tiny"])
def test_nothing_is_odd_about_the_cases_of_the_project(pair: str, root: Path) -> None:
    case, memory = shared.case(pair), Memory()
    for path in sorted((root / "models").glob("*.toml")):
        policy = shared.policy(path.stem)
        if policy.is_for(case.name):
            # As `validate` joins several policies.
            assert warnings_of(joined(case, policy, memory)) == [], path.name


COUNTRIES = ("AA,Aland,Asia,1", "BB,Bland,Europe,3", "CC,Cland,Africa,5", "DD,Dland,Asia,7")
APPLY = ("AA,t,,4", "BB,t,,3", "CC,t,,5", "DD,t,,6")
FOUR = NATIONAL.with_(countries=COUNTRIES, applicants=APPLY)
LONGER = NATIONAL.with_(tracks=("t,T,study,M,care,inbound,3,0,no,1,no",))
LODGED = HOSTED.with_(tracks=("t,T,study,M,care,inbound,2,0,no,1,no",), costs=("t,main,2,,,,,0",))
GROWTH = NATIONAL.aiming_at(
    '[goals.growth]\nweight = 1\nscale = "none"\neffects = [{ stage = "enter", effect = 1 }]\n'
)
SCALED = """\
[goals.g]
weight = 1
indicators = [{ column = "gdp" }]
effects = [{ stage = "enter", effect = 1 }]
"""
INDUSTRY = (
    "t,T,study,M,care,inbound,1,0,no,1,no",
    "u,U,study,M,care,inbound,1,0,no,1,no",
)
FREE = "Maybe they are missing; where nothing is paid, a row with amount 0 says so."
ROW = "Maybe a row is missing; where nothing is paid, one with amount 0 says so."
UNIT = "Maybe it is in another unit."

FIRES = {
    "track without costs": (
        NATIONAL.with_(tracks=INDUSTRY, applicants=("AA,t,,4", "BB,u,,3")),
        f"tracks.csv row 3: track 'u' has no rows in costs.csv, so its slots cost nothing. {FREE}",
    ),
    "track whose own costs are gone": (
        HOSTED.with_(
            tracks=INDUSTRY,
            applicants=("AA,t,,4", "BB,u,,3"),
            sites=("t,r1,,9", "u,r1,,9"),
            region_costs=("u,main,r1,1,5",),
        ),
        "tracks.csv row 3: track 'u' has no rows in costs.csv, so its slots cost nothing beyond "
        f"region_costs.csv. {FREE}",
    ),
    "years of stay without costs": (
        LONGER,
        "costs.csv row 2: years 2, 3 of a stay on 't' have no row and cost nothing. " + ROW,
    ),
    "one year of stay without costs": (
        LONGER.with_(costs=("t,main,1,,,,,10", "t,main,3,,,,,10")),
        "costs.csv row 2: year 2 of a stay on 't' has no row and costs nothing. " + ROW,
    ),
    "costs of one country only": (
        NATIONAL.with_(costs=("t,main,1,,AA,,,10",)),
        "costs.csv row 2: year 1 of a stay on 't' (country BB) has no row and costs nothing. "
        + ROW,
    ),
    "costs of one year only": (
        NATIONAL.over(2030, 2031).with_(costs=("t,main,1,,,2030,,10",)),
        "costs.csv row 2: year 1 of a stay on 't' (year 2031) has no row and costs nothing. "
        + ROW,
    ),
    "costs of one region alone": (
        LODGED.with_(region_costs=("t,main,r1,1,5",)),
        "costs.csv row 2: year 1 of a stay on 't' has no row and costs nothing. " + ROW,
    ),
    "a gap in percent": (
        NATIONAL.with_("[solver]\ngap = 1\n"),
        "policy.toml, solver.gap: a gap of 1 is one of 100%, with which any plan will do. "
        "Maybe 0.01.",
    ),
    "money for nothing": (
        NATIONAL.with_(budgets=("main,2030,M,100,program", "other,2030,M,100,program")),
        "budgets.csv row 3, column line: line 'other' has money, but nothing that could be planned "
        "is paid from it. Maybe rows that name it in costs.csv, region_costs.csv, agreements.csv "
        "or services.csv are missing.",
    ),
    "money in thousands": (
        NATIONAL.with_(budgets=("main,2030,M,0.1,program",)),
        "budgets.csv row 2, column amount_jpy: line 'main' has at most 0.1 a year, less than the "
        "10 that it pays for one participant. Maybe the two are in different units.",
    ),
    "a cost of another unit": (
        FOUR.with_(
            costs=(
                "t,main,1,,,,,10", "t,main,1,,BB,,,20", "t,main,1,,CC,,,30000000",
                "t,main,1,,DD,,,40",
            )
        ),
        "costs.csv row 4, column amount_jpy: 3e+07 is 1,000,000 times what stands in other rows "
        f"(30). {UNIT}",
    ),
    "applicants of another unit": (
        FOUR.with_(applicants=("AA,t,,4", "BB,t,,3", "CC,t,,5000000", "DD,t,,6")),
        "applicants.csv row 4, column applicants: 5e+06 is 1,000,000 times what stands in other "
        f"rows (5). {UNIT}",
    ),
    "a millionth": (
        FOUR.over(2030, 2031, 2032).with_(
            budgets=(
                "main,2030,M,100,program",
                "main,2031,M,0.0001,program",
                "main,2032,M,100,program",
            )
        ),
        "budgets.csv row 3, column amount_jpy: 0.0001 is 1/1,000,000 of what stands in other rows "
        f"(100). {UNIT}",
    ),
    "a score of another unit": (
        FOUR.with_(scores=("g,AA,t,,1", "g,BB,t,,2000000", "g,CC,t,,3", "g,DD,t,,2")),
        "scores.csv row 3, column value: 2e+06 is 800,000 times what stands in other rows (2.5). "
        + UNIT,
    ),
    "an indicator of another unit": (
        FOUR.with_(countries=(*COUNTRIES[:3], "DD,Dland,Asia,7000000")).aiming_at(SCALED),
        "countries.csv row 5, column gdp: 7e+06 is 1,750,000 times what stands in other rows (4). "
        + UNIT,
    ),
    "an effect beside which others count for nothing": (
        NATIONAL.aiming_at(
            '[goals.g]\nweight = 1\nscale = "none"\n'
            'effects = [{ stage = "enter", effect = 1 }, { stage = "complete", effect = 1e6 }]\n'
        ),
        "policy.toml, goals.g.effects.2.effect: 1e+06 is so much larger than the others beside it "
        "(1) that they count for nothing. Maybe a number of their size.",
    ),
    "a goal nobody can earn": (
        NATIONAL.with_('[goals.h]\nweight = 2\neffects = [{ stage = "return", effect = 1 }]\n'),
        "policy.toml, goals.h: nobody who could be given a slot earns anything for it, so its "
        "weight of 2 counts for nothing. Maybe its effects are meant for other tracks or stages, "
        "or its indicators for others.",
    ),
    "all weight on goals nobody can earn": (
        NATIONAL.aiming_at(
            "[goals.h]\nweight = 2\n"
            'effects = [{ stage = "continue", effect = 1, optional = true }]\n'
        ),
        "policy.toml, goals.h: nobody who could be given a slot earns anything for it, so its "
        "weight of 2 counts for nothing. Maybe its effects are meant for other tracks or stages, "
        "or its indicators for others.",
    ),
    "a range in percent": (
        NATIONAL.aiming_at(SCALED.replace('"gdp"', '"gdp", range = [0.01, 0.05]')),
        "policy.toml, goals.g.indicators.gdp.range: all figures of 'gdp', from 1 to 3, lie outside "
        "0.01 to 0.05, so all score 0 or 1. Maybe the range is in another unit.",
    ),
    "a share in percent": (
        NATIONAL.with_(share("l", 'world_region = "Asia"', "at_most", 35)),
        "policy.toml, limits.l.at_most: 35 times a whole of which this is a part limits nothing. "
        "Maybe 0.35.",
    ),
    "a floor in percent": (
        NATIONAL.with_(share("l", 'world_region = "Asia"', "at_least", 35)),
        "policy.toml, limits.l.at_least: 35 times a whole of which this is a part only nothing at "
        "all can keep. Maybe 0.35.",
    ),
    "shares of groups above one": (
        FOUR.with_(share("l", "", "at_least", 0.3, '"country"')),
        "policy.toml, limits.l.at_least: the shares of 4 groups of l ask for 1.2 of a whole "
        "together, so only nothing at all can keep them. Maybe shares of at most 1 in sum.",
    ),
    "shares of groups below one": (
        FOUR.with_(share("l", "", "at_most", 0.2, '"country"')),
        "policy.toml, limits.l.at_most: the shares of 4 groups of l allow 0.8 of a whole together, "
        "so that it can only be nothing at all. Maybe shares of at least 1 in sum.",
    ),
    "shares of limits above one": (
        NATIONAL.with_(
            share("asia", 'world_region = "Asia"', "at_least", 0.7)
            + share("europe", 'world_region = "Europe"', "at_least", 0.6)
        ),
        "policy.toml, limits.asia.at_least: the shares of asia and europe ask for 1.3 of a whole "
        "together, so only nothing at all can keep them. Maybe shares of at most 1 in sum.",
    ),
    "shares of limits below one": (
        NATIONAL.with_(
            share("asia", 'world_region = "Asia"', "at_most", 0.3)
            + share("europe", 'world_region = "Europe"', "at_most", 0.5)
        ),
        "policy.toml, limits.asia.at_most: the shares of asia and europe allow 0.8 of a whole "
        "together, so that it can only be nothing at all. Maybe shares of at least 1 in sum.",
    ),
    "applicants that end": (
        NATIONAL.over(2030, 2031, 2032).with_(applicants=("AA,t,2030,4", "BB,t,,3")),
        "applicants.csv row 2, column year: country 'AA', track 't' has a row for 2030 but none "
        "for 2031, 2032, when nobody can come. Maybe the year can be left blank, which means every "
        "year; a row with 0 says that none is meant.",
    ),
    "sites that end": (
        HOSTED.over(2030, 2031).with_(sites=("t,r1,2030,3", "t,r2,,2")),
        "sites.csv row 2, column year: track 't', region 'r1' has a row for 2030 but none for "
        "2031, when nobody can be placed. Maybe the year can be left blank, which means every "
        "year; a row with 0 says that none is meant.",
    ),
    "a gap in caps": (
        NATIONAL.over(2030, 2031, 2032).with_(national_caps=("t,2030,3,intake", "t,2032,3,intake")),
        "national_caps.csv row 2, column year: track 't' has a cap for 2030 and for 2032, but none "
        "for 2031. Maybe rows for these years are missing.",
    ),
    "a service without capacity": (
        SERVED.with_(
            services=("r1,help,{year},0,hours,4,0,5,1,main", "r2,help,{year},0,hours,4,0,5,1,main"),
            costs=("t,main,1,,,,,10", "t,main,2,,,,,10"),
        ),
        "services.csv row 2, column capacity: service 'help' has no capacity in any region and "
        "year, so nobody who uses it can come. Maybe its capacity is missing.",
    ),
    "a track that nobody enters": (
        NATIONAL.with_(tracks=INDUSTRY),
        "tracks.csv row 3: nobody can enter track 'u', so its rows in other tables count for "
        "nothing. Maybe rows of applicants.csv name another track.",
    ),
    "one track twice": (
        NATIONAL.with_(
            tracks=(
                "student,T,study,M,care,inbound,1,0,no,1,no",
                "students,U,study,M,care,inbound,1,0,no,1,no",
            ),
            applicants=("AA,student,,4", "BB,students,,3"),
            costs=("student,main,1,,,,,10", "students,main,1,,,,,10"),
        ),
        "tracks.csv row 3, column track: 'students' looks like 'student' of row 2 by another "
        "spelling. Maybe both are one.",
    ),
    "one country twice": (
        NATIONAL.with_(countries=("AA,Aland,Asia,1", "BB,aland,Europe,3")),
        "countries.csv row 3, column name: 'BB' looks like 'AA' of row 2 by another spelling. "
        "Maybe both are one.",
    ),
    "an agreement in months": (
        AGREED.with_(agreements=("AA,t,proposed,main,6,1,12", "BB,t,existing,main,0,1,0")),
        "agreements.csv row 2, column lead_years: with lead_years of 12 the agreement with 'AA' on "
        "'t' opens after 2031, the last year of the case. Maybe these are months.",
    ),
    "people long gone": (
        NATIONAL.with_(present_by_country=("AA,t,1929,3",)),
        "present_by_country.csv row 2, column entry_year: who entered 't' in 1929 completed before "
        "2030, so the row counts for nothing. Maybe the year is another one.",
    ),
    "bands of a goal misspelt": (
        GROWTH.with_(rank_bands=("growht,AA,1,1,2", "growht,BB,2,1,2", "other,BB,2,1,2")),
        "rank_bands.csv row 2, column goal: 2 rows for 'growht', which is not a goal of the "
        "policy, count for nothing. Maybe you want 'growth'.",
    ),
    "slots of today that nobody could have": (
        FOUR.with_(
            "[stability]\npenalty = 1\n",
            applicants=APPLY[:3],
            current_plan=("AA,t,,2", "DD,t,,2"),
        ),
        "current_plan.csv row 3: 'DD' has 2 slots on 't' today, but could be given none, which "
        "counts as change. Maybe applicants, a site or an agreement are missing.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FIRES)
def test_what_is_odd_is_told_with_its_place(kind: str, warned: Warned) -> None:
    case, told = FIRES[kind]
    assert warned(case) == [told]


SILENT = {
    "hand-made cases": NATIONAL,
    "with regions": HOSTED,
    "with agreements": AGREED,
    "every year of a stay has a row": LONGER.with_(
        costs=("t,main,1,,,,,10", "t,main,2,,,,,0", "t,main,3,,,,,0")
    ),
    "levels and countries paid by different lines": NATIONAL.with_(
        costs=("t,main,1,,AA,,,10", "t,main,1,,BB,,,20")
    ),
    "costs of regions alone": LODGED.with_(region_costs=("t,main,r1,1,5", "t,main,r2,1,5")),
    "figures that spread": FOUR.with_(
        applicants=("AA,t,,1", "BB,t,,300", "CC,t,,90000", "DD,t,,9000000")
    ),
    "no limit for anybody": FOUR.with_(
        applicants=tuple(row.rpartition(",")[0] + ",1000000" for row in APPLY)
    ),
    "shares that add up": FOUR.with_(
        share("few", "", "at_least", 0.25, '"country"')
        + share("l", "", "at_most", 0.25, '"country"')
    ),
    "ceilings of a part": NATIONAL.with_(share("l", 'world_region = "Asia"', "at_most", 0.3)),
    "a penalty for missing shares": FOUR.with_(
        share("l", "", "at_least", 0.3, '"country"') + "soft = 1\nsoft_base = 1\n"
    ),
    "many times something else": NATIONAL.with_(
        limit("l", 'where = { world_region = "Asia" }\nat_most = { times = 35, measure = "slots", '
              'where = { world_region = "Europe" } }')
    ),
    "yen per slot": NATIONAL.with_(
        '[[limits]]\nname = "l"\nmeasure = "spending"\n'
        'at_most = { times = 350, measure = "slots" }\n'
    ),
    "a goal that another case has": NATIONAL.with_(
        '[goals.h]\nweight = 2\neffects = [{ stage = "continue", effect = 1, optional = true }]\n'
    ),
    "a goal without weight": NATIONAL.with_(
        '[goals.h]\nweight = 0\neffects = [{ stage = "return", effect = 1 }]\n'
    ),
    "a penalty": NATIONAL.with_(
        '[goals.h]\nweight = -1\nscale = "none"\neffects = [{ stage = "enter", effect = 1 }]\n'
    ),
    "goals in units of their own": NATIONAL.with_(
        '[goals.h]\nweight = 1e6\nscale = "none"\neffects = [{ stage = "enter", effect = 1 }]\n'
    ),
    "applicants that begin later": NATIONAL.over(2030, 2031).with_(
        applicants=("AA,t,2031,4", "BB,t,,3")
    ),
    "applicants said to be none": NATIONAL.over(2030, 2031).with_(
        applicants=("AA,t,2030,4", "AA,t,2031,0", "BB,t,,3")
    ),
    "caps that go on": NATIONAL.over(2030, 2031).with_(national_caps=("t,2030,3,intake",)),
    "capacity in one region": SERVED.with_(
        services=("r1,help,{year},6,hours,4,0,5,1,main", "r2,help,{year},0,hours,4,0,5,1,main"),
        costs=("t,main,1,,,,,10", "t,main,2,,,,,10"),
    ),
    "people who leave in the first year": NATIONAL.with_(present_by_country=("AA,t,2029,3",)),
}  # fmt: skip


@pytest.mark.parametrize("kind", SILENT)
def test_what_can_be_meant_is_not_odd(kind: str, warned: Warned) -> None:
    assert warned(SILENT[kind]) == []


# How it is told

ODD = FIRES["track without costs"]


def test_solving_warns_and_the_plan_keeps_it(tmp_path: Path) -> None:
    case, policy = ODD[0].write(tmp_path)
    with pytest.warns(ModelWarning, match="track 'u' has no rows in costs.csv") as caught:
        plan = solve(policy, case)
    assert [str(warning.message) for warning in caught] == [ODD[1]]
    assert caught[0].filename == __file__
    assert plan.warnings == (ODD[1],)
    assert plan.summary()["warnings"] == [ODD[1]]
    page = tmp_path / "report.html"
    write_report(plan, load_case(case), load_policy(policy), page)
    text = page.read_text(encoding="utf-8")
    assert "Warnings to read before anybody relies on this plan" in text
    assert "track &#39;u&#39; has no rows in costs.csv" in text


def test_sessions_warn_of_what_they_solve(tmp_path: Path) -> None:
    case, policy = ODD[0].write(tmp_path)
    session = Session(policy, case)
    with pytest.warns(ModelWarning, match="cost nothing") as caught:
        assert session.solve().warnings == (ODD[1],)
    assert caught[0].filename == __file__


def test_nothing_odd_is_told_of_a_usual_case(tmp_path: Path) -> None:
    case, policy = NATIONAL.write(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan = solve(policy, case)
    page = tmp_path / "report.html"
    write_report(plan, load_case(case), load_policy(policy), page)
    assert "Warnings to read" not in page.read_text(encoding="utf-8")


def test_validating_lists_it(tmp_path: Path) -> None:
    case, policy = ODD[0].write(tmp_path)
    (found,) = validate([policy, case], solve=False)
    assert found.ok
    assert found.warnings == (ODD[1],)


def test_the_command_says_it_once_on_stderr(tmp_path: Path) -> None:
    case, policy = ODD[0].write(tmp_path)
    command = [sys.executable, "-m", "optimizer", "solve", str(policy), str(case), "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr.count(f"warning: {ODD[1]}\n") == 1
    assert json.loads(done.stdout)["warnings"] == [ODD[1]]


def test_a_workbook_is_told_of_by_sheet_and_column(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    case, policy = FIRES["applicants that end"][0].write(tmp_path)
    write_case(load_case(case), tmp_path / "hand.xlsx")
    instance = build_instance(load_case(tmp_path / "hand.xlsx"), load_policy(policy))
    assert warnings_of(instance)[0].startswith(
        "hand.xlsx, sheet applicants, row 2, column C (year): country 'AA', track 't' has a row"
    )
