"""Checking a plan from disk: ours or one made by hand, without Pyomo and without HiGHS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimizer.case import Case, load_case
from optimizer.errors import InputError, PolicyError, Problems, did_you_mean, shorten
from optimizer.evaluation import Evaluation, evaluate_decisions, values_of
from optimizer.frames import mapping, rows_of
from optimizer.instance import Instance, build_instance
from optimizer.plan import COLUMNS, Decisions, Plan, variable_table, variable_values
from optimizer.policy import Policy, load_policy
from optimizer.runs import (
    DECISIONS,
    OTHER_KEYS,
    PLAN,
    RUN,
    VARIABLES,
    decisions_from_rows,
    plain,
)
from optimizer.schema import NOTE, SOURCE, STANDARD, ColumnSpec, TableSpec
from optimizer.tables import read_table

if TYPE_CHECKING:
    from optimizer.formulation import Model
    from optimizer.formulation.custom import Extend

MOST = 1e15
"""Largest number a plan may hold: whole numbers up to here are exact."""


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
        ColumnSpec("slots", "int", "number of slots", low=0, high=MOST),
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
        *(_text(name, "key of the decision", required=False) for name in OTHER_KEYS),
        ColumnSpec("year", "int", "year of the decision"),
        ColumnSpec("amount", "number", "persons, steps or money", low=0, high=MOST),
        SOURCE,
        NOTE,
    ),
    keys=("decision", *OTHER_KEYS, "year"),
)


VALUES = TableSpec(
    name="variables",
    meaning="variables of custom rules",
    columns=(
        _text("variable", "name of the variable"),
        _text("index", "its index, as a JSON list"),
        ColumnSpec("value", "number", "its value"),
        SOURCE,
        NOTE,
    ),
    keys=("variable", "index"),
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
    facts
        What run.json says, for runs.
    """

    decisions: Decisions
    scales: Mapping[str, float]
    assumed: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


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
    if bare:
        problems.raise_if_any(InputError)
        return _assumed(slots, case)
    rows = _read(path / DECISIONS, OTHERS, case, problems)
    _check_rows(rows, problems)
    facts = _facts(path / RUN, problems)
    variables = _variables(path / VARIABLES, case, problems)
    problems.raise_if_any(InputError)
    decisions = replace(decisions_from_rows(slots, rows), variables=variables)
    return ReadPlan(decisions, facts.get("scales", {}), (), facts)


def run_scales(plan: ReadPlan, policy: Policy | str | Path) -> dict[str, float]:
    """Scales of a run, for ideals only: a number in the policy is the policy's choice."""
    policy = policy if isinstance(policy, Policy) else load_policy(policy)
    ideal = {name for name, goal in policy.goals.items() if goal.scale == "ideal"}
    return {name: scale for name, scale in plan.scales.items() if name in ideal}


def differences(plan: ReadPlan, policy: Policy | str | Path, case: Case) -> list[str]:
    """Sentences about what a plan is checked against that it was not made with."""
    policy = policy if isinstance(policy, Policy) else load_policy(policy)
    found = []
    if not plan.scales and any(goal.scale == "ideal" for goal in policy.goals.values()):
        found.append("goals on scale 'ideal' count raw, so the points mean nothing by themselves")
    if plan.facts.get("case_hashes", case.hashes) != case.hashes:
        found.append("the plan holds for the case as it is now, not as it was when it was solved")
    if "extend" in plan.facts:
        found.append("the custom rules of the run are not checked here; evaluate takes extend")
    if plan.facts.get("policy_hash", policy.hash) != policy.hash:
        found.append("the policy is meant as it is now, not as the run had it (or with --set)")
    return found


