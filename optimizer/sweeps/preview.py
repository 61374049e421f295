"""What a study would take: how many solves, how many models, about how long."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.case.changes import cell_changes
from optimizer.errors import InputError, PolicyError, some_of
from optimizer.frames.memory import Memory
from optimizer.instance import build_instance
from optimizer.plan.question import Question, asked
from optimizer.policy import Policy
from optimizer.result import Result
from optimizer.schema.addresses import cells_and_keys
from optimizer.session import Session
from optimizer.session.moving import rebuilding
from optimizer.session.own_bests import with_own_bests
from optimizer.session.renewing import instance_renewed
from optimizer.sweeps.scenarios import Scenario

MOST_JOINED = 30
"""Kinds of changes that are joined to see whether other decisions or rules come of them."""

TO_SOLVE, REFUSED = "to solve", "refused"


@dataclass(frozen=True, eq=False)
class Preview(Result):
    """What solving all scenarios of a study would take.

    Attributes
    ----------
    table
        A row for each scenario: ``status`` (``to solve``, which scenario changes the same, or
        ``refused``), the number of ``changes``, ``rebuilt_because``: what of them cannot be changed
        in the loaded model, so that another one is built, and ``hint``: why it is refused.
    solves, models
        Number of scenarios to solve, and of those that need a model of their own.
    seconds
        Measured seconds of building and loading (``build``), of relaxing ``base`` (``base``), and
        of changing and relaxing another scenario (``next``, where there is one in the same
        model); ``relaxations`` is what relaxing all would take on one worker, an estimate.
    """

    scenarios: pd.DataFrame
    seconds: Mapping[str, float]
    time_limit: float | None
    provenance: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Preview: {self.solves:,} solves, {self.models:,} further models>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each scenario."""
        return self.scenarios

    @property
    def solves(self) -> int:
        """Number of scenarios to solve, ``base`` included."""
        return int((self.scenarios["status"] == TO_SOLVE).sum())

    @property
    def models(self) -> int:
        """Number of scenarios to solve that need a model of their own."""
        return len(self._rebuilt())

    def _refused(self) -> pd.DataFrame:
        return self.scenarios[self.scenarios["status"] == REFUSED]

    def _rebuilt(self) -> pd.DataFrame:
        found = self.scenarios
        return found[(found["status"] == TO_SOLVE) & (found["rebuilt_because"] != "")]

    def in_words(self) -> list[str]:
        """Say how many solves, how many models and why, and about how long."""
        count, refused = len(self.scenarios), self._refused()
        same = count - self.solves - len(refused)
        sentences = [f"{_counted(count, 'scenario')}, base included: {self.solves:,} to solve."]
        if same:
            told = "changes the same as another" if same == 1 else "change the same as others"
            sentences.append(f"{same:,} {told} and need no solve.")
        for why, rows in self._rebuilt().groupby("rebuilt_because", sort=False):
            need = "needs" if len(rows) == 1 else "need"
            names = some_of(rows["scenario"])
            told = f"{_counted(len(rows), 'scenario')} {need} another model ({why})"
            sentences.append(f"{told}: {names}.")
        for why, rows in refused.groupby("hint", sort=False):
            told = f"{_counted(len(rows), 'scenario')} cannot be joined"
            sentences.append(f"{told}, {some_of(rows['scenario'])}: {why}.")
        if not self.models:
            sentences.append("All are changed in one loaded model.")
        if self.seconds:
            sentences += self._time_in_words()
        return sentences

    def _time_in_words(self) -> list[str]:
        told = f"Relaxing all takes about {_duration(self.seconds['relaxations'])} on one worker"
        base = f"base took {self.seconds['base']:.2g} s after {self.seconds['build']:.2g} s"
        later = f", the next one {self.seconds['next']:.2g} s" if "next" in self.seconds else ""
        limit = (
            "" if self.time_limit is None else f", at most {self.time_limit:g} s each by the policy"
        )
        return [
            f"{told} (an estimate: {base} of building{later}).",
            f"Plans take longer than relaxations{limit}.",
        ]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _duration(seconds: float) -> str:
    minute, hour = 60, 3600
    if seconds < 2 * minute:
        return f"{seconds:.2g} s"
    if seconds < 2 * hour:
        return f"{seconds / minute:.0f} minutes"
    return f"{seconds / hour:.1f} hours"


