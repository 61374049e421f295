"""Levers of the page: numbers of policy and case that planners move, with the room to drag them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import floor, log10
from typing import Any, TypeAlias

from optimizer.case import Case
from optimizer.frames import rows_of
from optimizer.policy import Amount, Even, Limit, OwnBest, Policy, Previous, Relative
from optimizer.policy.evenness import EVEN_UNITS
from optimizer.policy.own_best import OF_OWN_BEST
from optimizer.report import figures
from optimizer.schema.addresses import CellAddress, address_of

_WEIGHTS, _BUDGETS, _LIMITS, _FAIR, _CAPS, _YEARS = (
    "Weights of goals",
    "Budgets, % of the case's",
    "Limits and floors",
    "Fairness bands",
    "National caps",
    "Budgets by year",
)
_STEPS = 100
"""Steps of a slider from one end to the other."""
_NUMBER, IN_PERCENT = "number", "percent"


@dataclass(frozen=True)
class Slider:
    """A number that can be typed or dragged.

    Attributes
    ----------
    address
        As ``--set`` has it.
    group, name, note
        Heading that it stands under, its own, and what is to be known of it.
    kind
        ``number``, or ``percent`` where it is set as a multiple of what the case says.
    value
        As policy and case have it unchanged.
    least, most, step
        Ends and step of the slider; typed numbers may lie beyond. Without a slider all are 0.
    """

    address: str
    group: str
    name: str
    value: float
    note: str = ""
    kind: str = _NUMBER
    least: float = 0.0
    most: float = 0.0
    step: float = 0.0


def sliders_of(policy: Policy, case: Case) -> list[Slider]:
    """All levers of an unchanged policy on an unchanged case."""
    found = [*_weights(policy), *_lines(case), *_limits(policy), *_others(policy)]
    return [*found, *_caps(case), *_by_year(case)]


def as_documents(sliders: list[Slider], scales: Mapping[str, float]) -> list[dict[str, Any]]:
    """The same as plain values, with the scale of every goal."""
    told = []
    by_address = {address_of(("goals", goal, "weight")): scale for goal, scale in scales.items()}
    for slider in sliders:
        document = asdict(slider)
        if slider.address in by_address:
            scale = figures.number(by_address[slider.address])
            document["note"] = f"Scale {scale}. {slider.note}".strip()
        told.append(document)
    return told


def _weights(policy: Policy) -> Iterator[Slider]:
    most = nice(2.0 * max((abs(goal.weight) for goal in policy.goals.values()), default=0.5))
    for key, goal in policy.goals.items():
        least = -most if goal.weight < 0.0 else 0.0
        address = address_of(("goals", key, "weight"))
        name = figures.sentence(key)
        yield _ranged(address, _WEIGHTS, name, goal.weight, goal.why, least=least, most=most)


def _lines(case: Case) -> Iterator[Slider]:
    budgets, names = case.table("budgets"), figures.report_names(case)
    for line, amount in budgets.groupby("line", sort=False)["amount"].sum().items():
        address = str(CellAddress("budgets", (("line", str(line)),), "amount"))
        note = f"{figures.money(float(amount))}{figures.SPACE}{case.currency} in all years"
        yield Slider(
            address, _BUDGETS, names.of("line", line), 100.0, note, IN_PERCENT, 0.0, 200.0, 1.0
        )


def _limits(policy: Policy) -> Iterator[Slider]:
    for limit in policy.limits:
        for side, words in (("at_least", "at least"), ("at_most", "at most")):
            bound = getattr(limit, side)
            if bound is None:
                continue
            keys, value = _figure_of(bound)
            address = address_of(("limits", limit.name, side, *keys))
            name = f"{figures.sentence(limit.name)}, {words}"
            if isinstance(bound, OwnBest):
                name = f"{name} of {OF_OWN_BEST}"
                yield _ranged(address, _FAIR, name, value, _note(limit, bound), most=1.0)
            elif isinstance(bound, Even):
                name = f"{figures.sentence(limit.name)}, {bound.kind} {words}"
                yield _band(address, name, side, bound, _note(limit, bound))
            else:
                yield _ranged(address, _LIMITS, name, value, _note(limit, bound))


def _band(address: str, name: str, side: str, bound: Even, note: str) -> Slider:
    """A lever of how evenly groups share, between the ends that make sense."""
    value = bound.number
    if bound.kind == "parity" and side == "at_most":
        return _ranged(address, _FAIR, name, value, note, least=1.0, most=nice(2.0 * value))
    return _ranged(address, _FAIR, name, value, note, most=max(1.0, nice(value)))


_Bound: TypeAlias = float | Amount | Relative | Previous | Even | OwnBest


def _figure_of(bound: _Bound) -> tuple[tuple[str, ...], float]:
    """Keys from a bound to its figure, and the figure."""
    if isinstance(bound, Even):
        return (bound.kind,), bound.number
    if isinstance(bound, OwnBest):
        return ("own_best",), bound.own_best
    if isinstance(bound, Amount):
        return ("amount",), bound.amount
    if isinstance(bound, Relative | Previous):
        return ("times",), bound.times
    return (), float(bound)


def _note(limit: Limit, bound: _Bound) -> str:
    per = ""
    if isinstance(bound, Amount):
        per = f" per {bound.per}"
    elif isinstance(bound, Relative):
        per = f" times {bound.measure}"
    elif isinstance(bound, Previous):
        per = " times the year before"
    elif isinstance(bound, OwnBest):
        per = f", of {OF_OWN_BEST}"
    elif isinstance(bound, Even):
        need = f", by {limit.relative_to}" if limit.relative_to else ""
        per = f", of {EVEN_UNITS[bound.kind]}{need}"
    each = f", for each {' and '.join(limit.by)}" if limit.by else ""
    kept = " Protected." if limit.protected else ""
    soft = f" Soft: {limit.soft:g} points per 1%." if limit.soft is not None else ""
    return f"{limit.measure}{per}{each}.{soft}{kept} {limit.why}".strip()


def _others(policy: Policy) -> Iterator[Slider]:
    for number, rule in enumerate(policy.support_floor, start=1):
        address = address_of(("support_floor", str(number), "amount_per_year"))
        name = f"Support floor {number}, a person and year"
        yield _ranged(address, _LIMITS, name, rule.amount_per_year, rule.why)
    stability = policy.stability
    for key, name in (("max_change", "Largest change a year"), ("penalty", "Penalty of change")):
        value = None if stability is None else getattr(stability, key)
        if value is not None:
            yield _ranged(f"stability.{key}", _LIMITS, name, value, "Against today's slots.")
    carried = policy.budget.carry_over
    if isinstance(carried, float) and carried:
        name = "Money that may be kept for the next year"
        note = "A share of each line's own amount."
        yield _ranged("budget.carry_over", _LIMITS, name, carried, note, most=1.0)


def _caps(case: Case) -> Iterator[Slider]:
    names = figures.report_names(case)
    for row in rows_of(case.table("national_caps")):
        keys = (("track", str(row.track)), ("year", str(row.year)))
        name = f"{names.of('track', row.track)} {row.year}"
        yield Slider(
            str(CellAddress("national_caps", keys, "max")),
            _CAPS,
            name,
            float(row.max),
            str(row.counts),
        )


def _by_year(case: Case) -> Iterator[Slider]:
    names = figures.report_names(case)
    for row in rows_of(case.table("budgets")):
        keys = (("line", str(row.line)), ("year", str(row.year)))
        name = f"{names.of('line', row.line)} {row.year}"
        address = str(CellAddress("budgets", keys, "amount"))
        yield Slider(address, _YEARS, name, float(row.amount), case.currency)


def _ranged(
    address: str,
    group: str,
    name: str,
    value: float,
    note: str,
    *,
    least: float = 0.0,
    most: float | None = None,
) -> Slider:
    most = nice(2.0 * abs(value)) if most is None else most
    least = -most if value < 0.0 else least
    return Slider(
        address,
        group,
        name,
        float(value),
        " ".join(note.split()),
        _NUMBER,
        least,
        most,
        (most - least) / _STEPS,
    )


def nice(number: float) -> float:
    """A round number that is no smaller: 1, 2 or 5 times a power of ten; 1 for nothing.

    Examples
    --------
    >>> nice(0.6), nice(3.0), nice(44_000_000), nice(0.0)
    (1.0, 5.0, 50000000.0, 1.0)
    """
    if number <= 0.0:
        return 1.0
    power = 10.0 ** floor(log10(number))
    times = next(times for times in (1.0, 2.0, 5.0, 10.0) if times * power >= number * (1 - 1e-12))
    return float(f"{times * power:.12g}")
