"""What fairness costs: fronts of points and the lowest rate, as enumeration finds them, by hand."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from signal import SIGINT, raise_signal

import pytest

import optimizer
import shared
from optimizer import ArgumentError, FairFrontier, OptimizerError, PolicyError, SolverError
from optimizer.session.aims.among import Among, Reached
from optimizer.solver import Progress
from seeds import many, seeds
from shared_out import SharedOut, gini_of, hoover_of, shared_out

ROOT = Path(__file__).resolve().parents[1]
DIVISION = (
    '\n[[fairness]]\nname = "partners"\nmeasure = "slots"\nby = ["country"]\n'
    'relative_to = "people"\n'
)
Point = tuple[float, float]


def undominated(points: Iterable[Point]) -> list[Point]:
    """Points and lowest rates of which none is as good in both and better in one."""
    best: list[Point] = []
    for points_of, level in sorted(set(points), reverse=True):
        if not best or level > best[-1][1] + 1e-9:
            best.append((points_of, level))
    return best


def front_of(found: optimizer.Frontier) -> list[Point]:
    columns = found.table[["points", "lowest_rate"]]
    return [(float(points), float(level)) for points, level in columns.to_numpy().tolist()]


def is_front(found: optimizer.Frontier, wanted: Sequence[Point]) -> bool:
    there = front_of(found)
    pairs = zip(there, wanted, strict=False)
    return len(there) == len(wanted) and all(one == pytest.approx(other) for one, other in pairs)


def priced(files: tuple[Path, Path], **asked: object) -> FairFrontier:
    found = optimizer.frontier(*files, fairness="partners", cache=False, **asked)  # type: ignore[arg-type]  # of any kind
    assert isinstance(found, FairFrontier)
    return found


@pytest.mark.parametrize("seed", seeds(many(4), quick=1))
def test_exact_fronts_equal_enumeration(seed: int, tmp_path: Path) -> None:
    drawn = shared_out(seed, count=4 if seed % 3 == 0 else 3)
    files = drawn.write(tmp_path, DIVISION)
    wanted = undominated((drawn.points(x), min(drawn.rates(x))) for x in drawn.ways())
    found = priced(files, exact=True)
    assert found.complete, found.why_incomplete
    assert is_front(found, wanted)
    assert found.table["status"].eq("optimal").all()
    groups = found.tables["groups"]
    for number, row in enumerate(found.table.to_dict("records"), start=1):
        assert optimizer.evaluate(found.plans[number], *files).holds
        slots = groups.loc[groups["point"].eq(number), "amount"].tolist()
        assert drawn.points([round(x) for x in slots]) == pytest.approx(row["points"])
        if sum(slots):
            assert row["gini"] == pytest.approx(gini_of(slots, drawn.people))
            assert row["hoover"] == pytest.approx(hoover_of(slots, drawn.people))
        lowest = drawn.countries[drawn.rates([round(x) for x in slots]).index(row["lowest_rate"])]
        assert row["lowest_group"] == lowest
    few = priced(files, points=3, gap=0)
    there = front_of(few)
    assert all(any(each == pytest.approx(one) for one in wanted) for each in there)
    assert [there[0], there[-1]] == [pytest.approx(wanted[0]), pytest.approx(wanted[-1])]
    assert len(there) == min(3, len(wanted)) or few.complete


# Of three slots A and B get three and none, or two and one: 100 points less, for a rate of 1.
BY_HAND = SharedOut((3, 3), (2.0, 1.0), (1, 1), 3, today=(1, 1))


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return BY_HAND.write(tmp_path_factory.mktemp("hand"), DIVISION)


@pytest.fixture(scope="module")
def front(by_hand: tuple[Path, Path]) -> FairFrontier:
    return priced(by_hand, exact=True)


def test_two_points_by_hand(front: FairFrontier) -> None:
    found = front
    assert is_front(found, [(600.0, 0.0), (500.0, 1.0)])
    assert found.table["lost_points"].tolist() == pytest.approx([0.0, 100.0])
    assert found.table["lost_share"].tolist() == pytest.approx([0.0, 1 / 6])
    prices = found.tables["prices"][["basis", "price"]].values.tolist()
    # Somebody of B for one of A: by the relaxation as well.
    assert prices[0] == ["next point", pytest.approx(100.0)]
    assert prices[-1] == ["dual", pytest.approx(100.0)]
    assert found.table["binding_group"].tolist()[-1] == "BB"
    marks = found.tables["marks"].set_index("mark")
    assert marks["points"].tolist() == pytest.approx([600.0, 300.0])
    assert marks["lowest_rate"].to_dict() == {"policy": 0.0, "today": 1.0}
    words = found.in_words()
    assert words[:4] == [
        "2 plans from the most points to the highest lowest rate of partners (slots per unit of "
        "people); none dominates another.",
        "The lowest rate: from 0 (BB) with the most points, 600, to 1 (BB), the highest of all, "
        "with 500, which is 100 (16.67%) fewer.",
        "- 1: lowest 0 (BB), 600 points; Gini 0.500",
        "- 2: lowest 1 (BB), 500 points, 16.67% fewer; Gini 0.167",
    ]
    assert (
        "Today's plan: lowest 1 (AA and 1 more), 300 points, Gini 0.000. Plan 2 has as high a "
        "lowest rate and 200 points more."
    ) in words
    assert words[-1] == "Complete: it is proven that there are no other points."


@pytest.mark.parametrize("gap", [1e-6, 0.01])
def test_the_first_point_has_the_most_points_however_few_these_are(
    gap: float, tmp_path: Path
) -> None:
    few = SharedOut((3, 3), (2e-4, 1e-4), (1, 1), 3, today=(1, 1))
    found = priced(few.write(tmp_path, DIVISION), points=3, gap=gap)
    assert is_front(found, [(0.06, 0.0), (0.05, 1.0)])


def test_todays_plan_is_marked_where_it_breaks_rules(tmp_path: Path) -> None:
    many_slots = '\n[[limits]]\nname = "many"\nmeasure = "slots"\nat_least = 3\n'
    found = priced(BY_HAND.write(tmp_path, DIVISION + many_slots), exact=True)
    today = found.tables["marks"].set_index("mark").loc["today"]
    assert not today["keeps_rules"]
    assert today["lowest_rate"] == 1.0
    assert any(
        line == "Today's plan has a lowest rate of 1 (AA and 1 more), Gini 0.000; it does not keep "
        "every rule."
        for line in found.in_words()
    )


def test_todays_plan_breaks_no_rule_where_the_solver_fails(
    by_hand: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **options: object) -> Reached:
        raise SolverError("HiGHS gave up")

    monkeypatch.setattr(Among, "most", failing)
    found = priced(by_hand, exact=True)
    assert found.complete
    assert found.tables["marks"]["mark"].tolist() == ["policy"]


def test_what_is_missing_beside_the_points_is_said(by_hand: tuple[Path, Path]) -> None:
    """Every point is found and proven; today's plan is interrupted."""

    def once(progress: Progress) -> None:
        if progress.step == "today's plan":
            raise_signal(SIGINT)

    found = priced(by_hand, exact=True, report=once)
    assert found.complete
    assert found.interrupted
    assert found.tables["marks"]["mark"].tolist() == ["policy"]
    assert found.in_words()[-1] == (
        "What is said beside the points is not complete: it was interrupted."
    )


