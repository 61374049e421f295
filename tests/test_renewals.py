"""People who renew the track that they are on: present, and nothing else until they leave.

AA sends four people in 2030 on a track of one year, and half of those who complete may renew it:
two in 2031, one in 2032 and half a person in 2033, the last year of the window.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.small_cases import MOVING, NATIONAL, SmallCase
from optimizer import InputError, Plan, load_case
from test_evaluation import evaluated, plan
from test_stability import solved

RENEWED = NATIONAL.with_(
    tracks=("t,T,study,M,care,inbound,1,0,no,1,yes",),
    continuations=("t,t,0.5",),
    applicants=("AA,t,,4",),
)


def aiming(*stages: str, case: SmallCase = RENEWED) -> SmallCase:
    effects = ", ".join(f'{{ stage = "{stage}", effect = 1 }}' for stage in stages)
    goal = f'[goals.g]\nweight = 1\nscale = "none"\neffects = [{effects}]\n'
    return case.aiming_at(goal + "[horizon]\ntail = 3\n")


def by_year(found: Plan, what: str) -> dict[int, float]:
    outcomes = found.tables["outcomes"]
    chosen = outcomes[outcomes[what] > 0]
    return dict(zip(chosen["year"], chosen[what], strict=True))


def test_renewals_are_present_and_complete_once_as_they_leave(tmp_path: Path) -> None:
    found = solved(aiming("present"), tmp_path)
    # 4 + 2 + 1 + 0.5 person-years.
    assert found.objective == pytest.approx(750)
    leaving = {2031: 2.0, 2032: 1.0, 2033: 0.5}
    assert by_year(found, "completions") == pytest.approx(leaving)
    assert by_year(found, "returns") == pytest.approx(leaving)
    assert not by_year(found, "transitions")
    (row,) = found.tables["people"].to_dict("records")
    assert row == {
        "country": "AA",
        "track": "t",
        "entrants": 4.0,
        "left": 0.0,
        "transitions": 0.0,
        "goes_home": 3.5,
        "present": 0.5,
        "anyway": 0.0,
    }


@pytest.mark.parametrize(
    ("stage", "value"),
    [
        # All four leave in 2031: nobody completes or goes home twice by renewing.
        ("complete", 4),
        ("return", 4),
        # A renewal is no way on to anything else.
        ("continue", 0),
    ],
)
def test_renewals_earn_nothing_else(stage: str, value: float, tmp_path: Path) -> None:
    assert solved(aiming(stage), tmp_path).objective == pytest.approx(100 * value)


def test_who_leaves_after_renewals_is_counted_in_full(tmp_path: Path) -> None:
    # Present is worth more than leaving ever is: 7.5 and 3.5 leave.
    assert solved(aiming("present", "complete"), tmp_path).objective == pytest.approx(1100)


def test_renewals_count_in_caps_and_limits_as_they_should(tmp_path: Path) -> None:
    # At most one and a half of t in 2032; limits on completions leave renewals out.
    capped = aiming("present").with_(
        '[[limits]]\nname = "l"\nmeasure = "residents"\nwhere = { year = 2032 }\nat_most = 0.75\n'
    )
    found = solved(capped, tmp_path)
    # 0.75 in 2032 makes 0.375 in 2033: 4 + 2 + 0.75 + 0.375.
    assert found.objective == pytest.approx(712.5)
    many = aiming("present").with_(
        '[[limits]]\nname = "l"\nmeasure = "completions"\nwhere = { year = 2031 }\nat_least = 3\n'
    )
    # Three leave in 2031, so one renews: 4 + 1 + 0.5 + 0.25.
    assert solved(many, tmp_path).objective == pytest.approx(575)
    none = aiming("present").with_('[[limits]]\nname = "l"\nmeasure = "transitions"\nat_most = 0\n')
    assert solved(none, tmp_path).objective == pytest.approx(750)


def test_completions_are_taken_off_where_people_completed(tmp_path: Path) -> None:
    # Of three who complete in r1 and one in r2 four of ten renew: 1.8 and 0.6 complete.
    goal = """
[goals.g]
weight = 1
scale = "none"
region_indicators = [{ column = "jobs", range = [2, 5] }]
region_effects = [{ stage = "complete", effect = 1 }]
"""
    case = MOVING.aiming_at(goal + "[horizon]\ntail = 1\n").with_(
        continuations=("track,next_track,stay_rate,retention", "t,t,0.4,0.6")
    )
    found = evaluated(
        case,
        plan(
            transitions=["AA,t,t,2030,1.6"],
            transitions_from_region=["t,t,all,all,r1,2030,1.2", "t,t,all,all,r2,2030,0.4"],
            transitions_by_region=["t,t,all,r1,2030,1.2", "t,t,all,r2,2030,0.4"],
        ),
        tmp_path,
    )
    assert found.holds, found.violations
    stages = found.tables["stages"]
    in_r2 = stages.loc[stages["stage"].eq("complete"), "raw"].sum()
    # Half of the 0.4 people who live in r2 complete a year later. Without the plan, the one who is
    # there would have completed, and that is not earned by it.
    assert in_r2 == pytest.approx(0.6 + 0.2 - 1.0)


def test_a_track_of_no_time_cannot_be_renewed(tmp_path: Path) -> None:
    folder, _ = RENEWED.with_(tracks=("t,T,study,M,care,inbound,0,0,no,1,yes",)).write(tmp_path)
    with pytest.raises(
        InputError, match="row 2, column next_track: 't' to 't' takes no time at all"
    ):
        load_case(folder)
