"""Whole cases: what tables must say together, and what comes back."""

from __future__ import annotations

import dataclasses
import hashlib
import pickle
from pathlib import Path

import pandas as pd
import pytest

from case_builder import changed, full_case, smallest_case, write_case
from optimizer.case import Case, load_case
from optimizer.errors import InputError
from optimizer.schema.iso3166 import ISO_3166_ALPHA_3
from optimizer.schema.tables import TABLES

FILES = [
    pytest.param(
        "aplicants.csv",
        None,
        "a\n",
        (
            "1 problem\n"
            "- aplicants.csv: is not a table of a case\n"
            "    Expected only tables of the data dictionary."
        ),
        id="unknown table",
    ),
    pytest.param(
        "applicants.csv",
        None,
        None,
        (
            "1 problem\n"
            "- applicants.csv: the file is missing\n"
            "    Expected a table with columns country, track, applicants."
        ),
        id="missing table",
    ),
    pytest.param(
        "case.toml",
        None,
        None,
        (
            "1 problem\n"
            "- case.toml: the file is missing\n"
            "    Expected title, currency, years and more."
        ),
        id="missing header",
    ),
]

HEADER = [
    pytest.param(
        "case.toml",
        "schema = 1",
        "schema == 1",
        ("1 problem\n- case.toml line 1: is not valid TOML: Invalid value"),
        id="syntax",
    ),
    pytest.param(
        "case.toml",
        "licence",
        "license",
        (
            "2 problems\n"
            "- case.toml, licence: is missing\n"
            "    Expected text.\n"
            "- case.toml, license: is not a known key\n"
            "    Expected one of attributes, country_codes, currency, licence, movement, schema, "
            "title, years. Maybe licence."
        ),
        id="unknown key",
    ),
    pytest.param(
        "case.toml",
        '"JPY"',
        ('"yen"\nx = 1'),
        (
            "2 problems\n"
            "- case.toml, currency: is 'yen', but columns of money are in JPY: amount_jpy in "
            "budgets.csv; amount_jpy in costs.csv; amount_jpy in region_costs.csv; "
            "setup_cost_jpy, yearly_cost_jpy in agreements.csv; expansion_cost_jpy, upkeep_jpy in "
            "services.csv\n"
            "    Expected headers that end in _yen, with amounts in YEN. Maybe JPY.\n"
            "- case.toml, x: is not a known key\n"
            "    Expected one of attributes, country_codes, currency, licence, movement, schema, "
            "title, years."
        ),
        id="currency",
    ),
    pytest.param(
        "case.toml",
        '"JPY"',
        '"¥"',
        (
            "1 problem\n"
            "- case.toml, currency: '¥' is not allowed\n"
            "    Expected 3 letters, such as JPY."
        ),
        id="bad currency",
    ),
    pytest.param(
        "case.toml",
        "[2027, 2028]",
        "[2027, 2031]",
        (
            "1 problem\n"
            "- case.toml, years: [2027, 2031] does not go up year by year\n"
            "    Expected every year from the first to the last."
        ),
        id="gap in years",
    ),
    pytest.param(
        "case.toml",
        "[2027, 2028]",
        '["2027", 2028]',
        (
            "1 problem\n"
            "- case.toml, years.1: '2027' is text, not an integer\n"
            "    Expected an integer from 1900 to 2200. Maybe 2027."
        ),
        id="year as text",
    ),
    pytest.param(
        "case.toml",
        '"iso3166"',
        '"iso"',
        (
            "1 problem\n"
            "- case.toml, country_codes: 'iso' is not allowed\n"
            "    Expected 'iso3166' or 'any'. Maybe iso3166."
        ),
        id="country codes",
    ),
    pytest.param(
        "case.toml",
        "schema = 1",
        "schema = 2",
        ("1 problem\n- case.toml, schema: 2 is not allowed\n    Expected 1."),
        id="schema of the future",
    ),
    pytest.param(
        "case.toml",
        'licence = "CC0-1.0"',
        ('licence = "CC0-1.0"\n[attributes.country.gdp]\nunit = "USD"'),
        (
            "1 problem\n"
            "- case.toml, attributes.country: country has no attributes\n"
            "    Expected countries or regions. Maybe countries."
        ),
        id="attributes of another table",
    ),
    pytest.param(
        "case.toml",
        'licence = "CC0-1.0"',
        ('licence = "CC0-1.0"\n[attributes.countries.gpd]\nunit = "USD"'),
        (
            "1 problem\n"
            "- case.toml, attributes.countries.gpd: countries.csv has no column 'gpd'\n"
            "    Expected a column of the table. Maybe gdp."
        ),
        id="attribute that is not there",
    ),
]

