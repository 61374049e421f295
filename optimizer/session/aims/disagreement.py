"""Points of disagreement: what groups have if nothing is agreed on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from optimizer.frames.arrays import Floats
from optimizer.persistent import LoadedModel
from optimizer.persistent.roles import columns_in_order
from optimizer.plan import COLUMNS, Decisions
from optimizer.plan.values import values_of
from optimizer.schema.tables import FORECAST, STANDARD
from optimizer.session.aims.among import Among
from optimizer.session.aims.outcomes import Outcomes
from optimizer.session.aims.steps import with_most_of

TODAY, WORST = "today's plan", "the worst of the payoffs"


@dataclass(frozen=True, eq=False)
class Disagreement:
    """Amount of every group, in units, and where it comes from.

    Attributes
    ----------
    origin
        :data:`TODAY` or :data:`WORST`; blank where time ran out.
    why
        Why it is not today's plan, if it is not.
    """

    amounts: Floats
    origin: str
    why: str = ""


def disagreement_of(among: Among, outcomes: Outcomes, start: Floats) -> Disagreement | None:
    """Today's plan where it keeps every rule, or else the least each group has where others choose.

    Today's plan gives the slots of today in every planned year. Otherwise every group has, in turn,
    as much as any plan of enough points gives it, in the plan of the most points that does so; the
    least that a group has in any of these plans is its worst payoff.

    Returns
    -------
    Disagreement or None
        ``None`` where time ran out.
    """
    x, why = todays_solution(among)
    if x is not None:
        return Disagreement(outcomes.amounts(x), TODAY)
    if among.watch.should_stop():
        return None
    least = outcomes.amounts(start)
    for label, terms in zip(outcomes.labels, outcomes.terms, strict=True):
        x = with_most_of(among, terms, [start], label).x
        if x is None or among.watch.should_stop():
            return None
        least = np.minimum(least, outcomes.amounts(x))
    return Disagreement(least, WORST, why)


def todays_solution(among: Among) -> tuple[Floats | None, str]:
    """The plan of the most points with the slots of today in every planned year, or why not."""
    slots, why = todays_slots(among.loaded)
    x = None if slots is None else _with_slots(among, slots)
    is_told = slots is None or x is not None
    return x, why if is_told else "today's plan does not keep every rule"


def todays_slots(loaded: LoadedModel) -> tuple[pd.DataFrame | None, str]:
    """Slots of today in every planned year, or why they are not known."""
    instance = loaded.instance
    table, tracks = instance.case.table("current_plan"), instance.case.table("tracks")
    planned = tracks.loc[tracks["allocation"].ne(FORECAST), "track"]
    table = table[table["track"].isin(planned)]
    if not len(table):
        return None, "the case has no current_plan"
    if instance.sets.has_regions and table["region"].eq("").any():
        return None, "current_plan does not say in which regions slots are"
    years = pd.DataFrame({"year": list(instance.sets.years)})
    slots = table[["country", "track", "region", "slots"]].merge(years, how="cross")
    found = slots.assign(level=STANDARD)[list(COLUMNS["slots"])]
    if (found["slots"] % 1 != 0).any():
        return None, "current_plan has parts of slots"
    return found.astype(COLUMNS["slots"]), ""


def _with_slots(among: Among, slots: pd.DataFrame) -> Floats | None:
    """The plan of the most points with just these slots; ``None`` if they break a rule."""
    loaded = among.loaded
    values = values_of(loaded.instance, Decisions(slots))
    if len(values.impossible):
        return None
    matrix = loaded.matrix
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    for family in ("cohort", "placements", "slots"):
        columns = columns_in_order(loaded.instance, matrix, family)
        there = columns >= 0
        wanted = values.of[family]
        if (wanted[~there] > 0.0).any():
            return None
        at = columns[there]
        if ((wanted[there] < lower[at]) | (wanted[there] > upper[at])).any():
            return None
        lower[at] = upper[at] = wanted[there]
    reached = among.most(replace(matrix, lower=lower, upper=upper))
    return reached.x
