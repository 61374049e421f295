"""Plans made by hand that let every check and every table have rows of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from golden.rule_cases import ADMITTED, CAPPED, COMMITTED, DIMINISHING, FLOORED, LIMITED
from golden.small_cases import (
    ACTIVE,
    AGREED,
    EXPECTED,
    FOLLOWED,
    HOSTED,
    MOVING,
    NATIONAL,
    SERVED,
    TWO_LINES,
    SmallCase,
)
from optimizer.plan import Decisions
from test_evaluation import FULL, FULL_PLAN, plan, slot


@dataclass(frozen=True)
class PlanCase:
    """A plan, the case it is for, and what of its evaluation is worth reading."""

    case: SmallCase
    decisions: Decisions
    parts: tuple[str, ...]


RENEWED = NATIONAL.with_(
    "[horizon]\ntail = 1\n",
    tracks=FOLLOWED.rows["tracks"],
    continuations=("t,t,0.5", "t,u,0.4"),
    applicants=("AA,t,,4", "BB,u,,3"),
    costs=("t,main,1,,,,,10", "u,main,1,,,,transition,4"),
    present_by_country=("AA,t,2029,8",),
)

CASES: dict[str, PlanCase] = {
    # A's agreement is not opened, B's asks for as many as apply.
    "a minimum of one": PlanCase(
        AGREED.with_(
            tracks=("t,T,exchange,M,care,inbound,1,1,yes,1,no",), applicants=("AA,t,,1", "BB,t,,1")
        ),
        plan([slot("BB", "", 2030, 1)]),
        ("values", "margins"),
    ),
    "agreements": PlanCase(
        AGREED,
        plan(
            [slot("AA", "", 2030, 1), slot("AA", "", 2031, 3), slot("BB", "", 2030, 2)],
            agreements=["AA,t,2031", "BB,t,2030"],
        ),
        ("values", "impossible", "margins", "agreements", "residents", "fates"),
    ),
    "caps on intake": PlanCase(
        ADMITTED, plan([slot("AA", "", 2030, 4), slot("BB", "", 2030, 2)]), ("caps", "margins")
    ),
    "caps on residents": PlanCase(CAPPED, plan([slot("AA", "", 2030, 4)]), ("caps",)),
    "commitments": PlanCase(
        COMMITTED, plan([slot("AA", "r1", 2030, 3), slot("AA", "r2", 2031, 1)]), ("limits",)
    ),
    "diminishing returns": PlanCase(
        DIMINISHING,
        plan([slot("AA", "", 2030, 4), slot("AA", "", 2031, 3), slot("BB", "", 2031, 1)]),
        ("goals", "stages"),
    ),
    "everything": PlanCase(
        FULL,
        FULL_PLAN,
        ("values", "margins", "transitions", "services", "money", "cohort and placements",
         "residents", "spending", "integration", "services of a plan", "stages", "agreements",
         "fates", "shares", "goals", "decisions", "rules", "evaluation"),
    ),
    "impossible rows": PlanCase(
        HOSTED,
        plan(
            [
                slot("AA", "r1", 2030, 2),
                slot("AA", "r9", 2030, 1),
                slot("ZZ", "r1", 2030, 1),
                slot("BB", "r2", 2030, -1),
                slot("BB", "r2", 2031, 0),
            ],
            agreements=["AA,t,2030"],
            expansion=["r1,help,2030,2"],
            transitions=["AA,t,u,2030,1"],
            transitions_by_region=["t,u,all,r2,2030,-1"],
            transfers=["main,help,2030,-3"],
            carry_over=["main,2030,-4"],
        ),
        ("values", "impossible", "margins", "evaluation"),
    ),
    # Two of A's in r1 and one of B's in r2 are there today, and stay where they are.
    "kept from today": PlanCase(
        HOSTED.with_(
            support_levels=("t,standard,1,1", "t,intensive,1,1"),
            current_plan=("AA,t,r1,2", "BB,t,r2,1"),
        ),
        plan(
            [
                slot("AA", "r1", 2030, 1),
                slot("BB", "r2", 2030, 1),
                slot("AA", "r1", 2030, 1, "intensive"),
                slot("BB", "r1", 2030, 1, "intensive"),
                slot("AA", "r2", 2030, 1, "intensive"),
            ]
        ),
        ("decisions",),
    ),
    "limits and change": PlanCase(
        LIMITED.with_(
            '[[limits]]\nname = "few"\nmeasure = "slots"\nby = ["country", "region"]\n'
            "at_most = 2\n"
            '[[limits]]\nname = "plenty"\nmeasure = "slots"\nat_least = 5\nsoft = 2\n'
            '[[limits]]\nname = "crowd"\nmeasure = "slots"\nat_most = 2\nsoft = 1\n'
            '[[limits]]\nname = "part"\nmeasure = "slots"\nby = ["country"]\n'
            'at_most = { times = 0.75, measure = "slots", by = [] }\n'
            '[[limits]]\nname = "each"\nmeasure = "value"\ngoal = "g"\nby = ["country"]\n'
            "at_most = 3\n"
            "[stability]\nmax_change = 0.5\npenalty = 2\n",
            current_plan=("AA,t,r1,4",),
        ),
        plan([slot("BB", "r1", 2030, 3), slot("BB", "r2", 2030, 1)]),
        ("limits", "soft", "soft without share", "soft without floors", "change", "stability",
         "goals", "decisions", "evaluation", "without the limit few"),
    ),
    "money moved": PlanCase(
        TWO_LINES.with_(costs=("t,main,1,,,,,10", "t,help,1,,,,,5", "t,main,1,,BB,,,12")),
        plan(
            [slot("AA", "", 2030, 2), slot("AA", "", 2031, 3), slot("BB", "", 2031, 1)],
            transfers=["main,help,2030,11", "main,help,2031,4", "help,main,2031,1"],
            carry_over=["main,2030,20", "help,2030,1", "main,2031,5", "main,2029,2"],
        ),
        ("money", "spending", "integration"),
    ),
    "no regions": PlanCase(
        ACTIVE.with_(budgets=("main,{year},M,100,integration",)),
        plan([slot("AA", "", 2030, 1), slot("BB", "", 2030, 3), slot("BB", "r1", 2030, 1)]),
        ("values", "impossible", "margins", "residents", "integration", "decisions"),
    ),
    # Two came in 2029 for two years; nobody comes to u, which is capped all the same.
    "people already here": PlanCase(
        HOSTED.with_(
            tracks=(
                "t,T,study,M,care,inbound,2,0,no,0.5,no",
                "u,U,study,M,care,inbound,1,0,no,1,no",
            ),
            sites=("t,r1,,3", "t,r2,,2", "u,r1,,2"),
            budgets=("main,{year},M,100,integration",),
            costs=("t,main,1,,,,,10", "t,main,2,,,,,7"),
            region_costs=("t,main,r1,2,3",),
            national_caps=("t,2030,5,residents", "u,2030,2,residents"),
            present_by_country=("AA,t,2029,2",),
            present_by_region=("r1,t,2029,1", "r2,t,2029,1"),
        ),
        plan([slot("AA", "r1", 2030, 1), slot("BB", "r1", 2030, 1), slot("BB", "r2", 2030, 1)]),
        ("caps", "residents", "spending", "integration", "fates", "shares"),
    ),
    "people already here without regions": PlanCase(
        CAPPED.with_(
            budgets=("main,{year},M,100,integration",), costs=("t,main,1,,,,,10", "t,main,2,,,,,7")
        ),
        plan([slot("BB", "", 2030, 1)]),
        ("caps", "residents", "integration"),
    ),
    "active or not": PlanCase(ACTIVE, plan([slot("BB", "", 2030, 1)]), ("values", "margins")),
    "services": PlanCase(
        SERVED,
        plan(
            [slot("AA", "r1", 2030, 3), slot("BB", "r1", 2031, 2)],
            expansion=["r1,help,2030,1", "r1,help,2031,2"],
        ),
        ("services", "services of a plan"),
    ),
    "services nobody uses": PlanCase(
        replace(SERVED, rows={**SERVED.rows, "service_use": ("t,help,1,,far,,0",)}),
        plan([slot("AA", "r1", 2030, 3)]),
        ("services of a plan",),
    ),
    "transitions": PlanCase(
        FOLLOWED,
        plan(
            [slot("AA", "r1", 2030, 1), slot("AA", "r1", 2030, 2, "intensive")],
            transitions=["AA,t,u,2030,1.6"],
            transitions_by_region=["t,u,all,r2,2030,1.5"],
        ),
        ("values", "margins", "transitions", "residents", "fates", "stages", "goals", "shares",
         "decisions"),
    ),
    # A tenth too many leave r2, one of them is lost, and r1 gets what r2 should have.
    "movement": PlanCase(
        MOVING,
        plan(
            transitions=["AA,t,u,2030,1.1"],
            transitions_from_region=["t,u,all,all,r1,2030,0.5", "t,u,all,all,r2,2030,0.5"],
            transitions_by_region=["t,u,all,r1,2030,0.7", "t,u,all,r2,2030,0.3"],
        ),
        ("values", "transitions", "residents", "fates", "decisions"),
    ),
    # Half of those on t renew it, or go on to u.
    "renewals": PlanCase(
        RENEWED,
        plan(transitions=["AA,t,t,2030,1", "AA,t,t,2031,0.25", "AA,t,u,2030,0.5"]),
        ("values", "transitions", "residents", "fates", "stages", "decisions"),
    ),
    # Eight come by themselves in two years: they are in the limit on the whole value, and not in
    # the goal's points.
    "expected people": PlanCase(
        EXPECTED.with_(
            """
