"""The planner's page in a browser: by keyboard and by mouse, wide and narrow, and to be read."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

import case_builder
from desks import CLASH, TINY, Served, is_planned, own_tiny, served
from optimizer.app.opening import desk_of
from test_report import HOSTILE, POLICY, hostile_case

WIDTHS = (pytest.param(1280, marks=pytest.mark.slow), 390)
IS_PLAN = "This is the plan."
expect.set_options(timeout=20_000)
LEAST_CONTRAST = 4.5
"""Of text and its background, by WCAG 2 level AA."""

OPEN_ALL = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"

CONTRASTS = """() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return [255, 255, 255, 1];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.matches(":disabled")) continue;
    const a = light(parse(getComputedStyle(element).color)), b = light(behind(element));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < LEAST) found.push([element.tagName, element.textContent.slice(0, 40), contrast]);
  }
  return found;
}""".replace("LEAST", str(LEAST_CONTRAST))

UNNAMED = """() => [...document.querySelectorAll("button, input, select, table, summary")]
  .filter((each) => {
    if (!each.checkVisibility()) return false;
    const label = each.labels?.[0]?.textContent || each.getAttribute("aria-label");
    const own = each.matches("button, summary") ? each.textContent : each.caption?.textContent;
    return !(label || own || "").trim();
  }).map((each) => each.outerHTML.slice(0, 120))"""


@dataclass
class Looked:
    """A page, and what it said and asked for."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as driver:
        found = driver.chromium.launch(
            executable_path=str(chromium), args=["--no-sandbox", "--disable-gpu"]
        )
        yield found
        found.close()


@pytest.fixture(scope="module")
def tiny() -> Iterator[Served]:
    with served() as found:
        found.until(is_planned)
        yield found


