"""Shares that cannot be meant: above the whole, or not adding up to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from optimizer.errors import Problem
from optimizer.instance import Instance
from optimizer.instance.bounds import Bound, JoinedLimit
from optimizer.policy import Relative

_TOLERANCE = 1e-9

_Terms = frozenset[tuple[str, int, float]]


@dataclass(frozen=True)
class _Share:
    """One group of a limit that is a part of what its bound compares it with."""

    limit: str
    group: str
    sense: str
    times: float
    is_hard: bool
    part: _Terms
    whole: _Terms


def shares_above_one(instance: Instance) -> Iterator[Problem]:
    """Shares of a whole above 100%, which may be percentages written as they are spoken."""
    told: set[tuple[str, str]] = set()
    for share in _shares(instance):
        key = share.limit, share.sense
        if share.times <= 1 + _TOLERANCE or key in told:
            continue
        told.add(key)
        effect = "limits nothing" if share.sense == "at_most" else "only nothing at all can keep"
        maybe = f"{share.times / 100:g}" if share.times <= 100 else "a share from 0 to 1"
        yield Problem(
            instance.policy.path.name,
            f"{share.times:g} times a whole of which this is a part {effect}",
            column=f"limits.{share.limit}.{share.sense}",
            maybe=maybe,
        )


def gap_of_the_whole(instance: Instance) -> Iterator[Problem]:
    """A gap of 100%, which may be 1% written as it is spoken."""
    policy = instance.policy
    if policy.solver.gap >= 1.0:
        yield Problem(
            policy.path.name,
            "a gap of 1 is one of 100%, with which any plan will do",
            column="solver.gap",
            maybe="0.01",
        )


def shares_that_do_not_add_up(instance: Instance) -> Iterator[Problem]:
    """Floors of parts that ask for more than the whole, and ceilings that leave some of it out."""
    wholes: dict[tuple[_Terms, str], list[_Share]] = {}
    for share in _shares(instance):
        if share.is_hard and share.times <= 1 + _TOLERANCE:
            wholes.setdefault((share.whole, share.sense), []).append(share)
    told: set[tuple[str, ...]] = set()
    for (whole, sense), shares in wholes.items():
        chosen = _apart(shares, largest_first=sense == "at_least")
        total = sum(share.times for share in chosen)
        names = tuple(dict.fromkeys(share.limit for share in chosen))
        if len(chosen) < 2 or names in told:
            continue
        covered = sum(len(share.part) for share in chosen) == len(whole)
        if sense == "at_least" and total > 1 + _TOLERANCE:
            message = f"ask for {total:g} of a whole together, so only nothing at all can keep them"
        elif sense == "at_most" and covered and total < 1 - _TOLERANCE:
            message = f"allow {total:g} of a whole together, so that it can only be nothing at all"
        else:
            continue
        told.add(names)
        groups = f" of {len(chosen)} groups" if len(names) == 1 else ""
        yield Problem(
            instance.policy.path.name,
            f"the shares{groups} of {' and '.join(names)} {message}",
            column=f"limits.{names[0]}.{sense}",
            maybe=f"shares of {'at most' if sense == 'at_least' else 'at least'} 1 in sum",
        )


def _apart(shares: list[_Share], *, largest_first: bool) -> list[_Share]:
    """Shares of parts that do not overlap, the strictest first."""
    taken: set[tuple[str, int, float]] = set()
    chosen = []
    for share in sorted(shares, key=lambda share: share.times, reverse=largest_first):
        if taken.isdisjoint(share.part):
            taken |= share.part
            chosen.append(share)
    return chosen


def _shares(instance: Instance) -> Iterator[_Share]:
    for joined in instance.limits:
        # Of a goal's value a part may be more than the whole.
        if joined.limit.counts.is_of_goal:
            continue
        for bound in joined.bounds:
            wanted = getattr(joined.limit, bound.sense)
            if not isinstance(wanted, Relative):
                continue
            if bound.is_relative and wanted.measure == joined.limit.measure:
                yield from _of_bound(joined, bound)


def _of_bound(joined: JoinedLimit, bound: Bound) -> Iterator[_Share]:
    parts, wholes = _by_group(joined.measured), _by_group(bound.other)
    for group, other in bound.other_group.items():
        part, whole = parts.get(str(group), frozenset()), wholes.get(str(other), frozenset())
        if part and part <= whole:
            yield _Share(
                joined.name,
                str(group),
                bound.sense,
                bound.times,
                joined.limit.soft is None,
                part,
                whole,
            )


def _by_group(terms: pd.DataFrame) -> Mapping[str, _Terms]:
    rows = zip(
        terms["group"].tolist(),
        terms["family"].tolist(),
        terms["position"].tolist(),
        terms["coefficient"].tolist(),
        strict=True,
    )
    found: dict[str, set[tuple[str, int, float]]] = {}
    for group, *term in rows:
        found.setdefault(group, set()).add((term[0], term[1], term[2]))
    return {group: frozenset(each) for group, each in found.items()}
