"""Rows that a name stands for, and what a loaded model makes of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from golden.rule_cases import LIMITED
from golden.small_cases import NATIONAL, SERVED, TWO_LINES
from optimizer.errors import PolicyError, SolverError
from optimizer.formulation import build_pyomo
from optimizer.persistent import LoadedModel
from optimizer.persistent.answers import solution_of
from optimizer.schema.rules import Extension
from optimizer.session.dropping import require_droppable, rows_of_rules
from optimizer.solver import Watch
from optimizer.solver.engine import EngineRun
from optimizer.solver.matrix import Matrix
from optimizer.solver.patch import Patch
from optimizer.solver.warm_start import WarmStart

LIMITS = LIMITED.with_(
    '[[limits]]\nname = "share, AA"\nmeasure = "slots"\nat_most = 6\n',
    budgets=("main,{year},M,30,program",),
)


def loaded() -> LoadedModel:
    """Joined once; loaded afresh for who changes it."""
    with TemporaryDirectory() as folder:
        instance = LIMITS.instance(Path(folder))
    return LoadedModel(instance, build_pyomo(instance, {"g": 1.0}))


@cache
def kept() -> LoadedModel:
    """For who only looks."""
    return loaded()


def named(model: LoadedModel, *names: str) -> list[tuple[str, object]]:
    return [model.matrix.rows[row] for row in rows_of_rules(model, names)]


def test_a_limit_is_its_rows_and_nothing_else() -> None:
    assert named(kept(), "share") == [("limit_at_least", ("share", "total"))]
    assert named(kept(), "worth") == [
        ("limit_at_least", ("worth", "total")),
        ("limit_at_most", ("worth", "total")),
    ]
    assert [rule for rule, _ in named(kept(), "jobs")] == ["limit_at_most"] * 2
    assert named(kept(), "main") == named(kept()) == []


def test_a_whole_rule_is_all_its_rows() -> None:
    every = [row for row in kept().matrix.rows if row[0] == "limit_at_most"]
    assert named(kept(), "limit_at_most") == every
    assert len(every) == 4
    both = named(kept(), "spending_within_budget", "share")
    assert {rule for rule, _ in both} == {"limit_at_least", "spending_within_budget"}


@pytest.mark.parametrize("name", ["share", "share, AA", "spending_within_budget", "limit_at_most"])
def test_what_somebody_chose_can_be_dropped(name: str) -> None:
    require_droppable(kept().instance, name)


def test_what_cannot_be_dropped_is_told_with_what_was_meant() -> None:
    with pytest.raises(PolicyError) as raised:
        require_droppable(kept().instance, "spendin_within_budget")
    assert str(raised.value) == (
        "1 problem\n"
        "- changes: 'spendin_within_budget' is not a limit that can be dropped\n"
        "    Expected the name of a limit, or of a rule with numbers that somebody chose. "
        "Maybe spending_within_budget."
    )
    for name in ("cohort_needs_agreement", "placements_match_cohorts", "slots", ""):
        with pytest.raises(PolicyError):
            require_droppable(kept().instance, name)


def sides(model: LoadedModel, row: int) -> tuple[float, float]:
    return float(model.matrix.row_lower[row]), float(model.matrix.row_upper[row])


def test_dropped_rows_have_no_sides_until_they_are_back() -> None:
    model = loaded()
    row, other = (
        rows_of_rules(model, ["spending_within_budget"])[0],
        rows_of_rules(model, ["share, AA"])[0],
    )
    best = model.relax(Watch()).objective
    assert best is not None
    before, untouched = sides(model, row), sides(model, other)
    model.drop([row, other])
    model.drop([row])
    assert sides(model, row) == sides(model, other) == (-np.inf, np.inf)
    more = model.relax(Watch()).objective
    assert more is not None
    # Three at 10 were all that 30 pay for; five have a place.
    assert more > best + 1.0
    # New numbers of one of them leave alone what the other waits for.
    model.take(Patch({row: (-np.inf, 25.0)}))
    model.restore([other])
    assert sides(model, other) == untouched
    assert sides(model, row) == (-np.inf, np.inf)
    # New numbers of what is dropped wait until it is back; restoring it twice changes nothing.
    model.take(Patch({row: (-np.inf, 20.0), other: (-np.inf, 1.0)}))
    assert sides(model, row) == (-np.inf, np.inf)
    assert sides(model, other) == (-np.inf, 1.0)
    model.restore([row, row])
    model.restore([row])
    assert sides(model, row) == (before[0], 20.0)
    model.take(Patch({row: before, other: untouched}))
    assert sides(model, row) == before
    assert model.relax(Watch()).objective == pytest.approx(best)


@pytest.mark.parametrize("answer", ["infeasible", "error"])
def test_a_changed_model_is_loaded_afresh_before_it_is_given_up(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded()
    best = model.relax(Watch()).objective
    tired: list[WarmStart] = []
    original = WarmStart.run

    def run(warm: WarmStart, matrix: Matrix, watch: Watch, *, afresh: bool = False) -> EngineRun:
        """Of a relaxation that goes on in units that no longer suit its numbers."""
        if warm not in tired:
            return original(warm, matrix, watch, afresh=afresh)
        warm.began_anew = False
        if answer == "error":
            raise SolverError("HiGHS reported an error in run")
        return EngineRun("infeasible", None, None, np.inf)

    def given_up() -> bool:
        tired[:] = [model._warm]
        try:
            return model.relax(Watch()).objective != pytest.approx(best)
        except SolverError:
            return True

    monkeypatch.setattr(WarmStart, "run", run)
    # What is said of numbers as they were loaded is so.
    assert given_up()
    rows = rows_of_rules(model, ["share, AA"])
    model.drop(rows)
    model.restore(rows)
    assert not given_up()
    # They are loaded now as they are.
    assert given_up()


# What is told of a plan that was found


@cache
def with_money() -> LoadedModel:
    with TemporaryDirectory() as folder:
        instance = TWO_LINES.instance(Path(folder))
    return LoadedModel(instance, build_pyomo(instance, {"g": 1.0}))


def told(
    bound: float | None, people: float = 3.0, of: LoadedModel | None = None, **watch: Any
) -> Any:
    """The solution of a plan of people who are worth 100 points each."""
    model = of or with_money()
    x = np.zeros(len(model.matrix.cost))
    for number, (component, index) in enumerate(model.matrix.columns):
        if component == "value":
            x[number] = people
        if component == "spare":
            x[number] = 2.5
        if (component, index) == ("transfer", ("main", "help", 2030)):
            x[number] = 4.0
        if (component, index) == ("carry_over", ("main", 2030)):
            x[number] = 5.0
        if component == "cohort":
            x[number] = float(number)
    # Nothing that is looked up may be found in the last column by mistake.
    x[-1] = x[-1] or 6.0
    search: Any = SimpleNamespace(nodes=7, links=("link",))
    return solution_of(model, x, Watch(bound=bound, **watch), search)


@pytest.mark.parametrize(
    ("people", "bound", "status", "gap"),
    [
        (3, 300.0, "optimal", 0.0),
        # Below what was found there is no bound; a millionth of the points is no gap.
        (3, 299.0, "optimal", 0.0),
        (3, 300.0002, "optimal", 2 / 3e6),
        (10_000, 1_000_001.0, "optimal", 1e-6),
        (3, 300.0006, "feasible", 2e-6),
        (3, 330.0, "feasible", 0.1),
        (3, None, "feasible", np.inf),
    ],
)
def test_a_plan_is_optimal_where_its_gap_says_so(
    people: int, bound: float | None, status: str, gap: float
) -> None:
    found = told(bound, people)
    assert found.status == status
    assert found.objective == pytest.approx(100.0 * people)
    assert found.bound == (np.inf if bound is None else max(bound, 100.0 * people))
    assert found.gap == pytest.approx(gap, rel=1e-4)


def test_decisions_and_money_are_told_by_family_and_key() -> None:
    found, model = told(330.0), with_money()
    cohort = [model.matrix.column("cohort", ("AA", "t", "standard", year)) for year in (2030, 2031)]
    assert found.decisions["cohort"].tolist()[:2] == cohort
    assert {name: len(values) for name, values in found.decisions.items()} == {
        name: len(getattr(model.instance.sets, name)) for name in found.decisions
    }
    assert found.money == {
        "transfer": {("main", "help", 2030): 4.0, ("main", "help", 2031): 0.0},
        "carry_over": {("main", 2030): 5.0},
    }
    assert (found.nodes, found.links, found.variables) == (7, ("link",), {})
    assert found.complete
    assert not told(330.0, timed_out=True).complete


def test_what_no_row_speaks_of_is_not_decided(tmp_path: Path) -> None:
    # Nobody uses the service, and more of it is free.
    rest = "r1,rest,{year},7,hours,4,2,0,0,main"
    instance = SERVED.with_(services=(*SERVED.rows["services"], rest)).instance(tmp_path)
    found = told(330.0, of=LoadedModel(instance, build_pyomo(instance, {"g": 1.0})))
    service = instance.sets.expansion["service"].tolist()
    assert found.decisions["expansion"][[name == "rest" for name in service]].tolist() == [0, 0]


def test_variables_of_custom_rules_are_told_with_their_values(tmp_path: Path) -> None:
    instance = replace(NATIONAL.instance(tmp_path), extension=Extension(variables=("spare",)))
    model = build_pyomo(instance, {"g": 1.0})
    model.spare = pyo.Var(["free", "fixed"], bounds=(0, 9))
    model.spare["fixed"].fix(4.0)
    model.few = pyo.Constraint(expr=model.spare["free"] + model.spare["fixed"] <= 9)
    assert told(330.0, of=LoadedModel(instance, model)).variables == {
        "spare": {"free": 2.5, "fixed": 4.0}
    }
