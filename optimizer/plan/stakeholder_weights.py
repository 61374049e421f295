"""What a plan gives stakeholders: points by the weights of each, counted like the policy's own.

value of a stakeholder = 100 * sum over goals of (its share of weight * value of the goal / scale),
with shares that add up to 1: 100 would be every goal that matters to it at its scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.policy import Policy, Stakeholder


@dataclass(frozen=True, eq=False)
class StakeholderWeights:
    """How stakeholders weigh the goals of a policy.

    Attributes
    ----------
    goals
        All of the policy's.
    shares
        Share of weight by stakeholder and goal, below 0 for what is avoided.
    per_value
        Points that one unit of a goal's raw value gives each stakeholder.
    """

    stakeholders: tuple[Stakeholder, ...]
    goals: tuple[str, ...]
    shares: Floats
    per_value: Floats

    @property
    def names(self) -> list[str]:
        """Of the stakeholders."""
        return [stakeholder.name for stakeholder in self.stakeholders]

    def values(self, raw: Mapping[str, float]) -> Floats:
        """Points that raw values of goals give each stakeholder."""
        found: Floats = self.per_value @ np.array([raw[goal] for goal in self.goals])
        return found


def stakeholder_weights(policy: Policy, scales: Mapping[str, float]) -> StakeholderWeights:
    """Find the weights of every stakeholder, whether given or compared."""
    known, goals = policy.stakeholders, tuple(policy.goals)
    shares = np.zeros((len(known), len(goals)))
    for row, stakeholder in enumerate(known):
        for goal, share in stakeholder.shares(policy.avoided).items():
            shares[row, goals.index(goal)] = share
    per_value = 100.0 * shares / np.array([scales[goal] for goal in goals])
    return StakeholderWeights(known, goals, shares, per_value)
