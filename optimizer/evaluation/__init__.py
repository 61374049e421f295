"""Checking a plan: every rule recomputed from its tables, without Pyomo and without HiGHS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.evaluation.arrays import decisions_of, values_of
from optimizer.evaluation.checks import changes, check_all, limit_rows
from optimizer.evaluation.subject import Subject
from optimizer.evaluation.tables import goals, result_tables
from optimizer.frames import rows_of
from optimizer.instance import Instance
from optimizer.plan import Decisions
from optimizer.rules import figure, title_of

__all__ = ["Evaluation", "decisions_of", "evaluate_decisions", "values_of"]


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
    """

    points: float
    tables: dict[str, pd.DataFrame]
    violations: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Evaluation: {self.points:,.3f} points, {len(self.violations)} rules broken>"

    def in_words(self) -> list[str]:
        """Every violation in one sentence."""
        words = {"at_most": "at most", "at_least": "at least", "equal": "exactly"}
        sides = {"at_most": "too many", "at_least": "short", "equal": "too many"}
        return [
            f"{title_of(row.rule)}: {row.key}: {figure(row.value)}, but {words[row.sense]} "
            f"{figure(row.limit)} ({figure(-row.slack)} {sides[row.sense]})"
            for row in rows_of(self.violations)
        ]

    @property
    def holds(self) -> bool:
        """Whether every rule holds."""
        return not len(self.violations)


def evaluate_decisions(
    instance: Instance, decisions: Decisions, scales: dict[str, float]
) -> Evaluation:
    """Recompute everything that follows from a plan and check every rule.

    Parameters
    ----------
    scales
        Raw value of each goal that counts as 1 before weights.
    """
    subject = Subject(instance, values_of(instance, decisions), decisions)
    tables = result_tables(subject)
    tables["goals"] = goals(subject, scales)
    tables["soft"] = _soft(subject)
    checked = check_all(subject)
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
    points = float(tables["goals"]["weighted"].sum() - tables["soft"]["points"].sum())
    stability = instance.policy.stability
    if stability is not None and stability.price:
        points -= stability.price * float(changes(subject).sum())
    return Evaluation(
        points=points,
        tables=tables,
        violations=pd.concat(found, ignore_index=True) if found else strange,
    )


def _soft(subject: Subject) -> pd.DataFrame:
    """limit, key, value, number, percent, points: what soft limits cost."""
    parts = []
    for limit in subject.instance.limits:
        if limit.limit.soft is None:
            continue
        for rows, bound in zip(
            limit_rows(subject, limit, limit.name, "limit"), limit.bounds, strict=True
        ):
            base = np.array([limit.soft_base(bound, group) for group in limit.groups.index])
            side = 1.0 if bound.sense == "at_most" else -1.0
            beyond = np.maximum(0.0, side * (rows["value"] - rows["limit"]))
            percent = 100.0 * beyond / base
            parts.append(
                pd.DataFrame(
                    {
                        "limit": limit.name,
                        "key": rows["key"],
                        "value": rows["value"],
                        "number": rows["limit"],
                        "percent": percent,
                        "points": limit.limit.soft * percent,
                    }
                )
            )
    columns = ["limit", "key", "value", "number", "percent", "points"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