def previewed(
    scenarios: tuple[Scenario, ...], policy: Policy, case: Case, *, measure: bool
) -> Preview:
    """Look at what scenarios would take: see :meth:`optimizer.Study.preview`."""
    first: dict[str, str] = {}
    policy = with_own_bests(Question.of(policy, case)).policy
    reasons = _Reasons(policy, case)
    rows = []
    for scenario in scenarios:
        said = repr(sorted(scenario.changes.items(), key=lambda change: change[0]))
        same = first.setdefault(said, scenario.name)
        status = TO_SOLVE if same == scenario.name else f"same as {same}"
        why, hint = reasons.of(scenario.changes)
        rows.append((scenario.name, REFUSED if hint else status, len(scenario.changes), why, hint))
    columns = ["scenario", "status", "changes", "rebuilt_because", "hint"]
    table = pd.DataFrame(rows, columns=columns)
    solved = table[table["status"] == TO_SOLVE]
    seconds = _seconds(scenarios, solved, policy, case) if measure else {}
    provenance = {"policy": policy.hash, "case": case.hashes}
    return Preview(table, seconds, policy.solver.time_limit, provenance)


class _Reasons:
    """Why changes need another model, each kind of them looked at once."""

    def __init__(self, policy: Policy, case: Case) -> None:
        self._policy, self._case = policy, case
        self._instance, self._memory = build_instance(case, policy), Memory()
        self._known: dict[tuple[str, ...], tuple[str, str]] = {}
        self._joined = 0

    def of(self, changes: Mapping[str, object]) -> tuple[str, str]:
        """What of some changes needs another model, and why they are refused; mostly blank."""
        kind = tuple(changes)
        if kind not in self._known or self._known[kind][1]:
            self._known[kind] = self._why(changes) if changes else ("", "")
        return self._known[kind]

    def _why(self, changes: Mapping[str, object]) -> tuple[str, str]:
        question = asked(self._policy, self._case, changes)
        cells = _columns(question)
        if self._joined == MOST_JOINED:
            return ", ".join(rebuilding(self._policy, question.policy, cells)), ""
        self._joined += 1
        try:
            renewed = instance_renewed(
                self._instance, question.case, question.policy, cells, self._memory
            )
        except (InputError, PolicyError) as error:
            return "", "; ".join(f"{each.place}: {each.message}" for each in error.problems)
        return renewed.why, ""


def _columns(question: Question) -> list[tuple[str, str]]:
    of_cells, _ = cells_and_keys(question.changes)
    return [(each.table, each.column) for each in cell_changes(question.base_case, of_cells)]


def _seconds(
    scenarios: Iterable[Scenario], solved: pd.DataFrame, policy: Policy, case: Case
) -> dict[str, float]:
    """Measure one scenario of each kind, and estimate all."""
    clock = _Clock()
    session = Session(policy, case)
    found = {"build": clock.lap()}
    # Scales are worked out once, whatever the number of scenarios.
    assert session.scales is not None
    clock.lap()
    session.relax()
    found["base"] = clock.lap()
    by_name = {scenario.name: scenario for scenario in scenarios}
    rebuilt = int((solved["rebuilt_because"] != "").sum())
    changed = solved[(solved["rebuilt_because"] == "") & (solved["changes"] > 0)]["scenario"]
    if len(changed):
        session.change_to(by_name[changed.iloc[0]].changes)
        session.relax()
        found["next"] = clock.lap()
    whole = found["build"] + found["base"]
    found["relaxations"] = whole * (1 + rebuilt) + found.get("next", 0.0) * len(changed)
    return found


class _Clock:
    def __init__(self) -> None:
        self._at = time.monotonic()

    def lap(self) -> float:
        """Seconds since the last lap."""
        before, self._at = self._at, time.monotonic()
        return self._at - before