TOGETHER = [
    pytest.param(
        "applicants.csv",
        "KOR,lab,,20",
        ("KOR,lab,,20\nKRO,lab,,20"),
        (
            "1 problem\n"
            "- applicants.csv row 6, column country: 'KRO' is not in countries.csv\n"
            "    Expected a country of countries.csv. Maybe KOR."
        ),
        id="unknown country",
    ),
    pytest.param(
        "sites.csv",
        "lab,osaka,,10",
        "labs,osaka,,10",
        (
            "1 problem\n"
            "- sites.csv row 4, column track: 'labs' is not in tracks.csv\n"
            "    Expected a track of tracks.csv. Maybe lab."
        ),
        id="unknown track",
    ),
    pytest.param(
        "region_costs.csv",
        "osaka",
        "osako",
        (
            "1 problem\n"
            "- region_costs.csv row 2, column region: 'osako' is not in regions.csv\n"
            "    Expected a region of regions.csv. Maybe osaka."
        ),
        id="unknown region",
    ),
    pytest.param(
        "costs.csv",
        "study,welcome,1,intensive",
        "study,welcom,1,intensive",
        (
            "1 problem\n"
            "- costs.csv row 4, column line: 'welcom' is not in budgets.csv\n"
            "    Expected a line of budgets.csv. Maybe welcome."
        ),
        id="unknown line",
    ),
    pytest.param(
        "continuations.csv",
        "study,lab,0.4",
        "study,labour,0.4",
        (
            "1 problem\n"
            "- continuations.csv row 2, column next_track: 'labour' is not in tracks.csv\n"
            "    Expected a track of tracks.csv. Maybe lab."
        ),
        id="unknown next track",
    ),
    pytest.param(
        "service_use.csv",
        "study,language,1,,far",
        "study,languages,1,,far",
        (
            "1 problem\n"
            "- service_use.csv row 3, column service: 'languages' is not in services.csv\n"
            "    Expected a service of services.csv. Maybe language."
        ),
        id="unknown service",
    ),
    pytest.param(
        "costs.csv",
        "study,welcome,1,intensive",
        "study,welcome,1,intense",
        (
            "1 problem\n"
            "- costs.csv row 4, column level: track 'study' has no level 'intense'\n"
            "    Expected a level of the track in support_levels.csv, or standard if it has "
            "none there. Maybe intensive."
        ),
        id="unknown level",
    ),
    pytest.param(
        "applicants.csv",
        "KOR,study,2028,120",
        "KOR,study,2029,120",
        (
            "1 problem\n"
            "- applicants.csv row 3, column year: 2029 is not a year of the case\n"
            "    Expected a year from 2027 to 2028."
        ),
        id="year outside",
    ),
    pytest.param(
        "present_by_country.csv",
        "FRA,study,2026,10",
        "FRA,study,2027,10",
        (
            "2 problems\n"
            "- present_by_country.csv row 3, column entry_year: 2027 is not before the "
            "case's first year\n"
            "    Expected a year before 2027.\n"
            "- present_by_region.csv, column persons: 40 persons entered track 'study' in "
            "2026, but 30 in present_by_country.csv\n"
            "    Expected the same total in both tables."
        ),
        id="entry year too late",
    ),
    pytest.param(
        "costs.csv",
        "study,grants,2,,,,,900",
        "study,grants,3,,,,,900",
        (
            "1 problem\n"
            "- costs.csv row 3, column year_of_stay: year 3 of a stay on 'study', which "
            "lasts 2 years\n"
            "    Expected a year from 1 to the track's duration_years."
        ),
        id="year of stay too late",
    ),
    pytest.param(
        "countries.csv",
        "FRA,France,Europe,,far",
        ("FRA,France,Europe,,far\nUKR,Ukraine,Europe,,far\nUSB,America,Americas,,far"),
        (
            "1 problem\n"
            "- countries.csv row 5, column country: 'USB' is not in ISO 3166 alpha-3\n"
            "    Expected a code of three letters, or country_codes = 'any' in case.toml."
        ),
        id="no such country code",
    ),
    pytest.param(
        "continuations.csv",
        "study,lab,0.4",
        ("study,lab,0.7\nstudy,study,0.4"),
        (
            "1 problem\n"
            "- continuations.csv row 3, column stay_rate: stay rates of track 'study' add up "
            "to 1.1\n"
            "    Expected at most 1 per track."
        ),
        id="stay rates",
    ),
    pytest.param(
        "support_levels.csv",
        "study,intensive,0.95,1.2",
        "study,intensive,0.95,3",
        (
            "1 problem\n"
            "- support_levels.csv row 3, column stay_rate_factor: 3 times the stay rates of "
            "track 'study' is 1.2\n"
            "    Expected a factor under which at most all completers stay."
        ),
        id="factors",
    ),
    pytest.param(
        "support_levels.csv",
        "study,standard,0.9,1",
        "study,basic,0.9,1",
        (
            "1 problem\n"
            "- support_levels.csv row 2, column level: track 'study' has no level 'standard'\n"
            "    Expected a row with level standard, the level of stayers and people present."
        ),
        id="no standard level",
    ),
    pytest.param(
        "commitments.csv",
        "KOR,,,2027,5,",
        "KOR,,,2027,,",
        (
            "1 problem\n"
            "- commitments.csv row 2: neither at_least nor at_most is given\n"
            "    Expected at least one of the two."
        ),
        id="commitment to nothing",
    ),
    pytest.param(
        "commitments.csv",
        "KOR,,,2027,5,",
        "KOR,,,2027,5,4",
        (
            "1 problem\n"
            "- commitments.csv row 2, column at_least: 5 is above at_most, 4\n"
            "    Expected at_least no higher than at_most."
        ),
        id="crossed commitment",
    ),
    pytest.param(
        "present_by_region.csv",
        "osaka,study,2026,40",
        "osaka,study,2026,41",
        (
            "1 problem\n"
            "- present_by_region.csv, column persons: 41 persons entered track 'study' in "
            "2026, but 40 in present_by_country.csv\n"
            "    Expected the same total in both tables."
        ),
        id="present people",
    ),
    pytest.param(
        "present_by_country.csv",
        None,
        None,
        (
            "1 problem\n"
            "- present_by_country.csv: the file is missing, but there is present_by_region.csv\n"
            "    Expected both or neither."
        ),
        id="present by region alone",
    ),
    pytest.param(
        "budgets.csv",
        "grants,2028,MEXT,1000000,program\n",
        "",
        (
            "1 problem\n"
            "- budgets.csv row 2, column year: line 'grants' has no row for 2028\n"
            "    Expected a row for every year of the case."
        ),
        id="budget year",
    ),
    pytest.param(
        "budgets.csv",
        "welcome,2028,METI",
        "welcome,2028,MEXT",
        (
            "1 problem\n"
            "- budgets.csv row 5, column agency: 'MEXT' here, 'METI' in row 4\n"
            "    Expected one agency per line."
        ),
        id="agency of a line",
    ),
    pytest.param(
        "budgets.csv",
        "welcome,2028,METI,500000,integration",
        "welcome,2028,METI,500000,program",
        (
            "1 problem\n"
            "- budgets.csv row 5, column purpose: 'program' here, 'integration' in row 4\n"
            "    Expected one purpose per line."
        ),
        id="purpose of a line",
    ),
    pytest.param(
        "present_by_region.csv",
        "2026,40",
        "2026,2000040",
        (
            "1 problem\n"
            "- present_by_region.csv, column persons: 2000040 persons entered track 'study' in "
            "2026, but 40 in present_by_country.csv\n"
            "    Expected the same total in both tables."
        ),
        id="millions of people",
    ),
    pytest.param(
        "continuations.csv",
        "study,lab,0.4",
        "study,lab,0.4\nstudy,study,0.6000001",
        (
            "1 problem\n"
            "- continuations.csv row 3, column stay_rate: stay rates of track 'study' add up to "
            "1.0000001\n"
            "    Expected at most 1 per track."
        ),
        id="stay rates a little above 1",
    ),
    pytest.param(
        "tracks.csv",
        "exchange,METI",
        "exchange,Meti",
        (
            "1 problem\n"
            "- budgets.csv row 4, column agency: 'METI' is spelt 'Meti' in tracks.csv row 3\n"
            "    Expected one spelling."
        ),
        id="agency spelt twice",
    ),
    pytest.param(
        "services.csv",
        "osaka,language,2028,70,places,10,0,1000,100,welcome\n",
        "",
        (
            "1 problem\n"
            "- services.csv row 4, column year: region 'osaka', service 'language' has no "
            "row for 2028\n"
            "    Expected a row for every year of the case."
        ),
        id="service year",
    ),
    pytest.param(
        "services.csv",
        "osaka,language,2028,70,places",
        "osaka,language,2028,70,hours",
        (
            "1 problem\n"
            "- services.csv row 5, column unit: 'hours' here, 'places' in row 2\n"
            "    Expected one unit per service."
        ),
        id="service unit",
    ),
    pytest.param(
        "agreements.csv",
        "KOR,lab,proposed,grants,5000,100,1\n",
        "",
        (
            "1 problem\n"
            "- agreements.csv: 'KOR' has applicants on 'lab', which needs an agreement\n"
            "    Expected a row for every eligible country of a track with needs_agreement = yes."
        ),
        id="no agreement",
    ),
    pytest.param(
        "agreements.csv",
        None,
        None,
        (
            "1 problem\n"
            "- agreements.csv: 'KOR' has applicants on 'lab', which needs an agreement\n"
            "    Expected a row for every eligible country of a track with needs_agreement = yes."
        ),
        id="no agreements file",
    ),
    pytest.param(
        "agreements.csv",
        "KOR,lab,proposed,grants,5000,100,1",
        ("KOR,lab,proposed,grants,5000,100,1\nKOR,study,existing,grants,0,0,0"),
        (
            "1 problem\n"
            "- agreements.csv row 3, column track: track 'study' needs no agreement\n"
            "    Expected a track with needs_agreement = yes."
        ),
        id="agreement not needed",
    ),
    pytest.param(
        "agreements.csv",
        "KOR,lab,proposed,grants,5000,100,1",
        ("KOR,lab,proposed,grants,5000,100,1\nFRA,lab,existing,grants,0,0,0"),
        (
            "1 problem\n"
            "- agreements.csv row 3, column country: 'FRA' has no applicants on 'lab'\n"
            "    Expected an eligible country, with a row in applicants.csv."
        ),
        id="agreement of nobody",
    ),
    pytest.param(
        "countries.csv",
        (",band_language\nKOR,South Korea,Asia,34.5,near\nFRA,France,Europe,,far"),
        ("\nKOR,South Korea,Asia,34.5\nFRA,France,Europe,"),
        (
            "1 problem\n"
            "- countries.csv row 1, column band_language: the column is missing; "
            "service_use.csv has bands for service 'language'\n"
            "    Expected the band of every country."
        ),
        id="no band column",
    ),
    pytest.param(
        "service_use.csv",
        "study,language,1,,far,,1",
        "study,language,1,,fare,,1",
        (
            "1 problem\n"
            "- service_use.csv row 3, column band: no country has band_language 'fare'\n"
            "    Expected one of far, near. Maybe far."
        ),
        id="band of no country",
    ),
    pytest.param(
        "countries.csv",
        "band_language",
        "band_languages",
        (
            "2 problems\n"
            "- countries.csv row 1, column band_language: the column is missing; "
            "service_use.csv has bands for service 'language'\n"
            "    Expected the band of every country.\n"
            "- countries.csv row 1, column band_languages: there is no service 'languages'\n"
            "    Expected band_<service> with a service of services.csv. Maybe band_language."
        ),
        id="band of no service",
    ),
    pytest.param(
        "countries.csv",
        "FRA,France,Europe,,far",
        "FRA,France,Europe,,",
        (
            "1 problem\n"
            "- countries.csv row 3, column band_language: is blank\n"
            "    Expected the band of the country."
        ),
        id="blank band",
    ),
    pytest.param(
        "countries.csv",
        "FRA,France,Europe,,far",
        ("FRA,France,Europe,,far\nDEU,Germany,Europe,,b\nITA,Italy,Europe,,c\nESP,Spain,Europe,,d"),
        (
            "1 problem\n"
            "- countries.csv row 1, column band_language: has 5 bands: b, c, d, far, near\n"
            "    Expected at most 4."
        ),
        id="five bands",
    ),
    pytest.param(
        "current_plan.csv",
        "FRA,study,,10",
        ("FRA,study,,10\nKOR,study,,5"),
        (
            "1 problem\n"
            "- current_plan.csv row 2, column region: slots of 'KOR' on 'study' are given by "
            "region here and as a whole in row 4\n"
            "    Expected one way for each country and track."
        ),
        id="current plan twice",
    ),
    pytest.param(
        "current_plan_by_region.csv",
        "visit,osaka,4.02",
        "visit,osaka,2.02\nvisit,miyagi,2.03",
        (
            "1 problem\n"
            "- current_plan_by_region.csv, column slots: 4.05 slots are given on track 'visit', "
            "but 4 in current_plan.csv\n"
            "    Expected the same total in both tables, within 1%."
        ),
        id="margins of the current plan",
    ),
    pytest.param(
        "current_plan_by_region.csv",
        "visit,osaka,4.02",
        "visit,osaka,4.02\nstudy,osaka,35",
        (
            "1 problem\n"
            "- current_plan_by_region.csv row 3, column track: track 'study' is divided by region "
            "in current_plan.csv row 2 as well\n"
            "    Expected one table that divides a track by region."
        ),
        id="current plan in both forms",
    ),
    pytest.param(
        "current_plan.csv",
        None,
        None,
        (
            "1 problem\n"
            "- current_plan.csv: the file is missing, but there is current_plan_by_region.csv\n"
            "    Expected the same slots by country."
        ),
        id="current plan by region alone",
    ),
    pytest.param(
        "rank_bands.csv",
        "growth,KOR,1,1,2",
        "growth,KOR,1,3,2",
        (
            "1 problem\n"
            "- rank_bands.csv row 2, column low: 3 is above high, 2\n"
            "    Expected low no higher than high."
        ),
        id="crossed band",
    ),
    pytest.param(
        "rank_bands.csv",
        "growth,KOR,1,1,2",
        "growth,KOR,0,1,1.5",
        (
            "2 problems\n"
            "- rank_bands.csv row 2, column high: 1.5 is not a whole number\n"
            "    Expected a whole number of at least 1.\n"
            "- rank_bands.csv row 2, column rank: 0 is below 1\n"
            "    Expected a whole number of at least 1."
        ),
        id="ranks that are none",
    ),
    pytest.param(
        "regions.csv",
        None,
        None,
        (
            "8 problems\n"
            "- current_plan.csv row 2, column region: names regions, but there is no "
            "regions.csv\n"
            "    Expected a regions.csv.\n"
            "- current_plan_by_region.csv row 2, column region: names regions, but there is no "
            "regions.csv\n"
            "    Expected a regions.csv.\n"
            "- forecasts_by_region.csv row 2, column region: names regions, but there is no "
            "regions.csv\n"
            "    Expected a regions.csv.\n"
            "- present_by_region.csv row 2, column region: names regions, but there is no "
            "regions.csv\n"
            "    Expected a regions.csv.\n"
            "- region_costs.csv row 2, column region: names regions, but there is no "
            "regions.csv\n"
            "    Expected a regions.csv.\n"
            "- scores.csv row 3, column region: names regions, but there is no regions.csv\n"
            "    Expected a regions.csv.\n"
            "- services.csv row 2, column region: names regions, but there is no regions.csv\n"
            "    Expected a regions.csv.\n"
            "- sites.csv row 2, column region: names regions, but there is no regions.csv\n"
            "    Expected a regions.csv."
        ),
        id="sites without regions",
    ),
    pytest.param(
        "sites.csv",
        None,
        None,
        (
            "1 problem\n"
            "- sites.csv: the file is missing\n"
            "    Expected sites in the regions of regions.csv."
        ),
        id="regions without sites",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "message"), FILES + HEADER + TOGETHER)
