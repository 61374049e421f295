"""Who may continue and who does, by the region left, with the rules that hold the others back.

In CASE 1.2 people may stay from r1 and 0.4 from r2 (see ``test_movement``).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.small_cases import SmallCase
from optimizer import Plan, load_case, load_policy
from optimizer.report.page import render_page
from test_movement import TAIL, free, kept
from test_stability import solved

EQUAL = kept("0.6", "1", "1")
SERVICE = "r2,help,{year},0.14,hours,1,0,0,0,main"
FULL = "A ceiling of the policy: few, year=2030; A ceiling of the policy: few, year=2031"
LIMIT = '[[limits]]\nname = "few"\nmeasure = "residents"\nwhere = { track = "u" }\n'


def told(plan: Plan) -> dict[str, tuple[float, float, str]]:
    table = plan.tables["take_up"]
    table = table[table["year"].eq(2030)]
    columns = (table[name] for name in ("region", "may_stay", "take_up", "held_by"))
    return {
        region: (round(may, 6), round(share, 6), rules)
        for region, may, share, rules in zip(*columns, strict=True)
    }


@pytest.mark.parametrize(
    ("case", "r1", "r2"),
    [
        (EQUAL, (1.2, 1, ""), (0.4, 1, "")),
        # r2 helps 0.14 people: 0.7 from r1, where each takes 0.2 of a place there, none from r2.
        (
            EQUAL.with_(
                services=("r1,help,{year},9,hours,1,0,0,0,main", SERVICE),
                service_use=("u,help,1,,,,1",),
            ),
            (
                1.2,
                round(0.7 / 1.2, 6),
                "Local services are not used beyond capacity: r2, help, 2030",
            ),
            (0.4, 0, "Local services are not used beyond capacity: r2, help, 2030"),
        ),
        # Nobody stays, as nobody may be on u.
        (
            EQUAL.with_(national_caps=("u,{year},0,residents",)),
            (1.2, 0, "National cap on residents: u, 2030; National cap on residents: u, 2031"),
            (0.4, 0, "National cap on residents: u, 2030; National cap on residents: u, 2031"),
        ),
        (
            EQUAL.with_(budgets=("main,{year},M,0,program",)),
            (1.2, 0, "Spending stays within the budget: main, 2030"),
            (0.4, 0, "Spending stays within the budget: main, 2030"),
        ),
        (
            EQUAL.with_(LIMIT + 'by = ["year"]\nat_most = 0\n'),
            (1.2, 0, FULL),
            (0.4, 0, FULL),
        ),
        # Nothing is in the way: staying earns less than going home.
        (
            EQUAL.aiming_at(
                '[goals.g]\nweight = 1\nscale = "none"\n'
                'effects = [{ where = { track = "t" }, stage = "return", effect = 1 }]\n' + TAIL
            ),
            (1.2, 0, ""),
            (0.4, 0, ""),
        ),
    ],
    ids=["all", "service", "cap", "budget", "limit", "worth nothing"],
)
def test_take_up_is_told_by_the_region_left(
    case: SmallCase, r1: tuple[float, float, str], r2: tuple[float, float, str], tmp_path: Path
) -> None:
    assert told(solved(case, tmp_path)) == {"r1": r1, "r2": r2}


def test_take_up_has_no_region_where_people_move_freely(tmp_path: Path) -> None:
    case = free(EQUAL).with_(national_caps=("u,{year},1,residents",))
    rules = "National cap on residents: u, 2030; National cap on residents: u, 2031"
    assert told(solved(case, tmp_path)) == {"": (1.6, 0.625, rules)}


def test_the_report_tells_who_may_continue_and_does_not(tmp_path: Path) -> None:
    def page(case: SmallCase) -> str:
        folder, policy = case.write(tmp_path)
        return render_page(solved(case, tmp_path), load_case(folder), load_policy(policy))

    full = page(EQUAL)
    assert "may continue on a track" in full
    assert "does not, most people first" not in full
    capped = page(EQUAL.with_(national_caps=("u,{year},0,residents",)))
    assert "persons who may continue on a track, 0 do (0%)." in capped
    assert "Who may continue and does not, most people first" in capped
    assert "National cap on residents: u, 2030" in capped
    idle = page(
        EQUAL.aiming_at(
            '[goals.g]\nweight = 1\nscale = "none"\n'
            'effects = [{ where = { track = "t" }, stage = "return", effect = 1 }]\n' + TAIL
        )
    )
    assert "no hard rule stands in the way" in idle
