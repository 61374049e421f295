"""The Japan case: its tables follow from its sources, and say what the case promises."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import shared
from optimizer.case import Case
from optimizer.errors import Problems
from optimizer.instance.attributes import build_attributes
from optimizer.instance.scoring import build_scores
from optimizer.instance.sets import build_sets

ROOT = Path(__file__).resolve().parents[1]
JAPAN = ROOT / "inputs" / "japan"


@pytest.fixture(scope="module")
def case() -> Case:
    return shared.case("japan")


def test_tables_are_what_the_script_writes() -> None:
    words = [sys.executable, str(JAPAN / "build.py"), "--check"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_scope(case: Case) -> None:
    countries, tracks = case.table("countries"), case.table("tracks")
    assert len(countries) >= 45
    assert set(countries["world_region"]) == {
        "Asia",
        "Europe",
        "Middle East",
        "Africa",
        "Americas",
        "Oceania",
    }
    assert len(tracks) >= 12
    assert set(tracks["pathway"]) == {
        "exchange",
        "training",
        "skilled_work",
        "study",
        "highly_skilled",
        "protection",
    }
    assert len(case.table("regions")) == 48
    assert case.years == (2027, 2028, 2029, 2030, 2031)
    budgets = case.table("budgets")
    assert budgets["line"].nunique() >= 6
    assert budgets["agency"].nunique() >= 4
    assert set(case.table("services")["service"]) == {
        "language_lessons",
        "housing",
        "community_liaison",
    }
    assert "TWN" in set(countries["country"])


def test_published_figures_arrive_unharmed(case: Case) -> None:
    countries = case.table("countries").set_index("country")
    # World Bank: population of the United States in 2024, its GDP in current USD of 2023.
    assert countries.at["USA", "population"] == "340110988"
    assert float(str(countries.at["USA", "gdp_usd"])) == pytest.approx(27_720_709_000_000)
    # Entries of students from South Korea in 2023.
    assert countries.at["KOR", "student_entries_2023"] == "36870"


def test_entries_are_not_taken_for_people(case: Case) -> None:
    """2023 entries count re-entries: engineers 392,086 against 56,532 new entries in 2024."""
    today = case.table("current_plan").groupby("track")["slots"].sum()
    assert today["engineers"] <= 56_532
    assert today["students"] + today["gov_scholars"] <= 167_087
    assert today["scholars_at_risk"] + today["professionals_at_risk"] <= 2_186


def test_every_row_has_a_source_or_says_assumption(case: Case) -> None:
    for name, table in case.tables.items():
        assert table["source"].ne("").all(), f"{name} has rows without a source"


def test_who_continues_moves_as_foreign_residents_are_spread(case: Case) -> None:
    ways, regions = case.table("continuations"), case.table("regions").set_index("region")
    # A third of graduates, three quarters of people at work, most skilled workers.
    assert ways["retention"].between(0.35, 0.9).all()
    assert case.moves_by_attraction
    there = regions.drop(index="abroad")
    assert there["attraction"].eq(there["residents_today"]).all()
    # Nobody who continues moves abroad.
    assert regions.index[regions["attraction"].isna()].tolist() == ["abroad"]


def source(name: str) -> pd.DataFrame:
    return pd.read_csv(JAPAN / "sources" / f"{name}.csv")


def test_single_figures_say_where_they_were_read() -> None:
    facts = source("programme_facts").set_index("key")
    assert facts.index.is_unique
    assert set(facts["address"]) == {"seen", "quoted", "series"}
    # A figure was read at the publisher or at another page, which is then named.
    assert (facts["address"].eq("seen") == facts["read_at"].isna()).all()
    assert facts["source_url"].str.startswith("http").all()
    assert set(facts["confidence"]) <= {"A", "B", "C", "D"}
    assert facts.at["osa_budget", "value"] == "8100000000"


def test_residents_by_prefecture_add_up_to_the_published_totals() -> None:
    here = source("residents_by_status_2025-12").set_index("name_en").sum()
    facts = source("programme_facts").set_index("key")["value"]
    # The 7,228 residents without a fixed prefecture are in no row.
    assert here["total"] + 7_228 == int(facts["foreign_residents_end_2025"])
    for status, key in (
        ("technical_intern", "technical_interns_end_2025"),
        ("specified_skilled", "ssw_residents_end_2025"),
        ("student", "student_residents_end_2025"),
        ("engineer_specialist", "engineer_residents_end_2025"),
    ):
        assert 0 <= int(facts[key]) - here[status] < 1_000, status


def test_small_tables_add_up() -> None:
    caps = source("sector_caps_2026-01-23")
    facts = source("programme_facts").set_index("key")["value"]
    both = int(facts["ssw_cap_to_fy2028_revised"]) + int(facts["esd_cap_to_fy2028"])
    assert caps["both"].sum() == both
    split = caps.dropna(subset="ssw1_cap")
    assert (split["ssw1_cap"] + split["esd_cap"]).eq(split["both"]).all()
    granted = source("protection_by_nationality_2024")
    assert granted["recognised"].sum() == int(facts["refugees_recognised"])
    assert granted["complementary"].sum() == int(facts["complementary_protection_granted"])
    regions = set(source("prefectures")["name_en"].str.lower())
    assert len(set(source("metropolitan_prefectures")["region"]) & regions) == 8
    assert len(source("ssw_memoranda")) == 17


def test_what_is_not_known_stays_blank(case: Case) -> None:
    countries = case.table("countries").set_index("country")
    # Not among the twenty largest partners is no figure; Iran's trade is known to be tiny.
    tier = countries["trade_tier"]
    assert (tier["SAU"], tier["ITA"], tier["IRN"]) == ("2", "1", "0")
    assert (tier[["CHE", "ESP", "NZL"]] == "").all()
    # Signed and not seen in force.
    security = source("security_partnership").set_index("iso3")
    assert security.loc[["PHL", "NZL", "NLD"], "acsa"].isna().all()
    assert security.at["DEU", "two_plus_two"] == 1
    assert security.at["BGD", "osa"] == 1


def test_security_depth_follows_the_ties_in_force(case: Case) -> None:
    countries = case.table("countries").set_index("country")
    depth = countries["security_depth"].astype(float)
    # Information protection and the trilateral of Camp David; China has no tie.
    assert depth["KOR"] > depth["CHN"] == 0
    assert countries.at["KOR", "security_partner"] == "yes"
    # Nobody ties with the ally at the top: (2 + 5) / 7.
    assert depth["USA"] == 1
    assert (depth.drop("USA") < 1).all()
    assert depth["AUS"] > depth["GBR"]
    # ACSA, 2+2 and information protection of seven; half a tie for security assistance.
    assert depth["DEU"] == pytest.approx(3 / 7, abs=1e-4)
    assert depth["BGD"] == pytest.approx(0.5 / 7, abs=1e-4)
    assert countries.at["BGD", "security_partner"] == "yes"
    # Planned only.
    assert depth["THA"] == 0


def test_competitors_are_named_by_the_national_security_strategy(case: Case) -> None:
    countries = case.table("countries").set_index("country")
    named = countries.index[countries["strategic_competitor"] == "1"]
    assert set(named) == {"CHN", "RUS"}
    talent = countries["competitor_talent"].astype(float)
    assert set(talent.index[talent > 0]) == {"CHN", "RUS"}


def test_need_of_the_neighbourhood_is_of_neighbours_only(case: Case) -> None:
    countries = case.table("countries").set_index("country")
    need = countries["neighbourhood_need"].astype(float)
    assert need["MMR"] == pytest.approx(1 - 0.04739, abs=1e-4)
    assert 0 < need["SGP"] < need["MNG"] < need["PNG"]
    # Beyond the neighbourhood no instability counts, nor is Taiwan's blank percentile one.
    assert (need[["SYR", "SDN", "AUS", "CHN", "TWN"]] == 0).all()
    assert countries.at["TWN", "political_stability"] == ""


def test_science_is_given_per_head_too(case: Case) -> None:
    countries = case.table("countries").set_index("country")
    assert countries.at["TWN", "articles_per_million"] == ""
    articles = countries["articles_per_million"].replace("", None).astype(float)
    # China leads by size and not by head.
    assert articles.rank(ascending=False)["CHN"] > 10
    assert countries["sci_articles"].replace("", "0").astype(float).idxmax() == "CHN"


def test_rank_bands_stand_beside_the_ranks_of_the_policy(case: Case) -> None:
    policy, problems = shared.policy("balanced"), Problems()
    sets = build_sets(case, policy, problems)
    attributes = build_attributes(case, policy, sets, problems)
    scores = build_scores(policy.goals, attributes).countries
    bands = case.table("rank_bands")
    scored = [name for name, goal in policy.goals.items() if goal.indicators]
    assert bands["goal"].unique().tolist() == scored
    assert bands["low"].le(bands["high"]).all()
    for goal, rows in bands.groupby("goal"):
        # The builder scores on its own, because a case needs no tool; equals share the best rank.
        wanted = scores[goal].round(9).rank(method="min", ascending=False).astype(int)
        assert rows.set_index("country")["rank"].to_dict() == wanted.to_dict(), goal


def test_a_blank_makes_a_band_wide_and_one_indicator_makes_none(case: Case) -> None:
    bands = case.table("rank_bands").set_index(["goal", "country"])
    width = bands["high"] - bands["low"]
    # Taiwan has no articles in the source.
    assert width["competitiveness", "TWN"] > 20
    # One indicator that only two countries have leaves nothing to weigh.
    assert (width["competitor_talent"] == 0).all()


def test_ranks_of_equals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(JAPAN)
    ranks = importlib.import_module("builder.ranks")
    summary = importlib.import_module("builder.summary_indicators")
    values = np.array([5.0, 1.0, 5.0, 3.0])
    assert ranks.ranked(values).tolist() == [1, 4, 1, 3]
    # Places 2 and 3 of 0-3 are shared, so each has 2.5 of 3.
    assert ranks.rank_shares(values) == pytest.approx([2.5 / 3, 0, 2.5 / 3, 1 / 3])
    # A blank is left out; the other three fall as the first column rises.
    blank = np.array([1.0, np.nan, 1.0, 2.0])
    assert summary.spearman(values, blank) == pytest.approx(-1)


def test_firms_and_schools_bring_half_without_slots(case: Case) -> None:
    tracks = case.table("tracks").set_index("track")["allocation"]
    assert set(tracks.index[tracks.eq("forecast")]) == {"language_school", "students", "engineers"}
    expected = case.table("forecasts_by_country").groupby("track")["persons"].sum()
    assert expected["engineers"] <= 56_532
    assert 0.3 <= expected.sum() / case.table("current_plan")["slots"].sum() <= 0.6


def test_today_by_prefecture_is_today(case: Case) -> None:
    by_region = case.table("current_plan_by_region").groupby("track")["slots"].sum()
    by_country = case.table("current_plan").groupby("track")["slots"].sum()
    assert by_region.to_dict() == by_country[by_region.index].to_dict()


def test_small_numbers_of_refuge_are_not_published(case: Case) -> None:
    tracks = case.table("tracks").set_index("track")
    assert tracks["sensitive"].eq(tracks["pathway"].eq("protection")).all()


def test_universities_house_their_guests(case: Case) -> None:
    use = case.table("service_use")
    housed = set(use.loc[use["service"].eq("housing"), "track"])
    assert not housed & {"gov_scholars", "students", "researchers", "joint_research"}
