"""What a sweep returns: a row for every scenario, their tables, and every plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from optimizer.case import Case
from optimizer.errors import InputError, OptimizerError, Problems, SolverError, did_you_mean
from optimizer.errors.arguments import typed
from optimizer.frames import rows_of
from optimizer.frames.records import Frames
from optimizer.instance.lately import joined_lately
from optimizer.plan import COLUMNS, Decisions, Plan
from optimizer.plan.evaluation import evaluate_decisions
from optimizer.plan.expectations import (
    Expectations,
    compare_expected,
    join_expectations,
    load_expectations,
)
from optimizer.plan.question import asked
from optimizer.policy import Policy
from optimizer.result import Result
from optimizer.sweeps.outcomes import DECIDED_AS, FACTS, MISSING, SOLVED, STATUSES, WITHOUT_ANSWER
from optimizer.sweeps.packing import UnreadableError, unpack, unpacked_table
from optimizer.sweeps.scenarios import PLACED, Scenario
from optimizer.sweeps.store import Store, StoredRow
from optimizer.text.figures import counted

_Read = TypeVar("_Read")

FEW_LEVERS = 24
"""Levers up to which each has a column of its own in the table."""
_SCENARIOS, _CHANGED, _GOALS = "scenarios", "changes", "goals"
"""Tables that there are also without plans."""
_RECOMPUTED = 1e-9
"""Relative difference of two ways of adding up the same points that is none."""


@dataclass(frozen=True, repr=False, eq=False)
class Sweep(Result):
    """Answers to all scenarios of a study; tables are given as copies.

    Attributes
    ----------
    policy, case
        Before any change.
    scenarios
        In the order of the study.
    tables
        ``scenarios``, ``changes`` and ``goals``; and of all plans together ``slots``,
        ``spending``, ``residents`` and so on, as :class:`optimizer.Plan` has them, with
        ``scenario`` first. They are read when they are asked for.
    provenance
        Hashes, scales, gap and versions that hold for all scenarios.
    interrupted
        Whether somebody ended it before all was solved.
    """

    policy: Policy
    case: Case
    scenarios: tuple[Scenario, ...]
    levers: pd.DataFrame
    provenance: Mapping[str, Any]
    keys: Mapping[str, str]
    store: Store
    interrupted: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "tables", _Tables(self))

    def __repr__(self) -> str:
        return f"<Sweep {self.policy.name} on {self.case.name}: {self._counted()}>"

    @property
    def rows(self) -> dict[str, StoredRow]:
        """Stored answers of these scenarios, by name; those that are missing have none."""
        stored = self.store.rows()
        found = {name: stored.get(name) for name in self.keys}
        return {
            name: row
            for name, row in found.items()
            if row is not None and row.key == self.keys[name]
        }

    @property
    def counts(self) -> dict[str, int]:
        """Number of scenarios by status, in the order in which help lists them."""
        found = Counter(row.status for row in self.rows.values())
        found[MISSING] = len(self.scenarios) - found.total()
        return {status: found[status] for status in STATUSES if found[status]}

    @property
    def complete(self) -> bool:
        """Whether every scenario has an answer: a plan, an optimum, or that there is none."""
        return not set(WITHOUT_ANSWER) & self.counts.keys()

    @property
    def table(self) -> pd.DataFrame:
        """One row a scenario.

        Returns
        -------
        pandas.DataFrame
            scenario, the levers where they are few (blank where a scenario leaves one as it is),
            status, points, bound, gap, raw and scaled value of each goal (``alliance_raw``,
            ``alliance_scaled``), seconds, rebuilt_because, hint.
        """
        rows = self.rows
        names = [scenario.name for scenario in self.scenarios]
        found = [rows.get(name) for name in names]
        values = [{} if row is None else row.raw_and_scaled for row in found]
        columns: dict[str, Any] = {"scenario": pd.Series(names, dtype="str")}
        if len(self.levers.columns) <= FEW_LEVERS:
            columns |= {str(name): self.levers[name].tolist() for name in self.levers}
        statuses = [MISSING if row is None else row.status for row in found]
        columns["status"] = pd.Series(statuses, dtype="str")
        for name in ("points", "bound", "gap"):
            columns[name] = _numbers([None if row is None else getattr(row, name) for row in found])
        for goal in self.policy.goals:
            for place, kind in enumerate(("raw", "scaled")):
                columns[f"{goal}_{kind}"] = _numbers(
                    [each[goal][place] if goal in each else None for each in values]
                )
        columns["seconds"] = _numbers([None if row is None else row.seconds for row in found])
        for name in ("rebuilt_because", "hint"):
            cells = ["" if row is None else getattr(row, name) for row in found]
            columns[name] = pd.Series(cells, dtype="str")
        return pd.DataFrame(columns)

    def in_words(self) -> list[str]:
        """How many scenarios have which status, the best, the worst, and those without a plan."""
        told = [f"{counted(len(self.scenarios), 'scenario')}: {self._counted()}."]
        table = self.table
        solved = table[table["status"].isin(SOLVED)]
        what = "The optimum of the relaxation" if self.provenance["relaxed"] else "The plan"
        if len(solved):
            worst, best = (next(rows_of(end)) for end in _ends(solved))
            told.append(
                f"{what} has most points in {best.scenario} ({best.points:,.3f}), and fewest in "
                f"{worst.scenario} ({worst.points:,.3f})."
            )
        for row in rows_of(table[~table["status"].isin(SOLVED)]):
            hint = f": {row.hint}" if row.hint else ""
            told.append(f"{row.scenario}: {row.status}{hint}.")
        return told

    def _counted(self) -> str:
        return ", ".join(f"{count:,} {status}" for status, count in self.counts.items())

    def scenario(self, name: str) -> Scenario:
        """A scenario by its name.

        Raises
        ------
        OptimizerError
            If the study has none of that name.
        """
        known = {scenario.name: scenario for scenario in self.scenarios}
        if name not in known:
            near = did_you_mean(str(name), known)
            maybe = "" if near is None else f". Maybe {near!r}"
            raise OptimizerError(f"there is no scenario {name!r}{maybe}")
        return known[name]

    @typed
    def plan(self, name: str) -> Plan:
        """The plan of a scenario, with all that follows from it, checked again.

        Raises
        ------
        OptimizerError
            If there is no such scenario, or it has no plan.
        InputError
            If what is stored of it was changed since it was solved.
        """
        return self._unchanged(name, self._plan)

    @typed
    def decisions(self, name: str) -> Decisions:
        """What was decided in a scenario, as it is stored; :meth:`plan` checks it again.

        Raises
        ------
        OptimizerError, InputError
            As :meth:`plan`.
        """
        return self._unchanged(name, lambda _, row: self._stored(row)[1])

    def _unchanged(self, name: str, read: Callable[[Scenario, StoredRow], _Read]) -> _Read:
        """What is read of a scenario with a plan; one that was changed since is refused."""
        scenario, row = self.scenario(name), self.rows.get(name)
        if row is None or row.status not in SOLVED:
            status = MISSING if row is None else row.status
            hint = "" if row is None or not row.hint else f": {row.hint}"
            raise OptimizerError(f"scenario {name!r} has no plan ({status}){hint}")
        if self.provenance["relaxed"]:
            raise OptimizerError("only relaxations were solved, so that there are no plans")
        try:
            return read(scenario, row)
        except (UnreadableError, KeyError, TypeError, InputError, SolverError) as error:
            problems = Problems()
            why = str(error).splitlines()[-1].lstrip("- ")
            told = f"the plan of scenario {scenario.name!r} was changed since it was solved ({why})"
            problems.add(self.store.name, told, expected="what the sweep has written")
            raise InputError(problems) from error

    def _stored(self, row: StoredRow) -> tuple[dict[str, Any], Decisions]:
        """Facts and decisions of a plan."""
        contents = self.store.contents_of(row.key)
        decided = {
            name: unpacked_table(contents[f"{DECIDED_AS}{name}"])
            for name in (*COLUMNS, "variables")
        }
        return unpack(contents[FACTS]), Decisions(**decided)

    def _plan(self, scenario: Scenario, row: StoredRow) -> Plan:
        facts, decisions = self._stored(row)
        question = asked(self.policy, self.case, scenario.changes)
        instance = joined_lately(question.case, question.policy)
        scales = facts["provenance"]["scales"]
        evaluation = evaluate_decisions(instance, decisions, scales)
        if not evaluation.holds:
            raise SolverError("it does not keep every rule")
        points = float("nan") if row.points is None else row.points
        if not abs(evaluation.points - points) <= _RECOMPUTED * max(1.0, abs(points)):
            raise SolverError(f"its {points:.12g} points are {evaluation.points:.12g}")
        return Plan(
            policy=question.policy.name,
            case=question.case.name,
            currency=question.case.currency,
            status=row.status,
            objective=evaluation.points,
            bound=row.bound,
            gap=row.gap,
            seconds=dict(facts["seconds"]),
            decisions=decisions,
            tables=evaluation.tables,
            notes=tuple(facts["notes"]),
            warnings=tuple(facts["warnings"]),
            provenance=facts["provenance"],
            question=question,
        )

    @typed
    def check_expectations(self, expectations: Expectations | str | Path) -> pd.DataFrame:
        """Hold the plan of every scenario against what is expected.

        Parameters
        ----------
        expectations
            Loaded, or a path.

        Returns
        -------
        pandas.DataFrame
            scenario, and the columns of :func:`optimizer.check_expectations`. A scenario without
            a plan has one row, which does not hold.
        """
        if not isinstance(expectations, Expectations):
            expectations = load_expectations(expectations)
        rows = self.rows
        frames = [
            self._compared(scenario, rows.get(scenario.name), expectations)
            for scenario in self.scenarios
        ]
        return pd.concat(frames, ignore_index=True)

    def _compared(
        self, scenario: Scenario, row: StoredRow | None, expectations: Expectations
    ) -> pd.DataFrame:
        if row is None or row.status not in SOLVED:
            status = MISSING if row is None else row.status
            cells = ["plan", "", float("nan"), status, "a plan", False, ""]
            columns = ["what", "key", "value", "found", "expected", "holds", "why"]
            found = pd.DataFrame([cells], columns=columns)
        else:
            plan = self.plan(scenario.name)
            question = plan.question
            assert question is not None, "plans of sweeps know what they answer"
            rules = {*plan.tables["rules"]["rule"], *plan.tables["soft"]["limit"]}
            joined = join_expectations(expectations, question.case, question.policy, rules=rules)
            found = compare_expected(plan, joined)
        found.insert(0, "scenario", scenario.name)
        return found


class _Tables(Mapping[str, pd.DataFrame]):
    """Tables of all scenarios, each read when it is asked for."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    def _names(self) -> list[str]:
        stored = [name.removeprefix(DECIDED_AS) for name in self._sweep.store.names()]
        return list(dict.fromkeys([_SCENARIOS, _CHANGED, _GOALS, *sorted({*stored} - {FACTS})]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __getitem__(self, name: str) -> pd.DataFrame:
        made = {_SCENARIOS: self._scenarios, _CHANGED: self._changes, _GOALS: self._goals}
        if name in made:
            return made[name]()
        if name not in self._names():
            # The error of tables that are not there, with what is.
            return Frames(dict.fromkeys(self._names(), pd.DataFrame()))[name]
        return self._stored(name)

    def _scenarios(self) -> pd.DataFrame:
        scenarios = self._sweep.scenarios
        placed = {
            name: pd.Series([each.design.get(name, "") for each in scenarios], dtype="object")
            for name in PLACED
            if any(name in each.design for each in scenarios)
        }
        return pd.DataFrame(
            {
                "scenario": pd.Series([each.name for each in scenarios], dtype="str"),
                "probability": _numbers([each.probability for each in scenarios]),
                "note": pd.Series([each.note for each in scenarios], dtype="str"),
                **placed,
            }
        )

    def _changes(self) -> pd.DataFrame:
        rows = [
            (scenario.name, address, value)
            for scenario in self._sweep.scenarios
            for address, value in scenario.changes.items()
        ]
        found = pd.DataFrame(rows, columns=["scenario", "address", "value"], dtype="object")
        return found.astype({"scenario": "str", "address": "str"})

    def _goals(self) -> pd.DataFrame:
        rows = [
            (name, goal, *values)
            for name, row in self._sweep.rows.items()
            for goal, values in row.raw_and_scaled.items()
        ]
        found = pd.DataFrame(rows, columns=["scenario", "goal", "raw", "scaled"])
        kinds = {"scenario": "str", "goal": "str", "raw": "float64", "scaled": "float64"}
        return found.astype(kinds)

    def _stored(self, name: str) -> pd.DataFrame:
        store, rows = self._sweep.store, self._sweep.rows
        kept = name if name in store.names() else f"{DECIDED_AS}{name}"
        packed = dict(store.contents(kept, {row.key for row in rows.values()}))
        frames = []
        for scenario, row in rows.items():
            if row.key in packed:
                frame = unpacked_table(packed[row.key])
                frame.insert(0, "scenario", pd.Series([scenario] * len(frame), dtype="str"))
                frames.append(frame)
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _ends(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows with the fewest and with the most points."""
    return table.nsmallest(1, "points"), table.nlargest(1, "points")


def _numbers(cells: Sequence[float | None]) -> pd.Series:
    return pd.Series([float("nan") if cell is None else cell for cell in cells], dtype="float64")
