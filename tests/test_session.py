"""A session changed step by step against models built afresh: the same matrix, the same answers."""

from __future__ import annotations

import copy
import pickle
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest
import scipy.sparse

import optimizer
from optimizer import (
    Case,
    CustomRule,
    InfeasibleError,
    InputError,
    Instance,
    NoPlanError,
    OptimizerError,
    Policy,
    PolicyError,
    Session,
    SolverError,
    build_instance,
    load_case,
    load_policy,
    solve,
)
from optimizer.frames.arrays import Integers
from optimizer.persistent import LoadedModel, goals_alone
from optimizer.policy import Amount, Previous, Relative
from optimizer.schema.tables import TABLES
from optimizer.session import asked_in, held_anew, joined_in
from optimizer.session.moving import IN_CELLS
from optimizer.session.sameness import same_model
from optimizer.solver import Patch, Progress, Watch
from optimizer.solver.engine import Engine
from optimizer.solver.matrix import Matrix
from random_cases import write_random_case
from seeds import seeds
from shared import tiny

ROOT = Path(__file__).resolve().parents[1]
POLICY, CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
CLOSE = 1e-9
"""Relative difference of two LP optima, and of two coefficients, that is none."""
STEPS = 12
"""Changes of one session, one upon the other."""


def begun(**options: Any) -> Session:
    """A session of the tiny case."""
    return Session(*tiny(), **options)


def cells(session: Session, draw: random.Random) -> Iterator[tuple[str, object]]:
    """Figures of the case that a session may change, each with another value."""
    for table, column in IN_CELLS:
        frame = session.case.table(table)
        if not len(frame):
            continue
        row = frame.iloc[draw.randrange(len(frame))]
        spec = TABLES[table]
        named = (*spec.keys, *spec.optional_keys)
        keys = [key for key in named if str(row[key]) not in ("", "<NA>")]
        chosen = ", ".join(f"{key}={row[key]}" for key in keys)
        if not keys:
            continue
        before = 1.0 if pd.isna(row[column]) else float(row[column])
        after = before * draw.choice([0.0, 0.5, 0.9, 1.1, 2.0]) + draw.choice([0.0, 1.0])
        whole = spec.column(column).kind == "int"
        yield f"{table}[{chosen}].{column}", int(after) if whole else after
    countries = session.case.table("countries")
    for name in countries.columns.drop(["country", "name", "world_region", "source", "note"]):
        if pd.api.types.is_numeric_dtype(countries[name]):
            country = countries["country"].iloc[draw.randrange(len(countries))]
            yield f"countries[country={country}].{name}", draw.choice([0.0, 0.4, 1.0])


def limits(session: Session, draw: random.Random) -> Iterator[tuple[str, object]]:
    """Numbers of limits, each with another value."""
    for limit in session.policy.limits:
        for side in ("at_least", "at_most"):
            bound = getattr(limit, side)
            address = f"limits.{limit.name}.{side}"
            if isinstance(bound, Relative):
                yield f"{address}.times", bound.times * draw.choice([0.0, 0.8, 1.2])
            elif isinstance(bound, Previous):
                yield f"{address}.times", bound.times * draw.choice([0.8, 1.2])
                yield f"{address}.plus", bound.plus + draw.choice([0.0, 1.0])
            elif isinstance(bound, Amount):
                yield f"{address}.amount", bound.amount * draw.choice([0.8, 1.2])
            elif bound is not None:
                # A floor may go down only: one that nobody could reach is refused.
                factor = draw.choice([0.5, 0.8] if side == "at_least" else [0.8, 1.3])
                yield address, bound * factor
        if limit.soft is not None:
            yield f"limits.{limit.name}.soft", limit.soft * draw.choice([0.5, 2.0])


def choices(session: Session, draw: random.Random) -> Iterator[tuple[str, object]]:
    """Numbers of the policy that a session may change, each with another value."""
    policy = session.policy
    for name, goal in policy.goals.items():
        yield f"goals.{name}.weight", goal.weight * draw.choice([0.5, 1.5])
        for number, effect in enumerate(goal.effects, start=1):
            yield (
                f"goals.{name}.effects.{number}.effect",
                effect.effect * draw.choice([0.0, 0.5, 2.0]),
            )
    yield from limits(session, draw)
    for number, floor in enumerate(policy.support_floor, start=1):
        yield f"support_floor.{number}.amount_per_year", floor.amount_per_year * 0.9
    if policy.stability is not None and policy.stability.max_change is not None:
        yield "stability.max_change", policy.stability.max_change * draw.choice([0.9, 1.5])
    if policy.stability is not None and policy.stability.penalty is not None:
        yield "stability.penalty", draw.choice([0.0, policy.stability.penalty * 2 + 0.1])
    for number, transfer in enumerate(policy.budget.transfers, start=1):
        yield f"budget.transfers.{number}.share", min(1.0, transfer.share * 1.5)
    if isinstance(policy.budget.carry_over, float):
        yield "budget.carry_over", draw.choice([0.0, 0.5])
    yield "horizon.discount", draw.choice([0.0, 0.1])


