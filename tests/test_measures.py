"""Outcomes and agreements as measures: counted by hand, limited, and kept up by a session."""

from __future__ import annotations

from pathlib import Path

import pytest

import optimizer
from golden.small_cases import AGREED, FOLLOWED, SmallCase
from optimizer import InfeasibleError, PolicyError
from optimizer.plan import Decisions
from test_evaluation import evaluated, plan, slot


def limit(measure: str, bound: str = "at_least = 0", by: str = '["year"]') -> str:
    return f'[[limits]]\nname = "ours"\nmeasure = "{measure}"\nby = {by}\n{bound}\n'


def counted(case: SmallCase, decisions: Decisions, folder: Path) -> dict[object, float]:
    """Value of the limit `ours` by group."""
    rules = evaluated(case, decisions, folder).tables["rules"]
    ours = rules[[place[0] == "ours" for place in rules["place"]]]
    return {place[1:]: value for place, value in zip(ours["place"], ours["value"], strict=True)}


# Of eight people half complete in 2030; one of these four continues, three go home. Two more come
# in 2030 and one of them completes in 2031.
ONE_STAYS = plan(
    [slot("AA", "r1", 2030, 2)],
    transitions=["AA,t,u,2030,1"],
    transitions_by_region=["t,u,all,r2,2030,1"],
)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("completions", {("t", 2030): 4.0, ("t", 2031): 1.0, ("u", 2032): 1.0}),
        ("transitions", {("t", 2030): 1.0}),
        ("returns", {("t", 2030): 3.0, ("t", 2031): 1.0}),
    ],
)
def test_outcomes_are_counted(measure: str, expected: dict[object, float], tmp_path: Path) -> None:
    case = FOLLOWED.with_(limit(measure, by='["track", "year"]'))
    found = counted(case, ONE_STAYS, tmp_path)
    assert {key: value for key, value in found.items() if value} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("completions", {("r1", 2030): 4.0, ("r1", 2031): 1.0, ("r2", 2032): 1.0}),
        ("transitions", {("r2", 2030): 1.0}),
    ],
)
def test_outcomes_are_counted_by_region(
    measure: str, expected: dict[object, float], tmp_path: Path
) -> None:
    case = FOLLOWED.with_(limit(measure, by='["region", "year"]'))
    found = counted(case, ONE_STAYS, tmp_path)
    assert {key: value for key, value in found.items() if value} == pytest.approx(expected)


# B's agreement is in force. A's opens in 2031 and is paid for a year before.
A_OPENS = plan([slot("AA", "", 2031, 2)], agreements=["AA,t,2031"])


@pytest.mark.parametrize(
    ("measure", "expected"),
    [("open", {(2030,): 1.0, (2031,): 2.0}), ("opened", {(2030,): 1.0})],
)
def test_agreements_are_counted(
    measure: str, expected: dict[object, float], tmp_path: Path
) -> None:
    found = counted(AGREED.with_(limit(measure)), A_OPENS, tmp_path)
    assert {key: value for key, value in found.items() if value} == expected


def test_agreements_are_counted_by_agency_and_world_region(tmp_path: Path) -> None:
    case = AGREED.with_(limit("open", by='["track.agency", "world_region", "year"]'))
    found = counted(case, A_OPENS, tmp_path)
    assert {key: value for key, value in found.items() if value} == {
        ("M", "Europe", 2030): 1.0,
        ("M", "Europe", 2031): 1.0,
        ("M", "Asia", 2031): 1.0,
    }


@pytest.mark.parametrize(
    ("case", "measure", "bound"),
    [
        (AGREED, "opened", "at_most = 0"),
        (AGREED, "open", "at_most = 2"),
        # Four of the eight complete and return anyway, and nobody has to continue.
        (FOLLOWED, "completions", "at_most = 4.2\nwhere = { track = 't' }"),
        (FOLLOWED, "returns", "at_most = 4.2"),
        (FOLLOWED, "transitions", "at_least = 1"),
    ],
)
def test_limits_on_them_bind(case: SmallCase, measure: str, bound: str, tmp_path: Path) -> None:
    text = limit(measure, bound, by="[]")
    files, policy = case.with_(text).write(tmp_path)
    found = optimizer.solve(policy, files)
    assert optimizer.evaluate(found, policy, files).holds
    free = optimizer.solve(case.write(tmp_path / "free")[1], files)
    assert not optimizer.evaluate(free, policy, files).holds


