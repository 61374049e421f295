"""The numbers of a model, found from an instance without building the model again.

What is listed here may change in a loaded model: numbers of rules, terms of accounts and costs.
The rules themselves are built from the same functions, so that no formula stands twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from optimizer.formulation.budget import budget_numbers
from optimizer.formulation.caps import cap_numbers
from optimizer.formulation.expressions import Numbers
from optimizer.formulation.limits import (
    commitment_numbers,
    compared_terms,
    measured_terms,
)
from optimizer.formulation.margins import site_numbers
from optimizer.formulation.services import PLACE_YEAR, capacity_numbers
from optimizer.formulation.stability import change_numbers
from optimizer.formulation.support import FLOOR, floor_terms
from optimizer.frames.memory import Steps
from optimizer.instance import Instance


class Terms(NamedTuple):
    """Terms that a rule adds up: by these keys, less the account where there is one.

    Attributes
    ----------
    account
        Component that the row defines as the sum; empty where the sum itself is limited.
    others
        Indices whose rows are defined by other accounts instead of by terms.
    """

    account: str
    by: list[str]
    frame: pd.DataFrame
    others: frozenset[object] = frozenset()

    def same_as(self, other: Terms) -> bool:
        """Whether both are made from the very same frame."""
        return self.frame is other.frame and self._replace(frame=other.frame) == other


NUMBERS: Mapping[str, Callable[[Instance], Numbers]] = {
    "sites": site_numbers,
    "caps": cap_numbers,
    "capacities": capacity_numbers,
    "budgets": budget_numbers,
    "commitments": commitment_numbers,
    "change": change_numbers,
}
"""Where the numbers come from that stand alone on the right of rules."""

BY_LIMIT = frozenset({"limit_at_least", "limit_at_most"})
"""Rules whose rows :func:`optimizer.formulation.limits.limit_rows` tells in full."""

SETTLED = frozenset(
    {
        "placements_match_cohorts",
        "cohort_within_applicants",
        "placements_within_site",
        "intake_adds_up",
        "intake_within_cap",
        "slots_make_cohort",
        "slots_make_placements",
        "cohort_needs_agreement",
        "agreement_stays_open",
        "cohort_reaches_minimum",
        "cohort_needs_active_track",
        "active_track_reaches_minimum",
        "transitions_within_completers",
        "transitions_match_places",
        "residents_add_up",
        "residents_within_cap",
        "spending_within_budget",
        "transfer_within_share",
        "carry_over_within_share",
        "received_money_is_spent",
        "use_within_capacity",
        "counted_under_tangent",
        "commitment_adds_up",
        "commitment_at_least",
        "commitment_at_most",
        "change_counts_cohorts_up",
        "change_counts_cohorts_down",
        "change_counts_places_up",
        "change_counts_places_down",
        "change_adds_up",
        "change_within_limit",
    }
)
"""Rules whose coefficients stay as long as sets, curves and groups do: all that can change in a
loaded model are their numbers on the right, as :data:`NUMBERS` says."""

PRICED = frozenset({"value", "violation", "change"})
"""Components that cost or earn points, as :mod:`optimizer.formulation.goals` says."""


def rule_numbers(instance: Instance, parts: Iterable[str] = tuple(NUMBERS)) -> Numbers:
    """Numbers that stand alone on the right of rules, by rule and index."""
    return {rule: cells for part in parts for rule, cells in NUMBERS[part](instance).items()}


def rule_terms(instance: Instance, step: Steps | None = None) -> dict[str, Terms]:
    """Terms of the accounts that hold costs, uses, values and what limits speak of, by rule.

    Parameters
    ----------
    step
        Gives the very same frames again where nothing that they follow from has changed.
    """
    step = step or Steps()
    curved = frozenset(instance.diminishing)
    counted = [limit for limit in instance.limits if limit.counted]
    whole = frozenset((limit.name, group) for limit in counted for group in limit.groups.index)
    frames = {
        "value_adds_up": step(_plain_value, instance),
        "raw_value_adds_up": step(_curved_value, instance),
        "measure_adds_up": step(_measured, instance),
        "compared_adds_up": step(_compared, instance),
        "support_reaches_floor": step(floor_terms, instance),
    }
    return {
        "spending_adds_up": Terms("spending", ["line", "year"], instance.spending),
        "use_adds_up": Terms("use", PLACE_YEAR, instance.use),
        "value_adds_up": Terms("value", ["goal"], frames["value_adds_up"], curved),
        "raw_value_adds_up": Terms("raw_value", ["goal", "group"], frames["raw_value_adds_up"]),
        "measure_adds_up": Terms("measured", ["limit", "group"], frames["measure_adds_up"], whole),
        "compared_adds_up": Terms(
            "compared", ["limit", "sense", "group"], frames["compared_adds_up"]
        ),
        "support_reaches_floor": Terms("", FLOOR, frames["support_reaches_floor"]),
    }


def _plain_value(instance: Instance) -> pd.DataFrame:
    return instance.value[~instance.value["goal"].isin(instance.diminishing)]


def _curved_value(instance: Instance) -> pd.DataFrame:
    curved = [curve.terms.assign(goal=goal) for goal, curve in instance.diminishing.items()]
    return pd.concat(curved, ignore_index=True) if curved else pd.DataFrame()


def _measured(instance: Instance) -> pd.DataFrame:
    return measured_terms([limit for limit in instance.limits if not limit.counted])


def _compared(instance: Instance) -> pd.DataFrame:
    return compared_terms(instance.limits)
