"""The model in Pyomo: one concept per module, one function per rule.

Symbols used by the rules' formulas:

=========== ==============================================================
symbol      meaning
=========== ==============================================================
c, t, k     country, track, support level
r, y, l, s  host region, year, budget line, service
g           group of countries with the same bands on a track; also a goal
d_t         duration of a track in years
=========== ==============================================================

A *block* is (t, k, g, y). Years y run over the intake years for cohorts, places, agreements and
expansion, and over the whole window (intake years and tail) for everything that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

# Before anything else imports Pyomo.
import optimizer.formulation.light_imports  # noqa: F401, it does something

# isort: split
import pyomo.environ as pyo

from optimizer.formulation.agreements import add_active, add_agreements
from optimizer.formulation.budget import add_budget, budget_numbers
from optimizer.formulation.caps import add_caps, cap_numbers
from optimizer.formulation.collecting import all_kept
from optimizer.formulation.evenness import add_evenness
from optimizer.formulation.expressions import Numbers
from optimizer.formulation.goals import add_goals, add_points, curve_numbers
from optimizer.formulation.limits import add_commitments, add_limits, commitment_numbers
from optimizer.formulation.margins import (
    add_applicants,
    add_margins,
    add_single_slots,
    add_sites,
    site_numbers,
)
from optimizer.formulation.movement import add_movement
from optimizer.formulation.services import add_services, capacity_numbers
from optimizer.formulation.stability import add_stability, change_numbers
from optimizer.formulation.support import add_support
from optimizer.formulation.transitions import add_transitions
from optimizer.instance import Instance
from optimizer.io.pauses import pause
from optimizer.schema.rules import RULES, Rule

__all__ = ["CONCEPTS", "NUMBERS", "RULES", "Model", "Rule", "build_pyomo"]

Model: TypeAlias = pyo.ConcreteModel
"""Type of a built model, for code that only passes it on."""

CONCEPTS: tuple[Callable[[pyo.ConcreteModel, Instance], None], ...] = (
    add_margins,
    add_applicants,
    add_sites,
    add_single_slots,
    add_agreements,
    add_active,
    add_transitions,
    add_movement,
    add_caps,
    add_services,
    add_budget,
    add_goals,
    add_commitments,
    add_evenness,
    add_limits,
    add_support,
    add_stability,
)
"""Functions that add the rules, in the order in which they need each other's decisions."""


NUMBERS: Mapping[str, Callable[[Instance], Numbers]] = {
    "sites": site_numbers,
    "caps": cap_numbers,
    "capacities": capacity_numbers,
    "budgets": budget_numbers,
    "commitments": commitment_numbers,
    "change": change_numbers,
    "curves": curve_numbers,
}
"""Where the numbers come from that stand alone on the right of rules."""


def build_pyomo(instance: Instance, scales: Mapping[str, float]) -> pyo.ConcreteModel:
    """Build the whole model of an instance.

    Parameters
    ----------
    instance
        Joined case and policy.
    scales
        Raw value of each goal that counts as 1 before weights.

    Returns
    -------
    pyomo.environ.ConcreteModel
        Maximises ``points``; every constraint's name is one of :data:`RULES`.
    """
    model = pyo.ConcreteModel(name=f"{instance.policy.name} on {instance.case.name}")
    with all_kept():
        for add_concept in CONCEPTS:
            pause()
            add_concept(model, instance)
        add_points(model, instance, scales)
    return model
