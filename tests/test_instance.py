"""Joining case and policy: sets, scores, costs, groups, and the exact words of what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from golden.small_cases import (
    ACTIVE,
    AGREED,
    FOLLOWED,
    HOSTED,
    NATIONAL,
    ONE_GOAL,
    SERVED,
    TWO_LINES,
    SmallCase,
)
from optimizer.instance import Instance
from optimizer.instance.diminishing import tangents
from optimizer.instance.people import CONSTANT
from optimizer.schema.measures import MEASURES

Join = Callable[[SmallCase], Instance]


@pytest.fixture
def join(tmp_path: Path) -> Join:
    return lambda case: case.instance(tmp_path)


def limit(body: str) -> str:
    return f'[[limits]]\nname = "l"\n{body}\n'


# Sets


def test_countries_with_the_same_bands_form_a_group(join: Join) -> None:
    # Track t uses help by band; track u uses it without bands, so there everybody is alike.
    case = SERVED.with_(
        tracks=(
            "t,T,study,M,care,inbound,2,0,no,1,no",
            "u,U,study,M,care,inbound,1,0,no,1,no",
        ),
        service_use=("t,help,1,,,,1", "t,help,1,,far,,2", "u,help,1,,,,1"),
    )
    groups = join(case).sets.groups.set_index(["track", "country"])["group"]
    assert groups.to_dict() == {
        ("t", "AA"): "near", ("t", "BB"): "far", ("u", "AA"): "all", ("u", "BB"): "all",
    }  # fmt: skip


def test_the_tail_is_the_longest_track_unless_the_policy_says_otherwise(join: Join) -> None:
    case = FOLLOWED.over(2030, 2031)
    assert join(case).sets.window == (2030, 2031, 2032, 2033)
    short = join(case.with_("[horizon]\nyears = [2031, 2031]\ntail = 0\n"))
    assert short.sets.years == short.sets.window == (2031,)


def test_look_ups_after_the_last_case_year_use_the_last(join: Join) -> None:
    case = NATIONAL.over(2030, 2031).with_(budgets=("main,2030,M,100,", "main,2031,M,70,"))
    budget = join(case).budget.set_index("year")["amount"]
    assert budget.to_dict() == {2030: 100.0, 2031: 70.0, 2032: 70.0}


def test_an_intake_cap_ends_with_the_intake_and_a_residents_cap_goes_on(join: Join) -> None:
    case = NATIONAL.with_(
        tracks=(
            "t,T,study,M,care,inbound,2,0,no,1,no",
            "u,U,study,M,care,inbound,1,0,no,1,no",
        ),
        national_caps=("t,2030,5,residents", "u,2030,4,intake"),
    )
    caps = join(case).caps
    assert caps.groupby("track")["year"].agg(list).to_dict() == {
        "t": [2030, 2031, 2032],
        "u": [2030],
    }


def test_who_may_come_depends_on_applicants_minimum_sites_and_lead_years(join: Join) -> None:
    # A can open in 2031 at the earliest; B's three applicants of 2031 are below the minimum.
    case = AGREED.with_(
        tracks=("t,T,exchange,M,care,inbound,1,4,yes,1,no",),
        applicants=("AA,t,,4", "BB,t,,5", "BB,t,2031,3"),
    )
    cohort = join(case).sets.cohort
    assert cohort[["country", "year"]].to_numpy().tolist() == [["AA", 2031], ["BB", 2030]]
    unhosted = HOSTED.over(2030, 2031).with_(sites=("t,r1,2030,0", "t,r1,2031,5"))
    assert set(join(unhosted).sets.cohort["year"]) == {2031}


def test_links_of_pairs(join: Join) -> None:
    assert join(AGREED).sets.pairs.groupby("country")["link"].first().to_dict() == {
        "AA": "proposed", "BB": "existing",
    }  # fmt: skip
    assert set(join(ACTIVE).sets.pairs["link"]) == {"active"}
    # A minimum of one is no minimum: one person is a cohort.
    single = ACTIVE.with_(tracks=("t,T,study,M,care,inbound,1,1,no,1,no",))
    assert set(join(single).sets.pairs["link"]) == {"free"}


def test_people_present_are_split_over_groups_like_the_nation(join: Join) -> None:
    # Two near and six far people nationally, so a quarter of every region is near.
    case = SERVED.with_(
        present_by_country=("AA,t,2029,2", "BB,t,2029,6"),
        present_by_region=("r1,t,2029,8",),
    )
    present = join(case).sets.present_at.set_index("group")["persons"]
    assert present.to_dict() == {"far": 6.0, "near": 2.0}


def test_every_year_of_entry_has_its_own_mix_of_groups(join: Join) -> None:
    # All who came in 2028 are near, all who came in 2029 far.
    case = SERVED.with_(
        tracks=("t,T,study,M,care,inbound,3,0,no,1,no",),
        present_by_country=("AA,t,2028,8", "BB,t,2029,8"),
        present_by_region=("r1,t,2028,5", "r2,t,2028,3", "r1,t,2029,8"),
    )
    keys = ["region", "group", "entry_year"]
    present = join(case).sets.present_at.set_index(keys)["persons"]
    assert present[present > 0].to_dict() == {
        ("r1", "near", 2028): 5.0, ("r2", "near", 2028): 3.0, ("r1", "far", 2029): 8.0,
    }  # fmt: skip


def test_a_country_without_applicants_can_stay_where_it_came_before(join: Join) -> None:
    # B has no applicants on t and A none on u: only A's completers of t may stay on u.
    transitions = join(FOLLOWED).sets.transitions
    assert transitions[["country", "track", "next_track", "year"]].to_numpy().tolist() == [
        ["AA", "t", "u", 2030],
        ["AA", "t", "u", 2031],
    ]


def test_only_the_blocks_that_something_names_are_planned_slot_by_slot(join: Join) -> None:
    two = HOSTED.over(2030, 2031)
    assert not len(join(two).sets.slots)
    named = join(two.with_(commitments=("AA,,r1,2031,1,",))).sets.slots
    # The whole block of 2031 is slot-level, with both countries and both regions.
    assert sorted(named[["country", "region", "year"]].itertuples(index=False, name=None)) == [
        ("AA", "r1", 2031), ("AA", "r2", 2031), ("BB", "r1", 2031), ("BB", "r2", 2031),
    ]  # fmt: skip
    by_both = two.with_(limit('measure = "slots"\nby = ["world_region", "area"]\nat_most = 3'))
    assert set(join(by_both).sets.slots["year"]) == {2030, 2031}
    by_one = two.with_(limit('measure = "slots"\nby = ["area"]\nat_most = 3'))
    assert not len(join(by_one).sets.slots)


# Scores


def score(*indicators: str, missing: str = '"error"') -> SmallCase:
    return NATIONAL.with_(
        countries=(
            "country,name,world_region,gdp,fame",
            "AA,A,Asia,1,",
            "BB,B,Europe,3,8",
            "CC,C,Asia,9,0",
        ),
    ).aiming_at(
        f'[goals.g]\nweight = 1\nscale = "none"\nmissing = {missing}\n'
        f"indicators = [{', '.join(indicators)}]\n"
        'effects = [{ stage = "enter", effect = 1 }]\n'
    )  # fmt: skip


GDP = 'column = "gdp"'


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        # (1-1)/8, (3-1)/8, (9-1)/8
        (f"{{ {GDP} }}", [0.0, 0.25, 1.0]),
        (f'{{ {GDP}, direction = "lower" }}', [1.0, 0.75, 0.0]),
        # (x-2)/4, clipped to 0-1
        (f"{{ {GDP}, range = [2, 6] }}", [0.0, 0.25, 1.0]),
        # log 2, log 4, log 10 over the logarithms of 1 + range: log 2 to log 8
        (f'{{ {GDP}, transform = "log", range = [1, 7] }}', [0.0, 0.5, 1.0]),
    ],
)
def test_indicators_are_scaled_to_scores(indicator: str, expected: list[float], join: Join) -> None:
    assert join(score(indicator)).scores.countries["g"].tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        # gdp gives 0, 0.25, 1; fame (weight 3) gives blank, 1, 0.
        ('"reweight"', [0.0, (0.25 + 3) / 4, 0.25]),
        ('"zero"', [0.0, (0.25 + 3) / 4, 0.25]),
        ("0.4", [3 * 0.4 / 4, (0.25 + 3) / 4, 0.25]),
    ],
)
def test_blank_figures_follow_the_rule_for_missing_ones(
    missing: str, expected: list[float], join: Join
) -> None:
    case = score(f"{{ {GDP} }}", '{ column = "fame", weight = 3 }', missing=missing)
    assert join(case).scores.countries["g"].tolist() == pytest.approx(expected)


def test_reweighting_leaves_the_other_indicators(join: Join) -> None:
    # A's gdp, turned round, scores 1; without fame that is its whole score.
    case = score(f'{{ {GDP}, direction = "lower" }}', '{ column = "fame" }', missing='"reweight"')
    assert join(case).scores.countries.at["AA", "g"] == 1.0


def test_the_ranges_used_are_recorded(join: Join) -> None:
    case = score(f"{{ {GDP} }}", f'{{ {GDP}, transform = "log", range = [1, 7] }}')
    ranges = join(case).scores.ranges
    assert ranges["low"].tolist() == pytest.approx([1.0, 1.0])
    assert ranges["high"].tolist() == pytest.approx([9.0, 7.0])


@pytest.mark.parametrize(
    ("indicator", "problem"),
    [
        (
            '{ column = "gpd" }',
            "policy.toml, goals.g.indicators.gpd.column: 'gpd' is not a numeric column of countries"
            "\n    Expected a numeric attribute column. Maybe gdp.",
        ),
        (
            '{ column = "fame" }',
            "policy.toml, goals.g.indicators.fame.missing: 'fame' is blank for 1 row of countries "
            "(AA)\n    Expected a figure, or missing = 'reweight', 'zero' or a number.",
        ),
    ],
)
def test_indicators_that_cannot_be_scored(
    indicator: str, problem: str, refusals: Callable[[SmallCase], list[str]]
) -> None:
    assert refusals(score(indicator)) == [problem]


def test_an_indicator_that_tells_nobody_apart(
    refusals: Callable[[SmallCase], list[str]],
) -> None:
    alike = score(f"{{ {GDP} }}").with_(countries=("AA,A,Asia,2", "BB,B,Europe,2"))
    assert refusals(alike) == [
        "policy.toml, goals.g.indicators.gdp.column: 'gdp' is the same for all rows of countries\n"
        "    Expected a column in which they differ, or a range = [low, high]."
    ]


def test_two_effects_on_one_track_and_stage(refusals: Callable[[SmallCase], list[str]]) -> None:
    twice = '[goals.g]\nweight = 1\neffects = [{ stage = "enter", effect = 1 }, %s]\n'
    case = NATIONAL.aiming_at(
        twice % '{ where = { pathway = "study" }, stage = "enter", effect = 2 }'
    )
    assert refusals(case) == [
        "policy.toml, goals.g.effects.2: track 't' already has an effect at stage 'enter'\n"
        "    Expected one effect per track and stage."
    ]


# Money


def spending(instance: Instance, **chosen: str | int) -> dict[int, float]:
    """Coefficient by year of the chosen spending terms."""
    terms = instance.spending
    for column, value in chosen.items():
        terms = terms[terms[column].eq(value)]
    by_year = terms.groupby("year", as_index=False)["coefficient"].sum()
    return dict(by_year.itertuples(index=False, name=None))


def test_the_most_specific_cost_counts(join: Join) -> None:
    # For B in 2031 the row with country and year (3) beats those with one of them (5, 7) or none.
    case = NATIONAL.over(2030, 2031).with_(
        costs=("t,main,1,,,,,9", "t,main,1,,BB,,,5", "t,main,1,,AA,2031,,7", "t,main,1,,BB,2031,,3")
    )
    instance = join(case)
    assert spending(instance, country="AA") == {2030: 9.0, 2031: 7.0}
    assert spending(instance, country="BB") == {2030: 5.0, 2031: 3.0}


def test_costs_are_those_of_the_year_of_payment(join: Join) -> None:
    # The second year of who came in 2030 is 2031, and after 2031 its prices hold.
    case = NATIONAL.over(2030, 2031).with_(
        tracks=("t,T,study,M,care,inbound,2,0,no,1,no",),
        costs=("t,main,1,,,,,10", "t,main,2,,,2030,,5", "t,main,2,,,2031,,7"),
    )
    assert spending(join(case), country="AA", year_of_stay=2) == {2031: 7.0, 2032: 7.0}


def test_two_costs_that_are_equally_specific(
    refusals: Callable[[SmallCase], list[str]],
) -> None:
    case = NATIONAL.with_(costs=("t,main,1,,AA,,,5", "t,main,1,,,2030,,7"))
    found = refusals(case)
    assert len(found) == 1
    assert found[0].startswith("costs.csv row 2: rows 2 and 3 both match ")
    assert "neither is more specific" in found[0]


def test_set_up_is_paid_lead_years_ahead_and_once(join: Join) -> None:
    # Lead of one year: open first in 2031. Being open in 2031 costs 6 in 2030; being open in 2032
    # as well takes back in 2031 what opening in 2032 would cost then.
    instance = join(AGREED.over(2030, 2031, 2032))
    setup = instance.spending[instance.spending["what"].eq("agreement set-up")]
    rows = setup.sort_values(["position", "year"])[["position", "year", "coefficient"]]
    assert rows.to_numpy().tolist() == [[0, 2030, 6.0], [0, 2031, -6.0], [1, 2031, 6.0]]
    # The existing agreement costs 1 in every year of intake, whatever is decided.
    assert spending(instance, family=CONSTANT) == {2030: 1.0, 2031: 1.0, 2032: 1.0}


def test_set_up_without_lead_is_paid_in_the_year_of_opening(join: Join) -> None:
    case = AGREED.with_(
        agreements=("AA,t,proposed,main,6,1,0", "BB,t,existing,main,0,1,0"),
    )
    instance = join(case)
    assert spending(instance, what="agreement set-up") == {2030: 6.0, 2031: 0.0}


def test_expansion_is_paid_once_and_kept_up_in_every_later_year(join: Join) -> None:
    instance = join(SERVED)
    assert spending(instance, family="expansion", position=0) == {
        2030: 5,
        2031: 1,
        2032: 1,
        2033: 1,
    }


# Diminishing returns


def test_tangents_touch_the_curve_where_it_bends() -> None:
    # Slope 1 to 4, then a half to 10 (4 + 3 = 7), then nothing.
    assert tangents([(0.0, 1.0), (4.0, 0.5), (10.0, 0.0)]) == ((1.0, 0.0), (0.5, 2.0), (0.0, 7.0))


# Limits


def test_groups_of_a_limit_take_their_own_share_of_the_attribute(join: Join) -> None:
    case = NATIONAL.with_(
        limit('measure = "slots"\nby = ["world_region"]\nat_most = { amount = 2, per = "gdp" }'),
        countries=("AA,A,Asia,1", "BB,B,Europe,3", "CC,C,Asia,5"),
    )
    joined = join(case).limits[0]
    # Asia has a gdp of 1 + 5, also C's, which sends nobody.
    assert joined.bounds[0].constant.to_dict() == {
        "world_region=Asia": 12.0, "world_region=Europe": 6.0,
    }  # fmt: skip


def test_an_amount_per_unit_counts_the_units_of_who_is_filtered_in(join: Join) -> None:
    # Asia has a gdp of 1 + 5; Europe's 3 does not count.
    case = NATIONAL.with_(
        limit(
            'measure = "slots"\nwhere = { world_region = "Asia" }\n'
            'at_most = { amount = 2, per = "gdp" }'
        ),
        countries=("AA,A,Asia,1", "BB,B,Europe,3", "CC,C,Asia,5"),
    )
    assert join(case).limits[0].bounds[0].constant.tolist() == [12.0]


def test_a_floor_may_group_by_several_attributes_of_one_table(join: Join) -> None:
    # Europe's A and Asia's B do not exist, so nobody misses their floor.
    case = NATIONAL.with_(
        limit('measure = "slots"\nby = ["country", "world_region"]\nat_least = 1')
    )
    assert list(join(case).limits[0].groups.index) == [
        "country=AA, world_region=Asia", "country=BB, world_region=Europe",
    ]  # fmt: skip


def test_a_floor_of_zero_asks_nothing_of_an_empty_group(join: Join) -> None:
    case = HOSTED.with_(
        limit('measure = "slots"\nby = ["region"]\nat_least = 0'), sites=("t,r1,,3",)
    )
    assert list(join(case).limits[0].groups.index) == ["region=r1"]


def test_optional_limits_and_commitments_outside_the_horizon_are_left_out(join: Join) -> None:
    case = NATIONAL.over(2030, 2031).with_(
        limit('measure = "slots"\nwhere = { country = "ZZ" }\nat_least = 1\noptional = true')
        + "[horizon]\nyears = [2030, 2030]\n",
        commitments=("AA,t,,2031,3,",),
    )
    instance = join(case)
    assert instance.limits == instance.commitments == ()


REFUSED_LIMITS = {
    "unknown column": (
        NATIONAL,
        'measure = "slots"\nby = ["world_regoin"]\nat_most = 3',
        "limits.l.by: 'world_regoin' is not an attribute of country, track, level, region, year, "
        "line, "
        "service\n    Expected a column of the case's tables. Maybe world_region.",
    ),
    "ambiguous name": (
        NATIONAL,
        'measure = "slots"\nwhere = { name = "Aland" }\nat_most = 3',
        "limits.l.where: 'name' may mean country.name or track.name or region.name\n"
        "    Expected one of them. Maybe country.name.",
    ),
    "value not in use": (
        NATIONAL,
        'measure = "slots"\nwhere = { world_region = "Eurpe" }\nat_most = 3',
        "limits.l.where.world_region: no country has world_region = 'Eurpe'\n"
        "    Expected one of Asia, Europe. Maybe Europe.",
    ),
    "filters that exclude each other": (
        NATIONAL,
        'measure = "slots"\nwhere = { world_region = "Asia", country = "BB" }\nat_most = 3',
        "limits.l.where: no country matches all of {'world_region': 'Asia', 'country': 'BB'}\n"
        "    Expected a filter that matches something, or optional = true.",
    ),
    "floor above the applicants": (
        NATIONAL,
        'measure = "slots"\nwhere = { country = "AA" }\nat_least = 5',
        "limits.l.at_least: the floor 5 for total is above the 4 eligible applicants\n"
        "    Expected at most 4.",
    ),
    "floor above the applicants, who come at either level": (
        NATIONAL.with_(support_levels=("t,standard,1,1", "t,intensive,1,1")),
        'measure = "slots"\nby = ["country"]\nwhere = { country = "AA" }\nat_least = 5',
        "limits.l.at_least: the floor 5 for country=AA is above the 4 eligible applicants\n"
        "    Expected at most 4.",
    ),
    "floor of a group without anybody": (
        NATIONAL.with_(countries=("AA,A,Asia,1", "BB,B,Europe,3", "CC,C,Africa,1")),
        'measure = "slots"\nby = ["world_region"]\nat_least = 1',
        "limits.l.at_least: world_region=Africa has no slots that could reach the floor\n"
        "    Expected groups with something to count, or optional = true.",
    ),
    "residents by country and region": (
        HOSTED,
        'measure = "residents"\nby = ["country", "region"]\nat_most = 3',
        "limits.l: residents are not counted by country and region together\n"
        "    Expected attributes of countries or of regions: where a stayer of one country lives "
        "is not decided.",
    ),
    "spending by country and region": (
        HOSTED,
        'measure = "spending"\nby = ["country", "region"]\nat_most = 3',
        "limits.l: spending is not counted by country and region together\n"
        "    Expected attributes of countries or of regions.",
    ),
    "spending by country with regional supplements": (
        HOSTED.with_(region_costs=("t,main,r1,1,3",)),
        'measure = "spending"\nby = ["country"]\nat_most = 30',
        "limits.l: regional supplements on main belong to no country\n"
        "    Expected lines without region_costs, or a split by region.",
    ),
    "spending by region of costs by country": (
        HOSTED.with_(costs=("t,main,1,,,,,10", "t,main,1,,BB,,,12")),
        'measure = "spending"\nby = ["region"]\nat_most = 30',
        "limits.l: costs on main differ by country\n"
        "    Expected lines whose costs are the same for every country, or a split by country.",
    ),
    "spending by region of a cost of one country": (
        HOSTED.with_(costs=("t,main,1,,AA,,,10",)),
        'measure = "spending"\nby = ["region"]\nat_most = 30',
        "limits.l: costs on main differ by country\n"
        "    Expected lines whose costs are the same for every country, or a split by country.",
    ),
    "use by country": (
        SERVED,
        'measure = "use"\nby = ["country"]\nat_most = 3',
        "limits.l: measure 'use' cannot be split or filtered by ['country']\n"
        "    Expected attributes the measure is counted by.",
    ),
    "amount per text": (
        NATIONAL,
        'measure = "slots"\nat_most = { amount = 2, per = "world_region" }',
        "limits.l.per: 'world_region' is not numeric\n    Expected a numeric attribute.",
    ),
    "amount per blank figure": (
        NATIONAL.with_(countries=("AA,A,Asia,", "BB,B,Europe,3")),
        'measure = "slots"\nat_most = { amount = 2, per = "gdp" }',
        "limits.l.per: 'gdp' is blank for AA\n    Expected a figure for every member of the group.",
    ),
    "soft limit without anything that is 100%": (
        NATIONAL.with_(countries=("AA,A,Asia,0", "BB,B,Europe,3")),
        'measure = "slots"\nby = ["country"]\nat_most = { amount = 2, per = "gdp" }\nsoft = 1',
        "limits.l.soft_base: is missing; the number is 0 for country=AA\n"
        "    Expected the number that counts as 100%.",
    ),
}


# What is neither by region nor by service is refused for that.
PLACED = ["slots", "residents", "completions", "transitions", "spending", "use"]


@pytest.mark.parametrize("measure", PLACED)
@pytest.mark.parametrize(
    "bound",
    ["1", "{ times = 0.5, measure = 'slots' }", "{ times = 0.5, previous = true }"],
)
@pytest.mark.parametrize("by", ["region", "area", "region.name"])
def test_floors_by_region_are_refused_without_regions(
    measure: str, bound: str, by: str, refusals: Callable[[SmallCase], list[str]]
) -> None:
    body = f'measure = "{measure}"\nby = ["{by}", "year"]\nat_least = {bound}'
    noun = MEASURES[measure].noun
    assert refusals(NATIONAL.over(2030, 2031).with_(limit(body))) == [
        f"policy.toml, limits.l.by: the case has no region, so no {noun} could reach the floor\n"
        "    Expected groups that the case has, or optional = true."
    ]


def test_floors_by_service_are_refused_without_services(
    refusals: Callable[[SmallCase], list[str]],
) -> None:
    case = HOSTED.with_(limit('measure = "use"\nby = ["service"]\nat_least = 1'))
    assert refusals(case)[0].startswith("policy.toml, limits.l.by: the case has no service, so")


@pytest.mark.parametrize(
    "body",
    [
        'by = ["region"]\nat_least = 0',
        'by = ["region"]\nat_least = 1\noptional = true',
        'by = ["region"]\nat_least = 1\nsoft = 1',
        'by = ["region"]\nat_most = 1',
    ],
)
def test_what_asks_nothing_without_regions_is_left_out(body: str, join: Join) -> None:
    case = NATIONAL.with_(limit(f'measure = "completions"\n{body}'))
    assert join(case).limits == ()


@pytest.mark.parametrize(
    "bound",
    ["1", "{ amount = 1, per = 'country.gdp' }", "{ times = 0.5, measure = 'completions' }"],
)
def test_floors_are_refused_where_nothing_at_all_is_counted(
    bound: str, refusals: Callable[[SmallCase], list[str]]
) -> None:
    """Nobody continues in this case, so that there are no transitions anywhere."""
    found = refusals(NATIONAL.with_(limit(f'measure = "transitions"\nat_least = {bound}')))
    assert found == [
        "policy.toml, limits.l.at_least: total has no transitions that could reach the floor\n"
        "    Expected groups with something to count, or optional = true."
    ]


@pytest.mark.parametrize("which", REFUSED_LIMITS)
def test_limits_that_cannot_be_meant(
    which: str, refusals: Callable[[SmallCase], list[str]]
) -> None:
    case, body, problem = REFUSED_LIMITS[which]
    assert refusals(case.with_(limit(body))) == [f"policy.toml, {problem}"]


def test_parts_of_a_value_that_diminishes(refusals: Callable[[SmallCase], list[str]]) -> None:
    case = NATIONAL.with_(
        'diminishing = { by = [], per = "year", breakpoints = [[0, 1]] }\n'
        + limit('measure = "value"\ngoal = "g"\nby = ["year"]\nat_least = 1')
    )
    assert refusals(case) == [
        "policy.toml, limits.l.goal: goal 'g' has diminishing returns, so its value has no parts "
        "to compare\n"
        "    Expected a limit on its whole value, or a goal without diminishing returns."
    ]


def test_diminishing_groups_that_part_of_the_value_does_not_have(
    refusals: Callable[[SmallCase], list[str]],
) -> None:
    case = HOSTED.with_(
        'region_effects = [{ stage = "enter", effect = 1 }]\n'
        'diminishing = { by = ["country"], per = "year", breakpoints = [[0, 1]] }\n'
    )
    assert refusals(case) == [
        "policy.toml, goals.g.diminishing.by: part of the value of goal 'g' belongs to no country\n"
        "    Expected groups that every effect of the goal belongs to."
    ]


# The rest of the policy


REFUSED_POLICIES = {
    "years outside the case": (
        NATIONAL.with_("[horizon]\nyears = [2029, 2030]\n"),
        "horizon.years: 2029 is not a year of case 'hand'\n    Expected years from 2030 to 2030.",
    ),
    "transfer from a line that is not there": (
        TWO_LINES.aiming_at(
            ONE_GOAL.partition("\n\n")[2]
            + '[budget]\ntransfers = [{ from = "mian", to = "help", share = 0.1 }]\n'
        ),
        "budget.transfers.1.from: case 'hand' has no budget line 'mian'\n"
        "    Expected a line of budgets. Maybe main.",
    ),
    "carry-over of a line that is not there": (
        NATIONAL.with_("[budget]\ncarry_over = { mian = 0.1 }\n"),
        "budget.carry_over.mian: case 'hand' has no budget line 'mian'\n"
        "    Expected a line of budgets. Maybe main.",
    ),
    "stability without a current plan": (
        NATIONAL.with_("[stability]\nmax_change = 0.1\n"),
        "stability: case 'hand' has no current_plan to change from\n"
        "    Expected a table current_plan with slots, or no [stability].",
    ),
    "support floor of no track": (
        NATIONAL.with_(
            '[[support_floor]]\nwhere = { pathway = "protection" }\namount_per_year = 1\n'
        ),
        "support_floor.1.where: no track matches all of {'pathway': 'protection'}\n"
        "    Expected filters that at least one track matches.",
    ),
}


@pytest.mark.parametrize("which", REFUSED_POLICIES)
def test_policies_that_do_not_fit_the_case(
    which: str, refusals: Callable[[SmallCase], list[str]]
) -> None:
    case, problem = REFUSED_POLICIES[which]
    assert refusals(case)[0] == f"policy.toml, {problem}"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            "AA,t,,2030,9,",
            "commitments.csv row 2, column at_least: 9 is above the 4 eligible applicants\n"
            "    Expected at most 4.",
        ),
        (
            "CC,t,,2030,1,",
            "commitments.csv row 2, column at_least: 1 slots are committed, but none are possible "
            "there\n    Expected an eligible country and track with a site in that year.",
        ),
    ],
)
def test_commitments_that_cannot_be_kept(
    row: str, problem: str, refusals: Callable[[SmallCase], list[str]]
) -> None:
    case = NATIONAL.with_(
        countries=("AA,A,Asia,1", "BB,B,Europe,3", "CC,C,Asia,5"), commitments=(row,)
    )
    assert refusals(case) == [problem]
