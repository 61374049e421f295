"""What limits a plan and what is lost without a part, against questions asked from nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf, isnan
from pathlib import Path
from signal import SIGINT, raise_signal
from typing import Any

import openpyxl
import pyomo.environ as pyo
import pytest

import optimizer
import shared
from golden.small_cases import AGREED, EXPECTED, HOSTED, NATIONAL, SmallCase
from optimizer import (
    BrokenPlanError,
    InfeasibleError,
    MarginalValues,
    OptimizerError,
    PolicyError,
    Session,
    SolverError,
    TargetError,
)
from optimizer.cli.showing import ProgressLine
from optimizer.explain.asking import Answer, Asking
from optimizer.explain.explained import asked_of
from optimizer.explain.in_hand import proven_bound
from optimizer.explain.marginal_tables import marginal_table
from optimizer.explain.marginal_words import marginal_words
from optimizer.explain.numbers import BindingNumber
from optimizer.explain.stepping import Step, Stepped
from optimizer.frames import rows_of
from optimizer.solver import Progress, Watch
from random_cases import write_random_case
from seeds import many, seeds

FIVE = '\n[[limits]]\nname = "five"\nmeasure = "slots"\nat_most = 5\nwhy = "Five rooms."\n'

BY_GDP = """
[goals.g]
weight = 1
scale = "none"
indicators = [{ column = "gdp", range = [0, 4] }]
effects = [{ stage = "enter", effect = 1 }]
"""
WORTHY = NATIONAL.aiming_at(BY_GDP).with_(budgets=("main,{year},M,40,program",))
"""Money for four. B brings 0.75 each and A 0.25: three of B and one of A come."""


def explained(case: SmallCase, folder: Path, **options: Any) -> MarginalValues:
    """Marginal values of the best plan of a case."""
    files, policy = case.write(folder)
    return optimizer.marginal_values(optimizer.solve(policy, files, gap=0.0), **options)


# Against questions asked from nothing -------------------------------------------------------------


def relaxed(policy: Path, case: Path, scales: Any, **changes: Any) -> float:
    """Points of a relaxation of its own; not a number where there is none."""
    try:
        return points_of(Session(policy, case, scales=scales, **changes))
    except OptimizerError:
        return float("nan")


def points_of(session: Session) -> float:
    points = session.relax().points
    return float("nan") if points is None else points


def planned(policy: Path, case: Path, scales: Any, changes: dict[str, object]) -> float:
    """Points of the best plan; not a number where there is none."""
    try:
        return optimizer.solve(policy, case, changes=changes, scales=scales, gap=0.0).objective
    except OptimizerError:
        return float("nan")


@pytest.mark.parametrize("seed", seeds(many(6, 1), quick=1))
def test_steps_are_differences_of_two_optima(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        plan = optimizer.solve(policy, case, gap=0.0)
    except (InfeasibleError, PolicyError):
        pytest.skip("no plan, or a policy that does not fit")
    found = optimizer.marginal_values(plan, top=2, plans=True, gap=0.0)
    scales = found.provenance["scales"]
    base = relaxed(policy, case, scales)
    assert found.points == pytest.approx(base)
    steps = found.tables["steps"]
    for step in rows_of(steps):
        changes = {step.address: step.number}
        if step.basis == "plan":
            whole = planned(policy, case, scales, changes)
            assert step.points == pytest.approx(whole, nan_ok=True, rel=1e-6, abs=1e-6)
            if not isnan(whole):
                apart = whole - plan.objective
                assert step.difference == pytest.approx(apart, rel=1e-5, abs=1e-5)
            continue
        nothing = relaxed(policy, case, scales, changes=changes)
        assert step.points == pytest.approx(nothing, nan_ok=True, rel=1e-6, abs=1e-6)
        assert isnan(nothing) == (step.status in ("infeasible", "refused"))
    rows = found.table[found.table["basis"].ne("dual")]
    # What has fewer applicants, or a smaller site, than a minimum cohort needs none, so that more
    # may do good. With a site its other rules come and go.
    is_single = rows["rebuilt_because"].eq("") & ~rows["rule"].str.contains("minimum")
    for row in rows_of(rows[is_single]):
        assert isnan(row.gain_points) or row.gain_points >= -1e-6
        assert isnan(row.loss_points) or row.loss_points <= 1e-6
    relaxations = steps[steps["basis"].eq("relaxation") & steps["steps"].le(1.0)]
    for step in rows_of(relaxations[relaxations["direction"].eq("looser")]):
        row = found.table.set_index("address").loc[step.address]
        # The value is concave in numbers on the right, so that their dual is a bound.
        is_linear = row["rule"] in ("spending_within_budget", "intake_within_cap")
        if is_linear and step.status == "optimal":
            assert step.difference <= row["dual_points"] + 1e-6


@pytest.mark.parametrize("seed", seeds(many(6, 1), quick=1))
def test_parts_are_left_out_as_from_nothing(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        session = Session(policy, case)
        found = optimizer.importance(session, ["limits", "countries", "budgets"])
    except (InfeasibleError, PolicyError):
        pytest.skip("no plan, or a policy that does not fit")
    scales = session.scales
    for row in rows_of(found.table):
        if row.address.startswith("support_floor"):
            continue
        other = Session(policy, case, scales=scales)
        if row.status == "refused":
            with pytest.raises(OptimizerError):
                other.change({f"{row.address}.amount": 0})
            continue
        if row.group == "limits":
            other.drop(row.address.removeprefix("limits."))
        elif row.group == "budgets":
            other.change({f"{row.address}.amount": 0})
        else:
            where = {"country": row.address.partition("=")[2].removesuffix("]")}
            none = {"name": "none", "measure": "slots", "where": where, "at_most": 0}
            # Who comes by forecast still comes.
            other.add_limit({**none, "planned": True, "optional": True})
        assert row.points == pytest.approx(points_of(other), nan_ok=True, rel=1e-6, abs=1e-6)
    # Another question of the same session is still the one it was.
    assert session.relax().points == pytest.approx(found.points)


# By hand ------------------------------------------------------------------------------------------


def test_room_for_five_of_seven(tmp_path: Path) -> None:
    # Seven apply, money is enough for ten, five may come, and each brings 100 points.
    found = explained(NATIONAL.with_(FIVE), tmp_path, plans=True)
    assert found.in_words() == [
        "No plan can exceed 500.000 points (relaxation); this one has 500.000.",
        "What limits it, each solved again with one step more room and one less:",
        "1. A ceiling of the policy: limits.five.at_most (policy.toml), now 5: 6 brings 100 "
        "points; 4 costs 100 points (by plans).",
        "By the relaxation, more money in any one line and year brings nothing.",
    ]
    (row,) = rows_of(found.table)
    assert (row.dual_points, row.gain_points, row.loss_points) == pytest.approx(
        (100.0, 100.0, -100.0)
    )
    assert (row.gain_g_raw, row.slots_moved, row.basis) == (pytest.approx(1.0), 1.0, "plan")
    # Seven apply: two steps more bring twice as much, ten no more than that.
    assert (row.valid_from, row.valid_to) == (0.0, 7.0)
    assert (row.status, row.within_gap, found.complete) == ("optimal", False, True)


def test_without_a_country_or_a_track_those_expected_still_come(tmp_path: Path) -> None:
    # Who comes by forecast leaves money for 4.8 and 3.4 slots of t, of which A may have four a
    # year and B three; r1 takes three, r2 two. To f nobody comes but by forecast.
    files, policy = EXPECTED.write(tmp_path)
    found = optimizer.importance(Session(policy, files), ["countries", "tracks", "regions"])
    assert found.complete
    assert found.table.set_index("address")["change_points"].to_dict() == pytest.approx(
        {
            "countries[country=AA]": -220.0,
            "countries[country=BB]": -80.0,
            "tracks[track=t]": -820.0,
            "tracks[track=f]": 0.0,
            "regions[region=r1]": -420.0,
            "regions[region=r2]": -220.0,
        }
    )


def test_an_attribute_may_be_called_as_a_key_is(tmp_path: Path) -> None:
    files, policy = NATIONAL.with_(
        countries=("country,name,world_region,gdp,track", "AA,Aland,Asia,1,x", "BB,B,Europe,3,y")
    ).write(tmp_path)
    session = Session(policy, files)
    assert optimizer.importance(session, ["tracks"]).table["change_points"].tolist() == [-700.0]
    assert optimizer.why_not(session, "slots[track=t] <= 5").change_points == pytest.approx(-200.0)


NEGATIVE = """
[goals.g]
weight = 3
scale = "none"
effects = [{ stage = "enter", effect = 1 }]
[goals.h]
weight = 1
scale = "none"
effects = [{ stage = "enter", effect = -1 }]
[[limits]]
name = "low"
measure = "value"
goal = "h"
"""
"""Of 100 points a slot brings 75 by g and loses 25 by h, of which each takes 1."""


def test_numbers_of_what_may_be_negative_go_below_0(tmp_path: Path) -> None:
    found = explained(NATIONAL.aiming_at(NEGATIVE + "at_least = -5\n"), tmp_path)
    (row,) = rows_of(found.table)
    assert (row.number, row.looser, row.tighter) == (-5.0, -5.1, -4.9)
    assert (row.dual_points, row.gain_points, row.loss_points) == pytest.approx((5.0, 5.0, -5.0))
    # Seven apply.
    assert (row.valid_from, row.valid_to) == (-6.0, -4.0)


def test_a_soft_number_below_0_is_missed_by_a_part_of_what_it_is(tmp_path: Path) -> None:
    # Seven come, 350% of 2 and so 250% too many; each percent costs half a point.
    case = NATIONAL.aiming_at(NEGATIVE + "at_least = -2\nsoft = 0.5\n")
    row = explained(case, tmp_path).table.set_index("address").loc["limits.low.at_least"]
    assert row.looser == -2.1
    assert row.gain_points == pytest.approx(125.0 - 0.5 * 100.0 * 4.9 / 2.1)
    assert row.dual_points == pytest.approx(0.1 * 0.5 * 100.0 * 7.0 / 2.0**2)


def test_a_floor_below_0_may_be_what_keeps_slots_out(tmp_path: Path) -> None:
    case = NATIONAL.aiming_at(NEGATIVE + "at_least = 0\n")
    files, policy = case.write(tmp_path)
    found = optimizer.why_not(Session(policy, files), "slots[country=AA] >= 2")
    (row,) = rows_of(found.tables["entry"])
    assert (row.kind, row.address) == ("cap", "limits.low.at_least")
    assert (row.number, row.needed) == (0.0, -2.0)


def test_a_degenerate_dual_is_shown_beside_what_solving_shows(tmp_path: Path) -> None:
    # Two limits bind at once: a place more in one of them changes nothing, whatever its dual is.
    twice = FIVE.replace('"five"', '"again"')
    found = explained(NATIONAL.with_(FIVE + twice), tmp_path)
    assert found.table["dual_points"].tolist() == [100.0]
    assert found.table["gain_points"].tolist() == [0.0]
    assert found.table["loss_points"].tolist() == [-100.0]
    address = found.table["address"].iloc[0]
    assert found.in_words()[2] == (
        f"1. A ceiling of the policy: {address} (policy.toml), now 5: 6 changes nothing; 4 costs "
        "100 points (the dual says 100; at the same rates from 0 to 15)."
    )


def test_money_is_asked_in_sums_that_somebody_decides_on(tmp_path: Path) -> None:
    # Each costs 10 of 45 in either year; four and a half in the relaxation, four in a plan.
    poor = NATIONAL.with_(budgets=("main,{year},M,45,program",)).over(2030, 2031)
    found = explained(poor, tmp_path, plans=True)
    assert found.tables["money"].drop(columns="address").to_dict("records") == [
        {
            "line": "main",
            "year": year,
            "amount": 45.0,
            "more": 1.0,
            "dual_points": pytest.approx(10.0),
            "gain_points": pytest.approx(10.0),
            "basis": "relaxation",
            "status": "optimal",
        }
        for year in ("2030", "2031")
    ]
    row = found.table.iloc[0]
    # No plan has part of a person: with 46 there are as many as with 45.
    assert (row["step"], row["gain_points"], row["loss_points"]) == (1.0, 0.0, 0.0)
    assert (row["unit"], row["basis"]) == ("money", "plan")


def test_what_leaves_no_plan_is_a_row(tmp_path: Path) -> None:
    floor = FIVE + '\n[[limits]]\nname = "floor"\nmeasure = "slots"\nat_least = 5\n'
    found = explained(NATIONAL.with_(floor), tmp_path)
    steps = found.tables["steps"]
    tighter = steps["address"].eq("limits.five.at_most") & steps["direction"].eq("tighter")
    assert steps.loc[tighter, "status"].iloc[0] == "infeasible"
    assert steps.loc[tighter, "points"].isna().iloc[0]
    assert found.table.set_index("address").loc["limits.five.at_most", "status"] == "infeasible"
    assert "4 leaves no plan" in "\n".join(found.in_words())
    left = optimizer.importance(optimizer.solve(*NATIONAL.with_(floor).write(tmp_path)[::-1]))
    assert left.table.set_index("address").loc["budgets[line=main]", "status"] == "infeasible"


def test_each_step_without_points_is_said_as_what_it_is() -> None:
    # One more is refused before anything is solved, and one less leaves no plan.
    number = BindingNumber(
        address="limits.r.at_most",
        value=5.0,
        rule="r",
        title="r",
        source="r",
        kind="limit",
        protected=False,
        loosens=1,
        unit="slots",
        step=1.0,
        dual=2.0,
    )
    base = Answer("optimal", 10.0, 10.0, {"g": 1.0})
    unknown = float("nan")
    steps = [
        Step(number.address, way, 1.0, after, "relaxation", unknown, False, Answer(status))
        for way, after, status in (("looser", 6.0, "refused"), ("tighter", 4.0, "infeasible"))
    ]
    table = marginal_table([Stepped(number, tuple(steps))], [], base)
    (row,) = rows_of(table)
    assert table[["gain_points", "gain_g_raw", "slots_moved"]].isna().all(axis=None)
    assert (row.status_looser, row.status_tighter) == ("refused", "infeasible")
    told = marginal_words(
        table, table.iloc[:0], points=10.0, plan=None, currency="JPY", why_incomplete=""
    )
    assert told[2] == "1. r: limits.r.at_most (r), now 5: 6 is refused; 4 leaves no plan."


def test_a_solver_that_fails_leaves_the_question_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, policy = NATIONAL.with_(FIVE).write(tmp_path)
    asking = Asking(asked_of(Session(policy, files), None).held, Watch())

    def fail(_: Watch) -> None:
        raise SolverError("HiGHS reported an error")

    monkeypatch.setattr(asking.held.loaded, "relax", fail)
    limit = {"name": "two", "measure": "slots", "at_most": 2}
    answer = asking.with_limit(limit)
    assert (answer.status, answer.why) == ("failed", "HiGHS reported an error")
    # What is asked from then on is another model, which never had the limit.
    assert asking.with_limit(limit).points == pytest.approx(200.0)
    assert asking.at({}).points == pytest.approx(500.0)


def test_a_number_in_many_rows_is_one_number(tmp_path: Path) -> None:
    shared_limit = FIVE.replace("at_most = 5", 'by = ["country", "year"]\nat_most = 2')
    found = explained(NATIONAL.with_(shared_limit).over(2030, 2031), tmp_path)
    (row,) = rows_of(found.table)
    # Two countries in two years give way by one place each.
    assert (row.dual_points, row.gain_points) == (pytest.approx(400.0), pytest.approx(400.0))


def test_a_share_moves_by_a_percentage_point(tmp_path: Path) -> None:
    # Of seven places at most 1.15 times those of B, which is 3.45 of A beside its three.
    limit = (
        '\n[[limits]]\nname = "share"\nmeasure = "slots"\nwhere = { country = "AA" }\n'
        'at_most = { times = 1.15, measure = "slots", where = { country = "BB" } }\n'
    )
    row = explained(NATIONAL.with_(limit), tmp_path).table.iloc[0]
    assert (row["looser"], row["tighter"]) == (1.16, 1.14)
    assert (row["gain_points"], row["loss_points"]) == pytest.approx((3.0, -3.0))
    assert row["dual_points"] == pytest.approx(3.0)


def test_minimum_cohorts_are_built_again_and_say_so(tmp_path: Path) -> None:
    # Money for four; B brings 0.75 each and A 0.25, but two of A must come.
    goal = """
