"""Agreements that must be opened, and tracks that run with a minimum cohort or not at all."""

from __future__ import annotations

import pandas as pd
import pyomo.environ as pyo

from optimizer.formulation.expressions import KEYS, Sums, add_index
from optimizer.frames import mapping
from optimizer.instance import Instance
from optimizer.instance.people import terms


def add_agreements(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Slots under a proposed agreement need it open; once open it stays open.

    ``cohort_needs_agreement``

    .. math:: \sum_k cohort_{c,t,k,y} \le applicants_{c,t,y} \cdot agreement_{c,t,y}

    ``agreement_stays_open``

    .. math:: agreement_{c,t,y-1} \le agreement_{c,t,y}

    ``cohort_reaches_minimum``

    .. math:: \sum_k cohort_{c,t,k,y} \ge min\_cohort_t \cdot agreement_{c,t,y}

    An existing agreement is open from the first year on (the factor is 1). A proposed one can be
    open from lead_years after the first year. In years with fewer applicants than the minimum,
    or without a site that could host anybody, there is no cohort and no minimum.
    """
    sets = instance.sets
    add_index(model, "AGREEMENTS", sets.agreement, KEYS["agreement"])
    model.agreement = pyo.Var(model.AGREEMENTS, domain=pyo.Binary)
    cohort = Sums(model, terms(sets.cohort, "cohort"), KEYS["agreement"])
    link = sets.pairs["link"]
    applicants = mapping(sets.pairs[link.eq("proposed")], KEYS["agreement"], "applicants")
    least = _minimum(sets.pairs[link.isin(["existing", "proposed"])])
    model.AGREED_COHORTS = pyo.Set(
        initialize=[key for key in applicants if cohort.has(key)], dimen=3
    )
    model.MINIMUM_COHORTS = pyo.Set(initialize=[key for key in least if cohort.has(key)], dimen=3)

    @model.Constraint(model.AGREED_COHORTS)
    def cohort_needs_agreement(model: pyo.ConcreteModel, *pair: object) -> object:
        return cohort[pair] <= applicants[pair] * model.agreement[pair]

    @model.Constraint(model.AGREEMENTS)
    def agreement_stays_open(
        model: pyo.ConcreteModel, country: str, track: str, year: int
    ) -> object:
        if (country, track, year - 1) not in model.AGREEMENTS:
            return pyo.Constraint.Skip
        return model.agreement[country, track, year - 1] <= model.agreement[country, track, year]

    @model.Constraint(model.MINIMUM_COHORTS)
    def cohort_reaches_minimum(
        model: pyo.ConcreteModel, country: str, track: str, year: int
    ) -> object:
        pair = country, track, year
        is_open = model.agreement[pair] if pair in model.AGREEMENTS else 1
        return cohort[pair] >= least[pair] * is_open


def add_active(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""A pair without agreement but with a minimum cohort runs with at least that, or not.

    ``cohort_needs_active_track``

    .. math:: \sum_k cohort_{c,t,k,y} \le applicants_{c,t,y} \cdot active\_track_{c,t,y}

    ``active_track_reaches_minimum``

    .. math:: \sum_k cohort_{c,t,k,y} \ge min\_cohort_t \cdot active\_track_{c,t,y}

    Skipped where min_cohort is at most 1.
    """
    sets = instance.sets
    cohort = Sums(model, terms(sets.cohort, "cohort"), KEYS["active_track"])
    pairs = sets.pairs[sets.pairs["link"].eq("active")]
    applicants = mapping(pairs, KEYS["active_track"], "applicants")
    least = mapping(pairs, KEYS["active_track"], "min_cohort")
    add_index(model, "ACTIVE_TRACKS", sets.active_track, KEYS["active_track"])
    model.active_track = pyo.Var(model.ACTIVE_TRACKS, domain=pyo.Binary)
    model.ACTIVE_COHORTS = pyo.Set(
        initialize=[key for key in model.ACTIVE_TRACKS if cohort.has(key)], dimen=3
    )

    @model.Constraint(model.ACTIVE_COHORTS)
    def cohort_needs_active_track(model: pyo.ConcreteModel, *pair: object) -> object:
        return cohort[pair] <= applicants[pair] * model.active_track[pair]

    @model.Constraint(model.ACTIVE_COHORTS)
    def active_track_reaches_minimum(model: pyo.ConcreteModel, *pair: object) -> object:
        return cohort[pair] >= least[pair] * model.active_track[pair]


def _minimum(pairs: pd.DataFrame) -> dict[tuple[str, str, int], int]:
    binding = pairs[(pairs["min_cohort"] > 0) & (pairs["applicants"] >= pairs["min_cohort"])]
    return mapping(binding, KEYS["agreement"], "min_cohort")
