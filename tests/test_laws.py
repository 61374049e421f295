"""Laws of optimal values on random cases: what may help, what must not matter."""

from __future__ import annotations

import csv
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optimizer.case import load_case
from optimizer.errors import PolicyError
from optimizer.formulation import build_pyomo
from optimizer.instance import build_instance
from optimizer.persistent import LoadedModel
from optimizer.policy import Amount, Policy, Relative, load_policy
from optimizer.solver import Watch
from random_cases import write_random_case

Row = dict[str, str]
Table = list[Row]

SEEDS = st.integers(0, 10_000)
MONEY = 1_000
TOLERANCE = 1e-6
NO_CHANGES: Mapping[str, object] = {}
few = settings(max_examples=6)


class Drawn:
    """A random case whose tables can be rewritten."""

    def __init__(self, case: Path, policy: Path) -> None:
        self.case, self.policy = case, policy

    def rewrite(self, table: str, change: Callable[[Table], Table]) -> None:
        """Replace the rows of a table, if the case has it."""
        file = self.case / f"{table}.csv"
        if not file.is_file():
            return
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            header, rows = list(reader.fieldnames or []), list(reader)
        with file.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, header)
            writer.writeheader()
            writer.writerows(change(rows))

    def tables(self) -> list[str]:
        return sorted(file.stem for file in self.case.glob("*.csv"))

    def optimum(self, changes: Mapping[str, object] = NO_CHANGES) -> float:
        """Points of the best plan at gap 0; minus infinity where there is no plan."""
        policy = load_policy(self.policy, changes=changes)
        instance = build_instance(load_case(self.case), policy)
        scales = {
            name: float(goal.scale) if isinstance(goal.scale, int | float) else 1.0
            for name, goal in policy.goals.items()
        }
        loaded = LoadedModel(instance, build_pyomo(instance, scales))
        found = loaded.solve(Watch(), gap=0.0).objective
        return float("-inf") if found is None else found


@contextmanager
def drawn(seed: int) -> Iterator[tuple[Drawn, float]]:
    """A random case and its optimum."""
    with tempfile.TemporaryDirectory() as folder:
        found = Drawn(*write_random_case(Path(folder), seed))
        try:
            before = found.optimum()
        except PolicyError:
            # What the instance refuses has no optimum.
            assume(False)
        yield found, before


def at_least(value: float) -> float:
    """The value less what the solver may be off by."""
    return value - TOLERANCE * max(1.0, abs(value)) if value > float("-inf") else value


def close_to(value: float) -> object:
    return pytest.approx(value, rel=TOLERANCE, abs=TOLERANCE)


def multiplied(column: str, factor: float) -> Callable[[Table], Table]:
    return lambda rows: [
        row | {column: repr(float(row[column]) * factor)} if row.get(column) else row
        for row in rows
    ]


@few
@given(SEEDS)
def test_more_budget_never_lowers_the_optimum(seed: int) -> None:
    with drawn(seed) as (case, before):
        case.rewrite("budgets", multiplied("amount_jpy", 1.5))
        assert case.optimum() >= at_least(before)


@few
@given(SEEDS)
def test_higher_caps_and_capacities_never_hurt(seed: int) -> None:
    with drawn(seed) as (case, before):
        case.rewrite(
            "national_caps", lambda rows: [row | {"max": str(int(row["max"]) + 1)} for row in rows]
        )
        case.rewrite("services", multiplied("capacity", 1.5))
        assert case.optimum() >= at_least(before)


@few
@given(SEEDS)
def test_removing_the_limits_never_hurts(seed: int) -> None:
    with drawn(seed) as (case, before):
        assert case.optimum({"limits": []}) >= at_least(before)


@few
@given(SEEDS)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    with drawn(seed) as (case, before):
        hand = random.Random(seed)
        for table in case.tables():
            case.rewrite(table, lambda rows: hand.sample(rows, len(rows)))
        assert case.optimum() == close_to(before)


