"""Checking a plan: every rule recomputed from its tables, without Pyomo and without HiGHS."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any

import pandas as pd

from optimizer.case.currency import smallest_unit
from optimizer.frames import rows_of, stacked
from optimizer.frames.records import Frames
from optimizer.instance import Instance
from optimizer.plan import DECIDED, Decisions
from optimizer.plan.checks import check_all
from optimizer.plan.custom import custom_table, split_rows
from optimizer.plan.evenness import evenness_of
from optimizer.plan.fair_shares import fairness_tables
from optimizer.plan.soft import change_costs, soft_costs
from optimizer.plan.subject import PLACE, Subject, judged
from optimizer.plan.tables import goals, result_tables
from optimizer.plan.take_up import take_up
from optimizer.plan.to_stakeholders import stakeholders_of
from optimizer.plan.values import decisions_of, values_of
from optimizer.result import Result
from optimizer.schema.rules import BOUNDS, LIMIT_RULES, RULES, Rule, register
from optimizer.text.figures import apart, difference

__all__ = ["Evaluation", "decisions_of", "evaluate_decisions", "values_of"]


CAPPED = {"gini": "Gini coefficient", "hoover": "part that would have to go elsewhere"}
"""What limits on all groups together cap, in words."""
STRANGE = "decision_is_possible"
"""Rule of decisions that the case does not allow."""


def is_dropped(rule: str, place: tuple[object, ...], dropped: Collection[str]) -> bool:
    """Whether a row belongs to a rule or limit that was dropped.

    Examples
    --------
    >>> is_dropped("limit_at_most", ("share", "AVA"), ["share"])
    True
    >>> is_dropped("limit_at_most", ("share, AVA",), ["share"])
    False
    >>> is_dropped("spending_within_budget", ("science", 2030), ["science"])
    False
    """
    return rule in dropped or (rule in LIMIT_RULES and place[0] in dropped)


@dataclass(frozen=True, repr=False, eq=False)
class Evaluation(Result):
    """Points and value of a plan, and the rules it breaks; tables are given as copies.

    Attributes
    ----------
    points
        Value in points minus penalties of soft limits and of change.
    tables
        See :class:`optimizer.plan.Plan`; with ``goals`` and ``rules``.
    violations
        rule, key, by, place, value, sense, limit, slack: rows of ``rules`` that are broken, and
        decisions the case does not allow (rule ``decision_is_possible``).
    rules
        The register of the rules, custom ones included.
    provenance
        Names and hashes of policy and case, and scales.
    evenness
        What hard limits on the Gini coefficient or on Hoover's share cap (``gini``, ``hoover``) and
        its figure, by name. Their rows in the tables are in what is divided and lies apart.
    """

    points: float
    tables: Mapping[str, pd.DataFrame]
    violations: pd.DataFrame
    rules: Mapping[str, Rule] = field(default_factory=lambda: RULES | BOUNDS)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    evenness: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "tables", Frames(self.tables, DECIDED))

    def __repr__(self) -> str:
        return f"<Evaluation: {self.points:,.3f} points, {len(self.violations)} rules broken>"

    @property
    def table(self) -> pd.DataFrame:
        """Every checked row, and every decision that the case does not allow.

        Returns
        -------
        pandas.DataFrame
            rule, key, by, place, value, sense, limit, slack, status (``holds`` or ``broken``).
        """
        strange = self.violations[self.violations["rule"].eq(STRANGE)]
        rows = stacked([self.tables["rules"], strange.assign(broken=True)])
        status = rows["broken"].map({False: "holds", True: "broken"})
        return rows.drop(columns=["allowed", "broken"]).assign(status=status)

    def in_words(self) -> list[str]:
        """Every violation in one sentence, or that there is none."""
        if self.holds:
            return [f"Every rule holds. {self.points:,.4f} points."]
        words = {"at_most": "at most", "at_least": "at least", "equal": "exactly"}
        sides = {"at_most": "too many", "at_least": "short", "equal": "too many"}
        told = []
        for row in rows_of(self.violations):
            if row.rule in LIMIT_RULES and isfinite(self._figure_of(row.place[0])):
                told.append(self._uneven(row))
                continue
            value, limit = apart(row.value, row.limit)
            beyond = f"{difference(-row.slack, row.limit)} {sides[row.sense]}"
            place = f"{self._title(row.rule)}: {row.key}"
            told.append(f"{place}: {value}, but {words[row.sense]} {limit} ({beyond})")
        return told

    def _figure_of(self, name: str) -> float:
        return self.evenness[name][1] if name in self.evenness else nan

    def _uneven(self, row: Any) -> str:
        """A broken cap on a figure of inequality, in the numbers that the policy has."""
        kind, known = self.evenness[row.place[0]]
        # What lies apart is the figure times all that is divided, and so is what may.
        value, cap = apart(known, known * row.limit / row.value)
        return f"{self._title(row.rule)}: {row.key}: {CAPPED[kind]} {value}, but at most {cap}"

    def _title(self, name: str) -> str:
        # Bounds of custom variables are no rules of the register.
        return self.rules[name].title if name in self.rules else name

    @property
    def holds(self) -> bool:
        """Whether every rule holds."""
        return not len(self.violations)


def evaluate_decisions(
    instance: Instance,
    decisions: Decisions,
    scales: dict[str, float],
    custom: pd.DataFrame | None = None,
    dropped: Collection[str] = (),
    *,
    verdict_only: bool = False,
) -> Evaluation:
    """Recompute everything that follows from a plan and check every rule.

    Parameters
    ----------
    scales
        Raw value of each goal that counts as 1 before weights.
    custom
        Rows of custom rules with their values, which only their own expressions can give.
    dropped
        Limits and whole rules that need not hold and cost nothing.
    verdict_only
        Whether points and rules are enough, with the tables that they are made of: ``goals``,
        ``soft``, ``change`` and ``rules``. On small cases that is a third of the work.
    """
    assert (custom is not None) == bool(instance.extension.rules), "custom rules have rows"
    subject = Subject(instance, values_of(instance, decisions), decisions)
    tables = {} if verdict_only else result_tables(subject)
    tables["goals"] = goals(subject, scales)
    hard, penalised = split_rows(custom)
    if len(penalised):
        penalised = penalised[~penalised["limit"].isin(dropped)]
    tables["soft"] = stacked([soft_costs(subject, dropped), penalised])
    tables["change"] = change_costs(subject)
    checked = judged(stacked([check_all(subject), hard]), smallest_unit(instance.case))
    if not verdict_only:
        tables["custom_rules"] = custom_table(instance.extension)
        tables["take_up"] = take_up(subject, checked, custom)
        tables |= fairness_tables(subject, scales)
        tables["stakeholders"] = stakeholders_of(instance.policy, tables["goals"])
    tables["rules"] = checked
    impossible = subject.values.impossible
    strange = pd.DataFrame(
        {
            "rule": STRANGE,
            "key": impossible["table"].astype("str") + ": " + impossible["key"].astype("str"),
            **{name: impossible[name] for name in PLACE},
            "value": impossible["value"],
            "sense": "at_most",
            "limit": 0.0,
            "slack": -impossible["value"].abs(),
        }
    )
    broken = checked[checked["broken"]].drop(columns=["allowed", "broken"])
    # A variable of a custom rule that is beyond its bounds is no rule that could be dropped.
    rules = register(instance.extension)
    is_kept = [
        row.rule not in rules or not is_dropped(row.rule, row.place, dropped)
        for row in rows_of(broken)
    ]
    broken = broken.loc[is_kept]
    penalties = float(tables["soft"]["points"].sum() + tables["change"]["points"].sum())
    points = float(tables["goals"]["weighted"].sum()) - penalties
    return Evaluation(
        points=points,
        tables=tables,
        violations=stacked([strange, broken]),
        rules=rules,
        provenance={
            "policy": instance.policy.name,
            "policy_hash": instance.policy.hash,
            "case": instance.case.name,
            "case_hashes": dict(instance.case.hashes),
            "scales": scales,
        },
        evenness={
            limit.name: (limit.spread.kind, evenness_of(subject, limit.spread))
            for limit in instance.limits
            if limit.spread is not None and limit.limit.soft is None
        },
    )
