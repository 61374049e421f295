"""Custom rules: what ``extend`` adds holds, touches, costs, is checked, told and written out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyomo.environ as pyo
import pyscipopt
import pytest

import optimizer
from optimizer import CustomRule, ExtensionError, InfeasibleError, Instance, Plan
from optimizer.formulation.custom_rows import OVERSTATED
from optimizer.formulation.custom_values import HELD_BY
from optimizer.schema.decisions import DECISIONS
from random_cases import write_random_case
from seeds import seeds
from shared import tiny

ROOT = Path(__file__).resolve().parents[1]
POLICY = ROOT / "models" / "tiny.toml"
CASE = ROOT / "inputs" / "tiny"
BEST = 469.55
"""Points of the best plan without custom rules; the case's README derives them."""

MOST = 3

Extend = Callable[[Any, Instance], Iterable[CustomRule] | None]


@pytest.fixture(scope="module")
def free() -> Plan:
    """The best plan without custom rules."""
    return optimizer.solve(*tiny())


def solved(extend: Extend, **options: Any) -> Plan:
    """The best plan of the tiny case under custom rules, checked once more from outside."""
    plan = optimizer.solve(*tiny(), extend=extend, **options)
    assert plan.status == "optimal"
    evaluation = optimizer.evaluate(plan, *tiny(), extend=extend)
    assert evaluation.holds
    assert evaluation.points == pytest.approx(plan.objective, abs=1e-9)
    return plan


@cache
def optimum(extend: Extend | None) -> float:
    """Points of the best plan of the tiny case, which several other solvers are to find."""
    return optimizer.solve(*tiny(), extend=extend, gap=0.0).objective


def working(plan: Plan) -> pd.Series[int]:
    """New people in work by year."""
    return plan.slots[plan.slots["track"].eq("work")].groupby("year")["slots"].sum()


def intake(model: Any, track: str, year: int) -> Any:
    return sum(model.cohort[key] for key in model.COHORTS if key[1] == track and key[3] == year)


def little_work(model: Any, instance: Instance) -> None:
    """At most three new people in work each year; the best plan has four in one of them."""

    @model.Constraint(list(instance.sets.years))
    def few_new_in_work(model: Any, year: int) -> object:
        return intake(model, "work", year) <= MOST


# What holds -------------------------------------------------------------------------------------


def test_a_rule_holds_and_costs_what_it_takes_away(free: Plan) -> None:
    plan = solved(little_work)
    assert working(free).max() > MOST
    assert working(plan).max() == MOST
    assert plan.objective < free.objective == pytest.approx(BEST)
    rows = plan.tables["rules"][plan.tables["rules"]["rule"].eq("few_new_in_work")]
    assert rows["key"].tolist() == ["2030", "2031"]
    assert rows["limit"].tolist() == [MOST, MOST]
    assert rows["value"].max() == MOST


def test_a_rule_that_does_not_bind_changes_nothing(free: Plan) -> None:
    def loose(model: Any, instance: Instance) -> None:
        model.loose = pyo.Constraint(expr=intake(model, "work", 2030) <= 1000)

    assert solved(loose).slots.equals(free.slots)


@pytest.mark.parametrize("seed", seeds(range(6), quick=3))
def test_a_custom_rule_is_worth_what_the_same_limit_of_a_policy_is(
    seed: int, tmp_path: Path
) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        plan = optimizer.solve(policy, case, gap=0.0)
    except optimizer.OptimizerError:
        pytest.skip("nothing to compare with: the case has no plan")
    most = max(0, plan.slots_total - 2)
    limited = tmp_path / "limited.toml"
    limited.write_text(
        f'schema = 1\ntitle = "fewer"\nextends = "{policy.name}"\n'
        f'[[limits]]\nname = "fewer"\nmeasure = "slots"\nplanned = true\nat_most = {most}\n',
        encoding="utf-8",
    )

    def fewer(model: Any, instance: Instance) -> None:
        model.fewer_slots = pyo.Constraint(expr=pyo.quicksum(model.cohort.values()) <= most)

    def points(path: Path, extend: Extend | None) -> float | None:
        try:
            return optimizer.solve(path, case, gap=0.0, extend=extend).objective
        except InfeasibleError:
            return None

    custom, own = points(policy, fewer), points(limited, None)
    assert (custom is None) == (own is None)
    assert custom is None or custom == pytest.approx(own, rel=1e-9)


