"""Spending by budget line and year, transfers between lines, and carry-over."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from optimizer.formulation.expressions import Numbers, Sums, add_index
from optimizer.frames import mapping
from optimizer.instance import Instance


def add_budget(model: pyo.ConcreteModel, instance: Instance) -> None:
    r"""A line spends at most its budget, plus what it received, minus what it gave away.

    ``spending_adds_up``: spending by line and year is the sum of the terms of
    :func:`optimizer.instance.money.spending_terms`.

    ``spending_within_budget``

    .. math:: spending_{l,y} + \sum_{l'} transfer_{l,l',y} + carry\_over_{l,y}
        \le amount_{l,y} + \sum_{l'} transfer_{l',l,y} + carry\_over_{l,y-1}

    ``transfer_within_share`` and ``carry_over_within_share``

    .. math:: transfer_{l,l',y} \le share_{l,l'} \cdot amount_{l,y}, \qquad
        carry\_over_{l,y} \le share_l \cdot amount_{l,y}

    ``received_money_is_spent``: money is not passed on.

    .. math:: \sum_{l'} transfer_{l',l,y} + carry\_over_{l,y-1} \le spending_{l,y}

    Transfers exist only between the listed lines; nothing is carried over out of the last year
    of the window.
    """
    numbers = budget_numbers(instance)
    _add_money(model, instance, numbers)
    cost = Sums(model, instance.spending, ["line", "year"])

    @model.Constraint(model.LINE_YEARS)
    def spending_adds_up(model: pyo.ConcreteModel, line: str, year: int) -> object:
        return model.spending[line, year] == cost[line, year]

    @model.Constraint(model.LINE_YEARS)
    def spending_within_budget(model: pyo.ConcreteModel, line: str, year: int) -> object:
        given, received = _moved(model, line, year)
        amount = numbers["spending_within_budget"][line, year]
        return model.spending[line, year] + given <= amount + received

    @model.Constraint(model.TRANSFERS)
    def transfer_within_share(model: pyo.ConcreteModel, line: str, other: str, year: int) -> object:
        most = numbers["transfer_within_share"][line, other, year]
        return model.transfer[line, other, year] <= most

    @model.Constraint(model.CARRY_OVERS)
    def carry_over_within_share(model: pyo.ConcreteModel, line: str, year: int) -> object:
        return model.carry_over[line, year] <= numbers["carry_over_within_share"][line, year]

    @model.Constraint(model.LINE_YEARS)
    def received_money_is_spent(model: pyo.ConcreteModel, line: str, year: int) -> object:
        received = _moved(model, line, year)[1]
        if isinstance(received, int):
            return pyo.Constraint.Skip
        return received <= model.spending[line, year]


def budget_numbers(instance: Instance) -> Numbers:
    """Numbers of the rules on money, by rule and index."""
    window = instance.sets.window
    amount = mapping(instance.budget, ["line", "year"], "amount")
    return {
        "spending_within_budget": amount,
        "transfer_within_share": {
            (transfer.from_, transfer.to, year): transfer.share * amount[transfer.from_, year]
            for transfer in instance.transfers
            for year in window
        },
        "carry_over_within_share": {
            (line, year): share * amount[line, year]
            for line, share in instance.carry_over.items()
            for year in window[:-1]
        },
    }


def _add_money(model: pyo.ConcreteModel, instance: Instance, numbers: Numbers) -> None:
    add_index(model, "LINE_YEARS", instance.budget, ["line", "year"])
    model.TRANSFERS = pyo.Set(initialize=list(numbers["transfer_within_share"]))
    model.CARRY_OVERS = pyo.Set(initialize=list(numbers["carry_over_within_share"]))
    model.spending = pyo.Var(model.LINE_YEARS, domain=pyo.NonNegativeReals)
    model.transfer = pyo.Var(model.TRANSFERS, domain=pyo.NonNegativeReals)
    model.carry_over = pyo.Var(model.CARRY_OVERS, domain=pyo.NonNegativeReals)


def _moved(model: pyo.ConcreteModel, line: str, year: int) -> tuple[Any, Any]:
    """Money a line gives away and receives in a year; the number 0 where it cannot."""
    given = [model.transfer[key] for key in model.TRANSFERS if (key[0], key[2]) == (line, year)]
    received = [model.transfer[key] for key in model.TRANSFERS if key[1:] == (line, year)]
    if (line, year) in model.CARRY_OVERS:
        given.append(model.carry_over[line, year])
    if (line, year - 1) in model.CARRY_OVERS:
        received.append(model.carry_over[line, year - 1])
    return sum(given), sum(received)
