"""Limits and commitments joined with the case: which terms, in which groups, up to what number."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from optimizer.frames import keys_of
from optimizer.frames.memory import Steps
from optimizer.instance.bounds import Bound, JoinedLimit
from optimizer.instance.evenness import is_of_evenness, join_even
from optimizer.instance.groups import (
    NO_TERMS,
    TOTAL,
    amounts,
    grouped,
    limit_place,
    measured_by,
)
from optimizer.instance.limit_checks import (
    check_floor,
    check_soft_base,
    compared_are_wanted,
    eligible_by_group,
    filters_match,
    floor_has_members,
    value_is_additive,
)
from optimizer.instance.measures import Measures
from optimizer.instance.own_best import floors_of_own_best
from optimizer.instance.previous import compares_with_before, join_previous
from optimizer.policy import Amount, Even, Limit, OwnBest, Previous, Relative
from optimizer.policy.limits import limit_on_slots
from optimizer.text.figures import apart, plainly


def join_limits(
    limits: tuple[Limit, ...], measures: Measures, step: Steps | None = None
) -> tuple[JoinedLimit, ...]:
    """Resolve every limit of the policy; what matches nothing is a problem unless optional."""
    step = step or Steps()
    joined = [step(_join, limit, measures, name=limit.name) for limit in limits]
    return tuple(limit for limit in joined if limit is not None)


def _join(limit: Limit, measures: Measures) -> JoinedLimit | None:
    if compares_with_before(limit):
        return _join_previous(limit, measures)
    before = len(measures.problems)
    measured = measured_by(limit, measures)
    if len(measures.problems) > before:
        return None
    if not _can_count(limit, measures):
        return None
    if is_of_evenness(limit):
        return join_even(limit, measured, measures)
    measured, groups = grouped(measured, limit.by)
    bounds = [
        _bound(sense, wanted, limit, groups, measures)
        for sense, wanted in (("at_least", limit.at_least), ("at_most", limit.at_most))
        if wanted is not None
    ]
    check_floor(limit, groups, measured, bounds, measures)
    check_soft_base(limit, bounds, measures)
    if not len(groups):
        return None
    counted = limit.counts.is_of_goal and not limit.by and not limit.where
    # A goal's account holds what the plan earns, and a limit counts what is earned anyway too.
    is_apart = counted and not limit.planned
    return JoinedLimit(
        name=limit.name,
        limit=limit,
        groups=groups,
        measured=measured,
        bounds=tuple(bounds),
        counted=counted,
        anyway=measures.anyway.get(limit.goal or "", 0.0) if is_apart else 0.0,
    )


def _can_count(limit: Limit, measures: Measures) -> bool:
    """Whether there is something to filter, to divide and to add up; problems if not."""
    checks = (filters_match, floor_has_members, value_is_additive, compared_are_wanted)
    return all(check(limit, measures) for check in checks)


def _join_previous(limit: Limit, measures: Measures) -> JoinedLimit | None:
    before = len(measures.problems)
    found = join_previous(limit, measures)
    if len(measures.problems) > before:
        return None
    if not _can_count(limit, measures):
        return None
    if found is not None:
        check_floor(limit, found.groups, found.measured, list(found.bounds), measures)
    return found


def with_bounds(joined: JoinedLimit, limit: Limit, measures: Measures) -> JoinedLimit:
    """The same limit with other numbers on the sides it has, each in place of one like it."""
    if compares_with_before(limit):
        return _join_previous(limit, measures) or joined
    if is_of_evenness(limit):
        return join_even(limit, measured_by(limit, measures), measures) or joined
    bounds = []
    for bound in joined.bounds:
        before, wanted = getattr(joined.limit, bound.sense), getattr(limit, bound.sense)
        if wanted == before:
            bounds.append(bound)
        elif isinstance(wanted, Relative):
            bounds.append(replace(bound, times=wanted.times))
        else:
            bounds.append(_bound(bound.sense, wanted, limit, joined.groups, measures))
    check_floor(limit, joined.groups, joined.measured, bounds, measures)
    check_soft_base(limit, bounds, measures)
    return replace(joined, limit=limit, bounds=tuple(bounds))


def _bound(
    sense: str,
    wanted: float | Amount | Relative | Previous | Even | OwnBest,
    limit: Limit,
    groups: pd.DataFrame,
    measures: Measures,
) -> Bound:
    zero = pd.Series(0.0, index=groups.index)
    labels = pd.Series("", index=groups.index, dtype="str")
    if isinstance(wanted, Relative):
        by = limit.by if wanted.by is None else wanted.by
        missing = [name for name in by if name not in limit.by]
        if missing:
            measures.attributes.add(
                limit_place(limit, sense, "by"),
                f"{missing} not among the limit's own groups {list(limit.by)}",
                "the same groups or fewer",
            )
            return Bound(sense, zero, 0.0, NO_TERMS, labels)
        other = measures.terms(
            wanted.measure,
            wanted.where,
            by,
            limit_place(limit, sense),
            goal=wanted.goal,
            optional=limit.optional,
            planned=limit.planned,
        )
        other, other_groups = grouped(other, by)
        if by and len(other_groups):
            known = dict(zip(keys_of(other_groups, by), other_groups.index, strict=True))
            found = [known.get(key, "") for key in keys_of(groups, by)]
            labels = pd.Series(found, index=groups.index, dtype="str")
        elif len(other_groups):
            labels = labels.replace("", TOTAL)
        return Bound(sense, zero, wanted.times, other, labels)
    if isinstance(wanted, Previous | Even):
        raise AssertionError("these bounds are joined elsewhere")
    if isinstance(wanted, OwnBest):
        floors = floors_of_own_best(wanted, limit, groups, measures)
        return Bound(sense, floors, 0.0, NO_TERMS, labels)
    if isinstance(wanted, Amount):
        return Bound(sense, amounts(wanted, limit, groups, measures), 0.0, NO_TERMS, labels)
    return Bound(sense, zero + float(wanted), 0.0, NO_TERMS, labels)


def join_commitments(measures: Measures, step: Steps | None = None) -> tuple[JoinedLimit, ...]:
    """Rows of ``commitments`` as limits on slots, named by their file row."""
    step = step or Steps()
    joined = []
    for row, line in measures.case.table("commitments").iterrows():
        if pd.isna(line["year"]) or int(line["year"]) in measures.sets.years:
            number = int(str(row))
            joined.append(step(_committed, number, _commitment(number, line), measures, name=row))
    return tuple(limit for limit in joined if limit is not None)


def _committed(row: int, limit: Limit, measures: Measures) -> JoinedLimit | None:
    """One commitment joined; one that nobody could keep is a problem."""
    found = _join(limit, measures)
    floor = limit.at_least if isinstance(limit.at_least, int | float) else 0.0
    most = None
    if found is not None:
        most = eligible_by_group(measures.sets, found.measured).get(TOTAL)
    message = expected = ""
    if found is None and floor:
        message = f"{plainly(floor)} slots are committed, but none are possible there"
        expected = "an eligible country and track with a site in that year"
    elif most is not None and floor > most:
        wanted, there = apart(floor, most, plainly)
        message = f"{wanted} is above the {there} eligible applicants"
        expected = f"at most {there}"
    if message:
        measures.problems.add(
            "commitments.csv", message, row=row, column="at_least", expected=expected
        )
    return None if found is None else replace(found, row=row)


def _commitment(row: int, line: pd.Series) -> Limit:
    """One row of ``commitments`` as a limit."""
    keys: dict[str, str | int] = {
        key: str(line[key]) for key in ("country", "track", "region") if line[key]
    }
    if not pd.isna(line["year"]):
        keys["year"] = int(line["year"])
    told = limit_on_slots(
        f"commitments row {row}",
        keys,
        at_least=None if pd.isna(line["at_least"]) else float(line["at_least"]),
        at_most=None if pd.isna(line["at_most"]) else float(line["at_most"]),
        optional=True,
    )
    return Limit(**told)
