"""Groups of a limit: which terms count together, and amounts that depend on the group."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from optimizer.frames import keys_of
from optimizer.instance.attributes import listed
from optimizer.instance.measures import Measures
from optimizer.instance.people import TERM
from optimizer.policy import Amount, Limit

TOTAL = "total"
"""Group of a limit without ``by``."""


def place_of(limit: Limit, *keys: str) -> str:
    """Address of a limit, or of one of its keys, in the policy."""
    return ".".join(["limits", limit.name, *keys])


def members(limit: Limit, measures: Measures) -> dict[str, pd.Series]:
    """Which keys of each filtered dimension match all of a limit's filters."""
    found: dict[str, pd.Series] = {}
    for name, values in limit.where.items():
        attribute = measures.dimension(name)
        if attribute is not None:
            matches = attribute.values.isin(listed(values))
            found[attribute.dimension] = found.get(attribute.dimension, True) & matches
    return found


def group_labels(frame: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """Label of the group of every row."""
    return [
        ", ".join(f"{name}={value}" for name, value in zip(by, key, strict=True))
        for key in keys_of(frame, by)
    ]


def grouped(measured: pd.DataFrame, by: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Label the group of every term; terms that belong to no group are left out."""
    by = list(by)
    if not by:
        groups = pd.DataFrame(index=pd.Index([TOTAL] if len(measured) else [], dtype="str"))
        return measured[TERM].assign(group=TOTAL), groups
    told = measured.dropna(subset=by)
    for name in by:
        told = told[told[name].astype("str").ne("")]
    keys = told[by].drop_duplicates().sort_values(by)
    groups = keys.assign(group=group_labels(keys, by))
    told = told.merge(groups, on=by)
    return told[[*TERM, "group"]], groups.set_index("group")


def amounts(wanted: Amount, limit: Limit, groups: pd.DataFrame, measures: Measures) -> pd.Series:
    """Amount times the attribute, summed over the members of each group that match the filter."""
    nothing = pd.Series(0.0, index=groups.index)
    place = place_of(limit, "per")
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
    own = [name for name in limit.by if dimension_of(measures, name) == attribute.dimension]
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


def dimension_of(measures: Measures, name: str) -> str | None:
    """Dimension of an attribute; None for an unknown one."""
    attribute = measures.dimension(name)
    return attribute.dimension if attribute else None
