"""The two records that limits are joined into."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from optimizer.policy import Limit


@dataclass(frozen=True)
class Bound:
    """One side of a limit: ``constant[group] + factors[group] * other[other_group[group]]``.

    Attributes
    ----------
    sense
        ``at_least`` or ``at_most``.
    constant
        Number per group; 0 for shares of another measure.
    times, other, other_group
        Factor, terms and group of what a relative bound refers to: another measure, or the same
        one in the year before. ``other`` is empty for plain numbers, and ``other_group`` where
        there is nothing to compare with.
    weights
        What the factor is multiplied by for each group, if it is not the same for all.
    """

    sense: str
    constant: pd.Series
    times: float
    other: pd.DataFrame
    other_group: pd.Series
    weights: pd.Series | None = None

    @property
    def factors(self) -> pd.Series:
        """Factor of every group on what it is compared with."""
        weights = 1.0 if self.weights is None else self.weights
        found: pd.Series = pd.Series(self.times, index=self.constant.index) * weights
        return found

    @property
    def is_relative(self) -> bool:
        """Whether the bound moves with another measure, or with another year."""
        return self.times != 0.0

    @property
    def fixed(self) -> pd.Series:
        """Numbers of the groups that no plan can move."""
        moves = self.other_group.isin(self.other["group"]) & self.is_relative
        return self.constant[~moves]


@dataclass(frozen=True)
class Spread:
    """How far all groups of a limit lie apart.

    Attributes
    ----------
    kind
        ``gini`` or ``hoover``.
    shares
        Share of every group in all needs, by group label.
    terms
        family, position, coefficient, group: what every group gets.
    """

    kind: str
    shares: pd.Series
    terms: pd.DataFrame


@dataclass(frozen=True)
class JoinedLimit:
    """One limit with its groups, measured terms and bounds.

    Attributes
    ----------
    groups
        Index: group label; one column per attribute of ``by``.
    measured
        family, position, coefficient, group.
    """

    name: str
    limit: Limit
    groups: pd.DataFrame
    measured: pd.DataFrame
    bounds: tuple[Bound, ...]
    counted: bool = False
    """Whether the measure is a goal's whole value, counted after diminishing returns."""
    anyway: float = 0.0
    """Value earned whatever is decided, which the limit counts and the account of a goal leaves
    out."""
    row: int | None = None
    """Row of ``commitments`` that it stands for, if it is no limit of the policy."""
    spread: Spread | None = None
    """What is measured instead of terms, where the limit is on all groups together."""

    def in_words(self, group: str = "") -> str:
        """What a group of the limit is called; the limit alone where it has one group."""
        is_one = not self.limit.by or self.spread is not None
        return self.name if is_one else f"{self.name}, {group}"

    def soft_base(self, bound: Bound, group: str) -> float:
        """Amount that is 100% of a soft limit."""
        return self.limit.soft_base or abs(float(bound.constant[group]))
