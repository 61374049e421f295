"""Stability: limit and penalty on the change against today's slots."""

from __future__ import annotations

import pandas as pd
import pyomo.environ as pyo

from optimizer.formulation.expressions import Numbers, Sums
from optimizer.frames import keys_of
from optimizer.instance import Instance
from optimizer.instance.people import terms

PAIR_YEAR, SITE_YEAR = ["country", "track", "year"], ["track", "region", "year"]


def add_stability(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Change against the current plan, each year, limited or penalised.

    ``change_counts_cohorts_up``, ``change_counts_cohorts_down``, and for places
    ``change_counts_places_up``, ``change_counts_places_down``

    .. math:: moved_{c,t,y} \ge \pm \Bigl(\sum_k cohort_{c,t,k,y} - current_{c,t}\Bigr)

    ``change_adds_up``

    .. math:: change_y = \frac{100}{\sum current} \sum_{c,t} moved_{c,t,y}

    in percent of today's slots; where every row of ``current_plan`` has a region, the mean of
    that and of the same sum over places. ``change_within_limit``: change is at most 100 *
    max_change. Skipped without ``[stability]``.
    """
    stability = instance.policy.stability
    years = list(instance.sets.years) if stability is not None else []
    model.CHANGE_YEARS = pyo.Set(initialize=years)
    model.change = pyo.Var(model.CHANGE_YEARS, domain=pyo.NonNegativeReals)
    if stability is None:
        return
    total = float(instance.current["slots"].sum())
    margins = [_add_moves(model, instance, "cohorts", instance.current, PAIR_YEAR)]
    if len(instance.current_at):
        margins.append(_add_moves(model, instance, "places", instance.current_at, SITE_YEAR))

    @model.Constraint(model.CHANGE_YEARS)
    def change_adds_up(model: pyo.ConcreteModel, year: int) -> object:
        moved = sum(margin[key] for margin in margins for key in margin if key[2] == year)
        return model.change[year] == 100.0 / total / len(margins) * moved

    most = change_numbers(instance)["change_within_limit"]
    if most:

        @model.Constraint(model.CHANGE_YEARS)
        def change_within_limit(model: pyo.ConcreteModel, year: int) -> object:
            return model.change[year] <= most[year]


def change_numbers(instance: Instance) -> Numbers:
    """Number of the limit on change, in percent, by rule and year."""
    stability = instance.policy.stability
    if stability is None or stability.max_change is None:
        return {"change_within_limit": {}}
    most = 100.0 * stability.max_change
    return {"change_within_limit": dict.fromkeys(instance.sets.years, most)}


def _add_moves(
    model: pyo.ConcreteModel, instance: Instance, what: str, current: pd.DataFrame, keys: list[str]
) -> pyo.Var:
    """Distance of one margin from today's slots, cell by cell."""
    sets = instance.sets
    family, frame = (
        ("cohort", sets.cohort) if what == "cohorts" else ("placements", sets.placements)
    )
    planned = Sums(model, terms(frame, family), keys)
    today = {
        (*row[:2], year): float(row[2])
        for row in keys_of(current, [*keys[:2], "slots"])
        for year in sets.years
    }
    cells = dict.fromkeys([*today, *keys_of(frame, keys)])
    index = pyo.Set(initialize=list(cells), dimen=3)
    model.add_component(f"MOVES_OF_{what.upper()}", index)
    moved = pyo.Var(index, domain=pyo.NonNegativeReals)
    model.add_component(f"moved_{what}", moved)

    def up(model: pyo.ConcreteModel, *key: object) -> object:
        return moved[key] - planned[key] >= -today.get(key, 0.0)

    def down(model: pyo.ConcreteModel, *key: object) -> object:
        return moved[key] + planned[key] >= today.get(key, 0.0)

    model.add_component(f"change_counts_{what}_up", pyo.Constraint(index, rule=up))
    model.add_component(f"change_counts_{what}_down", pyo.Constraint(index, rule=down))
    return moved
