"""A small valid case as text, for tests to change and write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

CASE_TOML = """\
schema = 1
title = "Two countries, two regions"
currency = "JPY"
years = [2027, 2028]
country_codes = "iso3166"
movement = "free"
licence = "CC0-1.0"
"""

TABLES = {
    "countries": """\
country,name,world_region,gdp,band_language
KOR,South Korea,Asia,34.5,near
FRA,France,Europe,,far
""",
    "tracks": """\
track,name,pathway,agency,sector,direction,duration_years,min_cohort,needs_agreement,\
completion_rate,returns_home,allocation
study,Study,study,MEXT,education,inbound,2,0,no,0.9,yes,
lab,Joint research,exchange,METI,science,inbound,1,5,yes,1,yes,planned
visit,Own means,study,MEXT,education,inbound,1,0,no,0.8,yes,forecast
""",
    "continuations": """\
track,next_track,stay_rate
study,lab,0.4
""",
    "regions": """\
region,name,area,tile_row,tile_column
miyagi,Miyagi,Tohoku,2,5
osaka,Osaka,Kinki,,
""",
    "support_levels": """\
track,level,completion_rate,stay_rate_factor
study,standard,0.9,1
study,intensive,0.95,1.2
""",
    "applicants": """\
country,track,year,applicants
KOR,study,,100
KOR,study,2028,120
FRA,study,,40
KOR,lab,,20
""",
    "sites": """\
track,region,year,max_slots
study,miyagi,,60
study,osaka,,80
lab,osaka,,10
""",
    "national_caps": """\
track,year,max,counts
study,2027,150,intake
""",
    "budgets": """\
line,year,agency,amount_jpy,purpose
grants,2027,MEXT,1000000,program
grants,2028,MEXT,1000000,program
welcome,2027,METI,500000,integration
welcome,2028,METI,500000,integration
""",
    "costs": """\
track,line,year_of_stay,level,country,year,entry,amount_jpy
study,grants,1,,,,,1000
study,grants,2,,,,,900
study,welcome,1,intensive,,,,300
lab,grants,1,,KOR,2028,transition,50.5
visit,grants,1,,,,,0
""",
    "region_costs": """\
track,line,region,year_of_stay,amount_jpy
study,grants,osaka,1,100
""",
    "agreements": """\
country,track,status,line,setup_cost_jpy,yearly_cost_jpy,lead_years
KOR,lab,proposed,grants,5000,100,1
""",
    "services": """\
region,service,year,capacity,unit,expansion_unit,expansion_limit,expansion_cost_jpy,\
upkeep_jpy,line
miyagi,language,2027,50,places,10,2,1000,100,welcome
miyagi,language,2028,50,places,10,2,1000,100,welcome
osaka,language,2027,70,places,10,0,1000,100,welcome
osaka,language,2028,70,places,10,0,1000,100,welcome
""",
    "service_use": """\
track,service,year_of_stay,level,band,entry,units
study,language,1,,,,0.5
study,language,1,,far,,1
""",
    "scores": """\
goal,country,track,region,value
growth,KOR,study,,1.5
growth,KOR,study,osaka,2
""",
    "rank_bands": """\
goal,country,rank,low,high
growth,KOR,1,1,2
growth,FRA,2,2,2
""",
    "commitments": """\
country,track,region,year,at_least,at_most
KOR,,,2027,5,
""",
    "present_by_country": """\
country,track,entry_year,persons
KOR,study,2026,30
FRA,study,2026,10
""",
    "present_by_region": """\
region,track,entry_year,persons
osaka,study,2026,40
""",
    "forecasts_by_country": """\
country,track,year,persons,low,high
KOR,visit,2027,6,,
FRA,visit,2027,4,2,5
FRA,visit,2028,4.5,2,5
""",
    "forecasts_by_region": """\
region,track,year,persons,low,high
osaka,visit,2027,10,8,12
osaka,visit,2028,10.5,8,13
""",
    "current_plan": """\
country,track,region,slots
KOR,study,osaka,25
FRA,study,,10
FRA,visit,,4
""",
    "current_plan_by_region": """\
track,region,slots
visit,osaka,4.02
""",
}
"""Text of every table; the header of each is its first line."""

SMALLEST = ("countries", "tracks", "applicants", "budgets", "costs")
"""Tables that every case has."""


def full_case() -> dict[str, str]:
    """Give the text of ``case.toml`` and of every table, by file name."""
    return {"case.toml": CASE_TOML} | {f"{name}.csv": text for name, text in TABLES.items()}


def smallest_case() -> dict[str, str]:
    """Give a national case: only the files that every case has, and no track with agreement."""
    files = {name: text for name, text in full_case().items() if name[:-4] in SMALLEST}
    files["case.toml"] = CASE_TOML
    files["countries.csv"] = "country,name,world_region\nKOR,South Korea,Asia\nFRA,France,Europe\n"
    files["tracks.csv"] = "\n".join(files["tracks.csv"].splitlines()[:2]) + "\n"
    files["applicants.csv"] = "country,track,applicants\nKOR,study,100\nFRA,study,40\n"
    files["costs.csv"] = "track,line,year_of_stay,amount_jpy\nstudy,grants,1,1000\n"
    return files


def write_case(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write the files of a case into a folder, which is made, and give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    return folder


def changed(files: Mapping[str, str], name: str, old: str, new: str) -> dict[str, str]:
    """Give the files with one piece of one of them replaced; the piece must be there once."""
    assert files[name].count(old) == 1, f"{old!r} is not exactly once in {name}"
    return {**files, name: files[name].replace(old, new)}
