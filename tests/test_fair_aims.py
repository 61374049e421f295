"""Fairest plans among those of enough points: as enumeration finds them, and by hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from math import log, prod
from pathlib import Path
from typing import Any

import pytest

import optimizer
from optimizer import ArgumentError, NoPlanError, OptimizerError, PolicyError
from optimizer.session.aims.among import Among, Reached
from optimizer.tradeoffs import fair_plans
from optimizer.tradeoffs.fair_plan_tables import fair_plan_in_words
from seeds import many, seeds
from shared import ROOT, run
from shared_out import SharedOut, shared_out

DIVISION = (
    '\n[[fairness]]\nname = "partners"\nmeasure = "slots"\nby = ["country"]\n'
    'relative_to = "people"\n'
)
NEAR = 1e-7


def enough(drawn: SharedOut, share: float) -> list[tuple[int, ...]]:
    """Ways of enough points."""
    ways = list(drawn.ways())
    most = max(map(drawn.points, ways))
    return [x for x in ways if drawn.points(x) >= share * most - NEAR]


def given(found: optimizer.FairPlan) -> tuple[int, ...]:
    return tuple(round(x) for x in found.table["amount"])


@pytest.mark.parametrize("seed", seeds(many(6), quick=1))
def test_max_min_is_that_of_enumeration(seed: int, tmp_path: Path) -> None:
    drawn = shared_out(seed)
    found = optimizer.fair_plan(
        *drawn.write(tmp_path, DIVISION), aim="max_min", least=0.7, gap=0.0, cache=False
    )
    ways = enough(drawn, 0.7)
    level = max(min(drawn.rates(x)) for x in ways)
    as_fair = [x for x in ways if min(drawn.rates(x)) >= level - NEAR]
    assert found.table["rate"].min() == pytest.approx(level)
    assert found.plan is not None
    assert found.plan.objective == pytest.approx(max(map(drawn.points, as_fair)))
    assert found.is_proven


@pytest.mark.parametrize("seed", seeds(many(6), quick=1))
def test_leximin_is_that_of_enumeration(seed: int, tmp_path: Path) -> None:
    drawn = shared_out(seed, count=4 if seed % 3 == 0 else 3)
    found = optimizer.fair_plan(
        *drawn.write(tmp_path, DIVISION), aim="leximin", least=0.6, gap=0.0, cache=False
    )
    ways = enough(drawn, 0.6)
    best = max(sorted(drawn.rates(x)) for x in ways)
    as_fair = [x for x in ways if sorted(drawn.rates(x)) == pytest.approx(best)]
    assert sorted(found.table["rate"]) == pytest.approx(best)
    assert found.plan is not None
    assert found.plan.objective == pytest.approx(max(map(drawn.points, as_fair)))
    assert found.is_proven


@pytest.mark.parametrize("seed", seeds(many(6), quick=1))
def test_nash_is_that_of_enumeration(seed: int, tmp_path: Path) -> None:
    """Over a plan of today that gives the first country one slot, and the others one or none."""
    today = (1, seed % 2, seed // 2 % 2)
    drawn = replace(shared_out(seed), today=today)
    files, ways = drawn.write(tmp_path, DIVISION), enough(drawn, 0.5)
    products = {
        x: prod(each - least for each, least in zip(x, today, strict=True))
        for x in ways
        if all(each > least for each, least in zip(x, today, strict=True))
    }
    options: dict[str, Any] = {"aim": "nash", "least": 0.5, "gap": 0.0, "cache": False}
    if not products:
        with pytest.raises(OptimizerError, match="more than the point of disagreement"):
            optimizer.fair_plan(*files, **options)
        return
    found = optimizer.fair_plan(*files, **options)
    best = max(products.values())
    assert found.tables["disagreement"]["amount"].tolist() == list(today)
    assert products[given(found)] == pytest.approx(best)
    assert found.is_proven
    steps = found.tables["steps"].set_index("aimed_at")
    assert steps["value"]["sum of logarithms of gains"] == pytest.approx(log(best))
    least = given(found)
    as_much = [x for x in ways if all(a >= b for a, b in zip(x, least, strict=True))]
    assert found.plan is not None
    assert found.plan.objective == pytest.approx(max(map(drawn.points, as_much)))


def test_either_can_have_two_but_not_both(tmp_path: Path) -> None:
    """Three slots for two: whoever is tested alone can be raised above 1."""
    drawn = SharedOut((3, 3), (1.0, 1.0), (1, 1), 3)
    found = optimizer.fair_plan(
        *drawn.write(tmp_path, DIVISION), aim="leximin", least=0.0, gap=0.0, cache=False
    )
    assert sorted(given(found)) == [1, 2]
    steps = found.tables["steps"]
    assert steps["aimed_at"].tolist() == ["lowest rate", "sum of the 2 lowest rates", "points"]
    assert steps["value"].tolist() == pytest.approx([1.0, 3.0, 300.0])
    assert steps["status"].eq("optimal").all()


def test_gains_are_counted_over_todays_plan_where_it_keeps_the_rules(tmp_path: Path) -> None:
    """A has 2 today and B 1, and seven can be paid: gains of 2 and 2 have the largest product."""
    drawn = SharedOut((6, 6), (3.0, 1.0), (1, 1), 7, today=(2, 1))
    options: dict[str, Any] = {"aim": "nash", "least": 0.0, "gap": 0.0, "cache": False}
    found = optimizer.fair_plan(*drawn.write(tmp_path, DIVISION), **options)
    assert found.tables["disagreement"]["amount"].tolist() == [2.0, 1.0]
    assert given(found) == (4, 3)
    assert "Gains are counted over today's plan, which keeps every rule." in found.in_words()
    floor = '\n[[limits]]\nname = "many"\nmeasure = "slots"\nat_least = 4\n'
    late = drawn.write(tmp_path, DIVISION + floor)
    found = optimizer.fair_plan(*late, **options)
    assert "(today's plan does not keep every rule)" in " ".join(found.in_words())


def test_no_gain_for_all_is_said(tmp_path: Path) -> None:
    drawn = SharedOut((1, 1), (1.0, 1.0), (1, 1), 1)
    with pytest.raises(OptimizerError, match=r"(?s)gives every group more.*Maybe aim leximin"):
        optimizer.fair_plan(*drawn.write(tmp_path, DIVISION), aim="nash", least=0.5)


def test_relaxations_raise_all_that_can_be_raised(tmp_path: Path) -> None:
    """A has one applicant, and of ten slots B and C share the nine that are left."""
    drawn = SharedOut((1, 8, 8), (1.0, 2.0, 3.0), (1, 1, 1), 10)
    files = drawn.write(tmp_path, DIVISION)
    found = optimizer.fair_plan(*files, aim="leximin", least=0.0, relaxed=True)
    assert found.table["amount"].tolist() == pytest.approx([1.0, 4.5, 4.5])
    assert found.plan is None
    lowest = optimizer.fair_plan(*files, aim="max_min", least=0.0, relaxed=True)
    assert lowest.table["amount"].tolist() == pytest.approx([1.0, 1.0, 8.0])
    # With the most of A, B has 1; with the most of B, C has 2: above these they share equally.
    nash = optimizer.fair_plan(*files, aim="nash", least=0.0, relaxed=True, tolerance=1e-4)
    assert nash.tables["disagreement"]["amount"].tolist() == pytest.approx([0.0, 1.0, 2.0])
    assert nash.table["amount"].tolist() == pytest.approx([1.0, 4.0, 5.0], abs=0.05)


def test_words_say_what_is_given_up(tmp_path: Path) -> None:
    drawn = SharedOut((4, 4, 4), (5.0, 2.0, 1.0), (1, 1, 2), 8)
    found = optimizer.fair_plan(
        *drawn.write(tmp_path, DIVISION), aim="max_min", least="60%", gap=0.0, cache=False
    )
    words = found.in_words()
    assert words[0] == (
        "Aim max-min of partners (slots per unit of people), among plans of at least 60% of the "
        "most points: 1,680 of 2,800."
    )
    assert found.plan is not None
    assert found.plan.notes[: len(words)] == tuple(words)
    assert found.plan.provenance["aim"]["aim"] == "max_min"
    assert found.best_plan is not None
    assert found.best_plan.objective == pytest.approx(2800.0)


def test_aims_and_divisions_are_named(tmp_path: Path) -> None:
    drawn = SharedOut((3, 3), (1.0, 1.0), (1, 1), 3)
    files = drawn.write(tmp_path, DIVISION)
    with pytest.raises(PolicyError, match=r"(?s)no aim 'leximn'.*Maybe leximin"):
        optimizer.fair_plan(*files, aim="leximn")
    with pytest.raises(PolicyError, match="'120%' is not a valid share"):
        optimizer.fair_plan(*files, least="120%")
    with pytest.raises(PolicyError, match=r"(?s)no division 'partner'.*Maybe partners"):
        optimizer.fair_plan(*files, division="partner")
    with pytest.raises(PolicyError, match="there are 0 divisions"):
        optimizer.fair_plan(*drawn.write(tmp_path))


def test_the_page_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "fairness.md").read_text(encoding="utf-8")
    shutil.copytree(ROOT / "inputs" / "tiny", tmp_path / "inputs" / "tiny")
    (tmp_path / "models").mkdir()
    shutil.copy(ROOT / "models" / "tiny.toml", tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    parts = re.findall(
        r"<!-- run -->\n```python\n(.*?)```\n\n<!-- prints -->\n```text\n(.*?)```", page, re.DOTALL
    )
    names: dict[str, object] = {}
    assert len(parts) == 3
    for code, printed in parts:
        exec(code, names)
        assert capsys.readouterr().out == printed


def test_the_command_writes_the_fairest_plan_as_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of three slots for two countries the second has one, which earns fewer points."""
    drawn = SharedOut((3, 3), (2.0, 1.0), (1, 1), 3)
    files = drawn.write(tmp_path, DIVISION)
    out = tmp_path / "run"
    words = ("solve", *files, "--out", out, "--aim", "max-min", "--least", "50%")
    assert run(monkeypatch, *words) == 0
    told = capsys.readouterr().out
    assert "The lowest rate is 1 (BB), 0 in the plan with the most points." in told
    assert run(monkeypatch, "explain", out, "--top", "1") == 0
    explained = capsys.readouterr()
    assert "the plan aims at max_min of partners" in explained.err
    assert "--aim max-min --fairness partners --least 50%" in explained.out
    assert optimizer.load_run(out).read.decisions.slots["slots"].tolist() == [2, 1]
    assert run(monkeypatch, "check", out) == 0
    capsys.readouterr()
    assert run(monkeypatch, "solve", *files, "--least", "50%") == 2
    assert "goes with --aim" in capsys.readouterr().err


