"""The planner's page without a browser: who may ask, what is solved, and what is written."""

from __future__ import annotations

import http.client
import io
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from desks import TINY, TOKEN, Served, is_planned, own_tiny, served, until
from optimizer.app.desk import Desk
from optimizer.app.guard import HOST, MOST_ASKED
from optimizer.app.moves import Setting
from optimizer.app.opening import desk_of
from optimizer.app.questions import LEFT
from optimizer.app.scenarios import save_scenario
from optimizer.app.server import PAGE_PARTS
from optimizer.app.sliders import sliders_of
from optimizer.app.tables import PlanShown, plan_document, points_under
from optimizer.case import load_case
from optimizer.errors import InputError, NoPlanError, PolicyError, SolverError
from optimizer.explain.manoeuvring import alternatives
from optimizer.io.pauses import wanted_until
from optimizer.plan import Plan
from optimizer.policy import load_policy
from optimizer.runs.writing import write_run
from optimizer.session import Session
from optimizer.session.solving import solve
from optimizer.solver import Progress
from optimizer.sweeps import Study
from shared import ROOT

WEIGHT = "goals.competitiveness.weight"
BUDGET = "budgets[line=industry].amount"


@pytest.fixture(scope="module")
def tiny() -> Iterator[Served]:
    """The tiny case, served; every test leaves it with a plan of whatever it has set."""
    with served() as found:
        found.until(is_planned)
        yield found


@pytest.fixture
def fresh(tiny: Served) -> Served:
    """The same with nothing moved and no plan A."""
    tiny.wish("reset")
    tiny.wish("unpin")
    tiny.until(is_planned)
    return tiny


# Who may ask ---------------------------------------------------------------------------------

PATHS = ("/", "/events", "/parts/page.js", "/parts/report.css", "/api/state", "/api/plan")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", ["", "?token=", "?token=wrong", f"?token={TOKEN}&token=x"])
def test_nothing_is_given_without_the_token(tiny: Served, path: str, token: str) -> None:
    assert tiny.ask(path + token, headers={}) == (403, "token missing or wrong")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil:80"])
def test_a_foreign_host_is_refused(tiny: Served, host: str) -> None:
    assert tiny.ask("/api/state", headers={"Host": host, "X-Token": TOKEN}) == (421, "wrong host")


def test_two_hosts_are_refused(tiny: Served) -> None:
    connection = http.client.HTTPConnection(HOST, tiny.port)
    connection.putrequest("GET", f"/?token={TOKEN}", skip_host=True)
    connection.putheader("Host", f"{HOST}:{tiny.port}")
    connection.putheader("Host", "evil.example")
    connection.endheaders()
    assert connection.getresponse().status in (400, 421)
    connection.close()


def test_localhost_is_this_machine(tiny: Served) -> None:
    headers = {"Host": f"localhost:{tiny.port}", "X-Token": TOKEN}
    assert tiny.ask("/api/state", headers=headers)[0] == 200


def test_a_wish_from_another_page_is_refused(tiny: Served) -> None:
    headers = {"X-Token": TOKEN, "Origin": "http://evil.example"}
    assert tiny.ask("/api/undo", {}, headers=headers) == (403, "wrong origin")


def test_a_wish_needs_the_token_as_a_header(tiny: Served) -> None:
    # A form of another page could hold an address, but no header.
    assert tiny.ask(f"/api/undo?token={TOKEN}", {}, headers={})[0] == 403


def test_long_requests_are_refused(tiny: Served) -> None:
    headers = {"X-Token": TOKEN, "Content-Length": str(MOST_ASKED + 1)}
    assert tiny.ask("/api/undo", method="POST", headers=headers)[0] == 413


def test_only_what_the_page_is_made_of_is_given(tiny: Served) -> None:
    for name in (*PAGE_PARTS, "report.css"):
        status, text = tiny.ask(f"/parts/{name}")
        assert status == 200
        assert text
    for name in ("page.html", "..%2f__init__.py", "nothing.js"):
        assert tiny.ask(f"/parts/{name}")[0] == 404


def test_the_page_names_nothing_outside(tiny: Served) -> None:
    texts = [tiny.ask(path)[1] for path in ("/", *(f"/parts/{name}" for name in PAGE_PARTS))]
    assert not [found for text in texts for found in re.findall(r"(?:https?:)?//[\w.]+\.\w+", text)]
    assert sum(map(len, texts)) + len(tiny.ask("/parts/report.css")[1]) < 300_000