def test_fault_is_told(
    tmp_path: Path, file: str, old: str | None, new: str | None, message: str
) -> None:
    files = full_case()
    if old is not None and new is not None:
        files = changed(files, file, old, new)
    elif new is not None:
        files[file] = new
    else:
        del files[file]
    with pytest.raises(InputError) as caught:
        load_case(write_case(tmp_path / "case", files))
    assert str(caught.value) == message


@pytest.fixture
def full(tmp_path: Path) -> Case:
    return load_case(write_case(tmp_path / "full", full_case()))


def test_header_is_read(full: Case, tmp_path: Path) -> None:
    assert full.name == "full"
    assert full.path == tmp_path / "full"
    assert full.title == "Two countries, two regions"
    assert full.currency == "JPY"
    assert full.years == (2027, 2028)
    assert full.licence == "CC0-1.0"
    assert full.attributes == {}


def test_attributes_are_described(tmp_path: Path) -> None:
    files = full_case()
    files["case.toml"] += "[attributes.countries.gdp]\ndescription = 'income'\nunit = 'USD'\n"
    case = load_case(write_case(tmp_path / "case", files))
    assert case.attributes == {"countries": {"gdp": {"description": "income", "unit": "USD"}}}


def test_every_table_is_there_in_file_order(full: Case) -> None:
    assert list(full.tables) == list(TABLES)
    pd.testing.assert_frame_equal(full.table("applicants"), full.tables["applicants"])
    assert full.table("applicants").index.tolist() == [2, 3, 4, 5]
    assert full.table("applicants")["country"].tolist() == ["KOR", "KOR", "FRA", "KOR"]


