"""Limits added to a loaded model against models that had them from the start."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
import scipy.sparse

from optimizer import Instance, PolicyError, Session, load_policy, read_plan, runs
from optimizer.plan.checking import differences
from optimizer.report import render_report
from optimizer.solver.matrix import Matrix
from random_cases import write_random_case
from seeds import seeds
from test_session import (
    CASE,
    CLOSE,
    POLICY,
    STEPS,
    begun,
    cells,
    choices,
    close,
    is_solved,
    optimum,
    optimum_of_model,
    refused,
)

MEASURED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("slots", ("country", "track", "year")),
    ("slots", ("region", "year")),
    ("slots", ("country", "region")),
    ("residents", ("country", "year")),
    ("residents", ("region",)),
    ("spending", ("line", "year")),
    ("use", ("service", "region", "year")),
)
"""Measures, and attributes that each may be grouped by."""
AMOUNTS = {"slots": 6.0, "residents": 15.0, "spending": 8e6, "use": 40.0, "value": 5.0}
"""Numbers that bind in some groups and are free in others."""


def limits(session: Session, draw: random.Random, name: str) -> Iterator[dict[str, Any]]:
    """Limits that a planner may think of; some are refused."""
    for measure, attributes in MEASURED:
        by = draw.sample(attributes, k=draw.randrange(1, len(attributes) + 1))
        limit = {"name": name, "measure": measure, "by": by, "optional": draw.random() < 0.5}
        number = AMOUNTS[measure] * draw.choice([0.3, 1.0, 2.0])
        yield limit | {"at_most": number}
        yield limit | {"at_most": number, "soft": 0.3}
        yield limit | {"at_least": number * 0.2, "soft": 0.1, "protected": False}
        share = {"times": draw.choice([0.4, 0.8]), "measure": measure, "by": []}
        yield limit | {"at_most": share}
    goal = draw.choice(list(session.policy.goals))
    yield {"name": name, "measure": "value", "goal": goal, "at_least": AMOUNTS["value"]}
    year = draw.choice(session.case.years)
    yield {"name": name, "measure": "slots", "where": {"year": year}, "at_most": 20}


def same_but_for_order(first: Matrix, second: Matrix) -> None:
    """Fail unless two matrices have the same rows and columns with the same numbers."""
    rows, columns = [], []
    for matrix in (first, second):
        below = np.isfinite(matrix.row_lower).tolist()
        above = np.isfinite(matrix.row_upper).tolist()
        told = [str(key) for key in zip(matrix.rows, below, above, strict=True)]
        names = [str(key) for key in matrix.columns]
        assert len(set(told)) == len(told)
        rows.append(sorted(range(len(told)), key=told.__getitem__))
        columns.append(sorted(range(len(names)), key=names.__getitem__))
    for name in ("rows", "columns"):
        assert sorted(map(str, getattr(first, name))) == sorted(map(str, getattr(second, name)))
    ordered = [
        scipy.sparse.csr_array(matrix.a)[rows[number]][:, columns[number]]
        for number, matrix in enumerate((first, second))
    ]
    largest = np.maximum(abs(ordered[0]).max(axis=0).toarray(), 1.0)
    assert (abs(ordered[0] - ordered[1]).max(axis=0).toarray() <= CLOSE * largest).all()
    for name in ("cost", "lower", "upper", "integral", "row_lower", "row_upper"):
        order = rows if name.startswith("row") else columns
        found, wanted = getattr(first, name)[order[0]], getattr(second, name)[order[1]]
        np.testing.assert_allclose(found, wanted, rtol=CLOSE, atol=1e-12, err_msg=name)


def stepped(session: Session, draw: random.Random, dropped: list[str], step: int) -> None:
    """Take one step: add, change, drop or restore."""
    kind = draw.choice(["add", "add", "change", "drop", "restore"])
    if kind == "add":
        limit = draw.choice(list(limits(session, draw, f"added {step}")))
        refused(session.add_limit, limit)
    elif kind == "change":
        possible = [*cells(session, draw), *choices(session, draw)]
        refused(session.change, dict(draw.sample(possible, k=min(2, len(possible)))))
    elif kind == "drop" and session.policy.limits:
        name = draw.choice(session.policy.limits).name
        if name not in dropped and refused(session.drop, name) is None:
            dropped.append(name)
    elif kind == "restore" and dropped:
        session.restore(dropped.pop(draw.randrange(len(dropped))))


def stepped_at_random(policy: Path, case: Path, seed: int) -> Session:
    """One session through random steps, compared after each with one built afresh."""
    draw = random.Random(seed)
    session = Session(policy, case)
    dropped: list[str] = []
    for step in range(STEPS):
        stepped(session, draw, dropped, step)
        fresh = Session(session.policy, session.case, scales=session.scales)
        for name in dropped:
            fresh.drop(name)
        same_but_for_order(session._held.loaded.matrix, fresh._held.loaded.matrix)
        again, first = session.relax(), fresh.relax()
        assert again.status == first.status
        assert close(again.points, first.points, CLOSE)
        if is_solved(step):
            assert close(optimum(session), optimum_of_model(fresh), 1e-6)
    return session


@pytest.mark.parametrize("seed", seeds(range(2), quick=0))
def test_random_steps_on_the_tiny_case(seed: int) -> None:
    stepped_at_random(POLICY, CASE, seed)


@pytest.mark.parametrize("seed", seeds(range(5, 200, 40), quick=1))
def test_random_steps_on_random_cases(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    if refused(Session, policy, case) is not None:
        pytest.skip("a floor that nobody could reach")
    stepped_at_random(policy, case, seed)


# Single limits -----------------------------------------------------------------------------------


@pytest.fixture
def session() -> Session:
    return begun()


def test_an_added_limit_binds_and_can_be_dropped_and_changed(session: Session) -> None:
    free = session.solve(gap=0.0)
    session.add_limit({"name": "few", "measure": "slots", "where": {"track": "work"}, "at_most": 5})
    plan = session.solve(gap=0.0)
    slots = plan.decisions.slots
    # The tiny case gives 7 slots to work without the limit, and each earns something.
    assert slots.loc[slots["track"].eq("work"), "slots"].sum() == 5
    assert plan.objective < free.objective
    assert [limit.name for limit in session.policy.limits][-1] == "few"
    assert plan.provenance["changes"] == {}
    assert plan.provenance["added_limits"] == [
        {"name": "few", "measure": "slots", "where": {"track": "work"}, "at_most": 5}
    ]
    assert "dropped" not in plan.provenance
    session.drop("few")
    assert session.solve(gap=0.0).objective == pytest.approx(free.objective, abs=1e-6)
    session.restore("few")
    assert session.solve(gap=0.0).objective == pytest.approx(plan.objective, abs=1e-6)
    session.change({"limits.few.at_most": 100})
    assert session.solve(gap=0.0).objective == pytest.approx(free.objective, abs=1e-6)
    assert session.rebuilt == 0


def test_a_plan_tells_how_to_make_it_again(session: Session, tmp_path: Path) -> None:
    where = {"track": "work", "year": np.int64(2030)}
    session.change({"limits.industry_money.at_most": np.float64(21e6)})
    session.add_limit(
        {"name": "few", "measure": "slots", "where": where, "at_most": np.float64(3), "by": []}
    )
    session.change({"limits.few.at_most": 2})
    session.drop("country_share")
    plan = session.solve(gap=0.0)
    told = json.loads(json.dumps(plan.provenance))
    assert told["added_limits"][0]["where"] == {"track": "work", "year": 2030}
    assert told["dropped"] == ["country_share"]
    again = begun()
    for limit in told["added_limits"]:
        again.add_limit(limit)
    again.change(told["changes"])
    for name in told["dropped"]:
        again.drop(name)
    same_but_for_order(session._held.loaded.matrix, again._held.loaded.matrix)
    runs.write_tables(plan, tmp_path, session.policy, session.case)
    runs.write_facts(plan, tmp_path, tmp_path)
    for path in (tmp_path, tmp_path / "plan.xlsx"):
        read = read_plan(path, session.case)
        assert "what the run had dropped is checked all the same (country_share)" in differences(
            read, session.policy, session.case
        )
    report = render_report(plan, session.case, session.policy)
    assert "Limits added to the policy" in report


def test_a_limit_by_country_and_region_touches_blocks_in_place(session: Session) -> None:
    before = len(session._held.loaded.matrix.columns)
    session.solve()
    limit = {"name": "spread", "measure": "slots", "by": ["country", "region"], "at_most": 6}
    session.add_limit(limit)
    plan = session.solve(gap=0.0)
    assert len(session._held.loaded.matrix.columns) > before
    assert plan.decisions.slots.groupby(["country", "region"])["slots"].sum().max() <= 6
    assert session.rebuilt == 0
    # The integers that came in are decisions of the next search as well.
    session.change({"goals.alliance.weight": 4, "limits.spread.at_most": 7})
    fresh = Session(session.policy, session.case, scales=session.scales)
    assert optimum(session) == pytest.approx(optimum(fresh), abs=1e-6)


def test_a_limit_added_while_another_is_dropped(session: Session) -> None:
    session.drop("country_share")
    session.add_limit({"name": "few", "measure": "slots", "by": ["country"], "at_most": 12})
    session.change({"limits.country_share.at_most.times": 0.45})
    session.restore("country_share")
    fresh = Session(session.policy, session.case, scales=session.scales)
    same_but_for_order(session._held.loaded.matrix, fresh._held.loaded.matrix)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (
            {"name": "country_share", "measure": "slots", "at_most": 3},
            "limits.country_share: the name 'country_share' is given twice\n"
            "    Expected one limit per name.",
        ),
        (
            {"name": "spending_within_budget", "measure": "slots", "at_most": 3},
            "limits.spending_within_budget.name: 'spending_within_budget' is the name of a rule "
            "already\n    Expected another name. Maybe my_spending_within_budget.",
        ),
        (
            {"name": "x", "measure": "slots"},
            "limits.x.at_least: neither at_least nor at_most is given\n"
            "    Expected a number, {amount, per}, {times, measure}, {times, previous}, "
            "{parity} or {own_best}.",
        ),
        (
            {"name": "st. x", "measure": "slot", "at_most": 3},
            "limits.\"st. x\".measure: 'slot' is not allowed\n"
            "    Expected 'slots', 'residents', 'completions', 'transitions', 'returns', "
            "'spending', 'use', 'value', 'open' or 'opened'. Maybe slots.",
        ),
        (
            {"name": "x", "measure": "slots", "where": {"country": "AVB"}, "at_most": 3},
            "limits.x.where.country: no country has country = 'AVB'\n"
            "    Expected one of AVA, BOR, CYR. Maybe AVA.",
        ),
    ],
)
def test_a_limit_that_no_policy_could_hold_is_refused(
    session: Session, limit: dict[str, Any], told: str
) -> None:
    before = session.relax()
    with pytest.raises(PolicyError) as raised:
        session.add_limit(limit)
    assert str(raised.value) == f"1 problem\n- changes, {told}"
    assert session.policy == load_policy(POLICY)
    assert session.relax() == before


def test_an_optional_limit_without_a_match_adds_nothing(session: Session) -> None:
    height = len(session._held.loaded.matrix.rows)
    where = {"country": "AVB", "region": "coast"}
    limit = {"name": "x", "measure": "slots", "where": where, "at_most": 1, "optional": True}
    session.add_limit(limit)
    assert len(session._held.loaded.matrix.rows) == height
    assert session.policy.limits[-1].name == "x"
    assert session.solve().objective > 0


def test_with_custom_rules_an_added_limit_builds_the_model_again() -> None:
    def most(model: Any, instance: Instance) -> None:
        model.most = pyo.Constraint(expr=sum(model.cohort.values()) <= len(instance.limits))

    session = begun(extend=most)
    session.add_limit({"name": "few", "measure": "slots", "at_most": 100})
    assert session.rebuilt == 1
    assert session._held.loaded.model.most.upper() == len(session._held.loaded.instance.limits)
