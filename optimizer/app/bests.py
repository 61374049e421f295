"""Own bests of stakeholders that a run knows, for plans that are found by the same rules."""

from __future__ import annotations

from dataclasses import replace

from numpy import sign

from optimizer.errors import PolicyError
from optimizer.plan import Plan
from optimizer.plan.question import Question
from optimizer.plan.to_stakeholders import own_bests_in
from optimizer.policy import Policy
from optimizer.policy.loading import changed_policy
from optimizer.schema.addresses import address_of


def with_bests_of(plan: Plan, known: Plan | None) -> Plan:
    """A plan that knows the own bests of stakeholders, where another knows them and they hold.

    The most that a stakeholder could have follows from its own weights, the rules, the case and the
    scales of goals. The policy's weights of goals may be others, as no rule speaks of them.
    """
    if known is None or not _have_same_bests(plan, known):
        return plan
    assert known.question is not None, "plans of sessions know what they answer"
    bests = own_bests_in(known.provenance, known.question.policy, known.question.case)
    return replace(plan, provenance={**plan.provenance, "stakeholders": {"bests": bests}})


def knows_bests(plan: Plan) -> bool:
    """Whether a plan knows the own best of any stakeholder."""
    asked = plan.question
    return asked is not None and bool(own_bests_in(plan.provenance, asked.policy, asked.case))


def _have_same_bests(plan: Plan, known: Plan) -> bool:
    one, other = plan.question, known.question
    assert one is not None, "plans of sessions know what they answer"
    assert other is not None, "plans of sessions know what they answer"
    is_as_free = all(
        plan.provenance.get(fact) == known.provenance.get(fact)
        for fact in ("scales", "dropped", "extend")
    )
    return is_as_free and _have_same_rules(one, other)


def _have_same_rules(one: Question, other: Question) -> bool:
    """Whether two questions differ in nothing but how much goals weigh."""
    return (
        dict(one.case.hashes) == dict(other.case.hashes)
        and one.keep == other.keep
        and _differ_in_weights_alone(one.policy, other.policy)
    )


def _differ_in_weights_alone(one: Policy, other: Policy) -> bool:
    """Whether policies say the same but for weights of goals, each with the sign it had."""
    if one.hash == other.hash:
        return True
    if one.goals.keys() != other.goals.keys():
        return False
    weights = {name: goal.weight for name, goal in other.goals.items()}
    # What is avoided is avoided by stakeholders that compare it, and what weighs nothing is left.
    if any(sign(one.goals[name].weight) != sign(weight) for name, weight in weights.items()):
        return False
    moved = {address_of(("goals", name, "weight")): weight for name, weight in weights.items()}
    try:
        return changed_policy(one, moved).hash == other.hash
    except PolicyError:
        return False
