"""Custom rules: what a function given as ``extend`` adds to a model, taken in like our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import pandas as pd
import pyomo.environ as pyo

from optimizer.errors import ExtensionError, Problems, did_you_mean, shorten
from optimizer.formulation.custom_rows import EXTEND, check_domains, check_rows
from optimizer.formulation.expressions import KEYS
from optimizer.formulation.margins import link_slots
from optimizer.frames import keys_of
from optimizer.frames.records import parted
from optimizer.instance import Instance
from optimizer.instance.sets import BLOCK
from optimizer.instance.slot_level import single_slots
from optimizer.schema.rules import BOUNDS, CustomRule, Extension

Extend: TypeAlias = Callable[[Any, Instance], Iterable[CustomRule] | None]
"""Adds to a model; returns descriptions of the rules, or None."""

ADDED = (pyo.Var, pyo.Constraint, pyo.Expression, pyo.Param, pyo.Set, pyo.Block, pyo.RangeSet)
"""Kinds of components that custom rules may consist of."""

VIOLATION = "custom_violation"
"""Variable for the shortfall of soft custom rules."""

SIDES = ("at_least", "at_most")


def extend_model(model: pyo.ConcreteModel, instance: Instance, extend: Extend | None) -> Instance:
    """Let a function add rules to a built model; give the instance that knows of them.

    Every constraint that it adds is a rule named like its component. Blocks whose single slots it
    names are planned slot by slot from then on. Soft rules get a shortfall each, and its penalty:

    points - soft * shortfall, in percent of the base, as for :func:`add_limits`.

    Raises
    ------
    ExtensionError
        With everything that does not fit: what was there before has changed, rules are not
        linear or speak of no decision, slots cannot be given, descriptions fit no constraint.
    """
    if extend is None:
        return instance
    problems = Problems()
    before = _Before(model)
    described = extend(model, parted(instance))
    before.check(problems)
    instance = _slot_level(model, instance, problems)
    added = {part.name: part for part in before.added(pyo.Constraint)}
    check_domains(before.added(pyo.Var), problems)
    for name, constraint in added.items():
        check_rows(constraint, instance, problems)
        if name in BOUNDS or name in {limit.name for limit in instance.limits}:
            message = "is the name of a rule or limit already"
            problems.add(EXTEND, message, column=name, expected="another name")
    rules = _described(described, added, problems)
    problems.raise_if_any(ExtensionError)
    variables = tuple(part.name for part in before.added(pyo.Var))
    _price(model, rules, added, problems)
    problems.raise_if_any(ExtensionError)
    return replace(instance, extension=Extension(rules, variables))


class _Before:
    """Contents of a model before it was extended, to check that they are unchanged."""

    def __init__(self, model: pyo.ConcreteModel) -> None:
        self.model = model
        self.known = {id(part) for part in model.component_objects()}
        self.points = model.points.expr
        self.variables = [
            (variable, variable.fixed, variable.lb, variable.ub, variable.domain)
            for part in model.component_objects(pyo.Var)
            for variable in part.values()
        ]
        self.constraints = [
            (part, [(row, row.expr) for row in part.values()])
            for part in model.component_objects(pyo.Constraint)
        ]
        self.points_per_value = dict(model.points_per_value.extract_values())

    def added(self, kind: type) -> Iterator[Any]:
        """New components of a kind, also those of new Pyomo blocks."""
        for part in self.model.component_objects(kind, descend_into=True):
            if id(part) not in self.known:
                yield part

    def check(self, problems: Problems) -> None:
        """Refuse what changes our part of the model behind the backs of its rules."""
        for variable, fixed, lower, upper, domain in self.variables:
            now = (variable.fixed, variable.lb, variable.ub)
            if now != (fixed, lower, upper) or variable.domain is not domain:
                self._refuse(variable, problems)
        for key in [key for key in self.model.slots if key not in self.model.SLOTS]:
            named = self.model.slots[key]
            if named.fixed or named.bounds != (0, None) or not named.is_integer():
                self._refuse(named, problems)
        values = dict(self.model.points_per_value.extract_values())
        if self.model.points.expr is not self.points or values != self.points_per_value:
            problems.add(
                EXTEND, "was changed", column="points", expected="soft rules, which cost points"
            )
        here = {id(part) for part in self.model.component_objects(active=True)}
        for constraint, rows in self.constraints:
            same = all(row.active and row.expr is expression for row, expression in rows)
            if id(constraint) not in here or len(constraint) != len(rows) or not same:
                problems.add(
                    EXTEND,
                    "is a rule of the model and was changed or switched off",
                    column=constraint.name,
                    expected="rules of your own; the policy says which of ours hold",
                )
        if self.model.component(VIOLATION) is not None:
            expected = "another name"
            problems.add(
                EXTEND, "is a name that penalties need", column=VIOLATION, expected=expected
            )
        for part in self.model.component_objects(descend_into=True):
            if id(part) not in self.known and part.ctype not in ADDED:
                problems.add(
                    EXTEND,
                    f"{part.ctype.__name__} cannot be part of a custom rule",
                    column=part.name,
                    expected="constraints, variables and expressions",
                )

    @staticmethod
    def _refuse(variable: Any, problems: Problems) -> None:
        problems.add(
            EXTEND,
            "is fixed, or its bounds or domain were changed",
            column=variable.name,
            expected="a constraint of your own, so that the limit has a name",
        )


def _described(
    described: object, added: dict[str, Any], problems: Problems
) -> dict[str, CustomRule]:
    """Rules by name: as described where they are, else from the name alone."""
    rules = {name: CustomRule(name) for name in added}
    if described is None:
        return rules
    told: set[str] = set()
    for rule in described if isinstance(described, Iterable) else [described]:
        if not isinstance(rule, CustomRule):
            problems.add(
                EXTEND,
                f"returns {shorten(repr(rule))}",
                expected="None, or a list of optimizer.CustomRule",
            )
        elif rule.name not in added:
            problems.add(
                EXTEND,
                f"describes rule {rule.name!r}, but adds no such constraint",
                expected=f"one of {', '.join(added)}" if added else "a constraint of that name",
                maybe=did_you_mean(rule.name, added),
            )
        elif rule.name in told:
            problems.add(EXTEND, f"describes rule {rule.name!r} twice", expected="one description")
        else:
            told.add(rule.name)
            rules[rule.name] = rule
            _check_price(rule, problems)
    return rules


def _check_price(rule: CustomRule, problems: Problems) -> None:
    for key, number in (("soft", rule.soft), ("base", rule.base)):
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if number is not None and not (is_number and 0.0 < number < float("inf")):
            problems.add(
                EXTEND,
                f"{number!r} is not a valid {'penalty' if key == 'soft' else 'base'}",
                column=f"{rule.name}.{key}",
                expected="a number above 0",
            )
    if rule.soft is not None and rule.protected:
        problems.add(
            EXTEND, "a protected rule cannot be soft", column=rule.name, expected="one of the two"
        )
    if rule.base is not None and rule.soft is None:
        problems.add(
            EXTEND, "the rule is not soft", column=f"{rule.name}.base", expected="soft as well"
        )


def _slot_level(model: pyo.ConcreteModel, instance: Instance, problems: Problems) -> Instance:
    """Plan the blocks slot by slot whose slots were named; refuse slots that cannot be given."""
    named = [key for key in model.slots if key not in model.SLOTS]
    if not named:
        return instance
    possible = single_slots(instance.sets.cohort, instance.sets.placements)
    options = dict(zip(keys_of(possible, KEYS["slots"]), possible.index, strict=True))
    strange = [key for key in named if key not in options]
    for key in strange:
        _refuse_slot(key, instance, problems)
    if strange:
        return instance
    chosen = possible.loc[[options[key] for key in named]]
    rest = possible.merge(chosen[BLOCK].drop_duplicates(), on=BLOCK)
    # Frame and variables keep one order: those named come first, as they were named.
    fresh = pd.concat([chosen, rest], ignore_index=True).drop_duplicates(ignore_index=True)
    link_slots(model, fresh)
    slots = pd.concat([instance.sets.slots, fresh], ignore_index=True)
    return replace(instance, sets=replace(instance.sets, slots=slots))


def _refuse_slot(key: object, instance: Instance, problems: Problems) -> None:
    """Say of a slot that is not an option what is wrong with its key."""
    names = KEYS["slots"]
    place = f"slots[{','.join(map(str, key))}]" if isinstance(key, tuple) else f"slots[{key}]"
    if not isinstance(key, tuple) or len(key) != len(names):
        problems.add(EXTEND, "is not a slot", column=place, expected=", ".join(names))
        return
    sets = instance.sets
    known: dict[str, list[Any]] = {
        "country": list(sets.countries.index),
        "track": list(sets.tracks.index),
        "level": list(sets.levels["level"].unique()),
        "region": list(sets.regions.index),
        "year": list(sets.years),
    }
    for name, part in zip(names, key, strict=True):
        if part not in known[name]:
            problems.add(
                EXTEND,
                f"{part!r} is not a {name} of case {instance.case.name!r}",
                column=place,
                expected=f"one of its {len(known[name])}",
                maybe=did_you_mean(str(part), map(str, known[name])),
            )
            return
    problems.add(
        EXTEND,
        "cannot be given: the country is not eligible then, or no site hosts the track there",
        column=place,
        expected="a row of instance.options()",
    )


def _price(
    model: pyo.ConcreteModel,
    rules: dict[str, CustomRule],
    added: dict[str, Any],
    problems: Problems,
) -> None:
    """Give soft rules a shortfall at their penalty."""
    soft = [rule for rule in rules.values() if rule.soft is not None]
    if not soft:
        return
    violations = pyo.Var(pyo.Any, domain=pyo.NonNegativeReals, dense=False)
    model.add_component(VIOLATION, violations)
    lost = 0.0
    for rule in soft:
        for index, row in added[rule.name].items():
            numbers = {"at_least": row.lb, "at_most": row.ub}
            body = row.body
            for side in SIDES:
                if numbers[side] is None:
                    continue
                base = base_of(rule, numbers[side])
                if base is None:
                    problems.add(
                        EXTEND,
                        "is missing; the number of a soft rule is 0",
                        column=f"{row.name}.base",
                        expected="the number that counts as 100%",
                    )
                    continue
                violation = violations[rule.name, index, side]
                body = body + (1 if side == "at_least" else -1) * base / 100.0 * violation
                lost = lost + rule.soft * violation
            row.set_value((row.lb, body, row.ub))
    model.points.set_value(model.points.expr - lost)


def base_of(rule: CustomRule, number: float) -> float | None:
    """Base of a row of a soft rule, which counts as 100%; ``None`` without one."""
    return rule.base or abs(number) or None
