"""The planner's page without a browser: who may ask, what is solved, and what is written."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desks import TINY, TOKEN, Served, is_planned, served, until
from optimizer.app.desk import LEFT, Desk
from optimizer.app.guard import HOST, MOST_ASKED
from optimizer.app.opening import desk_of
from optimizer.app.server import PAGE_PARTS
from optimizer.app.sliders import sliders_of
from optimizer.app.tables import points_under
from optimizer.case import load_case
from optimizer.errors import InputError, NoPlanError, PolicyError, SolverError
from optimizer.io.pauses import wanted_until
from optimizer.policy import load_policy
from optimizer.runs.writing import write_run
from optimizer.session import Session
from optimizer.session.solving import solve
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
        ("apply", {"number": "x"}, "invalid literal"),
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
    document = fresh.desk.plan()
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


def test_what_cannot_be_read_is_refused_at_once(fresh: Served) -> None:
    status, told = fresh.wish("type", text="nothing")
    assert status == 409
    assert "is not a change" in told["refused"]


def test_cells_are_asked_for_excluded_and_let_go(fresh: Served) -> None:
    def slots(country: str, track: str) -> int:
        document = fresh.desk.plan()
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
    fresh.wish("mend")
    answer = answered(fresh)
    assert answer["repairs"], answer["words"]
    fresh.wish("apply", number=answer["repairs"][0]["number"])
    assert fresh.until(is_planned)["plan"]["points"] > 0
    assert fresh.wish("apply", number=1)[0] == 409


def test_plans_are_compared_with_plan_a(fresh: Served) -> None:
    fresh.wish("pin")
    fresh.wish("move", changes={BUDGET: "*0.8"})
    facts = fresh.until(is_planned)
    assert facts["pinned"]["words"] == "nothing changed"
    document = fresh.desk.plan()
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
    points, exact = points_under(other, one)
    assert not exact
    # No plan is better under the weights of the other than its own best.
    assert points <= other.objective + 1e-6


# What is written -----------------------------------------------------------------------------


def own_tiny(folder: Path) -> Path:
    """The tiny policy in a folder of its own."""
    policy = folder / "tiny.toml"
    policy.write_bytes(TINY[0].read_bytes())
    return policy


@pytest.mark.slow
def test_scenarios_and_runs_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    desk = desk_of(own_tiny(tmp_path), TINY[1])
    desk.start()
    try:
        until(desk, is_planned)
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
    finally:
        desk.stop()
    text = (tmp_path / "fewer.toml").read_text()
    assert 'extends = "tiny.toml"' in text
    again = solve(tmp_path / "fewer.toml", TINY[1], changes={BUDGET: "*0.9"})
    assert again.objective == pytest.approx(facts["plan"]["points"])
    assert {path.name for path in (tmp_path / "runs" / "b").iterdir()} >= {
        "report.html",
        "plan.xlsx",
        "run.json",
    }


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
    finally:
        desk.stop()
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
    assert desk.plan() is None
    assert desk.section("slots") is None
    with pytest.raises(PolicyError, match="there is no plan yet"):
        desk.export("x")
    with pytest.raises(PolicyError, match="no repairs"):
        desk.apply(1)
