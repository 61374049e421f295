"""How fairly a plan divides: by what the policy names, and by groups named on the spot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import optimizer
from golden.small_cases import NATIONAL
from optimizer import OptimizerError, Plan, PolicyError, Session, evaluate, load_policy, write_run
from optimizer.report import render_report
from shared import ROOT, case, policy, run, tiny

DIVISIONS = """
[[fairness]]
name = "regions"
measure = "slots"
by = ["region"]
relative_to = "region.population"
why = "Regions share by inhabitants."

[[fairness]]
name = "partners"
measure = "slots"
where = { world_region = ["Africa", "Asia"] }
by = ["country"]
"""


@pytest.fixture(scope="module")
def fair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny's policy with two divisions."""
    path = tmp_path_factory.mktemp("fair") / "fair.toml"
    path.write_text((ROOT / "models" / "tiny.toml").read_text() + DIVISIONS)
    return path


@pytest.fixture(scope="module")
def plan(fair: Path) -> Plan:
    return optimizer.solve(fair, case("tiny"))


def test_a_plan_says_how_even_its_divisions_are(plan: Plan) -> None:
    """14 slots for 10,000 people at the coast, 5 for 8,000 in the hills."""
    figures = plan.tables["fairness"].set_index("fairness")
    regions = figures.loc["regions"]
    rates = 14 / 10_000, 5 / 8_000
    assert regions["total"] == 19
    assert (regions["lowest_group"], regions["highest_group"]) == ("region=hills", "region=coast")
    assert regions["largest_to_smallest"] == pytest.approx(rates[0] / rates[1])
    assert regions["gini"] == pytest.approx(80e6 * (rates[0] - rates[1]) / (18_000 * 19))
    assert regions["hoover"] == pytest.approx(14 / 19 - 10 / 18)
    # Boria is in Asia and Cyria in Africa; each has 7 slots.
    assert (figures.loc["partners", "groups"], figures.loc["partners", "gini"]) == (2, 0.0)
    groups = plan.tables["fairness_groups"]
    assert groups["amount"].tolist() == [14, 5, 7, 7]
    assert groups["need"].dropna().tolist() == [10_000, 8_000]
    assert groups["called"].tolist() == ["coast", "hills", "BOR", "CYR"]


def test_nothing_else_of_a_plan_moves(plan: Plan) -> None:
    without = optimizer.solve(*tiny())
    assert plan.objective == without.objective
    assert plan.slots.equals(without.slots)
    assert not len(without.tables["fairness"])
    assert not len(without.tables["fairness_groups"])


def test_words_are_those_of_the_tables(plan: Plan) -> None:
    found = optimizer.fairness(plan)
    assert found.in_words() == [
        "regions (slots per 1,000 of population): from 0.625 (hills) to 1.4 (coast), 2.24 times "
        "that; Gini 0.181; 18.1% would have to go elsewhere for all to get the same.",
        "partners (slots): 7 in every group.",
    ]
    assert found.table["status"].tolist()[:2] == ["highest", "lowest"]
    assert found.charts == ["regions", "partners"]
    with pytest.raises(OptimizerError, match=r"(?s)no division 'region'.*Maybe 'regions'"):
        found.chart("region")


def test_groups_named_on_the_spot_need_no_policy(plan: Plan, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"by": ["region"], "relative_to": "population"}
    without = optimizer.solve(*tiny())
    found = optimizer.fairness(without, **asked)
    assert found.tables["figures"]["gini"].tolist() == [plan.tables["fairness"]["gini"].iloc[0]]
    write_run(without, tmp_path / "run")
    again = optimizer.fairness(tmp_path / "run", **asked)
    assert again.table.equals(found.table)
    with pytest.raises(OptimizerError, match="the policy has no division"):
        optimizer.fairness(without)
    with pytest.raises(OptimizerError, match="by is an empty list"):
        optimizer.fairness(without, by=[])
    # What is divided is not lost silently where the policy says it already.
    with pytest.raises(OptimizerError, match="measure and goal without by"):
        optimizer.fairness(plan, measure="value", goal="bridges")


def test_who_can_be_given_nothing_is_a_group_all_the_same() -> None:
    """Nobody of the sciences abroad has slots on the track for refugees."""
    plan = optimizer.solve(*tiny())
    found = optimizer.fairness(plan, by=["country"], where={"track": "lab", "year": 2030})
    given = dict(zip(found.table["called"], found.table["amount"], strict=True))
    assert list(given) == ["AVA", "BOR", "CYR"]
    assert min(given.values()) == 0
    figures = found.tables["figures"].iloc[0]
    assert figures["largest_to_smallest"] == float("inf")
    (sentence,) = found.in_words()
    assert "from 0 (" in sentence
    assert "times that" not in sentence