def test_whole_numbers_of_a_rule_of_its_own_are_decided(free: Plan) -> None:
    def one_good_year(model: Any, instance: Instance) -> None:
        model.good = pyo.Var([2030, 2031], domain=pyo.Binary)
        model.one_is_good = pyo.Constraint(expr=model.good[2030] + model.good[2031] == 1)

        @model.Constraint([2030, 2031])
        def few_unless_good(model: Any, year: int) -> object:
            return intake(model, "work", year) <= MOST + 100 * model.good[year]

    people = working(free)
    assert people.min() <= MOST < people.max()
    plan = solved(one_good_year)
    assert plan.objective == pytest.approx(BEST), "the year with more people is the good one"
    assert plan.decisions.variables.to_dict("records") == [
        {"variable": "good", "index": f"[{year}]", "value": float(people[year] > MOST)}
        for year in (2030, 2031)
    ]


def test_rules_inside_a_pyomo_block_are_named_by_their_path() -> None:
    def in_a_block(model: Any, instance: Instance) -> list[CustomRule]:
        model.mine = pyo.Block()
        model.mine.spare = pyo.Var(bounds=(0, 1))
        model.mine.few = pyo.Constraint(expr=intake(model, "work", 2030) <= 1 + model.mine.spare)
        return [CustomRule("mine.few", title="Few people work")]

    plan = solved(in_a_block)
    assert plan.tables["custom_rules"]["title"].tolist() == ["Few people work"]
    assert plan.decisions.variables["variable"].tolist() == ["mine.spare"]


# Touching ---------------------------------------------------------------------------------------


def test_naming_a_slot_plans_its_block_slot_by_slot(free: Plan) -> None:
    key = ("AVA", "work", "standard", "coast", 2030)

    def no_avarian_at_the_coast(model: Any, instance: Instance) -> None:
        before = set(model.SLOTS)
        assert key not in before, "the block is not slot-level under the policy"
        model.no_avarian_at_the_coast = pyo.Constraint(expr=model.slots[key] <= 0)

    model = optimizer.build_model(*tiny(), extend=no_avarian_at_the_coast)
    # The block is one of track, level, group of countries and year, with all its regions.
    assert key in model.SLOTS
    assert ("AVA", "work", "standard", "hills", 2030) in model.SLOTS
    assert ("AVA", "work", "standard", "coast", 2031) not in model.SLOTS
    plan = solved(no_avarian_at_the_coast)
    named = plan.slots[plan.slots["region"].eq("coast") & plan.slots["year"].eq(2030)]
    assert not (named["country"].eq("AVA") & named["track"].eq("work")).any()


