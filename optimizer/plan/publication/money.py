"""Money of budget lines as it is published: rounded where people of sensitive tracks cost any."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse

from optimizer.case import Case
from optimizer.frames import numbers_at
from optimizer.frames.arrays import Floats, Mask
from optimizer.instance import Instance
from optimizer.plan import Plan

if TYPE_CHECKING:
    from optimizer.plan.publication.cells import Cells

_PEOPLE = 10
"""People whose cost money is rounded to."""
_EDGE = 1e-6
"""Share of a unit that is left between a rounded amount and the next one."""


@dataclass(frozen=True)
class RoundedMoney:
    """Amounts that are rounded, and what people cost of them.

    Attributes
    ----------
    spending
        line, agency, purpose, year, budget, spent of every line that is published.
    units
        What the lines that pay for sensitive tracks are rounded to.
    rounded
        Rows of ``spending`` that are rounded.
    by_person
        Cost of one person in each cell for each of these, in units.
    low, high
        How far each can fall and rise and still be rounded to the same, in units.
    """

    spending: pd.DataFrame
    units: Mapping[str, float]
    rounded: Mask
    by_person: scipy.sparse.csr_array
    low: Floats
    high: Floats

    def table(self, are_withheld: Mask, mark: str) -> pd.DataFrame:
        """Give money by line and year as text; what is withheld by its mark."""
        table = self.spending
        unit = numbers_at(table["line"], self.units, 0.0)
        nearest = (table["spent"] / unit.where(self.rounded, 1.0)).round() * unit
        spent = table["spent"].where(~self.rounded, nearest).map("{:.15g}".format)
        spent[np.flatnonzero(self.rounded)[are_withheld]] = mark
        told = unit.where(self.rounded, 0.0).map("{:.15g}".format).where(self.rounded, "")
        return table.assign(spent=spent, rounded_to=told)


def rounding(
    instance: Instance, case: Case, plan: Plan, cells: Cells, sensitive: Sequence[str]
) -> RoundedMoney:
    """Find out which amounts depend on people of sensitive tracks, and by how much."""
    columns = ["line", "agency", "purpose", "year", "budget", "spent"]
    spending = plan.tables["spending"][columns].reset_index(drop=True)
    units = _units(case, sensitive)
    rounded = spending["line"].isin(units).to_numpy()
    told = spending[rounded].reset_index(drop=True)
    unit = numbers_at(told["line"], units).to_numpy()
    exact = told["spent"].to_numpy(dtype=float) / unit
    nearest = np.round(exact)
    costs = _by_person(instance, cells, told)
    return RoundedMoney(
        spending=spending,
        units=units,
        rounded=rounded,
        by_person=scipy.sparse.csr_array(scipy.sparse.diags_array(1.0 / unit) @ costs),
        low=np.minimum(nearest - 0.5 + _EDGE - exact, 0.0),
        high=np.maximum(nearest + 0.5 - _EDGE - exact, 0.0),
    )


def _units(case: Case, sensitive: Sequence[str]) -> dict[str, float]:
    """What is rounded, and to what: the largest cost of ten people for a year, a round number."""
    theirs = {*sensitive, *_followed(case, sensitive)}
    paid = pd.concat([case.table("costs"), case.table("region_costs")])
    largest = paid[paid["track"].isin(theirs) & paid["amount"].gt(0)].groupby("line")["amount"]
    return {str(line): _round_number(_PEOPLE * float(cost)) for line, cost in largest.max().items()}


def _followed(case: Case, tracks: Sequence[str]) -> set[str]:
    """Tracks on which people may stay on from these, one after the other."""
    table = case.table("continuations")
    found: set[str] = set()
    while more := set(table.loc[table["track"].isin({*tracks, *found}), "next_track"]) - found:
        found |= more
    return found


def _round_number(amount: float) -> float:
    """The next of 1, 2, 5, 10, 20, ... that is no less.

    Examples
    --------
    >>> [_round_number(amount) for amount in (1.0, 36e6, 0.3, 6.0)]
    [1.0, 50000000.0, 0.5, 10.0]
    """
    power = 10.0 ** math.floor(math.log10(amount))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= amount)


def _by_person(instance: Instance, cells: Cells, told: pd.DataFrame) -> scipy.sparse.csr_array:
    """Money of each line and year for one person more in each cell."""
    parts, before = [], 0
    for family, frame in (("cohort", cells.by_country), ("placements", cells.by_region)):
        options = getattr(instance.sets, family)
        other = "country" if family == "cohort" else "region"
        keys = ["track", other, "level", "year"]
        numbered = frame[keys].assign(cell=before + np.arange(len(frame)))
        at = options[keys].assign(position=np.arange(len(options))).merge(numbered, on=keys)
        spent = instance.spending[instance.spending["family"].eq(family)]
        spent = spent[["position", "line", "year", "coefficient"]]
        paid = spent.merge(at[["position", "cell"]], on="position")
        parts.append(paid)
        before += len(frame)
    lines = told[["line", "year"]].assign(row=np.arange(len(told)))
    found = pd.concat(parts).merge(lines, on=["line", "year"])
    places = found["row"].to_numpy(), found["cell"].to_numpy()
    return scipy.sparse.csr_array((found["coefficient"].to_numpy(), places), (len(told), before))
