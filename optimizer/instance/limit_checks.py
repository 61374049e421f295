"""Checks of limits: floors out of reach, parts of a value that only counts as a whole."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optimizer.frames import keys_of
from optimizer.frames.arrays import Floats
from optimizer.frames.grouping import groups, remembered, sums_at
from optimizer.instance.bounds import Bound
from optimizer.instance.groups import (
    TOTAL,
    amounts,
    dimension_of,
    group_labels,
    limit_place,
    members,
)
from optimizer.instance.measures import Measures
from optimizer.instance.people import constants
from optimizer.instance.sets import Sets
from optimizer.policy import Amount, Even, Limit, OwnBest, Previous, Relative
from optimizer.policy.groups_of_goals import GOAL, GOAL_GROUPS
from optimizer.text.figures import apart, plainly

PAIR = ["country", "track", "year"]


def filters_match(limit: Limit, measures: Measures) -> bool:
    """Whether the filters leave a key of every dimension they speak of; a problem if not."""
    if limit.optional:
        return True
    for dimension, keys in members(limit, measures).items():
        if not keys.any():
            measures.attributes.add(
                limit_place(limit, "where"),
                f"no {dimension} matches all of {dict(limit.where)}",
                "a filter that matches something, or optional = true",
            )
            return False
    return True


def floor_has_members(limit: Limit, measures: Measures) -> bool:
    """Whether the case has anything of what a floor is divided by; a problem if not.

    A floor by region would otherwise be dropped without a word in a case without regions.
    """
    if not _asks_for_some(limit):
        return True
    found = {name: measures.dimension(name) for name in limit.by}
    absent = {at.dimension for at in found.values() if at and at.values.empty}
    for dimension in sorted(absent):
        owner = "policy" if dimension in GOAL_GROUPS else "case"
        measures.attributes.add(
            limit_place(limit, "by"),
            f"the {owner} has no {dimension}, so no {limit.counts.noun} could reach the floor",
            f"groups that the {owner} has, or optional = true",
        )
    return not absent


def _asks_for_some(limit: Limit) -> bool:
    """Whether a limit has a floor that must be reached, and is not one of 0."""
    wanted = limit.at_least
    number = wanted.amount if isinstance(wanted, Amount) else wanted
    is_nothing = isinstance(number, int | float) and number <= 0
    return not (wanted is None or is_nothing or limit.soft is not None or limit.optional)


def value_is_additive(limit: Limit, measures: Measures) -> bool:
    """Refuse parts of a value that is counted as a whole, with diminishing returns."""
    parts = limit.counts.is_of_goal and bool(limit.by or limit.where)
    goals = {limit.goal} if parts else set()
    for bound in (limit.at_least, limit.at_most):
        if isinstance(bound, Relative) and bound.counts.is_of_goal:
            goals.add(bound.goal or limit.goal)
    refused = sorted(goal for goal in goals & measures.curved if goal is not None)
    for goal in refused:
        measures.attributes.add(
            limit_place(limit, "goal"),
            f"goal {goal!r} has diminishing returns, so its value has no parts to compare",
            "a limit on its whole value, or a goal without diminishing returns",
        )
    return not refused


def compared_are_wanted(limit: Limit, measures: Measures) -> bool:
    """Refuse to compare how much there is of goals of which less is better."""
    compares = isinstance(limit.at_least, Even) or isinstance(limit.at_most, Even)
    if not compares or all(dimension_of(measures, name) != GOAL for name in limit.by):
        return True
    avoided = sorted(measures.views.avoided.intersection(measures.left(limit.where, GOAL)))
    if avoided:
        measures.attributes.add(
            limit_place(limit, "by"),
            f"less of {', '.join(avoided)} is better, of which none should have as much as others",
            "a filter of goals without these",
        )
    return not avoided


def check_soft_base(limit: Limit, bounds: list[Bound], measures: Measures) -> None:
    """Refuse a soft limit whose number, and so its 100%, is 0 for a group."""
    if limit.soft is None or limit.soft_base is not None:
        return
    for bound in bounds:
        empty = [str(group) for group, number in bound.constant.items() if number == 0]
        if empty:
            measures.attributes.add(
                limit_place(limit, "soft_base"),
                f"is missing; the number is 0 for {', '.join(empty[:5])}",
                "the number that counts as 100%",
            )


def check_floor(
    limit: Limit,
    groups: pd.DataFrame,
    measured: pd.DataFrame,
    bounds: list[Bound],
    measures: Measures,
) -> None:
    """Refuse floors that no plan can reach: groups without anything, or beyond the applicants."""
    floors = [bound for bound in bounds if bound.sense == "at_least"]
    if not floors or not _asks_for_some(limit):
        return
    place = limit_place(limit, "at_least")
    fixed = floors[0].fixed
    here = set(measured["group"])
    empty = [str(label) for label, floor in fixed.items() if floor > 0 and label not in here]
    for missing in [*_unreachable(limit, groups, floors[0], measures), *empty]:
        measures.attributes.add(
            place,
            f"{missing} has no {limit.counts.noun} that could reach the floor",
            "groups with something to count, or optional = true",
        )
    if not limit.counts.is_of_entrants:
        return
    possible = eligible_by_group(measures.sets, measured)
    expected = expected_by_group(measured)
    for label, floor in fixed.items():
        most, anyway = possible.get(str(label)), expected.get(str(label), 0.0)
        if most is not None and floor > most + anyway:
            wanted, there = apart(floor, most + anyway, plainly)
            who = "eligible applicants" + (" and people expected" if anyway else "")
            measures.attributes.add(
                place,
                f"the floor {wanted} for {label} is above the {there} {who}",
                f"at most {there}",
            )


def _unreachable(limit: Limit, groups: pd.DataFrame, floor: Bound, measures: Measures) -> list[str]:
    """Groups with a floor above 0 but without anything to count.

    A floor that moves with another measure asks nothing of single groups without anything to
    count, but may not ask it of none at all.
    """
    wanted = limit.at_least
    asks_nothing = isinstance(wanted, Relative) and (len(groups) or floor.other.empty)
    if isinstance(wanted, Previous | Even | OwnBest) or asks_nothing:
        return []
    if not limit.by:
        return [] if len(groups) else [TOTAL]
    absent = _groups_of(limit, measures)
    here = set(keys_of(groups, limit.by))
    absent = absent.loc[[key not in here for key in keys_of(absent, limit.by)]]
    if isinstance(wanted, Amount):
        absent = absent[amounts(wanted, limit, absent, measures) > 0]
    return group_labels(absent.head(10), limit.by)


def _groups_of(limit: Limit, measures: Measures) -> pd.DataFrame:
    """Every group the case knows: combinations over dimensions of what occurs within each."""
    chosen = members(limit, measures)
    parts: dict[str, dict[str, pd.Series]] = {}
    for name in limit.by:
        attribute = measures.dimension(name)
        if attribute is not None:
            parts.setdefault(attribute.dimension, {})[name] = attribute.values
    product = pd.DataFrame(index=[0])
    for dimension, columns in parts.items():
        table = pd.DataFrame(columns)
        if dimension in chosen:
            table = table[chosen[dimension]]
        if dimension == "year" and limit.counts.is_of_intake:
            table = table[table.index.isin(measures.sets.years)]
        product = product.merge(table.dropna().drop_duplicates(), how="cross")
    return product[list(limit.by)]


def eligible_by_group(sets: Sets, measured: pd.DataFrame) -> Mapping[str, float]:
    """Applicants who could fill the slots of each group, counted on the country margin."""
    cohort = measured[measured["family"].eq("cohort")]
    applicants = remembered([sets.cohort, sets.pairs], "applicants", lambda: _applicants(sets))
    pair = groups(sets.cohort, PAIR).codes[cohort["position"].to_numpy()]
    codes, labels = pd.factorize(cohort["group"])
    # Several levels share the applicants of one country, track and year, who count once.
    group, pair = np.divmod(np.unique(codes * len(applicants) + pair), len(applicants))
    most = np.bincount(group, weights=applicants[pair], minlength=len(labels))
    return dict(zip(labels, most.tolist(), strict=True))


def expected_by_group(measured: pd.DataFrame) -> Mapping[str, float]:
    """What each group counts whatever is decided."""
    sums = constants(measured).groupby("group")["coefficient"].sum()
    return dict(zip(sums.index, sums.tolist(), strict=True))


def _applicants(sets: Sets) -> Floats:
    """Applicants of every country, track and year that has cohorts."""
    applicants = sets.pairs["applicants"].to_numpy(dtype=float)
    return sums_at(groups(sets.cohort, PAIR).keys, sets.pairs, PAIR, applicants)
