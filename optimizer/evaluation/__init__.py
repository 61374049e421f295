"""Checking a plan: every rule recomputed from its tables, without Pyomo and without HiGHS."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from optimizer.evaluation.arrays import decisions_of, values_of
from optimizer.evaluation.checks import check_all, judged
from optimizer.evaluation.custom import custom_table, split_rows
from optimizer.evaluation.soft import change_costs, soft_costs
from optimizer.evaluation.subject import Subject
from optimizer.evaluation.tables import goals, result_tables
from optimizer.frames import rows_of
from optimizer.instance import Instance
from optimizer.plan import Decisions
from optimizer.rules import BOUNDS, RULES, Rule, figure, register

__all__ = ["Evaluation", "decisions_of", "evaluate_decisions", "values_of"]


LIMITS = ("limit_at_least", "limit_at_most")
"""Rules whose rows belong to single limits of the policy, named first in their keys."""


def _is_of(key: str, limit: str) -> bool:
    return key == limit or key.startswith(f"{limit}, ")


@dataclass(frozen=True, repr=False)
class Evaluation:
    """What a plan is worth and which rules it breaks.

    Attributes
    ----------
    points
        Value in points minus soft and stability prices.
    tables
        See :class:`optimizer.plan.Plan`; with ``goals`` and ``rules``.
    violations
        rule, key, value, sense, limit, slack: rows of ``rules`` that are broken, and decisions
        the case does not allow (rule ``decision_is_possible``).
    rules
        The register of the rules, custom ones included.
    """

    points: float
    tables: dict[str, pd.DataFrame]
    violations: pd.DataFrame
    rules: Mapping[str, Rule] = field(default_factory=lambda: RULES | BOUNDS)

    def __repr__(self) -> str:
        return f"<Evaluation: {self.points:,.3f} points, {len(self.violations)} rules broken>"

    def in_words(self) -> list[str]:
        """Every violation in one sentence."""
        words = {"at_most": "at most", "at_least": "at least", "equal": "exactly"}
        sides = {"at_most": "too many", "at_least": "short", "equal": "too many"}
        return [
            f"{self._title(row.rule)}: {row.key}: {figure(row.value)}, but {words[row.sense]} "
            f"{figure(row.limit)} ({figure(-row.slack)} {sides[row.sense]})"
            for row in rows_of(self.violations)
        ]

    def _title(self, name: str) -> str:
        # Bounds of custom variables are no rules of the register.
        return self.rules[name].title if name in self.rules else name

    def without(self, dropped: Collection[str]) -> Evaluation:
        """The same without violations and costs of rules or limits that were dropped."""
        if not dropped:
            return self
        soft = self.tables["soft"]
        free = soft["limit"].isin(dropped)
        keep = [
            row.rule not in dropped
            and not (row.rule in LIMITS and any(_is_of(row.key, name) for name in dropped))
            for row in rows_of(self.violations)
        ]
        return replace(
            self,
            points=self.points + float(soft.loc[free, "points"].sum()),
            tables={**self.tables, "soft": soft[~free].reset_index(drop=True)},
            violations=self.violations[keep].reset_index(drop=True),
        )

    @property
    def holds(self) -> bool:
        """Whether every rule holds."""
        return not len(self.violations)


def evaluate_decisions(
    instance: Instance,
    decisions: Decisions,
    scales: dict[str, float],
    custom: pd.DataFrame | None = None,
) -> Evaluation:
    """Recompute everything that follows from a plan and check every rule.

    Parameters
    ----------
    scales
        Raw value of each goal that counts as 1 before weights.
    custom
        Rows of custom rules with their values, which only their own expressions can tell.
    """
    assert (custom is not None) == bool(instance.extension.rules), "custom rules have rows"
    subject = Subject(instance, values_of(instance, decisions), decisions)
    tables = result_tables(subject)
    tables["goals"] = goals(subject, scales)
    hard, priced = split_rows(custom)
    tables["soft"] = _joined([soft_costs(subject), priced])
    tables["change"] = change_costs(subject)
    tables["custom_rules"] = custom_table(instance.extension)
    checked = judged(_joined([check_all(subject), hard]))
    tables["rules"] = checked.drop(columns="broken")
    impossible = subject.values.impossible
    strange = pd.DataFrame(
        {
            "rule": "decision_is_possible",
            "key": impossible["table"].astype("str") + ": " + impossible["key"].astype("str"),
            "value": impossible["value"].astype(float),
            "sense": "at_most",
            "limit": 0.0,
            "slack": -impossible["value"].astype(float).abs(),
        }
    )
    broken = checked[checked["broken"]].drop(columns="broken")
    found = [part for part in (strange, broken) if len(part)]
    prices = float(tables["soft"]["points"].sum() + tables["change"]["points"].sum())
    points = float(tables["goals"]["weighted"].sum()) - prices
    return Evaluation(
        points=points,
        tables=tables,
        violations=pd.concat(found, ignore_index=True) if found else strange,
        rules=register(instance.extension),
    )


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all parts; parts without rows leave the types of the others alone."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]