def test_a_browser_is_told_to_load_nothing_else(tiny: Served) -> None:
    connection = http.client.HTTPConnection(HOST, tiny.port)
    connection.request("GET", f"/?token={TOKEN}")
    answer = connection.getresponse()
    policy = answer.getheader("content-security-policy") or ""
    connection.close()
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert answer.getheader("referrer-policy") == "no-referrer"


@pytest.mark.parametrize(
    ("name", "said", "told"),
    [
        ("move", [], "expected a JSON object"),
        ("move", {"changes": 3}, "changes: expected values by address"),
        ("type", {"text": 3}, "text: expected text"),
        ("demand", {"more": "slots"}, "more: expected a list of texts"),
        ("apply", {"number": "x"}, "number: expected a whole number"),
        ("apply", {"number": None}, "number: expected a whole number"),
        ("keep", {"years": 2030}, "years: expected a list of years"),
        ("keep", {"years": [True]}, "years: expected a list of years"),
    ],
)
def test_what_makes_no_sense_is_refused(tiny: Served, name: str, said: object, told: str) -> None:
    status, text = tiny.ask(f"/api/{name}", said)
    assert status == 400
    assert told in json.loads(text)["refused"]


# What is solved ------------------------------------------------------------------------------


def test_the_plan_is_the_one_that_the_command_gives(fresh: Served) -> None:
    fresh.wish("move", changes={WEIGHT: 1, BUDGET: "*0.9"})
    facts = fresh.until(is_planned)
    plan = solve(*TINY, changes={WEIGHT: 1, BUDGET: "*0.9"})
    assert facts["plan"]["points"] == pytest.approx(plan.objective)
    assert facts["plan"]["bound"] == pytest.approx(plan.bound)
    relaxed = Session(*TINY, changes={WEIGHT: 1, BUDGET: "*0.9"}).relax()
    assert facts["relaxation"]["points"] == pytest.approx(relaxed.points)
    assert facts["command"] == (
        f"optimizer solve {TINY[0]} {TINY[1]} --set {WEIGHT}=1 --set '{BUDGET}=*0.9'"
    )
    document = fresh.desk.plans.document()
    assert document is not None
    by_country = document["tables"][0]
    table = plan.slots.groupby("country")["slots"].sum()
    shown = {
        row[0]: sum(cells)
        for row, cells in zip(by_country["rows"], by_country["values"], strict=True)
    }
    assert {key: count for key, count in shown.items() if count} == table.to_dict()


@pytest.mark.slow
def test_moves_are_undone_and_made_again(fresh: Served) -> None:
    first = fresh.desk.board.facts()["plan"]["points"]
    fresh.wish("move", changes={BUDGET: "*0.8"})
    less = fresh.until(is_planned)["plan"]["points"]
    assert less < first
    fresh.wish("undo")
    facts = fresh.until(is_planned)
    assert facts["plan"]["points"] == pytest.approx(first)
    assert not facts["setting"]["changes"]
    fresh.wish("redo")
    facts = fresh.until(is_planned)
    assert facts["plan"]["points"] == pytest.approx(less)
    assert facts["history"][-1] == f"{BUDGET}=*0.8"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("goals.competitivness.weight=1", "Maybe competitiveness"),
        ("goals.competitiveness.weight=much", "'much'"),
        ("budgets[line=science].amount=-1", "-1"),
    ],
)
def test_what_cannot_be_set_is_refused_in_words_and_taken_back(
    fresh: Served, text: str, told: str
) -> None:
    assert fresh.wish("type", text=text)[0] == 200
    facts = fresh.until(lambda facts: bool(facts["refused"]) and is_planned(facts))
    assert told in facts["refused"]
    assert not facts["setting"]["changes"]
    fresh.wish("move", changes={WEIGHT: 2})
    assert not fresh.until(is_planned)["refused"]


def test_what_was_not_asked_for_cannot_be_let_go(fresh: Served) -> None:
    status, told = fresh.wish("demand", fewer=["slots[country=AVA] <= 2"])
    assert status == 409
    assert "'slots[country=AVA] <= 2' is not asked for" in told["refused"]
    assert fresh.wish("demand")[0] == 409


