"""The case in which each rule is built alone for its golden file."""

from __future__ import annotations

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

CAPPED = NATIONAL.with_(
    "[horizon]\ntail = 1\n",
    tracks=("t,T,study,M,care,inbound,2,0,no,1,no",),
    national_caps=("t,2030,5,residents",),
    present_by_country=("AA,t,2029,2",),
)
OPENED = AGREED.over(2030, 2031, 2032)
ADMITTED = NATIONAL.with_(national_caps=("t,2030,5,intake",))
SCORED = HOSTED.with_(scores=("g,AA,t,,1", "g,AA,t,r2,3"))
BUILT = SERVED.with_(
    "[horizon]\ntail = 0\n",
    agreements=("AA,t,proposed,main,6,1,1", "BB,t,existing,main,0,2,0"),
    tracks=("t,T,study,M,care,inbound,2,0,yes,1,no",),
    costs=("t,main,1,,,,,10", "t,main,1,,BB,,,11", "t,main,2,,,,,7"),
    region_costs=("t,main,r1,2,3",),
    service_use=("t,help,1,,,,1",),
).over(2030, 2031, 2032)
VALUED = FOLLOWED.aiming_at("""
[goals.g]
weight = 1
scale = "none"
indicators = [{ column = "gdp", range = [0, 4] }]
effects = [
    { where = { track = "t" }, stage = "enter", effect = 1 },
    { where = { track = "u" }, stage = "present", effect = 2 },
    { where = { track = "t" }, stage = "complete", effect = 4 },
    { where = { track = "t" }, stage = "continue", effect = 8 },
    { where = { track = "t" }, stage = "return", effect = 16 },
]
region_indicators = [{ column = "jobs", range = [0, 10] }]
region_effects = [
    { where = { track = "t" }, stage = "continue", effect = 10 },
    { where = { track = "t" }, stage = "enter", effect = 100 },
]
[horizon]
discount = 1.0
""")
DIMINISHING = NATIONAL.over(2030, 2031).aiming_at("""
[goals.g]
weight = 1
scale = "none"
effects = [{ stage = "enter", effect = 2 }]
diminishing = { by = ["world_region"], per = "horizon", breakpoints = [[0, 1], [4, 0.5], [10, 0]] }
""")
COMMITTED = SCORED.with_(
    commitments=("AA,t,,,1,", ",,r1,2030,,2", "AA,,r2,,1,1"),
).over(2030, 2031)
LIMITED = HOSTED.with_("""
[[limits]]
name = "share"
measure = "slots"
where = { country = "AA" }
at_least = { times = 0.25, measure = "slots" }
soft = 3
soft_base = 8
[[limits]]
name = "jobs"
measure = "residents"
by = ["area"]
at_most = { amount = 2, per = "jobs" }
soft = 1
[[limits]]
name = "worth"
measure = "value"
goal = "g"
at_least = 1
at_most = 6
""")
FLOORED = FOLLOWED.with_(
    '[[support_floor]]\nwhere = { pathway = "study" }\namount_per_year = 12\n'
    '[[support_floor]]\nwhere = { track = "u" }\namount_per_year = 3\n'
    "[horizon]\ntail = 1\n",
    budgets=("main,{year},M,100,integration",),
    region_costs=("t,main,r1,1,5",),
)
CHANGED = HOSTED.with_(
    "[stability]\nmax_change = 0.5\npenalty = 2\n",
    current_plan=("AA,t,r1,3", "BB,t,r2,1"),
)
STEPS = NATIONAL.with_(
    """
[[limits]]
name = "steps"
measure = "slots"
by = ["country", "year"]
at_least = { times = 0.5, previous = true, plus = 2 }
at_most = { times = 1.25, previous = true, plus = 1, first = { times = 2, plus = 3 } }
soft = 3
soft_base = 8
""",
    applicants=("AA,t,,4", "BB,t,2030,3"),
    current_plan=("AA,t,,2", "BB,t,,1"),
).over(2030, 2031, 2032)

