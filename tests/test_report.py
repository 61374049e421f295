"""The report: its figures, its safety, and how it looks to a browser."""

from __future__ import annotations

import dataclasses
import html
import itertools
import re
import resource
import sys
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import sync_playwright

import case_builder
from optimizer.case import Case, load_case
from optimizer.errors import OptimizerError
from optimizer.plan import Plan, empty
from optimizer.policy import Policy, load_policy
from optimizer.report import page, render_report, write_report
from optimizer.report.blocks import Bars, Details, Panels, Section, Text, TileMaps
from optimizer.report.colours import Colour
from optimizer.report.figures import SPACE
from optimizer.report.headline import _by_stage
from optimizer.report.limits import bounds_in_words
from optimizer.report.material import gather
from optimizer.report.pictures import NO_SPACE, drawn_picture
from optimizer.session.solving import solve

HOSTILE = "<script>alert(1)</script>"
QUOTED = "\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"
POLICY = """\
schema = 1
title = "Growth and trust"
why = \"\"\"Because growth pays
for everything.

And trust lasts.\"\"\"
[horizon]
discount = 0.03
[goals.growth]
weight = 2
why = "People who study here trade with us."
[[goals.growth.effects]]
where = { pathway = "study" }
stage = "enter"
effect = 1
[[goals.growth.effects]]
stage = "return"
effect = 0.5
"""
LIMITS = """\
[goals.burden]
weight = -0.5
scale = 200
[[goals.burden.effects]]
stage = "continue"
effect = 1
[[limits]]
name = "one_partner"
measure = "slots"
by = ["country", "year"]
at_most = { times = 0.9, measure = "slots", by = ["year"] }
why = "Not all from one partner."
[[limits]]
name = "cheap"
measure = "spending"
where = { purpose = "integration" }
at_most = 1000
soft = 0.01
[[support_floor]]
where = { pathway = "study" }
amount_per_year = 0
why = "Nobody is left alone."
[budget]
transfers = [{ from = "grants", to = "welcome", share = 0.1 }]
carry_over = 0.05
[stability]
max_change = 20.0
"""


@dataclasses.dataclass(frozen=True)
class Made:
    """A plan with what it was made of."""

    plan: Plan
    case: Case
    policy: Policy

    @property
    def page(self) -> str:
        return render_report(self.plan, self.case, self.policy)


def made(folder: Path, files: dict[str, str], policy: str) -> Made:
    case = load_case(case_builder.write_case(folder / "case", files))
    path = folder / "policy.toml"
    path.write_text(policy, encoding="utf-8")
    loaded = load_policy(path)
    return Made(solve(loaded, case), case, loaded)


def hostile_case() -> dict[str, str]:
    """The full case with tiles for all regions, and markup in every text a planner writes."""
    files = case_builder.full_case()
    quoted = '"' + QUOTED.replace('"', '""') + '"'
    for file, old, new in (
        ("countries.csv", "South Korea", HOSTILE),
        ("tracks.csv", "Joint research", HOSTILE),
        ("regions.csv", "Miyagi", HOSTILE),
        ("regions.csv", "osaka,Osaka,Kinki,,", f"osaka,{quoted},Kinki,3,4"),
        ("case.toml", "Two countries, two regions", HOSTILE),
    ):
        files = case_builder.changed(files, file, old, new)
    files["commitments.csv"] = (
        f"country,track,region,year,at_least,at_most,source,note\nKOR,,,2027,5,,assumption,{HOSTILE}\n"
    )
    return files


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Everything a case and a policy can have, and markup in the names."""
    policy = POLICY.replace("Growth and trust", HOSTILE) + LIMITS
    return made(tmp_path_factory.mktemp("full"), hostile_case(), policy)


@pytest.fixture(scope="module")
def national(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A case without regions, services, agreements and integration money, in one year."""
    files = case_builder.smallest_case()
    files["case.toml"] = files["case.toml"].replace("[2027, 2028]", "[2027]")
    files["budgets.csv"] = "line,year,agency,amount_jpy\ngrants,2027,MEXT,100000\n"
    files["tracks.csv"] = files["tracks.csv"].replace("inbound,2,", "inbound,1,")
    return made(tmp_path_factory.mktemp("national"), files, POLICY)


