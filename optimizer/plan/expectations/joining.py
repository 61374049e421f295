"""Expectations joined with a case and a policy, before there is a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from optimizer.case import Case
from optimizer.errors import PolicyError, Problem, Problems, did_you_mean
from optimizer.instance import Instance, build_instance
from optimizer.plan import Decisions, empty
from optimizer.plan.checks import check_all
from optimizer.plan.evaluation import values_of
from optimizer.plan.expectations.models import Expectations
from optimizer.plan.subject import Subject
from optimizer.policy import Policy, Relative
from optimizer.schema.measures import Measure
from optimizer.schema.rules import BOUNDS, RULES

_Add = Callable[..., None]


@dataclass(frozen=True)
class Joined:
    """Expectations that fit a case and a policy.

    Attributes
    ----------
    expectations
        As read.
    instance
        Case and policy, with one limit more for each range that is to be measured.
    mark
        How the names of these limits begin.
    """

    expectations: Expectations
    instance: Instance
    mark: str


def _mark_of(policy: Policy) -> str:
    """How the names of limits begin that measure and do not bind: as no limit of the policy does.

    Examples
    --------
    >>> from optimizer import load_policy
    >>> _mark_of(load_policy("models/tiny.toml"))
    'expectation '
    """
    mark = "expectation "
    while any(limit.name.startswith(mark) for limit in policy.limits):
        mark = f"another {mark}"
    return mark


def measuring(mark: str, measure: Measure, number: int) -> str:
    """Name of the limit that measures a range."""
    return f"{mark}{measure}.{number}"


def join_expectations(
    expectations: Expectations, case: Case, policy: Policy, *, rules: Iterable[str] = ()
) -> Joined:
    """Look up everything that expectations speak of.

    Parameters
    ----------
    rules
        Names of rules beside those of the model and the limits of the policy.

    Raises
    ------
    PolicyError
        Holds every unknown name, every filter that matches nothing, every floor out of reach and
        every rule that asks nothing there; or says that the expectations are not meant for this
        case or policy.
    """
    problems, mark = Problems(), _mark_of(policy)

    def add(place: str, message: str, expected: str, maybe: str | None = None) -> None:
        problems.add(expectations.path.name, message, column=place, expected=expected, maybe=maybe)

    _check_meant(expectations, case, policy, add)
    problems.raise_if_any(PolicyError)
    _check_goals(expectations, policy, add)
    unknown = _check_names(expectations, policy, rules, add)
    try:
        instance = build_instance(case, _with_ranges(policy, expectations, mark))
    except PolicyError as error:
        problems.extend(_at_home(problem, expectations, mark) for problem in error.problems)
        raise PolicyError(problems) from None
    asking = _rules_asking(instance, mark) | set(rules) | unknown
    for place, name in _named(expectations):
        if name not in asking:
            message = f"{name!r} asks nothing of case {case.name!r} under policy {policy.name!r}"
            add(place, message, "a rule with something to check there")
    problems.raise_if_any(PolicyError)
    return Joined(expectations, instance, mark)


def _check_meant(expectations: Expectations, case: Case, policy: Policy, add: _Add) -> None:
    for key, names, kind, name in (
        ("cases", expectations.cases, "case", case.name),
        ("policies", expectations.policies, "policy", policy.name),
    ):
        if "*" not in names and name not in names:
            add(key, f"are not meant for {kind} {name!r}", f"one of {', '.join(names)}")


def _check_goals(expectations: Expectations, policy: Policy, add: _Add) -> None:
    named = [
        (f"goals.{number}.goal", entry.goal)
        for number, entry in enumerate(expectations.goals, start=1)
    ]
    for (measure, number), entry in expectations.ranges().items():
        for key, bound in (("at_least", entry.at_least), ("at_most", entry.at_most)):
            if isinstance(bound, Relative) and bound.goal is not None:
                named.append((f"{measure}.{number}.{key}.goal", bound.goal))
    for place, goal in named:
        if goal not in policy.goals:
            expected = f"one of {', '.join(policy.goals)}"
            add(place, f"there is no goal {goal!r}", expected, did_you_mean(goal, policy.goals))


def _check_names(
    expectations: Expectations, policy: Policy, rules: Iterable[str], add: _Add
) -> set[str]:
    """Report names that neither rules nor limits have, and return them."""
    known = {**RULES, **BOUNDS, **dict.fromkeys(rules)}
    known |= dict.fromkeys(limit.name for limit in policy.limits)
    unknown = [(place, name) for place, name in _named(expectations) if name not in known]
    for place, name in unknown:
        add(
            place,
            f"there is no rule or limit {name!r}",
            f"a rule of the model or a limit of policy {policy.name!r}",
            did_you_mean(name, known),
        )
    return {name for _, name in unknown}


def _named(expectations: Expectations) -> list[tuple[str, str]]:
    return [(f"rules.{number}", name) for number, name in enumerate(expectations.rules, start=1)]


def _with_ranges(policy: Policy, expectations: Expectations, mark: str) -> Policy:
    """The policy with a limit for each range, so that ranges are joined as limits are."""
    ranges = tuple(
        entry.as_limit(measure, measuring(mark, measure, number))
        for (measure, number), entry in expectations.ranges().items()
    )
    return policy.model_copy(update={"limits": (*policy.limits, *ranges)})


def _at_home(problem: Problem, expectations: Expectations, mark: str) -> Problem:
    """Report a problem with a measuring limit as one with the range that it stands for."""
    place = problem.column or ""
    mark = f"limits.{mark}"
    if not place.startswith(mark):
        return problem
    return replace(problem, file=expectations.path.name, column=place.removeprefix(mark))


def _rules_asking(instance: Instance, mark: str) -> set[str]:
    """Names of the rules, and of the policy's limits, that ask something of a plan."""
    own = tuple(limit for limit in instance.limits if not limit.name.startswith(mark))
    instance = replace(instance, limits=own)
    nothing = Decisions(slots=empty("slots"))
    checked = check_all(Subject(instance, values_of(instance, nothing), nothing))
    return {*checked["rule"], *(limit.name for limit in own)}
