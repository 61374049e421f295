"""Every number that a plan is judged by, written to a file that the review has read.

``GOLDEN=update pytest tests/test_plan_tables.py`` writes the files anew; the review reads the diff.
Columns, keys, order and types are what the report, the runs and the session rely on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from golden.plan_cases import CASES
from golden.texts import Golden
from optimizer.plan import checks, money, soft, tables
from optimizer.plan.evaluation import Evaluation, evaluate_decisions
from optimizer.plan.subject import ROW, Subject, judged
from optimizer.plan.values import decisions_of, values_of

FOLDER = Path(__file__).parent / "golden" / "plans"
MONEY: dict[str, dict[tuple[object, ...], float]] = {
    "transfer": {("main", "help", 2030): 3.0, ("main", "help", 2031): 1e-10},
    "carry_over": {("main", 2030): 2.0},
}

PARTS: dict[str, Callable[[Subject], object]] = {
    "values": lambda s: values_of(s.instance, s.decisions).of,
    "impossible": lambda s: values_of(s.instance, s.decisions).impossible,
    "decisions": lambda s: decisions_of(s.instance, s.values.of, MONEY).tables(),
    "margins": checks.check_margins,
    "caps": checks.check_caps,
    "transitions": checks.check_transitions,
    "services": checks.check_services,
    "limits": checks.check_limits,
    "support": checks.check_support,
    "stability": checks.check_stability,
    "money": money.check_money,
    "soft": lambda s: soft.soft_costs(s, ()),
    "soft without share": lambda s: soft.soft_costs(s, ["share"]),
    "soft without floors": lambda s: soft.soft_costs(s, ["limit_at_least"]),
    "change": soft.change_costs,
    "goals": lambda s: tables.goals(s, scales(s)),
    "cohort and placements": lambda s: chosen(tables.result_tables(s), "cohort", "placements"),
    "residents": tables._residents,
    "spending": money.line_years,
    "integration": tables.integration,
    "shares": tables._shares,
    "services of a plan": checks.service_years,
    "stages": tables.stages,
    "agreements": tables.agreements,
    "fates": tables.fates,
    "evaluation": lambda s: told(evaluated(s)),
    "without the limit few": lambda s: evaluated(s, "few").violations,
    "rules": lambda s: judged(checks.check_all(s), 1.0),
}


def scales(s: Subject) -> dict[str, float]:
    return dict.fromkeys(s.instance.policy.goals, 4.0)


def evaluated(s: Subject, *dropped: str) -> Evaluation:
    return evaluate_decisions(s.instance, s.decisions, scales(s), dropped=dropped)


def told(found: Evaluation) -> dict[str, object]:
    return {
        "points": found.points,
        "rows": {name: len(table) for name, table in found.tables.items()},
        **chosen(found.tables, "soft", "change", "custom_rules"),
        "violations": found.violations,
        "in words": found.in_words(),
    }


def chosen(found: Mapping[str, object], *names: str) -> dict[str, object]:
    return {name: found[name] for name in names}


@cache
def subject(name: str) -> Subject:
    case = CASES[name]
    with TemporaryDirectory() as folder:
        instance = case.case.instance(Path(folder))
    return Subject(instance, values_of(instance, case.decisions), case.decisions)


def golden(name: str) -> Golden:
    return Golden(FOLDER / f"{name.replace(' ', '_')}.txt")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        pytest.param(name, part, id=f"{name}: {part}")
        for name, case in CASES.items()
        for part in case.parts
    ],
)
def test_what_a_plan_is_judged_by_is_as_reviewed(name: str, part: str) -> None:
    assert golden(name).holds(part, PARTS[part](subject(name)))


def test_every_part_and_every_file_is_read() -> None:
    assert {part for case in CASES.values() for part in case.parts} == set(PARTS)
    assert sorted(FOLDER.iterdir()) == sorted(golden(name).file for name in CASES)
    for name, case in CASES.items():
        assert set(golden(name).parts()) == set(case.parts)


def test_half_an_agreement_is_none_and_a_thousand_millionth_is_nobody() -> None:
    transitions = subject("transitions")
    few = {**transitions.values.of, "transitions": np.array([1e-9, 2e-9])}
    money: dict[str, dict[tuple[object, ...], float]]
    money = {"transfer": {("main", "help", 2030): 1e-9, ("main", "help", 2031): 2e-9}}
    found = decisions_of(transitions.instance, few, money)
    assert found.transitions["persons"].tolist() == [2e-9]
    assert found.transfers["year"].tolist() == [2031]
    assert found.carry_over.empty
    agreed = subject("agreements")
    for value, opened in ((0.5, 0), (0.51, 1)):
        values = {**agreed.values.of, "agreement": np.full(1, value)}
        assert len(decisions_of(agreed.instance, values, {}).agreements) == opened


def test_tables_of_an_evaluation_are_given_as_copies() -> None:
    found = evaluated(subject("several goals"))
    mine = found.tables["goals"]
    mine.loc[0, "raw"] = 99.0
    assert found.tables["goals"]["raw"].tolist() == [2.0, 4.0, 0.0]


def test_where_nothing_is_checked_there_are_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", (checks.check_transitions,))
    found = checks.check_all(subject("active or not"))
    assert judged(found, 1.0)["broken"].tolist() == []
    assert found.columns.tolist() == ROW
