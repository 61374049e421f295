"""Asks any plan how fairly it divides: by what the policy names, or by groups named here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.instance import NO_FILTER, build_instance, is_filter
from optimizer.io.toml import shown
from optimizer.plan import Decisions, Plan
from optimizer.plan.fair_shares import fairness_tables, fairness_words, measured_per
from optimizer.plan.inequality import standing_of
from optimizer.plan.question import Question
from optimizer.plan.scales import known_scales
from optimizer.plan.subject import Subject
from optimizer.plan.values import values_of
from optimizer.policy import Fairness
from optimizer.policy.loading import policy_with_division
from optimizer.result import Result
from optimizer.result.charts import drawing, not_among
from optimizer.runs.loading import Run, load_run
from optimizer.tradeoffs.fairness_charts import rate_bars

USUAL_MEASURE = "slots"
"""What is divided where nobody says another thing."""


@dataclass(frozen=True, repr=False, eq=False)
class FairShares(Result):
    """How evenly a plan divides; tables are given as copies.

    Attributes
    ----------
    groups
        A row for each group of each division: fairness, group, called, amount (of the measure),
        need (blank where all groups count the same), rate (amount for each unit of need), share
        and need_share (of all groups), status (``lowest``, ``highest`` or blank).
    tables
        ``figures``: fairness, measure, unit, relative_to, groups, left_out (groups without need),
        total, gini, hoover, jain, theil, palma, largest_to_smallest (see
        :mod:`optimizer.plan.inequality`), lowest_group, highest_group, at_lowest (groups with the
        lowest rate), lowest_rate, highest_rate.
    provenance
        Names and hashes of policy and case.
    """

    groups: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<FairShares: {', '.join(self.charts)}>"

    @property
    def table(self) -> pd.DataFrame:
        """Every group: see :attr:`groups`."""
        return self.groups

    def in_words(self) -> list[str]:
        """How evenly each division is made, a sentence each."""
        return fairness_words({"fairness": self.tables["figures"], "fairness_groups": self.groups})

    @property
    def charts(self) -> list[str]:
        """Names of the charts that there are: one for each division."""
        return self.tables["figures"]["fairness"].tolist()

    @typed
    def chart(self, name: str = "") -> Any:
        """Draw the rates of one division, the first one without a name.

        Raises
        ------
        OptimizerError
            If there is no such division, or the extra ``notebook`` is not installed.
        """
        known = self.charts
        wanted = name or known[0]
        if wanted not in known:
            raise not_among(known, wanted, "there is no division")
        figures = self.tables["figures"]
        row = next(figures[figures["fairness"].eq(wanted)].itertuples(index=False))
        with drawing():
            return rate_bars(self.groups[self.groups["fairness"].eq(wanted)], *measured_per(row))


@typed
def fairness(
    subject: Plan | Run | str | Path,
    *,
    by: Sequence[str] | None = None,
    measure: str = USUAL_MEASURE,
    where: Mapping[str, object] = NO_FILTER,
    relative_to: str | None = None,
    goal: str | None = None,
    scaled: bool = False,
    planned: bool = False,
) -> FairShares:
    """Say how evenly a plan divides, whoever made it.

    Parameters
    ----------
    subject
        A plan, or a run (or the path of its folder).
    by
        Attributes that make the groups; without any, the divisions that the policy names.
    measure, where, relative_to, goal, scaled, planned
        With ``by``: what is divided, as in a ``[[fairness]]`` table of a policy.

    Raises
    ------
    PolicyError
        If policy and case have no such measure, groups or need.
    OptimizerError
        If ``by`` is empty, or is missing where something goes with it or the policy has no
        division; or a plan does not hold its question.
    InputError
        If a run cannot be read.

    Examples
    --------
    >>> from optimizer import fairness, solve
    >>> plan = solve("models/tiny.toml", "inputs/tiny")
    >>> found = fairness(plan, by=["region"], relative_to="region.population")
    >>> print(*found.in_words())
    slots by region (slots per 1,000 of population): from 0.625 (hills) to 1.4 (coast), \
2.24 times that; Gini 0.181; 18.1% would have to go elsewhere for all to get the same.
    """
    if not is_filter(where):
        raise OptimizerError(f"fairness: where is {shown(where)}, not values by attribute")
    others = {"relative_to": relative_to, "goal": goal, "scaled": scaled, "planned": planned}
    _require_by(by, measure, where, **others)
    question, decisions, scales = _question_of(subject)
    policy = question.policy
    if by is not None:
        asked: dict[str, object] = {
            "name": f"{measure if goal is None else goal} by {' and '.join(by)}",
            "measure": measure,
            "where": dict(where),
            "by": list(by),
            "scaled": scaled,
            "planned": planned,
        }
        asked |= {} if relative_to is None else {"relative_to": relative_to}
        asked |= {} if goal is None else {"goal": goal}
        policy = policy_with_division(policy, asked)
    if not policy.fairness:
        raise OptimizerError(
            "the policy has no division\n    Expected by=..., the attributes that make the "
            "groups, or a [[fairness]] table in the policy."
        )
    instance = build_instance(question.case, policy)
    subject_of = Subject(instance, values_of(instance, decisions), decisions)
    tables = fairness_tables(subject_of, {**known_scales(policy), **scales})
    return FairShares(
        groups=_with_status(tables["fairness_groups"]),
        tables={"figures": tables["fairness"]},
        provenance={
            "policy": policy.name,
            "policy_hash": policy.hash,
            "case": question.case.name,
            "case_hashes": dict(question.case.hashes),
            "divisions": [_told(each) for each in policy.fairness],
        },
    )


def _require_by(
    by: Sequence[str] | None, measure: str, where: Mapping[str, object], **others: object
) -> None:
    """Refuse groups that are none, and what says more of groups that nobody asks for."""
    expected = "attributes that make the groups, such as by=['region']"
    if by is not None and not by:
        raise OptimizerError(f"fairness: by is an empty list\n    Expected {expected}.")
    given = {"measure": measure != USUAL_MEASURE, "where": bool(where)}
    given |= {name: bool(value) for name, value in others.items()}
    named = [name for name, is_given in given.items() if is_given]
    if by is None and named:
        told = " and ".join(named)
        raise OptimizerError(f"fairness: {told} without by\n    Expected {expected}.")


def _question_of(
    subject: Plan | Run | str | Path,
) -> tuple[Question, Decisions, Mapping[str, float]]:
    """Question of a plan, what it decides, and the scales of goals."""
    if isinstance(subject, str | Path):
        subject = load_run(subject)
    if isinstance(subject, Run):
        return subject.question, subject.read.decisions, subject.read.scales
    if subject.question is None:
        raise OptimizerError("the plan holds no question\n    Expected a plan of solve, or a run.")
    return subject.question, subject.decisions, subject.provenance.get("scales", {})


def _told(division: Fairness) -> dict[str, Any]:
    return division.model_dump(mode="json", exclude_defaults=True)


def _with_status(groups: pd.DataFrame) -> pd.DataFrame:
    """Which groups have the highest and the lowest rate of their division."""
    status = pd.Series("", index=groups.index, dtype="str")
    for _, rates in groups.groupby("fairness", sort=False)["rate"]:
        status[rates.index] = standing_of(rates.to_numpy(dtype=float))
    return groups.assign(status=status)
