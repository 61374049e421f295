"""Sides of a comparison made complete: names, the half of a question that they lack, and plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from optimizer.case import Case, load_case
from optimizer.errors import InfeasibleError, NoPlanError, OptimizerError
from optimizer.explain.sides import NO_PLAN_AT_ALL, NOT_ASKED, STOPPED, Side
from optimizer.plan import Plan
from optimizer.plan.question import read_question
from optimizer.policy import Policy, load_policy
from optimizer.session.solving import PlanOptions, begun, planned
from optimizer.solver import Watch


def called(sides: Sequence[Side], names: Sequence[str]) -> list[Side]:
    """Sides by the names that they are given."""
    count = len(set(names)) if len(names) == len(sides) else len(names)
    if count != len(sides):
        raise OptimizerError(
            f"names are {count} for {len(sides)} inputs\n    Expected a name for each."
        )
    return [replace(side, name=name) for side, name in zip(sides, names, strict=True)]


def completed(
    sides: Sequence[Side], policy: Policy | str | Path | None, case: Case | str | Path | None
) -> list[Side]:
    """Give each side the half of a question that it lacks."""
    added_policy = load_policy(policy) if isinstance(policy, str | Path) else policy
    added_case = load_case(case) if isinstance(case, str | Path) else case
    found = []
    for side in sides:
        for name, own, added in (
            ("policy", side.policy, added_policy),
            ("case", side.case, added_case),
        ):
            if own is not None and added is not None:
                raise OptimizerError(
                    f"{side.name} has a {name} of its own\n"
                    f"    Expected inputs without a {name}, or no {name} beside them."
                )
        found.append(
            replace(side, policy=side.policy or added_policy, case=side.case or added_case)
        )
    return found


def sides_solved(sides: Sequence[Side], watch: Watch, gap: float | None) -> list[Side]:
    """Solve for a plan of each side that has policy and case; the first gives the scales.

    Ctrl-C ends all of it: plans that were found stay, and sides that have none are ``stopped``. So
    are those that would count by scales which the time limit left provisional.

    Raises
    ------
    NoPlanError
        If Ctrl-C came before any side had an answer.
    """
    found: list[Side] = []
    for side in sides:
        if side.plan is not None or side.policy is None or side.case is None:
            found.append(side)
            continue
        scales = _handed_on(found, side.policy)
        is_hurried = scales is not None and scales.provenance.get("provisional_scales")
        if watch.interrupted or is_hurried:
            found.append(replace(side, status=STOPPED))
        else:
            found.append(_solved(side, scales, found, watch, gap))
    return found


def _handed_on(before: Sequence[Side], policy: Policy) -> Plan | None:
    """The first plan, whose scales count if it has the goals of a policy."""
    first = next((each.plan for each in before if each.plan is not None), None)
    goals = None if first is None else set(first.provenance["scales"])
    return first if goals == set(policy.goals) else None


def _solved(
    side: Side, scales: Plan | None, before: Sequence[Side], watch: Watch, gap: float | None
) -> Side:
    """A side with its plan, or with the reason why it has none."""
    assert side.policy is not None, "it has both"
    assert side.case is not None, "it has both"
    left = None if watch.time_limit is None else max(watch.seconds_left(), 1e-3)
    own = begun(watch.report, gap=gap, time_limit=left)
    options = PlanOptions(scales=scales, gap=gap)
    try:
        plan = planned(read_question(side.policy, side.case), own, options)
    except InfeasibleError:
        return replace(side, status=NO_PLAN_AT_ALL)
    except NoPlanError as error:
        if error.interrupted and not any(each.status != NOT_ASKED for each in before):
            raise
        return replace(side, status=STOPPED)
    else:
        return replace(side, plan=plan, status=plan.status)
    finally:
        watch.interrupted |= own.interrupted
