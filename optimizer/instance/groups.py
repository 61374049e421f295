"""Groups of a limit: which terms count together, and amounts that depend on the group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from optimizer.errors import Problems
from optimizer.frames import distinct, keys_of
from optimizer.frames.grouping import Groups
from optimizer.instance.attributes import in_order, value_in_words
from optimizer.instance.attribution import COUNTRY, REGION
from optimizer.instance.measures import Measures, numbered
from optimizer.instance.people import TERM, terms
from optimizer.policy import Amount, Limit

_SIGNS = ",="
"""Separators in a label; a name or value that holds one is put in quotes."""

TOTAL = "total"
"""Group of a limit without ``by``."""

NO_TERMS = terms(pd.DataFrame({"group": pd.Series(dtype="str")}), "")[[*TERM, "group"]]
"""Terms of nothing."""


def limit_place(limit: Limit, *keys: str) -> str:
    """Address of a limit, or of one of its keys, in the policy."""
    return ".".join(["limits", limit.name, *keys])


def measured_by(
    limit: Limit, measures: Measures, where: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Terms of a limit's measure, by its own filters or by others."""
    return measures.terms(
        limit.measure,
        limit.where if where is None else where,
        limit.by,
        limit_place(limit),
        goal=limit.goal,
        optional=limit.optional,
        planned=limit.planned,
        scaled=limit.scaled,
    )


def members(limit: Limit, measures: Measures) -> dict[str, pd.Series]:
    """Which keys of each filtered dimension match all of a limit's filters."""
    found: dict[str, pd.Series] = {}
    for name, values in limit.where.items():
        attribute = measures.dimension(name)
        if attribute is not None:
            matches = attribute.matches(values)
            found[attribute.dimension] = found.get(attribute.dimension, True) & matches
    return found


def group_labels(frame: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """Label of the group of every row."""
    keys = keys_of(frame, by)
    labels = {
        key: ", ".join(
            f"{distinct(name, _SIGNS)}={distinct(value_in_words(value), _SIGNS)}"
            for name, value in zip(by, key, strict=True)
        )
        for key in set(keys)
    }
    return [labels[key] for key in keys]


def grouped(measured: pd.DataFrame, by: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Label the group of every term; terms that belong to no group are left out.

    Parameters
    ----------
    measured
        As :meth:`Measures.terms` gives it.

    Returns
    -------
    pandas.DataFrame
        family, position, coefficient, group.
    pandas.DataFrame
        Index: group label; one column per attribute of ``by``.
    """
    if not by:
        groups = pd.DataFrame(index=pd.Index([TOTAL] if len(measured) else [], dtype="str"))
        return _labelled(measured, TOTAL), groups
    columns = numbered(by)
    found = Groups(measured, columns)
    keys = measured[columns].take(found.firsts)
    order = _in_order(keys_of(keys, columns))
    groups = keys.take(order).set_axis(list(by), axis=1)
    labels = pd.Index(group_labels(groups, by), dtype="str", name="group")
    places = np.full(len(keys), -1)
    places[order] = np.arange(len(order))
    place = found.spread(places, -1)
    rows = np.flatnonzero(place >= 0)
    named = measured.take(rows).reset_index(drop=True)
    return _labelled(named, labels.take(place[rows]).array), groups.set_axis(labels)


def _labelled(measured: pd.DataFrame, group: object) -> pd.DataFrame:
    """Terms with the group of each, or the same one for all."""
    cells = {name: measured[name].array for name in TERM}
    return pd.DataFrame(cells | {"group": group}, index=measured.index)


def _in_order(keys: Sequence[tuple[object, ...]]) -> list[int]:
    """Numbers of the keys without blanks, in the order of their values."""
    filled = [number for number, key in enumerate(keys) if "" not in key]
    columns = zip(*(keys[number] for number in filled), strict=True)
    places = [
        {value: place for place, value in enumerate(in_order(set(values)))} for values in columns
    ]

    def place(number: int) -> list[int]:
        return [of[value] for of, value in zip(places, keys[number], strict=True)]

    return sorted(filled, key=place)


def amounts(wanted: Amount, limit: Limit, groups: pd.DataFrame, measures: Measures) -> pd.Series:
    """Amount times the attribute, summed over the members of each group that match the filter."""
    nothing = pd.Series(0.0, index=groups.index)
    place = limit_place(limit, "per")
    attribute = measures.attributes.find(wanted.per, place)
    if attribute is None:
        return nothing
    figures = measures.attributes.figures(attribute)
    if figures is None:
        measures.attributes.add(place, f"{wanted.per!r} is not numeric", "a numeric attribute")
        return nothing
    member = pd.Series(True, index=figures.index)
    table = measures.attributes.tables[attribute.dimension]
    for name, values in limit.where.items():
        other = measures.dimension(name)
        if other is not None and other.dimension == attribute.dimension:
            member &= other.matches(values)
    if figures[member].isna().any():
        member &= figures.notna() | _counted(limit, attribute.dimension, figures.index, measures)
    own = [name for name in limit.by if dimension_of(measures, name) == attribute.dimension]
    columns = {name: name.rpartition(".")[2] for name in own}
    amounts = []
    for _, row in groups.iterrows():
        inside = member.copy()
        for name in own:
            inside &= table[columns[name]].eq(row[name])
        chosen = figures[inside]
        if chosen.isna().any():
            blank = ", ".join(map(str, chosen.index[chosen.isna()][:5]))
            measures.attributes.add(
                place,
                f"{wanted.per!r} is blank for {blank}",
                "a figure for every member of the group",
            )
        amounts.append(wanted.amount * float(chosen.fillna(0.0).sum()))
    return pd.Series(amounts, index=groups.index, dtype=float)


def _counted(limit: Limit, dimension: str, keys: pd.Index, measures: Measures) -> pd.Series:
    """Which keys of a dimension the limit counts anything of; all where that is not known.

    Filters by countries say nothing of regions, nor the other way round: without them more is
    counted, never less.
    """
    problems = Problems()
    attributes = measures.attributes.telling(problems)
    quiet = replace(measures, attributes=attributes, problems=problems)
    apart = {COUNTRY, REGION} - {dimension}
    where = {
        name: values
        for name, values in limit.where.items()
        if dimension_of(measures, name) not in apart
    }
    name = f"{dimension}.{dimension}"
    found = quiet.terms(
        limit.measure,
        where,
        (name,),
        "",
        goal=limit.goal,
        optional=True,
        planned=limit.planned,
        scaled=limit.scaled,
    )
    if len(problems):
        return pd.Series(True, index=keys)
    return pd.Series(keys.isin(found[numbered((name,))[0]]), index=keys)


def dimension_of(measures: Measures, name: str) -> str | None:
    """Dimension of an attribute; None for an unknown one."""
    attribute = measures.dimension(name)
    return attribute.dimension if attribute else None
