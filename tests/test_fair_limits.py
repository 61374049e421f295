"""Limits on how evenly groups share: as enumeration finds them, checked, repaired and explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import optimizer
from golden.small_cases import NATIONAL
from optimizer import InfeasibleError, Plan, PolicyError, Session, load_case, load_policy
from optimizer.instance import build_instance
from optimizer.instance.oddities import warnings_of
from seeds import many, seeds
from shared_out import SharedOut, gini_of, hoover_of, shared_out

NEAR = 1e-6
Excess = Callable[[SharedOut, Sequence[int]], float]
"""By how much slots miss a limit, in slots."""


def limit(bounds: str, more: str = "") -> str:
    return (
        '\n[[limits]]\nname = "even"\nmeasure = "slots"\nby = ["country"]\n'
        f'relative_to = "people"\n{bounds}\n{more}'
    )


def below_parity(drawn: SharedOut, slots: Sequence[int], least: float) -> float:
    weight = sum(drawn.people)
    shares = [least * need / weight * sum(slots) for need in drawn.people]
    return sum(max(0.0, share - x) for share, x in zip(shares, slots, strict=True))


def above_parity(drawn: SharedOut, slots: Sequence[int], most: float) -> float:
    weight = sum(drawn.people)
    shares = [most * need / weight * sum(slots) for need in drawn.people]
    return sum(max(0.0, x - share) for share, x in zip(shares, slots, strict=True))


def uncovered(drawn: SharedOut, slots: Sequence[int], least: float) -> float:
    return sum(max(0.0, least * need - x) for need, x in zip(drawn.people, slots, strict=True))


FORMS: dict[str, tuple[str, Excess]] = {
    "parity": ("at_least = { parity = 0.6 }", lambda d, x: below_parity(d, x, 0.6)),
    "band": (
        "at_least = { parity = 0.5 }\nat_most = { parity = 1.6 }",
        lambda d, x: below_parity(d, x, 0.5) + above_parity(d, x, 1.6),
    ),
    "coverage": ("at_least = { coverage = 0.25 }", lambda d, x: uncovered(d, x, 0.25)),
    "ceiling": (
        "at_most = { coverage = 0.8 }",
        lambda d, x: sum(max(0.0, n - 0.8 * w) for n, w in zip(x, d.people, strict=True)),
    ),
    "gini": (
        "at_most = { gini = 0.2 }",
        lambda d, x: max(0.0, (gini_of(x, d.people) - 0.2) * sum(x)),
    ),
    "hoover": (
        "at_most = { hoover = 0.15 }",
        lambda d, x: max(0.0, (hoover_of(x, d.people) - 0.15) * sum(x)),
    ),
}


def best_way(drawn: SharedOut, excess: Excess) -> float | None:
    kept = [drawn.points(x) for x in drawn.ways() if excess(drawn, x) <= NEAR]
    return max(kept, default=None)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", seeds(many(4), quick=1))
def test_the_best_plan_under_each_form_is_that_of_enumeration(
    form: str, seed: int, tmp_path: Path
) -> None:
    drawn, (bounds, excess) = shared_out(seed), FORMS[form]
    files = drawn.write(tmp_path, limit(bounds))
    best = best_way(drawn, excess)
    if best is None:
        with pytest.raises(InfeasibleError, match="even"):
            optimizer.solve(*files, gap=0.0, cache=False)
        return
    plan = optimizer.solve(*files, gap=0.0, cache=False)
    assert plan.objective == pytest.approx(best)
    assert excess(drawn, slots_in(plan, drawn)) <= NEAR


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", seeds(many(4), quick=1))
def test_a_soft_limit_costs_what_it_is_missed_by(form: str, seed: int, tmp_path: Path) -> None:
    drawn, (bounds, excess) = shared_out(seed), FORMS[form]
    files = drawn.write(tmp_path, limit(bounds, "soft = 3\nsoft_base = 2\n"))
    best = max(drawn.points(x) - 3.0 * 100.0 * excess(drawn, x) / 2.0 for x in drawn.ways())
    plan = optimizer.solve(*files, gap=0.0, cache=False)
    assert plan.objective == pytest.approx(best)


def slots_in(plan: Plan, drawn: SharedOut) -> list[int]:
    given = plan.slots.groupby("country")["slots"].sum()
    return [int(given.get(country, 0)) for country in drawn.countries]


# Of six slots A has four: of a need of 1 each that is a rate of 2 over all.
UNEVEN = SharedOut((4, 4, 4), (5.0, 2.0, 1.0), (1, 1, 2), 8)


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return UNEVEN.write(tmp_path_factory.mktemp("uneven"), limit("at_most = { gini = 0.1 }"))


def test_a_plan_that_breaks_a_cap_is_found_out_without_the_solver(
    uneven: tuple[Path, Path],
) -> None:
    """Four, four and nobody: Gini (1 x 1 x 0 + 2 x 4 + 2 x 4) / (4 x 8) = 0.5, over 0.1."""
    free = optimizer.solve(*UNEVEN.write(uneven[0].parent / "free"), gap=0.0, cache=False)
    assert slots_in(free, UNEVEN) == [4, 4, 0]
    found = optimizer.evaluate(free, *uneven)
    (row,) = found.violations.to_dict("records")
    assert (row["rule"], row["place"]) == ("limit_at_most", ("even",))
    assert row["value"] == pytest.approx(0.5 * 8)
    assert row["limit"] == pytest.approx(0.1 * 8)
    assert found.in_words() == [
        "A ceiling of the policy: even: Gini coefficient 0.5, but at most 0.1"
    ]


def test_a_session_moves_the_number_of_a_cap_in_place(uneven: tuple[Path, Path]) -> None:
    session = Session(*uneven)
    session.solve(gap=0.0)
    session.change({"limits.even.at_most.gini": 0.3})
    assert session.rebuilt == 0
    changed = session.solve(gap=0.0)
    alone = optimizer.solve(*uneven, changes={"limits.even.at_most.gini": 0.3}, gap=0.0)
    assert changed.objective == pytest.approx(alone.objective)
    session.change({"countries[country=AA].people": 3})
    again = optimizer.solve(*uneven, changes=dict(session.solve().provenance["changes"]), gap=0.0)
    assert session.solve(gap=0.0).objective == pytest.approx(again.objective)


def test_a_session_moves_needs_of_parity_in_place(tmp_path: Path) -> None:
    files = UNEVEN.write(tmp_path, limit("at_least = { parity = 0.5 }"))
    session = Session(*files)
    session.solve(gap=0.0)
    for change in ({"countries[country=CC].people": 6}, {"limits.even.at_least.parity": 0.9}):
        session.change(change)
        alone = optimizer.solve(*files, changes=session.solve().provenance["changes"], gap=0.0)
        assert session.solve(gap=0.0).objective == pytest.approx(alone.objective)
    assert session.rebuilt == 0


def test_added_caps_hold_like_those_of_the_file(uneven: tuple[Path, Path], tmp_path: Path) -> None:
    session = Session(*UNEVEN.write(tmp_path))
    session.add_limit(
        {
            "name": "even",
            "measure": "slots",
            "by": ["country"],
            "relative_to": "people",
            "at_most": {"gini": 0.1},
        }
    )
    found = session.solve(gap=0.0)
    assert found.objective == pytest.approx(
        optimizer.solve(*uneven, gap=0.0, cache=False).objective
    )


def test_repairs_and_reasons_name_the_limit(tmp_path: Path) -> None:
    """Seven slots for A and B alone cannot be shared by need with C, who has two applicants."""
    drawn = SharedOut((4, 4, 2), (5.0, 2.0, 1.0), (1, 1, 6), 10)
    floor = '\n[[limits]]\nname = "all"\nmeasure = "slots"\nat_least = 9\nprotected = true\n'
    files = drawn.write(tmp_path, limit("at_least = { parity = 0.9 }") + floor)
    with pytest.raises(InfeasibleError, match="even"):
        optimizer.solve(*files, cache=False)
    found = optimizer.repair(*files)
    assert "limits.even.at_least.parity" in found.table["address"].tolist()
    assert any("even" in line for line in found.in_words())


def test_marginal_values_know_the_numbers(tmp_path: Path) -> None:
    files = UNEVEN.write(tmp_path, limit("at_least = { parity = 0.75 }"))
    plan = optimizer.solve(*files, gap=0.0, cache=False)
    found = optimizer.marginal_values(plan)
    row = found.table.set_index("address").loc["limits.even.at_least.parity"]
    assert (row["number"], row["unit"]) == (0.75, "share")
    assert row["gain_points"] > 0


def test_caps_are_repaired_and_have_marginal_values(tmp_path: Path) -> None:
    """Of nine slots C can have two: with 4, 3 and 2 the distances are 1, 22 and 16, over 8 x 9."""
    drawn = SharedOut((4, 4, 2), (5.0, 2.0, 1.0), (1, 1, 6), 10)
    floor = '\n[[limits]]\nname = "all"\nmeasure = "slots"\nat_least = 9\nprotected = true\n'
    files = drawn.write(tmp_path, limit("at_most = { gini = 0.1 }") + floor)
    with pytest.raises(InfeasibleError, match=r"even: at most 0\.1 as Gini coefficient"):
        optimizer.solve(*files, cache=False)
    found = optimizer.repair(*files)
    assert found.verified
    assert found.changes(1) == {"limits.even.at_most.gini": pytest.approx(39 / 72, abs=1e-4)}
    plan = optimizer.solve(*files, changes=found.changes(1), gap=0.0, cache=False)
    assert sorted(slots_in(plan, drawn)) == [2, 3, 4]
    values = optimizer.marginal_values(plan, top=1)
    row = values.table.set_index("address").loc["limits.even.at_most.gini"]
    assert row["unit"] == "share"
    assert row["gain_points"] == pytest.approx(row["dual_points"], rel=0.5)


def test_a_band_without_a_floor_is_odd(tmp_path: Path) -> None:
    def odd(policy: str) -> list[str]:
        path, case = UNEVEN.write(tmp_path, policy)
        told = warnings_of(build_instance(load_case(case), load_policy(path)))
        return [line for line in told if "limits.even" in line]

    band = limit("at_least = { parity = 0.5 }")
    assert odd(band) == [
        "policy.toml, limits.even.at_least: nothing for any group keeps it too, as no limit is a "
        "floor on slots. Maybe another limit with at_least on slots."
    ]
    floor = '\n[[limits]]\nname = "all"\nmeasure = "slots"\nat_least = 2\n'
    assert not odd(band + floor)
    assert not odd(limit("at_least = { coverage = 0.25 }"))
    assert not odd(limit("at_least = { parity = 0.5 }", "soft = 1\nsoft_base = 1\n"))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("at_least = { gini = 0.1 }", "so only a ceiling makes sense"),
        ("at_most = { gini = 0.1, hoover = 0.1 }", "gini and hoover of parity"),
        ("at_least = { parity = 1.2 }", "1.2 is above 1"),
        ("at_most = { parity = 0.8 }", "0.8 is below 1"),
        ("at_least = { parity = 0.5 }\nat_most = 3", "is of another kind"),
        ("at_least = { parity = 0.5 }\nat_most = { gini = 0.2 }", "is on all groups together"),
        ("at_least = { parity = 0.5 }\nsoft = 1", "the soft limit's at_least is relative"),
        ("at_least = 1", "no bound of the limit is of parity, coverage, gini, hoover"),
        ("at_most = { gini = 1.5 }", "1.5 is above 1"),
    ],
)
def test_what_makes_no_sense_is_refused(said: str, told: str, tmp_path: Path) -> None:
    path, _ = UNEVEN.write(tmp_path, limit(said))
    with pytest.raises(PolicyError) as error:
        load_policy(path)
    assert told in str(error.value)


def test_groups_are_asked_for(tmp_path: Path) -> None:
    text = limit("at_least = { coverage = 0.5 }").replace('by = ["country"]\n', "")
    path, _ = UNEVEN.write(tmp_path, text.replace('relative_to = "people"\n', ""))
    with pytest.raises(PolicyError) as error:
        load_policy(path)
    assert "is missing; at_least compares groups" in str(error.value)
    assert "is missing; at_least is a share of the need" in str(error.value)


def test_who_cannot_reach_a_floor_is_named(tmp_path: Path) -> None:
    drawn = SharedOut((4, 0, 4), (1.0, 1.0, 1.0), (1, 1, 1), 8)
    path, case = drawn.write(tmp_path, limit("at_least = { parity = 0.5 }"))
    rows = (case / "applicants.csv").read_text().replace("BB,t,,0\n", "")
    (case / "applicants.csv").write_text(rows)
    with pytest.raises(PolicyError, match="country=BB has no slots that could reach the floor"):
        optimizer.solve(path, case)
    text = path.read_text().replace('name = "even"', 'name = "even"\noptional = true')
    path.write_text(text)
    plan = optimizer.solve(path, case, gap=0.0, cache=False)
    assert plan.slots["slots"].sum() == 8


def test_values_with_diminishing_returns_are_refused(tmp_path: Path) -> None:
    goal = (
        '\n[goals.g]\nweight = 1\nscale = "none"\neffects = [{ stage = "enter", effect = 2 }]\n'
        'diminishing = { by = ["world_region"], per = "horizon", '
        "breakpoints = [[0, 1], [4, 0.5]] }\n"
    )
    text = limit("at_least = { parity = 0.2 }").replace('"slots"', '"value"\ngoal = "g"')
    case, path = NATIONAL.aiming_at(goal + text.replace("people", "gdp")).write(tmp_path)
    with pytest.raises(PolicyError, match="has no parts to compare"):
        optimizer.solve(path, case)
