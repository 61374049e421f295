"""Cohorts and places: the two margins of the slots, and the limits of each."""

from __future__ import annotations

import pyomo.environ as pyo

from optimizer.formulation.expressions import KEYS, Sums, add_index
from optimizer.frames import mapping
from optimizer.instance import Instance
from optimizer.instance.people import terms
from optimizer.instance.sets import BLOCK


def add_margins(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Slots are planned by their margins: who comes, and where they are placed.

    Single slots are no decisions: for every block, whole slots with these margins exist, because
    the transportation polytope is integral and every country of a block may go to every region
    of it.

    ``placed_matches_cohorts``

    .. math:: \sum_r placed_{t,k,g,r,y} = \sum_{c \in g} cohort_{c,t,k,y}
        \qquad \forall t, k, g, y

    Skipped in cases without regions.
    """
    sets = instance.sets
    add_index(model, "COHORTS", sets.cohort, KEYS["cohort"])
    add_index(model, "PLACES", sets.placed, KEYS["placed"])
    model.cohort = pyo.Var(model.COHORTS, domain=pyo.NonNegativeIntegers)
    model.placed = pyo.Var(model.PLACES, domain=pyo.NonNegativeIntegers)
    cohort = Sums(model, terms(sets.cohort, "cohort"), BLOCK)
    placed = Sums(model, terms(sets.placed, "placed"), BLOCK)
    add_index(model, "BLOCKS", sets.placed, BLOCK)

    @model.Constraint(model.BLOCKS)
    def placed_matches_cohorts(model: pyo.ConcreteModel, *block: object) -> object:
        return placed[block] == cohort[block]


def add_applicants(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Nobody is admitted who did not apply.

    ``cohort_within_applicants``

    .. math:: \sum_k cohort_{c,t,k,y} \le applicants_{c,t,y}

    for pairs that need no agreement, or whose agreement exists; the others are covered by
    ``cohort_needs_agreement`` and ``cohort_needs_running``.
    """
    sets = instance.sets
    cohort = Sums(model, terms(sets.cohort, "cohort"), ["country", "track", "year"])
    pairs = sets.pairs[sets.pairs["link"].isin(["free", "existing"])]
    applicants = mapping(pairs, ["country", "track", "year"], "applicants")
    model.OPEN_PAIRS = pyo.Set(initialize=[key for key in applicants if cohort.has(key)], dimen=3)

    @model.Constraint(model.OPEN_PAIRS)
    def cohort_within_applicants(model: pyo.ConcreteModel, *pair: object) -> object:
        return cohort[pair] <= applicants[pair]


def add_sites(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""A site hosts at most its places.

    ``placed_within_site``

    .. math:: \sum_{k,g} placed_{t,k,g,r,y} \le max\_slots_{t,r,y}
    """
    sets = instance.sets
    placed = Sums(model, terms(sets.placed, "placed"), ["track", "region", "year"])
    places = mapping(sets.sites, ["track", "region", "year"], "max_slots")
    model.SITES = pyo.Set(initialize=[key for key in places if placed.has(key)], dimen=3)

    @model.Constraint(model.SITES)
    def placed_within_site(model: pyo.ConcreteModel, *site: object) -> object:
        return placed[site] <= places[site]


def add_single_slots(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""In touched blocks the single slots are decisions, and add up to both margins.

    ``slots_make_cohort`` and ``slots_make_placed``

    .. math:: \sum_r slots_{c,t,k,r,y} = cohort_{c,t,k,y}, \qquad
        \sum_{c \in g} slots_{c,t,k,r,y} = placed_{t,k,g,r,y}

    Skipped for every other block.
    """
    sets = instance.sets
    add_index(model, "SLOTS", sets.slots, KEYS["slots"])
    model.slots = pyo.Var(model.SLOTS, domain=pyo.NonNegativeIntegers)
    single = terms(sets.slots, "slots")
    by_country, by_region = Sums(model, single, KEYS["cohort"]), Sums(model, single, KEYS["placed"])
    add_index(model, "TOUCHED_COHORTS", sets.slots, KEYS["cohort"])
    add_index(model, "TOUCHED_PLACES", sets.slots, KEYS["placed"])

    @model.Constraint(model.TOUCHED_COHORTS)
    def slots_make_cohort(model: pyo.ConcreteModel, *cell: object) -> object:
        return by_country[cell] == model.cohort[cell]

    @model.Constraint(model.TOUCHED_PLACES)
    def slots_make_placed(model: pyo.ConcreteModel, *cell: object) -> object:
        return by_region[cell] == model.placed[cell]