def test_below_nothing_the_lowest_is_still_somebody(tmp_path: Path) -> None:
    goal = '[goals.g]\nweight = 1\nscale = "none"\n'
    case, policy = (
        NATIONAL.aiming_at(goal)
        .with_(applicants=("AA,t,,3", "BB,t,,2"), scores=("g,AA,t,,-1", "g,BB,t,,2"))
        .write(tmp_path)
    )
    demand = {"name": "some", "measure": "slots", "by": ["country"], "at_least": 2}
    plan = optimizer.solve(policy, case, changes={"limits": [demand]}, cache=False)
    found = optimizer.fairness(plan, by=["country"], measure="value", goal="g")
    figures = found.tables["figures"].iloc[0]
    assert (figures["lowest_rate"], figures["at_lowest"]) == (-2.0, 1)
    assert found.table["status"].tolist() == ["lowest", "highest"]
    (sentence,) = found.in_words()
    assert "from -2 (AA) to 4 (BB); below 0, nothing says how even that is." in sentence


def test_of_combinations_those_are_groups_that_can_be_counted() -> None:
    found = optimizer.fairness(optimizer.solve(*tiny()), by=["track", "year"], measure="residents")
    assert found.table["called"].str.contains(", 20").all()
    assert found.table["amount"].gt(0).any()


def test_who_needs_nothing_is_left_out_and_said_to_be() -> None:
    """Of the three countries one has a talent score of 0."""
    found = optimizer.fairness(
        optimizer.solve(*tiny()), by=["country"], relative_to="competitor_talent"
    )
    figures = found.tables["figures"].iloc[0]
    assert (figures["groups"], figures["left_out"]) == (2, 1)
    assert found.table["called"].tolist() == ["BOR", "CYR"]
    assert found.in_words()[0].endswith("1 group without need left out.")


def test_a_session_divides_by_needs_as_they_are_now(fair: Path) -> None:
    session = Session(fair, case("tiny"))
    session.change({"regions[region=hills].population": 16_000.0})
    changed = session.solve().tables["fairness_groups"]
    assert changed["need"].dropna().tolist() == [10_000, 16_000]
    session.change({"goals.alliance.weight": 3.5})
    assert session.solve().tables["fairness_groups"]["need"].dropna().tolist() == [10_000, 16_000]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"by": ["regoin"]}, "'regoin' is not an attribute of"),
        (
            {"by": ["country"], "relative_to": "region.population"},
            "'region.population' is known by region, but the groups are by country",
        ),
        ({"by": ["country"], "relative_to": "world_region"}, "'world_region' is not numeric"),
        (
            {"by": ["country"], "relative_to": "refugees_per_1000"},
            "'refugees_per_1000' is blank for AVA",
        ),
        ({"by": ["country"], "measure": "value"}, "is missing; the measure is value"),
        ({"by": ["country"], "goal": "bridges"}, "measure slots has no goal"),
        (
            {"by": ["country"], "measure": "value", "goal": "alliance"},
            "goal 'alliance' has diminishing returns, so its value has no parts to compare",
        ),
        (
            {"by": ["country"], "measure": "value", "goal": "briges"},
            "there is no goal 'briges'",
        ),
        ({"by": ["country", "country"]}, "gives an attribute twice"),
        ({"by": ["country"], "where": {"country": "AVX"}}, "no country has country = 'AVX'"),
        # Half a character, which no table of texts can be searched for.
        ({"by": ["country"], "where": {"country": "\ud800"}}, "no country has country = "),
        (
            {"by": ["region"], "relative_to": "population_change"},
            "'population_change' is below 0 for hills",
        ),
        (
            {"by": ["country"], "relative_to": "competitor_talent", "where": {"country": "AVA"}},
            "'competitor_talent' is 0 in every group",
        ),
    ],
)
def test_what_cannot_be_divided_is_refused(asked: dict[str, Any], told: str) -> None:
    plan = optimizer.solve(*tiny())
    with pytest.raises(PolicyError) as error:
        optimizer.fairness(plan, **asked)
    assert told in str(error.value)
    assert "changes, fairness." in str(error.value)


