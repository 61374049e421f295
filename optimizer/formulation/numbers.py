"""The numbers of a model, found from an instance without building the model again.

What is listed here may change in a loaded model: numbers of rules, terms of accounts and costs.
The rules themselves are built from the same functions, so that no formula stands twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from optimizer.formulation import NUMBERS
from optimizer.formulation.evenness import divided_terms
from optimizer.formulation.expressions import Numbers
from optimizer.formulation.limits import compared_terms, measured_terms
from optimizer.formulation.services import PLACE_YEAR
from optimizer.formulation.support import FLOOR, floor_terms
from optimizer.frames.memory import Steps
from optimizer.instance import Instance
from optimizer.instance.people import decided
from optimizer.schema.rules import RULES


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


BY_LIMIT = frozenset(name for name, rule in RULES.items() if rule.moves == "limit")
"""Rules whose rows :func:`optimizer.formulation.limits.named_limit_rows` gives in full."""

SETTLED = frozenset(name for name, rule in RULES.items() if rule.moves == "number")
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
    elsewhere = [limit for limit in instance.limits if limit.counted or limit.spread is not None]
    whole = frozenset((limit.name, group) for limit in elsewhere for group in limit.groups.index)
    frames = {
        "value_adds_up": step(_plain_value, instance),
        "raw_value_adds_up": step(_curved_value, instance),
        "measure_adds_up": step(_measured, instance),
        "compared_adds_up": step(_compared, instance),
        "division_adds_up": step(_divided, instance),
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
        "division_adds_up": Terms("divided", ["limit", "group"], frames["division_adds_up"]),
        "support_reaches_floor": Terms("", FLOOR, frames["support_reaches_floor"]),
    }


def _plain_value(instance: Instance) -> pd.DataFrame:
    return decided(instance.value[~instance.value["goal"].isin(instance.diminishing)])


def _curved_value(instance: Instance) -> pd.DataFrame:
    curved = [curve.terms.assign(goal=goal) for goal, curve in instance.diminishing.items()]
    return pd.concat(curved, ignore_index=True) if curved else pd.DataFrame()


def _measured(instance: Instance) -> pd.DataFrame:
    return measured_terms([limit for limit in instance.limits if not limit.counted])


def _compared(instance: Instance) -> pd.DataFrame:
    return compared_terms(instance.limits)


def _divided(instance: Instance) -> pd.DataFrame:
    return divided_terms(instance.limits)