def _check_rows(rows: pd.DataFrame, problems: Problems) -> None:
    """Decisions must be whole where they are counted, and name their own keys alone."""

    def add(row: object, column: str, message: str, expected: str) -> None:
        problems.add(
            f"{OTHERS.name}.csv", message, row=int(str(row)), column=column, expected=expected
        )

    for row in rows_of(rows.reset_index()):
        own = COLUMNS.get(row.decision, {})
        for key in OTHER_KEYS:
            if getattr(row, key) and key not in own and own:
                add(row.row, key, f"{getattr(row, key)!r} is no key of {row.decision}", "a blank")
        if "steps" in own and row.amount != int(row.amount):
            add(row.row, "amount", f"{row.amount:g} is no whole number", "a number of steps")
        if row.decision == "agreements" and row.amount != 1:
            add(row.row, "amount", f"{row.amount:g} for an agreement that opens", "1")
    opened = rows[rows["decision"].eq("agreements")]
    for number in opened.index[opened.duplicated(["country", "track"])]:
        add(number, "year", "the agreement is opened already", "one row per agreement")


def _facts(path: Path, problems: Problems) -> dict[str, Any]:
    """What run.json says, its scales refused unless they are numbers above 0."""
    if not path.is_file():
        return {}
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        scales = {str(goal): float(scale) for goal, scale in facts["scales"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        problems.add(path.name, "is not what a run writes", expected="JSON with a table of scales")
        return {}
    for goal, scale in scales.items():
        if not 0 < scale < float("inf"):
            problems.add(
                path.name, f"{scale} is no scale", column=f"scales.{goal}", expected="above 0"
            )
    return facts | {"scales": scales}


def _variables(path: Path, case: Case, problems: Problems) -> pd.DataFrame:
    """Values of custom variables; a run without custom rules has no such file."""
    if not path.is_file():
        return variable_table({})
    table = _read(path, VALUES, case, problems)
    for row in rows_of(table.reset_index()):
        try:
            variable_values(pd.DataFrame([(row.variable, row[2], 0.0)]))
        except ValueError:
            problems.add(
                path.name,
                f"{shorten(repr(row[2]))} is no index",
                row=int(row.row),
                column="index",
                expected="a JSON list",
            )
    return table.reset_index(drop=True)


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
    extend: Extend | None = None,
) -> Evaluation:
    """Recompute what a plan is worth and check every rule, without Pyomo and HiGHS.

    Custom rules are the exception: Pyomo builds them, and they are checked through the
    expressions they were written in; the table ``custom_rules`` names them.

    Parameters
    ----------
    decisions
        A plan, or its decision tables.
    scales
        Raw value of each goal that counts as 1 before weights. A plan solved here brings its
        own; without any, goals on scale ``ideal`` count raw.
    extend
        Function that adds custom rules, as in :func:`optimizer.solve`.

    Raises
    ------
    InputError, PolicyError
        Case or policy is wrong.
    ExtensionError
        What ``extend`` adds does not fit the model, or the plan has no values for its variables.
    """
    case = case if isinstance(case, Case) else load_case(case)
    policy = policy if isinstance(policy, Policy) else load_policy(policy)
    require_case(policy, case)
    given = dict(scales or {})
    if isinstance(decisions, Plan):
        given = dict(decisions.provenance.get("scales", {})) | given
        decisions = decisions.decisions
    known = known_scales(policy) | given
    instance = build_instance(case, policy)
    if extend is None:
        return evaluate_decisions(instance, decisions, known)
    # Pyomo is loaded for custom rules alone: all other rules are checked without it.
    from optimizer.formulation import build_pyomo
    from optimizer.formulation.custom import extend_model

    model = build_pyomo(instance, known)
    instance = extend_model(model, instance, extend)
    custom = custom_part(instance, model, decisions)
    return evaluate_decisions(instance, decisions, known, custom)


def custom_part(instance: Instance, model: Model, decisions: Decisions) -> pd.DataFrame | None:
    """Rows of the custom rules under a plan; ``None`` where there are no custom rules."""
    if not instance.extension.rules:
        return None
    from optimizer.formulation.settling import custom_rows

    given = {
        "transfer": mapping(decisions.transfers, ["line", "to_line", "year"], "amount"),
        "carry_over": mapping(decisions.carry_over, ["line", "year"], "amount"),
    }
    given |= variable_values(decisions.variables)
    return custom_rows(model, instance, values_of(instance, decisions).of, given)