def test_absent_tables_are_empty(tmp_path: Path) -> None:
    case = load_case(write_case(tmp_path / "case", smallest_case()))
    assert list(case.tables) == list(TABLES)
    assert not len(case.table("services"))
    assert case.table("services")["capacity"].dtype == "float64"
    assert case.table("services")["year"].dtype == "int64"


def test_every_file_is_hashed(full: Case) -> None:
    assert set(full.hashes) == {file.name for file in full.path.iterdir()}
    content = (full.path / "sites.csv").read_bytes()
    assert full.hashes["sites.csv"] == hashlib.sha256(content).hexdigest()


def test_case_cannot_be_changed(full: Case) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        full.title = "Another"  # type: ignore[misc]


def test_case_travels_to_another_process(full: Case) -> None:
    there = pickle.loads(pickle.dumps(full))
    assert there.hashes == full.hashes
    pd.testing.assert_frame_equal(there.table("costs"), full.table("costs"))


def test_other_files_and_folders_are_left_alone(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case", full_case())
    write_case(folder / "sources", {"raw.csv": "what,ever\n"})
    write_case(folder, {"README.md": "Text", "LICENCE-DATA.md": "Text"})
    assert "README.md" not in load_case(folder).hashes


def test_any_country_codes_will_do_where_the_case_says_so(tmp_path: Path) -> None:
    files = {name: text.replace("KOR", "north") for name, text in smallest_case().items()}
    files["case.toml"] = files["case.toml"].replace("iso3166", "any")
    case = load_case(write_case(tmp_path / "case", files))
    assert case.table("countries")["country"].tolist() == ["north", "FRA"]


def test_small_letters_in_country_codes_are_recognised(tmp_path: Path) -> None:
    files = {name: text.replace("KOR", "kor") for name, text in smallest_case().items()}
    with pytest.raises(InputError) as caught:
        load_case(write_case(tmp_path / "case", files))
    assert str(caught.value) == (
        "1 problem\n"
        "- countries.csv row 2, column country: 'kor' is not in ISO 3166 alpha-3\n"
        "    Expected a code of three letters, or country_codes = 'any' in case.toml. Maybe KOR."
    )


def test_country_codes_are_those_of_the_standard() -> None:
    assert len(ISO_3166_ALPHA_3) == 249
    assert {"TWN", "HKG", "PSE", "NAM", "JPN"} <= ISO_3166_ALPHA_3
    assert not {"XKX", "ROM", "ZAR", "YUG"} & ISO_3166_ALPHA_3
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in ISO_3166_ALPHA_3)


