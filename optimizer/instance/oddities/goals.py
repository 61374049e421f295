"""Goals for which nothing can be earned, and what of them lies idle."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.errors import Problem, did_you_mean
from optimizer.instance import Instance
from optimizer.instance.attributes import OPEN_ENDED, Attribute
from optimizer.instance.people import CONSTANT
from optimizer.policy import Goal
from optimizer.schema.tables import TABLES

BY_GOAL = [spec.name for spec in TABLES.values() if "goal" in spec.keys]
"""Tables whose rows name goals of a policy."""


def idle_scores(instance: Instance) -> Iterator[Problem]:
    """Rows of a goal that looks misspelt; other policies may well have the other goals."""
    goals = instance.policy.goals
    for name in BY_GOAL:
        table = instance.case.table(name)
        counts = table["goal"].value_counts(sort=False)
        for goal, count in counts[~counts.index.isin(list(goals))].items():
            meant = did_you_mean(str(goal), goals)
            if meant is not None:
                yield Problem(
                    TABLES[name].file,
                    f"{count} row{'s' * (count != 1)} for {goal!r}, which is not a goal of the "
                    f"policy, count{'s' * (count == 1)} for nothing",
                    int(table.index[table["goal"].eq(str(goal))][0]),
                    "goal",
                    maybe=f"you want {meant!r}",
                )


def unearnable_goals(instance: Instance) -> Iterator[Problem]:
    """Goals with a weight for which no decision earns anything."""
    file, goals = instance.policy.path.name, instance.policy.goals
    weighty = {name: goal for name, goal in goals.items() if goal.weight}
    if not len(instance.sets.cohort):
        return
    value = instance.value
    earned = set(value.loc[value["family"].ne(CONSTANT), "goal"])
    idle = [name for name in weighty if name not in earned]
    for name in idle:
        if len(idle) < len(weighty) and _is_optional(weighty[name]):
            continue
        yield Problem(
            file,
            f"nobody who could be given a slot earns anything for it, so its weight of "
            f"{weighty[name].weight:g} counts for nothing",
            column=f"goals.{name}",
            maybe="its effects are meant for other tracks or stages, or its indicators for others",
        )


def _is_optional(goal: Goal) -> bool:
    """Whether the goal says itself that a case may have nothing for it."""
    effects = (*goal.effects, *goal.region_effects)
    return bool(effects) and all(effect.optional for effect in effects)


def ranges_beside_figures(instance: Instance) -> Iterator[Problem]:
    """Ranges of indicators that none of the figures falls into: shares and percentages, mostly."""
    attributes = instance.attributes.quiet()
    for dimension, table in OPEN_ENDED.items():
        key = "indicators" if table == "countries" else "region_indicators"
        for name, goal in instance.policy.goals.items():
            for indicator in getattr(goal, key):
                if indicator.range is None:
                    continue
                low, high = indicator.range
                values = attributes.tables[dimension][indicator.column]
                figures = attributes.figures(Attribute(dimension, indicator.column, values))
                given = [] if figures is None else figures.dropna().tolist()
                if given and not any(low <= figure <= high for figure in given):
                    yield Problem(
                        instance.policy.path.name,
                        f"all figures of {indicator.column!r}, from {min(given):g} to "
                        f"{max(given):g}, lie outside {low:g} to {high:g}, so all score 0 or 1",
                        column=f"goals.{name}.{key}.{indicator.column}.range",
                        maybe="the range is in another unit",
                    )
