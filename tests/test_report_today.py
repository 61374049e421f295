"""The report beside today: slots, expected people, regions, sectors, returns and ranks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from golden.small_cases import HOSTED, NATIONAL, SmallCase
from optimizer import load_case, load_policy
from optimizer.plan import Decisions
from optimizer.plan.checking import recomputed
from optimizer.report.blocks import Bars, Block, Details, Panels, Section, Table, Text
from optimizer.report.headline import headline
from optimizer.report.living import living_section
from optimizer.report.material import Material, gather
from optimizer.report.ranks import ranks_section
from optimizer.report.returning import returning_blocks
from optimizer.report.sectors import sectors_section
from optimizer.report.slots import slots_section
from optimizer.report.today import Change, change_findings, today_blocks


def material(case: SmallCase, folder: Path, *rows: str, **decisions: pd.DataFrame) -> Material:
    """A plan of slots by hand: country, track, region, year, slots in every row."""
    files, policy_file = case.write(folder)
    loaded, policy = load_case(files), load_policy(policy_file)
    cells = [row.split(",") for row in rows]
    slots = pd.DataFrame(cells, columns=["country", "track", "region", "year", "slots"])
    slots.insert(2, "level", "standard")
    slots = slots.astype({"year": "int64", "slots": "int64"})
    plan = recomputed(Decisions(slots=slots, **decisions), policy, loaded)
    return gather(plan, loaded, policy)


def all_of(blocks: list[Block] | tuple[Block, ...]) -> list[Block]:
    """Blocks with those that stand behind a line."""
    found: list[Block] = []
    for block in blocks:
        found += [block, *(all_of(block.blocks) if isinstance(block, Details) else [])]
    return found


def rows_of(blocks: list[Block] | tuple[Block, ...], caption: str) -> list[list[str]]:
    """Cells of the one table whose caption begins so."""
    (table,) = (
        block
        for block in all_of(blocks)
        if isinstance(block, Table) and block.caption.startswith(caption)
    )
    return [[cell.text for cell in row] for row in table.rows]


def said(blocks: list[Block] | tuple[Block, ...]) -> list[str]:
    """Every paragraph."""
    return [
        text for block in all_of(blocks) if isinstance(block, Text) for text in block.paragraphs
    ]


def blocks_of(section: Section | None) -> tuple[Block, ...]:
    assert section is not None
    return section.blocks


TWO_TRACKS = (
    "t,T,study,M,care,inbound,1,0,no,1,yes",
    "u,Umea,training,M,farms,inbound,1,0,no,1,no",
)
TODAY = NATIONAL.over(2030, 2031).with_(
    tracks=TWO_TRACKS,
    applicants=("AA,t,,9", "BB,t,,9", "BB,u,,9"),
    current_plan=("AA,t,,4", "BB,t,,2", "BB,u,,2"),
)
"""Eight slots of a year today: four of A and four of B, six on t and two on u."""

PLANNED = ("AA,t,,2030,2", "AA,t,,2031,3", "BB,u,,2030,4", "BB,u,,2031,1")
"""Five slots of a year on average: 2.5 of A on t, 2.5 of B on u."""


@pytest.mark.parametrize(
    ("today", "planned", "words", "count", "share"),
    [
        # Both are printed as 1,000: no change is claimed.
        (1000.4, 999.6, "as many as today", "0", "0.0%"),
        (1000.0, 1001.0, "1 more than today, 0.1%", "+1", "+0.1%"),
        (400.0, 300.0, "100 fewer than today, 25.0%", "−100", "−25.0%"),
        (8.0, 7.5, "0.50 fewer than today, 6.2%", "−0.50", "−6.2%"),
        (0.0, 20.0, "20 more than today", "+20", ""),
        (20.0, 0.0, "20 fewer than today, 100.0%", "−20", "−100.0%"),
    ],
)
def test_change_is_that_of_printed_figures(
    today: float, planned: float, words: str, count: str, share: str
) -> None:
    change = Change(today, planned)
    assert (change.in_words, change.count, change.share) == (words, count, share)


def test_headline_compares_a_year_on_average_with_today(tmp_path: Path) -> None:
    blocks = headline(material(TODAY, tmp_path, *PLANNED)).blocks
    facts = {fact.label: (fact.value, fact.note) for fact in blocks[0].facts}  # type: ignore[union-attr]
    assert facts["Slots a year"] == ("5", "on average, 3 fewer than today, 37.5%")
    told = "The plan gives 5 slots a year on average, 3 fewer than today, 37.5%; today there are 8."
    assert told in said(blocks)


def test_every_track_and_country_stands_beside_today(tmp_path: Path) -> None:
    blocks = slots_section(material(TODAY, tmp_path, *PLANNED)).blocks
    assert rows_of(blocks, "Plan against today, by track") == [
        ["T", "6", "2.50", "−3.50", "−58.3%"],
        ["Umea", "2", "2.50", "+0.50", "+25.0%"],
        ["Total", "8", "5", "−3", "−37.5%"],
    ]
    assert rows_of(blocks, "Plan against today, by country")[:2] == [
        ["Aland", "4", "2.50", "−1.50", "−37.5%"],
        ["Bland", "4", "2.50", "−1.50", "−37.5%"],
    ]
    assert said(blocks) == [
        "Against today, the countries that lose most slots a year: Aland (−1.50, −37.5%) and "
        "Bland (−1.50, −37.5%)."
    ]
    panels = next(each for each in blocks if isinstance(each, Panels))
    assert panels.panels[0].small == "5 in all; 2.50 a year, today 6"
    assert [column.tip for column in panels.panels[1].columns] == [
        "2030: 4 slots (today 2 slots)",
        "2031: 1 slots (today 2 slots)",
    ]
    # Twice four slots of a year today are a stroke at 8, beyond the five of the plan.
    bars = next(each for each in blocks if isinstance(each, Bars) and "country" in each.title)
    assert [(bar.value, bar.mark) for bar in bars.bars] == [("5", 100.0), ("5", 100.0)]


def test_a_track_that_is_given_up_is_still_compared(tmp_path: Path) -> None:
    blocks = slots_section(material(TODAY, tmp_path, "AA,t,,2030,2")).blocks
    rows = rows_of(blocks, "Plan against today, by track")
    assert rows[1] == ["Umea", "2", "0", "−2", "−100.0%"]
    panels = next(each for each in blocks if isinstance(each, Panels))
    assert [each.title for each in panels.panels] == ["T", "Umea"]


def test_nothing_is_said_of_today_where_it_is_not_known(tmp_path: Path) -> None:
    it = material(TODAY.with_(current_plan=()), tmp_path, *PLANNED)
    assert change_findings(it) == []
    assert today_blocks(it) == []
    shown = headline(it).blocks[0]
    assert "Slots a year" not in [fact.label for fact in shown.facts]  # type: ignore[union-attr]
    panels = next(each for each in slots_section(it).blocks if isinstance(each, Panels))
    assert panels.panels[0].small == "5 in all"
    assert {column.mark for each in panels.panels for column in each.columns} == {None}


EXPECTING = TODAY.with_(
    tracks=(
        "track,name,pathway,agency,sector,direction,duration_years,min_cohort,needs_agreement,"
        "completion_rate,returns_home,allocation",
        "t,T,study,M,care,inbound,1,0,no,1,no,planned",
        "f,Fano,study,M,care,inbound,1,0,no,1,no,forecast",
    ),
    applicants=("AA,t,,9",),
    costs=("t,main,1,,,,,0", "f,main,1,,,,,0"),
    forecasts_by_country=("AA,f,2030,3,,", "AA,f,2031,5,,"),
    current_plan=("AA,t,,4", "BB,f,,2"),
)


def test_expected_people_are_compared_apart(tmp_path: Path) -> None:
    # Four a year come by forecast on average, and two do today; slots are four, as today.
    it = material(EXPECTING, tmp_path, "AA,t,,2030,4", "AA,t,,2031,4")
    assert change_findings(it) == [
        "The plan gives 4 slots a year on average, as many as today; today there are 4.",
        "Besides, 4 people a year come by forecast, 2 more than today, 100.0%.",
    ]
    blocks = today_blocks(it)
    assert rows_of(blocks, "Plan against today, by track")[0] == ["T", "4", "4", "0", "0.0%"]
    assert rows_of(blocks, "Expected by forecast against today")[0][:4] == ["Fano", "2", "4", "+2"]
    assert said(blocks) == []
    unknown = material(EXPECTING.with_(current_plan=("AA,t,,4",)), tmp_path / "b", "AA,t,,2030,8")
    assert change_findings(unknown)[1] == "Besides, 4 people a year come by forecast."


PLACES = TODAY.with_(
    regions=("r1,R,east,2", "r2,S,west,5"),
    sites=("t,r1,,9", "t,r2,,9", "u,r2,,9"),
)
PLACED = ("AA,t,r1,2030,2", "AA,t,r2,2031,4", "BB,u,r2,2030,4")
BY_REGION = "Plan against today, by region"


def test_regions_are_left_out_with_a_reason_where_today_is_not_known(tmp_path: Path) -> None:
    blocks = today_blocks(material(PLACES, tmp_path, *PLACED))
    assert said(blocks)[-1] == (
        "Regions are not compared with today: the case divides today's slots by country and track "
        "only. Rows of current_plan_by_region would say where they are."
    )
    assert BY_REGION not in " ".join(
        block.caption for block in all_of(blocks) if isinstance(block, Table)
    )


def test_regions_are_compared_on_the_tracks_that_are_divided(tmp_path: Path) -> None:
    # t: 2 of 6 slots in r1 today and 1 a year in the plan, 4 and 2 in r2; u is not divided.
    case = PLACES.with_(current_plan_by_region=("t,r1,2", "t,r2,4"))
    blocks = today_blocks(material(case, tmp_path, *PLACED))
    assert said(blocks)[-1] == "By region, today is known of some tracks only; without Umea."
    divided = [
        ["R", "2", "1", "−1", "−50.0%"],
        ["S", "4", "2", "−2", "−50.0%"],
        ["Total", "6", "3", "−3", "−50.0%"],
    ]
    assert rows_of(blocks, BY_REGION) == divided
    first, second = (block for block in blocks if isinstance(block, Bars))
    assert first.title == "Slots by host region against today: Today"
    assert [(bar.label, bar.value) for bar in first.bars] == [("S", "4"), ("R", "2")]
    # Both are drawn on one scale.
    assert [bar.pieces[0].length for bar in second.bars] == [50.0, 25.0]
    # Nothing is left out where u is divided as well, in either table.
    whole = case.with_(current_plan=("AA,t,,4", "BB,t,,2", "BB,u,r2,2"))
    blocks = today_blocks(material(whole, tmp_path / "whole", *PLACED))
    assert rows_of(blocks, BY_REGION)[1] == ["S", "6", "4", "−2", "−33.3%"]
    assert not [text for text in said(blocks) if "region" in text]


LIVING = PLACES.with_(
    regions=("region,name,area,jobs,residents_today", "r1,R,east,2,10", "r2,S,west,5,2"),
)


def test_residents_stand_beside_those_of_today(tmp_path: Path) -> None:
    # In 2030 2 live in r1 and 4 in r2, of tracks of one year; in 2031 4 in r2 alone.
    blocks = blocks_of(living_section(material(LIVING, tmp_path, *PLACED)))
    assert said(blocks) == [
        "4 residents in 2031, and most, 6, in 2030.",
        "More residents in 2031 than live there today: S (200% of today's).",
        "More residents in 2030 than live there today: S (200% of today's).",
    ]
    assert rows_of(blocks, "Residents by region") == [
        ["R", "0", "2", "10", "0.0%", "20.0%"],
        ["S", "4", "4", "2", "200.0%", "200.0%"],
    ]
    # Without tiles there are bars, the largest first.
    bars = [block for block in blocks if isinstance(block, Bars)]
    assert [chart.title for chart in bars] == [
        "Residents by region: 2031, the last planned year",
        "Residents by region: 2030, with most residents",
        "Residents against today's: 2031, the last planned year",
        "Residents against today's: 2030, with most residents",
    ]
    assert [(bar.label, bar.value) for bar in bars[1].bars] == [("S", "4"), ("R", "2")]


def test_residents_of_today_may_be_unknown_and_national_cases_have_none(tmp_path: Path) -> None:
    blocks = blocks_of(living_section(material(PLACES, tmp_path, *PLACED)))
    assert rows_of(blocks, "Residents by region")[1] == ["S", "4", "4"]
    assert len([block for block in blocks if isinstance(block, Bars)]) == 2
    assert living_section(material(TODAY, tmp_path / "national", *PLANNED)) is None


CONTINUING = HOSTED.with_(
    tracks=(
        "t,T,study,M,care,inbound,1,0,no,1,yes",
        "u,U,skilled_work,M,farms,inbound,1,0,no,1,no",
    ),
    continuations=("t,u,0.5",),
    regions=("region,name,area,jobs,residents_today", "r1,R,east,2,30", "r2,S,west,5,10"),
    sites=("t,r1,,9", "u,r1,,9", "u,r2,,9"),
    costs=("t,main,1,,,,,0", "u,main,1,,,,,0"),
).moving("free")


def continuing(folder: Path) -> Material:
    """Of four who complete, two go home and two continue: one half of a person in r1."""
    moved = pd.DataFrame(
        {"country": ["AA"], "track": ["t"], "next_track": ["u"], "year": [2031], "persons": [2.0]}
    )
    lives = pd.DataFrame({"region": ["r1", "r2"], "persons": [0.5, 1.5]})
    lives = lives.assign(track="t", next_track="u", group="all", year=2031)
    return material(
        CONTINUING, folder, "AA,t,r1,2030,4", transitions=moved, transitions_by_region=lives
    )


def test_those_who_continue_are_set_beside_todays_residents(tmp_path: Path) -> None:
    blocks = blocks_of(living_section(continuing(tmp_path)))
    assert said(blocks)[-1] == (
        "Of 2 expected persons who continue 2031, 100% come to live in R and S, where 100% of "
        "today's residents live."
    )
    assert rows_of(blocks, "Where those who continue live") == [
        ["R", "0.5", "25.0%", "75.0%"],
        ["S", "1.5", "75.0%", "25.0%"],
    ]


def test_results_by_sector_add_up_tracks(tmp_path: Path) -> None:
    blocks = blocks_of(sectors_section(continuing(tmp_path)))
    assert rows_of(blocks, "Completions by sector")[0] == ["Care", "4", "4"]
    assert rows_of(blocks, "People who continue by sector")[0][0] == "Care"
    assert rows_of(blocks, "Returns home by sector")[0] == ["Care", "2", "2"]


def test_slots_of_sectors_stand_beside_today(tmp_path: Path) -> None:
    blocks = blocks_of(sectors_section(material(TODAY, tmp_path, *PLANNED)))
    assert rows_of(blocks, "Slots by sector and year") == [
        ["Care", "2", "3", "5"],
        ["Farms", "4", "1", "5"],
        ["Total", "6", "4", "10"],
    ]
    panels = next(each for each in blocks if isinstance(each, Panels))
    assert panels.panels[0].columns[0].tip == "2030: 2 slots (today 6 slots)"
    # A sector that is given up is shown; a single one is the plan itself.
    blocks = blocks_of(sectors_section(material(TODAY, tmp_path / "one", "AA,t,,2030,2")))
    panels = next(each for each in blocks if isinstance(each, Panels))
    assert [each.title for each in panels.panels] == ["Care", "Farms"]
    assert sectors_section(material(NATIONAL, tmp_path / "none", "AA,t,,2030,2")) is None


def test_returns_add_up_to_the_last_planned_year_and_beyond(tmp_path: Path) -> None:
    # All of t go home a year after they came: those of 2030 in 2031, those of 2031 later.
    plan = material(TODAY, tmp_path, "AA,t,,2030,2", "AA,t,,2031,3", "BB,t,,2031,4", "BB,u,,2030,1")
    assert rows_of(returning_blocks(plan), "People who have completed and gone home") == [
        ["Aland", "2", "5"],
        ["Bland", "0", "4"],
        ["All countries", "2", "9"],
    ]
    assert returning_blocks(material(TODAY, tmp_path / "none", "BB,u,,2030,4")) == []


def test_the_first_ten_countries_are_shown_and_all_stand_behind(tmp_path: Path) -> None:
    names = [f"{letter}{letter}" for letter in "ABCDEFGHIJKL"]
    case = TODAY.with_(
        countries=tuple(f"{name},Land {name},Asia,{place}" for place, name in enumerate(names)),
        applicants=tuple(f"{name},t,,99" for name in names),
        current_plan=(),
    )
    slots = [f"{name},t,,2030,{place + 1}" for place, name in enumerate(names)]
    shown, behind = returning_blocks(material(case, tmp_path, *slots))
    assert isinstance(shown, Table)
    assert [row[0].text for row in shown.rows][:2] == ["Land LL", "Land KK"]
    assert [cell.text for cell in shown.rows[-1]] == ["All countries", "78", "78"]
    assert len(shown.rows) == 11
    assert len(rows_of([behind], "People who have completed")) == 13


SCORED = NATIONAL.with_(
    countries=("AA,Aland,Asia,2", "BB,Bland,Europe,3", "CC,Cland,Asia,1"),
).aiming_at(
    """[goals.trust]
