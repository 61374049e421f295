"""Cases of a few rows, each the least that a rule needs to have rows of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from optimizer.case import load_case
from optimizer.instance import Instance, build_instance
from optimizer.policy import load_policy

HEADERS = {
    "countries": "country,name,world_region,gdp",
    "tracks": "track,name,pathway,agency,sector,direction,duration_years,min_cohort,"
    "needs_agreement,completion_rate,returns_home",
    "continuations": "track,next_track,stay_rate",
    "regions": "region,name,area,jobs",
    "support_levels": "track,level,completion_rate,stay_rate_factor",
    "applicants": "country,track,year,applicants",
    "sites": "track,region,year,max_slots",
    "national_caps": "track,year,max,counts",
    "budgets": "line,year,agency,amount_jpy,purpose",
    "costs": "track,line,year_of_stay,level,country,year,entry,amount_jpy",
    "region_costs": "track,line,region,year_of_stay,amount_jpy",
    "agreements": "country,track,status,line,setup_cost_jpy,yearly_cost_jpy,lead_years",
    "services": "region,service,year,capacity,unit,expansion_unit,expansion_limit,"
    "expansion_cost_jpy,upkeep_jpy,line",
    "service_use": "track,service,year_of_stay,level,band,entry,units",
    "scores": "goal,country,track,region,value",
    "rank_bands": "goal,country,rank,low,high",
    "commitments": "country,track,region,year,at_least,at_most",
    "present_by_country": "country,track,entry_year,persons",
    "present_by_region": "region,track,entry_year,persons",
    "forecasts_by_country": "country,track,year,persons,low,high",
    "forecasts_by_region": "region,track,year,persons,low,high",
    "current_plan": "country,track,region,slots",
    "current_plan_by_region": "track,region,slots",
}
CASE_TOML = """\
schema = 1
title = "By hand"
currency = "JPY"
years = {years}
country_codes = "any"
licence = "CC0-1.0"
"""
ONE_GOAL = """\
schema = 1
title = "By hand"

[goals.g]
weight = 1
scale = "none"
effects = [{ stage = "enter", effect = 1 }]
"""


@dataclass(frozen=True)
class SmallCase:
    """Rows of a case by table, and the text of a policy.

    ``{year}`` in a row stands for every year of the case. A table that begins with its own
    header takes that in place of the usual one.
    """

    years: tuple[int, ...]
    rows: dict[str, tuple[str, ...]]
    policy: str = ONE_GOAL
    movement: str = ""

    def with_(self, policy: str = "", **tables: Iterable[str]) -> SmallCase:
        """Replace tables, and add text to the policy."""
        rows = self.rows | {name: tuple(lines) for name, lines in tables.items()}
        return replace(self, rows=rows, policy=self.policy + policy)

    def over(self, *years: int) -> SmallCase:
        """The same in other years."""
        return replace(self, years=years)

    def moving(self, movement: str) -> SmallCase:
        """The same with people who continue moving like this."""
        return replace(self, movement=movement)

    def aiming_at(self, goals: str) -> SmallCase:
        """The same with another policy from its goals on."""
        return replace(self, policy='schema = 1\ntitle = "By hand"\n' + goals)

    def files(self) -> dict[str, str]:
        """Text of every file of the case."""
        said = f'movement = "{self.movement}"\n' if self.movement else ""
        files = {"case.toml": CASE_TOML.format(years=list(self.years)) + said}
        for name, lines in self.rows.items():
            first = HEADERS[name].partition(",")[0] + ","
            head = [] if lines[:1] and lines[0].startswith(first) else [HEADERS[name]]
            told = [
                line.replace("{year}", str(year))
                for line in lines
                for year in (self.years if "{year}" in line else self.years[:1])
            ]
            files[f"{name}.csv"] = "\n".join([*head, *told]) + "\n"
        return files

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write ``folder/hand`` and ``folder/policy.toml``, in place of earlier ones."""
        case = folder / "hand"
        shutil.rmtree(case, ignore_errors=True)
        case.mkdir(parents=True)
        for name, text in self.files().items():
            (case / name).write_text(text, encoding="utf-8")
        policy = folder / "policy.toml"
        policy.write_text(self.policy_text(), encoding="utf-8")
        return case, policy

    def policy_text(self) -> str:
        """Text of the policy, which ends with a run-off unless it says otherwise.

        What is worked out by hand would otherwise be paid and earned again in repeated years.
        """
        if "\ntail =" in self.policy:
            return self.policy
        head, table, rest = self.policy.partition("\n[horizon]\n")
        return f'{head}\n[horizon]\ntail = "runoff"\n{rest if table else ""}'

    def instance(self, folder: Path) -> Instance:
        """Write, read and join; what was joined before is kept, as nothing changes it."""
        told = (*sorted(self.files().items()), ("policy.toml", self.policy))
        if told not in JOINED:
            case, policy = self.write(folder)
            JOINED[told] = build_instance(load_case(case), load_policy(policy))
        return JOINED[told]


