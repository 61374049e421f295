"""What a sweep tells, against answers that are known and against plans that are evaluated again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from numpy.typing import NDArray

import optimizer
from optimizer import OptimizerError, Study, Sweep, times, uniform
from optimizer.cli import main
from optimizer.frames import rows_of
from optimizer.plan.question import read_question
from optimizer.sweeps.sensitivity import (
    Finding,
    best_plans,
    chosen,
    compared,
    curve,
    discover,
    heat_map,
    parallel_coordinates,
    payoffs,
    region_maps,
    sobol_indices,
    tornado,
)
from optimizer.sweeps.sensitivity.best import bests
from optimizer.sweeps.sensitivity.boxes import peeled
from optimizer.sweeps.sensitivity.indices import indices_of
from optimizer.sweeps.sensitivity.maps import slots_moved
from optimizer.sweeps.sensitivity.parallel import axes_of
from optimizer.sweeps.sensitivity.payoffs import worst_mean

ROOT = Path(__file__).resolve().parents[1]
POLICY, CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
SCIENCE, INDUSTRY = "budgets[line=science].amount", "budgets[line=industry].amount"
TIES = "goals.alliance.weight"


def swept(study: Study, **options: Any) -> Sweep:
    return optimizer.sweep(POLICY, CASE, study, executor="threads:1", **options)


@pytest.fixture(scope="module")
def by_itself() -> Sweep:
    """One lever at a time: with a fifth less for science no plan keeps every rule."""
    levers: dict[str, object] = {TIES: None, SCIENCE: None, INDUSTRY: None}
    return swept(Study.one_at_a_time(levers, by=0.2), gap=0.0)


@pytest.fixture(scope="module")
def drawn() -> Sweep:
    levers = {SCIENCE: uniform(0.7, 1.3), INDUSTRY: uniform(0.7, 1.3), TIES: uniform(0.5, 1.5)}
    return swept(Study.sample(levers, 64, seed=1), relax=True)


# Tornado


def test_levers_stand_in_the_order_in_which_they_matter(by_itself: Sweep) -> None:
    found = tornado(by_itself)
    levers = found.tables["levers"]
    assert levers["lever"].tolist() == [INDUSTRY, SCIENCE, TIES]
    points = by_itself.table.set_index("scenario")["points"]
    swing = points["base"] - points[f"{INDUSTRY}=*0.8"]
    assert levers["swing"].iloc[0] == pytest.approx(swing)
    assert list(dict.fromkeys(found.table["lever"])) == levers["lever"].tolist()


def test_what_has_no_plan_is_a_row_and_a_sentence(by_itself: Sweep) -> None:
    found = tornado(by_itself)
    row = found.table.set_index("scenario").loc[f"{SCIENCE}=*0.8"]
    assert row["status"] == "infeasible"
    assert row[["value", "difference"]].isna().all()
    told = next(line for line in found.in_words() if line.startswith(SCIENCE))
    assert told.startswith(f"{SCIENCE}: no plan at *0.8; from 0 to ")
    assert "no plan at *0.8" in json.dumps(found.chart().to_dict())
    assert found.in_words()[-1] == "Without an answer: 1 infeasible."
    assert found.tables["levers"].set_index("lever").loc[SCIENCE, "failed"] == 1


def test_a_difference_that_the_gaps_leave_open_is_none() -> None:
    # At a gap of half of all points nothing is proven of a weight that moves one percent.
    found = tornado(swept(Study.one_at_a_time([TIES, INDUSTRY], by=0.01), gap=0.5))
    rows = found.table
    open_to = (rows["least_difference"] <= 0) & (rows["most_difference"] >= 0)
    assert rows["within_gap"].tolist() == open_to.tolist()
    small = rows.groupby("lever")["within_gap"].all()
    for lever in small.index[small]:
        assert (
            f"{lever}: too small to be sure, for all that the gaps leave open." in found.in_words()
        )


def test_a_goal_can_be_followed_as_points_are(by_itself: Sweep) -> None:
    found = tornado(by_itself, of="alliance")
    table = by_itself.table.set_index("scenario")
    row = found.table.set_index("scenario").loc[f"{SCIENCE}=*1.2"]
    assert row["value"] == table.loc[f"{SCIENCE}=*1.2", "alliance_scaled"]


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda sweep: tornado(sweep, of="aliance"), "there is no goal 'aliance'"),
        (lambda sweep: curve(sweep, "budgets[line=scence].amount"), "Maybe budgets[line=science]"),
        (lambda sweep: heat_map(sweep, SCIENCE, INDUSTRY), "no scenario changes both"),
        (lambda sweep: heat_map(sweep, SCIENCE, SCIENCE), "is named twice"),
        (lambda sweep: best_plans(sweep, SCIENCE, INDUSTRY), "no scenario changes both"),
        (lambda sweep: best_plans(sweep, TIES, TIES), "is named twice"),
        (lambda sweep: parallel_coordinates(sweep, ["goals.aliance.weight"]), "Maybe goals.all"),
        (lambda sweep: region_maps(sweep, ["bse"]), "Maybe 'base'"),
        (lambda sweep: region_maps(sweep, ["base"]), "'base' is what the others are compared"),
        (lambda sweep: region_maps(sweep, [f"{SCIENCE}=*0.8"]), "has no plan (infeasible)"),
        (lambda sweep: compared(sweep, by="contry"), "Maybe 'country'"),
        (sobol_indices, "are not those of Study.sobol"),
        (discover, "no lever has a number in every scenario"),
        (lambda sweep: tornado(sweep).chart("tornato"), "Maybe 'tornado'"),
    ],
)
def test_what_cannot_be_asked_is_refused(by_itself: Sweep, ask: Any, told: str) -> None:
    with pytest.raises(OptimizerError) as raised:
        ask(by_itself)
    assert told in str(raised.value)


# Curves and maps


def test_a_curve_goes_through_the_base(by_itself: Sweep) -> None:
    rows = curve(by_itself, INDUSTRY).table
    assert rows["place"].tolist() == [0.8, 1.0, 1.2]
    assert rows["scenario"].tolist()[1] == "base"
    step = rows["value"].diff().iloc[1] / 0.2
    assert rows["slope"].iloc[0] == pytest.approx(step)


def test_a_map_has_a_cell_for_each_pair_and_the_base_once() -> None:
    study = Study.grid({SCIENCE: times(1, 1.2), INDUSTRY: times(0.8, 1)})
    sweep = swept(study, relax=True)
    found = heat_map(sweep, SCIENCE, INDUSTRY)
    assert len(found.table) == 4
    grid = found.tables["grid"].set_index("first")
    points = sweep.table.set_index("scenario")["points"]
    assert grid.loc["*1", "*1"] == pytest.approx(points["base"])
    assert grid.loc["*1.2", "*0.8"] == pytest.approx(points["grid_3"])


# Sobol indices


def ishigami(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0]))


def matrices(draws: int) -> tuple[Any, Any, Any]:
    points = scipy.stats.qmc.Sobol(6, rng=np.random.default_rng(3)).random(draws).T
    a, b = (np.pi * (2 * part - 1) for part in (points[:3], points[3:]))
    mixed = [np.where(np.arange(3)[:, None] == lever, b, a) for lever in range(3)]
    return ishigami(a), ishigami(b), np.array([ishigami(x) for x in mixed])


def test_indices_of_ishigami_are_those_that_are_known() -> None:
    # Ishigami and Homma (1990), with a = 7 and b = 0.1.
    rows = indices_of(*matrices(4096), ["x1", "x2", "x3"], seed=1).set_index("lever")
    assert rows.loc[["x1", "x2", "x3"], "first"].tolist() == pytest.approx(
        [0.3139, 0.4424, 0.0], abs=0.02
    )
    assert rows.loc[["x1", "x2", "x3"], "total"].tolist() == pytest.approx(
        [0.5576, 0.4424, 0.2437], abs=0.02
    )
    for kind in ("first", "total"):
        assert (rows[f"{kind}_low"] <= rows[kind]).all()
        assert (rows[kind] <= rows[f"{kind}_high"]).all()


def test_indices_are_those_of_scipy_in_its_words() -> None:
    a, b, ab = matrices(64)
    rows = indices_of(a, b, ab, ["x1", "x2", "x3"]).set_index("lever").loc[["x1", "x2", "x3"]]
    functions: Any = {"f_A": a[None, :], "f_B": b[None, :], "f_AB": ab[:, None, :]}
    known = scipy.stats.sobol_indices(func=functions, n=64)
    assert rows["first"].tolist() == pytest.approx(known.first_order.ravel().tolist())
    assert rows["total"].tolist() == pytest.approx(known.total_order.ravel().tolist())


def test_the_same_seed_gives_the_same_confidence() -> None:
    one, same, other = (indices_of(*matrices(32), ["x", "y", "z"], seed=s) for s in (1, 1, 2))
    assert one.equals(same)
    assert not one.equals(other)


def test_indices_of_a_sweep_see_the_lever_that_matters() -> None:
    levers = {SCIENCE: uniform(1.0, 1.5), INDUSTRY: uniform(1.2, 1.5), TIES: uniform(0.9, 1.1)}
    found = sobol_indices(swept(Study.sobol(levers, 16, seed=1), relax=True))
    rows = found.table.set_index("lever")
    assert found.table["lever"].iloc[0] == SCIENCE
    assert rows.loc[INDUSTRY, "total"] == pytest.approx(0.0, abs=1e-9)
    assert rows["draws"].unique().tolist() == ["16 of 16"]


def test_draws_without_a_plan_are_refused_or_left_out_and_said() -> None:
    levers = {SCIENCE: uniform(0.85, 1.5), TIES: uniform(0.5, 1.5)}
    sweep = swept(Study.sobol(levers, 16, seed=1), relax=True)
    lost = sweep.table["status"].eq("infeasible")
    assert lost.any()
    with pytest.raises(OptimizerError, match=f"{lost.sum()} of 64 scenarios have no answer"):
        sobol_indices(sweep)
    found = sobol_indices(sweep, failed="drop")
    draws = sweep.tables["scenarios"].set_index("scenario")["draw"]
    left = draws[sweep.table.loc[lost, "scenario"]].nunique()
    assert found.table["draws"].iloc[0] == f"{16 - left} of 16"
    assert found.in_words()[-1].startswith(f"{left} of 16 draws were left out")


@pytest.mark.parametrize(
    ("a", "told"), [([1.0, 2.0], "2 draws are too few"), ([1.0] * 8, "every draw has the same")]
)
def test_indices_of_nothing_are_refused(a: list[float], told: str) -> None:
    answers = np.array(a)
    with pytest.raises(OptimizerError, match=told):
        indices_of(answers, answers, answers[None, :], ["x"])


# Boxes


def test_a_box_that_is_known_is_found() -> None:
    # All that fail have x of at most 3 and y of at least 7, of 100 on a grid: three times four.
    x, y = (axis.ravel().astype(float) for axis in np.meshgrid(np.arange(1, 11), np.arange(1, 11)))
    fails = (x <= 3) & (y >= 7)
    *_, last = peeled(np.column_stack([x, y]), fails, alpha=0.05, least_mass=0.05)
    assert last.inside.tolist() == fails.tolist()
    assert (last.high[0], last.low[1]) == (3.5, 6.5)
    assert (last.low[0], last.high[1]) == (-np.inf, np.inf)


def test_the_first_peel_takes_the_slice_that_leaves_the_densest_box() -> None:
    # Ten values, of which the two highest fail: a tenth is peeled off below each time.
    values, fails = np.arange(10.0)[:, None], np.arange(10) >= 8
    boxes = list(peeled(values, fails, alpha=0.1, least_mass=0.1))
    assert [int(box.inside.sum()) for box in boxes] == list(range(10, 1, -1))
    assert boxes[-1].inside.tolist() == fails.tolist()


def test_a_box_is_never_smaller_than_allowed() -> None:
    values, fails = np.arange(40.0)[:, None], np.arange(40) == 20
    boxes = list(peeled(values, fails, alpha=0.1, least_mass=0.3))
    assert min(box.inside.mean() for box in boxes) >= 0.3


def test_a_sweep_says_when_it_fails(drawn: Sweep) -> None:
    found = discover(drawn)
    table = found.table
    assert table["lever"].tolist() == [SCIENCE]
    measures = found.tables["box"].iloc[0]
    scenarios = found.tables["scenarios"]
    inside = scenarios[scenarios["inside"]]
    assert measures["scenarios"] == len(inside)
    assert measures["density"] == inside["fails"].mean()
    assert measures["coverage"] == inside["fails"].sum() / scenarios["fails"].sum()
    lost = set(drawn.table.loc[drawn.table["status"].eq("infeasible"), "scenario"])
    assert set(scenarios.loc[scenarios["fails"], "scenario"]) == lost


def test_too_few_points_are_a_failure_as_well(drawn: Sweep) -> None:
    fails = discover(drawn, below=450.0).tables["scenarios"]
    table = drawn.table.set_index("scenario")
    expected = table["points"].lt(450.0) | table["status"].eq("infeasible")
    assert fails.set_index("scenario")["fails"].to_dict() == expected.drop("base").to_dict()
    with pytest.raises(OptimizerError, match="all of the 64 scenarios fail"):
        discover(drawn, below=1e9)


# Payoffs


@pytest.fixture(scope="module")
def held(by_itself: Sweep) -> Finding:
    return payoffs(by_itself)


def test_payoffs_are_what_evaluating_each_plan_gives(by_itself: Sweep, held: Finding) -> None:
    # Every tenth of some hundred: each is joined and evaluated from nothing.
    for row in rows_of(held.table.iloc[::10]):
        question = read_question(POLICY, CASE, by_itself.scenario(row.scenario).changes)
        plan = by_itself.plan(row.plan).decisions
        found = optimizer.evaluate(plan, question.policy, question.case)
        assert row.points == pytest.approx(found.points)
        assert (row.status == "holds") is found.holds


def test_regret_is_against_the_best_known(by_itself: Sweep, held: Finding) -> None:
    points = by_itself.table.set_index("scenario")["points"]
    rows = held.table
    kept = rows[rows["status"].eq("holds")]
    assert (kept["regret"] >= -1e-9).all()
    # At gap 0 the plan of a scenario is the best in it.
    expected = kept["scenario"].map(points) - kept["points"]
    assert kept["regret"].tolist() == pytest.approx(expected.tolist(), abs=1e-6)
    assert rows.loc[rows["status"].eq("broken"), "regret"].isna().all()
    assert rows.loc[rows["status"].eq("broken"), "first"].ne("").all()


def test_scenarios_without_any_plan_count_for_no_plan(held: Finding) -> None:
    assert any(
        word.startswith("Left out, since no plan is known there: ") for word in held.in_words()
    )
    plans = held.tables["plans"].set_index("plan")
    rows = held.table[held.table["best"].notna()]
    share = rows["status"].eq("holds").groupby(rows["plan"]).mean()
    assert plans["holds"].to_dict() == pytest.approx(share.to_dict())


def test_one_plan_may_be_held_by_itself(by_itself: Sweep) -> None:
    found = payoffs(by_itself, {"mine": by_itself.plan("base")})
    assert found.table["plan"].unique().tolist() == ["mine"]
    assert found.in_words()[-1].startswith("mine breaks a rule in")


def test_the_worst_tenth_counts_the_edge_with_its_part() -> None:
    points = pd.Series([5.0, 1.0, 3.0])
    assert worst_mean(points, pd.Series([0.9, 0.04, 0.06])) == pytest.approx(2.2)
    assert worst_mean(points, pd.Series([0.5, 0.25, 0.25])) == 1.0


# Which plan is best where


@pytest.fixture(scope="module")
def gridded() -> Sweep:
    return swept(Study.grid({SCIENCE: times(0.9, 1, 1.2), INDUSTRY: times(0.8, 1)}), gap=0.0)


@pytest.fixture(scope="module")
def rivals(gridded: Sweep) -> Finding:
    return payoffs(gridded)


def payoff_rows(*rows: tuple[str, str, str, float, float, float]) -> pd.DataFrame:
    columns = ["plan", "scenario", "status", "points", "regret", "most_regret"]
    return pd.DataFrame(list(rows), columns=columns)


def test_the_best_plan_is_the_one_with_most_points_that_keeps_every_rule() -> None:
    rows = payoff_rows(
        ("mine", "now", "holds", 90.0, 10.0, 11.0),
        ("yours", "now", "holds", 100.0, 0.0, 1.0),
        ("theirs", "now", "broken", 120.0, np.nan, np.nan),
    )
    (row,) = rows_of(bests(rows))
    assert (row.scenario, row.status, row.plan, row.runner_up) == ("now", "clear", "yours", "mine")
    assert (row.points, row.lead, row.open_points) == (100.0, 10.0, 1.0)


@pytest.mark.parametrize(
    ("most_regret", "status"), [(0.0, "clear"), (9.9, "clear"), (10.0, "close"), (30.0, "close")]
)
def test_a_lead_within_the_gap_of_the_scenario_is_close(most_regret: float, status: str) -> None:
    rows = payoff_rows(
        ("mine", "now", "holds", 90.0, 10.0, 10.0 + most_regret),
        ("yours", "now", "holds", 100.0, 0.0, most_regret),
    )
    assert bests(rows)["status"].tolist() == [status]


def test_ties_are_close_and_a_scenario_that_no_plan_keeps_has_none() -> None:
    rows = payoff_rows(
        ("mine", "now", "holds", 90.0, 0.0, 0.0),
        ("yours", "now", "holds", 90.0, 0.0, 0.0),
        ("mine", "later", "broken", 90.0, np.nan, np.nan),
        ("yours", "later", "broken", 95.0, np.nan, np.nan),
        ("mine", "alone", "holds", 80.0, 0.0, 3.0),
    )
    found = bests(rows).set_index("scenario")
    assert found["status"].to_dict() == {"now": "close", "later": "none", "alone": "clear"}
    assert found["plan"].to_dict() == {"now": "mine", "later": "", "alone": "mine"}


def test_over_two_levers_each_cell_has_the_best_of_the_payoffs(
    gridded: Sweep, rivals: Finding
) -> None:
    found = best_plans(gridded, SCIENCE, INDUSTRY, rivals)
    rows = found.table
    # Three times two cells; that in which nothing is changed is base and grid_4 at once.
    assert len(rows) == 6
    held = rivals.table
    kept = held[held["status"].eq("holds")].groupby("scenario")["points"].max()
    for row in rows_of(rows):
        if row.status == "none":
            assert row.scenario not in kept
        else:
            assert row.points == kept[row.scenario]
    assert rows.loc[rows["first"].eq("*0.9"), "status"].unique().tolist() == ["none"]
    assert found.in_words()[-1] == "In 2 none of these plans keeps every rule."
    counts = found.tables["plans"]
    assert counts["scenarios"].sum() == rows["status"].ne("none").sum()


def test_what_payoffs_have_found_is_taken_as_it_is(gridded: Sweep) -> None:
    names = gridded.table.loc[gridded.table["status"].eq("optimal"), "scenario"].tolist()[:2]
    again = best_plans(gridded, SCIENCE, INDUSTRY, payoffs(gridded, names))
    assert again.table.equals(best_plans(gridded, SCIENCE, INDUSTRY, names).table)
    with pytest.raises(OptimizerError, match="Expected what payoffs has found, or plans"):
        best_plans(gridded, SCIENCE, INDUSTRY, chosen(gridded))


# All levers at once


def test_axes_run_from_the_lowest_to_the_highest_with_a_median_of_either_kind() -> None:
    rows = pd.DataFrame({"x": [1.0, 2.0, 3.0, 8.0], "value": [5.0, 6.0, np.nan, np.nan]}).assign(
        fails=[False, False, True, True]
    )
    axes = axes_of(rows).set_index("axis")
    assert axes.loc[["x"], ["low", "high"]].to_numpy().tolist() == [[1.0, 8.0]]
    assert axes["median_failing"].tolist() == [5.5, pytest.approx(np.nan, nan_ok=True)]
    assert axes["median_others"].tolist() == [1.5, 5.5]


def test_every_scenario_is_a_line_with_the_factors_that_it_has(drawn: Sweep) -> None:
    found = parallel_coordinates(drawn)
    rows = found.table.set_index("scenario")
    levers = drawn.levers.astype("str")
    assert list(rows.columns) == ["status", *levers, "value", "fails"]
    for lever in (SCIENCE, INDUSTRY, TIES):
        # Nothing is changed by a factor of 1.
        factors = levers[lever].replace("", "*1").str.removeprefix("*").astype(float)
        assert rows[lever].to_dict() == factors.to_dict()
    lost = drawn.table.set_index("scenario")["status"].eq("infeasible")
    assert rows["fails"].to_dict() == lost.to_dict()
    assert found.in_words()[0] == f"{lost.sum()} of 65 scenarios fail (no plan keeps every rule)."
    # What fails has a line, and is not said to be left out.
    assert not any("Without an answer" in sentence for sentence in found.in_words())


def test_lines_fail_below_a_number_as_well_and_levers_can_be_chosen(drawn: Sweep) -> None:
    found = parallel_coordinates(drawn, [TIES, SCIENCE], below=450.0)
    assert found.tables["axes"]["axis"].tolist() == [TIES, SCIENCE, "value"]
    points = drawn.table.set_index("scenario")["points"]
    expected = points.isna() | points.lt(450.0)
    assert found.table.set_index("scenario")["fails"].to_dict() == expected.to_dict()


def test_a_lever_that_is_set_has_no_place_for_the_base() -> None:
    most = "limits.industry_money.at_most"
    study = Study(
        changes=[
            {"scenario": f"to {number}", "address": most, "value": number}
            for number in (20_000_000, 24_000_000)
        ]
    )
    rows = parallel_coordinates(swept(study, relax=True)).table
    assert rows[most].isna().tolist() == [True, False, False]
    assert rows[most].tolist()[1:] == [20e6, 24e6]


def test_what_is_not_known_is_left_out_of_the_lines_and_counted() -> None:
    study = Study.one_at_a_time({SCIENCE: 0.1, TIES: 0.1, INDUSTRY: 0.1})
    sweep = swept(study, relax=True, part="1/2")
    found = parallel_coordinates(sweep)
    known = sweep.table.loc[sweep.table["status"].ne("missing"), "scenario"].tolist()
    assert 1 < len(known) < len(study)
    assert found.table["scenario"].tolist() == known
    assert found.in_words()[-1].endswith(f"{len(study) - len(known)} missing.")


def test_levers_without_different_numbers_have_no_axis() -> None:
    sweep = swept(Study(changes=[{"scenario": "one", "address": TIES, "value": 7}]), relax=True)
    with pytest.raises(OptimizerError, match="no lever has different numbers"):
        parallel_coordinates(sweep)
    with pytest.raises(OptimizerError, match="has no two different numbers"):
        parallel_coordinates(sweep, [TIES])


# Maps


def test_what_moves_is_what_some_regions_get_more_and_others_fewer() -> None:
    every = pd.DataFrame(
        [("few", "a", 1), ("few", "b", -1), ("many", "a", 5), ("many", "b", -2), ("none", "a", 0)],
        columns=["scenario", "region", "difference"],
    )
    moved = slots_moved(every).set_index("scenario")
    assert moved.index.tolist() == ["many", "few", "none"]
    assert moved[["more", "fewer", "moved"]].to_numpy().tolist() == [
        [5, 2, 7],
        [1, 1, 2],
        [0, 0, 0],
    ]
    assert moved["status"].tolist() == ["moved", "moved", "same"]


def test_maps_show_the_slots_of_every_region_where_it_lies(gridded: Sweep) -> None:
    found = region_maps(gridded)
    rows = found.table
    slots = gridded.tables["slots"].groupby(["scenario", "region"])["slots"].sum()
    keys = zip(rows["scenario"], rows["region"], strict=True)
    assert rows["slots"].tolist() == [slots.to_dict().get(key, 0) for key in keys]
    assert rows["base"].tolist() == [
        slots.to_dict().get(("base", key), 0) for key in rows["region"]
    ]
    assert rows["difference"].equals(rows["slots"] - rows["base"])
    # Tiny has hills north of its coast.
    tiles = rows.drop_duplicates("region").set_index("region")[["tile_row", "tile_column"]]
    assert tiles.loc[["hills", "coast"]].to_numpy().tolist() == [[0.0, 0.0], [1.0, 0.0]]
    shown = found.tables["moved"].set_index("scenario")["shown"]
    assert shown[shown].index.tolist() == list(dict.fromkeys(rows["scenario"]))
    assert found.in_words()[0].startswith(f"{rows['scenario'].iloc[0]}: ")


def test_where_slots_stay_there_is_no_map_unless_it_is_asked_for() -> None:
    study = Study(changes=[{"scenario": "same", "address": TIES, "value": "*1.01"}])
    sweep = swept(study, gap=0.0)
    with pytest.raises(OptimizerError, match="slots go to the same regions in every scenario"):
        region_maps(sweep)
    found = region_maps(sweep, ["same"], differences=False)
    assert found.table["difference"].eq(0).all()
    assert found.in_words() == ["same: the same everywhere."]


# Choices


def test_choices_are_counted_over_all_plans(by_itself: Sweep) -> None:
    rows = chosen(by_itself).table
    plans = by_itself.table["status"].isin(["optimal", "feasible"]).sum()
    assert rows["of"].unique().tolist() == [plans]
    slots = by_itself.tables["slots"]
    for row in rows_of(rows[rows["kind"].eq("slots")]):
        part = slots[slots["country"].eq(row.country) & slots["track"].eq(row.track)]
        given = part.groupby("scenario")["slots"].sum()
        assert (row.scenarios, row.least, row.most) == (len(given), given.min(), given.max())


def test_who_gains_and_who_loses_adds_up(by_itself: Sweep) -> None:
    rows = compared(by_itself, by="country").table
    slots = by_itself.tables["slots"].groupby("scenario")["slots"].sum()
    for name, part in rows.groupby("scenario"):
        assert part["difference"].sum() == slots[name] - slots["base"]
        assert part["difference"].is_monotonic_decreasing


# What all have in common


def test_every_finding_has_a_status_words_and_charts_that_are_drawn(
    by_itself: Sweep, held: Finding, drawn: Sweep, gridded: Sweep, tmp_path: Path
) -> None:
    findings = [
        tornado(by_itself),
        curve(by_itself, INDUSTRY),
        held,
        chosen(by_itself),
        compared(by_itself),
        discover(drawn),
        parallel_coordinates(drawn),
        best_plans(gridded, SCIENCE, INDUSTRY, ["base"]),
        region_maps(gridded),
    ]
    for found in findings:
        assert "status" in found.table
        assert found.in_words()
        assert found.provenance["case"] == "tiny"
        found.to_excel(tmp_path / f"{found.name}.xlsx")
        for name in found.drawings:
            assert "<svg" in svg(found.chart(name))
    with pytest.raises(OptimizerError, match="chosen has no chart"):
        chosen(by_itself).chart()


def svg(chart: Any) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(chart.to_json()))


# The page


def test_a_folder_has_a_page_and_a_workbook_of_all_that_was_found(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    study = Study(
        changes=[
            {"scenario": hostile, "address": TIES, "value": "*2"},
            {"scenario": "=2+3", "address": SCIENCE, "value": "*0.5"},
        ]
    )
    sweep = swept(study, gap=0.0, out=tmp_path / "sweep")
    page = (tmp_path / "sweep" / "study.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    for title in ("What was asked", "Which lever matters", "Scenarios without a plan"):
        assert f">{title}</h2>" in page
    hint = sweep.table.set_index("scenario").loc["=2+3", "hint"]
    assert str(hint) in page
    # Everything is in the file: nothing is loaded, and nothing runs.
    assert "http" not in page
    assert 'src="data:image/png;base64,' in page
    book = pd.read_excel(tmp_path / "sweep" / "study.xlsx", sheet_name=None, engine="calamine")
    assert book["result"]["points"].tolist()[:2] == sweep.table["points"].tolist()[:2]
    assert len(book["tornado"]) == 2


def test_a_page_of_ours_is_renewed_and_nothing_else(tmp_path: Path) -> None:
    study = Study(changes=[{"scenario": "more", "address": TIES, "value": "*2"}])
    swept(study, relax=True, out=tmp_path / "sweep")
    page = tmp_path / "sweep" / "study.html"
    page.write_text("my notes", encoding="utf-8")
    with pytest.raises(optimizer.TargetError, match="is not a page that this tool has written"):
        swept(study, relax=True, out=tmp_path / "sweep")
    assert page.read_text(encoding="utf-8") == "my notes"


def test_a_run_is_held_against_a_study_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, folder = tmp_path / "run", tmp_path / "sweep"
    optimizer.write_run(optimizer.solve(POLICY, CASE), run)
    study = tmp_path / "study.csv"
    study.write_text(f'scenario,address,value\nless,"{INDUSTRY}",*0.8\n', encoding="utf-8")
    words = ["sweep", POLICY, CASE, study, "--out", folder, "--fixed", run, "--executor"]
    monkeypatch.setattr(sys, "argv", ["optimizer", *map(str, words), "threads:1"])
    assert main() == 0
    told = capsys.readouterr().out
    assert f"{run} keeps every rule in 50% of the scenarios" in told
    assert f"{run} breaks a rule in less: Spending stays within the budget" in told


def test_what_a_killed_sweep_was_writing_is_cleared_and_stops_nobody(tmp_path: Path) -> None:
    study = Study(changes=[{"scenario": "more", "address": TIES, "value": "*2"}])
    folder = tmp_path / "sweep"
    swept(study, relax=True, out=folder)
    code = (
        "import os, pathlib, sys\n"
        "from optimizer.io.aside import Aside\n"
        "with Aside(pathlib.Path(sys.argv[1])).held():\n"
        "    os._exit(9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(folder / "study.html")], check=False)
    assert ended.returncode == 9
    left = [item.name for item in folder.iterdir() if item.name.startswith(".study.html-")]
    assert len(left) == 1
    swept(study, relax=True, out=folder)
    assert not (folder / left[0]).exists()
