"""Notes for the reader of a plan beside its figures."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from optimizer.instance import Instance
from optimizer.instance.oddities import net_of_people
from optimizer.instance.sets import BLOCK

INDIFFERENT = (
    "The value of a plan does not depend on which country's people go to which region, except in "
    "blocks planned slot by slot: single slots are filled in nearest to the current plan, then in "
    "proportion to both margins."
)


def notes_of(
    instance: Instance, slots: pd.DataFrame | None, dropped: Collection[str]
) -> tuple[str, ...]:
    """Sentences that are true of this plan, and say something about it.

    Parameters
    ----------
    slots
        Slots that were filled in from their margins; None where they were given.
    dropped
        Limits and rules that need not hold.
    """
    notes = [INDIFFERENT] if slots is not None and _is_filled_in(instance, slots) else []
    net = net_of_people(instance)
    notes += [f"{net[:1].upper()}{net[1:]}"] if net else []
    notes += [f"Dropped for this plan: {', '.join(dropped)}."] if dropped else []
    return tuple(notes)


def _is_filled_in(instance: Instance, slots: pd.DataFrame) -> bool:
    """Whether any slots could go elsewhere: people of two countries in two regions of a block."""
    sets = instance.sets
    if not sets.has_regions:
        return False
    keys = ["country", "track", "level", "year"]
    grouped = slots.merge(sets.cohort[[*keys, "group"]].drop_duplicates(), on=keys)
    spread = grouped.groupby(BLOCK)[["country", "region"]].nunique().gt(1).all(axis=1)
    touched = pd.MultiIndex.from_frame(sets.slots[BLOCK].drop_duplicates())
    return bool(spread[~spread.index.isin(touched)].any())