JOINED: dict[tuple[tuple[str, str], ...], Instance] = {}
"""Instances by the texts they were read from."""


NATIONAL = SmallCase(
    years=(2030,),
    rows={
        "countries": ("AA,Aland,Asia,1", "BB,Bland,Europe,3"),
        "tracks": ("t,T,study,M,care,inbound,1,0,no,1,no",),
        "applicants": ("AA,t,,4", "BB,t,,3"),
        "budgets": ("main,{year},M,100,program",),
        "costs": ("t,main,1,,,,,10",),
    },
)
"""Two countries, one track of one year, one budget line, one year: no regions."""

HOSTED = NATIONAL.with_(regions=("r1,R,east,2", "r2,S,west,5"), sites=("t,r1,,3", "t,r2,,2"))
"""The same with two regions."""

AGREED = NATIONAL.with_(
    tracks=("t,T,exchange,M,care,inbound,1,2,yes,1,no",),
    agreements=("AA,t,proposed,main,6,1,1", "BB,t,existing,main,0,1,0"),
).over(2030, 2031)
"""A proposed agreement of A that can open in the second year, and one of B that is open."""

ACTIVE = NATIONAL.with_(tracks=("t,T,study,M,care,inbound,1,2,no,1,no",))
"""A track without agreements that runs with two or more, or not at all."""

FOLLOWED = HOSTED.with_(
    tracks=(
        "t,T,study,M,care,inbound,1,0,no,0.5,yes",
        "u,U,skilled_work,M,care,inbound,2,0,no,1,no",
    ),
    continuations=("t,u,0.4",),
    support_levels=("t,standard,0.5,1", "t,intensive,0.75,2"),
    applicants=("AA,t,,4", "BB,u,,3"),
    sites=("t,r1,,3", "u,r2,,2"),
    costs=("t,main,1,,,,,10", "t,main,1,intensive,,,,15", "u,main,1,,,,transition,4"),
    present_by_country=("AA,t,2029,8",),
    present_by_region=("r1,t,2029,8",),
).moving("free")
"""Track t is followed by u; eight people are on t already; t has two levels."""

MOVING = FOLLOWED.with_(
    continuations=("track,next_track,stay_rate,retention", "t,u,0.4,0.6"),
    regions=("region,name,area,jobs,attraction", "r1,R,east,2,3", "r2,S,west,5,1"),
    sites=("t,r1,,3", "t,r2,,3", "u,r1,,2", "u,r2,,2"),
    present_by_region=("r1,t,2029,6", "r2,t,2029,2"),
).moving("by_attraction")
"""The same with both tracks in both regions: six of ten remain, three of four movers go to r1."""

SERVED = HOSTED.with_(
    tracks=("t,T,study,M,care,inbound,2,0,no,1,no",),
    countries=("country,name,world_region,gdp,band_help", "AA,A,Asia,1,near", "BB,B,Europe,3,far"),
    sites=("t,r1,,9",),
    services=("r1,help,{year},6,hours,4,2,5,1,main", "r2,help,{year},6,hours,4,0,5,1,main"),
    service_use=("t,help,1,,,,1", "t,help,1,,far,,2", "t,help,2,,,,0.5"),
).over(2030, 2031)
"""A service that people of far countries use twice as much, and that can be built out."""

EXPECTED = HOSTED.with_(
    tracks=(
        HEADERS["tracks"] + ",allocation",
        "t,T,study,M,care,inbound,1,0,no,1,no,planned",
        "f,F,study,M,care,inbound,2,0,no,0.5,yes,forecast",
    ),
    forecasts_by_country=("AA,f,2030,2,1,4", "BB,f,2030,1,,", "BB,f,2031,3,,"),
    forecasts_by_region=("r1,f,2030,3,,", "r1,f,2031,5,,"),
    budgets=("main,{year},M,60,program",),
    costs=("t,main,1,,,,,10", "f,main,1,,,,,4", "f,main,2,,,,,2"),
).over(2030, 2031)
"""Three people come to track f by themselves in the first year, and five in each later one."""

TWO_LINES = NATIONAL.with_(
    """
[horizon]
tail = 0
[budget]
transfers = [{ from = "main", to = "help", share = 0.1 }]
carry_over = { main = 0.2 }
""",
    budgets=("main,{year},M,100,program", "help,{year},N,30,integration"),
    costs=("t,main,1,,,,,10", "t,help,1,,,,,5"),
).over(2030, 2031)
"""Two lines with a transfer from one to the other, and carry-over of one."""
