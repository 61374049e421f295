"""Which blocks are planned slot by slot, because something names their single slots."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import pandas as pd

from optimizer.case import Case
from optimizer.frames import keys_of, rows_of
from optimizer.instance.attributes import Attributes
from optimizer.instance.previous import compares_with_before, lasting_filters
from optimizer.instance.sets import BLOCK, Sets
from optimizer.policy import Limit, Relative


def slot_level_slots(
    case: Case,
    goals: Collection[str],
    limits: Sequence[Limit],
    sets: Sets,
    attributes: Attributes,
) -> pd.DataFrame:
    """Single slots of every slot-level block.

    A block is planned slot by slot where a row of ``scores`` with a region, a commitment with
    country and region, or a limit on slots by attributes of countries and of regions names its
    slots.
    All other blocks stay on their margins: integer slots with those margins always exist.
    """
    quiet = attributes.quiet()
    if not _anything_named(case, goals, limits, quiet):
        # Every single slot as a frame is large; most cases never need it.
        return single_slots(sets.cohort.head(0), sets.placements)
    blocks = single_slots(sets.cohort, sets.placements)
    keep = pd.Series(False, index=blocks.index)
    scores = case.table("scores")
    scores = scores[scores["goal"].isin(goals) & scores["region"].ne("")]
    keep |= _is_in(blocks, scores, ["country", "track", "region"])
    for row in rows_of(case.table("commitments")):
        if row.country and row.region:
            matches = blocks["country"].eq(row.country) & blocks["region"].eq(row.region)
            if row.track:
                matches &= blocks["track"].eq(row.track)
            if not pd.isna(row.year):
                matches &= blocks["year"].eq(int(row.year))
            keep |= matches
    for where, by in _spoken_of(limits, quiet):
        keep |= _named(blocks, where, by, quiet)
    named = blocks.loc[keep, BLOCK].drop_duplicates()
    return blocks.merge(named, on=BLOCK)


def single_slots(cohort: pd.DataFrame, placements: pd.DataFrame) -> pd.DataFrame:
    """Every single slot that could be given: country, track, level, group, region, year."""
    blocks = cohort.merge(placements[[*BLOCK, "region"]], on=BLOCK)
    return blocks[["country", *BLOCK[:3], "region", "year"]]


def _anything_named(
    case: Case, goals: Collection[str], limits: Sequence[Limit], attributes: Attributes
) -> bool:
    """Whether anything at all could name a single slot."""
    scores, commitments = case.table("scores"), case.table("commitments")
    if (scores["goal"].isin(goals) & scores["region"].ne("")).any():
        return True
    if (commitments["country"].ne("") & commitments["region"].ne("")).any():
        return True
    return any(
        {"country", "region"} <= _dimensions(where, by, attributes)
        for where, by in _spoken_of(limits, attributes)
    )


def _spoken_of(
    limits: Sequence[Limit], attributes: Attributes
) -> Iterator[tuple[Mapping[str, object], Sequence[str]]]:
    """Filter and groups of everything that limits count slots by."""
    for limit in limits:
        if limit.counts.is_of_entrants:
            before = compares_with_before(limit)
            yield lasting_filters(limit, attributes) if before else limit.where, limit.by
        for bound in (limit.at_least, limit.at_most):
            if isinstance(bound, Relative) and bound.counts.is_of_entrants:
                yield bound.where, limit.by if bound.by is None else bound.by


def _dimensions(where: Mapping[str, object], by: Sequence[str], attributes: Attributes) -> set[str]:
    found = (attributes.find(name, "") for name in (*where, *by))
    return {attribute.dimension for attribute in found if attribute}


def _named(
    blocks: pd.DataFrame, where: Mapping[str, object], by: Sequence[str], attributes: Attributes
) -> pd.Series:
    """Slots a filter names, if filter and groups speak of countries and regions together."""
    found = {name: attributes.find(name, "") for name in (*where, *by)}
    dimensions = _dimensions(where, by, attributes)
    if not {"country", "region"} <= dimensions or None in found.values():
        return pd.Series(False, index=blocks.index)
    matches = pd.Series(True, index=blocks.index)
    for name, wanted in where.items():
        attribute = found[name]
        if attribute is not None and attribute.dimension in blocks:
            matches &= attribute.of(blocks).isin(attribute.meant(wanted))
    return matches


def _is_in(blocks: pd.DataFrame, table: pd.DataFrame, keys: list[str]) -> pd.Series:
    named = set(keys_of(table, keys))
    if not named:
        return pd.Series(False, index=blocks.index)
    return pd.Series([key in named for key in keys_of(blocks, keys)], index=blocks.index)
