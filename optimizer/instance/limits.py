"""Limits and commitments joined with the case: which terms, in which groups, up to what number."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from optimizer.instance.measures import Measures
from optimizer.instance.people import TERM, terms
from optimizer.instance.sets import Sets
from optimizer.policy import Amount, Limit, Relative

TOTAL = "total"
"""Group of a limit without ``by``."""


@dataclass(frozen=True)
class Bound:
    """One side of a limit: ``constant[group] + times * other[other_group[group]]``.

    Attributes
    ----------
    sense
        ``at_least`` or ``at_most``.
    constant
        Number per group; 0 for relative bounds.
    times, other, other_group
        Factor, terms and group of the measure a relative bound refers to; ``other`` is empty for
        plain numbers.
    """

    sense: str
    constant: pd.Series
    times: float
    other: pd.DataFrame
    other_group: pd.Series

    @property
    def is_relative(self) -> bool:
        """Whether the bound moves with another measure."""
        return self.times != 0.0


@dataclass(frozen=True)
class JoinedLimit:
    """One limit with its groups, measured terms and bounds.

    Attributes
    ----------
    groups
        Index: group label; one column per attribute of ``by``.
    measured
        family, position, coefficient, group.
    """

    name: str
    limit: Limit
    groups: pd.DataFrame
    measured: pd.DataFrame
    bounds: tuple[Bound, ...]
    counted: bool = False
    """Whether the measure is a goal's whole value, counted after diminishing returns."""

    def soft_base(self, bound: Bound, group: str) -> float:
        """Amount that is 100 % of a soft limit."""
        return self.limit.soft_base or abs(float(bound.constant[group]))


def join_limits(limits: tuple[Limit, ...], measures: Measures) -> tuple[JoinedLimit, ...]:
    """Resolve every limit of the policy; what matches nothing is a problem unless optional."""
    joined = (_join(limit, measures) for limit in limits)
    return tuple(limit for limit in joined if limit is not None)


def _join(limit: Limit, measures: Measures) -> JoinedLimit | None:
    place = f"limits.{limit.name}"
    before = len(measures.problems)
    measured = measures.terms(
        limit.measure, limit.where, limit.by, place, goal=limit.goal, optional=limit.optional
    )
    if len(measures.problems) > before:
        return None
    if not _filters_match(limit, measures, place) or not _value_is_additive(limit, measures, place):
        return None
    measured, groups = _grouped(measured, limit.by)
    bounds = [
        _bound(sense, wanted, limit, groups, measures, place)
        for sense, wanted in (("at_least", limit.at_least), ("at_most", limit.at_most))
        if wanted is not None
    ]
    _check_floor(limit, groups, measured, bounds, measures, place)
    _check_soft_base(limit, bounds, measures, place)
    if not len(groups):
        return None
    return JoinedLimit(
        name=limit.name,
        limit=limit,
        groups=groups,
        measured=measured,
        bounds=tuple(bounds),
        counted=limit.measure == "value" and not limit.by and not limit.where,
    )


def _filters_match(limit: Limit, measures: Measures, place: str) -> bool:
    """Whether the filters leave a key of every dimension they speak of; a problem if not."""
    if limit.optional:
        return True
    for dimension, keys in _members(limit, measures).items():
        if not keys.any():
            measures.attributes.add(
                f"{place}.where",
                f"no {dimension} matches all of {dict(limit.where)}",
                "a filter that matches something, or optional = true",
            )
            return False
    return True


def _members(limit: Limit, measures: Measures) -> dict[str, pd.Series]:
    """Which keys of each filtered dimension match all of a limit's filters."""
    members: dict[str, pd.Series] = {}
    for name, values in limit.where.items():
        attribute = measures.dimension(name)
        if attribute is not None:
            listed = values if isinstance(values, list | tuple) else [values]
            matches = attribute.values.isin(listed)
            members[attribute.dimension] = members.get(attribute.dimension, True) & matches
    return members


def _value_is_additive(limit: Limit, measures: Measures, place: str) -> bool:
    """Refuse parts of a value that is counted as a whole, with diminishing returns."""
    curved = {
        name
        for name, goal in measures.attributes.policy.goals.items()
        if goal.diminishing is not None
    }
    parts = limit.measure == "value" and bool(limit.by or limit.where)
    goals = {limit.goal} if parts else set()
    for bound in (limit.at_least, limit.at_most):
        if isinstance(bound, Relative) and bound.measure == "value":
            goals.add(bound.goal or limit.goal)
    refused = sorted(goal for goal in goals & curved if goal is not None)
    for goal in refused:
        measures.attributes.add(
            f"{place}.goal",
            f"goal {goal!r} has diminishing returns, so its value has no parts to compare",
            "a limit on its whole value, or a goal without diminishing returns",
        )
    return not refused


