"""The Japan case: its tables follow from its sources, and say what the case promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import shared
from optimizer.case import Case

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
    assert ways["retention"].eq(0.6).all()
    assert case.moves_by_attraction
    there = regions.drop(index="abroad")
    assert there["attraction"].eq(there["foreign_residents_2025_06"].astype(float)).all()
    # Nobody who continues moves abroad.
    assert regions.index[regions["attraction"].isna()].tolist() == ["abroad"]