@contextmanager
def looked_at(browser: Browser, found: Served, width: int) -> Iterator[Looked]:
    """The page of a desk, which says nothing on its console and asks nobody else for anything."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(20_000)
    looked = Looked(page)
    page.on("console", lambda message: looked.said.append(message.text))
    page.on("pageerror", lambda error: looked.said.append(str(error)))
    page.on("dialog", lambda dialog: looked.said.append(dialog.message))
    page.on("request", lambda request: looked.asked.append(request.url))
    page.goto(found.address)
    yield looked
    page.close()
    assert not looked.said
    outside = [url for url in looked.asked if not url.startswith((found.address[:21], "data:"))]
    assert not outside


def planned(page: Page) -> None:
    expect(page.locator("#status")).to_have_text(IS_PLAN)
    expect(page.locator("#stale")).to_be_hidden()
    expect(page.locator("#grid table")).to_be_visible()


def is_set(page: Page, text: str) -> None:
    expect(page.locator("#set")).to_contain_text(text)
    planned(page)


def planned_since(page: Page, text: str) -> None:
    """A plan of what was set elsewhere is shown."""
    is_set(page, text)
    expect(page.locator("#goals")).to_contain_text(text.rpartition("=")[2])


def reached(page: Page, locator: Locator) -> None:
    """Have the focus come there as with the keyboard."""
    locator.focus()
    expect(locator).to_be_focused()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_kind_of_lever_moves_by_keyboard(browser: Browser, tiny: Served, width: int) -> None:
    tiny.wish("reset")
    tiny.until(is_planned)
    with looked_at(browser, tiny, width) as looked:
        page = looked.page
        planned(page)
        weight = page.get_by_label("Competitiveness", exact=True)
        reached(page, weight)
        press(page, "Control+a", "1", "Enter")
        is_set(page, "goals.competitiveness.weight=1")
        slider = page.get_by_label("Alliance, slider")
        reached(page, slider)
        press(page, "ArrowRight", "ArrowRight")
        is_set(page, "goals.alliance.weight=3.2")
        reached(page, page.get_by_role("button", name="Alliance as it was", exact=True))
        press(page, "Enter")
        expect(page.locator("#set")).not_to_contain_text("alliance")
        for heading, slider_name, key, told in (
            ("Budgets, %", "Industry, %, slider", "PageDown", "budgets[line=industry].amount=*0."),
            ("Limits and floors", "Country share, at most, slider", "ArrowRight", "country_share"),
        ):
            reached(page, page.locator("summary", has_text=heading))
            press(page, "Enter")
            reached(page, page.get_by_label(slider_name))
            press(page, key)
            is_set(page, told)
        reached(page, page.locator("#typed"))
        page.keyboard.type("national_caps[track=work, year=2031].max=3")
        press(page, "Enter")
        is_set(page, "national_caps[track=work, year=2031].max=3")
        reached(page, page.locator("#undo"))
        press(page, "Enter")
        expect(page.locator("#set")).not_to_contain_text("national_caps")
        planned(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_a_cell_is_asked_about_and_held_by_keyboard(
    browser: Browser, tiny: Served, width: int
) -> None:
    tiny.wish("reset")
    tiny.until(is_planned)
    with looked_at(browser, tiny, width) as looked:
        page = looked.page
        planned(page)
        # One stop for the whole table, and arrow keys within.
        first = page.locator("#grid td[tabindex='0']")
        expect(first).to_have_count(1)
        reached(page, first)
        press(page, "ArrowRight", "ArrowLeft", "End", "Home", "Enter")
        address = page.locator("#cell").input_value()
        assert address.startswith("slots[country=")
        expect(page.locator("#why")).to_be_focused()
        press(page, "Enter")
        expect(page.locator("#answer li").first).to_contain_text(address)
        planned(page)
        reached(page, page.locator("#pin"))
        press(page, "Enter")
        expect(page.locator("#pinned")).to_have_text("Plan A: nothing changed.")
        page.locator("#cell").fill("slots[country=BOR, track=work]")
        page.locator("#number").fill("2")
        reached(page, page.locator("#at-most"))
        press(page, "Enter")
        is_set(page, "slots[country=BOR, track=work] <= 2")
        expect(page.locator("#facts")).to_contain_text("plan A")
        page.locator("#against").check()
        expect(page.locator("#grid caption")).to_contain_text("change against plan A")
        reached(page, page.locator("#unpin"))
        press(page, "Enter")
        expect(page.locator("#pinned")).to_have_text("")
        # The button is gone, and Tab goes on within its group.
        planned(page)
        press(page, "Tab")
        expect(page.get_by_role("group", name="Moves").locator("button:focus")).to_have_count(1)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_region_is_chosen_on_the_map_and_asked_about(
    browser: Browser, tiny: Served, width: int
) -> None:
    tiny.wish("reset")
    tiny.until(is_planned)
    with looked_at(browser, tiny, width) as looked:
        page = looked.page
        planned(page)
        page.locator("#which").select_option(label="Map: slots by region")
        tile = page.locator("#grid .tiles td[data-address]").first
        reached(page, tile)
        # Hills lie north of the coast.
        press(page, "ArrowDown")
        expect(page.get_by_role("gridcell", name="Coast: ")).to_be_focused()
        press(page, "ArrowUp", "Enter")
        assert page.locator("#cell").input_value() == "slots[region=hills]"
        expect(page.locator("#why")).to_be_focused()
        press(page, "Tab", "Enter")
        expect(page.locator("#answer h3")).to_have_text("How far slots[region=hills] can move")
        expect(page.locator("#answer li").first).to_contain_text("in the plan.")
        page.locator("#money").click()
        expect(page.locator("#answer")).to_contain_text("one line and year at a time")
        # What a line introduces stands below it, with one mark and not two.
        expect(page.locator("#answer li li").first).to_contain_text("brings")
        expect(page.locator("#answer li").filter(has_text=re.compile(r"^\s*- "))).to_have_count(0)
        expect(page.locator("#answer button").first).to_have_text(re.compile(r"amount=\d+$"))
        page.locator("#answer button").first.click()
        is_set(page, "budgets[")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_years_are_kept_scenarios_set_again_and_files_had(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    policy = tmp_path / "tiny.toml"
    policy.write_bytes(TINY[0].read_bytes())
    with served(desk_of(policy, TINY[1])) as found, looked_at(browser, found, 390) as looked:
        page = looked.page
        planned(page)
        expect(page.locator("#years")).to_be_hidden()
        page.locator("#pin").click()
        expect(page.locator("#years")).to_be_visible()
        reached(page, page.get_by_label("2030", exact=True))
        press(page, "Space")
        is_set(page, "slots of 2030 as in plan 1")
        expect(page.get_by_label("2030", exact=True)).to_be_focused()
        page.get_by_role("button", name="Take back slots of 2030").click()
        expect(page.get_by_label("2030", exact=True)).not_to_be_checked()
        page.locator("#typed").fill("goals.alliance.weight=1")
        press(page, "Enter")
        is_set(page, "goals.alliance.weight=1")
        page.locator("#scenario").fill("less")
        press(page, "Enter")
        expect(page.locator("#written")).to_contain_text("less.toml")
        page.locator("#reset").click()
        expect(page.locator("#set")).to_contain_text("Nothing is moved")
        page.locator("#load-form button").click()
        is_set(page, "goals.alliance.weight=1")
        for button, name in (("#get-book", "plan.xlsx"), ("#get-report", "report.html")):
            with page.expect_download() as had:
                page.locator(button).click()
            assert had.value.suggested_filename == name
            assert had.value.path().stat().st_size > 5_000


@pytest.mark.slow
def test_a_slider_is_dragged_with_the_mouse(browser: Browser, tiny: Served) -> None:
    tiny.wish("reset")
    tiny.until(is_planned)
    before = len(tiny.desk.board.facts()["history"])
    with looked_at(browser, tiny, 1280) as looked:
        page = looked.page
        planned(page)
        slider = page.get_by_label("Alliance, slider")
        slider.hover()
        box = slider.bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        page.mouse.down()
        page.mouse.move(box["x"] + 0.9 * box["width"], middle, steps=40)
        page.mouse.up()
        is_set(page, "goals.alliance.weight=")
        assert len(tiny.until(is_planned)["history"]) == before + 1


@pytest.mark.slow
def test_where_nothing_fits_the_page_says_what_and_mends_it(browser: Browser, tiny: Served) -> None:
    tiny.wish("reset")
    tiny.until(is_planned)
    with looked_at(browser, tiny, 390) as looked:
        page = looked.page
        planned(page)
        page.locator("#typed").fill("limits.country_share.at_most.times=0.1")
        press(page, "Enter")
        expect(page.locator("#status")).to_have_text("No plan keeps every rule.")
        expect(page.locator("#clash")).to_contain_text("cannot")
        page.locator("#mend").click()
        apply = page.locator("#answer button").first
        expect(apply).to_contain_text("Apply: ")
        apply.click()
        planned(page)
        expect(page.locator("#nothing")).to_be_hidden()
        page.locator("#typed").fill("goals.alliance.wieght=1")
        press(page, "Enter")
        expect(page.locator("#refused")).to_contain_text("Maybe weight")


def test_it_can_be_read_by_everybody(browser: Browser, tiny: Served) -> None:
    tiny.wish("reset")
    tiny.until(is_planned)
    with looked_at(browser, tiny, 390) as looked:
        page = looked.page
        planned(page)
        page.evaluate(
            "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
        )
        expect(page.locator("[data-section=rules] figure").first).to_be_visible()
        expect(page.locator("[data-section=slots] svg").first).to_be_visible()
        assert not page.evaluate(UNNAMED)
        assert not page.evaluate(CONTRASTS)
        # Nobody weighs the goals of this policy, and no division is to be fair.
        for name in ("stakeholders", "fairness"):
            expect(page.locator(f"#{name}")).to_be_hidden()
            expect(page.locator(f"[data-section={name}]")).to_be_hidden()
        levels: Any = page.eval_on_selector_all(
            "h1, h2, h3, h4", "all => all.filter(h => h.checkVisibility()).map(h => +h.tagName[1])"
        )
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        for landmark in ("header", "main", "footer"):
            expect(page.locator(f"body > {landmark}")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_hostile_names_are_shown_as_they_are(browser: Browser, tmp_path: Path) -> None:
    case = case_builder.write_case(tmp_path / "case", hostile_case())
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY, encoding="utf-8")
    with served(desk_of(policy, case)) as found, looked_at(browser, found, 1280) as looked:
        page = looked.page
        planned(page)
        expect(page.locator("h1")).to_have_text(HOSTILE)
        page.evaluate(
            "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
        )
        expect(page.locator("[data-section=slots] figure").first).to_be_visible()


MINISTRIES = """schema = 1
title = "Two ministries"
extends = "tiny.toml"
[[stakeholders]]
name = "Science"
agency = "Ministry of science"
weights = { competitiveness = 3, bridges = 1 }
[[stakeholders]]
name = "Welcome"
weights = { safe_haven = 2, regional_vitality = 1 }
"""


@pytest.mark.parametrize("width", WIDTHS)
def test_what_a_plan_is_to_stakeholders_follows_the_plan(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    policy = own_tiny(tmp_path, MINISTRIES)
    with served(desk_of(policy, TINY[1])) as found, looked_at(browser, found, width) as looked:
        page = looked.page
        planned(page)
        block = page.get_by_role("region", name="Stakeholders")
        cells = block.locator("tbody tr").nth(0).locator("th, td")
        head = block.locator("thead th")
        expect(head).to_have_text(["Stakeholder", "Points", "Weighs"])
        weighs = "competitiveness 75%, bridges 25%"
        expect(cells).to_have_text(["Science (Ministry of science)", "576.000", weighs])
        expect(page.locator("#stakeholder-notes")).to_contain_text("optimizer stakeholders")
        page.locator("#pin").click()
        reached(page, page.locator("#typed"))
        page.keyboard.type("budgets[line=industry].amount=*0.8")
        press(page, "Enter")
        is_set(page, "budgets[line=industry].amount=*0.8")
        expect(head).to_have_text(["Stakeholder", "Points", "Plan A", "Change", "Weighs"])
        expect(cells.nth(2)).to_have_text("576.000")
        # Until there is another plan it is that of before.
        expect(cells.nth(3)).not_to_have_text("same")
        planned(page)
        now, change = cells.nth(1).inner_text(), cells.nth(3).inner_text()
        assert float(change.replace("−", "-")) == pytest.approx(float(now) - 576.0)
        assert float(now) < 576.0
        page.evaluate(OPEN_ALL)
        section = page.locator("[data-section=stakeholders]")
        expect(section.locator("tbody tr").nth(0)).to_contain_text(now)
        expect(page.locator("[data-section=fairness]")).to_be_hidden()
        assert not page.evaluate(CONTRASTS)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_a_policy_that_clashes_from_the_start_is_mended_on_the_page(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    policy = own_tiny(tmp_path, CLASH)
    with served(desk_of(policy, TINY[1])) as found, looked_at(browser, found, width) as looked:
        page = looked.page
        expect(page.locator("#status")).to_have_text("No plan keeps every rule.")
        expect(page.locator("#clash")).to_contain_text("limits.x.at_least")
        expect(page.get_by_label("Competitiveness", exact=True)).to_be_visible()
        reached(page, page.locator("#mend"))
        press(page, "Enter")
        apply = page.locator("#answer button").first
        reached(page, apply)
        press(page, "Enter")
        # The button is gone, and the keyboard goes on from where it was.
        expect(page.locator("#answer")).to_be_focused()
        planned(page)
        expect(page.locator("#counted")).to_contain_text("the first setting that fitted: limits.x")
        expect(page.locator("#command")).to_contain_text("The policy by itself has no scales")
        expect(page.locator(".lever .note").first).to_contain_text("Scale ")
        assert not page.evaluate(CONTRASTS)


def test_levers_show_and_hold_what_counts(browser: Browser, tiny: Served) -> None:
    tiny.wish("reset")
    tiny.until(is_planned)
    with looked_at(browser, tiny, 390) as looked:
        page = looked.page
        planned(page)
        page.evaluate(OPEN_ALL)
        line = page.locator("[data-address='budgets[line=science].amount']")
        year = page.locator("[data-address='budgets[line=science, year=2030].amount']")
        back = page.get_by_role("button", name="Science, % as it was")
        line.fill("110")
        press(page, "Enter")
        expect(year).to_have_value("8800000")
        expect(back).to_be_visible()
        # A year is held at the case's own figure, against what the line says.
        year.fill("8000000")
        press(page, "Enter")
        is_set(page, "budgets[line=science, year=2030].amount=8000000")
        expect(year).to_have_value("8000000")
        expect(line).to_have_value("")
        # The line once more: what the year said counts no longer.
        line.fill("110")
        press(page, "Enter")
        is_set(page, "year=2030].amount=8000000 (of no effect: a later change sets the same)")
        expect(year).to_have_value("8800000")
        page.locator("#reset").click()
        expect(year).to_have_value("8000000")
        page.locator("#typed").fill("budgets[line=science].amount_jpy=*1.1")
        press(page, "Enter")
        expect(line).to_have_value("110")
        back.click()
        expect(page.locator("#set")).to_contain_text("Nothing is moved")
        expect(back).to_be_hidden()


def test_what_is_refused_or_old_is_said_as_long_as_it_is_so(
    browser: Browser, tiny: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny.wish("reset")
    tiny.until(is_planned)
    with looked_at(browser, tiny, 390) as looked:
        page = looked.page
        planned(page)
        page.locator("#run").fill("../x")
        press(page, "Enter")
        expect(page.locator("#refused")).to_contain_text("is not a plain name")
        page.locator("#pin").click()
        expect(page.locator("#refused")).to_be_hidden()
        page.locator("#unpin").click()
        page.locator("#typed").fill("limits.country_share.at_most.times=0.1")
        press(page, "Enter")
        expect(page.locator("#status")).to_have_text("No plan keeps every rule.")
        expect(page.locator("#stale")).to_have_text(
            "The figures below are those of the plan before; no plan keeps every rule as it is set."
        )
        for name in ("pin", "export", "get-book", "get-report"):
            expect(page.locator(f"#{name}")).to_be_disabled()
        page.locator("#undo").click()
        planned(page)
        expect(page.locator("#export")).to_be_enabled()
        looked.said.clear()  # The browser tells of the name that was refused.


def test_the_keyboard_stays_in_the_table_when_a_plan_arrives(
    browser: Browser, tiny: Served
) -> None:
    tiny.wish("reset")
    tiny.until(is_planned)
    with looked_at(browser, tiny, 390) as looked:
        page = looked.page
        planned(page)
        reached(page, page.locator("#grid td[tabindex='0']"))
        press(page, "ArrowDown", "ArrowRight")
        cell = page.locator("#grid td:focus")
        address = cell.get_attribute("data-address")
        tiny.wish("move", changes={"goals.competitiveness.weight": 2.5})
        planned_since(page, "goals.competitiveness.weight=2.5")
        assert cell.get_attribute("data-address") == address
        expect(page.locator("#grid td[tabindex='0']")).to_have_count(1)


@pytest.mark.slow
def test_two_pages_show_the_same_and_a_lost_program_is_said(browser: Browser) -> None:
    with served() as found:
        one, other = browser.new_page(), browser.new_page()
        for page in (one, other):
            page.goto(found.address)
            planned(page)
        one.locator("#typed").fill("goals.alliance.weight=1")
        one.keyboard.press("Enter")
        is_set(other, "goals.alliance.weight=1")
    expect(other.locator("#lost")).to_contain_text("The command does not answer.")
    for page in (one, other):
        page.close()
