"""What the value of each goal counts for whom: for the goal itself, or for stakeholders."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from optimizer.frames.grouping import once
from optimizer.policy import Policy
from optimizer.policy.groups_of_goals import GOAL, STAKEHOLDER


@dataclass(frozen=True)
class GoalViews:
    """Goals of a policy, and how stakeholders weigh them.

    Attributes
    ----------
    scales
        Raw value of each goal that counts as 1; ``None`` for the ideal, which is known only after
        solving.
    avoided
        Goals of which less is better.
    shares
        Share of weight by stakeholder and goal, below 0 for what it avoids.
    """

    scales: Mapping[str, float | None]
    avoided: frozenset[str]
    shares: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, policy: Policy) -> GoalViews:
        """Those of a policy, worked out once for it."""
        return once(_views_of, policy)

    def counted(self, dimension: str, names: Sequence[str], goals: Collection[str]) -> pd.DataFrame:
        """What one unit of the value of each goal counts for each of the named groups.

        Parameters
        ----------
        dimension
            ``goal`` or ``stakeholder``.

        Returns
        -------
        pandas.DataFrame
            A row for each group, a column for each goal.
        """
        own = {name: {name: 1.0} for name in names} if dimension == GOAL else self.shares
        rows = [[own[name].get(goal, 0.0) for goal in goals] for name in names]
        return pd.DataFrame(rows, index=list(names), columns=list(goals), dtype="float64")


def _views_of(policy: Policy) -> GoalViews:
    scales = {name: _number(goal.scale) for name, goal in policy.goals.items()}
    shares = {each.name: each.shares(policy.avoided) for each in policy.stakeholders}
    return GoalViews(scales, frozenset(policy.avoided), shares)


def _number(scale: object) -> float | None:
    if isinstance(scale, str):
        return 1.0 if scale == "none" else None
    return float(str(scale))


def value_for(
    value: pd.DataFrame, views: GoalViews, goals: Collection[str], who: Sequence[str] | None
) -> pd.DataFrame:
    """Terms of the values of goals, for each stakeholder by its shares where any are named.

    Parameters
    ----------
    value
        Terms with the column ``goal``.
    """
    found = value[value["goal"].isin(list(goals))]
    if who is None:
        return found
    counted = views.counted(STAKEHOLDER, who, goals)
    parts = []
    for name, shares in counted.iterrows():
        share = found["goal"].map(shares).to_numpy()
        part = found.assign(stakeholder=str(name), coefficient=found["coefficient"] * share)
        parts.append(part[share != 0.0])
    return pd.concat(parts, ignore_index=True) if parts else found.assign(stakeholder="").head(0)
