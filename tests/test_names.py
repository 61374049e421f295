"""Names that contain other names, or the signs between names, are kept apart everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyomo.environ as pyo
import pytest

import optimizer
from golden.small_cases import HOSTED, NATIONAL, SERVED, SmallCase
from optimizer import Plan, Session, load_case, load_expectations, load_policy
from optimizer.instance import Instance
from optimizer.plan import Decisions
from optimizer.plan.evaluation import Evaluation, evaluate_decisions
from optimizer.report.blocks import Table
from optimizer.report.limits import limits_section
from optimizer.report.material import gather
from test_evaluation import plan as decided
from test_evaluation import slot

CONTAINED = NATIONAL.with_(
    """
[[limits]]
name = "x"
measure = "slots"
by = ["country"]
at_most = 1

[[limits]]
name = "x, country=AA"
measure = "slots"
at_most = 2
"""
)
"""Two limits whose rows have the same key in words: of A at most 1 each, at most 2 in all."""

TOO_MANY = decided([slot("AA", "", 2030, 4)])


def evaluated(instance: Instance, decisions: Decisions, dropped: Sequence[str] = ()) -> Evaluation:
    return evaluate_decisions(instance, decisions, {"g": 1.0}, None, dropped)


@pytest.mark.parametrize(("dropped", "left"), [("x", 2.0), ("x, country=AA", 1.0)])
def test_dropping_one_limit_excuses_no_other(dropped: str, left: float, tmp_path: Path) -> None:
    found = evaluated(CONTAINED.instance(tmp_path), TOO_MANY, [dropped]).violations
    assert found["key"].tolist() == ["x, country=AA"]
    assert found["limit"].tolist() == [left]


@pytest.mark.parametrize(("dropped", "points"), [("x", 200.0), ("x, country=AA", 200.0)])
def test_a_session_drops_one_limit_and_no_other(
    dropped: str, points: float, tmp_path: Path
) -> None:
    session = Session(*reversed(CONTAINED.write(tmp_path)))
    # With both, one of each country; without x two in all; without the other still one of each.
    session.drop(dropped)
    assert session.solve().objective == pytest.approx(points)


def test_a_report_shows_every_limit_with_its_own_rows(tmp_path: Path) -> None:
    case, policy = CONTAINED.write(tmp_path)
    plan = optimizer.solve(policy, case)
    material = gather(plan, load_case(case), load_policy(policy))
    (told, *_) = limits_section(material).blocks
    assert isinstance(told, Table)
    assert plan.tables["rules"]["key"].tolist().count("x, country=AA") == 2
    assert [[cell.text for cell in row] for row in told.rows] == [
        ["X", "slots of each country at most 1", "Aland", "1", "1", "0"],
        ["X, country=AA", "slots at most 2", "all", "2", "2", "0"],
    ]


@pytest.mark.parametrize("where", ["hard", "soft"])
def test_rows_hold_their_names_as_data(where: str, tmp_path: Path) -> None:
    price = "soft = 1\nsoft_base = 1\n" if where == "soft" else ""
    limit = f'[[limits]]\nname = "x, y"\nmeasure = "slots"\nby = ["country"]\nat_most = 3\n{price}'
    instance = NATIONAL.with_(limit).instance(tmp_path)
    tables = evaluated(instance, TOO_MANY).tables
    rows = tables["soft"] if where == "soft" else tables["rules"]
    rows = rows[rows["key"].str.startswith("x, y")]
    assert rows["by"].tolist() == [("limit", "country")] * 2
    assert rows["place"].tolist() == [("x, y", "AA"), ("x, y", "BB")]


OWN = ["group", "family", "position", "coefficient", "limit", "row", "key", "by", "place", "a, b"]


@pytest.mark.parametrize("name", ["wealth", *OWN])
def test_an_attribute_may_be_called_like_anything(name: str, tmp_path: Path) -> None:
    """At most 2 of each of A and B, however the column is called that tells them apart."""
    limits = "".join(
        f'[[limits]]\nname = "{each}"\nmeasure = "slots"\nby = [{by}]\nat_most = {most}\n'
        for each, by, most in (
            ("few", f'"{name}"', "2"),
            ("half", f'"year", "{name}"', f'{{times = 1, measure = "slots", by = ["{name}"]}}'),
        )
    )
    header = f'country,name,world_region,"{name}"'
    case = NATIONAL.with_(limits, countries=(header, "AA,A,Asia,1", "BB,B,Europe,3"))
    plan = optimizer.solve(*reversed(case.write(tmp_path)))
    assert plan.objective == pytest.approx(400.0)
    few = plan.tables["rules"][[place[0] == "few" for place in plan.tables["rules"]["place"]]]
    assert few["value"].tolist() == [2.0, 2.0]


def labelled(first: tuple[str, str], second: tuple[str, str], policy: str) -> SmallCase:
    """Two countries with two attributes each, whose values hold the signs between values."""
    rows = [
        f'{code},{code},Asia,"{a}","{b}"'
        for code, (a, b) in zip(("AA", "BB"), (first, second), strict=True)
    ]
    return NATIONAL.with_(policy, countries=("country,name,world_region,a,b", *rows))


def test_groups_whose_labels_would_be_the_same_stay_apart(tmp_path: Path) -> None:
    limit = '[[limits]]\nname = "few"\nmeasure = "slots"\nby = ["a", "b"]\nat_most = 2\n'
    case = labelled(("x, b=y", "z"), ("x", "y, b=z"), limit)
    # Two of each, not two of both.
    assert optimizer.solve(*reversed(case.write(tmp_path))).objective == pytest.approx(400.0)


def test_diminishing_groups_whose_labels_would_be_the_same_stay_apart(tmp_path: Path) -> None:
    curve = (
        '[goals.g.diminishing]\nby = ["a", "b"]\nper = "horizon"\nbreakpoints = [[0, 1], [2, 0]]\n'
    )
    case = labelled(("x, b=y", "z"), ("x", "y, b=z"), curve)
    assert optimizer.solve(*reversed(case.write(tmp_path))).objective == pytest.approx(400.0)


def test_bands_whose_labels_would_be_the_same_stay_apart(tmp_path: Path) -> None:
    countries = (
        "country,name,world_region,gdp,band_help,band_more",
        "AA,A,Asia,1,a|b,c",
        "BB,B,Europe,3,a,b|c",
    )
    services = tuple(
        row.replace("help", name) for name in ("help", "more") for row in SERVED.rows["services"]
    )
    use = ("t,help,1,,,,1", "t,help,1,,a,,2", "t,more,1,,,,1", "t,more,1,,b|c,,2")
    case = SERVED.with_(countries=countries, services=services, service_use=use)
    groups = case.instance(tmp_path).sets.groups
    assert groups.set_index("country")["group"].to_dict() == {
        "AA": '"a|b"|c',
        "BB": 'a|"b|c"',
    }


def test_a_limit_named_like_what_measures_an_expectation(tmp_path: Path) -> None:
    limit = '[[limits]]\nname = "expectation slots.1"\nmeasure = "slots"\nat_most = 2\n'
    case, policy = NATIONAL.with_(limit).write(tmp_path)
    wanted = tmp_path / "wanted.toml"
    wanted.write_text(
        'schema = 1\ntitle = "Try"\nrules = ["expectation slots.1"]\n'
        "[[slots]]\nat_least = 1\nat_most = 1\n",
        encoding="utf-8",
    )
    plan = optimizer.solve(policy, case)
    told = optimizer.check_expectations(plan, load_expectations(wanted), case, policy)
    assert told[["what", "value", "holds"]].values.tolist() == [
        ["slots", 2.0, False],
        ["rule", 0.0, True],
    ]


def test_a_variable_named_like_a_limit_that_is_dropped_keeps_its_bounds(tmp_path: Path) -> None:
    def spare(model: Any, instance: Instance) -> None:
        model.x = pyo.Var(bounds=(0, 1))
        model.spared = pyo.Constraint(expr=model.x <= 5)

    case, policy = NATIONAL.with_('[[limits]]\nname = "x"\nmeasure = "slots"\nat_most = 2\n').write(
        tmp_path
    )
    plan = optimizer.solve(policy, case, extend=spare)
    beyond = plan.decisions.variables.assign(value=3.0)
    found = with_variables(plan, beyond, case, policy, spare)
    assert found["rule"].tolist() == ["x"]


def with_variables(
    plan: Plan, variables: pd.DataFrame, case: Path, policy: Path, extend: Any
) -> pd.DataFrame:
    """What a plan with other variables breaks while limit x is dropped."""
    from dataclasses import replace

    from optimizer.formulation import build_pyomo
    from optimizer.formulation.custom import extend_model
    from optimizer.instance import build_instance
    from optimizer.plan.checking import custom_part

    instance = build_instance(load_case(case), load_policy(policy))
    model = build_pyomo(instance, {"g": 1.0})
    instance = extend_model(model, instance, extend)
    decisions = replace(plan.decisions, variables=variables)
    custom = custom_part(instance, model, decisions)
    return evaluate_decisions(instance, decisions, {"g": 1.0}, custom, ["x"]).violations


def test_an_index_called_total_is_no_total(tmp_path: Path) -> None:
    def named(model: Any, instance: Instance) -> None:
        model.mine = pyo.Constraint(
            ["total"], rule=lambda model, key: sum(model.cohort.values()) <= 2
        )

    case, policy = HOSTED.write(tmp_path)
    rules = optimizer.solve(policy, case, extend=named).tables["rules"].set_index("rule")
    assert rules.loc["mine", "place"] == ("total",)