def by_key(rows: Sequence[object]) -> Integers:
    """Numbers of rows in the order of their keys."""
    return np.array(sorted(range(len(rows)), key=lambda row: (str(rows[row]), row)))


def same(first: Matrix, second: Matrix) -> None:
    """Fail unless two matrices say the same with the same rows and columns."""
    # Rows and components stand in the order in which they are first named, which a penalty or a
    # use of 0 is not. A row with two sides was compiled into two, one after the other.
    assert sorted(first.rows, key=str) == sorted(second.rows, key=str)
    assert sorted(first.columns, key=str) == sorted(second.columns, key=str)
    row = np.empty(len(first.rows), dtype=np.int64)
    row[by_key(first.rows)] = by_key(second.rows)
    place = np.array([second.column(*key) for key in first.columns], dtype=np.int64)
    largest = np.maximum(abs(first.a).max(axis=0).toarray(), 1.0)
    theirs = scipy.sparse.csr_array(second.a)[row][:, place]
    assert (abs(first.a - theirs).max(axis=0).toarray() <= CLOSE * largest).all()
    for name in ("cost", "row_lower", "row_upper", "lower", "upper"):
        found = getattr(second, name)
        np.testing.assert_allclose(
            getattr(first, name),
            found[row] if name.startswith("row") else found[place],
            rtol=CLOSE,
            atol=1e-12,
            err_msg=name,
        )


def close(first: float | None, second: float | None, within: float) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - second) <= within * max(1.0, abs(first), abs(second))


def compared(session: Session, fresh: Session) -> None:
    """Hold a changed session against one that was built with all changes at once."""
    same(session._held.loaded.matrix, fresh._held.loaded.matrix)
    again, first = session.relax(), fresh.relax()
    assert again.status == first.status
    assert close(again.points, first.points, CLOSE)


def optimum(session: Session) -> float | None:
    try:
        return session.solve(gap=0.0).objective
    except InfeasibleError:
        return None


def optimum_of_model(fresh: Session) -> float | None:
    """The optimum of a session that has just begun; its plan is neither told nor checked."""
    return fresh._held.loaded.solve(Watch(), gap=0.0).objective


def is_solved(step: int) -> bool:
    """Whether the plans of a step are compared: of every third one, and of the last."""
    return step % 3 == 0 or step == STEPS - 1


def refused(action: Callable[..., object], *arguments: object) -> list[str] | None:
    """What a policy error says, or nothing where there is none."""
    try:
        action(*arguments)
    except (InputError, PolicyError) as error:
        return [problem.message for problem in error.problems]
    return None


def afresh(policy: Policy | Path, case: Case | Path, changes: dict[str, object]) -> Session:
    """A session that begins with all changes made."""
    return Session(policy, case, changes=changes)


def changed_at_random(policy_file: Path, folder: Path, seed: int) -> Session:
    """One session through a chain of random changes, compared after each."""
    draw = random.Random(seed)
    policy, case = load_policy(policy_file), load_case(folder)
    session = Session(policy, case)
    done: dict[str, object] = {}
    scales = dict(session.scales)
    for step in range(STEPS):
        possible = [*cells(session, draw), *choices(session, draw)]
        change = dict(draw.sample(possible, k=min(len(possible), draw.choice([1, 1, 3]))))
        refusal = refused(session.change, change)
        if refusal is not None:
            # Building afresh refuses it with the same words.
            asked = {**done, **change}
            assert refused(afresh, policy, case, asked) == refusal
            continue
        done |= change
        fresh = Session(policy, case, changes=done, scales=scales)
        compared(session, fresh)
        if is_solved(step):
            assert close(optimum(session), optimum_of_model(fresh), 1e-6)
    return session


@pytest.mark.parametrize("seed", seeds(range(2), quick=1))
def test_random_changes_of_the_tiny_case(seed: int) -> None:
    session = changed_at_random(POLICY, CASE, seed)
    assert session.rebuilt <= STEPS // 2


