"""National caps on the intake and on the residents of a track."""

from __future__ import annotations

import pyomo.environ as pyo

from optimizer.formulation.expressions import Numbers, Sums
from optimizer.frames import mapping
from optimizer.instance import Instance
from optimizer.instance.people import intake_terms


def add_caps(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""A track admits, or holds, at most its national cap.

    ``intake_adds_up``, ``intake_within_cap``

    .. math:: intake_{t,y} = \sum_{c,k} cohort_{c,t,k,y} + forecast_{t,y} \le max_{t,y}

    ``residents_add_up``, ``residents_within_cap``

    .. math:: residents_{t,y} = \sum_{c,k} \sum_{a=0}^{d_t-1} entrants_{c,t,k,y-a} \le max_{t,y}

    with entrants = cohort + people who stay on from another track + people present or expected.
    forecast are those expected on a forecast track. Only for tracks and years of
    ``national_caps``, whose last row goes on; on residents through the tail. Cohorts of repeated
    years are those of the last intake year.
    """
    sets = instance.sets
    cohort = Sums(model, intake_terms(sets, instance.people), ["track", "year"])
    present = Sums(model, instance.people.present, ["track", "year"])
    numbers = cap_numbers(instance)
    most_in, most_here = numbers["intake_within_cap"], numbers["residents_within_cap"]
    model.CAPPED_INTAKES = pyo.Set(initialize=[key for key in most_in if key in cohort], dimen=2)
    model.CAPPED_RESIDENTS = pyo.Set(initialize=list(most_here), dimen=2)
    model.intake = pyo.Var(model.CAPPED_INTAKES, domain=pyo.NonNegativeReals)
    model.residents = pyo.Var(model.CAPPED_RESIDENTS, domain=pyo.NonNegativeReals)

    @model.Constraint(model.CAPPED_INTAKES)
    def intake_adds_up(model: pyo.ConcreteModel, track: str, year: int) -> object:
        return model.intake[track, year] == cohort[track, year]

    @model.Constraint(model.CAPPED_INTAKES)
    def intake_within_cap(model: pyo.ConcreteModel, track: str, year: int) -> object:
        return model.intake[track, year] <= most_in[track, year]

    @model.Constraint(model.CAPPED_RESIDENTS)
    def residents_add_up(model: pyo.ConcreteModel, track: str, year: int) -> object:
        return model.residents[track, year] == present[track, year]

    @model.Constraint(model.CAPPED_RESIDENTS)
    def residents_within_cap(model: pyo.ConcreteModel, track: str, year: int) -> object:
        return model.residents[track, year] <= most_here[track, year]


def cap_numbers(instance: Instance) -> Numbers:
    """Numbers of the caps, by rule and index."""
    caps = instance.caps.astype({"max": float})
    return {
        f"{counts}_within_cap": mapping(caps[caps["counts"].eq(counts)], ["track", "year"], "max")
        for counts in ("intake", "residents")
    }
