"""How firm weights are, beside the relaxation solved again at each weight."""

from __future__ import annotations

import json
import random
from pathlib import Path
from signal import SIGINT, raise_signal

import numpy as np
import pandas as pd
import pytest

from optimizer import (
    Firmness,
    InfeasibleError,
    Plan,
    PolicyError,
    Session,
    solve,
    weights,
    write_run,
)
from optimizer.frames import rows_of
from optimizer.frames.arrays import Floats
from optimizer.policy import load_policy
from optimizer.solver import Progress
from optimizer.tradeoffs.weighing import evenly_drawn
from random_cases import write_random_case
from seeds import many, seeds
from shared import run, tiny

CLOSE = 1e-6
AT = 2e-4
"""Shares beside an end at which it is looked for."""


def shares_with(shares: Floats, goal: int, share: float) -> Floats:
    found: Floats = shares * (1.0 - share) / (1.0 - shares[goal])
    found[goal] = share
    return found


class Again:
    """The relaxation under other weights, by a session whose weights are changed."""

    def __init__(self, plan: Plan) -> None:
        question = plan.question
        assert question is not None
        self.goals = question.policy.goals
        self.session = Session(question.policy, question.case, scales=plan.provenance["scales"])
        table = plan.tables["goals"].set_index("goal").loc[list(self.goals)]
        self.signs = np.array([-1.0 if each.weight < 0 else 1.0 for each in self.goals.values()])
        weight = np.abs([each.weight for each in self.goals.values()])
        self.shares = weight / weight.sum()
        self._own = 100.0 * self.signs * table["scaled"].to_numpy(dtype=float)
        self._paid = float(table["weighted"].sum()) - plan.objective

    def short(self, shares: Floats) -> float:
        """Points by which the plan is short of the relaxation's best."""
        wanted = {
            f"goals.{goal}.weight": float(sign * share)
            for goal, sign, share in zip(self.goals, self.signs, shares, strict=True)
        }
        self.session.change(wanted)
        best = self.session.relax().points
        assert best is not None
        return best - float(self._own @ shares - self._paid)


