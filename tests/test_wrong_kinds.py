"""TOML of the wrong kind, in every place of every file that is TOML, ends in words."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from optimizer.case.header import parse_header
from optimizer.cli import program
from optimizer.errors import InputError, PolicyError, Problems
from optimizer.io.toml import dotted, frozen
from optimizer.plan.expectations import load_expectations
from optimizer.policy import Policy, load_policy

VALUES: tuple[Any, ...] = (
    "text", 5, -1e300, float("nan"), True, datetime.date(2030, 1, 1), [], ["a", 1], {}, {"a": 1},
    {"": {}}, [{"a": 1}], [[{"a": []}]],
)  # fmt: skip
"""One value of each kind that TOML knows, and lists and tables of them: some cannot be hashed."""

BOUNDS = [
    {"name": "number", "measure": "slots", "where": {"year": [2027], "x": True}, "by": ["country"],
     "at_least": 1, "at_most": 9, "soft": 1.5, "soft_base": 2, "optional": True, "why": "",
     "source": ""},
    {"name": "amount", "measure": "residents", "at_most": {"amount": 1, "per": "region.people"},
     "protected": True},
    {"name": "share", "measure": "value", "goal": "g", "by": ["year"],
     "at_least": {"times": 0.1, "measure": "value", "goal": "h", "where": {"a": "b"}, "by": []},
     "flex": {"down": 0.1}},
    {"name": "steps", "measure": "slots", "planned": True, "by": ["year"], "at_most": {"times": 1.1,
     "previous": True, "plus": 2, "first": {"times": 1.2, "plus": 3}},
     "flex": {"up": 0.1, "price": 2}},
    {"name": "band", "measure": "slots", "by": ["country"], "relative_to": "country.gdp",
     "at_least": {"parity": 0.5}, "at_most": {"coverage": 2.5}},
    {"name": "alone", "measure": "slots", "by": ["country"],
     "at_least": {"own_best": 0.5, "bests": {"country=AVA": 3.0}}},
    {"name": "even", "measure": "slots", "by": ["country"], "at_most": {"gini": 0.2}},
    {"name": "moved", "measure": "slots", "by": ["country"], "at_most": {"hoover": 0.2}},
    {"name": "goals", "measure": "value", "by": ["goal"], "scaled": True, "at_least": 1},
]  # fmt: skip
POLICY: dict[str, Any] = {
    "schema": 1,
    "title": "Everything",
    "why": "",
    "cases": ["*"],
    "horizon": {"years": [2027, 2028], "tail": 2, "discount": 0.1},
    "goals": {
        "g": {
            "weight": 1,
            "scale": 2.0,
            "why": "",
            "source": "",
            "missing": "zero",
            "indicators": [
                {
                    "column": "gdp",
                    "weight": 1,
                    "transform": "log",
                    "direction": "lower",
                    "range": [0, 1],
                    "missing": 0.5,
                }
            ],
            "effects": [
                {"where": {"pathway": "study"}, "stage": "continue", "effect": 1, "optional": True}
            ],
            "region_indicators": [{"column": "area"}],
            "region_effects": [{"stage": "continue", "effect": 1}],
            "diminishing": {
                "by": ["country"],
                "per": "year",
                "breakpoints": [[0, 1], [5, 0.5]],
                "breakpoints_per": "country.gdp",
            },
        },
        "h": {"weight": 1, "scale": "ideal"},
    },
    "limits": BOUNDS,
    "fairness": [
        {
            "name": "even",
            "measure": "value",
            "goal": "h",
            "where": {"a": "b"},
            "by": ["country"],
            "relative_to": "country.gdp",
            "planned": True,
            "why": "",
            "source": "",
        },
    ],
    "stakeholders": [
        {
            "name": "weighs",
            "agency": "An agency",
            "weights": {"g": 1, "h": -0.5},
            "lines": ["a"],
            "limits": ["even"],
            "optional": True,
            "why": "",
            "source": "",
        },
        {"name": "compares", "comparisons": [{"goal": "g", "over": "h", "times": 3}]},
    ],
    "support_floor": [
        {"where": {"a": "b"}, "amount_per_year": 5, "protected": True, "why": "", "source": ""}
    ],
    "budget": {
        "transfers": [{"from": "a", "to": "b", "share": 0.1, "optional": True}],
        "carry_over": {"a": 0.1},
    },
    "stability": {"max_change": 0.3, "penalty": 1},
    "solver": {"gap": 0.01, "time_limit": 60, "seed": 1, "threads": 1},
}
CASE: dict[str, Any] = {
    "schema": 1,
    "title": "A case",
    "currency": "JPY",
    "years": [2027, 2028],
    "country_codes": "any",
    "licence": "CC0-1.0",
    "attributes": {"countries": {"gdp": {"description": "d", "unit": "u"}}},
}
RANGE = {
    "where": {"year": 2027, "country": ["a", "b"]},
    "by": ["country"],
    "at_least": 1,
    "at_most": {"times": 0.5, "measure": "slots", "where": {"a": "b"}, "by": []},
    "optional": True,
    "why": "",
}
EXPECTATIONS: dict[str, Any] = {
    "schema": 1,
    "title": "E",
    "why": "",
    "cases": ["*"],
    "policies": ["*"],
    "status": ["optimal"],
    "gap": {"at_most": 0.1},
    "points": {"at_least": 1, "at_most": 2},
    "rules": ["spending_within_budget"],
    "goals": [{"goal": "g", "raw": {"at_least": 1}, "scaled": {"at_most": 1}, "why": ""}],
    "slots": [RANGE],
    "residents": [{"at_least": {"amount": 1, "per": "region.people"}}],
    "spending": [{"at_most": 5}],
    "use": [{"at_most": 5}],
}


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(it)}" for key, it in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str | bool):
        return json.dumps(value)
    return value.isoformat() if isinstance(value, datetime.date) else repr(value)


def file_of(tables: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in tables.items())


def places(value: Any) -> Iterator[tuple[str | int, ...]]:
    """Every key and every position, however deep."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, it in inner:
        yield (key,)
        if isinstance(it, dict | list):
            yield from ((key, *rest) for rest in places(it))


