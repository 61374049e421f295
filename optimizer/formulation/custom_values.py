"""Custom rules checked on a plan's numbers, through the expressions they were written in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
from pyomo.core.expr.visitor import identify_variables
from pyomo.repn import generate_standard_repn

from optimizer.errors import ExtensionError, Problems
from optimizer.formulation.custom import base_of
from optimizer.formulation.custom_rows import EXTEND
from optimizer.formulation.expressions import KEYS
from optimizer.frames import keys_of
from optimizer.frames.arrays import Floats
from optimizer.instance import Instance
from optimizer.schema.decisions import families
from optimizer.schema.rules import RULES, accounts

_Cells = Mapping[str, Mapping[object, float]]
"""Values of variables by component and index."""

_TOTAL = "total"
"""Key of rules that have one row."""

STAYERS = tuple(name for name in KEYS if name.startswith("transitions"))
"""Families of people who continue."""

_Stayer = tuple[str, int]
"""Family and position."""

_NEAR = 1e-6
"""Part of a row's size within which it may have no room left; who judges it is exact."""

HELD_BY = accounts("at", "above", "below")
"""Accounts, and the rules whose rows say what each of them is."""


def custom_rows(
    model: pyo.ConcreteModel, instance: Instance, decided: Mapping[str, Floats], given: _Cells
) -> pd.DataFrame:
    """Value of every row of every custom rule under a plan.

    Decisions are taken from the plan; accounts (spending, use, values and the like) are added up
    again from them, by their own defining rows. No solver takes part.

    Parameters
    ----------
    model, instance
        As extended.
    decided
        Values by family, in the order of the instance's frames.
    given
        Amounts of ``transfer`` and ``carry_over``, and values of the custom variables.

    Returns
    -------
    pandas.DataFrame
        rule, key, by, place, value, sense, limit, size (sum of the absolute terms), soft, base,
        stayers; soft and base are blank for hard rules. stayers are family and position of people
        who continue and take room from a hard row that has none left.

    Raises
    ------
    ExtensionError
        If the plan has no value for a variable that a custom rule needs.
    """
    problems = Problems()
    accounts = _Accounts(model, instance, decided, given, problems)
    rows: list[tuple[object, ...]] = []
    for name, rule in instance.extension.rules.items():
        for index, row in model.find_component(name).items():
            if not row.active:
                continue
            value, size = accounts.value(row.body), accounts.size(row.body)
            for sense, number in _sides(row):
                base = None if rule.soft is None else base_of(rule, number)
                told = (value, sense, number, size + abs(number), rule.soft, base)
                is_tight = abs(value - number) <= _NEAR * (1.0 + size + abs(number))
                stay = accounts.taking(row.body, sense) if base is None and is_tight else ()
                rows.append((name, *_named(index), *told, stay))
    rows += accounts.bounds_broken()
    problems.raise_if_any(ExtensionError)
    numbers = ["value", "limit", "size", "soft", "base"]
    columns = ["rule", "key", "by", "place", "value", "sense", *numbers[1:], "stayers"]
    table = pd.DataFrame(rows, columns=columns)
    words = {"rule": "str", "key": "str", "by": "object", "place": "object", "sense": "str"}
    words["stayers"] = "object"
    return table.astype(dict.fromkeys(numbers, "float64") | words)


def _named(index: object) -> tuple[str, tuple[str, ...], tuple[object, ...]]:
    """Index of a row in words and as data; nobody has named its parts."""
    if index is None:
        return _TOTAL, (), ()
    place = index if isinstance(index, tuple) else (index,)
    return ", ".join(map(str, place)), ("",) * len(place), place


def _sides(row: Any) -> list[tuple[str, float]]:
    if row.equality:
        return [("equal", float(row.ub))]
    sides = (("at_least", row.lb), ("at_most", row.ub))
    return [(sense, float(number)) for sense, number in sides if number is not None]


