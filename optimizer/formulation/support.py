"""The floor under the support that every person of chosen pathways gets."""

from __future__ import annotations

import pandas as pd
import pyomo.environ as pyo

from optimizer.formulation.expressions import Sums
from optimizer.frames import keys_of
from optimizer.instance import Instance

FLOOR = ["track", "entry_year", "floor"]


def add_support(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Those who enter a track in a year get, on average, at least the support floor.

    ``support_reaches_floor``

    .. math:: \sum_{c,k} support_{c,t,k,y} \cdot entrants_{c,t,k,y}
        + \sum_{k,g,r} support_{t,r,y} \cdot entrants_{t,k,g,r,y}
        \ge floor \cdot d_t \sum_{c,k} entrants_{c,t,k,y}

    support is the money of budget lines with purpose ``integration`` for one person over the
    whole stay of d_t years; entrants are cohorts (places) and people who stay on from another
    track. Skipped for tracks outside the floor's filter.
    """
    terms = floor_terms(instance)
    above = Sums(model, terms, FLOOR)
    keys = [] if terms.empty else dict.fromkeys(keys_of(terms, FLOOR))
    model.SUPPORT_FLOORS = pyo.Set(initialize=list(keys), dimen=3)

    @model.Constraint(model.SUPPORT_FLOORS)
    def support_reaches_floor(model: pyo.ConcreteModel, *key: object) -> object:
        if not above.has(key):
            return pyo.Constraint.Skip
        return above[key] >= 0.0


def floor_terms(instance: Instance) -> pd.DataFrame:
    """Support above the floors: family, position, coefficient, track, entry_year, floor."""
    floors = enumerate(instance.support_floor, start=1)
    parts = [terms.assign(floor=number) for number, terms in floors]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