def with_value(tables: Any, place: tuple[str | int, ...], value: Any) -> Any:
    if not place:
        return value
    copy: Any = dict(tables) if isinstance(tables, dict) else list(tables)
    copy[place[0]] = with_value(copy[place[0]], place[1:], value)
    return copy


def named(place: tuple[str | int, ...]) -> str:
    return ".".join(map(str, place))


def test_every_key_of_a_policy_has_its_turn() -> None:
    given = {place[-1] for place in places(POLICY)}
    schema = Policy.model_json_schema(by_alias=True)
    known = {key for table in (schema, *schema["$defs"].values()) for key in table["properties"]}
    assert known - given == {"extends"}


@pytest.mark.parametrize("place", list(places(POLICY)), ids=named)
def test_every_wrong_kind_in_a_policy_is_told(tmp_path: Path, place: tuple[str | int, ...]) -> None:
    base = tmp_path / "base.toml"
    base.write_text(file_of(POLICY), encoding="utf-8")
    for number, value in enumerate(VALUES):
        wrong = with_value(POLICY, place, value)
        alone = tmp_path / f"p{number}.toml"
        alone.write_text(file_of(wrong), encoding="utf-8")
        top = {str(key): wrong[key] for key in (place[0], "schema")}
        over = tmp_path / f"o{number}.toml"
        over.write_text(file_of({"extends": "base.toml", **top}), encoding="utf-8")
        for path in (alone, over):
            assert told_or_read(load_policy, path)