def test_small_letters_in_the_currency_will_do(tmp_path: Path) -> None:
    files = changed(smallest_case(), "case.toml", '"JPY"', '"jpy"')
    assert load_case(write_case(tmp_path / "case", files)).currency == "JPY"


def test_a_cycle_that_takes_time_is_fine(tmp_path: Path) -> None:
    files = full_case()
    files["continuations.csv"] += "lab,study,0.5\n"
    assert len(load_case(write_case(tmp_path / "case", files)).table("continuations")) == 2


def test_a_cycle_that_takes_no_time_is_told_once(tmp_path: Path) -> None:
    files = smallest_case()
    header, study = files["tracks.csv"].splitlines()
    rows = [
        study,
        *(study.replace("study,Study", f"t{n},T{n}").replace(",2,", ",0,", 1) for n in range(3)),
    ]
    files["tracks.csv"] = "\n".join([header, *rows]) + "\n"
    files["continuations.csv"] = (
        "track,next_track,stay_rate\nstudy,t0,0.5\nt0,t1,0.5\nt1,t2,0.5\nt2,t0,0.5\n"
    )
    with pytest.raises(InputError) as caught:
        load_case(write_case(tmp_path / "case", files))
    assert str(caught.value) == (
        "1 problem\n"
        "- continuations.csv row 3, column next_track: "
        "'t0' to 't1' to 't2' to 't0' takes no time at all\n"
        "    Expected a track of at least one year in every cycle."
    )


