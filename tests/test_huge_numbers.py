"""Numbers that mean "no limit": what is open by a millionth is closed, and a plan is found."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pyomo.environ as pyo
import pytest
import scipy.sparse

from golden.small_cases import ACTIVE, NATIONAL, SERVED, SmallCase
from optimizer import Session
from optimizer.errors import InfeasibleError, SolverError
from optimizer.frames.arrays import Floats
from optimizer.instance import Instance
from optimizer.plan import Plan
from optimizer.session.solving import solve
from optimizer.solver.matrix import Matrix
from optimizer.solver.rest import RestOfIntegers
from optimizer.solver.tightening import implied_bounds, tightened
from optimizer.solver.wholeness import wholeness

ROOT = Path(__file__).resolve().parents[1]
HUGE = [3_000_000, 10**9, 10**15]
GOALS = """
[goals.g]
weight = 1
scale = "none"
"""
TWO_TRACKS = NATIONAL.aiming_at(GOALS).with_(
    tracks=(
        "work,W,highly_skilled,M,care,inbound,1,1,no,1,no",
        "lab,L,highly_skilled,M,care,inbound,1,1,yes,1,no",
    ),
    applicants=("AA,work,,50", "BB,lab,,5"),
    agreements=("BB,lab,proposed,main,100,0,0",),
    costs=("work,main,1,,,,,10",),
    scores=("g,AA,work,,1", "g,BB,lab,,2"),
)
"""Ten of work for the whole budget of 100, which opening lab would cost as well."""
NO_MORE_THAN_3 = """
[[limits]]
name = "few"
measure = "slots"
where = { track = "lab" }
by = ["country"]
at_most = 3
soft = 1000
soft_base = 100
"""


def found(case: SmallCase, folder: Path, **options: object) -> Plan:
    tables, policy = case.write(folder)
    return solve(policy, tables, gap=0.0, **options)  # type: ignore[arg-type]


def slots_of(plan: Plan) -> dict[str, int]:
    return {str(track): int(n) for track, n in plan.slots.groupby("track")["slots"].sum().items()}


@pytest.mark.parametrize("applicants", HUGE)
def test_an_agreement_that_admits_anybody_is_not_open_by_a_millionth(
    applicants: int, tmp_path: Path
) -> None:
    # Opening lab costs as much as ten of work, worth 10, and lets in three worth 2 each: a fourth
    # costs ten times what it is worth. Nothing but the cost bounds lab.
    case = TWO_TRACKS.with_(NO_MORE_THAN_3, applicants=("AA,work,,50", f"BB,lab,,{applicants}"))
    plan = found(case, tmp_path)
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(1000.0)
    assert slots_of(plan) == {"work": 10}


@pytest.mark.parametrize("applicants", HUGE)
def test_an_agreement_that_pays_is_opened(applicants: int, tmp_path: Path) -> None:
    # Eight of lab, by a hard limit, are worth 16: more than the ten of work they stand against.
    limit = NO_MORE_THAN_3.replace("at_most = 3", "at_most = 8").split("soft")[0]
    case = TWO_TRACKS.with_(limit, applicants=("AA,work,,50", f"BB,lab,,{applicants}"))
    plan = found(case, tmp_path)
    assert slots_of(plan) == {"lab": 8}
    (told,) = plan.provenance["tightened_links"]
    assert told["rule"] == "cohort_needs_agreement"
    assert told["because_of"] == ["limit_at_most"]
    assert told["largest_before"] == applicants
    assert told["largest_after"] == pytest.approx(8.0)


@pytest.mark.parametrize("applicants", HUGE)
def test_a_track_that_cannot_reach_its_minimum_does_not_run(
    applicants: int, tmp_path: Path
) -> None:
    # Five would cost 125 of 100; running by a thousand-millionth would let four in.
    case = TWO_TRACKS.with_(
        tracks=(
            "work,W,highly_skilled,M,care,inbound,1,1,no,1,no",
            "lab,L,highly_skilled,M,care,inbound,1,5,no,1,no",
        ),
        applicants=("AA,work,,50", f"BB,lab,,{applicants}"),
        costs=("work,main,1,,,,,10", "lab,main,1,,,,,25"),
        scores=("g,AA,work,,1", "g,BB,lab,,20"),
        agreements=(),
    )
    assert slots_of(found(case, tmp_path)) == {"work": 10}


@pytest.mark.parametrize("unit", HUGE)
def test_a_step_that_builds_for_everybody_is_not_built_by_a_millionth(
    unit: int, tmp_path: Path
) -> None:
    # A step costs a year's budget, worth ten of work, and lets in three of lab worth 2 each.
    case = TWO_TRACKS.over(2030, 2031).with_(
        tracks=(
            "work,W,highly_skilled,M,care,inbound,1,1,no,1,no",
            "lab,L,highly_skilled,M,care,inbound,1,1,no,1,no",
        ),
        regions=("r,R,S,1",),
        sites=("work,r,,50", "lab,r,,50"),
        applicants=("AA,work,,50", "BB,lab,2031,3"),
        agreements=(),
        services=(f"r,les,{{year}},0,u,{unit},1,100,100,main",),
        service_use=("lab,les,1,,,,1",),
    )
    plan = found(case, tmp_path)
    assert plan.objective == pytest.approx(2000.0)
    assert slots_of(plan) == {"work": 20}


@pytest.mark.parametrize("unit", HUGE)
def test_a_step_that_pays_is_built(unit: int, tmp_path: Path) -> None:
    # Help for six near people a year; one step in the first year serves the rest.
    services = f"r1,help,{{year}},6,hours,{unit},1,5,1,main"
    plan = found(SERVED.with_(services=(services,)), tmp_path)
    same = found(SERVED.with_(services=(services.replace(str(unit), "30"),)), tmp_path)
    assert plan.objective == pytest.approx(same.objective)
    assert plan.decisions.expansion["steps"].sum() == 1


@pytest.mark.parametrize("big", [1e7, 1e9, 1e12])
def test_a_switch_of_a_custom_rule_is_on_or_off(big: float, tmp_path: Path) -> None:
    # Either track may run, not both: ten of work are worth 10, five of lab 10 and one more each.
    def either(model: pyo.ConcreteModel, instance: Instance) -> None:
        model.TRACKS = pyo.Set(initialize=["work", "lab"])
        model.chosen = pyo.Var(model.TRACKS, domain=pyo.Binary)

        def if_chosen(model: pyo.ConcreteModel, track: str) -> object:
            cohorts = [model.cohort[key] for key in model.COHORTS if key[1] == track]
            return sum(cohorts) <= big * model.chosen[track]

        model.only_if_chosen = pyo.Constraint(model.TRACKS, rule=if_chosen)
        model.one_of_two = pyo.Constraint(expr=sum(model.chosen.values()) <= 1)

    case = TWO_TRACKS.with_(
        agreements=("BB,lab,existing,main,0,0,0",), scores=("g,AA,work,,1", "g,BB,lab,,2.2")
    )
    assert slots_of(found(case, tmp_path, extend=either)) == {"lab": 5}


def test_what_costs_a_little_more_than_there_is_is_not_opened(tmp_path: Path) -> None:
    # Open to 0.999 999 9, which HiGHS takes for 1, it would be paid.
    case = TWO_TRACKS.with_(
        budgets=("main,{year},M,999999900000,program",),
        agreements=("BB,lab,proposed,main,1000000000000,0,0",),
        costs=("work,main,1,,,,,100000000000",),
    )
    assert slots_of(found(case, tmp_path)) == {"work": 9}


@pytest.mark.parametrize("cost", [3_000_000, 10**8, 10**9])
def test_people_who_cost_a_unit_more_than_there_is_do_not_come(cost: int, tmp_path: Path) -> None:
    # Three for one less than they cost are 2.9999999 people, which HiGHS takes for three.
    case = NATIONAL.with_(
        budgets=(f"main,{{year}},M,{3 * cost - 1},program",), costs=(f"t,main,1,,,,,{cost}",)
    )
    plan = found(case, tmp_path)
    assert slots_of(plan) == {"t": 2}
    assert plan.gap == 0.0
    exact = case.with_(budgets=(f"main,{{year}},M,{3 * cost},program",))
    assert slots_of(found(exact, tmp_path)) == {"t": 3}


def test_what_highs_calls_infeasible_for_want_of_a_unit_is_not() -> None:
    # One short of four people's money: HiGHS takes four for a solution, cuts off all others by it
    # and then throws it away. Three of them are 20 slots in all.
    changes = {
        "budgets[line=industry, year=2030].amount": 11_999_999,
        "budgets[line=science].amount": 15_000_000,
        "budget.transfers": [],
        "limits.industry_money.at_most": 30_000_000,
    }
    plan = solve(ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny", gap=0.0, changes=changes)
    assert plan.status == "optimal"
    assert plan.slots_total == 20


@pytest.mark.parametrize("applicants", HUGE)
def test_a_floor_that_only_an_open_agreement_could_meet_has_no_plan(
    applicants: int, tmp_path: Path
) -> None:
    floor = NO_MORE_THAN_3.split("by =", maxsplit=1)[0] + "at_least = 1\n"
    case = TWO_TRACKS.with_(
        floor,
        applicants=("AA,work,,50", f"BB,lab,,{applicants}"),
        agreements=("BB,lab,proposed,main,150,0,0",),
    )
    with pytest.raises(InfeasibleError):
        found(case, tmp_path)


def test_changes_of_what_bounds_a_link_need_no_second_thought(tmp_path: Path) -> None:
    # Five places let lab earn 10, as much as work; eight let it earn more.
    case = TWO_TRACKS.with_(
        regions=("r,R,S,1",),
        sites=("work,r,,50", "lab,r,,3"),
        applicants=("AA,work,,50", f"BB,lab,,{10**9}"),
    )
    tables, policy = case.write(tmp_path)
    session = Session(policy, tables)
    assert slots_of(session.solve(gap=0.0)) == {"work": 10}
    session.change({"sites[track=lab, region=r].max_slots": 8})
    assert slots_of(session.solve(gap=0.0)) == {"lab": 8}
    session.change({"sites[track=lab, region=r].max_slots": 4})
    assert slots_of(session.solve(gap=0.0)) == {"work": 10}


def test_a_search_at_its_end_without_plan_or_proof_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RestOfIntegers, "exact", lambda *_: None)
    case = TWO_TRACKS.with_(applicants=("AA,work,,50", f"BB,lab,,{10**9}"))
    with pytest.raises(SolverError) as error:
        found(case, tmp_path, time_limit=60.0)
    assert str(error.value) == (
        "the search ended without a plan, and without proof that there is none. One step of "
        "agreement[BB, lab, 2030] lets 1e+09 people through. Maybe a smaller number allows as much."
    )
    with pytest.raises(SolverError, match=r"^the search ended without a plan, and without proof"):
        found(ACTIVE, tmp_path, time_limit=60.0)


# The mechanism


def drawn(random: np.random.Generator) -> Matrix:
    """Four whole columns up to 3 and an account; links that let through up to 1000."""
    a = random.integers(-2, 3, (4, 5)).astype(float)
    a[:2, 0], a[2:, 1] = -random.integers(1, 1000, 2), random.integers(1, 1000, 2)
    a[3] = [0.0, 0.0, 1.0, 2.0, -1.0]
    row_lower = np.array([-np.inf, -np.inf, float(random.integers(-3, 4)), 0.0])
    row_upper = np.array([*random.integers(-3, 4, 2).astype(float), np.inf, 0.0])
    lower = np.array([float(random.integers(0, 2)), 0.0, 0.0, 0.0, -np.inf])
    return Matrix(
        a=scipy.sparse.csc_array(a),
        cost=np.ones(5),
        offset=0.0,
        row_lower=row_lower,
        row_upper=row_upper,
        lower=lower,
        upper=np.array([3.0, 3.0, 3.0, 3.0, np.inf]),
        integral=np.array([True, True, True, True, False]),
        columns=[("x", number) for number in range(5)],
        rows=[("row", number) for number in range(4)],
        _positions={("x", number): number for number in range(5)},
    )


def whole_solutions(matrix: Matrix) -> set[tuple[float, ...]]:
    """All solutions in integers; the last column is what its account adds up to."""
    points = (
        np.array([*whole, whole[2] + 2.0 * whole[3]]) for whole in product(range(4), repeat=4)
    )
    return {tuple(point.tolist()) for point in points if matrix.violation(point) <= 1e-9}


def test_tightening_keeps_every_whole_solution_and_lets_in_no_other() -> None:
    random, lowered = np.random.default_rng(7), 0
    for _ in range(60):
        matrix = drawn(random)
        tight, links = tightened(matrix, np.array([0, 1]))
        lowered += len(links)
        assert whole_solutions(tight) == whole_solutions(matrix)
        assert all(link.after < link.before for link in links)
        again, more = tightened(tight, np.array([0, 1]))
        assert all(link.after >= (1.0 - 1e-6) * link.before for link in more)
        assert whole_solutions(again) == whole_solutions(matrix)
    assert lowered >= 60


def test_implied_bounds_hold_every_whole_solution() -> None:
    random = np.random.default_rng(8)
    for _ in range(60):
        matrix = drawn(random)
        bounds = implied_bounds(matrix)
        for point in whole_solutions(matrix):
            assert (np.array(point) >= bounds.lower - 1e-9).all()
            assert (np.array(point) <= bounds.upper + 1e-9).all()


def test_wholeness_is_measured_in_people() -> None:
    # Column 0 lets through 4 million people, column 1 as many hours, of which one person takes
    # two by way of an account; column 2 is people.
    a = np.array([[-4e6, 0.0, 1.0, 0.0], [0.0, -4e6, 0.0, 1.0], [0.0, 0.0, 2.0, -1.0]])
    matrix = Matrix(
        a=scipy.sparse.csc_array(a),
        cost=np.zeros(4),
        offset=0.0,
        row_lower=np.array([-np.inf, -np.inf, 0.0]),
        row_upper=np.zeros(3),
        lower=np.zeros(4),
        upper=np.array([1.0, 1.0, 9.0, 99.0]),
        integral=np.array([True, True, True, False]),
        columns=[("x", number) for number in range(4)],
        rows=[("row", number) for number in range(3)],
        _positions={},
    )
    whole = wholeness(matrix, np.array([0, 1]))
    assert whole.people.tolist() == [4e6, 2e6, 0.0]
    assert whole.near.tolist() == pytest.approx([0.5 / 4e6, 0.5 / 2e6, 1e-6])
    assert whole.holds(values(2e-7, 1e-7)) is False
    assert whole.holds(values(1e-7, 2e-7)) is True
    assert whole.holds(values(0.0, 0.0, 0.9999995)) is True
    low, high = whole.box(values(2e-7, 0.9999999), np.array([0, 1]))
    assert (low.tolist(), high.tolist()) == ([0.0, 1.0], [1.0, 1.0])
    assert whole.options == {"mip_feasibility_tolerance": 0.5 / 4e6}


def values(*first: float) -> Floats:
    return np.array([*first, 0.0, 0.0, 0.0, 0.0][:4])