class _Accounts:
    """Values of a model's variables: decisions from a plan, accounts added up when needed."""

    def __init__(
        self,
        model: pyo.ConcreteModel,
        instance: Instance,
        decided: Mapping[str, Floats],
        given: _Cells,
        problems: Problems,
    ) -> None:
        self.model, self.problems = model, problems
        self.names = instance.extension.variables
        self.cells: dict[str, Mapping[object, float]] = {
            family: dict(
                zip(keys_of(getattr(instance.sets, family), keys), decided[family], strict=True)
            )
            for family, keys in KEYS.items()
        }
        self.cells |= {name: {} for name in families("moved")} | dict(given)
        self.known: dict[int, float] = {}
        self.moving: dict[int, dict[_Stayer, float]] = {}
        self.positions = {
            (family, key): place
            for family in STAYERS
            for place, key in enumerate(keys_of(getattr(instance.sets, family), KEYS[family]))
        }

    def value(self, expression: Any) -> float:
        """Value of an expression."""
        for variable in identify_variables(expression):
            variable.set_value(self.of(variable), skip_validation=True)
        return float(pyo.value(expression))

    def size(self, expression: Any) -> float:
        """Sum of the absolute terms of a linear expression."""
        terms = generate_standard_repn(expression, quadratic=False)
        pairs = zip(terms.linear_coefs, terms.linear_vars, strict=True)
        return abs(float(terms.constant)) + sum(
            abs(float(number) * self.of(variable)) for number, variable in pairs
        )

    def taking(self, expression: Any, sense: str) -> tuple[_Stayer, ...]:
        """People who continue and take room from a row, directly or through accounts.

        A row that must hold exactly and has a variable of its own says what that is, and holds
        nobody back.
        """
        own = any(v.parent_component().name in self.names for v in identify_variables(expression))
        if sense == "equal" and own:
            return ()
        sign = {"at_most": 1.0, "at_least": -1.0}.get(sense)
        found = self._added(self._terms(expression)).items()
        return tuple(key for key, part in found if part and (sign is None or sign * part > 0))

    @staticmethod
    def _terms(expression: Any) -> list[tuple[float, Any]]:
        terms = generate_standard_repn(expression, quadratic=False)
        numbers = map(float, terms.linear_coefs)
        return list(zip(numbers, terms.linear_vars, strict=True))

    def _added(self, terms: Iterable[tuple[float, Any]]) -> dict[_Stayer, float]:
        found: dict[_Stayer, float] = {}
        for number, variable in terms:
            for key, part in self._stayers_in(variable).items():
                found[key] = found.get(key, 0.0) + number * part
        return found

    def _stayers_in(self, variable: Any) -> dict[_Stayer, float]:
        """People who continue that a variable counts, with how often."""
        if id(variable) not in self.moving:
            name, index = variable.parent_component().name, variable.index()
            held = RULES[HELD_BY[name][0]].holds if name in HELD_BY else ""
            found: dict[_Stayer, float] = {}
            if name in STAYERS:
                found = {(name, self.positions[name, index]): 1.0}
            elif held == "at":
                terms = self._terms(self._holding(name, index)[0].body)
                (slope,) = (number for number, other in terms if other is variable)
                rest = ((-number / slope, other) for number, other in terms)
                found = self._added(part for part in rest if part[1] is not variable)
            self.moving[id(variable)] = found
        return self.moving[id(variable)]

    def of(self, variable: Any) -> float:
        """Value of a variable."""
        if id(variable) not in self.known:
            self.known[id(variable)] = self._found(variable)
        return self.known[id(variable)]

    def _found(self, variable: Any) -> float:
        name, index = variable.parent_component().name, variable.index()
        if name in self.names:
            return self._custom(variable, name, index)
        if name in self.cells:
            return float(self.cells[name].get(index, 0.0))
        if name not in HELD_BY:  # shortfalls of soft custom rules: rows are looked at without
            return 0.0
        found = [self._where_tight(variable, row) for row in self._holding(name, index)]
        held = RULES[HELD_BY[name][0]].holds
        return max(0.0, *found) if held == "above" else min(found)

    def _custom(self, variable: Any, name: str, index: object) -> float:
        value = self.cells.get(name, {}).get(index)
        if value is None:
            self.problems.add(
                EXTEND,
                "the plan has no value for it",
                column=variable.name,
                expected="a plan that was solved or completed with these rules",
            )
            return 0.0
        return float(value)

    def _holding(self, name: str, index: Any) -> list[Any]:
        parts = [self.model.component(rule) for rule in HELD_BY[name]]
        if name == "violation":
            limit, sense, group = index
            return [self.model.component(f"limit_{sense}")[limit, group]]
        if name == "counted":
            return [row for key, row in parts[0].items() if key[:2] == index]
        return [part[index] for part in parts if index in part]

    def _where_tight(self, variable: Any, row: Any) -> float:
        """Value of a variable at which a linear row holds with equality."""
        for other in identify_variables(row.body):
            if other is not variable:
                other.set_value(self.of(other), skip_validation=True)
        variable.set_value(0.0, skip_validation=True)
        rest = pyo.value(row.body)
        variable.set_value(1.0, skip_validation=True)
        slope = pyo.value(row.body) - rest
        number = row.ub if row.ub is not None else row.lb
        return float((number - rest) / slope)

    def bounds_broken(self) -> list[tuple[object, ...]]:
        """Custom variables that are beyond their bounds, or not whole where they must be."""
        rows: list[tuple[object, ...]] = []
        for name in self.names:
            for index, variable in self.model.find_component(name).items():
                value = self.cells.get(name, {}).get(index)
                if value is None:
                    continue
                sides = [("at_least", variable.lb), ("at_most", variable.ub)]
                if variable.is_integer() or variable.is_binary():
                    sides.append(("equal", float(np.round(value))))
                rows += [
                    (name, *_named(index), value, sense, number, abs(value), None, None, ())
                    for sense, number in sides
                    if number is not None and _is_beyond(value, sense, number)
                ]
        return rows


def _is_beyond(value: float, sense: str, number: float) -> bool:
    if sense == "equal":
        return value != number
    return not (value >= number if sense == "at_least" else value <= number)