def test_what_cannot_be_read_is_refused_at_once(fresh: Served) -> None:
    status, told = fresh.wish("type", text="nothing")
    assert status == 409
    assert "is not a change" in told["refused"]


def test_cells_are_asked_for_excluded_and_let_go(fresh: Served) -> None:
    def slots(country: str, track: str) -> int:
        document = fresh.desk.plans.document()
        assert document is not None
        table = document["tables"][0]
        row = [key for key, _ in table["rows"]].index(country)
        return int(table["values"][row][[key for key, _ in table["columns"]].index(track)])

    first = fresh.desk.board.facts()["plan"]["points"]
    assert slots("AVA", "lab") > 0
    gone = "slots[country=AVA, track=lab] <= 0"
    fresh.wish("demand", more=[gone])
    facts = fresh.until(lambda facts: not facts["is_current"] or is_planned(facts))
    facts = fresh.until(lambda facts: facts["phase"] in ("plan", "nothing fits"))
    # The protected floor of the alliance needs the laboratory: nothing fits, and that is said.
    assert facts["phase"] == "nothing fits"
    fresh.wish("demand", fewer=[gone], more=["slots[country=BOR, track=work] <= 2"])
    facts = fresh.until(is_planned)
    assert slots("BOR", "work") <= 2
    assert facts["plan"]["points"] < first
    assert not facts["command"]
    fresh.wish("demand", fewer=["slots[country=BOR, track=work] <= 2"])
    assert fresh.until(is_planned)["plan"]["points"] == pytest.approx(first)


def test_the_newest_wish_wins_and_nothing_piles_up(fresh: Served) -> None:
    moves, before = 200, fresh.desk.board.facts()
    tracemalloc.start()
    for number in range(moves):
        fresh.desk.put({WEIGHT: 1.0 + number / moves}, rests=False)
        if number == moves // 2:
            half = tracemalloc.get_traced_memory()[0]
    fresh.desk.put({WEIGHT: 1.5})
    facts = fresh.until(is_planned)
    grown = tracemalloc.get_traced_memory()[0] - half
    tracemalloc.stop()
    assert grown < 8_000_000
    plan = solve(*TINY, changes={WEIGHT: 1.5})
    assert facts["plan"]["points"] == pytest.approx(plan.objective)
    # A plan is found for a few of them at most, and a slider that is dragged is one move.
    assert facts["plan"]["number"] - before["plan"]["number"] < moves // 4
    assert facts["history"] == [*before["history"], f"{WEIGHT}=1.5"]


