"""Floors that are a part of the most each group could have by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import ceil
from pathlib import Path
from typing import Any

import pytest

import optimizer
from optimizer import InfeasibleError, Plan, PolicyError, Session, load_policy
from optimizer.frames import rows_of
from optimizer.persistent import LoadedModel
from optimizer.persistent.groups_alone import most_of_groups
from optimizer.plan.parameters import parameters
from optimizer.policy import OwnBest, Policy
from optimizer.session import own_bests
from optimizer.solver import Watch
from seeds import many, seeds
from shared import run
from shared_out import SharedOut, shared_out

NEAR = 1e-6
HELD = 2.5
"""Slots of the first country in all cases: what is left for the others ends in a half."""


def limit(bounds: str = "at_least = { own_best = 0.6 }", more: str = "") -> str:
    return (
        f'\n[[limits]]\nname = "alone"\nmeasure = "slots"\nby = ["country"]\n{bounds}\n{more}'
        '\n[[limits]]\nname = "first"\nmeasure = "slots"\nwhere = { country = "AA" }\n'
        f"at_least = {HELD}\n"
    )


def drawn_case(seed: int) -> SharedOut:
    """A random case in which the first country can have what is held for it."""
    drawn = shared_out(seed)
    first, *others = drawn.applicants
    return replace(drawn, applicants=(max(first, ceil(HELD)), *others))


def slots_in(plan: Plan, drawn: SharedOut) -> list[int]:
    given = plan.slots.groupby("country")["slots"].sum()
    return [int(given.get(country, 0)) for country in drawn.countries]


def best_alone(drawn: SharedOut) -> list[float]:
    """Applicants, or all that is left: parts of slots as well, as nothing has to be whole."""
    left = [drawn.affordable, *[drawn.affordable - HELD] * (len(drawn.applicants) - 1)]
    return [min(float(most), rest) for most, rest in zip(drawn.applicants, left, strict=True)]


def missing(drawn: SharedOut, slots: Sequence[int], part: float) -> float:
    floors = [part * best for best in best_alone(drawn)]
    return sum(max(0.0, least - x) for least, x in zip(floors, slots, strict=True))


def bests_of(policy: Policy) -> dict[str, float]:
    wanted = policy.limits[0].at_least
    assert isinstance(wanted, OwnBest)
    assert wanted.bests is not None
    return dict(wanted.bests)


@pytest.mark.parametrize("part", [0.3, 0.6])
@pytest.mark.parametrize("seed", seeds(many(6), quick=1))
def test_the_best_plan_is_that_of_enumeration(seed: int, part: float, tmp_path: Path) -> None:
    drawn = drawn_case(seed)
    files = drawn.write(tmp_path, limit(f"at_least = {{ own_best = {part} }}"))
    kept = [x for x in drawn.ways() if x[0] >= HELD and missing(drawn, x, part) <= NEAR]
    if not kept:
        with pytest.raises(InfeasibleError, match="of its own best"):
            optimizer.solve(*files, gap=0.0, cache=False)
        return
    plan = optimizer.solve(*files, gap=0.0, cache=False)
    assert plan.objective == pytest.approx(max(map(drawn.points, kept)))
    assert plan.question is not None
    assert list(bests_of(plan.question.policy).values()) == pytest.approx(best_alone(drawn))


@pytest.mark.parametrize("seed", seeds(many(4), quick=1))
def test_a_soft_floor_costs_what_it_is_missed_by(seed: int, tmp_path: Path) -> None:
    drawn = drawn_case(seed)
    files = drawn.write(tmp_path, limit(more="soft = 3\nsoft_base = 2\n"))
    best = max(
        drawn.points(x) - 3.0 * 100.0 * missing(drawn, x, 0.6) / 2.0
        for x in drawn.ways()
        if x[0] >= HELD
    )
    assert optimizer.solve(*files, gap=0.0, cache=False).objective == pytest.approx(best)


# Eight slots among 4, 4 and 3 applicants; without floors the first two have all of them.
UNEVEN = SharedOut((4, 4, 3), (5.0, 2.0, 1.0), (1, 1, 2), 8)
BESTS = {"country=AA": 4.0, "country=BB": 4.0, "country=CC": 3.0}


def test_a_run_has_the_numbers_of_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = UNEVEN.write(tmp_path, limit())
    plan = optimizer.solve(*files, gap=0.0, cache=False)
    assert slots_in(plan, UNEVEN) == [3, 3, 2]
    folder = optimizer.write_run(plan, tmp_path / "run")
    checked = optimizer.evaluate(plan, Session(*files).policy, files[1])

    def never(*_: object) -> None:
        raise AssertionError("own bests are worked out again")

    monkeypatch.setattr(own_bests, "most_of_groups", never)
    run = optimizer.load_run(folder)
    assert bests_of(run.policy) == BESTS
    assert run.policy.hash == plan.provenance["policy_hash"] == checked.provenance["policy_hash"]
    run.session.change({"limits.alone.at_least.own_best": 0.3})
    assert run.session.rebuilt == 0
    assert slots_in(run.session.solve(gap=0.0), UNEVEN) == [4, 3, 1]
    floors = run.plan.tables["rules"].set_index("key")["limit"]
    assert floors["alone, country=CC"] == pytest.approx(0.6 * 3)
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "slots that each could have by itself" in report
    said = parameters(run.plan, run.policy, run.case, {})
    kept = said[said["group"].eq("limit own best of alone")].set_index("name")["value"]
    assert kept.to_dict() == BESTS


def test_a_floor_that_is_added_is_kept_with_its_numbers(tmp_path: Path) -> None:
    session = Session(*UNEVEN.write(tmp_path, limit("at_most = 4")))
    wanted = {"name": "more", "measure": "slots", "by": ["country"], "at_least": {"own_best": 0.6}}
    session.add_limit(wanted)
    plan = session.solve(gap=0.0)
    assert slots_in(plan, UNEVEN) == [3, 3, 2]
    (added,) = plan.provenance["added_limits"]
    assert added["at_least"] == {"own_best": 0.6, "bests": BESTS}
    folder = optimizer.write_run(plan, tmp_path / "run")
    assert optimizer.load_run(folder).session.solve(gap=0.0).objective == plan.objective


def test_two_such_floors_do_not_depend_on_each_other(tmp_path: Path) -> None:
    other = '\n[[limits]]\nname = "all"\nmeasure = "slots"\nat_least = { own_best = 0.75 }\n'
    policy = Session(*UNEVEN.write(tmp_path, limit() + other)).policy
    assert bests_of(policy) == BESTS
    whole = policy.limits[2].at_least
    assert isinstance(whole, OwnBest)
    assert whole.bests == {"total": 8.0}


def test_repairs_reasons_and_scenarios_name_the_part(tmp_path: Path) -> None:
    """All of 4, 4 and 3 would be eleven slots; with eight, 0.7 of each are 3, 3 and 3: nine."""
    files = UNEVEN.write(tmp_path, limit("at_least = { own_best = 0.7 }\nflex = { down = 0.5 }"))
    clash = r"alone, country=CC: at least 2\.1, 0\.7 of its own best"
    with pytest.raises(InfeasibleError, match=clash):
        optimizer.solve(*files, cache=False)
    found = optimizer.repair(*files)
    assert found.changes(1) == {"limits.alone.at_least.own_best": pytest.approx(2 / 3, abs=1e-3)}
    plan = optimizer.solve(*files, changes=found.changes(1), gap=0.0, cache=False)
    assert slots_in(plan, UNEVEN) == [3, 3, 2]
    rows = optimizer.marginal_values(plan, top=2).table.set_index("address")
    row = rows.loc["limits.alone.at_least.own_best"]
    assert row["unit"] == "share"
    assert row["gain_points"] == pytest.approx(row["dual_points"])
    study = optimizer.Study.grid({"limits.alone.at_least.own_best": [0.3]})
    swept = optimizer.sweep(*files, study, gap=0.0)
    assert swept.table["points"].iloc[-1] == pytest.approx(2700.0)


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ("at_least = { own_best = 1.2 }", "own_best: 1.2 is above 1"),
        ("at_most = { own_best = 0.5 }", "is a floor: nobody has more"),
        ("at_least = { own_best = 0.5 }\nat_most = { gini = 0.2 }", "is of another kind"),
        ('at_least = { own_best = 0.5 }\nrelative_to = "people"', "no bound of the limit is of"),
        ('at_least = { own_best = 0.5, bests = { "country=AA" = -1 } }', "-1 is below 0"),
        ('at_least = { bests = { "country=AA" = 1 } }', "own_best: is missing"),
    ],
)
def test_what_makes_no_sense_is_refused(bounds: str, told: str, tmp_path: Path) -> None:
    path, _ = UNEVEN.write(tmp_path, limit(bounds))
    with pytest.raises(PolicyError) as error:
        load_policy(path)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"limits.alone.at_least": {"own_best": 0.3}}, "is worked out before any change"),
        ({"limits.first.at_least": {"own_best": 0.3}}, "is worked out before any change"),
        ({"limits.alone.where": {"country": "AA"}}, "is of another measure than what each group"),
    ],
)
def test_changes_of_what_it_is_a_part_of_are_refused(
    change: dict[str, object], told: str, tmp_path: Path
) -> None:
    files = UNEVEN.write(tmp_path, limit())
    with pytest.raises(PolicyError, match=told):
        optimizer.solve(*files, changes=change)
    session = Session(*files)
    with pytest.raises(PolicyError, match=told):
        session.change(change)


def test_groups_must_be_those_of_the_limit(tmp_path: Path) -> None:
    said = 'at_least = { own_best = 0.5, bests = { "country=AA" = 4, "country=BX" = 4 } }'
    with pytest.raises(PolicyError) as error:
        optimizer.solve(*UNEVEN.write(tmp_path, limit(said)))
    assert "country=BB, country=CC is missing" in str(error.value)
    assert "'country=BX' is not a group of the limit" in str(error.value)


def test_no_plan_is_checked_against_floors_that_nobody_knows(tmp_path: Path) -> None:
    files = UNEVEN.write(tmp_path, limit())
    plan = optimizer.solve(*files, gap=0.0, cache=False)
    with pytest.raises(PolicyError, match="is not known here"):
        optimizer.evaluate(plan, *files)


def test_rules_that_clash_by_themselves_are_named(tmp_path: Path) -> None:
    files = UNEVEN.write(tmp_path, limit() + limit("at_least = 3").replace('"first"', '"second"'))
    path = files[0]
    path.write_text(path.read_text().replace('"alone"', '"each"').replace('"each"', '"alone"', 1))
    with pytest.raises(InfeasibleError, match="cannot be worked out, whatever the floors are") as e:
        optimizer.solve(*files)
    assert "each, country=CC: at least 3" in str(e.value)
    assert str(e.value).endswith(
        "\nMaybe leave these floors out (limits.alone.at_least), repair the rest, and put them "
        "back."
    )
    assert "of its own best" not in str(e.value)


def test_less_than_nothing_at_best_is_refused(tmp_path: Path) -> None:
    text = limit().replace('"slots"', '"value"\ngoal = "g"', 1)
    files = UNEVEN.write(tmp_path, text)
    scores = files[1] / "scores.csv"
    scores.write_text(scores.read_text().replace("g,AA,t,,5.0", "g,AA,t,,-5.0"))
    with pytest.raises(PolicyError, match=r"country=AA has -12\.5 at best"):
        optimizer.solve(*files)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_bests_of_any_size_are_said_in_six_digits(sign: float) -> None:
    for exponent, digits in product(range(-12, 22), (1.0, 1.23456789012, 5.0, 9.8765432109)):
        best = sign * digits * 10.0**exponent
        said = own_bests.best_said(best)
        if exponent < -9:
            assert said == 0.0
            continue
        assert said == float(f"{said:.6g}")
        assert 0.0 <= best + 1e-9 * abs(best) - said <= 1e-5 * abs(best)


def test_a_small_best_is_one(tmp_path: Path) -> None:
    """Four of BB are worth 0.00008."""
    files = UNEVEN.write(tmp_path, limit().replace('"slots"', '"value"\ngoal = "g"', 1))
    scores = files[1] / "scores.csv"
    scores.write_text(scores.read_text().replace("g,BB,t,,2.0", "g,BB,t,,0.00002"))
    assert bests_of(Session(*files).policy)["country=BB"] == pytest.approx(8e-5)


def test_the_time_limit_of_the_policy_counts_for_own_bests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command works them out before anything else is held."""
    limits: list[float | None] = []

    def watched(model: LoadedModel, wanted: Any, watch: Watch) -> Any:
        limits.append(watch.time_limit)
        return most_of_groups(model, wanted, watch)

    monkeypatch.setattr(own_bests, "most_of_groups", watched)
    files, out = UNEVEN.write(tmp_path, limit()), tmp_path / "run"
    assert run(monkeypatch, "solve", *files, "--set", "solver.time_limit=50", "--out", out) == 0
    assert limits == [50.0]


