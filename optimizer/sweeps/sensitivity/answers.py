"""Answers of a sweep to one question, a number a scenario, with what its gap leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optimizer.errors import OptimizerError, did_you_mean
from optimizer.result.charts import not_among
from optimizer.sweeps.outcomes import SOLVED
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.scenarios import BASE

OF_POINTS = "points"
_ROUNDING = 1e-9
"""Relative difference of two optima that is none."""


@dataclass(frozen=True)
class Answers:
    """A number a scenario, by name and in the order of the study.

    Attributes
    ----------
    of
        What was asked: ``points``, or a goal, whose scaled value it is.
    levers
        What each scenario changes, a column an address; blank where nothing is changed.
    status
        Of each scenario.
    value
        As found; missing where there is no answer.
    least, most
        Between which the true value lies. Of points from the plan's to the bound; of goals what
        the gap would buy if it were all theirs, to both sides.
    provenance
        Of the sweep.
    """

    of: str
    levers: pd.DataFrame
    status: pd.Series
    value: pd.Series
    least: pd.Series
    most: pd.Series
    provenance: Mapping[str, Any]

    @property
    def base(self) -> float:
        """The value in which nothing is changed.

        Raises
        ------
        OptimizerError
            If there is none, so that nothing can be compared with it.
        """
        if BASE not in self.status.index or np.isnan(self.value[BASE]):
            status = self.status.get(BASE, "missing")
            raise OptimizerError(f"scenario {BASE!r} is {status}: nothing can be compared with it")
        return float(self.value[BASE])

    def table(self, names: Sequence[str]) -> pd.DataFrame:
        """Give scenarios with their status, value and difference to the base.

        Returns
        -------
        pandas.DataFrame
            scenario, status, value, difference, least_difference, most_difference, within_gap.
            A difference that may be none, for all that the gaps leave open, is within them; one
            that is rounding is 0.
        """
        value, index = self.value[list(names)], list(names)
        least = self.least[index] - self.most[BASE]
        most = self.most[index] - self.least[BASE]
        none = _ROUNDING * max(1.0, abs(self.base))
        difference = value - self.base
        return pd.DataFrame(
            {
                "scenario": pd.Series(index, dtype="str"),
                "status": self.status[index].to_numpy(),
                "value": value.to_numpy(),
                "difference": difference.mask(difference.abs().le(none), 0.0).to_numpy(),
                "least_difference": least.to_numpy(),
                "most_difference": most.to_numpy(),
                "within_gap": (least.le(none) & most.ge(-none)).to_numpy(),
            }
        )


def answers_of(sweep: Sweep, of: str = OF_POINTS) -> Answers:
    """Read one number a scenario.

    Raises
    ------
    OptimizerError
        If nothing of that name is known.
    """
    table = sweep.table.set_index("scenario")
    points, bound = table["points"], table["bound"].fillna(table["points"])
    if of == OF_POINTS:
        value, least, most = points, points, points.combine(bound, np.fmax)
    else:
        value = _scaled(sweep, table, of)
        share = (bound - points).clip(lower=0.0) / _points_per_scaled(sweep)[of]
        least, most = value - share, value + share
    solved = table["status"].isin(SOLVED)
    return Answers(
        of=of,
        levers=sweep.levers,
        status=table["status"],
        value=value.where(solved),
        least=least.where(solved),
        most=most.where(solved),
        provenance={**sweep.provenance, "of": of},
    )


def _scaled(sweep: Sweep, table: pd.DataFrame, goal: str) -> pd.Series:
    if goal not in sweep.policy.goals:
        raise not_among([OF_POINTS, *sweep.policy.goals], goal, "there is no goal")
    return table[f"{goal}_scaled"]


def _points_per_scaled(sweep: Sweep) -> dict[str, float]:
    """Points of a goal that reaches its scale, by the weights of the policy before any change."""
    weights = {name: float(goal.weight) for name, goal in sweep.policy.goals.items()}
    total = sum(weights.values())
    return {name: 100.0 * weight / total or np.inf for name, weight in weights.items()}


def alone(answers: Answers, *levers: str) -> list[str]:
    """Give the scenarios that change these levers, some or all, and nothing else; base first."""
    changed = answers.levers.map(lambda cell: cell != "")
    others = changed.drop(columns=list(levers)).any(axis=1)
    return [str(name) for name in changed.index[~others]]


def require_lever(answers: Answers, lever: str) -> str:
    """Refuse what no scenario changes."""
    if lever in answers.levers:
        return lever
    near = did_you_mean(lever, [str(name) for name in answers.levers])
    maybe = "" if near is None else f". Maybe {near}"
    raise OptimizerError(f"no scenario changes {lever!r}{maybe}")


def place(cell: object) -> float:
    """Where a change stands on the axis of its lever: the number, factor or sum that it names.

    Examples
    --------
    >>> place("*1.1"), place("+5"), place(300), place("")
    (1.1, 5.0, 300.0, nan)
    """
    text = str(cell).strip().removeprefix("*")
    try:
        return float(text)
    except ValueError:
        return float("nan")


def places_of(changes: Sequence[str]) -> list[float]:
    """Places of changes; the base of a lever whose changes are all factors is 1, of sums 0."""
    made = [change for change in changes if change]
    neutral = np.nan
    if all(change.startswith("*") for change in made):
        neutral = 1.0
    elif all(change.startswith(("+", "-")) for change in made):
        neutral = 0.0
    return [place(change) if change else neutral for change in changes]


def shown_changes(changes: Sequence[str]) -> list[str]:
    """Changes as they are shown; what is left as it is has the factor 1 among factors."""
    made = [change for change in changes if change]
    unchanged = "*1" if all(change.startswith("*") for change in made) else "as it is"
    return [change or unchanged for change in changes]


def changes_in_order(changes: pd.Series) -> list[str]:
    """Changes of a lever, each once, from the least on; those without a number last."""
    return sorted(dict.fromkeys(changes), key=lambda cell: (np.isnan(place(cell)), place(cell)))


def with_failed(words: list[str], statuses: pd.Series) -> list[str]:
    """Add how many scenarios have no answer, by status, where there are any."""
    failed = statuses[~statuses.isin(SOLVED)].value_counts()
    if not len(failed):
        return words
    counted = ", ".join(f"{count} {status}" for status, count in failed.items())
    return [*words, f"Without an answer: {counted}."]