[goals.g]
weight = 1
scale = "none"
indicators = [{ column = "gdp", range = [0, 4] }]
effects = [{ stage = "enter", effect = 1 }]
"""
    case = NATIONAL.aiming_at(goal).with_(
        tracks=("t,T,exchange,M,care,inbound,1,2,yes,1,no",),
        agreements=("AA,t,existing,main,0,0,0", "BB,t,existing,main,0,0,0"),
        budgets=("main,{year},M,40,program",),
    )
    table = explained(case, tmp_path).table.set_index("address")
    row = table.loc["tracks[track=t].min_cohort"]
    assert (row["gain_points"], row["dual_points"]) == (pytest.approx(50.0), pytest.approx(50.0))
    assert row["rebuilt_because"] == "tracks.min_cohort"
    assert table.loc["budgets[line=main, year=2030].amount", "rebuilt_because"] == ""


def test_no_time_leaves_duals(tmp_path: Path) -> None:
    files, policy = NATIONAL.with_(FIVE).write(tmp_path)
    plan = optimizer.solve(policy, files)

    def stop(progress: Progress) -> None:
        if progress.step.startswith("numbers"):
            raise_signal(SIGINT)

    found = optimizer.marginal_values(plan, report=stop)
    assert found.table["basis"].tolist() == ["dual"]
    assert (found.complete, found.interrupted) == (False, True)
    assert found.in_words()[-1] == "Stopped at the interruption: 1 number was not solved again."


def test_steps_that_are_solved_stay_when_time_runs_out(tmp_path: Path) -> None:
    files, policy = NATIONAL.with_(FIVE).write(tmp_path)
    plan = optimizer.solve(policy, files)
    ask = Asking.at

    def interrupted_after_two(asking: Asking, changes: Any) -> Answer:
        if changes == {"limits.five.at_most": 4.0}:
            raise_signal(SIGINT)
        return ask(asking, changes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Asking, "at", interrupted_after_two)
        found = optimizer.marginal_values(plan)
    row = found.table.iloc[0]
    assert (row["gain_points"], row["status_looser"]) == (pytest.approx(100.0), "optimal")
    assert isnan(row["loss_points"])
    assert row["status_tighter"] == "stopped"
    assert found.in_words()[2:4] == [
        "1. A ceiling of the policy: limits.five.at_most (policy.toml), now 5: 6 brings 100 "
        "points; 4 was not solved in time (at the same rates from 5 to 7).",
        "By the relaxation, more money in any one line and year brings nothing.",
    ]
    assert found.in_words()[-1] == "Stopped at the interruption: 1 number was not solved again."


def test_progress_says_how_many_are_done_and_what_is_left(tmp_path: Path) -> None:
    seen: list[Progress] = []
    explained(NATIONAL.with_(FIVE), tmp_path, report=seen.append)
    parts = [each for each in seen if each.step == "numbers"]
    assert {(each.done, each.total) for each in parts} == {(0, 1)}
    assert parts[0].seconds_left is None
    assert Progress(9.0, "numbers", None, None, 3, 5, 6.0).seconds_left == pytest.approx(4.0)


def test_money_that_a_step_has_shown_is_not_asked_again(tmp_path: Path) -> None:
    asked: list[object] = []
    ask = Asking.at

    def counted(asking: Asking, changes: Any) -> Answer:
        asked.append(tuple(changes.items()))
        return ask(asking, changes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Asking, "at", counted)
        optimizer.marginal_values(optimizer.solve(*shared.tiny()), top=4)
    assert len(asked) == len(set(asked))


def test_charts_of_steps_money_and_parts(tmp_path: Path) -> None:
    plan = optimizer.solve(*shared.tiny())
    found = optimizer.marginal_values(plan, top=2)
    assert found.charts == ["numbers", "money"]
    steps = found.chart().to_dict()
    (bars,) = steps["datasets"].values()
    assert [(bar["which"], round(bar["points"], 2)) for bar in bars] == [
        ("a step more room", 18.36),
        ("a step more room", 0.0),
        ("a step less room", -12.55),
    ]
    assert found.chart("money").to_dict()["title"] == (
        "Points that 1,000,000 more bring, each by itself"
    )
    lost = optimizer.importance(plan, ["limits"])
    (bars,) = lost.chart().to_dict()["datasets"].values()
    assert bars[0]["name"] == "spending_within_budget"
    with pytest.raises(OptimizerError, match="marginal values have no chart 'stepz'"):
        found.chart("stepz")
    same = lost.table[lost.table["change_points"].eq(0.0)]["address"].iloc[0]
    nothing = optimizer.importance(plan, [same])
    assert nothing.charts == []
    with pytest.raises(OptimizerError, match="importance has no chart, as nothing was solved"):
        nothing.chart()


def test_what_gaps_leave_open_is_said() -> None:
    # The relaxation gains 18; the plan found within a gap of a fifth is the one in hand again.
    plan = optimizer.solve(*shared.tiny())
    found = optimizer.marginal_values(plan, top=1, plans=True, gap=0.2)
    row = found.table.iloc[0]
    assert (row["basis"], row["within_gap"]) == ("relaxation", True)
    assert row["gain_points"] == pytest.approx(18.3625)
    assert found.in_words()[2].endswith(
        "now 2: 1 brings 18.36 points; 3 is refused (too small a difference of plans to be sure; "
        "at the same rates from 1 to 2)."
    )
    steps = found.tables["steps"]
    assert steps["within_gap"].tolist() == [False, True, False, False, False]


def test_custom_rules_are_left_out_and_need_another_model_for_a_number(tmp_path: Path) -> None:
    files, policy = NATIONAL.with_(FIVE).write(tmp_path)

    def extend(model: Any, instance: Any) -> None:
        model.three = pyo.Constraint(expr=sum(model.cohort[key] for key in model.cohort) <= 3)

    plan = optimizer.solve(policy, files, extend=extend)
    with pytest.raises(OptimizerError, match="Expected extend"):
        optimizer.marginal_values(plan)
    # Without them other plans would count: of a plan in hand they are not asked for, but refused.
    for ask in (optimizer.alternatives, lambda given: optimizer.compare(given, given)):
        with pytest.raises(OptimizerError, match=r"custom rules of .* are not kept with the plan"):
            ask(plan)
    run = optimizer.load_run(optimizer.write_run(plan, tmp_path / "run"), extend=extend)
    most = optimizer.alternatives(run, by=["track"]).table["most"].tolist()
    assert most == [3.0]
    assert optimizer.compare(run, run).table["status"].eq("same").all()
    found = optimizer.importance(plan, ["three", "limits.five"], extend=extend)
    assert found.table["change_points"].tolist() == [200.0, 0.0]
    # A question about slots loads another model, in which custom rows stand elsewhere.
    found = optimizer.importance(plan, ["countries[country=AA]", "three"], extend=extend)
    assert found.table.set_index("address")["change_points"]["three"] == 200.0
    session = Session(policy, files, extend=extend)
    session.drop("five")
    session.drop("three")
    # Money for ten, seven apply: nothing that somebody chose is in the way.
    assert optimizer.marginal_values(session).in_words()[1] == (
        "2 facts of the case limit it, by their duals alone (see the table)."
    )


# Naming parts -------------------------------------------------------------------------------------


def test_parts_are_named_in_every_spelling(tmp_path: Path) -> None:
    files, policy = HOSTED.with_(FIVE).write(tmp_path)
    session = Session(policy, files)
    names = [
        "limits.five",
        "spending_within_budget",
        "countries[ country='AA' ]",
        "regions[region=r1]",
        "tracks[track=t]",
        "budgets[year=2030, line=main]",
    ]
    found = optimizer.importance(session, names)
    points = dict(zip(found.table["address"], found.table["change_points"], strict=True))
    assert points == {
        "limits.five": 0.0,
        "spending_within_budget": 0.0,
        "countries[country=AA]": pytest.approx(-200.0),
        "regions[region=r1]": pytest.approx(-300.0),
        "tracks[track=t]": pytest.approx(-500.0),
        "budgets[line=main, year=2030]": pytest.approx(-500.0),
    }
    assert optimizer.importance(session, ["five"]).table["address"].tolist() == ["limits.five"]
    with pytest.raises(PolicyError) as refused:
        optimizer.importance(session, ["countries[country=AB]", "limits.fives"])
    assert str(refused.value).splitlines()[1:] == [
        "- arguments, without: 'countries[country=AB]' names nothing that can be left out",
        "    Expected a limit, a rule, or rows of a table: limits, commitments, budgets, "
        "agreements, countries, tracks, regions. Maybe countries[country=BB].",
        "- arguments, without: 'limits.fives' names nothing that can be left out",
        "    Expected a limit, a rule, or rows of a table: limits, commitments, budgets, "
        "agreements, countries, tracks, regions. Maybe limits.five.",
    ]


# Why not ------------------------------------------------------------------------------------------


def test_who_gives_way_for_more_of_another(tmp_path: Path) -> None:
    # Money for four. B brings 0.75 each and A 0.25: three of B and one of A come.
    files, policy = WORTHY.write(tmp_path)
    plan = optimizer.solve(policy, files)
    found = optimizer.why_not(plan, " slots[country=AA]>=3 ")
    assert found.in_words() == [
        "slots[country=AA]>=3: 100 points fewer (150.000 points, relaxation).",
        "Who gives way: 2 of BB t.",
        "Who gets more: 2 of AA t.",
        "Points: g -100.",
    ]
    assert found.table["change"].tolist() == [pytest.approx(-2.0), pytest.approx(2.0)]
    session = Session(policy, files)
    wanted = {"name": "w", "measure": "slots", "where": {"country": "AA"}, "at_least": 3}
    session.add_limit(wanted)
    assert found.points == pytest.approx(points_of(session))
    assert optimizer.why_not(Session(policy, files), "slots[country=BB] >= 2").in_words() == [
        "slots[country=BB] >= 2: the relaxation loses nothing: another plan may be as good, or "
        "only whole people and whole decisions stand against it."
    ]
    none = optimizer.why_not(plan, "slots[year=2030] >= 5")
    assert none.in_words()[:3] == [
        "slots[year=2030] >= 5: infeasible.",
        "No plan keeps every rule.",
        "These 2 cannot all be kept; without any one of them the rest of these can (verified):",
    ]
    refused = optimizer.why_not(plan, "slots[country=AA] >= 5")
    assert (refused.status, "above the 4 eligible" in refused.why) == ("refused", True)
    assert refused.complete
    # What the solver gave up has a reason, and is no answer.
    assert not replace(refused, status="failed").complete


def test_what_is_wanted_counts_from_the_plan_in_hand(tmp_path: Path) -> None:
    # Money for four: three of B and one of A come, and B brings 0.75 each, A 0.25.
    files, policy = WORTHY.write(tmp_path)
    plan = optimizer.solve(policy, files)
    assert optimizer.why_not(plan, "slots[country=AA] += 2").in_words() == [
        "slots[country=AA] += 2 (at least 3; the plan has 1): 100 points fewer (150.000 points, "
        "relaxation).",
        "Who gives way: 2 of BB t.",
        "Who gets more: 2 of AA t.",
        "Points: g -100.",
    ]
    assert optimizer.why_not(plan, "slots -= 1").in_words() == [
        "slots -= 1 (at most 3; the plan has 4): 25 points fewer (225.000 points, relaxation).",
        "Who gives way: 1 of AA t.",
        "Points: g -25.",
    ]
    assert optimizer.why_not(plan, "slots[country=BB] += 0").in_words() == [
        "slots[country=BB] += 0 (at least 3; the plan has 3): the plan in hand gives that, and "
        "the relaxation loses nothing by it."
    ]


def test_agreements_are_asked_for_and_gone_without(tmp_path: Path) -> None:
    # The agreement of A is set up in 2030 and opens in 2031, when four of A come beside the three
    # of B who come in both years: without it A sends nobody.
    files, policy = AGREED.write(tmp_path)
    plan = optimizer.solve(policy, files)
    assert plan.decisions.agreements["country"].tolist() == ["AA"]
    for wanted in ("agreements[country=AA, track=t]", "agreements[track=t, country=AA] >= 1"):
        assert optimizer.why_not(plan, f"{wanted}").in_words() == [
            f"{wanted}: the plan in hand gives that, and the relaxation loses nothing by it."
        ]
    for wanted in ("agreements[country=AA, track=t] without", "agreements[country=AA,track=t]<=0"):
        assert optimizer.why_not(plan, wanted).in_words()[:3] == [
            f"{wanted}: 400 points fewer (600.000 points, relaxation).",
            "Who gives way: 4 of AA t.",
            "Points: g -400.",
        ]
    early = optimizer.why_not(plan, "agreements[country=AA, track=t, year=2030] open")
    assert (early.status, early.is_given) == ("refused", False)
    # It cannot open before 2031.
    assert optimizer.why_not(plan, "agreements[country=AA, track=t, year=2030]<=0").is_given
    # Where setting it up costs more than there is, the plan goes without.
    dear = AGREED.with_(agreements=("AA,t,proposed,main,200,1,1", "BB,t,existing,main,0,1,0"))
    files, policy = dear.write(tmp_path)
    plan = optimizer.solve(policy, files)
    gone = optimizer.why_not(plan, "agreements[country=AA, track=t] without")
    # The relaxation opens a part of it, which no plan can.
    assert gone.is_given
    assert optimizer.why_not(plan, "agreements[country=AA, track=t]").in_words()[:2] == [
        "agreements[country=AA, track=t]: infeasible.",
        "No plan keeps every rule.",
    ]


def refused(session: Session, wanted: str) -> list[str]:
    """Lines of the refusal of what was asked, without its head."""
    with pytest.raises(PolicyError) as refusal:
        optimizer.why_not(session, wanted)
    return [line.strip() for line in str(refusal.value).splitlines()[1:]]


def test_what_is_wanted_must_be_readable(tmp_path: Path) -> None:
    files, policy = AGREED.write(tmp_path)
    session = Session(policy, files)
    form = (
        "Expected such as 'slots[country=KEN, track=researchers, year=2030] >= 20', with <=, += "
        "or -=, or 'agreements[country=KEN, track=researchers] open', or without."
    )
    unreadable = {
        "slots[country=AA]": " Maybe 'slots[country=AA] >= 1'.",
        "slots[country=AA] = 5": " Maybe 'slots[country=AA] >= 5'.",
        "slot[country=AA] => 5": " Maybe 'slots[country=AA] >= 5'.",
        "slots[country=AA] + 5": " Maybe 'slots[country=AA] += 5'.",
        "agreements[country=AA, track=t] = 0": " Maybe 'agreements[country=AA, track=t] without'.",
        "agreements[country=AA, track=t] >= 2": " Maybe 'agreements[country=AA, track=t] open'.",
        "slots[country=AA >= 5": "",
        "slots[country=AA] >= -5": "",
        "budgets[line=main] >= 5": "",
    }
    said = {wanted: refused(session, wanted) for wanted in unreadable}
    assert said == {
        wanted: [f"- changes, {wanted}: cannot be read", form + maybe]
        for wanted, maybe in unreadable.items()
    }
    unknown = "slots[country=AAA, year=2033] <= 2"
    both = "agreements[country=BB, track=t]"
    said = {
        "slots[a=1, year=soon] <= 2": [
            "- changes, slots[a=1, year=soon] <= 2: 'a' is not a key of slots",
            "Expected some of country, track, region, year.",
            "- changes, slots[a=1, year=soon] <= 2: 'soon' is not a year",
            "Expected a year.",
        ],
        unknown: [
            f"- changes, {unknown}: '2033' is not a year with intake",
            "Expected one of 2030, 2031. Maybe year=2031.",
            f"- changes, {unknown}: 'AAA' is not a country",
            "Expected a code listed in countries. Maybe country=AA.",
        ],
        "slots += 1": [
            "- changes, slots += 1: there is no plan in hand from which to count",
            "Expected a run or a plan, or >= and <= of a session.",
        ],
        both: [
            f"- changes, {both}: the agreement exists already, so no plan decides on it",
            "Expected a proposed agreement, or slots. Maybe 'slots[country=BB, track=t] >= 1'.",
        ],
        "agreements[country=AA] open": [
            "- changes, agreements[country=AA] open: names no agreement of the case",
            "Expected country and track of a row of agreements. Maybe agreements[country=AA, "
            "track=t].",
        ],
        "slots[year=2030, year=2031] >= 1": [
            "- changes, slots[year=2030, year=2031] >= 1: year is given twice",
            "Expected each key once.",
        ],
    }
    assert {wanted: refused(session, wanted) for wanted in said} == said
    plan = optimizer.solve(policy, files)
    with pytest.raises(PolicyError, match=r"gives only 3 slots there\n.*Maybe 'slots\[.* <= 0'"):
        optimizer.why_not(plan, "slots[country=BB, year=2030] -= 4")


# On the command line ------------------------------------------------------------------------------


def test_the_command_explains_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files, policy = NATIONAL.with_(FIVE).write(tmp_path)
    run = optimizer.write_run(optimizer.solve(policy, files), tmp_path / "run")
    book = tmp_path / "why.xlsx"
    assert shared.run(monkeypatch, "explain", run, "--out", book) == 0
    assert capsys.readouterr().out.splitlines() == [
        "No plan can exceed 500.000 points (relaxation); this one has 500.000.",
        "What limits it, each solved again with one step more room and one less:",
        "1. A ceiling of the policy: limits.five.at_most (policy.toml), now 5: 6 brings 100 "
        "points; 4 costs 100 points (at the same rates from 0 to 7).",
        "By the relaxation, more money in any one line and year brings nothing.",
        f"Written: {book}",
        f"Next: optimizer explain {run} --without limits",
        f"Next: optimizer solve {run}/inputs/policy.toml {run}/inputs/case.zip --scales {run} "
        "--set limits.five.at_most=6",
    ]
    assert openpyxl.load_workbook(book).sheetnames == ["result", "steps", "money", "provenance"]
    assert shared.run(monkeypatch, "explain", run, "--without", "limits", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [(row["address"], row["change_points"]) for row in said["rows"]] == [
        ("limits.five", 200.0),
        ("spending_within_budget", 0.0),
    ]
    assert shared.run(monkeypatch, "explain", run, "--without", "countries") == 0
    assert capsys.readouterr().out.splitlines() == [
        "With everything, no plan can exceed 500.000 points (relaxation).",
        "- without countries[country=AA]: 200 points fewer",
        "- without countries[country=BB]: 100 points fewer",
        f"Next: optimizer explain {run}",
        f"Next: optimizer explain {run} --without limits",
    ]
    assert shared.run(monkeypatch, "explain", run, "--why-not", "slots[country=AA] <= 1") == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "slots[country=AA] <= 1: 100 points fewer (400.000 points, relaxation)."
    )
    assert shared.run(monkeypatch, "explain", run, "--why-not", "slots[country=AAA] <= 1") == 2
    for words in (["--top", "few"], ["--out", tmp_path / "why.csv"], ["--out", book]):
        assert shared.run(monkeypatch, "explain", run, *words) == 2
    with pytest.raises(TargetError, match="not a result"):
        optimizer.marginal_values(run, top=0).to_excel(run / "plan.xlsx", force=True)


@pytest.mark.parametrize(
    ("words", "option", "told"),
    [
        (["--without", "limits", "--plans"], "--plans", "does not go with --without"),
        (["--without", "limits", "--gap", "1%"], "--gap", "does not go with --without"),
        (["--without", "limits", "--top", "3"], "--top", "does not go with --without"),
        (["--why", "slots[country=AA]", "--plans"], "--plans", "does not go with --why"),
        (["--why", "slots[country=AA]", "--gap", "1%"], "--gap", "does not go with --why"),
        (["--odd-years", "--plans"], "--plans", "does not go with --odd-years"),
        (["--odd-years", "--seed", "1"], "--seed", "does not go with --odd-years"),
        (["--weights", "--top", "10"], "--top", "does not go with --weights"),
        (["--ranks", "--top", "3"], "--top", "does not go with --ranks"),
        (["--samples", "2"], "--samples", "goes with --weights or --ranks"),
        (["--gap", "1%"], "--gap", "needs --plans, as relaxations have none"),
    ],
)
def test_an_option_that_the_question_takes_no_notice_of_is_refused(
    words: list[str],
    option: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert shared.run(monkeypatch, "explain", "run", *words) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"Invalid value for {option}: {told}" in said


def test_ctrl_c_and_broken_plans_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files, policy = NATIONAL.with_(FIVE).write(tmp_path)
    run = optimizer.write_run(optimizer.solve(policy, files), tmp_path / "run")

    def stop(_: ProgressLine, progress: Progress) -> None:
        if progress.step.startswith("numbers"):
            raise_signal(SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(ProgressLine, "show", stop)
        assert shared.run(monkeypatch, "explain", run) == 130
    assert "Stopped at the interruption: 1 number was not solved again." in capsys.readouterr().out
    # Edited by hand: four and three come, and five may.
    slots = run / "plan.csv"
    head = slots.read_text(encoding="utf-8").splitlines()[0]
    slots.write_text(f"{head}\nAA,t,standard,,2030,4\nBB,t,standard,,2030,3\n", encoding="utf-8")
    for command in ("explain", "alternatives"):
        assert shared.run(monkeypatch, command, run) == 3
        assert capsys.readouterr().err.splitlines()[-3:] == [
            "run: the plan breaks 1 row of a rule",
            "- A ceiling of the policy: five: 7, but at most 5 (2 too many)",
            f"    Expected a plan that keeps every rule; optimizer check {run} lists what is "
            "broken.",
        ]
    with pytest.raises(BrokenPlanError):
        optimizer.importance(run)


def test_of_a_plan_without_a_bound_nothing_is_proven(tmp_path: Path) -> None:
    files, policy = NATIONAL.write(tmp_path)
    plan = replace(optimizer.solve(policy, files), bound=None, gap=None)
    assert proven_bound(plan) == inf
    found = asked_of(plan, None).plan
    assert found is not None
    assert found.open_points == inf
