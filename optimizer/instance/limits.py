"""Limits and commitments joined with the case: which terms, in which groups, up to what number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from optimizer.frames import keys_of, mapping, summed
from optimizer.instance.attributes import listed
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


def _place(limit: Limit, *keys: str) -> str:
    """Address of a limit, or of one of its keys, in the policy."""
    return ".".join(["limits", limit.name, *keys])


def _join(limit: Limit, measures: Measures) -> JoinedLimit | None:
    before = len(measures.problems)
    measured = measures.terms(
        limit.measure,
        limit.where,
        limit.by,
        _place(limit),
        goal=limit.goal,
        optional=limit.optional,
    )
    if len(measures.problems) > before:
        return None
    if not _filters_match(limit, measures) or not _value_is_additive(limit, measures):
        return None
    measured, groups = _grouped(measured, limit.by)
    bounds = [
        _bound(sense, wanted, limit, groups, measures)
        for sense, wanted in (("at_least", limit.at_least), ("at_most", limit.at_most))
        if wanted is not None
    ]
    _check_floor(limit, groups, measured, bounds, measures)
    _check_soft_base(limit, bounds, measures)
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


def _filters_match(limit: Limit, measures: Measures) -> bool:
    """Whether the filters leave a key of every dimension they speak of; a problem if not."""
    if limit.optional:
        return True
    for dimension, keys in _members(limit, measures).items():
        if not keys.any():
            measures.attributes.add(
                _place(limit, "where"),
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
            matches = attribute.values.isin(listed(values))
            members[attribute.dimension] = members.get(attribute.dimension, True) & matches
    return members


def _value_is_additive(limit: Limit, measures: Measures) -> bool:
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
            _place(limit, "goal"),
            f"goal {goal!r} has diminishing returns, so its value has no parts to compare",
            "a limit on its whole value, or a goal without diminishing returns",
        )
    return not refused


def _check_soft_base(limit: Limit, bounds: list[Bound], measures: Measures) -> None:
    if limit.soft is None or limit.soft_base is not None:
        return
    for bound in bounds:
        empty = [str(group) for group, number in bound.constant.items() if number == 0]
        if empty:
            measures.attributes.add(
                _place(limit, "soft_base"),
                f"is missing; the number is 0 for {', '.join(empty[:5])}",
                "the number that counts as 100 %",
            )


def _labels(frame: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """Label of the group of every row."""
    return [
        ", ".join(f"{name}={value}" for name, value in zip(by, key, strict=True))
        for key in keys_of(frame, by)
    ]


def _grouped(measured: pd.DataFrame, by: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Label the group of every term; terms that belong to no group are left out."""
    by = list(by)
    if not by:
        groups = pd.DataFrame(index=pd.Index([TOTAL] if len(measured) else [], dtype="str"))
        return measured[TERM].assign(group=TOTAL), groups
    told = measured.dropna(subset=by)
    for name in by:
        told = told[told[name].astype("str").ne("")]
    keys = told[by].drop_duplicates().sort_values(by)
    groups = keys.assign(group=_labels(keys, by))
    told = told.merge(groups, on=by)
    return told[[*TERM, "group"]], groups.set_index("group")


def _bound(
    sense: str,
    wanted: float | Amount | Relative,
    limit: Limit,
    groups: pd.DataFrame,
    measures: Measures,
) -> Bound:
    none = terms(pd.DataFrame({"group": pd.Series(dtype="str")}), "")[[*TERM, "group"]]
    zero = pd.Series(0.0, index=groups.index)
    labels = pd.Series("", index=groups.index, dtype="str")
    if isinstance(wanted, Relative):
        by = limit.by if wanted.by is None else wanted.by
        missing = [name for name in by if name not in limit.by]
        if missing:
            measures.attributes.add(
                _place(limit, sense, "by"),
                f"{missing} not among the limit's own groups {list(limit.by)}",
                "the same groups or fewer",
            )
            return Bound(sense, zero, 0.0, none, labels)
        other = measures.terms(
            wanted.measure,
            wanted.where,
            by,
            _place(limit, sense),
            goal=wanted.goal,
            optional=limit.optional,
        )
        other, other_groups = _grouped(other, by)
        if by and len(other_groups):
            paired = groups.reset_index().merge(
                other_groups.reset_index(), on=list(by), how="left", suffixes=("", "_other")
            )
            labels = paired.set_index("group")["group_other"].fillna("")
        elif len(other_groups):
            labels = labels.replace("", TOTAL)
        return Bound(sense, zero, wanted.times, other, labels)
    if isinstance(wanted, Amount):
        return Bound(sense, _amounts(wanted, limit, groups, measures), 0.0, none, labels)
    return Bound(sense, zero + float(wanted), 0.0, none, labels)


