"""Diminishing returns: which raw value counts together, and how much each further unit counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.frames.memory import Steps
from optimizer.instance.attributes import Attributes
from optimizer.instance.groups import TOTAL, group_labels
from optimizer.instance.people import TERM
from optimizer.policy import Goal
from optimizer.policy.goals import Diminishing as Asked


@dataclass(frozen=True)
class JoinedDiminishing:
    """Groups of one goal's raw value and the curve they are counted on.

    Attributes
    ----------
    terms
        family, position, coefficient, group: every value term of the goal, in one group each.
    tangents
        slope, intercept: counted value = min over tangents of slope * raw + intercept.
    """

    goal: str
    terms: pd.DataFrame
    tangents: tuple[tuple[float, float], ...]

    @property
    def groups(self) -> list[str]:
        """Labels of the groups, in key order."""
        return sorted(self.terms["group"].unique())

    def counted(self, raw: pd.Series) -> pd.Series:
        """Value counted for raw values (index: group)."""
        lines = np.array([slope * raw + intercept for slope, intercept in self.tangents])
        return pd.Series(lines.min(axis=0), index=raw.index)


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
    labels = group_labels(pd.DataFrame(parts, index=terms.index), list(parts)) if parts else ""
    return JoinedDiminishing(
        goal=name,
        terms=terms[TERM].assign(group=labels or TOTAL),
        tangents=tangents([(x, factor) for x, factor in asked.breakpoints]),
    )