@pytest.mark.parametrize("seed", seeds(range(0, 200, 25), quick=2))
def test_random_changes_of_random_cases(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        build_instance(load_case(case), load_policy(policy))
    except PolicyError:
        pytest.skip("the policy asks for something that the case has none of")
    changed_at_random(policy, case, seed)


# From one set of changes to another --------------------------------------------------------------


def switched_at_random(policy_file: Path, folder: Path, seed: int) -> None:
    """One session from one set of changes to the next, compared with models built for each."""
    draw = random.Random(seed)
    policy, case = load_policy(policy_file), load_case(folder)
    session, base = Session(policy, case), Session(policy, case)
    for step in range(STEPS):
        # Figures of the beginning, of which some later step changes others.
        possible = [*cells(base, draw), *choices(base, draw), ("horizon.tail", draw.choice([1, 2]))]
        changes = dict(draw.sample(possible, k=min(len(possible), draw.choice([0, 1, 3]))))
        refusal = refused(session.change_to, changes)
        if refusal is not None:
            assert refused(afresh, policy, case, changes) == refusal
            continue
        fresh = Session(policy, case, changes=changes, scales=base.scales)
        assert session.policy.hash == fresh.policy.hash
        assert session.case.hashes == fresh.case.hashes
        compared(session, fresh)
        if is_solved(step):
            assert close(optimum(session), optimum_of_model(fresh), 1e-6)


@pytest.mark.parametrize("seed", seeds(range(2), quick=1))
def test_random_sets_of_changes_of_the_tiny_case(seed: int) -> None:
    switched_at_random(POLICY, CASE, seed)


@pytest.mark.parametrize("seed", seeds(range(0, 200, 40), quick=1))
def test_random_sets_of_changes_of_random_cases(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        build_instance(load_case(case), load_policy(policy))
    except PolicyError:
        pytest.skip("the policy asks for something that the case has none of")
    switched_at_random(policy, case, seed)


def test_a_set_of_changes_undoes_the_one_before() -> None:
    session = begun()
    first = session.solve(gap=0.0).objective
    session.change_to({"goals.alliance.weight": 4, "budgets[line=industry].amount": 5e6})
    session.change_to({"goals.alliance.scale": 2})
    assert session.scales["alliance"] == 2.0
    assert session.solve(gap=0.0).provenance["changes"] == {"goals.alliance.scale": 2}
    session.change_to({})
    # Also a scale that stood as a number meanwhile, which no single change could.
    assert session.scales["alliance"] == 1.0
    assert session.solve(gap=0.0).objective == pytest.approx(first, abs=1e-9)
    assert session.rebuilt == 0


def test_scales_come_back_with_the_policy_that_asked_for_ideals(tmp_path: Path) -> None:
    ideal = tmp_path / "ideal.toml"
    text = POLICY.read_text(encoding="utf-8")
    ideal.write_text(text.replace('scale = "none"', 'scale = "ideal"'), encoding="utf-8")
    session = Session(ideal, CASE)
    scales = dict(session.scales)
    session.change_to({"goals.bridges.scale": 7})
    session.change_to({"budgets[line=industry].amount": 5e6})
    assert session.scales == scales


def test_limits_that_were_added_stay_whatever_is_changed() -> None:
    session = begun()
    session.add_limit({"name": "few", "measure": "slots", "at_most": 12})
    limited = session.relax().points
    session.change_to({"limits.few.at_most": 100})
    assert (session.relax().points or 0.0) > (limited or 0.0)
    session.change_to({})
    assert close(session.relax().points, limited, CLOSE)


def test_it_is_told_what_another_model_was_needed_for() -> None:
    session = begun()
    session.change_to({"horizon.tail": 1, "applicants[country=AVA, track=lab].applicants": 3})
    assert session.rebuilt_because == "horizon.tail, applicants.applicants"
    session.change({"goals.alliance.weight": 4})
    assert session.rebuilt_because == ""
    session.change({"commitments[country=CYR, region=coast].at_least": 1})
    assert session.rebuilt_because == "other decisions or rules"


def test_plans_of_before_are_starts() -> None:
    session = begun()
    rich = {"budgets[line=industry].amount": 9e7, "budgets[line=science].amount": 9e7}
    for changes in ({}, rich, {"goals.alliance.weight": 3.000001}):
        session.change_to(changes)
        session.solve(gap=0.01)
    # The third finds the plan of the first again, which takes the place of the older one.
    plans, whole = session._held.loaded.plans, session._held.loaded.matrix.integral
    assert len(plans) == 2
    assert not np.array_equal(plans[0][whole], plans[1][whole])


# Single changes ----------------------------------------------------------------------------------


@pytest.fixture
def session() -> Session:
    return begun()


def test_a_session_begins_with_the_plan_that_solve_finds(session: Session) -> None:
    plan, alone = session.solve(), solve(POLICY, CASE)
    assert plan.slots.equals(alone.slots)
    assert plan.objective == alone.objective
    assert plan.provenance["deterministic"]
    assert plan.provenance["policy_hash"] == alone.provenance["policy_hash"]


def test_a_plan_after_changes_says_what_was_changed(session: Session) -> None:
    session.solve()
    changes = {"goals.alliance.weight": 4, "budgets[line=industry, year=2030].amount_jpy": 12e6}
    session.change(changes)
    plan = session.solve(gap=0.0)
    assert plan.provenance["changes"] == changes
    assert not plan.provenance["deterministic"]
    alone = solve(POLICY, CASE, changes=changes, gap=0.0)
    assert plan.objective == pytest.approx(alone.objective, abs=1e-6)
    assert plan.provenance["policy_hash"] == alone.provenance["policy_hash"]
    assert session.rebuilt == 0


def test_changes_are_told_in_the_order_in_which_they_were_made(session: Session) -> None:
    wide, narrow = "budgets[line=science].amount", "budgets[line=science, year=2030].amount"
    for change in ({wide: 8e6}, {narrow: 2e6}, {wide: 12e6}, {"horizon.discount": 0.1}):
        session.change(change)
    session.change({"horizon": {"tail": 3}})
    changes = session.solve().provenance["changes"]
    assert list(changes) == [narrow, wide, "horizon"]
    compared(session, begun(changes=changes))


def test_a_cell_changed_again_in_another_spelling_is_told_once(session: Session) -> None:
    session.change({"budgets[line=industry, year=2030].amount_jpy": 12e6})
    session.change({"budgets[line=industry, line=industry, year=2030].amount": 8e6})
    session.change({"budgets[year=2030,line=industry].amount": 9e6})
    changes = session.solve().provenance["changes"]
    assert changes == {"budgets[year=2030,line=industry].amount": 9e6}
    with pytest.raises(PolicyError) as caught:
        session.change(
            {
                "budgets[line=industry, year=2030].amount_jpy": 1e6,
                "budgets[year=2030, line=industry].amount": 2e6,
            }
        )
    assert str(caught.value).endswith(
        "names the same cells as budgets[line=industry, year=2030].amount_jpy\n"
        "    Expected one of them."
    )
    assert session.solve().provenance["changes"] == changes


def test_changes_that_bring_in_other_decisions_build_the_model_again(session: Session) -> None:
    changes = {"horizon.years": [2030, 2030]}
    session.change(changes)
    assert session.rebuilt == 1
    compared(session, begun(changes=changes))
    session.change({"applicants[country=AVA, track=lab].applicants": 3})
    assert session.rebuilt == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"budget.carry_over.science": 0.0},
        {"commitments[country=CYR, region=coast].at_least": 1},
        {"limits.country_share.at_most": 3},
        {"limits.country_share.at_most.by": []},
        {"limits.country_share.at_most.where": {"year": 2030}},
        {"stability": {"max_change": 0.625}},
        {"goals.alliance.effects.1.effect": 0},
        {"sites[track=lab].max_slots": 0},
        {"budgets[line=science].amount": 0},
        {"countries[country=AVA].security_depth": 0},
        {"scores[goal=alliance].value": 0},
        {"limits.country_share.at_most.times": 0},
        {"limits.more_from_africa.soft": 1, "limits.more_from_africa.at_least": 1},
    ],
    ids=str,
)
def test_changes_that_do_more_than_change_a_number(changes: dict[str, object]) -> None:
    refusal = refused(lambda: begun(changes=changes))
    session = begun()
    assert refused(session.change, changes) == refusal
    if refusal is None:
        fresh = begun(changes=changes)
        first, second = fresh._held.loaded.matrix, session._held.loaded.matrix
        assert first.rows == second.rows
        assert optimum(session) == pytest.approx(optimum(fresh), abs=1e-6)
        # And back again.
        session.change({"goals.alliance.weight": 3.5})
        compared(session, begun(changes=changes | {"goals.alliance.weight": 3.5}))