@few
@given(SEEDS)
def test_what_keys_are_called_does_not_matter(seed: int) -> None:
    with drawn(seed) as (case, before):
        names: dict[str, str] = {}
        for table, key in (("countries", "country"), ("tracks", "track"), ("regions", "region")):
            rename_keys(case, table, key, names)
        rename_keys(case, "budgets", "line", names)
        for table in case.tables():
            case.rewrite(table, lambda rows: [renamed(row, names) for row in rows])
        text = case.policy.read_text(encoding="utf-8")
        # Keys stand in the policy as quoted values, and lines also as keys of carry_over.
        text = re.sub(r'"([^"]+)"', lambda found: f'"{names.get(found[1], found[1])}"', text)
        text = re.sub(r"\b(main|help)(?= =)", lambda found: names.get(found[1], found[1]), text)
        case.policy.write_text(text, encoding="utf-8")
        assert case.optimum() == close_to(before)


def rename_keys(case: Drawn, table: str, key: str, names: dict[str, str]) -> None:
    """Give every key of a table a name that sorts the other way round."""

    def collect(rows: Table) -> Table:
        keys = sorted({row[key] for row in rows}, reverse=True)
        names.update({name: f"{key[0]}k{place}" for place, name in enumerate(keys)})
        return rows

    case.rewrite(table, collect)


KEYS = ("country", "track", "next_track", "region", "line")


def renamed(row: Row, names: Mapping[str, str]) -> Row:
    return {key: names.get(cell, cell) if key in KEYS else cell for key, cell in row.items()}


@few
@given(SEEDS)
def test_the_unit_of_money_does_not_matter(seed: int) -> None:
    with drawn(seed) as (case, before):
        for table in case.tables():
            for column in ("amount", "setup_cost", "yearly_cost", "expansion_cost", "upkeep"):
                case.rewrite(table, multiplied(f"{column}_jpy", MONEY))
        changes = dict(money_changes(load_policy(case.policy)))
        assert case.optimum(changes) == close_to(before)


def money_changes(policy: Policy) -> Iterator[tuple[str, object]]:
    """Every amount of money in a policy, in the smaller unit."""
    for number, floor in enumerate(policy.support_floor, start=1):
        yield f"support_floor.{number}.amount_per_year", floor.amount_per_year * MONEY
    for limit in policy.limits:
        of_money = limit.measure == "spending"
        if of_money and limit.soft_base is not None:
            yield f"limits.{limit.name}.soft_base", limit.soft_base * MONEY
        for side in ("at_least", "at_most"):
            bound: Any = getattr(limit, side)
            address = f"limits.{limit.name}.{side}"
            if isinstance(bound, Relative):
                other = bound.measure == "spending"
                if of_money != other:
                    factor = MONEY if of_money else 1.0 / MONEY
                    yield f"{address}.times", bound.times * factor
            elif of_money and isinstance(bound, Amount):
                yield f"{address}.amount", bound.amount * MONEY
            elif of_money and bound is not None:
                yield address, bound * MONEY


@few
@given(SEEDS)
def test_a_country_that_is_not_eligible_changes_nothing(seed: int) -> None:
    with drawn(seed) as (case, before):

        def with_stranger(rows: Table) -> Table:
            # Like the first country in everything, so that no range and no group is new; without
            # population, of which some limits allow so much per head.
            return [*rows, rows[0] | {"country": "ZZ", "name": "Nowhere", "population": "0"}]

        case.rewrite("countries", with_stranger)
        # A floor for every country cannot be reached by one that sends nobody.
        assume(not has_floor_by_country(load_policy(case.policy)))
        assert case.optimum() == close_to(before)


def has_floor_by_country(policy: Policy) -> bool:
    return any(
        limit.at_least is not None and any("country" in name for name in limit.by)
        for limit in policy.limits
    )