@pytest.mark.parametrize("place", [it for it in places(POLICY) if it[0] == "limits"], ids=named)
def test_every_wrong_kind_in_limits_extended_is_told(
    tmp_path: Path, place: tuple[str | int, ...]
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(file_of({"extends": "base.toml", "limits": BOUNDS}), encoding="utf-8")
    for value in VALUES:
        (tmp_path / "base.toml").write_text(file_of(with_value(POLICY, place, value)), "utf-8")
        assert told_or_read(load_policy, own)


@pytest.mark.parametrize("place", list(places(POLICY)), ids=named)
def test_every_wrong_kind_in_a_change_is_told(tmp_path: Path, place: tuple[str | int, ...]) -> None:
    path = tmp_path / "p.toml"
    path.write_text(file_of(POLICY), encoding="utf-8")
    address = dotted(place, frozen(POLICY))
    for value in VALUES:
        assert told_or_read(load_policy, path, changes={address: value})


@pytest.mark.parametrize("place", list(places(CASE)), ids=named)
def test_every_wrong_kind_in_a_case_is_told(tmp_path: Path, place: tuple[str | int, ...]) -> None:
    for value in VALUES:
        problems = Problems()
        read = parse_header(file_of(with_value(CASE, place, value)).encode(), problems)
        assert (read.contents is None) == bool(len(problems))


@pytest.mark.parametrize("place", list(places(EXPECTATIONS)), ids=named)
def test_every_wrong_kind_in_expectations_is_told(
    tmp_path: Path, place: tuple[str | int, ...]
) -> None:
    path = tmp_path / "e.toml"
    for value in VALUES:
        path.write_text(file_of(with_value(EXPECTATIONS, place, value)), encoding="utf-8")
        assert told_or_read(load_expectations, path)


def test_a_number_that_is_none_is_one_problem(tmp_path: Path) -> None:
    """What is faulty is taken out to see what else is, and is then not said to be missing."""
    path, numbers = tmp_path / "p.toml", 0
    for place in places(POLICY):
        value = reduce(getitem, place, cast(Any, POLICY))
        if not isinstance(value, float | int) or isinstance(value, bool):
            continue
        numbers += 1
        for wrong in (math.nan, -math.inf):
            path.write_text(file_of(with_value(POLICY, place, wrong)), encoding="utf-8")
            with pytest.raises(PolicyError) as caught:
                load_policy(path)
            assert len(caught.value.problems) == 1, (place, str(caught.value))
    assert numbers > 40


def test_a_limit_whose_name_is_faulty_is_not_missed(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(file_of(with_value(POLICY, ("limits", 5, "name"), 5)), encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert str(caught.value) == (
        "1 problem\n- p.toml, limits.6.name: 5 is not text\n    Expected text."
    )


@pytest.mark.parametrize("goal", [{"a": 1}, [1], [[]]], ids=str)
def test_a_goal_that_is_no_text_is_one_problem(tmp_path: Path, goal: object) -> None:
    # Whatever cannot be hashed was looked up as a name.
    path = tmp_path / "p.toml"
    path.write_text(file_of(with_value(POLICY, ("limits", 2, "goal"), goal)), encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    told = "a table" if isinstance(goal, dict) else str(goal)
    assert str(caught.value) == (
        f"1 problem\n- p.toml, limits.share.goal: {told} is not text\n    Expected text."
    )


HEAD = file_of({key: POLICY[key] for key in ("schema", "title", "goals")})
MANY = 1_000


def limits(measure: str, said: str) -> str:
    """Very many limits that say the same."""
    entry = '[[limits]]\nname = "x{}"\nmeasure = "{}"\n{}\n'
    return HEAD + "".join(entry.format(number, measure, said) for number in range(MANY))


LISTS = {
    "list of numbers": f"cases = [{'1, ' * MANY}]\n{HEAD}",
    "unknown keys": "".join(f"x{number} = 1\n" for number in range(MANY)) + HEAD,
    "bounds": limits("slots", "at_least = 'x'"),
    "nothing": HEAD + "[[limits]]\n" * MANY,
    "no goal": limits("value", "goal = 'z'\nat_most = 1"),
    "empty lists": limits("use", "where = { x = [] }"),
}


@pytest.mark.parametrize("name", LISTS)
def test_thousands_of_equal_faults_are_told_by_ten(tmp_path: Path, name: str) -> None:
    (tmp_path / "base.toml").write_text(HEAD, encoding="utf-8")
    path = tmp_path / "p.toml"
    for text in (LISTS[name], f"extends = 'base.toml'\n{LISTS[name].replace(HEAD, '')}"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(PolicyError) as caught:
            load_policy(path)
        told = str(caught.value)
        # At most two kinds: one fault of the value, one of what hangs on it.
        assert len(caught.value.problems) <= 2 * 10 + 1
        assert len(told) < 6_000
        more = re.search(r"\.\.\. and ([\d,]+) more like the ones before", told)
        assert more is not None
        assert int(more[1].replace(",", "")) >= MANY - 10


def test_what_is_printed_for_programs_is_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(LISTS["bounds"], encoding="utf-8")
    for option in ("--json", "--github"):
        printed = CliRunner().invoke(program, ["validate", str(path), option]).output
        assert "... and 990 more like the ones before" in printed
        assert len(printed) < 5_000


def told_or_read(read: Any, path: Path, **changes: Any) -> bool:
    """Whether a file is read, or what is wrong with it is told; anything else is raised."""
    try:
        read(path, **changes)
    except (PolicyError, InputError) as error:
        return str(error).startswith(f"{len(error.problems)} problem")
    return True