def _check_soft_base(
    limit: Limit, bounds: list[Bound], measures: Measures, place: str
) -> None:
    if limit.soft is None or limit.soft_base is not None:
        return
    for bound in bounds:
        empty = [str(group) for group, number in bound.constant.items() if number == 0]
        if empty:
            measures.attributes.add(
                f"{place}.soft_base",
                f"is missing; the number is 0 for {', '.join(empty[:5])}",
                "the number that counts as 100 %",
            )


def _grouped(
    measured: pd.DataFrame, by: list[str] | tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Label the group of every term; terms that belong to no group are left out."""
    by = list(by)
    if not by:
        groups = pd.DataFrame(index=pd.Index([TOTAL] if len(measured) else [], dtype="str"))
        return measured[TERM].assign(group=TOTAL), groups
    told = measured.dropna(subset=by)
    for name in by:
        told = told[told[name].astype("str").ne("")]
    keys = told[by].drop_duplicates().sort_values(by)
    labels = [
        ", ".join(f"{name}={value}" for name, value in zip(by, row, strict=True))
        for row in keys.itertuples(index=False, name=None)
    ]
    groups = keys.assign(group=labels)
    told = told.merge(groups, on=by)
    return told[[*TERM, "group"]], groups.set_index("group")


def _bound(
    sense: str,
    wanted: float | Amount | Relative,
    limit: Limit,
    groups: pd.DataFrame,
    measures: Measures,
    place: str,
) -> Bound:
    none = terms(pd.DataFrame({"group": pd.Series(dtype="str")}), "")[[*TERM, "group"]]
    zero = pd.Series(0.0, index=groups.index)
    labels = pd.Series("", index=groups.index, dtype="str")
    if isinstance(wanted, Relative):
        by = limit.by if wanted.by is None else wanted.by
        missing = [name for name in by if name not in limit.by]
        if missing:
            measures.problems.add(
                file=measures.attributes.policy.path.name,
                column=f"{place}.{sense}.by",
                message=f"{missing} not among the limit's own groups {list(limit.by)}",
                expected="the same groups or fewer",
            )
            return Bound(sense, zero, 0.0, none, labels)
        other = measures.terms(
            wanted.measure,
            wanted.where,
            by,
            f"{place}.{sense}",
            goal=wanted.goal,
            optional=limit.optional,
        )
        other, other_groups = _grouped(other, by)
        if by and len(other_groups):
            named = other_groups.reset_index()
            labels = groups.reset_index().merge(
                named, on=list(by), how="left", suffixes=("", "_other")
            )
            labels = labels.set_index("group")["group_other"].fillna("")
        elif len(other_groups):
            labels = labels.replace("", TOTAL)
        return Bound(sense, zero, wanted.times, other, labels)
    if isinstance(wanted, Amount):
        return Bound(sense, _amounts(wanted, limit, groups, measures, place), 0.0, none, labels)
    return Bound(sense, zero + float(wanted), 0.0, none, labels)


def _amounts(
    wanted: Amount, limit: Limit, groups: pd.DataFrame, measures: Measures, place: str
) -> pd.Series:
    """Amount times the attribute, summed over the members of each group that match the filter."""
    amounts = pd.Series(0.0, index=groups.index)
    attribute = measures.attributes.find(wanted.per, f"{place}.per")
    if attribute is None:
        return amounts
    if not pd.api.types.is_numeric_dtype(attribute.values):
        measures.problems.add(
            file=measures.attributes.policy.path.name,
            column=f"{place}.per",
            message=f"{wanted.per!r} is not numeric",
            expected="a numeric attribute",
        )
        return amounts
    member = pd.Series(True, index=attribute.values.index)
    table = measures.attributes.tables[attribute.dimension]
    for name, values in limit.where.items():
        other = measures.dimension(name)
        if other is not None and other.dimension == attribute.dimension:
            listed = values if isinstance(values, list | tuple) else [values]
            member &= other.values.isin(listed)
    own = [name for name in limit.by if _dimension(measures, name) == attribute.dimension]
    columns = {name: name.rpartition(".")[2] for name in own}
    for label, row in groups.iterrows():
        inside = member.copy()
        for name in own:
            inside &= table[columns[name]].eq(row[name])
        chosen = attribute.values[inside]
        if chosen.isna().any():
            measures.problems.add(
                file=measures.attributes.policy.path.name,
                column=f"{place}.per",
                message=f"{wanted.per!r} is blank for {', '.join(map(str, chosen.index[chosen.isna()][:5]))}",
                expected="a figure for every member of the group",
            )
        amounts[label] = wanted.amount * float(chosen.fillna(0.0).sum())
    return amounts


def _dimension(measures: Measures, name: str) -> str | None:
    attribute = measures.dimension(name)
    return attribute.dimension if attribute else None


def _check_floor(
    limit: Limit,
    groups: pd.DataFrame,
    measured: pd.DataFrame,
    bounds: list[Bound],
    measures: Measures,
    place: str,
) -> None:
    """Refuse floors that no plan can reach: groups without anything, or beyond the applicants."""
    floors = [bound for bound in bounds if bound.sense == "at_least" and not bound.is_relative]
    if not floors or limit.soft is not None or limit.optional:
        return
    for missing in _unreachable(limit, groups, measures, place):
        measures.attributes.add(
            f"{place}.at_least",
            f"{missing} has no {limit.measure} that could reach the floor",
            "groups with something to count, or optional = true",
        )
    if limit.measure != "slots":
        return
    possible = eligible_by_group(measures.sets, measured)
    for label, floor in floors[0].constant.items():
        most = possible.get(label)
        if most is not None and floor > most:
            measures.problems.add(
                file=measures.attributes.policy.path.name,
                column=f"{place}.at_least",
                message=f"the floor {floor:g} for {label} is above the {most:g} eligible applicants",
                expected=f"at most {most:g}",
            )


def _unreachable(
    limit: Limit, groups: pd.DataFrame, measures: Measures, place: str
) -> list[str]:
    """Groups with a floor above 0 but without anything to count."""
    wanted = limit.at_least
    if not limit.by:
        reachable = len(groups) or not isinstance(wanted, int | float) or wanted <= 0
        return [] if reachable else [TOTAL]
    absent = _groups_of(limit, measures)
    here = set(groups.itertuples(index=False, name=None))
    absent = absent[[row not in here for row in absent.itertuples(index=False, name=None)]]
    if isinstance(wanted, Amount):
        absent = absent[_amounts(wanted, limit, absent, measures, place) > 0]
    elif not isinstance(wanted, int | float) or wanted <= 0:
        return []
    return [
        ", ".join(f"{name}={value}" for name, value in zip(limit.by, row, strict=True))
        for row in absent.head(10).itertuples(index=False, name=None)
    ]


def _groups_of(limit: Limit, measures: Measures) -> pd.DataFrame:
    """Every group the case knows: combinations over dimensions of what occurs within each."""
    members = _members(limit, measures)
    parts: dict[str, dict[str, pd.Series]] = {}
    for name in limit.by:
        attribute = measures.dimension(name)
        if attribute is not None:
            parts.setdefault(attribute.dimension, {})[name] = attribute.values
    product = pd.DataFrame(index=[0])
    for dimension, columns in parts.items():
        table = pd.DataFrame(columns)
        if dimension in members:
            table = table[members[dimension]]
        if dimension == "year" and limit.measure == "slots":
            table = table[table.index.isin(measures.sets.years)]
        product = product.merge(table.dropna().drop_duplicates(), how="cross")
    return product[list(limit.by)]


def eligible_by_group(sets: Sets, measured: pd.DataFrame) -> Mapping[str, float]:
    """Applicants who could fill the slots of each group, counted on the country margin."""
    cohort = measured[measured["family"].eq("cohort")]
    keys = sets.cohort.loc[cohort["position"].to_numpy(), ["country", "track", "year"]]
    cells = keys.assign(group=cohort["group"].to_numpy()).drop_duplicates()
    most = cells.merge(sets.pairs, on=["country", "track", "year"])
    return most.groupby("group")["applicants"].sum().to_dict()


def join_commitments(measures: Measures) -> tuple[JoinedLimit, ...]:
    """Rows of ``commitments`` as limits on slots, named by their file row."""
    table = measures.case.table("commitments")
    joined = []
    for row, line in table.iterrows():
        where: dict[str, object] = {
            f"{key}.{key}": line[key] for key in ("country", "track", "region") if line[key]
        }
        if not pd.isna(line["year"]):
            where["year"] = int(line["year"])
            if where["year"] not in measures.sets.years:
                continue
        at_least = None if pd.isna(line["at_least"]) else float(line["at_least"])
        at_most = None if pd.isna(line["at_most"]) else float(line["at_most"])
        limit = Limit(
            name=f"commitments row {row}",
            measure="slots",
            where=where,
            at_least=at_least,
            at_most=at_most,
            optional=True,
        )
        found = _join(limit, measures)
        if found is None and at_least:
            measures.problems.add(
                file="commitments.csv",
                row=int(str(row)),
                column="at_least",
                message=f"{at_least:g} slots are committed, but none are possible there",
                expected="an eligible country and track with a site in that year",
            )
        elif found is not None:
            joined.append(found)
            most = eligible_by_group(measures.sets, found.measured).get(TOTAL)
            if at_least is not None and most is not None and at_least > most:
                measures.problems.add(
                    file="commitments.csv",
                    row=int(str(row)),
                    column="at_least",
                    message=f"{at_least:g} is above the {most:g} eligible applicants",
                    expected=f"at most {most:g}",
                )
    return tuple(joined)
