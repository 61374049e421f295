"""Goals, limits and the other parts of a policy in sentences for a programme officer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from optimizer.policy import (
    Amount,
    Budget,
    Diminishing,
    Effect,
    Even,
    Fairness,
    Flex,
    Goal,
    Horizon,
    Indicator,
    Limit,
    OwnBest,
    Previous,
    Relative,
    Solver,
    Stability,
    Stakeholder,
    SupportFloor,
)
from optimizer.report.figures import SPACE, exactly
from optimizer.schema.measures import MEASURES

STAGES = {
    "enter": "enters",
    "present": "is here, once for each year of stay",
    "complete": "completes",
    "continue": "completes and continues on another track",
    "return": "completes and goes home",
}
MISSING = {
    "error": "a blank figure is refused",
    "zero": "a blank figure counts as 0",
    "reweight": "where a figure is blank, the others share its weight",
}
PROVEN = 1e-6
"""Gap up to which a plan counts as optimal."""
SENSES = {"at_least": "at least", "at_most": "at most"}


def figure(value: float) -> str:
    """Write a number exactly, thousands separated.

    Examples
    --------
    >>> figure(20_000_000_000), figure(0.125)
    ('20,000,000,000', '0.125')
    """
    return f"{value:,.0f}" if value == round(value) else f"{value:,.10g}"


def percent(share: float) -> str:
    """Write a share in percent, exactly."""
    return exactly(share).replace(SPACE, " ")


def listed(words: Sequence[str], joint: str = "and") -> str:
    """Join words as a sentence does."""
    return f" {joint} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def plain(name: str) -> str:
    """Write a name of the tables as words."""
    table, _, column = name.rpartition(".")
    return (f"{column} of the {table}" if table else column).replace("_", " ")


def chosen(where: Mapping[str, object]) -> str:
    """Say whom a filter chooses."""
    told = []
    for name, wanted in where.items():
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        told.append(f"{plain(name)} {listed([plain(str(value)) for value in values], 'or')}")
    return listed(told)


def counted(measure: str, goal: str | None, where: Mapping[str, object]) -> str:
    """Say what a measure counts."""
    of_goal = f" of the goal {plain(goal)}" if goal else ""
    return f"{MEASURES[measure].noun}{of_goal}{f' ({chosen(where)})' if where else ''}"


def limit(wanted: Limit) -> str:
    """Say what a limit asks for."""
    group = f"for each {listed([plain(name) for name in wanted.by])}: " if wanted.by else ""
    bounds = [
        f"{SENSES[side]} {_bound(number, wanted, side)}"
        for side, number in (("at_least", wanted.at_least), ("at_most", wanted.at_most))
        if number is not None
    ]
    text = f"{group}{counted(wanted.measure, wanted.goal, wanted.where)} {listed(bounds)}"
    return f"{text[0].upper()}{text[1:]}.{_force(wanted)}"


def _bound(
    number: float | Amount | Relative | Previous | Even | OwnBest, wanted: Limit, side: str
) -> str:
    if isinstance(number, Even):
        return _even(number, wanted)
    if isinstance(number, Previous):
        return _previous(number, side)
    if isinstance(number, Amount):
        return f"{figure(number.amount)} × {plain(number.per)}"
    if isinstance(number, Relative):
        by = wanted.by if number.by is None else number.by
        groups = f" of the same {listed([plain(name) for name in by])}" if by else " in all"
        other = counted(number.measure, number.goal, number.where)
        return f"{_times(number.times)} {'' if number.where else 'all '}{other}{groups}"
    if isinstance(number, OwnBest):
        return f"{_times(number.own_best)} the most that it could have by itself"
    return figure(float(number))


def _previous(bound: Previous, side: str) -> str:
    told = f"{_times(bound.times)} that of the year before{_beside(bound.plus, side)}"
    if bound.first is None:
        return told
    first = f"{_times(bound.first.times)} today's slots{_beside(bound.first.plus, side)}"
    return f"{told} (in the first year {first})"


def _even(bound: Even, wanted: Limit) -> str:
    need = plain(wanted.relative_to) if wanted.relative_to else ""
    if bound.kind == "coverage":
        return f"{_times(bound.number)} {need}"
    beside = f", beside {need}" if need else ""
    if bound.kind == "parity":
        return f"{_times(bound.number)} the rate of all groups together{beside}"
    if bound.kind == "gini":
        return f"a Gini coefficient of {figure(bound.number)}{beside}"
    return f"{percent(bound.number)} that would have to go elsewhere{beside}"


def _times(factor: float) -> str:
    return f"{percent(factor)} of" if factor <= 1 else f"{figure(factor)} times"


def _beside(plus: float, side: str) -> str:
    """Say what a ceiling adds and a floor takes away."""
    return f" {'plus' if side == 'at_most' else 'minus'} {figure(plus)}" if plus else ""


def _force(wanted: Limit) -> str:
    """Consequence for a plan that misses the limit."""
    if wanted.soft is not None:
        base = "" if wanted.soft_base is None else f" of {figure(wanted.soft_base)}"
        return f" Soft: each 1%{base} by which it is missed costs {figure(wanted.soft)} points."
    if wanted.protected:
        return " Protected: nothing can buy it out."
    return "" if wanted.flex is None else _flex(wanted.flex)


def _flex(flex: Flex) -> str:
    ways = [
        f"{word} by {percent(bound)}"
        for word, bound in (("lowered", flex.down), ("raised", flex.up))
        if bound is not None
    ]
    far = f" Repairs may have it {' or '.join(ways)} at most." if ways else ""
    return f"{far} Each 1% that a repair takes counts {figure(flex.price)} times."


def effect(earned: Effect, side: str) -> str:
    """Say who earns what for a goal, and when."""
    who = f"everybody on tracks with {chosen(earned.where)}" if earned.where else "everybody"
    return f"{who} who {STAGES[earned.stage]}: {figure(earned.effect)} × the score of the {side}"


def score(indicators: Sequence[Indicator], missing: object) -> str:
    """Say what a score is made of."""
    total = sum(indicator.weight for indicator in indicators)
    told = [_indicator(indicator, indicator.weight / total) for indicator in indicators]
    blank = MISSING.get(str(missing), f"a blank figure counts as {missing}")
    return f"{listed(told)}; {blank}"


def _indicator(indicator: Indicator, share: float) -> str:
    notes = ["lower is better"] if indicator.direction == "lower" else []
    notes += ["on a log scale"] if indicator.transform == "log" else []
    if indicator.range is not None:
        notes.append(f"from {figure(indicator.range[0])} to {figure(indicator.range[1])}")
    if indicator.missing is not None:
        notes.append(MISSING.get(str(indicator.missing), f"blank = {indicator.missing}"))
    told = f" ({', '.join(notes)})" if notes else ""
    return f"`{indicator.column}` {percent(round(share, 4))}{told}"


def diminishing(curve: Diminishing) -> str:
    """Say how returns diminish."""
    groups = listed([plain(name) for name in curve.by])
    span = " and year" if curve.per == "year" else ", over all years,"
    per = "" if curve.breakpoints_per is None else f" × {plain(curve.breakpoints_per)}"
    steps = [
        f"from {figure(start)}{per} on {percent(factor)}"
        if start
        else f"at first {percent(factor)}"
        for start, factor in curve.breakpoints
    ]
    return f"for each {groups}{span} a further unit counts {', '.join(steps)}"


def goal(wanted: Goal) -> list[str]:
    """Sentences on one goal: what counts, scores and diminishing returns."""
    told = [effect(earned, "country") for earned in wanted.effects]
    told += [effect(earned, "region") for earned in wanted.region_effects]
    lines = [f"Counts {earned}." for earned in told]
    if wanted.indicators:
        lines.append(f"Score of a country: {score(wanted.indicators, wanted.missing)}.")
    if wanted.region_indicators:
        lines.append(f"Score of a region: {score(wanted.region_indicators, wanted.missing)}.")
    if wanted.effects and not wanted.indicators:
        lines.append("Every country scores 1.")
    if wanted.diminishing is not None:
        lines.append(f"Diminishing returns: {diminishing(wanted.diminishing)}.")
    if wanted.scale == "none":
        lines.append("Not scaled: the raw value counts as it is.")
    elif wanted.scale != "ideal":
        lines.append(f"Scaled: {figure(float(wanted.scale))} units of raw value count as 1.")
    return lines


def support(floor: SupportFloor) -> str:
    """Say what a support floor asks for."""
    kept = " Protected: nothing can buy it out." if floor.protected else ""
    return (
        f"Those who enter tracks with {chosen(floor.where)} in a year get, on average, at least "
        f"{figure(floor.amount_per_year)} of integration money per person and year of stay.{kept}"
    )


def division(wanted: Fairness) -> str:
    """Say what is divided among whom."""
    groups = listed([plain(name) for name in wanted.by])
    need = f", beside {plain(wanted.relative_to)}" if wanted.relative_to else ""
    whose = " Only what the plan decides counts." if wanted.planned else ""
    told = counted(wanted.measure, wanted.goal, wanted.where)
    return f"{told[0].upper()}{told[1:]} by {groups}{need}.{whose}"


def stakeholder(wanted: Stakeholder) -> str:
    """Say what weighs how much for a stakeholder, and what belongs to it."""
    shares = wanted.importance.items()
    weighed = listed([f"{plain(goal)} {percent(round(share, 3))}" for goal, share in shares])
    ratio = wanted.consistency_ratio
    basis = "" if ratio is None else f", by comparisons (consistency ratio {ratio:.2g})"
    lines = [f"`{line}`" for line in wanted.lines]
    limits = [plain(limit) for limit in wanted.limits]
    own = f" Its lines: {listed(lines)}." if lines else ""
    return f"Weighs {weighed}{basis}.{own}{f' Its limits: {listed(limits)}.' if limits else ''}"


def budget(wanted: Budget) -> list[str]:
    """Sentences on how money may move."""
    lines = [
        f"Line `{transfer.from_}` may give up to {percent(transfer.share)} of its own amount to "
        f"`{transfer.to}`."
        for transfer in wanted.transfers
    ]
    if isinstance(wanted.carry_over, Mapping):
        lines += [
            f"Line `{line}` may keep {percent(share)} of a year's own amount for the next."
            for line, share in wanted.carry_over.items()
        ]
    elif wanted.carry_over:
        lines.append(
            f"Every line may keep {percent(wanted.carry_over)} of a year's own amount for the next."
        )
    return lines or ["No money moves between lines or years."]


def stability(wanted: Stability | None) -> list[str]:
    """Sentences on change against today's slots."""
    if wanted is None:
        return ["Today's slots do not bind the plan."]
    lines = []
    if wanted.max_change is not None:
        lines.append(f"At most {percent(wanted.max_change)} of today's slots may change in a year.")
    if wanted.penalty is not None:
        lines.append(f"Every 1% changed in a year costs {figure(wanted.penalty)} points.")
    return lines


def solver(wanted: Solver) -> list[str]:
    """Say when a plan is good enough."""
    if wanted.gap <= PROVEN:
        return ["The search ends when the plan is proven best."]
    return [
        f"A plan is good enough when no other can have more than {percent(wanted.gap)} more points."
    ]


def horizon(wanted: Horizon) -> list[str]:
    """Sentences on years."""
    if wanted.years is None:
        years = "Plans every year of the case"
    else:
        years = f"Plans the years {wanted.years[0]} to {wanted.years[1]}"
    if wanted.tail == "steady":
        lines = [
            f"{years}. The decisions of the last one are repeated for as long as the longest track "
            "takes, and people are followed for as long again."
        ]
    else:
        longest = "as long as the longest track"
        tail = longest if wanted.tail == "runoff" else f"{wanted.tail} years"
        lines = [f"{years}, and follows people after that for {tail}."]
    if wanted.discount:
        lines.append(
            f"Later years count less: value is divided by {figure(1.0 + wanted.discount)} for each "
            "year after the first."
        )
    return lines