def test_what_is_asked_of_an_aims_plan_is_asked_of_the_policy(tmp_path: Path) -> None:
    """The points that it gives up are no gap, and what follows keeps the aim."""
    drawn = SharedOut((3, 3), (2.0, 1.0), (1, 1), 3)
    files = drawn.write(tmp_path, DIVISION)
    plan = optimizer.fair_plan(*files, aim="max_min", least=0.5, gap=0.0, cache=False).plan
    assert plan is not None
    with pytest.warns(optimizer.ModelWarning, match=r"aims at max_min of partners, at least 0\.5"):
        found = optimizer.marginal_values(plan, top=1)
    assert found.in_words()[0] == "No plan can exceed 600.000 points (relaxation)."
    assert not found.table["within_gap"].any()
    with pytest.warns(optimizer.ModelWarning, match="aims at max_min of partners"):
        others = optimizer.alternatives(plan, plans=1, within="50%").plans
    assert "aim" not in others[1].provenance
    # What has the same aim gives up points for it too.
    assert not optimizer.compare(plan, plan).table["within_gap"].any()


@pytest.fixture
def interrupt_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets Ctrl-C come as so many searches of an aim have ended."""

    def after(count: int) -> None:
        ended, most = [0], Among.most

        def searched(self: Among, *args: Any, **options: Any) -> Reached:
            found = most(self, *args, **options)
            ended[0] += 1
            self.watch.interrupted |= ended[0] == count
            return found

        monkeypatch.setattr(Among, "most", searched)

    return after


@pytest.mark.parametrize(
    ("asked", "steps", "is_proven"),
    [
        ({"aim": "leximin"}, ["lowest rate", "sum of the 2 lowest rates"], False),
        ({"aim": "leximin"}, ["lowest rate", "sum of the 2 lowest rates", "points"], True),
        ({"aim": "max_min"}, ["lowest rate", "points"], True),
        ({"aim": "leximin", "relaxed": True}, ["of 3 groups", "of 2 groups"], False),
        ({"aim": "max_min", "relaxed": True}, ["lowest rate", "points"], True),
    ],
)
def test_what_an_aim_did_not_come_to_is_not_proven(
    asked: dict[str, Any],
    steps: list[str],
    is_proven: bool,
    interrupt_after: Callable[[int], None],
    tmp_path: Path,
) -> None:
    """Of ten slots the first of three countries gets one at most; or three are for two."""
    is_relaxed = asked.get("relaxed", False)
    drawn = SharedOut((3, 3), (2.0, 1.0), (1, 1), 3)
    if is_relaxed:
        drawn = SharedOut((1, 8, 8), (1.0, 2.0, 3.0), (1, 1, 1), 10)
    interrupt_after(len(steps) - 1)
    found = optimizer.fair_plan(*drawn.write(tmp_path, DIVISION), least=0.0, cache=False, **asked)
    told = found.tables["steps"]
    assert all(each.endswith(step) for each, step in zip(told["aimed_at"], steps, strict=True))
    assert told["status"].tolist() == ["optimal"] * (len(steps) - 1) + ["stopped"]
    assert found.is_proven == is_proven
    words = " ".join(found.in_words())
    assert ("No such plan is fairer" in words) == is_proven
    assert ("not proven that no such plan is fairer" in words) != is_proven
    assert "It is not proven that it has the most among plans that are as fair." in words


def test_nash_that_is_cut_off_is_not_proven(
    interrupt_after: Callable[[int], None], tmp_path: Path
) -> None:
    """Today's plan and the lowest gain are looked for before the product."""
    drawn = SharedOut((6, 6), (3.0, 1.0), (1, 1), 7, today=(2, 1))
    interrupt_after(2)
    files = drawn.write(tmp_path, DIVISION)
    found = optimizer.fair_plan(*files, aim="nash", least=0.0, gap=0.0, cache=False)
    assert found.tables["steps"]["status"].tolist() == ["optimal", "feasible", "stopped"]
    assert not found.is_proven


