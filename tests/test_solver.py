"""Solving: scaling, rounding, stopping, refusing, and saying why there is no plan."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest

from golden.rule_cases import BUILT, SCORED
from golden.small_cases import AGREED, FOLLOWED, NATIONAL, SERVED, TWO_LINES, SmallCase
from optimizer.errors import InfeasibleError, NoPlanError, SolverError
from optimizer.formulation import build_pyomo
from optimizer.formulation.compiling import compile_model
from optimizer.frames.arrays import Floats
from optimizer.instance import Instance
from optimizer.persistent import LoadedModel, goals_alone
from optimizer.persistent.goals_alone import ideals_in
from optimizer.persistent.rounding import build_rounding
from optimizer.session.solving import solve
from optimizer.solver import Progress, Solution, Watch, loading, relative_gap
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.loading import Options
from optimizer.solver.matrix import Matrix
from optimizer.solver.patch import Patch
from optimizer.solver.rounding import Rounding
from optimizer.solver.scaling import power_of_two_scales
from optimizer.solver.warm_start import PRIMAL

TIGHT = NATIONAL.with_(budgets=("main,{year},M,65,program",))
"""6.5 slots for the relaxation, six in integers."""
QUICK = 20.0
"""Seconds in which anything stopped must be back, also on a busy machine."""


def model_of(instance: Instance) -> pyo.ConcreteModel:
    return build_pyomo(instance, dict.fromkeys(instance.policy.goals, 1.0))


def loaded(case: SmallCase, folder: Path) -> LoadedModel:
    instance = case.instance(folder)
    return LoadedModel(instance, model_of(instance))


def solved(case: SmallCase, folder: Path, gap: float = 0.0) -> Solution:
    return loaded(case, folder).solve(Watch(), gap=gap)


@pytest.mark.parametrize("number", [65.0, 61.0])
def test_the_constant_of_an_objective_may_change_by_itself(number: float, tmp_path: Path) -> None:
    """Also where rows change with it, and costs do not."""
    model = loaded(TIGHT, tmp_path)
    first = model.relax(Watch())
    rows = [row for row, upper in enumerate(model.matrix.row_upper) if upper == 65.0]
    assert rows
    model.take(Patch({row: (model.matrix.row_lower[row], number) for row in rows}))
    model.matrix = replace(model.matrix, offset=model.matrix.offset + 7.0)
    found = model.relax(Watch())
    assert found.x is not None
    assert found.objective == pytest.approx(model.matrix.points(found.x))
    assert found.objective != first.objective
    afresh = Engine(model.matrix, relaxed=True, options={}).run(Watch())
    assert found.objective == pytest.approx(afresh.objective)


# Scaling and rounding


@pytest.mark.parametrize("case", [BUILT, FOLLOWED, SCORED], ids=["built", "followed", "scored"])
def test_scales_are_powers_of_two_and_leave_whole_numbers_alone(
    case: SmallCase, tmp_path: Path
) -> None:
    matrix = compile_model(model_of(case.instance(tmp_path)))
    rows, columns = power_of_two_scales(matrix)
    for scales in (rows, columns):
        assert (np.log2(scales) == np.round(np.log2(scales))).all()
    assert (columns[matrix.integral] == 1.0).all()


@pytest.mark.parametrize("relaxed", [True, False])
def test_scaling_changes_no_answer(
    relaxed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = compile_model(model_of(BUILT.instance(tmp_path)))
    scaled = Engine(matrix, relaxed=relaxed, options={}).run(Watch())

    def no_scales(matrix: Matrix) -> tuple[Floats, Floats]:
        return np.ones(len(matrix.row_lower)), np.ones(len(matrix.cost))

    monkeypatch.setattr(loading, "power_of_two_scales", no_scales)
    plain = Engine(matrix, relaxed=relaxed, options={}).run(Watch())
    assert scaled.status == plain.status == "optimal"
    assert scaled.objective == pytest.approx(plain.objective)
    assert scaled.x is not None
    assert matrix.violation(scaled.x) <= 1e-6
    assert float(matrix.cost @ scaled.x + matrix.offset) == pytest.approx(scaled.objective)


@pytest.mark.parametrize("case", [SERVED, FOLLOWED, SCORED], ids=["served", "followed", "scored"])
def test_rounding_keeps_both_margins_of_every_block_alike(case: SmallCase, tmp_path: Path) -> None:
    instance = case.instance(tmp_path)
    matrix = compile_model(model_of(instance))
    rounding = build_rounding(instance, matrix)
    random = np.random.default_rng(3)
    placements, cohort = rounding.top, rounding.left
    for _ in range(50):
        x = balanced(random.uniform(0.0, 4.0, len(matrix.cost)), rounding)
        whole = rounding.near(x)
        by_place = placements.assign(n=whole[placements["column"]]).groupby("block")["n"].sum()
        by_country = cohort.assign(n=whole[cohort["column"]]).groupby("block")["n"].sum()
        assert by_place.to_dict() == by_country.to_dict()
        margins = whole[[*placements["column"], *cohort["column"]]]
        assert (margins == np.round(margins)).all()
        assert (margins >= 0).all()


def balanced(x: Floats, rounding: Rounding) -> Floats:
    """Cohorts scaled so that both margins of every block have the same total, as in a plan."""
    placements, cohort = rounding.top, rounding.left
    totals = [
        np.bincount(margin["block"], x[margin["column"]], minlength=rounding.blocks)
        for margin in (placements, cohort)
    ]
    balanced = x.copy()
    balanced[cohort["column"]] *= (totals[0] / totals[1])[cohort["block"]]
    return balanced


@pytest.mark.parametrize("case", [SERVED, FOLLOWED], ids=["served", "followed"])
def test_rounding_moves_no_margin_by_a_whole_person_and_no_total_by_half(
    case: SmallCase, tmp_path: Path
) -> None:
    rounding = build_rounding(*(built := compiled(case, tmp_path)))
    x = balanced(np.random.default_rng(5).uniform(0.0, 9.0, len(built[1].cost)), rounding)
    whole = rounding.near(x)
    for margin in (rounding.top, rounding.left):
        columns = margin["column"].to_numpy()
        assert np.abs(whole[columns] - x[columns]).max() < 1.0
        moved = np.bincount(margin["block"], whole[columns] - x[columns])
        assert np.abs(moved).max() <= 0.5 + 1e-9
    others = np.setdiff1d(np.arange(len(x)), [*rounding.top["column"], *rounding.left["column"]])
    assert (whole[others] == x[others]).all()


def compiled(case: SmallCase, folder: Path) -> tuple[Instance, Matrix]:
    instance = case.instance(folder)
    return instance, compile_model(model_of(instance))


def test_the_largest_fractions_go_up() -> None:
    def margin(*columns: int) -> pd.DataFrame:
        return pd.DataFrame({"column": columns, "block": 0})

    none = margin().astype("int64")
    rounding = Rounding(1, margin(0, 1, 2), margin(3, 4), none)
    # Three come and three are placed: 0.9 and 0.8 go up, 1.3 goes down, and 2.6 goes up.
    whole = rounding.near(np.array([0.9, 0.8, 1.3, 2.6, 0.4]))
    assert whole.tolist() == [1.0, 1.0, 1.0, 3.0, 0.0]


# Answers


def test_the_optimum_is_proven_and_lies_under_its_bound(tmp_path: Path) -> None:
    found = solved(TIGHT, tmp_path)
    assert found.status == "optimal"
    assert found.complete
    assert found.objective is not None
    assert found.objective == pytest.approx(600.0)
    assert found.bound is not None
    assert found.bound >= found.objective
    assert found.gap is not None
    assert found.gap <= 1e-6


def test_a_plan_within_a_wide_gap_is_called_feasible(tmp_path: Path) -> None:
    # 600 under the relaxation's 650 is within 20%, so nobody searches on.
    found = solved(TIGHT, tmp_path, gap=0.2)
    assert (found.status, found.complete, found.nodes) == ("feasible", True, 0)
    assert found.bound == pytest.approx(650.0)
    assert found.gap == pytest.approx(50 / 600)


def test_a_plan_with_a_small_gap_is_not_called_optimal(tmp_path: Path) -> None:
    # Ten thousand slots where the relaxation has half a slot more: a gap of 0.005%.
    case = NATIONAL.with_(applicants=("AA,t,,20000",), budgets=("main,{year},M,100005,program",))
    found = solved(case, tmp_path, gap=1e-3)
    assert found.status == "feasible"
    assert found.gap == pytest.approx(5e-5)
    assert solved(case, tmp_path, gap=0.0).status == "optimal"


def test_nobody_is_admitted_who_did_not_apply_where_an_agreement_exists(tmp_path: Path) -> None:
    # Money is there for everybody: three a year of B, whose agreement is open from the first year.
    case = AGREED.with_(budgets=("main,{year},M,1000,program",))
    instance = case.instance(tmp_path)
    found = LoadedModel(instance, model_of(instance)).solve(Watch(), gap=0.0)
    cohorts = instance.sets.cohort.assign(n=found.decisions["cohort"])
    assert cohorts[cohorts["country"].eq("BB")]["n"].tolist() == [3.0, 3.0]


def test_ideals_are_those_of_the_relaxation(tmp_path: Path) -> None:
    best = ideals_in(loaded(TIGHT, tmp_path), ["g"], Watch())
    assert best is not None
    assert best["g"] == pytest.approx(6.5)


def test_ideals_are_worked_out_on_as_many_processors_as_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goals = "".join(
        f'[goals.g{number}]\nweight = 1\neffects = [{{ stage = "enter", effect = {number} }}]\n'
        for number in range(1, 7)
    )
    model = loaded(TIGHT.aiming_at(goals), tmp_path)
    names = [f"g{number}" for number in range(1, 7)]
    running, most = 0, 0
    alone = goals_alone._ideal

    def counted(model: LoadedModel, goal: str, watch: Watch) -> EngineRun:
        nonlocal running, most
        running += 1
        most = max(most, running)
        # Those that come first take longest.
        time.sleep(0.01 * (7 - int(goal[1:])))
        run = alone(model, goal, watch)
        running -= 1
        return run

    monkeypatch.setattr(goals_alone, "_ideal", counted)
    found = {}
    for processors, wanted in ((1, 1), (2, 2), (64, 2)):
        monkeypatch.setattr(goals_alone, "_processors", lambda count=processors: count)
        most = 0
        best = ideals_in(model, names, Watch())
        assert most == wanted
        assert best is not None
        assert list(best) == names
        found[processors] = [best[name].hex() for name in names]
    assert found[1] == found[2] == found[64]


def test_new_scales_reach_the_loaded_costs(tmp_path: Path) -> None:
    model = loaded(TIGHT, tmp_path)
    model.set_costs({"g": 6.0})
    assert model.solve(Watch(), gap=0.0).objective == pytest.approx(100.0)


def test_solving_again_gives_the_same_plan(tmp_path: Path) -> None:
    model = loaded(BUILT, tmp_path)
    first, second = (model.solve(Watch(), gap=0.0) for _ in range(2))
    assert first.objective == second.objective
    for family, values in first.decisions.items():
        assert values.tolist() == second.decisions[family].tolist()


def test_among_equal_plans_the_one_that_moves_least_money_is_taken(tmp_path: Path) -> None:
    # All seven fit without any transfer: help pays 35 of 30 only with 5 from main.
    found = solved(TWO_LINES, tmp_path)
    moved = {key: amount for key, amount in found.money["transfer"].items() if amount > 1e-9}
    assert moved == {
        ("main", "help", 2030): pytest.approx(5.0), ("main", "help", 2031): pytest.approx(5.0),
    }  # fmt: skip
    assert not any(amount > 1e-9 for amount in found.money["carry_over"].values())


def test_a_gap_is_relative_to_the_plan() -> None:
    assert relative_gap(80.0, 100.0) == 0.25
    assert relative_gap(100.0, 99.0) == 0.0
    assert relative_gap(0.0, 1.0) == float("inf")
    assert Progress(1.0, "search", 80.0, 100.0).gap == 0.25
    assert Progress(1.0, "search", None, 100.0).gap is None


# Stopping


def test_a_relaxation_that_was_cut_off_proves_no_bound(tmp_path: Path) -> None:
    # After one step of the primal simplex there is a solution, worth less than the best.
    matrix = compiled(SERVED, tmp_path)[1]
    options: Options = {"simplex_strategy": PRIMAL, "presolve": "off", "simplex_iteration_limit": 1}
    cut_off = Engine(matrix, relaxed=True, options=options).run(Watch())
    whole = Engine(matrix, relaxed=True, options={}).run(Watch())
    assert cut_off.status == "stopped"
    assert cut_off.objective is not None
    assert whole.objective is not None
    assert cut_off.objective < whole.objective
    assert cut_off.bound is None
    assert whole.bound == whole.objective


def test_no_time_means_no_plan(tmp_path: Path) -> None:
    found = loaded(TIGHT, tmp_path).solve(Watch(time_limit=1e-9), gap=0.0)
    assert (found.status, found.objective, found.complete) == ("no_plan", None, False)
    case, policy = TIGHT.write(tmp_path)
    with pytest.raises(NoPlanError, match=r"^no plan was found within the time limit of 1e-09 s\n"):
        solve(policy, case, time_limit=1e-9)


def test_time_that_runs_out_in_the_search_leaves_the_plan_found_before(tmp_path: Path) -> None:
    watch = Watch(time_limit=1e6)

    def run_out(progress: Progress) -> None:
        if progress.step == "search":
            watch.time_limit = 0.0

    watch.report = run_out
    found = loaded(TIGHT, tmp_path).solve(watch, gap=0.0)
    assert found.objective == pytest.approx(600.0)
    assert found.bound == pytest.approx(650.0)
    assert (found.status, found.complete) == ("feasible", False)


def hard_case() -> SmallCase:
    """Sixty countries whose costs on five lines have no common measure: a knapsack in five ways."""
    random = np.random.default_rng(7)
    names = [f"C{number:02d}" for number in range(60)]
    lines = [f"l{number}" for number in range(5)]
    return NATIONAL.with_(
        countries=[f"{name},{name},Asia,{random.integers(900, 1100)}" for name in names],
        applicants=[f"{name},t,,3" for name in names],
        budgets=[f"{line},{{year}},M,45000,program" for line in lines],
        costs=[
            f"t,{line},1,,{name},,,{random.integers(900, 1100)}" for line in lines for name in names
        ],
    ).aiming_at(
        '[goals.g]\nweight = 1\nscale = "none"\n'
        'indicators = [{ column = "gdp", range = [0, 2000] }]\n'
        'effects = [{ stage = "enter", effect = 1 }]\n'
    )


def test_an_interruption_returns_the_best_plan_so_far(tmp_path: Path) -> None:
    model = loaded(hard_case(), tmp_path)
    watch = Watch()

    def interrupt() -> None:
        while watch.objective is None and watch.seconds < QUICK:
            time.sleep(0.001)
        watch.interrupted = True

    helper = threading.Thread(target=interrupt)
    helper.start()
    found = model.solve(watch, gap=0.0)
    helper.join()
    assert watch.seconds < QUICK
    assert not found.complete
    assert found.objective is not None
    assert found.bound is not None
    assert found.objective <= found.bound
    assert found.status == "feasible"


def test_a_time_limit_holds_for_a_search_that_would_take_longer(tmp_path: Path) -> None:
    watch = Watch(time_limit=2.0)
    found = loaded(hard_case(), tmp_path).solve(watch, gap=0.0)
    assert watch.seconds < QUICK
    assert (found.status, found.complete) == ("feasible", False)


# Refusing


def test_options_that_highs_refuses(tmp_path: Path) -> None:
    model = loaded(TIGHT, tmp_path)
    with pytest.raises(SolverError, match=r"^HiGHS refuses option no_such_option = 1$"):
        model.lp.set_option("no_such_option", 1)
    with pytest.raises(SolverError, match=r"^HiGHS refuses option threads = -5$"):
        LoadedModel(model.instance, model.model, threads=-5)


def test_a_goal_without_an_upper_limit(tmp_path: Path) -> None:
    instance = NATIONAL.instance(tmp_path)
    model = model_of(instance)
    model.cohort_within_applicants.deactivate()
    model.spending_within_budget.deactivate()
    open_ended = LoadedModel(instance, model)
    with pytest.raises(SolverError, match=r"^the value of goal 'g' has no upper limit$"):
        ideals_in(open_ended, ["g"], Watch())
    with pytest.raises(SolverError, match=r"^the points of a plan have no upper limit$"):
        open_ended.solve(Watch(), gap=0.0)


# Why there is no plan

FLOOR = """
[[limits]]
name = "five"
measure = "slots"
at_least = 5
"""


def test_the_budget_and_the_floor_that_clash_are_named(tmp_path: Path) -> None:
    # Five slots cost 50, and there are 40.
    case, policy = NATIONAL.with_(FLOOR, budgets=("main,{year},M,40,program",)).write(tmp_path)
    with pytest.raises(InfeasibleError) as caught:
        solve(policy, case)
    assert caught.value.clash["rule"].tolist() == ["limit_at_least", "spending_within_budget"]
    assert str(caught.value) == (
        "No plan keeps every rule.\n"
        "These 2 cannot all be kept; without any one of them the rest of these can (verified):\n"
        "- A floor of the policy: five: at least 5 (policy.toml, limits.five.at_least)\n"
        "- Spending stays within the budget: main, 2030: at most 40 (budgets.csv row 2, column "
        "amount_jpy)"
    )


def test_facts_that_clash_with_what_is_protected(tmp_path: Path) -> None:
    # Seven applicants add 7 at most; no number anybody chose stands in the way of 100.
    case, policy = NATIONAL.with_(
        '[[limits]]\nname = "worth"\nmeasure = "value"\ngoal = "g"\nat_least = 100\n'
        "protected = true\n"
    ).write(tmp_path)
    with pytest.raises(InfeasibleError) as caught:
        solve(policy, case)
    assert str(caught.value) == (
        "No plan keeps every rule.\n"
        "These 3 cannot all be kept; without any one of them the rest of these can (verified):\n"
        "- No more slots than applicants: AA, t, 2030: at most 4 (applicants.csv row 2, column "
        "applicants)\n"
        "- No more slots than applicants: BB, t, 2030: at most 3 (applicants.csv row 3, column "
        "applicants)\n"
        "- A floor of the policy: worth: at least 100 (policy.toml, limits.worth.at_least, "
        "protected)"
    )


def test_whole_numbers_alone_may_leave_no_plan(tmp_path: Path) -> None:
    # One slot costs 10. Spending between 14 and 16 is 1.5 slots: fine for the relaxation only.
    between = '[[limits]]\nname = "l"\nmeasure = "spending"\nat_least = 14\nat_most = 16\n'
    case, policy = NATIONAL.with_(between).write(tmp_path)
    with pytest.raises(InfeasibleError, match="as people must be whole; without any") as caught:
        solve(policy, case)
    clash = caught.value.clash
    assert clash["rule"].tolist() == ["limit_at_least", "limit_at_most"]
    assert clash["within"].unique().tolist() == ["everything"]


def test_agreements_are_decided_before_the_margins(tmp_path: Path) -> None:
    # Opening costs 6 and 1; with 30 in 2031 there is then room for two of B and none of A, or for
    # two of each without: A's minimum of two does not fit, so the agreement is not opened.
    poor = AGREED.with_(budgets=("main,2030,M,100,program", "main,2031,M,40,program"))
    found = solved(poor, tmp_path)
    assert found.decisions["agreement"].tolist() == [0.0]
    rich = replace(AGREED, years=(2030, 2031))
    assert solved(rich, tmp_path).decisions["agreement"].tolist() == [1.0]