def test_a_policy_that_extends_another_changes_divisions_by_name(fair: Path) -> None:
    own = fair.with_name("own.toml")
    own.write_text(
        'schema = 1\ntitle = "Own"\nextends = "fair.toml"\n\n'
        '[[fairness]]\nname = "regions"\nmeasure = "residents"\n\n'
        '[[fairness]]\nname = "years"\nmeasure = "slots"\nby = ["year"]\n'
    )
    found = load_policy(own)
    assert [each.name for each in found.fairness] == ["regions", "partners", "years"]
    assert found.fairness[0].measure == "residents"
    assert found.fairness[0].relative_to == "region.population"
    twice = fair.with_name("twice.toml")
    twice.write_text(fair.read_text() + DIVISIONS)
    with pytest.raises(PolicyError, match="the name 'regions' is given twice"):
        load_policy(twice)


def test_check_says_how_fair_a_plan_is_that_was_made_by_hand(
    plan: Plan,
    fair: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "plan.csv"
    plan.slots.to_csv(file, index=False)
    run(monkeypatch, "check", file, fair, ROOT / "inputs" / "tiny")
    told = capsys.readouterr().out
    assert "Fairness of regions (slots per 1,000 of population): from 0.625 (hills) to" in told
    run(monkeypatch, "check", file, fair, ROOT / "inputs" / "tiny", "--json")
    rows = json.loads(capsys.readouterr().out)["fairness"]
    assert [row["fairness"] for row in rows] == ["regions", "partners"]


def test_evaluation_and_plan_have_the_same_figures(plan: Plan, fair: Path) -> None:
    found = evaluate(plan, fair, case("tiny"))
    for name in ("fairness", "fairness_groups"):
        assert found.tables[name].equals(plan.tables[name])


def test_the_report_shows_divisions_that_the_policy_names(plan: Plan, fair: Path) -> None:
    page = render_report(plan, case("tiny"), load_policy(fair))
    assert 'id="fairness"' in page
    assert "Regions share by inhabitants." in page
    assert "all together: 1.056" in page
    without = render_report(optimizer.solve(*tiny()), case("tiny"), policy("tiny"))
    assert 'id="fairness"' not in without


@pytest.mark.parametrize(
    ("asked", "needs"),
    [
        # Four in the laboratory and two in work each year; B in work has a row of its own year.
        ({"by": ["country"], "relative_to": "applicants"}, [12, 7, 10]),
        (
            {"by": ["country"], "relative_to": "applicants", "where": {"track": "lab"}},
            [8, 4],
        ),
        (
            {"by": ["country"], "relative_to": "applicants.applicants", "where": {"year": 2031}},
            [6, 3, 5],
        ),
        ({"by": ["region"], "relative_to": "sites"}, [18, 16]),
        ({"by": ["region"], "relative_to": "services.capacity"}, [8, 8]),
        ({"by": ["line"], "measure": "spending", "relative_to": "budgets"}, [19e6, 21e6, 21e6]),
        (
            {"by": ["line", "year"], "measure": "spending", "relative_to": "budgets.amount_jpy",
             "where": {"year": 2030}},
            [8e6, 11e6, 10e6],
        ),
        ({"by": ["country"], "relative_to": "current_plan"}, [2, 4, 2]),
    ],
)  # fmt: skip
def test_tables_are_needs_too(plan: Plan, asked: dict[str, Any], needs: list[float]) -> None:
    found = optimizer.fairness(plan, **asked)
    assert sorted(found.table["need"]) == sorted(needs)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"by": ["country"], "relative_to": "sites"}, "sites has no figures by country"),
        (
            {"by": ["region"], "relative_to": "services"},
            "'services' is not a column of figures\n    Expected one of services.capacity, ",
        ),
        ({"by": ["country"], "relative_to": "applicants.aplicants"}, "Maybe applicants.applicants"),
        ({"by": ["country"], "relative_to": "countries.gdp_usd"}, "is not an attribute of"),
    ],
)
def test_tables_that_do_not_fit_are_refused(plan: Plan, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(PolicyError) as error:
        optimizer.fairness(plan, **asked)
    assert told in str(error.value)


def test_needs_follow_changes_of_their_table(fair: Path) -> None:
    path = fair.with_name("needs.toml")
    path.write_text(
        (ROOT / "models" / "tiny.toml").read_text()
        + '[[fairness]]\nname = "lines"\nmeasure = "spending"\nby = ["line"]\n'
        'relative_to = "budgets"\n'
    )
    session = Session(path, case("tiny"))
    session.change({"budgets[line=science, year=2030].amount_jpy": 9e6})
    needs = session.solve().tables["fairness_groups"].set_index("called")["need"]
    assert needs["science"] == 20e6