def test_the_relaxation_gives_a_curve(by_hand: tuple[Path, Path]) -> None:
    """B gets what the lowest rate asks for and A the rest, up to one and a half each."""
    found = priced(by_hand, points=4, relaxed=True)
    assert is_front(found, [(600.0 - 100.0 * level, level) for level in (0.0, 0.5, 1.0, 1.5)])
    prices = found.tables["prices"]
    assert prices.loc[prices["basis"].eq("dual"), "price"].tolist()[1:3] == pytest.approx(
        [100.0] * 2
    )
    assert found.why_incomplete == "4 points were asked for, and the curve goes on between them"
    assert not found.plans
    with pytest.raises(OptimizerError, match="are not plans"):
        found.write_policy(1, by_hand[0].with_name("first.toml"))


@pytest.mark.parametrize("seed", seeds(many(2, 50), quick=1))
def test_no_plan_lies_beyond_the_curve(seed: int, tmp_path: Path) -> None:
    drawn = shared_out(seed)
    found = priced(drawn.write(tmp_path, DIVISION), points=5, relaxed=True)
    curve = front_of(found)
    for x in drawn.ways():
        level = min(drawn.rates(x))
        assert level <= curve[-1][1] + 1e-6
        # At any level of the curve that a plan reaches, the curve has at least its points.
        reached = [points for points, at in curve if at <= level + 1e-9]
        assert not reached or drawn.points(x) <= reached[-1] + 1e-6