EVEN = HOSTED.with_("""
[[limits]]
name = "band"
measure = "slots"
by = ["region"]
relative_to = "jobs"
at_least = { parity = 0.7 }
at_most = { coverage = 0.5 }
[[limits]]
name = "even"
measure = "slots"
by = ["region"]
relative_to = "jobs"
at_most = { gini = 0.25 }
soft = 3
soft_base = 8
[[limits]]
name = "moved"
measure = "slots"
by = ["country"]
relative_to = "applicants"
at_most = { hoover = 0.125 }
""")

COMING = EXPECTED.with_(
    """
[horizon]
years = [2030, 2030]
tail = 1
[[limits]]
name = "all"
measure = "slots"
by = ["track"]
at_most = 9
[[limits]]
name = "own"
measure = "slots"
planned = true
at_most = 9
""",
    national_caps=("f,2030,4,intake", "f,2031,8,residents"),
    continuations=("f,t,0.5",),
    present_by_country=("AA,f,2028,4",),
    present_by_region=("r2,f,2028,4",),
)

FORECAST: dict[str, SmallCase] = dict.fromkeys(
    (
        "intake_adds_up",
        "residents_add_up",
        "spending_adds_up",
        "value_adds_up",
        "measure_adds_up",
        "transitions_within_completers",
    ),
    COMING,
)
"""Rules once more, where some people come by forecast."""

STEPPED: dict[str, SmallCase] = {
    "measure_adds_up": STEPS,
    "compared_adds_up": STEPS,
    "limit_at_least": STEPS,
    "limit_at_most": STEPS,
}
"""Rules of limits once more, for limits that compare with the year before."""

EVENLY: dict[str, SmallCase] = dict.fromkeys(
    ("measure_adds_up", "compared_adds_up", "limit_at_least", "limit_at_most"), EVEN
)
"""Rules of limits once more, for limits on how evenly groups share."""

CASES: dict[str, SmallCase] = {
    "points": LIMITED.with_("[stability]\npenalty = 2\n", current_plan=("AA,t,r1,3", "BB,t,r2,1")),
    "placements_match_cohorts": SERVED,
    "cohort_within_applicants": FOLLOWED,
    "placements_within_site": SERVED,
    "intake_adds_up": ADMITTED,
    "intake_within_cap": ADMITTED,
    "slots_make_cohort": SCORED,
    "slots_make_placements": SCORED,
    "cohort_needs_agreement": OPENED,
    "agreement_stays_open": OPENED,
    "cohort_reaches_minimum": OPENED,
    "cohort_needs_active_track": ACTIVE,
    "active_track_reaches_minimum": ACTIVE,
    "transitions_within_completers": FOLLOWED,
    "transitions_match_places": FOLLOWED,
    "transitions_match_origins": MOVING,
    "origins_within_completers": MOVING,
    "movers_add_up": MOVING,
    "transitions_follow_attraction": MOVING,
    "residents_add_up": CAPPED,
    "residents_within_cap": CAPPED,
    "spending_adds_up": BUILT,
    "spending_within_budget": TWO_LINES,
    "transfer_within_share": TWO_LINES,
    "carry_over_within_share": TWO_LINES,
    "received_money_is_spent": TWO_LINES,
    "use_adds_up": SERVED,
    "use_within_capacity": SERVED,
    "value_adds_up": VALUED,
    "raw_value_adds_up": DIMINISHING,
    "counted_under_tangent": DIMINISHING,
    "commitment_adds_up": COMMITTED,
    "commitment_at_least": COMMITTED,
    "commitment_at_most": COMMITTED,
    "measure_adds_up": LIMITED,
    "compared_adds_up": LIMITED,
    "division_adds_up": EVEN,
    "distance_counts_up": EVEN,
    "distance_counts_down": EVEN,
    "limit_at_least": LIMITED,
    "limit_at_most": LIMITED,
    "support_reaches_floor": FLOORED,
    "change_counts_cohorts_up": CHANGED,
    "change_counts_cohorts_down": CHANGED,
    "change_counts_places_up": CHANGED,
    "change_counts_places_down": CHANGED,
    "change_adds_up": CHANGED,
    "change_within_limit": CHANGED,
}
"""By the name of the rule; ``points`` is the objective."""
