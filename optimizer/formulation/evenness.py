"""How far groups lie apart, for ceilings on the Gini coefficient and on Hoover's share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optimizer.formulation.expressions import Sums
from optimizer.instance import Instance
from optimizer.instance.bounds import JoinedLimit, Spread
from optimizer.instance.groups import TOTAL


def add_evenness(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""How far apart groups lie that something is divided among, each by its share in all needs.

    ``division_adds_up``: one account per limit and group, and one for all groups with `hoover`.

    ``distance_counts_up``, ``distance_counts_down``, with `gini` for every pair of groups

    .. math:: apart_{i,j} \ge \pm (share_j \cdot divided_i - share_i \cdot divided_j)

    and with `hoover` for every group, upwards alone, against all groups together:

    .. math:: apart_i \ge divided_i - share_i \sum_j divided_j

    A limit measures the sum of what lies apart, and compares it with so many times what all groups
    get together. Skipped without limits that have `gini` or `hoover`.
    """
    spreads = {limit.name: limit.spread for limit in instance.limits if limit.spread is not None}
    sums = Sums(model, divided_terms(instance.limits), ["limit", "group"])
    groups = [(name, group) for name, spread in spreads.items() for group in _accounts(spread)]
    pairs = [(name, *pair) for name, spread in spreads.items() for pair in _pairs(spread)]
    both = [pair for pair in pairs if spreads[pair[0]].kind == "gini"]
    model.DIVIDED = pyo.Set(initialize=groups, dimen=2)
    model.APART = pyo.Set(initialize=pairs, dimen=3)
    model.APART_BOTH_WAYS = pyo.Set(initialize=both, dimen=3)
    model.divided = pyo.Var(model.DIVIDED, domain=pyo.Reals)
    model.apart = pyo.Var(model.APART, domain=pyo.NonNegativeReals)

    def ahead(model: pyo.ConcreteModel, name: str, one: str, other: str) -> Any:
        """How far one group is ahead of another, or of all together."""
        shares = spreads[name].shares
        whole = 1.0 if other == TOTAL else float(shares[other])
        return whole * model.divided[name, one] - float(shares[one]) * model.divided[name, other]

    @model.Constraint(model.DIVIDED)
    def division_adds_up(model: pyo.ConcreteModel, name: str, group: str) -> object:
        return model.divided[name, group] == sums[name, group]

    @model.Constraint(model.APART)
    def distance_counts_up(model: pyo.ConcreteModel, name: str, one: str, other: str) -> object:
        return model.apart[name, one, other] - ahead(model, name, one, other) >= 0.0

    @model.Constraint(model.APART_BOTH_WAYS)
    def distance_counts_down(model: pyo.ConcreteModel, name: str, one: str, other: str) -> object:
        return model.apart[name, one, other] + ahead(model, name, one, other) >= 0.0


def sum_apart(model: pyo.ConcreteModel, name: str) -> Any:
    """What lies apart in one limit."""
    return sum(model.apart[key] for key in model.APART if key[0] == name)


def divided_terms(limits: Sequence[JoinedLimit]) -> pd.DataFrame:
    """Terms of what groups get: family, position, coefficient, group, limit."""
    parts = []
    for limit in limits:
        if limit.spread is not None:
            terms = limit.spread.terms
            parts.append(terms.assign(limit=limit.name))
            if limit.spread.kind == "hoover":
                parts.append(terms.assign(limit=limit.name, group=TOTAL))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _accounts(spread: Spread) -> list[str]:
    groups = list(map(str, spread.shares.index))
    return [*groups, TOTAL] if spread.kind == "hoover" else groups


def _pairs(spread: Spread) -> Iterator[tuple[str, str]]:
    groups = list(map(str, spread.shares.index))
    if spread.kind == "hoover":
        yield from ((group, TOTAL) for group in groups)
    else:
        yield from combinations(groups, 2)
