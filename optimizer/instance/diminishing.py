"""Diminishing returns: which raw value counts together, and how much each further unit counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.frames.memory import Steps
from optimizer.instance.attributes import Attributes
from optimizer.instance.groups import TOTAL, group_labels
from optimizer.instance.people import TERM, constants
from optimizer.policy import Goal
from optimizer.policy.goals import Diminishing as Asked

OF_PEOPLE = frozenset({"country", "region"})
"""What people are grouped by, beside tracks and years."""


@dataclass(frozen=True)
class JoinedDiminishing:
    """Groups of one goal's raw value and the curve they are counted on.

    Attributes
    ----------
    terms
        family, position, coefficient, group: every value term of the goal, in one group each.
    tangents
        slope, intercept: counted value = min over tangents of slope * raw + intercept * size.
    sizes
        Size of each group: what its breakpoints are multiplied by, 1 without ``breakpoints_per``.
    """

    goal: str
    terms: pd.DataFrame
    tangents: tuple[tuple[float, float], ...]
    sizes: Mapping[str, float]

    @property
    def groups(self) -> list[str]:
        """Labels of the groups, in key order."""
        return sorted(self.terms["group"].unique())

    @property
    def anyway(self) -> dict[str, float]:
        """Value counted in each group for what is earned whatever is decided."""
        raw = constants(self.terms).groupby("group")["coefficient"].sum()
        raw = raw.reindex(self.groups, fill_value=0.0)
        return dict(zip(self.groups, self.counted(raw).tolist(), strict=True))

    def counted(self, raw: pd.Series) -> pd.Series:
        """Value counted for raw values (index: group)."""
        size = raw.index.map(self.sizes).to_numpy(dtype=float)
        lines = np.array([slope * raw + intercept * size for slope, intercept in self.tangents])
        return pd.Series(lines.min(axis=0), index=raw.index)


def earned_anyway(
    value: pd.DataFrame, curves: Mapping[str, JoinedDiminishing], goals: Collection[str]
) -> dict[str, float]:
    """Value of every goal that people already here and expected ones earn, whatever is decided.

    With diminishing returns: what is counted of their raw value alone.
    """
    raw = constants(value).groupby("goal")["coefficient"].sum()
    earned = {goal: float(raw.get(goal, 0.0)) for goal in goals}
    for goal, curve in curves.items():
        earned[goal] = sum(curve.anyway.values())
    return earned


def tangents(points: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Lines whose minimum is the curve through (0, 0) with slope ``factor`` from each x on.

    Examples
    --------
    >>> tangents([(0.0, 1.0), (100.0, 0.5)])
    ((1.0, 0.0), (0.5, 50.0))
    """
    lines, height, before, slope = [], 0.0, 0.0, 0.0
    for x, factor in points:
        height += slope * (x - before)
        lines.append((factor, height - factor * x))
        before, slope = x, factor
    return tuple(lines)


def join_diminishing(
    goals: Mapping[str, Goal],
    value: pd.DataFrame,
    attributes: Attributes,
    step: Steps | None = None,
) -> dict[str, JoinedDiminishing]:
    """Group the value terms of every goal that has diminishing returns."""
    step = step or Steps()
    joined = {}
    for name, goal in goals.items():
        if goal.diminishing is not None:
            terms = value[value["goal"].eq(name)]
            joined[name] = step(_join, name, goal.diminishing, terms, attributes, name=name)
    return joined


def _join(
    name: str, asked: Asked, terms: pd.DataFrame, attributes: Attributes
) -> JoinedDiminishing:
    place = f"goals.{name}.diminishing.by"
    parts: dict[str, pd.Series] = {}
    for attribute_name in [*asked.by, *(["year"] if asked.per == "year" else [])]:
        attribute = attributes.find(attribute_name, place)
        if attribute is None or attribute.dimension not in terms:
            continue
        named = attribute.of(terms)
        if (named.isna() | named.eq("")).any():
            attributes.add(
                place,
                f"part of the value of goal {name!r} belongs to no {attribute_name}",
                "groups that every effect of the goal belongs to",
            )
        parts[attribute_name] = named
    table = pd.DataFrame(parts, index=terms.index)
    labels = group_labels(table, list(parts)) if parts else [TOTAL] * len(terms)
    groups = table.set_axis(pd.Index(labels, dtype="str"))
    groups = groups[~groups.index.duplicated()]
    return JoinedDiminishing(
        goal=name,
        terms=terms[TERM].assign(group=pd.array(labels, dtype="str")),
        tangents=tangents([(x, factor) for x, factor in asked.breakpoints]),
        sizes=_sizes(name, asked, groups, attributes),
    )


def _sizes(
    name: str, asked: Asked, groups: pd.DataFrame, attributes: Attributes
) -> dict[str, float]:
    """What the breakpoints of each group are multiplied by: its members' figures added up."""
    alike = dict.fromkeys(map(str, groups.index), 1.0)
    if asked.breakpoints_per is None:
        return alike
    per, place = asked.breakpoints_per, f"goals.{name}.diminishing.breakpoints_per"
    attribute = attributes.find(per, place)
    if attribute is None:
        return alike
    figures = attributes.figures(attribute)
    if figures is None:
        attributes.add(place, f"{per!r} is not numeric", "a numeric attribute")
        return alike
    found = [(each, attributes.quiet().find(str(each), "")) for each in groups]
    own = {str(each): at for each, at in found if at and at.dimension == attribute.dimension}
    grouped = {at.dimension for _, at in found if at} & OF_PEOPLE
    if grouped and attribute.dimension in OF_PEOPLE - grouped:
        attributes.add(
            place,
            f"{per!r} is not an attribute of what is grouped",
            f"an attribute of {' or '.join(sorted(grouped))}",
        )
        return alike
    sizes = {}
    for label, row in groups.iterrows():
        inside = pd.Series(True, index=figures.index)
        for each, at in own.items():
            inside &= at.values.eq(row[each])
        sizes[str(label)] = float(figures[inside].fillna(0.0).sum())
        for fault, faulty in (("blank", figures.isna()), ("below 0", figures < 0)):
            keys = figures.index[inside & faulty]
            if len(keys):
                attributes.add(
                    place,
                    f"{per!r} is {fault} for {', '.join(map(str, keys[:5]))}",
                    "a figure of at least 0 for every member of each group",
                )
    return sizes