weight = 1
scale = "none"
indicators = [{ column = "gdp" }]
effects = [{ stage = "enter", effect = 1 }]
"""
)


def test_ranks_have_the_bands_of_the_case(tmp_path: Path) -> None:
    # B has the highest figure and scores 1, C the lowest and scores nothing.
    case = SCORED.with_(rank_bands=("trust,BB,1,1,2", "trust,CC,3,2,3", "other,AA,1,1,1"))
    blocks = blocks_of(ranks_section(material(case, tmp_path, "AA,t,,2030,1")))
    assert rows_of(blocks, "Best-scored countries by goal") == [
        ["Trust", "Bland (1, band 1–2); Aland (2, band unknown)"]
    ]
    assert rows_of(blocks, "Trust: the 2 best-scored of 3 countries") == [
        ["Bland", "1.000", "1", "1–2"],
        ["Aland", "0.500", "2", "unknown"],
    ]
    (chart,) = (block for block in all_of(blocks) if isinstance(block, Bars))
    first, second = chart.bars
    assert [(piece.start, piece.length) for piece in first.pieces] == [(0.0, 100.0)]
    assert (first.mark, second.mark, second.pieces) == (25.0, 75.0, ())
    assert len(said(blocks)) == 1


def test_ranks_of_another_policy_are_called_so(tmp_path: Path) -> None:
    case = SCORED.with_(rank_bands=("trust,AA,1,1,1", "trust,BB,2,2,2"))
    blocks = blocks_of(ranks_section(material(case, tmp_path, "AA,t,,2030,1")))
    assert said(blocks)[1] == (
        "2 ranks under this policy are not those that the bands were drawn for (Trust): its "
        "indicators or weights are others."
    )
    assert ranks_section(material(SCORED, tmp_path / "none", "AA,t,,2030,1")) is None


def test_countries_of_one_score_share_the_best_rank(tmp_path: Path) -> None:
    case = SCORED.with_(
        countries=("AA,Aland,Asia,5", "BB,Bland,Asia,1", "CC,Cland,Asia,5", "DD,D,Asia,3")
    )
    table = material(case, tmp_path, "AA,t,,2030,1").table("country_scores")
    assert table.to_numpy().tolist() == [
        ["trust", "AA", 1.0, 1],
        ["trust", "CC", 1.0, 1],
        ["trust", "DD", 0.5, 3],
        ["trust", "BB", 0.0, 4],
    ]