@pytest.mark.filterwarnings("ignore::optimizer.errors.ModelWarning")
@pytest.mark.parametrize("seed", seeds(many(24), quick=2))
def test_ranges_end_where_the_plan_falls_short(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        plan = solve(policy, case, gap=0.0)
    except (InfeasibleError, PolicyError):
        return
    if any(goal.weight == 0.0 for goal in load_policy(policy).goals.values()):
        return
    found, again = weights(plan, samples=4, seed=seed), Again(plan)
    allowed = found.allowed + CLOSE * max(1.0, abs(found.best))
    assert found.allowed == pytest.approx(max(0.0, again.short(again.shares)), abs=1e-5)
    for number, row in enumerate(rows_of(found.table)):
        assert row.share == pytest.approx(again.shares[number])
        if len(again.goals) == 1:
            assert row.status == "only goal"
            continue
        assert row.status == "optimal"
        assert 0.0 <= row.share_from <= row.share + CLOSE
        assert row.share - CLOSE <= row.share_to <= 1.0
        for share, beyond in ((row.share_from, -AT), (row.share_to, AT)):
            assert again.short(shares_with(again.shares, number, share)) <= allowed
            if 0.0 < share + beyond < 1.0:
                lost = again.short(shares_with(again.shares, number, share + beyond))
                assert lost > found.allowed - CLOSE
        inside = random.Random(seed).uniform(row.share_from, row.share_to)
        assert again.short(shares_with(again.shares, number, inside)) <= allowed
    for sample in rows_of(found.tables["samples"]):
        drawn = np.array([getattr(sample, f"share_{goal}") for goal in again.goals])
        assert sample.short_points == pytest.approx(max(0.0, again.short(drawn)), abs=1e-5)
        assert sample.within == (
            sample.short_points <= 0.01 * abs(sample.best_points) + CLOSE * abs(sample.best_points)
        )


@pytest.fixture(scope="module")
def firm() -> Firmness:
    return weights(solve(*tiny(), gap=0.0), samples=20)


def test_beyond_an_end_another_solution_has_more_points(firm: Firmness) -> None:
    plan = solve(*tiny(), gap=0.0)
    again, table = Again(plan), firm.table.set_index("goal")
    for number, goal in enumerate(again.goals):
        for share, step in ((table["share_from"][goal], -0.01), (table["share_to"][goal], 0.005)):
            if 0.0 < share + step < 1.0:
                assert again.short(shares_with(again.shares, number, share + step)) > 1e-4
    # All else stays: a weight of 1 among 9 others is a tenth.
    assert table["share"]["bridges"] == pytest.approx(0.1)
    weight = table["weight_to"]["bridges"]
    assert weight / (weight + 9.0) == pytest.approx(table["share_to"]["bridges"])


def test_in_words(firm: Firmness) -> None:
    lines = firm.in_words()
    assert lines[:3] == [
        "The plan has 469.550 points; no plan can have more than 469.550 (relaxation).",
        "How far one weight may go, the others in proportion, with the plan as good as any by the "
        "relaxation:",
        "- alliance: 30% of the weight, from 0% to 45.1% (weight 3 now, from 0 to 5.75 with the "
        "others as they are).",
    ]
    assert (
        "The nearest change after which it is not: less weight on regional_vitality, 10% to "
        "5.263%. Beyond it the relaxation turns to this, beside the plan:" in lines
    )
    assert any(
        line.startswith("Of 20 sets of weights drawn evenly from all (seed 0)") for line in lines
    )


def test_who_gets_slots_whatever_the_weights(firm: Firmness) -> None:
    slots = firm.tables["slots"]
    assert set(slots["by"]) == {"country", "track", "agreement"}
    assert slots["share"].between(0.0, 1.0).all()
    assert (slots["least_slots"] <= slots["median_slots"]).all()
    assert (slots["median_slots"] <= slots["most_slots"]).all()
    own = solve(*tiny(), gap=0.0).slots.groupby("country")["slots"].sum()
    in_plan = slots[slots["by"].eq("country")].set_index("key")["plan_slots"]
    assert in_plan.to_dict() == own.astype(float).to_dict()


def test_what_was_found_stays_when_it_is_interrupted() -> None:
    def stop(progress: Progress) -> None:
        if progress.step.startswith("samples"):
            raise_signal(SIGINT)

    found = weights(solve(*tiny(), gap=0.0), samples=3, report=stop)
    assert found.table["status"].eq("optimal").all()
    assert (found.complete, found.interrupted) == (False, True)
    assert found.tables["samples"]["status"].tolist()[-1] == "stopped"
    assert found.in_words()[-1].startswith("Stopped at the interruption: ")


def test_draws_are_shares_and_always_the_same() -> None:
    first, second = evenly_drawn(3, 50, 7), evenly_drawn(3, 50, 7)
    assert np.array_equal(first, second)
    assert np.allclose(first.sum(axis=1), 1.0)
    assert not np.array_equal(first, evenly_drawn(3, 50, 8))
    assert evenly_drawn(3, 0, 7).shape == (0, 3)
    assert abs(first.mean(axis=0) - 1.0 / 3.0).max() < 0.15


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"samples": -1}, "-1 is not a valid count"),
        ({"seed": -1}, "-1 is not a valid count"),
        ({"within": 2.0}, "2.0 is not a valid share"),
        ({"within": "much"}, "'much' is not a valid share"),
    ],
)
def test_what_is_wrong_is_named(asked: dict[str, object], said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        weights("nowhere", **asked)  # type: ignore[arg-type]


def test_the_command(
    firm: Firmness,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_run(solve(*tiny(), gap=0.0), tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "explain", "run", "--weights", "--samples", "20") == 0
    said = capsys.readouterr().out
    assert said.splitlines()[: len(firm.in_words())] == firm.in_words()
    assert "Next: optimizer" in said
    assert run(monkeypatch, "explain", "run", "--weights", "--samples", "2", "--json") == 0
    rows = pd.DataFrame(json.loads(capsys.readouterr().out)["rows"])
    assert rows["share_from"].round(9).tolist() == firm.table["share_from"].round(9).tolist()
    assert run(monkeypatch, "explain", "run", "--weights", "--why", "slots[country=AVA]") == 2
    assert run(monkeypatch, "explain", "run", "--samples", "2") == 2
