"""Checking a plan from disk: ours or one made by hand, without Pyomo and without HiGHS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from optimizer.case import Case, load_case
from optimizer.errors import InputError, PolicyError, Problems, did_you_mean
from optimizer.evaluation import Evaluation, evaluate_decisions
from optimizer.instance import build_instance
from optimizer.plan import COLUMNS, Decisions, Plan
from optimizer.policy import Policy, load_policy
from optimizer.runs import DECISIONS, PLAN, RUN, decisions_from_rows, plain
from optimizer.schema import NOTE, SOURCE, STANDARD, ColumnSpec, TableSpec
from optimizer.tables import read_table


def _text(name: str, meaning: str, *, required: bool = True, default: str = "") -> ColumnSpec:
    return ColumnSpec(name, "text", meaning, required=required, default=default or None)


SLOTS = TableSpec(
    name="plan",
    meaning="slots of a plan",
    columns=(
        _text("country", "country of the participants"),
        _text("track", "track they enter"),
        _text("level", "support level", required=False, default=STANDARD),
        _text("region", "host region; blank in national cases", required=False),
        ColumnSpec("year", "int", "year they enter"),
        ColumnSpec("slots", "int", "number of slots", low=0),
        SOURCE,
        NOTE,
    ),
    keys=("country", "track", "level", "region", "year"),
)

OTHERS = TableSpec(
    name="decisions",
    meaning="everything else a plan decides",
    columns=(
        ColumnSpec(
            "decision",
            "choice",
            "kind of decision",
            choices=tuple(name for name in COLUMNS if name != "slots"),
        ),
        *(
            _text(name, "key of the decision", required=False)
            for name in (
                "country",
                "track",
                "next_track",
                "group",
                "region",
                "service",
                "line",
                "to_line",
            )
        ),
        ColumnSpec("year", "int", "year of the decision"),
        ColumnSpec("amount", "number", "persons, steps or money", low=0),
        SOURCE,
        NOTE,
    ),
    keys=(
        "decision",
        "country",
        "track",
        "next_track",
        "group",
        "region",
        "service",
        "line",
        "to_line",
        "year",
    ),
)


@dataclass(frozen=True)
class ReadPlan:
    """A plan as read.

    Attributes
    ----------
    scales
        Scales of the run it came from; empty for a bare table of slots.
    assumed
        What was assumed because the plan does not say it.
    """

    decisions: Decisions
    scales: Mapping[str, float]
    assumed: tuple[str, ...]


def known_scales(policy: Policy) -> dict[str, float]:
    """Scales that are given as numbers; 1 for the others."""
    return {
        name: float(goal.scale) if isinstance(goal.scale, int | float) else 1.0
        for name, goal in policy.goals.items()
    }


def require_case(policy: Policy, case: Case) -> None:
    """Refuse a policy on a case it is not meant for."""
    if not policy.is_for(case.name):
        problems = Problems()
        problems.add(
            policy.path.name,
            f"is not meant for case {case.name!r}",
            column="cases",
            expected=f"one of {', '.join(policy.cases)}",
        )
        raise PolicyError(problems)


def read_plan(path: str | Path, case: Case) -> ReadPlan:
    """Read a run folder or a bare ``plan.csv``.

    Raises
    ------
    InputError
        Holds everything that is wrong with the files.
    """
    path, problems = Path(path), Problems()
    bare = path.is_file()
    slots = _read(path if bare else path / PLAN, SLOTS, case, problems)
    _check_keys(slots, case, problems)
    others = None if bare else path / DECISIONS
    if others is None or not others.is_file():
        problems.raise_if_any(InputError)
        return _assumed(slots, case)
    rows = _read(others, OTHERS, case, problems)
    problems.raise_if_any(InputError)
    decisions = decisions_from_rows(slots, rows)
    run = path / RUN
    facts = json.loads(run.read_text(encoding="utf-8")) if run.is_file() else {}
    scales = {str(goal): float(scale) for goal, scale in facts.get("scales", {}).items()}
    return ReadPlan(decisions, scales, ())


def _read(path: Path, spec: TableSpec, case: Case, problems: Problems) -> pd.DataFrame:
    columns = [column.name for column in spec.columns if column not in (SOURCE, NOTE)]
    if not path.is_file():
        problems.add(path.name, "there is no such file", expected="a run folder or a plan.csv")
        raise InputError(problems)
    frame = read_table(path.read_bytes(), spec, case.currency, problems).frame
    for column in spec.columns:
        if column.kind == "text":
            frame[column.name] = frame[column.name].map(plain).astype("str")
    return frame[columns]


def _check_keys(slots: pd.DataFrame, case: Case, problems: Problems) -> None:
    for key, table in (("country", "countries"), ("track", "tracks"), ("region", "regions")):
        known = list(case.table(table)[key])
        for row, value in slots[key].items():
            if value and value not in known:
                problems.add(
                    f"{SLOTS.name}.csv",
                    f"{value!r} is no {key} of case {case.name!r}",
                    row=int(str(row)),
                    column=key,
                    expected=f"a {key} of {table}",
                    maybe=did_you_mean(value, known),
                )
    years = case.years
    for row, year in slots["year"].items():
        if year not in years:
            problems.add(
                f"{SLOTS.name}.csv",
                f"{year} is no year of case {case.name!r}",
                row=int(str(row)),
                column="year",
                expected=f"{years[0]} to {years[-1]}",
            )


def _assumed(slots: pd.DataFrame, case: Case) -> ReadPlan:
    """Least decisions a bare table of slots implies."""
    agreements = case.table("agreements")
    proposed = agreements.loc[agreements["status"].eq("proposed"), ["country", "track"]]
    used = slots[slots["slots"] > 0].merge(proposed, on=["country", "track"])
    opened = used.groupby(["country", "track"])["year"].min().reset_index()
    standard = bool(slots["level"].eq(STANDARD).all())
    assumed = [
        f"{len(opened)} proposed agreements open in their first year with slots",
        "nothing is built, nobody stays on, no money is transferred or carried over",
    ]
    if standard:
        assumed.insert(0, "everyone is supported at the standard level")
    decisions = Decisions(
        slots=slots.astype(COLUMNS["slots"]),
        agreements=opened.astype(COLUMNS["agreements"]),
    )
    return ReadPlan(decisions, {}, tuple(assumed))


def evaluate(
    decisions: Decisions | Plan,
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    scales: Mapping[str, float] | None = None,
) -> Evaluation:
    """Recompute what a plan is worth and check every rule, without Pyomo and HiGHS.

    Parameters
    ----------
    decisions
        A plan, or its decision tables.
    scales
        Raw value of each goal that counts as 1 before weights. A plan solved here brings its
        own; without any, goals on scale ``ideal`` count raw.

    Raises
    ------
    InputError, PolicyError
        Case or policy is wrong.
    """
    case = case if isinstance(case, Case) else load_case(case)
    policy = policy if isinstance(policy, Policy) else load_policy(policy)
    require_case(policy, case)
    known = known_scales(policy)
    if isinstance(decisions, Plan):
        known |= dict(decisions.provenance.get("scales", {}))
        decisions = decisions.decisions
    return evaluate_decisions(build_instance(case, policy), decisions, known | dict(scales or {}))
