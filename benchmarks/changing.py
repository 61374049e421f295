"""Changes of weights and budgets: as addresses for us, as numbers of the matrix for the others.

Each is made on top of those before; or, for scenarios, is one number that differs from the policy's
or the case's own, so that the number before it is set back.
"""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tidy import Floats, Tidy

SEED = 7
WEIGHTS, AMOUNTS = (0.5, 1.5), (0.9, 1.3)
"""Factors drawn for a weight and an amount, always of the policy's and the case's own."""
BUDGET_RULES = ("spending_within_budget", "transfer_within_share", "carry_over_within_share")
_WEIGHT, _AMOUNT = "goals.{goal}.weight", "budgets[line={line}, year={year}].amount"


class Change(NamedTuple):
    """One change.

    Attributes
    ----------
    addresses
        For :meth:`optimizer.Session.change`: from the model before it to the model after it.
    scenario
        All that differs after it from the policy and the case, by address.
    costs
        Cost of every goal's value after it, in the loaded units.
    rows, numbers
        Rows whose upper side changes, and the new ones, in the loaded units.
    """

    addresses: dict[str, float]
    scenario: dict[str, float]
    costs: Floats
    rows: list[int]
    numbers: Floats


class Prepared(NamedTuple):
    """The model before all changes, and the changes."""

    tidy: Tidy
    scales: dict[str, float]
    changes: list[Change]


def prepare(name: str, count: int, path: Path, *, single: bool = False) -> None:
    """Draw changes for a case and keep them with its model; single ones set back the last."""
    from cases import case_and_policy
    from formulations import projected
    from optimizer import Session, build_instance, load_case, load_policy

    case_path, policy_path = case_and_policy(name)
    session = Session(policy_path, case_path)
    scales = dict(session.scales)
    instance = build_instance(load_case(case_path), load_policy(policy_path))
    tidy = projected(instance, scales)
    random = np.random.default_rng(SEED)
    goals = {goal: settings.weight for goal, settings in instance.policy.goals.items()}
    table = instance.case.table("budgets")
    keys = zip(table["line"].tolist(), table["year"].tolist(), strict=True)
    amounts = dict(zip(keys, table["amount"].tolist(), strict=True))
    last = instance.case.years[-1]
    own = {_WEIGHT.format(goal=goal): weight for goal, weight in goals.items()}
    own |= {
        _AMOUNT.format(line=line, year=year): amount for (line, year), amount in amounts.items()
    }
    value = [key for family, key in tidy.columns if family == "value"]
    unit = tidy.column_scale[tidy.starts["value"] :][: len(value)] * tidy.units
    rows = {key: number for number, key in enumerate(tidy.rows) if key[0] in BUDGET_RULES}
    shares: dict[str, dict[tuple[str, ...], float]] = {
        "transfer_within_share": {(t.from_, t.to): t.share for t in instance.transfers},
        "carry_over_within_share": {(line,): share for line, share in instance.carry_over.items()},
    }
    changes: list[Change] = []
    made: dict[str, float] = {}
    for _ in range(count):
        goal = str(random.choice(list(goals)))
        line, year = list(amounts)[int(random.integers(len(amounts)))]
        weight = goals[goal] * float(random.uniform(*WEIGHTS))
        amount = amounts[line, year] * float(random.uniform(*AMOUNTS))
        drawn = {_WEIGHT.format(goal=goal): weight, _AMOUNT.format(line=line, year=year): amount}
        if single:
            kept = list(drawn)[int(random.integers(2))]
            addresses = {address: own[address] for address in made} | {kept: drawn[kept]}
            made = {kept: drawn[kept]}
        else:
            addresses, made = drawn, made | drawn
        touched, numbers = [], []
        for (rule, index), row in rows.items():
            key = index if isinstance(index, tuple) else (index,)
            address = _AMOUNT.format(line=key[0], year=min(key[-1], last))
            if address in addresses:
                share = shares[rule][key[:-1]] if rule in shares else 1.0
                touched.append(row)
                numbers.append(share * addresses[address] * tidy.row_scale[row])
        weights = {goal: made.get(_WEIGHT.format(goal=goal), goals[goal]) for goal in goals}
        total = sum(abs(weight) for weight in weights.values())
        costs = [100.0 * weights[str(goal)] / total / scales[str(goal)] for goal in value]
        changes.append(
            Change(addresses, dict(made), np.array(costs) * unit, touched, np.array(numbers))
        )
    path.write_bytes(pickle.dumps(Prepared(tidy, scales, changes)))


def prepared(path: str | Path) -> Prepared:
    found = pickle.loads(Path(path).read_bytes())
    assert isinstance(found, Prepared)
    return found


def changed(tidy: Tidy, change: Change) -> Tidy:
    """The model after a change."""
    cost, upper = tidy.cost.copy(), tidy.row_upper.copy()
    start = tidy.starts["value"]
    cost[start : start + len(change.costs)] = change.costs
    upper[change.rows] = change.numbers
    return replace(tidy, cost=cost, row_upper=upper)
