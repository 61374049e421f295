"""What a plan looks like on the page: figures against today and plan A, and crossed tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optimizer.app.beside import (
    WITHIN_GAPS,
    change_in_points,
    fairness_document,
    map_document,
    stakeholders_document,
)
from optimizer.frames import rows_of
from optimizer.plan import Plan
from optimizer.plan.publication import sensitive_tracks
from optimizer.report import figures
from optimizer.report.agreements import agreements_section
from optimizer.report.blocks import Section
from optimizer.report.fairness import fairness_section
from optimizer.report.material import Material, gather, span
from optimizer.report.money import budget_section, integration_section
from optimizer.report.page import section_text
from optimizer.report.rules import rules_section
from optimizer.report.services import services_section
from optimizer.report.slots import people_section, slots_section
from optimizer.report.stakeholders import stakeholders_section
from optimizer.report.tables import pivot
from optimizer.report.today import change_of_slots, today_by
from optimizer.text.figures import figure

REPORTED: Mapping[str, Callable[[Material], Section | None]] = {
    "slots": slots_section,
    "people": people_section,
    "integration": integration_section,
    "budgets": budget_section,
    "services": services_section,
    "agreements": agreements_section,
    "rules": rules_section,
    "fairness": fairness_section,
    "stakeholders": stakeholders_section,
}
"""Sections of the report that the page shows; the others belong to a run that is written."""
CROSSED = (("country", "track"), ("region", "track"), ("track", "year"), ("country", "year"))

_DIGITS = 2
"""Decimals of points."""


@dataclass(frozen=True)
class PlanShown:
    """A plan with what the report works out of it once."""

    plan: Plan
    material: Material

    @classmethod
    def of(cls, plan: Plan) -> PlanShown:
        """Take a plan that knows what it answers."""
        assert plan.question is not None, "plans of sessions know what they answer"
        return cls(plan, gather(plan, plan.question.case, plan.question.policy))


def plan_document(now: PlanShown, before: PlanShown | None) -> dict[str, Any]:
    """Everything of a plan that the page draws itself.

    Parameters
    ----------
    before
        The plan that it is compared with, plan A; ``None`` where none is kept.
    """
    plan, old = now.plan, None if before is None else before.material
    return {
        "case": now.material.case.title,
        "policy": now.material.policy.title,
        "years": span(now.material.years),
        "planned_years": list(now.material.years),
        "is_sensitive": bool(sensitive_tracks(now.material.case)),
        "facts": _facts(now, before),
        "goals": _goals(now, before),
        "tables": _crossings(now, before),
        "map": map_document(now.material, old),
        "fairness": fairness_document(now.material, old),
        "stakeholders": stakeholders_document(now.material, old),
        "warnings": list(plan.warnings),
        "notes": list(plan.notes),
    }


def section_document(now: PlanShown, name: str) -> dict[str, str] | None:
    """A section of the report as HTML, in which everything is escaped; ``None`` without one."""
    section = REPORTED.get(name)
    text = None if section is None else section_text(now.material, section)
    return None if text is None else text._asdict()


def _facts(now: PlanShown, before: PlanShown | None) -> list[dict[str, Any]]:
    """Headline figures: name, value, note, that of plan A, the change and whether it is sure."""
    plan, old = now.plan, None if before is None else before.plan
    facts = [_points(plan, old)]
    change = change_of_slots(now.material)
    note = "all planned years" if change is None else f"{change.in_words} a year"
    facts.append(_fact("Slots", _counts(now, "slots"), _counts(before, "slots"), note))
    facts.append(
        _fact("Partner countries", _counts(now, "countries"), _counts(before, "countries"))
    )
    spent, spent_before = _spent(now), None if before is None else _spent(before)
    facts.append(
        {
            "name": "Spending",
            "value": now.material.money(spent),
            "note": f"planned years {span(now.material.years)}",
            "before": None if before is None else before.material.money(spent_before or 0.0),
            "change": None if spent_before is None else _money_change(spent - spent_before),
            "sure": True,
        }
    )
    if len(now.material.case.table("agreements")):
        counted = _counts(now, "agreements"), _counts(before, "agreements")
        facts.append(_fact("Agreements opened", *counted))
    return facts


def _money_change(change: float) -> str:
    if not change:
        return "no change"
    sign = "+" if change > 0 else figures.MINUS
    return f"{sign}{figures.money(abs(change))}"


def _counts(shown: PlanShown | None, what: str) -> int | None:
    if shown is None:
        return None
    if what == "slots":
        return shown.plan.slots_total
    if what == "countries":
        return int(shown.material.slots["country"].nunique())
    return len(shown.plan.decisions.agreements)


def _spent(shown: PlanShown) -> float:
    money = shown.plan.tables["spending"]
    return float(money.loc[money["year"].isin(shown.material.years), "spent"].sum())


def _fact(name: str, value: int | None, before: int | None, note: str = "") -> dict[str, Any]:
    change = None
    if value is not None and before is not None:
        change = f"{value - before:+,d}".replace("-", figures.MINUS) if value != before else "same"
    return {
        "name": name,
        "value": figures.whole(value or 0),
        "note": note,
        "before": None if before is None else figures.whole(before),
        "change": change,
        "sure": True,
    }


def _points(plan: Plan, before: Plan | None) -> dict[str, Any]:
    """Points; those of plan A as the weights of now count its goals."""
    gap = "" if plan.gap is None else figures.percent(plan.gap, 2)
    note = "proven best" if plan.status == "optimal" else f"at most {gap} below the best (gap)"
    told: dict[str, Any] = {
        "name": "Points",
        "value": f"{plan.objective:,.2f}",
        "note": note,
        "before": None,
        "change": None,
        "sure": True,
    }
    if before is None:
        return told
    points, exact = points_under(plan, before)
    words, is_sure = change_in_points(plan.objective, points, (plan, before), _DIGITS)
    told["before"] = f"{points:,.2f}" + ("" if exact else ", as the weights of now count it")
    told["change"] = words if is_sure else f"{words}: {WITHIN_GAPS}, too small to be sure"
    told["sure"] = is_sure
    return told


def points_under(plan: Plan, other: Plan) -> tuple[float, bool]:
    """Points of another plan as the weights and scales of this one count its goals.

    Penalties of soft limits and of change stay those it was made with.

    Returns
    -------
    tuple
        The points, and whether they are those that the other plan was made for.
    """
    now, then = plan.tables["goals"], other.tables["goals"]
    raw = dict(zip(then["goal"], then["raw"], strict=True))
    total = float(now["weight"].abs().sum())
    earned = sum(
        100.0 * row.weight / total * raw.get(row.goal, 0.0) / row.scale for row in rows_of(now)
    )
    before = float(then["weighted"].sum())
    if abs(earned - before) <= 1e-9 * max(1.0, abs(before)):
        return other.objective, True
    return other.objective + earned - before, False


def _goals(now: PlanShown, before: PlanShown | None) -> list[dict[str, Any]]:
    table = now.plan.tables["goals"]
    raw: dict[str, float] = {}
    if before is not None:
        then = before.plan.tables["goals"]
        raw = dict(zip(then["goal"], then["raw"], strict=True))
    return [
        {
            "goal": figures.sentence(str(row.goal)),
            "weight": figures.number(row.weight),
            "points": f"{row.weighted:,.2f}".replace("-", figures.MINUS),
            "reached": row.scaled,
            "before": None if row.goal not in raw else raw[row.goal] / row.scale,
        }
        for row in rows_of(table)
    ]


def _crossings(now: PlanShown, before: PlanShown | None) -> list[dict[str, Any]]:
    """Slots by two keys at a time: every cell can be asked about."""
    found = []
    for row, column in CROSSED:
        if "region" in (row, column) and not now.material.has_regions:
            continue
        found.append(_crossing(now, before, row, column))
    return found


def _crossing(now: PlanShown, before: PlanShown | None, row: str, column: str) -> dict[str, Any]:
    material = now.material
    columns = _keys(material, column)
    wide = _wide(now, row, column, columns)
    old = None if before is None else _wide(before, row, column, columns)
    known = _keys(material, row)
    if row in ("country", "region"):
        total = wide.sum(axis=1)
        known = sorted(known, key=lambda key: -float(total.get(key, 0.0)))
    today = today_by(material, row) if row in ("country", "track") else {}
    years = len(material.years)
    return {
        "row": row,
        "column": column,
        "title": f"Slots by {row} and {column}",
        "rows": [[key, material.names.of(row, key)] for key in known],
        "columns": [[key, material.names.of(column, key)] for key in columns],
        "values": _matrix(wide, known, columns),
        "before": None if old is None else _matrix(old, known, columns),
        "today": {key: figure(value) for key, value in today.items()} if today else None,
        "years": years,
    }


def _keys(material: Material, name: str) -> list[str]:
    if name == "year":
        return [str(year) for year in material.years]
    table: Mapping[str, str] = {"country": "countries", "track": "tracks", "region": "regions"}
    return [str(key) for key in material.case.table(table[name])[name]]


def _wide(shown: PlanShown, row: str, column: str, columns: list[str]) -> pd.DataFrame:
    slots = shown.plan.slots
    if not len(slots):
        return pd.DataFrame(columns=columns, dtype=float)
    slots = slots.assign(**{column: slots[column].astype("str")})
    return pivot(slots, row, column, "slots", columns)


def _matrix(wide: pd.DataFrame, rows: list[str], columns: list[str]) -> list[list[int]]:
    whole = wide.reindex(index=rows, columns=columns, fill_value=0.0)
    return [[round(value) for value in line] for line in whole.to_numpy().tolist()]
