"""The pages on policies say in words what the files say in keys, reasons included."""

from __future__ import annotations

import doctest
import re
import shutil
from pathlib import Path

import pytest
from pagewriter import sentences
from pagewriter.policies import policies, policy_page
from pagewriter.prices import (
    STALE,
    priced_rules,
    prices_section,
    version_of,
    worked_out,
    written,
)

from optimizer import Session
from optimizer.frames import rows_of
from optimizer.policy import Policy, load_policy

DOCS = Path(__file__).resolve().parents[1] / "docs"
GOAL = """
schema = 1
title = "Words"
[goals.g]
weight = 3
scale = 50
source = "a survey"
missing = 0.5
indicators = [
  { column = "gdp", transform = "log", missing = "zero" },
  { column = "epa", weight = 3 },
]
effects = [{ stage = "present", effect = 0.25 }]
diminishing = { by = ["country"], per = "horizon", breakpoints = [[0, 1], [2000, 0.25]] }
[goals.burden]
weight = -1
scale = "none"
region_effects = [{ where = { pathway = ["study", "training"] }, stage = "continue", effect = 1.5 }]
"""
LIMITS: dict[str, tuple[str, str]] = {
    "number": (
        'measure = "slots"\nat_least = 1\nat_most = 1_500',
        "Slots at least 1 and at most 1,500.",
    ),
    "amount": (
        'measure = "residents"\nby = ["region", "year"]\n'
        'at_most = { amount = 0.001, per = "region.population" }',
        "For each region and year: residents at most 0.001 × population of the region.",
    ),
    "times": (
        'measure = "slots"\nby = ["country"]\n'
        'at_most = { times = 2.5, measure = "use", where = { service = "lessons" }, by = [] }',
        "For each country: slots at most 2.5 times use of services (service lessons) in all.",
    ),
    "value": (
        'measure = "value"\ngoal = "g"\nat_least = 0.5\nprotected = true',
        "Value of the goal g at least 0.5. Protected: nothing can buy it out.",
    ),
    "soft": (
        'measure = "spending"\nwhere = { "line.agency" = "MEXT", year = [2027, 2028, 2029] }\n'
        "at_most = 0\nsoft = 0.25\nsoft_base = 1_000_000",
        "Spending (agency of the line MEXT and year 2027, 2028 or 2029) at most 0. Soft: each "
        "1% of 1,000,000 by which it is missed costs 0.25 points.",
    ),
}


def policy(folder: Path, text: str) -> Policy:
    path = folder / "words.toml"
    path.write_text(GOAL + text, encoding="utf-8")
    return load_policy(path)


@pytest.mark.parametrize("name", LIMITS)
def test_limits_in_words(name: str, tmp_path: Path) -> None:
    text, told = LIMITS[name]
    (limit,) = policy(tmp_path, f'[[limits]]\nname = "{name}"\n{text}\n').limits
    assert sentences.limit(limit) == told


def test_goals_in_words(tmp_path: Path) -> None:
    goals = policy(tmp_path, "").goals
    assert sentences.goal(goals["g"]) == [
        "Counts everybody who is here, once for each year of stay: 0.25 × the score of the "
        "country.",
        "Score of a country: `gdp` 25% (on a log scale, a blank figure counts as 0) and `epa` "
        "75%; a blank figure counts as 0.5.",
        "Diminishing returns: for each country, over all years, a further unit counts at first "
        "100%, from 2,000 on 25%.",
        "Scaled: 50 units of raw value count as 1.",
    ]
    assert sentences.goal(goals["burden"]) == [
        "Counts everybody on tracks with pathway study or training who completes and continues on "
        "another track: 1.5 × the score of the region.",
        "Not scaled: the raw value counts as it is.",
    ]