@pytest.mark.parametrize("wrong", [1, 2])
def test_a_search_that_finds_nothing_has_stopped(
    wrong: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each begins at a plan, so that HiGHS is wrong where it calls one infeasible."""
    files = SharedOut((3, 3), (2.0, 1.0), (1, 1), 3).write(tmp_path, DIVISION)
    most, found_by = Among.most, list[Reached]()

    def searched(self: Among, *args: Any, **options: Any) -> Reached:
        found_by.append(most(self, *args, **options))
        return Reached("infeasible", None) if len(found_by) == wrong else found_by[-1]

    monkeypatch.setattr(Among, "most", searched)
    options: dict[str, Any] = {"aim": "leximin", "least": 0.0, "cache": False}
    if wrong == 1:
        with pytest.raises(NoPlanError, match="although there was time left"):
            optimizer.fair_plan(*files, **options)
        return
    found = optimizer.fair_plan(*files, **options)
    assert found.tables["steps"]["status"].tolist() == ["optimal", "stopped"]


def test_of_equal_products_points_are_compared_where_nobody_has_less(tmp_path: Path) -> None:
    """Gains of (2, 1) and of (1, 2) have the same product, but not the same points."""
    drawn = SharedOut((3, 3), (2.0, 1.0), (1, 1), 3)
    files = drawn.write(tmp_path, DIVISION)
    found = optimizer.fair_plan(*files, aim="nash", least=0.0, gap=0.0, cache=False)
    assert sorted(given(found)) == [1, 2]
    points = drawn.points(given(found))
    told = f"Among plans that give every group as much it has the most points: {points:g}, "
    assert any(each.startswith(told) for each in found.in_words())


def test_rounding_is_no_change_of_a_large_amount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Any] = []

    def in_words(*given: Any) -> list[str]:
        kept.extend(given)
        return fair_plan_in_words(*given)

    monkeypatch.setattr(fair_plans, "fair_plan_in_words", in_words)
    drawn = SharedOut((3, 3), (2.0, 1.0), (1, 1), 3)
    optimizer.fair_plan(*drawn.write(tmp_path, DIVISION), aim="max_min", cache=False)
    found, groups, tables = kept
    large = {"most_points_amount": [1e10, 1e10], "amount": [1e10 + 1e-5, 1e10 + 100.0]}
    groups = groups.assign(**large, change=[1e-5, 100.0])
    assert any(
        each.startswith("More than in the plan with the most points: 1 of 2 groups; less: 0.")
        for each in fair_plan_in_words(found, groups, tables)
    )


def test_a_relaxation_has_no_gap(tmp_path: Path) -> None:
    files = SharedOut((3, 3), (2.0, 1.0), (1, 1), 3).write(tmp_path, DIVISION)
    with pytest.raises(ArgumentError, match=r"0\.01 with the relaxation alone") as error:
        optimizer.fair_plan(*files, relaxed=True, gap=0.01)
    assert str(error.value) == (
        "1 problem\n- arguments, gap: 0.01 with the relaxation alone, which is solved to its end\n"
        "    Expected no gap, or 0."
    )
