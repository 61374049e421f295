"""How plans are judged and put into words where two ways of doing it could be taken for one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from golden.plan_cases import CASES
from golden.rule_cases import FLOORED
from golden.small_cases import AGREED, FOLLOWED, HOSTED, NATIONAL, TWO_LINES, SmallCase
from optimizer.plan import Decisions
from optimizer.plan.checks import check_limits, check_support
from optimizer.plan.money import check_money
from optimizer.plan.soft import change_costs, soft_costs
from optimizer.plan.subject import Subject, judged, keys_in
from optimizer.plan.tables import integration
from optimizer.plan.values import decisions_of, values_of
from test_evaluation import plan, slot


def subject(case: SmallCase, decisions: Decisions, folder: Path) -> Subject:
    instance = case.instance(folder)
    return Subject(instance, values_of(instance, decisions), decisions)


def limits_of(policy: str, case: SmallCase, decisions: Decisions, folder: Path) -> pd.DataFrame:
    """Rows of the only limit of a policy, by the last part of their place."""
    (told,) = check_limits(
        subject(case.with_(f'[[limits]]\nname = "l"\n{policy}'), decisions, folder)
    )
    return told.set_index(told["place"].str[-1])


# Limits


def test_every_group_of_a_limit_is_measured_by_its_own_terms(tmp_path: Path) -> None:
    # Groups are told in the order of their figures, terms in that of the countries, and texts
    # would be in another order than figures.
    case = NATIONAL.with_(countries=("AA,Aland,Asia,10", "BB,Bland,Europe,9"))
    decisions = plan([slot("AA", "", 2030, 2), slot("BB", "", 2030, 1)])
    told = limits_of('measure = "slots"\nby = ["gdp"]\nat_most = 1\n', case, decisions, tmp_path)
    assert told["key"].tolist() == ["l, gdp=9", "l, gdp=10"]
    assert told["value"].tolist() == [1.0, 2.0]
    assert told["size"].tolist() == [2.0, 3.0]


def test_a_share_of_nothing_is_nothing(tmp_path: Path) -> None:
    # B has no slots of A's: it may have none, and has none.
    told = limits_of(
        'measure = "slots"\nby = ["country"]\n'
        'at_most = { times = 0.5, measure = "slots", where = { country = "AA" } }\n',
        NATIONAL,
        plan([slot("AA", "", 2030, 2)]),
        tmp_path,
    )
    assert told["value"].to_dict() == {"AA": 2.0, "BB": 0.0}
    assert told["limit"].to_dict() == {"AA": 1.0, "BB": 0.0}
    assert told["size"].to_dict() == {"AA": 3.0, "BB": 0.0}
    assert judged(told, 1.0)["broken"].to_dict() == {"AA": True, "BB": False}


@pytest.mark.parametrize("side", ["at_least", "at_most"])
def test_a_share_of_what_cancels_out_is_measured_by_its_terms(side: str, tmp_path: Path) -> None:
    # A earns 0.3 three times over and B loses 0.9: the value is nothing but for rounding.
    told = limits_of(
        'measure = "value"\ngoal = "g"\nwhere = { country = "CC" }\n'
        f'{side} = {{ times = 1, measure = "value", goal = "g" }}\n',
        NATIONAL.aiming_at('[goals.g]\nweight = 1\nscale = "none"\n').with_(
            countries=("AA,A,Asia,1", "BB,B,Asia,1", "CC,C,Asia,1"),
            applicants=("AA,t,,4", "BB,t,,4", "CC,t,,4"),
            scores=("g,AA,t,,0.3", "g,BB,t,,-0.9", "g,CC,t,,1"),
        ),
        plan([slot("AA", "", 2030, 3), slot("BB", "", 2030, 1)]),
        tmp_path,
    )
    assert told["size"].tolist() == pytest.approx([1.8])
    assert not judged(told, 1.0)["broken"].any()


def test_floors_of_the_same_terms_are_told_by_their_own_numbers(tmp_path: Path) -> None:
    # Keys are kept by terms, which two floors may have in common.
    s = subject(FLOORED, plan([slot("AA", "r1", 2030, 1)]), tmp_path)
    terms = s.instance.support_floor[0]
    told = check_support(replace(s, instance=replace(s.instance, support_floor=(terms, terms))))
    assert [rows["key"].tolist() for rows in told] == [["t, 2030, floor 1"], ["t, 2030, floor 2"]]


# Prices


BAND = NATIONAL.with_(
    '[[limits]]\nname = "hard"\nmeasure = "slots"\nat_most = 9\n'
    '[[limits]]\nname = "band"\nmeasure = "slots"\nat_least = 1\nat_most = 2\nsoft = 3\n'
    '[[limits]]\nname = "few"\nmeasure = "slots"\nat_most = 4\nsoft = 1\n'
)


def test_limits_that_cost_nothing_do_not_hide_the_others(tmp_path: Path) -> None:
    s = subject(BAND, plan([slot("AA", "", 2030, 4)]), tmp_path)
    # Four are 100% above two, at three points each.
    dropped: tuple[str, ...]
    for dropped, points in (
        ((), {"band": [0.0, 300.0], "few": [0.0]}),
        (("limit_at_least",), {"band": [300.0], "few": [0.0]}),
        (("band",), {"few": [0.0]}),
    ):
        told = soft_costs(s, dropped).groupby("limit")["points"].agg(list).to_dict()
        assert told == points


def test_change_without_a_price_is_told_and_costs_nothing(tmp_path: Path) -> None:
    # Of today's two and one three and two are planned: two more, 200 / 3%, in either margin.
    kept = CASES["kept from today"]
    for policy in ("", "[stability]\nmax_change = 0.5\n"):
        told = change_costs(subject(kept.case.with_(policy), kept.decisions, tmp_path))
        assert told["percent"].tolist() == pytest.approx([200 / 3])
        assert told["points"].tolist() == [0.0]


# Money


def test_money_may_be_carried_over_in_every_year_but_the_last(tmp_path: Path) -> None:
    decisions = plan(carry_over=["main,2030,20", "main,2031,20", "main,2032,20"])
    s = subject(TWO_LINES.over(2030, 2031, 2032), decisions, tmp_path)
    told = pd.concat(check_money(s)).set_index("rule").loc["carry_over_within_share"]
    # A fifth of a hundred.
    assert told["limit"].tolist() == [20.0, 20.0, 0.0]


def test_who_does_not_stay_is_paid_nothing(tmp_path: Path) -> None:
    # Both could stay in r2, but only one of A's does: B has no row, not one of 0 yen.
    case = FOLLOWED.with_(
        applicants=("AA,t,,4", "BB,t,,3"), budgets=("main,{year},M,100,integration",)
    )
    decisions = plan(
        [slot("AA", "r1", 2030, 2), slot("BB", "r1", 2030, 1)],
        transitions=["AA,t,u,2031,1"],
        transitions_by_region=["t,u,all,r2,2031,1"],
    )
    told = integration(subject(case, decisions, tmp_path))
    stayed = told[told["track"].eq("u")]
    assert set(stayed["country"]) == {"AA"}
    assert set(stayed["region"]) == {"r2"}


# Keys


def test_keys_of_the_same_rows_are_kept_for_every_choice_of_columns() -> None:
    frame = pd.DataFrame({"track": ["t"], "year": [2030]})
    for by, words in ((["track"], "t"), (["track", "year"], "t, 2030"), (["year"], "2030")):
        keys = keys_in(frame, by)
        assert (list(keys.words), keys.by) == ([words], tuple(by))
        assert keys_in(frame, by) is keys


# Decisions


@pytest.mark.parametrize(
    ("today", "cells"),
    [
        (("AA,t,r1,1", "BB,t,r2,1"), {("AA", "r1"), ("BB", "r2")}),
        (("AA,t,r2,1", "BB,t,r1,1"), {("AA", "r2"), ("BB", "r1")}),
    ],
)
def test_slots_stay_where_they_are_today(
    today: tuple[str, ...], cells: set[tuple[str, str]], tmp_path: Path
) -> None:
    case = HOSTED.with_(current_plan=today)
    s = subject(case, plan([slot("AA", "r1", 2030, 1), slot("BB", "r2", 2030, 1)]), tmp_path)
    slots = decisions_of(s.instance, s.values.of, {}).slots
    assert set(zip(slots["country"], slots["region"], strict=True)) == cells


@pytest.mark.parametrize(
    ("today", "cells"),
    [
        # One level keeps A's in r1 and B's in r2; A's in r2 is all that is left for the other.
        (("AA,t,r1,1", "AA,t,r2,1", "BB,t,r2,1"), [1, 1, 1, 1]),
        # There are enough for both.
        (("AA,t,r1,2", "BB,t,r2,2"), [2, 0, 0, 2]),
        (("AA,t,r2,2", "BB,t,r1,2"), [0, 2, 2, 0]),
    ],
)
def test_what_one_level_keeps_from_today_is_not_there_for_the_next(
    today: tuple[str, ...], cells: list[int], tmp_path: Path
) -> None:
    levels = ("standard", "intensive")
    case = HOSTED.with_(
        support_levels=tuple(f"t,{level},1,1" for level in levels), current_plan=today
    )
    rows = [
        slot(country, region, 2030, 1, level)
        for level in levels
        for country, region in (("AA", "r1"), ("BB", "r2"))
    ]
    s = subject(case, plan(rows), tmp_path)
    slots = decisions_of(s.instance, s.values.of, {}).slots
    found = slots.groupby(["country", "region"])["slots"].sum()
    assert [found.get((c, r), 0) for c in ("AA", "BB") for r in ("r1", "r2")] == cells


def test_agreements_are_told_in_the_order_of_the_case(tmp_path: Path) -> None:
    case = AGREED.with_(
        applicants=("BB,t,,4", "AA,t,,3"),
        agreements=("BB,t,proposed,main,6,1,0", "AA,t,proposed,main,6,1,0"),
    )
    s = subject(case, plan(agreements=["AA,t,2030", "BB,t,2031"]), tmp_path)
    opened = decisions_of(s.instance, s.values.of, {}).agreements
    assert opened.to_numpy().tolist() == [["BB", "t", 2031], ["AA", "t", 2030]]
