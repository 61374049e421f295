"""A plan compared with what is expected of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from optimizer.case import Case, load_case
from optimizer.case.currency import smallest_unit
from optimizer.errors import PolicyError, Problems
from optimizer.errors.arguments import typed
from optimizer.frames import rows_of
from optimizer.instance.attributes import wanted_values
from optimizer.instance.bounds import JoinedLimit
from optimizer.instance.groups import TOTAL
from optimizer.plan import Plan
from optimizer.plan.checking import recomputed
from optimizer.plan.checks import limit_rows
from optimizer.plan.evaluation import values_of
from optimizer.plan.expectations.joining import Joined, join_expectations, measuring
from optimizer.plan.expectations.models import Expectations, Range, load_expectations
from optimizer.plan.given import ReadPlan
from optimizer.plan.question import require_case
from optimizer.plan.subject import Subject, judged
from optimizer.plan.tolerance import VERTEX
from optimizer.policy import Policy, load_policy
from optimizer.text.figures import apart, figure

_KINDS = {
    "what": "str",
    "key": "str",
    "value": "float64",
    "found": "str",
    "expected": "str",
    "holds": "bool",
    "why": "str",
}
"""Columns of the table of expectations, and their types."""

HOLDS, UNKNOWN = "holds", float("nan")
_Row = tuple[str, str, float, str, str, bool, str]
Ends = tuple[float | None, float | None]


@typed
def check_expectations(
    plan: Plan | ReadPlan,
    expectations: Expectations | str | Path,
    case: Case | str | Path,
    policy: Policy | str | Path,
) -> pd.DataFrame:
    """Compare a plan with what is expected of it.

    Parameters
    ----------
    plan
        A plan, solved here or read. What run.json does not say of a plan that was read is not
        proven; a bare table of slots is one of this policy and case.
    expectations, case, policy
        Loaded, or paths. A policy that was changed for the plan is given as changed.

    Returns
    -------
    pandas.DataFrame
        what, key, value (a number; for rules the rows that are missed), found, expected (both in
        words), holds, why: one row for every number, group and rule that is expected.

    Raises
    ------
    InputError, PolicyError
        Case, policy or expectations are wrong, or the plan was not made with these.
    """
    if not isinstance(expectations, Expectations):
        expectations = load_expectations(expectations)
    case = case if isinstance(case, Case) else load_case(case)
    policy = policy if isinstance(policy, Policy) else load_policy(policy)
    require_case(policy, case)
    plan = recomputed(plan, policy, case)
    _require_same(plan, expectations, case, policy)
    tables = plan.tables
    rules = {*tables["rules"]["rule"], *tables["soft"]["limit"]}
    return compare_expected(plan, join_expectations(expectations, case, policy, rules=rules))


def compare_expected(plan: Plan, joined: Joined) -> pd.DataFrame:
    """Compare a plan with expectations that were joined with its case and policy."""
    subject = Subject(joined.instance, values_of(joined.instance, plan.decisions), plan.decisions)
    wanted = joined.expectations
    rows = [
        *_headline(plan, wanted),
        *_goals(plan, wanted),
        *_ranges(subject, joined),
        *_rules(plan, subject, wanted),
    ]
    return pd.DataFrame(rows, columns=list(_KINDS)).astype(_KINDS)


def _require_same(plan: Plan, expectations: Expectations, case: Case, policy: Policy) -> None:
    """Refuse a plan of another case or policy, or of these as they were before."""
    problems = Problems()
    told = plan.provenance
    is_same_policy = policy.name == plan.policy and told.get("policy_hash") == policy.hash
    is_same_case = case.name == plan.case and told.get("case_hashes") == dict(case.hashes)
    for is_same, kind, name, own in (
        (is_same_policy, "policy", policy.name, plan.policy),
        (is_same_case, "case", case.name, plan.case),
    ):
        if not is_same:
            problems.add(
                expectations.path.name,
                f"cannot be checked: the plan was not made with {kind} {name!r} as it is given",
                expected=f"{kind} {own!r} as it was when the plan was made",
            )
    problems.raise_if_any(PolicyError)


def _headline(plan: Plan, wanted: Expectations) -> Iterator[_Row]:
    if wanted.status:
        expected = " or ".join(wanted.status)
        yield "status", "", UNKNOWN, plan.status, expected, plan.status in wanted.status, ""
    if wanted.gap is not None:
        ends = wanted.gap.at_least, wanted.gap.at_most
        if plan.gap is None:
            yield "gap", "", UNKNOWN, "not proven", _told(*ends), False, ""
        else:
            yield _row(("gap", ""), plan.gap, ends, "")
    if wanted.points is not None:
        ends = wanted.points.at_least, wanted.points.at_most
        yield _row(("points", ""), plan.objective, ends, "")


def _goals(plan: Plan, wanted: Expectations) -> Iterator[_Row]:
    reached = plan.tables["goals"].set_index("goal")
    for entry in wanted.goals:
        spans = {"raw": entry.raw, "scaled": entry.scaled, "weighted": entry.points}
        for column, span in spans.items():
            if span is not None:
                what = f"goal, {'points' if column == 'weighted' else column}"
                value = float(reached[column][entry.goal])
                yield _row((what, entry.goal), value, (span.at_least, span.at_most), entry.why)


def _ranges(subject: Subject, joined: Joined) -> Iterator[_Row]:
    limits = {limit.name: limit for limit in subject.instance.limits}
    for (measure, number), entry in joined.expectations.ranges().items():
        limit = limits.get(measuring(joined.mark, measure, number))
        if limit is None:
            told = "nothing to count", "anything where there is something"
            yield measure, _key(entry, TOTAL), 0.0, *told, True, entry.why
            continue
        for group, value, (low, high), holds in _measured(subject, limit):
            words = _found(value, (low, high), holds), _told(low, high), holds, entry.why
            yield measure, _key(entry, group), value, *words


def _measured(subject: Subject, limit: JoinedLimit) -> Iterator[tuple[str, float, Ends, bool]]:
    """Value of every group, the numbers between which it is expected, and whether it is."""
    unit = smallest_unit(subject.instance.case)
    sides = [judged(rows, unit) for rows in limit_rows(subject, limit)]
    numbers = {str(side["sense"].iloc[0]): side["limit"].tolist() for side in sides}
    nothing: list[float | None] = [None] * len(limit.groups)
    low, high = (numbers.get(sense, nothing) for sense in ("at_least", "at_most"))
    values = sides[0]["value"].tolist()
    holds = ~np.logical_or.reduce([side["broken"].to_numpy() for side in sides])
    columns = zip(limit.groups.index, values, low, high, holds.tolist(), strict=True)
    for group, value, least, most, kept in columns:
        yield str(group), value, (least, most), kept


def _key(entry: Range, group: str) -> str:
    """Filter and group in words; what is grouped by need not be said twice."""
    parts = [
        f"{name}={' or '.join(str(value) for value in wanted_values(wanted))}"
        for name, wanted in entry.where.items()
        if name not in entry.by or group == TOTAL
    ]
    return ", ".join([*parts, group] if group != TOTAL else parts) or TOTAL


def _rules(plan: Plan, subject: Subject, wanted: Expectations) -> Iterator[_Row]:
    for name in wanted.rules:
        rows = _rows_of(name, plan, subject)
        missed = rows[rows["broken"]]
        found = HOLDS
        if len(missed):
            worst = next(rows_of(missed.nsmallest(1, "slack")))
            found = (
                f"missed in {len(missed)} of {len(rows)} rows, "
                f"most by {figure(-worst.slack)} at {worst.key}"
            )
        yield "rule", name, float(len(missed)), found, HOLDS, not len(missed), ""


def _rows_of(name: str, plan: Plan, subject: Subject) -> pd.DataFrame:
    """Every row of the rule, of the limit of the policy or of the custom rule of that name."""
    rules, soft = plan.tables["rules"], plan.tables["soft"]
    own = [limit for limit in subject.instance.limits if limit.name == name]
    unit = smallest_unit(subject.instance.case)
    parts = [rules[rules["rule"].eq(name)]]
    parts += [judged(rows, unit) for limit in own for rows in limit_rows(subject, limit)]
    if not own:
        # What is left are soft custom rules, of which the plan holds the shortfall.
        part = soft[soft["limit"].eq(name)]
        missed = (part["value"] - part["number"]).abs().where(part["percent"] > 0, 0.0)
        size = part["value"].abs() + part["number"].abs()
        told = part.assign(value=missed, limit=0.0, sense="at_most", unit="custom", size=size)
        parts.append(judged(told, unit))
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _row(what: tuple[str, str], value: float, ends: Ends, why: str) -> _Row:
    low, high = ends
    holds = (low is None or value >= low - VERTEX * abs(low)) and (
        high is None or value <= high + VERTEX * abs(high)
    )
    return *what, value, _found(value, ends, holds), _told(low, high), holds, why


def _found(value: float, ends: Ends, holds: bool) -> str:
    """Write a value so that it can be seen to lie beyond its range, where it does."""
    low, high = ends
    end = low if high is None or (low is not None and value < low) else high
    return figure(value) if holds or end is None else apart(value, end)[0]


def _told(low: float | None, high: float | None) -> str:
    """A range in words."""
    if low is not None and high is not None:
        return figure(low) if low == high else f"{figure(low)} to {figure(high)}"
    return f"at most {figure(high)}" if high is not None else f"at least {figure(low or 0.0)}"