def text_of(source: str) -> str:
    """What a reader sees: without markup, spaces folded."""
    body = source[source.index("<body>") :]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def row_of(source: str, caption: str, name: str) -> list[str]:
    """Cells of the row of one name in the table of one caption."""
    table = source[source.index(f"<caption>{caption}") :]
    table = table[: table.index("</table>")]
    row = next(row for row in table.split("<tr")[1:] if f">{name}</th>" in row)
    return [html.unescape(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", row)]


def test_figures_are_those_of_the_plan(national: Made) -> None:
    # 100 slots of 1,000 each use up the budget of 100,000, and each earns 1 + 0.5 x 0.9.
    assert national.plan.slots_total == 100
    seen = text_of(national.page)
    assert "Slots 100 new participants, 2027" in seen
    assert "Spending 100,000 JPY 100% of the budgets, 2027" in seen
    assert f"Points {national.plan.objective:,.2f} out of 100" in seen
    assert "The best plan under this policy, proven" in seen
    assert "Budget lines used up: Grants (1 year)." in seen
    assert "2 of 3 Grants · 2027: 100,000 of 100,000" in seen
    assert row_of(national.page, "Slots by track and year", "Study") == ["100", "100"]
    assert row_of(national.page, "Money by line and year", "Grants")[2] == "0.1"


def test_national_case_of_one_year_leaves_out_what_it_has_not(national: Made) -> None:
    seen = text_of(national.page)
    for said in (
        "No budget line of this case pays for integration",
        "Nobody uses a local service in this case.",
        "No track needs an agreement.",
        "The policy sets no limits and the case makes no commitments.",
        "No row of the case is marked as an assumption.",
    ):
        assert said in seen
    assert "Slots by host region" not in seen


def test_what_a_case_has_not_is_not_explained(national: Made, full: Made) -> None:
    # No agreements, no money that moves, no regions: nothing is said of them, but where they are.
    for said in ("Agreements opened", "The money of a year is", "Room in one region"):
        assert said not in text_of(national.page)
    assert "Agreements opened" in text_of(full.page)
    assert "budget of the year (tick)" in text_of(national.page)


def test_tables_add_up_to_the_plan(full: Made) -> None:
    slots = full.plan.slots
    cells = row_of(full.page, "Slots by country and year", "France")
    expected = slots[slots["country"].eq("FRA")].groupby("year")["slots"].sum()
    assert [int(cell.replace("·", "0")) for cell in cells[:2]] == [
        int(expected.get(year, 0)) for year in (2027, 2028)
    ]
    assert int(cells[2].replace(",", "").replace("·", "0")) == int(expected.sum())


def test_page_says_what_limits_measure_and_why(full: Made) -> None:
    seen = text_of(full.page)
    assert "Because growth pays for everything. And trust lasts." in seen
    assert "Not all from one partner." in seen
    assert "Nobody is left alone." in seen
    assert "slots of each country and year at most 90% of slots of the same year" in seen
    assert "Grants may pass up to 10% of its own budget to Welcome." in seen
    assert "Change against the current plan (% of today's slots)" in seen
    assert "Assumptions in commitments" in seen
    assert "Version of pyomo" in seen


def test_bounds_in_words(full: Made) -> None:
    cheap = next(limit for limit in full.policy.limits if limit.name == "cheap")
    said = "spending (purpose integration) at most 1,000, 0.01 points per 1% missed"
    assert bounds_in_words(cheap) == said


def sections_of(it: Made) -> list[Section]:
    """Sections of the page that have something to show."""
    material = gather(it.plan, it.case, it.policy)
    return [told for section in page.SECTIONS if (told := section(material)) is not None]


def charts(it: Made) -> list[Bars | Panels | TileMaps]:
    """All charts of the page."""
    blocks = [block for section in sections_of(it) for block in section.blocks]
    for block in blocks:
        blocks.extend(block.blocks if isinstance(block, Details) else ())
    return [block for block in blocks if isinstance(block, Bars | Panels | TileMaps)]


def marks_of(chart: Bars | Panels | TileMaps) -> tuple[set[Colour], bool]:
    """Colours that a chart draws with, and whether it has strokes."""
    if isinstance(chart, TileMaps):
        return {tile.colour for each in chart.maps for tile in each.tiles}, False
    if isinstance(chart, Bars):
        colours = {piece.colour for bar in chart.bars for piece in bar.pieces}
        return colours, any(bar.mark is not None for bar in chart.bars)
    columns = [column for each in chart.panels for column in each.columns]
    colours = {column.colour for column in columns if column.height}
    return colours, any(column.mark is not None for column in columns)


@pytest.mark.parametrize("name", ["full", "national", "later"])
def test_legends_name_every_colour_and_stroke(name: str, request: pytest.FixtureRequest) -> None:
    found = charts(request.getfixturevalue(name))
    assert len(found) > 4
    for chart in found:
        colours, has_strokes = marks_of(chart)
        keys = {key.colour for key in chart.legend if not key.is_stroke}
        # A chart of one colour needs no legend: its title says what it shows.
        assert colours <= keys or (len(colours) < 2 and not chart.legend), chart.title
        assert has_strokes == any(key.is_stroke for key in chart.legend), chart.title
        labels = [key.label for key in chart.legend]
        assert len(set(labels)) == len(labels), chart.title


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A service that is used after the last intake, and full in one of two regions."""
    files = case_builder.full_case()
    files["service_use.csv"] = (
        "track,service,year_of_stay,level,band,entry,units\n"
        "study,language,1,,,,1\nstudy,language,2,,,,1\nlab,language,1,,,,1\n"
    )
    return made(tmp_path_factory.mktemp("later"), files, POLICY)


def test_service_says_how_much_of_all_capacity_is_used_where_regions_are_full(later: Made) -> None:
    use = later.plan.tables["services"].assign(use=0.0, capacity=0.0)
    # Miyagi is full with 10 of 10, Osaka uses 30 of 90: 40% of all capacity, 1 of 2 regions full.
    use.loc[use["region"].eq("miyagi") & use["year"].eq(2027), ["use", "capacity"]] = 10.0
    use.loc[use["region"].eq("osaka") & use["year"].eq(2027), ["use", "capacity"]] = 30.0, 90.0
    plan = dataclasses.replace(later.plan, tables={**later.plan.tables, "services": use})
    seen = text_of(render_report(plan, later.case, later.policy))
    assert "most in 2027: 40% of all capacity, 1 of 2 regions full" in seen
    assert "Where local support is full: language in up to 1 of 2 regions (2027)." in seen


def test_line_spends_no_more_than_the_money_it_has(full: Made) -> None:
    money = full.plan.tables["spending"].copy()
    # Grants get 30 from another line: 130 of 130 are spent, though the own budget is 100.
    first = money.index[money["line"].eq("grants") & money["year"].eq(2027)][0]
    money.loc[money["line"].eq("grants"), money.columns[4:]] = 0.0
    cells = {"budget": 100.0, "received": 30.0, "spent": 130.0}
    money.loc[first, list(cells)] = list(cells.values())
    plan = dataclasses.replace(full.plan, tables={**full.plan.tables, "spending": money})
    (chart,) = (
        chart
        for chart in charts(Made(plan, full.case, full.policy))
        if chart.title == "Spending by line and year"
    )
    assert isinstance(chart, Panels)
    grants = chart.panels[0]
    assert grants.small.replace(SPACE, " ") == "MEXT: 130, 100% of 130 (own budget 100)"
    for column in (column for each in chart.panels for column in each.columns):
        assert column.mark is not None
        assert column.height <= column.mark + 1e-9


def test_losses_at_one_stage_do_not_add_to_the_bar(full: Made) -> None:
    stages = pd.DataFrame(
        {"goal": ["growth"] * 2, "stage": ["enter", "return"], "raw": [10.0, -4.0]}
    )
    # 6 raw units are 3 points: 5 on entry, of which 2 are lost again on going home.
    assert _by_stage(stages, "growth", 3.0) == {"enter": (5.0, 1.0)}
    stages["raw"] = [10.0, 5.0]
    parts = _by_stage(stages, "growth", 3.0)
    assert list(parts) == ["enter", "return"]
    assert parts["enter"] == pytest.approx((2.0, 2 / 3))
    assert parts["return"] == pytest.approx((1.0, 1 / 3))


def test_groups_that_are_not_shown_are_not_said_to_have_room(full: Made) -> None:
    rules = full.plan.tables["rules"]
    row = rules[rules["key"].str.startswith("one_partner")].head(1)
    many = pd.concat([rules, *[row.assign(slack=0.0)] * 20], ignore_index=True)
    plan = dataclasses.replace(full.plan, tables={**full.plan.tables, "rules": many})
    seen = text_of(render_report(plan, full.case, full.policy))
    assert "more have room" not in seen
    assert "the tightest 12 of each (" in seen


def test_region_without_tile_gives_bars(tmp_path: Path) -> None:
    source = made(tmp_path, case_builder.full_case(), POLICY).page
    bars = source[source.index("<h3>Slots by host region</h3>") :]
    assert 'class="bar-label">Osaka' in bars
    assert 'class="tile-name"' not in source


def test_every_text_from_inputs_is_escaped(full: Made) -> None:
    source = full.page
    assert HOSTILE not in source
    assert "<img" not in source
    assert "<script" not in source
    for text in (HOSTILE, QUOTED):
        assert html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in source
    # The region's name stands in the drawing of the map as well, cut to the width of its tile.
    assert re.search(r"<g transform[^>]*><title>&lt;script&gt;alert\(1\)", source)


def test_page_is_the_same_every_time(full: Made, tmp_path: Path) -> None:
    write_report(full.plan, full.case, full.policy, tmp_path / "one.html")
    write_report(full.plan, full.case, full.policy, tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_page_names_no_address(full: Made) -> None:
    source = full.page
    assert "://" not in source
    assert not re.search(r"""\b(?:src|href)=["'](?!#|data:,)""", source)
    assert "@import" not in source
    assert "url(" not in source


def test_broken_plan_is_called_broken(full: Made) -> None:
    rules = full.plan.tables["rules"].copy()
    first = rules.index[rules["rule"].eq("spending_within_budget")][0]
    rules.loc[first, "slack"] = -1000.0
    rules.loc[first, "broken"] = True
    tables = {**full.plan.tables, "rules": rules}
    plan = dataclasses.replace(full.plan, tables=tables, bound=None, gap=None)
    seen = text_of(render_report(plan, full.case, full.policy))
    assert "This plan breaks rules in 1 place" in seen
    assert "how far it is from the best plan is not known" in seen
    assert "Rules that are broken" in seen
    assert "keeps every rule" not in seen


def test_plan_without_slots_has_a_page(national: Made) -> None:
    nothing = dataclasses.replace(national.plan.decisions, slots=empty("slots"))
    plan = dataclasses.replace(national.plan, decisions=nothing)
    assert "The plan gives no slots at all." in text_of(
        render_report(plan, national.case, national.policy)
    )


def test_missing_library_is_said(national: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    page.environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(OptimizerError) as caught:
        render_report(national.plan, national.case, national.policy)
    page.environment.cache_clear()
    assert str(caught.value) == (
        'the report needs jinja2, which is missing: pip install "talent-optimizer[report]"'
    )


def test_in_a_browser(full: Made, chromium: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(full.plan, full.case, full.policy, path)
    requests: list[str] = []
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium), args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.on("request", lambda request: requests.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("dialog", lambda dialog: said.append(dialog.message))
        tab.goto(path.as_uri())
        headings = tab.locator("main h2")
        assert headings.count() == len(sections_of(full))
        assert all(headings.nth(place).is_visible() for place in range(headings.count()))
        assert tab.locator("h1").inner_text() == HOSTILE
        assert not tab.locator("details table").first.is_visible()
        levels = tab.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(h => +h.tagName[1])")
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        unnamed = "svg[role=img]:not(:has(> title)), table:not(:has(> caption))"
        assert tab.locator(unnamed).count() == 0
        tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        for width in (390, 360):
            tab.set_viewport_size({"width": width, "height": 800})
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
        tab.emulate_media(media="print")
        assert tab.locator("details table").first.is_visible()
        browser.close()
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
    assert said == []


def test_a_policy_whose_limits_are_all_soft_has_a_report(tmp_path: Path) -> None:
    # No checked row belongs to a limit then: the rows that are shown are those of the soft limit
    # alone.
    limit = """
[[limits]]
name = "few"
measure = "slots"
at_most = 1
soft = 1
"""
    page = made(tmp_path, case_builder.smallest_case(), POLICY + limit).page
    assert "few" in page


def test_charts_are_left_out_where_address_space_is_limited() -> None:
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2**46, limits[1]))
    try:
        shown = drawn_picture("a", "b", lambda: pytest.fail("nothing is drawn"))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    assert shown == Text((NO_SPACE,), tone="note")