def test_costs_of_a_track_without_duration_are_told(tmp_path: Path) -> None:
    files = changed(smallest_case(), "tracks.csv", "inbound,2,", "inbound,0,")
    with pytest.raises(InputError) as caught:
        load_case(write_case(tmp_path / "case", files))
    assert str(caught.value) == (
        "1 problem\n"
        "- costs.csv row 2, column year_of_stay: year 1 of a stay on 'study', which lasts 0 years\n"
        "    Expected a year from 1 to the track's duration_years."
    )


def test_region_that_hosts_a_track_needs_its_services(tmp_path: Path) -> None:
    files = full_case()
    files["services.csv"] = "\n".join(files["services.csv"].splitlines()[:3]) + "\n"
    with pytest.raises(InputError) as caught:
        load_case(write_case(tmp_path / "case", files))
    assert str(caught.value) == (
        "1 problem\n"
        "- services.csv: 'osaka' can host 'study', which uses 'language', but has no row\n"
        "    Expected rows for every service used in a region, with capacity 0 if there is none."
    )


def test_region_that_hosts_nothing_is_fine(tmp_path: Path) -> None:
    files = full_case()
    files["regions.csv"] += "nara,Nara,Kinki,,\n"
    assert len(load_case(write_case(tmp_path / "case", files)).table("regions")) == 3