@pytest.mark.parametrize("effect", [1e4, 1e9, 1e11, 1e15])
def test_units_of_the_solver_follow_numbers_that_grow(session: Session, effect: float) -> None:
    session.relax()
    changes = {"goals.bridges.effects.1.effect": effect}
    session.change(changes)
    first, again = begun(changes=changes).relax(), session.relax()
    assert again.status == first.status == "optimal"
    assert close(again.points, first.points, 1e-6)
    session.change({"goals.bridges.effects.1.effect": 0.5})
    compared(session, begun())
    assert session.rebuilt == 0


def test_values_without_weight_are_what_a_plan_counts(session: Session) -> None:
    assert session._held.loaded.instance.diminishing.keys() == {"alliance"}
    # Nothing keeps the value from lying far below the tangents.
    session.change({"goals.alliance.weight": 0, "limits.alliance_floor.at_least": -5})
    relaxed = session.relax()
    # The optimum is whole, so the plan is the same point.
    plan = session.solve(gap=0.0)
    assert relaxed.points == pytest.approx(plan.objective)
    goals = plan.tables["goals"].set_index("goal")["raw"]
    assert relaxed.goal_values["alliance"] == pytest.approx(goals["alliance"])
    assert relaxed.goal_values["alliance"] > 0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (None, "changes: None is not a table\n    Expected values by address."),
        ({1: 2}, "changes: 1 is not an address\n    Expected text."),
        (
            {"cases": ["other"]},
            "changes, cases: is not meant for case 'tiny'\n    Expected one of other. "
            'Maybe add "tiny" to its `cases`.',
        ),
    ],
)
def test_changes_that_are_none_are_refused(
    session: Session, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        session.change(changes)
    assert str(raised.value) == f"1 problem\n- {told}"
    with pytest.raises(PolicyError):
        begun(changes=changes)
    assert session.policy.cases == load_policy(POLICY).cases


def test_options_that_are_none_are_refused(session: Session) -> None:
    for limit in (-1, float("nan"), "5", True):
        with pytest.raises(PolicyError, match="is not a valid time limit"):
            session.relax(time_limit=limit)  # type: ignore[arg-type]
    with pytest.raises(PolicyError) as raised:
        session.solve(gap="0.1", time_limit="5")  # type: ignore[arg-type]
    assert str(raised.value) == (
        "2 problems\n"
        "- arguments, gap: '0.1' is not a valid gap\n"
        "    Expected 0 to 1.\n"
        "- arguments, time_limit: '5' is not a valid time limit\n"
        "    Expected seconds."
    )


def test_figures_that_contradict_each_other_are_refused(session: Session) -> None:
    with pytest.raises(InputError) as raised:
        session.change({"commitments[country=CYR, region=coast].at_least": 9})
    assert str(raised.value) == (
        "1 problem\n- commitments.csv row 4, column at_least: 9 is above at_most, 3\n"
        "    Expected at_least no higher than at_most."
    )


def test_what_is_refused_changes_nothing(session: Session) -> None:
    before = session.relax()
    with pytest.raises(PolicyError) as raised:
        session.change(
            {"goals.alliance.weight": 5, "goals.allianz.weight": 1, "budgets[line=x].amount": 1}
        )
    assert "goals has no 'allianz'" in str(raised.value)
    assert session.relax() == before
    assert session.policy.goals["alliance"].weight == 3


@pytest.mark.parametrize(
    ("address", "value", "told"),
    [
        (
            "budgets[line=sciense].amount",
            1,
            "no row of budgets has these keys\n    Expected keys as in budgets.csv. "
            "Maybe line=science.",
        ),
        (
            "budgets[lin=science].amount",
            1,
            "'lin=science' chooses no rows\n    Expected line=..., year=.... Maybe line.",
        ),
        (
            "budget[line=science].amount",
            1,
            "'budget' is not a table\n    Expected a table of a case. Maybe budgets.",
        ),
        (
            "budgets[line=science].amuont",
            1,
            "'amuont' is not a figure of budgets\n    Expected one of amount, amount_jpy. "
            "Maybe amount.",
        ),
        (
            "budgets[line=science].amount",
            -1,
            "-1 is below 0\n    Expected a number of at least 0.",
        ),
        (
            "budgets[line=science].amount",
            "much",
            "'much' is not a number\n    Expected a number.",
        ),
        (
            "sites[track=lab].max_slots",
            2.5,
            "2.5 is not a whole number\n    Expected a whole number of at least 0.",
        ),
        (
            "tracks[track=lab].agency",
            1,
            "'agency' is not a figure of tracks\n    Expected one of duration_years, min_cohort, "
            "completion_rate.",
        ),
    ],
)
def test_addresses_of_cells_must_lead_somewhere(
    session: Session, address: str, value: object, told: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        session.change({address: value})
    assert str(raised.value) == f"1 problem\n- changes, {address}: {told}"


def test_scales_are_frozen(tmp_path: Path) -> None:
    ideal = tmp_path / "ideal.toml"
    text = POLICY.read_text(encoding="utf-8")
    ideal.write_text(text.replace('scale = "none"', 'scale = "ideal"'), encoding="utf-8")
    session = Session(ideal, CASE)
    scales = dict(session.scales)
    session.change({"budgets[line=industry].amount": 5e6})
    assert session.scales == scales
    session.change({"goals.bridges.scale": 7})
    assert session.scales == {**scales, "bridges": 7.0}
    with pytest.raises(PolicyError) as raised:
        session.change({"goals.bridges.scale": "ideal"})
    assert str(raised.value) == (
        "1 problem\n- changes, goals.bridges.scale: scales are frozen while a session lasts\n"
        "    Expected a number or 'none'."
    )


BALANCED = ROOT / "models" / "balanced.toml"


def test_scales_are_those_of_the_beginning_whatever_is_dropped() -> None:
    scales = Session(BALANCED, CASE).scales
    session = Session(BALANCED, CASE)
    session.drop("spending_within_budget")
    assert session.scales == scales


def test_scales_are_given_away_as_a_copy(session: Session) -> None:
    scales = session.scales
    scales["alliance"] = 5.0
    assert session.scales["alliance"] == 1.0


@pytest.mark.parametrize(
    ("scales", "told"),
    [
        (
            {"allianz": 1, "alliance": 0, "bridges": "1", "safe_haven": float("nan")},
            "8 problems\n"
            "- scales: there is no goal 'allianz'\n"
            "    Expected one of alliance, competitiveness, competitor_talent, safe_haven, "
            "neighbourhood_stability, regional_vitality, bridges. Maybe alliance.\n"
            "- scales, alliance: 0 is not a valid scale\n"
            "    Expected a number from 1e-18 to 1e+18.\n"
            "- scales, bridges: '1' is not a valid scale\n"
            "    Expected a number from 1e-18 to 1e+18.\n"
            "- scales, competitiveness: is missing\n"
            "    Expected a scale, as others have one.\n"
            "- scales, competitor_talent: is missing\n"
            "    Expected a scale, as others have one.\n"
            "- scales, neighbourhood_stability: is missing\n"
            "    Expected a scale, as others have one.\n"
            "- scales, regional_vitality: is missing\n"
            "    Expected a scale, as others have one.\n"
            "- scales, safe_haven: nan is not a valid scale\n"
            "    Expected a number from 1e-18 to 1e+18.",
        ),
        (3, "1 problem\n- scales: 3 is not a table\n    Expected a scale for each goal."),
    ],
)
def test_scales_that_are_given_are_checked(scales: dict[str, float], told: str) -> None:
    with pytest.raises(PolicyError) as raised:
        Session(BALANCED, CASE, scales=scales)
    assert str(raised.value) == told


def test_scales_that_the_policy_gives_may_be_left_out() -> None:
    assert begun(scales={"bridges": 2}).scales["bridges"] == 2.0
    assert begun(scales={}).relax() == begun().relax()


def test_a_time_limit_covers_the_scales() -> None:
    session = Session(BALANCED, CASE)
    with pytest.raises(NoPlanError, match="within the time limit"):
        session.solve(time_limit=1e-9)
    assert session.relax(time_limit=1e-9).status == "stopped"
    # Neither call had the time for them.
    assert session._held.scales is None
    assert session.scales == Session(BALANCED, CASE).scales


def pressed(at: str) -> Callable[[Progress], None]:
    """Press Ctrl-C once, as soon as a step begins: a second one would end all at once."""
    begun: list[str] = []

    def report(progress: Progress) -> None:
        if progress.step == at and not begun:
            begun.append(at)
            signal.raise_signal(signal.SIGINT)

    return report


def test_ctrl_c_ends_a_first_solve_while_scales_are_worked_out() -> None:
    session = Session(BALANCED, CASE)
    with pytest.raises(NoPlanError, match="interrupted") as raised:
        session.solve(report=pressed("scales"))
    assert raised.value.interrupted
    assert session._held.scales is None
    assert session.solve().objective > 0


def press_before(monkeypatch: pytest.MonkeyPatch, place: object, name: str) -> list[object]:
    """Press Ctrl-C whenever a function begins that stands there; give what it gave."""
    given: list[object] = []
    original = getattr(place, name)

    def interrupted(*arguments: object) -> object:
        signal.raise_signal(signal.SIGINT)
        given.append(original(*arguments))
        return given[-1]

    monkeypatch.setattr(place, name, interrupted)
    return given


def test_ctrl_c_stops_a_relaxation(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        press_before(patch, LoadedModel, "relax")
        assert session.relax().status == "stopped"
    assert session.relax().points == pytest.approx(469.55)


def test_ctrl_c_ends_whatever_needs_scales(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(BALANCED, CASE)
    with monkeypatch.context() as patch:
        given = press_before(patch, goals_alone, "ideals_in")
        assert session.relax().status == "stopped"
        steps: list[Callable[[], None]] = [
            lambda: session.change({"goals.alliance.weight": 2}),
            lambda: session.add_limit({"name": "few", "measure": "slots", "at_most": 5}),
            lambda: session.drop("spending_within_budget"),
        ]
        for step in steps:
            with pytest.raises(KeyboardInterrupt):
                step()
    # The linear programs that were running were stopped, not waited for.
    assert given == [None] * 4
    assert session.policy == load_policy(BALANCED)
    assert session._held.scales is None
    assert session.relax().points == Session(BALANCED, CASE).relax().points


# Dropping ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["country_share", "industry_money", "spending_within_budget", "more_from_africa"]
)
def test_dropping_frees_and_restoring_binds_again(session: Session, name: str) -> None:
    before = session.solve(gap=0.0)
    session.drop(name)
    free = session.solve(gap=0.0)
    assert free.objective >= before.objective - 1e-9
    assert f"Dropped for this plan: {name}." in free.notes
    session.restore(name)
    assert session.solve(gap=0.0).objective == pytest.approx(before.objective, abs=1e-6)


def test_a_dropped_limit_is_worth_a_policy_without_it(session: Session, tmp_path: Path) -> None:
    text = POLICY.read_text(encoding="utf-8")
    start = text.index('[[limits]]\nname = "country_share"')
    end = text.index("[[limits]]", start + 1)
    (tmp_path / "tiny.toml").write_text(text[:start] + text[end:], encoding="utf-8")
    session.drop("country_share")
    without = solve(tmp_path / "tiny.toml", CASE, gap=0.0)
    assert session.solve(gap=0.0).objective == pytest.approx(without.objective, abs=1e-6)
    # Numbers that change while a limit is dropped count once it is back.
    session.change({"limits.country_share.at_most.times": 0.4})
    session.restore("country_share")
    changes = {"limits.country_share.at_most.times": 0.4}
    compared(session, begun(changes=changes))


def test_dropped_limits_stay_dropped_when_the_model_is_built_again(session: Session) -> None:
    session.drop("spending_within_budget")
    session.change({"horizon.tail": 3})
    assert session.rebuilt == 1
    dropped = session.relax().points
    session.restore("spending_within_budget")
    bound = session.relax().points
    assert dropped is not None
    assert bound is not None
    assert dropped > bound


def test_ties_between_decisions_cannot_be_dropped(session: Session) -> None:
    for name in ("placements_match_cohorts", "country_shar"):
        with pytest.raises(PolicyError, match="is not a limit that can be dropped"):
            session.drop(name)
        with pytest.raises(PolicyError, match="is not a limit that can be dropped"):
            session.restore(name)


def test_a_dropped_rule_costs_nothing_where_its_limits_are_soft(session: Session) -> None:
    # So cheap to miss that the best plan misses it on either side.
    both = {"name": "even", "measure": "slots", "by": ["country"], "soft": 1e-4}
    session.add_limit(both | {"at_least": 6, "at_most": 6})
    for rule, kept in (("limit_at_least", "at_most"), ("limit_at_most", "at_least")):
        session.drop(rule)
        plan = session.solve(gap=0.0)
        # Where a floor is missed the value is below it, and above a ceiling that is missed.
        soft = plan.tables["soft"][plan.tables["soft"]["percent"].gt(0)]
        missed = soft["value"].lt(soft["number"]).map({True: "at_least", False: "at_most"})
        assert set(missed) == {kept}
        session.restore(rule)


def test_a_dropped_rule_covers_limits_that_are_added_later(session: Session) -> None:
    session.drop("limit_at_most")
    free = session.relax().points
    session.add_limit({"name": "none", "measure": "slots", "at_most": 0})
    assert session.relax().points == pytest.approx(free)
    assert session.rebuilt == 0
    session.restore("limit_at_most")
    assert session.relax().status == "infeasible"


def test_a_limit_that_is_restored_stays_free_while_its_whole_rule_is_dropped(
    session: Session,
) -> None:
    for name in ("limit_at_most", "country_share"):
        session.drop(name)
    session.restore("country_share")
    matrix = session._held.loaded.matrix
    sides = [
        side
        for (rule, _), *pair in zip(matrix.rows, matrix.row_lower, matrix.row_upper, strict=True)
        for side in pair
        if rule == "limit_at_most"
    ]
    assert sides
    assert np.isinf(sides).all()
    session.restore("limit_at_most")
    compared(session, begun())


def test_a_limit_stays_dropped_while_it_matches_nothing(session: Session) -> None:
    where = {"track": "work", "year": 2031}
    session.add_limit(
        {"name": "w31", "measure": "slots", "where": where, "at_most": 2, "optional": True}
    )
    bound = session.relax().points
    session.drop("w31")
    free = session.relax().points
    assert free is not None
    assert bound is not None
    assert free > bound + 1
    one_year = {
        "horizon.years": [2030, 2030],
        "stability.max_change": 1.0,
        "limits.more_from_africa.where": {"world_region": "Africa"},
    }
    session.change(one_year)
    both_years = {
        "horizon.years": [2030, 2031],
        "stability.max_change": 0.625,
        "limits.more_from_africa.where": {"world_region": "Africa", "year": 2030},
    }
    session.change(both_years)
    assert session.rebuilt == 2
    assert session.relax().points == pytest.approx(free)
    session.restore("w31")
    assert session.relax().points == pytest.approx(bound)


def test_a_name_that_is_no_text_is_refused(session: Session) -> None:
    for name in (None, 3, ["country_share"]):
        with pytest.raises(OptimizerError, match=r"Session.drop: name is .*, not text"):
            session.drop(name)  # type: ignore[arg-type]


# What the solver refuses -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "step"),
    [
        ("take", lambda session: session.change({"limits.industry_money.at_most": 5e6})),
        ("take", lambda session: session.drop("industry_money")),
        ("take", lambda session: session.restore("country_share")),
        (
            "grow",
            lambda session: session.add_limit({"name": "x", "measure": "slots", "at_most": 3}),
        ),
    ],
)
def test_what_the_solver_refuses_changes_nothing(
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    step: Callable[[Session], None],
) -> None:
    session.drop("country_share")
    before, policy = session.relax(), session.policy
    original = getattr(Engine, method)

    def refuses(*arguments: object) -> None:
        original(*arguments)
        raise SolverError("HiGHS reported an error")

    with monkeypatch.context() as patch:
        # The model of before has something dropped as well.
        patch.setattr(Engine, method, once(refuses, original))
        with pytest.raises(SolverError):
            step(session)
    assert session.policy == policy
    assert session.relax() == before
    session.restore("country_share")
    compared(session, begun())


def test_ctrl_c_in_the_middle_of_a_change_changes_nothing(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, policy = session.relax(), session.policy
    original = Engine.take

    def interrupted(*arguments: object) -> None:
        original(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "take", once(interrupted, original))
        with pytest.raises(KeyboardInterrupt):
            session.change({"limits.industry_money.at_most": 5e6})
    assert session.policy == policy
    assert session.relax() == before
    compared(session, begun())


def once(first: Callable[..., None], later: Callable[..., None]) -> Callable[..., None]:
    """A function that does one thing the first time and another from then on."""
    steps = iter([first])

    def step(*arguments: object) -> None:
        next(steps, later)(*arguments)

    return step


# Custom rules ------------------------------------------------------------------------------------


def test_custom_rules_stay_through_changes() -> None:
    def few(model: object, instance: Instance) -> list[CustomRule]:
        keys = [key for key in model.COHORTS if key[1] == "work"]  # type: ignore[attr-defined]
        most = float(instance.budget["amount"].max()) / 4e6
        model.few = pyo.Constraint(  # type: ignore[attr-defined]
            expr=sum(model.cohort[key] for key in keys) <= most  # type: ignore[attr-defined]
        )
        return [CustomRule("few", title="Few work")]

    session = begun(extend=few)
    # What a function reads from an instance may change with any number, so it is called again.
    session.change({"goals.alliance.weight": 4})
    changes = {"goals.alliance.weight": 4, "budgets[line=science].amount": 20e6}
    session.change({"budgets[line=science].amount": 20e6})
    assert session.rebuilt == 2
    compared(session, begun(extend=few, changes=changes))
    session.drop("few")
    assert session.relax().points is not None


def test_a_refusal_while_building_again_changes_nothing() -> None:
    calls = []

    def fails_later(model: object, instance: Instance) -> None:
        calls.append(instance)
        if len(calls) > 1:
            raise LookupError("my own mistake")

    session = begun(extend=fails_later)
    before = session.relax()
    with pytest.raises(LookupError):
        session.change({"goals.alliance.weight": 5})
    assert session.policy.goals["alliance"].weight == 3
    assert session.relax() == before
    plain = begun()
    for changes in ({"budget.carry_over.nosuch": 0.5}, {"goals.new": {"weight": 1}}):
        with pytest.raises(PolicyError):
            plain.change(changes)
    assert plain.relax().points == pytest.approx(before.points)


def test_scales_are_those_of_the_unchanged_case(tmp_path: Path) -> None:
    balanced = ROOT / "models" / "balanced.toml"
    changes = {"applicants[country=AVA, track=lab].applicants": 8}
    session = Session(balanced, CASE)
    session.change(changes)
    plan = solve(balanced, CASE, changes=changes)
    assert session.scales == plan.provenance["scales"]
    assert session.solve().objective == pytest.approx(plan.objective, rel=1e-6)


def test_numbers_of_numpy_are_numbers(session: Session) -> None:
    session.change({"budgets[line=science].amount": np.float64(12e6)})
    assert session.case.table("budgets")["amount"].max() == 12e6


# Threads, and other ways to have a session twice -------------------------------------------------


def in_threads(*jobs: Callable[[], object]) -> list[object]:
    """What jobs give that are done in threads of their own, at the same time."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        running = [pool.submit(job) for job in jobs]
        return [job.result(timeout=60) for job in running]


def test_threads_that_share_a_session_are_served_one_after_the_other(session: Session) -> None:
    def ask(number: int) -> Callable[[], object]:
        def job() -> object:
            session.change({f"goals.{name}.weight": number for name in ("alliance", "bridges")})
            session.drop("country_share")
            session.relax()
            session.solve(gap=0.1)
            session.restore("country_share")
            return session.scales

        return job

    assert in_threads(*map(ask, (1, 2, 3))) == [session.scales] * 3
    # Whoever was last, both weights are its own, and what was dropped is back.
    weights = {session.policy.goals[name].weight for name in ("alliance", "bridges")}
    assert len(weights) == 1
    compared(session, Session(session.policy, session.case))


def test_sessions_of_their_own_work_side_by_side() -> None:
    def job() -> object:
        own = begun()
        own.change({"goals.alliance.weight": 4})
        return own.relax().points

    first, second = in_threads(job, job)
    assert first == second


def test_a_session_is_not_asked_while_it_answers(session: Session) -> None:
    refused: list[str] = []

    def report(progress: Progress) -> None:
        assert session.policy.name == "tiny"
        with pytest.raises(OptimizerError, match="cannot be called while it answers") as raised:
            session.relax()
        refused.append(str(raised.value))

    plan = session.solve(report=report)
    assert refused
    assert session.solve().objective == plan.objective


def test_what_is_asked_of_a_session_waits_until_it_is_changed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another thread is half-way, with the new question and the old numbers."""
    changes, take = {"budgets[line=science].amount": "*0.5"}, LoadedModel.take
    session.relax()
    asked: list[Future[object]] = []
    with ThreadPoolExecutor(2) as pool:

        def taking(self: LoadedModel, patch: Patch) -> None:
            asked.append(pool.submit(lambda: held_anew(session).loaded.relax(Watch()).objective))
            asked.append(pool.submit(lambda: asked_in(session).question.changes))
            assert not wait(asked, timeout=0.5).done
            take(self, patch)

        monkeypatch.setattr(LoadedModel, "take", taking)
        session.change(changes)
        points, made = (each.result(timeout=60) for each in asked)
    assert points == pytest.approx(session.relax().points)
    assert made == changes


def test_no_question_is_asked_of_a_session_while_it_answers(session: Session) -> None:
    questions: list[Callable[[], object]] = [
        lambda: optimizer.marginal_values(session),
        lambda: optimizer.importance(session, ["limits"]),
        lambda: optimizer.why(session, "slots[country=AVA]"),
        lambda: optimizer.why_not(session, "slots[country=AVA] >= 1"),
        lambda: optimizer.repair(session),
    ]
    refused: list[str] = []

    def report(progress: Progress) -> None:
        for question in questions:
            with pytest.raises(OptimizerError, match="cannot be called while it answers"):
                question()
        assert joined_in(session).policy.name == "tiny"
        refused.append(progress.step)

    session.solve(report=report)
    assert refused


@pytest.mark.parametrize("action", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_session_is_neither_pickled_nor_copied(
    session: Session, action: Callable[[Session], object]
) -> None:
    with pytest.raises(OptimizerError, match="neither pickled nor copied; make another"):
        action(session)


def test_what_a_session_is_made_of_can_be_sent_elsewhere(session: Session) -> None:
    instance = build_instance(session.case, session.policy)
    for there in (pickle.loads(pickle.dumps(instance)), copy.deepcopy(instance)):
        assert same_model(there, instance)
        compared(session, Session(there.policy, there.case))
