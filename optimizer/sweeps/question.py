"""What a sweep asks of every scenario, and whether results of before answer just that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optimizer.errors import Problems, TargetError, some_of
from optimizer.instance.lately import joined_lately
from optimizer.plan.provenance import VERSIONED, plain_value, versions
from optimizer.plan.question import Question
from optimizer.plan.scales import FROM_NUMBERS, Scales, ScalesGiven, known_scales, scales_given
from optimizer.session.holding import Holding
from optimizer.sweeps.scenarios import Scenario
from optimizer.sweeps.store import Store
from optimizer.sweeps.worker import Job

OTHERWISE = "another folder, or"


@dataclass(frozen=True)
class SweepQuestion:
    """What is asked in every scenario.

    Attributes
    ----------
    scenarios
        In the order of the study.
    levers
        A row for every scenario, a column for every address of the study.
    relaxed, gap, time_limit
        As of :class:`optimizer.sweeps.worker.Job`.
    """

    of: Question
    scenarios: tuple[Scenario, ...]
    levers: pd.DataFrame
    relaxed: bool = False
    gap: float | None = None
    time_limit: float | None = None

    def facts(self) -> dict[str, Any]:
        """All that results follow from, but for the scenario and the scales."""
        policy, case, known = self.of.policy, self.of.case, versions()
        return {
            "policy": policy.name,
            "policy_hash": policy.hash,
            "case": case.name,
            "case_hashes": dict(case.hashes),
            "relaxed": self.relaxed,
            "gap": self.gap,
            "versions": {name: known[name] for name in VERSIONED},
        }

    def job(self, scales: Mapping[str, float]) -> Job:
        """The same for workers."""
        question = self.of
        return Job(question.policy, question.case, scales, self.relaxed, self.gap, self.time_limit)

    def keys(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """Key of every scenario by its name: a hash of all that its answer follows from."""
        asked = {name: facts[name] for name in (*self.facts(), "scales")}
        begun = hashlib.sha256(json.dumps(asked, sort_keys=True).encode())
        found = {}
        for scenario in self.scenarios:
            digest = begun.copy()
            changes = plain_value(scenario.changes)
            digest.update(json.dumps(changes, sort_keys=True, default=str).encode())
            found[scenario.name] = digest.hexdigest()
        return found


def scales_for(question: Question, given: ScalesGiven | None, *, cache: bool) -> Scales:
    """Scales of all scenarios: those of the policy on the case before any change.

    Raises
    ------
    InputError, PolicyError
        If the case does not fit the policy, or scales are wrong.
    InfeasibleError
        If they have to be worked out and no plan keeps every rule.
    """
    policy = question.policy
    if given is None and any(goal.scale == "ideal" for goal in policy.goals.values()):
        return Holding(question, cache=cache).frozen()
    joined_lately(question.case, policy)
    if given is not None:
        return scales_given(policy, given)
    return Scales(known_scales(policy), FROM_NUMBERS)


def require_same(store: Store, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to mix results of different questions.

    Raises
    ------
    TargetError
        With everything that differs.
    """
    problems = Problems()

    def add(message: str, expected: str) -> None:
        problems.add(store.name, message, expected=f"{OTHERWISE} {expected}")

    if before["policy"] != now["policy"]:
        add(f"holds results of policy {before['policy']!r}", f"policy {before['policy']!r}")
    elif before["policy_hash"] != now["policy_hash"]:
        add("holds results of the policy as it was before it was changed", "the policy as it was")
    if before["case"] != now["case"]:
        add(f"holds results of case {before['case']!r}", f"case {before['case']!r}")
    elif before["case_hashes"] != now["case_hashes"]:
        files = _different(before["case_hashes"], now["case_hashes"])
        add(f"holds results of the case before {some_of(files)} changed", "the case as it was")
    if before["relaxed"] != now["relaxed"]:
        kinds = ("relaxations", "plans")
        what, other = kinds if before["relaxed"] else kinds[::-1]
        add(f"holds {what}, and {other} are asked for", "the same kind of results")
    if before["gap"] != now["gap"]:
        told = _gap_told(before["gap"])
        add(f"holds results at {told}, and {_gap_told(now['gap'])} is asked for", told)
    if before["versions"] != now["versions"]:
        names = _different(before["versions"], now["versions"])
        theirs = [f"{name} {before['versions'].get(name, 'unknown')}" for name in names]
        add(f"holds results of other versions ({some_of(theirs)})", "these versions")
    if now.get("scales") is not None and before["scales"] != now["scales"]:
        names = _different(before["scales"], now["scales"])
        add(f"holds results under other scales ({some_of(names)})", "the scales as they were")
    problems.raise_if_any(TargetError)


def _different(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [name for name in {**one, **other} if one.get(name) != other.get(name)]


def _gap_told(gap: float | None) -> str:
    return "the policy's gap" if gap is None else f"gap {gap:g}"


def study_facts(scenarios: Sequence[Scenario], levers: pd.DataFrame) -> dict[str, Any]:
    """What a store keeps of the study."""
    return {
        "scenarios": [
            {
                "name": each.name,
                "probability": each.probability,
                "note": each.note,
                "changes": plain_value(each.changes),
                "design": plain_value(each.design),
            }
            for each in scenarios
        ],
        "levers": {str(name): [plain_value(cell) for cell in levers[name]] for name in levers},
    }


def scenarios_in(facts: Mapping[str, Any]) -> tuple[tuple[Scenario, ...], pd.DataFrame]:
    """Undo :func:`study_facts`."""
    scenarios = tuple(Scenario(**each) for each in facts["scenarios"])
    index = pd.Index([each.name for each in scenarios], name="scenario")
    return scenarios, pd.DataFrame(facts["levers"], index=index, dtype="object")