def test_a_rank_outside_its_band_is_fine(tmp_path: Path) -> None:
    files = changed(full_case(), "rank_bands.csv", "growth,KOR,1,1,2", "growth,KOR,1,2,2")
    bands = load_case(write_case(tmp_path / "case", files)).table("rank_bands")
    assert bands[["rank", "low", "high"]].to_numpy().tolist() == [[1, 2, 2], [2, 2, 2]]


def test_residents_of_today_are_a_figure_of_regions_and_may_be_blank(tmp_path: Path) -> None:
    files = full_case()
    files["regions.csv"] = (
        "region,name,area,residents_today\nmiyagi,Miyagi,Tohoku,24000.5\nosaka,Osaka,Kinki,\n"
    )
    regions = load_case(write_case(tmp_path / "case", files)).table("regions")
    assert regions["residents_today"].to_list()[:1] == [24000.5]
    assert regions["residents_today"].isna().to_list() == [False, True]
    files["regions.csv"] = files["regions.csv"].replace("24000.5", "-1")
    with pytest.raises(InputError, match="column residents_today: -1 is below 0"):
        load_case(write_case(tmp_path / "faulty", files))


def test_faults_of_all_files_are_told_at_once_by_file_and_row(tmp_path: Path) -> None:
    files = changed(full_case(), "sites.csv", "lab,osaka,,10", "labs,osaka,,-10")
    files = changed(files, "applicants.csv", "KOR,study,,100", "KOR,study,,many")
    files = changed(files, "case.toml", "schema = 1", "schema = 2")
    with pytest.raises(InputError) as caught:
        load_case(write_case(tmp_path / "case", files))
    places = [problem.place for problem in caught.value.problems]
    assert places == [
        "applicants.csv row 2, column applicants",
        "case.toml, schema",
        "sites.csv row 4, column max_slots",
    ]


