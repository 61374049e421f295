"""What is advised where no plan keeps every rule: the least, in relation to each number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyomo.environ as pyo
import pytest

import optimizer
from golden.small_cases import NATIONAL, SmallCase
from optimizer import InfeasibleError


def floor(name: str, country: str, least: int) -> str:
    return (
        f'[[limits]]\nname = "{name}"\nmeasure = "slots"\n'
        f'where = {{ country = "{country}" }}\nat_least = {least}\n'
    )


def advised(case: SmallCase, folder: Path) -> list[tuple[str, object, float]]:
    """Rules and rows that would have to give way, and by how much."""
    with pytest.raises(InfeasibleError) as raised:
        optimizer.solve(*reversed(case.write(folder)))
    advice = raised.value.advice
    assert advice is not None
    return list(advice[["rule", "index", "relaxed_by"]].itertuples(index=False, name=None))


def test_a_small_part_of_much_money_gives_way_before_half_of_a_floor(tmp_path: Path) -> None:
    """Five people cost 50 of 45: a ninth more money, or half a person of two, or of three."""
    case = NATIONAL.with_(
        floor("a", "AA", 2) + floor("b", "BB", 3), budgets=("main,{year},M,45,program",)
    )
    ((rule, index, relaxed_by),) = advised(case, tmp_path)
    assert (rule, index) == ("spending_within_budget", ("main", 2030))
    assert relaxed_by == pytest.approx(5.0)


@pytest.mark.parametrize("protected", [False, True])
def test_a_protected_ceiling_does_not_give_way(protected: bool, tmp_path: Path) -> None:
    """Four people under a ceiling of three: a third more, unless only the floor of one may go."""
    ceiling = '[[limits]]\nname = "few"\nmeasure = "slots"\nat_most = 3\n'
    ceiling += f"protected = {str(protected).lower()}\n"
    case = NATIONAL.with_(floor("a", "AA", 1) + floor("b", "BB", 3) + ceiling)
    gives_way = [(rule, index) for rule, index, _ in advised(case, tmp_path)]
    own = ("limit_at_most", ("few",))
    assert (own in gives_way) is not protected


def test_rows_are_named_as_checks_name_them(tmp_path: Path) -> None:
    """Three of A are promised and at most one may come, by attributes that need quotation marks."""
    ceiling = (
        '[[limits]]\nname = "few"\nmeasure = "slots"\nby = ["world_region", "year"]\nat_most = 1\n'
    )
    case = NATIONAL.with_(
        ceiling,
        countries=('AA,Aland,"Asia, east",1', "BB,Bland,Europe,3"),
        commitments=("AA,t,,2030,3,",),
    )
    with pytest.raises(InfeasibleError) as raised:
        optimizer.solve(*reversed(case.write(tmp_path)))
    advice = raised.value.advice
    assert advice is not None
    told = dict(zip(advice["rule"], advice["key"], strict=True))
    names = {
        "limit_at_most": 'few, world_region="Asia, east", year=2030',
        "commitment_at_least": "commitments row 2",
    }
    assert told
    assert told.items() <= names.items()
    for name in told.values():
        assert f": {name}: " in str(raised.value)


def test_a_custom_rule_with_one_row_has_no_key(tmp_path: Path) -> None:
    """It forbids what the floor of A asks for, and the floor of B, in one row and in two."""

    def none(model: Any, instance: Any) -> None:
        model.none = pyo.Constraint(expr=sum(model.cohort.values()) <= 1)

    case = NATIONAL.with_(floor("a", "AA", 2) + floor("b", "BB", 3))
    with pytest.raises(InfeasibleError) as raised:
        optimizer.solve(*reversed(case.write(tmp_path)), extend=none)
    advice = raised.value.advice
    assert advice is not None
    found = dict(zip(advice["rule"], zip(advice["index"], advice["key"], strict=True), strict=True))
    assert found.get("none", ((), "")) == ((), "")
    assert "nan" not in str(raised.value)