[goals.h]
weight = 1
scale = "none"
effects = [{ stage = "enter", effect = 1 }]
diminishing = { by = ["country"], per = "year", breakpoints = [[0, 1.0], [1, 0.5]] }

[horizon]
tail = 1
[[limits]]
name = "whole"
measure = "value"
goal = "g"
at_least = 12
[[limits]]
name = "given"
measure = "slots"
by = ["year"]
at_most = 2
planned = true
"""
        ),
        plan([slot("AA", "r1", 2030, 2), slot("BB", "r2", 2031, 3)]),
        ("limits", "goals", "residents", "spending", "stages", "fates"),
    ),
    # The last year is repeated once, when one applies fewer.
    "repeated": PlanCase(
        HOSTED.with_(
            '\n[horizon]\nyears = [2030, 2030]\ntail = "steady"\n',
            applicants=("AA,t,2030,4", "AA,t,2031,2", "BB,t,,3"),
            sites=("t,r1,2030,3", "t,r1,2031,2", "t,r2,,2"),
        ).over(2030, 2031),
        plan([slot("AA", "r1", 2030, 3), slot("BB", "r2", 2030, 1)]),
        ("margins", "goals", "spending"),
    ),
    "transitions without regions": PlanCase(
        NATIONAL.with_(
            tracks=FOLLOWED.rows["tracks"],
            continuations=("t,u,0.4",),
            applicants=("AA,t,,4", "BB,u,,3"),
            budgets=("main,{year},M,100,integration",),
            costs=("t,main,1,,,,,10", "u,main,1,,,,transition,4"),
            present_by_country=("AA,t,2029,8",),
        ),
        plan([slot("AA", "", 2030, 2)], transitions=["AA,t,u,2030,1"]),
        ("values", "impossible", "transitions", "residents", "integration", "fates", "decisions"),
    ),
    # Weights of 3 and -1 are 75 and -25 points.
    "several goals": PlanCase(
        NATIONAL.aiming_at(
            "".join(
                f'[goals.{name}]\nweight = {weight}\nscale = "none"\n'
                f'effects = [{{ stage = "enter", effect = {effect} }}]\n'
                for name, weight, effect in (("g", 3, 1), ("crowd", -1, 2), ("idle", 0, 0))
            )
        ),
        plan([slot("AA", "", 2030, 2)]),
        ("goals", "evaluation"),
    ),
    "support": PlanCase(
        FLOORED,
        plan([slot("AA", "r1", 2030, 1), slot("AA", "r1", 2030, 2, "intensive")]),
        ("support",),
    ),
}  # fmt: skip
"""By what is to be read in them."""