def test_plans_are_compared_by_what_each_group_could_have(tmp_path: Path) -> None:
    """Of nine slots the one more goes to B: four of it, 3 of A and 2 of C, as in the first case."""
    policy, case = UNEVEN.write(tmp_path / "eight", limit())
    _, other = replace(UNEVEN, affordable=9).write(tmp_path / "nine", limit())
    found = optimizer.compare(case, other, policy=policy, names=["eight", "nine"])
    told = "Held in the question of eight, the plan of nine breaks 1 row of 1 rule."
    assert told in found.in_words()
    turned = optimizer.compare(other, case, policy=policy, names=["nine", "eight"])
    told = "Held in the question of nine, the plan of eight keeps every rule; points there: "
    assert [line for line in turned.in_words() if line.startswith(told)]


def test_what_leaves_no_plan_is_found_beside_such_floors(tmp_path: Path) -> None:
    """All of 4, 4 and 3 would be eleven slots; with eight, 0.7 of each are 3, 3 and 3: nine."""
    policy, case = UNEVEN.write(tmp_path / "some", limit())
    eager, _ = UNEVEN.write(tmp_path / "eager", limit("at_least = { own_best = 0.7 }"))
    found = optimizer.compare(policy, eager, case=case, names=["some", "eager"])
    (row,) = rows_of(found.tables["reasons"])
    assert (row.address, row.verified, row.is_minimal) == (
        "limits.alone.at_least.own_best",
        True,
        True,
    )
    assert found.is_complete
