"""Checking a plan, ours or one made by hand, without Pyomo and without HiGHS."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from optimizer.case import Case, load_case
from optimizer.errors import some_of
from optimizer.errors.arguments import typed
from optimizer.frames import mapping
from optimizer.frames.memory import Memory
from optimizer.instance import Instance
from optimizer.instance.lately import joined_lately
from optimizer.plan import Decisions, Plan, variable_values
from optimizer.plan.evaluation import Evaluation, evaluate_decisions, values_of
from optimizer.plan.given import ReadPlan, decisions_in
from optimizer.plan.question import Question, require_case
from optimizer.plan.scales import ScalesGiven, given_scales, known_scales, named_scales
from optimizer.policy import Policy, load_policy
from optimizer.schema.addresses import is_cell
from optimizer.schema.decisions import DECISIONS, families

if TYPE_CHECKING:
    from optimizer.formulation import Model
    from optimizer.formulation.custom import Extend

_SAME = 1e-9
"""Difference of points, relative and absolute, that is what writing and reading leaves."""


def run_scales(plan: ReadPlan, policy: Policy | str | Path) -> dict[str, float]:
    """Scales of a run, for ideals only: a number in the policy is the policy's choice."""
    policy = policy if isinstance(policy, Policy) else load_policy(policy)
    ideal = {name for name, goal in policy.goals.items() if goal.scale == "ideal"}
    return {name: scale for name, scale in plan.scales.items() if name in ideal}


def differences(plan: ReadPlan, policy: Policy | str | Path, case: Case) -> list[str]:
    """Sentences about what a plan is checked against that it was not made with."""
    policy = policy if isinstance(policy, Policy) else load_policy(policy)
    found = []
    if not plan.scales and any(goal.scale == "ideal" for goal in policy.goals.values()):
        found.append("goals on scale 'ideal' count raw, so the points mean nothing by themselves")
    if plan.facts.get("case_hashes", case.hashes) != case.hashes:
        found.append("the plan holds for the case as it is now, not as it was when it was solved")
    cells = [address for address in plan.facts.get("changes", {}) if is_cell(str(address))]
    if cells:
        found.append(f"the case is meant without the run's changes ({some_of(cells)})")
    if plan.facts.get("dropped"):
        names = some_of(map(str, plan.facts["dropped"]))
        found.append(f"what the run had dropped is checked all the same ({names})")
    if "extend" in plan.facts:
        found.append("the custom rules of the run are not checked here; evaluate takes extend")
    if plan.facts.get("policy_hash", policy.hash) != policy.hash:
        found.append("the policy is meant as it is now, not as the run had it (or with --set)")
    return found


@typed
def evaluate(
    decisions: Decisions | Plan | ReadPlan,
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    scales: ScalesGiven | None = None,
    extend: Extend | None = None,
) -> Evaluation:
    """Recompute the points of a plan and check every rule, without Pyomo and HiGHS.

    Custom rules are the exception: Pyomo builds them, and they are checked through the
    expressions they were written in; the table ``custom_rules`` names them.

    Parameters
    ----------
    decisions
        A plan, solved here or read, or its decision tables.
    scales
        Raw value of each goal that counts as 1 before weights, or a plan, as in
        :func:`optimizer.solve`. A plan solved here brings its own, and one that was read the
        ideals of its run; without any, goals on scale ``ideal`` count raw.
    extend
        Function that adds custom rules, as in :func:`optimizer.solve`.

    Raises
    ------
    InputError, PolicyError
        Case or policy is wrong.
    ExtensionError
        What ``extend`` adds does not fit the model, or the plan has no values for its variables.
    """
    case = case if isinstance(case, Case) else load_case(case)
    policy = policy if isinstance(policy, Policy) else load_policy(policy)
    return evaluated(decisions, policy, case, scales=scales, extend=extend)


def evaluated(
    decisions: Decisions | Plan | ReadPlan,
    policy: Policy,
    case: Case,
    *,
    scales: ScalesGiven | None = None,
    extend: Extend | None = None,
    dropped: Sequence[str] = (),
    memory: Memory | None = None,
) -> Evaluation:
    """Evaluate as :func:`evaluate`, where limits and rules that were dropped need not hold.

    What a memory knows of policy and case is not joined again.
    """
    require_case(policy, case)
    known = known_scales(policy)
    if isinstance(decisions, ReadPlan):
        known |= run_scales(decisions, policy)
    elif isinstance(decisions, Plan):
        known |= decisions.provenance.get("scales", {})
    if scales is not None:
        named = named_scales(policy, scales)
        given = given_scales(policy, named, are_all=False)
        known |= {name: given[name] for name in named}
    decisions = decisions_in(decisions)
    instance = joined_lately(case, policy, memory)
    if extend is None:
        return evaluate_decisions(instance, decisions, known, dropped=dropped)
    # Pyomo is loaded for custom rules alone: all other rules are checked without it.
    from optimizer.formulation import build_pyomo
    from optimizer.formulation.custom import extend_model

    model = build_pyomo(instance, known)
    instance = extend_model(model, instance, extend)
    custom = custom_part(instance, model, decisions)
    return evaluate_decisions(instance, decisions, known, custom, dropped)


def recomputed(
    plan: Decisions | Plan | ReadPlan,
    policy: Policy,
    case: Case,
    *,
    extend: Extend | None = None,
    dropped: Sequence[str] = (),
    memory: Memory | None = None,
) -> Plan:
    """A plan with all that follows from it: one solved here as it is, another recomputed.

    What run.json says of how good a plan is proven to be holds where policy and case are those of
    the run, and the points as well; a plan without provenance is one of this policy and case.
    """
    if isinstance(plan, Plan):
        return plan
    facts = dict(plan.facts) if isinstance(plan, ReadPlan) else {}
    evaluation = evaluated(plan, policy, case, extend=extend, dropped=dropped, memory=memory)
    told = {"policy_hash": policy.hash, "case_hashes": dict(case.hashes)}
    is_same = all(facts.get(name, "") == value for name, value in told.items())
    # A plan that was edited since has other points, and is not the one that was found.
    found = facts.get("objective")
    is_found = found is None or isclose(found, evaluation.points, rel_tol=_SAME, abs_tol=_SAME)
    proven = facts if is_same and is_found and evaluation.holds else {}
    return Plan(
        policy=facts.get("policy") or policy.name,
        case=facts.get("case") or case.name,
        currency=case.currency,
        status=proven.get("status") or "checked",
        objective=evaluation.points,
        bound=proven.get("bound"),
        gap=proven.get("gap"),
        seconds={},
        decisions=decisions_in(plan),
        tables=evaluation.tables,
        notes=plan.assumed if isinstance(plan, ReadPlan) else (),
        provenance=told | facts,
        question=Question.of(policy, case),
    )


def custom_part(instance: Instance, model: Model, decisions: Decisions) -> pd.DataFrame | None:
    """Rows of the custom rules under a plan; ``None`` where there are no custom rules."""
    if not instance.extension.rules:
        return None
    from optimizer.formulation.custom_values import custom_rows

    tables = decisions.tables()
    given = {
        each.name: mapping(tables[each.table], list(each.keys), each.amount)
        for each in (DECISIONS[name] for name in families("moved"))
    }
    given |= variable_values(decisions.variables)
    return custom_rows(model, instance, values_of(instance, decisions).of, given)