@pytest.mark.parametrize("people", [pytest.param((1, 3), marks=pytest.mark.slow), (3, 7)])
def test_a_point_becomes_a_policy_that_leads_back_to_it(
    people: tuple[int, int], tmp_path: Path
) -> None:
    """Rates are sevenths and thirds, of which no decimal is just the same."""
    files = SharedOut((4, 4), (5.0, 2.0), people, 5).write(tmp_path, DIVISION)
    found = priced(files, points=3, gap=0)
    last = len(found.table)
    assert found.table["lowest_rate"].iloc[-1] > 0.0
    written = found.write_policy(last, files[0].with_name("last.toml"))
    assert "coverage" in written.read_text(encoding="utf-8")
    plan = optimizer.solve(written, files[1], gap=0.0, cache=False)
    assert plan.objective == pytest.approx(found.table["points"].iloc[-1])


def test_what_cannot_be_asked_is_refused(by_hand: tuple[Path, Path]) -> None:
    refused: list[tuple[dict[str, object], str]] = [
        ({"fairness": "partner"}, r"(?s)frontier, fairness: there is no division.*Maybe partners"),
        ({"fairness": "partners", "goals": ["g"]}, "stands beside fairness; one of the two"),
        ({"fairness": "partners", "lexicographic": 0}, "goes with goals, not with fairness"),
        ({"fairness": "partners", "exact": True, "relaxed": True}, "cannot be listed one by one"),
        ({"fairness": "partners", "points": 1}, "1 is not a valid number of points"),
        ({"goals": ["g", "g"], "relaxed": True}, "goes with fairness"),
        ({}, "no goal is named"),
    ]
    for asked, words in refused:
        with pytest.raises(ArgumentError, match=words):
            optimizer.frontier(*by_hand, **asked)  # type: ignore[arg-type]  # on purpose


def test_points_that_do_not_come_in_steps_are_not_listed(tmp_path: Path) -> None:
    """Each of B earns the root of 2."""
    of_value = DIVISION.replace('"slots"', '"value"\ngoal = "g"')
    drawn = SharedOut((3, 3), (2.0, 2**0.5), (1, 1), 3)
    files = drawn.write(tmp_path, of_value)
    with pytest.raises(OptimizerError, match="does not come in steps"):
        priced(files, exact=True)
    found = priced(files, points=3, gap=0)
    wanted = undominated(
        (drawn.points(x), min(s * n for s, n in zip(drawn.scores, x, strict=True)))
        for x in drawn.ways()
    )
    assert is_front(found, wanted)


def test_time_that_ends_before_a_plan_is_said(by_hand: tuple[Path, Path]) -> None:
    for relaxed in (False, True):
        with pytest.raises(optimizer.NoPlanError):
            priced(by_hand, time_limit=0.001, relaxed=relaxed)


def test_a_clash_is_named(tmp_path: Path) -> None:
    many_slots = '\n[[limits]]\nname = "many"\nmeasure = "slots"\nat_least = 4\n'
    with pytest.raises(optimizer.InfeasibleError, match="many"):
        priced(BY_HAND.write(tmp_path, DIVISION + many_slots))


def test_the_command_prints_one_document_and_writes_a_point(
    by_hand: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("frontier", *by_hand, "--fairness", "partners", "--exact")
    out = tmp_path / "run"
    assert shared.run(monkeypatch, *words, "--json", "--take", "2", "--out", out) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["complete"] is True
    assert [point["lowest_rate"] for point in document["points"]] == [0.0, 1.0]
    assert {each["mark"] for each in document["marks"]} == {"policy", "today"}
    kept = optimizer.load_run(out)
    assert kept.plan.provenance["frontier"]["goals"] == {"points": 500.0, "partners": 1.0}
    assert kept.read.decisions.slots["slots"].tolist() == [2, 1]
    assert shared.run(monkeypatch, *words) == 0
    assert "--fairness partners --exact --take 1 --out" in capsys.readouterr().out
    assert shared.run(monkeypatch, *words[:-1], "--relaxed", "--points", "3") == 0
    assert "Next: optimizer frontier" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--goals", "g"], "--goals: only one goal is named"),
        (["--goals", "g,hh"], "--goals: 'hh' is not a goal"),
        (["--fairness", "partner"], "--fairness: there is no division 'partner'"),
        (["--fairness", "partners", "--reference", "g=1"], "--reference: goes with goals"),
        (["--fairness", "partners", "--relaxed", "--out", "x"], "--relaxed has not"),
        (["--fairness", "partners", "--relaxed", "--gap", "1%"], "--gap: 0.01 with the relaxation"),
        (["--fairness", "partners", "--goals", "g,h"], "name one of the two"),
        ([], "name one of the two"),
    ],
)
def test_wrong_options_are_wrong_usage(
    options: list[str],
    told: str,
    by_hand: tuple[Path, Path],
    run: Callable[..., tuple[int, str]],
) -> None:
    code, said = run("frontier", *by_hand, *options)
    assert code == 2
    assert told in said
    assert "changes" not in said


