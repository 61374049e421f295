"""Policies: what is wanted, as typed and frozen records read from TOML or a workbook's sheets."""

from __future__ import annotations

from optimizer.policy.evenness import Even
from optimizer.policy.fairness import Fairness
from optimizer.policy.goals import (
    Diminishing,
    Effect,
    Goal,
    Indicator,
    Missing,
    RegionEffect,
    RegionStage,
    Stage,
)
from optimizer.policy.limits import Amount, First, Flex, Limit, Previous, Relative, SupportFloor
from optimizer.policy.loading import load_policy, policy_schema
from optimizer.policy.models import Budget, Horizon, Policy, Solver, Stability, Transfer
from optimizer.policy.own_best import OwnBest
from optimizer.policy.shapes import Where
from optimizer.policy.sheet_writing import policy_rows
from optimizer.policy.sheets import book_roles
from optimizer.policy.stakeholders import PairwiseComparison, Stakeholder

__all__ = [
    "Amount",
    "Budget",
    "Diminishing",
    "Effect",
    "Even",
    "Fairness",
    "First",
    "Flex",
    "Goal",
    "Horizon",
    "Indicator",
    "Limit",
    "Missing",
    "OwnBest",
    "PairwiseComparison",
    "Policy",
    "Previous",
    "RegionEffect",
    "RegionStage",
    "Relative",
    "Solver",
    "Stability",
    "Stage",
    "Stakeholder",
    "SupportFloor",
    "Transfer",
    "Where",
    "book_roles",
    "load_policy",
    "policy_rows",
    "policy_schema",
]