def test_everything_else_in_words(tmp_path: Path) -> None:
    page = policy_page(
        policy(
            tmp_path,
            "[budget]\ncarry_over = { grants = 0.1 }\n[stability]\npenalty = 0.02\n"
            "[horizon]\nyears = [2027, 2029]\ntail = 2\ndiscount = 0.25\n[solver]\ngap = 0.01\n",
        )
    )
    for line in (
        "| [burden](#burden) | −25% |",
        "Source: a survey.",
        "* Line `grants` may keep 10% of a year's own amount for the next.",
        "* Every 1% changed in a year costs 0.02 points.",
        "* Plans the years 2027 to 2029, and follows people after that for 2 years.",
        "* Later years count less: value is divided by 1.25 for each year after the first.",
        "* A plan is good enough when no other can have more than 1% more points.",
    ):
        assert line in page.splitlines()


def test_a_policy_without_anything_says_so(tmp_path: Path) -> None:
    page = policy_page(policy(tmp_path, ""))
    for line in (
        "* No money moves between lines or years.",
        "* Today's slots do not bind the plan.",
        "* Plans every year of the case. The decisions of the last one are repeated for as long as "
        "the longest track takes, and people are followed for as long again.",
        "* The search ends when the plan is proven best.",
    ):
        assert line in page.splitlines()


@pytest.mark.parametrize("wanted", policies(), ids=lambda wanted: wanted.name)
def test_every_reason_stands_on_its_page(wanted: Policy) -> None:
    page = (DOCS / "policies" / f"{wanted.name}.md").read_text(encoding="utf-8")
    whys = [wanted.why, *(goal.why for goal in wanted.goals.values())]
    whys += [limit.why for limit in wanted.limits] + [floor.why for floor in wanted.support_floor]
    reasons = [" ".join(why.split()) for why in whys]
    assert all(reason in page for reason in reasons)
    assert sum(map(bool, reasons)) > 5


def test_examples_of_the_writer_run() -> None:
    assert doctest.testmod(sentences) == doctest.TestResults(failed=0, attempted=1)


TINY = DOCS.parent / "inputs" / "tiny"


def test_prices_of_rules_are_those_of_the_relaxation_without_them() -> None:
    wanted = load_policy(DOCS.parent / "models" / "tiny.toml")
    found = worked_out(wanted, TINY)
    assert set(found["rule"]) == set(priced_rules(wanted)) - {"limits.outbound"}
    session = Session(wanted, TINY)
    points = session.relax().points
    assert points is not None
    for row in rows_of(found):
        name = row.rule.removeprefix("limits.")
        if row.rule.startswith("limits."):
            session.drop(name)
            without = session.relax().points
            assert without is not None
            assert row.change_points == pytest.approx(without - points, abs=1e-6)
            session.restore(name)
    version = version_of(wanted, TINY)
    text = prices_section(wanted, written(found), version)
    assert "| More from africa | +5.0000 |" in text
    assert STALE not in text
    assert "no plan can have more than 469.55 points" in text
    assert STALE in prices_section(wanted, written(found), "another version")
    assert prices_section(wanted, "", version) == ""


def test_prices_are_stale_once_a_number_changes_and_not_before(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(TINY, folder)
    text = (DOCS.parent / "models" / "tiny.toml").read_text(encoding="utf-8")
    path = tmp_path / "tiny.toml"

    def version(policy_text: str) -> str:
        path.write_text(policy_text, encoding="utf-8")
        return version_of(load_policy(path), folder)

    first = version(text)
    number = text.replace("max_change = 0.625", "max_change = 0.75")
    assert number != text
    assert version(number) != first
    words = re.sub(r'(?m)^(why|source|title) = "(?!")', r'\1 = "Said otherwise: ', text)
    division = '\n[[fairness]]\nname = "even"\nmeasure = "slots"\nby = ["region"]\n'
    assert words != text
    assert version(words + division) == first
    budgets = folder / "budgets.csv"
    budgets.write_text(budgets.read_text(encoding="utf-8").replace("2030", "2030 "), "utf-8")
    assert version(text) != first