def test_references_are_checked_in_faulty_tables_too(tmp_path: Path) -> None:
    files = changed(full_case(), "sites.csv", "lab,osaka,,10", "labs,osaka,,-10")
    with pytest.raises(InputError) as caught:
        load_case(write_case(tmp_path / "case", files))
    places = [problem.place for problem in caught.value.problems]
    assert places == ["sites.csv row 4, column max_slots", "sites.csv row 4, column track"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param(
            "cases/japn",
            "japn: there is no such folder in {folder}/cases\n    Maybe japan.",
            id="missing",
        ),
        pytest.param(
            "nowhere/japan",
            "japan: there is no such folder in {folder}/nowhere",
            id="missing parent",
        ),
        pytest.param(
            "file.csv",
            "file.csv: is a file\n    Expected the folder of a case, or an .xlsx workbook.",
            id="file",
        ),
        pytest.param(
            "cases/japan.xlsx",
            "japan.xlsx: there is no such file in {folder}/cases\n    Maybe japan.",
            id="missing workbook",
        ),
        pytest.param(
            "old.xls",
            "old.xls: is a .xls file\n    Expected the folder of a case, or an .xlsx workbook.",
            id="old workbook",
        ),
    ],
)
def test_path_that_is_no_case_is_told(tmp_path: Path, name: str, message: str) -> None:
    write_case(tmp_path / "cases" / "japan", smallest_case())
    write_case(tmp_path, {"file.csv": "", "old.xls": ""})
    with pytest.raises(InputError) as caught:
        load_case(str(tmp_path / name))
    assert str(caught.value) == "1 problem\n- " + message.format(folder=tmp_path)


@pytest.mark.parametrize("kind", ["folder", "dangling link"])
def test_a_table_that_is_no_file_is_not_taken_for_absent(kind: str, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case", full_case())
    table = folder / "commitments.csv"
    table.unlink(missing_ok=True)
    if kind == "folder":
        table.mkdir()
    else:
        table.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError) as raised:
        load_case(folder)
    assert str(raised.value) == (
        "1 problem\n- commitments.csv: is not a file that can be read\n    Expected a CSV file."
    )


def test_keys_are_unknown_where_a_table_has_no_rows(tmp_path: Path) -> None:
    files = smallest_case()
    files["countries.csv"] = "country,name,world_region\n"
    with pytest.raises(InputError) as caught:
        load_case(write_case(tmp_path / "case", files))
    assert str(caught.value) == (
        "1 problem\n"
        "- applicants.csv row 2, column country: names countries, but countries.csv has no rows\n"
        "    Expected rows in countries.csv."
    )


def test_control_characters_are_refused(tmp_path: Path) -> None:
    files = full_case()
    files["regions.csv"] = files["regions.csv"].replace("Miyagi", "Miya\x07gi")
    with pytest.raises(InputError) as caught:
        load_case(write_case(tmp_path / "case", files))
    assert str(caught.value) == (
        "1 problem\n- regions.csv row 2, column name: 'Miya\\x07gi' has control characters\n"
        "    Expected text without control characters."
    )
