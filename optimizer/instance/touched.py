"""Which blocks are planned slot by slot, because something names their single slots."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems
from optimizer.instance.attributes import Attributes
from optimizer.instance.sets import Sets
from optimizer.policy import Policy, Relative

BLOCK = ["track", "level", "group", "year"]


def with_touched_slots(case: Case, policy: Policy, sets: Sets, attributes: Attributes) -> Sets:
    """Add the single slots of every touched block.

    A block is touched by a ``scores`` row with a region, by a commitment with country and region,
    and by a limit on slots that filters or groups by attributes of countries and of regions.
    All other blocks stay on their margins: integer slots with those margins always exist.
    """
    blocks = sets.cohort.merge(sets.placed[[*BLOCK, "region"]], on=BLOCK)
    keep = pd.Series(False, index=blocks.index)
    scores = case.table("scores")
    scores = scores[scores["goal"].isin(policy.goals) & scores["region"].ne("")]
    keep |= _is_in(blocks, scores, ["country", "track", "region"])
    for row in case.table("commitments").itertuples():
        if row.country and row.region:
            matches = blocks["country"].eq(row.country) & blocks["region"].eq(row.region)
            if row.track:
                matches &= blocks["track"].eq(row.track)
            if not pd.isna(row.year):
                matches &= blocks["year"].eq(int(row.year))
            keep |= matches
    quiet = Attributes(attributes.tables, policy, Problems())
    for limit in policy.limits:
        speakers = [(limit.measure, dict(limit.where), list(limit.by))]
        for bound in (limit.at_least, limit.at_most):
            if isinstance(bound, Relative):
                by = limit.by if bound.by is None else bound.by
                speakers.append((bound.measure, dict(bound.where), list(by)))
        for measure, where, by in speakers:
            if measure == "slots":
                keep |= _named(blocks, where, by, quiet)
    touched = blocks.loc[keep, BLOCK].drop_duplicates()
    slots = blocks.merge(touched, on=BLOCK)
    return replace(sets, slots=slots[["country", *BLOCK[:3], "region", "year"]])


def _named(
    blocks: pd.DataFrame, where: dict[str, object], by: list[str], attributes: Attributes
) -> pd.Series:
    """Slots a filter names, if filter and groups speak of countries and regions together."""
    found = {name: attributes.find(name, "") for name in (*where, *by)}
    dimensions = {attribute.dimension for attribute in found.values() if attribute}
    if not {"country", "region"} <= dimensions or None in found.values():
        return pd.Series(False, index=blocks.index)
    matches = pd.Series(True, index=blocks.index)
    for name, wanted in where.items():
        attribute = found[name]
        listed = wanted if isinstance(wanted, list | tuple) else [wanted]
        if attribute is not None and attribute.dimension in blocks:
            matches &= attribute.of(blocks).isin(listed)
    return matches


def _is_in(blocks: pd.DataFrame, table: pd.DataFrame, keys: list[str]) -> pd.Series:
    named = set(table[keys].itertuples(index=False, name=None))
    if not named:
        return pd.Series(False, index=blocks.index)
    rows = blocks[keys].itertuples(index=False, name=None)
    return pd.Series([row in named for row in rows], index=blocks.index)