def _amounts(wanted: Amount, limit: Limit, groups: pd.DataFrame, measures: Measures) -> pd.Series:
    """Amount times the attribute, summed over the members of each group that match the filter."""
    nothing = pd.Series(0.0, index=groups.index)
    place = _place(limit, "per")
    attribute = measures.attributes.find(wanted.per, place)
    if attribute is None:
        return nothing
    if not pd.api.types.is_numeric_dtype(attribute.values):
        measures.attributes.add(place, f"{wanted.per!r} is not numeric", "a numeric attribute")
        return nothing
    member = pd.Series(True, index=attribute.values.index)
    table = measures.attributes.tables[attribute.dimension]
    for name, values in limit.where.items():
        other = measures.dimension(name)
        if other is not None and other.dimension == attribute.dimension:
            member &= other.values.isin(listed(values))
    own = [name for name in limit.by if _dimension(measures, name) == attribute.dimension]
    columns = {name: name.rpartition(".")[2] for name in own}
    amounts = []
    for _, row in groups.iterrows():
        inside = member.copy()
        for name in own:
            inside &= table[columns[name]].eq(row[name])
        chosen = attribute.values[inside]
        if chosen.isna().any():
            blank = ", ".join(map(str, chosen.index[chosen.isna()][:5]))
            measures.attributes.add(
                place,
                f"{wanted.per!r} is blank for {blank}",
                "a figure for every member of the group",
            )
        amounts.append(wanted.amount * float(chosen.fillna(0.0).sum()))
    return pd.Series(amounts, index=groups.index, dtype=float)


def _dimension(measures: Measures, name: str) -> str | None:
    attribute = measures.dimension(name)
    return attribute.dimension if attribute else None


def _check_floor(
    limit: Limit,
    groups: pd.DataFrame,
    measured: pd.DataFrame,
    bounds: list[Bound],
    measures: Measures,
) -> None:
    """Refuse floors that no plan can reach: groups without anything, or beyond the applicants."""
    floors = [bound for bound in bounds if bound.sense == "at_least" and not bound.is_relative]
    if not floors or limit.soft is not None or limit.optional:
        return
    place = _place(limit, "at_least")
    for missing in _unreachable(limit, groups, measures):
        measures.attributes.add(
            place,
            f"{missing} has no {limit.measure} that could reach the floor",
            "groups with something to count, or optional = true",
        )
    if limit.measure != "slots":
        return
    possible = eligible_by_group(measures.sets, measured)
    for label, floor in floors[0].constant.items():
        most = possible.get(str(label))
        if most is not None and floor > most:
            measures.attributes.add(
                place,
                f"the floor {floor:g} for {label} is above the {most:g} eligible applicants",
                f"at most {most:g}",
            )


def _unreachable(limit: Limit, groups: pd.DataFrame, measures: Measures) -> list[str]:
    """Groups with a floor above 0 but without anything to count."""
    wanted = limit.at_least
    if not limit.by:
        reachable = len(groups) or not isinstance(wanted, int | float) or wanted <= 0
        return [] if reachable else [TOTAL]
    absent = _groups_of(limit, measures)
    here = set(keys_of(groups, limit.by))
    absent = absent[[key not in here for key in keys_of(absent, limit.by)]]
    if isinstance(wanted, Amount):
        absent = absent[_amounts(wanted, limit, absent, measures) > 0]
    elif not isinstance(wanted, int | float) or wanted <= 0:
        return []
    return _labels(absent.head(10), limit.by)


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
    return mapping(summed(most, ["group"], "applicants"), "group", "applicants")


def join_commitments(measures: Measures) -> tuple[JoinedLimit, ...]:
    """Rows of ``commitments`` as limits on slots, named by their file row."""
    joined = []
    for row, line in measures.case.table("commitments").iterrows():
        if not pd.isna(line["year"]) and int(line["year"]) not in measures.sets.years:
            continue
        limit = _commitment(int(str(row)), line)
        found = _join(limit, measures)
        floor = limit.at_least if isinstance(limit.at_least, int | float) else 0.0
        most = None
        if found is not None:
            joined.append(found)
            most = eligible_by_group(measures.sets, found.measured).get(TOTAL)
        if found is None and floor:
            message = f"{floor:g} slots are committed, but none are possible there"
            expected = "an eligible country and track with a site in that year"
        elif most is not None and floor > most:
            message = f"{floor:g} is above the {most:g} eligible applicants"
            expected = f"at most {most:g}"
        else:
            continue
        measures.problems.add(
            "commitments.csv", message, row=int(str(row)), column="at_least", expected=expected
        )
    return tuple(joined)


def _commitment(row: int, line: pd.Series) -> Limit:
    """One row of ``commitments`` as a limit."""
    where: dict[str, str | int] = {
        f"{key}.{key}": str(line[key]) for key in ("country", "track", "region") if line[key]
    }
    if not pd.isna(line["year"]):
        where["year"] = int(line["year"])
    return Limit(
        name=f"commitments row {row}",
        measure="slots",
        where=where,
        at_least=None if pd.isna(line["at_least"]) else float(line["at_least"]),
        at_most=None if pd.isna(line["at_most"]) else float(line["at_most"]),
        optional=True,
    )