def test_agreements_in_force_have_floors_by_year(tmp_path: Path) -> None:
    """B's is in force in both years of intake; years after them are not asked for."""
    case, policy = AGREED.with_(limit("open", "at_least = 1")).write(tmp_path)
    assert optimizer.solve(policy, case).status == "optimal"


def test_people_who_go_home_are_not_counted_by_level(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="'returns' cannot be split or filtered by"):
        FOLLOWED.with_(limit("returns", by='["level"]')).instance(tmp_path)


def test_a_floor_where_nothing_can_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="year=2031 has no agreements opened that could"):
        AGREED.with_(limit("opened", "at_least = 1")).instance(tmp_path)


def test_the_framework_comes_first(tmp_path: Path) -> None:
    """A's agreement may be open only as long as one is open elsewhere, which B's never is."""
    text = limit(
        "open",
        'where = { country = "AA" }\n'
        'at_most = { times = 0, measure = "open", where = { country = "BB" } }',
    )
    files, policy = AGREED.with_(text).write(tmp_path)
    assert optimizer.solve(policy, files).decisions.agreements.empty
    files, policy = AGREED.with_(text.replace("times = 0", "times = 1")).write(tmp_path / "two")
    assert len(optimizer.solve(policy, files).decisions.agreements) == 1


@pytest.mark.parametrize("measure", ["completions", "transitions", "residents"])
def test_expected_people_are_not_counted_by_country_and_region(
    measure: str, tmp_path: Path
) -> None:
    with pytest.raises(PolicyError, match=f"{measure} are not counted by country and region"):
        FOLLOWED.with_(limit(measure, by='["country", "region"]')).instance(tmp_path)


@pytest.mark.parametrize("measure", ["returns", "open", "opened"])
def test_what_has_no_region_is_not_counted_by_it(measure: str, tmp_path: Path) -> None:
    case = (
        FOLLOWED
        if measure == "returns"
        else AGREED.with_(regions=("r1,R,east,2",), sites=("t,r1,,9",))
    )
    with pytest.raises(PolicyError, match=f"measure '{measure}' cannot be split"):
        case.with_(limit(measure, by='["region"]')).instance(tmp_path)


@pytest.mark.parametrize(
    ("case", "measure", "change"),
    [
        (FOLLOWED, "completions", {"tracks[track=t].completion_rate": 0.4}),
        (FOLLOWED, "transitions", {"continuations[track=t, next_track=u].stay_rate": 0.3}),
        (FOLLOWED, "returns", {"limits.ours.at_most": 2}),
        (AGREED, "open", {"limits.ours.at_most": 2}),
        (AGREED, "opened", {"limits.ours.at_most": 1}),
    ],
)
def test_a_session_counts_them_as_a_fresh_start_does(
    case: SmallCase, measure: str, change: dict[str, object], tmp_path: Path
) -> None:
    files, policy = case.with_(limit(measure, "at_most = 1")).write(tmp_path)
    try:
        session = optimizer.Session(policy, files)
        session.change(change)
        ours = session.relax().points
    except InfeasibleError:
        ours = None
    try:
        fresh = optimizer.Session(policy, files, changes=change).relax().points
    except InfeasibleError:
        fresh = None
    assert ours == (None if fresh is None else pytest.approx(fresh))


def test_a_plan_tells_its_outcomes_by_year(tmp_path: Path) -> None:
    outcomes = evaluated(FOLLOWED, ONE_STAYS, tmp_path).tables["outcomes"]
    found = outcomes.set_index(["country", "track", "year"]).to_dict("index")
    assert found == {
        ("AA", "t", 2030): {
            "completions": 4.0,
            "transitions": 1.0,
            "returns": 3.0,
            "anyway": 4.0,
        },
        ("AA", "t", 2031): {
            "completions": 1.0,
            "transitions": 0.0,
            "returns": 1.0,
            "anyway": 0.0,
        },
        ("AA", "u", 2032): {
            "completions": 1.0,
            "transitions": 0.0,
            "returns": 0.0,
            "anyway": 0.0,
        },
    }
