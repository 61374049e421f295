"""From indicators to one score between 0 and 1 per country or region and goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import pandas as pd

from optimizer.errors import did_you_mean
from optimizer.frames.arrays import Floats
from optimizer.frames.memory import Steps
from optimizer.instance.attributes import OPEN_ENDED, Attribute, Attributes
from optimizer.io.cells import are_figures
from optimizer.policy import Goal, Indicator, Missing

DIMENSION = {table: dimension for dimension, table in OPEN_ENDED.items()}
_KEY = {"countries": "indicators", "regions": "region_indicators"}
"""Key of a goal that holds the indicators of a table."""

GivenScores: TypeAlias = Mapping[str, pd.Series]
"""Scores of countries by goal (index: country) that stand in place of those of its indicators."""

NO_SCORES: GivenScores = MappingProxyType({})


@dataclass(frozen=True)
class Scores:
    """Scores of every goal, and the ranges the indicators were scaled on.

    Attributes
    ----------
    countries, regions
        Index: key; one column per goal, values in 0-1.
    ranges
        goal, table, column, low, high: recorded with every run, and fixable in the policy.
    given
        Scores of countries that did not come from indicators. Terms of these goals stand even where
        a score is 0, so that the rules are the same whoever has it.
    """

    countries: pd.DataFrame
    regions: pd.DataFrame
    ranges: pd.DataFrame
    given: GivenScores = field(default_factory=dict)


def build_scores(
    goals: Mapping[str, Goal],
    attributes: Attributes,
    step: Steps | None = None,
    given: GivenScores = NO_SCORES,
) -> Scores:
    """Score every country and region for every goal of the policy.

    Parameters
    ----------
    given
        Scores that stand in place of those of a goal's indicators; other countries keep theirs.
    """
    step = step or Steps()
    columns: dict[str, dict[str, pd.Series]] = {table: {} for table in DIMENSION}
    ranges: list[dict[str, object]] = []
    for table, key in _KEY.items():
        for name, goal in goals.items():
            place = (table, name)
            asked = attributes, place, getattr(goal, key), goal.missing
            columns[table][name], found = step(_scored, *asked, name=place)
            ranges += found
    for name, scores in given.items():
        columns["countries"][name] = scores.reindex(columns["countries"][name].index).fillna(
            columns["countries"][name]
        )
    frames = {
        table: pd.DataFrame(found, index=attributes.keys(DIMENSION[table]))
        for table, found in columns.items()
    }
    told = pd.DataFrame(ranges, columns=["goal", "table", "column", "low", "high"])
    return step.kept("scores", Scores(frames["countries"], frames["regions"], told, dict(given)))


def _scored(
    attributes: Attributes,
    place: tuple[str, str],
    indicators: Sequence[Indicator],
    missing: Missing,
) -> tuple[pd.Series, list[dict[str, object]]]:
    """Scores of the rows of one table for one goal, and the ranges they were scaled on."""
    table, name = place
    scorer = _Scorer(attributes, table, [])
    return scorer.score(name, indicators, missing), scorer.ranges


@dataclass(frozen=True)
class _Scorer:
    attributes: Attributes
    table: str
    ranges: list[dict[str, object]]

    @property
    def rows(self) -> Mapping[str, pd.Series]:
        """Attributes by name."""
        return self.attributes.tables[DIMENSION[self.table]]

    def score(self, name: str, indicators: Sequence[Indicator], missing: Missing) -> pd.Series:
        """Weighted mean of the scaled indicators; 1 for all without indicators.

        score = sum of weight * scaled / sum of weight, over the indicators present, where scaled
        is (x - low) / (high - low) clipped to 0-1 and turned round for direction ``lower``;
        transform ``log`` takes x = log(1 + value) first.
        """
        keys = self.attributes.keys(DIMENSION[self.table])
        total, weight = np.zeros(len(keys)), np.zeros(len(keys))
        for indicator in indicators:
            where = f"goals.{name}.{_KEY[self.table]}.{indicator.column}"
            scaled = self._scaled(name, indicator, where)
            if scaled is None:
                continue
            scaled, counted = self._present(scaled, missing, indicator, where)
            total += indicator.weight * scaled
            weight += indicator.weight * counted
        if not indicators:
            return pd.Series(1.0, index=keys)
        empty = keys[weight <= 0]
        if len(empty) and not self.attributes.problems:
            self.attributes.add(
                f"goals.{name}",
                f"no indicator has a figure for {', '.join(empty[:5])}",
                "at least one figure, or missing = 'zero' or a number",
            )
        score = np.divide(total, weight, out=np.zeros(len(keys)), where=weight > 0)
        return pd.Series(score, index=keys)

    def _scaled(self, name: str, indicator: Indicator, where: str) -> Floats | None:
        """Indicator between 0 and 1, blank where it is not given; None after a problem."""
        given = self._given(indicator, where)
        values = None if given is None else self._transformed(given, indicator, where)
        if given is None or values is None:
            return None
        shown = indicator.range or (float(given.min()), float(given.max()))
        low, high = shown if indicator.transform == "linear" else np.log1p(shown)
        if not high > low:
            self.attributes.add(
                f"{where}.column",
                f"{indicator.column!r} is the same for all rows of {self.table}",
                "a column in which they differ, or a range = [low, high]",
            )
            return None
        self.ranges.append(
            {
                "goal": name,
                "table": self.table,
                "column": indicator.column,
                "low": float(shown[0]),
                "high": float(shown[1]),
            }
        )
        scaled = np.clip((values.to_numpy() - low) / (high - low), 0.0, 1.0)
        return 1.0 - scaled if indicator.direction == "lower" else scaled

    def _given(self, indicator: Indicator, where: str) -> pd.Series | None:
        """Figures of the indicator's column; None where it has none."""
        dimension, column = DIMENSION[self.table], indicator.column
        own = self.attributes.own(dimension)
        if column in own:
            figures = self.attributes.figures(Attribute(dimension, column, self.rows[column]))
            if figures is not None:
                return figures
        numeric = [name for name in own if are_figures(self.rows[name])]
        self.attributes.add(
            f"{where}.column",
            f"{column!r} is not a numeric column of {self.table}",
            "a numeric attribute column",
            did_you_mean(column, numeric),
        )
        return None

    def _transformed(self, values: pd.Series, indicator: Indicator, where: str) -> pd.Series | None:
        """Values of the indicator's column after its transform; None after a problem."""
        if indicator.transform == "log":
            if (values < 0).any():
                self.attributes.add(
                    f"{where}.transform",
                    f"{indicator.column!r} has values below 0",
                    "values of at least 0 for transform 'log'",
                )
                return None
            values = np.log1p(values)
        return values

    def _present(
        self, scaled: Floats, missing: Missing, indicator: Indicator, where: str
    ) -> tuple[Floats, Floats]:
        """Apply the rule for missing values; also which rows the indicator counts for."""
        rule = missing if indicator.missing is None else indicator.missing
        blank = np.isnan(scaled)
        if rule == "reweight":
            return np.where(blank, 0.0, scaled), 1.0 - blank
        if rule == "error" and blank.any():
            count, keys = int(blank.sum()), self.attributes.keys(DIMENSION[self.table])
            shown = ", ".join(map(str, keys[blank][:5]))
            self.attributes.add(
                f"{where}.missing",
                f"{indicator.column!r} is blank for {count} row{'s' * (count != 1)} of "
                f"{self.table} ({shown})",
                "a figure, or missing = 'reweight', 'zero' or a number",
            )
        fill = rule if isinstance(rule, int | float) else 0.0
        return np.where(blank, float(fill), scaled), np.ones(len(scaled))
