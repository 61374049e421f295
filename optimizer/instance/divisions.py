"""Divisions whose fairness a policy asks for, joined with the case: terms, groups and needs."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from optimizer.frames.memory import Steps
from optimizer.instance.groups import dimension_of, group_labels, grouped
from optimizer.instance.measures import Measures
from optimizer.policy import Fairness

_WITHOUT_TABLE = frozenset({"year", "level", "service"})
"""Dimensions whose keys are no list of who might be given something."""


@dataclass(frozen=True)
class JoinedDivision:
    """A division with its groups and needs.

    Attributes
    ----------
    groups
        Index: group label; one column per attribute of ``by``.
    measured
        family, position, coefficient, group.
    needs
        Need of every group, above 0; 1 where all groups count the same.
    left_out
        Groups without need.
    """

    fairness: Fairness
    groups: pd.DataFrame
    measured: pd.DataFrame
    needs: pd.Series
    left_out: tuple[str, ...]


def division_place(fairness: Fairness, *keys: str) -> str:
    """Address of a division, or of one of its keys, in the policy."""
    return ".".join(["fairness", fairness.name, *keys])


def join_divisions(
    wanted: tuple[Fairness, ...], measures: Measures, step: Steps | None = None
) -> tuple[JoinedDivision, ...]:
    """Resolve every division that the policy names; what has no groups is a problem."""
    step = step or Steps()
    joined = [step(_join, fairness, measures, name=fairness.name) for fairness in wanted]
    return tuple(division for division in joined if division is not None)


def _join(fairness: Fairness, measures: Measures) -> JoinedDivision | None:
    before, place = len(measures.problems), division_place(fairness)
    if fairness.goal in measures.curved:
        measures.attributes.add(
            division_place(fairness, "goal"),
            f"goal {fairness.goal!r} has diminishing returns, so its value has no parts to compare",
            "a goal without diminishing returns",
        )
        return None
    measured = measures.terms(
        fairness.measure,
        fairness.where,
        fairness.by,
        place,
        goal=fairness.goal,
        planned=fairness.planned,
    )
    if len(measures.problems) > before:
        return None
    terms, groups = grouped(measured, fairness.by)
    groups = _with_all_members(fairness, groups, measures)
    if not len(groups):
        measures.attributes.add(place, "has no groups", "filters and groups that the case has")
        return None
    needs = _needs(fairness, groups, measures, set(terms["group"]))
    if needs is None:
        return None
    some = needs > 0
    if not some.any():
        needed = division_place(fairness, "relative_to")
        message = f"{fairness.relative_to!r} is 0 in every group"
        measures.attributes.add(needed, message, "a need above 0 in some group")
        return None
    return JoinedDivision(
        fairness=fairness,
        groups=groups[some.to_numpy()],
        measured=terms,
        needs=needs[some],
        left_out=tuple(map(str, needs.index[~some])),
    )


def _with_all_members(fairness: Fairness, groups: pd.DataFrame, measures: Measures) -> pd.DataFrame:
    """The groups in the order of the case's table, also those that nothing can be given to.

    Of combinations of two tables only those are groups in which something can be counted.
    """
    dimensions = {dimension_of(measures, name) for name in fairness.by}
    if len(dimensions) > 1 or dimensions & _WITHOUT_TABLE:
        return groups
    member = _members(fairness, measures, *dimensions)
    found = {name: measures.dimension(name) for name in fairness.by}
    columns = {name: attribute.values for name, attribute in found.items() if attribute}
    table = pd.DataFrame(columns)[member.to_numpy()]
    blank = table.isna() | table.apply(lambda cells: cells.eq(""))
    filled = table[~blank.any(axis=1)].drop_duplicates()
    labels = group_labels(filled, fairness.by)
    found_groups: pd.DataFrame = filled.set_axis(pd.Index(labels, dtype="str", name="group"))
    return found_groups


def _members(fairness: Fairness, measures: Measures, dimension: str | None) -> pd.Series:
    """Which keys of a dimension match the filters."""
    keys = measures.attributes.keys(str(dimension))
    member = pd.Series(True, index=keys)
    for name, values in fairness.where.items():
        attribute = measures.dimension(name)
        if attribute is not None and attribute.dimension == dimension:
            member &= attribute.matches(values)
    return member


def _needs(
    fairness: Fairness, groups: pd.DataFrame, measures: Measures, counted: set[str]
) -> pd.Series | None:
    """Need of every group: the attribute added up over its members; ``None`` after a problem.

    Parameters
    ----------
    counted
        Groups in which something can be counted: others need no figure.
    """
    if fairness.relative_to is None:
        return pd.Series(1.0, index=groups.index)
    place, attributes = division_place(fairness, "relative_to"), measures.attributes
    attribute = attributes.find(fairness.relative_to, place)
    if attribute is None:
        return None
    figures = attributes.figures(attribute)
    if figures is None:
        message = f"{fairness.relative_to!r} is not numeric"
        attributes.add(place, message, "a numeric attribute")
        return None
    own = [name for name in fairness.by if dimension_of(measures, name) == attribute.dimension]
    if not own:
        attributes.add(
            place,
            f"{fairness.relative_to!r} is known by {attribute.dimension}, but the groups are by "
            f"{', '.join(fairness.by)}",
            f"groups by attributes of {attribute.dimension}, or another attribute",
        )
        return None
    member = _members(fairness, measures, attribute.dimension)
    found = {name: measures.dimension(name) for name in own}
    table = pd.DataFrame({name: each.values for name, each in found.items() if each})
    needs = []
    cells = groups[own].itertuples(index=False, name=None)
    for label, row in zip(groups.index, cells, strict=True):
        inside = member & table.eq(list(row)).all(axis=1)
        chosen = figures[inside]
        if label not in counted and chosen.isna().any():
            needs.append(0.0)
            continue
        if not _are_needs(chosen, fairness, measures):
            return None
        needs.append(float(chosen.sum()))
    return pd.Series(needs, index=groups.index, dtype="float64")


def _are_needs(chosen: pd.Series, fairness: Fairness, measures: Measures) -> bool:
    place = division_place(fairness, "relative_to")
    for is_wrong, told in ((chosen.isna(), "blank"), (chosen < 0, "below 0")):
        if is_wrong.any():
            wrong = ", ".join(map(str, chosen.index[is_wrong][:5]))
            message = f"{fairness.relative_to!r} is {told} for {wrong}"
            measures.attributes.add(place, message, "a figure of at least 0 for every member")
            return False
    return True
