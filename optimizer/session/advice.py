"""Infeasibility advice: why there is no plan, and the least loosening that would allow one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from optimizer.errors import InfeasibleError
from optimizer.frames import rows_of
from optimizer.instance import Instance
from optimizer.persistent import LoadedModel, conflict
from optimizer.schema.rules import LIMIT_RULES, Rule, register
from optimizer.solver import Solution, Watch
from optimizer.text.figures import figure

RESIDENTS = "residents_within_cap"
"""Residents are expected persons, not whole ones: some complete, some stay on."""
MOST_TOLD = 10
"""Slots that are named one by one."""
_DIGITS = 4
NOISE = 1e-2
"""Part of the last digit that is left of a linear program's tolerance: 1e-6 of a number."""


def no_plan(loaded: LoadedModel, solution: Solution, watch: Watch) -> Exception:
    """Error that says why a search ended without a plan."""
    if solution.status == "no_plan":
        return watch.no_plan()
    return infeasible(loaded, watch.for_last_steps())


def infeasible(loaded: LoadedModel, watch: Watch) -> InfeasibleError:
    """Say that no plan exists, with the least relaxation that would allow one."""
    with watch.listening():
        advice = conflict.advice(loaded, watch)
        clash = (
            conflict.clash(loaded, watch) if advice is None and not watch.should_stop() else None
        )
        later = None if watch.should_stop() else conflict.later(loaded, watch)
    after = _later_in_words(later, loaded.instance)
    nothing = f"No plan{' with these slots' if loaded.is_pinned else ''} keeps every rule"
    if advice is None and clash is None and watch.should_stop():
        return InfeasibleError(
            f"{nothing}. No advice on limits to loosen was found "
            + ("before the interruption." if watch.interrupted else "within the time limit.")
        )
    if advice is None:
        message = (
            f"{nothing}, and loosening every limit that may be loosened does not help: "
            "facts, or limits and floors with protected = true, already clash."
        )
        return InfeasibleError(message + _clash_in_words(clash, loaded.instance) + after)
    advice = _rounded(advice, loaded.instance)
    return InfeasibleError(
        f"{nothing}. Smallest loosening that may restore feasibility (unverified advice, from an "
        f"LP relaxation):\n{_in_words(advice, register(loaded.instance.extension))}{after}",
        advice,
    )


def not_allowed(impossible: pd.DataFrame) -> InfeasibleError:
    """Say which of the slots that are kept cannot be given at all."""
    lines = [f"- {row.table}: {row.key}: {figure(row.value)}" for row in rows_of(impossible)]
    if len(lines) > MOST_TOLD:
        lines[MOST_TOLD:] = [f"- and {len(lines) - MOST_TOLD} more"]
    told = "\n".join(lines)
    return InfeasibleError(
        f"No plan with these slots keeps every rule. What the case does not allow:\n{told}"
    )


def _clash_in_words(clash: pd.DataFrame | None, instance: Instance) -> str:
    """Name the rows that clash, with the least by which they would have to be otherwise."""
    if clash is None or not len(clash):
        return ""
    told = _in_words(_rounded(clash, instance), register(instance.extension))
    return f" The smallest change that would resolve it (from an LP relaxation):\n{told}"


def _later_in_words(later: pd.DataFrame | None, instance: Instance) -> str:
    """Say that only years after the planned ones cannot be kept, and which of their rows."""
    if later is None or not len(later):
        return ""
    sets = instance.sets
    told = _in_words(_rounded(later, instance), register(instance.extension))
    repeat = f", in which the decisions of {sets.years[-1]} are repeated," if sets.repeated else ""
    return (
        f"\nOnly years after {sets.years[-1]}{repeat} stand in the way; to change these alone "
        f"would do (from an LP relaxation):\n{told}"
    )


def _rounded(advice: pd.DataFrame, instance: Instance) -> pd.DataFrame:
    """Advice in numbers that can be meant: whole people, and no digits that are only noise.

    Always up: loosening by less helps nobody.
    """
    rules, limits = register(instance.extension), {each.name: each for each in instance.limits}

    def up(row: Any) -> float:
        limit = limits[row.index[0]] if row.rule in LIMIT_RULES else None
        counts = rules[row.rule].unit if limit is None else limit.limit.counts.unit
        is_expected = row.rule == RESIDENTS if limit is None else limit.limit.counts.is_expected
        is_plain = limit is None or not any(bound.is_relative for bound in limit.bounds)
        is_whole = counts == "persons" and not is_expected and float(row.number).is_integer()
        return rounded_up(row.relaxed_by, is_whole=is_whole and is_plain)

    by = [up(row) for row in rows_of(advice)]
    to = [
        row.number + math.copysign(amount, row.relaxed_to - row.number)
        for row, amount in zip(rows_of(advice), by, strict=True)
    ]
    return advice.assign(relaxed_by=by, relaxed_to=to)


def rounded_up(amount: float, *, is_whole: bool) -> float:
    """Round an amount up to a whole number, or to four digits; noise is not rounded up.

    Examples
    --------
    >>> rounded_up(19.9998, is_whole=True), rounded_up(1.2, is_whole=True)
    (20.0, 2.0)
    >>> rounded_up(19.9998, is_whole=False), rounded_up(2.203125, is_whole=False)
    (20.0, 2.204)
    """
    places = 0 if is_whole else _DIGITS - 1 - math.floor(math.log10(amount))
    steps = math.ceil(amount * 10.0**places - NOISE)
    return max(1, steps) / 10**places if places > 0 else float(max(1, steps) * 10**-places)


def _in_words(advice: pd.DataFrame, rules: Mapping[str, Rule]) -> str:
    """Advice as one line per number to loosen."""
    lines = []
    for row in rows_of(advice):
        rule = rules[row.rule]
        verb = "raise" if row.relaxed_to > row.number else "lower"
        where = f"{row.key}: " if row.key else ""
        lines.append(
            f"- {rule.title} ({rule.source}): {where}"
            f"{verb} {figure(row.number)} to {figure(row.relaxed_to)}"
        )
    alone = "- Infeasible only in integers; no single limit identified"
    return "\n".join(lines) if lines else alone
