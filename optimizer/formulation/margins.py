"""Cohorts and places: the two margins of the slots, and the limits of each."""

from __future__ import annotations

import pandas as pd
import pyomo.environ as pyo

from optimizer.formulation.expressions import KEYS, Numbers, Sums, add_index
from optimizer.frames import keys_of, mapping
from optimizer.instance import Instance
from optimizer.instance.people import entering, placed_in_told_years, terms
from optimizer.instance.sets import BLOCK


def add_margins(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Slots are planned by their margins: who comes, and where they are placed.

    Single slots are no decisions: for every block, whole slots with these margins exist, because
    the transportation polytope is integral and every country of a block may go to every region
    of it.

    ``placements_match_cohorts``

    .. math:: \sum_r placements_{t,k,g,r,y} = \sum_{c \in g} cohort_{c,t,k,y}
        \qquad \forall t, k, g, y

    Skipped in cases without regions.
    """
    sets = instance.sets
    add_index(model, "COHORTS", sets.cohort, KEYS["cohort"])
    add_index(model, "PLACES", sets.placements, KEYS["placements"])
    model.cohort = pyo.Var(model.COHORTS, domain=pyo.NonNegativeIntegers)
    model.placements = pyo.Var(model.PLACES, domain=pyo.NonNegativeIntegers)
    cohort = Sums(model, terms(sets.cohort, "cohort"), BLOCK)
    placements = Sums(model, terms(sets.placements, "placements"), BLOCK)
    add_index(model, "BLOCKS", sets.placements, BLOCK)

    @model.Constraint(model.BLOCKS)
    def placements_match_cohorts(model: pyo.ConcreteModel, *block: object) -> object:
        return placements[block] == cohort[block]


def add_applicants(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""Nobody is admitted who did not apply.

    ``cohort_within_applicants``

    .. math:: \sum_k cohort_{c,t,k,y} \le applicants_{c,t,y}

    for pairs that need no agreement, or whose agreement exists; the others are covered by
    ``cohort_needs_agreement`` and ``cohort_needs_active_track``. In repeated years the cohort is
    that of the last intake year, of every pair, and the applicants are those of the year.
    """
    sets, pair = instance.sets, ["country", "track", "year"]
    cohort = Sums(model, entering(sets, "cohort"), pair)
    applicants = mapping(
        sets.pairs[sets.pairs["link"].isin(["free", "existing"])], pair, "applicants"
    )
    applicants |= mapping(sets.later_pairs, pair, "applicants")
    model.OPEN_PAIRS = pyo.Set(initialize=[key for key in applicants if cohort.has(key)], dimen=3)

    @model.Constraint(model.OPEN_PAIRS)
    def cohort_within_applicants(model: pyo.ConcreteModel, *pair: object) -> object:
        return cohort[pair] <= applicants[pair]


def add_sites(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""A site hosts at most its places.

    ``placements_within_site``

    .. math:: \sum_{k,g} placements_{t,k,g,r,y} \le max\_slots_{t,r,y}

    In repeated years the places are those of the last intake year; a site that has closed has 0.
    """
    sets = instance.sets
    placements = Sums(model, entering(sets, "placements"), ["track", "region", "year"])
    places = site_numbers(instance)["placements_within_site"]
    model.SITES = pyo.Set(initialize=[key for key in places if placements.has(key)], dimen=3)

    @model.Constraint(model.SITES)
    def placements_within_site(model: pyo.ConcreteModel, *site: object) -> object:
        return placements[site] <= places[site]


def site_numbers(instance: Instance) -> Numbers:
    """Places of the sites, by rule and index."""
    sets, key = instance.sets, ["track", "region", "year"]
    placed, most = placed_in_told_years(sets), mapping(sets.sites, key, "max_slots")
    return {"placements_within_site": {at: most.get(at, 0) for at in keys_of(placed, key)}}


def add_single_slots(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""In slot-level blocks the single slots are decisions, and add up to both margins.

    ``slots_make_cohort`` and ``slots_make_placements``

    .. math:: \sum_r slots_{c,t,k,r,y} = cohort_{c,t,k,y}, \qquad
        \sum_{c \in g} slots_{c,t,k,r,y} = placements_{t,k,g,r,y}

    Skipped for every other block.
    """
    model.SLOTS = pyo.Set(dimen=5)
    # Any key at all may be named: custom rules touch blocks by naming their slots.
    model.slots = pyo.Var(pyo.Any, domain=pyo.NonNegativeIntegers, dense=False)
    model.SLOT_LEVEL_COHORTS = pyo.Set(dimen=4)
    model.SLOT_LEVEL_PLACES = pyo.Set(dimen=5)
    model.slots_make_cohort = pyo.Constraint(model.SLOT_LEVEL_COHORTS)
    model.slots_make_placements = pyo.Constraint(model.SLOT_LEVEL_PLACES)
    link_slots(model, instance.sets.slots)


def link_slots(model: pyo.ConcreteModel, slots: pd.DataFrame) -> None:
    """Make whole blocks of single slots decisions, and tie them to both margins.

    Parameters
    ----------
    slots
        country, track, level, group, region, year: all slots of the blocks.
    """
    cohorts: dict[tuple[object, ...], list[object]] = {}
    places: dict[tuple[object, ...], list[object]] = {}
    for key, cohort, place in zip(
        keys_of(slots, KEYS["slots"]),
        keys_of(slots, KEYS["cohort"]),
        keys_of(slots, KEYS["placements"]),
        strict=True,
    ):
        model.SLOTS.add(key)
        single = model.slots[key]
        cohorts.setdefault(cohort, []).append(single)
        places.setdefault(place, []).append(single)
    for cell, members in cohorts.items():
        model.SLOT_LEVEL_COHORTS.add(cell)
        model.slots_make_cohort.add(cell, pyo.quicksum(members) == model.cohort[cell])
    for cell, members in places.items():
        model.SLOT_LEVEL_PLACES.add(cell)
        model.slots_make_placements.add(cell, pyo.quicksum(members) == model.placements[cell])
