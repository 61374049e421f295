"""Goals with diminishing returns, in words."""

from __future__ import annotations

import itertools

from optimizer.policy.goals import Diminishing
from optimizer.report.blocks import Block, Text
from optimizer.report.figures import exactly, listed, number, sentence
from optimizer.report.material import Material


def diminishing_blocks(material: Material) -> list[Block]:
    """Say of every goal with diminishing returns how much of its value counts."""
    curves = {name: goal.diminishing for name, goal in material.policy.goals.items()}
    told = [
        f"{sentence(name)}: each further unit of value counts less. {diminishing_in_words(curve)}"
        for name, curve in curves.items()
        if curve is not None
    ]
    return [Text(tuple(told), is_list=True)] if told else []


def diminishing_in_words(asked: Diminishing) -> str:
    """Say how much of a goal's raw value counts in each group.

    Examples
    --------
    >>> curve = ((0.0, 1.0), (300.0, 0.5))
    >>> diminishing_in_words(Diminishing(by=("country",), per="year", breakpoints=curve))
    'Of the raw value of each country and year, 300 count in full, all above that 50%.'
    >>> curve = ((0.0, 0.9), (2.0, 0.5), (4.0, 0.0))
    >>> diminishing_in_words(Diminishing(by=(), per="horizon", breakpoints=curve))
    'Of the raw value of all years together, 2 count 90%, the next 2 50%, all above that nothing.'
    """
    groups = [name.replace("_", " ").replace(".", " ") for name in asked.by]
    yearly = asked.per == "year"
    groups += ["year"] if yearly else []
    where = f"each {listed(groups, most=len(groups))}" if groups else "all years together"
    if groups and not yearly:
        where += ", all years together"
    per = asked.breakpoints_per
    times = "" if per is None else f" times {per.replace('_', ' ').replace('.', ' ')}"
    steps: list[str] = []
    for (start, factor), (end, _) in itertools.pairwise(asked.breakpoints):
        much = f"{number(end - start)}{times}"
        steps.append(
            f"{much} count {_part(factor)}" if not steps else f"the next {much} {_part(factor)}"
        )
    last = _part(asked.breakpoints[-1][1])
    steps.append(f"all above that {last}" if steps else f"all counts {last}")
    return f"Of the raw value of {where}, {', '.join(steps)}."


def _part(factor: float) -> str:
    return {1.0: "in full", 0.0: "nothing"}.get(factor, exactly(factor))
