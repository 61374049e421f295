"""What is used whatever is decided: by people already here, expected ones and agreements in force.

A plan that gives nothing is checked; what it breaks already, no plan can keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from optimizer.case.currency import smallest_unit
from optimizer.errors import Problem
from optimizer.frames import rows_of, stacked
from optimizer.instance import Instance
from optimizer.instance.bounds import JoinedLimit
from optimizer.instance.oddities import warnings_of
from optimizer.instance.people import constants, decided
from optimizer.plan import Decisions, empty
from optimizer.plan.checks import check_caps, check_limits, check_services
from optimizer.plan.money import check_money
from optimizer.plan.subject import Subject, judged
from optimizer.plan.values import values_of
from optimizer.schema.tables import TABLES
from optimizer.text.figures import apart, figure

_COUNTED = {"intake": "people come to", "residents": "people are on"}


def all_warnings(instance: Instance) -> list[str]:
    """Warnings about case and policy, with what is too much whatever is decided."""
    return [*warnings_of(instance), *warnings_of(instance, (overuse,))]


def overuse(instance: Instance) -> Iterator[Problem]:
    """Budgets, capacities, caps and limits beyond which what comes anyway goes, by row.

    What decisions could add, such as capacity that is built, is taken for added in full.
    """
    told: dict[tuple[object, ...], tuple[float, Problem]] = {}
    for row in _broken(instance):
        found = _told(instance, row)
        if found is not None:
            beyond, problem = found
            place = (problem.file, problem.row, problem.column)
            if beyond > told.get(place, (0.0, problem))[0]:
                told[place] = beyond, problem
    yield from (problem for _, problem in told.values())


def _broken(instance: Instance) -> Iterator[Any]:
    """Ceilings that are broken where nothing at all is decided."""
    nothing = Decisions(slots=empty("slots"))
    subject = Subject(instance, values_of(instance, nothing), nothing)
    checks = [check_money]
    if len(constants(instance.people.entries)):
        checks += [check_caps, check_services, check_limits]
    checked = stacked([part for check in checks for part in check(subject)])
    rows = judged(checked, smallest_unit(instance.case))
    return rows_of(rows[rows["broken"] & rows["sense"].eq("at_most")])


def _told(instance: Instance, row: Any) -> tuple[float, Problem] | None:
    """How far a row is beyond what could be there, and what is said of it; None if it could."""
    tell = {
        "use_within_capacity": _of_capacity,
        "spending_within_budget": _of_budget,
        "intake_within_cap": _of_cap,
        "residents_within_cap": _of_cap,
        "limit_at_most": _of_limit,
    }.get(row.rule)
    return None if tell is None else tell(instance, row)


def _of_capacity(instance: Instance, row: Any) -> tuple[float, Problem] | None:
    region, service, year = row.place
    built = instance.sets.expansion
    built = built[built["region"].eq(region) & built["service"].eq(service)]
    built = built[built["year"] < year]
    more = float((built["expansion_unit"] * built["expansion_limit"]).sum())
    used, there = apart(row.value, row.limit)
    message = (
        f"{used} of service {service!r} are used in {region!r} in {year} whatever is decided, "
        f"but there are {there}{_at_most(more, 'could be built by then')}"
    )
    place = ("services", {"region": region, "service": service}, year, "capacity")
    maybe = "the capacity is net of people already here or expected"
    return _beyond(row, more, _problem(instance, place, message, maybe))


def _of_budget(instance: Instance, row: Any) -> tuple[float, Problem] | None:
    line, year = row.place
    amounts = instance.budget.set_index(["line", "year"])["amount"]
    given = [(t.share, t.from_, year) for t in instance.transfers if t.to == line]
    kept = [(instance.carry_over.get(line, 0.0), line, year - 1)]
    more = sum(share * float(amounts.get((of, when), 0.0)) for share, of, when in [*given, *kept])
    spent, there = apart(row.value, row.limit)
    message = (
        f"line {line!r} pays {spent} in {year} whatever is decided, but has {there}"
        f"{_at_most(more, 'could be moved there')}"
    )
    maybe = "the budget is net of people already here or expected and agreements in force"
    place = ("budgets", {"line": line}, year, "amount")
    return _beyond(row, more, _problem(instance, place, message, maybe))


def _of_cap(instance: Instance, row: Any) -> tuple[float, Problem] | None:
    track, year = row.place
    counts = "intake" if row.rule.startswith("intake") else "residents"
    here, most = apart(row.value, row.limit)
    message = (
        f"{here} {_COUNTED[counts]} track {track!r} in {year} whatever is decided, but the cap is "
        f"{most}"
    )
    place = ("national_caps", {"track": track}, year, "max")
    maybe = "the cap is net of people already here or expected"
    return _beyond(row, 0.0, _problem(instance, place, message, maybe))


def _of_limit(instance: Instance, row: Any) -> tuple[float, Problem] | None:
    """A limit whose group no decision could lower, and whose number none could raise."""
    joined = next(limit for limit in instance.limits if limit.name == row.place[0])
    group = _group(joined, row.place[1:])
    bound = next(bound for bound in joined.bounds if bound.sense == "at_most")
    of_group = joined.measured[joined.measured["group"].eq(group)]
    if joined.counted:
        # What is counted of a goal never falls where its raw value rises.
        of_group = instance.value[instance.value["goal"].eq(joined.limit.goal or "")]
    of_group = decided(of_group)
    other = decided(bound.other)
    moves = other["group"].eq(bound.other_group[group]).any() and bound.is_relative
    if moves or (of_group["coefficient"] < 0).any():
        return None
    value, most = apart(row.value, row.limit)
    message = f"{joined.in_words(group)}: {value} whatever is decided, but at most {most}"
    maybe = "you want planned = true, or another number"
    file, column = instance.policy.path.name, f"limits.{joined.name}.at_most"
    return _beyond(row, 0.0, Problem(file, message, column=column, maybe=maybe))


def _group(joined: JoinedLimit, place: tuple[object, ...]) -> str:
    if not len(joined.groups.columns):
        return str(joined.groups.index[0])
    cells = joined.groups[list(joined.limit.by)].itertuples(index=False, name=None)
    return next(
        str(label) for label, cell in zip(joined.groups.index, cells, strict=True) if cell == place
    )


def _at_most(more: float, what: str) -> str:
    return f", and at most {figure(more)} more {what}" if more else ""


def _beyond(row: Any, more: float, problem: Problem) -> tuple[float, Problem] | None:
    beyond = float(row.value - row.limit) - more
    return (beyond, problem) if beyond > row.allowed else None


def _problem(
    instance: Instance,
    place: tuple[str, dict[str, str], int, str],
    message: str,
    maybe: str,
) -> Problem:
    """Warning at the row that holds in a year: its own, or the last one before it."""
    name, keys, year, column = place
    table = instance.case.table(name)
    rows = table[(table[list(keys)] == pd.Series(keys)).all(axis=1) & (table["year"] <= year)]
    header = TABLES[name].column(column).header(instance.case.currency)
    last = int(str(rows["year"].idxmax()))
    return Problem(TABLES[name].file, message, last, header, maybe=maybe)
