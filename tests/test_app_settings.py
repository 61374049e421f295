"""What is set on the planner's page: what clashes from the start, what overlaps, what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from desks import CLASH, TINY, Served, is_planned, own_tiny, served, until
from optimizer.app import questions
from optimizer.app.desk import Desk
from optimizer.app.following import Follower
from optimizer.app.guard import Guard
from optimizer.app.moves import Setting
from optimizer.app.numbers_now import NumbersNow
from optimizer.app.opening import desk_of
from optimizer.app.sliders import sliders_of
from optimizer.app.worker import COUNTED_BY, MOST_DROPPED
from optimizer.case import load_case
from optimizer.errors import PolicyError
from optimizer.io.changes import parse_changes
from optimizer.io.pauses import wanted_until
from optimizer.policy import load_policy
from optimizer.session import Session
from optimizer.session.solving import solve

SCIENCE, YEAR = "budgets[line=science].amount", "budgets[line=science, year=2030].amount"
INDUSTRY = "budgets[line=industry].amount"
SHARE = "limits.country_share.at_most.times"
WEIGHT = "goals.competitiveness.weight"


@contextmanager
def desk_on(folder: Path, text: str | None = None, run: Path | None = None) -> Iterator[Desk]:
    """A desk of the tiny policy, or of one that extends it, in a folder of its own."""
    desk = desk_of(own_tiny(folder, text), TINY[1], run)
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


@pytest.fixture(scope="module")
def tiny() -> Iterator[Served]:
    with served() as found:
        found.until(is_planned)
        yield found


@pytest.fixture
def fresh(tiny: Served) -> Served:
    tiny.wish("reset")
    tiny.until(is_planned)
    return tiny


def answered(desk: Desk) -> dict[str, Any]:
    answer: dict[str, Any] = until(
        desk, lambda facts: facts["answer"] is not None and not facts["answer"]["is_open"]
    )["answer"]
    return answer


def is_clashing(facts: dict[str, Any]) -> bool:
    return bool(facts["phase"] == "nothing fits")


# A policy that leaves no plan ----------------------------------------------------------------


def test_a_policy_that_clashes_from_the_start_is_mended(tmp_path: Path) -> None:
    with desk_on(tmp_path, CLASH) as desk:
        facts = until(desk, is_clashing)
        assert "No plan keeps every rule." in facts["words"]
        assert facts["levers"]
        assert not facts["scales"]
        assert "limits.x.at_least" in {each["address"] for each in desk.levers()}
        desk.ask("why", "slots[]")
        assert "No plan keeps every rule." in "\n".join(answered(desk)["words"])
        # What does not help is told as what clashes then, and what is wrong is taken back.
        desk.put({"limits.x.at_least": 21})
        facts = until(desk, is_clashing)
        assert not facts["refused"]
        desk.type("limits.x.at_laest=3")
        facts = until(desk, lambda facts: bool(facts["refused"]) and is_clashing(facts))
        assert "at_laest" in facts["refused"]
        assert [each["text"] for each in facts["setting"]["changes"]] == ["limits.x.at_least=21"]
        desk.ask("mend", "")
        answer = answered(desk)
        assert answer["offers"], answer["words"]
        desk.apply(answer["offers"][0]["number"])
        facts = until(desk, is_planned)
        assert facts["scales"]["bridges"] > 0
        text = facts["setting"]["changes"][0]["text"]
        assert facts["counted"] == f"{COUNTED_BY}: {text}."
        # Points are those that a policy that has always been so would have.
        policy = load_policy(tmp_path / "policy.toml", changes=parse_changes([text]))
        assert facts["plan"]["points"] == pytest.approx(solve(policy, TINY[1]).objective)
        assert not facts["command"]
        desk.put({SCIENCE: "*1.1"})
        until(desk, is_planned)
        desk.put({SCIENCE: "*1.1", WEIGHT: 1})
        assert until(desk, is_planned)["scales"] == facts["scales"]
        desk.reset()
        until(desk, is_clashing)


def test_a_policy_that_does_not_fit_its_case_is_mended(tmp_path: Path) -> None:
    with desk_on(tmp_path, CLASH.replace("22", "28")) as desk:
        facts = until(desk, lambda facts: facts["phase"] == "failed" and facts["levers"])
        assert "the floor 28 for total is above the 27 eligible applicants" in facts["words"]
        desk.ask("mend", "")
        assert "the floor 28 for total" in "\n".join(answered(desk)["words"])
        # A step that is not enough stays set, as the next one may be.
        desk.put({WEIGHT: 1})
        desk.put({"limits.x.at_least": 22})
        until(desk, is_clashing)
        desk.put({"limits.x.at_least": 10})
        facts = until(desk, is_planned)
        changes = {WEIGHT: 1, "limits.x.at_least": 10}
        policy = load_policy(tmp_path / "policy.toml", changes=changes)
        assert facts["plan"]["points"] == pytest.approx(solve(policy, TINY[1]).objective)
        demand = "slots[country=BOR] >= 1"
        desk.demand([demand], [])
        until(desk, is_planned)
        desk.demand([], [demand])
        until(desk, is_planned)
        desk.reset()
        facts = until(desk, lambda facts: bool(facts["refused"]) and is_planned(facts))
        assert "the floor 28 for total" in facts["refused"]


def test_other_faults_of_the_beginning_are_told_to_whoever_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("nobody foresaw it")

    words = ["RuntimeError: nobody foresaw it (a fault of this tool, not of the case)"]
    monkeypatch.setattr(Session, "relax", fail)
    with desk_on(tmp_path) as desk:
        desk.ask("why", "slots[]")
        assert answered(desk)["words"] == words
        desk.put({WEIGHT: 1})
        facts = until(desk, lambda facts: facts["phase"] == "failed")
        assert facts["words"] == words[0]
        desk.ask("mend", "")
        assert answered(desk)["words"] == words


def test_a_question_that_fails_is_answered_and_the_plan_is_found(
    fresh: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("what nobody foresaw")

    with monkeypatch.context() as patched:
        patched.setattr(questions, "why", fail)
        fresh.wish("move", changes={WEIGHT: 1.5})
        fresh.wish("ask", kind="why", text="slots[]")
        words = answered(fresh.desk)["words"]
    assert words == ["RuntimeError: what nobody foresaw (a fault of this tool, not of the case)"]
    assert fresh.until(is_planned)["plan"]["points"] > 0
    assert "what nobody foresaw" in capsys.readouterr().err


def test_a_question_beside_what_cannot_be_set_is_answered(fresh: Served) -> None:
    fresh.wish("type", text="goals.competitiveness.weight=much")
    fresh.wish("ask", kind="why", text="slots[]")
    assert answered(fresh.desk)["words"]
    assert fresh.until(is_planned)


# What overlaps -------------------------------------------------------------------------------


def test_the_order_of_changes_is_a_part_of_what_is_set(fresh: Served) -> None:
    assert Setting({SCIENCE: "*1.1", YEAR: 4e6}) != Setting({YEAR: 4e6, SCIENCE: "*1.1"})
    assert Setting({YEAR: 4e6}) == Setting({YEAR: 4e6})
    fresh.wish("move", changes={YEAR: 8_100_000})
    fresh.until(is_planned)
    fresh.wish("move", changes={SCIENCE: "*1.1"})
    more = fresh.until(is_planned)["plan"]
    fresh.wish("type", text=f"{YEAR}=8100000")
    less = fresh.until(lambda facts: facts["plan"]["number"] > more["number"])["plan"]
    assert less["points"] <= more["points"]
    plan = fresh.desk.plans.newest
    assert plan is not None
    money = plan.tables["spending"].set_index(["line", "year"])
    assert money["spent"].to_dict()["science", 2030] <= 8_100_000


def test_levers_show_what_counts(fresh: Served) -> None:
    def levers(changes: dict[str, object]) -> Any:
        policy, case = load_policy(TINY[0]), load_case(TINY[1])
        return NumbersNow(policy, case, sliders_of(policy, case)).of(changes)

    line = {"number": pytest.approx(110.0), "own": SCIENCE, "covered": False}
    year = {"number": pytest.approx(8.8e6), "own": None, "covered": True}
    now = levers({SCIENCE: "*1.1"})
    assert now.levers[SCIENCE] == line
    assert now.levers[YEAR] == year
    assert len(now.levers) == 3
    # Another spelling is the same lever.
    assert levers({"budgets[ line='science' ].amount_jpy": "+10%"}).levers[SCIENCE] == {
        **line,
        "own": "budgets[ line='science' ].amount_jpy",
    }
    # What a later change sets again has no effect, and the years are not one number any more.
    now = levers({YEAR: 4_000_000, SCIENCE: "*1.1"})
    assert now.overridden == {YEAR}
    assert now.levers[YEAR] == {"number": pytest.approx(8.8e6), "own": YEAR, "covered": True}
    assert now.levers[SCIENCE]["number"] == pytest.approx(110.0)
    now = levers({SCIENCE: "*1.1", YEAR: 8_000_000})
    assert not now.overridden
    assert now.levers[YEAR] == {"number": 8_000_000, "own": YEAR, "covered": True}
    assert now.levers[SCIENCE] == {"number": None, "own": SCIENCE, "covered": True}
    # So for the policy: by place or by name, and within a table that is set whole.
    assert levers({"limits.1.at_most.times": 0.4}).levers[SHARE] == {
        "number": 0.4,
        "own": "limits.1.at_most.times",
        "covered": False,
    }
    whole = {"times": 0.3, "measure": "slots", "by": ["year"]}
    assert levers({"limits.country_share.at_most": whole}).levers[SHARE] == {
        "number": 0.3,
        "own": None,
        "covered": True,
    }
    assert levers({}).levers == levers({"budgets[line=sience].amount": 1}).levers == {}
    fresh.wish("move", changes={SCIENCE: "*1.1"})
    assert fresh.until(is_planned)["setting"]["levers"].keys() == {
        SCIENCE,
        YEAR,
        YEAR[:-9] + "1].amount",
    }


# Slots that are asked for --------------------------------------------------------------------


def test_a_repair_of_what_is_asked_for_changes_what_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with desk_on(tmp_path) as desk:
        until(desk, is_planned)
        desk.demand(["slots[] >= 22"], [])
        until(desk, is_clashing)
        desk.ask("mend", "")
        offers = answered(desk)["offers"]
        (number,) = [each["number"] for each in offers if "slots[]" in each["words"]]
        desk.apply(number)
        facts = until(desk, is_planned)
        (demand,) = facts["setting"]["demands"]
        assert demand.startswith("slots[] >= ")
        assert demand != "slots[] >= 22"
        assert not facts["setting"]["changes"]
        desk.save("m")
        assert desk.scenarios() == ["m"]
        desk.export("r")
        desk.reset()
        until(desk, is_planned)
        desk.load("m")
        again = until(desk, is_planned)
        assert again["setting"]["demands"] == [demand]
        assert again["plan"]["points"] == pytest.approx(facts["plan"]["points"])
    with desk_on(tmp_path, run=tmp_path / "runs" / "r") as desk:
        until(desk, is_planned)
        assert desk.board.facts()["setting"]["demands"] == [demand]
        desk.put({WEIGHT: 1})
        assert not until(desk, is_planned)["refused"]


def test_changes_of_what_is_asked_for_are_made_after_it_is_asked_for() -> None:
    session = Session(*TINY)
    session.relax()
    follower = Follower(session, most_dropped=0)
    demand = "slots[country=BOR] >= 1"
    soft = f'limits."{demand}".soft'
    asked = Setting(demands=(demand,)).changed({soft: 0.5})
    assert asked.changes == {soft: 0.5}
    follower.follow(asked)
    assert follower.session.policy.limits[-1].soft == 0.5
    # It goes with what it changes.
    assert asked.demanding(fewer=[demand]) == Setting()


def test_what_is_asked_for_no_longer_leaves_no_trace() -> None:
    session = Session(*TINY)
    first = session.solve()
    most = len(session.policy.limits) + MOST_DROPPED
    searcher = Follower(session, most_dropped=0)
    relaxer = Follower(Session(*TINY, scales=session.scales), most_dropped=MOST_DROPPED)
    for number in range(MOST_DROPPED + 2):
        demand = f"slots[country=BOR] <= {number + 7}"
        for follower in (searcher, relaxer):
            follower.follow(Setting({WEIGHT: 1}, (demand,)))
            follower.follow(Setting({WEIGHT: 1}))
        assert len(relaxer.session.policy.limits) <= most
    searcher.follow(Setting())
    plan = searcher.session.solve()
    assert plan.objective == pytest.approx(first.objective)
    assert plan.question is not None
    assert not plan.question.added
    for key in ("dropped", "added_limits", "policy_hash", "scales", "scales_from"):
        assert plan.provenance.get(key) == first.provenance.get(key)
    assert not any("Dropped" in note for note in plan.notes)


# What is saved -------------------------------------------------------------------------------


def test_what_is_saved_can_be_set_again_or_is_refused(tmp_path: Path) -> None:
    with desk_on(tmp_path) as desk:
        until(desk, is_planned)
        desk.type("horizon.years=[2030, 2030]")
        until(desk, is_clashing)
        desk.save("short")
        desk.reset()
        desk.type("goals.alliance.diminishing.breakpoints=[[0, 1], [2, 0.5]]")
        facts = until(desk, is_planned)
        desk.save("wide")
        assert desk.scenarios() == ["short", "wide"]
        desk.reset()
        until(desk, is_planned)
        desk.load("short")
        changes = desk.board.facts()["setting"]["changes"]
        assert [each["text"] for each in changes] == ["horizon.years=[2030, 2030]"]
        desk.load("wide")
        again = until(desk, is_planned)
        assert again["setting"]["changes"] == facts["setting"]["changes"]
        assert again["plan"]["points"] == pytest.approx(facts["plan"]["points"])
        desk.reset()
        until(desk, is_planned)
        demand = "slots[country=BOR] >= 1"
        desk.demand([demand], [])
        desk.put({f'limits."{demand}".soft': 0.5})
        until(desk, is_planned)
        with pytest.raises(PolicyError, match="which no lever of the page sets"):
            desk.save("soft")
        assert not (tmp_path / "soft.toml").exists()


def test_it_is_said_how_a_scenario_comes_to_the_same_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with desk_on(tmp_path, CLASH.replace("22", "1")) as desk:
        until(desk, is_planned)
        desk.put({WEIGHT: 1, INDUSTRY: "*0.9"})
        until(desk, is_planned)
        desk.save("weights")
        solving = f"optimizer solve {tmp_path / 'weights.toml'} {TINY[1]} --set '{INDUSTRY}=*0.9'"
        written = desk.board.facts()["written"]
        assert written == (
            f"Written: {tmp_path / 'weights.toml'}, {tmp_path / 'weights.csv'}. "
            f"To solve it: {solving}"
        )
        desk.demand(["slots[country=BOR] >= 1"], [])
        facts = until(desk, is_planned)
        desk.save("other")
        solving = f"optimizer solve {tmp_path / 'other.toml'} {TINY[1]} --set '{INDUSTRY}=*0.9'"
        written = desk.board.facts()["written"]
        assert written.endswith(
            f"To solve it: {solving}. Its goals may have other scales, as its rules are others, "
            "and then its points are not those of this page: write a run folder too, and add "
            "--scales with its path."
        )
        desk.export("r")
        desk.save("again")
        assert desk.board.facts()["written"].endswith(" --scales runs/r")
    plan = solve(
        tmp_path / "again.toml", TINY[1], changes={INDUSTRY: "*0.9"}, scales=desk.plans.newest
    )
    assert plan.objective == pytest.approx(facts["plan"]["points"])


def test_scenarios_with_slots_asked_for_are_listed_from_the_start(tmp_path: Path) -> None:
    with desk_on(tmp_path) as desk:
        until(desk, is_planned)
        desk.demand(["slots[country=BOR] >= 1"], [])
        desk.save("bor")
    with desk_on(tmp_path) as desk:
        until(desk, lambda facts: bool(facts["levers"]))
        assert desk.scenarios() == ["bor"]


def test_only_the_plan_of_what_is_set_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with desk_on(tmp_path) as desk:
        until(desk, is_planned)
        desk.put({SHARE: 0.1})
        for ask in (lambda: desk.export("old"), lambda: desk.file("report.html")):
            with pytest.raises(PolicyError, match="is not one of what is set"):
                ask()
        until(desk, is_clashing)
        with pytest.raises(PolicyError, match="is not one of what is set"):
            desk.export("old")
        assert not (tmp_path / "runs").exists()
        desk.undo()
        until(desk, is_planned)
        assert desk.export("new") == "runs/new"


def test_browsers_leave_out_port_80() -> None:
    def refused(port: int, host: str) -> object:
        headers = [(b"host", host.encode()), (b"x-token", b"t")]
        scope = {"type": "http", "method": "GET", "headers": headers, "query_string": b""}
        return Guard(lambda *_: None, "t", port)._refusal(scope)  # type: ignore[arg-type]

    for host in ("127.0.0.1", "localhost", "127.0.0.1:80"):
        assert refused(80, host) is None
        if not host.endswith("80"):
            assert refused(8000, host) == (421, "wrong host")
    assert refused(80, "evil.example") == (421, "wrong host")


def test_a_relaxation_is_not_ended_by_one_that_nobody_wanted() -> None:
    """HiGHS keeps an interrupt until it is told otherwise."""
    session = Session(*TINY)
    session.relax()
    interrupted = 0
    for number in range(60):
        asked = [0]

        def is_unwanted(asked: list[int] = asked, number: int = number) -> bool:
            asked[0] += 1
            return asked[0] > 1 + number % 5

        session.change({WEIGHT: 1 + number * 7 % 11, "goals.alliance.weight": 1 + number * 5 % 7})
        with wanted_until(is_unwanted):
            interrupted += session.relax().status == "stopped"
        session.change({WEIGHT: 1 + number * 3 % 13})
        assert session.relax().status == "optimal"
    assert interrupted