def test_wrong_aims_are_wrong_usage(
    by_hand: tuple[Path, Path], tmp_path: Path, run: Callable[..., tuple[int, str]]
) -> None:
    out = ["--out", tmp_path / "run"]
    code, said = run("solve", *by_hand, "--aim", "maxmin", *out)
    assert code == 2
    assert "--aim: there is no aim 'maxmin'" in said
    assert "Expected one of max-min, leximin, nash. Maybe max-min." in said
    code, said = run("solve", *by_hand, "--aim", "max_min", "--fairness", "partner", *out)
    assert code == 2
    assert "--fairness: there is no division 'partner'" in said


def test_a_front_is_drawn(front: FairFrontier) -> None:
    pytest.importorskip("altair")
    assert front.charts == ["front", "groups"]
    for name in front.charts:
        assert front.chart(name).to_dict()["title"]
    drawn = json.dumps(front.chart("front").to_dict())
    assert "today's plan" in drawn
    assert "the policy's own plan" in drawn
    assert "FairFrontier of partners: 2 points" in front._repr_html_()


@pytest.mark.slow
def test_the_price_of_an_assignment_is_the_enumerated_one(tmp_path: Path) -> None:
    """Of ten items each agent gets at least so many: all 59,049 ways are looked at."""
    folder = ROOT / "tests" / "fronts"
    tables = {
        name: list(
            csv.DictReader((folder / "gap3" / f"{name}.csv").read_text("utf-8").splitlines())
        )
        for name in ("costs", "scores", "budgets")
    }
    policy = tmp_path / "price.toml"
    text = (folder / "gap3.toml").read_text(encoding="utf-8").partition("\n")[2]
    policy.write_text(
        f"{text}\n{DIVISION}".replace('["country"]', '["track"]').replace(
            'relative_to = "people"\n', ""
        )
    )
    agents = sorted({row["track"] for row in tables["costs"]})
    items = sorted({row["country"] for row in tables["costs"]})
    cost = {(row["country"], row["track"]): int(row["amount_xxx"]) for row in tables["costs"]}
    profit: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in tables["scores"]:
        profit[row["country"], row["track"]] += float(row["value"])
    room = {row["line"]: int(row["amount_xxx"]) for row in tables["budgets"]}
    ways = []
    for chosen in product(agents, repeat=len(items)):
        spent = dict.fromkeys(agents, 0)
        for pair in zip(items, chosen, strict=True):
            spent[pair[1]] += cost[pair]
        if all(spent[agent] <= room[agent] for agent in agents):
            # Three goals of the same weight.
            total = 100.0 * sum(profit[pair] for pair in zip(items, chosen, strict=True)) / 3.0
            ways.append((total, float(min(map(chosen.count, agents)))))
    found = priced((policy, folder / "gap3"), exact=True)
    assert found.complete
    assert is_front(found, undominated(ways))


def test_errors_of_a_policy_are_no_wrong_usage(
    by_hand: tuple[Path, Path], run: Callable[..., tuple[int, str]]
) -> None:
    code, said = run("frontier", *by_hand, "--fairness", "partners", "--set", "goals.x.weight=1")
    assert code == 1
    assert "goals.x" in said
    assert issubclass(ArgumentError, PolicyError)


def test_todays_plan_may_lie_beyond_the_points_that_were_asked_for(tmp_path: Path) -> None:
    """(6, 0) with 3,000 points and (3, 3) with 1,800; between them today's (4, 2), with 2,200."""
    drawn = SharedOut((6, 6), (5.0, 1.0), (1, 1), 6, today=(4, 2))
    found = priced(drawn.write(tmp_path, DIVISION), points=2, gap=0)
    (told,) = [each for each in found.in_words() if each.startswith("Today's plan")]
    assert told.endswith("Plan 2 has as high a lowest rate and 400 points fewer.")


def test_the_time_limit_of_a_policy_is_for_one_plan(by_hand: tuple[Path, Path]) -> None:
    short = {"solver.time_limit": 0.001}
    assert priced(by_hand, changes=short, exact=True).complete
    with pytest.raises(optimizer.NoPlanError, match=r"within the time limit of 0\.001 s"):
        optimizer.fair_plan(*by_hand, aim="max_min", changes=short, cache=False)