def test_a_touching_rule_is_worth_what_the_same_commitment_is(tmp_path: Path) -> None:
    keys = [("BOR", "work", "standard", "hills", 2031), ("AVA", "lab", "standard", "coast", 2031)]

    def at_least_one(model: Any, instance: Instance) -> None:
        @model.Constraint(range(len(keys)))
        def one_is_there(model: Any, number: int) -> object:
            return model.slots[keys[number]] >= 1

    for file in CASE.glob("*.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    rows = pd.read_csv(tmp_path / "commitments.csv", dtype=str, keep_default_na=False)
    for country, track, _, region, year in keys:
        new = {"country": country, "track": track, "region": region, "year": year, "at_least": 1}
        rows.loc[len(rows)] = {name: str(new.get(str(name), "")) for name in rows}
    rows.to_csv(tmp_path / "commitments.csv", index=False)
    changes = {"cases": ["*"]}
    committed = optimizer.solve(POLICY, tmp_path, changes=changes, gap=0.0)
    assert solved(at_least_one).objective == pytest.approx(committed.objective, abs=1e-6)


def test_options_are_filtered_as_in_policies() -> None:
    policy, case = tiny()
    instance = optimizer.build_instance(case, policy)
    every = instance.options()
    assert list(every) == ["country", "track", "level", "region", "year"]
    chosen = instance.options({"pathway": "protection", "year": [2031], "region.region": "hills"})
    assert set(chosen["track"]) == {"refuge"}
    assert set(chosen["year"]) == {2031}
    with pytest.raises(optimizer.PolicyError, match="no country has world_region = 'Asai'"):
        instance.options({"world_region": "Asai"})


# Penalties --------------------------------------------------------------------------------------


def test_a_soft_rule_gives_way_at_its_price(free: Plan) -> None:
    # At most one of two or more people in work in 2030; each further one is 100% of base 1.
    people = int(
        free.slots.loc[free.slots["track"].eq("work") & free.slots["year"].eq(2030), "slots"].sum()
    )
    assert people > 1

    def rule(penalty: float, base: float | None = None) -> Extend:
        def few(model: Any, instance: Instance) -> list[CustomRule]:
            model.few = pyo.Constraint(expr=intake(model, "work", 2030) <= 1)
            return [CustomRule("few", title="Few people", why="a test", soft=penalty, base=base)]

        return few

    cheap = solved(rule(1e-6))
    soft = cheap.tables["soft"].set_index("limit").loc["few"]
    assert soft["value"] == people
    assert soft["percent"] == pytest.approx(100.0 * (people - 1))
    assert soft["points"] == pytest.approx(1e-6 * 100.0 * (people - 1))
    assert cheap.objective == pytest.approx(BEST - soft["points"])
    dear = solved(rule(100.0)).tables["soft"].set_index("limit").loc["few"]
    assert dear["percent"] == 0.0
    # A base ten times as large makes the same miss a tenth of the percent.
    wide = solved(rule(1e-6, base=10.0)).tables["soft"].set_index("limit").loc["few"]
    assert wide["percent"] == pytest.approx(10.0 * (people - 1))


def test_a_soft_equality_costs_on_both_sides(free: Plan) -> None:
    people = int(free.slots.loc[free.slots["track"].eq("work"), "slots"].sum())

    def exactly(number: int) -> Extend:
        def extend(model: Any, instance: Instance) -> list[CustomRule]:
            every = sum(intake(model, "work", year) for year in instance.sets.years)
            model.exactly = pyo.Constraint(expr=every == number)
            return [CustomRule("exactly", soft=1e-6)]

        return extend

    for number in (people - 2, people + 2):
        soft = solved(exactly(number)).tables["soft"].set_index("limit").loc["exactly"]
        assert soft["value"] == people
        assert soft["percent"] == pytest.approx(200.0 / number)


def test_scales_are_those_of_the_policy_alone(tmp_path: Path) -> None:
    text = POLICY.read_text(encoding="utf-8")
    policy = tmp_path / "ideal.toml"
    policy.write_text(text.replace('scale = "none"', 'scale = "ideal"', 1), encoding="utf-8")
    free = optimizer.solve(policy, CASE)
    bound = optimizer.solve(policy, CASE, extend=little_work)
    assert bound.provenance["scales"] == free.provenance["scales"]
    assert bound.provenance["scales"]["alliance"] != 1.0


# Checking ---------------------------------------------------------------------------------------


def watching(model: Any, instance: Instance) -> None:
    """A rule on every account and decision of the model, never binding: its value is told."""
    names = [*DECISIONS, *HELD_BY]
    for name in names:
        component = model.component(name)
        if component is None or not len(component):
            continue
        cells = list(component.items())
        sign = -1 if name in OVERSTATED else 1
        model.add_component(
            f"watch_{name}",
            pyo.Constraint(
                range(len(cells)),
                rule=lambda _, number, cells=cells, sign=sign: sign * cells[number][1] >= -1e12,
            ),
        )


@pytest.mark.parametrize("seed", seeds([None, *range(0, 120, 12)], quick=3))
def test_accounts_are_added_up_again_as_the_solver_had_them(
    seed: int | None, tmp_path: Path
) -> None:
    case, policy = (CASE, POLICY) if seed is None else write_random_case(tmp_path, seed)
    try:
        plan = optimizer.solve(policy, case, gap=0.0, extend=watching)
    except (InfeasibleError, optimizer.PolicyError):
        pytest.skip("the case has no plan")
    told = plan.tables["rules"]

    def values(name: str) -> list[float]:
        sign = -1.0 if name in OVERSTATED else 1.0
        return (sign * told.loc[told["rule"].eq(f"watch_{name}"), "value"]).tolist()

    tables = plan.tables
    goals = tables["goals"].set_index("goal")["raw"]
    model = optimizer.build_model(policy, case, scales={}, extend=watching)
    spent = tables["spending"].set_index(["line", "year"])["spent"]
    for key, value in zip(model.spending, values("spending"), strict=True):
        assert value == pytest.approx(spent[key], abs=1e-6)
    use = tables["services"].set_index(["region", "service", "year"])["use"]
    for key, value in zip(model.use, values("use"), strict=True):
        assert value == pytest.approx(use[key], abs=1e-6)
    for goal, value in zip(model.GOALS, values("value"), strict=True):
        assert value == pytest.approx(goals[goal], abs=1e-6)
    moved = tables["change"].set_index("year")["percent"]
    for year, value in zip(model.change, values("change"), strict=True):
        assert value == pytest.approx(moved[year], abs=1e-6)
    soft = tables["soft"]
    paid = sum(values("violation"))
    assert paid == pytest.approx(soft["percent"].sum(), abs=1e-6)


def test_a_plan_that_breaks_a_custom_rule_is_told_so(free: Plan) -> None:
    def titled(model: Any, instance: Instance) -> list[CustomRule]:
        little_work(model, instance)
        return [CustomRule("few_new_in_work", title="Few start to work", source="a test")]

    evaluation = optimizer.evaluate(free, *tiny(), extend=titled)
    assert not evaluation.holds
    assert set(evaluation.violations["rule"]) == {"few_new_in_work"}
    people = working(free)
    year = int(str(people.idxmax()))
    assert evaluation.in_words() == [
        f"Few start to work: {year}: {people[year]}, but at most 3 ({people[year] - 3} too many)"
    ]
    assert evaluation.tables["custom_rules"].to_dict("records")[0]["source"] == "a test"


def test_values_of_custom_variables_are_checked_too() -> None:
    def spare(model: Any, instance: Instance) -> None:
        model.spare = pyo.Var([2030, 2031], domain=pyo.Integers, bounds=(0, 1))

        @model.Constraint([2030, 2031])
        def few_work(model: Any, year: int) -> object:
            return intake(model, "work", year) <= 1 + model.spare[year]

    plan = solved(spare)
    wrong = plan.decisions.variables.assign(value=[1.5, -1.0])
    decisions = replace(plan.decisions, variables=wrong)
    scales = plan.provenance["scales"]
    evaluation = optimizer.evaluate(decisions, *tiny(), scales=scales, extend=spare)
    told = [sentence for sentence in evaluation.in_words() if sentence.startswith("spare")]
    assert told == [
        "spare: 2030: 1.5, but at most 1 (0.5 too many)",
        "spare: 2030: 1.5, but exactly 2 (0.5 too many)",
        "spare: 2031: -1, but at least 0 (1 short)",
    ]


def test_a_plan_without_values_for_custom_variables_cannot_be_checked(free: Plan) -> None:
    def spare(model: Any, instance: Instance) -> None:
        model.spare = pyo.Var(bounds=(0, 1))
        model.few = pyo.Constraint(expr=intake(model, "work", 2030) <= 9 + model.spare)

    with pytest.raises(ExtensionError) as raised:
        optimizer.evaluate(free, *tiny(), extend=spare)
    assert str(raised.value) == (
        "1 problem\n"
        "- extend, spare: the plan has no value for it\n"
        "    Expected a plan that was solved or completed with these rules."
    )
    completed = optimizer.complete(free.decisions, *tiny(), extend=spare)
    assert optimizer.evaluate(completed, *tiny(), extend=spare).holds
    assert completed.slots.equals(free.slots)


def test_completing_keeps_custom_rules(free: Plan) -> None:
    with pytest.raises(InfeasibleError):
        optimizer.complete(free.decisions, *tiny(), extend=little_work)


def test_custom_rules_are_named_where_they_clash() -> None:
    def too_much(**options: Any) -> Extend:
        def extend(model: Any, instance: Instance) -> list[CustomRule]:
            model.many_refugees = pyo.Constraint(expr=intake(model, "refuge", 2030) == 50)
            return [CustomRule("many_refugees", title="Many refugees", **options)]

        return extend

    for is_protected, said in ((False, ""), (True, ", protected")):
        with pytest.raises(InfeasibleError) as raised:
            optimizer.solve(*tiny(), extend=too_much(protected=is_protected))
        assert f"- Many refugees: equal to 50 (custom rule{said})" in str(raised.value)


# On disk ----------------------------------------------------------------------------------------


def test_a_run_with_custom_rules_comes_back_from_its_folder(tmp_path: Path) -> None:
    from optimizer import runs

    def spare(model: Any, instance: Instance) -> None:
        model.spare = pyo.Var(["a", "b"], [2030], bounds=(0, 1))
        model.few = pyo.Constraint(
            expr=intake(model, "work", 2030) <= 1 + model.spare["a", 2030] + model.spare["b", 2030]
        )

    plan = solved(spare)
    (tmp_path / "run").mkdir()
    policy, case = tiny()
    runs.write_tables(plan, tmp_path / "run", policy, case)
    runs.write_facts(plan, tmp_path / "run", tmp_path / "run")
    read = optimizer.read_plan(tmp_path / "run", case)
    assert read.decisions.variables.equals(plan.decisions.variables)
    evaluation = optimizer.evaluate(read.decisions, POLICY, case, scales=read.scales, extend=spare)
    assert evaluation.holds
    assert evaluation.points == pytest.approx(plan.objective, abs=1e-6)
    facts = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert facts["extend"]["function"].endswith("spare")
    assert len(facts["extend"]["sha256"]) == 64
    from optimizer.plan.checking import differences

    assert differences(read, POLICY, case) == [
        "the custom rules of the run are not checked here; evaluate takes extend"
    ]


def test_an_index_that_is_no_list_is_refused(tmp_path: Path) -> None:
    from optimizer import runs

    plan = optimizer.solve(*tiny())
    (tmp_path / "run").mkdir()
    policy, case = tiny()
    runs.write_tables(plan, tmp_path / "run", policy, case)
    runs.write_facts(plan, tmp_path / "run", tmp_path / "run")
    rows = 'variable,index,value\nspare,"[""a"", 2030]",1\nspare,oops,1\n'
    (tmp_path / "run" / "variables.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(optimizer.InputError) as raised:
        optimizer.read_plan(tmp_path / "run", optimizer.load_case(CASE))
    assert str(raised.value) == (
        "1 problem\n- variables.csv row 3, column index: 'oops' is not an index\n"
        "    Expected a JSON list."
    )


# Other solvers ----------------------------------------------------------------------------------


def scip_optimum(path: Path) -> float:
    """Optimum that SCIP finds for a model file."""
    scip = pyscipopt.Model()
    scip.hideOutput()
    scip.readProblem(str(path))
    scip.setParam("limits/gap", 0.0)
    scip.optimize()
    assert scip.getStatus() == "optimal"
    return float(scip.getObjVal())


@pytest.mark.parametrize("suffix", [".lp", ".mps"])
@pytest.mark.parametrize("extend", [None, little_work])
def test_another_solver_finds_the_same_optimum_in_the_written_model(
    suffix: str, extend: Extend | None, tmp_path: Path
) -> None:
    path = optimizer.write_model(*tiny(), tmp_path / f"tiny{suffix}", extend=extend)
    assert scip_optimum(path) == pytest.approx(optimum(extend), abs=1e-6)


@pytest.mark.parametrize("seed", seeds(range(1, 40, 6), quick=2))
def test_another_solver_finds_the_same_optimum_on_random_cases(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        plan = optimizer.solve(policy, case, gap=0.0)
    except (InfeasibleError, optimizer.PolicyError):
        pytest.skip("the case has no plan, or a floor that nobody could reach")
    path = optimizer.write_model(policy, case, tmp_path / "model.mps")
    assert scip_optimum(path) == pytest.approx(plan.objective, abs=1e-6)


def test_pyomo_can_hand_the_model_to_another_solver() -> None:
    model = optimizer.build_model(*tiny(), extend=little_work)
    pyo.SolverFactory("scip_direct").solve(model)
    assert pyo.value(model.points) == pytest.approx(optimum(little_work), abs=1e-6)


def test_a_model_is_written_as_lp_or_mps_only(tmp_path: Path) -> None:
    with pytest.raises(optimizer.OptimizerError) as raised:
        optimizer.write_model(*tiny(), tmp_path / "model.nl")
    assert str(raised.value) == "model.nl: a model is written as .lp or .mps"


# What does not fit ------------------------------------------------------------------------------


def refused(extend: Extend) -> str:
    with pytest.raises(ExtensionError) as raised:
        optimizer.build_model(*tiny(), scales={}, extend=extend)
    return str(raised.value)


def one(model: Any) -> Any:
    return next(iter(model.cohort.values()))


def test_domains_that_a_solver_cannot_keep_are_refused() -> None:
    def gaps(model: Any, instance: Instance) -> None:
        model.listed = pyo.Var(domain=pyo.Set(initialize=[0, 4]))
        model.even = pyo.Var([1], domain=pyo.RangeSet(0, 6, 2))
        model.either = pyo.Var(domain=pyo.Set(initialize=[0]) | pyo.RangeSet(4, 6))
        model.anything = pyo.Var(domain=pyo.Any)
        model.few = pyo.Constraint(expr=one(model) <= model.listed + model.even[1])

    expected = (
        "    Expected pyo.Reals, pyo.Integers, pyo.Binary or a part of them without gaps; gaps are "
        "made with binary variables."
    )
    domains = {"anything": "Any", "either": "{0} | [4:6]", "even[1]": "[0:6:2]", "listed": "{0, 4}"}
    assert refused(gaps) == "\n".join(
        [
            "4 problems",
            *(
                f"- extend, {name}: has domain {domain}, which a solver cannot keep\n{expected}"
                for name, domain in domains.items()
            ),
        ]
    )


def test_parts_of_whole_numbers_and_of_numbers_are_domains() -> None:
    def parts(model: Any, instance: Instance) -> None:
        model.four = pyo.Var(domain=pyo.Set(initialize=[0, 1, 2, 3]))
        model.three = pyo.Var(domain=pyo.RangeSet(3, 3))
        model.share = pyo.Var(domain=pyo.UnitInterval)
        wanted = model.four + model.three + model.share
        model.few = pyo.Constraint(expr=intake(model, "work", 2030) == wanted)

    variables = solved(parts).decisions.variables.set_index("variable")["value"]
    assert variables["three"] == 3
    assert variables["four"] in (0, 1, 2, 3)


def test_slots_that_cannot_be_given_are_told_all_at_once() -> None:
    def strange(model: Any, instance: Instance) -> None:
        model.named = pyo.Constraint(
            expr=model.slots["AVB", "work", "standard", "coast", 2030]
            + model.slots["AVA", "work", "standard", "coast", 2035]
            + model.slots["BOR", "lab", "standard", "coast", 2030]
            + model.slots["AVA", "work"]
            + model.slots["AVA"]
            <= 1
        )

    assert refused(strange) == (
        "5 problems\n"
        "- extend, slots[AVA,work,standard,coast,2035]: 2035 is not a year of case 'tiny'\n"
        "    Expected one of its 2. Maybe 2031.\n"
        "- extend, slots[AVA,work]: is not a slot\n"
        "    Expected country, track, level, region, year.\n"
        "- extend, slots[AVA]: is not a slot\n"
        "    Expected country, track, level, region, year.\n"
        "- extend, slots[AVB,work,standard,coast,2030]: 'AVB' is not a country of case 'tiny'\n"
        "    Expected one of its 3. Maybe AVA.\n"
        "- extend, slots[BOR,lab,standard,coast,2030]: cannot be given: the country is not "
        "eligible then, or no site hosts the track there\n"
        "    Expected a row of instance.options()."
    )


def fixes(model: Any, instance: Instance) -> None:
    one(model).fix(0)


def bounds(model: Any, instance: Instance) -> None:
    one(model).setub(3)


def relaxes(model: Any, instance: Instance) -> None:
    one(model).domain = pyo.NonNegativeReals


@pytest.mark.parametrize("extend", [fixes, bounds, relaxes])
def test_decisions_are_limited_by_rules_alone(extend: Extend) -> None:
    assert refused(extend) == (
        "1 problem\n"
        "- extend, cohort[AVA,lab,standard,2030]: is fixed, or its bounds or domain were changed\n"
        "    Expected a constraint of your own, so that the limit has a name."
    )


def fixes_a_slot(model: Any, instance: Instance) -> None:
    model.slots["BOR", "work", "standard", "coast", 2030].fix(0)


def test_slots_that_are_named_are_limited_by_rules_alone() -> None:
    assert refused(fixes_a_slot).startswith(
        "1 problem\n- extend, slots[BOR,work,standard,coast,2030]: is fixed, or its bounds"
    )


def rewrites(model: Any, instance: Instance) -> None:
    row = model.spending_within_budget["science", 2030]
    row.set_value(model.spending["science", 2030] <= 7e6)


def test_accounts_are_not_pressed_to_where_the_model_does_not_hold_them() -> None:
    def presses(model: Any, instance: Instance) -> None:
        model.less_alliance = pyo.Constraint(expr=model.value["alliance"] <= 4.1)
        model.more_change = pyo.Constraint(expr=model.change[2031] >= 62)
        model.odd = pyo.Constraint(expr=float("nan") * one(model) <= 1)
        model.more_alliance = pyo.Constraint(expr=model.value["alliance"] >= 4.1)
        model.less_change = pyo.Constraint(expr=model.change[2031] <= 62)

    assert refused(presses) == (
        "3 problems\n"
        "- extend, less_alliance: bounds value[alliance] on the side on which the model leaves it "
        "free\n"
        "    Expected decisions, or a limit of the policy.\n"
        "- extend, more_change: bounds change[2031] on the side on which the model leaves it free\n"
        "    Expected decisions, or a limit of the policy.\n"
        "- extend, odd: holds a number that is not finite\n"
        "    Expected finite numbers."
    )


def switches_off(model: Any, instance: Instance) -> None:
    model.spending_within_budget.deactivate()


def deletes(model: Any, instance: Instance) -> None:
    model.del_component("spending_within_budget")


@pytest.mark.parametrize("extend", [switches_off, deletes, rewrites])
def test_rules_of_the_model_stay(extend: Extend) -> None:
    assert refused(extend) == (
        "1 problem\n"
        "- extend, spending_within_budget: is a rule of the model and was changed or switched off\n"
        "    Expected rules of your own; the policy says which of ours hold."
    )


def test_the_objective_stays() -> None:
    def another(model: Any, instance: Instance) -> None:
        model.points.set_value(model.points.expr + one(model))

    def second(model: Any, instance: Instance) -> None:
        model.cheap = pyo.Objective(expr=one(model))

    assert refused(another) == (
        "1 problem\n- extend, points: was changed\n    Expected soft rules, which cost points."
    )
    assert refused(second) == (
        "1 problem\n- extend, cheap: Objective cannot be part of a custom rule\n"
        "    Expected constraints, variables and expressions."
    )


def test_rows_must_be_linear_and_speak_of_decisions() -> None:
    def odd(model: Any, instance: Instance) -> None:
        cohort = one(model)
        model.square = pyo.Constraint(expr=cohort * cohort <= 4)
        model.nothing = pyo.Constraint(expr=(0, 0 * cohort, 1))
        model.wide = pyo.Constraint(expr=pyo.inequality(None, cohort, float("inf")))
        model.mine = pyo.Var([1, 2])
        model.mine[1].fixed = True
        model.mine[2].fix(3)
        model.empty = pyo.Constraint(expr=cohort <= model.mine[1] + model.mine[2])
        model.empty_side = pyo.Constraint(expr=pyo.inequality(0, cohort, model.mine[1]))

    assert refused(odd) == (
        "5 problems\n"
        "- extend, empty: contains mine[1], which is fixed without a value\n"
        "    Expected a value to be fixed at.\n"
        "- extend, empty_side: contains mine[1], which is fixed without a value\n"
        "    Expected a value to be fixed at.\n"
        "- extend, nothing: contains no decision\n"
        "    Expected pyo.Constraint.Skip for such a row.\n"
        "- extend, square: is not linear\n"
        "    Expected sums of decisions times numbers.\n"
        "- extend, wide: limits nothing\n"
        "    Expected a number on at least one side."
    )


def test_names_of_rules_and_limits_are_taken() -> None:
    def taken(model: Any, instance: Instance) -> None:
        model.country_share = pyo.Constraint(expr=one(model) <= 1)
        model.decision_is_possible = pyo.Constraint(expr=one(model) <= 1)

    assert refused(taken) == (
        "2 problems\n"
        "- extend, country_share: is the name of a rule or limit already\n"
        "    Expected another name.\n"
        "- extend, decision_is_possible: is the name of a rule or limit already\n"
        "    Expected another name."
    )


@pytest.mark.parametrize(
    ("described", "told"),
    [
        (
            [CustomRule("fwe")],
            "- extend: describes rule 'fwe', but adds no such constraint\n"
            "    Expected one of few. Maybe few.",
        ),
        (
            [CustomRule("few"), CustomRule("few")],
            "- extend: describes rule 'few' twice\n    Expected one description.",
        ),
        (
            ["few"],
            "- extend: returns 'few'\n    Expected None, or a list of optimizer.CustomRule.",
        ),
        (
            7,
            "- extend: returns 7\n    Expected None, or a list of optimizer.CustomRule.",
        ),
        (
            [CustomRule("few", soft=-1.0)],
            "- extend, few.soft: -1.0 is not a valid penalty\n    Expected a number above 0.",
        ),
        (
            [CustomRule("few", soft=1.0, base=0.0)],
            "- extend, few.base: 0.0 is not a valid base\n    Expected a number above 0.",
        ),
        (
            [CustomRule("few", base=5.0)],
            "- extend, few.base: the rule is not soft\n    Expected soft as well.",
        ),
        (
            [CustomRule("few", soft=1.0, protected=True)],
            "- extend, few: a protected rule cannot be soft\n    Expected one of the two.",
        ),
        (
            [CustomRule("few", soft=1.0)],
            "- extend, few.base: is missing; the number of a soft rule is 0\n"
            "    Expected the number that counts as 100%.",
        ),
    ],
)
def test_descriptions_must_fit(described: Any, told: str) -> None:
    def extend(model: Any, instance: Instance) -> Any:
        model.few = pyo.Constraint(expr=one(model) <= 0)
        return described

    assert refused(extend) == f"1 problem\n{told}"


def test_errors_of_the_function_itself_come_through() -> None:
    def broken(model: Any, instance: Instance) -> None:
        raise LookupError("my own mistake")

    with pytest.raises(LookupError, match="my own mistake"):
        optimizer.solve(*tiny(), extend=broken)


def test_the_report_tells_custom_rules_apart() -> None:
    def titled(model: Any, instance: Instance) -> list[CustomRule]:
        model.spare = pyo.Var([2030], bounds=(0, 1))
        model.few = pyo.Constraint(expr=intake(model, "work", 2030) <= 1 + model.spare[2030])
        model.less = pyo.Constraint(expr=intake(model, "work", 2031) <= 1)
        return [
            CustomRule("few", title="Few <b>people</b> work", why="because", source="a table"),
            CustomRule("less", title="Even less", soft=0.01),
        ]

    from optimizer.report import render_report

    plan = solved(titled)
    policy, case = tiny()
    page = render_report(plan, case, policy)
    assert "Few &lt;b&gt;people&lt;/b&gt; work" in page
    assert "<b>people</b>" not in page
    assert "through the expressions they were written in" in page
    for words in ("because", "a table", "Even less", "0.01 points per 1%", "spare"):
        assert words in page.replace("\N{NO-BREAK SPACE}", " ")


def test_every_account_of_the_model_can_be_settled() -> None:
    model = optimizer.build_model(*tiny(), scales={})
    variables = {part.name for part in model.component_objects(pyo.Var)}
    settled = {*DECISIONS, *HELD_BY}
    assert variables <= settled