def test_a_failing_solver_is_said_in_words_and_the_page_goes_on(
    fresh: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SolverError("HiGHS gave up: numbers of very different size")

    with monkeypatch.context() as patched:
        patched.setattr(Session, "solve", fail)
        fresh.wish("move", changes={WEIGHT: 1.25})
        facts = fresh.until(lambda facts: facts["phase"] == "failed")
    assert facts["words"] == "HiGHS gave up: numbers of very different size"
    fresh.wish("move", changes={WEIGHT: 1.75})
    fresh.until(is_planned)


def test_a_relaxation_does_not_wait_for_a_search_that_is_not_wanted(
    fresh: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that hears of nothing for a while, as inside a long linear program."""
    released, searching, real = threading.Event(), threading.Event(), Session.solve

    def deaf(session: Session, **asked: Any) -> Any:
        searching.set()
        assert released.wait(20.0)
        return real(session, **asked)

    with monkeypatch.context() as patched:
        patched.setattr(Session, "solve", deaf)
        fresh.wish("move", changes={WEIGHT: 1.3})
        assert searching.wait(20.0)
        for weight in (1.4, 1.6):
            fresh.wish("move", changes={WEIGHT: weight})
            shown = fresh.until(lambda facts: facts["relaxation"] is not None)["relaxation"]
            relaxed = Session(*TINY, changes={WEIGHT: weight}).relax()
            assert shown["points"] == pytest.approx(relaxed.points)
        released.set()
    plan = fresh.until(is_planned)["plan"]
    assert plan["points"] == pytest.approx(solve(*TINY, changes={WEIGHT: 1.6}).objective)


def test_it_is_said_how_many_scales_are_worked_out(tmp_path: Path) -> None:
    own_tiny(tmp_path)
    names = ("alliance", "competitiveness", "bridges")
    goals = "".join(f'[goals.{name}]\nscale = "ideal"\n' for name in names)
    policy = tmp_path / "ideal.toml"
    policy.write_text(f'schema = 1\ntitle = "Ideal"\nextends = "tiny.toml"\n{goals}')
    heard: list[Progress] = []
    Session(policy, TINY[1], cache=False).relax(report=heard.append)
    parts = [(each.done, each.total) for each in heard if each.step == "scales" and each.total]
    assert list(dict.fromkeys(parts)) == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert heard[-1].step == "relaxation"


def test_what_nobody_wants_any_more_ends_without_a_plan() -> None:
    session = Session(*TINY)
    first = session.solve()
    with wanted_until(lambda: True):
        assert session.relax().status == "stopped"
        with pytest.raises(NoPlanError) as caught:
            session.solve()
    assert caught.value.interrupted
    assert session.solve().objective == pytest.approx(first.objective)


# What is asked -------------------------------------------------------------------------------


def answered(found: Served) -> dict[str, Any]:
    answer: dict[str, Any] = found.until(
        lambda facts: facts["answer"] is not None and not facts["answer"]["is_open"]
    )["answer"]
    return answer


@pytest.mark.slow
def test_why_and_why_not(fresh: Served) -> None:
    fresh.wish("ask", kind="why", text="slots[country=AVA, track=lab]")
    answer = answered(fresh)
    assert answer["title"] == "Why slots[country=AVA, track=lab]"
    assert answer["words"][0].startswith("slots[country=AVA, track=lab]: ")
    fresh.wish("ask", kind="why not", text="slots[country=CYR, track=work] >= 2")
    answer = answered(fresh)
    assert "slots[country=CYR, track=work] >= 2" in answer["words"][0]
    fresh.wish("ask", kind="why", text="slots[country=XXX]")
    assert "'XXX' is not a country" in "\n".join(answered(fresh)["words"])
    assert fresh.wish("ask", kind="when", text="")[0] == 409
    assert fresh.until(is_planned)


@pytest.mark.parametrize("cell", ["country=AVA, track=lab", "region=hills", "year=2030"])
def test_how_far_slots_can_move(fresh: Served, cell: str) -> None:
    fresh.wish("ask", kind="how far", text=f"slots[{cell}]")
    words = answered(fresh)["words"]
    plan = fresh.desk.plans.newest
    assert plan is not None
    key, _, name = cell.partition(", ")[0].partition("=")
    by = "country,track" if "," in cell else key
    ranges = alternatives(plan, by=[by]).ranges.set_index("key")
    row = ranges.loc["AVA, lab" if "," in cell else name]
    assert words[0].startswith(f"slots[{cell}]: {row['plan']:,.0f} slot")
    if row["least"] == row["most"]:
        assert "have as many there" in words[1]
    else:
        assert f"from {row['least']:g} to {row['most']:g};" in words[1]


def test_how_far_is_asked_of_a_plan_and_of_slots_that_are_decided(fresh: Served) -> None:
    fresh.wish("ask", kind="how far", text="slots[country=AVA, region=hills]")
    assert "names countries and regions at once" in answered(fresh)["words"][1]
    fresh.wish("move", changes={WEIGHT: 1.15})
    fresh.wish("ask", kind="how far", text="slots[country=AVA]")
    assert "there is no plan yet of what is set" in answered(fresh)["words"][1]


@pytest.mark.slow
def test_money_is_offered_where_it_helps(fresh: Served) -> None:
    before = fresh.until(is_planned)["plan"]
    fresh.wish("ask", kind="money")
    answer = answered(fresh)
    assert any("more help, one line and year at a time" in line for line in answer["words"])
    assert answer["offers"]
    fresh.wish("apply", number=1)
    facts = fresh.until(is_planned)
    assert [each["text"] for each in facts["setting"]["changes"]] == [answer["offers"][0]["words"]]
    assert facts["plan"]["bound"] >= before["points"]
    assert fresh.wish("apply", number=1)[0] == 409


def test_years_of_plan_a_are_kept_and_let_go(fresh: Served) -> None:
    def of_2030(plan: Plan | None) -> dict[Any, int]:
        assert plan is not None
        slots = plan.slots[plan.slots["year"].eq(2030)]
        return dict(slots.groupby(["country", "track", "region"], observed=True)["slots"].sum())

    first = fresh.desk.plans.newest
    fresh.wish("pin")
    fresh.wish("move", changes={BUDGET: "*0.8"})
    fresh.until(is_planned)
    fresh.wish("move", changes={BUDGET: "*1.2"})
    fresh.wish("keep", years=[2030])
    facts = fresh.until(is_planned)
    assert of_2030(fresh.desk.plans.newest) == of_2030(first)
    assert facts["setting"]["kept"]["years"] == [2030]
    assert not facts["command"]
    kept = facts["plan"]["points"]
    with pytest.raises(PolicyError, match="a policy cannot hold slots of 2030 as in plan"):
        fresh.desk.save("kept")
    assert "is not a planned year" in fresh.wish("keep", years=[2099])[1]["refused"]
    fresh.wish("keep", years=[])
    free = fresh.until(is_planned)["plan"]
    assert free["bound"] >= kept - 1e-6
    assert not fresh.desk.board.facts()["setting"]["kept"]
    fresh.wish("undo")
    assert fresh.until(is_planned)["plan"]["points"] == pytest.approx(kept)


def test_a_question_is_left_when_something_is_moved(fresh: Served) -> None:
    fresh.desk.ask("why", "slots[country=AVA]")
    fresh.desk.put({WEIGHT: 1.1})
    assert answered(fresh)["words"] == [LEFT]
    fresh.until(is_planned)


@pytest.mark.slow
def test_where_nothing_fits_a_repair_is_applied(fresh: Served) -> None:
    fresh.wish("move", changes={"limits.country_share.at_most.times": 0.1})
    facts = fresh.until(lambda facts: facts["phase"] == "nothing fits")
    assert "No plan keeps every rule." in facts["words"]
    # That the relaxation has no solution was said before what clashes was known.
    assert facts["relaxation"]["points"] is None
    fresh.wish("ask", kind="mend")
    answer = answered(fresh)
    assert answer["offers"], answer["words"]
    fresh.wish("apply", number=answer["offers"][0]["number"])
    assert fresh.until(is_planned)["plan"]["points"] > 0
    assert fresh.wish("apply", number=1)[0] == 409


def test_plans_are_compared_with_plan_a(fresh: Served) -> None:
    fresh.wish("pin")
    fresh.wish("move", changes={BUDGET: "*0.8"})
    facts = fresh.until(is_planned)
    assert facts["pinned"]["words"] == "nothing changed"
    document = fresh.desk.plans.document()
    assert document is not None
    points = document["facts"][0]
    assert points["sure"]
    assert points["change"].startswith("−")
    assert document["tables"][0]["before"] != document["tables"][0]["values"]


@pytest.mark.slow
def test_plan_a_counts_by_the_weights_of_now() -> None:
    one, other = solve(*TINY), solve(*TINY, changes={WEIGHT: 1})
    points, exact = points_under(one, one)
    assert (points, exact) == (one.objective, True)
    facts = plan_document(PlanShown.of(one), PlanShown.of(one))["facts"]
    assert (facts[0]["change"], facts[0]["sure"]) == ("same", True)
    points, exact = points_under(other, one)
    assert not exact
    # No plan is better under the weights of the other than its own best.
    assert points <= other.objective + 1e-6


# What is written -----------------------------------------------------------------------------


OTHER_GOAL = """[goals.other]
weight = 1
scale = "none"
effects = [{ stage = "complete", effect = 1 }]
"""


def test_a_saved_scenario_says_every_number_once(tmp_path: Path) -> None:
    """A line and one of its years are set: the study says the years one by one."""
    policy, case = load_policy(own_tiny(tmp_path)), load_case(TINY[1])
    line = "budgets[line=science{}].amount"
    setting = Setting({line.format(""): "*0.5", line.format(", year=2031"): 9_000_000})
    _, study = save_scenario(policy, case, setting, lambda _: {}, "half")
    (scenario,) = (each for each in Study.read(study).resolved(policy, case) if each.name == "half")
    assert scenario.changes == {
        line.format(", year=2030"): 4_000_000,
        line.format(", year=2031"): 9_000_000,
    }


@pytest.mark.slow
def test_scenarios_and_runs_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    desk = desk_of(own_tiny(tmp_path), TINY[1])
    desk.start()
    try:
        until(desk, is_planned)
        with pytest.raises(PolicyError, match="nothing is moved"):
            desk.save("same")
        assert desk.scenarios() == []
        desk.put({WEIGHT: 1, BUDGET: "*0.9"})
        desk.demand(["slots[country=BOR, track=work] <= 2"], [])
        facts = until(desk, is_planned)
        assert desk.save("fewer") == [str(tmp_path / "fewer.toml"), str(tmp_path / "fewer.csv")]
        assert desk.export("b") == "runs/b"
        for name in ("../x", "", "a/b", ".hidden", "x" * 81):
            with pytest.raises(PolicyError, match="is not a plain name"):
                desk.save(name)
        with pytest.raises(InputError, match=r"exists already|is there"):
            desk.save("fewer")
        assert desk.scenarios() == ["fewer"]
        desk.reset()
        until(desk, is_planned)
        desk.load("fewer")
        again = until(desk, is_planned)
        assert again["setting"]["demands"] == facts["setting"]["demands"]
        assert again["setting"]["changes"] == facts["setting"]["changes"]
        assert again["plan"]["points"] == pytest.approx(facts["plan"]["points"])
        assert again["history"][-1] == "scenario fewer"
        other = (tmp_path / "tiny.toml").read_text()
        (tmp_path / "other.toml").write_text(f"{other}\n{OTHER_GOAL}")
        with pytest.raises(PolicyError, match="which no lever of the page sets"):
            desk.load("other")
        assert desk.scenarios() == ["fewer"]
    finally:
        desk.stop()
    text = (tmp_path / "fewer.toml").read_text()
    assert 'extends = "tiny.toml"' in text
    plan = solve(tmp_path / "fewer.toml", TINY[1], changes={BUDGET: "*0.9"})
    assert plan.objective == pytest.approx(facts["plan"]["points"])
    assert {path.name for path in (tmp_path / "runs" / "b").iterdir()} >= {
        "report.html",
        "plan.xlsx",
        "run.json",
    }


@pytest.mark.slow
def test_what_may_be_published_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    case = tmp_path / "tiny"
    shutil.copytree(TINY[1], case)
    tracks = pd.read_csv(case / "tracks.csv")
    sensitive = tracks["track"].eq("refuge").map({True: "yes", False: "no"})
    tracks.assign(sensitive=sensitive).to_csv(case / "tracks.csv", index=False)
    desk = desk_of(TINY[0], case)
    desk.start()
    try:
        until(desk, is_planned)
        document = desk.plans.document()
        assert document is not None
        assert document["is_sensitive"]
        desk.export("open", public=True)
    finally:
        desk.stop()
    published = pd.read_csv(tmp_path / "runs" / "open" / "public" / "plan.csv")
    assert set(published.loc[published["track"].eq("refuge"), "slots"]) == {"<5"}


@pytest.mark.slow
def test_workbook_and_report_are_downloaded(fresh: Served) -> None:
    status, text = fresh.ask("/api/file/report.html")
    assert status == 200
    assert "<!DOCTYPE html>" in text[:100]
    connection = http.client.HTTPConnection(HOST, fresh.port, timeout=30)
    connection.request("GET", "/api/file/plan.xlsx", headers={"X-Token": TOKEN})
    book = connection.getresponse().read()
    connection.close()
    assert "slots" in CalamineWorkbook.from_filelike(io.BytesIO(book)).sheet_names
    assert fresh.ask("/api/file/run.json")[0] == 409


@pytest.mark.slow
def test_a_run_is_where_the_page_begins(tmp_path: Path) -> None:
    plan = solve(*TINY, changes={WEIGHT: 1})
    folder = write_run(plan, tmp_path / "run")
    desk = desk_of(*TINY, folder)
    facts = desk.board.facts()
    assert facts["plan"]["points"] == pytest.approx(plan.objective)
    assert facts["pinned"]["words"] == f"{WEIGHT}=1"
    desk.start()
    try:
        until(desk, is_planned)
        desk.put({BUDGET: "*0.8"})
        assert until(desk, is_planned)["plan"]["points"] < plan.objective
        demand = "slots[country=CYR, track=refuge] >= 1"
        desk.demand([demand, "slots[country=AVA] >= 1"], [])
        until(desk, is_planned)
        desk.demand([], ["slots[country=AVA] >= 1"])
        desk.keep_years([2031])
        facts = until(desk, is_planned)
        newest = desk.plans.newest
        assert newest is not None
        written = write_run(newest, tmp_path / "second")
    finally:
        desk.stop()
    again = desk_of(*TINY, written)
    assert again.board.facts()["setting"]["demands"] == [demand]
    assert again.board.facts()["setting"]["kept"]["years"] == [2031]
    again.start()
    try:
        assert until(again, is_planned)["plan"]["points"] == pytest.approx(facts["plan"]["points"])
        again.put({BUDGET: "*0.9"})
        until(again, is_planned)
    finally:
        again.stop()
    with pytest.raises(InputError, match=r"is not a run of balanced\.toml as it is now"):
        desk_of(ROOT / "models" / "balanced.toml", TINY[1], folder)


def test_every_lever_can_be_moved() -> None:
    policy, case = load_policy(TINY[0]), load_case(TINY[1])
    sliders = sliders_of(policy, case)
    addresses = [slider.address for slider in sliders]
    assert len(set(addresses)) == len(addresses)
    session = Session(policy, case)
    changes = {each.address: each.value for each in sliders if each.kind == "number"}
    session.change(changes | {each.address: "*1" for each in sliders if each.kind == "percent"})
    assert session.relax().points == pytest.approx(Session(policy, case).relax().points)
    assert {slider.group for slider in sliders} >= {"Weights of goals", "Limits and floors"}
    assert all(each.least <= each.value <= each.most for each in sliders if each.step)


FAIR = """schema = 1
title = "Fair"
extends = "tiny.toml"

[[fairness]]
name = "regions"
measure = "slots"
by = ["region"]

[[limits]]
name = "even regions"
measure = "slots"
by = ["region"]
at_most = { gini = 0.4 }

[[limits]]
name = "no region left out"
measure = "slots"
by = ["region"]
at_least = { parity = 0.1 }
"""


@pytest.mark.slow
def test_fairness_is_moved_and_seen_beside_the_plan(tmp_path: Path) -> None:
    own_tiny(tmp_path)
    policy = tmp_path / "fair.toml"
    policy.write_text(FAIR)
    desk = desk_of(policy, TINY[1])
    desk.start()
    try:
        before = until(desk, is_planned)["plan"]["points"]
        bands = {
            each["address"]: each for each in desk.levers() if each["group"] == "Fairness bands"
        }
        address = "limits.even regions.at_most.gini"
        assert bands.keys() == {address, "limits.no region left out.at_least.parity"}
        assert (bands[address]["value"], bands[address]["most"]) == (0.4, 1.0)
        desk.plans.pin()
        desk.put({address: 0.1})
        assert until(desk, is_planned)["plan"]["points"] <= before + 1e-6
        document = desk.plans.document()
        assert document is not None
        (division,) = document["fairness"]
        assert division["gini"] <= 0.1 + 1e-6
        assert division["before"] <= 0.4 + 1e-6
        assert division["name"] == "Regions"
    finally:
        desk.stop()


@pytest.mark.slow
def test_the_command_prints_its_address_and_ends_with_ctrl_c() -> None:
    run = [sys.executable, "-m", "optimizer", "app", *map(str, TINY), "--no-browser"]
    with subprocess.Popen(
        run, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as done:
        assert done.stdout is not None
        address = done.stdout.readline()
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\?token=([\w-]{32})\n", address)
        assert found, address
        connection = http.client.HTTPConnection(HOST, int(found[1]), timeout=30)
        connection.request("GET", f"/?token={found[2]}")
        assert connection.getresponse().status == 200
        connection.close()
        done.send_signal(signal.SIGINT)
        said, errors = done.communicate(timeout=30)
    assert (done.returncode, errors) == (0, "")
    assert said == f"Next: optimizer solve {TINY[0]} {TINY[1]}\n"


def test_half_a_character_is_said_back(tiny: Served) -> None:
    assert tiny.ask("/api/ask", {"kind": "why", "text": "\ud800"})[0] == 200
    assert tiny.ask("/api/state")[0] == 200
    assert tiny.ask("/api/apply", {"number": 1e999})[0] == 400


def test_a_desk_without_a_plan_says_so() -> None:
    desk = Desk(load_policy(TINY[0]), load_case(TINY[1]), TINY)
    assert desk.plans.document() is None
    assert desk.plans.section("slots") is None
    with pytest.raises(PolicyError, match="there is no plan yet"):
        desk.export("x")
    with pytest.raises(PolicyError, match="no plan A"):
        desk.keep_years([2030])
    with pytest.raises(PolicyError, match="no change 1 is offered"):
        desk.apply(1)
